// SPDX-License-Identifier: Apache-2.0
#include "traces/support/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "traces/support/error.h"

namespace recpim {
namespace fs = std::filesystem;
namespace {

// The name beside the destination: same folder, so that the rename stays on one file system.
std::string beside(const std::string& destination) {
  if (destination.empty()) reject("--out", "", "", "a path");
  fs::path p(destination);
  while (!p.has_filename() && p.has_parent_path()) p = p.parent_path();
  const fs::path parent = p.has_parent_path() ? p.parent_path() : fs::path(".");
  std::error_code failure;
  fs::create_directories(parent, failure);
  if (!fs::is_directory(parent, failure)) {
    reject(destination, "folder", parent.string(), "a folder that exists or can be made");
  }
  return (parent / ("." + p.filename().string() + ".part-" + std::to_string(getpid()))).string();
}

}  // namespace

OutputFile::OutputFile(std::string destination) : destination_(std::move(destination)) {
  std::error_code failure;
  if (fs::is_directory(destination_, failure)) {
    reject(destination_, "", "", "a file to write, this is a folder");
  }
  temporary_ = beside(destination_);
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
    : destination_(std::move(destination)) {
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
  if (replaced) fs::remove_all(old, failure);
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
