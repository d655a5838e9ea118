// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU page lists with concurrent users: a double free is refused, of all CPUs that free a
 * block one succeeds, and neither an interrupt nor another CPU gets what is in a list.
 *
 * An interrupt is provoked as in magazine_kunit.c: with the local trylock taken, for certain; and
 * by a timer, by chance.
 *
 * Tests: page/pcp.c page/page_free.c
 */
#include <linux/hrtimer.h>
#include <linux/irq_work.h>

#include "lib/lists.h"
#include "page/pcp_cpu.h"
#include "page/vmstat.h"
#include "pool/pool.h"

/* --- refusals ------------------------------------------------------------------------ */

/* A block that one CPU takes and another gives back. */
struct block {
	struct mymm_pool *pool;
	unsigned int order;
	struct mymm_frame *frame;
};

static void take(struct mymm_test_thread *thread)
{
	struct block *block = thread->data;

	block->frame = mymm_lists_get(block->pool, block->order);
}

static void give_back(struct mymm_test_thread *thread)
{
	struct block *block = thread->data;

	if (mymm_free_pages(block->pool, block->frame, block->order))
		mymm_test_complain(thread, "free");
}

/*
 * A block in a list is free already, in whichever CPU's list: each of its frames, by each order,
 * is refused, from this CPU and from another, and nothing changes.
 */
static void double_free_of_listed(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	unsigned int order, by, i;
	int cpu;

	for_each_online_cpu(cpu) {
		for (order = 0; order <= MYMM_PCP_MAX_ORDER; order++) {
			struct block block = { pool, order };
			struct mymm_frame *frame;

			mymm_test_on_cpu(test, 0, take, &block);
			frame = block.frame;
			KUNIT_ASSERT_NOT_NULL(test, frame);
			mymm_test_on_cpu(test, cpu, give_back, &block);
			KUNIT_ASSERT_EQ(test, mymm_tag_state(frame->tag),
					MYMM_FRAME_PCP);
			for (by = 0; by <= MYMM_MAX_ORDER; by++)
				for (i = 0; i < 1U << order; i++)
					MYMM_EXPECT_REFUSED(
						test, pool,
						MYMM_REFUSED_DOUBLE_FREE,
						-EINVAL,
						mymm_free_pages(pool, frame + i,
								by));
			mymm_pool_drain(pool);
			MYMM_EXPECT_REFUSED(
				test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
				mymm_free_pages(pool, frame, order));
		}
	}
}

#define ROUNDS 5000

/* All CPUs free the same block at the same moment; one may succeed. */
struct race {
	struct mymm_pool *pool;
	struct mymm_frame *frame;
	unsigned int order;
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

static void free_the_same(struct mymm_test_thread *thread)
{
	static const u8 orders[] = { 0, 1, 3, 4, 9 };
	struct race *race = thread->data;
	unsigned int round;
	int err;

	for (round = 0; round < ROUNDS; round++) {
		if (thread->number == 0) {
			race->order = orders[round % ARRAY_SIZE(orders)];
			race->frame = mymm_lists_get(race->pool, race->order);
			atomic_set(&race->freed, 0);
		}
		meet(race, thread, 2 * round + 1);
		err = mymm_free_pages(race->pool, race->frame, race->order);
		if (!err)
			atomic_inc(&race->freed);
		else if (err != -EINVAL)
			mymm_test_complain(thread, "round %u: error %d", round,
					   err);
		meet(race, thread, 2 * round + 2);
		if (thread->number == 0 && atomic_read(&race->freed) != 1)
			mymm_test_complain(thread, "round %u: freed %d times",
					   round, atomic_read(&race->freed));
	}
}

static void one_free_wins(struct kunit *test)
{
	struct race race = { .pool = mymm_lists_pool(test, 8, 64, 64) };
	unsigned int i;
	long refused = 0;

	mymm_test_on_each_cpu(test, free_the_same, &race);
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		refused += atomic_long_read(&race.pool->refused[i]);
	KUNIT_EXPECT_EQ(test, refused, ROUNDS * (num_online_cpus() - 1));
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(race.pool), 0);
	MYMM_EXPECT_LISTS_SOUND(test, race.pool);
	MYMM_EXPECT_SOUND(test, race.pool);
}

