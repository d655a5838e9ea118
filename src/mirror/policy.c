// SPDX-License-Identifier: GPL-2.0
/*
 * Pools with frames of their own choice, under the running kernel's load.
 *
 * Beside the pool that repeats the kernel's frames, placement=policy keeps up to eight others of
 * the same zones. Each allocation of the kernel is made in each of them, too, of the same order,
 * gfp and node; but which frames it gets is the pool's decision, by its own configuration. A map
 * says where the kernel's frame is:
 *
 *      kernel's frame      0    1    2    3    4    5 ...
 *      map              [  7 |  - | 12 | 13 | 14 | 15 ]    frames 2 to 5: one block, at 12 here
 *
 * At the takeover the kernel's frames are copied, each to the frame of the same number. From then
 * on the pools go their own ways, under one load. What a pool could not serve is *short* in
 * its map until the kernel frees it.
 *
 * A block of the kernel may be freed in parts (split_page(), a large page that is split). Then the
 * pool's block is cut, and the part is freed.
 *
 * What compaction isolates counts as allocated, and is movable, in the kernel and here; so a page
 * that the kernel moves goes where the policy has room. Compaction takes blocks, but
 * uses them page by page: if there is no such block here, single frames do.
 *
 * Nothing is reclaimed for a policy, and no watermark held: the kernel's load has what the kernel's
 * own reclaim leaves it.
 *
 * Locking: the kernel orders the events of one frame, and so the uses of its place in the map.
 */
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "base/compat.h"
#include "mirror/mirror.h"
#include "page/force.h"
#include "page/extfrag.h"
#include "page/pool.h"
#include "page/zone.h"
#include "pool/pool.h"

#define MAX_POLICIES 8

/* In a map: the kernel's frame is free; it is allocated, but the pool had no room. */
#define NOT_HELD 0U
#define SHORT U32_MAX

/* What of a gfp says what is wanted; the rest says how long to try. */
#define WISHES                                                           \
	(GFP_ZONEMASK | __GFP_MOVABLE | __GFP_RECLAIMABLE | __GFP_HIGH | \
	 __GFP_COMP)

/**
 * struct policy - a pool that makes its own choice
 * @pool: the pool
 * @map: by the kernel's frame: the pool's frame, plus one; or %NOT_HELD, or %SHORT
 * @allocs: allocations asked of it
 * @failed: those that it had no room for, by order
 * @refused: frames that it did not take back
 * @held: of a look: frames of the kernel that have one here
 * @missing: of a look: frames of the kernel that are short
 * @differ: of a look: frames that are allocated in the exact pool and neither here, or the reverse
 */
struct policy {
	struct mymm_pool *pool;
	u32 *map;
	unsigned long __percpu *allocs;
	atomic_long_t failed[MYMM_NR_ORDERS];
	atomic_long_t refused;
	unsigned long held;
	unsigned long missing;
	unsigned long differ;
};

unsigned int mymm_nr_policies;
static struct policy policies[MAX_POLICIES];
static unsigned long nr_frames;

/* --- events --------------------------------------------------------------------- */

/* Frames @idx and following, which are allocated. */
static void give_back(struct policy *p, u32 idx, unsigned long nr)
{
	struct mymm_frame *frame = &p->pool->frame[idx];
	u32 tag = READ_ONCE(frame->tag);
	int err;

	if (mymm_tag_state(tag) == MYMM_FRAME_PAGES &&
	    nr == 1UL << mymm_tag_order(tag))
		err = mymm_free_pages(p->pool, frame, mymm_tag_order(tag));
	else
		err = mymm_split_range(p->pool, idx, nr) ?:
			      mymm_free_range(p->pool, idx, nr);
	if (err)
		atomic_long_add(nr, &p->refused);
}

static void repeat_free(struct policy *p, unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr, n;

	for (; pfn < end; pfn += n) {
		u32 first = p->map[pfn];

		n = 1;
		if (first != NOT_HELD && first != SHORT) {
			while (pfn + n < end && p->map[pfn + n] == first + n)
				n++;
			give_back(p, first - 1, n);
		}
		memset32(&p->map[pfn], NOT_HELD, n);
	}
}

static bool take(struct policy *p, unsigned long pfn, unsigned int order,
		 gfp_t gfp, int node)
{
	struct mymm_frame *frame =
		mymm_alloc_pages_node(p->pool, node, gfp, order);
	unsigned long i;

	if (!frame)
		return false;
	for (i = 0; i < 1UL << order; i++)
		p->map[pfn + i] = frame - p->pool->frame + i + 1;
	return true;
}

