// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU page lists: blocks that were freed a moment ago, for the next allocation.
 *
 *              alloc  ^   | free
 *                     |   v
 *               first +-------+     +-------+     +-------+ oldest
 *      CPU 0   ------>| block |---->| block |---->| block |----> head
 *                     +-------+     +-------+     +-------+
 *                         ^  refill: a batch, one lock  |
 *                         |                             v  flush: the oldest, one lock
 *                     +-------------------------------------+
 *                     |                zone                 |
 *                     +-------------------------------------+
 *
 * For each zone each CPU has a list for orders 0 to 3 and for pageblocks, by migratetype.
 * Most pairs of alloc and free then need neither a lock nor a masked interrupt, and get
 * what is still warm. Blocks in a list are not free in the sense of /proc/mybuddyinfo, as
 * in Linux: /proc/myzoneinfo counts them.
 *
 * The protocol is that of magazines (magazine.c): only its own CPU touches a list, with
 * preemption off and with its local trylock, which an interrupt finds taken. The blocks
 * themselves are guarded by the *claim*: a free first changes a block's tag from
 * "allocated" to "in a CPU's list" by a compare and exchange. So of two CPUs that free the
 * same block one is refused, exactly, without a lock.
 *
 * How much a CPU keeps. Its frames stay below @high. What is left of that is @spare, and what
 * was allotted of it to each list (@left): a list that has used its allotment up asks for
 * another, and there everything below is decided. Batches are doubled
 * while a CPU does nothing but allocate, and flushes grow while it does nothing but free;
 * where the kernel that runs tunes high between two bounds, so do we. What happened between
 * two batches is not counted as it happens: the number of frees follows from blocks allocated,
 * blocks here and blocks moved. A limit that was raised falls again with time: see reaper.c.
 *
 * Frames on their way from a zone to a list are in state MYMM_FRAME_PCP too, and in no
 * list: they cannot be freed, and a check counts them as neither free nor allocated.
 *
 * The numbers are those of mm/page_alloc.c of Linux 6.12: nr_pcp_alloc(), nr_pcp_free(),
 * nr_pcp_high(), decay_pcp_high().
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "base/compat.h"
#include "page/pageblock.h"
#include "page/pcp.h"
#include "page/pcp_cpu.h"
#include "page/pool.h"
#include "page/watermark.h"

/* A batch is doubled up to this often. CONFIG_PCP_BATCH_SCALE_MAX of 6.12. */
#define BATCH_SCALE_MAX 5

/* Which list a block belongs on; MYMM_PCP_LISTS if CPUs don't keep such. */
static unsigned int list_of(const struct mymm_pool *pool, unsigned int order,
			    enum mymm_migratetype type)
{
	if (order <= MYMM_PCP_MAX_ORDER)
		return order * MYMM_NR_MIGRATETYPES + type;
	if (order == pool->block_order)
		return MYMM_PCP_BLOCK * MYMM_NR_MIGRATETYPES + type;
	return MYMM_PCP_LISTS;
}

static bool list_empty_at(const struct mymm_pcp *pcp, unsigned int list)
{
	return pcp->first[list] == pcp->heads + list;
}

/* This CPU's lists of a zone, locked; NULL if we interrupted code that has the lock. */
static struct mymm_pcp *pcp_get(struct mymm_pool *pool,
				const struct mymm_zone *zone)
{
	struct mymm_pcp *pcp;

	preempt_disable();
	pcp = &this_cpu_ptr(pool->cpu)->pcp[zone->number];
	if (mymm_local_trylock(&pcp->lock))
		return pcp;
	mymm_local_contended(&pcp->lock);
	preempt_enable();
	return NULL;
}

static void pcp_put(struct mymm_pcp *pcp)
{
	mymm_local_unlock(&pcp->lock);
	preempt_enable();
}

/* --- lists, with the local lock ------------------------------------------------- */

