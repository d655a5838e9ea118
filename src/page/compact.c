// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction: what can be moved is moved to one end of a zone, so that blocks are free at the
 * other.
 *
 *	pageblock    0       1       2       3       4       5       6       7
 *	          +-------+-------+-------+-------+-------+-------+-------+-------+
 *	before    |m . m .|. . m .|u m . .|. m m .|. . m .|m . . .|m m . m|. m . m|
 *	          +-------+-------+-------+-------+-------+-------+-------+-------+
 *	           migrate scanner --->                         <--- free scanner
 *	          +-------+-------+-------+-------+-------+-------+-------+-------+
 *	after     |. . . .|. . . .|u m . .|. m m .|. . m .|m . . .|m m . m|m m m m|
 *	          +-------+-------+-------+-------+-------+-------+-------+-------+
 *
 * The *migrate scanner* goes up, and looks for frames that can be moved; the *free scanner* goes
 * down, and takes free ones for them. When they meet all has been done. A run ends earlier, with a
 * whole pageblock, when a block of the order that was wanted is free.
 *
 * What can be moved, process/ says and does, by struct mymm_vm_hooks: frames that processes have.
 * Everything else is in the way: slabs, tables of processes, what is pinned, and also movable
 * frames of owners that know of no way to move them. A stretch as large as the block that is
 * wanted is looked at before anything of it is moved: if something is in the way, it can't become
 * that block, and is left as it is. So a zone with such a frame everywhere is given up after one
 * look. (Linux does so when it is asynchronous, and else moves what it can. With MYMM_COMPACT_ALL,
 * so does this.)
 *
 * The free scanner goes to movable pageblocks only, so that these stay what they are; and it takes
 * no more than the watermark min leaves. What it has taken is allocated, frame by frame, 32 at
 * most, and what is left of that at the end is freed.
 *
 * A moved frame is freed to the CPU's list. So these are emptied before it is seen whether there is
 * a block.
 *
 * Where the scanners were is remembered, and the next run goes on there. There are no marks of
 * pageblocks to be skipped, as Linux has: to look at the tags of a pageblock again costs little.
 *
 * Locking. The migrate scanner looks at tags without a lock: what it finds is a guess, which
 * the hooks verify. The free scanner has the zone's lock, for a pageblock at a time.
 *
 * The decisions are those of mm/compaction.c of Linux 6.12.
 */
#include <linux/align.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "base/compat.h"
#include "page/compact.h"
#include "page/event.h"
#include "page/pageblock.h"
#include "page/pcp.h"
#include "page/pcp_drain.h"
#include "page/sanitize_pages.h"
#include "page/vm_hooks.h"
#include "page/watermark.h"

/* Free frames that are taken at once. Linux: COMPACT_CLUSTER_MAX. */
#define BATCH 32U
/* Passes over a stretch of which something is busy. Linux: NR_MAX_MIGRATE_PAGES_RETRY. */
#define ASYNC_PASSES 1
#define SYNC_PASSES 10

/**
 * struct run - a zone is being compacted
 * @how: what for
 * @zone: which
 * @at: where the migrate scanner is
 * @until: one past the stretch that it is in
 * @free: the first frame of the pageblock that the free scanner is in
 * @free_at: where in it
 * @free_end: one past the last of it
 * @met: the scanners have met
 * @short_of: no more may be taken of what is free
 * @taken: free frames that were taken
 * @nr_taken: how many
 */
struct run {
	struct mymm_compact *how;
	struct mymm_zone *zone;
	u32 at;
	u32 until;
	u32 free;
	u32 free_at;
	u32 free_end;
	bool met;
	bool short_of;
	unsigned int nr_taken;
	u32 taken[BATCH];
};

static u32 block_size(const struct run *run)
{
	return 1U << run->zone->buddy.block_order;
}

/* --- the free scanner ------------------------------------------------------------- */

