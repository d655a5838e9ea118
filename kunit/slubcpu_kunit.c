// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine's CPUs: their active slab, their partial slabs, and how slabs pass between
 * them and nodes.
 *
 * Tests ask the engine itself, past the magazines, so each object comes from where they say.
 * A slab of 64 bytes is a page with 64 objects; cpu_partial is 120 then, which is four slabs
 * if they are half full (2 * 120 / 64), and min_partial is 5.
 */
#include <linux/cpu.h>
#include <linux/smp.h>

#include "../src/slub.h"
#include "scene.h"

#define IN_SLAB 64
#define CPU_SLABS 4

/* A cache whose slabs are a page of 64 objects. */
static struct mymm_cache *new_cache(struct kunit *test, struct mymm_pool *pool,
				    const char *name)
{
	struct mymm_cache *cache = mymm_test_cache(test, pool, name, 64);

	KUNIT_ASSERT_EQ(test, cache->order, 0);
	KUNIT_ASSERT_EQ(test, cache->num, IN_SLAB);
	KUNIT_ASSERT_EQ(test, mymm_slubs_of(cache)->cpu_slabs, CPU_SLABS);
	return cache;
}

static struct mymm_slub_node *node_of(struct mymm_cache *cache, int node)
{
	return &mymm_slubs_of(cache)->node[node];
}

static struct mymm_slub_cpu *cpu_of(struct mymm_cache *cache, int cpu)
{
	return per_cpu_ptr(mymm_slubs_of(cache)->cpu, cpu);
}

/* Objects of so many slabs, one slab after the other; the last slab is active, and full. */
static void **fill(struct kunit *test, struct mymm_cache *cache,
		   unsigned int slabs)
{
	void **objs =
		kunit_kcalloc(test, slabs * IN_SLAB, sizeof(*objs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < slabs; i++)
		KUNIT_EXPECT_EQ(test,
				cache->engine->alloc(cache, GFP_NOWAIT, IN_SLAB,
						     objs + i * IN_SLAB),
				IN_SLAB);
	return objs;
}

static void give(struct mymm_cache *cache, unsigned int nr, void **objs)
{
	cache->engine->free(cache, nr, objs);
}

static void *take(struct mymm_cache *cache)
{
	void *obj = NULL;

	cache->engine->alloc(cache, GFP_NOWAIT, 1, &obj);
	return obj;
}

/* The slab of an object as the number that it has among those of fill(). */
static u32 slab_at(struct mymm_cache *cache, const void *obj)
{
	return frame_index(cache, slab_of(cache, obj));
}

/* --- frozen ------------------------------------------------------------------- */

/*
 * The first slab is active until more is wanted than it has; then it is the node's, on the
 * full list. When an object of it comes back it is the CPU's again, and stays that when all
 * of them have. It is next when the second one is full.
 */
static void frozen(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = new_cache(test, pool, "frozen");
	struct mymm_slub_node *n = node_of(cache, 0);
	struct mymm_slub_cpu *c;
	void **objs, *obj;
	unsigned int i;

	migrate_disable();
	c = this_cpu_ptr(mymm_slubs_of(cache)->cpu);
	objs = fill(test, cache, 1);
	KUNIT_EXPECT_EQ(test, c->active, slab_at(cache, objs[0]));
	KUNIT_EXPECT_EQ(test, c->nr_inuse, IN_SLAB);
	KUNIT_EXPECT_EQ(test, n->nr_slabs, 1);
	KUNIT_EXPECT_EQ(test, n->nr_frozen, 1);
	KUNIT_EXPECT_EQ(test, n->nr_inuse, 0);

	obj = take(cache);
	KUNIT_EXPECT_EQ(test, c->active, slab_at(cache, obj));
	KUNIT_EXPECT_NE(test, c->active, slab_at(cache, objs[0]));
	KUNIT_EXPECT_EQ(test, c->nr_slabs, 1);
	KUNIT_EXPECT_EQ(test, n->nr_slabs, 2);
	KUNIT_EXPECT_EQ(test, n->nr_frozen, 1);
	KUNIT_EXPECT_EQ(test, n->nr_inuse, IN_SLAB);

	give(cache, 1, &objs[0]);
	KUNIT_EXPECT_EQ(test, c->partial, slab_at(cache, objs[0]));
	KUNIT_EXPECT_EQ(test, c->nr_partial, 1);
	KUNIT_EXPECT_EQ(test, n->nr_frozen, 2);
	KUNIT_EXPECT_EQ(test, n->nr_inuse, 0);
	give(cache, IN_SLAB - 1, objs + 1);
	KUNIT_EXPECT_EQ(test, c->nr_empty, 1);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 1);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 1);
	KUNIT_EXPECT_EQ(test, cache->engine->empty(cache), 1);
	MYMM_EXPECT_SOUND(test, pool);

	/* What came back last is first. */
	for (i = 1; i < IN_SLAB; i++)
		take(cache);
	KUNIT_EXPECT_PTR_EQ(test, take(cache), objs[IN_SLAB - 1]);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 2);

	/* All but what the last loop took, which is the slab of obj. */
	give(cache, 1, &objs[IN_SLAB - 1]);
	for (i = 0; i < IN_SLAB; i++) {
		void *at = mymm_pool_address(pool, slab_at(cache, obj)) +
			   i * cache->size;

		give(cache, 1, &at);
	}
	migrate_enable();
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

