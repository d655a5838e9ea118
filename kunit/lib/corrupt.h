/* SPDX-License-Identifier: GPL-2.0 */
/* A pool to be broken on purpose, and repaired. */
#ifndef _MYMM_KUNIT_CORRUPT_H
#define _MYMM_KUNIT_CORRUPT_H

#include "lib/util.h"
#include "page/pcp.h"

#define SCENE_CACHES 2

/**
 * struct mymm_corrupt - a pool, and what it was like when it was whole
 * @test: the test
 * @pool: its pool
 * @cache: slub caches of it, NULL if the corrupt has none
 * @table: the pool's frame table as it was
 * @zone: its zones
 * @pageblocks: their types
 * @pcp: each CPU's lists of each zone
 * @tail: the old ends of these lists
 * @saved: what the caches' nodes and CPUs counted, one after the other
 * @memory: the pool's memory, if it has any
 * @cases: how many things were broken
 */
struct mymm_corrupt {
	struct kunit *test;
	struct mymm_pool *pool;
	struct mymm_cache *cache[SCENE_CACHES];
	void *table;
	struct mymm_zone *zone;
	void *pageblocks;
	struct mymm_pcp *pcp;
	struct mymm_pcp_tail (*tail)[MYMM_PCP_LISTS];
	void *saved[SCENE_CACHES];
	void *memory;
	unsigned int cases;
};

struct mymm_corrupt *mymm_corrupt_new(struct kunit *test,
				      struct mymm_pool *pool,
				      struct mymm_cache *one,
				      struct mymm_cache *two);
void mymm_corrupt_expect(struct mymm_corrupt *corrupt, unsigned int invariant,
			 const char *what, const char *where);

#endif /* _MYMM_KUNIT_CORRUPT_H */
