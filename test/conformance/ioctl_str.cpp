// I_STR, transparent ioctls, and the exchange of messages behind both (clauses/02, I_STR and the ioctl message exchange).
#include "test/streamio.hpp"

#include <sys/ioctl.h>
#include <termios.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr int command = 0x7a01;

// A stream whose driver notes what it is asked.
struct Asking : OneStream {
    explicit Asking(const char *profile = nullptr, Tunables tunables = {})
        : OneStream(profile, {}, tunables), asked(dev) {}
    ~Asking() {
        asked.drop(f);
        f.took_fault("IOC-122"); // requests kept where a checking build does not look: it calls them dropped
    }
    // Answers the oldest request kept, from outside any call.
    template <class F> void answer(F &&with) {
        Enter scope(f.system);
        with(wq(), asked.take());
        f.system.run_until_idle();
    }
    Later later_str(Process &p, int descriptor, int ic_cmd = command, int timeout = 0) {
        return f.later(p, "ioctl", [&p, descriptor, ic_cmd, timeout] {
            strioctl io{ic_cmd, timeout, 0, nullptr};
            return ioctl_of(p, descriptor, I_STR, &io);
        });
    }
    Later later_str() { return later_str(root, fd); }
    Ioctls asked;
};

void acknowledge(queue_t *q, mblk_t *mp) { ack(q, mp); }
void seven(queue_t *q, mblk_t *mp) { ack(q, mp, 7); }

} // namespace

TEST_SUITE_BEGIN("ioctl_str");

// --- arguments

TEST_CASE("IOC-119: ic_timout below -1: EINVAL, the driver sees nothing") {
    Asking s;
    for (int timeout : {-2, -1000}) CHECK(s.str(command, "", timeout) == -EINVAL);
    CHECK(s.asked.seen.empty());
}

TEST_CASE("IOC-120: ic_len below 0: EINVAL") {
    Asking s;
    char data[4] = "";
    for (int length : {-1, -1000}) {
        strioctl io{command, 0, length, data};
        CHECK(s.ioctl(I_STR, &io) == -EINVAL);
    }
    CHECK(s.asked.seen.empty());
}

TEST_CASE("IOC-121: ic_len above STRMSGSZ: EINVAL; with STRMSGSZ 0 there is no limit") {
    Tunables tunables;
    tunables.strmsgsz = 100;
    {
        Asking s(nullptr, tunables);
        s.asked.answer = acknowledge;
        CHECK(s.str(command, std::string(101, 'x')) == -EINVAL);
        CHECK(s.asked.seen.empty());
        CHECK(s.str(command, std::string(100, 'x')) == 0);
    }
    tunables.strmsgsz = 0;
    Asking s(nullptr, tunables);
    s.asked.answer = acknowledge;
    CHECK(s.str(command, std::string(100000, 'x')) == 0);
    CHECK(s.asked.seen[0].data.size() == 100000);
}

TEST_CASE("IOC-144: I_STR with I_LINK, I_PLINK, I_UNLINK or I_PUNLINK: EINVAL, the driver sees nothing") {
    Asking s;
    for (int linking : {I_LINK, I_PLINK, I_UNLINK, I_PUNLINK}) CHECK(s.str(linking) == -EINVAL);
    CHECK(s.asked.seen.empty());
}

TEST_CASE("IOC-008: I_STR with data that cannot be read: EFAULT, nothing goes down, and the turn is given back") {
    Asking s;
    s.asked.answer = seven;
    Page none;
    strioctl io{command, 0, 4, none.at()};
    CHECK(s.ioctl(I_STR, &io) == -EFAULT);
    io.ic_dp = nullptr;
    CHECK(s.ioctl(I_STR, &io) == -EFAULT);
    CHECK(s.asked.seen.empty());
    CHECK(s.str(command) == 7);
}

