// SPDX-License-Identifier: GPL-2.0
/*
 * All CPUs at once, and interrupts in between.
 *
 * The game is an exchange of what lies in slots. A player allocates something, marks it as its
 * own from the first word to the last, and swaps it with what is in a slot. What comes out was
 * put there by any player, on any CPU, in any context; its marks must be whole, and it is freed.
 *
 *	task, CPU 0 --\              /-- timer, and IPI from CPU 1 (hardirq), CPU 0
 *	task, CPU 1 --- [][][][][] ----- timer, and IPI from CPU 0 (hardirq), CPU 1
 *	               slots         \-- tasklet (softirq), each CPU
 *
 * So nearly each thing is freed elsewhere than it was allocated. Meanwhile tasks also
 * empty magazines, look for broken invariants, and make and end caches and pools. A
 * game ends after a number of moves; in the end all slots are emptied, and nothing may be
 * left.
 *
 * How often timers go off is up to the machine, and to what else its host has to do. The IPIs
 * are sent by the other players, so there are as many as they like.
 *
 * Tests: cache/magazine.c page/pcp.c
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/smp.h>

#include "lib/util.h"

#define SLOTS 128
#define CACHES 4

/* The moves of a task: at least, and at most while it waits for so many interrupts. */
#define MOVES 10000
#define MOST_MOVES 2000000
#define VISITS 500

enum kind { SMALL, POISONED, MEDIUM, LARGE, BYTES, PAGES, KINDS };

struct game {
	struct kunit *test;
	struct mymm_pool *pool;
	struct mymm_cache *cache[CACHES];
	void *slot[KINDS][SLOTS];
	bool tidy;
	bool interrupts;
};

/* A player: a task, a timer or a tasklet of some CPU. */
struct player {
	struct game *game;
	struct rnd_state random;
	unsigned long moves;
	const char *wrong; /* the first thing that was */
};

/* The head of everything that is in a slot; its last word is the inverse of @mark. */
struct thing {
	u64 mark;
	u64 words;
	u64 order;
};

static u64 *last_word(struct thing *thing)
{
	return (u64 *)thing + thing->words - 1;
}

static void wrong(struct player *player, const char *what)
{
	if (!player->wrong)
		player->wrong = what;
}

static struct thing *get(struct player *player, enum kind kind, gfp_t gfp)
{
	struct game *game = player->game;
	struct thing *thing = NULL;
	struct mymm_frame *frame;
	unsigned int order = 0;
	size_t bytes;

	switch (kind) {
	case PAGES:
		order = mymm_test_below(&player->random, 4);
		frame = mymm_alloc_pages(game->pool, gfp, order);
		if (frame)
			thing = mymm_frame_address(game->pool, frame);
		bytes = PAGE_SIZE << order;
		break;
	case BYTES:
		bytes = 32 + mymm_test_below(&player->random, 12000);
		thing = mymm_kmalloc(game->pool, bytes, gfp);
		break;
	default:
		bytes = game->cache[kind]->object_size;
		thing = mymm_cache_alloc(game->cache[kind], gfp);
		break;
	}
	if (!thing) {
		wrong(player, "an allocation failed");
		return NULL;
	}
	thing->words = bytes / sizeof(u64);
	thing->order = order;
	thing->mark = (u64)prandom_u32_state(&player->random) << 32 |
		      (u32)(unsigned long)thing;
	*last_word(thing) = ~thing->mark;
	return thing;
}

static void put(struct player *player, enum kind kind, struct thing *thing)
{
	struct game *game = player->game;
	int err;

	if ((u32)thing->mark != (u32)(unsigned long)thing)
		wrong(player, "a mark is another thing's");
	else if (*last_word(thing) != ~thing->mark)
		wrong(player, "a mark is not whole");
	thing->mark = 0;
	switch (kind) {
	case PAGES:
		err = mymm_free_pages(game->pool, mymm_address_frame(thing),
				      thing->order);
		break;
	case BYTES:
		err = mymm_kfree(thing);
		break;
	default:
		err = mymm_cache_free(game->cache[kind], thing);
		break;
	}
	if (err)
		wrong(player, "a free was refused");
}

