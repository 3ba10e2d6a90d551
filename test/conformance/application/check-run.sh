#!/bin/sh
# check-run.sh LIBRARY: the runner says what is missing, and runs the cases where the names are there. Here they are test/posix/
# with calls that always fail, so that the cases do too.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
ln -s "$top" "$dir/tree" || exit 99 # flags are words: a name without blanks
top=$dir/tree
bad=0
check() {
    if [ "$status" -ne "$2" ] || ! grep -q -- "$3" "$dir/out"; then
        echo "$1: exit status $status, expected $2 and a line with: $3"; cat "$dir/out"; bad=1
    fi
}
CXXFLAGS=-Wfatal-errors LDLIBS= sh "$here/run.sh" >"$dir/out" 2>&1; status=$?
check 'a system without STREAMS' 77 'getmsg, putpmsg and isastream can be compiled here'
cat >"$dir/calls.c" <<'END'
#include <errno.h>
#define NONE(name) int name(void) { errno = ENOSTR; return -1; }
NONE(getmsg) NONE(getpmsg) NONE(putmsg) NONE(putpmsg) NONE(isastream)
END
cc -c "$dir/calls.c" -o "$dir/calls.o" || exit 99
CXXFLAGS="-I$top/test/posix -O0" LDLIBS=$dir/calls.o
export CXXFLAGS LDLIBS
APPLICATION_ECHO=$dir/none sh "$here/run.sh" >"$dir/out" 2>&1; status=$?
check 'no drivers' 77 "no character special file: $dir/none"
for name in ECHO LOOP NULS UNIT UNCONFIGURED; do export "APPLICATION_$name=/dev/null"; done
APPLICATION_LIBRARY=$1 APPLICATION_FILE=$dir/file sh "$here/run.sh" -tc='CLN-006*' >"$dir/out" 2>&1; status=$?
check 'the cases run' 1 'CLN-006'
exit $bad
