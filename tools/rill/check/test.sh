#!/bin/sh
# What `rill check` promises beyond the faults it finds (examples/porting/broken has those).
#   test.sh RILL PORTING-DIRECTORY
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
rill=$(absolute "$1") porting=$(absolute "$2")
sanitized=$(nm "$rill" 2>/dev/null | grep -q " [TtWw] __asan_init" && echo yes)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/tmp" "$dir/work" && cd "$dir/work" || exit 99
TMPDIR=$dir/tmp
export TMPDIR
unset RILL_BOOT_PATH
bad=0

# run ARGUMENTS: its exit status and its output. A check that does not end is a failure of its own.
run() {
    timeout 120 "$rill" check "$@" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
}
# check NAME STATUS [LINE]: the status, and a line that must be in the output.
check() {
    if [ "$status" -ne "$2" ]; then
        echo "$1: exit status $status, expected $2"; cat "$dir/out" "$dir/err"; bad=1
    elif [ -n "${3-}" ] && ! cat "$dir/out" "$dir/err" | grep -qF -- "$3"; then
        echo "$1: no line has: $3"; cat "$dir/out" "$dir/err"; bad=1
    fi
    if [ -n "$(ls "$dir/tmp")" ]; then echo "$1: temporary files are left"; ls "$dir/tmp"; bad=1; rm -rf "$dir/tmp/"*; fi
}
absent() {
    if cat "$dir/out" "$dir/err" | grep -qF -- "$2"; then echo "$1: a line has: $2"; cat "$dir/out"; bad=1; fi
}
# driver NAME [MACROS]: one of the skeleton's kind.
driver() {
    { printf '#define NAME %s\n%b\n' "$1" "${2-}"; printf '#include "%s/broken/skeleton.h"\n' "$porting"; } >"$1.c"
    "$rill" cc "$1.c" || bad=1
}

cat >foo.c <<'C'
#include <sys/types.h>
#include <sys/conf.h>
#include <sys/stream.h>
#include <sys/ddi.h>
static int foo_put(queue_t *q, mblk_t *mp) { putnext(q, mp); return 0; }
static int foo_open(queue_t *q, dev_t *devp, int flag, int sflag, cred_t *crp) { qprocson(q); return 0; }
static int foo_close(queue_t *q, int flag, cred_t *crp) { qprocsoff(q); return 0; }
static struct module_info minfo = { 1, "foo", 0, INFPSZ, 1000, 100 };
static struct qinit rinit = { foo_put, NULL, foo_open, foo_close, NULL, &minfo, NULL };
static struct qinit winit = { foo_put, NULL, NULL, NULL, NULL, &minfo, NULL };
struct streamtab PREFIXinfo = { &rinit, &winit, NULL, NULL };
int PREFIXdevflag = D_MP;
C
tree() { # a directory with a module or driver whose object is not made yet
    mkdir -p "$1/boot" "$1/master.d" "$1/system"
    cp "$2" "$1/boot/$3.c"
    echo "$4" >"$1/master.d/$3"
    echo "INCLUDE: $3" >"$1/system/all.sm"
}

