// What a trace record says has happened: an event, which belongs to one kind. A reader switches on the event or the kind and
// never compares texts.
//
// The table gives each event its kind and what is always the same about it: the name (of a rung, of a step) and the words.
// Where the table has none the emitter gives them: a driver's name, a reason, what a sleeper waits for. The name of the
// event itself, in JSON, is the enumerator's. Words stand here and not in view because the last records are also told by
// layers below it: with a fault (base) and when a driver crashes (queue), where nothing may be allocated.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rill {

enum class Kind : std::uint8_t {
    call,     // a system call begins: name, text = its arguments
    ret,      // it ends: name, number = result, error
    rung,     // a rung of the open ladder is reached: name, what, dev
    refuse,   // something is refused: name = rung or call, what = the reason, clause, error
    undo,     // a step is taken back: name, what
    qopen,    // an open procedure is entered: name = driver, dev, number = oflag, extra = sflag
    qopened,  // it returned: name, error, dev = the device it left
    qclose,   // a close procedure is entered: name, dev
    qclosed,  // it returned
    qinit,    // a queue pair changes hands: name = from, what = to
    minor,    // a minor is taken, given back or set aside: name = table, number = the minor
    node,     // a name or a device vnode appears or goes: text = path, dev
    stream,   // a stream is built, moved or freed: dev
    file,     // a file is made, shared or freed; a descriptor is installed or removed: number = descriptor
    put,      // a put procedure is called: name = whose, number = message type, extra = bytes, text = "up" or "down"
    srv,      // a service procedure is called: name = whose
    flow,     // a flow flag changes: name = whose, number = band, extra = bytes, text = "read" or "write"
    enable,   // a queue is scheduled: name = whose, number = 0 for its read side, 1 for its write side
    sleep,    // the call goes to sleep: what = waiting for what
    wake,     // it is woken: what = by what
    push,     // a module is pushed or popped: name, number = how many there are now
    link,     // a multiplexor link is made or undone: name = driver, number = id, extra = the lower stream
    ioctl,    // an ioctl moves on: number = command, extra = id
    signal,   // a signal is sent or handled: number = signal, extra = the process
    head,     // the stream head's state changes
    driver,   // a driver or module is configured, loaded, initialised, held: name, dev
    step,     // a step of an open as another system does it: name = its word, what, number = unit
    log,      // cmn_err or strlog: text
    fault,    // a driver did what no manual allows: name = driver, what, clause, text = details
};
constexpr int trace_kind_count = static_cast<int>(Kind::fault) + 1;

