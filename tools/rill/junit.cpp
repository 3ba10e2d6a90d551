#include "tools/rill/junit.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <pugixml.hpp>
#include <sstream>

namespace rill::tool {

namespace {

// XML has no way to write most control characters.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 && c != '\n' && c != '\t'; }, '?');
    return text;
}

void attribute(pugi::xml_node node, const char *name, const std::string &value) {
    node.append_attribute(name) = printable(value).c_str();
}

std::string thousandths(double seconds) { return fmt::format("{:.3f}", seconds); }

// The document is written as it stands, so that text stays what it is: its line ends are nodes too.
void begin_line(pugi::xml_node parent, std::size_t depth) {
    parent.append_child(pugi::node_pcdata).set_value(("\n" + std::string(2 * depth, ' ')).c_str());
}

pugi::xml_node line(pugi::xml_node parent, std::size_t depth, const char *name) {
    begin_line(parent, depth);
    return parent.append_child(name);
}

void add_case(pugi::xml_node suite, std::size_t depth, const std::string &classname, const JunitCase &c) {
    pugi::xml_node node = line(suite, depth, "testcase");
    attribute(node, "classname", classname);
    attribute(node, "name", c.name);
    if (c.seconds) attribute(node, "time", thousandths(*c.seconds));
    if (!c.file.empty()) {
        attribute(node, "file", c.file);
        attribute(node, "line", std::to_string(c.line));
    }
    switch (c.status) {
    case JunitCase::Status::passed:
        if (!c.text.empty()) node.append_child("system-out").text() = printable(c.text).c_str();
        break;
    case JunitCase::Status::failed: {
        pugi::xml_node failure = line(node, depth + 1, "failure");
        attribute(failure, "message", c.message);
        failure.text() = printable(c.text).c_str();
        begin_line(node, depth);
        break;
    }
    case JunitCase::Status::skipped:
        attribute(node.append_child("skipped"), "message", c.message);
        break;
    }
}

void add_suite(pugi::xml_node node, std::size_t depth, const JunitSuite &suite) {
    const auto count = [&](JunitCase::Status status) {
        return std::to_string(std::count_if(suite.cases.begin(), suite.cases.end(), [&](const JunitCase &c) { return c.status == status; }));
    };
    attribute(node, "name", suite.name);
    attribute(node, "tests", std::to_string(suite.cases.size()));
    attribute(node, "failures", count(JunitCase::Status::failed));
    attribute(node, "errors", "0");
    attribute(node, "skipped", count(JunitCase::Status::skipped));
    if (std::any_of(suite.cases.begin(), suite.cases.end(), [](const JunitCase &c) { return c.seconds.has_value(); }))
        attribute(node, "time", thousandths(std::accumulate(suite.cases.begin(), suite.cases.end(), 0.0, [](double sum, const JunitCase &c) {
                      return sum + c.seconds.value_or(0);
                  })));
    for (const JunitCase &c : suite.cases) add_case(node, depth + 1, suite.classname, c);
    begin_line(node, depth);
}

std::string text_of(const pugi::xml_document &document) {
    std::ostringstream out;
    document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + out.str() + '\n';
}

} // namespace

std::string junit(const JunitSuite &suite) {
    pugi::xml_document document;
    add_suite(document.append_child("testsuite"), 0, suite);
    return text_of(document);
}

std::string junit(const std::string &name, const std::vector<JunitSuite> &suites) {
    pugi::xml_document document;
    pugi::xml_node all = document.append_child("testsuites");
    attribute(all, "name", name);
    for (const JunitSuite &suite : suites) add_suite(line(all, 1, "testsuite"), 1, suite);
    begin_line(all, 0);
    return text_of(document);
}

} // namespace rill::tool
