// The Test Anything Protocol: how the suite, `rill check --tap` and `rill conform --format tap` report, and how what the
// suite reports is read.
//
//   TAP version 13
//   1..2                                 the plan: first, or last
//   # a note, about the point below it
//   ok 1 - a name
//   not ok 2 - another # TODO why        a directive
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rill::view {

constexpr const char *tap_version = "TAP version 13\n";

inline std::string tap_plan(std::size_t points) { return "1.." + std::to_string(points) + '\n'; }

// A name as a point can have it: a # would begin a directive.
inline std::string tap_name(std::string_view name) {
    std::string out;
    for (const char c : name) out += c == '#' ? "no." : std::string(1, c == '\n' ? ' ' : c);
    return out;
}

inline std::string tap_point(bool ok, std::size_t number, std::string_view name, std::string_view directive = {}) {
    return std::string(ok ? "ok " : "not ok ").append(std::to_string(number)).append(" - ").append(tap_name(name)).append(directive.empty() ? "" : " # ").append(directive) + '\n';
}

// Each line of a text.
inline std::string tap_notes(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out.append("# ").append(text.substr(0, end)) += '\n';
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return out;
}

} // namespace rill::view
