// A link: one stream, the lower, is joined under the driver at the end of another, the upper. The relation of two equal
// streams, so it has its own file.
#pragma once

namespace rill {

class Process;
class Stream;
struct File;

int link_stream(Process &process, File &file, Stream &upper, int lower_fd, bool persistent, int *id);
int unlink_stream(Process &process, Stream &upper, int id, bool persistent);
// Last close of the upper stream: its ordinary links go, whatever the driver answers (CLS-003, CLS-004).
void unlink_all_on_close(Process &process, Stream &upper);

} // namespace rill
