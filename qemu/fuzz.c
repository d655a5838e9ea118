// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz - any bytes to the char device: each call must give an errno or do the right
 * thing, and everything must come back.
 *
 *   fuzz SEED CALLS
 *
 * Three kinds of calls, by turns, from a generator that SEED starts, so that a run
 * repeats: any command with any bytes; a right command with bytes that are nearly
 * right (sizes, counts and handles from the edges); and a right command whose
 * addresses lead nowhere, or to memory that may only be read. Two threads share one
 * session meanwhile. What the calls returned is counted by errno, so that a reader sees
 * that they got far enough; and which operations of batches succeeded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mymm.h"

#define OPS 16
#define ERRNOS 200
#define HANDLES 64
#define CACHES 8
#define OP_CODES (MYMM_OP_SAMPLE + 1)

struct fuzzer {
	uint64_t random;
	unsigned long calls;
	unsigned long results[ERRNOS];
	unsigned long ref_results[ERRNOS]; /* of operations with a reference */
	unsigned long done[OP_CODES]; /* operations of each kind that succeeded */
	uint32_t handle[HANDLES]; /* some that calls gave */
	uint32_t cache[CACHES];
	int fd;
	void *readonly;
};

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift", 2014. */
static uint64_t any(struct fuzzer *f)
{
	f->random ^= f->random >> 12;
	f->random ^= f->random << 25;
	f->random ^= f->random >> 27;
	return f->random * 2685821657736338717ULL;
}

static void any_bytes(struct fuzzer *f, void *to, size_t size)
{
	uint8_t *byte = to;

	while (size--)
		*byte++ = any(f) >> 32;
}

/* A number that is more likely to be interesting. */
static uint64_t edge(struct fuzzer *f)
{
	static const uint64_t edges[] = {
		0,	    1,		2,	    3,		 7,
		8,	    10,		11,	    12,		 63,
		64,	    4095,	4096,	    4097,	 8192,
		8193,	    65535,	65536,	    4194304,	 4194305,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, UINT64_MAX,
	};

	if (any(f) % 4 == 0)
		return any(f) % 40;
	return edges[any(f) % (sizeof(edges) / sizeof(edges[0]))];
}

static int call(struct fuzzer *f, unsigned long command, void *arg)
{
	int error = ioctl(f->fd, command, arg) ? errno : 0;

	f->results[error < ERRNOS ? error : ERRNOS - 1]++;
	return error;
}

static void nonsense(struct fuzzer *f)
{
	uint8_t bytes[256];
	void *arg = bytes;

	any_bytes(f, bytes, sizeof(bytes));
	if (any(f) % 4 == 0)
		arg = (void *)edge(f);
	call(f, any(f) % 2 ? any(f) : _IOWR(MYMM_IOC_MAGIC, any(f) % 11, bytes),
	     arg);
}

/* One that a call gave a while ago, more often than not; else an operation's number. */
static uint32_t some_handle(struct fuzzer *f)
{
	if (any(f) % 4 == 0)
		return MYMM_REF(any(f) % (OPS + 2));
	return any(f) % 8 ? f->handle[any(f) % HANDLES] : any(f) % 64;
}

static uint32_t some_cache(struct fuzzer *f)
{
	return any(f) % 8 ? f->cache[any(f) % CACHES] : any(f) % 64;
}

static uint32_t some_flags(struct fuzzer *f)
{
	uint32_t flags = 0;

	if (any(f) % 3 == 0)
		flags = 1U << any(f) % 20;
	if (any(f) % 6 == 0)
		flags |= 1U << any(f) % 18;
	/* In a pool that is full it would wait for the other thread for ever. */
	return flags & ~MYMM_GFP_NOFAIL;
}