static u32 pop_first(struct mymm_frame *table, struct mymm_pcp *pcp,
		     unsigned int list)
{
	u32 idx = pcp->first[list];

	pcp->first[list] = table[idx].next;
	return idx;
}

static void push_first(struct mymm_frame *table, struct mymm_pcp *pcp,
		       unsigned int list, u32 idx)
{
	table[idx].next = pcp->first[list];
	pcp->first[list] = idx;
}

/* --- how much ------------------------------------------------------------------- */

/* What was allotted to the lists is spare again. */
static void recall_allotments(struct mymm_pcp *pcp)
{
	unsigned int list;

	for (list = 0; list < MYMM_PCP_LISTS; list++) {
		pcp->spare +=
			pcp->left[list] * (1 << mymm_pcp_order(pcp, list));
		pcp->left[list] = 0;
	}
}

/* Let a list take up to a batch of frees without asking. */
static void allot(struct mymm_pcp *pcp, unsigned int list)
{
	unsigned int order = mymm_pcp_order(pcp, list);
	int blocks = min(pcp->spare, pcp->zone->pcp_batch) >> order;

	/* Lists of other types stay empty. */
	if (blocks <= 0 || list % MYMM_NR_MIGRATETYPES >= MYMM_PCPTYPES)
		return;
	pcp->spare -= blocks << order;
	pcp->left[list] += blocks;
}

/* Frames here, after recall_allotments(). */
static int pcp_count(const struct mymm_pcp *pcp)
{
	return pcp->high - 1 - pcp->spare;
}

static void set_high(struct mymm_pcp *pcp, int high)
{
	pcp->spare += high - pcp->high;
	pcp->high = high;
}

static void clamp_high(struct mymm_pcp *pcp)
{
	set_high(pcp, clamp(pcp->high, READ_ONCE(pcp->zone->pcp_high_min),
			    READ_ONCE(pcp->zone->pcp_high_max)));
}

/* Frames allocated and freed since this was last asked. */
static void what_happened(const struct mymm_pool *pool, struct mymm_pcp *pcp,
			  unsigned long *allocs, unsigned long *frees)
{
	unsigned long all = mymm_pcp_allocated(pcp);
	unsigned long freed = all + pcp_count(pcp) - pcp->moved;

	*allocs = all - pcp->seen_allocs;
	*frees = freed - pcp->seen_frees;
	pcp->seen_allocs = all;
	pcp->seen_frees = freed;
}

static bool zone_below_high(const struct mymm_zone *zone)
{
	return READ_ONCE(zone->flags) & BIT(MYMM_ZONE_BELOW_HIGH);
}

/* How many blocks to fetch. */
static int refill_batch(struct mymm_pool *pool, struct mymm_pcp *pcp,
			unsigned int order)
{
	struct mymm_zone *zone = pcp->zone;
	int base = READ_ONCE(zone->pcp_batch), batch, high;
	unsigned long allocs, frees;

	recall_allotments(pcp);
	what_happened(pool, pcp, &allocs, &frees);
	pcp->free_count >>= min(allocs, 30UL);
	pcp->alloc_factor >>= min(frees, 30UL);
	clamp_high(pcp);
	high = pcp->high;
	if (high < base)
		return 1;

	batch = order ? base : base << pcp->alloc_factor;
	if (mymm_zone_tunes_high(zone) && !zone_below_high(zone)) {
		high = min(high + batch, READ_ONCE(zone->pcp_high_max));
		set_high(pcp, high);
	}
	if (!order) {
		int most = max(high - pcp_count(pcp) - base, base);

		if (batch <= most && pcp->alloc_factor < BATCH_SCALE_MAX)
			pcp->alloc_factor++;
		batch = min(batch, most);
	}
	return batch > 1 ? max(batch >> order, 2) : batch;
}

