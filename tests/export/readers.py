# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""What other programs read in an export: each function gives {value: sum}, values as in `heaptrail export --what`."""
import csv
import gzip
import io
import json
import re
import subprocess

VALUES = ("live", "total", "peak", "temporary")


def run(*command, data=None):
    done = subprocess.run([str(c) for c in command], input=data, capture_output=True, timeout=120)
    assert done.returncode == 0, (command, done.returncode, done.stderr.decode()[-400:])
    return done.stdout


def check(good, *words):
    assert good, words


# --- heaptrack --------------------------------------------------------------------------------------------------------
def heaptrack(path, scratch):
    """heaptrack_print's own sums, and its flame graphs, which have exact numbers."""
    text = run("heaptrack_print", path).decode()
    sums = {"calls": int(re.search(r"calls to allocation functions: (\d+)", text)[1])}
    for value, kind in (("live", "leaked"), ("peak", "peak"), ("total_blocks", "allocations")):
        flame = scratch / "flame"
        run("heaptrack_print", "-f", path, "-F", flame, "--flamegraph-cost-type", kind, "-p0", "-a0", "-T0", "-l0")
        sums[value] = sum(int(line.rsplit(" ", 1)[1]) for line in flame.read_text().splitlines())
    check("failed to parse" not in text, text)
    return sums


# --- valgrind's -------------------------------------------------------------------------------------------------------
def ms_print(path):
    text = run("ms_print", "--threshold=0", path).decode()
    rows = re.findall(r"^ +(\d+) +([\d,]+) +([\d,]+) +([\d,]+) +0 +0$", text, re.M)
    number = lambda s: int(s.replace(",", ""))
    peak = int(re.search(r"(\d+) \(peak\)", text)[1]) if "(peak)" in text else None
    # The lines of a tree: 98.13% (307,200B) 0x0: name; "->" at the first level.
    first = re.split(r"^100.00% \([\d,]+B\) \(heap", text, flags=re.M)[-1]
    children = [number(n) for n in re.findall(r"^->[\d.]+% \(([\d,]+)B\)", first, re.M)]
    return {"live": number(rows[-1][2]), "peak": number(rows[peak][2]) if peak is not None else 0,
            "last tree": sum(children), "times": [number(r[1]) for r in rows]}


def callgrind(path):
    text = run("callgrind_annotate", "--threshold=100", path).decode()
    totals = next(line for line in text.splitlines() if line.endswith("PROGRAM TOTALS"))
    numbers = [int(n.replace(",", "")) for n in re.sub(r"\([^)]*\)", " ", totals).split()[:7]]
    inclusive = run("callgrind_annotate", "--inclusive=yes", "--threshold=100", path).decode()
    return dict(zip(("live", "live_blocks", "total", "total_blocks", "peak", "peak_blocks", "temporary"), numbers)), inclusive


# --- protobuf ---------------------------------------------------------------------------------------------------------
def parse_text(text):
    """protoc's text: [(field, value or list of such)]."""
    top, stack = [], []
    here = top
    for line in text.splitlines():
        line = line.strip()
        if line.endswith("{"):
            inner = []
            here.append((line[:-1].strip(), inner))
            stack.append(here)
            here = inner
        elif line == "}":
            here = stack.pop()
        elif line:
            key, value = line.split(": ", 1)
            here.append((key, value))
    return top


def field(message, key):
    return next((v for k, v in message if k == key), None)


def fields(message, key):
    return [v for k, v in message if k == key]


