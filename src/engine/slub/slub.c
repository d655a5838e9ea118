// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine: objects of one size, one after the other, in slabs of 2^order
 * pages; free ones linked through a word of their own.
 *
 * A slab and its first frame (here with 5 objects, 2 of them free):
 *
 *      frame: cache, objects = 5, inuse = 3, free = link to 1
 *                                          |
 *        +---------+---------+---------+---------+---------+----+
 *        | 0  used | 1  free | 2  used | 3  used | 4  free |    |   rest is waste
 *        +---------+---------+---------+---------+---------+----+
 *                       |  link to 4                 |  END
 *
 * The link is not an address but the number of the next object, in the low 16 bits
 * of a word that is otherwise a cookie: the object's address under the pool's key.
 * A write to a freed object destroys the cookie, and the engine checks that before it
 * follows the link. It then rebuilds the freelist from the objects whose cookie is intact,
 * quarantines the others, reports their number, and continues. (An overwrite that keeps the
 * upper 48 bits is not found there. The link then leads to an object without a cookie, or to
 * one that was just allocated and is marked so; or to a later free one, and those in between
 * are lost. A number that is not below the number of objects is no link, so none leads out of
 * the slab.) This has the purpose of SLAB_FREELIST_HARDENED.
 *
 * The place of the word follows SLUB's rule: in the middle of the object, or behind it if
 * the object must keep its contents while it is free (constructor, poison, RCU). So do
 * size and order, and with them /proc/myslabinfo: they are those of the running kernel for a
 * cache of the same size, alignment and flags.
 *
 * Owner of a slab. Each slab belongs to a CPU or to its node, or, while it is created or given
 * back, to neither. A slab of a CPU is *frozen*: only that CPU allocates from it, while any
 * CPU may free into it.
 *
 *      CPU 0                 CPU 1                       node 0
 *      lock                  lock                        lock, nr_partial, nr_slabs, ...
 *      active  --> [o..o.]   active  --> [.....]         partial <-> [.o...] <-> [ooooo]
 *      partial --> [..o..]   partial                     full    <-> [.....] <-> [.....]
 *                     |
 *                  [.o.o.]
 *
 * A CPU allocates from its active slab. When that is full it goes to its node's full list. The
 * next active slab is the CPU's last partial slab; else the first of the node's list, and
 * some more of that list become the CPU's partial slabs; else one of another node that has
 * more than min_partial of them; else a new one. So most batches need only the CPU's own lock.
 *
 * A CPU that frees an object of a full slab becomes the owner of the slab, which joins its
 * partial slabs: further frees may empty it before it reaches a node's list. The number of a
 * CPU's partial slabs is limited to those that have cpu_partial free objects if each is half
 * empty (set_cpu_partial() of the kernel). At one more, the old ones go to the end of their
 * nodes' lists, so that they have time to become empty. On such a list an empty slab goes
 * back to the pool if the list has min_partial others.
 *
 * Locks. The lock of a slab's owner protects its freelist, numbers and links. There is no lock
 * for the cache as a whole. The first frame names the owner (@prev, see slub.h). To lock a
 * slab, a CPU reads @prev, takes that lock, and reads again: @prev changes only under the
 * lock of the CPU that loses or gets the slab, and, inside that, the lock of its node. The
 * locks of two CPUs are never held together. So any CPU may take the slabs of another one,
 * dead or alive; it does so to shrink, and before an allocation fails. SLUB splits the
 * active slab's freelist in two, so that the CPU needs no lock for its part. Here magazines
 * serve that purpose; behind them an uncontended lock is cheap, and a slab has one freelist.
 *
 * Slabs are allocated and given back with no lock held.
 *
 * A slab's numbers: inuse + length of the freelist = objects (I6). Those of a CPU or a node
 * are the sums over its slabs (I7).
 *
 * This follows 6.12 with one exception. 6.12 compares the number of slabs that a CPU gets from
 * a node's list with cpu_partial, a number of objects; 6.1, and this code, with the number of
 * slabs that hold so many. (Since 6.8 a CPU's partial slabs are not called frozen, without a
 * visible difference.) A debug cache leaves no slab with a CPU, as in the kernel.
 *
 * Files: slub_grow.c creates slabs and gives them back, slub_cpu.c moves them between nodes
 * and CPUs, slub.c allocates and frees objects, slub_cache.c has a cache's life and numbers,
 * slub_check.c the invariants.
 *
 * mm/slub.c of 6.1 and 6.12, after Bonwick, "The Slab Allocator", USENIX Summer 1994.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "object/poison.h"
