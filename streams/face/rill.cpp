// <rill.h>: the C face of a System. Each call enters the System, makes the system call for its process, runs what must
// run before control returns to user level, and turns the errno into -1 and errno.
#include "streams/face/builtin.hpp"
#include "streams/queue/procedure.hpp"
#include "streams/system.hpp"
#include "streams/boot/sysgen.hpp"

#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <cstdlib>
#include <cstdarg>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <new>
#include <rill.h>
#include <sys/conf.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

System &system_of(rill_system *s) { return *reinterpret_cast<System *>(s); }
Process &process_of(rill_proc *p) { return *reinterpret_cast<Process *>(p); }

int fail(int error) {
    errno = error;
    return -1;
}

// A program that uses the face in a way that can have no meaning: told on stderr, and an errno.
int misuse(int error, const char *call, const char *what) {
    std::fprintf(stderr, "rill: rill_%s: %s\n", call, what);
    return fail(error);
}
constexpr const char *from_inside = "called from inside a call of the same System: by a driver, or by a host signal handler";

// Any use of a System but a system call. false: refused, errno says why.
class Visit {
public:
    Visit(System &system, const char *call) : scope_(system), system_(system) {
        if (system.ending)
            misuse(EINVAL, call, "the System is being freed");
        else if (system.face_depth)
            misuse(EDEADLK, call, from_inside);
        else
            system.face_depth = 1, inside_ = true;
    }
    ~Visit() {
        if (inside_) system_.face_depth = 0;
    }
    explicit operator bool() const { return inside_; }

private:
    Enter scope_;
    System &system_;
    bool inside_ = false;
};

// Runs body; an exception, which must not reach a C frame, becomes ENOMEM.
template <class F> int guarded(F &&body) {
    try {
        return body();
    } catch (const std::exception &) {
        return ENOMEM;
    }
}

// Runs body(process) where it may sleep, with the descriptor's file kept open meanwhile.
template <class F> int may_sleep(Process &process, const char *name, int fd, F &&body) {
    return process.system.run_call(process, name, [&] {
        File *held = process.file(fd);
        if (held) ++held->refs;
        const int error = body(process);
        if (held && held->refs > 1) { // no close: the process keeps its descriptor (CLS-001)
            --held->refs;
            process.system.reference_gone(*held);
        } else if (held) {
            drop_file(process, held);
        }
        return error;
    });
}

// One system call: scope of the System, the record of its beginning and end, the way back to user level.
class UserCall {
public:
    UserCall(rill_proc *p, const char *name) : process(process_of(p)), system(process.system), scope_(system), name_(name) {
        if (process.ended | system.ending | (system.face_depth != 0)) [[unlikely]]
            return;
        inside_ = true;
        system.face_depth = 1;
        ++process.visits;
        process.refusal.error = 0;
        if (!system.running) {
            before_ = system.on_main;
            system.on_main = &process;
        }
    }
    ~UserCall() {
        if (!inside_) [[unlikely]]
            return;
        system.face_depth = 0;
        --process.visits;
    }
    bool refused() const {
        if (inside_) [[likely]]
            return false;
        refuse(process.ended || system.ending, name_);
        return true;
    }
    template <class F> void trace_arguments(F &&text) {
        if (system.trace.on) [[unlikely]] {
            traced_ = true;
            trace_begin(system, name_, system.trace.has_readers() ? text() : std::string());
        }
    }
    [[gnu::always_inline]] long end(int error, long result) {
        system.before_user_level(process);
        if (!system.late_closes.empty() | traced_) [[unlikely]]
            close_and_trace(system, traced_ ? name_ : nullptr, error, result);
        if (!system.running) system.on_main = before_;
        if (error != 0) [[unlikely]]
            return failed(process, name_, error);
        process.refusal.error = 0; // a driver may have been refused something and have succeeded otherwise
        return result;
    }
    // What is asked of a path that could be read: a handler of missing names, or a stream's last close, may sleep.
    template <class F> int of_path(bool readable, F &&body) {
        return static_cast<int>(end(readable ? system.run_call(process, name_, body) : EFAULT, 0));
    }
    template <class F> int sleeping(int fd, F &&body) {
        return may_sleep(process, name_, fd, [&](Process &) { return body(); });
    }

