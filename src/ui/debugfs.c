// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/: what the real files have no place for.
 *
 *   check      runs the validator; "ok", or the first broken invariant, after which the
 *              pool is out of service
 *   frames     a map of each zone, a character a frame
 *   frames_raw the same characters alone, that of frame n at offset n
 *   zones      counters of each zone, a line each
 *   counters   refusals by reason
 *   magazines  contents and hit rates of each cache's magazines
 *   caches/    a directory for each cache, see debugfs_cache.c
 *   pools/     all pools, those of other modules too, see debugfs_pools.c
 *   page_owner*  callers that allocated pages in use, see debugfs_page_owner.c
 *   history    free blocks over time, see debugfs_history.c
 *   drain      whatever is written: gives back to the zones what no user holds
 *   extfrag/   unusable_index and extfrag_index, as the real ones of these names
 *
 * The map shows 64 frames a line. The first frame of a block shows its state: a free
 * one its order (a for 10), P pages, S a slab, L a large kmalloc, C what a CPU has in its
 * lists; its other frames follow in small letters, or as dots if they are free. A hole is
 * a dash. Lines equal to the one before are left out, and a * stands for them, as in
 * hexdump. A line is one moment, the map as a whole is not.
 */
#include <linux/debugfs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "object/cache.h"
#include "pool/check.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "cache/magazine.h"
#include "page/extfrag.h"
#include "pool/pool.h"
#include "ui/debugfs_history.h"
#include "page/page_owner.h"
#include "page/pcp.h"
#include "ui/debugfs_page_owner.h"
#include "ui/debugfs_pools.h"
#include "ui/debugfs.h"
#include "ui/sysfs_cache.h"

static struct dentry *dir;

/* --- check ------------------------------------------------------------------ */

static int check_show(struct seq_file *m, void *v)
{
	struct mymm_pool *pool = m->private;
	struct mymm_finding finding;
	unsigned long damages = mymm_pool_validate(pool);

	if (mymm_check(pool, &finding)) {
		mymm_pool_kill(pool, finding.text);
		seq_printf(m, "I%u: %s\n", finding.invariant, finding.text);
	} else if (damages) {
		seq_printf(
			m,
			"damaged objects of debug caches: %lu, see the log\n",
			damages);
	} else {
		seq_puts(m, "ok\n");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

/* --- frames ------------------------------------------------------------------- */

#define MAP_WIDTH 64

static char head_character(u32 tag)
{
	switch (mymm_tag_state(tag)) {
	case MYMM_FRAME_FREE:
		return hex_asc_lo(mymm_tag_order(tag));
	case MYMM_FRAME_PAGES:
		return 'P';
	case MYMM_FRAME_LARGE:
		return 'L';
	case MYMM_FRAME_SLAB:
		return 'S';
	case MYMM_FRAME_PCP:
		return 'C';
	case MYMM_FRAME_HOLE:
		return '-';
	default:
		return '?';
	}
}

static char tail_character(char head)
{
	return head == '?'		    ? '?' :
	       isdigit(head) || head == 'a' ? '.' :
					      tolower(head);
}

/* Frames from @start, up to a line's width or the zone's end. */
static void draw_line(struct mymm_zone *zone, u32 start, char *line)
{
	const struct mymm_frame *table = zone->buddy.table;
	u32 end = min(start + MAP_WIDTH, zone->buddy.end);
	u32 idx, head, left;
	char c;

	guard(raw_spinlock_irqsave)(&zone->lock);

	mymm_buddy_finish_split(&zone->buddy);

	head = mymm_frame_find_head(table, start);
	for (idx = start; idx < end; idx += left) {
		u32 tag = head == MYMM_NO_FRAME ? 0 : table[head].tag;

		/* The map of a dead pool can be looked at too. */
		if (mymm_tag_order(tag) > MYMM_MAX_ORDER)
			head = MYMM_NO_FRAME;

		c = head_character(tag);
		left = head == MYMM_NO_FRAME ?
			       1 :
			       head + (1U << mymm_tag_order(tag)) - idx;
		left = min(left, end - idx);
		memset(line, tail_character(c), left);
		if (idx == head)
			*line = c;
		line += left;
		head = idx + left;
		if (mymm_tag_state(table[head].tag) == MYMM_FRAME_TAIL)
			head = MYMM_NO_FRAME;
	}
	*line = 0;
}

static void show_map(struct seq_file *m, struct mymm_zone *zone)
{
	char line[MAP_WIDTH + 1], before[MAP_WIDTH + 1] = "";
	bool starred = false;
	u32 start;

	seq_printf(m, "Node %d, zone %8s, frames %u to %u\n", zone->node,
		   mymm_zone_name(zone->type), zone->buddy.start,
		   zone->buddy.end - 1);
	for (start = zone->buddy.start; start < zone->buddy.end;
	     start += MAP_WIDTH) {
		draw_line(zone, start, line);
		if (strcmp(line, before))
			seq_printf(m, "%10u  %s\n", start, line);
		else if (!starred)
			seq_puts(m, "         *\n");
		starred = !strcmp(line, before);
		strscpy(before, line, sizeof(before));
		cond_resched();
	}
}

/**
 * mymm_frames_show() - the map of a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_frames_show(struct seq_file *m, struct mymm_pool *pool)
{
	unsigned int i;

	seq_puts(
		m,
		"0-9 a: free, of that order   P: pages   S: slab   L: large kmalloc   C: in a CPU's list   . p s l c: the rest of it   -: hole\n");
	for (i = 0; i < pool->nr_zones; i++)
		show_map(m, &pool->zone[i]);
}
MYMM_EXPORT_INTERNAL(mymm_frames_show);

static int frames_show(struct seq_file *m, void *v)
{
	mymm_frames_show(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(frames);

/*
 * The characters of some frames from @pfn on, at most MAP_WIDTH; no zone has those between zones,
 * which are as holes. How many they are; 0: there are no more.
 */
static size_t draw_raw(struct mymm_pool *pool, loff_t pfn, char *line)
{
	u32 next = U32_MAX;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		if (pfn >= zone->buddy.end)
			continue;
		if (pfn >= zone->buddy.start) {
			draw_line(zone, pfn, line);
			return strlen(line);
		}
		next = min(next, zone->buddy.start);
	}
	if (next == U32_MAX)
		return 0;
	next = min_t(loff_t, next - pfn, MAP_WIDTH);
	memset(line, '-', next);
	return next;
}

static ssize_t frames_raw_read(struct file *file, char __user *to, size_t size,
			       loff_t *pos)
{
	char line[MAP_WIDTH + 1];
	size_t done = 0, nr;

	while (done < size && !fatal_signal_pending(current)) {
		nr = min(draw_raw(file->private_data, *pos, line), size - done);
		if (!nr)
			break;
		if (copy_to_user(to + done, line, nr))
			return done ?: -EFAULT;
		done += nr;
		*pos += nr;
		cond_resched();
	}
	return done;
}

static const struct file_operations frames_raw_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = frames_raw_read,
	.llseek = default_llseek,
};

