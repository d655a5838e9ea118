/* SPDX-License-Identifier: GPL-2.0 */
/* What each CPU has in its page lists. */
#ifndef _MYMM_KUNIT_LISTS_H
#define _MYMM_KUNIT_LISTS_H

#include "lib/util.h"
#include "page/pcp.h"

/* CPUs keep pages, and nothing else is done that Linux does. */
#define MYMM_LISTS_ONLY (MYMM_POOL_BARE & ~MYMM_POOL_NO_PCP)

struct mymm_pool *mymm_lists_pool(struct kunit *test, int batch, int high_min,
				  int high_max);
struct mymm_frame *mymm_lists_get(struct mymm_pool *pool, unsigned int order);
void mymm_lists_leave_some(struct mymm_test_thread *thread);
struct mymm_pcp *mymm_lists_of(struct mymm_pool *pool,
			       const struct mymm_zone *zone, unsigned int cpu);
unsigned int mymm_lists_read(struct mymm_pool *pool, const struct mymm_pcp *pcp,
			     unsigned int list, u32 *blocks, unsigned int most);
void mymm_lists_limit(struct mymm_pool *pool, int batch, int high_min,
		      int high_max);
void mymm_lists_sound(struct kunit *test, struct mymm_pool *pool,
		      const char *where);

/* Blocks that a thread takes or gives; the most of a struct mymm_lists_record. */
#define MYMM_LISTS_BLOCKS 1024

/**
 * struct mymm_lists_record - blocks that a thread takes or gives, and what it saw
 * @pool: of the blocks
 * @order: of each
 * @nr: how many
 * @frame: the blocks
 * @nr_batches: members of @batch and @high in use
 * @batch: blocks that moved at once
 * @high: the limit after each of these
 */
struct mymm_lists_record {
	struct mymm_pool *pool;
	unsigned int order;
	unsigned int nr;
	struct mymm_frame *frame[MYMM_LISTS_BLOCKS];
	unsigned int nr_batches;
	int batch[16];
	int high[16];
};

struct mymm_lists_record *mymm_lists_record(struct kunit *test,
					    struct mymm_pool *pool,
					    unsigned int order,
					    unsigned int nr);
void mymm_lists_take(struct mymm_test_thread *thread);
void mymm_lists_give(struct mymm_test_thread *thread);

/* The number of a list: of an order up to 3, and a migratetype. */
static inline unsigned int mymm_list_number(unsigned int order,
					    enum mymm_migratetype type)
{
	return order * MYMM_NR_MIGRATETYPES + type;
}

/* While no thread allocates or frees: each list is as its CPU says. */
#define MYMM_EXPECT_LISTS_SOUND(test, pool) \
	mymm_lists_sound(test, pool, __FILE__ ":" __stringify(__LINE__))

#endif /* _MYMM_KUNIT_LISTS_H */