/* With the zone's lock. Is more than the watermark free? */
static bool leaves_enough(const struct mymm_zone *zone)
{
	return mymm_zone_watermark_ok(
		zone, 0, mymm_zone_watermark(zone, MYMM_WMARK_MIN) + BATCH,
		MYMM_ZONE_DMA, 0, zone->buddy.free);
}

/* Is a free block so large that it is not to be broken? */
static bool is_wanted(const struct run *run, unsigned int order)
{
	return order >= (run->how->order > 0 ?
				 run->how->order :
				 (int)run->zone->buddy.block_order);
}

/* With the zone's lock: take a free block, or as much of it as there is room for. */
static void take_block(struct run *run, u32 idx, unsigned int order)
{
	struct mymm_buddy *buddy = &run->zone->buddy;
	enum mymm_migratetype type = mymm_buddy_type(buddy, idx);
	const u32 tag = mymm_tag(MYMM_FRAME_PAGES, 0, run->zone->number) |
			mymm_tag_of_type(mymm_pool_first_type(run->how->pool));
	u32 end = idx + (1U << order);

	mymm_buddy_take(buddy, idx);
	for (; idx < end && run->nr_taken < BATCH; idx++) {
		WRITE_ONCE(buddy->table[idx].tag, tag);
		run->taken[run->nr_taken++] = idx;
	}
	run->free_at = idx;
	mymm_buddy_put_rest(buddy, idx, end, type);
}

/* With the zone's lock: one step in the pageblock. */
static void scan_free(struct run *run)
{
	u32 tag = run->zone->buddy.table[run->free_at].tag, nr = 1;
	unsigned int order = mymm_tag_order(tag), before = run->nr_taken;

	switch (mymm_tag_state(tag)) {
	case MYMM_FRAME_FREE:
		if (!is_wanted(run, order)) {
			take_block(run, run->free_at, order);
			run->how->free_scanned += run->nr_taken - before;
			return;
		}
		nr = 1U << order;
		break;
	case MYMM_FRAME_PAGES:
	case MYMM_FRAME_LARGE:
	case MYMM_FRAME_SLAB:
	case MYMM_FRAME_PCP:
		nr = 1U << order;
		break;
	default:
		break;
	}
	run->how->free_scanned += nr;
	run->free_at += nr;
}

/* Take what is free in the pageblock, as much of it as there is room for. */
static void take_free(struct run *run)
{
	struct mymm_zone *zone = run->zone;
	unsigned int i, before = run->nr_taken;

	scoped_guard(raw_spinlock_irqsave, &zone->lock)
	{
		mymm_buddy_finish_split(&zone->buddy);
		while (run->free_at < run->free_end && run->nr_taken < BATCH) {
			run->short_of = !leaves_enough(zone);
			if (run->short_of)
				break;
			scan_free(run);
		}
		if (zone->buddy.free < zone->fell_below)
			mymm_zone_fell(zone);
	}
	for (i = before; i < run->nr_taken; i++) {
		mymm_sanitize_use_pages(run->how->pool, run->taken[i], 1);
		mymm_event_page_alloc(run->how->pool, run->taken[i], 0,
				      GFP_HIGHUSER_MOVABLE, MYMM_CALLER);
	}
	atomic_long_add(run->nr_taken - before,
			&run->how->pool->compact.isolated);
}

/* May frames be moved to the pageblock that the free scanner has come to? */
static bool is_target(const struct run *run)
{
	const struct mymm_buddy *buddy = &run->zone->buddy;
	u32 head = mymm_frame_find_head(buddy->table, run->free_at), tag = 0;
	enum mymm_migratetype type = mymm_buddy_type(buddy, run->free_at);

	if (head != MYMM_NO_FRAME)
		tag = READ_ONCE(buddy->table[head].tag);
	if (mymm_tag_state(tag) == MYMM_FRAME_FREE &&
	    is_wanted(run, mymm_tag_order(tag)))
		return false;
	return type == mymm_pool_first_type(run->how->pool) ||
	       (run->how->any_target && type != MYMM_HIGHATOMIC);
}

