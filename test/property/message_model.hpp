// Messages as byte strings: a model of the message utilities (clauses/03 sections 2 and 3), and an interpreter that runs a
// program of operations on a small pool of messages, real and modelled side by side, and compares them after each step.
// The random test and the fuzzer run the same programs.
//
// A modelled message is a row of pieces; a piece is a window on a buffer, and pieces share buffers as blocks share
// dblk_t. Where the clauses leave free how a message is cut into blocks (pulling up, copying), the model takes the cut
// from the message, after it has compared the bytes and their types.
#pragma once

#include "streams/message/message.hpp"
#include "streams/system.hpp"

#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rill::test {

// One operation: what, on which message, with which other one, and a number. Each is taken modulo what there is.
struct Step {
    std::uint8_t what = 0, a = 0, b = 0, n = 0;
};

class MessageProgram {
public:
    explicit MessageProgram(System &system) : system_(system), trims_free_(system.profile.adjmsg_frees_emptied) {}
    ~MessageProgram() {
        for (Message &m : pool_) freemsg(m.front().mp);
    }
    MessageProgram(const MessageProgram &) = delete;

    // Empty, or the step that disagreed, the clause and what it was.
    std::string run(const std::vector<Step> &steps) {
        for (std::size_t i = 0; i < steps.size() && problem_.empty(); ++i) {
            doing_.clear();
            step(steps[i]);
            compare();
            if (!problem_.empty()) return "step " + std::to_string(i) + ", " + doing_ + ": " + problem_;
        }
        finish();
        return problem_.empty() ? problem_ : "at the end: " + problem_;
    }
    static std::string name(const Step &s) {
        static constexpr const char *names[] = {"alloc", "esballoc", "linkb", "unlinkb", "rmvb", "dup", "copy",
                                                "adjmsg", "pullupmsg", "msgpullup", "free", "poke", "type", "fail"};
        return std::string(names[s.what % operations]) + "(" + std::to_string(s.a) + "," + std::to_string(s.b) + "," +
               std::to_string(s.n) + ")";
    }

    static constexpr int operations = 14;

private:
    struct Buffer {
        dblk_t *dp;
        unsigned char type;
        std::string bytes; // the whole buffer
    };
    struct Piece {
        mblk_t *mp;
        std::shared_ptr<Buffer> buffer;
        std::size_t from, to;
        unsigned char band;
        unsigned short flag;

        std::size_t length() const { return to - from; }
        unsigned char type() const { return buffer->type; }
    };
    using Message = std::vector<Piece>;
    // A caller's buffer, and how often its free routine ran.
    struct External {
        unsigned char data[64];
        frtn_t frtn;
        int freed = 0;
        std::weak_ptr<Buffer> model;
    };
    static constexpr std::size_t messages_max = 8, pieces_max = 300;

    // --- what the model knows

    static std::size_t run_length(const Message &m) {
        std::size_t bytes = 0;
        for (const Piece &p : m) {
            if (p.type() != m.front().type()) break;
            bytes += p.length();
        }
        return bytes;
    }
    // Each byte with its type before it.
    static std::string content(const Message &m) {
        std::string all;
        for (const Piece &p : m)
            for (std::size_t i = p.from; i < p.to; ++i) {
                all += static_cast<char>(p.type());
                all += p.buffer->bytes[i];
            }
        return all;
    }
    std::size_t pieces() const {
        std::size_t n = 0;
        for (const Message &m : pool_) n += m.size();
        return n;
    }
    Message &at(std::uint8_t which) { return pool_[which % pool_.size()]; }
    void drop(Message &m) { pool_.erase(pool_.begin() + (&m - pool_.data())); }

