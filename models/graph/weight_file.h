// SPDX-License-Identifier: Apache-2.0
/// @file
/// The little of HDF5 that weights need: whole arrays by path, in a file that has the same bytes
/// whenever it is written with the same values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "traces/support/hdf5.h"

namespace recpim {

using Shape = std::vector<std::uint64_t>;

/// A file being written; close() before it is used. Failures are InputErrors naming the file.
/// T below: float, double, int8, uint8, int32.
class WeightWriter {
 public:
  explicit WeightWriter(std::string path);
  void group(const std::string& name);
  /// The product of `shape` is values.size().
  template <typename T>
  void write(const std::string& dataset, const std::vector<T>& values, const Shape& shape);
  void close();

 private:
  [[noreturn]] void fail(const std::string& place) const;
  std::string path_;
  hdf5::Id file_;
};

/// A file being read. A file that is no HDF5, a missing dataset, another shape or type is an
/// InputError naming file and dataset.
class WeightReader {
 public:
  explicit WeightReader(std::string path);
  bool has(const std::string& dataset) const;
  /// Checks type and shape; reads no values.
  template <typename T>
  void check(const std::string& dataset, const Shape& shape) const;
  template <typename T>
  std::vector<T> read(const std::string& dataset, const Shape& shape) const;

 private:
  template <typename T>
  hdf5::Id open_checked(const std::string& dataset, const Shape& shape) const;
  std::string path_;
  hdf5::Id file_;
};

}  // namespace recpim
