// What is said of a file: stat, and what changes it. A path to which a stream is attached has the attributes of that name, and
// so has a descriptor that was opened through it; the node below and the stream's other names keep theirs (FAT-019, FAT-032).
#include "streams/base/times.hpp"
#include "streams/file/names.hpp"
#include "streams/system.hpp"

#include <cerrno>

namespace rill {

namespace {

constexpr dev_t device_of_nodes = 1, device_of_names = 2;
constexpr dev_t device_of_pipes = no_device - 1; // PIP-056: no device has this number

void tell_node(struct stat &s, const Node &node) {
    s.st_dev = node.is_name ? device_of_names : device_of_nodes;
    s.st_ino = node.ino;
    s.st_mode = node.mode;
    s.st_nlink = 1;
    s.st_uid = node.uid;
    s.st_gid = node.gid;
    s.st_rdev = node.rdev == no_device ? 0 : node.rdev;
    s.st_atim = node.atime;
    s.st_mtim = node.mtime;
    s.st_ctim = node.ctime;
}

void tell_use(struct stat &s, const Fifo &fifo) {
    s.st_atim = time_of(fifo.read_at);
    s.st_mtim = time_of(fifo.written_at);
    s.st_ctim = time_of(fifo.changed_at);
}

void tell_size(struct stat &s, const Stream &stream) {
    s.st_size = static_cast<off_t>(stream.unread_bytes());
    s.st_blksize = pipe_buf;
}

} // namespace

bool may_access(const Node &node, const cred_t &cred, int flags) {
    const unsigned want = ((flags & FREAD) ? 4u : 0u) | ((flags & FWRITE) ? 2u : 0u);
    return (permissions_of(node, cred) & want) == want;
}

int Process::stat(std::string_view path, struct stat *st) {
    Node *node = nullptr;
    if (int error = system.nodes.lookup(*this, path, Lookup::stat, &node)) return refuse(error, "stat", "no node has this name", nullptr);
    struct stat s {};
    tell_node(s, top_of(*node));
    if (const NameNode *name = node->over) {
        if (name->file->pipe) tell_size(s, *name->file->stream);
    } else if (node->fifo) { // FIFO-012
        tell_size(s, *node->fifo);
        tell_use(s, *node->fifo->fifo);
    }
    return copy_to_user(st, &s, sizeof s) ? 0 : refuse(EFAULT, "stat", "bad address", nullptr);
}

int Process::fstat(int fd, struct stat *st) {
    File *f = file(fd);
    if (!f) return refuse(EBADF, "fstat", "the descriptor is not open", nullptr);
    struct stat s {};
    if (f->node) {
        tell_node(s, *f->node);
    } else if (f->pipe) { // PIP-022
        s.st_dev = device_of_pipes;
        s.st_ino = f->stream->fifo->ino;
        s.st_mode = S_IFIFO;
        s.st_uid = cred.cr_uid;
        s.st_gid = cred.cr_gid;
    } else {
        s.st_dev = device_of_nodes; // the clone keeps its node's file system (CLN-037)
        s.st_mode = S_IFCHR; // no node stands behind it: no permissions, owner and group 0 (CLN-036)
    }
    if (f->pipe) {
        tell_size(s, *f->stream);
        if (!name_of(*f)) tell_use(s, *f->stream->fifo);
    }
    if (f->special) s.st_rdev = f->special->dev;
    if (f->ops && f->ops->stat)
        if (int error = f->ops->stat(*this, *f, s)) return refuse(error, "fstat", "the file's own answer", nullptr);
    return copy_to_user(st, &s, sizeof s) ? 0 : refuse(EFAULT, "fstat", "bad address", nullptr);
}

// --- changes: of a path by its name, of a descriptor by what it was opened by ---

template <class F> int Process::change_path(std::string_view path, const char *call, F &&change) {
    Node *node = nullptr;
    if (int error = system.nodes.lookup(*this, path, Lookup::stat, &node)) return refuse(error, call, "no node has this name", nullptr);
    if (node->path.empty() && cred.cr_uid == 0)
        if (int error = system.nodes.own_directory(path, &node)) return refuse(error, call, "the path is refused", nullptr);
    return change_node(top_of(*node), call, change);
}

template <class F> int Process::change_file(int fd, const char *call, F &&change) {
    File *f = file(fd);
    if (!f) return refuse(EBADF, call, "the descriptor is not open", nullptr);
    if (f->node) return change_node(*f->node, call, change);
    if (f->pipe) f->stream->fifo->changed_at = system.sched.now(); // PIP-057
    return 0;
}

template <class F> int Process::change_node(Node &node, const char *call, F &&change) {
    if (!owns(cred, node)) return refuse(EPERM, call, "another user's", "FAT-033");
    if (int error = change(node)) return refuse(error, call, "only a privileged process may give it away", nullptr);
    node.ctime = time_of(system.sched.now());
    if (S_ISDIR(node.mode) && (node.mode & 0111) != 0111) system.nodes.guard_directories();
    return 0;
}

namespace {

auto to_mode(mode_t mode) {
    return [mode](Node &node) {
        const mode_t allowed = node.is_name ? 06777 : 07777; // FAT-033
        node.mode = (node.mode & S_IFMT) | (mode & allowed);
        return 0;
    };
}

auto to_owner(const cred_t &cred, uid_t uid, gid_t gid) {
    return [&cred, uid, gid](Node &node) {
        const bool gives_away = (uid != static_cast<uid_t>(-1) && uid != node.uid) ||
                                (gid != static_cast<gid_t>(-1) && gid != node.gid && gid != cred.cr_gid);
        if (cred.cr_uid != 0 && gives_away) return EPERM;
        if (uid != static_cast<uid_t>(-1)) node.uid = uid;
        if (gid != static_cast<gid_t>(-1)) node.gid = gid;
        return 0;
    };
}

} // namespace

int Process::chmod(std::string_view path, mode_t mode) { return change_path(path, "chmod", to_mode(mode)); }
int Process::fchmod(int fd, mode_t mode) { return change_file(fd, "fchmod", to_mode(mode)); }
int Process::chown(std::string_view path, uid_t uid, gid_t gid) { return change_path(path, "chown", to_owner(cred, uid, gid)); }
int Process::fchown(int fd, uid_t uid, gid_t gid) { return change_file(fd, "fchown", to_owner(cred, uid, gid)); }

int Process::utime(std::string_view path, const struct utimbuf *times) {
    struct utimbuf wanted {};
    if (times && !copy_from_user(&wanted, times, sizeof wanted)) return refuse(EFAULT, "utime", "bad address", nullptr);
    return change_path(path, "utime", [&](Node &node) {
        node.atime = times ? timespec{wanted.actime, 0} : time_of(system.sched.now());
        node.mtime = times ? timespec{wanted.modtime, 0} : node.atime;
        return 0;
    });
}

} // namespace rill
