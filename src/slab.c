// SPDX-License-Identifier: GPL-2.0
/*
 * The slab engine: SLAB, as it was until Linux 6.8, on our frames.
 *
 * A slab and what is known of it (here with 5 objects, 2 of them free):
 *
 *              active = 3 left
 *                |
 *                v
 *      index  +---+---+---+---+---+      those from @active on are free; the next to go
 *             | . | . | . | 4 | 1 |      is 4, then 1; who comes back takes the place
 *             +---+---+---+---+---+      before that, so the last to come is the first to go
 *        +------+---------+---------+---------+---------+---------+---+
 *        |colour| 0  used | 1  free | 2  used | 3  used | 4  free |   |
 *        +------+---------+---------+---------+---------+---------+---+
 *
 * slab_geometry.c says how many objects there are, where the first one begins, and where the
 * index array is: in the free object that goes last (which is 1 here), at the end of the
 * slab, or in a record (slab_record.c). The first frame has what is left: @inuse is active,
 * @free the number of the object that the array is in; or both are the record's number.
 *
 * Slabs are on lists of their node: full, partial, and free, where no object is in use. It
 * is taken from the first partial one, else from the first free one. A slab that an object
 * comes back to goes to the end of the partial ones, so that its other objects have the most
 * time to follow. When a node has more free objects than its free_limit, which is
 *
 *      (1 + its CPUs) * batchcount + objects in a slab
 *
 * free slabs go back to the pool.
 *
 *      magazine    <-- batch -->   shared array   <-- batch -->   slabs       of the CPU's node
 *     (magazine.c)                 alien arrays    -- batch -->   slabs       of other nodes
 *
 * slab_array.c has the arrays between magazines and slabs. Where SLAB looked which node an
 * object is of before it went into the CPU's array, we do when it leaves the magazine: the
 * way in has no time for it. So an object of another node can be handed out once more here
 * before it finds home.
 *
 * Cookies. In a pool with memory an object that is free carries a word of ours (cache.h),
 * which makes refusals what they are with slub. It costs SLAB's rule this:
 *   - with a constructor, poison or SLAB_TYPESAFE_BY_RCU there is a word behind the object,
 *     and objects are that much larger;
 *   - an array in an object shares it with the word, which goes to the object's end if it
 *     must; if there is no room for both, as for 64 objects of 64 bytes, or if poison must
 *     stay whole, the array is in a record.
 * An index that leads to an object without such a word was written to by somebody else, and
 * so was the object if the index is right. Then the array is made anew from the words, as in
 * slub.c, and what is lost is told.
 *
 * In a pool without memory nothing is in an object. Index arrays are in records, and beside
 * them is a bit for each object that a user holds: what is free is known exactly.
 *
 * No memory is asked of the kernel here. New slabs are made, and free ones given back, with
 * no lock held.
 *
 * Invariants. I6: the numbers in the array from @active on are below @num, and none is twice.
 * I7: free_objects is the sum of num - active over a node's slabs.
 *
 * Bonwick, "The Slab Allocator", USENIX Summer 1994; mm/slab.c, 6.1.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "page_alloc.h"
#include "poison.h"
#include "reaper.h"
#include "slab.h"
#include "slab_rcu.h"

/* --- views ---------------------------------------------------------------- */

/**
 * mymm_slab_look() - have at hand what is known of a slab
 * @cache: the cache
 * @head: the slab's first frame
 * @view: is filled
 *
 * Context: any; under the lock of its node.
 */
void mymm_slab_look(const struct mymm_cache *cache, u32 head,
		    struct mymm_slab_view *view)
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
MYMM_EXPORT_INTERNAL(mymm_slab_look);

static void set_active(struct mymm_slab_view *view)
{
	if (view->record)
		view->record->active = view->active;
	else
		view->slab->inuse = view->active;
}

/* --- making slabs ------------------------------------------------------------ */

static void count_slab(struct mymm_cache *cache, const struct mymm_frame *slab,
		       long frames)
{
	struct mymm_zone *zone = mymm_pool_zone(cache->pool, slab->tag);

	atomic_long_add(
		frames,
		&zone->nr_slab[!!(cache->flags & SLAB_RECLAIM_ACCOUNT)]);
}

