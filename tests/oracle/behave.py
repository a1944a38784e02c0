#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""What a program and its user see of libheaptrail.so, apart from the totals (those: compare.py).

    behave.py LIBHEAPTRAIL PROGRAMS_FOLDER [TEST ...]      exit 77: every test was skipped
"""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

LIBRARY = os.path.abspath(sys.argv[1])
PROGRAMS = os.path.abspath(sys.argv[2])
TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def program(name):
    return os.path.join(PROGRAMS, name)


def need(tool):
    if shutil.which(tool) is None:
        raise Skip("no %s here" % tool)
    return tool


def env_with(options, preload=True, more=None):
    env = dict(os.environ, LC_ALL="C")
    env.pop("HEAPTRAIL_OPTIONS", None)
    if options is not None:
        env["HEAPTRAIL_OPTIONS"] = options
    if preload:
        env["LD_PRELOAD"] = LIBRARY
    env.update(more or {})
    return env


def run(command, options=None, preload=True, cwd=None, more=None):
    done = subprocess.run(command, env=env_with(options, preload, more), stdin=subprocess.DEVNULL, cwd=cwd,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100, check=False)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def same(command, folder, cwd=None):
    """The same with and without the library; returns the reports of all its processes."""
    reports = tempfile.mkdtemp(dir=folder)
    alone = run(command, preload=False, cwd=cwd)
    watched = run(command, "show=totals:format=json:file=%s/%%p" % reports, cwd=cwd)
    assert alone == watched, "alone %r, watched %r" % (alone, watched)
    rows = []
    for name in sorted(os.listdir(reports)):
        with open(os.path.join(reports, name)) as file:
            rows += [json.loads(line) for line in file]
    return rows


@test
def odd_arguments(folder):
    rows = same([program("oracle_mix"), "fail"], folder)
    assert rows[0]["failed"] == 6, rows


@test
def new_that_fails(folder):
    rows = same([program("oracle_cxx"), "fail"], folder)
    assert rows[0]["failed"] == 2, rows


@test
def new_is_called_new(folder):
    _, _, text = run([program("oracle_cxx")], "stacks=0:symbols=names:sort=peak")
    assert re.search(r"\bnew\b", text), text


@test
def fork_both_sides(folder):
    rows = same([program("oracle_process"), "fork"], folder)
    parent, child = sorted(rows, key=lambda row: row["in_use_blocks"])
    assert (parent["in_use_blocks"], child["in_use_blocks"]) == (10, 30), rows
    assert (parent["in_use_bytes"], child["in_use_bytes"]) == (1000, 5000), rows


@test
def fork_in_threads(folder):
    rows = same([program("oracle_process"), "storm"], folder)
    assert len(rows) == 41, len(rows)


@test
def vfork_and_exec(folder):
    rows = same([program("oracle_process"), "vfork"], folder)
    assert sorted(row["program"] for row in rows) == ["oracle_process", "true"], rows


@test
def exec_begins_anew(folder):
    rows = same([program("oracle_process"), "exec"], folder)
    assert [row["program"] for row in rows] == ["true"], rows


@test
def stderr_closed(folder):
    status, _, text = run([program("oracle_process"), "close"], "show=totals")
    assert status == 0 and "in use at exit: 1000 bytes in 10 blocks" in text, text


@test
def stderr_replaced(folder):
    other = os.path.join(folder, "other")
    status, _, text = run([program("oracle_process"), "replace", other], "show=totals")
    assert status == 0 and text.count("in use at exit") == 1, text
    with open(other) as file:
        assert file.read() == "the program's own file\n"


@test
def signal_report(folder):
    path = os.path.join(folder, "report")
    options = "report=signal:show=totals:format=json:signal=USR1:file=" + path
    child = subprocess.Popen([program("oracle_process"), "wait"], env=env_with(options), stdout=subprocess.PIPE)
    child.stdout.readline()
    for n in range(1, 4):
        child.send_signal(signal.SIGUSR1)
        for _ in range(500):
            if os.path.exists(path) and open(path).read().count("\n") == n:
                break
            time.sleep(0.01)
    child.terminate()
    child.communicate()
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    assert [row["why"] for row in rows] == ["signal"] * 3, rows
    assert rows[0]["in_use_blocks"] >= 10


@test
def signal_storm(folder):
    """Reports asked for at any moment of a program that does nothing but allocate, in four threads."""
    options = "report=signal:show=summary:symbols=names:file=" + os.path.join(folder, "report")
    child = subprocess.Popen([program("oracle_process"), "busy"], env=env_with(options), stdout=subprocess.PIPE)
    child.stdout.readline()
    for _ in range(150):
        child.send_signal(signal.SIGUSR2)
        time.sleep(0.002)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0 and out == b"still alive\n", (child.returncode, out)


def message(options):
    status, out, text = run([program("oracle_process"), "nothing"], options + ":report=none")
    assert (status, out) == (0, "nothing\n"), (status, out)
    return text


ALL = ("Options: report leaks suppress show format file rows sort stacks blocks sites signal freeres color symbols checks redzones "
       "fill_new fill_freed quarantine quarantine_blocks scrub_ms errors error_interval_ms exitcode verify_at_exit "
       "trace trace_pid help\n")
BAD = "heaptrail: HEAPTRAIL_OPTIONS: %s='%s' is not one of %s; going on with the default\n"
UNCHECKED = "heaptrail: HEAPTRAIL_OPTIONS: nothing is checked without checks=redzones or checks=full\n"


@test
def option_messages(folder):
    golden = {
        "stack=3": "heaptrail: HEAPTRAIL_OPTIONS: no option is called 'stack'; did you mean 'stacks'? " + ALL,
        "zebra=3": "heaptrail: HEAPTRAIL_OPTIONS: no option is called 'zebra' " + ALL,
        "stacks=99": "heaptrail: HEAPTRAIL_OPTIONS: stacks='99' is not one of 0..32; going on with the default\n",
        "stacks=": "heaptrail: HEAPTRAIL_OPTIONS: stacks='' is not one of 0..32; going on with the default\n",
        "sort=size": "heaptrail: HEAPTRAIL_OPTIONS: sort='size' is not one of bytes|blocks|peak|total; "
                     "going on with the default\n",
        "freeres": "heaptrail: HEAPTRAIL_OPTIONS: 'freeres' needs a value: freeres=0|1\n",
        "::rows=3:": "",
        "check=full": "heaptrail: HEAPTRAIL_OPTIONS: no option is called 'check'; did you mean 'checks'? " + ALL,
        "checks=all": BAD % ("checks", "all", "off|redzones|full"),
        "checks=full:redzones=16:65": BAD % ("redzones", "16:65", "0..64:0..64"),
        "checks=full:redzones=16:8:rows=2": "",
        "checks=full:redzones=16:rows=2:redzones=": BAD % ("redzones", "", "0..64:0..64"),
        "checks=full:fill_new=0xab:fill_freed=7": "",
        "checks=full:fill_new=0x100": BAD % ("fill_new", "0x100", "0..255|off"),
        "checks=full:quarantine=64k:quarantine_blocks=100": "",
        "checks=full:quarantine=4096m": BAD % ("quarantine", "4096m", "0..4095m"),
        "checks=full:quarantine=1g": BAD % ("quarantine", "1g", "0..4095m"),
        "checks=redzones:quarantine=1M:fill_new=off": "",
        "checks=full:quarantine_blocks=1048576": "",
        "checks=full:exitcode=256": BAD % ("exitcode", "256", "0..255"),
        "quarantine=1m": UNCHECKED,
        "checks=off:exitcode=9": UNCHECKED,
        "leaks=exit:exitcode=9:file=/dev/null": "",
        "leaks=exit:file=/dev/null:suppress=/no/such": "heaptrail: HEAPTRAIL_OPTIONS: suppress='/no/such': No such file or "
                                                       "directory, going on without\n",
        "leaks=exit:file=/dev/null:suppress=/": "heaptrail: HEAPTRAIL_OPTIONS: suppress='/': it is no ordinary file, "
                                                "going on without\n",
    }
    for options, expected in golden.items():
        got = message(options)
        assert got == expected, "%s: %r" % (options, got)
    assert message("help=1").count("\n") == 30


@test
def file_that_cannot_be(folder):
    status, _, text = run([program("oracle_process"), "nothing"], "file=/no/such/folder/x")
    assert status == 0 and text == "heaptrail: cannot write to the report's file /no/such/folder/x\n", text


@test
def broken_pipe(folder):
    """Nobody reads the report: the program must end as it would have."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([program("oracle_process"), "leave3"], env=env_with(None), stderr=write_end,
                          stdout=subprocess.DEVNULL, check=False, restore_signals=True)
    os.close(write_end)
    assert done.returncode == 3, done.returncode


