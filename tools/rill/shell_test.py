#!/usr/bin/env python3
"""The shell at a terminal: history, completion, colours, Ctrl-C, the pager; on a pseudo-terminal, as a person has it.

   shell_test.py RILL
"""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

rill = os.path.abspath(sys.argv[1])
failures = 0


class Terminal:
    """A command on a pseudo-terminal of 80 columns."""

    def __init__(self, arguments, home, extra=None):
        environment = {"PATH": os.environ["PATH"], "HOME": home, "TERM": "xterm", "LANG": "C"}
        environment.update({k: os.environ[k] for k in ("RILL_BOOT_PATH", "LSAN_OPTIONS", "ASAN_OPTIONS", "RILL_CC") if k in os.environ})
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # libedit keeps its history's lines
        environment.update(extra or {})
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            import fcntl, struct, termios
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.execve(arguments[0], arguments, environment)

    def wait_for(self, text, seconds=20):
        """Everything up to this text; the text is consumed."""
        until = time.monotonic() + seconds
        while text not in self.seen:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                break
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                part = b""
            if not part:
                break
            self.seen += part.decode(errors="replace")
        if text not in self.seen:
            got, self.seen = self.seen, ""
            return None, got
        before, _, self.seen = self.seen.partition(text)
        return before, None

    def wait_until_cooked(self, seconds=20):
        """The line is taken and its call begins: Ctrl-C is a signal again."""
        import termios
        until = time.monotonic() + seconds
        while not termios.tcgetattr(self.fd)[3] & termios.ISIG and time.monotonic() < until:
            time.sleep(0.01)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, seconds=20):
        until = time.monotonic() + seconds
        rest = self.seen
        while True:
            if not select.select([self.fd], [], [], max(until - time.monotonic(), 0))[0]:
                os.kill(self.pid, signal.SIGKILL)
                break
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                break
            if not part:
                break
            rest += part.decode(errors="replace")
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status), rest


def expect(name, terminal, text):
    global failures
    before, got = terminal.wait_for(text)
    if got is not None:
        failures += 1
        print(f"{name}: {text!r} did not come; there was {got!r}")
    return before or ""


def check(name, holds, detail=""):
    global failures
    if not holds:
        failures += 1
        print(f"{name}: {detail!r}")


home = tempfile.mkdtemp()
state = os.path.join(home, ".local/state/rill/history")

# --- calls, completion, colours ---
t = Terminal([rill, "shell"], home)
expect("greeting", t, "help lists the calls")
expect("prompt", t, "rill> ")
t.type("ope\t/dev/ech\t\n")
expect("completion of a call and a path", t, "\033[32m  -> 0\033[0m")
expect("a clause in its colour", t, "\033[36m")
expect("prompt", t, "rill> ")
t.type("fd=open /dev/echo\n")
expect("without blanks", t, "-> 1")
expect("prompt", t, "rill> ")
t.type("ioctl f\tI_PU\t")
expect("what an ioctl may be", t, "I_PUNLINK")
t.type("S\tpip\t\n")
expect("completion of a descriptor, an ioctl and a module", t, "-> 0")
expect("prompt", t, "rill> ")
t.type("help CLN-02\t\t")
expect("clause ids in two columns or more", t, "CLN-023")
t.type("2\n")
expect("help of a clause", t, "carry the target's qinit")
expect("its source", t, "Device Driver Programmer's Guide")
expect("prompt", t, "rill> ")
t.type("opne /dev/echo\n")
expect("the nearest word", t, "is open meant?")
expect("prompt", t, "rill> ")

# --- Ctrl-C ---
t.type("open /dev/nothing\x03")
expect("Ctrl-C throws the line away", t, "^C")
expect("and the shell goes on", t, "rill> ")
t.type("stat /dev/echo\n")
expect("with the next line alone", t, "st_rdev (10,61)")
expect("prompt", t, "rill> ")
t.type("quit\n")
status, rest = t.end()
check("quit", status == 0, (status, rest))
check("history is kept", os.path.exists(state) and "stat\\040/dev/echo" in open(state).read(), os.path.exists(state) and open(state).read())

# --- history comes back; NO_COLOR ---
t = Terminal([rill, "shell"], home, {"NO_COLOR": "1"})
expect("prompt", t, "rill> ")
t.type("\x10\x10\n")  # Ctrl-P: quit, then the line before it
expect("history", t, "st_rdev (10,61)")
expect("prompt", t, "rill> ")
t.type("open /dev/echo\n")
before = expect("a call", t, "rill> ")
check("NO_COLOR", "\033[3" not in before and "-> 0" in before, before)
t.type("\x04")
status, rest = t.end()
check("end of input", status == 0, (status, rest))

