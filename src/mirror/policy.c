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
 * The pools begin as copies of the exact pool, each frame at the same number. That takes far
 * longer than the machine may stand still, so they are copied while the kernel goes on, once the
 * exact pool follows it, chunk by chunk from the lowest frame:
 *
 *      copied: an event is repeated,    |    not yet: it is left out, and is copied
 *      at the frame of the same number  |    with its chunk
 *
 * When all is copied they choose, all from the same event on, and go their own ways, under one
 * load. What a pool could not serve is *short* in its map until the kernel frees it.
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
 * While the pools are copied, @copying orders events and the copying of chunks: it is held where a
 * chunk of the exact pool is read and copied, and where an event, already applied to that pool, is
 * repeated. So a chunk has what came before it, and nothing is lost if it has an event that is
 * repeated after it: that frees the frames first.
 */
#include <linux/bitmap.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
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

/* What is copied at once: no block reaches over its ends. */
#define CHUNK BIT(MYMM_MAX_ORDER)

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
 * @copied: frames below it are copied; by @copying
 * @allocs: allocations asked of it
 * @failed: those that it had no room for, by order
 * @refused: frames that it did not take back
 * @asked: of a look: @allocs
 * @unserved: of a look: @failed
 * @not_taken: of a look: @refused
 * @held: of a look: frames of the kernel that have one here
 * @missing: of a look: frames of the kernel that are short
 * @differ: of a look: frames that are allocated in the exact pool and neither here, or the reverse
 */
struct policy {
	struct mymm_pool *pool;
	u32 *map;
	unsigned long copied;
	unsigned long __percpu *allocs;
	atomic_long_t failed[MYMM_NR_ORDERS];
	atomic_long_t refused;
	unsigned long asked;
	long unserved[MYMM_NR_ORDERS];
	long not_taken;
	unsigned long held;
	unsigned long missing;
	unsigned long differ;
};

unsigned int mymm_nr_policies;
static struct policy policies[MAX_POLICIES];
static unsigned long nr_frames;

static DEFINE_RAW_SPINLOCK(copying);
/* All is copied: the pools choose. Set once, by @copying. */
static bool choosing;

/* --- events --------------------------------------------------------------------- */