/* --- zones ---------------------------------------------------------------------- */

static void show_zone(struct seq_file *m, struct mymm_pool *pool,
		      struct mymm_zone *zone)
{
	unsigned long refills = 0, flushes = 0, collisions = 0;
	struct mymm_zone_snapshot snap;
	int cpu;

	mymm_zone_read(zone, &snap);
	for_each_possible_cpu(cpu) {
		const struct mymm_pcp *pcp =
			per_cpu_ptr(pool->cpu, cpu)->by_zone[zone->number];

		refills += READ_ONCE(pcp->refills);
		flushes += READ_ONCE(pcp->flushes);
		collisions += READ_ONCE(pcp->lock.collisions);
	}
	seq_printf(
		m,
		"%6d %7s %10lu %10lu %10lu %6lu %7lu %10lu %6lu %8lu %8lu %10lu\n",
		zone->node, mymm_zone_name(zone->type), mymm_zone_managed(zone),
		snap.free, snap.peak, atomic_long_read(&zone->failed),
		READ_ONCE(zone->extfrag),
		READ_ONCE(zone->nr_reserved_highatomic),
		READ_ONCE(zone->watermark_boost), refills, flushes, collisions);
}

/**
 * mymm_zones_show() - what each zone has gone through
 * @m: where to
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_zones_show(struct seq_file *m, struct mymm_pool *pool)
{
	unsigned int i;

	seq_puts(
		m,
		"# node    zone    managed       free       peak failed extfrag highatomic  boost  refills  flushes collisions\n");
	for (i = 0; i < pool->nr_zones; i++)
		show_zone(m, pool, &pool->zone[i]);
}
MYMM_EXPORT_INTERNAL(mymm_zones_show);

static int zones_show(struct seq_file *m, void *v)
{
	mymm_zones_show(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zones);

/* --- drain ---------------------------------------------------------------------- */

