// SPDX-License-Identifier: Apache-2.0
#include "testbenches/bench/training/quality/results.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/output.h"
#include "traces/support/sha256.h"

namespace recpim::quality {
namespace {

template <typename T>
void add_bytes(std::string& bytes, const std::vector<T>& values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

}  // namespace

std::vector<Json> read_results(const std::string& path) {
  std::vector<Json> lines;
  if (!std::filesystem::exists(path)) return lines;
  std::string text = read_text_file(path);
  const std::size_t end = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (end != text.size()) {
    text.resize(end);
    std::filesystem::resize_file(path, end);
  }
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    lines.push_back(Json::parse(line, nullptr, false));
    if (!lines.back().is_object()) {
      reject(path, "line " + std::to_string(number), line.substr(0, 40), "a JSON object");
    }
  }
  return lines;
}

void append_result(const std::string& path, const Json& line) {
  const std::string text = line.dump() + "\n";
  std::FILE* file = std::fopen(path.c_str(), "ab");
  const bool fine =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if ((file != nullptr && std::fclose(file) != 0) || !fine) {
    reject(path, "", "", "a file to append to");
  }
}

Json key_of(const std::string& data_sha256, const Contender& contender, std::uint64_t split,
            std::uint64_t initialisation) {
  return {{"samples_sha256", data_sha256},
          {"model", contender.name},
          {"settings", settings_of(contender)},
          {"split", split},
          {"initialisation", initialisation}};
}

bool answers(const Json& line, const Json& key) {
  for (const auto& [name, value] : key.items()) {
    if (!line.contains(name) || line[name] != value) return false;
  }
  return true;
}

std::string sha256_of_samples(const std::string& trace_path) {
  const TraceReader trace(trace_path);
  constexpr std::uint64_t kStep = 65536;
  std::string chain;
  TraceChunk chunk;
  for (std::uint64_t first = 0; first < trace.info().samples; first += kStep) {
    trace.read(first, std::min(kStep, trace.info().samples - first), chunk);
    std::string bytes = chain;
    add_bytes(bytes, chunk.dense);
    add_bytes(bytes, chunk.labels);
    for (const auto& offsets : chunk.offsets) add_bytes(bytes, offsets);
    for (const auto& indices : chunk.indices) add_bytes(bytes, indices);
    chain = sha256_of_text(bytes);
  }
  return chain;
}

}  // namespace recpim::quality
