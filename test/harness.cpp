#include "test/harness.hpp"

extern "C" {
extern streamtab cloneinfo;
extern int clonedevflag;
}

namespace rill::test {

int Later::finish() {
    System &system = state_->fixture->system;
    Enter scope(system);
    if (!state_->background->done) system.finish(*state_->background);
    return state_->result;
}

// rill_system_new() for a profile of our own.
std::unique_ptr<System> Fixture::make(const Profile &profile, Tunables tunables) {
    auto system = std::make_unique<System>(profile, tunables);
    Enter scope(*system);
    CHECK(system->registry.add({{.name = "clone", .prefix = "clone", .tab = &cloneinfo, .devflag = clonedevflag}},
                               profile.clone_major) == 0);
    return system;
}

Fixture::Fixture(const Profile &chosen, Tunables tunables)
    : profile_(chosen), owned_(make(profile_, tunables)), system(*owned_), root(process(0, 0)) {
    system.console_sink = [](int, std::string_view) {};
    at_first_ = census();
}

Fixture::~Fixture() {
    check_nothing_left();
    rill_proc_exit(handle(root));
    owned_.reset();
}

Later Fixture::later(Process &p, const char *name, std::function<int()> body) {
    Later later;
    later.state_ = std::make_shared<Later::State>();
    later.state_->fixture = this;
    Enter scope(system);
    later.state_->background = &system.start(p, name, [state = later.state_, body = std::move(body)] {
        state->result = body();
    });
    return later;
}

void Fixture::check_nothing_left() {
    std::vector<Process *> others;
    for (Process &p : system.processes)
        if (&p != &root) others.push_back(&p);
    for (Process *p : others) rill_proc_exit(handle(*p));
    for (int fd = 0; fd < static_cast<int>(root.files.size()); ++fd)
        if (root.file(fd)) close(fd);
    for (; !paths_.empty(); paths_.pop_back()) { // what is below a directory came after it
        const char *path = paths_.back().c_str();
        struct stat st {};
        CHECK(outcome(rill_stat(handle(root), path, &st)) == 0);
        CHECK(outcome(S_ISDIR(st.st_mode) ? rill_rmdir(handle(root), path) : rill_unlink(handle(root), path)) == 0);
    }
    run();
    std::string left;
    for (Stream &s : system.streams)
        left += "stream " + std::to_string(s.id) + " on " + device_text(s.dev()) + " state " + std::to_string(static_cast<int>(s.state)) +
                " files " + std::to_string(s.special ? s.special->files : -1) + (s.special && s.special->stream != &s ? " not its device's\n" : "\n");
    for (Call &c : system.calls) left += std::string("call ") + c.name + " waits for " + c.waiting_for + "\n";
    CAPTURE(left);
    CHECK(census() == at_first_);
    check_no_fault();
    system.faults.clear();
}

void for_every_allocation(Fixture &f, std::initializer_list<int> errors, const std::function<int()> &body,
                          const std::function<void(int)> &undo) {
    int refusals = 0, failures = 0;
    const Census before = f.census();
    for (long n = 1; n < 1000; ++n) {
        CAPTURE(n);
        const std::uint64_t refused = f.system.alloc.refused;
        f.system.alloc.fail_nth(n);
        int result = body();
        f.system.alloc.fail_nth(0);
        const bool hit = f.system.alloc.refused != refused;
        refusals += hit;
        if (result < 0) {
            ++failures;
            CHECK(hit);
            CHECK_MESSAGE(std::count(errors.begin(), errors.end(), -result) == 1, strerrorname_np(-result));
            f.run();
            CHECK(f.census() == before);
            result = body();
            CHECK(result >= 0);
        }
        if (result >= 0) undo(result);
        f.run();
        CHECK(f.census() == before);
        if (!hit) break;
    }
    CHECK(refusals > 0);
    CHECK(failures > 0);
}

} // namespace rill::test
