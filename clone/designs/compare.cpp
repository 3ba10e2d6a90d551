#include "clone/designs/compare.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <rill.h>
#include <set>
#include <stdexcept>

namespace rill::designs {

namespace {

enum Asked {
    new_name,
    new_minor,
    new_descriptor,
    own_data,
    picked_by,
    dup_shares,
    bound_error,
    stat_shows,
    fstat_shows,
    listed,
    stat_makes,
    by_name,
    reuse,
    after_close,
    detaching,
    then_reading,
    asked_count,
};

constexpr Question table[asked_count] = {
    {"new name", "which name appeared in /dev with the open"},
    {"new minor", "whether fstat of the descriptor shows another device than stat of the path"},
    {"descriptor", "what became of the descriptor that the open call reserved: kept, or given back for one that the driver moved to the process"},
    {"own data", "whether each open has data of its own: two of them count their reads apart"},
    {"picked by", "who picked the instance's number: the driver in its open, or asked before it by spec open, or a handler of names"},
    {"dup shares", "whether a duplicate of the descriptor counts with the original"},
    {"exhausted", "how many opens succeeded, and the error of the next"},
    {"stat", "the device that stat of the path shows"},
    {"fstat", "the device that fstat of the new descriptor shows; in (M,m): a file of the device, which is none itself"},
    {"ls /dev", "what is listed while all instances are open, besides the device's own name"},
    {"stat makes", "what stat of the path, before any open, has made"},
    {"by name", "whether another process reaches the instance by opening a name, and which"},
    {"reuse", "the number of the next open after the second instance was closed"},
    {"all closed", "what is left of the instances after every close"},
    {"detach", "what the driver's end answers while an instance is open"},
    {"then read", "what a read of that instance gives afterwards"},
};

std::string errno_text(int error) {
    const char *name = strerrorname_np(error);
    return name ? name : std::to_string(error);
}

// The System, its two processes, and the script so far.
class Run {
public:
    explicit Run(const Design &d) : design(d), handle(rill_system_new("irix")), system(*reinterpret_cast<System *>(handle)) {
        a = rill_proc_new(handle, 0, 0);
        b = rill_proc_new(handle, 0, 0);
        system.console_sink = [](int, std::string_view) {};
        Enter scope(system);
        if (int error = design.attach(system, script_bound))
            throw std::runtime_error(fmt::format("{} cannot be attached: {}", design.name, errno_text(error)));
        system.trace.attach(steps);
    }
    ~Run() {
        system.trace.detach(steps);
        rill_system_free(handle);
    }
    Run(const Run &) = delete;

