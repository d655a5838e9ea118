// SPDX-License-Identifier: GPL-2.0
/*
 * The pool that repeats the running kernel's page allocator, frame by frame.
 *
 * A kernel's allocator reports each block that it gives and takes back: by tracepoints, and
 * where it has none by probes of the function (page_hooks.c). The mirror makes the same frames
 * allocated or free in a pool without memory, there and then, in the task that the kernel is
 * in. So for one frame the order of events is the real one, on any number of CPUs:
 *
 *   kernel   a frame is freed        a frame is taken from a list
 *   reported before it can be had    after nobody else can have it
 *
 * Two levels of the kernel's allocator can be repeated:
 *
 *            users                    level=users: what they hold
 *        ------------
 *        per-CPU lists
 *        ------------                 level=buddy: what the free lists lack,
 *      zones' free lists              block by block
 *
 * Takeover. What is allocated when the module loads was never reported. So at first all frames of
 * the mirror are allocated, and events are ignored until the last hook is set: before that, a
 * frame's free may have a hook, and its next allocation none. From then on each event is
 * repeated, and its frames are *known*; and when each task whose event was ignored has left the
 * allocator (synchronize_rcu_tasks()), the machine stops for a moment, and what is on the
 * kernel's free lists becomes free here, but for known frames. Those need not be there: a free is
 * reported before the frame reaches a list.
 *
 * Healing. An event about frames that are in its state already shows that one before was
 * missed; it changes nothing, is counted, and the mirror is right again.
 *
 * Nothing here allocates, sleeps or prints in a probe: the caller may hold any lock of the
 * kernel's allocator. The zone's lock of the pool, a raw one, is all that it takes.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/vmalloc.h>

#include "mirror/mirror.h"
#include "mymm.h"
#include "page/force.h"
#include "page/pool.h"
#include "page/zone.h"

/* How far the takeover is. */
enum phase {
	IGNORING,
	KNOWING,
	FOLLOWING,
};

/**
 * struct mirror - the one there is
 * @pool: the copy
 * @level: of what
 * @nr_frames: of @pool
 * @phase: what becomes of an event
 * @known: KNOWING: frames that an event was about
 * @free: of the look that is being taken: frames that are free; [1] in the pool
 * @taken_over: frames that were free at the takeover
 * @stopped: for how long the machine stood still for it; ns
 */
static struct mirror {
	struct mymm_pool *pool;
	enum mymm_mirror_level level;
	unsigned long nr_frames;
	enum phase phase;
	unsigned long *known;
	unsigned long *free[2];
	unsigned long taken_over;
	u64 stopped;
} mirror;

/* --- the pool ----------------------------------------------------------------- */

static int force_all(bool allocated)
{
	unsigned int i;

	for (i = 0; i < mirror.pool->nr_zones; i++) {
		const struct mymm_buddy *buddy = &mirror.pool->zone[i].buddy;
		long err = mymm_force_range(mirror.pool, buddy->start,
					    buddy->end - buddy->start,
					    allocated, 0);

		if (err < 0)
			return err;
	}
	return 0;
}

static unsigned long *new_bitmap(void)
{
	return vzalloc(
		array_size(BITS_TO_LONGS(mirror.nr_frames), sizeof(long)));
}

/**
 * mymm_mirror_create() - make the pool, with all frames allocated
 * @name: its name
 * @level: what is to be repeated in it
 *
 * Context: process; sleeps.
 * Return: 0, or an error of mymm_pool_create().
 */
int mymm_mirror_create(const char *name, enum mymm_mirror_level level)
{
	struct mymm_pool_config config = {
		.name = name,
		.zones = mymm_real_layout(),
		.nodes = mymm_real_nr_nodes(),
		.backing = MYMM_BACKING_NONE,
		.block_order = pageblock_order,
		.flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_MOBILITY,
	};
	int err;

	mirror.level = level;
	mirror.nr_frames = mymm_real_frames();
	mirror.pool = mymm_pool_create(&config);
	if (IS_ERR(mirror.pool))
		return PTR_ERR(mirror.pool);
	mirror.known = new_bitmap();
	mirror.free[0] = new_bitmap();
	mirror.free[1] = new_bitmap();
	err = force_all(true);
	if (!mirror.known || !mirror.free[0] || !mirror.free[1])
		err = -ENOMEM;
	if (err)
		mymm_mirror_destroy();
	return err;
}

