// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/alone.h"

#include <utility>
#include <vector>

#include "models/supernet/subnetwork_step.h"
#include "models/supernet/training.h"
#include "models/supernet/training_batches.h"
#include "traces/support/progress.h"

namespace recpim::supernet {

Alone make_alone(const SubnetworkBuilder& builder, const Architecture& architecture,
                 std::uint64_t seed) {
  Subnetwork network = builder.build(architecture);
  std::vector<Parameter> parameters;
  std::vector<bool> relu;
  for (Slice& slice : network.slices) {
    Parameter own = builder.parameters()[slice.parameter];
    std::uint64_t columns = 0;
    for (const Run& run : slice.columns) columns += run.count;
    own.rows = slice.rows;
    own.columns = columns;
    slice.parameter = parameters.size();
    slice.columns = {{0, columns}};
    parameters.push_back(std::move(own));
    const Operator& op = network.model.operators[slice.op];
    relu.push_back(op.kind == OpKind::kFc && op.relu);
  }
  SharedWeights weights = SharedWeights::random(std::move(parameters), relu, seed);
  return {std::move(network), std::move(weights)};
}

void train_alone(Alone& alone, const TraceReader& trace, std::vector<std::uint64_t> samples,
                 const SupernetOptions& options, int threads) {
  start_from_click_rate(alone.weights, trace, samples);
  alone.weights.start_sums(options.step);
  TrainingBatches batches(trace, std::move(samples), options.batch, options.seed);
  const std::uint64_t steps = batches.steps_an_epoch() * static_cast<std::uint64_t>(options.epochs);
  SubnetworkStep step(alone.weights, {threads, options.fake_quantised});
  Progress progress("train", steps);
  for (std::uint64_t number = 0; number < steps; ++number) {
    step.run(alone.network, batches, number, scaled(options.step, rate_factor(number, steps)));
    progress.update(number + 1);
  }
  alone.weights.drop_sums();
}

}  // namespace recpim::supernet
