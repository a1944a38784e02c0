#!/bin/bash
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# m32.sh SOURCE BUILD HEAPTRAIL: build fw_dump.c in 32 bits, as on a chip, run it, and read with the 64-bit program what
# it left behind.
set -eu
source=$1 build=$2 heaptrail=$3
emulator=$("$source/scripts/emulator.sh")
mkdir -p "$build/dump"
cmake -G Ninja -S "$source" -B "$build" -DHEAPTRAIL_M32=ON >"$build/log" 2>&1 &&
    cmake --build "$build" --target esp_dump_firmware >>"$build/log" 2>&1 || { tail -30 "$build/log"; exit 1; }
exec "$(dirname "$0")/check.sh" "$heaptrail" "$build/tests/core_dump/esp_dump_firmware" "$build/dump" $emulator
