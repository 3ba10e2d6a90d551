// What is tried: each step is a scenario and, where calls that went wrong are no fault of the System's, a judge of how
// they ended. The same options give the same lines.
#pragma once

#include "tools/rill/check/finding.hpp"
#include "tools/rill/check/watch.hpp"
#include "tools/rill/evaluate.hpp"

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace rill::tool {

struct CheckOptions;
struct Target;

// What a booted System has of the target.
struct Installed {
    enum class Kind {
        nothing,
        driver,
        module,
        module_by_driver,
    } kind = Kind::nothing;
    unsigned major = 0;         // of the driver
    bool has_clone = false;     // the System has a clone driver
    unsigned carrier_major = 0; // which is free for the carrier
};

// The first run of a step: for each line, how its call ended and what the procedures did meanwhile.
struct Ran {
    const std::vector<std::string> &lines;
    std::vector<std::optional<Outcome>> ended;
    std::vector<Seen> seen;
};

struct Step {
    std::string name;
    std::vector<std::string> lines;
    bool repeat = true;  // run it twice and compare what is in use
    bool reload = false; // in two Systems, one after the other
    std::function<std::vector<Finding>(const Ran &)> judge;
    std::function<Installed(System &)> look; // instead of the lines: at what has been booted
    // filled in by running it
    std::vector<Finding> found;
    Installed installed;
    std::string file; // where its scenario is
};

class Steps {
public:
    Steps(const Target &target, const CheckOptions &options);
    std::vector<Step> make();
    // Whether its node leads to a stream: its judge finds why not.
    Step probe();

private:
    Step &begin(std::string name);
    void add(std::string line) { all_.back().lines.push_back(std::move(line)); }
    void open(const std::string &fd = "a", const std::string &node = {}); // a stream that has the target on it
    void drain(const char *fd = "a");
    void fill(const char *fd, unsigned count); // as many opens, all closed again
    void opens_and_refusals();
    void direct_opens();
    void random_order();
    void ioctls();
    void own_ioctls();
    void flushes();
    void data();
    void bands();
    void control();
    void backlog();
    void pending_ioctl();
    void modules();
    void links();
    void signals();
    void reload();
    Step &failing(const std::string &name, const std::vector<std::string> &body);
    void failing_opens();
    void seeded();
    long pick(long n) { return static_cast<long>(random_() % static_cast<unsigned long>(n)); }

    const Target &target_;
    const CheckOptions &options_;
    std::mt19937_64 random_;
    std::vector<Step> all_;
};

} // namespace rill::tool
