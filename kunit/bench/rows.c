// SPDX-License-Identifier: GPL-2.0
/*
 * What an operation costs, ours beside the kernel's own, in one boot.
 *
 * Reading debugfs mymm_bench runs everything and prints a table; `make bench` does. Kernel
 * and command line are printed, since options change what the kernel pays for:
 * init_on_alloc=1, Debian's default, has it clear each object and page, which costs both
 * sides more than everything else together.
 *
 * A batch is as long as a magazine and begins with an empty one, so the magazine is full at the
 * end of each round, and the number of refills does not depend on earlier rounds.
 *
 * Instructions are not time: they include neither the price of an atomic operation nor a cache
 * miss. Documentation/testing.md has what else they hide.
 */
#include <linux/cpu.h>
#include <linux/module.h>

#include "cache/magazine_drain.h"
#include "bench.h"
#include "cache/magazine.h"

#define BATCH 256
#define BULK 64
#define FZPU                                                     \
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
	 SLAB_STORE_USER)

static struct {
	struct mymm_pool *pool;
	struct mymm_pool *pages;
	struct mymm_pool *large;
	struct mymm_pool *bare;
	struct mymm_cache *ours;
	struct mymm_cache *slab;
	struct mymm_cache *unshared;
	struct mymm_cache *slob;
	struct mymm_cache *debug;
	struct kmem_cache *their_debug;
	void *slob_held;
	struct kmem_cache *theirs;
	void *objs[BATCH];
	struct page *page[BATCH];
	struct mymm_frame *frame[BATCH];
	struct dentry *file;
} bench;

/* --- the work ------------------------------------------------------------------- */

#define FOR_BATCH(what)                     \
	do {                                \
		unsigned int i;             \
		for (i = 0; i < BATCH; i++) \
			what;               \
	} while (0)

DEFINE_MEASURE(ours_object,
	       mymm_cache_free(bench.ours,
			       mymm_cache_alloc(bench.ours, GFP_KERNEL)))
#define OBJECT_PAIR(cache) \
	mymm_cache_free(cache, mymm_cache_alloc(cache, GFP_KERNEL))
static void empty_magazines(struct mymm_cache *cache)
{
	cpus_read_lock();
	mutex_lock(&cache->pool->lock);
	mymm_magazine_drain(cache);
	mutex_unlock(&cache->pool->lock);
	cpus_read_unlock();
}

#define OBJECT_BATCH(cache)                                             \
	({                                                              \
		FOR_BATCH(bench.objs[i] =                               \
				  mymm_cache_alloc(cache, GFP_KERNEL)); \
		FOR_BATCH(mymm_cache_free(cache, bench.objs[i]));       \
	})
#define OBJECT_BULK(cache)                                                  \
	({                                                                  \
		mymm_cache_alloc_bulk(cache, GFP_KERNEL, BULK, bench.objs); \
		mymm_cache_free_bulk(cache, BULK, bench.objs);              \
	})

/* Past the magazines: the cost of a miss. */
#define ENGINE_PAIR(cache, nr)                                             \
	({                                                                 \
		(cache)->engine->alloc(cache, GFP_KERNEL, nr, bench.objs); \
		(cache)->engine->free(cache, nr, bench.objs);              \
	})
#define ENGINE_BATCH(cache)                                                 \
	({                                                                  \
		FOR_BATCH((cache)->engine->alloc(cache, GFP_KERNEL, 1,      \
						 &bench.objs[i]));          \
		FOR_BATCH((cache)->engine->free(cache, 1, &bench.objs[i])); \
	})

DEFINE_MEASURE(engine_object, ENGINE_PAIR(bench.ours, 1))
DEFINE_MEASURE(engine_bulk, ENGINE_PAIR(bench.ours, BULK))
DEFINE_MEASURE(engine_batch, ENGINE_BATCH(bench.ours))
DEFINE_MEASURE(slab_object, OBJECT_PAIR(bench.slab))
DEFINE_MEASURE_AFTER(slab_batch, empty_magazines(bench.slab),
		     OBJECT_BATCH(bench.slab))
DEFINE_MEASURE(slab_bulk, OBJECT_BULK(bench.slab))
DEFINE_MEASURE_AFTER(unshared_batch, empty_magazines(bench.unshared),
		     OBJECT_BATCH(bench.unshared))
DEFINE_MEASURE(ours_object_unchecked,
	       mymm_cache_free_unchecked(
		       bench.ours,
		       mymm_cache_alloc_unchecked(bench.ours, GFP_KERNEL)))
DEFINE_MEASURE(theirs_object,
	       kmem_cache_free(bench.theirs,
			       kmem_cache_alloc(bench.theirs, GFP_KERNEL)))