    Process &process;
    System &system;

private:
    // What is rare is apart, and is given values: the call's own fields may then stay in registers.
    [[gnu::cold, gnu::noinline]] static void refuse(bool ended, const char *name) {
        if (ended) misuse(ESRCH, name, "the process has ended");
        else misuse(EDEADLK, name, from_inside);
    }
    [[gnu::cold, gnu::noinline]] static void trace_begin(System &system, const char *name, const std::string &arguments) {
        system.trace.emit({.event = Event::call_begins, .name = name, .text = arguments});
    }
    [[gnu::cold, gnu::noinline]] static void close_and_trace(System &system, const char *traced, int error, long result) {
        if (!system.late_closes.empty()) system.close_late();
        if (traced) system.trace.emit({.event = Event::call_ends, .name = traced, .error = error, .number = error ? -1 : result});
    }
    [[gnu::cold, gnu::noinline]] static long failed(Process &process, const char *name, int error) {
        if (process.refusal.error != error) process.refusal = {name, nullptr, nullptr, error};
        errno = error;
        return -1;
    }

    Enter scope_;
    const char *name_;
    Caller *before_ = nullptr;
    bool traced_ = false;
    bool inside_ = false;
};

// The beginning of each system call.
#define USER_CALL(name) \
    if (!p) [[unlikely]] \
        return misuse(EINVAL, name, "the process is a null pointer"); \
    UserCall call(p, name); \
    if (call.refused()) [[unlikely]] \
    return -1
// The beginning of what is done to a System.
#define VISIT(name) \
    if (!s) return misuse(EINVAL, name, "the System is a null pointer"); \
    Visit visit(system_of(s), name); \
    if (!visit) return -1

// A path name where the application has it; each of its pages is looked at as data is that a call copies (UTL-086). Of one
// without an end there is as much as is too long.
class Path {
public:
    explicit Path(const char *path) : given_(path) {
        constexpr std::size_t page = 4096;
        for (const char *at = path; length_ <= PATH_MAX;) {
            char byte;
            if (!copy_from_user(&byte, at, 1)) return;
            const std::size_t left = page - reinterpret_cast<std::uintptr_t>(at) % page;
            const void *end = std::memchr(at, 0, left);
            length_ += end ? static_cast<std::size_t>(static_cast<const char *>(end) - at) : left;
            if (end) break;
            at += left;
        }
        good_ = true;
    }
    explicit operator bool() const { return good_; }
    std::string_view name() const { return {given_, length_}; }
    std::string text() const { return std::string(good_    ? name()
                                                  : given_ ? "(bad address)"
                                                           : "(null)"); }

private:
    const char *given_;
    std::size_t length_ = 0;
    bool good_ = false;
};

} // namespace

// RILL_FAULTS: report (and go on), stop (at the first), off; what is none of them is not taken.
static FaultPolicy fault_policy(const char *text, FaultPolicy otherwise) {
    const auto policy = fault_policy_named(text);
    if (!policy && *text) std::fprintf(stderr, "rill: RILL_FAULTS=%s is none of report, stop and off\n", text);
    return policy.value_or(otherwise);
}

// RILL_STACK: bytes, or with a K or M behind them; what cannot be a stack is not taken.
static std::size_t stack_bytes(const char *text, std::size_t otherwise) {
    constexpr std::size_t least = 16 * 1024, most = std::size_t{1} << 30;
    char *end = nullptr;
    std::size_t bytes = std::strtoul(text, &end, 10);
    if (bytes <= most && (*end == 'K' || *end == 'k')) bytes <<= 10, ++end;
    else if (bytes <= most && (*end == 'M' || *end == 'm')) bytes <<= 20, ++end;
    if (end == text || *end || bytes < least || bytes > most) {
        std::fprintf(stderr, "rill: RILL_STACK=%s is no size from 16K to 1024M; %zu bytes are taken\n", text, otherwise);
        return otherwise;
    }
    return bytes;
}