static u32 head_of(const struct mymm_cache *cache,
		   const struct mymm_frame *slab)
{
	return slab - cache->frame;
}

/* All objects free, in order of address. */
static void fill_slab(struct mymm_cache *cache, struct mymm_frame *slab)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	u32 head = head_of(cache, slab);
	struct mymm_slab_view view;
	unsigned int i;
	void *obj;

	if (s->place != MYMM_INDEX_OFF_SLAB) {
		slab->inuse = 0;
		slab->free = cache->num - 1;
	}
	mymm_slab_look(cache, head, &view);
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
		else if (mymm_cache_poisons(cache))
			mymm_poison(cache, obj);
		*mymm_cache_word(cache, obj) = mymm_cache_cookie(cache, obj) ^
					       MYMM_IN_SLAB;
	}
	for (i = 0; i < cache->num; i++)
		view.index[i] = i;
}

/* The next colour of a node, and how far that is from the slab's beginning. */
static u32 next_colour(struct mymm_slabs *s, int node)
{
	struct mymm_slab_node *n = &s->node[node];

	guard(raw_spinlock_irqsave)(&n->lock);
	n->colour_next++;
	if (n->colour_next >= s->geometry.colours)
		n->colour_next = 0;
	return n->colour_next * s->geometry.colour_off;
}

static struct mymm_frame *make_slab(struct mymm_cache *cache, gfp_t gfp,
				    int node)
{
	const struct mymm_owner owner = { .caller = _THIS_IP_ };
	struct mymm_slabs *s = mymm_slabs_of(cache);
	u32 head, start, record = 0;
	struct mymm_frame *slab;
	bool low = false;
	unsigned int i;

	if (s->place == MYMM_INDEX_OFF_SLAB) {
		record = mymm_slab_record_get(s, &low);
		if (low)
			mymm_reaper_refill();
		if (record == MYMM_NO_RECORD)
			return NULL;
	}
	slab = __mymm_alloc_pages_node(cache->pool, node,
				       (gfp & MYMM_SLAB_GFP) | cache->gfp,
				       cache->order, owner);
	if (!slab) {
		if (s->place == MYMM_INDEX_OFF_SLAB)
			mymm_slab_record_put(s, record);
		return NULL;
	}
	head = head_of(cache, slab);
	count_slab(cache, slab, 1L << cache->order);
	start = (head << PAGE_SHIFT) +
		next_colour(s, mymm_slab_node_of(cache, head));
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
		/* Who sees whose it is sees the rest, too: mymm_cache_has(). */
		smp_store_release(&frame->cache, cache->id);
	}
	return slab;
}

static void give_slab_back(struct mymm_cache *cache, struct mymm_frame *slab)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_slab_record *record;
	unsigned long flags;
	unsigned int i;

	count_slab(cache, slab, -(1L << cache->order));
	for (i = 0; i < 1U << cache->order; i++) {
		WRITE_ONCE(slab[i].cache, 0);
		if (i)
			WRITE_ONCE(slab[i].tag, 0);
	}
	if (s->place == MYMM_INDEX_OFF_SLAB) {
		int node = mymm_slab_node_of(cache, head_of(cache, slab));

		/* Who holds the lock and has an old number is warned. */
		record = mymm_slab_record(s, slab->record);
		raw_spin_lock_irqsave(&s->node[node].lock, flags);
		record->frame = MYMM_NO_FRAME;
		raw_spin_unlock_irqrestore(&s->node[node].lock, flags);
		mymm_slab_record_put(s, slab->record);
	}
	WRITE_ONCE(slab->tag, (slab->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_PAGES);
	mymm_slab_free_pages(cache, slab);
}

/* Slabs that left their list, strung up by their links: no lock protects them. */
static unsigned long give_slabs_back(struct mymm_cache *cache, u32 first)
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

/* --- slabs on lists ------------------------------------------------------------ */

static void add_slab(struct mymm_cache *cache, struct mymm_slab_node *n,
		     int node, u32 head)
{
	lockdep_assert_held(&n->lock);
	mymm_list_add_tail(cache->frame, head,
			   mymm_slab_list(cache, node, MYMM_SLABS_FREE));
	n->nr_slabs++;
	n->nr_free_slabs++;
	n->free_objects += cache->num;
}