#include "engine/slub/slub.h"

/* --- taking objects ------------------------------------------------------- */

/**
 * mymm_slub_rebuild_freelist() - rebuild a slab's freelist after a link was overwritten
 * @cache: the cache
 * @slab: its slab, under the owner's lock
 *
 * The objects of the list are those whose cookie is intact and does not mark them as in a
 * magazine or quarantined.
 *
 * Context: any but NMI.
 * Return: how many objects are lost. They count as used from now on; the caller adds them to
 * the count of the CPU or the node.
 */
unsigned int mymm_slub_rebuild_freelist(struct mymm_cache *cache,
					struct mymm_frame *slab)
{
	void *obj = mymm_slub_slab_objects(cache, slab) +
		    slab->objects * cache->size;
	unsigned int free = 0, lost, i = slab->objects;

	slab->free = MYMM_FREELIST_END;
	while (i--) {
		u64 link;

		obj -= cache->size;
		link = mymm_slub_get_link(cache, obj);
		if (link > 0xffff || link == MYMM_IN_MAGAZINE ||
		    link == MYMM_QUARANTINED)
			continue;
		mymm_slub_set_link(cache, obj, slab->free);
		slab->free = i + 1;
		free++;
	}
	lost = slab->objects - slab->inuse - free;
	slab->inuse += lost;
	atomic_long_add(lost, &cache->quarantined);
	return lost;
}

/*
 * Take up to @nr objects of the active slab. Adds those found overwritten to @lost.
 */
static unsigned int take_objects(struct mymm_cache *cache,
				 struct mymm_slub_cpu *c, unsigned int nr,
				 void **objs, unsigned int *lost)
{
	struct mymm_frame *slab = &cache->frame[c->active];
	void *mem = mymm_slub_slab_objects(cache, slab);
	const unsigned int objects = slab->objects, size = cache->size;
	const unsigned long offset = cache->offset;
	const u64 key = cache->key;
	unsigned int got = 0, gone = 0;
	u64 link = slab->free;

	lockdep_assert_held(&c->lock);
	c->nr_empty -= !slab->inuse;
	while (got < nr && link != MYMM_FREELIST_END) {
		void *obj = mem + (link - 1) * size;
		u64 cookie = (unsigned long)obj ^ key;
		u64 *word = obj + offset;
		u64 next = mymm_peek(word) ^ cookie;

		if (unlikely(next - 1 >= objects &&
			     next != MYMM_FREELIST_END)) {
			slab->inuse += got;
			gone = mymm_slub_rebuild_freelist(cache, slab);
			*lost += gone;
			goto out;
		}
		mymm_poke(word, cookie ^ MYMM_IN_MAGAZINE);
		objs[got++] = obj;
		link = next;
	}
	slab->free = link;
	slab->inuse += got;
out:
	c->nr_empty += !slab->inuse;
	c->nr_inuse += got + gone;
	return got;
}

static unsigned int take_from_cpu(struct mymm_cache *cache,
				  struct mymm_slub_cpu *c, gfp_t gfp, bool any,
				  unsigned int nr, void **objs,
				  unsigned int *lost)
{
	unsigned int got = 0;

	while (got < nr) {
		if (c->active == MYMM_NO_FRAME &&
		    !mymm_slub_next(cache, c, gfp, any))
			break;
		got += take_objects(cache, c, nr - got, objs + got, lost);
		if (got < nr &&
		    cache->frame[c->active].free == MYMM_FREELIST_END)
			mymm_slub_retire(cache, c);
	}
	return got;
}

