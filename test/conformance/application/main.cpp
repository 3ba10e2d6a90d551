// The main of the application cases on another system: doctest's own (--list-test-cases, -tc=PATTERN, -r=junit).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
