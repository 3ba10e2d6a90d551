// How a stream's head reads, writes and reports, as I_SRDOPT, I_SWROPT, I_SERROPT and M_SETOPTS set it (OPN-021).
#pragma once

#include <sys/stream.h>
#include <sys/stropts.h>

namespace rill {

struct HeadOptions {
    unsigned char read_mode = RNORM;
    unsigned char control_mode = RPROTNORM;
    unsigned char write_options = 0;
    unsigned char error_options = RERRNORM | WERRNORM;
    unsigned short write_offset = 0;
    bool mreadon = false, ndelon = false, istty = false, tostop = false, delim = false;
    bool keep_hipri_on_flush = false; // RFLUSHPCPROT

    void set(const stroptions &o);       // all that is the head's; the queue's limits are not
    void set_control_mode(int bits);     // one of the RPROT modes; nothing when bits have none
    void set_error_options(int bits);    // of each side that bits name
};

} // namespace rill
