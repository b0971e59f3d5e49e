// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "testbenches/unit/traces/scratch.h"
#include "traces/format/trace.h"
#include "traces/import/importer.h"
#include "traces/import/line_reader.h"
#include "traces/import/row_mapper.h"
#include "traces/profile/profile.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

using Rows = std::vector<std::uint32_t>;

std::string sample(const std::string& name) {
  return std::string(RECPIM_SOURCE_DIR) + "/traces/samples/" + name;
}

// What a trace holds, as one chunk.
struct Imported {
  ImportSummary summary;
  TraceInfo info;
  TraceChunk chunk;
};

Imported import(const ImportOptions& options, const std::string& file) {
  const Scratch scratch;
  Imported result;
  result.summary = import_trace(options, file, scratch.at("t.h5"));
  const TraceReader trace(scratch.at("t.h5"));
  result.info = trace.info();
  trace.read(0, trace.info().samples, result.chunk);
  return result;
}

Imported import(const std::string& format, const std::string& file, std::uint64_t table_rows = 0) {
  ImportOptions options;
  options.format = format;
  options.table_rows = table_rows;
  return import(options, file);
}

float log1p_of(double x) { return static_cast<float>(std::log(1 + x)); }

TEST(ImportCriteo, HashesAndSquashes) {
  const Imported t = import("criteo", sample("criteo.tsv"), 1000);
  ASSERT_EQ(t.info.samples, 4U);
  ASSERT_EQ(t.info.dense, 13U);
  ASSERT_EQ(t.info.tables.size(), 26U);
  EXPECT_EQ(t.info.tables[25].name, "C26");
  EXPECT_EQ(t.info.tables[25].rows, 1000U);
  EXPECT_EQ(t.chunk.labels, (std::vector<float>{1, 0, 0, 1}));
  // The first line: 3, -2, nothing, 4095, 4096 (beyond the table of logarithms), 0, ..., 1000000.
  EXPECT_FLOAT_EQ(t.chunk.dense[0], log1p_of(3));
  EXPECT_EQ(t.chunk.dense[1], 0.0F);
  EXPECT_EQ(t.chunk.dense[2], 0.0F);
  EXPECT_FLOAT_EQ(t.chunk.dense[3], log1p_of(4095));
  EXPECT_FLOAT_EQ(t.chunk.dense[4], log1p_of(4096));
  EXPECT_EQ(t.chunk.dense[5], 0.0F);
  EXPECT_FLOAT_EQ(t.chunk.dense[12], log1p_of(1000000));
  // (id mod 999) + 1: a = 10 -> 11 (also in upper case); 3e7 = 999 -> 1, 0 -> 1;
  // ffffffff = 999 * 4299266 + 561 -> 562; missing -> 0.
  EXPECT_EQ(t.chunk.indices[0], (Rows{11, 11, 0xdeadbeefU % 999U + 1U, 1}));
  EXPECT_EQ(t.chunk.indices[1][0], 1U);
  EXPECT_EQ(t.chunk.indices[1][1], 1U);
  EXPECT_EQ(t.chunk.indices[2][0], 562U);
  EXPECT_EQ(t.chunk.indices[3][0], 0U);
}

TEST(ImportCriteo, DefaultTablesAreThoseOfTheDataSetCapped) {
  const Imported t = import("criteo", sample("criteo.tsv"));
  std::uint64_t rows = 0;
  for (const auto& table : t.info.tables) rows += table.rows;
  EXPECT_EQ(t.info.tables[2].rows, 500000U);
  EXPECT_EQ(t.info.tables[8].rows, 3U);
  EXPECT_EQ(rows / 10000, 306U);  // The 3.07 M of NASRec's table.
}

