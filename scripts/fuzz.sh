#!/bin/bash
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh SECONDS [NAME]: each fuzzer for so long under libFuzzer, and as long under AFL++, with ASan and UBSan.
# What is found goes to build/fuzz/NAME-*; an input that is worth keeping goes to tests/fuzz/corpus.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60} names=${2:-wire records file core} out=build/fuzz found=0
mkdir -p "$out"
PACKAGES=tests/fuzz/packages.txt scripts/packages.sh
sources=$(ls host/lib/ht_{decode,event,writer,keeper,trace,model,analyse,strings,core,memory,lookup_error}*.c)
flags="-O1 -g -D_GNU_SOURCE -Wno-macro-redefined -fno-omit-frame-pointer -Ihost/lib -Icomponents/heaptrail/format -Icomponents/heaptrail/include"
libraries="-lz -lzstd -lm -lelf -lnettle"

# seeds NAME: the corpus to begin with.
seeds() {
    rm -rf "$out/$1-seeds"
    mkdir -p "$out/$1-seeds" "$out/$1-corpus"
    cp tests/fuzz/corpus/"$1"/* "$out/$1-seeds"
}

# report NAME PATTERN: what was found, if anything.
report() {
    local hits
    hits=$(find "$out" -path "$2" -type f ! -name README.txt | sort)
    [ -z "$hits" ] && return
    echo "fuzz: $1 found:"
    echo "$hits"
    found=1
}

for name in $names; do
    seeds "$name"
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o "$out/$name" \
        "tests/fuzz/fuzz_$name.c" tests/fuzz/fuzz.c $sources $libraries
    echo "== $name, libFuzzer, $seconds s"
    rm -f "$out/$name"-{crash,leak,oom,timeout}*
    "$out/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1000 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$out/$name-" "$out/$name-corpus" "$out/$name-seeds" >"$out/$name.log" 2>&1 || tail -40 "$out/$name.log"
    grep -E 'stat::number_of_executed_units|stat::peak_rss_mb' "$out/$name.log" || true
    report "libFuzzer" "$out/$name-[clot]*-*"
done

for name in $names; do
    # AFL++ needs no ASan to find a hang, and a crash aborts: fast here, thorough above.
    # shellcheck disable=SC2086
    AFL_QUIET=1 afl-clang-fast $flags -fsanitize=fuzzer -o "$out/$name-afl" \
        "tests/fuzz/fuzz_$name.c" tests/fuzz/fuzz.c $sources $libraries
    echo "== $name, AFL++, $seconds s"
    rm -rf "$out/$name-afl-out"
    AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 \
        afl-fuzz -V "$seconds" -m none -t 5000 -i "$out/$name-seeds" -o "$out/$name-afl-out" -- "$out/$name-afl" >"$out/$name-afl.log" 2>&1 ||
        tail -20 "$out/$name-afl.log"
    grep -E 'execs_done|saved_crashes|saved_hangs|corpus_count' "$out/$name-afl-out/default/fuzzer_stats"
    report "AFL++" "$out/$name-afl-out/default/crashes/*"
    report "AFL++" "$out/$name-afl-out/default/hangs/*"
done
[ "$found" -eq 0 ] && echo "fuzz: nothing found"
exit "$found"