TEST_CASE("IOC-147: no memory for the message: EAGAIN, nothing goes down, and the next call works") {
    Asking s;
    s.asked.answer = seven;
    s.f.system.alloc.fail_nth(1);
    CHECK(s.str(command, "data") == -EAGAIN);
    s.f.system.alloc.fail_nth(2); // the data's block
    CHECK(s.str(command, "data") == -EAGAIN);
    s.f.system.alloc.fail_nth(2); // the argument's, of a transparent one
    CHECK(s.ioctl(command, 0) == -EAGAIN);
    s.f.system.alloc.fail_nth(0);
    CHECK(s.asked.seen.empty());
    CHECK(s.str(command, "data") == 7);
}

TEST_CASE("IOC-147 by allocation: I_STR with a copy in and a copy out survives the failure of every allocation") {
    Asking s;
    char from[4] = {'f', 'r', 'o', 'm'}, to[4];
    // A driver that can do without memory itself: it answers from the blocks it was given.
    s.asked.answer = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCTL) return copy_in(q, mp, from, 4);
        if (s.asked.seen.back().rval != 0) return freemsg(mp);
        if (!mp->b_cont) return ack(q, mp);
        mblk_t *data = std::exchange(mp->b_cont, nullptr); // what came in goes out again
        mp->b_datap->db_type = M_COPYOUT;
        mp->b_cont = data;
        mp->b_wptr = mp->b_rptr + sizeof(copyreq);
        auto *request = reinterpret_cast<copyreq *>(mp->b_rptr);
        request->cq_addr = to;
        request->cq_size = 4;
        qreply(q, mp);
    };
    for_every_allocation(
        s.f, {EAGAIN, ENOSR, ENOMEM}, [&] { return s.str(command, "data"); }, [&](int) {
        CHECK(std::string(to, 4) == "from");
        std::memset(to, 0, 4); });
}

// --- the M_IOCTL

TEST_CASE("IOC-110: I_STR sends M_IOCTL with command, length, credentials, a fresh id, zeros, and the data") {
    Asking s;
    s.asked.answer = acknowledge;
    Process &user = s.f.process(1000, 100);
    int fd = s.open_as(user);
    std::string data = "nine bytes";
    strioctl io{command, 0, static_cast<int>(data.size()), data.data()};
    CHECK(ioctl_of(user, fd, I_STR, &io) == 0);
    REQUIRE(s.asked.seen.size() == 1);
    const Ioctls::Seen &seen = s.asked.seen[0];
    CHECK(seen.type == M_IOCTL);
    CHECK(seen.command == command);
    CHECK(seen.count == data.size());
    CHECK(seen.uid == 1000);
    CHECK(seen.gid == 100);
    CHECK(seen.id != 0);
    CHECK(seen.error == 0);
    CHECK(seen.rval == 0);
    CHECK(seen.data == data);
    io.ic_len = 0;
    CHECK(ioctl_of(user, fd, I_STR, &io) == 0);
    CHECK(s.asked.seen[1].count == 0);
    CHECK(s.asked.seen[1].data == "");
}

TEST_CASE("IOC-130: ioc_id differs for every request on the system, over streams too") {
    Asking s;
    s.asked.answer = acknowledge;
    int other = s.f.open("/dev/dev1");
    for (int i = 0; i < 3; ++i) {
        CHECK(s.str(command) == 0);
        strioctl io{command, 0, 0, nullptr};
        CHECK(s.f.ioctl(other, I_STR, &io) == 0);
    }
    std::vector<unsigned> ids;
    for (const Ioctls::Seen &seen : s.asked.seen) ids.push_back(seen.id);
    std::sort(ids.begin(), ids.end());
    CHECK(ids.size() == 6);
    CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

// --- the answers

TEST_CASE("IOC-115: M_IOCNAK fails with ioc_error, or EINVAL when that is 0") {
    Asking s;
    s.asked.answer = [](queue_t *q, mblk_t *mp) { nak(q, mp); };
    CHECK(s.str(command) == -EINVAL);
    s.asked.answer = [](queue_t *q, mblk_t *mp) { nak(q, mp, EACCES); };
    CHECK(s.str(command) == -EACCES);
}

TEST_CASE("IOC-114: M_IOCACK with ioc_error fails with that error; no data is copied") {
    Asking s;
    s.asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 7, EACCES, "data"); };
    char data[4] = {'s', 'a', 'm', 'e'};
    strioctl io{command, 0, 4, data};
    CHECK(s.ioctl(I_STR, &io) == -EACCES);
    CHECK(std::string(data, 4) == "same");
}

