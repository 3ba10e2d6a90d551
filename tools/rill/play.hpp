// `rill run`, `rill boot`, `rill shell`: a System as the options and the scenario ask for it, and lines to evaluate in it.
#pragma once

#include <optional>
#include <string>

namespace rill::tool {

struct PlayOptions {
    std::string file;      // the scenario; empty for standard input
    std::string directory; // sysgen; empty for the built-in drivers, or what the scenario names
    std::string profile;   // empty: irix, or what the scenario names
    bool quiet = false, json = false, html = false;
    bool step = false, predict = false;
    int from = 0;
    unsigned watchdog = 10; // seconds a procedure may take; 0: any
    unsigned width = 0; // 0: the terminal's, or 80
    std::optional<unsigned long long> seed;
};

int play(const PlayOptions &options); // exits.hpp

// Objects that a directory has not in its own boot/ are looked for where the standard drivers were built and installed.
void extend_boot_path();

} // namespace rill::tool
