#include "streams/boot/image.hpp"
#include "streams/boot/includes.hpp"
#include "streams/boot/manual.hpp"
#include "streams/base/watched.hpp"
#include "streams/queue/procedure.hpp"
#if __has_include("streams/boot/paths.hpp")
#include "streams/boot/paths.hpp"
#else
#define RILL_DDI_SOURCE "streams/ddi"
#define RILL_DDI_INSTALLED "streams/ddi"
#endif

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <memory>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace rill::sysgen {

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

#if defined(__x86_64__)
constexpr ElfW(Half) this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr ElfW(Half) this_machine = EM_AARCH64;
#else
constexpr ElfW(Half) this_machine = EM_NONE; // any; the dynamic linker knows better
#endif

// The parts of a shared object that matter here, read from its bytes; every offset is checked.
class Elf {
public:
    explicit Elf(std::string &bytes) : bytes_(bytes) {}

    bool valid() const {
        const auto *header = at<ElfW(Ehdr)>(0);
        constexpr unsigned char elf_class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
        return header && std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == elf_class &&
               header->e_type == ET_DYN && header->e_phentsize == sizeof(ElfW(Phdr)) && header->e_phoff % alignof(ElfW(Phdr)) == 0 &&
               (this_machine == EM_NONE || header->e_machine == this_machine);
    }

    // How many bytes the object must have. The dynamic linker maps what its headers promise: a page of a segment that the
    // file does not reach is SIGBUS when it is touched.
    std::size_t size_wanted() const {
        const auto *header = at<ElfW(Ehdr)>(0);
        std::size_t wanted = end_of(header->e_phoff, std::size_t{header->e_phnum} * sizeof(ElfW(Phdr)));
        if (header->e_shoff) wanted = std::max(wanted, end_of(header->e_shoff, std::size_t{header->e_shnum} * header->e_shentsize));
        if (wanted > bytes_.size()) return wanted;
        for (unsigned i = 0; i < header->e_phnum; ++i)
            if (const auto *segment = at<ElfW(Phdr)>(header->e_phoff + i * sizeof(ElfW(Phdr))))
                wanted = std::max(wanted, end_of(segment->p_offset, segment->p_filesz));
        return wanted;
    }

    // An object's own name would make the dynamic linker take two copies for one.
    void forget_soname() {
        const auto *header = at<ElfW(Ehdr)>(0);
        for (unsigned i = 0; i < header->e_phnum; ++i) {
            const auto *segment = at<ElfW(Phdr)>(header->e_phoff + i * sizeof(ElfW(Phdr)));
            if (!segment || segment->p_type != PT_DYNAMIC) continue;
            for (std::size_t offset = segment->p_offset;; offset += sizeof(ElfW(Dyn))) {
                auto *entry = at<ElfW(Dyn)>(offset);
                if (!entry || entry->d_tag == DT_NULL) break;
                if (entry->d_tag == DT_SONAME) {
                    entry->d_tag = DT_DEBUG; // of no meaning in a shared object
                    entry->d_un.d_val = 0;
                }
            }
        }
    }

    void names(std::set<std::string, std::less<>> &names, std::set<std::string, std::less<>> &wanted) const {
        const auto *header = at<ElfW(Ehdr)>(0);
        for (unsigned i = 0; i < header->e_shnum; ++i) {
            const auto *section = at<ElfW(Shdr)>(header->e_shoff + i * sizeof(ElfW(Shdr)));
            if (!section || section->sh_type != SHT_DYNSYM) continue;
            const auto *strings = at<ElfW(Shdr)>(header->e_shoff + section->sh_link * sizeof(ElfW(Shdr)));
            if (!strings) return;
            for (std::size_t offset = 0; offset + sizeof(ElfW(Sym)) <= section->sh_size; offset += sizeof(ElfW(Sym))) {
                const auto *symbol = at<ElfW(Sym)>(section->sh_offset + offset);
                if (!symbol) return;
                const bool undefined = symbol->st_shndx == SHN_UNDEF;
                if (symbol->st_name == 0 || symbol->st_name >= strings->sh_size) continue;
                if (undefined && symbol->st_info >> 4 == STB_WEAK) continue;
                const std::size_t begin = strings->sh_offset + symbol->st_name;
                const std::size_t end = begin < bytes_.size() ? bytes_.find('\0', begin) : bytes_.npos;
                if (end != bytes_.npos) (undefined ? wanted : names).emplace(bytes_, begin, end - begin);
            }
        }
    }

private:
    static std::size_t end_of(std::size_t offset, std::size_t size) {
        std::size_t end = 0;
        return __builtin_add_overflow(offset, size, &end) ? ~std::size_t{0} : end;
    }
    template <class T> T *at(std::size_t offset) const {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T) || offset % alignof(T) != 0) return nullptr;
        return reinterpret_cast<T *>(bytes_.data() + offset);
    }

    std::string &bytes_;
};

