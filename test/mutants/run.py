#!/usr/bin/env python3
"""run.py BUILD [NAME...]: runs the suite in BUILD (of a tree with mutants planted) against each mutant, or those named.

Each mutant meets first the cases that name the clauses it should break, then all cases, file by file, until one fails.
A case that fails, crashes or does not end catches it. Prints a line for each, and last how many survived.
"""
import concurrent.futures
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import plant

AT_ONCE = 2
SECONDS = 60  # for one file; a case that takes longer hangs
MEMORY = 8 << 30
CLAUSE = re.compile(r"\b[A-Z]+-\d{3}\b")


class Suite:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.program = os.path.join(self.build, "test", "rill-tests")
        tests = os.path.join(os.path.dirname(self.build), "src", "test")
        self.files = [f"{directory}/{name}" for directory in ("conformance", "unit", "property")
                      for name in sorted(os.listdir(os.path.join(tests, directory))) if name.endswith(".cpp")]
        self.temporary = os.path.join(os.path.dirname(self.build), "tmp")
        self.listed = {}

    def of_clauses(self, clauses):
        """Arguments that choose the cases of these clauses; random programs come later, with their files."""
        return ("--source-file-exclude=*property/*", "--test-case=" + ",".join(f"{c}*,* {c}*" for c in clauses))

    def cases(self, chosen):
        if chosen not in self.listed:
            out = subprocess.run([self.program, *chosen, "--list-test-cases"], stdout=subprocess.PIPE, text=True)
            self.listed[chosen] = out.stdout.splitlines()
        return self.listed[chosen]

    def failing(self, number, chosen):
        """The first of the chosen cases that fails with this mutant, and how: (name, how), or None."""
        temporary = os.path.join(self.temporary, str(threading.get_ident()))
        os.makedirs(temporary, exist_ok=True)
        environment = dict(os.environ, RILL_MUTANT=str(number), TMPDIR=temporary)
        run = subprocess.Popen([self.program, *chosen], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=temporary,
                               env=environment, start_new_session=True, preexec_fn=limit, errors="replace", text=True)
        hung = []

        def end():
            try:
                os.killpg(run.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

        timer = threading.Timer(SECONDS, lambda: (hung.append(True), end()))
        timer.start()
        passed, found = 0, None
        for line in run.stdout:
            if line.startswith("ok "):
                passed += 1
            elif line.startswith("# crashed") and not found:
                found = (None, "crashed")
            elif line.startswith("not ok "):
                found = (line.split(" - ", 1)[1].rstrip("\n"), found[1] if found else "failed")
                break
        timer.cancel()
        end()
        run.stdout.close()
        code = run.wait()
        shutil.rmtree(temporary, ignore_errors=True)
        if found and found[0]:
            return found
        if hung or found or code != 0:
            names = self.cases(chosen)
            name = names[passed] if passed < len(names) else "(the end of the run)"
            return name, "hung" if hung else "crashed"
        return None


def limit():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def without_mutants(suite, pool, chosen):
    """With no mutant on every case passes; else the catches below mean nothing."""
    runs = {pool.submit(suite.failing, 0, c): c for c in chosen}
    bad = []
    for at, done in enumerate(concurrent.futures.as_completed(runs), 1):
        progress(f"without mutants: {at} of {len(runs)}")
        if done.result():
            bad.append(done.result())
    progress("")
    for name, how in bad:
        print(f"without mutants: {how}: {name}")
    return not bad


def catch(suite, mutant):
    """(name of the case, how, whether it names an expected clause), or None for a survivor."""
    expected = suite.of_clauses(mutant.clauses)
    found = suite.failing(mutant.number, expected) if suite.cases(expected) else None
    for file in suite.files if not found else ():
        if suite.cases((file,)):
            found = suite.failing(mutant.number, (file,))
        if found:
            break
    return found and (*found, any(c in CLAUSE.findall(found[0]) for c in mutant.clauses))


def main(arguments):
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    began = time.monotonic()
    suite = Suite(arguments[0])
    mutants, wrong = plant.read_table()
    for line in wrong:
        print(line, file=sys.stderr)
    names = arguments[1:]
    unknown = set(names) - {m.name for m in mutants}
    if wrong or unknown:
        for name in sorted(unknown):
            print(f"no mutant has the name {name}", file=sys.stderr)
        return 2
    chosen = [m for m in mutants if not names or m.name in names]
    survivors, elsewhere = 0, 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [suite.of_clauses(m.clauses) for m in chosen] if names else [(file,) for file in suite.files]
        if not without_mutants(suite, pool, [r for r in runs if suite.cases(r)]):
            return 2
        for at, (m, caught) in enumerate(zip(chosen, pool.map(lambda m: catch(suite, m), chosen)), 1):
            progress("")
            print(f"{m.name}: {m.breaks}")
            if caught:
                name, how, is_expected = caught
                clauses = " ".join(c for c in CLAUSE.findall(name) if c in m.clauses or not is_expected) or "a unit test"
                print(f"    {'caught' if how == 'failed' else how} by {clauses}"
                      f"{'' if is_expected else ', expected ' + ' '.join(m.clauses)} ({name})", flush=True)
                elsewhere += not is_expected
            else:
                survivors += 1
                print(f"    SURVIVED, expected {' '.join(m.clauses)} ({m.file})", flush=True)
            progress(f"{at} of {len(chosen)}, survivors: {survivors}")
    progress("")
    shutil.rmtree(suite.temporary, ignore_errors=True)
    print(f"{len(chosen)} mutants in {time.monotonic() - began:.0f} s, {elsewhere} caught by another clause's case only")
    print(f"survivors: {survivors}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
