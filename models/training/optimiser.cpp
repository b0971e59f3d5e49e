// SPDX-License-Identifier: Apache-2.0
#include "models/training/optimiser.h"

#include <algorithm>
#include <cmath>

namespace recpim {
namespace {

// Elements that a thread takes at a time.
constexpr std::size_t kBlock = 65536;

void adagrad(const Network& network, const AdagradStep& step, std::size_t count) {
  network.team().run((count + kBlock - 1) / kBlock, [&](std::size_t block, int) {
    const std::size_t first = block * kBlock;
    AdagradStep part = step;
    part.weights += first;
    part.sums += first;
    part.gradient += first;
    if (part.average != nullptr) part.average += first;
    network.kernels().adagrad(part, static_cast<Index>(std::min(kBlock, count - first)));
  });
}

bool is_dense(const Operator& op) {
  return op.kind == OpKind::kFc || op.kind == OpKind::kLayerNorm;
}

}  // namespace

Optimiser::Optimiser(Model& model, const AdagradOptions& options)
    : model_(model),
      options_(options),
      average_(model),
      weight_sums_(model.operators.size()),
      bias_sums_(model.operators.size()),
      row_log_kept_(model.operators.size()) {
  for (std::size_t p = 0; p < model.operators.size(); ++p) {
    const Operator& op = model.operators[p];
    if (is_dense(op)) {
      weight_sums_[p].assign(op.weight.size(), static_cast<float>(options.initial));
      bias_sums_[p].assign(op.bias.size(), static_cast<float>(options.initial));
    } else if (op.kind == OpKind::kEmbedding) {
      weight_sums_[p].assign(op.table_rows, static_cast<float>(options.table_initial));
      row_log_kept_[p].assign(op.table_rows, 0.0);
    }
  }
}

void Optimiser::step_dense(const Network& network, std::size_t op, float rate, float part) {
  Operator& self = model_.operators[op];
  Operator& mean = average_.operators[op];
  const Gradient& gradient = network.gradient(op);
  const bool averages = options_.average > 0;
  adagrad(network,
          {self.weight.data(), weight_sums_[op].data(), gradient.weight.data(),
           averages ? mean.weight.data() : nullptr, rate, part},
          self.weight.size());
  if (gradient.bias.size() == 0) return;
  adagrad(network,
          {self.bias.data(), bias_sums_[op].data(), gradient.bias.data(),
           averages ? mean.bias.data() : nullptr, rate, part},
          self.bias.size());
}

void Optimiser::average_row(std::size_t op, std::size_t row) {
  double& then = row_log_kept_[op][row];
  const auto part = static_cast<float>(-std::expm1(log_kept_ - then));
  then = log_kept_;
  const auto width = static_cast<std::size_t>(model_.operators[op].width);
  const float* weights = model_.operators[op].weight.data() + row * width;
  float* average = average_.operators[op].weight.data() + row * width;
  for (std::size_t i = 0; i < width; ++i) average[i] += part * (weights[i] - average[i]);
}

void Optimiser::step_table(std::size_t op, const Gradient& gradient, float rate) {
  Operator& self = model_.operators[op];
  const auto width = static_cast<std::size_t>(self.width);
  const auto decay = static_cast<float>(options_.table_decay);
  std::vector<float> g(width);
  for (std::size_t r = 0; r < gradient.rows.size(); ++r) {
    const std::size_t row = gradient.rows[r];
    // The average holds the row's weight of all the steps since; bring it up before a change.
    if (options_.average > 0) average_row(op, row);
    float* weights = self.weight.data() + row * width;
    const float* from = gradient.weight.row(static_cast<Eigen::Index>(r)).data();
    float squares = 0;
    for (std::size_t i = 0; i < width; ++i) {
      g[i] = from[i] + decay * weights[i];
      squares += g[i] * g[i];
    }
    float& sum = weight_sums_[op][row];
    sum += squares / static_cast<float>(width);
    const float pace = rate / std::sqrt(sum);
    for (std::size_t i = 0; i < width; ++i) weights[i] -= pace * g[i];
  }
}

void Optimiser::step(const Network& network, double factor) {
  ++steps_;
  // Shorter memory at the start: random initial weights must not linger in the average.
  const auto n = static_cast<double>(steps_);
  const double kept = std::min(options_.average, (1.0 + n) / (10.0 + n));
  for (std::size_t p = 0; p < model_.operators.size(); ++p) {
    if (is_dense(model_.operators[p])) {
      step_dense(network, p, static_cast<float>(options_.rate * factor),
                 static_cast<float>(1.0 - kept));
    } else if (model_.operators[p].kind == OpKind::kEmbedding) {
      step_table(p, network.gradient(p), static_cast<float>(options_.table_rate * factor));
    }
  }
  if (options_.average > 0) log_kept_ += std::log(kept);
}

const Model& Optimiser::average() {
  if (options_.average <= 0) return model_;
  for (std::size_t p = 0; p < model_.operators.size(); ++p) {
    for (std::size_t row = 0; row < row_log_kept_[p].size(); ++row) average_row(p, row);
  }
  return average_;
}

}  // namespace recpim
