// SPDX-License-Identifier: Apache-2.0
/// @file
/// An ONNX file as plain structs: what translation needs of it, and nothing of protobuf.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace recpim::onnx_import {

using Dims = std::vector<std::int64_t>;

/// Row-major; either floats or (integers of any width, booleans) integers.
struct Tensor {
  Dims dims;
  bool is_float = true;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
};

struct Node;

struct Attribute {
  std::int64_t integer = 0;
  float number = 0;
  std::string text;
  std::vector<std::int64_t> integers;
  std::vector<float> numbers;
  Tensor tensor;
  std::vector<Node> body;  ///< The nodes of a graph (that of a Loop).
};

struct Node {
  std::string name;
  std::string op;      ///< "Gemm".
  std::string domain;  ///< Empty: that of ONNX.
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute> attributes;
};

struct Input {
  std::string name;
  bool is_float = true;  ///< Else integers.
  Dims dims;             ///< -1: left open.
};

struct Graph {
  std::string file;
  std::string name;
  std::int64_t opset = 0;
  std::vector<Input> inputs;  ///< Those that no initializer provides.
  std::vector<std::string> outputs;
  std::map<std::string, Tensor> initializers;
  std::vector<Node> nodes;  ///< Topological order.
};

/// Reads a file. InputError where it is no ONNX file, is cut short, keeps data in other files, or
/// has tensors of other types than floats and integers.
Graph read_onnx(const std::string& file);

}  // namespace recpim::onnx_import
