# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""What heaptrail takes of a firmware's memory, from the linker's map: used by rv32.py."""
import re

COMPONENT = "components_heaptrail_"  # what the names of the component's objects begin with

CODE = re.compile(r"\.(text|init_array|eh_frame)")
IRAM = re.compile(r"\.text\.iram1")
CONSTANTS = re.compile(r"\.s?rodata")
RAM = re.compile(r"\.(s?data|s?bss|noinit)|COMMON")


def sections(map_text):
    """(section, bytes) of each part that the linker took from the component's objects."""
    placed = map_text[map_text.index("Linker script and memory map"):]
    # A long name has its line to itself.
    line = re.compile(r"^ (\.\S+|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$", re.M)
    for name, address, size, source in line.findall(placed):
        if COMPONENT in source and int(address, 16) != 0:
            yield name, int(size, 16)


def sizes(map_path):
    """Bytes of code, of the part of it that has to be in IRAM, of constants, and of static RAM."""
    with open(map_path, encoding="utf-8") as file:
        found = list(sections(file.read()))

    def total(pattern):
        return sum(size for name, size in found if pattern.match(name))
    return {"code": total(CODE), "iram": total(IRAM), "constants": total(CONSTANTS), "ram": total(RAM)}
