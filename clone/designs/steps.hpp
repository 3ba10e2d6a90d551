// The steps of an open, in the words in which the designs are compared (CMP-010): LOOKUP, MISS, HANDLER, PICK, NODE+,
// NODE-, VNODE_SWAP, FD_ALLOC, FD_ABORT, FD_MOVE, DRV_CREATE, DRV_OPEN, DRV_CLOSE, DRV_DESTROY, RELEASE.
//
// Steps reads the trace. What the framework records for every open (rungs, minors, nodes, driver procedures) is put into
// these words here; what a design does beyond that, it records itself as Kind::step with the word as name.
#pragma once

#include "streams/base/trace.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rill::designs {

struct Step {
    std::string word;
    std::string what;  // a short explanation
    dev_t dev;         // no_device when it has none
    long number;       // unit, minor or descriptor; -1 when it has none
    int error;         // of a refusal ("REFUSED")
    std::string clause;
    int pid;
    bool of_table = false; // PICK and RELEASE: of a driver's own minor table
};

// What a word means, in a few words.
const char *meaning_of(std::string_view word);

class Steps : public Reader {
public:
    void record(const Record &record) override;
    // The words of the steps from `first` on, blank between; descriptor steps (FD_...) only when asked for.
    std::string words(std::size_t first = 0, bool descriptors = false) const;
    int count(std::string_view word) const;

    std::vector<Step> steps;

private:
    void add(const char *word, const Record &record, long number);

    bool looked_up_ = false; // the running open's LOOKUP has been told
};

} // namespace rill::designs
