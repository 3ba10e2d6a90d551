#include "streams/base/fiber.hpp"
#include "streams/base/kernel.hpp"
#include "streams/base/watched.hpp"

#include <cassert>
#include <cstdlib>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

#ifdef RILL_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef RILL_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace rill {

namespace ctx = boost::context::detail;

// Where a stack ends, unwinders stop: nothing called entry().
#if defined(__x86_64__)
#define OUTERMOST_FRAME() __asm__ volatile(".cfi_undefined rip")
#elif defined(__aarch64__)
#define OUTERMOST_FRAME() __asm__ volatile(".cfi_undefined x30")
#else
#define OUTERMOST_FRAME() ((void)0)
#endif

constinit Call *calls_listed = nullptr;

namespace {

constinit std::mutex listing;

void list(Call &call) {
    std::scoped_lock lock(listing);
    if ((call.listed_next = calls_listed)) calls_listed->listed_link = &call.listed_next;
    call.listed_link = &calls_listed;
    calls_listed = &call;
}

void unlist(Call &call) {
    std::scoped_lock lock(listing);
    if ((*call.listed_link = call.listed_next)) call.listed_next->listed_link = call.listed_link;
}

} // namespace

Call::Call(Kernel &owner) : kernel(owner) {
    const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    stack_size_ = (kernel.tunables.stack + page - 1) / page * page;
    void *whole = ::mmap(nullptr, guard_bytes + stack_size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (whole == MAP_FAILED) std::abort();
    stack_ = static_cast<char *>(whole) + guard_bytes;
    if (::mprotect(stack_, stack_size_, PROT_READ | PROT_WRITE)) std::abort();
    context_ = ctx::make_fcontext(static_cast<char *>(stack_) + stack_size_, stack_size_, &Call::entry);
    watched_stack_ = watched::stack_made(stack_, stack_size_);
#ifdef RILL_TSAN
    tsan_fiber_ = __tsan_create_fiber(0);
#endif
    list(*this);
}

Call::~Call() {
    unlist(*this);
    watched::stack_gone(watched_stack_);
#ifdef RILL_TSAN
    __tsan_destroy_fiber(tsan_fiber_);
#endif
    RILL_UNPOISON(stack_, stack_size_);
    ::munmap(static_cast<char *>(stack_) - guard_bytes, guard_bytes + stack_size_);
}

void Call::entry(ctx::transfer_t from) {
    OUTERMOST_FRAME();
    auto *self = static_cast<Call *>(from.data);
#ifdef RILL_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self->back_bottom_, &self->back_size_);
#endif
    self->back_ = from.fctx;
    for (;;) {
        self->body_(self->argument_);
        assert(self->state == State::running);
        self->state = State::done;
        self->park();
    }
}

void Call::enter() {
#ifdef RILL_ASAN
    void *fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_, stack_size_);
#endif
#ifdef RILL_TSAN
    tsan_back_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(tsan_fiber_, 0);
#endif
    ctx::transfer_t back = ctx::jump_fcontext(context_, this);
#ifdef RILL_ASAN
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
    context_ = back.fctx;
}

void Call::start(Caller *owner, const char *what, Body body, void *argument) {
    assert(state == State::idle);
    process = owner;
    name = what;
    body_ = body;
    argument_ = argument;
    state = State::running;
    enter();
}

void Call::resume() {
    assert(state == State::ready);
    state = State::running;
    enter();
}

void Call::park() {
#ifdef RILL_ASAN
    __sanitizer_start_switch_fiber(&fake_stack_, back_bottom_, back_size_);
#endif
#ifdef RILL_TSAN
    __tsan_switch_to_fiber(tsan_back_, 0);
#endif
    ctx::transfer_t from = ctx::jump_fcontext(back_, nullptr);
#ifdef RILL_ASAN
    __sanitizer_finish_switch_fiber(fake_stack_, &back_bottom_, &back_size_);
#endif
    back_ = from.fctx;
}

} // namespace rill
