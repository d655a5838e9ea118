// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine: objects of one size, one after the other, in slabs of 2^order
 * pages; free ones linked through a word of their own.
 *
 * A slab and what its first frame says of it (here with 5 objects, 2 of them free):
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
 * Whoever writes to an object after freeing it destroys the cookie, and the engine
 * sees that before it follows the link. It then gathers the list anew from the
 * objects whose cookie is whole, takes the others out of use, says so, and goes on.
 * (A clever enough overwrite keeps the upper 48 bits. Then the link leads to an object
 * without a cookie, or to one that was just handed out and says so; or to a free one further
 * on, and those in between are lost. What is no number of an object of this slab is no link,
 * so none leads out of it.) That is our form of SLAB_FREELIST_HARDENED.
 *
 * Where the word stands is SLUB's rule: in the middle of the object, or behind it if
 * the object must keep its contents while it is free (constructor, poison, RCU). So are
 * size and order, and with them what /proc/myslabinfo shows: the running kernel's
 * own numbers for a cache of the same size, alignment and flags.
 *
 * Whose a slab is. Each slab is one CPU's or its node's, or, while it is made or given back,
 * nobody's. One that is a CPU's is *frozen*: only that CPU takes objects from it, while
 * anybody may put objects back.
 *
 *      CPU 0                 CPU 1                       node 0
 *      lock                  lock                        lock, nr_partial, nr_slabs, ...
 *      active  --> [o..o.]   active  --> [.....]         partial <-> [.o...] <-> [ooooo]
 *      partial --> [..o..]   partial                     full    <-> [.....] <-> [.....]
 *                     |
 *                  [.o.o.]
 *
 * A CPU takes from its active slab. When that is full it goes to its node's full list, and
 * the next one is: the CPU's last partial slab; else the first of the node's list, and with
 * it some more become the CPU's; else one of another node that has more than min_partial of
 * them; else a new one. So most batches need no lock but the CPU's own.
 *
 * Who frees an object of a full slab has the slab from then on, as one of his CPU's partial
 * ones: it may be filled up again before a node's list sees it. A CPU has up to cpu_partial
 * free objects in such slabs, if these are half empty (set_cpu_partial() of the kernel); one
 * more, and the old ones go to the end of their nodes' lists, so that they have time to
 * become empty. There an empty slab goes back to the pool if its node's list has min_partial
 * others.
 *
 * Locks. Who owns a slab has the lock that protects it: its freelist, numbers and links. There
 * is none for the cache as a whole. Which lock that is its first frame says (@prev, see slub.h);
 * who wants it reads that, takes the lock, and looks again: it changes only under the
 * lock of the CPU that has the slab or gets it, and, inside of that, of its node. Nobody
 * holds the locks of two CPUs. So any CPU may take another's slabs away, be it dead or
 * alive, and does: to shrink, and before it finds that there is no memory. SLUB has the
 * active slab's freelist twice, so that the CPU needs no lock for its half. Here magazines
 * do that, and better; behind them a lock that nobody else wants is cheap, and a slab has
 * one freelist.
 *
 * New slabs are allocated, and empty ones given back, with no lock held.
 *
 * Each slab's numbers: inuse + length of the freelist = objects (I6). Each CPU's and each
 * node's: the sums over its slabs (I7).
 *
 * As 6.12 has it; but 6.12 compares the number of slabs that a CPU gets from a node's list
 * with cpu_partial, a number of objects, and 6.1 with as many slabs as that makes: so do we.
 * That a CPU's partial slabs are not called frozen since 6.8 makes no difference that
 * could be seen. Of a debug cache no slab stays a CPU's, as there.
 *
 * The files: slub_grow.c slabs as they come and go, slub_cpu.c between nodes and CPUs,
 * slub.c objects, slub_cache.c a cache's life and numbers, slub_check.c what must hold.
 *
 * mm/slub.c of 6.1 and 6.12, after Bonwick, "The Slab Allocator", USENIX Summer 1994.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "object/poison.h"
#include "engine/slub/slub.h"

/* --- taking objects ------------------------------------------------------- */

/**
 * mymm_slub_rebuild_freelist() - make a slab's freelist anew
 * @cache: the cache
 * @slab: of it, under the lock of whoever has it
 *
 * A link of it is broken. What is on the list is known without it: the objects whose cookie
 * is whole and does not say that they are in a magazine, or out of use.
 *
 * Context: any but NMI.
 * Return: how many are lost. They count as used from now on; that is for the caller to add
 * to what the CPU or the node has counted.
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
 * Up to @nr objects of the active slab. @lost grows by those that were found overwritten.
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

/* What there is for this CPU, @slab among it if there is one. */
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
	/* Who looks at a debug cache is to find all of its slabs on lists. */
	if (unlikely(cache->debug) && c->active != MYMM_NO_FRAME)
		mymm_slub_retire(cache, c);
	raw_spin_unlock(&c->lock);
	local_irq_restore(flags);

	if (unlikely(lost))
		mymm_refuse_lost(cache, lost);
	return got;
}

/* There is no memory. What other CPUs have set aside is as good, and so is any node's. */
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

/* --- whose a slab is -------------------------------------------------------- */

/**
 * struct hold - the locks that are held
 * @cpu: of this CPU, or NULL
 * @node: and in it of this node, or NULL
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
 * Is an object that comes back here already? Two CPUs that free it at the same
 * time may both be let in (see magazine.c); the second to come finds the first
 * one's link in it, or the slab gone.
 */
static bool came_before(const struct mymm_cache *cache, void *obj)
{
	return mymm_slub_get_link(cache, obj) - 1 < MYMM_FREELIST_END;
}

/*
 * Under the lock of whoever has the slab: is it of this cache, and the object in it? An object
 * that comes back twice may have been in a slab that is a part of a larger one by now.
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
 * Hold the lock of whoever has the slab of an object. For a CPU's slab that is the CPU's; for
 * a node's that of this CPU, which may get the slab, and the node's. NULL if the slab is gone,
 * or about to: while an object of it is in somebody's hands it is neither.
 *
 * The frame is read with no lock held, and may be anything's by then: but whatever it says
 * leads to a lock that is there, and under that it says the truth or the object is none.
 */
static struct mymm_frame *hold_slab_of(struct mymm_cache *cache, void *obj,
				       struct hold *hold)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	struct mymm_frame *slab;
	u32 whose, cpu;

	while (mymm_cache_owns(cache, obj)) {
		slab = mymm_slub_slab_of(cache, obj);
		whose = READ_ONCE(slab->prev);
		if (whose & MYMM_SLUB_CPU) {
			cpu = whose & ~MYMM_SLUB_CPU;
			if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
				return NULL;
			hold_cpu(hold, per_cpu_ptr(s->cpu, cpu));
			hold_node(hold, NULL);
			if (READ_ONCE(slab->prev) == whose &&
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
 * Put objects on their slab's freelist, as long as they are of this slab. Returns how many
 * were looked at; of these @twice grows by those that are on it already.
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

/* Into a slab that is a CPU's. */
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

/* Into a full slab, which is this CPU's from now on; others may have to make room for it. */
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

/* Into a slab on its node's partial list, which it leaves if it is empty and one too many. */
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

/* The first of some objects, and those after it that are of the same slab. */
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
		mymm_refuse(
			cache->pool, MYMM_REFUSED_DOUBLE_FREE,
			"cache %s: %u objects were freed twice at the same time",
			cache->name, twice);
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
 * Return: whether it is; also if its slab has gone since the caller looked.
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
