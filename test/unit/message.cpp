// Messages: clauses/03 sections 2 and 3.
#include "test/harness.hpp"

#include "streams/message/message.hpp"

#include <cstring>

using namespace rill;
using namespace rill::test;

namespace {

// The pool of a System; what a case makes it frees, and the Fixture counts.
struct Messages {
    Fixture f;
    Enter scope{f.system};

    explicit Messages(const char *profile = nullptr) : f(profile) {}
    Alloc &alloc() { return f.system.alloc; }
    mblk_t *text(std::string_view data, int type = M_DATA) {
        mblk_t *mp = allocb(data.size(), BPRI_MED);
        std::memcpy(mp->b_wptr, data.data(), data.size());
        mp->b_wptr += data.size();
        mp->b_datap->db_type = static_cast<unsigned char>(type);
        return mp;
    }
    mblk_t *chain(std::initializer_list<std::pair<const char *, int>> blocks) {
        mblk_t *head = nullptr;
        for (auto &[data, type] : blocks) {
            mblk_t *mp = text(data, type);
            if (head) linkb(head, mp);
            else head = mp;
        }
        return head;
    }
};

// "hello|world" for two blocks.
std::string shown(const mblk_t *mp) {
    std::string text;
    for (; mp; mp = mp->b_cont) {
        text.append(reinterpret_cast<char *>(mp->b_rptr), block_length(mp));
        if (mp->b_cont) text += '|';
    }
    return text;
}

int freed;
char *freed_argument;
void count_free(char *argument) {
    ++freed;
    freed_argument = argument;
}

} // namespace

TEST_CASE("ALC-006: allocb that is refused returns NULL and leaves nothing") {
    Messages m;
    m.alloc().fail_nth(1);
    CHECK(allocb(64, BPRI_HI) == nullptr);
    m.alloc().ceiling(100);
    CHECK(allocb(101, BPRI_HI) == nullptr);
    m.alloc().ceiling(0);
}

TEST_CASE("ALC-001, MSG-009, MSG-011: what allocb returns") {
    Messages m;
    mblk_t *mp = allocb(64, BPRI_MED);
    CHECK(mp->b_datap->db_type == M_DATA);
    CHECK(mp->b_datap->db_ref == 1);
    CHECK(mp->b_rptr == mp->b_datap->db_base);
    CHECK(mp->b_wptr == mp->b_rptr);
    CHECK(mp->b_cont == nullptr);
    CHECK(mp->b_next == nullptr);
    CHECK(mp->b_prev == nullptr);
    CHECK(mp->b_band == 0);
    CHECK(mp->b_flag == 0);
    freeb(mp);
}

TEST_CASE("ALC-002, ALC-003, ALC-004: a buffer holds at least what was asked for, whatever the priority") {
    Messages m;
    for (size_t size : {0, 1, 63, 64, 65, 256, 4096, 16384, 65536, 65537, 1 << 20}) {
        for (unsigned pri : {BPRI_LO, BPRI_MED, BPRI_HI}) {
            mblk_t *mp = allocb(size, pri);
            REQUIRE(mp);
            CHECK(static_cast<size_t>(mp->b_datap->db_lim - mp->b_datap->db_base) >= size);
            CHECK(reinterpret_cast<std::uintptr_t>(mp->b_rptr) % 16 == 0);
            std::memset(mp->b_wptr, 1, size);
            freeb(mp);
        }
    }
}

TEST_CASE("messages still out when their System ends are gone with it") {
    Fixture f;
    {
        System other(*find_profile("irix"));
        Enter scope(other);
        CHECK(allocb(1 << 20, BPRI_MED) != nullptr);
        CHECK(allocb(16, BPRI_MED) != nullptr);
        CHECK(other.messages.blocks() == 2);
    }
}

TEST_CASE("ALC-010: testb says whether an allocation would succeed and reserves nothing") {
    Messages m;
    CHECK(testb(16, BPRI_LO) == 1);
    m.alloc().ceiling(100);
    std::uint64_t requests = m.alloc().requests;
    CHECK(testb(101, BPRI_LO) == 0);
    CHECK(testb(100, BPRI_LO) == 1);
    CHECK(m.alloc().requests == requests);
    m.alloc().ceiling(0);
}

