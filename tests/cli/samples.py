#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""samples.py HEAPTRAIL PAGE.md [--accept]: run each block of a page that begins with "$ heaptrail ..." in the current
folder, and say where it prints something else. --accept: write what it prints into the page."""
import re
import subprocess
import sys

program, page = sys.argv[1], sys.argv[2]
text = open(page, encoding="utf-8").read()
wrong = 0
count = 0


def run(match):
    global wrong, count
    command = match.group(1)
    done = subprocess.run(["bash", "-c", command.replace("heaptrail", '"$0"', 1), program],
                          capture_output=True, text=True, encoding="utf-8")
    got = done.stdout + done.stderr
    count += 1
    if got != match.group(2):
        wrong += 1
        print(f"$ {command}\nprints\n{got}but {page.split('/')[-1]} has\n{match.group(2)}")
    return f"```\n$ {command}\n{got}```\n"


new = re.sub(r"```\n\$ (heaptrail .*)\n(?s:(.*?))```\n", run, text)
if "--accept" in sys.argv:
    open(page, "w", encoding="utf-8").write(new)
    sys.exit(0)
print(f"{count} samples" + (f", {wrong} wrong" if wrong else " as they are"))
