#include "tools/rill/check/child.hpp"

#include "streams/queue/crash.hpp"
#include "streams/system.hpp"
#include "streams/base/watched.hpp"
#include "tools/rill/check/check.hpp"
#include "tools/rill/check/target.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <new>
#include <set>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace rill::tool {

namespace {

constexpr rlim_t most_memory = rlim_t{4} << 30, most_file = rlim_t{64} << 20;
constexpr unsigned seconds_first_loop = 10, seconds_next_loop = 2; // of one procedure
constexpr std::size_t most_lines = 8192, most_output = 4096, most_output_lines = 40;

// What the child tells while it still lives.
struct Shared {
    enum End : int {
        none,
        finished,
        called_exit,
        no_memory,
        asked,
    };
    volatile int line; // of the scenario, from 1; 0: booting; -1: ending
    volatile int run;
    volatile int end;
    volatile int status;      // of exit
    Actor entered;            // the procedure entered last
    Actor actor;              // the one that ran at the end
    Installed installed;      // what a look has seen
    unsigned char wrong[most_lines]; // lines that could not be done: a descriptor is missing
};

// --- the child's side ----------------------------------------------------------------------------------------------

Shared *shared;
System *in_system;

void note_actor() {
    const Actor now = in_system ? actor_of(*in_system, in_system->entry) : Actor{};
    shared->actor = *now.driver ? now : shared->entered;
}

void at_exit(int status, void *) {
    note_actor();
    shared->status = status;
    shared->end = Shared::called_exit;
    ::_exit(0);
}

void out_of_memory() {
    note_actor();
    shared->end = Shared::no_memory;
    ::_exit(0);
}

void on_alarm(int) {
    note_actor();
    shared->end = Shared::asked;
    ::_exit(0);
}

// Whoever handled the signal before goes on with it.
struct sigaction before[NSIG];

void on_crash(int sig, siginfo_t *info, void *context) {
    note_actor();
    const struct sigaction &old = before[sig];
    if (old.sa_flags & SA_SIGINFO)
        old.sa_sigaction(sig, info, context);
    else if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN)
        old.sa_handler(sig);
    else
        ::signal(sig, SIG_DFL); // the instruction runs again
}

bool sanitized() {
    for (const char *name : {"__asan_init", "__tsan_init", "__msan_init"})
        if (::dlsym(RTLD_DEFAULT, name)) return true;
    const char *preload = std::getenv("LD_PRELOAD");
    return preload && std::strstr(preload, "vgpreload");
}

void limit(int resource, rlim_t most) {
    rlimit now{};
    if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) return;
    now.rlim_cur = std::min(most, now.rlim_max);
    ::setrlimit(static_cast<__rlimit_resource>(resource), &now);
}

void settle(int output, const std::string &scratch, unsigned seconds_a_loop) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int sig : {SIGINT, SIGTERM, SIGHUP}) ::signal(sig, SIG_DFL);
    for (int sig : {SIGPIPE, SIGXFSZ}) ::signal(sig, SIG_IGN);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, STDIN_FILENO);
    if (!std::getenv("RILL_CHECK_VERBOSE"))
        for (int fd : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(output, fd);
    ::setenv("TMPDIR", scratch.c_str(), 1);
    limit(RLIMIT_CORE, 0);
    watch_procedures(seconds_a_loop);
    watched::leaks_are_told = false; // the child ends without a checker's report; what is lost is counted here
    ::signal(SIGALRM, on_alarm);
    if (sanitized()) return;
    limit(RLIMIT_AS, most_memory);
    limit(RLIMIT_FSIZE, most_file);
    std::set_new_handler(out_of_memory);
    static char stack[65536];
    const stack_t own{stack, 0, sizeof stack};
    ::sigaltstack(&own, nullptr);
    for (int sig : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
        struct sigaction action {};
        action.sa_sigaction = on_crash;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        ::sigaction(sig, &action, &before[sig]);
    }
}

// Runs the scenario in a System of its own. What is found is written as it is found.
class Child {
public:
    Child(const Target &target, const CheckOptions &options, const Step &step, int out)
        : target_(target), options_(options), step_(step), out_(out) {}
    void run();

private:
    rill_system *boot();
    void play(rill_system *system, Ran *ran);
    void collect(System &system, const std::string &at);
    void compare(const Census &before, const Census &after);
    void found(const Finding &finding);

    const Target &target_;
    const CheckOptions &options_;
    const Step &step_;
    int out_;
    bool clean_ = true;
    std::set<std::string> seen_;
    std::size_t collected_ = 0;
};

