#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""check_exports.py HEAPTRAIL TRACE_MAKER PROTOS: every format of `heaptrail export`, opened by its own reader.

What the readers add up is what trace_maker did, which is worked out here a second time.
"""
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import readers

HEAPTRAIL, MAKER, PROTOS = sys.argv[1:4]
SCRATCH = tempfile.TemporaryDirectory()
WORK = Path(SCRATCH.name)
FORMATS = ("heaptrack", "pprof", "perfetto", "folded", "dhat", "massif", "speedscope", "callgrind", "csv", "csv-events")
failed = 0


def expect(got, wanted, words):
    global failed
    if got != wanted:
        failed += 1
        print(f"FAILED: {words}: {got!r}, not {wanted!r}")


def trace(world):
    path = WORK / f"{world}.htw"
    path.write_bytes(subprocess.run([MAKER, world], stdout=subprocess.PIPE, check=True).stdout)
    return path


def heaptrail(*arguments, data=None):
    done = subprocess.run([HEAPTRAIL, "export", *map(str, arguments)], input=data, capture_output=True, timeout=120)
    return done.returncode, done.stdout, done.stderr.decode()


def export(form, path, *arguments):
    code, out, err = heaptrail("-f", form, "-q", path, *arguments)
    expect(code, 0, f"{form} of {path.name}: {err}")
    file = WORK / f"{path.stem}.{form}"
    file.write_bytes(out)
    return file


# --- what trace_maker does --------------------------------------------------------------------------------------------
class Heap:
    """A heap as `node` and its like use it: tests/cli/trace_maker.c, second()."""

    def __init__(self):
        self.live, self.last = {}, {}
        self.total = self.total_blocks = self.temporary = self.peak = self.peak_blocks = 0

    def make(self, task, block, size):
        self.live[block] = size
        self.last[task] = block
        self.total += size
        self.total_blocks += 1
        if self.bytes() > self.peak:
            self.peak, self.peak_blocks = self.bytes(), len(self.live)

    def end(self, task, block):
        del self.live[block]
        self.temporary += self.last.get(task) == block
        self.last = {t: b for t, b in self.last.items() if b != block or t != task}

    def bytes(self):
        return sum(self.live.values())

    def second(self, at, leaks):
        self.make("net", 10, 2048)
        self.end("net", 10)
        if leaks:
            self.make("net", 100 + at, 56)
        if at % 120 == 60:
            self.make("main", 20, 40)
        if at % 120 == 75:
            self.end("main", 20)
        if at % 60 == 30:
            self.make("net", 11, 4096)
        if at % 60 == 40:
            self.end("storage", 11)

    def start(self):
        self.make("main", 0, 1536)
        self.make("main", 1, 153600)
        self.make("main", "frame 2", 153600)


def node(leaks=True, until=600):
    heap = Heap()
    heap.start()
    for at in range(until):
        if at == 200:
            heap.end("main", "frame 2")
        heap.second(at, leaks)
    return heap


# --- the readers ------------------------------------------------------------------------------------------------------
def check_world(path, heap, *arguments):
    name = " ".join([path.stem, *arguments])
    live, peak = heap.bytes(), heap.peak
    file = {form: export(form, path, *arguments) for form in FORMATS}

    sums = readers.heaptrack(file["heaptrack"], WORK)
    expect(sums, {"calls": heap.total_blocks, "live": live, "peak": peak, "total_blocks": heap.total_blocks},
           f"{name}: heaptrack_print")

    sums = readers.ms_print(file["massif"])
    expect((sums["live"], sums["peak"], sums["last tree"]), (live, peak, live), f"{name}: ms_print")
    expect(sums["times"], sorted(sums["times"]), f"{name}: the times of ms_print")

    sums, inclusive = readers.callgrind(file["callgrind"])
    wanted = {"live": live, "live_blocks": len(heap.live), "total": heap.total, "total_blocks": heap.total_blocks,
              "peak": peak, "peak_blocks": heap.peak_blocks, "temporary": heap.temporary}
    expect(sums, wanted, f"{name}: callgrind_annotate")
    outermost = next(line for line in inclusive.splitlines() if "0x4200beef" in line and ":0x" in line)
    expect(f"{live:,} " in outermost and f" {heap.total:,} " in outermost, True, f"{name}: inclusive: {outermost}")

    sums, default = readers.pprof(file["pprof"], PROTOS)
    expect(sums, {"alloc_objects": heap.total_blocks, "alloc_space": heap.total, "inuse_objects": len(heap.live),
                  "inuse_space": live, "peak_objects": heap.peak_blocks, "peak_space": peak,
                  "temporary_objects": heap.temporary}, f"{name}: pprof")
    expect(default, "inuse_space", f"{name}: pprof's default")

    values, _ = readers.perfetto(file["perfetto"], PROTOS)
    expect((values["live bytes"][-1][1], max(v for _, v in values["live bytes"])), (live, peak), f"{name}: Perfetto")
    expect(values["live blocks"][-1][1], len(heap.live), f"{name}: Perfetto's blocks")
    heaps = sum(v[-1][1] for k, v in values.items() if k.endswith(": live"))
    expect(heaps, live, f"{name}: Perfetto's heaps")
    sites = sum(v[-1][1] for k, v in values.items() if k.startswith("site "))
    expect(sites, live, f"{name}: Perfetto's sites")

    by_what = dict(zip(readers.VALUES, (live, heap.total, peak, heap.temporary)))
    expect(readers.speedscope(file["speedscope"].read_text()), (by_what, 0), f"{name}: speedscope")
    for what, wanted in by_what.items():
        text = export("folded", path, "--what", what, *arguments).read_text()
        expect(readers.folded(text), wanted, f"{name}: folded {what}")

    sums = readers.dhat(file["dhat"].read_text())
    expect({k: v for k, v in sums.items() if k != "tl"},
           {"tb": heap.total, "tbk": heap.total_blocks, "eb": live, "ebk": len(heap.live), "gb": peak,
            "gbk": heap.peak_blocks}, f"{name}: DHAT")

    check_tables(name, file, heap)
    return sums


def check_tables(name, file, heap):
    rows = readers.table(file["csv"].read_text())
    total = lambda key: sum(int(row[key]) for row in rows)
    expect((total("live_bytes"), total("live_blocks"), total("total_bytes"), total("peak_bytes")),
           (heap.bytes(), len(heap.live), heap.total, heap.peak), f"{name}: CSV")
    live, lived = {}, 0
    for row in readers.table(file["csv-events"].read_text()):
        if row["event"] in ("alloc", "carried"):
            live[row["address"]] = int(row["size_bytes"])
        else:
            expect(live.pop(row["address"]), int(row["size_bytes"]), f"{name}: a free of another size")
            lived += int(row["lived_us"])
    expect(sorted(live.values()), sorted(heap.live.values()), f"{name}: CSV of events")


def check_events(path):
    """Marks, the failure and the error are in Perfetto's trace; what was measured is a counter."""
    values, events = readers.perfetto(export("perfetto", path), PROTOS)
    for wanted in ("mark 1 warm", "mark 2 end", "allocation failed", "memory error"):
        expect(wanted in events, True, f"Perfetto: {wanted}")
    expect(len(values["DRAM: free"]), 10, "Perfetto: measurements of a heap")


