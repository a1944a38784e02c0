#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Count what heaptrail costs, in instructions and bytes, and print it beside the peers' figures.

    bench/run.py BUILD_DIR        BUILD_DIR: a 32-bit build (cmake -DHEAPTRAIL_M32=ON)

Writes build/bench/results.json: one flat object. Instructions are counted, not timed, so the figures
are the same on every run: by callgrind where the machine runs 32-bit programs, else by qemu-i386, one
line of its log per instruction.
"""
import concurrent.futures
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

PAIRS = 1000
EVENTS_PER_PAIR = 3  # with those of the blocks that are live at the start, as many as there are pairs

# Key, what it is, budget (architecture.md), what ESP-IDF has for it (docs/esp-idf.md).
TABLE = [
    ("m32_plain_pair_1000", "plain heap, malloc+free, 1,000 live", None, "726"),
    ("m32_extra_stopped", "extra per pair: compiled in, stopped", 30, "250"),
    ("m32_extra_sites_100", "extra per pair: by call site, 100 live", 180, "-"),
    ("m32_extra_sites_1000", "  1,000 live", 180, "456 (list: 2888)"),
    ("m32_extra_sites_10000", "  10,000 live", 180, "472 (list: 25392)"),
    ("m32_extra_sites_full", "  table full, half of the frees unknown", 225, "list: each miss walks all"),
    ("m32_extra_stack8_100", "extra per pair: 8-frame stacks, 100 live", 450, "-"),
    ("m32_extra_stack8_1000", "  1,000 live", 450, "934"),
    ("m32_extra_stack8_10000", "  10,000 live", 450, "950"),
    ("m32_growth_sites_percent", "growth by call site, 100 to 10,000 live, %", 25, "list: 1800"),
    ("m32_growth_stack8_percent", "growth with stacks, 100 to 10,000 live, %", 25, "-"),
    ("m32_extra_redzones_1000", "redzones 8+8, beyond tracking by call site", 150, "209 (light: 4 + 4)"),
    ("m32_extra_full_1000", "all checks, 64-byte blocks, beyond plain", 1069, "1069 (comprehensive)"),
    ("m32_extra_traced_1000", "traced, beyond tracking by call site", 250, "-"),
    ("m32_drain_insns_per_event", "  and to write it, per event, in another task", None, "-"),
    ("m32_scrub_insns_per_block", "scrubber, per block with redzones 8+8", None, "-"),
    ("m32_redzone_bytes", "bytes of redzones per block (and up to 3)", None, "12 (light)"),
    ("m32_critical_section_max", "longest critical section, instructions", 300, "unbounded"),
    ("m32_record_bytes", "bytes per record", 16, "40-44 (88-92 with 8 frames)"),
    ("m32_bytes_per_block_all_in", "  all in: record / usable load", None, "48-52"),
    ("code_bytes_core_m32", "code of the core, bytes", None, "-"),
]


def runs_natively(program):
    try:
        return subprocess.run([program], capture_output=True).returncode in (0, 1, 2)
    except OSError:
        return False


class Counter:
    def __init__(self, program):
        self.native = runs_natively(program) and shutil.which("valgrind") is not None
        if not self.native and shutil.which("qemu-i386") is None:
            sys.exit("bench: this machine runs no 32-bit programs: install qemu-user")

    def name(self):
        return "callgrind" if self.native else "qemu-i386"

    def count(self, command):
        """The instructions between bench_begin() and bench_end()."""
        if self.native:
            result = subprocess.run(
                ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                 "--toggle-collect=run", "--toggle-collect=bench_scrub", "--toggle-collect=bench_drain"] + command, capture_output=True, text=True, check=True)
            line = [l for l in result.stderr.splitlines() if "Collected" in l][0]
            return int(line.split(":")[1])
        begin, end = (b"%08x" % symbol(command[0], name) for name in ("bench_begin", "bench_end"))
        count, counting = 0, False
        for pc in trace(command):
            if pc == begin:
                counting = True
            elif pc == end:
                counting = False
            count += counting
        return count


def symbol(program, name):
    for line in subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout.splitlines():
        fields = line.split()
        if fields[-1] == name:
            return int(fields[0], 16)
    sys.exit(f"bench: no {name} in {program}")


def trace(command, emulator="qemu-i386"):
    """The program counters of a run, one for each instruction."""
    with tempfile.TemporaryDirectory() as folder:
        fifo = os.path.join(folder, "log")
        os.mkfifo(fifo)
        process = subprocess.Popen(
            [emulator, "-singlestep", "-d", "exec,nochain", "-D", fifo] + command, stdin=subprocess.DEVNULL)
        with open(fifo, "rb", buffering=1 << 20) as log:
            for line in log:
                if line.startswith(b"Trace"):
                    start = line.index(b"/") + 1
                    yield line[start:start + 8]
        if process.wait() != 0:
            sys.exit(f"bench: {' '.join(command)} failed")


def addresses(program, section, tool=""):
    """The code addresses that the stand-in's port notes in a section of its own."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([f"{tool}objcopy", "-O", "binary", "-j", section, program, out.name], check=True)
        data = out.read()
    return {b"%08x" % value for (value,) in struct.iter_unpack("<I", data)}


