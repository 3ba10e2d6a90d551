#!/bin/sh
# `rill cc`, and what `rill boot` makes of a directory that is not right: whose words are passed on, what --like sets, which
# message and exit status a wrong file has.
#   cc.sh RILL SOURCE-TREE
case $1 in /*) rill=$1 ;; *) rill=$PWD/$1 ;; esac
case $2 in /*) tree=$2 ;; *) tree=$PWD/$2 ;; esac
dir=$(mktemp -d) || exit 99
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir" || exit 99
bad=0

# check NAME STATUS EXPECTED: the exit status, and a line that must be in the output (stdout and stderr).
check() {
    if [ "$status" -ne "$2" ]; then
        echo "$1: exit status $status, expected $2"; cat out; bad=1
    elif ! grep -qF -- "$3" out; then
        echo "$1: no line has: $3"; cat out; bad=1
    fi
}
run() { timeout 60 "$rill" "$@" >out 2>&1 </dev/null; status=$?; }

# A compiler that tells its words.
cat >words <<'EOF'
#!/bin/sh
printf '%s ' "$@"; echo
EOF
chmod +x words
: >foo.c
: >bar.c
RILL_CC=./words; export RILL_CC
run cc foo.c
check 'for a debugger' 0 '-std=gnu89 -g -fPIC -shared -fno-builtin -fno-strict-aliasing -Og '
check 'the object' 0 'foo.c -o foo.so'
run cc --checking foo.c -o other.so
check 'checking' 0 '-O0 -fno-omit-frame-pointer -Wall -DDEBUG'
check 'the object that is named' 0 'foo.c -o other.so'
run cc -I inc -Iother -include pre.h foo.c -U X -DONE -D TWO=2 -w -fno-inline -O2 -g3 -fsanitize=address -Wshadow -m64 bar.c -lm
check 'words of the compiler' 0 '-I inc -Iother -include pre.h -U X -DONE -D TWO=2 -w -fno-inline -O2 -g3 -fsanitize=address -Wshadow -m64 -lm foo.c bar.c -o foo.so'
run cc --like solaris -DX foo.c
check 'like solaris: dialect' 0 '-std=gnu99 '
check 'like solaris: headers' 0 '-include sys/types.h -include sys/sunddi.h'
check 'like solaris: names' 0 '-D_KERNEL '
check 'like solaris: in the object' 0 '--defsym=rill_like_solaris=0 -DX foo.c'
run cc --like svr3 --std=c99 foo.c
check 'a dialect goes before' 0 '-std=c99 '
run cc --like vms foo.c
check 'like what' 2 "--like: expected svr3, svr4, solaris, lis or openss7, found 'vms'"
run cc gone.c
check 'no source' 2 'gone.c: No such file or directory'
mkdir dir.c
run cc dir.c
check 'a directory' 2 'dir.c: expected a C file, found a directory'
mkfifo fifo.c
run cc fifo.c
check 'a FIFO is not waited for' 2 'fifo.c: expected a C file, found what is no file'
run cc foo.c -o nowhere/foo.so
check 'no place for the object' 2 'nowhere/foo.so: it cannot be made'
unset RILL_CC
run cc --help
check 'help' 0 'openss7  as svr4'
check 'help tells the exit status' 0 'Exit status: 0 the object is made'
run cc foo.c --fly
check 'an unknown word' 2 '--fly'
run cc foo.c -fno-such-option
check 'a word that the compiler does not know' 1 'fno-such-option'

# The convention travels in the object, or beside it. The driver has no devflag, and its open takes a dev_t *.
sed 's/^int sloopdevflag = 0;//' "$tree/test/drivers/sloop.c" >sloop.c
if grep -q sloopdevflag sloop.c; then echo 'sloop.c still has a devflag'; bad=1; fi
mkdir -p k/system k/master.d k/boot
echo 'INCLUDE: sloop' >k/system/k.sm
printf 'fs sloop 61 8 clone\n$$$\nint sloop_cnt = 4;\n' >k/master.d/sloop
echo '/dev/sloop c clone sloop 0666 0 0' >k/dev
echo 'expect (61,0) open /dev/sloop' >open.rill
printf 'fd = open /dev/sloop\nexpect (61,0) fstat fd\n' >open.rill
for like in svr4 solaris lis openss7; do
    run cc --like $like -o k/boot/sloop.so sloop.c
    if [ $status -ne 0 ]; then echo "sloop like $like: exit status $status"; cat out; bad=1; fi
    run boot k --quiet -s open.rill
    check "sloop like $like opens" 0 '(61,0)'
    if grep -q 'called as' out; then echo "sloop like $like: told of, though it says what it is"; bad=1; fi
done
run cc -o k/boot/sloop.so sloop.c
printf 'quit\n' >nothing.rill
run boot k --quiet -s nothing.rill
check 'no devflag is told of' 0 "rill: boot/sloop.so: 'sloop' is called as SVR3: it has no sloopdevflag"
rm k/boot/sloop.so
cp sloop.c k/boot/sloop.c
echo svr4 >k/boot/sloop.like
run boot k --quiet -s open.rill
check 'a like file beside the source' 0 '(61,0)'
nm -D k/boot/sloop.so >out
check 'made by it' 0 rill_like_svr4
echo 'like nothing' >k/boot/sloop.like
run boot k --quiet -s open.rill
check 'a like file that is wrong' 2 "k/boot/sloop.like:1:1: expected svr3, svr4, solaris, lis or openss7, found 'like'"
rm k/boot/sloop.like

# What is missing, in the way, or cannot be written.
rm k/boot/*
run boot k --quiet -s nothing.rill
check 'no source and no object' 2 "system/k.sm:1:10: expected an object boot/sloop.so for 'sloop', found none, and no boot/sloop.c to make it of"
echo 'USE: sloop' >k/system/k.sm
run boot k --quiet -s nothing.rill
check 'what USE names stays out' 2 "rill: system/k.sm:1:6: 'sloop' stays out: there is no object boot/sloop.so"
check 'nothing came in' 2 'rill: k: nothing of what its system files name was configured'
echo 'INCLUDE: sloop' >k/system/k.sm
ln -s nowhere k/boot/sloop.c
run boot k --quiet -s nothing.rill
check 'a source that leads nowhere' 2 'rill: k/boot/sloop.c: No such file or directory'
rm k/boot/sloop.c
mkfifo k/boot/sloop.c
run boot k --quiet -s nothing.rill
check 'a source that is a FIFO' 2 'rill: k/boot/sloop.c: expected a C file'
rm k/boot/sloop.c
echo 'this is no C' >k/boot/sloop.c
run boot k --quiet -s nothing.rill
check 'a source that is wrong' 2 'rill: k/boot/sloop.so cannot be made from k/boot/sloop.c: why stands above'
cp sloop.c k/boot/sloop.c
if [ "$(id -u)" -ne 0 ]; then
    chmod a-w k/boot
    run boot k --quiet -s nothing.rill
    check 'an unwritable boot/' 2 'rill: k/boot/sloop.so: it cannot be made, the directory cannot be written: Permission denied'
    chmod u+w k/boot
fi
mkdir k/boot/sloop.so
run boot k --quiet -s nothing.rill
check 'a directory in the place of the object' 2 'boot/sloop.so: expected a file, found a directory'
rmdir k/boot/sloop.so
rm -r k/boot
: >k/boot
run boot k --quiet -s nothing.rill
check 'boot is no directory' 2 'k/boot: Not a directory'
run boot --profile svr4 "$tree/examples/sysgen" -s nothing.rill
check 'a tree in the form of another profile' 2 'master.d/'
if [ "$(wc -l <out)" -gt 2 ]; then echo "a tree in the form of another profile: more than one line of reasons"; cat out; bad=1; fi
exit $bad