/* How many frames to give back, now that @high is what may stay; 0: none. */
static int flush_batch(struct mymm_pool *pool, struct mymm_pcp *pcp,
		       unsigned int order)
{
	struct mymm_zone *zone = pcp->zone;
	int high_min = READ_ONCE(zone->pcp_high_min);
	int high_max = READ_ONCE(zone->pcp_high_max);
	int batch = READ_ONCE(zone->pcp_batch), high;
	unsigned long allocs, frees;
	bool many_large;

	what_happened(pool, pcp, &allocs, &frees);
	pcp->alloc_factor >>= min(frees, 30UL);
	many_large = order && order <= MYMM_PCP_MAX_ORDER && !allocs &&
		     pcp->free_count >= batch;
	pcp->free_count = min_t(unsigned long,
				(pcp->free_count >> min(allocs, 30UL)) + frees,
				batch << BATCH_SCALE_MAX);
	clamp_high(pcp);
	high = pcp->high;
	if (!high)
		return 1 << order;

	if (many_large) {
		/* Large blocks, and nothing but frees: they would only be in the way. */
		set_high(pcp, max(high - (batch << BATCH_SCALE_MAX), high_min));
		return min(pcp_count(pcp), batch << BATCH_SCALE_MAX);
	}
	if (READ_ONCE(zone->flags) & BIT(MYMM_ZONE_RECLAIM_ACTIVE)) {
		set_high(pcp,
			 max(high - max(pcp->free_count, batch), high_min));
		high = min(batch << 2, pcp->high);
	} else if (high_min != high_max && zone_below_high(zone)) {
		set_high(pcp,
			 max(high - max(pcp->free_count, batch), high_min));
		high = max(pcp_count(pcp), high_min);
	} else if (high_min != high_max && pcp_count(pcp) >= high) {
		int need = pcp->free_count + batch;

		if (high < need)
			set_high(pcp, clamp(need, high_min, high_max));
	}
	if (pcp_count(pcp) < high)
		return 0;
	if (high < batch)
		return 1;
	/* A batch stays at least. */
	return clamp(pcp->free_count, batch, max(high - batch, batch));
}

/* --- to and from the zone ---------------------------------------------------------- */

/* Frames to be given back, linked by their @next. */
struct chain {
	u32 first;
	unsigned int blocks;
};

/* Set @prev in all of a list, which is not empty. Returns how many blocks it has. */
static u32 link_back(struct mymm_frame *table, struct mymm_pcp *pcp,
		     unsigned int list)
{
	u32 head = pcp->heads + list, idx = pcp->first[list], next, nr = 1;

	while ((next = table[idx].next) != head) {
		table[next].prev = idx;
		idx = next;
		nr++;
	}
	pcp->tail[list].last = idx;
	return nr;
}

/*
 * Move the oldest blocks of a list to a chain, up to @most.
 *
 * A free touches one block, so a list is linked one way, from the newest; its oldest are
 * reached from the other end by @prev, which is set here. Setting it walks over the whole
 * list, but only when fewer blocks have it than are to be moved: all of the walk but that
 * many are blocks that came in since the last one, or before a block that was allocated
 * since, so it is a constant for each alloc, free and block moved.
 */
static void cut_oldest(struct mymm_frame *table, struct mymm_pcp *pcp,
		       unsigned int list, unsigned int most,
		       struct chain *chain)
{
	struct mymm_pcp_tail *tail = &pcp->tail[list];
	u32 linked = mymm_pcp_linked(pcp, list), oldest, cut, nr;

	if (list_empty_at(pcp, list))
		return;
	if (linked <= most)
		linked = link_back(table, pcp, list);
	oldest = tail->last;
	cut = oldest;
	for (nr = 1; nr < most && cut != pcp->first[list]; nr++)
		cut = table[cut].prev;
	if (cut == pcp->first[list]) {
		pcp->first[list] = pcp->heads + list;
	} else {
		tail->last = table[cut].prev;
		table[tail->last].next = pcp->heads + list;
	}
	tail->linked = linked - nr;
	tail->allocs = pcp->allocs[list];
	table[oldest].next = chain->first;
	chain->first = cut;
	chain->blocks += nr;
}