TEST_CASE("ALC-017: esballoc with no buffer or no free routine returns NULL") {
    Messages m;
    unsigned char buffer[8];
    frtn_t frtn{count_free, nullptr}, none{nullptr, nullptr};
    CHECK(esballoc(nullptr, 8, BPRI_MED, &frtn) == nullptr);
    CHECK(esballoc(buffer, 8, BPRI_MED, nullptr) == nullptr);
    CHECK(esballoc(buffer, 8, BPRI_MED, &none) == nullptr);
    m.alloc().fail_nth(1);
    CHECK(esballoc(buffer, 8, BPRI_MED, &frtn) == nullptr);
}

TEST_CASE("ALC-011, ALC-013: esballoc gives a block over the caller's buffer") {
    Messages m;
    unsigned char buffer[8] = "abcdefg";
    frtn_t frtn{count_free, nullptr};
    mblk_t *mp = esballoc(buffer, sizeof buffer, BPRI_MED, &frtn);
    CHECK(mp->b_datap->db_base == buffer);
    CHECK(mp->b_rptr == buffer);
    CHECK(mp->b_wptr == buffer);
    CHECK(mp->b_datap->db_lim == buffer + sizeof buffer);
    CHECK(mp->b_datap->db_type == M_DATA);
    freeb(mp);
}

TEST_CASE("ALC-012, ALC-014, ALC-018: the free routine runs once, at the last reference, as it was at esballoc") {
    Messages m;
    unsigned char buffer[8];
    char argument[] = "argument";
    for (auto *alloc : {esballoc, desballoc}) {
        freed = 0;
        frtn_t frtn{count_free, argument};
        mblk_t *mp = alloc(buffer, sizeof buffer, BPRI_MED, &frtn);
        frtn = {nullptr, nullptr};
        mblk_t *dup = dupb(mp);
        freeb(mp);
        CHECK(freed == 0);
        freeb(dup);
        CHECK(freed == 1);
        CHECK(freed_argument == argument);
    }
}

TEST_CASE("ALC-020: freeb ignores b_cont, and a duplicate outlives the original") {
    Messages m;
    mblk_t *mp = m.chain({{"one", M_DATA}, {"two", M_DATA}});
    mblk_t *second = mp->b_cont, *dup = dupb(mp);
    freeb(mp);
    CHECK(shown(dup) == "one");
    CHECK(shown(second) == "two");
    CHECK(dup->b_datap->db_ref == 1);
    freeb(dup);
    freeb(second);
}

TEST_CASE("ALC-020: a block freed twice is a fault, and nothing is corrupted") {
    Messages m;
    mblk_t *mp = allocb(64, BPRI_MED);
    freeb(mp);
    freeb(mp);
    CHECK(m.f.took_fault("ALC-020") == 1);
    freemsg(mp);
    CHECK(m.f.took_fault("ALC-020") == 1);
    freeb(nullptr);
    CHECK(m.f.took_fault("ALC-020") == 1);
    mblk_t *a = allocb(64, BPRI_MED), *b = allocb(64, BPRI_MED);
    CHECK(a != b);
    mblk_t *dup = dupb(a);
    freeb(a);
    freeb(a);
    CHECK(m.f.took_fault("ALC-020") == 1);
    freeb(dup);
    freeb(b);
}

TEST_CASE("ALC-021, ALC-022: freemsg frees the whole chain and takes NULL") {
    Messages m;
    freemsg(m.chain({{"a", M_PROTO}, {"b", M_DATA}, {"c", M_DATA}}));
    freemsg(nullptr);
    CHECK(m.f.system.messages.blocks() == 0);
}

TEST_CASE("ALC-023: dupb makes a new header on the same data block") {
    Messages m;
    mblk_t *mp = m.chain({{"hello", M_PROTO}, {"x", M_DATA}});
    mp->b_band = 3;
    mp->b_flag = MSGMARK;
    ++mp->b_rptr;
    mblk_t *dup = dupb(mp);
    CHECK(dup->b_datap == mp->b_datap);
    CHECK(mp->b_datap->db_ref == 2);
    CHECK(dup->b_rptr == mp->b_rptr);
    CHECK(dup->b_wptr == mp->b_wptr);
    CHECK(dup->b_band == 3);
    CHECK(dup->b_flag == MSGMARK);
    CHECK(dup->b_cont == nullptr);
    freeb(dup);
    CHECK(mp->b_datap->db_ref == 1);
    freemsg(mp);
}

