/* SPDX-License-Identifier: GPL-2.0 */
/* Why an allocation of pages fails. */
#ifndef _MYMM_ALLOC_FAILURE_H
#define _MYMM_ALLOC_FAILURE_H

#include <linux/gfp.h>

struct mymm_pool;
struct mymm_request;
struct mymm_zone;

/**
 * enum mymm_alloc_failure - why zones do not serve a request
 * @MYMM_FAILURE_NONE: one would
 * @MYMM_FAILURE_NO_ZONE: the pool has no zone that the request may have
 * @MYMM_FAILURE_EMPTY: fewer frames are free than the block has
 * @MYMM_FAILURE_FRAGMENTED: enough are free, but no block is large enough
 * @MYMM_FAILURE_RESERVE: a block is free, but kept for others: requests that can have no
 *                        higher zone (lowmem_reserve), or that cannot wait (HighAtomic)
 * @MYMM_FAILURE_WATERMARK: a block is free, but without it the zone would be below the
 *                          watermark down to which the request may go
 * @MYMM_NR_FAILURES: how many there are
 *
 * In the order in which one of several zones is named for all: the last one wins.
 */
enum mymm_alloc_failure {
	MYMM_FAILURE_NONE,
	MYMM_FAILURE_NO_ZONE,
	MYMM_FAILURE_EMPTY,
	MYMM_FAILURE_FRAGMENTED,
	MYMM_FAILURE_RESERVE,
	MYMM_FAILURE_WATERMARK,
	MYMM_NR_FAILURES,
};

/* A word for each: "none", "no_zone", "empty", "fragmented", "reserve", "watermark". */
extern const char *const mymm_alloc_failure_names[MYMM_NR_FAILURES];

enum mymm_alloc_failure
mymm_zone_failure_reason(const struct mymm_request *request,
			 struct mymm_zone *zone);
enum mymm_alloc_failure mymm_alloc_failure_reason(struct mymm_pool *pool,
						  int node, gfp_t gfp,
						  unsigned int order);

#endif /* _MYMM_ALLOC_FAILURE_H */
