// SPDX-License-Identifier: Apache-2.0
/// @file
/// The formats that name no data set: libsvm text, index lists, numeric vectors, DLRM binary.
#pragma once

#include "traces/import/click_formats.h"

namespace recpim {

/// "label index:value ..." as one multi-hot table, or as a dense vector.
std::unique_ptr<LineParser> make_libsvm_parser(bool dense);
/// Indices of one table, a line a sample.
std::unique_ptr<LineParser> make_index_line_parser();
/// "0.5,1,-3": a vector a line, as wide as the first one.
std::unique_ptr<LineParser> make_vector_parser();

}  // namespace recpim
