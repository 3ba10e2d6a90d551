#include "streams/fiber.hpp"
#include "streams/system.hpp"

#include <cassert>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

#ifdef RILL_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace rill {

namespace ctx = boost::context::detail;

Call::Call(System &owner) : system(owner) {
    const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    stack_size_ = (system.tunables.stack + page - 1) / page * page;
    void *whole = ::mmap(nullptr, guard_bytes + stack_size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (whole == MAP_FAILED) std::abort();
    stack_ = static_cast<char *>(whole) + guard_bytes;
    if (::mprotect(stack_, stack_size_, PROT_READ | PROT_WRITE)) std::abort();
    context_ = ctx::make_fcontext(static_cast<char *>(stack_) + stack_size_, stack_size_, &Call::entry);
}

Call::~Call() {
    RILL_UNPOISON(stack_, stack_size_);
    ::munmap(static_cast<char *>(stack_) - guard_bytes, guard_bytes + stack_size_);
}

void Call::entry(ctx::transfer_t from) {
    auto *self = static_cast<Call *>(from.data);
#ifdef RILL_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self->back_bottom_, &self->back_size_);
#endif
    self->back_ = from.fctx;
    for (;;) {
        self->body_(self->argument_);
        self->state = State::done;
        self->park();
    }
}

void Call::enter() {
#ifdef RILL_ASAN
    void *fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_, stack_size_);
#endif
    ctx::transfer_t back = ctx::jump_fcontext(context_, this);
#ifdef RILL_ASAN
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
    context_ = back.fctx;
}

void Call::start(Process *owner, const char *what, Body body, void *argument) {
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
    ctx::transfer_t from = ctx::jump_fcontext(back_, nullptr);
#ifdef RILL_ASAN
    __sanitizer_finish_switch_fiber(fake_stack_, &back_bottom_, &back_size_);
#endif
    back_ = from.fctx;
}

} // namespace rill
