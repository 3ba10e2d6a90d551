// How a line of a scenario ended, and what an `expect` asks of it. Nothing here prints.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace rill::tool {

struct Outcome {
    enum class Kind {
        nothing, // an empty line, a comment, something that tells nothing
        call,    // it returned, or sleeps
        table,   // text is whole lines
        note,    // text is for the reader alone
        mistake, // the line cannot be understood; nothing was done
        over,    // quit
    };
    int error = 0;
    long value = 0;                     // what the call returned
    std::string text = {};              // what the reader is shown; the value if empty
    std::optional<std::string> data = {}; // bytes it delivered
    std::optional<dev_t> device = {};   // a device it told, or opened
    bool descriptor = false;            // value is a new descriptor
    std::string why = {};               // after a failure
    Kind kind = Kind::call;
    std::string shown = {};             // the line as it is shown
    std::string complaint = {};         // of a mistake, or an expectation that is not met
    std::size_t column = 1;             // where in the line the complaint is about

    std::string result() const; // "EBUSY: why", "5 \"hello\"", "0"
};

// What an `expect` asks for: one of these, or anything but it.
struct Want {
    std::string shown;        // as written
    std::optional<int> error; // 0: any success
    std::optional<long> value;
    std::optional<std::string> data;
    std::optional<dev_t> device;
    bool other = false; // anything but it
    std::size_t column = 1;

    bool met(const Outcome &ended) const;
};

} // namespace rill::tool
