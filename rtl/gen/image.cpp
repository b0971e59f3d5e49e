// SPDX-License-Identifier: Apache-2.0
#include "rtl/gen/image.h"

#include <stdexcept>

#include "traces/support/math.h"
#include "traces/support/output.h"

namespace recpim {

ImageWord::ImageWord(int bits)
    : bits_(bits), words_(static_cast<std::size_t>(ceil_div(bits, 32)), 0) {}

void ImageWord::set(int lsb, int bits, std::uint64_t value) {
  if (lsb < 0 || bits < 1 || lsb + bits > bits_ || (bits < 64 && (value >> bits) != 0)) {
    throw std::invalid_argument("ImageWord: " + std::to_string(value) + " in " +
                                std::to_string(bits) + " bits at " + std::to_string(lsb));
  }
  for (int i = 0; i < bits; ++i) {
    if (((value >> i) & 1U) != 0) set_bit(lsb + i);
  }
}

void ImageWord::set(const layout::Field& field, std::uint64_t value, int offset) {
  set(offset + field.lsb, field.bits, value);
}

void ImageWord::set_bit(int position) {
  words_.at(static_cast<std::size_t>(position / 32)) |= 1U << (position % 32);
}

std::string ImageWord::hex() const {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (int digit = ceil_div(bits_, 4) - 1; digit >= 0; --digit) {
    text += kDigits[(words_[static_cast<std::size_t>(digit / 8)] >> (4 * (digit % 8))) & 15U];
  }
  return text;
}

void Image::add(const ImageWord& word) {
  text_ += word.hex() + "\n";
  ++count_;
}

void Image::fill(std::size_t depth) {
  const std::string zeros = ImageWord(bits_).hex() + "\n";
  for (; count_ < depth; ++count_) text_ += zeros;
}

void Image::write(const std::string& path) const { write_text_file(path, text_); }

}  // namespace recpim
