// ioctl(2) on a stream: what holds for every command (clauses/02, ioctl: rules for all commands).
#include "test/streamio.hpp"

#include <functional>
#include <sys/ioctl.h>
#include <termios.h>

using namespace rill;
using namespace rill::test;

namespace {

constexpr int fiordchk = 'f' << 8 | 3;

// Every command with an argument that is right, so that only the stream's state can make it fail.
struct Arguments {
    char module[FMNAMESZ + 1] = "pass";
    char name[FMNAMESZ + 1] = "";
    int number = 0;
    bandinfo band{0, FLUSHR};
    char bytes[64] = "";
    strioctl str{0x7a01, 0, 0, bytes};
    strpeek peek{{0, 0, bytes}, {0, 0, bytes}, 0};
    char control[8] = "";
    strfdinsert insert{{0, 8, control}, {0, -1, nullptr}, 0, 0, 0};
    strrecvfd received{};
    str_mlist names[12] = {};
    str_list list{12, names};
    strsigset set{0, S_INPUT};
    winsize window{};
    termios terminal{};
};
struct Command {
    const char *name;
    int number;
    std::function<void *(Arguments &, int fd)> argument;
};
void *value(long v) { return reinterpret_cast<void *>(v); }
#define COMMAND(number, argument_) \
    { \
        #number, number, []([[maybe_unused]] Arguments &a, [[maybe_unused]] int fd) -> void * { return argument_; } \
    }

// Of IOC-006: they send something, or wait for it.
// clang-format off
const Command sending[] = {
    COMMAND(I_PUSH, a.module),       COMMAND(I_POP, value(0)),          COMMAND(I_STR, &a.str),
    COMMAND(I_FLUSH, value(FLUSHR)), COMMAND(I_FLUSHBAND, &a.band),     COMMAND(I_SENDFD, value(fd)),
    COMMAND(I_LINK, value(fd)),      COMMAND(I_PLINK, value(fd)),       COMMAND(I_UNLINK, value(1)),
    COMMAND(I_PUNLINK, value(1)),    COMMAND(I_RECVFD, &a.received),    COMMAND(TCSETA, &a.terminal),
    COMMAND(TCSBRK, value(1)),       COMMAND(TIOCGWINSZ, &a.window),    COMMAND(0x7a01, value(0)),
    COMMAND(I_FDINSERT, (a.insert.fildes = fd, &a.insert)),
};
// clang-format on
// Of IOC-007: they only look, or set what the stream head itself keeps.
// clang-format off
const Command own[] = {
    COMMAND(I_LOOK, a.name),        COMMAND(I_FIND, a.module),      COMMAND(I_LIST, &a.list),
    COMMAND(I_NREAD, &a.number),    COMMAND(I_PEEK, &a.peek),       COMMAND(I_SRDOPT, value(RMSGN)),
    COMMAND(I_GRDOPT, &a.number),   COMMAND(I_SWROPT, value(SNDZERO)), COMMAND(I_GWROPT, &a.number),
    COMMAND(I_SETSIG, value(S_INPUT)), COMMAND(I_GETSIG, &a.number), COMMAND(I_CKBAND, value(0)),
    COMMAND(I_GETBAND, &a.number),  COMMAND(I_ATMARK, value(ANYMARK)), COMMAND(I_CANPUT, value(0)),
    COMMAND(I_SETCLTIME, &a.number), COMMAND(I_GETCLTIME, &a.number),
};
// clang-format on

int make(OneStream &s, const Command &command, int fd = -1) {
    Arguments a;
    return s.f.ioctl(fd < 0 ? s.fd : fd, command.number, command.argument(a, s.fd));
}

bool reads_only(int command) {
    return command == I_RECVFD || command == I_PEEK || command == I_NREAD || command == I_ATMARK;
}

} // namespace

TEST_SUITE_BEGIN("ioctl");

TEST_CASE("IOC-001: a descriptor that is not open: EBADF, whatever the command") {
    OneStream s;
    int closed = s.f.dup(s.fd);
    CHECK(s.f.close(closed) == 0);
    for (int fd : {-1, closed, 100000})
        for (const Command &command : own) {
            CAPTURE(command.name);
            CHECK(make(s, command, fd < 0 ? 99 : fd) == -EBADF);
        }
    char name[FMNAMESZ + 1];
    CHECK(s.f.ioctl(-1, I_LOOK, name) == -EBADF);
}