TEST_CASE("IOC-116: the strioctl is copied back only on success") {
    Asking s;
    s.asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 0, EACCES, "xy"); };
    char data[8] = "";
    strioctl io{command, 0, 8, data};
    CHECK(s.ioctl(I_STR, &io) == -EACCES);
    CHECK(io.ic_len == 8);
    s.asked.answer = [](queue_t *q, mblk_t *mp) { nak(q, mp); };
    CHECK(s.ioctl(I_STR, &io) == -EINVAL);
    CHECK(io.ic_len == 8);
    Page constant(PROT_READ | PROT_WRITE);
    auto *fixed = new (constant.at()) strioctl{command, 0, 0, nullptr};
    constant.allow(PROT_READ);
    CHECK(s.ioctl(I_STR, fixed) == -EINVAL); // not EFAULT: nothing was to be written
    s.asked.answer = acknowledge;
    CHECK(s.ioctl(I_STR, fixed) == -EFAULT);
}

TEST_CASE("IOC-112: M_IOCACK with ioc_error 0 makes the call return ioc_rval") {
    Asking s;
    s.asked.answer = seven;
    CHECK(s.str(command) == 7);
    CHECK(s.ioctl(command, 0) == 7);
}

TEST_CASE("IOC-113: M_IOCACK: ioc_count bytes go to ic_dp, and ic_len becomes ioc_count") {
    Asking s;
    char data[16] = "input";
    strioctl io{command, 0, 5, data};
    s.asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 0, 0, "four"); };
    CHECK(s.ioctl(I_STR, &io) == 0);
    CHECK(io.ic_len == 4);
    CHECK(std::string(data) == "fourt"); // four bytes, no more
    s.asked.answer = [](queue_t *q, mblk_t *mp) { // in several blocks, with more attached than it counts
        if (mp->b_cont) freemsg(mp->b_cont);
        mp->b_cont = message(M_DATA, "ab");
        linkb(mp, message(M_DATA, "cdef"));
        mp->b_datap->db_type = M_IOCACK;
        reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_count = 5;
        qreply(q, mp);
    };
    CHECK(s.ioctl(I_STR, &io) == 0);
    CHECK(io.ic_len == 5);
    CHECK(std::string(data) == "abcde");
    s.asked.answer = acknowledge;
    CHECK(s.ioctl(I_STR, &io) == 0);
    CHECK(io.ic_len == 0);
}

TEST_CASE("IOC-113: a result that cannot be written: EFAULT, and the stream is free for the next") {
    Asking s;
    s.asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 0, 0, "four"); };
    Page none;
    strioctl io{command, 0, 0, none.at()};
    CHECK(s.ioctl(I_STR, &io) == -EFAULT);
    s.asked.answer = seven;
    CHECK(s.str(command) == 7);
}

// --- waiting

TEST_CASE("IOC-122: no answer in time: ETIME; what comes later is freed and the next call is not disturbed (IOC-129)") {
    Asking s;
    CHECK(s.str(command, "", 1) == -ETIME);
    s.answer(seven); // late
    s.asked.answer = acknowledge;
    CHECK(s.str(command) == 0);
}

TEST_CASE("IOC-118: ic_timout counts seconds, not milliseconds") {
    Asking s;
    const long began = now(s.f);
    CHECK(s.str(command, "", 20) == -ETIME);
    CHECK(now(s.f) - began == 20 * ticks_a_second);
    s.asked.drop(s.f);
}

