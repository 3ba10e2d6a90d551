// What the files of this framework share: devices and their switches, one open of a device, a driver's procedure that runs,
// and the System's part.
//
//   names.cpp      a name that /dev has not, and the handlers that are asked for it
//   devices.cpp    make_dev to destroy_dev
//   units.cpp      a driver's list of units in use
//   files.cpp      opens, calls on open files, the data of one
//   services.cpp   what else a module calls: it comes and goes, sleeps, allocates, prints
#pragma once

#include "clone/designs/freebsd/freebsd.hpp"
#include "streams/queue/procedure.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <map>
#include <set>
#include <fmt/format.h>
#include <sys/kmem.h>

extern "C" void wakeup(char *event);

#include "clone/designs/freebsd/include/sys/conf.h"
#include "clone/designs/freebsd/include/sys/malloc.h"
#include "clone/designs/freebsd/include/sys/module.h"
#include "clone/designs/freebsd/include/sys/systm.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace rill::designs::freebsd {

struct Cdev;

constexpr int restart = -1; // ERESTART
constexpr std::string_view devfs_root = "/dev/";

// What changed in the course of years.
struct Variant {
    bool answers_with_entry = true;    // the lookup ends at the returned cdev (FBSD-011), not in a second search (FBSD-012)
    bool removal_asks = false;         // a lookup for removal asks handlers (FBSD-003)
    bool cheap_reclaimed = false;      // an unused clone goes with its vnode (FBSD-060)
    bool lookup_drops_reference = true; // FBSD-051
    bool needs_minor = false;          // clone_create wants D_NEEDMINOR (FBSD-045)
    bool minors_spread = true;         // unit2minor leaves bits 8 to 15 free (FBSD-055)
    bool dead_vnode = false;           // after destroy_dev: EIO and POLLHUP (FBSD-075) instead of ENXIO (FBSD-068)
    int largest_stdclone = 0xffffff;   // of dev_stdclone; -1: no limit (FBSD-024)
    int unit_mask = 0xfffff;           // of a clone list (FBSD-025)
};

// Minors spread over bits 0 to 7 and 16 up (FBSD-055).
constexpr int spread(int unit) { return (unit & 0xff) | (unit & ~0xff) << 8; }
constexpr int gathered(int minor) { return (minor & 0xff) | (static_cast<unsigned>(minor) >> 8 & ~0xffu); }

// One open of a device.
struct OpenFile {
    Cdev *cdev;
    void *priv = nullptr;
    cdevpriv_dtr_t destructor = nullptr;
    bool has_priv = false;
};

// A cdevsw in use, and its row of the System's switch table.
struct Switch {
    cdevsw *csw;
    major_t major;
    std::string name;
    std::vector<Cdev *> cdevs;
};

struct Cdev : cdev {
    Switch *sw = nullptr;
    std::string path;              // "/dev/foo0"; empty until make_dev
    Node *node = nullptr;          // held
    dev_t number = no_device;
    unsigned minor = 0;            // within its switch
    clonedevs *list = nullptr;
    int uses = 1;                  // its name, open files, threads inside: 0 frees it
    int users = 0;                 // opens, also those on their way (FBSD-065)
    int opening = 0;
    bool tty = false;
    bool scheduled = false;        // destroy_dev_sched
    void (*after)(void *) = nullptr;
    void *after_argument = nullptr;
    toid_t timer = 0;
    std::vector<Call *> threads;   // inside its methods
    std::vector<OpenFile *> files;
    WaitQueue drained;             // somebody waits for the threads to leave
};

} // namespace rill::designs::freebsd

struct freebsd_clonedevs {
    std::vector<rill::designs::freebsd::Cdev *> cdevs; // by unit
};

struct freebsd_eventhandler {
    dev_clone_fn function;
    dev_clone_nocred_fn nocred;
    void *argument;
    int priority;
    bool dead;
};

namespace rill::designs::freebsd {

inline Cdev &of(cdev *dev) { return *static_cast<Cdev *>(dev); }

struct Who {
    explicit Who(Process &process)
        : cred{process.cred.cr_uid, process.cred.cr_ruid, 1, {process.cred.cr_gid}}, process{process.pid, process.ppid, &cred},
          td{&this->process, &cred} {}
    ucred cred;
    proc process;
    thread td;
};

class Freebsd {
public:
    explicit Freebsd(System &s) : system(s) {
        hook_ = system.nodes.add_name_hook([this](Process &process, std::string_view path, Lookup why, Node **node) {
            return lookup(process, path, why, node);
        });
    }
    ~Freebsd() {
        for (Cdev *c : all_) {
            if (c->node) system.nodes.release(c->node);
            delete c;
        }
        for (auto *handler : handlers_) delete handler;
    }