void replace_all(std::string &text, std::string_view from, std::string_view to) {
    if (from.empty()) return;
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
}

// What a compiler or assembler says of a place in another file than a master file quotes what stands there: the place is
// enough (CFG-086).
std::string without_quotation(const std::string &line) {
    const std::size_t digits = line.find(':') + 1;
    std::size_t end = digits;
    while (end < line.size() && (std::isdigit(static_cast<unsigned char>(line[end])) || line[end] == ':')) ++end;
    if (digits == 0 || end == digits || line.starts_with("master.d")) return line;
    return fmt::format("the compiler found something wrong at {}, which is no part of a master file", line.substr(0, end - 1));
}

// Opens or closes an object, by which its constructors or destructors run: one that crashes, exits or hangs is named with the
// object (UTL-096).
template <class F> void run_object_code(const std::string &object, F &&code) {
    if (!current) return code();
    Procedure(*current, EntryKind::object_code, object.c_str()).call(code);
}

} // namespace

std::string wrong_with_object(std::string &bytes) {
    const Elf elf(bytes);
    if (!elf.valid()) return "expected a shared object of this machine, found another kind of file";
    const std::size_t wanted = elf.size_wanted();
    if (wanted <= bytes.size()) return {};
    if (wanted > PTRDIFF_MAX) return "its headers lie where no file has bytes: it is damaged (CFG-084)";
    return fmt::format("expected the {} bytes that its headers speak of, found {}: it is cut off (CFG-084)", wanted, bytes.size());
}

Image::~Image() {
    if (!watched::memory() || !watched::leaks_are_told) { // whose report of what was lost names what the objects hold
        for (std::size_t i = objects_.size(); i-- > 0;) close(i);
        for (Object &object : objects_)
            if (object.handle) run_object_code(object.shown, [&] { ::dlclose(object.handle); });
        if (kernel_) run_object_code(resident(), [&] { ::dlclose(kernel_); });
    }
}

int Image::write(const std::string &path, std::string_view text, Problems &problems) {
    File file(std::fopen(path.c_str(), "wbe"), std::fclose);
    if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() || std::fflush(file.get()) != 0) {
        const int error = errno;
        problems.add({path, 0, 0}, std::strerror(error));
        return error;
    }
    return 0;
}

int Image::copy(const Unit &unit, Object &object, Problems &problems) {
    object.shown = unit.object_shown;
    std::string bytes, problem;
    if (const int error = read_file(unit.object, bytes, problem, std::size_t{1} << 30)) {
        problems.add({object.shown, 0, 0}, problem);
        return error == EISDIR || error == EINVAL ? ENOEXEC : error;
    }
    if (problem = wrong_with_object(bytes); !problem.empty()) {
        problems.add({object.shown, 0, 0}, problem);
        return ENOEXEC;
    }
    Elf elf(bytes);
    elf.forget_soname();
    elf.names(object.names, object.wanted);
    object.copy = directory_.path() + "/" + unit.master.name + ".so";
    return write(object.copy, bytes, problems);
}

// Shown to people, a private copy is the object it was made from.
std::string Image::readable(std::string text) const {
    replace_all(text, directory_.path() + "/config/kernel.so", "master.d");
    replace_all(text, directory_.path() + "/config/", "");
    replace_all(text, directory_.path() + "/", "boot/");
    return text;
}

