#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""check_real.py HEAPTRAIL LUA VALGRIND PROTOS: a real program's exports beside what valgrind's DHAT says of the same run.

Total, peak and end of the export as DHAT are valgrind's to the byte, and every other format's readers add up to them.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import readers

HEAPTRAIL, LUA, VALGRIND, PROTOS = sys.argv[1:5]
SCRATCH = tempfile.TemporaryDirectory()
WORK = Path(SCRATCH.name)
PROGRAM = """
local kept, text = {}, ""
for i = 1, 3000 do kept[i] = {i, tostring(i)} end
for i = 1, 300 do text = text .. i end
for k = 1, 50 do local gone = {} for i = 1, 100 do gone[i] = i * k end end
for i = 1, 2000 do kept[i] = nil end
collectgarbage()
os.exit(true, false)  -- without closing the state: something is left at the end
"""
failed = 0


def expect(got, wanted, words):
    global failed
    if got != wanted:
        failed += 1
        print(f"FAILED: {words}: {got!r}, not {wanted!r}")


def export(form):
    file = WORK / f"lua.{form}"
    subprocess.run([HEAPTRAIL, "export", "-q", "-f", form, "-o", file, WORK / "lua.htz"], check=True)
    return file


script = WORK / "program.lua"
script.write_text(PROGRAM)
subprocess.run([VALGRIND, "--tool=dhat", f"--dhat-out-file={WORK / 'dhat.out'}", LUA, script], check=True,
               capture_output=True)
points = json.loads((WORK / "dhat.out").read_text())["pps"]
truth = {key: sum(p[key] for p in points) for key in ("tb", "tbk", "eb", "ebk", "gb", "gbk")}
subprocess.run([HEAPTRAIL, "run", "-q", "-o", WORK / "lua.htz", "--", LUA, script], check=True)

sums = readers.dhat(export("dhat").read_text())
expect({key: sums[key] for key in truth}, truth, "DHAT of the export, and valgrind's own")
expect(0 < truth["eb"] < truth["gb"] < truth["tb"], True, f"the program: {truth}")
sums = readers.heaptrack(export("heaptrack"), WORK)
expect(sums, {"calls": truth["tbk"], "live": truth["eb"], "peak": truth["gb"], "total_blocks": truth["tbk"]}, "heaptrack")
sums = readers.ms_print(export("massif"))
expect((sums["live"], sums["peak"]), (truth["eb"], truth["gb"]), "ms_print")
sums, _ = readers.callgrind(export("callgrind"))
expect((sums["live"], sums["total"], sums["peak"]), (truth["eb"], truth["tb"], truth["gb"]), "callgrind_annotate")
sums, _ = readers.pprof(export("pprof"), PROTOS)
expect((sums["inuse_space"], sums["alloc_space"], sums["peak_space"], sums["alloc_objects"]),
       (truth["eb"], truth["tb"], truth["gb"], truth["tbk"]), "pprof")
values, _ = readers.perfetto(export("perfetto"), PROTOS)
expect((values["live bytes"][-1][1], max(v for _, v in values["live bytes"])), (truth["eb"], truth["gb"]), "Perfetto")
expect(readers.folded(export("folded").read_text()), truth["eb"], "folded")
sums, _ = readers.speedscope(export("speedscope").read_text())
expect((sums["live"], sums["total"], sums["peak"]), (truth["eb"], truth["tb"], truth["gb"]), "speedscope")
print(f"{truth}: {failed} failed")
sys.exit(failed != 0)
