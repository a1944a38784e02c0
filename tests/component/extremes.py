#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""extremes.py BUILD-FOLDER: each numeric option of Kconfig at both ends builds and passes extremes.c.

The program component_extremes is built by CMake with the preset "hunt". For each end of each option,
this compiles again the files that mention the option, links them in the place of the others, and runs the
result. One beyond each end must not compile, and the message must name the option.
"""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import kconfig  # noqa: E402

BUILD = Path(sys.argv[1]).resolve()
TARGET = "tests/esp/esp_extremes"
WORK = BUILD / "tests" / "component" / "extremes"


def compile_commands():
    """Source file -> (command, object), of the component as this program has it."""
    found = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        if re.search(r"/esp_(component|core)_extremes\.dir/", entry["command"]):
            # Half of the time; the program says whether the numbers are right, not how fast it is.
            command = [{"-O2": "-O0", "-g": "-g0"}.get(word, word) for word in shlex.split(entry["command"])]
            found[entry["file"]] = (command, command[command.index("-o") + 1])
    return found


def link_command():
    out = subprocess.run(["ninja", "-C", str(BUILD), "-t", "commands", TARGET], capture_output=True, text=True, check=True)
    line = out.stdout.strip().splitlines()[-1]
    return next(part.strip() for part in line.split("&&") if " -o " in part)


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, cwd=BUILD, check=False, **more)


def compile_with(command, source_object, name, value, tag):
    out = str(WORK / f"{tag}_{Path(source_object).name}")
    command = [*command, f"-DCONFIG_{name}={value}"]
    command[command.index("-o") + 1] = out
    return run(command), out


def texts():
    """Each header of the component but those that define the options, by its name."""
    return {path.name: path.read_text() for path in kconfig.COMPONENT.rglob("*.h")
            if path.name != "ht_config.h" and path.parent.name != "presets"}


HEADERS = texts()


def included(text, seen):
    """The component's headers that this text includes, and they in turn."""
    for name in re.findall(r'#include "(?:.*/)?(\w+\.h)"', text):
        if name in HEADERS and name not in seen:
            seen.add(name)
            included(HEADERS[name], seen)
    return seen


def mentions(name):
    """Does this file, or a header that it includes, use the option?"""
    word = re.compile(rf"\bCONFIG_{name}\b")

    def uses(source):
        text = Path(source).read_text()
        return word.search(text) or any(word.search(HEADERS[header]) for header in included(text, set()))
    return uses


def try_end(commands, link, name, value):
    """None, or what went wrong."""
    tag = f"{name}_{value}"
    line = link
    sources = [source for source in commands if mentions(name)(source)]
    if not any("ht_conflicts" not in source for source in sources):
        return f"{name}: no source file uses it"
    for source in sources:
        command, obj = commands[source]
        result, out = compile_with(command, obj, name, value, tag)
        if result.returncode != 0:
            return f"{tag}: {Path(source).name} does not compile\n{result.stderr[-1500:]}"
        if obj not in line:
            return f"{tag}: {obj} is not linked"
        line = line.replace(obj, out)
    program = WORK / tag
    result = run(re.sub(rf"-o \S*{TARGET}", f"-o {program}", line), shell=True)
    if result.returncode != 0:
        return f"{tag}: does not link\n{result.stderr[-1500:]}"
    result = run([str(program)], timeout=120)
    program.unlink()
    if result.returncode != 0:
        lines = [line for line in (result.stdout + result.stderr).splitlines() if re.search("fail|ERROR", line, re.I)]
        return f"{tag}: fails\n" + "\n".join(lines[:6])
    return None


def try_beyond(commands, name, value):
    source = next(s for s in commands if s.endswith("/ht_conflicts.c"))
    command, obj = commands[source]
    result, _ = compile_with(command, obj, name, value, f"{name}_{value}")
    if result.returncode == 0:
        return f"{name}={value} compiles, and menuconfig does not allow it (ht_conflicts.c)"
    if f"CONFIG_{name} must be" not in result.stderr:
        return f"{name}={value}: the message does not name the option\n{result.stderr[-500:]}"
    return None


def jobs(commands, link):
    for sym in filter(kconfig.is_number, kconfig.options(kconfig.everything())):
        low, high, _ = sym.ranges[0]
        for end, beyond in ((low, -1), (high, 1)):
            yield try_end, (commands, link, sym.name, end.str_value)
            yield try_beyond, (commands, sym.name, int(end.str_value, 0) + beyond)


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    commands, link = compile_commands(), link_command()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = [pool.submit(fn, *args) for fn, args in jobs(commands, link)]
        wrong = [r.result() for r in results if r.result() is not None]
    print("\n".join(wrong))
    print(f"extremes: {len(results)} tried, {len(wrong)} wrong")
    return 1 if wrong or len(results) < 68 else 0


if __name__ == "__main__":
    sys.exit(main())
