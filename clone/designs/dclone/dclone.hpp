// The d_clone proposal and OpenBSD's clones: the instance comes from spec_open, as a vnode with a number of its own.
//
// The proposal: the driver's d_clone makes an instance and answers with its minor; spec_open goes on with a fresh vnode
// of that number. OpenBSD: a driver sets a flag, and spec_open numbers the clones from a bitmap on the parent's vnode.
// Which of these a System does is a variant; all drivers in it then work that way.
#pragma once

#include "streams/system.hpp"

namespace rill::designs {

struct DcloneVariant {
    const char *name;
    bool fresh_vnode = true;     // false: the node's own vnode takes the number of the last clone     DCLONE-006, DCLONE-008
    bool bitmap = false;         // drivers ask by D_CLONE, specfs numbers; false: drivers have d_clone  DCLONE-001, DCLONE-020
    unsigned number_shift = 0;   // clone number in the minor above this many bits of the node's own    DCLONE-025
    bool fstat_refuses = false;  // fstat of a clone is EBADF                                           DCLONE-022
};

extern const DcloneVariant dclone_proposal;     // the default
extern const DcloneVariant dclone_naive;        // the proposal without its open point
extern const DcloneVariant dclone_openbsd_2007; // number = minor
extern const DcloneVariant dclone_openbsd;      // later: number above 8 bits of the node's minor

void set_variant(System &system, const DcloneVariant &variant); // while no file is open
void limit_clones(System &system, major_t major, unsigned count); // of one node, where specfs numbers them; at most 1023

} // namespace rill::designs
