// SPDX-License-Identifier: GPL-2.0
/*
 * How the cost grows with how much lives at once.
 *
 * A row allocates many objects and then frees them, in the order of allocation or shuffled. As
 * long as they fit in a magazine, or in a CPU's page lists, nothing else is used; beyond it whole
 * batches move to and from the engine or the zone; and beyond the size of the machine's caches
 * each access costs a memory access.
 *
 * The table has a few points of that. Reading debugfs mymm_bench_sweep gives all powers of
 * ten, up to the parameter "most".
 */
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/vmalloc.h>

#include "bench.h"

/* A zone of 64 MiB has no room for more, nor a guest for more pages of the kernel's. */
#define MOST_SMALL 10000
#define MOST_PAGES 100000
#define LEAST 10000 /* the table's own */

static struct {
	struct mymm_pool *pool;
	struct mymm_pool *small;
	struct mymm_pool *large;
	struct mymm_cache *ours;
	struct kmem_cache *theirs;
	void **live;
	u32 *mixed;
	struct dentry *file;
} sweep;

/* The same each time, by Fisher and Yates. */
static void mix(unsigned int nr)
{
	struct rnd_state random;
	unsigned int i;

	prandom_seed_state(&random, nr);
	for (i = 0; i < nr; i++)
		sweep.mixed[i] = i;
	for (i = nr - 1; i > 0; i--) {
		unsigned int other = prandom_u32_state(&random) % (i + 1);

		swap(sweep.mixed[i], sweep.mixed[other]);
	}
}

/* In @release @obj is the one to free. */
#define LIVE(index, allocate, release)                         \
	({                                                     \
		void **live = sweep.live;                      \
		const u32 *mixed __maybe_unused = sweep.mixed; \
		unsigned int i;                                \
		for (i = 0; i < arg; i++)                      \
			live[i] = allocate;                    \
		for (i = 0; i < arg; i++) {                    \
			void *obj = live[index];               \
			release;                               \
		}                                              \
	})

/* NAME in order, NAME_mixed shuffled. */
#define DEFINE_LIVE(name, allocate, release)             \
	DEFINE_MEASURE(name, LIVE(i, allocate, release)) \
	DEFINE_MEASURE_AFTER(name##_mixed, mix(arg),     \
			     LIVE(mixed[i], allocate, release))

DEFINE_LIVE(our_objects, mymm_cache_alloc(sweep.ours, GFP_KERNEL),
	    mymm_cache_free(sweep.ours, obj))
DEFINE_LIVE(their_objects, kmem_cache_alloc(sweep.theirs, GFP_KERNEL),
	    kmem_cache_free(sweep.theirs, obj))
DEFINE_LIVE(our_pages, mymm_alloc_pages(sweep.large, GFP_KERNEL, 0),
	    mymm_free_pages(sweep.large, obj, 0))
DEFINE_LIVE(our_small, mymm_alloc_pages(sweep.small, GFP_KERNEL, 0),
	    mymm_free_pages(sweep.small, obj, 0))
DEFINE_LIVE(their_pages, alloc_pages(GFP_KERNEL, 0), __free_pages(obj, 0))

static const struct row live_rows[] = {
	{ "1,000 objects live, a pair", our_objects, their_objects, 1000, 1,
	  1000 },
	{ "  freed shuffled", our_objects_mixed, their_objects_mixed, 1000, 1,
	  1000 },
	{ "10,000 objects live, a pair", our_objects, their_objects, 10000, 1,
	  10000 },
	{ "  freed shuffled", our_objects_mixed, their_objects_mixed, 10000, 1,
	  10000 },
	{ "10,000 pages of 64 MiB, a pair", our_small, their_pages, 10000, 1,
	  10000 },
	{ "  freed shuffled", our_small_mixed, their_pages_mixed, 10000, 1,
	  10000 },
	{ "10,000 pages of 1 GiB, a pair", our_pages, their_pages, 10000, 1,
	  10000 },
	{ "  freed shuffled", our_pages_mixed, their_pages_mixed, 10000, 1,
	  10000 },
};

/**
 * mymm_bench_show_live() - the rows past what a CPU keeps
 * @m: the table
 *
 * Context: process; sleeps.
 */
void mymm_bench_show_live(struct seq_file *m)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(live_rows); i++)
		mymm_bench_show_row(m, &live_rows[i]);
}

/* A kind of thing that lives: @most at once, each takes @bytes of the kernel's. */
struct kind {
	const char *what;
	unsigned int most;
	unsigned int bytes;
	struct row in_order;
	struct row mixed;
};

