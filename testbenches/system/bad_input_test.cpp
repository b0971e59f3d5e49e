// SPDX-License-Identifier: Apache-2.0
// The real command on wrong input: exit 2, one line on standard error that names the place, nothing
// left behind. One table a subcommand; a row is a command line and what the complaint must contain.
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <vector>

#include "traces/format/layout.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

namespace fs = std::filesystem;

/// Plain pointers: long tables of std::string take a compiler minutes under the sanitizers.
struct BadInput {
  const char* arguments;
  const char* complaint;  ///< Must be part of the line.
};

/// A folder with a good trace, model and design of each kind, in which commands run.
class BadInputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    work_ = (fs::temp_directory_path() / ("recpim-bad-input-" + std::to_string(getpid()))).string();
    fs::remove_all(work_);
    fs::create_directories(work_ + "/w");
    good("trace generate --tables 3 --rows 50 --dense 4 --samples 40 --seed 1 -o t.h5");
    good("trace generate --tables 0 --dense 16 --samples 40 --seed 1 -o v.h5");
    good("trace generate --tables 2 --rows 50 --dense 4 --samples 40 --seed 1 -o two.h5");
    good("trace generate --tables 4 --rows 50 --dense 4 --samples 40 --seed 1 -o four.h5");
    good("model create --kind dlrm --trace t.h5 --embedding-dim 4 --bottom 8-4 --top 8-1 -o m");
    good("model create --kind mlp --trace v.h5 --layers 16-8-1 -o mlp");
    good("map --model m -o d.json");
    good("trace generate --tables 3 --rows 50 --dense 0 --samples 40 --seed 1 -o sparse.h5");
    const std::string whole = read_text_file(path("t.h5"));
    write("cut.h5", whole.substr(0, whole.size() / 2));
    write("foreign.h5", std::string("\0\1junk", 6));
    write("empty.h5", "");
    write("broken.json", "{\"broken\": ");
    fs::create_directories(path("full"));
    write("full/letter.txt", "not ours");
  }
  void TearDown() override { fs::remove_all(work_); }

  std::string path(const std::string& name) const { return work_ + "/w/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  int run(const std::string& arguments) const {
    const std::string line = "cd '" + work_ + "/w' && '" RECPIM_COMMAND "' " + arguments + " >" +
                             work_ + "/out.txt 2>" + work_ + "/err.txt </dev/null";
    const int status = std::system(line.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void good(const std::string& arguments) const {
    ASSERT_EQ(run(arguments), 0) << arguments << "\n" << read_text_file(work_ + "/err.txt");
  }
  /// Every file with its size and contents' hash.
  std::vector<std::string> listing() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(work_ + "/w")) {
      std::string line = entry.path().string();
      if (entry.is_regular_file()) {
        const std::string text = read_text_file(line);
        line += " " + std::to_string(std::hash<std::string>()(text));
      }
      files.push_back(line);
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  /// Runs prefix + row + suffix for every row.
  void check(const std::string& prefix, std::initializer_list<BadInput> table,
             const std::string& suffix = "") const {
    const auto before = listing();
    for (const BadInput& bad : table) {
      const std::string arguments = prefix + bad.arguments + suffix;
      SCOPED_TRACE("recpim " + arguments);
      EXPECT_EQ(run(arguments), 2);
      const std::string text = read_text_file(work_ + "/err.txt");
      EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
      EXPECT_EQ(text.substr(0, 8), "recpim: ") << text;
      EXPECT_NE(text.find(bad.complaint), std::string::npos) << text;
      EXPECT_EQ(listing(), before);
    }
  }

  std::string work_;
};

TEST_F(BadInputTest, Placement) {
  check("map --model m -o x.json ",
        {{"--placement best", "--placement = best: accepted: naive, frequency, co-occurrence"},
         {"--placement frequency", "--profile"},
         {"--profile t.h5", "--profile = t.h5: accepted: --placement"},
         {"--replicate-kib 4", "--replicate-kib = 4"},
         {"--placement frequency --profile none.h5", "none.h5"},
         {"--placement frequency --profile two.h5", "two.h5"},
         {"--placement frequency --profile t.h5 --profile-first 40", "t.h5: samples"},
         {"--placement frequency --profile t.h5 --profile-samples 41", "t.h5: samples"},
         {"--placement frequency --profile t.h5 --replicate-share 2", "--replicate-share = 2"},
         {"--placement frequency --profile t.h5 --replicate-kib 1 --replicate-share 0.1",
          "--replicate-share = 0.1"},
         {"--placement frequency --profile t.h5 --hot-rows x", "--hot-rows = x"}});
  good("map --model m --placement co-occurrence --profile t.h5 --replicate-kib 1 -o p.json");
  good("simulate p.json --trace t.h5 -o fine");
  Json design = read_json_file(path("p.json"));
  design["placement"]["file"] = "none.placement.h5";
  write_json_file(path("lost.json"), design);
  design["placement"]["file"] = "p.placement.h5";
  design["placement"]["sha256"] = "0";
  write_json_file(path("other.json"), design);
  design = read_json_file(path("p.json"));
  design.erase("placement");
  write_json_file(path("none.json"), design);
  design = read_json_file(path("p.json"));
  design["placement"]["kind"] = "best";
  write_json_file(path("kind.json"), design);
  write("pooling.yaml", "embedding_tile: {pooling: magic}\n");
  write("narrow.yaml",
        "crossbar: {cell_bits: 4}\nadc: {bits: 3}\nembedding_tile: {pooling: array}\n");
  check("simulate ",
        {{"lost.json", "lost.json: placement.file"},
         {"other.json", "other.json: placement.file"},
         {"none.json", "none.json: tiles["},
         {"kind.json", "kind.json: placement.kind"}},
        " --trace t.h5 -o x");
  check("map --model m -o x.json ",
        {{"--hardware pooling.yaml", "embedding_tile.pooling = \"magic\": accepted: adders, array"},
         {"--hardware narrow.yaml", "embedding_tile.pooling = array"}});
}

TEST_F(BadInputTest, TheCommandLine) {
  check("", {{"nonsense", "subcommand = nonsense: accepted: "},
             {"trace nonsense", "nonsense"},
             {"map --model m --colour red -o x.json", "colour"},
             {"map --model m -o x.json -o y.json", "out"},
             {"map --model m -o", "out"},
             {"map -o x.json", "--model"},
             {"map --model m", "--out"},
             {"map --mod m -o x.json", "mod"},
             {"simulate d.json surplus --trace t.h5 -o x", "too many positional"},
             {"trace generate --samples minus -o x.h5", "--samples = minus"},
             {"trace generate --samples 0 -o x.h5", "--samples = 0"},
             {"trace generate --rows 0 -o x.h5", "--rows = 0"},
             {"trace generate --tables -1 -o x.h5", "--tables = -1"},
             {"trace generate --skew hot -o x.h5", "--skew = hot"},
             {"trace generate --pooling 0 -o x.h5", "--pooling = 0"},
             {"trace generate --seed 1.5 -o x.h5", "--seed = 1.5"},
             {"trace generate --tables 0 --dense 0 -o x.h5", "dense"}});
}

TEST_F(BadInputTest, Imports) {
  write("short.tsv", "0\t1\n");
  write("letter.csv", "1,2,3\n4,five,6\n");
  write("ragged.csv", "1,2,3\n4,5\n");
  write("nothing.txt", "");
  write("odd.bin", "abc");
  write("bad.libsvm", "1 3:1 2\n");
  write("minus.txt", "1, 2\n3, -4\n");
  check("", {{"trace import --format criteo short.tsv -o x.h5", "short.tsv: line 1"},
             {"trace import --format nonsense short.tsv -o x.h5", "--format = nonsense"},
             {"trace import --format criteo missing.tsv -o x.h5", "missing.tsv"},
             {"trace import --format criteo nothing.txt -o x.h5", "nothing.txt"},
             {"trace import --format avazu letter.csv -o x.h5", "letter.csv"},
             {"trace import --format kdd2012 letter.csv -o x.h5", "letter.csv"},
             {"trace import --format vectors letter.csv -o x.h5", "letter.csv: line 2"},
             {"trace import --format vectors ragged.csv -o x.h5", "ragged.csv: line 2"},
             {"trace import --format dlrm-bin odd.bin -o x.h5", "odd.bin"},
             {"trace import --format vectors '' -o x.h5", "FILE: accepted: a value"},
             {"trace import --format vectors letter.csv -o ''", "--out: accepted: a value"},
             {"trace import --format vectors letter.csv --bag 2 -o x.h5",
              "--bag = 2: accepted: only with --format indices, not vectors"},
             {"trace import --format libsvm bad.libsvm -o x.h5", "bad.libsvm: line 1"},
             {"trace import --format indices minus.txt -o x.h5", "minus.txt: line 2"},
             {"trace import --format criteo short.tsv --table-rows 0 -o x.h5", "--table-rows = 0"},
             {"trace import short.tsv -o x.h5", "--format"},
             {"trace import --format criteo full -o x.h5", "full"}});
}

TEST_F(BadInputTest, TraceFiles) {
  for (const char* use :
       {"trace info ", "model create --kind dlrm -o x --trace ", "simulate d.json -o x --trace ",
        "model evaluate m --trace ", "train --model m -o x --trace "}) {
    check(use, {{"cut.h5", "cut.h5"},
                {"foreign.h5", "foreign.h5"},
                {"empty.h5", "empty.h5"},
                {"missing.h5", "missing.h5"},
                {"full", "full"},
                {"d.json", "d.json"}});
  }
}

TEST_F(BadInputTest, Models) {
  fs::copy(path("m"), path("badjson"), fs::copy_options::recursive);
  write("badjson/model.json", "{\"schema\": ");
  fs::copy(path("m"), path("badkey"), fs::copy_options::recursive);
  Json model = read_json_file(path("m/model.json"));
  model["colour"] = "red";
  write_json_file(path("badkey/model.json"), model);
  fs::copy(path("m"), path("badbits"), fs::copy_options::recursive);
  model = read_json_file(path("m/model.json"));
  model["operators"][1]["weight_bits"] = 3;
  write_json_file(path("badbits/model.json"), model);
  fs::copy(path("m"), path("badloop"), fs::copy_options::recursive);
  model = read_json_file(path("m/model.json"));
  model["operators"][1]["inputs"][0] = model["operators"][2]["name"];
  write_json_file(path("badloop/model.json"), model);
  fs::copy(path("m"), path("cutweights"), fs::copy_options::recursive);
  write("cutweights/model.h5", read_text_file(path("m/model.h5")).substr(0, 3000));
  fs::copy(path("m"), path("noweights"), fs::copy_options::recursive);
  fs::remove(path("noweights/model.h5"));
  check("",
        {{"map --model badjson -o x.json", "badjson/model.json: line 1"},
         {"map --model badkey -o x.json", "badkey/model.json: colour"},
         {"map --model badbits -o x.json", "weight_bits"},
         {"map --model badloop -o x.json", "badloop/model.json"},
         {"map --model cutweights -o x.json", "cutweights/model.h5"},
         {"map --model noweights -o x.json", "noweights"},
         {"map --model full -o x.json", "full"},
         {"map --model missing -o x.json", "missing"},
         {"model show missing", "missing"},
         {"model create --kind tree --trace t.h5 -o x", "--kind = tree"},
         {"model create --kind mlp --trace v.h5 --layers 16 -o x", "--layers"},
         {"model create --kind mlp --trace v.h5 --layers 15-8 -o x", "dense"},
         {"model create --kind mlp --trace v.h5 --layers 16-0 -o x", "--layers = 16-0"},
         {"model create --kind dlrm --trace v.h5 -o x", "tables"},
         {"model create --kind dlrm --trace t.h5 --bottom 8-5 --embedding-dim 4 -o x", "--bottom"},
         {"model create --kind dlrm --trace t.h5 --top 8-2 -o x", "--top"},
         {"model create --kind dlrm --trace sparse.h5 --bottom 8-16 -o x", "--bottom = 8-16"},
         {"model create --kind dlrm --trace t.h5 --weight-bits 3 -o x", "--weight-bits = 3"},
         {"model create --kind mlp --trace v.h5 --layers 16-8 -o full", "full"},
         {"model create --kind dlrm --trace t.h5 --layers 16-8 -o x", "--layers = 16-8"},
         {"model create --kind mlp --trace v.h5 --layers 16-8 --top 8-1 -o x", "--top = 8-1"},
         {"model create --kind mlp --trace v.h5 --layers 16-8 --name '' -o x", "--name"},
         {"model create --kind mlp --trace v.h5 --layers 16-8 --name 'a\nb' -o x", "--name"},
         {"model evaluate m --trace two.h5", "two.h5"},
         {"model evaluate m --trace four.h5", "four.h5: tables = 4: accepted: 3"},
         {"model evaluate m --trace t.h5 --split some", "--split = some"},
         {"model evaluate m --trace t.h5 --split test", "split"},
         {"train --model m --trace two.h5 -o x", "two.h5"},
         {"train --model m --trace t.h5 --epochs 0 -o x", "--epochs = 0"},
         {"train --model m --trace t.h5 --learning-rate fast -o x", "--learning-rate = fast"}});
}

TEST_F(BadInputTest, Hardware) {
  const std::pair<const char*, const char*> files[] = {
      {"adc: {bits: 0}", "hw.yaml: adc.bits = 0: accepted: a whole number from 3 to 12"},
      {"adc: {bits: eight}", "adc.bits = \"eight\""},
      {"adc: {bits: 8.5}", "adc.bits = 8.5"},
      {"adc: {bit: 8}", "adc.bit = unknown key"},
      {"adc: 8", "adc = 8"},
      {"mesh: {flit_bits: 7}", "mesh.flit_bits = 7: accepted: a power of two from 32 to 512"},
      {"crossbar: {rows: 96}", "crossbar.rows = 96"},
      {"crossbar: {encoding: unary}", "crossbar.encoding = \"unary\""},
      {"crossbar: {read_ns: -1}", "crossbar.read_ns = -1"},
      {"clock_mhz: 0", "clock_mhz = 0"},
      {"clock_mhz: fast", "clock_mhz = \"fast\""},
      {"buffer_slots: 5", "buffer_slots = 5"},
      {"adc: {columns_per_adc: 256}", "adc.columns_per_adc = 256"},
      {"colour: red", "colour = unknown key"},
      {"mesh: [1, 2", "hw.yaml: line"},
      {"just words", "hw.yaml: top level"},
      {"", "hw.yaml: top level"},
      {"mesh: {columns: 2, rows: 2}", "does not fit the chip: needs 7 tiles"},
      {"embedding_tile: {banks: 1, bank_kib: 1}\nmesh: {columns: 6}\nbuffer_slots: 9",
       "buffer_slots = 9"},
      {"interaction_tile: {max_elements: 15}", "needs 16 input elements"},
      {"crossbar: {cell_bits: 1}\nadc: {columns_per_adc: 4}", "needs 8 columns on one ADC"}};
  for (const auto& [text, complaint] : files) {
    SCOPED_TRACE(text);
    write("hw.yaml", text);
    check("", {{"map --model m --hardware hw.yaml -o x.json", complaint}});
  }
  check("", {{"map --model m --hardware missing.yaml -o x.json", "missing.yaml"},
             {"map --model m --hardware full -o x.json", "full"},
             {"map --model m --hardware t.h5 -o x.json", "t.h5"},
             {"map --model m --strategy best -o x.json", "--strategy = best"},
             {"map --model m -o full", "full"}});
}

/// Overwrites the first index of the first table with one past it.
void spoil_index(const std::string& file) {
  const hid_t id = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(id, 0);
  const std::string place = layout::table_place(0) + "/indices";
  const hid_t data = H5Dopen2(id, place.c_str(), H5P_DEFAULT);
  ASSERT_GE(data, 0);
  const hid_t space = H5Dget_space(data);
  const hsize_t first = 0;
  const hsize_t one = 1;
  H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, nullptr, &one, nullptr);
  const hid_t memory = H5Screate_simple(1, &one, nullptr);
  const std::uint32_t past = 50;
  EXPECT_GE(H5Dwrite(data, H5T_NATIVE_UINT32, memory, space, H5P_DEFAULT, &past), 0);
  H5Sclose(memory);
  H5Sclose(space);
  H5Dclose(data);
  H5Fclose(id);
}

