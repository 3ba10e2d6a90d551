#!/bin/sh
# doctest cannot compare a function pointer with nullptr in an assertion: what it would print does not compile.
#
# Seen with doctest-dev 2.4.9~ds-1 and g++ 12: an assertion turns both sides into text, and the text of any pointer is made from a
# `const void *`, which a pointer to a function does not become by itself. Data pointers are fine, and so is asserting the pointer
# alone. Who tests tables of procedures (struct qinit, file_operations) meets it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq doctest-dev=2.4.9~ds-1 >/dev/null 2>&1
dpkg -x ./*.deb root
fail() { echo "changed: $*"; exit 1; }
compiles() { # a line in a case
    printf '%s\n' '#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN' '#include <doctest/doctest.h>' \
        'static int (*procedure)() = nullptr;' 'static int *data = nullptr;' 'TEST_CASE("t") {' "$1" '}' >case.cpp
    g++ -std=c++20 -I root/usr/include -fsyntax-only case.cpp >log 2>&1
}
compiles 'CHECK(data == nullptr);' || fail "a data pointer"
compiles 'CHECK(!procedure);' || fail "the pointer alone"
compiles 'bool none = procedure == nullptr; CHECK(none);' || fail "the comparison outside of the assertion"
if compiles 'CHECK(procedure == nullptr);'; then fail "CHECK(procedure == nullptr) compiles"; fi
grep -q "invalid conversion from .*to .const void\*" log || fail "another error: $(grep -m1 error log)"
echo "CHECK(data == nullptr): compiles"
echo "CHECK(!procedure): compiles"
echo "CHECK(procedure == nullptr): $(grep -m1 -o 'invalid conversion.*' log)"