// RILL_RECORDS: on keeps the last records of what happens, for what a fault or a crash tells; it costs what a reader does.
static bool records_wanted(const char *text) {
    const bool on = std::strcmp(text, "on") == 0;
    if (!on && *text && std::strcmp(text, "off") != 0) std::fprintf(stderr, "rill: RILL_RECORDS=%s is neither on nor off\n", text);
    return on;
}

EXPORT rill_system *rill_system_new(const char *name) {
    const Profile *profile = find_profile(name ? name : "irix");
    if (!profile) {
        errno = EINVAL;
        return nullptr;
    }
    Tunables tunables;
    if (const char *bytes = std::getenv("RILL_STACK")) tunables.stack = stack_bytes(bytes, tunables.stack);
    System *system = nullptr;
    const int error = guarded([&] {
        system = new System(*profile, tunables);
        return add_builtins(*system);
    });
    if (error) {
        delete system;
        errno = error;
        return nullptr;
    }
    if (const char *policy = std::getenv("RILL_FAULTS")) system->fault_policy = fault_policy(policy, system->fault_policy);
    if (const char *records = std::getenv("RILL_RECORDS"); records && records_wanted(records)) system->trace.keep_last();
    return reinterpret_cast<rill_system *>(system);
}

// Somebody else's call, which is told apart by the gate, does not count: its end is waited for.
static bool is_running(System &system) {
    Enter scope(system);
    return system.running != nullptr;
}

EXPORT void rill_system_free(rill_system *s) {
    if (!s) return;
    System *system = reinterpret_cast<System *>(s);
    if (!System::is_live(system))
        misuse(EINVAL, "system_free", "there is no such System; it was freed before");
    else if (current == system || is_running(*system))
        misuse(EBUSY, "system_free", "called from inside a call of the same System, which stays");
    else
        delete system;
}

EXPORT rill_proc *rill_proc_new(rill_system *s, uid_t uid, gid_t gid) {
    Process *process = nullptr;
    const auto make = [&] {
        VISIT("proc_new");
        const int error = guarded([&] {
            process = &system_of(s).new_process(uid, gid);
            return 0;
        });
        return error ? fail(error) : 0;
    };
    return make() ? nullptr : reinterpret_cast<rill_proc *>(process);
}

EXPORT void rill_proc_exit(rill_proc *p) {
    if (!p) return;
    Process &process = process_of(p);
    Visit visit(process.system, "proc_exit");
    if (!visit) return;
    if (process.ended)
        misuse(ESRCH, "proc_exit", "the process has ended before");
    else
        process.system.end_process(process);
}

EXPORT int rill_sysgen(rill_system *s, const char *directory) {
    if (!directory) return misuse(EINVAL, "sysgen", "the directory is a null pointer");
    VISIT("sysgen");
    System &system = system_of(s);
    system.sysgen_error.clear();
    const int error = guarded([&] { return sysgen::boot(system, directory, &system.sysgen_error); });
    if (!error) return 0;
    std::fputs(system.sysgen_error.c_str(), stderr);
    if (!system.sysgen_error.ends_with('\n')) std::fputc('\n', stderr);
    return fail(error);
}

EXPORT const char *rill_sysgen_error(rill_system *s) { return s ? system_of(s).sysgen_error.c_str() : ""; }

EXPORT const char *rill_boot_note(rill_system *s, int n) {
    if (!s) return nullptr;
    const auto &notes = system_of(s).registry.boot_notes;
    return n >= 0 && static_cast<std::size_t>(n) < notes.size() ? notes[static_cast<std::size_t>(n)].c_str() : nullptr;
}

EXPORT const char *rill_called_as(rill_system *s, const char *name, const char **reason) {
    if (!s) return nullptr;
    Registry &registry = system_of(s).registry;
    const Owner *owner = name ? registry.by_name(name) : nullptr;
    if (!owner && name) owner = registry.module(name);
    if (!owner || owner->convention == Convention::unsaid) return nullptr;
    if (reason) *reason = owner->convention_reason.c_str();
    return name_of(owner->convention);
}

