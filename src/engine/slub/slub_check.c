// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants of the slub engine's slabs: I5 to I7 and I9 of check.c, for one CPU or node
 * at a time, under its lock.
 *
 * Each slab is reached through the list that it is on, or its CPU. Checked are its frames,
 * its freelist, whether it is on the right list, and its owner in @prev. The sums over all
 * slabs must equal the counts of the node or the CPU; and the nodes' counts of frozen slabs
 * must equal those of the CPUs.
 */
#include "base/finding.h"
#include "engine/slub/slub.h"

/* I9: all frames of a slab are marked as slab frames of this cache, with the same values. */
static int check_frames(struct mymm_cache *cache, u32 idx,
			struct mymm_finding *finding)
{
	struct mymm_frame *slab = &cache->frame[idx];
	unsigned int order = mymm_tag_order(slab->tag);
	unsigned int i;

	if (mymm_tag_state(slab->tag) != MYMM_FRAME_SLAB)
		return mymm_find(
			finding, 9,
			"cache %s: frame %u is on a list of slabs but is %s",
			cache->name, idx,
			mymm_frame_state_name(mymm_tag_state(slab->tag)));
	if (slab->start !=
	    ((u32)(idx << PAGE_SHIFT) + cache->left) * cache->inverse)
		return mymm_find(
			finding, 9,
			"cache %s: slab at frame %u says it begins at %#x",
			cache->name, idx, slab->start);
	if (order != cache->order && order != cache->min_order)
		return mymm_find(
			finding, 9,
			"cache %s: slab at frame %u has order %u, not %u or %u",
			cache->name, idx, order, cache->order,
			cache->min_order);
	for (i = 0; i < 1U << order; i++) {
		if (slab[i].cache != cache->id)
			return mymm_find(
				finding, 9,
				"cache %s: frame %u of the slab at frame %u says it is of cache number %u, not %u",
				cache->name, idx + i, idx, slab[i].cache,
				cache->id);
		if (slab[i].start != slab->start ||
		    slab[i].objects != slab->objects)
			return mymm_find(
				finding, 9,
				"cache %s: frame %u of the slab at frame %u says it has %u objects from %#x, not %u from %#x",
				cache->name, idx + i, idx, slab[i].objects,
				slab[i].start, slab->objects, slab->start);
		if (i &&
		    slab[i].tag != mymm_tag(MYMM_FRAME_SLAB_TAIL, order, 0))
			return mymm_find(
				finding, 9,
				"cache %s: frame %u of the slab at frame %u is %s, of order %u",
				cache->name, idx + i, idx,
				mymm_frame_state_name(
					mymm_tag_state(slab[i].tag)),
				mymm_tag_order(slab[i].tag));
	}
	return 0;
}

/* I6: the freelist stays in the slab, has no cycle, and the numbers add up. */
static int check_freelist(struct mymm_cache *cache, u32 idx,
			  struct mymm_finding *finding)
{
	struct mymm_frame *slab = &cache->frame[idx];
	unsigned int free = 0;
	u64 link = slab->free;

	if (slab->objects !=
	    (PAGE_SIZE << mymm_tag_order(slab->tag)) / cache->size)
		return mymm_find(
			finding, 6,
			"cache %s: slab at frame %u says it has %u objects of %u bytes",
			cache->name, idx, slab->objects, cache->size);
	while (link != MYMM_FREELIST_END) {
		void *obj = mymm_slub_follow(cache, slab, link);

		if (!obj)
			return mymm_find(
				finding, 6,
				"cache %s: slab at frame %u: the freelist leaves the slab after %u objects",
				cache->name, idx, free);
		if (++free > slab->objects)
			return mymm_find(
				finding, 6,
				"cache %s: slab at frame %u: the freelist has a cycle",
				cache->name, idx);
		link = mymm_slub_get_link(cache, obj);
	}
	if (free + slab->inuse != slab->objects)
		return mymm_find(
			finding, 6,
			"cache %s: slab at frame %u: %u free + %u used objects are not %u",
			cache->name, idx, free, slab->inuse, slab->objects);
	return 0;
}

