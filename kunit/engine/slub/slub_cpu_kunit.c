// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine's CPUs: their active slab, their partial slabs, and how slabs pass between
 * them and nodes.
 *
 * Tests ask the engine itself, past the magazines, so each object comes from where they say.
 * A slab is a page with 64 objects, a CPU may have four partial ones, and min_partial is 5
 * (see slubs.c). For several CPUs at once see slub_remote_kunit.c.
 *
 * Tests: engine/slub/slub_cpu.c engine/slub/slub_count.c
 */
#include <linux/smp.h>

#include "lib/corrupt.h"
#include "lib/slubs.h"
#include "page/pcp.h"

/* Objects of so many slabs, one slab after the other; the last slab is active, and full. */
static void **fill(struct kunit *test, struct mymm_cache *cache,
		   unsigned int slabs)
{
	void **objs = kunit_kcalloc(test, slabs * MYMM_IN_SLAB, sizeof(*objs),
				    GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < slabs; i++)
		KUNIT_EXPECT_EQ(test,
				cache->engine->alloc(cache, GFP_NOWAIT,
						     MYMM_IN_SLAB,
						     objs + i * MYMM_IN_SLAB),
				MYMM_IN_SLAB);
	return objs;
}

static void *take(struct mymm_cache *cache)
{
	void *obj = NULL;

	cache->engine->alloc(cache, GFP_NOWAIT, 1, &obj);
	return obj;
}

/* --- frozen ------------------------------------------------------------------- */

/*
 * The first slab is active until more is wanted than it has; then it is the node's, on the
 * full list. When an object of it comes back it is the CPU's again, and stays that when all
 * of them have. It is next when the second one is full.
 */
static void frozen(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_slub_cache(test, pool, "frozen");
	struct mymm_slub_node *n = mymm_test_slub_node(cache, 0);
	struct mymm_slub_cpu *c;
	void **objs, *obj;
	unsigned int i;

	migrate_disable();
	c = this_cpu_ptr(mymm_slubs_of(cache)->cpu);
	objs = fill(test, cache, 1);
	KUNIT_EXPECT_EQ(test, c->active, mymm_test_slab_at(cache, objs[0]));
	KUNIT_EXPECT_EQ(test, c->nr_inuse, MYMM_IN_SLAB);
	KUNIT_EXPECT_EQ(test, n->nr_slabs, 1);
	KUNIT_EXPECT_EQ(test, n->nr_frozen, 1);
	KUNIT_EXPECT_EQ(test, n->nr_inuse, 0);

	obj = take(cache);
	KUNIT_EXPECT_EQ(test, c->active, mymm_test_slab_at(cache, obj));
	KUNIT_EXPECT_NE(test, c->active, mymm_test_slab_at(cache, objs[0]));
	KUNIT_EXPECT_EQ(test, c->nr_slabs, 1);
	KUNIT_EXPECT_EQ(test, n->nr_slabs, 2);
	KUNIT_EXPECT_EQ(test, n->nr_frozen, 1);
	KUNIT_EXPECT_EQ(test, n->nr_inuse, MYMM_IN_SLAB);

	mymm_test_give(cache, 1, &objs[0]);
	KUNIT_EXPECT_EQ(test, c->partial, mymm_test_slab_at(cache, objs[0]));
	KUNIT_EXPECT_EQ(test, c->nr_partial, 1);
	KUNIT_EXPECT_EQ(test, n->nr_frozen, 2);
	KUNIT_EXPECT_EQ(test, n->nr_inuse, 0);
	mymm_test_give(cache, MYMM_IN_SLAB - 1, objs + 1);
	KUNIT_EXPECT_EQ(test, c->nr_empty, 1);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 1);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 1);
	KUNIT_EXPECT_EQ(test, cache->engine->empty(cache), 1);
	MYMM_EXPECT_SOUND(test, pool);

	/* What came back last is first. */
	for (i = 1; i < MYMM_IN_SLAB; i++)
		take(cache);
	KUNIT_EXPECT_PTR_EQ(test, take(cache), objs[MYMM_IN_SLAB - 1]);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 2);

	/* All but what the last loop took, which is the slab of obj. */
	mymm_test_give(cache, 1, &objs[MYMM_IN_SLAB - 1]);
	for (i = 0; i < MYMM_IN_SLAB; i++) {
		void *at =
			mymm_pool_address(pool, mymm_test_slab_at(cache, obj)) +
			i * cache->size;

		mymm_test_give(cache, 1, &at);
	}
	migrate_enable();
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