@test
def names_and_lines(folder):
    _, _, text = run([program("oracle_process"), "leak"], "stacks=4")
    assert "leak_here" in text, text
    if os.path.exists("/usr/lib/x86_64-linux-gnu/libdw.so.1"):
        assert "oracle_process.c:" in text, text


@test
def json_report(folder):
    path = os.path.join(folder, "report")
    run([program("oracle_process"), "leak"], "format=json:file=" + path)
    with open(path) as file:
        lines = file.read()
    assert json.loads(lines.split("\n", 1)[0])["in_use_blocks"] == 17
    json.loads(lines.split("\n", 1)[1])


@test
def linked_in(folder):
    status, out, text = run([program("oracle_linked")], "show=totals", preload=False)
    assert (status, out) == (0, "10 blocks, 1000 bytes\n"), (status, out)
    assert "in use at exit: 1000 bytes in 10 blocks" in text, text


@test
def quick_stacks_are_right(folder):
    """libheaptrail_checked.so traps where its quick stacks differ from the compiler's unwinder's."""
    checked = {"LD_PRELOAD": os.path.join(os.path.dirname(LIBRARY), "libheaptrail_checked.so")}
    here = os.path.dirname(os.path.abspath(__file__))
    commands = [[program("oracle_cxx"), "fail"], [program("oracle_threads")], [sys.executable, "-c", "import json"],
                ["sh", "-c", "lua5.4 %s/workloads/work.lua; [ $? -ne 132 ]" % here],
                ["sh", "-c", "sqlite3 :memory: < %s/workloads/work.sql; [ $? -ne 132 ]" % here],
                ["sh", "-c", "gcc -O2 -c %s/programs/oracle_mix.c -o x.o" % here]]
    for command in commands:
        status, _, text = run(command, "report=none:stacks=32", cwd=folder, more=checked)
        assert status == 0, (command, status, text)


