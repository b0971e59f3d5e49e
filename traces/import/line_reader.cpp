// SPDX-License-Identifier: Apache-2.0
#include "traces/import/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "traces/support/error.h"

namespace recpim {
namespace {

// Half a megabyte stays in the second-level cache between reading and parsing.
constexpr std::size_t kBlock = std::size_t{1} << 19U;
constexpr std::size_t kMaxLine = std::size_t{1} << 26U;

}  // namespace

LineReader::LineReader(const std::string& path) : path_(path), buffer_(2 * kBlock) {
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  if (file_ < 0 || fstat(file_, &status) != 0 || S_ISDIR(status.st_mode)) {
    if (file_ >= 0) ::close(file_);
    reject(path, "", "", "a file that can be read");
  }
  size_ = static_cast<std::uint64_t>(std::max<off_t>(0, status.st_size));
}

LineReader::~LineReader() { ::close(file_); }

void LineReader::rewind() {
  if (lseek(file_, 0, SEEK_SET) != 0) {
    reject(path_, "", "", "a file that can be read twice, this is a pipe");
  }
  at_ = end_ = 0;
  read_ = line_ = 0;
}

bool LineReader::fill() {
  if (at_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    end_ -= at_;
    at_ = 0;
  }
  if (buffer_.size() - end_ < kBlock) {
    if (end_ > kMaxLine) {
      reject(path_, "line " + std::to_string(line_ + 1), "", "a line of at most 64 MB");
    }
    buffer_.resize(2 * buffer_.size());
  }
  ssize_t got = -1;
  do {
    got = ::read(file_, buffer_.data() + end_, kBlock);
  } while (got < 0 && errno == EINTR);
  if (got < 0) reject(path_, "", std::strerror(errno), "a file that can be read");
  end_ += static_cast<std::size_t>(got);
  read_ += static_cast<std::uint64_t>(got);
  return got > 0;
}

bool LineReader::next_line(std::string_view& line) {
  std::size_t searched = 0;
  while (true) {
    const char* start = buffer_.data() + at_;
    const void* found = std::memchr(start + searched, '\n', end_ - at_ - searched);
    if (found != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - start);
      line = std::string_view(start, length);
      at_ += length + 1;
      break;
    }
    searched = end_ - at_;
    if (!fill()) {
      if (at_ == end_) return false;
      line = std::string_view(buffer_.data() + at_, end_ - at_);
      at_ = end_;
      break;
    }
  }
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  ++line_;
  return true;
}

bool LineReader::next_record(std::size_t size, std::string_view& record) {
  while (end_ - at_ < size && fill()) {
  }
  if (at_ == end_) return false;
  record = std::string_view(buffer_.data() + at_, std::min(size, end_ - at_));
  at_ += record.size();
  ++line_;
  return true;
}

}  // namespace recpim
