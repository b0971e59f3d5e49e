// SPDX-License-Identifier: Apache-2.0
/// @file
/// Memory images in the format of $readmemh: one word a line, most significant digit first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rtl/gen/layout.h"

namespace recpim {

/// One memory word of any width, zero at first.
class ImageWord {
 public:
  explicit ImageWord(int bits);
  /// Puts the low `bits` bits of value at bit `lsb`. std::invalid_argument where value needs more
  /// bits (as an unsigned number) or the place is outside the word.
  void set(int lsb, int bits, std::uint64_t value);
  void set(const layout::Field& field, std::uint64_t value, int offset = 0);
  void set_bit(int position);
  std::string hex() const;

 private:
  int bits_;
  std::vector<std::uint32_t> words_;
};

/// A memory image in the making.
class Image {
 public:
  explicit Image(int bits) : bits_(bits) {}
  ImageWord word() const { return ImageWord(bits_); }
  void add(const ImageWord& word);
  /// Appends words of zeros up to `depth` words.
  void fill(std::size_t depth);
  void write(const std::string& path) const;

 private:
  int bits_;
  std::size_t count_ = 0;
  std::string text_;
};

}  // namespace recpim
