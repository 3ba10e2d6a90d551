// 10,000 random sequences of open, close, dup, dup2 and exit over several drivers, compared step by step with a model
// made of maps: which descriptor, which minor, which errno comes out, and who is left.
#include "test/harness.hpp"
#include "test/random.hpp"

#include <map>
#include <set>
#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

struct Kind_ { // a driver of the model
    const char *name;
    major_t major;
    unsigned minors;
    int designated;
};
constexpr Kind_ kinds[] = {{"one", 61, 1, -1}, {"few", 62, 3, -1}, {"self", 66, 5, 2}, {"many", 64, 70, -1}};
constexpr int kind_count = static_cast<int>(std::size(kinds));

std::string path_of(int kind, const char *what) { return std::string("/dev/") + kinds[kind].name + what; }

// What ought to be. A file is one open of a device; a device is open while a file of it is.
struct Model {
    struct OpenFile {
        int kind;
        minor_t minor;
        int refs;
    };
    std::map<int, OpenFile> files;
    std::map<int, std::map<int, int>> descriptors; // process -> descriptor -> file
    int next_file = 1;

    bool is_open(int kind, minor_t minor) const {
        for (auto &[id, file] : files)
            if (file.kind == kind && file.minor == minor) return true;
        return false;
    }
    // The lowest free minor that may be handed out, or -1.
    int lowest(int kind) const {
        for (minor_t m = 0; m < kinds[kind].minors; ++m)
            if (static_cast<int>(m) != kinds[kind].designated && !is_open(kind, m)) return static_cast<int>(m);
        return -1;
    }
    int lowest_descriptor(int process) {
        int fd = 0;
        while (descriptors[process].contains(fd)) ++fd;
        return fd;
    }
    int install(int process, int kind, minor_t minor) {
        int fd = lowest_descriptor(process);
        files[next_file] = {kind, minor, 1};
        descriptors[process][fd] = next_file++;
        return fd;
    }
    int clone_open(int process, int kind) {
        int m = lowest(kind);
        return m < 0 ? -EBUSY : install(process, kind, static_cast<minor_t>(m));
    }
    int direct_open(int process, int kind, minor_t minor) {
        if (static_cast<int>(minor) == kinds[kind].designated) return clone_open(process, kind);
        return minor >= kinds[kind].minors ? -ENXIO : install(process, kind, minor);
    }
    int close(int process, int fd) {
        auto found = descriptors[process].find(fd);
        if (found == descriptors[process].end()) return -EBADF;
        if (--files[found->second].refs == 0) files.erase(found->second);
        descriptors[process].erase(found);
        return 0;
    }
    int dup(int process, int fd) {
        auto found = descriptors[process].find(fd);
        if (found == descriptors[process].end()) return -EBADF;
        int file = found->second, to = lowest_descriptor(process);
        ++files[file].refs;
        descriptors[process][to] = file;
        return to;
    }
    int dup2(int process, int fd, int to) {
        auto found = descriptors[process].find(fd);
        if (found == descriptors[process].end() || to < 0) return -EBADF;
        int file = found->second;
        if (fd == to) return to;
        ++files[file].refs;
        close(process, to);
        descriptors[process][to] = file;
        return to;
    }
    void exit(int process) {
        while (!descriptors[process].empty()) close(process, descriptors[process].begin()->first);
    }
    std::size_t devices_open() const {
        std::set<std::pair<int, minor_t>> all;
        for (auto &[id, file] : files) all.insert({file.kind, file.minor});
        return all.size();
    }
    std::size_t descriptors_open() const {
        std::size_t n = 0;
        for (auto &[process, table] : descriptors) n += table.size();
        return n;
    }
};

constexpr int processes = 3;

