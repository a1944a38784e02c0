#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""check_core.py HEAPTRAIL FOLDER ELF: `heaptrail core` on what fw_dump.c, ELF, left in FOLDER says what the queries said.

The same dump as raw images, as an ELF core, as ESP-IDF's partition and as console text; cut, damaged and incomplete.
"""
import hashlib
import json
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import dumps

HEAPTRAIL = sys.argv[1]
IMAGES = dumps.Images(sys.argv[2])
SEGMENTS = [IMAGES.state, IMAGES.constants]
SHA = "0123456789abcdef" * 4
ELF = sys.argv[3]
SCRATCH = tempfile.TemporaryDirectory()
WORK = Path(SCRATCH.name)
failed = 0


def expect(good, words):
    global failed
    if not good:
        failed += 1
        print("FAILED:", words)


def run(*arguments):
    done = subprocess.run([HEAPTRAIL, "core", *map(str, arguments)], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def core(*arguments):
    code, out, err = run("--json", *arguments)
    expect(code == 0, f"{arguments}: exit code {code}: {err}")
    return json.loads(out) if code == 0 else None


def file_of(name, data):
    path = WORK / name
    path.write_bytes(data)
    return path


# --- what the device said ---------------------------------------------------------------------------------------------


def read_truth():
    text, reports, decoder, at = (IMAGES.folder / "truth.json").read_text(), [], json.JSONDecoder(), 0
    while at < len(text):
        report, at = decoder.raw_decode(text, at)
        reports.append(report)
        while at < len(text) and text[at].isspace():
            at += 1
    return reports


AGES = {"age_us", "oldest_age_us", "sample_age_us"}


def ages(value, found=None):
    """Every age in a report, in order."""
    found = [] if found is None else found
    if isinstance(value, dict):
        for key, part in value.items():
            if key in AGES and part is not None:
                found.append(part)
            ages(part, found)
    elif isinstance(value, list):
        for part in value:
            ages(part, found)
    return found


def without(value, keys):
    if isinstance(value, dict):
        return {k: without(v, keys) for k, v in value.items() if k not in keys}
    return [without(v, keys) for v in value] if isinstance(value, list) else value


def same_as_device(dump, words):
    """All of it, but that ages count to the newest allocation and not to the moment of the queries."""
    left_out = AGES | {"uptime_us", "checks", "symbols", "explanation"}
    for mine, theirs in zip(dump["reports"], read_truth()):
        name = theirs["report"]
        expect(mine["report"] == name, f"{words}: {mine['report']} in the place of {name}")
        a, b = without(mine, left_out), without(theirs, left_out)
        expect(a == b, f"{words}: {name} differs: {first_difference(a, b)}")
        shifts = {y - x for x, y in zip(ages(mine), ages(theirs)) if x != 0}
        expect(len(shifts) <= 1, f"{words}: {name}: ages differ by {shifts}")


def first_difference(a, b, path=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            if a.get(key) != b.get(key):
                return first_difference(a.get(key), b.get(key), f"{path}.{key}")
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return first_difference(x, y, f"{path}[{i}]")
    return f"{path}: {str(a)[:200]} and not {str(b)[:200]}"


def check_whole_dumps():
    images = core(*IMAGES.arguments())
    same_as_device(images, "images")
    expect(images["dump"]["notes"] == [], f"notes: {images['dump']['notes']}")
    expect(len(images["freed"]) > 5 and all(f["freed_by"] for f in images["freed"]), "freed blocks are missing")
    blocks = next(r for r in images["reports"] if r["report"] == "list")["rows"]
    expect(any(b["variable"] == "s_kept[i]" and b["file"].endswith("fw_dump.c") for b in blocks), "no variable's name")
    expect(sum(b["size_bytes"] for b in blocks if b["method"] == "pool") == 10 + 12 + 13 + 14, "the pool's blocks")
    unplaced = core("--image", IMAGES.folder / "state.bin", *IMAGES.arguments()[2:])
    expect(unplaced == images, "an image without its address")
    plain = core(file_of("core", dumps.elf_core(SEGMENTS, IMAGES.pointer)))
    expect(plain["reports"] == images["reports"], "an ELF core")
    check_elf(images)
    return images


def check_elf(images):
    """The constants out of the ELF file, which names the return addresses too."""
    state = file_of("state.core", dumps.elf_core([IMAGES.state], IMAGES.pointer))
    got = core(state, "--elf", ELF)
    expect(without(got["reports"], {"symbols"}) == images["reports"], "constants out of the ELF file")
    sites = next(r for r in got["reports"] if r["report"] == "sites")["rows"]
    names = [name for site in sites for name in site["symbols"] if name]
    expect(any(name.startswith("work_in_task (fw_dump.c:") for name in names), f"names: {names}")
    other = dumps.elf_core([(IMAGES.state[0] + 4096, IMAGES.state[1])], IMAGES.pointer)
    refuse("is not in the dump", file_of("elsewhere", other), "--elf", ELF)
    check_wrong_elf(state, images)


def check_wrong_elf(state, images):
    """An ELF file with another SHA-256 is told and not used; one of a folder is found by it."""
    expect(images["dump"]["image"] == hashlib.sha256(Path(ELF).read_bytes()).hexdigest()[:8], "the image's SHA-256")
    folder = WORK / "firmwares"
    folder.mkdir()
    (folder / "another.elf").write_bytes(Path(HEAPTRAIL).read_bytes())
    code, out, err = run("--json", state, "--elf", folder)
    expect(code == 3 and images["dump"]["image"] in err and "--elf" in err, f"a wrong ELF file: {code}: {err}")
    code, out, err = run("--json", *IMAGES.arguments(), "--elf", folder / "another.elf")
    expect(code == 0 and "going on without it" in err, f"a wrong ELF file that is not needed: {code}: {err}")
    expect(json.loads(out)["reports"] == images["reports"], "a wrong ELF file changes nothing")
    (folder / "the.one.elf").write_bytes(Path(ELF).read_bytes())
    got = core(state, "--elf", folder)
    expect(without(got["reports"], {"symbols"}) == images["reports"], "the ELF file of a folder")


def check_esp_formats(images):
    expected = images["reports"]
    esp = dumps.esp_core(SEGMENTS, SHA)
    for name, data in [("esp.core", esp)] + [(f"{v}.partition", dumps.esp_partition(esp, v)) for v in (2, 3, 4)]:
        got = core(file_of(name, data))
        expect(got["reports"] == expected and got["dump"]["notes"] == [], f"{name}: {got['dump']}")
        expect(got["dump"]["firmware_sha256"] == SHA, f"{name}: SHA-256")
    partition = dumps.esp_partition(esp)
    text = dumps.esp_console(partition, len(partition) - 512)
    got = core(file_of("console.txt", text))
    expect(got["reports"] == expected and got["dump"]["notes"] == [], "console text")
    lines = text.split(b"\r\n")
    got = core(file_of("bare.txt", b"\n".join(lines[3:-3])))
    expect(got["reports"] == expected, "base64 alone")
    got = core(file_of("mixed.txt", b"\n".join(lines[:9] + [b"W (12) wifi: beacon lost!"] + lines[9:])))
    expect(got["reports"] == expected and "1 lines between" in got["dump"]["notes"][0], "log lines between")
    for version, words in ((2, "CRC-32"), (3, "SHA-256"), (4, "SHA-256")):
        damaged = bytearray(dumps.esp_partition(esp, version))
        damaged[2000] ^= 1
        got = core(file_of("damaged.partition", bytes(damaged)))
        expect(words in str(got["dump"]["notes"]), f"a wrong {words}")


# --- what is missing or damaged ---------------------------------------------------------------------------------------
def refuse(words, *arguments, code=3):
    got, _, err = run(*arguments)
    expect(got == code and words in err and err.startswith("heaptrail core: "), f"{words}: {got}: {err}")


def check_refusals():
    whole = dumps.elf_core(SEGMENTS, IMAGES.pointer)
    refuse("No such file", WORK / "absent")
    refuse("the file is empty", file_of("empty", b""))
    refuse("neither an ELF core", file_of("text", b"hello, this is no dump at all\n" * 9))
    refuse("holds none", file_of("erased", b"\xff" * 4096))
    refuse("header is cut", file_of("cut", whole[:20]))
    refuse("no core dump; the program's own file", HEAPTRAIL)
    refuse("--elf", file_of("no_constants", dumps.elf_core([IMAGES.state], IMAGES.pointer)))
    refuse("no heaptrail_state in the dump", file_of("other", dumps.elf_core([(4096, b"x" * 99)], 8)))
    refuse("no heaptrail_state in it", "--image", file_of("noise", b"noise" * 99))
    refuse("old binary format", file_of("binary", struct.pack("<III", 400, 0x00050003, 7) + b"\0" * 500))
    refuse("takes FILE", "--image", f"{IMAGES.folder / 'state.bin'}@here", code=2)
    refuse("no dump", code=2)
    refuse("has no such order", "--sort", "age", "-r", "sites", *IMAGES.arguments(), code=2)
    state = bytearray(IMAGES.state[1])
    state[8] = 3
    refuse("version 3", file_of("newer", dumps.elf_core([(IMAGES.state[0], bytes(state)), IMAGES.constants], IMAGES.pointer)))
    moved = [(IMAGES.state[0] + 64, IMAGES.state[1]), IMAGES.constants]
    refuse("no heaptrail_state", file_of("moved", dumps.elf_core(moved, IMAGES.pointer)))


def check_partial(images):
    """Half of the state: what is there is shown, what is not is said."""
    address, data = IMAGES.state
    half = [(address, data[:len(data) // 2]), IMAGES.constants]
    got = core(file_of("half", dumps.elf_core(half, IMAGES.pointer)))
    expect(any("are not in the dump" in n for n in got["dump"]["notes"]), f"nothing is said of half a state: {got['dump']}")
    rows = {r["address"]: r for r in next(r for r in images["reports"] if r["report"] == "list")["rows"]}
    kept = next(r for r in got["reports"] if r["report"] == "list")["rows"]
    expect(all(r["address"] in rows for r in kept), "half a state shows blocks that never were")
    cut = dumps.elf_core(SEGMENTS, IMAGES.pointer)
    got = core(file_of("short", cut[:-1000]))
    expect("is cut short: 1000 bytes" in got["dump"]["notes"][0], "a core that is cut short")
    begin, end = len(data) // 5, len(data) * 4 // 5
    hole = [(address, data[:begin]), (address + end, data[end:]), IMAGES.constants]
    got = core(file_of("hole", dumps.elf_core(hole, IMAGES.pointer)))
    expect(got["dump"]["notes"] != [], "a hole in the state")


def check_strays(images):
    """Records that no look-up finds: a few are damage, most of them are how another version files them."""
    address, data = IMAGES.state
    rows = next(r for r in images["reports"] if r["report"] == "list")["rows"]
    plain = [r for r in rows if r["method"] != "pool"]
    for count in (1, len(rows)):
        state = bytearray(data)
        for row in plain[:count]:
            record = int(row["address"], 16).to_bytes(IMAGES.pointer, "little") + (row["size_bytes"] << (15 if IMAGES.pointer == 8 else 7) | row["sequence"] & (0x7fff if IMAGES.pointer == 8 else 0x7f)).to_bytes(4, "little")
            at = state.find(record)
            other = int(row["address"], 16) + 0x10000 + 16 * count
            state[at:at + IMAGES.pointer] = other.to_bytes(IMAGES.pointer, "little")
        got = core(file_of("strays", dumps.elf_core([(address, bytes(state)), IMAGES.constants], IMAGES.pointer)))
        kept = len(next(r for r in got["reports"] if r["report"] == "list")["rows"])
        notes = str(got["dump"]["notes"])
        if count == 1:
            expect(kept == len(rows) - 1 and "1 records of the live table are damaged" in notes, f"a stray: {notes}")
        else:
            expect(kept == len(rows) and "of another version" in notes, f"strays: {kept} of {len(rows)}, {notes}")


def check_noise():
    """Bits flipped anywhere, cut anywhere: an answer or a complaint, never a crash."""
    random.seed(5)
    whole = dumps.elf_core(SEGMENTS, IMAGES.pointer)
    for n in range(60):
        data = bytearray(whole)
        for _ in range(random.choice((1, 10, 1000))):
            data[random.randrange(300 if n % 2 else len(data))] = random.randrange(256)
        if n % 3 == 0:
            data = data[:random.randrange(len(data))]
        code, _, err = run(file_of("noise.core", bytes(data)))
        expect(code in (0, 3), f"noise {n}: exit code {code}: {err}")


def check_whois(images):
    block = next(r for r in images["reports"] if r["report"] == "list")["rows"][0]
    inside = int(block["address"], 16) + 1
    code, out, _ = run("--whois", hex(inside), *IMAGES.arguments())
    expect(code == 0 and "1 byte into" in out, f"whois: {code}: {out}")
    code, out, _ = run("--whois", "0x10", *IMAGES.arguments())
    expect(code == 1, f"whois of no block: {code}")


found = check_whole_dumps()
if IMAGES.pointer == 4:
    check_esp_formats(found)
check_refusals()
check_partial(found)
check_strays(found)
check_noise()
check_whois(found)
print(f"{IMAGES.pointer * 8} bits: {failed} failed")
sys.exit(failed != 0)