    // The model of a real chain. Buffers it knows stay shared; others are new.
    Message adopt(mblk_t *mp) {
        std::map<dblk_t *, std::shared_ptr<Buffer>> known;
        for (const Message &m : pool_)
            for (const Piece &p : m) known[p.buffer->dp] = p.buffer;
        Message m;
        for (; mp; mp = mp->b_cont) {
            dblk_t *dp = mp->b_datap;
            std::shared_ptr<Buffer> &buffer = known[dp];
            if (!buffer)
                buffer =
                    std::make_shared<Buffer>(Buffer{dp, dp->db_type,
                                                    std::string(reinterpret_cast<char *>(dp->db_base),
                                                                static_cast<std::size_t>(dp->db_lim - dp->db_base))});
            m.push_back({mp, buffer, static_cast<std::size_t>(mp->b_rptr - dp->db_base),
                         static_cast<std::size_t>(mp->b_wptr - dp->db_base), mp->b_band, mp->b_flag});
        }
        return m;
    }

    void expect(bool holds, const char *clause) {
        if (!holds && problem_.empty()) problem_ = clause;
    }

    // --- comparing

    void compare() {
        for (std::size_t i = 0; i < pool_.size() && problem_.empty(); ++i) compare(pool_[i]);
        for (const External &e : externals_)
            expect(e.freed == (e.model.expired() ? 1 : 0),
                   "ALC-012: the free routine runs once, when the last reference goes");
    }
    void compare(const Message &m) {
        const mblk_t *mp = m.front().mp;
        std::size_t data = 0, all = 0;
        for (const Piece &p : m) {
            expect(mp == p.mp, "a block is not where it should be in its message");
            if (!problem_.empty()) return;
            const dblk_t *dp = mp->b_datap;
            expect(dp == p.buffer->dp, "ALC-023: a block has another data block");
            expect(dp->db_type == p.type(), "MSG-011: a block has another type");
            expect(mp->b_band == p.band && mp->b_flag == p.flag, "ALC-023 ALC-027: a block has another band or flag");
            expect(mp->b_next == nullptr && mp->b_prev == nullptr, "ALC-001: a message on no queue is linked");
            expect(dp->db_ref == p.buffer.use_count(),
                   "ALC-020 ALC-023: db_ref is not the number of blocks that share");
            expect(block_length(mp) == p.length(), "MSG-005: a block has another length");
            expect(mp->b_rptr == dp->db_base + p.from, "MSG-005: a block begins elsewhere");
            if (!problem_.empty()) return;
            if (p.length())
                expect(std::memcmp(mp->b_rptr, p.buffer->bytes.data() + p.from, p.length()) == 0,
                       "MSG-005: a block has other bytes");
            all += p.length();
            if (p.type() == M_DATA) data += p.length();
            mp = mp->b_cont;
        }
        expect(mp == nullptr, "a message has more blocks than it should");
        expect(msgdsize(m.front().mp) == data, "MSG-109: msgdsize");
        expect(xmsgsize(m.front().mp) == run_length(m), "MSG-110: xmsgsize");
        expect(msgsize(m.front().mp) == all, "MSG-110: msgsize");
    }
    void finish() {
        for (Message &m : pool_) freemsg(m.front().mp);
        pool_.clear();
        compare();
    }

    // --- doing

    void step(const Step &s) {
        const int what = s.what % operations;
        if (what == 13) {
            doing_ = "fail";
            return system_.alloc.fail_nth(s.n % 4 + 1);
        }
        refused_ = system_.alloc.refused;
        if (what == 0 || pool_.empty())
            allocate(s);
        else
            switch (what) {
            case 1:
                external(s);
                break;
            case 2:
                link(s);
                break;
            case 3:
                unlink(s);
                break;
            case 4:
                remove(s);
                break;
            case 5:
                duplicate(s);
                break;
            case 6:
                copy(s);
                break;
            case 7:
                adjust(s);
                break;
            case 8:
                pull_up(s);
                break;
            case 9:
                pull_up_copy(s);
                break;
            case 10:
                release(s);
                break;
            case 11:
                poke(s);
                break;
            case 12:
                retype(s);
                break;
            default:
                break;
            }
        system_.alloc.fail_nth(0);
    }
    bool refused() const { return system_.alloc.refused != refused_; }
    bool room() const { return pool_.size() < messages_max && pieces() < pieces_max; }

