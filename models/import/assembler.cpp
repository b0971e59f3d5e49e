// SPDX-License-Identifier: Apache-2.0
#include "models/import/assembler.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace recpim::onnx_import {
namespace {

constexpr std::size_t kMaxRouted = 8192;

int to_int(std::size_t n) { return static_cast<int>(n); }

// The operators that elements come from, in the order of their first elements.
std::vector<int> sources(const Elements& elements) {
  std::vector<int> ops;
  std::set<int> seen;
  for (const Element& e : elements) {
    if (e.op >= 0 && seen.insert(e.op).second) ops.push_back(e.op);
  }
  return ops;
}

void require_available(const Elements& elements) {
  for (const Element& e : elements) {
    if (e.op == Element::kUnavailable) {
      throw Unsupported("the product of a row with itself",
                        "dot products of pairs of different rows");
    }
  }
}

// Kinds that can have an output of 16 bits.
bool can_be_wide(const Operator& op) {
  return (op.kind == OpKind::kFc && !op.relu) || op.kind == OpKind::kAdd ||
         op.kind == OpKind::kFm || op.kind == OpKind::kDot || op.kind == OpKind::kAttention;
}

bool is_linear(const Operator& op) {
  return (op.kind == OpKind::kFc || op.kind == OpKind::kLayerNorm) && !op.relu;
}

// The channel of an fc or a LayerNorm that an element belongs to.
std::size_t channel(const Operator& op, int index) {
  if (op.axis == Axis::kRows) return static_cast<std::size_t>(index / op.width);
  return static_cast<std::size_t>(op.axis == Axis::kWidth ? index % op.width : index);
}

}  // namespace

Elements transposed(const Elements& elements, std::size_t rows, std::size_t columns) {
  Elements result;
  result.reserve(elements.size());
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) result.push_back(elements[r * columns + c]);
  }
  return result;
}

std::string Assembler::unique(const std::string& name) {
  std::string clean;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0 && u < 128) {
      clean += static_cast<char>(std::tolower(u));
    } else if (!clean.empty() && clean.back() != '_') {
      clean += '_';
    }
  }
  if (clean.size() > 48) clean = clean.substr(clean.size() - 48);
  const std::size_t first = clean.find_first_not_of('_');
  clean = first == std::string::npos ? "op"
                                     : clean.substr(first, clean.find_last_not_of('_') - first + 1);
  std::string result = clean;
  for (int i = 1; !names_.emplace(result, clean).second; ++i) {
    result = clean + "_" + std::to_string(i);
  }
  return result;
}

int Assembler::append(Operator op, const std::string& name) {
  const int position = builder_.dense(1);
  op.name = unique(name);
  at(position) = std::move(op);
  return position;
}

int Assembler::clone(int op) { return append(at(op), names_[at(op).name]); }

Elements Assembler::all_of(int op) {
  Elements elements(static_cast<std::size_t>(at(op).elements()));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    elements[i].op = op;
    elements[i].index = to_int(i);
  }
  return elements;
}

Elements Assembler::dense(int width) {
  names_.emplace("dense", "dense");
  return all_of(builder_.dense(width));
}

Elements Assembler::embedding(const std::string& name, int table, std::uint64_t rows, int width,
                              const float* weight) {
  const int op = builder_.embedding(unique(name), table, rows, width);
  at(op).weight.assign(weight, weight + rows * static_cast<std::uint64_t>(width));
  return all_of(op);
}

void Assembler::fold(Elements& elements) {
  std::set<int> scaled;
  for (const Element& e : elements) {
    if (e.op >= 0 && !e.plain() && is_linear(at(e.op))) scaled.insert(e.op);
  }
  for (const int op : scaled) fold_into(op, elements);
}

void Assembler::fold_into(int op, Elements& elements) {
  std::vector<const Element*> first(at(op).bias.size(), nullptr);
  for (const Element& e : elements) {
    if (e.op != op) continue;
    const Element*& seen = first[channel(at(op), e.index)];
    if (seen == nullptr) seen = &e;
    if (seen->scale != e.scale || seen->shift != e.shift) return;
  }
  const int copy = clone(op);
  Operator& changed = at(copy);
  const std::size_t inputs = changed.weight.size() / changed.bias.size();
  for (std::size_t c = 0; c < first.size(); ++c) {
    if (first[c] == nullptr) continue;
    for (std::size_t i = c * inputs; i < (c + 1) * inputs; ++i) {
      changed.weight[i] = static_cast<float>(changed.weight[i] * first[c]->scale);
    }
    changed.bias[c] = static_cast<float>(changed.bias[c] * first[c]->scale + first[c]->shift);
  }
  for (Element& e : elements) {
    if (e.op != op) continue;
    e.op = copy;
    e.scale = 1;
    e.shift = 0;
  }
}

