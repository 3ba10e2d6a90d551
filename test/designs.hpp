// A Fixture with a driver of clone/designs attached and the steps of its opens kept. The driver goes with the System.
#pragma once

#include "clone/designs/design.hpp"
#include "clone/designs/steps.hpp"
#include "test/harness.hpp"

namespace rill::test {

class DesignFixture : public Fixture {
public:
    explicit DesignFixture(const char *name, unsigned bound = 0) : design(*designs::find(name)) {
        Enter scope(system);
        REQUIRE(design.attach(system, bound) == 0);
        system.trace.attach(steps);
    }
    ~DesignFixture() {
        for (int fd = 0; fd < static_cast<int>(root.files.size()); ++fd)
            if (root.file(fd)) rill_close(handle(root), fd);
        system.trace.detach(steps);
        CHECK(detach() == 0);
    }
    int detach() {
        Enter scope(system);
        return design.detach(system);
    }
    // Another process, with the descriptors of root.
    Process &fork() {
        Enter scope(system);
        return system.fork_process(root);
    }
    // What one read gives as a number: how often the instance was read.
    int count(int fd) { return std::atoi(read(fd).c_str()); }

    const designs::Design &design;
    designs::Steps steps;
};

} // namespace rill::test