// Linking takes no notice of names without a definition; open_group() names the first of them.
int Image::compile(const std::string &output, const std::vector<std::string> &inputs, Problems &problems) {
    const char *compiler = std::getenv("RILL_CC");
    if (!compiler || !*compiler) compiler = "cc";
    const std::string messages = directory_.path() + "/config/messages";
    std::vector<std::string> words = {compiler, "-shared", "-fPIC", "-w", "-std=gnu89", "-fno-builtin", "-o", output,
                                      "-I" RILL_DDI_SOURCE, "-I" RILL_DDI_INSTALLED, "-Wl,--no-as-needed"};
    words.insert(words.end(), inputs.begin(), inputs.end());
    std::vector<char *> argv;
    argv.reserve(words.size() + 1);
    for (std::string &word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    // What makes this process one of rill's must not make the compiler one.
    std::vector<char *> env;
    for (char **e = environ; *e; ++e)
        if (std::strncmp(*e, "LD_PRELOAD=", 11) != 0 && std::strncmp(*e, "RILL_", 5) != 0) env.push_back(*e);
    static char plain[] = "LC_ALL=C";
    env.push_back(plain);
    env.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, compiler, &actions, nullptr, argv.data(), env.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (error) {
        problems.add({compiler, 0, 0}, fmt::format("expected a C compiler for the C text of master files: {}", std::strerror(error)));
        return error;
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno == EINTR) continue;
        status = ::access(output.c_str(), F_OK) == 0 ? 0 : 1 << 8; // the program has its children reaped by itself
        break;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    std::string said, unread;
    read_file(messages, said, unread);
    Source words_of_compiler = source_of("", readable(said));
    bool located = false; // file:line:column lines of the compiler are in our form already; the rest is decoration
    for (const std::string &line : words_of_compiler.lines) {
        const std::size_t at = line.find(": error: ");
        if (!line.starts_with("master.d/") || at == line.npos) continue;
        problems.add({line.substr(0, at), 0, 0}, line.substr(at + 9));
        located = true;
    }
    if (!located)
        for (const std::string &line : words_of_compiler.lines)
            if (!is_blank(line) && !blank(line[0]) && !line.starts_with("In file included")) problems.add({"master.d", 0, 0}, without_quotation(line));
    if (!problems.any()) problems.add({"master.d", 0, 0}, fmt::format("{} failed", compiler));
    return ENOEXEC;
}

// The linker names the first undefined symbol only; here are all of them, each with the manual page that describes it.
bool Image::explain_undefined(Problems &problems) const {
    bool any = false;
    for (const Object &object : objects_)
        for (const std::string &name : object.wanted) {
            if (::dlsym(RTLD_DEFAULT, name.c_str())) continue;
            bool elsewhere = kernel_ && ::dlsym(kernel_, name.c_str());
            for (const Object &other : objects_) elsewhere = elsewhere || other.names.contains(name);
            if (elsewhere) continue;
            const std::string header = header_with_macro(name);
            problems.add({object.shown, 0, 0},
                         fmt::format("undefined symbol: {}{}", name,
                                     header.empty() ? about(name)
                                                    : fmt::format(", a macro of <{}>, which its source does not include (HDR-120)", header)));
            any = true;
        }
    return any;
}

int Image::open_group(const std::string &path, const std::string &shown, void *&handle, Problems &problems) {
    run_object_code(shown, [&] { handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); });
    if (handle) return 0;
    const char *words = ::dlerror();
    if (words && std::strstr(words, "undefined symbol") && explain_undefined(problems)) return ENOEXEC;
    std::string text = readable(words ? words : "cannot be opened");
    const std::size_t end = text.find(": ");
    if (end != text.npos && (text.starts_with("boot/") || text.starts_with("master.d")))
        problems.add({text.substr(0, end), 0, 0}, text.substr(end + 2));
    else
        problems.add({"boot", 0, 0}, text);
    return ENOEXEC;
}

// The C text of master files; a unit that is loadable is compiled with its own, the others together.
int Image::write_sources(const Plan &plan, Parts &parts, Problems &problems) {
    for (std::size_t i = 0; i < plan.units.size(); ++i) {
        const Unit &unit = plan.units[i];
        const bool loadable = unit.master.has('d') && !unit.object.empty();
        const std::string text = c_text(unit.master, unit.vectors.size());
        std::string source;
        if (!text.empty() || loadable) {
            source = directory_.path() + "/config/" + unit.master.name + ".c";
            if (const int error = write(source, text, problems)) return error;
        }
        if (loadable) {
            objects_[i].group = source;
            continue;
        }
        if (!source.empty()) parts.sources.push_back(source);
        if (!objects_[i].copy.empty()) parts.resident.push_back(objects_[i].copy);
    }
    return 0;
}

