// SPDX-License-Identifier: Apache-2.0
#include "traces/support/hdf5.h"

#include <algorithm>
#include <filesystem>

#include "traces/support/error.h"

namespace recpim::hdf5 {
namespace {

// Before anything else of the library. Its cleanup at exit crashes over a file that a full disk
// kept it from closing; everything here is closed by its Id, so there is nothing left to clean up.
void silence() {
  static const herr_t no_cleanup_at_exit = H5dont_atexit();
  (void)no_cleanup_at_exit;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

[[noreturn]] void write_failed(const std::string& path) {
  reject(path, "", "", "a place with room to write");
}

std::string join(const std::string& place, const std::string& name) {
  return place == "/" ? "/" + name : place + "/" + name;
}

// Which part of a dataset of `shape` the rows [first, first + rows) are, and that many in memory.
struct Selection {
  Id file_space, memory_space;
  bool fine = false;
};

Selection select_rows(hid_t dataset, hsize_t first, hsize_t rows) {
  Selection selection;
  selection.file_space = Id(H5Dget_space(dataset), &H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(selection.file_space.get());
  if (rank < 1) return selection;
  std::vector<hsize_t> count(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(selection.file_space.get(), count.data(), nullptr);
  std::vector<hsize_t> start(count.size(), 0);
  start[0] = first;
  count[0] = rows;
  selection.memory_space = Id(H5Screate_simple(rank, count.data(), nullptr), &H5Sclose);
  selection.fine = selection.memory_space &&
                   H5Sselect_hyperslab(selection.file_space.get(), H5S_SELECT_SET, start.data(),
                                       nullptr, count.data(), nullptr) >= 0;
  return selection;
}

}  // namespace

Id create_file(const std::string& path) {
  silence();
  const Id access(H5Pcreate(H5P_FILE_ACCESS), &H5Pclose);
  // The 1.10 format indexes the chunks of a growing dataset in constant time.
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110);
  // No time stamps: the same content gives the same bytes.
  const Id creation(H5Pcreate(H5P_FILE_CREATE), &H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  Id file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), &H5Fclose);
  if (!file) reject(path, "", "", "a place that can be written");
  return file;
}

Id open_file(const std::string& path) {
  silence();
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure)) {
    reject(path, "", "", "a file that can be read");
  }
  Id file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), &H5Fclose);
  if (!file) reject(path, "", "", "a whole HDF5 file, this is foreign or truncated");
  return file;
}

Id create_group(const std::string& path, hid_t parent, const std::string& name) {
  const Id properties(H5Pcreate(H5P_GROUP_CREATE), &H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  Id group(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, properties.get(), H5P_DEFAULT), &H5Gclose);
  if (!group) write_failed(path);
  return group;
}

Id create_dataset(const std::string& path, hid_t parent, const std::string& name, hid_t type,
                  const std::vector<hsize_t>& chunk) {
  std::vector<hsize_t> now(chunk);
  std::vector<hsize_t> limit(chunk);
  now[0] = 0;
  limit[0] = H5S_UNLIMITED;
  const int rank = static_cast<int>(chunk.size());
  const Id space(H5Screate_simple(rank, now.data(), limit.data()), &H5Sclose);
  const Id properties(H5Pcreate(H5P_DATASET_CREATE), &H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  Id dataset;
  if (space && H5Pset_chunk(properties.get(), rank, chunk.data()) >= 0) {
    dataset = Id(H5Dcreate2(parent, name.c_str(), type, space.get(), H5P_DEFAULT, properties.get(),
                            H5P_DEFAULT),
                 &H5Dclose);
  }
  if (!dataset) write_failed(path);
  return dataset;
}

void append_rows(const std::string& path, const Id& dataset, hsize_t at, hsize_t rows,
                 hid_t memory_type, const void* values) {
  if (rows == 0) return;
  const Id space(H5Dget_space(dataset.get()), &H5Sclose);
  std::vector<hsize_t> size(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.get())));
  H5Sget_simple_extent_dims(space.get(), size.data(), nullptr);
  size[0] = at + rows;
  if (H5Dset_extent(dataset.get(), size.data()) < 0) write_failed(path);
  const Selection selection = select_rows(dataset.get(), at, rows);
  if (!selection.fine || H5Dwrite(dataset.get(), memory_type, selection.memory_space.get(),
                                  selection.file_space.get(), H5P_DEFAULT, values) < 0) {
    write_failed(path);
  }
}

void write_attribute(const std::string& path, hid_t object, const std::string& name,
                     std::uint64_t value) {
  const Id space(H5Screate(H5S_SCALAR), &H5Sclose);
  const Id attribute(
      H5Acreate2(object, name.c_str(), H5T_STD_U64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT),
      &H5Aclose);
  if (!attribute || H5Awrite(attribute.get(), H5T_NATIVE_UINT64, &value) < 0) write_failed(path);
}

