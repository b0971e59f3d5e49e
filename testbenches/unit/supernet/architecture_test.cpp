// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/architecture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "models/supernet/space.h"
#include "testbenches/unit/supernet/small_spaces.h"
#include "traces/support/error.h"

namespace recpim::supernet {
namespace {

Architecture two_blocks() {
  Architecture a;
  a.blocks.resize(2);
  a.blocks[0].dense_width = 256;
  a.blocks[0].dsi = true;
  a.blocks[1].dense_operator = DenseOperator::kGating;
  a.blocks[1].sparse_operator = SparseOperator::kTransformer;
  a.blocks[1].sparse_rows = 48;
  a.blocks[1].fm = true;
  a.blocks[1].dense_inputs = {0, 1};
  a.blocks[1].sparse_inputs = {1};
  a.blocks[1].right = 1;
  a.blocks[1].dense_precision = {2, 4};
  a.blocks[1].fm_precision = {4, 8};
  return a;
}

const char* const kTwoBlocks =
    R"({"schema":"recpim.architecture/1","blocks":[)"
    R"({"dense_operator":"fc","sparse_operator":"efc","dense_width":256,"sparse_rows":16,)"
    R"("dsi":true,"fm":false,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":0,)"
    R"("dense_precision":"8/8","sparse_precision":"8/8","fm_precision":"8/8",)"
    R"("dsi_precision":"8/8"},)"
    R"({"dense_operator":"gating","sparse_operator":"transformer","dense_width":16,)"
    R"("sparse_rows":48,"dsi":false,"fm":true,"dense_inputs":[0,1],"sparse_inputs":[1],)"
    R"("left":0,"right":1,"dense_precision":"2/4","sparse_precision":"8/8",)"
    R"("fm_precision":"4/8","dsi_precision":"8/8"}]})";

TEST(Architecture, TextIsCanonical) {
  EXPECT_EQ(encode(two_blocks()), kTwoBlocks);
  EXPECT_EQ(decode(kTwoBlocks), two_blocks());
}

TEST(Architecture, ReadsOtherOrdersAndLeavesOutPrecisions) {
  const Architecture a = decode(
      R"({"blocks": [{"right": 0, "left": 0, "sparse_inputs": [0], "dense_inputs": [0],
          "fm": true, "dsi": false, "sparse_rows": 64, "dense_width": 32,
          "sparse_operator": "transformer", "dense_operator": "sum", "fm_precision": "4/4"}],
          "schema": "recpim.architecture/1"})");
  Architecture expected;
  expected.blocks.resize(1);
  expected.blocks[0].dense_operator = DenseOperator::kSum;
  expected.blocks[0].sparse_operator = SparseOperator::kTransformer;
  expected.blocks[0].dense_width = 32;
  expected.blocks[0].sparse_rows = 64;
  expected.blocks[0].fm = true;
  expected.blocks[0].fm_precision = {4, 4};
  EXPECT_EQ(a, expected);
}

TEST(Architecture, EveryFieldCountsInEquality) {
  const ArchitectureSpace space(space_of("nasrec-full"));
  const Choices zeros(space.genes().size(), 0);
  const Architecture first = space.architecture(zeros);
  for (std::size_t g = 6 * kFields; g < zeros.size(); ++g) {  // Of block 7.
    Choices choices = zeros;
    choices[g] = 1;
    EXPECT_NE(space.architecture(choices), first) << space.genes()[g].name;
  }
}

void expect_rejected(const char* from, const char* to, const std::string& message) {
  std::string text = kTwoBlocks;
  const auto at = text.rfind(from);  // In block 2 where both have it.
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, std::string(from).size(), to);
  try {
    decode(text, "a.json");
    ADD_FAILURE() << "accepted: " << text;
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(), "a.json" + message);
  }
}

