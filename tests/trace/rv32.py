#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""A firmware on the chip's instruction set (tests/target/node.c), its UART by every way to the desk.

    rv32.py TARGET_RUN NODE HEAPTRAIL
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import ways

RUN, NODE, ways.HEAPTRAIL = sys.argv[1:4]
STEPS = "6000"
STORM, PERIOD = "6000", "5000"


def node(way, stdout):
    # The UART is the console: what goes to standard output is QEMU's own.
    serial = way.removeprefix("console:")
    return subprocess.run([RUN, "--icount", "7", "--serial", serial, NODE, STEPS], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=ways.WAIT, check=False)


log, tree = ways.compare(node, ["half", "end"], timeless=True)
for mark in tree["summary"]["marks"]:
    said = re.search(rf"node: {mark['mark']}: (\d+) blocks, (\d+) bytes live; (\d+) ever, (\d+) freed", log)
    device = mark["device"]
    ways.expect("the device's own tables", said is not None and [int(n) for n in said.groups()] == [
        device["live_blocks"], device["live_bytes"], device["total_blocks"], device["total_frees"]], (said, device))


def storm(folder):
    """The drain is interrupted wherever it is: what comes out is what the device's tables have."""
    trace = Path(folder, "storm")
    done = subprocess.run([RUN, "--icount", "7", "--serial", f"file:{trace}", NODE, STORM, PERIOD], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=ways.WAIT, check=False)
    ways.expect("storm: the node", done.returncode == 0, done)
    text = subprocess.run([ways.HEAPTRAIL, "record", trace, "-o", f"{folder}/again", "-q"], stdout=subprocess.PIPE,
                          check=False).stdout.decode()
    summary = ways.report(trace)["summary"]
    said = [[int(n) for n in line] for line in
            re.findall(r"node: (?:storm|end): (\d+) blocks, (\d+) bytes live; (\d+) ever, (\d+) freed", text)]
    ways.expect("storm: lost", not re.search(r'"lost_events": [1-9]', str(summary)), summary)
    ways.expect("storm: marks", len(said) > 30, text[-500:])
    for who in ("device", "trace"):
        marks = [[mark[who][key] for key in ("live_blocks", "live_bytes", "total_blocks", "total_frees")]
                 for mark in summary["marks"]]
        ways.expect(f"storm: sums at each mark, the {who}'s", marks == said,
                    [pair for pair in zip(marks, said) if pair[0] != pair[1]])
    done = subprocess.run([ways.HEAPTRAIL, "report", "--json", "--sites", "--by", "stack", "--top", "0", trace],
                          stdout=subprocess.PIPE, check=False)
    rows = json.loads(done.stdout)["sites"]["rows"]
    ours = sorted([row[key] for key in ("site_id", "live_blocks", "live_bytes", "total_blocks")] for row in rows)
    theirs = [[int(n) for n in line] for line in
              re.findall(r"node: origin (\d+): (\d+) blocks, (\d+) bytes live; (\d+)", text)]
    ways.expect("storm: origins", ours == theirs and len(ours) > 30, [pair for pair in zip(ours, theirs) if pair[0] != pair[1]])


with tempfile.TemporaryDirectory() as place:
    storm(place)
ways.finish("rv32")
