// SPDX-License-Identifier: GPL-2.0
/*
 * What each CPU has in its page lists, checked from outside.
 *
 * The validator can check little of them, as it must not touch another CPU's lists. But while no
 * thread allocates or frees, each list can be walked: each block on it must say that it is in a
 * CPU's list, and have the list's order and zone; the frames of all lists of a CPU must be those
 * that it counts; and no frame of the zone may say that it is in a CPU's list and be in none.
 */
#include "lib/lists.h"
#include "page/pcp_cpu.h"
#include "page/vmstat.h"
#include "page/pcp.h"

/**
 * mymm_lists_pool() - a pool that has page lists and nothing else
 * @test: the test
 * @batch: frames of a batch
 * @high_min: what a CPU keeps at least
 * @high_max: and at most
 *
 * No watermarks, and one migratetype.
 *
 * Return: the pool, of 2048 frames, which ends with the test.
 */
struct mymm_pool *mymm_lists_pool(struct kunit *test, int batch, int high_min,
				  int high_max)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:8M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_LISTS_ONLY,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);

	mymm_lists_limit(pool, batch, high_min, high_max);
	return pool;
}

/**
 * mymm_lists_get() - a block that may be of a list
 * @pool: the pool
 * @order: its order
 *
 * Return: its first frame, or NULL.
 */
struct mymm_frame *mymm_lists_get(struct mymm_pool *pool, unsigned int order)
{
	return mymm_alloc_pages(pool, GFP_KERNEL | __GFP_NOWARN, order);
}

/**
 * mymm_lists_leave_some() - have a block of each order that CPUs keep, and a batch, in its lists
 * @thread: of this CPU; its data is the pool
 */
void mymm_lists_leave_some(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	unsigned int order;

	for (order = 0; order <= MYMM_PCP_MAX_ORDER; order++)
		if (mymm_free_pages(pool, mymm_lists_get(pool, order), order))
			mymm_test_complain(thread, "order %u", order);
}

/**
 * mymm_lists_of() - the lists of a zone that a CPU has
 * @pool: the pool
 * @zone: the zone
 * @cpu: the CPU
 *
 * Return: the lists.
 */
struct mymm_pcp *mymm_lists_of(struct mymm_pool *pool,
			       const struct mymm_zone *zone, unsigned int cpu)
{
	return &per_cpu_ptr(pool->cpu, cpu)->pcp[zone->number];
}

/**
 * mymm_lists_read() - the blocks of a list
 * @pool: the pool
 * @pcp: a CPU's lists of a zone, not in use
 * @list: the number of one
 * @blocks: becomes their first frames, in the order in which they come out; or NULL
 * @most: how many there is room for
 *
 * Return: how many blocks there are, at most one more than the pool has frames.
 */
unsigned int mymm_lists_read(struct mymm_pool *pool, const struct mymm_pcp *pcp,
			     unsigned int list, u32 *blocks, unsigned int most)
{
	u32 idx = pcp->first[list];
	unsigned int nr = 0;

	while (idx != pcp->heads + list && nr <= pool->nr_frames) {
		if (blocks && nr < most)
			blocks[nr] = idx;
		nr++;
		if (idx >= pool->nr_frames)
			return pool->nr_frames + 1;
		idx = pool->frame[idx].next;
	}
	return nr;
}

/**
 * mymm_lists_limit() - set how much CPUs keep, and begin with empty lists
 * @pool: the pool, of which nothing is held
 * @batch: frames of a batch
 * @high_min: what a CPU keeps at least
 * @high_max: and at most
 *
 * The numbers don't follow from the size of the machine, so that tests can compute with them.
 */
void mymm_lists_limit(struct mymm_pool *pool, int batch, int high_min,
		      int high_max)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		WRITE_ONCE(pool->zone[i].pcp_batch, batch);
		WRITE_ONCE(pool->zone[i].pcp_high_min, high_min);
		WRITE_ONCE(pool->zone[i].pcp_high_max, high_max);
	}
	mymm_pool_drain(pool);
}

/* Frames of a zone that say that they are in a CPU's list. */
static unsigned long count_states(struct mymm_pool *pool,
				  const struct mymm_zone *zone)
{
	unsigned long frames = 0;
	u32 idx;

	for (idx = zone->buddy.start; idx < zone->buddy.end; idx++) {
		u32 tag = pool->frame[idx].tag;

		if (mymm_tag_state(tag) == MYMM_FRAME_PCP)
			frames += 1UL << mymm_tag_order(tag);
	}
	return frames;
}