/**
 * mymm_mirror_destroy() - end the pool
 *
 * Context: process; sleeps. The hooks are off.
 */
void mymm_mirror_destroy(void)
{
	force_all(false);
	if (mymm_pool_destroy(mirror.pool))
		mymm_pool_release(mirror.pool);
	vfree(mirror.known);
	vfree(mirror.free[0]);
	vfree(mirror.free[1]);
}

/* --- events --------------------------------------------------------------------- */

static noinline void remember(unsigned long pfn, unsigned long nr)
{
	unsigned long end = min(pfn + nr, mirror.nr_frames);

	/* CPUs may set bits of one word at once. */
	for (; pfn < end; pfn++)
		set_bit(pfn, mirror.known);
}

static __always_inline void repeat(struct page *page, unsigned int order,
				   bool allocated, gfp_t gfp,
				   struct mymm_mirror_counts __percpu *counts)
{
	enum phase phase = READ_ONCE(mirror.phase);
	unsigned long pfn = page_to_pfn(page), nr = 1UL << order;
	long already;

	if (unlikely(phase == IGNORING))
		return;
	already = mymm_force_range(mirror.pool, pfn, nr, allocated, 0);
	this_cpu_inc(counts->events);
	this_cpu_add(counts->frames, nr);
	if (unlikely(already < 0))
		this_cpu_add(counts->refused, nr);
	if (unlikely(phase == KNOWING))
		remember(pfn, nr);
	else if (unlikely(already > 0))
		this_cpu_add(counts->already, already);
	if (unlikely(mymm_nr_policies) && phase == FOLLOWING)
		mymm_policies_repeat(pfn, order, allocated, gfp,
				     mymm_real_node(page_to_nid(page)));
}

/**
 * mymm_mirror_repeat() - a block of the kernel was allocated, or freed
 * @page: its first page
 * @order: its order
 * @allocated: which of them
 * @gfp: what the allocation was made with
 * @counts: of the hook that reports it
 *
 * Context: any, also where a probe is hit; preemption is off.
 */
void mymm_mirror_repeat(struct page *page, unsigned int order, bool allocated,
			gfp_t gfp, struct mymm_mirror_counts __percpu *counts)
{
	repeat(page, order, allocated, gfp, counts);
}

/* Is @pfn the first frame of a free block of that order here? */
static bool is_free(unsigned long pfn, unsigned int order)
{
	u32 tag;

	if (pfn >= mirror.nr_frames)
		return false;
	tag = READ_ONCE(mirror.pool->frame[pfn].tag);
	return mymm_tag_state(tag) == MYMM_FRAME_FREE &&
	       mymm_tag_order(tag) == order;
}

/*
 * Does a block that is freed merge with all of its pageblock, and that with the one beside it? The
 * larger the block that it would have to merge with, the seldomer is that free.
 */
static bool merges_pageblocks(unsigned long pfn, unsigned int order)
{
	unsigned int other = pageblock_order;

	do {
		if (!is_free((pfn & ~((1UL << other) - 1)) ^ 1UL << other,
			     other))
			return false;
	} while (other-- > order);
	return true;
}

/**
 * mymm_mirror_to_list() - a block comes to the kernel's free lists, and merges there
 * @page: its first page
 * @order: its order
 * @counts: of the hook that reports it
 *
 * Free pageblocks merge with each other, but not with one that is reserved or isolated. What a
 * pageblock is changes without an event, so it is looked up when it matters: if the block completes
 * a pageblock beside a free one. One that the kernel splits is free already.
 *
 * Context: as mymm_mirror_repeat(); the kernel's zone is locked.
 */
void mymm_mirror_to_list(struct page *page, unsigned int order,
			 struct mymm_mirror_counts __percpu *counts)
{
	unsigned long size = 1UL << pageblock_order;
	unsigned long pfn = page_to_pfn(page);
	unsigned long start = pfn & ~(size - 1), buddy = start ^ size;

