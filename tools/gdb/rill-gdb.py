# gdb commands that show STREAMS structures by name. librill.so and the rill command carry them (section.S), and gdb runs
# what an object carries when it may: (gdb) add-auto-load-safe-path DIR, or the same line in ~/.config/gdb/gdbinit, where
# DIR is the prefix that rill was installed in, or the build directory. By hand: (gdb) source tools/gdb/rill-gdb.py
#
#   msg MP        a message: each block with type, bytes, sharers; then the messages queued behind it with `msg -a MP`
#   queue Q       a queue: whose, flags by name, counts and marks, bands, messages
#   stream Q      a stream from top to bottom, of which Q is any queue
#   rill calls    the system calls that are parked or running, each with its stack; `rill calls N`: N innermost frames of each
#
# They read memory and call nothing in the program, so that they work on a core file too.
import re

import gdb
import gdb.unwinder

TYPES = {
    0x00: "M_DATA", 0x01: "M_PROTO", 0x08: "M_BREAK", 0x09: "M_PASSFP", 0x0b: "M_SIG", 0x0c: "M_DELAY", 0x0d: "M_CTL",
    0x0e: "M_IOCTL", 0x10: "M_SETOPTS", 0x11: "M_RSE", 0x81: "M_IOCACK", 0x82: "M_IOCNAK", 0x83: "M_PCPROTO",
    0x84: "M_PCSIG", 0x85: "M_READ", 0x86: "M_FLUSH", 0x87: "M_STOP", 0x88: "M_START", 0x89: "M_HANGUP", 0x8a: "M_ERROR",
    0x8b: "M_COPYIN", 0x8c: "M_COPYOUT", 0x8d: "M_IOCDATA", 0x8e: "M_PCRSE", 0x8f: "M_STOPI", 0x90: "M_STARTI",
}
QFLAGS = [(0x01, "QENAB"), (0x02, "QWANTR"), (0x04, "QWANTW"), (0x08, "QFULL"), (0x10, "QREADR"), (0x20, "QUSE"),
          (0x40, "QNOENB"), (0x100, "QBACK")]
BFLAGS = [(0x01, "MSGMARK"), (0x02, "MSGNOLOOP"), (0x04, "MSGDELIM")]
MANY = 200


def names(value, table):
    known = [name for bit, name in table if value & bit]
    rest = value & ~sum(bit for bit, _ in table)
    return "|".join(known + ([hex(rest)] if rest else [])) or "0"


def typed(expression, type_name):
    value = gdb.parse_and_eval(expression)
    return value.cast(gdb.lookup_type("struct " + type_name).pointer())


def address(pointer):
    return "0x%x" % int(pointer)


def is_null(pointer):
    return int(pointer) == 0


def bytes_of(mp):
    length = int(mp["b_wptr"]) - int(mp["b_rptr"])
    if length <= 0:
        return "%d bytes" % length
    try:
        shown = bytes(gdb.selected_inferior().read_memory(int(mp["b_rptr"]), min(length, 24)))
    except gdb.MemoryError:
        return "%d bytes, not readable" % length
    text = "".join(chr(b) if 32 <= b < 127 and b != 34 else "\\x%02x" % b for b in shown)
    return '%d bytes "%s"%s' % (length, text, "..." if length > len(shown) else "")


def show_message(mp, indent=""):
    block = 0
    while not is_null(mp) and block < MANY:
        dp = mp["b_datap"]
        kind = int(dp["db_type"])
        line = "%s%s %s %s" % (indent, address(mp), TYPES.get(kind, "type 0x%02x" % kind), bytes_of(mp))
        if int(mp["b_band"]):
            line += ", band %d" % int(mp["b_band"])
        if int(mp["b_flag"]):
            line += ", " + names(int(mp["b_flag"]), BFLAGS)
        if int(dp["db_ref"]) != 1:
            line += ", shared by %d" % int(dp["db_ref"])
        room = int(dp["db_lim"]) - int(mp["b_wptr"])
        line += ", room for %d" % room if room >= 0 else ", b_wptr %d BEYOND db_lim" % -room
        print(line)
        mp = mp["b_cont"]
        indent = indent + "  " if block == 0 else indent
        block += 1


def owner(q):
    info = q["q_qinfo"]
    if is_null(info) or is_null(info["qi_minfo"]) or is_null(info["qi_minfo"]["mi_idname"]):
        return "?"
    return info["qi_minfo"]["mi_idname"].string()


def reads(q):
    return bool(int(q["q_flag"]) & flag("QREADR"))


def flag(name):
    return next(bit for bit, known in QFLAGS if known == name)


def other(q):
    return q + 1 if reads(q) else q - 1


def show_queue(q, indent="", messages=True):
    print("%s%s %s, %s side: %s, %d bytes (high %d, low %d), packets %d to %d" % (
        indent, address(q), owner(q), "read" if reads(q) else "write", names(int(q["q_flag"]), QFLAGS), int(q["q_count"]),
        int(q["q_hiwat"]), int(q["q_lowat"]), int(q["q_minpsz"]), int(q["q_maxpsz"])))
    band, number = q["q_bandp"], 1
    while not is_null(band) and number < 256:
        if int(band["qb_count"]) or int(band["qb_flag"]):
            print("%s  band %d: %d bytes, flags 0x%x" % (indent, number, int(band["qb_count"]), int(band["qb_flag"])))
        band, number = band["qb_next"], number + 1
    mp, seen = q["q_first"], 0
    while messages and not is_null(mp) and seen < MANY:
        show_message(mp, indent + "  ")
        mp, seen = mp["b_next"], seen + 1


