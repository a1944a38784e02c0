#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""heaptrail run: what the program sees of it, and how it ends.

    run.py HEAPTRAIL ORACLE_TRACED ORACLE_CRASH
"""
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAPTRAIL, TRACED, CRASH = sys.argv[1:4]
failed = 0
WAIT = 30


def expect(what, good, got=""):
    global failed
    if not good:
        failed += 1
        print(f"FAILED: {what}: {got!r}")


def start(*arguments, **more):
    return subprocess.Popen([HEAPTRAIL, "run", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **more)


def run(*arguments, **more):
    process = start(*arguments, **more)
    try:
        out, err = process.communicate(timeout=WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None, b"", b"it does not end"
    return process.returncode, out, err


def sh(folder, line, *options, **more):
    return run("-q", "-o", folder / "trace", "--force", *options, "--", "sh", "-c", line, **more)


def try_what_it_sees(folder):
    made = sh(folder, 'for fd in 3 4 5 6 7 8 9; do eval "exec $fd>/dev/null"; done; exit 5')
    expect("low descriptors are the program's", made == (5, b"", b""), made)
    made = run("-q", "-o", folder / "python", "--", "python3", "-c",
               "import os; print(os.open('/dev/null', 0))")
    expect("the first descriptor", made == (0, b"3\n", b""), made)
    made = sh(folder, 'echo "$HEAPTRAIL_OPTIONS"', "--options", "rows=5:" * 60 + "rows=77")
    expect("long options", made[0] == 0 and b"rows=5:rows=77:report=none:trace=fd," in made[1], made)
    made = run("-q", "-o", folder / "own", "--force", "echo", "-q", "--force", "--", "-o")
    expect("options behind the program's name", made == (0, b"-q --force -- -o\n", b""), made)


def try_ends(folder):
    made = sh(folder, "exit 3", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    expect("SIGCHLD ignored", made == (3, b"", b""), made)
    made = sh(folder, "kill -INT $$; exit 3", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    expect("in the background of a script", made == (3, b"", b""), made)
    made = sh(folder, "kill -SEGV $$")
    expect("a signal", made[0] == 128 + signal.SIGSEGV, made)
    began = time.time()
    made = sh(folder, "sleep 20 >/dev/null 2>&1 & exit 4")
    expect("a daemon", made[0] == 4 and time.time() - began < 15, made)
    made = run("-o", folder / "none", "--", "/nonexistent")
    expect("no program", made[0] == 3 and b"cannot run /nonexistent: No such file" in made[2], made)
    expect("no program, no file", not (folder / "none").exists())
    made = run("-s", "99999999999999999999", "true")
    expect("frames", made[0] == 2 and b"--stacks takes 0 to 32" in made[2], made)
    made = run("-o", "/dev/full", "--", "sh", "-c", "echo done; exit 6")
    expect("a full disk", made[0] == 4 and made[1] == b"done\n" and made[2].count(b"No space left") == 1, made)


def try_signals(folder):
    for number, code in ((signal.SIGINT, 9), (signal.SIGTERM, 128 + signal.SIGTERM)):
        process = start("-q", "-o", folder / f"{int(number)}", "--", "sh", "-c",
                        "trap 'exit 9' INT; echo up; while :; do sleep 0.05; done", start_new_session=True)
        process.stdout.readline()
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        try:
            process.communicate(timeout=WAIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        expect(f"signal {int(number)}", process.returncode == code, process.returncode)


def try_live_line(folder):
    """It moves while the program writes."""
    master, slave = pty.openpty()
    process = subprocess.Popen([HEAPTRAIL, "run", "-o", folder / "live", "--", "python3", "-c",
                                "for i in range(2000000): bytearray(600)"], stdin=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while True:
            shown += os.read(master, 65536)
    except OSError:
        pass
    expect("live line", process.wait(timeout=WAIT) == 0 and shown.count(b" events, ") >= 2, shown)


def tasks_of(trace):
    done = subprocess.run([HEAPTRAIL, "report", "--json", "--tasks", "--top", "0", trace], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)["tasks"]["rows"]


def try_names(folder):
    """A thread has the name that it had when it allocated."""
    made = run("-q", "-o", folder / "trace", "--", TRACED, "names")
    expect("names: the program", made == (0, b"", b""), made)
    rows = tasks_of(folder / "trace")
    expect("names: of a vfork() child", "child" not in {row["task"] for row in rows}, rows)
    rows = [row for row in rows if row["live_bytes"] != 0]
    found = sorted((row["task"], row["live_bytes"], row["deleted"]) for row in rows)
    expect("names", found == [("first", 400, True), ("oracle_traced#2", 100, False), ("oracle_traced#3", 100, False),
                              ("reader", 200, False), ("reader", 200, False), ("second", 400, True)], found)
    expect("names: of two threads", len({row["task_id"] for row in rows}) == 2, rows)


def try_leaks(folder):
    """What the library's scan finds at the end is in the trace."""
    code = "import ctypes; l = ctypes.CDLL(None); l.malloc.restype = None; [l.malloc(12345) for _ in range(8)]"
    made = run("-q", "--leaks", "-o", folder / "trace", "--", "python3", "-c", code)
    expect("leaks: the program", made[0] == 0 and b"Leaks, by call site:" in made[2], made)
    done = subprocess.run([HEAPTRAIL, "report", "--json", "--leaks", "--no-symbols", folder / "trace"], stdout=subprocess.PIPE,
                          check=False)
    leaks = json.loads(done.stdout)["leaks"]
    lost = [row for row in leaks["suspects"]["rows"] if row["sure"] == "certain" and row["lost_bytes"] % 12345 == 0]
    expect("leaks: a scan", leaks["device"] is not None and leaks["device"]["scanned"], leaks["device"])
    expect("leaks: what is lost", len(lost) == 1 and lost[0]["lost_blocks"] >= 6, lost)