@test
def small_tables(folder):
    rows_path = os.path.join(folder, "report")
    run([program("oracle_mix")], "show=totals:format=json:blocks=20:sites=1:file=" + rows_path)
    with open(rows_path) as file:
        row = json.loads(file.read())
    assert row["not_followed"] > 0 and row["allocs"] > 30000, row


@test
def git_is_the_same(folder):
    need("git")
    work = os.path.join(folder, "w")
    os.mkdir(work)
    script = ("git init -q . && git config user.email a@b && git config user.name n && for i in 1 2 3; do "
              "echo $i > f$i; git add f$i; GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE="
              "'2026-01-01T00:00:00Z' git commit -qm c$i; done; git log --stat; rm -rf .git f?")
    assert len(same(["sh", "-c", script], folder, cwd=work)) > 10


@test
def compiler_is_the_same(folder):
    need("gcc")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs", "oracle_mix.c")
    rows = same(["sh", "-c", "gcc -O2 -c %s -o x.o && od -An -tx1 x.o | cksum" % source], folder, cwd=folder)
    assert any(row["program"].startswith("cc1") for row in rows), rows


# --- memory errors: what becomes of the program


def errors(what, options="checks=full:report=none", end=None):
    return run([program("oracle_errors"), what] + ([end] if end else []), options + ":symbols=names")


