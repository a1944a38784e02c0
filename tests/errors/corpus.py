# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""The cases and what is expected of each, as the comment on top of its source says (README.md)."""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
GROUPS = ["overflow", "underflow", "after_free", "double_free", "bad_free", "bad_realloc", "not_seen"]
VARIANTS = ["bug", "good"]

KINDS = {"overflow", "underflow", "write_after_free", "double_free", "realloc_freed", "bad_free", "bad_realloc"}
NUMBERS = {"offset", "damaged", "size"}
WORDS = {"found", "place", "task", "freed_task", "caller_task"}
STACKS = ["alloc", "free", "caller"]
# What an expectation must say, so that none is forgotten.
NEEDED = {
    "overflow": {"offset", "damaged", "size", "found", "alloc"},
    "underflow": {"offset", "damaged", "size", "found", "alloc"},
    "write_after_free": {"offset", "damaged", "size", "found", "alloc", "free"},
    "double_free": {"size", "found", "alloc", "free", "caller"},
    "realloc_freed": {"size", "found", "alloc", "free", "caller"},
    "bad_free": {"place", "found", "caller"},
    "bad_realloc": {"place", "found", "caller"},
    "none": {"why"},
}


class Mistake(Exception):
    """In the comment of a case."""


class Case:
    def __init__(self, group, source):
        self.group = group
        self.name = os.path.splitext(source)[0]
        self.path = os.path.join(HERE, group, source)
        self.is_cxx = source.endswith(".cpp")
        with open(self.path) as file:
            text = file.read()
        comment = re.search(r"\*/\s*/\*(.*?)\*/", text, re.DOTALL)
        self.lines = [line.strip(" *") for line in comment.group(1).strip("\n").split("\n")] if comment else []
        self.is_module = any(line.startswith("module:") for line in self.lines)
        self.uses_threads = "pthread_create" in text
        if not self.is_module:
            self.read()

    def __str__(self):
        return "%s/%s" % (self.group, self.name)

    def mistake(self, what):
        raise Mistake("%s: %s" % (self.path, what))

    def read(self):
        """kind ("none": no report), expected {key: number or word}, stacks {key: [functions]}, options."""
        found = {}
        for line in self.lines:
            match = re.match(r"(expect|alloc|free|caller|options|why):\s*(.*)", line)
            if match:
                found[match.group(1)] = match.group(2)
        if "expect" not in found:
            self.mistake("no 'expect:'")
        self.kind, *pairs = found["expect"].split()
        self.options = found.get("options", "")
        self.why = found.get("why", "")
        self.expected = {}
        for pair in pairs:
            key, _, value = pair.partition("=")
            if key not in NUMBERS | WORDS:
                self.mistake("'%s' is not known" % pair)
            self.expected[key] = int(value) if key in NUMBERS else value
        self.stacks = {key: [] if found[key] == "-" else found[key].split(" < ") for key in STACKS if key in found}
        if self.kind not in NEEDED:
            self.mistake("'%s' is no kind of error" % self.kind)
        missing = NEEDED[self.kind] - set(self.expected) - set(self.stacks) - set(found)
        if missing:
            self.mistake("no %s" % ", ".join(sorted(missing)))

    def program(self, folder, variant):
        return os.path.join(folder, self.group, "%s_%s" % (self.name, variant))


def sources(groups):
    return [Case(group, source) for group in groups for source in sorted(os.listdir(os.path.join(HERE, group)))
            if source.endswith((".c", ".cpp"))]


def select(words):
    """The cases that the words name: groups, group/case; all without words."""
    groups = [group for group in GROUPS if not words or any(word.split("/")[0] == group for word in words)]
    cases = [case for case in sources(groups) if not case.is_module]
    return [case for case in cases if not words or case.group in words or str(case) in words]
