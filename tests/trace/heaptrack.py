#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""The same programs under heaptrack: as many allocations, the same peak, the same functions at the peak.

    heaptrack.py HEAPTRAIL WORKLOADS      exit 77: there is no heaptrack

What differs is known: heaptrack's library brings libstdc++ along, whose emergency pool of 72,704 bytes is one allocation more, and
it does not let the C library free its buffers at the end.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HEAPTRAIL, WORK = sys.argv[1:3]
POOL = 72704
WAIT = 120
SUFFIX = {"": 1, "B": 1, "K": 1e3, "M": 1e6, "G": 1e9}
failed = 0


def expect(what, good, got):
    global failed
    if not good:
        failed += 1
        print(f"FAILED: {what}: {got}")


def number(text):
    found = re.fullmatch(r"([\d.]+)([KMGB]?)", text)
    return float(found[1]) * SUFFIX[found[2]]


def run(command, stdin):
    with open(stdin or os.devnull, "rb") as source:
        return subprocess.run(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT, check=False)


def theirs(command, stdin, folder):
    run(["heaptrack", "-o", f"{folder}/theirs", *command], stdin)
    file = next(f"{folder}/{name}" for name in os.listdir(folder) if name.startswith("theirs"))
    text = run(["heaptrack_print", "-a", "0", "-T", "0", "-l", "0", "-p", "1", "-n", "1000", file], None).stdout.decode()
    peak = text.split("PEAK MEMORY CONSUMERS", 1)[-1]
    sites = {}  # a function may allocate in several places
    for size, name in re.findall(r"^([\d.]+[KMGB]?) peak memory consumed over .* calls from\n(?:0x\w+|(\S+))$", peak, re.M):
        if name:
            sites[name] = sites.get(name, 0) + number(size)
    return {"allocations": int(re.search(r"calls to allocation functions: (\d+)", text)[1]),
            "peak": number(re.search(r"peak heap memory consumption: (\S+)", text)[1]), "sites": sites}


def ours(command, stdin, folder):
    alone = run(command, stdin)
    done = run([HEAPTRAIL, "run", "-q", "-o", f"{folder}/ours", "--", *command], stdin)
    expect("the program behaves as alone", (done.returncode, done.stdout, done.stderr) ==
           (alone.returncode, alone.stdout, alone.stderr), (done, alone))
    done = run([HEAPTRAIL, "report", "--json", "--summary", "--peak", "--by", "function", "--top", "0", f"{folder}/ours"], None)
    tree = json.loads(done.stdout)
    return {"allocations": tree["summary"]["total_blocks"], "peak": tree["summary"]["peak_bytes"],
            "sites": {row["function"]: row["at_peak_bytes"] for row in tree["peak"]["rows"]}}


def compare(name, command, stdin=None):
    with tempfile.TemporaryDirectory() as folder:
        a, b = theirs(command, stdin, folder), ours(command, stdin, folder)
    expect(f"{name}: allocations", 0 <= a["allocations"] - b["allocations"] <= 2, (a["allocations"], b["allocations"]))
    # They print three digits.
    expect(f"{name}: peak", abs(a["peak"] - POOL - b["peak"]) <= 0.005 * a["peak"] + 5000, (a["peak"], b["peak"]))
    both = a["sites"].keys() & b["sites"].keys()
    for site in both:
        expect(f"{name}: {site} at the peak", abs(a["sites"][site] - b["sites"][site]) <= 0.01 * a["sites"][site] + 64,
               (a["sites"][site], b["sites"][site]))
    print(f"{name}: {b['allocations']} allocations, peak {b['peak']} bytes; heaptrack {a['allocations']}, {a['peak']:.0f}; "
          f"{len(both)} functions named by both")


if shutil.which("heaptrack") is None or shutil.which("heaptrack_print") is None:
    print("skipped: no heaptrack here")
    sys.exit(77)
compare("lua", ["lua5.4", f"{WORK}/work.lua"])
compare("sqlite3", ["sqlite3", "-batch", "-init", "/dev/null", ":memory:"], f"{WORK}/work.sql")
compare("python3", [os.path.realpath(sys.executable), "-S", "-s", f"{WORK}/work.py"])
print("heaptrack: " + ("all good" if failed == 0 else f"{failed} failed"))
sys.exit(failed != 0)
