// The host's own answers to the same questions, as the baselines that rows are told in.
#pragma once

#include <cstddef>
#include <poll.h>
#include <string>
#include <vector>

namespace rill::bench::host {

class Pipe {
public:
    explicit Pipe(std::size_t size = 64);
    ~Pipe();
    Pipe(const Pipe &) = delete;
    void trip(int n); // write and read of so many bytes
    void fionread(int n);
    int fd[2];

private:
    std::vector<char> buffer_;
};

// So many pipes, the last with something to read.
class Pipes {
public:
    explicit Pipes(int count);
    void poll(int n);

private:
    std::vector<Pipe> pipes_;
    std::vector<pollfd> entries_;
};

// A name for a Unix socket, a connection by it, and neither any more.
class Named {
public:
    Named();
    ~Named();
    Named(const Named &) = delete;
    void connect_close(int n);

private:
    std::string directory_, path_;
};

void open_close(int n); // of /dev/null
void malloc_free(int n);

} // namespace rill::bench::host
