// SPDX-License-Identifier: GPL-2.0
/*
 * Moves of slabs between nodes and CPUs in the slub engine; slub.c has the picture.
 *
 *                    mymm_slub_next()                       CPU
 *      node       -----------------------------> partial -----------> active
 *      partial        the first of the list,        ^                   |
 *      list           and some more                 | mymm_slub_push()  | mymm_slub_retire():
 *        ^                                          |                   | it is full
 *        |  mymm_slub_unfreeze():                   |                   v
 *        +---- too many, or the CPU is -------------+              full list
 *              drained                              |                   |
 *                                                   +-------------------+
 *                                             an object of it is freed: mymm_slub_freeze()
 *
 * A move holds the lock of the CPU that loses or gets the slab, and inside it that of its
 * node: so @prev of its frame, which names the owner, changes under both.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "engine/slub/slub.h"
#include "page/pcp.h"

/* --- one slab, under both locks ------------------------------------------------- */

static void put_on_list(struct mymm_cache *cache, struct mymm_slub_node *n,
			struct mymm_frame *slab, bool tail)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	bool full = slab->free == MYMM_FREELIST_END;
	u32 list = mymm_slub_list(cache, n - s->node,
				  full ? MYMM_SLUB_FULL : MYMM_SLUB_PARTIAL);
	u32 idx = mymm_slub_frame_index(cache, slab);

	lockdep_assert_held(&n->lock);
	if (tail)
		mymm_list_add_tail(cache->frame, idx, list);
	else
		mymm_list_add(cache->frame, idx, list);
	n->nr_partial += !full;
	n->nr_empty += !slab->inuse;
	n->nr_inuse += slab->inuse;
}

static void take_off_list(struct mymm_cache *cache, struct mymm_slub_node *n,
			  struct mymm_frame *slab)
{
	lockdep_assert_held(&n->lock);
	mymm_list_del(cache->frame, mymm_slub_frame_index(cache, slab));
	n->nr_partial -= slab->free != MYMM_FREELIST_END;
	n->nr_empty -= !slab->inuse;
	n->nr_inuse -= slab->inuse;
}

/* Make the CPU its owner; the caller makes it active or partial. */
static void count_frozen(struct mymm_slub_cpu *c, struct mymm_slub_node *n,
			 struct mymm_frame *slab)
{
	lockdep_assert_held(&c->lock);
	WRITE_ONCE(slab->prev, MYMM_SLUB_CPU | smp_processor_id());
	n->nr_frozen++;
	n->frozen_objects += slab->objects;
	c->nr_slabs++;
	c->nr_empty += !slab->inuse;
	c->nr_inuse += slab->inuse;
}

static void count_unfrozen(struct mymm_slub_cpu *c, struct mymm_slub_node *n,
			   struct mymm_frame *slab)
{
	lockdep_assert_held(&c->lock);
	n->nr_frozen--;
	n->frozen_objects -= slab->objects;
	c->nr_slabs--;
	c->nr_empty -= !slab->inuse;
	c->nr_inuse -= slab->inuse;
}

/* Remove the owner of an empty slab, and link it before @empty. */
static u32 let_go(struct mymm_cache *cache, struct mymm_slub_node *n,
		  struct mymm_frame *slab, u32 empty)
{
	n->nr_slabs--;
	n->nr_objects -= slab->objects;
	WRITE_ONCE(slab->prev, MYMM_SLUB_UNOWNED);
	slab->next = empty;
	return mymm_slub_frame_index(cache, slab);
}

/**
 * mymm_slub_drop() - remove an empty slab from its node
 * @cache: the cache
 * @n: the node, under its lock
 * @slab: on the partial list
 * @empty: list of slabs to give back, or %MYMM_NO_FRAME
 *
 * Context: any but NMI, interrupts off.
 * Return: that list with @slab, for mymm_slub_give_back().
 */
u32 mymm_slub_drop(struct mymm_cache *cache, struct mymm_slub_node *n,
		   struct mymm_frame *slab, u32 empty)
{
	take_off_list(cache, n, slab);
	return let_go(cache, n, slab, empty);
}