/* The last free slab leaves its list, and is strung up before @first. */
static u32 unlist_free(struct mymm_cache *cache, struct mymm_slab_node *n,
		       int node, u32 first)
{
	u32 list = mymm_slab_list(cache, node, MYMM_SLABS_FREE);
	u32 head = cache->frame[list].prev;

	lockdep_assert_held(&n->lock);
	mymm_list_del(cache->frame, head);
	n->nr_slabs--;
	n->nr_free_slabs--;
	n->free_objects -= cache->num;
	cache->frame[head].next = first;
	return head;
}

/* --- taking objects --------------------------------------------------------------- */

/*
 * Something in the index array can't be true. What is on the slab is known without it: the
 * objects whose word says so. Returns how many are lost; they count as active from now on.
 */
static unsigned int gather(struct mymm_cache *cache, struct mymm_slabs *s,
			   struct mymm_slab_view *view)
{
	void *mem = mymm_slab_objects(cache, s, view->head);
	unsigned int place = cache->num, i = cache->num, lost;

	while (i--) {
		void *obj = mem + i * cache->size;

		if (*mymm_cache_word(cache, obj) !=
		    (mymm_cache_cookie(cache, obj) ^ MYMM_IN_SLAB))
			continue;
		if (s->place == MYMM_INDEX_IN_OBJECT && place == cache->num) {
			view->slab->free = i;
			view->index = obj;
		}
		view->index[--place] = i;
	}
	lost = place - view->active;
	view->active = place;
	atomic_long_add(lost, &cache->quarantined);
	return lost;
}

/* Up to @nr objects of a slab. @lost grows by those that were found overwritten. */
static unsigned int take_from_slab(struct mymm_cache *cache,
				   struct mymm_slabs *s,
				   struct mymm_slab_view *view, unsigned int nr,
				   void **objs, unsigned int *lost)
{
	const unsigned long offset = cache->offset;
	const unsigned int num = cache->num, size = cache->size;
	const bool words = cache->has_memory;
	const u64 key = cache->key;
	unsigned int active = view->active, number;
	const mymm_slab_idx *index = view->index;
	void *mem = mymm_slab_objects(cache, s, view->head);
	void **to = objs;

	nr = min(nr, num - active);
	while (nr--) {
		void *obj;

		number = index[active];
		obj = mem + number * size;
		if (words) {
			u64 cookie = (unsigned long)obj ^ key;
			u64 *word = obj + offset;

			if (unlikely(number >= num ||
				     *word != (cookie ^ MYMM_IN_SLAB))) {
				view->active = active;
				*lost += gather(cache, s, view);
				return to - objs;
			}
			*word = cookie ^ MYMM_IN_MAGAZINE;
		}
		*to++ = obj;
		active++;
	}
	view->active = active;
	return to - objs;
}

/* From partial slabs first, then from free ones. */
static unsigned int take_from_slabs(struct mymm_cache *cache,
				    struct mymm_slab_node *n, int node,
				    unsigned int nr, void **objs,
				    unsigned int *lost)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_frame *table = cache->frame;
	u32 partial = mymm_slab_list(cache, node, MYMM_SLABS_PARTIAL);
	u32 full = mymm_slab_list(cache, node, MYMM_SLABS_FULL);
	u32 free = mymm_slab_list(cache, node, MYMM_SLABS_FREE);
	unsigned int got = 0, gone = 0;

	lockdep_assert_held(&n->lock);
	while (got < nr) {
		struct mymm_slab_view view;
		u32 head = table[partial].next;

		if (head == partial) {
			head = table[free].next;
			if (head == free)
				break;
			n->free_touched = true;
			n->nr_free_slabs--;
			mymm_list_del(table, head);
			mymm_list_add(table, head, partial);
		}
		mymm_slab_look(cache, head, &view);
		got += take_from_slab(cache, s, &view, nr - got, objs + got,
				      &gone);
		set_active(&view);
		if (view.active == cache->num) {
			mymm_list_del(table, head);
			mymm_list_add(table, head, full);
		}
	}
	n->free_objects -= got + gone;
	*lost += gone;
	return got;
}

