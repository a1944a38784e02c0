#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""A program alone, under libheaptrail.so and under valgrind: same behaviour, and totals equal to the byte.

    compare.py LIBHEAPTRAIL CASE [PROGRAMS_FOLDER [HEAPTRAIL]]   exit 77: a tool is missing
    compare.py LIBHEAPTRAIL --table [PROGRAMS_FOLDER]            all cases, as a Markdown table

With the program HEAPTRAIL, the run is traced as well, and the trace's totals have to be the same, too.

valgrind gives the program an environment of its own, and a program may allocate by what it finds there
(python copies it). So every run gets that very environment, LD_PRELOAD filled up to the same length.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.join(HERE, "workloads")
SKIP = 77
MIN_ADDRESS = "--aspace-minaddr=0x100000000"
OPTIONS = "show=totals:format=json:file=%s:trace=%s"
SUMMARY = re.compile(r"in use at exit: ([\d,]+) bytes in ([\d,]+) blocks\n"
                     r".*total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes allocated")
FIELDS = ("in_use_bytes", "in_use_blocks", "allocs", "frees", "allocated_bytes")


def workload(name):
    return os.path.join(WORK, name)


def python_path():
    """The interpreter itself: what is first in PATH may be a shell script."""
    return os.path.realpath(sys.executable)


def is_fixed(path):
    """True for a program that is linked to a fixed address (ELF's ET_EXEC)."""
    with open(path, "rb") as file:
        header = file.read(18)
    return header[:4] == b"\x7fELF" and header[16] == 2


def outside_valgrind(command):
    """The command, with its heap and its stacks above 2^32, as valgrind is told to have them too.

    Python keeps addresses as numbers (id(), thread identifiers), and a number from 2^30 on takes 4 bytes more.
    The heap of a program at a fixed address would lie at the bottom, so the loader is made the program.
    """
    path = shutil.which(command[0])
    if is_fixed(path):
        command = ["/lib64/ld-linux-x86-64.so.2", "--argv0", command[0], path] + command[1:]
    return ["setarch", "-R"] + command


def make_json(folder):
    path = os.path.join(folder, "rows.json")
    rows = [{"n": i, "name": "name %d" % (i * 7919 % 2003), "kind": "k%d" % (i % 17), "price": i * 31 % 997 / 4}
            for i in range(3000)]
    with open(path, "w") as file:
        json.dump({"rows": rows}, file)
    return path


def case_of(name, folder, programs):
    """(command, standard input's path or None, more environment, more valgrind options)"""
    if name == "lua":
        return ["lua5.4", workload("work.lua")], None, {}, []
    if name == "sqlite3":
        return ["sqlite3", "-batch", "-init", "/dev/null", ":memory:"], workload("work.sql"), {}, []
    if name == "jq":
        return ["jq", "-S", "-f", workload("work.jq"), make_json(folder)], None, {}, []
    if name == "python3":
        return [python_path(), "-S", "-s", workload("work.py")], None, {}, []
    if name == "python3_malloc":
        return [python_path(), "-S", "-s", workload("work.py")], None, {"PYTHONMALLOC": "malloc"}, []
    if name == "python3_threads":
        return [python_path(), "-S", "-s", workload("threads.py")], None, {"PYTHONMALLOC": "malloc"}, []
    program, _, argument = name.partition(":")
    # Without exit() in the only thread, heaptrail leaves the C library's memory alone: so must valgrind.
    more = ["--run-libc-freeres=no"] if argument in ("_exit", "_Exit", "quick_exit", "thread") else []
    return [os.path.join(programs, program)] + ([argument] if argument else []), None, {}, more


CASES = ["lua", "sqlite3", "jq", "python3", "python3_malloc", "python3_threads", "oracle_mix",
         "oracle_threads", "oracle_early", "oracle_cxx", "oracle_ends:exit", "oracle_ends:return",
         "oracle_ends:quick_exit", "oracle_ends:_exit", "oracle_ends:_Exit", "oracle_ends:thread"]


def run(command, env, stdin):
    with open(stdin or os.devnull, "rb") as source:
        done = subprocess.run(command, env=env, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=500, check=False)
    return done.returncode, done.stdout, done.stderr


