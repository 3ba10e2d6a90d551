// Booting from a directory:
//
//   system/*.sm     which modules (systemfile.hpp)         boot/<name>.so  their objects
//   master.d/<name> what each of them is (master.hpp)      dev             the nodes (nodes.hpp)
//   hardware        what VECTOR probes find; may be missing, as may dev
//
// Steps, in this order, so that a bad directory is refused before anything has changed:
//   1. is this System fresh?          EBUSY
//   2. read and check everything      plan.cpp     EINVAL, ENOENT
//   3. load the objects               image.cpp    ENOEXEC
//   4. check what they define         EINVAL
//   5. put in rows, modules, nodes    each taken back if a later one is refused
//   6. start the drivers: all init routines, all edtinit routines, all start routines (CFG-032); they cannot fail
//
// An object that is not in boot/ is looked for in the directories of RILL_BOOT_PATH, separated by colons: a source tree's
// example directory has no objects of its own, they are built elsewhere. (The in-tree `rill` command adds its build's
// drivers/ to it.) rill ships master.d/clone and its object; files of that name in the directory go before them.
//
// The drivers' objects belong to the System: its end calls each driver's <prefix>unload, last first, and closes them.
#include "streams/boot/sysgen.hpp"
#include "streams/boot/image.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/boot/solaris.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <sys/conf.h>
#include <sys/edt.h>

namespace rill::sysgen {

namespace {

unsigned bus_type(const std::string &name) {
    static constexpr struct {
        const char *name;
        unsigned type;
    } types[] = {{"VME", ADAP_VME}, {"GIO", ADAP_GIO}, {"EISA", ADAP_EISA}, {"PCI", ADAP_PCI}, {"SCSI", ADAP_SCSI}};
    for (const auto &t : types)
        if (name == t.name) return t.type;
    return ADAP_NULL;
}

template <class F> F function(void *address) { return reinterpret_cast<F>(address); }

class Booted {
public:
    explicit Booted(System &system) : system_(system) {}
    ~Booted() { stop_all(); }
    Booted(const Booted &) = delete;

    int boot(const std::string &directory, const std::shared_ptr<Booted> &self, Problems &problems);

private:
    struct Running {
        bool started = false;
        Owner owner;          // tab and devflag, as the object defines them
        CharEntry entry;
        Loadable *solaris = nullptr; // its object has _init or init_module, which registered it (HDR-015)
        Convention like = Convention::unsaid; // what the object is said to be like
        bool flagless = false;                // it has no <prefix>devflag
        std::vector<edt> edts; // of its VECTOR lines
    };

    const Master &master(std::size_t i) const { return plan_.units[i].master; }
    bool waits(std::size_t i) const {
        return master(i).has('d') && !plan_.units[i].object.empty() && master(i).is_driver() && !master(i).is_module();
    }
    Place object_place(std::size_t i) const {
        const Unit &unit = plan_.units[i];
        return unit.builtin ? unit.master.place : Place{unit.object_shown, 0, 0};
    }

    void *own_or_other(std::size_t i, const char *own, const char *plain) const;
    int examine(std::size_t i, Problems &problems);
    void examine_installed(std::size_t i, int (*init)(), Problems &problems);
    void apply_like(std::size_t i);
    int flags_like(std::size_t i, int devflag) const;
    void note_convention(std::size_t i);
    void attach(std::size_t i);
    int put_in(const std::shared_ptr<Booted> &self, Problems &problems);
    int load(std::size_t i, Driver &row);
    void call(std::size_t i, const char *routine, edt *argument, EntryKind kind = EntryKind::init);
    void edtinit(std::size_t i);
    void stop(std::size_t i);
    void stop_all();
    void note(std::size_t i, Event event, const char *clause, const char *routine = nullptr) {
        if (system_.trace.on)
            system_.trace.emit({.event = event, .name = master(i).name.c_str(), .what = routine, .clause = clause});
    }

