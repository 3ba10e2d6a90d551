// A node is a name for a device: path, mode, owner, device number. A Special is the device itself while anybody has it
// open: one per device number, whatever the name it was reached by, with the stream that runs on it.
//
// The open of a Special is serialised for its whole duration (CLN-041), and so is its last close (CLN-076); waiting for
// the lock can be interrupted (CLN-042). When a driver answers an open with another device (a clone open, a designated
// minor), the stream moves to the Special of that device, and the opened one stays free for the next open.
#pragma once

#include "streams/base/dev.hpp"
#include "streams/base/fiber.hpp"

#include <boost/intrusive/unordered_set.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <time.h>
#include <sys/cred.h>
#include <sys/stat.h>

namespace rill {

class Stream;
class Process;
struct File;
struct NameNode;
struct Driver;
struct Opened;
class HeldDevice;

struct Node : intrusive::unordered_set_base_hook<intrusive::link_mode<intrusive::safe_link>, intrusive::store_hash<true>> {
    std::string path;
    mode_t mode = 0; // type and permissions
    uid_t uid = 0;
    gid_t gid = 0;
    dev_t rdev = no_device;
    ino_t ino = 0;
    int refs = 1; // its name, and open files
    bool hidden = false; // can be opened by name, but is not listed
    bool is_name = false;      // a NameNode
    NameNode *over = nullptr;  // the stream that fattach put here: what is opened instead (names.hpp)
    Stream *fifo = nullptr;    // of a FIFO that is open
    timespec atime{}, mtime{}, ctime{}; // set by the designs that keep them, and by what changes attributes
};

// What the node's permissions allow these credentials: bits 4, 2 and 1; all to a privileged one.
inline unsigned permissions_of(const Node &node, const cred_t &cred) {
    const unsigned shift = node.uid == cred.cr_uid ? 6 : node.gid == cred.cr_gid ? 3
                                                                                 : 0;
    return cred.cr_uid == 0 ? 7 : node.mode >> shift & 7;
}
inline bool owns(const cred_t &cred, const Node &node) { return cred.cr_uid == 0 || cred.cr_uid == node.uid; }

// What a name is looked up for.
enum class Lookup : unsigned char {
    open,
    stat,
    remove,
};

struct Special {
    explicit Special(dev_t number) : dev(number) {}

    dev_t dev;
    Special *next = nullptr; // in its bucket of the node table
    Stream *stream = nullptr;
    Driver *driver = nullptr; // of a character driver that is open
    int holds = 0;            // files, and opens on their way
    int files = 0;            // completed opens not yet closed
    int character_opens = 0;  // of a driver that is not STREAMS
    bool locked = false;
    const Node *opening = nullptr; // the name by which whoever has the lock opens it (STD-019)
    WaitQueue lock_waiters;
};

class NodeTable {
public:
    NodeTable(System &system, Alloc &alloc);
    ~NodeTable();

    // A device, plain file, directory or FIFO. ENOENT, EEXIST, EINVAL, ENAMETOOLONG, ENOTDIR as usual.
    int make(const std::string &path, mode_t mode, dev_t dev, uid_t uid, gid_t gid);
    int unlink(const std::string &path);
    int rmdir(const std::string &path); // ENOENT, ENOTDIR, ENOTEMPTY
    Node *find(std::string_view path);
    // The node of a path; when the name is missing, name hooks are asked in order of registration. A relative path begins at
    // the root. ENOENT, ENOTDIR, ENAMETOOLONG, or what a hook answers.
    int lookup(Process &process, std::string_view path, Lookup why, Node **node);
    // The one way to spell a path: from the root, without doubled slashes, `.` and `..`. ENOENT, ENOTDIR, ENAMETOOLONG.
    int canonical(std::string_view path, std::string &out) const;
    // May a process with these credentials make and remove names in the path's directory? ENOTDIR, EACCES. A directory
    // that no node stands for is root's, 0755.
    int may_change_directory_of(std::string_view path, const cred_t &cred) const;
    // A node for a directory that has been there by the names below it only.
    int own_directory(std::string_view path, Node **node);
    void release(Node *node); // of a NameNode: names.hpp
    ino_t next_ino() { return next_ino_++; }
    // A directory was made that not everybody may search, or a name attached to one: from now on lookups look at what leads to
    // a name.
    void guard_directories() { directories_guarded_ = true; }
    // A hook may make a node for a missing name and return it; it says by which error it refuses, ENOENT to pass on.
    using NameHook = std::function<int(Process &, std::string_view path, Lookup why, Node **)>;
    int add_name_hook(NameHook hook);
    void remove_name_hook(int id);

