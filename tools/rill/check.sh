#!/bin/sh
# What the `rill` command promises apart from its pictures: where an error is, which exit status, which streams.
#   check.sh RILL
rill=$1
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
bad=0

# check NAME STATUS EXPECTED: the exit status, and a line that must be in the output (stdout and stderr).
check() {
    if [ "$status" -ne "$2" ]; then
        echo "$1: exit status $status, expected $2"; cat "$dir/out"; bad=1
    elif ! grep -qF -- "$3" "$dir/out"; then
        echo "$1: no line has: $3"; cat "$dir/out"; bad=1
    fi
}
scenario() {
    printf '%b\n' "$1" >"$dir/x.rill"
    "$rill" run $2 "$dir/x.rill" >"$dir/out" 2>&1
    status=$?
}
typed() {
    printf '%b\n' "$1" | "$rill" shell $2 >"$dir/out" 2>&1
    status=$?
}

scenario 'fd = open /dev/echo rdwr\nexpect EBUSY open /dev/echo rdwr'
check 'unmet expect' 1 "$dir/x.rill:2:8: expected EBUSY, got fd 1"
scenario 'fd = open /dev/echo sideways'
check 'bad flag' 1 "$dir/x.rill:1:21: no open flag is called \"sideways\""
scenario 'write 0'
check 'line too short' 1 'x.rill:1:8: expected the data, but the line ends here'
scenario 'write fd "x"'
check 'unknown descriptor' 1 'x.rill:1:7: expected a descriptor: this process has none called "fd"'
scenario 'read 0 99999999999'
check 'too many bytes to read' 1 'x.rill:1:8: expected how many bytes from 0 to 16000000, got 99999999999'
scenario 'getmsg 0 ctl 4294967297'
check 'too much room' 1 'x.rill:1:14: expected room for the control part from -1 to 16000000, got 4294967297'
scenario 'write 0 "abc" x 16000000'
check 'too much data' 1 'x.rill:1:17: expected how many times from 0 to 5333333, got 16000000'
scenario 'advance -1'
check 'backwards' 1 'x.rill:1:9: expected how many ticks from 0 to 1000000000, got -1'
scenario 'fly /dev/echo'
check 'unknown call' 1 'x.rill:1:1: no call is named "fly"'
scenario 'write 0 "abc'
check 'open quote' 1 'x.rill:1:9: the quoted text has no closing "'
scenario 'expect ENOENT open /dev/nothing' --quiet
check 'met expect' 0 'expect ENOENT open /dev/nothing -> ENOENT'
scenario 'fd = open /dev/echo\nclose fd' --json
check 'json' 0 '"kind":"open","name":"echo"'
if grep -v '^{"sequence":.*}$' "$dir/out"; then echo 'json: a line is no record'; bad=1; fi
typed 'fly\nfd = open /dev/echo\nfstat fd'
check 'a shell goes on' 1 '(61,0)'
typed 'fd = open /dev/echo\nwrite fd "\\x41\\n"\nexpect "A\\n" read fd 10' --quiet
check 'bytes' 0 '2 "A\n"'
typed 'proc B\nfd = open /dev/echo\nB: fd = open /dev/echo\nB: read fd 10 &\ncalls\nsignal B SIGUSR1\nexpect ok fstat fd\nwait B' --quiet
check 'a call in the background' 0 'wait B   (B: read fd 10 &) -> EINTR'
scenario 'proc B\nB: fd = open /dev/echo\nB: read fd 10 &'
check 'a call that sleeps at the end' 0 'sleeps: waits for a message'
"$rill" run "$dir/missing.rill" >"$dir/out" 2>&1; status=$?
check 'no such scenario' 1 'cannot read the scenario'
"$rill" shell --profile vms </dev/null >"$dir/out" 2>&1; status=$?
check 'no such profile' 1 'no profile is called vms'
"$rill" --version >"$dir/out" 2>&1; status=$?
check 'version' 0 'rill '
"$rill" boot "$dir/nowhere" </dev/null >"$dir/out" 2>&1; status=$?
check 'no such directory' 1 'nowhere'
exit $bad
