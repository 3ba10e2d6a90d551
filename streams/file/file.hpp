// A file is one open of something; a descriptor is a process's name for it. dup() shares the file; the last descriptor
// that goes, goes through its last close.
#pragma once

#include "streams/file/node.hpp"

#include <sys/file.h>

namespace rill {

class Process;
struct Transfer;

// Operations that an open gave the file itself (the designs of other systems do, clone/designs): calls on the file go to
// them, and neither vnode nor switch table is asked again. Each returns 0 or an errno and may sleep. A member that is
// missing answers EOPNOTSUPP; without poll the file is always ready.
struct FileOps {
    const char *name;
    int (*read)(Process &, File &, Transfer &) = nullptr;
    int (*write)(Process &, File &, Transfer &) = nullptr;
    int (*ioctl)(Process &, File &, int command, void *argument, int *rval) = nullptr;
    int (*poll)(Process &, File &, short events, short *revents) = nullptr;
    int (*fcntl)(Process &, File &, int command, long argument) = nullptr; // told of F_SETFL
    int (*stat)(Process &, File &, struct stat &) = nullptr;               // filled in as for any file; may be changed
    int (*close)(Process &, File &) = nullptr;                             // the last close; the device is still held
};

struct PassedFile; // head

struct File {
    int refs = 1;          // descriptors, and calls and messages that carry it; 0 while its open is on its way
    int passed = 0;        // of these, messages
    int by_names = 0;      // and names that are detached: what was opened through them holds them
    PassedFile *messages = nullptr;
    int flags = 0;         // FREAD, FWRITE, FNDELAY, FNONBLOCK, FAPPEND
    int status = 0;        // the O_ flags as fcntl(F_GETFL) shows them
    Special *special = nullptr;
    Node *node = nullptr;  // the name it was opened by: a NameNode where that is fattach's; nullptr when the device is not that
                           // node's (a clone)
    Stream *stream = nullptr;
    File *next_of_stream = nullptr, **link_of_stream = nullptr; // the files that are open on it
    bool pipe = false;     // or a FIFO
    bool held = false;     // head/passed, while it looks for circles
    bool noted = false;    // head/passed has it in a list, and is told when it goes
    const FileOps *ops = nullptr;
    void *data = nullptr;  // theirs

    bool readable() const { return flags & FREAD; }
    bool writable() const { return flags & FWRITE; }
    bool no_wait() const { return flags & (FNDELAY | FNONBLOCK); }
};

// open(2) flags in kernel form; the create flag is not among them (CLN-019).
int kernel_flags(int oflag);
// A file's flags as a driver's open and close see them.
inline int driver_flags(int flags) {
    // The host has one bit for O_NDELAY and O_NONBLOCK; a driver may look for either.
    return (flags & FNONBLOCK) ? flags | FNDELAY : flags;
}

} // namespace rill
