#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""At every byte of code: the frames, names and lines that addr2line gives.

    compare.py PATH_TO_host_symbols_print PROGRAM.elf...

addr2line names bytes between functions after the one before; they have no line, and no name here. It keeps what the
optimiser adds to C++ names. It does not read the .dwo files of -gsplit-dwarf: such a program is not for this.
"""
import os
import re
import subprocess
import sys


def run(command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def code(elf):
    for line in run(["readelf", "-SW", elf]).splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 8 and words[2] == "PROGBITS" and "X" in words[7]:
            start = int(words[3], 16)
            yield from range(start, start + int(words[5], 16))


def place(text):
    text = re.sub(r" \(discriminator \d+\)", "", text)
    file, _, line = text.rpartition(":")
    return (os.path.normpath(file) if file else "??", "0" if line == "?" else line)


def answers(output):
    """Address to [(function, (file, line)), ...]."""
    found, frames = {}, []
    lines = output.splitlines()
    at = 0
    while at < len(lines):
        if re.fullmatch(r"0x[0-9a-f]+", lines[at]):
            frames = found.setdefault(int(lines[at], 16), [])
            at += 1
        else:
            frames.append((lines[at].split(" [clone ")[0], place(lines[at + 1])))
            at += 2
    return found


def same(mine, other):
    """Names without a linkage name have their namespaces here; addr2line may take a label (in_...) for a function."""
    def name_fits(ours, theirs):
        return ours == theirs or ours.endswith("::" + theirs) or theirs.startswith("in_")

    return len(mine) == len(other) and all(
        name_fits(a[0], b[0]) and a[1] == b[1] for a, b in zip(mine, other))


def compare(tool, elf):
    addresses = list(code(elf))
    text = "".join(f"0x{address:x}\n" for address in addresses)
    ours, theirs = answers(run([tool, elf], text)), answers(run(["addr2line", "-afiC", "-e", elf], text))
    wrong = named = 0
    for address in addresses:
        mine, other = ours[address], theirs[address]
        between = mine == [("??", ("??", "0"))] and len(other) == 1 and other[0][1][1] == "0"
        named += not between
        if not same(mine, other) and not between:
            wrong += 1
            if wrong <= 5:
                print(f"{elf}: 0x{address:x}\n  ours   {mine}\n  theirs {other}")
    print(f"{os.path.basename(elf)}: {len(addresses)} addresses, {named} with a name, {wrong} wrong")
    return wrong == 0 and named > 100


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    good = [compare(sys.argv[1], elf) for elf in sys.argv[2:]]
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
