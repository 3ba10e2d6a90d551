// Precompiled for the library, for the build's speed: <streams/system.hpp>, which nearly every file includes
// (its classes cost twice what the rest of a small file does), and what these files share of the standard library and fmt.
// Each file still includes what it uses.
#include "streams/system.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <deque>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>
