#!/usr/bin/env python3
"""Calls go one way: reads the objects of a build and fails on any call from a lower folder of streams/ to a higher one.

   layers.py BUILD [--table]    --table: who calls whom, folder by folder

The order is that of CONTRIBUTING.md's picture. What a lower folder wants of a higher one it asks through a table that was
registered (a streamtab, FileOps, Above of base/kernel); such a call names no function of the higher one. view/ reads what
all of them record; the command alone calls it. And what other systems do (clone/designs) stays outside: neither librill has
a function of theirs.
"""
import collections
import glob
import os
import re
import subprocess
import sys

ORDER = ["base", "message", "queue", "head", "file", "system", "service", "boot", "face"]


def folder_of(name):
    """Of an object's name, streams_queue_flow.cpp.o or clone_clone.cpp.o, the folder and the file."""
    parts = name.split(".cpp.o")[0].split("_", 2)
    if parts[0] != "streams":
        return parts[0], "_".join(parts[1:])
    if parts[1] == "system":
        return "system", "system"
    return parts[1], parts[2]


def symbols(path):
    defined, wanted = set(), set()
    for line in subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines():
        found = re.match(r"(?:[0-9a-f]+|\s+) (\w) (.*)", line)
        if found and found[1] in "TDBR":
            defined.add(found[2])
        elif found and found[1] == "U":
            wanted.add(found[2])
    return defined, wanted


def others(build):
    """What librill-designs.a defines and librill, shared or static, has as well."""
    def defined(library, *options):
        nm = subprocess.run(["nm", "--defined-only", *options, os.path.join(build, library)], capture_output=True, text=True, check=True)
        return set(re.findall(r" [TDBR] (.*)", nm.stdout))

    outside = defined("librill-designs.a")
    if len(outside) < 100:
        sys.exit(f"layers: librill-designs.a of {build} has {len(outside)} symbols; it is not built")
    return outside & (defined("librill.a") | defined("librill.so", "-D"))


def plain(names):
    return subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout.split("\n")


def main():
    build = sys.argv[1]
    objects = {}
    for path in glob.glob(os.path.join(build, "librill*.p", "*.cpp.o")):
        name = os.path.basename(path)
        if name.startswith(("streams_", "clone_clone", "clone_minor")):
            objects[name] = path
    if len(objects) < 40:
        sys.exit(f"layers: {build} has {len(objects)} objects of the library; it is not built")
    home, wants = {}, {}
    for name, path in objects.items():
        where = folder_of(name)
        defined, wants[where] = symbols(path)
        for symbol in defined:
            home[symbol] = where
    rank = {folder: i for i, folder in enumerate(ORDER)}
    calls, wrong = collections.Counter(), []
    for (folder, file), wanted in sorted(wants.items()):
        for symbol in sorted(wanted):
            if symbol not in home or home[symbol][0] == folder:
                continue
            to, its = home[symbol]
            calls[folder, to] += 1
            up = to == "clone" and folder != "face" or folder in rank and to in rank and rank[to] > rank[folder]
            if up or to == "view" or folder == "clone" and to in ("face", "boot", "view"):
                wrong.append((f"{folder}/{file}", f"{to}/{its}", symbol))
    if "--table" in sys.argv:
        for (folder, to), count in sorted(calls.items(), key=lambda c: (rank.get(c[0][0], 99), rank.get(c[0][1], 99))):
            print(f"{folder:8} -> {to:8} {count:4}")
    for (one, other, _), symbol in zip(wrong, plain([w[2] for w in wrong])):
        print(f"layers: {one} calls {symbol}, which {other} has: that is a way up")
    foreign = others(build)
    for symbol in plain(sorted(foreign)) if foreign else []:
        print(f"layers: librill has {symbol}, which is another system's")
    print(f"layers: {len(objects)} objects, {sum(calls.values())} calls between folders, {len(wrong)} of them up")
    return bool(wrong or foreign)


sys.exit(main())