	if (mirror.phase != IGNORING &&
	    (order >= pageblock_order || merges_pageblocks(pfn, order))) {
		if (order >= pageblock_order)
			mymm_force_range(mirror.pool, pfn, 1UL << order, true,
					 0);
		mymm_force_type(mirror.pool, start, mymm_real_type(start));
		mymm_force_type(mirror.pool, buddy, mymm_real_type(buddy));
	}
	repeat(page, order, false, 0, counts);
}

/* --- taking over ------------------------------------------------------------------ */

static void free_unknown(unsigned long pfn, unsigned int order, void *data)
{
	unsigned long end = pfn + (1UL << order), until;

	/* Ranges without a known frame. */
	for (; pfn < end; pfn = until + 1) {
		until = find_next_bit(mirror.known, end, pfn);
		if (until > pfn)
			mymm_force_range(mirror.pool, pfn, until - pfn, false,
					 0);
	}
}

static void note_block(unsigned long pfn, unsigned int order, void *data)
{
	bitmap_set(mirror.free[0], pfn, 1UL << order);
}

/*
 * Single frames of CPUs' lists are most of what there is. They are collected, so that those which
 * follow each other, or a free block, are freed at once: the machine stands still meanwhile.
 */
static void free_noted(const struct mymm_buddy *buddy)
{
	unsigned long pfn = buddy->start, until;

	for (;; pfn = until) {
		pfn = find_next_bit(mirror.free[0], buddy->end, pfn);
		if (pfn >= buddy->end)
			return;
		until = find_next_zero_bit(mirror.free[0], buddy->end, pfn);
		mymm_force_range(mirror.pool, pfn, until - pfn, false, 0);
	}
}

static void take_over_users(void)
{
	unsigned int i;

	for (i = 0; i < mymm_real_nr_zones(); i++) {
		mymm_real_each_free(i, note_block, NULL);
		mymm_real_each_pcp(i, note_block, NULL);
	}
	bitmap_andnot(mirror.free[0], mirror.free[0], mirror.known,
		      mirror.nr_frames);
	for (i = 0; i < mirror.pool->nr_zones; i++)
		free_noted(&mirror.pool->zone[i].buddy);
}

static void take_over_types(void)
{
	unsigned long pfn;

	for (pfn = 0; pfn < mirror.nr_frames; pfn += 1UL << pageblock_order)
		mymm_force_type(mirror.pool, pfn, mymm_real_type(pfn));
}

static void take_over_lists(void)
{
	unsigned int i;

	take_over_types();
	for (i = 0; i < mymm_real_nr_zones(); i++)
		mymm_real_each_free(i, free_unknown, NULL);
}

static unsigned long nr_free(void)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < mirror.pool->nr_zones; i++)
		nr += mirror.pool->zone[i].buddy.free;
	return nr;
}

static int stopped_take_over(void *unused)
{
	u64 began = ktime_get_mono_fast_ns();

	if (mirror.level == MYMM_MIRROR_BUDDY)
		take_over_lists();
	else
		take_over_users();
	WRITE_ONCE(mirror.phase, FOLLOWING);
	mirror.taken_over = nr_free();
	mirror.stopped = ktime_get_mono_fast_ns() - began;
	return 0;
}

/**
 * mymm_mirror_take_over() - have free in the mirror what is free in the kernel
 *
 * Context: process; sleeps. The hooks are on. Stops the machine.
 * Return: 0, or what stop_machine() says.
 */
int mymm_mirror_take_over(void)
{
	int err;

	WRITE_ONCE(mirror.phase, KNOWING);
	synchronize_rcu_tasks();
	err = stop_machine(stopped_take_over, NULL, NULL);
	if (err)
		return err;
	/* No probe was under way while the machine stood still. */
	vfree(mirror.known);
	mirror.known = NULL;
	mymm_policies_take_over(mirror.pool);
	return 0;
}

/* --- looking --------------------------------------------------------------------- */

/* What is counted of a zone while the machine stands still. */
struct count {
	struct mymm_mirror_look *look;
	struct mymm_mirror_zone *zone;
};