TEST_CASE("IOC-002: on a stream linked below a multiplexor every command fails with EINVAL and nothing goes down") {
    OneStream s;
    s.f.module("pass");
    s.up(M_DATA, "x");
    s.stream().linked_below = true;
    for (const auto &table :
         {std::vector<Command>(std::begin(sending), std::end(sending)), {std::begin(own), std::end(own)}})
        for (const Command &command : table) {
            CAPTURE(command.name);
            CHECK(make(s, command) == -EINVAL);
        }
    s.stream().linked_below = false;
    CHECK(s.dev.count("wput") == 0);
    int options = -1;
    CHECK(s.ioctl(I_GRDOPT, &options) == 0);
    CHECK(options == (RNORM | RPROTNORM));
}

TEST_CASE("IOC-005: the link and the stored error come before the command's own argument checks") {
    OneStream s;
    s.up_error(EPROTO);
    CHECK(s.ioctl(I_SRDOPT, 0x4000) == -EPROTO);
    CHECK(s.ioctl(I_FLUSH, 99) == -EPROTO);
    CHECK(s.ioctl(I_PUSH, "nosuch") == -EPROTO);
    CHECK(s.ioctl(I_CANPUT, -1) == -EPROTO);
    s.stream().linked_below = true;
    CHECK(s.ioctl(I_SRDOPT, 0x4000) == -EINVAL); // the link before the error
    s.stream().linked_below = false;
}

TEST_CASE("IOC-004: I_RECVFD, I_PEEK, I_NREAD, I_ATMARK, FIONREAD and FIORDCHK look at a stored read error only") {
    OneStream s;
    s.up_errors(NOERROR, EPROTO);
    s.up(M_DATA, "abc", 0, MSGMARK);
    int number = 0;
    strpeek peek{{0, 0, nullptr}, {0, 0, nullptr}, 0};
    strrecvfd received;
    CHECK(s.ioctl(I_NREAD, &number) == 1);
    CHECK(number == 3);
    CHECK(s.ioctl(FIONREAD, &number) == 0);
    CHECK(s.ioctl(fiordchk, 0) == 3);
    CHECK(s.ioctl(I_PEEK, &peek) == 1);
    CHECK(s.ioctl(I_ATMARK, ANYMARK) == 1);
    CHECK(s.ioctl(I_RECVFD, &received) == -EBADMSG); // its own check, not EPROTO
    s.up_errors(ECOMM, 0);
    for (int command : {I_NREAD, static_cast<int>(FIONREAD), fiordchk, I_PEEK, I_ATMARK, I_RECVFD}) {
        CAPTURE(command);
        CHECK(s.ioctl(command, static_cast<void *>(nullptr)) == -ECOMM);
    }
}

TEST_CASE("IOC-011: every other command fails with a stored error of either side; of two the read error is reported") {
    for (auto [read, write] : {std::pair<int, int>{EPROTO, NOERROR}, {NOERROR, EPROTO}, {EPROTO, ECOMM}}) {
        OneStream s;
        s.f.module("pass");
        s.up_errors(read, write);
        s.dev.log.clear();
        CAPTURE_BINDING(read);
        CAPTURE_BINDING(write);
        for (const auto &table :
             {std::vector<Command>(std::begin(sending), std::end(sending)), {std::begin(own), std::end(own)}})
            for (const Command &command : table) {
                if (read == NOERROR && reads_only(command.number)) continue;
                CAPTURE(command.name);
                CHECK(make(s, command) == -EPROTO);
            }
        CHECK(s.dev.count("wput") == 0);
    }
}

TEST_CASE("IOC-006: on a hung-up stream what sends, or waits, fails with ENXIO; the driver sees nothing") {
    OneStream s;
    s.f.module("pass");
    CHECK(s.ioctl(I_PUSH, "pass") == 0); // so that I_POP would have something to do
    s.up(M_HANGUP);
    s.dev.log.clear();
    for (const Command &command : sending) {
        CAPTURE(command.name);
        CHECK(make(s, command) == -ENXIO);
    }
    CHECK(s.dev.count("wput") == 0);
    CHECK(top_module(s.root, s.fd) == "pass");
}

