#include "tools/rill/cc.hpp"

#include "streams/boot/like.hpp"
#include "streams/boot/paths.hpp"
#include "streams/system.hpp"
#include "tools/rill/exits.hpp"
#include "tools/rill/subprocess.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

// What the sources of an origin take for granted: the dialect, the names its makefiles define, and the headers that have
// to come before all others for the names to mean what they meant there.
struct Like {
    Convention convention;
    const char *standard;
    std::vector<const char *> defines, headers;
};
const Like likes[] = {
    {Convention::svr3, "gnu89", {"_KERNEL", "INKERNEL"}, {"sys/types.h"}},
    {Convention::svr4, "gnu89", {"_KERNEL", "SVR4"}, {"sys/types.h"}},
    {Convention::solaris, "gnu99", {"_KERNEL", "SVR4", "__SVR4", "sun", "__sun"}, {"sys/types.h", "sys/sunddi.h"}},
    {Convention::lis, "gnu99", {"__KERNEL__", "MODULE", "LINUX", "LIS"}, {"sys/stream.h", "sys/LiS/module.h"}},
    {Convention::openss7, "gnu99", {"__KERNEL__", "MODULE", "LINUX", "LFS"}, {"sys/stream.h", "sys/LiS/module.h"}},
};

const Like *find_like(std::string_view word) {
    const Convention convention = convention_named(word);
    for (const Like &like : likes)
        if (like.convention == convention) return &like;
    return nullptr;
}

bool complain(const std::string &path, std::string_view why) {
    fmt::print(stderr, "rill: {}: {}\n", path, why);
    return false;
}

// Asked before the compiler is, which would wait for a FIFO.
bool readable(const std::string &path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return complain(path, std::strerror(errno));
    if (!S_ISREG(st.st_mode)) return complain(path, S_ISDIR(st.st_mode) ? "expected a C file, found a directory" : "expected a C file, found what is no file");
    return ::access(path.c_str(), R_OK) == 0 || complain(path, std::strerror(errno));
}

// The linker removes what is there and makes it anew, or writes into it.
bool writable(const std::string &path) {
    struct stat st {};
    const bool there = ::stat(path.c_str(), &st) == 0;
    if (there && S_ISDIR(st.st_mode)) return complain(path, "expected the place of an object, found a directory");
    const fs::path parent = fs::path(path).parent_path();
    const std::string directory = parent.empty() ? "." : parent.string();
    if (::access(directory.c_str(), W_OK | X_OK) == 0) return true;
    const int error = errno;
    return (there && ::access(path.c_str(), W_OK) == 0) ||
           complain(path, fmt::format("it cannot be made, the directory cannot be written: {}", std::strerror(error)));
}

int run(const std::vector<std::string> &words, bool quiet) {
    Subprocess compiler;
    const auto errors = quiet ? Subprocess::Stream::null : Subprocess::Stream::ours;
    if (const int error = compiler.start(words, {.errors = errors})) {
        if (!quiet) fmt::print(stderr, "rill cc: the C compiler {} cannot be started: {} (RILL_CC names another)\n", words[0], std::strerror(error));
        return exit_unusable;
    }
    const int status = compiler.wait();
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? exit_fine : exit_found;
}

} // namespace

const char *const compile_help =
    "Words with one dash are the compiler's and are passed on behind rill's own:\n"
    "-I -D -U -include -w -W... -f... -O... -g... -m... -l... -fsanitize=... Without\n"
    "any, -Og -g -fPIC -fno-builtin -fno-strict-aliasing.\n"
    "\n"
    "--like makes names mean what they meant to the driver's author, and the object\n"
    "says by whose conventions it is called, which goes before its <prefix>devflag.\n"
    "The convention, the C dialect, the macros, the header that comes first:\n"
    "  svr3     open(dev, flag, sflag) returns a minor\n"
    "           gnu89  _KERNEL INKERNEL      sys/types.h\n"
    "  svr4     open(q, devp, flag, sflag, crp); IRIX, UnixWare too\n"
    "           gnu89  _KERNEL SVR4          sys/types.h\n"
    "  solaris  as svr4; _init may register it\n"
    "           gnu99  _KERNEL SVR4 sun ...  sys/types.h, sys/sunddi.h\n"
    "  lis      as svr4; init_module may register it\n"
    "           gnu99  __KERNEL__ LINUX LIS  sys/stream.h, sys/LiS/module.h\n"
    "  openss7  as svr4; init_module may register it\n"
    "           gnu99  __KERNEL__ LINUX LFS  sys/stream.h, sys/LiS/module.h\n"
    "In a sysgen directory a file boot/foo.like with one of these words, or a line\n"
    "`like = WORD` in master.d/foo below the descriptive one, does the same for\n"
    "boot/foo.c and boot/foo.so.\n"
    "\n"
    "RILL_CC names another compiler than cc.\n"
    "Exit status: 0 the object is made, 1 the compiler refuses the source, 2 there\n"
    "was nothing to compile or no place for it; why stands on stderr.\n"
    "Examples:\n"
    "  rill cc foo.c && rill check foo.so\n"
    "  rill cc --like solaris -I include -DDEBUG -o ptem.so ptem.c";

