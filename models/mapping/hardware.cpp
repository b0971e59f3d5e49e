// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/hardware.h"

#include <filesystem>
#include <set>

#include "traces/support/error.h"
#include "traces/support/math.h"
#include "traces/support/sha256.h"
#include "traces/support/yaml.h"

namespace recpim {
namespace {

/// One whole-number key: where it stands in the file, where in the struct, what it may be.
struct Field {
  const char* section;  ///< "" at top level.
  const char* key;
  int& (*at)(Hardware&);
  int low, high;
  bool power_of_two;
};

// Limits: mesh and ports by the head flit (sim/noc/flit.h), the others so that every sum that the
// machine forms fits the widths of sim/README.md.
constexpr Field kFields[] = {
    {"mesh", "columns", [](Hardware& h) -> int& { return h.mesh.columns; }, 1, 256, false},
    {"mesh", "rows", [](Hardware& h) -> int& { return h.mesh.rows; }, 1, 256, false},
    {"mesh", "flit_bits", [](Hardware& h) -> int& { return h.mesh.flit_bits; }, 32, 512, true},
    {"mesh", "buffer_flits", [](Hardware& h) -> int& { return h.mesh.buffer_flits; }, 1, 64, false},
    {"crossbar", "rows", [](Hardware& h) -> int& { return h.crossbar.rows; }, 8, 1024, true},
    {"crossbar", "columns", [](Hardware& h) -> int& { return h.crossbar.columns; }, 8, 1024, true},
    {"crossbar", "cell_bits", [](Hardware& h) -> int& { return h.crossbar.cell_bits; }, 1, 4, true},
    {"dac", "bits", [](Hardware& h) -> int& { return h.dac_bits; }, 1, 2, false},
    {"adc", "bits", [](Hardware& h) -> int& { return h.adc.bits; }, 3, 12, false},
    {"adc", "columns_per_adc", [](Hardware& h) -> int& { return h.adc.columns_per_adc; }, 1, 1024,
     true},
    {"mvm_tile", "crossbars", [](Hardware& h) -> int& { return h.mvm_tile.crossbars; }, 1, 4096,
     false},
    {"mvm_tile", "vector_lanes", [](Hardware& h) -> int& { return h.mvm_tile.vector_lanes; }, 1,
     1024, false},
    {"embedding_tile", "banks", [](Hardware& h) -> int& { return h.embedding_tile.banks; }, 1, 256,
     false},
    {"embedding_tile", "bank_kib", [](Hardware& h) -> int& { return h.embedding_tile.bank_kib; }, 1,
     65536, false},
    {"embedding_tile", "vector_lanes",
     [](Hardware& h) -> int& { return h.embedding_tile.vector_lanes; }, 1, 1024, false},
    {"embedding_tile", "max_lookups",
     [](Hardware& h) -> int& { return h.embedding_tile.max_lookups; }, 1, 65536, false},
    {"interaction_tile", "lanes", [](Hardware& h) -> int& { return h.interaction_tile.lanes; }, 1,
     65536, false},
    {"interaction_tile", "vector_lanes",
     [](Hardware& h) -> int& { return h.interaction_tile.vector_lanes; }, 1, 1024, false},
    {"interaction_tile", "max_elements",
     [](Hardware& h) -> int& { return h.interaction_tile.max_elements; }, 1, 1 << 20, false},
    {"", "buffer_slots", [](Hardware& h) -> int& { return h.buffer_slots; }, 1, 4, false},
};

constexpr std::int64_t kMaxClockHz = 100'000'000'000;      // 100 GHz
constexpr std::int64_t kMaxReadPs = 1'000'000'000;         // 1 ms
constexpr std::int64_t kMaxSamplesPerS = 100'000'000'000;  // 100 GS/s
// Simulated time ends at 2^64 fs, five hours: slower clocks would get there in a day of simulating.
constexpr std::int64_t kMinClockHz = 1'000'000;
constexpr const char* kClockAccepted = "a decimal from 1 to 100000, in whole hertz";
constexpr const char* kReadAccepted = "a decimal from 0.001 to 1000000, in whole picoseconds";
constexpr const char* kRateAccepted =
    "a decimal from 0.000000001 to 100, in whole samples a second";

std::string accepted(const Field& field) {
  const std::string low = std::to_string(field.low);
  const std::string high = std::to_string(field.high);
  return (field.power_of_two ? "a power of two from " : "a whole number from ") + low + " to " +
         high;
}

std::string place(const Field& field) {
  return field.section[0] == 0 ? field.key : std::string(field.section) + "." + field.key;
}

bool in_range(const Field& field, std::int64_t value) {
  return value >= field.low && value <= field.high &&
         (!field.power_of_two || is_power_of_two(static_cast<std::uint64_t>(value)));
}

int read(const Field& field, const JsonView& value) {
  if (!value.raw().is_number_integer()) value.fail(accepted(field));
  const auto number = value.raw().get<std::int64_t>();
  if (!in_range(field, number)) value.fail(accepted(field));
  return static_cast<int>(number);
}

/// The keys of one section, those of kFields and the ones that are no whole numbers.
std::set<std::string> keys_of(const std::string& section) {
  std::set<std::string> keys;
  for (const Field& field : kFields) {
    if (section == field.section) keys.insert(field.key);
    if (section.empty() && field.section[0] != 0) keys.insert(field.section);
  }
  if (section.empty()) keys.insert({"name", "technology", "clock_mhz"});
  if (section == "crossbar") keys.insert({"encoding", "read_ns"});
  if (section == "adc") keys.insert("rate_gs_per_s");
  if (section == "embedding_tile") keys.insert("pooling");
  return keys;
}

std::string encoding_name(Encoding encoding) {
  return encoding == Encoding::kOffset ? "offset" : "differential";
}

/// Cycles of a clock of clock_hz that last at least numerator / denominator seconds.
int cycles_of(std::int64_t clock_hz, std::int64_t numerator, std::int64_t denominator) {
  const __int128 product = static_cast<__int128>(clock_hz) * numerator;
  return static_cast<int>((product + denominator - 1) / denominator);
}

}  // namespace

int Hardware::read_cycles() const {
  return cycles_of(clock_hz, crossbar.read_ps, 1'000'000'000'000);
}

int Hardware::conversion_cycles() const { return cycles_of(clock_hz, 1, adc.samples_per_s); }

int Hardware::columns_per_weight(int weight_bits) const {
  if (crossbar.encoding == Encoding::kOffset) return ceil_div(weight_bits, crossbar.cell_bits);
  return 2 * ceil_div(weight_bits - 1, crossbar.cell_bits);
}

int Hardware::channels_per_crossbar(int weight_bits) const {
  const int groups = crossbar.columns / adc.columns_per_adc;
  return groups * (adc.columns_per_adc / columns_per_weight(weight_bits));
}

int Hardware::phases(int activation_bits, bool is_signed) const {
  if (!is_signed) return ceil_div(activation_bits, dac_bits);
  return ceil_div(activation_bits - 1, dac_bits) + 1;
}

int Hardware::initiation_interval() const {
  return std::max(read_cycles(), adc.columns_per_adc * conversion_cycles());
}

std::int64_t Hardware::bank_rows(int row_bits) const {
  return static_cast<std::int64_t>(embedding_tile.bank_kib) * 8192 / row_bits;
}

int Hardware::table_row_bits(int width, int weight_bits) const {
  if (embedding_tile.pooling == TablePooling::kAdders) return width * weight_bits;
  return width * ceil_div(weight_bits, crossbar.cell_bits) * crossbar.cell_bits;
}

int Hardware::rows_of_a_read() const {
  if (embedding_tile.pooling == TablePooling::kAdders) return 1;
  return std::min(crossbar.rows, ((1 << adc.bits) - 1) / ((1 << crossbar.cell_bits) - 1));
}

bool Hardware::operator==(const Hardware& other) const {
  return hardware_to_json(*this) == hardware_to_json(other);
}

bool names_file(const std::string& technology) {
  const std::filesystem::path path(technology);
  return path.has_extension() || path.has_parent_path();
}

Hardware load_hardware(const std::string& path) {
  const Json json = read_yaml_file(path);
  Hardware hardware = hardware_from_json(JsonView(json, path));
  if (names_file(hardware.technology)) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    hardware.technology = (folder / hardware.technology).lexically_normal().string();
  }
  return hardware;
}