/* Take objects from slabs for this CPU, after it has adopted @slab, if that is not NULL. */
static unsigned int take_here(struct mymm_cache *cache, struct mymm_frame *slab,
			      gfp_t gfp, bool any, unsigned int nr, void **objs)
{
	unsigned int got, lost = 0;
	struct mymm_slub_cpu *c;
	unsigned long flags;

	local_irq_save(flags);
	c = this_cpu_ptr(mymm_slubs_of(cache)->cpu);
	raw_spin_lock(&c->lock);
	if (slab)
		mymm_slub_adopt(cache, c, slab);
	got = take_from_cpu(cache, c, gfp, any, nr, objs, &lost);
	/* mymm_slub_walk() must find all slabs of a debug cache on lists. */
	if (unlikely(cache->debug) && c->active != MYMM_NO_FRAME)
		mymm_slub_retire(cache, c);
	raw_spin_unlock(&c->lock);
	local_irq_restore(flags);

	if (unlikely(lost))
		mymm_refuse_lost(cache, lost);
	return got;
}

/* There is no memory for a slab: take from the slabs of other CPUs, and of any node. */
static unsigned int take_anywhere(struct mymm_cache *cache, gfp_t gfp,
				  unsigned int nr, void **objs)
{
	int cpu;

	for_each_possible_cpu(cpu)
		mymm_slub_unfreeze_cpu(cache, cpu, true);
	return take_here(cache, NULL, gfp, true, nr, objs);
}

/**
 * mymm_slub_alloc() - get objects; see engine.h
 * @cache: of which cache
 * @gfp: how hard to try for a new slab
 * @nr: how many at most
 * @objs: where to put them
 *
 * Context: any but NMI.
 * Return: how many.
 */
unsigned int mymm_slub_alloc(struct mymm_cache *cache, gfp_t gfp,
			     unsigned int nr, void **objs)
{
	struct mymm_frame *slab = NULL;
	unsigned int got;

	do {
		got = take_here(cache, slab, gfp, false, nr, objs);
		if (got)
			return got;
		slab = mymm_slub_make(cache, gfp);
	} while (slab);
	return take_anywhere(cache, gfp, nr, objs);
}

/* --- the owner of a slab ---------------------------------------------------- */

/**
 * struct hold - the locks that are held
 * @cpu: CPU whose lock is held, or NULL
 * @node: node whose lock is held inside that, or NULL
 */
struct hold {
	struct mymm_slub_cpu *cpu;
	struct mymm_slub_node *node;
};

static void hold_node(struct hold *hold, struct mymm_slub_node *n)
{
	if (hold->node == n)
		return;
	if (hold->node)
		raw_spin_unlock(&hold->node->lock);
	if (n)
		raw_spin_lock(&n->lock);
	hold->node = n;
}

static void hold_cpu(struct hold *hold, struct mymm_slub_cpu *c)
{
	if (hold->cpu == c)
		return;
	hold_node(hold, NULL);
	if (hold->cpu)
		raw_spin_unlock(&hold->cpu->lock);
	if (c)
		raw_spin_lock(&c->lock);
	hold->cpu = c;
}

/*
 * Is an object that is freed on the freelist already? Of two CPUs that free it at the same
 * time both may pass the checks (see magazine.c); the second one finds the link of the first
 * in the object, or the slab gone.
 */
static bool came_before(const struct mymm_cache *cache, void *obj)
{
	return mymm_slub_get_link(cache, obj) - 1 < MYMM_FREELIST_END;
}

/*
 * Under the owner's lock: is the slab of this cache, and the object in it? The slab of an
 * object that is freed twice may be a part of a larger one by now.
 */
static bool is_in(const struct mymm_cache *cache, const struct mymm_frame *slab,
		  const void *obj)
{
	unsigned long at = obj - mymm_slub_slab_objects(cache, slab);

	return READ_ONCE(slab->cache) == cache->id &&
	       mymm_slub_slab_of(cache, obj) == slab &&
	       at < PAGE_SIZE << MYMM_MAX_ORDER &&
	       ror32((u32)at * cache->inverse, cache->shift) < slab->objects;
}

