// What the manuals say of a kernel name that an object asks for and nobody has: its page, and what is near.
#pragma once

#include <string>
#include <string_view>

namespace rill::sysgen {

std::string about(std::string_view name); // ", ..." to stand behind the name

} // namespace rill::sysgen
