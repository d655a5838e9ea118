// SPDX-License-Identifier: GPL-2.0
/*
 * The LRU lists of pages that processes have: for each node an inactive and an active one of
 * anonymous memory and of files, and one of pages that are locked.
 *
 *	          new pages             used again (vmscan.c), or back too soon (workingset.c)
 *	              |                        |
 *	              v                        v
 *	     head  inactive  tail     head  active  tail
 *	                      |        ^             |
 *	          reclaim <---+        |             +---> to the head of the inactive list
 *	                      +--------+
 *
 * Which list a page is on, its flags say: active, unevictable. page->lru is in no list of the
 * kernel's, since such a page is not on its LRU.
 *
 * Reclaim isolates pages: it takes them off their list, with a reference to each, and keeps
 * them in an array, since a page that is freed meanwhile needs page->lru to wait in limbo.
 * Whether it may go back on a list, page->mapping says, which a page loses before it is freed.
 *
 * The order of things is that of mm/swap.c and mm/vmscan.c of Linux 6.12, without its lists of
 * generations.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "page/frame.h"
#include "page/pool.h"
#include "page/vm_hooks.h"
#include "page/zone.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/vm.h"

static const struct mymm_zone *zone_of(const struct mymm_vm *vm,
				       const struct page *page)
{
	const struct mymm_pool *pool = vm->pool;

	return &pool->zone[mymm_tag_zone(
		READ_ONCE(pool->frame[mymm_mapped_pfn(page)].tag))];
}

/**
 * mymm_lruvec_of() - the lists that a page belongs to
 * @vm: whose page
 * @page: the page
 *
 * Context: any.
 * Return: those of its node.
 */
struct mymm_lruvec *mymm_lruvec_of(const struct mymm_vm *vm,
				   const struct page *page)
{
	return &vm->lruvec[zone_of(vm, page)->node];
}

/** mymm_lru_kind() - is a page of anonymous memory, or of a file? With its lock, or on a list */
enum mymm_lru_kind mymm_lru_kind(struct page *page)
{
	return folio_test_swapbacked(page_folio(page)) ? MYMM_ANON : MYMM_FILE;
}

static enum mymm_lru list_of(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (folio_test_unevictable(folio))
		return MYMM_LRU_UNEVICTABLE;
	return mymm_lru_inactive(mymm_lru_kind(page)) +
	       folio_test_active(folio);
}

/**
 * mymm_lru_size() - how many pages are on a list
 * @lruvec: of a node
 * @lru: which list
 * @highest: no pages of higher zones
 *
 * Context: any. A guess if the lock is not held.
 * Return: how many.
 */
unsigned long mymm_lru_size(const struct mymm_lruvec *lruvec, enum mymm_lru lru,
			    enum mymm_zone_type highest)
{
	unsigned long nr = 0;
	unsigned int type;

	for (type = 0; type < MYMM_NR_ZONE_TYPES && type <= highest; type++)
		nr += READ_ONCE(lruvec->nr[lru][type]);
	return nr;
}

/**
 * mymm_lru_total() - how many pages are on a list of all nodes
 * @vm: the pool
 * @lru: which list
 *
 * Context: any. A guess.
 * Return: how many.
 */
unsigned long mymm_lru_total(const struct mymm_vm *vm, enum mymm_lru lru)
{
	unsigned long nr = 0;
	unsigned int node;

	for (node = 0; node < vm->pool->nr_nodes; node++)
		nr += mymm_lru_size(&vm->lruvec[node], lru, MYMM_NR_ZONE_TYPES);
	return nr;
}

/**
 * mymm_lru_listed() - how many pages of a node are on each list
 * @pool: the pool
 * @node: which
 * @type: of zones of that type; MYMM_NR_ZONE_TYPES: of all
 * @nr: is filled, by enum mymm_lru
 *
 * Context: any. A guess.
 */
void mymm_lru_listed(struct mymm_pool *pool, const struct mymm_node *node,
		     enum mymm_zone_type type, unsigned long nr[MYMM_NR_LISTED])
{
	const struct mymm_lruvec *lruvec = &pool->vm->lruvec[node->id];
	enum mymm_lru lru;

	static_assert(MYMM_NR_LRU == MYMM_NR_LISTED);
	for (lru = 0; lru < MYMM_NR_LRU; lru++)
		nr[lru] = type == MYMM_NR_ZONE_TYPES ?
				  mymm_lru_size(lruvec, lru, type) :
				  READ_ONCE(lruvec->nr[lru][type]);
}

/* With the lock. */
static void add(struct mymm_vm *vm, struct mymm_lruvec *lruvec,
		struct page *page)
{
	enum mymm_lru lru = list_of(page);

	list_add(&page->lru, &lruvec->list[lru]);
	lruvec->nr[lru][zone_of(vm, page)->type]++;
}

static void del(struct mymm_vm *vm, struct mymm_lruvec *lruvec,
		struct page *page)
{
	list_del_init(&page->lru);
	lruvec->nr[list_of(page)][zone_of(vm, page)->type]--;
}

/**
 * mymm_lru_add() - put a new page on its list
 * @vm: whose page
 * @page: the page, locked
 *
 * Context: process.
 */
void mymm_lru_add(struct mymm_vm *vm, struct page *page)
{
	struct mymm_lruvec *lruvec = mymm_lruvec_of(vm, page);

	guard(spinlock)(&lruvec->lock);
	add(vm, lruvec, page);
}
MYMM_EXPORT_INTERNAL(mymm_lru_add);

/**
 * mymm_lru_del() - a page is about to be freed
 * @vm: whose page
 * @page: the page, locked; has no mapping any more, so that reclaim does not put it back
 *
 * Context: process.
 */
