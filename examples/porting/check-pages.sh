#!/bin/sh
# Runs the command blocks of PORTING.md's pages by origin, in a directory with the drivers: each command must succeed.
# check-pages.sh RILL PORTING.md
set -u
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
rill=$(absolute "$1") pages=$(absolute "$2")
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cp "$(dirname "$pages")"/*.c "$dir" && cd "$dir" || exit 99
sed -n '/^## By origin/,/^## What/s/^      rill //p' "$pages" >commands
[ "$(wc -l <commands)" -ge 15 ] || { echo "too few commands in $pages"; exit 1; }
while read -r words; do
    # shellcheck disable=SC2086
    "$rill" $words >said 2>&1 </dev/null || { echo "rill $words: exit status $?"; cat said; exit 1; }
done <commands