/* What a node has at hand, @slab among it if there is one. */
static unsigned int take_from_node(struct mymm_cache *cache, int node,
				   struct mymm_frame *slab, unsigned int nr,
				   void **objs)
{
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[node];
	unsigned int got = 0, lost = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	if (slab)
		add_slab(cache, n, node, head_of(cache, slab));
	if (n->shared)
		got = mymm_slab_shared_take(n, nr, objs);
	if (!got)
		got = take_from_slabs(cache, n, node, nr, objs, &lost);
	raw_spin_unlock_irqrestore(&n->lock, flags);

	if (unlikely(lost))
		mymm_refuse(
			cache->pool, MYMM_REFUSED_OVERWRITTEN,
			"cache %s: %u objects were written to after they were freed; they are not used any more",
			cache->name, lost);
	return got;
}

/* From other nodes, the nearest first. */
static unsigned int take_from_others(struct mymm_cache *cache,
				     const struct mymm_node *local,
				     unsigned int nr, void **objs)
{
	const struct mymm_zonelist *list =
		&local->zonelist[MYMM_NR_ZONE_TYPES - 1];
	unsigned int i, got;
	int last = local->id;

	for (i = 0; i < list->nr; i++) {
		if (list->zone[i]->node == last)
			continue;
		last = list->zone[i]->node;
		got = take_from_node(cache, last, NULL, nr, objs);
		if (got)
			return got;
	}
	return 0;
}

static unsigned int take_from_new_slab(struct mymm_cache *cache, gfp_t gfp,
				       int node, unsigned int nr, void **objs)
{
	struct mymm_frame *slab;
	unsigned int got;

	do {
		slab = make_slab(cache, gfp, node);
		if (!slab)
			return 0;
		got = take_from_node(
			cache, mymm_slab_node_of(cache, head_of(cache, slab)),
			slab, nr, objs);
	} while (!got);
	return got;
}

static unsigned int slab_alloc_raw(struct mymm_cache *cache, gfp_t gfp,
				   unsigned int nr, void **objs)
{
	struct mymm_node *local = mymm_pool_local(cache->pool);
	unsigned int got;

	got = take_from_node(cache, local->id, NULL, nr, objs);
	if (got)
		return got;
	if (cache->pool->nr_nodes > 1 && !(gfp & __GFP_THISNODE)) {
		/* Nobody reclaims here while another node has some. */
		gfp_t here = (gfp | __GFP_THISNODE | __GFP_NOWARN) &
			     ~(__GFP_RECLAIM | __GFP_NOFAIL);

		got = take_from_new_slab(cache, here, local->id, nr, objs);
		if (!got)
			got = take_from_others(cache, local, nr, objs);
		if (got)
			return got;
	}
	return take_from_new_slab(cache, gfp, local->id, nr, objs);
}

static unsigned int slab_alloc(struct mymm_cache *cache, gfp_t gfp,
			       unsigned int nr, void **objs)
{
	unsigned int got, good, i;

	do {
		got = slab_alloc_raw(cache, gfp, nr, objs);
		if (!mymm_cache_poisons(cache))
			return got;
		for (i = good = 0; i < got; i++)
			if (mymm_poison_intact(cache, objs[i]))
				objs[good++] = objs[i];
	} while (got && !good);
	return good;
}

/* --- giving objects back -------------------------------------------------------------- */

/* A slab that objects came back to goes where it belongs. */
static void put_down(struct mymm_cache *cache, struct mymm_slab_node *n,
		     int node, struct mymm_slab_view *view)
{
	struct mymm_frame *table = cache->frame;

	set_active(view);
	mymm_list_del(table, view->head);
	if (view->active) {
		mymm_list_add_tail(table, view->head,
				   mymm_slab_list(cache, node,
						  MYMM_SLABS_PARTIAL));
	} else {
		mymm_list_add(table, view->head,
			      mymm_slab_list(cache, node, MYMM_SLABS_FREE));
		n->nr_free_slabs++;
	}
}