/**
 * struct sums - sums over the slabs of a node's lists, or of a CPU
 * @slabs: slabs
 * @empty: those with no object in use
 * @objects: slots in them
 * @inuse: objects in use
 */
struct sums {
	unsigned long slabs;
	unsigned long empty;
	unsigned long objects;
	unsigned long inuse;
};

/* Check one slab, and add it to the sums. */
static int check_slab(struct mymm_cache *cache, u32 idx, struct sums *sums,
		      struct mymm_finding *finding)
{
	const struct mymm_frame *slab = &cache->frame[idx];
	int err;

	err = check_frames(cache, idx, finding);
	if (!err)
		err = check_freelist(cache, idx, finding);
	sums->slabs++;
	sums->empty += !slab->inuse;
	sums->objects += slab->objects;
	sums->inuse += slab->inuse;
	return err;
}

/* I5 for a list of slabs, and the sums over it. */
static int check_list(struct mymm_cache *cache, int node,
		      enum mymm_slub_list list, struct sums *sums,
		      struct mymm_finding *finding)
{
	static const char *const names[] = { "partial", "full" };
	const struct mymm_slub_node *n = &mymm_slubs_of(cache)->node[node];
	u32 head = mymm_slub_list(cache, node, list), prev = head, idx;
	const struct mymm_frame *table = cache->frame;
	bool full = list == MYMM_SLUB_FULL, ends;
	int err;

	for (idx = table[head].next; idx != head; idx = table[idx].next) {
		if (idx >= cache->pool->nr_frames || table[idx].prev != prev)
			return mymm_find(
				finding, 5,
				"cache %s: the %s list of node %d is broken behind frame %u",
				cache->name, names[list], node, prev);
		if (sums->slabs >= n->nr_slabs)
			return mymm_find(
				finding, 7,
				"cache %s: more slabs on lists of node %d than the %lu that it has",
				cache->name, node, n->nr_slabs);
		err = check_slab(cache, idx, sums, finding);
		if (err)
			return err;
		ends = table[idx].free == MYMM_FREELIST_END;
		if (full != ends)
			return mymm_find(
				finding, 5,
				"cache %s: slab at frame %u with %u of %u objects used is on the %s list",
				cache->name, idx, table[idx].inuse,
				table[idx].objects, names[list]);
		if (mymm_slub_node_of(cache, &table[idx]) != node)
			return mymm_find(
				finding, 9,
				"cache %s: slab at frame %u is on the %s list of node %d",
				cache->name, idx, names[list], node);
		prev = idx;
	}
	if (table[head].prev != prev)
		return mymm_find(
			finding, 5,
			"cache %s: the %s list of node %d does not end where it says",
			cache->name, names[list], node);
	return 0;
}

static int check_node(struct mymm_cache *cache, int node,
		      struct mymm_finding *finding)
{
	struct mymm_slub_node *n = &mymm_slubs_of(cache)->node[node];
	struct sums sums = {};
	unsigned long partial;
	int err;

	guard(raw_spinlock_irqsave)(&n->lock);

	err = check_list(cache, node, MYMM_SLUB_PARTIAL, &sums, finding);
	if (err)
		return err;
	partial = sums.slabs;
	err = check_list(cache, node, MYMM_SLUB_FULL, &sums, finding);
	if (err)
		return err;
	if (sums.slabs + n->nr_frozen != n->nr_slabs ||
	    partial != n->nr_partial)
		return mymm_find(
			finding, 7,
			"cache %s: node %d: %lu slabs on lists, %lu of them partial, and %lu are CPUs', not %lu with %lu",
			cache->name, node, sums.slabs, partial, n->nr_frozen,
			n->nr_slabs, n->nr_partial);
	if (sums.objects + n->frozen_objects != n->nr_objects ||
	    sums.inuse != n->nr_inuse)
		return mymm_find(
			finding, 7,
			"cache %s: node %d: %lu objects in its slabs, %lu of them used, and %lu are CPUs', not %lu with %lu",
			cache->name, node, sums.objects, sums.inuse,
			n->frozen_objects, n->nr_objects, n->nr_inuse);
	if (sums.empty != n->nr_empty)
		return mymm_find(
			finding, 7,
			"cache %s: node %d: %lu of its slabs are empty, not %lu",
			cache->name, node, sums.empty, n->nr_empty);
	return 0;
}

