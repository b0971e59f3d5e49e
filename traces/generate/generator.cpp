// SPDX-License-Identifier: Apache-2.0
#include "traces/generate/generator.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "traces/generate/locality.h"
#include "traces/generate/permutation.h"
#include "traces/generate/planted_labels.h"
#include "traces/generate/poisson.h"
#include "traces/generate/zipf.h"
#include "traces/support/error.h"
#include "traces/support/json.h"
#include "traces/support/math.h"
#include "traces/support/progress.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

// Streams of Random: sample i has stream i, the rest lies above 2^62.
constexpr std::uint64_t kPilotStream = std::uint64_t{1} << 62U;
constexpr std::uint64_t kTableStream = (std::uint64_t{1} << 63U) + (std::uint64_t{1} << 32U);
constexpr std::uint64_t kPilotSamples = 4096;
// With long bags the pilot is shorter: by then it is a matter of minutes and gigabytes.
constexpr std::uint64_t kPilotLookups = std::uint64_t{1} << 24U;
constexpr std::uint64_t kFewestPilotSamples = 16;
// Of stated interactions: their strengths are known to 1 / sqrt(2 n), half a percent.
constexpr std::uint64_t kPlantedPilotSamples = 65536;
constexpr std::uint64_t kChunkBytes = std::uint64_t{1} << 22U;
// A dense feature is log(1 + count), the count log-normal with these parameters and rounded down:
// heavy-tailed counts after the transformation that importers apply.
constexpr double kCountMean = 1.0;
constexpr double kCountDeviation = 1.5;

class Generator {
 public:
  explicit Generator(const GenerateOptions& options)
      : options_(options),
        labels_(options.seed, options.rows.size(), options.dense),
        arrivals_(options.seed) {
    if (options.planted) {
      planted_.emplace(options.seed, options.rows.size(), options.dense, *options.planted);
    }
    for (std::size_t t = 0; t < options.rows.size(); ++t) {
      scatter_.emplace_back(options.rows[t], options.seed, kTableStream + t);
      if (options.locality_file.empty()) zipf_.emplace_back(options.rows[t], options.skew);
    }
  }

  /// Lookups that match a reuse histogram: one list of reuse counts a table.
  void use_reuse(std::vector<ReuseSequence> sequences) { reuse_ = std::move(sequences); }

  // The pilot has samples of its own, so that the labels of a trace do not depend on its length.
  void calibrate(std::uint64_t step) {
    if (planted_) {
      planted_->calibrate([&](const PlantedInteractions::Visit& visit) {
        TraceChunk chunk;
        const std::uint64_t samples = pilot_samples(kPlantedPilotSamples);
        for (std::uint64_t first = 0; first < samples; first += step) {
          pilot(first, std::min(step, samples - first), chunk);
          visit(chunk);
        }
      });
      return;
    }
    TraceChunk chunk;
    pilot(0, pilot_samples(kPilotSamples), chunk);
    labels_.calibrate(chunk);
  }

  void chunk(std::uint64_t first, std::uint64_t count, TraceChunk& out) {
    start(out, first, count);
    for (std::uint64_t b = 0; b < count; ++b) {
      Random random = add_sample(out, first + b, 0);
      const double logit = planted_ ? planted_->logit(out, b) : labels_.logit(out, b);
      const bool one = random.uniform() < sigmoid(logit);
      out.labels.push_back(one ? 1.0F : 0.0F);
      if (planted_) out.true_logits.push_back(static_cast<float>(logit));
      ones_ += one ? 1 : 0;
      loss_ += softplus(one ? -logit : logit);
      entropy_ += label_entropy(logit);
      if (options_.arrival_rate > 0) {
        constexpr double kNanosecondsPerSecond = 1e9;
        const double ns = arrivals_.next() * kNanosecondsPerSecond / options_.arrival_rate;
        out.arrival_ns.push_back(static_cast<std::uint64_t>(ns));
      }
    }
  }

  GenerateSummary summary() const {
    GenerateSummary s;
    s.samples = options_.samples;
    const double n = static_cast<double>(options_.samples);
    s.positive_share = static_cast<double>(ones_) / n;
    s.bayes_logloss = loss_ / n;
    s.expected_logloss = entropy_ / n;
    const double p = s.positive_share;
    s.constant_logloss = p > 0 && p < 1 ? -p * std::log(p) - (1 - p) * std::log1p(-p) : 0;
    return s;
  }

  // Which function, and what the pilot found.
  Json label_function() const {
    if (!planted_) {
      return {{"function", "planted, see traces/README.md"},
              {"score_mean", labels_.score_mean()},
              {"score_deviation", labels_.score_deviation()}};
    }
    const PlantedOptions& o = planted_->options();
    return {{"function", "planted interactions, see traces/generate/README.md"},
            {"strengths", {o.first, o.pairs, o.triples}},
            {"dims", o.dims},
            {"interacting_tables", o.tables},
            {"interacting_dense", o.dense},
            {"click_rate", o.click_rate},
            {"bias", planted_->bias()}};
  }

 private:
  std::uint64_t pilot_samples(std::uint64_t wanted) const {
    std::uint64_t lookups = 1;
    for (const std::uint64_t bag : options_.pooling) lookups += bag;
    wanted = std::min(wanted, std::max(kFewestPilotSamples, kPilotLookups / lookups));
    return options_.locality_file.empty() ? wanted : std::min(wanted, options_.samples);
  }

  void pilot(std::uint64_t first, std::uint64_t count, TraceChunk& out) const {
    start(out, first, count);
    const std::uint64_t stream = options_.locality_file.empty() ? kPilotStream : 0;
    for (std::uint64_t b = 0; b < count; ++b) add_sample(out, first + b, stream);
  }

