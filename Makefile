# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# The front door. Every goal installs what it needs by itself (packages.txt, apt-get).

.DEFAULT_GOAL := help
.PHONY: help packages demo test check bench fuzz fmt clean
.SUFFIXES:

BUILD := build
CMAKE := cmake -G Ninja -S .
JOBS := $(shell nproc)
# 32-bit programs run by themselves where the kernel can, else under qemu-i386.
EMULATOR = $(shell scripts/emulator.sh)

help: ## Say what can be made
	@echo "make ..."
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST)

packages: ## Install the Debian packages that are missing
	@scripts/packages.sh

demo: packages ## Run a leaky firmware on the stand-in for some simulated minutes and print its reports
	@$(CMAKE) -B $(BUILD)/64 >$(BUILD)-cmake.log 2>&1 || { cat $(BUILD)-cmake.log; exit 1; }
	@rm -f $(BUILD)-cmake.log
	@cmake --build $(BUILD)/64 --target leaky_node >$(BUILD)/64/demo.log 2>&1 || { cat $(BUILD)/64/demo.log; exit 1; }
	@$(BUILD)/64/demo/leaky_node --minutes 10

test: packages ## Build and run every test: 64 and 32 bit, ASan, UBSan, TSan
	@scripts/test.sh

check: packages ## Style, layering, warnings (under a minute)
	@scripts/check.sh

bench: packages ## Count instructions and bytes, beside ESP-IDF's (some minutes)
	@$(CMAKE) -B $(BUILD)/32 -DHEAPTRAIL_M32=ON -DHEAPTRAIL_EMULATOR="$(EMULATOR)" >/dev/null
	@cmake --build $(BUILD)/32 --target bench_plain bench_tracked bench_plain_fp bench_tracked_fp leaky_node >/dev/null
	@bench/rv32.py
	@bench/run.py $(BUILD)/32
	@bench/wire.py $(BUILD)/32
	@$(CMAKE) -B $(BUILD)/64 >/dev/null
	@cmake --build $(BUILD)/64 --target heaptrail_preload bench_symbols bench_host make_trace heaptrail >/dev/null
	@bench/symbols.py $(BUILD)/64/bench/bench_symbols
	@bench/host.py $(BUILD)/64
	@bench/record.py $(BUILD)/64
	@bench/linux.py $(BUILD)/64/components/heaptrail/port/posix/libheaptrail.so

fuzz: ## Run the fuzzers of the desk's readers, each for SECONDS=60 under libFuzzer and AFL++
	@scripts/fuzz.sh $(or $(SECONDS),60)

fmt: ## Format every C and C++ file
	@scripts/sources.sh | xargs clang-format -i

clean: ## Remove everything that was built
	rm -rf $(BUILD)
