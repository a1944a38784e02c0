#!/bin/bash
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# Every test in every build. The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
emulator=$(scripts/emulator.sh)
# Else each process sleeps for a second before it ends, to catch races with its end.
export TSAN_OPTIONS="atexit_sleep_ms=20 ${TSAN_OPTIONS:-}"
passed=0 failed=0 failures=

# configuration NAME CMAKE-OPTIONS...: build it in build/NAME and run its tests.
configuration() {
    local name=$1 log
    shift
    log=build/$name.log
    mkdir -p build
    echo "== $name: $*"
    if ! { cmake -G Ninja -S . -B "build/$name" "$@" && cmake --build "build/$name"; } >"$log" 2>&1; then
        tail -30 "$log"
        failed=$((failed + 1)) failures="$failures $name(build)"
        return
    fi
    ctest --test-dir "build/$name" -j2 --timeout 600 --output-on-failure >>"$log" 2>&1
    local results
    results=$(grep -E '^ *[0-9]+/[0-9]+ Test +#' "$log")
    local ok bad
    ok=$(grep -c ' Passed ' <<<"$results")
    bad=$(grep -cE '\*\*\*(Failed|Timeout|Exception|Not Run)' <<<"$results")
    echo "   $ok passed, $bad failed, $(grep -c 'Skipped' <<<"$results") skipped"
    [ "$bad" -eq 0 ] || {
        grep -E '\*\*\*(Failed|Timeout|Exception|Not Run)' <<<"$results"
        sed -n '/The following tests FAILED/,$p' "$log" | head -40
        failures="$failures $name"
    }
    passed=$((passed + ok)) failed=$((failed + bad))
}

configuration 64
configuration 32 -DHEAPTRAIL_M32=ON -DHEAPTRAIL_EMULATOR="$emulator"
configuration 64-asan -DHEAPTRAIL_SANITIZE=address,undefined
configuration 64-tsan -DHEAPTRAIL_SANITIZE=thread
# ASan needs a kernel that runs 32-bit programs: qemu-i386 has no room for its shadow memory.
if [ -z "$emulator" ]; then
    configuration 32-asan -DHEAPTRAIL_M32=ON -DHEAPTRAIL_SANITIZE=address,undefined
else
    echo "== 32-asan: only its half without addresses, this machine's kernel runs no 32-bit programs"
    configuration 32-ubsan -DHEAPTRAIL_M32=ON -DHEAPTRAIL_EMULATOR="$emulator" -DHEAPTRAIL_SANITIZE=undefined
fi
[ -z "$failures" ] || echo "failed:$failures (logs in build/)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
