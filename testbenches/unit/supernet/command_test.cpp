// SPDX-License-Identifier: Apache-2.0
// recpim train --space and recpim model extract as a user calls them: exit codes, one line of
// complaint, nothing half-written, and a training that is killed and resumed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "models/graph/graph.h"
#include "models/supernet/supernet_file.h"
#include "testbenches/unit/supernet/kill.h"
#include "testbenches/unit/supernet/tiny.h"
#include "traces/support/output.h"

namespace recpim::supernet {
namespace {

class SupernetCommand : public testing::Test {
 protected:
  void SetUp() override {
    write_json_file(scratch_.at("tiny.json"), ArchitectureSpace(test::tiny_space()).to_json());
    std::filesystem::rename(test::generated_trace(scratch_, 600), scratch_.at("t.h5"));
    Random random(3, 1);
    write_text_file(scratch_.at("a.json"),
                    encode(ArchitectureSpace(test::tiny_space()).sample(random)));
  }

  std::string line(const std::string& arguments) {
    return "cd '" + scratch_.at("") + "' && exec '" RECPIM_COMMAND "' " + arguments +
           " >out.txt 2>err.txt";
  }
  // The exit code; what was printed is in out_ and err_.
  int recpim(const std::string& arguments) {
    const int status = std::system(line(arguments).c_str());
    out_ = read_text_file(scratch_.at("out.txt"));
    err_ = read_text_file(scratch_.at("err.txt"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // Starts the command and does not wait for it.
  pid_t start(const std::string& arguments) {
    const std::string command = line(arguments);
    const pid_t child = fork();
    if (child != 0) return child;
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }

  void expect_rejected(const std::string& arguments, const std::string& part) {
    EXPECT_EQ(recpim(arguments + " -o rejected"), 2) << arguments;
    EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
    EXPECT_NE(err_.find(part), std::string::npos) << err_;
    EXPECT_FALSE(std::filesystem::exists(scratch_.at("rejected"))) << arguments;
  }
  std::string bytes(const std::string& folder) {
    return read_text_file(scratch_.at(folder + "/supernet.json")) +
           read_text_file(scratch_.at(folder + "/weights.h5"));
  }

  test::ScratchFolder scratch_;
  std::string out_, err_;
};

TEST_F(SupernetCommand, TrainExtractEvaluate) {
  ASSERT_EQ(recpim("train --space tiny.json --trace t.h5 --batch 32 --epochs 2 --seed 3 -o s"), 0)
      << err_;
  EXPECT_NE(out_.find("log loss"), std::string::npos);
  EXPECT_EQ(err_, "");
  const Supernet supernet = load_supernet(scratch_.at("s"));
  EXPECT_TRUE(supernet.finished());
  EXPECT_EQ(supernet.steps, 30U);  // 480 samples, 15 steps an epoch
  EXPECT_EQ(supernet.options.warmup_steps, 15U);
  EXPECT_EQ(supernet.options.step.rate, 0.01);
  EXPECT_EQ(supernet.split.seed, 3U);
  ASSERT_EQ(recpim("model extract --supernet s --genome a.json --trace t.h5 --fine-tune 5 "
                   "--name small -o m"),
            0)
      << err_;
  const Model model = load_model(scratch_.at("m"));
  EXPECT_EQ(model.name, "small");
  EXPECT_EQ(model.split->samples, 600U);
  ASSERT_EQ(recpim("model evaluate m --trace t.h5 --split test"), 0) << err_;
  EXPECT_EQ(recpim("train --help"), 0);
  EXPECT_NE(out_.find("--checkpoint-seconds"), std::string::npos);
  EXPECT_EQ(recpim("model extract --help"), 0);
}

TEST_F(SupernetCommand, WrongInput) {
  const std::string train = "train --trace t.h5 ";
  expect_rejected("train --trace t.h5", "--space");
  expect_rejected(train + "--space nasrec-medium", "nasrec-full");
  expect_rejected(train + "--space t.h5", "t.h5");
  expect_rejected(train + "--space tiny.json --model m", "--model = m");
  expect_rejected(train + "--space tiny.json --table-learning-rate -1",
                  "--table-learning-rate = -1");
  expect_rejected(train + "--space tiny.json --threads 0", "--threads = 0");
  expect_rejected(train + "--space tiny.json --warmup-steps -1", "--warmup-steps = -1");
  expect_rejected(train + "--space tiny.json --checkpoint-steps 0", "--checkpoint-steps = 0");
  expect_rejected(train + "--space tiny.json --epochs 0", "--epochs = 0");
  expect_rejected(train + "--model m --warmup-steps 3", "--warmup-steps = 3");
  expect_rejected(train + "--model m --checkpoint-seconds 3", "--checkpoint-seconds = 3");
  expect_rejected("train --trace none.h5 --space tiny.json", "none.h5");
  ASSERT_EQ(recpim("trace generate --tables 2 --rows 50 --dense 0 --samples 50 --seed 2 -o d.h5"),
            0);
  expect_rejected("train --trace d.h5 --space tiny.json", "dense features = 0");

  ASSERT_EQ(recpim("train --space tiny.json --trace t.h5 --epochs 1 -o s"), 0) << err_;
  const std::string extract = "model extract --trace t.h5 --supernet ";
  expect_rejected(extract + "none --genome a.json", "none");
  expect_rejected(extract + "s --genome b.json", "--genome = b.json");
  expect_rejected(extract + "s --genome nasrec-kdd-full", "blocks");
  expect_rejected(extract + "s --genome a.json --fine-tune -1", "--fine-tune = -1");
  expect_rejected("model extract --trace d.h5 --supernet s --genome a.json", "dense features");
  std::filesystem::resize_file(scratch_.at("s/weights.h5"), 2000);
  expect_rejected(extract + "s --genome a.json", "weights.h5");
}

TEST_F(SupernetCommand, KilledAndResumed) {
  const std::string train =
      "train --space tiny.json --trace t.h5 --batch 16 --epochs 3 --checkpoint-steps 1 ";
  ASSERT_EQ(recpim(train + "-o whole"), 0) << err_;
  int kills = 0;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = start(train + "--resume -o cut");
    const std::chrono::microseconds little(500 * i);
    kills += test::kill_after(child, scratch_.at("cut/weights.h5"), 1 + 2 * i, little) ? 1 : 0;
  }
  EXPECT_GT(kills, 1);
  if (presence_of(scratch_.at("cut")) == Presence::kUnfinished) {
    // Not by accident, and not with other options.
    EXPECT_EQ(recpim(train + "-o cut"), 2);
    EXPECT_NE(err_.find("--resume"), std::string::npos) << err_;
    EXPECT_EQ(recpim("train --trace t.h5 --epochs 4 --resume -o cut"), 2);
    EXPECT_NE(err_.find("--epochs = 4: accepted: 3"), std::string::npos) << err_;
    EXPECT_EQ(recpim("train --trace t.h5 --seed 9 --resume -o cut"), 2);
    EXPECT_EQ(recpim("train --trace t.h5 --space nasrec-full --resume -o cut"), 2);
  }
  ASSERT_EQ(recpim("train --trace t.h5 --resume -o cut"), 0) << err_;
  EXPECT_EQ(bytes("cut"), bytes("whole"));
  // Once more: it is finished, and stays as it is.
  ASSERT_EQ(recpim(train + "--resume -o cut"), 0) << err_;
  EXPECT_EQ(bytes("cut"), bytes("whole"));
  std::filesystem::remove(scratch_.at("t.h5"));
  std::filesystem::rename(test::generated_trace(scratch_, 600, 8), scratch_.at("t.h5"));
  EXPECT_EQ(recpim("train --trace t.h5 --resume -o cut"), 2);
  EXPECT_NE(err_.find("sha256"), std::string::npos) << err_;
}

}  // namespace
}  // namespace recpim::supernet