/*
 * Take the oldest blocks off the lists, @frames at least if there are as many, beginning
 * with one list and going on with the next.
 */
static struct chain take_oldest(struct mymm_pool *pool, struct mymm_pcp *pcp,
				unsigned int list, int frames)
{
	struct chain chain = { .first = MYMM_NO_FRAME };
	unsigned int n;

	for (n = 0; n < MYMM_PCP_LISTS && frames > 0; n++, list++) {
		unsigned int blocks = chain.blocks, order;

		list %= MYMM_PCP_LISTS;
		order = mymm_pcp_order(pcp, list);
		cut_oldest(pool->frame, pcp, list,
			   DIV_ROUND_UP(frames, 1 << order), &chain);
		blocks = chain.blocks - blocks;
		frames -= blocks << order;
		pcp->spare += blocks << order;
		pcp->moved -= blocks << order;
	}
	if (chain.blocks)
		pcp->flushes++;
	return chain;
}

/* Give blocks to their zone; without the local lock, and no zone's lock held. */
static void give_back(struct mymm_pool *pool, struct mymm_zone *zone,
		      struct chain chain)
{
	struct mymm_page_log log MYMM_UNCLEARED;
	unsigned long flags;

	while (chain.blocks) {
		log.nr = 0;
		raw_spin_lock_irqsave(&zone->lock, flags);
		while (chain.blocks && mymm_log_has_room(&log)) {
			u32 idx = chain.first;

			chain.first = pool->frame[idx].next;
			chain.blocks--;
			mymm_free_one(zone, idx,
				      mymm_tag_order(pool->frame[idx].tag),
				      &log);
		}
		if (zone->flags)
			mymm_zone_rose(zone);
		raw_spin_unlock_irqrestore(&zone->lock, flags);
		mymm_log_trace(pool, &log);
	}
}

/* Fetch up to @batch blocks, the first of which is returned, the rest go to the list. */
static u32 refill(struct mymm_pool *pool, struct mymm_zone *zone,
		  unsigned int order, enum mymm_migratetype type,
		  unsigned int alloc_flags, int batch)
{
	enum mymm_rmqueue_mode mode = MYMM_RMQUEUE_NORMAL;
	const u32 tag = mymm_tag(MYMM_FRAME_PCP, order, zone->number) |
			mymm_tag_of_type(type);
	struct mymm_frame *table = pool->frame, *block;
	u32 got = MYMM_NO_FRAME, first = MYMM_NO_FRAME, last = 0, idx;
	struct mymm_page_log log MYMM_UNCLEARED;
	struct chain chain = {};
	struct mymm_pcp *pcp;
	unsigned long flags;

	log.nr = 0;
	raw_spin_lock_irqsave(&zone->lock, flags);
	while (batch-- && mymm_log_has_room(&log)) {
		block = mymm_rmqueue(zone, order, type,
				     alloc_flags & (MYMM_ALLOC_NOFRAGMENT |
						    MYMM_ALLOC_KSWAPD),
				     &mode, &log);
		if (!block)
			break;
		idx = block - table;
		WRITE_ONCE(block->tag, tag);
		if (got == MYMM_NO_FRAME) {
			got = idx;
			continue;
		}
		if (first == MYMM_NO_FRAME)
			first = idx;
		else
			table[last].next = idx;
		last = idx;
		chain.blocks++;
	}
	if (zone->buddy.free < zone->fell_below)
		mymm_zone_fell(zone);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	mymm_log_trace(pool, &log);

	if (chain.blocks) {
		pcp = pcp_get(pool, zone);
		if (pcp) {
			int frames = chain.blocks << order;

			unsigned int list = list_of(pool, order, type);

			table[last].next = pcp->first[list];
			pcp->first[list] = first;
			pcp->spare -= frames;
			pcp->moved += frames;
			pcp->refills++;
			pcp_put(pcp);
		} else {
			chain.first = first;
			give_back(pool, zone, chain);
		}
	}
	return got;
}

