// The drivers that every System has.
#pragma once

namespace rill {

class System;

int add_builtins(System &system); // an errno of Registry::add

} // namespace rill
