// SPDX-License-Identifier: Apache-2.0
// ONNX files: the float outputs of the imported models against those beside the files, what the
// graph looks like, and files that must be refused in one line.
#include "models/import/import.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "models/ops/float_reference.h"
#include "models/ops/sample.h"
#include "testbenches/unit/models/small_models.h"
#include "traces/support/error.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

const std::string kFolder = RECPIM_SOURCE_DIR "/testbenches/unit/import/";

// The samples beside a file as a trace, and what the model must say of each.
struct Case {
  explicit Case(const std::string& json_path) {
    const Json json = read_json_file(json_path);
    const std::size_t samples = json["expected"].size();
    const auto dense = static_cast<std::uint32_t>(json["dense"][0].size());
    info = test::small_info(dense, json["tables"].get<std::vector<std::uint64_t>>());
    chunk.count = samples;
    chunk.offsets.assign(info.tables.size(), {0});
    chunk.indices.resize(info.tables.size());
    for (std::size_t i = 0; i < samples; ++i) {
      for (const Json& x : json["dense"][i]) chunk.dense.push_back(x.get<float>());
      for (std::size_t t = 0; t < info.tables.size(); ++t) {
        chunk.indices[t].push_back(json["indices"][i][t].get<std::uint32_t>());
        chunk.offsets[t].push_back(chunk.indices[t].size());
      }
      for (const Json& y : json["expected"][i]) expected.push_back(y.get<double>());
      chunk.labels.push_back(static_cast<float>(i % 2));
    }
  }

  void expect(const Model& model, const TraceReader& trace, double tolerance) const {
    const std::vector<float> outputs = float_outputs(model, trace, 0, chunk.count);
    ASSERT_EQ(outputs.size(), expected.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_NEAR(outputs[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i]))) << i;
    }
  }

  TraceInfo info;
  TraceChunk chunk;
  std::vector<double> expected;
};

