// SPDX-License-Identifier: GPL-2.0
/*
 * replies - what each call of the char device answers, byte for byte.
 *
 * A table says of each member of each struct that goes to the program what it must be: as it was
 * sent, set, or zero; of a name, zero behind its end. The members of a table must cover their
 * struct, so that a new member must be added here. What is to be set is sent poisoned, and behind
 * each struct is poison that must stay. So a leak of kernel memory to the program is found, and
 * unused members are known to be zero.
 *
 * Prints what is wrong, one line each; the exit code is 1 then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mymm.h"

#define POISON 0x5a
#define GUARD 64

/* What a member must be after the call. */
enum must {
	SENT, /* as before it */
	SET, /* not poison */
	ZERO,
	NAME, /* text, then zero */
};

struct member {
	const char *name;
	size_t at;
	size_t size;
	enum must must;
};

#define M(type, member, must)                                    \
	{                                                        \
#member, offsetof(struct type, member),          \
			sizeof(((struct type *)0)->member), must \
	}
#define END                      \
	{                        \
		NULL, 0, 0, ZERO \
	}

static int fd, wrong;

static void complain(const char *what, const struct member *m, const char *why)
{
	printf("%s: %s: %s\n", what, m->name, why);
	wrong = 1;
}

static int all(const uint8_t *at, size_t size, uint8_t byte)
{
	while (size && *at == byte)
		at++, size--;
	return !size;
}

static void check_member(const char *what, const struct member *m,
			 const uint8_t *before, const uint8_t *after)
{
	size_t text = strnlen((const char *)after, m->size);

	switch (m->must) {
	case SENT:
		if (memcmp(before, after, m->size))
			complain(what, m, "is not as it was sent");
		break;
	case SET:
		if (all(after, m->size, POISON))
			complain(what, m, "is not set");
		break;
	case ZERO:
		if (!all(after, m->size, 0))
			complain(what, m, "is not zero");
		break;
	case NAME:
		if (!text || !all(after + text, m->size - text, 0) ||
		    text == m->size)
			complain(what, m, "is no text with zero behind it");
		break;
	}
}

/* All members of a struct, and that there are no others. */
static void check(const char *what, const struct member *m, size_t size,
		  const void *before, const void *after)
{
	size_t at = 0;

	for (; m->name; m++) {
		if (m->at != at)
			complain(what, m,
				 "has something before it that is not checked");
		at = m->at + m->size;
		check_member(what, m, (const uint8_t *)before + m->at,
			     (const uint8_t *)after + m->at);
	}
	if (at != size) {
		printf("%s: %zu of %zu bytes are checked\n", what, at, size);
		wrong = 1;
	}
}

static void check_guard(const char *what, const void *after)
{
	if (!all(after, GUARD, POISON)) {
		printf("%s: writes behind its struct\n", what);
		wrong = 1;
	}
}

static void must_give(const char *what, int want)
{
	if (errno == want)
		return;
	printf("%s: %s, not %s\n", what, strerror(errno), strerror(want));
	exit(1);
}

/* A call with @arg of @size bytes, whose members @m describes; it must give @error. */
static void call(const char *what, unsigned long request, void *arg,
		 size_t size, const struct member *m, int error)
{
	uint8_t *before = malloc(size), *after = malloc(size + GUARD);

	memcpy(before, arg, size);
	memcpy(after, arg, size);
	memset(after + size, POISON, GUARD);
	errno = 0;
	ioctl(fd, request, after);
	must_give(what, error);
	check(what, m, size, before, after);
	check_guard(what, after + size);
	memcpy(arg, after, size);
	free(before);
	free(after);
}

/* --- structs as arguments ------------------------------------------------------------ */

static const struct member create_members[] = {
	M(mymm_cache_args, size, SENT),
	M(mymm_cache_args, flags, SENT),
	M(mymm_cache_args, object_size, SENT),
	M(mymm_cache_args, align, SENT),
	M(mymm_cache_args, name, SENT),
	M(mymm_cache_args, engine, SENT),
	M(mymm_cache_args, handle, SET),
	M(mymm_cache_args, objs_per_slab, SET),
	M(mymm_cache_args, slab_order, SET),
	M(mymm_cache_args, slot_size, SET),
	END,
};

static const struct member count_members[] = {
	M(mymm_handle_args, size, SENT),
	M(mymm_handle_args, flags, SENT),
	M(mymm_handle_args, handle, SENT),
	M(mymm_handle_args, count, SET),
	END,
};

