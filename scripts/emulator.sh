#!/bin/sh
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# What 32-bit programs have to be run with: nothing where the kernel runs them, else qemu-i386.
probe=$(mktemp)
trap 'rm -f "$probe"' EXIT
if echo 'int main(void){return 0;}' | gcc -m32 -x c - -o "$probe" 2>/dev/null && "$probe" 2>/dev/null; then
    exit 0
fi
echo qemu-i386
