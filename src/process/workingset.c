// SPDX-License-Identifier: GPL-2.0
/*
 * Refaults: was a page evicted that is in use?
 *
 * The inactive list is a queue: a page that is not used again before it gets to the tail goes. How
 * long that takes depends on how much of memory is active. A page that is used again a little
 * too late is evicted, though the active list has pages that are not used at all.
 *
 * Each node counts how many pages have left its inactive list: its age. What is left of an evicted
 * page is a shadow: the age at that time. When the page comes back, the age has grown by as many
 * pages as would have had to stay for it to be still there: the refault distance. If the active
 * list is as long as that, the page would have stayed, had the active ones not been there. So it
 * becomes active at once, to compete with these.
 *
 *	shadow:  | age ............ | node (6) | was active once (1) | 1 |
 *
 * The algorithm is that of mm/workingset.c of Linux 6.12.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "page/pool.h"
#include "page/vmstat.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/swap.h"
#include "process/trace.h"
#include "process/vm.h"
#include "process/vmscan.h"
#include "process/workingset.h"

#define SHADOW_PRESENT BIT_ULL(0)
#define SHADOW_ACTIVE BIT_ULL(1)
#define SHADOW_NODE_SHIFT 2
#define SHADOW_NODE_BITS 6
#define SHADOW_AGE_SHIFT (SHADOW_NODE_SHIFT + SHADOW_NODE_BITS)
#define SHADOW_AGE_MASK (U64_MAX >> SHADOW_AGE_SHIFT)

static_assert(MYMM_MAX_NODES <= 1 << SHADOW_NODE_BITS, "a node fits");

/**
 * mymm_workingset_eviction() - a page is evicted
 * @vm: whose page
 * @page: the page, locked
 *
 * Context: process.
 * Return: its shadow.
 */
u64 mymm_workingset_eviction(struct mymm_vm *vm, struct page *page)
{
	struct mymm_lruvec *lruvec = mymm_lruvec_of(vm, page);
	u64 age = atomic_long_inc_return(&lruvec->age) - 1;

	return age << SHADOW_AGE_SHIFT |
	       (u64)(lruvec - vm->lruvec) << SHADOW_NODE_SHIFT |
	       (mymm_mapped_workingset(page) ? SHADOW_ACTIVE : 0) |
	       SHADOW_PRESENT;
}

static unsigned long all_of(const struct mymm_lruvec *lruvec, enum mymm_lru lru)
{
	return mymm_lru_size(lruvec, lru, MYMM_NR_ZONE_TYPES);
}

static struct mymm_lruvec *lruvec_of_shadow(struct mymm_vm *vm, u64 shadow)
{
	return &vm->lruvec[shadow >> SHADOW_NODE_SHIFT &
			   (BIT(SHADOW_NODE_BITS) - 1)];
}

/* How many pages have left the list since. */
static u64 distance_of(struct mymm_vm *vm, u64 shadow)
{
	u64 now = atomic_long_read(&lruvec_of_shadow(vm, shadow)->age);

	return (now - (shadow >> SHADOW_AGE_SHIFT)) & SHADOW_AGE_MASK;
}

/* Would it have stayed if all memory were the working set's? */
static bool is_recent(struct mymm_vm *vm, enum mymm_lru_kind kind, u64 shadow,
		      u64 distance)
{
	const struct mymm_lruvec *lruvec = lruvec_of_shadow(vm, shadow);
	unsigned long size = all_of(lruvec, MYMM_LRU_ACTIVE_FILE);

	if (kind == MYMM_ANON)
		size += all_of(lruvec, MYMM_LRU_INACTIVE_FILE);
	/* What can't be swapped does not compete. */
	if (mymm_swap_nr_free(vm)) {
		size += all_of(lruvec, MYMM_LRU_ACTIVE_ANON);
		if (kind == MYMM_FILE)
			size += all_of(lruvec, MYMM_LRU_INACTIVE_ANON);
	}
	return distance <= size;
}

/**
 * mymm_workingset_stalls() - is it for lack of memory that a page has to be read?
 * @shadow: what mymm_workingset_eviction() left; 0: nothing
 *
 * Context: any.
 * Return: it was active before it was evicted, so it is of the working set.
 */
bool mymm_workingset_stalls(u64 shadow)
{
	return shadow & SHADOW_ACTIVE;
}

/**
 * mymm_workingset_refault() - a page is back
 * @vm: whose page
 * @page: the page, locked, and on no list yet
 * @shadow: what mymm_workingset_eviction() left; 0: nothing
 *
 * Context: process.
 */
void mymm_workingset_refault(struct mymm_vm *vm, struct page *page, u64 shadow)
{
	struct mymm_lruvec *lruvec = mymm_lruvec_of(vm, page);
	enum mymm_lru_kind kind = mymm_lru_kind(page);
	bool recent;
	u64 distance;

	if (!shadow)
		return;
	mymm_vm_count(vm->pool, MYMM_WORKINGSET_REFAULT_ANON + kind, 1);
	distance = distance_of(vm, shadow);
	recent = is_recent(vm, kind, shadow, distance);
	trace_mymm_refault(vm->pool->name, mymm_mapped_pfn(page),
			   kind == MYMM_FILE, distance, recent);
	if (!recent)
		return;
	folio_set_active(page_folio(page));
	atomic_long_inc(&lruvec->age);
	atomic_long_inc(&lruvec->activated[kind]);
	mymm_vm_count(vm->pool, MYMM_WORKINGSET_ACTIVATE_ANON + kind, 1);
	if (!(shadow & SHADOW_ACTIVE))
		return;
	mymm_mapped_set_workingset(page);
	mymm_vmscan_note_cost(lruvec, kind, 1, 0);
	mymm_vm_count(vm->pool, MYMM_WORKINGSET_RESTORE_ANON + kind, 1);
}
