// SPDX-License-Identifier: GPL-2.0
/*
 * A module of somebody else that uses mymm: a pool and a cache of its own, with one object in it.
 *
 * A pool that is created is the creator's alone; debugfs mymm/pools shows it beside the others.
 * It can be destroyed when nothing of it is in use any more: first the object goes, then the
 * cache, then the pool. As long as this module is loaded, mymm can't be unloaded.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <mymm.h>

static struct mymm_pool *pool;
static struct mymm_cache *cache;
static void *object;

static int __init example_init(void)
{
	const struct mymm_pool_config pool_config = { .name = "example",
						      .zones = "Normal:4M" };
	const struct mymm_cache_config cache_config = { .name = "thing",
							.size = 64 };
	int err;

	pool = mymm_pool_create(&pool_config);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	cache = mymm_cache_create(pool, &cache_config);
	if (IS_ERR(cache)) {
		err = PTR_ERR(cache);
		goto no_cache;
	}
	object = mymm_cache_alloc(cache, GFP_KERNEL);
	if (!object) {
		err = -ENOMEM;
		goto no_object;
	}
	pr_info("an object\n");
	return 0;

no_object:
	mymm_cache_destroy(cache);
no_cache:
	mymm_pool_destroy(pool);
	return err;
}

static void __exit example_exit(void)
{
	mymm_cache_free(cache, object);
	mymm_cache_destroy(cache);
	mymm_pool_destroy(pool);
}

module_init(example_init);
module_exit(example_exit);
MODULE_DESCRIPTION("A pool and a cache of its own");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
