# Limits for CI.
world node
try check node.ht --max-errors 1 --max-failures 1 --max-lost 0 --max-peak 400k --max-leaked-bytes 200k
try check node.ht --max-leaked-bytes 20k --since warm --max-leaked-blocks 570 --max-peak 300k --max-growth 1k \
    --max-allocations 1000 --max-temporary 49 --max-errors 0 --max-failures 0 --junit j.xml
cat j.xml
try check node.ht --max-leaked-bytes 100k --task net --json
cat >limits <<'END'
# what a node may hold

max-peak 400KiB
task net max-peak 40k          # a task's own peak
heap PSRAM max-peak 100k
heap NOSUCH max-peak 100k
site net.c:115 max-leaked-blocks 100
component camera max-leaked-bytes 160k
function host_resolve max-growth 100k
END
try check node.ht --limits limits --junit j.xml
cat j.xml
world lossy
try check lossy.ht --max-lost 0
world empty
try check empty.ht --max-growth 0 --max-temporary 0
bad() { try check "$@" 2>&1 | grep -v -e '^Try ' -e '^information'; }
bad
bad node.ht
bad node.ht node.ht --max-errors 0
bad node.ht --max-peak lots
bad node.ht --max-errors -1
bad node.ht --max-errors 0 --since never
bad node.ht --limits nowhere
line() { echo "$1" >wrong; bad node.ht --limits wrong; }
line "max-peak"
line "max-size 3"
line "max-peak lots"
line "planet earth max-peak 3"
line "task net max-errors 3"
line "heap DRAM max-growth 3"
line "a b c d e"
line "max-errors 1k"
bad node.ht --max-errors 0 --junit /nowhere/j.xml
bad nowhere --max-errors 0