/* What is in all lists that a CPU has of a zone, in frames. */
static unsigned long walk(struct kunit *test, struct mymm_pool *pool,
			  const struct mymm_pcp *pcp, const char *where)
{
	const struct mymm_zone *zone = pcp->zone;
	unsigned long frames = 0;
	unsigned int list;

	for (list = 0; list < MYMM_PCP_LISTS; list++) {
		unsigned int order = list / MYMM_NR_MIGRATETYPES, nr;
		u32 idx = pcp->first[list];

		if (order > MYMM_PCP_MAX_ORDER)
			order = pool->block_order;
		nr = mymm_lists_read(pool, pcp, list, NULL, 0);
		if (nr > pool->nr_frames) {
			KUNIT_FAIL(test, "%s: list %u leads nowhere", where,
				   list);
			return 0;
		}
		if (list % MYMM_NR_MIGRATETYPES == MYMM_HIGHATOMIC)
			KUNIT_EXPECT_EQ_MSG(test, nr, 0,
					    "%s: CPUs keep no reserve", where);
		frames += (unsigned long)nr << order;
		for (; nr--; idx = pool->frame[idx].next) {
			u32 tag = pool->frame[idx].tag;

			if (mymm_tag_state(tag) != MYMM_FRAME_PCP ||
			    mymm_tag_order(tag) != order ||
			    mymm_tag_zone(tag) != zone->number)
				KUNIT_FAIL(
					test,
					"%s: frame %u on list %u of zone %u is in state %u, order %u, zone %u",
					where, idx, list, zone->number,
					mymm_tag_state(tag),
					mymm_tag_order(tag),
					mymm_tag_zone(tag));
		}
	}
	return frames;
}

/**
 * mymm_lists_sound() - expect that all CPUs' lists are what they are said to be
 * @test: the test
 * @pool: the pool; no thread allocates or frees
 * @where: in the test
 */
void mymm_lists_sound(struct kunit *test, struct mymm_pool *pool,
		      const char *where)
{
	unsigned int i;
	int cpu;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];
		unsigned long sum = 0;

		for_each_possible_cpu(cpu) {
			struct mymm_pcp *pcp = mymm_lists_of(pool, zone, cpu);
			unsigned long frames = walk(test, pool, pcp, where);

			KUNIT_EXPECT_EQ_MSG(
				test, frames, mymm_pcp_count(pcp),
				"%s: CPU %d, zone %u: in lists, and counted",
				where, cpu, i);
			KUNIT_EXPECT_EQ_MSG(
				test, pcp->lock.left, 1,
				"%s: CPU %d, zone %u: somebody is at them",
				where, cpu, i);
			sum += frames;
		}
		KUNIT_EXPECT_EQ_MSG(
			test, count_states(pool, zone), sum,
			"%s: zone %u: frames that say so, and frames in lists",
			where, i);
		KUNIT_EXPECT_EQ_MSG(test, mymm_pcp_frames(pool, zone), sum,
				    "%s: zone %u: frames counted in all lists",
				    where, i);
		KUNIT_EXPECT_EQ_MSG(test,
				    zone->buddy.free + sum +
					    mymm_zone_allocated(pool, zone),
				    mymm_zone_managed(zone),
				    "%s: zone %u: free, in lists, allocated",
				    where, i);
	}
}

/**
 * mymm_lists_record() - blocks for a thread to take
 * @test: the test
 * @pool: where
 * @order: of each
 * @nr: how many
 *
 * Return: the record; it goes with the test.
 */
struct mymm_lists_record *mymm_lists_record(struct kunit *test,
					    struct mymm_pool *pool,
					    unsigned int order, unsigned int nr)
{
	struct mymm_lists_record *record =
		kunit_kzalloc(test, sizeof(*record), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, record);
	record->pool = pool;
	record->order = order;
	record->nr = nr;
	return record;
}

/**
 * mymm_lists_take() - allocate blocks, and record how large each batch was
 * @thread: its data is a struct mymm_lists_record
 */
void mymm_lists_take(struct mymm_test_thread *thread)
{
	struct mymm_lists_record *record = thread->data;
	struct mymm_pcp *pcp = mymm_lists_of(
		record->pool, &record->pool->zone[0], thread->cpu);
	unsigned int i;

	record->nr_batches = 0;
	for (i = 0; i < record->nr; i++) {
		int before = mymm_pcp_count(pcp);

		record->frame[i] = mymm_lists_get(record->pool, record->order);
		if (!record->frame[i]) {
			mymm_test_complain(thread, "number %u", i);
			record->nr = i;
			return;
		}
		if (mymm_pcp_count(pcp) < before || !before) {
			if (before || record->nr_batches == 16)
				continue;
			/* That one, and what came into the list with it. */
			record->batch[record->nr_batches] =
				1 + (mymm_pcp_count(pcp) >> record->order);
			record->high[record->nr_batches++] = pcp->high;
		}
	}
}

/**
 * mymm_lists_give() - free blocks
 * @thread: its data is a struct mymm_lists_record
 */
void mymm_lists_give(struct mymm_test_thread *thread)
{
	struct mymm_lists_record *record = thread->data;
	unsigned int i;

	for (i = 0; i < record->nr; i++)
		if (mymm_free_pages(record->pool, record->frame[i],
				    record->order))
			mymm_test_complain(thread, "number %u", i);
}
