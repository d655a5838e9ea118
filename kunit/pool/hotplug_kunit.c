// SPDX-License-Identifier: GPL-2.0
/*
 * All CPUs at once, one of which goes away and comes back, again and again.
 *
 * There are tasks that wander among the CPUs, interrupts of two kinds, drains, ranges and knobs
 * that turn. Held blocks lie in slots, and players exchange them: a player checks that what it
 * takes out still has what was written into it. In the end nothing may be lost.
 *
 * What each request may expect is asked with one CPU, in random_ops_kunit.c.
 *
 * Tests: page/pcp_cpu.c cache/magazine_drain.c pool/hotplug.c
 */
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>

#include "lib/random_args.h"
#include "lib/lists.h"
#include "page/vmstat.h"

#define SLOTS 256
#define PLAYERS 4
#define HOTPLUGS 12
#define MOVES 20000

/* What lies in a slot, at the block's beginning; stamps are behind it. */
struct thing {
	u64 id;
	u64 order;
	u64 check;
};

struct game {
	struct mymm_pool *pool;
	struct mymm_cache *cache;
	struct thing *slot[SLOTS];
	unsigned int last_cpu;
	atomic_t on_last_cpu; /* moves */
	bool stop;
};

struct player {
	struct game *game;
	struct rnd_state random;
	unsigned long moves;
	unsigned long failed;
	const char *wrong;
};

/* A task, and its two kinds of interrupts. */
struct team {
	struct player task;
	struct player in_work;
	struct player in_timer;
	struct irq_work work;
	struct hrtimer timer;
	struct task_struct *thread;
	struct completion done;
};

static void wrong(struct player *player, const char *what)
{
	if (!player->wrong)
		player->wrong = what;
}

static u64 *last_word(const struct thing *thing)
{
	return (u64 *)((void *)thing + (PAGE_SIZE << thing->order)) - 1;
}

static struct thing *take(struct player *player, gfp_t urgency)
{
	struct rnd_state *random = &player->random;
	unsigned int order = min(mymm_random_order(random), 6U);
	struct mymm_pool *pool = player->game->pool;
	gfp_t gfp = urgency | __GFP_NOWARN | mymm_random_where(random);
	struct mymm_frame *frame;
	struct thing *thing;

	if (!mymm_test_below(random, 16))
		gfp |= __GFP_ZERO;
	frame = mymm_test_below(random, 4) ?
			mymm_alloc_pages(pool, gfp, order) :
			mymm_alloc_pages_node(
				pool, mymm_test_below(random, pool->nr_nodes),
				gfp, order);
	if (!frame) {
		player->failed++;
		return NULL;
	}
	thing = mymm_frame_address(pool, frame);
	thing->id = (u64)prandom_u32_state(random) << 32 |
		    mymm_frame_pfn(pool, frame);
	thing->order = order;
	thing->check = ~thing->id ^ order;
	*last_word(thing) = thing->id;
	return thing;
}

static void give(struct player *player, struct thing *thing)
{
	struct mymm_pool *pool = player->game->pool;
	struct mymm_frame *frame = mymm_address_frame(thing);
	unsigned int order = thing->order;

	if (thing->check != (~thing->id ^ thing->order) || order > 6 ||
	    (u32)thing->id != mymm_frame_pfn(pool, frame)) {
		wrong(player, "what it is, is overwritten");
		return;
	}
	if (*last_word(thing) != thing->id)
		wrong(player, "its end is overwritten");
	thing->check = 0;
	if (mymm_free_pages(pool, frame, order))
		wrong(player, "a free was refused");
}

static void move(struct player *player, gfp_t urgency)
{
	u32 i = mymm_test_below(&player->random, SLOTS);
	struct thing *mine = take(player, urgency), *other;

	other = xchg(&player->game->slot[i], mine);
	if (other)
		give(player, other);
	WRITE_ONCE(player->moves, player->moves + 1);
	if (raw_smp_processor_id() == player->game->last_cpu)
		atomic_inc(&player->game->on_last_cpu);
}