# --- no place for the history ---
t = Terminal([rill, "shell"], home, {"XDG_STATE_HOME": "/proc"})
expect("prompt", t, "rill> ")
t.type("stat /dev/echo\n")
expect("works all the same", t, "st_rdev (10,61)")
t.type("quit\n")
check("quit", t.end()[0] == 0)

# --- Ctrl-C while a call runs: a driver whose timer never stops ---
tree = os.path.join(home, "tree")
for part in ("system", "master.d", "boot"):
    os.makedirs(os.path.join(tree, part))
with open(os.path.join(tree, "system/x.sm"), "w") as f:
    f.write("USE: beat\n")
with open(os.path.join(tree, "master.d/beat"), "w") as f:
    f.write("*FLAG PREFIX SOFT #DEV DEPENDENCIES\nfs beat 80 4 clone\n")
with open(os.path.join(tree, "dev"), "w") as f:
    f.write("/dev/beat c 80 0 0666 0 0\n")
with open(os.path.join(tree, "boot/beat.c"), "w") as f:
    f.write("""#include <sys/types.h>
#include <sys/stream.h>
#include <sys/cred.h>
#include <sys/ddi.h>
int beatdevflag = 0;
static struct module_info info = {80, "beat", 0, INFPSZ, 512, 128};
static void beat(caddr_t arg) { timeout(beat, arg, 1); }
static int beatopen(queue_t *q, dev_t *dev, int flag, int sflag, cred_t *cred) { if (!q->q_ptr) { q->q_ptr = (caddr_t)1; beat(0); } return 0; }
static int beatclose(queue_t *q, int flag, cred_t *cred) { return 0; }
static int beatput(queue_t *q, mblk_t *mp) { freemsg(mp); return 0; }
static struct qinit rinit = {0, 0, beatopen, beatclose, 0, &info, 0}, winit = {beatput, 0, 0, 0, 0, &info, 0};
struct streamtab beatinfo = {&rinit, &winit, 0, 0};
""")
t = Terminal([rill, "boot", tree, "--quiet"], home)
expect("prompt", t, "rill> ")
t.type("fd = open /dev/beat\n")
expect("open", t, "-> 0")
expect("prompt", t, "rill> ")
t.type("advance 1000000000\n")
t.wait_until_cooked()
t.type("\x03")
expect("Ctrl-C stops the clock", t, "broken off")
expect("and the shell goes on", t, "rill> ")
t.type("read fd 10\n")
t.wait_until_cooked()
t.type("\x03")
expect("Ctrl-C ends the call", t, "EINTR")
expect("and the shell goes on", t, "rill> ")
t.type("fstat fd\n")
expect("with what there was", t, "st_rdev (80,0)")
t.type("quit\n")
t.end()

# --- the pager, and the width of the terminal ---
scenario = os.path.join(home, "one.rill")
with open(scenario, "w") as f:
    f.write("fd = open /dev/echo\nexpect (61,0) fstat fd\n")
t = Terminal([rill, "run", scenario], home, {"PAGER": "sed s/^/PAGED:/"})
status, rest = t.end()
check("a pager", status == 0 and "PAGED:  -> 0" in rest, (status, rest))
check("an other pager has no colours", "\033[" not in rest, rest)
wide = [line for line in rest.replace("PAGED:", "").splitlines() if len(line) > 80]
check("80 columns", not wide, wide)
check("clauses end there", re.search(r"(?m)^PAGED:.{72} CLN-035\r?$", rest), rest)
done = subprocess.run([rill, "run", scenario], env={"PATH": os.environ["PATH"], "PAGER": "sed s/^/PAGED:/", "TERM": "xterm"}, capture_output=True, text=True)
check("no pager for a file", "PAGED" not in done.stdout and "\033[" not in done.stdout, done.stdout)

# --- a key after each call ---
t = Terminal([rill, "run", scenario, "--step"], home)
expect("the first call", t, "any key goes on")
t.type("x")
expect("the second", t, "st_rdev (61,0)")
expect("a key again", t, "any key goes on")
t.type("q")
check("q ends", t.end()[0] == 0)

sys.exit(failures != 0)
