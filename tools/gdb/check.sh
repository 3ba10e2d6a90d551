#!/bin/sh
# The gdb commands, tried on a stream with a message on its queue and a reader that waits; again on a core file; and that
# an object carries them. check.sh RILL SCRIPT
rill=$1 script=$2
command -v gdb >/dev/null || { echo "gdb is not installed"; exit 77; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
printf '%s\n' 'fd = open /dev/loop rdwr' 'fd = open /dev/echo rdwr' 'read fd 10 &' 'write fd "hello, gdb"' >"$dir/x.rill"
gdb -q -batch -nx -ex "source $script" -ex 'rill calls' -ex 'set breakpoint pending on' -ex 'break echowsrv' -ex run \
    -ex 'queue $rdi' -ex 'stream $rdi' -ex 'msg ((struct queue *)$rdi)->q_first' \
    -ex 'rill calls' -ex 'echo \n-- where:\n' -ex 'bt 1' -ex 'info registers rip' -ex "gcore $dir/core" \
    --args "$rill" run -q "$dir/x.rill" >"$dir/out" 2>&1
bad=0
# expect FILE TEXT...: each stands in the file.
expect() {
    file=$1
    shift
    for expected in "$@"; do
        grep -qF -- "$expected" "$file" || { echo "no line has: $expected"; bad=1; }
    done
}
expect "$dir/out" 'no call is parked or running' 'echo, write side: ' 'QUSE' 'M_DATA 10 bytes "hello, gdb"' 'strhead' 'echo <--' \
    'read, asleep, waits for a message at the stream head' 'rill::Call::park' 'rill::Stream::read' 'rill_read (' 'rill::Call::entry'
# The stack of a call ends with the call, and to look at it changes nothing.
grep -A1 'rill::Call::entry' "$dir/out" | grep -q '#.*fcontext\|Backtrace stopped' && { echo "a call's stack does not end at its entry"; bad=1; }
sed -n '/^-- where:/,$p' "$dir/out" >"$dir/where"
expect "$dir/where" '#0  echowsrv' '<echowsrv'
if [ -s "$dir/core" ]; then
    gdb -q -batch -nx -ex "source $script" -ex 'rill calls 3' "$rill" "$dir/core" >"$dir/from-core" 2>&1
    expect "$dir/from-core" 'read, asleep' 'rill::Call::park'
    grep -q 'rill::Call::entry' "$dir/from-core" && { echo "rill calls 3 shows more than three frames"; bad=1; }
fi
# A breakpoint on a call's own stack: bt ends at its entry, and rill calls says who resumed it.
gdb -q -batch -nx -ex "source $script" -ex 'set breakpoint pending on' -ex 'break echoopen' -ex run -ex bt -ex 'rill calls' \
    --args "$rill" run -q "$dir/x.rill" >"$dir/running" 2>&1
expect "$dir/running" '#0  echoopen' 'rill::Call::entry' 'open, running' 'Resumed by' 'rill::Call::enter' ' main ('
grep -q 'Backtrace stopped\|corrupt' "$dir/running" && { echo "bt on a call's stack does not end at its entry"; bad=1; }
# Whoever may, runs what the object carries.
mkdir -p "$dir/prefix/bin"
cp "$rill" "$dir/prefix/bin/rill"
gdb -q -batch -nx -iex "add-auto-load-safe-path $dir/prefix" -ex 'help rill calls' "$dir/prefix/bin/rill" >"$dir/carried" 2>&1
expect "$dir/carried" 'parked or running'
gdb -q -batch -nx -ex 'help rill calls' "$dir/prefix/bin/rill" >"$dir/declined" 2>&1
expect "$dir/declined" 'auto-load safe-path'
# Where processes may not be traced there is nothing to see.
if [ $bad = 1 ] && grep -qiE 'ptrace|not permitted' "$dir/out"; then exit 77; fi
[ $bad = 0 ] || cat "$dir/out" "$dir/running" "$dir/carried"
exit $bad
