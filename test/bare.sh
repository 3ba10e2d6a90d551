#!/usr/bin/env bash
# bare.sh both|demo|test: `./bootstrap demo` and `./bootstrap test` where nothing is there by luck.
#
# Twice a Debian is made that has its base system only (debootstrap, minbase), from the mirror that this machine's apt uses:
# once root runs them in a git checkout, once an ordinary user with sudo in a tree that is none and lies on a path with
# blanks. Packages come first, with the network; the rest runs without one. The tree is the committed one.
#
#   BARE_BASE=DIR   copy this base system instead of making one
#   BARE_KEEP=1     leave the two systems where they are, and say where
set -euo pipefail
cd "$(dirname "$0")/.."
what=$1

say() { printf 'bare: %s\n' "$*" >&2; }

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { say "not root and no sudo"; exit 1; }
    exec sudo --preserve-env=http_proxy,https_proxy,no_proxy,TMPDIR,BARE_BASE,BARE_KEEP "$0" "$@"
fi
# Mounts of a namespace of our own go when we go, however that is.
if [ -z "${BARE_INSIDE:-}" ]; then BARE_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"; fi

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirror=$(apt-cache policy | awk -v main="$codename/main" '$3 == main { print $2; exit }')
[ -n "$mirror" ] || { say "apt has no mirror with $codename/main (apt-cache policy)"; exit 1; }
if [ -z "${BARE_BASE:-}" ] && ! command -v debootstrap >/dev/null; then
    say "installing debootstrap"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
fi

work=$(mktemp -d "${TMPDIR:-/var/tmp}/rill-bare.XXXXXX")
finish() {
    # Nothing below may lead out of the two systems when they are removed.
    awk -v below="$work/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r point; do
        umount -l "$(printf '%b' "$point")"
    done
    if [ -n "${BARE_KEEP:-}" ]; then say "left in $work"; else rm -rf --one-file-system "$work"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

base=${BARE_BASE:-$work/base}
if [ -z "${BARE_BASE:-}" ]; then
    say "making a $codename with its base system only"
    debootstrap --variant=minbase "$codename" "$base" "$mirror" >"$work/debootstrap.log" 2>&1 ||
        { tail -20 "$work/debootstrap.log" >&2; exit 1; }
fi

# apt in there asks whom apt out here asks.
take_over_apt() {
    local to=$1 from
    rm -rf "$to/etc/apt/sources.list" "$to/etc/apt/sources.list.d"
    for from in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/keyrings /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d \
        /etc/apt/auth.conf /etc/apt/auth.conf.d /usr/share/keyrings /etc/ssl/certs/ca-certificates.crt /etc/resolv.conf /etc/hosts; do
        [ -e "$from" ] || continue
        mkdir -p "$to$(dirname "$from")"
        cp -aL "$from" "$to$(dirname "$from")/"
    done
    apt-config dump | grep '^Acquire::' | grep -vE ' "";$|^Acquire::(IndexTargets|CompressionTypes|cdrom|Changelogs)' \
        >"$to/etc/apt/apt.conf.d/99host" || true
}

# The committed tree; of a tree that is no git checkout, all but what was built.
put_tree() {
    mkdir -p "$1"
    if git rev-parse --git-dir >/dev/null 2>&1; then git -c safe.directory='*' archive HEAD | tar -x -C "$1"
    else tar -c --exclude='./build*' . | tar -x -C "$1"; fi
}

failed=0
times=()
# step WHO WHAT COMMAND...: runs it, keeps its time, and that of the processors.
step() {
    local who=$1 name=$2 status=0 TIMEFORMAT='%0R s, %0U + %0S s of processors'
    shift 2
    say "$who: $name"
    { time "$@" >"$work/log" 2>&1 </dev/null; } 2>"$work/time" || status=$?
    times+=("$(printf '%-6s %-10s %s: %s' "$who" "$name" "$([ $status = 0 ] && echo passed || echo "FAILED ($status)")" "$(tail -1 "$work/time")")")
    if [ $status != 0 ]; then
        tail -80 "$work/log" >&2
        failed=1
    elif [ "$name" = demo ]; then cat "$work/log"
    else grep -E '^(Ok|Fail|Expected Fail|Unexpected Pass|Skipped|Timeout):|^bootstrap: ' "$work/log" >&2 || true; fi
    return $status
}

# inside ROOT USER DIRECTORY COMMAND: a login of that user.
inside() {
    local root=$1 user=$2 dir=$3
    shift 3
    chroot "$root" su - "$user" -c "export http_proxy='${http_proxy:-}' https_proxy='${https_proxy:-}' no_proxy='${no_proxy:-}'; cd '$dir' && $*"
}
export -f inside
inside_offline() { unshare --net bash -c 'inside "$@"' inside "$@"; }

for who in root porter; do
    root=$work/$who
    cp -a "$base" "$root"
    take_over_apt "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --make-rslave "$root/dev"
    dir=/usr/src/rill
    if [ $who = porter ]; then
        dir='/home/porter/my own tree/rill'
        chroot "$root" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sudo' \
            >/dev/null
        chroot "$root" useradd --create-home --shell /bin/bash porter
        echo 'porter ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/porter"
    fi
    put_tree "$root$dir"
    if [ $who = root ] && [ "$(git rev-parse --is-inside-work-tree 2>/dev/null)" = true ]; then
        git -c safe.directory='*' clone --quiet --bare . "$root$dir/.git"
        git --git-dir="$root$dir/.git" config core.bare false
    fi
    chroot "$root" chown -R $who: "$(dirname "$dir")"
    if [ "$what" != test ]; then
        step $who packages inside "$root" $who "$dir" ./bootstrap deps demo || continue
        step $who demo inside_offline "$root" $who "$dir" ./bootstrap demo || continue
    fi
    if [ "$what" != demo ]; then
        step $who 'packages 2' inside "$root" $who "$dir" ./bootstrap deps || continue
        step $who test inside_offline "$root" $who "$dir" ./bootstrap test || continue
    fi
done

say "times:"
printf '%s\n' "${times[@]}"
exit $failed
