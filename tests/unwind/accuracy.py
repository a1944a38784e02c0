#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""How often the walks over a RISC-V stack are right.

    tests/unwind/accuracy.py [--wrong] ELF ...

Runs each program (tests/unwind/target/sample.c) under QEMU and compares what the walks say with two
truths: the frame information that the compiler wrote for debuggers (.debug_frame, read here), in
the very same run; and, where the program has frame pointers, their chain. Prints one line per
program; fails if a figure falls below its floor.

    true      frames of all samples, by the truth
    reported  frames that the walk gave
    right     of these, those at their place: the same address, the same number of frames inside it
"""
import bisect
import os
import re
import subprocess
import sys

TOOL = "riscv64-unknown-elf-"
RUN = os.path.join(os.path.dirname(__file__), "..", "target", "run")

# What must be right: of the frames reported, and of the true ones, in thousandths.
FLOORS = {"precision": 998, "recall": 995}


def text_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Truth:
    """The rules of .debug_frame: for ranges of addresses, how to find the caller's registers."""

    def __init__(self, elf):
        self.starts, self.rows, self.ends = [], [], []
        columns, end, entries = [], None, []
        for line in text_of(TOOL + "readelf", "--debug-dump=frames-interp", elf).splitlines():
            fde = re.search(r"\bFDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)", line)
            words = line.split()
            if fde:
                end = int(fde.group(2), 16)
            elif " CIE " in line:
                end = None
            elif words[:1] == ["LOC"]:
                columns = words[2:]
            elif end is not None and re.match(r"^[0-9a-f]{8} \S+[+-]\d+", line):
                entries.append((int(words[0], 16), end, words[1], dict(zip(columns, words[2:]))))
        for start, end, cfa, rules in sorted(entries, key=lambda entry: entry[0]):
            self.starts.append(start)
            self.ends.append(end)
            self.rows.append((cfa, rules))

    def row(self, pc):
        at = bisect.bisect_right(self.starts, pc) - 1
        return self.rows[at] if at >= 0 and pc < self.ends[at] else None

    def chain(self, pc, sp, s0, stack):
        """Return addresses, innermost first, as long as the truth knows the code."""
        registers = {"sp": sp, "s0": s0}
        addresses, look_at = [], pc
        while (row := self.row(look_at)) is not None:
            base, offset = re.match(r"(\w+?)([+-]\d+)$", row[0]).groups()
            if base not in registers:
                break
            cfa = registers[base] + int(offset)
            saved = {name: stack.get(cfa + int(rule[1:])) for name, rule in row[1].items() if rule[0] == "c"}
            if not saved.get("ra"):
                break
            addresses.append(saved["ra"])
            registers = {"sp": cfa, "s0": saved.get("s0", registers["s0"])}
            look_at = saved["ra"] - 1
        return addresses, look_at


def samples(elf):
    out = text_of(RUN, "--icount", "0", elf)
    sample = None
    for line in out.splitlines():
        what, *words = line.split()
        if what == "sample":
            sample = {"sample": [int(word, 16) for word in words]}
        elif sample is not None:
            sample[what] = [int(word, 16) for word in words]
            if what == "cost":
                yield sample


def return_addresses(elf):
    """Every address that follows a call."""
    found, follows = set(), False
    for line in text_of(TOOL + "objdump", "-d", "--no-show-raw-insn", elf).splitlines():
        words = line.split()
        if not line.startswith(" ") and not words[:1] == ["..."] and ":" not in line[:12]:
            continue
        if follows:
            found.add(int(words[0].rstrip(":"), 16))
        follows = len(words) > 2 and words[1] in ("jal", "jalr") and not words[2].startswith("t0,")
    return found


def right(reported, true):
    return sum(a == b for a, b in zip(reported, true))


class Score:
    def __init__(self):
        self.true = self.reported = self.right = self.samples = self.whole = 0

    def add(self, reported, true):
        good = right(reported, true)
        self.true += len(true)
        self.reported += len(reported)
        self.right += good
        self.samples += 1
        self.whole += reported == true
        return reported == true

    def text(self):
        return (f"{self.samples:4} samples, {self.whole:4} whole; frames: {self.true:5} true, {self.reported:5} reported, "
                f"{self.right:5} right; precision {self.thousandths()[0] / 10}%, recall {self.thousandths()[1] / 10}%")

    def thousandths(self):
        return 1000 * self.right // max(self.reported, 1), 1000 * self.right // max(self.true, 1)


def show(elf, names, sample, true):
    def name(address):
        at = bisect.bisect_right(names, (address, "~")) - 1
        return names[at][1] if at >= 0 else "?"
    print(f"  {elf}: walk  {[name(a - 1) for a in sample['walk']]}\n  {' ' * len(elf)}  truth {[name(a - 1) for a in true]}")


def names_of(elf):
    lines = (line.split() for line in text_of(TOOL + "nm", elf).splitlines())
    return sorted((int(words[0], 16), words[2]) for words in lines if len(words) == 3 and words[1] in "tTW")


def judge(elf, wrong):
    truth, names = Truth(elf), names_of(elf)
    calls = return_addresses(elf)
    by_table, by_frames, frames_self, every_word = Score(), Score(), Score(), Score()
    again, frames, unknown = 0, 0, set()
    for sample in samples(elf):
        pc, sp, s0 = sample["sample"]
        stack = {sp + 4 * i: word for i, word in enumerate(sample["stack"])}
        true, last = truth.chain(pc, sp, s0, stack)
        unknown.add(last)
        if not by_table.add(sample["walk"], true) and wrong:
            show(elf, names, sample, true)
        every_word.add([word for word in sample["stack"] if word in calls][: len(true)], true)
        if "frames" in sample:
            by_frames.add(sample["walk"], sample["frames"])
            frames_self.add(sample["frames"], true)
        again, frames = again + sample["cost"][1], frames + sample["cost"][2]
    name = os.path.basename(elf)
    print(f"{name}: {by_table.text()}; {again / max(frames, 1):.1f} instructions per frame, known")
    print(f"{name}, every word that follows a call instead: {every_word.text()}")
    if frames_self.samples:
        print(f"{name}, against frame pointers: {by_frames.text()}")
        print(f"{name}, frame pointers themselves: {frames_self.text()}")
    if wrong:
        ends = sorted({names[max(bisect.bisect_right(names, (pc, '~')) - 1, 0)][1] for pc in unknown})
        print(f"  the truth ends in {ends}")
    return by_table


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--wrong"]
    total = Score()
    for elf in arguments:
        score = judge(elf, "--wrong" in sys.argv)
        for field in vars(total):
            setattr(total, field, getattr(total, field) + getattr(score, field))
    print(f"all: {total.text()}")
    precision, recall = total.thousandths()
    if total.samples == 0 or precision < FLOORS["precision"] or recall < FLOORS["recall"]:
        sys.exit(f"accuracy: below the floor of {FLOORS} (thousandths)")


if __name__ == "__main__":
    main()