static const struct member no_count_members[] = {
	M(mymm_handle_args, size, SENT),
	M(mymm_handle_args, flags, SENT),
	M(mymm_handle_args, handle, SENT),
	M(mymm_handle_args, count, SENT),
	END,
};

static const struct member drain_members[] = {
	M(mymm_drain_args, size, SENT),
	M(mymm_drain_args, flags, SENT),
	M(mymm_drain_args, frames_before, SET),
	M(mymm_drain_args, frames_after, SET),
	END,
};

static const struct member clock_members[] = {
	M(mymm_clock_args, size, SENT),
	M(mymm_clock_args, flags, SENT),
	END,
};

static const struct member zone_members[] = {
	M(mymm_zone_args, size, SENT),
	M(mymm_zone_args, flags, ZERO),
	M(mymm_zone_args, zone, SENT),
	M(mymm_zone_args, block_order, SET),
	M(mymm_zone_args, free, SET),
	M(mymm_zone_args, pcp, SET),
	M(mymm_zone_args, min, SET),
	M(mymm_zone_args, low, SET),
	M(mymm_zone_args, high, SET),
	M(mymm_zone_args, boost, SET),
	M(mymm_zone_args, protection, SET),
	M(mymm_zone_args, highatomic, SET),
	M(mymm_zone_args, extfrag, SET),
	M(mymm_zone_args, blocks, SET),
	M(mymm_zone_args, nr_free, SET),
	M(mymm_zone_args, pool, NAME),
	M(mymm_zone_args, contested, SET),
	M(mymm_zone_args, contested_lists, SET),
	M(mymm_zone_args, contested_fits, SET),
	END,
};

static const struct member info_members[] = {
	M(mymm_info, size, SENT),
	M(mymm_info, flags, SET),
	M(mymm_info, abi, SET),
	M(mymm_info, session, SET),
	M(mymm_info, page_size, SET),
	M(mymm_info, nr_zones, SET),
	M(mymm_info, held, SET),
	M(mymm_info, engine, NAME),
	M(mymm_info, zones, SET),
	M(mymm_info, pool, NAME),
	END,
};

static const struct member zone_info_members[] = {
	M(mymm_zone_info, node, SET),
	M(mymm_zone_info, reserved, ZERO),
	M(mymm_zone_info, start_pfn, SET),
	M(mymm_zone_info, spanned, SET),
	M(mymm_zone_info, managed, SET),
	M(mymm_zone_info, free, SET),
	M(mymm_zone_info, peak, SET),
	M(mymm_zone_info, failed, SET),
	M(mymm_zone_info, nr_free, SET),
	M(mymm_zone_info, name, NAME),
	END,
};

static void check_info(void)
{
	struct mymm_info info;
	uint32_t i;

	memset(&info, POISON, sizeof(info));
	info.size = sizeof(info);
	info.flags = 0;
	memset(info.pool, 0, sizeof(info.pool));
	call("INFO", MYMM_IOC_INFO, &info, sizeof(info), info_members, 0);
	for (i = 0; i < info.nr_zones; i++)
		check("INFO, zone", zone_info_members, sizeof(info.zones[i]),
		      &info.zones[i], &info.zones[i]);
	if (!all((uint8_t *)&info.zones[i],
		 (MYMM_UAPI_ZONES - i) * sizeof(info.zones[i]), 0)) {
		printf("INFO: zones that there are not are not zero\n");
		wrong = 1;
	}
}

static void check_zone(void)
{
	struct mymm_zone_args zone;

	memset(&zone, POISON, sizeof(zone));
	zone.size = sizeof(zone);
	zone.flags = 0;
	zone.zone = 0;
	memset(zone.pool, 0, sizeof(zone.pool));
	call("ZONE", MYMM_IOC_ZONE, &zone, sizeof(zone), zone_members, 0);
}

static void check_clock(void)
{
	struct mymm_clock_args clock = { .size = sizeof(clock) };

	call("CLOCK", MYMM_IOC_CLOCK, &clock, sizeof(clock), clock_members, 0);
}

static void check_drain(void)
{
	struct mymm_drain_args drain;

	memset(&drain, POISON, sizeof(drain));
	drain.size = sizeof(drain);
	drain.flags = 0;
	call("DRAIN", MYMM_IOC_DRAIN, &drain, sizeof(drain), drain_members, 0);
}

