/* SPDX-License-Identifier: GPL-2.0 */
/* Swap: areas, their slots, and pages that are in one, too. */
#ifndef _MYMM_PROCESS_SWAP_H
#define _MYMM_PROCESS_SWAP_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct file;
struct mymm_finding;
struct mymm_pool;
struct mymm_region;
struct mymm_swap_area;
struct mymm_swap_census;
struct mymm_vm;
struct page;

#define MYMM_SWAP_AREAS 32
#define MYMM_SWAP_NAME 64
/* A swap entry: the area's number, and the slot in it, from 1 on; 0 is none. */
#define MYMM_SWAP_OFFSET_BITS 27
#define MYMM_SWAP_MAX_SLOTS BIT(MYMM_SWAP_OFFSET_BITS)

/**
 * struct mymm_swap_slot - a page's room in an area
 * @count: references: one of each slot of a table, one of the page that is cached, and @lookers;
 *         0: it is free
 * @lookers: those that are held for a moment, by what looks at it. A slot of a table gets or loses
 *           the entry only by what has one of these
 * @looks: how often there was one more of them
 * @frame: of the page that has the same contents; MYMM_NO_FRAME: there is none
 * @shadow: of the page that was evicted, see workingset.c
 */
struct mymm_swap_slot {
	u32 count;
	u32 lookers;
	u32 looks;
	u32 frame;
	u64 shadow;
};

/**
 * struct mymm_swap_io - how an area is read and written
 * @type: what /proc/myswaps calls it
 * @immediate: to read costs so little that pages are read one by one, and not kept twice
 * @read: a slot into a page, which is locked; 0 or a negative errno. Process context; sleeps
 * @write: a page into a slot; likewise. What it returns is final: no error comes later
 * @end: give back what the area has
 */
struct mymm_swap_io {
	const char *type;
	bool immediate;
	int (*read)(struct mymm_swap_area *area, u32 offset, struct page *to);
	int (*write)(struct mymm_swap_area *area, u32 offset,
		     struct page *from);
	void (*end)(struct mymm_swap_area *area);
};

/**
 * struct mymm_swap_area - a swap area
 * @vm: whose
 * @number: which of its areas
 * @name: what /proc/myswaps calls it
 * @priority: those with the highest are used first
 * @nr: slots
 * @nr_used: those in use
 * @next: where to look for a free one
 * @usable: slots are given out
 * @failed: it could not be written
 * @used: a bit for each slot
 * @slot: the slots; [0] is none
 * @io: how it is read and written
 * @memory: what is behind an area in memory
 * @file: what is behind an area in a file
 * @list: in the order of priorities; those that are equal take turns
 */
struct mymm_swap_area {
	struct mymm_vm *vm;
	unsigned int number;
	char name[MYMM_SWAP_NAME];
	int priority;
	unsigned long nr;
	unsigned long nr_used;
	unsigned long next;
	bool usable;
	bool failed;
	unsigned long *used;
	struct mymm_swap_slot *slot;
	const struct mymm_swap_io *io;
	void *memory;
	struct file *file;
	struct list_head list;
};

/**
 * struct mymm_swap_ahead - what readahead has learned
 * @hits: pages that were read ahead and used since it was looked at
 * @offset: where it was when none had been
 * @window: how many pages it read then
 */
struct mymm_swap_ahead {
	atomic_t hits;
	u32 offset;
	unsigned int window;
};

/**
 * struct mymm_swap - the swap areas of a pool
 * @lock: of all below, and of all slots
 * @change: one area is made or taken away at a time
 * @area: by number
 * @areas: by priority
 * @total: slots of all areas, but for one that is being taken away
 * @nr_free: those of them that can be had
 * @lowest: the lowest priority that was given by default
 * @ahead: of readahead
 * @cached: by frame: the entry whose contents its page has; with the page's lock, and to change it
 *          with both
 */