/* Frames @idx and following, which are allocated. */
static void give_back(struct policy *p, u32 idx, unsigned long nr)
{
	struct mymm_frame *frame = &p->pool->frame[idx];
	u32 tag = READ_ONCE(frame->tag);
	int err;

	/* While they are copied no CPU keeps any: they may be wanted by number. */
	if (choosing && mymm_tag_state(tag) == MYMM_FRAME_PAGES &&
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

/* Frames @pfn and following get the pool's frames of the same numbers. */
static void copy_frames(struct policy *p, unsigned long pfn, unsigned long nr,
			gfp_t gfp)
{
	unsigned long i;

	if (mymm_alloc_range(p->pool, pfn, nr, gfp)) {
		memset32(&p->map[pfn], SHORT, nr);
		return;
	}
	for (i = pfn; i < pfn + nr; i++)
		p->map[i] = i + 1;
}

static void repeat(struct policy *p, unsigned long pfn, unsigned int order,
		   bool allocated, gfp_t gfp, int node)
{
	if (mymm_pool_dead(p->pool))
		return;
	/* Frees that were missed come first. */
	repeat_free(p, pfn, 1UL << order);
	if (!allocated)
		return;
	if (likely(choosing))
		repeat_alloc(p, pfn, order, gfp, node);
	else
		copy_frames(p, pfn, 1UL << order, gfp);
}

static void repeat_each(unsigned long pfn, unsigned int order, bool allocated,
			gfp_t gfp, int node)
{
	unsigned int i;

	for (i = 0; i < mymm_nr_policies; i++)
		if (pfn < policies[i].copied)
			repeat(&policies[i], pfn, order, allocated, gfp, node);
}

/* Without @copying: a chunk that is copied later has the event. */
static void refuse_each(unsigned long pfn, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < mymm_nr_policies; i++)
		if (pfn < READ_ONCE(policies[i].copied) &&
		    !mymm_pool_dead(policies[i].pool))
			atomic_long_add(1L << order, &policies[i].refused);
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
	unsigned long flags;

	if (pfn + (1UL << order) > nr_frames)
		return;
	if (unlikely(in_nmi())) {
		refuse_each(pfn, order);
		return;
	}
	gfp = (gfp & WISHES) | __GFP_NOWARN;
	/* Pairs with begin_to_choose(). */
	if (likely(smp_load_acquire(&choosing))) {
		repeat_each(pfn, order, allocated, gfp, node);
		return;
	}
	raw_spin_lock_irqsave(&copying, flags);
	repeat_each(pfn, order, allocated, gfp, node);
	raw_spin_unlock_irqrestore(&copying, flags);
}

/* --- the takeover ------------------------------------------------------------------- */

/* A bit for each frame of a chunk: is it allocated in this zone of the exact pool? */
static void read_chunk(struct mymm_zone *zone, u32 idx, u32 end,
		       unsigned long *allocated)
{
	unsigned int order;

	bitmap_zero(allocated, CHUNK);
	guard(raw_spinlock_irqsave)(&zone->lock);
	for (; idx < end; idx += 1U << order) {
		u32 tag = zone->buddy.table[idx].tag;

		order = mymm_tag_order(tag);
		if (mymm_tag_state(tag) == MYMM_FRAME_PAGES)
			bitmap_set(allocated, idx % CHUNK, 1U << order);
	}
}

/* The frames of a pageblock of the kernel that follow each other. */
static void copy_run(struct policy *p, unsigned long pfn, unsigned long nr)
{
	gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;

	if (mymm_real_type(pfn) == MYMM_MOVABLE)
		gfp |= __GFP_MOVABLE;
	copy_frames(p, pfn, nr, gfp);
}

/* The chunk around @start, as far as it is in this zone of the exact pool. Returns its end. */
static u32 copy_chunk(struct policy *p, struct mymm_zone *zone, u32 start)
{
	DECLARE_BITMAP(allocated, CHUNK);
	u32 chunk = round_down(start, CHUNK), idx;
	u32 end = min_t(u32, chunk + CHUNK, zone->buddy.end);
	unsigned long run, behind, next;

	guard(raw_spinlock_irqsave)(&copying);
	read_chunk(zone, start, end, allocated);
	for_each_set_bitrange(run, behind, allocated, CHUNK) {
		for (; run < behind; run = next) {
			next = min(behind,
				   round_up(run + 1, 1UL << pageblock_order));
			copy_run(p, chunk + run, next - run);
		}
	}
	/* A pageblock that is free whole is whatever its next user makes it. */
	if (!(p->pool->flags & MYMM_POOL_NO_MOBILITY))
		for (idx = chunk; idx < end; idx += 1U << p->pool->block_order)
			mymm_force_type(p->pool, idx, mymm_real_type(idx));
	WRITE_ONCE(p->copied, end);
	return end;
}

static void copy_pool(struct policy *p, struct mymm_pool *exact)
{
	unsigned int i;
	u32 idx;

	for (i = 0; i < exact->nr_zones; i++) {
		struct mymm_zone *zone = &exact->zone[i];

		for (idx = zone->buddy.start; idx < zone->buddy.end;) {
			idx = copy_chunk(p, zone, idx);
			cond_resched();
		}
	}
}

/* Each event is for all pools before it, or for all of them after it. */
static void begin_to_choose(void)
{
	guard(raw_spinlock_irqsave)(&copying);
	/* Pairs with mymm_policies_repeat(): all is copied then. */
	smp_store_release(&choosing, true);
}

/**
 * mymm_policies_take_over() - have allocated what is allocated in the exact pool
 * @exact: that pool, which follows the kernel; events are repeated here, too
 *
 * Context: process; sleeps.
 */
void mymm_policies_take_over(struct mymm_pool *exact)
{
	unsigned int i;

	for (i = 0; i < mymm_nr_policies; i++)
		copy_pool(&policies[i], exact);
	begin_to_choose();
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
	unsigned int i, order;
	int cpu;
	u32 idx;

	for (i = 0; i < mymm_nr_policies; i++) {
		struct policy *p = &policies[i];

		p->asked = 0;
		for_each_possible_cpu(cpu)
			p->asked += *per_cpu_ptr(p->allocs, cpu);
		for (order = 0; order < MYMM_NR_ORDERS; order++)
			p->unserved[order] =
				atomic_long_read(&p->failed[order]);
		p->not_taken = atomic_long_read(&p->refused);
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
	unsigned int order;
	long failed = 0;

	for (order = 0; order < MYMM_NR_ORDERS; order++)
		failed += p->unserved[order];
	read_pool(p->pool, &snap);
	seq_printf(m, "%-25s %10lu %8ld %8ld %8lu %8lu %8lu %8lu %6d %6d\n",
		   p->pool->name, p->asked, failed, p->not_taken, p->held,
		   p->missing, p->differ, snap.free,
		   mymm_unusable_index(&snap, 3),
		   mymm_unusable_index(&snap, pageblock_order));
	if (!failed)
		return;
	seq_printf(m, "%-25s", "  failed, by order");
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		seq_printf(m, " %6ld", p->unserved[order]);
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
