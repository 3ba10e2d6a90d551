#include "tools/rill/check.hpp"
#include "streams/view/text.hpp"

#include "streams/crash.hpp"
#include "streams/system.hpp"
#include "tools/rill/scenario.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <sstream>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

constexpr unsigned seconds_a_step = 20;
constexpr unsigned seconds_a_loop = 10; // of one procedure
constexpr int most_opens = 300;

struct Finding {
    std::string text; // first line: what; the rest: details
    std::string at;   // the call it happened in
};

struct Step {
    std::string name; // "clone opens until it refuses"
    std::vector<std::string> lines;
    bool repeat = true;  // run it twice and compare what is in use
    bool reload = false; // in two Systems, one after the other
    // Judges the results (text behind "->", by line) of the first run.
    std::function<std::vector<Finding>(const std::vector<std::string> &)> judge;
    // filled in by running it
    std::vector<Finding> found;
    std::string note;
    std::string file;
};

// What the child tells while it still lives.
struct Shared {
    volatile int line; // of the scenario, from 1; 0: booting; -1: ending
    volatile int run;
    volatile int result_of_refusals;
};

bool is_descriptor(const std::string &result) {
    return !result.empty() &&
           std::all_of(result.begin(), result.end(), [](unsigned char c) { return std::isdigit(c); });
}

std::string errno_of(const std::string &result) {
    return result.substr(0, result.find(':'));
}

// --- the target ----------------------------------------------------------------------------------------------------

struct Target {
    std::string name, directory;
    major_t major = 0, clone_major = 0;
    bool module = false;
    std::string node = "/dev/check"; // /dev/check0 for a driver that knows no clone opens
};

