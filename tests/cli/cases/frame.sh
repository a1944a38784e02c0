# The program without a verb, with an unknown one, its version, and output that cannot go where it should.
# (The list of verbs itself is not kept here: it grows.)
try | sed -n '1,3p;$p'
try --help | sed -n '1,3p;$p'
try help | tail -4
try help help
try --version
try frobnicate
try $'bad\e[31mname'
try help frobnicate
try help help help
echo "to a full disk:"
"$HEAPTRAIL" --version >/dev/full
echo "[$?]"
