// The record of each state change. One stream of records feeds every picture of a System: text, JSON, DOT, the suite.
//
// Emitting: if (trace.on) [[unlikely]] trace.emit({.kind = ..., ...}). With no reader attached that is one branch.
// Reading: derive from Reader, attach it; record() sees each record once, in order. The views in record.text and the
// pointed-to names are valid during record() only; names, reasons and clauses are constants or live as long as the System.
#pragma once

#include "streams/base/checking.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <sys/types.h>

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
    minor,    // a minor is taken, given back or set aside: name = table, what = which of these, number = the minor
    node,     // a name or a device vnode appears or goes: what, text = path, dev
    stream,   // a stream is built, moved or freed: what, dev
    file,     // a file is made, shared or freed; a descriptor is installed or removed: what, number = descriptor
    put,      // a put procedure is called: name = whose, number = message type, extra = bytes, text = "up" or "down"
    srv,      // a service procedure is called: name = whose
    flow,     // a flow flag changes: name = whose, what = which and how, number = band
    enable,   // a queue is scheduled: name = whose, what = why
    sleep,    // the call goes to sleep: what = waiting for what
    wake,     // it is woken: what = by what
    push,     // a module is pushed or popped: name, what
    link,     // a multiplexor link is made or undone: number = id, what
    ioctl,    // an ioctl moves on: what = which phase, number = command, extra = id
    signal,   // a signal is sent or handled: number = signal, what
    head,     // the stream head's state changes: what
    driver,   // a driver or module is configured, loaded, initialised, held: name, what, dev
    step,     // a step of an open as another system does it: name = its word (HANDLER, PICK ...), what, number = unit
    log,      // cmn_err or strlog: text
    fault,    // a driver did what no manual allows: name = driver, what, clause, text = details
};

const char *name_of(Kind kind);

struct Record {
    Kind kind;
    const char *name = nullptr;
    const char *what = nullptr;
    const char *clause = nullptr; // "CLN-050", or several, blank between
    int error = 0;
    dev_t dev = ~dev_t{0};
    long number = 0;
    long extra = 0;
    int stream = 0; // id, 0 for none
    std::string_view text = {};
    // filled in by Trace::emit
    std::uint64_t sequence = 0;
    long tick = 0;
    int pid = 0;
    int call = 0;
    int depth = 0; // how deep inside driver procedures
};

class Reader {
public:
    virtual ~Reader() = default;
    virtual void record(const Record &record) = 0;
};

class Kernel;

// Of a record, what may be kept: each text a constant, or the copy behind it.
struct Kept {
    Kind kind;
    int error, stream;
    std::uint64_t sequence;
    const char *name, *what, *clause;
    char name_copy[20], what_copy[60], clause_copy[20];
};

class Trace {
public:
    explicit Trace(Kernel &kernel) : kernel_(kernel) {}
    Trace(const Trace &) = delete;

    bool on = checking; // somebody reads, or the last records are kept
    int depth = 0;

    void attach(Reader &reader);
    void detach(Reader &reader);
    void emit(const Record &record);
    bool has_readers() const { return !readers_.empty(); } // whether to make a text that is not kept

    // The last records, oldest first, of what was traced: for a fault, and for the handler of a crash. A checking build keeps
    // them from the beginning; elsewhere, without a reader, who asks for it.
    void keep_last() { on = keeps_ = true; }
    bool kept_any() const { return recorded_ > 0; }
    static constexpr unsigned ring_size = 16;
    template <class F> void for_each_kept(F &&f) const {
        for (unsigned i = recorded_ > ring_size ? recorded_ - ring_size : 0; i < recorded_; ++i) f(ring_[i % ring_size]);
    }
    std::string before() const; // them, a line each

private:
    void tell(Record record);
    void keep(const Record &record);

    Kernel &kernel_;
    std::vector<Reader *> readers_;
    std::uint64_t sequence_ = 0;
    bool keeps_ = checking;
    Kept ring_[ring_size] = {};
    unsigned recorded_ = 0;
};

} // namespace rill