std::string slurp(const fs::path &path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

// Names in a shared object that end in "info", as <prefix>info does.
std::vector<std::string> prefixes(const std::string &object) {
    std::set<std::string> names;
    for (std::size_t at = 0; (at = object.find("info", at)) != object.npos; at += 4) {
        if (at + 4 >= object.size() || object[at + 4] != '\0') continue;
        std::size_t from = at;
        while (from > 0 && (std::isalnum(static_cast<unsigned char>(object[from - 1])) || object[from - 1] == '_'))
            --from;
        if (from < at && object[from - 1] == '\0' && !std::isdigit(static_cast<unsigned char>(object[from])))
            names.insert(object.substr(from, at - from));
    }
    for (const char *not_one : {"_", "mod_", "mod", "rill_mod_"}) names.erase(not_one);
    return {names.begin(), names.end()};
}

bool write_file(const fs::path &path, std::string_view text) {
    std::ofstream out(path);
    out << text;
    return out.good();
}

// A sysgen directory for a lone object.
bool lay_out(const CheckOptions &o, const fs::path &object, const fs::path &out, Target &target, std::string &problem) {
    const std::string bytes = slurp(object);
    if (bytes.empty()) return problem = fmt::format("cannot read {}: {}", object.string(), std::strerror(errno)), false;
    const std::string stem = object.stem().string();
    std::string prefix = o.prefix;
    if (prefix.empty()) {
        const auto found = prefixes(bytes);
        if (std::find(found.begin(), found.end(), stem) != found.end())
            prefix = stem;
        else if (bytes.find("rill_mod_init") != bytes.npos) // Solaris: _init leads to it
            prefix = stem;
        else if (bytes.find(stem + "_install") != bytes.npos && bytes.find("str_install") != bytes.npos) // HP-UX
            prefix = stem + "_";
        else if (found.size() == 1)
            prefix = found.front();
        else
            return problem = fmt::format(
                       "{} defines {}: which streamtab is the driver's? --prefix tells", object.string(),
                       found.empty() ? "no <prefix>info" : "several <prefix>info, none of them " + stem + "info"),
                   false;
    }
    target.name = stem;
    target.directory = out.string();
    target.module = o.module;
    const char *carrier = stem == "echo" ? "loop" : "echo"; // a stream to push on, or to link below
    std::error_code error;
    for (const char *part : {"system", "master.d", "boot"}) fs::create_directories(out / part, error);
    fs::copy_file(object, out / "boot" / (stem + ".so"), fs::copy_options::overwrite_existing, error);
    const std::string line =
        o.module ? fmt::format("m {} - - -", prefix) : fmt::format("cfs {} {} {} clone", prefix, o.major, o.devices);
    const bool good = !error && write_file(out / "master.d" / stem, fmt::format("* Made by rill check.\n{}\n", line)) &&
                      write_file(out / "master.d" / carrier,
                                 fmt::format("cfs {0} 60 16 clone\n$$$\nint {0}_devices = ##D;\n", carrier)) &&
                      (stem == "passmod" || write_file(out / "master.d" / "passmod", "m passmod - - -\n")) &&
                      write_file(out / "system" / "check.sm", fmt::format("INCLUDE: {}\nUSE: {}{}\n", stem, carrier,
                                                                          stem == "passmod" ? "" : ", passmod")) &&
                      write_file(out / "dev", fmt::format("* Made by rill check.\n{}/dev/{} c clone {} 0666 0 0\n",
                                                          o.module ? "*" : "", stem, stem));
    if (!good)
        problem = fmt::format("cannot write {}: {}", out.string(), error ? error.message() : std::strerror(errno));
    return good;
}

// --- the steps -----------------------------------------------------------------------------------------------------

class Steps {
public:
    Steps(const Target &target, const CheckOptions &options)
        : target_(target), options_(options), random_(options.seed) {}
    std::vector<Step> make();
    // Which way leads to a stream: its judge finds "opened", or why not.
    Step probe();

private:
    Step &begin(std::string name) {
        all_.push_back({});
        all_.back().name = std::move(name);
        add("# " + all_.back().name);
        add(fmt::format("mknod /dev/carrier c {} 60", target_.clone_major));
        if (target_.module) return all_.back();
        add(fmt::format("mknod /dev/check c {} {}", target_.clone_major, target_.major));
        for (int m = 0; m < 4; ++m) add(fmt::format("mknod /dev/check{} c {} {}", m, target_.major, m));
        return all_.back();
    }
    void add(std::string line) { all_.back().lines.push_back(std::move(line)); }
    // Opens a stream that has the target on it.
    void open(const char *fd = "a", const char *node = nullptr) {
        if (target_.module) {
            add(fmt::format("{} = open {} rdwr|nonblock", fd, carrier_));
            add(fmt::format("ioctl {} I_PUSH {}", fd, target_.name));
        } else {
            add(fmt::format("{} = open {} rdwr|nonblock", fd, node ? node : target_.node));
        }
    }
    void drain(const char *fd = "a") {
        for (int i = 0; i < 3; ++i) add(fmt::format("getmsg {} ctl 8192 data 70000", fd));
        add("run");
    }
    void opens_and_refusals();
    void direct_opens();
    void random_order();
    void ioctls();
    void flushes();
    void data();
    void control();
    void backlog();
    void pending_ioctl();
    void modules();
    void links();
    void signals();
    void reload();
    void failing(const char *name, std::vector<std::string> body);
    void seeded();
    long pick(long n) { return static_cast<long>(random_() % static_cast<unsigned long>(n)); }

    const Target &target_;
    const CheckOptions &options_;
    std::mt19937_64 random_;
    std::vector<Step> all_;
    std::string carrier_ = "/dev/carrier";
};

Step Steps::probe() {
    Step &s = begin("probe");
    s.repeat = false;
    open();
    s.judge = [](const std::vector<std::string> &results) {
        const std::string &last = results.back();
        return std::vector<Finding>{{is_descriptor(last) ? "opened" : last, ""}};
    };
    Step out = s;
    all_.clear();
    return out;
}

// As many as there are, a refusal with an errno, all closed, and as many again.
void Steps::opens_and_refusals() {
    Step &s = begin("clone opens until it refuses, and again after the closes");
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < most_opens; ++i) open(fmt::format("a{}", i).c_str());
        for (int i = most_opens; i-- > 0;) add(fmt::format("close a{}", i));
    }
    const std::vector<std::string> lines = s.lines;
    s.judge = [lines](const std::vector<std::string> &results) {
        std::vector<Finding> out;
        int opened[2] = {}, round = 0, last = 0;
        bool refused = false;
        for (std::size_t i = 0; i < lines.size() && i < results.size(); ++i) {
            if (lines[i].find(" = open ") == std::string::npos) continue;
            if (last++ == most_opens) ++round;
            if (is_descriptor(results[i])) {
                ++opened[round];
                if (refused && round == 0)
                    out.push_back({"an open succeeded after one that was refused, nothing having been closed (CLN-057)",
                                   lines[i]}),
                        refused = false;
            } else {
                refused = round == 0;
                const std::string error = errno_of(results[i]);
                if (error == "ENOSR" || error == "ENXIO" || error == "EBUSY" || error == "EAGAIN" ||
                    error == "ENOMEM" || error == "EMFILE")
                    continue;
                if (opened[round])
                    out.push_back(
                        {fmt::format("a clone open beyond the last minor fails with {}, not EBUSY or ENXIO (CLN-057)",
                                     error),
                         lines[i]});
                break;
            }
        }
        if (opened[0] != opened[1])
            out.push_back(
                {fmt::format(
                     "{} clone opens succeeded, and after all had been closed only {}: minors were lost (CLN-092)",
                     opened[0], opened[1]),
                 "close"});
        return out;
    };
}

