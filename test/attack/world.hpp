// A System of the shipped drivers that random programs of <rill.h> calls are made in, and the account at its end.
//
//   World w(seed, "irix");
//   w.call();                 one call of some process with some arguments: most make sense, some do not
//   w.settle();               processes end, names and persistent links go: nothing is left, no fault was recorded
//
// The drivers are right, so that every fault, crash or loss is rill's. A call has no result that would be wrong, but one
// that fails says why by an errno.
#pragma once

#include "test/random.hpp"
#include "test/streamio.hpp"

#include "drivers/loop.h"
#include "drivers/mux.h"

#include <array>
#include <climits>
#include <sys/ioctl.h>

extern "C" {
extern struct streamtab echoinfo, loopinfo, muxinfo, nulsinfo, passmodinfo, pipemodinfo;
extern int echodevflag, loopdevflag, muxdevflag, nulsdevflag, passmoddevflag, pipemoddevflag;
}

namespace rill::test {

class World {
public:
    World(unsigned seed, const char *profile) : system(rill_system_new(profile)), random_(seed) {
        root_ = rill_proc_new(system, 0, 0);
        int major = 20;
        struct {
            const char *name;
            streamtab *tab;
            int flag;
        } const drivers[] = {{"echo", &echoinfo, echodevflag}, {"loop", &loopinfo, loopdevflag}, {"mux", &muxinfo, muxdevflag}, {"nuls", &nulsinfo, nulsdevflag}};
        for (const auto &d : drivers) {
            REQUIRE(rill_driver_add(system, d.name, ++major, d.tab, d.flag, 8) == 0);
            const std::string path = std::string("/dev/") + d.name;
            const auto clone = static_cast<major_t>(inner().profile.clone_major);
            REQUIRE(rill_mknod(root_, path.c_str(), S_IFCHR | 0666, makedevice(clone, static_cast<major_t>(major))) == 0);
            REQUIRE(rill_mknod(root_, (path + "1").c_str(), S_IFCHR | 0666, makedevice(static_cast<major_t>(major), 1)) == 0);
        }
        REQUIRE(rill_module_add(system, "passmod", &passmodinfo, passmoddevflag) == 0);
        REQUIRE(rill_module_add(system, "pipemod", &pipemodinfo, pipemoddevflag) == 0);
        inner().console_sink = [this](int, std::string_view text) { unasked += text.find("undone at close") != text.npos; };
        at_first_ = census();
        for (rill_proc *&p : processes_) p = born();
    }
    ~World() { rill_system_free(system); }
    World(const World &) = delete;

    System &inner() { return *reinterpret_cast<System *>(system); }
    int below(int n) { return random_.below(n); }
    bool chance(int one_in) { return below(one_in) == 0; }

    void call() {
        rill_proc *&p = processes_[static_cast<std::size_t>(below(count))];
        errno = 0;
        const long result = make(p);
        ++calls;
        if (result >= 0) ++succeeded;
        else if (errno <= 0 || errno > 255) ++unnamed;
    }

    void settle() {
        rill_fail_nth(system, 0);
        for (rill_proc *p : processes_) rill_proc_exit(p);
        for (int tries = 0; inner().census().links && tries < 2; ++tries) { // each upper stream of mux may hold some
            int fds[8];
            for (int &fd : fds) fd = rill_open(root_, "/dev/mux", O_RDWR);
            for (int fd : fds) rill_ioctl(root_, fd, I_PUNLINK, MUXID_ALL);
            for (int fd : fds) rill_close(root_, fd);
        }
        rill_run(system);
        CHECK(census() == at_first_);
        CHECK(unnamed == 0);
        CHECK(unasked == 0); // no link of mux goes without its driver (CLS-003)
        for (const Fault &fault : inner().faults) FAIL_CHECK(fault.driver << ": " << fault.rule << ": " << fault.what);
    }

    rill_system *const system;
    long calls = 0, succeeded = 0, unnamed = 0, unasked = 0;

private:
    static constexpr int count = 3;

    Census census() {
        Enter scope(inner());
        return inner().census();
    }
    rill_proc *born() {
        rill_proc *p = rill_proc_new(system, chance(2) ? 0 : 100, 100);
        rill_signal(p, SIGPOLL, [](int) {});
        return p;
    }
    int some_fd() { return chance(20) ? (chance(2) ? INT_MIN : INT_MAX) : below(10) - 1; }
    long some_number() {
        static constexpr long odd[] = {-1, 0, 1, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, 0xffffffffL};
        return chance(3) ? odd[below(8)] : below(40);
    }
    char *some_place() { return chance(25) ? none_.at() : area_; }
    const char *some_path() {
        static const char *const paths[] = {"/dev/echo", "/dev/loop", "/dev/mux", "/dev/nuls", "/dev/echo1", "/dev/loop1",
                                            "/dev/mux1", "/dev/nuls1", "/dev//echo/", "/dev", "", "/nobody"};
        return chance(40) ? none_.at() : paths[below(chance(4) ? 12 : 8)];
    }
    strbuf some_part() { return {below(60), chance(10) ? static_cast<int>(some_number()) : below(40), some_place()}; }

