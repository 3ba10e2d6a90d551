/* Ends each message with a zero byte, for which it has not looked whether there is room. */
#define NAME beyond
#define ON_DATA(q, mp) (*(mp)->b_datap->db_lim = 0, qreply(q, mp))
#include "skeleton.h"
