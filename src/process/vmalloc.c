// SPDX-License-Identifier: GPL-2.0
/*
 * Single frames of a pool, in a row of addresses: vmalloc's twin.
 *
 *	addresses	| 0 | 1 | 2 | 3 |gap| ...
 *	               /    |    \   \
 *	frames	     17    941   18   302
 *
 * A block of order n needs 2^n free frames side by side; when the pool is in pieces there is none,
 * and frames enough. Each of these may be anywhere, since a page table puts them in a row: here the
 * kernel's, by vmap(). Behind the last frame there is a page that nothing is mapped at, so that
 * what runs past the end faults.
 *
 * The list of the frames is memory of the pool, too, as that of vmalloc() is of the machine: up to
 * a page by kmalloc, above that by the same way as what it lists.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "mymm_vm.h"
#include "page/pool.h"
#include "process/vm.h"
#include "process/vmalloc.h"

/* An area stays as long as this is held: it is taken to look at any, and to take one out. */
static DEFINE_MUTEX(areas_lock);
static DEFINE_XARRAY(areas); /* by address, in pages */

static void *alloc_area(struct mymm_vm *vm, unsigned long nr, gfp_t gfp,
			unsigned long caller, bool of_area);

static unsigned long list_bytes(const struct mymm_varea *area)
{
	return area->nr_frames * sizeof(*area->frame);
}

/**
 * mymm_varea_is_large() - has an area so many frames that their list is an area, too?
 * @area: the area
 *
 * Return: so.
 */
bool mymm_varea_is_large(const struct mymm_varea *area)
{
	return list_bytes(area) > PAGE_SIZE;
}

/* --- a list of frames ------------------------------------------------------------- */

static struct mymm_frame **alloc_list(const struct mymm_varea *area)
{
	unsigned long bytes = list_bytes(area);

	if (!mymm_varea_is_large(area))
		return mymm_kmalloc(area->vm->pool, bytes,
				    GFP_KERNEL | __GFP_NOWARN);
	return alloc_area(area->vm, DIV_ROUND_UP(bytes, PAGE_SIZE), GFP_KERNEL,
			  area->caller, true);
}

static void free_list(const struct mymm_varea *area)
{
	if (mymm_varea_is_large(area))
		mymm_vfree(area->frame);
	else
		mymm_kfree(area->frame);
}

static void free_frames(const struct mymm_varea *area, unsigned long nr)
{
	while (nr--) {
		mymm_free_pages(area->vm->pool, area->frame[nr], 0);
		cond_resched();
	}
}

static int alloc_frames(struct mymm_varea *area, gfp_t gfp)
{
	struct mymm_pool *pool = area->vm->pool;
	unsigned long nr;

	area->frame = alloc_list(area);
	if (!area->frame)
		return -ENOMEM;
	for (nr = 0; nr < area->nr_frames; nr++) {
		area->frame[nr] = mymm_alloc_pages(
			pool, gfp | __GFP_HIGHMEM | __GFP_NOWARN, 0);
		if (!area->frame[nr])
			goto err;
		cond_resched();
	}
	return 0;

err:
	free_frames(area, nr);
	free_list(area);
	return -ENOMEM;
}

/* --- areas ------------------------------------------------------------------------ */

static void *map(const struct mymm_varea *area)
{
	const struct mymm_vm *vm = area->vm;
	struct page **page = NULL;
	unsigned long i;
	void *addr;

	if (!mymm_inject_fail())
		page = kvmalloc_array(area->nr_frames, sizeof(*page),
				      GFP_KERNEL);
	if (!page)
		return NULL;
	for (i = 0; i < area->nr_frames; i++)
		page[i] = vm->page[area->frame[i] - vm->pool->frame];
	addr = mymm_inject_fail() ?
		       NULL :
		       vmap(page, area->nr_frames, VM_MAP, PAGE_KERNEL);
	kvfree(page);
	return addr;
}

/* From now on it is found, and shown. */
static int publish(struct mymm_varea *area)
{
	if (mymm_inject_fail())
		return -ENOMEM;
	return xa_err(xa_store(&areas, (unsigned long)area->addr >> PAGE_SHIFT,
			       area, GFP_KERNEL));
}

static int fill_area(struct mymm_varea *area, gfp_t gfp)
{
	int err = alloc_frames(area, gfp);

	if (err)
		return err;
	area->addr = map(area);
	if (!area->addr) {
		err = -ENOMEM;
		goto err_frames;
	}
	err = publish(area);
	if (err)
		goto err_map;
	atomic_long_add(area->nr_frames, &area->vm->nr_vmalloc);
	return 0;

err_map:
	vunmap(area->addr);
err_frames:
	free_frames(area, area->nr_frames);
	free_list(area);
	return err;
}

