#include "streams/base/scratch.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>

// A sanitizer ends the process after its report by itself.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace rill {

namespace {

std::mutex lock; // of the list; a handler reads it as it stands
constexpr int deepest = 4;

// Calls of the host alone, as a handler may.
void empty(int directory, int depth) {
    alignas(dirent64) char entries[2048];
    for (long n; (n = ::syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0;)
        for (long at = 0; at < n;) {
            const auto *entry = reinterpret_cast<const dirent64 *>(entries + at);
            at += entry->d_reclen;
            if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
            if (::unlinkat(directory, entry->d_name, 0) == 0 || depth == deepest) continue;
            const int inner = ::openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (inner < 0) continue;
            empty(inner, depth + 1);
            ::close(inner);
            ::unlinkat(directory, entry->d_name, AT_REMOVEDIR);
        }
}

} // namespace

Scratch *Scratch::all_ = nullptr;

int Scratch::make(const char *name) {
    const char *tmp = std::getenv("TMPDIR");
    path_ = std::string(tmp && *tmp ? tmp : "/tmp") + "/" + name + "-XXXXXX";
    if (!::mkdtemp(path_.data())) return errno;
    maker_ = ::getpid();
    const std::lock_guard guard(lock);
    if (!all_ && __sanitizer_set_death_callback) __sanitizer_set_death_callback(remove_all);
    next_ = all_;
    all_ = this;
    return 0;
}

Scratch::~Scratch() {
    if (!maker_) return;
    {
        const std::lock_guard guard(lock);
        Scratch **at = &all_;
        while (*at != this) at = &(*at)->next_;
        *at = next_;
    }
    std::error_code ignored;
    if (maker_ == ::getpid()) std::filesystem::remove_all(path_, ignored); // however deep
}

void Scratch::remove() const {
    if (maker_ != ::getpid()) return; // a forked copy leaves the files to the one that made them
    const int directory = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory >= 0) {
        empty(directory, 0);
        ::close(directory);
    }
    ::rmdir(path_.c_str());
}

void Scratch::remove_all() {
    for (const Scratch *each = all_; each; each = each->next_) each->remove();
}

} // namespace rill
