// Moving data between a driver's or the stream head's memory and an application's buffer. Both are in one process here;
// an address that the application does not have must still give EFAULT, not end the program. The copy below is the one
// place where such a fault may happen: a handler for SIGSEGV and SIGBUS recognises it by its address and makes the copy
// end early. All other faults go to whoever handled them before.
#include "streams/process.hpp"
#include "streams/system.hpp"

#include <csignal>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <utility>
#include <ucontext.h>

namespace rill {

#if defined(__x86_64__)

// rdi to, rsi from, rdx count; returns the bytes not moved.
asm(R"(
    .text
    .p2align 4
    .local rill_usercopy
    .type rill_usercopy, @function
rill_usercopy:
rill_usercopy_begin:
    cmpq $512, %rdx
    jae 4f
1:  cmpq $16, %rdx
    jb 2f
    movups (%rsi), %xmm0
    movups %xmm0, (%rdi)
    addq $16, %rsi
    addq $16, %rdi
    subq $16, %rdx
    jmp 1b
2:  testq %rdx, %rdx
    jz 3f
    movb (%rsi), %al
    movb %al, (%rdi)
    incq %rsi
    incq %rdi
    decq %rdx
    jmp 2b
3:  xorl %eax, %eax
    ret
4:  movq %rdx, %rcx
    xorl %edx, %edx
    rep movsb
rill_usercopy_end:
    movq %rcx, %rax
    ret
rill_usercopy_faulted:
    leaq (%rdx,%rcx), %rax
    ret
    .size rill_usercopy, .-rill_usercopy
)");

extern "C" std::size_t rill_usercopy(void *to, const void *from, std::size_t count) __attribute__((visibility("hidden")));
extern "C" const char rill_usercopy_begin[] __attribute__((visibility("hidden")));
extern "C" const char rill_usercopy_end[] __attribute__((visibility("hidden")));
extern "C" const char rill_usercopy_faulted[] __attribute__((visibility("hidden")));

namespace {

struct sigaction before_segv, before_bus;

void on_fault(int sig, siginfo_t *info, void *context) {
    auto *uc = static_cast<ucontext_t *>(context);
    const auto at = static_cast<std::uintptr_t>(uc->uc_mcontext.gregs[REG_RIP]);
    const auto begin = reinterpret_cast<std::uintptr_t>(rill_usercopy_begin);
    if (at >= begin && at < reinterpret_cast<std::uintptr_t>(rill_usercopy_end)) {
        // In the short copy rdx holds what is left and rcx something else; in the long one rcx holds it and rdx is 0.
        if (uc->uc_mcontext.gregs[REG_RDX] != 0) uc->uc_mcontext.gregs[REG_RCX] = 0;
        uc->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(rill_usercopy_faulted));
        return;
    }
    const struct sigaction &before = sig == SIGBUS ? before_bus : before_segv;
    if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(sig, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(sig);
    } else {
        ::signal(sig, SIG_DFL); // the faulting instruction runs again and ends the program as it would have
    }
}

} // namespace

// Called again, it puts the handler back if something else (a test framework) has replaced it meanwhile.
void catch_bad_addresses() {
    static std::mutex lock;
    std::lock_guard guard(lock);
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (auto [sig, before] : {std::pair{SIGSEGV, &before_segv}, {SIGBUS, &before_bus}}) {
        struct sigaction now {};
        ::sigaction(sig, nullptr, &now);
        if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault) continue;
        before->sa_flags = now.sa_flags; // not the mask: libc leaves old words of its stack there, which may look like pointers
        before->sa_sigaction = now.sa_sigaction;
        ::sigaction(sig, &action, nullptr);
    }
}

bool copy_from_user(void *kernel, const void *user, std::size_t count) { return rill_usercopy(kernel, user, count) == 0; }
bool copy_to_user(void *user, const void *kernel, std::size_t count) { return rill_usercopy(user, kernel, count) == 0; }

#else

// Elsewhere only addresses that no process has are recognised.
void catch_bad_addresses() {}

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
    if (!rill::in_put_or_service()) return true;
    rill::current->fault("UTL-062", call);
    return false;
}

EXPORT int copyin(const void *user, void *kernel, size_t count) {
    return has_user("copyin without a user context") && rill::copy_from_user(kernel, user, count) ? 0 : -1;
}
EXPORT int copyout(const void *kernel, void *user, size_t count) {
    return has_user("copyout without a user context") && rill::copy_to_user(user, kernel, count) ? 0 : -1;
}
