#include "streams/view/json.hpp"

#include "streams/base/dev.hpp"
#include "streams/view/escape.hpp"
#include "streams/view/text.hpp"

#include <fmt/format.h>

namespace rill::view {

namespace {

class Object {
public:
    void number(const char *key, long long value) { member(key, std::to_string(value)); }
    void number_if(const char *key, long long value) {
        if (value) number(key, value);
    }
    void text(const char *key, std::string_view value) { member(key, json_string(value)); }
    void text_if(const char *key, const char *value) {
        if (value && *value) text(key, value);
    }
    void member(const char *key, std::string_view value) {
        out_ += out_.size() > 1 ? "," : "";
        out_ += fmt::format("\"{}\":{}", key, value);
    }
    std::string close() { return out_ + '}'; }

private:
    std::string out_ = "{";
};

} // namespace

std::string json(const Record &record) {
    Object object;
    object.number("sequence", static_cast<long long>(record.sequence));
    object.number("tick", record.tick);
    object.number_if("pid", record.pid);
    object.number_if("call", record.call);
    object.number_if("depth", record.depth);
    object.text("kind", name_of(record.kind));
    object.text_if("name", record.name);
    object.text_if("what", record.what);
    if (!record.text.empty()) object.text("text", record.text);
    if (record.dev != no_device)
        object.member("dev", fmt::format("[{},{}]", external_major(record.dev), shown_minor(record.dev)));
    object.number_if("number", record.number);
    object.number_if("extra", record.extra);
    object.number_if("stream", record.stream);
    if (record.error) {
        object.number("error", record.error);
        object.text("errno", errno_name(record.error));
    }
    object.text_if("clause", record.clause);
    object.text("event", name_of(record.event));
    return object.close();
}

} // namespace rill::view
