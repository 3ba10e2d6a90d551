#include "streams/base/profile.hpp"
#include "streams/base/kernel.hpp"

#include <iterator>
#include <sys/profile.h>

namespace rill {

namespace {

constexpr Profile rows[] = {
    {.name = "irix",
     .clone_major = 10,
     .major_max = 511,
     .insq_hipri_schedules = true},
    {.name = "svr4",
     .clone_major = 63,
     .master_has_vec_ipl = true,
     .major_max = 0x3fff,
     .list_short_einval = true,
     .link_waits_forever = true,
     .pipe_hangup_enxio = true},
    {.name = "solaris",
     .clone_major = 11,
     .major_max = 0x3fff,
     .clone_compares_external = true,
     .one_kind_of_major = true,
     .write_hangup_eio = true,
     .push_passes_errno = true,
     .close_signal_ignored = true,
     .poll_error_by_side = true,
     .pollwrband_unused_bands = true,
     .peek_ignores_flags = true,
     .flush_zero_allowed = true,
     .atmark_illumos = true,
     .ckband_zero_any = true,
     .link_waits_forever = true,
     .read_zero_consumes = true,
     .getmsg_zero_returns = true,
     .memory_eagain = true,
     .fdinsert_empty_data = true,
     .full_clears_below_hiwat = true,
     .lowat_zero_any_removal = true,
     .insq_warns = true,
     .insq_bands_only = true,
     .adjmsg_frees_emptied = true,
     .count_blocks = true,
     .tstp_waits_for_reader = true,
     .hangup_sends_tstp = true,
     .has_unhangup = true,
     .names_below_pts_refused = true,
     .cmn_err_quiet = true,
     .strlog_always_one = true,
     .log_expands = true,
     .log_clones_itself = true,
     .log_einval = true,
     .log_many_loggers = true,
     .log_takes_writes = true,
     .log_takes_pri = true,
     .log_counts_unwanted = true,
     .log_keeps_console = true,
     .log_large_queue = true,
     .has_anchors = true,
     .autopush_unbounded = true},
};

// Where a row of the catalogue holds both answers, its id stands on both sides.
constexpr ProfilePoint points[] = {
    {"clone_major", "external major of the clone driver", &Profile::clone_major, "", "CLN-003", "", ""},
    {"master_has_vec_ipl", "columns of a master file", &Profile::master_has_vec_ipl, "without #VEC and IPL",
     "", "with #VEC and IPL", "CFG-045"},
    {"major_max", "highest external major that can be configured", &Profile::major_max, "", "DEV-006", "", ""},
    {"clone_compares_external", "clone's target answers with another of its majors", &Profile::clone_compares_external,
     "accepted", "CLN-074", "ENXIO", "CLN-074"},
    {"one_kind_of_major", "getmajor() of a driver with several external majors", &Profile::one_kind_of_major, "the internal one",
     "DEV-013 DEV-017", "the one that was opened", "DEV-040"},
    {"write_hangup_eio", "write on a hung-up stream", &Profile::write_hangup_eio, "ENXIO", "WR-050", "EIO", "WR-051"},
    {"push_passes_errno", "I_PUSH when the module's open fails", &Profile::push_passes_errno, "ENXIO", "IOC-025",
     "the module's errno", "IOC-024"},
    {"close_signal_ignored", "close, when a signal ends its wait", &Profile::close_signal_ignored, "EINTR",
     "CLS-010", "0", "CLS-009"},
    {"poll_error_by_side", "poll on a stream with a stored error", &Profile::poll_error_by_side, "POLLERR always", "POL-023",
     "POLLERR if its side is asked", "POL-024"},
    {"pollwrband_unused_bands", "POLLWRBAND on a queue that never used bands", &Profile::pollwrband_unused_bands, "clear",
     "POL-017", "set", "POL-029"},
    {"peek_ignores_flags", "I_PEEK with flags other than 0 or RS_HIPRI", &Profile::peek_ignores_flags, "EINVAL", "IOC-082",
     "taken as 0", "IOC-084"},
    {"flush_zero_allowed", "I_FLUSH with argument 0", &Profile::flush_zero_allowed, "EINVAL", "IOC-052", "M_FLUSH without bits",
     "IOC-052"},
    {"atmark_illumos", "I_ATMARK(0); I_ATMARK(ANYMARK|LASTMARK)", &Profile::atmark_illumos,
     "EINVAL; as ANYMARK", "IOC-205 IOC-206", "0; 0", "IOC-204 IOC-206"},
    {"ckband_zero_any", "I_CKBAND(0)", &Profile::ckband_zero_any, "a message of band 0", "IOC-207", "any message", "IOC-208"},
    {"list_short_einval", "I_LIST with an array too short", &Profile::list_short_einval, "as many names as fit", "IOC-045",
     "EINVAL", "IOC-046"},
    {"link_waits_forever", "a link request that nobody answers", &Profile::link_waits_forever, "ETIME after 15 s", "IOC-233",
     "waits", "IOC-238"},
    {"read_zero_consumes", "a read of no bytes", &Profile::read_zero_consumes, "takes nothing", "RD-009",
     "takes an empty message", "RD-010"},
    {"getmsg_zero_returns", "getmsg with both maxlens 0, nothing queued", &Profile::getmsg_zero_returns, "waits", "GM-034",
     "returns 0", "GM-035"},
    {"memory_eagain", "a non-blocking write or putmsg without memory", &Profile::memory_eagain, "waits", "WR-040 PM-059",
     "EAGAIN", "WR-041 PM-061"},
    {"fdinsert_empty_data", "I_FDINSERT with a data length of 0", &Profile::fdinsert_empty_data, "no data part", "IOC-187",
     "an empty M_DATA", "IOC-188"},
    {"pipe_hangup_enxio", "write and putmsg on a pipe without its other end", &Profile::pipe_hangup_enxio, "EPIPE, SIGPIPE",
     "WR-059 PM-057", "ENXIO", "WR-064"},
    {"full_clears_below_hiwat", "a queue stops being full", &Profile::full_clears_below_hiwat, "below the low mark", "FLW-011",
     "below the high mark", "FLW-012"},
    {"lowat_zero_any_removal", "back-enabling with a low mark of 0", &Profile::lowat_zero_any_removal, "when the queue is empty",
     "FLW-017", "at any removal", "FLW-017"},
    {"insq_hipri_schedules", "insq of a high-priority message enables", &Profile::insq_hipri_schedules,
     "if a reader waits", "SCH-023", "always", "SCH-035"},
    {"insq_warns", "a refused insq", &Profile::insq_warns, "is silent", "", "writes a warning", "QUE-054"},
    {"insq_bands_only", "insq of a normal message before a high-priority one", &Profile::insq_bands_only, "refused", "QUE-081",
     "accepted", "QUE-081"},
    {"adjmsg_frees_emptied", "inner blocks that adjmsg emptied", &Profile::adjmsg_frees_emptied, "stay", "MSG-096", "are freed",
     "MSG-096"},
    {"count_blocks", "as many blocks as the high mark", &Profile::count_blocks, "do not count", "", "make a queue full", "FLW-007"},
    {"tstp_waits_for_reader", "M_SIG with SIGTSTP on an empty queue", &Profile::tstp_waits_for_reader, "acts at once", "SIG-041",
     "is queued when no reader sleeps", "SIG-041 SIG-045"},
    {"hangup_sends_tstp", "M_HANGUP on a terminal whose foreground group is not the leader's", &Profile::hangup_sends_tstp,
     "SIGHUP to the leader", "ERR-023", "and SIGTSTP to that group", "ERR-023 ERR-024"},
    {"has_unhangup", "message type 0x92, M_UNHANGUP", &Profile::has_unhangup, "unknown: freed", "ERR-026 ERR-049",
     "undoes a hangup", "ERR-026 ERR-049"},
    {"bare_pipe_flush_as_sent", "I_FLUSH on a pipe without modules", &Profile::bare_pipe_flush_as_sent,
     "this end's for FLUSHR, the other's for FLUSHW", "PMD-006", "both ends' for FLUSHR, none for FLUSHW", "PMD-005"},
    {"names_below_pts_refused", "fattach to a path below /dev/pts", &Profile::names_below_pts_refused, "as any path", "", "ENOTSUP",
     "FAT-016"},
    {"cmn_err_quiet", "'?' before the text of cmn_err(CE_CONT)", &Profile::cmn_err_quiet, "is text", "UTL-100",
     "to the log only", "UTL-100"},
    {"strlog_always_one", "strlog of a message that a logger did not get, or that has none", &Profile::strlog_always_one, "0",
     "LOG-026 LOG-038 UTL-016", "1", "LOG-046"},
    {"log_expands", "text of a message of strlog", &Profile::log_expands, "the format, then the words", "LOG-022 LOG-043",
     "expanded, no words", "LOG-023"},
    {"log_clones_itself", "/dev/log", &Profile::log_clones_itself, "a clone node; full: EBUSY", "LOG-001 LOG-003",
     "a minor of log; full: ENXIO", "LOG-002 LOG-004"},
    {"log_einval", "I_TRCLOG without entries; an unknown command for log", &Profile::log_einval, "ENXIO; ENXIO", "LOG-012 LOG-014",
     "EINVAL; EINVAL", "LOG-013 LOG-014"},
    {"log_many_loggers", "a second logger of a kind", &Profile::log_many_loggers, "ENXIO", "LOG-016 LOG-017 LOG-052",
     "gets copies", "LOG-016 LOG-018"},
    {"log_takes_writes", "text written to /dev/log", &Profile::log_takes_writes, "is thrown away", "LOG-006",
     "is a console message", "LOG-006"},
    {"log_takes_pri", "priority of a process's log message", &Profile::log_takes_pri, "by its flags", "LOG-032", "as sent", "LOG-032"},
    {"log_counts_unwanted", "number of a trace message that no entry accepts", &Profile::log_counts_unwanted, "none", "LOG-044",
     "the next one", "LOG-044"},
    {"log_keeps_console", "console messages before there is a console logger", &Profile::log_keeps_console, "are not kept", "",
     "go to the first one", "LOG-047"},
    {"log_large_queue", "a logger's queue, full", &Profile::log_large_queue, "at 4096 bytes, silently", "",
     "at 1048576, told once", "LOG-048"},
    {"has_anchors", "SAD_SAP and SAD_GAP of version 1", &Profile::has_anchors, "unknown: EINVAL", "AUT-041",
     "have an anchor", "AUT-039 AUT-040 AUT-041"},
    {"autopush_unbounded", "SAD_SAP beyond the size of the table", &Profile::autopush_unbounded, "ENOSR", "AUT-034",
     "the table grows", "AUT-034"},
};

// A field added to the struct needs its row.
struct Any {
    template <class T> constexpr operator T() const;
};
template <class... A> constexpr std::size_t fields() {
    if constexpr (requires { Profile{A{}..., Any{}}; }) return fields<A..., Any>();
    else return sizeof...(A);
}
static_assert(fields<>() == std::size(points) + 1, "each field but the name has a row in `points`");
constexpr bool each_once() {
    for (std::size_t i = 0; i < std::size(points); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (points[i].value == points[j].value) return false;
    return true;
}
static_assert(each_once());

} // namespace

std::span<const Profile> profiles() {
    return rows;
}

std::span<const ProfilePoint> profile_points() {
    return points;
}

const Profile *find_profile(std::string_view name) {
    for (const Profile &p : rows)
        if (name == p.name) return &p;
    return nullptr;
}

} // namespace rill

extern "C" __attribute__((visibility("default"))) int profile_value(const char *field) {
    const rill::Profile &profile = rill::this_kernel().profile;
    for (const rill::ProfilePoint &point : rill::profile_points())
        if (std::string_view(point.field) == field) return std::visit([&](auto member) { return static_cast<int>(profile.*member); }, point.value);
    return -1;
}
