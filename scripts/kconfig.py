#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""The component's Kconfig, read as ESP-IDF would read it; python3-kconfiglib.

    scripts/kconfig.py presets           write components/heaptrail/presets/*.h
    scripts/kconfig.py presets --check   only say which of them are not what Kconfig says
    scripts/kconfig.py ranges            each numeric option: NAME MIN MAX DEFAULT
    scripts/kconfig.py help              say which options do not tell their RAM and instructions
"""
import os
import sys
import tempfile
from pathlib import Path

import kconfiglib

COMPONENT = Path(__file__).resolve().parent.parent / "components" / "heaptrail"
PRESETS = ("production", "development", "hunt")
ABOUT_THE_PRESET = ("HEAPTRAIL_ADJUST", "HEAPTRAIL_TUNE")

# Of ESP-IDF, what heaptrail's options depend on, as in a new project for a chip with PSRAM.
AROUND = """
config HEAP_TRACING_OFF
    def_bool y
config ESP_ALLOW_BSS_SEG_EXTERNAL_MEMORY
    def_bool y
config HEAP_USE_HOOKS
    bool
source "{}"
"""

HEADER = """/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file {name}.h
 * This preset for builds without menuconfig: what sdkconfig.h holds of heaptrail when it is chosen
 * there. Written by scripts/kconfig.py from Kconfig: do not edit. A value that is defined already
 * stays; 0 switches an option off.
 */
#pragma once

"""


def load(values=()):
    """Kconfig with (name, value) pairs set, in that order."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "Kconfig"
        root.write_text(AROUND.format(COMPONENT / "Kconfig"))
        os.environ.pop("srctree", None)
        kconf = kconfiglib.Kconfig(str(root), warn_to_stderr=False)
    for name, value in values:
        if not kconf.syms[name].set_value(value):
            sys.exit(f"kconfig: {name} does not take {value}")
    return kconf


def options(kconf):
    """heaptrail's own symbols, in the order of the menu."""
    return [sym for sym in kconf.unique_defined_syms
            if sym.name.startswith("HEAPTRAIL_") and sym.choice is None
            and sym.name not in ABOUT_THE_PRESET]


def is_number(sym):
    return sym.orig_type in (kconfiglib.INT, kconfiglib.HEX)


def preset_header(name):
    kconf = load([(f"HEAPTRAIL_PRESET_{name.upper()}", "y")])
    text = HEADER.format(name=name)
    for sym in options(kconf):
        value = "1" if sym.orig_type == kconfiglib.BOOL else sym.str_value
        if sym.str_value not in ("", "n"):
            text += f"#ifndef CONFIG_{sym.name}\n#define CONFIG_{sym.name} {value}\n#endif\n"
    return text


def presets(check):
    wrong = 0
    for name in PRESETS:
        path, text = COMPONENT / "presets" / f"{name}.h", preset_header(name)
        if check and (not path.exists() or path.read_text() != text):
            print(f"kconfig: presets/{name}.h is not what Kconfig says: run scripts/kconfig.py presets")
            wrong += 1
        elif not check:
            path.write_text(text)
    return wrong


def everything():
    """All options visible: hunt, and its values open to change."""
    return load([("HEAPTRAIL_PRESET_HUNT", "y"), ("HEAPTRAIL_ADJUST", "y")])


def ranges():
    for sym in filter(is_number, options(everything())):
        if not sym.ranges:
            sys.exit(f"kconfig: {sym.name} has no range")
        low, high, _ = sym.ranges[0]
        print(sym.name, low.str_value, high.str_value, sym.str_value)
    return 0


def help_texts():
    wrong = 0
    kconf = load()
    members = [s for s in kconf.unique_defined_syms if s.name.startswith("HEAPTRAIL_PRESET_")]
    asked = [s for s in options(kconf) + members if s.nodes[0].prompt]
    asked.append(kconf.syms["HEAPTRAIL_ADJUST"])
    for sym in asked:
        text = (sym.nodes[0].help or "").lower()
        if "ram" not in text or "instruction" not in text:
            print(f"kconfig: the help of {sym.name} does not tell its RAM and its instructions")
            wrong += 1
    print(f"kconfig: {len(asked)} help texts, {wrong} without their cost")
    return wrong


if __name__ == "__main__":
    goal = sys.argv[1] if len(sys.argv) > 1 else ""
    goals = {"presets": lambda: presets("--check" in sys.argv), "ranges": ranges, "help": help_texts}
    if goal not in goals:
        sys.exit(__doc__)
    sys.exit(1 if goals[goal]() else 0)