/* Go down to a pageblock, above the migrate scanner. */
static bool next_target(struct run *run)
{
	while (run->free >= run->until + block_size(run)) {
		run->free -= block_size(run);
		run->free_at = run->free;
		run->free_end =
			min(run->free + block_size(run), run->zone->buddy.end);
		if (is_target(run))
			return true;
		run->free_at = run->free_end;
	}
	run->met = true;
	return false;
}

/* Have a free frame. False: the scanners have met, or not enough is free. */
static bool have_free(struct run *run)
{
	while (!run->nr_taken && !run->short_of) {
		if (run->free_at >= run->free_end && !next_target(run))
			return false;
		take_free(run);
	}
	return run->nr_taken;
}

/* Free what is left of what was taken. */
static void give_back(struct run *run)
{
	struct mymm_pool *pool = run->how->pool;
	struct mymm_zone *zone = run->zone;
	struct mymm_page_log log MYMM_UNCLEARED;
	unsigned int i;

	for (i = 0; i < run->nr_taken; i++) {
		mymm_event_page_free(pool, run->taken[i], 0, MYMM_CALLER);
		mymm_sanitize_drop_pages(pool, run->taken[i], 1);
	}
	while (run->nr_taken) {
		log.nr = 0;
		scoped_guard(raw_spinlock_irqsave, &zone->lock)
		{
			while (run->nr_taken && mymm_log_has_room(&log))
				mymm_free_one(zone, run->taken[--run->nr_taken],
					      0, &log);
			if (zone->flags)
				mymm_zone_rose(zone);
		}
		mymm_log_trace(pool, &log);
	}
}

/* --- the migrate scanner ---------------------------------------------------------- */

/* What is at a frame. */
enum found { FOUND_NOTHING, FOUND_MOVABLE, FOUND_FIXED };

/* @nr becomes how far that goes. */
static enum found look_at(const struct run *run, u32 idx, u32 *nr)
{
	const struct mymm_compact *how = run->how;
	u32 tag = READ_ONCE(run->zone->buddy.table[idx].tag);

	*nr = 1;
	switch (mymm_tag_state(tag)) {
	case MYMM_FRAME_FREE:
	case MYMM_FRAME_PCP:
		*nr = 1U << mymm_tag_order(tag);
		return FOUND_NOTHING;
	case MYMM_FRAME_TAIL:
		/* On its way; or the middle of something, of which what begins here has a part. */
		return idx % block_size(run) ? FOUND_NOTHING : FOUND_FIXED;
	case MYMM_FRAME_PAGES:
		if (!mymm_tag_order(tag) &&
		    mymm_tag_type(tag) == mymm_pool_first_type(how->pool) &&
		    how->hooks->may_move(how->pool, idx))
			return FOUND_MOVABLE;
		*nr = 1U << mymm_tag_order(tag);
		return FOUND_FIXED;
	case MYMM_FRAME_LARGE:
	case MYMM_FRAME_SLAB:
		*nr = 1U << mymm_tag_order(tag);
		return FOUND_FIXED;
	default:
		return FOUND_FIXED;
	}
}

/* Is something in the way, so that these frames can't become one block? */
static bool is_obstructed(struct run *run, u32 idx, u32 end)
{
	enum found found = FOUND_NOTHING;
	u32 nr;

	for (; idx < end && found != FOUND_FIXED; idx += nr) {
		found = look_at(run, idx, &nr);
		run->how->migrate_scanned += min(nr, end - idx);
	}
	return found == FOUND_FIXED;
}

/* Move one frame. 0; -ENOMEM: there is no free one; what the hook says. */
static int move(struct run *run, u32 idx)
{
	struct mymm_compact *how = run->how;
	struct mymm_compact_stats *stats = &how->pool->compact;
	u32 to;
	int err;

	if (!have_free(run))
		return -ENOMEM;
	to = run->taken[run->nr_taken - 1];
	atomic_long_inc(&stats->isolated);
	err = how->hooks->move(how->pool, idx, to, !how->async && !how->direct);
	mymm_event_migrate(how->pool, idx, to, err);
	if (!err)
		run->nr_taken--;
	atomic_long_inc(err ? &stats->pgmigrate_fail :
			      &stats->pgmigrate_success);
	return err;
}

