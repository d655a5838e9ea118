// SPDX-License-Identifier: GPL-2.0
/*
 * The validator's part for swap: a slot has as many references as there is what refers to it.
 *
 *	references  =  slots of tables that have its entry  +  1 if a page is cached  +  lookers
 *
 * To count slots of tables takes a pass over all regions, and processes go on meanwhile. But a slot
 * of a table gets or loses an entry only by what is a looker of it at that time, and each looker
 * that comes is counted. So if the swap slot has no looker when the pass begins, and none has come
 * by its end, those slots of tables are as many as were found, and the numbers must be equal. Of
 * the others nothing is said: with the next check, they are quiet, or other ones are.
 *
 *	                begin                the pass                end
 *	slot 1    lookers 0, looks 7                           looks 7    compared
 *	slot 2    lookers 0, looks 3      swapped in           looks 4    left out
 *	slot 3    lookers 1                                               left out
 *
 * What is cheap to see is looked at of every slot: those in use are marked as such, they are as
 * many as the area says, and a page that is cached knows its slot.
 *
 * Locking. With vm->lock no area goes. One that comes is not in the census.
 */
#include <linux/bitmap.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/finding.h"
#include "page/frame.h"
#include "process/swap.h"
#include "process/vm.h"

/* Slots that are looked at with the lock held. */
#define AT_ONCE 64U

/**
 * struct count - what is known of a slot
 * @refs: slots of tables that have its entry
 * @looks: of the slot, when the pass began
 * @busy: it had a looker then
 */
struct count {
	u32 refs;
	u32 looks;
	bool busy;
};

/**
 * struct mymm_swap_census - a pass over all regions
 * @vm: the pool
 * @nr: by area: one past the last slot that was in use when the pass began
 * @count: by area: of each slot
 */
struct mymm_swap_census {
	struct mymm_vm *vm;
	unsigned long nr[MYMM_SWAP_AREAS];
	struct count *count[MYMM_SWAP_AREAS];
};

/** mymm_swap_census_free() - forget it; @census is from mymm_swap_census_begin() */
void mymm_swap_census_free(struct mymm_swap_census *census)
{
	unsigned int i;

	for (i = 0; i < MYMM_SWAP_AREAS; i++)
		kvfree(census->count[i]);
	kfree(census);
}
MYMM_EXPORT_INTERNAL(mymm_swap_census_free);

