// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/composite.h"

namespace recpim {
namespace {

const Composite* find_composite(const std::string& part) {
  for (const Composite& each : composites()) {
    if (each.name == part) return &each;
  }
  return nullptr;
}

template <typename Figure>
double figure_of(const std::string& part, Figure figure) {
  const Composite* found = find_composite(part);
  if (found == nullptr) return figure(part);
  return found->multipliers * figure("multiplier") + found->adders * figure("adder");
}

}  // namespace

const std::vector<Composite>& composites() {
  static const std::vector<Composite> kList = {
      {"square", 1, 1},       // sum x sum, minus the squares
      {"exponential", 2, 4},  // distance; x multiplier + 1/2; T[i] - T[i+1], x f, T[i] - that
      {"reciprocal", 2, 2},   // sum of a group of weights; T[i] m, 2 - that, T[i] d
      {"mean", 1, 1},         // x mantissa + 1/2
      {"root", 5, 3},         // n x squares, S x S, minus, + epsilon; T[i]^2, x m, 3 - that, T[i] d
      {"normaliser", 3, 5},   // x, x^2 summed; n x - S; x mantissa + 1/2; +-y + bias
  };
  return kList;
}

double part_energy_pj(const Technology& technology, const std::string& part,
                      const Hardware& hardware) {
  return figure_of(part,
                   [&](const std::string& name) { return technology.energy_pj(name, hardware); });
}

double part_area_mm2(const Technology& technology, const std::string& part,
                     const Hardware& hardware) {
  return figure_of(part,
                   [&](const std::string& name) { return technology.area_mm2(name, hardware); });
}

double part_leakage_mw(const Technology& technology, const std::string& part) {
  return figure_of(part, [&](const std::string& name) { return technology.leakage_mw(name); });
}

bool has_part(const Technology& technology, const std::string& part) {
  return part == "adc" || technology.has(part) || find_composite(part) != nullptr;
}

}  // namespace recpim
