// SPDX-License-Identifier: GPL-2.0
/*
 * A cache of the slab engine: creation and destruction, shrinking, its numbers.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "object/slot.h"
#include "engine/slab/slab.h"
#include "object/calculate_order.h"

static unsigned long give_free(struct mymm_cache *cache, unsigned long slabs)
{
	unsigned long nr = 0;
	unsigned int node;

	for (node = 0; node < mymm_slabs_of(cache)->nr_nodes; node++)
		nr += mymm_slab_give_free(cache, node, slabs - nr);
	return nr;
}

/* A node without slabs becomes like a new one: neither reaper nor colours depend on the past. */
static void begin_anew(struct mymm_slabs *s)
{
	bool empty = true;
	unsigned int node;

	for (node = 0; node < s->nr_nodes; node++) {
		struct mymm_slab_node *n = &s->node[node];

		guard(raw_spinlock_irqsave)(&n->lock);
		if (n->nr_slabs) {
			empty = false;
			continue;
		}
		n->free_touched = false;
		n->colour_next = 0;
		if (n->shared)
			n->shared->touched = false;
	}
	if (empty)
		s->turn = 0;
}

/* Give back free slabs; if they are not enough, those that become free when arrays drain. */
static unsigned long slab_shrink(struct mymm_cache *cache, unsigned long slabs)
{
	unsigned long nr = give_free(cache, slabs);

	if (nr < slabs) {
		mymm_slab_drain_arrays(cache);
		nr += give_free(cache, slabs - nr);
		begin_anew(mymm_slabs_of(cache));
	}
	return nr;
}

static unsigned long slab_empty(const struct mymm_cache *cache)
{
	const struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned long frames =
		DIV_ROUND_UP(mymm_slab_arrays_count(s), cache->num);
	unsigned int node;

	for (node = 0; node < s->nr_nodes; node++)
		frames += READ_ONCE(s->node[node].nr_free_slabs);
	return frames << cache->order;
}

/* --- life and numbers -------------------------------------------------------------------- */

/* Choose the places of the word and, among those that remain, of the index array. */
static void place_word(struct mymm_cache *cache, struct mymm_slabs *s)
{
	unsigned int array = cache->num * sizeof(mymm_slab_idx);

	s->place = s->geometry.place;
	if (!cache->has_memory)
		s->place = MYMM_INDEX_OFF_SLAB;
	if (s->place != MYMM_INDEX_IN_OBJECT)
		return;
	if (cache->debug || mymm_cache_word_outside(cache)) {
		/* The object keeps its contents, or its padding is checked. */
		s->place = MYMM_INDEX_OFF_SLAB;
	} else if (cache->offset < array) {
		if (array <= cache->size - sizeof(u64))
			cache->offset = cache->size - sizeof(u64);
		else
			s->place = MYMM_INDEX_OFF_SLAB;
	}
}

static int choose_geometry(struct mymm_cache *cache, struct mymm_slabs *s)
{
	unsigned int size = mymm_slot_layout(cache);
	int err;

	if (MYMM_SLAB_BYTE_INDEX && size < MYMM_SLAB_MIN_SIZE)
		size = ALIGN(MYMM_SLAB_MIN_SIZE, cache->align);
	cache->size = size;
	cache->shift = __ffs(size);
	s->odd = size >> cache->shift;
	cache->inverse = mymm_inverse_of_odd(s->odd);

	err = mymm_slab_geometry(cache->object_size, size, cache->align,
				 cache->flags, cache->ctor, &s->geometry);
	if (err)
		return err;
	cache->num = s->geometry.num;
	cache->order = s->geometry.order;
	cache->min_order = cache->order;
	s->mask = ~((1U << cache->order) - 1);
	place_word(cache, s);
	return 0;
}

/*
 * enable_cpucache() of SLAB, 6.1, except on machines with one CPU: there SLAB had no shared
 * array, and did not raise the limit instead. A batch larger than the limit costs a third
 * less with the array.
 */
static void slab_default_tunables(const struct mymm_cache *cache,
				  struct mymm_tunables *tunables)
{
	*tunables = mymm_cache_default_tunables(cache, 120);
	/* A debug cache has no arrays before its slabs. */
	if (cache->size <= PAGE_SIZE && !cache->debug)
		tunables->shared = 8;
}

static void slab_cache_exit(struct mymm_cache *cache)
{
	mymm_slab_arrays_exit(cache);
	mymm_slab_records_exit(cache);
	kfree(cache->engine_data);
	cache->engine_data = NULL;
}

static int slab_cache_init(struct mymm_cache *cache)
{
	unsigned int nodes = cache->pool->nr_nodes, i;
	struct mymm_slabs *s = NULL;
	int err;

	if (!mymm_inject_fail())
		s = kzalloc(struct_size(s, node, nodes), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	cache->engine_data = s;
	s->nr_nodes = nodes;
	for (i = 0; i < nodes; i++)
		raw_spin_lock_init(&s->node[i].lock);
	err = choose_geometry(cache, s);
	if (!err && s->place == MYMM_INDEX_OFF_SLAB)
		err = mymm_slab_records_init(cache);
	if (!err)
		err = mymm_slab_arrays_init(cache);
	if (err)
		slab_cache_exit(cache);
	return err;
}

static void slab_get_slabinfo(struct mymm_cache *cache,
			      struct mymm_slabinfo *info)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned long free_objects = 0;
	unsigned long flags;
	unsigned int i;

	*info = (struct mymm_slabinfo){ .tunables = s->tunables };
	for (i = 0; i < s->nr_nodes; i++) {
		struct mymm_slab_node *n = &s->node[i];

		raw_spin_lock_irqsave(&n->lock, flags);
		info->num_slabs += n->nr_slabs;
		info->active_slabs += n->nr_slabs - n->nr_free_slabs;
		free_objects += n->free_objects;
		if (n->shared)
			info->shared_avail += n->shared->count;
		raw_spin_unlock_irqrestore(&n->lock, flags);
	}
	info->num_objs = info->num_slabs * cache->num;
	info->active_objs = info->num_objs - free_objects;
}

const struct mymm_engine_ops mymm_slab_ops = {
	.name = "slab",
	.typesafe = true,
	.cache_init = slab_cache_init,
	.cache_exit = slab_cache_exit,
	.alloc = mymm_slab_alloc_objects,
	.free = mymm_slab_free_objects,
	.is_free = mymm_slab_is_free,
	.claim = mymm_slab_claim,
	.shrink = slab_shrink,
	.discard = mymm_slab_discard,
	.empty = slab_empty,
	.default_tunables = slab_default_tunables,
	.set_tunables = mymm_slab_set_tunables,
	.reap = mymm_slab_reap,
	.refill = mymm_slab_records_refill,
	.get_slabinfo = slab_get_slabinfo,
	.count_slabs = mymm_cache_slabs,
	.slab_area = mymm_slab_engine_area,
	.walk = mymm_slab_walk,
	.check = mymm_slab_check,
};
MYMM_EXPORT_INTERNAL(mymm_slab_ops);
