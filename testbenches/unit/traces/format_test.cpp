// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "testbenches/unit/traces/scratch.h"
#include "traces/format/trace.h"
#include "traces/support/hdf5.h"
#include "traces/support/output.h"
#include "traces/support/random.h"
#include "traces/support/sha256.h"

#ifdef RECPIM_SANITIZED
#include <sanitizer/lsan_interface.h>
#endif

namespace recpim {
namespace {

TraceInfo small_info() {
  TraceInfo info;
  info.dense = 2;
  info.tables = {{"user", 10}, {"item", 5}};
  info.has_labels = true;
  info.provenance = R"({"made_by":"a test"})";
  return info;
}

// Three samples: table user one-hot (3, 9, 0), table item bags {4, 1}, {} and {2}.
TraceChunk small_chunk() {
  TraceChunk chunk;
  chunk.count = 3;
  chunk.dense = {0.5F, 1, 2, 3, 4, 5};
  chunk.labels = {0, 1, 1};
  chunk.offsets = {{0, 1, 2, 3}, {0, 2, 2, 3}};
  chunk.indices = {{3, 9, 0}, {4, 1, 2}};
  return chunk;
}

void write_small(const std::string& path) {
  TraceWriter writer(path, small_info());
  writer.append(small_chunk());
  writer.finish();
}

void expect_equal(const TraceChunk& a, const TraceChunk& b) {
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.dense, b.dense);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.offsets, b.offsets);
  EXPECT_EQ(a.indices, b.indices);
}

TEST(Trace, ComesBackAsWritten) {
  const Scratch scratch;
  write_small(scratch.at("t.h5"));
  EXPECT_EQ(scratch.files(), 1U);
  const TraceReader trace(scratch.at("t.h5"));
  EXPECT_EQ(trace.info().samples, 3U);
  EXPECT_EQ(trace.info().dense, 2U);
  EXPECT_TRUE(trace.info().has_labels);
  ASSERT_EQ(trace.info().tables.size(), 2U);
  EXPECT_EQ(trace.info().tables[1].name, "item");
  EXPECT_EQ(trace.info().tables[1].rows, 5U);
  EXPECT_EQ(trace.info().provenance, R"({"made_by":"a test"})");
  TraceChunk chunk;
  trace.read(0, 3, chunk);
  expect_equal(chunk, small_chunk());
}

TEST(Trace, ReadsAPartWithOffsetsFromZero) {
  const Scratch scratch;
  write_small(scratch.at("t.h5"));
  const TraceReader trace(scratch.at("t.h5"));
  TraceChunk chunk;
  trace.read(1, 2, chunk);
  EXPECT_EQ(chunk.first, 1U);
  EXPECT_EQ(chunk.dense, (std::vector<float>{2, 3, 4, 5}));
  EXPECT_EQ(chunk.offsets[1], (std::vector<std::uint64_t>{0, 0, 1}));
  EXPECT_EQ(chunk.indices[1], (std::vector<std::uint32_t>{2}));
  trace.read(3, 0, chunk);
  EXPECT_EQ(chunk.count, 0U);
  EXPECT_THROW(trace.read(2, 2, chunk), std::out_of_range);
}

TEST(Trace, GathersInAnyOrder) {
  const Scratch scratch;
  write_small(scratch.at("t.h5"));
  const TraceReader trace(scratch.at("t.h5"));
  TraceChunk chunk;
  trace.gather({2, 0, 2}, chunk);
  EXPECT_EQ(chunk.count, 3U);
  EXPECT_EQ(chunk.dense, (std::vector<float>{4, 5, 0.5F, 1, 4, 5}));
  EXPECT_EQ(chunk.labels, (std::vector<float>{1, 0, 1}));
  EXPECT_EQ(chunk.indices[0], (std::vector<std::uint32_t>{0, 3, 0}));
  EXPECT_EQ(chunk.offsets[1], (std::vector<std::uint64_t>{0, 1, 3, 4}));
  EXPECT_EQ(chunk.indices[1], (std::vector<std::uint32_t>{2, 4, 1, 2}));
  EXPECT_THROW(trace.gather({3}, chunk), std::out_of_range);
}