TEST_CASE("IOC-117: ic_timout: 0 is 15 seconds, a positive one in seconds, -1 for ever") {
    Asking s;
    long began = now(s.f);
    CHECK(s.str(command, "", 1) == -ETIME);
    CHECK(now(s.f) - began == ticks_a_second);
    began = now(s.f);
    CHECK(s.str(command, "", 0) == -ETIME);
    CHECK(now(s.f) - began == 15 * ticks_a_second);
    s.asked.drop(s.f);
    Later forever = s.later_str(s.root, s.fd, command, -1);
    advance(s.f, 100000 * ticks_a_second);
    CHECK_FALSE(forever.done());
    s.answer(seven);
    CHECK(forever.result() == 7);
}

TEST_CASE("IOC-123: a caught signal ends the wait for the answer, and the wait for the turn, with EINTR") {
    Asking s;
    Process &a = s.f.process(), &b = s.f.process();
    int a_fd = s.open_as(a), b_fd = s.open_as(b);
    s.f.catch_signal(a, SIGUSR1);
    s.f.catch_signal(b, SIGUSR1);
    Later first = s.later_str(a, a_fd), second = s.later_str(b, b_fd);
    CHECK(s.asked.seen.size() == 1);
    s.f.kill(b, SIGUSR1);
    CHECK(second.result() == -EINTR);
    CHECK_FALSE(first.done());
    s.f.kill(a, SIGUSR1);
    CHECK(first.result() == -EINTR);
    s.answer(seven); // nobody waits any more
    s.asked.answer = seven;
    CHECK(s.str(command) == 7);
}

TEST_CASE("IOC-124: O_NDELAY and O_NONBLOCK have no effect on I_STR") {
    Asking s;
    int quick = s.open_nonblocking(), old = s.f.open("/dev/dev0", O_RDWR | RILL_O_NDELAY);
    for (int fd : {quick, old}) {
        Later later = s.later_str(s.root, fd);
        CHECK_FALSE(later.done());
        s.answer(seven);
        CHECK(later.result() == 7);
    }
}

TEST_CASE("IOC-125: one ioctl at a time: the driver sees the second M_IOCTL only after it has answered the first") {
    Asking s;
    Process &a = s.f.process(), &b = s.f.process(), &c = s.f.process();
    int a_fd = s.open_as(a), b_fd = s.open_as(b), c_fd = s.open_as(c);
    Later first = s.later_str(a, a_fd, 1), second = s.later_str(b, b_fd, 2), third = s.later_str(c, c_fd, 3);
    CHECK(s.asked.seen.size() == 1);
    CHECK(second.waiting_for() != first.waiting_for());
    int bytes;
    CHECK(s.ioctl(I_NREAD, &bytes) == 0); // commands that send nothing need no turn
    s.answer(seven);
    CHECK(first.result() == 7);
    REQUIRE(s.asked.seen.size() == 2);
    CHECK(s.asked.seen[1].command == 2); // in the order they came
    CHECK_FALSE(second.done());
    s.answer(acknowledge);
    CHECK(second.result() == 0);
    REQUIRE(s.asked.seen.size() == 3);
    CHECK(s.asked.seen[2].command == 3);
    s.answer(seven);
    CHECK(third.result() == 7);
}

TEST_CASE("IOC-126: a call that waits for its turn gives up with ETIME after 15 seconds, whatever its own ic_timout") {
    Asking s;
    Process &a = s.f.process(), &b = s.f.process(), &c = s.f.process();
    int a_fd = s.open_as(a), b_fd = s.open_as(b), c_fd = s.open_as(c);
    Later first = s.later_str(a, a_fd, 1, -1);
    Later patient = s.later_str(b, b_fd, 2, -1), hasty = s.later_str(c, c_fd, 3, 1);
    advance(s.f, 15 * ticks_a_second - 1);
    CHECK_FALSE(patient.done());
    CHECK_FALSE(hasty.done());
    advance(s.f, 1);
    CHECK(patient.result() == -ETIME);
    CHECK(hasty.result() == -ETIME);
    CHECK_FALSE(first.done());
    CHECK(s.asked.seen.size() == 1);
    s.answer(seven);
    CHECK(first.result() == 7);
}