void Steps::direct_opens() {
    begin("direct opens, and a second open of each");
    for (int m = 0; m < 4; ++m) {
        open(fmt::format("a{}", m).c_str(), fmt::format("/dev/check{}", m).c_str());
        open(fmt::format("b{}", m).c_str(), fmt::format("/dev/check{}", m).c_str());
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
            open(fd.c_str());
        else
            open(fd.c_str(), fmt::format("/dev/check{}", pick(4)).c_str());
        if (pick(4) == 0) add(fmt::format("write {} \"data\"", fd));
    }
}

// I_STR and transparent. Without an answer the first ends with ETIME, the second can never end.
void Steps::ioctls() {
    Step &s = begin("unknown ioctls are answered, I_STR and transparent");
    open();
    for (const char *command : {"0x5801 1", "0x5801 1 \"some data\"", "0x7fff 1", "0 1"})
        add(fmt::format("ioctl a I_STR {}", command));
    for (const char *command : {"0x5801 0", "0x5801 \"a buffer of the application\"", "0x7ffe 0"})
        add(fmt::format("ioctl a {}", command));
    add("close a");
    const std::vector<std::string> lines = s.lines;
    s.judge = [lines](const std::vector<std::string> &results) {
        for (std::size_t i = 0; i < lines.size() && i < results.size(); ++i)
            if (lines[i].starts_with("ioctl a") &&
                (results[i].starts_with("ETIME") || results[i].starts_with("EDEADLK")))
                return std::vector<Finding>{{"an M_IOCTL was never answered (IOC-122)", lines[i]}};
        return std::vector<Finding>{};
    };
}

void Steps::flushes() {
    begin("M_FLUSH of all kinds, with and without data queued");
    open();
    for (int round = 0; round < 2; ++round) {
        for (const char *what : {"r", "w", "rw"}) add(fmt::format("ioctl a I_FLUSH {}", what));
        for (int band : {0, 1, 255})
            for (const char *what : {"r", "w", "rw"}) add(fmt::format("ioctl a I_FLUSHBAND {} {}", band, what));
        add("write a \"to be flushed\" x 20");
    }
    add("ioctl a I_FLUSH rw");
    add("close a");
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
    if (target_.module) {
        add(fmt::format("p: a = open {} rdwr|nonblock", carrier_));
        add(fmt::format("p: ioctl a I_PUSH {}", target_.name));
    } else {
        add(fmt::format("p: a = open {} rdwr|nonblock", target_.node));
    }
    add("p: ioctl a I_STR 0x5802 5 \"wait\" &");
    add("p: write a \"meanwhile\"");
    add("exit p");
    add("advance 3000");
}

