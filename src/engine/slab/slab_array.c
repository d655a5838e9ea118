// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays between magazines and slabs: shared arrays, alien arrays, and how they are drained.
 *
 *          CPU 0     CPU 1            CPU 2     CPU 3
 *             \       /                  \       /
 *            shared array               shared array
 *             |      alien[1] --. .-- alien[0]  |
 *             |                  X              |
 *          slabs of node 0 <----' '----> slabs of node 1
 *
 * Each node has a *shared array* of shared * batchcount objects. A batch that leaves a
 * magazine goes there, and an empty magazine is filled from there. So objects that one CPU
 * allocates and another one frees do not pass through the slabs, and only pointers are copied.
 *
 * An object of another node is kept in the *alien array* for that node. When the array is
 * full, all of it moves to that node: into its shared array, as far as there is room, and
 * into its slabs. Alien arrays have room for @limit objects as of the creation of the cache;
 * tuning it later does not change them, as in SLAB.
 *
 * Objects in these arrays are active: they carry the magazine's cookie, and their slabs count
 * them as in use.
 *
 * The reaper runs every two seconds (reaper.c). It drains the alien arrays of one node, the
 * next one each time. Every second time it takes a fifth of a shared array if nothing was
 * taken from that since, and gives back as many free slabs as hold a fifth of free_limit, if
 * none of them was used since.
 *
 * Locks. That of a node and that of an alien array are never held together: objects that move
 * from one to the other are on the stack meanwhile, and counted as a transfer.
 */
#include <linux/cpumask.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "object/transfer.h"
#include "engine/slab/slab.h"
#include "page/pcp.h"

/**
 * mymm_slab_shared_take() - take from a shared array
 * @n: a node that has one
 * @nr: how many
 * @objs: where to put them
 *
 * Context: any; under the node's lock.
 * Return: how many there were.
 */
unsigned int mymm_slab_shared_take(struct mymm_slab_node *n, unsigned int nr,
				   void **objs)
{
	struct mymm_slab_array *shared = n->shared;

	lockdep_assert_held(&n->lock);
	nr = min(nr, shared->count);
	if (!nr)
		return 0;
	shared->count -= nr;
	shared->touched = true;
	mymm_copy_objects(objs, shared->objs + shared->count, nr);
	return nr;
}

/**
 * mymm_slab_shared_put() - put into a shared array
 * @n: a node that has one
 * @nr: how many
 * @objs: objects of that node
 *
 * Context: any; under the node's lock.
 * Return: for how many there was room; the first ones were put.
 */
unsigned int mymm_slab_shared_put(struct mymm_slab_node *n, unsigned int nr,
				  void **objs)
{
	struct mymm_slab_array *shared = n->shared;

	lockdep_assert_held(&n->lock);
	nr = min(nr, shared->limit - shared->count);
	mymm_copy_objects(shared->objs + shared->count, objs, nr);
	shared->count += nr;
	return nr;
}

/* Move all objects of an alien array to their node. The caller has begun a transfer. */
static void drain_alien(struct mymm_cache *cache, struct mymm_slab_alien *alien,
			int node)
{
	void *objs[MYMM_BATCH_OBJECTS] MYMM_UNCLEARED;
	unsigned long flags;
	unsigned int nr;

	do {
		raw_spin_lock_irqsave(&alien->lock, flags);
		nr = min_t(unsigned int, alien->array.count, ARRAY_SIZE(objs));
		alien->array.count -= nr;
		mymm_copy_objects(objs, alien->array.objs + alien->array.count,
				  nr);
		raw_spin_unlock_irqrestore(&alien->lock, flags);
		if (nr)
			mymm_slab_put_objects(cache, node, nr, objs, true);
	} while (nr);
}

/**
 * mymm_slab_alien_put() - put objects of another node into an alien array
 * @cache: the cache
 * @alien: this node's array for them
 * @node: their node
 * @nr: how many
 * @objs: the objects
 *
 * Context: any but NMI; the caller has begun a transfer.
 */
void mymm_slab_alien_put(struct mymm_cache *cache,
			 struct mymm_slab_alien *alien, int node,
			 unsigned int nr, void **objs)
{
	unsigned long flags;
	unsigned int put;

	/* Caches without magazines have no alien arrays either. */
	if (!alien->array.limit) {
		mymm_slab_put_objects(cache, node, nr, objs, false);
		return;
	}
	while (nr) {
		raw_spin_lock_irqsave(&alien->lock, flags);
		put = min(nr, alien->array.limit - alien->array.count);
		mymm_copy_objects(alien->array.objs + alien->array.count, objs,
				  put);
		alien->array.count += put;
		raw_spin_unlock_irqrestore(&alien->lock, flags);
		nr -= put;
		objs += put;
		if (nr)
			drain_alien(cache, alien, node);
	}
}

