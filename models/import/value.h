// SPDX-License-Identifier: Apache-2.0
/// @file
/// What is known of an ONNX value while a graph is translated. The values of one sample, not of a
/// batch: the batch dimension counts as one element.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/import/onnx_file.h"

namespace recpim::onnx_import {

/// In Value::dims, and in integers computed from shapes: the batch, of any size.
constexpr std::int64_t kBatch = -1;
/// The indices of one sample into one table, of any number; one Element stands for them all.
constexpr std::int64_t kBag = -2;

/// One element of a tensor: scale * (element `index` of operator `op`'s output) + shift. So
/// transposes, slices and concatenations cost nothing until an operator reads the tensor.
struct Element {
  int op = kNone;
  int index = 0;
  double scale = 1, shift = 0;

  static constexpr int kNone = -1;         ///< The constant `shift`.
  static constexpr int kUnavailable = -2;  ///< What no operator of ours computes.
  bool plain() const { return scale == 1 && shift == 0; }
  bool operator==(const Element& other) const {
    return op == other.op && index == other.index && scale == other.scale && shift == other.shift;
  }
};
using Elements = std::vector<Element>;

/// Forms other than the first three are steps of a pattern: they remember the value `base` that the
/// pattern started from, and become operators when it is complete or turns out to be none.
enum class Form {
  kConstant,
  kIndices,  ///< Elements: op is the table of the trace, shift what is added to the index.
  kElements,
  kScores,           ///< MatMul of base (queries) and the transpose of `keys`, times `factor`.
  kWeights,          ///< Softmax of scores.
  kSum,              ///< Of base along an axis.
  kMean,             ///< Of base along an axis.
  kSquare,           ///< base^2.
  kSquareOfSum,      ///< (sum of base along an axis)^2.
  kSumOfSquares,     ///< Sum of base^2 along an axis.
  kCentred,          ///< base - mean of base.
  kCentredSquare,    ///< Its square.
  kVariance,         ///< The mean of that.
  kVarianceEpsilon,  ///< Plus 1e-5.
  kDeviation,        ///< The root of that.
};

struct Value {
  Form form = Form::kElements;
  Dims dims;
  Tensor constant;    // kConstant; its dims are unused.
  Elements elements;  // kIndices, kElements.
  std::shared_ptr<Value> base, keys;
  std::shared_ptr<Value> settled;  // What a pattern became when it turned out to be none.
  std::size_t axis = 0;
  double factor = 1;
  std::string name;  // Of the pattern's node.
};
using ValuePtr = std::shared_ptr<Value>;

/// What a node asks for that cannot be had: becomes an InputError with file and node.
class Unsupported : public std::runtime_error {
 public:
  Unsupported(std::string found, std::string supported)
      : std::runtime_error(found + ": " + supported),
        value(std::move(found)),
        accepted(std::move(supported)) {}
  std::string value, accepted;
};

/// "[batch, 3, 16]".
std::string text_of(const Dims& dims);

/// The elements of one sample. Unsupported beyond 2^24.
std::size_t count(const Dims& dims);
/// The same of dims[first, last).
std::size_t count(const Dims& dims, std::size_t first, std::size_t last);

/// A change of shape: element i of the result is element from[i] of the source; -1: a constant that
/// the caller knows.
struct Move {
  Dims dims;
  std::vector<std::int64_t> from;
};

/// Axes from the end made axes from the start.
std::size_t axis_of(std::int64_t axis, std::size_t rank);

Move transpose(const Dims& dims, const std::vector<std::size_t>& order);
/// Positions `picks` along an axis; its new extent is `extent`, picks.size() unless the axis is
/// replaced by several (or no) axes.
Move pick(const Dims& dims, std::size_t axis, const std::vector<std::int64_t>& picks,
          const Dims& instead);
/// Of numpy.
Move broadcast(const Dims& dims, const Dims& to);
Dims broadcast_dims(const Dims& left, const Dims& right);
Move pad(const Dims& dims, const std::vector<std::int64_t>& before,
         const std::vector<std::int64_t>& after);
/// `target` may have a -1, 0s and the size of the batch, as ONNX's Reshape.
Dims reshaped(const Dims& dims, const Dims& target, std::int64_t batch);

template <typename T>
std::vector<T> moved(const std::vector<T>& source, const Move& move, const T& fill = {}) {
  std::vector<T> result;
  result.reserve(move.from.size());
  for (const std::int64_t i : move.from) {
    result.push_back(i < 0 ? fill : source[static_cast<std::size_t>(i)]);
  }
  return result;
}

/// The same of a whole value: a constant, indices or elements.
ValuePtr moved(const Value& value, const Move& move);

ValuePtr constant_of(Dims dims, std::vector<std::int64_t> integers);

/// The list of a one-dimensional constant of integers.
const std::vector<std::int64_t>& integers_of(const Value& value);
/// A constant with one element, as a number.
double scalar_of(const Value& value);
/// Every element of a constant as a number.
std::vector<double> numbers_of(const Value& value);

}  // namespace recpim::onnx_import
