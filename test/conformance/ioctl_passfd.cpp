// I_SENDFD and I_RECVFD: passing descriptors over a pipe (clauses/02, section of that name).
#include "test/streamio.hpp"

using namespace rill;
using namespace rill::test;

namespace {

// A pipe between two processes: `sender` (uid 1000, gid 100) has end 0, `receiver` end 1; both share no descriptor.
struct Passing : OneStream {
    explicit Passing(Tunables tunables = {})
        : OneStream(nullptr, {}, tunables), sender(f.process(1000, 100)), receiver(root) {
        int fds[2];
        CHECK(outcome(rill_pipe(handle(sender), fds)) == 0);
        out = fds[0];
        // The other end goes over by hand.
        Enter scope(f.system);
        in = receiver.install(sender.remove_descriptor(fds[1]));
        file = sender.file(out) ? open_as(sender) : -1;
    }
    int send() { return ioctl_of(sender, out, I_SENDFD, file); }
    int receive(strrecvfd &into) { return ioctl_of(receiver, in, I_RECVFD, &into); }
    void no_wait() { receiver.file(in)->flags |= FNONBLOCK; }
    int waiting() {
        int bytes;
        return ioctl_of(receiver, in, I_NREAD, &bytes);
    }
    Process &sender, &receiver;
    int out = -1, in = -1, file = -1;
};

} // namespace

TEST_SUITE_BEGIN("ioctl_passfd");

TEST_CASE("IOC-162: I_SENDFD of an argument that is no open descriptor: EBADF") {
    Passing s;
    for (int fd : {-1, 99, 100000}) CHECK(ioctl_of(s.sender, s.out, I_SENDFD, fd) == -EBADF);
    CHECK(s.waiting() == 0);
}

TEST_CASE("IOC-161: I_SENDFD on a stream that does not end in another stream head: EINVAL") {
    OneStream s;
    const Census before = s.f.census();
    CHECK(s.ioctl(I_SENDFD, s.fd) == -EINVAL);
    CHECK(s.f.census() == before);
    CHECK(s.dev.count("wput") == 0);
}

TEST_CASE("IOC-163: a full receiving read queue: EAGAIN, without waiting; nothing is held") {
    Passing s;
    CHECK(s.f.ioctl(s.in, I_SRDOPT, RPROTDIS) == 0);
    for (int i = 0; i < 4; ++i) { // a pipe's high-water mark is 16384
        std::string block(4096, 'x');
        CHECK(outcome(static_cast<int>(rill_write(handle(s.sender), s.out, block.data(), block.size()))) == 4096);
    }
    const Census before = s.f.census();
    CHECK(s.send() == -EAGAIN);
    CHECK(s.f.census() == before);
    CHECK(s.f.read(s.in, 8192).size() == 8192);
    CHECK(s.send() == 0);
}

TEST_CASE("IOC-163: no memory: EAGAIN; nothing is held") {
    Passing s;
    strrecvfd received;
    for_every_allocation(
        s.f, {EAGAIN}, [&] { return s.send(); }, [&](int) {
        CHECK(s.receive(received) == 0);
        CHECK(s.f.close(received.fd) == 0); });
}

TEST_CASE("IOC-164: order of the checks: bad descriptor, hangup, not a pipe, full") {
    Passing s;
    CHECK(s.f.close(s.in) == 0);
    CHECK(ioctl_of(s.sender, s.out, I_SENDFD, 99) == -EBADF);
    CHECK(s.send() == -ENXIO);
    s.up(M_HANGUP);
    CHECK(s.ioctl(I_SENDFD, 99) == -EBADF);
    CHECK(s.ioctl(I_SENDFD, s.fd) == -ENXIO); // hung up, and no pipe either
}

TEST_CASE("IOC-167: with no message I_RECVFD waits; O_NONBLOCK: EAGAIN; a signal: EINTR") {
    Passing s;
    strrecvfd received{};
    s.f.catch_signal(s.receiver, SIGUSR1);
    Later interrupted = s.f.later(s.receiver, "ioctl", [&] { return s.receive(received); });
    CHECK_FALSE(interrupted.done());
    s.f.kill(s.receiver, SIGUSR1);
    CHECK(interrupted.result() == -EINTR);
    Later waits = s.f.later(s.receiver, "ioctl", [&] { return s.receive(received); });
    CHECK_FALSE(waits.done());
    CHECK(s.send() == 0);
    CHECK(waits.result() == 0);
    CHECK(s.receiver.file(received.fd) == s.sender.file(s.file));
    s.no_wait();
    CHECK(s.receive(received) == -EAGAIN);
    s.receiver.file(s.in)->flags = FREAD | FWRITE | FNDELAY;
    CHECK(s.receive(received) == -EAGAIN);
}

TEST_CASE("IOC-168: on a hung-up stream a queued descriptor is still received; then it is ENXIO") {
    Passing s;
    strrecvfd received{};
    CHECK(s.send() == 0);
    CHECK(s.f.close(s.sender, s.out) == 0);
    CHECK(s.receive(received) == 0);
    CHECK(s.receive(received) == -ENXIO);
    s.no_wait();
    CHECK(s.receive(received) == -ENXIO); // before EAGAIN
}

TEST_CASE("IOC-168: a hangup ends the wait of an I_RECVFD with ENXIO") {
    Passing s;
    strrecvfd received{};
    Later waits = s.f.later(s.receiver, "ioctl", [&] { return s.receive(received); });
    CHECK_FALSE(waits.done());
    CHECK(s.f.close(s.sender, s.out) == 0);
    CHECK(waits.result() == -ENXIO);
}