def check_names_then(path):
    """A task that is renamed: each event under the name of its moment."""
    expect(readers.perfetto_threads(export("perfetto", path), PROTOS),
           [("allocation failed", "storage"), ("allocation failed", "uploader")], "Perfetto: a renamed task")
    rows = readers.table(export("csv", path).read_text())
    expect(sorted((row["task"], row["live_bytes"]) for row in rows), [("storage", "100"), ("uploader", "200")], "CSV: a renamed task")


def check_windows(path):
    """Only a part of the time: what lived before is carried in."""
    whole = node()
    heap = node(until=30)
    check_world(path, heap, "--at", "warm")
    code, out, err = heaptrail("-f", "csv-events", "-q", "--between", "warm..end", path)
    rows = readers.table(out.decode())
    expect(code, 0, err)
    expect(sum(r["event"] == "carried" for r in rows), len(heap.live), "blocks carried into a window")
    expect(sum(r["event"] == "alloc" for r in rows), whole.total_blocks - heap.total_blocks, "blocks of a window")
    sums = readers.heaptrack(export("heaptrack", path, "--between", "warm..end"), WORK)
    expect(sums["live"], whole.bytes(), "heaptrack: what lives at the end of a window")


def check_boots(path):
    """The last boot, or the one that was asked for; nothing of the others."""
    for boot, seconds in (("3", 13), ("2", 20), ("1", 40)):
        heap = Heap()
        for at in range(seconds):
            heap.second(at, True)
        for form in ("csv-events", "heaptrack"):
            file = export(form, path, "--boot", boot)
            if form == "heaptrack":
                expect(readers.heaptrack(file, WORK)["total_blocks"], heap.total_blocks, f"boot {boot}")
            else:
                rows = readers.table(file.read_text())
                expect(sum(r["event"] == "alloc" for r in rows), heap.total_blocks, f"boot {boot}")
    last = export("csv", path).read_text()
    expect(last, export("csv", path, "--boot", "3").read_text(), "the last boot is the one that is shown")


