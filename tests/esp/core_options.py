#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""core_options.py BUILD-FOLDER: no option that differs between variants that share the core's objects changes them.

Sources of the core, preprocessed with the options of each variant, are what they are with those that they were compiled
with. (Every third one: options reach all of them through the same headers.) Which variant links which objects is read
from the build's own rules.
"""
import concurrent.futures
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

BUILD = Path(sys.argv[1]).resolve()


def commands():
    """CMake target -> {source: its compile command}, of the targets that this is about."""
    found = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        target = re.search(r"/(esp_(?:core|component)_\w+)\.dir/", entry["command"])
        if target:
            found.setdefault(target[1], {})[entry["file"]] = shlex.split(entry["command"])
    return found


def links():
    """Variant -> the target of the core's objects that its programs link."""
    rules = (BUILD / "build.ninja").read_text()
    found = {}
    for inputs in re.findall(r"^build tests/esp/esp_\w+: \S+EXECUTABLE\S* (.*)$", rules, re.M):
        core, component = (re.search(rf"/(esp_{kind}_\w+)\.dir/", inputs) for kind in ("core", "component"))
        if core and component:
            found.setdefault(component[1], set()).add(core[1])
    return found


def definitions(command):
    return [word for word in command if word.startswith("-D")]


def preprocessed(command, options):
    kept = [word for word in command if not word.startswith("-D")]
    kept[kept.index("-o"):kept.index("-o") + 2] = []
    run = subprocess.run([*kept, *options, "-E", "-P"], capture_output=True, cwd=BUILD, check=True)
    return run.stdout


def main():
    targets = commands()
    wrong = []
    pairs = sorted((component, core) for component, cores in links().items() for core in cores)
    if not pairs or len({core for _, core in pairs}) == len(pairs):
        sys.exit("core_options: no two variants share objects: this looks at the wrong rules")
    for component, core in pairs:
        options = definitions(next(iter(targets[component].values())))
        sources = sorted(targets[core].items())[::3]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            same = pool.map(lambda item: preprocessed(item[1], definitions(item[1])) == preprocessed(item[1], options),
                            sources)
            wrong += [f"{Path(source).name} is not the same for {component} as in {core}"
                      for (source, _), is_same in zip(sources, same) if not is_same]
    for line in wrong:
        print(line)
    print(f"{len(pairs)} variants, {len({core for _, core in pairs})} sets of objects")
    sys.exit(1 if wrong else 0)


main()
