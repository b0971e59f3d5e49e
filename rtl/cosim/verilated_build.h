// SPDX-License-Identifier: Apache-2.0
/// @file
/// Compiles the chip of an RTL folder with Verilator into a shared library, once: the library is
/// kept under the SHA-256 of sources, wrapper, flags and tool versions.
#pragma once

#include <string>

namespace recpim {

struct VerilatedOptions {
  /// Folder of compiled chips; empty: default_verilated_cache().
  std::string cache;
  bool waveforms = false;  ///< Build with FST tracing (slower).
  /// Registers and memories start at random values of this seed; 0: at zero.
  std::uint32_t random_seed = 0;
};

/// $XDG_CACHE_HOME/recpim, or ~/.cache/recpim.
std::string default_verilated_cache();

struct VerilatedLibrary {
  std::string path;    ///< Of the shared library.
  bool built = false;  ///< False: it was in the cache.
  double seconds = 0;  ///< Time that building took.
};

/// Builds or finds the library of the chip in `rtl_folder` (written by generate_rtl). CheckError
/// where Verilator or the compiler is missing or fails (names the log), InputError where the folder
/// is none of ours.
VerilatedLibrary verilated_library(const std::string& rtl_folder, const VerilatedOptions& options);

}  // namespace recpim
