// Who reads strlog(D3): the log driver, once for each kind of message it has a reader for.
#pragma once

#include <vector>
#include <sys/strlog.h>

namespace rill {

struct LogReader {
    unsigned short flags;
    rill_log_reader_t function;
    void *argument;
};

} // namespace rill
