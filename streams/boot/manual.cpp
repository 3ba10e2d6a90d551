#include "streams/boot/manual.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <vector>

namespace rill::sysgen {

namespace {

struct Page {
    std::string_view name;
    std::string_view section;
};

// What rill has, by the section of the manual that describes it.
// clang-format off
constexpr Page present[] = {
    {"LOCK", "D3"}, {"LOCK_ALLOC", "D3"}, {"LOCK_DEALLOC", "D3"}, {"LOCK_DESTROY", "D3"}, {"LOCK_INIT", "D3"},
    {"LOCK_OWNED", "D3"}, {"MUTEX_ALLOC", "D3"}, {"MUTEX_DEALLOC", "D3"}, {"MUTEX_DESTROY", "D3"},
    {"MUTEX_INIT", "D3"}, {"MUTEX_LOCK", "D3"}, {"MUTEX_OWNED", "D3"}, {"MUTEX_TRYLOCK", "D3"},
    {"MUTEX_UNLOCK", "D3"}, {"OTHERQ", "D3"}, {"RD", "D3"}, {"RW_ALLOC", "D3"}, {"RW_DEALLOC", "D3"},
    {"RW_DESTROY", "D3"}, {"RW_INIT", "D3"}, {"RW_RDLOCK", "D3"}, {"RW_TRYRDLOCK", "D3"}, {"RW_TRYWRLOCK", "D3"},
    {"RW_UNLOCK", "D3"}, {"RW_WRLOCK", "D3"}, {"SAMESTR", "D3"}, {"SLEEP_ALLOC", "D3"}, {"SLEEP_DEALLOC", "D3"},
    {"SLEEP_DESTROY", "D3"}, {"SLEEP_INIT", "D3"}, {"SLEEP_LOCK", "D3"}, {"SLEEP_LOCKAVAIL", "D3"},
    {"SLEEP_LOCKOWNED", "D3"}, {"SLEEP_LOCK_SIG", "D3"}, {"SLEEP_TRYLOCK", "D3"}, {"SLEEP_UNLOCK", "D3"},
    {"SV_BROADCAST", "D3"}, {"SV_DEALLOC", "D3"}, {"SV_DESTROY", "D3"}, {"SV_INIT", "D3"}, {"SV_SIGNAL", "D3"},
    {"TRYLOCK", "D3"}, {"UNLOCK", "D3"}, {"WR", "D3"}, {"adjmsg", "D3"}, {"allocb", "D3"}, {"allocb_wait", "D3"},
    {"appq", "D3"}, {"backq", "D3"}, {"bcanput", "D3"}, {"bcanputnext", "D3"}, {"bufcall", "D3"}, {"canput", "D3"},
    {"canputnext", "D3"}, {"cmn_err", "D3"}, {"cmpdev", "D3"}, {"copyb", "D3"}, {"copyin", "D3"}, {"copymsg", "D3"},
    {"copyout", "D3"}, {"cv_broadcast", "9F"}, {"cv_destroy", "9F"}, {"cv_init", "9F"}, {"cv_reltimedwait", "9F"},
    {"cv_reltimedwait_sig", "9F"}, {"cv_signal", "9F"}, {"cv_timedwait", "9F"}, {"cv_timedwait_sig", "9F"},
    {"cv_wait", "9F"}, {"cv_wait_sig", "9F"}, {"ddi_copyin", "9F"}, {"ddi_copyout", "9F"},
    {"ddi_create_minor_node", "9F"}, {"ddi_driver_major", "9F"}, {"ddi_driver_name", "9F"}, {"ddi_get_cred", "9F"},
    {"ddi_get_driver_private", "9F"}, {"ddi_get_instance", "9F"}, {"ddi_get_lbolt", "9F"}, {"ddi_get_name", "9F"},
    {"ddi_get_pid", "9F"}, {"ddi_get_soft_state", "9F"}, {"ddi_get_time", "9F"}, {"ddi_prop_op", "9F"},
    {"ddi_remove_minor_node", "9F"}, {"ddi_report_dev", "9F"}, {"ddi_set_driver_private", "9F"},
    {"ddi_soft_state_fini", "9F"}, {"ddi_soft_state_free", "9F"}, {"ddi_soft_state_init", "9F"},
    {"ddi_soft_state_zalloc", "9F"}, {"delay", "D3"}, {"desballoc", "D3"}, {"drv_getparm", "D3"},
    {"drv_hztousec", "D3"}, {"drv_priv", "D3"}, {"drv_setparm", "D3"}, {"drv_usectohz", "D3"},
    {"drv_usecwait", "D3"}, {"dtimeout", "D3"}, {"dupb", "D3"}, {"dupmsg", "D3"}, {"enableok", "D3"},
    {"esballoc", "D3"}, {"esbbcall", "D3"}, {"etoimajor", "D3"}, {"expdev", "D3"}, {"flushband", "D3"},
    {"flushq", "D3"}, {"freeb", "D3"}, {"freemsg", "D3"}, {"freezestr", "D3"}, {"getemajor", "D3"},
    {"geteminor", "D3"}, {"getmajor", "D3"}, {"getminor", "D3"}, {"getq", "D3"}, {"id_alloc", "9F"},
    {"id_alloc_nosleep", "9F"}, {"id_allocff", "9F"}, {"id_allocff_nosleep", "9F"}, {"id_free", "9F"},
    {"id_space_create", "9F"}, {"id_space_destroy", "9F"}, {"insq", "D3"}, {"install_driver", "HP-UX"},
    {"itimeout", "D3"}, {"itoemajor", "D3"}, {"kmem_alloc", "D3"}, {"kmem_cache_alloc", "9F"},
    {"kmem_cache_create", "9F"}, {"kmem_cache_destroy", "9F"}, {"kmem_cache_free", "9F"},
    {"kmem_cache_reap_now", "9F"}, {"kmem_free", "D3"}, {"kmem_zalloc", "D3"}, {"kstat_create", "9F"},
    {"kstat_delete", "9F"}, {"kstat_hold_byname", "9F"}, {"kstat_install", "9F"}, {"kstat_named_init", "9F"},
    {"kstat_named_setstr", "9F"}, {"kstat_rele", "9F"}, {"linkb", "D3"}, {"lis_down", "LiS"},
    {"lis_down_nosig", "LiS"}, {"lis_mknod", "LiS"}, {"lis_register_strdev", "LiS"}, {"lis_register_strmod", "LiS"},
    {"lis_sem_alloc", "LiS"}, {"lis_sem_destroy", "LiS"}, {"lis_sem_init", "LiS"}, {"lis_unlink", "LiS"},
    {"lis_unregister_strdev", "LiS"}, {"lis_unregister_strmod", "LiS"}, {"lis_up", "LiS"}, {"makedevice", "D3"},
    {"mblkin", "9F"}, {"mcopyin", "9F"}, {"mcopymsg", "9F"}, {"mcopyout", "9F"}, {"mexchange", "9F"},
    {"mexpandb", "9F"}, {"mioc2ack", "9F"}, {"miocack", "9F"}, {"miocnak", "9F"}, {"miocpullup", "9F"},
    {"mkiocb", "D3"}, {"mod_info", "9F"}, {"mod_install", "9F"}, {"mod_modname", "9F"}, {"mod_remove", "9F"},
    {"msgdsize", "D3"}, {"msgpullup", "D3"}, {"msgsize", "D3"}, {"mutex_destroy", "9F"}, {"mutex_enter", "9F"},
    {"mutex_exit", "9F"}, {"mutex_init", "9F"}, {"mutex_owned", "9F"}, {"mutex_tryenter", "9F"}, {"nodev", "D3"},
    {"noenable", "D3"}, {"nulldev", "D3"}, {"printk", "LiS"}, {"proc_ref", "D3"}, {"proc_signal", "D3"},
    {"proc_unref", "D3"}, {"pullupmsg", "D3"}, {"put", "D3"}, {"putbq", "D3"}, {"putctl", "D3"}, {"putctl1", "D3"},
    {"putctl2", "D3"}, {"putnext", "D3"}, {"putnextctl", "D3"}, {"putnextctl1", "D3"}, {"putnextctl2", "D3"},
    {"putq", "D3"}, {"qassociate", "9F"}, {"qbufcall", "9F"}, {"qenable", "D3"}, {"qprocsoff", "D3"},
    {"qprocson", "D3"}, {"qreply", "D3"}, {"qsize", "D3"}, {"qtimeout", "9F"}, {"qunbufcall", "9F"},
    {"quntimeout", "9F"}, {"qwait", "9F"}, {"qwait_sig", "9F"}, {"qwriter", "9F"}, {"register_strdev", "LiS"},
    {"register_strmod", "LiS"}, {"rmvb", "D3"}, {"rmvq", "D3"}, {"rw_destroy", "9F"}, {"rw_downgrade", "9F"},
    {"rw_enter", "9F"}, {"rw_exit", "9F"}, {"rw_init", "9F"}, {"rw_lock_held", "9F"}, {"rw_read_locked", "9F"},
    {"rw_tryenter", "9F"}, {"rw_tryupgrade", "9F"}, {"spl0", "D3"}, {"spl1", "D3"}, {"spl2", "D3"}, {"spl3", "D3"},
    {"spl4", "D3"}, {"spl5", "D3"}, {"spl6", "D3"}, {"spl7", "D3"}, {"splbase", "D3"}, {"spldisk", "D3"},
    {"splhi", "D3"}, {"splimp", "D3"}, {"splnet", "D3"}, {"splstr", "D3"}, {"spltimeout", "D3"}, {"spltty", "D3"},
    {"splvme", "D3"}, {"splx", "D3"}, {"str_install", "HP-UX"}, {"str_uninstall", "HP-UX"}, {"strlog", "D3"},
    {"strqget", "D3"}, {"strqset", "D3"}, {"suser", "D3"}, {"testb", "D3"}, {"timeout", "D3"}, {"uiomove", "D3"},
    {"unbufcall", "D3"}, {"unfreezestr", "D3"}, {"uninstall_driver", "HP-UX"}, {"unlinkb", "D3"},
    {"unregister_strdev", "LiS"}, {"unregister_strmod", "LiS"}, {"untimeout", "D3"}, {"ureadc", "D3"},
    {"uwritec", "D3"}, {"vcmn_err", "D3"}, {"vmem_add", "9F"}, {"vmem_alloc", "9F"}, {"vmem_create", "9F"},
    {"vmem_destroy", "9F"}, {"vmem_free", "9F"}, {"vmem_size", "9F"}, {"wakeup", "D3"}, {"xmsgsize", "D3"},
    {"zone_find_by_id", "9F"}, {"zone_find_by_name", "9F"}, {"zone_getspecific", "9F"}, {"zone_key_create", "9F"},
    {"zone_key_delete", "9F"}, {"zone_setspecific", "9F"},
};
// clang-format on

// What the manuals have and rill has not, and what to do about it.
constexpr struct {
    std::string_view name, section, advice;
} absent[] = {
    {"STREAMS_TIMEOUT", "D3", "use timeout(D3)"},
    {"badaddr", "D3", "no hardware"},
    {"biodone", "D3", "no buffers (buf)"},
    {"biowait", "D3", "no buffers (buf)"},
    {"brelse", "D3", "no buffers (buf)"},
    {"cmn_err_tag", "D3", "use cmn_err(D3)"},
    {"ddi_add_intr", "9F", "no hardware"},
    {"ddi_getprop", "9F", "no properties"},
    {"ddi_map_regs", "9F", "no hardware"},
    {"ddi_prop_get_int", "9F", "no properties"},
    {"dma_map", "D3", "no hardware"},
    {"freerbuf", "D3", "no buffers (buf)"},
    {"geteblk", "D3", "no buffers (buf)"},
    {"getrbuf", "D3", "no buffers (buf)"},
    {"icmn_err", "D3", "use vcmn_err"},
    {"inb", "D3", "no hardware"},
    {"initnsema", "D3", "use SLEEP_ALLOC(D3)"},
    {"inl", "D3", "no hardware"},
    {"inw", "D3", "no hardware"},
    {"kvtophys", "D3", "no physical addresses"},
    {"mi_open_comm", "Mentat", "use minor tables, <sys/minor.h>"},
    {"outb", "D3", "no hardware"},
    {"outl", "D3", "no hardware"},
    {"outw", "D3", "no hardware"},
    {"phalloc", "D3", "for character drivers"},
    {"phfree", "D3", "for character drivers"},
    {"physio", "D3", "no raw I/O: a character driver moves data with uiomove"},
    {"pio_badaddr", "D3", "no hardware"},
    {"pollwakeup", "D3", "for character drivers; a stream head polls by itself"},
    {"psema", "D3", "use SLEEP_LOCK(D3)"},
    {"rmalloc", "D3", "use kmem_alloc(D3)"},
    {"rmfree", "D3", "use kmem_free(D3)"},
    {"sema_init", "9F", "use SLEEP_ALLOC(D3) or a condition variable"},
    {"sema_p", "9F", "use SLEEP_LOCK(D3)"},
    {"sema_v", "9F", "use SLEEP_UNLOCK(D3)"},
    {"streams_interrupt", "D3", "a System has one thread: call the function itself"},
    {"taskq_create", "9F", "use timeout(D3)"},
    {"vsema", "D3", "use SLEEP_UNLOCK(D3)"},
};

// How many letters have to change, come or go.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = std::tolower(static_cast<unsigned char>(a[i - 1])) == std::tolower(static_cast<unsigned char>(b[j - 1]));
            const std::size_t here = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (same ? 0 : 1)});
            diagonal = row[j];
            row[j] = here;
        }
    }
    return row[b.size()];
}

} // namespace

std::string about(std::string_view name) {
    for (const auto &page : absent)
        if (page.name == name) return fmt::format(", {}({}): not in rill: {}", page.name, page.section, page.advice);
    const Page *near = nullptr;
    std::size_t best = name.size() / 3 + 1;
    for (const Page &page : present)
        if (const std::size_t d = distance(name, page.name); d < best || (d == best && !near)) {
            best = d;
            near = &page;
        }
    return near ? fmt::format(", in no manual rill knows; near it: {}({})", near->name, near->section)
                : ", in no manual rill knows; is it another object's, or do the tables of a master file define it (rill check DIR:NAME)?";
}

} // namespace rill::sysgen
