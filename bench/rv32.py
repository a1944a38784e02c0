#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Count what heaptrail costs on the chips' instruction set: rv32imc, as the ESP32-C3 executes it.

    bench/rv32.py [SETTING LIVE [BYTES]]    all figures; or one setting, for a quick look

Builds the benchmark's programs with Debian's cross compiler, the way ESP-IDF builds for speed, and
runs them under QEMU, which counts every instruction (-icount): the figures are the same on every
run. Instructions, not cycles: flash and cache are not modelled. Links a firmware with the usual
calls in each preset, for its bytes. Adds its figures to build/bench/results.json.
"""
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import run as shared
import rv32_size

PAIRS = 1000
BUILD = "build/bench/rv32"
TOOL = "riscv64-unknown-elf-"
COMPONENT = "components/heaptrail"
PORT = f"{COMPONENT}/port/esp_idf"

# A single core, as the chips with this instruction set have; picolibc and semihosting for main().
COMPILE = ["-O2", "-g", "-std=gnu17", "-march=rv32imc", "-mabi=ilp32", "-misa-spec=2.2",
           "--specs=picolibc.specs", "-ffunction-sections", "-fdata-sections", "-D_GNU_SOURCE",
           "-DSIM_BARE=1", "-DCONFIG_FREERTOS_UNICORE=1", "-D__NOINIT_ATTR=", "-DSOC_CPU_CORES_NUM=1",
           "-DCONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS=0", "-DCONFIG_HEAPTRAIL_GROWTH_PERIOD_MS=0"]
LINK = ["--oslib=semihost", "--crt0=semihost", "-Wl,--gc-sections",
        "-Wl,--defsym=__flash=0x80000000", "-Wl,--defsym=__flash_size=0x400000",
        "-Wl,--defsym=__ram=0x80400000", "-Wl,--defsym=__ram_size=0x7c00000",
        "-Wl,--defsym=__stack_size=0x40000", "-Wl,--defsym=_text_start=0x80000000", "-Wl,--defsym=_text_end=_etext"]
INCLUDE = ["bench/rv32/include", "bench", "sim/include", "sim/include_sim", "sim/src",
           f"{COMPONENT}/include", f"{COMPONENT}/core", f"{COMPONENT}/api", f"{COMPONENT}/report",
           f"{COMPONENT}/console", f"{COMPONENT}/port", PORT, f"{COMPONENT}/port/unwind"]
QEMU = ["qemu-system-riscv32", "-M", "virt", "-m", "1G", "-bios", "none", "-display", "none",
        "-cpu", "rv32,a=off,f=off,d=off,h=off,s=off,mmu=off",
        "-serial", "none", "-monitor", "none", "-chardev", "stdio,id=c"]

SIM = [f"sim/src/{name}.c" for name in ("tlsf", "multi_heap", "heap_caps_base", "heap_caps", "heap_caps_info",
                                        "sim_regions", "sim_memory", "sim_libc", "bare_port")]
BARE = SIM + ["bench/pairs.c", "bench/boot_bare.c", "bench/rv32/board.c"]

TABLE = [
    ("rv32_plain_pair_1000", "plain heap, malloc+free, 1,000 live", None, "-"),
    ("rv32_extra_stopped", "extra per pair: compiled in, stopped", 30, "250"),
    ("rv32_extra_sites_100", "extra per pair: by call site, 100 live", 180, "-"),
    ("rv32_extra_sites_1000", "  1,000 live", 180, "456 (list: 2888)"),
    ("rv32_extra_sites_10000", "  10,000 live", 180, "472 (list: 25392)"),
    ("rv32_extra_sites_roomy", "  1,000 live, in a table for 2,000", 180, "-"),
    ("rv32_extra_sites_full", "  table full, half of the frees unknown", 225, "list: each miss walks all"),
    ("rv32_extra_stack8_100", "extra per pair: 8-frame stacks, 100 live", 450, "-"),
    ("rv32_extra_stack8_1000", "  1,000 live", 450, "934"),
    ("rv32_extra_stack8_10000", "  10,000 live", 450, "950"),
    ("rv32_growth_sites_percent", "growth by call site, 100 to 10,000 live, %", 25, "list: 1800"),
    ("rv32_growth_stack8_percent", "growth with stacks, 100 to 10,000 live, %", 25, "-"),
    ("rv32_extra_redzones_1000", "redzones 8+8, beyond tracking by call site", 150, "209 (light: 4 + 4)"),
    ("rv32_extra_full_1000", "all checks, 64-byte blocks, beyond plain", 1069, "1069 (comprehensive)"),
    ("rv32_extra_development", "preset Development's checks and stacks, 64-byte blocks", None, "-"),
    ("rv32_extra_development_scan", "  without frame pointers, stacks read from the code", None, "-"),
    ("rv32_extra_hunt", "preset Hunt's", None, "-"),
    ("rv32_extra_hunt_scan", "  without frame pointers, stacks read from the code", None, "-"),
    ("rv32_extra_watch_1000", "a low-memory watch far from its level, beyond by call site", None, "-"),
    ("rv32_extra_traced_1000", "traced, beyond tracking by call site", 250, "-"),
    ("rv32_drain_insns_per_event", "  and to write it, per event, in another task", None, "-"),
    ("rv32_scrub_insns_per_block", "scrubber, per block with redzones 8+8", None, "-"),
    ("rv32_critical_section_max", "longest critical section, instructions", 300, "unbounded"),
    ("rv32_scan_insns_per_kib", "scan for lost blocks: per KiB of roots and blocks", 10000, "-"),
    ("rv32_scan_max_stall_insns", "  longest critical section meanwhile", 20000, "-"),
    ("scan_extra_bytes_per_block", "  memory while it runs, bytes per block", None, "-"),
    ("rv32_stack_insns_per_frame", "call stack: instructions per frame", None, "-"),
    ("rv32_stack_scan_insns_per_frame", "  without frame pointers", None, "none"),
    ("rv32_code_bytes", "code in a firmware with the usual reports", None, "-"),
    ("rv32_code_iram_bytes", "  of it in IRAM", None, "-"),
    ("rv32_constant_bytes", "  and constants", None, "-"),
    ("rv32_static_ram_bytes_production", "static RAM, preset production", None, "-"),
    ("rv32_static_ram_bytes_development", "  development", None, "-"),
    ("rv32_static_ram_bytes_hunt", "  hunt", None, "-"),
]

PRESETS = ("production", "development", "hunt")


def component_sources():
    sources = []
    for folder in ("core", "api", "report", "port/esp_idf", "port/unwind"):
        sources += sorted(glob.glob(f"{COMPONENT}/{folder}/*.c"))
    out = re.compile(r"ht_wrap_(libc|new|free|delete|task)\.c$|api/site\.c$|esp_idf/(memmap|site_caps)|ht_hooks")
    return [source for source in sources if not out.search(source)]


def wraps():
    """The names that the linker redirects, less those of libc and FreeRTOS: the bench has neither."""
    names = open(f"{COMPONENT}/CMakeLists.txt", encoding="utf-8").read()
    found = sorted(set(re.findall(r"^\s+(heap_caps_\w+)\)?\s*$", names, re.M)))
    return [f"-Wl,--wrap={name}" for name in found + ["heap_caps_get_containing_block_size", "xTaskIncrementTick"]]


def hot_sources():
    """The files that the component's CMakeLists.txt has compiled in a way of their own."""
    text = open(f"{COMPONENT}/CMakeLists.txt", encoding="utf-8").read()
    return {f"{COMPONENT}/{name}" for name in re.search(r"set\(hot_sources(.*?)\)", text, re.S).group(1).split()}