void Steps::modules() {
    begin("push and pop around it");
    open();
    for (int round = 0; round < 3; ++round) {
        add("ioctl a I_PUSH passmod");
        add("write a \"through a module\"");
        add("ioctl a I_PUSH passmod");
        add("putmsg a ctl \"ctl\" data \"through two\"");
        add("ioctl a I_POP");
        drain();
        add("ioctl a I_FLUSH rw");
        add("ioctl a I_POP");
    }
    add("ioctl a I_PUSH passmod");
    add("write a \"left\"");
    add("close a");
}

// A driver that is no multiplexor must refuse, one that is must take them back.
void Steps::links() {
    begin("I_LINK under it, refused or undone");
    open();
    add(fmt::format("low = open {} rdwr|nonblock", carrier_));
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
    if (target_.module) {
        add(fmt::format("p: a = open {} rdwr", carrier_));
        add(fmt::format("p: ioctl a I_PUSH {}", target_.name));
    } else {
        add(fmt::format("p: a = open {} rdwr", target_.node));
    }
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

void Steps::failing(const char *name, std::vector<std::string> body) {
    begin(fmt::format("the n-th allocation fails: {}", name));
    for (int n = 1; n <= options_.allocations; ++n) {
        add(fmt::format("fail {}", n));
        for (const std::string &line : body) add(line);
        add("fail 0");
        add("run");
        add("close a");
        add("advance 200");
    }
}

void Steps::seeded() {
    begin(fmt::format("everything at random, allocations failing, seed {}", options_.seed));
    for (int i = 0; i < 250; ++i) {
        const std::string fd = fmt::format("r{}", pick(4));
        switch (pick(14)) {
        case 0:
        case 1:
            open(fd.c_str());
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
            add(fmt::format("ioctl {} I_PUSH passmod", fd));
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
    const std::string write = "write a \"hello, driver\"", ioctl = "ioctl a I_STR 0x5801 1 \"data\"";
    if (target_.node == "/dev/check") opens_and_refusals();
    if (!target_.module) direct_opens();
    random_order();
    ioctls();
    flushes();
    data();
    control();
    backlog();
    pending_ioctl();
    signals();
    modules();
    if (!target_.module) links();
    reload();
    const std::vector<std::string> opening =
        target_.module ? std::vector<std::string>{fmt::format("a = open {} rdwr|nonblock", carrier_),
                                                  fmt::format("ioctl a I_PUSH {}", target_.name)}
                       : std::vector<std::string>{fmt::format("a = open {} rdwr|nonblock", target_.node)};
    failing("open", opening);
    auto after_open = [&](std::vector<std::string> rest) {
        std::vector<std::string> body = opening;
        body.insert(body.end(), rest.begin(), rest.end());
        return body;
    };
    failing("data", after_open({write, "getmsg a ctl 64 data 64", "putmsg a ctl \"ctl\" data \"data\"", "run"}));
    failing("ioctl and flush", after_open({ioctl, "ioctl a 0x5801 \"buffer\"", "ioctl a I_FLUSH rw", "run"}));
    seeded();
    return std::move(all_);
}

// --- one step, in a child ------------------------------------------------------------------------------------------

// Runs the scenario in a System of its own. Results by line; faults and what is left over go into found.
class Child {
public:
    Child(const Target &target, const CheckOptions &options, const Step &step, Shared &shared)
        : target_(target), options_(options), step_(step), shared_(shared) {}
    std::vector<Finding> run();
    std::string note;

private:
    rill_system *boot();
    void play(rill_system *system, std::vector<std::string> *results);
    void collect(System &system);
    void compare(const Census &before, const Census &after);

    const Target &target_;
    const CheckOptions &options_;
    const Step &step_;
    Shared &shared_;
    std::vector<Finding> found_;
    std::set<std::string> seen_;
    std::vector<std::pair<std::size_t, std::string>> at_; // faults so far, and the call that they came from
};

rill_system *Child::boot() {
    shared_.line = 0;
    rill_system *system = rill_system_new(options_.profile.c_str());
    if (!system) return nullptr;
    auto &s = *reinterpret_cast<System *>(system);
    s.console_sink = [](int, std::string_view) {};
    s.fault_policy = FaultPolicy::report;
    if (rill_sysgen(system, target_.directory.c_str()) == 0) return system;
    found_.push_back({"the directory does not boot: " + s.sysgen_error, "boot"});
    rill_system_free(system);
    return nullptr;
}

// What a call printed, to its last "-> ".
std::string result_of(const std::string &printed) {
    const std::size_t end = printed.find('\n'), arrow = printed.find("-> ");
    if (arrow == printed.npos) return {};
    return printed.substr(arrow + 3, end == printed.npos || end < arrow ? printed.npos : end - arrow - 3);
}

void Child::play(rill_system *system, std::vector<std::string> *results) {
    auto &s = *reinterpret_cast<System *>(system);
    char *text = nullptr;
    std::size_t length = 0;
    std::FILE *real = stdout, *memory = open_memstream(&text, &length);
    stdout = memory;
    {
        Scenario scenario(system, Show::quiet, "check");
        s.console_sink = [](int, std::string_view) {};
        int number = 0;
        for (const std::string &line : step_.lines) {
            shared_.line = ++number;
            std::istringstream in(line);
            std::rewind(memory);
            scenario.run(in, true);
            std::fflush(memory);
            if (results) results->push_back(result_of(std::string(text, length)));
            while (at_.size() < s.faults.size()) at_.emplace_back(at_.size(), line);
        }
        shared_.line = -1;
    }
    s.console_sink = [](int, std::string_view) {};
    while (at_.size() < s.faults.size()) at_.emplace_back(at_.size(), "the end of the process");
    stdout = real;
    std::fclose(memory);
    std::free(text);
}

void Child::collect(System &system) {
    for (std::size_t i = 0; i < system.faults.size(); ++i) {
        const Fault &f = system.faults[i];
        if (!seen_.insert(f.driver + f.entry + f.rule).second) continue;
        std::string text = fmt::format("driver {}, {}: {} ({})", f.driver,
                                       f.entry.empty() ? "outside its procedures" : f.entry, f.what, f.rule);
        if (!f.history.empty()) text += "\n  the message:\n" + f.history;
        found_.push_back({text, i < at_.size() ? at_[i].second : ""});
    }
}

void Child::compare(const Census &before, const Census &after) {
    Census more{};
    const auto *b = reinterpret_cast<const long *>(&before), *a = reinterpret_cast<const long *>(&after);
    auto *m = reinterpret_cast<long *>(&more);
    for (std::size_t i = 0; i < sizeof more / sizeof(long); ++i) m[i] = std::max(a[i] - b[i], 0L);
    if (more == Census{}) return;
    found_.push_back({fmt::format("driver {}: each time this is done, something is lost: {} (PUT-009, PUT-037)",
                                  target_.name, more.text()),
                      "the end"});
}

std::vector<Finding> Child::run() {
    rill_system *system = boot();
    if (!system) return found_;
    auto &s = *reinterpret_cast<System *>(system);
    std::vector<std::string> results;
    shared_.run = 1;
    play(system, &results);
    collect(s);
    const bool clean = found_.empty();
    if (clean && step_.judge) found_ = step_.judge(results);
    if (found_.empty() && step_.repeat && !step_.reload) {
        const Census before = s.census();
        shared_.run = 2;
        play(system, nullptr);
        collect(s);
        if (found_.empty()) compare(before, s.census());
    }
    rill_system_free(system);
    if (step_.reload && found_.empty()) {
        at_.clear();
        shared_.run = 2;
        if ((system = boot())) {
            play(system, nullptr);
            collect(*reinterpret_cast<System *>(system));
            rill_system_free(system);
        }
    }
    return found_;
}

// --- the parent ----------------------------------------------------------------------------------------------------

const char *how_it_died(int sig) {
    switch (sig) {
    case SIGSEGV:
        return "crashed: it used an address that is not mapped (SIGSEGV)";
    case SIGBUS:
        return "crashed: bus error (SIGBUS)";
    case SIGFPE:
        return "crashed: it divided by zero (SIGFPE)";
    case SIGILL:
        return "crashed: illegal instruction (SIGILL)";
    case SIGABRT:
        return "ended the process: panic, assertion or corrupt memory (SIGABRT)";
    case SIGALRM:
        return "does not return";
    default:
        return "was killed";
    }
}

// Strings with their lengths, through a pipe.
void send(int fd, const std::string &s) {
    const std::size_t n = s.size();
    if (::write(fd, &n, sizeof n) != sizeof n) return;
    for (std::size_t at = 0; at < n;) {
        const ssize_t w = ::write(fd, s.data() + at, n - at);
        if (w <= 0) return;
        at += static_cast<std::size_t>(w);
    }
}

int reports_to = -1; // the parent's end, for a crash

class Runner {
public:
    Runner(const Target &target, const CheckOptions &options) : target_(target), options_(options) {}
    void run(Step &step) const;

private:
    void in_child(const Step &step, Shared &shared, int out) const;
    const Target &target_;
    const CheckOptions &options_;
};

void Runner::in_child(const Step &step, Shared &shared, int out) const {
    std::signal(SIGPIPE, SIG_IGN);
    ::alarm(seconds_a_step);
    reports_to = out;
    crash_told = [](const char *text, std::size_t size) { // as send() would; worded as the other findings
        const std::size_t none = 0;
        constexpr std::string_view before = "fault: ";
        if (std::string_view(text, size).starts_with(before)) text += before.size(), size -= before.size();
        for (auto [from, n] : {std::pair<const void *, std::size_t>{&size, sizeof size}, {text, size}, {&none, sizeof none}})
            if (::write(reports_to, from, n) < 0) return;
    };
    watch_procedures(seconds_a_loop);
    if (!std::getenv("RILL_CHECK_VERBOSE")) // what a driver prints by itself, and the messages of the scenario
        if (std::FILE *quiet = std::freopen("/dev/null", "w", stderr)) (void)quiet;
    Child child(target_, options_, step, shared);
    const auto found = child.run();
    for (const Finding &f : found) {
        send(out, f.text);
        send(out, f.at);
    }
    ::_exit(0);
}

void Runner::run(Step &step) const {
    auto *shared = static_cast<Shared *>(
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    int ends[2];
    if (shared == MAP_FAILED || ::pipe(ends) < 0) {
        step.found.push_back({fmt::format("this step could not be run: {}", std::strerror(errno)), ""});
        return;
    }
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(ends[0]);
        in_child(step, *shared, ends[1]);
    }
    ::close(ends[1]);
    std::string all;
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR);)
        if (n > 0) all.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    std::vector<std::string> strings;
    for (std::size_t at = 0, n; at + sizeof n <= all.size();) {
        std::memcpy(&n, all.data() + at, sizeof n);
        strings.push_back(all.substr(at + sizeof n, n));
        at += sizeof n + n;
    }
    for (std::size_t i = 0; i + 1 < strings.size(); i += 2) step.found.push_back({strings[i], strings[i + 1]});
    int status = 0;
    while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid < 0)
        step.found.push_back({fmt::format("this step could not be run: {}", std::strerror(errno)), ""});
    else if (WIFSIGNALED(status) || WEXITSTATUS(status)) {
        const bool named = !step.found.empty() && step.found.back().at.empty(); // by the handler of the crash
        const int line = shared->line;
        const std::string at = line == 0  ? "while the system boots"
                               : line < 0 ? "when the process that had it open ends"
                                          : step.lines[static_cast<std::size_t>(line - 1)];
        const std::string what = WIFSIGNALED(status)
                                     ? how_it_died(WTERMSIG(status))
                                     : fmt::format("ended the process with status {}", WEXITSTATUS(status));
        if (named) step.found.back().at = at;
        else step.found.push_back({fmt::format("driver {} {}", target_.name, what), at});
    }
    ::munmap(shared, sizeof(Shared));
}