void take_compiler_words(std::vector<char *> &argv, std::vector<std::string> &more) {
    static constexpr std::string_view with_another[] = {"-D", "-U", "-I", "-include", "-imacros", "-isystem", "-iquote",
                                                        "-idirafter", "-iprefix", "-L", "-l", "-x", "-T", "-u",
                                                        "-z", "-Xlinker", "-Xassembler", "-Xpreprocessor", "-MF", "-MT", "-MQ"};
    std::vector<char *> rest;
    for (std::size_t i = 0; i < argv.size(); ++i) {
        const std::string_view word = argv[i];
        // -o takes a word itself, which may look like one of the compiler's.
        if (word == "-o" || word == "--output" || word == "--std" || word == "--like") {
            rest.push_back(argv[i]);
            if (i + 1 < argv.size()) rest.push_back(argv[++i]);
        } else if (word.size() < 2 || word[0] != '-' || word[1] == '-' || word[1] == 'o' || word == "-h") {
            rest.push_back(argv[i]);
        } else {
            more.emplace_back(word);
            if (std::find(std::begin(with_another), std::end(with_another), word) != std::end(with_another) && i + 1 < argv.size())
                more.emplace_back(argv[++i]);
        }
    }
    argv = std::move(rest);
}

int compile(const Compile &what) {
    const Like *like = what.like.empty() ? nullptr : find_like(what.like);
    if (!like && !what.like.empty()) {
        fmt::print(stderr, "rill cc: --like: expected {}, found '{}'\n", sysgen::like_words, what.like);
        return exit_unusable;
    }
    for (const std::string &source : what.sources)
        if (!readable(source)) return exit_unusable;
    const auto directories = include_directories();
    if (directories.empty()) {
        fmt::print(stderr, "rill cc: rill's headers are in none of ../include/rill (from the command), {}, {}\n",
                   RILL_DDI_SOURCE, RILL_DDI_INSTALLED);
        return exit_unusable;
    }
    const char *compiler = std::getenv("RILL_CC");
    std::string output =
        what.output.empty() ? fs::path(what.sources.front()).replace_extension(".so").string() : what.output;
    std::vector<std::string> words = {compiler && *compiler ? compiler : "cc",
                                      "-std=" + (!what.standard.empty() ? what.standard
                                                 : like                 ? like->standard
                                                                        : "gnu89"),
                                      "-g",
                                      "-fPIC",
                                      "-shared",
                                      "-fno-builtin",
                                      "-fno-strict-aliasing"};
    if (what.checking)
        words.insert(words.end(), {"-O0", "-fno-omit-frame-pointer", "-Wall", "-DDEBUG"});
    else
        words.push_back("-Og"); // a debugger sees variables, and the first lines of a procedure
    if (like)
        for (const char *name : like->defines) words.push_back(fmt::format("-D{}", name));
    words.push_back("-I" + directories.front());
    if (like) {
        for (const char *header : like->headers) words.insert(words.end(), {"-include", header});
        words.push_back("-Wl,--defsym=rill_like_" + what.like + "=0");
    }
    words.insert(words.end(), what.more.begin(), what.more.end());
    words.insert(words.end(), what.sources.begin(), what.sources.end());
    words.insert(words.end(), {"-o", output});
    if (!writable(output)) return exit_unusable;
    return run(words, what.quiet);
}

bool rebuild(const std::string &directory) {
    const fs::path boot = fs::path(directory) / "boot";
    std::error_code error;
    std::vector<fs::path> sources;
    for (fs::directory_iterator entry(boot, error), end; !error && entry != end; entry.increment(error))
        if (entry->path().extension() == ".c") sources.push_back(entry->path());
    if (error && error != std::errc::no_such_file_or_directory) return complain(boot.string(), error.message());
    std::sort(sources.begin(), sources.end());
    bool good = true;
    for (const fs::path &source : sources) {
        fs::path object = source, said = source;
        object.replace_extension(".so");
        said.replace_extension(".like");
        if (!readable(source.string())) {
            good = false;
            continue;
        }
        sysgen::Problems problems;
        Convention like = Convention::unsaid;
        if (sysgen::read_like(said.string(), said.string(), problems, like) != 0) {
            fmt::print(stderr, "rill: {}\n", problems.text());
            good = false;
            continue;
        }
        if (like == Convention::unsaid) {
            said = fs::path(directory) / "master.d" / source.stem();
            like = sysgen::like_of_master(said.string());
        }
        std::error_code none;
        const auto built = fs::last_write_time(object, none);
        const auto newest = std::max(fs::last_write_time(source, error), like == Convention::unsaid ? fs::file_time_type::min()
                                                                                                    : fs::last_write_time(said, error));
        if (!none && built >= newest) continue;
        Compile what{.sources = {source.string()}, .output = object.string(), .standard = {}, .like = {}, .more = {}};
        if (like != Convention::unsaid) what.like = word_of(like);
        if (compile(what) == 0) continue;
        fmt::print(stderr, "rill: {} cannot be made from {}: why stands above\n", object.string(), source.string());
        good = false;
    }
    return good;
}

bool anything_booted(rill_system *handle, const std::string &directory) {
    const Registry &registry = reinterpret_cast<System *>(handle)->registry;
    if (!registry.modules().empty()) return true;
    for (const auto &row : registry.rows())
        if (row && row->name != "clone") return true;
    return complain(directory, "nothing of what its system files name was configured");
}

} // namespace rill::tool
