#!/bin/bash
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# run.sh HEAPTRAIL CASE.sh [--accept]: run a case in a folder of its own and compare all that it printed with CASE.expected,
# byte for byte. In a case: $HEAPTRAIL the program, $CASES this folder's cases, `try ARGS...`, which runs the program and
# says how it ended, and `world NAME`, which makes the trace NAME.ht (trace_maker.c; $MAKER is that program), $SOURCE the project.
set -u
HEAPTRAIL=$(realpath "$1")
CASES=$(realpath "$(dirname "$2")")
expected=${2%.sh}.expected
case_file=$(realpath "$2")
SOURCE=$(realpath "$(dirname "$0")/../..")
# `script` asks SHELL, which may be unset; the functions below are for bash alone.
export HEAPTRAIL CASES SOURCE LC_ALL=C.UTF-8 SHELL=/bin/bash
unset COLUMNS NO_COLOR TERM DEBUGINFOD_URLS

try() {
    local words
    words=$(printf ' %q' "$@")
    [ $# -ne 0 ] || words=
    echo "\$ heaptrail${words//$CASES/CASES}"
    "$HEAPTRAIL" "$@" 2>stderr
    local code=$?
    cat stderr
    echo "[$code]"
}
world() { "$MAKER" "$1" >"$1.ht"; }
export -f try world

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && bash -u "$case_file") >"$folder/got" 2>&1 </dev/null
if [ "${3:-}" = --accept ]; then
    cp "$folder/got" "$expected"
else
    diff -u "$expected" "$folder/got"
fi
