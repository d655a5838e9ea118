// SPDX-License-Identifier: GPL-2.0
/*
 * Swap areas: how they come and go.
 *
 * To take one away, all that is in it has to be brought back. Regions are visited one after the
 * other, each with a reference and no lock, since the pool is asked for frames; so again and again
 * until nothing is in the area any more. If there is no frame left, the area stays, and what was
 * brought back is in frames, as if it had been used.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "base/compat.h"
#include "page/pool.h"
#include "process/files.h"
#include "process/mapped.h"
#include "process/rmap.h"
#include "process/swap.h"
#include "process/vm.h"

/* --- areas in memory -------------------------------------------------------------- */

static void *memory_of(struct mymm_swap_area *area, u32 offset)
{
	return area->memory + ((unsigned long)(offset - 1) << PAGE_SHIFT);
}

static void *contents_of(const struct mymm_swap_area *area, struct page *page)
{
	return mymm_pool_address(area->vm->pool, mymm_mapped_pfn(page));
}

static int memory_read(struct mymm_swap_area *area, u32 offset, struct page *to)
{
	copy_page(contents_of(area, to), memory_of(area, offset));
	return 0;
}

static int memory_write(struct mymm_swap_area *area, u32 offset,
			struct page *from)
{
	copy_page(memory_of(area, offset), contents_of(area, from));
	return 0;
}

static void memory_end(struct mymm_swap_area *area)
{
	vfree(area->memory);
}

static const struct mymm_swap_io memory_io = {
	.type = "partition",
	.immediate = true,
	.read = memory_read,
	.write = memory_write,
	.end = memory_end,
};

/* --- to make one ------------------------------------------------------------------ */

/** mymm_swap_free_area() - an area goes, of which nobody knows, and what is behind it */
void mymm_swap_free_area(struct mymm_swap_area *area)
{
	if (area->io)
		area->io->end(area);
	kvfree(area->slot);
	kvfree(area->used);
	kfree(area);
}

/**
 * mymm_swap_make_area() - the slots of an area, of which nobody knows yet
 * @vm: the pool
 * @pages: how many slots
 *
 * Return: the area, whose @io is to be set; NULL: the kernel has no memory.
 */
struct mymm_swap_area *mymm_swap_make_area(struct mymm_vm *vm,
					   unsigned long pages)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	struct mymm_swap_area *area = kzalloc(sizeof(*area), GFP_KERNEL);

	if (!area)
		return NULL;
	/* A file may say that it is of any size. */
	area->vm = vm;
	area->nr = pages;
	area->next = 1;
	area->used = kvcalloc(BITS_TO_LONGS(pages + 1), sizeof(long), gfp);
	area->slot = kvcalloc(pages + 1, sizeof(*area->slot), gfp);
	if (area->used && area->slot)
		return area;
	mymm_swap_free_area(area);
	return NULL;
}

/* With the lock: at its place among the others, as the last of those with its priority. */
static void enlist(struct mymm_swap *swap, struct mymm_swap_area *area)
{
	struct mymm_swap_area *other;

	list_for_each_entry(other, &swap->areas, list)
		if (other->priority < area->priority)
			break;
	list_add_tail(&area->list, &other->list);
	swap->total += area->nr;
	mymm_swap_set_usable(area, !area->failed);
}

static int place(struct mymm_swap *swap, struct mymm_swap_area *area,
		 int priority)
{
	unsigned int number;

	guard(spinlock)(&swap->lock);
	for (number = 0; number < MYMM_SWAP_AREAS; number++)
		if (!swap->area[number])
			break;
	if (number == MYMM_SWAP_AREAS)
		return -ENOSPC;
	area->number = number;
	area->priority = priority >= 0 ? priority : --swap->lowest;
	if (area->memory)
		snprintf(area->name, sizeof(area->name), "ram%u", number);
	swap->area[number] = area;
	enlist(swap, area);
	return 0;
}

/**
 * mymm_swap_open_area() - have an area used
 * @vm: the pool
 * @area: from mymm_swap_make_area()
 * @priority: as of mymm_swapon_memory()
 *
 * Context: process; sleeps.
 * Return: 0; -ENOSPC: there are as many areas as can be.
 */
int mymm_swap_open_area(struct mymm_vm *vm, struct mymm_swap_area *area,
			int priority)
{
	int err;

	guard(mutex)(&vm->swap.change);
	err = place(&vm->swap, area, priority);
	/* The pool keeps its areas when nobody has it open. */
	if (!err)
		mymm_vm_get_of(vm->pool);
	return err;
}