static void repeat_alloc(struct policy *p, unsigned long pfn,
			 unsigned int order, gfp_t gfp, int node)
{
	unsigned long nr = 1UL << order, i;

	this_cpu_inc(*p->allocs);
	if (take(p, pfn, order, gfp, node))
		return;
	/* What is movable, and no compound page, is compaction's. */
	if (order && (gfp & __GFP_MOVABLE) && !(gfp & __GFP_COMP)) {
		for (i = 0; i < nr && take(p, pfn + i, 0, gfp, node); i++)
			;
		pfn += i;
		nr -= i;
		if (!nr)
			return;
	}
	memset32(&p->map[pfn], SHORT, nr);
	atomic_long_inc(&p->failed[order]);
}

/**
 * mymm_policies_repeat() - the kernel allocated a block, or freed one
 * @pfn: its first frame
 * @order: its order
 * @allocated: which of them
 * @gfp: of the allocation
 * @node: the node that the kernel's frames are of
 *
 * Context: as mymm_mirror_repeat(), but not in the handler of a probe that is a breakpoint: what
 * comes there is refused.
 */
void mymm_policies_repeat(unsigned long pfn, unsigned int order, bool allocated,
			  gfp_t gfp, int node)
{
	unsigned int i;

	if (pfn + (1UL << order) > nr_frames)
		return;
	gfp = (gfp & WISHES) | __GFP_NOWARN;
	for (i = 0; i < mymm_nr_policies; i++) {
		struct policy *p = &policies[i];

		if (mymm_pool_dead(p->pool))
			continue;
		if (unlikely(in_nmi())) {
			atomic_long_add(1L << order, &p->refused);
			continue;
		}
		/* Frees that were missed come first. */
		repeat_free(p, pfn, 1UL << order);
		if (allocated)
			repeat_alloc(p, pfn, order, gfp, node);
	}
}

/* --- the takeover ------------------------------------------------------------------- */

static void copy_block(struct policy *p, u32 idx, unsigned int order)
{
	gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	u32 i;

	if (mymm_real_type(idx) == MYMM_MOVABLE)
		gfp |= __GFP_MOVABLE;
	if (mymm_alloc_range(p->pool, idx, 1UL << order, gfp)) {
		memset32(&p->map[idx], SHORT, 1UL << order);
		return;
	}
	for (i = idx; i < idx + (1U << order); i++)
		p->map[i] = i + 1;
}

/**
 * mymm_policies_take_over() - have allocated what is allocated in the exact pool
 * @exact: that pool
 *
 * Context: the machine stands still.
 */
void mymm_policies_take_over(const struct mymm_pool *exact)
{
	unsigned int i, order;
	u32 idx, tag;

	for (i = 0; i < mymm_nr_policies; i++) {
		struct policy *p = &policies[i];

		for (idx = 0; idx < nr_frames; idx += 1U << order) {
			tag = READ_ONCE(exact->frame[idx].tag);
			order = mymm_tag_order(tag);
			if (mymm_tag_state(tag) == MYMM_FRAME_PAGES)
				copy_block(p, idx, order);
		}
		/* A pageblock that is free whole is whatever its next user makes it. */
		if (p->pool->flags & MYMM_POOL_NO_MOBILITY)
			continue;
		for (idx = 0; idx < nr_frames;
		     idx += 1U << p->pool->block_order)
			mymm_force_type(p->pool, idx, mymm_real_type(idx));
	}
}

/* --- looking ---------------------------------------------------------------------------- */

/**
 * mymm_policies_look() - count what they hold
 * @free: a bit for each frame that is free in the exact pool
 *
 * Context: the machine stands still.
 */
void mymm_policies_look(const unsigned long *free)
{
	unsigned int i;
	u32 idx;

	for (i = 0; i < mymm_nr_policies; i++) {
		struct policy *p = &policies[i];

		p->held = 0;
		p->missing = 0;
		p->differ = 0;
		for (idx = 0; idx < nr_frames; idx++) {
			u32 place = p->map[idx];

			p->missing += place == SHORT;
			p->held += place != SHORT && place != NOT_HELD;
			p->differ += (place == NOT_HELD) != test_bit(idx, free);
		}
	}
}

/* All zones as one. */
static void read_pool(struct mymm_pool *pool, struct mymm_zone_snapshot *sum)
{
	struct mymm_zone_snapshot snap;
	unsigned int i, order;

	*sum = (struct mymm_zone_snapshot){};
	for (i = 0; i < pool->nr_zones; i++) {
		mymm_zone_read(&pool->zone[i], &snap);
		sum->free += snap.free;
		for (order = 0; order < MYMM_NR_ORDERS; order++)
			sum->nr_free[order] += snap.nr_free[order];
	}
}