TEST_CASE("ALC-024, MSG-010: dupb of a block with 255 references is refused: NULL, copyb still works") {
    Messages m;
    mblk_t *mp = m.text("data");
    std::vector<mblk_t *> dups;
    while (mblk_t *dup = dupb(mp)) dups.push_back(dup);
    CHECK(dups.size() == 254);
    CHECK(mp->b_datap->db_ref == 255);
    mblk_t *copy = copyb(mp);
    CHECK(shown(copy) == "data");
    freeb(copy);
    for (mblk_t *dup : dups) freeb(dup);
    freeb(mp);
}

TEST_CASE("ALC-025, ALC-026: dupmsg duplicates every block or none") {
    Messages m;
    CHECK(dupmsg(nullptr) == nullptr);
    mblk_t *mp = m.chain({{"a", M_PROTO}, {"b", M_DATA}, {"c", M_DATA}, {"d", M_DATA}, {"e", M_DATA}});
    m.alloc().fail_nth(3);
    CHECK(dupmsg(mp) == nullptr);
    for (mblk_t *bp = mp; bp; bp = bp->b_cont) CHECK(bp->b_datap->db_ref == 1);
    mblk_t *dup = dupmsg(mp);
    CHECK(shown(dup) == "a|b|c|d|e");
    for (mblk_t *bp = mp; bp; bp = bp->b_cont) CHECK(bp->b_datap->db_ref == 2);
    freemsg(mp);
    CHECK(shown(dup) == "a|b|c|d|e");
    freemsg(dup);
}

TEST_CASE("ALC-027, ALC-029: copyb copies data, type, band and flags, and keeps the headroom") {
    Messages m;
    mblk_t *mp = m.text("..hello", M_PROTO);
    mp->b_rptr += 2;
    mp->b_band = 4;
    mp->b_flag = MSGDELIM;
    mblk_t *copy = copyb(mp);
    CHECK(copy->b_datap != mp->b_datap);
    CHECK(shown(copy) == "hello");
    CHECK(copy->b_datap->db_type == M_PROTO);
    CHECK(copy->b_band == 4);
    CHECK(copy->b_flag == MSGDELIM);
    CHECK(copy->b_rptr - copy->b_datap->db_base == 2);
    freeb(mp);
    freeb(copy);
}

TEST_CASE("ALC-030: copymsg copies all blocks or none; the original is untouched") {
    Messages m;
    CHECK(copymsg(nullptr) == nullptr);
    mblk_t *mp = m.chain({{"a", M_PROTO}, {"b", M_DATA}, {"c", M_DATA}});
    m.alloc().fail_nth(2);
    CHECK(copymsg(mp) == nullptr);
    CHECK(shown(mp) == "a|b|c");
    mblk_t *copy = copymsg(mp);
    CHECK(shown(copy) == "a|b|c");
    freemsg(mp);
    freemsg(copy);
}

TEST_CASE("ALC-008: allocb_wait where nothing may sleep is a fault when there is no memory") {
    Messages m;
    int error = -1;
    mblk_t *mp = allocb_wait(16, BPRI_MED, 0, &error);
    CHECK(mp);
    CHECK(error == 0);
    freeb(mp);
    m.alloc().ceiling(10);
    CHECK(allocb_wait(16, BPRI_MED, 0, &error) == nullptr);
    CHECK(error == EAGAIN);
    CHECK(m.f.took_fault("ALC-008") == 1);
    m.alloc().ceiling(0);
}

TEST_CASE("ALC-042: mkiocb makes an M_IOCTL with command, credential and a fresh id, the rest zero") {
    Messages m;
    m.alloc().fail_nth(1);
    CHECK(mkiocb(7) == nullptr);
    mblk_t *a = mkiocb(7), *b = mkiocb(8);
    auto *ioc = reinterpret_cast<iocblk *>(a->b_rptr);
    CHECK(a->b_datap->db_type == M_IOCTL);
    CHECK(block_length(a) == sizeof(iocblk));
    CHECK(ioc->ioc_cmd == 7);
    CHECK(ioc->ioc_cr == &m.f.system.kernel_cred);
    CHECK(ioc->ioc_count == 0);
    CHECK(ioc->ioc_rval == 0);
    CHECK(ioc->ioc_id != reinterpret_cast<iocblk *>(b->b_rptr)->ioc_id);
    freeb(a);
    freeb(b);
}

