#include "streams/file/node.hpp"
#include "streams/file/cdev.hpp"
#include "streams/file/lease.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace rill {

NodeTable::NodeTable(System &system, Alloc &alloc)
    : system_(system), name_buckets_(64), names_({name_buckets_.data(), name_buckets_.size()}), specials_pool_(alloc) {
    unnamed_directory_.mode = S_IFDIR | 0755;
    unnamed_directory_.ino = next_ino_++;
    unnamed_directory_.hidden = true;
}

NodeTable::~NodeTable() {
    names_.clear();
    for (std::size_t i = 0; i < std::size_t{1} << (64 - bucket_shift_); ++i)
        while (Special *s = buckets_[i]) {
            buckets_[i] = s->next;
            while (!s->lock_waiters.empty()) s->lock_waiters.pop_front();
            specials_pool_.free(s);
        }
}

int NodeTable::make(const std::string &path, mode_t mode, dev_t dev, uid_t uid, gid_t gid) {
    if (path.empty()) return ENOENT;
    if (path.size() >= 1024) return ENAMETOOLONG;
    if (!S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISREG(mode) && !S_ISDIR(mode)) return EINVAL;
    if ((S_ISCHR(mode) || S_ISBLK(mode)) && dev == no_device) return EINVAL;
    if (nodes_.contains(path) || (is_directory(path) && !S_ISDIR(mode))) return EEXIST;
    if (int error = below_a_file(path)) return error;
    auto node = std::make_unique<Node>();
    node->path = path;
    node->mode = mode;
    node->uid = uid;
    node->gid = gid;
    node->rdev = S_ISCHR(mode) || S_ISBLK(mode) ? dev : no_device;
    node->ino = next_ino_++;
    if (system_.trace.on)
        system_.trace.emit({.event = Event::node_made, .dev = node->rdev, .text = node->path});
    if (2 * (nodes_.size() + 1) > name_buckets_.size()) {
        std::vector<Names::bucket_type> more(2 * name_buckets_.size());
        names_.rehash({more.data(), more.size()});
        name_buckets_.swap(more);
    }
    names_.insert(*node);
    nodes_.emplace(path, std::move(node));
    return 0;
}

// Eight bytes at a time: names are short, and are looked up in each open.
std::size_t NodeTable::HashOfName::operator()(std::string_view name) const {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
    std::uint64_t hash = name.size(), word;
    const char *at = name.data();
    std::size_t left = name.size();
    for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
        std::memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    word = 0;
    for (std::size_t i = 0; i < left; ++i) word = word << 8 | static_cast<unsigned char>(at[i]);
    hash = (hash ^ word) * odd;
    return hash ^ hash >> 32;
}

Node *NodeTable::find(std::string_view path) {
    const auto it = names_.find(path, HashOfName{}, SameName{});
    return it == names_.end() ? nullptr : &*it;
}

int NodeTable::unlink(const std::string &path) {
    auto it = nodes_.find(path);
    if (it == nodes_.end()) return ENOENT;
    if (S_ISDIR(it->second->mode)) return EPERM;
    Node *node = it->second.release();
    nodes_.erase(it);
    names_.erase(names_.iterator_to(*node));
    if (system_.trace.on)
        system_.trace.emit({.event = Event::node_removed, .dev = node->rdev, .text = node->path});
    release(node);
    return 0;
}

int NodeTable::rmdir(const std::string &path) {
    auto it = nodes_.find(path);
    if (it == nodes_.end()) return ENOENT;
    if (!S_ISDIR(it->second->mode)) return ENOTDIR;
    const auto below = nodes_.lower_bound(path + '/');
    if (below != nodes_.end() && below->first.starts_with(path + '/')) return ENOTEMPTY;
    it->second->mode = 0;
    return unlink(path);
}

void NodeTable::release(Node *node) {
    if (--node->refs == 0) delete node;
}

int NodeTable::lookup(Process &process, std::string_view path, Lookup why, Node **node) {
    if ((*node = find(path))) [[likely]]
        return 0;
    std::string name;
    if (int error = canonical(path, name)) return error;
    const bool as_directory = path.ends_with('/');
    if ((*node = find(name))) return as_directory && !S_ISDIR((*node)->mode) ? ENOTDIR : 0;
    for (std::size_t i = 0; i < hooks_.size(); ++i) {
        auto hook = hooks_[i].second;
        const int error = hook(process, name, why, node);
        if (error != ENOENT) return error;
    }
    if (is_directory(name)) {
        *node = &unnamed_directory_;
        return 0;
    }
    return below_a_file(name) ? ENOTDIR : ENOENT;
}

