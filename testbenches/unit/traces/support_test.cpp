// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <filesystem>

#include "traces/support/error.h"
#include "traces/support/interruption.h"
#include "traces/support/json.h"
#include "traces/support/math.h"
#include "traces/support/output.h"
#include "traces/support/random.h"
#include "traces/support/sha256.h"
#include "traces/support/subprocess.h"

namespace recpim {
namespace {

TEST(CeilDiv, ExactInexactAndZeroDivisor) {
  EXPECT_EQ(ceil_div(128, 32), 4);
  EXPECT_EQ(ceil_div(129, 32), 5);
  EXPECT_EQ(ceil_div(0, 32), 0);
  EXPECT_EQ(ceil_div(1, 32), 1);
  EXPECT_THROW(ceil_div(1, 0), std::invalid_argument);
}

// Known-answer vectors of the Random123 distribution (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (std::array<std::uint32_t, 4>{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U}));
  EXPECT_EQ(
      philox4x32({0xffffffffU, 0xffffffffU, 0xffffffffU, 0xffffffffU}, {0xffffffffU, 0xffffffffU}),
      (std::array<std::uint32_t, 4>{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU}));
}

// FIPS 180-2, appendix B.1.
TEST(Sha256, Abc) {
  EXPECT_EQ(sha256_of_text("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(JsonView, NamesFilePlaceValueAndWhatIsAccepted) {
  const Json json = Json::parse(R"({"adc": {"bits": 0}, "x": 1})");
  const JsonView view(json, "hw.yaml");
  try {
    view.at("adc").at("bits").integer(1, 16);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "hw.yaml: adc.bits = 0: accepted: a whole number from 1 to 16");
  }
  EXPECT_THROW(view.only({"adc"}), InputError);
}

TEST(OutputFile, LeavesNothingWithoutCommit) {
  const auto folder = std::filesystem::temp_directory_path() / "recpim-output-test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  { const OutputFile out((folder / "a").string()); }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  write_text_file((folder / "a").string(), "x");
  EXPECT_EQ(read_text_file((folder / "a").string()), "x");
  EXPECT_THROW(OutputFolder(folder.string(), "result.json"), InputError);
  std::filesystem::remove_all(folder);
}

TEST(OutputFile, WritesThroughLinksAndRefusesDevices) {
  namespace fs = std::filesystem;
  const auto folder = fs::temp_directory_path() / "recpim-output-kinds-test";
  fs::remove_all(folder);
  fs::create_directories(folder);
  write_text_file((folder / "real").string(), "old");
  fs::create_symlink(folder / "real", folder / "link");
  write_text_file((folder / "link").string(), "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_text_file((folder / "real").string()), "new");
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(OutputFile((folder / "pipe").string()), InputError);
  EXPECT_THROW(OutputFile((folder / ".").string()), InputError);
  fs::remove_all(folder);
}

// A run into the folder of an earlier one replaces its results and keeps what else lies there; the
// remains of a run that was killed go.
TEST(OutputFolder, KeepsWhatIsNotItsOwnAndRemovesRemains) {
  namespace fs = std::filesystem;
  const auto parent = fs::temp_directory_path() / "recpim-output-folder-test";
  fs::remove_all(parent);
  fs::create_directories(parent / "run");
  write_text_file((parent / "run" / "result.json").string(), "1");
  write_text_file((parent / "run" / "notes.txt").string(), "mine");
  fs::create_directories(parent / ".run.part-999999999");  // No process has this number.
  {
    OutputFolder out((parent / "run").string(), "result.json");
    write_text_file(out.path() + "/result.json", "2");
    out.commit();
  }
  EXPECT_EQ(read_text_file((parent / "run" / "result.json").string()), "2");
  EXPECT_EQ(read_text_file((parent / "run" / "notes.txt").string()), "mine");
  EXPECT_FALSE(fs::exists(parent / ".run.part-999999999"));
  fs::remove_all(parent);
}

// A process that writes a file and a folder and gets a signal in between.
void interrupted_writer(const std::string& folder, int number) {
  remove_temporaries_at_interruption();
  OutputFile file(folder + "/file.txt");
  OutputFolder inner(folder + "/inner", "marker");
  write_text_file(inner.path() + "/half.txt", "half");
  raise(number);
  _exit(0);  // Not reached: the signal ends the process.
}

TEST(Output, ASignalRemovesWhatIsHalfWritten) {
  const std::string folder =
      ::testing::TempDir() + "/recpim_interrupted_" + std::to_string(getpid());
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::filesystem::create_directories(folder);
    write_text_file(folder + "/file.txt", "old");
    const pid_t child = fork();
    if (child == 0) interrupted_writer(folder, number);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == number) << status;
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().filename().string());
    }
    EXPECT_EQ(names, std::vector<std::string>{"file.txt"});
    EXPECT_EQ(read_text_file(folder + "/file.txt"), "old");
    std::filesystem::remove_all(folder);
  }
}

TEST(RunCommand, SucceedsFailsAndIsInterruptedWithItsProcess) {
  EXPECT_TRUE(run_command("exit 0"));
  EXPECT_FALSE(run_command("exit 3"));
  EXPECT_FALSE(run_command("kill -9 $$"));
  const std::string mark = ::testing::TempDir() + "/recpim_group_" + std::to_string(getpid());
  const pid_t child = fork();
  if (child == 0) {
    remove_temporaries_at_interruption();
    run_command("(sleep 2; touch " + mark + ") & touch " + mark + ".begun; wait");
    _exit(0);
  }
  while (!std::filesystem::exists(mark + ".begun")) usleep(1000);
  kill(child, SIGTERM);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  usleep(2'500'000);
  EXPECT_FALSE(std::filesystem::exists(mark)) << "a program outlived the command that ran it";
  std::filesystem::remove(mark + ".begun");
}

// A forked worker that is interrupted leaves its parent's work alone.
TEST(Output, AForkedWorkersSignalLeavesTheParentsFiles) {
  const std::string path = ::testing::TempDir() + "/recpim_parent_" + std::to_string(getpid());
  {
    OutputFile file(path);
    const pid_t child = fork();
    if (child == 0) {
      remove_temporaries_at_interruption();
      raise(SIGTERM);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_TRUE(std::filesystem::exists(file.path()));
    file.commit();
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace recpim
