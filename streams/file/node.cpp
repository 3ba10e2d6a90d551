#include "streams/file/node.hpp"
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
    for (std::size_t i = 0; i < buckets(); ++i)
        while (Special *s = buckets_[i]) {
            buckets_[i] = s->next;
            while (!s->lock_waiters.empty()) s->lock_waiters.pop_front();
            specials_pool_.free(s);
        }
}

int NodeTable::make(const std::string &path, mode_t mode, dev_t dev, uid_t uid, gid_t gid) {
    if (path.empty()) return ENOENT;
    if (path.size() >= 1024) return ENAMETOOLONG;
    if (!S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISREG(mode) && !S_ISDIR(mode) && !S_ISFIFO(mode)) return EINVAL;
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
    if (S_ISDIR(mode) && (mode & 0111) != 0111) guard_directories();
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
    if (path == "/") return EBUSY;
    const auto below = nodes_.lower_bound(path + '/');
    if (below != nodes_.end() && below->first.starts_with(path + '/')) return ENOTEMPTY;
    it->second->mode = 0;
    return unlink(path);
}

void NodeTable::release(Node *node) {
    if (--node->refs == 0) delete node;
}

int NodeTable::lookup(Process &process, std::string_view path, Lookup why, Node **node) {
    if ((*node = find(path)) && !directories_guarded_) [[likely]]
        return 0;
    std::string name;
    if (int error = canonical(path, name)) return error;
    if (directories_guarded_) [[unlikely]]
        if (int error = refused_on_the_way(name, process.cred)) return error;
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
        if (const Node *above = find_const(path.substr(0, slash)); above && (!S_ISDIR(above->mode) || above->over)) return ENOTDIR;
    return 0;
}

int NodeTable::refused_on_the_way(std::string_view path, const cred_t &cred) const {
    for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
        const Node *above = find_const(path.substr(0, slash));
        if (!above) continue;
        if (above->over || !S_ISDIR(above->mode)) return ENOTDIR; // FAT-034
        if (!(permissions_of(*above, cred) & 1)) return EACCES;
    }
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
    return directory && permissions_of(*directory, cred) & 2 ? 0 : EACCES;
}

int NodeTable::own_directory(std::string_view path, Node **node) {
    std::string name;
    if (int error = canonical(path, name)) return error;
    if (int error = make(name, unnamed_directory_.mode, no_device, 0, 0)) return error;
    *node = find(name);
    return 0;
}

int NodeTable::add_name_hook(NameHook hook) {
    hooks_.emplace_back(next_hook_, std::move(hook));
    return next_hook_++;
}

void NodeTable::remove_name_hook(int id) {
    std::erase_if(hooks_, [&](const auto &h) { return h.first == id; });
}

} // namespace rill
