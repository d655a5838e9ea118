// SPDX-License-Identifier: GPL-2.0
/*
 * What stands between magazines and slabs: shared arrays, alien arrays, and who empties them.
 *
 *          CPU 0     CPU 1            CPU 2     CPU 3
 *             \       /                  \       /
 *            shared array               shared array
 *             |      alien[1] --. .-- alien[0]  |
 *             |                  X              |
 *          slabs of node 0 <----' '----> slabs of node 1
 *
 * Each node has a *shared array* of shared * batchcount objects. A batch that leaves a
 * magazine goes there, and a magazine that is empty is filled from there, so that objects
 * which one CPU allocates and another one frees don't go by the slabs; and a copy of
 * pointers is all that it costs.
 *
 * An object of another node waits in the *alien array* for that node. When this is full all
 * of it goes home at once: into the other node's shared array, as far as there is room, and
 * into its slabs. Alien arrays have room for @limit objects as it was when the cache was
 * made; to tune them later changes nothing, as with SLAB.
 *
 * Objects in all of them are active: they carry the magazine's cookie, and their slabs don't
 * know that they are free.
 *
 * The reaper comes every other second (reaper.c). It empties the alien arrays for one node,
 * the next one each time. Every second time it takes a fifth of a shared array that nobody
 * has taken from since, and gives back as many free slabs as hold a fifth of free_limit, if
 * none of them was put to use since.
 *
 * Locks. That of a node and that of an alien array, never one inside the other: what moves
 * from one to the other is on the stack of whoever moves it, and counts as in flight.
 */
#include <linux/cpumask.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "object/transfer.h"
#include "engine/slab/slab.h"

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
 * Return: for how many there was room; these are the first.
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

/* All that is in an alien array goes home. In flight, or the caller says so. */
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
 * mymm_slab_alien_put() - put objects of another node away
 * @cache: the cache
 * @alien: this node's array for them
 * @node: their node
 * @nr: how many
 * @objs: the objects
 *
 * Context: any but NMI; they are in flight.
 */
void mymm_slab_alien_put(struct mymm_cache *cache,
			 struct mymm_slab_alien *alien, int node,
			 unsigned int nr, void **objs)
{
	unsigned long flags;
	unsigned int put;

	/* Caches without magazines have none of these either. */
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

/* The oldest @nr objects of a node's shared array go into their slabs. */
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
 * mymm_slab_drain_arrays() - all that is in shared and alien arrays goes into the slabs
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

/* Every second time that the reaper comes. */
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
 * mymm_slab_reap() - give back what was not used lately
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
 * Return: whether it was seen; one that is in flight may be missed.
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
 * Context: any. The caller holds pool->lock, or has the cache to himself.
 * Return: how many, about.
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

/* CPUs of a node of the pool that are there now. */
static unsigned int cpus_of_node(struct mymm_pool *pool, int node)
{
	unsigned int cpu, nr = 0;

	for_each_online_cpu(cpu)
		nr += per_cpu_ptr(pool->cpu, cpu)->node == node;
	return nr;
}

/**
 * mymm_slab_update_free_limit() - how many free objects each node may have
 * @cache: the cache
 *
 * Follows tunables, and CPUs as they come and go.
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
	/* What is in it is free, or a trace of what was. */
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
 * mymm_slab_set_tunables() - make shared arrays of another size
 * @cache: the cache
 * @tunables: as they are to be; they make sense
 *
 * What is in the old ones goes into the slabs.
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
 * @cache: has its geometry
 *
 * Context: process; sleeps.
 * Return: 0; -ENOMEM, and mymm_slab_arrays_exit() gives back what there is.
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
 * @cache: nobody uses it any more, or it never had all of them
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