// --- reports -------------------------------------------------------------------------------------------------------

std::string indented(std::string_view text, std::string_view by) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out += fmt::format("{}{}\n", by, text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return out;
}

std::string reproduce(const Target &target, const Step &step) {
    return fmt::format("rill boot {} -s {}", target.directory, step.file);
}

// What makes two findings the same: driver, procedure and clause; not the sizes in between.
std::string identity(const Finding &f) {
    const std::string first = f.text.substr(0, f.text.find('\n'));
    const std::size_t clause = first.rfind('(');
    return clause == first.npos ? first : first.substr(0, first.find(':')) + first.substr(clause);
}

void tell(const Target &target, const Step &step, const std::set<std::string> &told) {
    fmt::print("{:6}{}\n", step.found.empty() ? "ok" : "FAULT", step.name);
    for (const Finding &f : step.found) {
        const bool again = told.count(identity(f)) > 0; // its details stand above
        fmt::print("{}", indented(again ? f.text.substr(0, f.text.find('\n')) : f.text, "        "));
        if (!f.at.empty())
            fmt::print("          in the call: {}\n", f.at.size() > 90 ? f.at.substr(0, 90) + "..." : f.at);
    }
    if (!step.found.empty()) fmt::print("          again: {}\n", reproduce(target, step));
}

