// SPDX-License-Identifier: GPL-2.0
/*
 * Pools whose frames processes have. Each has a struct mymm_vm for as long as somebody uses it;
 * the default pool's is there while the module is.
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "base/compat.h"
#include "page/registry.h"
#include "page/vm_hooks.h"
#include "page/zone.h"
#include "process/file_page.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/migrate.h"
#include "process/swap.h"
#include "process/vm.h"
#include "process/vmscan.h"

static DEFINE_MUTEX(vms_lock); /* of the list, and of @users */
static LIST_HEAD(vms);
static struct mymm_vm *vm_default; /* constant while the module is loaded */

static const struct mymm_vm_hooks hooks = {
	.check = mymm_vm_check,
	.out_of_memory = mymm_out_of_memory,
	.shrink = mymm_vmscan_node,
	.reclaim_end = mymm_vmscan_end,
	.file_pages = mymm_vmscan_file_pages,
	.figures = mymm_file_figures,
	.listed = mymm_lru_listed,
	.swap_slots = mymm_swap_slots,
	.may_move = mymm_may_migrate,
	.move = mymm_migrate,
};

static int find_pages(struct mymm_vm *vm)
{
	struct mymm_pool *pool = vm->pool;
	unsigned int i;
	u32 pfn;

	vm->page = kvcalloc(pool->nr_frames, sizeof(*vm->page), GFP_KERNEL);
	vm->file_mapped = kvcalloc(BITS_TO_LONGS(pool->nr_frames),
				   sizeof(*vm->file_mapped), GFP_KERNEL);
	if (!vm->page || !vm->file_mapped) {
		kvfree(vm->file_mapped);
		kvfree(vm->page);
		return -ENOMEM;
	}
	for (i = 0; i < pool->nr_zones; i++)
		vm->total += mymm_zone_managed(&pool->zone[i]);
	for (pfn = 0; pfn < pool->nr_frames; pfn++) {
		/* What no page is behind can't be allocated either. */
		if (mymm_pfn_frame(pool, pfn))
			vm->page[pfn] =
				vmalloc_to_page(mymm_pool_address(pool, pfn));
		if (!(pfn % 1024))
			cond_resched();
	}
	return 0;
}

static void vm_free(struct mymm_vm *vm)
{
	mymm_vm_hooks_set(vm->pool, NULL);
	cancel_work_sync(&vm->retire_work);
	mymm_swapoff_all(vm);
	/* What is in limbo holds the module; here it is of a pool that is left. */
	cancel_delayed_work_sync(&vm->limbo_work);
	scoped_guard(mutex, &vm->pool->lock) vm->pool->vm = NULL;
	mymm_swap_exit(vm);
	mymm_lru_exit(vm);
	percpu_counter_destroy(&vm->committed);
	kvfree(vm->file_mapped);
	kvfree(vm->page);
	mymm_pool_put(vm->pool);
	kfree(vm);
}

/* Takes over the reference to the pool, also if it fails. */
static struct mymm_vm *vm_create(struct mymm_pool *pool)
{
	struct mymm_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	int err = -ENOMEM;

	if (!vm)
		goto err_put;
	vm->pool = pool;
	mutex_init(&vm->lock);
	spin_lock_init(&vm->limbo_lock);
	INIT_LIST_HEAD(&vm->regions);
	INIT_LIST_HEAD(&vm->limbo);
	INIT_DELAYED_WORK(&vm->limbo_work, mymm_limbo_run);
	INIT_WORK(&vm->retire_work, mymm_oom_retire);
	err = percpu_counter_init(&vm->committed, 0, GFP_KERNEL);
	if (err)
		goto err_free;
	err = find_pages(vm);
	if (err)
		goto err_counter;
	err = mymm_lru_init(vm);
	if (err)
		goto err_pages;
	err = mymm_swap_init(vm);
	if (err)
		goto err_lru;
	scoped_guard(mutex, &pool->lock) pool->vm = vm;
	err = mymm_vm_hooks_set(pool, &hooks);
	if (err)
		goto err_swap;
	return vm;

err_swap:
	scoped_guard(mutex, &pool->lock) pool->vm = NULL;
	mymm_swap_exit(vm);
err_lru:
	mymm_lru_exit(vm);
err_pages:
	kvfree(vm->file_mapped);
	kvfree(vm->page);
err_counter:
	percpu_counter_destroy(&vm->committed);
err_free:
	kfree(vm);
err_put:
	mymm_pool_put(pool);
	return ERR_PTR(err);
}

