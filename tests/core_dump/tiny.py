#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""tiny.py FOLDER: the smallest dumps that have everything, made by SPEC.md, 1 to 3 alone: seeds for the fuzzer of core dumps.

Two live blocks (one with a site, one of a pool), a freed one, a failure, two tasks, two heaps; in 32 and 64 bits.
"""
import struct
import sys
from pathlib import Path

import dumps


class State:
    """A heaptrail_state of one bucket and the stash, its constants behind it."""

    def __init__(self, pointer):
        self.pointer, self.base, self.constants = pointer, 0x3fc90000, 0x3c000000
        self.fields, self.memory, self.texts = [], bytearray(4096), bytearray(1024)
        self.used, self.text_used = 8 * 64, 512
        self.word = "<I" if pointer == 4 else "<Q"

    def put(self, at, value, size):
        self.memory[at:at + size] = value.to_bytes(size, "little")

    def field(self, table, number, size, offset):
        self.fields.append((table << 8 | number, size, offset))

    def tracker(self, number, value, size=4):
        offset = 64 + 8 * number
        self.field(0, number, size, offset)
        self.put(offset, value, size)

    def rows(self, table, fields, rows):
        """A table: {number: size} and rows of values in that order. Its address."""
        row_bytes, at = 0, self.used
        self.field(table, 0, sum(fields.values()), 0)
        for number, size in fields.items():
            self.field(table, number, size, row_bytes)
            row_bytes += size
        for row in rows:
            for size, value in zip(fields.values(), row):
                data = value if isinstance(value, bytes) else value.to_bytes(size, "little")
                self.memory[self.used:self.used + size] = data.ljust(size, b"\0")
                self.used += size
        self.used = self.used + 7 & ~7
        return self.base + at

    def text(self, text):
        at = self.text_used
        self.texts[at:at + len(text) + 1] = text + b"\0"
        self.text_used += len(text) + 1
        return self.constants + at

    def record(self, address, size, heap, origin, task, tick, pool=False):
        wide = self.pointer == 8
        key = ~address & (2 ** 64 - 1 if wide else 2 ** 32 - 1) & ~3 | 1 if pool else address
        what = size | heap << (48 if wide else 25)
        who = origin | task << (32 if wide else 16)
        return b"".join(struct.pack(self.word, w) for w in (key, what, who, tick))

    def segments(self):
        header = struct.pack("<8sHHBBHIIIII", b"heaptrl\x1a", 1, 32 + 2 * self.pointer, self.pointer, 8, len(self.fields),
                             len(self.memory), 100, 0xc3019f2a, 0, 0)[:32]
        header += struct.pack(self.word, self.base) + struct.pack(self.word, self.constants + 512 + 256)
        self.memory[:len(header)] = header
        table = b"".join(struct.pack("<HHI", *f) for f in self.fields)
        return [(self.base, bytes(self.memory)), (self.constants, (bytes(self.texts[:768]) + table).ljust(2048, b"\0"))]


def make(pointer):
    state = State(pointer)
    p = pointer
    site = state.text(b"net.c"), state.text(b"host_resolve"), state.text(b"host")
    state.fields += [(7 << 8 | n, s, o) for n, s, o in
                     ((0, 3 * p + 8, 0), (1, p, 0), (2, p, p), (3, p, 2 * p), (4, 4, 3 * p), (5, 4, 3 * p + 4))]
    descriptor = b"".join(v.to_bytes(p, "little") for v in site) + struct.pack("<II", 115, 2)
    state.texts[256:256 + len(descriptor)] = descriptor
    frames = state.rows(0, {99: p}, [[0x42001234], [0x42005678]])
    state.fields.pop(), state.fields.pop()
    origin = {1: p, 2: 4, 3: 4, 4: 1, 5: 1, 6: p, 7: 4, 8: 4, 9: 4, 10: 4, 11: 8, 12: p, 13: p, 14: 40}
    zero = [0] * 13 + [b""]
    origins = state.rows(2, origin, [zero, [state.constants + 256, 0x1000, 0, 2, 2, 0, 2, 1, 0, 0, 300, 200, 300, b""],
                                     [0, 0, 0, 1, 21, 0x4200beef, 1, 0, 0, 1, 16, 16, 16, b""]])
    tasks = state.rows(3, {1: p, 2: 4, 3: 16, 4: p, 5: p, 6: 8, 7: 4, 8: 4},
                       [[0, 1, b"(unknown)"] + [0] * 5, [0, 1, b"(start-up)"] + [0] * 5, [0, 1, b"(ISR)"] + [0] * 5,
                        [0, 1, b"(ISR)"] + [0] * 5, [0x3fc8a000, 1, b"net", 216, 316, 316, 3, 1]])
    heap = {1: p, 2: p, 3: 4, 4: 16, 5: 1, 6: p, 7: p, 8: p, 9: 4, 10: 4, 11: 1, 12: p, 13: p, 14: p, 15: p, 16: p}
    heaps = state.rows(4, heap, [[0, 0, 0, b"(other)"] + [0] * 12,
                                 [0x3fc91000, 0x8000, 12, b"DRAM", 0, 0, 200, 300, 2, 1, 1, 90, 5000, 4000, 4000, 3000],
                                 [0x3fc91100, 0, 4, b"lvgl", 1, 256, 16, 16, 1, 0, 0, 0, 0, 0, 0, 0]])
    # With one bucket everything is in it, whatever its hash.
    slots = [state.record(0x3fc91100, 200, 1, 1, 4, 95), state.record(0x3fc91140, 16, 2, 2, 4, 96, pool=True)]
    buckets = state.rows(1, {99: 4 * p}, [[s] for s in slots] + [[b""]] * 14)
    state.fields.pop()
    failures = state.rows(5, {1: 4, 2: p, 3: p, 4: 4, 5: p, 6: p, 7: 1, 8: 4, 9: 4, 10: p},
                          [[1, 90000, 4, 8, 5000, 4000, 1, 2, 4, 97], [0] * 10])
    who = 1 | 4 << (32 if p == 8 else 16)
    freed = state.rows(6, {1: 4 * p, 2: p, 3: p, 4: 4}, [[state.record(0x3fc92000, 100, 1, 1, 4, 94), who, 98, 2], [0] * 4])
    for number, value, size in ((1, 1, 4), (2, 99, p), (3, 0, 4), (4, 1, p), (5, 8, 4), (6, buckets, p), (7, 1, 4), (8, 2, 4),
                                (9, origins, p), (10, 2, 4), (11, frames, p), (12, 2, 4), (13, tasks, p), (14, 5, 4),
                                (16, 2, 4), (17, failures, p), (18, 2, 4), (19, 1, 4), (20, freed, p), (21, 2, 4), (22, 1, 4),
                                (24, 1, 4), (32, 14, 4), (33, 10, 4), (34, 10, 4), (35, 4096, p)):
        state.tracker(number, value, size)
    state.field(0, 15, 0xffff, heaps - state.base)
    return state.segments()


def main():
    folder = Path(sys.argv[1])
    narrow = make(4)
    core = dumps.esp_core(narrow, "2a9f01c3" * 8)
    (folder / "elf32").write_bytes(core)
    (folder / "elf64").write_bytes(dumps.elf_core(make(8), 8))
    (folder / "partition").write_bytes(dumps.esp_partition(core, 3)[:-512])
    partition = dumps.esp_partition(core, 2)
    (folder / "console").write_bytes(dumps.esp_console(partition, len(partition) - 512))
    (folder / "raw").write_bytes(narrow[0][1])


main()