TEST(Architecture, RefusalsNamePlaceValueAndWhatIsAccepted) {
  expect_rejected("gating", "gate",
                  ": blocks[1].dense_operator = \"gate\": accepted: fc, dot, gating, sum");
  expect_rejected("transformer", "fc",
                  ": blocks[1].sparse_operator = \"fc\": accepted: transformer, efc");
  expect_rejected("\"dense_width\":16", "\"dense_width\":0",
                  ": blocks[1].dense_width = 0: accepted: a whole number from 1 to 1048576");
  expect_rejected("48", "\"48\"",
                  ": blocks[1].sparse_rows = \"48\": accepted: a whole number from 1 to 1048576");
  expect_rejected("\"dsi\":false", "\"dsi\":0", ": blocks[1].dsi = 0: accepted: true, false");
  expect_rejected("[0,1]", "[0,2]",
                  ": blocks[1].dense_inputs[1] = 2: accepted: a whole number from 0 to 1");
  expect_rejected("[0,1]", "[1,0]",
                  ": blocks[1].dense_inputs = [1,0]: accepted: ascending numbers");
  expect_rejected("[0,1]", "[1,1]",
                  ": blocks[1].dense_inputs = [1,1]: accepted: ascending numbers");
  expect_rejected("[0,1]", "[]", ": blocks[1].dense_inputs = []: accepted: at least one number");
  expect_rejected("\"right\":1", "\"right\":2",
                  ": blocks[1].right = 2: accepted: a whole number from 0 to 1");
  expect_rejected("\"left\":0", "\"left\":-1",
                  ": blocks[1].left = -1: accepted: a whole number from 0 to 1");
  expect_rejected("4/8", "3/8",
                  ": blocks[1].fm_precision = \"3/8\": accepted: 2/4, 2/8, 4/4, 4/8, 8/4, 8/8");
  expect_rejected("\"left\":0,", "", ": blocks[1].left: accepted: this key, which is missing");
  expect_rejected("architecture/1", "architecture/2",
                  ": schema = \"recpim.architecture/2\": accepted: recpim.architecture/1");
  expect_rejected("]}", "]", " = " + std::string(kTwoBlocks).substr(0, 57) + "...: accepted: JSON");
}

TEST(Architecture, RefusesUnknownKeysAndNumbersOfBlocks) {
  EXPECT_THROW(decode(R"({"schema":"recpim.architecture/1","blocks":[]})"), InputError);
  EXPECT_THROW(decode(R"({"schema":"recpim.architecture/1","blocks":{}})"), InputError);
  EXPECT_THROW(decode(R"({"schema":"recpim.architecture/1"})"), InputError);
  EXPECT_THROW(decode("[]"), InputError);
  EXPECT_THROW(decode(""), InputError);
  Json json = to_json(two_blocks());
  json["more"] = 1;
  EXPECT_THROW(decode(json.dump()), InputError);
  json = to_json(two_blocks());
  json["blocks"][0]["depth"] = 1;
  EXPECT_THROW(decode(json.dump()), InputError);
  Architecture long_one;
  long_one.blocks.resize(kMaxBlocks);
  EXPECT_EQ(decode(encode(long_one)), long_one);
  long_one.blocks.resize(kMaxBlocks + 1);
  EXPECT_THROW(decode(encode(long_one)), InputError);
}

// A text with random bytes changed, lost or doubled is refused, or it is an architecture.
TEST(Architecture, RandomChangesAreRefusedOrRead) {
  Random random(7);
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = kTwoBlocks;
    for (std::uint64_t change = random.below(3) + 1; change > 0; --change) {
      const std::size_t at = random.below(text.size());
      const std::string byte(
          1, static_cast<char>(random.below(10) == 0 ? random.below(256) : '0' + random.below(10)));
      text.replace(at, random.below(2), random.below(3) == 0 ? text.substr(at, 1) : byte);
    }
    try {
      const Architecture a = decode(text);
      ASSERT_EQ(decode(encode(a)), a) << text;
      ASSERT_EQ(canonical(canonical(a)), canonical(a)) << text;
      ++read;
    } catch (const InputError& error) {
      ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos) << text;
    }
  }
  EXPECT_GT(read, 100);
}

std::set<std::string> active_names(const Architecture& a, std::size_t block) {
  std::set<std::string> names;
  const auto active = active_fields(a);
  for (std::size_t f = 0; f < kFields; ++f) {
    if (active[block][f]) names.insert(name(static_cast<Field>(f)));
  }
  return names;
}

using Names = std::set<std::string>;

