// What may become many without becoming slow or staying for ever: queued messages (FLW-081), signals (SIG-050, SIG-051),
// passed descriptors that wait on one another (IOC-321).
#include "test/streamio.hpp"

#include <chrono>
#include <malloc.h>

using namespace rill;
using namespace rill::test;

namespace {

// The shortest of some turns, none of which is long: the others may have been interrupted.
template <class F> std::chrono::nanoseconds shortest_of(F &&turn) {
    auto shortest = std::chrono::nanoseconds::max();
    for (int i = 0; i < 15; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        turn();
        shortest = std::min<std::chrono::nanoseconds>(shortest, std::chrono::steady_clock::now() - begin);
    }
    return shortest;
}

constexpr int many = 100000;

// A queue with so many high-priority messages on it.
void fill(queue_t *q, int count) {
    for (int i = 0; i < count; ++i) putq(q, message(M_PCPROTO, "h"));
}

// The types and bands from the front: "h h 3 0".
std::string order(queue_t *q) {
    std::string text;
    for (const mblk_t *mp = q->q_first; mp; mp = mp->b_next)
        text += (text.empty() ? "" : " ") + (is_high_priority(mp) ? bytes_of(mp) : std::to_string(mp->b_band));
    return text;
}

int handled;
Process *itself;

} // namespace

TEST_SUITE_BEGIN("growth");

// --- queued messages

TEST_CASE("FLW-081: putq, putbq, insq and rmvq find a message's place without looking through the queue") {
    OneStream s(nullptr, hold_writes);
    queue_t *q = s.wq();
    Enter scope(s.f.system);
    q->q_hiwat = 1 << 30;
    struct Way {
        const char *name;
        void (*turn)(queue_t *);
    };
    static constexpr Way ways[] = {
        {"putq of a high-priority message", [](queue_t *at) {
             for (int i = 0; i < 40; ++i) putq(at, message(M_PCPROTO, "h"));
         }},
        {"putbq behind the high-priority messages", [](queue_t *at) {
             for (int i = 0; i < 40; ++i) putbq(at, message(M_DATA, "d"));
         }},
        {"putq and putbq of a band", [](queue_t *at) {
             for (int i = 0; i < 20; ++i) putq(at, message(M_DATA, "d", 2)), putbq(at, message(M_DATA, "d", 2));
         }},
        {"insq at the end of the high-priority messages, and rmvq", [](queue_t *at) {
             for (int i = 0; i < 40; ++i) {
                 mblk_t *mp = message(M_PCPROTO, "h");
                 insq(at, nullptr, mp);
                 rmvq(at, mp);
                 freemsg(mp);
             }
         }},
        {"insq of the first message of a band before the ordinary ones, and rmvq", [](queue_t *at) {
             mblk_t *ordinary = at->q_last;
             while (ordinary->b_prev && !is_high_priority(ordinary->b_prev)) ordinary = ordinary->b_prev;
             for (int i = 0; i < 40; ++i) {
                 mblk_t *mp = message(M_DATA, "d", 1);
                 insq(at, ordinary, mp);
                 rmvq(at, mp);
                 freemsg(mp);
             }
         }},
    };
    for (const Way &way : ways) {
        CAPTURE(way.name);
        fill(q, 100);
        putq(q, message(M_DATA, "d"));
        const auto few = shortest_of([&] { way.turn(q); });
        flushq(q, FLUSHALL);
        fill(q, many);
        putq(q, message(M_DATA, "d"));
        CHECK(shortest_of([&] { way.turn(q); }) < 20 * few);
        flushq(q, FLUSHALL);
        CHECK(q->q_count == 0);
    }
}

