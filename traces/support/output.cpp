// SPDX-License-Identifier: Apache-2.0
#include "traces/support/output.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "traces/support/error.h"

namespace recpim {
namespace fs = std::filesystem;
namespace {

std::string part_prefix(const fs::path& destination) {
  return "." + destination.filename().string() + ".part-";
}

// What runs that were killed left behind under this name: those whose process is gone.
void remove_remains(const fs::path& parent, const std::string& prefix) {
  std::error_code failure;
  std::vector<fs::path> remains;
  for (const auto& entry : fs::directory_iterator(parent, failure)) {
    const std::string name = entry.path().filename().string();
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    const std::string rest = name.substr(prefix.size());
    if (rest.empty() || rest.find_first_not_of("0123456789") != std::string::npos) continue;
    const int pid = std::atoi(rest.c_str());
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) remains.push_back(entry.path());
  }
  for (const auto& path : remains) fs::remove_all(path, failure);
}

// The name beside the destination: same folder, so that the rename stays on one file system.
std::string beside(const std::string& destination) {
  if (destination.empty()) reject("--out", "", "", "a path");
  fs::path p(destination);
  while (!p.has_filename() && p.has_parent_path()) p = p.parent_path();
  if (p.filename() == "." || p.filename() == "..") {
    reject(destination, "", "", "a name of its own, not . or ..");
  }
  const fs::path parent = p.has_parent_path() ? p.parent_path() : fs::path(".");
  std::error_code failure;
  fs::create_directories(parent, failure);
  remove_remains(parent, part_prefix(p));
  if (!fs::is_directory(parent, failure)) {
    reject(destination, "folder", parent.string(), "a folder that exists or can be made");
  }
  return (parent / (part_prefix(p) + std::to_string(getpid()))).string();
}

// Where a link leads, so that writing goes through it as it would without the rename.
std::string resolved(std::string destination) {
  std::error_code failure;
  if (!fs::is_symlink(destination, failure)) return destination;
  const fs::path target = fs::weakly_canonical(destination, failure);
  return failure ? destination : target.string();
}

// A folder is put in place by renaming, which no mount point can be.
void require_same_file_system(const std::string& folder) {
  struct stat inner {};
  struct stat outer {};
  const fs::path parent = fs::path(folder).has_parent_path() ? fs::path(folder).parent_path() : ".";
  if (stat(folder.c_str(), &inner) == 0 && stat(parent.c_str(), &outer) == 0 &&
      inner.st_dev != outer.st_dev) {
    reject(folder, "", "", "a folder inside of a file system, this is where one is mounted");
  }
}

// What an earlier run left in the folder beside its results (notes, a trace) stays there.
void keep_others(const fs::path& old, const fs::path& now) {
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(old, failure)) {
    const fs::path to = now / entry.path().filename();
    if (!fs::exists(fs::symlink_status(to, failure))) fs::rename(entry.path(), to, failure);
  }
}

}  // namespace

OutputFile::OutputFile(std::string destination) : destination_(resolved(std::move(destination))) {
  std::error_code failure;
  if (fs::is_directory(destination_, failure)) {
    reject(destination_, "", "", "a file to write, this is a folder");
  }
  if (fs::exists(destination_, failure) && !fs::is_regular_file(destination_, failure)) {
    reject(destination_, "", "", "a file to write, this is a device or pipe");
  }
  temporary_ = beside(destination_);
  registered_.emplace(temporary_);
  std::ofstream probe(temporary_);
  if (!probe) reject(destination_, "", "", "a place that can be written");
}

OutputFile::~OutputFile() {
  std::error_code ignored;
  if (!done_) fs::remove(temporary_, ignored);
}

void OutputFile::commit() {
  if (std::rename(temporary_.c_str(), destination_.c_str()) != 0) {
    reject(destination_, "rename", std::strerror(errno), "a place that can be written");
  }
  done_ = true;
}

OutputFolder::OutputFolder(std::string destination, const std::string& marker)
    : destination_(resolved(std::move(destination))) {
  std::error_code failure;
  while (destination_.size() > 1 && destination_.back() == '/') destination_.pop_back();
  if (fs::exists(destination_, failure)) {
    if (!fs::is_directory(destination_, failure)) {
      reject(destination_, "", "", "a folder to write, this is a file");
    }
    if (!fs::is_empty(destination_, failure) && !fs::exists(fs::path(destination_) / marker)) {
      reject(destination_, "", "",
             "a new or empty folder, or one with a " + marker + " of an earlier run");
    }
  }
  temporary_ = beside(destination_);
  require_same_file_system(destination_);
  registered_.emplace(temporary_);
  fs::remove_all(temporary_, failure);
  if (!fs::create_directory(temporary_, failure)) {
    reject(destination_, "", "", "a place that can be written");
  }
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!done_) fs::remove_all(temporary_, ignored);
}

void OutputFolder::commit() {
  std::error_code failure;
  const std::string old = temporary_ + ".old";
  const bool replaced = fs::exists(destination_, failure);
  if (replaced) fs::rename(destination_, old, failure);
  if (!failure) fs::rename(temporary_, destination_, failure);
  if (failure) reject(destination_, "rename", failure.message(), "a place that can be written");
  done_ = true;
  if (replaced) {
    keep_others(old, destination_);
    fs::remove_all(old, failure);
  }
}

void write_text_file(const std::string& path, const std::string& text) {
  OutputFile out(path);
  std::ofstream stream(out.path(), std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) reject(path, "", "", "a place with room to write");
  out.commit();
}

std::string read_text_file(const std::string& path) {
  std::error_code failure;
  if (fs::is_directory(path, failure)) reject(path, "", "", "a file, this is a folder");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) reject(path, "", "", "a file that can be read");
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad()) reject(path, "", "", "a file that can be read");
  return text.str();
}

}  // namespace recpim