Hardware hardware_from_json(const JsonView& json) {
  json.only(keys_of(""));
  Hardware hardware;
  for (const Field& field : kFields) {
    if (field.section[0] == 0) {
      if (json.has(field.key)) field.at(hardware) = read(field, json.at(field.key));
      continue;
    }
    if (!json.has(field.section)) continue;
    const JsonView section = json.at(field.section);
    section.only(keys_of(field.section));
    if (section.has(field.key)) field.at(hardware) = read(field, section.at(field.key));
  }
  if (json.has("name")) hardware.name = json.at("name").text();
  if (json.has("technology")) hardware.technology = json.at("technology").text();
  if (json.has("clock_mhz")) {
    hardware.clock_hz =
        exact_decimal(json.at("clock_mhz"), 6, kMinClockHz, kMaxClockHz, kClockAccepted);
  }
  if (json.has("crossbar") && json.at("crossbar").has("encoding")) {
    const auto name = json.at("crossbar").at("encoding").one_of({"offset", "differential"});
    hardware.crossbar.encoding = name == "offset" ? Encoding::kOffset : Encoding::kDifferential;
  }
  if (json.has("embedding_tile") && json.at("embedding_tile").has("pooling")) {
    const auto name = json.at("embedding_tile").at("pooling").one_of({"adders", "array"});
    hardware.embedding_tile.pooling =
        name == "array" ? TablePooling::kArray : TablePooling::kAdders;
  }
  if (json.has("crossbar") && json.at("crossbar").has("read_ns")) {
    hardware.crossbar.read_ps =
        exact_decimal(json.at("crossbar").at("read_ns"), 3, 1, kMaxReadPs, kReadAccepted);
  }
  if (json.has("adc") && json.at("adc").has("rate_gs_per_s")) {
    hardware.adc.samples_per_s =
        exact_decimal(json.at("adc").at("rate_gs_per_s"), 9, 1, kMaxSamplesPerS, kRateAccepted);
  }
  validate(hardware, json.file());
  return hardware;
}

