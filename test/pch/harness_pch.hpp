#include "test/harness.hpp"
