#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Real programs with every check on: the same output as alone, and not one report.

    checked.py LIBHEAPTRAIL PROGRAMS_FOLDER [TEST ...]      exit 77: every test was skipped
    checked.py LIBHEAPTRAIL PROGRAMS_FOLDER -TEST,TEST      all but these
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

LIBRARY = os.path.abspath(sys.argv[1])
PROGRAMS = os.path.abspath(sys.argv[2])
HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.join(HERE, "workloads")
CHECKS = "checks=full:redzones=16:16:quarantine=1m:scrub_ms=500"
DATES = "GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z"
GIT = ("export %s; git init -q -b main w && cd w && git config user.email a@b && git config user.name n && "
       "for i in 1 2 3; do for j in a b c d; do seq $i 400 > $j$i; done; git add .; git commit -qm c$i; done; "
       "echo more >> a1; git status --short; git log --stat; git diff; cd .. && git clone -q w v && cd v && "
       "git log --oneline && git gc -q && git fsck && git branch -a" % DATES)


def workload(name):
    return os.path.join(WORK, name)


def program(name):
    return os.path.join(PROGRAMS, name)


def rows_json(folder):
    path = os.path.join(folder, "rows.json")
    rows = [{"n": i, "name": "name %d" % (i * 7919 % 2003), "kind": "k%d" % (i % 17), "price": i * 31 % 997 / 4}
            for i in range(3000)]
    with open(path, "w") as file:
        json.dump({"rows": rows}, file)
    return path


def shell(script):
    return lambda folder: (["sh", "-c", script], None)


def python(script, *more):
    return lambda folder: ([os.path.realpath(sys.executable), "-s"] + list(more) + [workload(script)], None)


# name -> (tool that has to be there, what to run: (command, standard input), more options)
TESTS = {
    "lua": ("lua5.4", lambda folder: (["lua5.4", workload("work.lua")], None), ""),
    "sqlite3": ("sqlite3", lambda folder: (["sqlite3", "-batch", "-init", "/dev/null", ":memory:"],
                                           workload("work.sql")), ""),
    "jq": ("jq", lambda folder: (["jq", "-S", "-f", workload("work.jq"), rows_json(folder)], None), ""),
    "python3": ("python3", python("work.py"), ""),
    "python3_malloc": ("python3", python("work.py", "-X", "dev"), ""),
    "python3_threads": ("python3", python("threads.py", "-X", "dev"), ""),
    "git": ("git", shell(GIT), ""),
    "gcc": ("gcc", shell("gcc -O2 -g -c %s -o x.o && od -An -tx1 x.o | cksum"
                         % os.path.join(HERE, "programs", "oracle_mix.c")), ""),
    "gxx": ("g++", shell("g++ -O1 -c %s -o x.o && od -An -tx1 x.o | cksum"
                         % os.path.join(HERE, "programs", "oracle_cxx.cpp")), ""),
    "bash": ("bash", lambda folder: (["bash", "-c", "for i in {1..40}; do x[$i]=$(echo $i); done; "
                                      "echo ${x[*]} | tr ' ' '\\n' | sort -rn | head -3; declare -A m; "
                                      "for i in {1..2000}; do m[$i]=${m[$((i-1))]}$i; m[$((i-9))]=; done; "
                                      "unset m; echo ${#m[@]}"], None), ""),
    "threads": (None, lambda folder: ([program("oracle_threads")], None), ""),
    "mix": (None, lambda folder: ([program("oracle_mix")], None), ""),
    "mix_fails": (None, lambda folder: ([program("oracle_mix"), "fail"], None), ""),
    "cxx": (None, lambda folder: ([program("oracle_cxx")], None), ""),
    "cxx_fails": (None, lambda folder: ([program("oracle_cxx"), "fail"], None), ""),
    "crowd": (None, lambda folder: ([program("oracle_crowd")], None), ""),
    "crowd_tight": (None, lambda folder: ([program("oracle_crowd")], None), ":quarantine=64k:quarantine_blocks=50"),
    "grow": (None, lambda folder: ([program("oracle_grow")], None), ""),
    "early": (None, lambda folder: ([program("oracle_early")], None), ""),
    "fork": (None, lambda folder: ([program("oracle_process"), "fork"], None), ""),
    "storm": (None, lambda folder: ([program("oracle_process"), "storm"], None), ""),
    "vfork": (None, lambda folder: ([program("oracle_process"), "vfork"], None), ""),
    "quick_exit": (None, lambda folder: ([program("oracle_ends"), "quick_exit"], None), ""),
    "thread_exit": (None, lambda folder: ([program("oracle_ends"), "thread"], None), ""),
    "tail_only": ("lua5.4", lambda folder: (["lua5.4", workload("work.lua")], None), ":redzones=0:1"),
    "widest": ("lua5.4", lambda folder: (["lua5.4", workload("work.lua")], None), ":redzones=64:64"),
    "small_quarantine": ("jq", lambda folder: (["jq", "-S", "-f", workload("work.jq"), rows_json(folder)], None),
                         ":quarantine=4k:quarantine_blocks=10"),
    "no_stacks": ("sqlite3", lambda folder: (["sqlite3", "-batch", "-init", "/dev/null", ":memory:"],
                                             workload("work.sql")), ":stacks=0"),
    "small_tables": (None, lambda folder: ([program("oracle_crowd")], None), ":blocks=15000:sites=20"),
}