static void move(struct player *player, gfp_t gfp)
{
	enum kind kind = mymm_test_below(&player->random, KINDS);
	u32 i = mymm_test_below(&player->random, SLOTS);
	struct thing *mine = get(player, kind, gfp | __GFP_NOWARN), *other;

	other = xchg(&player->game->slot[kind][i], mine);
	if (other)
		put(player, kind, other);
	WRITE_ONCE(player->moves, player->moves + 1);
}

/* --- interrupts ---------------------------------------------------------------------- */

/* Of one task: its CPU's timer, its IPIs to the next CPU, and a tasklet of both. */
struct interrupts {
	struct hrtimer timer;
	struct tasklet_struct tasklet;
	call_single_data_t csd;
	unsigned int next_cpu;
	atomic_t on_its_way;
	struct player in_timer;
	struct player in_ipi;
	struct player in_tasklet;
	bool stop;
};

static enum hrtimer_restart timer_moves(struct hrtimer *timer)
{
	struct interrupts *irq = container_of(timer, struct interrupts, timer);

	move(&irq->in_timer, GFP_ATOMIC);
	tasklet_schedule(&irq->tasklet);
	if (READ_ONCE(irq->stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(50000));
	return HRTIMER_RESTART;
}

static void tasklet_moves(struct tasklet_struct *tasklet)
{
	struct interrupts *irq =
		container_of(tasklet, struct interrupts, tasklet);

	move(&irq->in_tasklet, GFP_ATOMIC);
	move(&irq->in_tasklet, GFP_ATOMIC);
}

static void ipi_moves(void *data)
{
	struct interrupts *irq = data;

	move(&irq->in_ipi, GFP_ATOMIC);
	tasklet_schedule(&irq->tasklet);
	atomic_set_release(&irq->on_its_way, 0);
}

static void send_ipi(struct interrupts *irq)
{
	if (atomic_xchg_acquire(&irq->on_its_way, 1))
		return;
	if (smp_call_function_single_async(irq->next_cpu, &irq->csd))
		atomic_set(&irq->on_its_way, 0);
}

static void begin_interrupts(struct interrupts *irq, struct game *game,
			     struct mymm_test_thread *thread)
{
	struct player *const players[] = { &irq->in_timer, &irq->in_ipi,
					   &irq->in_tasklet };
	unsigned int i;

