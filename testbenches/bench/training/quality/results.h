// SPDX-License-Identifier: Apache-2.0
/// @file
/// The file of results: one JSON object a line, one line a finished training. Only ever appended
/// to, so that a killed run goes on where it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "testbenches/bench/training/quality/contender.h"
#include "traces/support/json.h"

namespace recpim::quality {

/// The lines of a file; none where it is missing. A last line without its end, left by a killed
/// run, is cut off the file. InputError where another line is no object.
std::vector<Json> read_results(const std::string& path);

/// Writes one line and its end at once.
void append_result(const std::string& path, const Json& line);

/// What is the same in two lines that answer the same question: data, settings and seeds.
Json key_of(const std::string& data_sha256, const Contender& contender, std::uint64_t split,
            std::uint64_t initialisation);

/// Whether a line answers it.
bool answers(const Json& line, const Json& key);

/// The hash of a trace's samples (not of its provenance, which names the program that wrote it).
std::string sha256_of_samples(const std::string& trace_path);

}  // namespace recpim::quality
