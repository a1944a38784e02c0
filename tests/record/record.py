#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""heaptrail record from every kind of source, with the frame of SPEC.md's example among console text.

    record.py HEAPTRAIL SPEC.md
"""
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAPTRAIL, SPEC = sys.argv[1], Path(sys.argv[2])
failed = 0
WAIT = 20


def expect(what, good, got=""):
    global failed
    if not good:
        failed += 1
        print(f"FAILED: {what}: {got!r}")


def spec_frame():
    """The wire's bytes in SPEC.md: the block behind "On the wire"."""
    block = SPEC.read_text().split("On the wire, ", 1)[1].split("```")[1]
    return bytes(int(h, 16) for h in re.findall(r"\b[0-9a-f]{2}\b", block))


FRAME = spec_frame()
INPUT = b"I (300) main: started\n" + FRAME + b"half a li" + FRAME + b"ne\n"
TEXT = b"I (300) main: started\nhalf a line\n"


def run(*arguments, stdin=b"", **more):
    return subprocess.run([HEAPTRAIL, "record", *arguments], input=stdin, capture_output=True, timeout=WAIT,
                          check=False, **more)


def start(*arguments):
    return subprocess.Popen([HEAPTRAIL, "record", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def finish(process, code, what):
    out, err = process.communicate(timeout=WAIT)
    expect(f"{what}: exit code", process.returncode == code, (process.returncode, err))
    return out, err


def frames_of(path):
    """What zstd -d makes of a recorded file: the wire's bytes."""
    return subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=False).stdout


def raw(path):
    return Path(path).read_bytes()


def try_input(folder):
    made = run("-", "-o", folder / "a.heaptrail", stdin=INPUT)
    expect("stdin", made.returncode == 0 and made.stdout == TEXT, made)
    expect("stdin, file", frames_of(folder / "a.heaptrail").count(FRAME[1:-1]) == 2, raw(folder / "a.heaptrail"))
    expect("stdin, words", b"2 frames missing" not in made.stderr and b"events in" in made.stderr, made.stderr)
    made = run("-", "--raw", "-o", folder / "a.raw", "--log", folder / "a.log", "--no-console", "-q", stdin=INPUT)
    expect("raw", made.returncode == 0 and raw(folder / "a.raw") == FRAME + FRAME, raw(folder / "a.raw"))
    expect("raw", raw(folder / "a.log") == TEXT and made.stdout == b"" and made.stderr == b"", made)
    made = run("-", "--raw", "-o", "-", stdin=INPUT)
    expect("to standard output", made.stdout == FRAME + FRAME, made)
    (folder / "in.bin").write_bytes(INPUT)
    made = run(folder / "in.bin", "-o", folder / "b.heaptrail")
    expect("file", made.returncode == 0 and made.stdout == TEXT, made)
    made = run(folder / "a.raw", "-o", folder / "c.heaptrail", cwd=folder)
    expect("its own raw frames", made.returncode == 0, made)
    made = run(folder / "in.bin", cwd=folder)
    names = [n for n in os.listdir(folder) if re.fullmatch(r"heaptrail-\d{8}-\d{4}\.heaptrail", n)]
    expect("a name of its own", made.returncode == 0 and len(names) == 1, os.listdir(folder))


def try_bad(folder):
    (folder / "there").write_bytes(b"precious")
    for arguments, code, words in (
            (("-", "-o", folder / "there"), 4, b"--force writes over it"),
            (("-", "-o", "/nonexistent/x"), 4, b"cannot write /nonexistent/x: No such file"),
            (("-", "-o", folder / "n", "--log", "/nonexistent/x"), 4, b"cannot write /nonexistent/x"),
            (("-", "-o", "/dev/full"), 4, b"No space left"),
            (("/dev/ttyUSB97",), 3, b"is it plugged in?"),
            (("tcp:127.0.0.1:1",), 3, b"Connection refused"),
            (("tcp:127.0.0.1:65537",), 3, b"is no address"),
            (("listen:99999",), 3, b"is no address"),
            ((), 2, b"where from?"),
            (("a", "b"), 2, b"one source at a time"),
            (("-", "--baud", "0"), 2, b"--baud takes"),
            (("-", "--for", "soon"), 2, b"--for takes a time"),
            (("-", "--nonsense"), 2, b"nonsense")):
        made = run(*arguments, stdin=INPUT, cwd=folder)
        expect(str(arguments), made.returncode == code and words in made.stderr, made)
    expect("no file without its log", not (folder / "n").exists())
    expect("nothing was lost", raw(folder / "there") == b"precious")
    made = run("-", "-o", folder / "there", "--force", stdin=INPUT)
    expect("--force", made.returncode == 0 and frames_of(folder / "there"), made)
    made = run("-", "-o", folder / "none", stdin=b"only text\n")
    expect("no trace", made.returncode == 3 and made.stdout == b"only text\n" and b"no trace came" in made.stderr, made)
    expect("no empty file", not (folder / "none").exists())
    os.mkfifo(folder / "fifo")
    reader = os.open(folder / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    made = run("-", "-o", folder / "fifo", stdin=b"only text\n")
    os.close(reader)
    expect("what is no file stays", made.returncode == 3 and (folder / "fifo").exists(), made)
    made = run("-q", "-", "-o", "/dev/full", stdin=FRAME * 40000)
    expect("told once", made.returncode == 4 and made.stderr.count(b"No space left") == 1, made.stderr)
    made = run("-q", "-", "--raw", "-o", "/dev/full", stdin=FRAME * 40000)
    expect("told once, raw", made.returncode == 4 and made.stderr.count(b"No space left") == 1, made.stderr)
    made = run("-", "-o", folder / "log", "--log", "/dev/full", stdin=INPUT)
    expect("a log that is full", made.returncode == 4 and b"/dev/full: No space left" in made.stderr and
           frames_of(folder / "log").count(FRAME[1:-1]) == 2, made)
    made = run("-", "-o", folder / "nul", stdin=b"a\0b\0\0c\n" + FRAME + b"\0d\n")
    expect("NULs in text", made.returncode == 0 and made.stdout.replace(b"\0", b"") == b"abc\nd\n", made)
    (folder / "source").write_bytes(INPUT)
    for arguments in ((folder / "source", "-o", folder / "source", "--force"),
                      (folder / "source", "-o", folder / "new", "--log", folder / "source")):
        made = run(*arguments)
        expect("its own source", made.returncode == 4 and b"it is what is read" in made.stderr, made)
        expect("the source stays", raw(folder / "source") == INPUT)
    made = run("-", "-o", folder / "both", "--log", folder / "both", stdin=INPUT)
    expect("one file for both", made.returncode == 4 and b"is the trace's file" in made.stderr, made)
    made = run(folder)
    expect("a folder", made.returncode == 3 and b"is a directory" in made.stderr, made)
    made = run("/dev/null", "-o", folder / "null")
    expect("/dev/null", made.returncode == 3 and b"no trace came" in made.stderr, made)
    damaged = bytearray(INPUT)
    damaged[60] ^= 4
    made = run("-", "-o", folder / "d.heaptrail", stdin=bytes(damaged))
    expect("damage", made.returncode == 0 and b"1 damaged" in made.stderr, made.stderr)


def try_terminal(folder):
    """A port that vanishes and comes back under the same name; log lines in between."""
    link = folder / "port"
    process = None
    for _ in range(2):
        master, slave = pty.openpty()
        os.unlink(link) if link.is_symlink() else None
        os.symlink(os.ttyname(slave), link)
        if process is None:
            process = start(link, "-o", folder / "t.heaptrail")
        # Wait until the recorder has made it raw: before, the terminal would echo and change bytes.
        import termios
        deadline = time.time() + WAIT
        while termios.tcgetattr(slave)[3] & termios.ICANON and time.time() < deadline:
            time.sleep(0.01)
        os.close(slave)
        os.write(master, INPUT)
        time.sleep(0.3)
        os.close(master)
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = finish(process, 0, "terminal")
    expect("terminal", out.replace(b"\r\n", b"\n") == TEXT + TEXT, out)
    expect("terminal, file", frames_of(folder / "t.heaptrail").count(FRAME[1:-1]) == 4)
    expect("terminal, words", b"is gone; waiting for it" in err and b"is back" in err, err)


def call(port):
    """Until the recorder listens."""
    deadline = time.time() + WAIT
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            if time.time() > deadline:
                raise
            time.sleep(0.01)


def try_tcp(folder):
    listener = socket.create_server(("127.0.0.1", 0))
    process = start(f"tcp:127.0.0.1:{listener.getsockname()[1]}", "-o", folder / "c1", "--until-end")
    device, _ = listener.accept()
    device.sendall(INPUT)
    device.close()
    out, _ = finish(process, 0, "tcp")
    expect("tcp", out == TEXT and frames_of(folder / "c1").count(FRAME[1:-1]) == 2, out)
    listener.close()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = start(f"listen:127.0.0.1:{port}", "-o", folder / "c2", "--for", "3s")
    device = call(port)
    device.sendall(INPUT)
    out, err = finish(process, 0, "listen")
    expect("listen", out == TEXT and frames_of(folder / "c2").count(FRAME[1:-1]) == 2, (out, err))


def try_hang_up(folder):
    """Who hangs up at once is not called again and again without a pause."""
    listener = socket.create_server(("127.0.0.1", 0))
    process = start(f"tcp:127.0.0.1:{listener.getsockname()[1]}", "-o", folder / "h")
    calls = 0
    end = time.time() + 1
    while time.time() < end:
        listener.settimeout(0.5)
        listener.accept()[0].close()
        calls += 1
    process.send_signal(signal.SIGINT)
    finish(process, 3, "hang up")
    listener.close()
    expect("calls in a second", 2 <= calls <= 20, calls)


def try_unplugged(folder):
    """In the midst of a frame, and of a line."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = start(f"listen:127.0.0.1:{port}", "-o", folder / "u")
    for part in (b"half a li", FRAME[:30], FRAME[:-1], INPUT):
        device = call(port)
        device.sendall(part)
        time.sleep(0.5)
        device.close()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = finish(process, 0, "unplugged")
    expect("unplugged", out.endswith(TEXT) and out.startswith(b"half a li"), out)
    expect("unplugged, file", frames_of(folder / "u").count(FRAME[1:-1]) >= 2, err)


def try_killed(folder):
    """What was written before a kill can be read: chunks go out by themselves."""
    reader, writer = os.pipe()
    process = subprocess.Popen([HEAPTRAIL, "record", "-", "-o", folder / "k"], stdin=reader,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(reader)
    for _ in range(40000):
        os.write(writer, FRAME)
    deadline = time.time() + WAIT
    while (folder / "k").stat().st_size == 0 and time.time() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    os.close(writer)
    expect("killed", frames_of(folder / "k").count(FRAME[1:-1]) > 1000)


with tempfile.TemporaryDirectory() as name:
    for case in (try_input, try_bad, try_terminal, try_tcp, try_hang_up, try_unplugged, try_killed):
        place = Path(name) / case.__name__
        place.mkdir()
        case(place)
print("record: " + ("all good" if failed == 0 else f"{failed} failed"))
sys.exit(failed != 0)
