// SPDX-License-Identifier: Apache-2.0
#include "models/import/import.h"

#include "models/import/onnx_file.h"
#include "models/import/translator.h"

namespace recpim {

Model import_onnx(const std::string& file, const TraceInfo& trace, Precision precision,
                  bool add_sigmoid) {
  onnx_import::Translator translator(onnx_import::read_onnx(file), trace, precision);
  return translator.translate(add_sigmoid);
}

}  // namespace recpim
