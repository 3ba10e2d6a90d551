#include "clone/designs/steps.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace rill::designs {

namespace {

std::string str(const char *s) { return s ? s : ""; }

// In the order of Word.
constexpr struct {
    const char *name, *meaning;
} words[] = {
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
static_assert(std::size(words) == static_cast<std::size_t>(Word::refused) + 1);

} // namespace

const char *name_of(Word word) { return words[static_cast<std::size_t>(word)].name; }
const char *meaning_of(Word word) { return words[static_cast<std::size_t>(word)].meaning; }
bool is_of_descriptor(Word word) { return word == Word::fd_alloc || word == Word::fd_abort || word == Word::fd_move; }

void Steps::add(Word word, const Record &r, long number) {
    steps.push_back({word, str(r.what), r.dev, number, r.error, str(r.clause), r.pid});
}

void Steps::record(const Record &r) {
    switch (r.event) {
    case Event::call_begins:
        looked_up_ = false;
        return;
    case Event::descriptor_reserved:
        return add(Word::fd_alloc, r, r.number);
    case Event::descriptor_given_back:
        return add(Word::fd_abort, r, r.number);
    case Event::block_node_found:
    case Event::character_node_found:
    case Event::file_found:
        if (!std::exchange(looked_up_, true)) add(Word::lookup, r, -1);
        return;
    case Event::miss:
        if (!std::exchange(looked_up_, true)) steps.push_back({Word::lookup, std::string(r.text), ~dev_t{0}, -1, 0, "", r.pid});
        return add(Word::miss, r, r.number);
    case Event::minor_taken:
    case Event::minor_given_back:
        add(r.event == Event::minor_taken ? Word::pick : Word::release, r, r.number);
        steps.back().of_table = true;
        return;
    case Event::node_made:
        return add(Word::node_made, r, -1);
    case Event::node_removed:
        return add(Word::node_gone, r, -1);
    case Event::open_called: // the clone driver's own open only passes the question on
        if (r.name != std::string_view("clone")) add(Word::drv_open, r, -1);
        return;
    case Event::close_called:
        return add(Word::drv_close, r, -1);
    case Event::stream_moved:
        return add(Word::vnode_swap, r, -1);
    case Event::refused:
    case Event::device_is_open:
        return add(Word::refused, r, -1);
    case Event::handler:
        return add(Word::handler, r, r.number);
    case Event::pick:
        return add(Word::pick, r, r.number);
    case Event::release:
        return add(Word::release, r, r.number);
    case Event::vnode_swap:
        return add(Word::vnode_swap, r, r.number);
    case Event::fd_alloc:
        return add(Word::fd_alloc, r, r.number);
    case Event::fd_abort:
        return add(Word::fd_abort, r, r.number);
    case Event::fd_move:
        return add(Word::fd_move, r, r.number);
    case Event::drv_create:
        return add(Word::drv_create, r, r.number);
    case Event::drv_open:
        return add(Word::drv_open, r, r.number);
    case Event::drv_close:
        return add(Word::drv_close, r, r.number);
    case Event::drv_destroy:
        return add(Word::drv_destroy, r, r.number);
    default:
        return;
    }
}

std::string Steps::words(std::size_t first, bool descriptors) const {
    std::string out;
    for (std::size_t i = first; i < steps.size(); ++i) {
        if (!descriptors && is_of_descriptor(steps[i].word)) continue;
        if (!out.empty()) out += ' ';
        out += name_of(steps[i].word);
    }
    return out;
}

int Steps::count(Word word) const {
    return static_cast<int>(std::count_if(steps.begin(), steps.end(), [&](const Step &s) { return s.word == word; }));
}

} // namespace rill::designs