@test
def errors_alone(folder):
    """The report, and nothing else: same output, same exit status."""
    for what, title in (("overflow", "heap buffer overflow"), ("overflow_that_stays", "heap buffer overflow"),
                        ("double_free", "double free"), ("write_after_free", "write after free"),
                        ("at_exit", "heap buffer overflow")):
        for end in ("return", "_exit", "quick_exit"):
            status, out, text = errors(what, end=end)
            if what == "at_exit" and end != "return":
                title = ""
            assert (status, out) == (3, "begin end"), (what, end, status, out)
            assert len(re.findall("^heaptrail: #", text, re.M)) == bool(title) and title in text, (what, end, text)


@test
def errors_exitcode(folder):
    for end in ("return", "_exit", "quick_exit"):
        for what, expected in (("overflow", 9), ("overflow_that_stays", 9), ("nothing", 3)):
            status, out, _ = errors(what, "checks=full:report=none:exitcode=9", end)
            assert (status, out) == (expected, "begin end"), (what, end, status, out)
    status, out, _ = errors("at_exit", "checks=full:report=none:exitcode=9")
    assert (status, out) == (9, "begin end"), (status, out)


@test
def errors_abort(folder):
    status, _, text = errors("overflow", "checks=full:report=none:errors=abort")
    assert status == -signal.SIGABRT and "heap buffer overflow" in text, (status, text)


@test
def errors_verify_at_exit(folder):
    options = "checks=full:report=none:verify_at_exit=%s"
    assert "at the end of the program" in errors("overflow_that_stays", options % "on")[2]
    assert errors("overflow_that_stays", options % "off")[2] == ""


@test
def errors_unchecked(folder):
    """Without checks nothing is said, and nothing is done: glibc does not notice this one."""
    assert errors("overflow", "report=none") == (3, "begin end", "")


@test
def errors_of_a_fork(folder):
    status, out, text = errors("before_fork", "checks=full:report=none:exitcode=9")
    assert (status, out) == (9, "begin child: 0\nend"), (status, out, text)
    assert text.count("heaptrail: #1 ") == 1 and "heaptrail: #2" not in text, text
    status, out, text = errors("in_child", "checks=full:report=none:exitcode=9")
    assert (status, out) == (3, "begin child: 9\nend"), (status, out, text)


@test
def errors_that_repeat(folder):
    _, _, text = errors("many", "checks=full:error_interval_ms=0:report=none")
    assert len(re.findall("^heaptrail: #", text, re.M)) == 50, text
    _, _, text = errors("many", "checks=full:error_interval_ms=60000:report=none")
    assert len(re.findall("^heaptrail: #", text, re.M)) == 1, text


@test
def errors_in_threads(folder):
    status, _, text = errors("in_threads", "checks=full:error_interval_ms=0:show=errors")
    assert status == 3 and "memory errors: 8" in text, (status, text)
    status, out, _ = run([program("oracle_errors"), "in_threads"], "checks=full:error_interval_ms=0:show=totals")
    assert (status, out) == (3, "begin end"), (status, out)


@test
def errors_refused(folder):
    status, out, text = errors("wrong_reallocs")
    assert (status, out) == (3, "begin 111\nend"), (status, out)
    assert len(re.findall("^heaptrail: #", text, re.M)) == 3, text