EXPORT int rill_driver_add(rill_system *s, const char *prefix, int major, struct streamtab *tab, int devflag, int ndev) {
    VISIT("driver_add");
    if (!prefix || major < 0 || ndev < 0) return fail(EINVAL);
    if ((devflag & D_OLD) && (devflag & D_MP)) return fail(EINVAL); // CFG-037
    const int error = guarded([&] {
        Driver driver;
        const module_info *info = tab && tab->st_rdinit ? tab->st_rdinit->qi_minfo : nullptr;
        driver.name = info && info->mi_idname ? info->mi_idname : prefix;
        driver.prefix = prefix;
        driver.tab = tab;
        driver.devflag = devflag;
        driver.devices = ndev;
        driver.loadable = true;
        return system_of(s).registry.add(std::move(driver), static_cast<major_t>(major));
    });
    return error ? fail(error) : 0;
}

EXPORT int rill_driver_start(rill_system *s, const char *prefix, void (*init)(void), void (*unload)(void)) {
    VISIT("driver_start");
    if (!prefix) return fail(EINVAL);
    System &system = system_of(s);
    Driver *driver = system.registry.by_name(prefix);
    if (!driver) return fail(ENXIO);
    const auto call = [&system](EntryKind kind, const std::string &name, void (*routine)(void)) {
        Procedure procedure(system, kind, name.c_str());
        procedure.call(routine);
    };
    if (unload)
        if (int error = guarded([&] {
                system.at_end.push_back([call, name = driver->name, unload] { call(EntryKind::unload, name, unload); });
                return 0;
            }))
            return fail(error);
    if (init) call(EntryKind::init, driver->name, init); // the name that its timeouts are told with
    return 0;
}

EXPORT int rill_module_add(rill_system *s, const char *name, struct streamtab *tab, int devflag) {
    VISIT("module_add");
    if (!name || !tab) return fail(EINVAL);
    const int error = guarded([&] {
        Module module;
        module.name = name;
        module.prefix = name;
        module.tab = tab;
        module.devflag = devflag;
        return system_of(s).registry.add_module(std::move(module));
    });
    return error ? fail(error) : 0;
}

// --- names ---

EXPORT int rill_mknod(rill_proc *p, const char *path, mode_t mode, dev_t dev) {
    USER_CALL("mknod");
    const Path at(path);
    call.trace_arguments([&] { return fmt::format("{} {}", at.text(), device_text(dev)); });
    if (!at) return static_cast<int>(call.end(EFAULT, 0));
    return static_cast<int>(call.end(call.process.mknod(at.name(), mode, dev), 0));
}

EXPORT int rill_unlink(rill_proc *p, const char *path) {
    USER_CALL("unlink");
    const Path at(path);
    call.trace_arguments([&] { return at.text(); });
    const auto body = [&] { return call.process.unlink(at.name()); };
    return call.of_path(static_cast<bool>(at), body);
}

EXPORT int rill_rmdir(rill_proc *p, const char *path) {
    USER_CALL("rmdir");
    const Path at(path);
    call.trace_arguments([&] { return at.text(); });
    const auto body = [&] { return call.process.rmdir(at.name()); };
    return call.of_path(static_cast<bool>(at), body);
}

EXPORT int rill_stat(rill_proc *p, const char *path, struct stat *st) {
    USER_CALL("stat");
    const Path at(path);
    call.trace_arguments([&] { return at.text(); });
    const auto body = [&] { return call.process.stat(at.name(), st); };
    return call.of_path(static_cast<bool>(at), body);
}

// --- descriptors ---

EXPORT int rill_open(rill_proc *p, const char *path, int oflag, ...) {
    mode_t mode = 0;
    if (oflag & O_CREAT) {
        va_list args;
        va_start(args, oflag);
        mode = va_arg(args, unsigned);
        va_end(args);
    }
    USER_CALL("open");
    const Path at(path);
    call.trace_arguments([&] { return at.text(); });
    if (!at) return static_cast<int>(call.end(EFAULT, 0));
    int fd = -1;
    const int error = call.system.run_call(call.process, "open", [&] { return call.process.open(at.name(), oflag, mode, &fd); });
    return static_cast<int>(call.end(error, fd));
}

