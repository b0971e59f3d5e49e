// SPDX-License-Identifier: Apache-2.0
/// @file
/// The few HDF5 calls that trace and model files share, with complaints that name file and place.
/// The library prints nothing of its own: its error stack is switched off at the first call here.
///
/// The library is the serial build: use it from one thread of a process at a time.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace recpim::hdf5 {

/// An open HDF5 object that closes itself. False where the call that should have made it failed.
class Id {
 public:
  Id() = default;
  Id(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Id() { reset(); }
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Id& operator=(Id&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, -1);
      close_ = other.close_;
    }
    return *this;
  }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  /// Closes now; false where the library says that closing failed (a full disk shows here).
  bool reset() {
    const bool fine = id_ < 0 || close_(std::exchange(id_, -1)) >= 0;
    return fine;
  }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// Creates a file in the HDF5 1.10 format. InputError where it can't be made.
Id create_file(const std::string& path);
/// Opens a file for reading. InputError where it is missing, foreign or truncated.
Id open_file(const std::string& path);

/// Writing: failures (a full disk) are InputErrors about `path`.
Id create_group(const std::string& path, hid_t parent, const std::string& name);
/// An empty dataset with an unlimited first dimension; `chunk` has one entry a dimension.
/// No time stamps, no compression: the same values give the same bytes.
Id create_dataset(const std::string& path, hid_t parent, const std::string& name, hid_t type,
                  const std::vector<hsize_t>& chunk);
/// Adds `rows` rows after the first `at` rows.
void append_rows(const std::string& path, const Id& dataset, hsize_t at, hsize_t rows,
                 hid_t memory_type, const void* values);
void write_attribute(const std::string& path, hid_t object, const std::string& name,
                     std::uint64_t value);
void write_attribute(const std::string& path, hid_t object, const std::string& name,
                     const std::string& value);

/// What a dataset holds.
enum class Kind { kUnsigned, kFloat };

/// Reading: anything missing or of another type is an InputError about `path` at `place`/`name`.
class Reader {
 public:
  explicit Reader(const std::string& path);
  const std::string& path() const { return path_; }
  hid_t file() const { return file_.get(); }
  bool has(const std::string& place) const;
  bool has_attribute(const std::string& place, const std::string& name) const;
  std::uint64_t unsigned_attribute(const std::string& place, const std::string& name) const;
  std::string text_attribute(const std::string& place, const std::string& name) const;
  /// Opens a dataset of the given kind, at most `max_bytes` an element, with `rank` dimensions.
  Id dataset(const std::string& place, Kind kind, std::size_t max_bytes, int rank) const;
  std::vector<hsize_t> shape(const Id& dataset) const;
  /// Reads rows [first, first + rows) of a dataset.
  void rows(const Id& dataset, const std::string& place, hsize_t first, hsize_t rows,
            hid_t memory_type, void* values) const;

 private:
  std::string path_;
  Id file_;
};

}  // namespace recpim::hdf5
