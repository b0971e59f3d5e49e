// SPDX-License-Identifier: Apache-2.0
#include "rtl/cosim/cosim.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "rtl/gen/chip.h"
#include "traces/support/progress.h"

namespace recpim {
namespace {

using Direction = FlitObserver::Direction;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Hexadecimal, most significant word first; the last word of a flit is its head and tail bits.
std::string shown(const std::uint32_t* words, std::size_t count, bool flit) {
  std::string text;
  if (flit) {
    const std::uint32_t flags = words[--count];
    text = std::string((flags & 2U) != 0 ? "head " : "") + ((flags & 1U) != 0 ? "tail " : "");
  }
  for (std::size_t i = count; i-- > 0;) {
    char word[12];
    std::snprintf(word, sizeof word, "%08x%s", words[i], i > 0 ? "_" : "");
    text += word;
  }
  return text;
}

/// Walks the RTL through the cycles and holds every port against the expectation.
class Comparison {
 public:
  Comparison(VerilatedChip& chip, const Expectation& expectation)
      : chip_(chip), expectation_(expectation), next_(expectation.ports.size(), 0) {}

  /// Compares the current cycle of the chip, then steps it.
  void cycle() {
    for (int tile = 0; tile < chip_.tiles(); ++tile) {
      for (const Direction direction : {Direction::kInjected, Direction::kEjected}) {
        const std::size_t port =
            2 * static_cast<std::size_t>(tile) + (direction == Direction::kInjected ? 0 : 1);
        // What is on the wire now left in the cycle before.
        compare(port, chip_.now() - 1,
                chip_.flit_valid(tile, direction) ? chip_.flit(tile, direction) : nullptr, true);
      }
    }
    compare(expectation_.ports.size() - 1, chip_.now(),
            chip_.prediction_valid() ? chip_.prediction_words() : nullptr, false);
    step();
  }

  bool finished() const {
    for (std::size_t port = 0; port < next_.size(); ++port) {
      if (next_[port] < expectation_.ports[port].size()) return false;
    }
    return sent_ == expectation_.requests.size();
  }
  std::uint64_t transfers() const { return transfers_; }
  std::uint64_t mismatches() const { return mismatches_; }
  struct First {
    std::size_t port = 0;
    Cycle cycle = 0;
    std::string simulator, rtl;
  };
  const std::optional<First>& first() const { return first_; }

 private:
  void compare(std::size_t port, Cycle at, const std::uint32_t* got, bool flit) {
    const auto& expected = expectation_.ports[port];
    std::size_t& next = next_[port];
    const Transfer* want =
        next < expected.size() && expected[next].at <= at ? &expected[next] : nullptr;
    if (want == nullptr && got == nullptr) return;
    ++transfers_;
    const std::size_t words = static_cast<std::size_t>(chip_.flit_bits()) / 32 + (flit ? 1 : 0);
    if (want != nullptr) ++next;
    if (want != nullptr && got != nullptr && want->at == at &&
        std::equal(want->words.begin(), want->words.end(), got)) {
      return;
    }
    ++mismatches_;
    if (first_) return;
    std::string simulator = "nothing more";
    if (want != nullptr) {
      simulator = shown(want->words.data(), words, flit);
    } else if (next < expected.size()) {
      simulator = "nothing before cycle " + std::to_string(expected[next].at);
    }
    first_ = First{port, at, simulator, got != nullptr ? shown(got, words, flit) : "nothing"};
  }

  void step() {
    const bool offered =
        sent_ < expectation_.requests.size() && expectation_.arrivals[sent_] <= chip_.now();
    const bool accepted = offered && chip_.request_ready();
    chip_.step(offered ? &expectation_.requests[sent_] : nullptr);
    if (accepted) ++sent_;
  }

