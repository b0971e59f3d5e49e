// SPDX-License-Identifier: Apache-2.0
#include "rtl/cosim/verilated_chip.h"

#include <dlfcn.h>

#include <filesystem>

#include "traces/support/error.h"
#include "traces/support/json.h"

namespace recpim {
namespace {

template <typename Function>
Function symbol(void* handle, const char* name) {
  void* address = dlsym(handle, name);
  if (address == nullptr) throw CheckError(std::string("compiled chip: no ") + name);
  return reinterpret_cast<Function>(address);
}

}  // namespace

VerilatedChip::VerilatedChip(const std::string& rtl_folder, const VerilatedOptions& options)
    : library_(verilated_library(rtl_folder, options)), random_seed_(options.random_seed) {
  const std::string file = rtl_folder + "/chip.json";
  const Json json = read_json_file(file);
  const JsonView view(json, file);
  flit_bits_ = static_cast<int>(view.at("flit_bits").integer(32, 512));
  tiles_.resize(static_cast<std::size_t>(view.at("tiles").integer(1, 65536)));
  const JsonView images = view.at("images");
  for (std::size_t i = 0; i < images.size(); ++i) images_.push_back(images.at(i).text());

  handle_ = dlopen(library_.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle_ == nullptr) throw CheckError(std::string("compiled chip: ") + dlerror());
  new_ = symbol<RecpimNew>(handle_, "recpim_chip_new");
  delete_ = symbol<RecpimDelete>(handle_, "recpim_chip_delete");
  reset_ = symbol<RecpimReset>(handle_, "recpim_chip_reset");
  step_ = symbol<RecpimStep>(handle_, "recpim_chip_step");
  get_view_ = symbol<RecpimView>(handle_, "recpim_chip_view");
  trace_ = symbol<RecpimTrace>(handle_, "recpim_chip_trace");
  trace_end_ = symbol<RecpimTraceEnd>(handle_, "recpim_chip_trace_end");
}

VerilatedChip::~VerilatedChip() {
  release();
  if (handle_ != nullptr) dlclose(handle_);
}

void VerilatedChip::release() {
  if (chip_ != nullptr) delete_(chip_);
  chip_ = nullptr;
}

void VerilatedChip::load(const std::string& image_folder) {
  // $readmemh only warns where a file is missing.
  for (const std::string& image : images_) {
    const std::string path = image_folder + "/" + image;
    if (!std::filesystem::is_regular_file(path)) {
      reject(path, "", "", "a memory image written by recpim rtl");
    }
  }
  release();
  chip_ = new_(image_folder.c_str(), random_seed_);
  get_view_(chip_, &view_, tiles_.data());
  reset();
}

void VerilatedChip::reset() {
  reset_(chip_);
  now_ = 0;
}

void VerilatedChip::step(const RequestBeat* request, bool prediction_ready) {
  if (request == nullptr) {
    step_(chip_, 0, 0, nullptr, prediction_ready ? 1 : 0);
  } else {
    step_(chip_, 1, request->last ? 1 : 0, request->words.data(), prediction_ready ? 1 : 0);
  }
  ++now_;
}

void VerilatedChip::start_waveform(const std::string& path) {
  if (trace_(chip_, path.c_str()) == 0) {
    throw CheckError("compiled chip: built without waveforms");
  }
}

void VerilatedChip::end_waveform() { trace_end_(chip_); }

}  // namespace recpim
