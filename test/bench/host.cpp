#include "test/bench/host.hpp"
#include "test/bench/worlds.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace rill::bench::host {

Pipe::Pipe(std::size_t size) : buffer_(size) {
    if (::pipe(fd)) throw Unable(std::string("the host's pipe: ") + std::strerror(errno));
}
Pipe::~Pipe() {
    ::close(fd[0]);
    ::close(fd[1]);
}
void Pipe::trip(int n) {
    for (int i = 0; i < n; ++i)
        if (::write(fd[1], buffer_.data(), buffer_.size()) < 0 || ::read(fd[0], buffer_.data(), buffer_.size()) < 0) throw Unable("the host's pipe");
}
void Pipe::fionread(int n) {
    int bytes;
    for (int i = 0; i < n; ++i) ::ioctl(fd[0], FIONREAD, &bytes);
}

Pipes::Pipes(int count) : pipes_(static_cast<std::size_t>(count)) {
    for (const Pipe &pipe : pipes_) entries_.push_back({pipe.fd[0], POLLIN, 0});
    if (::write(pipes_.back().fd[1], "x", 1) != 1) throw Unable("the host's pipe");
}
void Pipes::poll(int n) {
    for (int i = 0; i < n; ++i)
        if (::poll(entries_.data(), entries_.size(), -1) != 1) throw Unable("the host's poll");
}

void open_close(int n) {
    for (int i = 0; i < n; ++i) ::close(::open("/dev/null", O_RDWR));
}

void malloc_free(int n) {
    for (int i = 0; i < n; ++i) {
        void *p = std::malloc(64);
        asm volatile(""
                     :
                     : "r"(p)
                     : "memory");
        std::free(p);
    }
}

} // namespace rill::bench::host