DEFINE_MEASURE_AFTER(ours_batch, empty_magazines(bench.ours), {
	FOR_BATCH(bench.objs[i] = mymm_cache_alloc(bench.ours, GFP_KERNEL));
	FOR_BATCH(mymm_cache_free(bench.ours, bench.objs[i]));
})
DEFINE_MEASURE(theirs_batch, {
	FOR_BATCH(bench.objs[i] = kmem_cache_alloc(bench.theirs, GFP_KERNEL));
	FOR_BATCH(kmem_cache_free(bench.theirs, bench.objs[i]));
})

/* Something else is on the page, or it would come and go with each pair. */
DEFINE_MEASURE(slob_object,
	       mymm_cache_free(bench.slob,
			       mymm_cache_alloc(bench.slob, GFP_KERNEL)))
DEFINE_MEASURE(slob_batch, {
	FOR_BATCH(bench.objs[i] = mymm_cache_alloc(bench.slob, GFP_KERNEL));
	FOR_BATCH(mymm_cache_free(bench.slob, bench.objs[i]));
})

DEFINE_MEASURE(ours_debug, OBJECT_PAIR(bench.debug))
DEFINE_MEASURE(theirs_debug,
	       kmem_cache_free(bench.their_debug,
			       kmem_cache_alloc(bench.their_debug, GFP_KERNEL)))

DEFINE_MEASURE(ours_bulk, {
	mymm_cache_alloc_bulk(bench.ours, GFP_KERNEL, BULK, bench.objs);
	mymm_cache_free_bulk(bench.ours, BULK, bench.objs);
})
DEFINE_MEASURE(theirs_bulk, {
	kmem_cache_alloc_bulk(bench.theirs, GFP_KERNEL, BULK, bench.objs);
	kmem_cache_free_bulk(bench.theirs, BULK, bench.objs);
})

DEFINE_MEASURE(ours_kmalloc,
	       mymm_kfree(mymm_kmalloc(bench.pool, OBJECT_SIZE, GFP_KERNEL)))
/* The size is hidden, or the compiler would look the kernel's class up for it. */
DEFINE_MEASURE(theirs_kmalloc, {
	size_t size = OBJECT_SIZE;

	OPTIMIZER_HIDE_VAR(size);
	kfree(kmalloc(size, GFP_KERNEL));
})

/* A local variable for the pool would be an instruction more than a caller's own. */
#define PAGES_PAIR(pool) \
	mymm_free_pages(pool, mymm_alloc_pages(pool, GFP_KERNEL, arg), arg)

DEFINE_MEASURE(ours_pages, PAGES_PAIR(bench.pages))
DEFINE_MEASURE(ours_pages_large, PAGES_PAIR(bench.large))
DEFINE_MEASURE(ours_pages_bare, PAGES_PAIR(bench.bare))
#define PAGES_BATCH(pool)                                                   \
	({                                                                  \
		FOR_BATCH(bench.frame[i] =                                  \
				  mymm_alloc_pages(pool, GFP_KERNEL, arg)); \
		FOR_BATCH(mymm_free_pages(pool, bench.frame[i], arg));      \
	})

DEFINE_MEASURE(ours_pages_batch, PAGES_BATCH(bench.pages))
DEFINE_MEASURE(ours_pages_batch_bare, PAGES_BATCH(bench.bare))
DEFINE_MEASURE(theirs_pages_batch, {
	FOR_BATCH(bench.page[i] = alloc_pages(GFP_KERNEL, arg));
	FOR_BATCH(__free_pages(bench.page[i], arg));
})
DEFINE_MEASURE(theirs_pages, __free_pages(alloc_pages(GFP_KERNEL, arg), arg))