bool Assembler::starts_whole(const Elements& elements, std::size_t from) {
  if (elements[from].op < 0) return false;
  const auto size = static_cast<std::size_t>(at(elements[from].op).elements());
  if (from + size > elements.size()) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const Element& e = elements[from + i];
    if (e.op != elements[from].op || e.index != to_int(i) || !e.plain()) return false;
  }
  return true;
}

std::vector<int> Assembler::whole(const Elements& elements) {
  std::vector<int> ops;
  for (std::size_t i = 0; i < elements.size();) {
    if (!starts_whole(elements, i)) return {};
    ops.push_back(elements[i].op);
    i += static_cast<std::size_t>(at(elements[i].op).elements());
  }
  return ops;
}

int Assembler::joined(const std::vector<int>& ops, std::size_t rows, std::size_t width) {
  if (ops.size() == 1 && at(ops[0]).rows == to_int(rows) && at(ops[0]).width == to_int(width)) {
    return ops[0];
  }
  const auto known = joined_.find({ops, rows});
  if (known != joined_.end()) return known->second;
  const bool straddles = rows > 1 && std::any_of(ops.begin(), ops.end(), [&](int op) {
                           return at(op).elements() % to_int(width) != 0;
                         });
  const std::vector<int> inputs = straddles ? std::vector<int>{joined(ops, 1, rows * width)} : ops;
  const int op = builder_.concat(unique(rows > 1 ? "rows" : "concat"), inputs, to_int(rows));
  joined_[{ops, rows}] = op;
  return op;
}

int Assembler::place(const Elements& elements, std::size_t rows, std::size_t width) {
  if (elements.empty() || elements.size() != rows * width) {
    throw Unsupported("a tensor without elements", "at least one");
  }
  require_available(elements);
  const std::vector<int> ops = whole(elements);
  if (!ops.empty()) return joined(ops, rows, width);
  const auto is_zero = [](const Element& e) { return e.op == Element::kNone && e.shift == 0; };
  std::size_t used = elements.size();
  while (used > 0 && is_zero(elements[used - 1])) --used;
  const auto middle = elements.begin() + static_cast<std::ptrdiff_t>(used);
  if (used > 0 && used < elements.size() && rows == 1) {
    const int input = place(Elements(elements.begin(), middle), 1, used);
    return builder_.pad(unique("pad"), input, to_int(width));
  }
  std::vector<int> parts;
  Elements run;
  const auto flush = [&] {
    if (!run.empty()) parts.push_back(route(run));
    run.clear();
  };
  for (std::size_t i = 0; i < elements.size();) {
    if (starts_whole(elements, i)) {
      flush();
      parts.push_back(elements[i].op);
      i += static_cast<std::size_t>(at(elements[i].op).elements());
    } else {
      run.push_back(elements[i++]);
    }
  }
  flush();
  return joined(parts, rows, width);
}

int Assembler::select(int fc, const Elements& run) {
  const std::size_t inputs = at(fc).weight.size() / at(fc).bias.size();
  Operator op = at(fc);
  op.width = to_int(run.size());
  op.weight.clear();
  op.bias.clear();
  for (const Element& e : run) {
    const auto c = static_cast<std::size_t>(e.index);
    for (std::size_t i = c * inputs; i < (c + 1) * inputs; ++i) {
      op.weight.push_back(static_cast<float>(at(fc).weight[i] * e.scale));
    }
    op.bias.push_back(static_cast<float>(at(fc).bias[c] * e.scale + e.shift));
  }
  return append(std::move(op), at(fc).name + "_part");
}

int Assembler::route(const Elements& run) {
  const std::vector<int> ops = sources(run);
  if (ops.empty()) throw Unsupported("a constant", "values computed from the inputs");
  if (run.size() > kMaxRouted) {
    throw Unsupported("a new order of " + std::to_string(run.size()) + " elements",
                      "at most " + std::to_string(kMaxRouted));
  }
  const bool plain =
      std::all_of(run.begin(), run.end(), [](const Element& e) { return e.plain(); });
  const Operator& source = at(ops[0]);
  const bool pure =
      std::all_of(run.begin(), run.end(), [&](const Element& e) { return e.op >= 0; });
  if (pure && ops.size() == 1 && source.kind == OpKind::kFc && source.axis == Axis::kAll &&
      (plain || !source.relu)) {
    return select(ops[0], run);
  }
  Linear same;
  same.outputs = same.inputs = run.size();
  same.bias.assign(run.size(), 0);
  same.weight.assign(run.size() * run.size(), 0);
  for (std::size_t i = 0; i < run.size(); ++i) same.weight[i * run.size() + i] = 1;
  return scatter(source.name + "_order", run, same);
}