TEST_CASE("IOC-007: a hangup does not disturb what only looks at or sets the stream head") {
    OneStream s;
    s.f.module("pass");
    CHECK(s.ioctl(I_PUSH, "pass") == 0);
    s.up(M_DATA, "x", 0, MSGMARK);
    s.up(M_HANGUP);
    for (const Command &command : own) {
        CAPTURE(command.name);
        CHECK(make(s, command) >= 0);
    }
    int options = 0;
    CHECK(s.ioctl(I_GRDOPT, &options) == 0);
    CHECK(options == (RMSGN | RPROTNORM));
    CHECK(s.ioctl(I_CKBAND, 0) == 1);
    CHECK(s.ioctl(I_FIND, "pass") == 1);
}

TEST_CASE("IOC-008: an argument outside the caller's space: EFAULT, and the stream is as before") {
    OneStream s;
    s.f.module("pass");
    CHECK(s.ioctl(I_PUSH, "pass") == 0);
    CHECK(s.ioctl(I_SETSIG, S_INPUT) == 0);
    s.up(M_DATA, "x");
    s.root.signals_seen.clear();
    s.dev.log.clear();
    Page none;
    for (int command : {I_PUSH,
                        I_LOOK,
                        I_FIND,
                        I_LIST,
                        I_FLUSHBAND,
                        I_NREAD,
                        static_cast<int>(FIONREAD),
                        I_PEEK,
                        I_GRDOPT,
                        I_GWROPT,
                        I_GETSIG,
                        I_FDINSERT,
                        I_GETBAND,
                        I_SETCLTIME,
                        I_GETCLTIME,
                        I_STR,
                        I_GERROPT,
                        I_ESETSIG,
                        I_EGETSIG,
                        static_cast<int>(TCSETA),
                        static_cast<int>(TIOCSWINSZ)}) {
        CAPTURE(command);
        const Census before = s.f.census();
        CHECK(s.ioctl(command, none.at()) == -EFAULT);
        CHECK(s.ioctl(command, reinterpret_cast<char *>(8)) == -EFAULT);
        CHECK(s.f.census() == before);
    }
    CHECK(s.dev.count("wput") == 0);
    CHECK(top_module(s.root, s.fd) == "pass");
    CHECK(s.f.read(s.fd) == "x");
    int ms = 0;
    CHECK(s.ioctl(I_GETCLTIME, &ms) == 0);
    CHECK(ms == 15000);
}