// Block 3 reads the dense output of block 2 and the raw embeddings; block 2 gates the raw dense
// input by the dense output of block 1. The sparse outputs of blocks 1 and 2 go nowhere.
Architecture chain() {
  Architecture a;
  a.blocks.resize(3);
  a.blocks[1].dense_operator = DenseOperator::kGating;
  a.blocks[1].left = 1;
  a.blocks[1].dense_inputs = {0, 1};
  a.blocks[2].dense_inputs = {2};
  a.blocks[2].dsi = true;
  return a;
}

TEST(Canonical, TellsWhatMatters) {
  const Architecture a = chain();
  EXPECT_EQ(
      active_names(a, 2),
      (Names{"dense_operator", "dense_width", "dense_inputs", "dense_precision", "sparse_operator",
             "sparse_rows", "sparse_inputs", "sparse_precision", "dsi", "fm", "dsi_precision"}));
  EXPECT_EQ(active_names(a, 1),
            (Names{"dense_operator", "dense_width", "left", "right", "dense_precision", "fm"}));
  EXPECT_EQ(active_names(a, 0),
            (Names{"dense_operator", "dense_width", "dense_inputs", "dense_precision", "fm"}));
}

TEST(Canonical, AnFmReadsTheSparseOperator) {
  Architecture a = chain();
  a.blocks[1].fm = true;
  EXPECT_EQ(active_names(a, 1), (Names{"dense_operator", "dense_width", "left", "right",
                                       "dense_precision", "fm", "fm_precision", "sparse_operator",
                                       "sparse_rows", "sparse_inputs", "sparse_precision"}));
}

TEST(Canonical, ADotReadsSparseInputs) {
  Architecture a = chain();
  a.blocks[1].dense_operator = DenseOperator::kDot;
  a.blocks[1].sparse_inputs = {1};
  EXPECT_EQ(active_names(a, 1), (Names{"dense_operator", "dense_width", "dense_inputs",
                                       "sparse_inputs", "dense_precision", "fm"}));
  // So the sparse output of block 1 is read now.
  EXPECT_EQ(active_names(a, 0).count("sparse_operator"), 1U);
  EXPECT_EQ(active_names(a, 0).count("dsi"), 1U);
}

TEST(Canonical, ADsiReadsTheDenseOperatorButNoFm) {
  Architecture a = chain();
  a.blocks[2].dense_inputs = {0};   // The dense output of block 2 goes nowhere,
  a.blocks[2].sparse_inputs = {2};  // its sparse output does.
  EXPECT_EQ(active_names(a, 1),
            (Names{"sparse_operator", "sparse_rows", "sparse_inputs", "sparse_precision", "dsi"}));
  EXPECT_TRUE(active_names(a, 0).empty());
  a.blocks[1].dsi = true;
  a.blocks[1].fm = true;
  EXPECT_EQ(active_names(a, 1), (Names{"sparse_operator", "sparse_rows", "sparse_inputs",
                                       "sparse_precision", "dsi", "dsi_precision", "dense_operator",
                                       "dense_width", "left", "right", "dense_precision"}));
}

TEST(Canonical, SetsTheRestToADefaultBlock) {
  Architecture a = chain();
  const Architecture plain = canonical(a);
  EXPECT_EQ(plain.blocks[1].dense_inputs, std::vector<int>{0});  // Gating reads left and right.
  EXPECT_EQ(plain.blocks[1].left, 1);
  a.blocks[0].left = 0;
  a.blocks[0].sparse_rows = 64;
  a.blocks[0].sparse_precision = {2, 4};
  a.blocks[0].dsi = true;
  a.blocks[0].dsi_precision = {2, 8};
  a.blocks[1].sparse_operator = SparseOperator::kTransformer;
  a.blocks[1].dense_inputs = {1};
  a.blocks[2].right = 2;
  a.blocks[2].fm_precision = {4, 4};
  EXPECT_EQ(canonical(a), plain);
  EXPECT_NE(a, plain);
  a.blocks[2].dsi_precision = {4, 4};
  EXPECT_NE(canonical(a), plain);
}

