#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Verilator -Wall over every module of rtl/lib as a top, Yosys over all of them. Exits non-zero on a
# finding.
set -euo pipefail
cd "$(dirname "$0")/lib"
printf '%s\n' *.sv | xargs -P "$(nproc)" -I{} bash -c \
  'verilator --lint-only -Wall --no-timing -y . -I. --top-module "$(basename {} .sv)" {}'
# "Replacing memory" is how Yosys says that an array became registers.
yosys -q -p 'read_verilog -sv *.sv; hierarchy -check; proc; check -assert; select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr' 2>&1 |
  { grep -v 'Replacing memory' || true; } | { if grep .; then exit 1; fi; }
