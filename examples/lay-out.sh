#!/bin/sh
# lay-out.sh STAMP SOURCE OBJECT...: copies a sysgen directory to where STAMP lies, and the objects into its boot/.
set -e
stamp=$1 source=$2
shift 2
to=$(dirname "$stamp")
mkdir -p "$to/boot"
for part in system master.d dev; do
    rm -rf "$to/$part"
    cp -R "$source/$part" "$to/$part"
done
cp "$@" "$to/boot/"
: > "$stamp"
