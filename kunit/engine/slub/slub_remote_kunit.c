// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine's CPUs and what is another's: objects that are freed elsewhere, slabs that
 * others have, and a CPU that goes away.
 *
 * As in slub_cpu_kunit.c the engine is asked itself. In the end all CPUs free what any has
 * taken, in tasks and in interrupts.
 *
 * Tests: engine/slub/slub_cpu.c engine/slub/slub.c
 */
#include <linux/cpu.h>
#include <linux/smp.h>

#include "lib/slubs.h"
#include "page/vmstat.h"

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

	mymm_test_give(batch->cache, batch->nr, batch->objs);
}

/*
 * The first CPU has a full slab and an active one. An object of the active slab that the last
 * CPU frees goes into that slab, which stays the first one's. One of the full slab makes the
 * slab the last CPU's.
 */
static void freed_elsewhere(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_slub_cache(test, pool, "remote");
	unsigned int first = cpumask_first(cpu_online_mask);
	unsigned int last = cpumask_last(cpu_online_mask);
	struct mymm_slub_cpu *here = mymm_test_slub_cpu(cache, first);
	struct mymm_slub_cpu *there = mymm_test_slub_cpu(cache, last);
	void *objs[MYMM_IN_SLAB], *more[2];
	struct batch full = { cache, MYMM_IN_SLAB, objs };
	struct batch active = { cache, 2, more };
	struct batch one = { cache, 1, more };

	if (first == last)
		kunit_skip(test, "there is one CPU");
	mymm_test_on_cpu(test, first, take_there, &full);
	mymm_test_on_cpu(test, first, take_there, &active);
	mymm_test_on_cpu(test, last, give_there, &one);
	KUNIT_EXPECT_EQ(test, here->active, mymm_test_slab_at(cache, more[0]));
	KUNIT_EXPECT_EQ(test, here->nr_inuse, 1);
	KUNIT_EXPECT_EQ(test, there->nr_slabs, 0);

	full.nr = 1;
	mymm_test_on_cpu(test, last, give_there, &full);
	KUNIT_EXPECT_EQ(test, there->partial,
			mymm_test_slab_at(cache, objs[0]));
	KUNIT_EXPECT_EQ(test, cache->frame[there->partial].prev,
			MYMM_SLUB_CPU | last);
	KUNIT_EXPECT_EQ(test, there->nr_inuse, MYMM_IN_SLAB - 1);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), MYMM_IN_SLAB);
	MYMM_EXPECT_SOUND(test, pool);

	/* And the same the other way round: a partial slab of the other CPU's. */
	full = (struct batch){ cache, MYMM_IN_SLAB - 1, objs + 1 };
	mymm_test_on_cpu(test, first, give_there, &full);
	KUNIT_EXPECT_EQ(test, there->nr_inuse, 0);
	KUNIT_EXPECT_EQ(test, there->nr_empty, 1);
	KUNIT_EXPECT_EQ(test, here->nr_slabs, 1);
	mymm_test_give(cache, 1, &more[1]);
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
	mymm_test_give(cache, 16, objs);
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
	struct mymm_cache *cache = mymm_test_slub_cache(test, pool, "hotplug");
	unsigned int last = cpumask_last(cpu_online_mask);
	struct mymm_slub_cpu *c = mymm_test_slub_cpu(cache, last);
	void *objs[MYMM_IN_SLAB + 1];
	struct batch full = { cache, MYMM_IN_SLAB, objs };
	struct batch one = { cache, 1, objs + MYMM_IN_SLAB };
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
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, 0)->nr_frozen, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slub_node(cache, 0)->nr_partial, 2);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), MYMM_IN_SLAB);
	MYMM_EXPECT_SOUND(test, pool);
	kunit_release_action(test, cpu_back, (void *)(unsigned long)last);
	mymm_test_give(cache, MYMM_IN_SLAB, objs + 1);
}

#define SLOTS 256
#define MOVES 1500

struct ops {
	struct mymm_cache *cache;
	void *slot[SLOTS];
};

struct player {
	struct ops *ops;
	struct rnd_state random;
};

/* Free the objects of some slots, whichever CPU took them, and fill the slots that were empty. */
static void move(struct player *player)
{
	struct ops *ops = player->ops;
	struct mymm_cache *cache = ops->cache;
	unsigned int nr = 1 + mymm_test_below(&player->random, 16), i, back = 0;
	void *new[16], *old[16];

	nr = cache->engine->alloc(cache, GFP_ATOMIC | __GFP_NOWARN, nr, new);
	for (i = 0; i < nr; i++) {
		unsigned int at = mymm_test_below(&player->random, SLOTS);

		/* KASAN does not count it as allocated yet. */
		mymm_poke(new[i], (unsigned long)new[i]);
		old[back] = xchg(&ops->slot[at], new[i]);
		back += !!old[back];
	}
	mymm_test_give(cache, back, old);
}

static void interrupt(void *data)
{
	move(data);
}

static void play(struct mymm_test_thread *thread)
{
	struct player task = { thread->data }, irq = { thread->data };
	struct mymm_cache *cache = task.ops->cache;
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
static void ops(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct ops *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int i, held = 0;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->cache = mymm_test_slub_cache(test, pool, "ops");
	mymm_test_on_each_cpu(test, play, s);
	MYMM_EXPECT_SOUND(test, pool);
	for (i = 0; i < SLOTS; i++)
		held += !!s->slot[i];
	KUNIT_EXPECT_EQ(test, mymm_test_active(s->cache), held);
	for (i = 0; i < SLOTS; i++) {
		if (!s->slot[i])
			continue;
		/* What is in two slots is not its own name the second time. */
		KUNIT_EXPECT_EQ_MSG(test, mymm_peek(s->slot[i]),
				    (unsigned long)s->slot[i], "slot %u", i);
		mymm_poke(s->slot[i], 0);
		MYMM_EXPECT_OK(test, mymm_cache_free(s->cache, s->slot[i]));
	}
	mymm_cache_shrink(s->cache);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(s->cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
}

static struct kunit_case slubremote_cases[] = {
	KUNIT_CASE(freed_elsewhere),
	KUNIT_CASE(taken_from_others),
	KUNIT_CASE(cpu_goes_away),
	KUNIT_CASE(ops),
	{},
};

static struct kunit_suite slubremote_suite = {
	.name = "mymm_slubremote",
	.test_cases = slubremote_cases,
};

kunit_test_suite(slubremote_suite);
