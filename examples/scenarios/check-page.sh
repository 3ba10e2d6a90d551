#!/bin/sh
# check-page.sh PAGE.sh EXPECTED ORDER RILL SYSGEN: the page is what the file says, and has at most 60 lines of 80 columns;
# every scenario but the page's own is in ORDER, once.
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
bad=0
"$1" "$4" "$5" >"$dir/page" || { echo "$1: exit status $?"; bad=1; }
diff -u "$2" "$dir/page" || bad=1
(cd "$(dirname "$3")" && ls | sed -n 's/\.rill$//p' | grep -vx s0-demo) | sort >"$dir/there"
sort "$3" | diff -u --label ORDER - --label 'the files' "$dir/there" || bad=1
awk -v bad=$bad '
    length($0) > 80 { print "line " NR " has " length($0) " columns: " $0; bad = 1 }
    END { if (NR > 60) { print NR " lines"; bad = 1 } exit bad }' "$dir/page"
