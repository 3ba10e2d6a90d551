#!/bin/sh
# What the `rill` command promises apart from its pictures: where an error is, which exit status, which streams.
#   check.sh RILL
rill=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
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
scenario 'stat /dev' --quiet
check 'a directory' 0 'directory, mode'
scenario 'expect !EBUSY open /dev/nothing\nexpect !ENOENT open /dev/nothing'
check 'anything but' 1 'x.rill:2:8: expected !ENOENT, got ENOENT'
scenario 'census\nfd = open /dev/echo\ncensus same'
check 'more in use' 1 'x.rill:3:8: more is in use than at the census before: '
scenario 'census same'
check 'nothing to compare with' 1 'x.rill:1:8: there was no census before'
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
scenario 'fd = open /dev/echo\nwrite fd "<b>"\nclose fd' --html
check 'html' 0 '<!doctype html>'
check 'its records' 0 'echo: minor 0 taken'
check 'its end' 0 '</pre></body></html>'
if [ "$(grep -c '<html' "$dir/out")" != 1 ]; then echo 'html: more than one page'; bad=1; fi
"$rill" run "$dir/x.rill" --html --json >"$dir/out" 2>&1; status=$?
check 'one of them' 2 '--json excludes --html'
typed 'fly\nfd = open /dev/echo\nfstat fd'
check 'a shell goes on' 1 '(61,0)'
typed 'fd = open /dev/echo\nwrite fd "\\x41\\n"\nexpect "A\\n" read fd 10' --quiet
check 'bytes' 0 '2 "A\n"'
typed 'proc B\nfd = open /dev/echo\nB: fd = open /dev/echo\nB: read fd 10 &\ncalls\nsignal B SIGUSR1\nexpect ok fstat fd\nwait B' --quiet
check 'a call in the background' 0 'wait B   (B: read fd 10 &) -> EINTR'
scenario 'proc B\nB: fd = open /dev/echo\nB: read fd 10 &'
check 'a call that sleeps at the end' 0 'sleeps: waits for a message'
"$rill" run "$dir/missing.rill" >"$dir/out" 2>&1; status=$?
check 'no such scenario' 2 'rill: cannot read the scenario'
"$rill" shell --profile vms </dev/null >"$dir/out" 2>&1; status=$?
check 'no such profile' 2 'rill: no profile is called vms'
"$rill" --version >"$dir/out" 2>&1; status=$?
check 'version' 0 'rill '
"$rill" boot "$dir/nowhere" </dev/null >"$dir/out" 2>&1; status=$?
check 'no such directory' 2 'rill: '
check 'and its name' 2 'nowhere'

# The table of commands: the nearest word, help with an example that works.
scenario 'opne /dev/echo'
check 'the nearest call' 1 'x.rill:1:1: no call is named "opne"; is open meant?'
scenario 'fd=open /dev/echo\nfd2= open /dev/echo\nfd3 =open /dev/echo\nexpect =2 write fd3 "xy"\nexpect (61,2) fstat fd3\nexpect ok close fd2' --quiet
check 'an assignment without blanks' 0 'expect (61,2) fstat fd3 -> '
scenario 'fd = open /dev/echo\nioctl fd I_PUHS pipemod'
check 'the nearest ioctl' 1 'is I_PUSH meant?'
typed 'help open' --quiet
check 'help of a call' 0 'fd = open /dev/echo rdwr'
typed 'help I_LINK' --quiet
check 'help of an ioctl' 0 'ioctl FD I_LINK FD'
typed 'help CLN-022' --quiet
check 'help of a clause' 0 "illumos kernel source, for facts"
typed 'help CLN-0222'
check 'the nearest clause' 1 'is CLN-022 meant?'
typed 'help' --quiet
for name in $(sed -n 's/^  \([a-z]*\) *.*/\1/p' "$dir/out"); do
    typed "help $name" --quiet
    sed -n '/^example$/,$ s/^  //p' "$dir/out" >"$dir/example"
    [ -s "$dir/example" ] || continue
    "$rill" shell <"$dir/example" >"$dir/out" 2>&1; status=$?
    [ $status -eq 0 ] || { echo "the example of $name: exit status $status"; cat "$dir/example" "$dir/out"; bad=1; }
done

