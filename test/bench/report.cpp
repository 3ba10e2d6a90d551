#include "test/bench/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

namespace rill::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int cell_width = 13;

// Three places; a count has its thousands apart.
std::string number(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.3f", value);
    return text;
}
std::string whole(double value) {
    std::string text = std::to_string(std::llround(value));
    for (int at = static_cast<int>(text.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) text.insert(static_cast<std::size_t>(at), ",");
    return text;
}
std::string reached(const Row &row, const std::optional<Spread> &s) { return !s ? "" : row.unit == Unit::bytes ? whole(s->median)
                                                                                                               : number(s->median); }
std::string half(const std::optional<Spread> &s) { return !s || s->low == s->high ? "" : number(s->low) + "-" + number(s->high); }
std::string limit(double value) {
    if (std::isnan(value)) return "";
    if (value >= 1000) return whole(value);
    char text[40];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}
std::string median(const std::optional<Spread> &s) { return s ? number(s->median) : ""; }
std::string count(const std::optional<double> &c) { return c ? whole(*c) : ""; }
template <class T> std::string quotient(const T &above, const T &below, double (*value)(const T &)) {
    if (!above || !below || value(below) == 0) return "";
    return number(value(above) / value(below));
}
std::string quotient(const std::optional<Spread> &above, const std::optional<Spread> &below) {
    return quotient<std::optional<Spread>>(above, below, [](const std::optional<Spread> &s) { return s->median; });
}
std::string quotient(const std::optional<double> &above, const std::optional<double> &below) {
    return quotient<std::optional<double>>(above, below, [](const std::optional<double> &c) { return *c; });
}

Json json_of(const std::optional<Spread> &s) { return s ? Json{{"median", s->median}, {"low", s->low}, {"high", s->high}} : Json(); }
Json json_of(const std::optional<double> &c) { return c ? Json(*c) : Json(); }
Json json_of(double limit) { return std::isnan(limit) ? Json() : Json(limit); }

std::optional<Spread> spread_in(const Json &j) {
    if (!j.is_object()) return {};
    return Spread{j.at("median"), j.at("low"), j.at("high")};
}
std::optional<double> count_in(const Json &j) { return j.is_number() ? std::optional<double>(j.get<double>()) : std::nullopt; }

} // namespace

std::string machine() {
    std::ifstream file("/proc/cpuinfo");
    std::string name = "unknown processor";
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) {
            name = line.substr(std::min(line.find(": ") + 2, line.size()));
            break;
        }
    return std::to_string(std::thread::hardware_concurrency()) + " x " + name + ", "
#ifdef __clang__
           + "clang " __clang_version__
#else
           + "g++ " __VERSION__
#endif
#if RILL_CHECKING
           + ", checking build"
#endif
        ;
}

Json to_json(const Row &row, const Measured &found) {
    static constexpr const char *units[] = {"ratio", "bytes", "microseconds"};
    Json j{{"id", row.id}, {"what", row.what}, {"unit", units[static_cast<int>(row.unit)]}};
    j["reached"] = json_of(found.reached);
    j["must"] = json_of(row.reached.must);
    j["aim"] = json_of(row.reached.aim);
    j["ns"] = {{"subject", json_of(found.subject)}, {"baseline", json_of(found.baseline)}, {"floor", json_of(found.floor)}};
    j["instructions"] = {{"subject", json_of(found.subject_count)}, {"baseline", json_of(found.baseline_count)}, {"floor", json_of(found.floor_count)}, {"must", json_of(row.instructions.must)}, {"aim", json_of(row.instructions.aim)}};
    if (!found.unable.empty()) j["unable"] = found.unable;
    return j;
}

Measured from_json(const Json &j) {
    Measured found;
    found.reached = spread_in(j.at("reached"));
    const Json &ns = j.at("ns"), &counts = j.at("instructions");
    found.subject = spread_in(ns.at("subject"));
    found.baseline = spread_in(ns.at("baseline"));
    found.floor = spread_in(ns.at("floor"));
    found.subject_count = count_in(counts.at("subject"));
    found.baseline_count = count_in(counts.at("baseline"));
    found.floor_count = count_in(counts.at("floor"));
    if (j.contains("unable")) found.unable = j.at("unable");
    return found;
}

Table::Table(const std::vector<Row> &rows, bool instructions, bool compared) : instructions_(instructions) {
    for (const Row &row : rows) {
        id_width_ = std::max(id_width_, static_cast<int>(row.id.size()));
        what_width_ = std::max(what_width_, static_cast<int>(row.what.size()));
    }
    if (compared) {
        heads_ = {"before", "now", "must", "aim", "ns before", "ns now", "now/before", "middle half"};
        if (instructions) heads_.insert(heads_.end(), {"instr before", "instr now", "now/before", "must", "aim", "floor", "x floor"});
    } else {
        heads_ = {"reached", "middle half", "must", "aim", "ns", "floor ns"};
        if (instructions) heads_.insert(heads_.end(), {"instructions", "of baseline", "must", "aim", "floor", "x floor"});
    }
}

void Table::head() const {
    line_of("id", "what", heads_);
    std::string rule = "|-|-|";
    for (std::size_t i = 0; i < heads_.size(); ++i) rule += "-:|";
    std::printf("%s\n", rule.c_str());
}

void Table::line(const Row &row, const Measured &found) const {
    Cells cells{reached(row, found.reached), half(found.reached), limit(row.reached.must), limit(row.reached.aim), median(found.subject), median(found.floor)};
    if (instructions_)
        for (const std::string &cell : {count(found.subject_count), count(found.baseline_count), limit(row.instructions.must), limit(row.instructions.aim),
                                        count(found.floor_count), quotient(found.subject_count, found.floor_count)})
            cells.push_back(cell);
    print(row, cells, found.unable);
}

void Table::line(const Row &row, const Measured &before, const Measured &now, const std::optional<Spread> &ratio) const {
    Cells cells{reached(row, before.reached), reached(row, now.reached), limit(row.reached.must), limit(row.reached.aim),
                median(before.subject), median(now.subject), ratio ? number(ratio->median) : quotient(now.subject, before.subject), half(ratio)};
    if (instructions_)
        for (const std::string &cell : {count(before.subject_count), count(now.subject_count), quotient(now.subject_count, before.subject_count),
                                        limit(row.instructions.must), limit(row.instructions.aim), count(now.floor_count),
                                        quotient(now.subject_count, now.floor_count)})
            cells.push_back(cell);
    print(row, cells, now.unable.empty() ? before.unable.empty() ? "" : "before: " + before.unable : now.unable);
}

void Table::print(const Row &row, const Cells &cells, const std::string &unable) const {
    line_of(row.id, row.what, cells);
    if (!unable.empty()) std::printf("  %s could not be measured: %s\n", row.id.c_str(), unable.c_str());
    std::fflush(stdout);
}

void Table::line_of(const std::string &id, const std::string &what, const Cells &cells) const {
    std::printf("| %-*s | %-*s |", id_width_, id.c_str(), what_width_, what.c_str());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const bool narrow = heads_[i] == "must" || heads_[i] == "aim";
        std::printf(" %*s |", narrow ? 6 : cell_width, cells[i].c_str());
    }
    std::printf("\n");
}

} // namespace rill::bench
