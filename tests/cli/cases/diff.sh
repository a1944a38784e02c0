# Two traces beside each other.
world node
world fixed
world bare
try diff node.ht fixed.ht
try diff fixed.ht node.ht
try diff node.ht node.ht
try diff node.ht fixed.ht --metric peak --by component
try diff node.ht fixed.ht --metric total --by task
try diff node.ht fixed.ht --at-least 1M
try diff node.ht fixed.ht --since warm --json
try diff node.ht bare.ht --top 2
bad() { try diff "$@" 2>&1 | grep -v -e '^Try ' -e '^information'; }
bad
bad node.ht
bad node.ht node.ht node.ht
bad node.ht node.ht --by stack
bad node.ht node.ht --metric size
bad node.ht node.ht --at-least few
bad node.ht node.ht --top -1
bad node.ht nowhere
