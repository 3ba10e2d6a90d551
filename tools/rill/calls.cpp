// The system calls a scenario can make: each function takes the words and returns what will make the call.
#include "streams/view/tables.hpp"
#include "streams/view/escape.hpp"
#include "tools/rill/evaluate.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <iterator>
#include <memory>

namespace rill::tool {

namespace {

constexpr long bytes_max = 16'000'000; // that one call may carry

constexpr Bit open_names[] = {
    {"rdonly", O_RDONLY}, {"wronly", O_WRONLY}, {"rdwr", O_RDWR}, {"nonblock", O_NONBLOCK}, {"ndelay", RILL_O_NDELAY}, {"append", O_APPEND}, {"creat", O_CREAT}, {"excl", O_EXCL}, {"trunc", O_TRUNC}, {"noctty", O_NOCTTY}};
constexpr Bit poll_names[] = {
    {"in", POLLIN}, {"pri", POLLPRI}, {"out", POLLOUT}, {"rdnorm", POLLRDNORM}, {"rdband", POLLRDBAND}, {"wrnorm", POLLWRNORM}, {"wrband", POLLWRBAND}, {"err", POLLERR}, {"hup", POLLHUP}, {"nval", POLLNVAL}};

// Long data is cut for the reader; an `expect` compares all of it.
std::string shown(std::string_view bytes) {
    constexpr std::size_t enough = 64;
    return view::quoted(bytes.substr(0, enough)) + (bytes.size() > enough ? "..." : "");
}

std::string event_text(short events) {
    std::string out;
    for (const Bit &b : poll_names)
        if (events & b.value) out += fmt::format("{}{}", out.empty() ? "" : "|", b.name);
    return out.empty() ? "nothing" : out;
}

std::string stat_text(const struct stat &st) {
    const char *type = S_ISCHR(st.st_mode)    ? "character"
                       : S_ISBLK(st.st_mode)  ? "block"
                       : S_ISFIFO(st.st_mode) ? "pipe"
                       : S_ISDIR(st.st_mode)  ? "directory"
                                              : "file";
    const bool is_device = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode);
    return fmt::format("{}{}, mode {:04o}, owner {}{}", is_device ? fmt::format("st_rdev {}, ", device_text(st.st_rdev)) : "", type,
                       st.st_mode & 07777, st.st_uid, S_ISFIFO(st.st_mode) ? fmt::format(", {} bytes unread", st.st_size) : "");
}

Outcome told(User &user, int result, const struct stat &st) {
    Outcome o = outcome(user, result);
    if (o.error) return o;
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) o.device = st.st_rdev;
    o.text = stat_text(st);
    return o;
}

dev_t device(Words &words) {
    const long major = words.number("the major", 0, MAXMAJ), minor = words.number("the minor", 0, MAXMIN);
    return makedevice(static_cast<major_t>(major), static_cast<minor_t>(minor));
}

// "text", optionally followed by `x N`: that many times over.
std::string data(Words &words) {
    std::string bytes = words.bytes("the data");
    if (!words.take_if("x")) return bytes;
    const long most = bytes_max / static_cast<long>(std::max<std::size_t>(bytes.size(), 1));
    const long times = words.number("how many times", 0, most);
    std::string all;
    for (long i = 0; i < times; ++i) all += bytes;
    return all;
}

} // namespace

Action open_call(User &user, Words &words) {
    std::string path = words.name("a path");
    const int flags =
        words.empty()
            ? O_RDWR
            : static_cast<int>(bits(words.take("open flags"), open_names, std::size(open_names), "open flag"));
    return [&user, path = std::move(path), flags] {
        Outcome o = outcome(user, rill_open(user.handle, path.c_str(), flags, 0666));
        o.descriptor = true;
        if (o.error) return o;
        if (const File *file = user.process().file(static_cast<int>(o.value)); file && file->special) o.device = file->special->dev;
        return o;
    };
}

Action close_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    return [&user, fd] { return outcome(user, rill_close(user.handle, fd)); };
}

