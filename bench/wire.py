#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Count what an event of a trace takes on the wire.

    bench/wire.py BUILD_DIR           traces the demo (leaky_node, 60 simulated minutes) of that build
    bench/wire.py --file NAME TRACE   counts a trace that is there, as NAME_wire_bytes_...

Bytes as they are sent: escaped, with the task (context) that stands before an event and its share of the frame
around it. Definitions, snapshots and the rest are in wire_bytes_per_event_all. Reads SPEC.md's format by itself.
Adds its figures to build/bench/results.json.
"""
import os
import subprocess
import sys
import tempfile

import run as shared

SPECIAL = {0x00, 0x09, 0x0A, 0x0D, 0x11, 0x13, 0xDB}
TABLE = [
    ("wire_bytes_per_alloc", "bytes per allocation, with time and task", 8, "36.7"),
    ("wire_bytes_per_free", "bytes per free, with time and task", 5, "27"),
    ("wire_bytes_per_event_all", "  all bytes sent, by event", None, "-"),
]


def frames(data):
    """Bodies, and the bytes each takes on the wire, the zeros around it included."""
    for piece in data.split(b"\0"):
        if not piece.startswith(b"\xed\xf1"):
            continue
        body, escaped = bytearray(), False
        for byte in piece:
            if byte == 0xDB and not escaped:
                escaped = True
                continue
            body.append((byte ^ 0x40 if escaped else byte) ^ 0xA5)
            escaped = False
        yield bytes(body), len(piece) + 1


def varint_end(body, at):
    while body[at] & 0x80:
        at += 1
    return at + 1


def wire_length(body, start, end):
    return sum(2 if byte ^ 0xA5 in SPECIAL else 1 for byte in body[start:end])


def count(body, sums):
    """Add up the bytes of a body's records by their kind. Returns where the first one begins."""
    begin = at = varint_end(body, varint_end(body, 6))
    end, start = len(body) - 4, at
    while at < end:
        tag = body[at]
        at += 1
        if tag >= 0xC0:
            kind = "free"
            at = varint_end(body, at) if tag >> 4 & 3 == 3 else at
            at = varint_end(body, at) if tag & 15 == 15 else at
        elif tag >= 0x80:
            kind = "alloc"
            at = varint_end(body, at) if tag >> 4 & 3 == 3 else at
            at = varint_end(body, at) if tag & 7 == 7 else at
            at = varint_end(body, at) if not tag & 8 else at
            at = varint_end(body, at)
        elif tag in (1, 4):
            at = varint_end(body, at)
            continue
        elif tag == 3:
            continue
        elif tag == 2:
            kind = "free"
            at = varint_end(body, varint_end(body, at))
        else:
            kind = "other"
            length, shift, first = 0, 0, at
            at = varint_end(body, at)
            for byte in body[first:at]:
                length |= (byte & 0x7F) << shift
                shift += 7
            at += length
        sums[kind][0] += 1
        sums[kind][1] += wire_length(body, start, at)
        start = at
    return begin


def measure(data, prefix=""):
    sums = {kind: [0, 0] for kind in ("alloc", "free", "other")}
    around = 0
    for body, wire in frames(data):
        begin = count(body, sums)
        around += wire - wire_length(body, begin, len(body) - 4)
    events = sums["alloc"][0] + sums["free"][0]
    if sums["alloc"][0] == 0 or sums["free"][0] == 0:
        sys.exit("bench: there are no events in this trace")
    share = around * (sums["alloc"][1] + sums["free"][1]) / sum(total for _, total in sums.values()) / events
    for kind in ("alloc", "free"):
        shared_bytes = sums[kind][1] / sums[kind][0] + share
        print(f"  {sums[kind][0]} events: {kind}, {shared_bytes:.2f} bytes", file=sys.stderr)
    return {
        f"{prefix}wire_bytes_per_alloc": round(sums["alloc"][1] / sums["alloc"][0] + share, 2),
        f"{prefix}wire_bytes_per_free": round(sums["free"][1] / sums["free"][0] + share, 2),
        f"{prefix}wire_bytes_per_event_all": round((around + sum(total for _, total in sums.values())) / events, 2),
    }


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--file":
        with open(sys.argv[3], "rb") as trace:
            results = measure(trace.read(), sys.argv[2] + "_")
    elif len(sys.argv) == 2:
        program = f"{sys.argv[1]}/demo/leaky_node"
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "trace")
            command = [program, "--minutes", "60", "--trace", trace]
            subprocess.run(command if shared.runs_natively(program) else ["qemu-i386", *command],
                           stdout=subprocess.DEVNULL, check=True)
            with open(trace, "rb") as data:
                results = measure(data.read())
    else:
        sys.exit(__doc__)
    shared.add_results(results)
    shared.print_table([row for row in TABLE if row[0] in results], results)


if __name__ == "__main__":
    main()
