// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of many kinds at once: 10^5 random operations against a model.
 *
 * Caches of nine kinds, size classes, large kmallocs and pages share a pool that is too small for
 * all that is requested of it. The model has a bit for each 8 bytes of the pool's memory:
 * allocated or not. An allocation must lie in the pool, on bytes that are not allocated, and is
 * filled to its last usable byte with a value of its own, which must be there when it is freed.
 * So an overlap is found at once, and a write by the allocator later.
 *
 * An allocation may fail only if there is nothing: no free object in a slab of the cache,
 * and no block for a slab in any zone that would do. And when magazines were emptied,
 * a cache must count exactly as many objects as the model has.
 *
 * Under slob caches share their pages, so what is free in one need not be in one piece, and
 * an object is freed by its cache alone.
 *
 * Tests: cache/cache.c cache/kmalloc.c cache/bulk.c
 */
#include <linux/bitmap.h>
#include <linux/log2.h>

#include "lib/util.h"

#define OPERATIONS 100000
#define MAX_LIVE 6000
#define MAX_BULK 40
#define GRANULE 8

static void fill_object(void *obj)
{
	memset(obj, 0x5c, 40);
}

static const struct mymm_cache_config configs[] = {
	{ .name = "tiny", .size = 8 },
	{ .name = "odd", .size = 25 },
	{ .name = "line", .size = 100, .flags = SLAB_HWCACHE_ALIGN },
	{ .name = "poison", .size = 120, .flags = SLAB_POISON },
	{ .name = "ctor", .size = 40, .ctor = fill_object },
	{ .name = "medium", .size = 700, .flags = SLAB_RECLAIM_ACCOUNT },
	{ .name = "aligned", .size = 1000, .align = 1024 },
	{ .name = "large", .size = 5000 },
	{ .name = "dma", .size = 64, .flags = SLAB_CACHE_DMA },
};

/* Kinds: a cache of the above by its number, or one of these. */
enum { KMALLOC = ARRAY_SIZE(configs), PAGES, KINDS };

struct live {
	void *ptr;
	u32 size;
	u8 kind;
	u8 fill;
};

struct ops {
	struct kunit *test;
	struct mymm_pool *pool;
	struct mymm_cache *cache[ARRAY_SIZE(configs)];
	struct rnd_state random;
	unsigned long *taken; /* a bit for each granule */
	struct live *live;
	u32 nr_live;
	u32 nr_of_kind[KINDS];
	u32 next_fill;
	unsigned long op;
	unsigned long failed;
	unsigned long drained;
	bool slob;
	bool bad;
};

static u32 below(struct ops *ops, u32 end)
{
	return mymm_test_below(&ops->random, end);
}

static void fail(struct ops *ops, const char *what, unsigned int kind,
		 const void *ptr)
{
	if (ops->bad)
		return;
	ops->bad = true;
	KUNIT_FAIL(ops->test, "operation %lu, kind %u, at +%#lx: %s", ops->op,
		   kind, (unsigned long)(ptr - ops->pool->base), what);
}

/* --- the model ------------------------------------------------------------------- */

/* Mark the granules of @live taken, or free again; false if one was that already. */
static bool turn(struct ops *ops, const struct live *live, bool taken)
{
	unsigned long first = (live->ptr - ops->pool->base) / GRANULE;
	unsigned long nr = DIV_ROUND_UP(live->size, GRANULE);

	if (taken) {
		if (find_next_bit(ops->taken, first + nr, first) < first + nr)
			return false;
		bitmap_set(ops->taken, first, nr);
		return true;
	}
	if (find_next_zero_bit(ops->taken, first + nr, first) < first + nr)
		return false;
	bitmap_clear(ops->taken, first, nr);
	return true;
}

/* Check an allocation and add it to the model. */
static void take(struct ops *ops, void *ptr, u32 size, unsigned int kind,
		 gfp_t gfp)
{
	struct live *live = &ops->live[ops->nr_live];
	bool ctor = kind < KMALLOC && configs[kind].ctor;

	*live = (struct live){
		.ptr = ptr,
		.size = size,
		.kind = kind,
		.fill = ctor ? 0x5c : ops->next_fill++ % 251,
	};
	if ((unsigned long)ptr % GRANULE || ptr < ops->pool->base ||
	    ptr + size > ops->pool->base + ops->pool->bytes) {
		fail(ops, "it is not in the pool", kind, ptr);
		return;
	}
	if (!turn(ops, live, true))
		fail(ops, "somebody has a part of it", kind, ptr);
	if ((gfp & __GFP_ZERO) && !ctor && memchr_inv(ptr, 0, size))
		fail(ops, "it is not zeroed", kind, ptr);
	if (ctor && memchr_inv(ptr, 0x5c, size))
		fail(ops, "it is not as the constructor made it", kind, ptr);
	memset(ptr, live->fill, size);
	ops->nr_live++;
	ops->nr_of_kind[kind]++;
}

