# A trace that was cut, one with other bytes between, one from a pipe, one without its beginning, losses.
world node
head -c 5000 node.ht >cut.ht
try report cut.ht --summary
{ echo "I (12) wifi: console text"; cat node.ht; echo "I (99) wifi: more of it"; } >mixed.ht
cmp <("$HEAPTRAIL" report node.ht) <("$HEAPTRAIL" report mixed.ht) && echo "the same report"
cmp <("$HEAPTRAIL" report node.ht) <("$HEAPTRAIL" report - <node.ht) && echo "the same report"
{ head -c 3000 node.ht; printf 'XXXX'; tail -c +3005 node.ht; } >spoilt.ht
try report spoilt.ht --summary
try report spoilt.ht --loss --quiet
tail -c +6000 node.ht >joined.ht
try report joined.ht --summary
world lossy
try report lossy.ht --summary --leaks
try report lossy.ht --loss --json
world empty
try report empty.ht
world huge
try report huge.ht --all --frames 0
