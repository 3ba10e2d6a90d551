#include "streams/boot/plan.hpp"
#include "streams/boot/includes.hpp"
#include "streams/base/profile.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fmt/format.h>
#include <memory>
#include <set>
#include <sys/stat.h>

namespace rill::sysgen {

constinit std::span<const Builtin> builtins;

namespace {

bool is_file(const std::string &path) {
    struct stat st;
    return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

bool exists(const std::string &path) {
    struct stat st;
    return ::lstat(path.c_str(), &st) == 0;
}

std::string without_suffix(const std::string &path) { return path.substr(0, path.rfind('.')); }

class Planner {
public:
    Planner(const std::string &directory, const Profile &profile, Problems &problems, Plan &plan)
        : directory_(directory), profile_(profile), problems_(problems), plan_(plan) {}

    int read() {
        if (const int error = read_system_files()) return error;
        collect();
        for (const Mention &mention : plan_.system.mentions) consider(mention);
        for (const Mention &mention : plan_.system.mentions) leave_out(mention);
        std::stable_partition(plan_.units.begin(), plan_.units.end(), [](const Unit &u) { return !u.master.has('u'); });
        check_units();
        check_form();
        if (const int error = read_nodes()) return error;
        if (const int error = read_autopush()) return error;
        return problems_.any() ? EINVAL : 0;
    }

private:
    enum class State : unsigned char {
        unseen,
        visiting,
        in,
        wrong,
    };

    int read_system_files() {
        const std::string path = directory_ + "/system";
        std::unique_ptr<DIR, int (*)(DIR *)> dir(::opendir(path.c_str()), ::closedir);
        if (!dir) {
            const int error = errno;
            struct stat st;
            const bool there = ::stat(directory_.c_str(), &st) == 0;
            problems_.add({there ? "system" : directory_, 0, 0},
                          fmt::format("expected {}: {}", there ? "a directory of system files" : "a sysgen directory",
                                      std::strerror(error)));
            return error;
        }
        std::vector<std::string> names;
        while (const dirent *entry = ::readdir(dir.get())) {
            const std::string_view name = entry->d_name;
            if (name.ends_with(".sm") && name[0] != '.') names.emplace_back(name);
        }
        std::sort(names.begin(), names.end());
        if (names.empty()) {
            problems_.add({"system", 0, 0}, "expected a file with suffix .sm (CFG-025), found none");
            return ENOENT;
        }
        for (const std::string &name : names) {
            Source source;
            if (const int error = read_source(path + "/" + name, "system/" + name, source, problems_)) return error;
            parse_system_file(source, problems_, plan_.system);
        }
        Source source;
        if (read_source(directory_ + "/hardware", "hardware", source, problems_) == 0)
            parse_hardware(source, problems_, hardware_);
        return 0;
    }

    // The master file of a name, parsed once. nullptr when there is none; one that is wrong has added its problems.
    Master *master(const std::string &name) {
        auto found = masters_.find(name);
        if (found != masters_.end()) return found->second.get();
        Source source;
        std::unique_ptr<Master> parsed;
        // Where the documented files differ in form, the SVR4 profile has its own; the built-in ones are in IRIX's.
        Form form = wanted_form();
        int error = read_source(directory_ + "/master.d/" + name, "master.d/" + name, source, problems_);
        if (error == ENOENT || error == ENOTDIR) {
            if (const Builtin *builtin = find_builtin(name)) {
                source = source_of("master.d/" + name, builtin->master(profile_));
                form = Form::irix;
                error = 0;
            }
        } else if (error) {
            state_[name] = State::wrong;
            unreadable_.insert(name); // it is there, and told about
        } else if (const auto found = form_of(source); found && *found != form) {
            form = *found;
            other_form_.push_back(source.file);
        }
        if (!error) {
            parsed = std::make_unique<Master>();
            if (!parse_master(source, name, form, profile_.major_max, problems_, *parsed)) state_[name] = State::wrong;
        }
        return masters_.emplace(name, std::move(parsed)).first->second.get();
    }

    Form wanted_form() const { return profile_.master_has_vec_ipl ? Form::svr4 : Form::irix; }

    // A tree of another system's files is one mistake, not one in each column of each file (CFG-083).
    void check_form() {
        if (other_form_.empty()) return;
        const Form found = wanted_form() == Form::irix ? Form::svr4 : Form::irix;
        problems_.add({other_form_.front(), 0, 0},
                      fmt::format("expected the columns {}, as master files of the {} profile have them, found {}, as in {}{}",
                                  columns_of(wanted_form()), profile_.name, columns_of(found),
                                  found == Form::irix ? "the irix and solaris profiles" : "the svr4 profile",
                                  other_form_.size() == 1 ? "" : fmt::format(" ({} files are so)", other_form_.size())));
    }

    // boot/<name>.so, or the same in a directory of RILL_BOOT_PATH (CFG-001).
    bool find_object(const std::string &name, std::string &path, std::string &shown) const {
        shown = "boot/" + name + ".so";
        path = directory_ + "/" + shown;
        if (exists(path)) return true; // what is no file is refused when it is read
        const char *list = std::getenv("RILL_BOOT_PATH");
        for (std::string_view rest = list ? list : ""; !rest.empty();) {
            const std::size_t end = rest.find(':');
            path = std::string(rest.substr(0, end)) + "/" + name + ".so";
            if (is_file(path)) return true;
            rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
        }
        path.clear();
        return false;
    }

    // Where to look for what is missing.
    std::string no_object(const std::string &name) const {
        const std::string boot = directory_ + "/boot";
        if (exists(boot + "/" + name + ".c")) return fmt::format(": boot/{}.c was not compiled", name);
        return exists(boot) ? fmt::format(", and no boot/{}.c to make it of", name) : ": there is no directory boot";
    }

    bool has_object(const std::string &name) const {
        std::string path, shown;
        return find_object(name, path, shown) || find_builtin(name);
    }

    // Which modules the files name at all, what the probes find, and what contradicts itself.
    void collect() {
        std::map<std::string, int> lines;
        for (const Mention &mention : plan_.system.mentions) {
            const std::string &name = mention.name.text;
            if (mention.devices) devices_[name] = *mention.devices;
            if (mention.keyword == Keyword::exclude) {
                excluded_.emplace(name, mention.name.place);
                continue;
            }
            if (mention.keyword == Keyword::vector && probe(mention.vector.probe, hardware_))
                vectors_[name].push_back(mention.vector);
            const Master *m = master(name);
            if (m && m->has('o') && ++lines[name] == 2)
                problems_.add(mention.name.place,
                              fmt::format("expected '{}' to be named once only (flag o, {}), found a second time", name,
                                          m->flags_place.text()));
        }
    }

    void consider(const Mention &mention) {
        const std::string &name = mention.name.text;
        const bool out = excluded_.contains(name);
        switch (mention.keyword) {
        case Keyword::include:
            break;
        case Keyword::use:
            if (out || !master(name) || !has_object(name)) return;
            break;
        case Keyword::vector:
            if (!vectors_.contains(name)) return;
            break;
        case Keyword::exclude:
            return;
        }
        configure(mention.name);
    }

    // Brings a module in, what it depends on first.
    void configure(const Word &name) {
        State &state = state_[name.text];
        if (state != State::unseen) return;
        if (auto out = excluded_.find(name.text); out != excluded_.end()) {
            problems_.add(name.place, fmt::format("expected a module that is not excluded, found '{}', which {} excludes",
                                                  name.text, out->second.text()));
            state = State::wrong;
            return;
        }
        Master *m = master(name.text);
        if (state_[name.text] == State::wrong) return;
        if (!m) {
            problems_.expected(name, "the name of a file in master.d");
            state_[name.text] = State::wrong;
            return;
        }
        Unit unit;
        if (!find_object(name.text, unit.object, unit.object_shown)) {
            unit.builtin = find_builtin(name.text);
            if (!unit.builtin) {
                problems_.add(name.place, fmt::format("expected an object boot/{0}.so for '{0}', found none{1}", name.text,
                                                      no_object(name.text)));
                state_[name.text] = State::wrong;
                return;
            }
        }
        state_[name.text] = State::visiting;
        for (const Word &dependency : m->dependencies) configure(dependency);
        state_[name.text] = State::in;
        if (!unit.builtin)
            read_like(without_suffix(unit.object) + ".like", without_suffix(unit.object_shown) + ".like", problems_, unit.like);
        unit.like_said = without_suffix(unit.object_shown) + ".like";
        if (unit.like == Convention::unsaid && m->like != Convention::unsaid) {
            unit.like = m->like;
            unit.like_said = m->like_place.text();
        }
        unit.master = *m;
        unit.asked = name.place;
        if (auto count = devices_.find(name.text); count != devices_.end()) unit.master.devices = count->second;
        if (auto lines = vectors_.find(name.text); lines != vectors_.end()) unit.vectors = lines->second;
        plan_.units.push_back(std::move(unit));
    }

    // A module that is named and stays out is read for its stubs (CFG-029).
    void leave_out(const Mention &mention) {
        const std::string &name = mention.name.text;
        State &state = state_[name];
        if (state != State::unseen) return;
        const Master *m = master(name);
        if (mention.keyword == Keyword::use && state_[name] == State::unseen && !excluded_.contains(name))
            plan_.notes.push_back(m ? fmt::format("{}: '{}' stays out: there is no object boot/{}.so{}", mention.name.place.text(), name,
                                                  name, no_object(name))
                                    : fmt::format("{0}: '{1}' stays out: there is no file master.d/{1}", mention.name.place.text(), name));
        if (!m) {
            if (mention.keyword == Keyword::vector && !vectors_.contains(name)) problems_.expected(mention.name, "the name of a file in master.d");
            return;
        }
        if (state_[name] == State::wrong) return;
        state_[name] = State::wrong; // once is enough
        if (m->has('r'))
            problems_.add(mention.name.place, fmt::format("expected the required device '{}' (flag r, {}) in the kernel, found it {}",
                                                          name, m->flags_place.text(),
                                                          mention.keyword == Keyword::exclude ? "excluded" : "missing"));
        plan_.stubs.insert(plan_.stubs.end(), m->stubs.begin(), m->stubs.end());
    }

    void check_units() {
        std::map<unsigned long, const Master *> owners;
        const Master *kernel = nullptr;
        for (const Unit &unit : plan_.units) {
            const Master &m = unit.master;
            check_includes(m, problems_);
            if (m.has('k')) {
                if (kernel)
                    problems_.add(m.flags_place, fmt::format("expected one kernel object (flag k) only, found a second one; the first is {}",
                                                             kernel->flags_place.text()));
                else
                    kernel = &m;
            }
            if (!m.is_driver()) continue;
            for (unsigned long major : m.majors) {
                const auto [first, fresh] = owners.emplace(major, &m);
                if (!fresh)
                    problems_.add(m.soft_place, fmt::format("expected a major of its own for '{}', found {}, which '{}' has at {} (CFG-016)",
                                                            m.name, major, first->second->name, first->second->soft_place.text()));
            }
        }
    }

    int read_nodes() {
        Source source;
        const int error = read_source(directory_ + "/dev", "dev", source, problems_);
        if (error) return error == ENOENT ? 0 : error;
        parse_nodes(source, majors(), problems_, plan_.nodes);
        return 0;
    }

    int read_autopush() {
        Source source;
        const int error = read_source(directory_ + "/iu.ap", "iu.ap", source, problems_);
        if (error) return error == ENOENT ? 0 : error;
        parse_autopush(source, majors(), problems_, plan_.autopush);
        return 0;
    }

    MajorOf majors() {
        return [this](const Word &name, unsigned long &major) {
            const Master *m = is_file_name(name.text) ? master(name.text) : nullptr;
            if (unreadable_.contains(name.text)) return false;
            if (!m || m->majors.empty()) {
                problems_.expected(name, m ? "the name of a master file with a major" : "a number or the name of a master file");
                return false;
            }
            major = m->majors[0];
            return true;
        };
    }

    const std::string &directory_;
    const Profile &profile_;
    Problems &problems_;
    Plan &plan_;
    Hardware hardware_;
    std::map<std::string, std::unique_ptr<Master>> masters_;
    std::map<std::string, State> state_;
    std::set<std::string> unreadable_;
    std::map<std::string, Place> excluded_;
    std::map<std::string, std::vector<Vector>> vectors_;
    std::map<std::string, unsigned long> devices_;
    std::vector<std::string> other_form_; // master files that are not in the profile's form
};

} // namespace

const Builtin *find_builtin(std::string_view name) {
    for (const Builtin &builtin : builtins)
        if (builtin.name == name) return &builtin;
    return nullptr;
}

int read_plan(const std::string &directory, const Profile &profile, Problems &problems, Plan &plan) {
    return Planner(directory, profile, problems, plan).read();
}

} // namespace rill::sysgen
