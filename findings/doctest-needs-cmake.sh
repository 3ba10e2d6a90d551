#!/bin/sh
# Debian's doctest-dev is found by meson only on machines where cmake happens to be installed.
#
# Seen with doctest-dev 2.4.9~ds-1 and meson 1.0.1: the package has a CMake file and no pkg-config file, and meson reads CMake files
# by running cmake. dependency('doctest') says "NO" on a fresh machine and "YES" on one with cmake, for the same header in
# the same place; asking for the header works on both.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq doctest-dev=2.4.9~ds-1 meson=1.0.1-5 >/dev/null 2>&1
for deb in ./*.deb; do
    dpkg -x "$deb" root
done
fail() { echo "changed: $*"; exit 1; }
[ -z "$(find root -name 'doctest*.pc')" ] || fail "there is a pkg-config file"
[ -n "$(find root -name 'doctestConfig.cmake')" ] || fail "there is no CMake file"
command -v cmake >/dev/null || { echo "install cmake to see the other half"; exit 1; }
mkdir with without bin
for tool in c++ g++ as ld ninja sh env uname pkg-config ar; do
    path=$(command -v "$tool") && ln -s "$path" "bin/$tool"
done
cat >meson.build <<'M'
project('p', 'cpp')
cxx = meson.get_compiler('cpp')
message('header ' + cxx.has_header('doctest/doctest.h').to_string())
message('dependency ' + dependency('doctest', required: false).found().to_string())
M
setup() {
    PATH=$1 CMAKE_PREFIX_PATH=$dir/root/usr CXXFLAGS=-I$dir/root/usr/include \
        PYTHONPATH=$modules \
        "$python3" -c 'import sys; from mesonbuild import mesonmain; sys.argv[0] = "meson"; sys.exit(mesonmain.main())' setup "$2" . 2>&1 | grep -E '^Message' | tr '\n' ' '
}
mkdir b
modules=$(find "$dir/root" -type d -name mesonbuild -printf '%h\n' | head -1)
python3=$(python3 -c 'import sys; print(sys.executable)')
without=$(setup "$dir/bin" b/without) || true
with=$(setup "$PATH" b/with) || true
echo "without cmake: $without"
echo "with cmake:    $with"
case $without in *'header true'*'dependency false'*) ;; *) fail "without cmake" ;; esac
case $with in *'header true'*'dependency true'*) ;; *) fail "with cmake" ;; esac
