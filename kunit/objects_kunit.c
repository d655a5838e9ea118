// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of many kinds at once: 10^5 random operations against a model.
 *
 * Caches of nine kinds, size classes, large kmallocs and pages share a pool that is too
 * small for all that is asked of it. The model has a bit for each 8 bytes of the
 * pool's memory: in somebody's hands or not. Whatever is allocated must lie in the
 * pool, on bytes that nobody has, and is filled to its last usable byte with a
 * value of its own, which must be there when it is given back. So an overlap is found
 * at once, and a write by the allocator later.
 *
 * An allocation may fail only if there is nothing: no free object in a slab of the cache,
 * and no block for a slab in any zone that would do. And when magazines were emptied,
 * a cache must count exactly as many objects as the model has.
 *
 * Under slob caches share their pages, so what is free in one need not be in one piece, and
 * an object is freed by its cache alone.
 */
#include <linux/bitmap.h>
#include <linux/log2.h>

#include "util.h"

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

struct storm {
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

static u32 below(struct storm *storm, u32 end)
{
	return mymm_test_below(&storm->random, end);
}

static void fail(struct storm *storm, const char *what, unsigned int kind,
		 const void *ptr)
{
	if (storm->bad)
		return;
	storm->bad = true;
	KUNIT_FAIL(storm->test, "operation %lu, kind %u, at +%#lx: %s",
		   storm->op, kind, (unsigned long)(ptr - storm->pool->base),
		   what);
}

/* --- the model ------------------------------------------------------------------- */

/* The granules of @live get to be taken, or free again; were they the other? */
static bool turn(struct storm *storm, const struct live *live, bool taken)
{
	unsigned long first = (live->ptr - storm->pool->base) / GRANULE;
	unsigned long nr = DIV_ROUND_UP(live->size, GRANULE);

	if (taken) {
		if (find_next_bit(storm->taken, first + nr, first) < first + nr)
			return false;
		bitmap_set(storm->taken, first, nr);
		return true;
	}
	if (find_next_zero_bit(storm->taken, first + nr, first) < first + nr)
		return false;
	bitmap_clear(storm->taken, first, nr);
	return true;
}

/* Somebody got something. */
static void take(struct storm *storm, void *ptr, u32 size, unsigned int kind,
		 gfp_t gfp)
{
	struct live *live = &storm->live[storm->nr_live];
	bool ctor = kind < KMALLOC && configs[kind].ctor;

	*live = (struct live){
		.ptr = ptr,
		.size = size,
		.kind = kind,
		.fill = ctor ? 0x5c : storm->next_fill++ % 251,
	};
	if ((unsigned long)ptr % GRANULE || ptr < storm->pool->base ||
	    ptr + size > storm->pool->base + storm->pool->bytes) {
		fail(storm, "it is not in the pool", kind, ptr);
		return;
	}
	if (!turn(storm, live, true))
		fail(storm, "somebody has a part of it", kind, ptr);
	if ((gfp & __GFP_ZERO) && !ctor && memchr_inv(ptr, 0, size))
		fail(storm, "it is not zeroed", kind, ptr);
	if (ctor && memchr_inv(ptr, 0x5c, size))
		fail(storm, "it is not as the constructor made it", kind, ptr);
	memset(ptr, live->fill, size);
	storm->nr_live++;
	storm->nr_of_kind[kind]++;
}

/* Somebody is about to give number @i back. */
static struct live give(struct storm *storm, u32 i)
{
	struct live live = storm->live[i];

