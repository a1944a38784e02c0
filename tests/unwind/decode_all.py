#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Compare our reading of every instruction of a program with objdump's: decode_all.py DECODER ELF ..."""
import os
import re
import subprocess
import sys
import tempfile

TOOL = "riscv64-unknown-elf-"
(OTHER, BAD, CALL, CALL_REG, SAVE_CALL, JUMP, JUMP_REG, BRANCH, SP_ADD, SP_ADD_REG, SP_SUB_REG, SP_FROM_S0, SP_OTHER,
 SET, ADD, LOAD, STORE) = range(17)


def text_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def number(text):
    try:
        return int(text, 0)
    except ValueError:
        return None


def expected(name, arguments):
    """(kind, what must be true of the rest) by objdump's words; None: nothing that matters."""
    first = arguments[0] if arguments else ""
    target = re.match(r"([0-9a-f]+)", arguments[-1]) if arguments else None
    target = int(target.group(1), 16) if target else None
    if name in ("jal", "j"):
        kind = JUMP if name == "j" else SAVE_CALL if first == "t0" else CALL
        return kind, {"target": target}
    if name in ("jalr", "jr", "ret"):
        return (CALL_REG if name == "jalr" and (first != "t0" or len(arguments) == 1) else JUMP_REG if name != "jalr" else OTHER), {}
    if re.match(r"b(eq|ne|lt|ge|gt|le)", name):
        return BRANCH, {"target": target}
    saved = arguments[1:] and re.match(r"(-?\d+)\(sp\)$", arguments[1])
    if saved and name in ("lw", "sw") and first in ("ra", "s0"):
        return (LOAD if name == "lw" else STORE), {"value": int(saved.group(1)), "reg": 1 if first == "ra" else 8}
    if first == "sp" and name not in ("sw", "sb", "sh", "csrw"):
        if name == "add" and arguments[1] == "sp":
            value = number(arguments[2])
            return (SP_ADD, {"value": value}) if value is not None else (SP_ADD_REG, {})
        if name == "sub" and arguments[1] == "sp":
            return SP_SUB_REG, {}
        if name in ("add", "mv") and arguments[1] == "s0":
            value = 0 if name == "mv" else number(arguments[2])
            return (SP_FROM_S0, {"value": value}) if value is not None else (SP_OTHER, {})
        return SP_OTHER, {}
    return None


def check(decoder, elf):
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "text")
        subprocess.run([TOOL + "objcopy", "-O", "binary", "-j", ".text", elf, binary], check=True)
        base = re.search(r"\.text\s+PROGBITS\s+([0-9a-f]+)", text_of(TOOL + "readelf", "-SW", elf)).group(1)
        ours = {int(words[0], 16): [int(word) for word in words[1:4]] + [int(words[4], 16)]
                for words in map(str.split, text_of(decoder, binary, base).splitlines())}
    wrong = compared = 0
    for line in text_of(TOOL + "objdump", "-d", "-j", ".text", "--no-show-raw-insn", elf).splitlines():
        match = re.match(r"^([0-9a-f]+):\s+([a-z][a-z.0-9]*)\s*([^#<]*)", line)
        if not match or match.group(2) in ("unimp", "ecall", "ebreak", "mret", "wfi"):
            continue
        address, arguments = int(match.group(1), 16), [part.strip() for part in match.group(3).split(",") if part.strip()]
        kind, reg, value, target = ours.get(address, (None, 0, 0, 0))
        if kind is None:
            wrong += 1
            print(f"{line.strip()}: no instruction begins there")
            continue
        compared += 1
        want = expected(match.group(2), arguments)
        have = {"reg": reg, "value": value, "target": target}
        good = kind in (OTHER, SET, ADD) if want is None else \
            kind == want[0] and all(have[key] == what for key, what in want[1].items() if what is not None)
        if not good:
            wrong += 1
            print(f"{os.path.basename(elf)}: {line.strip()}: kind {kind}, {have}, wanted {want}")
    return compared, wrong


def main():
    total = [check(sys.argv[1], elf) for elf in sys.argv[2:]]
    compared, wrong = sum(pair[0] for pair in total), sum(pair[1] for pair in total)
    print(f"{compared} instructions, {wrong} read otherwise than by objdump")
    sys.exit(0 if compared > 1000 and wrong == 0 else 1)


if __name__ == "__main__":
    main()
