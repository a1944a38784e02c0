# SPDX-License-Identifier: Apache-2.0
"""json, re, collections, classes, exceptions, generators: about 10^5 allocations."""
import collections
import json
import re
import sys

Point = collections.namedtuple("Point", "x y name")


class Node:
    def __init__(self, value):
        self.value, self.children = value, []

    def walk(self):
        yield self.value
        for child in self.children:
            yield from child.walk()


def tree(depth):
    node = Node("n%d" % depth)
    if depth:
        node.children = [tree(depth - 1) for _ in range(3)]
    return node


def main():
    rows = [{"id": i, "name": "row %d" % (i * 7919 % 10007), "tags": ["t%d" % (i % k) for k in range(1, 6)]}
            for i in range(3000)]
    again = json.loads(json.dumps(rows))
    assert again == rows
    words = collections.Counter(w for row in again for w in re.findall(r"\w+", row["name"]))
    print(words.most_common(3), len(words))
    by_tag = collections.defaultdict(list)
    for row in again:
        for tag in row["tags"]:
            by_tag[tag].append(Point(row["id"], len(tag), row["name"]))
    print(sorted((tag, len(points)) for tag, points in by_tag.items()))
    print(collections.Counter(tree(6).walk()))
    text = "\n".join("%s=%r" % (k, v) for row in again for k, v in sorted(row.items()))
    print(len(re.sub(r"(\d+)", lambda m: "<%s>" % m.group(1)[::-1], text)))
    failures = 0
    for row in again[:500]:
        try:
            int(row["name"])
        except ValueError as error:
            failures += len(str(error)) > 0
    print(failures, file=sys.stderr)
    ring = collections.deque(maxlen=100)
    for i in range(20000):
        ring.append((i, str(i)))
    print(ring[0], sum(len(s) for _, s in ring))
    return 5


sys.exit(main())
