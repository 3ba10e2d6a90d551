#include "streams/view/text.hpp"

#include "streams/base/dev.hpp"
#include "streams/head/head.hpp"
#include "streams/message/message.hpp"

#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <utility>
#include <sys/file.h>
#include <sys/stropts.h>

namespace rill::view {

namespace {

constexpr std::size_t label_width = 11;

// A record's names may be absent; in a sentence that is nothing.
std::string_view str(const char *s) {
    return s ? std::string_view(s) : std::string_view{};
}

std::string dev_suffix(dev_t dev, const char *before) {
    return dev == no_device ? "" : before + device_text(dev);
}

std::string joined(std::string_view a, std::string_view between, std::string_view b) {
    if (a.empty()) return std::string(b);
    if (b.empty()) return std::string(a);
    return fmt::format("{}{}{}", a, between, b);
}

// What stands in the first column.
std::string_view label_of(const Record &r) {
    switch (r.kind) {
    case Kind::rung:
    case Kind::step:
        return str(r.name);
    case Kind::refuse:
        return "REFUSED";
    case Kind::undo:
        return "undo";
    case Kind::qopen:
    case Kind::qopened:
        return r.extra == 1 && r.kind == Kind::qopen ? "module" : "driver";
    case Kind::qclose:
    case Kind::qclosed:
        return "driver";
    case Kind::qinit:
        return r.event == Event::queues_put_back ? "undo" : "queues";
    case Kind::put:
        return "message";
    case Kind::srv:
        return "service";
    case Kind::enable:
        return "schedule";
    case Kind::link:
        return "link";
    case Kind::head:
        return "head";
    case Kind::fault:
        return "FAULT";
    default:
        return name_of(r.kind);
    }
}

std::string rung(const Record &r) {
    switch (r.event) {
    case Event::descriptor_reserved:
        return fmt::format("{} is {}", r.number, str(r.what));
    case Event::block_node_found:
    case Event::character_node_found:
    case Event::file_found:
    case Event::fifo_found:
        return fmt::format("{} is a {}{}", r.text, str(r.what), dev_suffix(r.dev, " for device "));
    case Event::spec_open_begins:
        return fmt::format("the node leads to device {}", device_text(r.dev));
    case Event::driver_found:
        return fmt::format("switch table: major {} belongs to driver {}{}", external_major(r.dev), str(r.what),
                           r.extra ? "" : ", which is not a STREAMS driver");
    case Event::open_finished:
        if (r.dev == no_device) return fmt::format("descriptor {} now refers to {}", r.number, r.stream ? fmt::format("stream {}", r.stream) : "the file");
        return fmt::format("descriptor {} now refers to device {}", r.number, device_text(r.dev));
    default:
        return joined(joined(str(r.what), ": ", r.text), " ", dev_suffix(r.dev, ""));
    }
}

std::string qinit(const Record &r) {
    const std::string_view from = str(r.name), to = str(r.what);
    if (r.event == Event::queues_put_back)
        return fmt::format("the queue pair's procedures {} {}'s {}", from == to ? "are" : "become", to, from == to ? "as before" : "again");
    if (from == to) return fmt::format("the queue pair's procedures stay {0}'s: {0} is its own target", from);
    return fmt::format("the queue pair's procedures, until now {}'s, become {}'s", from, to);
}

std::string opened(const Record &r) {
    if (r.error) return fmt::format("{}'s open returns {}", str(r.name), errno_name(r.error));
    return fmt::format("{}'s open returns 0 (success), device {}", str(r.name), device_text(r.dev));
}

std::string minor(const Record &r) {
    if (r.event == Event::minors_used_up) return fmt::format("{}: every minor is in use", str(r.name));
    return fmt::format("{}: minor {} {}", str(r.name), r.number, str(r.what));
}

std::string flow(const Record &r) {
    const std::string band = r.number ? fmt::format(" (band {})", r.number) : "";
    if (r.event == Event::wanted)
        return fmt::format("{}{}: whoever asked is to hear when there is room (QWANTW)", str(r.name), band);
    if (r.event == Event::no_longer_wanted) return fmt::format("{}{}: nobody is to hear of room any more", str(r.name), band);
    return fmt::format("{}'s queue{} is {}, {} bytes", str(r.name), band, str(r.what), r.extra);
}

std::string file(const Record &r) {
    if (r.event == Event::descriptor_removed) return fmt::format("descriptor {} removed", r.number);
    return joined(str(r.what), " ", r.number >= 0 ? std::to_string(r.number) : "");
}

std::string signal_sentence(const Record &r) {
    const char *name = sigabbrev_np(static_cast<int>(r.number));
    return fmt::format("{} {}", name ? fmt::format("SIG{}", name) : std::to_string(r.number), str(r.what));
}

} // namespace

std::string errno_name(int error) {
    if (!error) return "";
    const char *name = strerrorname_np(error);
    return name ? name : fmt::format("errno {}", error);
}

std::string open_flags_text(long flags) {
    static constexpr struct {
        long bit;
        const char *name;
    // clang-format off
    } names[] = {{FREAD, "FREAD"},         {FWRITE, "FWRITE"},   {FNDELAY, "FNDELAY"},
                 {FNONBLOCK, "FNONBLOCK"}, {FAPPEND, "FAPPEND"}, {FEXCL, "FEXCL"},
                 {FCREAT, "FCREAT"},       {FTRUNC, "FTRUNC"},   {FNOCTTY, "FNOCTTY"}};
    // clang-format on
    std::string out;
    for (const auto &n : names)
        if (flags & n.bit) out = joined(out, "|", n.name);
    return out.empty() ? "0" : out;
}

std::string sflag_text(long sflag) {
    switch (sflag) {
    case 0:
        return "0";
    case MODOPEN:
        return "MODOPEN";
    case CLONEOPEN:
        return "CLONEOPEN";
    default:
        return std::to_string(sflag);
    }
}

std::string ioctl_name(long command) {
    static const struct {
        long number;
        const char *name;
    } names[] = {
#define RILL_COMMAND(c) {c, #c}
        // clang-format off
        RILL_COMMAND(I_NREAD),     RILL_COMMAND(I_PUSH),     RILL_COMMAND(I_POP),     RILL_COMMAND(I_LOOK),
        RILL_COMMAND(I_FLUSH),     RILL_COMMAND(I_SRDOPT),   RILL_COMMAND(I_GRDOPT),  RILL_COMMAND(I_STR),
        RILL_COMMAND(I_SETSIG),    RILL_COMMAND(I_GETSIG),   RILL_COMMAND(I_FIND),    RILL_COMMAND(I_LINK),
        RILL_COMMAND(I_UNLINK),    RILL_COMMAND(I_RECVFD),   RILL_COMMAND(I_PEEK),    RILL_COMMAND(I_FDINSERT),
        RILL_COMMAND(I_SENDFD),    RILL_COMMAND(I_O_RECVFD), RILL_COMMAND(I_SWROPT),  RILL_COMMAND(I_GWROPT),
        RILL_COMMAND(I_LIST),      RILL_COMMAND(I_PLINK),    RILL_COMMAND(I_PUNLINK), RILL_COMMAND(I_FLUSHBAND),
        RILL_COMMAND(I_CKBAND),    RILL_COMMAND(I_GETBAND),  RILL_COMMAND(I_ATMARK),  RILL_COMMAND(I_SETCLTIME),
        RILL_COMMAND(I_GETCLTIME), RILL_COMMAND(I_CANPUT),   RILL_COMMAND(I_SERROPT), RILL_COMMAND(I_GERROPT),
        RILL_COMMAND(I_ESETSIG),   RILL_COMMAND(I_EGETSIG),
        // clang-format on
#undef RILL_COMMAND
    };
    for (const auto &n : names)
        if (n.number == command) return n.name;
    return fmt::format("0x{:x}", command);
}

namespace {

// The first word of a text; blanks between double quotes are data, and where there are several they stay together.
std::string_view first_word(std::string_view text, bool &quoted) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        else if (text[i] == '\\' && quoted) ++i;
        else if (text[i] == ' ' && !(quoted && (text[i - 1] == ' ' || text[i - 1] == '"' || text.substr(i + 1, 1) == " " || text.substr(i + 1, 1) == "\"")))
            return text.substr(0, i);
    }
    return text;
}

} // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::string line;
    bool inside = false; // quotes, at the next word
    while (!text.empty()) {
        const std::size_t start = text.find_first_not_of(' ');
        if (start == text.npos) break;
        text.remove_prefix(start);
        const std::string_view word = first_word(text, inside);
        text.remove_prefix(word.size());
        if (!line.empty() && line.size() + 1 + word.size() > width) {
            lines.push_back(std::move(line));
            line.clear();
        }
        line = joined(line, " ", word);
    }
    if (!line.empty() || lines.empty()) lines.push_back(std::move(line));
    return lines;
}

