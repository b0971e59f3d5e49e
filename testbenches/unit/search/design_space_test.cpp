// SPDX-License-Identifier: Apache-2.0
#include "search/space/design_space.h"

#include <gtest/gtest.h>

#include "models/graph/create.h"
#include "testbenches/unit/search/toy.h"
#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim::search {
namespace {

// Two tables, two dense features: 2 embeddings, bottom0, top0, top1.
Model small_model() {
  TraceInfo trace;
  trace.dense = 2;
  trace.tables.resize(2);
  for (auto& table : trace.tables) table.rows = 4;
  DlrmShape shape;
  shape.embedding_dim = 4;
  shape.bottom = {4};
  shape.top = {3, 1};
  return create_dlrm(trace, shape, Precision{}, 1);
}

Values reference_of(const DesignSpace& space) { return space.space().values(space.reference()); }

DesignSpace from_text(const TemporaryFolder& folder, const std::string& text) {
  write_text_file(folder / "space.yaml", text);
  return {folder / "space.yaml", small_model()};
}

TEST(DesignSpace, TheDefaultHasTheStatedSize) {
  // Columns x columns per ADC: 16 has 2 divisors in the list, 32 has 3, then 4, 5, 6, 6: 26 pairs.
  const BigInteger hardware = BigInteger(6) * 26 * 3 * 2 * 7 * 6 * 5;
  const DesignSpace space(small_model());
  EXPECT_EQ(space.space().size_of_group("hardware"), hardware);
  EXPECT_EQ(space.space().size_of_group("weight_bits"), 3 * 3 * 3 * 3 * 3);
  EXPECT_EQ(space.space().size(), hardware * 243);
  const DesignSpace counted(default_count_model());
  EXPECT_EQ(counted.space().size_of_group("weight_bits"), BigInteger("617673396283947"));  // 3^31
}

TEST(DesignSpace, TheReferenceIsTheDefaultHardwareAndTheModelsBits) {
  const DesignSpace space(small_model());
  EXPECT_TRUE(space.hardware(reference_of(space)) == Hardware{});
  const Model model = small_model();
  const std::vector<int> bits = space.weight_bits(reference_of(space));
  ASSERT_EQ(bits.size(), model.operators.size());
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const OpKind kind = model.operators[i].kind;
    EXPECT_EQ(bits[i], kind == OpKind::kFc || kind == OpKind::kEmbedding ? 8 : 0);
  }
}

TEST(DesignSpace, EverySampleIsAHardware) {
  const DesignSpace space(small_model());
  Random random(4);
  for (int i = 0; i < 300; ++i) {
    const Values values = space.space().values(space.space().sample(random));
    const Hardware hardware = space.hardware(values);
    EXPECT_EQ(hardware.crossbar.columns % hardware.adc.columns_per_adc, 0);
    EXPECT_EQ(hardware.crossbar.rows, values[space.space().find("crossbar.rows")]);
    EXPECT_EQ(hardware.mesh.flit_bits, values[space.space().find("mesh.flit_bits")]);
  }
}

TEST(DesignSpace, AFileListsWhatVaries) {
  const TemporaryFolder folder;
  const DesignSpace space = from_text(folder, R"(
name: mine
crossbar: {rows: [64, 128], columns: [32, 64], encoding: differential}
adc: {columns_per_adc: 32, bits: [5]}
mesh: {buffer_flits: [2, 4, 8]}
weight_bits: {fc: [4, 8], operators: {top1: [8], emb0: [2, 4, 8]}}
)");
  // rows 2, columns 2, buffers 3; bottom0 2, top0 2, top1 1, emb0 3, emb1 1.
  EXPECT_EQ(space.space().size_of_group("hardware"), 12);
  EXPECT_EQ(space.space().size_of_group("weight_bits"), 12);
  const Hardware hardware = space.hardware(reference_of(space));
  EXPECT_EQ(hardware.name, "mine");
  EXPECT_EQ(hardware.crossbar.encoding, Encoding::kDifferential);
  EXPECT_EQ(hardware.crossbar.rows, 128);    // The default is in the list.
  EXPECT_EQ(hardware.crossbar.columns, 32);  // It is not: the first.
  EXPECT_EQ(hardware.adc.bits, 5);
  EXPECT_EQ(hardware.mesh.buffer_flits, 4);
}

