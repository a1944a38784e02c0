#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""leaky_node on the stand-in, by every way to the desk.

    streams.py LEAKY_NODE HEAPTRAIL
"""
import os
import subprocess
import sys

import ways

NODE, ways.HEAPTRAIL = sys.argv[1:3]
MINUTES = "3"


def node(way, stdout):
    to = way.removeprefix("file:") if not way.startswith("console:") else "console"
    # At the same addresses each time: the libraries' are in the stacks.
    return subprocess.run(["setarch", os.uname().machine, "-R", NODE, "--minutes", MINUTES, "--trace", to],
                          stdout=stdout, stderr=subprocess.PIPE, timeout=ways.WAIT, check=False)


ways.compare(node, ["warm", "report"])
ways.finish("streams")
