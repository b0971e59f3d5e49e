// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/node_scaling.h"

#include <array>
#include <cstddef>

namespace recpim {
namespace {

struct Node {
  double nm;
  double square, linear, constant;  ///< Energy: square V^2 + linear V + constant.
  double area;                      ///< Relative to 32 nm: row "32" of the table of areas.
};

constexpr std::array<Node, 10> kNodes = {{{130, 7.171, -6.709, 2.904, 14},
                                          {90, 4.762, -4.781, 2.092, 6.1},
                                          {65, 3.755, -4.398, 1.975, 3.3},
                                          {45, 1.103, -0.362, 0.2767, 2.2},
                                          {32, 0.9559, -0.7823, 0.471, 1},
                                          {20, 0.373, -0.1582, 0.04104, 0.46},
                                          {16, 0.2958, -0.1241, 0.03024, 0.41},
                                          {14, 0.2363, -0.09675, 0.02239, 0.38},
                                          {10, 0.2068, -0.09311, 0.02375, 0.22},
                                          {7, 0.1776, -0.09097, 0.02447, 0.13}}};

double energy_at(const Node& node, double v) {
  return node.square * v * v + node.linear * v + node.constant;
}

/// `figure` of a node, linear in nm between two of the table.
template <typename Figure>
double between_nodes(double nm, Figure figure) {
  std::size_t smaller = 1;
  while (smaller + 1 < kNodes.size() && kNodes[smaller].nm > nm) ++smaller;
  const Node& high = kNodes[smaller - 1];
  const Node& low = kNodes[smaller];
  const double share = (nm - low.nm) / (high.nm - low.nm);
  return figure(low) + (figure(high) - figure(low)) * share;
}

}  // namespace

double node_energy_factor(double from_nm, double from_v, double to_nm, double to_v) {
  return between_nodes(to_nm, [&](const Node& node) { return energy_at(node, to_v); }) /
         between_nodes(from_nm, [&](const Node& node) { return energy_at(node, from_v); });
}

double node_area_factor(double from_nm, double to_nm) {
  return between_nodes(to_nm, [](const Node& node) { return node.area; }) /
         between_nodes(from_nm, [](const Node& node) { return node.area; });
}

}  // namespace recpim
