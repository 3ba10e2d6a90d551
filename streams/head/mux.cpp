#include "streams/head/mux.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <vector>

namespace rill {

namespace {

void trace_link(const Link &link, const Stream *asking, Event event, const char *clause, int error = 0) {
    System &system = link.lower->system;
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = event, .name = link.driver->name.c_str(), .clause = clause, .error = error, .number = link.id, .extra = link.lower->id, .stream = asking ? asking->id : 0});
}

// --- may it be linked? ---

bool is_multiplexor(const Driver &driver) { return driver.tab && driver.tab->st_muxrinit && driver.tab->st_muxwinit; }

// hangup ENXIO, a pipe EINVAL, no lower half EINVAL; only then the lower descriptor (MUX-005).
int check_upper(Caller &process, Stream &upper, const char *call) {
    if (upper.hung_up) return process.refuse(ENXIO, call, "the stream is hung up", "MUX-007 IOC-231");
    if (upper.is_pipe()) return process.refuse(EINVAL, call, "a pipe is no multiplexor", "MUX-010 IOC-231");
    if (!is_multiplexor(*upper.driver))
        return process.refuse(EINVAL, call, "the driver has no lower half", "MUX-009 IOC-231");
    return 0;
}

int check_lower(Caller &process, Stream &upper, const File *file, const char *call) {
    if (!file) return process.refuse(EBADF, call, "the lower descriptor is not open", "MUX-004 IOC-232");
    if (!file->stream) return process.refuse(EINVAL, call, "the lower descriptor is no stream", "MUX-011 IOC-232");
    const Stream &lower = *file->stream;
    if (&lower == &upper)
        return process.refuse(EINVAL, call, "a stream cannot be linked below itself", "MUX-012 IOC-232");
    if (lower.linked_below)
        return process.refuse(EINVAL, call, "the lower stream is linked already", "MUX-013 IOC-232");
    if (lower.hung_up) return process.refuse(EINVAL, call, "the lower stream is hung up", "MUX-014 IOC-232");
    if (lower.read_error || lower.write_error)
        return process.refuse(EINVAL, call, "the lower stream holds an error", "MUX-014 IOC-232");
    if (lower.in_ioctl.busy())
        return process.refuse(EINVAL, call, "an ioctl is under way on the lower stream", "MUX-014 IOC-232");
    if (lower.plumbing.busy())
        return process.refuse(EINVAL, call, "an open, push, pop or link is under way on the lower stream",
                              "MUX-014 IOC-232");
    if (lower.driver && upper.system.links.leads_to(lower.driver, upper.driver))
        return process.refuse(EINVAL, call, "the link would make a cycle", "MUX-016 MUX-017 IOC-232");
    return 0;
}

// --- a link's beginning and end ---

void end_plumbing(Stream &lower) {
    lower.plumbing.end();
    lower.system.wake_all(lower.plumbing.waiters, "the link is settled");
}

// The record of a link that is asked for, with its holds; nullptr when there is no memory for it.
Link *begin(Stream &upper, File &file, bool persistent) {
    System &system = upper.system;
    if (!system.alloc.allow(sizeof(Link))) return nullptr;
    auto made = std::make_unique<Link>();
    Link &link = *made;
    ++system.links_out;
    link.id = system.next_link_id++;
    link.upper = persistent ? nullptr : &upper;
    link.driver = upper.driver;
    link.made_on = upper.special ? upper.special->dev : no_device;
    link.lower = file.stream;
    link.below = link.lower->driver;
    link.file = &file;
    system.links.add(std::move(made));
    ++link.driver->holds;
    ++file.refs; // MUX-041
    link.lower->plumbing.begin();
    trace_link(link, &upper, persistent ? Event::persistent_link_asked_for : Event::link_asked_for, "MUX-001 MUX-002");
    return &link;
}

void settle(Link &link, Stream &upper) {
    Stream &lower = *link.lower;
    link.made();
    lower.linked_below = true;
    lower.link_id = link.id;
    if (!link.persistent()) ++upper.links_above;
    end_plumbing(lower);
    trace_link(link, &upper, Event::link_made, "MUX-028");
    lower.wake_all("the stream was linked below a multiplexor"); // MUX-043, IOC-236
}