    long make(rill_proc *&p) {
        const int fd = some_fd();
        strbuf control = some_part(), data = some_part();
        int flags = chance(6) ? static_cast<int>(some_number()) : 0, band = below(3);
        switch (below(24)) {
        case 0:
        case 1:
        case 2:
        case 3: return rill_open(p, some_path(), O_RDWR | (chance(2) ? O_NONBLOCK : 0));
        case 4: return rill_close(p, fd);
        case 5: return rill_read(p, fd, some_place(), static_cast<std::size_t>(below(900)));
        case 6:
        case 7: return rill_write(p, fd, some_place(), static_cast<std::size_t>(below(900)));
        case 8: return rill_putmsg(p, fd, chance(2) ? &control : nullptr, &data, chance(3) ? RS_HIPRI : 0);
        case 9: return rill_putpmsg(p, fd, &control, chance(2) ? &data : nullptr, band, chance(3) ? flags : MSG_BAND);
        case 10: return rill_getmsg(p, fd, &control, &data, &flags);
        case 11: return rill_getpmsg(p, fd, &control, &data, &band, &flags);
        case 12: {
            pollfd entries[3];
            for (pollfd &e : entries) e = {some_fd(), static_cast<short>(random_()), 0};
            return rill_poll(p, entries, static_cast<nfds_t>(below(4)), static_cast<int>(some_number()));
        }
        case 13: return rill_ioctl(p, fd, I_PUSH, chance(2) ? "passmod" : "pipemod");
        case 14: return rill_ioctl(p, fd, I_POP, 0);
        case 15: return rill_ioctl(p, fd, chance(2) ? I_LINK : I_PLINK, some_fd());
        case 16: return rill_ioctl(p, fd, chance(2) ? I_UNLINK : I_PUNLINK, chance(3) ? MUXID_ALL : below(6));
        case 17: {
            strrecvfd received;
            return chance(2) ? rill_ioctl(p, fd, I_SENDFD, some_fd()) : rill_ioctl(p, fd, I_RECVFD, &received);
        }
        case 18: {
            int fds[2];
            return rill_pipe(p, fds);
        }
        case 19: return rill_kill(p, chance(4) ? static_cast<int>(some_number()) : SIGPOLL);
        case 20: return rill_advance(system, chance(8) ? some_number() % 100000 : below(50));
        case 21: return chance(2) ? rill_dup(p, fd) : rill_dup2(p, fd, some_fd());
        case 22: {
            if (!chance(4)) return rill_isastream(p, fd);
            rill_proc_exit(p);
            p = born();
            return 0;
        }
        default: return any_ioctl(p, fd);
        }
    }
    long any_ioctl(rill_proc *p, int fd) {
        static constexpr int by_value[] = {I_FLUSH, I_SRDOPT, I_SETSIG, I_SWROPT, I_CANPUT, I_ATMARK, I_CKBAND, I_SERROPT};
        static constexpr int by_place[] = {I_NREAD, I_LOOK, I_GETSIG, I_PEEK, I_FDINSERT, I_LIST, I_GETCLTIME, I_SETCLTIME,
                                           I_GRDOPT, I_FIND, I_GETBAND, I_FLUSHBAND, FIONREAD, I_GWROPT};
        std::memset(area_, chance(3) ? 0 : below(256), 128);
        if (chance(3)) return rill_ioctl(p, fd, by_value[below(8)], some_number());
        if (chance(2)) return rill_ioctl(p, fd, by_place[below(14)], some_place());
        strioctl io{chance(2)   ? LOOP_SET
                    : chance(2) ? MUX_BIND
                                : static_cast<int>(some_number()),
                    chance(3) ? -1 : below(9),
                    chance(6) ? static_cast<int>(some_number()) : 4, some_place()};
        const int target = below(8);
        std::memcpy(area_, &target, sizeof target);
        return rill_ioctl(p, fd, I_STR, chance(30) ? reinterpret_cast<strioctl *>(none_.at()) : &io);
    }

    Random random_;
    rill_proc *root_ = nullptr;
    std::array<rill_proc *, count> processes_{};
    Census at_first_{};
    Page none_;
    char area_[4096] = "";
};

} // namespace rill::test
