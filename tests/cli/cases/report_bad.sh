# Wrong options, wrong files.
world node
bad() { try report "$@" 2>&1 | grep -v -e '^Try ' -e '^information'; }
bad
bad node.ht node.ht
bad node.ht --frobnicate
bad node.ht --by color
bad node.ht --top many
bad node.ht --top 1000001
bad node.ht --frames -1
bad node.ht --since ''
bad node.ht --since never
bad node.ht --boot 0
bad node.ht --boot one
bad node.ht --boot 2
bad node.ht --at ''
bad node.ht --at never
bad node.ht --between 5s
bad node.ht --between ..
bad node.ht --between 5s..2s
bad node.ht --between never..
bad node.ht --between warm..never
bad node.ht --between 20m..
bad node.ht --min-size lots
bad node.ht --max-size -1
bad node.ht --min-size 2k --max-size 1k
bad node.ht --caps NOSUCH
bad node.ht --task ''
bad node.ht --color sometimes
bad node.ht --width 39
bad node.ht --width 1001
bad node.ht --source nowhere
bad node.ht --elf nowhere --leaks --top 1
bad nowhere.ht
bad .
: >nothing && bad nothing
echo "I am no trace, but a text." >text && bad text
gzip -nc node.ht >node.gz && bad node.gz
cp "$(type -P true)" elf && bad elf
bad elf --elf elf
echo "to a full disk:"
"$HEAPTRAIL" report node.ht >/dev/full
echo "[$?]"
"$HEAPTRAIL" report node.ht --json >/dev/full
echo "[$?]"
