# SPDX-License-Identifier: Apache-2.0
# The front door. `make run` and `make test` work on a Debian 12 that has only git, make and apt.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)

# Debian packages; README.md says why each is there.
PACKAGES := g++ clang clang-format clang-tidy cmake ninja-build pkg-config ccache git python3 \
  libsystemc-dev libeigen3-dev libboost-program-options-dev libgtest-dev libbenchmark-dev \
  libhdf5-dev nlohmann-json3-dev libyaml-cpp-dev libsqlite3-dev libspdlog-dev libssl-dev \
  verilator yosys

.PHONY: help setup build test run cosim search bench lint format clean nightly

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

test: build ## run every test
	@cd build && ctest -j $(JOBS) --output-on-failure --no-tests=error

lint: setup ## clang-format, clang-tidy, Verilator -Wall, Yosys; fails on findings
	@[ -f build/build.ninja ] || cmake --preset release
	@cmake --build build -j $(JOBS) --target recpim_revision
	@testbenches/harness/lint.sh

format: setup ## rewrite the C++ sources in the agreed format
	@git ls-files -co --exclude-standard "*.h" "*.cpp" | xargs clang-format -i

clean: ## remove what was built and run
	rm -rf build build-debug build-asan run