TEST(ImportCriteo, SamplesLimitsAndLineEndsDoNotMatter) {
  const Scratch scratch;
  std::string text = read_text_file(sample("criteo.tsv"));
  text.pop_back();  // No end of line at the end of the file.
  std::string dos;
  for (const char c : text) dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
  write_text_file(scratch.at("dos.tsv"), dos);
  const Imported unix_ends = import("criteo", sample("criteo.tsv"), 1000);
  const Imported dos_ends = import("criteo", scratch.at("dos.tsv"), 1000);
  EXPECT_EQ(unix_ends.chunk.indices, dos_ends.chunk.indices);
  EXPECT_EQ(unix_ends.chunk.dense, dos_ends.chunk.dense);
  ImportOptions options;
  options.format = "criteo";
  options.samples = 2;
  EXPECT_EQ(import(options, sample("criteo.tsv")).info.samples, 2U);
}

TEST(ImportCriteo, CountedIdentifiersOnDemand) {
  ImportOptions options;
  options.format = "criteo";
  options.min_count = 2;
  // C1 is a, A, deadbeef, 0: only ten comes twice. It gets row 1, the others share row 0.
  const Imported t = import(options, sample("criteo.tsv"));
  EXPECT_EQ(t.info.tables[0].rows, 2U);
  EXPECT_EQ(t.chunk.indices[0], (Rows{1, 1, 0, 0}));
}

TEST(ImportAvazu, WeekdayHourAndConstantDense) {
  const Imported t = import("avazu", sample("avazu.csv"));
  ASSERT_EQ(t.info.tables.size(), 23U);
  EXPECT_EQ(t.chunk.labels, (std::vector<float>{0, 1}));
  EXPECT_EQ(t.chunk.dense, (std::vector<float>{0, 0}));
  // 21 October 2014 was a Tuesday (2), 22 October a Wednesday; (id mod 7) + 1, (id mod 24) + 1.
  EXPECT_EQ(t.info.tables[0].name, "weekday");
  EXPECT_EQ(t.chunk.indices[0], (Rows{3, 4}));
  EXPECT_EQ(t.chunk.indices[1], (Rows{1, 14}));
  EXPECT_EQ(t.info.tables[2].name, "C1");
  EXPECT_EQ(t.chunk.indices[2], (Rows{1005 % 999 + 1, 1005 % 999 + 1}));
  EXPECT_EQ(t.info.tables[4].name, "site_id");
  EXPECT_EQ(t.chunk.indices[4], (Rows{11, 27}));
  EXPECT_EQ(t.info.tables[21].name, "C20");
  EXPECT_EQ(t.chunk.indices[21], (Rows{0, 100084 % 999 + 1}));  // -1 is missing
}

TEST(ImportKdd2012, RareIdentifiersShareRowZero) {
  ImportOptions options;
  options.format = "kdd2012";
  options.min_count = 2;
  const Imported t = import(options, sample("kdd2012.csv"));
  ASSERT_EQ(t.info.dense, 3U);
  ASSERT_EQ(t.info.tables.size(), 8U);
  EXPECT_EQ(t.chunk.labels, (std::vector<float>{0, 1, 0, 0}));
  EXPECT_FLOAT_EQ(t.chunk.dense[9], log1p_of(4));  // impression of the last line
  EXPECT_FLOAT_EQ(t.chunk.dense[1], log1p_of(3));  // depth of the first
  // 1.5e+19 and 15000000000000000000 are one URL.
  EXPECT_EQ(t.info.tables[0].name, "url_hash");
  EXPECT_EQ(t.chunk.indices[0], (Rows{1, 2, 1, 2}));
  // ad_id 50 three times, 51 once; user_id 0 twice, 61 and 62 once.
  EXPECT_EQ(t.chunk.indices[1], (Rows{1, 1, 1, 0}));
  EXPECT_EQ(t.chunk.indices[7], (Rows{1, 0, 1, 0}));
  EXPECT_EQ(t.info.tables[7].rows, 2U);
  EXPECT_EQ(Json::parse(t.info.provenance)["min_count"], 2);
}

TEST(ImportKdd2012, TableRowsCapsByHashing) {
  ImportOptions options;
  options.format = "kdd2012";
  options.min_count = 1;
  options.table_rows = 3;
  const Imported t = import(options, sample("kdd2012.csv"));
  // ad_id has two values and row 0: they fit. query_id has three: hashed, (id mod 2) + 1.
  EXPECT_EQ(t.chunk.indices[1], (Rows{1, 1, 1, 2}));
  EXPECT_EQ(t.info.tables[3].name, "query_id");
  EXPECT_EQ(t.chunk.indices[3], (Rows{1, 2, 1, 1}));
  EXPECT_EQ(t.info.tables[3].rows, 3U);
}