// The lower head is itself again already; the record and what it holds go. Closing the lower stream may sleep.
void end(Caller &process, Link &link) {
    Stream &lower = *link.lower;
    System &system = lower.system;
    File *file = link.file;
    if (link.state != Link::State::linking) {
        lower.linked_below = false;
        lower.link_id = 0;
        if (link.upper) --link.upper->links_above;
    }
    --link.driver->holds;
    end_plumbing(lower);
    system.links.remove(link);
    --system.links_out;
    if (file->refs > 1) {
        --file->refs; // no close of a descriptor: the process's registrations stay (CLS-001)
        system.reference_gone(*file);
    } else {
        system.drop_file(process, file); // MUX-059
    }
}

// --- undoing ---

Link *find(Stream &upper, int id, bool persistent) {
    const void *owner = persistent ? static_cast<const void *>(upper.driver) : &upper; // MUX-047 to MUX-049
    if (id == MUXID_ALL) return upper.system.links.first_of(owner, Link::State::linked);
    Link *link = upper.system.links.find(id);
    return link && link->state == Link::State::linked && link->owner() == owner ? link : nullptr;
}

int unlink_one(Caller &process, Stream &upper, Link &link, bool closing) {
    link.to_be_undone();
    link.lower->plumbing.begin();
    trace_link(link, &upper, closing ? Event::unlink_begins_at_close : Event::unlink_begins, "MUX-055");
    int error = upper.take_ioctl_turn(process);
    if (!error) error = upper.request_link(process, link.persistent() ? I_PUNLINK : I_UNLINK, link.block(), closing);
    if (error && !closing) {
        link.stays();
        end_plumbing(*link.lower);
        trace_link(link, &upper, Event::unlink_refused, "MUX-057 IOC-237", error);
        return error;
    }
    if (error)
        upper.system.console(2, fmt::format("{}: link {} is undone at close, though the request ended with {}", link.driver->name, link.id, strerrorname_np(error)), true, true); // MUX-067
    link.lower->become_head_again(link, true);
    trace_link(link, &upper, Event::link_undone, "MUX-058", error);
    end(process, link);
    return 0;
}

} // namespace

// --- the table ---

LinkTable::LinkTable() : buckets_(64), by_number_({buckets_.data(), buckets_.size()}) {}
LinkTable::~LinkTable() {
    while (!empty()) remove(back());
}

void LinkTable::add(std::unique_ptr<Link> made) {
    Link &link = *made.release();
    if (++count_ > buckets_.size()) {
        std::vector<ByNumber::bucket_type> more(2 * buckets_.size());
        by_number_.rehash({more.data(), more.size()});
        buckets_.swap(more);
    }
    all_.push_back(link);
    by_number_.insert(link);
    by_owner_[link.owner()].push_back(link);
    if (link.below) ++edges_[link.driver][link.below];
}

void LinkTable::remove(Link &link) {
    --count_;
    all_.erase(all_.iterator_to(link));
    by_number_.erase(by_number_.iterator_to(link));
    const auto owned = by_owner_.find(link.owner());
    owned->second.erase(owned->second.iterator_to(link));
    if (owned->second.empty()) by_owner_.erase(owned);
    if (link.below) {
        auto &from = edges_[link.driver];
        if (--from[link.below] == 0) from.erase(link.below);
    }
    delete &link;
}

Link *LinkTable::find(int id) {
    const auto found = by_number_.find(id);
    return found == by_number_.end() ? nullptr : &*found;
}

Link *LinkTable::first_of(const void *owner, Link::State state) {
    const auto owned = by_owner_.find(owner);
    if (owned == by_owner_.end()) return nullptr;
    for (Link &link : owned->second)
        if (link.state == state) return &link;
    return nullptr;
}

bool LinkTable::leads_to(const Driver *from, const Driver *to) const {
    std::vector<const Driver *> reached{from};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        if (reached[i] == to) return true;
        const auto edges = edges_.find(reached[i]);
        if (edges == edges_.end()) continue;
        for (const auto &[driver, links] : edges->second)
            if (std::find(reached.begin(), reached.end(), driver) == reached.end()) reached.push_back(driver);
    }
    return false;
}

linkblk Link::block() const {
    return {upper ? upper->driver_pair()->write() : nullptr, lower->write_queue(), id}; // MUX-024 to MUX-026
}

// --- the lower head ---