TEST_F(BadInputTest, Simulations) {
  fs::copy(path("t.h5"), path("past.h5"));
  spoil_index(path("past.h5"));
  fs::copy(path("m"), path("changed"), fs::copy_options::recursive);
  good("map --model changed -o changed.json");
  Json model = read_json_file(path("changed/model.json"));
  model["name"] = "another";
  write_json_file(path("changed/model.json"), model);
  good("map --model mlp -o mlp.json");
  Json design = read_json_file(path("d.json"));
  design["tiles"][1]["x"] = 99;
  write_json_file(path("place.json"), design);
  design = read_json_file(path("d.json"));
  design["tiles"][1]["sends"][0]["port"] = 3;
  write_json_file(path("port.json"), design);
  design = read_json_file(path("d.json"));
  design["hardware"]["mesh"]["flit_bits"] = 7;
  write_json_file(path("flit.json"), design);
  design = read_json_file(path("d.json"));
  design["hardware"]["technology"] = "papyrus";
  write_json_file(path("papyrus.json"), design);
  design = read_json_file(path("d.json"));
  design["tiles"][1]["channels"] = design["tiles"][1]["outputs"] = 1;
  write_json_file(path("partial.json"), design);
  design = read_json_file(path("d.json"));
  design["hardware"]["embedding_tile"]["max_lookups"] = 2;
  write_json_file(path("few.json"), design);
  check("simulate ",
        {{"broken.json", "broken.json: line 1"},
         {"missing.json", "missing.json"},
         {"t.h5", "t.h5"},
         {"changed.json", "model.path"},
         {"place.json", "place.json: tiles[1].x"},
         {"port.json", "port.json: tiles[1].sends[0].port"},
         {"flit.json", "flit.json: hardware.mesh.flit_bits = 7"},
         {"papyrus.json", "technology = papyrus: accepted: isaac-32nm, puma-32nm, rram-22nm"},
         {"partial.json", "partial.json: tiles["},
         {"few.json", "sample 0 = 3 lookups at one embedding tile: accepted: at most 2"},
         {"d.json --samples minus", "--samples = minus"},
         {"d.json --samples 0", "--samples = 0"},
         {"d.json --samples 41", "t.h5"},
         {"d.json --first 40", "t.h5"},
         {"d.json --samples 10 --warmup 10", "--warmup = 10"},
         {"d.json --mode guess", "--mode = guess"},
         {"d.json --arrival trace", "t.h5: /arrival_ns: accepted: arrivals"},
         {"d.json --arrival never", "--arrival = never: accepted: back-to-back, poisson, trace"},
         {"d.json --arrival poisson", "--rate: accepted: samples a second"},
         {"d.json --arrival poisson --rate 0", "--rate = 0"},
         {"d.json --arrival poisson --rate 2e5,1e5", "--rate = 2e5,1e5"},
         {"d.json --arrival poisson --rate 1e-3 --samples 40", "--rate = 0.001"},
         {"d.json --arrival poisson --rate 1e-3,1e6", "--rate = 0.001"},
         {"d.json --arrival poisson --rate 1e6 --jobs 2", "--jobs = 2"},
         {"d.json --arrival poisson --rate 1e6 --sweep 1:2:3", "--sweep = 1:2:3"},
         {"d.json --arrival poisson --sweep 2e5:1e5:4", "--sweep = 2e5:1e5:4"},
         {"d.json --arrival poisson --sweep 1e5:2e5:1", "--sweep = 1e5:2e5:1"},
         {"d.json --arrival trace --sweep 1e5:2e5:2", "t.h5: /arrival_ns"},
         {"d.json --rate 1e6", "--rate = 1e6: accepted: only with --arrival"},
         {"d.json --seed 3", "--seed = 3: accepted: only with --arrival poisson"},
         {"d.json --window 0:5", "--window = 0:5: accepted: only with"},
         {"d.json --timeline y --window 5:5", "--window = 5:5"},
         {"d.json --timeline y --window 5", "--window = 5"},
         {"d.json --timeline t.h5", "t.h5: accepted: a place of its own"},
         {"d.json --timeline full", "full"},
         {"d.json --timeline y --wave y", "--wave = y"},
         {"d.json --samples 41 --timeline y", "t.h5"},
         {"d.json --timeline y --arrival poisson --rate 1e5,2e5", "--timeline = y"}},
        " --trace t.h5 -o x");
  check("", {{"simulate d.json --trace two.h5 -o x", "two.h5"},
             {"simulate d.json --trace v.h5 -o x", "v.h5"},
             {"simulate mlp.json --trace t.h5 -o x", "t.h5"},
             {"simulate d.json --trace past.h5 -o x", "past.h5"},
             {"simulate d.json --trace past.h5 --mode timing -o x", "past.h5"},
             {"cosim broken.json --trace t.h5 -o x", "broken.json: line 1"},
             {"cosim changed.json --trace t.h5 -o x", "model.path"},
             {"cosim d.json --trace cut.h5 -o x", "cut.h5"},
             {"cosim d.json --trace two.h5 -o x", "two.h5"},
             {"cosim d.json --trace t.h5 --samples 0 -o x", "--samples = 0"},
             {"cosim d.json --trace t.h5 --samples 41 -o x", "t.h5"},
             {"cosim d.json --trace t.h5 --x-initial -1 -o x", "--x-initial = -1"},
             {"cosim d.json --trace t.h5 -o full", "full"},
             {"rtl broken.json -o x", "broken.json: line 1"},
             {"rtl changed.json -o x", "model.path"},
             {"rtl port.json -o x", "port.json: tiles[1].sends[0].port"},
             {"rtl d.json -o full", "full"},
             {"simulate d.json --trace t.h5 -o full", "full"},
             {"simulate d.json --trace t.h5 -o t.h5", "t.h5"}});
}