TEST(ImportKdd2012, TheDataSet) {
  const std::string file = std::string(RECPIM_SOURCE_DIR) +
                           "/../shared/data/kdd2012_track2_40k/Click_prediction_small.csv";
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "SKIPPED: needs " << file << ", which is not there";
  }
  const Imported t = import("kdd2012", file);
  EXPECT_EQ(t.info.samples, 39948U);
  double ones = 0;
  for (const float label : t.chunk.labels) ones += static_cast<double>(label);
  EXPECT_EQ(ones, 6728);  // 16.84 %
  // Distinct values seen at least three times, counted with sort | uniq -c, and row 0.
  const std::vector<std::uint64_t> rows = {2051, 2653, 2054, 1016, 2555, 1723, 1945, 10};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(t.info.tables[i].rows), static_cast<double>(rows[i] + 1), 1)
        << t.info.tables[i].name;
  }
}

TEST(ImportDlrmBinary, RowsAsTheyAre) {
  const Imported t = import("dlrm-bin", sample("dlrm.bin"));
  ASSERT_EQ(t.info.samples, 2U);
  EXPECT_EQ(t.chunk.labels, (std::vector<float>{1, 0}));
  EXPECT_EQ(t.chunk.dense[2], 0.0F);  // -5
  EXPECT_FLOAT_EQ(t.chunk.dense[4], log1p_of(4096));
  EXPECT_EQ(t.chunk.indices[0], (Rows{0, 5}));
  EXPECT_EQ(t.chunk.indices[25], (Rows{25, 5}));
  EXPECT_EQ(t.info.tables[0].rows, 6U);
  EXPECT_EQ(t.info.tables[25].rows, 26U);
  EXPECT_EQ(import("dlrm-bin", sample("dlrm.bin"), 5).chunk.indices[25], (Rows{25 % 4 + 1, 2}));
}

