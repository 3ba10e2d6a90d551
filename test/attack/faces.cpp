// Nonsense at every face of <rill.h>: each argument in turn, and all together, from a set of values that mean nothing.
#include "test/attack/world.hpp"
#include "test/said.hpp"

#include <sys/stat.h>

using namespace rill;
using namespace rill::test;

namespace {

struct Nonsense {
    explicit Nonsense(unsigned seed) : random(seed) {
        ended = rill_proc_new(system, 0, 0);
        rill_proc_exit(ended);
    }
    ~Nonsense() { rill_system_free(system); }
    template <class T> T one_of(std::initializer_list<T> all) { return all.begin()[random() % all.size()]; }

    rill_proc *proc() { return one_of({good, good, good, static_cast<rill_proc *>(nullptr), ended}); }
    rill_system *sys() { return one_of({system, system, static_cast<rill_system *>(nullptr)}); }
    int number() { return one_of({0, 1, -1, 7, 64, 65, INT_MAX, INT_MIN, -2, 0x40000000}); }
    long count() { return one_of({0L, 1L, -1L, 3L, LONG_MAX, LONG_MIN}); }
    std::size_t size() { return one_of({std::size_t{0}, std::size_t{1}, std::size_t{64}, SIZE_MAX, SIZE_MAX / 2 + 1, std::size_t{1} << 40}); }
    char *place() { return one_of({area, area, static_cast<char *>(nullptr), none.at(), reinterpret_cast<char *>(16), reinterpret_cast<char *>(-8L)}); }
    template <class T> T *at() { return reinterpret_cast<T *>(place()); }
    const char *path() { return one_of<const char *>({"/dev/x", "", "/", "/dev", "..", long_name.c_str(), nullptr, none.at()}); }
    // What a program's own code reads must be its own.
    const char *name() { return one_of<const char *>({"echo", "", "a name that is too long for anything", nullptr}); }
    streamtab *tab() { return one_of<streamtab *>({&echoinfo, &empty, nullptr}); }

    static constexpr int faces = 36;
    long call(int face) {
        errno = 0;
        switch (face) {
        case 0: return rill_open(proc(), path(), number(), 0666);
        case 1: return rill_close(proc(), number());
        case 2: return rill_read(proc(), number(), place(), size());
        case 3: return rill_write(proc(), number(), place(), size());
        case 4: return rill_ioctl(proc(), number(), number(), place());
        case 5: return rill_getmsg(proc(), number(), at<strbuf>(), at<strbuf>(), at<int>());
        case 6: return rill_getpmsg(proc(), number(), at<strbuf>(), at<strbuf>(), at<int>(), at<int>());
        case 7: return rill_putmsg(proc(), number(), at<strbuf>(), at<strbuf>(), number());
        case 8: return rill_putpmsg(proc(), number(), at<strbuf>(), at<strbuf>(), number(), number());
        case 9: return rill_poll(proc(), at<pollfd>(), one_of<nfds_t>({0, 1, 2, 4, ~nfds_t{0}, nfds_t{1} << 60}), one_of({0, 1, 10, INT_MAX, -2, INT_MIN}));
        case 10: return rill_fstat(proc(), number(), at<struct stat>());
        case 11: return rill_stat(proc(), path(), at<struct stat>());
        case 12: return rill_dup(proc(), number());
        case 13: return rill_dup2(proc(), number(), number());
        case 14: return rill_fcntl(proc(), number(), number(), number());
        case 15: return rill_pipe(proc(), at<int>());
        case 16: return rill_fattach(proc(), number(), path());
        case 17: return rill_fdetach(proc(), path());
        case 18: return rill_isastream(proc(), number());
        case 19: return rill_mknod(proc(), path(), static_cast<mode_t>(number()), static_cast<dev_t>(count()));
        case 20: return rill_unlink(proc(), path());
        case 21: return rill_signal(proc(), number(), one_of<void (*)(int)>({SIG_DFL, SIG_IGN, SIG_ERR, [](int) {}}));
        case 22: return rill_kill(proc(), number());
        case 23: return rill_run(sys());
        case 24: return rill_advance(sys(), one_of({0L, 1L, -1L, 1000L, LONG_MIN}));
        case 25: return rill_budget(sys(), one_of({0L, -1L, LONG_MIN, LONG_MAX}));
        case 26: return rill_leave(sys());
        case 27: return rill_driver_add(sys(), name(), number(), tab(), number(), number());
        case 28: return rill_driver_start(sys(), name(), nullptr, nullptr);
        case 29: return rill_module_add(sys(), name(), tab(), number());
        case 30: return rill_sysgen(sys(), one_of<const char *>({nullptr, "", "/nowhere", "/dev/null"}));
        case 31: return rill_boot_note(sys(), number()) ? 0 : 1;
        case 32: return rill_called_as(sys(), name(), nullptr) ? 0 : 1;
        case 33: return rill_why(proc()) ? 0 : -1;
        case 34: return rill_sysgen_error(sys()) ? 0 : -1;
        default: rill_fail_nth(sys(), one_of({0L, -1L, LONG_MIN})); return 0;
        }
    }

    rill_system *system = rill_system_new("irix");
    rill_proc *good = rill_proc_new(system, 0, 0), *ended = nullptr;
    Random random;
    streamtab empty{};
    const std::string long_name = "/" + std::string(5000, 'n');
    Page none;
    alignas(16) char area[8192] = "";
};

} // namespace

TEST_CASE("attack: arguments that mean nothing, 1,000 times at each face: an errno or an answer, and the System works on") {
    said([] {
        for (unsigned seed = 1; seed <= 10; ++seed) {
            CAPTURE(seed);
            Nonsense n(seed);
            for (int face = 0; face < Nonsense::faces; ++face) {
                CAPTURE(face);
                for (int i = 0; i < 100; ++i) {
                    if (i % 3 == 0) std::memset(n.area, i * 37, sizeof n.area);
                    if (n.call(face) == -1) CHECK(errno > 0);
                }
            }
            for (int fd = 0; fd < 64; ++fd) rill_close(n.good, fd);
            int fds[2];
            CHECK(rill_pipe(n.good, fds) == 0);
            CHECK(rill_write(n.good, fds[0], "x", 1) == 1);
        }
    });
    CHECK(rill_system_new("nobody") == nullptr);
    CHECK(errno == EINVAL);
}