def valgrind_env(env):
    """What a program sees under valgrind when valgrind is given env."""
    show = ["valgrind", "-q", "/usr/bin/env", "-0"]
    raw = subprocess.run(show, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return dict(item.split("=", 1) for item in raw.decode().split("\0") if item)


def preload_env(seen, library):
    room = len(seen["LD_PRELOAD"]) - len(library)
    if room < 0:
        sys.exit("the library's path is longer than valgrind's: %s" % library)
    return dict(seen, LD_PRELOAD=":" * room + library)


def heaptrail_totals(path):
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    if len(rows) != 1:
        sys.exit("expected one report, got %d" % len(rows))
    return rows[0]


def valgrind_totals(log):
    found = SUMMARY.findall(log)
    if not found:
        sys.exit("valgrind said no totals:\n" + log)
    return dict(zip(FIELDS, (int(n.replace(",", "")) for n in found[-1])))


def trace_totals(heaptrail, trace):
    """What `heaptrail report` makes of the trace, and what is wrong with it."""
    done = subprocess.run([heaptrail, "report", "--json", "--summary", "--leaks", "--no-symbols", trace], timeout=500,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        return None, ["heaptrail report: " + done.stderr.decode()]
    summary = json.loads(done.stdout)["summary"]
    keys = ("live_bytes", "live_blocks", "total_blocks", "total_frees", "total_bytes")
    return dict(zip(FIELDS, (summary[key] for key in keys))), []


def compare(library, name, programs, heaptrail=None):
    """(totals of heaptrail, of valgrind, problems), or None when a tool is missing."""
    with tempfile.TemporaryDirectory(prefix="ht") as folder:
        command, stdin, more_env, more_options = case_of(name, folder, programs)
        for tool in (command[0], "valgrind"):
            if shutil.which(tool) is None:
                print("SKIP %s: no %s here" % (name, tool))
                return None
        copy = os.path.join(folder, "l.so")
        shutil.copy(library, copy)
        report = os.path.join(folder, "report")
        trace = os.path.join(folder, "trace")
        log = os.path.join(folder, "valgrind.log")
        env = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C", "PYTHONHASHSEED": "0",
               "PYTHONDONTWRITEBYTECODE": "1", "HEAPTRAIL_OPTIONS": OPTIONS % (report, trace)}
        env.update(more_env)
        seen = valgrind_env(env)
        alone = run(outside_valgrind(command), {k: v for k, v in seen.items() if k != "LD_PRELOAD"}, stdin)
        watched = run(outside_valgrind(command), preload_env(seen, copy), stdin)
        judged = run(["valgrind", "--log-file=" + log, "--undef-value-errors=no", MIN_ADDRESS] + more_options + command, env, stdin)
        problems = []
        for what, plain, got in zip(("exit status", "standard output", "standard error"), alone, watched):
            if plain != got:
                problems.append("%s differs: %r alone, %r watched" % (what, plain[-300:] if isinstance(plain, bytes)
                                else plain, got[-300:] if isinstance(got, bytes) else got))
        if judged[:2] != alone[:2]:
            problems.append("the program does something else under valgrind: totals say nothing")
        ours = heaptrail_totals(report)
        with open(log) as file:
            theirs = valgrind_totals(file.read())
        for field in FIELDS:
            if ours[field] != theirs[field]:
                problems.append("%s: heaptrail %d, valgrind %d" % (field, ours[field], theirs[field]))
        for field in ("not_followed", "unknown_frees"):
            if ours[field] != 0:
                problems.append("%s is %d" % (field, ours[field]))
        if heaptrail is not None:
            traced, wrong = trace_totals(heaptrail, trace)
            problems += wrong
            for field in FIELDS if traced else ():
                if traced[field] != ours[field]:
                    problems.append("%s: the trace says %d, the program %d" % (field, traced[field], ours[field]))
        return ours, theirs, problems


def table(library, programs):
    print("| program | in use at exit, bytes / blocks | allocations | frees | bytes allocated | valgrind |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in CASES:
        result = compare(library, name, programs)
        if result is not None:
            ours, _, problems = result
            print("| %s | %d / %d | %d | %d | %d | %s |" % (
                (name,) + tuple(ours[f] for f in FIELDS) + ("; ".join(problems) or "equal",)))


def main():
    library, name = sys.argv[1], sys.argv[2]
    programs = sys.argv[3] if len(sys.argv) > 3 else ""
    if name == "--table":
        table(library, programs)
        return 0
    result = compare(library, name, programs, sys.argv[4] if len(sys.argv) > 4 else None)
    if result is None:
        return SKIP
    ours, _, problems = result
    for problem in problems:
        print(problem)
    print("%s: %s" % (name, "FAILED" if problems else "equal: " + " ".join("%s=%d" % (f, ours[f]) for f in FIELDS)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