# --- finding the target ---
sed 's/PREFIX/foo_/' foo.c >single.c
"$rill" cc single.c || bad=1
run --module single.so
check 'one streamtab, called foo_info' 0 'no fault'
run --module --profile svr4 single.so
check 'a lone object in the svr4 profile' 0 'module single, svr4 profile'
sed 's/PREFIX/foo_/;s/struct streamtab/static &/' foo.c >none.c
"$rill" cc none.c && run none.so
check 'no streamtab' 2 'none.so defines no streamtab that is called <prefix>info'
{ sed 's/PREFIX/foo_/' foo.c; echo 'struct streamtab bar_info = { &rinit, &winit, NULL, NULL };'; } >two.c
"$rill" cc two.c && run two.so
check 'two streamtabs' 2 'two.so defines bar_info, foo_info, none of which is twoinfo: --prefix'
run --module --prefix bar_ two.so
check 'two streamtabs and a prefix' 0 'no fault'
tree modules single.c foo 'm foo_ - - -'
run modules:foo
check 'a module of a directory without clone and objects' 0 'module foo, irix profile'
driver own
tree drivers own.c own 'cfs own 71 4 clone'
run drivers:own
check 'a driver of a directory, made from its source' 0 'driver own, irix profile'
tree old own.c own 'cfs - own 71 4 - clone'
run --profile svr4 old:own
check 'a directory in the svr4 profile' 0 'driver own, svr4 profile'
run drivers:other
check 'a name that the directory has not' 2 'drivers has no driver or module called other'
echo nonsense >text.so
run text.so
check 'no object' 2 'text.so'
{ sed 's/PREFIX/bare_/;s/{ &rinit, &winit/{ \&rinit, NULL/' foo.c; } >bare.c
"$rill" cc bare.c && run bare.so
check 'half a streamtab' 2 'expected a whole streamtab, found one without st_wrinit (CFG-039)'
mkfifo pipe.so
run pipe.so
check 'a FIFO' 2 'cannot read pipe.so: expected a file, found a FIFO'
head -c 9000 single.so >cut.so
run cut.so
check 'an object that is cut off' 2 'bytes that its headers speak of, found 9000: it is cut off (CFG-084)'
{ head -c 56 single.so; printf '\377\377'; tail -c +59 single.so; } >headers.so
run headers.so
check 'headers that make no sense' 2 'headers.so: '
absent 'headers that make no sense' 18446744073709551615
{ head -c 32 single.so; printf '\370\377\377\377\377\377\377\377'; tail -c +41 single.so; } >headers.so
run headers.so
check 'headers beyond all addresses' 2 'headers.so: its headers lie where no file has bytes: it is damaged (CFG-084)'
echo 'int broken = ;' >wrong.c
tree unmade wrong.c own 'cfs own 71 4 clone'
run unmade:own
check 'a source that does not compile' 2 'own.so cannot be made from'

# --- options ---
for option in '--major 99999' '--major 0' '--major 10' '--devices -5' '--devices 0' '--seconds 0' '--ioctl four' '--profile vms'; do
    # shellcheck disable=SC2086
    run $option own.so
    check "$option" 2 'rill check: '
done

run --seed -1 own.so
check '--seed -1' 2 'expected a seed from 0 to 9223372036854775807, found -1'
run --prefix "''" own.so
check "--prefix ''" 2 "rill check: --prefix '': expected the beginning of a C name"
RILL_FAULTS=frob run own.so
check 'no such policy' 2 'rill: RILL_FAULTS=frob: expected report, stop or off'
run --junit /dev/full own.so
check 'JUnit to a full disk' 3 'cannot write /dev/full'

# --- drivers that misbehave ---
driver quits '#define ON_DATA(q, mp) (freemsg(mp), exit(0))'
run quits.so
check 'exit(0)' 1 'driver quits, put procedure: it called exit(0)'
driver leaves '#define ON_DATA(q, mp) (freemsg(mp), _exit(0))'
run leaves.so
check '_exit(0)' 1 'driver leaves, put procedure: it ended the process with status 0'
driver forks '#define ON_OPENED(q) if (fork() == 0) for (;;) pause()'
run forks.so
check 'fork' 1 'driver forks: it left a process behind'
driver daemon '#define ON_OPENED(q) if (fork() == 0) { setsid(); for (;;) pause(); }'
run daemon.so
check 'a session of its own' 1 'driver daemon: it left a process behind'
driver talks '#include <stdio.h>\n#define ON_DATA(q, mp) (printf("ok $ -> 1\\\\n"), fflush(stdout), write(1, "babble\\\\n", 7), qreply(q, mp))'
run talks.so
check 'a driver that prints' 0 'no fault'
absent 'a driver that prints' babble
absent 'a driver that prints' 'ok $'
driver crashes '#define ON_DATA(q, mp) (write(2, "last words\\\\n", 11), *(volatile int *)8 = 1)'
run crashes.so
if [ -n "$sanitized" ]; then # whose own report ends the child
    check 'a crash' 1 'driver crashes, put procedure: it ended the process with status 1'
else
    check 'a crash' 1 'driver crashes, put procedure: it used an address that is not mapped (SIGSEGV)'
fi
[ -n "$sanitized" ] || check 'what it printed before' 1 'last words'
driver hungry '#include <stdlib.h>\n#define ON_DATA(q, mp) for (;;) *(char *)calloc(1 << 26, 1) = 1' # untouched pages: it is the limit that ends it, not the watchdog
if [ -z "$sanitized" ]; then
    run hungry.so
    check 'no memory' 1 'driver hungry, put procedure: it used'
