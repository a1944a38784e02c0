# On a terminal a line tells how far it is, after a second, and is taken away again; elsewhere there is none.
world node
slowly() { head -c 4000 node.ht; sleep 1.3; tail -c +4001 node.ht | head -c 4000; sleep 0.3; tail -c +8001 node.ht; }
export -f slowly
script -qec 'slowly | "$HEAPTRAIL" report - --summary >/dev/null' /dev/null </dev/null | tr '\r' '\n' | cat -v | sort -u
slowly | "$HEAPTRAIL" report - --summary 2>&1 >/dev/null | wc -c
echo "colour and width of a terminal:"
script -qec 'stty cols 60; "$HEAPTRAIL" report node.ht --leaks --top 1 --frames 0' /dev/null </dev/null | tr -d '\r' | cat -v
script -qec 'stty cols 60; NO_COLOR=1 "$HEAPTRAIL" report node.ht --leaks --top 1 --frames 0' /dev/null </dev/null | tr -d '\r' | cat -v
