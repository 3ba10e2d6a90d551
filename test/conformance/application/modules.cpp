// Pushing, popping and listing modules, as a program sees it on any system with STREAMS.
#include "test/calls.hpp"

using application::Application;

namespace {

struct Stack : Application {
    Stack() : fd(open(nodes.echo)) { REQUIRE(fd >= 0); }
    int push(const char *name) { return ioctl(fd, I_PUSH, name); }
    int push() { return push(nodes.module); }
    int pop() { return ioctl(fd, I_POP, 0); }
    int count() { return ioctl(fd, I_LIST, static_cast<struct str_list *>(nullptr)); }
    int fd;
};

} // namespace

TEST_SUITE_BEGIN("application: modules");

TEST_CASE("IOC-021 IOC-022: a name that no module has, or that is too long: EINVAL, and nothing is pushed") {
    Stack a;
    CHECK(a.push("nosuch") == -EINVAL);
    CHECK(a.push("ninechars") == -EINVAL);
    CHECK(a.count() == 1);
}

TEST_CASE("IOC-030 IOC-036: without a module I_POP and I_LOOK fail with EINVAL") {
    Stack a;
    char name[FMNAMESZ + 1] = "";
    CHECK(a.pop() == -EINVAL);
    CHECK(a.ioctl(a.fd, I_LOOK, name) == -EINVAL);
}

TEST_CASE("IOC-039: I_FIND of a name that is no module's, a driver's included: EINVAL") {
    Stack a;
    CHECK(a.ioctl(a.fd, I_FIND, "nosuch") == -EINVAL);
    CHECK(a.ioctl(a.fd, I_FIND, "echo") == -EINVAL);
}

TEST_CASE("IOC-020 IOC-035: a pushed module is on top, and messages still pass") {
    Stack a;
    CHECK(a.push() == 0);
    CHECK(a.top(a.fd) == a.nodes.module);
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.read(a.fd) == "ab");
    CHECK(a.putpmsg(a.fd, "H", "cd", 3) == 0);
    const auto got = a.getpmsg(a.fd);
    CHECK(got.band == 3);
    CHECK(got.ctl == "H");
}

TEST_CASE("IOC-029 IOC-033: I_POP takes off the topmost, whatever its argument") {
    Stack a;
    CHECK(a.push() == 0);
    CHECK(a.push() == 0);
    CHECK(a.ioctl(a.fd, I_POP, 123) == 0);
    CHECK(a.count() == 2);
    CHECK(a.top(a.fd) == a.nodes.module);
    CHECK(a.pop() == 0);
    CHECK(a.count() == 1);
    CHECK(a.write(a.fd, "ab") == 2);
    CHECK(a.read(a.fd) == "ab");
}

TEST_CASE("IOC-023: there is a limit to pushing: EINVAL, and what was pushed stays") {
    Stack a;
    int pushed = 0, result;
    while ((result = a.push()) == 0 && pushed < 1000) ++pushed;
    CHECK(result == -EINVAL);
    CHECK(pushed >= 1);
    CHECK(a.count() == pushed + 1);
    CHECK(a.pop() == 0);
    CHECK(a.push() == 0);
}

TEST_CASE("IOC-038: I_FIND tells whether a module is on the stream") {
    Stack a;
    CHECK(a.ioctl(a.fd, I_FIND, a.nodes.module) == 0);
    CHECK(a.push() == 0);
    CHECK(a.ioctl(a.fd, I_FIND, a.nodes.module) == 1);
}

TEST_CASE("IOC-041 IOC-043: I_LIST counts modules and driver, and names them from the top") {
    Stack a;
    CHECK(a.push() == 0);
    CHECK(a.count() == 2);
    struct str_mlist names[4] = {};
    struct str_list list = {4, names};
    CHECK(a.ioctl(a.fd, I_LIST, &list) == 0);
    CHECK(list.sl_nmods == 2);
    CHECK(std::string(names[0].l_name) == a.nodes.module);
    CHECK(std::string(names[1].l_name) == "echo");
}

TEST_CASE("IOC-044: I_LIST with room for no name: EINVAL") {
    Stack a;
    struct str_mlist names[1] = {};
    for (int room : {0, -1}) {
        struct str_list list = {room, names};
        CHECK(a.ioctl(a.fd, I_LIST, &list) == -EINVAL);
    }
}

TEST_CASE("IOC-031 IOC-042: a pipe has no driver to list, and a module leaves it by the end it came in") {
    Application a;
    int ends[2];
    REQUIRE(a.pipe(ends) == 0);
    const auto none = static_cast<struct str_list *>(nullptr);
    CHECK(a.ioctl(ends[0], I_LIST, none) == 0);
    CHECK(a.ioctl(ends[0], I_PUSH, a.nodes.module) == 0);
    CHECK(a.ioctl(ends[0], I_LIST, none) == 1);
    CHECK(a.ioctl(ends[1], I_POP, 0) == -EINVAL);
    CHECK(a.write(ends[1], "ab") == 2);
    CHECK(a.read(ends[0]) == "ab");
    CHECK(a.ioctl(ends[0], I_POP, 0) == 0);
}

TEST_CASE("IOC-032: on a pipe without its other end I_POP fails with ENXIO") {
    Application a;
    int ends[2];
    REQUIRE(a.pipe(ends) == 0);
    CHECK(a.ioctl(ends[0], I_PUSH, a.nodes.module) == 0);
    CHECK(a.close(ends[1]) == 0);
    CHECK(a.shows(ends[0], 0, 1000) == POLLHUP);
    CHECK(a.ioctl(ends[0], I_POP, 0) == -ENXIO);
    CHECK(a.top(ends[0]) == a.nodes.module);
}

TEST_CASE("IOC-007 IOC-006: a hangup refuses I_PUSH and I_POP, and lets I_LOOK, I_FIND and I_LIST be") {
    Application a;
    int ends[2];
    a.joined(a.nodes.loop, ends);
    CHECK(a.ioctl(ends[0], I_PUSH, a.nodes.module) == 0);
    CHECK(a.close(ends[1]) == 0);
    CHECK(a.shows(ends[0], 0, 1000) == POLLHUP);
    CHECK(a.ioctl(ends[0], I_PUSH, a.nodes.module) == -ENXIO);
    CHECK(a.ioctl(ends[0], I_POP, 0) == -ENXIO);
    CHECK(a.top(ends[0]) == a.nodes.module);
    CHECK(a.ioctl(ends[0], I_FIND, a.nodes.module) == 1);
    CHECK(a.ioctl(ends[0], I_LIST, static_cast<struct str_list *>(nullptr)) == 2);
}

TEST_SUITE_END();