fi
driver loops '#define ON_DATA(q, mp) for (;;)'
run --seconds 1 loops.so
check 'a loop' 1 'driver loops, put procedure: it does not return'
driver hangs '#include <unistd.h>\n#define ON_DATA(q, mp) do { int ends[2]; char c; pipe(ends); read(ends[0], &c, 1); qreply(q, mp); } while (0)'
run --seconds 3 hangs.so
check 'a wait in the host' 1 'driver hangs, put procedure: it does not return'
if grep -q '^ok    unload and reload' "$dir/out"; then echo 'a wait in the host: a step is ok that hung'; bad=1; fi
printf '#define NAME busy\n#define SERVICE bad_wsrv\n#define ON_DATA(q, mp) putq(q, mp)\nstatic int bad_wsrv();\n#include "%s/broken/skeleton.h"\n' "$porting" >busy.c
echo 'static int bad_wsrv(q) queue_t *q; { mblk_t *mp; if (q->q_first) { qenable(q); return 0; } while ((mp = getq(q))) freemsg(mp); return 0; }' >>busy.c
"$rill" cc busy.c || bad=1
run --seconds 10 busy.so
rule=SCH-021 # a checking build sees it at the queue
if grep -q 'not a checking build' "$dir/out"; then rule=SCH-050; fi
check 'service procedures without end' 1 "($rule)"
absent 'service procedures without end' 'does not return'

# --- ioctls ---
waits="$porting/broken/waits.c"
"$rill" cc -o waits.so "$waits" || bad=1
run waits.so
check 'ioctls from the source that the debug information names' 1 'KM_SLEEP where sleeping is not allowed (UTL-006)'
run --ioctl 1,2 waits.so
check 'other ioctls' 0 'no fault'
echo '0x7701 * WAITS_RESET' >waits.ioctls
run waits.so
check 'ioctls from a file' 1 'its own ioctl commands, as far as known: 1'
echo 'many' >waits.ioctls
run waits.so
check 'a file that is wrong' 2 'waits.ioctls: expected numbers'

# --- who it was, in any build ---
driver mute '#define ON_IOCTL(q, mp) freemsg(mp)'
run mute.so
check 'an ioctl without an answer' 1 'driver mute, put procedure: '
driver late '#define ON_CLOSE(q) (bufcall(1, BPRI_LO, (void (*)(void *))qenable, q), *(queue_t **)(q)->q_ptr = NULL)'
run late.so
check 'a bufcall that outlives its queue' 1 'driver late, '
absent 'a bufcall that outlives its queue' 'stream head'
driver muteown '#define ON_IOCTL(q, mp) if (((struct iocblk *)(mp)->b_rptr)->ioc_cmd == 0x6201) freemsg(mp); else miocnak(q, mp, 0, EINVAL)'
run --ioctl 0x6201,0x6202 muteown.so
check 'an ioctl of its own without an answer' 1 'never answered'
check 'and which' 1 'in the call: ioctl a I_STR 0x6201 60'
sed 's/PREFIX/mutemod_/;s/putnext(q, mp)/if (mp->b_datap->db_type == M_IOCTL \&\& *(int *)mp->b_rptr == 0x6201) freemsg(mp); else &/' foo.c >mutemod.c
"$rill" cc mutemod.c || bad=1
run --module --ioctl 0x6201 mutemod.so
check "a module's" 1 'driver mutemod, put procedure: '
check 'is told as well' 1 'never answered'
run --tap mute.so
check 'TAP' 1 'not ok 4 - unknown ioctls are answered'
if grep -E '^(not )?ok .*#' "$dir/out"; then echo 'TAP: a name has a #'; bad=1; fi
[ "$(grep -cE '^(not )?ok [0-9]+ - ' "$dir/out")" = "$(sed -n 's/^1\.\.//p' "$dir/out")" ] || { echo 'TAP: the plan is wrong'; bad=1; }
if grep -vE '^(TAP version 13|1\.\.[0-9]+|(not )?ok [0-9]+ - .*|# .*)$' "$dir/out"; then echo 'TAP: these lines are none'; bad=1; fi
run --junit "$dir/work/mute.xml" mute.so
check 'JUnit' 1 ''
python3 - "$dir/work/mute.xml" <<'P' || { echo 'JUnit: wrong'; bad=1; }
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
cases = suite.findall('testcase')
failures = [c for c in cases if c.findall('failure')]
assert suite.tag == 'testsuite' and int(suite.get('tests')) == len(cases) and int(suite.get('failures')) == len(failures) > 0
assert all(len(c.findall('failure')) == 1 for c in failures)
P

