#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""A firmware that leaks in each way, its own report of leaks, and what the desk makes of its trace.

    leaks.py FW_LEAKS HEAPTRAIL

What the device found is in the trace to the last number, and the desk's ranking agrees with it, but for the block that the
scan calls lost and that is freed afterwards.
"""
import json
import os
import subprocess
import sys
import tempfile

FIRMWARE, HEAPTRAIL = sys.argv[1:3]
PLACE = ("file", "line", "function", "variable", "component", "library", "variable_derived", "method", "caps", "frames")
wrong = []


def check(what, device, desk):
    if device != desk:
        wrong.append("%s: the device has %r, the desk %r" % (what, device, desk))


def numbers(row):
    return {key: value for key, value in row.items() if key not in PLACE and key != "site_id"}


with tempfile.TemporaryDirectory() as folder:
    wire, told = (os.path.join(folder, name) for name in ("fw.wire", "fw.json"))
    subprocess.run([FIRMWARE, wire, told], check=True, timeout=60)
    with open(told, encoding="utf-8") as file:
        device = json.load(file)
    desk = json.loads(subprocess.run([HEAPTRAIL, "report", wire, "--leaks", "--json", "--top", "0"],
                                     stdout=subprocess.PIPE, check=True).stdout)["leaks"]

found = desk["device"]
for key, value in device.items():
    if key in found and key != "rows":
        check(key, value, found[key])
shared = [key for key in device if key in found]
if len(shared) < 25:
    wrong.append("only %d keys in common: %r" % (len(shared), shared))
check("rows", len(device["rows"]), len(found["rows"]))
for mine, theirs in zip(device["rows"], found["rows"]):
    check("site_id", mine["site_id"], theirs["site_id"])
    check("frames", mine["frames"], theirs["frames"])
    check("site %d" % mine["site_id"], json.dumps(numbers(mine)), json.dumps(numbers(theirs)))

# The ring that the trace goes through has the addresses of the latest blocks; nothing else has them any more.
if max(row["lost_blocks"] for row in device["rows"]) < 58:
    wrong.append("only %d of 60 blocks are lost" % max(row["lost_blocks"] for row in device["rows"]))

# The ranking: the same sites, as sure as there, but for the one that was refuted.
sure = {row["site_id"]: row["sure"] for row in device["rows"]}
merged = {row["site_id"]: row for row in desk["suspects"]["rows"]}
for site, words in sorted(sure.items()):
    row = next(row for row in device["rows"] if row["site_id"] == site)
    if row["lost_bytes"] == 77:
        if site in merged:
            wrong.append("site %d was refuted, and is still a suspect" % site)
    elif words != "follows":
        check("how sure site %d is" % site, words, merged.get(site, {}).get("sure"))
kinds = {key for row in device["rows"] for key in ("growth", "task_gone", "overdue") if row[key] is not None}
kinds |= {key for row in device["rows"] for key in ("lost", "with", "possibly_lost", "indirectly_lost") if row[key + "_blocks"]}
check("kinds of evidence in the firmware", 7, len(kinds))
for words in wrong:
    print("leaks.py: " + words)
print("%d suspects, %s" % (len(device["rows"]), "wrong" if wrong else "the same at the desk"))
sys.exit(bool(wrong))