/**
 * struct extent - where the objects of the slab in a view are
 * @start: address of the first; 0: there is no view
 * @bytes: that all of them take
 */
struct extent {
	unsigned long start;
	unsigned long bytes;
};

/* Have the slab of an object at hand; false if it is gone. */
static bool pick_up(struct mymm_cache *cache, void *obj,
		    struct mymm_slab_view *view, struct extent *in)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned long at = obj - cache->base;
	u32 idx = at >> PAGE_SHIFT, number;
	const struct mymm_frame *frame = &cache->frame[idx];

	number = mymm_slab_number(cache, frame, at);
	if (unlikely(READ_ONCE(frame->cache) != cache->id ||
		     number >= cache->num)) {
		view->head = MYMM_NO_FRAME;
		*in = (struct extent){};
		return false;
	}
	mymm_slab_look(cache, idx & s->mask, view);
	if (!view->index) {
		/* The first to come back to a full slab takes the array. */
		view->slab->free = number;
		view->index = obj;
	}
	in->start = (unsigned long)obj - number * cache->size;
	in->bytes = cache->num * cache->size;
	return true;
}

/*
 * Objects into their slabs, all of one node. Two CPUs that free an object at the same time
 * may both be let in (see magazine.c); the second to come finds the first one's mark in it,
 * or the slab gone. Returns how many such there were.
 */
static unsigned int put_into_slabs(struct mymm_cache *cache,
				   struct mymm_slab_node *n, int node,
				   unsigned int nr, void **objs)
{
	const unsigned long offset = cache->offset;
	const u32 inverse = cache->inverse, shift = cache->shift;
	const unsigned int num = cache->num;
	const bool words = cache->has_memory;
	const u64 key = cache->key;
	struct mymm_slab_view view = { .head = MYMM_NO_FRAME };
	struct extent in = {};
	unsigned int i, twice = 0;

	lockdep_assert_held(&n->lock);
	for (i = 0; i < nr; i++) {
		unsigned long obj = (unsigned long)objs[i];
		unsigned long at = obj - in.start;
		u64 cookie, *word;
		u32 number;

		if (unlikely(at >= in.bytes)) {
			if (view.head != MYMM_NO_FRAME)
				put_down(cache, n, node, &view);
			if (!pick_up(cache, objs[i], &view, &in)) {
				twice++;
				continue;
			}
			at = obj - in.start;
		}
		number = ror32((u32)at * inverse, shift);
		if (unlikely(number >= num)) {
			twice++;
			continue;
		}
		if (words) {
			cookie = obj ^ key;
			word = (void *)obj + offset;
			if (unlikely(*word == (cookie ^ MYMM_IN_SLAB))) {
				twice++;
				continue;
			}
			*word = cookie ^ MYMM_IN_SLAB;
		}
		view.index[--view.active] = number;
	}
	if (view.head != MYMM_NO_FRAME)
		put_down(cache, n, node, &view);
	n->free_objects += nr - twice;
	return twice;
}

/**
 * mymm_slab_put_objects() - give objects of one node back
 * @cache: the cache
 * @node: their node
 * @nr: how many
 * @objs: the objects; they carry the magazine's cookie
 * @share: may they go into the node's shared array?
 *
 * Context: any but NMI.
 */
void mymm_slab_put_objects(struct mymm_cache *cache, int node, unsigned int nr,
			   void **objs, bool share)
{
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[node];
	u32 empty = MYMM_NO_FRAME;
	unsigned int twice = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	if (share && n->shared) {
		unsigned int put = mymm_slab_shared_put(n, nr, objs);

		nr -= put;
		objs += put;
	}
	if (nr)
		twice = put_into_slabs(cache, n, node, nr, objs);
	while (n->free_objects > n->free_limit && n->nr_free_slabs)
		empty = unlist_free(cache, n, node, empty);
	raw_spin_unlock_irqrestore(&n->lock, flags);

	if (unlikely(twice))
		mymm_refuse(
			cache->pool, MYMM_REFUSED_DOUBLE_FREE,
			"cache %s: %u objects were freed twice at the same time",
			cache->name, twice);
	give_slabs_back(cache, empty);
}

