// SPDX-License-Identifier: GPL-2.0
/*
 * Swap: where the contents of a page are when it has no frame.
 *
 * An area has a slot for each page. A slot has references: one of each slot of a table (table.h)
 * that has its entry, which a fork copies, and one of a page that is *cached*: which has the same
 * contents at this moment. Such a page may be evicted without a write, and what still has
 * the entry finds it there. Before it is written to, it is taken out of the cache.
 *
 * What looks at a slot for a moment is a *looker*: it has a reference, too, which is counted apart.
 * What puts an entry into a slot of a table, or takes it out, is one meanwhile; so as long as no
 * looker comes, the slots of tables that have the entry stay as many (swap_check.c).
 *
 *	          evicted                            used again
 *	page  ------------->  page, cached  ------>  slot alone  ------>  page, cached, or alone
 *	      alloc, add, write     slots of tables  read, add
 *	                            get the entry,
 *	                            the page is freed
 *
 * Areas are taken by priority; those with equal ones take turns, page by page.
 *
 * The order of things is that of mm/swapfile.c and mm/swap_state.c of Linux 6.12.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/vmalloc.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "process/mapped.h"
#include "process/swap.h"
#include "process/trace.h"
#include "process/vm.h"

/* --- entries ---------------------------------------------------------------------- */

static u32 make_entry(const struct mymm_swap_area *area, u32 offset)
{
	return area->number << MYMM_SWAP_OFFSET_BITS | offset;
}

static u32 offset_of(u32 entry)
{
	return entry & (MYMM_SWAP_MAX_SLOTS - 1);
}

/* With the lock, or a reference to the slot. NULL: there is no such area any more. */
static struct mymm_swap_area *area_of(struct mymm_vm *vm, u32 entry)
{
	return vm->swap.area[entry >> MYMM_SWAP_OFFSET_BITS];
}

/* With a reference to the slot. */
static struct mymm_swap_slot *slot_of(struct mymm_vm *vm, u32 entry)
{
	return &area_of(vm, entry)->slot[offset_of(entry)];
}

/* A free slot of an area; 0: there is none. With the lock. */
static u32 find_free(struct mymm_swap_area *area)
{
	unsigned long at;

	if (!area->usable || area->nr_used == area->nr)
		return 0;
	at = find_next_zero_bit(area->used, area->nr + 1, area->next);
	if (at > area->nr)
		at = find_next_zero_bit(area->used, area->nr + 1, 1);
	area->next = at + 1;
	return at;
}

/* The area moves behind those with the same priority, so that they take turns. */
static void take_turn(struct mymm_swap *swap, struct mymm_swap_area *area)
{
	struct mymm_swap_area *other = area;

	list_for_each_entry_continue(other, &swap->areas, list)
		if (other->priority < area->priority)
			break;
	list_move_tail(&area->list, &other->list);
}

/* The page has the slot's contents. The reference to the slot is the cache's. With the lock. */
static void set_cached(struct mymm_vm *vm, u32 entry, const struct page *page)
{
	const u32 pfn = mymm_mapped_pfn(page);

	slot_of(vm, entry)->frame = pfn;
	vm->swap.cached[pfn] = entry;
	mymm_vm_count(vm->pool, MYMM_NR_SWAPCACHED, 1);
}

/**
 * mymm_swap_alloc() - a free slot for a page, which is cached from now on
 * @vm: the pool
 * @page: the page, locked; it is to be written before it is unlocked
 *
 * It is cached at once, so that readahead does not read what the slot had before.
 *
 * Context: process.
 * Return: its entry; the reference is the cache's; 0: none is free.
 */
u32 mymm_swap_alloc(struct mymm_vm *vm, struct page *page)
{
	struct mymm_swap *swap = &vm->swap;
	struct mymm_swap_area *area;
	u32 at;

	guard(spinlock)(&swap->lock);
	list_for_each_entry(area, &swap->areas, list) {
		at = find_free(area);
		if (!at)
			continue;
		__set_bit(at, area->used);
		area->nr_used++;
		swap->nr_free--;
		area->slot[at] = (struct mymm_swap_slot){
			.count = 1,
			.looks = area->slot[at].looks,
		};
		set_cached(vm, make_entry(area, at), page);
		take_turn(swap, area);
		return make_entry(area, at);
	}
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_swap_alloc);

