// SPDX-License-Identifier: GPL-2.0
/*
 * States to compare.
 *
 * "Nothing has changed" is said with a state: hashes over everything that belongs to a
 * pool, taken before and after. It costs O(bytes of the pool), so such tests use small
 * ones.
 */
#include <linux/jhash.h>

#include "base/compat.h"
#include "engine/slub/slub.h"
#include "lib/util.h"
#include "page/pcp.h"

/* Each CPU's lists, without the lock and its count of collisions. */
static u32 hash_lists(struct mymm_pool *pool, const struct mymm_zone *zone,
		      u32 hash)
{
	const size_t skip = offsetof(struct mymm_pcp, zone);
	const struct mymm_pcp *pcp;
	int cpu;

	for_each_possible_cpu(cpu) {
		pcp = per_cpu_ptr(pool->cpu, cpu)->by_zone[zone->number];
		hash = jhash((void *)pcp + skip, sizeof(*pcp) - skip, hash);
		hash = jhash(pcp->tail, MYMM_PCP_LISTS * sizeof(*pcp->tail),
			     hash);
	}
	return hash;
}

static u32 hash_zones(struct mymm_pool *pool)
{
	u32 hash = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		const struct mymm_zone *zone = &pool->zone[i];
		const struct mymm_buddy *buddy = &zone->buddy;
		const size_t rest = offsetof(struct mymm_zone, type);
		u32 first = buddy->start >> buddy->block_order;
		u32 last = (buddy->end - 1) >> buddy->block_order;

		/* Neither the lock and what follows from the rest, nor statistics. */
		hash = jhash(buddy, offsetof(struct mymm_buddy, choices), hash);
		hash = jhash((void *)zone + rest,
			     offsetof(struct mymm_zone, allocs) - rest, hash);
		hash = jhash(buddy->pageblock + first, last - first + 1, hash);
		hash = hash_lists(pool, zone, hash);
	}
	return hash;
}

static u32 hash_magazines(const struct mymm_cache *cache, u32 hash)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mymm_magazine *mag = per_cpu_ptr(cache->mag, cpu);

		hash = jhash(mag->objs, mag->count * sizeof(mag->objs[0]),
			     hash ^ mag->count);
	}
	return hash;
}

/* Nodes and CPUs, but for their locks. */
static u32 hash_slubs(const struct mymm_cache *cache, u32 hash)
{
	const size_t node_skip = offsetofend(struct mymm_slub_node, lock);
	const size_t cpu_skip = offsetofend(struct mymm_slub_cpu, lock);
	const struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned int node;
	int cpu;

	for (node = 0; node < s->nr_nodes; node++)
		hash = jhash((void *)&s->node[node] + node_skip,
			     sizeof(s->node[0]) - node_skip, hash);
	for_each_possible_cpu(cpu)
		hash = jhash((void *)per_cpu_ptr(s->cpu, cpu) + cpu_skip,
			     sizeof(*s->cpu) - cpu_skip, hash);
	return hash;
}

static u32 hash_caches(struct mymm_pool *pool)
{
	struct mymm_cache *cache;
	u32 hash = 0;

	guard(mutex)(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list) {
		const unsigned long counts[] = {
			mymm_test_slabs(cache),
			mymm_test_objects(cache),
			mymm_test_active(cache),
			atomic_long_read(&cache->quarantined),
		};

		hash = jhash(counts, sizeof(counts), hash);
		if (cache->engine == &mymm_slub_ops)
			hash = hash_slubs(cache, hash);
		hash = hash_magazines(cache, hash);
	}
	return hash;
}

/* Finish pending splits, and clear what describes them. */
static void settle(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		guard(raw_spinlock_irqsave)(&zone->lock);
		mymm_buddy_finish_split(&zone->buddy);
		zone->buddy.pending =
			(struct mymm_pending_split){ .idx = MYMM_NO_FRAME };
	}
}

/**
 * mymm_test_state() - what a pool is like
 * @pool: the pool
 *
 * Return: its state.
 */
struct mymm_test_state mymm_test_state(struct mymm_pool *pool)
{
	struct mymm_test_state state;
	unsigned int i;

	settle(pool);
	mymm_sanitize_pause(); /* free memory, too */
	state = (struct mymm_test_state){
		.frames =
			jhash(pool->frame, pool->table.pages << PAGE_SHIFT, 0),
		.zones = hash_zones(pool),
		.caches = hash_caches(pool),
		.memory = mymm_pool_has_memory(pool) ?
				  jhash(pool->base, pool->bytes, 0) :
				  0,
	};
	mymm_sanitize_resume();
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		state.refused[i] = atomic_long_read(&pool->refused[i]);
	return state;
}
MYMM_EXPORT_INTERNAL(mymm_test_state);

/**
 * mymm_test_same() - expect that a pool is as it was
 * @test: the test
 * @pool: the pool
 * @before: what it was like
 * @refusal: which counter has grown by one, of enum mymm_refusal; -1: none
 * @where: in the test
 */
void mymm_test_same(struct kunit *test, struct mymm_pool *pool,
		    const struct mymm_test_state *before, int refusal,
		    const char *where)
{
	struct mymm_test_state after = mymm_test_state(pool);
	int i;

	KUNIT_EXPECT_EQ_MSG(test, after.frames, before->frames,
			    "%s: the frame table changed", where);
	KUNIT_EXPECT_EQ_MSG(test, after.zones, before->zones,
			    "%s: the zones' counts changed", where);
	KUNIT_EXPECT_EQ_MSG(test, after.caches, before->caches,
			    "%s: the caches changed", where);
	KUNIT_EXPECT_EQ_MSG(test, after.memory, before->memory,
			    "%s: the memory changed", where);
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		KUNIT_EXPECT_EQ_MSG(test, after.refused[i] - before->refused[i],
				    (long)(i == refusal),
				    "%s: how often refused as %s", where,
				    mymm_refusal_names[i]);
}
MYMM_EXPORT_INTERNAL(mymm_test_same);
