#include "streams/profile.hpp"

namespace rill {

namespace {

constexpr Profile profiles[] = {
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
     .insq_bands_only = true,
     .adjmsg_frees_emptied = true,
     .count_blocks = true},
};

} // namespace

const Profile *find_profile(std::string_view name) {
    for (const Profile &p : profiles)
        if (name == p.name) return &p;
    return nullptr;
}

} // namespace rill
