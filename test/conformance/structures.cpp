// The structures and constants that drivers are compiled against (clauses/03 sections 1.1 to 1.4, headers).
#include "test/harness.hpp"

#include <sys/ddi.h>

using namespace rill;
using namespace rill::test;

namespace {

// Offsets in the order the fields are documented.
template <std::size_t n> bool rising(const std::size_t (&offsets)[n]) {
    for (std::size_t i = 1; i < n; ++i)
        if (offsets[i - 1] >= offsets[i]) return false;
    return offsets[0] == 0;
}
#define AT(type, field) offsetof(struct type, field)

} // namespace

TEST_SUITE_BEGIN("structures");

TEST_CASE("MSG-001 MSG-002: msgb begins with its documented fields in order") {
    CHECK(rising({AT(msgb, b_next), AT(msgb, b_prev), AT(msgb, b_cont), AT(msgb, b_rptr), AT(msgb, b_wptr),
                  AT(msgb, b_datap), AT(msgb, b_band), AT(msgb, b_pad1), AT(msgb, b_flag)}));
    CHECK(std::is_same_v<decltype(mblk_t::b_band), unsigned char>);
    CHECK(std::is_same_v<decltype(mblk_t::b_flag), unsigned short>);
    CHECK(AT(msgb, b_pad1) == AT(msgb, b_band) + 1);
    CHECK(AT(msgb, b_flag) == AT(msgb, b_band) + 2);
}

TEST_CASE("MSG-006 MSG-007 MSG-008 MSG-010 MSG-011: datab begins with db_frtnp, db_base, db_lim, db_ref, db_type") {
    CHECK(rising({AT(datab, db_frtnp), AT(datab, db_base), AT(datab, db_lim), AT(datab, db_ref), AT(datab, db_type)}));
    CHECK(AT(datab, db_freep) == AT(datab, db_frtnp));
    CHECK(std::is_same_v<decltype(dblk_t::db_ref), unsigned char>);
    CHECK(std::is_same_v<decltype(dblk_t::db_type), unsigned char>);
}

TEST_CASE("MSG-013: free_rtn has two fields, function and argument") {
    static char argument;
    frtn_t routine = {[](char *) {}, &argument};
    CHECK(routine.free_arg == &argument);
    CHECK(sizeof(frtn_t) == 2 * sizeof(void *));
}

TEST_CASE("MSG-014 MSG-015: b_flag values") {
    CHECK(MSGMARK == 0x01);
    CHECK(MSGNOLOOP == 0x02);
    CHECK(MSGDELIM == 0x04);
    CHECK(MSGNOGET == 0x08);
}

TEST_CASE("QUE-001 QUE-003: queue begins with its documented fields in order") {
    CHECK(rising({AT(queue, q_qinfo), AT(queue, q_first), AT(queue, q_last), AT(queue, q_next), AT(queue, q_link),
                  AT(queue, q_ptr), AT(queue, q_count), AT(queue, q_flag), AT(queue, q_minpsz), AT(queue, q_maxpsz),
                  AT(queue, q_hiwat), AT(queue, q_lowat), AT(queue, q_bandp), AT(queue, q_nband)}));
}

TEST_CASE("QUE-009 QUE-036 QUE-037: queue and band flags, number of bands") {
    CHECK(QENAB == 0x01);
    CHECK(QWANTR == 0x02);
    CHECK(QWANTW == 0x04);
    CHECK(QFULL == 0x08);
    CHECK(QREADR == 0x10);
    CHECK(QUSE == 0x20);
    CHECK(QNOENB == 0x40);
    CHECK(QB_FULL == 0x01);
    CHECK(QB_WANTW == 0x02);
    CHECK(QB_BACK == 0x04);
    CHECK(NBAND == 256);
}

TEST_CASE("QUE-015 QUE-016 QUE-018: qinit has seven members in order") {
    CHECK(rising({AT(qinit, qi_putp), AT(qinit, qi_srvp), AT(qinit, qi_qopen), AT(qinit, qi_qclose), AT(qinit, qi_qadmin),
                  AT(qinit, qi_minfo), AT(qinit, qi_mstat)}));
    CHECK(std::is_same_v<decltype(qinit::qi_qopen), int (*)(queue_t *, dev_t *, int, int, cred_t *)>);
    CHECK(std::is_same_v<decltype(qinit::qi_qclose), int (*)(queue_t *, int, cred_t *)>);
    CHECK(std::is_same_v<decltype(qinit::qi_putp), int (*)(queue_t *, mblk_t *)>);
    CHECK(std::is_same_v<decltype(qinit::qi_srvp), int (*)(queue_t *)>);
}