/* Check object number @i and remove it from the model; it is to be freed. */
static struct live give(struct ops *ops, u32 i)
{
	struct live live = ops->live[i];

	if (memchr_inv(live.ptr, live.fill, live.size))
		fail(ops, "somebody else wrote to it", live.kind, live.ptr);
	if (!turn(ops, &live, false))
		fail(ops, "the model lost it", live.kind, live.ptr);
	ops->live[i] = ops->live[--ops->nr_live];
	ops->nr_of_kind[live.kind]--;
	return live;
}

/* --- the operations ---------------------------------------------------------------- */

static bool block_exists(struct ops *ops, gfp_t gfp, unsigned int order)
{
	unsigned int zones = gfp & __GFP_DMA ? 1 : ops->pool->nr_zones, i;
	struct mymm_zone_snapshot snap;

	for (i = 0; i < zones; i++) {
		unsigned int o;

		mymm_zone_read(&ops->pool->zone[i], &snap);
		for (o = order; o < MYMM_NR_ORDERS; o++)
			if (snap.nr_free[o])
				return true;
	}
	return false;
}

/* Was it right that @cache had no object? */
static void check_failure(struct ops *ops, struct mymm_cache *cache,
			  unsigned int kind)
{
	ops->failed++;
	if (!ops->slob && mymm_test_active(cache) != mymm_test_objects(cache))
		fail(ops, "it failed though a slab has free objects", kind,
		     ops->pool->base);
	if (block_exists(ops, cache->gfp, cache->min_order))
		fail(ops, "it failed though there are pages for a slab", kind,
		     ops->pool->base);
}

static void alloc_object(struct ops *ops, unsigned int kind, gfp_t gfp)
{
	struct mymm_cache *cache = ops->cache[kind];
	void *obj = mymm_cache_alloc(cache, gfp);

	if (obj)
		take(ops, obj, configs[kind].size, kind, gfp);
	else
		check_failure(ops, cache, kind);
}

static void alloc_bulk(struct ops *ops, unsigned int kind, gfp_t gfp)
{
	u32 nr = below(ops, MAX_BULK) + 1, i;
	void *objs[MAX_BULK];
	int got;

	got = mymm_cache_alloc_bulk(ops->cache[kind], gfp, nr, objs);
	if (got != nr) {
		ops->failed++;
		if (got)
			fail(ops, "a part of a bulk", kind, ops->pool->base);
		return;
	}
	for (i = 0; i < nr; i++)
		take(ops, objs[i], configs[kind].size, kind, gfp);
}

static void alloc_bytes(struct ops *ops, gfp_t gfp)
{
	static const u32 most[] = { 64, 200, 1000, 8192, 20000 };
	u32 size = below(ops, most[below(ops, ARRAY_SIZE(most))]) + 1;
	void *ptr = mymm_kmalloc(ops->pool, size, gfp);
	size_t usable = mymm_ksize(ptr);

	if (!ptr) {
		ops->failed++;
		return;
	}
	if (usable < size)
		fail(ops, "it is smaller than asked for", KMALLOC, ptr);
	take(ops, ptr, gfp & __GFP_ZERO ? size : usable, KMALLOC, gfp);
}

static void alloc_block(struct ops *ops, gfp_t gfp)
{
	unsigned int order = below(ops, 4);
	struct mymm_frame *frame = mymm_alloc_pages(ops->pool, gfp, order);

	if (frame) {
		take(ops, mymm_frame_address(ops->pool, frame),
		     PAGE_SIZE << order, PAGES, gfp);
		return;
	}
	ops->failed++;
	if (block_exists(ops, gfp, order))
		fail(ops, "pages failed though there are some", PAGES,
		     ops->pool->base);
}

static void allocate(struct ops *ops)
{
	gfp_t gfp = (below(ops, 2) ? GFP_KERNEL : GFP_ATOMIC) | __GFP_NOWARN;
	unsigned int kind = below(ops, KINDS + 4);

	if (!below(ops, 4))
		gfp |= __GFP_ZERO;
	if (kind == PAGES)
		alloc_block(ops, gfp);
	else if (kind >= KMALLOC)
		alloc_bytes(ops, gfp);
	else if (below(ops, 8))
		alloc_object(ops, kind, gfp);
	else
		alloc_bulk(ops, kind, gfp);
}

