/*
 * What a Solaris driver keeps beside its streams: objects in caches, minors from an arena, ids, statistics, data by zone.
 * Types come from the headers that Solaris has them in. A test calls the procedures.
 */
#include <sys/stream.h>
#include <sys/ddi.h>

/* before any other header: */
struct sm_early {
	kmutex_t lock;
	kcondvar_t cv;
	krwlock_t rw;
	dev_info_t *dip;
	uint8_t a;
	uint64_t b;
	uintptr_t c;
	int error;
};
static struct sm_early sm_one = { { 0 }, { 0 }, { 0 }, NULL, 1, 2, 3, EINVAL };

#include <sys/types.h>
#include <sys/inttypes.h>
#include <sys/byteorder.h>
#include <sys/cmn_err.h>
#include <sys/dlpi.h>
#include <sys/ethernet.h>
#include <sys/id_space.h>
#include <sys/ioccom.h>
#include <sys/jioctl.h>
#include <sys/kmem.h>
#include <sys/kstat.h>
#include <sys/modctl.h>
#include <sys/policy.h>
#include <sys/ptem.h>
#include <sys/ptms.h>
#include <sys/sockio.h>
#include <sys/strsun.h>
#include <sys/vmem.h>
#include <sys/zone.h>
#include <inet/common.h>
#include <inet/ip.h>
#include <inet/tcp.h>
#include <sys/sunddi.h>

int
sm_error(void)
{
	mutex_enter(&sm_one.lock);
	mutex_exit(&sm_one.lock);
	return (sm_one.error);
}

/* --- caches --- */

typedef struct sm_object {
	kmutex_t so_lock;
	int so_made;		/* by the constructor, kept while the object is free */
	int so_used;
} sm_object_t;

int sm_constructed, sm_destructed, sm_refuse, sm_flags;
static kmem_cache_t *sm_cache;

/* ARGSUSED */
static int
sm_construct(void *buf, void *arg, int kmflags)
{
	sm_object_t *op = buf;

	sm_flags = kmflags;
	if (sm_refuse)
		return (-1);
	mutex_init(&op->so_lock, NULL, MUTEX_DRIVER, NULL);
	op->so_made = ++sm_constructed + *(int *)arg;
	return (0);
}

/* ARGSUSED */
static void
sm_destruct(void *buf, void *arg)
{
	sm_object_t *op = buf;

	mutex_destroy(&op->so_lock);
	sm_destructed++;
}

static int sm_arg = 100;

int
sm_cache_make(size_t align)
{
	sm_constructed = sm_destructed = sm_refuse = 0;
	sm_cache = kmem_cache_create("sm_object", sizeof (sm_object_t), align, sm_construct, sm_destruct, NULL,
	    &sm_arg, NULL, 0);
	return (sm_cache != NULL);
}

void *
sm_cache_take(int flag)
{
	return (kmem_cache_alloc(sm_cache, flag));
}

/* which object, by the number that its constructor gave it */
int
sm_object_made(void *object)
{
	return (((sm_object_t *)object)->so_made);
}

void
sm_cache_give(void *object)
{
	kmem_cache_free(sm_cache, object);
}

void
sm_cache_reap(void)
{
	kmem_cache_reap_now(sm_cache);
}

void
sm_cache_end(void)
{
	kmem_cache_destroy(sm_cache);
	sm_cache = NULL;
}

/* --- arenas --- */

static vmem_t *sm_minors;

void
sm_arena_make(int minors)
{
	sm_minors = vmem_create("sm_minor", (void *)1, (size_t)minors, 1, NULL, NULL, NULL, 0, VM_SLEEP | VMC_IDENTIFIER);
}

int
sm_arena_take(int count, int flag)
{
	return ((int)(uintptr_t)vmem_alloc(sm_minors, (size_t)count, flag));
}

void
sm_arena_give(int minor, int count)
{
	vmem_free(sm_minors, (void *)(uintptr_t)minor, (size_t)count);
}

int
sm_arena_left(void)
{
	return ((int)vmem_size(sm_minors, VMEM_FREE));
}

void
sm_arena_end(void)
{
	vmem_destroy(sm_minors);
}

/* ids 0 and 1 round and round; -1 when both are out */
int
sm_ids(void)
{
	id_space_t *ids = id_space_create("sm_id", 0, 2);
	id_t a = id_alloc_nosleep(ids), b = id_alloc_nosleep(ids), none = id_alloc_nosleep(ids), again;

	id_free(ids, a);
	again = id_allocff_nosleep(ids);
	id_free(ids, again);
	id_free(ids, b);
	id_space_destroy(ids);
	return (a == 0 && b == 1 && none == -1 && again == 0);
}

/* --- statistics --- */

typedef struct sm_stats {
	kstat_named_t packets;
	kstat_named_t name;
} sm_stats_t;

static kstat_t *sm_ksp;
static int sm_packets;

static int
sm_update(kstat_t *ksp, int rw)
{
	sm_stats_t *sp = ksp->ks_data;

	if (rw == KSTAT_WRITE)
		return (EACCES);
	sp->packets.value.ui64 = (uint64_t)sm_packets;
	return (0);
}

