// The words of the bench's command line. What it measures is in row.hpp, how in measure.hpp.
#include "test/bench/compare.hpp"
#include "test/bench/worlds.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

using namespace rill::bench;
using Json = nlohmann::ordered_json;

constexpr const char *more_help =
    "Columns: reached is a ratio of times, or what the row's unit says, as the median of the rounds, with the middle half of\n"
    "them beside it; ns is what one operation takes; a floor is the same movement without semantics (test/bench/floors.hpp);\n"
    "must and aim are what the project asks for. No row passes or fails by the clock.\n\n"
    "--compare takes the bench of another build (a checking build's too), which takes turns with this one, or the JSON of an\n"
    "earlier run. As ./bootstrap bench --compare it takes a git revision as well: its library is built in build-bench/COMMIT\n"
    "with this tree's rows, so that both are asked the same; where those do not compile there, with its own bench if that\n"
    "knows --json. What was built is kept for the next time.\n\n"
    "Exit status: 0 done, 1 a row could not be run (--run), 2 wrong words, or what they name cannot be used.\n"
    "Examples:\n"
    "  ./bootstrap bench --rows 'clone,echo,allocb' --instructions\n"
    "  ./bootstrap bench --compare HEAD~1 --instructions\n"
    "  ./bootstrap bench --rows loop --compare build-checking/test/bench/bench\n";

int failed(const std::string &why) {
    std::fprintf(stderr, "bench: %s\n", why.c_str());
    return 2;
}

// --run ROW SIDE N: of one side or of all, without a clock.
int run_words(const std::vector<std::string> &words) {
    char *end = nullptr;
    const long n = std::strtol(words[2].c_str(), &end, 10);
    if (*end || n < 1 || n > 100000000) return failed("--run: expected a number of operations from 1, found " + words[2]);
    if (words[1] != "all" && std::find(sides.begin(), sides.end(), words[1]) == sides.end()) {
        std::string names;
        for (const std::string &side : sides) names += side + ", ";
        return failed("--run: no side is called " + words[1] + "; expected " + names + "all");
    }
    for (const Row &row : rows_like(words[0]))
        for (const std::string &side : sides) {
            if (words[1] != "all" && words[1] != side) continue;
            try {
                if (!run(row, side, static_cast<int>(n)) && words[1] != "all") return failed("--run: " + row.id + " has no " + side);
            } catch (const Unable &e) {
                std::fprintf(stderr, "bench: %s, %s: %s\n", row.id.c_str(), side.c_str(), e.what());
                return 1;
            }
        }
    return 0;
}

int print_rows(const Options &options) {
    const std::vector<Row> rows = rows_like(options.rows);
    const Table table(rows, options.instructions, false);
    Json all{{"machine", machine()}, {"rows", Json::array()}};
    if (!options.json) {
        std::printf("%s\n\n", machine().c_str());
        table.head();
    }
    for (const Row &row : rows) {
        const Measured found = measure(row, options.rounds, options.instructions);
        if (options.json)
            all["rows"].push_back(to_json(row, found));
        else
            table.line(row, found);
    }
    if (options.json) std::printf("%s\n", all.dump(2).c_str());
    return 0;
}

int bench(int argc, char **argv) {
    CLI::App app("Measured ratios of rill: each row beside the host's own answer, or beside rill's own where there is little to do.");
    Options options;
    std::vector<std::string> run_what;
    bool list = false;
    app.add_option("--rows", options.rows, "only rows whose id fits one of these: clone,q*,...");
    app.add_flag("--instructions", options.instructions, "count instructions under callgrind too (needs valgrind; some minutes for all rows)");
    app.add_flag("--json", options.json, "print JSON");
    app.add_option("--compare", options.compare, "beside this build another: its bench, or an earlier run's JSON");
    app.add_option("--rounds", options.rounds, "turns that a row's sides take (default: 9, of long ones 3)")->check(CLI::Range(1, 1000));
    app.add_flag("--list", list, "the ids and what they are");
    app.add_option("--run", run_what, "ROW SIDE N: do it N times, without a clock; SIDE is subject, baseline, floor (-less), all")->expected(3);
    app.add_flag("--small", small_worlds, "worlds of a fraction of the size, to see that rows run");
    app.footer(more_help);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &e) {
        if (e.get_exit_code() == 0) return app.exit(e); // --help
        return failed(std::string(e.what()) + " (./bootstrap bench --help tells more)");
    }
    if (!run_what.empty()) return run_words(run_what);
    if (list) {
        for (const Row &row : rows_like(options.rows)) std::printf("%-24s %s\n", row.id.c_str(), row.what.c_str());
        return 0;
    }
    if (options.instructions && valgrind_path().empty()) return failed("--instructions needs valgrind, which is not installed (./bootstrap deps installs it)");
    return options.compare.empty() ? print_rows(options) : compare(options);
}

} // namespace

int main(int argc, char **argv) {
    try {
        return bench(argc, argv);
    } catch (const std::exception &e) {
        return failed(e.what());
    }
}
