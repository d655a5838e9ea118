// SPDX-License-Identifier: GPL-2.0
/*
 * A cache of the slub engine: its geometry, creation and destruction, limits, and shrinking;
 * slub.c has the picture.
 *
 * Its limits are SLUB's tunables min_partial and cpu_partial. The latter is a number of free
 * objects, from set_cpu_partial(), which is the same in 6.1 and 6.12:
 *
 *      bytes of an object     below 256    below 1024    below a page    more
 *      cpu_partial            120          52            24              6
 *
 * It is applied as a number of slabs: those that have so many free objects if half full.
 */
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "object/slot.h"
#include "engine/slub/slub.h"
#include "object/calculate_order.h"

/* A CPU's slabs are unfrozen with interrupts off, which limits their number. */
#define MAX_CPU_PARTIAL 4096U

/* --- geometry ------------------------------------------------------------ */

static int choose_geometry(struct mymm_cache *cache)
{
	unsigned int size = mymm_slot_layout(cache);

	cache->size = size;
	cache->shift = __ffs(size);
	cache->inverse = mymm_inverse_of_odd(size >> cache->shift);
	cache->order = mymm_calculate_order(size);
	cache->num = (PAGE_SIZE << cache->order) / size;
	cache->min_order = get_order(size);
	if (cache->order > MYMM_MAX_ORDER)
		return -EINVAL;
	return 0;
}

/*
 * SLAB's values; but for small objects as many as fill 32 KiB, up to 256, since there is no
 * shared array between a magazine and the slabs.
 */
static void default_tunables(const struct mymm_cache *cache,
			     struct mymm_tunables *tunables)
{
	*tunables = mymm_cache_default_tunables(cache,
						min(256U, 32768 / cache->size));
}

/* --- limits --------------------------------------------------------------- */

static unsigned int default_cpu_partial(const struct mymm_cache *cache)
{
	if (cache->debug)
		return 0;
	if (cache->size >= PAGE_SIZE)
		return 6;
	if (cache->size >= 1024)
		return 24;
	return cache->size >= 256 ? 52 : 120;
}

static void apply_limits(struct mymm_cache *cache,
			 const struct mymm_cache_limits *limits)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);

	WRITE_ONCE(s->limits.min_partial, limits->min_partial);
	WRITE_ONCE(s->limits.cpu_partial, limits->cpu_partial);
	WRITE_ONCE(s->cpu_slabs,
		   DIV_ROUND_UP(limits->cpu_partial * 2, cache->num));
}

static void get_limits(const struct mymm_cache *cache,
		       struct mymm_cache_limits *limits)
{
	const struct mymm_slubs *s = mymm_slubs_of(cache);

	limits->min_partial = READ_ONCE(s->limits.min_partial);
	limits->cpu_partial = READ_ONCE(s->limits.cpu_partial);
}

/* When the limit falls, CPUs lose all their partial slabs, as in SLUB. */
static int set_limits(struct mymm_cache *cache,
		      const struct mymm_cache_limits *limits)
{
	int cpu;

	if (limits->cpu_partial && cache->debug) {
		pr_err_ratelimited(
			"pool %s: cache %s: it is a debug cache, so CPUs have no partial slabs\n",
			cache->pool->name, cache->name);
		return -EINVAL;
	}
	if (limits->cpu_partial > MAX_CPU_PARTIAL) {
		pr_err_ratelimited(
			"pool %s: cache %s: cpu_partial %u is out of range 0 to %u\n",
			cache->pool->name, cache->name, limits->cpu_partial,
			MAX_CPU_PARTIAL);
		return -EINVAL;
	}
	apply_limits(cache, limits);
	for_each_possible_cpu(cpu)
		mymm_slub_drain_cpu(cache, cpu);
	return 0;
}

static unsigned int cpu_partial(const struct mymm_cache *cache, int cpu)
{
	return READ_ONCE(
		per_cpu_ptr(mymm_slubs_of(cache)->cpu, cpu)->nr_partial);
}

/* --- life -------------------------------------------------------------------- */

static void cache_exit(struct mymm_cache *cache)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);

	free_percpu(s->cpu);
	kfree(s->sequence);
	kfree(s);
	cache->engine_data = NULL;
}

/* The numbers of a slab's objects, shuffled (Fisher and Yates). */
static int make_sequence(struct mymm_cache *cache, struct mymm_slubs *s)
{
	const u32 seed = cache->pool->freelist_seed;
	struct rnd_state rnd;
	unsigned int i, k;

	if (!mymm_inject_fail())
		s->sequence = kmalloc_array(cache->num, sizeof(*s->sequence),
					    GFP_KERNEL);
	if (!s->sequence)
		return -ENOMEM;
	/* By name, so that it does not depend on the caches made before. */
	s->seed = jhash(cache->name, strlen(cache->name), seed);
	prandom_seed_state(&rnd, s->seed);
	for (i = 0; i < cache->num; i++) {
		k = prandom_u32_state(&rnd) % (i + 1);
		s->sequence[i] = s->sequence[k];
		s->sequence[k] = i;
	}
	return 0;
}

static int make_cpus(struct mymm_slubs *s)
{
	int cpu;

	if (!mymm_inject_fail())
		s->cpu = alloc_percpu(struct mymm_slub_cpu);
	if (!s->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct mymm_slub_cpu *c = per_cpu_ptr(s->cpu, cpu);

		raw_spin_lock_init(&c->lock);
		c->active = MYMM_NO_FRAME;
		c->partial = MYMM_NO_FRAME;
	}
	return 0;
}