int
sm_kstat_make(int packets)
{
	sm_stats_t *sp;

	sm_packets = packets;
	sm_ksp = kstat_create("sm", 0, "counts", "net", KSTAT_TYPE_NAMED, sizeof (sm_stats_t) / sizeof (kstat_named_t), 0);
	if (sm_ksp == NULL)
		return (ENOMEM);
	sp = sm_ksp->ks_data;
	kstat_named_init(&sp->packets, "packets", KSTAT_DATA_UINT64);
	kstat_named_init(&sp->name, "name", KSTAT_DATA_STRING);
	kstat_named_setstr(&sp->name, "sm0");
	sm_ksp->ks_update = sm_update;
	sm_ksp->ks_lock = &sm_one.lock;
	return (0);
}

void
sm_kstat_show(void)
{
	kstat_install(sm_ksp);
}

void
sm_kstat_end(void)
{
	kstat_delete(sm_ksp);
}

/* --- zones and policy --- */

static int sm_zone_events;

static void *
sm_zone_in(zoneid_t id)
{
	sm_zone_events = sm_zone_events * 10 + 1 + id;
	return (&sm_zone_events);
}

/* ARGSUSED */
static void
sm_zone_down(zoneid_t id, void *data)
{
	*(int *)data = *(int *)data * 10 + 2;
}

/* ARGSUSED */
static void
sm_zone_gone(zoneid_t id, void *data)
{
	*(int *)data = *(int *)data * 10 + 3;
}

int
sm_zones(void)
{
	zone_key_t key = ZONE_KEY_UNINITIALIZED;
	zone_t *zone = zone_find_by_id(getzoneid());

	sm_zone_events = 0;
	zone_key_create(&key, sm_zone_in, sm_zone_down, sm_zone_gone);
	if (zone == NULL || zone_getspecific(key, zone) != &sm_zone_events || zone_find_by_id(7) != NULL)
		return (-1);
	if (zone_key_delete(key) != 0 || zone_key_delete(key) != -1)
		return (-2);
	zone_rele(zone);
	return (sm_zone_events);
}

int
sm_policy(cred_t *cr)
{
	return (secpolicy_net_config(cr, B_FALSE) + secpolicy_dl_config(cr) + secpolicy_net_privaddr(cr, 80, 6) +
	    secpolicy_net_rawaccess(cr) + secpolicy_sti(cr));
}

/* --- constants: 0, or the line that is wrong --- */

#define	IS(ex) if (!(ex)) return (__LINE__)

int
sm_constants(void)
{
	static uchar_t bytes[ETHERADDRL] = { 0x12, 0x34, 0x56, 0x78 };
	struct ether_header eh;
	ipha_t ip;
	tcph_t tcp;

	IS(DLIOCRAW == 0x4401 && DL_BIND_REQ_SIZE == sizeof (dl_bind_req_t) && DL_CONNECT_IND_SIZE > 0 &&
	    DL_PROMISCON_REQ_SIZE == sizeof (dl_promiscon_req_t) && DL_XID_CON_SIZE > 0);
	IS(ISPTM == 0x5001 && UNLKPT == 0x5002 && PTSSTTY == 0x5003 && OWNERPT == 0x5005);
	IS(JWINSIZE == 0x6a05 && JTRUN == 0x6a0a && sizeof (struct jwinsize) == 6);
	IS((REMOTEMODE | OFLOW_CTL | IS_PTSTTY) == 7 && (PTLOCK & PTMOPEN) == 0);
	IS(M_EVENT == 0x0a && M_PCEVENT == 0x91 && M_UNHANGUP == 0x92);
	IS(BE_16(0x0102) == 0x0201 || htons(0x0102) == 0x0102);
	IS(ntohll(htonll(0x0102030405060708ULL)) == 0x0102030405060708ULL && BE_IN32(bytes) == 0x12345678);
	BE_OUT32(bytes, 0xa0b0c0d0U);
	IS(BE_IN16(bytes + 1) == 0xb0c0 && ABE16_TO_U16(bytes) == 0xa0b0);
	U32_TO_ABE32(0x01020304, bytes);
	IS(bytes[0] == 1 && bytes[3] == 4 && ABE32_TO_U32(bytes) == 0x01020304);
	IS(sizeof (eh) == 14 && ETHERADDRL == 6 && ETHERTYPE_IP == 0x800);
	ether_copy(bytes, &eh.ether_dhost);
	IS(sizeof (ip) == IP_SIMPLE_HDR_LENGTH && sizeof (tcp) == TCP_MIN_HEADER_LENGTH);
	ip.ipha_version_and_hdr_length = IP_SIMPLE_HDR_VERSION;
	tcp.th_offset_and_rsrvd[0] = 5 << 4;
	IS(IPH_HDR_LENGTH(&ip) == 20 && IPH_HDR_VERSION(&ip) == IPV4_VERSION && TCP_HDR_LENGTH(&tcp) == 20);
	IS(SIOCGETNAME != SIOCGIFNUM && IOCPARM_LEN(_IOWN('i', 3, 12)) == 12);
	IS(INT64_MAX == 0x7fffffffffffffffLL && sizeof (uint32_t) == 4 && sizeof (longlong_t) == 8);
	return (0);
}

/* an iocblk's and a copyresp's members that only Solaris has */
int
sm_models(mblk_t *mp)
{
	struct iocblk *iocp = (struct iocblk *)mp->b_rptr;
	struct copyresp *csp = (struct copyresp *)mp->b_rptr;
	int native = (iocp->ioc_flag & IOC_MODELS) != IOC_ILP32;

	csp->cp_flag = 5;
	return (native && csp->cp_flag == 5);
}

void
sm_say(char *text, int level)
{
	cmn_err(level, text, 7);
}
