# SPDX-License-Identifier: Apache-2.0
[.rows[] | select(.n % 3 != 0) | .tag = (.name | ascii_upcase | gsub("[AEIOU]"; "_"))]
| group_by(.kind)
| map({kind: .[0].kind, count: length, total: (map(.price) | add), names: (map(.tag) | sort | unique | .[0:20])})
| sort_by(-.count, .kind)
| {groups: ., text: (map(tojson) | join("|") | length), deep: [paths(type == "number")] | length}
