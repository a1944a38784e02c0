#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""CPU time of Linux programs under heaptrail, as a ratio to the program alone, beside valgrind and ASan.

    bench/linux.py PATH_TO_libheaptrail.so [NAME=PLAIN,ASAN ...]

Times are noisy: each setting runs several times in turn with the others, and the least counts. Debian's
programs come without ASan, so that is shown for a program of our own (bench/churn.c), and for those of
lua, sqlite3, jq that were built twice by hand, without and with -fsanitize=address, from one source:
such a row is wholly about PLAIN, not about Debian's program.
"""
import json
import os
import subprocess
import sys
import tempfile

REPEAT = 5
RESULTS = "build/bench/results.json"
CHURN = "bench/churn.c"
SETTINGS = (("tracking", "checks=off:report=none"), ("redzones", "checks=redzones:report=none"),
            ("full", "checks=full:report=none"))

LUA = """
local t = {}
for i = 1, 800000 do
  t[i % 5000 + 1] = {name = "entry " .. i, value = i}
end
local n = 0
for _, v in pairs(t) do n = n + v.value end
print(n)
"""
SQL = """
create table t(a integer primary key, b text);
with recursive c(x) as (select 1 union all select x+1 from c where x < 500000)
insert into t select x, 'row number ' || x from c;
select count(*), sum(length(b)) from t where b like '%7%';
"""


def cpu(command, env=None):
    """User and system seconds of one run."""
    with open(os.devnull, "w", encoding="utf-8") as null:
        child = subprocess.Popen(command, stdout=null, stderr=null, env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"bench: {' '.join(command)} failed ({status})")
    return usage.ru_utime + usage.ru_stime


def preload(library, options):
    return {"LD_PRELOAD": library, "HEAPTRAIL_OPTIONS": options}


def trial(command, library):
    """A run that is not timed: is heaptrail really there, and does it change or report nothing?"""
    def run(env):
        return subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **env})

    alone = run({})
    total = run(preload(library, "show=totals"))
    if "in use at exit" not in total.stderr:
        sys.exit(f"bench: {command[0]} runs without heaptrail: {total.stderr}")
    for _, options in SETTINGS:
        watched = run(preload(library, options))
        if (watched.stdout, watched.stderr) != (alone.stdout, alone.stderr):
            sys.exit(f"bench: {command[0]} says something else with {options}: {watched.stderr}")


def ratios(name, command, library, extra=()):
    """The least of REPEAT runs of each setting, taken in turn, relative to the plain one's."""
    trial(command, library)
    runs = [("plain", command, None)]
    runs += [(setting, command, preload(library, options)) for setting, options in SETTINGS]
    runs += list(extra)
    times = {setting: [] for setting, _, _ in runs}
    for _ in range(REPEAT):
        for setting, line, env in runs:
            times[setting].append(cpu(line, env))
    best = {setting: min(several) for setting, several in times.items()}
    # The median's distance from the least, of the setting where it is largest.
    spread = max(sorted(several)[REPEAT // 2] / min(several) - 1 for several in times.values())
    best["valgrind"] = cpu(["valgrind", "-q"] + command)
    print(f"  {name}: {best['plain']:.2f} s alone, medians up to {100 * spread:.0f} % above the least",
          file=sys.stderr, flush=True)
    result = {key: round(value / best["plain"], 2) for key, value in best.items() if key != "plain"}
    return {**result, "alone": round(best["plain"], 2), "spread": f"{100 * spread:.0f} %"}


def compiled(folder):
    """Our own program, without and with ASan."""
    plain, asan = (os.path.join(folder, name) for name in ("churn", "churn_asan"))
    subprocess.run(["cc", "-O2", "-g", "-o", plain, CHURN], check=True)
    subprocess.run(["cc", "-O2", "-g", "-fsanitize=address", "-o", asan, CHURN], check=True)
    return plain, asan


def measure(library, folder, rebuilt):
    lua, sql, data = (os.path.join(folder, name) for name in ("w.lua", "w.sql", "w.json"))
    with open(lua, "w", encoding="utf-8") as out:
        out.write(LUA)
    with open(sql, "w", encoding="utf-8") as out:
        out.write(SQL)
    with open(data, "w", encoding="utf-8") as out:
        json.dump([{"id": i, "name": f"item {i}", "tags": ["a", "b", str(i)]} for i in range(60000)], out)
    arguments = {"lua": [lua], "sqlite3": [":memory:", f".read {sql}"],
                 "jq": ["map(.tags | length) | add", data], "churn": []}
    programs = {"lua": ("lua5.4",), "sqlite3": ("sqlite3",), "jq": ("jq",), "churn": compiled(folder), **rebuilt}
    table = {}
    for name, (plain, *asan) in programs.items():
        extra = [("asan", [program] + arguments[name], {"ASAN_OPTIONS": "detect_leaks=0"}) for program in asan]
        table[name] = ratios(name, [plain] + arguments[name], library, extra)
    return table


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    library = os.path.abspath(sys.argv[1])
    rebuilt = {name: tuple(paths.split(",")) for name, paths in (word.split("=") for word in sys.argv[2:])}
    with tempfile.TemporaryDirectory() as folder:
        table = measure(library, folder, rebuilt)
    columns = [setting for setting, _ in SETTINGS] + ["valgrind", "asan"]
    print(f"\nCPU time on Linux, ratio to the program alone (least of {REPEAT}; valgrind: one run;"
          "\nalone: seconds; spread: how far the medians are above the least, at most)")
    shown = ["alone"] + columns + ["spread"]
    print(f"{'':<10}" + "".join(f"{column:>10}" for column in shown))
    for name, row in table.items():
        print(f"{name:<10}" + "".join(f"{row.get(column, '-'):>10}" for column in shown))
    results = {}
    if os.path.exists(RESULTS):
        with open(RESULTS, encoding="utf-8") as known:
            results = json.load(known)
    for name, row in table.items():
        for column in columns:
            if column in row:
                results[f"linux_cpu_ratio_{name}_{column}"] = row[column]
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    with open(RESULTS, "w", encoding="utf-8") as out:
        json.dump(results, out, indent=2, sort_keys=True)
        out.write("\n")


if __name__ == "__main__":
    main()