/*
 * Seven full slabs, 0 to 6, of which 6 is active. One object of each of 0 to 3 comes back: the
 * CPU has four partial slabs, which is all that it may. With one of slab 4 these go to the
 * end of the node's list, the last to come first: 3 2 1 0.
 *
 * There all of them become empty, and are kept: they are not five. Slab 4 becomes empty too,
 * and slab 5 partial. When the CPU loses both, 5 goes to the list, which has five slabs then;
 * so 4, which comes after it, goes back to the pool. The active slab becomes the first.
 */
static void overflow(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = new_cache(test, pool, "overflow");
	u32 list = mymm_slub_list(cache, 0, MYMM_SLUB_PARTIAL), idx;
	struct mymm_slub_node *n = node_of(cache, 0);
	struct mymm_slub_cpu *c;
	unsigned int i;
	void **objs;

	migrate_disable();
	c = this_cpu_ptr(mymm_slubs_of(cache)->cpu);
	objs = fill(test, cache, 7);
	for (i = 0; i < 4; i++) {
		give(cache, 1, &objs[i * IN_SLAB]);
		KUNIT_EXPECT_EQ(test, c->nr_partial, i + 1);
	}
	KUNIT_EXPECT_EQ(test, n->nr_partial, 0);
	give(cache, 1, &objs[4 * IN_SLAB]);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 1);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 4);
	idx = list;
	for (i = 4; i--;) {
		idx = cache->frame[idx].next;
		KUNIT_EXPECT_EQ_MSG(test, idx,
				    slab_at(cache, objs[i * IN_SLAB]),
				    "slab %u", i);
	}

	for (i = 0; i < 5; i++)
		give(cache, IN_SLAB - 1, &objs[i * IN_SLAB + 1]);
	KUNIT_EXPECT_EQ(test, n->nr_empty, 4);
	KUNIT_EXPECT_EQ(test, c->nr_empty, 1);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 7);
	give(cache, 1, &objs[5 * IN_SLAB]);
	give(cache, 1, &objs[6 * IN_SLAB]);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 2);
	cache->engine->drain_cpu(cache, smp_processor_id());
	KUNIT_EXPECT_EQ(test, c->nr_slabs, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 6);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 6);
	KUNIT_EXPECT_EQ(test, cache->frame[list].next,
			slab_at(cache, objs[6 * IN_SLAB]));
	KUNIT_EXPECT_EQ(test, cache->frame[list].prev,
			slab_at(cache, objs[5 * IN_SLAB]));
	MYMM_EXPECT_SOUND(test, pool);

	/*
	 * A CPU without anything gets the first, and three more: half of its four, and one.
	 * They come from the list in its order, and are used last to first.
	 */
	KUNIT_EXPECT_PTR_EQ(test, take(cache), objs[6 * IN_SLAB]);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 3);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 2);
	KUNIT_EXPECT_EQ(test, c->partial, slab_at(cache, objs[1 * IN_SLAB]));
	give(cache, 1, &objs[6 * IN_SLAB]);

	give(cache, IN_SLAB - 1, &objs[5 * IN_SLAB + 1]);
	give(cache, IN_SLAB - 1, &objs[6 * IN_SLAB + 1]);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 6);
}

/* --- limits --------------------------------------------------------------------- */