  VerilatedChip& chip_;
  const Expectation& expectation_;
  std::vector<std::size_t> next_;  ///< Of each port: the transfer that comes next.
  std::size_t sent_ = 0;
  std::uint64_t transfers_ = 0, mismatches_ = 0;
  std::optional<First> first_;
};

// The last cycle in which the simulator does something on a port.
Cycle last_transfer(const Expectation& expectation) {
  Cycle last = 0;
  for (const auto& port : expectation.ports) {
    if (!port.empty()) last = std::max(last, port.back().at);
  }
  return last;
}

// Runs the chip with waveforms and keeps those of the window around `cycle`.
void write_waveform(const std::string& image_folder, const Expectation& expectation,
                    const CosimOptions& options, Cycle cycle) {
  VerilatedOptions verilated = options.verilated;
  verilated.waveforms = true;
  VerilatedChip chip(options.rtl_folder, verilated);
  chip.load(image_folder);
  Comparison comparison(chip, expectation);
  const Cycle begin = std::max<Cycle>(cycle - kBeforeMismatch, 0);
  while (chip.now() < begin) comparison.cycle();
  chip.start_waveform(options.waveform);
  while (chip.now() <= cycle + kAfterMismatch) comparison.cycle();
  chip.end_waveform();
}

}  // namespace

CosimResult compare(const Design& design, const Model& model, const Expectation& expectation,
                    const CosimOptions& options) {
  CosimResult result;
  const std::string images = options.rtl_folder + "/images";
  VerilatedChip chip(options.rtl_folder, options.verilated);
  result.built = chip.was_built();
  result.build_s = chip.library().seconds;
  chip.load(images);

  const auto start = Clock::now();
  const Cycle end = last_transfer(expectation);
  Progress bar("co-simulate", options.progress ? static_cast<std::uint64_t>(end) : 0);
  Comparison comparison(chip, expectation);
  // Some cycles past the end: the RTL must then be still.
  Cycle stop = end + 2 + kAfterMismatch;
  while (chip.now() < stop) {
    comparison.cycle();
    if (comparison.first()) stop = std::min(stop, comparison.first()->cycle + kAfterMismatch);
    if (options.progress) bar.update(static_cast<std::uint64_t>(chip.now()));
  }
  result.cycles = comparison.first() ? chip.now() : end + 1;
  result.transfers = comparison.transfers();
  result.mismatches = comparison.mismatches();
  result.run_s = seconds_since(start);
  if (const auto& first = comparison.first()) {
    const std::string name = expectation.port_name(design, model, first->port);
    const std::size_t colon = name.find(": ");
    result.first = CosimMismatch{name.substr(0, colon), name.substr(colon + 2), first->cycle,
                                 first->simulator, first->rtl};
    if (!options.waveform.empty()) {
      write_waveform(images, expectation, options, first->cycle);
    }
  } else if (!comparison.finished()) {
    throw std::logic_error("co-simulation ended before every request was sent");
  }
  return result;
}

CosimResult cosimulate(const Design& design, const Model& model, const TraceReader& trace,
                       const CosimOptions& options) {
  std::filesystem::create_directories(options.rtl_folder);
  generate_rtl(design, model, options.rtl_folder);
  const Expectation expectation = expect(design, model, trace, options.simulate);
  return compare(design, model, expectation, options);
}

Json cosim_json(const CosimResult& result) {
  Json first = nullptr;
  if (result.first) {
    first = {{"block", result.first->block},
             {"port", result.first->port},
             {"cycle", result.first->cycle},
             {"simulator", result.first->simulator},
             {"rtl", result.first->rtl}};
  }
  return {{"cycles", result.cycles},
          {"transfers", result.transfers},
          {"mismatches", result.mismatches},
          {"first_mismatch", first},
          {"host",
           {{"build_s", result.build_s},
            {"from_cache", !result.built},
            {"run_s", result.run_s},
            {"cycles_per_s", static_cast<double>(result.cycles) / std::max(result.run_s, 1e-9)}}}};
}

}  // namespace recpim