EXPORT int rill_close(rill_proc *p, int fd) {
    USER_CALL("close");
    call.trace_arguments([&] { return fmt::format("{}", fd); });
    const int error = call.system.run_call(call.process, "close", [&] { return call.process.close(fd); });
    return static_cast<int>(call.end(error, 0));
}

EXPORT int rill_dup(rill_proc *p, int fd) {
    USER_CALL("dup");
    call.trace_arguments([&] { return fmt::format("{}", fd); });
    int to = -1;
    const int error = call.process.dup(fd, 0, &to);
    return static_cast<int>(call.end(error, to));
}

EXPORT int rill_dup2(rill_proc *p, int fd, int to) {
    USER_CALL("dup2");
    call.trace_arguments([&] { return fmt::format("{} {}", fd, to); });
    const int error = call.system.run_call(call.process, "dup2", [&] { return call.process.dup2(fd, to); });
    return static_cast<int>(call.end(error, to));
}

EXPORT int rill_fcntl(rill_proc *p, int fd, int command, ...) {
    va_list args;
    va_start(args, command);
    const long argument = va_arg(args, long);
    va_end(args);
    USER_CALL("fcntl");
    call.trace_arguments([&] { return fmt::format("{} {}", fd, command); });
    int result = 0;
    const int error = call.process.fcntl(fd, command, static_cast<int>(argument), &result);
    return static_cast<int>(call.end(error, result));
}

EXPORT off_t rill_lseek(rill_proc *p, int fd, off_t offset, int whence) {
    USER_CALL("lseek");
    call.trace_arguments([&] { return fmt::format("{} {} {}", fd, offset, whence); });
    return call.end(call.process.lseek(fd), 0);
}

EXPORT int rill_fstat(rill_proc *p, int fd, struct stat *st) {
    USER_CALL("fstat");
    call.trace_arguments([&] { return fmt::format("{}", fd); });
    return static_cast<int>(call.end(call.process.fstat(fd, st), 0));
}

EXPORT int rill_isastream(rill_proc *p, int fd) {
    USER_CALL("isastream");
    call.trace_arguments([&] { return fmt::format("{}", fd); });
    File *f = call.process.file(fd);
    const int error = f ? 0 : call.process.refuse(EBADF, "isastream", "the descriptor is not open", "OPN-041");
    return static_cast<int>(call.end(error, f && f->stream));
}

EXPORT int rill_pipe(rill_proc *p, int fds[2]) {
    USER_CALL("pipe");
    call.trace_arguments([] { return std::string(); });
    return static_cast<int>(call.end(call.process.pipe(fds), 0));
}

EXPORT int rill_fattach(rill_proc *p, int fd, const char *path) {
    USER_CALL("fattach");
    const Path at(path);
    call.trace_arguments([&] { return fmt::format("{} {}", fd, at.text()); });
    const auto body = [&] { return call.process.fattach(fd, at.name()); };
    return call.of_path(static_cast<bool>(at), body);
}

EXPORT int rill_fdetach(rill_proc *p, const char *path) {
    USER_CALL("fdetach");
    const Path at(path);
    call.trace_arguments([&] { return at.text(); });
    const auto body = [&] { return call.process.fdetach(at.name()); };
    return call.of_path(static_cast<bool>(at), body);
}

// --- attributes ---

EXPORT int rill_chmod(rill_proc *p, const char *path, mode_t mode) {
    USER_CALL("chmod");
    const Path at(path);
    call.trace_arguments([&] { return fmt::format("{} {:o}", at.text(), mode); });
    const auto body = [&] { return call.process.chmod(at.name(), mode); };
    return call.of_path(static_cast<bool>(at), body);
}

EXPORT int rill_fchmod(rill_proc *p, int fd, mode_t mode) {
    USER_CALL("fchmod");
    call.trace_arguments([&] { return fmt::format("{} {:o}", fd, mode); });
    return static_cast<int>(call.end(call.process.fchmod(fd, mode), 0));
}

