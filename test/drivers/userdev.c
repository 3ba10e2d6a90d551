/* What a program in C finds under the names of makedev(3C). */
#include <sys/types.h>
#include <sys/mkdev.h>

dev_t
user_makedev(major_t maj, minor_t min)
{
    return makedev(maj, min);
}

major_t
user_major(dev_t dev)
{
    return major(dev);
}

minor_t
user_minor(dev_t dev)
{
    return minor(dev);
}