/* The slot of an entry that may be anything, if it is in use; else NULL. With the lock. */
static struct mymm_swap_slot *used_slot_of(struct mymm_vm *vm, u32 entry)
{
	const struct mymm_swap_area *area = area_of(vm, entry);

	if (!area || offset_of(entry) > area->nr ||
	    !area->slot[offset_of(entry)].count)
		return NULL;
	return &area->slot[offset_of(entry)];
}

/** mymm_swap_in_use() - is there such a slot, and does anything refer to it? */
bool mymm_swap_in_use(struct mymm_vm *vm, u32 entry)
{
	guard(spinlock)(&vm->swap.lock);
	return used_slot_of(vm, entry);
}

/**
 * mymm_swap_get() - become a looker of a slot that may be free by now
 * @vm: the pool
 * @entry: was read from a slot of a table
 *
 * Context: process.
 * Return: is it? Then mymm_swap_put(), mymm_swap_drop() or mymm_swap_keep() ends that. If not, the
 * slot of the table has changed.
 */
bool mymm_swap_get(struct mymm_vm *vm, u32 entry)
{
	struct mymm_swap_slot *slot;

	guard(spinlock)(&vm->swap.lock);
	slot = used_slot_of(vm, entry);
	if (!slot)
		return false;
	slot->count++;
	slot->lookers++;
	slot->looks++;
	return true;
}
MYMM_EXPORT_INTERNAL(mymm_swap_get);

/**
 * mymm_swap_keep() - a looker's reference becomes that of a slot of a table
 * @vm: the pool
 * @entry: the caller is a looker, and that slot has its entry
 *
 * Context: process.
 */
void mymm_swap_keep(struct mymm_vm *vm, u32 entry)
{
	guard(spinlock)(&vm->swap.lock);
	slot_of(vm, entry)->lookers--;
}
MYMM_EXPORT_INTERNAL(mymm_swap_keep);

/**
 * mymm_swap_dup() - one reference more, of a slot of a table
 * @vm: the pool
 * @entry: the caller is a looker
 *
 * Context: process.
 */
void mymm_swap_dup(struct mymm_vm *vm, u32 entry)
{
	guard(spinlock)(&vm->swap.lock);
	slot_of(vm, entry)->count++;
}
MYMM_EXPORT_INTERNAL(mymm_swap_dup);

/**
 * mymm_swap_undup() - a reference of a slot of a table goes
 * @vm: the pool
 * @entry: the caller is a looker, so it is not the last
 *
 * Context: process.
 */
void mymm_swap_undup(struct mymm_vm *vm, u32 entry)
{
	guard(spinlock)(&vm->swap.lock);
	slot_of(vm, entry)->count--;
}
MYMM_EXPORT_INTERNAL(mymm_swap_undup);

/* A reference goes; with the last the slot is free. With the lock. */
static void put(struct mymm_vm *vm, u32 entry)
{
	struct mymm_swap_area *area = area_of(vm, entry);

	if (--area->slot[offset_of(entry)].count)
		return;
	__clear_bit(offset_of(entry), area->used);
	area->nr_used--;
	vm->swap.nr_free += area->usable;
}

/**
 * mymm_swap_put() - be a looker no longer; with the last reference the slot is free
 * @vm: the pool
 * @entry: which
 *
 * Context: process.
 */
void mymm_swap_put(struct mymm_vm *vm, u32 entry)
{
	guard(spinlock)(&vm->swap.lock);
	slot_of(vm, entry)->lookers--;
	put(vm, entry);
}
MYMM_EXPORT_INTERNAL(mymm_swap_put);

/**
 * mymm_swap_count() - references to a slot
 * @vm: the pool
 * @entry: the caller has a reference
 *
 * Context: process.
 * Return: how many.
 */
u32 mymm_swap_count(struct mymm_vm *vm, u32 entry)
{
	return READ_ONCE(slot_of(vm, entry)->count);
}

/** mymm_swap_has_cached() - has a page the contents of the slot? A guess; with a reference */
bool mymm_swap_has_cached(struct mymm_vm *vm, u32 entry)
{
	return READ_ONCE(slot_of(vm, entry)->frame) != MYMM_NO_FRAME;
}

/** mymm_swap_reads_ahead() - is it worth to read what is beside a slot? With a reference */
bool mymm_swap_reads_ahead(struct mymm_vm *vm, u32 entry)
{
	return !area_of(vm, entry)->io->immediate;
}

