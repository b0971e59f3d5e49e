// SPDX-License-Identifier: Apache-2.0
#include "models/graph/weight_file.h"

#include <hdf5.h>

#include <numeric>
#include <stdexcept>

#include "traces/support/error.h"

namespace recpim {
namespace {

template <typename T>
struct Type;
template <>
struct Type<float> {
  static hid_t memory() { return H5T_NATIVE_FLOAT; }
  static hid_t file() { return H5T_IEEE_F32LE; }
  static constexpr const char* kName = "float32";
};
template <>
struct Type<double> {
  static hid_t memory() { return H5T_NATIVE_DOUBLE; }
  static hid_t file() { return H5T_IEEE_F64LE; }
  static constexpr const char* kName = "float64";
};
template <>
struct Type<std::int8_t> {
  static hid_t memory() { return H5T_NATIVE_INT8; }
  static hid_t file() { return H5T_STD_I8LE; }
  static constexpr const char* kName = "int8";
};
template <>
struct Type<std::uint8_t> {
  static hid_t memory() { return H5T_NATIVE_UINT8; }
  static hid_t file() { return H5T_STD_U8LE; }
  static constexpr const char* kName = "uint8";
};
template <>
struct Type<std::int32_t> {
  static hid_t memory() { return H5T_NATIVE_INT32; }
  static hid_t file() { return H5T_STD_I32LE; }
  static constexpr const char* kName = "int32";
};

std::string shown(const Shape& shape) {
  std::string text;
  for (const std::uint64_t n : shape) text += (text.empty() ? "" : " x ") + std::to_string(n);
  return text;
}

std::uint64_t product(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

}  // namespace

WeightWriter::WeightWriter(std::string path) : path_(std::move(path)) {
  file_ = hdf5::create_file(path_);
}

void WeightWriter::fail(const std::string& place) const {
  reject(path_, place, "", "a place with room to write");
}

void WeightWriter::group(const std::string& name) { hdf5::create_group(path_, file_.get(), name); }

template <typename T>
void WeightWriter::write(const std::string& dataset, const std::vector<T>& values,
                         const Shape& shape) {
  if (product(shape) != values.size()) throw std::invalid_argument(dataset + ": shape");
  std::vector<hsize_t> extent(shape.begin(), shape.end());
  const hdf5::Id space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                       H5Sclose);
  const hdf5::Id properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  const hdf5::Id made(H5Dcreate2(file_.get(), dataset.c_str(), Type<T>::file(), space.get(),
                                 H5P_DEFAULT, properties.get(), H5P_DEFAULT),
                      H5Dclose);
  if (!made ||
      H5Dwrite(made.get(), Type<T>::memory(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    fail(dataset);
  }
}

void WeightWriter::close() {
  if (!file_.reset()) fail("");
}

WeightReader::WeightReader(std::string path)
    : path_(std::move(path)), file_(hdf5::open_file(path_)) {}

bool WeightReader::has(const std::string& dataset) const {
  const auto slash = dataset.rfind('/');
  if (slash != std::string::npos && slash > 0 &&
      H5Lexists(file_.get(), dataset.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) {
    return false;
  }
  return H5Lexists(file_.get(), dataset.c_str(), H5P_DEFAULT) > 0;
}

template <typename T>
hdf5::Id WeightReader::open_checked(const std::string& dataset, const Shape& shape) const {
  const std::string accepted = std::string(Type<T>::kName) + " values of shape " + shown(shape);
  hdf5::Id opened;
  if (has(dataset)) {
    opened = hdf5::Id(H5Dopen2(file_.get(), dataset.c_str(), H5P_DEFAULT), H5Dclose);
  }
  if (!opened) reject(path_, dataset, "", accepted + ", which are missing");
  const hdf5::Id type(H5Dget_type(opened.get()), H5Tclose);
  if (!type || H5Tequal(type.get(), Type<T>::file()) <= 0) {
    reject(path_, dataset, "another type", accepted);
  }
  const hdf5::Id space(H5Dget_space(opened.get()), H5Sclose);
  const int rank = space ? H5Sget_simple_extent_ndims(space.get()) : -1;
  std::vector<hsize_t> extent(rank > 0 ? static_cast<std::size_t>(rank) : 0);
  if (rank > 0) H5Sget_simple_extent_dims(space.get(), extent.data(), nullptr);
  const Shape found(extent.begin(), extent.end());
  if (found != shape) reject(path_, dataset, "shape " + shown(found), accepted);
  return opened;
}

template <typename T>
void WeightReader::check(const std::string& dataset, const Shape& shape) const {
  open_checked<T>(dataset, shape);
}

template <typename T>
std::vector<T> WeightReader::read(const std::string& dataset, const Shape& shape) const {
  const hdf5::Id opened = open_checked<T>(dataset, shape);
  std::vector<T> values(product(shape));
  if (H5Dread(opened.get(), Type<T>::memory(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    reject(path_, dataset, "", "values that can be read, the file is damaged");
  }
  return values;
}

#define RECPIM_HDF5_TYPE(T)                                                                   \
  template void WeightWriter::write(const std::string&, const std::vector<T>&, const Shape&); \
  template void WeightReader::check<T>(const std::string&, const Shape&) const;               \
  template std::vector<T> WeightReader::read<T>(const std::string&, const Shape&) const;
RECPIM_HDF5_TYPE(float)
RECPIM_HDF5_TYPE(double)
RECPIM_HDF5_TYPE(std::int8_t)
RECPIM_HDF5_TYPE(std::uint8_t)
RECPIM_HDF5_TYPE(std::int32_t)
#undef RECPIM_HDF5_TYPE

}  // namespace recpim