static uint32_t create(void)
{
	struct mymm_cache_args make;

	memset(&make, POISON, sizeof(make));
	make.size = sizeof(make);
	make.flags = 0;
	make.object_size = 100;
	make.align = 0;
	/* What a program leaves behind its names comes back as it was. */
	strcpy(make.name, "replies");
	strcpy(make.engine, "slub");
	call("CACHE_CREATE", MYMM_IOC_CACHE_CREATE, &make, sizeof(make),
	     create_members, 0);
	return make.handle;
}

static void for_cache(const char *what, unsigned long request, uint32_t handle,
		      const struct member *m, int error)
{
	struct mymm_handle_args args;

	memset(&args, POISON, sizeof(args));
	args.size = sizeof(args);
	args.flags = 0;
	args.handle = handle;
	call(what, request, &args, sizeof(args), m, error);
}

/* --- operations ------------------------------------------------------------------------ */

static const struct member batch_members[] = {
	M(mymm_batch, size, SENT),    M(mymm_batch, flags, SENT),
	M(mymm_batch, op_size, SENT), M(mymm_batch, nr, SENT),
	M(mymm_batch, ops, SENT),     M(mymm_batch, done, SET),
	M(mymm_batch, failed, SET),   END,
};

static const struct member alloc_members[] = {
	M(mymm_op, op, SENT),	 M(mymm_op, flags, SENT),
	M(mymm_op, handle, SET), M(mymm_op, cache, SENT),
	M(mymm_op, arg, SENT),	 M(mymm_op, pfn, SET),
	M(mymm_op, bytes, SET),	 M(mymm_op, result, ZERO),
	M(mymm_op, node, SENT),	 M(mymm_op, reason, ZERO),
	M(mymm_op, order, ZERO), END,
};

static const struct member failed_members[] = {
	M(mymm_op, op, SENT),	  M(mymm_op, flags, SENT),
	M(mymm_op, handle, SENT), M(mymm_op, cache, SENT),
	M(mymm_op, arg, SENT),	  M(mymm_op, pfn, SENT),
	M(mymm_op, bytes, SENT),  M(mymm_op, result, SET),
	M(mymm_op, node, SENT),	  M(mymm_op, reason, ZERO),
	M(mymm_op, order, ZERO),  END,
};

/* There is no memory: why, and for a block of which order. */
static const struct member no_memory_members[] = {
	M(mymm_op, op, SENT),	  M(mymm_op, flags, SENT),
	M(mymm_op, handle, SENT), M(mymm_op, cache, SENT),
	M(mymm_op, arg, SENT),	  M(mymm_op, pfn, SENT),
	M(mymm_op, bytes, SENT),  M(mymm_op, result, SET),
	M(mymm_op, node, SENT),	  M(mymm_op, reason, SET),
	M(mymm_op, order, SET),	  END,
};

/* Runs one operation; gives its handle. */
static uint32_t run(const char *what, struct mymm_op op,
		    const struct member *members)
{
	struct {
		struct mymm_op op;
		uint8_t guard[GUARD];
	} sent;
	struct mymm_batch batch;

	if (op.op != MYMM_OP_RANGE_ALLOC)
		memset(&op.pfn, POISON, sizeof(op.pfn));
	memset(&op.bytes, POISON, sizeof(op.bytes));
	memset(&op.result, POISON, sizeof(op.result));
	memset(&op.reason, POISON, sizeof(op.reason));
	memset(&op.order, POISON, sizeof(op.order));
	memset(&sent, POISON, sizeof(sent));
	sent.op = op;
	memset(&batch, POISON, sizeof(batch));
	batch.size = sizeof(batch);
	batch.flags = 0;
	batch.op_size = sizeof(op);
	batch.nr = 1;
	batch.ops = (uintptr_t)&sent;
	call("BATCH", MYMM_IOC_BATCH, &batch, sizeof(batch), batch_members, 0);
	check(what, members, sizeof(op), &op, &sent.op);
	check_guard(what, sent.guard);
	return sent.op.handle;
}

/* A call with only the first bytes of its argument, as an older program makes it. */
static void call_old(const char *what, unsigned long request, void *arg,
		     uint32_t size, int error)
{
	uint8_t *at = malloc(size + GUARD);

	memset(at, 0, size);
	memset(at + size, POISON, GUARD);
	memcpy(at, &size, sizeof(size));
	errno = 0;
	ioctl(fd, request, at);
	must_give(what, error);
	check_guard(what, at + size);
	memcpy(arg, at, size);
	free(at);
}

