#include "clone/designs/freebsd/framework/state.hpp"

namespace rill::designs::freebsd {

int Freebsd::tell(Event word, const char *what, const Cdev &c, std::string_view text, const char *clause) {
    if (system.trace.on)
        system.trace.emit({.event = word, .what = what, .clause = clause, .dev = c.number, .number = unit_of(c), .text = text});
    return 0;
}

// A component that exists is a directory, or the end of it; the first that is missing is offered to the handlers under
// its whole name below /dev (FBSD-004, FBSD-006).
int Freebsd::lookup(Process &process, std::string_view path, Lookup why, Node **node) {
    if (!path.starts_with(devfs_root) || handlers_.empty()) return ENOENT;
    if (why == Lookup::remove && !generation.removal_asks) return ENOENT; // FBSD-003
    for (std::size_t slash = path.find('/', devfs_root.size());; slash = path.find('/', slash + 1)) {
        const std::string_view so_far = path.substr(0, slash), name = so_far.substr(devfs_root.size());
        if (name.empty() || name.ends_with('/')) return ENOENT;
        if (slash != path.npos)
            if (Node *found = system.nodes.find(so_far)) {
                if (!S_ISDIR(found->mode)) return ENOTDIR;
                continue;
            }
        Cdev *c = ask(process, name);
        if (!generation.answers_with_entry) { // FBSD-012
            *node = system.nodes.find(so_far);
            if (c && !*node && system.trace.on)
                system.trace.emit({.event = Event::rung_of_design, .name = "devfs", .what = "a device was made, but the name looked up still has no entry", .clause = "FBSD-012", .text = c->si_name});
        } else if (c && c->node && system.nodes.find(c->path) == c->node) {
            *node = c->node;
            if (system.trace.on)
                system.trace.emit({.event = Event::rung_of_design, .name = "devfs", .what = "the lookup ends at the entry of the device that was made", .clause = "FBSD-011", .text = c->si_name});
        }
        if (c && generation.lookup_drops_reference) {
            if (c->si_refcount > 0)
                --c->si_refcount;
            else
                system.fault(Fault{c->si_devsw ? c->si_devsw->d_name : "?", "handler", "FBSD-051", "a lookup was answered with a device that has no reference (MAKEDEV_REF, dev_ref), and it may go before it is open", {}, {}});
        }
        if (!*node) return ENOENT;
        return slash == path.npos ? 0 : ENOTDIR;
    }
}

Cdev *Freebsd::ask(Process &process, std::string_view name) {
    if (name.size() > SPECNAMELEN) { // FBSD-005
        if (system.trace.on)
            system.trace.emit({.event = Event::miss, .what = "no entry of this name, and it is too long to be offered to handlers", .clause = "FBSD-005", .text = name});
        return nullptr;
    }
    if (system.trace.on)
        system.trace.emit({.event = Event::miss, .what = "/dev has no entry of this name, and drivers are asked for it", .clause = "FBSD-001", .text = name});
    const unsigned long event = next_event_++;
    events_.push_back(event);
    const auto asked = handlers_;
    asked_.insert(asked_.end(), asked.begin(), asked.end());
    Who who(process);
    cdev *cell = nullptr;
    char buffer[SPECNAMELEN + 1];
    for (freebsd_eventhandler *handler : asked) {
        if (!handler->dead) {
            name.copy(buffer, name.size());
            buffer[name.size()] = 0;
            if (system.trace.on)
                system.trace.emit({.event = Event::handler,
                                   .what = cell ? "a handler is called; another has answered, and it should leave that alone"
                                                : "a handler is called: it may make a device for the name, or pass",
                                   .clause = cell ? "FBSD-008" : nullptr,
                                   .number = handler->priority});
            Inside inside(system, "dev_clone");
            if (handler->nocred) // FBSD-010
                handler->nocred(handler->argument, buffer, static_cast<int>(name.size()), &cell);
            else
                handler->function(handler->argument, &who.cred, buffer, static_cast<int>(name.size()), &cell);
        }
        asked_.erase(std::find(asked_.begin(), asked_.end(), handler));
        if (handler->dead && std::find(asked_.begin(), asked_.end(), handler) == asked_.end()) delete handler;
    }
    std::erase(events_, event);
    system.wake_all(event_over_, "a dev_clone event is over");
    if (!cell && system.trace.on)
        system.trace.emit({.event = Event::rung_of_design, .name = "devfs", .what = "no handler made a device", .clause = "FBSD-007", .text = name});
    return is_there(cell) ? &of(cell) : nullptr;
}

// FBSD-016, FBSD-040
eventhandler_tag Freebsd::add_handler(freebsd_eventhandler handler) {
    if (!system.alloc.allow(sizeof handler)) return nullptr;
    auto *added = new freebsd_eventhandler(handler);
    const auto after = std::upper_bound(handlers_.begin(), handlers_.end(), added,
                                        [](const auto *a, const auto *b) { return a->priority < b->priority; });
    handlers_.insert(after, added);
    ++system.kmem_allocations_out;
    return added;
}

void Freebsd::remove_handler(eventhandler_tag tag) {
    if (!std::erase(handlers_, tag)) return system.fault("FBSD-041", "a handler is deregistered that is not registered");
    --system.kmem_allocations_out;
    tag->dead = true;
    if (std::find(asked_.begin(), asked_.end(), tag) == asked_.end()) delete tag;
}

// Those that began earlier have ended (FBSD-048).
void Freebsd::drain() {
    const unsigned long before = next_event_;
    const auto running = [&] { return !events_.empty() && events_.front() < before; };
    if (!running()) return;
    if (!system.running) {
        Process *process = system.caller()            ? system.caller()
                           : system.processes.empty() ? nullptr
                                                      : &system.processes.front();
        if (process) system.run_call(*process, "drain_dev_clone_events", [&] { return drain(), 0; });
        return;
    }
    while (running())
        if (system.sleep(event_over_, "handlers of dev_clone to end", false) == Wake::deadlock)
            return system.fault("FBSD-048", "drain_dev_clone_events waits for a handler that can never end");
}

} // namespace rill::designs::freebsd