TEST_CASE("MSG-088, MSG-089: linkb appends, unlinkb cuts the first block off") {
    Messages m;
    mblk_t *mp = m.text("a");
    CHECK(unlinkb(mp) == nullptr);
    linkb(mp, m.chain({{"b", M_DATA}, {"c", M_DATA}}));
    CHECK(shown(mp) == "a|b|c");
    mblk_t *rest = unlinkb(mp);
    CHECK(shown(rest) == "b|c");
    CHECK(mp->b_cont == nullptr);
    freemsg(mp);
    freemsg(rest);
}

TEST_CASE("MSG-090, MSG-091: rmvb returns the new head, NULL for an empty message, -1 for a stranger") {
    Messages m;
    mblk_t *mp = m.chain({{"a", M_DATA}, {"b", M_DATA}, {"c", M_DATA}}), *stranger = m.text("x");
    mblk_t *b = mp->b_cont;
    CHECK(rmvb(mp, stranger) == reinterpret_cast<mblk_t *>(-1));
    CHECK(rmvb(mp, b) == mp);
    CHECK(b->b_cont == nullptr);
    CHECK(shown(mp) == "a|c");
    mblk_t *c = mp->b_cont;
    CHECK(rmvb(mp, mp) == c);
    CHECK(rmvb(c, c) == nullptr);
    for (mblk_t *bp : {mp, b, c, stranger}) freeb(bp);
}

TEST_CASE("MSG-093, MSG-094: adjmsg beyond the leading run of one type fails and changes nothing") {
    Messages m;
    mblk_t *mp = m.chain({{"1234", M_PROTO}, {"abcdefghij", M_DATA}});
    CHECK(adjmsg(mp, 5) == 0);
    CHECK(adjmsg(mp, -5) == 0);
    CHECK(shown(mp) == "1234|abcdefghij");
    CHECK(adjmsg(mp, -4) == 1);
    CHECK(shown(mp) == "|abcdefghij");
    freemsg(mp);
}

TEST_CASE("MSG-092, MSG-095, MSG-096, MSG-097 [irix] [svr4]: adjmsg trims head or tail and keeps emptied blocks") {
    Messages m;
    mblk_t *mp = m.chain({{"hello", M_DATA}, {"world", M_DATA}});
    CHECK(adjmsg(mp, 0) == 1);
    CHECK(adjmsg(mp, 7) == 1);
    CHECK(shown(mp) == "|rld");
    freemsg(mp);
    mp = m.chain({{"hello", M_DATA}, {"world", M_DATA}});
    CHECK(adjmsg(mp, -7) == 1);
    CHECK(shown(mp) == "hel|");
    CHECK(adjmsg(mp, static_cast<ssize_t>(msgdsize(mp))) == 1);
    CHECK(msgdsize(mp) == 0);
    freemsg(mp);
}

TEST_CASE("MSG-096 [solaris]: adjmsg frees emptied blocks but the first") {
    Messages m("solaris");
    mblk_t *mp = m.chain({{"abc", M_DATA}, {"def", M_DATA}, {"ghi", M_DATA}});
    CHECK(adjmsg(mp, 7) == 1);
    CHECK(shown(mp) == "|hi");
    freemsg(mp);
    mp = m.chain({{"abc", M_DATA}, {"def", M_DATA}, {"ghi", M_DATA}});
    CHECK(adjmsg(mp, -7) == 1);
    CHECK(shown(mp) == "ab");
    freemsg(mp);
}

TEST_CASE("MSG-101, MSG-099: pullupmsg beyond the like-typed run, or refused, fails and changes nothing") {
    Messages m;
    mblk_t *mp = m.chain({{"1234", M_PROTO}, {"abcdefghij", M_DATA}});
    CHECK(pullupmsg(mp, 5) == 0);
    CHECK(pullupmsg(mp, -2) == 0);
    freemsg(mp);
    mp = m.chain({{"1234", M_DATA}, {"5678", M_DATA}});
    m.alloc().fail_nth(1);
    CHECK(pullupmsg(mp, -1) == 0);
    CHECK(shown(mp) == "1234|5678");
    freemsg(mp);
}

