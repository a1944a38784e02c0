# The traces of this format version that are kept for good, and what is reported of them. (Names would depend on the machine.)
for trace in "$SOURCE"/tests/golden/traces/*.wire "$SOURCE"/tests/golden/traces/*.htz; do
    cp "$trace" .
    try report "$(basename "$trace")" --no-symbols --all --top 4 --frames 2
    "$HEAPTRAIL" report -q "$(basename "$trace")" --no-symbols --all --json --top 0 | jq -c '[.report, .summary.live_bytes, .summary.live_blocks,
        ([.leaks.rows[].since_bytes] | add), .summary.peak_bytes, ([.peak.rows[].at_peak_bytes] | add), .loss.complete]'
    "$HEAPTRAIL" info -q "$(basename "$trace")" | sed -n '1,3p'
done