static void work_moves(struct irq_work *work)
{
	struct team *team = container_of(work, struct team, work);

	move(&team->in_work, GFP_ATOMIC);
}

static enum hrtimer_restart timer_moves(struct hrtimer *timer)
{
	struct team *team = container_of(timer, struct team, timer);

	move(&team->in_timer, GFP_NOWAIT);
	if (READ_ONCE(team->task.game->stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(100000));
	return HRTIMER_RESTART;
}

/* Objects too, so that there is something to be reclaimed. */
static void play_objects(struct player *player)
{
	void *objs[16];
	int nr = mymm_cache_alloc_bulk(player->game->cache,
				       GFP_KERNEL | __GFP_NOWARN,
				       ARRAY_SIZE(objs), objs);

	if (nr && mymm_cache_free_bulk(player->game->cache, nr, objs))
		wrong(player, "an object can't be freed");
}

static void play_range(struct player *player)
{
	struct mymm_pool *pool = player->game->pool;
	u32 nr = 1 + mymm_test_below(&player->random, 32);
	u32 first = mymm_test_below(&player->random, pool->nr_frames - nr);

	if (!mymm_alloc_range(pool, first, nr, GFP_KERNEL) &&
	    mymm_free_range(pool, first, nr))
		wrong(player, "a range can't be freed");
}

static void tidy(struct player *player)
{
	struct mymm_pool *pool = player->game->pool;
	struct mymm_tuning tuning;
	struct mymm_finding finding;

	switch (mymm_test_below(&player->random, 16)) {
	case 0:
		mymm_pool_drain(pool);
		break;
	case 1:
		if (mymm_check(pool, &finding))
			wrong(player, "an invariant is broken");
		break;
	case 2:
		tuning = mymm_random_tuning(&player->random);
		if (mymm_tuning_set(pool, &tuning))
			wrong(player, "knobs");
		break;
	case 3:
	case 4:
	case 5:
		mymm_pcp_drain_local(pool);
		break;
	case 6:
	case 7:
		play_range(player);
		break;
	case 8:
		/* Wherever that is now. */
		set_cpus_allowed_ptr(current,
				     cpumask_of(mymm_test_below(&player->random,
								nr_cpu_ids)));
		break;
	case 9:
		set_cpus_allowed_ptr(current, cpu_possible_mask);
		break;
	default:
		play_objects(player);
		break;
	}
}

static int play(void *data)
{
	struct team *team = data;
	struct player *player = &team->task;

	while (!READ_ONCE(player->game->stop) || player->moves < MOVES) {
		if (player->wrong)
			break;
		move(player, GFP_KERNEL | __GFP_NORETRY);
		if (player->moves % 16 == 0)
			irq_work_queue(&team->work);
		if (!mymm_test_below(&player->random, 50))
			tidy(player);
		if (player->moves % 64 == 0)
			cond_resched();
	}
	complete(&team->done);
	return 0;
}

static void begin_team(struct kunit *test, struct game *game, struct team *team,
		       struct rnd_state *random)
{
	struct player *const players[] = { &team->task, &team->in_work,
					   &team->in_timer };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(players); i++) {
		players[i]->game = game;
		prandom_seed_state(&players[i]->random,
				   prandom_u32_state(random));
	}
	init_irq_work(&team->work, work_moves);
	init_completion(&team->done);
	hrtimer_init(&team->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	team->timer.function = timer_moves;
	team->thread = kthread_run(play, team, "mymm_random_ops");
	KUNIT_EXPECT_FALSE(test, IS_ERR(team->thread));
	hrtimer_start(&team->timer, ns_to_ktime(100000), HRTIMER_MODE_REL_HARD);
}

static void end_team(struct kunit *test, struct team *team)
{
	const struct player *const players[] = { &team->task, &team->in_work,
						 &team->in_timer };
	unsigned int i;

	if (!IS_ERR(team->thread))
		wait_for_completion(&team->done);
	hrtimer_cancel(&team->timer);
	irq_work_sync(&team->work);
	for (i = 0; i < ARRAY_SIZE(players); i++) {
		if (players[i]->wrong)
			KUNIT_FAIL(test, "%s: %s",
				   i == 0 ? "task" :
				   i == 1 ? "irq_work" :
					    "timer",
				   players[i]->wrong);
		KUNIT_EXPECT_GT(test, players[i]->moves, 0);
		/* There is room for all of it, most of the time. */
		KUNIT_EXPECT_LT(test, players[i]->failed,
				players[i]->moves / 2 + 100);
	}
}

static void cpu_back(void *data)
{
	add_cpu((unsigned long)data);
}

/* Offline and online again; in between, each time, until a player has moved there. */
static void plug(struct kunit *test, struct game *game)
{
	unsigned int last = game->last_cpu, i;

	KUNIT_ASSERT_EQ(test,
			kunit_add_action(test, cpu_back,
					 (void *)(unsigned long)last),
			0);
	for (i = 0; i < HOTPLUGS; i++) {
		unsigned long patience = 1UL << 24;

		atomic_set(&game->on_last_cpu, 0);
		while (!atomic_read(&game->on_last_cpu) && patience--)
			cond_resched();
		KUNIT_EXPECT_GT(test, atomic_read(&game->on_last_cpu), 0);
		MYMM_EXPECT_OK(test, remove_cpu(last));
		MYMM_EXPECT_OK(test, add_cpu(last));
	}
}

static void while_a_cpu_comes_and_goes(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.zones = "DMA:1M,DMA32:5000K,Normal:9M,Movable:3M",
		.nodes = 2,
		.holes = "77-99,3000-3333",
	};
	unsigned int last = cpumask_last(cpu_online_mask), i;
	struct player finally = {};
	struct rnd_state random;
	struct game *game;
	struct team *team;