/* I5 for a slab of a CPU. */
static int check_frozen(struct mymm_cache *cache, int cpu, u32 idx,
			struct sums *sums, struct mymm_finding *finding)
{
	if (idx >= cache->pool->nr_frames)
		return mymm_find(
			finding, 5,
			"cache %s: CPU %d has a slab at frame %u, which there is not",
			cache->name, cpu, idx);
	if (cache->frame[idx].prev != (MYMM_SLUB_CPU | cpu))
		return mymm_find(
			finding, 5,
			"cache %s: CPU %d has the slab at frame %u, which says that it is another's (%#x)",
			cache->name, cpu, idx, cache->frame[idx].prev);
	return check_slab(cache, idx, sums, finding);
}

static int check_cpu(struct mymm_cache *cache, int cpu,
		     struct mymm_finding *finding)
{
	struct mymm_slub_cpu *c = per_cpu_ptr(mymm_slubs_of(cache)->cpu, cpu);
	const struct mymm_frame *table = cache->frame;
	unsigned int partial = 0;
	struct sums sums = {};
	int err = 0;
	u32 idx;

	guard(raw_spinlock_irqsave)(&c->lock);

	if (c->active != MYMM_NO_FRAME)
		err = check_frozen(cache, cpu, c->active, &sums, finding);
	for (idx = c->partial; !err && idx != MYMM_NO_FRAME;
	     idx = table[idx].next) {
		err = check_frozen(cache, cpu, idx, &sums, finding);
		if (err)
			break;
		if (table[idx].free == MYMM_FREELIST_END)
			return mymm_find(
				finding, 5,
				"cache %s: slab at frame %u is among the partial ones of CPU %d, and full",
				cache->name, idx, cpu);
		if (++partial > c->nr_partial)
			break;
	}
	if (err)
		return err;
	if (sums.slabs != c->nr_slabs || partial != c->nr_partial)
		return mymm_find(
			finding, 7,
			"cache %s: CPU %d has %lu slabs, %u of them partial, not %lu and %u",
			cache->name, cpu, sums.slabs, partial, c->nr_slabs,
			c->nr_partial);
	if (sums.inuse != c->nr_inuse || sums.empty != c->nr_empty)
		return mymm_find(
			finding, 7,
			"cache %s: CPU %d has %lu objects used and %lu slabs empty, not %lu and %lu",
			cache->name, cpu, sums.inuse, sums.empty, c->nr_inuse,
			c->nr_empty);
	return 0;
}

/* Do the counts of nodes and CPUs agree? Under the locks of all nodes. */
static int check_between(struct mymm_cache *cache, struct mymm_finding *finding)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned long frozen = 0, have = 0, flags;
	unsigned int node;
	int cpu;

	flags = mymm_slub_lock_nodes(s);
	for (node = 0; node < s->nr_nodes; node++)
		frozen += s->node[node].nr_frozen;
	for_each_possible_cpu(cpu)
		have += READ_ONCE(per_cpu_ptr(s->cpu, cpu)->nr_slabs);
	mymm_slub_unlock_nodes(s, flags);
	if (frozen != have)
		return mymm_find(
			finding, 7,
			"cache %s: CPUs have %lu slabs, and %lu according to nodes",
			cache->name, have, frozen);
	return 0;
}

/**
 * mymm_slub_check() - look for a broken invariant of a cache's slabs
 * @cache: the cache
 * @finding: set to the first fault
 *
 * Context: any but NMI.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_slub_check(struct mymm_cache *cache, struct mymm_finding *finding)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned int node;
	int err = 0, cpu;

	for (node = 0; !err && node < s->nr_nodes; node++)
		err = check_node(cache, node, finding);
	for_each_possible_cpu(cpu) {
		if (err)
			break;
		err = check_cpu(cache, cpu, finding);
	}
	return err ?: check_between(cache, finding);
}