/**
 * mymm_swapon_memory() - have a swap area in memory of the machine
 * @vm: the pool
 * @pages: its size; all of it is taken at once
 * @priority: 0 or more; less: lower than all that were not given one
 *
 * Context: process; sleeps.
 * Return: 0; -EINVAL: no such size; -ENOMEM: the machine does not have that; -ENOSPC: there are as
 * many areas as can be.
 */
int mymm_swapon_memory(struct mymm_vm *vm, unsigned long pages, int priority)
{
	struct mymm_swap_area *area;
	int err = -ENOMEM;

	if (!pages || pages >= MYMM_SWAP_MAX_SLOTS)
		return -EINVAL;
	if (pages > totalram_pages())
		return -ENOMEM;
	area = mymm_swap_make_area(vm, pages);
	if (!area)
		return -ENOMEM;
	area->memory =
		__vmalloc(pages << PAGE_SHIFT,
			  GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	if (!area->memory)
		goto err_free;
	area->io = &memory_io;
	err = mymm_swap_open_area(vm, area, priority);
	if (!err)
		return 0;

err_free:
	mymm_swap_free_area(area);
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_swapon_memory);

/* --- to take one away ------------------------------------------------------------- */

/* Where an address of a process is in its space. */
struct place {
	struct mm_struct *mm;
	unsigned long addr;
	bool found;
	pgoff_t index;
};

static void look_for_place(struct vm_area_struct *vma, void *data)
{
	struct place *place = data;

	if (vma->vm_mm != place->mm || place->addr < vma->vm_start ||
	    place->addr >= vma->vm_end)
		return;
	place->found = true;
	place->index = linear_page_index(vma, place->addr);
}

/* Bring one page back. 0: what there is to do will be done in another pass. */
static int bring_back(struct mymm_region *region, unsigned long addr, u64 slot)
{
	struct place place = { .mm = region->mm, .addr = addr };
	struct page *page;
	bool read;

	mymm_rmap_walk(region->space->inode->i_mapping, look_for_place, &place);
	if (!place.found)
		return 0;
	page = mymm_swap_in(region, addr, slot, place.index,
			    __GFP_RETRY_MAYFAIL, &read);
	if (page == ERR_PTR(-EAGAIN))
		return 0;
	if (IS_ERR(page))
		return PTR_ERR(page);
	unlock_page(page);
	return 0;
}

static bool is_in(const struct mymm_swap_area *area, u64 slot)
{
	return mymm_slot_is_swap(slot) &&
	       mymm_slot_swap(slot) >> MYMM_SWAP_OFFSET_BITS == area->number;
}

static int empty_region(struct mymm_swap_area *area, struct mymm_region *region)
{
	unsigned long addr;
	u64 slot;
	int err;

	for (addr = 0;
	     (slot = mymm_table_next(&region->table, &addr, MYMM_TABLE_END));
	     addr += PAGE_SIZE) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = is_in(area, slot) ? bring_back(region, addr, slot) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* Every region once, the one that was visited last at the end. */
static int empty_regions(struct mymm_swap_area *area)
{
	struct mymm_region *region = NULL;
	int err = 0;

	while (!err && (region = mymm_region_next(area->vm, region)))
		err = empty_region(area, region);
	if (err)
		mymm_region_put(region);
	return err;
}

/* What processes have in frames is in no slot any more, and what was read ahead goes. */
static void forget_cached(struct mymm_swap_area *area)
{
	struct mymm_vm *vm = area->vm;
	u32 at, entry;

	for (at = 1; at <= area->nr; at++) {
		struct page *page;

		entry = area->number << MYMM_SWAP_OFFSET_BITS | at;
		if (!mymm_swap_get(vm, entry))
			continue;
		page = mymm_swap_cache_get(vm, entry);
		if (page && mymm_mapped_share(page)) {
			mymm_swap_cache_del(vm, page);
			unlock_page(page);
		} else if (page) {
			mymm_mapped_free(vm, page);
		}
		mymm_swap_put(vm, entry);
		cond_resched();
	}
}

static void set_closing(struct mymm_swap_area *area, bool closing)
{
	struct mymm_swap *swap = &area->vm->swap;

	guard(spinlock)(&swap->lock);
	if (closing) {
		list_del(&area->list);
		swap->total -= area->nr;
		mymm_swap_set_usable(area, false);
	} else {
		enlist(swap, area);
	}
}

static int empty_area(struct mymm_swap_area *area)
{
	int err = 0;

	while (!err && READ_ONCE(area->nr_used)) {
		err = fatal_signal_pending(current) ? -EINTR :
						      empty_regions(area);
		if (!err)
			forget_cached(area);
		cond_resched();
	}
	return err;
}

static bool is_named(const struct mymm_swap_area *area, const char *name,
		     const struct inode *inode)
{
	if (area->file)
		return area->file->f_mapping->host == inode;
	return !strcmp(area->name, name);
}

static struct mymm_swap_area *find_area(struct mymm_vm *vm, const char *name,
					const struct inode *inode)
{
	unsigned int i;

	for (i = 0; i < MYMM_SWAP_AREAS; i++)
		if (vm->swap.area[i] && is_named(vm->swap.area[i], name, inode))
			return vm->swap.area[i];
	return NULL;
}

static void remove_area(struct mymm_swap_area *area)
{
	struct mymm_vm *vm = area->vm;

	/* The validator has the first meanwhile. */
	scoped_guard(mutex, &vm->lock) scoped_guard(spinlock, &vm->swap.lock)
		vm->swap.area[area->number] = NULL;
	mymm_swap_free_area(area);
	mymm_vm_put(vm);
}

static int close_area(struct mymm_vm *vm, const char *name,
		      const struct inode *inode)
{
	struct mymm_swap_area *area;
	int err;

	guard(mutex)(&vm->swap.change);
	area = find_area(vm, name, inode);
	if (!area)
		return -EINVAL;
	set_closing(area, true);
	err = empty_area(area);
	if (err)
		set_closing(area, false);
	else
		remove_area(area);
	return err;
}

/**
 * mymm_swapoff() - take a swap area away
 * @vm: the pool; the caller is a user of it
 * @name: the area's, if it is in memory
 * @fd: of its file, however it is open; -1: it is in memory
 *
 * All that is in it is brought back first.
 *
 * Context: process; sleeps.
 * Return: 0; -EBADF: there is no such file; -EINVAL: there is no such area; -ENOMEM: the pool does
 * not have as many frames, and the area stays; -EINTR: likewise; -EIO, and the like: it can't be
 * read, and stays.
 */
int mymm_swapoff(struct mymm_vm *vm, const char *name, int fd)
{
	struct file *file;
	int err;

	if (fd < 0)
		return close_area(vm, name, NULL);
	file = fget(fd);
	if (!file)
		return -EBADF;
	err = close_area(vm, name, file->f_mapping->host);
	fput(file);
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_swapoff);

/**
 * mymm_swapoff_all() - take all areas away when no process has anything in one
 * @vm: the pool
 *
 * Context: process; sleeps.
 */
void mymm_swapoff_all(struct mymm_vm *vm)
{
	unsigned int i;

	for (i = 0; i < MYMM_SWAP_AREAS; i++)
		if (vm->swap.area[i]) {
			forget_cached(vm->swap.area[i]);
			mymm_swap_free_area(vm->swap.area[i]);
		}
}

/* --- /proc/myswaps ---------------------------------------------------------------- */

#define KB(pages) ((pages) << (PAGE_SHIFT - 10))

static void show_area(struct seq_file *m, const struct mymm_swap_area *area)
{
	const unsigned long size = KB(area->nr), used = KB(area->nr_used);

	int len = strlen(area->name);

	if (area->file)
		len = seq_file_path(m, area->file, " \t\n\\");
	else
		seq_puts(m, area->name);
	seq_printf(m, "%*s%s\t%lu\t%s%lu\t%s%d\n", max(40 - len, 1), " ",
		   area->io->type, size, size < 10000000 ? "\t" : "", used,
		   used < 10000000 ? "\t" : "", area->priority);
}

/**
 * mymm_swaps_show() - /proc/myswaps: the swap areas of the default pool, in the form of /proc/swaps
 * @m: where to
 * @v: nothing
 *
 * It does not wait for an area that is being made or taken away: one that goes is listed until it
 * is empty.
 *
 * Context: process.
 * Return: 0.
 */
int mymm_swaps_show(struct seq_file *m, void *v)
{
	struct mymm_vm *vm = mymm_vm_default();
	unsigned int i;

	seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	guard(spinlock)(&vm->swap.lock);
	for (i = 0; i < MYMM_SWAP_AREAS; i++)
		if (vm->swap.area[i])
			show_area(m, vm->swap.area[i]);
	return 0;
}