TEST_CASE("FLW-081: and the place is the same: behind the last high-priority message, whatever has been taken off before") {
    OneStream s(nullptr, hold_writes);
    queue_t *q = s.wq();
    Enter scope(s.f.system);
    auto hi = [&](const char *name) { return message(M_PCPROTO, name); };
    mblk_t *a = hi("a"), *b = hi("b"), *c = hi("c");
    putq(q, message(M_DATA, "x"));
    putq(q, message(M_DATA, "x", 3));
    for (mblk_t *mp : {a, b, c}) putq(q, mp);
    CHECK(order(q) == "a b c 3 0");
    rmvq(q, c); // the last of them
    freemsg(c);
    putq(q, hi("d"));
    CHECK(order(q) == "a b d 3 0");
    freemsg(getq(q));
    freemsg(getq(q));
    freemsg(getq(q)); // all of them
    CHECK(order(q) == "3 0");
    putbq(q, message(M_DATA, "x", 3));
    putbq(q, message(M_DATA, "x"));
    CHECK(order(q) == "3 3 0 0");
    putbq(q, hi("e"));
    putq(q, hi("f"));
    putbq(q, hi("g"));
    putq(q, hi("h"));
    CHECK(order(q) == "g e f h 3 3 0 0");
    flushq(q, FLUSHDATA); // M_PCPROTO is data
    CHECK(order(q) == "");
    mblk_t *start = message(M_START, "i");
    putq(q, start);
    putq(q, hi("j"));
    flushq(q, FLUSHDATA);
    CHECK(order(q) == "i");
    CHECK(insq(q, nullptr, hi("k")) == 1);
    CHECK(insq(q, start, hi("l")) == 1);
    CHECK(appq(q, start, hi("m")) == 1);
    putq(q, hi("n"));
    CHECK(order(q) == "l i m k n");
    // A type that is changed while the message waits, by whoever shares its data block.
    mblk_t *last = q->q_last, *shared = dupmsg(last);
    shared->b_datap->db_type = M_DATA;
    putq(q, hi("o"));
    CHECK(order(q).starts_with("l i m k "));
    while (mblk_t *mp = getq(q)) freemsg(mp);
    freemsg(shared);
    putq(q, hi("p"));
    putq(q, hi("q"));
    CHECK(order(q) == "p q");
    flushband(q, 0, FLUSHALL);
    CHECK(order(q) == "");
    CHECK(q->q_count == 0);
}

TEST_CASE("FLW-081: a message finds its place among the bands, whichever of 255 have messages, and flushband takes a band's only") {
    OneStream s(nullptr, hold_writes);
    queue_t *q = s.wq();
    Enter scope(s.f.system);
    auto put = [&](int band) { putq(q, message(M_DATA, "d", static_cast<unsigned char>(band))); };
    for (int band : {3, 255, 0, 64, 128, 3, 63}) put(band);
    putq(q, message(M_PCPROTO, "h"));
    CHECK(order(q) == "h 255 128 64 63 3 3 0");
    for (int band : {200, 1, 127}) {
        putbq(q, message(M_DATA, "d", static_cast<unsigned char>(band)));
        put(band);
    }
    CHECK(order(q) == "h 255 200 200 128 127 127 64 63 3 3 1 1 0");
    flushband(q, 127, FLUSHALL);
    flushband(q, 254, FLUSHALL);
    flushband(q, 3, FLUSHALL);
    CHECK(order(q) == "h 255 200 200 128 64 63 1 1 0");
    putbq(q, message(M_DATA, "d", 65));
    CHECK(order(q) == "h 255 200 200 128 65 64 63 1 1 0");
    for (int i = 0; i < 5; ++i) freemsg(getq(q));
    putbq(q, message(M_DATA, "d", 129)); // where the bands above have none any more
    putbq(q, message(M_DATA, "d"));
    CHECK(order(q) == "129 65 64 63 1 1 0 0");
    flushq(q, FLUSHALL);
    put(2);
    put(250);
    CHECK(order(q) == "250 2");
    flushq(q, FLUSHALL);
    for (int band = 0; band < 256; ++band) {
        long bytes = 1;
        CHECK(strqget(q, QCOUNT, static_cast<unsigned char>(band), &bytes) == 0);
        CHECK(bytes == 0);
    }
}

// --- signals

TEST_CASE("SIG-050: pending signals are a set with a count each: bounded memory, delivery in the order of their numbers, as often as posted") {
    OneStream s;
    Process &p = s.f.process();
    static std::vector<int> order_seen;
    order_seen.clear();
    handled = 0;
    for (int sig : {SIGUSR2, SIGUSR1})
        CHECK(rill_signal(handle(p), sig, [](int number) {
                  ++handled;
                  if (order_seen.empty() || order_seen.back() != number) order_seen.push_back(number);
              }) == 0);
    constexpr int posts = 300000;
    for (int sig : {SIGUSR2, SIGUSR1, SIGTERM}) s.f.kill(p, sig);
    const std::size_t before = mallinfo2().uordblks;
    {
        Enter scope(s.f.system);
        for (int i = 0; i < posts; ++i)
            for (int sig : {SIGUSR2, SIGUSR1, SIGTERM}) p.post(sig); // SIGTERM is not caught: noted only
    }
    CHECK(mallinfo2().uordblks < before + 1024);
    CHECK(p.signals_posted[SIGUSR1] == posts + 1);
    CHECK(p.signals_posted[SIGTERM] == posts + 1);
    CHECK(p.signals_seen.size() <= 32);
    CHECK(p.signals_seen.back().sig == SIGTERM);
    CHECK(handled == 0);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(s.f.close(p, 99) == -EBADF); // any call's return to user level
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    CHECK(handled == 2 * (posts + 1));
    CHECK(order_seen == std::vector<int>{SIGUSR1, SIGUSR2});
    CHECK_FALSE(p.signal_pending());
}

