// A name for a stream: fattach() lays it over a node, and until fdetach() whoever opens the path reaches the stream.
//
// A NameNode is what the path is meanwhile: a node with owner, permissions and times of its own, that begin as those of the
// node below (FAT-018). It refers to the file that was attached, so that the stream stays open (FAT-004), and is referred to by
// the files that are opened through it: with the last of them it goes, and its file with it (FAT-038).
#pragma once

#include "streams/file/file.hpp"

namespace rill {

struct NameNode : Node {
    File *file = nullptr;  // what was attached; nullptr: of a pipe that connld made for an opener
    Node *below = nullptr; // nullptr: detached
    NameNode *next = nullptr, **link = nullptr; // in its pipe's list
};

// The node that the path of this one leads to.
inline Node &top_of(Node &node) { return node.over ? *node.over : node; }
// By which the file was opened; nullptr: by no such name.
inline NameNode *name_of(const File &file) {
    return file.node && file.node->is_name ? static_cast<NameNode *>(file.node) : nullptr;
}
void detach_name(Process &process, NameNode &name, const char *clause);
void release_name(Process &process, NameNode &name);
void drop_names(System &system); // when it ends
void open_end(File &file, Stream &end);          // the file is open on a pipe's end or a FIFO
void leave_end(Process &process, File &file); // and not after all: its open fails
// The last reference of a file that is open there.
void close_end(Process &process, File &file);
void close_fifo(Process &process, File &file);

} // namespace rill
