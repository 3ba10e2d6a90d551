/* Solaris privilege checks (secpolicy): 0 or EPERM; see drv_priv(D3). */
#ifndef RILL_SYS_POLICY_H
#define RILL_SYS_POLICY_H
#include <sys/types.h>
#include <sys/cred.h>

#define secpolicy_net_config(cr, checkonly) drv_priv(cr)
#define secpolicy_sti(cr) drv_priv(cr)
#define secpolicy_sys_config(cr, checkonly) drv_priv(cr)
#define secpolicy_rsm_access(cr, owner, mode) drv_priv(cr)
#endif
