// SPDX-License-Identifier: Apache-2.0
// recpim rtl: a design as SystemVerilog.
#include <iostream>

#include "models/mapping/design.h"
#include "rtl/gen/chip.h"
#include "sim/app/command.h"
#include "traces/support/output.h"

namespace recpim::app {

int run_rtl(const Arguments& arguments) {
  Options options("recpim rtl DESIGN -o FOLDER");
  options.positional("design", "design.json of recpim map")
      .value("out,o", "folder to write: modules, memory images, file list");
  if (!options.parse(arguments)) return 0;
  const std::string out = options.text("out");
  std::string model_folder;
  const Design design = load_design(options.text("design"), &model_folder);
  const Model model = load_model(model_folder, Weights::kIntegers);
  OutputFolder folder(out, "chip.f");
  generate_rtl(design, model, folder.path());
  folder.commit();
  std::cout << "chip       " << design.mesh_columns << " x " << design.mesh_rows << " routers, "
            << design.tiles.size() << " tiles\nwritten    " << out << "/chip.f, top module chip\n";
  return 0;
}

}  // namespace recpim::app
