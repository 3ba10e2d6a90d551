#ifndef LINUX_LINUX_WAIT_H
#define LINUX_LINUX_WAIT_H
#include <linux/errno.h>

typedef struct wait_queue_head {
    char unused; /* its address is what is waited for */
} wait_queue_head_t;

/* 0 when the condition holds; -ERESTARTSYS. */
#define wait_event_interruptible(wq, condition)                                                                              \
    __extension__({                                                                                                          \
        int error_ = 0;                                                                                                      \
        while (error_ == 0 && !(condition))                                                                                  \
            error_ = linux_wait_on(&(wq));                                                                                   \
        error_;                                                                                                              \
    })
#define wake_up_interruptible linux_wake_up
int linux_wait_on(wait_queue_head_t *wq);
void linux_wake_up(wait_queue_head_t *wq);

#endif
