// SPDX-License-Identifier: Apache-2.0
// Fcs. Along all elements or the width, the whole batch is one matrix of vectors, a row each. Along
// the rows, a sample is a matrix whose columns are the vectors: W x, sample by sample; for the
// gradient of W the columns of all samples are laid side by side, rows x (batch * width).
#include "models/training/fake_quantise.h"
#include "models/training/passes.h"

namespace recpim {
namespace {

const float* bias_of(const Operator& op) { return op.biased ? op.bias.data() : nullptr; }

Index vectors_of(const Tape& tape, const Node& node) { return tape.samples() * node.fc.vectors; }

// W x of one sample, x of inputs x width; or, with the transposed W, the gradient of x.
Product sample_product(const float* weight, Index outputs, Index inputs, Index width) {
  Product product;
  product.rows = outputs;
  product.depth = product.a_stride = inputs;
  product.columns = product.b_stride = product.c_stride = width;
  product.a = weight;
  return product;
}

void forward_rows(Tape& tape, Node& node) {
  const Operator& op = *node.op;
  const Node& in = tape.input(node);
  const Product all = sample_product(node.weight, node.fc.outputs, node.fc.inputs, op.width);
  tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int thread) {
    Product product = all;
    float* scratch = tape.scratch(thread, kProductScratch);
    for (Index s = first; s < first + count; ++s) {
      product.b = in.value + s * in.elements;
      product.c = node.value + s * node.elements;
      tape.kernels->multiply(product, scratch);
      tape.kernels->finish_rows(product.c, product.rows, op.width, bias_of(op), op.relu);
    }
  });
}

void input_gradient_of_rows(Tape& tape, const Node& node, const Node& in, const Target& dx) {
  const Index outputs = node.fc.outputs;
  const Index inputs = node.fc.inputs;
  float* transposed = tape.take(outputs * inputs);
  tape.kernels->transpose(node.weight, inputs, outputs, inputs, transposed, outputs);
  Product all = sample_product(transposed, inputs, outputs, node.op->width);
  all.add = dx.add;
  tape.for_samples(in.elements, [&](Index first, Index count, std::size_t, int thread) {
    Product product = all;
    float* scratch = tape.scratch(thread, kProductScratch);
    for (Index s = first; s < first + count; ++s) {
      product.b = node.gradient + s * node.elements;
      product.c = dx.to + s * in.elements;
      tape.kernels->multiply(product, scratch);
    }
  });
}

// All samples' columns side by side: rows x (batch * width).
float* side_by_side(Tape& tape, const float* x, Index rows, Index width) {
  const Index wide = tape.samples() * width;
  float* to = tape.take(rows * wide);
  tape.for_samples(rows * width, [&](Index first, Index count, std::size_t, int) {
    for (Index r = 0; r < rows; ++r) {
      for (Index s = first; s < first + count; ++s) {
        const float* from = x + (s * rows + r) * width;
        std::copy(from, from + width, to + r * wide + s * width);
      }
    }
  });
  return to;
}

// The gradient of the outputs with a row for each output and a column for each vector of the batch.
float* by_output(Tape& tape, const Node& node) {
  if (node.op->axis == Axis::kRows) {
    return side_by_side(tape, node.gradient, node.fc.outputs, node.op->width);
  }
  const Index outputs = node.fc.outputs;
  const Index vectors = vectors_of(tape, node);
  float* to = tape.take(outputs * vectors);
  constexpr Index kBand = 32;  // Outputs a task: whole cache lines of the gradient.
  tape.team.run(static_cast<std::size_t>((outputs + kBand - 1) / kBand), [&](std::size_t b, int) {
    const Index first = static_cast<Index>(b) * kBand;
    tape.kernels->transpose(node.gradient + first, outputs, vectors,
                            std::min(kBand, outputs - first), to + first * vectors, vectors);
  });
  return to;
}

void weight_gradient(Tape& tape, const Node& node, const Node& in, Gradient& gradient) {
  const Operator& op = *node.op;
  const Index outputs = node.fc.outputs;
  const Index inputs = node.fc.inputs;
  const Index vectors = vectors_of(tape, node);
  float* to = tape.take(outputs * inputs);
  new (&gradient.weight) Eigen::Map<Matrix>(to, outputs, inputs);
  Product product;
  product.rows = outputs;
  product.columns = product.c_stride = inputs;
  product.depth = product.a_stride = vectors;
  product.a = by_output(tape, node);
  product.b_transposed = op.axis == Axis::kRows;
  product.b = product.b_transposed ? side_by_side(tape, in.value, inputs, op.width) : in.value;
  product.b_stride = product.b_transposed ? vectors : inputs;
  product.c = to;
  tape.multiply(product, [&](Index row, Index rows, Index column, Index columns) {
    if (node.clip == nullptr) return;
    for (Index r = row; r < row + rows; ++r) {
      tape.kernels->mask(to + r * inputs + column, op.weight.data() + r * inputs + column, columns,
                         -node.clip[r], node.clip[r]);
    }
  });
  if (!op.biased) return;
  float* bias = tape.take(outputs);
  new (&gradient.bias) Eigen::Map<Eigen::VectorXf>(bias, outputs);
  for (Index o = 0; o < outputs; ++o) bias[o] = tape.kernels->sum(product.a + o * vectors, vectors);
}

}  // namespace

void forward_fc(Tape& tape, Node& node) {
  const Operator& op = *node.op;
  round_fc_weights(tape, node);
  if (op.axis == Axis::kRows) {
    forward_rows(tape, node);
  } else {
    Product product;
    product.rows = vectors_of(tape, node);
    product.columns = product.c_stride = node.fc.outputs;
    product.depth = product.a_stride = product.b_stride = node.fc.inputs;
    product.a = tape.input(node).value;
    product.b = node.weight;
    product.b_transposed = true;
    product.c = node.value;
    tape.multiply(product, [&](Index row, Index rows, Index column, Index columns) {
      if (!op.biased && !op.relu) return;
      tape.kernels->finish_columns(product.c + row * product.c_stride + column, product.c_stride,
                                   rows, columns, op.biased ? op.bias.data() + column : nullptr,
                                   op.relu);
    });
  }
  round_output(tape, node);
}

void backward_fc(Tape& tape, Node& node, Gradient& gradient) {
  Node& in = tape.input(node);
  weight_gradient(tape, node, in, gradient);
  const Target dx = tape.target(in);
  if (dx.to == nullptr) return;
  if (node.op->axis == Axis::kRows) {
    input_gradient_of_rows(tape, node, in, dx);
    return;
  }
  Product product;
  product.rows = vectors_of(tape, node);
  product.columns = product.b_stride = product.c_stride = node.fc.inputs;
  product.depth = product.a_stride = node.fc.outputs;
  product.a = node.gradient;
  product.b = node.weight;
  product.c = dx.to;
  product.add = dx.add;
  tape.multiply(product, [](Index, Index, Index, Index) {});
}

}  // namespace recpim
