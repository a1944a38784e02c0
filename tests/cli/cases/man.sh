# The manual page is well-formed, and has each verb and each option that the program has.
page=$SOURCE/host/cli/heaptrail.1
groff -man -Tutf8 -ww -z "$page"
text=$(groff -man -Tascii -P-cbou -rLL=1000n "$page")
# --save-core is idf.py's.
options() { grep -oE -e "$1" | grep -oE -e '--[a-z][-a-z]*' | sort -u | grep -vx -e --help -e --usage -e --version -e --save-core; }
for verb in $("$HEAPTRAIL" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    grep -q "^ *$verb" <<<"$text" || [ "$verb" = help ] || echo "the verb $verb is missing"
    "$HEAPTRAIL" "$verb" --help | options '^ .{0,8}--[a-z][-a-z]*' >"options.$verb"
done
options '--[a-z][-a-z]*' <<<"$text" >in_page
sort -u options.* >in_program
echo "only in the program: $(comm -13 in_page in_program | tr '\n' ' ')"
echo "only in the page: $(comm -23 in_page in_program | tr '\n' ' ')"
