// Moving data between a driver's or the stream head's memory and an application's buffer. Both are in one process here;
// an address that the application does not have must still give EFAULT, not end the program. The copy below is the one
// place where such a fault may happen: the handler of SIGSEGV and SIGBUS (queue/crash) recognises it by its address and
// makes the copy end early. A fault at the other side of the copy is no EFAULT: it ends the program as any other does.
#include "streams/message/usercopy.hpp"
#include "streams/file/process.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ucontext.h>

namespace rill {

constinit std::atomic<void (*)()> keep_fault_handler = nullptr;

#if defined(__x86_64__)

// rdi to, rsi from, rdx count; returns the bytes not moved. Two of the same, so that the handler knows by the address
// which side is the application's.
// clang-format off
#define USERCOPY(name)                                                                                                  \
    asm(".text\n"                                                                                                       \
        ".p2align 4\n"                                                                                                  \
        ".local " #name "\n"                                                                                            \
        ".type " #name ", @function\n"                                                                                  \
        #name ":\n"                                                                                                     \
        #name "_begin:\n"                                                                                               \
        "    cmpq $512, %rdx\n"                                                                                         \
        "    jae 4f\n"                                                                                                  \
        "0:  cmpq $64, %rdx\n"                                                                                          \
        "    jb 1f\n"                                                                                                   \
        "    movups (%rsi), %xmm0\n"                                                                                    \
        "    movups 16(%rsi), %xmm1\n"                                                                                  \
        "    movups 32(%rsi), %xmm2\n"                                                                                  \
        "    movups 48(%rsi), %xmm3\n"                                                                                  \
        "    movups %xmm0, (%rdi)\n"                                                                                    \
        "    movups %xmm1, 16(%rdi)\n"                                                                                  \
        "    movups %xmm2, 32(%rdi)\n"                                                                                  \
        "    movups %xmm3, 48(%rdi)\n"                                                                                  \
        "    addq $64, %rsi\n"                                                                                          \
        "    addq $64, %rdi\n"                                                                                          \
        "    subq $64, %rdx\n"                                                                                          \
        "    jz 3f\n"                                                                                                   \
        "    jmp 0b\n"                                                                                                  \
        "1:  cmpq $16, %rdx\n"                                                                                          \
        "    jb 2f\n"                                                                                                   \
        "    movups (%rsi), %xmm0\n"                                                                                    \
        "    movups %xmm0, (%rdi)\n"                                                                                    \
        "    addq $16, %rsi\n"                                                                                          \
        "    addq $16, %rdi\n"                                                                                          \
        "    subq $16, %rdx\n"                                                                                          \
        "    jz 3f\n"                                                                                                   \
        "    jmp 1b\n"                                                                                                  \
        "2:  testb $8, %dl\n"                                                                                           \
        "    jz 5f\n"                                                                                                   \
        "    movq (%rsi), %rax\n"                                                                                       \
        "    movq %rax, (%rdi)\n"                                                                                       \
        "    subq $8, %rdx\n"                                                                                           \
        "    addq $8, %rsi\n"                                                                                           \
        "    addq $8, %rdi\n"                                                                                           \
        "5:  testb $4, %dl\n"                                                                                           \
        "    jz 6f\n"                                                                                                   \
        "    movl (%rsi), %eax\n"                                                                                       \
        "    movl %eax, (%rdi)\n"                                                                                       \
        "    subq $4, %rdx\n"                                                                                           \
        "    addq $4, %rsi\n"                                                                                           \
        "    addq $4, %rdi\n"                                                                                           \
        "6:  testb $3, %dl\n"                                                                                           \
        "    jz 3f\n"                                                                                                   \
        "    testb $2, %dl\n"                                                                                           \
        "    jz 7f\n"                                                                                                   \
        "    movw (%rsi), %ax\n"                                                                                        \
        "    movw %ax, (%rdi)\n"                                                                                        \
        "    subq $2, %rdx\n"                                                                                           \
        "    addq $2, %rsi\n"                                                                                           \
        "    addq $2, %rdi\n"                                                                                           \
        "7:  testb $1, %dl\n"                                                                                           \
        "    jz 3f\n"                                                                                                   \
        "    movb (%rsi), %al\n"                                                                                        \
        "    movb %al, (%rdi)\n"                                                                                        \
        "3:  xorl %eax, %eax\n"                                                                                         \
        "    ret\n"                                                                                                     \
        #name "_bytes:\n"                                                                                               \
        "    testq %rdx, %rdx\n"                                                                                        \
        "    jz 3b\n"                                                                                                   \
        "    movb (%rsi), %al\n"                                                                                        \
        "    movb %al, (%rdi)\n"                                                                                        \
        "    incq %rsi\n"                                                                                               \
        "    incq %rdi\n"                                                                                               \
        "    decq %rdx\n"                                                                                               \
        "    jmp " #name "_bytes\n"                                                                                     \
        #name "_long:\n"                                                                                                \
        "4:  movq %rdx, %rcx\n"                                                                                         \
        "    xorl %edx, %edx\n"                                                                                         \
        "    rep movsb\n"                                                                                               \
        #name "_end:\n"                                                                                                 \
        "    movq %rcx, %rax\n"                                                                                         \
        "    ret\n"                                                                                                     \
        #name "_faulted:\n"                                                                                             \
        "    leaq (%rdx,%rcx), %rax\n"                                                                                  \
        "    ret\n"                                                                                                     \
        ".size " #name ", .-" #name "\n");                                                                              \
    extern "C" std::size_t name(void *to, const void *from, std::size_t count) __attribute__((visibility("hidden")));   \
    extern "C" const char name##_begin[] __attribute__((visibility("hidden")));                                         \
    extern "C" const char name##_bytes[] __attribute__((visibility("hidden")));                                         \
    extern "C" const char name##_long[] __attribute__((visibility("hidden")));                                          \
    extern "C" const char name##_end[] __attribute__((visibility("hidden")));                                           \
    extern "C" const char name##_faulted[] __attribute__((visibility("hidden")))
// clang-format on

USERCOPY(rill_copy_from);
USERCOPY(rill_copy_to);

namespace {

struct Copy {
    const char *begin, *bytes, *long_one, *end, *faulted;
    bool user_is_from;
} constexpr copies[] = {{rill_copy_from_begin, rill_copy_from_bytes, rill_copy_from_long, rill_copy_from_end, rill_copy_from_faulted, true},
                        {rill_copy_to_begin, rill_copy_to_bytes, rill_copy_to_long, rill_copy_to_end, rill_copy_to_faulted, false}};

const Copy *copy_at(const void *context) {
    const auto at = static_cast<std::uintptr_t>(static_cast<const ucontext_t *>(context)->uc_mcontext.gregs[REG_RIP]);
    for (const Copy &copy : copies)
        if (at >= reinterpret_cast<std::uintptr_t>(copy.begin) && at < reinterpret_cast<std::uintptr_t>(copy.end)) return &copy;
    return nullptr;
}

// Pages of the application that were copied from or to: mapped then, and most likely still. Any other is looked at with
// the handler certainly in place, which a program may have replaced (UTL-086).
constexpr std::size_t page_bits = 12, pages_known = 16;
// Each its number and 1; 0: none.
constinit thread_local std::uintptr_t known_pages[pages_known] __attribute__((tls_model("initial-exec"))) = {};

[[gnu::cold, gnu::noinline]] void make_known(std::uintptr_t first, std::uintptr_t last) {
    if (auto *keep = keep_fault_handler.load(std::memory_order_relaxed)) keep();
    if (last - first >= pages_known) return;
    for (std::uintptr_t page = first; page <= last; ++page) known_pages[page % pages_known] = page + 1;
}

[[gnu::noinline]] void look_at_pages(std::uintptr_t address, std::size_t count) {
    if (!count) return;
    const std::uintptr_t first = address >> page_bits, last = (address + count - 1) >> page_bits;
    bool known = last - first < pages_known;
    for (std::uintptr_t page = first; known && page <= last; ++page) known = known_pages[page % pages_known] == page + 1;
    if (!known) make_known(first, last);
}

[[gnu::always_inline]] inline void expect_bad_address(const void *user, std::size_t count) {
    const auto address = reinterpret_cast<std::uintptr_t>(user);
    const std::uintptr_t page = address >> page_bits;
    if (page != (address + count - 1) >> page_bits || known_pages[page % pages_known] != page + 1) [[unlikely]]
        look_at_pages(address, count);
}

[[gnu::cold, gnu::noinline]] bool forget_pages() {
    std::fill_n(known_pages, pages_known, 0);
    return false;
}

[[gnu::always_inline]] inline bool moved(std::size_t left) { return left == 0 ? true : forget_pages(); }

} // namespace

bool end_copy(const siginfo_t *info, void *context) {
    const Copy *copy = copy_at(context);
    if (!copy) return false;
    auto &r = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
    if (info->si_code == SI_KERNEL) { // an address that no process can have: the registers tell whose
        const std::int64_t user = r[copy->user_is_from ? REG_RSI : REG_RDI];
        if (user >> 47 == 0 || user >> 47 == -1) return false;
    } else if (info->si_code > 0) {
        const bool wrote = r[REG_ERR] & 2;
        if (wrote == copy->user_is_from) return false;
    } else {
        return false; // somebody sent it
    }
    // What moves several bytes at a time goes on byte by byte, so that all before the bad address are moved. There rdx holds what
    // is left and rcx something else; in the long copy rcx holds it and rdx is 0.
    const auto at = static_cast<std::uintptr_t>(r[REG_RIP]);
    const bool wide = at < reinterpret_cast<std::uintptr_t>(copy->bytes);
    if (at < reinterpret_cast<std::uintptr_t>(copy->long_one)) r[REG_RCX] = 0;
    r[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(wide ? copy->bytes : copy->faulted));
    return true;
}

bool crashed_in_copy(const void *context) { return copy_at(context) != nullptr; }

bool copy_from_user(void *kernel, const void *user, std::size_t count) {
    expect_bad_address(user, count);
    return moved(rill_copy_from(kernel, user, count));
}
bool copy_to_user(void *user, const void *kernel, std::size_t count) {
    expect_bad_address(user, count);
    return moved(rill_copy_to(user, kernel, count));
}

#else

// Elsewhere only addresses that no process has are recognised.
bool end_copy(const siginfo_t *, void *) { return false; }
bool crashed_in_copy(const void *) { return false; }

static bool plausible(const void *user) {
    const auto address = reinterpret_cast<std::intptr_t>(user);
    return address >= 4096;
}

bool copy_from_user(void *kernel, const void *user, std::size_t count) {
    if (count && !plausible(user)) return false;
    std::memcpy(kernel, user, count);
    return true;
}

bool copy_to_user(void *user, const void *kernel, std::size_t count) {
    if (count && !plausible(user)) return false;
    std::memcpy(user, kernel, count);
    return true;
}

#endif

bool probe_user(void *user, std::size_t count) {
    constexpr std::size_t page = 4096;
    char byte;
    for (std::size_t at = 0; at < count; at += page) {
        char *p = static_cast<char *>(user) + at;
        if (!copy_from_user(&byte, p, 1) || !copy_to_user(p, &byte, 1)) return false;
    }
    char *last = static_cast<char *>(user) + count - 1;
    return copy_from_user(&byte, last, 1) && copy_to_user(last, &byte, 1);
}

} // namespace rill

#define EXPORT extern "C" __attribute__((visibility("default")))

// In a put or service procedure there is no user whose memory it could be (UTL-062).
static bool has_user(const char *call) {
    if (!rill::current || !rill::current->in_put_or_service()) return true;
    rill::current->fault("UTL-062", call);
    return false;
}

EXPORT int copyin(const void *user, void *kernel, size_t count) {
    return has_user("copyin without a user context") && rill::copy_from_user(kernel, user, count) ? 0 : -1;
}
EXPORT int copyout(const void *kernel, void *user, size_t count) {
    return has_user("copyout without a user context") && rill::copy_to_user(user, kernel, count) ? 0 : -1;
}
