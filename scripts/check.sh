#!/bin/bash
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# Style, layering and warnings, in less than a minute. Prints what is wrong; silent but for the last line.
set -u
cd "$(dirname "$0")/.."
component=components/heaptrail
wrong=0
complain() {
    echo "check: $*"
    wrong=$((wrong + 1))
}

# no PATTERN WHERE... : the lines of these files that must not be there.
no() {
    local why=$1 pattern=$2
    shift 2
    local hits
    hits=$(grep -nE "$pattern" "$@" 2>/dev/null | grep -vE '^[^:]+:[0-9]+: *(\*|/\*|//)')
    [ -z "$hits" ] || complain "$why:"$'\n'"$hits"
}

# --- layering: format <- core <- port; the core knows no operating system, no stdio, no allocator
core=$(ls $component/core/*.[ch])
# shellcheck disable=SC2086
{
    no "the core includes only itself, the port's contract and the rows" \
        '#include [<"](esp_|freertos|sdkconfig|heaptrail\.h|heaptrail_report|stdio|stdlib|malloc|pthread|unistd|sys/)' $core
    no "the format stands alone" '#include' $component/format/*.h
    no "the core allocates nothing and prints nothing" '\b(malloc|calloc|realloc|free|printf|puts|abort)\(' $core
    no "the core has no variables of its own" '^(static )?(volatile )?[a-z_0-9]+_t \*?[sg]_[a-z_]+(\[|;| =)' $core
    no "the reports use the public interface only" '#include "ht_(tracker|table|origin|task|heap|query|default|scope|port|hot)' \
        $component/report/*.[ch]
    no "the tests' scopes use the public interface, the reports' and the port's only" \
        '#include "ht_(tracker|table|origin|task|heap|query|default|scope\.h|hot)' $component/testing/*.[ch]
    no "the console uses the public interface and the renderers" \
        '#include "ht_(tracker|table|origin|task|heap|query|default|scope|port|hot)' $component/console/*.[ch]
    no "only the console's last file knows esp_console" '#include [<"](esp_console|argtable3|linenoise|freertos|stdio)' \
        $(ls $component/console/*.[ch] | grep -v _esp.c)
    no "the public headers include no private ones" '#include "ht_' $component/include/*.h
    no "the interface over the core knows no platform" '#include [<"](esp_heap|esp_log|freertos|pthread|sys/)' $component/api/*.[ch]
}
# --- the desk: lib <- render <- cli; logic prints nothing
if [ -d host ]; then
    # shellcheck disable=SC2046
    no "the desk's libraries know no renderer and no option" '#include [<"](ht_out|ht_tree|ht_names|ht_desk|ht_cli|ht_units|argp|jansson)' \
        $(git ls-files 'host/lib/*.[ch]')
    # shellcheck disable=SC2046
    no "the desk's renderers know no option" '#include [<"](ht_cli|ht_session|ht_naming|ht_input|argp)' $(git ls-files 'host/render/*.[ch]')
    # shellcheck disable=SC2046
    no "the model prints nothing" '\b(printf|fprintf|puts|fputs)\(' $(git ls-files 'host/lib/ht_model*' 'host/lib/ht_analyse*' 'host/lib/ht_decode*')
fi
# "stdio only in renderers and programs": the original API prints by contract, and getline() is stdio's.
stdio=$(grep -lE '#include <stdio.h>' $component/core/*.[ch] $component/api/*.[ch] $component/port/*/*.[ch] $component/testing/*.[ch] 2>/dev/null |
    grep -vE 'memmap_print|ht_wrap_lines|port/posix/|testing/ht_test_line.c')
[ -z "$stdio" ] || complain "stdio outside renderers and programs: $stdio"

# --- every source file: a licence, no tabs, no path of one machine, not too long
while read -r file; do
    grep -q 'SPDX-License-Identifier: Apache-2.0' "$file" || complain "$file: no SPDX licence line"
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || complain "$file: $lines lines, 600 are the most"
done < <(scripts/sources.sh)
scripts/sources.sh | xargs grep -nP '\t' /dev/null && complain "tabs in C files"
git ls-files | grep -vE '^(scripts/check.sh|LICENSE)' | xargs grep -nE '/(home|root|work)/[a-z]+/|/tmp/b(32|64)' /dev/null |
    grep -vE 'tests/golden|/home/dev/firmware' && complain "a path of one machine"

# --- warnings: the component's headers alone, as C17 and C23 and C++17
flags="-fsyntax-only -fPIC -Wall -Wextra -Wundef -Wshadow -Wconversion -Werror -I$component/include -Isim/include -Isim/include_sim"
for header in "$component"/include/*.h; do
    for standard in gnu17 gnu2x; do
        # shellcheck disable=SC2086
        echo "#include \"$(basename "$header")\"" | gcc -x c -std=$standard $flags - || complain "$header does not stand alone as $standard"
    done
    # shellcheck disable=SC2086
    echo "#include \"$(basename "$header")\"" | g++ -x c++ -std=c++17 $flags - || complain "$header does not stand alone as C++17"
done

# --- the reference: what the headers' comments say of parameters and names is so, and everything has one (but fields
# whose name says all)
if command -v doxygen >/dev/null; then
    reference=$(mktemp -d)
    said=$(cd $component && {
        cat Doxyfile
        echo "OUTPUT_DIRECTORY = $reference"
        printf '%s\n' "EXTRACT_ALL = NO" "WARN_IF_UNDOCUMENTED = YES" "WARN_AS_ERROR = NO"
    } | doxygen - 2>&1 | grep -v '(variable) of struct .* is not documented')
    [ -z "$said" ] || complain "doxygen:"$'\n'"$said"
    rm -rf "$reference"
fi

# --- format
if command -v clang-format >/dev/null; then
    bad=$(scripts/sources.sh | xargs clang-format --dry-run -Werror 2>&1 | grep 'error:' | cut -d: -f1 | sort -u)
    [ -z "$bad" ] || complain "not formatted (make fmt):"$'\n'"$bad"
fi
[ "$wrong" -eq 0 ] || { echo "check: $wrong complaints"; exit 1; }
echo "check: layering, licences, headers, format: good"
