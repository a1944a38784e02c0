# Who may leak: what the trace knows, with and without what the device found.
for w in leaks missing node; do world $w; done
try report leaks.ht --leaks
try report leaks.ht --leaks --width 60 --top 1 --frames 0
try report leaks.ht --leaks --since warm --task net --frames 0
try report leaks.ht --leaks --at 9m --frames 0
try report missing.ht --leaks --top 1 --frames 0
for w in leaks node; do
    echo "$w:"
    "$HEAPTRAIL" report $w.ht --leaks --json | jq -c '.leaks | .suspects, .device | del(.rows) , .rows[]? | del(.frames, .method, .caps)'
done
try info leaks.ht | grep -E 'searches|suspects'
try check leaks.ht --max-unreachable-bytes 2352 --max-unreachable-blocks 0
try check leaks.ht --max-unreachable-blocks 0 --site main.c
try check missing.ht --max-unreachable-bytes 0
try check node.ht --max-unreachable-blocks 0
echo "task net max-unreachable-blocks 0" >limits
try check leaks.ht --limits limits
"$HEAPTRAIL" record -q --no-console -o leaks.htz leaks.ht && cmp <("$HEAPTRAIL" report leaks.ht --leaks --json | jq 'del(.trace, .read_bytes)') \
    <("$HEAPTRAIL" report leaks.htz --leaks --json | jq 'del(.trace, .read_bytes)') && echo "recorded: the same"
# Sizes choose among live blocks: what the device judged has none.
"$HEAPTRAIL" report leaks.ht --leaks --min-size 1k --top 1 --frames 0 | grep -A2 "any size"