/* Free the oldest @nr objects of a node's shared array into their slabs. */
static void drain_shared(struct mymm_cache *cache, int node, unsigned int nr)
{
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[node];
	void *objs[MYMM_BATCH_OBJECTS] MYMM_UNCLEARED;
	unsigned long flags;
	unsigned int some;

	do {
		raw_spin_lock_irqsave(&n->lock, flags);
		some = n->shared ? n->shared->count : 0;
		some = min3(some, nr, (unsigned int)ARRAY_SIZE(objs));
		if (some) {
			mymm_copy_objects(objs, n->shared->objs, some);
			n->shared->count -= some;
			mymm_copy_objects(n->shared->objs,
					  n->shared->objs + some,
					  n->shared->count);
		}
		raw_spin_unlock_irqrestore(&n->lock, flags);
		if (some)
			mymm_slab_put_objects(cache, node, some, objs, false);
		nr -= some;
	} while (some);
}

static void drain_aliens_of(struct mymm_cache *cache, int node)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int here;

	for (here = 0; here < s->nr_nodes; here++)
		if (s->node[here].alien[node])
			drain_alien(cache, s->node[here].alien[node], node);
}

/**
 * mymm_slab_drain_arrays() - free all objects of shared and alien arrays into the slabs
 * @cache: the cache
 *
 * Context: any but NMI.
 */
void mymm_slab_drain_arrays(struct mymm_cache *cache)
{
	unsigned int nodes = mymm_slabs_of(cache)->nr_nodes, node;

	mymm_transfer_begin(cache);
	for (node = 0; node < nodes; node++)
		drain_aliens_of(cache, node);
	for (node = 0; node < nodes; node++)
		drain_shared(cache, node, UINT_MAX);
	mymm_transfer_end(cache);
}
MYMM_EXPORT_INTERNAL(mymm_slab_drain_arrays);

/* Runs at every second run of the reaper. */
static void reap_node(struct mymm_cache *cache, int node)
{
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[node];
	unsigned int fifth = 0;
	unsigned long flags;
	bool touched;

	raw_spin_lock_irqsave(&n->lock, flags);
	if (n->shared && !n->shared->touched) {
		fifth = (n->shared->limit + 4) / 5;
		if (fifth > n->shared->count)
			fifth = (n->shared->count + 1) / 2;
	}
	if (n->shared)
		n->shared->touched = false;
	raw_spin_unlock_irqrestore(&n->lock, flags);
	drain_shared(cache, node, fifth);

	raw_spin_lock_irqsave(&n->lock, flags);
	touched = n->free_touched;
	n->free_touched = false;
	raw_spin_unlock_irqrestore(&n->lock, flags);
	if (!touched)
		mymm_slab_give_free(cache, node,
				    DIV_ROUND_UP(n->free_limit,
						 5 * cache->num));
}

/**
 * mymm_slab_reap() - give back objects and slabs that were not used lately
 * @cache: the cache
 *
 * Context: process. The caller holds pool->lock.
 */
void mymm_slab_reap(struct mymm_cache *cache)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int node;

	lockdep_assert_held(&cache->pool->lock);
	mymm_slab_update_free_limit(cache);
	mymm_transfer_begin(cache);
	drain_aliens_of(cache, s->turn % s->nr_nodes);
	if (++s->turn % 2 == 0)
		for (node = 0; node < s->nr_nodes; node++)
			reap_node(cache, node);
	mymm_transfer_end(cache);
}
MYMM_EXPORT_INTERNAL(mymm_slab_reap);

static bool array_has(const struct mymm_slab_array *array, const void *obj)
{
	unsigned int i;

	for (i = 0; i < array->count; i++)
		if (array->objs[i] == obj)
			return true;
	return false;
}

/**
 * mymm_slab_arrays_have() - is an object in a shared or an alien array?
 * @s: its cache's
 * @node: its node
 * @obj: the object
 *
 * Context: any but NMI.
 * Return: whether it was found; one in transfer may be missed.
 */
bool mymm_slab_arrays_have(struct mymm_slabs *s, int node, const void *obj)
{
	struct mymm_slab_alien *alien;
	unsigned int here;

	for (here = 0; here < s->nr_nodes; here++) {
		alien = s->node[here].alien[node];
		if (!alien)
			continue;
		guard(raw_spinlock_irqsave)(&alien->lock);
		if (array_has(&alien->array, obj))
			return true;
	}
	guard(raw_spinlock_irqsave)(&s->node[node].lock);
	return s->node[node].shared && array_has(s->node[node].shared, obj);
}

/**
 * mymm_slab_arrays_count() - objects in shared and alien arrays
 * @s: the cache's
 *
 * Context: any. The caller holds pool->lock, or is the only user of the cache.
 * Return: how many, approximately.
 */
unsigned long mymm_slab_arrays_count(const struct mymm_slabs *s)
{
	unsigned long nr = 0;
	unsigned int node, of;

	for (node = 0; node < s->nr_nodes; node++) {
		const struct mymm_slab_node *n = &s->node[node];

		if (n->shared)
			nr += READ_ONCE(n->shared->count);
		for (of = 0; of < s->nr_nodes; of++)
			if (n->alien[of])
				nr += READ_ONCE(n->alien[of]->array.count);
	}
	return nr;
}
MYMM_EXPORT_INTERNAL(mymm_slab_arrays_count);

