#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Usage: count_instructions.sh <32-bit static program> [args]
# Prints the instructions executed between mark_begin() and mark_end(), divided by 1000 pairs.
# The harness's own part (random numbers, loop) is included, about 40 per pair.
set -eu
program=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
begin=$(nm "$program" | awk '$3 == "mark_begin" {print $1}')
end=$(nm "$program" | awk '$3 == "mark_end" {print $1}')
timeout 300 qemu-i386 -singlestep -d exec,nochain -D "$log" "$program" "$@"
awk -v b="/$begin/" -v e="/$end/" '
    /^Trace/ { if (index($0, b)) on = 1; if (index($0, e)) on = 0; n += on }
    END { printf "%d instructions, %.1f per pair\n", n, n / 1000 }' "$log"
