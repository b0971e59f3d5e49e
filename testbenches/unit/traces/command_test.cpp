// SPDX-License-Identifier: Apache-2.0
// recpim trace as a user calls it: exit codes, one line of complaint, nothing half-written.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "testbenches/unit/traces/scratch.h"
#include "traces/format/trace.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

struct Outcome {
  int code = -1;
  std::string out, err;
};

Outcome recpim(const Scratch& scratch, const std::string& arguments) {
  const Scratch* s = &scratch;
  const std::string command = "cd '" + s->at("") + "' && '" RECPIM_COMMAND "' " + arguments +
                              " >'" + s->at("out.txt") + "' 2>'" + s->at("err.txt") + "'";
  const int status = std::system(command.c_str());
  Outcome run;
  run.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  run.out = read_text_file(s->at("out.txt"));
  run.err = read_text_file(s->at("err.txt"));
  std::filesystem::remove(s->at("out.txt"));
  std::filesystem::remove(s->at("err.txt"));
  return run;
}

std::string sample(const std::string& name) {
  return "'" RECPIM_SOURCE_DIR "/traces/samples/" + name + "'";
}

TEST(TraceCommand, GenerateAndInfo) {
  const Scratch scratch;
  EXPECT_EQ(recpim(scratch,
                   "trace generate --tables 4 --rows 200 --dense 8 --samples 64 "
                   "--skew 1.1 --seed 12 -o t.h5")
                .code,
            0);
  const Outcome info = recpim(scratch, "trace info t.h5 --json");
  EXPECT_EQ(info.code, 0);
  EXPECT_EQ(info.err, "");
  const Json json = Json::parse(info.out);
  EXPECT_EQ(json["samples"], 64);
  EXPECT_EQ(json["tables"].size(), 4U);
  EXPECT_EQ(json["tables"][3]["lookups"], 64);
  EXPECT_NE(recpim(scratch, "trace info t.h5").out.find("unique rows"), std::string::npos);
}

TEST(TraceCommand, ImportSaysWhatItSkipped) {
  const Scratch scratch;
  EXPECT_EQ(
      recpim(scratch, "trace import --format kdd2012 " + sample("kdd2012.csv") + " -o k.h5").code,
      0);
  write_text_file(scratch.at("v.csv"), "1,2\nx,3\n5,6\n");
  const Outcome run =
      recpim(scratch, "trace import --format vectors v.csv -o v.h5 --skip-bad-lines");
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.err, "recpim: skipped 1 malformed lines, the first: line 2, field 1 = x\n");
  EXPECT_EQ(TraceReader(scratch.at("v.h5")).info().samples, 2U);
}

TEST(TraceCommand, Help) {
  const Scratch scratch;
  for (const char* words :
       {"trace --help", "trace import --help", "trace generate --help", "trace info --help"}) {
    const Outcome run = recpim(scratch, words);
    EXPECT_EQ(run.code, 0) << words;
    EXPECT_EQ(run.out.rfind("usage: recpim trace", 0), 0U) << words;
  }
}

TEST(TraceCommand, BadInputIsOneLineExitTwoAndNoFile) {
  const Scratch scratch;
  write_text_file(scratch.at("short.tsv"), "0\t1\n");
  write_text_file(scratch.at("empty.tsv"), "");
  const char* const cases[] = {
      "trace",
      "trace nonsense",
      "trace import",
      "trace import --format criteo short.tsv",
      "trace import --format criteo short.tsv -o o.h5",
      "trace import --format criteo empty.tsv -o o.h5",
      "trace import --format criteo none.tsv -o o.h5",
      "trace import --format criteo . -o o.h5",
      "trace import --format nonsense short.tsv -o o.h5",
      "trace import --format criteo --table-rows 1 short.tsv -o o.h5",
      "trace import --format criteo --samples minus short.tsv -o o.h5",
      "trace import --format indices --bag 0 short.tsv -o o.h5",
      "trace import --format criteo --bag 2 short.tsv -o o.h5",
      "trace import --format vectors --libsvm-as dense short.tsv -o o.h5",
      "trace import --format vectors '' -o o.h5",
      "trace generate --arrival-rate 0 -o o.h5",
      "trace generate --arrival-rate fast -o o.h5",
      "trace generate --samples 10",
      "trace generate --samples 0 -o o.h5",
      "trace generate --tables 0 --dense 0 -o o.h5",
      "trace generate --rows 0 -o o.h5",
      "trace generate --tables 2 --rows 10-20-30 -o o.h5",
      "trace generate --skew -1 -o o.h5",
      "trace generate --skew nan -o o.h5",
      "trace generate --pooling 0 -o o.h5",
      "trace generate --locality none.txt -o o.h5",
      "trace generate --locality short.tsv -o o.h5",
      "trace generate --locality-block x -o o.h5",
      "trace generate --unknown 1 -o o.h5",
      "trace generate --planted-strengths 1 -o o.h5",
      "trace generate --planted-strengths 1,x,1 -o o.h5",
      "trace generate --planted-strengths 1,1,-1 -o o.h5",
      "trace generate --planted-strengths 1,1,1,1 -o o.h5",
      "trace generate --planted-strengths 1,1,nan -o o.h5",
      "trace generate --planted-strengths 1,1,1 --planted-dims 16 -o o.h5",
      "trace generate --planted-strengths 1,1,1 --planted-tables 26 -o o.h5",
      "trace generate --planted-strengths 1,1,1 --planted-tables 1-1 -o o.h5",
      "trace generate --planted-strengths 1,1,1 --planted-dense 0- -o o.h5",
      "trace generate --planted-strengths 1,1,1 --tables 2 --dense 0 -o o.h5",
      "trace generate --planted-strengths 1,1,0 --planted-tables none --planted-dense 3 -o o.h5",
      "trace generate --planted-strengths 1,1,1 --click-rate 1 -o o.h5",
      "trace generate --planted-dims 3 -o o.h5",
      "trace generate --click-rate 0.1 -o o.h5",
      "trace info none.h5",
      "trace info short.tsv",
      "trace info",
  };
  const std::size_t before = scratch.files();
  for (const char* words : cases) {
    const Outcome run = recpim(scratch, words);
    EXPECT_EQ(run.code, 2) << words << ": " << run.err;
    EXPECT_EQ(run.out, "") << words;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << words << ": " << run.err;
    EXPECT_EQ(scratch.files(), before) << words;
  }
}

}  // namespace
}  // namespace recpim
