/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of process/ share: a pool as the memory of processes.
 *
 *	struct mymm_vm       a pool, and the struct page behind each of its frames
 *	struct mymm_space    an open /dev/mymem: an inode of its own, and so an rmap of its own
 *	struct mymm_region   what one mm has of a space: a table from addresses to frames
 *	struct mymm_vma      one vma of a region: what it is charged for
 *
 * Locks, outermost first:
 *
 *	mmap_lock                       the kernel's; a fault has it for reading, since only drivers
 *	                                with ->map_pages are called with the lock of a vma alone
 *	swap.change (mutex)             one swap area is made or taken away at a time
 *	vm->lock (mutex)                the list of regions, and a region's end
 *	the lock of a frame's page      the slots that point to it, that it is mapped at all, and
 *	                                that it is cached in a swap slot
 *	space->lock (spinlock)          which regions there are
 *	mapping->i_mmap_rwsem           the kernel's
 *	table->lock (spinlock)          the nodes of a table, and its counts
 *	the pte's lock                  the kernel's
 *	vm->limbo_lock (spinlock)       frames that somebody still has a reference to
 *	lruvec->lock (spinlock)         LRU lists
 *	swap.lock (spinlock)            swap areas, and the references to their slots
 *
 * A slot changes only under the lock of the page that it points to; a swap entry in one is replaced
 * by compare and exchange. A frame is mapped only under its page's lock. None of these is held
 * while the pool is asked for a frame.
 */
#ifndef _MYMM_PROCESS_VM_H
#define _MYMM_PROCESS_VM_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu_counter.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "page/pool.h"
#include "page/vmstat.h"
#include "process/swap.h"
#include "process/table.h"

/**
 * struct mymm_vm - a pool whose frames processes have
 * @pool: the pool; a reference is held
 * @page: what is behind each frame, by its number; NULL for a hole; constant
 * @file_mapped: bits of frames that have pages of files which may be mapped, see file_page.c
 * @total: frames that the pool can hand out; constant
 * @committed: pages that are charged, of all regions
 * @fork_over_limit: mappings that a fork copied although the mode of overcommit would have
 *                   refused it, since it can't be refused
 * @fork_broken: children, for each open file, that got no memory for their tables, or are of one
 *               that did not
 * @lock: of @regions
 * @regions: all regions, by @all
 * @limbo_lock: of @limbo
 * @limbo: pages that are out of use, but that something has a reference to
 * @nr_limbo: how many
 * @limbo_delay: ticks until they are looked at again
 * @limbo_work: looks after them
 * @lruvec: by node: the LRU lists
 * @swap: the swap areas
 * @nr_vmalloc: frames that mymm_vmalloc() has given out
 * @reaped: when the OOM killer last took memory from a process, in jiffies
 * @retire_work: takes the pool out of service, see panic_on_oom
 * @users: spaces, and areas of mymm_vmalloc()
 * @list: of all struct mymm_vm
 */
struct mymm_vm {
	struct mymm_pool *pool;
	struct page **page;
	unsigned long *file_mapped;
	unsigned long total;
	struct percpu_counter committed;
	atomic_long_t fork_over_limit;
	atomic_long_t fork_broken;
	struct mutex lock; /* see above */
	struct list_head regions;
	spinlock_t limbo_lock; /* see above */
	struct list_head limbo;
	unsigned long nr_limbo;
	unsigned long limbo_delay;
	struct delayed_work limbo_work;
	struct mymm_lruvec *lruvec;
	struct mymm_swap swap;
	atomic_long_t nr_vmalloc;
	unsigned long reaped;
	struct work_struct retire_work;
	unsigned int users;
	struct list_head list;
};

/**
 * struct mymm_space - an open file of the device
 * @users: the file, and what looks at a region of it
 * @inode: its pages are those of this inode's mapping
 * @vm: where frames come from
 * @lock: of @regions
 * @regions: those of each mm that has mapped the file, by @list
 * @choice: of @mapped, and of the choice of @vm
 * @mapped: there has been a mapping, so @vm is constant
 */
struct mymm_space {
	refcount_t users;
	struct inode *inode;
	struct mymm_vm *vm;
	spinlock_t lock; /* see above */
	struct list_head regions;
	struct mutex choice; /* innermost */
	bool mapped;
};

/**
 * struct mymm_region - what one mm has of a space
 * @space: the space
 * @mm: whose it is; not referenced, since the vmas are gone before it is
 * @table: from addresses to frames
 * @nr_vmas: vmas, and others that look at it; with the last the region goes; under vm->lock
 * @pages: pages of all of them when they were counted last, which may be before mremap()
 * @charged: pages that are charged to it
 * @spare: those of them that no vma has yet
 * @broken: its parent's memory could not be shared: each access is SIGBUS
 * @reaped: the OOM killer takes, or has taken, all that is in it: each access is SIGBUS
 * @list: in space->regions
 * @all: in vm->regions
 * @pressure: among the users of the pool that may all stall; see page/pressure.h
 */