TEST_CASE("IOC-127: an error or a hangup that arrives fails the waiting call, and those that wait for their turn") {
    struct {
        int read, write, result; // read -1: a hangup
    } const cases[] = {{EPROTO, NOERROR, EPROTO}, {NOERROR, ECOMM, ECOMM}, {EPROTO, ECOMM, EPROTO}, {-1, 0, ENXIO}};
    for (auto &c : cases) {
        CAPTURE(c.read);
        CAPTURE(c.write);
        Asking s;
        Process &p = s.f.process();
        int fd = s.open_as(p);
        Later first = s.later_str(), second = s.later_str(p, fd);
        CHECK_FALSE(second.done());
        if (c.read < 0) s.up(M_HANGUP);
        else s.up_errors(c.read, c.write);
        CHECK(first.result() == -c.result);
        CHECK(second.result() == -c.result);
        CHECK(s.asked.seen.size() == 1);
    }
}

TEST_CASE("IOC-128: an answer already in hand wins over an error or hangup that comes at the same time") {
    for (int type : {M_ERROR, M_HANGUP}) {
        Asking s;
        s.asked.answer = [type](queue_t *q, mblk_t *mp) {
            seven(q, mp);
            if (type == M_ERROR) putnextctl1(OTHERQ(q), M_ERROR, EPROTO);
            else putnextctl(OTHERQ(q), M_HANGUP);
        };
        CHECK(s.str(command) == 7);
        CHECK(s.str(command) == (type == M_ERROR ? -EPROTO : -ENXIO));
    }
    Asking s; // the same for a caller that has to be woken
    Later later = s.later_str();
    {
        Enter scope(s.f.system);
        seven(s.wq(), s.asked.take());
        putnextctl1(s.rq, M_ERROR, EPROTO);
        s.f.system.run_until_idle();
    }
    CHECK(later.result() == 7);
}

TEST_CASE("IOC-129: answers with a wrong id, with nothing awaited, or a second time, are freed in silence") {
    Asking s;
    const Census before = s.f.census();
    auto stray = [&](int type, unsigned id) {
        iocblk io{};
        io.ioc_id = id;
        io.ioc_rval = 99;
        return message(type, raw(io));
    };
    for (int type : {M_IOCACK, M_IOCNAK}) {
        Enter scope(s.f.system);
        putnext(s.rq, stray(type, 0)); // nothing is awaited
        putnext(s.rq, stray(type, 1));
    }
    CHECK(s.f.census() == before);
    s.asked.answer = [&](queue_t *q, mblk_t *mp) {
        const unsigned id = reinterpret_cast<iocblk *>(mp->b_rptr)->ioc_id;
        putnext(OTHERQ(q), stray(M_IOCACK, id + 1));
        putnext(OTHERQ(q), stray(M_IOCNAK, id - 1));
        seven(q, mp);
        putnext(OTHERQ(q), stray(M_IOCNAK, id)); // a second answer
    };
    CHECK(s.str(command) == 7);
    CHECK(s.f.census() == before);
}

TEST_CASE("IOC-123: the last descriptor closed under a call that waits: the stream stays until the call has ended") {
    Asking s;
    Process &p = s.f.process();
    int fd = s.f.open(p, "/dev/dev1");
    queue_t *q = s.dev.last("open").q;
    Later later = s.later_str(p, fd);
    CHECK(s.f.close(p, fd) == 0);
    CHECK(s.dev.count("close") == 0);
    CHECK_FALSE(later.done());
    {
        Enter scope(s.f.system);
        seven(WR(q), s.asked.take());
        s.f.system.run_until_idle();
    }
    CHECK(later.result() == 7);
    s.f.run();
    CHECK(s.dev.count("close") == 1);
}

// --- copies

TEST_CASE("IOC-131: M_COPYIN: cq_size bytes from cq_addr come down in an M_IOCDATA with cp_rval 0") {
    Asking s;
    char from[] = "four and more";
    s.asked.answer = [](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCDATA) return seven(q, mp);
        void *address;
        std::memcpy(&address, mp->b_cont->b_rptr, sizeof address);
        copy_in(q, mp, address, 4);
    };
    CHECK(s.ioctl(command, from) == 7);
    REQUIRE(s.asked.seen.size() == 2);
    CHECK(s.asked.seen[1].type == M_IOCDATA);
    CHECK(s.asked.seen[1].command == command);
    CHECK(s.asked.seen[1].id == s.asked.seen[0].id);
    CHECK(s.asked.seen[1].rval == 0);
    CHECK(s.asked.seen[1].data == "four");
}

