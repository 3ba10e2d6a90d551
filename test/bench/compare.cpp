#include "test/bench/compare.hpp"
#include "test/bench/child.hpp"
#include "test/bench/worlds.hpp"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rill::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int turns = 5, rounds_of_turn = 3;

struct Pair {
    Measured before, now;
    std::optional<Spread> ratio;
};

// One row as another process measures it.
Measured asked(const std::string &program, const Row &row, int rounds, bool instructions) {
    std::vector<std::string> words{program, "--json", "--rows", row.id, "--rounds", std::to_string(rounds)};
    if (instructions) words.push_back("--instructions");
    const Outcome ended = run_program(words);
    Measured none;
    if (ended.status) {
        none.unable = ended.errors.substr(0, ended.errors.find('\n')).substr(0, 160);
        return none;
    }
    return from_json(Json::parse(ended.output).at("rows").at(0));
}

// Of several turns of one build: medians of what the turns say.
Measured together(const std::vector<Measured> &turns) {
    Measured all = turns.front(); // with the counts, which are the same each time
    auto merge = [&](std::optional<Spread> Measured::*part) {
        std::vector<double> values;
        for (const Measured &each : turns)
            if (each.*part) values.push_back((each.*part)->median);
        if (!values.empty()) all.*part = spread_of(values);
    };
    for (auto part : {&Measured::reached, &Measured::subject, &Measured::baseline, &Measured::floor}) merge(part);
    return all;
}

Pair in_turns(const std::string &other, const Row &row, const Options &options) {
    std::vector<Measured> before, now;
    std::vector<double> ratios;
    for (int i = 0; i < (row.value ? 1 : turns); ++i) {
        const bool counted = options.instructions && i == 0;
        const int rounds = options.rounds ? options.rounds : rounds_of_turn;
        before.push_back(asked(other, row, rounds, counted));
        now.push_back(asked(self_path(), row, rounds, counted));
        if (before.back().subject && now.back().subject) ratios.push_back(now.back().subject->median / before.back().subject->median);
        if (!before.front().unable.empty() && !now.front().unable.empty()) break;
    }
    return {together(before), together(now), ratios.empty() ? std::nullopt : std::optional(spread_of(ratios))};
}

Json read_json(const std::string &path) {
    std::ifstream file(path);
    const Json whole = Json::parse(file, nullptr, false);
    if (whole.is_discarded() || !whole.is_object() || !whole.contains("rows"))
        throw Unable(path + " is neither a bench that can be run nor what one printed with --json");
    return whole;
}

Measured found_in(const Json &earlier, const Row &row) {
    for (const Json &each : earlier.at("rows"))
        if (each.at("id") == row.id) return from_json(each);
    Measured none;
    none.unable = "that run has no such row";
    return none;
}

} // namespace

int compare(const Options &options) {
    const std::string &other = options.compare;
    const bool program = !::access(other.c_str(), X_OK);
    const Json earlier = program ? Json() : read_json(other);
    const std::vector<Row> rows = rows_like(options.rows);
    const Table table(rows, options.instructions, true);
    Json all{{"machine", machine()}, {"before", other}, {"now", self_path()}, {"rows", Json::array()}};
    if (!options.json) {
        std::printf("before: %s%s\nnow: %s, %s\n%s\n\n", other.c_str(), program ? "" : (", " + earlier.value("machine", "")).c_str(), self_path().c_str(), machine().c_str(),
                    program ? "in turns, medians of 5 turns of 3 rounds each" : "one after the other: of times, trust the ratios to the host most");
        table.head();
    }
    for (const Row &row : rows) {
        const Pair pair = program ? in_turns(other, row, options)
                                  : Pair{found_in(earlier, row), measure(row, options.rounds, options.instructions), {}};
        if (options.json) {
            Json j{{"id", row.id}, {"before", to_json(row, pair.before)}, {"now", to_json(row, pair.now)}};
            if (pair.ratio) j["ratio"] = {{"median", pair.ratio->median}, {"low", pair.ratio->low}, {"high", pair.ratio->high}};
            all["rows"].push_back(j);
        } else
            table.line(row, pair.before, pair.now, pair.ratio);
    }
    if (options.json) std::printf("%s\n", all.dump(2).c_str());
    return 0;
}

} // namespace rill::bench