TEST_F(BadInputTest, Explanations) {
  good("map --model m --strategy balanced --max-tiles 20 -o balanced.json");
  good("simulate balanced.json --trace t.h5 -o run");
  good("map --model mlp -o mlp.json");
  good(
      "model create --kind dlrm --trace t.h5 --embedding-dim 4 --bottom 8-4 --top 8-1 --seed 2 -o "
      "m2");
  good("map --model m2 --strategy balanced --max-tiles 20 -o m2.json");  // As many tiles.
  good("explain-cost balanced.json --result run/result.json --component adc");
  check("explain-cost ",
        {{"", "design"},
         {"missing.json", "missing.json"},
         {"broken.json", "broken.json: line 1"},
         {"d.json --component nonsense", "--component = nonsense: accepted: accumulator, adc, "},
         {"d.json --lookups-a-table -1", "--lookups-a-table = -1"},
         {"d.json --result missing.json", "missing.json"},
         {"d.json --result d.json", "d.json: design: accepted: this key"},
         {"d.json --result run/result.json", "run/result.json: design = "},
         {"m2.json --result run/result.json", "run/result.json: design = "},
         {"mlp.json --result run/result.json", "run/result.json: design = "},
         {"balanced.json --result run/result.json --lookups-a-table 2", "only without --result"}});
}