TEST_CASE("MSG-099, MSG-100, MSG-102, MSG-103: pullupmsg makes bytes contiguous under the same mblk") {
    Messages m;
    mblk_t *mp = m.chain({{"1234", M_DATA}, {"5678", M_DATA}, {"90ab", M_DATA}});
    mp->b_band = 2;
    CHECK(pullupmsg(mp, 10) == 1);
    CHECK(shown(mp) == "1234567890|ab");
    CHECK(mp->b_band == 2);
    CHECK(pullupmsg(mp, -1) == 1);
    CHECK(shown(mp) == "1234567890ab");
    CHECK(mp->b_cont == nullptr);
    ++mp->b_rptr;
    CHECK(pullupmsg(mp, 3) == 1);
    CHECK(reinterpret_cast<std::uintptr_t>(mp->b_rptr) % sizeof(long) == 0);
    CHECK(shown(mp) == "234|567890ab");
    freemsg(mp);
}

TEST_CASE("MSG-102, ALC-012: pullupmsg of shared and caller-owned data releases each once") {
    Messages m;
    freed = 0;
    unsigned char buffer[4] = {'a', 'b', 'c', 'd'};
    frtn_t frtn{count_free, nullptr};
    mblk_t *mp = esballoc(buffer, 4, BPRI_MED, &frtn);
    mp->b_wptr += 4;
    linkb(mp, m.text("efgh"));
    mblk_t *dup = dupmsg(mp);
    CHECK(pullupmsg(mp, -1) == 1);
    CHECK(shown(mp) == "abcdefgh");
    CHECK(freed == 0);
    mblk_t *again = dupb(mp);
    freemsg(mp);
    CHECK(shown(again) == "abcdefgh");
    freeb(again);
    freemsg(dup);
    CHECK(freed == 1);
}

TEST_CASE("MSG-105, MSG-106, MSG-108: msgpullup makes a new message and leaves the original alone") {
    Messages m;
    mblk_t *mp = m.chain({{"ab", M_PROTO}, {"cd", M_PROTO}, {"data", M_DATA}});
    CHECK(msgpullup(mp, 5) == nullptr);
    for (long n : {1, 2}) {
        m.alloc().fail_nth(n);
        CHECK(msgpullup(mp, 3) == nullptr);
    }
    mblk_t *pulled = msgpullup(mp, 3);
    CHECK(shown(pulled) == "abcd|data");
    CHECK(shown(mp) == "ab|cd|data");
    CHECK(pulled->b_datap->db_type == M_PROTO);
    CHECK(pulled->b_cont->b_datap == mp->b_cont->b_cont->b_datap);
    freemsg(pulled);
    pulled = msgpullup(mp, -1);
    freemsg(mp);
    CHECK(shown(pulled) == "abcd|data");
    freemsg(pulled);
}

TEST_CASE("MSG-109, MSG-110: msgdsize sums M_DATA, msgsize all blocks, xmsgsize the leading run") {
    Messages m;
    mblk_t *mp = m.chain({{"1234", M_PROTO}, {"0123456789", M_DATA}, {"abc", M_DATA}});
    CHECK(msgdsize(mp) == 13);
    CHECK(msgsize(mp) == 17);
    CHECK(xmsgsize(mp) == 4);
    CHECK(message_bytes(mp) == 17);
    freemsg(mp);
}

TEST_CASE("MSG-111, MSG-113, MSG-114, MSG-115: datamsg, pcmsg, queclass, bpsize") {
    Messages m;
    for (int type = 0; type < 256; ++type) {
        CHECK(datamsg(type) == (type == M_DATA || type == M_PROTO || type == M_PCPROTO || type == M_DELAY));
        CHECK(pcmsg(type) == (type >= 0x80));
    }
    mblk_t *mp = m.text("x", M_PCPROTO);
    CHECK(queclass(mp) == QPCTL);
    CHECK(bpsize(mp) >= 1);
    CHECK(std::string(type_name(M_PCPROTO)) == "M_PCPROTO");
    freeb(mp);
}

#if RILL_CHECKING
TEST_CASE("MSG-009: a block written beyond db_lim is a fault when it is freed") {
    Messages m;
    mblk_t *mp = allocb(8, BPRI_MED);
    mp->b_wptr = mp->b_datap->db_lim + 1;
    freeb(mp);
    CHECK(m.f.took_fault("MSG-009") == 1);
}
#endif