TEST_CASE("IOC-131: cq_private comes back in the M_IOCDATA as cp_private") {
    Asking s;
    char from[4] = "abc";
    mblk_t *kept = nullptr, *back = nullptr;
    s.asked.answer = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCDATA) {
            back = reinterpret_cast<copyresp *>(mp->b_rptr)->cp_private;
            freemsg(back);
            return ack(q, mp);
        }
        freemsg(std::exchange(mp->b_cont, nullptr));
        mp->b_datap->db_type = M_COPYIN;
        mp->b_wptr = mp->b_rptr + sizeof(copyreq);
        auto *request = reinterpret_cast<copyreq *>(mp->b_rptr);
        request->cq_addr = from;
        request->cq_size = 4;
        request->cq_private = kept = message(M_DATA, "mine");
        qreply(q, mp);
    };
    CHECK(s.ioctl(command, from) == 0);
    CHECK(kept != nullptr);
    CHECK(back == kept);
}

TEST_CASE("IOC-132: M_COPYOUT: the attached bytes go to cq_addr; the M_IOCDATA that answers carries no data") {
    Asking s;
    char to[8] = "-------";
    s.asked.answer = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCDATA) return seven(q, mp);
        copy_out(q, mp, to, "four");
    };
    CHECK(s.ioctl(command, to) == 7);
    CHECK(std::string(to) == "four---");
    REQUIRE(s.asked.seen.size() == 2);
    CHECK(s.asked.seen[1].type == M_IOCDATA);
    CHECK(s.asked.seen[1].rval == 0);
    CHECK(s.asked.seen[1].data == "");
}

TEST_CASE("IOC-131 IOC-132: a copy in, another in, a copy out, then the ack: every phase in its order") {
    Asking s;
    struct {
        char *from;
        char *to;
    } control{};
    char from[] = "turn me round", to[14] = "";
    control = {from, to};
    int phase = 0;
    s.asked.answer = [&](queue_t *q, mblk_t *mp) {
        switch (phase++) {
        case 0: return copy_in(q, mp, s.asked.seen[0].value(), sizeof control);
        case 1: {
            std::memcpy(&control, mp->b_cont->b_rptr, sizeof control);
            return copy_in(q, mp, control.from, 13);
        }
        case 2: {
            std::string text = bytes_of(mp->b_cont);
            std::reverse(text.begin(), text.end());
            return copy_out(q, mp, control.to, text);
        }
        default: return ack(q, mp, phase);
        }
    };
    CHECK(s.ioctl(command, &control) == 4);
    CHECK(std::string(to) == "dnuor em nrut");
    CHECK(s.asked.seen.size() == 4);
}

TEST_CASE("IOC-134: M_COPYOUT of an I_STR goes to cq_addr too, and ic_len becomes cq_size") {
    Asking s;
    char data[8] = "in", to[8] = "-------";
    s.asked.answer = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCDATA) return ack(q, mp);
        copy_out(q, mp, to, "four");
    };
    strioctl io{command, 0, 2, data};
    CHECK(s.ioctl(I_STR, &io) == 0);
    CHECK(std::string(to) == "four---");
    CHECK(std::string(data) == "in");
    CHECK(io.ic_len == 4);
}

