// A directory of temporary files that does not outlive its process, however that ends: with the object, by exit(), by a
// signal. Only SIGKILL and _exit() leave it behind.
//
// The files stay by name until then: debuggers and memory checkers read the symbols of loaded objects from them, when they
// come upon something wrong and before the process ends by it.
#pragma once

#include <string>
#include <sys/types.h>

namespace rill {

class Scratch {
public:
    Scratch() = default;
    Scratch(const Scratch &) = delete;
    ~Scratch();

    int make(const char *name); // TMPDIR/NAME-XXXXXX; 0 or an errno
    bool made() const { return maker_ != 0; }
    const std::string &path() const { return path_; }

    // All of this process, not of one that it was forked from. For a handler of signals: it makes no memory and takes no lock.
    static void remove_all();

private:
    void remove() const;

    std::string path_;
    pid_t maker_ = 0;
    Scratch *next_ = nullptr;
    static Scratch *all_;
};

} // namespace rill
