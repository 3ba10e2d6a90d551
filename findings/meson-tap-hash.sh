#!/bin/sh
# meson cuts the name of a TAP point at its first '#', escaped or not.
#
# Seen with Debian's meson 1.0.1: of "ok 1 - #DEV is the number of devices" nothing is left as a name, and of
# "ok 2 - flag \# prefix" only what stands before the backslash's '#'; TAP says that an escaped one belongs to the name. A test
# whose name has a '#' is nameless in meson's log and in its JUnit file.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq meson=1.0.1-5 >/dev/null 2>&1
dpkg -x meson_1.0.1-5_all.deb root
fail() { echo "changed: $*"; exit 1; }
cat >read.py <<'PY'
import asyncio
from mesonbuild import coredata, mtest
text = ['1..3', 'ok 1 - #DEV is the number of devices', r'ok 2 - flag \# prefix', 'ok 3 - plain']
print(coredata.version)
for event in mtest.TAPParser().parse(iter(text)):
    if isinstance(event, mtest.TAPParser.Test):
        print(event.number, repr(event.name), event.result.name, repr(event.explanation))
PY
PYTHONPATH=$(find root -type d -name mesonbuild -printf '%h\n' | head -1) python3 read.py >seen.txt 2>&1 || fail "$(cat seen.txt)"
cat seen.txt
grep -q '^1.0.1$' seen.txt || fail "the version"
grep -q "^3 '- plain' OK" seen.txt || fail "an ordinary name"
grep -q "^1 '-' OK" seen.txt || fail "the first name"
grep -qF "2 '- flag \\\\' OK" seen.txt || fail "the second name"