TEST_CASE("SIG-050: a signal that is ignored meanwhile is pending no longer, and ends no sleep") {
    OneStream s;
    s.f.catch_signal(s.root, SIGUSR1);
    s.f.kill(s.root, SIGUSR1);
    CHECK(s.root.signal_pending());
    CHECK(rill_signal(handle(s.root), SIGUSR1, SIG_IGN) == 0);
    CHECK_FALSE(s.root.signal_pending());
    handled = 0;
    CHECK(rill_signal(handle(s.root), SIGUSR1, [](int) { ++handled; }) == 0);
    pollfd entry{s.fd, POLLIN, 0};
    CHECK(poll_of(s.root, &entry, 1, 10) == 0);
    CHECK(handled == 0);
}

TEST_CASE("SIG-051: a handler that signals its own process: the call returns, and that signal is delivered at the next return") {
    OneStream s;
    itself = &s.root;
    handled = 0;
    CHECK(rill_signal(handle(s.root), SIGUSR1, [](int) {
              ++handled;
              rill_kill(handle(*itself), SIGUSR1);
              rill_close(handle(*itself), 99); // a call's return inside the handler delivers everything but SIGUSR1
          }) == 0);
    s.f.kill(s.root, SIGUSR1);
    for (int calls = 1; calls <= 3; ++calls) {
        CHECK(s.f.close(99) == -EBADF);
        CHECK(handled == calls);
    }
    // Two handlers that post each other's signal.
    CHECK(rill_signal(handle(s.root), SIGUSR1, [](int) { ++handled, rill_kill(handle(*itself), SIGUSR2); }) == 0);
    CHECK(rill_signal(handle(s.root), SIGUSR2, [](int) { ++handled, rill_kill(handle(*itself), SIGUSR1); }) == 0);
    handled = 0;
    s.f.kill(s.root, SIGUSR1);
    CHECK(s.f.close(99) == -EBADF);
    CHECK(handled == 2);
    rill_signal(handle(s.root), SIGUSR1, SIG_DFL);
    rill_signal(handle(s.root), SIGUSR2, SIG_DFL);
    CHECK_FALSE(s.root.signal_pending());
}

// --- passed descriptors

namespace {

struct Pipes : OneStream {
    explicit Pipes(int count) : ends(static_cast<std::size_t>(count)) {
        for (auto &p : ends) REQUIRE(rill_pipe(handle(root), p.data()) == 0);
    }
    // Descriptor fd is sent to end 1 of a pipe.
    void send(int pipe, int fd) { REQUIRE(f.ioctl(ends[static_cast<std::size_t>(pipe)][0], I_SENDFD, fd) == 0); }
    int end(int pipe) { return ends[static_cast<std::size_t>(pipe)][1]; }
    void close(int pipe, bool first = true) {
        if (first) CHECK(f.close(ends[static_cast<std::size_t>(pipe)][0]) == 0);
        CHECK(f.close(end(pipe)) == 0);
    }
    std::vector<std::array<int, 2>> ends;
};

} // namespace

TEST_CASE("IOC-321: a pipe's end that waits on itself is closed when its last descriptor is") {
    Pipes p(1);
    p.send(0, p.end(0));
    p.send(0, p.fd);
    CHECK(p.f.close(p.fd) == 0);
    CHECK(p.dev.count("close") == 0);
    CHECK(p.f.close(p.end(0)) == 0);
    CHECK(p.dev.count("close") == 1); // what waited there went with it
    CHECK(p.f.census().streams == 2);
    CHECK(revents(p.root, p.ends[0][0], POLLIN) == POLLHUP);
    CHECK(p.f.close(p.ends[0][0]) == 0);
    CHECK(p.f.census().streams == 0);
    CHECK(p.f.census().files == 0);
}

TEST_CASE("IOC-321: circles of any length, and several through one end") {
    for (int length : {2, 3, 300}) {
        CAPTURE(length);
        Pipes p(length);
        for (int i = 0; i < length; ++i) p.send(i, p.end((i + 1) % length));
        p.send(0, p.end(0));
        p.send(1, p.end(0));
        for (int i = 0; i < length; ++i) p.close(i);
        CHECK(p.f.close(p.fd) == 0);
        CHECK(p.f.census().streams == 0);
        CHECK(p.f.census().files == 0);
        CHECK(p.f.census().messages == 0);
    }
}

