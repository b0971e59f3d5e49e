// SPDX-License-Identifier: Apache-2.0
// The architectures are facts published with NASRec (Zhang et al., arXiv 2207.07187; public code
// under Apache-2.0, commit 79bf6f9, its files ea_*_best_1shot.json), restated in the format of
// architecture.h. `full` is the best of its config xlarge, `small` that of autoctr.
#include "models/supernet/presets.h"

#include "traces/support/error.h"

namespace recpim::supernet {
namespace {

struct Preset {
  const char* name;
  const char* blocks;  // The JSON array `blocks`, precisions left out.
};

constexpr Preset kPresets[] = {
    {"nasrec-criteo-full", R"([
{"dense_operator":"gating","sparse_operator":"transformer","dense_width":128,"sparse_rows":64,
"dsi":true,"fm":false,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":0},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":32,"sparse_rows":64,
"dsi":false,"fm":false,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":1},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":768,"sparse_rows":32,
"dsi":false,"fm":true,"dense_inputs":[1,2],"sparse_inputs":[0,1,2],"left":1,"right":2},
{"dense_operator":"gating","sparse_operator":"efc","dense_width":768,"sparse_rows":48,
"dsi":true,"fm":false,"dense_inputs":[0,3],"sparse_inputs":[0,1,2,3],"left":2,"right":0},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":16,"sparse_rows":16,
"dsi":false,"fm":true,"dense_inputs":[0,2,3,4],"sparse_inputs":[0,1,2,3],"left":3,"right":1},
{"dense_operator":"fc","sparse_operator":"transformer","dense_width":768,"sparse_rows":16,
"dsi":true,"fm":false,"dense_inputs":[0,3,4,5],"sparse_inputs":[1,4],"left":2,"right":3},
{"dense_operator":"fc","sparse_operator":"transformer","dense_width":128,"sparse_rows":48,
"dsi":false,"fm":true,"dense_inputs":[0,2,3],"sparse_inputs":[1,3],"left":6,"right":1}])"},
    {"nasrec-criteo-small", R"([
{"dense_operator":"fc","sparse_operator":"efc","dense_width":256,"sparse_rows":48,
"dsi":true,"fm":false,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":0},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":1024,"sparse_rows":48,
"dsi":true,"fm":true,"dense_inputs":[1],"sparse_inputs":[0,1],"left":1,"right":0},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":128,"sparse_rows":16,
"dsi":true,"fm":false,"dense_inputs":[0,2],"sparse_inputs":[0,1,2],"left":0,"right":0},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":16,"sparse_rows":48,
"dsi":false,"fm":true,"dense_inputs":[2],"sparse_inputs":[0,2],"left":1,"right":2},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":128,"sparse_rows":32,
"dsi":false,"fm":false,"dense_inputs":[0,2,3,4],"sparse_inputs":[2,4],"left":2,"right":0},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":16,"sparse_rows":64,
"dsi":true,"fm":false,"dense_inputs":[0,1,2,5],"sparse_inputs":[1,2,5],"left":3,"right":5},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":1024,"sparse_rows":64,
"dsi":false,"fm":false,"dense_inputs":[0,3,5],"sparse_inputs":[0,1,2,5],"left":0,"right":5}])"},
    {"nasrec-avazu-full", R"([
{"dense_operator":"dot","sparse_operator":"transformer","dense_width":32,"sparse_rows":48,
"dsi":true,"fm":false,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":0},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":768,"sparse_rows":64,
"dsi":true,"fm":false,"dense_inputs":[0,1],"sparse_inputs":[0,1],"left":0,"right":0},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":512,"sparse_rows":48,
"dsi":true,"fm":false,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":0},
{"dense_operator":"sum","sparse_operator":"transformer","dense_width":768,"sparse_rows":16,
"dsi":true,"fm":true,"dense_inputs":[0,1,2,3],"sparse_inputs":[3],"left":1,"right":0},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":768,"sparse_rows":64,
"dsi":false,"fm":false,"dense_inputs":[2,3,4],"sparse_inputs":[2],"left":0,"right":3},
{"dense_operator":"gating","sparse_operator":"efc","dense_width":1024,"sparse_rows":64,
"dsi":true,"fm":false,"dense_inputs":[0,1,2,5],"sparse_inputs":[0,4],"left":0,"right":3},
{"dense_operator":"gating","sparse_operator":"transformer","dense_width":768,"sparse_rows":16,
"dsi":true,"fm":false,"dense_inputs":[1,2,3,5],"sparse_inputs":[2,3],"left":0,"right":2}])"},
    {"nasrec-avazu-small", R"([
{"dense_operator":"dot","sparse_operator":"efc","dense_width":512,"sparse_rows":64,
"dsi":true,"fm":false,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":0},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":1024,"sparse_rows":48,
"dsi":true,"fm":false,"dense_inputs":[0,1],"sparse_inputs":[0],"left":0,"right":0},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":512,"sparse_rows":16,
"dsi":false,"fm":true,"dense_inputs":[0,2],"sparse_inputs":[0],"left":1,"right":2},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":768,"sparse_rows":48,
"dsi":true,"fm":true,"dense_inputs":[3],"sparse_inputs":[0,3],"left":2,"right":0},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":128,"sparse_rows":16,
"dsi":true,"fm":true,"dense_inputs":[0,2,3],"sparse_inputs":[0,1],"left":2,"right":3},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":128,"sparse_rows":64,
"dsi":true,"fm":false,"dense_inputs":[1,3,4],"sparse_inputs":[0,1,3],"left":0,"right":3},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":512,"sparse_rows":32,
"dsi":true,"fm":true,"dense_inputs":[5],"sparse_inputs":[1,2,6],"left":0,"right":1}])"},
    {"nasrec-kdd-full", R"([
{"dense_operator":"dot","sparse_operator":"transformer","dense_width":128,"sparse_rows":48,
"dsi":true,"fm":false,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":0},
{"dense_operator":"gating","sparse_operator":"transformer","dense_width":768,"sparse_rows":64,
"dsi":true,"fm":false,"dense_inputs":[1],"sparse_inputs":[1],"left":0,"right":0},
{"dense_operator":"gating","sparse_operator":"efc","dense_width":16,"sparse_rows":48,
"dsi":false,"fm":false,"dense_inputs":[1],"sparse_inputs":[1,2],"left":1,"right":0},
{"dense_operator":"sum","sparse_operator":"transformer","dense_width":64,"sparse_rows":16,
"dsi":true,"fm":false,"dense_inputs":[0,2,3],"sparse_inputs":[1],"left":2,"right":2},
{"dense_operator":"sum","sparse_operator":"efc","dense_width":64,"sparse_rows":48,
"dsi":false,"fm":false,"dense_inputs":[0,1,2,4],"sparse_inputs":[0,2],"left":0,"right":2},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":128,"sparse_rows":32,
"dsi":false,"fm":true,"dense_inputs":[3,4],"sparse_inputs":[0,1,4,5],"left":4,"right":2},
{"dense_operator":"gating","sparse_operator":"efc","dense_width":768,"sparse_rows":16,
"dsi":true,"fm":false,"dense_inputs":[1,3,5,6],"sparse_inputs":[1,3,4,5],"left":5,"right":5}])"},
    {"nasrec-kdd-small", R"([
{"dense_operator":"fc","sparse_operator":"efc","dense_width":768,"sparse_rows":48,
"dsi":true,"fm":true,"dense_inputs":[0],"sparse_inputs":[0],"left":0,"right":0},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":128,"sparse_rows":64,
"dsi":true,"fm":false,"dense_inputs":[0,1],"sparse_inputs":[0,1],"left":0,"right":1},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":32,"sparse_rows":48,
"dsi":true,"fm":true,"dense_inputs":[0,1,2],"sparse_inputs":[0,1],"left":0,"right":2},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":256,"sparse_rows":64,
"dsi":false,"fm":false,"dense_inputs":[0,1,2,3],"sparse_inputs":[0,2,3],"left":1,"right":2},
{"dense_operator":"fc","sparse_operator":"efc","dense_width":1024,"sparse_rows":64,
"dsi":false,"fm":false,"dense_inputs":[3,4],"sparse_inputs":[0,1,2,4],"left":0,"right":2},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":768,"sparse_rows":64,
"dsi":false,"fm":false,"dense_inputs":[1,2,5],"sparse_inputs":[4,5],"left":4,"right":5},
{"dense_operator":"dot","sparse_operator":"efc","dense_width":1024,"sparse_rows":48,
"dsi":true,"fm":false,"dense_inputs":[2,3,4,6],"sparse_inputs":[0,1,2,4],"left":0,"right":2}])"},
};

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

Architecture preset(const std::string& name) {
  std::string accepted;
  for (const Preset& candidate : kPresets) {
    if (name == candidate.name) {
      return decode(
          std::string(R"({"schema":"recpim.architecture/1","blocks":)") + candidate.blocks + "}",
          name);
    }
    accepted += (accepted.empty() ? "" : ", ") + std::string(candidate.name);
  }
  reject("", "preset", name, accepted);
}

}  // namespace recpim::supernet
