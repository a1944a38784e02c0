# The samples in docs/heaptrail.md are what the program prints.
world node
world fixed
mv node.ht node.htz
mv fixed.ht fixed.htz
"$SOURCE/tests/cli/samples.py" "$HEAPTRAIL" "$SOURCE/docs/heaptrail.md"
