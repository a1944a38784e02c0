# Every section as JSON, valid and with the numbers of the text.
world node
try report node.ht --all --json --top 2
"$HEAPTRAIL" report node.ht --all --json | jq -c '[.heaptrail, .report, (keys | length), .summary.live_bytes,
  ([.leaks.rows[].live_bytes] | add), ([.peak.rows[].at_peak_bytes] | add), .summary.peak_bytes,
  ([.heaps.rows[].live_bytes] | add), ([.tasks.rows[].live_bytes] | add)]'