/**
 * mymm_pcp_alloc() - take a block from this CPU's lists, fetching a batch if need be
 * @pool: where from
 * @zone: of which zone
 * @order: of the block
 * @type: what it is for
 * @alloc_flags: for the batch: MYMM_ALLOC_NOFRAGMENT, MYMM_ALLOC_KSWAPD
 *
 * Context: any but NMI, the zone's lock not held.
 * Return: the block's head, %MYMM_FRAME_PAGES; NULL if CPUs keep no such blocks, if we
 * interrupted code that has the lists' lock, or if the zone has none.
 */
struct mymm_frame *mymm_pcp_alloc(struct mymm_pool *pool,
				  struct mymm_zone *zone, unsigned int order,
				  enum mymm_migratetype type,
				  unsigned int alloc_flags)
{
	unsigned int list = list_of(pool, order, type);
	struct mymm_pcp *pcp;
	int batch = 0;
	u32 idx = MYMM_NO_FRAME;

	if (list == MYMM_PCP_LISTS || !zone->pcp_batch)
		return NULL;
	pcp = pcp_get(pool, zone);
	if (!pcp)
		return NULL;
	if (list_empty_at(pcp, list)) {
		batch = refill_batch(pool, pcp, order);
	} else {
		idx = pop_first(pool->frame, pcp, list);
		pcp->left[list]++;
		pcp->allocs[list]++;
	}
	pcp_put(pcp);

	if (batch) {
		idx = refill(pool, zone, order, type, alloc_flags, batch);
		if (idx == MYMM_NO_FRAME)
			return NULL;
		preempt_disable(); /* both on one CPU, whichever it is now */
		this_cpu_inc(pool->cpu->pcp[zone->number].allocs[list]);
		this_cpu_add(pool->cpu->pcp[zone->number].moved, 1L << order);
		preempt_enable();
	}
	WRITE_ONCE(pool->frame[idx].tag,
		   mymm_tag(MYMM_FRAME_PAGES, order, zone->number) |
			   mymm_tag_of_type(type));
	return &pool->frame[idx];
}

/**
 * mymm_pcp_free() - put a block on this CPU's lists, which may give others to the zone
 * @pool: whose it is
 * @zone: of which zone
 * @idx: its first frame, in state %MYMM_FRAME_PCP and on no list: claimed by the caller
 * @order: its order
 *
 * Context: any but NMI, the zone's lock not held.
 * Return: whether it is there; if not, CPUs keep no such blocks, or we interrupted code that
 * has the lists' lock.
 */
bool mymm_pcp_free(struct mymm_pool *pool, struct mymm_zone *zone, u32 idx,
		   unsigned int order)
{
	enum mymm_migratetype type = mymm_buddy_type(&zone->buddy, idx);
	/* What is freed in the reserve goes where it is used up soonest. */
	unsigned int list = list_of(
		pool, order, type == MYMM_HIGHATOMIC ? MYMM_MOVABLE : type);
	struct chain chain = {};
	struct mymm_pcp *pcp;
	int frames;

	if (list == MYMM_PCP_LISTS || !zone->pcp_batch)
		return false;
	pcp = pcp_get(pool, zone);
	if (!pcp)
		return false;
	recall_allotments(pcp);
	push_first(pool->frame, pcp, list, idx);
	pcp->spare -= 1 << order;
	frames = flush_batch(pool, pcp, order);
	if (frames)
		chain = take_oldest(pool, pcp, list, frames);
	allot(pcp, list);
	pcp_put(pcp);
	if (chain.blocks)
		give_back(pool, zone, chain);
	return true;
}