// event, kind, name, what. `nullptr`: the emitter gives it, or the event has none.
// clang-format off
#define RILL_EVENTS(event) \
    event(call_begins,                       call,    nullptr,       nullptr) \
    event(call_ends,                         ret,     nullptr,       nullptr) \
    \
    event(descriptor_reserved,               rung,    "descriptor",  "reserved, with a file") \
    event(block_node_found,                  rung,    "name",        "block node") \
    event(character_node_found,              rung,    "name",        "character node") \
    event(file_found,                        rung,    "name",        "file") \
    event(fifo_found,                        rung,    "name",        "FIFO") \
    event(spec_open_begins,                  rung,    "spec open",   "device of the node") \
    event(driver_found,                      rung,    "cdevsw",      nullptr) /* what = driver, extra = whether it is a STREAMS driver */ \
    event(name_leads_to_stream,              rung,    "name",        "a stream is attached to it") \
    event(connection_waits,                  rung,    "connection",  "a pipe's end waits for the server to receive it") \
    event(autopush_found,                    rung,    "autopush",    "modules are configured for the device") /* number = how many */ \
    event(open_finished,                     rung,    "finish",      "the descriptor refers to the device") \
    event(rung_of_design,                    rung,    nullptr,       nullptr) \
    \
    event(refused,                           refuse,  nullptr,       nullptr) \
    event(device_is_open,                    refuse,  nullptr,       nullptr) /* the one that a driver's open returned */ \
    \
    event(descriptor_given_back,             undo,    "descriptor",  "given back, with its file") \
    event(procedures_switched_off,           undo,    nullptr,       "procedures switched off") \
    event(undo_of_design,                    undo,    nullptr,       nullptr) \
    \
    event(open_called,                       qopen,   nullptr,       nullptr) \
    event(open_returned,                     qopened, nullptr,       nullptr) \
    event(close_called,                      qclose,  nullptr,       nullptr) \
    event(close_returned,                    qclosed, nullptr,       nullptr) \
    event(queues_swapped,                    qinit,   nullptr,       nullptr) \
    event(queues_put_back,                   qinit,   nullptr,       nullptr) \
    \
    event(minor_taken,                       minor,   nullptr,       "taken") \
    event(minor_given_back,                  minor,   nullptr,       "given back") \
    event(minor_set_aside,                   minor,   nullptr,       "set aside") \
    event(minors_used_up,                    minor,   nullptr,       "none is free") \
    event(node_made,                         node,    nullptr,       "made") \
    event(node_removed,                      node,    nullptr,       "removed") \
    \
    event(name_attached,                     node,    nullptr,       "attached to a stream") \
    event(name_detached,                     node,    nullptr,       "no stream's any more") \
    event(stream_built,                      stream,  nullptr,       "built: head and driver queue pair") \
    event(stream_joined,                     stream,  nullptr,       "joined: the device has a stream already") \
    event(pipe_joined,                       stream,  nullptr,       "joined: it is open already") \
    event(stream_moved,                      stream,  nullptr,       "moved to the device that came out") \
    event(stream_taken_apart,                stream,  nullptr,       "taken apart again") \
    event(stream_closing,                    stream,  nullptr,       "last close") \
    event(stream_freed,                      stream,  nullptr,       "freed") \
    event(descriptor_removed,                file,    nullptr,       "descriptor removed") \
    event(file_of_design,                    file,    nullptr,       nullptr) \
    \
    event(put_up,                            put,     nullptr,       nullptr) /* what = the message's type */ \
    event(put_down,                          put,     nullptr,       nullptr) \
    event(read_service,                      srv,     nullptr,       "read") \
    event(write_service,                     srv,     nullptr,       "write") \
    event(full,                              flow,    nullptr,       "full") \
    event(no_longer_full,                    flow,    nullptr,       "no longer full") \
    event(wanted,                            flow,    nullptr,       "wanted") \
    event(no_longer_wanted,                  flow,    nullptr,       "no longer wanted") \
    event(enabled_by_qenable,                enable,  nullptr,       "qenable") \
    event(enabled_by_message,                enable,  nullptr,       "message queued") \
    event(enabled_by_banded_message,         enable,  nullptr,       "banded message queued") \
    event(enabled_by_priority_message,       enable,  nullptr,       "high-priority message queued") \
    event(enabled_by_message_back,           enable,  nullptr,       "message put back") \
    event(enabled_by_priority_message_back,  enable,  nullptr,       "high-priority message put back") \
    event(enabled_by_inserted_message,       enable,  nullptr,       "message inserted") \
    event(enabled_by_room,                   enable,  nullptr,       "back-enabled") \
    event(enabled_by_qprocson,               enable,  nullptr,       "qprocson") \
    event(enabled_by_modules,                enable,  nullptr,       "modules changed") \
    event(enabled_by_link,                   enable,  nullptr,       "linked below, with messages on it") \
    event(enabled_by_unlink,                 enable,  nullptr,       "a stream head again") \
    event(enabled_by_hand,                   enable,  nullptr,       "by hand") /* rill check tries whether it would go on */ \
    event(call_sleeps,                       sleep,   nullptr,       nullptr) \
    event(call_woken,                        wake,    nullptr,       nullptr) \
    \
    event(module_pushed,                     push,    nullptr,       "pushed") \
    event(module_popped,                     push,    nullptr,       "popped") \
    event(anchor_placed,                     push,    nullptr,       "has the anchor") \
    event(anchor_removed,                    push,    nullptr,       "had the anchor, which is removed") \
    event(link_asked_for,                    link,    nullptr,       "asked for") \
    event(persistent_link_asked_for,         link,    nullptr,       "asked for, persistent") \
    event(link_made,                         link,    nullptr,       "made") \
    event(link_refused,                      link,    nullptr,       "refused") \
    event(unlink_begins,                     link,    nullptr,       "to be undone") \
    event(unlink_begins_at_close,            link,    nullptr,       "to be undone: last close") \
    event(unlink_refused,                    link,    nullptr,       "stays: undoing it was refused") \
    event(link_undone,                       link,    nullptr,       "undone") \
    event(lower_head_given,                  link,    nullptr,       "lower head has the multiplexor's qinits") \
    event(lower_head_given_back,             link,    nullptr,       "lower head has its own qinits again") \
    event(link_dropped,                      link,    nullptr,       "dropped: the system ends") \
    \
    event(ioctl_sent,                        ioctl,   nullptr,       "M_IOCTL goes down") \
    event(unlink_sent,                       ioctl,   nullptr,       "M_IOCTL goes down: the link that was asked for is undone") \
    event(ioctl_acked,                       ioctl,   nullptr,       "M_IOCACK came up") \
    event(ioctl_nacked,                      ioctl,   nullptr,       "M_IOCNAK came up") \
    event(copyin_asked_for,                  ioctl,   nullptr,       "M_COPYIN came up") \
    event(copyout_asked_for,                 ioctl,   nullptr,       "M_COPYOUT came up") \
    event(copy_done,                         ioctl,   nullptr,       "M_IOCDATA goes down") \
    event(copy_failed,                       ioctl,   nullptr,       "M_IOCDATA goes down: the copy failed") \
    event(late_answer_freed,                 ioctl,   nullptr,       "an answer nobody waits for is freed") \
    event(ioctl_done,                        ioctl,   nullptr,       "done") \
    event(ioctl_unanswered,                  ioctl,   nullptr,       "ended without an answer") \
    event(ioctl_without_memory,              ioctl,   nullptr,       "no memory") \
    event(ioctl_bad_address,                 ioctl,   nullptr,       "bad address") \
    event(ioctl_broken_answer,               ioctl,   nullptr,       "a broken answer") \
    event(ioctl_asks_for_ever,               ioctl,   nullptr,       "it asks for ever") \
    event(ioctl_copy_failed,                 ioctl,   nullptr,       "a copy failed") \
    \
    event(signal_ignored,                    signal,  nullptr,       "ignored") \
    event(signal_caught,                     signal,  nullptr,       "caught") \
    event(signal_noted,                      signal,  nullptr,       "noted") \
    event(signal_from_below,                 signal,  nullptr,       "asked for by a message from below") \
    event(message_of_no_use,                 head,    nullptr,       "freed a message it has no use for") \
    event(hung_up,                           head,    nullptr,       "hung up") \
    event(no_longer_hung_up,                 head,    nullptr,       "no longer hung up") \
    event(in_error,                          head,    nullptr,       "in error") \
    event(error_cleared,                     head,    nullptr,       "error cleared or unchanged") \
    event(read_queue_flushed,                head,    nullptr,       "read queue flushed") \
    event(options_set,                       head,    nullptr,       "options set") \
    \
    event(driver_configured,                 driver,  nullptr,       "configured") \
    event(module_configured,                 driver,  nullptr,       "module configured") \
    event(autopush_set,                      driver,  nullptr,       "set:") \
    event(autopush_cleared,                  driver,  nullptr,       "cleared:") \
    event(driver_loading,                    driver,  nullptr,       "loading") \
    event(driver_loaded,                     driver,  nullptr,       "loaded") \
    event(driver_called_as,                  driver,  nullptr,       "is called as") \
    event(boot_routine_called,               driver,  nullptr,       nullptr) /* what = init, edtinit, start, _init */ \
    event(driver_attached,                   driver,  nullptr,       "attached") \
    event(attach_failed,                     driver,  nullptr,       "attach failed") \
    event(procedures_switched_on,            driver,  nullptr,       "did not call qprocson in its open; done for it") \
    event(driver_of_design,                  driver,  nullptr,       nullptr) \
    \
    event(miss,                              step,    "MISS",        nullptr) \
    event(handler,                           step,    "HANDLER",     nullptr) \
    event(pick,                              step,    "PICK",        nullptr) \
    event(release,                           step,    "RELEASE",     nullptr) \
    event(vnode_swap,                        step,    "VNODE_SWAP",  nullptr) \
    event(fd_alloc,                          step,    "FD_ALLOC",    nullptr) \
    event(fd_abort,                          step,    "FD_ABORT",    nullptr) \
    event(fd_move,                           step,    "FD_MOVE",     nullptr) \
    event(drv_create,                        step,    "DRV_CREATE",  nullptr) \
    event(drv_open,                          step,    "DRV_OPEN",    nullptr) \
    event(drv_close,                         step,    "DRV_CLOSE",   nullptr) \
    event(drv_destroy,                       step,    "DRV_DESTROY", nullptr) \
    event(logged,                            log,     nullptr,       nullptr) \
    event(faulted,                           fault,   nullptr,       nullptr)
// clang-format on

enum class Event : std::uint8_t {
#define RILL_EVENT(event, kind, name, what) event,
    RILL_EVENTS(RILL_EVENT)
#undef RILL_EVENT
};
constexpr int trace_event_count = static_cast<int>(Event::faulted) + 1;

struct EventRow {
    Kind kind;
    const char *id; // the event's own name
    const char *name, *what;
};
inline constexpr EventRow event_table[] = {
#define RILL_EVENT(event, kind, name, what) {Kind::kind, #event, name, what},
    RILL_EVENTS(RILL_EVENT)
#undef RILL_EVENT
};

constexpr const EventRow &row_of(Event event) { return event_table[static_cast<std::size_t>(event)]; }
constexpr Kind kind_of(Event event) { return row_of(event).kind; }
constexpr const char *name_of(Event event) { return row_of(event).id; }
const char *name_of(Kind kind);

} // namespace rill
