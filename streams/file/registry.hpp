// Who is installed: drivers by major, modules by name.
//
// Users see external majors; the character switch table (cdevsw) has one row per internal major, and several external
// majors may lead to one row (DEV-018). A driver's internal major is the first of its external ones, so that a device
// built from getmajor() is the driver's own (DEV-041); the place of that row is free whenever the external major is. A row
// is a STREAMS driver exactly when its streamtab is not null (DEV-021). Drivers and module entries are of fixed number,
// whatever their majors (DEV-023). A row may be registered without being loaded: the first open of a node with its major
// loads it (CFG-035). A hold keeps a driver from being unloaded; each stream has one (CLN-064).
#pragma once

#include "streams/base/dev.hpp"
#include "streams/queue/owner.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <sys/stream.h>

struct uio;

namespace rill {

class System;

// Entry points of a character driver that is not STREAMS. Missing ones answer ENODEV (DEV-022).
struct CharEntry {
    int (*open)(dev_t *, int flag, int otyp, cred_t *) = nullptr;
    int (*close)(dev_t, int flag, int otyp, cred_t *) = nullptr;
    int (*read)(dev_t, uio *, cred_t *) = nullptr;
    int (*write)(dev_t, uio *, cred_t *) = nullptr;
    int (*ioctl)(dev_t, int command, void *argument, int mode, cred_t *, int *rval) = nullptr;
    int (*poll)(dev_t, short events, int anyyet, short *revents, void **php) = nullptr;
};

class Process;
struct File;
struct Node;
class HeldDevice;

// What came of an open at its device: the file is open (0); an errno; or another descriptor than the reserved one, which is
// given back with its file before `instead` is asked for it.
struct Opened {
    using Instead = int (*)(Process &, int named, int oflag, int *fd); // 0 and the descriptor, or an errno

    Opened(int error_or_0) : error(error_or_0) {}
    Opened(Instead which, int by_driver) : instead(which), named(by_driver) {}

    Instead instead = nullptr;
    int error = 0;
    int named = -1; // the descriptor that the driver named
};

struct Driver : Owner {
    major_t internal = 0;
    int devices = 0; // #DEV
    bool block = false;
    bool loadable = false; // may be unloaded again
    CharEntry entry;
    // The open of a device that works as in another system (clone/designs): takes the place of the rungs below spec open
    // and gives the file its operations.
    std::function<Opened(Process &, Node &, HeldDevice &, File &, int oflag)> open_file;
    std::vector<major_t> externals; // in order of configuration
    // Set while the driver is registered but not in memory: fills in tab or entry; an errno on failure.
    std::function<int(Driver &)> load;
    std::function<void(Driver &)> unload;
};

struct Module : Owner {};

// Both sides have a qinit with its module_info; a lower half is whole or not there. What is missing, or nullptr.
const char *missing_part(const streamtab &tab);

class Registry {
public:
    Registry(System &system, unsigned drivers, unsigned modules); // how many of each there may be

    // Adds a row under an external major. EINVAL (also for a streamtab without one of its sides), EBUSY when the major is taken, ENOSPC when the table is full, ENOMEM.
    int add(Driver driver, major_t external, Driver **added = nullptr);
    // Another external major for the same row.
    int alias(Driver &driver, major_t external);
    int remove(Driver &driver); // EBUSY while held
    int add_module(Module module); // EINVAL for a bad name, EEXIST, ENOSPC, ENOMEM
    int remove_module(std::string_view name);

    Driver *row(major_t internal);
    Driver *by_external(major_t external) {
        return external < by_external_.size() ? by_external_[external] : nullptr;
    }
    Driver *by_name(std::string_view name);
    // Of a device that a driver's open gave back and may not: which it is and whose. opened is the major it was opened by.
    std::string foreign_device(dev_t dev, const Owner &driver, major_t opened);
    Module *module(std::string_view name);
    unsigned drivers_max() const { return drivers_max_; }

    // The driver of an external major, loaded if it was only registered, and held. ENXIO when there is none, or when
    // loading fails. release() gives the hold back.
    int hold(major_t external, Driver **driver);
    void release(Driver &driver) { --driver.holds; }
    // Unloads a loadable driver that nobody holds. EBUSY, ENXIO for an unknown one, EINVAL when it is not loadable.
    int unload(Driver &driver);

    const std::vector<std::unique_ptr<Driver>> &rows() const { return rows_; }
    const std::vector<std::unique_ptr<Module>> &modules() const { return modules_; }

    // What a boot has to tell although it succeeded, a line each: who stays out, who is called by a convention that its
    // object does not name.
    std::vector<std::string> boot_notes;

private:
    int load(Driver &row);

    System &system_;
    std::vector<std::unique_ptr<Driver>> rows_; // by internal major, as far as one was used; null for a free row
    unsigned drivers_ = 0, drivers_max_;
    std::vector<Driver *> by_external_;
    std::vector<std::unique_ptr<Module>> modules_;
    unsigned modules_max_;
};

} // namespace rill