/*
 * Lock the owner of an object's slab. For a slab of a CPU that is the CPU's lock; for a slab
 * of a node the lock of this CPU, which may get the slab, and the node's. NULL if the slab is
 * gone or being given back, which can't be while an object of it is allocated.
 *
 * The frame is read with no lock held, and may have another use by then. But any value of
 * @prev leads to an existing lock; under that the frame is read again.
 */
static struct mymm_frame *hold_slab_of(struct mymm_cache *cache, void *obj,
				       struct hold *hold)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	struct mymm_frame *slab;
	u32 owner, cpu;

	while (mymm_cache_owns(cache, obj)) {
		slab = mymm_slub_slab_of(cache, obj);
		owner = READ_ONCE(slab->prev);
		if (owner & MYMM_SLUB_CPU) {
			cpu = owner & ~MYMM_SLUB_CPU;
			if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
				return NULL;
			hold_cpu(hold, per_cpu_ptr(s->cpu, cpu));
			hold_node(hold, NULL);
			if (READ_ONCE(slab->prev) == owner &&
			    is_in(cache, slab, obj))
				return slab;
		} else {
			hold_cpu(hold, this_cpu_ptr(s->cpu));
			hold_node(hold,
				  &s->node[mymm_slub_node_of(cache, slab)]);
			if (!(READ_ONCE(slab->prev) & MYMM_SLUB_CPU) &&
			    is_in(cache, slab, obj))
				return slab;
		}
	}
	return NULL;
}

/* --- giving objects back ------------------------------------------------------ */

/*
 * Put objects on the freelist of @slab until one is of another slab. Returns how many were
 * handled; adds those that were on the freelist already to @twice.
 */
static unsigned int put_objects(struct mymm_cache *cache,
				struct mymm_frame *slab, unsigned int nr,
				void **objs, unsigned int *twice)
{
	const unsigned long start =
		(unsigned long)mymm_slub_slab_objects(cache, slab);
	const u32 inverse = cache->inverse, shift = cache->shift;
	const unsigned long offset = cache->offset;
	const u32 objects = slab->objects;
	const u64 key = cache->key;
	unsigned int i, before = 0;
	u32 free = slab->free;

	for (i = 0; i < nr; i++) {
		unsigned long obj = (unsigned long)objs[i];
		unsigned long at = obj - start;
		u64 cookie = obj ^ key, *word = (void *)obj + offset;
		u32 number;

		if (at >= PAGE_SIZE << MYMM_MAX_ORDER)
			break;
		number = ror32((u32)at * inverse, shift);
		if (number >= objects)
			break;
		/* As came_before() has it. */
		if (unlikely((mymm_peek(word) ^ cookie) - 1 <
			     MYMM_FREELIST_END)) {
			before++;
			continue;
		}
		mymm_poke(word, cookie ^ free);
		free = number + 1;
	}
	slab->free = free;
	slab->inuse -= i - before;
	*twice += before;
	return i;
}

/* Free into a slab of a CPU. */
static unsigned int put_into_frozen(struct mymm_cache *cache,
				    struct mymm_slub_cpu *c,
				    struct mymm_frame *slab, unsigned int nr,
				    void **objs, unsigned int *twice)
{
	unsigned int inuse = slab->inuse, put;

	lockdep_assert_held(&c->lock);
	put = put_objects(cache, slab, nr, objs, twice);
	c->nr_inuse -= inuse - slab->inuse;
	c->nr_empty += inuse && !slab->inuse;
	return put;
}