EXPORT int rill_chown(rill_proc *p, const char *path, uid_t uid, gid_t gid) {
    USER_CALL("chown");
    const Path at(path);
    call.trace_arguments([&] { return fmt::format("{} {} {}", at.text(), static_cast<int>(uid), static_cast<int>(gid)); });
    const auto body = [&] { return call.process.chown(at.name(), uid, gid); };
    return call.of_path(static_cast<bool>(at), body);
}

EXPORT int rill_fchown(rill_proc *p, int fd, uid_t uid, gid_t gid) {
    USER_CALL("fchown");
    call.trace_arguments([&] { return fmt::format("{} {} {}", fd, static_cast<int>(uid), static_cast<int>(gid)); });
    return static_cast<int>(call.end(call.process.fchown(fd, uid, gid), 0));
}

EXPORT int rill_utime(rill_proc *p, const char *path, const struct utimbuf *times) {
    USER_CALL("utime");
    const Path at(path);
    call.trace_arguments([&] { return at.text(); });
    const auto body = [&] { return call.process.utime(at.name(), times); };
    return call.of_path(static_cast<bool>(at), body);
}

// --- data: a pass that cannot sleep first, on the caller's stack ---

namespace {

[[gnu::cold, gnu::noinline]] int sleeping_read(Process &process, int fd, Transfer &t) {
    return may_sleep(process, "read", fd, [&](Process &) { return process.read(fd, t, true); });
}

[[gnu::cold, gnu::noinline]] int sleeping_write(Process &process, int fd, Transfer &t) {
    return may_sleep(process, "write", fd, [&](Process &) { return process.write(fd, t, true); });
}

} // namespace

EXPORT ssize_t rill_read(rill_proc *p, int fd, void *buffer, size_t count) {
    USER_CALL("read");
    call.trace_arguments([&] { return fmt::format("{} {}", fd, count); });
    Transfer t{static_cast<char *>(buffer), count};
    int error = must_sleep;
    if (!call.system.running) [[likely]]
        error = call.process.read(fd, t, false);
    if (error == must_sleep) [[unlikely]]
        error = sleeping_read(call.process, fd, t);
    return call.end(error, static_cast<long>(t.done));
}

EXPORT ssize_t rill_write(rill_proc *p, int fd, const void *buffer, size_t count) {
    USER_CALL("write");
    call.trace_arguments([&] { return fmt::format("{} {}", fd, count); });
    Transfer t{const_cast<char *>(static_cast<const char *>(buffer)), count};
    int error = must_sleep;
    if (!call.system.running) [[likely]]
        error = call.process.write(fd, t, false);
    if (error == must_sleep) [[unlikely]]
        error = sleeping_write(call.process, fd, t);
    return call.end(error, static_cast<long>(t.done));
}

EXPORT int rill_ioctl(rill_proc *p, int fd, int command, ...) {
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    USER_CALL("ioctl");
    call.trace_arguments([&] { return fmt::format("{} {:#x}", fd, command); });
    struct {
        int command, rval;
        void *argument;
    } asked{command, 0, argument}; // in one place, so that nothing else has to lie in memory
    const int error = may_sleep(call.process, "ioctl", fd, [&asked, fd](Process &process) {
        return process.ioctl(fd, asked.command, asked.argument, &asked.rval);
    });
    return static_cast<int>(call.end(error, asked.rval));
}

