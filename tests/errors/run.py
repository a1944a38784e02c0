#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Run the known-buggy corpus with libheaptrail.so, and compare what it reports with what is expected.

    run.py [--show] LIBHEAPTRAIL PROGRAMS_FOLDER [GROUP | GROUP/CASE ...]

A program with its defect must give exactly the report that its comment promises, its good twin none; both must get
to their normal end. --show prints the report of each case as the library gives it.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the sources stay as they are
import corpus

OPTIONS = "checks=full:redzones=64:64:error_interval_ms=0:stacks=16:show=errors:format=json"
TIMEOUT_SECONDS = 60


def environment(case, library, report):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LD_", "MALLOC_", "GLIBC_"))}
    options = [OPTIONS, case.options, "file=" + report]
    return dict(env, LC_ALL="C", LD_PRELOAD=library, HEAPTRAIL_OPTIONS=":".join(filter(None, options)))


def run(case, variant, library, folder):
    """(the program's exit status, its output, its messages, the report's text)"""
    with tempfile.TemporaryDirectory() as scratch:
        report = os.path.join(scratch, "report")
        done = subprocess.run([case.program(folder, variant)], env=environment(case, library, report),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIMEOUT_SECONDS, check=False)
        text = ""
        if os.path.exists(report):
            with open(report, errors="replace") as file:
                text = file.read()
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), text


# --- what the library reported: all that is known of its JSON ---


def documents(text):
    """The JSON values in a text that may have other lines between them."""
    decoder = json.JSONDecoder()
    at = 0
    while True:
        at = text.find("{", at)
        if at < 0:
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            at += 1
            continue
        yield value


def functions(origin):
    """Names of functions, innermost first: "Text::~Text() (text.cpp:9)" is "Text::~Text"."""
    origin = origin or {}
    names = origin.get("symbols") or [name for name in [origin.get("function")] if name]
    return [re.sub(r"(?<=.)(\+0x|\().*", "", re.sub(r" \([^()]*:\d+\)$", "", name or "?")) for name in names]


def task(of):
    """ "program#2" is "#2", and the task without a number is "main"."""
    name = (of or {}).get("task") or "?"
    return re.sub(r".*(?=#\d+$)", "", name) if "#" in name or "(" in name else "main"


def understood(row):
    """What a row of the report says, in the words of the expectations."""
    block = row.get("block") or {}
    freed_by = block.get("freed_by")
    return {
        "kind": row.get("kind"), "found": row.get("found"), "place": row.get("place") or "unknown",
        "offset": row.get("offset_bytes"), "damaged": row.get("damaged_bytes"), "size": block.get("size_bytes"),
        "alloc": functions(block), "free": functions(freed_by), "caller": functions(row.get("caller")),
        "task": task(block), "freed_task": task(freed_by), "caller_task": task(row.get("caller")),
        "repeats": row.get("repeats", 0),
    }


def told_at_once(messages):
    """How many errors were written out when they were found: each begins with its number."""
    return len(re.findall(r"^heaptrail: #\d+ ", messages, re.MULTILINE))


def reported(text):
    """(the errors of the report at the end, how many the counters say)"""
    lists = [value for value in documents(text) if value.get("report") == "errors"]
    if len(lists) != 1:
        return None
    return [understood(row) for row in lists[0]["rows"]], lists[0]["errors"]


# --- what was expected ---


def is_run(names, stack):
    """The names stand side by side in the stack."""
    return any(stack[i:i + len(names)] == names for i in range(len(stack) - len(names) + 1))


def compare(case, row):
    """Differences between a row and what the case promises, one line each."""
    wanted = dict(case.expected, kind=case.kind)
    lines = ["%s: expected %s, reported %s" % (key, value, row[key])
             for key, value in wanted.items() if row[key] != value]
    for key, names in case.stacks.items():
        if is_run(names, row[key]) if names else not row[key]:
            continue
        lines.append("%s: expected %s, reported %s" % (key, " < ".join(names) or "-", " < ".join(row[key]) or "-"))
    if "size" not in wanted and row["size"] is not None:
        lines.append("block: expected none, reported one of %s bytes" % row["size"])
    if row["repeats"] != 0:
        lines.append("repeats: expected 0, reported %s" % row["repeats"])
    return lines


def in_short(row):
    return "%(kind)s offset=%(offset)s damaged=%(damaged)s size=%(size)s place=%(place)s found=%(found)s" % row


def judge(case, variant, status, output, messages, text):
    """What is wrong with this run, one line each."""
    lines = []
    if status != 0 or not output.endswith("done\n"):
        lines.append("end: expected status 0 and 'done', got status %d and %r" % (status, output[-60:]))
        lines += ["  " + line for line in messages.splitlines()[-6:]]
    if "HEAPTRAIL_OPTIONS" in messages:
        lines.append("options: " + messages.splitlines()[0])
    report = reported(text)
    if report is None:
        return lines + ["report: expected one list of errors, got %r" % text[-200:]]
    rows, count = report
    at_once = told_at_once(messages + text)
    wanted = 1 if variant == "bug" and case.kind != "none" else 0
    if not len(rows) == at_once == count == wanted:
        lines.append("errors: expected %d, got %d counted, %d told at once, %d in the list" % (
            wanted, count, at_once, len(rows)))
    if wanted == 1 and len(rows) == 1:
        return lines + compare(case, rows[0])
    if wanted == 1 and not rows:
        lines.append("  expected " + in_short(dict({key: "any" for key in corpus.NUMBERS | corpus.WORDS},
                                                   kind=case.kind, **case.expected)))
    return lines + ["  reported " + in_short(row) for row in rows]


def check(case, variant, library, folder, show):
    try:
        ran = run(case, variant, library, folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        return ["run: %s" % error]
    if show:
        print("--- %s, %s\n%s%s" % (case, variant, ran[2], ran[3]))
    return judge(case, variant, *ran)


def main(arguments):
    show = "--show" in arguments
    arguments = [argument for argument in arguments if argument != "--show"]
    if len(arguments) < 2:
        sys.exit(__doc__)
    library, folder = os.path.abspath(arguments[0]), os.path.abspath(arguments[1])
    cases = corpus.select(arguments[2:])
    if not cases:
        sys.exit("no such case")
    jobs = [(case, variant) for case in cases for variant in corpus.VARIANTS]
    with concurrent.futures.ThreadPoolExecutor(1 if show else os.cpu_count()) as pool:
        results = pool.map(lambda job: check(*job, library, folder, show), jobs)
    failed = 0
    for (case, variant), lines in zip(jobs, results):
        if lines:
            failed += 1
            print("%s, %s: %s" % (case, "with its defect" if variant == "bug" else "good twin", case.path))
            print("".join("    %s\n" % line for line in lines))
    print("%d cases, %d programs: %d as expected, %d not" % (len(cases), len(jobs), len(jobs) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except corpus.Mistake as mistake:
        sys.exit(str(mistake))