// Big enough for several flushes of the writer (16 MB each); bags of item change from one lookup
// to two at sample 1,500,000, after the table was written without offsets.
TEST(Trace, BagSizeThatChangesLate) {
  const Scratch scratch;
  constexpr std::uint64_t kSamples = 2'000'000;
  constexpr std::uint64_t kChange = 1'500'000;
  const auto bag = [](std::uint64_t s) { return s < kChange ? 1U : 2U; };
  const auto row = [](std::uint64_t s, std::uint64_t i) {
    return static_cast<std::uint32_t>((s * 7 + i) % 1000);
  };
  TraceInfo info;
  info.tables = {{"item", 1000}};
  {
    TraceWriter writer(scratch.at("t.h5"), info);
    for (std::uint64_t first = 0; first < kSamples; first += 1000) {
      TraceChunk chunk;
      chunk.count = 1000;
      chunk.offsets = {{0}};
      chunk.indices.resize(1);
      for (std::uint64_t s = first; s < first + 1000; ++s) {
        for (std::uint64_t i = 0; i < bag(s); ++i) chunk.indices[0].push_back(row(s, i));
        chunk.offsets[0].push_back(chunk.indices[0].size());
      }
      writer.append(chunk);
    }
    EXPECT_EQ(writer.samples(), kSamples);
    writer.finish();
  }
  const TraceReader trace(scratch.at("t.h5"));
  EXPECT_EQ(trace.info().samples, kSamples);
  Random random(1);
  std::vector<std::uint64_t> picked = {0, kChange - 1, kChange, kSamples - 1};
  for (int i = 0; i < 1000; ++i) picked.push_back(random.below(kSamples));
  TraceChunk chunk;
  trace.gather(picked, chunk);
  for (std::size_t p = 0; p < picked.size(); ++p) {
    ASSERT_EQ(chunk.offsets[0][p + 1] - chunk.offsets[0][p], bag(picked[p]));
    ASSERT_EQ(chunk.indices[0][chunk.offsets[0][p]], row(picked[p], 0));
    ASSERT_EQ(chunk.indices[0][chunk.offsets[0][p + 1] - 1], row(picked[p], bag(picked[p]) - 1));
  }
  trace.read(kChange - 2, 4, chunk);
  EXPECT_EQ(chunk.offsets[0], (std::vector<std::uint64_t>{0, 1, 2, 4, 6}));
}

TEST(Trace, SameContentSameBytes) {
  const Scratch scratch;
  write_small(scratch.at("a.h5"));
  write_small(scratch.at("b.h5"));
  EXPECT_EQ(sha256_of_file(scratch.at("a.h5")), sha256_of_file(scratch.at("b.h5")));
}

TEST(Trace, NothingIsLeftWithoutFinish) {
  const Scratch scratch;
  {
    TraceWriter writer(scratch.at("t.h5"), small_info());
    writer.append(small_chunk());
  }
  EXPECT_EQ(scratch.files(), 0U);
}

TEST(Trace, EmptyTraceIsRejectedWhereSamplesAreNeeded) {
  const Scratch scratch;
  TraceWriter(scratch.at("t.h5"), small_info()).finish();
  const TraceReader trace(scratch.at("t.h5"));
  EXPECT_EQ(trace.info().samples, 0U);
  EXPECT_EQ(complaint([&] { require_samples(trace); }),
            scratch.at("t.h5") + ": samples = 0: accepted: a trace of at least 1 sample");
}

TEST(TraceWriter, RefusesWhatTheTraceCannotHold) {
  const Scratch scratch;
  TraceWriter writer(scratch.at("t.h5"), small_info());
  const std::vector<std::function<void(TraceChunk&)>> cases = {
      [](TraceChunk& c) { c.indices[1][0] = 5; },  // past its table
      [](TraceChunk& c) { c.dense.pop_back(); },   // another shape
      [](TraceChunk& c) { c.labels[0] = 2; },      // no label
      [](TraceChunk& c) {
        c.true_logits = {0, 0, 0};
      },  // info has none
      [](TraceChunk& c) {
        c.offsets[1] = {0, 2, 1, 3};
      },
      [](TraceChunk& c) {
        c.offsets[1] = {0, 2, 2, 2};
      },
      [](TraceChunk& c) { c.offsets.pop_back(); },
      [](TraceChunk& c) { c.dense[0] = std::numeric_limits<float>::quiet_NaN(); },
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    TraceChunk chunk = small_chunk();
    cases[i](chunk);
    EXPECT_THROW(writer.append(chunk), std::invalid_argument) << "case " << i;
  }
}

// ---- Files that are no traces, or damaged ones -------------------------------------------------

