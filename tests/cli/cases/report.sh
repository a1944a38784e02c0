# The whole report of a node, as text: usual sections, all others, narrow, without its sites' names.
world node
try report node.ht
try report node.ht --sites --tasks --heaps --lifetimes --fragmentation --loss --width 80
try report node.ht --leaks --heaps --width 40 --top 1
world bare
try report bare.ht --summary --leaks
LC_ALL=C try report node.ht --summary --growth
try report node.ht --leaks --top 1 --color always