	if (num_online_cpus() < 2 || !cpu_is_hotpluggable(last))
		kunit_skip(test, "no CPU can go away");
	game = kunit_kzalloc(test, sizeof(*game), GFP_KERNEL);
	team = kunit_kcalloc(test, PLAYERS, sizeof(*team), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, game && team);
	mymm_test_random(test, &random);
	game->pool = mymm_test_pool_config(test, &config);
	game->cache = mymm_test_cache(test, game->pool, "ops", 200);
	game->last_cpu = last;
	for (i = 0; i < PLAYERS; i++)
		begin_team(test, game, &team[i], &random);
	plug(test, game);
	WRITE_ONCE(game->stop, true);
	for (i = 0; i < PLAYERS; i++)
		end_team(test, &team[i]);

	MYMM_EXPECT_SOUND(test, game->pool);
	MYMM_EXPECT_LISTS_SOUND(test, game->pool);
	finally.game = game;
	for (i = 0; i < SLOTS; i++)
		if (game->slot[i])
			give(&finally, game->slot[i]);
	if (finally.wrong)
		KUNIT_FAIL(test, "at the end: %s", finally.wrong);
	mymm_cache_shrink(game->cache);
	MYMM_EXPECT_SOUND(test, game->pool);
	MYMM_EXPECT_LISTS_SOUND(test, game->pool);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(game->pool), 0);
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		if (i != MYMM_REFUSED_RANGE)
			KUNIT_EXPECT_EQ_MSG(
				test, atomic_long_read(&game->pool->refused[i]),
				0, "refused as %s", mymm_refusal_names[i]);
}

static struct kunit_case hotplug_cases[] = {
	KUNIT_CASE(while_a_cpu_comes_and_goes),
	{},
};

static struct kunit_suite hotplug_suite = {
	.name = "mymm_hotplug",
	.test_cases = hotplug_cases,
};

kunit_test_suite(hotplug_suite);
