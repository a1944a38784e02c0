# What a trace is of.
world node
try info node.ht
try info node.ht --json
world boots
try info boots.ht
world lossy
try info lossy.ht
{ echo "text between"; cat node.ht; } | "$HEAPTRAIL" info - | sed -n '1,8p'
bad() { try info "$@" 2>&1 | grep -v -e '^Try ' -e '^information'; }
bad
bad node.ht node.ht
bad --top 3 node.ht
bad nowhere