void write_attribute(const std::string& path, hid_t object, const std::string& name,
                     const std::string& value) {
  const Id space(H5Screate(H5S_SCALAR), &H5Sclose);
  const Id type(H5Tcopy(H5T_C_S1), &H5Tclose);
  H5Tset_size(type.get(), value.size() + 1);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  const Id attribute(
      H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
      &H5Aclose);
  if (!attribute || H5Awrite(attribute.get(), type.get(), value.c_str()) < 0) write_failed(path);
}

Reader::Reader(const std::string& path) : path_(path), file_(open_file(path)) {}

bool Reader::has(const std::string& place) const {
  // Every step of the path must be asked for, or a missing group is an error of the library.
  for (std::size_t end = place.find('/', 1); end != std::string::npos;
       end = place.find('/', end + 1)) {
    if (H5Lexists(file_.get(), place.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return H5Lexists(file_.get(), place.c_str(), H5P_DEFAULT) > 0;
}

bool Reader::has_attribute(const std::string& place, const std::string& name) const {
  return H5Aexists_by_name(file_.get(), place.c_str(), name.c_str(), H5P_DEFAULT) > 0;
}

std::uint64_t Reader::unsigned_attribute(const std::string& place, const std::string& name) const {
  const Id attribute(
      H5Aopen_by_name(file_.get(), place.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
      &H5Aclose);
  if (!attribute) reject(path_, join(place, name), "", "an unsigned attribute, it is missing");
  const Id type(H5Aget_type(attribute.get()), &H5Tclose);
  const Id space(H5Aget_space(attribute.get()), &H5Sclose);
  std::uint64_t value = 0;
  if (H5Tget_class(type.get()) != H5T_INTEGER || H5Tget_sign(type.get()) != H5T_SGN_NONE ||
      H5Sget_simple_extent_npoints(space.get()) != 1 ||
      H5Aread(attribute.get(), H5T_NATIVE_UINT64, &value) < 0) {
    reject(path_, join(place, name), "", "one unsigned integer");
  }
  return value;
}

std::string Reader::text_attribute(const std::string& place, const std::string& name) const {
  const Id attribute(
      H5Aopen_by_name(file_.get(), place.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
      &H5Aclose);
  if (!attribute) reject(path_, join(place, name), "", "a text attribute, it is missing");
  const Id type(H5Aget_type(attribute.get()), &H5Tclose);
  const Id space(H5Aget_space(attribute.get()), &H5Sclose);
  if (H5Tget_class(type.get()) != H5T_STRING || H5Sget_simple_extent_npoints(space.get()) != 1) {
    reject(path_, join(place, name), "", "one text");
  }
  std::string text;
  bool fine = false;
  if (H5Tis_variable_str(type.get()) > 0) {
    char* value = nullptr;
    fine = H5Aread(attribute.get(), type.get(), static_cast<void*>(&value)) >= 0;
    if (fine && value != nullptr) text = value;
    H5free_memory(value);
  } else {
    text.resize(H5Tget_size(type.get()));
    fine = H5Aread(attribute.get(), type.get(), text.data()) >= 0;
    text.resize(std::min(text.size(), text.find('\0')));
  }
  if (!fine) reject(path_, join(place, name), "", "one text");
  return text;
}

Id Reader::dataset(const std::string& place, Kind kind, std::size_t max_bytes, int rank) const {
  const std::string accepted = std::string("a dataset of ") +
                               (kind == Kind::kFloat ? "floats" : "unsigned integers") +
                               " of at most " + std::to_string(8 * max_bytes) + " bits with " +
                               std::to_string(rank) + " dimension" + (rank == 1 ? "" : "s");
  if (!has(place)) reject(path_, place, "", accepted + ", it is missing");
  Id dataset(H5Dopen2(file_.get(), place.c_str(), H5P_DEFAULT), &H5Dclose);
  if (!dataset) reject(path_, place, "", accepted);
  const Id type(H5Dget_type(dataset.get()), &H5Tclose);
  const Id space(H5Dget_space(dataset.get()), &H5Sclose);
  const H5T_class_t found = H5Tget_class(type.get());
  const bool fits = kind == Kind::kFloat
                        ? found == H5T_FLOAT
                        : found == H5T_INTEGER && H5Tget_sign(type.get()) == H5T_SGN_NONE;
  if (!fits || H5Tget_size(type.get()) > max_bytes ||
      H5Sget_simple_extent_ndims(space.get()) != rank) {
    reject(path_, place, "", accepted);
  }
  return dataset;
}

std::vector<hsize_t> Reader::shape(const Id& dataset) const {
  const Id space(H5Dget_space(dataset.get()), &H5Sclose);
  std::vector<hsize_t> size(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.get())));
  H5Sget_simple_extent_dims(space.get(), size.data(), nullptr);
  return size;
}

void Reader::rows(const Id& dataset, const std::string& place, hsize_t first, hsize_t rows,
                  hid_t memory_type, void* values) const {
  if (rows == 0) return;
  const Selection selection = select_rows(dataset.get(), first, rows);
  if (!selection.fine || H5Dread(dataset.get(), memory_type, selection.memory_space.get(),
                                 selection.file_space.get(), H5P_DEFAULT, values) < 0) {
    reject(path_, place, "", "values that can be read, the file is damaged");
  }
}

}  // namespace recpim::hdf5
