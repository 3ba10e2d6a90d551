#include "body.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/kmem.h>

struct body {
    int b_reads;
    int b_kept;
    char b_buffer[BODY_BUFFER];
};

struct body *
body_create(void)
{
    return (struct body *)kmem_zalloc(sizeof(struct body), KM_NOSLEEP);
}

void
body_destroy(struct body *b)
{
    kmem_free(b, sizeof *b);
}

int
body_write(struct body *b, const char *data, int n)
{
    if (n > BODY_BUFFER - b->b_kept)
        n = BODY_BUFFER - b->b_kept;
    memcpy(b->b_buffer + b->b_kept, data, (size_t)n);
    b->b_kept += n;
    return n;
}

int
body_read(struct body *b, char *data, int n)
{
    char count[16];
    const char *from = b->b_buffer;
    int have = b->b_kept;

    b->b_reads++;
    if (have == 0) {
        have = snprintf(count, sizeof count, "%d\n", b->b_reads);
        from = count;
    }
    if (n > have)
        n = have;
    memcpy(data, from, (size_t)n);
    if (b->b_kept > 0) {
        b->b_kept -= n;
        memmove(b->b_buffer, b->b_buffer + n, (size_t)b->b_kept);
    }
    return n;
}

int
body_reads(const struct body *b)
{
    return b->b_reads;
}
