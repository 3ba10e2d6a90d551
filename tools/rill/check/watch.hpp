// What a driver's procedures do while a step runs, read from the trace: it needs no checking build. A record of a put is
// made when the procedure has been entered, so that the stack of entries tells who passed the message on.
#pragma once

#include "streams/base/kernel.hpp"
#include "tools/rill/check/finding.hpp"

#include <optional>
#include <string>
#include <sys/stream.h>

namespace rill {
class System;
struct Entry;
struct QueuePair;
} // namespace rill

namespace rill::tool {

// During one line of a scenario.
struct Seen {
    bool flush_in_down = false, flush_in_up = false;   // the target was given an M_FLUSH
    bool flush_out_down = false, flush_out_up = false; // it passed one on
    std::string ioctl_at;                              // who was given an M_IOCTL last: "driver D, put procedure"
    std::size_t most[2] = {};                          // bytes on any one queue: in band 0, in the fullest other band
    std::string actor;                                 // the procedure of the target that passed data on last
};

// Who runs: "driver D, put procedure"; empty outside of all procedures.
struct Actor {
    char driver[48] = {}, procedure[32] = {};
};
Actor actor_of(const Kernel &in, const Entry *entry);

class Watch : public Reader {
public:
    Watch(System &system, const std::string &target, Actor *last_entered);
    ~Watch() override;
    void record(const Record &record) override;

    Seen take(); // of the line that ends
    // A fault in what the trace or the queues tell.
    std::optional<Fault> fault();

private:
    Fault fault_of(EntryKind procedure, const char *rule, std::string what) const { return {target_, name_of(procedure), rule, std::move(what), {}, {}}; }
    bool is_target(const char *name) const;
    void put(const Record &record);
    void measure();
    std::optional<Fault> stalled();
    std::optional<Fault> stalled(QueuePair &pair, queue_t &q);
    bool is_wanted_elsewhere(const queue_t &q);

    System &system_;
    std::string target_;
    Actor *last_entered_;
    Seen seen_;
    std::string opened_;      // the target, when its open has returned in this call
    dev_t opened_dev_ = 0;    // and with which device
    std::optional<Fault> open_fault_; // what is wrong with an open, until it is told
    bool told_stall_ = false;
};

} // namespace rill::tool