Finding finding_of(const Fault &f, const std::string &at) {
    return {procedure_of(f.driver, f.entry.empty() ? "outside its procedures" : f.entry), f.what, f.rule, at,
            f.history.empty() ? "" : "  the message:\n" + f.history};
}

// Strings with their lengths.
void Child::found(const Finding &finding) {
    clean_ = false;
    const std::string line = std::to_string(finding.line       ? finding.line
                                            : shared->line > 0 ? shared->line
                                                               : 0);
    for (const std::string *s : {&finding.who, &finding.what, &finding.rule, &finding.at, &finding.details, &line, &finding.instead}) {
        const std::size_t n = s->size();
        std::string bytes(reinterpret_cast<const char *>(&n), sizeof n);
        bytes += *s;
        if (::write(out_, bytes.data(), bytes.size()) < 0) return;
    }
}

rill_system *Child::boot() {
    shared->line = 0;
    collected_ = 0;
    rill_system *system = rill_system_new(options_.profile.c_str());
    if (!system) {
        found({"", fmt::format("a System of the profile {} cannot be made", options_.profile), "", "boot"});
        return nullptr;
    }
    static const bool registered = ::on_exit(at_exit, nullptr) == 0; // after the library's own, so that this one runs first
    if (!registered) return nullptr;
    in_system = reinterpret_cast<System *>(system);
    in_system->console_sink = [](int, std::string_view) {};
    in_system->fault_policy = FaultPolicy::report;
    if (rill_sysgen(system, target_.directory.c_str()) == 0) return system;
    found({"", fmt::format("{} does not boot:", target_.directory), "", "boot", in_system->sysgen_error});
    in_system = nullptr;
    rill_system_free(system);
    return nullptr;
}

void Child::play(rill_system *system, Ran *ran) {
    System &s = *in_system;
    {
        Evaluator evaluator(system);
        s.console_sink = [](int, std::string_view) {};
        Watch watch(s, target_.name, &shared->entered);
        int number = 0;
        for (const std::string &line : step_.lines) {
            shared->line = ++number;
            Outcome outcome = evaluator.evaluate(line);
            const bool understood = outcome.kind != Outcome::Kind::mistake;
            std::optional<Outcome> ended;
            if (outcome.kind == Outcome::Kind::call) ended = std::move(outcome);
            const int error = ended ? ended->error : 0;
            if (static_cast<std::size_t>(number) <= most_lines) shared->wrong[number - 1] = !understood;
            collect(s, line);
            if (const auto fault = ran ? watch.fault() : std::nullopt) {
                Finding finding = finding_of(*fault, line);
                finding.line = number;
                if (error) finding.instead = fmt::format("expect !{} {}", view::errno_name(error), line);
                if (seen_.insert(finding.headline()).second) found(finding);
            }
            if (!ran) continue;
            ran->ended.push_back(std::move(ended));
            ran->seen.push_back(watch.take());
        }
        shared->line = -1;
    }
    s.console_sink = [](int, std::string_view) {};
    collect(s, "the end of the process");
}

void Child::collect(System &system, const std::string &at) {
    for (; collected_ < system.faults.size(); ++collected_) {
        const Fault &f = system.faults[collected_];
        if (!seen_.insert(f.driver + f.entry + f.rule).second) continue;
        found(finding_of(f, at));
    }
}

void Child::compare(const Census &before, const Census &after) {
    const Census more = after.beyond(before);
    if (more == Census{}) return;
    found({fmt::format("driver {}", target_.name), fmt::format("each time this is done, something is lost: {}", more.text()), "PUT-009, PUT-037",
           "the end"});
}

void Child::run() {
    rill_system *system = boot();
    if (!system) return;
    if (step_.look) {
        shared->installed = step_.look(*in_system);
        rill_system_free(system);
        return;
    }
    Ran ran{step_.lines, {}, {}};
    shared->run = 1;
    play(system, &ran);
    if (clean_ && step_.judge)
        for (const Finding &f : step_.judge(ran)) found(f);
    if (clean_ && step_.repeat && !step_.reload) {
        const Census before = in_system->census();
        shared->run = 2;
        play(system, nullptr);
        if (clean_) compare(before, in_system->census());
    }
    rill_system_free(system);
    in_system = nullptr;
    if (!step_.reload || !clean_) return;
    shared->run = 2;
    if (!(system = boot())) return;
    play(system, nullptr);
    rill_system_free(system);
    in_system = nullptr;
}

// --- the parent's side ---------------------------------------------------------------------------------------------

volatile std::sig_atomic_t interrupted;

