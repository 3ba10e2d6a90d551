// The d_clone proposal and OpenBSD's clones: the instance comes from spec_open, as a vnode with a number of its own.
//
// The proposal: the driver's d_clone makes an instance and answers with its minor; spec_open goes on with a fresh vnode
// of that number. OpenBSD: a driver sets a flag, and spec_open numbers the clones from a bitmap on the parent's vnode.
// Which of these a System does is its generation; all drivers in it then work that way.
#pragma once

#include "clone/designs/design.hpp"

namespace rill::designs {

extern const Generation dclone_proposal;     // the default
extern const Generation dclone_naive;        // the proposal without its open point: the node's own vnode takes the number of the last clone
extern const Generation dclone_openbsd_2007; // number = minor; fstat of a clone is EBADF
extern const Generation dclone_openbsd;      // later: number above 8 bits of the node's minor

void limit_clones(System &system, major_t major, unsigned count); // of one node, where specfs numbers them; at most 1023

} // namespace rill::designs