TEST_CASE("QUE-024 QUE-025 QUE-026: module_info, its order, name length and signs") {
    CHECK(rising({AT(module_info, mi_idnum), AT(module_info, mi_idname), AT(module_info, mi_minpsz),
                  AT(module_info, mi_maxpsz), AT(module_info, mi_hiwat), AT(module_info, mi_lowat)}));
    CHECK(std::is_same_v<decltype(module_info::mi_idnum), unsigned short>);
    CHECK(std::is_signed_v<decltype(module_info::mi_minpsz)>);
    CHECK(std::is_signed_v<decltype(module_info::mi_maxpsz)>);
    CHECK(std::is_unsigned_v<decltype(module_info::mi_hiwat)>);
    CHECK(std::is_unsigned_v<decltype(module_info::mi_lowat)>);
    CHECK(FMNAMESZ == 8);
}

TEST_CASE("QUE-025: a module name of nine characters is refused") {
    Fixture f;
    Probe &probe = f.loose("ninechars", Probe::Sort::module);
    CHECK(outcome(rill_module_add(handle(f.system), "ninechars", &probe.tab, D_NEW)) == -EINVAL);
    CHECK(outcome(rill_module_add(handle(f.system), "eight888", &probe.tab, D_NEW)) == 0);
}

TEST_CASE("QUE-029 QUE-031 QUE-035: module_stat, streamtab and qband in order") {
    CHECK(rising({AT(module_stat, ms_pcnt), AT(module_stat, ms_scnt), AT(module_stat, ms_ocnt), AT(module_stat, ms_ccnt),
                  AT(module_stat, ms_acnt), AT(module_stat, ms_xptr), AT(module_stat, ms_xsize)}));
    CHECK(rising({AT(streamtab, st_rdinit), AT(streamtab, st_wrinit), AT(streamtab, st_muxrinit),
                  AT(streamtab, st_muxwinit)}));
    CHECK(rising({AT(qband, qb_next), AT(qband, qb_count), AT(qband, qb_first), AT(qband, qb_last), AT(qband, qb_hiwat),
                  AT(qband, qb_lowat), AT(qband, qb_flag)}));
}

TEST_CASE("MSG-018 MSG-020: iocblk in the SVR4 order, ioc_uid and ioc_gid over ioc_cr") {
    CHECK(rising({AT(iocblk, ioc_cmd), AT(iocblk, ioc_cr), AT(iocblk, ioc_id), AT(iocblk, ioc_count),
                  AT(iocblk, ioc_error), AT(iocblk, ioc_rval)}));
    cred_t cred{};
    cred.cr_uid = 7;
    cred.cr_gid = 8;
    iocblk command{};
    command.ioc_cr = &cred;
    CHECK(command.ioc_uid == 7);
    CHECK(command.ioc_gid == 8);
}

TEST_CASE("MSG-022 MSG-023: TRANSPARENT compares equal for every width that a driver stores ioc_count in") {
    iocblk command{};
    command.ioc_count = TRANSPARENT;
    CHECK(command.ioc_count == TRANSPARENT);
    CHECK(static_cast<unsigned long>(command.ioc_count) == 0xfffffffful);
    int as_int = static_cast<int>(command.ioc_count);
    CHECK(static_cast<unsigned>(as_int) == TRANSPARENT);
    std::size_t as_size = command.ioc_count;
    CHECK(as_size == TRANSPARENT);
}

TEST_CASE("MSG-024 MSG-025 MSG-026 MSG-027: copyreq and copyresp in order, with what they share in the same place") {
    CHECK(rising({AT(copyreq, cq_cmd), AT(copyreq, cq_cr), AT(copyreq, cq_id), AT(copyreq, cq_addr), AT(copyreq, cq_size),
                  AT(copyreq, cq_flag), AT(copyreq, cq_private)}));
    CHECK(rising({AT(copyresp, cp_cmd), AT(copyresp, cp_cr), AT(copyresp, cp_id), AT(copyresp, cp_rval),
                  AT(copyresp, cp_pad1), AT(copyresp, cp_pad2), AT(copyresp, cp_private)}));
    CHECK(AT(copyreq, cq_cmd) == AT(iocblk, ioc_cmd));
    CHECK(AT(copyreq, cq_cr) == AT(iocblk, ioc_cr));
    CHECK(AT(copyreq, cq_id) == AT(iocblk, ioc_id));
    CHECK(AT(copyresp, cp_cmd) == AT(iocblk, ioc_cmd));
    CHECK(AT(copyresp, cp_cr) == AT(iocblk, ioc_cr));
    CHECK(AT(copyresp, cp_id) == AT(iocblk, ioc_id));
    CHECK(AT(copyreq, cq_private) == AT(copyresp, cp_private));
    CHECK(sizeof(copyresp::cp_rval) == sizeof(char *));
}

