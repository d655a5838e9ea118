// SPDX-License-Identifier: GPL-2.0
/*
 * The slab engine: SLAB, as it was until Linux 6.8, on the frames of a pool.
 *
 * A slab and its index array (here with 5 objects, 2 of them free):
 *
 *              active = 3 left
 *                |
 *                v
 *      index  +---+---+---+---+---+      the entries from @active on are the free objects:
 *             | . | . | . | 4 | 1 |      4 is allocated next, then 1; a freed object goes
 *             +---+---+---+---+---+      into the entry before @active (last in, first out)
 *        +------+---------+---------+---------+---------+---------+---+
 *        |colour| 0  used | 1  free | 2  used | 3  used | 4  free |   |
 *        +------+---------+---------+---------+---------+---------+---+
 *
 * slab_geometry.c computes the number of objects, the place of the first one, and the place of
 * the index array: in the free object that is allocated last (1 here), at the end of the
 * slab, or in a record (slab_record.c). The first frame has the rest: @inuse is active, @free
 * the number of the object that contains the array; or both are the record's number.
 *
 * Slabs are on lists of their node: full, partial, and free, where no object is in use. An
 * object is taken from the first partial slab, else from the first free one. A slab into which
 * an object is freed goes to the end of the partial list, so that its other objects have the
 * most time to be freed, too. When a node has more free objects than its free_limit, which is
 *
 *      (1 + its CPUs) * batchcount + objects in a slab
 *
 * free slabs go back to the pool.
 *
 *      magazine    <-- batch -->   shared array   <-- batch -->   slabs       of the CPU's node
 *     (magazine.c)                 alien arrays    -- batch -->   slabs       of other nodes
 *
 * slab_array.c has the arrays between magazines and slabs. SLAB looked up the node of an
 * object before it went into the CPU's array. Here this is done when the object leaves the
 * magazine, to keep the fast path short. So an object of another node can be allocated once
 * more on this node before it returns to its own.
 *
 * Cookies. In a pool with memory a free object carries a cookie (cache.h), so that frees are
 * checked as with slub. This changes SLAB's geometry:
 *   - with a constructor, poison or SLAB_TYPESAFE_BY_RCU the word is behind the object, and
 *     objects are that much larger;
 *   - an index array in an object shares it with the word, which moves to the object's end if
 *     needed; if there is no room for both, as for 64 objects of 64 bytes, or if poison must
 *     stay intact, the array is in a record.
 * If an index leads to an object without such a word, the index or the object was overwritten.
 * Then the array is rebuilt from the words, as in slub.c, and the objects lost are reported.
 *
 * In a pool without memory nothing is stored in objects. Index arrays are in records, with
 * a bit for each object that is set while a user holds it: free objects are known exactly.
 *
 * Nothing here allocates memory from the kernel. Slabs are created, and given back, with no
 * lock held.
 *
 * Invariants. I6: the numbers in the array from @active on are below @num, and none is twice.
 * I7: free_objects is the sum of num - active over a node's slabs.
 *
 * Bonwick, "The Slab Allocator", USENIX Summer 1994; mm/slab.c, 6.1.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "object/poison.h"
#include "engine/slab/slab.h"
#include "page/pcp.h"

/* --- slabs on lists ------------------------------------------------------------ */

/*
 * A slab's frames carry the cache's number exactly while the slab is on a list, so that a
 * second free of an object finds that its slab is gone.
 */
static void add_slab(struct mymm_cache *cache, struct mymm_slab_node *n,
		     int node, u32 head)
{
	unsigned int i;

	lockdep_assert_held(&n->lock);
	for (i = 0; i < 1U << cache->order; i++)
		/* A reader that sees the cache sees the rest, too: mymm_cache_has(). */
		smp_store_release(&cache->frame[head + i].cache, cache->id);
	mymm_list_add_tail(cache->frame, head,
			   mymm_slab_list(cache, node, MYMM_SLABS_FREE));
	n->nr_slabs++;
	n->nr_free_slabs++;
	n->free_objects += cache->num;
}

/* Remove a slab with @free free objects from its list, and link it before @first. */
static __always_inline u32 unlist(struct mymm_cache *cache,
				  struct mymm_slab_node *n, u32 head,
				  unsigned int free, u32 first)
{
	unsigned int i;

	lockdep_assert_held(&n->lock);
	for (i = 0; i < 1U << cache->order; i++)
		WRITE_ONCE(cache->frame[head + i].cache, 0);
	mymm_list_del(cache->frame, head);
	n->nr_slabs--;
	n->free_objects -= free;
	cache->frame[head].next = first;
	return head;
}

