// SPDX-License-Identifier: Apache-2.0
/// @file
/// The chip as its architect states it (YAML), checked and resolved once. Every field's unit is in
/// its name; README.md of this folder lists keys, units, defaults and accepted values.
#pragma once

#include <cstdint>
#include <string>

#include "traces/support/json.h"

namespace recpim {

/// How a signed weight is held by cells that have no sign. sim/README.md, "Numbers".
enum class Encoding { kOffset, kDifferential };

/// Where the rows of a multi-hot lookup are summed: by digital adders behind the banks, or on the
/// bitlines of the array that holds them. sim/README.md, "Embedding".
enum class TablePooling { kAdders, kArray };

struct Hardware {
  std::string name = "default";
  std::string technology = "isaac-32nm";  ///< Built-in name, or path of a technology file.

  // One clock. MHz as an exact decimal rational: clock_hz is a whole number of hertz.
  std::int64_t clock_hz = 1'200'000'000;

  struct Mesh {
    int columns = 14, rows = 12;  ///< Routers; 168 as the tiles of ISAAC, table 1.
    /// Payload bits of a flit: 32, 64, 128, 256 or 512. The default keeps the links of the models
    /// here mostly idle: their bottleneck is the product, phases x read.
    int flit_bits = 64;
    int buffer_flits = 4;  ///< Flits a router input holds, 1 ... 64.
  } mesh;

  /// The arrays of MVM tiles.
  struct Crossbar {
    int rows = 128, columns = 128;  ///< Powers of two, 8 ... 1024.
    int cell_bits = 2;              ///< 1, 2 or 4.
    Encoding encoding = Encoding::kOffset;
    std::int64_t read_ps = 100'000;  ///< One read: wordlines driven to sums held.
  } crossbar;

  int dac_bits = 1;  ///< 1 or 2.

  struct Adc {
    int bits = 8;               ///< 3 ... 12.
    int columns_per_adc = 128;  ///< A divisor of the crossbar's columns.
    /// One conversion. Default one cycle of the clock: 1.2 GS/s, ISAAC table 1 (written as ps it
    /// would not be a whole number, hence a rate).
    std::int64_t samples_per_s = 1'200'000'000;
  } adc;

  struct MvmTile {
    int crossbars = 96;     ///< 12 units of 8, ISAAC table 1.
    int vector_lanes = 16;  ///< Elements a cycle of the vector unit.
  } mvm_tile;

  struct EmbeddingTile {
    int banks = 8;        ///< Read independently of one another.
    int bank_kib = 1024;  ///< Table bits a bank holds, in KiB.
    int vector_lanes = 16;
    int max_lookups = 256;  ///< Lookups of one sample that an input slot holds.
    TablePooling pooling = TablePooling::kAdders;
  } embedding_tile;

  struct InteractionTile {
    int lanes = 64;  ///< Multiply-accumulates a cycle.
    int vector_lanes = 16;
    int max_elements = 16384;  ///< Elements that an input slot holds.
  } interaction_tile;

  int buffer_slots =
      2;  ///< Samples that every input, accumulator and output buffer holds, 1 ... 4.

  // Resolved. Whole cycles: the least that last at least as long as stated.
  int read_cycles() const;        ///< crossbar.read_ps
  int conversion_cycles() const;  ///< of one column
  /// Cells of one weight: columns that a weight of `weight_bits` takes.
  int columns_per_weight(int weight_bits) const;
  /// Output channels that one crossbar holds at that precision: no weight straddles two ADCs.
  int channels_per_crossbar(int weight_bits) const;
  /// Phases in which an activation goes in: ceil(b / dac), signed ceil((b - 1) / dac) + 1.
  int phases(int activation_bits, bool is_signed) const;
  /// max(read, columns_per_adc * conversion): cycles between two phases, or two row reads.
  int initiation_interval() const;
  std::int64_t bank_rows(int row_bits) const;  ///< Table rows of that many bits a bank holds.
  /// Bits of cells that a table row of `width` elements takes: pooled in the array, no cell holds
  /// bits of two elements.
  int table_row_bits(int width, int weight_bits) const;
  /// A: rows of an array that one read of a bank sums. 1 with adders.
  int rows_of_a_read() const;

  bool operator==(const Hardware& other) const;
};

/// A technology is a file where its name has a folder or an extension, a built-in name otherwise.
/// In a hardware file it is relative to that file; Hardware::technology is as the process reaches
/// it.
bool names_file(const std::string& technology);

/// Reads and checks a hardware file. InputError names file, key, value and what is accepted.
Hardware load_hardware(const std::string& path);
/// The same from already parsed values (the search's, a design's): `file` is for complaints.
Hardware hardware_from_json(const JsonView& json);
Json hardware_to_json(const Hardware& hardware);
/// Of that text: in a result it tells the hardware of a run.
std::string hardware_sha256(const Hardware& hardware);
/// Throws InputError (naming `file`) where values do not fit one another.
void validate(const Hardware& hardware, const std::string& file);

}  // namespace recpim