void tell_tap(const Target &target, const Step &step, std::size_t number) {
    fmt::print("{}ok {} - {}\n", step.found.empty() ? "" : "not ", number, step.name);
    for (const Finding &f : step.found) fmt::print("{}# in the call: {}\n", indented(f.text, "# "), f.at);
    if (!step.found.empty()) fmt::print("# again: {}\n", reproduce(target, step));
}

bool write_junit(const std::string &path, const Target &target, const std::vector<Step> &steps) {
    const auto bad = std::count_if(steps.begin(), steps.end(), [](const Step &s) { return !s.found.empty(); });
    std::string out = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"rill check {}\" tests=\"{}\" failures=\"{}\">\n",
        view::xml_text(target.name), steps.size(), bad);
    for (const Step &s : steps) {
        out += fmt::format("  <testcase classname=\"{}\" name=\"{}\"", view::xml_text(target.name), view::xml_text(s.name));
        if (s.found.empty()) {
            out += "/>\n";
            continue;
        }
        out += ">\n";
        for (const Finding &f : s.found)
            out += fmt::format("    <failure message=\"{}\">{}\nin the call: {}\nagain: {}</failure>\n",
                               view::xml_text(f.text.substr(0, f.text.find('\n'))), view::xml_text(f.text), view::xml_text(f.at),
                               view::xml_text(reproduce(target, s)));
        out += "  </testcase>\n";
    }
    return write_file(path, out + "</testsuite>\n");
}

