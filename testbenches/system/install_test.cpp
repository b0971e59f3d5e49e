// SPDX-License-Identifier: Apache-2.0
// An installed command works from its prefix, and finds its data files there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "traces/support/output.h"

namespace recpim {
namespace {

namespace fs = std::filesystem;

TEST(Install, CommandFindsItsDataFilesUnderThePrefix) {
  const std::string work =
      (fs::temp_directory_path() / ("recpim-install-" + std::to_string(getpid()))).string();
  fs::remove_all(work);
  fs::create_directories(work);
  const auto run = [&](const std::string& line) {
    return std::system(("cd '" + work + "' && " + line + " >log.txt 2>&1 </dev/null").c_str());
  };
  ASSERT_EQ(run("cmake --install '" RECPIM_BINARY_DIR "' --prefix '" + work + "/usr'"), 0);
  const std::string recpim = work + "/usr/bin/recpim ";
  for (const char* file :
       {"lib/librecpim_sim.a", "lib/pkgconfig/recpim.pc", "include/recpim/sim/chip/simulate.h",
        "share/recpim/rtl/lib/router.sv"}) {
    EXPECT_TRUE(fs::exists(work + "/usr/" + file)) << file;
  }
  // A technology that only the prefix has.
  const std::string technologies = work + "/usr/share/recpim/sim/technology/";
  fs::copy(technologies + "isaac-32nm.yaml", technologies + "mine.yaml");
  write_text_file(work + "/hw.yaml", "technology: mine\n");
  ASSERT_EQ(run(recpim + "trace generate --tables 2 --rows 9 --dense 4 --samples 20 -o t.h5"), 0);
  ASSERT_EQ(run(recpim + "model create --trace t.h5 --embedding-dim 4 --bottom 4 --top 1 -o m"), 0);
  ASSERT_EQ(run(recpim + "map --model m --hardware hw.yaml -o d.json"), 0);
  EXPECT_EQ(run(recpim + "simulate d.json --trace t.h5 -o r"), 0)
      << read_text_file(work + "/log.txt");
  EXPECT_EQ(run(recpim + "rtl d.json -o rtl"), 0) << read_text_file(work + "/log.txt");
  fs::remove_all(work);
}

}  // namespace
}  // namespace recpim