/* A dead pool refuses what its lists could give and take, and ends with it. */
static void dead_pool(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_frame *frame[11];
	unsigned int order;

	for (order = 0; order <= MYMM_MAX_ORDER; order++)
		if (order < 9)
			frame[order] = mymm_lists_get(pool, order);
	mymm_test_on_each_cpu(test, mymm_lists_leave_some, pool);
	KUNIT_EXPECT_GT(test, mymm_pcp_frames(pool, &pool->zone[0]), 0);
	MYMM_EXPECT_OK(test, mymm_pool_kill(pool, "a test wants it so"));
	for (order = 0; order < 9; order++) {
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DEAD, 0,
				    mymm_lists_get(pool, order));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DEAD, 0,
				    mymm_alloc_pages_node(pool, 0, GFP_KERNEL,
							  order));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DEAD, -EIO,
				    mymm_free_pages(pool, frame[order], order));
	}
}

/* --- an interrupt while a CPU is at its lists -------------------------------------- */

/* What an interrupt does, and what it found. */
struct visit {
	struct mymm_pool *pool;
	struct irq_work work;
	struct hrtimer timer;
	ktime_t period;
	unsigned long visits;
	unsigned long failures;
	bool in_hardirq;
	bool lock_taken;
	bool had_it; /* the block that it got was in a list */
	bool stop;
};

/* Is a block in one of the lists? */
static bool is_listed(struct mymm_pool *pool, const struct mymm_pcp *pcp,
		      unsigned int order, u32 idx)
{
	unsigned int list = mymm_list_number(order, 0);
	u32 at;

	for (at = pcp->first[list]; at != pcp->heads + list;
	     at = pool->frame[at].next)
		if (at == idx)
			return true;
	return false;
}

static void visit(struct visit *visit)
{
	struct mymm_pool *pool = visit->pool;
	struct mymm_pcp *pcp =
		mymm_lists_of(pool, &pool->zone[0], smp_processor_id());
	unsigned int order;

	visit->in_hardirq = in_hardirq();
	visit->lock_taken = pcp->lock.left != 1;
	for (order = 0; order <= MYMM_PCP_MAX_ORDER; order++) {
		struct mymm_frame *frame = mymm_alloc_pages(
			pool, GFP_ATOMIC | __GFP_NOWARN, order);

		if (!frame) {
			visit->failures++;
			continue;
		}
		if (visit->lock_taken)
			visit->had_it |= is_listed(pool, pcp, order,
						   frame - pool->frame);
		visit->failures += mymm_free_pages(pool, frame, order) != 0;
	}
	WRITE_ONCE(visit->visits, visit->visits + 1);
}

static void visit_by_work(struct irq_work *work)
{
	visit(container_of(work, struct visit, work));
}

static enum hrtimer_restart visit_by_timer(struct hrtimer *timer)
{
	struct visit *data = container_of(timer, struct visit, timer);

