#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every linter over the tree; exits 1 on the first that finds something. Called by `make lint`.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t sources < <(git ls-files '*.h' '*.cpp')
clang-format --dry-run --Werror "${sources[@]}"

# What has not changed since it was last found clean is not checked again. TIDY: folders to look at
# (all where it is not set), or no.
if [ "${TIDY:-}" != no ]; then
  # shellcheck disable=SC2086 # a list of folders
  testbenches/harness/tidy.py ${TIDY:-}
fi

if compgen -G 'rtl/lib/*.sv' >/dev/null; then
  rtl/lint.sh
fi
echo "lint: no findings"
