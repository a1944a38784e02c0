#!/bin/sh
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# readme.sh COMPILER LIBRARY FOLDER: what host/lib/README.md shows compiles without a warning, and tells
# what the golden trace's text has.
set -eu
compiler=$1 library=$2 folder=$3
sed -n '/^```c$/,/^```$/p' host/lib/README.md | grep -v '^```' >"$folder/readme.c"
# shellcheck disable=SC2086
"$compiler" -Wall -Wextra -Werror ${FLAGS:-} -Ihost/lib "$folder/readme.c" "$library" -lz -o "$folder/readme"
"$folder/readme" <tests/golden/traces/v1-firmware.wire >"$folder/readme.out"
cat "$folder/readme.out"
sed -nE 's/^([0-9]+) .* counters live=([0-9]+) live_bytes=([0-9]+) .*/\1 us: \3 bytes in \2 blocks/p
         s/^([0-9]+) .* loss cause=[0-9]+ count=([0-9]+) .*/\1 us: lost \2/p' \
    tests/golden/traces/v1-firmware.wire.txt | cmp - "$folder/readme.out"
[ "$(wc -l <"$folder/readme.out")" -ge 4 ]
