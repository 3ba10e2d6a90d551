#!/bin/sh
# What `rill boot` promises of drivers that end the process, or try to stay: they are named, with a status that says so, and
# nothing is left of them.
#   boot.sh RILL
rill=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
sanitized=$(nm "$rill" 2>/dev/null | grep -q " [TtWw] __asan_init" && echo yes)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/tmp" && cd "$dir" || exit 99
TMPDIR=$dir/tmp
export TMPDIR
unset RILL_BOOT_PATH
bad=0

# driver NAME [C ...]: a driver with more text, in a tree of its own. ON_PUT is what its write put procedure begins with.
driver() {
    mkdir -p "$1/boot" "$1/master.d" "$1/system"
    echo "INCLUDE: $1" >"$1/system/my.sm"
    echo "fs $1 61 4 clone" >"$1/master.d/$1"
    echo "/dev/$1 c clone $1 0666 0 0" >"$1/dev"
    cat >"$1/boot/$1.c" <<C
#include <sys/types.h>
#include <sys/conf.h>
#include <sys/cmn_err.h>
#include <sys/minor.h>
#include <sys/stream.h>
#include <sys/ddi.h>
extern int fork(), raise(int), pause();
extern void exit(int);
$2
#ifndef ON_PUT
#define ON_PUT
#endif
MINOR_TABLE(all, 4);
static int $1open(queue_t *q, dev_t *devp, int flag, int sflag, cred_t *crp)
{
    int m = minor_take(all_minors);
    if (m < 0) return 16;
    *devp = makedevice(getemajor(*devp), m);
    q->q_ptr = WR(q)->q_ptr = (void *)(long)(m + 1);
    qprocson(q);
    return 0;
}
static int $1close(queue_t *q, int flag, cred_t *crp)
{
    qprocsoff(q);
    minor_give(all_minors, (long)q->q_ptr - 1);
    return 0;
}
static int $1wput(queue_t *q, mblk_t *mp) { ON_PUT; freemsg(mp); return 0; }
static struct module_info minfo = { 1, "$1", 0, INFPSZ, 1000, 100 };
static struct qinit rinit = { 0, 0, $1open, $1close, 0, &minfo, 0 };
static struct qinit winit = { $1wput, 0, 0, 0, 0, &minfo, 0 };
struct streamtab $1info = { &rinit, &winit, 0, 0 };
int $1devflag = D_MP;
C
}
# boot NAME [OPTION ...]: opens its device and writes to it.
boot() {
    name=$1
    shift
    printf 'fd = open /dev/%s\nwrite fd "x"\nclose fd\n' "$name" | timeout 60 "$rill" boot "$name" -q "$@" >"$dir/out" 2>&1
    status=$?
}
# check NAME STATUS TEXT
check() {
    if [ "$status" -ne "$2" ]; then
        echo "$1: exit status $status, expected $2"; cat "$dir/out"; bad=1
    elif ! grep -qF -- "$3" "$dir/out"; then
        echo "$1: no line has: $3"; cat "$dir/out"; bad=1
    fi
    if [ -n "$(ls "$dir/tmp")" ]; then echo "$1: temporary files are left"; ls "$dir/tmp"; bad=1; rm -rf "$dir/tmp/"*; fi
}

driver good
boot good
check 'a driver that does nothing wrong' 0 'write fd "x" -> 1'

# --- before it is a driver: constructors and destructors (UTL-096) ---
driver ctx 'static void __attribute__((constructor)) quits() { exit(0); }'
boot ctx
check 'a constructor that exits' 1 'fault: driver boot/ctx.so, constructor or destructor: it ended the process by exit(0) (UTL-081)'
if [ -z "$sanitized" ]; then
    driver ctor 'static void __attribute__((constructor)) writes() { *(volatile int *)16 = 1; }'
    boot ctor
    check 'a constructor that crashes' 139 'fault: driver boot/ctor.so, constructor or destructor: SIGSEGV'
    driver dtor 'static void __attribute__((destructor)) writes() { *(volatile int *)16 = 1; }'
    boot dtor
    check 'a destructor that crashes' 139 'fault: driver boot/dtor.so, constructor or destructor: SIGSEGV'
fi
driver ctl 'static void __attribute__((constructor)) waits() { for (;;) pause(); }'
boot ctl --watchdog 1
check 'a constructor that waits' 134 'fault: driver boot/ctl.so, constructor or destructor: it has not returned for 1 seconds (UTL-089)'
driver imo 'int init_module() { cmn_err(CE_NOTE, "INIT"); return -5; }'
boot imo
check 'an init_module that was compiled without its header runs, and refuses' 2 'its _init, or init_module, failed: Input/output error'

# --- procedures ---
driver forks '#define ON_PUT if (fork() == 0) for (;;) pause()'
boot forks
check 'a copy of the process' 1 'fault: driver forks, put procedure: it forked the process' # and the pipe of the output was closed
driver raises '#define ON_PUT raise(10)'
boot raises
check 'a signal to itself' 138 'fault: driver raises, put procedure: it sent its own process SIGUSR1 (UTL-097)'
driver ends '#define ON_PUT raise(15)'
boot ends
check 'another' 143 'fault: driver ends, put procedure: it sent its own process SIGTERM (UTL-097)'

# --- files and numbers ---
mkfifo pipe
for odd in "$dir/pipe" /dev/zero; do
    timeout 10 "$rill" run "$odd" >"$dir/out" 2>&1; status=$?
    check "a scenario that is no file ($odd)" 2 "cannot read the scenario $odd: expected a file, found a"
    timeout 10 "$rill" boot good -s "$odd" >"$dir/out" 2>&1; status=$?
    check "the same for boot ($odd)" 2 'lines from a program come by standard input'
done
echo '/dev/good/below c clone good 0666 0 0' >>good/dev
boot good
check 'a name below a device' 2 "the node '/dev/good/below' cannot be made: Not a directory"
for line in 'mknod /dev/q c 99999 0:the major from 0 to 16383' 'mknod /dev/q c 61 -1:the minor from 0 to 262143' \
    'mknod /dev/q c 61 0 9999:the permissions from 0 to 4095' 'proc B uid 99999999999:a uid from 0 to 4294967294' \
    'proc A gid -1:a gid from 0 to 4294967294' 'attach irix-clone -4:how many from 0 to 262144'; do
    echo "${line%%:*}" | "$rill" shell >"$dir/out" 2>&1; status=$?
    check "$line" 1 "expected ${line#*:}, got"
done
"$rill" boot good --seed 99999999999999999999 >"$dir/out" 2>&1 </dev/null; status=$?
check 'a seed that no scenario could name' 2 'expected a seed from 0 to 9223372036854775807'
exit $bad