void mymm_lru_del(struct mymm_vm *vm, struct page *page)
{
	struct mymm_lruvec *lruvec = mymm_lruvec_of(vm, page);

	guard(spinlock)(&lruvec->lock);
	if (!list_empty(&page->lru))
		del(vm, lruvec, page);
}

/**
 * mymm_lru_mark_accessed() - a page was used by a call, which leaves no accessed bit
 * @vm: whose page
 * @page: the page, locked
 *
 * The second time it becomes active, as in Linux.
 *
 * Context: process.
 */
void mymm_lru_mark_accessed(struct mymm_vm *vm, struct page *page)
{
	struct mymm_lruvec *lruvec = mymm_lruvec_of(vm, page);
	struct folio *folio = page_folio(page);
	bool listed;

	if (!folio_test_referenced(folio)) {
		folio_set_referenced(folio);
		return;
	}
	if (folio_test_active(folio) || folio_test_unevictable(folio))
		return;
	scoped_guard(spinlock, &lruvec->lock)
	{
		listed = !list_empty(&page->lru);
		if (listed)
			del(vm, lruvec, page);
		folio_set_active(folio);
		if (listed)
			add(vm, lruvec, page);
	}
	folio_clear_referenced(folio);
	atomic_long_inc(&lruvec->age);
	mymm_vm_count(vm->pool, MYMM_PGACTIVATE, 1);
}

/**
 * mymm_lru_replace() - a page takes the place of another
 * @vm: whose pages
 * @page: the other, locked; has no mapping any more
 * @by: the page, locked; of the same zone, with the same flags
 *
 * If reclaim has isolated the other one, it begins anew.
 *
 * Context: process.
 */
void mymm_lru_replace(struct mymm_vm *vm, struct page *page, struct page *by)
{
	struct mymm_lruvec *lruvec = mymm_lruvec_of(vm, page);

	guard(spinlock)(&lruvec->lock);
	if (list_empty(&page->lru))
		add(vm, lruvec, by);
	else
		list_replace_init(&page->lru, &by->lru);
}

/**
 * mymm_lru_isolate() - take pages off the tail of a list
 * @vm: whose pages
 * @lruvec: of a node
 * @lru: which list
 * @highest: pages of higher zones are of no use, and go to the head
 * @nr: how many to look at; at most MYMM_LRU_BATCH
 * @batch: is filled
 *
 * Context: process.
 * Return: how many were looked at.
 */
unsigned long mymm_lru_isolate(struct mymm_vm *vm, struct mymm_lruvec *lruvec,
			       enum mymm_lru lru, enum mymm_zone_type highest,
			       unsigned long nr, struct mymm_lru_batch *batch)
{
	struct list_head *list = &lruvec->list[lru];
	unsigned long scanned = 0, skipped = 0, most;
	struct page *page;
	LIST_HEAD(above);

	batch->nr = 0;
	guard(spinlock)(&lruvec->lock);
	most = mymm_lru_size(lruvec, lru, MYMM_NR_ZONE_TYPES);
	while (scanned < nr && scanned + skipped < most) {
		page = list_last_entry(list, struct page, lru);
		if (zone_of(vm, page)->type > highest) {
			list_move(&page->lru, &above);
			skipped++;
			continue;
		}
		scanned++;
		get_page(page);
		del(vm, lruvec, page);
		batch->page[batch->nr++] = page;
	}
	list_splice(&above, list);
	return scanned;
}
MYMM_EXPORT_INTERNAL(mymm_lru_isolate);

/**
 * mymm_lru_putback() - put a page back that was isolated, and its reference
 * @vm: whose page
 * @page: the page
 *
 * Context: process.
 */
void mymm_lru_putback(struct mymm_vm *vm, struct page *page)
{
	struct mymm_lruvec *lruvec = mymm_lruvec_of(vm, page);

	spin_lock(&lruvec->lock);
	if (READ_ONCE(page->mapping))
		add(vm, lruvec, page);
	spin_unlock(&lruvec->lock);
	put_page(page);
}
MYMM_EXPORT_INTERNAL(mymm_lru_putback);

/**
 * mymm_lru_is_held() - has a page references that are not known?
 * @vm: whose page
 * @page: the page, locked; it is on its list, but for reclaim
 * @known: references that are
 *
 * Reclaim, which may isolate it or put it back at any moment, has one while it is on no list.
 * After it was put back, it has it a little longer, and that one counts as not known.
 *
 * Context: process.
 * Return: it has.
 */
bool mymm_lru_is_held(struct mymm_vm *vm, struct page *page, int known)
{
	struct mymm_lruvec *lruvec = mymm_lruvec_of(vm, page);

	guard(spinlock)(&lruvec->lock);
	return page_count(page) > known + list_empty(&page->lru);
}

/**
 * mymm_lru_init() - make the lists of a pool
 * @vm: the pool
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_lru_init(struct mymm_vm *vm)
{
	unsigned int node, lru;

	vm->lruvec =
		kcalloc(vm->pool->nr_nodes, sizeof(*vm->lruvec), GFP_KERNEL);
	if (!vm->lruvec)
		return -ENOMEM;
	for (node = 0; node < vm->pool->nr_nodes; node++) {
		spin_lock_init(&vm->lruvec[node].lock);
		for (lru = 0; lru < MYMM_NR_LRU; lru++)
			INIT_LIST_HEAD(&vm->lruvec[node].list[lru]);
	}
	return 0;
}

/**
 * mymm_lru_exit() - take them away; no page is on one
 * @vm: the pool
 */
void mymm_lru_exit(struct mymm_vm *vm)
{
	kfree(vm->lruvec);
}