/* Remove the last free slab from its list, and link it before @first. */
static u32 unlist_free(struct mymm_cache *cache, struct mymm_slab_node *n,
		       int node, u32 first)
{
	u32 list = mymm_slab_list(cache, node, MYMM_SLABS_FREE);

	n->nr_free_slabs--;
	return unlist(cache, n, cache->frame[list].prev, cache->num, first);
}

/* --- taking objects --------------------------------------------------------------- */

/*
 * Rebuild an invalid index array from the words of the objects that mark them as on the
 * freelist. Returns how many objects are lost; they count as active from now on.
 */
unsigned int mymm_slab_rebuild_freelist(struct mymm_cache *cache,
					struct mymm_slabs *s,
					struct mymm_slab_info *view)
{
	void *mem = mymm_slab_objects(cache, s, view->head);
	unsigned int place = cache->num, i = cache->num, lost;

	while (i--) {
		void *obj = mem + i * cache->size;

		if (mymm_word(cache, obj) !=
		    (mymm_cache_cookie(cache, obj) ^ MYMM_IN_SLAB))
			continue;
		if (s->place == MYMM_INDEX_IN_OBJECT && place == cache->num) {
			view->slab->free = i;
			view->index = obj;
		}
		mymm_slab_set_index(view->index, --place, i);
	}
	lost = place - view->active;
	view->active = place;
	atomic_long_add(lost, &cache->quarantined);
	return lost;
}

/* Take up to @nr objects of a slab. Adds those found overwritten to @lost. */
static unsigned int take_from_slab(struct mymm_cache *cache,
				   struct mymm_slabs *s,
				   struct mymm_slab_info *view, unsigned int nr,
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

		number = mymm_slab_index(index, active);
		obj = mem + number * size;
		if (words) {
			u64 cookie = (unsigned long)obj ^ key;
			u64 *word = obj + offset;

			if (unlikely(number >= num ||
				     mymm_peek(word) !=
					     (cookie ^ MYMM_IN_SLAB))) {
				view->active = active;
				*lost += mymm_slab_rebuild_freelist(cache, s,
								    view);
				return to - objs;
			}
			mymm_poke(word, cookie ^ MYMM_IN_MAGAZINE);
		}
		*to++ = obj;
		active++;
	}
	view->active = active;
	return to - objs;
}

/* Take from partial slabs first, then from free ones. */
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
		struct mymm_slab_info view;
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
		mymm_slab_get_info(cache, head, &view);
		got += take_from_slab(cache, s, &view, nr - got, objs + got,
				      &gone);
		mymm_slab_set_active(&view);
		if (view.active == cache->num) {
			mymm_list_del(table, head);
			mymm_list_add(table, head, full);
		}
	}
	n->free_objects -= got + gone;
	*lost += gone;
	return got;
}

/* Take what a node has, after the new slab @slab was added to it, if that is not NULL. */
static unsigned int take_from_node(struct mymm_cache *cache, int node,
				   struct mymm_frame *slab, unsigned int nr,
				   void **objs)
{
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[node];
	unsigned int got = 0, lost = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	if (slab)
		add_slab(cache, n, node, mymm_slab_head(cache, slab));
	if (n->shared)
		got = mymm_slab_shared_take(n, nr, objs);
	if (!got)
		got = take_from_slabs(cache, n, node, nr, objs, &lost);
	raw_spin_unlock_irqrestore(&n->lock, flags);

	if (unlikely(lost))
		mymm_refuse_lost(cache, lost);
	return got;
}

/* Take from other nodes, the nearest first. */
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
		slab = mymm_slab_make(cache, gfp, node);
		if (!slab)
			return 0;
		got = take_from_node(
			cache,
			mymm_slab_node_of(cache, mymm_slab_head(cache, slab)),
			slab, nr, objs);
	} while (!got);
	return got;
}

/**
 * mymm_slab_alloc_objects() - get objects; see engine.h
 * @cache: of which cache
 * @gfp: how hard to try for a new slab
 * @nr: how many at most
 * @objs: where to put them
 *
 * Context: any but NMI.
 * Return: how many.
 */