TEST(ImportLibsvm, ABagOfIndices) {
  const Imported t = import("libsvm", sample("features.libsvm"));
  EXPECT_EQ(t.chunk.labels, (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(t.chunk.indices[0], (Rows{1, 4, 9, 2}));
  EXPECT_EQ(t.chunk.offsets[0], (std::vector<std::uint64_t>{0, 3, 4, 4}));
  EXPECT_EQ(t.info.tables[0].rows, 10U);
}

TEST(ImportLibsvm, ADenseVector) {
  ImportOptions options;
  options.format = "libsvm";
  options.libsvm_dense = true;
  const Imported t = import(options, sample("dense.libsvm"));
  EXPECT_TRUE(t.info.tables.empty());
  EXPECT_EQ(t.chunk.dense, (std::vector<float>{0.5F, 0, -2, 0, 100, 0}));
}

TEST(ImportIndices, BagsOfOneSizeOrLines) {
  ImportOptions options;
  options.format = "indices";
  EXPECT_EQ(import(options, sample("indices.txt")).info.samples, 8U);
  options.bag = 3;
  const Imported threes = import(options, sample("indices.txt"));
  EXPECT_EQ(threes.chunk.indices[0], (Rows{3, 1, 4, 1, 5, 9, 2, 6}));
  EXPECT_EQ(threes.chunk.offsets[0], (std::vector<std::uint64_t>{0, 3, 6, 8}));
  EXPECT_FALSE(threes.info.has_labels);
  options.bag = 0;
  EXPECT_EQ(import(options, sample("indices.txt")).chunk.offsets[0],
            (std::vector<std::uint64_t>{0, 7, 8}));
}

TEST(ImportVectors, ValuesAsTheyAre) {
  const Imported t = import("vectors", sample("vectors.csv"));
  EXPECT_EQ(t.info.dense, 3U);
  EXPECT_FALSE(t.info.has_labels);
  EXPECT_EQ(t.chunk.dense, (std::vector<float>{0.5F, -1, 2, 3, 4, 0.5F}));
}

// ---- Bad input ----------------------------------------------------------------------------------

struct BadText {
  const char* name;
  const char* format;
  std::string text;
  std::string says;  // After the file's name.
};

std::string criteo_line(std::size_t field, const std::string& value) {
  std::string line;
  for (std::size_t f = 0; f < 40; ++f) line += (f == 0 ? "" : "\t") + (f == field ? value : "1");
  return line;
}

const char* const kAvazuHeader =
    "id,click,hour,C1,banner_pos,site_id,site_domain,site_category,app_id,app_domain,app_category,"
    "device_id,device_ip,device_model,device_type,device_conn_type,C14,C15,C16,C17,C18,C19,C20,C21";
const char* const kKddHeader =
    "click,impression,url_hash,ad_id,advertiser_id,depth,position,query_id,keyword_id,title_id,"
    "description_id,user_id";

std::vector<BadText> bad_texts() {
  const std::string good = criteo_line(0, "0");
  return {
      {"short", "criteo", "0\t1\n",
       "line 1, fields = 2: accepted: 40 fields separated by tabs: the label, 13 whole numbers, "
       "26 hexadecimal identifiers"},
      {"second_line", "criteo", good + "\n" + good + "\t\n",
       "line 2, fields = 41: accepted: 40 fields separated by tabs: the label, 13 whole numbers, "
       "26 hexadecimal identifiers"},
      {"label", "criteo", criteo_line(0, "2"), "line 1, field 1 (label) = 2: accepted: 0 or 1"},
      {"no_label", "criteo", criteo_line(0, ""), "line 1, field 1 (label): accepted: 0 or 1"},
      {"integer", "criteo", criteo_line(4, "1.5"),
       "line 1, field 5 (I4) = 1.5: accepted: a whole number of at most 18 characters, or nothing"},
      {"minus", "criteo", criteo_line(1, "-"),
       "line 1, field 2 (I1) = -: accepted: a whole number of at most 18 characters, or nothing"},
      {"hex", "criteo", criteo_line(14, "12g4"),
       "line 1, field 15 (C1) = 12g4: accepted: at most 15 hexadecimal digits, or nothing"},
      {"long_hex", "criteo", criteo_line(39, "0123456789abcdef"),
       "line 1, field 40 (C26) = 0123456789abcdef: accepted: at most 15 hexadecimal digits, or "
       "nothing"},
      {"control", "criteo", criteo_line(14, "\x01\x02"),
       "line 1, field 15 (C1) = ??: accepted: at most 15 hexadecimal digits, or nothing"},
      {"empty", "criteo", "", "samples = 0: accepted: at least 1"},
      {"header", "avazu", "id,clock\n1,2\n",
       std::string("line 1, header = id,clock: accepted: ") + kAvazuHeader},
      {"hour", "avazu",
       std::string(kAvazuHeader) + "\n1,0,14109900,1,1,a,a,a,a,a,a,a,a,a,1,1,1,1,1,1,1,1,1,1\n",
       "line 2, field 3 (hour) = 14109900: accepted: YYMMDDHH"},
      {"header_only", "kdd2012", std::string(kKddHeader) + "\n",
       "samples = 0: accepted: at least 1"},
      {"kdd_fields", "kdd2012", std::string(kKddHeader) + "\n0,1,2\n",
       "line 2, fields = 3: accepted: 12 fields separated by commas"},
      {"kdd_more", "kdd2012", std::string(kKddHeader) + "\n0,1,2,3,4,5,6,7,8,9,10,11,12\n",
       "line 2, fields = 13: accepted: 12 fields separated by commas"},
      {"kdd_id", "kdd2012", std::string(kKddHeader) + "\n0,1,2,\"x\",4,5,6,7,8,9,10,11\n",
       "line 2, field 4 (ad_id) = x: accepted: a whole number"},
      {"kdd_hash", "kdd2012", std::string(kKddHeader) + "\n0,1,2e19,3,4,5,6,7,8,9,10,11\n",
       "line 2, field 3 (url_hash) = 2e19: accepted: a whole number from 0 to 2^64 - 2"},
      {"dlrm_short", "dlrm-bin", "0123456789ab",
       "record 1, bytes = 12: accepted: 160, 40 numbers "
       "of 32 bits"},
      {"dlrm_label", "dlrm-bin", std::string(160, '\1'),
       "record 1, field 1 (label) = 16843009: accepted: 0 or 1"},
      {"dlrm_row", "dlrm-bin", std::string(156, '\0') + "\xff\xff\xff\xff",
       "record 1, field 40 (C26) = -1: accepted: a row number, 0 to 2^31 - 1"},
      {"svm_label", "libsvm", "2 1:1\n", "line 1, field 1 (label) = 2: accepted: 0, 1, -1 or +1"},
      {"svm_pair", "libsvm", "1 1:1 7\n", "line 1, field 3 = 7: accepted: index:value"},
      {"svm_value", "libsvm", "1 1:0.5\n",
       "line 1, field 2 = 1:0.5: accepted: the value 0 or 1 (numbers need --libsvm-as dense)"},
      {"libffm", "libsvm", "1 0:1:1\n", "line 1, field 2 = 0:1:1: accepted: index:value"},
      {"index", "indices", "1, 2\n3, x4\n", "line 2, field 2 = x4: accepted: a row number"},
      {"negative_index", "indices", "-1\n", "line 1, field 1 = -1: accepted: a row number"},
      {"large_index", "indices", "4294967296\n",
       "line 1 = 4294967296: accepted: a row below 2^32, or --table-rows to hash to"},
      {"no_index", "indices", " \n,\n", "samples = 0: accepted: at least 1"},
      {"vector", "vectors", "1,2\n1,nan\n", "line 2, field 2 = nan: accepted: a number"},
      {"vector_two", "vectors", "1 2,3\n", "line 1, field 1 = 1 2: accepted: a number"},
      {"vector_width", "vectors", "1,2\n1,2,3\n", "line 2, fields = 3: accepted: 2 as in line 1"},
      {"vector_first", "vectors", "x,2\n1,2,3\n", "line 1, field 1 = x: accepted: a number"},
      {"vector_empty", "vectors", "1,2\n\n3,4\n", "line 2, field 1: accepted: a number"},
      {"vector_hole", "vectors", "1,,2\n", "line 1, field 2: accepted: a number"},
  };
}

class BadImport : public testing::TestWithParam<BadText> {};

TEST_P(BadImport, NamesFileLineFieldAndLeavesNothing) {
  const Scratch scratch;
  write_text_file(scratch.at("in"), GetParam().text);
  ImportOptions options;
  options.format = GetParam().format;
  EXPECT_EQ(complaint([&] { import_trace(options, scratch.at("in"), scratch.at("t.h5")); }),
            scratch.at("in") + ": " + GetParam().says);
  EXPECT_EQ(scratch.files(), 1U);
}
INSTANTIATE_TEST_SUITE_P(Table, BadImport, testing::ValuesIn(bad_texts()),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(ImportBadLines, AreCountedWhereTheyAreSkipped) {
  const Scratch scratch;
  const std::string good = criteo_line(0, "0") + "\n";
  write_text_file(scratch.at("in"), good + "junk\n" + criteo_line(2, "x") + "\n" + good);
  ImportOptions options;
  options.format = "criteo";
  options.skip_bad_lines = true;
  const Imported t = import(options, scratch.at("in"));
  EXPECT_EQ(t.info.samples, 2U);
  EXPECT_EQ(t.summary.bad_lines, 2U);
  EXPECT_EQ(t.summary.first_bad, "line 2, fields = 1");
  EXPECT_EQ(Json::parse(t.info.provenance)["bad_lines_skipped"], 2);
  // In two passes they are counted once; in a stream of indices the rest of the line goes too.
  options.format = "indices";
  write_text_file(scratch.at("in"), "1\n2 x 7\n3\n");
  const Imported indices = import(options, scratch.at("in"));
  EXPECT_EQ(indices.chunk.indices[0], (Rows{1, 2, 3}));
  EXPECT_EQ(indices.summary.bad_lines, 1U);
  write_text_file(scratch.at("in"), "x\n");
  EXPECT_EQ(complaint([&] { import(options, scratch.at("in")); }),
            scratch.at("in") + ": samples = 0, 1 bad lines: accepted: at least 1");
}

TEST(ImportOptions, OnlyWhereTheyApply) {
  ImportOptions options;
  options.format = "vectors";
  options.table_rows = 10;
  EXPECT_EQ(complaint([&] { import(options, sample("vectors.csv")); }),
            "--table-rows: accepted: only with a format that has tables");
  options.format = "nonsense";
  EXPECT_EQ(complaint([&] { import(options, sample("vectors.csv")); }),
            "--format = nonsense: accepted: criteo, avazu, kdd2012, dlrm-bin, libsvm, indices, "
            "vectors");
}

// Lines that end anywhere relative to the blocks of the reader (512 KB), one far longer than it.
TEST(LineReader, LinesAcrossBlocks) {
  const Scratch scratch;
  std::string text;
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < 3000; ++i) lengths.push_back((i * 7919) % 1009);
  lengths[1500] = 3'000'000;
  for (const std::size_t length : lengths) text += std::string(length, 'x') + "\n";
  text += "last";
  write_text_file(scratch.at("lines"), text);
  LineReader reader(scratch.at("lines"));
  for (int round = 0; round < 2; ++round) {
    std::string_view line;
    for (const std::size_t length : lengths) {
      ASSERT_TRUE(reader.next_line(line));
      ASSERT_EQ(line, std::string(length, 'x'));
    }
    ASSERT_TRUE(reader.next_line(line));
    EXPECT_EQ(line, "last");
    EXPECT_FALSE(reader.next_line(line));
    EXPECT_EQ(reader.line(), 3001U);
    EXPECT_EQ(reader.bytes_read(), text.size());
    reader.rewind();
  }
}

TEST(RowMapper, ThreePolicies) {
  const RowMapper hashed = RowMapper::hashed(2);
  EXPECT_EQ(hashed.row(12345), 1U);
  EXPECT_EQ(hashed.row(kMissing), 0U);
  RowMapper counted = RowMapper::counted(2, 100);
  for (const std::uint64_t id : {7U, 9U, 8U, 9U, 7U}) counted.observe(id);
  counted.observe(kMissing);
  counted.observe(kMissing);
  counted.finish();
  EXPECT_EQ(counted.rows(), 3U);
  EXPECT_EQ(counted.row(7), 1U);
  EXPECT_EQ(counted.row(9), 2U);
  EXPECT_EQ(counted.row(8), 0U);
  EXPECT_EQ(counted.row(kMissing), 0U);
  EXPECT_THROW(RowMapper::hashed(1), std::invalid_argument);
}

TEST(Profile, HandCounted) {
  const Scratch scratch;
  ImportOptions options;
  options.format = "indices";
  // 3 comes four times, 1 twice, 0 and 7 once; 8 rows, of which the hottest 1 % is one.
  write_text_file(scratch.at("in"), "3 1 3 0 3 1 3 7\n");
  import_trace(options, scratch.at("in"), scratch.at("t.h5"));
  const TraceProfile profile = profile_trace(TraceReader(scratch.at("t.h5")));
  ASSERT_EQ(profile.tables.size(), 1U);
  const TableProfile& table = profile.tables[0];
  EXPECT_EQ(table.rows, 8U);
  EXPECT_EQ(table.lookups, 8U);
  EXPECT_EQ(table.unique_rows, 4U);
  EXPECT_DOUBLE_EQ(table.hottest_share, 0.5);
  EXPECT_DOUBLE_EQ(table.reuse, 2.0);
  EXPECT_EQ(table.rows_by_reuse, (std::vector<std::uint64_t>{2, 1, 1}));
  EXPECT_EQ(table.lookups_by_reuse, (std::vector<std::uint64_t>{2, 2, 4}));
  EXPECT_EQ(to_json(profile)["tables"][0]["unique_rows"], 4);
  EXPECT_NE(to_text(profile).find("50.0 %"), std::string::npos);
}

}  // namespace
}  // namespace recpim
