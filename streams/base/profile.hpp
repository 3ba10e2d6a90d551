// Which system we are today. A profile is data: where the documented systems differ, code asks one of these fields and
// nothing else. `irix` is the default; the clause beside a field says what hangs on it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <variant>

namespace rill {

struct Profile {
    const char *name;
    unsigned clone_major;           // CLN-002, CLN-003
    bool master_has_vec_ipl;        // master files have the columns #VEC and IPL (CFG-045)
    unsigned major_max;             // highest external major a driver may be configured at (DEV-006)
    bool clone_compares_external;   // another external major of the same driver is refused (CLN-074)
    bool one_kind_of_major;         // getmajor() gives the number that users see (DEV-040)
    bool write_hangup_eio;          // write on a hung-up stream: EIO instead of ENXIO (WR-051)
    bool push_passes_errno;         // I_PUSH reports the module's own errno instead of ENXIO (IOC-024, IOC-025)
    bool close_signal_ignored;      // an interrupted drain still returns 0 (CLS-009, CLS-010)
    bool poll_error_by_side;        // POL-024 instead of POL-023
    bool pollwrband_unused_bands;   // POL-029 instead of POL-017
    bool peek_ignores_flags;        // IOC-084 instead of IOC-082
    bool flush_zero_allowed;        // IOC-052 [alt]
    bool atmark_illumos;            // IOC-204, IOC-206 [alt] instead of IOC-205, IOC-206
    bool ckband_zero_any;           // IOC-208 instead of IOC-207
    bool list_short_einval;         // IOC-046 instead of IOC-045
    bool link_waits_forever;        // IOC-238 instead of IOC-233
    bool read_zero_consumes;        // RD-010 instead of RD-009
    bool getmsg_zero_returns;       // GM-035 instead of GM-034
    bool memory_eagain;             // WR-041, PM-061 instead of WR-040, PM-059
    bool fdinsert_empty_data;       // IOC-188 instead of IOC-187
    bool pipe_hangup_enxio;         // WR-064 instead of WR-059, PM-057
    bool full_clears_below_hiwat;   // FLW-012 instead of FLW-011
    bool lowat_zero_any_removal;    // FLW-017: with a low-water mark of 0 any removal back-enables
    bool insq_hipri_schedules;      // SCH-035 instead of SCH-023
    bool insq_warns;                // a refused insq writes a warning (QUE-054)
    bool insq_bands_only;           // QUE-081: Solaris compares bands only
    bool adjmsg_frees_emptied;      // MSG-096: inner blocks that become empty are freed
    bool count_blocks;              // FLW-007: as many blocks as hiwat make a queue full
    bool tstp_waits_for_reader;     // SIG-045: M_SIG with SIGTSTP is queued while nobody reads
    bool hangup_sends_tstp;         // ERR-024: M_HANGUP stops a foreground group that is not the leader's
    bool has_unhangup;              // ERR-026: there is an M_UNHANGUP
    bool bare_pipe_flush_as_sent;   // PMD-005 instead of PMD-006
    bool names_below_pts_refused;   // FAT-016: no name below /dev/pts
    bool cmn_err_quiet;             // UTL-100: '?' before a CE_CONT message keeps it off the console
    bool strlog_always_one;         // LOG-046 instead of LOG-026, UTL-016
    bool log_expands;               // LOG-023 instead of LOG-022
    bool log_clones_itself;         // LOG-002, LOG-004 instead of LOG-001, LOG-003
    bool log_einval;                // LOG-013, LOG-014 [alt] instead of LOG-012, LOG-014
    bool log_many_loggers;          // LOG-018, LOG-016 [alt] instead of LOG-017, LOG-052
    bool log_takes_writes;          // LOG-006: text written to /dev/log, too
    bool log_takes_pri;             // LOG-032: a process's message keeps its priority
    bool log_counts_unwanted;       // LOG-044 [alt]
    bool log_keeps_console;         // LOG-047
    bool log_large_queue;           // LOG-048
    bool has_anchors;               // AUT-039 to AUT-041: an autopush entry may have an anchor
    bool autopush_unbounded;        // AUT-034: the autopush table has no size
};

// "irix", "svr4", "solaris"; nullptr for any other name.
const Profile *find_profile(std::string_view name);
std::span<const Profile> profiles();

// A field in words. A clause stands on the side whose answer it asks for; one that speaks of both answers on both sides.
struct ProfilePoint {
    const char *field, *question;
    std::variant<bool Profile::*, unsigned Profile::*> value;
    const char *no, *no_clauses;   // what false means; for a number: its unit, and the clauses
    const char *yes, *yes_clauses; // what true means
};
// One for each field but the name, in the order of the fields.
std::span<const ProfilePoint> profile_points();

} // namespace rill