TEST(DesignSpace, AnEmptyFileVariesNothing) {
  const TemporaryFolder folder;
  EXPECT_EQ(from_text(folder, "").space().size(), 1);
}

TEST(DesignSpace, WeightBitsOfAllAtOnce) {
  const TemporaryFolder folder;
  EXPECT_EQ(from_text(folder, "weight_bits: [4, 8]").space().size(), 32);
}

TEST(DesignSpace, ATechnologyFileIsBesideTheSpaceFile) {
  const TemporaryFolder folder;
  const DesignSpace space = from_text(folder, "technology: t.yaml");
  EXPECT_EQ(space.hardware(reference_of(space)).technology, folder / "t.yaml");
}

TEST(DesignSpace, RejectsWithFileAndPlace) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"crossbar: {rows: []}", "space.yaml: crossbar.rows = []: accepted: a list of at least one"},
      {"crossbar: {rows: [64, 64]}", "crossbar.rows[1] = 64: accepted: each value once"},
      {"crossbar: {rows: [64, 96]}", "crossbar.rows = 96: accepted: a power of two"},
      {"crossbar: {rows: [64, big]}", "crossbar.rows[1] = \"big\": accepted: a whole number"},
      {"crossbar: {rows: [64, 1.5]}", "crossbar.rows[1] = 1.5: accepted: a whole number"},
      {"crossbar: {rows: 100}", "crossbar.rows = 100: accepted: a power of two"},
      {"crossbar: {rows: x}", "crossbar.rows = \"x\": accepted: a whole number"},
      {"crossbar: 5", "crossbar = 5: accepted: a section"},
      {"crossbar:", "crossbar = null: accepted: a section"},
      {"crossbar: [5]", "crossbar = [5]: accepted: a section"},
      {"crossbar: {width: [5]}", "crossbar.width = unknown key: accepted: "},
      {"crosbar: {rows: [64]}", "crosbar = unknown key: accepted: adc, buffer_slots"},
      {"clock_mhz: [800, 1200]", "clock_mhz = [800,1200]: accepted: one value"},
      {"crossbar: {read_ns: [100]}", "crossbar.read_ns = [100]: accepted: one value"},
      {"crossbar: {encoding: [offset]}", "crossbar.encoding = [\"offset\"]: accepted: one value"},
      {"adc: {bits: [0, 8]}", "adc.bits = 0: accepted: a whole number from 3 to 12"},
      {"mesh: {flit_bits: [7]}", "mesh.flit_bits = 7: accepted: a power of two from 32 to 512"},
      {"crossbar: {columns: [32, 64]}", "adc.columns_per_adc = [128]: accepted: a divisor of"},
      {"weight_bits: [3]", "weight_bits[0] = 3: accepted: 2, 4, 8"},
      {"weight_bits: {fc: []}", "weight_bits.fc = []: accepted: a list of at least one"},
      {"weight_bits: {conv: [2]}", "weight_bits.conv = unknown key: accepted: embedding, fc, op"},
      {"weight_bits: {operators: {dot: [2]}}", "weight_bits.operators.dot = unknown key"},
      {"weight_bits: 4", "weight_bits = 4: accepted: an object"},
      {"- 1", "top level = [1]: accepted: an object"},
      {"a: [", "space.yaml: line 1"},
      {"adc: {bits: [4]}\nadc: {bits: [5]}", "adc = line 2: accepted: each key once"},
  };
  for (const auto& [text, part] : cases) {
    const auto message = message_of<InputError>([&, t = text] { from_text(folder, t); });
    EXPECT_NE(message.find(part), std::string::npos) << text << "\n" << message;
    EXPECT_NE(message.find("space.yaml"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
  EXPECT_THROW(DesignSpace(folder / "absent.yaml", small_model()), InputError);
}

}  // namespace
}  // namespace recpim::search