static void right_op(struct fuzzer *f, struct mymm_op *op)
{
	memset(op, 0, sizeof(*op));
	op->op = any(f) % (OP_CODES + 1);
	switch (op->op) {
	case MYMM_OP_PAGES_ALLOC:
		op->flags = some_flags(f);
		op->arg = any(f) % 12;
		op->node = any(f) % 4 == 0;
		break;
	case MYMM_OP_KMALLOC:
	case MYMM_OP_KREALLOC:
		op->flags = some_flags(f);
		op->arg = edge(f);
		if (op->op == MYMM_OP_KREALLOC)
			op->handle = some_handle(f);
		break;
	case MYMM_OP_OBJ_ALLOC:
		op->flags = some_flags(f);
		op->cache = some_cache(f);
		break;
	case MYMM_OP_OBJ_FREE:
		op->cache = any(f) % 4 ? 0 : some_cache(f);
		op->handle = some_handle(f);
		break;
	case MYMM_OP_RANGE_ALLOC:
		op->flags = some_flags(f);
		op->pfn = any(f) % 4 ? any(f) % 20000 : edge(f);
		op->arg = any(f) % 4 ? any(f) % 64 : edge(f);
		break;
	case MYMM_OP_TICK:
		break;
	case MYMM_OP_SAMPLE:
		op->arg = any(f) % 4 ? any(f) : edge(f);
		break;
	default:
		op->arg = any(f) % 4 ? MYMM_ANY : any(f) % 12;
		if (op->op == MYMM_OP_KFREE)
			op->arg = 0;
		op->handle = some_handle(f);
		break;
	}
}

/* Right, but for one thing in one of four. */
static void nearly_an_op(struct fuzzer *f, struct mymm_op *op)
{
	right_op(f, op);
	switch (any(f) % 24) {
	case 0:
		op->op = edge(f);
		break;
	case 1:
		op->flags = any(f) & ~MYMM_GFP_NOFAIL;
		break;
	case 2:
		op->handle = edge(f);
		break;
	case 3:
		op->cache = edge(f);
		break;
	case 4:
		op->arg = edge(f);
		break;
	case 5:
		op->node = edge(f);
		break;
	}
}

/* What succeeded, and which handles there are now; what became of a reference. */
static void learn(struct fuzzer *f, const struct mymm_op *asked,
		  const struct mymm_op *op)
{
	if (op->result < 0 && op->result > -ERRNOS &&
	    asked->handle >= MYMM_REF(0))
		f->ref_results[-op->result]++;
	if (op->result || op->op >= OP_CODES)
		return;
	f->done[op->op]++;
	if (asked->handle >= MYMM_REF(0))
		f->ref_results[0]++;
	if (op->op == MYMM_OP_PAGES_ALLOC || op->op == MYMM_OP_KMALLOC ||
	    op->op == MYMM_OP_OBJ_ALLOC || op->op == MYMM_OP_RANGE_ALLOC)
		f->handle[any(f) % HANDLES] = op->handle;
}

static void nearly_a_batch(struct fuzzer *f)
{
	struct mymm_op ops[OPS], asked[OPS];
	struct mymm_batch batch = {
		.size = sizeof(batch),
		.flags = any(f) % 16 ? any(f) % 4 : edge(f),
		.op_size = any(f) % 16 ? sizeof(ops[0]) : edge(f),
		.nr = any(f) % 16 ? any(f) % OPS + 1 : 0,
		.ops = any(f) % 16 ? (uintptr_t)ops :
		       any(f) % 2  ? edge(f) :
				     (uintptr_t)f->readonly,
	};
	unsigned int i;

	for (i = 0; i < OPS; i++)
		nearly_an_op(f, &ops[i]);
	memcpy(asked, ops, sizeof(asked));
	call(f, MYMM_IOC_BATCH, &batch);
	for (i = 0; i < batch.done && batch.ops == (uintptr_t)ops; i++)
		learn(f, &asked[i], &ops[i]);
}

static void nearly_a_cache(struct fuzzer *f)
{
	struct mymm_cache_args args = {
		.size = sizeof(args),
		.flags = any(f) % 8 ? any(f) % 16 : edge(f),
		.object_size = any(f) % 4 ? any(f) % 5000 + 1 : edge(f),
		.align = any(f) % 4 ? 0 : edge(f),
	};

	if (any(f) % 8)
		snprintf(args.name, sizeof(args.name), "fuzz-%u",
			 (unsigned int)(any(f) % 20));
	else
		any_bytes(f, args.name, sizeof(args.name));
	if (any(f) % 8 == 0)
		any_bytes(f, args.engine, sizeof(args.engine));
	if (!call(f, MYMM_IOC_CACHE_CREATE, &args))
		f->cache[any(f) % CACHES] = args.handle;
}

static void nearly_a_handle(struct fuzzer *f)
{
	struct mymm_handle_args args = {
		.size = any(f) % 16 ? sizeof(args) : edge(f),
		.flags = any(f) % 16 ? 0 : edge(f),
		.handle = any(f) % 8 ? some_cache(f) : edge(f),
	};

	call(f, any(f) % 2 ? MYMM_IOC_CACHE_DESTROY : MYMM_IOC_CACHE_SHRINK,
	     &args);
}