const Node *NodeTable::find_const(std::string_view path) const {
    const auto it = names_.find(path, HashOfName{}, SameName{});
    return it == names_.end() ? nullptr : &*it;
}

bool NodeTable::is_directory(std::string_view path) const {
    if (const Node *node = find_const(path)) return S_ISDIR(node->mode);
    const std::string above = path == "/" ? "/" : std::string(path) + '/';
    const auto below = nodes_.lower_bound(above);
    return path == "/" || (below != nodes_.end() && below->first.starts_with(above));
}

int NodeTable::below_a_file(std::string_view path) const {
    for (std::size_t slash = path.rfind('/'); slash != 0 && slash != path.npos; slash = path.rfind('/', slash - 1))
        if (const Node *above = find_const(path.substr(0, slash)); above && !S_ISDIR(above->mode)) return ENOTDIR;
    return 0;
}

int NodeTable::canonical(std::string_view path, std::string &out) const {
    constexpr std::size_t longest_path = 1023, longest_name = 255;
    if (path.empty()) return ENOENT;
    if (path.size() > longest_path) return ENAMETOOLONG;
    out.clear();
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        const std::string_view name = path.substr(at, slash - at);
        at = slash + 1;
        if (name.empty()) continue;
        if (name.size() > longest_name) return ENAMETOOLONG;
        if (name == "." || name == "..") {
            if (!out.empty() && !is_directory(out)) return find_const(out) || below_a_file(out) ? ENOTDIR : ENOENT;
            if (name == "..") out.erase(out.empty() ? 0 : out.rfind('/'));
            continue;
        }
        out += '/';
        out += name;
    }
    if (out.empty()) out = '/';
    return 0;
}

int NodeTable::may_change_directory_of(std::string_view path, const cred_t &cred) const {
    if (below_a_file(path)) return ENOTDIR;
    if (cred.cr_uid == 0) return 0;
    const std::size_t slash = path.rfind('/');
    const Node *directory = find_const(path.substr(0, slash ? slash : 1));
    if (!directory) return EACCES;
    const unsigned shift = directory->uid == cred.cr_uid   ? 6
                           : directory->gid == cred.cr_gid ? 3
                                                           : 0;
    return directory->mode >> shift & 2 ? 0 : EACCES;
}

int NodeTable::add_name_hook(NameHook hook) {
    hooks_.emplace_back(next_hook_, std::move(hook));
    return next_hook_++;
}

void NodeTable::remove_name_hook(int id) {
    std::erase_if(hooks_, [&](const auto &h) { return h.first == id; });
}

Special *NodeTable::find(dev_t dev) {
    Special *special = *bucket_of(dev);
    while (special && special->dev != dev) special = special->next;
    return special;
}

Special *NodeTable::hold(dev_t dev) {
    Special **bucket = bucket_of(dev);
    for (Special *there = *bucket; there; there = there->next)
        if (there->dev == dev) {
            ++there->holds;
            return there;
        }
    Special *special = specials_pool_.make(dev);
    if (!special) return nullptr;
    special->next = *bucket;
    *bucket = special;
    special->holds = 1;
    if (static_cast<std::size_t>(specials_pool_.out()) > std::size_t{1} << (64 - bucket_shift_)) [[unlikely]]
        grow();
    return special;
}

void NodeTable::grow() {
    const std::size_t before = std::size_t{1} << (64 - bucket_shift_);
    std::unique_ptr<Special *[]> old = std::exchange(buckets_, std::make_unique<Special *[]>(before * 4));
    bucket_shift_ -= 2;
    for (std::size_t i = 0; i < before; ++i)
        while (Special *special = old[i]) {
            old[i] = special->next;
            Special **bucket = bucket_of(special->dev);
            special->next = *bucket;
            *bucket = special;
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
    if (int error = device.take(*this, dev, true))
        return error == ENOMEM ? process.refuse(error, "spec open", "no memory for the device's vnode", nullptr)
                               : process.refuse(error, "spec open", "waiting for another opener of this device", "CLN-042");
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
    ++device->files;
    if (Stream *stream = file.stream) {
        stream->opened_by(file);
        if (stream->options.istty) [[unlikely]]
            stream->offer_terminal(process, oflag);
    }
    if (device->dev == dev && !file.node) {
        file.node = &node;
        ++node.refs;
    }
    file.special = device.keep();
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
//   autopush                its errno      OPN-017 to OPN-020; by the device that came out
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
    if (int error = stream->autopush(process, dev)) return error;
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
