// Precompiled for what is cold (meson.build): what streams/pch.hpp has, and the rest of the standard library that the command shares.
#include "streams/pch.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
