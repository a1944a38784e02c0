#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""check_leaks.py LEAKY_NODE: what `leaks` says after an hour of simulated traffic, against what happens then.

The leak comes first, the growing cache second, nothing else above "possible"; and memory runs out when it says so, within
10 %: the truth is a second run, which goes on until the firmware dies of it.
"""
import json
import re
import subprocess
import sys
import threading

MINUTES = 60
LESS = ["--less", "200000"]  # of internal memory, so that its end comes sooner
TOLERANCE = 0.10


def death(program, found):
    """The minute in which an allocation failed for good: the firmware aborts, as without C++ exceptions."""
    done = subprocess.run([program, "--minutes", "1000"] + LESS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found["status"] = done.returncode
    found["minute"] = int(re.findall(rb"node: minute (\d+):", done.stdout)[-1])


def leaks(program):
    done = subprocess.run([program, "--minutes", str(MINUTES), "--console"] + LESS, input=b"heaptrail leaks --json\n",
                          stdout=subprocess.PIPE, check=True)
    start = done.stdout.rindex(b'{"heaptrail"')
    return json.loads(done.stdout[start:].split(b"node>")[0])


def problems_of(report, rows):
    """Of the ranking."""
    wanted = (("certain", "publish_sample"), ("likely", "host_resolve"))
    for i, (sure, function) in enumerate(wanted):
        if i >= len(rows) or (rows[i]["sure"], rows[i]["function"]) != (sure, function):
            yield "row %d is not %s %s" % (i, sure, function)
    if (report["certain_sites"], report["likely_sites"]) != (1, 1):
        yield "%d certain, %d likely sites" % (report["certain_sites"], report["likely_sites"])


def main():
    program = sys.argv[1]
    truth = {}
    second = threading.Thread(target=death, args=(program, truth))
    second.start()
    report = leaks(program)
    second.join()
    problems = list(problems_of(report, report["rows"]))
    said = report["exhaustion"]["left_us"] / 60e6
    true = truth["minute"] - MINUTES
    if truth["status"] >= 0 or abs(said / true - 1) > TOLERANCE:
        problems.append("not within %d %% of the truth" % (TOLERANCE * 100))
    print("full in %.0f min of %s; it was in %d min: %+.1f %%"
          % (said, report["exhaustion"]["caps"], true, (said / true - 1) * 100))
    for problem in problems:
        print("check_leaks: " + problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
