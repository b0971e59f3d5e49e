// SPDX-License-Identifier: Apache-2.0
#include "search/store/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "testbenches/unit/search/toy.h"
#include "traces/support/error.h"

namespace recpim::search {
namespace {

const Json kConfig = {{"seed", 3}, {"space", {{"rows", {1, 2}}}}};

Evaluation scored() {
  Evaluation e;
  e.number = 4;
  e.parent = 2;
  e.genome = R"({"g":1})";
  e.outcome.state = State::kDone;
  e.outcome.objectives = {0.1, 1.0 / 3, 3e9, 5e-324};  // Every bit comes back.
  e.outcome.details = {{"auc", 0.7}};
  e.outcome.wall_s = 0.25;
  return e;
}

TEST(Store, GivesBackWhatWasAdded) {
  const TemporaryFolder folder;
  Evaluation infeasible;
  infeasible.number = 1;
  infeasible.outcome.state = State::kInfeasible;
  infeasible.outcome.reason = "it needs 'more'";
  {
    Store store(folder / "run", kConfig, "abc", false);
    store.add(scored(), 3);
    store.add(infeasible, 3);
  }
  const Store store(folder / "run", kConfig, "def", true);
  EXPECT_EQ(store.git(), "abc");
  const auto rows = store.evaluations();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].number, 1);
  EXPECT_EQ(rows[0].parent, kNone);
  EXPECT_EQ(rows[0].outcome.state, State::kInfeasible);
  EXPECT_EQ(rows[0].outcome.reason, "it needs 'more'");
  EXPECT_EQ(rows[1].parent, 2);
  EXPECT_EQ(rows[1].same_as, kNone);
  EXPECT_EQ(rows[1].genome, R"({"g":1})");
  EXPECT_EQ(rows[1].outcome.objectives, scored().outcome.objectives);
  EXPECT_EQ(rows[1].outcome.details, scored().outcome.details);
  EXPECT_EQ(rows[1].outcome.wall_s, 0.25);
}

TEST(Store, RefusesAFolderThatHoldsSomething) {
  const TemporaryFolder folder;
  { const Store store(folder / "run", kConfig, "", false); }
  const auto text =
      message_of<InputError>([&] { const Store store(folder / "run", kConfig, "", false); });
  EXPECT_NE(text.find("--resume"), std::string::npos) << text;
  EXPECT_NE(text.find(Store::kFile), std::string::npos) << text;
  std::ofstream(folder / "file") << "x";
  EXPECT_THROW(Store(folder / "file", kConfig, "", false), InputError);
  EXPECT_THROW(Store(folder / "file", kConfig, "", true), InputError);
}

TEST(Store, RefusesToResumeAnotherConfiguration) {
  const TemporaryFolder folder;
  { const Store store(folder / "run", kConfig, "", false); }
  Json other = kConfig;
  other["space"]["rows"] = {1, 4};
  const auto text =
      message_of<InputError>([&] { const Store store(folder / "run", other, "", true); });
  EXPECT_NE(text.find("space.rows = [1,4]: accepted: [1,2], as in the store"), std::string::npos)
      << text;
}

TEST(Store, ResumesWhereNothingWasWrittenYet) {
  const TemporaryFolder folder;
  const Store store(folder / "run", kConfig, "", true);
  EXPECT_TRUE(store.evaluations().empty());
}

TEST(Store, RefusesAForeignFile) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "run");
  std::ofstream(folder / "run/search.sqlite") << std::string(5000, 'x');
  EXPECT_THROW(Store(folder / "run", kConfig, "", true), InputError);
}

TEST(Store, OneSearchWritesAtATime) {
  const TemporaryFolder folder;
  const Store store(folder / "run", kConfig, "", false);
  // The lock is this process's: another one must be refused, resume or not.
  const pid_t child = fork();
  if (child == 0) {
    try {
      const Store second(folder / "run", kConfig, "", true);
    } catch (const InputError& error) {
      _exit(std::string(error.what()).find("no other search") == std::string::npos ? 2 : 0);
    } catch (...) {
      _exit(3);
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(Store, TheSameEvaluationTwiceIsAnError) {
  const TemporaryFolder folder;
  Store store(folder / "run", kConfig, "", false);
  store.add(scored(), 3);
  EXPECT_THROW(store.add(scored(), 3), CheckError);
}

}  // namespace
}  // namespace recpim::search
