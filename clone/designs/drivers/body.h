/*
 * The device that every design binds: it keeps what was written until it is read, and counts how often it was read. It
 * knows neither who opened it nor how; a driver makes one for each instance, and that is all that a design has to find
 * again in later calls.
 */
#ifndef DESIGNS_BODY_H
#define DESIGNS_BODY_H

#define BODY_BUFFER 256           /* bytes it keeps of what was written */
#define BODY_READS ('B' << 8 | 1) /* ioctl, int *: how often it was read */

struct body;

struct body *body_create(void); /* NULL: no memory */
void body_destroy(struct body *b);

/* Adds n bytes to what is kept; how many were taken, 0 when the buffer is full. */
int body_write(struct body *b, const char *data, int n);

/* What was written and not read yet; when there is none, the number of reads so far, this one counted, and a newline. At
   most n bytes, of which it returns how many. */
int body_read(struct body *b, char *data, int n);

int body_reads(const struct body *b);

#endif