int Assembler::scatter(const std::string& name, const Elements& x, const Linear& linear) {
  require_available(x);
  const std::vector<int> ops = sources(x);
  if (ops.empty()) throw Unsupported("a constant", "values computed from the inputs");
  std::map<int, std::size_t> first;
  std::size_t width = 0;
  for (const int op : ops) {
    first[op] = width;
    width += static_cast<std::size_t>(at(op).elements());
  }
  if (width * linear.outputs > (std::size_t{1} << 26U)) {
    throw Unsupported("an fc of " + std::to_string(width) + " inputs and " +
                          std::to_string(linear.outputs) + " outputs",
                      "at most 2^26 weights");
  }
  std::vector<double> bias(linear.bias.begin(), linear.bias.end());
  std::vector<float> weight(width * linear.outputs, 0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Element& e = x[i];
    const std::size_t column = e.op < 0 ? 0 : first[e.op] + static_cast<std::size_t>(e.index);
    for (std::size_t o = 0; o < linear.outputs; ++o) {
      const double w = linear.weight[o * linear.inputs + i];
      bias[o] += w * e.shift;
      if (e.op < 0) continue;
      float& to = weight[o * width + column];
      to = static_cast<float>(to + w * e.scale);
    }
  }
  const int input = ops.size() == 1 ? ops[0] : joined(ops, 1, width);
  const int op = builder_.fc(unique(name), input, to_int(linear.outputs));
  at(op).weight = std::move(weight);
  at(op).bias.assign(bias.begin(), bias.end());
  return op;
}

Elements Assembler::fc(const std::string& name, Elements x, std::size_t vectors,
                       const Linear& linear) {
  fold(x);
  if (vectors == 1) return all_of(scatter(name, x, linear));
  const std::vector<int> turned = whole(transposed(x, vectors, linear.inputs));
  const bool by_rows = whole(x).empty() && !turned.empty();
  const int input =
      by_rows ? joined(turned, linear.inputs, vectors) : place(x, vectors, linear.inputs);
  const int op = builder_.fc_along(unique(name), input, by_rows ? Axis::kRows : Axis::kWidth,
                                   to_int(linear.outputs));
  at(op).weight = linear.weight;
  at(op).bias = linear.bias;
  return by_rows ? transposed(all_of(op), linear.outputs, vectors) : all_of(op);
}

Element Assembler::origin(int op, int index) {
  Element e;
  e.op = op;
  e.index = index;
  while (at(e.op).kind == OpKind::kConcat) {
    for (const int input : at(e.op).inputs) {
      if (e.index < at(input).elements()) {
        e.op = input;
        break;
      }
      e.index -= at(input).elements();
    }
  }
  return e;
}

Elements Assembler::total(const std::string& name, const Elements& terms) {
  Elements x;
  for (const Element& term : terms) {
    if (term.op < 0 || at(term.op).kind != OpKind::kFc || at(term.op).relu ||
        at(term.op).elements() != 1) {
      x.push_back(term);
      continue;
    }
    const Operator& op = at(term.op);
    Element constant;
    constant.shift = op.bias[0] * term.scale + term.shift;
    x.push_back(constant);
    for (std::size_t i = 0; i < op.weight.size(); ++i) {
      Element e = origin(op.inputs[0], to_int(i));
      e.scale = term.scale * op.weight[i];
      x.push_back(e);
    }
  }
  return all_of(scatter(name, x, {1, x.size(), std::vector<float>(x.size(), 1), {0}}));
}

int Assembler::identity(int op) {
  const auto width = static_cast<std::size_t>(at(op).width);
  if (width > kMaxRouted) {
    throw Unsupported("a row of " + std::to_string(width) + " elements",
                      "at most " + std::to_string(kMaxRouted) + " after " + at(op).name);
  }
  const std::string name = unique(at(op).name + "_copy");
  const int result = at(op).rows > 1 ? builder_.fc_along(name, op, Axis::kWidth, to_int(width))
                                     : builder_.fc(name, op, to_int(width));
  at(result).weight.assign(width * width, 0);
  for (std::size_t i = 0; i < width; ++i) at(result).weight[i * width + i] = 1;
  at(result).bias.assign(width, 0);
  return result;
}

int Assembler::wide(int op) {
  const auto known = wide_.find(op);
  if (known != wide_.end()) return known->second;
  const int result = can_be_wide(at(op)) ? clone(op) : identity(op);
  builder_.wide(result);
  return wide_[op] = result;
}

