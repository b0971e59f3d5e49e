// SPDX-License-Identifier: Apache-2.0
/// @file
/// Traces from data sets: formats, the mapping of identifiers to rows, what is done with bad lines.
/// The grammar of every format is in traces/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace recpim {

struct ImportOptions {
  std::string format;         ///< One of import_formats().
  std::uint64_t samples = 0;  ///< At most so many; 0: all.
  /// Rows of every table; 0: the format's default. Identifiers are then hashed,
  /// (id mod (rows - 1)) + 1, and row 0 is for missing ones (as NASRec does, arXiv 2207.07187);
  /// with counted identifiers it bounds the tables, and those that would be larger are hashed.
  std::uint64_t table_rows = 0;
  /// Identifiers seen less often in the file share row 0, the others get rows of their own in the
  /// order of their first appearance; 0: the format's default. Needs a second pass over the file.
  std::uint64_t min_count = 0;
  bool skip_bad_lines = false;
  std::uint32_t bag = 1;      ///< indices: lookups a sample; 0: a line is a sample.
  bool libsvm_dense = false;  ///< libsvm: a dense vector instead of a bag of indices.
  std::string version;        ///< Of this program, for the provenance.
};

struct ImportSummary {
  std::uint64_t samples = 0;
  std::uint64_t bad_lines = 0;  ///< Skipped.
  std::string first_bad;        ///< What was wrong with the first of them.
  std::uint32_t dense = 0;
  std::vector<std::uint64_t> table_rows;
};

const std::vector<std::string>& import_formats();

/// Reads `file`, writes the trace `path`. InputError for a malformed line (file, line, field)
/// unless they are skipped, for a file without a sample, and for options that the format does not
/// have.
ImportSummary import_trace(const ImportOptions& options, const std::string& file,
                           const std::string& path);

}  // namespace recpim
