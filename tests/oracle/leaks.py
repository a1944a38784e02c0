#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""What is lost, by heaptrail, by valgrind and by LeakSanitizer, block by block; and real programs lose nothing.

    leaks.py LIBHEAPTRAIL PROGRAMS known          oracle_leaks: each block has a known fate
    leaks.py LIBHEAPTRAIL PROGRAMS lsan           the same under LeakSanitizer (oracle_leaks_lsan)
    leaks.py LIBHEAPTRAIL PROGRAMS suppress       the exit status, and a file of suppressions
    leaks.py LIBHEAPTRAIL PROGRAMS free|block     on a signal, while threads allocate; and block all signals
    leaks.py LIBHEAPTRAIL PROGRAMS lua|sqlite3|jq|python3|...   exit 77: a tool is missing
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import compare

SKIP = 77
LOST, INDIRECT, POSSIBLE, REACHABLE = "lost", "indirect", "possible", "reachable"

# Every block of oracle_leaks.c. What is in no list is reachable.
EXPECTED = {
    LOST: "lone list_1 push_3 tree ring_1 self past_end in_freed big hidden unaligned shared_1 shared_2 holds_mid"
          " from_thread other_dead",
    INDIRECT: "list_2 list_3 push_1 push_2 tree_left tree_right tree_leaf ring_2 ring_3 shared_child mid_of_lost of_big",
    POSSIBLE: "middle middle_child middle_of_child at_last_byte",
    REACHABLE: "bss data bss_child tls specific stack other_stack other_register other_tls in_mmap of_atexit",
}
# Beside these with the argument "protect", which LeakSanitizer does not survive.
PROTECTED = {LOST: "in_page lost_pages", INDIRECT: "of_lost_pages"}
# LeakSanitizer: a pointer into the middle reaches; memory from mmap() is no root; blocks in a ring hold each other,
# so that none of them leads.
LSAN = {
    LOST: "lone list_1 push_3 tree self past_end in_freed big hidden unaligned shared_1 shared_2 holds_mid"
          " from_thread other_dead in_mmap",
    INDIRECT: "list_2 list_3 push_1 push_2 tree_left tree_right tree_leaf ring_1 ring_2 ring_3 shared_child"
              " mid_of_lost of_big",
}


def fates(table):
    return {name: fate for fate, names in table.items() for name in names.split()}


def problems_of(who, expected, got):
    return ["%s: make_%s is %s and not %s" % (who, name, got.get(name, REACHABLE), expected.get(name, REACHABLE))
            for name in sorted(set(expected) | set(got))
            if got.get(name, REACHABLE) != expected.get(name, REACHABLE)]


def ours(library, command, stdin=None, env=None, options="stacks=4"):
    """(exit status, totals, report of leaks)"""
    with tempfile.TemporaryDirectory(prefix="ht") as folder:
        path = os.path.join(folder, "report")
        env = dict(os.environ if env is None else env)
        if library is not None:
            env["LD_PRELOAD"] = library
        env["HEAPTRAIL_OPTIONS"] = ("leaks=exit:report=none:format=json:rows=1000000:file=%s:%s" % (path, options))
        with open(stdin or os.devnull, "rb") as source:
            done = subprocess.run(command, env=env, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=300, check=False)
        with open(path) as file:
            text = file.read()
        totals, end = json.JSONDecoder().raw_decode(text)
        leaks = json.loads(text[end:])
        return done, totals, leaks


def name_in(text):
    found = re.search(r"make_(\w+)", text)
    return found.group(1) if found else None


def our_fates(leaks):
    got = {}
    for row in leaks["rows"]:
        name = name_in(json.dumps(row))
        kinds = [fate for key, fate in (("lost_blocks", LOST), ("indirectly_lost_blocks", INDIRECT),
                                        ("possibly_lost_blocks", POSSIBLE)) if row[key]]
        if name is not None:
            got[name] = "+".join(kinds)
    return got