def compile_one(job):
    source, folder, flags = job
    out = f"{folder}/{source.replace('/', '_')}.o"
    hot = ["-O2", "-fno-schedule-insns"] if source in hot_sources() else []
    command = [f"{TOOL}gcc", *COMPILE, *flags, *hot, *(f"-I{path}" for path in INCLUDE), "-c", source, "-o", out]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}\n{result.stderr}")
    return out


def build():
    """The six programs: plain and tracked; without and with frame pointers, and with stacks without them."""
    room = ["-DCONFIG_HEAPTRAIL_LOWMEM_WATCHES=1"]
    for suffix, flags in (("", room), ("_fp", ["-fno-omit-frame-pointer"]), ("_scan", ["-DCONFIG_HEAPTRAIL_STACK_SCAN=1"])):
        folder = f"{BUILD}/o{suffix}"
        os.makedirs(folder, exist_ok=True)
        if suffix == "_fp":
            flags = flags + ["-DCONFIG_ESP_SYSTEM_USE_FRAME_POINTER=1"]
        ours = component_sources() + ["bench/setup_tracked.c", "bench/exercise.c"]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            bare, tracked, plain = (list(pool.map(compile_one, [(s, folder, flags) for s in sources]))
                                    for sources in (BARE, ours, ["bench/setup_plain.c"]))
        for name, objects, options in (("plain", plain, []), ("tracked", tracked, wraps())):
            link(f"{name}{suffix}", [*bare, *objects], options)


