// SPDX-License-Identifier: Apache-2.0
/// @file
/// The RTL of a chip, stepped cycle by cycle. What it shows is the current cycle t (sim/README.md,
/// "Cycles: conventions"): a flit that is on an observed wire in cycle t left in cycle t - 1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rtl/cosim/chip_interface.h"
#include "rtl/cosim/verilated_build.h"
#include "sim/core/cycle_scheduler.h"
#include "sim/noc/mesh.h"

namespace recpim {

/// One beat of the request stream: a payload flit in words of 32 bits, least significant first.
struct RequestBeat {
  std::vector<std::uint32_t> words;
  bool last = false;  ///< Of its packet.
};

class VerilatedChip {
 public:
  /// Builds the chip of the folder that generate_rtl wrote, or takes it from the cache. No images
  /// yet: load() comes first.
  explicit VerilatedChip(const std::string& rtl_folder, const VerilatedOptions& options = {});
  ~VerilatedChip();
  VerilatedChip(const VerilatedChip&) = delete;
  VerilatedChip& operator=(const VerilatedChip&) = delete;

  /// A fresh chip whose memories hold the images of that folder (generate_rtl's images/, or those
  /// of another design of the same shape), and reset(). InputError where an image is missing.
  void load(const std::string& image_folder);
  /// Cycle 0: the first one after reset.
  void reset();

  Cycle now() const { return now_; }
  int tiles() const { return static_cast<int>(tiles_.size()); }
  int flit_bits() const { return flit_bits_; }
  bool was_built() const { return library_.built; }
  const VerilatedLibrary& library() const { return library_; }

  // The host streams in this cycle. A request beat given to step() is accepted where ready.
  bool request_ready() const { return *view_.req_ready != 0; }
  bool prediction_valid() const { return *view_.rsp_valid != 0; }
  bool prediction_last() const { return *view_.rsp_last != 0; }  ///< Of its sample.
  const std::uint32_t* prediction_words() const { return view_.rsp_data; }

  // The wires between a tile and its router in this cycle.
  bool flit_valid(int tile, FlitObserver::Direction direction) const {
    return *wires(tile).valid[index(direction)] != 0;
  }
  /// As flit_words() lays a flit out: flit_bits / 32 payload words, then the one of head and tail.
  const std::uint32_t* flit(int tile, FlitObserver::Direction direction) const {
    return wires(tile).flit[index(direction)];
  }

  /// Runs this cycle with the given inputs (nullptr: no request beat) and goes on to the next.
  void step(const RequestBeat* request, bool prediction_ready = true);

  /// Waveforms of the cycles from now on; needs VerilatedOptions::waveforms.
  void start_waveform(const std::string& path);
  void end_waveform();

 private:
  static std::size_t index(FlitObserver::Direction direction) {
    return direction == FlitObserver::Direction::kInjected ? 0 : 1;
  }
  const RecpimTileView& wires(int tile) const { return tiles_[static_cast<std::size_t>(tile)]; }
  void release();

  VerilatedLibrary library_;
  std::uint32_t random_seed_;
  int flit_bits_ = 0;
  std::vector<std::string> images_;
  void* handle_ = nullptr;
  void* chip_ = nullptr;
  Cycle now_ = 0;
  RecpimChipView view_{};
  std::vector<RecpimTileView> tiles_;
  RecpimNew new_ = nullptr;
  RecpimDelete delete_ = nullptr;
  RecpimReset reset_ = nullptr;
  RecpimStep step_ = nullptr;
  RecpimView get_view_ = nullptr;
  RecpimTrace trace_ = nullptr;
  RecpimTraceEnd trace_end_ = nullptr;
};

}  // namespace recpim
