#include "streams/view/html.hpp"

#include "streams/view/escape.hpp"

#include <fmt/format.h>

namespace rill::view {

void Html::begin(std::string_view title) {
    sink_(fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
                      "<title>{0}</title>\n<style>body {{ margin: 2em; color: #222; background: #fff }} pre {{ line-height: 1.4; overflow-x: auto }}</style>"
                      "</head>\n<body><h1>{0}</h1>\n<pre>\n",
                      html_text(title)));
}

void Html::end() {
    write(text_.take());
    sink_("</pre></body></html>\n");
}

void Html::record(const Record &record) {
    text_.record(record);
    write(text_.take_ended());
}

void Html::write(const std::vector<std::string> &lines) {
    for (const std::string &line : lines) sink_(html_text(line) + '\n');
}

} // namespace rill::view