def check_losses(path):
    """After a loss: every format still adds up to what the model says lives."""
    rows = readers.table(export("csv", path).read_text())
    live = sum(int(r["live_bytes"]) for r in rows)
    expect(readers.ms_print(export("massif", path))["live"], live, "lossy: ms_print")
    expect(readers.heaptrack(export("heaptrack", path), WORK)["live"], live, "lossy: heaptrack_print")
    expect(readers.dhat(export("dhat", path).read_text())["eb"], live, "lossy: DHAT")
    values, events = readers.perfetto(export("perfetto", path), PROTOS)
    expect((values["live bytes"][-1][1], "loss" in events), (live, True), "lossy: Perfetto")
    kinds = {r["event"] for r in readers.table(export("csv-events", path).read_text())}
    expect(kinds, {"alloc", "free", "carried", "vanished"}, "lossy: events")


def check_damage(path):
    """Bytes that are wrong or missing: what was decoded is exported, and every reader takes it."""
    random.seed(7)
    whole = path.read_bytes()
    for n in range(6):
        # Three frames: the first is left alone, for without any there is nothing to export.
        data = bytearray(whole if n < 3 else whole[:random.randrange(len(whole) // 2, len(whole))])
        for _ in range(n % 3):
            data[random.randrange(len(whole) * 2 // 5, len(data))] ^= 1 << random.randrange(8)
        damaged = WORK / f"damaged{n}.htw"
        damaged.write_bytes(data)
        rows = readers.table(export("csv", damaged).read_text())
        live = sum(int(r["live_bytes"]) for r in rows)
        expect(readers.heaptrack(export("heaptrack", damaged), WORK)["live"], live, f"damaged {n}: heaptrack_print")
        expect(readers.ms_print(export("massif", damaged))["live"], live, f"damaged {n}: ms_print")
        expect(readers.dhat(export("dhat", damaged).read_text())["eb"], live, f"damaged {n}: DHAT")
        expect(readers.pprof(export("pprof", damaged), PROTOS)[0]["inuse_space"], live, f"damaged {n}: pprof")
        values, _ = readers.perfetto(export("perfetto", damaged), PROTOS)
        expect(values["live bytes"][-1][1], live, f"damaged {n}: Perfetto")


def check_empty(path):
    for form in FORMATS:
        export(form, path)
    readers.speedscope(export("speedscope", path).read_text())
    readers.dhat(export("dhat", path).read_text())
    readers.ms_print(export("massif", path))
    readers.pprof(export("pprof", path), PROTOS)


def check_pools(path):
    """Blocks inside blocks are told apart: left out, which is said, or alone."""
    done = subprocess.run([HEAPTRAIL, "report", "--json", "--summary", path], stdout=subprocess.PIPE, check=True)
    live = json.loads(done.stdout)["summary"]["pool_bytes"]
    rows = readers.table(export("csv", path, "--pools").read_text())
    ever, blocks = (sum(int(row[key]) for row in rows) for key in ("total_bytes", "total_blocks"))
    expect((sum(int(row["live_bytes"]) for row in rows), blocks > 1, {row["heap"] for row in rows}), (live, True, {"lvgl"}),
           "pools: CSV")
    expect(readers.heaptrack(export("heaptrack", path, "--pools"), WORK)["live"], live, "pools: heaptrack_print")
    sums, _ = readers.pprof(export("pprof", path, "--pools"), PROTOS)
    expect((sums["inuse_space"], sums["alloc_space"], sums["alloc_objects"]), (live, ever, blocks), "pools: pprof")
    sums = readers.dhat(export("dhat", path, "--pools").read_text())
    expect((sums["tb"], sums["tbk"], sums["eb"]), (ever, blocks, live), "pools: DHAT")
    expect(readers.folded(export("folded", path, "--pools", "--what", "total").read_text()), ever, "pools: folded")
    sums, _ = readers.callgrind(export("callgrind", path, "--pools"))
    expect((sums["live"], sums["total"]), (live, ever), "pools: callgrind_annotate")
    sums, _ = readers.speedscope(export("speedscope", path, "--pools").read_text())
    expect((sums[readers.VALUES[0]], sums[readers.VALUES[1]]), (live, ever), "pools: speedscope")
    steps = readers.table(export("csv-events", path, "--pools").read_text())
    expect(sum(row["event"] == "alloc" for row in steps), blocks, "pools: CSV of events")
    words = f"note: {blocks} blocks of pools are left out: --pools exports those alone"
    for arguments, said in (((), True), (("--pools",), False), (("-q",), False)):
        expect(words in heaptrail("-f", "csv", path, *arguments)[2], said, f"pools: said with {arguments}")
    for form in ("massif", "perfetto"):
        refuse(2, "shows the heap as a whole", "-f", form, "--pools", path)


# --- wrong and unusual calls ------------------------------------------------------------------------------------------
def refuse(code, words, *arguments, data=None):
    got, _, err = heaptrail(*arguments, data=data)
    expect((got, words in err), (code, True), f"{arguments}: {err}")


def check_calls(path):
    refuse(2, "no format 'html'", "-f", "html", path)
    refuse(2, "no --format", path)
    refuse(2, "no trace", "-f", "csv")
    refuse(2, "one trace at a time", "-f", "csv", path, path)
    refuse(2, "--what is for folded", "-f", "csv", "--what", "peak", path)
    refuse(2, "--what takes live", "-f", "folded", "--what", "all", path)
    refuse(3, "", "-f", "csv", WORK / "absent")
    refuse(3, "", "-f", "massif", WORK / "absent")
    refuse(2, "the output is the trace itself", "-f", "csv", "-o", path, path)
    refuse(4, "No such file", "-f", "csv", "-o", WORK / "no" / "folder", path)
    for form in FORMATS:
        refuse(4, "No space left", "-q", "-f", form, "-o", "/dev/full", path)
    whole = path.read_bytes()
    for form in ("csv", "massif"):
        code, out, err = heaptrail("-q", "-f", form, "-", data=whole)
        expect((code, out), (0, export(form, path).read_bytes()), f"{form} of a pipe: {err}")
    out = WORK / "there.csv"
    out.write_text("x" * 100000)
    expect(heaptrail("-q", "-f", "csv", "-o", out, path)[0], 0, "a file that is there")
    expect(out.read_bytes(), export("csv", path).read_bytes(), "a file that is there is written anew")
    code, out, _ = heaptrail("--format=list")
    expect((code, [line.split()[0] for line in out.decode().splitlines()]), (0, list(FORMATS)), "the list of formats")
    code, out, err = heaptrail("-f", "folded", trace("bare"))
    expect((code, "Names come from the program's ELF file" in err), (0, True), f"no ELF file: {err}")


NODE = trace("node")
check_world(NODE, node())
check_world(trace("bare"), node())
check_world(trace("fixed"), node(leaks=False))
check_events(NODE)
check_names_then(trace("renamed"))
check_windows(NODE)
check_boots(trace("boots"))
check_losses(trace("lossy"))
check_damage(NODE)
check_empty(trace("empty"))
check_pools(Path(__file__).parent.parent / "golden/traces/v1-firmware.wire")
check_calls(NODE)
print(f"{failed} failed")
sys.exit(failed != 0)
