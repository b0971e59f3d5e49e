// SPDX-License-Identifier: Apache-2.0
// Kinds that go element by element.
#include "models/training/fake_quantise.h"
#include "models/training/passes.h"

namespace recpim {

void pass_on(Tape& tape, const float* from, const Target& target, Index elements) {
  if (target.to == nullptr) return;
  tape.for_samples(elements, [&](Index first, Index count, std::size_t, int) {
    const Index n = count * elements;
    const float* x = from + first * elements;
    if (target.add) {
      tape.kernels->add(target.to + first * elements, x, n);
    } else {
      std::copy(x, x + n, target.to + first * elements);
    }
  });
}

void mask_gradient(Tape& tape, Node& node) {
  if (node.gradient == nullptr) node.gradient = tape.take_zeros(tape.samples() * node.elements);
  const float low = node.op->relu ? 0.0F : node.low;
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  if (low == -kInfinite && node.high == kInfinite) return;
  tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int) {
    tape.kernels->mask(node.gradient + first * node.elements, node.before + first * node.elements,
                       count * node.elements, low, node.high);
  });
}

void forward_join(Tape& tape, Node& node) {
  tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int) {
    for (Index s = first; s < first + count; ++s) {
      float* to = node.value + s * node.elements;
      for (std::size_t i = 0; i < node.op->inputs.size(); ++i) {
        const Node& in = tape.input(node, i);
        const float* from = in.value + s * in.elements;
        to = std::copy(from, from + in.elements, to);
      }
      std::fill(to, node.value + (s + 1) * node.elements, 0.0F);  // A pad has elements left.
    }
  });
}

void backward_join(Tape& tape, Node& node) {
  Index offset = 0;
  for (std::size_t i = 0; i < node.op->inputs.size(); ++i) {
    Node& in = tape.input(node, i);
    const Index n = in.elements;
    const Index from = offset;
    offset += n;
    const Target dx = tape.target(in);
    if (dx.to == nullptr) continue;
    tape.for_samples(n, [&](Index first, Index count, std::size_t, int) {
      for (Index s = first; s < first + count; ++s) {
        const float* dy = node.gradient + s * node.elements + from;
        if (dx.add) {
          tape.kernels->add(dx.to + s * n, dy, n);
        } else {
          std::copy(dy, dy + n, dx.to + s * n);
        }
      }
    });
  }
}

void forward_add(Tape& tape, Node& node) {
  for (std::size_t i = 0; i < node.op->inputs.size(); ++i) {
    pass_on(tape, tape.input(node, i).value, {node.value, i > 0}, node.elements);
  }
  round_output(tape, node);
}

void backward_add(Tape& tape, Node& node) {
  for (std::size_t i = 0; i < node.op->inputs.size(); ++i) {
    pass_on(tape, node.gradient, tape.target(tape.input(node, i)), node.elements);
  }
}

void forward_mul(Tape& tape, Node& node) {
  const float* a = tape.input(node, 0).value;
  const float* b = tape.input(node, 1).value;
  tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int) {
    const Index at = first * node.elements;
    tape.kernels->multiply_elements(node.value + at, a + at, b + at, count * node.elements, false);
  });
  round_output(tape, node);
}

void backward_mul(Tape& tape, Node& node) {
  for (std::size_t i = 0; i < 2; ++i) {
    const Target dx = tape.target(tape.input(node, i));
    if (dx.to == nullptr) continue;
    const float* other = tape.input(node, 1 - i).value;
    tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int) {
      const Index at = first * node.elements;
      tape.kernels->multiply_elements(dx.to + at, node.gradient + at, other + at,
                                      count * node.elements, dx.add);
    });
  }
}

void forward_sigmoid(Tape& tape, Node& node) {
  const float* x = tape.input(node).value;
  tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int) {
    const Index at = first * node.elements;
    tape.kernels->sigmoid(node.value + at, x + at, count * node.elements);
  });
}

void backward_sigmoid(Tape& tape, Node& node) {
  const Target dx = tape.target(tape.input(node));
  if (dx.to == nullptr) return;
  tape.for_samples(node.elements, [&](Index first, Index count, std::size_t, int) {
    const Index at = first * node.elements;
    tape.kernels->sigmoid_backward(dx.to + at, node.value + at, node.gradient + at,
                                   count * node.elements, dx.add);
  });
}

}  // namespace recpim