/* Free into a full slab, which becomes this CPU's; its older partial slabs may have to leave. */
static unsigned int put_into_full(struct mymm_cache *cache, struct hold *hold,
				  struct mymm_frame *slab, unsigned int nr,
				  void **objs, unsigned int *twice, u32 *empty)
{
	unsigned int room = READ_ONCE(mymm_slubs_of(cache)->cpu_slabs);
	struct mymm_slub_cpu *c = hold->cpu;
	u32 old = MYMM_NO_FRAME;

	mymm_slub_freeze(cache, c, hold->node, slab);
	hold_node(hold, NULL);
	nr = put_into_frozen(cache, c, slab, nr, objs, twice);
	if (c->nr_partial >= room) {
		old = c->partial;
		c->partial = MYMM_NO_FRAME;
		c->nr_partial = 0;
	}
	if (room) {
		mymm_slub_push(cache, c, slab);
	} else {
		slab->next = old;
		old = mymm_slub_frame_index(cache, slab);
	}
	*empty = mymm_slub_unfreeze(cache, c, old, false, *empty);
	return nr;
}

/* Free into a slab of a node's partial list; it leaves the list if it is empty and not kept. */
static unsigned int put_into_partial(struct mymm_cache *cache,
				     struct mymm_slub_node *n,
				     struct mymm_frame *slab, unsigned int nr,
				     void **objs, unsigned int *twice,
				     u32 *empty)
{
	unsigned long enough =
		READ_ONCE(mymm_slubs_of(cache)->limits.min_partial);
	unsigned int inuse = slab->inuse;

	lockdep_assert_held(&n->lock);
	nr = put_objects(cache, slab, nr, objs, twice);
	n->nr_inuse -= inuse - slab->inuse;
	if (slab->inuse || !inuse)
		return nr;
	n->nr_empty++;
	if (n->nr_partial >= enough)
		*empty = mymm_slub_drop(cache, n, slab, *empty);
	return nr;
}

/* Free the first of @nr objects, and those after it that are of the same slab. */
static unsigned int put_some(struct mymm_cache *cache, struct hold *hold,
			     unsigned int nr, void **objs, unsigned int *twice,
			     u32 *empty)
{
	struct mymm_frame *slab = hold_slab_of(cache, objs[0], hold);

	if (unlikely(!slab || came_before(cache, objs[0]))) {
		*twice += 1;
		return 1;
	}
	if (!hold->node)
		return put_into_frozen(cache, hold->cpu, slab, nr, objs, twice);
	if (slab->free == MYMM_FREELIST_END)
		return put_into_full(cache, hold, slab, nr, objs, twice, empty);
	return put_into_partial(cache, hold->node, slab, nr, objs, twice,
				empty);
}

/**
 * mymm_slub_free() - take objects back; see engine.h
 * @cache: of which cache
 * @nr: how many
 * @objs: the objects
 *
 * Context: any but NMI.
 */
void mymm_slub_free(struct mymm_cache *cache, unsigned int nr, void **objs)
{
	u32 empty = MYMM_NO_FRAME;
	unsigned int i, twice = 0;
	struct hold hold = {};
	unsigned long flags;

	local_irq_save(flags);
	for (i = 0; i < nr;)
		i += put_some(cache, &hold, nr - i, objs + i, &twice, &empty);
	hold_cpu(&hold, NULL);
	local_irq_restore(flags);

	if (unlikely(twice))
		mymm_refuse_twice(cache, twice);
	mymm_slub_give_back(cache, empty);
}

static bool on_freelist(struct mymm_cache *cache, struct mymm_frame *slab,
			const void *obj)
{
	void *at = mymm_slub_follow(cache, slab, slab->free);
	unsigned int steps;

	for (steps = 0; at && steps < slab->objects; steps++) {
		if (at == obj)
			return true;
		at = mymm_slub_follow(cache, slab,
				      mymm_slub_get_link(cache, at));
	}
	return false;
}

/**
 * mymm_slub_is_free() - is an object on its slab's freelist? See engine.h
 * @cache: the cache
 * @obj: the object
 *
 * Context: any but NMI.
 * Return: whether it is; true if its slab was given back since the caller's check.
 */
bool mymm_slub_is_free(struct mymm_cache *cache, void *obj)
{
	struct hold hold = {};
	struct mymm_frame *slab;
	unsigned long flags;
	bool free;

	local_irq_save(flags);
	slab = hold_slab_of(cache, obj, &hold);
	free = !slab || on_freelist(cache, slab, obj);
	hold_cpu(&hold, NULL);
	local_irq_restore(flags);
	return free;
}
