// The clone open, as a program sees it on any system with STREAMS.
#include "test/calls.hpp"

using application::Application;

TEST_SUITE_BEGIN("application: clone");

TEST_CASE("CLN-050 OPN-023: a clone node whose minor names no driver: ENXIO") {
    Application a;
    CHECK(a.open(a.nodes.unconfigured) == -ENXIO);
    CHECK(a.open(a.nodes.echo) >= 0);
}

TEST_CASE("CLN-057: as many streams as the driver has units; one more is EBUSY, and the others still work") {
    Application a;
    std::vector<int> fds;
    int fd;
    while ((fd = a.open(a.nodes.echo)) >= 0 && fds.size() < 100'000) fds.push_back(fd);
    CHECK(fd == -EBUSY);
    CHECK(static_cast<int>(fds.size()) == a.nodes.devices);
    CHECK(a.write(fds.front(), "ab") == 2);
    CHECK(a.read(fds.front()) == "ab");
}

TEST_CASE("CLN-092: a unit that was closed is handed out again") {
    Application a;
    std::vector<int> fds;
    for (int i = 0; i < a.nodes.devices; ++i) fds.push_back(a.open(a.nodes.echo));
    const dev_t device = a.fstat(fds[1]).st_rdev;
    CHECK(a.open(a.nodes.echo) == -EBUSY);
    CHECK(a.close(fds[1]) == 0);
    CHECK(a.fstat(a.open(a.nodes.echo)).st_rdev == device);
}

TEST_CASE("CLN-006 CLN-038 OPN-024: each open of a clone node is a stream of its own") {
    Application a;
    const int first = a.open(a.nodes.echo), second = a.open(a.nodes.echo);
    CHECK(a.fstat(first).st_rdev != a.fstat(second).st_rdev);
    CHECK(a.write(first, "ab") == 2);
    CHECK(a.settled(first, 1));
    CHECK(a.settled(second, 0));
    CHECK(a.read(first) == "ab");
    CHECK(a.close(first) == 0);
    CHECK(a.write(second, "cd") == 2);
    CHECK(a.read(second) == "cd");
}

TEST_CASE("CLN-035: the node keeps its number, the descriptor has the device that was assigned") {
    Application a;
    const dev_t before = a.stat(a.nodes.echo).st_rdev;
    const int fd = a.open(a.nodes.echo);
    CHECK(a.fstat(fd).st_rdev != before);
    CHECK(a.stat(a.nodes.echo).st_rdev == before);
    CHECK(a.close(fd) == 0);
    CHECK(a.stat(a.nodes.echo).st_rdev == before);
}

TEST_CASE("CLN-001 CLN-036: the node is a character device, and so is what was opened through it") {
    Application a;
    CHECK(S_ISCHR(a.stat(a.nodes.echo).st_mode));
    CHECK(S_ISCHR(a.fstat(a.open(a.nodes.echo)).st_mode));
}

TEST_CASE("CLN-037: what was opened is on the file system of the node") {
    Application a;
    const int fd = a.open(a.nodes.echo);
    CHECK(a.fstat(fd).st_dev == a.stat(a.nodes.echo).st_dev);
}

TEST_CASE("CLN-008: below the head is the driver that was asked for, and nothing else") {
    Application a;
    const int fd = a.open(a.nodes.loop);
    struct str_mlist names[4] = {};
    struct str_list list = {4, names};
    CHECK(a.ioctl(fd, I_LIST, &list) == 0);
    CHECK(list.sl_nmods == 1);
    CHECK(std::string(names[0].l_name) == "loop");
}

TEST_CASE("CLN-039 CLN-091: the assigned device can be opened by its own node, and lives until the last of them is closed") {
    Application a;
    std::vector<int> fds;
    for (int i = 0; i < a.nodes.devices; ++i) fds.push_back(a.open(a.nodes.echo));
    const dev_t unit = a.stat(a.nodes.unit).st_rdev;
    const auto cloned = std::find_if(fds.begin(), fds.end(), [&](int fd) { return a.fstat(fd).st_rdev == unit; });
    REQUIRE(cloned != fds.end());
    const int direct = a.open(a.nodes.unit);
    CHECK(a.write(*cloned, "ab") == 2);
    CHECK(a.read(direct) == "ab");
    CHECK(a.close(*cloned) == 0);
    CHECK(a.write(direct, "cd") == 2);
    CHECK(a.read(direct) == "cd");
    CHECK(a.open(a.nodes.echo) == -EBUSY);
}

TEST_CASE("CLN-007: after the open all calls are the driver's: another driver behaves in its own way") {
    Application a;
    const int nuls = a.open(a.nodes.nuls), echo = a.open(a.nodes.echo);
    CHECK(a.write(nuls, "ab") == 2);
    CHECK(a.read(nuls) == "");
    CHECK(a.write(echo, "ab") == 2);
    CHECK(a.read(echo) == "ab");
    CHECK(a.str(nuls, ECHO_MINOR) == -EINVAL);
    CHECK(a.str(echo, ECHO_MINOR) == 0);
}

TEST_SUITE_END();