// Both queues become the multiplexor's; no open procedure is called (MUX-034).
void Stream::become_lower_half(Link &link) {
    for (int side = 0; side < 2; ++side) {
        queue_t &q = head.q[side];
        link.kept[side] = {q.q_minpsz, q.q_maxpsz, q.q_hiwat, q.q_lowat, q.q_ptr};
        q.q_ptr = nullptr; // MUX-032
        system.sched.remove(head.run[side]);
    }
    const streamtab &tab = *link.driver->tab;
    set_queues(head, *link.driver, tab.st_muxrinit, tab.st_muxwinit); // MUX-030, MUX-033
    for (const mblk_t *mp = read_queue()->q_first; mp; mp = mp->b_next)
        if (PassedFile *passed = PassedFile::of(mp)) passed->moved_to(nullptr); // whatever the driver does with it
    if (read_queue()->q_first) schedule(read_queue(), Event::enabled_by_link);
    trace_link(link, nullptr, Event::lower_head_given, "MUX-030 CLN-025");
}

void Stream::become_head_again(Link &link, bool flush) {
    for (int side = 0; side < 2 && flush; ++side)
        while (mblk_t *mp = getq(&head.q[side])) free_at_head(mp);
    for (queue_t &q : head.q) {
        q.q_flag &= ~static_cast<unsigned>(QNOENB);
        system.sched.remove(head.run[&q - head.q]);
    }
    set_queues(head, head_owner(), head_streamtab.st_rdinit, head_streamtab.st_wrinit);
    for (int side = 0; side < 2; ++side) {
        queue_t &q = head.q[side];
        const Link::Kept &kept = link.kept[side];
        q.q_minpsz = kept.minpsz;
        q.q_maxpsz = kept.maxpsz;
        q.q_hiwat = kept.hiwat;
        q.q_lowat = kept.lowat;
        q.q_ptr = kept.ptr;
        check_back_enable(&q, 0);
    }
    hipri_held = false;
    for (const mblk_t *mp = read_queue()->q_first; mp; mp = mp->b_next) {
        hipri_held |= mp->b_datap->db_type == M_PCPROTO;
        if (PassedFile *passed = PassedFile::of(mp)) passed->moved_to(this);
    }
    last_mark = nullptr;
    schedule(write_queue(), Event::enabled_by_unlink);
    if (read_queue()->q_first) wake_readers("a stream head again");
    trace_link(link, nullptr, Event::lower_head_given_back, "MUX-058");
}

// --- the calls ---

int link_stream(Caller &process, File &, Stream &upper, int lower_fd, bool persistent, int *id) {
    const char *call = persistent ? "I_PLINK" : "I_LINK";
    if (int error = check_upper(process, upper, call)) return error;
    File *file = process.open_file(lower_fd);
    if (int error = check_lower(process, upper, file, call)) return error;
    Link *link = begin(upper, *file, persistent);
    if (!link) return process.refuse(EAGAIN, call, "no memory for the link", "MUX-040 IOC-234");
    int error = upper.take_ioctl_turn(process);
    if (!error) {
        link->lower->become_lower_half(*link); // before the request goes down (MUX-030)
        error = upper.request_link(process, persistent ? I_PLINK : I_LINK, link->block(), false);
        if (error) link->lower->become_head_again(*link, false);
    }
    if (error) {
        trace_link(*link, &upper, Event::link_refused, "MUX-035 IOC-233", error);
        end(process, *link);
        return error;
    }
    settle(*link, upper);
    *id = link->id; // whatever ioc_rval says (MUX-029)
    return 0;
}

// hangup ENXIO, a pipe EINVAL, no such link of this kind EINVAL. MUXID_ALL stops at the first that is refused (MUX-053).
int unlink_stream(Caller &process, Stream &upper, int id, bool persistent) {
    const char *call = persistent ? "I_PUNLINK" : "I_UNLINK";
    if (upper.hung_up) return process.refuse(ENXIO, call, "the stream is hung up", "MUX-060");
    if (upper.is_pipe()) return process.refuse(EINVAL, call, "a pipe has no links", "MUX-054 IOC-235");
    if (id == MUXID_ALL) {
        while (Link *link = find(upper, MUXID_ALL, persistent))
            if (int error = unlink_one(process, upper, *link, false)) return error;
        return 0; // MUX-051
    }
    Link *link = find(upper, id, persistent);
    if (!link) return process.refuse(EINVAL, call, "no such link", "MUX-045 MUX-046 IOC-235");
    return unlink_one(process, upper, *link, false);
}

void unlink_all_on_close(Caller &process, Stream &upper) {
    while (Link *link = find(upper, MUXID_ALL, false)) unlink_one(process, upper, *link, true);
}

void drop_link(Caller &process, Link &link) {
    if (!link.lower->plumbing.busy()) link.lower->plumbing.begin();
    link.dropped();
    link.lower->become_head_again(link, true);
    trace_link(link, nullptr, Event::link_dropped, nullptr);
    end(process, link);
}

} // namespace rill
