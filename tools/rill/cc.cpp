#include "tools/rill/cc.hpp"

#include "streams/sysgen/paths.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

// Headers: beside the installed command, then of the source tree it was built from, then where it was to be installed.
std::vector<std::string> include_directories() {
    std::error_code ignored;
    const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
    std::vector<std::string> out;
    for (const fs::path &p : {self.parent_path().parent_path() / "include" / "rill", fs::path(RILL_DDI_SOURCE),
                              fs::path(RILL_DDI_INSTALLED)})
        if (fs::exists(p / "sys" / "stream.h", ignored)) out.push_back(p.string());
    return out;
}

int run(std::vector<std::string> words) {
    std::vector<char *> argv;
    for (std::string &word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    if (const int error = ::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ)) {
        fmt::print(stderr, "rill cc: the C compiler {} cannot be started: {} (RILL_CC names another)\n", words[0],
                   std::strerror(error));
        return 1;
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

} // namespace

int compile(const Compile &what) {
    const auto directories = include_directories();
    if (directories.empty()) {
        fmt::print(stderr, "rill cc: rill's headers are in none of ../include/rill (from the command), {}, {}\n",
                   RILL_DDI_SOURCE, RILL_DDI_INSTALLED);
        return 1;
    }
    const char *compiler = std::getenv("RILL_CC");
    std::string output =
        what.output.empty() ? fs::path(what.sources.front()).replace_extension(".so").string() : what.output;
    std::vector<std::string> words = {compiler && *compiler ? compiler : "cc",
                                      "-std=" + what.standard,
                                      "-g",
                                      "-fPIC",
                                      "-shared",
                                      "-fno-builtin",
                                      "-fno-strict-aliasing"};
    if (what.checking)
        words.insert(words.end(), {"-O0", "-fno-omit-frame-pointer", "-Wall", "-DDEBUG"});
    else
        words.push_back("-O1");
    words.push_back("-I" + directories.front());
    words.insert(words.end(), what.more.begin(), what.more.end());
    words.insert(words.end(), what.sources.begin(), what.sources.end());
    words.insert(words.end(), {"-o", output});
    return run(std::move(words)) == 0 ? 0 : 1;
}

bool rebuild(const std::string &directory) {
    std::error_code ignored;
    std::vector<fs::path> sources;
    for (const auto &entry : fs::directory_iterator(fs::path(directory) / "boot", ignored))
        if (entry.path().extension() == ".c") sources.push_back(entry.path());
    std::sort(sources.begin(), sources.end());
    bool good = true;
    for (const fs::path &source : sources) {
        fs::path object = source;
        object.replace_extension(".so");
        const auto built = fs::last_write_time(object, ignored);
        if (!ignored && built >= fs::last_write_time(source)) continue;
        ignored.clear();
        if (compile({.sources = {source.string()}, .output = object.string(), .more = {}}) == 0) continue;
        fmt::print(stderr, "rill: {} cannot be made from {}: the compiler's words stand above\n", object.string(),
                   source.string());
        good = false;
    }
    return good;
}

} // namespace rill::tool
