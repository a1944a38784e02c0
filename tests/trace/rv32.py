#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""A firmware on the chip's instruction set (tests/target/node.c), its UART by every way to the desk.

    rv32.py TARGET_RUN NODE HEAPTRAIL
"""
import re
import subprocess
import sys

import ways

RUN, NODE, ways.HEAPTRAIL = sys.argv[1:4]
STEPS = "6000"


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
ways.finish("rv32")
