// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "traces/support/error.h"
#include "traces/support/json.h"
#include "traces/support/math.h"
#include "traces/support/output.h"
#include "traces/support/random.h"
#include "traces/support/sha256.h"

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

}  // namespace
}  // namespace recpim