std::string Text::sentence(const Record &r) const {
    const std::string_view name = str(r.name), what = str(r.what);
    switch (r.kind) {
    case Kind::call:
        return joined(name, " ", r.text);
    case Kind::ret:
        return r.error ? fmt::format("{}: {}", name, errno_name(r.error)) : fmt::format("{}: {}", name, r.number);
    case Kind::rung:
        return rung(r);
    case Kind::refuse:
        return fmt::format("{} {}", joined(joined(joined(name, ": ", what), ": ", r.text), ": ", errno_name(r.error)),
                           dev_suffix(r.dev, ""));
    case Kind::undo:
        if (r.event == Event::descriptor_given_back) return fmt::format("descriptor {}: {}", r.number, what);
        return joined(joined(name, ": ", what), " ", dev_suffix(r.dev, ""));
    case Kind::qopen:
        return fmt::format("calls {}'s open: device {}, {}, sflag {}", name, device_text(r.dev),
                           r.number ? open_flags_text(r.number) : "oflag 0", sflag_text(r.extra));
    case Kind::qopened:
        return opened(r);
    case Kind::qclose:
        return fmt::format("calls {}'s close{}", name, dev_suffix(r.dev, ": device "));
    case Kind::qclosed:
        return fmt::format("{}'s close returns", name);
    case Kind::qinit:
        return qinit(r);
    case Kind::minor:
        return minor(r);
    case Kind::node:
        return joined(joined(r.text, " ", dev_suffix(r.dev, "")), " ", joined(what, " ", name));
    case Kind::stream:
        return fmt::format("stream {}: {}{}", r.stream, what, dev_suffix(r.dev, r.event == Event::stream_moved ? ": " : ", device "));
    case Kind::file:
        return file(r);
    case Kind::put:
        return {};
    case Kind::srv:
        return joined(fmt::format("{}'s {} service procedure runs", name, what), " ", r.text);
    case Kind::flow:
        return flow(r);
    case Kind::enable:
        return fmt::format("{}'s service procedure is scheduled: {}", name, what);
    case Kind::sleep:
        return fmt::format("{} goes to sleep: waits for {}", name, what);
    case Kind::wake:
        return fmt::format("{} is woken: {}", name, what);
    case Kind::push:
        return joined(fmt::format("module {}", name), " ", what);
    case Kind::link:
        return fmt::format("link {}: {}", r.number, what);
    case Kind::ioctl:
        return r.number ? joined(ioctl_name(r.number), ": ", what) : std::string(what);
    case Kind::signal:
        return signal_sentence(r);
    case Kind::head:
        return joined(name, ": ", joined(what, " ", r.text));
    case Kind::driver:
        return joined(joined(joined(name, " ", what), " ", r.text), " ", dev_suffix(r.dev, "at "));
    case Kind::step:
        return joined(joined(what, ": ", r.text), " ", dev_suffix(r.dev, ""));
    case Kind::log:
        return std::string(r.text);
    case Kind::fault:
        return fmt::format("driver {}{}: {}", name, r.text.empty() ? "" : fmt::format(", {}", r.text), what);
    }
    return {};
}