/* Give a slab to its node; or link it before @empty if it is empty and not to be kept. */
static u32 unfreeze(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		    struct mymm_frame *slab, bool keep, bool tail, u32 empty)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	struct mymm_slub_node *n = &s->node[mymm_slub_node_of(cache, slab)];

	raw_spin_lock(&n->lock);
	count_unfrozen(c, n, slab);
	if (slab->inuse || keep || n->nr_partial < s->limits.min_partial)
		put_on_list(cache, n, slab, tail);
	else
		empty = let_go(cache, n, slab, empty);
	raw_spin_unlock(&n->lock);
	return empty;
}

/* --- slabs of this CPU, under its lock ------------------------------------------- */

/**
 * mymm_slub_push() - put a slab on top of a CPU's partial slabs, to be used next
 * @cache: the cache
 * @c: this CPU
 * @slab: belongs to it, and has free objects
 *
 * Context: any but NMI, under @c's lock.
 */
void mymm_slub_push(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		    struct mymm_frame *slab)
{
	lockdep_assert_held(&c->lock);
	slab->next = c->partial;
	c->partial = mymm_slub_frame_index(cache, slab);
	c->nr_partial++;
}

/**
 * mymm_slub_adopt() - give this CPU a new slab
 * @cache: the cache
 * @c: this CPU, under its lock
 * @slab: from mymm_slub_make()
 *
 * Context: any but NMI, interrupts off.
 */
void mymm_slub_adopt(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		     struct mymm_frame *slab)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	struct mymm_slub_node *n = &s->node[mymm_slub_node_of(cache, slab)];

	raw_spin_lock(&n->lock);
	n->nr_slabs++;
	n->nr_objects += slab->objects;
	count_frozen(c, n, slab);
	raw_spin_unlock(&n->lock);
	/* An active slab may have come by an interrupt, or by a move to this CPU. */
	if (c->active == MYMM_NO_FRAME)
		c->active = mymm_slub_frame_index(cache, slab);
	else
		mymm_slub_push(cache, c, slab);
}

/*
 * Take the first of a node's partial slabs as active slab, and as partial slabs about half of
 * the number that the CPU may have.
 */
static bool freeze_partial(struct mymm_cache *cache, struct mymm_slub_cpu *c,
			   int node)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	struct mymm_slub_node *n = &s->node[node];
	u32 list = mymm_slub_list(cache, node, MYMM_SLUB_PARTIAL);
	unsigned int more = s->cpu_slabs ? s->cpu_slabs / 2 + 1 : 0;
	struct mymm_frame *slab;

	if (!READ_ONCE(n->nr_partial))
		return false;
	raw_spin_lock(&n->lock);
	while (!mymm_list_empty(cache->frame, list)) {
		slab = &cache->frame[cache->frame[list].next];
		if (c->active != MYMM_NO_FRAME && !more--)
			break;
		take_off_list(cache, n, slab);
		count_frozen(c, n, slab);
		if (c->active == MYMM_NO_FRAME)
			c->active = mymm_slub_frame_index(cache, slab);
		else
			mymm_slub_push(cache, c, slab);
	}
	raw_spin_unlock(&n->lock);
	return c->active != MYMM_NO_FRAME;
}

/* From the nearest other node that has more than min_partial, or with @any at least one. */
static bool freeze_remote(struct mymm_cache *cache, struct mymm_slub_cpu *c,
			  const struct mymm_node *local, bool any)
{
	const struct mymm_zonelist *list =
		&local->zonelist[MYMM_NR_ZONE_TYPES - 1];
	struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned long enough = any ? 0 : READ_ONCE(s->limits.min_partial);
	int last = local->id;
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		if (list->zone[i]->node == last)
			continue;
		last = list->zone[i]->node;
		if (READ_ONCE(s->node[last].nr_partial) > enough &&
		    freeze_partial(cache, c, last))
			return true;
	}
	return false;
}