TEST_CASE("IOC-169: a first message of another type: EBADMSG, and it stays queued; a descriptor behind it too") {
    Passing s;
    strrecvfd received{};
    CHECK(put_message(s.sender, s.out, nullptr, "data") == 0);
    CHECK(s.send() == 0);
    CHECK(s.receive(received) == -EBADMSG);
    CHECK(s.waiting() == 2);
    CHECK(get_message(s.receiver, s.in) == "-|data");
    CHECK(s.receive(received) == 0);
}

TEST_CASE("IOC-170: no free descriptor: EMFILE; the message stays, and can be received later") {
    Tunables tunables;
    tunables.descriptors = 4;
    Passing s(tunables);
    strrecvfd received{};
    CHECK(s.send() == 0);
    int filler = -1;
    for (int fd; (fd = s.f.dup(s.fd)) >= 0;) filler = fd;
    CHECK(filler >= 0);
    const Census before = s.f.census();
    CHECK(s.receive(received) == -EMFILE);
    CHECK(s.f.census() == before);
    CHECK(s.waiting() == 1);
    CHECK(s.f.close(filler) == 0);
    CHECK(s.receive(received) == 0);
    CHECK(received.fd == filler);
}

TEST_CASE("IOC-171: an argument that cannot be written: EFAULT; the message stays and the descriptor is given back") {
    Passing s;
    Page none, constant(PROT_READ);
    CHECK(s.send() == 0);
    const Census before = s.f.census();
    for (char *bad : {none.at(), constant.at()}) {
        CHECK(ioctl_of(s.receiver, s.in, I_RECVFD, bad) == -EFAULT);
        CHECK(s.f.census() == before);
        CHECK(s.waiting() == 1);
    }
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK(s.receiver.file(received.fd) != nullptr);
    CHECK(s.waiting() == 0);
}

TEST_CASE("IOC-160: the file arrives at the other end, past any modules, with the sender's effective ids") {
    Passing s;
    Probe &m = s.f.module("m");
    CHECK(s.f.ioctl(s.in, I_PUSH, "m") == 0);
    CHECK(ioctl_of(s.sender, s.out, I_PUSH, "m") == 0);
    m.log.clear();
    CHECK(s.send() == 0);
    CHECK(m.log.empty());
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK(received.uid == 1000);
    CHECK(received.gid == 100);
    CHECK(s.receiver.file(received.fd) == s.sender.file(s.file)); // the same open file
    CHECK(s.f.write(received.fd, "x") == 1);
    CHECK(s.f.read(s.fd) == "x"); // it is the stream that root has open too
}

TEST_CASE("IOC-165: the file stays open in transit though the sender closes it") {
    Passing s;
    int other = s.f.open(s.sender, "/dev/dev1");
    CHECK(ioctl_of(s.sender, s.out, I_SENDFD, other) == 0);
    CHECK(s.f.close(s.sender, other) == 0);
    CHECK(s.dev.count("close") == 0);
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK(s.f.write(received.fd, "usable") == 6);
    CHECK(s.f.read(received.fd) == "usable");
    CHECK(s.f.close(received.fd) == 0);
    CHECK(s.dev.count("close") == 1);
}

TEST_CASE("IOC-165: a descriptor in transit when the receiving end closes is closed for good") {
    Passing s;
    int other = s.f.open(s.sender, "/dev/dev1");
    CHECK(ioctl_of(s.sender, s.out, I_SENDFD, other) == 0);
    CHECK(s.f.close(s.sender, other) == 0);
    CHECK(s.f.close(s.in) == 0);
    CHECK(s.dev.count("close") == 1);
}

TEST_CASE("IOC-166: I_RECVFD fills fd with the lowest free descriptor, uid and gid, and zeroes the fill bytes") {
    Passing s;
    CHECK(s.send() == 0);
    strrecvfd received;
    std::memset(&received, 0x5a, sizeof received);
    int lowest = s.f.dup(s.fd);
    CHECK(s.f.close(lowest) == 0);
    CHECK(s.receive(received) == 0);
    CHECK(received.fd == lowest);
    CHECK(received.uid == 1000);
    CHECK(received.gid == 100);
    for (char byte : received.fill) CHECK(byte == 0);
}

TEST_CASE("IOC-172: I_RECVFD is 0x530e; the old 0x5312 has 16-bit ids and fails with EOVERFLOW for greater ones") {
    CHECK(I_RECVFD == 0x530e);
    CHECK(I_O_RECVFD == 0x5312);
    Passing s;
    o_strrecvfd old{};
    CHECK(s.send() == 0);
    CHECK(ioctl_of(s.receiver, s.in, I_O_RECVFD, &old) == 0);
    CHECK(old.uid == 1000);
    CHECK(old.gid == 100);
    CHECK(s.receiver.file(old.fd) == s.sender.file(s.file));
    s.sender.cred.cr_uid = 65536;
    CHECK(s.send() == 0);
    const Census before = s.f.census();
    CHECK(ioctl_of(s.receiver, s.in, I_O_RECVFD, &old) == -EOVERFLOW);
    CHECK(s.f.census() == before);
    strrecvfd received{};
    CHECK(s.receive(received) == 0);
    CHECK(received.uid == 65536);
    s.sender.cred.cr_uid = 65535;
    s.sender.cred.cr_gid = 70000;
    CHECK(s.send() == 0);
    CHECK(ioctl_of(s.receiver, s.in, I_O_RECVFD, &old) == -EOVERFLOW);
}
