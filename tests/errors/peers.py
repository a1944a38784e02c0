#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Which tool sees which case of the corpus: heaptrail, valgrind, gcc's AddressSanitizer, and the C library by itself.

    peers.py [--library LIBHEAPTRAIL] PROGRAMS_FOLDER [GROUP | GROUP/CASE ...]

Prints a table in Markdown. Exit status 1: valgrind or ASan say something about a good twin, or a defect that should
be seen is seen by neither of them; then the case is in doubt. Not part of `make test`: it takes some minutes.
"""
import collections
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the sources stay as they are
import corpus
import run as harness

# As in CMakeLists.txt, where the defects are meant to be seen: in front, and behind, 64 bytes and more.
FLAGS = ["-O0", "-g", "-fno-builtin", "-w", "-D_GNU_SOURCE", "-I" + corpus.HERE]
ASAN_FLAGS = ["-fsanitize=address", "-fsanitize-recover=address"]
ASAN_OPTIONS = "halt_on_error=0:detect_leaks=0:redzone=128:print_legend=0:symbolize=0"
VALGRIND = ["valgrind", "-q", "--redzone-size=128"]
TIMEOUT_SECONDS = 120


def execute(command, env=None):
    done = subprocess.run(command, env=dict(os.environ, LC_ALL="C", **(env or {})), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def build_with_asan(case, folder, variant):
    program = case.program(folder, variant)
    os.makedirs(os.path.dirname(program), exist_ok=True)
    compiler = ["g++", "-std=gnu++17"] if case.is_cxx else ["gcc", "-std=gnu11"]
    form = ["-shared", "-fPIC", "-o", program + ".so"] if case.is_module else ["-o", program]
    subprocess.run(compiler + FLAGS + ASAN_FLAGS + ["-DBUGGY=%d" % (variant == "bug"), case.path] + form +
                   ["-pthread", "-ldl", "-Wl,-rpath,$ORIGIN"], check=True)


def by_asan(case, variant, folders):
    program = case.program(folders["asan"], variant)
    # ASan's own dlopen() does not know the program's $ORIGIN.
    _, text = execute([program], {"ASAN_OPTIONS": ASAN_OPTIONS, "LD_LIBRARY_PATH": os.path.dirname(program)})
    found = re.findall(r"ERROR: AddressSanitizer: (?:attempting )?([\w-]+)", text)
    return ["bad-free" if kind == "free" else kind for kind in found]


def by_valgrind(case, variant, folders):
    _, text = execute(VALGRIND + [case.program(folders["programs"], variant)])
    return re.findall(r"==\d+== (Invalid \w+|Mismatched free|Conditional jump|Use of uninitialised|Argument)", text)


def by_heaptrail(case, variant, folders):
    report = harness.reported(harness.run(case, variant, folders["library"], folders["programs"])[3])
    return [row["kind"] for row in report[0]] if report else ["no report"]


def by_nobody(case, variant, folders):
    """What becomes of the program on its own."""
    status, text = execute([case.program(folders["programs"], variant)], {"LD_PRELOAD": ""})
    if status < 0:
        said = re.search(r"^(.*(?:free|realloc|malloc)[^:(]*(?:\(\))?(?:: [a-z][^(:]*)?)", text, re.MULTILINE)
        return [said.group(1).strip() if said else signal.Signals(-status).name]
    return []


def words(found):
    """ "Invalid write (3)" """
    if not found:
        return "-"
    counted = collections.Counter(found)
    return ", ".join(name for name, _ in counted.most_common())


def look(case, tools, folders):
    return {(tool, variant): see(case, variant, folders)
            for tool, see in tools.items() for variant in corpus.VARIANTS}


def doubts(case, seen):
    lines = []
    for tool in ("valgrind", "ASan"):
        if seen.get((tool, "good")):
            lines.append("%s: %s says about the good twin: %s" % (case, tool, words(seen[tool, "good"])))
    if case.kind != "none" and not seen.get(("valgrind", "bug")) and not seen.get(("ASan", "bug")):
        lines.append("%s: nobody sees the defect" % case)
    return lines


def print_table(cases, tools, results):
    print("| case | %s |" % " | ".join(tools))
    print("| --- |%s" % (" --- |" * len(tools)))
    for case, seen in zip(cases, results):
        print("| `%s` | %s |" % (case, " | ".join(words(seen[tool, "bug"]) for tool in tools)))
    print("| **seen, of %d** | %s |" % (len(cases), " | ".join(
        str(sum(bool(seen[tool, "bug"]) for seen in results)) for tool in tools)))
    print("| **good twins that are reported** | %s |" % " | ".join(
        str(sum(bool(seen[tool, "good"]) for seen in results)) for tool in tools))


def main(arguments):
    folders = {}
    if arguments[:1] == ["--library"] and len(arguments) > 1:
        folders["library"] = os.path.abspath(arguments[1])
        arguments = arguments[2:]
    if not arguments:
        sys.exit(__doc__)
    folders["programs"] = os.path.abspath(arguments[0])
    cases = corpus.select(arguments[1:])
    tools = {"heaptrail": by_heaptrail} if "library" in folders else {}
    if shutil.which("valgrind") is not None:
        tools["valgrind"] = by_valgrind
    tools.update({"ASan": by_asan, "glibc alone": by_nobody})
    modules = [case for case in corpus.sources(sorted({case.group for case in cases})) if case.is_module]
    with tempfile.TemporaryDirectory() as folders["asan"], \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for variant in corpus.VARIANTS:
            list(pool.map(lambda case: build_with_asan(case, folders["asan"], variant), cases + modules))
        results = list(pool.map(lambda case: look(case, tools, folders), cases))
    print_table(cases, tools, results)
    lines = [line for case, seen in zip(cases, results) for line in doubts(case, seen)]
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
