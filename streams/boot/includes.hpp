// What the C text of a master file may include: headers of the DDI, and nothing else (CFG-086). The compiler would read any
// file that is named, wait for a FIFO, and quote in its complaints what stands there.
#pragma once

#include "streams/boot/master.hpp"

namespace rill::sysgen {

// Adds a problem at the place of each #include that names something else. Lines that are not compiled (#if 0) count too.
void check_includes(const Master &master, Problems &problems);

// The header of the DDI in which the name is a macro, as "sys/strsun.h"; empty when there is none.
std::string header_with_macro(const std::string &name);

} // namespace rill::sysgen