std::string how_it_died(int sig) {
    switch (sig) {
    case SIGSEGV:
        return "it used an address that is not mapped (SIGSEGV)";
    case SIGBUS:
        return "bus error (SIGBUS)";
    case SIGFPE:
        return "it divided by zero (SIGFPE)";
    case SIGILL:
        return "illegal instruction (SIGILL)";
    case SIGABRT:
        return "it ended the process: panic, assertion or corrupt memory (SIGABRT)";
    default:
        if (const char *name = ::sigabbrev_np(sig)) return fmt::format("it was ended by SIG{}", name);
        return fmt::format("it was ended by signal {}", sig);
    }
}

std::string contents(int fd, std::size_t most) {
    std::string out(most, '\0');
    const ssize_t n = ::pread(fd, out.data(), out.size(), 0);
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
}

void read_findings(int fd, std::vector<Finding> &out) {
    const off_t size = ::lseek(fd, 0, SEEK_END);
    const std::string all = contents(fd, size > 0 ? static_cast<std::size_t>(size) : 0);
    std::vector<std::string> strings;
    for (std::size_t at = 0, n; at + sizeof n <= all.size(); at += sizeof n + n) {
        std::memcpy(&n, all.data() + at, sizeof n);
        if (n > all.size() - at - sizeof n) break;
        strings.push_back(all.substr(at + sizeof n, n));
    }
    for (std::size_t i = 0; i + 6 < strings.size(); i += 7)
        out.push_back({strings[i], strings[i + 1], strings[i + 2], strings[i + 3], strings[i + 4], std::stoi(strings[i + 5]), strings[i + 6]});
}

// Waits for the child until the deadline; false when it has to be killed.
bool wait_until(pid_t pid, int *status, double seconds) {
    timespec start{}, now{};
    ::clock_gettime(CLOCK_MONOTONIC, &start);
    for (long pause = 200'000;; pause = std::min(pause * 2, 10'000'000L)) {
        const pid_t ended = ::waitpid(pid, status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR)) return true;
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        if (interrupted || now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9 > seconds) return false;
        const timespec rest{0, pause};
        ::nanosleep(&rest, nullptr);
    }
}

// The processes that the child left in its group, and those that came to us because their parents ended.
bool end_group(pid_t group) {
    bool any = ::kill(-group, SIGKILL) == 0;
    for (int tries = 0; tries < 1000; ++tries) {
        int status = 0;
        while (::waitpid(-group, &status, WNOHANG) > 0) {
        }
        if (::kill(-group, 0) != 0) break;
        const timespec rest{0, 1'000'000};
        ::nanosleep(&rest, nullptr);
    }
    // One that went into a session of its own.
    std::ifstream children(fmt::format("/proc/self/task/{}/children", ::getpid()));
    for (pid_t child; children >> child;) {
        int status = 0;
        ::kill(child, SIGKILL);
        any |= ::waitpid(child, &status, 0) == child;
    }
    return any;
}

std::string tail(const std::string &output) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < output.size();) {
        const std::size_t end = std::min(output.find('\n', at), output.size());
        lines.push_back(output.substr(at, end - at));
        at = end + 1;
    }
    std::string out;
    for (std::size_t i = lines.size() > most_output_lines ? lines.size() - most_output_lines : 0; i < lines.size(); ++i) {
        std::string line = lines[i].substr(0, 160);
        for (char &c : line)
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t') c = '?';
        out += "\n    " + line;
    }
    return out.empty() ? out : "  it printed:" + out;
}

std::string where(const Step &step, int line) {
    if (line == 0) return "while the system boots";
    if (line < 0) return "when the process that had it open ends";
    return static_cast<std::size_t>(line) <= step.lines.size() ? step.lines[static_cast<std::size_t>(line) - 1] : "";
}

// A call of the first process, as one of another's, which ends and closes what it has.
std::string as_call_of(const std::string &process, const std::string &line) {
    const std::string first = line.substr(0, line.find(' '));
    const Command *command = find_command(first);
    const bool call = first == "expect" || (command && command->call) || line.compare(first.size(), 3, " = ") == 0;
    return call ? process + ": " + line : line;
}

// The lines as they can be done again: those that could not be done are comments, and what was found by a second run
// stands there twice, between two looks at what is in use. What to look at stands at the top, and where it is seen.
bool hung(const std::string &printed) { return printed.find("(UTL-089)") != printed.npos; } // the watchdog has ended it

