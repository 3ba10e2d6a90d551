#include "test/streamio.hpp"
