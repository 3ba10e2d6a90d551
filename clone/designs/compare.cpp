#include "clone/designs/compare.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <rill.h>
#include <set>
#include <span>
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
    hole,
    after_close,
    detaching,
    then_reading,
    asked_count,
};

constexpr Question table[asked_count] = {
    {"new name", "which name appeared in /dev with the second open", ""},
    {"new minor", "whether fstat of the second open's descriptor shows another device than stat of the path",
     "no, where instances have numbers: the number is hidden, inside the file"},
    {"descriptor", "what became of the descriptor that the second open call reserved",
     "kept: the open ends on it; moved: the driver made one of its own, which took its place; a second name: it was given "
     "back, and a new one refers to a file that the process had open"},
    {"own data", "whether two opens count their reads apart", "yes: each has an instance with data of its own; shared: one count for both"},
    {"picked by", "who chose the number of the second open's instance",
     "driver's open: the driver, while its open ran; asked before: the driver, in a procedure for that question, before its "
     "open; a handler: the driver's, which runs when the name is looked up; kernel: nobody asked the driver; nobody: there "
     "are no numbers; another device: a control device, asked before this one was opened"},
    {"dup shares", "whether a duplicate of the descriptor counts with the original", ""},
    {"exhausted", "how many opens succeeded, and the error of the next",
     "3, where stat makes an instance too: it has taken the fourth"},
    {"stat", "the device that stat of the path shows", ""},
    {"fstat", "the device that fstat of the second open's descriptor shows",
     "in (M,m): the file is no device, its st_rdev is (0,0) and its st_dev says that device (M,m) made it"},
    {"ls /dev", "what is listed while all instances are open, besides the device's own name", ""},
    {"stat makes", "what stat of the path, before any open, has made", ""},
    {"by name", "whether another process reaches the instance by a name in /dev", "no: it has none"},
    {"reuse", "the number of the next open after the second instance was closed, or its error", "N again: the second instance's own; no numbers: there are none to see"},
    {"a hole", "what comes next when a lower number has no device any more, by each rule of a driver that has several", "-: the driver has one rule only, or none"},
    {"all closed", "what is left of the instances after every close", ""},
    {"detach", "what the driver's end answers while an instance is open", "done: it went although one is open"},
    {"then read", "what a read of that instance gives afterwards", ""},
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
    // The rows are alike in all designs, where descriptors are not: an open has a name.
    int open(rill_proc *p, const std::string &path, const char *name = nullptr) {
        const std::size_t first = steps.steps.size();
        int fd = design.ask && path == design.path ? ask_and_open(p) : rill_open(p, path.c_str(), O_RDWR);
        if (fd < 0) fd = -errno;
        if (name && fd >= 0) names_[{p, fd}] = name;
        return note(fmt::format("{}: open {}{}", who(p), path, name ? fmt::format(" ({})", name) : ""), fd, fmt::format("fd {}", fd), first);
    }
    // -1 with errno, and nothing is left open.
    int ask_and_open(rill_proc *p) {
        const int control = rill_open(p, design.path, O_RDWR);
        if (control < 0) return -1;
        int fd = -1, error = 0;
        if (const std::string path = design.ask(p, control); !path.empty()) fd = rill_open(p, path.c_str(), O_RDWR);
        if (fd < 0) error = errno;
        else if (design.bind(p, fd, control) < 0) error = errno, rill_close(p, fd), fd = -1;
        rill_close(p, control);
        errno = error;
        return fd;
    }
    int dup(rill_proc *p, int fd) {
        const std::size_t first = steps.steps.size();
        const int twin = rill_dup(p, fd);
        names_[{p, twin}] = "dup";
        return note(fmt::format("{}: dup {} (dup)", who(p), named(p, fd)), twin < 0 ? -errno : twin, fmt::format("fd {}", twin), first);
    }
    int close(rill_proc *p, int fd) {
        const std::size_t first = steps.steps.size();
        const std::string name = named(p, fd);
        const int result = rill_close(p, fd) < 0 ? -errno : 0;
        return note(fmt::format("{}: close {}", who(p), name), result, "ok", first);
    }
    // What one read gives as a number (the body's count), or -errno.
    int read(rill_proc *p, int fd) {
        const std::size_t first = steps.steps.size();
        char data[64];
        const ssize_t n = rill_read(p, fd, data, sizeof data - 1);
        if (n < 0) return note(fmt::format("{}: read {}", who(p), named(p, fd)), -errno, "", first);
        data[n] = 0;
        std::string shown(data, static_cast<std::size_t>(n));
        if (shown.ends_with('\n')) shown.pop_back();
        note(fmt::format("{}: read {}", who(p), named(p, fd)), 0, n ? fmt::format("\"{}\"", shown) : "end of file", first);
        return std::atoi(data);
    }
    int write(rill_proc *p, int fd, const char *data) {
        const std::size_t first = steps.steps.size();
        const ssize_t n = rill_write(p, fd, data, std::strlen(data));
        return note(fmt::format("{}: write {} \"{}\"", who(p), named(p, fd), data), n < 0 ? -errno : static_cast<int>(n), "ok", first);
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
        return st.st_rdev      ? device_text(st.st_rdev)
               : st.st_dev > 1 ? fmt::format("in {}", device_text(st.st_dev))
                               : "none";
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
            if (steps.steps[i].word == Word::pick) number = steps.steps[i].number;
        return number;
    }
    const char *who(rill_proc *p) const { return p == a ? "A" : "B"; }
    std::string named(rill_proc *p, int fd) const {
        const auto it = names_.find({p, fd});
        return it == names_.end() ? std::to_string(fd) : it->second;
    }

    const Design &design;
    rill_system *handle;
    System &system;
    rill_proc *a = nullptr, *b = nullptr;
    Steps steps;
    std::vector<Line> lines;

private:
    std::map<std::pair<rill_proc *, int>, std::string> names_;
};