    int note(std::string text, int result, std::string outcome, std::size_t first) {
        if (result < 0) outcome = errno_text(-result);
        lines.push_back({std::move(text), std::move(outcome), first, steps.steps.size()});
        return result;
    }
    int open(rill_proc *p, const std::string &path) {
        const std::size_t first = steps.steps.size();
        int fd = rill_open(p, path.c_str(), O_RDWR);
        if (fd < 0) fd = -errno;
        return note(fmt::format("{}: open {}", who(p), path), fd, fmt::format("fd {}", fd), first);
    }
    int close(rill_proc *p, int fd) {
        const std::size_t first = steps.steps.size();
        const int result = rill_close(p, fd) < 0 ? -errno : 0;
        return note(fmt::format("{}: close {}", who(p), fd), result, "ok", first);
    }
    // What one read gives as a number (the body's count), or -errno.
    int read(rill_proc *p, int fd) {
        const std::size_t first = steps.steps.size();
        char data[64];
        const ssize_t n = rill_read(p, fd, data, sizeof data - 1);
        if (n < 0) return note(fmt::format("{}: read {}", who(p), fd), -errno, "", first);
        data[n] = 0;
        std::string shown(data, static_cast<std::size_t>(n));
        if (shown.ends_with('\n')) shown.pop_back();
        note(fmt::format("{}: read {}", who(p), fd), 0, n ? fmt::format("\"{}\"", shown) : "end of file", first);
        return std::atoi(data);
    }
    int write(rill_proc *p, int fd, const char *data) {
        const std::size_t first = steps.steps.size();
        const ssize_t n = rill_write(p, fd, data, std::strlen(data));
        return note(fmt::format("{}: write {} \"{}\"", who(p), fd, data), n < 0 ? -errno : static_cast<int>(n), "ok", first);
    }
    std::string stat(const std::string &path) {
        const std::size_t first = steps.steps.size();
        struct stat st;
        const int result = rill_stat(a, path.c_str(), &st) < 0 ? -errno : 0;
        note(fmt::format("A: stat {}", path), result, result ? "" : device(st), first);
        return lines.back().outcome;
    }
    std::string fstat(int fd) {
        struct stat st;
        const int result = rill_fstat(a, fd, &st) < 0 ? -errno : 0;
        return result ? errno_text(-result) : device(st);
    }
    static std::string device(const struct stat &st) {
        return st.st_rdev ? device_text(st.st_rdev) : st.st_dev > 1 ? fmt::format("in {}", device_text(st.st_dev)) : "none";
    }
    // Listed names below /dev, but the device's own.
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto &[path, node] : system.nodes.nodes())
            if (!node->hidden && path != design.path && path.starts_with("/dev/")) out.push_back(path.substr(5));
        return out;
    }
    // The number that was picked last since step `first`; -1 when none was.
    long picked(std::size_t first) const {
        long number = -1;
        for (std::size_t i = first; i < steps.steps.size(); ++i)
            if (steps.steps[i].word == "PICK") number = steps.steps[i].number;
        return number;
    }
    const char *who(rill_proc *p) const { return p == a ? "A" : "B"; }

    const Design &design;
    rill_system *handle;
    System &system;
    rill_proc *a = nullptr, *b = nullptr;
    Steps steps;
    std::vector<Line> lines;
};

std::string ended_where(const std::vector<std::string> &words) {
    auto has = [&](const char *word) { return std::find(words.begin(), words.end(), word) != words.end(); };
    if (has("FD_MOVE")) return "moved";
    if (std::count(words.begin(), words.end(), "FD_ALLOC") > 1) return "a second name";
    return "kept";
}

std::string picker(const std::vector<std::string> &words) {
    auto at = [&](const char *word) { return std::find(words.begin(), words.end(), word) - words.begin(); };
    const auto none = static_cast<std::ptrdiff_t>(words.size());
    if (at("PICK") == none) return "nobody";
    if (at("HANDLER") < at("PICK")) return "a handler";
    return at("PICK") < at("DRV_OPEN") ? "the driver, for spec open" : "the driver";
}

} // namespace

std::string few(const std::vector<std::string> &names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names.size() > 4 && i > 0 && i + 1 < names.size()) {
            if (i == 1) out += " ...";
            continue;
        }
        out += (out.empty() ? "" : " ") + names[i];
    }
    return out;
}

std::vector<Question> questions() { return {std::begin(table), std::end(table)}; }

