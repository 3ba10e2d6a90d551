#!/bin/sh
# The gdb commands, tried on a stream with a message on its queue. check.sh RILL SCRIPT
rill=$1 script=$2
command -v gdb >/dev/null || { echo "gdb is not installed"; exit 77; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
printf '%s\n' 'fd = open /dev/loop rdwr' 'fd = open /dev/echo rdwr' 'write fd "hello, gdb"' >"$dir/x.rill"
gdb -q -batch -nx -ex "source $script" -ex 'set breakpoint pending on' -ex 'break echowsrv' -ex run \
    -ex 'queue $rdi' -ex 'stream $rdi' -ex 'msg ((struct queue *)$rdi)->q_first' \
    --args "$rill" run -q "$dir/x.rill" >"$dir/out" 2>&1
bad=0
for expected in 'echo, write side: ' 'QUSE' 'M_DATA 10 bytes "hello, gdb"' 'strhead' 'echo <--'; do
    grep -qF -- "$expected" "$dir/out" || { echo "no line has: $expected"; bad=1; }
done
# Where processes may not be traced there is nothing to see.
if [ $bad = 1 ] && grep -qiE 'ptrace|not permitted' "$dir/out"; then exit 77; fi
[ $bad = 0 ] || cat "$dir/out"
exit $bad
