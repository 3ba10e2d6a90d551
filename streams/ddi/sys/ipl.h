/* Interrupt priority levels and the spl family (spl(D3)). In rill a level is only checked, it keeps nothing out. */
#ifndef RILL_SYS_IPL_H
#define RILL_SYS_IPL_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rill_ipl { invpl = -1, plbase = 0, pltimeout = 1, pldisk = 5, plstr = 6, plhi = 7 };

pl_t splbase(void);
pl_t spltimeout(void);
pl_t spldisk(void);
pl_t splstr(void); /* raises to the STREAMS level, returns the level it found */
pl_t spltty(void);
pl_t splimp(void);
pl_t splnet(void);
pl_t splvme(void);
pl_t splhi(void);
pl_t spl0(void);
pl_t spl1(void);
pl_t spl2(void);
pl_t spl3(void);
pl_t spl4(void);
pl_t spl5(void);
pl_t spl6(void);
pl_t spl7(void);
pl_t splx(pl_t level);

#ifdef __cplusplus
}
#endif
#endif
