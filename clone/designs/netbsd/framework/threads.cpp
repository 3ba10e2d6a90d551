#include "clone/designs/netbsd/framework/state.hpp"

namespace rill::designs::netbsd {

void step(Event word, const char *what, const char *clause, long number, std::string_view text, dev_t dev) {
    if (this_system().trace.on) [[unlikely]]
        this_system().trace.emit({.event = word, .what = what, .clause = clause, .dev = dev, .number = number, .text = text});
}

OnThread::OnThread(Netbsd &k, Process *process) : kernel_(k) {
    Call *call = k.system.running;
    for (Thread *t : k.threads)
        if (t->call == call && t->process == process) thread_ = t;
    if (!thread_) {
        own_.call = call;
        own_.process = process;
        own_.l.l_proc = &own_.p;
        own_.l.l_cred = &own_.cred;
        own_.p.p_pid = process ? process->pid : 0;
        own_.cred = {process ? process->cred.cr_uid : 0, process ? process->cred.cr_gid : 0};
        thread_ = &own_;
        k.threads.push_back(&own_);
    }
    ++thread_->uses;
}

} // namespace rill::designs::netbsd

using namespace rill;
using namespace rill::designs::netbsd;

EXPORT struct lwp *netbsd_curlwp(void) {
    Netbsd &k = kernel();
    for (auto it = k.threads.rbegin(); it != k.threads.rend(); ++it)
        if ((*it)->call == k.system.running && (*it)->process == k.system.caller()) return &(*it)->l;
    k.nobody.l = {0, &k.nobody.p, &k.nobody.cred};
    return &k.nobody.l;
}

EXPORT uid_t kauth_cred_geteuid(kauth_cred_t cred) { return cred->cr_euid; }
EXPORT gid_t kauth_cred_getegid(kauth_cred_t cred) { return cred->cr_egid; }
EXPORT int kauth_authorize_generic(kauth_cred_t cred, int, void *) { return cred->cr_euid == 0 ? 0 : EPERM; }

EXPORT int netbsd_tsleep(const void *ident, int priority, const char *wmesg, int timo) {
    System &system = this_system();
    Call *call = system.running;
    if (!call) return EWOULDBLOCK;
    call->event = const_cast<void *>(ident);
    const Wake wake = system.sleep(system.event_sleepers, wmesg, priority & 0x100, timo ? timo : forever);
    call->event = nullptr;
    return wake == Wake::event     ? 0
           : wake == Wake::signal  ? EINTR
           : wake == Wake::timeout ? EWOULDBLOCK
                                   : EDEADLK;
}

EXPORT void netbsd_wakeup(const void *ident) {
    std::vector<Call *> asleep;
    for (Call &call : this_system().event_sleepers)
        if (call.event == ident) asleep.push_back(&call);
    for (Call *call : asleep) this_system().wake(*call, Wake::event, "wakeup()");
}

EXPORT int netbsd_kpause(const char *wmesg, bool intr, int timo, void *) {
    static const char nobody = 0;
    return netbsd_tsleep(&nobody, intr ? 0x100 : 0, wmesg, timo);
}

EXPORT int netbsd_copyin(const void *user, void *kernel, size_t len) { return copy_from_user(kernel, user, len) ? 0 : EFAULT; }
EXPORT int netbsd_copyout(const void *kernel, void *user, size_t len) { return copy_to_user(user, kernel, len) ? 0 : EFAULT; }

EXPORT void netbsd_getnanotime(struct timespec *ts) {
    const long now = this_system().sched.now();
    *ts = {now / ticks_a_second, now % ticks_a_second * (1'000'000'000 / ticks_a_second)};
}

EXPORT int netbsd_uiomove(void *buf, size_t n, struct netbsd_uio *u) {
    n = std::min(n, u->uio_resid);
    const bool moved = u->uio_direction == NETBSD_UIO_READ ? copy_to_user(u->uio_base, buf, n) : copy_from_user(buf, u->uio_base, n);
    if (!moved) return EFAULT;
    u->uio_base += n;
    u->uio_resid -= n;
    u->uio_offset += static_cast<off_t>(n);
    return 0;
}