TEST_CASE("IOC-135: a copy that fails: cp_rval is not 0, the call fails with EFAULT without waiting for an answer") {
    for (int type : {M_COPYIN, M_COPYOUT}) {
        CAPTURE(type);
        Asking s;
        Page none;
        s.asked.answer = [&](queue_t *q, mblk_t *mp) {
            if (mp->b_datap->db_type == M_IOCDATA) return s.asked.held.push_back(mp); // no answer to it
            ask_copy(q, mp, type, none.at(), 4, type == M_COPYOUT ? "four" : "");
        };
        const long began = now(s.f);
        CHECK(s.ioctl(command, none.at()) == -EFAULT);
        CHECK(now(s.f) == began);
        REQUIRE(s.asked.seen.size() == 2);
        CHECK(s.asked.seen[1].type == M_IOCDATA);
        CHECK(s.asked.seen[1].rval != 0);
        CHECK(s.asked.seen[1].data == "");
        CHECK(s.str(command, "", 1) == -EFAULT); // of an I_STR too
    }
}

TEST_CASE("IOC-136: an answer that the driver sends after a failed copy is ignored") {
    Asking s;
    Page none;
    s.asked.answer = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCDATA) return seven(q, mp); // at once, all the same
        copy_in(q, mp, none.at(), 4);
    };
    CHECK(s.ioctl(command, 0) == -EFAULT);
    s.asked.answer = nullptr;
    Later next = s.later_str();
    CHECK_FALSE(next.done()); // it did not get that answer
    s.answer(acknowledge);
    CHECK(next.result() == 0);
}

TEST_CASE("IOC-137: a copy request that nobody waits for, or for another, is sent back as a failed M_IOCDATA") {
    for (int type : {M_COPYIN, M_COPYOUT}) {
        CAPTURE(type);
        Asking s;
        char to[8] = "same";
        CHECK(s.str(command, "", 1) == -ETIME);
        s.answer([&](queue_t *q, mblk_t *mp) { ask_copy(q, mp, type, to, 4, type == M_COPYOUT ? "late" : ""); });
        REQUIRE(s.asked.seen.size() == 2);
        CHECK(s.asked.seen[1].type == M_IOCDATA);
        CHECK(s.asked.seen[1].rval == 1);
        CHECK(s.asked.seen[1].data == "");
        CHECK(std::string(to) == "same");
        s.asked.drop(s.f);

        Later waiting = s.later_str(); // a wrong id while another call waits, then while its answer is in hand
        const unsigned id = s.asked.seen[2].id;
        for (unsigned wrong : {id + 1, id}) {
            if (wrong == id) {
                Enter scope(s.f.system);
                seven(s.wq(), s.asked.take());
            }
            copyreq request{};
            request.cq_cr = &s.root.cred;
            request.cq_id = wrong;
            request.cq_addr = to;
            request.cq_size = 4;
            Enter scope(s.f.system);
            putnext(s.rq, message(type, raw(request)));
            CHECK(s.asked.seen.back().type == M_IOCDATA);
            CHECK(s.asked.seen.back().id == wrong);
            CHECK(s.asked.seen.back().rval == 1);
        }
        s.f.run();
        CHECK(waiting.result() == 7);
        CHECK(std::string(to) == "same");
    }
}

TEST_CASE("IOC-138: after a copy step the time limit starts again in full") {
    Asking s;
    char from[4] = "abc";
    Later later = s.later_str(s.root, s.fd, command, 1);
    for (int step = 0; step < 3; ++step) {
        advance(s.f, ticks_a_second * 8 / 10);
        CHECK_FALSE(later.done());
        s.answer([&](queue_t *q, mblk_t *mp) { copy_in(q, mp, from, 4); });
    }
    advance(s.f, ticks_a_second - 1);
    CHECK_FALSE(later.done());
    advance(s.f, 1);
    CHECK(later.result() == -ETIME);
}

// --- transparent ioctls and terminal commands

TEST_CASE("IOC-139: an unknown command goes down with ioc_count TRANSPARENT and one block with the argument itself") {
    Asking s;
    s.asked.answer = acknowledge;
    char somewhere = 0;
    CHECK(s.ioctl(command, &somewhere) == 0);
    REQUIRE(s.asked.seen.size() == 1);
    CHECK(s.asked.seen[0].type == M_IOCTL);
    CHECK(s.asked.seen[0].count == TRANSPARENT);
    CHECK(s.asked.seen[0].data.size() == sizeof(void *));
    CHECK(s.asked.seen[0].value() == &somewhere);
}