# --- what was found can be done again ---
driver keeps '#include <sys/kmem.h>\nstatic char *m4[4];\n#define ON_TAKEN(m) if ((m4[m] = kmem_alloc(100, KM_NOSLEEP)) == NULL) return ENOMEM\n#define ON_CLOSE(q) (kmem_free(m4[(queue_t **)(q)->q_ptr - unit], 100), *(queue_t **)(q)->q_ptr = NULL)'
run keeps.so
check 'an allocation that fails in open' 1 'an open that fails keeps its minor (CLN-059)'
scenario=$(sed -n 's/^ *again: rill .*boot [^ ]* -s //p' "$dir/out")
timeout 60 "$rill" boot keeps.check -s "$scenario" >"$dir/again" 2>&1 </dev/null
[ $? -eq 1 ] || { echo 'its scenario ends as if nothing were wrong'; tail -3 "$dir/again"; bad=1; }
grep -q 'expected ok, got ENXIO' "$dir/again" || { echo 'its scenario does not run to the fault'; tail -3 "$dir/again"; bad=1; }
grep -q 'ENOMEM' "$dir/again" || { echo 'its scenario does not make the allocation fail'; bad=1; }

# again NAME PATTERN [ARGUMENTS]: its scenarios say at their top what is wrong, the last of them shows it, and does not end well.
again() {
    name=$1 pattern=$2
    shift 2
    run "$@" "$name.so"
    scenario=$(sed -n 's/^ *again: rill .*boot [^ ]* -s //p' "$dir/out" | head -1)
    if ! head -1 "$scenario" | grep -q "^# what is wrong: driver $name[,:] .*$pattern"; then
        echo "$name: its scenario does not say at its top what is wrong"; head -3 "$scenario"; bad=1
    fi
    timeout 60 "$rill" boot "$name.check" -s "$scenario" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
}
driver samedev '#define STORE(devp, m)'
again samedev CLN-006
check 'the same device again' 1 'expected !EBUSY, got EBUSY'
driver lostmin '#define ON_CLOSE(q) ((q)->q_ptr = NULL)'
again lostmin CLN-092
check 'lost minors again' 1 'expected ok, got ENXIO'
driver noflush '#define ON_FLUSHR(q, mp) freemsg(mp)'
again noflush MSG-085
check 'a flush again' 0 'what is wrong is seen here: driver noflush, put procedure: an M_FLUSH'
again muteown IOC-122 --ioctl 0x6201
check 'a lost ioctl again' 1 ''
driver leaks '#define ON_DATA(q, mp) (dupmsg(mp), qreply(q, mp))'
again leaks ''
check 'a leak again' 1 ''

# --- rill boot ---
# boots NAME PREFIX SIGNAL: a directory with the driver, and one write to it; a signal to send it meanwhile.
boots() {
    [ -d "$1.tree" ] || tree "$1.tree" "$1.c" "$2" "cfs $2 71 4 clone"
    printf 'mknod /dev/x c 10 71\nfd = open /dev/x\nwrite fd "x"\n' >x.rill
    "$rill" boot "$1.tree" -q --watchdog 2 -s x.rill >"$dir/out" 2>"$dir/err" </dev/null &
    pid=$!
    if [ -n "${3-}" ]; then
        while ! grep -q open "$dir/out"; do sleep 0.1; done
        kill "-$3" $pid
    fi
    wait $pid 2>/dev/null
    status=$?
}
boots own own
check 'a driver without faults' 0 'write fd "x" -> 1'
if [ -z "$sanitized" ]; then
    boots crashes crashes
    check 'a crash leaves no files' 139 'SIGSEGV'
fi
boots quits quits
check 'exit() leaves no files' 1 'it ended the process by exit(0) (UTL-081)'
boots hangs hangs
check 'a wait in the host is ended, and leaves no files' 134 'driver hangs, put procedure: it has not returned for 2 seconds (UTL-089)'
boots hangs hangs TERM
check 'SIGTERM leaves no files' 143
driver faulty '#define ON_DATA(q, mp) (kmem_free(kmem_alloc(8, KM_SLEEP), 8), qreply(q, mp))'
boots faulty faulty
check 'a fault' 1 'rill: a driver is at fault: faulty, put procedure: kmem_alloc with KM_SLEEP'
sed -i '1i faults off' x.rill
"$rill" boot faulty.tree -q -s x.rill >"$dir/out" 2>"$dir/err" </dev/null; status=$?
check 'a fault that is not looked for' 0 'write fd "x" -> 1'

# --- interrupted ---
"$rill" check --seconds 60 loops.so >/dev/null 2>&1 &
pid=$!
sleep 2
kill -TERM $pid
wait $pid 2>/dev/null
status=$?
check 'interrupted' 143
exit $bad
