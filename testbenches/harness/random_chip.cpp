// SPDX-License-Identifier: Apache-2.0
#include "testbenches/harness/random_chip.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "models/graph/create.h"
#include "models/mapping/mesh_places.h"
#include "models/mapping/replicas.h"
#include "models/quantisation/quantise.h"
#include "testbenches/harness/every_operator.h"
#include "testbenches/harness/random_operators.h"
#include "testbenches/harness/scratch_folder.h"
#include "traces/format/trace.h"

namespace recpim::testing {
namespace {

template <typename T>
T pick(Random& random, std::initializer_list<T> values) {
  return values.begin()[random.below(values.size())];
}

Hardware random_hardware(Random& random, const RandomChipOptions& options) {
  Hardware hw;
  hw.name = "random";
  hw.mesh.columns = pick(random, {1, 3, 4, 5});
  hw.mesh.rows = 48;
  hw.mesh.flit_bits = pick(random, {32, 64, 128});
  hw.mesh.buffer_flits = pick(random, {1, 2, 3, 4, 6});
  do {
    hw.crossbar.rows = pick(random, {16, 32, 64, 128});
  } while (hw.crossbar.rows > options.most_rows);
  do {
    hw.crossbar.columns = pick(random, {16, 32, 64, 128});
  } while (hw.crossbar.columns > options.most_rows);
  hw.crossbar.cell_bits = pick(random, {1, 2, 4});
  hw.crossbar.encoding =
      options.differential && random.below(3) == 0 ? Encoding::kDifferential : Encoding::kOffset;
  hw.crossbar.read_ps = pick<std::int64_t>(random, {500, 3000, 10'000, 30'000});
  hw.dac_bits = pick(random, {1, 2});
  hw.adc.bits = options.lossless ? 12 : static_cast<int>(3 + random.below(7));
  hw.adc.bits = std::max(hw.adc.bits, hw.crossbar.cell_bits);
  hw.adc.columns_per_adc = hw.crossbar.columns / pick(random, {1, 2, 4});
  hw.adc.samples_per_s = pick<std::int64_t>(random, {1'200'000'000, 600'000'000, 400'000'000});
  hw.mvm_tile.crossbars = pick(random, {1, 2, 4, 24});
  hw.mvm_tile.vector_lanes = pick(random, {1, 2, 8});
  hw.embedding_tile.banks = pick(random, {1, 2, 4});
  hw.embedding_tile.bank_kib = 1;
  hw.embedding_tile.vector_lanes = pick(random, {1, 4});
  hw.embedding_tile.max_lookups = 64;
  hw.interaction_tile.lanes = pick(random, {1, 4, 16});
  hw.interaction_tile.vector_lanes = pick(random, {1, 4});
  hw.interaction_tile.max_elements = 1024;
  hw.buffer_slots = static_cast<int>(1 + random.below(3));
  return hw;
}

// The shape of the trace and its samples: bags of 0 to 5 rows.
TraceInfo random_trace_shape(Random& random, const RandomChipOptions& options) {
  TraceInfo info;
  info.dense = static_cast<std::uint32_t>(2 + random.below(options.operators ? 14 : 60));
  info.has_labels = true;
  const std::size_t tables = options.mlp ? 0 : 1 + random.below(5);
  for (std::size_t t = 0; t < tables; ++t) {
    info.tables.push_back({"t" + std::to_string(t), 3 + random.below(200)});
  }
  return info;
}

void write_trace(const std::string& path, const TraceInfo& info, std::uint64_t samples,
                 Random& random) {
  TraceChunk chunk;
  chunk.count = samples;
  chunk.offsets.assign(info.tables.size(), {0});
  chunk.indices.resize(info.tables.size());
  const bool negative = random.below(2) == 0;
  for (std::uint64_t s = 0; s < samples; ++s) {
    chunk.labels.push_back(static_cast<float>(random.below(2)));
    for (std::uint32_t d = 0; d < info.dense; ++d) {
      const double value = random.normal();
      chunk.dense.push_back(static_cast<float>(negative ? value : value * value));
    }
    for (std::size_t t = 0; t < info.tables.size(); ++t) {
      const std::uint64_t bag = random.below(6);
      for (std::uint64_t i = 0; i < bag; ++i) {
        chunk.indices[t].push_back(static_cast<std::uint32_t>(random.below(info.tables[t].rows)));
      }
      chunk.offsets[t].push_back(chunk.indices[t].size());
    }
  }
  TraceWriter writer(path, info);
  writer.append(chunk);
  writer.finish();
}

Model random_model(const TraceInfo& info, const RandomChipOptions& options, std::uint64_t seed,
                   Random& random) {
  if (options.operators) return random_operators(info, seed, random);
  if (options.every) return every_operator(info, seed, random);
  Precision precision;
  precision.weight_bits = pick(random, {2, 4, 8});
  precision.activation_bits = pick(random, {4, 8});
  const auto width = [&random] { return static_cast<int>(1 + random.below(70)); };
  Model model;
  if (options.mlp) {
    model = create_mlp({static_cast<int>(info.dense), width(), width(), width()}, precision, seed);
  } else {
    DlrmShape shape;
    shape.embedding_dim = pick(random, {4, 8, 16});
    shape.bottom = {width(), shape.embedding_dim};
    shape.top = {width(), 1};
    model = create_dlrm(info, shape, precision, seed);
  }
  // Precision of its own for each operator that has weights.
  for (Operator& op : model.operators) {
    if (op.kind == OpKind::kFc) op.weight_bits = pick(random, {2, 4, 8});
  }
  return model;
}

/// Some weights as often as their tile has room.
void copy_some(Design& design, const Model& model, Random& random) {
  for (Tile& tile : design.tiles) {
    if (tile.vectors == 1) continue;
    const auto op = static_cast<std::size_t>(tile.op);
    const int used = crossbars_used(tile, design.hardware, model.operators[op].weight_bits);
    const int most = std::min(tile.vectors, design.hardware.mvm_tile.crossbars / used);
    tile.copies = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(most)));
  }
}

/// Some operators twice, four or eight times, as far as the mesh has room.
void replicate_some(Design& design, Random& random) {
  const int room = design.hardware.mesh.columns * design.hardware.mesh.rows;
  std::vector<int> replicas(design.tiles.size(), 1);
  int tiles = static_cast<int>(replicas.size());
  for (std::size_t t = 1; t < replicas.size(); ++t) {
    if (design.tiles[t].part > 0) {
      replicas[t] = replicas[static_cast<std::size_t>(design.find(design.tiles[t].op, 0))];
      continue;
    }
    int parts = 1;
    while (design.find(design.tiles[t].op, parts) >= 0) ++parts;
    const int wanted = 1 << random.below(4);
    if (tiles + parts * (wanted - 1) > room) continue;
    replicas[t] = wanted;
    tiles += parts * (wanted - 1);
  }
  design = replicate(design, replicas);
  place_by_annealing(design, random.next64());
  if (random.below(4) == 0) design.samples_in_flight = 1 + static_cast<int>(random.below(3));
}

}  // namespace

RandomChip random_chip(std::uint64_t shape_seed, std::uint64_t seed,
                       const RandomChipOptions& options) {
  for (std::uint64_t attempt = 0; attempt < 200; ++attempt) {
    Random shape(shape_seed, 2 * attempt);
    Random data(seed, 2 * attempt + 1);
    Hardware hardware = random_hardware(shape, options);
    if (options.pooling_in_array) hardware.embedding_tile.pooling = TablePooling::kArray;
    const TraceInfo info = random_trace_shape(shape, options);
    RandomChip chip;
    chip.trace_path = scratch_folder() + "/trace-" + std::to_string(shape_seed) + "-" +
                      std::to_string(seed) + ".h5";
    try {
      validate(hardware, "random hardware");
      write_trace(chip.trace_path, info, options.samples, data);
      chip.model = random_model(info, options, seed, shape);
      const TraceReader trace(chip.trace_path);
      quantise(chip.model, trace, spread_samples(options.samples));
      chip.design = map_naive(chip.model, hardware);
      PlacementOptions placement;
      placement.kind = options.placement;
      placement.replicate_bytes = 100 + 37 * (seed % 40);
      placement.hot_rows = seed % 3 == 0 ? 20 : 1000;
      place_rows(chip.design, chip.model, trace, placement);
      if (options.replicas) {
        copy_some(chip.design, chip.model, shape);
        replicate_some(chip.design, shape);
      }
    } catch (const InputError&) {
      continue;  // Does not fit together: the next draw.
    }
    return chip;
  }
  throw std::runtime_error("random_chip: 200 draws and none fits");
}

std::string in_child(const std::function<std::string()>& function) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw std::runtime_error("in_child: no pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("in_child: no process");
  if (child == 0) {
    close(ends[0]);
    int code = 0;
    std::string text;
    try {
      text = function();
    } catch (const std::exception& error) {
      text = error.what();
      code = 1;
    }
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t n = write(ends[1], text.data() + done, text.size() - done);
      if (n <= 0) _exit(2);
      done += static_cast<std::size_t>(n);
    }
    _exit(code);
  }
  close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("in_child: " + (text.empty() ? "crashed" : text));
  }
  return text;
}

}  // namespace recpim::testing