def link(name, objects, options):
    command = [f"{TOOL}gcc", *COMPILE, *LINK, *options, *objects, "-o", f"{BUILD}/{name}.elf", f"-Wl,-Map={BUILD}/{name}.map"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"bench: linking {name} failed\n{result.stderr[-3000:]}")


def measure_sizes(results):
    """A firmware with the usual calls, in each preset as its header has it."""
    sources = SIM + ["bench/boot_bare.c", "bench/rv32/board.c", "bench/rv32/usual.c"] + component_sources()
    for preset in PRESETS:
        folder = f"{BUILD}/o_{preset}"
        os.makedirs(folder, exist_ok=True)
        flags = ["-include", f"{COMPONENT}/presets/{preset}.h"]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compile_one, [(source, folder, flags) for source in sources]))
        link(f"usual_{preset}", objects, wraps())
        run = subprocess.run(command(f"usual_{preset}", ["usual"]), stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=60)
        if run.returncode != 0:
            sys.exit(f"bench: usual_{preset} failed:\n{run.stdout}{run.stderr}")
        size = rv32_size.sizes(f"{BUILD}/usual_{preset}.map")
        results[f"rv32_static_ram_bytes_{preset}"] = size["ram"]
        if preset == "production":
            results["rv32_code_bytes"] = size["code"]
            results["rv32_code_iram_bytes"] = size["iram"]
            results["rv32_constant_bytes"] = size["constants"]


def command(program, arguments, *more):
    semihosting = "enable=on,chardev=c," + ",".join(f"arg={a}" for a in arguments)
    return [*QEMU, "-semihosting-config", semihosting, "-kernel", f"{BUILD}/{program}.elf", *more]


