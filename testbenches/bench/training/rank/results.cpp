// SPDX-License-Identifier: Apache-2.0
#include "testbenches/bench/training/rank/results.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "recpim_revision.h"
#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim::rank {
namespace {

constexpr const char* kHeader =
    "data,mode,source,network,seed,logloss,auc,training_samples,seconds,revision,date";
constexpr std::size_t kFields = 11;
constexpr std::array<Source, 3> kSources = {Source::kInherited, Source::kTuned, Source::kScratch};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
  return fields;
}

double number(const std::string& text, const std::string& place) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') reject(place, "", text, "a number");
  return value;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

// What a process that was killed while it wrote has left of a line.
void drop_unfinished_line(const std::string& path) {
  const std::string text = read_text_file(path);
  const std::size_t end = text.rfind('\n');
  std::filesystem::resize_file(path, end == std::string::npos ? 0 : end + 1);
}

}  // namespace

const char* name(Source source) {
  switch (source) {
    case Source::kInherited:
      return "inherited";
    case Source::kTuned:
      return "tuned";
    default:
      return "scratch";
  }
}

Results::Results(std::string path, std::string comment)
    : path_(std::move(path)), comment_(std::move(comment)) {
  if (std::filesystem::exists(path_)) read();
}

void Results::read() {
  std::ifstream in(path_);
  if (!in) reject(path_, "", "", "a file that can be read");
  int line_number = 0;
  for (std::string line; std::getline(in, line);) {
    const std::string place = path_ + ":" + std::to_string(++line_number);
    if (in.eof()) break;  // No newline: a process was killed while it wrote.
    if (line.empty() || line[0] == '#') continue;
    if (!headed_) {
      if (line != kHeader) reject(place, "header", line, kHeader);
      headed_ = true;
      continue;
    }
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() != kFields) {
      reject(place, "fields", std::to_string(fields.size()), std::to_string(kFields));
    }
    Key key;
    key.data = fields[0];
    key.mode = fields[1];
    bool known = false;
    for (const Source source : kSources) {
      if (fields[2] != name(source)) continue;
      key.source = source;
      known = true;
    }
    if (!known) reject(place, "source", fields[2], "inherited, tuned, scratch");
    key.network = static_cast<int>(number(fields[3], place));
    key.seed = static_cast<int>(number(fields[4], place));
    Measured measured;
    measured.quality = {number(fields[5], place), number(fields[6], place)};
    measured.training = static_cast<std::uint64_t>(number(fields[7], place));
    measured.seconds = number(fields[8], place);
    all_[key] = measured;
  }
}

void Results::append(const Key& key, const Measured& measured) {
  std::string text;
  if (std::filesystem::exists(path_)) drop_unfinished_line(path_);
  if (!headed_) text = comment_ + kHeader + "\n";
  char line[512];
  std::snprintf(line, sizeof line, "%s,%s,%s,%d,%d,%.6f,%.6f,%llu,%.1f,%s,%s\n", key.data.c_str(),
                key.mode.c_str(), name(key.source), key.network, key.seed, measured.quality.logloss,
                measured.quality.auc, static_cast<unsigned long long>(measured.training),
                measured.seconds, RECPIM_GIT, today().c_str());
  text += line;
  const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const bool written = file >= 0 &&
                       write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  if (file >= 0) close(file);
  if (!written) reject(path_, "", "", "a file that can be written");
  headed_ = true;
  all_[key] = measured;
}

}  // namespace recpim::rank
