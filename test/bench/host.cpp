#include "test/bench/host.hpp"
#include "test/bench/worlds.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
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

Named::Named() {
    char made[] = "/tmp/rill-bench.XXXXXX";
    if (!::mkdtemp(made)) throw Unable(std::string("a directory for a socket: ") + std::strerror(errno));
    directory_ = made;
    path_ = directory_ + "/name";
}
Named::~Named() { ::rmdir(directory_.c_str()); }
void Named::connect_close(int n) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    const auto *name = reinterpret_cast<const sockaddr *>(&address);
    for (int i = 0; i < n; ++i) {
        const int server = ::socket(AF_UNIX, SOCK_STREAM, 0), client = ::socket(AF_UNIX, SOCK_STREAM, 0);
        if (::bind(server, name, sizeof address) || ::listen(server, 1) || ::connect(client, name, sizeof address)) throw Unable("the host's socket");
        ::close(client);
        ::close(server);
        ::unlink(path_.c_str());
    }
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