@test
def errors_in_a_file(folder):
    path = os.path.join(folder, "report")
    status, _, text = errors("overflow", "checks=full:show=sites:file=" + path)
    assert (status, text) == (3, ""), (status, text)
    with open(path) as file:
        said = file.read()
    assert said.startswith("heaptrail: #1 heap buffer overflow") and "Memory errors: 1" in said, said
    os.unlink(path)
    _, _, text = errors("overflow", "checks=full:show=sites:format=json:file=" + path)
    assert text.startswith("heaptrail: #1 heap buffer overflow"), text
    with open(path) as file:
        totals, rest = file.read().split("\n", 1)
    assert json.loads(totals)["errors"] == 1
    _, end = json.JSONDecoder().raw_decode(rest)
    assert json.loads(rest[end:])["report"] == "errors", rest


@test
def errors_with_lines(folder):
    _, _, text = run([program("oracle_errors"), "overflow"], "checks=full:report=none")
    if os.path.exists("/usr/lib/x86_64-linux-gnu/libdw.so.1"):
        assert "overflow (oracle_errors.c:" in text, text


def slowly_read(command, pause=0.6):
    """Its trace goes into a pipe that is not read at first: the program stands in write()."""
    reader, writer = os.pipe()
    child = subprocess.Popen(command, env=env_with("report=none:trace=fd,%d" % writer), pass_fds=[writer],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(writer)
    time.sleep(pause)
    got = b""
    try:
        end = time.time() + 30
        while time.time() < end and select.select([reader], [], [], 5)[0]:
            piece = os.read(reader, 65536)
            if not piece:
                break
            got += piece
        return child.wait(timeout=30), got, child.stderr.read().decode()
    finally:
        child.kill()
        child.communicate()
        os.close(reader)


@test
def trace_exit_in_a_handler(folder):
    status, trace, text = slowly_read([program("oracle_traced"), "alarm"])
    assert (status, text) == (7, "") and len(trace) > 65536, (status, len(trace), text)


@test
def trace_cancelled_thread(folder):
    status, trace, text = slowly_read([program("oracle_traced"), "cancel"])
    assert (status, text) == (0, "") and len(trace) > 65536, (status, len(trace), text)


@test
def trace_numbers_of_descriptors(folder):
    options = "report=none:trace=%s/trace" % folder
    status, _, text = run([program("oracle_traced"), "numbers", folder + "/own"], options)
    assert status == 0 and "the program closed its descriptor" in text, (status, text)
    assert os.path.getsize(folder + "/own") == 0


@test
def trace_longer_than_files_may_be(folder):
    status, _, text = run([program("oracle_traced"), "limit"], "report=none:trace=%s/trace" % folder)
    assert status == 0 and "the trace is not complete: File too large" in text, (status, text)


@test
def trace_headers_elsewhere(folder):
    """As post-link optimizers leave it: the program headers at the file's end, in no segment."""
    image = bytearray(pathlib.Path(program("liboracle_module.so")).read_bytes())
    if image[4] != 2:
        raise Skip("64-bit only")
    (at,), (size, count) = struct.unpack_from("<Q", image, 32), struct.unpack_from("<HH", image, 54)
    table = image[at:at + size * count]
    image += bytes(-len(image) % 4096 + (1 << 26))
    struct.pack_into("<Q", image, 32, len(image))
    pathlib.Path(folder, "moved.so").write_bytes(image + table)
    status, _, text = run([program("oracle_traced"), "load", folder + "/moved.so"],
                          "report=none:trace=%s/trace" % folder)
    assert (status, text) == (0, ""), (status, text)


def main():
    wanted = sys.argv[3:]
    failed = ran = 0
    for function in TESTS:
        if wanted and function.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="ht") as folder:
            try:
                function(folder)
                ran += 1
                print("ok   %s" % function.__name__)
            except Skip as why:
                print("SKIP %s: %s" % (function.__name__, why))
            except (AssertionError, OSError, subprocess.TimeoutExpired, ValueError) as error:
                failed += 1
                print("FAIL %s: %s" % (function.__name__, error))
    return 1 if failed else 0 if ran else 77


if __name__ == "__main__":
    sys.exit(main())
