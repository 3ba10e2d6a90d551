#include "streams/base/watched.hpp"
#include "streams/base/alloc.hpp"

// Without valgrind's headers the build knows nothing of it, and its reports name the pools.
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_STACK_REGISTER(from, to) ((void)(from), (void)(to), 0)
#define VALGRIND_STACK_DEREGISTER(number) ((void)(number))
#define VALGRIND_MAKE_MEM_DEFINED(p, bytes) ((void)(p), (void)(bytes), 0)
#define VALGRIND_MAKE_MEM_NOACCESS(p, bytes) ((void)(p), (void)(bytes))
#endif

namespace rill::watched {

constinit bool leaks_are_told = true;

bool memory() {
#ifdef RILL_ASAN
    return true;
#else
    // Its other tools (callgrind) do not know this request, and see the program as it is.
    char byte = 0;
    return RUNNING_ON_VALGRIND && VALGRIND_MAKE_MEM_DEFINED(&byte, 1) != 0;
#endif
}

__attribute__((no_sanitize("address"))) void peek(void *to, const void *from, std::size_t bytes) {
    auto *t = static_cast<volatile unsigned char *>(to);
    const auto *f = static_cast<const volatile unsigned char *>(from);
    while (bytes-- > 0) *t++ = *f++;
}

void hide(void *p, std::size_t bytes) {
    RILL_POISON(p, bytes);
    VALGRIND_MAKE_MEM_NOACCESS(p, bytes);
}

unsigned stack_made(void *bottom, std::size_t bytes) {
    return VALGRIND_STACK_REGISTER(bottom, static_cast<char *>(bottom) + bytes);
}

void stack_gone(unsigned number) {
    VALGRIND_STACK_DEREGISTER(number);
}

} // namespace rill::watched