/* --- draining ------------------------------------------------------------------------ */

/* The lists are this CPU's, or a dead one's. */
static void drain_pcp(struct mymm_pool *pool, struct mymm_pcp *pcp)
{
	struct chain chain;

	do {
		int most = max(pcp->zone->pcp_batch << BATCH_SCALE_MAX, 1);

		preempt_disable();
		if (!mymm_local_trylock(&pcp->lock)) {
			mymm_local_contended(&pcp->lock);
			preempt_enable();
			return;
		}
		recall_allotments(pcp);
		chain = take_oldest(pool, pcp, 0, most);
		if (!chain.blocks) {
			/* What comes next is to depend on nothing that was. */
			set_high(pcp, READ_ONCE(pcp->zone->pcp_high_min));
			pcp->alloc_factor = 0;
			pcp->free_count = 0;
		}
		pcp_put(pcp);
		/* A dead pool's lists can't be trusted: they are only forgotten. */
		if (!mymm_pool_dead(pool))
			give_back(pool, pcp->zone, chain);
	} while (chain.blocks);
}

/**
 * mymm_pcp_drain_cpu() - give what a CPU has to the zones
 * @pool: of which pool
 * @cpu: this CPU, from which the caller does not move; or one that is dead
 *
 * Context: any but NMI, no zone's lock held.
 */
void mymm_pcp_drain_cpu(struct mymm_pool *pool, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		drain_pcp(pool, &per_cpu_ptr(pool->cpu, cpu)->pcp[i]);
}
MYMM_EXPORT_INTERNAL(mymm_pcp_drain_cpu);

/**
 * mymm_pcp_drain_local() - give what this CPU has to the zones
 * @pool: of which pool
 *
 * Context: any but NMI, no zone's lock held. In an interrupt that found a CPU at its
 * lists these stay as they are.
 */
void mymm_pcp_drain_local(struct mymm_pool *pool)
{
	preempt_disable();
	mymm_pcp_drain_cpu(pool, smp_processor_id());
	preempt_enable();
}
MYMM_EXPORT_INTERNAL(mymm_pcp_drain_local);

/* What this CPU's lists may keep of a zone changes; what is too much then goes back. */
static void relimit(struct mymm_pool *pool, struct mymm_zone *zone,
		    void (*change)(struct mymm_pcp *pcp))
{
	struct mymm_pcp *pcp = pcp_get(pool, zone);
	struct chain chain;

	if (!pcp)
		return;
	recall_allotments(pcp);
	change(pcp);
	chain = take_oldest(pool, pcp, 0, -pcp->spare);
	pcp_put(pcp);
	give_back(pool, zone, chain);
}

/**
 * mymm_pcp_retune_local() - apply new limits to this CPU's lists
 * @pool: of which pool
 *
 * Context: task; no zone's lock held.
 */
void mymm_pcp_retune_local(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		relimit(pool, &pool->zone[i], clamp_high);
}

/* By a quarter, but not below what would have more go than a large batch. */
static void decay(struct mymm_pcp *pcp)
{
	const struct mymm_zone *zone = pcp->zone;
	int least = READ_ONCE(zone->pcp_high_min);

	if (pcp->high <= least)
		return;
	least = max(least, pcp_count(pcp) - (READ_ONCE(zone->pcp_batch)
					     << BATCH_SCALE_MAX));
	set_high(pcp, max(least, pcp->high - (pcp->high >> 2)));
}

/**
 * mymm_pcp_decay_local() - lower what this CPU's lists may keep, where that was raised
 * @pool: of which pool
 *
 * Linux takes an eighth off each second, we a quarter every other second.
 *
 * Context: task; no zone's lock held.
 */
void mymm_pcp_decay_local(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		if (mymm_zone_tunes_high(&pool->zone[i]))
			relimit(pool, &pool->zone[i], decay);
}
MYMM_EXPORT_INTERNAL(mymm_pcp_decay_local);
