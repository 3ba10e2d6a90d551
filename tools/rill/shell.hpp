// The shell of a person at a terminal: a line that can be edited, history, completion, Ctrl-C for the call and not the shell.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rill::tool {

class Evaluator;
class Scenario;

int shell(Scenario &scenario, bool json);

// What may stand at the end of this line: whole words, and where the word begins that they would replace (complete.cpp).
std::vector<std::string> completions(Evaluator &evaluator, std::string_view line, std::size_t &from);

} // namespace rill::tool