static void free_one(struct ops *ops)
{
	struct live live = give(ops, below(ops, ops->nr_live));
	int err;

	switch (live.kind) {
	case PAGES:
		err = mymm_free_pages(ops->pool, mymm_address_frame(live.ptr),
				      ilog2(live.size / PAGE_SIZE));
		break;
	case KMALLOC:
		err = mymm_kfree(live.ptr);
		break;
	default:
		/* By its cache, or as the kernel does it too, without. */
		if (ops->slob || below(ops, 4))
			err = mymm_cache_free(ops->cache[live.kind], live.ptr);
		else
			err = mymm_kfree(live.ptr);
		break;
	}
	if (err)
		fail(ops, "it can't be freed", live.kind, live.ptr);
}

static void free_bulk(struct ops *ops)
{
	unsigned int kind = below(ops, KMALLOC), tries = 4 * MAX_BULK;
	void *objs[MAX_BULK];
	u32 nr = 0;

	while (nr < MAX_BULK && ops->nr_live && tries--) {
		u32 i = below(ops, ops->nr_live);

		if (ops->live[i].kind == kind)
			objs[nr++] = give(ops, i).ptr;
	}
	if (mymm_cache_free_bulk(ops->cache[kind], nr, objs))
		fail(ops, "a bulk can't be freed", kind, ops->pool->base);
}

/* With the magazines empty, what a cache counts is what the model has. */
static void count(struct ops *ops, unsigned int kind)
{
	if (mymm_test_active(ops->cache[kind]) != ops->nr_of_kind[kind])
		fail(ops, "it counts other objects than there are", kind,
		     ops->pool->base);
}

static void tidy(struct ops *ops)
{
	unsigned int kind = below(ops, KMALLOC + 1);

	ops->drained++;
	if (kind < KMALLOC) {
		mymm_cache_shrink(ops->cache[kind]);
		count(ops, kind);
		return;
	}
	mymm_pool_drain(ops->pool);
	while (kind--)
		count(ops, kind);
}

/* --- the ops ------------------------------------------------------------------------ */

static void begin(struct kunit *test, struct ops *ops)
{
	unsigned int i;

	ops->test = test;
	ops->slob = !strcmp(mymm_test_engine(test), "slob");
	ops->pool = mymm_test_pool(test, "DMA:1000K,Normal:2500K");
	for (i = 0; i < KMALLOC; i++) {
		struct mymm_cache_config config = configs[i];

		if (ops->slob)
			config.flags &= ~SLAB_POISON;
		ops->cache[i] =
			mymm_test_cache_config(test, ops->pool, &config);
	}
	ops->taken = kunit_kcalloc(test,
				   BITS_TO_LONGS(ops->pool->bytes / GRANULE),
				   sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ops->taken);
	ops->live = kunit_kcalloc(test, MAX_LIVE + MAX_BULK, sizeof(*ops->live),
				  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ops->live);
	mymm_test_random(test, &ops->random);
}

static void random_object_ops(struct kunit *test)
{
	struct ops ops = {};
	u32 wanted = 0, grow;

	begin(test, &ops);
	for (ops.op = 0; ops.op < OPERATIONS && !ops.bad; ops.op++) {
		if (ops.op % 2000 == 0)
			wanted = below(&ops, MAX_LIVE);
		if (!below(&ops, 300))
			tidy(&ops);
		grow = ops.nr_live < wanted ? below(&ops, 8) : !below(&ops, 8);
		if (grow && ops.nr_live < MAX_LIVE)
			allocate(&ops);
		else if (ops.nr_live && below(&ops, 10))
			free_one(&ops);
		else if (ops.nr_live)
			free_bulk(&ops);
		if (ops.op < 2000 || ops.op % 97 == 0)
			MYMM_EXPECT_SOUND(test, ops.pool);
	}
	while (ops.nr_live)
		free_one(&ops);
	kunit_info(test, "%lu allocations failed, %lu times tidied", ops.failed,
		   ops.drained);
	KUNIT_EXPECT_GT(test, ops.failed, 100);
	KUNIT_EXPECT_GT(test, ops.drained, 100);
}

static struct kunit_case objects_cases[] = {
	MYMM_CASE_ENGINES(random_object_ops),
	{},
};

static struct kunit_suite objects_suite = {
	.name = "mymm_objects",
	.test_cases = objects_cases,
};

kunit_test_suite(objects_suite);