// Can it be opened: through the clone driver, by its own minor 0, or pushed? What the System says if not.
std::string open_somehow(Target &target, const CheckOptions &options) {
    std::string why;
    for (const char *node : {"/dev/check", "/dev/check0"}) {
        target.node = node;
        Step step = Steps(target, options).probe();
        Runner(target, options).run(step);
        const std::string said = step.found.empty() ? "nothing" : step.found.front().text;
        if (said == "opened" || said.starts_with("driver ")) return {}; // a fault is for the report
        why += fmt::format("\n  {}: {}",
                           target.module                            ? "I_PUSH"
                           : std::string_view(node) == "/dev/check" ? "clone open"
                                                                    : "open of minor 0",
                           said);
        if (target.module) break;
    }
    return why;
}

// Where the target is, and that it boots, which a child finds out.
bool find_target(const CheckOptions &o, const fs::path &out, Target &target, std::string &problem) {
    const std::size_t colon = o.target.rfind(':');
    std::error_code ignored;
    const bool in_directory = colon != std::string::npos && fs::is_directory(o.target.substr(0, colon), ignored);
    const Profile *profile = find_profile(o.profile);
    if (!profile)
        return problem = fmt::format("no profile is called {} (there are irix, svr4, solaris)", o.profile), false;
    target.clone_major = profile->clone_major;
    target.major = static_cast<major_t>(o.major);
    if (!in_directory) return lay_out(o, o.target, out, target, problem);
    target.directory = o.target.substr(0, colon);
    target.name = o.target.substr(colon + 1);
    target.module = o.module;
    rill_system *system = rill_system_new(o.profile.c_str());
    const bool booted = rill_sysgen(system, target.directory.c_str()) == 0;
    auto &s = *reinterpret_cast<System *>(system);
    if (booted) {
        if (Driver *d = s.registry.by_name(target.name))
            target.major = d->externals.front();
        else if (s.registry.module(target.name))
            target.module = true;
        else
            problem = fmt::format("{} has no driver or module called {}", target.directory, target.name);
    } else {
        problem = fmt::format("{} does not boot:\n{}", target.directory, s.sysgen_error);
    }
    rill_system_free(system);
    return problem.empty();
}

} // namespace