TEST_CASE("IOC-008: a name that begins well and runs into an unreadable page: EFAULT; one that ends before it works") {
    OneStream s;
    s.f.module("pass");
    char *two = static_cast<char *>(
        ::mmap(nullptr, 2 * Page::size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(two != MAP_FAILED);
    REQUIRE(::mprotect(two + Page::size, Page::size, PROT_NONE) == 0);
    std::memcpy(two + Page::size - 4, "pass", 4);
    CHECK(s.ioctl(I_PUSH, two + Page::size - 4) == -EFAULT);
    std::memcpy(two + Page::size - 5, "pass", 5);
    CHECK(s.ioctl(I_PUSH, two + Page::size - 5) == 0);
    CHECK(s.ioctl(I_LOOK, two + Page::size - 5) == 0);  // five bytes are written, no more
    CHECK(s.ioctl(I_LOOK, two + Page::size - 4) == -EFAULT);
    ::munmap(two, 2 * Page::size);
}

TEST_CASE("IOC-009: a background process that changes its terminal gets SIGTTOU and EINTR; looking is allowed") {
    OneStream s;
    Ioctls asked(s.dev);
    asked.answer = [](queue_t *q, mblk_t *mp) { ack(q, mp); };
    Terminal tty(s);
    Arguments a;
    // clang-format off
    const std::pair<int, void *> changes[] = {
        {I_FLUSH, value(FLUSHR)},   {I_FLUSHBAND, &a.band},     {I_SRDOPT, value(RMSGN)},
        {I_SWROPT, value(SNDZERO)}, {I_SETSIG, value(S_INPUT)}, {I_SETCLTIME, &a.number},
        {TCSETA, &a.terminal},      {TCSETAW, &a.terminal},     {TCSETAF, &a.terminal},
    };
    // clang-format on
    for (auto [command, argument] : changes) {
        CAPTURE_BINDING(command);
        CHECK(ioctl_of(tty.back, tty.back_fd, command, argument) == -EINTR);
        CHECK(sent(tty.back) == "TTOU");
        CHECK(ioctl_of(tty.leader, tty.leader_fd, command, argument) == 0); // the foreground may
        CHECK(sent(tty.leader) == "");
    }
    strioctl carried{TCSETA, 0, 0, nullptr}; // I_STR counts as what it carries
    CHECK(ioctl_of(tty.back, tty.back_fd, I_STR, &carried) == -EINTR);
    CHECK(sent(tty.back) == "TTOU");
    carried.ic_cmd = 0x7a01;
    CHECK(ioctl_of(tty.back, tty.back_fd, I_STR, &carried) == 0);
    s.f.module("pass");
    CHECK(ioctl_of(tty.back, tty.back_fd, I_PUSH, "pass") == 0);
    CHECK(ioctl_of(tty.back, tty.back_fd, I_LOOK, a.name) == 0);
    CHECK(ioctl_of(tty.back, tty.back_fd, I_NREAD, &a.number) == 0);
    CHECK(sent(tty.back) == "");
}

TEST_CASE("IOC-009: I_RECVFD counts as a read (SIGTTIN), I_SENDFD and I_FDINSERT as a write (SIGTTOU if TOSTOP)") {
    OneStream s;
    Terminal tty(s);
    Arguments a;
    CHECK(ioctl_of(tty.back, tty.back_fd, I_RECVFD, &a.received) == -EINTR);
    CHECK(sent(tty.back) == "TTIN");
    CHECK(ioctl_of(tty.back, tty.back_fd, I_SENDFD, tty.back_fd) == -EINVAL); // no pipe: it got that far
    a.insert.fildes = tty.back_fd;
    CHECK(ioctl_of(tty.back, tty.back_fd, I_FDINSERT, &a.insert) == 0);
    CHECK(sent(tty.back) == "");
    stroptions stop{};
    stop.so_flags = SO_TOSTOP;
    s.up_options(stop);
    for (auto [command, argument] : {std::pair<int, void *>{I_SENDFD, value(tty.back_fd)}, {I_FDINSERT, &a.insert}}) {
        CHECK(ioctl_of(tty.back, tty.back_fd, command, argument) == -EINTR);
        CHECK(sent(tty.back) == "TTOU");
    }
    CHECK(s.f.read(s.fd, 1).substr(0, 1) == "-"); // the one I_FDINSERT came back: a control part
}

TEST_CASE("IOC-009: with SIGTTOU ignored the command goes on; in an orphaned group it is EIO") {
    OneStream s;
    Terminal tty(s);
    CHECK(rill_signal(handle(tty.back), SIGTTOU, SIG_IGN) == 0);
    CHECK(ioctl_of(tty.back, tty.back_fd, I_SRDOPT, RMSGN) == 0);
    CHECK(rill_signal(handle(tty.back), SIGTTOU, SIG_DFL) == 0);
    tty.back.ppid = 0;
    CHECK(ioctl_of(tty.back, tty.back_fd, I_SRDOPT, RNORM) == -EIO);
    CHECK(sent(tty.back) == "");
    int options = 0;
    CHECK(s.ioctl(I_GRDOPT, &options) == 0);
    CHECK((options & RMODEMASK) == RMSGN);
}

TEST_CASE("IOC-010: an unknown command goes down as a transparent ioctl; a driver that NAKs it makes it EINVAL") {
    OneStream s;
    Ioctls asked(s.dev);
    asked.answer = [](queue_t *q, mblk_t *mp) { nak(q, mp); };
    CHECK(s.ioctl(0x7a01, 0) == -EINVAL);
    REQUIRE(asked.seen.size() == 1);
    CHECK(asked.seen[0].command == 0x7a01);
    CHECK(asked.seen[0].count == TRANSPARENT);
    asked.answer = [](queue_t *q, mblk_t *mp) { nak(q, mp, EPERM); };
    CHECK(s.ioctl(0x7a01, 0) == -EPERM);
}
