#include "streams/view/escape.hpp"

namespace rill::view {

namespace {

// In double quotes, with the escapes that C and JSON share; `code` precedes the two hex digits of any other byte.
std::string with_backslashes(std::string_view bytes, std::string_view code) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        switch (c) {
        case '\n': out += "\\n"; break;
        case '\t': out += "\\t"; break;
        case '\r': out += "\\r"; break;
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        default:
            if (byte >= 0x20 && byte < 0x7f)
                out += c;
            else
                out.append(code).append({digits[byte >> 4], digits[byte & 15]});
        }
    }
    return out + '"';
}

} // namespace

std::string quoted(std::string_view bytes) { return with_backslashes(bytes, "\\x"); }

std::string json_string(std::string_view bytes) { return with_backslashes(bytes, "\\u00"); }

std::string dot_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
        }
    }
    return out;
}

std::string markdown_cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '|': out += "\\|"; break;
        case '<': out += "&lt;"; break;
        case '\n': out += "<br>"; break;
        default: out += c;
        }
    }
    return out;
}

} // namespace rill::view