/* A reference to the pool of that name, or to the default pool. */
static struct mymm_pool *find_pool(const char *name)
{
	struct mymm_pool *pool = name ? mymm_pool_get_named(name) :
					mymm_pool_get_default();

	return pool ?: ERR_PTR(-ENOENT);
}

static struct mymm_vm *known(const struct mymm_pool *pool)
{
	struct mymm_vm *vm;

	list_for_each_entry(vm, &vms, list)
		if (vm->pool == pool)
			return vm;
	return NULL;
}

/* Takes over the reference to the pool, also if it fails. */
static struct mymm_vm *enter(struct mymm_pool *pool)
{
	struct mymm_vm *vm;

	if (!mymm_pool_has_memory(pool)) {
		mymm_pool_put(pool);
		return ERR_PTR(-EOPNOTSUPP);
	}
	guard(mutex)(&vms_lock);
	vm = known(pool);
	if (vm) {
		mymm_pool_put(pool);
	} else {
		vm = vm_create(pool);
		if (IS_ERR(vm))
			return vm;
		list_add_tail(&vm->list, &vms);
	}
	vm->users++;
	return vm;
}

/**
 * mymm_vm_get() - a pool to take frames for processes from
 * @pool_name: its name; NULL: the default pool
 *
 * Context: process; sleeps.
 * Return: it, to be given back by mymm_vm_put(); -ENOENT: there is no such pool; -EOPNOTSUPP: it
 * has no memory; -ENOMEM.
 */
struct mymm_vm *mymm_vm_get(const char *pool_name)
{
	struct mymm_pool *pool = find_pool(pool_name);

	return IS_ERR(pool) ? ERR_CAST(pool) : enter(pool);
}
MYMM_EXPORT_INTERNAL(mymm_vm_get);

/**
 * mymm_vm_get_of() - the same of a pool that the caller has a reference to
 * @pool: the pool
 *
 * Context: process; sleeps.
 * Return: as mymm_vm_get(); if the pool has been entered before, it does not fail.
 */
struct mymm_vm *mymm_vm_get_of(struct mymm_pool *pool)
{
	refcount_inc(&pool->users);
	return enter(pool);
}

/* With vms_lock: those that have no user. What waits in limbo keeps its pool. */
static void free_left(void)
{
	struct mymm_vm *vm, *next;

	list_for_each_entry_safe(vm, next, &vms, list) {
		if (vm->users || READ_ONCE(vm->nr_limbo))
			continue;
		list_del(&vm->list);
		vm_free(vm);
	}
}

/**
 * mymm_vm_put() - leave a pool
 * @vm: from mymm_vm_get()
 *
 * Context: process; sleeps.
 */
void mymm_vm_put(struct mymm_vm *vm)
{
	guard(mutex)(&vms_lock);
	vm->users--;
	free_left();
}
MYMM_EXPORT_INTERNAL(mymm_vm_put);

static void leave_later(struct work_struct *work)
{
	guard(mutex)(&vms_lock);
	free_left();
}

static DECLARE_WORK(leave_work, leave_later);

/**
 * mymm_vm_left() - nothing of a pool is in limbo any more
 *
 * Context: process; the pool goes a little later.
 */
void mymm_vm_left(void)
{
	schedule_work(&leave_work);
}

/**
 * mymm_vm_default() - the default pool
 *
 * Return: it; constant while the module is loaded.
 */
struct mymm_vm *mymm_vm_default(void)
{
	return vm_default;
}

/**
 * mymm_vm_init() - take the default pool
 *
 * Return: 0, or what mymm_vm_get() returns.
 */
int mymm_vm_init(void)
{
	struct mymm_vm *vm = mymm_vm_get(NULL);

	if (IS_ERR(vm)) {
		pr_err("the default pool has no memory for processes (%ld)\n",
		       PTR_ERR(vm));
		return PTR_ERR(vm);
	}
	vm_default = vm;
	return 0;
}

/** mymm_vm_exit() - leave all pools; nothing is mapped, nor in limbo */
void mymm_vm_exit(void)
{
	struct mymm_vm *vm, *next;

	mutex_lock(&vms_lock);
	list_for_each_entry_safe(vm, next, &vms, list) {
		list_del(&vm->list);
		vm_free(vm);
	}
	mutex_unlock(&vms_lock);
	cancel_work_sync(&leave_work);
}
