// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants of the slab engine's slabs: I5 to I7 and I9 of check.c, for one node of a
 * cache at a time, under its lock.
 *
 * Each slab is reached through the list that it is on. Checked are its frames, whether its
 * index array and the words of its objects agree, and whether it is on the right list. The
 * sums over a node must equal its counts; and its shared array may contain only objects of
 * the cache that are on no slab's freelist.
 */
#include <linux/bitmap.h>
#include <linux/limits.h>

#include "base/finding.h"
#include "engine/slab/slab.h"

static const char *const list_names[MYMM_NR_SLAB_LISTS] = {
	[MYMM_SLABS_PARTIAL] = "partial",
	[MYMM_SLABS_FULL] = "full",
	[MYMM_SLABS_FREE] = "free",
};

/* The place of the check, for the report of a finding. */
struct walk {
	struct mymm_cache *cache;
	struct mymm_slabs *s;
	int node;
	unsigned long slabs[MYMM_NR_SLAB_LISTS];
	unsigned long free_objects;
	struct mymm_finding *finding;
};

/* I9: all frames of a slab are marked as slab frames of this cache, with the same values. */
static int check_frames(const struct walk *w, u32 idx)
{
	const struct mymm_cache *cache = w->cache;
	const struct mymm_frame *slab = &cache->frame[idx];
	unsigned int order = mymm_tag_order(slab->tag), i;
	u32 colour;

	if (mymm_tag_state(slab->tag) != MYMM_FRAME_SLAB ||
	    order != cache->order)
		return mymm_find(
			w->finding, 9,
			"cache %s: frame %u is on a list of slabs but is %s of order %u",
			cache->name, idx,
			mymm_frame_state_name(mymm_tag_state(slab->tag)),
			order);
	colour = slab->start * w->s->odd - (idx << PAGE_SHIFT) - cache->left;
	if (colour % w->s->geometry.colour_off ||
	    colour / w->s->geometry.colour_off >=
		    max(w->s->geometry.colours, 1U))
		return mymm_find(
			w->finding, 9,
			"cache %s: slab at frame %u says its objects begin %u bytes behind its beginning",
			cache->name, idx, colour);
	if (mymm_slab_node_of(cache, idx) != w->node)
		return mymm_find(
			w->finding, 9,
			"cache %s: slab at frame %u is on a list of node %d",
			cache->name, idx, w->node);
	for (i = 0; i < 1U << order; i++) {
		if (slab[i].cache != cache->id)
			return mymm_find(
				w->finding, 9,
				"cache %s: frame %u of the slab at frame %u says it is of cache number %u, not %u",
				cache->name, idx + i, idx, slab[i].cache,
				cache->id);
		if (slab[i].start != slab->start ||
		    slab[i].objects != cache->num)
			return mymm_find(
				w->finding, 9,
				"cache %s: frame %u of the slab at frame %u says it has %u objects from %#x, not %u from %#x",
				cache->name, idx + i, idx, slab[i].objects,
				slab[i].start, cache->num, slab->start);
		if (i &&
		    slab[i].tag != mymm_tag(MYMM_FRAME_SLAB_TAIL, order, 0))
			return mymm_find(
				w->finding, 9,
				"cache %s: frame %u of the slab at frame %u is %s, of order %u",
				cache->name, idx + i, idx,
				mymm_frame_state_name(
					mymm_tag_state(slab[i].tag)),
				mymm_tag_order(slab[i].tag));
	}
	return 0;
}

/* The place of a slab's array: the record refers to the slab, or the object of it is free. */
static int check_place(const struct walk *w, u32 idx)
{
	const struct mymm_cache *cache = w->cache;
	const struct mymm_frame *slab = &cache->frame[idx];

	switch (w->s->place) {
	case MYMM_INDEX_OFF_SLAB:
		if (slab->record >= w->s->records.nr ||
		    mymm_slab_record(w->s, slab->record)->frame != idx)
			return mymm_find(
				w->finding, 9,
				"cache %s: slab at frame %u has record %u, which is not its own",
				cache->name, idx, slab->record);
		return 0;
	case MYMM_INDEX_IN_OBJECT:
		if (slab->inuse < cache->num && slab->free >= cache->num)
			return mymm_find(
				w->finding, 6,
				"cache %s: slab at frame %u has its index array in object %u of %u",
				cache->name, idx, slab->free, cache->num);
		return 0;
	case MYMM_INDEX_ON_SLAB:
		return 0;
	}
	return 0;
}

/* I6: the entries from @active on are valid and different, and the objects' words agree. */
static int check_index(const struct walk *w, u32 idx,
		       const struct mymm_slab_info *view)
{
	DECLARE_BITMAP(seen, MYMM_SLAB_MAX_NUM + 1);
	const struct mymm_cache *cache = w->cache;
	void *mem = mymm_slab_objects(cache, w->s, idx);
	unsigned int i, number;

	bitmap_zero(seen, cache->num);
	for (i = view->active; i < cache->num; i++) {
		number = mymm_slab_index(view->index, i);
		if (number >= cache->num)
			return mymm_find(
				w->finding, 6,
				"cache %s: slab at frame %u: the index array leaves the slab: place %u says %u of %u",
				cache->name, idx, i, number, cache->num);
		if (__test_and_set_bit(number, seen))
			return mymm_find(
				w->finding, 6,
				"cache %s: slab at frame %u: object %u is free twice",
				cache->name, idx, number);
	}
	for (i = 0; cache->has_memory && i < cache->num; i++) {
		void *obj = mem + i * cache->size;
		bool says = mymm_word(cache, obj) ==
			    (mymm_cache_cookie(cache, obj) ^ MYMM_IN_SLAB);

		if (says != test_bit(i, seen))
			return mymm_find(
				w->finding, 6,
				"cache %s: slab at frame %u: object %u is %s, and says that it is not",
				cache->name, idx, i,
				says ? "not free" : "free");
	}
	for (i = 0; w->s->records.bits && i < cache->num; i++)
		if (test_bit(i, mymm_slab_record_bits(w->s, view->record)) &&
		    test_bit(i, seen))
			return mymm_find(
				w->finding, 6,
				"cache %s: slab at frame %u: object %u is free, and somebody holds it",
				cache->name, idx, i);
	return 0;
}

