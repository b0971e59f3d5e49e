// SPDX-License-Identifier: Apache-2.0
// What a valid model is: validate() of graph.h.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

#include "models/graph/graph.h"
#include "models/graph/kinds.h"

namespace recpim {
namespace {

// Bounds that keep every shape product inside 64 bits and a typing mistake out of memory.
constexpr int kMaxWidth = 1 << 20;
constexpr int kMaxNormalised = 1024;  // Keeps y of a LayerNorm below 32, its Q5.10.
constexpr std::uint64_t kMaxTableRows = 1ULL << 32U;

class Checker {
 public:
  explicit Checker(const Model& model) : model_(model) {}

  void run() {
    if (model_.operators.empty()) throw std::invalid_argument("operators: at least one");
    std::set<std::string> names;
    std::vector<int> readers(model_.operators.size(), 0);
    std::vector<int> logits(model_.operators.size(), 0);
    for (std::size_t i = 0; i < model_.operators.size(); ++i) {
      op_ = &model_.operators[i];
      check_name();
      require(names.insert(op_->name).second, "name", op_->name, "a name used once");
      for (const int input : op_->inputs) {
        require(input >= 0 && static_cast<std::size_t>(input) < i, "inputs", input,
                "positions of earlier operators");
        ++readers[static_cast<std::size_t>(input)];
        if (op_->kind == OpKind::kSigmoid) ++logits[static_cast<std::size_t>(input)];
      }
      require(op_->rows >= 1 && op_->rows <= kMaxWidth, "rows", op_->rows, "1 to 1048576");
      require(op_->width >= 1 && op_->width <= kMaxWidth && op_->elements64() <= kMaxWidth, "width",
              op_->width, "1 to 1048576, as rows x width too");
      check_shape();
      check_bits();
      if (model_.quantised) check_format();
      check_weights();
    }
    check_readers(logits, readers);
    require_single_dense_input();
  }

 private:
  template <typename T>
  static std::string shown(const T& value) {
    if constexpr (std::is_arithmetic_v<T>) {
      return std::to_string(value);
    } else {
      return value;
    }
  }

  template <typename T>
  void require(bool good, const std::string& field, const T& value,
               const std::string& accepted) const {
    if (good) return;
    throw std::invalid_argument("operator " + op_->name + ": " + field + " = " + shown(value) +
                                ": accepted: " + accepted);
  }

  const Operator& input(std::size_t i) const {
    return model_.operators[static_cast<std::size_t>(op_->inputs[i])];
  }

  void check_name() const {
    const std::string& name = op_->name;
    const bool good =
        !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        });
    require(good, "name", name, "1 to 64 of a-z, 0-9 and _");
  }

  void require_single_dense_input() const {
    const auto count = std::count_if(model_.operators.begin(), model_.operators.end(),
                                     [](const auto& o) { return o.kind == OpKind::kDenseInput; });
    if (count > 1) throw std::invalid_argument("operators: at most one dense_input");
  }

  void check_shape() const {
    const auto inputs = op_->inputs.size();
    switch (op_->kind) {
      case OpKind::kDenseInput:
        require(inputs == 0, "inputs", inputs, "none");
        require(op_->rows == 1, "rows", op_->rows, "1");
        break;
      case OpKind::kEmbedding:
        require(inputs == 0, "inputs", inputs, "none");
        require(op_->rows == 1, "rows", op_->rows, "1");
        require(op_->table >= 0, "table", op_->table, "a table of the trace, from 0");
        require(op_->table_rows >= 1 && op_->table_rows <= kMaxTableRows, "table_rows",
                op_->table_rows, "1 to 4294967296");
        break;
      case OpKind::kFc:
        require(inputs == 1, "inputs", inputs, "one");
        check_fc_shape();
        break;
      case OpKind::kConcat:
        check_concat();
        break;
      case OpKind::kDot: {
        require(inputs == 1, "inputs", inputs, "one");
        const int n = input(0).rows;
        require(n >= 2 && n <= 1024, "rows of the input", n, "2 to 1024");
        require(op_->rows == 1, "rows", op_->rows, "1");
        require(op_->width == n * (n - 1) / 2, "width", op_->width,
                std::to_string(n * (n - 1) / 2) + ", one a pair of rows");
        break;
      }
      case OpKind::kSigmoid:
        require(inputs == 1, "inputs", inputs, "one");
        require_same_shape();
        require(input(0).kind == OpKind::kFc && !input(0).relu, "input", input(0).name,
                "an fc without ReLU");
        break;
      case OpKind::kLayerNorm: {
        require(inputs == 1, "inputs", inputs, "one");
        require_same_shape();
        require(op_->axis != Axis::kAll, "axis", "all", "width, rows");
        const int n = op_->axis == Axis::kRows ? op_->rows : op_->width;
        require(n >= 2 && n <= kMaxNormalised, "elements along the axis", n, "2 to 1024");
        break;
      }
      case OpKind::kAdd:
        require(inputs >= 2, "inputs", inputs, "two or more");
        require_same_shape();
        break;
      case OpKind::kMul:
        require(inputs == 2, "inputs", inputs, "two");
        require_same_shape();
        break;
      case OpKind::kFm:
        require(inputs == 1, "inputs", inputs, "one");
        require(op_->rows == 1, "rows", op_->rows, "1");
        require(op_->width == input(0).width, "width", op_->width, "that of the input");
        break;
      case OpKind::kAttention:
        require(inputs == 3, "inputs", inputs, "queries, keys and values");
        require_same_shape();
        require(op_->heads >= 1 && op_->width % op_->heads == 0, "heads", op_->heads,
                "a divisor of the width");
        require(op_->rows <= kMaxNormalised, "rows", op_->rows, "1 to 1024");
        break;
      case OpKind::kPad:
        require(inputs == 1, "inputs", inputs, "one");
        require(op_->rows == 1 && input(0).rows == 1, "rows", op_->rows, "1");
        require(op_->width >= input(0).width, "width", op_->width, "at least that of the input");
        break;
    }
  }