int Assembler::with_relu(int op) {
  const OpKind kind = at(op).kind;
  if (at(op).relu || kind == OpKind::kSigmoid) return op;
  const auto known = relu_.find(op);
  if (known != relu_.end()) return known->second;
  const int result = is_linear(at(op)) ? clone(op) : identity(op);
  at(result).relu = true;
  return relu_[op] = result;
}

Elements Assembler::per_operator(Elements x, const std::function<int(int)>& change) {
  require_available(x);
  fold(x);
  if (std::any_of(x.begin(), x.end(), [](const Element& e) { return e.op >= 0 && !e.plain(); })) {
    x = all_of(place(x, 1, x.size()));
  }
  std::map<int, int> changed;
  for (const int op : sources(x)) changed[op] = change(op);
  for (Element& e : x) {
    if (e.op >= 0) e.op = changed[e.op];
  }
  return x;
}

Elements Assembler::relu(Elements x) {
  x = per_operator(std::move(x), [&](int op) { return with_relu(op); });
  for (Element& e : x) {
    if (e.op == Element::kNone) e.shift = std::max(e.shift, 0.0);
  }
  return x;
}

Elements Assembler::sigmoid(const std::string& name, Elements x) {
  if (std::any_of(x.begin(), x.end(), [](const Element& e) { return e.op == Element::kNone; })) {
    throw Unsupported("a constant", "values computed from the inputs");
  }
  return per_operator(std::move(x), [&](int op) {
    const bool fc = at(op).kind == OpKind::kFc && !at(op).relu;
    const int logit = fc ? clone(op) : identity(op);
    return builder_.sigmoid(unique(name), logit);
  });
}

Elements Assembler::layer_norm(const std::string& name, const Elements& x, std::size_t vectors,
                               std::size_t width) {
  const std::vector<int> turned = whole(transposed(x, vectors, width));
  const bool by_rows = vectors > 1 && whole(x).empty() && !turned.empty();
  const int input = wide(by_rows ? joined(turned, width, vectors) : place(x, vectors, width));
  const int op = builder_.layer_norm(unique(name), input, by_rows ? Axis::kRows : Axis::kWidth);
  at(op).weight.assign(width, 1);
  at(op).bias.assign(width, 0);
  return by_rows ? transposed(all_of(op), width, vectors) : all_of(op);
}

Elements Assembler::pairwise(OpKind kind, const std::string& name, const Elements& left,
                             const Elements& right, std::size_t rows, std::size_t width) {
  if (rows > 1 && (whole(left).empty() || whole(right).empty())) {
    const Elements l = transposed(left, rows, width);
    const Elements r = transposed(right, rows, width);
    if (!whole(l).empty() && !whole(r).empty()) {
      return transposed(pairwise(kind, name, l, r, width, rows), width, rows);
    }
  }
  const int a = place(left, rows, width);
  const int b = place(right, rows, width);
  return all_of(kind == OpKind::kAdd ? builder_.add(unique(name), {a, b})
                                     : builder_.mul(unique(name), a, b));
}

Elements Assembler::dot(const std::string& name, const Elements& x, std::size_t rows,
                        std::size_t width) {
  if (rows < 2) throw Unsupported("one row", "two rows or more");
  const int op = builder_.dot(unique(name), place(x, rows, width));
  Elements all(rows * rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rows; ++j) {
      Element& e = all[i * rows + j];
      const std::size_t high = std::max(i, j);
      e.op = i == j ? Element::kUnavailable : op;
      e.index = i == j ? 0 : to_int(high * (high - 1) / 2 + std::min(i, j));
    }
  }
  return all;
}

Elements Assembler::fm(const std::string& name, const Elements& x, std::size_t rows,
                       std::size_t width) {
  return all_of(builder_.fm(unique(name), place(x, rows, width)));
}

Elements Assembler::attention(const std::string& name, const Elements& queries,
                              const Elements& keys, const Elements& values, std::size_t rows,
                              std::size_t width, std::size_t heads) {
  const int q = place(queries, rows, width);
  const int k = place(keys, rows, width);
  const int v = place(values, rows, width);
  return all_of(builder_.attention(unique(name), q, k, v, to_int(heads)));
}

Model Assembler::finish(const Elements& elements, std::size_t rows, std::size_t width) {
  Model model = builder_.finish_without_weights(place(elements, rows, width));
  // What was changed on the way has numbers after its name, which may be free now.
  const std::map<std::string, std::string> wanted = std::move(names_);
  names_.clear();
  for (Operator& op : model.operators) op.name = unique(wanted.at(op.name));
  return model;
}

}  // namespace recpim::onnx_import
