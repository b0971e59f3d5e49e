// SPDX-License-Identifier: Apache-2.0
#include "models/training/fake_quantise.h"

#include <cmath>

namespace recpim {
namespace {

float rms(float squares, float count) { return count > 0 ? std::sqrt(squares / count) : 0; }

void join(Moments& all, const Moments& part) {
  all.squares += part.squares;
  all.largest = std::max(all.largest, part.largest);
  all.positives += part.positives;
}

}  // namespace

Rounding weight_rounding(int bits, const Moments& moments, Index count) {
  const auto most = static_cast<float>((1 << (bits - 1)) - 1);
  const float deviation = rms(moments.squares, static_cast<float>(count));
  const float step = bits == 2   ? kStepOf3 * deviation
                     : bits == 4 ? kStepOf15 * deviation
                                 : moments.largest / most;
  return {step, -most, most};
}

Rounding output_rounding(int bits, bool is_signed, const Moments& moments, Index count) {
  const auto levels = static_cast<float>(1 << bits);
  if (!is_signed) {
    const float most = levels - 1;
    return {bits == 4 ? kStepOfHalf16 * rms(moments.squares, moments.positives)
                      : moments.largest / most,
            0, most};
  }
  const float most = levels / 2 - 1;
  return {bits == 4 ? kStepOf16 * rms(moments.squares, static_cast<float>(count))
                    : moments.largest / most,
          -most - 1, most};
}

float clip_of(float step, float level) { return step * (std::abs(level) + 0.5F); }

void round_fc_weights(Tape& tape, Node& node) {
  const Operator& op = *node.op;
  const Index inputs = node.fc.inputs;
  const Index outputs = node.fc.outputs;
  node.weight = op.weight.data();
  if (!tape.fake_quantised) return;
  float* rounded = tape.take(outputs * inputs);
  float* clip = tape.take(outputs);
  const Index block = std::max<Index>(1, Tape::kBlock / inputs);
  tape.team.run(static_cast<std::size_t>((outputs + block - 1) / block), [&](std::size_t b, int) {
    const Index first = static_cast<Index>(b) * block;
    for (Index o = first; o < std::min(first + block, outputs); ++o) {
      const float* row = op.weight.data() + o * inputs;
      const Rounding rounding =
          weight_rounding(op.weight_bits, tape.kernels->moments(row, inputs), inputs);
      clip[o] = op.weight_bits < 8 ? clip_of(rounding.step, rounding.most)
                                   : std::numeric_limits<float>::infinity();
      tape.kernels->round(rounded + o * inputs, row, inputs, rounding);
    }
  });
  node.weight = rounded;
  if (op.weight_bits < 8) node.clip = clip;
}

void round_table_rows(Tape& tape, Node& node, float* rows, float* clip) {
  const Operator& op = *node.op;
  const Lookups& lookups = tape.lookups[node.lookups];
  const auto count = static_cast<Index>(lookups.rows.size()) * op.width;
  float* to = rows;
  for (const std::uint32_t row : lookups.rows) {
    const float* from = op.weight.data() + std::size_t{row} * static_cast<std::size_t>(op.width);
    to = std::copy(from, from + op.width, to);
  }
  const Rounding rounding =
      weight_rounding(op.weight_bits, tape.kernels->moments(rows, count), count);
  tape.kernels->round(rows, rows, count, rounding);
  node.weight = rows;
  if (op.weight_bits == 8) return;
  *clip = clip_of(rounding.step, rounding.most);
  node.clip = clip;
}

void round_output(Tape& tape, Node& node) {
  const Operator& op = *node.op;
  if (!tape.fake_quantised || op.activation_bits > 8 || is_wiring(op.kind)) return;
  const Index count = tape.samples() * node.elements;
  std::vector<Moments> parts(tape.sample_blocks(node.elements));
  tape.for_samples(node.elements, [&](Index first, Index samples, std::size_t block, int) {
    parts[block] =
        tape.kernels->moments(node.value + first * node.elements, samples * node.elements);
  });
  Moments all;
  for (const Moments& part : parts) join(all, part);
  const Rounding rounding = output_rounding(op.activation_bits, !op.relu, all, count);
  if (rounding.step <= 0) return;
  float* rounded = tape.take(count);
  tape.for_samples(node.elements, [&](Index first, Index samples, std::size_t, int) {
    tape.kernels->round(rounded + first * node.elements, node.value + first * node.elements,
                        samples * node.elements, rounding);
  });
  node.value = rounded;
  if (op.activation_bits == 8) return;
  node.low = -clip_of(rounding.step, rounding.least);
  node.high = clip_of(rounding.step, rounding.most);
}

}  // namespace recpim