/* set_cpu_partial() of 6.1 and 6.12, and the same as slabs that are half full. */
static void limits_by_size(struct kunit *test)
{
	static const struct {
		unsigned int size, cpu_partial;
	} sizes[] = {
		{ 8, 120 },   { 64, 120 },  { 248, 120 },
		{ 256, 52 },  { 1016, 52 }, { 1024, 24 },
		{ 4088, 24 }, { 4096, 6 },  { 8192, 6 },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_slab_limits limits;
	unsigned int i, num;
	char name[16];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct mymm_cache *cache;

		snprintf(name, sizeof(name), "size-%u", sizes[i].size);
		cache = mymm_test_cache(test, pool, name, sizes[i].size);
		cache->engine->get_limits(cache, &limits);
		KUNIT_EXPECT_EQ_MSG(test, limits.cpu_partial,
				    sizes[i].cpu_partial, "%s", name);
		num = (PAGE_SIZE << cache->order) / sizes[i].size;
		KUNIT_EXPECT_EQ_MSG(test, mymm_slubs_of(cache)->cpu_slabs,
				    (2 * sizes[i].cpu_partial + num - 1) / num,
				    "%s", name);
	}
}

/* They are set, and CPUs lose what they have; what makes no sense changes nothing. */
static void limits_set(struct kunit *test)
{
	static const struct mymm_cache_config debug = {
		.name = "debug",
		.size = 64,
		.flags = SLAB_POISON,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = new_cache(test, pool, "limits");
	struct mymm_cache *checked = mymm_test_cache_config(test, pool, &debug);
	struct mymm_slab_limits limits = { 2, 0 };
	void **objs;

	migrate_disable();
	objs = fill(test, cache, 4);
	give(cache, 1, &objs[0]);
	MYMM_EXPECT_OK(test, cache->engine->set_limits(cache, &limits));
	KUNIT_EXPECT_EQ(test, node_of(cache, 0)->nr_frozen, 0);
	KUNIT_EXPECT_EQ(test, node_of(cache, 0)->nr_partial, 1);
	/* No more than two partial ones are kept if they are empty, and none is a CPU's. */
	give(cache, IN_SLAB, &objs[IN_SLAB]);
	KUNIT_EXPECT_EQ(test, node_of(cache, 0)->nr_partial, 2);
	give(cache, IN_SLAB, &objs[2 * IN_SLAB]);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 3);
	KUNIT_EXPECT_EQ(test, node_of(cache, 0)->nr_frozen, 0);
	give(cache, IN_SLAB, &objs[3 * IN_SLAB]);
	give(cache, IN_SLAB - 1, &objs[1]);
	migrate_enable();

	limits.cpu_partial = 4097;
	KUNIT_EXPECT_EQ(test, cache->engine->set_limits(cache, &limits),
			-EINVAL);
	cache->engine->get_limits(cache, &limits);
	KUNIT_EXPECT_EQ(test, limits.cpu_partial, 0);
	limits.cpu_partial = 1;
	KUNIT_EXPECT_EQ(test, checked->engine->set_limits(checked, &limits),
			-EINVAL);
	checked->engine->get_limits(checked, &limits);
	KUNIT_EXPECT_EQ(test, limits.cpu_partial, 0);
}

/*
 * Two nodes of 16 frames: 16 full slabs on this CPU's, then 8 on the other, of which the last
 * is active. With no partial slabs of CPUs, objects come back one by one, slab by slab: of
 * either node four empty slabs are kept, as with five the last one to become empty goes
 * back. The active one is the CPU's and stays.
 */