Comparison compare(const Design &design) {
    Comparison result{.design = &design, .lines = {}, .steps = {}, .answers = std::vector<std::string>(asked_count), .one_open = {}, .inside = {}};
    std::vector<std::string> &answers = result.answers;
    Run run(design);
    const std::string path = design.path;
    const std::vector<std::string> at_first = run.names();
    auto appeared = [&] {
        std::vector<std::string> now = run.names(), more;
        std::set_difference(now.begin(), now.end(), at_first.begin(), at_first.end(), std::back_inserter(more));
        return more;
    };

    // A looks, opens twice, and B once; they use what they got. The second open is the one that is looked at: where the
    // first opener gets the device itself (DragonFly 2007, dupfd), it is the second that a design is about.
    answers[stat_shows] = run.stat(path);
    const std::vector<std::string> by_stat = appeared();
    answers[stat_makes] = by_stat.empty() ? "nothing" : few(by_stat);
    const int a0 = run.open(run.a, path);
    const std::vector<std::string> by_first = appeared();
    const std::size_t second_open = run.steps.steps.size();
    const int a1 = run.open(run.a, path);
    const long second = run.picked(second_open);
    int opening = -1; // the depth of the driver's open, once it was called
    for (std::size_t i = second_open; i < run.steps.steps.size(); ++i) {
        const Step &step = run.steps.steps[i];
        result.one_open.push_back(step.word);
        result.inside.push_back(opening >= 0 && step.depth > opening);
        if (step.word == "DRV_OPEN" && opening < 0) opening = step.depth;
        if (opening >= 0 && step.depth < opening) opening = -1; // it is over
    }
    std::vector<std::string> by_open = appeared();
    std::erase_if(by_open, [&](const std::string &n) { return std::find(by_first.begin(), by_first.end(), n) != by_first.end(); });
    answers[new_name] = by_open.empty() ? "none" : few(by_open);
    answers[fstat_shows] = run.fstat(a1);
    answers[new_minor] = answers[fstat_shows] == answers[stat_shows] ? "no" : "yes";
    answers[new_descriptor] = ended_where(result.one_open);
    answers[picked_by] = picker(result.one_open);

    const int b0 = run.open(run.b, path);
    const int before = run.read(run.a, a0);
    run.read(run.a, a0);
    const int other = run.read(run.a, a1);
    answers[own_data] = other == before ? "yes" : "shared";
    run.read(run.b, b0);
    run.write(run.a, a1, "hi");
    run.read(run.a, a1);
    const int twin = rill_dup(run.a, a1);
    const int between = other == before ? 2 : 3; // reads of the instance; B reads a shared one too
    answers[dup_shares] = run.read(run.a, twin) == other + between ? "yes" : "no";
    rill_close(run.a, twin);

    // Whether an instance has a name that B can use.
    answers[by_name] = "no";
    if (!by_open.empty()) {
        const int named = run.open(run.b, "/dev/" + by_open.front());
        answers[by_name] = named >= 0 ? "yes, " + by_open.front() : errno_text(-named);
        if (named >= 0) rill_close(run.b, named);
    }

    // One more makes four; then until it is refused.
    std::vector<int> more;
    int opens = 3, refused = 0;
    while (opens < static_cast<int>(script_bound) + 1 && !refused) {
        const int fd = run.open(run.a, path);
        if (fd < 0) refused = -fd;
        else more.push_back(fd), ++opens;
        if (answers[listed].empty() && (refused || opens == static_cast<int>(script_bound))) {
            const std::vector<std::string> now = appeared();
            answers[listed] = now.empty() ? "nothing new" : few(now);
        }
    }
    answers[bound_error] = refused ? fmt::format("{}, {}", opens, errno_text(refused)) : "no bound";
    while (!more.empty()) rill_close(run.a, more.back()), more.pop_back();

    // A closes the second instance, while the others are open, and opens again.
    run.close(run.a, a1);
    const std::size_t again = run.steps.steps.size();
    const int a2 = run.open(run.a, path);
    const long number = run.picked(again);
    answers[reuse] = a2 < 0             ? errno_text(-a2)
                     : number < 0       ? "no numbers"
                     : number == second ? fmt::format("{} again", number)
                                        : fmt::format("{} after {}", number, second);
    if (a2 >= 0) run.close(run.a, a2);
    run.close(run.a, a0);
    run.close(run.b, b0);

    // All closed; then the driver goes while one is open.
    const std::vector<std::string> left = appeared();
    answers[after_close] = left.empty() ? "nothing" : few(left);
    int last = run.open(run.a, path);
    if (last < 0 && !left.empty()) last = run.open(run.a, "/dev/" + left.front()); // every number is taken: by name
    {
        const std::size_t first = run.steps.steps.size();
        Enter scope(run.system);
        const int error = design.detach(run.system);
        run.note("driver detached", -error, "ok", first);
        answers[detaching] = error ? errno_text(error) : "done";
    }
    if (last >= 0) {
        const int got = run.read(run.a, last);
        answers[then_reading] = got < 0 ? errno_text(-got) : "works";
        run.close(run.a, last);
    }
    result.lines = std::move(run.lines);
    result.steps = std::move(run.steps.steps);
    return result;
}

} // namespace rill::designs
