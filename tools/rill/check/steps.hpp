// What is tried: each step is a scenario and, where calls that went wrong are no fault of the System's, a judge of how
// they ended. The same options give the same lines.
#pragma once

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

struct Finding {
    std::string text; // first line: "driver D, put procedure: what (CLAUSE)"; the rest: details
    std::string at;   // the call it happened in
    int line = 0;     // its number, from 1; 0: none, or the one that runs
    std::string instead = {}; // a line in its place that fails as long as the fault is there
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
    std::function<std::vector<Finding>(System &)> look; // instead of the lines: at what has been booted
    // filled in by running it
    std::vector<Finding> found;
    std::string file; // where its scenario is
};

class Steps {
public:
    Steps(const Target &target, const CheckOptions &options);
    std::vector<Step> make();
    // Which way leads to a stream: its judge finds "opened", or why not.
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