def blocks_of(trace):
    """What make_block() made, and what of it lives."""
    done = subprocess.run([HEAPTRAIL, "report", "--json", "--sites", "--by", "function", "--top", "0", trace],
                          stdout=subprocess.PIPE, check=False)
    rows = json.loads(done.stdout)["sites"]["rows"]
    return next(((row["total_blocks"], row["live_blocks"]) for row in rows if row["function"] == "make_block"), None)


def has_end(trace):
    done = subprocess.run([HEAPTRAIL, "info", "--json", trace], stdout=subprocess.PIPE, check=False)
    return b'"ends": 1' in done.stdout


def try_crashes(folder):
    """Each allocation before the crash is in the trace, and the program ends as it does alone."""
    for how in ("segv", "abort", "trap", "stack", "thread", "heap", "handled", "term", "ask", "child"):
        alone = subprocess.run([CRASH, how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                               check=False)
        made = run("-q", "-o", folder / how, "--", CRASH, how)
        code = alone.returncode if alone.returncode >= 0 else 128 - alone.returncode
        expect(f"crash: {how}", made == (code, alone.stdout, alone.stderr), (made, alone))
        expect(f"crash: {how}: the blocks", blocks_of(folder / how) == (50000, 33333), blocks_of(folder / how))
        expect(f"crash: {how}: the trace's end", has_end(folder / how))
    process = start("-q", "-o", folder / "busy", "--", CRASH, "busy")
    process.stdout.readline()
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=WAIT)
    expect("crash: busy", process.returncode == 128 + signal.SIGTERM, process.returncode)
    expect("crash: busy: the trace's end", has_end(folder / "busy"))


with tempfile.TemporaryDirectory() as name:
    for case in (try_what_it_sees, try_ends, try_signals, try_live_line, try_names, try_leaks, try_crashes):
        place = Path(name) / case.__name__
        place.mkdir()
        case(place)
print("run: " + ("all good" if failed == 0 else f"{failed} failed"))
sys.exit(failed != 0)
