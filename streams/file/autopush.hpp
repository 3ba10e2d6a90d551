// Modules to push at open, by device: what SVR4's autopush facility keeps and sad(7) administers.
//
// An entry is for one minor of a major, for a range of them, or for all. It is kept by number alone: it may be there before
// the driver was ever opened, no stream refers to it, and it stays until it is cleared (AUT-048). There is no precedence: a
// device has one entry at most, so an entry that would cover a device a second time is refused (AUT-046).
//
// open asks find() with the device that came out of the driver's open (AUT-036), and then pushes (Stream::autopush, which
// works on a copy: a module's open may sleep, and the entry may be cleared meanwhile). Majors are the external ones, which
// users see. Each has a list of its own, by first minor, so that others' entries cost a lookup nothing; and while there is
// no entry at all, open does not ask.
//
// An entry is the structure of <sys/sad.h> as SAD_GAP hands it out. Drivers reach the table of the System they run in
// through <sys/apush.h>.
#pragma once

#include "streams/base/dev.hpp"

#include <memory>
#include <vector>
#include <sys/sad.h>

namespace rill {

class System;
using AutopushEntry = strapush_v1;

class AutopushTable {
public:
    AutopushTable(System &system, unsigned entries) : system_(system), entries_max_(entries) {}

    // Refused, in this order (AUT-022):
    //   sap_cmd is none that makes an entry                EINVAL   AUT-023
    //   0, more than MAXAPUSH or than NSTRPUSH modules     EINVAL   AUT-019; an anchor beyond them
    //   a range that ends where it begins, or before       ERANGE   AUT-015
    //   no module has the name                             EINVAL   AUT-020
    //   no driver at the major; not a STREAMS driver       EINVAL, ENOSTR  AUT-021
    //   a device has an entry already                      EEXIST   AUT-018
    //   the table is full; no memory                       ENOSR    AUT-034
    int set(const AutopushEntry &wanted);
    // The entry that covers the device goes, with all its minors:
    //   no driver at the major; not a STREAMS driver       EINVAL, ENOSTR  AUT-021
    //   no entry                                           ENODEV   AUT-026
    //   a range, by another minor than its first           ERANGE   AUT-025
    //   an entry for all, by another minor than 0          EINVAL   AUT-024
    int clear(major_t major, minor_t minor);
    // What SAD_GAP answers: EINVAL, ENOSTR as above, ENODEV (AUT-029).
    int get(major_t major, minor_t minor, AutopushEntry *entry);

    bool any() const { return used_ > 0; }
    const AutopushEntry *find(dev_t dev) const; // nullptr when nothing is to be pushed
    unsigned used() const { return used_; }

    const char *why = nullptr; // the last request was refused; whoever asks clears it first

private:
    struct Kept {
        minor_t first, last; // that it covers
        AutopushEntry entry;
    };
    using Minors = std::vector<Kept>; // of one major; none overlaps another

    const Kept *covering(major_t major, minor_t minor) const;
    int check_major(major_t major, const char *clause, const AutopushEntry &about);
    int check_names(const AutopushEntry &entry) const;
    int refuse(int error, const char *what, const char *clause, const AutopushEntry &about);

    System &system_;
    unsigned entries_max_, used_ = 0;
    std::vector<std::unique_ptr<Minors>> by_major_; // as far as one was used
};

} // namespace rill
