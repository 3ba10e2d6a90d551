#!/bin/sh
# glibc still has the STREAMS calls, under an old version that nothing can link against; a preloaded library that gives its
# own getmsg a symbol version is passed over without a word.
#
# Seen with Debian's libc6 2.36-9+deb12u14: getmsg, getpmsg, putmsg, putpmsg, isastream, fattach and fdetach are in libc.so.6 as
# NAME@GLIBC_2.2.5 and have no default version. So
#   1. a program that calls getmsg does not link any more: undefined reference;
#   2. a program linked long ago, which wants getmsg@GLIBC_2.2.5, takes getmsg from a preloaded library that exports the
#      name without any version,
#   3. but not from one that was linked with a version script of its own: the dynamic linker prints nothing and calls glibc's
#      stub, which answers ENOSYS (38).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq libc6=2.36-9+deb12u14 >/dev/null 2>&1
dpkg -x libc6_2.36-*.deb root
libc=$(find root -name libc.so.6 | head -1)
lib=$(dirname "$libc")
loader=$(find root -name 'ld-linux*.so.*' | head -1)
fail() { echo "changed: $*"; exit 1; }

for name in getmsg getpmsg putmsg putpmsg isastream fattach fdetach; do
    nm -D "$libc" | grep -qE " $name@GLIBC_2\.2\.5$" || fail "$name is not in glibc as $name@GLIBC_2.2.5"
done

cat >new.c <<'C'
extern int getmsg(int, void *, void *, int *);
int main(void) { int flags = 0; return getmsg(0, 0, 0, &flags); }
C
! cc -o new new.c 2>link.txt || fail "a program that calls getmsg links again"
grep -q "undefined reference to .getmsg" link.txt || fail "the linker's message: $(cat link.txt)"

cat >old.c <<'C'
#include <errno.h>
#include <stdio.h>
extern int old_getmsg(int, void *, void *, int *);
__asm__(".symver old_getmsg, getmsg@GLIBC_2.2.5");
int main(void) { int flags = 0, r = old_getmsg(0, 0, 0, &flags); printf("%d %d\n", r, r < 0 ? errno : 0); return 0; }
C
cc -o old old.c
echo 'int getmsg(int a, void *b, void *c, int *d) { (void)a; (void)b; (void)c; (void)d; return 42; }' >mine.c
echo 'MINE_1 { global: getmsg; local: *; };' >mine.map
cc -shared -fPIC -o bare.so mine.c
cc -shared -fPIC -Wl,--version-script=mine.map -o versioned.so mine.c
run() { LD_PRELOAD=$1 "$loader" --library-path "$lib" ./old 2>&1; }
alone=$("$loader" --library-path "$lib" ./old)
[ "$alone" = "-1 38" ] || fail "glibc's own getmsg answers $alone, not -1 with ENOSYS"
[ "$(run ./bare.so)" = "42 0" ] || fail "an unversioned getmsg is not taken: $(run ./bare.so)"
[ "$(run ./versioned.so)" = "-1 38" ] || fail "a versioned getmsg is taken, or something is said: $(run ./versioned.so)"
echo "libc6 $(basename libc6_*.deb | cut -d_ -f2): preloaded without a version 42, with one of its own -1 ENOSYS, silently"