    System &system_;
    Plan plan_;
    Image image_;
    std::vector<Running> running_;
};

// rill's headers give these names of their own; an object that was compiled without them has the plain ones.
void *Booted::own_or_other(std::size_t i, const char *own, const char *plain) const {
    void *found = image_.symbol(i, own);
    return found ? found : image_.symbol(i, plain);
}

// What an object defines: streamtab, flags, entry points (CFG-031, CFG-036 to CFG-039).
int Booted::examine(std::size_t i, Problems &problems) {
    const Unit &unit = plan_.units[i];
    const Master &m = unit.master;
    Running &r = running_[i];
    const std::size_t before = problems.size();
    r.owner.name = m.name;
    r.owner.prefix = m.prefix;
    if (unit.builtin) {
        r.owner.tab = unit.builtin->info;
        r.owner.devflag = *unit.builtin->devflag;
    } else {
        const auto *flag = static_cast<int *>(image_.symbol(i, m.prefix + "devflag"));
        r.owner.devflag = flag ? *flag : D_OLD;
        if ((r.flagless = !flag)) r.owner.convention_reason = fmt::format("it has no {}devflag", m.prefix);
        if (m.is_streams()) r.owner.tab = static_cast<streamtab *>(image_.symbol(i, m.prefix + "info"));
        // What registers itself is what it registers, whatever else has a public name (CFG-080).
        auto *init = function<int (*)()>(own_or_other(i, "rill_mod_init", "init_module"));
        if (!init && !r.owner.tab) init = function<int (*)()>(image_.symbol(i, m.prefix + "install")); // HP-UX
        if (init) examine_installed(i, init, problems);
        apply_like(i);
        if (waits(i) && !r.solaris) {
            if (r.owner.devflag & D_OLD)
                problems.add(object_place(i), fmt::format("expected {}devflag without D_OLD in a loadable driver, found {} (CFG-036)",
                                                          m.prefix, flag ? "D_OLD" : "none"));
            if (!image_.symbol(i, m.prefix + "mversion"))
                problems.add(object_place(i), fmt::format("expected {}mversion in a loadable driver, found none (CFG-036)", m.prefix));
        }
    }
    if (!m.is_driver() && !m.is_module()) return problems.size() == before ? 0 : EINVAL;
    if (m.is_streams() && !r.owner.tab && problems.size() == before)
        problems.add(object_place(i), fmt::format("expected a streamtab {} for flags '{}' at {}, found none (CFG-039)",
                                                  r.solaris ? "registered by its _init" : m.prefix + "info", m.flags,
                                                  m.flags_place.text()));
    if (const char *missing = r.owner.tab ? missing_part(*r.owner.tab) : nullptr)
        problems.add(object_place(i), fmt::format("expected a whole streamtab, found one without {} (CFG-039)", missing));
    r.owner.decide_convention();
    if ((r.owner.devflag & D_OLD) && (r.owner.devflag & D_MP))
        problems.add(object_place(i), fmt::format("expected {}devflag with D_OLD or D_MP, found both (CFG-037)", m.prefix));
    if (r.solaris && r.solaris->ops && r.solaris->ops->devo_cb_ops && !r.owner.tab) {
        const cb_ops &cb = *r.solaris->ops->devo_cb_ops;
        r.entry = {cb.cb_open, cb.cb_close, cb.cb_read, cb.cb_write, cb.cb_ioctl, cb.cb_chpoll};
    } else if (m.is_driver() && !m.has('f')) {
        auto find = [&](const char *name) { return image_.symbol(i, m.prefix + name); };
        r.entry.open = function<decltype(r.entry.open)>(find("open"));
        r.entry.close = function<decltype(r.entry.close)>(find("close"));
        r.entry.read = function<decltype(r.entry.read)>(find("read"));
        r.entry.write = function<decltype(r.entry.write)>(find("write"));
        r.entry.ioctl = function<decltype(r.entry.ioctl)>(find("ioctl"));
        r.entry.poll = function<decltype(r.entry.poll)>(find("poll"));
    }
    return problems.size() == before ? 0 : EINVAL;
}

// Such an object names its streamtab and its flags in what it registers; names with the prefix say nothing (CFG-080).
void Booted::examine_installed(std::size_t i, int (*init)(), Problems &problems) {
    Running &r = running_[i];
    Procedure procedure(system_, EntryKind::init, master(i).name.c_str());
    int error = EIO; // it threw (UTL-083)
    r.owner.tab = nullptr;
    procedure.call([&] { r.solaris = load_solaris(system_, init, &error); });
    if (!r.solaris) {
        problems.add(object_place(i), error ? fmt::format("its _init, or init_module, failed: {}", std::strerror(error))
                                            : "its _init, or init_module, returned 0 and installed nothing: expected a call of mod_install, "
                                              "or of what registers drivers and modules in LiS and OpenSS7 (CFG-122)");
        return;
    }
    r.owner.convention = r.solaris->convention;
    r.owner.convention_reason = r.solaris->reason;
    r.owner.tab = r.solaris->driver_tab();
    r.owner.devflag = r.solaris->driver_flags();
    r.owner.negative_errnos = r.solaris->negative_errnos();
    if (!r.owner.tab && r.solaris->module) {
        r.owner.tab = r.solaris->module->f_str;
        r.owner.devflag = r.solaris->module->f_flag;
        r.owner.installs_module = true;
    }
    note(i, Event::boot_routine_called, "HDR-015", "_init");
}

void Booted::apply_like(std::size_t i) {
    const Unit &unit = plan_.units[i];
    Running &r = running_[i];
    r.like = unit.like;
    std::string reason = unit.like_said + " says so";
    for (const char *word : {"svr3", "svr4", "solaris", "lis", "openss7"}) {
        if (r.like != Convention::unsaid || !image_.defines(i, std::string("rill_like_") + word)) continue;
        r.like = convention_named(word);
        reason = fmt::format("rill cc --like {} made it", word);
    }
    if (r.like == Convention::unsaid) return;
    r.owner.convention = r.like;
    r.owner.convention_reason = std::move(reason);
    r.owner.devflag = flags_like(i, r.owner.devflag);
}

int Booted::flags_like(std::size_t i, int devflag) const {
    switch (running_[i].like) {
    case Convention::unsaid: return devflag;
    case Convention::svr3: return (devflag | D_OLD) & ~D_MP;
    default: return devflag & ~D_OLD;
    }
}

// How the procedures are called, and why so: for the trace; and, where the object left it open, for whoever boots.
void Booted::note_convention(std::size_t i) {
    const Owner &owner = running_[i].owner;
    const std::string text = fmt::format("{}: {}", name_of(owner.convention), owner.convention_reason);
    if (system_.trace.on)
        system_.trace.emit({.event = Event::driver_called_as, .name = master(i).name.c_str(), .clause = "CFG-081", .text = text});
    if (owner.installs_module && master(i).is_driver() && !master(i).is_module())
        system_.registry.boot_notes.push_back(fmt::format("{}: '{}' installs a module and no driver: flag m in {} makes it one (CFG-120)",
                                                          object_place(i).text(), master(i).name, master(i).file));
    if (running_[i].flagless && owner.convention == Convention::svr3 && running_[i].like == Convention::unsaid)
        system_.registry.boot_notes.push_back(
            fmt::format("{}: '{}' is called as {}; if its open takes a dev_t *, define {}devflag or write svr4 into boot/{}.like",
                        object_place(i).text(), master(i).name, text, master(i).prefix, master(i).name));
}

void Booted::attach(std::size_t i) {
    Running &r = running_[i];
    if (!r.solaris || !master(i).is_driver()) return;
    const int error = attach_solaris(system_, *r.solaris, static_cast<major_t>(master(i).majors[0]), master(i).name);
    if (error) system_.console(2, fmt::format("WARNING: {}: attach failed", master(i).name), true, true);
    note(i, error ? Event::attach_failed : Event::driver_attached, "HDR-015");
}

// What registers itself has no routines that are called by name; a public name that looks like one is its own affair.
void Booted::call(std::size_t i, const char *routine, edt *argument, EntryKind kind) {
    if (running_[i].solaris) return;
    void *address = image_.symbol(i, master(i).prefix + routine);
    if (!address) return;
    note(i, Event::boot_routine_called, "CFG-032", routine);
    Procedure procedure(system_, kind, master(i).name.c_str());
    procedure.call([&] {
        if (argument)
            function<void (*)(edt *)>(address)(argument);
        else
            function<void (*)()>(address)();
    });
}

void Booted::edtinit(std::size_t i) {
    for (std::size_t line = running_[i].edts.size(); line-- > 0;) call(i, "edtinit", &running_[i].edts[line]);
}

// At the first open of a driver that was only registered (CFG-035).
int Booted::load(std::size_t i, Driver &row) {
    Problems problems;
    int error = image_.open(i, problems);
    if (!error) error = examine(i, problems);
    if (error) {
        stop(i); // its _init may have succeeded
        image_.close(i);
        if (system_.trace.on)
            system_.trace.emit({.event = Event::refused, .name = "load", .what = "the driver's object", .clause = "CFG-036", .error = error, .text = problems.text()});
        system_.console(2, problems.text(), true, true);
        return error;
    }
    Running &r = running_[i];
    note(i, Event::driver_loaded, "CFG-035");
    r.started = true;
    attach(i);
    call(i, "init", nullptr);
    edtinit(i);
    call(i, "start", nullptr);
    row.tab = r.owner.tab;
    row.devflag = r.owner.devflag;
    row.convention = r.owner.convention;
    row.convention_reason = r.owner.convention_reason;
    note_convention(i);
    row.entry = r.entry;
    return 0;
}

// The driver's own end, and that of one whose _init alone has run; nothing of it runs afterwards.
void Booted::stop(std::size_t i) {
    if (!running_[i].started && !running_[i].solaris) return;
    if (running_[i].started) call(i, "unload", nullptr, EntryKind::unload);
    running_[i].started = false;
    if (Loadable *solaris = running_[i].solaris) {
        Procedure procedure(system_, EntryKind::unload, master(i).name.c_str());
        procedure.call([&] { unload_solaris(system_, *solaris, function<int (*)()>(own_or_other(i, "rill_mod_fini", "cleanup_module"))); });
        running_[i].solaris = nullptr;
    }
    image_.close(i);
}

void Booted::stop_all() {
    for (std::size_t i = running_.size(); i-- > 0;) stop(i);
}

static int set_anchored(System &system, const strapush_v1 &entry) {
    return entry.sap_anchor && !system.profile.has_anchors ? EINVAL : system.autopush.set(entry);
}

int Booted::put_in(const std::shared_ptr<Booted> &self, Problems &problems) {
    Registry &registry = system_.registry;
    std::vector<Driver *> added;
    std::vector<std::string> modules, nodes;
    int error = 0;

    // The clone driver of a System without configuration gives way; it comes back only if it is asked for (CFG-020).
    std::vector<Driver> born_with;
    for (const auto &row : registry.rows())
        if (row) born_with.push_back(*row);
    for (Driver &driver : born_with) registry.remove(*registry.by_external(driver.externals[0]));

    auto add_driver = [&](std::size_t i) {
        const Master &m = master(i);
        Driver row;
        static_cast<Owner &>(row) = running_[i].owner;
        row.name = m.name;
        row.prefix = m.prefix;
        row.devices = static_cast<int>(m.devices);
        row.block = m.has('b');
        row.entry = running_[i].entry;
        if (waits(i)) {
            row.loadable = true;
            row.load = [weak = std::weak_ptr<Booted>(self), i](Driver &d) {
                const std::shared_ptr<Booted> booted = weak.lock();
                return booted ? booted->load(i, d) : ENXIO;
            };
        }
        row.unload = [weak = std::weak_ptr<Booted>(self), i](Driver &) {
            if (const std::shared_ptr<Booted> booted = weak.lock()) booted->stop(i);
        };
        Driver *in = nullptr;
        if (const int e = registry.add(std::move(row), static_cast<major_t>(m.majors[0]), &in)) return e;
        added.push_back(in);
        for (std::size_t n = 1; n < m.majors.size(); ++n)
            if (const int e = registry.alias(*in, static_cast<major_t>(m.majors[n]))) return e;
        return 0;
    };
    auto add_module = [&](std::size_t i) {
        Module module;
        static_cast<Owner &>(module) = running_[i].owner;
        if (const Loadable *solaris = running_[i].solaris; solaris && solaris->module) {
            module.tab = solaris->module->f_str;
            module.devflag = flags_like(i, solaris->module->f_flag);
        }
        module.name = master(i).name; // not the prefix (CFG-047)
        const int e = registry.add_module(std::move(module));
        if (!e) modules.push_back(master(i).name);
        return e;
    };
    for (std::size_t i = 0; i < plan_.units.size() && !error; ++i) {
        const Master &m = master(i);
        if (m.is_driver()) error = add_driver(i);
        if (!error && m.is_module()) error = add_module(i);
        if (error)
            problems.add(m.place, fmt::format("'{}' cannot be put into the switch tables: {}", m.name, std::strerror(error)));
    }
    for (const NodeLine &node : plan_.nodes) {
        if (error) break;
        error = system_.nodes.make(node.path, node.mode, node.dev, node.uid, node.gid);
        if (error)
            problems.add(node.place, fmt::format("the node '{}' cannot be made: {}", node.path, std::strerror(error)));
        else
            nodes.push_back(node.path);
    }
    if (!error) error = set_autopush(plan_.autopush, problems, [&](const strapush_v1 &entry) { return set_anchored(system_, entry); });
    if (!error) {
        registry.boot_notes = plan_.notes;
        for (std::size_t i = 0; i < plan_.units.size(); ++i)
            if (!waits(i) && master(i).is_streams() && !plan_.units[i].builtin) note_convention(i);
        return 0;
    }

    for (const AutopushLine &line : plan_.autopush)
        system_.autopush.clear(static_cast<major_t>(line.entry.sap_major), static_cast<minor_t>(line.entry.sap_minor));
    for (const std::string &path : nodes) system_.nodes.unlink(path);
    for (const std::string &name : modules) registry.remove_module(name);
    for (Driver *driver : added) registry.remove(*driver);
    for (Driver &driver : born_with) {
        const std::vector<major_t> externals = driver.externals;
        Driver *back = nullptr;
        if (registry.add(std::move(driver), externals[0], &back) != 0) continue;
        for (std::size_t n = 1; n < externals.size(); ++n) registry.alias(*back, externals[n]);
    }
    return error;
}

int Booted::boot(const std::string &directory, const std::shared_ptr<Booted> &self, Problems &problems) {
    for (const auto &row : system_.registry.rows())
        if (row && (row->tab != find_builtin("clone")->info || row->holds > 0)) {
            problems.add({directory, 0, 0}, fmt::format("expected a System without drivers, found '{}'", row->name));
            return EBUSY;
        }
    if (!system_.registry.modules().empty()) {
        problems.add({directory, 0, 0}, fmt::format("expected a System without modules, found '{}'",
                                                    system_.registry.modules().front()->name));
        return EBUSY;
    }
    if (const int error = read_plan(directory, system_.profile, problems, plan_)) return error;
    running_.resize(plan_.units.size());
    for (std::size_t i = 0; i < plan_.units.size(); ++i)
        for (const Vector &vector : plan_.units[i].vectors) {
            edt e = {};
            e.e_bus_type = bus_type(vector.bus.text);
            e.e_adap = static_cast<unsigned>(vector.adapter);
            e.e_ctlr = static_cast<unsigned>(vector.controller ? vector.controller : vector.unit);
            e.e_unit = static_cast<unsigned>(vector.unit);
            e.e_space[0].ios_iopaddr = vector.base;
            running_[i].edts.push_back(e);
        }
    if (const int error = image_.build(plan_, problems)) return error;
    int error = 0;
    for (std::size_t i = 0; i < plan_.units.size(); ++i) {
        if (waits(i)) {
            running_[i].owner.name = master(i).name;
            running_[i].owner.prefix = master(i).prefix;
            continue;
        }
        // A loadable module is in memory from the start: I_PUSH loads nothing.
        if (image_.open(i, problems) || examine(i, problems)) error = EINVAL;
    }
    if (error) return error;
    if ((error = put_in(self, problems))) return error;

    auto resident = [&](auto what) {
        for (std::size_t i = 0; i < plan_.units.size(); ++i)
            if (!waits(i)) what(i);
    };
    resident([&](std::size_t i) {
        running_[i].started = true;
        attach(i);
        call(i, "init", nullptr);
    });
    resident([&](std::size_t i) { edtinit(i); });
    resident([&](std::size_t i) { call(i, "start", nullptr); });
    return 0;
}

} // namespace

int boot(System &system, const std::string &directory, std::string *error) {
    Enter scope(system);
    Problems problems;
    auto booted = std::make_shared<Booted>(system);
    const int result = booted->boot(directory, booted, problems);
    if (error) *error = problems.text();
    if (result == 0) system.at_end.push_back([booted] {}); // the objects live as long as the System
    return result;
}

} // namespace rill::sysgen
