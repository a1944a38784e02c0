#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""spoil.py HEAPTRAIL SEED COUNT TRACE...: traces with bytes changed inside frames whose sums are made right again, so that
nothing stops the nonsense before it reaches the model and the reports. The program must answer or complain, nothing else."""
import random
import subprocess
import sys
import zlib

SPECIAL = (0x00, 0x09, 0x0A, 0x0D, 0x11, 0x13, 0xDB)
VERBS = (["report", "--all", "--json", "--top", "0"], ["report", "--all"], ["report", "--between", "1s..2m", "--by", "task"],
         ["info"], ["whois", "0x3fc9a010"], ["check", "--max-errors", "0", "--max-growth", "1"])


def body_of(frame):
    body, escaped = bytearray(), False
    for byte in frame:
        if byte == 0xDB and not escaped:
            escaped = True
            continue
        body.append((byte ^ 0x40 if escaped else byte) ^ 0xA5)
        escaped = False
    return body


def wire_of(body):
    wire = bytearray()
    for byte in body:
        byte ^= 0xA5
        wire += bytes([0xDB, byte ^ 0x40]) if byte in SPECIAL else bytes([byte])
    return wire


def spoil(body):
    records = bytearray(body[:-4])
    for _ in range(random.randint(1, 8)):
        at, what = random.randrange(8, len(records)), random.random()
        if what < 0.7:
            records[at] = random.choice([0, 1, 127, 128, 255, random.randrange(256)])
        elif what < 0.85 and len(records) > 40:
            del records[at:at + random.randint(1, 5)]
        else:
            records[at:at] = bytes(random.choice([255, random.randrange(256)]) for _ in range(random.randint(1, 9)))
    records = records[:4092]
    return records + zlib.crc32(bytes(records)).to_bytes(4, "little")


def spoilt(path):
    trace = bytearray()
    with open(path, "rb") as file:
        frames = [frame for frame in file.read().split(b"\0") if frame]
    for frame in frames:
        body = body_of(frame)
        if body[:2] == b"HT" and len(body) > 16 and random.random() < 0.5:
            body = spoil(body)
        trace += b"\0" + wire_of(body) + b"\0"
    return trace


program, seed, count, traces = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
random.seed(seed)
wrong = 0
for number in range(count):
    source = random.choice(traces)
    with open("spoilt", "wb") as out:
        out.write(spoilt(source))
    verb = VERBS[number % len(VERBS)]
    done = subprocess.run([program, *verb, "spoilt", "-q"], capture_output=True, timeout=120, check=False)
    if done.returncode not in (0, 1, 2, 3) or b"Sanitizer" in done.stderr or b"runtime error" in done.stderr:
        wrong += 1
        print(f"seed {seed}, number {number}, of {source.split('/')[-1]}: {verb[0]} ended with {done.returncode}: "
              f"{done.stderr[:800].decode(errors='replace')}")
print(f"{count} spoilt traces, {wrong} not survived")
