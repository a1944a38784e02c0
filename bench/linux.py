#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""CPU time of Linux programs under heaptrail, as a ratio to the program alone, beside valgrind and ASan.

    bench/linux.py PATH_TO_libheaptrail.so

Times are noisy: each setting runs several times in turn with the others, and the least counts. Debian's
programs cannot be recompiled here, so ASan is shown for a program of our own (bench/churn.c).
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
for i = 1, 400000 do
  t[i % 5000 + 1] = {name = "entry " .. i, value = i}
end
local n = 0
for _, v in pairs(t) do n = n + v.value end
print(n)
"""
SQL = """
create table t(a integer primary key, b text);
with recursive c(x) as (select 1 union all select x+1 from c where x < 120000)
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


def ratios(name, command, library, extra=()):
    """The least of REPEAT runs of each setting, taken in turn, relative to the plain one."""
    runs = [("plain", command, None)]
    runs += [(setting, command, preload(library, options)) for setting, options in SETTINGS]
    runs += list(extra)
    best = {}
    for _ in range(REPEAT):
        for setting, line, env in runs:
            best[setting] = min(best.get(setting, 1e9), cpu(line, env))
    best["valgrind"] = cpu(["valgrind", "-q"] + command)
    result = {key: round(value / best["plain"], 2) for key, value in best.items() if key != "plain"}
    print(f"  {name}: {best['plain']:.2f} s alone", file=sys.stderr, flush=True)
    return result


def measure(library, folder):
    lua, sql, data = (os.path.join(folder, name) for name in ("w.lua", "w.sql", "w.json"))
    with open(lua, "w", encoding="utf-8") as out:
        out.write(LUA)
    with open(sql, "w", encoding="utf-8") as out:
        out.write(SQL)
    with open(data, "w", encoding="utf-8") as out:
        json.dump([{"id": i, "name": f"item {i}", "tags": ["a", "b", str(i)]} for i in range(30000)], out)
    churn, churn_asan = (os.path.join(folder, name) for name in ("churn", "churn_asan"))
    subprocess.run(["cc", "-O2", "-g", "-o", churn, CHURN], check=True)
    subprocess.run(["cc", "-O2", "-g", "-fsanitize=address", "-o", churn_asan, CHURN], check=True)
    return {
        "lua": ratios("lua5.4", ["lua5.4", lua], library),
        "sqlite3": ratios("sqlite3", ["sqlite3", ":memory:", f".read {sql}"], library),
        "jq": ratios("jq", ["jq", "map(.tags | length) | add", data], library),
        "churn": ratios("churn (C)", [churn], library, [("asan", [churn_asan], None)]),
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    library = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        table = measure(library, folder)
    columns = [setting for setting, _ in SETTINGS] + ["valgrind", "asan"]
    print(f"\nCPU time on Linux, ratio to the program alone (least of {REPEAT}; valgrind: one run)")
    print(f"{'':<12}" + "".join(f"{column:>12}" for column in columns))
    for name, row in table.items():
        print(f"{name:<12}" + "".join(f"{row.get(column, '-'):>12}" for column in columns))
    results = {}
    if os.path.exists(RESULTS):
        with open(RESULTS, encoding="utf-8") as known:
            results = json.load(known)
    for name, row in table.items():
        for column, value in row.items():
            results[f"linux_cpu_ratio_{name}_{column}"] = value
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    with open(RESULTS, "w", encoding="utf-8") as out:
        json.dump(results, out, indent=2, sort_keys=True)
        out.write("\n")


if __name__ == "__main__":
    main()
