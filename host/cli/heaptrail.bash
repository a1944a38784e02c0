# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# Completion for bash: /usr/share/bash-completion/completions/heaptrail. Verbs and options are those that the program itself
# tells, so this file knows none of them; only the words that an option takes.

# _heaptrail_verbs PROGRAM: a verb a line.
_heaptrail_verbs() {
    "$1" help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p'
}

# _heaptrail_options PROGRAM VERB: long options, those that take a value with = behind.
_heaptrail_options() {
    "$1" "$2" --help 2>/dev/null | sed -n 's/^ .*\(--[a-z][-a-z]*\)\(=\{0,1\}\).*/\1\2/p'
}

# _heaptrail_values PROGRAM OPTION: the words that it takes; none: a file, or something that nobody can guess.
_heaptrail_values() {
    case $2 in
    --format) "$1" export --format=list 2>/dev/null | cut -d' ' -f1 ;;
    --by) echo site stack function file component library task ;;
    --color) echo auto always never ;;
    --metric) echo live peak total ;;
    --what) echo live total peak temporary ;;
    --report) echo status sites tasks heaps oldest list failures freed ;;
    --sort) echo bytes blocks peak total age address ;;
    esac
}

_heaptrail() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
    local verb=${COMP_WORDS[1]-} option=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_heaptrail_verbs "$program") --help --version" -- "$word")
        return
    fi
    if [ "$verb" = help ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_heaptrail_verbs "$program")" -- "$word")
        return
    fi
    # readline splits --by=task at the =.
    if [ "$word" = "=" ]; then
        option=$before word=
    elif [ "$before" = "=" ]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $before == --* ]]; then
        option=$before
    fi
    local values
    values=$(_heaptrail_values "$program" "$option")
    if [ -n "$values" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_heaptrail_options "$program" "$verb")" -- "$word")
        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -F _heaptrail heaptrail