static void note_free(unsigned long pfn, unsigned int order, void *data)
{
	struct count *count = data;

	count->look->buddy += 1UL << order;
	count->zone->nr_free[0][order]++;
	bitmap_set(mirror.free[0], pfn, 1UL << order);
}

static void note_pcp(unsigned long pfn, unsigned int order, void *data)
{
	struct count *count = data;

	count->look->pcp += 1UL << order;
	if (mirror.level == MYMM_MIRROR_USERS)
		bitmap_set(mirror.free[0], pfn, 1UL << order);
}

/* Every frame of the mirror is in a block, and each block in one zone. */
static void note_mirror(unsigned int i, struct count *count)
{
	const struct mymm_buddy *buddy = &mirror.pool->zone[i].buddy;
	unsigned int order;
	u32 idx, tag;

	for (idx = buddy->start; idx < buddy->end; idx += 1U << order) {
		tag = READ_ONCE(buddy->table[idx].tag);
		order = mymm_tag_order(tag);
		if (mymm_tag_state(tag) == MYMM_FRAME_FREE)
			bitmap_set(mirror.free[1], idx, 1U << order);
	}
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		count->zone->nr_free[1][order] =
			mymm_buddy_nr_free(buddy, order);
}

static int stopped_look(void *data)
{
	struct mymm_mirror_look *look = data;
	u64 began = ktime_get_mono_fast_ns();
	unsigned int i;

	for (i = 0; i < look->nr_zones; i++) {
		struct count count = { look, &look->zone[i] };

		mymm_real_each_free(i, note_free, &count);
		mymm_real_each_pcp(i, note_pcp, &count);
		note_mirror(i, &count);
	}
	mymm_policies_look(mirror.free[1]);
	look->mirror = nr_free();
	look->stopped = ktime_get_mono_fast_ns() - began;
	return 0;
}

/* What is set in @a alone, and where the first of these is. */
static unsigned long only_in(const unsigned long *a, const unsigned long *b,
			     unsigned long *first)
{
	unsigned long nr = 0, i;

	for (i = 0; i < BITS_TO_LONGS(mirror.nr_frames); i++) {
		unsigned long word = a[i] & ~b[i];

		if (word)
			*first = min(*first, i * BITS_PER_LONG + __ffs(word));
		nr += hweight_long(word);
	}
	return nr;
}

/**
 * mymm_mirror_look() - see the kernel and the mirror at one moment
 *
 * Context: process; sleeps; one at a time. Stops the machine.
 * Return: what there was; the caller frees it with kfree(). -ENOMEM as a pointer.
 */
struct mymm_mirror_look *mymm_mirror_look(void)
{
	unsigned int nr = mymm_real_nr_zones(), i;
	struct mymm_mirror_look *look =
		kzalloc(struct_size(look, zone, nr), GFP_KERNEL);

	if (!look)
		return ERR_PTR(-ENOMEM);
	look->nr_zones = nr;
	for (i = 0; i < nr; i++)
		mymm_real_name_zone(i, &look->zone[i]);
	bitmap_zero(mirror.free[0], mirror.nr_frames);
	bitmap_zero(mirror.free[1], mirror.nr_frames);
	stop_machine(stopped_look, look, NULL);
	look->first = ULONG_MAX;
	look->free_there =
		only_in(mirror.free[0], mirror.free[1], &look->first);
	look->free_here = only_in(mirror.free[1], mirror.free[0], &look->first);
	return look;
}

/**
 * mymm_mirror_show_head() - the first lines of debugfs mymm/mirror/status
 * @m: where to
 *
 * Context: process.
 */
void mymm_mirror_show_head(struct seq_file *m)
{
	seq_printf(m, "pool %s\n", mirror.pool->name);
	seq_printf(m, "level %s\n",
		   mirror.level == MYMM_MIRROR_BUDDY ? "buddy" : "users");
	seq_printf(m, "frames %lu\n", mirror.nr_frames);
	seq_printf(m, "taken_over %lu\n", mirror.taken_over);
	seq_printf(m, "stopped_us %llu\n", div_u64(mirror.stopped, 1000));
}