/* The node of an object, or of its slab that is gone. */
static int node_of_object(const struct mymm_cache *cache, const void *obj)
{
	u32 idx = (obj - cache->base) >> PAGE_SHIFT;

	return mymm_slab_node_of(cache, idx & mymm_slabs_of(cache)->mask);
}

static void slab_free(struct mymm_cache *cache, unsigned int nr, void **objs)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int i, same;
	int local, node;

	if (mymm_cache_poisons(cache))
		for (i = 0; i < nr; i++)
			mymm_poison(cache, objs[i]);
	if (s->nr_nodes == 1) {
		mymm_slab_put_objects(cache, 0, nr, objs, true);
		return;
	}
	local = mymm_pool_local(cache->pool)->id;
	for (i = 0; i < nr; i += same) {
		node = node_of_object(cache, objs[i]);
		same = 1;
		while (i + same < nr &&
		       node_of_object(cache, objs[i + same]) == node)
			same++;
		if (node == local)
			mymm_slab_put_objects(cache, node, same, objs + i,
					      true);
		else
			mymm_slab_alien_put(cache, s->node[local].alien[node],
					    node, same, objs + i);
	}
}

/* --- what is free ------------------------------------------------------------------------ */

static bool index_has(const struct mymm_cache *cache,
		      const struct mymm_slab_view *view, u32 number)
{
	unsigned int i;

	for (i = view->active; i < cache->num; i++)
		if (view->index[i] == number)
			return true;
	return false;
}

/*
 * The record of the slab that an object is in, under the lock of its node; NULL if there is
 * no such slab any more. Its number may be an old one.
 */
static struct mymm_slab_record *live_record(struct mymm_cache *cache, u32 head)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	u32 nr = READ_ONCE(cache->frame[head].record);
	struct mymm_slab_record *record;

	/* Pairs with the release in add_chunk(). */
	if (nr >= smp_load_acquire(&s->records.nr))
		return NULL;
	record = mymm_slab_record(s, nr);
	return record->frame == head ? record : NULL;
}

/* In a pool without memory: is it an object, and does a user hold it? And from now on? */
static bool held_by_user(struct mymm_cache *cache, const void *obj,
			 bool *change)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned long at = obj - cache->base;
	u32 idx = at >> PAGE_SHIFT, head = idx & s->mask;
	int node = mymm_slab_node_of(cache, head);
	struct mymm_slab_record *record;
	unsigned long *bits;
	bool held;
	u32 number;

	guard(raw_spinlock_irqsave)(&s->node[node].lock);
	record = live_record(cache, head);
	if (!record || !mymm_cache_has(cache, obj) ||
	    mymm_slab_node_of(cache, head) != node)
		return false;
	number = mymm_slab_number(cache, &cache->frame[idx], at);
	bits = mymm_slab_record_bits(s, record);
	held = test_bit(number, bits);
	if (change)
		__assign_bit(number, bits, *change);
	return held;
}

static bool slab_claim(struct mymm_cache *cache, void *obj, bool held)
{
	return held_by_user(cache, obj, &held) != held;
}

static bool slab_is_free(struct mymm_cache *cache, void *obj)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned long at = obj - cache->base;
	u32 head = (at >> PAGE_SHIFT) & s->mask;
	int node = mymm_slab_node_of(cache, head);
	struct mymm_slab_view view;

	if (!cache->has_memory)
		return !held_by_user(cache, obj, NULL);
	if (mymm_slab_arrays_have(s, node, obj))
		return true;

	guard(raw_spinlock_irqsave)(&s->node[node].lock);
	/* Its slab went back since the caller looked: then all of it was free. */
	if (!mymm_cache_owns(cache, obj))
		return true;
	if (s->place == MYMM_INDEX_OFF_SLAB && !live_record(cache, head))
		return true;
	mymm_slab_look(cache, head, &view);
	return view.active < cache->num &&
	       index_has(cache, &view,
			 mymm_slab_number(cache,
					  &cache->frame[at >> PAGE_SHIFT], at));
}

/* --- shrinking ---------------------------------------------------------------------------- */

/**
 * mymm_slab_give_free() - give free slabs of a node back
 * @cache: the cache
 * @node: the node
 * @slabs: at most so many
 *
 * Context: any but NMI.
 * Return: how many.
 */