static void nearly_a_list(struct fuzzer *f)
{
	struct mymm_holding holdings[OPS];
	struct mymm_list list = {
		.size = sizeof(list),
		.from = edge(f),
		.nr = any(f) % 8 ? any(f) % OPS + 1 : edge(f) % OPS,
		.holdings = any(f) % 8 ? (uintptr_t)holdings : edge(f) % 4096,
	};

	call(f, MYMM_IOC_LIST, &list);
}

static void nearly_info(struct fuzzer *f)
{
	static __thread struct mymm_info info;
	struct mymm_drain_args drain = {
		.size = any(f) % 4 ? sizeof(drain) : edge(f),
		.flags = any(f) % 8 ? any(f) % 2 : edge(f),
	};

	memset(&info, 0, sizeof(info));
	info.size = any(f) % 4 ? sizeof(info) : edge(f);
	if (any(f) % 32 == 0)
		call(f, MYMM_IOC_DRAIN, &drain);
	else
		call(f, MYMM_IOC_INFO, &info);
}

static void nearly_a_zone(struct fuzzer *f)
{
	struct mymm_zone_args args = {
		.size = any(f) % 8 ? sizeof(args) : edge(f),
		.flags = any(f) % 16 ? 0 : edge(f),
		.zone = any(f) % 8 ? any(f) % 4 : edge(f),
	};

	call(f, MYMM_IOC_ZONE, &args);
}

static void nearly_a_clock(struct fuzzer *f)
{
	struct mymm_clock_args args = {
		.size = any(f) % 8 ? sizeof(args) : edge(f),
		.flags = any(f) % 8 ? any(f) % 2 : edge(f),
	};

	call(f, MYMM_IOC_CLOCK, &args);
}

static void *fuzz(void *data)
{
	struct fuzzer *f = data;

	while (f->calls--) {
		switch (any(f) % 18) {
		case 0 ... 2:
			nonsense(f);
			break;
		case 3 ... 10:
			nearly_a_batch(f);
			break;
		case 11:
			nearly_a_cache(f);
			break;
		case 12 ... 13:
			nearly_a_handle(f);
			break;
		case 14:
			nearly_a_list(f);
			break;
		case 15:
			nearly_a_zone(f);
			break;
		case 16:
			nearly_a_clock(f);
			break;
		default:
			nearly_info(f);
			break;
		}
	}
	return NULL;
}

static int tell(const struct fuzzer *f, int nr)
{
	unsigned long sum;
	int error, op, i;

	for (error = 0; error < ERRNOS; error++) {
		for (i = 0, sum = 0; i < nr; i++)
			sum += f[i].results[error];
		if (sum)
			printf("%8lu  %s\n", sum,
			       error ? strerrorname_np(error) : "ok");
	}
	for (error = 0; error < ERRNOS; error++) {
		for (i = 0, sum = 0; i < nr; i++)
			sum += f[i].ref_results[error];
		if (sum)
			printf("%8lu  reference %s\n", sum,
			       error ? strerrorname_np(error) : "ok");
	}
	for (op = MYMM_OP_PAGES_ALLOC; op < OP_CODES; op++)
		printf("%8lu  operations %d\n", f[0].done[op] + f[1].done[op],
		       op);
	return 0;
}

int main(int argc, char **argv)
{
	struct fuzzer f[2] = {};
	pthread_t thread[2];
	int fd, i;

	if (argc != 3) {
		fprintf(stderr, "usage: fuzz SEED CALLS\n");
		return 2;
	}
	fd = open("/dev/mymm", O_RDWR);
	if (fd < 0) {
		perror("fuzz: /dev/mymm");
		return 1;
	}
	for (i = 0; i < 2; i++) {
		f[i].random = (strtoull(argv[1], NULL, 0) + 1) *
				      0x9e3779b97f4a7c15ULL +
			      i;
		f[i].calls = strtoul(argv[2], NULL, 0) / 2;
		f[i].fd = fd;
		f[i].readonly = mmap(NULL, 4096, PROT_READ,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (f[i].readonly == MAP_FAILED ||
		    pthread_create(&thread[i], NULL, fuzz, &f[i])) {
			perror("fuzz");
			return 1;
		}
	}
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	return tell(f, 2);
}
