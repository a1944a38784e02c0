# Whose address is this.
world node
try whois 0x3fc9a010 node.ht --top 2
try whois 0x3fc9a010 node.ht --top 2 --at 31.001s
try whois 0x3fc9a010 node.ht --top 1 --at 31.001s --json
try whois 3c001234 node.ht
try whois 0x10 node.ht
world lossy
try whois 0x3fc9c000 lossy.ht
bad() { try whois "$@" 2>&1 | grep -v -e '^Try ' -e '^information'; }
bad
bad 0x10
bad rx node.ht
bad 0x10 node.ht node.ht
bad 0x10 node.ht --top x
bad 0x10 nowhere
