// SPDX-License-Identifier: Apache-2.0
#include "traces/support/error.h"

namespace recpim {

void reject(const std::string& file, const std::string& place, const std::string& value,
            const std::string& accepted) {
  std::string text = file;
  if (!place.empty()) text += (text.empty() ? "" : ": ") + place;
  if (!value.empty()) text += " = " + value;
  if (!accepted.empty()) text += (text.empty() ? "" : ": ") + std::string("accepted: ") + accepted;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  throw InputError(text);
}

}  // namespace recpim