TEST_F(BadInputTest, Searches) {
  write("key.yaml", "crossbar: {rows: [64], depth: 3}\n");
  write("value.yaml", "adc: {bits: [0, 8]}\n");
  write("empty.yaml", "adc: {bits: []}\n");
  write("bits.yaml", "weight_bits: [3]\n");
  write("name.yaml", "weight_bits: {operators: {nobody: [8]}}\n");
  write("syntax.yaml", "adc: [1, 2\n");
  write("few.yaml", "embedding_tile: {max_lookups: 2}\n");
  fs::copy(path("t.h5"), path("past.h5"));
  spoil_index(path("past.h5"));
  check("search --model m -o x --trace ",
        {{"missing.h5", "missing.h5"},
         {"cut.h5", "cut.h5"},
         {"two.h5", "two.h5"},
         {"t.h5 --hardware-space missing.yaml", "missing.yaml"},
         {"t.h5 --hardware-space key.yaml", "key.yaml: crossbar.depth"},
         {"t.h5 --hardware-space value.yaml", "value.yaml: adc.bits"},
         {"t.h5 --hardware-space empty.yaml", "empty.yaml: adc.bits"},
         {"t.h5 --hardware-space bits.yaml", "bits.yaml: weight_bits"},
         {"t.h5 --hardware-space name.yaml", "nobody"},
         {"t.h5 --hardware-space syntax.yaml", "syntax.yaml: line"},
         {"t.h5 --samples 8 --hardware-space few.yaml", "lookups at one embedding tile"},
         {"past.h5 --samples 8", "past.h5"},
         {"t.h5 --algorithm luck", "--algorithm = luck"},
         {"t.h5 --evaluations 0", "--evaluations = 0"},
         {"t.h5 --evaluations some", "--evaluations = some"},
         {"t.h5 --samples 0", "--samples = 0"},
         {"t.h5 --samples 41", "41"},
         {"t.h5 --jobs 0", "--jobs = 0"},
         {"t.h5 --seed -1", "--seed = -1"},
         {"t.h5 --objective beauty=1", "beauty"}});
  check("search ", {{"--model missing --trace t.h5 -o x", "missing"},
                    {"--trace t.h5 -o x", "--model"},
                    {"--count --model m --seed 3", "--seed = 3: accepted: without --count"},
                    {"--count --model m -o x", "--out = x: accepted: without --count"},
                    {"--count --resume", "--resume: accepted: without --count"},
                    {"--model m --trace t.h5", "--out"},
                    {"--model m --trace t.h5 --samples 8 -o full", "full"},
                    {"--model m --trace t.h5 --samples 8 -o full --resume", "full"}});
}

