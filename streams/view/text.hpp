// Trace records as text for people: one line a step, in the order in which the steps happened.
//
// A line has three columns: what kind of step, the step in plain English, the clause that asks for it. Deeper
// steps (inside a driver's procedure) are indented further. Runs of the same noise are folded into one line: a message
// that passes five put procedures is one line that names the five. Attach a Text to a Trace and take lines() whenever a
// picture is wanted; a Text prints nothing itself.
#pragma once

#include "streams/base/trace.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace rill::view {

constexpr std::size_t page_width = 100;

std::string errno_name(int error);              // "EBUSY", "errno 1234"; "" for 0
std::string open_flags_text(long kernel_flags); // "FREAD|FWRITE"
std::string sflag_text(long sflag);             // "0", "MODOPEN", "CLONEOPEN"
std::string ioctl_name(long command);           // "I_PUSH", or "0x5501"
// Breaks text at blanks into lines of at most width columns.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

class Text : public Reader {
public:
    // calls: whether the beginning and end of system calls are lines too (a shell shows those itself).
    explicit Text(bool calls = false, std::size_t indent = 4) : calls_(calls), indent_(indent) {}

    void record(const Record &record) override;
    std::size_t width = page_width; // of a line; clause ids end there
    // Who a record belongs to, when it is not the process that the reader is looking at; "" for that one.
    std::function<std::string(int pid)> whose;
    // The lines since the last time, each without a newline.
    std::vector<std::string> take();
    // The same without the line that the next record may still add to.
    std::vector<std::string> take_ended() { return std::exchange(lines_, {}); }

private:
    struct Run { // a message on its way through put procedures
        bool active = false;
        Event event = Event::put_down;
        long type = 0;
        long bytes = 0;
        int depth = 0;
        int pid = 0; // in whose call
        std::string through;
    };
    std::string marked(int pid, std::string text) const; // with whose it is, where that is not the caller
    bool is_noise(const Record &record);
    void fold(const Record &record);
    void end_run();
    void line(std::string_view label, int depth, std::string_view text, const char *clause);
    std::string sentence(const Record &record) const;

    bool calls_;
    std::size_t indent_;
    Run run_;
    bool head_looks_ = false;
    std::vector<std::string> lines_;
};

} // namespace rill::view
