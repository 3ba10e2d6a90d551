// A link: one stream, the lower, is joined under the driver at the end of another, the upper. The relation of two equal
// streams, so it has its own file. All links are in the System's LinkTable, in the order in which they were made; ids come from
// one counter and are never used twice (MUX-003).
//
// The upper driver takes the place of the lower stream's head: the head's queue pair gets the driver's lower qinits
// (st_muxrinit, st_muxwinit), so that what comes up the lower stream reaches the driver's lower read put procedure, and
// the driver sends down with putnext(l_qbot). The link holds the lower file, so that the lower stream outlives its
// descriptors, and the driver. An ordinary link belongs to the stream that made it and goes with it; a persistent one
// belongs to the driver, and any stream of that driver may undo it.
//
//   state      event                               next       errno
//   -          I_LINK, I_PLINK pass their checks   linking    (lower head swapped, request sent down)
//   linking    M_IOCACK                            linked     0: the id is returned, sleepers below are woken
//   linking    M_IOCNAK                            -          its error; the lower head is put back
//   linking    error, time, signal                 -          that error; the same, after the driver was told (MUX-090)
//   linked     I_UNLINK, I_PUNLINK, last close     unlinking  (request sent down)
//   unlinking  M_IOCACK                            -          0: flushed, the lower head is put back, the file let go
//   unlinking  M_IOCNAK, error, time, signal       linked     that error
//   unlinking  the same, during the last close     -          0: as if acknowledged (MUX-067, CLS-004)
//   linked     the System ends                     -          a persistent one: I_PUNLINK on a stream opened for it; else as if
//
// While a link is linking or unlinking the lower stream counts as being plumbed: opens of it wait (MUX-076).
#pragma once

#include "streams/base/dev.hpp"

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/unordered_set.hpp>
#include <cassert>
#include <cstddef>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>
#include <sys/stream.h>

namespace rill {

namespace intrusive = boost::intrusive;

class Caller;
class Stream;
class System;
struct Driver;
struct File;

struct Link : intrusive::unordered_set_base_hook<intrusive::link_mode<intrusive::safe_link>> {
    enum class State : unsigned char {
        linking,
        linked,
        unlinking,
    } state = State::linking;
    void made() {
        assert(state == State::linking);
        state = State::linked;
    }
    void to_be_undone() {
        assert(state == State::linked);
        state = State::unlinking;
    }
    void stays() {
        assert(state == State::unlinking);
        state = State::linked;
    }
    void dropped() { state = State::unlinking; } // whatever it was: the System ends

    int id = 0;
    Stream *upper = nullptr;  // whose it is; nullptr: persistent
    Driver *driver = nullptr; // the multiplexor; held
    dev_t made_on = no_device; // the device of the stream that it was asked for on
    Stream *lower = nullptr;
    Driver *below = nullptr;  // the lower stream's driver; nullptr: a pipe
    File *file = nullptr;     // the lower stream's; held

    // What the lower head's queues, read and write, had of their own.
    struct Kept {
        ssize_t minpsz, maxpsz;
        size_t hiwat, lowat;
        void *ptr;
    } kept[2] = {};

    bool persistent() const { return !upper; }
    const void *owner() const { return upper ? static_cast<const void *>(upper) : driver; }
    linkblk block() const; // as the driver sees it (MUX-024 to MUX-028)

    using Hook = intrusive::list_member_hook<intrusive::link_mode<intrusive::safe_link>>;
    Hook of_all, of_owner;
};

// All links of a System: in order of their ids, by id, by whose they are, and how many lead from one driver to another. None
// of these is looked through to find one.
class LinkTable {
    template <Link::Hook Link::*hook>
    using List = intrusive::list<Link, intrusive::member_hook<Link, Link::Hook, hook>, intrusive::constant_time_size<false>>;

public:
    LinkTable();
    ~LinkTable();
    LinkTable(const LinkTable &) = delete;

    void add(std::unique_ptr<Link> link); // its id, owner and drivers are known, and stay
    void remove(Link &link);
    Link *find(int id);
    // The first that an owner has in this state; nullptr when there is none.
    Link *first_of(const void *owner, Link::State state);
    // The nodes of this graph are drivers, its edges links (MUX-017). A pipe is no node (MUX-018).
    bool leads_to(const Driver *from, const Driver *to) const;

    bool empty() const { return all_.empty(); }
    std::size_t size() const { return count_; }
    Link &back() { return all_.back(); }
    auto begin() const { return all_.begin(); }
    auto end() const { return all_.end(); }

private:
    struct Number {
        using type = int;
        int operator()(const Link &link) const { return link.id; }
    };
    struct Hash {
        std::size_t operator()(int id) const { return static_cast<std::size_t>(id); } // ids follow one another
    };
    using ByNumber = intrusive::unordered_set<Link, intrusive::key_of_value<Number>, intrusive::hash<Hash>, intrusive::power_2_buckets<true>,
                                              intrusive::constant_time_size<false>>;

    List<&Link::of_all> all_;
    std::size_t count_ = 0;
    std::vector<ByNumber::bucket_type> buckets_;
    ByNumber by_number_;
    std::unordered_map<const void *, List<&Link::of_owner>> by_owner_;
    std::unordered_map<const Driver *, std::map<const Driver *, std::size_t>> edges_;
};

int link_stream(Caller &process, File &file, Stream &upper, int lower_fd, bool persistent, int *id);
int unlink_stream(Caller &process, Stream &upper, int id, bool persistent);
// Last close of the upper stream: its ordinary links go, whatever the driver answers (CLS-003, CLS-004).
void unlink_all_on_close(Caller &process, Stream &upper);
void drop_link(Caller &process, Link &link); // without asking the driver: the System ends
// The end of a System, when no process is left (file/shutdown): persistent links are undone through their drivers, which see I_PUNLINK on
// a stream opened for it; where that is refused, and for what else is left, the lower streams are closed all the same.
void drop_links(System &system);

} // namespace rill