    // names (FBSD-001 to 016)
    int lookup(Process &process, std::string_view path, Lookup why, Node **node);
    eventhandler_tag add_handler(freebsd_eventhandler handler);
    void remove_handler(eventhandler_tag tag);
    void drain();

    // devices and units
    int make(int flags, cdevsw *csw, int minor, bool by_unit, uid_t uid, gid_t gid, int mode, std::string name, Cdev **made);
    Cdev *reserve(cdevsw *csw, int minor);
    bool destroy(Cdev &c);
    void destroy_later(Cdev &c, void (*after)(void *), void *argument);
    void destroy_scheduled(cdevsw *csw);
    bool is_there(const cdev *dev) const { return std::find(all_.begin(), all_.end(), dev) != all_.end(); }
    int unit_of(const Cdev &c) const { return generation.minors_spread ? gathered(c.si_drv0) : c.si_drv0; }
    int minor_of(int unit) const { return generation.minors_spread ? spread(unit) : unit; }
    void pick(Cdev &c, clonedevs &list, const char *what, const char *clause);
    std::vector<Cdev *> all() const { return all_; }
    int handlers() const { return static_cast<int>(handlers_.size()); }

    // opens
    int open(Process &process, Node &node, HeldDevice &vnode, File &file, int oflag);
    int close(Process &process, File &file);
    int gone(const OpenFile &open, bool reading) const;
    void end_priv(OpenFile &open, const char *why);
    OpenFile *of_call();
    int tell(Event word, const char *what, const Cdev &c, std::string_view text, const char *clause = nullptr);

    // text that a sleeping call may point to
    const char *kept(std::string text) { return texts_.insert(std::move(text)).first->c_str(); }

    System &system;
    Variant generation;
    std::vector<freebsd_moduledata *> modules;

private:
    friend class Method;
    Cdev *ask(Process &process, std::string_view name);
    int check_name(const std::string &name) const;
    Switch &switch_of(cdevsw *csw);
    void drop_switch(Switch &sw);
    unsigned free_minor(const Switch &sw) const;
    void make_directories(const Cdev &c);
    void drop_directories(const Cdev &c);
    void take_name(Cdev &c);
    void finish(Cdev &c);
    void release(Cdev &c);
    void scheduled_step(Cdev &c);

    int hook_;
    std::vector<freebsd_eventhandler *> handlers_;   // by priority
    std::vector<freebsd_eventhandler *> asked_;      // at this moment
    std::vector<unsigned long> events_;              // dev_clone events being handled, by number
    unsigned long next_event_ = 1;
    WaitQueue event_over_;
    std::vector<Cdev *> all_;
    std::vector<std::unique_ptr<Switch>> switches_;
    std::map<std::string, int> directories_;         // names below each
    Pool<OpenFile> open_files_{system.alloc};
    std::set<std::string> texts_;
};

inline Freebsd &part(System &system) { return system.part<Freebsd>(); }
inline Freebsd &here(const char *call = __builtin_FUNCTION()) { return part(this_system(call)); }

extern const FileOps file_ops;

// A handler or an end of data: no device holds it.
class Inside : public Procedure {
public:
    Inside(System &system, const char *name, EntryKind kind = EntryKind::open) : Procedure(system, kind, name, {.deepens = true}) {}
};

// A thread is inside a method of the device; destroy_dev waits for it.
class Method {
public:
    Method(Freebsd &f, Cdev &c, EntryKind kind = EntryKind::open)
        : freebsd_(f), cdev_(c), csw(*c.si_devsw), inside_(f.system, f.kept(csw.d_name), kind) {
        ++cdev_.uses;
        cdev_.threads.push_back(f.system.running);
    }
    ~Method() {
        cdev_.threads.erase(std::find(cdev_.threads.begin(), cdev_.threads.end(), freebsd_.system.running));
        if (cdev_.threads.empty()) freebsd_.system.wake_all(cdev_.drained, "the last thread left the device's methods");
        freebsd_.release(cdev_);
    }

private:
    Freebsd &freebsd_;
    Cdev &cdev_;

public:
    cdevsw &csw; // stays what it was when the device goes
private:
    Inside inside_;
};

std::string formatted(const char *fmt, va_list args);
#define FORMATTED(name) \
    va_list args; \
    va_start(args, fmt); \
    const std::string name = formatted(fmt, args); \
    va_end(args)

} // namespace rill::designs::freebsd