	if (memchr_inv(live.ptr, live.fill, live.size))
		fail(storm, "somebody else wrote to it", live.kind, live.ptr);
	if (!turn(storm, &live, false))
		fail(storm, "the model lost it", live.kind, live.ptr);
	storm->live[i] = storm->live[--storm->nr_live];
	storm->nr_of_kind[live.kind]--;
	return live;
}

/* --- the operations ---------------------------------------------------------------- */

static bool block_exists(struct storm *storm, gfp_t gfp, unsigned int order)
{
	unsigned int zones = gfp & __GFP_DMA ? 1 : storm->pool->nr_zones, i;
	struct mymm_zone_snapshot snap;

	for (i = 0; i < zones; i++) {
		unsigned int o;

		mymm_zone_read(&storm->pool->zone[i], &snap);
		for (o = order; o < MYMM_NR_ORDERS; o++)
			if (snap.nr_free[o])
				return true;
	}
	return false;
}

/* Was it right that @cache had no object? */
static void check_failure(struct storm *storm, struct mymm_cache *cache,
			  unsigned int kind)
{
	storm->failed++;
	if (!storm->slob && mymm_test_active(cache) != mymm_test_objects(cache))
		fail(storm, "it failed though a slab has free objects", kind,
		     storm->pool->base);
	if (block_exists(storm, cache->gfp, cache->min_order))
		fail(storm, "it failed though there are pages for a slab", kind,
		     storm->pool->base);
}

static void alloc_object(struct storm *storm, unsigned int kind, gfp_t gfp)
{
	struct mymm_cache *cache = storm->cache[kind];
	void *obj = mymm_cache_alloc(cache, gfp);

	if (obj)
		take(storm, obj, configs[kind].size, kind, gfp);
	else
		check_failure(storm, cache, kind);
}

static void alloc_bulk(struct storm *storm, unsigned int kind, gfp_t gfp)
{
	u32 nr = below(storm, MAX_BULK) + 1, i;
	void *objs[MAX_BULK];
	int got;

	got = mymm_cache_alloc_bulk(storm->cache[kind], gfp, nr, objs);
	if (got != nr) {
		storm->failed++;
		if (got)
			fail(storm, "a part of a bulk", kind,
			     storm->pool->base);
		return;
	}
	for (i = 0; i < nr; i++)
		take(storm, objs[i], configs[kind].size, kind, gfp);
}

static void alloc_bytes(struct storm *storm, gfp_t gfp)
{
	static const u32 most[] = { 64, 200, 1000, 8192, 20000 };
	u32 size = below(storm, most[below(storm, ARRAY_SIZE(most))]) + 1;
	void *ptr = mymm_kmalloc(storm->pool, size, gfp);
	size_t usable = mymm_ksize(ptr);

	if (!ptr) {
		storm->failed++;
		return;
	}
	if (usable < size)
		fail(storm, "it is smaller than asked for", KMALLOC, ptr);
	take(storm, ptr, gfp & __GFP_ZERO ? size : usable, KMALLOC, gfp);
}

static void alloc_block(struct storm *storm, gfp_t gfp)
{
	unsigned int order = below(storm, 4);
	struct mymm_frame *frame = mymm_alloc_pages(storm->pool, gfp, order);

	if (frame) {
		take(storm, mymm_frame_address(storm->pool, frame),
		     PAGE_SIZE << order, PAGES, gfp);
		return;
	}
	storm->failed++;
	if (block_exists(storm, gfp, order))
		fail(storm, "pages failed though there are some", PAGES,
		     storm->pool->base);
}

static void allocate(struct storm *storm)
{
	gfp_t gfp = (below(storm, 2) ? GFP_KERNEL : GFP_ATOMIC) | __GFP_NOWARN;
	unsigned int kind = below(storm, KINDS + 4);

	if (!below(storm, 4))
		gfp |= __GFP_ZERO;
	if (kind == PAGES)
		alloc_block(storm, gfp);
	else if (kind >= KMALLOC)
		alloc_bytes(storm, gfp);
	else if (below(storm, 8))
		alloc_object(storm, kind, gfp);
	else
		alloc_bulk(storm, kind, gfp);
}

static void free_one(struct storm *storm)
{
	struct live live = give(storm, below(storm, storm->nr_live));
	int err;

	switch (live.kind) {
	case PAGES:
		err = mymm_free_pages(storm->pool, mymm_address_frame(live.ptr),
				      ilog2(live.size / PAGE_SIZE));
		break;
	case KMALLOC:
		err = mymm_kfree(live.ptr);
		break;
	default:
		/* By its cache, or as the kernel does it too, without. */
		if (storm->slob || below(storm, 4))
			err = mymm_cache_free(storm->cache[live.kind],
					      live.ptr);
		else
			err = mymm_kfree(live.ptr);
		break;
	}
	if (err)
		fail(storm, "it can't be freed", live.kind, live.ptr);
}

static void free_bulk(struct storm *storm)
{
	unsigned int kind = below(storm, KMALLOC), tries = 4 * MAX_BULK;
	void *objs[MAX_BULK];
	u32 nr = 0;

	while (nr < MAX_BULK && storm->nr_live && tries--) {
		u32 i = below(storm, storm->nr_live);

		if (storm->live[i].kind == kind)
			objs[nr++] = give(storm, i).ptr;
	}
	if (mymm_cache_free_bulk(storm->cache[kind], nr, objs))
		fail(storm, "a bulk can't be freed", kind, storm->pool->base);
}

/* With the magazines empty, what a cache counts is what the model has. */
static void count(struct storm *storm, unsigned int kind)
{
	if (mymm_test_active(storm->cache[kind]) != storm->nr_of_kind[kind])
		fail(storm, "it counts other objects than there are", kind,
		     storm->pool->base);
}

static void tidy(struct storm *storm)
{
	unsigned int kind = below(storm, KMALLOC + 1);

	storm->drained++;
	if (kind < KMALLOC) {
		mymm_cache_shrink(storm->cache[kind]);
		count(storm, kind);
		return;
	}
	mymm_pool_drain(storm->pool);
	while (kind--)
		count(storm, kind);
}

/* --- the storm ------------------------------------------------------------------------ */

static void begin(struct kunit *test, struct storm *storm)
{
	unsigned int i;

	storm->test = test;
	storm->slob = !strcmp(mymm_test_engine(test), "slob");
	storm->pool = mymm_test_pool(test, "DMA:1000K,Normal:2500K");
	for (i = 0; i < KMALLOC; i++) {
		struct mymm_cache_config config = configs[i];

		if (storm->slob)
			config.flags &= ~SLAB_POISON;
		storm->cache[i] =
			mymm_test_cache_config(test, storm->pool, &config);
	}
	storm->taken =
		kunit_kcalloc(test, BITS_TO_LONGS(storm->pool->bytes / GRANULE),
			      sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, storm->taken);
	storm->live = kunit_kcalloc(test, MAX_LIVE + MAX_BULK,
				    sizeof(*storm->live), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, storm->live);
	mymm_test_random(test, &storm->random);
}

static void object_storm(struct kunit *test)
{
	struct storm storm = {};
	u32 wanted = 0, grow;

	begin(test, &storm);
	for (storm.op = 0; storm.op < OPERATIONS && !storm.bad; storm.op++) {
		if (storm.op % 2000 == 0)
			wanted = below(&storm, MAX_LIVE);
		if (!below(&storm, 300))
			tidy(&storm);
		grow = storm.nr_live < wanted ? below(&storm, 8) :
						!below(&storm, 8);
		if (grow && storm.nr_live < MAX_LIVE)
			allocate(&storm);
		else if (storm.nr_live && below(&storm, 10))
			free_one(&storm);
		else if (storm.nr_live)
			free_bulk(&storm);
		if (storm.op < 2000 || storm.op % 97 == 0)
			MYMM_EXPECT_SOUND(test, storm.pool);
	}
	while (storm.nr_live)
		free_one(&storm);
	kunit_info(test, "%lu allocations failed, %lu times tidied",
		   storm.failed, storm.drained);
	KUNIT_EXPECT_GT(test, storm.failed, 100);
	KUNIT_EXPECT_GT(test, storm.drained, 100);
}

static struct kunit_case objects_cases[] = {
	MYMM_CASE_ENGINES(object_storm),
	{},
};

static struct kunit_suite objects_suite = {
	.name = "mymm_objects",
	.test_cases = objects_cases,
};

kunit_test_suite(objects_suite);
