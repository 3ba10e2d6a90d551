#!/bin/sh
# rill --checking runs the checking build of the command that is installed beside it, and says where it looked when there is
# none. checking.sh RILL CHECKING, which is whether RILL is a checking build itself.
rill=$1
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
bad=0
mkdir -p "$dir/p/bin" "$dir/p/libexec/rill/checking"
cp "$rill" "$dir/p/bin/rill" || exit 99
if [ "$2" = true ]; then
    "$dir/p/bin/rill" --checking --version | grep -q '^rill ' || { echo "a checking build does not run itself"; bad=1; }
    exit $bad
fi
"$dir/p/bin/rill" --checking --version >"$dir/out" 2>"$dir/err"
status=$?
if ! grep -q '^rill ' "$dir/out"; then # none is installed where this build belongs
    [ $status = 2 ] || { echo "without a checking build: exit status $status, expected 2"; bad=1; }
    grep -qF "$dir/p/libexec/rill/checking/rill" "$dir/err" || { echo "it is not said where it was looked for:"; cat "$dir/err"; bad=1; }
fi
printf '#!/bin/sh\necho "checking: $*"\nexit 7\n' >"$dir/p/libexec/rill/checking/rill"
chmod +x "$dir/p/libexec/rill/checking/rill"
"$dir/p/bin/rill" --checking check foo.so --tap >"$dir/out" 2>&1
status=$?
[ $status = 7 ] || { echo "the checking build's exit status 7 became $status"; bad=1; }
grep -qx 'checking: check foo.so --tap' "$dir/out" || { echo "arguments do not arrive:"; cat "$dir/out"; bad=1; }
exit $bad
