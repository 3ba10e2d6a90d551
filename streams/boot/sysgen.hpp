// Boots a System from a configuration directory, as lboot and the kernel's start-up did.
#pragma once

#include <string>

namespace rill {
class System;
}

namespace rill::sysgen {

// 0 or an errno. On failure the System is as it was, and *error (which may be nullptr) says why, a line for each thing
// that is wrong: "master.d/foo:3:12: expected a number of devices, found 'x'".
//   ENOENT, ENOTDIR, EACCES  the directory or one of its parts cannot be read
//   EINVAL                   its contents are wrong
//   ENOEXEC                  an object cannot be loaded, or a master file's C text not compiled
//   EBUSY                    the System has drivers or modules already (other than the clone driver it was born with)
//   ENOSPC, ENOMEM           the switch tables, or memory, are full
int boot(System &system, const std::string &directory, std::string *error);

} // namespace rill::sysgen
