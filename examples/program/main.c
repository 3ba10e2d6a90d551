/*
 * A program that uses rill: it registers the driver of unit.c, makes a clone node for it, and opens it until it is full.
 *
 *     cc -std=gnu89 -c unit.c $(pkg-config --cflags rill)
 *     cc main.c unit.o $(pkg-config --cflags --libs rill) -o main
 */
#include <fcntl.h>
#include <rill.h>
#include <stdio.h>

extern struct streamtab unitinfo;
extern int unitdevflag, unit_foreign, unit_closes;

static rill_proc *me;

static int try_open(const char *path) {
    int fd = rill_open(me, path, O_RDWR);
    if (fd < 0)
        printf("open %-12s  %s\n", path, rill_why(me));
    else
        printf("open %-12s  descriptor %d\n", path, fd);
    return fd;
}

static void show(const char *what, const struct stat *st) {
    printf("%-18s (%u,%u)\n", what, getemajor(st->st_rdev), geteminor(st->st_rdev));
}

int main(void) {
    rill_system *system = rill_system_new("irix");
    struct stat st;
    int fd[4], again;

    me = rill_proc_new(system, 0, 0);
    rill_driver_add(system, "unit", 61, &unitinfo, unitdevflag, 3);
    rill_driver_add(system, "plain", 70, NULL, 0, 1); /* a driver that is not STREAMS */
    rill_mknod(me, "/dev/unit", S_IFCHR | 0666, makedevice(10, 61));
    rill_mknod(me, "/dev/nobody", S_IFCHR | 0666, makedevice(10, 99));
    rill_mknod(me, "/dev/plain", S_IFCHR | 0666, makedevice(10, 70));

    for (int i = 0; i < 4; i++) fd[i] = try_open("/dev/unit");
    rill_stat(me, "/dev/unit", &st);
    show("stat  /dev/unit", &st);
    rill_fstat(me, fd[2], &st);
    show("fstat descriptor 2", &st);

    try_open("/dev/nobody");
    try_open("/dev/plain");

    rill_close(me, fd[1]);
    again = try_open("/dev/unit");
    rill_fstat(me, again, &st);
    show("the freed minor", &st);

    rill_close(me, again);
    unit_foreign = 1;
    unit_closes = 0;
    try_open("/dev/unit");
    printf("the driver's close was called %d time(s)\n", unit_closes);

    rill_system_free(system);
    return 0;
}
