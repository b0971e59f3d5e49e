// SPDX-License-Identifier: Apache-2.0
#include "models/training/network.h"

#include <stdexcept>

#include "models/training/passes.h"
#include "models/training/tape.h"

namespace recpim {
namespace {

void forward_node(Tape& tape, Node& node) {
  switch (node.op->kind) {
    case OpKind::kDenseInput:
      return forward_dense(tape, node);
    case OpKind::kEmbedding:
      return;  // All at once, before.
    case OpKind::kFc:
      return forward_fc(tape, node);
    case OpKind::kConcat:
    case OpKind::kPad:
      return forward_join(tape, node);
    case OpKind::kDot:
      return forward_dot(tape, node);
    case OpKind::kSigmoid:
      return forward_sigmoid(tape, node);
    case OpKind::kLayerNorm:
      return forward_layer_norm(tape, node);
    case OpKind::kAdd:
      return forward_add(tape, node);
    case OpKind::kMul:
      return forward_mul(tape, node);
    case OpKind::kFm:
      return forward_fm(tape, node);
    case OpKind::kAttention:
      return forward_attention(tape, node);
  }
}

void backward_node(Tape& tape, Node& node, Gradient& gradient) {
  switch (node.op->kind) {
    case OpKind::kDenseInput:
    case OpKind::kEmbedding:
      return;  // Nobody asks for the one; the others come all at once, behind.
    case OpKind::kFc:
      return backward_fc(tape, node, gradient);
    case OpKind::kConcat:
    case OpKind::kPad:
      return backward_join(tape, node);
    case OpKind::kDot:
      return backward_dot(tape, node);
    case OpKind::kSigmoid:
      return backward_sigmoid(tape, node);
    case OpKind::kLayerNorm:
      return backward_layer_norm(tape, node, gradient);
    case OpKind::kAdd:
      return backward_add(tape, node);
    case OpKind::kMul:
      return backward_mul(tape, node);
    case OpKind::kFm:
      return backward_fm(tape, node);
    case OpKind::kAttention:
      return backward_attention(tape, node);
  }
}

}  // namespace

void forward_pass(Tape& tape, const Batch& batch) {
  tape.start(batch);
  forward_embeddings(tape);
  for (Node& node : tape.nodes) forward_node(tape, node);
}

void backward_pass(Tape& tape, const Batch& batch, const Matrix& logit_gradient,
                   std::vector<Gradient>& gradients) {
  tape.batch = &batch;
  for (Node& node : tape.nodes) node.gradient = nullptr;
  const Target logit = tape.target(tape.nodes[tape.logit]);
  std::copy(logit_gradient.data(), logit_gradient.data() + logit_gradient.size(), logit.to);
  for (std::size_t p = tape.nodes.size(); p-- > 0;) {
    Node& node = tape.nodes[p];
    if (!node.wants_gradient || node.op->kind == OpKind::kEmbedding) continue;
    mask_gradient(tape, node);
    backward_node(tape, node, gradients[p]);
  }
  backward_embeddings(tape, gradients);
}

Network::Network(const Model& model, const NetworkOptions& options)
    : tape_(std::make_unique<Tape>(model, options)), gradients_(model.operators.size()) {}

Network::~Network() = default;

void Network::rebind(const Model& model) {
  tape_->bind(model);
  gradients_.clear();
  gradients_.resize(model.operators.size());
}

Team& Network::team() const { return tape_->team; }

const Kernels& Network::kernels() const { return *tape_->kernels; }

const Matrix& Network::forward(const Batch& batch) {
  forward_pass(*tape_, batch);
  logits_ = Eigen::Map<const Matrix>(tape_->nodes[tape_->logit].value, tape_->samples(), 1);
  return logits_;
}

void Network::backward(const Batch& batch, const Matrix& logit_gradient) {
  backward_pass(*tape_, batch, logit_gradient, gradients_);
}

}  // namespace recpim