static const struct row rows[] = {
	{ "object of 64 bytes, pair", ours_object, theirs_object, 0, 2000, 1 },
	{ "  the same, unchecked", ours_object_unchecked, NULL, 0, 2000, 1 },
	{ "  in batches of 256, a pair", ours_batch, theirs_batch, 0, 20,
	  BATCH },
	{ "  in bulks of 64, an object", ours_bulk, theirs_bulk, 0, 100, BULK },
	{ "slub without magazines, pair", engine_object, NULL, 0, 2000, 1 },
	{ "  in batches of 256, a pair", engine_batch, NULL, 0, 20, BATCH },
	{ "  64 at once, an object", engine_bulk, NULL, 0, 100, BULK },
	{ "slab: object, pair", slab_object, NULL, 0, 2000, 1 },
	{ "  in batches of 256, a pair", slab_batch, NULL, 0, 20, BATCH },
	{ "  without a shared array, a pair", unshared_batch, NULL, 0, 20,
	  BATCH },
	{ "  in bulks of 64, an object", slab_bulk, NULL, 0, 100, BULK },
	{ "slob: object, pair", slob_object, NULL, 0, 2000, 1 },
	{ "  in batches of 256, a pair", slob_batch, NULL, 0, 20, BATCH },
	{ "kmalloc(64), pair", ours_kmalloc, theirs_kmalloc, 0, 2000, 1 },
	{ "pages of order 0, pair", ours_pages, theirs_pages, 0, 1000, 1 },
	{ "  in batches of 256, a pair", ours_pages_batch, theirs_pages_batch,
	  0, 20, BATCH },
	{ "pages of order 1, pair", ours_pages, theirs_pages, 1, 1000, 1 },
	{ "pages of order 2, pair", ours_pages, theirs_pages, 2, 1000, 1 },
	{ "pages of order 3, pair", ours_pages, theirs_pages, 3, 1000, 1 },
	{ "pages of order 4, pair", ours_pages, theirs_pages, 4, 200, 1 },
	{ "  in batches of 256, a pair", ours_pages_batch, theirs_pages_batch,
	  4, 20, BATCH },
	{ "pages of order 5, pair", ours_pages, theirs_pages, 5, 200, 1 },
	{ "pages of order 6, pair", ours_pages, theirs_pages, 6, 200, 1 },
	{ "pages of order 7, pair", ours_pages, theirs_pages, 7, 200, 1 },
	{ "pages of order 8, pair", ours_pages, theirs_pages, 8, 200, 1 },
	{ "pages of order 9, pair", ours_pages, theirs_pages, 9, 200, 1 },
	{ "pages of order 10, pair", ours_pages, theirs_pages, 10, 200, 1 },
	{ "order 0 of 64 GiB, pair", ours_pages_large, NULL, 0, 1000, 1 },
	{ "order 4 of 64 GiB, pair", ours_pages_large, NULL, 4, 1000, 1 },
	{ "order 10 of 64 GiB, pair", ours_pages_large, NULL, 10, 1000, 1 },
	{ "order 0, bare buddy, pair", ours_pages_bare, NULL, 0, 1000, 1 },
	{ "order 3, bare buddy, pair", ours_pages_bare, NULL, 3, 1000, 1 },
	{ "order 0, bare, batches of 256", ours_pages_batch_bare, NULL, 0, 20,
	  BATCH },
	{ "order 10, bare buddy, pair", ours_pages_bare, NULL, 10, 1000, 1 },
};

/* The last row, since a debug cache of the kernel slows down all of its caches for good. */
static const struct row debug_row = {
	"object of 64 bytes, FZPU, pair", ours_debug, theirs_debug, 0, 200, 1,
};

static const struct row debug_row_ours = {
	"object of 64 bytes, FZPU, pair", ours_debug, NULL, 0, 200, 1,
};

/* The kernel may have none: SLUB_DEBUG is an option. */
static void show_debug_row(struct seq_file *m)
{
	bench.their_debug = IS_ENABLED(CONFIG_SLUB_DEBUG) ?
				    kmem_cache_create("mymm_bench_debug",
						      OBJECT_SIZE, 0, FZPU,
						      NULL) :
				    NULL;
	mymm_bench_show_row(m,
			    bench.their_debug ? &debug_row : &debug_row_ours);
	kmem_cache_destroy(bench.their_debug);
}

