// Precompiled for the command: what streams/pch.hpp has, and the rest of the standard library that its files share.
#include "streams/pch.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