def count(setting, live, size=None, suffix=""):
    program = ("plain" if setting == "plain" else "tracked") + suffix
    arguments = [setting, str(live), str(PAIRS)] + ([str(size)] if size else [])
    result = subprocess.run(command(program, arguments, "-icount", "shift=0,sleep=off"),
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    match = re.search(r"^instructions (\d+)", result.stdout, re.M)
    if result.returncode != 0 or match is None:
        sys.exit(f"bench: {program} {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")
    cost = round(int(match.group(1)) / PAIRS)
    print(f"  {setting}{suffix}, {live} live blocks: {cost}", file=sys.stderr, flush=True)
    return cost


def measure_scan(results):
    """One pass over 40 KiB of roots and 4,000 blocks of 64 bytes, everything reachable."""
    run = subprocess.run(command("tracked", ["scan", "4000", "1", "64"], "-icount", "shift=0,sleep=off"),
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    found = {key: int(value) for key, value in re.findall(r"^(\w+) (\d+)", run.stdout, re.M)}
    if run.returncode != 0 or found.get("scan_reached") != 4000:
        sys.exit(f"bench: scan failed:\n{run.stdout}{run.stderr}")
    results["rv32_scan_insns_per_kib"] = round(found["instructions"] / (found["scan_words"] * 4 / 1024))
    results["scan_extra_bytes_per_block"] = found["scan_bytes_per_1000"] / 1000
    results["rv32_scan_max_stall_insns"] = longest_section("tracked_fp", ["scan", "4000", "1", "64"])


def instructions_at(elf, pattern):
    """The addresses of the instructions whose text matches."""
    text = subprocess.run([f"{TOOL}objdump", "-d", "--no-show-raw-insn", elf],
                          capture_output=True, text=True, check=True).stdout
    found = re.findall(rf"^\s*([0-9a-f]+):\s+{pattern}", text, re.M)
    return {b"%08x" % int(address, 16) for address in found}


def longest_section(program, arguments=("sections", "1000", "3000")):
    """As run.py's, from the log of the machine: one line for each instruction. Only the lock of
    heaptrail's port masks interrupts in mstatus here."""
    elf = f"{BUILD}/{program}.elf"
    masks = instructions_at(elf, r"csrrci?\s+\w+,\s*mstatus,\s*8")
    unmasks = instructions_at(elf, r"csrw\s+mstatus,")
    if not masks or not unmasks:
        sys.exit("bench: no critical section was found: has the lock of the port changed?")
    longest, inside = 0, None
    run = command(program, arguments)
    for pc in shared.trace(run[1:], run[0]):
        if inside is not None:
            inside += 1
            if pc in unmasks:
                longest, inside = max(longest, inside), None
        if pc in masks:
            inside = 0
    return longest


def measure(results):
    jobs = [(setting, live, None, "") for setting in ("plain", "sites") for live in (100, 1000, 10000)]
    jobs += [(setting, 1000, None, "") for setting in ("stopped", "roomy", "full", "redzones", "watched", "scrub", "traced", "drain")]
    jobs += [("plain", 1000, 64, ""), ("checked", 1000, 64, "")]
    jobs += [(setting, live, None, "_fp") for setting in ("plain", "stack8") for live in (100, 1000, 10000)]
    jobs += [(setting, 1000, 64, suffix) for setting in ("plain", "development", "hunt") for suffix in ("_fp", "_scan")]
    jobs += [(setting, 1000, None, suffix) for setting in ("stack4", "stack12") for suffix in ("_fp", "_scan")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        cost = dict(zip(jobs, pool.map(lambda job: count(*job), jobs)))

    def extra(setting, live, size=None, suffix=""):
        return cost[setting, live, size, suffix] - cost["plain", live, size, suffix]

    results["rv32_plain_pair_1000"] = cost["plain", 1000, None, ""]
    results["rv32_extra_stopped"] = extra("stopped", 1000)
    results["rv32_extra_sites_roomy"] = extra("roomy", 1000)
    results["rv32_extra_sites_full"] = extra("full", 1000)
    results["rv32_extra_redzones_1000"] = extra("redzones", 1000) - extra("sites", 1000)
    results["rv32_extra_watch_1000"] = extra("watched", 1000) - extra("sites", 1000)
    results["rv32_extra_traced_1000"] = extra("traced", 1000) - extra("sites", 1000)
    results["rv32_drain_insns_per_event"] = round(cost["drain", 1000, None, ""] / shared.EVENTS_PER_PAIR)
    results["rv32_extra_full_1000"] = extra("checked", 1000, 64)
    for preset in ("development", "hunt"):
        results[f"rv32_extra_{preset}"] = extra(preset, 1000, 64, "_fp")
        results[f"rv32_extra_{preset}_scan"] = extra(preset, 1000, 64, "_scan")
    for key, suffix in (("rv32_stack_insns_per_frame", "_fp"), ("rv32_stack_scan_insns_per_frame", "_scan")):
        deep, shallow = cost["stack12", 1000, None, suffix], cost["stack4", 1000, None, suffix]
        results[key] = round((deep - shallow) / 8)
    results["rv32_scrub_insns_per_block"] = cost["scrub", 1000, None, ""]
    for setting, suffix in (("sites", ""), ("stack8", "_fp")):
        for live in (100, 1000, 10000):
            results[f"rv32_extra_{setting}_{live}"] = extra(setting, live, None, suffix)
        few, many = results[f"rv32_extra_{setting}_100"], results[f"rv32_extra_{setting}_10000"]
        results[f"rv32_growth_{setting}_percent"] = round(100 * (many - few) / few)


def main():
    build()
    if len(sys.argv) > 2:
        setting, live = sys.argv[1], int(sys.argv[2])
        size = int(sys.argv[3]) if len(sys.argv) > 3 else None
        suffix = "_fp" if setting.startswith("stack") else ""
        cost, plain = count(setting, live, size, suffix), count("plain", live, size, suffix)
        print(f"{setting}, {live} live: {cost}, {cost - plain} beyond plain")
        return
    results = {}
    measure(results)
    print("  sizes ...", file=sys.stderr, flush=True)
    measure_sizes(results)
    print("  critical sections ...", file=sys.stderr, flush=True)
    results["rv32_critical_section_max"] = longest_section("tracked_fp")
    print("  scan ...", file=sys.stderr, flush=True)
    measure_scan(results)
    shared.add_results(results)
    shared.print_table(TABLE, results)


if __name__ == "__main__":
    main()