struct mymm_region {
	struct mymm_space *space;
	struct mm_struct *mm;
	struct mymm_table table;
	unsigned long nr_vmas;
	atomic_long_t pages;
	atomic_long_t charged;
	atomic_long_t spare;
	bool broken;
	bool reaped;
	struct list_head list;
	struct list_head all;
	struct mymm_pressure_user pressure;
};

/**
 * struct mymm_vma - one vma of a region
 * @region: the region
 * @vma: the vma
 * @pages: its pages when they were counted last: mremap() can change them unseen
 * @charged: pages that are charged to it; with vm->lock, or the mmap_lock for writing
 * @reserved: pages of region->spare that wait for it to grow or to become writable
 * @noreserve: nothing is charged to it
 * @moved_start: mremap() took pages with their charges along from here; they go
 * @moved_end: one past the last; the same as @moved_start: it did not
 */
struct mymm_vma {
	struct mymm_region *region;
	struct vm_area_struct *vma;
	unsigned long pages;
	unsigned long charged;
	unsigned long reserved;
	unsigned long moved_start;
	unsigned long moved_end;
	bool noreserve;
};

/* charge.c */
int mymm_charge_new(struct mymm_vma *m);
void mymm_charge_forked(const struct mymm_vma *old, struct mymm_vma *m);
void mymm_charge_split(struct mymm_vma *old, struct mymm_vma *m);
int mymm_charge_moved(struct mymm_vma *m, struct mymm_vma *from,
		      unsigned long addr, unsigned long len, bool stays);
void mymm_charge_end(struct mymm_vma *m);
int mymm_vma_settle(struct vm_area_struct *vma);
int mymm_vma_mprotect(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, unsigned long flags);
int mymm_charge_reserve(unsigned long addr, unsigned long len);

struct mymm_request;

/* check.c */
int mymm_vm_check(struct mymm_pool *pool, struct mymm_finding *finding);

/* overcommit.c */
int mymm_commit_charge(struct mymm_region *region, unsigned long pages);
void mymm_commit_force(struct mymm_region *region, unsigned long pages);
void mymm_commit_release(struct mymm_region *region, unsigned long pages);
bool mymm_commit_never_reserves(void);
unsigned long mymm_commit_limit(const struct mymm_vm *vm);
unsigned long mymm_committed(struct mymm_vm *vm);

/* device.c */
void mymm_space_put(struct mymm_space *space);
int mymm_device_init(umode_t mode);
void mymm_device_exit(void);

/* fault.c */
extern const struct vm_operations_struct mymm_vm_ops;

/* oom.c */
bool mymm_out_of_memory(const struct mymm_request *request);
void mymm_oom_retire(struct work_struct *work);

/* fork.c */
void mymm_fork_slots(struct mymm_vma *parent, struct mymm_region *child);

/* vm.c */
struct mymm_vm *mymm_vm_get(const char *pool_name);
struct mymm_vm *mymm_vm_get_of(struct mymm_pool *pool);
void mymm_vm_put(struct mymm_vm *vm);
void mymm_vm_left(void);
struct mymm_vm *mymm_vm_default(void);
int mymm_vm_init(void);
void mymm_vm_exit(void);

/* region.c */
int mymm_region_mmap(struct mymm_space *space, struct vm_area_struct *vma);
void mymm_vma_open(struct vm_area_struct *vma);
void mymm_vma_close(struct vm_area_struct *vma);
int mymm_vma_mremap(struct vm_area_struct *vma);
struct page *mymm_slot_lock(struct mymm_region *region, unsigned long addr,
			    u64 slot);
/* Takes out what may map a page, which is locked, to the address that it is a slot's of. */
typedef void mymm_unmap_fn(struct page *page, unsigned long addr, void *data);
void mymm_slots_empty(struct mymm_region *region, unsigned long start,
		      unsigned long end, mymm_unmap_fn *unmap, void *data);
int mymm_region_discard(unsigned long addr, unsigned long len, bool locked);
struct mymm_region *mymm_region_next(struct mymm_vm *vm,
				     struct mymm_region *region);
void mymm_region_put(struct mymm_region *region);

static inline struct mymm_region *
mymm_region_of(const struct vm_area_struct *vma)
{
	return ((struct mymm_vma *)vma->vm_private_data)->region;
}

static inline struct page *mymm_slot_page(const struct mymm_vm *vm, u64 slot)
{
	return vm->page[mymm_slot_pfn(slot)];
}

#endif /* _MYMM_PROCESS_VM_H */