def run(command, stdin, folder, more):
    env = dict(os.environ, LC_ALL="C", PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", HOME=folder, **more)
    if not more:
        env.pop("LD_PRELOAD", None)
        env.pop("HEAPTRAIL_OPTIONS", None)
    with open(stdin or os.devnull, "rb") as source:
        done = subprocess.run(command, env=env, stdin=source, cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=100, check=False)
    return done.returncode, done.stdout, done.stderr


def reports(folder):
    rows = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name)) as file:
            rows += [json.loads(line) for line in file if line.startswith('{"heaptrail"')]
    return rows


def check(name):
    """None, or what is wrong."""
    _, what, more = TESTS[name]
    with tempfile.TemporaryDirectory(prefix="ht") as base:
        results = []
        told = os.path.join(base, "told")
        os.mkdir(told)
        # One folder after the other under the same name: programs print where they are.
        for env in ({}, {"LD_PRELOAD": LIBRARY, "HEAPTRAIL_OPTIONS": "%s%s:show=totals:format=json:exitcode=0:file=%s/%%p"
                         % (CHECKS, more, told)}):
            folder = os.path.join(base, "here")
            os.mkdir(folder)
            command, stdin = what(folder)
            results.append(run(command, stdin, folder, env))
            shutil.rmtree(folder)
        for field, alone, watched in zip(("exit status", "output", "standard error"), *results):
            if alone != watched:
                return "%s differs: %r alone, %r watched" % (field, alone[-500:] if isinstance(alone, bytes) else alone,
                                                             watched[-1500:] if isinstance(watched, bytes) else watched)
        rows = reports(told)
        if not rows:
            return "no process said its totals"
        wrong = [row for row in rows if row["errors"] != 0]
        return "errors reported: %r" % wrong if wrong else None


def main():
    failed = ran = 0
    wanted = sys.argv[3:]
    if wanted and wanted[0].startswith("-"):
        wanted = [name for name in TESTS if name not in wanted[0][1:].split(",")]
    for name in wanted or TESTS:
        tool = TESTS[name][0]
        if tool is not None and shutil.which(tool) is None:
            print("SKIP %s: no %s here" % (name, tool))
            continue
        start = time.time()
        wrong = check(name)
        ran += 1
        failed += wrong is not None
        print("%s %s (%.1f s)%s" % ("FAIL" if wrong else "ok  ", name, time.time() - start,
                                    ": " + wrong if wrong else ""), flush=True)
    return 1 if failed else 0 if ran else 77


if __name__ == "__main__":
    sys.exit(main())