static const struct kind kinds[] = {
	{ "objects",
	  UINT_MAX,
	  OBJECT_SIZE,
	  { .ours = our_objects, .theirs = their_objects },
	  { .ours = our_objects_mixed, .theirs = their_objects_mixed } },
	{ "pages of 64 MiB",
	  MOST_SMALL,
	  PAGE_SIZE,
	  { .ours = our_small, .theirs = their_pages },
	  { .ours = our_small_mixed, .theirs = their_pages_mixed } },
	{ "pages of 1 GiB",
	  MOST_PAGES,
	  PAGE_SIZE,
	  { .ours = our_pages, .theirs = their_pages },
	  { .ours = our_pages_mixed, .theirs = their_pages_mixed } },
};

/* The kernel's side only if it has twice the memory. */
static void show_point(struct seq_file *m, const struct kind *kind,
		       struct row row, const char *how, unsigned int nr)
{
	char what[40];

	snprintf(what, sizeof(what), "%u %s%s", nr, kind->what, how);
	row.what = what;
	row.arg = nr;
	row.divisor = nr;
	row.loops = max(1000 / nr, 1U);
	if (((unsigned long)nr * kind->bytes >> PAGE_SHIFT) * 2 >
	    si_mem_available())
		row.theirs = NULL;
	mymm_bench_show_row(m, &row);
}

static int sweep_show(struct seq_file *m, void *v)
{
	const unsigned int rounds = mymm_bench_rounds;
	unsigned int i, nr;

	mymm_bench_show_head(m);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (nr = 1; nr <= min(kinds[i].most, mymm_bench_most);
		     nr *= 10) {
			/* A long round needs fewer repetitions. */
			if (nr > LEAST)
				mymm_bench_rounds =
					max(rounds / (nr / LEAST), 2U);
			show_point(m, &kinds[i], kinds[i].in_order, "", nr);
			show_point(m, &kinds[i], kinds[i].mixed, ", shuffled",
				   nr);
			mymm_bench_rounds = rounds;
		}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sweep);

static int make_arrays(void)
{
	unsigned int most = max_t(unsigned int, mymm_bench_most, LEAST);

	sweep.live = vmalloc(array_size(most, sizeof(*sweep.live)));
	sweep.mixed = vmalloc(array_size(most, sizeof(*sweep.mixed)));
	return sweep.live && sweep.mixed ? 0 : -ENOMEM;
}

static int make_pools(void)
{
	char zones[32];
	const struct mymm_pool_config pool = {
		.name = "bench-live",
		.zones = zones,
	};
	static const struct mymm_pool_config small = {
		.name = "bench-small",
		.zones = "Normal:64M",
		.backing = MYMM_BACKING_NONE,
	};
	static const struct mymm_pool_config large = {
		.name = "bench-sweep",
		.zones = "Normal:1G",
		.backing = MYMM_BACKING_NONE,
	};

	snprintf(zones, sizeof(zones), "Normal:%luM",
		 16 + (mymm_bench_most / (SZ_1M / OBJECT_SIZE)) * 9UL / 8);
	sweep.pool = mymm_pool_create(&pool);
	sweep.small = mymm_pool_create(&small);
	sweep.large = mymm_pool_create(&large);
	return PTR_ERR_OR_ZERO(sweep.pool)	    ?:
		       PTR_ERR_OR_ZERO(sweep.small) ?:
		       PTR_ERR_OR_ZERO(sweep.large);
}

static int make_caches(void)
{
	static const struct mymm_cache_config config = {
		.name = "bench-live",
		.size = OBJECT_SIZE,
	};

	sweep.ours = mymm_cache_create(sweep.pool, &config);
	sweep.theirs =
		kmem_cache_create("mymm_bench_live", OBJECT_SIZE, 0, 0, NULL);
	return sweep.theirs ? PTR_ERR_OR_ZERO(sweep.ours) : -ENOMEM;
}

/**
 * mymm_bench_sweep_init() - have what the rows work on
 *
 * Context: process; sleeps.
 * Return: 0, or what the pools or caches gave; then nothing is left.
 */
int mymm_bench_sweep_init(void)
{
	int err = make_arrays() ?: make_pools() ?: make_caches();

	if (err) {
		mymm_bench_sweep_exit();
		return err;
	}
	sweep.file = debugfs_create_file("mymm_bench_sweep", 0400, NULL, NULL,
					 &sweep_fops);
	return 0;
}

/**
 * mymm_bench_sweep_exit() - give back what was made
 *
 * Context: process; sleeps.
 */
void mymm_bench_sweep_exit(void)
{
	debugfs_remove(sweep.file);
	kmem_cache_destroy(sweep.theirs);
	if (!IS_ERR_OR_NULL(sweep.ours))
		mymm_cache_destroy(sweep.ours);
	if (!IS_ERR_OR_NULL(sweep.pool))
		mymm_pool_destroy(sweep.pool);
	if (!IS_ERR_OR_NULL(sweep.small))
		mymm_pool_destroy(sweep.small);
	if (!IS_ERR_OR_NULL(sweep.large))
		mymm_pool_destroy(sweep.large);
	vfree(sweep.live);
	vfree(sweep.mixed);
}