/* --- life ------------------------------------------------------------------ */

/* Number of online CPUs of a node of the pool. */
static unsigned int cpus_of_node(struct mymm_pool *pool, int node)
{
	unsigned int cpu, nr = 0;

	for_each_online_cpu(cpu)
		nr += per_cpu_ptr(pool->cpu, cpu)->node == node;
	return nr;
}

/**
 * mymm_slab_update_free_limit() - set the limit of free objects of each node
 * @cache: the cache
 *
 * To be called when tunables change, and CPUs go online or offline.
 *
 * Context: any but NMI.
 */
void mymm_slab_update_free_limit(struct mymm_cache *cache)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned long limit;
	unsigned int node;

	for (node = 0; node < s->nr_nodes; node++) {
		limit = (1 + cpus_of_node(cache->pool, node)) *
				(unsigned long)s->tunables.batchcount +
			cache->num;
		guard(raw_spinlock_irqsave)(&s->node[node].lock);
		s->node[node].free_limit = limit;
	}
}

static struct mymm_slab_array *new_array(unsigned int limit)
{
	struct mymm_slab_array *array = NULL;

	if (!mymm_inject_fail())
		array = kvzalloc(struct_size(array, objs, limit),
				 GFP_KERNEL | __GFP_NOWARN);
	if (!array)
		return NULL;
	/* It contains pointers to free objects only, and stale ones. */
	kmemleak_no_scan(array);
	array->limit = limit;
	return array;
}

static void free_arrays(struct mymm_slab_array **array, unsigned int nr)
{
	while (nr--)
		kvfree(array[nr]);
}

/**
 * mymm_slab_set_tunables() - replace the shared arrays by ones of another size
 * @cache: the cache
 * @tunables: the new values, checked
 *
 * Objects in the old arrays are freed into the slabs.
 *
 * Context: process; sleeps. The caller holds pool->lock.
 * Return: 0; -ENOMEM, and nothing has changed.
 */
int mymm_slab_set_tunables(struct mymm_cache *cache,
			   const struct mymm_tunables *tunables)
{
	struct mymm_slab_array *shared[MYMM_MAX_NODES] = {};
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int limit = tunables->shared * tunables->batchcount;
	unsigned long flags;
	unsigned int node;

	for (node = 0; limit && node < s->nr_nodes; node++) {
		shared[node] = new_array(limit);
		if (!shared[node]) {
			free_arrays(shared, node);
			return -ENOMEM;
		}
	}
	s->tunables = *tunables;
	mymm_slab_update_free_limit(cache);
	for (node = 0; node < s->nr_nodes; node++) {
		struct mymm_slab_node *n = &s->node[node];
		struct mymm_slab_array *old;

		mymm_transfer_begin(cache);
		raw_spin_lock_irqsave(&n->lock, flags);
		old = n->shared;
		n->shared = shared[node];
		raw_spin_unlock_irqrestore(&n->lock, flags);
		if (old && old->count)
			mymm_slab_put_objects(cache, node, old->count,
					      old->objs, false);
		mymm_transfer_end(cache);
		kvfree(old);
	}
	return 0;
}

static int make_aliens(struct mymm_slabs *s, struct mymm_slab_node *n)
{
	unsigned int limit = s->tunables.limit, of;
	struct mymm_slab_alien *alien;

	for (of = 0; of < s->nr_nodes; of++) {
		if (n == &s->node[of])
			continue;
		alien = NULL;
		if (!mymm_inject_fail())
			alien = kvzalloc(struct_size(alien, array.objs, limit),
					 GFP_KERNEL | __GFP_NOWARN);
		if (!alien)
			return -ENOMEM;
		kmemleak_no_scan(alien);
		raw_spin_lock_init(&alien->lock);
		alien->array.limit = limit;
		n->alien[of] = alien;
	}
	return 0;
}

/**
 * mymm_slab_arrays_init() - give a new cache its arrays
 * @cache: its geometry is set
 *
 * Context: process; sleeps.
 * Return: 0; -ENOMEM: to be undone by mymm_slab_arrays_exit().
 */
int mymm_slab_arrays_init(struct mymm_cache *cache)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_tunables tunables;
	unsigned int node;
	int err;

	cache->engine->default_tunables(cache, &tunables);
	err = mymm_slab_set_tunables(cache, &tunables);
	for (node = 0; !err && node < s->nr_nodes; node++)
		err = make_aliens(s, &s->node[node]);
	return err;
}

/**
 * mymm_slab_arrays_exit() - free the arrays of a cache
 * @cache: unused; mymm_slab_arrays_init() may have failed
 *
 * Context: any but hardirq.
 */
void mymm_slab_arrays_exit(struct mymm_cache *cache)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int node, of;

	for (node = 0; node < s->nr_nodes; node++) {
		kvfree(s->node[node].shared);
		for (of = 0; of < s->nr_nodes; of++)
			kvfree(s->node[node].alien[of]);
	}
}