/**
 * mymm_slub_next() - find the next active slab
 * @cache: the cache
 * @c: this CPU, under its lock; has no active slab
 * @gfp: may have %__GFP_THISNODE
 * @any: take from other nodes even those that they want to keep
 *
 * Context: any but NMI, interrupts off.
 * Return: whether there is an active slab now; it has free objects.
 */
bool mymm_slub_next(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		    gfp_t gfp, bool any)
{
	const struct mymm_node *local = mymm_pool_local(cache->pool);

	lockdep_assert_held(&c->lock);
	if (c->partial != MYMM_NO_FRAME) {
		c->active = c->partial;
		c->partial = cache->frame[c->active].next;
		c->nr_partial--;
		return true;
	}
	if (freeze_partial(cache, c, local->id))
		return true;
	return !(gfp & __GFP_THISNODE) && freeze_remote(cache, c, local, any);
}

/**
 * mymm_slub_retire() - move the active slab, which is full, to its node's full list
 * @cache: the cache
 * @c: this CPU, under its lock
 *
 * Context: any but NMI, interrupts off.
 */
void mymm_slub_retire(struct mymm_cache *cache, struct mymm_slub_cpu *c)
{
	unfreeze(cache, c, &cache->frame[c->active], true, false,
		 MYMM_NO_FRAME);
	c->active = MYMM_NO_FRAME;
}

/**
 * mymm_slub_freeze() - move a full slab of a node to this CPU
 * @cache: the cache
 * @c: this CPU, under its lock
 * @n: the node, under its lock
 * @slab: on the full list
 *
 * Context: any but NMI, interrupts off.
 */
void mymm_slub_freeze(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		      struct mymm_slub_node *n, struct mymm_frame *slab)
{
	take_off_list(cache, n, slab);
	count_frozen(c, n, slab);
}

/* --- from a CPU to nodes -------------------------------------------------------------- */

/**
 * mymm_slub_unfreeze() - give partial slabs of a CPU to their nodes
 * @cache: the cache
 * @c: the CPU, under its lock
 * @first: first of their list; already removed from the CPU's partial slabs
 * @keep: the node keeps empty slabs, too, without limit
 * @empty: list of slabs to give back, or %MYMM_NO_FRAME
 *
 * Context: any but NMI, interrupts off, with no node's lock.
 * Return: that list with the new empty slabs, for mymm_slub_give_back().
 */
u32 mymm_slub_unfreeze(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		       u32 first, bool keep, u32 empty)
{
	while (first != MYMM_NO_FRAME) {
		struct mymm_frame *slab = &cache->frame[first];

		first = slab->next;
		empty = unfreeze(cache, c, slab, keep, true, empty);
	}
	return empty;
}

/**
 * mymm_slub_unfreeze_cpu() - take all slabs from a CPU
 * @cache: the cache
 * @cpu: any
 * @keep: the nodes keep empty slabs, too, without limit
 *
 * Context: any but NMI, with no lock of this module held.
 * Return: empty slabs, for mymm_slub_give_back().
 */
u32 mymm_slub_unfreeze_cpu(struct mymm_cache *cache, int cpu, bool keep)
{
	struct mymm_slub_cpu *c = per_cpu_ptr(mymm_slubs_of(cache)->cpu, cpu);
	unsigned long flags;
	u32 active, empty;

	raw_spin_lock_irqsave(&c->lock, flags);
	active = c->active;
	empty = mymm_slub_unfreeze(cache, c, c->partial, keep, MYMM_NO_FRAME);
	c->active = MYMM_NO_FRAME;
	c->partial = MYMM_NO_FRAME;
	c->nr_partial = 0;
	if (active != MYMM_NO_FRAME)
		empty = unfreeze(cache, c, &cache->frame[active], keep, false,
				 empty);
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return empty;
}

/**
 * mymm_slub_drain_cpu() - take all slabs from a dead or idle CPU
 * @cache: the cache
 * @cpu: the CPU
 *
 * Context: any but NMI, with no lock of this module held.
 */
void mymm_slub_drain_cpu(struct mymm_cache *cache, int cpu)
{
	mymm_slub_give_back(cache, mymm_slub_unfreeze_cpu(cache, cpu, false));
}