/* A program built before the last members existed gets those that it knows, and no byte more. */
static void check_old(void)
{
	struct mymm_info info = { 0 };
	struct mymm_zone_args zone;
	uint8_t old[MYMM_OP_SIZE_VER0 + GUARD];
	struct mymm_op op = { .op = MYMM_OP_PAGES_ALLOC };
	struct mymm_batch batch = {
		.size = sizeof(batch),
		.op_size = MYMM_OP_SIZE_VER0,
		.nr = 1,
		.ops = (uintptr_t)old,
	};

	memset(old, POISON, sizeof(old));
	memcpy(old, &op, MYMM_OP_SIZE_VER0);
	errno = 0;
	ioctl(fd, MYMM_IOC_BATCH, &batch);
	must_give("BATCH of old operations", 0);
	if (batch.done != 1 || batch.failed) {
		printf("BATCH of old operations: it failed\n");
		wrong = 1;
	}
	check_guard("BATCH of old operations", old + MYMM_OP_SIZE_VER0);
	batch.op_size--;
	errno = 0;
	ioctl(fd, MYMM_IOC_BATCH, &batch);
	must_give("BATCH of operations too short", EINVAL);
	call_old("INFO of old", MYMM_IOC_INFO, &info,
		 offsetof(struct mymm_info, pool), 0);
	if (info.abi != MYMM_ABI || !info.nr_zones) {
		printf("INFO of old: it is not filled\n");
		wrong = 1;
	}
	call_old("INFO, too short", MYMM_IOC_INFO, &info,
		 offsetof(struct mymm_info, pool) - 1, EINVAL);
	call_old("ZONE of old", MYMM_IOC_ZONE, &zone,
		 offsetof(struct mymm_zone_args, pool), 0);
	call_old("ZONE without contested", MYMM_IOC_ZONE, &zone,
		 offsetof(struct mymm_zone_args, contested), 0);
	call_old("ZONE without contested_lists", MYMM_IOC_ZONE, &zone,
		 offsetof(struct mymm_zone_args, contested_lists), 0);
	call_old("ZONE, too short", MYMM_IOC_ZONE, &zone,
		 offsetof(struct mymm_zone_args, pool) - 1, EINVAL);
}

/* Of a pool that there is not. */
static void check_named(void)
{
	struct mymm_info info;

	memset(&info, 0, sizeof(info));
	info.size = sizeof(info);
	strcpy(info.pool, "none of the pools");
	errno = 0;
	ioctl(fd, MYMM_IOC_INFO, &info);
	must_give("INFO of no pool", ENOENT);
	memset(info.pool, 'x', sizeof(info.pool));
	errno = 0;
	ioctl(fd, MYMM_IOC_INFO, &info);
	must_give("INFO of a name without end", EINVAL);
	strcpy(info.pool, "default");
	errno = 0;
	ioctl(fd, MYMM_IOC_INFO, &info);
	must_give("INFO of the default pool", 0);
}

/* --- what a session holds ---------------------------------------------------------------- */

/* A holding of each kind; those of its members that another kind has are zero. */
#define HOLDING(of_order, of_pfn, of_offset, of_objects, of_name)         \
	{                                                                 \
		M(mymm_holding, handle, SET), M(mymm_holding, kind, SET), \
			M(mymm_holding, order, of_order),                 \
			M(mymm_holding, reserved, ZERO),                  \
			M(mymm_holding, pfn, of_pfn),                     \
			M(mymm_holding, offset, of_offset),               \
			M(mymm_holding, bytes, SET),                      \
			M(mymm_holding, objects, of_objects),             \
			M(mymm_holding, name, of_name), END               \
	}

enum { PAGES, SMALL, LARGE, OBJECT, CACHE, RANGE, HOLDINGS };

static const struct {
	const char *what;
	struct member members[10];
} holdings[HOLDINGS] = {
	[PAGES] = { "LIST, pages", HOLDING(SET, SET, ZERO, ZERO, NAME) },
	[SMALL] = { "LIST, kmalloc", HOLDING(ZERO, SET, SET, ZERO, NAME) },
	[LARGE] = { "LIST, large kmalloc",
		    HOLDING(ZERO, SET, ZERO, ZERO, ZERO) },
	[OBJECT] = { "LIST, object", HOLDING(ZERO, SET, SET, ZERO, NAME) },
	[CACHE] = { "LIST, cache", HOLDING(SET, ZERO, ZERO, SET, NAME) },
	[RANGE] = { "LIST, range", HOLDING(ZERO, SET, ZERO, ZERO, NAME) },
};