// That the head looks round after its modules changed, or might have, tells a reader nothing.
bool Text::is_noise(const Record &r) {
    if (r.name != head_owner().name.c_str()) return false;
    if (r.event == Event::enabled_by_modules) return head_looks_ = true;
    return r.kind == Kind::srv && std::exchange(head_looks_, false);
}

void Text::record(const Record &r) {
    if (is_noise(r)) return;
    if (!calls_ && (r.kind == Kind::call || r.kind == Kind::ret)) return;
    if (r.kind == Kind::put) {
        fold(r);
        return;
    }
    end_run();
    line(label_of(r), r.depth, marked(r.pid, sentence(r)), r.clause);
}

std::string Text::marked(int pid, std::string text) const {
    const std::string other = whose ? whose(pid) : "";
    return other.empty() ? text : fmt::format("[{}] {}", other, text);
}

// A message on its way through several put procedures is one line.
void Text::fold(const Record &r) {
    const bool same = run_.active && run_.event == r.event && run_.type == r.number && run_.bytes == r.extra && run_.pid == r.pid;
    if (!same) {
        end_run();
        run_ = {true, r.event, r.number, r.extra, r.depth, r.pid, {}};
    }
    run_.through = joined(run_.through, ", then ", str(r.name));
}

void Text::end_run() {
    if (!run_.active) return;
    run_.active = false;
    const std::string size = run_.bytes == 1 ? "1 byte" : fmt::format("{} bytes", run_.bytes);
    line("message", run_.depth,
         marked(run_.pid, fmt::format("{} of {} goes {}: put procedure of {}", type_name(static_cast<int>(run_.type)), size,
                                      run_.event == Event::put_up ? "up" : "down", run_.through)),
         nullptr);
}

void Text::line(std::string_view label, int depth, std::string_view text, const char *clause) {
    const std::string_view id = str(clause);
    const std::size_t margin = indent_ + 2 * static_cast<std::size_t>(std::min(depth, 8));
    const std::size_t column = margin + label_width;
    const std::size_t room = width - std::min(width - 20, column + (id.empty() ? 0 : id.size() + 2)); // at least a few words
    const auto lines = wrap(text, room);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view gap = i == 0 && label.size() >= label_width ? " " : ""; // a label that fills its column
        std::string out = fmt::format("{:{}}{:<{}}{}{}", "", margin, i ? "" : label, label_width, gap, lines[i]);
        if (i == 0 && !id.empty()) out = fmt::format("{:<{}}{}", out, width - id.size(), id);
        while (!out.empty() && out.back() == ' ') out.pop_back();
        lines_.push_back(std::move(out));
    }
}

std::vector<std::string> Text::take() {
    end_run();
    return std::exchange(lines_, {});
}

} // namespace rill::view
