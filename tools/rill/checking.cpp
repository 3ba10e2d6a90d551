#include "tools/rill/checking.hpp"
#include "tools/paths.hpp"
#include "tools/rill/exits.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace rill::tool {

int run_checking(char **argv) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::path here = fs::read_symlink("/proc/self/exe", ignored).parent_path(); // PREFIX/bin, or BUILD/tools
    std::string looked;
    for (const fs::path &path : {here.parent_path() / "libexec" / "rill" / "checking" / "rill",
                                 here.parent_path().parent_path() / "build-checking" / "tools" / "rill",
                                 fs::path(RILL_LIBEXEC) / "checking" / "rill"}) {
        if (fs::exists(path, ignored)) {
            argv[1] = argv[0];
            ::execv(path.c_str(), argv + 1);
            fmt::print(stderr, "rill: --checking: {} cannot be run: {}\n", path.string(), std::strerror(errno));
            return exit_unusable;
        }
        if (looked.find(path.string() + "\n") == looked.npos) looked += fmt::format("  {}\n", path.string());
    }
    fmt::print(stderr,
               "rill: --checking: no checking build is there; looked for\n{}"
               "`./bootstrap install PREFIX` installs one beside the plain one; `meson setup build-checking -Dchecking=true` "
               "configures one.\n",
               looked);
    return exit_unusable;
}

} // namespace rill::tool