    void fill(mblk_t *mp, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) *mp->b_wptr++ = static_cast<unsigned char>(++filled_ % 251);
    }
    void take_new(mblk_t *mp, const Step &s) {
        static constexpr unsigned char types[] = {M_DATA, M_DATA, M_PROTO, M_PCPROTO};
        mp->b_datap->db_type = types[s.a % 4];
        mp->b_rptr += s.b % (mp->b_wptr - mp->b_rptr + 1);
        mp->b_band = s.a / 4 % 3;
        mp->b_flag = s.a / 16 % 2 ? MSGMARK : 0;
        pool_.push_back(adopt(mp));
    }
    void allocate(const Step &s) {
        if (!room()) return;
        const std::size_t size = s.n < 250 ? s.n : s.n * 300u; // the largest is beyond all size classes
        doing_ = "allocb(" + std::to_string(size) + ")";
        mblk_t *mp = allocb(size, BPRI_MED);
        expect((mp != nullptr) != refused(), "ALC-006: allocb");
        if (!mp) return;
        expect(mp->b_datap->db_type == M_DATA && mp->b_datap->db_ref == 1,
               "ALC-001: a new block is M_DATA with one reference");
        expect(mp->b_rptr == mp->b_wptr && mp->b_rptr == mp->b_datap->db_base, "ALC-001: a new block is empty");
        expect(!mp->b_cont && !mp->b_next && !mp->b_prev && !mp->b_band && !mp->b_flag,
               "ALC-001: a new block stands alone");
        expect(mp->b_datap->db_lim - mp->b_datap->db_base >= static_cast<std::ptrdiff_t>(size),
               "ALC-002: a new block has room");
        fill(mp, size);
        take_new(mp, s);
    }
    static void count_free(char *counter) { ++*reinterpret_cast<int *>(counter); }
    void external(const Step &s) {
        if (!room()) return;
        doing_ = "esballoc";
        External &e = externals_.emplace_back();
        e.frtn = {count_free, reinterpret_cast<char *>(&e.freed)};
        const std::size_t size = s.n % (sizeof e.data + 1);
        mblk_t *mp = esballoc(e.data, size, BPRI_MED, &e.frtn);
        e.frtn = {nullptr, nullptr}; // ALC-014
        expect((mp != nullptr) != refused(), "ALC-006: esballoc");
        if (!mp) return externals_.pop_back();
        expect(mp->b_datap->db_base == e.data && mp->b_rptr == e.data && mp->b_wptr == e.data &&
                   mp->b_datap->db_lim == e.data + size,
               "ALC-011: a block over the caller's buffer");
        fill(mp, size);
        take_new(mp, s);
        e.model = pool_.back().front().buffer;
    }
    void link(const Step &s) {
        Message &a = at(s.a), &b = at(s.b);
        doing_ = "linkb";
        if (&a == &b) return;
        linkb(a.front().mp, b.front().mp); // MSG-088
        a.insert(a.end(), b.begin(), b.end());
        drop(b);
    }
    void unlink(const Step &s) {
        Message &m = at(s.a);
        doing_ = "unlinkb";
        if (m.size() > 1 && pool_.size() >= messages_max) return;
        mblk_t *rest = unlinkb(m.front().mp);
        expect(rest == (m.size() > 1 ? m[1].mp : nullptr), "MSG-089: unlinkb gives the rest, or NULL");
        expect(m.front().mp->b_cont == nullptr, "MSG-089: unlinkb cuts the first block off");
        if (m.size() == 1) return;
        Message second(m.begin() + 1, m.end());
        m.erase(m.begin() + 1, m.end());
        pool_.push_back(std::move(second));
    }
    void remove(const Step &s) {
        Message &m = at(s.a), &other = at(s.b);
        const std::size_t which = s.n % (m.size() + 1);
        doing_ = "rmvb";
        if (which == m.size()) {
            if (&other == &m) return;
            expect(rmvb(m.front().mp, other.front().mp) == reinterpret_cast<mblk_t *>(-1),
                   "MSG-090: rmvb of a block of another message");
            return;
        }
        if (pool_.size() >= messages_max) return;
        mblk_t *head = rmvb(m.front().mp, m[which].mp);
        Message alone{m[which]};
        m.erase(m.begin() + static_cast<long>(which));
        expect(head == (m.empty() ? nullptr : m.front().mp), "MSG-090: rmvb gives the new head, or NULL");
        expect(alone.front().mp->b_cont == nullptr, "MSG-091: the removed block stands alone");
        if (m.empty())
            m = std::move(alone);
        else
            pool_.push_back(std::move(alone));
    }
    void duplicate(const Step &s) {
        if (!room()) return;
        const bool whole = s.n % 2;
        doing_ = whole ? "dupmsg" : "dupb";
        Message wanted = whole ? at(s.a) : Message{at(s.a).front()};
        bool full = false;
        for (const Piece &p : wanted) full |= p.buffer->dp->db_ref + (whole ? uses(wanted, p) : 1) > 255;
        mblk_t *mp = whole ? dupmsg(wanted.front().mp) : dupb(wanted.front().mp);
        expect((mp != nullptr) == (!refused() && !full), "ALC-024 ALC-025: a duplicate of every block, or none");
        if (!mp) return;
        pool_.push_back(adopt(mp));
        compare_copy(wanted, pool_.back(), true);
    }
    static int uses(const Message &m, const Piece &of) {
        int n = 0;
        for (const Piece &p : m) n += p.buffer == of.buffer;
        return n;
    }
    void copy(const Step &s) {
        if (!room()) return;
        const bool whole = s.n % 2;
        doing_ = whole ? "copymsg" : "copyb";
        Message wanted = whole ? at(s.a) : Message{at(s.a).front()};
        mblk_t *mp = whole ? copymsg(wanted.front().mp) : copyb(wanted.front().mp);
        expect((mp != nullptr) != refused(), "ALC-027 ALC-030: a copy of every block, or none");
        if (!mp) return;
        pool_.push_back(adopt(mp));
        compare_copy(wanted, pool_.back(), false);
    }
    void compare_copy(const Message &from, const Message &to, bool shared) {
        expect(from.size() == to.size(), "ALC-023 ALC-027: as many blocks");
        for (std::size_t i = 0; i < from.size() && problem_.empty(); ++i) {
            const Piece &a = from[i], &b = to[i];
            expect(a.mp != b.mp && (a.buffer == b.buffer) == shared,
                   "ALC-023 ALC-027: a duplicate shares its bytes, a copy does not");
            expect(a.type() == b.type() && a.band == b.band && a.flag == b.flag,
                   "ALC-023 ALC-027: type, band and flags are kept");
        }
        expect(content(from) == content(to), "ALC-023 ALC-027: the bytes are the same");
    }
    void adjust(const Step &s) {
        Message &m = at(s.a);
        const int len = static_cast<std::int8_t>(s.n);
        doing_ = "adjmsg(" + std::to_string(len) + ")";
        const std::size_t run = run_length(m), cut = static_cast<std::size_t>(len < 0 ? -len : len);
        const bool possible = cut <= run;
        expect(adjmsg(m.front().mp, len) == possible,
               "MSG-092 MSG-093 MSG-094 MSG-095 MSG-097: adjmsg trims the leading run, or fails");
        if (!possible) return;
        const std::size_t keep_from = len > 0 ? cut : 0, keep_to = len < 0 ? run - cut : run;
        Message left;
        std::size_t place = 0;
        bool leading = true;
        for (Piece &p : m) {
            leading = leading && p.type() == m.front().type();
            if (leading) {
                const std::size_t begin = place, end = place += p.length();
                const std::size_t low = std::min(std::max(keep_from, begin), end),
                                  high = std::max(low, std::min(keep_to, end));
                if (trims_free_ && !left.empty() && end > begin && low == high) continue; // MSG-096
                p.to = p.from + (high - begin);
                p.from += low - begin;
                if (low == high) { // an emptied block points anywhere in its buffer
                    p.from = static_cast<std::size_t>(p.mp->b_rptr - p.buffer->dp->db_base);
                    p.to = p.from;
                }
            }
            left.push_back(p);
        }
        m = std::move(left);
    }
    void pull_up(const Step &s) {
        Message &m = at(s.a);
        const int len = s.n == 255 ? -1 : s.n;
        doing_ = "pullupmsg(" + std::to_string(len) + ")";
        const std::size_t run = run_length(m), wanted = len == -1 ? run : static_cast<std::size_t>(len);
        const int result = pullupmsg(m.front().mp, len);
        expect(result == (wanted <= run && !refused()), "MSG-099 MSG-101: pullupmsg");
        if (!result) return;
        const std::string before = content(m);
        Message now = adopt(m.front().mp); // MSG-102: it still heads the message
        expect(content(now) == before, "MSG-099: pullupmsg keeps bytes and types");
        expect(now.front().length() >= wanted, "MSG-099: the bytes are contiguous");
        if (len == -1)
            expect(now.size() == 1 || now[1].type() != now[0].type(), "MSG-100: all of a type are one block");
        m = std::move(now);
    }
    void pull_up_copy(const Step &s) {
        if (!room()) return;
        Message &m = at(s.a);
        const int len = s.n == 255 ? -1 : s.n;
        doing_ = "msgpullup(" + std::to_string(len) + ")";
        const std::size_t run = run_length(m), wanted = len == -1 ? run : static_cast<std::size_t>(len);
        bool full = false;
        for (const Piece &p : m) full |= p.buffer->dp->db_ref + uses(m, p) > 255; // the rest may be shared (MSG-106)
        mblk_t *mp = msgpullup(m.front().mp, len);
        expect(mp || wanted > run || refused() || full, "MSG-105: msgpullup");
        expect(!mp || (wanted <= run && !refused()), "MSG-108: msgpullup of more than there is");
        if (!mp) return;
        Message now = adopt(mp);
        expect(content(now) == content(m), "MSG-105: msgpullup keeps bytes and types");
        expect(now.front().length() >= wanted, "MSG-105: the bytes are contiguous");
        expect(now.front().buffer != m.front().buffer, "MSG-105: msgpullup gives a new message");
        pool_.push_back(std::move(now));
    }
    void release(const Step &s) {
        Message &m = at(s.a);
        mblk_t *mp = m.front().mp;
        if (s.n % 2 && m.size() > 1) {
            doing_ = "freeb";
            freeb(mp); // ALC-020: b_cont is left alone
            m.erase(m.begin());
        } else {
            doing_ = "freemsg";
            freemsg(mp);
            drop(m);
        }
    }
    // A byte that is written through one block is seen through all that share it.
    void poke(const Step &s) {
        Message &m = at(s.a);
        Piece &p = m[s.b % m.size()];
        doing_ = "a byte is written";
#if RILL_CHECKING
        if (p.buffer.use_count() > 1) return; // a fault there
#endif
        if (p.length() == 0) return;
        const std::size_t i = s.n % p.length();
        p.mp->b_rptr[i] ^= 0x55;
        p.buffer->bytes[p.from + i] = static_cast<char>(p.mp->b_rptr[i]);
    }
    void retype(const Step &s) {
        Message &m = at(s.a);
        Piece &p = m[s.b % m.size()];
        doing_ = "db_type is set";
        if (p.buffer.use_count() > 1) return;
        p.buffer->type = p.buffer->dp->db_type = s.n % 2 ? M_PROTO : M_DATA;
    }

    System &system_;
    const bool trims_free_;
    std::vector<Message> pool_;
    std::deque<External> externals_;
    std::string doing_, problem_;
    unsigned filled_ = 0;
    std::uint64_t refused_ = 0;
};

} // namespace rill::test
