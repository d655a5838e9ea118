// SPDX-License-Identifier: GPL-2.0
/*
 * Readahead: with a page that is read from a swap area, those in the slots beside it.
 *
 * Pages that were evicted together are in slots beside each other, and are often used together
 * again. How many are read follows from how many of those that were read the last time were used:
 *
 *	none, and this slot is not the next    1
 *	none, but it is                        2
 *	h of them                              the power of 2 that h + 2 fits into
 *
 * but at most 2 to the power of page-cluster, and not less than half of the last time, which it
 * was too early to judge. A page that is read ahead is cached, and no slot of a table points to
 * it; if nobody wants it, reclaim takes it as it takes others.
 *
 * The order of things is that of swap_cluster_readahead() and swapin_nr_pages() in Linux 6.12.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "base/compat.h"
#include "page/vmstat.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/swap.h"
#include "process/sysctl.h"
#include "process/vm.h"
#include "process/workingset.h"

/* How many slots are read with the one at @offset, which is among them; a power of 2. */
static unsigned int window_of(struct mymm_swap *swap, u32 offset)
{
	unsigned int most = 1U << READ_ONCE(mymm_vm_sysctl.page_cluster);
	unsigned int hits = atomic_xchg(&swap->ahead.hits, 0), nr;
	u32 before = READ_ONCE(swap->ahead.offset);

	if (hits)
		nr = roundup_pow_of_two(max(hits + 2, 4U));
	else
		nr = offset == before + 1 || offset == before - 1 ? 2 : 1;
	nr = clamp(nr, min(READ_ONCE(swap->ahead.window) / 2, most), most);
	if (!hits)
		WRITE_ONCE(swap->ahead.offset, offset);
	WRITE_ONCE(swap->ahead.window, nr);
	return max(nr, 1U);
}

/* Read a slot that is in use, if no page has it. */
static void read_slot(struct mymm_vm *vm, u32 entry)
{
	struct page *page;

	if (!mymm_swap_get(vm, entry))
		return;
	page = mymm_swap_has_cached(vm, entry) ?
		       NULL :
		       mymm_mapped_alloc_unowned(vm, __GFP_NORETRY);
	if (!page)
		goto out;
	if (mymm_swap_read(vm, entry, page) ||
	    !mymm_swap_cache_add(vm, entry, page)) {
		mymm_mapped_free(vm, page);
		goto out;
	}
	folio_set_readahead(page_folio(page));
	mymm_vm_count(vm->pool, MYMM_SWAP_RA, 1);
	mymm_workingset_refault(vm, page, mymm_swap_shadow(vm, entry));
	mymm_lru_add(vm, page);
	unlock_page(page);
out:
	/* Nobody may want it any more. */
	mymm_swap_drop(vm, entry);
}

/**
 * mymm_swap_readahead() - read what is beside a slot
 * @vm: the pool
 * @entry: the slot, which the caller reads itself
 *
 * Context: process; sleeps; with no lock of ours held.
 */
void mymm_swap_readahead(struct mymm_vm *vm, u32 entry)
{
	unsigned int window =
		window_of(&vm->swap, entry & (MYMM_SWAP_MAX_SLOTS - 1));
	u32 at = ALIGN_DOWN(entry, window), end = at + window;

	for (; at < end; at++)
		if (at != entry)
			read_slot(vm, at);
}

/**
 * mymm_swap_readahead_used() - somebody wants a page that was perhaps read ahead
 * @vm: the pool
 * @page: the page, locked
 *
 * Context: process.
 */
void mymm_swap_readahead_used(struct mymm_vm *vm, struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!folio_test_readahead(folio))
		return;
	folio_clear_readahead(folio);
	atomic_inc(&vm->swap.ahead.hits);
	mymm_vm_count(vm->pool, MYMM_SWAP_RA_HIT, 1);
}
