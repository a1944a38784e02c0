# Nonsense in frames whose sums are right.
for name in node lossy boots; do world $name; done
"$SOURCE/tests/cli/spoil.py" "$HEAPTRAIL" 1 120 node.ht lossy.ht boots.ht "$SOURCE"/tests/golden/traces/*.wire
