#include "clone/designs/steps.hpp"

#include <algorithm>
#include <cstring>

namespace rill::designs {

namespace {

std::string str(const char *s) { return s ? s : ""; }

bool is(const char *name, std::string_view word) { return name && word == name; }

constexpr struct {
    std::string_view word;
    const char *meaning;
} meanings[] = {
    {"LOOKUP", "the name was looked for in /dev (on the S pages: 'name')"},
    {"MISS", "the name is not there"},
    {"HANDLER", "a procedure of the driver's, called when a name is looked for"},
    {"PICK", "the number of a new instance was chosen (on the S pages: 'minor ... taken')"},
    {"RELEASE", "the number of an instance is free again"},
    {"NODE+", "a node appeared in /dev"},
    {"NODE-", "a node went"},
    {"VNODE_SWAP", "the open goes on with another device than the one of the name (on the S pages: 'moved')"},
    {"FD_ALLOC", "a descriptor was reserved"},
    {"FD_ABORT", "a descriptor that was reserved was given back unused: the driver's own, or that of the open call (in the traces of the pages: undo)"},
    {"FD_MOVE", "the driver's descriptor took the place of the reserved one"},
    {"DRV_OPEN", "the driver's open was called; of the clone driver's own open, which only passes the question on, nothing is shown"},
    {"DRV_CREATE", "the driver made a file or a device"},
    {"DRV_CLOSE", "the driver's close was called"},
    {"DRV_DESTROY", "the driver took a device away"},
    {"REFUSED", "the call fails here"},
};

} // namespace

const char *meaning_of(std::string_view word) {
    const auto *found = std::ranges::find(meanings, word, [](const auto &row) { return row.word; });
    return found == std::end(meanings) ? "" : found->meaning;
}

void Steps::add(const char *word, const Record &r, long number) {
    steps.push_back({word, str(r.what), r.dev, number, r.error, str(r.clause), r.pid});
}

void Steps::record(const Record &r) {
    switch (r.kind) {
    case Kind::call:
        looked_up_ = false;
        return;
    case Kind::step:
        if (is(r.name, "MISS") && !looked_up_) {
            steps.push_back({"LOOKUP", std::string(r.text), ~dev_t{0}, -1, 0, "", r.pid});
            looked_up_ = true;
        }
        return add(r.name, r, r.number);
    case Kind::rung:
        if (is(r.name, "descriptor")) return add("FD_ALLOC", r, r.number);
        if (is(r.name, "name") && !looked_up_) {
            looked_up_ = true;
            return add("LOOKUP", r, -1);
        }
        return;
    case Kind::undo:
        if (is(r.name, "descriptor")) add("FD_ABORT", r, r.number);
        return;
    case Kind::minor:
        if (is(r.what, "taken")) add("PICK", r, r.number);
        else if (is(r.what, "given back")) add("RELEASE", r, r.number);
        else return;
        steps.back().of_table = true;
        return;
    case Kind::node:
        return add(is(r.what, "removed") ? "NODE-" : "NODE+", r, -1);
    case Kind::qopen: // the clone driver's own open only passes the question on
        if (!is(r.name, "clone")) add("DRV_OPEN", r, -1);
        return;
    case Kind::qclose:
        return add("DRV_CLOSE", r, -1);
    case Kind::stream:
        if (r.what && std::strncmp(r.what, "moved", 5) == 0) add("VNODE_SWAP", r, -1);
        return;
    case Kind::refuse:
        return add("REFUSED", r, -1);
    default:
        return;
    }
}

std::string Steps::words(std::size_t first, bool descriptors) const {
    std::string out;
    for (std::size_t i = first; i < steps.size(); ++i) {
        if (!descriptors && steps[i].word.starts_with("FD_")) continue;
        if (!out.empty()) out += ' ';
        out += steps[i].word;
    }
    return out;
}

int Steps::count(std::string_view word) const {
    return static_cast<int>(std::count_if(steps.begin(), steps.end(), [&](const Step &s) { return s.word == word; }));
}

} // namespace rill::designs
