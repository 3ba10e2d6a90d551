#!/bin/sh
# Compiles the application cases on a system that has STREAMS, and runs them against its kernel. README.md beside this
# script tells what the system needs.
#   run.sh [doctest's options: -tc='CLN-*', -r=junit ...]
# CXX, CXXFLAGS, LDLIBS      the compiler (C++20), and what it needs to find doctest and <stropts.h>
# APPLICATION_ECHO, _LOOP, _NULS, _UNIT, _UNCONFIGURED, _FILE, _MODULE, _DEVICES     where the drivers are (test/calls.hpp)
# APPLICATION_LIBRARY        the cases, when they are compiled already
# Exit status: 0 all hold, 1 some do not, 77 this system cannot run them.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
CXX=${CXX:-c++}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
ln -s "$top" "$work/tree" || exit 99 # names without blanks, for the lists of words below
top=$work/tree here=$work/tree/test/conformance/application

cannot() {
    printf 'application cases: %s\n' "$@" >&2
    exit 77
}

# --- the system's own names ---
cat >"$work/try.cpp" <<'END'
#include <stropts.h>
int main() { return getmsg(0, nullptr, nullptr, nullptr) + putpmsg(0, nullptr, nullptr, 0, MSG_BAND) + isastream(0); }
END
# shellcheck disable=SC2086 -- flags are words
if ! $CXX -std=c++20 ${CXXFLAGS:-} "$work/try.cpp" ${LDLIBS:-} -o "$work/try" 2>"$work/errors"; then
    sed 's/^/  /' "$work/errors" >&2
    cannot 'no program with <stropts.h>, getmsg, putpmsg and isastream can be compiled here' \
        'CXXFLAGS and LDLIBS may name where they are (OpenSS7: -I/usr/include/streams -lstreams; LiS: -lLiS)'
fi
printf '#include <doctest/doctest.h>\n' >"$work/try.cpp"
# shellcheck disable=SC2086
$CXX -std=c++20 ${CXXFLAGS:-} -c "$work/try.cpp" -o "$work/try.o" 2>"$work/errors" ||
    cannot 'doctest is not there: one header, doctest/doctest.h; CXXFLAGS may name its directory'

# --- the drivers ---
missing=
for node in "${APPLICATION_ECHO:-/dev/echo}" "${APPLICATION_LOOP:-/dev/loop}" "${APPLICATION_NULS:-/dev/nuls}" \
    "${APPLICATION_UNIT:-/dev/echo3}" "${APPLICATION_UNCONFIGURED:-/dev/unconfigured}"; do
    [ -c "$node" ] || missing="$missing $node"
done
[ -z "$missing" ] || cannot "no character special file:$missing" \
    'echo, loop, nuls and pipemod (drivers/*.c) have to be in this kernel, and the nodes made: see README.md'
file=${APPLICATION_FILE:-/tmp/file}
[ -e "$file" ] || : >"$file" || cannot "$file cannot be made"

# --- the cases ---
sources="$here/main.cpp"
[ -n "${APPLICATION_LIBRARY:-}" ] || for each in "$here"/*.cpp; do
    [ "$each" = "$here/main.cpp" ] || sources="$sources $each"
done
objects=
for source in $sources; do
    object=$work/$(basename "$source" .cpp).o
    # shellcheck disable=SC2086
    $CXX -std=c++20 -DAPPLICATION_CALLS_POSIX -I"$top" ${CXXFLAGS:-} -c "$source" -o "$object" || cannot "$source does not compile"
    objects="$objects $object"
done
# shellcheck disable=SC2086
$CXX $objects ${APPLICATION_LIBRARY:+-Wl,--whole-archive "$APPLICATION_LIBRARY" -Wl,--no-whole-archive} ${LDLIBS:-} -o "$work/application" || cannot 'the cases do not link'
"$work/application" "$@"
status=$?
[ $status -eq 0 ] || status=1
exit $status
