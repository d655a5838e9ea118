// SPDX-License-Identifier: GPL-2.0
/*
 * mymm: a private copy of Linux's memory layers, to look at, to measure, to break.
 *
 * The order of init, and its mirror. Documentation/design.md has the rest.
 */
#include <linux/module.h>

#include "pool/pool.h"
#include "ui/debugfs_history.h"
#include "ui/sysctl.h"
#include "ui/sysctl_compact.h"
#include "ui/sysctl_node.h"
#include "cache/kmalloc.h"
#include "page/page_owner.h"
#include "params.h"
#include "base/percpu_work.h"
#include "page/pool.h"
#include "ui/debugfs.h"
#include "ui/proc.h"
#include "cache/reaper.h"
#include "ui/chardev.h"
#include "base/stack.h"
#include "ui/sysfs_cache.h"
#include "page/tuning.h"
#include "ui/cache_dirs.h"
#include "pool/hotplug.h"
#include "object/cache.h"
#include "cache/alias.h"
#include "cache/cache.h"

static struct mymm_pool *pool;

static void tell(const struct mymm_pool *pool)
{
	pr_info("%u frames of %lu bytes in %u zone%s, %s; a frame is described by %zu bytes, with list heads the table takes %lu bytes a frame\n",
		pool->nr_frames, PAGE_SIZE, pool->nr_zones,
		pool->nr_zones == 1 ? "" : "s",
		mymm_pool_has_memory(pool) ? "with memory" :
					     "no memory behind them",
		sizeof(struct mymm_frame),
		DIV_ROUND_UP(pool->table.pages << PAGE_SHIFT, pool->nr_frames));
}

static int __init mymm_init(void)
{
	struct mymm_pool_config config;
	struct mymm_tuning tuning;
	bool owners;
	int err;

	err = mymm_params_read(&config, &tuning, &owners);
	if (err)
		return err;
	mymm_kmalloc_begin();
	err = mymm_percpu_work_init();
	if (err)
		return err;
	err = mymm_hotplug_init();
	if (err)
		goto err_hotplug;
	mymm_cache_observe(&mymm_cache_dirs);
	err = mymm_tuning_init();
	if (err)
		goto err_tuning;
	pool = __mymm_pool_create(&config);
	if (IS_ERR(pool)) {
		err = PTR_ERR(pool);
		goto err_pool;
	}
	if (owners)
		err = mymm_owners_start(pool);
	if (err)
		goto err_proc;
	mymm_pool_set_default(pool);
	err = mymm_proc_init(pool);
	if (err)
		goto err_proc;
	err = mymm_sysctl_init(pool);
	if (err)
		goto err_sysctl;
	err = mymm_sysctl_compact_init(pool);
	if (err)
		goto err_compact;
	err = mymm_sysctl_node_init(pool);
	if (err)
		goto err_node;
	err = mymm_history_init(pool);
	if (err)
		goto err_history;
	err = mymm_sysfs_init(pool);
	if (err)
		goto err_dirs;
	mymm_debugfs_init(pool);
	err = mymm_session_init();
	if (err)
		goto err_session;
	tell(pool);
	return 0;

err_session:
	mymm_debugfs_exit();
	mymm_sysfs_exit();
err_dirs:
	mymm_history_exit();
err_history:
	mymm_sysctl_node_exit();
err_node:
	mymm_sysctl_compact_exit();
err_compact:
	mymm_sysctl_exit();
err_sysctl:
	mymm_proc_exit();
err_proc:
	mymm_reaper_exit();
	mymm_pool_release(pool);
err_pool:
	/* A pool that failed may have had caches that wanted it. */
	mymm_reaper_exit();
	mymm_tuning_exit();
err_tuning:
	mymm_hotplug_exit();
err_hotplug:
	mymm_caches_wait();
	mymm_percpu_work_exit();
	mymm_stack_exit();
	return err;
}

static void __exit mymm_exit(void)
{
	mymm_session_exit();
	mymm_debugfs_exit();
	mymm_sysfs_exit();
	mymm_history_exit();
	mymm_sysctl_node_exit();
	mymm_sysctl_compact_exit();
	mymm_sysctl_exit();
	mymm_proc_exit();
	mymm_reaper_exit();
	mymm_pool_release(pool);
	mymm_tuning_exit();
	mymm_hotplug_exit();
	mymm_caches_wait();
	mymm_percpu_work_exit();
	mymm_stack_exit();
	WARN(mymm_area_held(), "%lu pages are lost\n", mymm_area_held());
}

module_init(mymm_init);
module_exit(mymm_exit);

MODULE_DESCRIPTION(
	"A private buddy and slab allocator that mirrors the kernel's");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
