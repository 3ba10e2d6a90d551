#!/bin/sh
# What a memory checker says of drivers with one mistake each, run by the rill command as it was built: valgrind, if there
# is one, or AddressSanitizer, if the command has it; then the drivers need it too. check.sh RILL SOURCES COMPILER...
#   read_freed     reads a message after freeing it         write_beyond   writes behind db_lim
#   free_twice     frees a message twice                    forget         has a message and forgets it
# The report names the driver's procedure and the allocation or the freeing that it goes back to; without the mistake
# (right) there is none, although calls wait on stacks of their own.
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
rill=$(absolute "$1") sources=$(absolute "$2")
shift 2
compiler=$*
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
if nm "$rill" 2>/dev/null | grep -q '__asan_init\|__asan_report'; then
    by=asan
    ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0:halt_on_error=1:exitcode=9
    export ASAN_OPTIONS
    printf '#!/bin/sh\nexec %s -fsanitize=address "$@"\n' "$compiler" >cc
    chmod +x cc
    RILL_CC=$dir/cc
    export RILL_CC
    watched() { "$@"; }
else
    command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 77; }
    by=valgrind
    watched() { valgrind -q --leak-check=full --num-callers=20 --error-exitcode=9 "$@"; }
fi
mkdir -p tree/system tree/master.d tree/boot
printf 'USE: wrong\n' >tree/system/wrong.sm
printf '*\nfs   wrong   61   4   clone\n' >tree/master.d/wrong
printf '/dev/wrong c clone wrong 0666 0 0\n' >tree/dev
printf '%s\n' 'fd = open /dev/wrong rdwr' 'read fd 10 &' 'write fd "hello"' 'close fd' >calls
bad=0 refused=9
# run MISTAKE [TEXT...]: each is in the report; without any there is none.
run() {
    mistake=$1
    shift
    "$rill" cc -D "$mistake" -o tree/boot/wrong.so "$sources/wrong.c" || { echo "wrong.c does not compile"; exit 1; }
    watched "$rill" boot tree -q -s calls >"$mistake.out" 2>&1
    status=$?
    if [ $# = 0 ]; then
        [ $status = 0 ] || { echo "$mistake: exit status $status"; cat "$mistake.out"; bad=1; }
        return
    fi
    [ $status = $refused ] || { echo "$mistake: exit status $status, expected $refused"; bad=1; }
    for text in "$@"; do
        grep -q -- "$text" "$mistake.out" || { echo "$mistake: no line has: $text"; bad=1; }
    done
    [ $bad = 0 ] || cat "$mistake.out"
}
run RIGHT
if [ $by = valgrind ]; then
    run READ_FREED 'Invalid read' 'free.d' 'freemsg' 'wrongwput'
    run WRITE_BEYOND 'Invalid write' '0 bytes after a block' 'allocb' 'wrongwput'
    run FREE_TWICE 'Invalid read' 'free.d' 'freemsg' 'wrongwput'
    run FORGET 'definitely lost' 'allocb' 'wrongwput'
else
    run READ_FREED 'heap-use-after-free' 'freed by' 'freemsg' 'wrongwput'
    run WRITE_BEYOND 'heap-buffer-overflow' 'allocated by' 'allocb' 'wrongwput'
    refused=1 # rill sees it first, and goes on
    run FREE_TWICE 'fault: driver wrong, put procedure: a message block was freed twice'
    refused=9
    run FORGET 'LeakSanitizer' 'allocb'
fi
exit $bad