/*
 * Seven full slabs, 0 to 6, of which 6 is active. One object of each of 0 to 3 comes back: the
 * CPU has four partial slabs, which is all that it may. With one of slab 4 these go to the
 * end of the node's list, the last to come first: 3 2 1 0.
 *
 * There all of them become empty, and are kept: they are not five. Slab 4 becomes empty too,
 * and slab 5 partial. When the CPU loses both, 5 goes to the list, which has five slabs then;
 * so 4, which comes after it, goes back to the pool. The active slab becomes the first.
 */
static void overflow(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_slub_cache(test, pool, "overflow");
	u32 list = mymm_slub_list(cache, 0, MYMM_SLUB_PARTIAL), idx;
	struct mymm_slub_node *n = mymm_test_slub_node(cache, 0);
	struct mymm_slub_cpu *c;
	unsigned int i;
	void **objs;

	migrate_disable();
	c = this_cpu_ptr(mymm_slubs_of(cache)->cpu);
	objs = fill(test, cache, 7);
	for (i = 0; i < 4; i++) {
		mymm_test_give(cache, 1, &objs[i * MYMM_IN_SLAB]);
		KUNIT_EXPECT_EQ(test, c->nr_partial, i + 1);
	}
	KUNIT_EXPECT_EQ(test, n->nr_partial, 0);
	mymm_test_give(cache, 1, &objs[4 * MYMM_IN_SLAB]);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 1);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 4);
	idx = list;
	for (i = 4; i--;) {
		idx = cache->frame[idx].next;
		KUNIT_EXPECT_EQ_MSG(test, idx,
				    mymm_test_slab_at(cache,
						      objs[i * MYMM_IN_SLAB]),
				    "slab %u", i);
	}

	for (i = 0; i < 5; i++)
		mymm_test_give(cache, MYMM_IN_SLAB - 1,
			       &objs[i * MYMM_IN_SLAB + 1]);
	KUNIT_EXPECT_EQ(test, n->nr_empty, 4);
	KUNIT_EXPECT_EQ(test, c->nr_empty, 1);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 7);
	mymm_test_give(cache, 1, &objs[5 * MYMM_IN_SLAB]);
	mymm_test_give(cache, 1, &objs[6 * MYMM_IN_SLAB]);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 2);
	cache->engine->drain_cpu(cache, smp_processor_id());
	KUNIT_EXPECT_EQ(test, c->nr_slabs, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 6);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 6);
	KUNIT_EXPECT_EQ(test, cache->frame[list].next,
			mymm_test_slab_at(cache, objs[6 * MYMM_IN_SLAB]));
	KUNIT_EXPECT_EQ(test, cache->frame[list].prev,
			mymm_test_slab_at(cache, objs[5 * MYMM_IN_SLAB]));
	MYMM_EXPECT_SOUND(test, pool);

	/*
	 * A CPU without anything gets the first, and three more: half of its four, and one.
	 * They come from the list in its order, and are used last to first.
	 */
	KUNIT_EXPECT_PTR_EQ(test, take(cache), objs[6 * MYMM_IN_SLAB]);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 3);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 2);
	KUNIT_EXPECT_EQ(test, c->partial,
			mymm_test_slab_at(cache, objs[1 * MYMM_IN_SLAB]));
	mymm_test_give(cache, 1, &objs[6 * MYMM_IN_SLAB]);

	mymm_test_give(cache, MYMM_IN_SLAB - 1, &objs[5 * MYMM_IN_SLAB + 1]);
	mymm_test_give(cache, MYMM_IN_SLAB - 1, &objs[6 * MYMM_IN_SLAB + 1]);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 6);
}

/* --- limits --------------------------------------------------------------------- */