class Import : public testing::Test {
 protected:
  int recpim(const std::string& arguments) {
    const std::string command =
        "cd '" + scratch_.at("") + "' && '" RECPIM_COMMAND "' " + arguments + " >out.txt 2>err.txt";
    const int status = std::system(command.c_str());
    err_ = read_text_file(scratch_.at("err.txt"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // Imported as a library, and by the command: equalised, quantised, saved, loaded.
  Model check(const std::string& stem) {
    const Case wanted(stem + ".json");
    test::write_trace(scratch_.at("t.h5"), wanted.info, wanted.chunk);
    const TraceReader trace(scratch_.at("t.h5"));
    Model model = import_onnx(stem + ".onnx", trace.info(), {});
    EXPECT_EQ(model.kind, "onnx");
    EXPECT_FALSE(model.random_weights);
    require_fit(model, trace);
    wanted.expect(model, trace, 1e-5);
    EXPECT_EQ(recpim("model import '" + stem + ".onnx' --trace t.h5 --name other -o m"), 0) << err_;
    const Model saved = load_model(scratch_.at("m"));
    EXPECT_EQ(saved.name, "other");
    EXPECT_TRUE(saved.quantised);
    EXPECT_EQ(saved.operators.size(), model.operators.size());
    wanted.expect(saved, trace, 1e-4);  // Equalised: other roundings.
    return model;
  }

  void expect_rejected(const std::string& arguments, const std::vector<std::string>& parts) {
    EXPECT_EQ(recpim("model import " + arguments + " -o rejected"), 2) << arguments;
    EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
    for (const std::string& part : parts) EXPECT_NE(err_.find(part), std::string::npos) << err_;
    EXPECT_FALSE(std::filesystem::exists(scratch_.at("rejected"))) << arguments;
  }

  void write_trace(const std::string& name, const TraceInfo& info) {
    test::write_trace(scratch_.at(name), info, test::random_chunk(info, 20, 1, 1));
  }

  test::ScratchFolder scratch_;
  std::string err_;
};

std::ptrdiff_t of_kind(const Model& model, OpKind kind) {
  return std::count_if(model.operators.begin(), model.operators.end(),
                       [&](const Operator& op) { return op.kind == kind; });
}

std::string data(const std::string& name) { return kFolder + "data/" + name; }

// Dot products taken from the whole matrix, by flattened places or in another order, cost nothing.
TEST_F(Import, Dlrm) {
  for (const char* name : {"dlrm", "dlrm_upper"}) {
    const Model model = check(data(name));
    EXPECT_EQ(model.operators.size(), 11U) << name;
    EXPECT_EQ(of_kind(model, OpKind::kEmbedding), 3);
    EXPECT_EQ(of_kind(model, OpKind::kDot), 1);
    EXPECT_EQ(of_kind(model, OpKind::kConcat), 2);
    EXPECT_EQ(of_kind(model, OpKind::kFc), 3);
    EXPECT_EQ(model.output().kind, OpKind::kSigmoid);
    for (const char* op : {"gemm_0", "w2", "w4", "w6"}) EXPECT_GE(model.find(op), 0) << op;
  }
}

// One table for all fields is cut where they begin; what is summed to a logit is one fc.
TEST_F(Import, DeepFm) {
  const Model model = check(data("deepfm"));
  EXPECT_EQ(of_kind(model, OpKind::kFm), 1);
  EXPECT_EQ(of_kind(model, OpKind::kFc), 2);
  EXPECT_EQ(of_kind(model, OpKind::kMul), 0);
  ASSERT_EQ(of_kind(model, OpKind::kEmbedding), 6);
  for (const Operator& op : model.operators) {
    if (op.kind != OpKind::kEmbedding) continue;
    EXPECT_EQ(op.table_rows,
              (std::vector<std::uint64_t>{6, 9, 5}.at(static_cast<std::size_t>(op.table))));
  }
}

TEST_F(Import, Dcn) {
  const Model model = check(data("dcn"));
  EXPECT_EQ(of_kind(model, OpKind::kMul), 2);
  EXPECT_EQ(of_kind(model, OpKind::kAdd), 2);
}

TEST_F(Import, LayerNormOnRowsAndColumns) {
  const Model model = check(data("norms"));
  ASSERT_EQ(of_kind(model, OpKind::kLayerNorm), 2);
  std::vector<Axis> axes;
  for (const Operator& op : model.operators) {
    if (op.kind != OpKind::kLayerNorm) continue;
    axes.push_back(op.axis);
    EXPECT_TRUE(op.relu);
  }
  EXPECT_EQ(axes, (std::vector<Axis>{Axis::kWidth, Axis::kRows}));
  EXPECT_EQ(model.output().kind, OpKind::kFc);
}

TEST_F(Import, AttentionOfTwoHeads) {
  const Model model = check(data("attention"));
  ASSERT_EQ(of_kind(model, OpKind::kAttention), 1);
  for (const Operator& op : model.operators) {
    if (op.kind == OpKind::kAttention) {
      EXPECT_EQ(op.heads, 2);
    }
  }
}

TEST_F(Import, Moves) { check(data("moves")); }

// Bags of several rows are summed.
TEST_F(Import, Bags) {
  const Model model = check(data("bags"));
  TraceInfo info = test::small_info(0, {6, 9});
  TraceChunk chunk = test::random_chunk(info, 50, 3, 1);
  test::write_trace(scratch_.at("bags.h5"), info, chunk);
  const TraceReader trace(scratch_.at("bags.h5"));
  const std::vector<float> outputs = float_outputs(model, trace, 0, 50);
  const auto weights = [&](OpKind kind, int table) {
    for (const Operator& op : model.operators) {
      if (op.kind == kind && (table < 0 || op.table == table)) return op;
    }
    return Operator{};
  };
  const Operator fc = weights(OpKind::kFc, -1);
  for (std::uint64_t i = 0; i < 50; ++i) {
    double logit = fc.bias[0];
    for (int t = 0; t < 2; ++t) {
      const auto table = static_cast<std::size_t>(t);
      const std::vector<float> rows = weights(OpKind::kEmbedding, t).weight;
      for (auto b = chunk.offsets[table][i]; b < chunk.offsets[table][i + 1]; ++b) {
        for (std::size_t c = 0; c < 3; ++c) {
          logit += rows[chunk.indices[table][b] * 3 + c] * fc.weight[table * 3 + c];
        }
      }
    }
    EXPECT_NEAR(outputs[i], 1 / (1 + std::exp(-logit)), 1e-5) << i;
  }
}

TEST_F(Import, SigmoidAndPrecisions) {
  const Case wanted(data("norms.json"));
  test::write_trace(scratch_.at("t.h5"), wanted.info, wanted.chunk);
  ASSERT_EQ(recpim("model import '" + data("norms.onnx") +
                   "' --trace t.h5 --sigmoid --weight-bits 4 --activation-bits 4 -o m"),
            0)
      << err_;
  const Model model = load_model(scratch_.at("m"));
  ASSERT_EQ(model.output().kind, OpKind::kSigmoid);
  for (const Operator& op : model.operators) {
    if (op.kind == OpKind::kFc || op.kind == OpKind::kEmbedding) {
      EXPECT_EQ(op.weight_bits, 4);
    }
  }
  ASSERT_EQ(recpim("model import '" + data("norms.onnx") + "' --trace t.h5 --sigmoid -o m"), 0);
  const TraceChunk chunk = test::random_chunk(wanted.info, 40, 1, 3);
  test::write_trace(scratch_.at("more.h5"), wanted.info, chunk);
  ASSERT_EQ(recpim("train --model m --trace more.h5 --epochs 1 -o trained"), 0) << err_;
}

TEST_F(Import, BadFiles) {
  write_trace("four.h5", test::small_info(4, {}));
  for (const auto& [name, parts] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"bad_operator", {"bad_operator.onnx", "node tanh_1 (Tanh)", "Gemm", "Sigmoid"}},
           {"bad_initializer", {"bad_initializer.onnx", "node add_1 (Add)", "absent"}},
           {"bad_dims", {"bad_dims.onnx", "node gemm_0 (Gemm)", "[batch, 4]"}},
           {"bad_epsilon", {"bad_epsilon.onnx", "(LayerNormalization)", "epsilon"}},
           {"bad_epsilon_of_parts", {"(Add)", "epsilon"}}}) {
    expect_rejected("'" + data(name) + ".onnx' --trace four.h5", parts);
  }
  const std::string whole = read_text_file(data("dlrm.onnx"));
  write_trace("t.h5", test::small_info(5, {7, 11, 4}));
  write_text_file(scratch_.at("cut.onnx"), whole.substr(0, whole.size() / 2));
  write_text_file(scratch_.at("text.onnx"), "schema: a text file\n");
  write_text_file(scratch_.at("empty.onnx"), "");
  for (const char* file : {"cut.onnx", "text.onnx", "empty.onnx", "none.onnx", "t.h5", "."}) {
    expect_rejected(std::string(file) + " --trace t.h5", {file});
  }
}

TEST_F(Import, OtherTracesAndOptions) {
  const std::string file = "'" + data("dlrm.onnx") + "' --trace ";
  write_trace("t.h5", test::small_info(5, {7, 11, 4}));
  write_trace("larger.h5", test::small_info(5, {7, 12, 4}));
  write_trace("narrow.h5", test::small_info(4, {7, 11, 4}));
  write_trace("more.h5", test::small_info(5, {7, 11, 4, 4}));
  expect_rejected(file + "larger.h5", {"larger.h5", "rows of table t1 = 12"});
  expect_rejected(file + "narrow.h5", {"narrow.h5", "dense features = 4"});
  expect_rejected(file + "more.h5", {"dlrm.onnx", "columns of indices = 3", "accepted: 4"});
  expect_rejected(file + "none.h5", {"none.h5"});
  expect_rejected(file + "t.h5 --weight-bits 3", {"--weight-bits = 3"});
  expect_rejected(file + "t.h5 --sigmoid", {"dlrm.onnx"});
}

// A cut or a changed byte must be read or refused, never crash.
TEST_F(Import, ChangedBytes) {
  const TraceInfo info = test::small_info(6, {5, 4, 6});
  const std::string whole = read_text_file(data("norms.onnx"));
  Random random(7);
  int refused = 0;
  for (int mutant = 0; mutant < 400; ++mutant) {
    std::string text = whole;
    for (int change = 0; change < 2; ++change) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    write_text_file(scratch_.at("m.onnx"), text);
    try {
      const Model model = import_onnx(scratch_.at("m.onnx"), info, {});
      validate(model);
    } catch (const InputError& error) {
      ++refused;
      EXPECT_NE(std::string(error.what()).find("m.onnx"), std::string::npos)
          << "mutant " << mutant << ": " << error.what();
    }
  }
  EXPECT_GT(refused, 50);
}

TEST_F(Import, ExportsOfTorch) {
  const char* python = std::getenv("RECPIM_PYTHON");
  const std::string command = python != nullptr ? python : "/usr/bin/python3";
  if (std::system((command + " -c 'import torch' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << command << " has no torch (Debian: python3-torch): exports NOT TESTED";
  }
  ASSERT_EQ(std::system((command + " '" + kFolder + "export_torch.py' '" + scratch_.at("") +
                         "' >/dev/null 2>&1")
                            .c_str()),
            0);
  for (const std::string name :
       {"dlrm", "dlrm_bags", "dlrm_tril", "wide_deep", "deepfm", "dcn", "norm_mlp", "attention"}) {
    for (const char* tag : {"", "_fixed"}) {
      SCOPED_TRACE(name + tag);
      try {
        const Model model = check(scratch_.at(name + tag));
        EXPECT_LE(model.operators.size(), 16U);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace recpim
