#!/usr/bin/env python3
"""What Systems share: every variable of librill that can be written, and when it is. A new one fails until it stands here
with its reason; so does one that is here and no longer there.

   globals.py LIBRILL.SO

A variable that is written on the way of an open or a message is a cache line that two Systems in two threads fight for;
test/shared_writes.cpp sees that none of these is. What each thread has of its own is not listed.
"""
import re
import subprocess
import sys

NEVER = "never: only C sees it as a variable"
SYSTEM = "a System begins or ends"
CALL = "the stack of a call is made or unmapped; they are pooled"
SVR3 = "an SVR3 driver's open or close; of time also when the clock moves"
PROGRAM = "the program says so, or a signal"
ONCE = "first use"

WRITTEN = {
    "(anonymous namespace)::clone_minfo": NEVER,
    "(anonymous namespace)::clone_rinit": NEVER,
    "(anonymous namespace)::clone_winit": NEVER,
    "(anonymous namespace)::graveyard()::all": "minor_table_alloc and minor_table_free",
    "clonedevflag": NEVER,
    "cloneinfo": NEVER,
    "hz": NEVER,
    "mod_driverops": NEVER,
    "mod_miscops": NEVER,
    "mod_strmodops": NEVER,
    "rill::(anonymous namespace)::all": "rill_builtin registers a driver: before main",
    "rill::(anonymous namespace)::before": SYSTEM + " (the handlers of signals)",
    "rill::(anonymous namespace)::head_info": NEVER,
    "rill::(anonymous namespace)::head_read": NEVER,
    "rill::(anonymous namespace)::head_write": NEVER,
    "rill::(anonymous namespace)::listing": CALL,
    "rill::(anonymous namespace)::lock": SYSTEM + " (crash), a temporary directory is made or removed (scratch)",
    "rill::(anonymous namespace)::maker": "the process is forked",
    "rill::(anonymous namespace)::systems": SYSTEM,
    "rill::(anonymous namespace)::systems_alive": SYSTEM,
    "rill::(anonymous namespace)::systems_alive_lock": SYSTEM + ", or a thread ends",
    "rill::(anonymous namespace)::threads_seen": "a thread's first call",
    "rill::(anonymous namespace)::watch": "a driver's call may not return: a thread looks (RILL_PATIENCE), each call of one then notes itself",
    "rill::Kernel::Kernel(rill::Profile const&, rill::Tunables const&, rill::Above const&)::serials": SYSTEM,
    "rill::Scratch::all_": "a temporary directory is made or removed",
    "rill::System::part<(anonymous namespace)::Kstats>()::type": "never: its address is what counts",
    "rill::System::part<(anonymous namespace)::SwitchTable>()::type": "never: its address is what counts",
    "rill::System::part<(anonymous namespace)::Zones>()::type": "never: its address is what counts",
    "rill::attention": PROGRAM,
    "rill::calls_listed": CALL,
    "rill::crash_told": PROGRAM,
    "rill::head_owner()::owner": ONCE,
    "rill::head_streamtab": NEVER,
    "rill::keep_fault_handler": PROGRAM,
    "rill::sysgen::Image::compile": NEVER,
    "rill::sysgen::builtins": PROGRAM,
    "rill::watched::leaks_are_told": PROGRAM,
    "rill_global_zone": NEVER,
    "rill_kcred": NEVER,
    "rill_lbolt": SVR3,
    "rill_time": SVR3,
    "rill_u": SVR3,
}
# What compiler, linker and standard library put in: of personalities and guards, streams, and who waits on an atomic.
NOT_OURS = re.compile(r"__TMC_END__|DW\.ref\.|__dso_handle|completed\.|guard variable for |std::__ioinit|std::__detail::__waiter_pool_base")


def variables(library):
    found = set()
    for line in subprocess.run(["objdump", "-Ct", library], capture_output=True, text=True, check=True).stdout.splitlines():
        symbol = re.match(r"[0-9a-f]+ (.{7}) (\.data|\.bss)\t[0-9a-f]+ +(?:\.hidden )?(.*)", line)
        if symbol and symbol[1][6] == "O" and not NOT_OURS.match(symbol[3]):
            found.add(re.sub(r"(Image::compile)\(.*", r"\1", symbol[3]))
    return found


def main():
    found = variables(sys.argv[1])
    if len(found) < 10:
        sys.exit(f"globals: {sys.argv[1]} has {len(found)} variables; is it stripped?")
    new, gone = sorted(found - set(WRITTEN)), sorted(set(WRITTEN) - found)
    for name in new:
        print(f"globals: {name} is new: say in test/globals.py when it is written, or make it a System's own")
    for name in gone:
        print(f"globals: {name} is no more: its line in test/globals.py can go")
    sys.exit(1 if new or gone else 0)


main()
