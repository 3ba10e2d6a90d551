#!/usr/bin/env python3
"""run.py RILL SOURCE BUILD DOCUMENT...: runs what the documents show, and compares what they claim.

A session is a block of code (four blanks or a fence) with lines that begin with "$ ". What stands below such a line is what
the command prints; "..." at the end of a line stands for its rest, alone on a line for any number of lines. A "$ " line
whose first word is no program is a call: it is given to `rill boot examples/sysgen`. Lines "rill> " are typed into the
command above them. The sessions of a document run in order in one directory, where the tree is under its own names and
the example program and the broken drivers lie as a reader would have copied them.

A directory to boot (lines "system/...", "master.d/...", "dev") is made as shown, with the example driver in boot/; a C
program that includes rill.h is compiled as far as it goes.
"""
import difflib
import glob
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

PROGRAMS = {"rill", "build/tools/rill", "cc", "gcc", "gdb", "meson", "ninja", "pkg-config", "valgrind", "cat", "ls", "cp", "sed", "echo", "grep", "./main", "./bootstrap"}
SECONDS = 300


def blocks(text):
    """(line number, lines) of each block of code, without what sets it in."""
    block, start, fence = [], 0, False
    for number, line in enumerate(text.split("\n") + [""], 1):
        if line.startswith("```"):
            fence = not fence
            if block:
                yield start, dedented(block)
            block = []
        elif fence or line.startswith("    ") or (block and not line.strip()):
            if not block:
                start = number
            block.append(line)
        elif block:
            yield start, dedented(block)
            block = []


def dedented(block):
    return textwrap.dedent("\n".join(block)).split("\n")


def squeezed(line):
    """Columns move with the width of the page: how many blanks stand between two does not count."""
    return re.sub(r" {2,}", "  ", line.rstrip())


def commands(block):
    """(offset, command, typed lines, expected lines) of each "$ " line."""
    out = []
    for offset, line in enumerate(block):
        if line.startswith("$ "):
            out.append((offset, line[2:], [], []))
        elif out:
            out[-1][3].append(line.rstrip())
    for _, _, _, expected in out:
        while expected and not expected[-1]:
            expected.pop()
    return out


def dialogue(expected):
    """What was typed, and what the command prints when nobody sits there (with --quiet: call -> result)."""
    typed, printed = [], []
    for line in expected:
        if line.startswith("rill> "):
            typed.append(line[len("rill> "):])
            printed.append(typed[-1])
        elif typed:
            printed[-1] += " " + line.strip()
    return typed, printed


def matches(expected, got):
    """Whether the lines are those, with "..." for what is left out."""
    if not expected:
        return not got
    if expected[0].strip() == "...":
        return any(matches(expected[1:], got[at:]) for at in range(len(got) + 1))
    if not got:
        return False
    want, line = squeezed(expected[0]), squeezed(got[0])
    same = line.startswith(want[:-3].rstrip()) if want.endswith("...") else line == want
    return same and matches(expected[1:], got[1:])


class Document:
    def __init__(self, rill, source, build, path):
        self.rill, self.source, self.build, self.path = rill, source, build, path
        self.failures = 0
        self.directory = tempfile.mkdtemp()
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1", COLUMNS="80", PKG_CONFIG_PATH=os.path.join(self.directory, "pkgconfig"),
                                LD_LIBRARY_PATH=build, PATH=os.path.dirname(rill) + ":" + os.environ["PATH"])
        for name in ("examples", "drivers", "clone", "streams", "test", "bootstrap"):
            os.symlink(os.path.join(source, name), os.path.join(self.directory, name))
        os.symlink(build, os.path.join(self.directory, "build"))
        os.symlink(source, os.path.join(self.directory, "tree"))
        for path in glob.glob(os.path.join(build, "meson-uninstalled", "*.pc")): # a shell would split a path with blanks
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for there, here in ((build, "build"), (source, "tree")):
                for spelt in (there.replace(" ", "\\ "), there):
                    text = text.replace(spelt, os.path.join(self.directory, here))
            self.write("pkgconfig/" + os.path.basename(path), text)
        for name in ("main.c", "unit.c"):
            shutil.copy(os.path.join(source, "examples/program", name), self.directory)
        shutil.copytree(os.path.join(source, "examples/porting/broken"), os.path.join(self.directory, "broken"))
        self.write("foo.c", self.foo())

    def foo(self):
        """The driver foo of the documents: the example program's, by another name."""
        with open(os.path.join(self.source, "examples/program/unit.c"), encoding="utf-8") as file:
            return re.sub(r"\bunit", "foo", file.read())

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def fail(self, line, what):
        self.failures += 1
        print(f"{self.path}:{line}: {what}")

    def run(self, command, typed=()):
        done = subprocess.run(command, shell=True, cwd=self.directory, env=self.environment, input="".join(t + "\n" for t in typed),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SECONDS)
        got = [line.rstrip() for line in done.stdout.split("\n")]
        while got and not got[-1]:
            got.pop()
        return done.returncode, got

    def session(self, line, command, expected):
        typed = []
        if any(e.startswith("rill> ") for e in expected):
            typed, expected = dialogue(expected)
        first = command.split()[0]
        if first in PROGRAMS:
            status, got = self.run(command, typed)
        else:
            # A call, shown with its steps; "$ " is how rill shows it too.
            status, got = self.run("rill boot examples/sysgen", [command])
            expected = ["$ " + command] + expected
        if status >= 126:
            self.fail(line, f"exit status {status}: {command}")
        elif not matches(expected, got):
            self.fail(line, f"$ {command}\n  does not print (-) but (+)")
            sys.stdout.writelines(f"  {d}\n" for d in list(difflib.unified_diff(expected, got, lineterm="", n=1))[:40])

    def boot_directory(self, block):
        for line in block:
            found = re.match(r"(system/\S+|master\.d/\S+|dev)\s+(.*?)(\s{2,}\(.*\))?$", line.strip())
            if found:
                self.write("my-directory/" + found[1], found[2] + "\n")
        self.write("my-directory/boot/foo.c", self.foo())

    def program(self, line, block):
        block = list(itertools.takewhile(lambda each: not each.startswith("$ "), block))
        includes = [each for each in block if each.startswith("#include")]
        body = [each for each in block if not each.startswith("#include")]
        self.write("shown.c", "\n".join(
            includes + ["#include <fcntl.h>", "#include <stdio.h>", "#include <sys/stat.h>", "extern struct streamtab unitinfo;",
                        "extern int unitdevflag;", "int main(void) {"] + body + ["return 0; }"]) + "\n")
        status, got = self.run("cc -std=gnu17 -fsyntax-only $(pkg-config --cflags rill) shown.c")
        if status:
            self.fail(line, "the program does not compile\n" + "\n".join(got))

    def check(self):
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        sessions = 0
        for start, block in blocks(text):
            if any(re.match(r"\s*system/\S+\.sm\s", line) for line in block):
                self.boot_directory(block)
            elif block[0].startswith("#include <rill.h>"):
                self.program(start, block)
            for offset, command, _, expected in commands(block):
                sessions += 1
                self.session(start + offset, command, expected)
        shutil.rmtree(self.directory)
        print(f"{self.path}: {sessions} commands, {self.failures} not as shown")
        return self.failures


def main(arguments):
    if len(arguments) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    rill, source, build = (os.path.abspath(each) for each in arguments[:3])
    return 1 if sum([Document(rill, source, build, path).check() for path in arguments[3:]]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
