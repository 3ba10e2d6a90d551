// The streamio(7) commands of a scenario's ioctl. A row names a command, how its argument is written, and what reads
// it.
#include "streams/view/escape.hpp"
#include "tools/rill/evaluate.hpp"

#include <cstring>
#include <fmt/format.h>
#include <iterator>

namespace rill::tool {

namespace {

constexpr Bit read_options[] = {{"RNORM", RNORM},
                                {"RMSGD", RMSGD},
                                {"RMSGN", RMSGN},
                                {"RPROTNORM", RPROTNORM},
                                {"RPROTDAT", RPROTDAT},
                                {"RPROTDIS", RPROTDIS},
                                {"RFLUSHPCPROT", RFLUSHPCPROT}};
constexpr Bit write_options[] = {{"SNDZERO", SNDZERO}, {"SNDPIPE", SNDPIPE}};
constexpr Bit flush_options[] = {{"r", FLUSHR}, {"w", FLUSHW}, {"rw", FLUSHRW}};
constexpr Bit error_options[] = {{"RERRNORM", RERRNORM},
                                 {"RERRNONPERSIST", RERRNONPERSIST},
                                 {"WERRNORM", WERRNORM},
                                 {"WERRNONPERSIST", WERRNONPERSIST}};
constexpr Bit mark_options[] = {{"ANYMARK", ANYMARK}, {"LASTMARK", LASTMARK}};
constexpr Bit signal_events[] = {{"S_INPUT", S_INPUT}, {"S_HIPRI", S_HIPRI}, {"S_OUTPUT", S_OUTPUT}, {"S_MSG", S_MSG}, {"S_ERROR", S_ERROR}, {"S_HANGUP", S_HANGUP}, {"S_RDNORM", S_RDNORM}, {"S_RDBAND", S_RDBAND}, {"S_WRBAND", S_WRBAND}, {"S_BANDURG", S_BANDURG}};

struct Options {
    const Bit *bits;
    std::size_t count;
};
template <std::size_t N> constexpr Options options(const Bit (&bits)[N]) {
    return {bits, N};
}

struct Row {
    const char *name;
    int number;
    const char *usage; // its argument
    Action (*parse)(User &, int fd, int command, Words &, const Options &);
    Options options = {nullptr, 0};
};

Action none(User &user, int fd, int command, Words &, const Options &) {
    return [&user, fd, command] { return outcome(user, rill_ioctl(user.handle, fd, command, 0)); };
}

Action name(User &user, int fd, int command, Words &words, const Options &) {
    return [&user, fd, command, module = words.name("a module")] {
        return outcome(user, rill_ioctl(user.handle, fd, command, module.c_str()));
    };
}

Action flags(User &user, int fd, int command, Words &words, const Options &o) {
    const int value = static_cast<int>(bits(words.take("options"), o.bits, o.count, "option"));
    return [&user, fd, command, value] { return outcome(user, rill_ioctl(user.handle, fd, command, value)); };
}

Action integer(User &user, int fd, int command, Words &words, const Options &) {
    const int value = words.take_if("MUXID_ALL") ? MUXID_ALL : static_cast<int>(words.number("the argument"));
    return [&user, fd, command, value] { return outcome(user, rill_ioctl(user.handle, fd, command, value)); };
}

Action other_descriptor(User &user, int fd, int command, Words &words, const Options &) {
    const int other = descriptor(user, words, "the other descriptor");
    return [&user, fd, command, other] { return outcome(user, rill_ioctl(user.handle, fd, command, other)); };
}

// Commands that take the address of an int.
Action int_in(User &user, int fd, int command, Words &words, const Options &) {
    const int value = static_cast<int>(words.number("the argument"));
    return
        [&user, fd, command, value]() mutable { return outcome(user, rill_ioctl(user.handle, fd, command, &value)); };
}

Action int_out(User &user, int fd, int command, Words &, const Options &o) {
    return [&user, fd, command, o] {
        int value = 0;
        Outcome out = outcome(user, rill_ioctl(user.handle, fd, command, &value));
        if (out.error) return out;
        std::string names;
        for (std::size_t i = 0; i < o.count; ++i)
            if (o.bits[i].value && (value & o.bits[i].value) == o.bits[i].value)
                names += fmt::format("{}{}", names.empty() ? "" : "|", o.bits[i].name);
        out.text = fmt::format("{}, tells {}", out.value, names.empty() ? std::to_string(value) : names);
        return out;
    };
}

Action look(User &user, int fd, int command, Words &, const Options &) {
    return [&user, fd, command] {
        char module[FMNAMESZ + 1] = {};
        Outcome out = outcome(user, rill_ioctl(user.handle, fd, command, module));
        if (out.error) return out;
        out.data = module;
        out.text = view::quoted(*out.data);
        return out;
    };
}

Action list(User &user, int fd, int command, Words &, const Options &) {
    return [&user, fd, command] {
        str_mlist names[32] = {};
        str_list all{static_cast<int>(std::size(names)), names};
        Outcome out = outcome(user, rill_ioctl(user.handle, fd, command, &all));
        if (out.error) return out;
        std::string text;
        for (int i = 0; i < all.sl_nmods && i < static_cast<int>(std::size(names)); ++i)
            text += fmt::format("{}{}", i ? " " : "", names[i].l_name);
        out.text = fmt::format("{}, from the top: {}", all.sl_nmods, text);
        out.value = all.sl_nmods;
        out.data = std::move(text);
        return out;
    };
}

Action str(User &user, int fd, int command, Words &words, const Options &) {
    const long inner = words.number("the driver's command");
    const long seconds = words.number_or(0);
    std::string data = words.empty() ? std::string{} : words.bytes("the data");
    return [&user, fd, command, inner, seconds, data = std::move(data)] {
        std::string buffer(std::max<std::size_t>(data.size(), 1024), '\0');
        buffer.replace(0, data.size(), data);
        strioctl s{static_cast<int>(inner), static_cast<int>(seconds), static_cast<int>(data.size()), buffer.data()};
        Outcome out = outcome(user, rill_ioctl(user.handle, fd, command, &s));
        if (out.error) return out;
        out.data = buffer.substr(0, static_cast<std::size_t>(std::max(s.ic_len, 0)));
        out.text = out.data->empty() ? std::to_string(out.value)
                                     : fmt::format("{}, answer {}", out.value, view::quoted(*out.data));
        return out;
    };
}

Action peek(User &user, int fd, int command, Words &, const Options &) {
    return [&user, fd, command] {
        char ctl[1024], data[1024];
        strpeek p{{sizeof ctl, 0, ctl}, {sizeof data, 0, data}, 0};
        Outcome out = outcome(user, rill_ioctl(user.handle, fd, command, &p));
        if (out.error) return out;
        if (p.databuf.len >= 0) out.data = std::string(data, static_cast<std::size_t>(p.databuf.len));
        out.text = out.value ? fmt::format("1, data {}", view::quoted(out.data.value_or(""))) : "0, no message";
        return out;
    };
}

Action receive(User &user, int fd, int command, Words &, const Options &) {
    return [&user, fd, command] {
        strrecvfd r{};
        Outcome out = outcome(user, rill_ioctl(user.handle, fd, command, &r));
        if (out.error) return out;
        out.value = r.fd;
        out.descriptor = true;
        out.text = fmt::format("{} (sent by uid {}, gid {})", r.fd, r.uid, r.gid);
        return out;
    };
}

// A control part that is only the value; as a pipe was made of two streams of spx.
Action insert(User &user, int fd, int command, Words &words, const Options &) {
    const int other = descriptor(user, words, "the descriptor whose value is sent");
    return [&user, fd, command, other] {
        char control[sizeof(t_uscalar_t)] = {};
        strfdinsert f{{0, sizeof control, control}, {0, -1, nullptr}, 0, other, 0};
        return outcome(user, rill_ioctl(user.handle, fd, command, &f));
    };
}

Action band_flush(User &user, int fd, int command, Words &words, const Options &o) {
    bandinfo b{static_cast<unsigned char>(words.number("the band")), 0};
    b.bi_flag = static_cast<int>(bits(words.take("r, w or rw"), o.bits, o.count, "side"));
    return [&user, fd, command, b]() mutable { return outcome(user, rill_ioctl(user.handle, fd, command, &b)); };
}

const Row rows[] = {
    {"I_PUSH", I_PUSH, "MODULE", name},
    {"I_POP", I_POP, "", none},
    {"I_LOOK", I_LOOK, "", look},
    {"I_LIST", I_LIST, "", list},
    {"I_FIND", I_FIND, "MODULE", name},
    {"I_NREAD", I_NREAD, "", int_out},
    {"I_PEEK", I_PEEK, "", peek},
    {"I_FLUSH", I_FLUSH, "r|w|rw", flags, options(flush_options)},
    {"I_FLUSHBAND", I_FLUSHBAND, "BAND r|w|rw", band_flush, options(flush_options)},
    {"I_SRDOPT", I_SRDOPT, "RNORM|RMSGD|RMSGN|RPROTDAT..", flags, options(read_options)},
    {"I_GRDOPT", I_GRDOPT, "", int_out, options(read_options)},
    {"I_SWROPT", I_SWROPT, "SNDZERO|SNDPIPE", flags, options(write_options)},
    {"I_GWROPT", I_GWROPT, "", int_out, options(write_options)},
    {"I_SERROPT", I_SERROPT, "RERRNORM|WERRNONPERSIST..", flags, options(error_options)},
    {"I_GERROPT", I_GERROPT, "", int_out, options(error_options)},
    {"I_STR", I_STR, "COMMAND [SECONDS] [\"data\"]", str},
    {"I_SETSIG", I_SETSIG, "S_INPUT|S_HIPRI..", flags, options(signal_events)},
    {"I_GETSIG", I_GETSIG, "", int_out, options(signal_events)},
    {"I_LINK", I_LINK, "FD", other_descriptor},
    {"I_UNLINK", I_UNLINK, "ID|MUXID_ALL", integer},
    {"I_PLINK", I_PLINK, "FD", other_descriptor},
    {"I_PUNLINK", I_PUNLINK, "ID|MUXID_ALL", integer},
    {"I_SENDFD", I_SENDFD, "FD", other_descriptor},
    {"I_RECVFD", I_RECVFD, "", receive},
    {"I_FDINSERT", I_FDINSERT, "FD", insert},
    {"I_CKBAND", I_CKBAND, "BAND", integer},
    {"I_GETBAND", I_GETBAND, "", int_out},
    {"I_CANPUT", I_CANPUT, "BAND", integer},
    {"I_ATMARK", I_ATMARK, "ANYMARK|LASTMARK", flags, options(mark_options)},
    {"I_SETCLTIME", I_SETCLTIME, "MILLISECONDS", int_in},
    {"I_GETCLTIME", I_GETCLTIME, "", int_out},
};

// A command of a driver: by number, with nothing, an int, or a buffer as its argument (a transparent ioctl).
Action transparent(User &user, int fd, int command, Words &words) {
    if (words.empty() || !words.peek()->quoted) {
        const long value = words.number_or(0);
        return [&user, fd, command, value] { return outcome(user, rill_ioctl(user.handle, fd, command, value)); };
    }
    return [&user, fd, command, data = words.bytes("a buffer")]() mutable {
        std::string buffer = data;
        buffer.resize(std::max<std::size_t>(data.size(), 4096)); // whoever takes it for a structure finds zeros
        Outcome out = outcome(user, rill_ioctl(user.handle, fd, command, buffer.data()));
        if (out.error) return out;
        data = buffer.substr(0, data.size());
        out.text = fmt::format("{}, buffer now {}", out.value, view::quoted(data));
        out.data = data;
        return out;
    };
}

} // namespace

Action parse_streamio(User &user, int fd, Words &words) {
    const std::size_t column = words.column();
    const std::string command = words.name("an ioctl command");
    for (const Row &c : rows)
        if (command == c.name) return c.parse(user, fd, c.number, words, c.options);
    long number = 0;
    if (parse_number(command, &number)) return transparent(user, fd, static_cast<int>(number), words);
    std::string all;
    std::vector<std::string> names;
    for (const Row &c : rows) {
        all += fmt::format("\n  ioctl FD {}{}{}", c.name, *c.usage ? " " : "", c.usage);
        names.emplace_back(c.name);
    }
    if (const std::string near = meant(command, names); !near.empty())
        throw SyntaxError(column, fmt::format("no ioctl is called \"{}\"{} (ioctl FD help lists them)", command, near));
    throw SyntaxError(column, fmt::format("no ioctl is called \"{}\"; there are numbers, and{}", command, all));
}

std::vector<StreamioName> streamio_names() {
    std::vector<StreamioName> names;
    for (const Row &c : rows) names.push_back({c.name, c.usage});
    return names;
}

} // namespace rill::tool
