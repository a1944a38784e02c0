#!/bin/sh
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# golden_traces.sh DIR [make]: each trace of tests/golden/traces is decoded to the text beside it, by the
# programs in DIR. With `make`, those that are missing are made first.
set -eu
programs=$1 traces=$(dirname "$0")/../golden/traces
one() { # one NAME PROGRAM OPTIONS...
    name=$1 program=$2
    shift 2
    [ -e "$traces/$name" ] && return
    "$programs/$program" "$@" "$traces/$name"
    "$programs/read_trace" "$traces/$name" >"$traces/$name.txt"
}
if [ "${2:-}" = make ]; then
    one v1-firmware.wire make_trace --seed 1 --events 300 --origins 40 --rare 9 --frame 600
    one v1-linux.wire make_trace --seed 2 --events 300 --origins 40 --rare 9 --wide
    one v1-noisy.wire make_trace --seed 3 --events 600 --origins 40 --rare 25 --frame 300 --noisy
    one v1-device.wire host_device
    one v1-searches.wire make_trace --seed 5 --events 200 --origins 20 --rare 7 --frame 900
    one v1-recorded.htz make_trace --seed 4 --events 500 --origins 40 --rare 60 --recorded
fi
count=0
for text in "$traces"/*.txt; do
    "$programs/read_trace" "${text%.txt}" | cmp - "$text"
    count=$((count + 1))
done
[ "$count" -ge 4 ]
echo "$count golden traces are decoded as ever"
