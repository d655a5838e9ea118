// SPDX-License-Identifier: GPL-2.0
/*
 * Creation and return of slabs in the slab engine; slab.c has the picture.
 *
 * A slab is created, and given back, with no lock held, and is on no list meanwhile. Its
 * frames carry the number of the cache, by which other CPUs recognize a slab, only while it
 * is on a list: slab.c.
 *
 * Each new slab gets the next colour of its node. The colour is advanced before it is used, as
 * in SLAB, so the first slab has colour 1, if there is more than one.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>

#include "base/compat.h"
#include "object/poison.h"
#include "page/page_alloc.h"
#include "engine/slab/slab.h"
#include "object/refill.h"
#include "object/slab_pages.h"

/* --- views ---------------------------------------------------------------- */

/**
 * mymm_slab_get_info() - look up a slab and its index array
 * @cache: the cache
 * @head: the slab's first frame
 * @view: filled with the result
 *
 * Context: any; under the lock of its node.
 */
void mymm_slab_get_info(const struct mymm_cache *cache, u32 head,
			struct mymm_slab_info *view)
{
	const struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_frame *slab = &cache->frame[head];

	view->slab = slab;
	view->head = head;
	view->record = NULL;
	switch (s->place) {
	case MYMM_INDEX_OFF_SLAB:
		view->record = mymm_slab_record(s, slab->record);
		view->active = view->record->active;
		view->index = view->record->index;
		break;
	case MYMM_INDEX_ON_SLAB:
		view->active = slab->inuse;
		view->index = cache->base +
			      ((unsigned long)head << PAGE_SHIFT) +
			      (PAGE_SIZE << cache->order) -
			      cache->num * sizeof(mymm_slab_idx);
		break;
	case MYMM_INDEX_IN_OBJECT:
		view->active = slab->inuse;
		view->index = NULL;
		if (view->active < cache->num)
			view->index = mymm_slab_objects(cache, s, head) +
				      slab->free * cache->size;
		break;
	}
}
MYMM_EXPORT_INTERNAL(mymm_slab_get_info);

/**
 * mymm_slab_engine_area() - the part of a slab that the engine does not use itself
 * @cache: the cache
 * @head: the slab's first frame
 *
 * Context: any.
 * Return: that part: see engine.h.
 */
struct mymm_slab_area mymm_slab_engine_area(const struct mymm_cache *cache,
					    u32 head)
{
	const struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_slab_area area = {
		.start = cache->base + ((unsigned long)head << PAGE_SHIFT),
		.bytes = PAGE_SIZE << cache->order,
		.first = mymm_slab_objects(cache, s, head),
		.objects = cache->num,
	};

	if (s->place == MYMM_INDEX_ON_SLAB)
		area.bytes -= cache->num * sizeof(mymm_slab_idx);
	return area;
}

/* --- making slabs ------------------------------------------------------------ */

/* Make all objects of a new slab free, in order of address. */
static void fill_slab(struct mymm_cache *cache, struct mymm_frame *slab)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	u32 head = mymm_slab_head(cache, slab);
	struct mymm_slab_info view;
	unsigned int i;
	void *obj;

	if (s->place != MYMM_INDEX_OFF_SLAB) {
		slab->inuse = 0;
		slab->free = cache->num - 1;
	}
	if (cache->debug)
		mymm_debug_slab(cache, mymm_slab_engine_area(cache, head));
	mymm_slab_get_info(cache, head, &view);
	if (view.record) {
		view.record->active = 0;
		if (s->records.bits)
			bitmap_zero(mymm_slab_record_bits(s, view.record),
				    cache->num);
	}
	obj = mymm_slab_objects(cache, s, head);
	for (i = 0; i < cache->num && cache->has_memory;
	     i++, obj += cache->size) {
		if (cache->ctor)
			cache->ctor(obj);
		mymm_set_word(cache, obj,
			      mymm_cache_cookie(cache, obj) ^ MYMM_IN_SLAB);
	}
	for (i = 0; i < cache->num; i++)
		mymm_slab_set_index(view.index, i, i);
	if (cache->has_memory)
		mymm_sanitize_shut(mymm_pool_address(cache->pool, head), 0,
				   PAGE_SIZE << cache->order);
}

/* Advance the colour of a node; returns the offset of the first object in bytes. */
static u32 next_colour(struct mymm_slabs *s, int node)
{
	struct mymm_slab_node *n = &s->node[node];

	guard(raw_spinlock_irqsave)(&n->lock);
	n->colour_next++;
	if (n->colour_next >= s->geometry.colours)
		n->colour_next = 0;
	return n->colour_next * s->geometry.colour_off;
}

