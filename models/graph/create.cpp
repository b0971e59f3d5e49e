// SPDX-License-Identifier: Apache-2.0
#include "models/graph/create.h"

#include <stdexcept>

namespace recpim {
namespace {

void require(bool good, const std::string& message) {
  if (!good) throw std::invalid_argument(message);
}

}  // namespace

namespace {

// What the models of click logs share: inputs, hidden fcs, and the last fc over all parts.
class ClickModel {
 public:
  ClickModel(const char* kind, const TraceInfo& trace, Precision precision, std::uint64_t seed)
      : trace_(trace), builder_(kind, precision, seed) {
    require(!trace.tables.empty() || trace.dense > 0, "trace: neither tables nor dense features");
    if (trace.dense > 0) dense_ = builder_.dense(static_cast<int>(trace.dense));
  }

  void first_order() {
    for (const int wide : embeddings("wide", 1)) parts_.push_back(wide);
    if (dense_ >= 0) parts_.push_back(dense_);
  }

  std::vector<int> embeddings(const std::string& name, int dim) {
    std::vector<int> all;
    for (std::size_t t = 0; t < trace_.tables.size(); ++t) {
      all.push_back(builder_.embedding(name + std::to_string(t), static_cast<int>(t),
                                       trace_.tables[t].rows, dim));
    }
    return all;
  }

  // Embeddings and dense features in one row.
  int features(const std::vector<int>& embeddings) {
    std::vector<int> all = embeddings;
    if (dense_ >= 0) all.push_back(dense_);
    return all.size() == 1 ? all[0] : builder_.concat("features", all);
  }

  void part(int position) { parts_.push_back(position); }
  ModelBuilder& builder() { return builder_; }

  Model finish() {
    const int all = parts_.size() == 1 ? parts_[0] : builder_.concat("parts", parts_);
    return builder_.finish(builder_.sigmoid("sigmoid", builder_.fc("logit", all, 1)));
  }

 private:
  const TraceInfo& trace_;
  ModelBuilder builder_;
  int dense_ = -1;
  std::vector<int> parts_;
};

int factorise(ClickModel& model, const std::vector<int>& embeddings) {
  require(embeddings.size() >= 2, "trace: a factorisation machine needs two tables");
  const int rows = model.builder().concat("rows", embeddings, static_cast<int>(embeddings.size()));
  return model.builder().fm("fm", rows);
}

}  // namespace

Model create_lr(const TraceInfo& trace, Precision precision, std::uint64_t seed) {
  ClickModel model("lr", trace, precision, seed);
  model.first_order();
  return model.finish();
}

Model create_fm(const TraceInfo& trace, const ClickShape& shape, Precision precision,
                std::uint64_t seed) {
  ClickModel model("fm", trace, precision, seed);
  model.first_order();
  model.part(factorise(model, model.embeddings("emb", shape.embedding_dim)));
  return model.finish();
}

Model create_wide_deep(const TraceInfo& trace, const ClickShape& shape, Precision precision,
                       std::uint64_t seed) {
  ClickModel model("wide-deep", trace, precision, seed);
  model.first_order();
  const int features = model.features(model.embeddings("emb", shape.embedding_dim));
  model.part(model.builder().chain("deep", features, shape.deep, true));
  return model.finish();
}

Model create_deepfm(const TraceInfo& trace, const ClickShape& shape, Precision precision,
                    std::uint64_t seed) {
  ClickModel model("deepfm", trace, precision, seed);
  model.first_order();
  const std::vector<int> embeddings = model.embeddings("emb", shape.embedding_dim);
  model.part(factorise(model, embeddings));
  model.part(model.builder().chain("deep", model.features(embeddings), shape.deep, true));
  return model.finish();
}

Model create_dcn(const TraceInfo& trace, const ClickShape& shape, Precision precision,
                 std::uint64_t seed) {
  ClickModel model("dcn", trace, precision, seed);
  ModelBuilder& builder = model.builder();
  const int features = model.features(model.embeddings("emb", shape.embedding_dim));
  int cross = features;
  for (int l = 0; l < shape.cross_layers; ++l) {
    const std::string at = "cross" + std::to_string(l);
    const int weighed = builder.fc(at + "_fc", cross, builder.at(features).width);
    cross = builder.add(at, {builder.mul(at + "_mul", features, weighed), cross});
  }
  model.part(cross);
  model.part(builder.chain("deep", features, shape.deep, true));
  return model.finish();
}

Model create_dlrm(const TraceInfo& trace, const DlrmShape& shape, Precision precision,
                  std::uint64_t seed) {
  require(!shape.top.empty() && shape.top.back() == 1, "top: its last width must be 1");
  require(trace.tables.size() + (trace.dense > 0 ? 1 : 0) >= 2,
          "trace: a DLRM needs two tables, or one table and dense features");
  require(!trace.tables.empty(), "trace: a DLRM needs at least one table");
  ModelBuilder builder("dlrm", precision, seed);
  std::vector<int> features;
  std::vector<int> top_inputs;
  if (trace.dense > 0) {
    require(!shape.bottom.empty() && shape.bottom.back() == shape.embedding_dim,
            "bottom: its last width must be the embedding dimension");
    const int dense = builder.dense(static_cast<int>(trace.dense));
    features.push_back(builder.chain("bottom", dense, shape.bottom, true));
    top_inputs = features;
  }
  for (std::size_t t = 0; t < trace.tables.size(); ++t) {
    features.push_back(builder.embedding("emb" + std::to_string(t), static_cast<int>(t),
                                         trace.tables[t].rows, shape.embedding_dim));
  }
  const int rows = builder.concat("features", features, static_cast<int>(features.size()));
  const int dot = builder.dot("dot", rows);
  top_inputs.push_back(dot);
  const int input = top_inputs.size() == 1 ? dot : builder.concat("interaction", top_inputs);
  const int logit = builder.chain("top", input, shape.top, false);
  return builder.finish(builder.sigmoid("sigmoid", logit));
}

Model create_mlp(const std::vector<int>& layers, Precision precision, std::uint64_t seed) {
  require(layers.size() >= 2, "layers: the input's width and at least one layer");
  ModelBuilder builder("mlp", precision, seed);
  const int dense = builder.dense(layers[0]);
  const int last = builder.chain("fc", dense, {layers.begin() + 1, layers.end()}, false);
  builder.at(last).activation_bits = 8;
  return builder.finish(last);
}

}  // namespace recpim
