// SPDX-License-Identifier: Apache-2.0
#include "search/report.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace recpim::search {
namespace {

constexpr std::size_t kTableRows = 20;

Json to_json(const Evaluation& evaluation, const ScalarObjective& objective,
             const Outcome& reference) {
  const Outcome& outcome = evaluation.outcome;
  Json json;
  json["evaluation"] = evaluation.number;
  json["state"] = state_name(outcome.state);
  if (outcome.state == State::kDone) {
    json["objective"] = std::exp(objective.log_score(outcome, reference));
    for (std::size_t i = 0; i < kObjectives; ++i) json[kObjectiveNames[i]] = outcome.objectives[i];
    json["details"] = outcome.details;
  } else {
    json["reason"] = outcome.reason;
  }
  json["genome"] = Json::parse(evaluation.genome);
  return json;
}

template <typename... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), pattern, arguments...);
  return text.data();
}

// "128x128 2b | 1 | 8/128 | 96 | 256 | 0/3/28": as the heading of front_table says.
std::string describe(const DesignSpace& space, const Values& values) {
  const Hardware h = space.hardware(values);
  std::array<int, 9> bits{};
  for (const int b : space.weight_bits(values)) ++bits.at(static_cast<std::size_t>(b));
  const std::string array =
      std::to_string(h.crossbar.rows) + "x" + std::to_string(h.crossbar.columns);
  const std::string adc = std::to_string(h.adc.bits) + "/" + std::to_string(h.adc.columns_per_adc);
  return format("%9s %4d %3d %6s %5d %4d  %d/%d/%d", array.c_str(), h.crossbar.cell_bits,
                h.dac_bits, adc.c_str(), h.mvm_tile.crossbars, h.mesh.flit_bits, bits[2], bits[4],
                bits[8]);
}

std::string row(const DesignSpace& space, const std::string& name, const Evaluation& evaluation,
                const ScalarObjective& objective, const Outcome& reference) {
  const Objectives& o = evaluation.outcome.objectives;
  const Space& genes = space.space();
  return format("%9s %9.4g %8.5f %9.3f %9.3f %9.4f ", name.c_str(),
                std::exp(objective.log_score(evaluation.outcome, reference)), o[0], o[1] / 1e3,
                o[2] / 1e3, o[3]) +
         describe(space, genes.values(genes.decode(evaluation.genome))) + "\n";
}

}  // namespace

const Evaluation* best_of(const std::vector<Evaluation>& evaluations,
                          const ScalarObjective& objective) {
  const Evaluation* best = nullptr;
  double least = 0;
  for (const Evaluation& e : evaluations) {
    if (e.number == 0 || e.outcome.state != State::kDone) continue;
    const double score = objective.log_score(e.outcome, evaluations.front().outcome);
    if (best == nullptr || score < least) {
      best = &e;
      least = score;
    }
  }
  return best;
}

Json front_json(const DesignSpace& space, const std::vector<Evaluation>& evaluations,
                const ScalarObjective& objective, const Json& config) {
  const Outcome& reference = evaluations.front().outcome;
  const Counts counts = count(evaluations);
  Json json;
  json["schema"] = "recpim.search/1";
  json["configuration"] = config;
  json["space_size"] = space.space().size().str();
  json["evaluations"] = {{"done", counts.done},
                         {"infeasible", counts.infeasible},
                         {"failed", counts.failed},
                         {"repeated", counts.repeated}};
  json["objective"] = objective.formula();
  json["reference"] = to_json(evaluations.front(), objective, reference);
  const Evaluation* best = best_of(evaluations, objective);
  json["best"] = best == nullptr ? Json() : to_json(*best, objective, reference);
  json["front"] = Json::array();
  for (const Evaluation& e : pareto_front(evaluations, objective)) {
    json["front"].push_back(to_json(e, objective, reference));
  }
  return json;
}

std::string front_table(const DesignSpace& space, const std::vector<Evaluation>& evaluations,
                        const ScalarObjective& objective) {
  const Outcome& reference = evaluations.front().outcome;
  const Counts counts = count(evaluations);
  const auto front = pareto_front(evaluations, objective);
  std::string text =
      format("%d scored, %d infeasible, %d failed; %d of them repeated; %zu on the Pareto front\n",
             counts.done, counts.infeasible, counts.failed, counts.repeated, front.size());
  text += "objective: " + objective.formula() + "\n";
  text +=
      "     eval objective log loss        us nJ/sample       mm2     array cell DAC    ADC xbars "
      "flit  2/4/8 bits\n";
  if (evaluations.front().outcome.state == State::kDone) {
    text += row(space, "reference", evaluations.front(), objective, reference);
  } else {
    text += "reference " + evaluations.front().outcome.reason + "; the objective is absolute\n";
  }
  for (std::size_t i = 0; i < front.size() && i < kTableRows; ++i) {
    text += row(space, std::to_string(front[i].number), front[i], objective, reference);
  }
  if (front.size() > kTableRows) {
    text += format("... and %zu more in front.json\n", front.size() - kTableRows);
  }
  return text;
}

std::string count_table(const DesignSpace& space) {
  const Space& genes = space.space();
  std::string text;
  for (const std::string& group : genes.groups()) {
    text += group + "\n";
    for (const Gene& gene : genes.genes()) {
      if (gene.group != group) continue;
      text += format("  %-24s %3zu: ", gene.name.c_str(), gene.values.size());
      for (const int value : gene.values) text += " " + std::to_string(value);
      text += "\n";
    }
    text += "  together " + genes.size_of_group(group).str();
    if (group == DesignSpace::kHardware) text += ", columns_per_adc dividing crossbar.columns";
    text += "\n";
  }
  return text + "size of the space: " + genes.size().str() + "\n";
}

}  // namespace recpim::search
