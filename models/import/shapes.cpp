// SPDX-License-Identifier: Apache-2.0
// Changes of shape: value.h.
#include <algorithm>
#include <numeric>

#include "models/import/value.h"

namespace recpim::onnx_import {
namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 24U;
constexpr std::size_t kMaxRank = 8;

// The batch, and a bag, count as one element.
std::size_t extent(std::int64_t d) { return d < 0 ? 1 : static_cast<std::size_t>(d); }

std::vector<std::size_t> strides(const Dims& dims) {
  std::vector<std::size_t> result(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) result[i - 1] = result[i] * extent(dims[i]);
  return result;
}

// Walks over the places of a tensor in row-major order; offset(place) names the source or -1.
template <typename Offset>
Move walk(Dims dims, const Offset& offset) {
  Move move;
  const std::size_t elements = count(dims);
  move.from.reserve(elements);
  std::vector<std::size_t> place(dims.size(), 0);
  for (std::size_t i = 0; i < elements; ++i) {
    move.from.push_back(offset(place));
    for (std::size_t d = dims.size(); d-- > 0;) {
      if (++place[d] < extent(dims[d])) break;
      place[d] = 0;
    }
  }
  move.dims = std::move(dims);
  return move;
}

}  // namespace

std::string text_of(const Dims& dims) {
  std::string text;
  for (const std::int64_t d : dims) {
    text += (text.empty() ? "" : ", ") + (d == kBatch ? "batch"
                                          : d == kBag ? "bag"
                                                      : std::to_string(d));
  }
  return "[" + text + "]";
}

std::size_t count(const Dims& dims, std::size_t first, std::size_t last) {
  std::size_t elements = 1;
  for (std::size_t i = first; i < last; ++i) {
    const std::size_t d = extent(dims[i]);
    if (d != 0 && elements > kMaxElements / d) {
      throw Unsupported("shape " + text_of(dims), "at most 2^24 elements a sample");
    }
    elements *= d;
  }
  return elements;
}

std::size_t count(const Dims& dims) {
  if (dims.size() > kMaxRank) {
    throw Unsupported("shape " + text_of(dims), "at most 8 dimensions");
  }
  return count(dims, 0, dims.size());
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const std::int64_t positive = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
  if (positive < 0 || positive >= static_cast<std::int64_t>(rank)) {
    throw Unsupported("axis " + std::to_string(axis), "an axis of " + std::to_string(rank));
  }
  return static_cast<std::size_t>(positive);
}

Move transpose(const Dims& dims, const std::vector<std::size_t>& order) {
  std::vector<bool> seen(dims.size(), false);
  Dims to;
  for (const std::size_t o : order) {
    if (o >= dims.size() || seen[o]) throw Unsupported("order of axes", "each axis once");
    seen[o] = true;
    to.push_back(dims[o]);
  }
  if (to.size() != dims.size()) throw Unsupported("order of axes", "each axis once");
  const std::vector<std::size_t> stride = strides(dims);
  return walk(std::move(to), [&](const std::vector<std::size_t>& place) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < order.size(); ++i) from += place[i] * stride[order[i]];
    return static_cast<std::int64_t>(from);
  });
}

Move pick(const Dims& dims, std::size_t axis, const std::vector<std::int64_t>& picks,
          const Dims& instead) {
  if (dims[axis] < 0) {
    throw Unsupported("part of " + text_of(dims) + " along axis " + std::to_string(axis),
                      "parts of features and rows, not of the batch or a bag");
  }
  for (const std::int64_t p : picks) {
    if (p < 0 || p >= dims[axis]) {
      throw Unsupported("place " + std::to_string(p) + " of " + text_of(dims),
                        "places from 0 to " + std::to_string(dims[axis] - 1));
    }
  }
  Dims to(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis));
  to.insert(to.end(), instead.begin(), instead.end());
  to.insert(to.end(), dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, dims.end());
  const std::size_t inner = count(dims, axis + 1, dims.size());
  const std::size_t outer = count(dims, 0, axis);
  const auto along = static_cast<std::size_t>(dims[axis]);
  count(to);  // The bound.
  Move move;
  move.dims = std::move(to);
  for (std::size_t o = 0; o < outer; ++o) {
    for (const std::int64_t p : picks) {
      const std::size_t first = (o * along + static_cast<std::size_t>(p)) * inner;
      for (std::size_t i = 0; i < inner; ++i) {
        move.from.push_back(static_cast<std::int64_t>(first + i));
      }
    }
  }
  return move;
}

Dims broadcast_dims(const Dims& left, const Dims& right) {
  const std::size_t rank = std::max(left.size(), right.size());
  Dims to(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t a = i + left.size() < rank ? 1 : left[i + left.size() - rank];
    const std::int64_t b = i + right.size() < rank ? 1 : right[i + right.size() - rank];
    if (a != b && a != 1 && b != 1) {
      throw Unsupported("shapes " + text_of(left) + " and " + text_of(right),
                        "shapes that agree, or 1");
    }
    to[i] = a == 1 ? b : a;
  }
  return to;
}

Move broadcast(const Dims& dims, const Dims& to) {
  if (broadcast_dims(dims, to) != to) {
    throw Unsupported("shape " + text_of(dims), "one that spreads over " + text_of(to));
  }
  const std::vector<std::size_t> stride = strides(dims);
  const std::size_t skip = to.size() - dims.size();
  return walk(to, [&](const std::vector<std::size_t>& place) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] != 1) from += place[i + skip] * stride[i];
    }
    return static_cast<std::int64_t>(from);
  });
}

