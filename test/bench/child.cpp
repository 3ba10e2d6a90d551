#include "test/bench/child.hpp"
#include "test/bench/worlds.hpp"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rill::bench {

Outcome run_program(const std::vector<std::string> &words) {
    int out[2], err[2];
    if (::pipe(out) || ::pipe(err)) throw Unable(std::string("pipe: ") + std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    for (int fd : {out[0], out[1], err[0], err[1]}) posix_spawn_file_actions_addclose(&actions, fd);
    std::vector<char *> argv;
    for (const std::string &word : words) argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);
    char path[] = "PATH=/usr/bin:/bin";
    char *environment[] = {path, nullptr};
    pid_t pid;
    const int failed = posix_spawn(&pid, words[0].c_str(), &actions, nullptr, argv.data(), environment);
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    Outcome outcome;
    pollfd entries[] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    while (!failed && (entries[0].fd >= 0 || entries[1].fd >= 0)) {
        if (::poll(entries, 2, -1) < 0) continue;
        for (pollfd &entry : entries) {
            if (!entry.revents) continue;
            char buffer[4096];
            const ssize_t got = ::read(entry.fd, buffer, sizeof buffer);
            if (got <= 0)
                entry.fd = -1;
            else
                (&entry == entries ? outcome.output : outcome.errors).append(buffer, static_cast<std::size_t>(got));
        }
    }
    ::close(out[0]);
    ::close(err[0]);
    if (failed) throw Unable(words[0] + ": " + std::strerror(failed));
    while (::waitpid(pid, &outcome.status, 0) < 0 && errno == EINTR) {}
    return outcome;
}

} // namespace rill::bench