static void min_partial_by_node(struct kunit *test)
{
	static const struct mymm_pool_config two = {
		.name = "two",
		.zones = "Normal:64K",
		.nodes = 2,
		.flags = MYMM_POOL_BARE,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &two);
	struct mymm_cache *cache = new_cache(test, pool, "nodes");
	struct mymm_slab_limits limits = { 5, 0 };
	unsigned int i;
	void **objs;
	int local;

	MYMM_EXPECT_OK(test, cache->engine->set_limits(cache, &limits));
	migrate_disable();
	local = mymm_pool_local(pool)->id;
	objs = fill(test, cache, 24);
	KUNIT_EXPECT_EQ(test, node_of(cache, local)->nr_slabs, 16);
	KUNIT_EXPECT_EQ(test, node_of(cache, !local)->nr_slabs, 8);
	KUNIT_EXPECT_EQ(test, node_of(cache, !local)->nr_frozen, 1);
	for (i = 0; i < 24 * IN_SLAB; i++)
		give(cache, 1, &objs[i]);
	KUNIT_EXPECT_EQ(test, node_of(cache, local)->nr_slabs, 4);
	KUNIT_EXPECT_EQ(test, node_of(cache, local)->nr_partial, 4);
	KUNIT_EXPECT_EQ(test, node_of(cache, !local)->nr_slabs, 5);
	KUNIT_EXPECT_EQ(test, node_of(cache, !local)->nr_partial, 4);
	MYMM_EXPECT_SOUND(test, pool);
	/*
	 * The active slab first, then the four of this node; the other's four are not more than
	 * min_partial, so new slabs are made, here.
	 */
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test,
				cache->engine->alloc(cache, GFP_NOWAIT, IN_SLAB,
						     objs + i * IN_SLAB),
				IN_SLAB);
	KUNIT_EXPECT_EQ(test, node_of(cache, local)->nr_slabs, 5);
	KUNIT_EXPECT_EQ(test, node_of(cache, !local)->nr_partial, 4);
	give(cache, 6 * IN_SLAB, objs);
	migrate_enable();
}

/* --- several CPUs ------------------------------------------------------------------ */

struct batch {
	struct mymm_cache *cache;
	unsigned int nr;
	void **objs;
};

static void take_there(struct mymm_test_thread *thread)
{
	struct batch *batch = thread->data;
	unsigned int got;

	got = batch->cache->engine->alloc(batch->cache,
					  GFP_NOWAIT | __GFP_NOWARN, batch->nr,
					  batch->objs);
	if (got != batch->nr)
		mymm_test_complain(thread, "got %u of %u", got, batch->nr);
}

static void give_there(struct mymm_test_thread *thread)
{
	struct batch *batch = thread->data;

	give(batch->cache, batch->nr, batch->objs);
}

/*
 * The first CPU has a full slab and an active one. An object of the active slab that the last
 * CPU frees goes into that slab, which stays the first one's. One of the full slab makes the
 * slab the last CPU's.
 */
static void freed_elsewhere(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = new_cache(test, pool, "remote");
	unsigned int first = cpumask_first(cpu_online_mask);
	unsigned int last = cpumask_last(cpu_online_mask);
	struct mymm_slub_cpu *here = cpu_of(cache, first);
	struct mymm_slub_cpu *there = cpu_of(cache, last);
	void *objs[IN_SLAB], *more[2];
	struct batch full = { cache, IN_SLAB, objs };
	struct batch active = { cache, 2, more };
	struct batch one = { cache, 1, more };

	if (first == last)
		kunit_skip(test, "there is one CPU");
	mymm_test_on_cpu(test, first, take_there, &full);
	mymm_test_on_cpu(test, first, take_there, &active);
	mymm_test_on_cpu(test, last, give_there, &one);
	KUNIT_EXPECT_EQ(test, here->active, slab_at(cache, more[0]));
	KUNIT_EXPECT_EQ(test, here->nr_inuse, 1);
	KUNIT_EXPECT_EQ(test, there->nr_slabs, 0);

	full.nr = 1;
	mymm_test_on_cpu(test, last, give_there, &full);
	KUNIT_EXPECT_EQ(test, there->partial, slab_at(cache, objs[0]));
	KUNIT_EXPECT_EQ(test, cache->frame[there->partial].prev,
			MYMM_SLUB_CPU | last);
	KUNIT_EXPECT_EQ(test, there->nr_inuse, IN_SLAB - 1);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), IN_SLAB);
	MYMM_EXPECT_SOUND(test, pool);

	/* And the same the other way round: a partial slab of the other CPU's. */
	full = (struct batch){ cache, IN_SLAB - 1, objs + 1 };
	mymm_test_on_cpu(test, first, give_there, &full);
	KUNIT_EXPECT_EQ(test, there->nr_inuse, 0);
	KUNIT_EXPECT_EQ(test, there->nr_empty, 1);
	KUNIT_EXPECT_EQ(test, here->nr_slabs, 1);
	give(cache, 1, &more[1]);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 0);
}