def longest_section(program):
    masks, unmasks = addresses(program, "sim_bare_masks"), addresses(program, "sim_bare_unmasks")
    longest, inside = 0, None
    for pc in trace([program, "sections", "1000", "3000"]):
        if inside is not None:
            inside += 1
            if pc in unmasks:
                longest, inside = max(longest, inside), None
        if pc in masks:
            inside = 0
    return longest


def measure(counter, build, results):
    """Every setting, two at a time: the counts do not depend on what else runs."""
    jobs = [("", setting, live) for setting in ("plain", "sites") for live in (100, 1000, 10000)]
    jobs += [("", "stopped", 1000), ("", "full", 1000)]
    jobs += [("", setting, 1000) for setting in ("redzones", "scrub", "traced", "drain")]
    jobs += [("", "plain", 1000, 64), ("", "checked", 1000, 64)]
    jobs += [("_fp", setting, live) for setting in ("plain", "stack8") for live in (100, 1000, 10000)]

    def pair(job):
        suffix, setting, live = job[:3]
        size = [str(job[3])] if len(job) == 4 else []
        program = f"{build}/bench/bench_{'plain' if setting == 'plain' else 'tracked'}{suffix}"
        cost = round(counter.count([program, setting, str(live), str(PAIRS)] + size) / PAIRS)
        print(f"  {setting}{suffix}, {live} live blocks: {cost}", file=sys.stderr, flush=True)
        return cost

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        cost = dict(zip(jobs, pool.map(pair, jobs)))
    results["m32_plain_pair_1000"] = cost["", "plain", 1000]
    results["m32_extra_stopped"] = cost["", "stopped", 1000] - cost["", "plain", 1000]
    results["m32_extra_sites_full"] = cost["", "full", 1000] - cost["", "plain", 1000]
    results["m32_extra_redzones_1000"] = cost["", "redzones", 1000] - cost["", "sites", 1000]
    results["m32_extra_traced_1000"] = cost["", "traced", 1000] - cost["", "sites", 1000]
    results["m32_drain_insns_per_event"] = round(cost["", "drain", 1000] / EVENTS_PER_PAIR)
    results["m32_extra_full_1000"] = cost["", "checked", 1000, 64] - cost["", "plain", 1000, 64]
    results["m32_scrub_insns_per_block"] = cost["", "scrub", 1000]
    for suffix, setting in (("", "sites"), ("_fp", "stack8")):
        for live in (100, 1000, 10000):
            results[f"m32_extra_{setting}_{live}"] = cost[suffix, setting, live] - cost[suffix, "plain", live]
        few, many = results[f"m32_extra_{setting}_100"], results[f"m32_extra_{setting}_10000"]
        results[f"m32_growth_{setting}_percent"] = round(100 * (many - few) / few)


def sizes(build, results):
    program = f"{build}/bench/bench_tracked"
    run = [program, "sizes", "1", "0"]
    if not runs_natively(program):
        run.insert(0, "qemu-i386")
    for line in subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines():
        key, value = line.split()
        results[key] = float(value) if "." in value else int(value)
    objects = []
    for folder, _, files in os.walk(f"{build}/bench/CMakeFiles/bench_tracked.dir"):
        if folder.endswith("heaptrail/core"):
            objects += [os.path.join(folder, name) for name in files if name.endswith(".o")]
    out = subprocess.run(["size", *objects], capture_output=True, text=True, check=True).stdout
    results["code_bytes_core_m32"] = sum(int(line.split()[0]) for line in out.splitlines()[1:])


def add_results(results, path="build/bench/results.json"):
    """Into the file of results: one flat object; what is there from other programs stays."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    known = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as old:
            known = json.load(old)
    known.update(results)
    with open(path, "w", encoding="utf-8") as out:
        json.dump(known, out, indent=2, sort_keys=True)
        out.write("\n")


def print_table(table, results):
    print(f"{'':<46}{'heaptrail':>10}{'budget':>8}   ESP-IDF today")
    for key, what, budget, peer in table:
        value = results.get(key)
        shown = "not run" if value is None else f"{value}"
        over = " !" if budget is not None and value is not None and value > budget else "  "
        print(f"{what:<46}{shown:>10}{over}{'' if budget is None else budget:>6}   {peer}")
    print("written to build/bench/results.json; ! = over the budget, see DESIGN.md, Costs")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build = sys.argv[1]
    counter = Counter(f"{build}/bench/bench_plain")
    print(f"counting instructions with {counter.name()}", file=sys.stderr)
    results = {}
    measure(counter, build, results)
    print("  critical sections ...", file=sys.stderr, flush=True)
    if shutil.which("qemu-i386") is not None:
        results["m32_critical_section_max"] = longest_section(f"{build}/bench/bench_tracked_fp")
    sizes(build, results)
    add_results(results)
    print_table(TABLE, results)


if __name__ == "__main__":
    main()