static int cache_init(struct mymm_cache *cache)
{
	unsigned int nodes = cache->pool->nr_nodes, i;
	struct mymm_cache_limits limits;
	struct mymm_slubs *s = NULL;
	int err;

	err = choose_geometry(cache);
	if (err)
		return err;
	if (!mymm_inject_fail())
		s = kzalloc(struct_size(s, node, nodes), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	cache->engine_data = s;
	s->nr_nodes = nodes;
	for (i = 0; i < nodes; i++)
		raw_spin_lock_init(&s->node[i].lock);
	limits.min_partial =
		clamp_t(unsigned int, ilog2(cache->size) / 2, 5, 10);
	limits.cpu_partial = default_cpu_partial(cache);
	apply_limits(cache, &limits);
	err = make_cpus(s);
	if (!err && cache->pool->freelist_random)
		err = make_sequence(cache, s);
	if (err)
		cache_exit(cache);
	return err;
}

/* --- giving back -------------------------------------------------------------- */

/* Take at most @slabs empty slabs from a node's list. */
static u32 drop_empty(struct mymm_cache *cache, int node, unsigned long slabs)
{
	struct mymm_slub_node *n = &mymm_slubs_of(cache)->node[node];
	u32 list = mymm_slub_list(cache, node, MYMM_SLUB_PARTIAL);
	struct mymm_frame *table = cache->frame;
	u32 empty = MYMM_NO_FRAME, idx, next;

	guard(raw_spinlock_irqsave)(&n->lock);
	for (idx = table[list].next; idx != list && slabs && n->nr_empty;
	     idx = next) {
		next = table[idx].next;
		if (table[idx].inuse)
			continue;
		empty = mymm_slub_drop(cache, n, &table[idx], empty);
		slabs--;
	}
	return empty;
}

static unsigned long give_empty(struct mymm_cache *cache, unsigned long slabs)
{
	unsigned long nr = 0;
	unsigned int node;

	for (node = 0; node < mymm_slubs_of(cache)->nr_nodes; node++)
		nr += mymm_slub_give_back(cache,
					  drop_empty(cache, node, slabs - nr));
	return nr;
}

/* Give back empty slabs of nodes; if they are not enough, those of CPUs. */
static unsigned long shrink(struct mymm_cache *cache, unsigned long slabs)
{
	unsigned long nr = give_empty(cache, slabs);
	int cpu;

	if (nr >= slabs)
		return nr;
	for_each_possible_cpu(cpu)
		mymm_slub_unfreeze_cpu(cache, cpu, true);
	return nr + give_empty(cache, slabs - nr);
}

static u32 drop_list(struct mymm_cache *cache, int node,
		     enum mymm_slub_list which, u32 dropped)
{
	struct mymm_slub_node *n = &mymm_slubs_of(cache)->node[node];
	u32 list = mymm_slub_list(cache, node, which);
	struct mymm_frame *table = cache->frame;

	guard(raw_spinlock_irqsave)(&n->lock);
	while (table[list].next != list)
		dropped = mymm_slub_drop(cache, n, &table[table[list].next],
					 dropped);
	return dropped;
}

/* Give back all slabs. shrink() has run, so no slab belongs to a CPU. */
static unsigned long discard(struct mymm_cache *cache)
{
	u32 dropped = MYMM_NO_FRAME;
	unsigned int node;

	for (node = 0; node < mymm_slubs_of(cache)->nr_nodes; node++) {
		dropped = drop_list(cache, node, MYMM_SLUB_PARTIAL, dropped);
		dropped = drop_list(cache, node, MYMM_SLUB_FULL, dropped);
	}
	return mymm_slub_give_back(cache, dropped);
}

static unsigned long empty(const struct mymm_cache *cache)
{
	const struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned long slabs = 0;
	unsigned int node;
	int cpu;

	for (node = 0; node < s->nr_nodes; node++)
		slabs += READ_ONCE(s->node[node].nr_empty);
	for_each_possible_cpu(cpu)
		slabs += READ_ONCE(per_cpu_ptr(s->cpu, cpu)->nr_empty);
	return slabs << cache->order;
}

/* freelist=: "ordered", "random", "random:SEED". */
static int pool_init(struct mymm_pool *pool,
		     const struct mymm_pool_config *config)
{
	const char *text = config->freelist ?: "ordered";

	if (!strcmp(text, "ordered"))
		return 0;
	pool->freelist_random = true;
	pool->freelist_seed = get_random_u32();
	if (!strcmp(text, "random"))
		return 0;
	if (!strncmp(text, "random:", 7) &&
	    !kstrtou32(text + 7, 0, &pool->freelist_seed))
		return 0;
	pr_err("freelist: \"%s\" is none of ordered, random, random:SEED\n",
	       text);
	return -EINVAL;
}

const struct mymm_engine_ops mymm_slub_ops = {
	.name = "slub",
	.needs_memory = true,
	.typesafe = true,
	.pool_init = pool_init,
	.cache_init = cache_init,
	.cache_exit = cache_exit,
	.alloc = mymm_slub_alloc,
	.free = mymm_slub_free,
	.is_free = mymm_slub_is_free,
	.shrink = shrink,
	.discard = discard,
	.empty = empty,
	.drain_cpu = mymm_slub_drain_cpu,
	.default_tunables = default_tunables,
	.get_limits = get_limits,
	.set_limits = set_limits,
	.cpu_partial = cpu_partial,
	.get_slabinfo = mymm_slub_slabinfo,
	.count_slabs = mymm_slub_count,
	.slab_area = mymm_slub_area,
	.walk = mymm_slub_walk,
	.check = mymm_slub_check,
};
MYMM_EXPORT_INTERNAL(mymm_slub_ops);