static void show_policy(struct seq_file *m, struct policy *p)
{
	struct mymm_zone_snapshot snap;
	unsigned long allocs = 0;
	unsigned int order;
	long failed = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		allocs += READ_ONCE(*per_cpu_ptr(p->allocs, cpu));
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		failed += atomic_long_read(&p->failed[order]);
	read_pool(p->pool, &snap);
	seq_printf(m, "%-25s %10lu %8ld %8ld %8lu %8lu %8lu %8lu %6d %6d\n",
		   p->pool->name, allocs, failed, atomic_long_read(&p->refused),
		   p->held, p->missing, p->differ, snap.free,
		   mymm_unusable_index(&snap, 3),
		   mymm_unusable_index(&snap, pageblock_order));
	if (!failed)
		return;
	seq_printf(m, "%-25s", "  failed, by order");
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		seq_printf(m, " %6ld", atomic_long_read(&p->failed[order]));
	seq_putc(m, '\n');
}

/**
 * mymm_policies_show() - a line for each, of the last look
 * @m: where to
 *
 * Context: process.
 */
void mymm_policies_show(struct seq_file *m)
{
	unsigned int i;

	if (!mymm_nr_policies)
		return;
	seq_printf(m, "%-25s %10s %8s %8s %8s %8s %8s %8s %6s %6s\n",
		   "# policy", "<allocs>", "<failed>", "<refused>", "<held>",
		   "<short>", "<differ>", "<free>", "<unus3>", "<unus9>");
	for (i = 0; i < mymm_nr_policies; i++)
		show_policy(m, &policies[i]);
}

/* --- making them -------------------------------------------------------------------------- */

/* One option of a policy, KEY=VALUE. */
static int read_option(struct mymm_pool_config *config, char *option)
{
	char *value = strchr(option, '=');

	if (value) {
		*value++ = 0;
		if (!strcmp(option, "without"))
			return mymm_pool_without(value, &config->flags);
		if (!strcmp(option, "pageblock_order") &&
		    !kstrtouint(value, 10, &config->block_order) &&
		    config->block_order)
			return 0;
	}
	pr_err("policies: '%s%s%s': options are without=WORD,... and pageblock_order=1 to 10\n",
	       option, value ? "=" : "", value ?: "");
	return -EINVAL;
}

/* NAME[:OPTION...] */
static int create(struct policy *p, char *text)
{
	char name[sizeof_field(struct mymm_pool, name)];
	struct mymm_pool_config config = {
		.name = name,
		.zones = mymm_real_layout(),
		.nodes = mymm_real_nr_nodes(),
		.backing = MYMM_BACKING_NONE,
		.block_order = pageblock_order,
		.flags = MYMM_POOL_NO_RECLAIM | MYMM_POOL_NO_WATERMARKS,
	};
	char *word = strsep(&text, ":");
	int err;

	if (!mymm_mirror_name_is_good(word)) {
		pr_err("policies: '%s': a name is up to 31 printable characters, no blank\n",
		       word);
		return -EINVAL;
	}
	strscpy(name, word, sizeof(name));
	while ((word = strsep(&text, ":"))) {
		err = read_option(&config, word);
		if (err)
			return err;
	}
	p->map = vzalloc(array_size(nr_frames, sizeof(*p->map)));
	p->allocs = alloc_percpu(unsigned long);
	if (!p->map || !p->allocs)
		return -ENOMEM;
	p->pool = mymm_pool_create(&config);
	return PTR_ERR_OR_ZERO(p->pool);
}

static void destroy(struct policy *p)
{
	unsigned long pfn;

	if (!IS_ERR_OR_NULL(p->pool)) {
		for (pfn = 0; pfn < nr_frames; pfn += 1024) {
			repeat_free(p, pfn, min(nr_frames - pfn, 1024UL));
			cond_resched();
		}
		if (mymm_pool_destroy(p->pool))
			mymm_pool_release(p->pool);
	}
	free_percpu(p->allocs);
	vfree(p->map);
	*p = (struct policy){};
}

/**
 * mymm_policies_create() - make the pools
 * @list: NAME[:without=WORD,...][:pageblock_order=N];...
 *
 * Context: process; sleeps.
 * Return: 0; -EINVAL: the list can't be understood, with a line in the log; -ENOMEM; or an error of
 * mymm_pool_create(). Nothing is left then.
 */
int mymm_policies_create(const char *list)
{
	char *copy = kstrdup(list, GFP_KERNEL), *rest = copy, *text;
	int err = copy ? 0 : -ENOMEM;

	nr_frames = mymm_real_frames();
	while (!err && (text = strsep(&rest, ";"))) {
		if (mymm_nr_policies == MAX_POLICIES) {
			pr_err("policies: more than %u\n", MAX_POLICIES);
			err = -EINVAL;
			break;
		}
		err = create(&policies[mymm_nr_policies++], text);
	}
	kfree(copy);
	if (err)
		mymm_policies_destroy();
	return err;
}

/**
 * mymm_policies_destroy() - end the pools
 *
 * Context: process; sleeps. The hooks are off.
 */
void mymm_policies_destroy(void)
{
	while (mymm_nr_policies)
		destroy(&policies[--mymm_nr_policies]);
}
