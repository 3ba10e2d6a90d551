#include "tools/rill/subprocess.hpp"

#include <cerrno>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace rill::tool {

namespace {

void close_if_open(int &fd) {
    if (const int open = std::exchange(fd, -1); open >= 0) ::close(open);
}

// The two ends of a pipe, or -1 where none is wanted.
struct Pipe {
    explicit Pipe(bool wanted) : error(wanted && ::pipe2(ends, O_CLOEXEC) != 0 ? errno : 0) {}
    ~Pipe() {
        for (int &end : ends) close_if_open(end);
    }
    Pipe(const Pipe &) = delete;

    int ends[2] = {-1, -1};
    int error;
};

} // namespace

int Subprocess::start(const std::vector<std::string> &words, const Streams &streams) {
    Pipe to(streams.in == Stream::pipe), from(streams.out == Stream::pipe || streams.errors == Stream::pipe);
    if (to.error || from.error) return to.error ? to.error : from.error;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    const auto give = [&](Stream what, int fd, int end) {
        if (what == Stream::null) ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
        if (what == Stream::pipe) ::posix_spawn_file_actions_adddup2(&actions, end, fd);
    };
    give(streams.in, STDIN_FILENO, to.ends[0]);
    give(streams.out, STDOUT_FILENO, from.ends[1]);
    give(streams.errors, STDERR_FILENO, from.ends[1]);
    std::vector<char *> argv;
    for (const std::string &word : words) argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);
    const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error) return pid = -1, error;
    in = std::exchange(to.ends[1], -1);
    out = std::exchange(from.ends[0], -1);
    return 0;
}

std::string Subprocess::read_all() const {
    std::string text;
    char part[65536];
    for (ssize_t n; (n = ::read(out, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
    return text;
}

int Subprocess::wait() {
    close_if_open(in);
    close_if_open(out);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

} // namespace rill::tool
