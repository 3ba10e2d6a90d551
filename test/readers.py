#!/usr/bin/env python3
"""Readers of the trace ask for the event: fails on a reader that compares what a record says.

   readers.py SOURCE

A reader is a file outside the tests that has a record(const Record &), and whatever lies in streams/view. It may compare no
text of a record (what, clause, text) and no name with a constant; a driver's own name is what "clone" is.
"""
import os
import re
import sys

FIELD = r"\b(?:what|clause|text|name|reason|word)\b(?:\.c_str\(\)|\)|\s)*"
COMPARED = re.compile("|".join([
    FIELD + r"[!=]=\s*(?:std::)?(?:string_view\()?\{?\"",
    r"\"\)?\s*[!=]=\s*(?:str\()?[\w.>-]*" + FIELD,
    r"\bstrn?(?:case)?cmp\([^;]*" + FIELD,
    FIELD + r"\.(?:starts_with|ends_with|compare)\(",
    FIELD + r"\.(?:find|contains)\(\"",
    r"\bis\([^;]*" + FIELD + r",\s*\"",
]))
NAMES = {"clone"}
# What each pattern is for; none of them may be missed.
EXAMPLES = ['if (str(r.what) == "none is free")', 'r.clause == std::string_view("CLN-060")', 'name == "spec open"', '"taken" == r.what',
            'std::strcmp(r.clause, "MP-004") == 0', 'r.what && std::strncmp(r.what, "moved", 5)', 'what.starts_with("moved")',
            'if (is(r.name, "descriptor"))', 'const bool up = r.text == "up";']


def compared(line):
    found = COMPARED.search(line.split(" // ")[0])
    constants = re.findall(r'"([^"]*)"', line)
    return bool(found) and not (constants and set(constants) <= NAMES)


def readers(source):
    for top in ("streams", "clone", "tools"):
        for directory, _, files in os.walk(os.path.join(source, top)):
            for name in sorted(files):
                path = os.path.join(directory, name)
                if not name.endswith((".cpp", ".hpp")):
                    continue
                text = open(path, encoding="utf-8").read()
                if "record(const Record &" in text or os.path.relpath(path, source).startswith("streams/view/"):
                    yield os.path.relpath(path, source), text.split("\n")


def main():
    missed = [line for line in EXAMPLES if not compared(line)]
    for line in missed:
        print(f"readers: this would not be found: {line}")
    found, files = [], set()
    for path, lines in readers(sys.argv[1]):
        files.add(path)
        found += [f"{path}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if compared(line)]
    for line in found:
        print(line)
    expected = {"streams/view/text.cpp", "streams/view/json.cpp", "clone/designs/steps.cpp", "tools/rill/check/watch.cpp"}
    for path in sorted(expected - files):
        print(f"readers: {path} was not read")
    print(f"{len(files)} files, {len(found)} comparisons")
    sys.exit(bool(missed or found or expected - files))


main()
