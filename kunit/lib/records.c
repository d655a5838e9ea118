// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that record the owners of their pages, and requests with a known owner.
 *
 * A test's callers are no code but numbers, made of order and session, so that a mixture of two
 * records can't be mistaken for one.
 */
#include "lib/records.h"

/**
 * mymm_records_caller() - the address that stands for a caller
 * @order: for a block of this order
 * @session: in this session
 *
 * Return: an address, of nothing.
 */
unsigned long mymm_records_caller(unsigned int order, u32 session)
{
	return 0x5000 + order * 0x100 + session;
}

/**
 * mymm_records_get() - a block, for mymm_records_caller()
 * @pool: the pool
 * @gfp: flags
 * @order: its order
 * @session: in this session
 *
 * Return: its first frame, or NULL.
 */
struct mymm_frame *mymm_records_get(struct mymm_pool *pool, gfp_t gfp,
				    unsigned int order, u32 session)
{
	const struct mymm_owner owner = {
		.caller = mymm_records_caller(order, session),
		.session = session,
	};

	return __mymm_alloc_pages(pool, gfp, order, owner);
}

static void stop_recording(void *pool)
{
	mymm_owners_stop(pool);
}

/**
 * mymm_records_pool() - a pool that records
 * @test: the test
 * @zones: what zones it has
 *
 * It has per-CPU lists and migratetypes, but any request may have the last frame.
 *
 * Return: the pool, which ends with the test.
 */
struct mymm_pool *mymm_records_pool(struct kunit *test, const char *zones)
{
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_NO_WATERMARKS | MYMM_POOL_NO_RECLAIM,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);

	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	KUNIT_ASSERT_EQ(
		test, kunit_add_action_or_reset(test, stop_recording, pool), 0);
	return pool;
}

/**
 * mymm_records_count() - how many blocks of a pool have a record
 * @pool: the pool
 *
 * Return: as many as a reader finds.
 */
unsigned int mymm_records_count(struct mymm_pool *pool)
{
	struct mymm_owner_record record;
	unsigned int nr = 0;
	u32 pfn;

	for (pfn = 0; mymm_owner_next(pool, &pfn, &record); pfn++)
		nr++;
	return nr;
}