/* set_cpu_partial() of 6.1 and 6.12, and the same as slabs that are half full. */
static void limits_by_size(struct kunit *test)
{
	static const struct {
		unsigned int size, cpu_partial;
	} sizes[] = {
		{ 8, 120 },   { 64, 120 },  { 248, 120 },
		{ 256, 52 },  { 1016, 52 }, { 1024, 24 },
		{ 4088, 24 }, { 4096, 6 },  { 8192, 6 },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache_limits limits;
	unsigned int i, num;
	char name[16];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct mymm_cache *cache;

		snprintf(name, sizeof(name), "size-%u", sizes[i].size);
		cache = mymm_test_cache(test, pool, name, sizes[i].size);
		cache->engine->get_limits(cache, &limits);
		KUNIT_EXPECT_EQ_MSG(test, limits.cpu_partial,
				    sizes[i].cpu_partial, "%s", name);
		num = (PAGE_SIZE << cache->order) / sizes[i].size;
		KUNIT_EXPECT_EQ_MSG(test, mymm_slubs_of(cache)->cpu_slabs,
				    (2 * sizes[i].cpu_partial + num - 1) / num,
				    "%s", name);
	}
}

/* They are set, and CPUs lose what they have; what makes no sense changes nothing. */
static void limits_set(struct kunit *test)
{
	static const struct mymm_cache_config debug = {
		.name = "debug",
		.size = 64,
		.flags = SLAB_POISON,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_slub_cache(test, pool, "limits");
	struct mymm_cache *checked = mymm_test_cache_config(test, pool, &debug);
	struct mymm_cache_limits limits = { 2, 0 };
	void **objs;

	migrate_disable();
	objs = fill(test, cache, 4);
	mymm_test_give(cache, 1, &objs[0]);
	MYMM_EXPECT_OK(test, cache->engine->set_limits(cache, &limits));
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, 0)->nr_frozen, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, 0)->nr_partial, 1);
	/* No more than two partial ones are kept if they are empty, and none is a CPU's. */
	mymm_test_give(cache, MYMM_IN_SLAB, &objs[MYMM_IN_SLAB]);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, 0)->nr_partial, 2);
	mymm_test_give(cache, MYMM_IN_SLAB, &objs[2 * MYMM_IN_SLAB]);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 3);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, 0)->nr_frozen, 0);
	mymm_test_give(cache, MYMM_IN_SLAB, &objs[3 * MYMM_IN_SLAB]);
	mymm_test_give(cache, MYMM_IN_SLAB - 1, &objs[1]);
	migrate_enable();

	limits.cpu_partial = 4097;
	KUNIT_EXPECT_EQ(test, cache->engine->set_limits(cache, &limits),
			-EINVAL);
	cache->engine->get_limits(cache, &limits);
	KUNIT_EXPECT_EQ(test, limits.cpu_partial, 0);
	limits.cpu_partial = 1;
	KUNIT_EXPECT_EQ(test, checked->engine->set_limits(checked, &limits),
			-EINVAL);
	checked->engine->get_limits(checked, &limits);
	KUNIT_EXPECT_EQ(test, limits.cpu_partial, 0);
}

/*
 * Two nodes of 16 frames: 16 full slabs on this CPU's, then 8 on the other, of which the last
 * is active. With no partial slabs of CPUs, objects come back one by one, slab by slab: of
 * either node four empty slabs are kept, as with five the last one to become empty goes
 * back. The active one is the CPU's and stays.
 */
static void min_partial_by_node(struct kunit *test)
{
	static const struct mymm_pool_config two = {
		.name = "two",
		.zones = "Normal:64K",
		.nodes = 2,
		.flags = MYMM_POOL_BARE,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &two);
	struct mymm_cache *cache = mymm_test_slub_cache(test, pool, "nodes");
	struct mymm_cache_limits limits = { 5, 0 };
	unsigned int i;
	void **objs;
	int local;

	MYMM_EXPECT_OK(test, cache->engine->set_limits(cache, &limits));
	migrate_disable();
	local = mymm_pool_local(pool)->id;
	objs = fill(test, cache, 24);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, local)->nr_slabs, 16);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, !local)->nr_slabs, 8);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, !local)->nr_frozen, 1);
	for (i = 0; i < 24 * MYMM_IN_SLAB; i++)
		mymm_test_give(cache, 1, &objs[i]);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, local)->nr_slabs, 4);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, local)->nr_partial, 4);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, !local)->nr_slabs, 5);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, !local)->nr_partial,
			4);
	MYMM_EXPECT_SOUND(test, pool);
	/*
	 * The active slab first, then the four of this node; the other's four are not more than
	 * min_partial, so new slabs are made, here.
	 */
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test,
				cache->engine->alloc(cache, GFP_NOWAIT,
						     MYMM_IN_SLAB,
						     objs + i * MYMM_IN_SLAB),
				MYMM_IN_SLAB);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, local)->nr_slabs, 5);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, !local)->nr_partial,
			4);
	mymm_test_give(cache, 6 * MYMM_IN_SLAB, objs);
	migrate_enable();
}