static int bench_show(struct seq_file *m, void *v)
{
	unsigned int i;

	mymm_bench_show_head(m);
	seq_puts(
		m,
		"# pages: of a zone of 1 GiB; bare: without per-CPU lists. A pair that nothing comes between leaves the zone\n# as it was, and neither splits nor merges; in batches it does\n");
	seq_printf(m, "%-32s %8s %8s %9s\n", "#", "mymm", "kernel", "ratio");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		mymm_bench_show_row(m, &rows[i]);
	mymm_bench_show_live(m);
	show_debug_row(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench);

static int __init bench_init(void)
{
	static const struct mymm_pool_config pool = {
		.name = "bench",
		.zones = "Normal:16M",
	};
	/* What the kernel's zone is like in this VM; nothing is written to pages here. */
	static const struct mymm_pool_config pages = {
		.name = "bench-pages",
		.zones = "Normal:1G",
		.backing = MYMM_BACKING_NONE,
	};
	static const struct mymm_pool_config large = {
		.name = "bench-large",
		.zones = "Normal:64G",
		.backing = MYMM_BACKING_NONE,
	};
	static const struct mymm_pool_config bare = {
		.name = "bench-bare",
		.zones = "Normal:16M",
		.flags = MYMM_POOL_BARE,
	};
	static const struct mymm_cache_config cache = {
		.name = "bench",
		.size = OBJECT_SIZE,
	};
	static const struct mymm_cache_config slab = {
		.name = "bench-slab",
		.size = OBJECT_SIZE,
		.engine = "slab",
	};
	static const struct mymm_cache_config unshared = {
		.name = "bench-bare",
		.size = OBJECT_SIZE,
		.engine = "slab",
	};
	char tunables[] = "bench-bare 120 60 0";
	static const struct mymm_cache_config slob = {
		.name = "bench-slob",
		.size = OBJECT_SIZE,
		.engine = "slob",
	};
	static const struct mymm_cache_config debug = {
		.name = "bench-debug",
		.size = OBJECT_SIZE,
		.flags = FZPU,
	};
	int err;

	if (!mymm_bench_rounds || !mymm_bench_passes || !mymm_bench_most)
		return -EINVAL;
	bench.pool = mymm_pool_create(&pool);
	if (IS_ERR(bench.pool))
		return PTR_ERR(bench.pool);
	bench.pages = mymm_pool_create(&pages);
	if (IS_ERR(bench.pages)) {
		err = PTR_ERR(bench.pages);
		goto err_pool;
	}
	bench.large = mymm_pool_create(&large);
	if (IS_ERR(bench.large)) {
		err = PTR_ERR(bench.large);
		goto err_pages;
	}
	bench.bare = mymm_pool_create(&bare);
	if (IS_ERR(bench.bare)) {
		err = PTR_ERR(bench.bare);
		goto err_large;
	}
	bench.ours = mymm_cache_create(bench.pool, &cache);
	if (IS_ERR(bench.ours)) {
		err = PTR_ERR(bench.ours);
		goto err_bare;
	}
	bench.slab = mymm_cache_create(bench.pool, &slab);
	if (IS_ERR(bench.slab)) {
		err = PTR_ERR(bench.slab);
		goto err_cache;
	}
	bench.unshared = mymm_cache_create(bench.pool, &unshared);
	if (IS_ERR(bench.unshared)) {
		err = PTR_ERR(bench.unshared);
		goto err_slab;
	}
	err = mymm_slabinfo_set(bench.pool, tunables);
	if (err)
		goto err_unshared;
	bench.slob = mymm_cache_create(bench.pool, &slob);
	if (IS_ERR(bench.slob)) {
		err = PTR_ERR(bench.slob);
		goto err_unshared;
	}
	bench.debug = mymm_cache_create(bench.pool, &debug);
	if (IS_ERR(bench.debug)) {
		err = PTR_ERR(bench.debug);
		goto err_only_slob;
	}
	bench.slob_held = mymm_cache_alloc(bench.slob, GFP_KERNEL);
	bench.theirs = kmem_cache_create("mymm_bench", OBJECT_SIZE, 0, 0, NULL);
	if (!bench.slob_held || !bench.theirs) {
		err = -ENOMEM;
		goto err_slob;
	}
	err = mymm_bench_sweep_init();
	if (err)
		goto err_slob;
	bench.file = debugfs_create_file("mymm_bench", 0400, NULL, NULL,
					 &bench_fops);
	return 0;

err_slob:
	kmem_cache_destroy(bench.theirs);
	if (bench.slob_held)
		mymm_cache_free(bench.slob, bench.slob_held);
	mymm_cache_destroy(bench.debug);
err_only_slob:
	mymm_cache_destroy(bench.slob);
err_unshared:
	mymm_cache_destroy(bench.unshared);
err_slab:
	mymm_cache_destroy(bench.slab);
err_cache:
	mymm_cache_destroy(bench.ours);
err_bare:
	mymm_pool_destroy(bench.bare);
err_large:
	mymm_pool_destroy(bench.large);
err_pages:
	mymm_pool_destroy(bench.pages);
err_pool:
	mymm_pool_destroy(bench.pool);
	return err;
}

static void __exit bench_exit(void)
{
	debugfs_remove(bench.file);
	mymm_bench_sweep_exit();
	kmem_cache_destroy(bench.theirs);
	mymm_cache_free(bench.slob, bench.slob_held);
	mymm_cache_destroy(bench.debug);
	mymm_cache_destroy(bench.slob);
	mymm_cache_destroy(bench.unshared);
	mymm_cache_destroy(bench.slab);
	mymm_cache_destroy(bench.ours);
	mymm_pool_destroy(bench.bare);
	mymm_pool_destroy(bench.large);
	mymm_pool_destroy(bench.pages);
	mymm_pool_destroy(bench.pool);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("What mymm costs beside the kernel's own allocators");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
MYMM_IMPORT_INTERNAL();
