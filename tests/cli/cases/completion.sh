# The completion for bash, asked as readline asks it.
. "$SOURCE/host/cli/heaptrail.bash"
ask() {
    COMP_WORDS=("$HEAPTRAIL" "$@") COMP_CWORD=$#
    _heaptrail
    echo "heaptrail $*| ${COMPREPLY[*]}"
}
mkdir traces && touch traces/a.htz "b c.htz"
ask w
ask re | grep -o 'report record' # others may follow
ask ''  | tr ' ' '\n' | grep -c -x -e report -e diff -e check -e whois -e info
ask help di
ask report --fra
ask report --by =
ask report --by = co
ask report --by t
ask diff --metric = ''
ask check --max-l
ask report --color a
ask export --format = call
ask export --what p
ask report ''
ask report tra
ask nosuch --x
