// SPDX-License-Identifier: GPL-2.0
/*
 * A cache while everything around it changes: a CPU goes away and comes back, the cache is
 * shrunk and its tunables are set, other caches come and go, and interrupts allocate and free
 * what tasks do. On each engine, on all CPUs.
 *
 * Held objects lie in slots, and each player exchanges one: it checks that the object that it
 * takes out still has what was written into it. In the end nothing may be lost, and nothing may
 * have been refused.
 *
 * Tests: cache/tunables.c cache/magazine_drain.c pool/drain.c
 */
#include <linux/cpu.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>

#include "lib/util.h"
#include "page/vmstat.h"
#include "ui/proc.h"

#define SLOTS 200
#define PLAYERS 3
#define HOTPLUGS 6
#define MOVES 5000

struct churn {
	struct mymm_pool *pool;
	struct mymm_cache *cache;
	u64 *slot[SLOTS];
	atomic64_t last_id;
	bool stop;
};

/* Moves by a task, or by the interrupts that it asks for. */
struct mover {
	struct churn *churn;
	struct rnd_state random;
	unsigned long moves;
	const char *wrong;
};

struct player {
	struct mover task, in_irq;
	unsigned int number;
	struct irq_work work;
	struct task_struct *thread;
	struct completion done;
};

static void give(struct mover *mover, u64 *obj)
{
	if (obj[0] != ~obj[1])
		mover->wrong = "somebody wrote to an object";
	if (mymm_cache_free(mover->churn->cache, obj))
		mover->wrong = "an object can't be freed";
}

static void move(struct mover *mover, gfp_t gfp)
{
	struct churn *churn = mover->churn;
	u64 *obj = NULL;

	if (mymm_test_below(&mover->random, 2)) {
		obj = mymm_cache_alloc(churn->cache, gfp | __GFP_NOWARN);
		if (obj) {
			obj[0] = atomic64_inc_return(&churn->last_id);
			obj[1] = ~obj[0];
		}
	}
	obj = xchg(&churn->slot[mymm_test_below(&mover->random, SLOTS)], obj);
	if (obj)
		give(mover, obj);
	mover->moves++;
}

static void move_in_irq(struct irq_work *work)
{
	move(&container_of(work, struct player, work)->in_irq, GFP_ATOMIC);
}

/* A cache of this player's own, from its beginning to its end. */
static void come_and_go(struct player *player)
{
	struct mover *mover = &player->task;
	struct mymm_cache_config config = { .size = 96 };
	struct mymm_cache *cache;
	char name[16];
	void *objs[40];

	snprintf(name, sizeof(name), "brief-%u", player->number);
	config.name = name;
	config.engine = mover->churn->cache->engine->name;
	cache = mymm_cache_create(mover->churn->pool, &config);
	if (IS_ERR(cache)) {
		mover->wrong = "a cache can't be made";
		return;
	}
	if (mymm_cache_alloc_bulk(cache, GFP_KERNEL, 40, objs) != 40)
		mover->wrong = "there is no memory";
	else if (mymm_cache_destroy(cache) != -EBUSY)
		mover->wrong = "a cache with objects has ended";
	else if (mymm_cache_free_bulk(cache, 40, objs))
		mover->wrong = "many can't be freed";
	else if (mymm_cache_destroy(cache))
		mover->wrong = "a cache without objects does not end";
}

static void change(struct player *player)
{
	struct mover *mover = &player->task;
	struct mymm_pool *pool = mover->churn->pool;
	unsigned int limit = 1 + mymm_test_below(&mover->random, 200);
	char line[60];

	switch (mymm_test_below(&mover->random, 4)) {
	case 0:
		mymm_cache_shrink(mover->churn->cache);
		break;
	case 1:
		mymm_pool_trim(pool);
		break;
	case 2:
		come_and_go(player);
		break;
	case 3:
		snprintf(line, sizeof(line), "churn %u %u %u", limit,
			 1 + mymm_test_below(&mover->random, limit),
			 mymm_test_below(&mover->random, 9));
		if (mover->churn->cache->engine->set_tunables &&
		    mymm_slabinfo_set(pool, line))
			mover->wrong = "tunables";
		break;
	}
}

