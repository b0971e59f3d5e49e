// SPDX-License-Identifier: Apache-2.0
// recpim trace {import, generate, info}.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <iostream>
#include <optional>
#include <sstream>

#include "recpim_revision.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/generate/generator.h"
#include "traces/import/importer.h"
#include "traces/profile/profile.h"
#include "traces/support/error.h"

namespace recpim::app {
namespace {

constexpr const char* kVersion = RECPIM_VERSION " (" RECPIM_GIT ")";
constexpr std::int64_t kMaxTables = 10000;
constexpr std::int64_t kMaxSamples = 1'000'000'000'000;

// "8" for every table, or "8-4-16" with one number a table.
template <typename T>
std::vector<T> per_table(const Options& options, const std::string& name, std::size_t tables,
                         int high) {
  const std::vector<int> given = options.integers(name, 1, high);
  if (given.size() != 1 && given.size() != tables) {
    reject("", "--" + name, options.text(name),
           "one number, or one for each of the " + std::to_string(tables) + " tables");
  }
  std::vector<T> values;
  for (std::size_t t = 0; t < tables; ++t) {
    values.push_back(static_cast<T>(given.size() == 1 ? given[0] : given[t]));
  }
  return values;
}

// What takes long or much room is said before it begins.
void announce_size(const GenerateOptions& generate) {
  constexpr double kMuch = 4e9;
  double lookups = 0;
  for (const std::uint32_t bag : generate.pooling) lookups += bag;
  lookups *= static_cast<double>(generate.samples);
  const double bytes = sizeof(std::uint32_t) * lookups + sizeof(float) *
                                                             static_cast<double>(generate.dense) *
                                                             static_cast<double>(generate.samples);
  if (bytes < kMuch) return;
  std::cerr << "recpim: note: " << lookups << " lookups in all; the trace takes about "
            << std::ceil(bytes / 1e9) << " GB\n";
}

// "all", "none" or "0-3-4": the tables or dense features that interact.
template <typename T>
std::vector<T> interacting(const Options& options, const std::string& name, std::size_t there) {
  const std::string words = options.text(name);
  std::vector<T> fields;
  if (words == "none") return fields;
  if (words == "all") {
    for (std::size_t f = 0; f < there; ++f) fields.push_back(static_cast<T>(f));
    return fields;
  }
  std::vector<bool> seen(there, false);
  std::string list = words;
  std::replace(list.begin(), list.end(), ',', '-');
  std::istringstream parts(list + "-");
  for (std::string part; std::getline(parts, part, '-');) {
    std::size_t field = there;
    const auto end = part.data() + part.size();
    const auto read = std::from_chars(part.data(), end, field);
    if (read.ec != std::errc() || read.ptr != end || field >= there || seen[field]) {
      reject("", "--" + name, words,
             "all, none, or numbers below " + std::to_string(there) + " joined by -, each once");
    }
    seen[field] = true;
    fields.push_back(static_cast<T>(field));
  }
  return fields;
}

constexpr const char* kPlantedOptions[] = {"planted-dims", "planted-tables", "planted-dense",
                                           "click-rate"};

std::optional<PlantedOptions> planted_options(const Options& options, std::size_t tables,
                                              std::uint32_t dense) {
  if (!options.given("planted-strengths")) {
    for (const char* name : kPlantedOptions) {
      if (options.chosen(name)) {
        reject("", "--" + std::string(name), options.text(name), "only with --planted-strengths");
      }
    }
    return std::nullopt;
  }
  constexpr double kStrongest = 100;
  const std::vector<double> strengths = options.numbers("planted-strengths", 3, 0, kStrongest);
  PlantedOptions result;
  result.first = strengths[0];
  result.pairs = strengths[1];
  result.triples = strengths[2];
  result.dims = static_cast<int>(options.integer("planted-dims", 1, kMaxPlantedDims));
  result.tables = interacting<std::size_t>(options, "planted-tables", tables);
  result.dense = interacting<std::uint32_t>(options, "planted-dense", dense);
  result.click_rate = options.number("click-rate", 0.001, 0.999);
  const std::size_t fields = result.tables.size() + result.dense.size();
  const std::size_t needed = result.triples > 0 ? 3 : result.pairs > 0 ? 2 : 0;
  if (fields < needed) {
    reject("", "--planted-strengths", options.text("planted-strengths"),
           "strengths for the " + std::to_string(fields) +
               " fields that interact: pairs take 2, triples 3");
  }
  return result;
}

GenerateOptions generate_options(const Options& options) {
  constexpr int kMaxInt = 2147483647;
  GenerateOptions result;
  const auto tables = static_cast<std::size_t>(options.integer("tables", 0, kMaxTables));
  result.dense = static_cast<std::uint32_t>(options.integer("dense", 0, 1 << 20));
  if (tables == 0 && result.dense == 0) {
    reject("", "--dense", "0", "at least 1 where there are no tables");
  }
  result.samples = static_cast<std::uint64_t>(options.integer("samples", 1, kMaxSamples));
  result.skew = options.number("skew", 0, 10);
  result.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  result.pooling = per_table<std::uint32_t>(options, "pooling", tables, 100000);
  const bool fixed = options.one_of("pooling-kind", {"fixed", "uniform"}) == "fixed";
  result.pooling_kind = fixed ? Pooling::kFixed : Pooling::kUniform;
  if (options.given("locality")) {
    result.locality_file = options.text("locality");
    if (!fixed) reject("", "--pooling-kind", "uniform", "fixed, where --locality is given");
    if (tables == 0) reject("", "--tables", "0", "at least 1, where --locality is given");
  }
  if (options.given("locality-block")) {
    if (!options.given("locality")) reject("", "--locality-block", "", "only with --locality");
    result.locality_block = options.text("locality-block");
  }
  if (options.given("rows")) {
    result.rows = per_table<std::uint64_t>(options, "rows", tables, kMaxInt);
  } else {
    constexpr std::uint64_t kRows = 100000;
    result.rows.assign(tables, result.locality_file.empty() ? kRows : 0);
  }
  if (options.given("arrival-rate")) {
    result.arrival_rate = options.number("arrival-rate", kLeastRate, kMostRate);
  }
  result.planted = planted_options(options, tables, result.dense);
  result.version = kVersion;
  return result;
}

int run_generate(const Arguments& arguments) {
  Options options("recpim trace generate -o FILE [options]");
  options.value("out,o", "the trace to write (HDF5)")
      .value("tables", "embedding tables; 0 gives an MLP trace", "26")
      .value("rows",
             "rows a table, one number or one a table (26-8-...); 100000, or with "
             "--locality as many as are looked up")
      .value("dense", "dense features", "13")
      .value("samples", "samples", "10000")
      .value("skew", "Zipf exponent of the lookups, 0 is uniform", "1.05")
      .value("pooling", "lookups a bag, one number or one a table", "1")
      .value("pooling-kind", "fixed, or uniform: bags of 1 to 2 x pooling - 1", "fixed")
      .value("locality", "match the reuse histogram of this file instead of Zipf")
      .value("locality-block", "title of the block in that file; its first where not given")
      .value("arrival-rate", "samples a second: records Poisson arrivals; none where not given")
      .value(
          "planted-strengths",
          "A,B,C: labels of stated interactions, the standard deviations of the logit's parts of "
          "first, second and third order")
      .value("planted-dims", "latent dimensions of these interactions", "4")
      .value("planted-tables", "tables that interact: all, none or their numbers (0-1-3)", "all")
      .value("planted-dense", "dense features that interact, the same way", "all")
      .value("click-rate", "share of the labels that are 1, with --planted-strengths", "0.25")
      .value("seed", "seed of everything random", "1");
  if (!options.parse(arguments)) return 0;
  const std::string out = options.text("out");
  if (options.given("locality")) keep_inputs(out, {options.text("locality")});
  const GenerateOptions generate = generate_options(options);
  announce_size(generate);
  const GenerateSummary summary = generate_trace(generate, out);
  std::cout << out << ": " << summary.samples << " samples, " << 100 * summary.positive_share
            << " % of the labels are 1; log loss of the true probabilities "
            << summary.bayes_logloss << ", of a constant " << summary.constant_logloss << "\n";
  return 0;
}

// An option that belongs to another format would be without effect: likely a mistake.
void only_with(const Options& options, const std::string& name, const std::string& format,
               const std::string& owner) {
  if (options.chosen(name) && format != owner) {
    reject("", "--" + name, options.text(name), "only with --format " + owner + ", not " + format);
  }
}

int run_import(const Arguments& arguments) {
  std::string formats;
  for (const auto& name : import_formats()) formats += (formats.empty() ? "" : ", ") + name;
  constexpr std::int64_t kMaxRows = std::int64_t{1} << 32;
  Options options("recpim trace import FILE --format FORMAT -o FILE [options]");
  options.positional("file", "the data to import")
      .value("format", formats)
      .value("out,o", "the trace to write (HDF5)")
      .value("samples", "at most so many samples; all where not given")
      .value("table-rows",
             "hash identifiers to so many rows a table (kdd2012 and --min-count: "
             "where a table would be larger)")
      .value("min-count",
             "identifiers seen less often share row 0, the others get own rows; "
             "kdd2012 does so by default")
      .value("bag", "indices: lookups a sample, or line for a sample a line", "1")
      .value("libsvm-as", "libsvm: bag (one table) or dense (a vector)", "bag")
      .flag("skip-bad-lines", "leave malformed lines out and say how many");
  if (!options.parse(arguments)) return 0;
  ImportOptions import;
  import.format = options.one_of("format", import_formats());
  only_with(options, "bag", import.format, "indices");
  only_with(options, "libsvm-as", import.format, "libsvm");
  const auto number = [&](const char* name, std::int64_t low, std::int64_t high) {
    return options.given(name) ? static_cast<std::uint64_t>(options.integer(name, low, high)) : 0;
  };
  import.samples = number("samples", 1, kMaxSamples);
  import.table_rows = number("table-rows", 2, kMaxRows);
  import.min_count = number("min-count", 1, kMaxSamples);
  import.skip_bad_lines = options.on("skip-bad-lines");
  import.bag = options.text("bag") == "line"
                   ? 0
                   : static_cast<std::uint32_t>(options.integer("bag", 1, 1000000));
  import.libsvm_dense = options.one_of("libsvm-as", {"bag", "dense"}) == "dense";
  import.version = kVersion;
  const std::string out = options.text("out");
  const ImportSummary summary = import_trace(import, options.text("file"), out);
  std::uint64_t rows = 0;
  for (const std::uint64_t r : summary.table_rows) rows += r;
  std::cout << out << ": " << summary.samples << " samples, " << summary.dense
            << " dense features, " << summary.table_rows.size() << " tables of " << rows
            << " rows in all\n";
  if (summary.bad_lines > 0) {
    std::cerr << "recpim: skipped " << summary.bad_lines
              << " malformed lines, the first: " << summary.first_bad << "\n";
  }
  return 0;
}

int run_info(const Arguments& arguments) {
  Options options("recpim trace info FILE [--json]");
  options.positional("trace", "a trace file").flag("json", "print JSON instead of a table");
  if (!options.parse(arguments)) return 0;
  const TraceReader trace(options.text("trace"));
  const TraceProfile profile = profile_trace(trace);
  if (options.on("json")) {
    std::cout << to_json(profile).dump(2) << "\n";
  } else {
    std::cout << to_text(profile);
  }
  return 0;
}

}  // namespace

int run_trace(const Arguments& arguments) {
  constexpr const char* kHelp =
      "usage: recpim trace ACTION [options]; recpim trace ACTION --help tells its options\n"
      "  import    make a trace from a data set\n"
      "  generate  make a synthetic trace\n"
      "  info      print what a trace holds\n";
  const std::string action = arguments.empty() ? "" : arguments[0];
  if (action == "--help" || action == "-h") {
    std::cout << kHelp;
    return 0;
  }
  const Arguments rest(arguments.empty() ? arguments.begin() : arguments.begin() + 1,
                       arguments.end());
  if (action == "import") return run_import(rest);
  if (action == "generate") return run_generate(rest);
  if (action == "info") return run_info(rest);
  reject("", "trace", action, "import, generate, info");
}

}  // namespace recpim::app
