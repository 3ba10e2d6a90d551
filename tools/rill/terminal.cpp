#include "tools/rill/terminal.hpp"
#include "tools/rill/exits.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace rill::tool {

namespace {

constexpr std::size_t narrowest = 60, widest = 100; // a line of more is hard to read

const char *pager_command() {
    const char *given = std::getenv("PAGER");
    return given ? given : "less";
}

bool pager_shows_colours() {
    return std::strstr(pager_command(), "less") != nullptr;
}

bool read_by_pager = false; // stdout's reader may leave before the end
int why_not = 0;            // an errno, once something could not be written

} // namespace

std::string Page::ink(std::string_view code, std::string_view text) const {
    if (!colours || text.empty()) return std::string(text);
    return std::string("\033[").append(code).append("m").append(text).append("\033[0m");
}

unsigned columns() {
    winsize size = {};
    return isatty(STDOUT_FILENO) && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

Page page() {
    Page out;
    if (!isatty(STDOUT_FILENO)) return out;
    out.width = std::clamp<std::size_t>(columns(), narrowest, widest);
    const char *none = std::getenv("NO_COLOR"), *term = std::getenv("TERM");
    out.colours = !(none && *none) && term && *term && std::strcmp(term, "dumb") != 0 && pager_shows_colours();
    return out;
}

Pager::Pager(bool wanted) {
    const char *command = pager_command();
    if (!wanted || !isatty(STDOUT_FILENO) || !*command || std::strcmp(command, "cat") == 0) return;
    std::fflush(stdout);
    ::setenv("LESS", "FRX", 0);
    if (pager_.start({"/bin/sh", "-c", command}, {.in = Subprocess::Stream::pipe}) != 0) return;
    output_ = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(pager_.in, STDOUT_FILENO);
    if (isatty(STDERR_FILENO)) {
        errors_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        dup2(pager_.in, STDERR_FILENO);
    }
    read_by_pager = true;
    std::signal(SIGPIPE, SIG_IGN); // who leaves the pager early has seen enough
}

Pager::~Pager() {
    if (pager_.pid <= 0) return;
    std::fflush(stdout);
    dup2(output_, STDOUT_FILENO);
    ::close(output_);
    if (errors_ >= 0) {
        dup2(errors_, STDERR_FILENO);
        ::close(errors_);
    }
    pager_.wait();
}

int key() {
    std::fflush(stdout);
    termios before = {};
    const bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        termios raw = before;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    const int got = std::fgetc(stdin);
    if (terminal) tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    return got == EOF ? -1 : got;
}

void put(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size() && !why_not) why_not = errno;
}

void flush() {
    if (std::fflush(stdout) != 0 && !why_not) why_not = errno;
}

int ended(int status) {
    const bool lost = std::ferror(stdout) != 0 || why_not;
    flush();
    if ((!lost && !why_not) || read_by_pager) return status;
    std::fprintf(stderr, "rill: the output could not be written%s%s\n", why_not ? ": " : "", why_not ? std::strerror(why_not) : "");
    return exit_unwritten;
}

} // namespace rill::tool
