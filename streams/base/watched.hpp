// Memory checkers: valgrind, met at run time, and AddressSanitizer, compiled in. What rill tells them is told here.
//
// While one of them watches, every message block comes from malloc, of just the size that was asked for, and goes back
// there: the checker then knows of each who had it, who freed it and where it ends, in any build. Checking builds keep
// their pools, as they read what a freed block was before.
#pragma once

#include <cstddef>

namespace rill::watched {

bool memory(); // a checker watches

// Messages that are out when their System ends were leaked, and are left for the checker to tell of. A suite that leaks on
// purpose turns this off.
extern bool leaks_are_told;

// A copy of bytes that a checker may take for nobody's: of a free list, or of a frame that is gone.
void peek(void *to, const void *from, std::size_t bytes);

// The bytes are nobody's until they are freed.
void hide(void *p, std::size_t bytes);

// A stack of a fiber, told before its first switch; the number is what ends it.
unsigned stack_made(void *bottom, std::size_t bytes);
void stack_gone(unsigned number);

} // namespace rill::watched