TEST(Canonical, TheInputsOfASumHaveNoOrderThoseOfAGatingHave) {
  Architecture a = chain();
  Architecture swapped = a;
  std::swap(swapped.blocks[1].left, swapped.blocks[1].right);
  EXPECT_NE(canonical(a), canonical(swapped));
  a.blocks[1].dense_operator = swapped.blocks[1].dense_operator = DenseOperator::kSum;
  EXPECT_EQ(canonical(a), canonical(swapped));
  EXPECT_EQ(canonical(a).blocks[1].left, 0);
  EXPECT_EQ(canonical(a).blocks[1].right, 1);
}

// What a model computes, written out: weights are named by block and slot.
class Expression {
 public:
  explicit Expression(const Architecture& a) : a_(a) {}
  std::string dense(int i) const {
    if (i == 0) return "x";
    const Block& b = block(i);
    return dense_operator(i) +
           (b.fm ? "+fm" + std::to_string(i) + text(b.fm_precision) + sparse_operator(i) : "");
  }
  std::string sparse(int i) const {
    if (i == 0) return "e";
    const Block& b = block(i);
    return sparse_operator(i) +
           (b.dsi ? "|dsi" + std::to_string(i) + text(b.dsi_precision) + dense_operator(i) : "");
  }

 private:
  const Block& block(int i) const { return a_.blocks[static_cast<std::size_t>(i - 1)]; }
  std::string all(const std::vector<int>& inputs, bool is_dense) const {
    std::string result = "(";
    for (const int i : inputs) result += (is_dense ? dense(i) : sparse(i)) + ",";
    return result + ")";
  }
  std::string dense_operator(int i) const {
    const Block& b = block(i);
    std::string result = std::string(name(b.dense_operator)) + std::to_string(i) + "." +
                         std::to_string(b.dense_width) + text(b.dense_precision);
    std::string left = dense(b.left), right = dense(b.right);
    switch (b.dense_operator) {
      case DenseOperator::kFc:
        return result + all(b.dense_inputs, true);
      case DenseOperator::kDot:
        return result + all(b.dense_inputs, true) + all(b.sparse_inputs, false);
      case DenseOperator::kSum:
        if (left > right) std::swap(left, right);
        break;
      case DenseOperator::kGating:
        break;
    }
    return result + "(" + left + ";" + right + ")";
  }
  std::string sparse_operator(int i) const {
    const Block& b = block(i);
    return std::string(name(b.sparse_operator)) + std::to_string(i) + "." +
           std::to_string(b.sparse_rows) + text(b.sparse_precision) + all(b.sparse_inputs, false);
  }
  const Architecture& a_;
};

void expect_canonical_is_the_model(const std::vector<Architecture>& architectures) {
  std::map<std::string, std::string> models, forms;
  for (const Architecture& a : architectures) {
    const Expression expression(a);
    const int last = static_cast<int>(a.blocks.size());
    const std::string model = expression.dense(last) + "   " + expression.sparse(last);
    const std::string form = encode(canonical(a));
    ASSERT_EQ(models.emplace(form, model).first->second, model) << encode(a);
    ASSERT_EQ(forms.emplace(model, form).first->second, form) << encode(a);
    ASSERT_EQ(encode(canonical(decode(form))), form);
  }
  EXPECT_EQ(models.size(), forms.size());
  EXPECT_LT(models.size(), architectures.size());
}

TEST(Canonical, EqualFormsAreEqualModels) {
  const ArchitectureSpace space(wired());
  std::vector<Architecture> all;
  for_all(space, [&](const Choices& choices) { all.push_back(space.architecture(choices)); });
  ASSERT_EQ(all.size(), 9216U);
  expect_canonical_is_the_model(all);
}

TEST(Canonical, EqualFormsAreEqualModelsInDeeperOnes) {
  SpaceDescription description = wired();
  description.blocks = 4;
  description.max_inputs = 2;
  description.precisions = {{4, 4}, {8, 8}};
  const ArchitectureSpace space(description);
  std::vector<Architecture> some;
  Random random(5);
  Architecture a = space.sample(random);
  for (int i = 0; i < 20'000; ++i) {  // A walk: neighbours are often the same model.
    some.push_back(a);
    a = space.mutate(a, random);
  }
  expect_canonical_is_the_model(some);
}

}  // namespace
}  // namespace recpim::supernet
