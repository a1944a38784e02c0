#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Prove that a missing critical section is noticed.

    prove.py FOLDER SWEEP [NO_SPIN]

SWEEP is run once for each place in the sources of FOLDER that takes the lock, as if that one did not: some scenario must
fail, or harmless.txt says why none can. Each place in them must be one that SWEEP knows. NO_SPIN is the stress test for
two harts with a lock that only masks interrupts: it must fail.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
RUN = HERE.parent / "run"
HARMLESS = HERE / "harmless.txt"
TAKES = re.compile(r"\b(?:ht_port_lock|EACH_LOCKED|HT_OUTSIDE)\(")

PASSED, NOTICED, TRAPPED, NEVER_TAKEN, HUNG = 0, 1, 3, 4, 124  # exit codes
FAILED = re.compile(r"^\S+, interrupted after|^trap:|^ht_check:|should be \d+$|^it hangs", re.MULTILINE)
SECONDS = 60


def run(*arguments):
    """Exit code and output."""
    try:
        done = subprocess.run([RUN, *arguments], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return HUNG, "it hangs"
    return done.returncode, done.stdout + done.stderr


def is_noticed(code, output):
    """The program failed as it is meant to: not the emulator, not the command line."""
    return code in (NOTICED, TRAPPED, HUNG) and FAILED.search(output) is not None


def read_harmless(files):
    """The places of these files, and why."""
    lines = (line.split(None, 1) for line in HARMLESS.read_text().splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2 and words[0].split(":")[0] in files}


def places_in_sources(folder):
    """How many places each file has: uses of the lock, not its declarations, and not what the macros are made of."""
    count = collections.Counter()
    for path in sorted(folder.glob("*.[ch]")):
        text = re.sub(r"^#define(?:.*\\\n)*.*", "", path.read_text(), flags=re.MULTILINE)
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        found = len(TAKES.findall(text))
        if found:
            count[path.name] = found
    return count


def judge(place, code, output, harmless):
    """What is wrong with the result for a place; None: nothing."""
    if code == NEVER_TAKEN:
        return f"{place}: no scenario gets there"
    if code == PASSED:
        return None if place in harmless else f"{place}: it is missing, and nobody notices"
    if not is_noticed(code, output):
        return f"{place}: exit code {code}: {output.strip()}"
    return f"{place} is in {HARMLESS.name}, but: {output.strip()}" if place in harmless else None


def main(folder, sweep, no_spin=None):
    wrong = []
    expected = places_in_sources(pathlib.Path(folder))
    harmless = read_harmless(expected)
    _, output = run("--icount", "7", sweep, "places")
    places = sorted(set(re.findall(r"^place (\S+)", output, re.MULTILINE)))
    places = [place for place in places if place.split(":")[0] in expected]
    wrong += [f"{place} is in {HARMLESS.name}, and there is no such place" for place in harmless if place not in places]

    known = collections.Counter(place.split(":")[0] for place in places)
    for name, count in expected.items():
        if known[name] != count:
            wrong.append(f"{name} takes the lock at {count} places, and {known[name]} of them were seen")

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda place: run("--icount", "7", sweep, "all", place), places)
        for place, (code, output) in zip(places, results):
            wrong += filter(None, [judge(place, code, output, harmless)])

    if no_spin is not None:
        code, output = run("--smp", "2", "--icount", "3", no_spin, "16000", "512", "2", "1000")
        if not is_noticed(code, output):
            wrong.append(f"two harts with a lock that does not spin: exit code {code}: {output.strip()}")

    print("\n".join(wrong) or f"{len(places)} places take the lock. {len(places) - len(harmless)} of them: a scenario fails "
          f"without it. {len(harmless)}: harmless.")
    return bool(wrong)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