	visit(data);
	if (READ_ONCE(data->stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, data->period);
	return HRTIMER_RESTART;
}

/*
 * Take the trylock, have an interrupt come, check what it did: it must have got blocks of each
 * order, none of the lists', and the lists must be as they were.
 */
static void be_visited(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	struct visit visit = { .pool = pool };
	unsigned long patience = 1UL << 30;
	u32 first[MYMM_PCP_LISTS];
	unsigned long collisions;
	struct mymm_pcp *pcp;
	bool changed;
	int count;

	mymm_lists_leave_some(thread);
	init_irq_work(&visit.work, visit_by_work);
	preempt_disable();
	pcp = mymm_lists_of(pool, &pool->zone[0], thread->cpu);
	pcp->lock.left = 0;
	barrier();
	count = mymm_pcp_count(pcp);
	memcpy(first, pcp->first, sizeof(first));
	collisions = pcp->lock.collisions;
	irq_work_queue(&visit.work);
	while (!READ_ONCE(visit.visits) && patience--)
		cpu_relax();
	changed = mymm_pcp_count(pcp) != count || pcp->lock.left != 0 ||
		  memcmp(first, pcp->first, sizeof(first));
	collisions = READ_ONCE(pcp->lock.collisions) - collisions;
	barrier();
	pcp->lock.left = 1;
	preempt_enable();
	irq_work_sync(&visit.work);

	if (!visit.visits)
		mymm_test_complain(thread, "no interrupt came");
	if (!visit.in_hardirq || !visit.lock_taken)
		mymm_test_complain(thread, "it came at the wrong time");
	if (visit.failures)
		mymm_test_complain(thread, "it could not allocate or free");
	if (visit.had_it)
		mymm_test_complain(thread, "it got what is in a list");
	if (changed)
		mymm_test_complain(thread, "it changed the lists");
	/* Each of four orders, to and fro. */
	if (collisions < 8)
		mymm_test_complain(thread, "%lu collisions counted",
				   collisions);
}

static void interrupt_in_window(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);

	mymm_test_on_each_cpu(test, be_visited, pool);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	MYMM_EXPECT_SOUND(test, pool);
}

#define MOST_PAIRS 100000000UL
#define WANTED 3

/* Allocate and free until a timer has found the lists in use some times. */
static void until_collision(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	struct mymm_pcp *pcp = mymm_lists_of(pool, &pool->zone[0], thread->cpu);
	struct visit visit = { .pool = pool, .period = ns_to_ktime(20000) };
	unsigned long pair;

	hrtimer_init_on_stack(&visit.timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_HARD);
	visit.timer.function = visit_by_timer;
	hrtimer_start(&visit.timer, visit.period, HRTIMER_MODE_REL_PINNED_HARD);
	for (pair = 0; pair < MOST_PAIRS; pair++) {
		unsigned int order = pair % 4;
		struct mymm_frame *frame = mymm_lists_get(pool, order);
		u32 mark = pair;

		if (!frame) {
			mymm_test_complain(thread, "no block");
			break;
		}
		/* The field is not used while the block is allocated. */
		frame->start = mark;
		barrier();
		if (READ_ONCE(frame->start) != mark)
			mymm_test_complain(thread, "the block had two owners");
		if (mymm_free_pages(pool, frame, order))
			mymm_test_complain(thread, "free");
		if (READ_ONCE(pcp->lock.collisions) >= WANTED)
			break;
		if (pair % 1000 == 0)
			cond_resched();
	}
	WRITE_ONCE(visit.stop, true);
	hrtimer_cancel(&visit.timer);
	destroy_hrtimer_on_stack(&visit.timer);
	if (pcp->lock.collisions < WANTED)
		mymm_test_complain(thread,
				   "never in use, in %lu interrupts, %lu pairs",
				   visit.visits, pair);
	if (visit.failures)
		mymm_test_complain(thread, "%lu failures in interrupts",
				   visit.failures);
}

static void random_timer(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);

	mymm_test_on_each_cpu(test, until_collision, pool);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	MYMM_EXPECT_SOUND(test, pool);
}

static struct kunit_case pcp_race_cases[] = {
	KUNIT_CASE(double_free_of_listed),
	KUNIT_CASE(one_free_wins),
	KUNIT_CASE(dead_pool),
	KUNIT_CASE(interrupt_in_window),
	KUNIT_CASE(random_timer),
	{},
};

static struct kunit_suite pcp_race_suite = {
	.name = "mymm_pcp_race",
	.test_cases = pcp_race_cases,
};

kunit_test_suite(pcp_race_suite);
