#include "streams/head/options.hpp"

#include <initializer_list>

namespace rill {

void HeadOptions::set_control_mode(int bits) {
    const int mode = bits & RPROTMASK;
    if (mode == RPROTNORM || mode == RPROTDAT || mode == RPROTDIS) control_mode = static_cast<unsigned char>(mode); // IOC-094, IOC-096
}

void HeadOptions::set_error_options(int bits) {
    for (const int side : {RERRMASK, WERRMASK})
        if (bits & side) error_options = static_cast<unsigned char>((error_options & ~side) | (bits & side));
}

void HeadOptions::set(const stroptions &o) {
    const unsigned f = o.so_flags;
    if (f & SO_READOPT) { // bad combinations are ignored (IOC-250)
        if ((o.so_readopt & RMODEMASK) != RMODEMASK) read_mode = static_cast<unsigned char>(o.so_readopt & RMODEMASK);
        set_control_mode(o.so_readopt);
        keep_hipri_on_flush = o.so_readopt & RFLUSHPCPROT;
    }
    if (f & SO_ERROPT) set_error_options(o.so_erropt); // IOC-259
    if (f & SO_WROFF) write_offset = o.so_wroff;
    auto option = [f](bool &value, unsigned on, unsigned off) { // the off bit wins (IOC-255)
        if (f & on) value = true;
        if (f & off) value = false;
    };
    option(mreadon, SO_MREADON, SO_MREADOFF);
    option(ndelon, SO_NDELON, SO_NDELOFF);
    option(tostop, SO_TOSTOP, SO_TONSTOP);
    option(delim, SO_DELIM, SO_NODELIM);
    option(istty, SO_ISTTY, SO_ISNTTY);
}

} // namespace rill