def pprof(path, protos):
    data = gzip.decompress(path.read_bytes())
    message = parse_text(run("protoc", f"--proto_path={protos}", "--decode=heaptrail.pprof.Profile", "pprof.proto",
                             data=data).decode())
    # protoc writes bytes beyond ASCII in octal.
    strings = [json.loads(re.sub(r"\\([0-7]{3})", lambda octal: f"\\u{int(octal[1], 8):04x}", s))
               for s in fields(message, "string_table")]
    types = [strings[int(field(t, "type"))] for t in fields(message, "sample_type")]
    check(strings[0] == "" and types[:4] == ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"], types)
    locations = {field(l, "id") for l in fields(message, "location")}
    functions = {field(f, "id") for f in fields(message, "function")}
    sums = dict.fromkeys(types, 0)
    for sample in fields(message, "sample"):
        check(set(fields(sample, "location_id")) <= locations, "a location that is not there")
        for name, value in zip(types, fields(sample, "value")):
            sums[name] += int(value)
    for location in fields(message, "location"):
        check(all(field(line, "function_id") in functions for line in fields(location, "line")), "a function")
    default = int(field(message, "default_sample_type"))
    # The numbers of the fields, which our own .proto cannot vouch for: as upstream's has them.
    raw = {k for k, _ in parse_text(run("protoc", "--decode_raw", data=data).decode())}
    check(raw <= {"1", "2", "3", "4", "5", "6", "9", "10", "11", "12", "14"}, raw)
    return sums, strings[default]


def perfetto_message(data, protos):
    return parse_text(run("protoc", f"--proto_path={protos}", "--decode=heaptrail.perfetto.Trace", "perfetto.proto",
                          data=data).decode())


def perfetto_threads(path, protos):
    """Events that are on a thread's track: their names, and the thread's."""
    threads, found = {}, []
    for packet in fields(perfetto_message(path.read_bytes(), protos), "packet"):
        track, event = field(packet, "track_descriptor"), field(packet, "track_event")
        if track is not None and field(track, "thread") is not None:
            threads[field(track, "uuid")] = json.loads(field(field(track, "thread"), "thread_name"))
        elif event is not None and field(event, "track_uuid") in threads:
            found.append((json.loads(field(event, "name")), threads[field(event, "track_uuid")]))
    return found


def perfetto(path, protos):
    data = path.read_bytes()
    message = perfetto_message(data, protos)
    names, values, events = {}, {}, []
    for packet in fields(message, "packet"):
        track, event = field(packet, "track_descriptor"), field(packet, "track_event")
        if track is not None:
            names[field(track, "uuid")] = json.loads(field(track, "name") or '""')
        elif field(event, "type") == "TYPE_COUNTER":
            values.setdefault(names[field(event, "track_uuid")], []).append(
                (int(field(packet, "timestamp")), int(field(event, "counter_value"))))
        else:
            check(field(event, "track_uuid") in names, "an event on no track")
            events.append(json.loads(field(event, "name")))
    raw = parse_text(run("protoc", "--decode_raw", data=data).decode())
    check({k for k, _ in raw} == {"1"}, "packets")
    check({k for _, packet in raw for k, _ in packet} <= {"8", "10", "11", "60"}, "fields of packets")
    check({k for _, packet in raw for number, event in packet if number == "11" for k, _ in event}
          <= {"4", "9", "11", "22", "23", "30"}, "fields of events")
    return values, events


# --- text -------------------------------------------------------------------------------------------------------------
def folded(text):
    """FlameGraph's grammar: frames with ';' between, a blank, a number."""
    total = 0
    for line in text.splitlines():
        match = re.fullmatch(r"[^;\x00-\x1f]+(;[^;\x00-\x1f]+)* (\d+)", line)
        check(match is not None, line)
        total += int(match[2])
    return total


def speedscope(text):
    """What file-format-spec.ts demands, and the sums of the weights."""
    data = json.loads(text)
    check(data["$schema"] == "https://www.speedscope.app/file-format-schema.json", data["$schema"])
    frames = data["shared"]["frames"]
    check(all(isinstance(f["name"], str) and isinstance(f.get("line", 0), int) for f in frames), "frames")
    for profile in data["profiles"]:
        check(profile["type"] == "sampled" and isinstance(profile["name"], str), profile["type"])
        check(profile["unit"] in ("none", "bytes"), profile["unit"])
        check(len(profile["samples"]) == len(profile["weights"]), "as many weights as samples")
        check(all(0 <= i < len(frames) for stack in profile["samples"] for i in stack), "a frame that is not there")
        check(profile["endValue"] - profile["startValue"] == sum(profile["weights"]), "the end")
    check(0 <= data["activeProfileIndex"] < len(data["profiles"]), "the active profile")
    return dict(zip(VALUES, (sum(p["weights"]) for p in data["profiles"]))), data["activeProfileIndex"]


def dhat(text):
    """What the comment in dh_main.c demands, and the sums."""
    data = json.loads(text)
    kinds = {"dhatFileVersion": int, "mode": str, "verb": str, "bklt": bool, "bkacc": bool, "tu": str, "Mtu": str,
             "tuth": int, "cmd": str, "pid": int, "te": int, "tg": int, "pps": list, "ftbl": list}
    check(all(isinstance(data[k], kind) for k, kind in kinds.items()), "a field is missing")
    check(data["dhatFileVersion"] == 2 and data["mode"] == "heap" and data["bklt"] and not data["bkacc"], "the head")
    check(data["ftbl"][0] == "[root]" and all(isinstance(f, str) for f in data["ftbl"]), "the frames")
    check(data["tg"] <= data["te"], "the peak is behind the end")
    for point in data["pps"]:
        check(set(point) == {"tb", "tbk", "tl", "mb", "mbk", "gb", "gbk", "eb", "ebk", "fs"}, point)
        check(all(v >= 0 for k, v in point.items() if k != "fs"), point)
        check(point["tb"] >= point["mb"] >= max(point["gb"], point["eb"]) and point["tbk"] >= point["mbk"], point)
        check(all(0 < i < len(data["ftbl"]) for i in point["fs"]) and point["fs"], "a frame that is not there")
    return {key: sum(p[key] for p in data["pps"]) for key in ("tb", "tbk", "eb", "ebk", "gb", "gbk", "tl")}


def table(text):
    """CSV, read by Python's csv: a list of rows."""
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    check(all(None not in row and None not in row.values() for row in rows), "rows of other lengths")
    return rows
