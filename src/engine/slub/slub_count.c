// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine's numbers of slabs and objects, in all and by node.
 *
 * For the sum the locks of all nodes are held at once. Then no slab can change its owner, which
 * takes the lock of its node: so each is counted once, while CPUs continue to use theirs.
 *
 * An object on the freelist of a frozen slab is counted as free. SLUB counts it as used, as
 * all objects of a slab that is on no list of a node, since it does not keep that number.
 */
#include "base/compat.h"
#include "engine/slub/slub.h"

static_assert(MYMM_MAX_NODES <= MAX_LOCKDEP_SUBCLASSES,
	      "lockdep can tell the nodes apart");

/**
 * mymm_slub_lock_nodes() - lock all nodes, so that no slab changes its owner
 * @s: of a cache; none of its locks is held
 *
 * Context: any but NMI.
 * Return: the interrupt flags, for mymm_slub_unlock_nodes().
 */
unsigned long mymm_slub_lock_nodes(struct mymm_slubs *s)
{
	unsigned long flags;
	unsigned int node;

	local_irq_save(flags);
	for (node = 0; node < s->nr_nodes; node++)
		raw_spin_lock_nested(&s->node[node].lock, node);
	return flags;
}

/**
 * mymm_slub_unlock_nodes() - undo mymm_slub_lock_nodes()
 * @s: the same
 * @flags: what that returned
 *
 * Context: any but NMI.
 */
void mymm_slub_unlock_nodes(struct mymm_slubs *s, unsigned long flags)
{
	unsigned int node = s->nr_nodes;

	while (node--)
		raw_spin_unlock(&s->node[node].lock);
	local_irq_restore(flags);
}

/**
 * mymm_slub_slabinfo() - a cache's numbers; see engine.h
 * @cache: the cache
 * @info: filled; its tunables with zeroes, as in the kernel's SLUB
 *
 * Context: any but NMI.
 */
void mymm_slub_slabinfo(struct mymm_cache *cache, struct mymm_slabinfo *info)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned long flags;
	unsigned int node;
	int cpu;

	*info = (struct mymm_slabinfo){};
	flags = mymm_slub_lock_nodes(s);
	for (node = 0; node < s->nr_nodes; node++) {
		info->active_objs += s->node[node].nr_inuse;
		info->num_objs += s->node[node].nr_objects;
		info->num_slabs += s->node[node].nr_slabs;
	}
	for_each_possible_cpu(cpu)
		info->active_objs +=
			READ_ONCE(per_cpu_ptr(s->cpu, cpu)->nr_inuse);
	mymm_slub_unlock_nodes(s, flags);
	info->active_slabs = info->num_slabs;
}

static void count_node(struct mymm_cache *cache, int node,
		       struct mymm_cache_slabs *count)
{
	struct mymm_slub_node *n = &mymm_slubs_of(cache)->node[node];
	u32 list = mymm_slub_list(cache, node, MYMM_SLUB_PARTIAL), idx;
	const struct mymm_frame *table = cache->frame;

	guard(raw_spinlock_irqsave)(&n->lock);
	for (idx = table[list].next; idx != list; idx = table[idx].next)
		count->objects_partial += table[idx].inuse;
	count->partial = n->nr_partial;
	count->slabs = n->nr_slabs;
	count->total_objects = n->nr_objects;
	count->objects += n->nr_inuse;
}

static void count_frozen(struct mymm_cache *cache, u32 idx,
			 struct mymm_cache_slabs *node)
{
	const struct mymm_frame *slab = &cache->frame[idx];

	node += mymm_slub_node_of(cache, slab);
	node->cpu_slabs++;
	node->objects += slab->inuse;
}

static void count_cpu(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		      struct mymm_cache_slabs *node)
{
	u32 idx;

	guard(raw_spinlock_irqsave)(&c->lock);
	if (c->active != MYMM_NO_FRAME)
		count_frozen(cache, c->active, node);
	for (idx = c->partial; idx != MYMM_NO_FRAME;
	     idx = cache->frame[idx].next)
		count_frozen(cache, idx, node);
}

/**
 * mymm_slub_count() - count a cache's slabs and objects, node by node
 * @cache: the cache
 * @node: by node, %MYMM_MAX_NODES; all 0
 *
 * Exact while no slab changes its owner.
 *
 * Context: any but NMI.
 */
void mymm_slub_count(struct mymm_cache *cache, struct mymm_cache_slabs *node)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned int i;
	int cpu;

	for (i = 0; i < s->nr_nodes; i++)
		count_node(cache, i, &node[i]);
	for_each_possible_cpu(cpu)
		count_cpu(cache, per_cpu_ptr(s->cpu, cpu), node);
}