Move pad(const Dims& dims, const std::vector<std::int64_t>& before,
         const std::vector<std::int64_t>& after) {
  Dims to = dims;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const bool none = before[i] == 0 && after[i] == 0;
    if (before[i] < 0 || after[i] < 0 || (dims[i] < 0 && !none) || before[i] > (1 << 20) ||
        after[i] > (1 << 20)) {
      throw Unsupported("pads of " + text_of(dims), "zeros added beside features or rows");
    }
    if (!none) to[i] += before[i] + after[i];
  }
  const std::vector<std::size_t> stride = strides(dims);
  return walk(to, [&](const std::vector<std::size_t>& place) -> std::int64_t {
    std::size_t from = 0;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      const auto first = static_cast<std::size_t>(before[i]);
      if (place[i] < first || place[i] >= first + extent(dims[i])) return -1;
      from += (place[i] - first) * stride[i];
    }
    return static_cast<std::int64_t>(from);
  });
}

namespace {

// Where the batch stands at `place` of the target: the target's dimensions, or empty where it
// cannot. `before` and `after`: the elements on either side of the batch.
Dims batch_at(const Dims& target, std::size_t place, std::size_t before, std::size_t after) {
  Dims to = target;
  to[place] = kBatch;
  std::size_t open = target.size();
  std::size_t sides[2] = {1, 1};
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (i == place) continue;
    if (target[i] < 0) {
      if (open != target.size()) return {};
      open = i;
      continue;
    }
    sides[i < place ? 0 : 1] *= static_cast<std::size_t>(target[i]);
  }
  const std::size_t wanted[2] = {before, after};
  if (open != target.size()) {
    const int side = open < place ? 0 : 1;
    if (sides[side] == 0 || wanted[side] % sides[side] != 0) return {};
    to[open] = static_cast<std::int64_t>(wanted[side] / sides[side]);
    sides[side] = wanted[side];
  }
  return sides[0] == before && sides[1] == after ? to : Dims{};
}

}  // namespace

Dims reshaped(const Dims& dims, const Dims& target, std::int64_t batch) {
  Dims to = target;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && i < dims.size()) to[i] = dims[i];
    if (to[i] < -1 || to[i] > static_cast<std::int64_t>(kMaxElements)) {
      throw Unsupported("shape " + text_of(target), "dimensions from 1");
    }
  }
  const auto found = std::find(dims.begin(), dims.end(), kBatch);
  if (found == dims.end()) {
    const auto open = std::find(to.begin(), to.end(), -1);
    if (open != to.end()) {
      *open = 1;
      const std::size_t rest = std::max<std::size_t>(count(to), 1);
      *open = static_cast<std::int64_t>(count(dims) / rest);
    }
    if (count(to) == count(dims) && std::count(to.begin(), to.end(), -1) == 0) return to;
  } else if (std::count(dims.begin(), dims.end(), kBag) == 0) {
    const auto at = static_cast<std::size_t>(found - dims.begin());
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (to[i] != kBatch && to[i] != batch) continue;
      Dims result = batch_at(to, i, count(dims, 0, at), count(dims, at + 1, dims.size()));
      if (!result.empty() && count(result) == count(dims)) return result;
    }
  }
  throw Unsupported("shape " + text_of(target),
                    "shapes of the elements of " + text_of(dims) + ", the batch on its own");
}

ValuePtr moved(const Value& value, const Move& move) {
  auto result = std::make_shared<Value>();
  result->form = value.form;
  result->dims = move.dims;
  if (value.form == Form::kConstant) {
    result->constant.is_float = value.constant.is_float;
    result->constant.floats =
        value.constant.is_float ? moved(value.constant.floats, move) : std::vector<float>{};
    result->constant.integers = value.constant.is_float ? std::vector<std::int64_t>{}
                                                        : moved(value.constant.integers, move);
  } else {
    Element zero;
    zero.scale = 0;
    result->elements = moved(value.elements, move, zero);
  }
  return result;
}

ValuePtr constant_of(Dims dims, std::vector<std::int64_t> integers) {
  auto result = std::make_shared<Value>();
  result->form = Form::kConstant;
  result->dims = std::move(dims);
  result->constant.is_float = false;
  result->constant.integers = std::move(integers);
  return result;
}

const std::vector<std::int64_t>& integers_of(const Value& value) {
  if (value.form != Form::kConstant || value.constant.is_float) {
    throw Unsupported("a computed value", "constant integers");
  }
  return value.constant.integers;
}

std::vector<double> numbers_of(const Value& value) {
  if (value.form != Form::kConstant) throw Unsupported("a computed value", "a constant");
  if (value.constant.is_float) return {value.constant.floats.begin(), value.constant.floats.end()};
  std::vector<double> numbers;
  numbers.reserve(value.constant.integers.size());
  for (const std::int64_t i : value.constant.integers) numbers.push_back(static_cast<double>(i));
  return numbers;
}

double scalar_of(const Value& value) {
  if (value.form != Form::kConstant || count(value.dims) != 1) {
    throw Unsupported("a value of shape " + text_of(value.dims), "a constant of one element");
  }
  return value.constant.is_float ? static_cast<double>(value.constant.floats[0])
                                 : static_cast<double>(value.constant.integers[0]);
}

}  // namespace recpim::onnx_import