unsigned long mymm_slab_give_free(struct mymm_cache *cache, int node,
				  unsigned long slabs)
{
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[node];
	u32 empty = MYMM_NO_FRAME;
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	while (slabs && n->nr_free_slabs) {
		empty = unlist_free(cache, n, node, empty);
		slabs--;
	}
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return give_slabs_back(cache, empty);
}

static unsigned long give_free(struct mymm_cache *cache, unsigned long slabs)
{
	unsigned long nr = 0;
	unsigned int node;

	for (node = 0; node < mymm_slabs_of(cache)->nr_nodes; node++)
		nr += mymm_slab_give_free(cache, node, slabs - nr);
	return nr;
}

/* Free slabs; and if they are not enough, those that only the arrays keep. */
static unsigned long slab_shrink(struct mymm_cache *cache, unsigned long slabs)
{
	unsigned long nr = give_free(cache, slabs);

	if (nr < slabs) {
		mymm_slab_drain_arrays(cache);
		nr += give_free(cache, slabs - nr);
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

/* Where our word stands, and so where the index array can. */
static void place_word(struct mymm_cache *cache, struct mymm_slabs *s,
		       bool behind)
{
	unsigned int array = cache->num * sizeof(mymm_slab_idx);

	s->place = s->geometry.place;
	if (!cache->has_memory)
		s->place = MYMM_INDEX_OFF_SLAB;
	if (behind) {
		/* A constructed object is never SLAB's choice; a poisoned one may be. */
		if (s->place == MYMM_INDEX_IN_OBJECT)
			s->place = MYMM_INDEX_OFF_SLAB;
		return;
	}
	cache->offset = ALIGN_DOWN(cache->object_size / 2, sizeof(u64));
	if (s->place == MYMM_INDEX_IN_OBJECT && cache->offset < array) {
		if (array <= cache->size - sizeof(u64))
			cache->offset = cache->size - sizeof(u64);
		else
			s->place = MYMM_INDEX_OFF_SLAB;
	}
}

static int choose_geometry(struct mymm_cache *cache, struct mymm_slabs *s)
{
	unsigned int size = ALIGN(cache->object_size, sizeof(void *));
	bool behind = mymm_cache_word_outside(cache);
	int err;

	if (behind) {
		cache->offset = size;
		size += sizeof(u64);
	}
	size = ALIGN(size, cache->align);
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
	place_word(cache, s, behind);
	return 0;
}

/*
 * enable_cpucache() of SLAB, 6.1, but for machines with one CPU: SLAB had no shared array
 * there, where a larger limit would do the same for less, and had no larger limit. A batch
 * that does not fit into the limit is a third cheaper with the array.
 */
static void slab_default_tunables(const struct mymm_cache *cache,
				  struct mymm_tunables *tunables)
{
	unsigned int limit, shared = 0;

	if (cache->size > 131072)
		limit = 1;
	else if (cache->size > PAGE_SIZE)
		limit = 8;
	else if (cache->size > 1024)
		limit = 24;
	else if (cache->size > 256)
		limit = 54;
	else
		limit = 120;
	if (cache->size <= PAGE_SIZE)
		shared = 8;
	/* Whatever stands before the slabs would hide an overwritten object. */
	if (mymm_cache_poisons(cache)) {
		limit = 0;
		shared = 0;
	}
	*tunables = (struct mymm_tunables){
		.limit = limit,
		.batchcount = (limit + 1) / 2,
		.shared = shared,
	};
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
	else
		mymm_reaper_start();
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
	.alloc = slab_alloc,
	.free = slab_free,
	.is_free = slab_is_free,
	.claim = slab_claim,
	.shrink = slab_shrink,
	.empty = slab_empty,
	.default_tunables = slab_default_tunables,
	.set_tunables = mymm_slab_set_tunables,
	.reap = mymm_slab_reap,
	.refill = mymm_slab_records_refill,
	.get_slabinfo = slab_get_slabinfo,
	.count_slabs = mymm_slab_count,
	.check = mymm_slab_check,
};
MYMM_EXPORT_INTERNAL(mymm_slab_ops);