static enum mymm_slab_list right_list(const struct mymm_cache *cache,
				      unsigned int active)
{
	if (!active)
		return MYMM_SLABS_FREE;
	return active < cache->num ? MYMM_SLABS_PARTIAL : MYMM_SLABS_FULL;
}

static int check_slab(struct walk *w, u32 idx, enum mymm_slab_list list)
{
	const struct mymm_cache *cache = w->cache;
	struct mymm_slab_info view;
	int err;

	err = check_frames(w, idx);
	if (!err)
		err = check_place(w, idx);
	if (err)
		return err;
	mymm_slab_get_info(cache, idx, &view);
	if (view.active > cache->num)
		return mymm_find(
			w->finding, 6,
			"cache %s: slab at frame %u says that %u of %u objects left it",
			cache->name, idx, view.active, cache->num);
	err = check_index(w, idx, &view);
	if (err)
		return err;
	if (right_list(cache, view.active) != list)
		return mymm_find(
			w->finding, 5,
			"cache %s: slab at frame %u with %u of %u objects used is on the %s list",
			cache->name, idx, view.active, cache->num,
			list_names[list]);
	w->free_objects += cache->num - view.active;
	return 0;
}

/* I5 for a list of slabs, and the sums over it. */
static int check_list(struct walk *w, enum mymm_slab_list list)
{
	const struct mymm_cache *cache = w->cache;
	const struct mymm_frame *table = cache->frame;
	u32 head = mymm_slab_list(cache, w->node, list), prev = head, idx;
	int err;

	for (idx = table[head].next; idx != head; idx = table[idx].next) {
		if (idx >= cache->pool->nr_frames || table[idx].prev != prev)
			return mymm_find(
				w->finding, 5,
				"cache %s: the %s list is broken behind frame %u",
				cache->name, list_names[list], prev);
		if (++w->slabs[list] > w->s->node[w->node].nr_slabs)
			return mymm_find(
				w->finding, 7,
				"cache %s: more slabs on lists of node %d than the %lu that it has",
				cache->name, w->node,
				w->s->node[w->node].nr_slabs);
		err = check_slab(w, idx, list);
		if (err)
			return err;
		prev = idx;
	}
	if (table[head].prev != prev)
		return mymm_find(
			w->finding, 5,
			"cache %s: the %s list does not end where it says",
			cache->name, list_names[list]);
	return 0;
}

/* I7: the node's counts equal the sums. */
static int check_sums(const struct walk *w)
{
	const struct mymm_slab_node *n = &w->s->node[w->node];
	unsigned long slabs = w->slabs[MYMM_SLABS_PARTIAL] +
			      w->slabs[MYMM_SLABS_FULL] +
			      w->slabs[MYMM_SLABS_FREE];

	if (slabs != n->nr_slabs ||
	    w->slabs[MYMM_SLABS_FREE] != n->nr_free_slabs)
		return mymm_find(
			w->finding, 7,
			"cache %s: %lu slabs on lists of node %d, %lu of them free, not %lu and %lu",
			w->cache->name, slabs, w->node,
			w->slabs[MYMM_SLABS_FREE], n->nr_slabs,
			n->nr_free_slabs);
	if (w->free_objects != n->free_objects)
		return mymm_find(
			w->finding, 7,
			"cache %s: %lu objects in slabs of node %d are free, not %lu",
			w->cache->name, w->free_objects, w->node,
			n->free_objects);
	return 0;
}

/* A shared array contains only objects of the node that are on no freelist. */
static int check_shared(const struct walk *w)
{
	const struct mymm_slab_array *shared = w->s->node[w->node].shared;
	const struct mymm_cache *cache = w->cache;
	unsigned int i;

	if (shared && shared->count > shared->limit)
		return mymm_find(
			w->finding, 7,
			"cache %s: %u objects in the shared array of node %d, which has room for %u",
			cache->name, shared->count, w->node, shared->limit);
	for (i = 0; shared && i < shared->count; i++) {
		void *obj = shared->objs[i];

		if (!mymm_cache_has(cache, obj) ||
		    (cache->has_memory &&
		     mymm_word(cache, obj) != (mymm_cache_cookie(cache, obj) ^
					       MYMM_IN_MAGAZINE)))
			return mymm_find(
				w->finding, 6,
				"cache %s: what is at place %u of the shared array of node %d is no free object",
				cache->name, i, w->node);
	}
	return 0;
}

/**
 * mymm_slab_check() - look for a broken invariant of a cache's slabs
 * @cache: the cache
 * @finding: set to the first fault
 *
 * Context: any but NMI.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_slab_check(struct mymm_cache *cache, struct mymm_finding *finding)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	enum mymm_slab_list list;
	int err = 0, node;

	for (node = 0; !err && node < s->nr_nodes; node++) {
		struct walk w = { cache, s, node, .finding = finding };

		guard(raw_spinlock_irqsave)(&s->node[node].lock);
		for (list = 0; !err && list < MYMM_NR_SLAB_LISTS; list++)
			err = check_list(&w, list);
		if (!err)
			err = check_sums(&w);
		if (!err)
			err = check_shared(&w);
	}
	return err;
}