  void require_same_shape() const {
    for (std::size_t i = 0; i < op_->inputs.size(); ++i) {
      require(op_->rows == input(i).rows, "rows", op_->rows, "those of every input");
      require(op_->width == input(i).width, "width", op_->width, "that of every input");
    }
  }

  void check_fc_shape() const {
    if (op_->axis == Axis::kAll) require(op_->rows == 1, "rows", op_->rows, "1");
    if (op_->axis == Axis::kWidth) {
      require(op_->rows == input(0).rows, "rows", op_->rows, "those of the input");
    }
    if (op_->axis == Axis::kRows) {
      require(op_->width == input(0).width, "width", op_->width, "that of the input");
    }
  }

  void check_concat() const {
    require(!op_->inputs.empty(), "inputs", op_->inputs.size(), "at least one");
    std::int64_t elements = 0;
    for (std::size_t i = 0; i < op_->inputs.size(); ++i) {
      elements += input(i).elements();
      require(op_->rows == 1 || input(i).elements() % op_->width == 0, "input " + input(i).name,
              input(i).elements(), "elements of whole rows");
    }
    require(elements == op_->elements64(), "rows x width", op_->elements64(),
            std::to_string(elements) + ", the elements of the inputs");
  }

  void check_bits() const {
    if (has_weights(op_->kind)) {
      const int b = op_->weight_bits;
      require(b == 2 || b == 4 || b == 8, "weight_bits", b, "2, 4, 8");
    }
    const int a = op_->activation_bits;
    require(a == 4 || a == 8 || a == 16, "activation_bits", a, "4, 8, 16");
    switch (op_->kind) {
      case OpKind::kSigmoid:
        require(a == 16, "activation_bits", a, "16");
        require(input(0).activation_bits == 16, "input", input(0).name, "an fc of 16 bits");
        return;
      case OpKind::kLayerNorm:
        require(a <= 8, "activation_bits", a, "4, 8");
        require(input(0).activation_bits == 16 && input(0).kind != OpKind::kSigmoid, "input",
                input(0).name, "an input of 16 bits that is no probability");
        return;
      case OpKind::kMul:
        check_product_bits();
        return;
      default:
        break;
    }
    int widest = 0;
    for (std::size_t i = 0; i < op_->inputs.size(); ++i) {
      widest = std::max(widest, input(i).activation_bits);
      require(input(i).activation_bits <= 8, "input", input(i).name, "an input of 4 or 8 bits");
    }
    if (is_wiring(op_->kind)) {
      require(a == widest, "activation_bits", a,
              std::to_string(widest) + ", the most of its inputs");
    }
    const bool wide = (op_->kind == OpKind::kFc && !op_->relu) || op_->kind == OpKind::kAdd ||
                      op_->kind == OpKind::kFm || op_->kind == OpKind::kDot ||
                      op_->kind == OpKind::kAttention;
    require(a <= 8 || wide, "activation_bits", a, "4, 8; 16 where a sigmoid or LayerNorm reads it");
  }