namespace {

int get_message(UserCall &call, int fd, struct strbuf *ctl, struct strbuf *data, MessageRequest &r) {
    File *file = nullptr;
    if (int error = call.process.stream_of(fd, FREAD, "getmsg", &file)) return error;
    strbuf c{}, d{};
    if ((ctl && !copy_from_user(&c, ctl, sizeof c)) || (data && !copy_from_user(&d, data, sizeof d)))
        return call.process.refuse(EFAULT, "getmsg", "bad address of a strbuf", "GM-009");
    r.ctl = ctl ? &c : nullptr;
    r.data = data ? &d : nullptr;
    int error = must_sleep;
    if (!call.system.running) error = file->stream->getmsg(call.process, *file, r, false);
    if (error == must_sleep) error = call.sleeping(fd, [&] { return file->stream->getmsg(call.process, *file, r, true); });
    if (!error && ((ctl && !copy_to_user(&ctl->len, &c.len, sizeof c.len)) || (data && !copy_to_user(&data->len, &d.len, sizeof d.len))))
        error = call.process.refuse(EFAULT, "getmsg", "bad address of a strbuf", "GM-009");
    return error;
}

int put_message(UserCall &call, int fd, const struct strbuf *ctl, const struct strbuf *data, int band, int flags) {
    File *file = nullptr;
    if (int error = call.process.stream_of(fd, FWRITE, "putmsg", &file)) return error;
    strbuf c{}, d{};
    if ((ctl && !copy_from_user(&c, ctl, sizeof c)) || (data && !copy_from_user(&d, data, sizeof d)))
        return call.process.refuse(EFAULT, "putmsg", "bad address of a strbuf", "PM-009");
    auto body = [&](bool may_sleep) {
        return file->stream->putmsg(call.process, *file, ctl ? &c : nullptr, data ? &d : nullptr, band, flags, may_sleep);
    };
    int error = must_sleep;
    if (!call.system.running) error = body(false);
    return error == must_sleep ? call.sleeping(fd, [&] { return body(true); }) : error;
}

} // namespace

EXPORT int rill_getmsg(rill_proc *p, int fd, struct strbuf *ctl, struct strbuf *data, int *flags) {
    USER_CALL("getmsg");
    call.trace_arguments([&] { return fmt::format("{}", fd); });
    int wanted = 0, more = 0;
    int error = 0;
    if (!copy_from_user(&wanted, flags, sizeof wanted)) {
        error = call.process.refuse(EFAULT, "getmsg", "bad address of the flags", "GM-006");
    } else if (wanted != 0 && wanted != RS_HIPRI) {
        error = call.process.refuse(EINVAL, "getmsg", "flags must be 0 or RS_HIPRI", "GM-001 GM-005");
    } else {
        MessageRequest r{.ctl = nullptr, .data = nullptr, .flags = wanted == RS_HIPRI ? MSG_HIPRI : MSG_ANY, .band = 0};
        error = get_message(call, fd, ctl, data, r);
        more = r.more;
        const int found = !r.hung_up && r.flags == MSG_HIPRI ? RS_HIPRI : 0;
        if (!error && !copy_to_user(flags, &found, sizeof found)) error = call.process.refuse(EFAULT, "getmsg", "bad address of the flags", "GM-006");
    }
    return static_cast<int>(call.end(error, more));
}

EXPORT int rill_getpmsg(rill_proc *p, int fd, struct strbuf *ctl, struct strbuf *data, int *band, int *flags) {
    USER_CALL("getpmsg");
    call.trace_arguments([&] { return fmt::format("{}", fd); });
    int wanted = 0, from_band = 0, more = 0;
    int error = 0;
    if (!copy_from_user(&wanted, flags, sizeof wanted) || !copy_from_user(&from_band, band, sizeof from_band)) {
        error = call.process.refuse(EFAULT, "getpmsg", "bad address of flags or band", "GM-006");
    } else if (from_band < 0 || from_band > 255) {
        error = call.process.refuse(EINVAL, "getpmsg", "no such band", "GM-003");
    } else {
        MessageRequest r{.ctl = nullptr, .data = nullptr, .flags = wanted, .band = from_band};
        error = get_message(call, fd, ctl, data, r);
        more = r.more;
        const int none = 0;
        if (!error) {
            const bool moved = r.hung_up ? copy_to_user(flags, &none, sizeof none) // GM-059
                                         : copy_to_user(flags, &r.flags, sizeof r.flags) && copy_to_user(band, &r.band, sizeof r.band);
            if (!moved) error = call.process.refuse(EFAULT, "getpmsg", "bad address of flags or band", "GM-006");
        }
    }
    return static_cast<int>(call.end(error, more));
}

