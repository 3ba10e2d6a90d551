#!/bin/sh
# check-symbols.sh LIBRARY: the application cases as compiled for another system refer to nothing of rill, and make their
# calls by the names that libc and <stropts.h> have.
set -e
wanted=$(nm -u -C "$1" | sed -n 's/^ *U //p' | sort -u)
if printf '%s\n' "$wanted" | grep -n rill; then
    echo "these are rill's"
    exit 1
fi
for call in open close read write ioctl getmsg getpmsg putmsg putpmsg poll dup dup2 fcntl fstat stat pipe isastream; do
    if ! printf '%s\n' "$wanted" | grep -Eqx "(__)?$call(64)?(_2|_time64)?(@.*)?"; then
        echo "no case refers to $call"
        exit 1
    fi
done
