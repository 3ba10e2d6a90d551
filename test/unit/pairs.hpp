// Queue pairs without a stream: a row of them, number 0 on top, linked as qprocson() would link them. Put procedures log
// "r1 put M_DATA" and free the message; service procedures log "w0 service" and do what on_service says.
#pragma once

#include "test/harness.hpp"

#include "streams/message/message.hpp"
#include "streams/queue/queue.hpp"

namespace rill::test {

class Pairs {
public:
    explicit Pairs(std::size_t count, const char *profile = nullptr) : f(profile), scope(f.system), sides_(count) {
        for (Side &side : sides_) {
            side.owner.name = "probe";
            side.pair.system = &f.system;
            side.pair.procs_on = true;
            set_queues(side.pair, side.owner, &side.read_init, &side.write_init);
            for (queue_t &q : side.pair.q) q.q_ptr = this;
        }
        for (std::size_t i = 1; i < count; ++i) {
            write(i - 1)->q_next = write(i);
            read(i)->q_next = read(i - 1);
        }
    }
    ~Pairs() {
        for (Side &side : sides_) empty_pair(side.pair);
    }

    queue_t *read(std::size_t i) { return sides_[i].pair.read(); }
    queue_t *write(std::size_t i) { return sides_[i].pair.write(); }
    void marks(queue_t *q, size_t hiwat, size_t lowat) {
        q->q_hiwat = hiwat;
        q->q_lowat = lowat;
    }
    mblk_t *message(size_t size, int type = M_DATA, unsigned char band = 0) {
        mblk_t *mp = allocb(size, BPRI_MED);
        mp->b_wptr += size;
        mp->b_datap->db_type = static_cast<unsigned char>(type);
        mp->b_band = band;
        return mp;
    }
    static void no_service(queue_t *q) { q->q_qinfo->qi_srvp = nullptr; }
    static bool enabled(queue_t *q) { return q->q_flag & QENAB; }
    static bool full(queue_t *q) { return q->q_flag & QFULL; }
    // Takes a queue off the run list, as running its service procedure would.
    void unschedule(queue_t *q) { f.system.sched.remove(pair_of(q)->run[(q->q_flag & QREADR) ? 0 : 1]); }
    void run() { f.system.sched.run_queues(); }
    // What is on a queue, from the front: "hi 3 0 0".
    static std::string order(queue_t *q) {
        std::string text;
        for (mblk_t *mp = q->q_first; mp; mp = mp->b_next)
            text += (text.empty() ? "" : " ") + (is_high_priority(mp) ? "hi" : std::to_string(mp->b_band));
        return text;
    }
    std::string name(queue_t *q) {
        for (std::size_t i = 0; i < sides_.size(); ++i)
            if (pair_of(q) == &sides_[i].pair) return ((q->q_flag & QREADR) ? "r" : "w") + std::to_string(i);
        return "?";
    }

    Fixture f;
    Enter scope;
    std::vector<std::string> log;
    std::function<void(queue_t *)> on_service;

private:
    static int put(queue_t *q, mblk_t *mp) {
        auto *self = static_cast<Pairs *>(q->q_ptr);
        self->log.push_back(self->name(q) + " put " + type_name(mp->b_datap->db_type));
        freemsg(mp);
        return 99;
    }
    static int service(queue_t *q) {
        auto *self = static_cast<Pairs *>(q->q_ptr);
        self->log.push_back(self->name(q) + " service");
        if (self->on_service) self->on_service(q);
        return 5;
    }

    struct Side {
        module_info read_limits{1, "probe", 0, INFPSZ, 100, 20}, write_limits{1, "probe", 1, 77, 200, 40};
        qinit read_init{put, service, nullptr, nullptr, nullptr, &read_limits, nullptr};
        qinit write_init{put, service, nullptr, nullptr, nullptr, &write_limits, nullptr};
        Owner owner;
        QueuePair pair;
    };
    std::deque<Side> sides_;
};

} // namespace rill::test
