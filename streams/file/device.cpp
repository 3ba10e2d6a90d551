// Devices: who has one open, whose turn it is to open it (a second opener waits), what its driver's open answered, its last
// close. A name leads here from node.cpp; a driver that is no STREAMS driver is called in cdev.cpp.
#include "streams/file/node.hpp"
#include "streams/file/cdev.hpp"
#include "streams/file/lease.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/system.hpp"

#include <cerrno>
#include <utility>

namespace rill {

Special *NodeTable::find(dev_t dev) {
    Special *special = *bucket_of(dev);
    while (special && special->dev != dev) special = special->next;
    return special;
}

Special *NodeTable::hold(dev_t dev) {
    Special *special = find(dev);
    if (!special) {
        special = specials_pool_.make(dev);
        if (!special) return nullptr;
        put_in(special);
        if (static_cast<std::size_t>(specials_pool_.out()) > buckets()) [[unlikely]]
            grow();
    }
    ++special->holds;
    return special;
}

void NodeTable::grow() {
    const std::size_t before = buckets();
    std::unique_ptr<Special *[]> old = std::exchange(buckets_, std::make_unique<Special *[]>(before * 4));
    bucket_shift_ -= 2;
    for (std::size_t i = 0; i < before; ++i)
        while (Special *special = old[i]) {
            old[i] = special->next;
            put_in(special);
        }
}

void NodeTable::forget(Special *special) {
    Special **link = bucket_of(special->dev);
    while (*link != special) link = &(*link)->next;
    *link = special->next;
    specials_pool_.free(special);
}

int NodeTable::wait_for_lock(Special &special, bool interruptible) {
    while (special.locked) {
        const Wake wake = system_.sleep(special.lock_waiters, "another open or the last close of this device", interruptible);
        if (wake == Wake::event) continue;
        if (wake == Wake::deadlock && !special.locked) break;
        // Whoever was woken for the lock and cannot use it lets the next one have it.
        if (!special.locked) wake_for_lock(special);
        return wake == Wake::signal ? EINTR : EDEADLK;
    }
    return 0;
}

void NodeTable::wake_for_lock(Special &special) { system_.wake_one(special.lock_waiters, "the device's lock"); }

// --- the first and last rung of whoever opens a device, by its node or by a name that is attached to its stream ---

static int take_to_open(Process &process, NodeTable &nodes, dev_t dev, HeldDevice &device) {
    const int error = device.take(nodes, dev, true);
    if (!error) [[likely]]
        return 0;
    return error == ENOMEM ? process.refuse(error, "spec open", "no memory for the device's vnode", nullptr)
                           : process.refuse(error, "spec open", "waiting for another opener of this device", "CLN-042");
}

static void finish_open(Process &process, HeldDevice &device, File &file, int oflag) {
    ++device->files;
    if (Stream *stream = file.stream) {
        stream->opened_by(file);
        if (stream->options.istty) [[unlikely]]
            stream->offer_terminal(process, oflag);
    }
    file.special = device.keep();
}

// spec open: from the node to the device. The ladder:
//   block device            ENXIO          CLN-009
//   hold the device         ENOMEM
//   lock it                 EINTR          CLN-041, CLN-042
//   hold the driver         ENXIO          CFG-020, CLN-029
//   open the device         its errno
Opened NodeTable::spec_open(Process &process, Node &node, File &file, int oflag) {
    const dev_t dev = node.rdev;
    if (system_.trace.on) [[unlikely]]
        system_.trace.emit({.event = Event::spec_open_begins, .dev = dev});
    if (S_ISBLK(node.mode))
        return process.refuse(ENXIO, "spec open", "STREAMS drivers are opened through character nodes only", "CLN-009");
    HeldDevice device;
    if (int error = take_to_open(process, *this, dev, device)) return error;
    device->opening = &node;
    HeldDriver driver(system_.registry);
    if (int error = driver.take(external_major(dev))) {
        const bool configured = system_.registry.by_external(external_major(dev));
        return process.refuse(error, "spec open",
                              configured ? "the driver at the node's major cannot be loaded"
                                         : "no driver is configured at the node's major",
                              configured ? "CLN-029" : "CFG-020");
    }
    if (system_.trace.on) [[unlikely]]
        system_.trace.emit({.event = Event::driver_found, .what = driver->name.c_str(), .clause = "DEV-021", .dev = dev, .number = driver->internal, .extra = driver->tab != nullptr});
    Opened opened = driver->tab         ? open_stream(process, device, *driver, file, oflag)
                    : driver->open_file ? driver->open_file(process, node, device, file, oflag)
                                        : open_character(process, device, *driver, oflag);
    if (opened.error < 0) [[unlikely]] {
        opened.error = errno_of(system_, *driver, "open procedure", opened.error);
        if (process.refusal.error != opened.error) process.refuse(opened.error, "driver open", "the driver's open refused", "NBSD-082");
    }
    if (opened.error || opened.instead) return opened;
    if (device->dev == dev && !file.node) {
        file.node = &node;
        ++node.refs;
    }
    finish_open(process, device, file, oflag);
    return 0;
}

int NodeTable::open_again(Process &process, Special &special, File &file, int oflag) {
    HeldDevice device;
    if (int error = take_to_open(process, *this, special.dev, device)) return error;
    if (int error = special.stream->open_again(process, special.dev, oflag)) return error;
    file.stream = special.stream;
    finish_open(process, device, file, oflag);
    return 0;
}

int NodeTable::swap_vnode(Process &process, HeldDevice &device, dev_t dev) {
    HeldDevice moved;
    if (int error = moved.take(*this, dev, true))
        return error == ENOMEM ? process.refuse(error, "vnode", "no memory for the new device's vnode", nullptr)
                               : process.refuse(error, "vnode", "waiting for another opener of the new device", "CLN-042");
    if (system_.trace.on) [[unlikely]]
        system_.trace.emit({.event = Event::vnode_swap, .what = "the open goes on with another device's vnode", .dev = dev});
    device = std::move(moved);
    return 0;
}

// A STREAMS driver:
//   memory for streams      ENOSR          WR-019
//   join the stream         its errno      Stream::open_again
//   or build one            its errno      Stream::open_first
//   rebind                  its errno, when the driver answered with another device
//   autopush                its errno      OPN-017 to OPN-020, AUT-038; by the device that came out (AUT-036)
int NodeTable::open_stream(Process &process, HeldDevice &device, Driver &driver, File &file, int oflag) {
    if (system_.over_threshold(process))
        return process.refuse(ENOSR, "stream open", "STREAMS memory is above STRTHRESH, and the process is not privileged", "WR-019");
    if (Stream *there = device->stream) {
        if (int error = there->open_again(process, device->dev, oflag)) return error;
        file.stream = there;
        return 0;
    }
    dev_t dev = device->dev;
    HeldDevice moved; // where the stream goes when the driver answers with another device; it outlives the stream
    BuiltStream stream(process, oflag);
    if (int error = stream.build(system_, *device, driver, &dev)) return error;
    if (dev != device->dev)
        if (int error = rebind(process, *stream, dev, moved)) return error;
    if (system_.autopush.any()) [[unlikely]]
        if (const AutopushEntry *entry = system_.autopush.find(dev))
            if (int error = stream->autopush(process, dev, *entry)) return error;
    file.stream = stream.keep();
    if (moved) device = std::move(moved);
    return 0;
}

// The driver answered with another device: the stream moves there. Refused, and the driver closed again, when
//   the device is not one of the driver's        ENXIO    CLN-080, CLN-105
//   no memory for its vnode                      ENOMEM
//   a last close in progress does not end        EDEADLK  CLN-076
//   it already has a stream                      EBUSY    CLN-073
int NodeTable::rebind(Process &process, Stream &stream, dev_t dev, HeldDevice &moved) {
    const Driver *answered = dev == no_device ? nullptr : system_.registry.by_external(external_major(dev));
    const Owner &driver = *stream.driver_pair()->owner;
    if (answered != &driver) {
        const int error = process.refuse(ENXIO, "rebind", "the driver's open returned a device that is not the driver's own",
                                         dev == no_device ? "CLN-080" : "CLN-105",
                                         system_.registry.foreign_device(dev, driver, external_major(stream.dev())));
        system_.checks.foreign_device(driver, dev, "CLN-105");
        return error;
    }
    HeldDevice named;
    if (int error = named.take(*this, dev, false))
        return error == ENOMEM ? process.refuse(error, "rebind", "no memory for the new device's vnode", nullptr)
                               : process.refuse(error, "rebind", "waiting for the last close of the new device", "CLN-076");
    if (named->stream)
        return process.refuse(EBUSY, "rebind", "the device that the driver's open returned is already open", "CLN-073", Event::device_is_open);
    if (system_.trace.on) [[unlikely]]
        system_.trace.emit({.event = Event::stream_moved, .clause = "CLN-037", .dev = dev, .stream = stream.id});
    stream.move_to(*named);
    moved = std::move(named);
    return 0;
}

// A driver that is not STREAMS (DEV-021): its entry points are called as they are.
//   the driver's open                            its errno, ENODEV without one
//   the device that it named is another's        ENXIO    CLN-105
int NodeTable::open_character(Process &process, HeldDevice &device, Driver &driver, int oflag) {
    dev_t dev = device->dev;
    if (int error = character_open(system_, driver, &dev, driver_flags(oflag), process.cred))
        return process.refuse(error, "driver open", "the driver's open refused", nullptr);
    if (dev != device->dev) {
        HeldDevice moved;
        const bool own = system_.registry.by_external(external_major(dev)) == &driver;
        if (const int error = own ? moved.take(*this, dev, false) : ENXIO) {
            character_close(system_, driver, dev, oflag, process.cred);
            if (own) return process.refuse(error, "rebind", "no memory for the new device's vnode", nullptr);
            return process.refuse(error, "rebind", "the driver's open returned a device that is not its own", "CLN-105",
                                  system_.registry.foreign_device(dev, driver, external_major(device->dev)));
        }
        device = std::move(moved);
    }
    device->driver = &driver;
    ++device->character_opens;
    ++driver.holds;
    return 0;
}

int NodeTable::spec_close(Process &process, File &file) {
    Special *special = file.special;
    Stream *stream = file.stream;
    if (stream) stream->process_closed(process);
    int error = 0;
    if (file.ops && file.ops->close) error = file.ops->close(process, file);
    if (--special->files == 0) {
        const bool locked = lock(*special, false) == 0;
        if (special->files == 0) {
            if (stream && special->stream == stream) {
                error = stream->close(process, file.flags);
            } else if (special->driver) {
                Driver &driver = *special->driver;
                character_close(system_, driver, special->dev, driver_flags(file.flags), process.cred);
                driver.holds -= special->character_opens;
                special->driver = nullptr;
                special->character_opens = 0;
            }
        }
        if (locked) unlock(*special);
    }
    if (file.node) release(file.node);
    release(special);
    return error;
}

} // namespace rill
