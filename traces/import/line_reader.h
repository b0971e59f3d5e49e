// SPDX-License-Identifier: Apache-2.0
/// @file
/// A file in blocks: lines, or records of one size, without a copy a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace recpim {

class LineReader {
 public:
  /// InputError where the file can't be read.
  explicit LineReader(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its end ("\n" or "\r\n"); false at the end of the file. The view holds
  /// until the next call. InputError for a line of more than 64 MB.
  bool next_line(std::string_view& line);
  /// The next `size` bytes, fewer at the end of the file; false where there is none.
  bool next_record(std::size_t size, std::string_view& record);
  /// The next byte, or -1.
  int next_byte() { return at_ < end_ || fill() ? static_cast<unsigned char>(buffer_[at_++]) : -1; }

  void rewind();
  const std::string& path() const { return path_; }
  std::uint64_t line() const { return line_; }  ///< Lines (or records) read so far.
  std::uint64_t bytes_read() const { return read_ - (end_ - at_); }
  std::uint64_t file_size() const { return size_; }

 private:
  bool fill();  // More bytes behind end_; keeps at_ .. end_. False at the end of the file.

  std::string path_;
  int file_ = -1;
  std::uint64_t size_ = 0, read_ = 0, line_ = 0;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0;
};

}  // namespace recpim
