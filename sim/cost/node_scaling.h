// SPDX-License-Identifier: Apache-2.0
/// @file
/// How digital figures move between technology nodes. Stillmaker and Baas, "Scaling equations for
/// the accurate prediction of CMOS device performance from 180 nm to 7 nm", Integration 58, 2017,
/// pp. 74-81: energy as a polynomial of the supply voltage at each node, area as a factor. The
/// coefficients are as in the Accelergy library (scaling.py). Between nodes: linear in nm.
#pragma once

namespace recpim {

constexpr double kLeastNodeNm = 7, kMostNodeNm = 130;
constexpr double kLeastSupplyV = 0.5, kMostSupplyV = 1.3;

/// What an energy at `from_nm` and `from_v` is multiplied by at `to_nm` and `to_v`. Arguments
/// within the limits above.
double node_energy_factor(double from_nm, double from_v, double to_nm, double to_v);
/// The same of an area.
double node_area_factor(double from_nm, double to_nm);

}  // namespace recpim
