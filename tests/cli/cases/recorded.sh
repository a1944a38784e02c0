# A recorded file tells what the wire's bytes tell; of a window only what it needs is read.
world node
"$HEAPTRAIL" record -q --no-console -o node.htz node.ht && cmp <("$HEAPTRAIL" report node.ht --all --json | jq 'del(.trace, .read_bytes)') \
    <("$HEAPTRAIL" report node.htz --all --json | jq 'del(.trace, .read_bytes)') && echo "the same"
world long
"$HEAPTRAIL" record -q --no-console -o long.htz long.ht
"$HEAPTRAIL" info long.htz --json | jq -c '{recorded, indexed, chunks, checkpoints, events}'
for window in 300h..300h10m 490h.. ..1h; do
    both() { "$HEAPTRAIL" report "$1" --between "$window" --leaks --sites --peak --temporary --tasks --heaps --json --top 0 | jq -S 'del(.trace, .read_bytes)'; }
    cmp <(both long.ht) <(both long.htz) && echo "$window: the same"
    read=$("$HEAPTRAIL" report long.htz --between "$window" --json --summary | jq .read_bytes)
    [ "$((read * 2))" -lt "$(stat -c %s long.htz)" ] && echo "less than half of the file was read"
done
# It is not recorded again.
"$HEAPTRAIL" record -q -o again.htz long.htz; echo "exit code $?"
# Where a piece is damaged more is read than there is; the file is not larger for that.
cp long.htz hit.htz
for at in 20000 40000 60000; do printf 'x' | dd of=hit.htz bs=1 seek=$at conv=notrunc status=none; done
[ "$("$HEAPTRAIL" info -q hit.htz --json | jq .file_bytes)" -eq "$(stat -c %s hit.htz)" ] && echo "its size is its size"
# A file that may not grow is an error, not a signal.
(ulimit -f 8; "$HEAPTRAIL" record -q --no-console -o small.htz long.ht; echo "exit code $?") 2>&1 | sed 's/byte [0-9]*/byte N/'