# Processes and their calls.
scenario 'proc B\nB: fd = open /dev/echo\nwrite 9 "x"\nB: write fd "hello"\nB: read fd 10 &\nexpect "hello" wait B' --quiet
check 'wait for a call that is done' 0 'wait B   (B: read fd 10 &) -> 5 "hello"'
scenario 'proc B\nB: fd = open /dev/echo\nB: read fd 10 &\nkill B SIGKILL\ncensus\nproc B\nB: fstat 0' --quiet
check 'a process that sleeps is killed' 0 'kill B SIGKILL -> killed; its descriptors are closed; its calls ended: B: read fd 10 &: EINTR'
check 'and nothing is left' 0 'B: fstat 0 -> EBADF'
scenario 'proc B\nB: fd = open /dev/echo\nB: read fd 10 &\nexit B\nproc B' --quiet
check 'exit takes its calls with it' 0 'exit B -> gone, with all its descriptors; its calls ended: B: read fd 10 &: EINTR'
scenario 'proc B\nsignal B SIGKILL'
check 'a signal without a handler' 1 'no process can have a handler for this signal'
scenario 'kill B'
check 'nobody to kill' 1 'no process is called B'

# What a scenario needs, and the wrong system.
mkdir "$dir/elsewhere" "$dir/tree" "$dir/tree/my"
scenario 'profile solaris\ndrivers echo loop\nls /dev' --quiet
check 'needs' 0 '/dev/loop'
if grep -q mux "$dir/out"; then echo 'drivers: mux is there'; bad=1; fi
check 'the profile that it names' 0 ' 11,  61  /dev/echo'
"$rill" run "$dir/x.rill" --profile svr4 >"$dir/out" 2>&1; status=$?
check 'another profile' 2 'x.rill:1: this scenario is for the profile solaris, and was given svr4'
scenario 'drivers ehco\nls /dev'
check 'no such built-in driver' 2 'rill: no built-in driver or module is called ehco'
scenario 'system my/tree\nls /dev'
check 'a system that is nowhere' 2 'x.rill:1: the system my/tree is neither at the scenario or above it'
scenario 'ls /dev\ndrivers echo'
check 'a need that comes too late' 1 'x.rill:2:1: drivers stands in the first lines'
scenario 'clause not an id: x\nls /dev'
check 'a clause without an id' 2 'x.rill:1:8: expected ids of clauses'
(cd "$dir/elsewhere" && "$rill" run s1-clone-open >"$dir/out" 2>&1); status=$?
check 'a shipped scenario by its name, from anywhere' 0 '$ system examples/sysgen'
"$rill" boot "$dir/tree" -s s1-clone-open >"$dir/out" 2>&1; status=$?
check 'the wrong system' 2 "this scenario is for the system examples/sysgen, and was given $dir/tree"

# What is no scenario.
"$rill" run "$dir" >"$dir/out" 2>&1; status=$?
check 'a directory as scenario' 2 "rill: $dir is a directory, not a scenario"
"$rill" run "$rill" >"$dir/out" 2>&1; status=$?
check 'a program as scenario' 2 'is no scenario: it is not text'
: >"$dir/x.rill"
"$rill" run "$dir/x.rill" >"$dir/out" 2>&1; status=$?
check 'an empty scenario' 2 'is no scenario: it is empty'
"$rill" run '' </dev/null >"$dir/out" 2>&1; status=$?
check 'an empty name' 2 'rill: the name of the scenario is empty'
"$rill" boot "$dir/tree" </dev/null >"$dir/out" 2>&1; status=$?
check 'what cannot be booted is named' 2 "rill: $dir/tree cannot be booted:"
"$rill" foo >"$dir/out" 2>&1; status=$?
check 'no such command' 2 'rill: no command is called foo'
"$rill" rnu x >"$dir/out" 2>&1; status=$?
check 'the nearest command' 2 'is run meant?'
"$rill" run >"$dir/out" 2>&1; status=$?
check 'usage' 2 'rill: FILE is required (rill run --help tells more)'
"$rill" --help >"$dir/out" 2>&1; status=$?
check 'exit statuses are told' 0 '  3  the output could not be written'
"$rill" clause >"$dir/out" 2>&1; status=$?
check 'no clause' 2 'rill: expected ids of clauses'

