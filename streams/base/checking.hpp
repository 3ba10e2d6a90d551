// Whether this is a checking build (meson's -Dchecking=true), which also looks for drivers' mistakes. Conditional compilation
// is for what changes a struct's layout; everything else asks this, or calls Checks (queue/checks), which in a plain build
// does nothing.
#pragma once

namespace rill {

#if RILL_CHECKING
inline constexpr bool checking = true;
#else
inline constexpr bool checking = false;
#endif

} // namespace rill