/* There is no memory for a slab, but another CPU has one with eight free objects. */
static void taken_from_others(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:16K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "last", 1024);
	void *objs[17];
	struct batch half = { cache, 8, objs };
	struct batch rest = { cache, 8, objs + 8 };

	if (cache->order != 2)
		kunit_skip(test, "slabs are of order %u", cache->order);
	mymm_test_on_cpu(test, cpumask_first(cpu_online_mask), take_there,
			 &half);
	mymm_test_on_cpu(test, cpumask_last(cpu_online_mask), take_there,
			 &rest);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);
	KUNIT_EXPECT_EQ(test,
			cache->engine->alloc(cache, GFP_NOWAIT | __GFP_NOWARN,
					     1, objs + 16),
			0);
	give(cache, 16, objs);
	MYMM_EXPECT_SOUND(test, pool);
}

static void cpu_back(void *data)
{
	add_cpu((unsigned long)data);
}

/* The last CPU has an active slab and a partial one, and goes: both are the node's then. */
static void cpu_goes_away(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = new_cache(test, pool, "hotplug");
	unsigned int last = cpumask_last(cpu_online_mask);
	struct mymm_slub_cpu *c = cpu_of(cache, last);
	void *objs[IN_SLAB + 1];
	struct batch full = { cache, IN_SLAB, objs };
	struct batch one = { cache, 1, objs + IN_SLAB };
	int err;

	if (num_online_cpus() < 2 || !cpu_is_hotpluggable(last))
		kunit_skip(test, "no CPU can go away");
	mymm_test_on_cpu(test, last, take_there, &full);
	mymm_test_on_cpu(test, last, take_there, &one);
	full.nr = 1;
	mymm_test_on_cpu(test, last, give_there, &full);
	KUNIT_EXPECT_EQ(test, c->nr_slabs, 2);

	err = kunit_add_action(test, cpu_back, (void *)(unsigned long)last);
	KUNIT_ASSERT_EQ(test, err, 0);
	MYMM_EXPECT_OK(test, remove_cpu(last));
	KUNIT_EXPECT_EQ(test, c->nr_slabs, 0);
	KUNIT_EXPECT_EQ(test, c->active, MYMM_NO_FRAME);
	KUNIT_EXPECT_EQ(test, node_of(cache, 0)->nr_frozen, 0);
	KUNIT_EXPECT_EQ(test, node_of(cache, 0)->nr_partial, 2);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), IN_SLAB);
	MYMM_EXPECT_SOUND(test, pool);
	kunit_release_action(test, cpu_back, (void *)(unsigned long)last);
	give(cache, IN_SLAB, objs + 1);
}

#define SLOTS 256
#define MOVES 1500

struct storm {
	struct mymm_cache *cache;
	void *slot[SLOTS];
};

struct player {
	struct storm *storm;
	struct rnd_state random;
};

/* Some slots' objects are freed, whoever took them, and those that were empty are filled. */
static void move(struct player *player)
{
	struct storm *storm = player->storm;
	struct mymm_cache *cache = storm->cache;
	unsigned int nr = 1 + mymm_test_below(&player->random, 16), i, back = 0;
	void *new[16], *old[16];

	nr = cache->engine->alloc(cache, GFP_ATOMIC | __GFP_NOWARN, nr, new);
	for (i = 0; i < nr; i++) {
		unsigned int at = mymm_test_below(&player->random, SLOTS);

		*(void **)new[i] = new[i];
		old[back] = xchg(&storm->slot[at], new[i]);
		back += !!old[back];
	}
	give(cache, back, old);
}

static void interrupt(void *data)
{
	move(data);
}

static void play(struct mymm_test_thread *thread)
{
	struct player task = { thread->data }, irq = { thread->data };
	struct mymm_cache *cache = task.storm->cache;
	unsigned int i, other = cpumask_next(thread->cpu, cpu_online_mask);

	if (other >= nr_cpu_ids)
		other = cpumask_first(cpu_online_mask);
	prandom_seed_state(&task.random, prandom_u32_state(&thread->random));
	prandom_seed_state(&irq.random, prandom_u32_state(&thread->random));
	for (i = 0; i < MOVES; i++) {
		move(&task);
		if (i % 16 == 0)
			smp_call_function_single(other, interrupt, &irq, true);
		if (i % 64 == 0)
			cache->engine->drain_cpu(cache, other);
		if (i % 256 == 0)
			cache->engine->shrink(cache, 3);
	}
}

/*
 * Each CPU allocates and frees what any has allocated, in tasks and in interrupts, while
 * CPUs lose their slabs all the time. In the end all that is held is in the slots; no object
 * is in two of them.
 */