TEST_CASE("IOC-140: a transparent ioctl waits without limit, until a signal, an error, a hangup or the answer") {
    struct {
        int type, result;
    } const ends[] = {{M_ERROR, -EPROTO}, {M_HANGUP, -ENXIO}, {M_IOCACK, 7}, {0, -EINTR}};
    for (auto &end : ends) {
        CAPTURE(end.type);
        Asking s;
        s.f.catch_signal(s.root, SIGUSR1);
        Later later = s.f.later(s.root, "ioctl", [&] { return s.ioctl(command, 0); });
        advance(s.f, 100000 * ticks_a_second);
        CHECK_FALSE(later.done());
        if (end.type == M_ERROR) s.up_error(EPROTO);
        else if (end.type == M_HANGUP) s.up(M_HANGUP);
        else if (end.type == M_IOCACK) s.answer(seven);
        else s.f.kill(s.root, SIGUSR1);
        CHECK(later.result() == end.result);
    }
}

TEST_CASE("IOC-141: data attached to the M_IOCACK of a transparent ioctl is not copied out") {
    Asking s;
    char to[8] = "same";
    s.asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 3, 0, "data"); };
    CHECK(s.ioctl(command, to) == 3);
    CHECK(std::string(to) == "same");
}

TEST_CASE("IOC-143: terminal commands are sent in I_STR form with the right size and no time limit") {
    Asking s;
    struct {
        int number;
        unsigned in;
    } const commands[] = {{TCGETA, 0}, {TCSETA, 18}, {TCSETAW, 18}, {TCSETAF, 18}, {TIOCGWINSZ, 0}, {TIOCSWINSZ, 8}};
    char area[64] = "";
    for (auto &c : commands) {
        CAPTURE(c.number);
        s.asked.seen.clear();
        s.asked.answer = acknowledge;
        CHECK(s.ioctl(c.number, area) == 0);
        REQUIRE(s.asked.seen.size() == 1);
        CHECK(s.asked.seen[0].command == c.number);
        CHECK(s.asked.seen[0].count == c.in);
        CHECK(s.asked.seen[0].data.size() == c.in);
    }
    s.asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp, 0, 0, "\1\0\2\0\0\0\0\0"); };
    CHECK(s.ioctl(TIOCGWINSZ, area) == 0); // the answer's data comes back, as for I_STR
    CHECK(area[0] == 1);
    for (int by_value : {TCSBRK, TCXONC, TCFLSH}) { // an int is the argument itself
        s.asked.seen.clear();
        CHECK(s.ioctl(by_value, 5) == 0);
        REQUIRE(s.asked.seen.size() == 1);
        int number = 5;
        CHECK(s.asked.seen[0].data == raw(number));
    }
    s.asked.answer = nullptr;
    Later later = s.f.later(s.root, "ioctl", [&] { return s.ioctl(TCGETA, area); });
    advance(s.f, 100000 * ticks_a_second);
    CHECK_FALSE(later.done());
    s.answer(acknowledge);
    CHECK(later.result() == 0);
}

TEST_CASE("IOC-146: an M_IOCTL that reaches the stream head at the other end of a pipe is answered M_IOCNAK: EINVAL") {
    OneStream s;
    int p[2];
    CHECK(outcome(rill_pipe(handle(s.root), p)) == 0);
    char data[4] = "abc";
    strioctl io{command, 0, 4, data};
    CHECK(s.f.ioctl(p[0], I_STR, &io) == -EINVAL);
    CHECK(s.f.ioctl(p[1], command, data) == -EINVAL);
    int bytes = -1;
    CHECK(s.f.ioctl(p[1], I_NREAD, &bytes) == 0); // nothing of it is left there
    s.f.module("pass");
    CHECK(s.f.ioctl(p[0], I_PUSH, "pass") == 0);
    CHECK(s.f.ioctl(p[0], I_STR, &io) == -EINVAL);
    CHECK(s.f.ioctl(p[1], I_STR, &io) == -EINVAL);
}