EXPORT int rill_putmsg(rill_proc *p, int fd, const struct strbuf *ctl, const struct strbuf *data, int flags) {
    USER_CALL("putmsg");
    call.trace_arguments([&] { return fmt::format("{} {}", fd, flags); });
    if (flags != 0 && flags != RS_HIPRI)
        return static_cast<int>(call.end(call.process.refuse(EINVAL, "putmsg", "flags must be 0 or RS_HIPRI", "PM-001 PM-002"), 0));
    return static_cast<int>(call.end(put_message(call, fd, ctl, data, 0, flags == RS_HIPRI ? MSG_HIPRI : MSG_BAND), 0));
}

EXPORT int rill_putpmsg(rill_proc *p, int fd, const struct strbuf *ctl, const struct strbuf *data, int band, int flags) {
    USER_CALL("putpmsg");
    call.trace_arguments([&] { return fmt::format("{} {} {}", fd, band, flags); });
    if (band < 0 || band > 255)
        return static_cast<int>(call.end(call.process.refuse(EINVAL, "putpmsg", "no such band", "PM-004"), 0));
    return static_cast<int>(call.end(put_message(call, fd, ctl, data, band, flags), 0));
}

EXPORT int rill_poll(rill_proc *p, struct pollfd *fds, nfds_t count, int timeout) {
    USER_CALL("poll");
    call.trace_arguments([&] { return fmt::format("{} descriptors, {} ms", count, timeout); });
    int ready = 0;
    int error = must_sleep;
    if (count && !probe_user(fds, count * sizeof *fds)) {
        error = call.process.refuse(EFAULT, "poll", "bad address", "POL-007");
    } else {
        if (!call.system.running) error = call.process.poll(fds, count, timeout, false, &ready);
        if (error == must_sleep) error = call.sleeping(-1, [&] { return call.process.poll(fds, count, timeout, true, &ready); });
    }
    return static_cast<int>(call.end(error, ready));
}

// --- the caller as driver code ---

namespace {

struct Stay {
    System *system;
    Enter scope;
    std::unique_ptr<Stay> outer;
    Stay(System &s, std::unique_ptr<Stay> o) : system(&s), scope(s), outer(std::move(o)) {}
};
thread_local std::unique_ptr<Stay> innermost_stay;

} // namespace

EXPORT int rill_enter(rill_system *s) {
    if (!s) return fail(EINVAL);
    innermost_stay = std::make_unique<Stay>(system_of(s), std::move(innermost_stay));
    return 0;
}

EXPORT int rill_leave(rill_system *s) {
    if (!innermost_stay || innermost_stay->system != &system_of(s)) return fail(EINVAL);
    const std::unique_ptr<Stay> left = std::move(innermost_stay);
    innermost_stay = std::move(left->outer);
    return 0;
}

EXPORT int rill_budget(rill_system *s, long steps) {
    if (!s || steps < 1) return fail(EINVAL);
    system_of(s).tunables.steps = steps;
    return 0;
}

// --- running ---

EXPORT int rill_run(rill_system *s) {
    VISIT("run");
    system_of(s).run_until_idle();
    system_of(s).close_late();
    return 0;
}

EXPORT int rill_advance(rill_system *s, long ticks) {
    if (ticks < 0) return fail(EINVAL);
    VISIT("advance");
    system_of(s).advance(ticks);
    system_of(s).close_late();
    return 0;
}

EXPORT void rill_fail_nth(rill_system *s, long n) {
    if (!s) return;
    Enter scope(system_of(s));
    system_of(s).alloc.fail_nth(n);
}

EXPORT int rill_signal(rill_proc *p, int sig, void (*handler)(int)) {
    USER_CALL("signal");
    return static_cast<int>(call.end(call.process.set_handler(sig, handler), 0));
}

EXPORT int rill_kill(rill_proc *p, int sig) {
    if (sig < 1 || sig > 64) return fail(EINVAL);
    if (!p) return misuse(EINVAL, "kill", "the process is a null pointer");
    System &system = process_of(p).system;
    Enter scope(system); // from a rill signal handler too
    if (process_of(p).ended) return misuse(ESRCH, "kill", "the process has ended");
    process_of(p).post(sig);
    system.run_pending();
    return 0;
}

EXPORT const char *rill_why(rill_proc *p) { return p ? process_of(p).why() : ""; }
