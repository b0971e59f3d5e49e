// SPDX-License-Identifier: Apache-2.0
#include "models/import/onnx_file.h"

#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <cstring>
#include <fstream>
#include <set>

#include "traces/support/error.h"

namespace recpim::onnx_import {
namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 33;

// Reads the parts of one file; every complaint names it.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  Graph read() const {
    google::protobuf::SetLogHandler(nullptr);  // We complain ourselves, in one line.
    ::onnx::ModelProto model;
    std::ifstream stream(file_, std::ios::binary);
    if (!stream) reject(file_, "", "", "an ONNX file that can be read");
    if (!model.ParseFromIstream(&stream) || !model.has_graph() || model.graph().node_size() == 0) {
      reject(file_, "", "", "a whole ONNX file with a graph");
    }
    Graph graph;
    graph.file = file_;
    graph.name = model.graph().name();
    for (const auto& set : model.opset_import()) {
      if (set.domain().empty() || set.domain() == "ai.onnx") graph.opset = set.version();
    }
    if (graph.opset < 7) reject(file_, "opset", std::to_string(graph.opset), "7 and later");
    read_tensors(model, graph);
    return graph;
  }

 private:
  void read_tensors(::onnx::ModelProto& model, Graph& graph) const {
    if (model.graph().sparse_initializer_size() > 0) {
      reject(file_, "sparse_initializer", model.graph().sparse_initializer(0).values().name(),
             "dense initializers");
    }
    for (auto& proto : *model.mutable_graph()->mutable_initializer()) {
      graph.initializers[proto.name()] = tensor(proto, "initializer " + proto.name());
      proto.Clear();  // A table may be large: never three copies at once.
    }
    for (const auto& proto : model.graph().input()) {
      if (graph.initializers.count(proto.name()) == 0) graph.inputs.push_back(input(proto));
    }
    for (const auto& proto : model.graph().output()) graph.outputs.push_back(proto.name());
    for (const auto& proto : model.graph().node()) graph.nodes.push_back(node(proto));
  }

  Tensor tensor(const ::onnx::TensorProto& proto, const std::string& place) const {
    Tensor result;
    std::int64_t elements = 1;
    for (const std::int64_t d : proto.dims()) {
      if (d < 0 || d > kMaxElements || (d > 0 && elements > kMaxElements / d)) {
        reject(file_, place, "a dimension of " + std::to_string(d), "dimensions from 0");
      }
      elements *= d;
      result.dims.push_back(d);
    }
    if (proto.data_location() == ::onnx::TensorProto::EXTERNAL) {
      reject(file_, place, "data in another file", "data in the file itself");
    }
    read_values(proto, place, result);
    const std::size_t values = result.is_float ? result.floats.size() : result.integers.size();
    if (values != static_cast<std::size_t>(elements)) {
      reject(file_, place, std::to_string(values) + " values",
             std::to_string(elements) + ", those of its dimensions");
    }
    return result;
  }

  void read_values(const ::onnx::TensorProto& proto, const std::string& place, Tensor& to) const {
    const std::string& raw = proto.raw_data();
    switch (proto.data_type()) {
      case ::onnx::TensorProto::FLOAT:
        return copy<float>(raw, proto.float_data(), place, to.floats);
      case ::onnx::TensorProto::DOUBLE:
        return copy<double>(raw, proto.double_data(), place, to.floats);
      case ::onnx::TensorProto::INT64:
        to.is_float = false;
        return copy<std::int64_t>(raw, proto.int64_data(), place, to.integers);
      case ::onnx::TensorProto::INT32:
        to.is_float = false;
        return copy<std::int32_t>(raw, proto.int32_data(), place, to.integers);
      case ::onnx::TensorProto::BOOL:
        to.is_float = false;
        return copy<std::uint8_t>(raw, proto.int32_data(), place, to.integers);
      default:
        reject(file_, place, type_name(proto.data_type()), "FLOAT, DOUBLE, INT64, INT32, BOOL");
    }
  }

  static std::string type_name(int type) {
    const std::string name =
        ::onnx::TensorProto::DataType_Name(static_cast<::onnx::TensorProto::DataType>(type));
    return name.empty() ? "type " + std::to_string(type) : name;
  }

  template <typename Raw, typename Typed, typename To>
  void copy(const std::string& raw, const Typed& typed, const std::string& place,
            std::vector<To>& to) const {
    if (raw.size() % sizeof(Raw) != 0) {
      reject(file_, place, std::to_string(raw.size()) + " bytes", "whole numbers of values");
    }
    to.reserve(raw.empty() ? static_cast<std::size_t>(typed.size()) : raw.size() / sizeof(Raw));
    if (raw.empty()) {
      for (const auto value : typed) to.push_back(static_cast<To>(value));
      return;
    }
    for (std::size_t at = 0; at < raw.size(); at += sizeof(Raw)) {
      Raw value;
      std::memcpy(&value, raw.data() + at, sizeof(Raw));
      to.push_back(static_cast<To>(value));
    }
  }

  Input input(const ::onnx::ValueInfoProto& proto) const {
    Input result;
    result.name = proto.name();
    const auto& type = proto.type().tensor_type();
    const std::string place = "input " + proto.name();
    switch (type.elem_type()) {
      case ::onnx::TensorProto::FLOAT:
        break;
      case ::onnx::TensorProto::INT64:
      case ::onnx::TensorProto::INT32:
        result.is_float = false;
        break;
      default:
        reject(file_, place, type_name(type.elem_type()), "FLOAT, INT64, INT32");
    }
    for (const auto& d : type.shape().dim()) {
      result.dims.push_back(d.has_dim_value() && d.dim_value() > 0 ? d.dim_value() : -1);
    }
    return result;
  }

  Node node(const ::onnx::NodeProto& proto) const {
    Node result;
    result.name = proto.name();
    result.op = proto.op_type();
    result.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
    result.inputs.assign(proto.input().begin(), proto.input().end());
    result.outputs.assign(proto.output().begin(), proto.output().end());
    for (const auto& a : proto.attribute()) {
      Attribute& to = result.attributes[a.name()];
      to.integer = a.i();
      to.number = a.f();
      to.text = a.s();
      to.integers.assign(a.ints().begin(), a.ints().end());
      to.numbers.assign(a.floats().begin(), a.floats().end());
      for (const auto& inner : a.g().node()) to.body.push_back(node(inner));
      if (a.has_t()) to.tensor = tensor(a.t(), "node " + result.name + ", " + a.name());
    }
    return result;
  }

  std::string file_;
};

}  // namespace

Graph read_onnx(const std::string& file) { return Reader(file).read(); }

}  // namespace recpim::onnx_import