	*irq = (struct interrupts){};
	for (i = 0; i < ARRAY_SIZE(players); i++) {
		players[i]->game = game;
		prandom_seed_state(&players[i]->random,
				   prandom_u32_state(&thread->random));
	}
	irq->next_cpu = cpumask_next(thread->cpu, cpu_online_mask);
	if (irq->next_cpu >= nr_cpu_ids)
		irq->next_cpu = cpumask_first(cpu_online_mask);
	INIT_CSD(&irq->csd, ipi_moves, irq);
	tasklet_setup(&irq->tasklet, tasklet_moves);
	hrtimer_init_on_stack(&irq->timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_HARD);
	irq->timer.function = timer_moves;
	hrtimer_start(&irq->timer, ns_to_ktime(50000),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static void end_interrupts(struct interrupts *irq,
			   struct mymm_test_thread *thread)
{
	WRITE_ONCE(irq->stop, true);
	hrtimer_cancel(&irq->timer);
	destroy_hrtimer_on_stack(&irq->timer);
	while (atomic_read_acquire(&irq->on_its_way))
		cpu_relax();
	tasklet_kill(&irq->tasklet);
	if (irq->in_timer.wrong)
		mymm_test_complain(thread, "timer: %s", irq->in_timer.wrong);
	if (irq->in_ipi.wrong)
		mymm_test_complain(thread, "IPI: %s", irq->in_ipi.wrong);
	if (irq->in_tasklet.wrong)
		mymm_test_complain(thread, "tasklet: %s",
				   irq->in_tasklet.wrong);
	if (irq->in_ipi.moves < VISITS || irq->in_tasklet.moves < VISITS)
		mymm_test_complain(thread, "only %lu IPIs, %lu in tasklets",
				   irq->in_ipi.moves, irq->in_tasklet.moves);
}

/* --- what else goes on ------------------------------------------------------------------ */

static void come_and_go(struct player *player, unsigned int cpu)
{
	struct mymm_pool_config pool_config = { .name = "short",
						.zones = "DMA:256K" };
	struct mymm_cache_config config = { .size = 48 };
	struct mymm_cache *cache;
	struct mymm_pool *pool;
	char name[20];
	void *obj;

	snprintf(name, sizeof(name), "short-%u", cpu);
	config.name = name;
	cache = mymm_cache_create(player->game->pool, &config);
	if (IS_ERR(cache)) {
		wrong(player, "a cache can't be made");
		return;
	}
	obj = mymm_cache_alloc(cache, GFP_KERNEL);
	if (mymm_cache_destroy(cache) != -EBUSY)
		wrong(player, "a cache in use can be ended");
	if (mymm_cache_free(cache, obj) || mymm_cache_destroy(cache))
		wrong(player, "a cache can't be ended");
	if (mymm_test_below(&player->random, 4))
		return;
	pool = mymm_pool_create(&pool_config);
	if (IS_ERR(pool)) {
		wrong(player, "a pool can't be made");
		return;
	}
	obj = mymm_kmalloc(pool, 100, GFP_KERNEL);
	if (mymm_kfree(obj) || mymm_pool_destroy(pool))
		wrong(player, "a pool can't be ended");
}

static void tidy(struct player *player, unsigned int cpu)
{
	struct game *game = player->game;
	struct mymm_finding finding;
	u32 i;

	switch (mymm_test_below(&player->random, 8)) {
	case 0:
		mymm_pool_drain(game->pool);
		break;
	case 1:
		come_and_go(player, cpu);
		break;
	case 2:
		if (mymm_check(game->pool, &finding))
			wrong(player, "an invariant is broken");
		break;
	default:
		i = mymm_test_below(&player->random, CACHES);
		mymm_cache_shrink(game->cache[i]);
		break;
	}
}

/* --- the game -------------------------------------------------------------------------------- */

static bool goes_on(const struct game *game, const struct player *player,
		    const struct interrupts *irq)
{
	if (player->wrong || player->moves >= MOST_MOVES)
		return false;
	return player->moves < MOVES ||
	       (game->interrupts &&
		(READ_ONCE(irq->in_ipi.moves) < VISITS ||
		 READ_ONCE(irq->in_tasklet.moves) < VISITS));
}

static void play(struct mymm_test_thread *thread)
{
	struct game *game = thread->data;
	struct player player = { .game = game, .random = thread->random };
	struct interrupts irq = {};

	if (game->interrupts)
		begin_interrupts(&irq, game, thread);
	while (goes_on(game, &player, &irq)) {
		move(&player, GFP_KERNEL);
		if (game->tidy && !mymm_test_below(&player.random, 200))
			tidy(&player, thread->cpu);
		if (game->interrupts && player.moves % 16 == 0)
			send_ipi(&irq);
		if (player.moves % 64 == 0)
			cond_resched();
	}
	if (game->interrupts)
		end_interrupts(&irq, thread);
	if (player.wrong)
		mymm_test_complain(thread, "task: %s", player.wrong);
}

static void empty_slots(struct game *game)
{
	struct player player = { .game = game };
	unsigned int kind, i;

	for (kind = 0; kind < KINDS; kind++) {
		for (i = 0; i < SLOTS; i++)
			if (game->slot[kind][i])
				put(&player, kind, game->slot[kind][i]);
		memset(game->slot[kind], 0, sizeof(game->slot[kind]));
	}
	if (player.wrong)
		KUNIT_FAIL(game->test, "at the end: %s", player.wrong);
}

static void run_game(struct kunit *test, bool tidy, bool interrupts)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:5000K,Normal:20000K",
		.flags = MYMM_POOL_BARE,
	};
	static const struct mymm_cache_config configs[] = {
		[SMALL] = { .name = "small", .size = 32 },
		[POISONED] = { .name = "poisoned",
			       .size = 72,
			       .flags = SLAB_CONSISTENCY_CHECKS |
					SLAB_RED_ZONE | SLAB_POISON |
					SLAB_STORE_USER },
		[MEDIUM] = { .name = "medium", .size = 600 },
		[LARGE] = { .name = "large", .size = 4096 },
	};
	bool slob = !strcmp(mymm_test_engine(test), "slob");
	struct rnd_state random;
	struct game *game;
	unsigned int i;