namespace rill::designs {

using namespace freebsd;

namespace {
void newer(System &system) { part(system).generation = {.needs_minor = true, .minors_spread = false, .dead_vnode = true}; }
void first_devfs(System &system) {
    part(system).generation = {
        .answers_with_entry = false,
        .removal_asks = true,
        .cheap_reclaimed = true,
        .lookup_drops_reference = false,
        .largest_stdclone = -1,
    };
}
}

constinit const Generation freebsd_5{"5", [](System &system) { part(system).generation = {}; }};
constinit const Generation freebsd_2000{"2000", first_devfs};
constinit const Generation freebsd_newer{"after 7", newer};

int freebsd_handlers(System &system) { return part(system).handlers(); }

} // namespace rill::designs

using namespace rill;
using namespace rill::designs::freebsd;

EXPORT eventhandler_tag freebsd_register_dev_clone(dev_clone_fn function, void *argument, int priority) {
    return here().add_handler({function, nullptr, argument, priority, false});
}

EXPORT eventhandler_tag freebsd_register_nocred_dev_clone(dev_clone_nocred_fn function, void *argument, int priority) {
    return here().add_handler({nullptr, function, argument, priority, false});
}

EXPORT void freebsd_deregister_dev_clone(eventhandler_tag tag) { here().remove_handler(tag); }

EXPORT void drain_dev_clone_events() { here().drain(); }

// stem, then a decimal number: 1; and text behind it: 2; anything else: 0 (FBSD-020 to 024, FBSD-034).
EXPORT int dev_stdclone(char *name, char **namep, const char *stem, int *unit) {
    const std::size_t length = std::strlen(stem);
    if (std::strncmp(name, stem, length) != 0) return 0;
    const char *at = name + length;
    if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9')) return 0;
    const int limit = here().generation.largest_stdclone;
    const long largest = limit < 0 ? 0x7fffffff : limit;
    long number = 0;
    for (; *at >= '0' && *at <= '9'; ++at) {
        number = number * 10 + (*at - '0');
        if (number > largest) return 0;
    }
    *unit = static_cast<int>(number);
    if (!*at) return 1;
    if (namep) *namep = name + (at - name);
    return 2;
}