// A trace of two one-hot samples whose parts a case can leave out or replace.
struct Parts {
  std::string schema = "recpim.trace/1";
  std::uint64_t samples = 2;
  std::uint64_t tables = 1;
  std::uint64_t rows = 4;
  std::vector<float> dense = {1, 2};
  std::vector<std::uint8_t> labels = {0, 1};
  std::vector<float> true_logits = {-1, 0.5F};
  std::vector<std::uint32_t> indices = {0, 3};
  std::vector<std::uint64_t> offsets = {0, 1, 2};
  std::vector<std::uint64_t> arrivals = {7, 7};
  bool float_indices = false;
  bool without_schema = false, without_samples = false, without_indices = false;
  bool without_offsets = false, without_rows = false;
};

void write_parts(const std::string& path, const Parts& p) {
  auto file = hdf5::create_file(path);
  const auto add = [&](hid_t parent, const char* name, hid_t stored, hid_t memory,
                       const std::vector<hsize_t>& chunk, hsize_t rows, const void* values) {
    const auto set = hdf5::create_dataset(path, parent, name, stored, chunk);
    hdf5::append_rows(path, set, 0, rows, memory, values);
  };
  if (!p.without_schema) hdf5::write_attribute(path, file.get(), "schema", p.schema);
  if (!p.without_samples) hdf5::write_attribute(path, file.get(), "samples", p.samples);
  hdf5::write_attribute(path, file.get(), "tables", p.tables);
  hdf5::write_attribute(path, file.get(), "provenance", std::string("{}"));
  add(file.get(), "dense", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {4, 1}, p.dense.size(),
      p.dense.data());
  add(file.get(), "labels", H5T_STD_U8LE, H5T_NATIVE_UINT8, {4}, p.labels.size(), p.labels.data());
  add(file.get(), "arrival_ns", H5T_STD_U64LE, H5T_NATIVE_UINT64, {4}, p.arrivals.size(),
      p.arrivals.data());
  add(file.get(), "true_logits", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {4}, p.true_logits.size(),
      p.true_logits.data());
  const auto tables = hdf5::create_group(path, file.get(), "tables");
  const auto table = hdf5::create_group(path, tables.get(), "0000");
  hdf5::write_attribute(path, table.get(), "name", std::string("t"));
  if (!p.without_rows) hdf5::write_attribute(path, table.get(), "rows", p.rows);
  if (!p.without_indices) {
    add(table.get(), "indices", p.float_indices ? H5T_IEEE_F32LE : H5T_STD_U32LE, H5T_NATIVE_UINT32,
        {4}, p.indices.size(), p.indices.data());
  }
  if (!p.without_offsets) {
    add(table.get(), "offsets", H5T_STD_U64LE, H5T_NATIVE_UINT64, {4}, p.offsets.size(),
        p.offsets.data());
  }
}

struct BadFile {
  const char* what;
  std::function<void(Parts&)> change;
  const char* says;  // After the file's name.
};

class BadTrace : public testing::TestWithParam<BadFile> {};

TEST_P(BadTrace, IsAnInputErrorThatNamesThePlace) {
  const Scratch scratch;
  const std::string path = scratch.at("t.h5");
  Parts parts;
  GetParam().change(parts);
  write_parts(path, parts);
  const std::string said = complaint([&] {
    const TraceReader trace(path);
    TraceChunk chunk;
    trace.read(0, trace.info().samples, chunk);
  });
  EXPECT_EQ(said, GetParam().says[0] == '\0' ? "" : path + ": " + GetParam().says);
}