/* How it is before the pass. False: the kernel has no memory. */
static bool begin_area(struct mymm_swap_census *census,
		       const struct mymm_swap_area *area)
{
	const unsigned long last = find_last_bit(area->used, area->nr + 1);
	const unsigned long nr = last > area->nr ? 0 : last + 1;
	struct count *count;
	unsigned long at;

	if (!nr)
		return true;
	count = kvcalloc(nr, sizeof(*count),
			 GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	if (!count)
		return false;
	census->count[area->number] = count;
	census->nr[area->number] = nr;
	for (at = 0; at < nr; cond_resched()) {
		guard(spinlock)(&census->vm->swap.lock);
		do {
			count[at].looks = area->slot[at].looks;
			count[at].busy = area->slot[at].lookers;
		} while (++at % AT_ONCE && at < nr);
	}
	return true;
}

/**
 * mymm_swap_census_begin() - before a pass over all regions
 * @vm: the pool
 *
 * Context: process; sleeps; with vm->lock, until mymm_swap_census_end().
 * Return: what counts; NULL: the kernel has no memory for it.
 */
struct mymm_swap_census *mymm_swap_census_begin(struct mymm_vm *vm)
{
	struct mymm_swap_census *census = kzalloc(sizeof(*census), GFP_KERNEL);
	unsigned int i;

	if (!census)
		return NULL;
	lockdep_assert_held(&vm->lock);
	census->vm = vm;
	for (i = 0; i < MYMM_SWAP_AREAS; i++) {
		const struct mymm_swap_area *area = READ_ONCE(vm->swap.area[i]);

		if (area && !begin_area(census, area)) {
			mymm_swap_census_free(census);
			return NULL;
		}
	}
	return census;
}
MYMM_EXPORT_INTERNAL(mymm_swap_census_begin);

/**
 * mymm_swap_census_entry() - a slot of a table has an entry
 * @census: from mymm_swap_census_begin()
 * @entry: the entry, whatever it is
 *
 * Context: any.
 */
void mymm_swap_census_entry(struct mymm_swap_census *census, u32 entry)
{
	const u32 number = entry >> MYMM_SWAP_OFFSET_BITS;
	const u32 offset = entry & (MYMM_SWAP_MAX_SLOTS - 1);

	if (offset < census->nr[number])
		census->count[number][offset].refs++;
}
MYMM_EXPORT_INTERNAL(mymm_swap_census_entry);

/* With the lock. */
static int check_references(const struct mymm_swap_area *area, u32 at,
			    const struct count *count,
			    struct mymm_finding *finding)
{
	const struct mymm_swap_slot *slot = &area->slot[at];
	const u32 cached = slot->count && slot->frame != MYMM_NO_FRAME;

	if (count->busy || slot->looks != count->looks ||
	    slot->count == count->refs + cached)
		return 0;
	return mymm_find(
		finding, 11,
		"slot %u of swap area %u has %u references, and %u slots of tables and %u pages refer to it",
		at, area->number, slot->count, count->refs, cached);
}

/* With the lock: what can be seen of the slot itself. */
static int check_slot(const struct mymm_swap_area *area, u32 at,
		      struct mymm_finding *finding)
{
	const struct mymm_swap_slot *slot = &area->slot[at];
	const u32 entry = area->number << MYMM_SWAP_OFFSET_BITS | at;

	if (test_bit(at, area->used) != !!slot->count)
		return mymm_find(
			finding, 11,
			"slot %u of swap area %u has %u references, and is marked as %s",
			at, area->number, slot->count,
			slot->count ? "free" : "used");
	if (slot->count && slot->frame != MYMM_NO_FRAME &&
	    (slot->frame >= area->vm->pool->nr_frames ||
	     area->vm->swap.cached[slot->frame] != entry))
		return mymm_find(
			finding, 11,
			"slot %u of swap area %u is cached in frame %u, which does not know it",
			at, area->number, slot->frame);
	return 0;
}

static int check_used(const struct mymm_swap_area *area,
		      struct mymm_finding *finding)
{
	unsigned long used;

	guard(spinlock)(&area->vm->swap.lock);
	used = bitmap_weight(area->used, area->nr + 1);
	if (used == area->nr_used)
		return 0;
	return mymm_find(finding, 11,
			 "swap area %u has %lu slots in use, and says %lu",
			 area->number, used, area->nr_used);
}

static int end_area(const struct mymm_swap_census *census,
		    const struct mymm_swap_area *area,
		    struct mymm_finding *finding)
{
	const struct count *count = census->count[area->number];
	const unsigned long nr = census->nr[area->number];
	unsigned long at;
	int err = 0;

	for (at = 1; at < nr && !err; cond_resched()) {
		guard(spinlock)(&census->vm->swap.lock);
		do {
			err = check_slot(area, at, finding) ?:
				      check_references(area, at, &count[at],
						       finding);
		} while (++at % AT_ONCE && at < nr && !err);
	}
	return err ?: check_used(area, finding);
}

/**
 * mymm_swap_census_end() - after the pass: is what was counted right?
 * @census: from mymm_swap_census_begin(); mymm_swap_census_entry() had each entry of a table
 * @finding: what was found
 *
 * Context: process; sleeps; with vm->lock.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_swap_census_end(struct mymm_swap_census *census,
			 struct mymm_finding *finding)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < MYMM_SWAP_AREAS && !err; i++)
		if (census->count[i])
			err = end_area(census, census->vm->swap.area[i],
				       finding);
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_swap_census_end);
