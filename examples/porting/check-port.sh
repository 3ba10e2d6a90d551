#!/bin/sh
# Compiles a driver and checks it. [RILL_CHECK="--profile solaris"] check-port.sh RILL DRIVER.c [EXPECTED]
# Without EXPECTED it must pass; with it, fail with that report. A report's addresses and directories are left out.
set -u
absolute() { case $1 in /* | '') echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
rill=$(absolute "$1") source=$(absolute "$2") expected=$(absolute "${3-}")
name=$(basename "$source" .c)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
"$rill" cc -o "$name.so" "$source" || exit 1
# shellcheck disable=SC2086
"$rill" check ${RILL_CHECK-} "$name.so" >report 2>errors
status=$?
if [ -z "$expected" ]; then
    [ $status = 0 ] && exit 0
    cat report errors
    exit 1
fi
if [ $status != 1 ]; then
    echo "exit status $status, expected 1 (faults)"; cat report errors
    exit 1
fi
# What was found can be done again: the scenario of the first fault runs to its end, or to where the fault is seen or the
# driver ends it.
scenario=$(sed -n 's/^ *again: rill .*boot [^ ]* .*-s //p' report | head -1)
timeout 100 "$rill" boot "$name.check" -s "$scenario" >again 2>&1 </dev/null
status=$?
seen='expected (ok|EAGAIN|!E[A-Z]*), got |more is in use than at the census before: |^rill: a driver is at fault: '
if [ $status != 0 ] && [ $status -lt 128 ] && ! { [ $status = 1 ] && tail -1 again | grep -qE "$seen"; }; then
    echo "the scenario of the first fault does not run:"; tail -3 again
    exit 1
fi
grep -E '^(FAULT|ok|[0-9]+ of)|^        [^ ]' report >short
diff -u "$expected" short && exit 0
echo "the report above (+) is not what $expected (-) says"
exit 1
