// autopush(8): which modules are pushed when a device is opened. Like the command of that name it makes its calls through
// sad(7), as the process whose line it is; what sad refuses is refused here.
#include "streams/boot/autopush.hpp"
#include "tools/rill/evaluate.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>

namespace rill::tool {

namespace {

// sad, opened for one command.
class Sad {
public:
    Sad(Evaluator &e, const char *path) : system_(e.system()), user_(e.acting()), fd_(rill_open(user_.handle, path, O_RDWR, 0)) {
        if (fd_ < 0) refused_ = outcome(user_, fd_);
    }
    ~Sad() {
        if (fd_ >= 0) rill_close(user_.handle, fd_);
    }
    Sad(const Sad &) = delete;

    // The first one that failed is what the command came to. An anchor is known to version 1 alone.
    int ioctl(int command, strapush_v1 &entry, bool with_anchor) {
        if (fd_ < 0) return refused_.error;
        system_.autopush.why = nullptr;
        Outcome o = outcome(user_, rill_ioctl(user_.handle, fd_, with_anchor ? command | SAD_VERSION(1) : command, &entry));
        const int error = o.error;
        if (error && !refused_.error) {
            o.why = system_.autopush.why ? system_.autopush.why : sysgen::autopush_refusal(error);
            refused_ = std::move(o);
        }
        return error;
    }
    bool is_open() const { return fd_ >= 0; }
    const Outcome &refused() const { return refused_; } // its error is 0 if none was

private:
    System &system_;
    User &user_;
    int fd_;
    Outcome refused_;
};

// -M MAJOR, or -N DRIVER as OpenSS7 has it.
int major_of(Evaluator &e, Words &words) {
    if (words.take_if("-M")) return static_cast<int>(words.number("the major", 0, MAXMAJ));
    if (!words.take_if("-N")) words.fail("expected -M MAJOR, or -N DRIVER");
    const std::size_t column = words.column();
    const std::string name = words.name("a driver");
    Enter scope(e.system());
    const Driver *driver = e.system().registry.by_name(name);
    if (!driver) throw SyntaxError(column, fmt::format("no driver is called {}", name));
    return static_cast<int>(driver->externals[0]);
}

int minor_of(Words &words) { return static_cast<int>(words.number("a minor", 0, MAXMIN)); }

Outcome told(const Sad &sad) {
    Outcome o = sad.refused();
    if (!o.error) o.text = "ok";
    return o;
}

Outcome file_set(Evaluator &e, const std::string &name) {
    const std::string path = e.find_file ? e.find_file(name) : name;
    sysgen::Source source;
    sysgen::Problems problems;
    Outcome o;
    if ((o.error = sysgen::read_source(path, name, source, problems))) {
        o.why = problems.any() ? problems.text() : fmt::format("{}: {}", name, std::strerror(o.error));
        return o;
    }
    std::vector<sysgen::AutopushLine> lines;
    parse_autopush(
        source, [&](const sysgen::Word &word, unsigned long &major) {
            Enter scope(e.system());
            const Driver *driver = e.system().registry.by_name(word.text);
            if (!driver) return problems.expected(word, "a major, or a driver's name"), false;
            major = driver->externals[0];
            return true;
        },
        problems, lines);
    const bool all_read = !problems.any();
    Sad sad(e, ADMINDEV);
    if (!sad.is_open()) return sad.refused();
    std::size_t done = lines.size();
    o.error = sysgen::set_autopush(lines, problems, [&](const strapush_v1 &entry) {
        strapush_v1 copy = entry;
        const int error = sad.ioctl(SAD_SAP, copy, entry.sap_anchor > 0);
        done -= error != 0;
        return error;
    });
    if (!o.error && !all_read) o.error = EINVAL;
    o.text = fmt::format("{} entr{} set", done, done == 1 ? "y" : "ies");
    if (o.error) {
        o.why = problems.text();
        for (std::size_t at; (at = o.why.find('\n')) != o.why.npos;) o.why.replace(at, 1, "; ");
    }
    return o;
}

Outcome get(Evaluator &e, strapush_v1 &entry) {
    Sad sad(e, USERDEV);
    bool has_anchors = e.system().profile.has_anchors;
    if (sad.ioctl(SAD_GAP, entry, has_anchors)) return told(sad);
    std::string modules;
    for (unsigned i = 0; i < entry.sap_npush; ++i)
        modules += fmt::format("{}{}{}", i ? " " : "", entry.sap_list[i], i + 1 == entry.sap_anchor ? " [anchor]" : "");
    const std::string minor = entry.sap_cmd == SAP_ALL ? "ALL" : std::to_string(entry.sap_minor);
    const std::string last = entry.sap_cmd == SAP_RANGE ? std::to_string(entry.sap_lastminor) : "-";
    Outcome o;
    o.kind = Outcome::Kind::table;
    o.text = fmt::format("{:>8} {:>8} {:>10}  {}\n{:>8} {:>8} {:>10}  {}\n", "Major", "Minor", "Lastminor", "Modules", entry.sap_major, minor, last, modules);
    o.data = fmt::format("{} {} {} {}", entry.sap_major, minor, last, modules);
    return o;
}

// -s -M MAJOR [-m MINOR [-l LAST]] MODULE ...: OpenSS7's; without a minor for all of them.
Outcome set(Evaluator &e, Words &words, strapush_v1 &entry) {
    entry.sap_cmd = SAP_ALL;
    if (words.take_if("-m")) {
        entry.sap_minor = minor_of(words);
        entry.sap_cmd = SAP_ONE;
        if (words.take_if("-l")) {
            entry.sap_lastminor = minor_of(words);
            entry.sap_cmd = SAP_RANGE;
        }
    }
    do {
        const std::size_t column = words.column();
        const std::string name = words.name("a module");
        if (name == "[anchor]")
            entry.sap_anchor = entry.sap_npush;
        else if (entry.sap_npush == MAXAPUSH)
            throw SyntaxError(column, fmt::format("expected at most {} modules", MAXAPUSH));
        else
            name.copy(entry.sap_list[entry.sap_npush++], FMNAMESZ);
    } while (!words.empty());
    Sad sad(e, ADMINDEV);
    sad.ioctl(SAD_SAP, entry, entry.sap_anchor > 0);
    return told(sad);
}

} // namespace

Outcome autopush(Evaluator &e, Words &words) {
    if (words.take_if("-f")) {
        const std::string name = words.name("a file");
        words.finish();
        return file_set(e, name);
    }
    const bool shows = words.take_if("-g"), removes = !shows && words.take_if("-r");
    if (!shows && !removes && !words.take_if("-s")) words.fail("expected -f FILE, -g, -r or -s");
    strapush_v1 entry{};
    entry.sap_major = major_of(e, words);
    if (!shows && !removes) return set(e, words, entry);
    if (!words.take_if("-m")) words.fail("expected -m MINOR");
    entry.sap_minor = minor_of(words);
    words.finish();
    if (shows) return get(e, entry);
    entry.sap_cmd = SAP_CLEAR;
    Sad sad(e, ADMINDEV);
    sad.ioctl(SAD_SAP, entry, false);
    return told(sad);
}

} // namespace rill::tool
