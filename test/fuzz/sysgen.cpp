// libFuzzer: the input is a text file that people write for rill; its first byte says which kind. Whatever it holds,
// its parser ends, and each thing that is wrong is told with the file and a line that is in it.
//
//   i, v   a file of master.d, IRIX and SVR4 form     s   a system file     h   the file `hardware`
//   d      the table of nodes                          r   a scenario, which is run with the built-in drivers
#include "streams/boot/master.hpp"
#include "streams/boot/nodes.hpp"
#include "streams/boot/systemfile.hpp"
#include "tools/rill/builtin.hpp"
#include "tools/rill/scenario.hpp"

#include <cstdio>
#include <cstdlib>
#include <sstream>

using namespace rill;
using namespace rill::sysgen;

namespace {

[[noreturn]] void wrong(const char *what, const std::string &text) {
    std::fprintf(stderr, "%s:\n%s\n", what, text.c_str());
    std::abort();
}

// "fuzz:LINE:COLUMN: what", or "fuzz: what" of the file as a whole.
bool is_placed(std::string_view line, std::size_t lines) {
    if (!line.starts_with("fuzz:")) return false;
    line.remove_prefix(5);
    if (line.starts_with(" ")) return line.size() > 1;
    unsigned long row = 0, column = 0;
    int used = 0;
    if (std::sscanf(std::string(line).c_str(), "%lu:%lu: %n", &row, &column, &used) != 2 || used == 0) return false;
    return row >= 1 && row <= lines + 1 && column >= 1 && line.size() > static_cast<std::size_t>(used);
}

void check_problems(const Problems &problems, std::size_t lines, bool refused) {
    if (refused && !problems.any()) wrong("refused without a word", "");
    std::istringstream text(problems.text());
    for (std::string line; std::getline(text, line);)
        if (!is_placed(line, lines)) wrong("a problem without file and line", problems.text());
}

void master(const Source &source, Form form) {
    Problems problems;
    Master result;
    const bool good = parse_master(source, "fuzz", form, 511, problems, result);
    check_problems(problems, source.lines.size(), !good);
    if (!good) return;
    c_text(result, 3);
    for (const Stub &stub : result.stubs) c_stub(stub);
}

void system_file(const Source &source) {
    Problems problems;
    SystemFile result;
    parse_system_file(source, problems, result);
    check_problems(problems, source.lines.size(), false);
    Hardware hardware{{0x1000, 0xff}};
    for (const Mention &m : result.mentions) probe(m.vector.probe, hardware);
}

void hardware(const Source &source) {
    Problems problems;
    Hardware result;
    parse_hardware(source, problems, result);
    check_problems(problems, source.lines.size(), false);
}

void nodes(const Source &source) {
    Problems problems;
    std::vector<NodeLine> result;
    auto major_of = [&](const Word &name, unsigned long &major) {
        major = 61;
        if (name.text == "echo" || name.text == "clone") return true;
        problems.expected(name, "the name of a master file");
        return false;
    };
    parse_nodes(source, major_of, problems, result);
    check_problems(problems, source.lines.size(), false);
}

// What the tool says goes to memory instead of the terminal.
void scenario(const std::string &text) {
    static std::FILE *nowhere = std::fopen("/dev/null", "w");
    char *said = nullptr;
    std::size_t said_size = 0;
    std::FILE *out = stdout, *err = stderr, *memory = open_memstream(&said, &said_size);
    stdout = nowhere;
    stderr = memory;
    rill_system *system = rill_system_new("irix");
    bool good = false;
    if (tool::add_builtin_drivers(system) == 0) {
        std::istringstream in(text);
        good = tool::Scenario(system, tool::Show::all, "fuzz").run(in, true);
    }
    rill_system_free(system);
    stdout = out;
    stderr = err;
    std::fclose(memory);
    const std::string words(said, said_size);
    std::free(said);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    if (good && words.empty()) return;
    if (!is_placed(words.substr(0, words.find('\n')), lines)) wrong("a scenario failed without file and line", words);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char *>(data) + 1, size - 1);
    const Source source = source_of("fuzz", text);
    switch (data[0]) {
    case 'i':
        master(source, Form::irix);
        break;
    case 'v':
        master(source, Form::svr4);
        break;
    case 's':
        system_file(source);
        break;
    case 'h':
        hardware(source);
        break;
    case 'd':
        nodes(source);
        break;
    case 'r':
        scenario(text);
        break;
    default:
        break;
    }
    return 0;
}
