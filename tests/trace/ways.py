#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Ways from a device to the desk: a file, TCP, and a console that is shared with the log. `node(way, stdout)` runs the
device to its end; the way is "file:PATH", "tcp:HOST:PORT" or "console:TERMINAL"."""
import json
import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HEAPTRAIL = None  # set by who imports this
WAIT = 60
failed = 0


def expect(what, good, got=""):
    global failed
    if not good:
        failed += 1
        print(f"FAILED: {what}: {str(got)[:2000]}")


def by_file(node, folder):
    done = node(f"file:{folder}/file", subprocess.PIPE)
    expect("file: the node", done.returncode == 0 and b"no trace" not in done.stdout, done)
    return folder / "file", done.stdout.decode()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def by_tcp(node, folder):
    port = free_port()
    record = subprocess.Popen([HEAPTRAIL, "record", f"listen:127.0.0.1:{port}", "-o", folder / "tcp", "--until-end", "-q"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    done = node(f"tcp:127.0.0.1:{port}", subprocess.PIPE)
    expect("tcp: the node", done.returncode == 0, done)
    _, err = record.communicate(timeout=WAIT)
    expect("tcp: the recorder", record.returncode == 0 and not err, err)
    return folder / "tcp"


def pass_on(source, target):
    try:
        while True:
            piece = os.read(source, 4096)
            if not piece:
                return
            while piece:
                piece = piece[os.write(target, piece):]
    except OSError:
        pass


def log_lines(text):
    """The log's lines, without their times, and a terminal's colours and line ends."""
    return re.findall(r"^[EWID] \(\d+\) (.*)$", re.sub(r"\x1b\[[0-9;]*m|[\r\0]", "", text), re.M)


def by_console(node, folder, log):
    """The node's terminal, with what a terminal does to line ends, through a wire to the recorder's."""
    their_master, their_slave = pty.openpty()
    our_master, our_slave = pty.openpty()
    record = subprocess.Popen([HEAPTRAIL, "record", os.ttyname(our_slave), "-o", folder / "console", "--until-end", "-q"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    os.close(our_slave)
    wire = threading.Thread(target=pass_on, args=(their_master, our_master), daemon=True)
    wire.start()
    shown = []
    screen = threading.Thread(target=lambda: shown.append(record.stdout.read()), daemon=True)
    screen.start()
    done = node(f"console:{os.ttyname(their_slave)}", their_slave)
    expect("console: the node", done.returncode == 0, done)
    os.close(their_slave)
    record.wait(timeout=WAIT)
    screen.join(WAIT)
    expect("console: the recorder", record.returncode == 0, record.stderr.read())
    lines, said = log_lines(shown[0].decode(errors="replace")), log_lines(log)
    # The recorder goes when the trace ends; the last line comes after that, and may find nobody.
    expect("console: each line of the log is whole", len(lines) > 3 and lines in (said, said[:-1]),
           (len(lines), len(said), [pair for pair in zip(lines, said) if pair[0] != pair[1]][:3]))
    return folder / "console"


def report(trace):
    done = subprocess.run([HEAPTRAIL, "report", "--json", "--all", "--top", "1000", trace], capture_output=True, timeout=WAIT,
                          check=False)
    if done.returncode != 0:
        done = subprocess.run([HEAPTRAIL, "report", "--json", trace], capture_output=True, timeout=WAIT, check=False)
    expect(f"report of {trace.name}", done.returncode == 0, done.stderr)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def neutral(tree, timeless):
    """What is the way's and not the run's: the file's name and size. `timeless`: nor is what depends on the time."""
    if isinstance(tree, list):
        return [neutral(row, timeless) for row in tree]
    if not isinstance(tree, dict):
        return tree
    way = r"^(trace|read_bytes)$" + (r"|_us$|time|age|life|growth|fragmentation|heaps" if timeless else "")
    return {key: neutral(value, timeless) for key, value in tree.items() if not re.search(way, key)}


def same(a, b, where=""):
    """The first place where two trees differ, or None."""
    if type(a) is not type(b):
        return f"{where}: {a} and {b}"
    if isinstance(a, dict):
        for key in sorted(a.keys() | b.keys()):
            found = same(a.get(key), b.get(key), f"{where}.{key}")
            if found:
                return found
        return None
    if isinstance(a, list):
        if len(a) != len(b):
            return f"{where}: {len(a)} and {len(b)} rows"
        return next((f for f in (same(x, y, f"{where}[{i}]") for i, (x, y) in enumerate(zip(a, b))) if f), None)
    return None if a == b else f"{where}: {a} and {b}"


def compare(node, names, timeless=False):
    """One report by every way, and the device's own sums at each mark. Returns the log."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, log = by_file(node, folder)
        if not log:  # the console is in the file, among the frames
            log = subprocess.run([HEAPTRAIL, "record", file, "-o", folder / "again", "-q"], stdout=subprocess.PIPE,
                                 check=False).stdout.decode()
        ways = {"file": file, "tcp": by_tcp(node, folder), "console": by_console(node, folder, log)}
        reports = {way: report(path) for way, path in ways.items()}
    for way in ("tcp", "console"):
        difference = same(neutral(reports["file"], timeless), neutral(reports[way], timeless))
        expect(f"file and {way}: the same report", difference is None, difference)
    for way, tree in reports.items():
        text = json.dumps(tree)
        expect(f"{way}: nothing lost", not re.search(r'"lost_events": [1-9]', text), text[:500])
        marks = tree.get("summary", {}).get("marks", [])
        expect(f"{way}: marks", [m.get("mark") for m in marks] == names, marks)
        for mark in marks:
            device, trace = mark["device"], mark["trace"]
            expect(f"{way}: live at {mark['mark']}, to the byte", not mark["differs"] and
                   device["live_bytes"] == trace["live_bytes"] > 0 and device["live_blocks"] == trace["live_blocks"] and
                   device["total_frees"] == trace["total_frees"], mark)
            # What lived before the trace began is among the device's totals only.
            expect(f"{way}: totals at {mark['mark']}", device["total_blocks"] - trace["total_blocks"] ==
                   tree["summary"]["carried_blocks"], mark)
    return log, reports["file"]


def finish(what):
    print(f"{what}: " + ("all good" if failed == 0 else f"{failed} failed"))
    sys.exit(failed != 0)
