#!/bin/sh
# The head of ./bootstrap demo all: what it is, how a trace is read, and a list of the sections.
#   demo-head.sh NAME...     the sections, in their order
scenarios=$(dirname "$0")/scenarios
cat <<'END'
RILL: STREAMS AND CLONE OPENS, CALL BY CALL

A clone open is: one name in /dev, a fresh unit for each open. What follows are
runs, not descriptions: each section boots a system, makes calls in it, and
shows what every call did. The S sections are System V STREAMS and build on one
another; the D sections are devices of other kernels that answer the same
question, each by its own design; the last section, designs, compares them in
tables.

Who picks the unit, and when (sections d-, and designs with all of them):

  System V, IRIX       the driver, in its open: the clone driver or a minor that
                       means "any" has asked it for one (s1, s5)
  FreeBSD 5 to 7       the driver's handler, when the name is looked up, before
                       the open (d-rodent, d-freebsd-tun, d-tcp)
  FreeBSD 7.1 on       nobody: one device, an instance for each open file
  NetBSD               the driver, in its open, which makes a descriptor of its
                       own (d-tap, d-ptm); or nobody: the driver's descriptor
                       is all that is new, there are no numbers (d-crypto,
                       d-dmover, d-svr4net); or the program is given a second
                       descriptor of a file that it has open
  NetBSD (proposed)    the driver, asked just before its open (d-ethfoo)
  OpenBSD              the kernel, before the driver's open (no section)
  DragonFly            the driver's handler, for the exact name (d-ptmx);
                       proposed in 2007: the kernel (d-kqemu)
  Linux                the kernel, at an ioctl after the open (d-linux-tun);
                       a control device, asked before it (d-loop-control)

How to read a section:

  $ system examples/sysgen    what the section needs: here, to boot the system
                              that is configured in this directory (`drivers`:
                              with these of rill's own drivers only, whose
                              majors may be others; `faults off`: what drivers
                              do wrong is not reported)
    (without steps)           from here on only calls and results
  $ fd = open /dev/echo rdwr  a call; its result gets a name, fd
  $ expect EBUSY open ...     a call that must give this: an errno, "data",
                              = N (a number), (MAJOR,MINOR), or ok
    -> 0                      its result: for an open, the descriptor
      name       /dev/echo .. a step that the system takes: what kind of step,
                              and what happens; further in: called from within
                              the step above; at the right: the clause of the
                              specification (`rill clause CLN-022` tells it)
      REFUSED    ...          the step that makes the call fail, and why
      undo       ...          what is taken back after that
      [B] ...                 in a step: process B's, not the caller's
  $ proc B                    another process; "B: CALL" is its call
  $ B: read fd 10 &           a call that may sleep; the section goes on
  $ wait B                    the clock runs until B's call has ended
  $ calls, fds, minors, ls, cdevsw, census    questions: who sleeps and why, a
                              process's descriptors, a driver's minors, nodes,
                              the switch table, all that is in use
  $ attach DESIGN             brings a device of another kernel in (with a
                              process of that kernel, so that the next `proc`
                              is number 3); detach takes it out
  $ advance N, run            the virtual clock goes on by N/100 s; or stands
                              while all that can run does

Kinds of steps in small letters are those of System V's open (name, spec open,
cdevsw, stream, driver, finish) and of messages; kinds in capitals, like
DRV_OPEN or FD_MOVE, are steps that the other designs have in common, and are
explained in the section designs. `devfs` is the part of a kernel that makes
nodes for devices.

The sections:

END
for name in "$@"; do
    if [ "$name" = designs ]; then echo '  designs                 all designs side by side, in tables'; continue; fi
    printf '  %-23s %s\n' "$name" "$(sed -n '1{s/^# *[Ss][0-9]*: *//;s/^# *//;s/\.$//;p}' "$scenarios/$name.rill" | cut -c1-54)"
done
