// 100,000 random steps over pipes, FIFOs, names, modules and passed descriptors. A model made of deques and counts says what each
// call returns and where each message comes out: a stream lives as long as a descriptor, a name or a message refers to it; a pipe's
// end that goes hangs the other up and takes that one's names. Nothing is left at the end.
#include "test/harness.hpp"
#include "test/random.hpp"

#include <array>
#include <deque>
#include <map>

using namespace rill;
using namespace rill::test;

namespace {

constexpr int paths = 6, fifos = 3, most_descriptors = 40, most_messages = 40;

struct End;
struct Name { // an attach: it goes when it is detached and nothing that was opened through it is open
    End *end;
    int path; // -1: detached
    int refs = 1;
};
struct Ref { // what refers to an end: a descriptor, or a message that carries one
    End *end;
    Name *name; // it was opened through this one
};
struct Item {
    std::string text; // "" for a passed descriptor
    Ref passed{};
};
struct End {
    End *peer = nullptr; // itself: a FIFO
    int fifo = -1;
    std::deque<Item> unread;
    int refs = 0, pushed = 0;
    bool gone = false, hung = false;
};

class Model {
public:
    explicit Model(Fixture &fixture) : f(fixture) {
        for (int i = 0; i < paths; ++i) f.node(path(i).c_str(), 0, S_IFREG | 0666);
        for (int i = 0; i < fifos; ++i) f.node(fifo_path(i).c_str(), 0, S_IFIFO | 0666);
    }

    void step(Random &random) {
        const int what = random.below(20);
        Ref *ref = nullptr;
        int fd = -1;
        if (!open.empty()) {
            auto it = std::next(open.begin(), random.below(static_cast<int>(open.size())));
            fd = it->first;
            ref = &it->second;
        }
        const bool room = static_cast<int>(open.size()) < most_descriptors;
        if (what == 0 && room) return make_pipe();
        if (what == 1 && room) return open_fifo(random.below(fifos));
        if (what <= 3 && room) return open_path(random.below(paths));
        if (what == 4) return detach(random.below(paths));
        if (!ref) return;
        if (what <= 6) return attach(fd, *ref, random.below(paths));
        if (what <= 8) return close(fd);
        if (what <= 10) return push_or_pop(fd, *ref->end, what == 9);
        if (what == 11) return send(fd, *ref->end, random.below(static_cast<int>(open.size())));
        if (what == 12) return receive(fd, *ref->end, room);
        if (what <= 16) return write(fd, *ref->end);
        return read(fd, *ref->end);
    }
    void end() {
        while (!open.empty()) close(open.begin()->first);
        for (int i = 0; i < paths; ++i) detach(i);
        CHECK(ends_out == 0);
    }

private:
    static std::string path(int i) { return "/path" + std::to_string(i); }
    static std::string fifo_path(int i) { return "/fifo" + std::to_string(i); }
    rill_proc *root() const { return handle(f.root); }