// An object that stands for what no object defines; none when nothing is missing.
int Image::compile_stubs(const Plan &plan, std::string &object, Problems &problems) {
    std::string stubs = "#include <errno.h>\n";
    std::set<std::string, std::less<>> stubbed;
    for (const Stub &stub : plan.stubs) {
        bool real = false;
        for (const Object &each : objects_) real = real || each.names.contains(stub.name);
        if (!real && stubbed.insert(stub.name).second) stubs += c_stub(stub);
    }
    if (stubbed.empty()) return 0;
    object = directory_.path() + "/config/stubs.so";
    const std::string source = directory_.path() + "/config/stubs.c";
    if (const int error = write(source, stubs, problems)) return error;
    return compile(object, {source}, problems);
}

// What is resident, as one object, unless it is one.
int Image::open_kernel(const Plan &plan, const Parts &parts, std::string &kernel, Problems &problems) {
    std::vector<std::string> inputs = parts.sources;
    inputs.insert(inputs.end(), parts.resident.begin(), parts.resident.end());
    if (inputs.empty()) return 0;
    std::string stubs;
    if (const int error = compile_stubs(plan, stubs, problems)) return error;
    if (!stubs.empty()) inputs.push_back(stubs);
    kernel = inputs[0];
    if (inputs.size() > 1 || !parts.sources.empty()) {
        kernel = directory_.path() + "/config/kernel.so";
        if (const int error = compile(kernel, inputs, problems)) return error;
    }
    return open_group(kernel, resident(), kernel_, problems);
}

std::string Image::resident() const {
    std::string names;
    for (const Object &object : objects_)
        if (object.group.empty() && !object.shown.empty()) names += (names.empty() ? "" : " or ") + object.shown;
    return names;
}

int Image::build(const Plan &plan, Problems &problems) {
    objects_.resize(plan.units.size());
    bool anything = false;
    for (const Unit &unit : plan.units) anything = anything || !unit.object.empty() || !c_text(unit.master, 0).empty();
    if (!anything) return 0;

    int error = directory_.make("rill-sysgen");
    if (error) {
        problems.add({directory_.path(), 0, 0}, std::strerror(error));
        return error;
    }
    ::mkdir((directory_.path() + "/config").c_str(), 0700);

    for (std::size_t i = 0; i < plan.units.size(); ++i)
        if (!plan.units[i].object.empty())
            if (const int e = copy(plan.units[i], objects_[i], problems)) error = e;
    if (error) return error;
    Parts parts;
    std::string kernel;
    if ((error = write_sources(plan, parts, problems))) return error;
    if ((error = open_kernel(plan, parts, kernel, problems))) return error;

    for (Object &object : objects_) {
        if (object.copy.empty()) continue;
        if (object.group.empty()) {
            object.handle = ::dlopen(object.copy.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
            if (object.handle) continue;
            problems.add({object.shown, 0, 0}, "was opened and is not there");
            return ENOEXEC;
        }
        const std::string source = object.group;
        object.group = source.substr(0, source.size() - 2) + ".so";
        std::vector<std::string> inputs = {source, object.copy};
        if (kernel_) inputs.push_back(kernel);
        if ((error = compile(object.group, inputs, problems))) return error;
    }
    return 0;
}

int Image::open(std::size_t unit, Problems &problems) {
    Object &object = objects_[unit];
    if (object.group.empty() || object.handle) return 0;
    if (const int error = open_group(object.group, object.shown, object.group_handle, problems)) return error;
    object.handle = ::dlopen(object.copy.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (object.handle) return 0;
    ::dlclose(object.group_handle);
    object.group_handle = nullptr;
    problems.add({object.shown, 0, 0}, "was opened and is not there");
    return ENOEXEC;
}

void Image::close(std::size_t unit) {
    Object &object = objects_[unit];
    if (!object.group_handle) return;
    run_object_code(object.shown, [&] {
        if (object.handle) ::dlclose(object.handle);
        ::dlclose(object.group_handle);
    });
    object.handle = object.group_handle = nullptr;
}

void *Image::symbol(std::size_t unit, const std::string &name) const {
    const Object &object = objects_[unit];
    if (!object.handle) return nullptr;
    void *address = ::dlsym(object.handle, name.c_str());
    if (!address) return nullptr;
    Dl_info info;
    struct link_map *map = nullptr;
    if (::dladdr(address, &info) == 0 || ::dlinfo(object.handle, RTLD_DI_LINKMAP, &map) != 0 || !map) return nullptr;
    return std::strcmp(info.dli_fname, map->l_name) == 0 ? address : nullptr;
}

bool Image::defines(std::size_t unit, const std::string &name) const { return objects_[unit].names.contains(name); }

} // namespace rill::sysgen
