# Names out of a program's own file: functions, inlined ones, lines, variables from the source, the library.
world self
"$HEAPTRAIL" report self.ht --leaks --json | jq -c '.leaks.rows[] | [.live_bytes, .function, (.file | split("/") | last), .variable,
    .variable_derived, .library, (.symbols | map(sub("[(].*/"; "(")))]'
for by in function library; do "$HEAPTRAIL" report self.ht --leaks --by $by; done
echo "by an inlined function, by a caller, by a file, by none:"
for choice in --function=calls_inlined --function=traced_run --file=traced.c --function=nobody; do
    "$HEAPTRAIL" report self.ht --leaks --json "$choice" | jq -c '[.leaks.rows[].live_bytes]'
done
"$HEAPTRAIL" report self.ht --leaks --width 40 --frames 3
"$HEAPTRAIL" report self.ht --leaks --no-symbols --json | jq -c '[.leaks.rows[] | .function, .symbols]'
echo "the sources are elsewhere:"
"$HEAPTRAIL" report self.ht --leaks --json --source "$SOURCE/tests=/nowhere" | jq -c '[.leaks.rows[] | .variable]'