Json hardware_to_json(const Hardware& hardware) {
  Json json;
  json["name"] = hardware.name;
  json["technology"] = hardware.technology;
  json["clock_mhz"] = decimal_json(hardware.clock_hz, 6);
  Hardware copy = hardware;  // The fields' accessors are for writing as well.
  for (const Field& field : kFields) {
    Json& section = field.section[0] == 0 ? json : json[field.section];
    section[field.key] = field.at(copy);
  }
  json["crossbar"]["encoding"] = encoding_name(hardware.crossbar.encoding);
  json["embedding_tile"]["pooling"] =
      hardware.embedding_tile.pooling == TablePooling::kArray ? "array" : "adders";
  json["crossbar"]["read_ns"] = decimal_json(hardware.crossbar.read_ps, 3);
  json["adc"]["rate_gs_per_s"] = decimal_json(hardware.adc.samples_per_s, 9);
  return json;
}

std::string hardware_sha256(const Hardware& hardware) {
  return sha256_of_text(hardware_to_json(hardware).dump());
}

void validate(const Hardware& hardware, const std::string& file) {
  Hardware copy = hardware;
  for (const Field& field : kFields) {
    const int value = field.at(copy);
    if (!in_range(field, value)) reject(file, place(field), std::to_string(value), accepted(field));
  }
  const auto check = [&](const char* where, std::int64_t value, std::int64_t high,
                         const char* what) {
    if (value < 1 || value > high) reject(file, where, std::to_string(value), what);
  };
  check("clock_mhz", hardware.clock_hz, kMaxClockHz, kClockAccepted);
  check("crossbar.read_ns", hardware.crossbar.read_ps, kMaxReadPs, kReadAccepted);
  check("adc.rate_gs_per_s", hardware.adc.samples_per_s, kMaxSamplesPerS, kRateAccepted);
  const int m = hardware.adc.columns_per_adc;
  if (hardware.crossbar.columns % m != 0) {
    reject(file, "adc.columns_per_adc", std::to_string(m),
           "a divisor of crossbar.columns, which is " + std::to_string(hardware.crossbar.columns));
  }
  if (hardware.embedding_tile.pooling == TablePooling::kArray && hardware.rows_of_a_read() < 1) {
    reject(file, "embedding_tile.pooling", "array",
           "adders, or an ADC of at least crossbar.cell_bits bits");
  }
  // A phase of a billion cycles is a unit mistaken for another, and would overflow an int.
  constexpr double kMaxPhase = 1e6;
  const double clock = static_cast<double>(hardware.clock_hz);
  const double conversion = m * clock / static_cast<double>(hardware.adc.samples_per_s);
  if (clock * static_cast<double>(hardware.crossbar.read_ps) * 1e-12 > kMaxPhase) {
    reject(file, "crossbar.read_ns", decimal_json(hardware.crossbar.read_ps, 3).dump(),
           "at most a million cycles of clock_mhz");
  }
  if (conversion > kMaxPhase) {
    reject(file, "adc.rate_gs_per_s", decimal_json(hardware.adc.samples_per_s, 9).dump(),
           "a rate at which columns_per_adc conversions last at most a million cycles");
  }
  if (hardware.name.empty()) reject(file, "name", "\"\"", "a name");
  if (hardware.technology.empty()) reject(file, "technology", "\"\"", "a name or a file");
}

}  // namespace recpim
