#!/bin/sh
# Runs a command and compares what it prints on standard output with a file, byte by byte.
#   compare-output.sh EXPECTED COMMAND [ARGUMENT...]
set -u
expected=$1
shift
got=$(mktemp) || exit 99
trap 'rm -f "$got"' EXIT
"$@" >"$got"
status=$?
if [ $status -ne 0 ]; then
    echo "exit status $status: $*" >&2
    exit 1
fi
diff -u "$expected" "$got" && exit 0
echo "the output above (+) is not what $expected (-) says" >&2
exit 1
