// Trace records as one HTML page: the lines of view/text, written as they come, so that a page of any length takes no memory.
// The beginning of the page is written by begin(), the end by end(); between them each record is a line or none.
#pragma once

#include "streams/view/text.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace rill::view {

class Html : public Reader {
public:
    using Sink = std::function<void(std::string_view text)>;
    explicit Html(Sink sink) : sink_(std::move(sink)) {}
    void begin(std::string_view title);
    void end();
    void record(const Record &record) override;

private:
    void write(const std::vector<std::string> &lines);

    Sink sink_;
    Text text_{true, 0};
};

} // namespace rill::view
