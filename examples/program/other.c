/*
 * A program with a driver of another system, that of counter.c, which is compiled with its own system's headers alone. The
 * program holds rill and its frameworks of other systems, both static. After ./bootstrap install:
 *
 *     cc -c counter.c -I$(pkg-config --variable=otherdir rill-designs)/freebsd
 *     cc other.c counter.o $(pkg-config --cflags --libs rill-designs) -o other
 */
#include <fcntl.h>
#include <rill.h>
#include <stdio.h>

enum { MOD_LOAD, MOD_UNLOAD };
int counter_modevent(void *module, int type, void *data);

static rill_proc *me;

static void show(int fd) {
    char digit = '?';
    rill_read(me, fd, &digit, 1);
    printf("descriptor %d reads %c\n", fd, digit);
}

static int tell_driver(rill_system *system, int type) {
    rill_enter(system);
    int error = counter_modevent(NULL, type, NULL);
    rill_leave(system);
    return error;
}

int main(void) {
    rill_system *system = rill_system_new(NULL);
    me = rill_proc_new(system, 0, 0);
    printf("load: %d\n", tell_driver(system, MOD_LOAD));
    int a = rill_open(me, "/dev/counter", O_RDONLY), b = rill_open(me, "/dev/counter", O_RDONLY);
    show(a);
    show(a);
    show(b);
    rill_close(me, a);
    rill_close(me, b);
    printf("unload: %d\n", tell_driver(system, MOD_UNLOAD));
    rill_system_free(system);
    return 0;
}