TEST_CASE("IOC-321: a chain of ten thousand ends, closed in any order, goes with the last, and no sooner") {
    constexpr int length = 10000;
    for (int order : {0, 1, 2}) {
        CAPTURE(order);
        Pipes p(length + 1);
        for (int i = 0; i < length; ++i) p.send(i + 1, p.end(i));
        for (int i = 1; i <= length; ++i) CHECK(p.f.close(p.ends[static_cast<std::size_t>(i)][0]) == 0);
        for (int i = 0; i < length; ++i) CHECK(p.f.close(p.end(order == 0 ? i : order == 1 ? length - 1 - i
                                                                                           : i * 6181 % length)) == 0);
        CHECK(p.f.census().files == length + 3); // each end that waits, the last, the first pipe's other one, and a device's
        CHECK(p.f.close(p.end(length)) == 0);
        CHECK(p.f.census().files == 2);
        CHECK(p.f.close(p.ends[0][0]) == 0);
        CHECK(p.f.census().streams == 1);
    }
}

TEST_CASE("IOC-321: a chain that becomes a circle is seen, however it was known to be held") {
    Pipes p(4);
    for (int i = 0; i < 3; ++i) p.send(i + 1, p.end(i));
    for (int i = 2; i >= 0; --i) CHECK(p.f.close(p.end(i)) == 0); // each is held by the last, pipe 3's
    p.send(0, p.end(3));
    for (int i = 0; i < 4; ++i) CHECK(p.f.close(p.ends[static_cast<std::size_t>(i)][0]) == 0);
    CHECK(p.f.census().streams == 9);
    CHECK(p.f.close(p.end(3)) == 0);
    CHECK(p.f.census().streams == 1);
}

TEST_CASE("IOC-321: a message of the way that held it is gone, and what it led to stays as long as another leads there") {
    Pipes p(4);
    p.send(1, p.end(0));
    p.send(2, p.end(0)); // twice
    CHECK(p.f.close(p.end(0)) == 0);
    p.send(0, p.end(1)); // a circle, beside the way through pipe 2
    CHECK(p.f.close(p.end(1)) == 0);
    CHECK(p.f.census().streams == 9);
    strrecvfd received;
    CHECK(p.f.ioctl(p.end(2), I_RECVFD, &received) == 0);
    CHECK(p.f.census().streams == 9);
    for (int i = 0; i < 2; ++i) CHECK(p.f.close(p.ends[static_cast<std::size_t>(i)][0]) == 0);
    CHECK(p.f.close(received.fd) == 0);
    CHECK(p.f.census().streams == 5);
}

TEST_CASE("IOC-321: what something else refers to stays: a descriptor, a message on a live end, a call") {
    Pipes p(3);
    Process &other = p.f.process();
    {
        Enter scope(p.f.system);
        other.dup_into(*p.root.file(p.end(0)), 7);
    }
    p.send(0, p.end(1));
    p.send(1, p.end(0));
    p.send(2, p.end(0)); // pipe 2 stays open
    p.close(0);
    p.close(1);
    CHECK(p.f.census().streams == 7);
    CHECK(p.f.close(other, 7) == 0);
    CHECK(p.f.census().streams == 7); // pipe 2 leads there
    strrecvfd received;
    CHECK(p.f.ioctl(p.end(2), I_RECVFD, &received) == 0);
    CHECK(p.f.ioctl(received.fd, I_RECVFD, &received) == 0); // pipe 1's
    CHECK(p.f.ioctl(received.fd, I_RECVFD, &received) == 0); // pipe 0's again
    const int fd = received.fd;
    CHECK(p.f.census().streams == 7);
    for (int i = 0; i < 16; ++i)
        if (i != p.fd && i != p.end(2) && i != p.ends[2][0] && i != fd && p.root.file(i)) p.f.close(i);
    CHECK(p.f.close(fd) == 0);
    CHECK(p.f.census().streams == 3);
}

TEST_CASE("IOC-321: a live end that closes takes the circle behind it along") {
    Pipes p(3);
    p.send(0, p.end(1));
    p.send(1, p.end(0));
    p.send(2, p.end(0));
    p.close(0);
    p.close(1);
    CHECK(p.f.census().streams == 7);
    p.close(2);
    CHECK(p.f.census().streams == 1);
}

