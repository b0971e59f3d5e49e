// SPDX-License-Identifier: Apache-2.0
// Kinds that work on the rows of a sample: LayerNorm, dot products, factorisation machine,
// attention.
#include "models/training/fake_quantise.h"
#include "models/training/passes.h"

namespace recpim {
namespace {

// Vectors that a LayerNorm normalises in a sample.
Index norm_vectors(const Operator& op) { return op.axis == Axis::kRows ? op.width : op.rows; }

Normalisation norm_of(Tape& tape, const Node& node, Index sample) {
  const Operator& op = *node.op;
  const Index vectors = norm_vectors(op);
  Normalisation norm;
  norm.n = op.axis == Axis::kRows ? op.rows : op.width;
  norm.vectors = vectors;
  norm.gain = op.weight.data();
  norm.bias = op.bias.data();
  norm.x = tape.input(node).value + sample * node.elements;
  norm.mean = node.first_saved + sample * vectors;
  norm.scale = node.second_saved + sample * vectors;
  norm.epsilon = static_cast<float>(kLayerNormEpsilon);
  return norm;
}

Attention attention_of(Tape& tape, const Node& node, Index sample) {
  const Operator& op = *node.op;
  Attention a;
  a.rows = op.rows;
  a.width = op.width;
  a.heads = op.heads;
  a.q = tape.input(node, 0).value + sample * node.elements;
  a.k = tape.input(node, 1).value + sample * node.elements;
  a.v = tape.input(node, 2).value + sample * node.elements;
  const Index saved = op.heads * attention_queries(op.rows);
  a.largest = node.first_saved + sample * saved;
  a.scale = node.second_saved + sample * saved;
  return a;
}

}  // namespace

void forward_layer_norm(Tape& tape, Node& node) {
  const Operator& op = *node.op;
  node.first_saved = tape.take(tape.samples() * norm_vectors(op));
  node.second_saved = tape.take(tape.samples() * norm_vectors(op));
  tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int) {
    Normalisation norm = norm_of(tape, node, first);
    float* out = node.value + first * node.elements;
    if (op.axis == Axis::kWidth) {  // All vectors of the block follow each other.
      norm.vectors *= count;
      tape.kernels->normalise_width(norm, out, op.relu);
      return;
    }
    for (Index s = first; s < first + count; ++s) {
      tape.kernels->normalise_rows(norm_of(tape, node, s), node.value + s * node.elements, op.relu);
    }
  });
  round_output(tape, node);
}

void backward_layer_norm(Tape& tape, Node& node, Gradient& gradient) {
  const Operator& op = *node.op;
  const auto n = static_cast<Index>(op.weight.size());
  // Each block of samples sums for itself; then the blocks are added in their order.
  float* sums = tape.take_zeros(static_cast<Index>(tape.sample_blocks(node.elements) + 1) * 2 * n);
  const Target dx = tape.target(tape.input(node));
  // Where nobody wants it, it is thrown away.
  float* to = dx.to != nullptr ? dx.to : tape.take(tape.samples() * node.elements);
  const std::size_t blocks =
      tape.for_samples(node.elements, [&](Index first, Index count, std::size_t block, int) {
        Normalisation norm = norm_of(tape, node, first);
        float* gain = sums + static_cast<Index>(block + 1) * 2 * n;
        const float* dy = node.gradient + first * node.elements;
        if (op.axis == Axis::kWidth) {
          norm.vectors *= count;
          tape.kernels->normalise_width_backward(norm, dy, to + first * node.elements, dx.add, gain,
                                                 gain + n);
          return;
        }
        for (Index s = first; s < first + count; ++s, dy += node.elements) {
          tape.kernels->normalise_rows_backward(norm_of(tape, node, s), dy, to + s * node.elements,
                                                dx.add, gain, gain + n);
        }
      });
  for (std::size_t b = 1; b <= blocks; ++b) {
    tape.kernels->add(sums, sums + static_cast<Index>(b) * 2 * n, 2 * n);
  }
  new (&gradient.weight) Eigen::Map<Matrix>(sums, n, 1);
  new (&gradient.bias) Eigen::Map<Eigen::VectorXf>(sums + n, n);
}