static void storm(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct storm *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int i, held = 0;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->cache = new_cache(test, pool, "storm");
	mymm_test_on_each_cpu(test, play, s);
	MYMM_EXPECT_SOUND(test, pool);
	for (i = 0; i < SLOTS; i++)
		held += !!s->slot[i];
	KUNIT_EXPECT_EQ(test, mymm_test_active(s->cache), held);
	for (i = 0; i < SLOTS; i++) {
		if (!s->slot[i])
			continue;
		/* What is in two slots is not its own name the second time. */
		KUNIT_EXPECT_PTR_EQ_MSG(test, *(void **)s->slot[i], s->slot[i],
					"slot %u", i);
		*(void **)s->slot[i] = NULL;
		MYMM_EXPECT_OK(test, mymm_cache_free(s->cache, s->slot[i]));
	}
	mymm_cache_shrink(s->cache);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(s->cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
}

/* --- the validator ---------------------------------------------------------------------- */

/* This CPU has an active slab, with ten objects used, and two partial ones. */
static void each_invariant(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = new_cache(test, pool, "broken");
	struct mymm_slub_node *n = node_of(cache, 0);
	struct mymm_frame *table = pool->frame;
	struct mymm_scene *scene;
	struct mymm_slub_cpu *c;
	void *objs[10], **full;
	unsigned int cpu;

	migrate_disable();
	cpu = smp_processor_id();
	c = cpu_of(cache, cpu);
	full = fill(test, cache, 2);
	KUNIT_ASSERT_EQ(test, cache->engine->alloc(cache, GFP_NOWAIT, 10, objs),
			10);
	give(cache, 1, &full[0]);
	give(cache, 1, &full[IN_SLAB]);
	migrate_enable();
	KUNIT_ASSERT_EQ(test, c->nr_partial, 2);
	scene = mymm_scene_new(test, pool, cache, NULL);

#define BREAK(invariant, what)                                       \
	do {                                                         \
		what;                                                \
		mymm_scene_expect(scene, invariant, #what, "a CPU"); \
	} while (0)

	BREAK(7, c->nr_slabs++);
	BREAK(7, c->nr_partial++);
	BREAK(7, c->nr_partial--);
	BREAK(7, c->nr_inuse++);
	BREAK(7, c->nr_empty++);
	BREAK(7, c->active = MYMM_NO_FRAME);
	BREAK(7, c->partial = MYMM_NO_FRAME);
	BREAK(7, c->partial = table[c->partial].next);
	BREAK(7, n->nr_frozen--);
	BREAK(7, n->frozen_objects++);
	BREAK(7, n->nr_frozen++; n->nr_slabs++);
	BREAK(5, c->active = pool->nr_frames);
	BREAK(5, table[c->partial].next = pool->nr_frames);
	BREAK(7, table[c->partial].next = c->partial);
	BREAK(5, table[c->active].prev = MYMM_SLUB_CPU | (cpu + 1));
	BREAK(5, table[c->active].prev = MYMM_SLUB_NOBODY);
	BREAK(5, table[c->partial].prev = 0);
	BREAK(5, table[c->partial].inuse = IN_SLAB;
	      table[c->partial].free = MYMM_FREELIST_END);
	BREAK(6, table[c->active].inuse++);
	BREAK(6, table[c->partial].inuse--);
	BREAK(6, table[c->active].free = MYMM_FREELIST_END);
	BREAK(9, table[c->active].cache ^= 1);
	BREAK(9, table[c->partial].start += 64);
#undef BREAK
	KUNIT_EXPECT_EQ(test, scene->cases, 23);
	give(cache, 10, objs);
	give(cache, IN_SLAB - 1, full + 1);
	give(cache, IN_SLAB - 1, full + IN_SLAB + 1);
}

static struct kunit_case slubcpu_cases[] = {
	KUNIT_CASE(frozen),
	KUNIT_CASE(overflow),
	KUNIT_CASE(limits_by_size),
	KUNIT_CASE(limits_set),
	KUNIT_CASE(min_partial_by_node),
	KUNIT_CASE(freed_elsewhere),
	KUNIT_CASE(taken_from_others),
	KUNIT_CASE(cpu_goes_away),
	KUNIT_CASE(storm),
	KUNIT_CASE(each_invariant),
	{},
};

static struct kunit_suite slubcpu_suite = {
	.name = "mymm_slubcpu",
	.test_cases = slubcpu_cases,
};

kunit_test_suite(slubcpu_suite);
