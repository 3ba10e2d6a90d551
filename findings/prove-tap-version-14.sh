#!/bin/sh
# prove fails a test stream for saying that it is TAP version 14, whatever the points say.
#
# Seen with TAP::Harness 3.44 (Debian's perl-modules-5.36): "TAP version 13" as first line passes; "TAP version 14", which
# the current TAP specification asks for, gives "TAP specified version 14 but we don't know about versions later than 13", and
# the run is a failure (Result: FAIL) although "All 1 subtests passed". A stream for several readers begins without the line.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq perl-modules-5.36=5.36.0-7+deb12u4 >/dev/null 2>&1
dpkg -x perl-modules-5.36_*.deb root
modules=$(find root -type d -path '*perl/5.36*' -name App | head -1)
modules=$(dirname "$modules")
fail() { echo "changed: $*"; exit 1; }
prove() { perl -I"$modules" -MApp::Prove -e '$a = App::Prove->new; $a->process_args(@ARGV); exit($a->run ? 0 : 1)' -- --exec cat "$1" 2>&1; }
version=$(perl -I"$modules" -MTAP::Harness -e 'print $TAP::Harness::VERSION')
[ "$version" = 3.44 ] || fail "TAP::Harness is $version"
printf 'TAP version 13\n1..1\nok 1 - a\n' >thirteen.tap
printf 'TAP version 14\n1..1\nok 1 - a\n' >fourteen.tap
prove thirteen.tap >13.txt || fail "version 13: $(cat 13.txt)"
! prove fourteen.tap >14.txt || fail "version 14 passes"
grep -q "TAP specified version 14 but we don't know about versions later than 13" 14.txt || fail "the message: $(cat 14.txt)"
echo "TAP::Harness $version: $(sed -n 's/^ *Parse errors: //p' 14.txt)"
