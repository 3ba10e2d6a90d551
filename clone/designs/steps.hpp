// The steps of an open, in the words in which the designs are compared (CMP-010): LOOKUP, MISS, HANDLER, PICK, NODE+,
// NODE-, VNODE_SWAP, FD_ALLOC, FD_ABORT, FD_MOVE, DRV_CREATE, DRV_OPEN, DRV_CLOSE, DRV_DESTROY, RELEASE.
//
// Steps reads the trace. What the framework records for every open (rungs, minors, nodes, driver procedures) is put into
// these words here; what a design does beyond that, it records itself by the events of Kind::step.
#pragma once

#include "streams/base/trace.hpp"

#include <string>
#include <vector>

namespace rill::designs {

// clang-format off
enum class Word : unsigned char {
    lookup, miss, handler, pick, release, node_made, node_gone, vnode_swap, fd_alloc, fd_abort, fd_move, drv_open, drv_create,
    drv_close, drv_destroy, refused,
};
// clang-format on
const char *name_of(Word word);    // "LOOKUP", "NODE+"
const char *meaning_of(Word word); // in a few words
bool is_of_descriptor(Word word);  // FD_...

struct Step {
    Word word;
    std::string what;  // a short explanation
    dev_t dev;         // no_device when it has none
    long number;       // unit, minor or descriptor; -1 when it has none
    int error;         // of a refusal
    std::string clause;
    int pid;
    bool of_table = false; // PICK and RELEASE: of a driver's own minor table
};

class Steps : public Reader {
public:
    void record(const Record &record) override;
    // The words of the steps from `first` on, blank between; descriptor steps (FD_...) only when asked for.
    std::string words(std::size_t first = 0, bool descriptors = false) const;
    int count(Word word) const;

    std::vector<Step> steps;

private:
    void add(Word word, const Record &record, long number);

    bool looked_up_ = false; // the running open's LOOKUP has been told
};

} // namespace rill::designs
