// NetBSD: the instance comes from a descriptor that the driver makes.
//
// An open of a cloning device ends, for the vnode layer, in an error. The driver's open has made a file of its own
// meanwhile, with operations of its own (fd_allocfile, fd_clone), left the descriptor's number in its thread's cell
// l_dupfd, and returned EMOVEFD. The open system call gives up what it had reserved and puts the driver's file into the
// lowest free slot, which is the reserved one again (fd_dupopen). So the process gets descriptor N, opened as if nothing
// had happened; the device node took no part in the result, and no later call asks the switch table.
//
// EDUPFD is the sibling: the driver names a descriptor that the process has already, and the process gets a second one of
// the same file. /dev/fd is made of it.
//
// Each file of a driver here has a file_t: with the operations of a vnode (vnops), which look the driver up in its
// cdevsw, or with those that fd_clone was given. Instances by unit are autoconf's (config_attach_pseudo); names of network
// interfaces lead to them too (if_clone).
//
//   threads.cpp       curlwp, sleeping, memory of users
//   files.cpp         a file_t behind a file's operations
//   vnodes.cpp        devices: the switch table, opens and closes, drivers that open devices themselves
//   descriptors.cpp   what drivers do with descriptors, and what the open call does with theirs
//   units.cpp         autoconf
//   interfaces.cpp    network interfaces
#pragma once

#include "clone/designs/netbsd/netbsd.hpp"

#include "clone/designs/netbsd/include/net/if.h"
#include "clone/designs/netbsd/include/sys/conf.h"
#include "clone/designs/netbsd/include/sys/device.h"
#include "clone/designs/netbsd/include/sys/filedesc.h"
#include "clone/designs/netbsd/include/sys/kmem.h"
#include "clone/designs/netbsd/include/sys/systm.h"
#include "clone/designs/netbsd/include/sys/vnode.h"
#include "clone/minor_table.hpp"
#include "streams/queue/procedure.hpp"

#include <algorithm>
#include <cstring>

#define EXPORT extern "C" __attribute__((visibility("default")))

struct device {
    cfdriver *driver;
    cfattach *attach;
    int unit;
    char xname[16];
    void *softc;
    bool going; // its detach is running
};

namespace rill::designs::netbsd {

constexpr int erestart = -3, epassthrough = -4;

// The thread of a call, while a driver is inside it.
struct Thread {
    Call *call;
    Process *process;
    lwp l;
    proc p;
    kauth_cred cred;
    int uses;
};

struct ConfDriver {
    cfdriver *cd;
    std::unique_ptr<MinorTable> units;
    std::vector<cfattach *> attachments;
    std::vector<device *> devices;
};

struct Netbsd {
    explicit Netbsd(System &s) : system(s) {}

    ConfDriver *conf(std::string_view name) {
        for (ConfDriver &d : conf_drivers)
            if (name == d.cd->cd_name) return &d;
        return nullptr;
    }

    System &system;
    bool old_codes = false; // ENODEV and ENXIO stand for EDUPFD and EMOVEFD when l_dupfd was set: NBSD-018
    std::vector<Thread *> threads;
    Thread nobody{};
    std::vector<std::pair<const cdevsw *, major_t>> switches;
    std::list<ConfDriver> conf_drivers;
    std::vector<vnode *> open_vnodes;
    ifnet *interfaces = nullptr;
    if_clone *cloners = nullptr;
};

inline Netbsd &kernel(const char *call = __builtin_FUNCTION()) { return this_system(call).part<Netbsd>(); }
inline Process *caller(const char *call = __builtin_FUNCTION()) { return this_system(call).caller(); }

void step(Event word, const char *what, const char *clause, long number = -1, std::string_view text = {}, dev_t dev = no_device);

inline int user_errno(int error) { return error == erestart       ? EINTR
                                          : error == epassthrough ? ENOTTY
                                                                  : error; } // NBSD-019

// While it lives, the call of a process has a thread, with its cell l_dupfd: that of an outer one, if there is.
class OnThread {
public:
    OnThread(Netbsd &k, Process *process);
    ~OnThread() {
        if (--thread_->uses == 0) std::erase(kernel_.threads, thread_);
    }
    OnThread(const OnThread &) = delete;
    lwp *operator->() { return &thread_->l; }
    operator lwp *() { return &thread_->l; }

private:
    Netbsd &kernel_;
    Thread own_{};
    Thread *thread_ = nullptr;
};

// While it lives, driver code runs for a process: curlwp, whose fault it is, how deep the trace is.
class Inside {
    Procedure procedure_;

public:
    Inside(Netbsd &k, Process *process, EntryKind kind, const char *driver)
        : procedure_(k.system, kind, driver, {.deepens = k.system.trace.on}), thread(k, process) {}

    OnThread thread;
};

// files
extern const FileOps file_ops;
inline file_t *of(File &file) { return static_cast<file_t *>(file.data); }
void show_flags(File &file, int flag);

// vnodes
inline vnode *vnode_of(struct file *fp) { return static_cast<vnode *>(fp->f_data); }

// descriptors: how the open call ends when the driver's open answered EDUPFD or EMOVEFD
Opened opened_elsewhere(int pseudo, int l_dupfd);

} // namespace rill::designs::netbsd
