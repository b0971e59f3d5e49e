// SPDX-License-Identifier: Apache-2.0
#include "traces/generate/locality.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

constexpr const char* kTitleMark = "Locality stats after";
constexpr const char* kShares = "Ratio of index distribution";
constexpr std::uint64_t kOrderStream = (std::uint64_t{1} << 63U) + (std::uint64_t{1} << 33U);
constexpr double kMaxReuse = 1e12;

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(read_text_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

bool starts_with(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

// "(2, 4]: 0.068" or the open "(32768+: 0.019".
bool parse_bin(const std::string& line, LocalityProfile::Bin& bin) {
  double low = 0;
  double high = 0;
  double share = 0;
  int used = -1;
  const int length = static_cast<int>(line.size());
  if (std::sscanf(line.c_str(), "(%lf, %lf]: %lf%n", &low, &high, &share, &used) != 3 ||
      used != length) {
    used = -1;
    if (std::sscanf(line.c_str(), "(%lf+: %lf%n", &low, &share, &used) != 2 || used != length) {
      return false;
    }
    high = 2 * low;
  }
  if (!(low >= 0 && high > low && high < kMaxReuse && share >= 0 && share <= 1)) return false;
  bin = {static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high), share};
  return true;
}

std::string at_line(std::size_t line) { return "line " + std::to_string(line + 1); }

// A block starts with its title; the line after that starts with kTitleMark.
std::size_t find_block(const std::string& path, const std::vector<std::string>& lines,
                       const std::string& block) {
  std::string titles;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    if (!starts_with(lines[i + 1], kTitleMark)) continue;
    if (block.empty() || lines[i] == block) return i;
    if (titles.size() < 200) titles += (titles.empty() ? "" : ", ") + lines[i];
  }
  if (titles.empty()) reject(path, at_line(0), "", "a locality report, see traces/README.md");
  reject(path, "--locality-block", block, titles);
}

}  // namespace

LocalityProfile read_locality(const std::string& path, const std::string& block) {
  const auto lines = lines_of(path);
  std::size_t at = find_block(path, lines, block);
  LocalityProfile profile;
  profile.block = lines[at];
  at += 2;
  while (at < lines.size() && !starts_with(lines[at], kShares)) {
    if (starts_with(lines[at], kTitleMark)) break;
    ++at;
  }
  if (at >= lines.size() || !starts_with(lines[at], kShares)) {
    reject(path, profile.block, "", "a block with a line \"Ratio of index distribution ...\"");
  }
  double sum = 0;
  for (++at; at < lines.size() && starts_with(lines[at], "("); ++at) {
    LocalityProfile::Bin bin;
    if (!parse_bin(lines[at], bin) ||
        (!profile.bins.empty() && bin.low != profile.bins.back().high)) {
      reject(path, at_line(at), lines[at],
             "(low, high]: share, low being the bin before's high, the share from 0 to 1");
    }
    profile.bins.push_back(bin);
    sum += bin.lookups;
  }
  // The shares are printed with three digits each.
  if (!(sum > 0.95 && sum < 1.05)) {
    reject(path, at_line(at), std::to_string(sum), "shares of the lookups that sum to 1");
  }
  for (auto& bin : profile.bins) bin.lookups /= sum;
  return profile;
}

std::vector<std::uint64_t> reuse_counts(const LocalityProfile& profile, std::uint64_t lookups) {
  std::vector<std::uint64_t> counts;
  double carried = 0;
  std::uint64_t left = lookups;
  for (auto bin = profile.bins.rbegin(); bin != profile.bins.rend(); ++bin) {
    carried += bin->lookups * static_cast<double>(lookups);
    const double low = static_cast<double>(bin->low + 1);
    const double high = static_cast<double>(bin->high);
    const double mean = (high - low + 1) / (std::log((high + 0.5) / (low - 0.5)));
    const auto rows = static_cast<std::uint64_t>(carried / mean);
    for (std::uint64_t i = 0; i < rows; ++i) {
      // Quantiles of the density 1/n, from hot to cold.
      const double quantile = 1 - (static_cast<double>(i) + 0.5) / static_cast<double>(rows);
      const double reuse = (low - 0.5) * std::pow((high + 0.5) / (low - 0.5), quantile);
      const auto count = static_cast<std::uint64_t>(std::clamp(std::round(reuse), low, high));
      if (count > left) break;
      counts.push_back(count);
      left -= count;
      carried -= static_cast<double>(count);
    }
  }
  // What rounding left over: rows that are looked up once.
  counts.insert(counts.end(), left, 1);
  std::sort(counts.begin(), counts.end(), std::greater<>());
  return counts;
}

ReuseSequence::ReuseSequence(const LocalityProfile& profile, std::uint64_t lookups,
                             std::uint64_t seed, std::uint64_t table)
    : ends_(reuse_counts(profile, lookups)), order_(lookups, seed, kOrderStream + table) {
  for (std::size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
}

std::uint64_t ReuseSequence::row_at(std::uint64_t position) const {
  const auto after = std::upper_bound(ends_.begin(), ends_.end(), order_.at(position));
  return static_cast<std::uint64_t>(after - ends_.begin());
}

}  // namespace recpim
