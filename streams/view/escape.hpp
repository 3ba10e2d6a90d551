// Text inside of other languages: each function makes any bytes safe for one of them, and is the only one that does.
#pragma once

#include <string>
#include <string_view>

namespace rill::view {

std::string quoted(std::string_view bytes);       // C: "hello\n", in double quotes; \x80 for a byte that has no escape
std::string json_string(std::string_view bytes);  // in double quotes; taken byte by byte, \u0080 to \u00ff
std::string dot_string(std::string_view text);    // in double quotes
std::string html_text(std::string_view text);     // also between double quotes; a control character is a question mark
std::string markdown_cell(std::string_view text); // of a table; a newline is <br>

} // namespace rill::view
