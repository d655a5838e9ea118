// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of slabs: allocating, counting, and freeing them; at once, or after a grace period
 * of RCU.
 *
 * An object of a cache with %SLAB_TYPESAFE_BY_RCU may be freed, and allocated again, while a
 * reader under rcu_read_lock() still uses it: the reader then checks its identity. It can
 * rely on the memory being *an object of this cache*, with what its constructor wrote. So
 * slabs, not objects, wait for a grace period:
 *
 *      all free           off the lists, of no cache          grace period over
 *      [o o o o o]  --->  [o o o o o]  call_rcu()  - - - >    free pages
 *                         as they were
 *
 * The objects are not written to, so the rcu_head is in the slab's first frame, in place of
 * the fields that only a slab uses. In that state the frames are an allocated block of pages;
 * neither a free nor an allocation of objects reaches it.
 *
 * The callback finds the pool by the frame's address, since the cache may be gone by then. A
 * pool waits for its slabs before it ends (mymm_slabs_wait()), since their rcu_heads are in
 * its frame table.
 *
 * Limits. Giving such a slab back calls call_rcu(), so a caller that frees objects of such
 * a cache must hold no lock that this may need, as with the kernel's own. Reclaim gets
 * nothing from it at once.
 */
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "object/cache.h"
#include "page/page_alloc.h"
#include "object/slab_pages.h"
#include "page/page_free.h"
#include "page/registry.h"

static_assert(offsetofend(struct mymm_frame, rcu) ==
			      sizeof(struct mymm_frame) &&
		      offsetof(struct mymm_frame, rcu) ==
			      offsetof(struct mymm_frame, links),
	      "the rcu_head leaves the tag as it is");

/**
 * mymm_cache_count_pages() - count the pages of a slab
 * @cache: its cache
 * @slab: its first frame; its tag has the order
 * @sign: 1: it was allocated; -1: it is being freed
 *
 * Context: any but NMI.
 */
void mymm_cache_count_pages(struct mymm_cache *cache,
			    const struct mymm_frame *slab, long sign)
{
	struct mymm_zone *zone = mymm_pool_zone(cache->pool, slab->tag);

	atomic_long_add(
		sign * (1L << mymm_tag_order(slab->tag)),
		&zone->nr_slab[!!(cache->flags & SLAB_RECLAIM_ACCOUNT)]);
	if (sign < 0)
		atomic_long_inc(&cache->stats.given_back);
	else
		mymm_count_slab_made(&cache->stats);
}

/**
 * mymm_cache_get_pages() - allocate the pages of a slab
 * @cache: the cache
 * @node: the preferred node, or %NUMA_NO_NODE
 * @gfp: how to allocate
 * @order: of the block
 *
 * Context: any but NMI, with no lock of this module held; sleeps if @gfp allows.
 * Return: the block, not yet counted; or NULL.
 */
struct mymm_frame *mymm_cache_get_pages(struct mymm_cache *cache, int node,
					gfp_t gfp, unsigned int order)
{
	const struct mymm_owner owner = { .caller = _RET_IP_ };
	unsigned long switches = current->nvcsw;
	struct mymm_frame *block;

	block = __mymm_alloc_pages_node(cache->pool, node, gfp, order, owner);
	if (gfpflags_allow_blocking(gfp) && current->nvcsw != switches)
		atomic_long_inc(&cache->stats.slept);
	return block;
}

static void free_pages_now(struct mymm_pool *pool, struct mymm_frame *slab)
{
	const struct mymm_owner owner = { .caller = _THIS_IP_ };
	unsigned int order = mymm_tag_order(slab->tag);

	atomic_long_add(1L << order, &pool->reclaim.slab_freed);
	__mymm_free_pages(pool, slab, order, owner);
}

/* The pool whose table a frame is in; NULL if it is not in the registry any more. */
static struct mymm_pool *pool_of_frame(const struct mymm_frame *frame)
{
	struct mymm_pool *pool;

	list_for_each_entry_rcu(pool, &mymm_pools, node)
		if ((unsigned long)frame - (unsigned long)pool->frame <
		    pool->nr_frames * sizeof(*frame))
			return pool;
	return NULL;
}

static void free_pages_rcu(struct rcu_head *rcu)
{
	struct mymm_frame *slab = container_of(rcu, struct mymm_frame, rcu);
	struct mymm_pool *pool;

	guard(rcu)();
	pool = pool_of_frame(slab);
	/* The pool is being destroyed, and its memory freed as a whole. */
	if (!pool)
		return;
	if (!mymm_pool_dead(pool))
		free_pages_now(pool, slab);
	atomic_long_dec(&pool->rcu_slabs);
}

/**
 * mymm_cache_free_pages() - give the pages of an empty slab back
 * @cache: the cache
 * @slab: its first frame, with %MYMM_FRAME_PAGES set again; on no list
 *
 * Context: any but NMI, with no lock of this module held.
 */
void mymm_cache_free_pages(struct mymm_cache *cache, struct mymm_frame *slab)
{
	if (likely(!(cache->flags & SLAB_TYPESAFE_BY_RCU))) {
		free_pages_now(cache->pool, slab);
		return;
	}
	atomic_long_inc(&cache->pool->rcu_slabs);
	call_rcu(&slab->rcu, free_pages_rcu);
}

/**
 * mymm_slabs_wait() - wait until no slab waits for a grace period
 * @pool: the pool
 *
 * Context: process; sleeps. With none of the locks of pool.h held.
 * Return: whether there was one.
 */
bool mymm_slabs_wait(struct mymm_pool *pool)
{
	if (!atomic_long_read(&pool->rcu_slabs))
		return false;
	rcu_barrier();
	return true;
}