  void check_product_bits() const {
    int probabilities = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      const bool probability = input(i).kind == OpKind::kSigmoid;
      probabilities += probability ? 1 : 0;
      require(probability || input(i).activation_bits <= 8, "input", input(i).name,
              "a probability, or an input of 4 or 8 bits");
    }
    require(probabilities < 2, "inputs", probabilities, "at most one probability");
  }

  // Who reads 16 bits: one kind of reader alone, for a logit has a fixed scale.
  void check_readers(const std::vector<int>& logits, const std::vector<int>& readers) const {
    for (std::size_t i = 0; i + 1 < model_.operators.size(); ++i) {
      op_ = &model_.operators[i];
      require(readers[i] > 0, "output", "unused", "a consumer of every operator but the last");
      if (op_->activation_bits != 16 || op_->kind == OpKind::kSigmoid) continue;
      require(logits[i] == 0 || logits[i] == readers[i], "output", "read by others as well",
              "a sigmoid alone");
    }
  }

  void check_format() const {
    const TensorFormat& f = op_->output;
    require(std::isfinite(f.scale) && f.scale > 0, "output.scale", f.scale, "a number above 0");
    require(f.bits == op_->activation_bits, "output.bits", f.bits,
            std::to_string(op_->activation_bits) + ", its activation_bits");
    if (op_->kind == OpKind::kSigmoid) {
      require(!f.is_signed, "output.signed", "true", "false");
      require(f.scale == kProbabilityScale, "output.scale", f.scale, "2^-16");
      require(input(0).output.scale == kLogitScale, "input", input(0).name, "a scale of 2^-11");
    } else if (f.bits == 16) {
      require(f.is_signed, "output.signed", "false", "true");
    }
    if (always_signed(op_->kind)) require(f.is_signed, "output.signed", "false", "true");
    if (!joins_inputs(op_->kind)) return;
    for (std::size_t i = 0; i < op_->inputs.size(); ++i) {
      const TensorFormat& g = input(i).output;
      const TensorFormat& first = input(0).output;
      const TensorFormat& same = op_->kind == OpKind::kAdd ? first : f;
      require(std::ldexp(g.scale, g.bits) == std::ldexp(same.scale, same.bits) &&
                  g.is_signed == same.is_signed,
              "output", input(i).name, "one scale and sign for all inputs of a concat, pad or add");
    }
  }

  template <typename T>
  void require_size(const std::vector<T>& values, std::uint64_t size, const char* what) const {
    require(values.empty() || values.size() == size, what, values.size(),
            std::to_string(size) + " values");
  }

  void require_finite(const std::vector<float>& values, const char* what) const {
    const bool finite =
        std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
    require(finite, what, "not finite", "finite numbers");
  }

  void check_weights() const {
    const OperatorShape shape = shape_of(model_, *op_);
    require_size(op_->weight, shape.weights(), "weight");
    require_size(op_->bias, shape.biases, "bias");
    const bool q = model_.quantised;
    require_size(op_->input_mean, q ? shape.moments : 0, "input_mean");
    require_size(op_->input_square, q ? shape.moments : 0, "input_square");
    require_size(op_->weight_q, q ? shape.weights() : 0, "weight_q");
    require_size(op_->bias_q, q ? shape.biases : 0, "bias_q");
    require_size(op_->weight_scale, q ? shape.scales : 0, "weight_scale");
    require_size(op_->requantiser, q ? shape.requantisers : 0, "requantiser");
    require_finite(op_->weight, "weight");
    require_finite(op_->bias, "bias");
    require_finite(op_->input_mean, "input_mean");
    require_finite(op_->input_square, "input_square");
    const int limit = (1 << (op_->weight_bits - 1)) - 1;
    int largest = 0;
    for (const std::int8_t w : op_->weight_q) largest = std::max(largest, std::abs(int{w}));
    require(largest <= limit, "weight_q", largest, "at most " + std::to_string(limit));
    for (const double s : op_->weight_scale) {
      require(std::isfinite(s) && s > 0, "weight_scale", s, "numbers above 0");
    }
    require(op_->epsilon_q >= 1, "epsilon", op_->epsilon_q, "at least 1");
    for (const Requantiser& r : op_->requantiser) {
      require(r.multiplier >= 0, "multiplier", r.multiplier, "0 to 2147483647");
      require(r.shift >= 1 && r.shift <= 62, "shift", int{r.shift}, "1 to 62");
    }
  }

  const Model& model_;
  mutable const Operator* op_ = nullptr;
};

}  // namespace

void validate(const Model& model) { Checker(model).run(); }

}  // namespace recpim
