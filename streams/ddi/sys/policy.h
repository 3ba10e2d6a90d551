/* Solaris privilege checks (secpolicy): 0 or EPERM; see drv_priv(D3). All ask the same: is it the superuser? */
#ifndef RILL_SYS_POLICY_H
#define RILL_SYS_POLICY_H
#include <sys/types.h>
#include <sys/cred.h>

#define RILL_POLICY(cr, ...) drv_priv(cr)
#define secpolicy_clock_highres(cr) drv_priv(cr)
#define secpolicy_dl_config(cr) drv_priv(cr)
#define secpolicy_excl_open(cr) drv_priv(cr)
#define secpolicy_ip_config(...) RILL_POLICY(__VA_ARGS__, 0)
#define secpolicy_net(...) RILL_POLICY(__VA_ARGS__, 0)
#define secpolicy_net_config(...) RILL_POLICY(__VA_ARGS__, 0)
#define secpolicy_net_icmpaccess(cr) drv_priv(cr)
#define secpolicy_net_mac_aware(cr) drv_priv(cr)
#define secpolicy_net_observability(cr) drv_priv(cr)
#define secpolicy_net_privaddr(...) RILL_POLICY(__VA_ARGS__, 0)
#define secpolicy_net_rawaccess(cr) drv_priv(cr)
#define secpolicy_ppp_config(cr) drv_priv(cr)
#define secpolicy_rsm_access(...) RILL_POLICY(__VA_ARGS__, 0)
#define secpolicy_spec_open(...) RILL_POLICY(__VA_ARGS__, 0)
#define secpolicy_sti(cr) drv_priv(cr)
#define secpolicy_sys_config(...) RILL_POLICY(__VA_ARGS__, 0)
#define secpolicy_sys_devices(cr) drv_priv(cr)
#define secpolicy_zone_config(cr) drv_priv(cr)
#define priv_policy(cr, ...) drv_priv(cr)
#define priv_policy_only(cr, ...) (drv_priv(cr) == 0)
#endif
