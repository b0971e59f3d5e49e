// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/programming.h"

#include <algorithm>
#include <cmath>

#include "sim/cost/instances.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

/// Rows of arrays that a tile has to write, by how many cells of each hold something.
struct Rows {
  std::uint64_t rows = 0;
  std::uint64_t cells = 0;   ///< Of all of them.
  std::uint64_t groups = 0;  ///< Cells that are written at once.
};

std::uint64_t count(std::int64_t value) { return static_cast<std::uint64_t>(value); }

void add(Rows& sum, std::uint64_t rows, int cells_of_a_row, int at_once) {
  sum.rows += rows;
  sum.cells += rows * count(cells_of_a_row);
  sum.groups += rows * count(ceil_div(cells_of_a_row, at_once));
}

Rows rows_of(const Tile& tile, const Model& model, const Hardware& hardware, int at_once) {
  Rows sum;
  if (tile.kind == TileKind::kMvm) {
    const int bits = model.operators[static_cast<std::size_t>(tile.op)].weight_bits;
    const int most = hardware.channels_per_crossbar(bits);
    for (int channel = 0; channel < tile.channels; channel += most) {
      add(sum, count(tile.rows) * count(tile.copies),
          std::min(most, tile.channels - channel) * hardware.columns_per_weight(bits), at_once);
    }
  }
  if (tile.kind == TileKind::kEmbedding) {
    const TableRow row = table_row(tile, model, hardware);
    std::uint64_t rows = 0;
    for (const TablePart& part : tile.tables) rows += part.rows;
    add(sum, rows, row.cells, at_once);
  }
  return sum;
}

}  // namespace

Programming programming_of(const Design& design, const Model& model, const Technology& technology) {
  const Hardware& hardware = design.hardware;
  const CellWrite write = technology.cell_write();
  const double read_ns = static_cast<double>(hardware.crossbar.read_ps) / 1000;
  const double conversion_ns = 1e9 / static_cast<double>(hardware.adc.samples_per_s);
  const double row_pj =
      technology.energy_pj("crossbar", hardware) + technology.energy_pj("dac", hardware);
  const double cell_pj =
      technology.energy_pj("sample_hold", hardware) + technology.energy_pj("adc", hardware);
  const int a_converter = std::min(write.cells_at_once, hardware.adc.columns_per_adc);
  const double step_ns = write.pulse_ns + read_ns + a_converter * conversion_ns;
  Programming sum;
  double longest = 0;
  for (const Tile& tile : design.tiles) {
    const Rows rows = rows_of(tile, model, hardware, write.cells_at_once);
    sum.cells += rows.cells;
    const double steps = static_cast<double>(rows.groups) * write.pulses_per_write;
    sum.verify_energy_pj +=
        steps * row_pj + static_cast<double>(rows.cells) * write.pulses_per_write * cell_pj;
    longest = std::max(longest, steps * step_ns);
  }
  sum.pulses = static_cast<double>(sum.cells) * write.pulses_per_write;
  if (write.energy_pj > 0) sum.energy_pj = sum.pulses * write.energy_pj;
  if (write.pulse_ns > 0) {
    sum.time_ns = longest;
    sum.cycles = static_cast<std::int64_t>(
        std::ceil(longest * static_cast<double>(hardware.clock_hz) / 1e9));
  }
  if (write.endurance_writes) sum.endurance_used = 1 / *write.endurance_writes;
  return sum;
}

Json programming_json(const Programming& programming) {
  const auto value = [](const auto& number) { return number ? Json(*number) : Json(); };
  return {{"cells", programming.cells},
          {"pulses", programming.pulses},
          {"energy_pj", value(programming.energy_pj)},
          {"verify_energy_pj", programming.verify_energy_pj},
          {"time_ns", value(programming.time_ns)},
          {"cycles", value(programming.cycles)},
          {"endurance_used", value(programming.endurance_used)}};
}

}  // namespace recpim