/* Take a spare record; a caller that may sleep waits until there are more. */
static u32 get_record(struct mymm_cache *cache, gfp_t gfp)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	u32 nr, record;
	bool low;

	for (;;) {
		nr = READ_ONCE(s->records.nr);
		record = mymm_slab_record_get(s, &low);
		if (low)
			mymm_refill();
		/* Reclaim for this slab tries the locks that the refill takes. */
		if (low && gfpflags_allow_blocking(gfp) &&
		    READ_ONCE(cache->pool->clock_held))
			mymm_refill_wait();
		if (record != MYMM_NO_RECORD || !gfpflags_allow_blocking(gfp))
			return record;
		mymm_refill_wait();
		if (nr == READ_ONCE(s->records.nr))
			return MYMM_NO_RECORD;
	}
}

/**
 * mymm_slab_make() - create a slab
 * @cache: the cache
 * @gfp: how hard to try
 * @node: the preferred node
 *
 * Context: any but NMI, with no lock of this module held.
 * Return: its first frame, on no list, all objects free; NULL if there is no memory for it.
 */
struct mymm_frame *mymm_slab_make(struct mymm_cache *cache, gfp_t gfp, int node)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	u32 head, start, record = 0;
	struct mymm_frame *slab;
	unsigned int i;

	if (s->place == MYMM_INDEX_OFF_SLAB) {
		record = get_record(cache, gfp);
		if (record == MYMM_NO_RECORD)
			return NULL;
	}
	slab = mymm_cache_get_pages(
		cache, node, (gfp & MYMM_SLAB_GFP) | cache->gfp, cache->order);
	if (!slab) {
		if (s->place == MYMM_INDEX_OFF_SLAB)
			mymm_slab_record_put(s, record);
		return NULL;
	}
	head = mymm_slab_head(cache, slab);
	mymm_cache_count_pages(cache, slab, 1);
	start = (head << PAGE_SHIFT) +
		next_colour(s, mymm_slab_node_of(cache, head)) + cache->left;
	start *= cache->inverse;
	slab->start = start;
	slab->objects = cache->num;
	if (s->place == MYMM_INDEX_OFF_SLAB) {
		slab->record = record;
		mymm_slab_record(s, record)->frame = head;
	}
	fill_slab(cache, slab);

	WRITE_ONCE(slab->tag, (slab->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_SLAB);
	for (i = 0; i < 1U << cache->order; i++) {
		struct mymm_frame *frame = slab + i;

		frame->start = start;
		frame->objects = cache->num;
		if (i)
			WRITE_ONCE(frame->tag, mymm_tag(MYMM_FRAME_SLAB_TAIL,
							cache->order, 0));
	}
	return slab;
}
MYMM_EXPORT_INTERNAL(mymm_slab_make);

static void give_slab_back(struct mymm_cache *cache, struct mymm_frame *slab)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_slab_record *record;
	unsigned long flags;
	unsigned int i;

	mymm_cache_count_pages(cache, slab, -1);
	for (i = 1; i < 1U << cache->order; i++)
		WRITE_ONCE(slab[i].tag, 0);
	if (s->place == MYMM_INDEX_OFF_SLAB) {
		int node =
			mymm_slab_node_of(cache, mymm_slab_head(cache, slab));

		/* For readers with a stale number: see live_record(). */
		record = mymm_slab_record(s, slab->record);
		raw_spin_lock_irqsave(&s->node[node].lock, flags);
		record->frame = MYMM_NO_FRAME;
		raw_spin_unlock_irqrestore(&s->node[node].lock, flags);
		mymm_slab_record_put(s, slab->record);
	}
	WRITE_ONCE(slab->tag, (slab->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_PAGES);
	mymm_cache_free_pages(cache, slab);
}

/**
 * mymm_slabs_give_back() - give slabs back
 * @cache: the cache
 * @first: first of a list of them, linked by @next; they are on no list of a node, and no
 *         lock protects them
 *
 * Context: any but NMI, with no lock of this module held.
 * Return: how many.
 */
unsigned long mymm_slabs_give_back(struct mymm_cache *cache, u32 first)
{
	unsigned long nr = 0;

	while (first != MYMM_NO_FRAME) {
		struct mymm_frame *slab = &cache->frame[first];

		first = slab->next;
		give_slab_back(cache, slab);
		nr++;
	}
	return nr;
}
MYMM_EXPORT_INTERNAL(mymm_slabs_give_back);
