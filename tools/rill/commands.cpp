#include "tools/rill/commands.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

namespace rill::tool {

namespace {

constexpr const char *which_minor = "which minor? or which errno?";
constexpr const char *which_device = "which device, as (MAJOR,MINOR)? or which errno?";
constexpr const char *which_data = "which bytes, as \"data\"? or which errno?";
constexpr const char *which_value = "which number? or which errno?";

constexpr Command table[] = {
    {"open", Part::call, "PATH [rdonly|wronly|rdwr|nonblock|ndelay|append|creat|excl|trunc|noctty]",
     "Opens a node; without flags for reading and writing; several are joined: wronly|nonblock. `fd = open ...` names the descriptor.", "fd = open /dev/echo rdwr", open_call,
     nullptr, which_minor},
    {"close", Part::call, "FD", "Closes a descriptor; the last one of a stream takes it down.", "fd = open /dev/echo\nclose fd", close_call},
    {"read", Part::call, "FD [COUNT]", "Reads so many bytes at most, or 1024.", "fd = open /dev/echo\nwrite fd \"hello\"\nread fd 64",
     read_call, nullptr, which_data},
    {"write", Part::call, "FD \"bytes\" [x TIMES]", "Writes bytes (escapes as in C), or so many times over.",
     "fd = open /dev/echo\nwrite fd \"\\x41\\n\" x 3", write_call, nullptr, which_value},
    {"getmsg", Part::call, "FD [ctl SIZE] [data SIZE] [hipri]", "Takes a message with its control part and band.",
     "fd = open /dev/echo\nwrite fd \"hello\"\ngetmsg fd data 64", getmsg_call, nullptr, which_data},
    {"putmsg", Part::call, "FD [ctl \"bytes\"] [data \"bytes\"] [hipri | band N]", "Sends a message with a control part, in a band.",
     "fd = open /dev/echo\nputmsg fd data \"hello\" band 2", putmsg_call},
    {"poll", Part::call, "FD in|out|pri|rdnorm|rdband|wrnorm|wrband|err|hup|nval [FD EVENTS ...] MILLISECONDS",
     "What is ready; -1 waits as long as it takes.", "fd = open /dev/echo\npoll fd in|out 0", poll_call},
    {"ioctl", Part::call, "FD COMMAND [ARGUMENT ...]", "A command of streamio(7) by name, or a driver's own by number.",
     "fd = open /dev/echo\nioctl fd I_PUSH pipemod\nioctl fd I_LIST", ioctl_call, nullptr, which_value},
    {"strchg", Part::call, "-h MODULE[,MODULE...] FD | -p [-a | -u MODULE] FD | -f FILE FD",
     "Pushes modules in this order; pops the topmost, all, or all above one; makes the stream what a file says, topmost first.",
     "fd = open /dev/echo\nstrchg -h pipemod,pipemod fd\nstrchg -p -a fd", strchg_call},
    {"stat", Part::call, "PATH", "What a path is: its device, permissions and owner.", "stat /dev/echo", stat_call, nullptr, which_device},
    {"fstat", Part::call, "FD", "The device of what is open.", "fd = open /dev/echo\nfstat fd", fstat_call, nullptr, which_device},
    {"dup", Part::call, "FD", "A second descriptor of the same open file.", "fd = open /dev/echo\nfd2 = dup fd", dup_call},
    {"fcntl", Part::call, "FD nonblock|ndelay|append on|off", "Sets or clears a flag of the open file.",
     "fd = open /dev/echo\nfcntl fd nonblock on", fcntl_call},
    {"isastream", Part::call, "FD", "1 for a stream, 0 for another file.", "fd = open /dev/echo\nisastream fd", isastream_call},
    {"pipe", Part::call, "NAME NAME", "Makes a STREAMS pipe; the names are those of its two ends.", "pipe a b\nwrite a \"hello\"\nread b", pipe_call},
    {"fattach", Part::call, "FD PATH", "Gives the stream a name: whoever opens the path reaches it.",
     "pipe a b\nmknod /tmp/name f\nfattach b /tmp/name\nfd = open /tmp/name", fattach_call},
    {"fdetach", Part::call, "PATH", "Takes the name away again; the path is what it was.", "pipe a b\nmknod /tmp/name f\nfattach b /tmp/name\nfdetach /tmp/name",
     fdetach_call},
    {"chmod", Part::call, "PATH MODE", "Permissions of a path, or of the name that is attached to it.", "chmod /dev/echo 0600", chmod_call},
    {"chown", Part::call, "PATH UID GID", "Its owner and group; -1 leaves one as it is.", "chown /dev/echo 100 -1", chown_call},
    {"mknod", Part::call, "PATH c|b MAJOR MINOR [MODE] | p [MODE] | f [MODE]",
     "Makes a node: c or b, a device (10,61 is a clone node of the driver at major 61); p, a FIFO; f, a plain file, to fattach a stream to. MODE is 0666 unless given.",
     "mknod /dev/mine c 10 61 0600\nmknod /tmp/fifo p\nfd = open /tmp/fifo", mknod_call},
    {"unlink", Part::call, "PATH", "Removes a node's name; what is open stays open.", "unlink /dev/echo", unlink_call},

    {"minors", Part::question, "DRIVER", "The driver's minor table: which minors are in use.", "fd = open /dev/echo\nminors echo", nullptr,
     ask_minors},
    {"strconf", Part::question, "[-t | -m MODULE] FD",
     "What the stream consists of, from the head down; -t: its topmost module; -m: whether it has this one.",
     "fd = open /dev/echo\nstrconf fd\nstrconf -m pipemod fd", nullptr, ask_strconf},
    {"dot", Part::question, "", "All streams as a graph for Graphviz.", "fd = open /dev/echo\ndot", nullptr, ask_dot},
    {"ls", Part::question, "[-l] [PATH]", "The nodes below a directory, with major and minor.", "ls -l /dev", nullptr, ask_ls},
    {"cdevsw", Part::question, "", "The switch table: which driver sits at which major.", "cdevsw", nullptr, ask_cdevsw},
    {"ps", Part::question, "", "The processes.", "ps", nullptr, ask_ps},
    {"fds", Part::question, "", "The descriptors of the process.", "fd = open /dev/echo\nfds", nullptr, ask_fds},
    {"calls", Part::question, "", "The calls that are asleep, and what they wait for.", "calls", nullptr, ask_calls},
    {"census", Part::question, "[same]", "All that is in use: messages, queues, streams, minors ... With `same`, more than at the last census is a failure.", "census\nfd = open /dev/echo\nclose fd\ncensus same", nullptr, ask_census},

    {"run", Part::time, "", "Runs what is runnable; time stands still.", "run", nullptr, run_idle},
    {"advance", Part::time, "TICKS", "Lets the virtual clock go on, 100 ticks a second.", "advance 100", nullptr, advance},
    {"fail", Part::time, "N", "The N-th allocation from now fails, once; 0 turns it off.", "fail 2\nopen /dev/echo", nullptr,
     fail_allocation},

    {"proc", Part::process, "NAME [uid N] [gid N]", "Another process. `NAME: CALL` is its call, with a trailing & one that may sleep.",
     "proc B uid 100\nB: fd = open /dev/echo\nB: read fd 10 &", nullptr, new_process},
    {"fork", Part::process, "NAME [of PROCESS]", "A process that shares the open files of the first one, or of PROCESS.",
     "fd = open /dev/echo\nfork C\nC: fstat fd", nullptr, fork_process},
    {"wait", Part::process, "PROCESS", "Runs until the oldest call of the process that sleeps has ended, and tells its result; if none sleeps, the last one's.",
     "proc B\nB: fd = open /dev/echo &\nwait B", nullptr, wait_for},
    {"signal", Part::process, "PROCESS SIGNAL", "Sends a signal that the process has a handler for; its sleep is broken off.",
     "proc B\nB: fd = open /dev/echo\nB: read fd 10 &\nsignal B SIGUSR1\nwait B", nullptr, signal_process},
    {"kill", Part::process, "PROCESS [SIGNAL]", "Sends a signal that the process has no handler for: it ends, and its calls do.",
     "proc B\nB: fd = open /dev/echo\nB: read fd 10 &\nkill B SIGKILL", nullptr, kill_process},
    {"exit", Part::process, "PROCESS", "The process ends: its sleeping calls are broken off, its descriptors closed. `B: exit` says the same.",
     "proc B\nB: fd = open /dev/echo\nexit B", nullptr, exit_process},

    {"attach", Part::driver, "DESIGN [BOUND]", "Brings in a device of another system (`rill designs --list` names them).",
     "attach freebsd-dev_clone 3\nopen /dev/foo", nullptr, attach},
    {"detach", Part::driver, "DESIGN", "Takes it away again.", "attach freebsd-dev_clone\ndetach freebsd-dev_clone", nullptr, detach},
    {"watch", Part::driver, "DRIVER", "From here on what `rill check` finds beside faults is one: a missing qprocson, an open that answers with an open device, a queue that stands still.",
     "watch echo\nfd = open /dev/echo", nullptr, watch},
    {"unload", Part::driver, "DRIVER", "Unloads a driver or module that was loaded from a file.", "", nullptr, unload},

    {"strlog", Part::log, "[-p FACILITY.LEVEL] [-f FILE] [-s] WORD ...",
     "Sends a message to the log driver: user.info, or as -p says; each line of a file with -f; -s shows what is sent, as of the module and minor that -M and -S name (log puts in its own). A level of err or above goes to strerr too, debug to strace.",
     "strerr\nstrlog -p user.err disk 3 is full", nullptr, send_strlog},
    {"strace", Part::log, "[all|MID SID LEVEL ...]",
     "From here on shows the trace messages of drivers (strlog with SL_TRACE), all or those of the triples: number, time, ticks, level, flags (E also to strerr, F fatal, N notify), module, minor, text.",
     "strace\nstrlog -p user.debug hello\nexit strace", nullptr, begin_strace},
    {"strerr", Part::log, "[-d DIR]",
     "The same for error messages (T: to strace too); -d also appends them to DIR/error.MM-DD of this machine, which `rill strclean` removes.",
     "strerr\nstrlog -p user.err hello\nexit strerr", nullptr, begin_strerr},
    {"autopush", Part::administration, "-f FILE | -g|-r -M MAJOR|-N DRIVER -m MINOR | -s -M MAJOR|-N DRIVER [-m MINOR [-l LAST]] MODULE ...",
     "Which modules are pushed when a device is opened: `-f FILE` sets those of a file, `-g -M MAJOR -m MINOR` shows an entry, -r instead of -g removes it, `-s -M MAJOR [-m MINOR [-l LAST]] MODULE ...` sets one; `-N DRIVER` may stand for -M. It works through /dev/sad/admin and /dev/sad/user.",
     "autopush -s -M 61 pipemod\nautopush -g -M 61 -m 0\nautopush -r -M 61 -m 0", nullptr, autopush},

    {"show", Part::shown, "steps|calls", "Whether the steps of each call are told, or the calls alone.", "show calls", nullptr, show_what},
    {"help", Part::shown, "[CALL]", "All calls; or one, an ioctl, or a clause (help CLN-022).", "help open", nullptr, tell_help},
    {"quit", Part::shown, "", "Ends the scenario.", "", nullptr, quit},

    {"system", Part::need, "DIR", "The sysgen directory that is booted: from the scenario's place upward, or as rill has it.", "", nullptr,
     nullptr, nullptr, need_system},
    {"profile", Part::need, "irix|svr4|solaris", "Which system to be.", "", nullptr, nullptr, nullptr, need_profile},
    {"drivers", Part::need, "NAME ...", "Of the built-in drivers and modules (echo, loop, nuls, mux, spx, sad, nsdev, log, pipemod, connld, delay, sc) only these; `drivers none` has none.", "", nullptr,
     nullptr, nullptr, need_drivers},
    {"seed", Part::need, "N", "The order of what is runnable is drawn from this seed.", "", nullptr, nullptr, nullptr, need_seed},
    {"faults", Part::need, "report|stop|off", "What happens when a driver does what no manual allows.", "", nullptr, nullptr, nullptr, need_faults},
    {"clause", Part::need, "ID ...: SENTENCE", "The clauses that this scenario is a case of (`rill conform --cases`).", "", nullptr, nullptr, nullptr,
     need_clause},
};

const char *title(Part part) {
    switch (part) {
    case Part::call: return "calls (NAME = CALL keeps a descriptor; PROCESS: CALL is another process's; CALL & may sleep)";
    case Part::question: return "questions about the System";
    case Part::time: return "time, order and failure";
    case Part::process: return "processes";
    case Part::driver: return "drivers";
    case Part::log: return "the log driver (log(7))";
    case Part::administration: return "administration, as commands of the old systems do it";
    case Part::shown: return "what is shown";
    case Part::need: return "what a scenario needs, in its first lines";
    }
    return "";
}

std::string usage_of(const Command &c) {
    return *c.arguments ? fmt::format("{} {}", c.name, c.arguments) : c.name;
}

// Changes of one letter, with two neighbours changed about as one change.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before, last, row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = std::move(last);
        last = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace

std::span<const Command> commands() { return table; }

const Command *find_command(std::string_view name) {
    for (const Command &c : table)
        if (name == c.name) return &c;
    return nullptr;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const Command &c : table) names.emplace_back(c.name);
    return names;
}

std::string nearest(std::string_view word, const std::vector<std::string> &candidates) {
    std::string best;
    std::size_t least = std::max<std::size_t>(word.size() / 3, 1) + 1; // a third of the letters may be wrong
    for (const std::string &candidate : candidates)
        if (const std::size_t d = distance(word, candidate); d < least && d < candidate.size()) {
            least = d;
            best = candidate;
        }
    return best;
}

std::string meant(std::string_view word, const std::vector<std::string> &candidates) {
    const std::string near = nearest(word, candidates);
    return near.empty() ? "" : fmt::format("; is {} meant?", near);
}

std::string help() {
    std::string out;
    Part part = Part::need;
    for (const Command &c : table) {
        if (c.part != part || &c == table) out += fmt::format("{}{}\n", out.empty() ? "" : "\n", title(c.part));
        part = c.part;
        std::string usage = usage_of(c);
        if (usage.size() > 60) usage = usage.substr(0, usage.find(' ', usage.find(' ') + 1)) + " ...";
        out += fmt::format("  {}\n", usage);
    }
    out += "\nwhat a call should do\n"
           "  expect EBUSY CALL     expect ok CALL     expect = 5 CALL     expect \"hello\" CALL     expect (61,0) CALL\n"
           "  expect !EBUSY CALL    anything but that\n"
           "\nlines for the reader\n"
           "  # a comment     > a sentence of narration\n"
           "\n`help open` tells more of one, with an example; so do `help I_PUSH` and `help CLN-022`.";
    return out;
}

std::string help_of_needs() {
    std::string out;
    for (const Command &c : table)
        if (c.need) out += fmt::format("  {:<25}  {}\n", usage_of(c), c.help);
    return out;
}

std::string help_of(const Command &c) {
    std::string out = fmt::format("{}\n  {}\n", usage_of(c), c.help);
    if (*c.example) {
        out += "example\n";
        std::istringstream lines(c.example);
        for (std::string line; std::getline(lines, line);) out += fmt::format("  {}\n", line);
    }
    return out;
}

} // namespace rill::tool