/**
 * mymm_swap_keeps() - does a page that was read stay in the slot, too?
 * @vm: the pool
 * @entry: the caller has a reference
 *
 * If it is not written to, it can be evicted without a write then. But not where that costs more
 * than it saves: in an area that is memory itself, in one that is not used any more, and when more
 * than half of the room is used.
 *
 * Context: process.
 * Return: it does.
 */
bool mymm_swap_keeps(struct mymm_vm *vm, u32 entry)
{
	const struct mymm_swap_area *area = area_of(vm, entry);

	return !area->io->immediate && READ_ONCE(area->usable) &&
	       2 * READ_ONCE(vm->swap.nr_free) > READ_ONCE(vm->swap.total);
}

/** mymm_swap_shadow() - what was left of the page; see workingset.c; with a reference */
u64 mymm_swap_shadow(struct mymm_vm *vm, u32 entry)
{
	return READ_ONCE(slot_of(vm, entry)->shadow);
}

/** mymm_swap_set_shadow() - leave what is to be left of a page; with a reference */
void mymm_swap_set_shadow(struct mymm_vm *vm, u32 entry, u64 shadow)
{
	WRITE_ONCE(slot_of(vm, entry)->shadow, shadow);
}

/**
 * mymm_swap_set_usable() - are slots of an area given out?
 * @area: the area
 * @usable: they are
 *
 * Context: process; with the lock.
 */
void mymm_swap_set_usable(struct mymm_swap_area *area, bool usable)
{
	struct mymm_swap *swap = &area->vm->swap;
	unsigned long nr = area->nr - area->nr_used;

	if (area->usable == usable)
		return;
	area->usable = usable;
	swap->nr_free += usable ? nr : -nr;
}

/*
 * What can't be written stays in its frame. So that reclaim does not try it with each page, and
 * again and again, nothing more is written there; unless it was for lack of memory, which passes.
 */
static void give_up(struct mymm_swap_area *area, int err)
{
	scoped_guard(spinlock, &area->vm->swap.lock)
	{
		if (area->failed)
			return;
		area->failed = true;
		mymm_swap_set_usable(area, false);
	}
	pr_err("pool %s: a swap area can't be written (%d): no more is swapped out to it until it was taken away and made again\n",
	       area->vm->pool->name, err);
}

/* --- contents --------------------------------------------------------------------- */

/**
 * mymm_swap_read() - read a slot
 * @vm: the pool
 * @entry: the caller has a reference
 * @page: into which page, locked
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int mymm_swap_read(struct mymm_vm *vm, u32 entry, struct page *page)
{
	struct mymm_swap_area *area = area_of(vm, entry);
	int err = area->io->read(area, offset_of(entry), page);

	if (!err)
		mymm_vm_count(vm->pool, MYMM_PSWPIN, 1);
	trace_mymm_swap_in(vm->pool->name, mymm_mapped_pfn(page), entry, err);
	return err;
}

/**
 * mymm_swap_write() - write a slot
 * @vm: the pool
 * @entry: the caller has a reference
 * @page: from which page, locked, and mapped nowhere
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int mymm_swap_write(struct mymm_vm *vm, u32 entry, struct page *page)
{
	struct mymm_swap_area *area = area_of(vm, entry);
	int err = area->io->write(area, offset_of(entry), page);

	if (!err)
		mymm_vm_count(vm->pool, MYMM_PSWPOUT, 1);
	else if (err != -ENOMEM)
		give_up(area, err);
	trace_mymm_swap_out(vm->pool->name, mymm_mapped_pfn(page), entry, err);
	return err;
}

/* --- the cache -------------------------------------------------------------------- */

/**
 * mymm_swap_cached() - which slot has the contents of a page?
 * @vm: the pool
 * @page: the page, locked
 *
 * Context: process.
 * Return: its entry; 0: none has.
 */
u32 mymm_swap_cached(const struct mymm_vm *vm, const struct page *page)
{
	return vm->swap.cached[mymm_mapped_pfn(page)];
}

/**
 * mymm_swap_cache_add() - a page has the contents of a slot
 * @vm: the pool
 * @entry: the slot; the caller has a reference; the cache takes another
 * @page: the page, locked
 *
 * Context: process.
 * Return: false: another page has them.
 */
