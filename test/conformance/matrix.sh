#!/bin/sh
# Is the conformance matrix what the suite says today?
#   matrix.sh RILL MATRIX.md
new=$(mktemp) || exit 99
trap 'rm -f "$new"' EXIT
"$1" conform --profile all --format markdown -o "$new"
status=$?
if [ "$status" -gt 1 ]; then exit 1; fi
if ! cmp -s "$new" "$2"; then
    diff -u "$2" "$new" | grep '^[-+]' | cut -c1-200 | head -n 40
    echo "$2 is stale. To refresh it:"
    echo "  $1 conform --profile all --format markdown -o $2"
    exit 1
fi
exit "$status"