void forward_dot(Tape& tape, Node& node) {
  const Node& in = tape.input(node);
  tape.for_samples(in.elements, [&](Index first, Index count, std::size_t, int thread) {
    float* scratch = tape.scratch(thread, dot_scratch(in.op->rows, in.op->width));
    for (Index s = first; s < first + count; ++s) {
      tape.kernels->dot(in.value + s * in.elements, in.op->rows, in.op->width,
                        node.value + s * node.elements, scratch);
    }
  });
  round_output(tape, node);
}

void backward_dot(Tape& tape, Node& node) {
  Node& in = tape.input(node);
  const Target dx = tape.target(in);
  if (dx.to == nullptr) return;
  tape.for_samples(in.elements, [&](Index first, Index count, std::size_t, int thread) {
    float* scratch = tape.scratch(thread, dot_scratch(in.op->rows, in.op->width));
    for (Index s = first; s < first + count; ++s) {
      tape.kernels->dot_backward(in.value + s * in.elements, node.gradient + s * node.elements,
                                 in.op->rows, in.op->width, dx.to + s * in.elements, dx.add,
                                 scratch);
    }
  });
}

void forward_fm(Tape& tape, Node& node) {
  const Node& in = tape.input(node);
  tape.for_samples(in.elements, [&](Index first, Index count, std::size_t, int) {
    for (Index s = first; s < first + count; ++s) {
      tape.kernels->factorise(in.value + s * in.elements, in.op->rows, in.op->width,
                              node.value + s * node.elements);
    }
  });
  round_output(tape, node);
}

void backward_fm(Tape& tape, Node& node) {
  Node& in = tape.input(node);
  const Target dx = tape.target(in);
  if (dx.to == nullptr) return;
  tape.for_samples(in.elements, [&](Index first, Index count, std::size_t, int) {
    for (Index s = first; s < first + count; ++s) {
      tape.kernels->factorise_backward(in.value + s * in.elements,
                                       node.gradient + s * node.elements, in.op->rows, in.op->width,
                                       dx.to + s * in.elements, dx.add);
    }
  });
}

void forward_attention(Tape& tape, Node& node) {
  const Operator& op = *node.op;
  node.first_saved = tape.take(tape.samples() * op.heads * attention_queries(op.rows));
  node.second_saved = tape.take(tape.samples() * op.heads * attention_queries(op.rows));
  tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int thread) {
    float* scratch = tape.scratch(thread, attention_scratch(op.rows, op.width));
    for (Index s = first; s < first + count; ++s) {
      tape.kernels->attend(attention_of(tape, node, s), node.value + s * node.elements, scratch);
    }
  });
  round_output(tape, node);
}

void backward_attention(Tape& tape, Node& node) {
  const Operator& op = *node.op;
  const Index n = node.elements;
  // Queries, keys and values may be one operator: each has its gradient in turn.
  float* parts = tape.take(3 * n * tape.samples());
  float* dq = parts;
  float* dk = dq + n * tape.samples();
  float* dv = dk + n * tape.samples();
  tape.for_samples(n, [&](Index first, Index count, std::size_t, int thread) {
    float* scratch = tape.scratch(thread, attention_scratch(op.rows, op.width));
    for (Index s = first; s < first + count; ++s) {
      tape.kernels->attend_backward(attention_of(tape, node, s), node.before + s * n,
                                    node.gradient + s * n, dq + s * n, dk + s * n, dv + s * n,
                                    scratch);
    }
  });
  for (std::size_t i = 0; i < 3; ++i) {
    pass_on(tape, parts + static_cast<Index>(i) * n * tape.samples(),
            tape.target(tape.input(node, i)), n);
  }
}

}  // namespace recpim