class Msg(gdb.Command):
    """msg MP: print a message, a line for each block. msg -a MP: and those queued behind it."""

    def __init__(self):
        super().__init__("msg", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        words = argument.split(None, 1)
        every = bool(words) and words[0] == "-a"
        mp = typed(words[1] if every else argument, "msgb")
        seen = 0
        while not is_null(mp) and seen < MANY:
            show_message(mp)
            mp, seen = mp["b_next"], seen + 1
            if not every:
                break


class Queue(gdb.Command):
    """queue Q: print a queue and its messages."""

    def __init__(self):
        super().__init__("queue", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        show_queue(typed(argument, "queue"))


class Stream(gdb.Command):
    """stream Q: print the stream that a queue belongs to, from the top to the bottom."""

    def __init__(self):
        super().__init__("stream", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        q = typed(argument, "queue")
        q = q if reads(q) else other(q)
        top, steps = q, 0
        while not is_null(top["q_next"]) and steps < MANY:
            top, steps = top["q_next"], steps + 1
        w, steps = other(top), 0
        while not is_null(w) and steps < MANY:
            if reads(w):  # the other end of a pipe
                print("(the other end of a pipe: %s)" % address(w))
                break
            print("%s%s" % (owner(w), " <--" if w == q or other(w) == q else ""))
            show_queue(w, "  down ")
            show_queue(other(w), "  up   ")
            w, steps = w["q_next"], steps + 1


# What jump_fcontext leaves on a stack that it switches away from: where each register lies, and how long it is. The stack
# goes on, as after a return, behind it.
SAVED = {
    "i386:x86-64": ({"r12": 0x08, "r13": 0x10, "r14": 0x18, "r15": 0x20, "rbx": 0x28, "rbp": 0x30, "rip": 0x38}, 0x40, "rip", "rsp"),
}


class Switched(gdb.unwinder.Unwinder):
    """While `context` is set, the frame where the processor stands seems to be called by what was switched away from
    there. Nothing in the program changes, so that this works on a core file too."""

    def __init__(self):
        super().__init__("rill-switched")
        self.context = None

    def __call__(self, frame):
        if self.context is None or int(frame.read_register("pc")) != self.where:
            return None
        offsets, length, pc, sp = SAVED[frame.architecture().name()]
        word = gdb.lookup_type("unsigned long")
        saved = {name: gdb.Value(self.context + at).cast(word.pointer()).dereference() for name, at in offsets.items()}
        # Of the frame that is shown as calling, the identity must be an outer one.
        info = frame.create_unwind_info(Frame(gdb.Value(self.context), frame.read_register("pc")))
        for name, value in saved.items():
            info.add_saved_register(name, value.cast(frame.read_register(name).type) if name != pc else value)
        info.add_saved_register(sp, gdb.Value(self.context + length).cast(word))
        self.target = int(saved[pc])
        return info

    def stack(self, context):
        """The lines of bt for a stack that was switched away from at `context`."""
        selected = gdb.selected_frame()
        self.where = int(gdb.newest_frame().read_register("pc"))
        self.context, self.target = int(context), None
        gdb.invalidate_cached_frames()
        try:
            lines = gdb.execute("backtrace", to_string=True).splitlines()
        finally:
            self.context = None
            gdb.invalidate_cached_frames()
            try:
                selected.select()
            except gdb.error:
                pass
        wanted = "0x%016x" % (self.target or 0)
        first = next((i for i, line in enumerate(lines) if re.match(r"#\d+ +" + wanted + " ", line)), None)
        if first is None:
            return ["(its stack cannot be followed)"]
        return [re.sub(r"^#\d+ *", "#%-3d" % n, line) for n, line in enumerate(lines[first:])]


class Frame:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Rill(gdb.Command):
    """rill calls: the system calls that wait or run, whatever their System."""

    def __init__(self):
        super().__init__("rill", gdb.COMMAND_STACK, prefix=True)


class Calls(gdb.Command):
    """rill calls: each system call that is parked or running: its number, process and name, what it waits for, and its stack
    from the innermost procedure to the call itself. rill calls N: the N innermost frames of each."""

    def __init__(self):
        super().__init__("rill calls", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        most = int(gdb.parse_and_eval(argument)) if argument else MANY
        call, shown = gdb.parse_and_eval("rill::calls_listed"), 0
        found = []
        while not is_null(call) and len(found) < MANY:
            found.append(call)
            call = call["listed_next"]
        for call in sorted(found, key=lambda c: int(c["id"])):
            state = str(call["state"]).rsplit("::", 1)[-1]
            if state in ("idle", "done"):
                continue
            shown += 1
            process = call["process"]
            who = "" if is_null(process) else ", process %d" % int(process["pid"])
            why = call["waiting_for"].string()
            print("call %d%s: %s, %s%s" % (int(call["id"]), who, call["name"].string(), state,
                                           ", waits for " + why if state == "asleep" and why else ""))
            if state == "running":  # the stack that the processor is on; below it, who resumed the call
                print("  on the processor: bt shows it. Resumed by")
            if gdb.selected_frame().architecture().name() not in SAVED:
                print("  (how a stack is switched is not known here for this processor)")
                continue
            for line in SWITCHED.stack(call["back_" if state == "running" else "context_"])[:most]:
                print("  " + line)
        if shown == 0:
            print("no call is parked or running")


Msg()
Queue()
Stream()
Rill()
Calls()
SWITCHED = Switched()
gdb.unwinder.register_unwinder(None, SWITCHED, replace=True)
