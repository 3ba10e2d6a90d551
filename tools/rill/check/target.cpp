#include "tools/rill/check/target.hpp"

#include "streams/base/profile.hpp"
#include "streams/boot/image.hpp"
#include "streams/boot/text.hpp"
#include "tools/rill/cc.hpp"
#include "tools/rill/check/check.hpp"
#include "tools/rill/check/ioctls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/stream.h>

namespace rill::tool {

namespace fs = std::filesystem;

namespace {

constexpr long most_devices = 262'144; // an 18-bit minor
constexpr unsigned carrier_major = 60;
constexpr std::size_t most_bytes = std::size_t{1} << 30; // of an object, as at boot

bool write_file(const fs::path &path, std::string_view text) {
    std::ofstream out(path);
    out << text;
    out.close();
    return out.good();
}

// The names a shared object defines for others, with their sizes; nothing for a file of another kind.
class Symbols {
public:
    explicit Symbols(const std::string &bytes) : bytes_(bytes) {
        const auto *header = at<Elf64_Ehdr>(0);
        if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return;
        for (unsigned i = 0; i < header->e_shnum; ++i) {
            const auto *section = at<Elf64_Shdr>(header->e_shoff + i * sizeof(Elf64_Shdr));
            if (section && section->sh_type == SHT_DYNSYM) read(*section, header->e_shoff);
        }
    }
    bool defines(const std::string &name) const { return names_.count(name) > 0; }
    // Of each streamtab called <prefix>info.
    const std::set<std::string> &prefixes() const { return prefixes_; }

private:
    template <class T> const T *at(std::size_t offset) const {
        return offset <= bytes_.size() && bytes_.size() - offset >= sizeof(T) && offset % alignof(T) == 0
                   ? reinterpret_cast<const T *>(bytes_.data() + offset)
                   : nullptr;
    }
    void read(const Elf64_Shdr &section, std::size_t sections) {
        const auto *strings = at<Elf64_Shdr>(sections + section.sh_link * sizeof(Elf64_Shdr));
        for (std::size_t i = 0; strings && i < section.sh_size / sizeof(Elf64_Sym); ++i) {
            const auto *symbol = at<Elf64_Sym>(section.sh_offset + i * sizeof(Elf64_Sym));
            const std::size_t begin = symbol ? strings->sh_offset + symbol->st_name : bytes_.size();
            const std::size_t end = begin < bytes_.size() ? bytes_.find('\0', begin) : bytes_.npos;
            if (end == bytes_.npos || symbol->st_shndx == SHN_UNDEF) continue;
            const std::string name = bytes_.substr(begin, end - begin);
            names_.insert(name);
            if (name.size() > 4 && name.ends_with("info") && ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT &&
                symbol->st_size == sizeof(streamtab))
                prefixes_.insert(name.substr(0, name.size() - 4));
        }
    }

