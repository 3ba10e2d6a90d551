/* How a device was opened: otyp of character and block drivers. */
#ifndef RILL_SYS_OPEN_H
#define RILL_SYS_OPEN_H
#define OTYP_BLK 0
#define OTYP_MNT 1
#define OTYP_CHR 2
#define OTYP_SWP 3
#define OTYP_LYR 4
#define OTYPCNT 5
#endif