const BadFile kBadFiles[] = {
    {"whole", [](Parts&) {}, ""},
    {"no_schema", [](Parts& p) { p.without_schema = true; },
     "/schema: accepted: a text attribute, it is missing"},
    {"other_schema", [](Parts& p) { p.schema = "recpim.trace/2"; },
     "/schema = recpim.trace/2: accepted: recpim.trace/1"},
    {"no_samples", [](Parts& p) { p.without_samples = true; },
     "/samples: accepted: an unsigned attribute, it is missing"},
    {"dense_short", [](Parts& p) { p.dense.pop_back(); }, "/dense = 1 rows: accepted: 2 rows"},
    {"dense_nan", [](Parts& p) { p.dense[1] = std::numeric_limits<float>::infinity(); },
     "/dense[1][0] = inf: accepted: a finite number"},
    {"labels_short", [](Parts& p) { p.labels.pop_back(); }, "/labels = 1 rows: accepted: 2 rows"},
    {"true_logits_short", [](Parts& p) { p.true_logits.pop_back(); },
     "/true_logits = 1 rows: accepted: 2 rows"},
    {"true_logit_nan", [](Parts& p) { p.true_logits[1] = std::numeric_limits<float>::quiet_NaN(); },
     "/true_logits[1] = nan: accepted: a finite number"},
    {"label_two", [](Parts& p) { p.labels[1] = 2; }, "/labels[1] = 2: accepted: 0 or 1"},
    {"arrivals_short", [](Parts& p) { p.arrivals.pop_back(); },
     "/arrival_ns = 1 rows: accepted: 2 rows"},
    {"arrivals_fall", [](Parts& p) { p.arrivals[1] = 6; },
     "/arrival_ns[1] = 6: accepted: at least 7, the one before"},
    {"table_missing", [](Parts& p) { p.tables = 2; },
     "/tables/0001: accepted: a group, it is missing"},
    {"too_many_tables", [](Parts& p) { p.tables = UINT64_MAX; },
     "/tables = 18446744073709551615: accepted: at most 65536 tables"},
    {"no_rows", [](Parts& p) { p.without_rows = true; },
     "/tables/0000/rows: accepted: an unsigned attribute, it is missing"},
    {"zero_rows", [](Parts& p) { p.rows = 0; }, "/tables/0000/rows = 0: accepted: 1 to 2^32"},
    {"indices_missing", [](Parts& p) { p.without_indices = true; },
     "/tables/0000/indices: accepted: a dataset of unsigned integers of at most 32 bits with 1 "
     "dimension, it is missing"},
    {"indices_float", [](Parts& p) { p.float_indices = true; },
     "/tables/0000/indices: accepted: a dataset of unsigned integers of at most 32 bits with 1 "
     "dimension"},
    {"index_past_table", [](Parts& p) { p.indices[1] = 4; },
     "/tables/0000/indices[1] = 4: accepted: a row of table t, 0 to 3"},
    {"offsets_short", [](Parts& p) { p.offsets.pop_back(); },
     "/tables/0000/offsets = 2 rows: accepted: 3 rows"},
    {"offsets_fall", [](Parts& p) { p.offsets[1] = 3; },
     "/tables/0000/offsets[1] = 3: accepted: a number from 0 to 2"},
    {"offsets_end", [](Parts& p) { p.offsets[2] = 1; }, "/tables/0000/offsets[2] = 1: accepted: 2"},
    {"no_offsets_no_bag_size", [](Parts& p) { p.without_offsets = true; },
     "/tables/0000/bag_size: accepted: an unsigned attribute, it is missing"},
};
INSTANTIATE_TEST_SUITE_P(Table, BadTrace, testing::ValuesIn(kBadFiles),
                         [](const auto& c) { return std::string(c.param.what); });

TEST(BadTraceFile, ForeignTruncatedMissing) {
  const Scratch scratch;
  EXPECT_EQ(complaint([&] { TraceReader(scratch.at("none.h5")); }),
            scratch.at("none.h5") + ": accepted: a file that can be read");
  EXPECT_NE(complaint([&] { TraceReader(scratch.at("")); }), "");
  write_text_file(scratch.at("junk.h5"), std::string("\x00\x01junk", 6));
  EXPECT_EQ(complaint([&] { TraceReader(scratch.at("junk.h5")); }),
            scratch.at("junk.h5") + ": accepted: a whole HDF5 file, this is foreign or truncated");
  write_small(scratch.at("t.h5"));
  const std::string whole = read_text_file(scratch.at("t.h5"));
  // Every prefix is an InputError, none a crash.
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    write_text_file(scratch.at("cut.h5"), whole.substr(0, size));
    EXPECT_NE(complaint([&] { TraceReader(scratch.at("cut.h5")); }), "") << size;
  }
}

// Damage inside the file: an InputError or a trace that still reads, never a crash.
TEST(BadTraceFile, FlippedBytesNeverCrash) {
#ifdef RECPIM_SANITIZED
  // The HDF5 library loses memory of its own when metadata is damaged, some of it at exit.
  __lsan_disable();
#endif
  const Scratch scratch;
  write_small(scratch.at("t.h5"));
  const std::string whole = read_text_file(scratch.at("t.h5"));
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    write_text_file(scratch.at("bad.h5"), damaged);
    complaint([&] {
      const TraceReader trace(scratch.at("bad.h5"));
      TraceChunk chunk;
      if (trace.info().samples < 1000) trace.read(0, trace.info().samples, chunk);
    });
  }
}

}  // namespace
}  // namespace recpim