    Special *hold(dev_t dev); // makes it if needed; nullptr when refused
    Special *find(dev_t dev);
    void release(Special *special) {
        if (--special->holds == 0) forget(special);
    }
    int lock(Special &special, bool interruptible) { // EINTR, EDEADLK
        if (special.locked) [[unlikely]]
            if (int error = wait_for_lock(special, interruptible)) return error;
        special.locked = true;
        return 0;
    }
    void unlock(Special &special) {
        special.locked = false;
        if (!special.lock_waiters.empty()) [[unlikely]]
            wake_for_lock(special);
    }

    // The rungs from the node on down. On success the file refers to the device that came out.
    Opened spec_open(Process &process, Node &node, File &file, int oflag);
    // Opens a device again by a name that was attached to its stream (FAT-029).
    int open_again(Process &process, Special &special, File &file, int oflag);
    // One file less on its device; the last takes the stream apart. 0 or EINTR.
    int spec_close(Process &process, File &file);

    // An open on its way goes on with the vnode of another device: the lease becomes that of this one, and the old one is
    // given back. ENOMEM, EINTR; then nothing has changed.
    int swap_vnode(Process &process, HeldDevice &device, dev_t dev);

    const std::map<std::string, std::unique_ptr<Node>, std::less<>> &nodes() const { return nodes_; }
    long specials_out() const { return specials_pool_.out(); }

private:
    // On success the lease is of the device that came out, on failure of the one that went in.
    int open_stream(Process &process, HeldDevice &device, Driver &driver, File &file, int oflag);
    int open_character(Process &process, HeldDevice &device, Driver &driver, int oflag);
    int rebind(Process &process, Stream &stream, dev_t dev, HeldDevice &moved);
    void forget(Special *special);
    int wait_for_lock(Special &special, bool interruptible);
    void wake_for_lock(Special &special);
    const Node *find_const(std::string_view path) const;
    bool is_directory(std::string_view path) const; // by a node, or by names below it
    int below_a_file(std::string_view path) const;  // ENOTDIR when a name above this one is no directory, else 0
    int refused_on_the_way(std::string_view path, const cred_t &cred) const; // EACCES, ENOTDIR; 0

    System &system_;
    Node unnamed_directory_; // what a directory without a node of its own looks like
    // Names: in order, for lists of them and for what is below a directory; and hashed, to be found.
    struct HashOfName {
        std::size_t operator()(std::string_view name) const;
        std::size_t operator()(const Node &node) const { return operator()(node.path); }
    };
    struct SameName {
        bool operator()(const Node &a, const Node &b) const { return a.path == b.path; }
        bool operator()(std::string_view name, const Node &node) const { return name == node.path; }
    };
    using Names = intrusive::unordered_set<Node, intrusive::hash<HashOfName>, intrusive::equal<SameName>, intrusive::power_2_buckets<true>,
                                           intrusive::constant_time_size<false>>;
    std::map<std::string, std::unique_ptr<Node>, std::less<>> nodes_;
    std::vector<Names::bucket_type> name_buckets_;
    Names names_;
    std::vector<std::pair<int, NameHook>> hooks_;
    int next_hook_ = 1;
    ino_t next_ino_ = 2;
    bool directories_guarded_ = false;

    // Specials by device: chains, as many as a power of two.
    Special **bucket_of(dev_t dev) { return buckets_.get() + (dev * 0x9e3779b97f4a7c15u >> bucket_shift_); }
    std::size_t buckets() const { return std::size_t{1} << (64 - bucket_shift_); }
    void put_in(Special *special) {
        Special **bucket = bucket_of(special->dev);
        special->next = *bucket;
        *bucket = special;
    }
    void grow();
    Pool<Special> specials_pool_;
    unsigned bucket_shift_ = 64 - 6;
    std::unique_ptr<Special *[]> buckets_ = std::make_unique<Special *[]>(1u << 6);
};

} // namespace rill
