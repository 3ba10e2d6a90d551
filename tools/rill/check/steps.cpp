#include "tools/rill/check/steps.hpp"

#include "streams/system.hpp"
#include "tools/rill/check/check.hpp"
#include "tools/rill/check/target.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <utility>

namespace rill::tool {

namespace {

constexpr unsigned most_opens = 300;

bool is_open_line(const std::string &line) { return line.find(" = open ") != std::string::npos; }

bool opened(const std::optional<Outcome> &ended) { return ended && !ended->error && ended->descriptor; }

std::string by(const Target &target, const char *procedure) { return procedure_of(target.name, procedure); }

// How many of the opens in a round succeeded; a round has most_opens of them, in the order of the lines.
unsigned opens_in_round(const Ran &ran, unsigned round) {
    unsigned seen = 0, out = 0;
    for (std::size_t i = 0; i < ran.lines.size(); ++i) {
        if (!ran.lines[i].starts_with("n") || !is_open_line(ran.lines[i])) continue;
        if (seen++ / most_opens == round) out += opened(ran.ended[i]);
    }
    return out;
}

std::string but_not(int error, const std::string &line) { return fmt::format("expect !{} {}", view::errno_name(error), line); }

// Where the opens of a later round get less than those of an earlier: that line, and what it should come to.
Finding fewer_opens(const Ran &ran, unsigned earlier, unsigned later, Finding lost) {
    std::vector<std::size_t> lines[2];
    unsigned seen = 0;
    for (std::size_t i = 0; i < ran.lines.size(); ++i) {
        if (!ran.lines[i].starts_with("n") || !is_open_line(ran.lines[i])) continue;
        const unsigned round = seen++ / most_opens;
        if (round == earlier) lines[0].push_back(i);
        if (round == later) lines[1].push_back(i);
    }
    for (std::size_t n = 0; n < std::min(lines[0].size(), lines[1].size()); ++n) {
        const std::size_t i = lines[1][n];
        if (opened(ran.ended[lines[0][n]]) && !opened(ran.ended[i]))
            lost.line = static_cast<int>(i) + 1, lost.instead = "expect ok " + ran.lines[i];
        if (lost.line) break;
    }
    return lost;
}

// An ioctl that was never answered ends with ETIME as I_STR; as a transparent one it can never end.
std::vector<Finding> unanswered(const Target &target, const Ran &ran) {
    std::string who, commands, at, instead;
    int number = 0;
    for (std::size_t i = 0; i < ran.lines.size(); ++i) {
        const std::string &line = ran.lines[i];
        const int error = line.starts_with("ioctl a ") && ran.ended[i] ? ran.ended[i]->error : 0;
        if (error != ETIME && error != EDEADLK) continue;
        const std::size_t from = line.starts_with("ioctl a I_STR ") ? 14 : 8;
        const std::string command = line.substr(from, line.find(' ', from) - from);
        if (at.empty()) at = line, who = ran.seen[i].ioctl_at, number = static_cast<int>(i) + 1, instead = but_not(error, line);
        if ((commands + ",").find(" " + command + ",") == commands.npos) commands += fmt::format("{} {}", commands.empty() ? "" : ",", command);
    }
    if (at.empty()) return {};
    return {{who.empty() ? by(target, "put procedure") : who, fmt::format("it was given an M_IOCTL that was never answered, command{}", commands), "IOC-122", at, {}, number, instead}};
}

} // namespace

Steps::Steps(const Target &target, const CheckOptions &options) : target_(target), options_(options), random_(options.seed) {}

Step &Steps::begin(std::string name) {
    all_.push_back({});
    all_.back().name = std::move(name);
    add("# " + all_.back().name);
    if (target_.module && !target_.has_clone) add(fmt::format("attach clone {}", target_.clone_major));
    add(fmt::format("attach carrier {}", target_.carrier_major));
    add(fmt::format("mknod /dev/carrier c {} {}", target_.clone_major, target_.carrier_major));
    if (target_.module) return all_.back();
    add(fmt::format("mknod /dev/check c {} {}", target_.clone_major, target_.major));
    for (int m = 0; m < 4; ++m) add(fmt::format("mknod /dev/check{} c {} {}", m, target_.major, m));
    return all_.back();
}

void Steps::open(const std::string &fd, const std::string &node) {
    if (target_.module) {
        const std::size_t colon = fd.find(": ");
        add(fmt::format("{} = open /dev/carrier rdwr|nonblock", fd));
        add(colon == fd.npos ? fmt::format("ioctl {} I_PUSH {}", fd, target_.name)
                             : fmt::format("{}: ioctl {} I_PUSH {}", fd.substr(0, colon), fd.substr(colon + 2), target_.name));
    } else {
        add(fmt::format("{} = open {} rdwr|nonblock", fd, node.empty() ? target_.node : node));
    }
}

void Steps::drain(const char *fd) {
    for (int i = 0; i < 3; ++i) add(fmt::format("getmsg {} ctl 8192 data 70000", fd));
    add("run");
}

void Steps::fill(const char *fd, unsigned count) {
    for (unsigned i = 0; i < count; ++i) open(fmt::format("{}{}", fd, i));
    for (unsigned i = count; i-- > 0;) add(fmt::format("close {}{}", fd, i));
}

Step Steps::probe() {
    Step &s = begin("probe");
    s.repeat = false;
    open();
    s.judge = [](const Ran &ran) {
        std::string why;
        for (std::size_t i = 0; i < ran.lines.size() && why.empty(); ++i)
            if (ran.ended[i] && ran.ended[i]->error && !ran.lines[i].starts_with("mknod"))
                why = fmt::format("{} fails with {}{}{}", ran.lines[i], view::errno_name(ran.ended[i]->error),
                                  ran.ended[i]->why.empty() ? "" : ": ", ran.ended[i]->why);
        if (ran.ended.back() && !ran.ended.back()->error) return std::vector<Finding>{};
        return std::vector<Finding>{{"", why.empty() ? "the scenario does not run" : why}};
    };
    return std::move(all_.back());
}

// As many as there are, a refusal with an errno, all closed, and as many again.
void Steps::opens_and_refusals() {
    Step &s = begin("clone opens until it refuses, and again after the closes");
    for (int round = 0; round < 2; ++round) fill("n", most_opens);
    s.judge = [&target = target_](const Ran &ran) {
        std::vector<Finding> out;
        const unsigned first = opens_in_round(ran, 0), second = opens_in_round(ran, 1);
        bool refused = false;
        for (std::size_t i = 0; i < ran.lines.size() && !ran.lines[i].starts_with("close"); ++i) {
            if (!is_open_line(ran.lines[i]) || !ran.ended[i]) continue;
            const int error = ran.ended[i]->error;
            if (!error && std::exchange(refused, false))
                out.push_back({by(target, "open procedure"), "an open succeeded after one that was refused, nothing having been closed", "CLN-057", ran.lines[i], {}, static_cast<int>(i) + 1});
            if (!error) continue;
            refused = true;
            if (error == ENOSR || error == ENXIO || error == EBUSY || error == EAGAIN || error == ENOMEM || error == EMFILE)
                continue;
            if (first)
                out.push_back({by(target, "open procedure"),
                               fmt::format("a clone open beyond the last minor fails with {}, not EBUSY or ENXIO", view::errno_name(error)),
                               "CLN-057",
                               ran.lines[i],
                               {},
                               static_cast<int>(i) + 1,
                               but_not(error, ran.lines[i])});
            break;
        }
        if (first != second)
            out.push_back(fewer_opens(
                ran, 0, 1,
                {by(target, "close procedure"),
                 fmt::format("{} clone opens succeeded, and after all had been closed only {}: minors were lost", first, second), "CLN-092",
                 "close"}));
        return out;
    };
}

void Steps::direct_opens() {
    begin("direct opens, and a second open of each");
    for (int m = 0; m < 4; ++m) {
        open(fmt::format("a{}", m), fmt::format("/dev/check{}", m));
        open(fmt::format("b{}", m), fmt::format("/dev/check{}", m));
    }
    add(fmt::format("mknod /dev/checkfar c {} 255", target_.major));
    open("far", "/dev/checkfar");
    for (int m = 0; m < 4; ++m) add(fmt::format("close a{}", m));
    for (int m = 4; m-- > 0;) add(fmt::format("close b{}", m));
    add("close far");
}

void Steps::random_order() {
    begin("opens and closes in random order");
    for (int i = 0; i < 120; ++i) {
        const std::string fd = fmt::format("f{}", pick(6));
        if (pick(2))
            add(fmt::format("close {}", fd));
        else if (target_.module || pick(3))
            open(fd);
        else
            open(fd, fmt::format("/dev/check{}", pick(4)));
        if (pick(4) == 0) add(fmt::format("write {} \"data\"", fd));
    }
}

void Steps::ioctls() {
    Step &s = begin("unknown ioctls are answered, I_STR and transparent");
    open();
    for (const char *command : {"0x5801 1", "0x5801 1 \"some data\"", "0x7fff 1", "0 1"})
        add(fmt::format("ioctl a I_STR {}", command));
    for (const char *command : {"0x5801 0", "0x5801 \"a buffer of the application\"", "0x7ffe 0"})
        add(fmt::format("ioctl a {}", command));
    add("close a");
    s.judge = [&target = target_](const Ran &ran) { return unanswered(target, ran); };
}

// What each of them means nobody knows here: any answer is right, a fault or no answer at all is not. It may take long.
void Steps::own_ioctls() {
    Step &s = begin("its own ioctls, I_STR and transparent");
    open();
    for (const long command : target_.ioctls) {
        const std::string number = fmt::format("{:#x}", static_cast<unsigned>(command));
        for (const char *data : {"", " \"\\x01\\x00\\x00\\x00\"", " \"0123456789abcdef0123456789abcdef0123456789abcdef\""})
            add(fmt::format("ioctl a I_STR {} 60{}", number, data));
        for (const char *data : {" 0", " \"a buffer of the application\""}) add(fmt::format("ioctl a {}{}", number, data));
        drain();
    }
    add("close a");
    add("advance 200");
    s.judge = [&target = target_](const Ran &ran) { return unanswered(target, ran); };
}

void Steps::flushes() {
    Step &s = begin("M_FLUSH of all kinds, with and without data queued");
    open();
    for (int round = 0; round < 2; ++round) {
        for (const char *what : {"r", "w", "rw"}) add(fmt::format("ioctl a I_FLUSH {}", what));
        for (int band : {0, 1, 255})
            for (const char *what : {"r", "w", "rw"}) add(fmt::format("ioctl a I_FLUSHBAND {} {}", band, what));
        add("write a \"to be flushed\" x 20");
    }
    add("ioctl a I_FLUSH rw");
    add("close a");
    // Only of those that flush the read side: what else there is may end at the driver.
    s.judge = [&target = target_](const Ran &ran) {
        for (std::size_t i = 0; i < ran.lines.size(); ++i) {
            const Seen &seen = ran.seen[i];
            const bool read_side = ran.lines[i] == "ioctl a I_FLUSH r" || ran.lines[i] == "ioctl a I_FLUSH rw";
            if (!read_side || !ran.ended[i] || ran.ended[i]->error) continue;
            const char *what = nullptr;
            if (!target.module && seen.flush_in_down && !seen.flush_out_up)
                what = "an M_FLUSH with FLUSHR was not turned round: what is above is never flushed";
            if (target.module && seen.flush_in_down && !seen.flush_out_down)
                what = "an M_FLUSH was not passed on downwards";
            if (target.module && seen.flush_in_up && !seen.flush_out_up)
                what = "an M_FLUSH was not passed on upwards: what is above is never flushed";
            if (what) return std::vector<Finding>{{by(target, "put procedure"), what, "MSG-085", ran.lines[i], {}, static_cast<int>(i) + 1}};
        }
        return std::vector<Finding>{};
    };
}

void Steps::data() {
    begin("data of all sizes and bands");
    open();
    for (int size : {0, 1, 63, 64, 65, 255, 256, 1024, 4095, 4096, 4097, 65536}) {
        add(fmt::format("write a \"x\" x {}", size));
        drain();
    }
    for (int band : {0, 1, 2, 128, 255}) {
        add(fmt::format("putmsg a data \"in a band\" band {}", band));
        drain();
    }
    for (int i = 0; i < 40; ++i) add("write a \"many\" x 1000");
    for (int i = 0; i < 14; ++i) drain();
    add("close a");
}

// Nobody reads. A driver that holds data back in band 0 holds it back in another band too, if it asks for room in that band.
void Steps::bands() {
    constexpr std::size_t bytes = 500, count = 240;
    Step &s = begin("nobody reads: band 0, then band 1");
    open();
    for (std::size_t i = 0; i < count; ++i) add(fmt::format("write a \"x\" x {}", bytes));
    add("close a");
    open("b");
    for (std::size_t i = 0; i < count; ++i) add(fmt::format("putmsg b data \"x\" x {} band 1", bytes));
    add("close b");
    s.judge = [&target = target_](const Ran &ran) {
        std::size_t most[2] = {};
        std::string actor = name_of(EntryKind::service);
        for (const Seen &seen : ran.seen) {
            for (int i = 0; i < 2; ++i) most[i] = std::max(most[i], seen.most[i]);
            if (!seen.actor.empty()) actor = seen.actor;
        }
        if (most[0] > bytes * count / 2 || most[1] < bytes * (count - 1)) return std::vector<Finding>{};
        const std::size_t last = ran.lines.size() - 2; // of the putmsgs
        return std::vector<Finding>{{by(target, actor.c_str()),
                                     "band 0 is held back when nobody reads, band 1 grows without end: is room asked for band 0 whatever "
                                     "the message's band?",
                                     "FLW-030, FLW-037",
                                     "putmsg b",
                                     {},
                                     static_cast<int>(last) + 1,
                                     "expect EAGAIN " + ran.lines[last]}};
    };
}

void Steps::control() {
    begin("control messages of all sizes and priorities");
    open();
    std::string ctl;
    for (int size : {0, 1, 3, 4, 8, 16, 64, 256, 1024}) {
        ctl.assign(static_cast<std::size_t>(size), 'c');
        for (const char *kind : {"", " hipri"})
            for (const char *part : {"", " data \"and data\""}) {
                add(fmt::format("putmsg a ctl \"{}\"{}{}", ctl, part, kind));
                drain();
                add("getmsg a ctl 1024 data 1024 hipri");
            }
    }
    // Primitive numbers in native byte order, as TPI, DLPI and others begin with.
    for (int primitive : {0, 1, 2, 5, 13, 101, 255}) {
        add(fmt::format("putmsg a ctl \"\\x{:02x}\\x00\\x00\\x00\"", primitive));
        drain();
        add(fmt::format("putmsg a ctl \"\\x{:02x}\\x00\\x00\\x00\" data \"d\" hipri", primitive));
        drain();
    }
    add("close a");
}

void Steps::backlog() {
    begin("close with data queued, both ways");
    for (int round = 0; round < 3; ++round) {
        open();
        add("ioctl a I_SETCLTIME 100");
        for (int i = 0; i < 30; ++i) add("write a \"left behind\" x 300");
        add("putmsg a ctl \"left\" data \"behind\"");
        add("putmsg a ctl \"left\" hipri");
        add("close a");
    }
    open();
    add("fcntl a nonblock off");
    add("write a \"drained\"");
    add("close a");
    add("advance 3000");
}

void Steps::pending_ioctl() {
    begin("close with an ioctl pending");
    add("proc p");
    open("p: a");
    add("p: ioctl a I_STR 0x5802 5 \"wait\" &");
    add("p: write a \"meanwhile\"");
    add("exit p");
    add("advance 3000");
}

void Steps::modules() {
    begin("push and pop around it");
    add("attach passer");
    open();
    for (int round = 0; round < 3; ++round) {
        add("ioctl a I_PUSH passer");
        add("write a \"through a module\"");
        add("ioctl a I_PUSH passer");
        add("putmsg a ctl \"ctl\" data \"through two\"");
        add("ioctl a I_POP");
        drain();
        add("ioctl a I_FLUSH rw");
        add("ioctl a I_POP");
    }
    add("ioctl a I_PUSH passer");
    add("write a \"left\"");
    add("close a");
}

// A driver that is no multiplexor must refuse, one that is must take them back.
void Steps::links() {
    begin("I_LINK under it, refused or undone");
    open();
    add("low = open /dev/carrier rdwr|nonblock");
    add("id = ioctl a I_LINK low");
    add("write a \"with something below\"");
    drain();
    add("ioctl a I_UNLINK MUXID_ALL");
    add("ioctl a I_LINK low");
    add("close a"); // undoes the link
    add("close low");
}

void Steps::signals() {
    begin("a blocked read that a signal ends");
    add("proc p");
    open("p: a");
    add("p: fcntl a nonblock off");
    add("p: read a 64 &");
    add("signal p SIGUSR1");
    add("exit p");
}

void Steps::reload() {
    Step &s = begin("unload and reload");
    s.reload = true;
    open();
    add("write a \"first life\"");
    drain();
    add("close a");
}

Step &Steps::failing(const std::string &name, const std::vector<std::string> &body) {
    Step &s = begin(fmt::format("the n-th allocation fails: {}", name));
    for (int n = 1; n <= options_.allocations; ++n) {
        add(fmt::format("fail {}", n));
        open();
        for (const std::string &line : body) add(line);
        add("fail 0");
        add("run");
        add("close a");
        add("advance 200");
    }
    return s;
}

// An open that fails gives back what it took: afterwards there are as many minors as before. Two rounds before, because a
// driver that loses minors when they are closed is told by another step.
void Steps::failing_opens() {
    Step &s = failing("open", {});
    if (target_.module || target_.node != "/dev/check") return;
    std::vector<std::string> middle = std::move(s.lines);
    all_.pop_back();
    Step &whole = begin("the n-th allocation fails: open");
    const std::size_t preamble = whole.lines.size();
    for (int round = 0; round < 2; ++round) fill("n", most_opens);
    whole.lines.insert(whole.lines.end(), middle.begin() + static_cast<long>(preamble), middle.end());
    fill("n", most_opens);
    whole.judge = [&target = target_](const Ran &ran) {
        const unsigned before = opens_in_round(ran, 1), after = opens_in_round(ran, 2);
        if (after >= before || opens_in_round(ran, 0) != before) return std::vector<Finding>{};
        return std::vector<Finding>{
            fewer_opens(ran, 1, 2,
                        {by(target, "open procedure"),
                         fmt::format("{} clone opens succeeded, and after some had failed for want of memory only {}: an open that fails "
                                     "keeps its minor",
                                     before, after),
                         "CLN-059", "open"})};
    };
}

void Steps::seeded() {
    begin(fmt::format("everything at random, allocations failing, seed {}", options_.seed));
    add("attach passer");
    for (int i = 0; i < 250; ++i) {
        const std::string fd = fmt::format("r{}", pick(4));
        switch (pick(14)) {
        case 0:
        case 1:
            open(fd);
            break;
        case 2:
            add(fmt::format("close {}", fd));
            break;
        case 3:
            add(fmt::format("write {} \"{}\" x {}", fd, "abc", pick(2000)));
            break;
        case 4:
            add(fmt::format("putmsg {} ctl \"\\x{:02x}\\x00\\x00\\x00\" data \"d\"{}", fd, pick(64),
                            pick(3) ? "" : " hipri"));
            break;
        case 5:
            add(fmt::format("getmsg {} ctl 100 data 100", fd));
            break;
        case 6:
            add(fmt::format("read {} {}", fd, pick(300)));
            break;
        case 7:
            add(fmt::format("ioctl {} I_STR {} 1", fd, 0x5800 + pick(8)));
            break;
        case 8:
            add(fmt::format("ioctl {} I_FLUSH {}", fd, pick(2) ? "rw" : "w"));
            break;
        case 9:
            add(fmt::format("ioctl {} I_PUSH passer", fd));
            break;
        case 10:
            add(fmt::format("ioctl {} I_POP", fd));
            break;
        case 11:
            add(fmt::format("fail {}", 1 + pick(12)));
            break;
        case 12:
            add(fmt::format("advance {}", pick(300)));
            break;
        case 13:
            add(fmt::format("putmsg {} data \"banded\" band {}", fd, pick(5)));
            break;
        }
    }
    add("fail 0");
}

std::vector<Step> Steps::make() {
    if (target_.node == "/dev/check") opens_and_refusals();
    if (!target_.module) direct_opens();
    random_order();
    ioctls();
    if (!target_.ioctls.empty()) own_ioctls();
    flushes();
    data();
    bands();
    control();
    backlog();
    pending_ioctl();
    signals();
    modules();
    if (!target_.module) links();
    reload();
    failing_opens();
    failing("data", {"write a \"hello, driver\"", "getmsg a ctl 64 data 64", "putmsg a ctl \"ctl\" data \"data\"", "run"});
    std::vector<std::string> requests{"ioctl a I_STR 0x5801 1 \"data\"", "ioctl a 0x5801 \"buffer\"", "ioctl a I_FLUSH rw", "run"};
    for (std::size_t i = 0; i < std::min<std::size_t>(target_.ioctls.size(), 4); ++i)
        requests.insert(requests.begin(), fmt::format("ioctl a I_STR {:#x} 1 \"data\"", static_cast<unsigned>(target_.ioctls[i])));
    failing("ioctl and flush", requests);
    seeded();
    return std::move(all_);
}

} // namespace rill::tool
