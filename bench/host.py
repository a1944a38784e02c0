#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""How fast the desk reads a trace, and in how much memory, beside heaptrack on the same trace.

    bench/host.py BUILD_DIR [EVENTS]

The trace is a random story (tests/host/story.h says what is drawn) of 10 million allocations and frees from
500 call sites by 8 tasks, the same on every machine. heaptrack_print reads it as `heaptrail export --format
heaptrack` wrote it. Time that passes (heaptrack_print, which has one thread: CPU time), the least of nine runs
that take turns, and the median; with two threads, as `heaptrail report` has them for a file of that size, and
with one. Adds its figures to build/bench/results.json.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import run as shared

ROUNDS = 9
STORY = ["--seed", "42", "--origins", "500", "--tasks", "8", "--rare", "500000"]


def generate(build, path, events, *extra):
    program = os.path.join(build, "tests/host/make_trace")
    subprocess.run([program, "--events", str(events), *STORY, *extra, path], check=True)


def read_once(build, trace, how, threads, *times):
    command = [os.path.join(build, "bench/bench_host"), trace, how, *map(str, (threads, *times))]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def read_in_turn(build, trace, *ways):
    """For each way (what, threads): bench_host's figures, by the time it took, the fastest first."""
    runs = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, figures in zip(ways, runs):
            figures.append(read_once(build, trace, *way))
    return [sorted(figures, key=lambda one: one["seconds"]) for figures in runs]


def heaptrack(build, trace, folder):
    """CPU seconds and peak KB of heaptrack_print on the same trace; None: not here."""
    program = os.path.join(build, "host/cli/heaptrail")
    if shutil.which("heaptrack_print") is None or not os.path.exists(program):
        return None
    exported = os.path.join(folder, "trace.heaptrack")
    subprocess.run([program, "export", "--quiet", "--format", "heaptrack", "--output", exported, trace], check=True)
    with open(exported, encoding="utf-8") as lines:
        steps = sum(line[:2] in ("+ ", "- ") for line in lines)
    with open(os.devnull, "w", encoding="utf-8") as null:
        child = subprocess.Popen(["heaptrack_print", exported], stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"bench: heaptrack_print failed ({status})")
    return steps, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def measure(build, folder, events):
    wire, recorded = (os.path.join(folder, name) for name in ("trace.wire", "trace.htz"))
    generate(build, wire, events)
    generate(build, recorded, events, "--recorded")
    decoded, alone, both = read_in_turn(build, recorded, ("decode", 1), ("model", 1), ("model", 2))
    model = both[0]
    span = model["last_us"] - model["first_us"]
    window = read_once(build, recorded, "model", 2, model["first_us"] + span * 6 // 10, model["first_us"] + span * 7 // 10)
    count = model["events"]
    results = {
        "host_events_per_second": round(count / model["seconds"]),
        "host_events_per_second_median": round(count / both[ROUNDS // 2]["seconds"]),
        "host_events_per_second_one_thread": round(count / alone[0]["seconds"]),
        "host_decode_events_per_second": round(count / decoded[0]["seconds"]),
        "host_peak_mb_10m": round(model["peak_kb"] / 1024, 1),
        "disk_bytes_per_event": round(model["bytes"] / count, 2),
        "wire_bytes_per_event_story": round(os.path.getsize(wire) / count, 2),
        "host_window_read_percent": round(100 * window["bytes_read"] / window["bytes"], 1),
    }
    peer = heaptrack(build, recorded, folder)
    if peer is not None:
        steps, seconds, peak_kb = peer
        results["host_events_per_second_heaptrack"] = round(steps / seconds)
        results["host_peak_mb_10m_heaptrack"] = round(peak_kb / 1024, 1)
    return results


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    events = int(sys.argv[2]) if len(sys.argv) == 3 else 10000000
    with tempfile.TemporaryDirectory() as folder:
        results = measure(sys.argv[1], folder, events)
    print(f"\nThe desk, a trace of {events:,} allocations and frees (budget: 20,000,000 events a second, 200 MB)")
    for key, value in results.items():
        print(f"  {key:<40}{value:>14,}")
    if len(sys.argv) == 2:
        shared.add_results(results)


if __name__ == "__main__":
    main()