/* --- the validator ---------------------------------------------------------------------- */

/* This CPU has an active slab, with ten objects used, and two partial ones. */
static void each_invariant(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_slub_cache(test, pool, "broken");
	struct mymm_slub_node *n = mymm_test_slub_node(cache, 0);
	struct mymm_frame *table = pool->frame;
	struct mymm_corrupt *corrupt;
	struct mymm_slub_cpu *c;
	void *objs[10], **full;
	unsigned int cpu;

	migrate_disable();
	cpu = smp_processor_id();
	c = mymm_test_slub_cpu(cache, cpu);
	full = fill(test, cache, 2);
	KUNIT_ASSERT_EQ(test, cache->engine->alloc(cache, GFP_NOWAIT, 10, objs),
			10);
	mymm_test_give(cache, 1, &full[0]);
	mymm_test_give(cache, 1, &full[MYMM_IN_SLAB]);
	migrate_enable();
	KUNIT_ASSERT_EQ(test, c->nr_partial, 2);
	corrupt = mymm_corrupt_new(test, pool, cache, NULL);

#define BREAK(invariant, what)                                           \
	do {                                                             \
		what;                                                    \
		mymm_corrupt_expect(corrupt, invariant, #what, "a CPU"); \
	} while (0)

	BREAK(7, c->nr_slabs++);
	BREAK(7, c->nr_partial++);
	BREAK(7, c->nr_partial--);
	BREAK(7, c->nr_inuse++);
	BREAK(7, c->nr_empty++);
	BREAK(7, c->active = MYMM_NO_FRAME);
	BREAK(7, c->partial = MYMM_NO_FRAME);
	BREAK(7, c->partial = table[c->partial].next);
	BREAK(7, n->nr_frozen--);
	BREAK(7, n->frozen_objects++);
	BREAK(7, n->nr_frozen++; n->nr_slabs++);
	BREAK(5, c->active = pool->nr_frames);
	BREAK(5, table[c->partial].next = pool->nr_frames);
	BREAK(7, table[c->partial].next = c->partial);
	BREAK(5, table[c->active].prev = MYMM_SLUB_CPU | (cpu + 1));
	BREAK(5, table[c->active].prev = MYMM_SLUB_UNOWNED);
	BREAK(5, table[c->partial].prev = 0);
	BREAK(5, table[c->partial].inuse = MYMM_IN_SLAB;
	      table[c->partial].free = MYMM_FREELIST_END);
	BREAK(6, table[c->active].inuse++);
	BREAK(6, table[c->partial].inuse--);
	BREAK(6, table[c->active].free = MYMM_FREELIST_END);
	BREAK(9, table[c->active].cache ^= 1);
	BREAK(9, table[c->partial].start += 64);
#undef BREAK
	KUNIT_EXPECT_EQ(test, corrupt->cases, 23);
	mymm_test_give(cache, 10, objs);
	mymm_test_give(cache, MYMM_IN_SLAB - 1, full + 1);
	mymm_test_give(cache, MYMM_IN_SLAB - 1, full + MYMM_IN_SLAB + 1);
}

static struct kunit_case slubcpu_cases[] = {
	KUNIT_CASE(frozen),
	KUNIT_CASE(overflow),
	KUNIT_CASE(limits_by_size),
	KUNIT_CASE(limits_set),
	KUNIT_CASE(min_partial_by_node),
	KUNIT_CASE(each_invariant),
	{},
};

static struct kunit_suite slubcpu_suite = {
	.name = "mymm_slubcpu",
	.test_cases = slubcpu_cases,
};

kunit_test_suite(slubcpu_suite);
