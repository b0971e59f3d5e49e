// SPDX-License-Identifier: Apache-2.0
/// @file
/// Outputs that are there whole or not at all: written beside their place, then renamed. An
/// interrupted process removes what it had begun (interruption.h).
#pragma once

#include <optional>
#include <string>

#include "traces/support/interruption.h"

namespace recpim {

/// A file in the making. Write to path(); commit() puts it in place. Without commit() the
/// destructor removes what was written and the old file, if any, is as it was.
class OutputFile {
 public:
  explicit OutputFile(std::string destination);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  const std::string& path() const { return temporary_; }
  void commit();

 private:
  std::string destination_, temporary_;
  std::optional<Temporary> registered_;
  bool done_ = false;
};

/// A folder in the making, the same way. At commit() it takes the place of an
/// earlier run's folder; files of others in there stay; a destination that is a file, or a
/// non-empty folder without a file named `marker` (something we did not write), is an InputError at
/// construction.
class OutputFolder {
 public:
  OutputFolder(std::string destination, const std::string& marker);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  const std::string& path() const { return temporary_; }
  void commit();

 private:
  std::string destination_, temporary_;
  std::optional<Temporary> registered_;
  bool done_ = false;
};

/// Writes a whole text file through OutputFile.
void write_text_file(const std::string& path, const std::string& text);
/// Reads a whole file. Throws InputError where it can't be read.
std::string read_text_file(const std::string& path);

}  // namespace recpim
