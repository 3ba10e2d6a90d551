/* Kernel form of the open flags, as oflag carries them; added to the host's header. */
#ifndef RILL_SYS_FILE_H
#define RILL_SYS_FILE_H
#pragma GCC system_header
#include_next <sys/file.h>
#include <fcntl.h>

#undef FNDELAY
#undef FNONBLOCK
#undef FAPPEND
#undef FEXCL
#undef FREAD
#undef FWRITE
#define FREAD 0x01
#define FWRITE 0x02
#define FNDELAY 0x04
#define FAPPEND 0x08
#define FNONBLOCK 0x80
#define FCREAT 0x0100
#define FTRUNC 0x0200
#define FEXCL 0x0400
#define FNOCTTY 0x0800

#endif
