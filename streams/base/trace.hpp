// The record of each state change. One stream of records feeds every picture of a System: text, JSON, DOT, the suite.
//
// Emitting: if (trace.on) [[unlikely]] trace.emit({.event = ..., ...}). With no reader attached that is one branch.
// Reading: derive from Reader, attach it; record() sees each record once, in order. The views in record.text and the
// pointed-to names are valid during record() only; names, reasons and clauses are constants or live as long as the System.
#pragma once

#include "streams/base/checking.hpp"
#include "streams/base/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <sys/types.h>

namespace rill {

struct Record {
    Event event;
    Kind kind = kind_of(event);
    const char *name = nullptr; // if there is none, emit puts in the event's; what too
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
    Event event;
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