static ssize_t drain_write(struct file *file, const char __user *text,
			   size_t length, loff_t *pos)
{
	mymm_pool_drain(file->private_data);
	return length;
}

static const struct file_operations drain_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = drain_write,
	.llseek = noop_llseek,
};

/* --- counters ------------------------------------------------------------------- */

static int counters_show(struct seq_file *m, void *v)
{
	struct mymm_pool *pool = m->private;
	unsigned int i;

	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		seq_printf(m, "refused_%s %lu\n", mymm_refusal_names[i],
			   atomic_long_read(&pool->refused[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

/* --- magazines --------------------------------------------------------------------- */

static int magazines_show(struct seq_file *m, void *v)
{
	struct mymm_pool *pool = m->private;
	struct mymm_magazine_stats stats;
	struct mymm_cache *cache;

	seq_puts(
		m,
		"# name            <limit> <batch> <objects> : alloc <hits> <misses> : free <hits> <misses> : <collisions> <quarantined>\n");
	guard(mutex)(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list) {
		mymm_magazine_stats(cache, &stats);
		seq_printf(
			m,
			"%-17s %7lu %7lu %9lu : %6lu %6lu : %6lu %6lu : %6lu %6lu\n",
			cache->name, cache->mag_limit,
			min(cache->mag_batch, MYMM_BATCH_OBJECTS),
			stats.objects, stats.alloc_hits, stats.alloc_misses,
			stats.free_hits, stats.free_misses, stats.collisions,
			atomic_long_read(&cache->quarantined));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(magazines);

/* --- extfrag ------------------------------------------------------------------------- */

/**
 * mymm_extfrag_show() - one of the two files of extfrag/, for a pool
 * @m: where to
 * @pool: the pool
 * @unusable: unusable_index, or extfrag_index
 *
 * Context: process.
 */
void mymm_extfrag_show(struct seq_file *m, struct mymm_pool *pool,
		       bool unusable)
{
	struct mymm_zone_snapshot snap;
	unsigned int i, order;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		mymm_zone_read(zone, &snap);
		seq_printf(m, "Node %d, zone %8s ", zone->node,
			   mymm_zone_name(zone->type));
		for (order = 0; order < MYMM_NR_ORDERS; order++) {
			int index =
				unusable ?
					mymm_unusable_index(&snap, order) :
					mymm_fragmentation_index(&snap, order);

			seq_printf(m, "%*d.%03d ", unusable ? 1 : 2,
				   index / 1000, index % 1000);
		}
		seq_putc(m, '\n');
	}
}
MYMM_EXPORT_INTERNAL(mymm_extfrag_show);

static int unusable_index_show(struct seq_file *m, void *v)
{
	mymm_extfrag_show(m, m->private, true);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(unusable_index);

static int extfrag_index_show(struct seq_file *m, void *v)
{
	mymm_extfrag_show(m, m->private, false);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(extfrag_index);

/**
 * mymm_debugfs_init() - put the files into debugfs
 * @pool: the pool that they show
 *
 * debugfs is for looking: without it everything else works, so nothing is returned.
 */
void mymm_debugfs_init(struct mymm_pool *pool)
{
	struct dentry *extfrag;

	dir = debugfs_create_dir("mymm", NULL);
	debugfs_create_file("check", 0400, dir, pool, &check_fops);
	debugfs_create_file("frames", 0400, dir, pool, &frames_fops);
	debugfs_create_file("frames_raw", 0400, dir, pool, &frames_raw_fops);
	debugfs_create_file("zones", 0400, dir, pool, &zones_fops);
	debugfs_create_file("drain", 0200, dir, pool, &drain_fops);
	mymm_history_file(dir);
	debugfs_create_file("counters", 0400, dir, pool, &counters_fops);
	debugfs_create_file("magazines", 0400, dir, pool, &magazines_fops);
	mymm_page_owner_init(dir, pool);
	mymm_cache_dirs_init(dir, pool);
	mymm_debugfs_pools_init(dir);
	extfrag = debugfs_create_dir("extfrag", dir);
	debugfs_create_file("unusable_index", 0444, extfrag, pool,
			    &unusable_index_fops);
	debugfs_create_file("extfrag_index", 0444, extfrag, pool,
			    &extfrag_index_fops);
}

/** mymm_debugfs_exit() - take the files away; waits for their readers */
void mymm_debugfs_exit(void)
{
	mymm_cache_dirs_exit();
	debugfs_remove_recursive(dir);
}
