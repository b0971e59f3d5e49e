// SPDX-License-Identifier: Apache-2.0
/// @file
/// Small models and traces that several tests share.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/graph/create.h"
#include "models/graph/graph.h"
#include "traces/format/trace.h"
#include "traces/support/random.h"

namespace recpim::test {

/// A folder of its own that goes with the test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "recpim-models-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline TraceInfo small_info(std::uint32_t dense, const std::vector<std::uint64_t>& rows) {
  TraceInfo info;
  info.dense = dense;
  info.has_labels = true;
  for (const std::uint64_t r : rows) info.tables.push_back({"t", r});
  for (std::size_t t = 0; t < rows.size(); ++t) info.tables[t].name += std::to_string(t);
  info.provenance = "{}";
  return info;
}

/// Random samples: normal dense features, bags of 0 to max_bag rows. A sample clicks where
/// (its first row of table 0, else 0) is odd, with a tenth of noise.
inline TraceChunk random_chunk(const TraceInfo& info, std::uint64_t samples, std::uint64_t max_bag,
                               std::uint64_t seed) {
  Random random(seed);
  TraceChunk chunk;
  chunk.count = samples;
  chunk.offsets.assign(info.tables.size(), {0});
  chunk.indices.resize(info.tables.size());
  for (std::uint64_t i = 0; i < samples; ++i) {
    for (std::uint32_t d = 0; d < info.dense; ++d) {
      chunk.dense.push_back(static_cast<float>(random.normal()));
    }
    bool odd = false;
    for (std::size_t t = 0; t < info.tables.size(); ++t) {
      const std::uint64_t bag = max_bag <= 1 ? max_bag : random.below(max_bag + 1);
      for (std::uint64_t b = 0; b < bag; ++b) {
        const auto row = static_cast<std::uint32_t>(random.below(info.tables[t].rows));
        chunk.indices[t].push_back(row);
        if (t == 0 && b == 0) odd = row % 2 == 1;
      }
      chunk.offsets[t].push_back(chunk.indices[t].size());
    }
    const bool flip = random.uniform() < 0.1;
    chunk.labels.push_back(odd != flip ? 1.0F : 0.0F);
  }
  return chunk;
}

inline void write_trace(const std::string& path, const TraceInfo& info, const TraceChunk& chunk) {
  TraceWriter writer(path, info);
  writer.append(chunk);
  writer.finish();
}

}  // namespace recpim::test