/* Takes a reference to @vm, if it succeeds. */
static void *alloc_area(struct mymm_vm *vm, unsigned long nr, gfp_t gfp,
			unsigned long caller, bool of_area)
{
	struct mymm_varea *area = NULL;

	if (!mymm_inject_fail())
		area = kmalloc(sizeof(*area), GFP_KERNEL);
	if (!area)
		return NULL;
	*area = (struct mymm_varea){
		.vm = mymm_vm_get_of(vm->pool),
		.nr_frames = nr,
		.caller = caller,
		.of_area = of_area,
	};
	if (fill_area(area, gfp)) {
		mymm_vm_put(area->vm);
		kfree(area);
		return NULL;
	}
	return area->addr;
}

/* Nobody finds it any more. */
static void free_area(struct mymm_varea *area)
{
	vunmap(area->addr);
	free_frames(area, area->nr_frames);
	free_list(area);
	atomic_long_sub(area->nr_frames, &area->vm->nr_vmalloc);
	mymm_vm_put(area->vm);
	kfree(area);
}

static void *alloc_bytes(struct mymm_pool *pool, unsigned long size, gfp_t gfp,
			 unsigned long caller)
{
	unsigned long nr = (size >> PAGE_SHIFT) + !!offset_in_page(size);
	struct mymm_vm *vm;
	void *addr = NULL;

	might_sleep();
	vm = mymm_vm_get_of(pool);
	if (IS_ERR(vm))
		return NULL;
	if (nr && nr <= vm->total)
		addr = alloc_area(vm, nr, gfp, caller, false);
	mymm_vm_put(vm);
	return addr;
}

/**
 * mymm_vmalloc() - get frames one by one, and map them side by side
 * @pool: whose frames
 * @size: bytes; whole frames are taken
 *
 * Frames are asked for as vmalloc() does it: %GFP_KERNEL, from the highest zone down.
 *
 * Context: process; sleeps.
 * Return: where it begins; NULL: @size is 0 or more than the pool has, the pool has no memory, or
 * not enough frames are left, and nothing was taken.
 */
void *mymm_vmalloc(struct mymm_pool *pool, unsigned long size)
{
	return alloc_bytes(pool, size, GFP_KERNEL, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mymm_vmalloc);

/**
 * mymm_vzalloc() - the same, filled with zeros
 * @pool: whose frames
 * @size: bytes
 *
 * Context: process; sleeps.
 * Return: as mymm_vmalloc().
 */
void *mymm_vzalloc(struct mymm_pool *pool, unsigned long size)
{
	return alloc_bytes(pool, size, GFP_KERNEL | __GFP_ZERO, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mymm_vzalloc);

static struct mymm_varea *take_out(const void *addr)
{
	if (offset_in_page(addr))
		return NULL;
	guard(mutex)(&areas_lock);
	return xa_erase(&areas, (unsigned long)addr >> PAGE_SHIFT);
}

/**
 * mymm_vfree() - give back what mymm_vmalloc() got
 * @addr: from there; or NULL, which is ignored
 *
 * Context: process; sleeps.
 * Return: 0. -EINVAL: nothing of ours begins at @addr, which the log says; nothing has changed.
 */
int mymm_vfree(const void *addr)
{
	struct mymm_varea *area;

	might_sleep();
	if (!addr)
		return 0;
	area = take_out(addr);
	if (!area) {
		pr_err_ratelimited(
			"pool (none): refused: vfree of %p, where nothing of mymm_vmalloc() begins\n",
			addr);
		return -EINVAL;
	}
	free_area(area);
	return 0;
}
EXPORT_SYMBOL_GPL(mymm_vfree);

/* --- all of them ------------------------------------------------------------------ */

/**
 * mymm_vareas_for_each() - look at all areas, of all pools, by address
 * @call: called for each; does not allocate or free areas
 * @data: its second argument
 *
 * Context: process; sleeps.
 */
void mymm_vareas_for_each(void (*call)(const struct mymm_varea *area,
				       void *data),
			  void *data)
{
	struct mymm_varea *area;
	unsigned long index;

	guard(mutex)(&areas_lock);
	xa_for_each(&areas, index, area)
		call(area, data);
}

/**
 * mymm_vmalloc_used() - what /proc/meminfo calls VmallocUsed
 *
 * Return: frames of the default pool that areas have, in pages.
 */
unsigned long mymm_vmalloc_used(void)
{
	return atomic_long_read(&mymm_vm_default()->nr_vmalloc);
}
MYMM_EXPORT_INTERNAL(mymm_vmalloc_used);

/** mymm_vmalloc_exit() - give back what modules that are gone have left */
void mymm_vmalloc_exit(void)
{
	struct mymm_varea *area;
	unsigned long index;

	xa_for_each(&areas, index, area) {
		/* The list of another goes with that. */
		if (area->of_area)
			continue;
		pr_err("pool %s: an area of %lu frames was never given back\n",
		       area->vm->pool->name, area->nr_frames);
		mymm_vfree(area->addr);
	}
}