void write_scenario(const Step &step, const std::string &target, const Shared &told) {
    std::ofstream out(step.file);
    const bool twice = told.run == 2 && !step.reload;
    for (const Finding &f : step.found) {
        out << "# what is wrong: " << f.headline() << '\n';
        if (!f.at.empty()) out << "#   seen at: " << f.at << '\n';
    }
    out << "watch " << target << '\n';
    for (int round = 0; round <= twice; ++round) {
        const std::string process = round == 0 ? "first" : "second";
        if (twice) out << "census\nproc " << process << '\n';
        for (std::size_t i = 0; i < step.lines.size(); ++i) {
            std::string line = (i < most_lines && told.wrong[i] ? "# not possible here: " : "") + step.lines[i];
            for (const Finding &f : step.found) {
                if (f.line != static_cast<int>(i) + 1 || round != twice) continue;
                out << "> what is wrong is seen here: " << f.headline() << '\n';
                if (!f.instead.empty()) line = f.instead;
            }
            out << (twice ? as_call_of(process, line) : line) << '\n';
        }
        if (twice) out << "exit " << process << '\n';
    }
    if (twice) out << "census same\n";
}

} // namespace

Runner::Runner(const CheckOptions &options) : options_(options), seconds_a_loop_(seconds_first_loop) {
    scratch_.make("rill-check");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int sig : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
        struct sigaction action {};
        action.sa_handler = [](int s) { interrupted = s; };
        ::sigaction(sig, &action, nullptr);
    }
}

// Waits for the child, which has its seconds; then a second more to say where it is.
Runner::Ended Runner::wait_for(pid_t pid) const {
    Ended ended;
    bool over = wait_until(pid, &ended.status, static_cast<double>(options_.seconds));
    ended.late = !over;
    if (ended.late && !interrupted) {
        ::kill(pid, SIGALRM);
        over = wait_until(pid, &ended.status, 1);
    }
    if (!over) {
        ::kill(-pid, SIGKILL);
        ::waitpid(pid, &ended.status, 0);
    }
    return ended;
}

// The driver's procedure that the child ended in, and how.
Finding Runner::end_of(const Target &target, const Step &step, const Ended &ended, const std::string &printed) const {
    const Shared &told = *shared;
    const Actor &actor = told.end == Shared::none && !*told.actor.driver ? told.entered : told.actor;
    const std::string who = *actor.driver ? procedure_of(actor.driver, actor.procedure) : procedure_of(target.name, "outside its procedures");
    const std::string what = ended.late                        ? fmt::format("it does not return; stopped after {} seconds", options_.seconds)
                             : hung(printed)                   ? "it does not return"
                             : told.end == Shared::called_exit ? fmt::format("it called exit({})", told.status)
                             : told.end == Shared::no_memory   ? "it used up all memory"
                             : WIFSIGNALED(ended.status)       ? how_it_died(WTERMSIG(ended.status))
                                                               : fmt::format("it ended the process with status {}", WEXITSTATUS(ended.status));
    return {who, what, "", where(step, told.line), tail(printed), told.line > 0 ? told.line : 0};
}

void Runner::run(const Target &target, Step &step) const {
    void *memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const int findings = ::memfd_create("findings", MFD_CLOEXEC), output = ::memfd_create("output", MFD_CLOEXEC);
    auto failed = [&] { step.found.push_back({"", fmt::format("this step could not be run: {}", std::strerror(errno))}); };
    if (memory == MAP_FAILED || findings < 0 || output < 0 || !scratch_.made()) return failed();
    shared = static_cast<Shared *>(memory);
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        settle(output, scratch_.path(), seconds_a_loop_);
        Child(target, options_, step, findings).run();
        shared->end = Shared::finished;
        ::_exit(0);
    }
    if (pid < 0) return failed();
    ::setpgid(pid, pid);
    const Ended ended = wait_for(pid);
    const bool left_behind = end_group(pid);
    if (interrupted) { // as if nobody had caught it
        Scratch::remove_all();
        ::signal(interrupted, SIG_DFL);
        ::raise(interrupted);
    }
    read_findings(findings, step.found);
    step.installed = shared->installed;
    const Shared &told = *shared;
    const std::string printed = contents(output, most_output);
    if (hung(printed)) seconds_a_loop_ = seconds_next_loop;
    // Procedures that keep each other busy have been named, and take the time of the step.
    const bool busy = ended.late && !hung(printed) && std::any_of(step.found.begin(), step.found.end(), [](const Finding &f) {
                          return f.rule == "SCH-050";
                      });
    if (told.end != Shared::finished && !busy) step.found.push_back(end_of(target, step, ended, printed));
    if (left_behind) step.found.push_back({fmt::format("driver {}", target.name), "it left a process behind (fork)"});
    if (!step.file.empty() && !step.found.empty()) write_scenario(step, target.name, told);
    ::munmap(memory, sizeof(Shared));
    ::close(findings);
    ::close(output);
}

} // namespace rill::tool
