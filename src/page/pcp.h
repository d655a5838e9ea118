/* SPDX-License-Identifier: GPL-2.0 */
/* Per-CPU page lists; pcp.c has the protocol. */
#ifndef _MYMM_PCP_H
#define _MYMM_PCP_H

#include "base/local_trylock.h"
#include "page/zone.h"

struct mymm_finding;
struct mymm_page_log;

/* Orders 0 to 3, and pageblocks; four migratetypes each, of which HighAtomic is empty. */
#define MYMM_PCP_BLOCK (MYMM_PCP_MAX_ORDER + 1)
#define MYMM_PCP_LISTS ((MYMM_PCP_BLOCK + 1) * MYMM_NR_MIGRATETYPES)

/**
 * struct mymm_pcp_tail - the old end of a list, from which flushes take
 * @last: the oldest block, where @linked is not 0
 * @linked: so many blocks, counted from @last, had the block before them in their @prev, all
 *          but the newest of them,
 * @allocs: when the list had given so many blocks. Each block that it gave since may have
 *          been one of them: see mymm_pcp_linked()
 */
struct mymm_pcp_tail {
	u32 last;
	u32 linked;
	unsigned long allocs;
};

/**
 * struct mymm_pcp - the blocks of one zone that one CPU has at hand
 * @lock: as a magazine's, see local_trylock.h
 * @zone: of which zone; constant
 * @pageblock: the zone's pageblocks; constant
 * @high: frames at which some are given to the zone
 * @spare: frames that may still come in, but for what the lists have of that
 * @heads: index of the head of list 0; constant
 * @alloc_factor: the batch is doubled as often when it is taken
 * @free_count: frames that were freed in a row
 * @moved: frames that came from the zone less those that went there; with allocs and
 *         what is here the number of frees follows
 * @seen_allocs: frames allocated until the last batch, and
 * @seen_frees: freed until then, so that no operation need count what happened since
 * @refills: batches from the zone
 * @flushes: batches to it
 * @first: of each list, by order * %MYMM_NR_MIGRATETYPES + migratetype: the block that was
 *         freed last; the list's head if there is none
 * @tag: what a block from each carries when it is allocated
 * @left: blocks that may still come into each before it asks again
 * @allocs: blocks that each gave
 * @tail: the old end of each; in memory of its own, since no fast path reads it and what a
 *        CPU has in one piece of per-CPU memory is limited; constant
 *
 * A list is linked by the frames' @next, the newest first; a flush sets @prev of its oldest.
 * Its head, a member of the frame table, is its end; that has another state than a block, so
 * that taking the first needs no test for an empty list.
 *
 * What is here, @spare and what is left to the lists are together one less than @high, so
 * that the fast path of a free asks its own list and nothing else.
 *
 * Only its own CPU touches it, with preemption off; all may read.
 */
struct mymm_pcp {
	struct mymm_local_lock lock;
	struct mymm_zone *zone;
	const u8 *pageblock;
	int high;
	int spare;
	u32 heads;
	int alloc_factor;
	int free_count;
	long moved;
	unsigned long seen_allocs;
	unsigned long seen_frees;
	unsigned long refills;
	unsigned long flushes;
	u32 first[MYMM_PCP_LISTS];
	u32 tag[MYMM_PCP_LISTS];
	int left[MYMM_PCP_LISTS];
	unsigned long allocs[MYMM_PCP_LISTS];
	struct mymm_pcp_tail *tail;
} ____cacheline_aligned;

/**
 * struct mymm_cpu - what one CPU knows of a pool
 * @by_gfp: for each combination of gfp's zone flags: the lists of the zone to ask first; or
 *          the last of @pcp, whose lists are always empty, if there is none, while that
 *          zone is below its mark, if each request is to be cleared, and once the pool is dead
 * @none: the last of @pcp; constant
 * @first: the number of the zone to ask first; MYMM_MAX_ZONES: there is none; constant
 * @by_zone: the lists of each zone, by its number; constant
 * @node: the node that is this CPU's; constant
 * @pcp: by zone number, and one more
 */
struct mymm_cpu {
	struct mymm_pcp *by_gfp[16];
	struct mymm_pcp *by_zone[MYMM_MAX_ZONES];
	struct mymm_pcp *none;
	u8 first[16];
	int node;
	struct mymm_pcp pcp[];
};

static inline unsigned int mymm_pcp_order(const struct mymm_pcp *pcp,
					  unsigned int list)
{
	unsigned int slot = list / MYMM_NR_MIGRATETYPES;

	return slot == MYMM_PCP_BLOCK ? pcp->zone->buddy.block_order : slot;
}

/* How many of a list's oldest blocks are surely linked both ways. */
static inline u32 mymm_pcp_linked(const struct mymm_pcp *pcp, unsigned int list)
{
	const struct mymm_pcp_tail *tail = &pcp->tail[list];
	unsigned long given = pcp->allocs[list] - tail->allocs;

	return given < tail->linked ? tail->linked - given : 0;
}

/* The node of the CPU that this runs on. */
static inline struct mymm_node *mymm_pool_local(struct mymm_pool *pool)
{
	return &pool->node_of[raw_cpu_read(pool->cpu->node)];
}

struct mymm_frame *mymm_pcp_alloc(struct mymm_pool *pool,
				  struct mymm_zone *zone, unsigned int order,
				  enum mymm_migratetype type,
				  unsigned int alloc_flags);
bool mymm_pcp_free(struct mymm_pool *pool, struct mymm_zone *zone, u32 idx,
		   unsigned int order);
void mymm_pcp_drain_cpu(struct mymm_pool *pool, unsigned int cpu);
void mymm_pcp_drain_local(struct mymm_pool *pool);
void mymm_pcp_retune_local(struct mymm_pool *pool);
void mymm_pcp_decay_local(struct mymm_pool *pool);

#endif /* _MYMM_PCP_H */
