// SPDX-License-Identifier: Apache-2.0
#include "models/training/network.h"

#include <stdexcept>

#include "models/graph/kinds.h"

namespace recpim {
namespace {

using ConstWeights = Eigen::Map<const Matrix>;
using ConstVector = Eigen::Map<const Eigen::RowVectorXf>;

ConstWeights weights_of(const Model& model, const Operator& op) {
  const OperatorShape shape = shape_of(model, op);
  return {op.weight.data(), static_cast<Eigen::Index>(shape.rows),
          static_cast<Eigen::Index>(shape.columns)};
}

std::size_t only_input(const Operator& op) { return static_cast<std::size_t>(op.inputs[0]); }

}  // namespace

Network::Network(const Model& model)
    : model_(model),
      logit_(0),
      outputs_(model.operators.size()),
      output_gradients_(model.operators.size()),
      gradients_(model.operators.size()),
      slot_(model.operators.size()) {
  if (model.output().kind != OpKind::kSigmoid || model.output().elements() != 1) {
    throw std::invalid_argument("a model that ends in a sigmoid of one logit");
  }
  logit_ = only_input(model.output());
  for (std::size_t p = 0; p < model.operators.size(); ++p) {
    const Operator& op = model.operators[p];
    if (op.kind == OpKind::kEmbedding) slot_[p].assign(op.table_rows, -1);
  }
}

void Network::embed(std::size_t op, const Batch& batch) {
  const ConstWeights table = weights_of(model_, model_.operators[op]);
  const auto t = static_cast<std::size_t>(model_.operators[op].table);
  const auto& offsets = batch.chunk->offsets[t];
  const auto& indices = batch.chunk->indices[t];
  Matrix& out = outputs_[op];
  out.setZero();
  for (std::size_t b = 0; b < batch.samples.size(); ++b) {
    const std::uint32_t s = batch.samples[b];
    for (std::uint64_t i = offsets[s]; i < offsets[s + 1]; ++i) {
      out.row(static_cast<Eigen::Index>(b)) += table.row(static_cast<Eigen::Index>(indices[i]));
    }
  }
}

void Network::embed_backward(std::size_t op, const Batch& batch) {
  const auto t = static_cast<std::size_t>(model_.operators[op].table);
  const auto& offsets = batch.chunk->offsets[t];
  const auto& indices = batch.chunk->indices[t];
  Gradient& gradient = gradients_[op];
  std::vector<std::int32_t>& slot = slot_[op];
  gradient.rows.clear();
  for (const std::uint32_t s : batch.samples) {
    for (std::uint64_t i = offsets[s]; i < offsets[s + 1]; ++i) {
      if (slot[indices[i]] >= 0) continue;
      slot[indices[i]] = static_cast<std::int32_t>(gradient.rows.size());
      gradient.rows.push_back(indices[i]);
    }
  }
  gradient.weight.setZero(static_cast<Eigen::Index>(gradient.rows.size()),
                          model_.operators[op].width);
  for (std::size_t b = 0; b < batch.samples.size(); ++b) {
    const std::uint32_t s = batch.samples[b];
    for (std::uint64_t i = offsets[s]; i < offsets[s + 1]; ++i) {
      gradient.weight.row(slot[indices[i]]) +=
          output_gradients_[op].row(static_cast<Eigen::Index>(b));
    }
  }
  for (const std::uint32_t row : gradient.rows) slot[row] = -1;
}

void Network::dot(std::size_t op) {
  const std::size_t from = only_input(model_.operators[op]);
  const Eigen::Index rows = model_.operators[from].rows;
  const Eigen::Index width = model_.operators[from].width;
  for (Eigen::Index b = 0; b < outputs_[op].rows(); ++b) {
    const ConstWeights x(outputs_[from].row(b).data(), rows, width);
    float* out = outputs_[op].row(b).data();
    for (Eigen::Index i = 1; i < rows; ++i) {
      for (Eigen::Index j = 0; j < i; ++j) *out++ = x.row(i).dot(x.row(j));
    }
  }
}

void Network::dot_backward(std::size_t op) {
  const std::size_t from = only_input(model_.operators[op]);
  const Eigen::Index rows = model_.operators[from].rows;
  const Eigen::Index width = model_.operators[from].width;
  for (Eigen::Index b = 0; b < outputs_[op].rows(); ++b) {
    const ConstWeights x(outputs_[from].row(b).data(), rows, width);
    Eigen::Map<Matrix> dx(output_gradients_[from].row(b).data(), rows, width);
    const float* g = output_gradients_[op].row(b).data();
    for (Eigen::Index i = 1; i < rows; ++i) {
      for (Eigen::Index j = 0; j < i; ++j, ++g) {
        dx.row(i) += *g * x.row(j);
        dx.row(j) += *g * x.row(i);
      }
    }
  }
}

void Network::fc_backward(std::size_t op) {
  const Operator& self = model_.operators[op];
  const std::size_t from = only_input(self);
  Matrix& dy = output_gradients_[op];
  if (self.relu) dy.array() *= (outputs_[op].array() > 0.0F).cast<float>();
  gradients_[op].weight.noalias() = dy.transpose() * outputs_[from];
  gradients_[op].bias = dy.colwise().sum().transpose();
  // Nobody asks for the gradient of the dense features.
  if (model_.operators[from].kind == OpKind::kDenseInput) return;
  output_gradients_[from].noalias() += dy * weights_of(model_, self);
}

void Network::concat_backward(std::size_t op) {
  Eigen::Index column = 0;
  for (const int input : model_.operators[op].inputs) {
    Matrix& dx = output_gradients_[static_cast<std::size_t>(input)];
    dx += output_gradients_[op].middleCols(column, dx.cols());
    column += dx.cols();
  }
}

const Matrix& Network::forward(const Batch& batch) {
  const auto size = static_cast<Eigen::Index>(batch.samples.size());
  for (std::size_t p = 0; p <= logit_; ++p) {
    const Operator& op = model_.operators[p];
    outputs_[p].resize(size, op.elements());
    switch (op.kind) {
      case OpKind::kDenseInput:
        for (Eigen::Index b = 0; b < size; ++b) {
          const std::uint32_t s = batch.samples[static_cast<std::size_t>(b)];
          outputs_[p].row(b) =
              ConstVector(batch.chunk->dense.data() + std::ptrdiff_t{s} * op.width, op.width);
        }
        break;
      case OpKind::kEmbedding:
        embed(p, batch);
        break;
      case OpKind::kFc:
        outputs_[p].noalias() = outputs_[only_input(op)] * weights_of(model_, op).transpose();
        outputs_[p].rowwise() += ConstVector(op.bias.data(), op.width);
        if (op.relu) outputs_[p] = outputs_[p].cwiseMax(0.0F);
        break;
      case OpKind::kConcat: {
        Eigen::Index column = 0;
        for (const int input : op.inputs) {
          const Matrix& x = outputs_[static_cast<std::size_t>(input)];
          outputs_[p].middleCols(column, x.cols()) = x;
          column += x.cols();
        }
        break;
      }
      case OpKind::kDot:
        dot(p);
        break;
      case OpKind::kSigmoid:
        throw std::invalid_argument("a sigmoid in the middle of a model");
    }
  }
  return outputs_[logit_];
}

void Network::backward(const Batch& batch, const Matrix& logit_gradient) {
  for (std::size_t p = 0; p <= logit_; ++p) {
    output_gradients_[p].setZero(outputs_[p].rows(), outputs_[p].cols());
  }
  output_gradients_[logit_] = logit_gradient;
  for (std::size_t p = logit_ + 1; p-- > 0;) {
    switch (model_.operators[p].kind) {
      case OpKind::kEmbedding:
        embed_backward(p, batch);
        break;
      case OpKind::kFc:
        fc_backward(p);
        break;
      case OpKind::kConcat:
        concat_backward(p);
        break;
      case OpKind::kDot:
        dot_backward(p);
        break;
      default:
        break;
    }
  }
}

}  // namespace recpim