	game = kunit_kzalloc(test, sizeof(*game), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, game);
	mymm_test_random(test, &random);
	game->test = test;
	game->tidy = tidy;
	game->interrupts = interrupts;
	game->pool = mymm_test_pool_config(test, &config);
	for (i = 0; i < CACHES; i++) {
		struct mymm_cache_config of = configs[i];

		if (slob)
			of.flags = 0;
		game->cache[i] = mymm_test_cache_config(test, game->pool, &of);
	}
	mymm_test_on_each_cpu(test, play, game);
	MYMM_EXPECT_SOUND(test, game->pool);
	empty_slots(game);
	for (i = 0; i < CACHES; i++) {
		mymm_cache_shrink(game->cache[i]);
		KUNIT_EXPECT_EQ(test, mymm_test_active(game->cache[i]), 0);
		KUNIT_EXPECT_EQ(test, mymm_test_slabs(game->cache[i]), 0);
	}
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    atomic_long_read(&game->pool->refused[i]),
				    0, "refused as %s", mymm_refusal_names[i]);
}

static void tasks(struct kunit *test)
{
	run_game(test, false, false);
}

static void tasks_that_tidy(struct kunit *test)
{
	run_game(test, true, false);
}

static void tasks_and_interrupts(struct kunit *test)
{
	run_game(test, false, true);
}

static void all_together(struct kunit *test)
{
	run_game(test, true, true);
}

/* --- one of them wins ------------------------------------------------------ */

#define ROUNDS 5000

/* All CPUs free the same thing at the same moment; one may succeed. */
struct race {
	struct mymm_pool *pool;
	struct mymm_frame *frame;
	void *large;
	atomic_t arrived;
	atomic_t freed;
};

/* Wait until all threads are here, for the @nth time. */
static void meet(struct race *race, struct mymm_test_thread *thread,
		 unsigned int nth)
{
	unsigned int spins = 0;

	atomic_inc(&race->arrived);
	while (atomic_read(&race->arrived) < nth * thread->of) {
		cpu_relax();
		if (++spins % 1024 == 0)
			cond_resched();
	}
}

/* In turn a block of pages and a large kmalloc. */
static void free_the_same(struct mymm_test_thread *thread)
{
	struct race *race = thread->data;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		int err;

		if (thread->number == 0) {
			race->frame =
				mymm_alloc_pages(race->pool, GFP_KERNEL, 2);
			race->large =
				mymm_kmalloc(race->pool, 10000, GFP_KERNEL);
			atomic_set(&race->freed, 0);
		}
		meet(race, thread, 3 * round + 1);
		err = mymm_free_pages(race->pool, race->frame, 2);
		atomic_add(!err, &race->freed);
		meet(race, thread, 3 * round + 2);
		err = mymm_kfree(race->large);
		atomic_add(!err, &race->freed);
		meet(race, thread, 3 * round + 3);
		if (thread->number == 0 && atomic_read(&race->freed) != 2)
			mymm_test_complain(thread, "round %u: freed %d times",
					   round, atomic_read(&race->freed));
	}
}

static void one_free_wins(struct kunit *test)
{
	struct race race = { .pool = mymm_test_pool(test, "DMA:32K") };
	unsigned int i;
	long refused = 0;

	mymm_test_on_each_cpu(test, free_the_same, &race);
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		refused += atomic_long_read(&race.pool->refused[i]);
	KUNIT_EXPECT_EQ(test, refused, 2 * ROUNDS * (num_online_cpus() - 1));
	MYMM_EXPECT_SOUND(test, race.pool);
}

static struct kunit_case stress_cases[] = {
	MYMM_CASE_ENGINES(tasks),
	MYMM_CASE_ENGINES(tasks_that_tidy),
	MYMM_CASE_ENGINES(tasks_and_interrupts),
	MYMM_CASE_ENGINES(all_together),
	KUNIT_CASE(one_free_wins),
	{},
};

static struct kunit_suite stress_suite = {
	.name = "mymm_stress",
	.test_cases = stress_cases,
};

kunit_test_suite(stress_suite);