// Runs one sequence; false at the first disagreement, which has been reported.
bool run_sequence(Fixture &f, const std::vector<Probe *> &probes, unsigned seed) {
    Random random(seed);
    auto below = [&](int n) { return random.below(n); };
    Model model;
    std::vector<Process *> real;
    for (int p = 0; p < processes; ++p) real.push_back(&f.process());
    const Census before = f.census();
    bool agree = true;
    const int steps = 20 + below(60);
    for (int step = 0; step < steps && agree; ++step) {
        const int p = below(processes), kind = below(kind_count), fd = below(12) - 1;
        const int action = below(20);
        std::string text;
        int expected = 0, got = 0;
        if (action < 6) {
            text = "open " + path_of(kind, "");
            expected = model.clone_open(p, kind);
            got = f.open(*real[static_cast<std::size_t>(p)], path_of(kind, "").c_str());
        } else if (action < 9) {
            const int which = below(3); // minor 0, 2, or the first beyond the table
            const minor_t minor = which == 0   ? 0
                                  : which == 1 ? 2
                                               : kinds[kind].minors;
            const std::string path = path_of(kind, which == 0   ? "0"
                                                   : which == 1 ? "2"
                                                                : "n");
            text = "open " + path;
            expected = model.direct_open(p, kind, minor);
            got = f.open(*real[static_cast<std::size_t>(p)], path.c_str());
        } else if (action < 14) {
            text = "close " + std::to_string(fd);
            expected = model.close(p, fd);
            got = f.close(*real[static_cast<std::size_t>(p)], fd);
        } else if (action < 16) {
            text = "dup " + std::to_string(fd);
            expected = model.dup(p, fd);
            got = outcome(rill_dup(handle(*real[static_cast<std::size_t>(p)]), fd));
        } else if (action < 19) {
            const int to = below(14) - 1;
            text = "dup2 " + std::to_string(fd) + " " + std::to_string(to);
            expected = model.dup2(p, fd, to);
            got = outcome(rill_dup2(handle(*real[static_cast<std::size_t>(p)]), fd, to));
        } else {
            text = "exit";
            model.exit(p);
            rill_proc_exit(handle(*real[static_cast<std::size_t>(p)]));
            real[static_cast<std::size_t>(p)] = &f.process();
        }
        agree = got == expected;
        CAPTURE(seed);
        CAPTURE(step);
        CAPTURE(p);
        CAPTURE(text);
        if (!agree) CHECK(got == expected);
        // Every descriptor of this process shows the device that the model says.
        for (auto &[number, file] : model.descriptors[p]) {
            struct stat st = {};
            const bool there = rill_fstat(handle(*real[static_cast<std::size_t>(p)]), number, &st) == 0;
            const dev_t device = makedevice(kinds[model.files[file].kind].major, model.files[file].minor);
            if (there && st.st_rdev == device) continue;
            agree = false;
            CAPTURE_BINDING(number);
            CHECK(there);
            CHECK(st.st_rdev == device);
        }
        for (int k = 0; k < kind_count; ++k) {
            int taken = 0;
            for (minor_t m = 0; m < kinds[k].minors; ++m) taken += model.is_open(k, m);
            if (probes[static_cast<std::size_t>(k)]->units_taken() == taken) continue;
            agree = false;
            CAPTURE(kinds[k].name);
            CHECK(probes[static_cast<std::size_t>(k)]->units_taken() == taken);
        }
        const Census now = f.census();
        const long streams = static_cast<long>(model.devices_open());
        const long files = static_cast<long>(model.files.size());
        const long descriptors = static_cast<long>(model.descriptors_open());
        if (now.streams - before.streams != streams || now.files - before.files != files ||
            now.descriptors - before.descriptors != descriptors) {
            agree = false;
            CHECK(now.streams - before.streams == streams);
            CHECK(now.files - before.files == files);
            CHECK(now.descriptors - before.descriptors == descriptors);
        }
    }
    for (Process *p : real) rill_proc_exit(handle(*p));
    const Census after = f.census();
    if (after != before) {
        agree = false;
        CAPTURE(seed);
        CHECK(after == before);
    }
    return agree;
}

} // namespace

TEST_CASE("CLN-006 CLN-057 CLN-091 DEV-032: 10,000 random sequences of open, close, dup, dup2 and exit agree with a model") {
    constexpr unsigned sequences = 10000, per_system = 250;
    int disagreements = 0;
    for (unsigned first = 0; first < sequences && disagreements < 3; first += per_system) {
        Fixture f;
        std::vector<Probe *> probes;
        for (int k = 0; k < kind_count; ++k) {
            Probe &probe = f.driver(kinds[k].name, kinds[k].major, kinds[k].minors);
            probe.designated = kinds[k].designated;
            probes.push_back(&probe);
            f.node(path_of(k, "").c_str(), f.clone(kinds[k].major));
            f.node(path_of(k, "0").c_str(), makedevice(kinds[k].major, 0));
            f.node(path_of(k, "2").c_str(), makedevice(kinds[k].major, 2));
            f.node(path_of(k, "n").c_str(), makedevice(kinds[k].major, kinds[k].minors));
        }
        for (unsigned i = 0; i < per_system && disagreements < 3; ++i) {
            disagreements += !run_sequence(f, probes, first + i);
            for (Probe *probe : probes) probe->log.clear();
        }
    }
    CHECK(disagreements == 0);
}
