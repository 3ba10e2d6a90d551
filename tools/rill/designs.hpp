// `rill designs`: one script through every cloning design, side by side.
#pragma once

#include <string>
#include <vector>

namespace rill::tool {

struct DesignsOptions {
    std::vector<std::string> names; // empty: the ten models
    bool list = false;              // only what there is
    bool trace = false;             // every step of every line of the script
    bool json = false, markdown = false, html = false;
    unsigned width = 0;             // of a page of text; 0: 80
};

// Exit status: 0, or 2 when a name is not known.
int designs(const DesignsOptions &options);

} // namespace rill::tool
