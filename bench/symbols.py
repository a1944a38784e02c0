#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses to functions and lines per second of CPU, beside addr2line and eu-addr2line on the same input.

    bench/symbols.py PATH_TO_bench_symbols [ELF]

10,000 distinct addresses, spread over the code of libc (with libc6-dbg's debug information) and of the
bench's firmware for rv32, which was linked with --gc-sections (if bench/rv32.py has built it). Each
program is timed as a whole: start, reading, answers with inlined functions. The least of several runs.
Adds its figures to build/bench/results.json.
"""
import glob
import os
import random
import subprocess
import sys
import tempfile

import run as shared

COUNT = 10000
REPEAT = 5
LIBC = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"]
FIRMWARE = "build/bench/rv32/tracked*.elf"


def code_of(elf):
    """Start and bytes of the largest section of code."""
    text = subprocess.run(["readelf", "-SW", elf], capture_output=True, text=True, check=True).stdout
    sections = []
    for line in text.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 8 and words[2] == "PROGBITS" and "X" in words[7]:
            sections.append((int(words[5], 16), int(words[3], 16)))
    if not sections:
        sys.exit(f"bench: {elf} has no code")
    size, start = max(sections)
    return start, size


def addresses(elf, path):
    """As many as there are, COUNT at most, each once, in no order."""
    start, size = code_of(elf)
    step = max(2, size // COUNT // 2 * 2)
    chosen = list(range(start, start + size, step))[:COUNT]
    random.Random(1).shuffle(chosen)
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(f"0x{address:x}\n" for address in chosen)
    return len(chosen)


def timed(command, path):
    """CPU seconds, the least of REPEAT runs, and what was printed."""
    best = None
    for _ in range(REPEAT):
        with open(path, encoding="utf-8") as questions, tempfile.TemporaryFile() as output:
            child = subprocess.Popen(command, stdin=questions, stdout=output, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            if status != 0 and "symbols" in command[0]: # eu-addr2line fails when an address has no line
                sys.exit(f"bench: {' '.join(command)} failed ({status})")
            seconds = usage.ru_utime + usage.ru_stime
            best = seconds if best is None else min(best, seconds)
            output.seek(0)
            text = output.read().decode(errors="replace")
    return best, text


def with_line(text):
    """How many of the addresses got a line."""
    found, has_line = 0, False
    for line in text.splitlines() + ["0x0"]:
        if line.startswith("0x"):
            found, has_line = found + has_line, False
        elif ":" in line and line.rsplit(":", 1)[1][:1] not in ("0", "?"):
            has_line = True
    return found


def measure(name, elf, program, results):
    flags = ["-afiC", "-e", elf]
    commands = {"heaptrail": [program, elf], "addr2line": ["addr2line"] + flags, "eu-addr2line": ["eu-addr2line"] + flags}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "addresses")
        count = addresses(elf, path)
        print(f"\n{name}: {count} addresses of {elf}\n{'':<16}{'per second':>12}{'with a line':>14}")
        for tool, command in commands.items():
            if subprocess.run(["which", command[0]], capture_output=True, check=False).returncode != 0:
                print(f"{tool:<16}{'-':>12}")
                continue
            seconds, text = timed(command, path)
            rate, lines = round(count / max(seconds, 0.001)), with_line(text)
            print(f"{tool:<16}{rate:>12}{100 * lines / count:>13.1f}%")
            suffix = "" if name == "libc" else f"_{name}"
            key = "symbols_per_second" + suffix + ("" if tool == "heaptrail" else "_" + tool.replace("-", "_"))
            results[key] = rate
            results[key.replace("per_second", "with_line_percent")] = round(100 * lines / count, 1)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    inputs = [("libc", path) for path in LIBC if os.path.exists(path)][:1]
    inputs += [("rv32", path) for path in sorted(glob.glob(FIRMWARE))][:1]
    if len(sys.argv) == 3:
        inputs = [("given", sys.argv[2])]
    results = {}
    for name, elf in inputs:
        measure(name, elf, program, results)
    if len(sys.argv) == 2:
        shared.add_results(results)


if __name__ == "__main__":
    main()