    const std::string &bytes_;
    std::set<std::string> names_, prefixes_;
};

// Which of an object's streamtabs is the driver's.
std::optional<std::string> find_prefix(const std::string &object, const std::string &bytes, const std::string &stem,
                                       std::string &prefix) {
    const Symbols symbols(bytes);
    const auto &found = symbols.prefixes();
    if (found.count(stem) || symbols.defines("rill_mod_init") || symbols.defines("init_module")) { // _init and init_module lead to their own
        prefix = stem;
        return {};
    }
    if (symbols.defines(stem + "_install")) { // HP-UX
        prefix = stem + "_";
        return {};
    }
    if (found.size() == 1) {
        prefix = *found.begin();
        return {};
    }
    if (found.empty())
        return fmt::format("{} defines no streamtab that is called <prefix>info, and neither _init nor init_module", object);
    return fmt::format("{} defines {}info, none of which is {}info: --prefix tells which is the driver's", object,
                       fmt::join(found, "info, "), stem);
}

} // namespace

std::optional<std::string> nonsense(const CheckOptions &o) {
    const Profile *profile = find_profile(o.profile);
    if (!profile) return fmt::format("no profile is called {} (there are irix, svr4, solaris)", o.profile);
    if (o.major < 1 || o.major > static_cast<long>(profile->major_max))
        return fmt::format("--major {}: expected 1 to {} in the {} profile", o.major, profile->major_max, o.profile);
    if (o.major == static_cast<long>(profile->clone_major))
        return fmt::format("--major {}: that is the clone driver's in the {} profile", o.major, o.profile);
    if (o.devices < 1 || o.devices > most_devices)
        return fmt::format("--devices {}: expected 1 to {}", o.devices, most_devices);
    if (o.seconds < 1 || o.seconds > 86'400) return fmt::format("--seconds {}: expected 1 to 86400", o.seconds);
    if (!o.prefix.empty() && !sysgen::is_identifier(o.prefix)) return fmt::format("--prefix {}: expected the beginning of a C name", o.prefix);
    std::vector<long> ignored;
    for (const std::string &word : o.ioctls)
        if (!read_commands(word, ignored)) return fmt::format("--ioctl {}: expected numbers", word);
    return {};
}

std::optional<std::string> lay_out(const CheckOptions &o, const std::string &out, bool module, Target &target) {
    std::string bytes, problem;
    if (sysgen::read_file(target.object, bytes, problem, most_bytes) != 0 || bytes.empty())
        return fmt::format("cannot read {}: {}", target.object, bytes.empty() && problem.empty() ? "it is empty" : problem);
    if (problem = sysgen::wrong_with_object(bytes); !problem.empty()) return fmt::format("{}: {}", target.object, problem);
    std::string prefix = o.prefix;
    if (prefix.empty())
        if (auto unclear = find_prefix(target.object, bytes, target.name, prefix)) return unclear;
    target.directory = out;
    target.module = module;
    target.major = static_cast<unsigned>(o.major);
    std::error_code error;
    const fs::path top(out);
    for (const char *part : {"system", "master.d", "boot"})
        if (!error) fs::create_directories(top / part, error);
    if (!error)
        fs::copy_file(target.object, top / "boot" / (target.name + ".so"), fs::copy_options::overwrite_existing, error);
    if (error) return fmt::format("cannot write {}: {}", out, error.message());
    // The columns of a master file: FLAGS PREFIX SOFT #DEV, in SVR4 FLAGS #VEC PREFIX SOFT #DEV IPL.
    const bool svr4 = find_profile(o.profile)->master_has_vec_ipl;
    const std::string flags = fmt::format("{}{}", module ? "m" : "cfs", svr4 ? " -" : "");
    const std::string line = module ? fmt::format("{} {} - -", flags, prefix)
                                    : fmt::format("{} {} {} {}", flags, prefix, o.major, o.devices);
    if (!write_file(top / "master.d" / target.name, fmt::format("* Made by rill check.\n{}{} clone\n", line, svr4 ? " -" : "")) ||
        !write_file(top / "system" / "check.sm", fmt::format("INCLUDE: {}\n", target.name)))
        return fmt::format("cannot write {}: {}", out, std::strerror(errno));
    return {};
}

std::optional<std::string> find_target(const CheckOptions &o, const std::string &out, Target &target) {
    const std::size_t colon = o.target.rfind(':');
    std::error_code ignored;
    target.clone_major = find_profile(o.profile)->clone_major;
    target.carrier_major = o.major == carrier_major ? carrier_major + 2 : carrier_major;
    fs::path beside;
    if (colon != std::string::npos && fs::is_directory(o.target.substr(0, colon), ignored)) {
        target.directory = o.target.substr(0, colon);
        target.name = o.target.substr(colon + 1);
        target.module = o.module;
        if (target.name.empty()) return fmt::format("{} names no driver", o.target);
        if (!rebuild(target.directory)) return fmt::format("{} cannot be made", target.directory); // the compiler has told why
        beside = fs::path(target.directory) / "boot" / target.name;
    } else {
        target.object = o.target;
        target.name = fs::path(o.target).stem().string();
        if (auto problem = lay_out(o, out, o.module, target)) return problem;
        beside = fs::path(o.target).replace_extension();
    }
    return find_commands(o, beside.string(), target.ioctls);
}

} // namespace rill::tool
