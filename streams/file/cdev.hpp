// Character drivers that are not STREAMS: a cdevsw row with entry points and no streamtab. A missing entry point answers
// ENODEV (DEV-022).
#pragma once

#include "streams/file/registry.hpp"

struct uio;

namespace rill {

struct File;
class Process;

int character_open(System &system, Driver &driver, dev_t *dev, int flag, cred_t &cred);
int character_close(System &system, Driver &driver, dev_t dev, int flag, cred_t &cred);
int character_read(System &system, Driver &driver, dev_t dev, char *base, size_t *count, cred_t &cred, bool writing);
int character_ioctl(System &system, Driver &driver, dev_t dev, int command, void *argument, int mode, cred_t &cred, int *rval);

} // namespace rill