Action read_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    const long count = words.empty() ? 1024 : words.number("how many bytes", 0, bytes_max);
    return [&user, fd, count] {
        std::string buffer(static_cast<std::size_t>(count), '\0');
        Outcome o = outcome(user, rill_read(user.handle, fd, buffer.data(), buffer.size()));
        if (o.error) return o;
        buffer.resize(static_cast<std::size_t>(o.value));
        o.text = fmt::format("{} {}", o.value, shown(buffer));
        o.data = std::move(buffer);
        return o;
    };
}

Action write_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    return [&user, fd, bytes = data(words)] {
        return outcome(user, rill_write(user.handle, fd, bytes.data(), bytes.size()));
    };
}

Action stat_call(User &user, Words &words) {
    return [&user, path = words.name("a path")] {
        struct stat st {};
        const int result = rill_stat(user.handle, path.c_str(), &st);
        return told(user, result, st);
    };
}

Action fstat_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    return [&user, fd] {
        struct stat st {};
        const int result = rill_fstat(user.handle, fd, &st);
        return told(user, result, st);
    };
}

Action dup_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    return [&user, fd] {
        Outcome o = outcome(user, rill_dup(user.handle, fd));
        o.descriptor = true;
        return o;
    };
}

Action fcntl_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    const Word flag = words.take("nonblock, ndelay or append");
    const long bit = bits(flag, open_names, std::size(open_names), "flag");
    const bool on = words.take_if("on");
    if (!on && !words.take_if("off")) words.fail("expected on or off");
    return [&user, fd, bit, on] {
        const int now = rill_fcntl(user.handle, fd, F_GETFL);
        if (now < 0) return outcome(user, now);
        return outcome(user, rill_fcntl(user.handle, fd, F_SETFL,
                                        on ? now | static_cast<int>(bit) : now & ~static_cast<int>(bit)));
    };
}

Action mknod_call(User &user, Words &words) {
    std::string path = words.name("a path");
    mode_t type = 0;
    if (words.take_if("c"))
        type = S_IFCHR;
    else if (words.take_if("b"))
        type = S_IFBLK;
    else if (words.take_if("p"))
        type = S_IFIFO;
    else if (words.take_if("f"))
        type = S_IFREG;
    else
        words.fail("expected c or b for a device, p for a FIFO, or f for a plain file");
    const dev_t dev = type == S_IFCHR || type == S_IFBLK ? device(words) : 0;
    const long mode = words.number_or(0666, "the permissions", 0, 07777);
    return [&user, path = std::move(path), type, dev, mode] {
        return outcome(user, rill_mknod(user.handle, path.c_str(), type | static_cast<mode_t>(mode), dev));
    };
}

Action unlink_call(User &user, Words &words) {
    return [&user, path = words.name("a path")] { return outcome(user, rill_unlink(user.handle, path.c_str())); };
}

Action pipe_call(User &user, Words &words) {
    std::string names[] = {words.name("a name for one end"), words.name("a name for the other end")};
    return [&user, names = std::to_array(names)] {
        int ends[2];
        Outcome o = outcome(user, rill_pipe(user.handle, ends));
        if (o.error) return o;
        for (std::size_t i = 0; i < 2; ++i) user.descriptors[names[i]] = ends[i];
        o.text = fmt::format("{} is fd {}, {} is fd {}", names[0], ends[0], names[1], ends[1]);
        return o;
    };
}

Action fattach_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    return [&user, fd, path = words.name("a path")] { return outcome(user, rill_fattach(user.handle, fd, path.c_str())); };
}

Action fdetach_call(User &user, Words &words) {
    return [&user, path = words.name("a path")] { return outcome(user, rill_fdetach(user.handle, path.c_str())); };
}

Action chmod_call(User &user, Words &words) {
    std::string path = words.name("a path");
    const long mode = words.number("the permissions", 0, 07777);
    return [&user, path = std::move(path), mode] { return outcome(user, rill_chmod(user.handle, path.c_str(), static_cast<mode_t>(mode))); };
}

Action chown_call(User &user, Words &words) {
    std::string path = words.name("a path");
    const long uid = words.number("the owner", -1, INT_MAX), gid = words.number("the group", -1, INT_MAX);
    return [&user, path = std::move(path), uid, gid] {
        return outcome(user, rill_chown(user.handle, path.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)));
    };
}