TEST_CASE("IOC-321: a link holds an end as a descriptor does") {
    Pipes p(1);
    Probe &mux = p.f.driver("mux", 62), &low = p.f.loose("low", Probe::Sort::driver);
    mux.tab.st_muxrinit = &low.read_init;
    mux.tab.st_muxwinit = &low.write_init;
    mux.on_wput = [&mux](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCTL) ack(q, mp);
        else mux.standard_put(q, mp);
    };
    low.on_rput = [](queue_t *, mblk_t *mp) { freemsg(mp); };
    p.f.node("/dev/mux", p.f.clone(62));
    const int ctl = p.f.open("/dev/mux");
    p.send(0, p.end(0));
    const int id = p.f.ioctl(ctl, I_LINK, p.end(0));
    CHECK(id > 0);
    CHECK(p.f.close(p.end(0)) == 0);
    CHECK(p.f.census().streams == 4);
    CHECK(p.f.ioctl(ctl, I_UNLINK, id) == 0); // flushes it: the file inside goes, and then the end
    CHECK(p.f.close(ctl) == 0);
    CHECK(p.f.close(p.ends[0][0]) == 0);
    CHECK(p.f.census().streams == 1);
}

namespace {

// A multiplexor that passes up to its one upper stream a descriptor of that stream, which waited on a pipe's end when the end
// was linked: at once, or when the test does.
struct PassesUp : Pipes {
    explicit PassesUp(bool keeps) : Pipes(1) {
        Probe &mux = f.driver("mux", 62), &low = f.loose("low", Probe::Sort::driver);
        mux.tab.st_muxrinit = &low.read_init;
        mux.tab.st_muxwinit = &low.write_init;
        mux.on_wput = [this, &mux](queue_t *q, mblk_t *mp) {
            upper = RD(q);
            if (mp->b_datap->db_type == M_IOCTL) ack(q, mp);
            else mux.standard_put(q, mp);
        };
        low.on_rput = [this, keeps](queue_t *q, mblk_t *mp) {
            const bool asked = mp->b_datap->db_type == M_DATA;
            freemsg(mp);
            if (!asked) return;
            kept = getq(q);
            REQUIRE(kept);
            REQUIRE(kept->b_datap->db_type == M_PASSFP);
            if (!keeps) putnext(upper, kept);
        };
        f.node("/dev/mux", f.clone(62));
        ctl = f.open("/dev/mux");
        send(0, ctl);
        REQUIRE(f.ioctl(ctl, I_PLINK, end(0)) > 0);
        REQUIRE(f.close(end(0)) == 0);
        REQUIRE(f.write(ends[0][0], "what waits below is looked at") > 0);
        REQUIRE(f.census().files == 4);
    }
    ~PassesUp() { // the link, and with it the end
        const int last = f.open("/dev/mux");
        CHECK(f.ioctl(last, I_PUNLINK, MUXID_ALL) == 0);
    }
    mblk_t *kept = nullptr;
    queue_t *upper = nullptr;
    int ctl = -1;
};

} // namespace

TEST_CASE("IOC-321: a device's stream that waits on itself is closed when its last descriptor is") {
    PassesUp p(false);
    CHECK(p.f.close(p.ctl) == 0);
    CHECK(p.f.census().files == 3); // the pipe, whose one end is linked, and the first stream
    CHECK(p.f.census().streams == 3);
}

TEST_CASE("IOC-321: a second file of the stream holds the circle, and takes it along") {
    PassesUp p(false);
    p.f.node("/dev/this", p.f.rdev(p.ctl));
    const int again = p.f.open("/dev/this");
    REQUIRE(again >= 0);
    CHECK(p.f.close(p.ctl) == 0);
    CHECK(p.f.census().files == 5);
    SUBCASE("it can be received") {
        strrecvfd received;
        CHECK(p.f.ioctl(again, I_RECVFD, &received) == 0);
        CHECK(p.f.close(received.fd) == 0);
        CHECK(p.f.census().files == 4);
    }
    CHECK(p.f.close(again) == 0);
    CHECK(p.f.census().files == 3);
    CHECK(p.f.census().streams == 3);
}

TEST_CASE("IOC-321: a circle that closes when a driver lets go of the message is seen then") {
    PassesUp p(true);
    CHECK(p.f.close(p.ctl) == 0);
    CHECK(p.f.census().files == 4); // the driver has it
    {
        Enter scope(p.f.system);
        putnext(p.upper, p.kept);
    }
    rill_run(reinterpret_cast<rill_system *>(&p.f.system));
    CHECK(p.f.census().files == 3);
    CHECK(p.f.census().streams == 3);
}

TEST_SUITE_END();