int check(const CheckOptions &options) {
    Target target;
    std::string problem;
    const std::size_t colon = options.target.rfind(':');
    const std::string base = colon != std::string::npos && !fs::exists(options.target)
                                 ? options.target.substr(colon + 1)
                                 : fs::path(options.target).stem().string();
    const fs::path out = options.out.empty() ? fs::path(base + ".check") : fs::path(options.out);
    std::error_code error;
    fs::create_directories(out, error);
    if (error || !find_target(options, out, target, problem)) {
        fmt::print(stderr, "rill check: {}\n",
                   error ? fmt::format("cannot make {}: {}", out.string(), error.message()) : problem);
        return 2;
    }
    std::string closed = open_somehow(target, options);
    if (!closed.empty() && !target.module && options.target.ends_with(".so")) { // perhaps it is a module
        CheckOptions as_module = options;
        as_module.module = true;
        Target module;
        if (find_target(as_module, out, module, problem) && open_somehow(module, as_module).empty()) {
            target = module;
            closed.clear();
        } else {
            find_target(options, out, target, problem);
        }
    }
    if (!closed.empty()) {
        fmt::print(stderr, "rill check: no stream with {} on it can be had, so that nothing can be tried:{}\n",
                   target.name, closed);
        return 2;
    }
    std::vector<Step> steps = Steps(target, options).make();
    const Runner runner(target, options);
    const bool person = isatty(STDERR_FILENO) && !options.tap;
    if (options.tap)
        fmt::print("TAP version 13\n1..{}\n", steps.size());
    else
        fmt::print("rill check: {} {}, {} profile, seed {}{}\n", target.module ? "module" : "driver", target.name,
                   options.profile, options.seed,
#if RILL_CHECKING
                   ""
#else
                   "; not a checking build: some faults cannot be seen"
#endif
        );
    std::size_t number = 0, bad = 0;
    std::set<std::string> faults;
    for (Step &step : steps) {
        ++number;
        step.file = (out / fmt::format("{:02}.rill", number)).string();
        std::string text;
        for (const std::string &line : step.lines) text += line + '\n';
        write_file(step.file, text);
        if (person) fmt::print(stderr, "\r\033[K[{}/{}] {}", number, steps.size(), step.name);
        runner.run(step);
        if (person) fmt::print(stderr, "\r\033[K");
        bad += !step.found.empty();
        if (options.tap)
            tell_tap(target, step, number);
        else
            tell(target, step, faults);
        for (const Finding &f : step.found) faults.insert(identity(f));
        std::fflush(stdout);
        if (step.found.empty()) fs::remove(step.file, error);
    }
    if (!options.tap)
        fmt::print("{} of {} checks passed, {}\n", steps.size() - bad, steps.size(),
                   faults.empty() ? "no fault"
                                  : fmt::format("{} different fault{}", faults.size(), faults.size() == 1 ? "" : "s"));
    if (!options.junit.empty() && !write_junit(options.junit, target, steps)) {
        fmt::print(stderr, "rill check: cannot write {}: {}\n", options.junit, std::strerror(errno));
        return 2;
    }
    return bad ? 1 : 0;
}

} // namespace rill::tool
