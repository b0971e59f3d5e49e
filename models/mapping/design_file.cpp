// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "models/mapping/design.h"
#include "models/mapping/placement_file.h"

namespace recpim {
namespace {

namespace fs = std::filesystem;

std::string seen_from(const fs::path& folder, const std::string& path) {
  return fs::proximate(path, folder.empty() ? fs::path(".") : folder).string();
}

// The folder that a design lies in, links resolved: its paths are relative to where it really is.
fs::path folder_of(const std::string& design) {
  std::error_code failure;
  const fs::path real = fs::canonical(design, failure);
  return (failure ? fs::path(design) : real).parent_path();
}

std::string reached_through(const fs::path& folder, const std::string& path) {
  return (folder / path).lexically_normal().string();
}

}  // namespace

void save_design(const Design& design, const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  Design copy = design;
  if (!copy.model_path.empty()) copy.model_path = seen_from(folder, copy.model_path);
  if (names_file(copy.hardware.technology)) {
    copy.hardware.technology = seen_from(folder, copy.hardware.technology);
  }
  Json json = design_to_json(copy);
  if (design.placement != "naive") json["placement"].update(save_placement(design, path));
  write_json_file(path, json);
}

Design load_design(const std::string& path, std::string* folder_of_model) {
  const Json json = read_json_file(path);
  // As it was given where that leads there too: complaints then name the model as the user does.
  const fs::path real = folder_of(path);
  std::error_code failure;
  const fs::path given = fs::absolute(path, failure).lexically_normal().parent_path();
  const fs::path folder = given == real ? fs::path(path).parent_path() : real;
  Design design = design_from_json(JsonView(json, path));
  if (design.placement != "naive") {
    load_placement(design, JsonView(json, path).at("placement"), (folder / "").string());
  }
  if (!design.model_path.empty()) design.model_path = reached_through(folder, design.model_path);
  if (names_file(design.hardware.technology)) {
    design.hardware.technology = reached_through(folder, design.hardware.technology);
  }
  if (folder_of_model != nullptr) {
    const std::string sha256 = model_sha256(design.model_path);
    if (sha256 != design.model_sha256) {
      reject(path, "model.path", design.model_path,
             "the model that was mapped; this one has changed since, map it again");
    }
    *folder_of_model = design.model_path;
  }
  return design;
}

}  // namespace recpim
