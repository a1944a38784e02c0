# The manual page is well-formed, and has each verb and each option that the program has.
page=$SOURCE/host/cli/heaptrail.1
groff -man -Tutf8 -ww -z "$page"
text=$(groff -man -Tascii -P-cbou -rLL=1000n "$page")
for verb in $("$HEAPTRAIL" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    grep -q "^ *$verb" <<<"$text" || [ "$verb" = help ] || echo "the verb $verb is missing"
    for option in $("$HEAPTRAIL" "$verb" --help | grep -oE -e '^ .{0,8}--[a-z][-a-z]*' | grep -oE -e '--[a-z][-a-z]*'); do
        case $option in --help | --usage | --version) continue ;; esac
        grep -qE -e "$option([^-a-z]|\$)" <<<"$text" || echo "$verb $option is missing"
    done
done
for word in $(grep -oE -e '--[a-z][-a-z]*' <<<"$text" | sort -u); do
    for verb in $("$HEAPTRAIL" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        "$HEAPTRAIL" "$verb" --help | grep -qE -e "$word([^-a-z]|\$)" && continue 2
    done
    echo "no verb has $word"
done
echo "compared"
