// SPDX-License-Identifier: Apache-2.0
// The tables of the integer functions as SystemVerilog constants.
#include "models/ops/integer_rsqrt.h"
#include "models/ops/integer_sigmoid.h"
#include "models/ops/integer_softmax.h"
#include "rtl/gen/layout.h"

namespace recpim::layout {
namespace {

/// @param source header of the table; @param entry what entry i is.
template <typename Table>
std::string table_text(const std::string& source, const std::string& entry, const std::string& name,
                       const Table& table) {
  std::string text =
      "// SPDX-License-Identifier: Apache-2.0\n"
      "// Generated from models/ops/" +
      source +
      "; see rtl/README.md. Do not edit.\n"
      "// Entry i at [16 * i +: 16]: " +
      entry + ".\nlocalparam logic [" + std::to_string(table.size()) + "*16-1:0] " + name +
      " = {\n";
  for (std::size_t i = 0; i < table.size(); ++i) {  // A concatenation begins with the last entry.
    text += (i % 8 == 0 ? "  " : " ") + std::string("16'd") +
            std::to_string(table[table.size() - 1 - i]);
    text += i + 1 == table.size() ? "};\n" : i % 8 == 7 ? ",\n" : ",";
  }
  return text;
}

}  // namespace

std::string sigmoid_table_text() {
  return table_text("integer_sigmoid.h", "round(65536 * sigmoid(-8 + i / 16))", "SigmoidTable",
                    sigmoid_table());
}

std::string exp2_table_text() {
  return table_text("integer_softmax.h", "round(2^15 * 2^(-i / 128))", "Exp2Table", kExp2Table);
}

std::string reciprocal_table_text() {
  return table_text("integer_rsqrt.h", "round(2^16 / ((513 + 2 i) / 512))", "ReciprocalTable",
                    kReciprocalTable);
}

std::string rsqrt_table_text() {
  return table_text("integer_rsqrt.h", "floor(65536 / sqrt(the middle of segment i))", "RsqrtTable",
                    kRsqrtTable);
}

}  // namespace recpim::layout