def valgrind_fates(command):
    kinds = {"Leak_DefinitelyLost": LOST, "Leak_IndirectlyLost": INDIRECT, "Leak_PossiblyLost": POSSIBLE}
    with tempfile.NamedTemporaryFile(prefix="ht") as file:
        subprocess.run(["valgrind", "--leak-check=full", "--show-leak-kinds=all", "--leak-resolution=high", "--xml=yes",
                        "--undef-value-errors=no", "--xml-file=" + file.name] + command, check=False, timeout=300,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        got = {}
        for error in xml.parse(file.name).getroot().findall("error"):
            name = name_in(" ".join(fn.text for fn in error.iter("fn")))
            if name is not None and error.find("kind").text in kinds:
                got[name] = kinds[error.find("kind").text]
        return got


def known(library, programs):
    command = [os.path.join(programs, "oracle_leaks")]
    expected = fates(EXPECTED)
    done, _, leaks = ours(library, command)
    problems = ["exit status is %d" % done.returncode] if done.returncode != 0 else []
    problems += problems_of("heaptrail", expected, our_fates(leaks))
    problems += ["%s: %s" % (key, leaks[key]) for key in ("unread_bytes", "running_threads", "gone_blocks") if leaks[key]]
    command.append("protect")
    expected.update(fates(PROTECTED))
    done, _, leaks = ours(library, command)
    problems += ["exit status with protected pages is %d" % done.returncode] if done.returncode != 0 else []
    problems += problems_of("heaptrail, protected pages", expected, our_fates(leaks))
    problems += ["%d bytes were not read, not 4 pages" % leaks["unread_bytes"]] if leaks["unread_bytes"] != 4 * 4096 else []
    if shutil.which("valgrind") is None:
        return problems, "without valgrind"
    return problems + problems_of("valgrind", expected, valgrind_fates(command)), "valgrind agrees"


def lsan(_library, programs):
    path = os.path.join(programs, "oracle_leaks_lsan")
    if not os.path.exists(path):
        return None, "no LeakSanitizer here"
    done = subprocess.run([path], env=dict(os.environ, LSAN_OPTIONS="use_tls=1:report_objects=0"), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    text = done.stdout.decode(errors="replace")
    if "LeakSanitizer has encountered a fatal error" in text or "SUMMARY" not in text:
        return None, "LeakSanitizer cannot run here: " + text[:200]
    got = {}
    for kind, stack in re.findall(r"^(Direct|Indirect) leak.*?\n(.*?)\n\n", text, re.M | re.S):
        got[name_in(stack)] = LOST if kind == "Direct" else INDIRECT
    return problems_of("LeakSanitizer", fates(LSAN), got), "%d blocks" % len(got)


SUMMARY = re.compile(r"(definitely lost|indirectly lost|possibly lost|still reachable): ([\d,]+) bytes in ([\d,]+) blocks")
CLASSES = {"definitely lost": "lost", "indirectly lost": "indirectly_lost", "possibly lost": "possibly_lost",
           "still reachable": "reachable"}


def valgrind_classes(command, env, stdin, log):
    options = ["--leak-check=full", "--undef-value-errors=no", "--log-file=" + log, compare.MIN_ADDRESS]
    compare.run(["valgrind"] + options + command, env, stdin)
    with open(log) as file:
        text = file.read()
    if "All heap blocks were freed" in text:
        return {key: 0 for key in CLASSES.values()}
    return {CLASSES[what]: int(blocks.replace(",", "")) for what, _, blocks in SUMMARY.findall(text)}


def real(library, case, programs):
    """What heaptrail calls lost, valgrind calls lost too, and the other way round."""
    with tempfile.TemporaryDirectory(prefix="ht") as folder:
        command, stdin, more_env, _ = compare.case_of(case, folder, programs)
        for tool in (command[0], "valgrind"):
            if shutil.which(tool) is None:
                return None, "no %s here" % tool
        copy = os.path.join(folder, "l.so")
        shutil.copy(library, copy)
        env = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C", "PYTHONHASHSEED": "0",
               "PYTHONDONTWRITEBYTECODE": "1"}
        env.update(more_env)
        seen = compare.valgrind_env(env)
        _, totals, leaks = ours(None, compare.outside_valgrind(command), stdin, compare.preload_env(seen, copy))
        theirs = valgrind_classes(command, env, stdin, os.path.join(folder, "log"))
        classes = {key: leaks[key + "_blocks"] for key in CLASSES.values()}
        problems = []
        # A word of the stack that nobody uses may look like a pointer in one of the two: lua's interpreter has some.
        certain = all(classes[key] == theirs[key] for key in ("lost", "indirectly_lost"))
        if not certain or abs(classes["possibly_lost"] - theirs["possibly_lost"]) > max(2, totals["in_use_blocks"] // 100) or \
                sum(classes.values()) != sum(theirs.values()):
            problems.append("heaptrail %r, valgrind %r" % (classes, theirs))
        if sum(classes.values()) != totals["in_use_blocks"]:
            problems.append("%d blocks were judged, %d are in use" % (sum(classes.values()), totals["in_use_blocks"]))
        problems += ["%s: %s" % (key, leaks[key])
                     for key in ("young_blocks", "unsure_blocks", "left_out_blocks", "table_moved") if leaks[key]]
        return problems, "%r; %d words, %d us" % (classes, leaks["words"], leaks["took_us"])


def on_signals(library, how):
    """The program goes on after each scan. A thread that blocks signals is not waited for for ever."""
    with tempfile.TemporaryDirectory(prefix="ht") as folder:
        path = os.path.join(folder, "report")
        env = dict(os.environ, LD_PRELOAD=library, PYTHONMALLOC="malloc", HEAPTRAIL_OPTIONS=
                   "leaks=signal:report=none:format=json:rows=5:symbols=none:file=" + path)
        done = subprocess.run([compare.python_path(), compare.workload("busy_threads.py"), how], env=env, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100)
        with open(path) as file:
            text, reports = file.read(), []
        while text.strip():
            report, end = json.JSONDecoder().raw_decode(text)
            reports, text = reports + [report], text[end:].lstrip()
        scans = [report for report in reports if report.get("report") == "leaks"]
        problems = []
        if (done.returncode, done.stdout) != (0, b"done\n"):
            problems.append("it ended otherwise: %d %r %r" % (done.returncode, done.stdout, done.stderr[-300:]))
        if not scans or any("lost_blocks" not in scan for scan in scans):
            problems.append("%d scans, not all of them with an answer" % len(scans))
        elif any(scan["running_threads"] != (4 if how == "block" else 0) for scan in scans):
            problems.append("running: %r" % [scan["running_threads"] for scan in scans])
        elif how == "free" and any(scan["lost_blocks"] for scan in scans):
            problems.append("lost: %r" % [scan["lost_blocks"] for scan in scans])
        return problems, "%d scans, lost %r, %r us" % (len(scans), [scan.get("lost_blocks") for scan in scans],
                                                       [scan.get("took_us") for scan in scans])


def suppress(library, programs):
    """Lost blocks change the exit status, unless a file says that they may be."""
    problems = []
    command = [os.path.join(programs, "oracle_leaks")]
    cases = [("", 7, 0),
             ("# some\nleak:make_lone\nleak:^make_list_1\n", 7, 2),
             ("leak:make_*oracle_leaks\n", 0, len(EXPECTED[LOST].split())),
             ("leak:no_such\n", 7, 0)]
    with tempfile.TemporaryDirectory(prefix="ht") as folder:
        path = os.path.join(folder, "leaks.supp")
        for text, status, at_least in cases:
            with open(path, "w") as file:
                file.write(text)
            done, _, leaks = ours(library, command, options="stacks=4:exitcode=7:suppress=" + path)
            if done.returncode != status:
                problems.append("%r: exit status %d and not %d" % (text, done.returncode, status))
            if leaks["suppressed_sites"] < at_least:
                problems.append("%r: %d sites are suppressed and not %d" % (text, leaks["suppressed_sites"], at_least))
        with open(path, "w") as file:
            file.write("leak:a\nrace:b\n")
        done, _, _ = ours(library, command, options="stacks=4:suppress=" + path)
        if ("line 2 of %s is not leak:PATTERN" % path).encode() not in done.stderr or done.returncode != 0:
            problems.append("a wrong line: %r" % done.stderr)
    return problems, "%d cases" % (len(cases) + 1)


def main():
    library, programs, case = sys.argv[1:4]
    if case == "known":
        problems, said = known(library, programs)
    elif case == "suppress":
        problems, said = suppress(library, programs)
    elif case in ("free", "block"):
        problems, said = on_signals(library, case)
    elif case == "lsan":
        problems, said = lsan(library, programs)
    else:
        problems, said = real(library, case, programs)
    if problems is None:
        print("SKIP %s: %s" % (case, said))
        return SKIP
    print("\n".join(problems + ["%s: %s (%s)" % (case, "FAILED" if problems else "as it should be", said)]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