std::string ended_where(const std::vector<Word> &words) {
    auto has = [&](Word word) { return std::find(words.begin(), words.end(), word) != words.end(); };
    if (has(Word::fd_move)) return "moved";
    auto count = [&](Word word) { return std::count(words.begin(), words.end(), word); };
    if (count(Word::fd_alloc) > count(Word::lookup)) return "a second name"; // each open reserves one and looks a name up
    return "kept";
}

// A driver picks from a table of its own; where the number is a step of the kernel's, it was the kernel, or the kernel's
// part of a handler.
std::string picker(std::span<const Step> steps) {
    auto at = [&](Word word) { return std::ranges::find(steps, word, &Step::word); };
    const auto pick = at(Word::pick);
    if (pick == steps.end()) return "nobody";
    if (at(Word::handler) < pick) return "a handler";
    if (std::ranges::count(steps, Word::drv_open, &Step::word) > 1) return "another device";
    if (at(Word::drv_open) < pick) return "driver's open";
    return pick->of_table ? "asked before" : "kernel";
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

// The driver's open ends where the open call goes on with what came out of it: another vnode, another descriptor.
std::vector<Place> places(const std::vector<Word> &one_open) {
    std::vector<Place> out;
    Place place = Place::before;
    auto opens = std::ranges::count(one_open, Word::drv_open); // the last is the device's own: a control device is asked before
    for (const Word word : one_open) {
        if (place == Place::call) place = Place::inside;
        if (word == Word::drv_open && --opens == 0) place = Place::call;
        if (place == Place::inside && (word == Word::vnode_swap || word == Word::fd_abort || word == Word::fd_move || word == Word::drv_close)) place = Place::after;
        out.push_back(place);
    }
    return out;
}

namespace {

// What two processes, A and B, do with the device of one design; the answers come out of what they see.
class Script {
public:
    explicit Script(const Design &design)
        : result_{.design = &design, .lines = {}, .steps = {}, .answers = std::vector<std::string>(asked_count), .one_open = {}},
          design_(design), run_(design), at_first_(run_.names()) {}
    Comparison play();

private:
    void look_and_open();
    void use();
    void open_by_name();
    void open_until_refused();
    void close_one_and_open_again();
    void detach_while_open();
    std::vector<std::string> appeared() const; // names that were not there at first
    std::string &answer(Asked asked) { return result_.answers[asked]; }

    Comparison result_;
    const Design &design_;
    Run run_;
    const std::string path_ = design_.path;
    const std::vector<std::string> at_first_;
    std::vector<std::string> by_open_; // names that the second open made
    int a0_ = -1, a1_ = -1, b0_ = -1;  // A's first and second open, B's
    long second_ = -1;                 // the number that the second open picked
};

std::vector<std::string> Script::appeared() const {
    std::vector<std::string> now = run_.names(), more;
    std::set_difference(now.begin(), now.end(), at_first_.begin(), at_first_.end(), std::back_inserter(more));
    return more;
}

// A looks and opens twice. The second open is the one that is looked at: where the first opener gets the device itself
// (DragonFly 2007, dupfd), it is the second that a design is about.
void Script::look_and_open() {
    answer(stat_shows) = run_.stat(path_);
    const std::vector<std::string> by_stat = appeared();
    answer(stat_makes) = by_stat.empty() ? "nothing" : few(by_stat);
    a0_ = run_.open(run_.a, path_, "1st");
    const std::vector<std::string> by_first = appeared();
    const std::size_t second_open = run_.steps.steps.size();
    a1_ = run_.open(run_.a, path_, "2nd");
    second_ = run_.picked(second_open);
    for (std::size_t i = second_open; i < run_.steps.steps.size(); ++i) result_.one_open.push_back(run_.steps.steps[i].word);
    by_open_ = appeared();
    std::erase_if(by_open_, [&](const std::string &n) { return std::find(by_first.begin(), by_first.end(), n) != by_first.end(); });
    answer(new_name) = by_open_.empty() ? "none" : few(by_open_);
    answer(fstat_shows) = run_.fstat(a1_);
    answer(new_minor) = answer(fstat_shows) == answer(stat_shows) ? "no" : "yes";
    answer(new_descriptor) = ended_where(result_.one_open);
    answer(picked_by) = picker(std::span(run_.steps.steps).subspan(second_open));
}

// B opens once; they use what they got.
void Script::use() {
    b0_ = run_.open(run_.b, path_, "3rd");
    const int before = run_.read(run_.a, a0_);
    run_.read(run_.a, a0_);
    const int other = run_.read(run_.a, a1_);
    answer(own_data) = other == before ? "yes" : "shared";
    run_.read(run_.b, b0_);
    run_.write(run_.a, a1_, "hi");
    run_.read(run_.a, a1_);
    const int twin = run_.dup(run_.a, a1_);
    const int between = other == before ? 2 : 3; // reads of the instance; B reads a shared one too
    answer(dup_shares) = run_.read(run_.a, twin) == other + between ? "yes" : "no";
    run_.close(run_.a, twin);
}

// Whether an instance has a name that B can use.
void Script::open_by_name() {
    answer(by_name) = "no";
    if (by_open_.empty()) return;
    const int named = run_.open(run_.b, "/dev/" + by_open_.front());
    answer(by_name) = named >= 0 ? "yes, " + by_open_.front() : errno_text(-named);
    if (named >= 0) rill_close(run_.b, named);
}

// One more makes four; then until it is refused.
void Script::open_until_refused() {
    std::vector<int> more;
    int opens = 3, refused = 0;
    while (opens < static_cast<int>(script_bound) + 1 && !refused) {
        const int fd = run_.open(run_.a, path_, "more");
        if (fd < 0) refused = -fd;
        else more.push_back(fd), ++opens;
        if (answer(listed).empty() && (refused || opens == static_cast<int>(script_bound))) {
            const std::vector<std::string> now = appeared();
            answer(listed) = now.empty() ? "nothing new" : few(now);
        }
    }
    answer(bound_error) = refused ? fmt::format("{}, {}", opens, errno_text(refused)) : "no bound";
    while (!more.empty()) rill_close(run_.a, more.back()), more.pop_back();
}

// A closes the second instance, while the others are open, and opens again.
void Script::close_one_and_open_again() {
    run_.close(run_.a, a1_);
    const std::size_t again = run_.steps.steps.size();
    const int a2 = run_.open(run_.a, path_, "again");
    const long number = run_.picked(again);
    answer(reuse) = a2 < 0              ? errno_text(-a2)
                    : number < 0        ? "no numbers"
                    : number == second_ ? fmt::format("{} again", number)
                                        : fmt::format("{} after {}", number, second_);
    if (a2 >= 0) run_.close(run_.a, a2);
    answer(hole) = design_.hole ? design_.hole(run_.a, second_) : "-";
    run_.close(run_.a, a0_);
    run_.close(run_.b, b0_);
}

// All closed; then the driver goes while one is open.
void Script::detach_while_open() {
    const std::vector<std::string> left = appeared();
    answer(after_close) = left.empty() ? "nothing" : few(left);
    int last = run_.open(run_.a, path_, "last");
    if (last < 0 && !left.empty()) last = run_.open(run_.a, "/dev/" + left.front(), "last"); // every number is taken: by name
    {
        const std::size_t first = run_.steps.steps.size();
        Enter scope(run_.system);
        const int error = design_.detach(run_.system);
        run_.note("detach driver", -error, "ok", first);
        answer(detaching) = error ? errno_text(error) : "done";
    }
    if (last < 0) return;
    const int got = run_.read(run_.a, last);
    answer(then_reading) = got < 0 ? errno_text(-got) : "works";
    run_.close(run_.a, last);
}

Comparison Script::play() {
    look_and_open();
    use();
    open_by_name();
    open_until_refused();
    close_one_and_open_again();
    detach_while_open();
    result_.lines = std::move(run_.lines);
    result_.steps = std::move(run_.steps.steps);
    return std::move(result_);
}

} // namespace

Comparison compare(const Design &design) { return Script(design).play(); }

} // namespace rill::designs
