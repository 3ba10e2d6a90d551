#!/usr/bin/env python3
"""Plants the mutants of mutants.txt into a copy of the sources.

plant.py --check SOURCE      are all old texts found, each once? (a meson test)
plant.py --list              number and name of each mutant
plant.py SOURCE COPY         makes, or brings up to date, a copy of the tree SOURCE in COPY, all mutants planted in it

The file that an entry names is where it is looked for first. In the copy each mutant is behind rill::mutant_on(N), which is true in a program started with RILL_MUTANT=N; without it,
or with 0, the program behaves as the sources do. Files that are as they were are not written, so that ninja builds only
what changed. The form of mutants.txt is told at its top.
"""
import os
import re
import shutil
import sys
import zlib

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mutants.txt")
FIELDS = ("name", "file", "breaks", "clauses")

HEADER = """\
// Made by test/mutants/plant.py: which mutant is on.
#pragma once
#include <cstdlib>
namespace rill {
inline const int mutant_number = [] {
    const char *chosen = std::getenv("RILL_MUTANT");
    return chosen ? std::atoi(chosen) : 0;
}();
inline bool mutant_on(int number) { return number == mutant_number; }
} // namespace rill
"""


class Mutant:
    def __init__(self, line):
        self.line = line
        self.name = self.file = self.breaks = ""
        self.clauses = []
        self.old, self.new = [], []

    def __str__(self):
        return f"mutants.txt:{self.line}: {self.name or '(no name)'}"

    # By name, so that a new entry does not change the text planted for the others.
    @property
    def number(self):
        return zlib.crc32(self.name.encode()) >> 1 or 1

    # White space apart, the old text is meant literally.
    def pattern(self):
        return re.compile(r"\s+".join(re.escape(word) for word in " ".join(self.old).split()))

    def replacement(self):
        return re.sub(r"\bMUTANT\b", f"rill::mutant_on({self.number})", "\n".join(self.new))

    def complaint(self):
        for field in FIELDS:
            if not getattr(self, field):
                return f"{self}: no {field}"
        if not "".join(self.old).strip() or not re.search(r"\bMUTANT\b", "\n".join(self.new)):
            return f"{self}: wants old text (-) and new text (+) with MUTANT in it"
        return None


def read_table(path=TABLE):
    """All mutants, and what is wrong with the table."""
    mutants, wrong, one = [], [], None
    for at, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if not line.strip():
            one = None
            continue
        if line[0] == "*":
            continue
        if one is None:
            one = Mutant(at)
            mutants.append(one)
        field, _, value = line.partition(":")
        if line[0] == "-":
            one.old.append(line[1:])
        elif line[0] == "+":
            one.new.append(line[1:])
        elif field in FIELDS:
            setattr(one, field, value.split() if field == "clauses" else value.strip())
        else:
            wrong.append(f"mutants.txt:{at}: expected one of {', '.join(FIELDS)}, - or +, found '{line}'")
    names = set()  # as numbers
    for m in mutants:
        if m.complaint():
            wrong.append(m.complaint())
        if m.number in names:
            wrong.append(f"{m}: the name, or its number, for the second time")
        names.add(m.number)
    return mutants, wrong


def follow_moves(source, mutants):
    """Code moves between files: an old text that its file has not is looked for in all sources, and the one that has it is its file."""
    sources = {}
    for top in ("clone", "streams"):
        for directory, _, names in os.walk(os.path.join(source, top)):
            for name in names:
                if name.endswith((".cpp", ".hpp")):
                    path = os.path.join(directory, name)
                    sources[os.path.relpath(path, source)] = open(path, encoding="utf-8").read()
    for m in mutants:
        if m.file in sources and not m.pattern().search(sources[m.file]) or m.file not in sources and not os.path.exists(os.path.join(source, m.file)):
            having = [file for file, text in sources.items() if m.pattern().search(text)]
            if len(having) == 1:
                m.file = having[0]


def mutate(source, mutants):
    """Texts of the mutated files by name, and what does not fit."""
    texts, wrong = {}, []
    follow_moves(source, mutants)
    for file in sorted({m.file for m in mutants}):
        path = os.path.join(source, file)
        if not os.path.isfile(path):
            wrong.append(f"{file}: no such file")
            continue
        text = open(path, encoding="utf-8").read()
        places = []
        for m in mutants:
            if m.file != file:
                continue
            found = list(m.pattern().finditer(text))
            if len(found) == 1:
                places.append((found[0].start(), found[0].end(), m))
            else:
                what = "is not there" if not found else f"is there {len(found)} times"
                wrong.append(f"{m}: {file}: the old text {what}: {' '.join(' '.join(m.old).split())}")
        places.sort(key=lambda place: place[0])
        out, at, before = [], 0, None
        for begin, end, m in places:
            if begin < at:
                wrong.append(f"{m}: {file}: the old text overlaps that of {before.name}")
                continue
            out += [text[at:begin], m.replacement()]
            at, before = end, m
        texts[file] = f'#include "mutants.hpp"\n#line 1 "{file}"\n' + "".join(out) + text[at:]
    return texts, wrong


def is_source(directory, name):
    return not (name.startswith(".") or name == "__pycache__" or directory == "." and name.startswith("build"))


def copy(source, to, texts):
    """Brings the copy up to date; what the source has no longer goes."""
    kept = set()

    def write(name, data):
        kept.add(os.path.normpath(name))
        path = os.path.join(to, name)
        if os.path.exists(path) and open(path, "rb").read() == data:
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").write(data)

    for directory, directories, names in os.walk(source):
        short = os.path.relpath(directory, source)
        directories[:] = [d for d in directories if is_source(short, d)]
        for name in names:
            if not is_source(short, name) and short != ".":
                continue
            file = os.path.normpath(os.path.join(short, name))
            if not os.path.isfile(os.path.join(source, file)):
                continue
            data = texts[file].encode() if file in texts else open(os.path.join(source, file), "rb").read()
            write(file, data)
            shutil.copymode(os.path.join(source, file), os.path.join(to, file))
    write("mutants.hpp", HEADER.encode())
    for directory, _, names in os.walk(to):
        for name in names:
            file = os.path.normpath(os.path.join(os.path.relpath(directory, to), name))
            if file not in kept:
                os.remove(os.path.join(to, file))


def main(arguments):
    mutants, wrong = read_table()
    if arguments == ["--list"]:
        for m in mutants:
            print(m.number, m.name)
        return 0
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, to = (arguments[1], None) if arguments[0] == "--check" else arguments
    texts, unfit = mutate(source, mutants)
    for line in wrong + unfit:
        print(line, file=sys.stderr)
    if wrong or unfit:
        return 1
    if to:
        copy(source, to, texts)
    print(f"{len(mutants)} mutants {'planted' if to else 'fit the sources'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