# A disk that is full.
printf 'fd = open /dev/echo\n' >"$dir/x.rill"
for words in "run $dir/x.rill" "run --json $dir/x.rill" 'shell --json' 'designs' 'designs --html' 'designs --list' 'clause --no-run CLN-022' \
    'clause --search minor' 'conform --profiles' '--help' 'run --help' '--version'; do
    "$rill" $words <"$dir/x.rill" >/dev/full 2>"$dir/out"; status=$?
    check "$words to a full disk" 3 'rill: the output could not be written'
done

# A line at a time.
printf 'fd = open /dev/echo\nfstat fd\nclose fd\n' >"$dir/x.rill"
"$rill" run "$dir/x.rill" -q --from 3 >"$dir/out" 2>&1; status=$?
check 'from a line on' 0 'close fd -> 0'
if grep -q open "$dir/out"; then echo 'from: an earlier line is shown'; bad=1; fi
"$rill" run "$dir/x.rill" -q --from 99 >"$dir/out" 2>&1; status=$?
check 'from a line that is not there' 2 "rill: --from 99: $dir/x.rill has 3 lines"
"$rill" run "$dir/x.rill" --seed -1 >"$dir/out" 2>&1; status=$?
check 'a seed below 0' 2 'expected a seed from 0 to 9223372036854775807, found -1'
RILL_FAULTS=frob "$rill" run "$dir/x.rill" >"$dir/out" 2>&1; status=$?
check 'no such policy' 2 'rill: RILL_FAULTS=frob: expected report, stop or off'
printf 'xq' | "$rill" run "$dir/x.rill" -q --step >"$dir/out" 2>&1; status=$?
check 'two keys' 0 'fstat fd -> '
if grep -q close "$dir/out"; then echo 'step: q does not end it'; bad=1; fi
printf 'fd = open /dev/echo\nexpect (61,0) fstat fd\nexpect 5 write fd "hello"\n' | sed 's/expect 5/expect = 5/' >"$dir/x.rill"
printf 'expect "hello" read fd 9\nexpect ENOENT open /dev/nothing\n' >>"$dir/x.rill"
printf '0\n(61,1)\n5\n"hello"\nENXIO\n' | "$rill" run "$dir/x.rill" --predict >"$dir/out" 2>&1; status=$?
check 'predictions' 0 '3 of 5 predictions right'
check 'a wrong one' 0 '  you said (61,1), and it was (61,0)'
check 'another' 0 '  you said ENXIO, and it was ENOENT'
if grep -q '^\$ expect' "$dir/out"; then echo 'predict: the question has its answer'; bad=1; fi
printf '7\n' | "$rill" run "$dir/x.rill" --predict >"$dir/out" 2>&1; status=$?
check 'answers that end' 0 '0 of 1 predictions right'
"$rill" run "$dir/x.rill" >"$dir/out" 2>&1; status=$?
check 'clauses in their column' 0 'switch table: major 10 belongs to driver clone            DEV-021'
if grep -qE '.{81}' "$dir/out"; then echo 'a line of more than 80 characters'; grep -E '.{81}' "$dir/out"; bad=1; fi

# The designs: what happens inside the driver's open, and what the words mean.
"$rill" designs irix-clone d_clone >"$dir/out" 2>&1; status=$?
check 'a step inside the open' 0 '                  PICK'
check 'and one after it' 0 'after it         VNODE_SWAP'
check 'who picked' 0 "picked by        driver's    asked"
check 'a legend' 0 'own data         whether two opens count'
"$rill" designs irix-clown >"$dir/out" 2>&1; status=$?
check 'no such design' 2 'is irix-clone meant?'

# The clauses.
"$rill" clause CLN-022 --no-run >"$dir/out" 2>&1; status=$?
check 'a clause' 0 'pair and the limits from the target'
check 'its sources' 0 "= IRIX Device Driver Programmer's Guide"
check 'its cases' 0 'test/conformance/clone_open.cpp:'
"$rill" clause --search 'foreign major' >"$dir/out" 2>&1; status=$?
check 'a search' 0 'CLN-070 '
"$rill" clause --search 'no-such-word' >"$dir/out" 2>&1; status=$?
check 'a search for nothing' 1 'rill clause: no clause'
"$rill" clause XX-999 >"$dir/out" 2>&1; status=$?
check 'no such clause' 2 'rill clause: no clause is called XX-999'
exit $bad
