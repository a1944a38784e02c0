#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""check_names.py HEAPTRAIL STACKS_MAKER PROTOS ELF: names, files, lines and inlined functions in exports are addr2line's."""
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import readers

HEAPTRAIL, MAKER, PROTOS, ELF = sys.argv[1:5]
SCRATCH = tempfile.TemporaryDirectory()
WORK = Path(SCRATCH.name)
failed = 0


def expect(got, wanted, words):
    global failed
    if got != wanted:
        failed += 1
        print(f"FAILED: {words}: {got!r}, not {wanted!r}")


def export(form, path):
    return subprocess.run([HEAPTRAIL, "export", "-q", "-f", form, "--elf", ELF, path], stdout=subprocess.PIPE,
                          check=True).stdout


def instructions():
    """Where objdump sees an instruction begin: return addresses as good as any, since what is named is before them."""
    text = readers.run("objdump", "-d", "--no-show-raw-insn", ELF).decode()
    return [int(a, 16) for a in re.findall(r"^ +([0-9a-f]+):\t", text, re.M)]


def addr2line(addresses):
    """Per address [(function, file's name, line)], the innermost first."""
    text = readers.run("addr2line", "-a", "-f", "-i", "-C", "-e", ELF, *[hex(a - 1) for a in addresses]).decode()
    frames = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("0x"):
            frames.append([])
            continue
        file, number = next(lines).split(" ")[0].rsplit(":", 1)
        frames[-1].append((line, os.path.basename(file), int(number) if number.isdigit() else 0))
    return frames


def is_known(frames):
    return all(name != "??" and file != "??" for name, file, _ in frames)


addresses = instructions()
known = [(a, f) for a, f in zip(addresses, addr2line(addresses)) if is_known(f)]
expect(len(known) > 3, True, f"instructions in {ELF}: {len(addresses)}")
expect(any(len(frames) > 1 for _, frames in known), True, "something is inlined")
trace = WORK / "stacks.htw"
trace.write_bytes(subprocess.run([MAKER, *[hex(a) for a, _ in known]], stdout=subprocess.PIPE, check=True).stdout)

# speedscope: the outermost first, the weight tells which address.
data = json.loads(export("speedscope", trace))
frame = lambda i: (data["shared"]["frames"][i]["name"], os.path.basename(data["shared"]["frames"][i]["file"]),
                   data["shared"]["frames"][i]["line"])
live = data["profiles"][0]
for stack, weight in zip(live["samples"], live["weights"]):
    expect([frame(i) for i in reversed(stack)], known[weight - 1][1], f"speedscope: {known[weight - 1][0]:#x}")
expect(sorted(live["weights"]), list(range(1, len(known) + 1)), "speedscope: one stack for each address")

# pprof: lines of a location, inlined ones first.
file = WORK / "stacks.pprof"
file.write_bytes(export("pprof", trace))
readers.pprof(file, PROTOS)
message = readers.parse_text(readers.run("protoc", f"--proto_path={PROTOS}", "--decode=heaptrail.pprof.Profile",
                                         "pprof.proto", data=gzip.decompress(file.read_bytes())).decode())
strings = [json.loads(s) for s in readers.fields(message, "string_table")]
function = {readers.field(f, "id"): f for f in readers.fields(message, "function")}
locations = {readers.field(l, "address"): l for l in readers.fields(message, "location")}
for address, frames in known:
    lines = [(strings[int(readers.field(function[readers.field(line, "function_id")], "name"))],
              os.path.basename(strings[int(readers.field(function[readers.field(line, "function_id")], "filename"))]),
              int(readers.field(line, "line") or 0)) for line in readers.fields(locations[str(address)], "line")]
    expect(lines, frames, f"pprof: {address:#x}")

# heaptrack_print words them itself.
file = WORK / "stacks.heaptrack"
file.write_bytes(export("heaptrack", trace))
text = readers.run("heaptrack_print", "-n1000", "-s1000", file).decode()
for _, frames in known:
    expect(frames[0][0].split("(")[0] in text, True, f"heaptrack_print: {frames[0][0]}")

# callgrind: an inlined function is called by what it was inlined into.
file = WORK / "stacks.callgrind"
file.write_bytes(export("callgrind", trace))
for _, frames in known:
    expect(f") {frames[0][0]}\n" in file.read_text(), True, f"callgrind: {frames[0][0]}")

print(f"{len(known)} addresses, {failed} failed")
sys.exit(failed != 0)