Action ioctl_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    return parse_streamio(user, fd, words);
}

Action isastream_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    return [&user, fd] { return outcome(user, rill_isastream(user.handle, fd)); };
}

Action putmsg_call(User &user, Words &words) {
    struct Message {
        int fd, flags = 0, band = 0;
        std::optional<std::string> ctl, data;
    } m;
    m.fd = descriptor(user, words);
    bool by_band = false;
    while (!words.empty()) {
        if (words.take_if("ctl"))
            m.ctl = words.bytes("the control part");
        else if (words.take_if("data"))
            m.data = data(words);
        else if (words.take_if("hipri"))
            m.flags = RS_HIPRI;
        else if (words.take_if("band")) {
            m.band = static_cast<int>(words.number("the band"));
            by_band = true;
        } else
            words.fail("expected ctl \"...\", data \"...\", hipri or band N");
    }
    return [&user, m, by_band] {
        auto part = [](const std::optional<std::string> &bytes) {
            return strbuf{0, bytes ? static_cast<int>(bytes->size()) : -1,
                          bytes ? const_cast<char *>(bytes->data()) : nullptr};
        };
        const strbuf ctl = part(m.ctl), data = part(m.data);
        return outcome(
            user, by_band ? rill_putpmsg(user.handle, m.fd, m.ctl ? &ctl : nullptr, m.data ? &data : nullptr, m.band,
                                         MSG_BAND)
                          : rill_putmsg(user.handle, m.fd, m.ctl ? &ctl : nullptr, m.data ? &data : nullptr, m.flags));
    };
}

Action getmsg_call(User &user, Words &words) {
    const int fd = descriptor(user, words);
    long ctl_size = 1024, data_size = 1024, wanted = 0;
    while (!words.empty()) {
        if (words.take_if("ctl"))
            ctl_size = words.number("room for the control part", -1, bytes_max);
        else if (words.take_if("data"))
            data_size = words.number("room for the data part", -1, bytes_max);
        else if (words.take_if("hipri"))
            wanted = RS_HIPRI;
        else
            words.fail("expected ctl N, data N or hipri");
    }
    return [&user, fd, ctl_size, data_size, wanted] {
        std::string ctl(static_cast<std::size_t>(std::max(ctl_size, 0L)), '\0'),
            data(static_cast<std::size_t>(std::max(data_size, 0L)), '\0');
        strbuf c{static_cast<int>(ctl_size), 0, ctl.data()}, d{static_cast<int>(data_size), 0, data.data()};
        int band = 0, flags = wanted ? MSG_HIPRI : MSG_ANY;
        Outcome o = outcome(user, rill_getpmsg(user.handle, fd, &c, &d, &band, &flags));
        if (o.error) return o;
        auto part = [](const char *name, const strbuf &b) {
            return b.len < 0 ? fmt::format(", no {}", name)
                             : fmt::format(", {} {}", name, shown({b.buf, static_cast<std::size_t>(b.len)}));
        };
        o.text = fmt::format("{}{}{}", o.value == 0 ? "whole message" : "a part, more is left", part("ctl", c),
                             part("data", d));
        o.text += flags & MSG_HIPRI ? ", high priority" : fmt::format(", band {}", band);
        o.data = d.len < 0 ? std::string{} : std::string(d.buf, static_cast<std::size_t>(d.len));
        return o;
    };
}

Action poll_call(User &user, Words &words) {
    std::vector<pollfd> fds;
    while (words.left() > 1) {
        const int fd = descriptor(user, words);
        fds.push_back(
            {fd, static_cast<short>(bits(words.take("events"), poll_names, std::size(poll_names), "event")), 0});
    }
    const long timeout = words.number("a timeout in milliseconds");
    return [&user, fds, timeout]() mutable {
        Outcome o = outcome(user, rill_poll(user.handle, fds.data(), fds.size(), static_cast<int>(timeout)));
        if (o.error) return o;
        o.text = std::to_string(o.value);
        for (const pollfd &p : fds) o.text += fmt::format("; fd {}: {}", p.fd, event_text(p.revents));
        return o;
    };
}

} // namespace rill::tool