unsigned int mymm_slab_alloc_objects(struct mymm_cache *cache, gfp_t gfp,
				     unsigned int nr, void **objs)
{
	struct mymm_node *local = mymm_pool_local(cache->pool);
	unsigned int got;

	got = take_from_node(cache, local->id, NULL, nr, objs);
	if (got)
		return got;
	if (cache->pool->nr_nodes > 1 && !(gfp & __GFP_THISNODE)) {
		/* No reclaim on this node while another one has objects. */
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

/* --- giving objects back -------------------------------------------------------------- */

/* Put a slab into which objects were freed on the list where it belongs. */
static void put_down(struct mymm_cache *cache, struct mymm_slab_node *n,
		     int node, struct mymm_slab_info *view)
{
	struct mymm_frame *table = cache->frame;

	mymm_slab_set_active(view);
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
 * struct extent - the objects of the slab in a view
 * @start: address of the first; 0: there is no view
 * @bytes: of all of them
 */
struct extent {
	unsigned long start;
	unsigned long bytes;
};

/* Fill the view with the slab of an object; false if it is gone. */
static bool pick_up(struct mymm_cache *cache, void *obj,
		    struct mymm_slab_info *view, struct extent *in)
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
	mymm_slab_get_info(cache, idx & s->mask, view);
	if (!view->index) {
		/* The first object freed into a full slab gets the array. */
		view->slab->free = number;
		view->index = obj;
	}
	in->start = (unsigned long)obj - number * cache->size;
	in->bytes = cache->num * cache->size;
	return true;
}

/*
 * Free objects into their slabs, all of one node. Of two CPUs that free an object at the same
 * time both may pass the checks (see magazine.c); the second one finds the mark of the first
 * in the object, or the slab gone. Returns the number of such objects.
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
	struct mymm_slab_info view = { .head = MYMM_NO_FRAME };
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
			if (unlikely(mymm_peek(word) ==
				     (cookie ^ MYMM_IN_SLAB))) {
				twice++;
				continue;
			}
			mymm_poke(word, cookie ^ MYMM_IN_SLAB);
		}
		mymm_slab_set_index(view.index, --view.active, number);
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
		mymm_refuse_twice(cache, twice);
	mymm_slabs_give_back(cache, empty);
}

/* The node of an object, also if its slab is gone. */
static int node_of_object(const struct mymm_cache *cache, const void *obj)
{
	u32 idx = (obj - cache->base) >> PAGE_SHIFT;

	return mymm_slab_node_of(cache, idx & mymm_slabs_of(cache)->mask);
}

/**
 * mymm_slab_free_objects() - take objects back; see engine.h
 * @cache: of which cache
 * @nr: how many
 * @objs: the objects
 *
 * Context: any but NMI.
 */
void mymm_slab_free_objects(struct mymm_cache *cache, unsigned int nr,
			    void **objs)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int i, same;
	int local, node;

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

/**
 * mymm_slab_give_free() - give free slabs of a node back
 * @cache: the cache
 * @node: the node
 * @slabs: how many at most
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
	return mymm_slabs_give_back(cache, empty);
}

static u32 unlist_all(struct mymm_cache *cache, int node,
		      enum mymm_slab_list which, u32 first)
{
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[node];
	u32 list = mymm_slab_list(cache, node, which), head;
	struct mymm_slab_info info;

	lockdep_assert_held(&n->lock);
	while ((head = cache->frame[list].next) != list) {
		mymm_slab_get_info(cache, head, &info);
		first = unlist(cache, n, head, cache->num - info.active, first);
	}
	return first;
}

/**
 * mymm_slab_discard() - give all slabs back; see engine.h
 * @cache: the cache
 *
 * Free slabs have been given back, and arrays emptied, before.
 *
 * Context: any but NMI.
 * Return: how many.
 */
unsigned long mymm_slab_discard(struct mymm_cache *cache)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	u32 first = MYMM_NO_FRAME;
	unsigned int node;

	for (node = 0; node < s->nr_nodes; node++) {
		guard(raw_spinlock_irqsave)(&s->node[node].lock);
		first = unlist_all(cache, node, MYMM_SLABS_PARTIAL, first);
		first = unlist_all(cache, node, MYMM_SLABS_FULL, first);
	}
	return mymm_slabs_give_back(cache, first);
}