  void start(TraceChunk& out, std::uint64_t first, std::uint64_t count) const {
    out.first = first;
    out.count = count;
    out.dense.clear();
    out.labels.clear();
    out.arrival_ns.clear();
    out.true_logits.clear();
    out.offsets.assign(options_.rows.size(), {0});
    out.indices.assign(options_.rows.size(), {});
  }

  // Returns the sample's random numbers where the label's draw comes next.
  Random add_sample(TraceChunk& out, std::uint64_t sample, std::uint64_t stream) const {
    Random random(options_.seed, stream + sample);
    for (std::size_t t = 0; t < options_.rows.size(); ++t) {
      std::uint64_t bag = options_.pooling[t];
      const std::uint64_t position = sample * bag;
      if (options_.pooling_kind == Pooling::kUniform) bag = 1 + random.below(2 * bag - 1);
      for (std::uint64_t i = 0; i < bag; ++i) {
        const std::uint64_t rank =
            reuse_.empty() ? zipf_[t].draw(random) : reuse_[t].row_at(position + i);
        out.indices[t].push_back(static_cast<std::uint32_t>(scatter_[t].at(rank)));
      }
      out.offsets[t].push_back(out.indices[t].size());
    }
    for (std::uint32_t j = 0; j < options_.dense; ++j) {
      const double count = std::floor(std::exp(kCountMean + kCountDeviation * random.normal()));
      out.dense.push_back(static_cast<float>(std::log1p(count)));
    }
    return random;
  }

  const GenerateOptions& options_;
  PlantedLabels labels_;
  std::optional<PlantedInteractions> planted_;
  std::vector<Permutation> scatter_;  // Rank to row: hot rows lie anywhere in a table.
  std::vector<Zipf> zipf_;
  std::vector<ReuseSequence> reuse_;
  PoissonArrivals arrivals_;
  std::uint64_t ones_ = 0;
  double loss_ = 0, entropy_ = 0;
};

Json provenance(const GenerateOptions& options, const LocalityProfile& profile,
                const Generator& generator, const GenerateSummary& summary) {
  Json json;
  json["made_by"] = "recpim trace generate";
  json["version"] = options.version;
  json["seed"] = options.seed;
  json["samples"] = options.samples;
  json["dense"] = options.dense;
  json["rows"] = options.rows;
  json["pooling"] = options.pooling;
  json["pooling_kind"] = options.pooling_kind == Pooling::kFixed ? "fixed" : "uniform";
  if (options.locality_file.empty()) {
    json["skew"] = options.skew;
  } else {
    json["locality_file"] = std::filesystem::path(options.locality_file).filename().string();
    json["locality_block"] = profile.block;
  }
  if (options.arrival_rate > 0) json["arrival_rate_samples_per_s"] = options.arrival_rate;
  json["labels"] = generator.label_function();
  json["labels"]["positive_share"] = summary.positive_share;
  json["labels"]["bayes_logloss"] = summary.bayes_logloss;
  json["labels"]["expected_logloss"] = summary.expected_logloss;
  json["labels"]["constant_logloss"] = summary.constant_logloss;
  return json;
}

// The reuse of every table, and its rows where the options leave them open (0).
std::vector<ReuseSequence> plan_reuse(GenerateOptions& options, const LocalityProfile& profile) {
  std::vector<ReuseSequence> sequences;
  for (std::size_t t = 0; t < options.rows.size(); ++t) {
    sequences.emplace_back(profile, options.samples * options.pooling[t], options.seed, t);
    const std::uint64_t unique = sequences.back().unique_rows();
    if (options.rows[t] == 0) options.rows[t] = unique;
    if (options.rows[t] < unique) {
      reject("", "--rows", std::to_string(options.rows[t]),
             "at least " + std::to_string(unique) + ", the rows that this reuse touches");
    }
  }
  return sequences;
}

}  // namespace

GenerateSummary generate_trace(const GenerateOptions& asked, const std::string& path) {
  GenerateOptions options = asked;
  LocalityProfile profile;
  std::vector<ReuseSequence> sequences;
  if (!options.locality_file.empty()) {
    profile = read_locality(options.locality_file, options.locality_block);
    sequences = plan_reuse(options, profile);
  }
  Generator generator(options);
  generator.use_reuse(std::move(sequences));

  TraceInfo info;
  info.dense = options.dense;
  info.has_labels = true;
  info.has_arrivals = options.arrival_rate > 0;
  info.has_true_logits = options.planted.has_value();
  std::uint64_t bytes = sizeof(float) * (options.dense + 1);
  for (std::size_t t = 0; t < options.rows.size(); ++t) {
    info.tables.push_back({"table" + std::to_string(t), options.rows[t]});
    bytes += sizeof(std::uint32_t) * options.pooling[t] + sizeof(std::uint64_t);
  }
  const std::uint64_t step = std::max<std::uint64_t>(1, kChunkBytes / bytes);
  generator.calibrate(step);
  TraceWriter writer(path, info);
  Progress progress("trace generate", options.samples);
  TraceChunk chunk;
  for (std::uint64_t first = 0; first < options.samples; first += step) {
    generator.chunk(first, std::min(step, options.samples - first), chunk);
    writer.append(chunk);
    progress.update(first);
  }
  const GenerateSummary summary = generator.summary();
  writer.set_provenance(provenance(options, profile, generator, summary).dump());
  writer.finish();
  return summary;
}

}  // namespace recpim
