// SPDX-License-Identifier: Apache-2.0
// recpim explain-cost: where energy, area and leakage of a design or a run come from.
#include <cmath>
#include <cstdio>
#include <set>

#include "sim/app/command.h"
#include "sim/cost/explain.h"
#include "traces/support/error.h"

namespace recpim::app {
namespace {

void print_line(const std::string& component, double count, double figure, const char* unit,
                double contribution, double total, const char* total_unit) {
  std::printf("  %-18s %14.8g x %-11.6g %-4s = %12.6g %-4s %5.1f %%\n", component.c_str(), count,
              figure, unit, contribution, total_unit, total > 0 ? 100 * contribution / total : 0.0);
}

void print_source(const Technology& technology, const std::string& component) {
  std::printf("      %s\n", provenance_of(technology, component).c_str());
}

void print_energy(const std::string& title, const std::vector<Charge>& charges, double leakage_pj,
                  const Technology& technology, const std::string& wanted) {
  double total = leakage_pj;
  for (const Charge& each : charges) total += each.energy_pj();
  std::printf("%s: %.6g pJ\n", title.c_str(), total);
  for (const Charge& each : charges) {
    if (each.count == 0 || (!wanted.empty() && each.figure_of != wanted)) continue;
    print_line(each.component, each.count, each.figure_pj, "pJ", each.energy_pj(), total, "pJ");
    print_source(technology, each.figure_of);
  }
  if (leakage_pj > 0 && wanted.empty()) {
    std::printf("  %-18s %58.6g pJ   %5.1f %%\n", "leakage", leakage_pj, 100 * leakage_pj / total);
  }
}

void print_parts(const std::vector<Part>& parts, const Technology& technology,
                 const std::string& wanted) {
  double area = 0;
  double leakage = 0;
  for (const Part& each : parts) {
    area += each.count * each.area_mm2;
    leakage += each.count * each.leakage_mw;
  }
  std::printf("area: %.6g mm2\n", area);
  for (const Part& each : parts) {
    if (!wanted.empty() && each.component != wanted) continue;
    print_line(each.component, each.count, 1e6 * each.area_mm2, "um2", each.count * each.area_mm2,
               area, "mm2");
    if (!wanted.empty()) print_source(technology, each.component);
  }
  std::printf("leakage: %.6g mW\n", leakage);
  for (const Part& each : parts) {
    if (each.leakage_mw == 0 || (!wanted.empty() && each.component != wanted)) continue;
    print_line(each.component, each.count, 1e3 * each.leakage_mw, "uW",
               each.count * each.leakage_mw, leakage, "mW");
  }
}

/// That the run was one of this design: the same model and hardware on as many tiles.
void same_design(const JsonView& result, const Design& design) {
  const JsonView ran = result.at("design");
  if (ran.at("model_sha256").text() != design.model_sha256 ||
      ran.at("hardware_sha256").text() != hardware_sha256(design.hardware) ||
      result.at("utilisation").at("tiles").size() + 1 != design.tiles.size()) {
    ran.fail("a run of the design that is explained");
  }
}

std::vector<Charge> charges_of_result(const std::string& path, const Design& design,
                                      double& leakage_pj) {
  const Json json = read_json_file(path);
  const JsonView result(json, path);
  same_design(result, design);
  const JsonView energy = result.at("energy_pj");
  std::vector<Charge> charges;
  const JsonView list = energy.at("charges");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonView each = list.at(i);
    charges.push_back({each.at("component").text(), each.at("figure_of").text(),
                       each.at("count").number(0, 1e30), each.at("figure_pj").number(0, 1e12)});
  }
  leakage_pj = energy.at("parts").at("leakage").number(0, 1e30);
  return charges;
}

/// The component asked for, which must be charged or stand on the chip; empty: all.
std::string wanted_component(const Options& options, const std::vector<Charge>& charges,
                             const std::vector<Part>& parts) {
  if (!options.given("component")) return "";
  std::set<std::string> names;
  for (const Charge& each : charges) names.insert(each.figure_of);
  for (const Part& each : parts) names.insert(each.component);
  return options.one_of("component", {names.begin(), names.end()});
}

}  // namespace

int run_explain_cost(const Arguments& arguments) {
  Options options("recpim explain-cost DESIGN [--result FILE] [--component NAME]");
  options.positional("design", "design file (JSON)")
      .value("result", "result.json of a run of this design: its energy instead of one sample's")
      .value("component", "this component alone")
      .value("lookups-a-table", "lookups of the sample in each table, each a read of its own", "1");
  if (!options.parse(arguments)) return 0;
  std::string folder;
  const Design design = load_design(options.text("design"), &folder);
  const Model model = load_model(folder, Weights::kNone);
  validate(design, model, options.text("design"));
  const Technology technology = load_technology(design.hardware.technology);
  if (options.given("result") && options.chosen("lookups-a-table")) {
    reject("", "--lookups-a-table", options.text("lookups-a-table"), "only without --result");
  }
  std::string title = "energy of the run";
  double leakage_pj = 0;
  std::vector<Charge> charges;
  if (options.given("result")) {
    charges = charges_of_result(options.text("result"), design, leakage_pj);
  } else {
    const auto lookups = static_cast<int>(options.integer("lookups-a-table", 0, 65536));
    title = "energy of one sample without leakage and clocks, " + std::to_string(lookups) +
            " lookups a table";
    charges = chip_charges(design, one_sample(design, model, lookups), technology, 0);
  }
  const std::vector<Part> parts = chip_parts(design, model, technology);
  const std::string wanted = wanted_component(options, charges, parts);
  print_energy(title, charges, leakage_pj, technology, wanted);
  print_parts(parts, technology, wanted);
  return 0;
}

}  // namespace recpim::app