TEST_F(BadInputTest, OutputsThatWouldReplaceInputs) {
  write("hw.yaml", "adc: {bits: 8}\n");
  fs::create_hard_link(path("t.h5"), path("same.h5"));
  fs::create_symlink("m/model.json", path("link.json"));
  check("", {{"map --model m -o m/model.json", "m/model.json: accepted: a place of its own"},
             {"map --model m -o link.json", "link.json: accepted: a place of its own"},
             {"map --model m --hardware hw.yaml -o hw.yaml", "hw.yaml: accepted: a place"},
             {"model evaluate m --trace t.h5 -o t.h5", "t.h5: accepted: a place of its own"},
             {"model evaluate m --trace t.h5 -o same.h5", "same.h5: accepted: a place of its own"},
             {"model evaluate m --trace t.h5 -o m/model.h5", "m/model.h5: accepted: a place"},
             {"map --model m -o 'd\377.json'", "--out: accepted: text in UTF-8"}});
}

// A design names its model relative to where it really lies.
TEST_F(BadInputTest, DesignsAreFoundThroughLinks) {
  fs::create_directories(path("x/y/z"));
  fs::create_directory_symlink("x/y/z", path("zz"));
  good("map --model m -o zz/d.json");
  good("simulate zz/d.json --trace t.h5 --samples 4 -o through");
  fs::create_directories(path("a"));
  fs::create_symlink("../d.json", path("a/link.json"));
  good("simulate a/link.json --trace t.h5 --samples 4 -o linked");
}

}  // namespace
}  // namespace recpim
