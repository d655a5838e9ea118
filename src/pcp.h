/* SPDX-License-Identifier: GPL-2.0 */
/* Per-CPU page lists; pcp.c has the protocol. */
#ifndef _MYMM_PCP_H
#define _MYMM_PCP_H

#include "token.h"
#include "zone.h"

struct mymm_pool;
struct mymm_page_log;

/* Orders 0 to 3, and pageblocks; four migratetypes each, of which HighAtomic is empty. */
#define MYMM_PCP_BLOCK (MYMM_PCP_MAX_ORDER + 1)
#define MYMM_PCP_LISTS ((MYMM_PCP_BLOCK + 1) * MYMM_NR_MIGRATETYPES)

/**
 * struct mymm_pcp_list - blocks of one order and migratetype that a CPU has at hand
 * @first: the block that was freed last; the list's head if there is none
 * @tag: what a block from here carries when it is allocated
 *
 * The list is circular, and its head is a member of the frame table. Only the links
 * that are needed are right: @next of each block; @prev of the head and of each block but
 * the first, so that the oldest can be taken off the end.
 */
struct mymm_pcp_list {
	u32 first;
	u32 tag;
};

/**
 * struct mymm_pcp - the blocks of one zone that one CPU has at hand
 * @token: as a magazine's, see token.h
 * @zone: of which zone; constant
 * @room: frames that may still come in before some are given to the zone; @high less
 *        what is here
 * @high: frames to keep at most
 * @heads: index of the head of list 0; constant
 * @alloc_factor: the batch is doubled as often when it is taken
 * @free_count: frames that were freed in a row
 * @moved: frames that came from the zone less those that went there; with @allocs and
 *         what is here it tells how many were freed
 * @seen_allocs: frames allocated until the last batch, and
 * @seen_frees: freed until then, so that no operation need count what happened since
 * @refills: batches from the zone
 * @flushes: batches to it
 * @list: by order * %MYMM_NR_MIGRATETYPES + migratetype
 * @allocs: blocks that each list gave
 *
 * Only its own CPU touches it, with preemption off; all may read.
 */
struct mymm_pcp {
	struct mymm_token token;
	struct mymm_zone *zone;
	int room;
	int high;
	u32 heads;
	int alloc_factor;
	int free_count;
	long moved;
	unsigned long seen_allocs;
	unsigned long seen_frees;
	unsigned long refills;
	unsigned long flushes;
	struct mymm_pcp_list list[MYMM_PCP_LISTS];
	unsigned long allocs[MYMM_PCP_LISTS];
} __aligned(512);

#define MYMM_PCP_SHIFT 9
static_assert(sizeof(struct mymm_pcp) == 1 << MYMM_PCP_SHIFT,
	      "a zone's is found by shifting its number");

/**
 * struct mymm_cpu - what one CPU knows of a pool
 * @by_gfp: for each combination of gfp's zone flags: the lists of the zone to ask first;
 *          the last of @pcp, whose lists are always empty, if there is none, and once the
 *          pool is dead
 * @node: the node that is this CPU's; constant
 * @pcp: by zone number, and one more
 */
struct mymm_cpu {
	struct mymm_pcp *by_gfp[16];
	int node;
	struct mymm_pcp pcp[];
};

#define mymm_for_each_pcp(zone_, pcp_, pool_, cpu_)            \
	for_each_possible_cpu(cpu_)                            \
		if (((pcp_) = &per_cpu_ptr((pool_)->cpu, cpu_) \
				       ->pcp[(zone_)->number]))

/* Frames that a CPU has at hand; of another CPU: at some moment. */
static inline int mymm_pcp_count(const struct mymm_pcp *pcp)
{
	return READ_ONCE(pcp->high) - READ_ONCE(pcp->room);
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
unsigned long mymm_pcp_frames(struct mymm_pool *pool,
			      const struct mymm_zone *zone);
unsigned long mymm_pcp_allocs(struct mymm_pool *pool,
			      const struct mymm_zone *zone,
			      unsigned long *blocks);
int mymm_pcp_create(struct mymm_pool *pool, unsigned int nr_zones);
void mymm_pcp_destroy(struct mymm_pool *pool);
void mymm_pcp_lists_init(struct mymm_pool *pool, u32 heads);
void mymm_pcp_kill(struct mymm_pool *pool);

/* drain.c */
void mymm_pcp_drain_all(struct mymm_pool *pool);
void mymm_pcp_try_drain_all(struct mymm_pool *pool);
void mymm_pcp_retune_all(struct mymm_pool *pool);

#endif /* _MYMM_PCP_H */