struct mymm_swap {
	spinlock_t lock; /* see vm.h */
	struct mutex change; /* see vm.h */
	struct mymm_swap_area *area[MYMM_SWAP_AREAS];
	struct list_head areas;
	unsigned long total;
	unsigned long nr_free;
	int lowest;
	struct mymm_swap_ahead ahead;
	u32 *cached;
};

/* swap.c */
u32 mymm_swap_alloc(struct mymm_vm *vm, struct page *page);
bool mymm_swap_get(struct mymm_vm *vm, u32 entry);
void mymm_swap_keep(struct mymm_vm *vm, u32 entry);
void mymm_swap_dup(struct mymm_vm *vm, u32 entry);
void mymm_swap_undup(struct mymm_vm *vm, u32 entry);
void mymm_swap_put(struct mymm_vm *vm, u32 entry);
u32 mymm_swap_count(struct mymm_vm *vm, u32 entry);
bool mymm_swap_in_use(struct mymm_vm *vm, u32 entry);
bool mymm_swap_has_cached(struct mymm_vm *vm, u32 entry);
bool mymm_swap_reads_ahead(struct mymm_vm *vm, u32 entry);
bool mymm_swap_keeps(struct mymm_vm *vm, u32 entry);
u64 mymm_swap_shadow(struct mymm_vm *vm, u32 entry);
void mymm_swap_set_shadow(struct mymm_vm *vm, u32 entry, u64 shadow);
void mymm_swap_set_usable(struct mymm_swap_area *area, bool usable);
int mymm_swap_read(struct mymm_vm *vm, u32 entry, struct page *page);
int mymm_swap_write(struct mymm_vm *vm, u32 entry, struct page *page);
u32 mymm_swap_cached(const struct mymm_vm *vm, const struct page *page);
bool mymm_swap_cache_add(struct mymm_vm *vm, u32 entry, struct page *page);
void mymm_swap_cache_del(struct mymm_vm *vm, struct page *page);
void mymm_swap_cache_move(struct mymm_vm *vm, struct page *page,
			  struct page *to);
struct page *mymm_swap_cache_get(struct mymm_vm *vm, u32 entry);
unsigned long mymm_swap_nr_free(const struct mymm_vm *vm);
unsigned long mymm_swap_total(const struct mymm_vm *vm);
void mymm_swap_slots(struct mymm_pool *pool, unsigned long *total,
		     unsigned long *free);
int mymm_swap_init(struct mymm_vm *vm);
void mymm_swap_exit(struct mymm_vm *vm);

/* swap_check.c */
struct mymm_swap_census *mymm_swap_census_begin(struct mymm_vm *vm);
void mymm_swap_census_entry(struct mymm_swap_census *census, u32 entry);
int mymm_swap_census_end(struct mymm_swap_census *census,
			 struct mymm_finding *finding);
void mymm_swap_census_free(struct mymm_swap_census *census);

/* swapon.c */
struct mymm_swap_area *mymm_swap_make_area(struct mymm_vm *vm,
					   unsigned long pages);
int mymm_swap_open_area(struct mymm_vm *vm, struct mymm_swap_area *area,
			int priority);
void mymm_swap_free_area(struct mymm_swap_area *area);
int mymm_swapon_memory(struct mymm_vm *vm, unsigned long pages, int priority);
int mymm_swapoff(struct mymm_vm *vm, const char *name, int fd);
void mymm_swapoff_all(struct mymm_vm *vm);

/* swap_file.c */
int mymm_swapon_file(struct mymm_vm *vm, int fd, int priority);
int mymm_swap_file_init(void);
void mymm_swap_file_exit(void);

/* swap_readahead.c */
void mymm_swap_readahead(struct mymm_vm *vm, u32 entry);
void mymm_swap_readahead_used(struct mymm_vm *vm, struct page *page);

/* swap_in.c */
void mymm_swap_drop(struct mymm_vm *vm, u32 entry);
struct page *mymm_swap_in(struct mymm_region *region, unsigned long addr,
			  u64 slot, pgoff_t index, gfp_t gfp, bool *read);

#endif /* _MYMM_PROCESS_SWAP_H */
