# SPDX-License-Identifier: Apache-2.0
# The front door. `make run` and `make test` work on a Debian 12 that has only git, make and apt.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)

# Debian packages; README.md says why each is there.
PACKAGES := g++ clang clang-format clang-tidy cmake ninja-build pkg-config ccache git python3 \
  libsystemc-dev libeigen3-dev libboost-program-options-dev libgtest-dev libbenchmark-dev \
  libhdf5-dev nlohmann-json3-dev libyaml-cpp-dev libsqlite3-dev libssl-dev libonnx-dev libprotobuf-dev \
  verilator yosys

.PHONY: help setup build test run cosim search bench rank lint format clean nightly

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: ## install the Debian packages that are missing
	@missing=""; for p in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  as=""; [ "$$(id -u)" = 0 ] || as="sudo"; \
	  echo "installing:$$missing"; \
	  $$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as apt-get install -y -qq --no-install-recommends $$missing; \
	fi

build: setup ## compile into build/ (Release)
	@[ -f build/build.ninja ] || cmake --preset release
	@cmake --build build -j $(JOBS)

run: build ## the main job: generate a trace, train a DLRM, map it, simulate 1,000 samples
	@mkdir -p run
	build/recpim trace generate --tables 26 --rows 100000 --dense 13 --samples 20000 --skew 1.05 --pooling 1 --seed 1 -o run/trace.h5
	build/recpim model create --kind dlrm --trace run/trace.h5 --embedding-dim 16 --bottom 64-16 --top 64-32-1 --weight-bits 8 --seed 1 -o run/untrained
	build/recpim train --model run/untrained --trace run/trace.h5 --epochs 1 --seed 1 -o run/model
	build/recpim map --model run/model -o run/design.json
	build/recpim simulate run/design.json --trace run/trace.h5 --samples 1000 -o run/simulate

# A DLRM small enough for its whole chip to be compiled from SystemVerilog in seconds.
run/small/design.json: build
	@mkdir -p run/small
	build/recpim trace generate --tables 4 --rows 200 --dense 8 --samples 2000 --skew 1.1 --seed 12 -o run/small/trace.h5
	build/recpim model create --kind dlrm --trace run/small/trace.h5 --embedding-dim 8 --bottom 16-8 --top 16-1 --weight-bits 4 --seed 1 -o run/small/model
	build/recpim map --model run/small/model -o run/small/design.json

cosim: run/small/design.json ## generate the RTL of a small chip and run it in lock step with the simulator
	build/recpim cosim run/small/design.json --trace run/small/trace.h5 --samples 16 -o run/small/cosim

search: run/small/design.json ## search hardware and precisions of a small DLRM: 64 simulated designs
	rm -rf run/small/search
	build/recpim search --model run/small/model --trace run/small/trace.h5 --algorithm regularised-evolution --evaluations 64 --samples 64 --jobs $(JOBS) --seed 1 -o run/small/search

test: build ## run every test
	@cd build && ctest -j $(JOBS) --output-on-failure --no-tests=error

bench: setup ## how fast the simulator is, each figure beside its limit; JSON in build/bench/
	@[ -f build/build.ninja ] || cmake --preset release
	@cmake --build build -j $(JOBS) --target recpim_benches
	@mkdir -p build/bench
	@for program in build/testbenches/bench/*/*_bench; do \
	  echo "$$program"; \
	  $$program --benchmark_min_time=0.3 --benchmark_out_format=json \
	    --benchmark_out=build/bench/$$(basename $$program).json >/dev/null || exit 1; done
	@python3 testbenches/bench/summary.py build/bench

# KDD: a trace of KDD Cup 2012 track 2 (recpim trace import ... --format kdd2012).
KDD ?=
RANK := testbenches/bench/training/rank
run/rank/planted.h5:
	@mkdir -p run/rank
	build/recpim trace generate --tables 8 --rows 2000 --dense 4 --samples 1000000 --skew 1.05 --planted-strengths 1,1,1 --planted-dims 2 --seed 1 -o $@

rank: setup ## do shared weights rank sub-networks as training alone does? KDD=TRACE; hours, goes on where it stopped
	@[ -f build/build.ninja ] || cmake --preset release
	@cmake --build build -j $(JOBS) --target recpim_app supernet_rank
	@$(MAKE) --no-print-directory run/rank/planted.h5
	@rank() { for mode in mixed float; do \
	  build/$(RANK)/supernet_rank run --data $$1 --trace $$2 --mode $$mode --threads $(JOBS) --work run/rank \
	    --results $(RANK)/results_$$1_$$mode.csv $${3:-} || exit $$?; done; }; \
	if [ -n "$(KDD)" ]; then rank kdd "$(KDD)"; \
	else echo "make rank: KDD-40k is SKIPPED: no trace was given (KDD=FILE)" >&2; fi; \
	rank planted run/rank/planted.h5 "--scratch-samples 200000"
	@build/$(RANK)/supernet_rank summary $(RANK)/results_*.csv

nightly: build ## the long versions of the random tests
	RECPIM_SEEDS=1000 build/testbenches/system/system_test --gtest_brief=1
	cd build && RECPIM_SEED_OFFSET=$$(date +%Y%m%d) ctest -j $(JOBS) -R MeshEquivalence --output-on-failure
	RECPIM_COSIM_SHAPES=10 build/testbenches/cosim/cosim_test --gtest_filter="*ChipCosim*"

lint: setup ## clang-format, clang-tidy, Verilator -Wall, Yosys; fails on findings
	@[ -f build/build.ninja ] || cmake --preset release
	@cmake --build build -j $(JOBS) --target recpim_revision
	@testbenches/harness/lint.sh

format: setup ## rewrite the C++ sources in the agreed format
	@git ls-files -co --exclude-standard "*.h" "*.cpp" | xargs clang-format -i

clean: ## remove what was built and run
	rm -rf build build-debug build-asan run
