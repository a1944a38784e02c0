#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Every golden .json: strictly valid UTF-8 JSON, no key twice, and the counts that it states are true."""
import json
import pathlib
import sys


def unique(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key occurs twice: {keys}"
    return dict(pairs)


def check_rows(part):
    if "rows" in part:
        assert part["rows_shown"] == len(part["rows"]), "rows_shown"
        keys = {tuple(row) for row in part["rows"]}
        assert len(keys) <= 1, "rows with different keys"


def check(path):
    report = json.loads(path.read_bytes().decode("utf-8"), object_pairs_hook=unique)
    assert report["heaptrail"] == 1
    if "command" in report:  # of the console: an action, or an error
        return
    assert "report" in report
    assert ("loss" in report) == (report["report"] != "error"), "an error at once asks for no losses"
    for part in [report, *(v for v in report.values() if isinstance(v, dict))]:
        check_rows(part)


paths = sorted(pathlib.Path(sys.argv[1]).glob("*.json"))
assert paths, "no golden JSON files"
for path in paths:
    try:
        check(path)
    except (AssertionError, ValueError, KeyError) as error:
        sys.exit(f"{path.name}: {error!r}")
print(f"{len(paths)} files are valid")
