/*
 * Solaris: statistics that a driver publishes (kstat_create(9F)). They are kept, found again by kstat_hold_byname(), and read
 * by whoever asks, a test or another driver; nobody else looks at them.
 */
#ifndef RILL_SYS_KSTAT_H
#define RILL_SYS_KSTAT_H
#include <sys/types.h>
#include <sys/t_lock.h>

#ifdef __cplusplus
extern "C" {
#define RILL_KSTAT_NAME const char *
#define RILL_KSTAT_ARGS(list) list
#else
#define RILL_KSTAT_NAME char *
#define RILL_KSTAT_ARGS(list) ()
#endif

#define KSTAT_STRLEN 31
#define KSTAT_READ 0
#define KSTAT_WRITE 1

#define KSTAT_TYPE_RAW 0
#define KSTAT_TYPE_NAMED 1
#define KSTAT_TYPE_INTR 2
#define KSTAT_TYPE_IO 3
#define KSTAT_TYPE_TIMER 4

#define KSTAT_FLAG_VIRTUAL 0x01 /* the data are the driver's own memory */
#define KSTAT_FLAG_VAR_SIZE 0x02
#define KSTAT_FLAG_WRITABLE 0x04
#define KSTAT_FLAG_PERSISTENT 0x08
#define KSTAT_FLAG_DORMANT 0x10
#define KSTAT_FLAG_INVALID 0x20

#define KSTAT_DATA_CHAR 0
#define KSTAT_DATA_INT32 1
#define KSTAT_DATA_UINT32 2
#define KSTAT_DATA_INT64 3
#define KSTAT_DATA_UINT64 4
#define KSTAT_DATA_LONG KSTAT_DATA_INT64
#define KSTAT_DATA_ULONG KSTAT_DATA_UINT64
#define KSTAT_DATA_LONGLONG KSTAT_DATA_INT64
#define KSTAT_DATA_ULONGLONG KSTAT_DATA_UINT64
#define KSTAT_DATA_FLOAT 5
#define KSTAT_DATA_DOUBLE 6
#define KSTAT_DATA_STRING 9

typedef int kid_t;
typedef struct kstat {
    hrtime_t ks_crtime;
    struct kstat *ks_next;
    kid_t ks_kid; /* not 0 */
    char ks_module[KSTAT_STRLEN];
    uchar_t ks_resv;
    int ks_instance;
    char ks_name[KSTAT_STRLEN];
    uchar_t ks_type;
    char ks_class[KSTAT_STRLEN];
    uchar_t ks_flags;
    void *ks_data;
    uint_t ks_ndata;
    size_t ks_data_size;
    hrtime_t ks_snaptime;
    int(*ks_update) RILL_KSTAT_ARGS((struct kstat *, int));
    void *ks_private;
    int(*ks_snapshot) RILL_KSTAT_ARGS((struct kstat *, void *, int));
    void *ks_lock;
} kstat_t;

typedef struct kstat_named {
    char name[KSTAT_STRLEN];
    uchar_t data_type;
    union {
        char c[16];
        int32_t i32;
        uint32_t ui32;
        struct {
            union {
                char *ptr;
                char pad[8];
            } addr;
            uint32_t len;
        } str;
        int64_t i64;
        uint64_t ui64;
        long l;
        ulong_t ul;
        longlong_t ll;
        u_longlong_t ull;
        float f;
        double d;
    } value;
} kstat_named_t;
#define KSTAT_NAMED_PTR(ksp) ((kstat_named_t *)(ksp)->ks_data)
#define KSTAT_NAMED_STR_PTR(kn) ((kn)->value.str.addr.ptr)
#define KSTAT_NAMED_STR_BUFLEN(kn) ((kn)->value.str.len)

typedef struct kstat_intr {
    uint_t intrs[5];
} kstat_intr_t;
#define KSTAT_INTR_HARD 0
#define KSTAT_INTR_SOFT 1
#define KSTAT_INTR_WATCHDOG 2
#define KSTAT_INTR_SPURIOUS 3
#define KSTAT_INTR_MULTSVC 4
#define KSTAT_NUM_INTRS 5

typedef struct kstat_io {
    u_longlong_t nread;
    u_longlong_t nwritten;
    uint_t reads;
    uint_t writes;
    hrtime_t wtime;
    hrtime_t wlentime;
    hrtime_t wlastupdate;
    hrtime_t rtime;
    hrtime_t rlentime;
    hrtime_t rlastupdate;
    uint_t wcnt;
    uint_t rcnt;
} kstat_io_t;

/* NULL when there is no memory, or when module, instance and name are taken. ndata counts bytes for RAW, else entries. */
kstat_t *kstat_create(RILL_KSTAT_NAME module, int instance, RILL_KSTAT_NAME name, RILL_KSTAT_NAME ks_class, uchar_t type,
                      uint_t ndata, uchar_t flags);
void kstat_install(kstat_t *ksp);
void kstat_delete(kstat_t *ksp);
void kstat_named_init(kstat_named_t *knp, RILL_KSTAT_NAME name, uchar_t data_type);
void kstat_named_setstr(kstat_named_t *knp, RILL_KSTAT_NAME text);
/* One that is installed, its data brought up to date (ks_update) and its lock, if it has one, held; NULL if there is none. */
kstat_t *kstat_hold_byname(RILL_KSTAT_NAME module, int instance, RILL_KSTAT_NAME name, int zone);
void kstat_rele(kstat_t *ksp);
#define kstat_zone_add(ksp, zone) ((void)(ksp))
#define kstat_zone_remove(ksp, zone) ((void)(ksp))
#define kstat_create_zone(module, instance, name, ks_class, type, ndata, flags, zone) \
    kstat_create((module), (instance), (name), (ks_class), (type), (ndata), (flags))

#ifdef __cplusplus
}
#endif
#endif