static const struct member list_members[] = {
	M(mymm_list, size, SENT),     M(mymm_list, flags, SENT),
	M(mymm_list, from, SET),      M(mymm_list, nr, SET),
	M(mymm_list, holdings, SENT), END,
};

/* @kind: of each handle from 1 on. */
static void check_list(const uint8_t *kind)
{
	struct {
		struct mymm_holding holding[HOLDINGS];
		uint8_t guard[GUARD];
	} out;
	struct mymm_list list = {
		.size = sizeof(list),
		.nr = HOLDINGS,
		.holdings = (uintptr_t)&out,
	};
	uint32_t i;

	memset(&out, POISON, sizeof(out));
	call("LIST", MYMM_IOC_LIST, &list, sizeof(list), list_members, 0);
	if (list.nr != HOLDINGS) {
		printf("LIST: %u holdings, not %u\n", list.nr, HOLDINGS);
		exit(1);
	}
	check_guard("LIST", out.guard);
	for (i = 0; i < HOLDINGS; i++)
		check(holdings[kind[i]].what, holdings[kind[i]].members,
		      sizeof(out.holding[i]), &out.holding[i], &out.holding[i]);
}

int main(void)
{
	static const uint8_t kinds[HOLDINGS] = { CACHE, PAGES,	SMALL,
						 LARGE, OBJECT, RANGE };
	uint32_t cache, object;

	fd = open("/dev/mymm", O_RDWR);
	if (fd < 0) {
		perror("replies: /dev/mymm");
		return 1;
	}
	cache = create();
	run("pages alloc",
	    (struct mymm_op){ .op = MYMM_OP_PAGES_ALLOC, .arg = 2 },
	    alloc_members);
	run("kmalloc", (struct mymm_op){ .op = MYMM_OP_KMALLOC, .arg = 100 },
	    alloc_members);
	run("kmalloc, large",
	    (struct mymm_op){ .op = MYMM_OP_KMALLOC, .arg = 100000 },
	    alloc_members);
	object =
		run("obj alloc",
		    (struct mymm_op){ .op = MYMM_OP_OBJ_ALLOC, .cache = cache },
		    alloc_members);
	run("range alloc",
	    (struct mymm_op){
		    .op = MYMM_OP_RANGE_ALLOC, .pfn = 6000, .arg = 3 },
	    alloc_members);
	run("kfree of pages",
	    (struct mymm_op){ .op = MYMM_OP_KFREE, .handle = 2 },
	    failed_members);
	run("kmalloc of nothing", (struct mymm_op){ .op = MYMM_OP_KMALLOC },
	    failed_members);
	run("all of DMA",
	    (struct mymm_op){ .op = MYMM_OP_PAGES_ALLOC,
			      .flags = MYMM_GFP_DMA | MYMM_GFP_NOWARN,
			      .arg = 10 },
	    no_memory_members);
	check_list(kinds);
	check_info();
	check_zone();
	for_cache("CACHE_SHRINK", MYMM_IOC_CACHE_SHRINK, cache, count_members,
		  0);
	for_cache("CACHE_DESTROY, busy", MYMM_IOC_CACHE_DESTROY, cache,
		  count_members, EBUSY);
	run("obj free",
	    (struct mymm_op){ .op = MYMM_OP_OBJ_FREE, .handle = object },
	    (struct member[]){ M(mymm_op, op, SENT), M(mymm_op, flags, SENT),
			       M(mymm_op, handle, SENT),
			       M(mymm_op, cache, SENT), M(mymm_op, arg, SENT),
			       M(mymm_op, pfn, SENT), M(mymm_op, bytes, SENT),
			       M(mymm_op, result, ZERO), M(mymm_op, node, SENT),
			       M(mymm_op, reason, ZERO),
			       M(mymm_op, order, ZERO), END });
	for_cache("CACHE_DESTROY", MYMM_IOC_CACHE_DESTROY, cache,
		  no_count_members, 0);
	check_drain();
	check_old();
	check_named();
	check_clock();
	return wrong;
}