    void make_pipe() {
        int fds[2];
        REQUIRE(outcome(rill_pipe(root(), fds)) == 0);
        End *a = new_end(), *b = new_end();
        a->peer = b;
        b->peer = a;
        opened(fds[0], {a, nullptr});
        opened(fds[1], {b, nullptr});
        for (int fd : fds) REQUIRE(outcome(rill_fcntl(root(), fd, F_SETFL, O_RDWR | O_NONBLOCK)) == 0);
    }
    void open_fifo(int i) {
        End *&end = fifo[static_cast<std::size_t>(i)];
        if (!end) {
            end = new_end();
            end->peer = end;
            end->fifo = i;
        }
        opened(f.open(fifo_path(i).c_str(), O_RDWR | O_NONBLOCK), {end, nullptr});
    }
    void open_path(int i) {
        const int fd = f.open(path(i).c_str(), O_RDWR | O_NONBLOCK);
        REQUIRE(fd >= 0);
        Name *name = names[static_cast<std::size_t>(i)];
        CHECK(outcome(rill_isastream(root(), fd)) == (name != nullptr));
        if (!name) {
            CHECK(f.close(fd) == 0);
            return;
        }
        ++name->refs;
        opened(fd, {name->end, name});
    }
    void attach(int fd, const Ref &ref, int i) {
        Name *&name = names[static_cast<std::size_t>(i)];
        const int result = outcome(rill_fattach(root(), fd, path(i).c_str()));
        if (name || (ref.name && ref.name->path >= 0)) {
            CHECK(result == -EBUSY);
            return;
        }
        CHECK(result == 0);
        name = new Name{ref.end, i};
        ++ref.end->refs;
        if (ref.name) ++ref.name->refs; // the file that is attached was opened through that one
        through[name] = ref.name;
    }
    void detach(int i) {
        Name *name = names[static_cast<std::size_t>(i)];
        CHECK(outcome(rill_fdetach(root(), path(i).c_str())) == (name ? 0 : -EINVAL));
        if (name) detached(*name);
    }
    void close(int fd) {
        CHECK(f.close(fd) == 0);
        const Ref ref = open.at(fd);
        open.erase(fd);
        dropped(ref);
    }
    void push_or_pop(int fd, End &end, bool push) {
        const int result = push ? f.ioctl(fd, I_PUSH, "passer") : f.ioctl(fd, I_POP, 0);
        const bool possible = push ? end.pushed < 9 : end.pushed > 0;
        CHECK(result == (end.hung ? -ENXIO : possible ? 0
                                                      : -EINVAL));
        if (result == 0) end.pushed += push ? 1 : -1;
    }
    void write(int fd, End &end) {
        if (static_cast<int>(end.peer->unread.size()) >= most_messages) return;
        const std::string text = "m" + std::to_string(++messages);
        CHECK(f.write(fd, text) == (end.hung ? -EPIPE : static_cast<int>(text.size())));
        if (!end.hung) end.peer->unread.push_back({text});
    }
    void read(int fd, End &end) {
        CHECK(f.ioctl(fd, I_SRDOPT, RMSGN) == 0);
        const std::string got = f.read(fd, 64);
        if (end.unread.empty()) {
            CHECK(got == (end.hung ? "" : "-EAGAIN"));
            return;
        }
        if (end.unread.front().text.empty()) {
            CHECK(got == "-EBADMSG");
            return;
        }
        CHECK(got == end.unread.front().text);
        end.unread.pop_front();
    }
    // Only FIFOs travel, and only on pipes: so no descriptor can lead to itself.
    void send(int fd, End &end, int which) {
        const auto it = std::next(open.begin(), which);
        if (end.fifo >= 0 || it->second.end->fifo < 0 || static_cast<int>(end.peer->unread.size()) >= most_messages) return;
        const int result = f.ioctl(fd, I_SENDFD, it->first);
        CHECK(result == (end.hung ? -ENXIO : 0));
        if (result != 0) return;
        ++it->second.end->refs;
        if (it->second.name) ++it->second.name->refs;
        end.peer->unread.push_back({"", it->second});
    }
    void receive(int fd, End &end, bool room) {
        if (!room) return;
        strrecvfd received{};
        const int result = f.ioctl(fd, I_RECVFD, &received);
        if (end.unread.empty()) {
            CHECK(result == (end.hung ? -ENXIO : -EAGAIN));
            return;
        }
        if (!end.unread.front().text.empty()) {
            CHECK(result == -EBADMSG);
            return;
        }
        CHECK(result == 0);
        open[received.fd] = end.unread.front().passed; // the reference is the descriptor's now
        end.unread.pop_front();
    }

    End *new_end() {
        ++ends_out;
        return new End;
    }
    void opened(int fd, const Ref &ref) {
        REQUIRE(fd >= 0);
        REQUIRE(open.find(fd) == open.end());
        open[fd] = ref;
        ++ref.end->refs;
    }
    void dropped(const Ref &ref) {
        drop(*ref.end);
        if (ref.name) released(*ref.name);
    }
    void released(Name &name) {
        if (--name.refs > 0) return;
        End &end = *name.end;
        Name *before = through[&name];
        through.erase(&name);
        delete &name;
        dropped({&end, before});
    }
    void detached(Name &name) {
        names[static_cast<std::size_t>(std::exchange(name.path, -1))] = nullptr;
        released(name);
    }
    void drop(End &end) {
        if (--end.refs > 0) return;
        end.gone = true;
        const auto unread = std::exchange(end.unread, {});
        if (end.fifo >= 0) {
            fifo[static_cast<std::size_t>(end.fifo)] = nullptr;
            forget(end);
        } else if (end.peer->gone) {
            forget(*end.peer);
            forget(end);
        } else {
            End &peer = *end.peer;
            peer.hung = true;
            ++peer.refs; // it stays while its names go
            for (Name *name : names)
                if (name && name->end == &peer) detached(*name);
            drop(peer);
        }
        for (const Item &item : unread)
            if (item.text.empty()) dropped(item.passed);
    }
    void forget(End &end) {
        --ends_out;
        delete &end;
    }

    Fixture &f;
    std::map<int, Ref> open;
    std::array<End *, fifos> fifo{};
    std::array<Name *, paths> names{};
    std::map<Name *, Name *> through;
    int messages = 0, ends_out = 0;
};

} // namespace

TEST_SUITE_BEGIN("names_random");

TEST_CASE("FAT-004 FAT-026 FAT-038 FIFO-016 PIP-014: random pipes, FIFOs, names, modules and passed descriptors agree with a model") {
    Random random(20261128);
    for (int round = 0; round < 10; ++round) {
        Fixture f("irix");
        f.module("passer");
        Model model(f);
        for (int i = 0; i < 10'000; ++i) {
            CAPTURE(i);
            model.step(random);
        }
        model.end();
        f.check_no_fault();
    }
}

TEST_SUITE_END();
