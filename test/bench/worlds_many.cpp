// Worlds with many of something: on a queue, pending, linked, registered, passed.
#include "test/bench/worlds.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sys/ddi.h>

namespace rill::bench {
namespace {

void nothing(void *) {}

} // namespace

// --- one queue

Crowd::Crowd(int how_many, int what, int band_count) : count(how_many), type(what), bands(band_count) {
    open(resting);
    q = last_opened();
    const Inside inside(system);
    // From the highest band down, so that each goes to the end of the queue.
    for (int band = bands; band >= 0; --band)
        for (int i = 0; i < std::max(1, count / (bands + 1)); ++i) {
            mblk_t *mp = fresh(type, band);
            if (!putq(q, mp)) throw Unable("putq: no memory for a band");
            if (!middle || i == count / 2) middle = mp;
        }
    own = fresh(type, 0);
    data = fresh(M_DATA, 0);
}
Crowd::~Crowd() {
    const Inside inside(system);
    freemsg(own);
    freemsg(data);
    for (mblk_t *mp : of_band) freemsg(mp);
    flushq(q, FLUSHALL);
}
mblk_t *Crowd::fresh(int what, int band) {
    mblk_t *mp = allocb(8, BPRI_MED);
    if (!mp) throw Unable("allocb: no memory");
    mp->b_datap->db_type = static_cast<unsigned char>(what);
    mp->b_band = static_cast<unsigned char>(band);
    return mp;
}
void Crowd::put_get(int n) {
    const Inside inside(system);
    for (int i = 0; i < n; ++i) {
        putq(q, own);
        own = getq(q);
    }
}
void Crowd::put_remove(int n) {
    const Inside inside(system);
    for (int i = 0; i < n; ++i) {
        own->b_band = static_cast<unsigned char>(bands ? i % (bands + 1) : 0);
        putq(q, own);
        rmvq(q, own);
    }
}
void Crowd::back_remove(int n) {
    const Inside inside(system);
    for (int i = 0; i < n; ++i) {
        putbq(q, data);
        rmvq(q, data);
    }
}
void Crowd::insert_remove(int n) {
    const Inside inside(system);
    for (int i = 0; i < n; ++i) {
        insq(q, middle, own);
        rmvq(q, own);
    }
}
void Crowd::flush(int n) {
    const Inside inside(system);
    flushq(q, FLUSHALL);
    middle = nullptr;
    for (int left = n; left > 0; left -= count) {
        for (int i = 0; i < std::min(left, count); ++i) putq(q, fresh(type, 0));
        flushq(q, FLUSHALL);
    }
}

Timers::Timers(int count) {
    const Inside inside(system);
    for (int i = 0; i < count; ++i) {
        pending.push_back(timeout(nothing, nullptr, 1 + i % 1000));
        if (!pending.back()) throw Unable("timeout refused: " + std::to_string(i) + " are pending");
    }
}
Timers::~Timers() {
    const Inside inside(system);
    for (toid_t id : pending) untimeout(id);
}
void Timers::set_cancel(int n) {
    const Inside inside(system);
    for (int i = 0; i < n; ++i) untimeout(timeout(nothing, nullptr, 1 + i % 1000));
}

// --- many of something round one stream

Linked::Linked(int count) : World(static_cast<unsigned>(count) + 2), upper(open("/dev/mux")) {
    use();
    for (int i = 0; i < count; ++i) {
        const int fd = open(clone);
        check(rill_ioctl(proc, upper, I_LINK, fd), "I_LINK");
        rill_close(proc, fd);
    }
    lower = open(clone);
}
void Linked::link_unlink(int n) {
    for (int i = 0; i < n; ++i) {
        const int id = check(rill_ioctl(proc, upper, I_LINK, lower), "I_LINK");
        check(rill_ioctl(proc, upper, I_UNLINK, id), "I_UNLINK");
    }
}

Watched::Watched(int count) : fd(open("/dev/plain")) {
    for (int i = 0; i < count; ++i) {
        procs.push_back(rill_proc_new(system, 0, 0));
        rill_signal(procs.back(), SIGPOLL, SIG_IGN);
        const int own = rill_open(procs.back(), "/dev/plain", O_RDWR);
        if (own < 0 || rill_ioctl(procs.back(), own, I_SETSIG, S_INPUT) < 0) throw Unable(std::string("I_SETSIG: ") + rill_why(procs.back()));
    }
}
void Watched::register_cancel(int n) {
    for (int i = 0; i < n; ++i) {
        check(rill_ioctl(proc, fd, I_SETSIG, S_INPUT), "I_SETSIG");
        check(rill_ioctl(proc, fd, I_SETSIG, 0), "I_SETSIG of nothing");
    }
}

Chains::Chains(int length) : count(length) {}
void Chains::pass_close(int n) {
    for (int left = n; left > 0; left -= count) {
        int before[2];
        check(rill_pipe(proc, before), "pipe");
        for (int i = 0; i < std::min(left, count); ++i) {
            int next[2];
            check(rill_pipe(proc, next), "pipe");
            check(rill_ioctl(proc, next[1], I_SENDFD, before[0]), "I_SENDFD");
            rill_close(proc, before[0]);
            rill_close(proc, before[1]);
            before[0] = next[0], before[1] = next[1];
        }
        rill_close(proc, before[0]);
        rill_close(proc, before[1]);
    }
}

} // namespace rill::bench