bool mymm_swap_cache_add(struct mymm_vm *vm, u32 entry, struct page *page)
{
	struct mymm_swap_slot *slot = slot_of(vm, entry);

	guard(spinlock)(&vm->swap.lock);
	if (slot->frame != MYMM_NO_FRAME)
		return false;
	slot->count++;
	set_cached(vm, entry, page);
	return true;
}

/**
 * mymm_swap_cache_del() - a page is freed, or written to: it has no slot any more
 * @vm: the pool
 * @page: the page, locked; is cached, or not
 *
 * Context: process.
 */
void mymm_swap_cache_del(struct mymm_vm *vm, struct page *page)
{
	u32 pfn = mymm_mapped_pfn(page), entry = vm->swap.cached[pfn];

	if (!entry)
		return;
	guard(spinlock)(&vm->swap.lock);
	vm->swap.cached[pfn] = 0;
	slot_of(vm, entry)->frame = MYMM_NO_FRAME;
	mymm_vm_count(vm->pool, MYMM_NR_SWAPCACHED, -1);
	put(vm, entry);
}

/**
 * mymm_swap_cache_move() - another page has what a page has
 * @vm: the pool
 * @page: the page, locked; is cached, or not
 * @to: the other, locked; is not cached
 *
 * Context: process.
 */
void mymm_swap_cache_move(struct mymm_vm *vm, struct page *page,
			  struct page *to)
{
	u32 entry = mymm_swap_cached(vm, page);

	if (!entry)
		return;
	guard(spinlock)(&vm->swap.lock);
	vm->swap.cached[mymm_mapped_pfn(page)] = 0;
	vm->swap.cached[mymm_mapped_pfn(to)] = entry;
	slot_of(vm, entry)->frame = mymm_mapped_pfn(to);
}

/**
 * mymm_swap_cache_get() - the page that has the contents of a slot
 * @vm: the pool
 * @entry: the slot; the caller has a reference
 *
 * Context: process; sleeps.
 * Return: the page, locked; NULL: there is none.
 */
struct page *mymm_swap_cache_get(struct mymm_vm *vm, u32 entry)
{
	struct mymm_swap_slot *slot = slot_of(vm, entry);
	struct page *page;
	bool is_it;

	scoped_guard(spinlock, &vm->swap.lock)
	{
		if (slot->frame == MYMM_NO_FRAME)
			return NULL;
		page = vm->page[slot->frame];
		get_page(page);
	}
	lock_page(page);
	/* It may have been freed, and wait in limbo until this reference goes. */
	is_it = READ_ONCE(page->mapping) && mymm_swap_cached(vm, page) == entry;
	put_page(page);
	if (is_it)
		return page;
	unlock_page(page);
	return NULL;
}

/* --- all of it -------------------------------------------------------------------- */

/** mymm_swap_nr_free() - slots that can be had, of all areas */
unsigned long mymm_swap_nr_free(const struct mymm_vm *vm)
{
	return READ_ONCE(vm->swap.nr_free);
}

/** mymm_swap_total() - slots of all areas, but for one that is being taken away */
unsigned long mymm_swap_total(const struct mymm_vm *vm)
{
	return READ_ONCE(vm->swap.total);
}

/**
 * mymm_swap_slots() - how many slots of swap areas there are
 * @pool: of which pool's areas
 * @total: is filled: of all areas, but for one that is being taken away
 * @free: is filled: those that can be had
 *
 * Context: any.
 */
void mymm_swap_slots(struct mymm_pool *pool, unsigned long *total,
		     unsigned long *free)
{
	*total = mymm_swap_total(pool->vm);
	*free = mymm_swap_nr_free(pool->vm);
}

/**
 * mymm_swap_init() - a pool has no swap area yet
 * @vm: the pool
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_swap_init(struct mymm_vm *vm)
{
	spin_lock_init(&vm->swap.lock);
	mutex_init(&vm->swap.change);
	INIT_LIST_HEAD(&vm->swap.areas);
	vm->swap.lowest = -1;
	/* As if the first pages had been used: so that readahead begins. */
	atomic_set(&vm->swap.ahead.hits, 4);
	vm->swap.cached = kvcalloc(vm->pool->nr_frames,
				   sizeof(*vm->swap.cached), GFP_KERNEL);
	return vm->swap.cached ? 0 : -ENOMEM;
}

/** mymm_swap_exit() - undo mymm_swap_init(); there is no area */
void mymm_swap_exit(struct mymm_vm *vm)
{
	kvfree(vm->swap.cached);
}
