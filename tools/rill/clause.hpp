// `rill clause ID`: all that is known of a clause, for who meets its number in a trace.
#pragma once

#include <string>
#include <vector>

namespace rill::tool {

struct ClauseOptions {
    std::vector<std::string> ids; // with * and ?
    std::string search;           // words instead
    std::string catalogue;        // directory; empty: where it was built or installed
    bool run = true;              // the cases that name it, to tell whether it holds
};

int clause(const ClauseOptions &options); // exits.hpp

// For `help CLN-022` of a shell, which runs no cases. false: `text` says why not.
bool clause_for_shell(const std::string &id, std::string &text);
std::vector<std::string> clause_ids(); // none when the catalogue cannot be read

} // namespace rill::tool
