#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""What the recorder keeps up with, and what a real program's trace takes, beside heaptrack on the same program.

    bench/record.py BUILD_DIR

A random story (as in host.py) through `heaptrail record -`; and tests/oracle's Lua program through `heaptrail run`. CPU
time, the least of several runs. Adds its figures to build/bench/results.json.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import host
import run as shared
import wire

EVENTS = 2000000
REPEAT = 3
LUA = ["lua5.4", str(Path(__file__).resolve().parent.parent / "tests/oracle/workloads/work.lua")]


def cpu_seconds(command, stdin):
    with open(stdin, "rb") as source, open(os.devnull, "wb") as null:
        child = subprocess.Popen(command, stdin=source, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"bench: {command[0]} failed ({status})")
    return usage.ru_utime + usage.ru_stime


def sustained(build, folder):
    trace, kept = os.path.join(folder, "wire"), os.path.join(folder, "kept")
    host.generate(build, trace, EVENTS)
    command = [f"{build}/host/cli/heaptrail", "record", "-", "-q", "--force", "-o", kept]
    return EVENTS / min(cpu_seconds(command, trace) for _ in range(REPEAT))


def run_lua(build, path, *more):
    # The workload's own exit code is not 0: what counts is its trace.
    subprocess.run([f"{build}/host/cli/heaptrail", "run", "-q", *more, "-o", path, "--", *LUA], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return os.path.getsize(path)


def lua(build, folder):
    raw, kept = os.path.join(folder, "lua.wire"), os.path.join(folder, "lua.heaptrail")
    run_lua(build, raw, "--raw")
    results = wire.measure(Path(raw).read_bytes(), "lua_")
    events = os.path.getsize(raw) / results["lua_wire_bytes_per_event_all"]
    results["disk_bytes_per_event_lua"] = round(run_lua(build, kept) / events, 2)
    if shutil.which("heaptrack"):
        subprocess.run(["heaptrack", "-o", os.path.join(folder, "peer"), *LUA], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        peer = next((p for p in Path(folder).iterdir() if p.name.startswith("peer")), None)
        if peer is not None:
            results["disk_bytes_per_event_lua_heaptrack"] = round(peer.stat().st_size / events, 2)
    return results


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        results = {"record_sustained_events_per_second": round(sustained(sys.argv[1], folder)), **lua(sys.argv[1], folder)}
    print("\nThe recorder, and the trace of a Lua program (budget on the wire: 8 per allocation, 5 per free)")
    for key, value in results.items():
        print(f"  {key:<40}{value:>14,}")
    shared.add_results(results)


if __name__ == "__main__":
    main()