/* Is it to end before it is done? */
static bool is_interrupted(const struct run *run)
{
	if (run->how->thread &&
	    (kthread_should_stop() || kthread_should_park()))
		return true;
	return fatal_signal_pending(current) || mymm_pool_dead(run->how->pool);
}

/* One pass over a stretch. @busy becomes how many frames are worth another one. */
static int move_all(struct run *run, u32 idx, u32 end, unsigned int *busy)
{
	const bool all = run->how->order == MYMM_COMPACT_ALL;
	u32 nr;
	int err;

	*busy = 0;
	for (; idx < end; idx += nr) {
		if (look_at(run, idx, &nr) != FOUND_MOVABLE)
			continue;
		err = move(run, idx);
		if (err == -EAGAIN)
			++*busy;
		else if (err == -ENOMEM || (err && !all))
			return err;
		if (is_interrupted(run))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* Empty a stretch. -ENOMEM, -EINTR: that is the end of the run. */
static int empty(struct run *run, u32 start, u32 end)
{
	int passes = run->how->async ? ASYNC_PASSES : SYNC_PASSES, err;
	unsigned int busy;

	do {
		err = move_all(run, start, end, &busy);
	} while (!err && busy && --passes);
	return err == -ENOMEM || err == -EINTR ? err : 0;
}

/* Empty what of the stretch can become a block each. */
static int empty_blocks(struct run *run)
{
	const u32 size = 1U << run->how->order;
	u32 idx, end;
	int err = 0;

	for (idx = run->at; idx < run->until && !err; idx = end) {
		end = min(ALIGN(idx + 1, size), run->until);
		if (end - idx == size && !is_obstructed(run, idx, end))
			err = empty(run, idx, end);
	}
	return err;
}

/* Is the pageblock one that this run empties? */
static bool is_source(const struct run *run)
{
	return !run->how->async || !run->how->direct ||
	       mymm_buddy_type(&run->zone->buddy, run->at) == run->how->type;
}

/* One past the stretch that the migrate scanner goes through next. */
static u32 stretch_end(const struct run *run)
{
	u32 size = block_size(run);

	if (run->how->order > 0)
		size = max(size, 1U << run->how->order);
	return min(ALIGN(run->at + 1, size), run->zone->buddy.end);
}

/* --- a run ------------------------------------------------------------------------ */

static void begin(struct run *run)
{
	struct mymm_compact_zone *hint = &run->zone->compact;
	const struct mymm_buddy *buddy = &run->zone->buddy;

	run->at = buddy->start;
	run->free = ALIGN(buddy->end, block_size(run));
	if (!run->how->whole) {
		run->at = clamp(READ_ONCE(hint->migrate[!run->how->async]),
				buddy->start, buddy->end - 1);
		run->free = clamp(ALIGN(READ_ONCE(hint->free), block_size(run)),
				  buddy->start, run->free);
		run->how->whole = run->at == buddy->start;
	}
	run->free_at = run->free;
	run->free_end = run->free;
	run->until = stretch_end(run);
	if (run->how->async)
		mymm_pcp_drain_local(run->how->pool);
	else
		mymm_pcp_try_drain_all(run->how->pool);
}

/* The next run goes on where this one ends. */
static void remember(struct run *run)
{
	struct mymm_compact_zone *hint = &run->zone->compact;

	if (run->met) {
		WRITE_ONCE(hint->migrate[0], run->zone->buddy.start);
		WRITE_ONCE(hint->migrate[1], run->zone->buddy.start);
		WRITE_ONCE(hint->free, run->zone->buddy.end);
		return;
	}
	WRITE_ONCE(hint->migrate[!run->how->async], run->at);
	WRITE_ONCE(hint->free,
		   run->free_at < run->free_end ? run->free_end : run->free);
}

/* Is there a block now? */
static bool has_block(const struct run *run)
{
	struct mymm_zone *zone = run->zone;
	enum mymm_migratetype type = run->how->type;

	guard(raw_spinlock_irqsave)(&zone->lock);
	return mymm_pageblock_has(zone, run->how->order, type);
}

static enum mymm_compact_result look(struct run *run)
{
	if (run->how->order > 0 && has_block(run))
		return MYMM_COMPACT_SUCCESS;
	if (is_interrupted(run))
		return MYMM_COMPACT_CONTENDED;
	run->until = stretch_end(run);
	run->met |= run->at >= run->zone->buddy.end || run->until > run->free;
	if (!run->met)
		return run->how->proactive ?
			       mymm_proactive_result(run->how->proactive,
						     run->zone) :
			       MYMM_COMPACT_CONTINUE;
	return run->how->whole ? MYMM_COMPACT_COMPLETE : MYMM_COMPACT_PARTIAL;
}

/* Go through one stretch. */
static enum mymm_compact_result go_on(struct run *run)
{
	int err = 0;

	if (run->how->order == MYMM_COMPACT_ALL) {
		run->how->migrate_scanned += run->until - run->at;
		err = empty(run, run->at, run->until);
	} else if (is_source(run)) {
		err = empty_blocks(run);
	}
	mymm_pcp_drain_local(run->how->pool);
	if (!err)
		run->at = run->until;
	/* That the scanners have met look() finds out. */
	return err && !run->met ? MYMM_COMPACT_CONTENDED :
				  MYMM_COMPACT_CONTINUE;
}

static void count(const struct mymm_compact *how)
{
	struct mymm_compact_stats *stats = &how->pool->compact;

	atomic_long_add(how->migrate_scanned, &stats->migrate_scanned);
	atomic_long_add(how->free_scanned, &stats->free_scanned);
}

/**
 * mymm_compact_zone() - compact a zone
 * @how: what for; what was scanned is put there
 * @zone: one of the pool's zones
 *
 * Context: process; sleeps. The caller has the hooks, see mymm_vm_hooks_get(), and no lock of ours.
 * Return: what came of it.
 */
enum mymm_compact_result mymm_compact_zone(struct mymm_compact *how,
					   struct mymm_zone *zone)
{
	struct run run = { .how = how, .zone = zone };
	enum mymm_compact_result result = MYMM_COMPACT_CONTINUE;

	how->migrate_scanned = 0;
	how->free_scanned = 0;
	if (how->order != MYMM_COMPACT_ALL)
		result = mymm_compact_suits(zone, how->order, how->highest,
					    how->alloc_flags);
	if (result != MYMM_COMPACT_CONTINUE)
		return result;
	begin(&run);
	do {
		result = look(&run);
		if (result == MYMM_COMPACT_CONTINUE)
			result = go_on(&run);
	} while (result == MYMM_COMPACT_CONTINUE);
	remember(&run);
	give_back(&run);
	count(how);
	return result;
}
MYMM_EXPORT_INTERNAL(mymm_compact_zone);

/**
 * mymm_compact_pool() - compact all zones of a pool, from one end to the other
 * @pool: the pool
 *
 * Context: process; sleeps. With no lock of ours held.
 * Return: 0; -EINTR: the task is to die.
 */
int mymm_compact_pool(struct mymm_pool *pool)
{
	struct mymm_compact how = {
		.pool = pool,
		.order = MYMM_COMPACT_ALL,
		.type = MYMM_UNMOVABLE,
		.whole = true,
	};
	unsigned int i;
	int idx;

	how.hooks = mymm_vm_hooks_get(pool, &idx);
	for (i = 0; how.hooks && i < pool->nr_zones; i++) {
		if (fatal_signal_pending(current))
			break;
		mymm_compact_zone(&how, &pool->zone[i]);
	}
	mymm_vm_hooks_put(idx);
	return fatal_signal_pending(current) ? -EINTR : 0;
}
MYMM_EXPORT_INTERNAL(mymm_compact_pool);