TEST_CASE("MSG-028: union ioctypes holds all three, and an M_IOCTL's buffer has room for it") {
    CHECK(sizeof(union ioctypes) >= sizeof(iocblk));
    CHECK(sizeof(union ioctypes) >= sizeof(copyreq));
    CHECK(sizeof(union ioctypes) >= sizeof(copyresp));
    Fixture f;
    Probe &echo = f.driver("echo", 61);
    f.node("/dev/echo", f.clone(61));
    std::size_t room = 0;
    echo.on_wput = [&](queue_t *q, mblk_t *mp) {
        if (mp->b_datap->db_type == M_IOCTL) room = static_cast<std::size_t>(mp->b_datap->db_lim - mp->b_datap->db_base);
        echo.standard_put(q, mp);
    };
    int fd = f.open("/dev/echo");
    strioctl command{.ic_cmd = 'x' << 8, .ic_timout = 0, .ic_len = 0, .ic_dp = nullptr};
    CHECK(f.ioctl(fd, I_STR, &command) == -EINVAL);
    CHECK(room >= sizeof(union ioctypes));
}

TEST_CASE("MSG-032 MSG-036: linkblk and stroptions in order") {
    CHECK(rising({AT(linkblk, l_qtop), AT(linkblk, l_qbot), AT(linkblk, l_index)}));
    CHECK(std::is_same_v<decltype(linkblk::l_index), int>);
    CHECK(rising({AT(stroptions, so_flags), AT(stroptions, so_readopt), AT(stroptions, so_wroff), AT(stroptions, so_minpsz),
                  AT(stroptions, so_maxpsz), AT(stroptions, so_hiwat), AT(stroptions, so_lowat), AT(stroptions, so_band)}));
    CHECK(std::is_same_v<decltype(stroptions::so_readopt), short>);
    CHECK(std::is_same_v<decltype(stroptions::so_wroff), unsigned short>);
    CHECK(std::is_same_v<decltype(stroptions::so_band), unsigned char>);
}

TEST_CASE("MSG-038 MSG-039 MSG-040: stroptions flags") {
    const int flags[] = {SO_READOPT, SO_WROFF, SO_MINPSZ, SO_MAXPSZ, SO_HIWAT, SO_LOWAT, SO_MREADON, SO_MREADOFF, SO_NDELON,
                         SO_NDELOFF, SO_ISTTY, SO_ISNTTY, SO_TOSTOP, SO_TONSTOP, SO_BAND, SO_DELIM, SO_NODELIM, SO_STRHOLD};
    for (unsigned i = 0; i < std::size(flags); ++i) CHECK(flags[i] == 1 << i);
    CHECK(SO_ALL == 0x3f);
}

TEST_CASE("MSG-042 MSG-043 MSG-045 MSG-046 MSG-047 MSG-048: constants") {
    CHECK(MODOPEN == 1);
    CHECK(CLONEOPEN == 2);
    CHECK(OPENFAIL == -1);
    CHECK(BPRI_LO == 1);
    CHECK(BPRI_MED == 2);
    CHECK(BPRI_HI == 3);
    CHECK(INFPSZ == -1);
    CHECK(STRHIGH == 5120);
    CHECK(STRLOW == 1024);
    CHECK(FLUSHDATA == 0);
    CHECK(FLUSHALL == 1);
    CHECK(QNORM == 0);
    CHECK(QPCTL == 0x80);
    CHECK(NOERROR == 0xff);
}

TEST_CASE("MSG-049 MSG-050: qfields in order") {
    const qfields_t fields[] = {QHIWAT, QLOWAT, QMAXPSZ, QMINPSZ, QCOUNT, QFIRST, QLAST, QFLAG, QBAD};
    for (unsigned i = 0; i < std::size(fields); ++i) CHECK(static_cast<unsigned>(fields[i]) == i);
}

TEST_CASE("MSG-051: a type is high priority exactly from 0x80 on") {
    Fixture f;
    Enter scope(f.system);
    mblk_t *mp = allocb(4, BPRI_MED);
    REQUIRE(mp);
    for (int type = 0; type < 256; ++type) {
        mp->b_datap->db_type = static_cast<unsigned char>(type);
        CHECK(queclass(mp) == (type >= 0x80 ? QPCTL : QNORM));
    }
    freeb(mp);
}

TEST_CASE("MSG-057: M_DELAY counts as a data message, M_CTL does not") {
    CHECK(datamsg(M_DATA));
    CHECK(datamsg(M_PROTO));
    CHECK(datamsg(M_PCPROTO));
    CHECK(datamsg(M_DELAY));
    CHECK_FALSE(datamsg(M_CTL));
    CHECK_FALSE(datamsg(M_IOCTL));
}

TEST_SUITE_END();