static int play(void *data)
{
	struct player *player = data;
	struct mover *mover = &player->task;

	while ((!READ_ONCE(mover->churn->stop) || mover->moves < MOVES) &&
	       !mover->wrong) {
		move(mover, GFP_KERNEL);
		if (mover->moves % 8 == 0)
			irq_work_queue(&player->work);
		if (!mymm_test_below(&mover->random, 200))
			change(player);
		cond_resched();
	}
	complete(&player->done);
	return 0;
}

static void cpu_back(void *data)
{
	add_cpu((unsigned long)data);
}

/* Offline and online again, with some moves of the players in between. */
static void plug(struct kunit *test, struct churn *churn, unsigned long cpu)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, kunit_add_action(test, cpu_back, (void *)cpu), 0);
	for (i = 0; i < HOTPLUGS; i++) {
		s64 id = atomic64_read(&churn->last_id) + 500;
		unsigned long patience = 1UL << 22;

		while (atomic64_read(&churn->last_id) < id && patience--)
			cond_resched();
		MYMM_EXPECT_OK(test, i & 1 ? add_cpu(cpu) : remove_cpu(cpu));
	}
}

static void begin(struct kunit *test, struct churn *churn,
		  struct player *player, struct rnd_state *random)
{
	player->task.churn = churn;
	player->in_irq.churn = churn;
	prandom_seed_state(&player->task.random, prandom_u32_state(random));
	prandom_seed_state(&player->in_irq.random, prandom_u32_state(random));
	init_irq_work(&player->work, move_in_irq);
	init_completion(&player->done);
	player->thread = kthread_run(play, player, "mymm_churn");
	KUNIT_EXPECT_FALSE(test, IS_ERR(player->thread));
}

static void end(struct kunit *test, struct player *player)
{
	if (!IS_ERR(player->thread))
		wait_for_completion(&player->done);
	irq_work_sync(&player->work);
	KUNIT_EXPECT_NULL_MSG(test, player->task.wrong, "task: %s",
			      player->task.wrong);
	KUNIT_EXPECT_NULL_MSG(test, player->in_irq.wrong, "interrupt: %s",
			      player->in_irq.wrong);
	KUNIT_EXPECT_GT(test, player->in_irq.moves, 0);
}

static void all_at_once(struct kunit *test)
{
	unsigned int last = cpumask_last(cpu_online_mask), i;
	struct mover finally = {};
	struct rnd_state random;
	struct player *player;
	struct churn *churn;

	if (num_online_cpus() < 2 || !cpu_is_hotpluggable(last))
		kunit_skip(test, "no CPU can go away");
	churn = kunit_kzalloc(test, sizeof(*churn), GFP_KERNEL);
	player = kunit_kcalloc(test, PLAYERS, sizeof(*player), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, churn && player);
	mymm_test_random(test, &random);
	churn->pool = mymm_test_pool(test, "DMA:8M");
	churn->cache = mymm_test_cache(test, churn->pool, "churn", 200);
	for (i = 0; i < PLAYERS; i++) {
		player[i].number = i;
		begin(test, churn, &player[i], &random);
	}
	plug(test, churn, last);
	WRITE_ONCE(churn->stop, true);
	for (i = 0; i < PLAYERS; i++)
		end(test, &player[i]);

	MYMM_EXPECT_SOUND(test, churn->pool);
	finally.churn = churn;
	for (i = 0; i < SLOTS; i++)
		if (churn->slot[i])
			give(&finally, churn->slot[i]);
	KUNIT_EXPECT_NULL_MSG(test, finally.wrong, "at the end: %s",
			      finally.wrong);
	mymm_cache_shrink(churn->cache);
	KUNIT_EXPECT_EQ(test, mymm_test_active(churn->cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(churn->cache), 0);
	mymm_pool_drain(churn->pool);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(churn->pool), 0);
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    atomic_long_read(&churn->pool->refused[i]),
				    0, "refused as %s", mymm_refusal_names[i]);
}

static struct kunit_case churn_cases[] = {
	MYMM_CASE_ENGINES(all_at_once),
	{},
};

static struct kunit_suite churn_suite = {
	.name = "mymm_churn",
	.test_cases = churn_cases,
};

kunit_test_suite(churn_suite);
