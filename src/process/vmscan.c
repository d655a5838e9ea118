// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim of pages that processes have: which of them go, and how.
 *
 * Pages are looked at from the tail of the inactive list, 32 at a time:
 *
 *	what is found                                      where it goes
 *	locked by mlock()                                  list of unevictable pages
 *	used since it was looked at, for the first time    head of the inactive list
 *	  again, or in two places                          active list
 *	pinned, or busy                                    head of the inactive list
 *	else: no room in a swap area, or it failed         active list
 *	else: a page of a file that is dirty               head of the inactive list; the flusher
 *	                                                   (fs/) is woken
 *	else                                               it is evicted
 *
 * The inactive list is filled from the tail of the active one, when it is the shorter of the two,
 * or when pages come back so soon that the active list must have stale ones. A page that is
 * evicted is unmapped, written if no swap slot has its contents, and swap entries take its place
 * in all tables.
 *
 * How many pages are looked at follows from the priority: the size of the list, divided by 2 to
 * the power of it, which is 12 at first. What a page costs that comes back, or that had to be kept,
 * is counted, and decays.
 *
 * The order of things is that of mm/vmscan.c of Linux 6.12, without its lists of generations, and
 * without memory cgroups. For these, 6.12 has an allocation that got nothing try all once more.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "page/watermark.h"
#include "process/file_page.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/rmap.h"
#include "process/slots.h"
#include "process/swap.h"
#include "process/sysctl.h"
#include "process/vm.h"
#include "process/vmscan.h"
#include "process/workingset.h"

/* A page that is written, or read again, costs as much as so many that had to be kept. */
#define COST_OF_IO MYMM_LRU_BATCH

/**
 * struct shrink - reclaim of a node's lists
 * @vm: whose
 * @node: which
 * @lruvec: the lists
 * @scan: what is wanted, and what came of it
 * @deactivate: by kind: pages of the active list are to become inactive
 * @trim: pages of files go first
 * @aged: accessed bits were cleared since TLBs were flushed
 * @written: pages that were written
 * @unwritten: pages of files that were found dirty, or being written
 */
struct shrink {
	struct mymm_vm *vm;
	const struct mymm_node *node;
	struct mymm_lruvec *lruvec;
	struct mymm_scan *scan;
	bool deactivate[MYMM_NR_KINDS];
	bool trim;
	bool aged;
	unsigned long written;
	unsigned long unwritten;
};

/* What becomes of a page. */
enum fate { PAGE_KEPT, PAGE_ACTIVATED, PAGE_GOES, PAGE_FREED };

/* All pages of a list, of which zone ever. */
static unsigned long size_of(const struct mymm_lruvec *lruvec,
			     enum mymm_lru lru)
{
	return mymm_lru_size(lruvec, lru, MYMM_NR_ZONE_TYPES);
}

/**
 * mymm_vmscan_note_cost() - reclaim had a cost
 * @lruvec: of which node
 * @kind: of which kind of memory
 * @io: pages that were written, or came back
 * @kept: pages that were looked at, and could not be reclaimed
 *
 * Context: process.
 */
void mymm_vmscan_note_cost(struct mymm_lruvec *lruvec, enum mymm_lru_kind kind,
			   unsigned long io, unsigned long kept)
{
	unsigned long size = 0;
	enum mymm_lru lru;

	for (lru = 0; lru < MYMM_NR_EVICTABLE; lru++)
		size += size_of(lruvec, lru);
	guard(spinlock)(&lruvec->lock);
	lruvec->cost[kind] += io * COST_OF_IO + kept;
	/* What happened long ago counts less and less. */
	if (lruvec->cost[MYMM_ANON] + lruvec->cost[MYMM_FILE] > size / 4) {
		lruvec->cost[MYMM_ANON] /= 2;
		lruvec->cost[MYMM_FILE] /= 2;
	}
}

/* --- one page --------------------------------------------------------------------- */

/* In how many places was it used, and is it a page of a file that one of these runs? */
static unsigned int uses_of(struct shrink *s, struct page *page, bool *program)
{
	if (mymm_lru_kind(page) == MYMM_FILE)
		return mymm_file_referenced(page, program);
	*program = false;
	return mymm_page_referenced(s->vm, page);
}

/*
 * Was it used since it was looked at last? A page is active when that is so for the second time;
 * one of a program that runs, for the first.
 */
static enum fate look_for_use(struct shrink *s, struct page *page)
{
	struct folio *folio = page_folio(page);
	bool program;
	unsigned int places = uses_of(s, page, &program);
	bool before = folio_test_clear_referenced(folio);
	enum fate fate = PAGE_GOES;

	if (places) {
		s->aged = true;
		folio_set_referenced(folio);
		fate = before || places > 1 || program ? PAGE_ACTIVATED :
							 PAGE_KEPT;
	}
	return fate;
}

/* Has anybody a reference to it, beside the pool and reclaim? */
static bool is_busy(struct page *page)
{
	return page_count(page) != 2;
}

/* Have the contents of a page in a slot of a swap area. It is mapped nowhere. */
static int save(struct shrink *s, struct page *page)
{
	struct mymm_vm *vm = s->vm;
	u32 entry;
	int err;

	if (mymm_swap_cached(vm, page))
		return 0;
	if (s->scan->keep_dirty)
		return -EAGAIN;
	entry = mymm_swap_alloc(vm, page);
	if (!entry)
		return -ENOSPC;
	s->written++;
	err = mymm_swap_write(vm, entry, page);
	if (err)
		mymm_swap_cache_del(vm, page);
	return err;
}

/* The page is saved, and goes, unless a slot of a vma that is being unmapped points to it. */
static enum fate evict(struct mymm_vm *vm, struct page *page)
{
	u32 entry = mymm_swap_cached(vm, page);

	if (mymm_page_swap_slots(vm, page, entry))
		return PAGE_KEPT;
	mymm_swap_set_shadow(vm, entry, mymm_workingset_eviction(vm, page));
	/* The reference of reclaim. */
	put_page(page);
	mymm_mapped_free(vm, page);
	return PAGE_FREED;
}

/* A page of a file: it is dropped if it is clean, and reclaim writes none. */
static enum fate shrink_file(struct shrink *s, struct page *page)
{
	if (mymm_file_ops->busy(page)) {
		s->unwritten++;
		return PAGE_KEPT;
	}
	if (!mymm_file_unmap(page))
		return PAGE_ACTIVATED;
	/* A pte may have known that it was written to. */
	if (mymm_file_ops->busy(page) || is_busy(page))
		return PAGE_KEPT;
	mymm_file_ops->evict(page, mymm_workingset_eviction(s->vm, page));
	put_page(page);
	mymm_mapped_free(s->vm, page);
	return PAGE_FREED;
}

/*
 * What mlock() has locked has a mark, as long as it is mapped. But it may have been moved, and not
 * be mapped again yet. What was read ahead is nobody's.
 */
static bool is_locked(struct page *page)
{
	return folio_test_mlocked(page_folio(page)) ||
	       (!page_mapped(page) && mymm_mapped_share(page) &&
		mymm_rmap_locked(page->mapping, page->index));
}

/* With the page's lock, which is let go only if it is freed. */
static enum fate shrink_locked(struct shrink *s, struct page *page)
{
	struct folio *folio = page_folio(page);
	enum fate fate;
	int err;

	if (is_locked(page)) {
		folio_clear_active(folio);
		folio_set_unevictable(folio);
		mymm_vm_count(s->vm->pool, MYMM_UNEVICTABLE_PGS_CULLED, 1);
		return PAGE_KEPT;
	}
	if (s->scan->keep_mapped && page_mapped(page))
		return PAGE_KEPT;
	fate = look_for_use(s, page);
	if (fate != PAGE_GOES)
		return fate;
	if (folio_maybe_dma_pinned(folio))
		return PAGE_KEPT;
	if (mymm_lru_kind(page) == MYMM_FILE)
		return shrink_file(s, page);
	if (!mymm_swap_cached(s->vm, page) && !mymm_swap_nr_free(s->vm))
		return PAGE_ACTIVATED;
	if (!mymm_page_unmap(s->vm, page))
		return PAGE_ACTIVATED;
	if (is_busy(page))
		return PAGE_KEPT;
	err = save(s, page);
	if (err)
		return err == -EAGAIN ? PAGE_KEPT : PAGE_ACTIVATED;
	return evict(s->vm, page);
}

/* A page that was isolated. Returns whether its frame is free. */
static bool shrink_page(struct shrink *s, struct page *page)
{
	enum fate fate;

	if (!trylock_page(page)) {
		mymm_lru_putback(s->vm, page);
		return false;
	}
	/* Else it was freed meanwhile, and waits for this reference to go. */
	fate = page->mapping ? shrink_locked(s, page) : PAGE_KEPT;
	if (fate == PAGE_FREED)
		return true;
	if (fate == PAGE_ACTIVATED) {
		folio_set_active(page_folio(page));
		mymm_vm_count(s->vm->pool, MYMM_PGACTIVATE, 1);
	}
	unlock_page(page);
	mymm_lru_putback(s->vm, page);
	return false;
}

/* --- lists ------------------------------------------------------------------------ */

/* Let CPUs set the accessed bits again that were cleared. */
static void end_batch(struct shrink *s)
{
	if (s->aged)
		mymm_flush_young();
	s->aged = false;
	cond_resched();
}

static void shrink_inactive(struct shrink *s, enum mymm_lru_kind kind,
			    unsigned long nr)
{
	unsigned long scanned, freed = 0;
	struct mymm_lru_batch batch;
	unsigned int i;

	s->written = 0;
	scanned = mymm_lru_isolate(s->vm, s->lruvec, mymm_lru_inactive(kind),
				   s->scan->highest, nr, &batch);
	for (i = 0; i < batch.nr; i++)
		freed += shrink_page(s, batch.page[i]);
	end_batch(s);
	mymm_vmscan_note_cost(s->lruvec, kind, s->written, scanned - freed);
	s->scan->nr_scanned += scanned;
	s->scan->nr_reclaimed += freed;
	mymm_vm_count(s->vm->pool, MYMM_PGSCAN_ANON + kind, scanned);
	mymm_vm_count(s->vm->pool, MYMM_PGSTEAL_ANON + kind, freed);
}

/*
 * What becomes inactive begins anew: that it was used does not count. But a program that runs
 * keeps what it runs. Returns whether the page stays active.
 */
static bool deactivate(struct shrink *s, struct page *page)
{
	struct folio *folio = page_folio(page);
	bool used, program, stays = false;

	if (trylock_page(page)) {
		used = page->mapping && uses_of(s, page, &program);
		s->aged |= used;
		stays = used && program;
		if (page->mapping && !stays) {
			folio_clear_active(folio);
			mymm_mapped_set_workingset(page);
			mymm_vm_count(s->vm->pool, MYMM_PGDEACTIVATE, 1);
		}
		unlock_page(page);
	}
	mymm_lru_putback(s->vm, page);
	return stays;
}

static void shrink_active(struct shrink *s, enum mymm_lru_kind kind,
			  unsigned long nr)
{
	unsigned long scanned, kept = 0;
	struct mymm_lru_batch batch;
	unsigned int i;

	scanned = mymm_lru_isolate(s->vm, s->lruvec,
				   mymm_lru_inactive(kind) + 1,
				   s->scan->highest, nr, &batch);
	for (i = 0; i < batch.nr; i++)
		kept += deactivate(s, batch.page[i]);
	end_batch(s);
	if (kept)
		mymm_vmscan_note_cost(s->lruvec, kind, 0, kept);
	mymm_vm_count(s->vm->pool, MYMM_PGREFILL, scanned);
}

/* munlock() tells us nothing. So what was locked is looked at again, a batch at a time. */
static void rescue(struct shrink *s)
{
	struct mymm_lru_batch batch;
	unsigned int i;

	mymm_lru_isolate(s->vm, s->lruvec, MYMM_LRU_UNEVICTABLE,
			 s->scan->highest, MYMM_LRU_BATCH, &batch);
	for (i = 0; i < batch.nr; i++) {
		struct folio *folio = page_folio(batch.page[i]);

		if (trylock_page(batch.page[i])) {
			if (batch.page[i]->mapping &&
			    !is_locked(batch.page[i])) {
				folio_clear_unevictable(folio);
				mymm_vm_count(s->vm->pool,
					      MYMM_UNEVICTABLE_PGS_RESCUED, 1);
			}
			unlock_page(batch.page[i]);
		}
		mymm_lru_putback(s->vm, batch.page[i]);
	}
}

/* --- how much of each list -------------------------------------------------------- */

/* Is the inactive list too short for its size, to tell what is used from what is not? */
static bool inactive_is_low(const struct mymm_lruvec *lruvec,
			    enum mymm_lru_kind kind)
{
	unsigned long inactive = size_of(lruvec, mymm_lru_inactive(kind));
	unsigned long active = size_of(lruvec, mymm_lru_inactive(kind) + 1);
	unsigned long gb = (inactive + active) >> (30 - PAGE_SHIFT);
	unsigned long ratio = gb ? int_sqrt(10 * gb) : 1;

	return inactive * ratio < active;
}

/* Pages that come back tell that what is used has changed: the active list has stale ones. */
static void decide_deactivation(struct shrink *s)
{
	enum mymm_lru_kind kind;

	for (kind = 0; kind < MYMM_NR_KINDS; kind++)
		s->deactivate[kind] =
			s->scan->deactivate ||
			atomic_long_read(&s->lruvec->activated[kind]) !=
				READ_ONCE(s->lruvec->activated_before[kind]) ||
			inactive_is_low(s->lruvec, kind);
}

/* Are there so few pages of files that to take them, too, gives nothing? */
static bool file_is_tiny(const struct shrink *s)
{
	unsigned long high = 0, free = 0;
	unsigned int type;

	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++) {
		const struct mymm_zone *zone = s->node->zone[type];

		if (!zone)
			continue;
		high += mymm_zone_watermark(zone, MYMM_WMARK_HIGH);
		free += READ_ONCE(zone->buddy.free);
	}
	return size_of(s->lruvec, MYMM_LRU_INACTIVE_FILE) +
			       size_of(s->lruvec, MYMM_LRU_ACTIVE_FILE) +
			       free <=
		       high &&
	       !s->deactivate[MYMM_ANON] &&
	       size_of(s->lruvec, MYMM_LRU_INACTIVE_ANON) >> s->scan->priority;
}

/* Enough pages of files that nobody uses again? Then they go first. */
static bool trims_cache(const struct shrink *s)
{
	return !s->scan->share &&
	       size_of(s->lruvec, MYMM_LRU_INACTIVE_FILE) >>
		       s->scan->priority &&
	       !s->deactivate[MYMM_FILE];
}

/*
 * How much of the pressure each kind has: in inverse proportion to what it has cost, but at least a
 * third, and then as swappiness says.
 */
static void share_by_cost(const struct shrink *s, u64 share[MYMM_NR_KINDS])
{
	unsigned long anon, file, total = 0;
	const int prefer = READ_ONCE(mymm_vm_sysctl.swappiness);

	scoped_guard(spinlock, &s->lruvec->lock)
	{
		anon = s->lruvec->cost[MYMM_ANON];
		file = s->lruvec->cost[MYMM_FILE];
	}
	total = anon + file;
	anon += total;
	file += total;
	total = anon + file;
	share[MYMM_ANON] = prefer * (total + 1) / (anon + 1);
	share[MYMM_FILE] =
		(MYMM_MAX_SWAPPINESS - prefer) * (total + 1) / (file + 1);
}

/* How many pages of each list are to be scanned. */
static void count_scans(const struct shrink *s,
			unsigned long nr[MYMM_NR_EVICTABLE])
{
	u64 share[MYMM_NR_KINDS] = { 1, 1 }, all = 1;
	enum mymm_lru lru;

	if (s->scan->keep_anon || !mymm_swap_nr_free(s->vm)) {
		share[MYMM_ANON] = 0;
	} else if (!s->scan->priority && READ_ONCE(mymm_vm_sysctl.swappiness)) {
		/* The last attempt: all of both. */
	} else if (file_is_tiny(s)) {
		share[MYMM_FILE] = 0;
	} else if (s->trim) {
		share[MYMM_ANON] = 0;
	} else {
		share_by_cost(s, share);
		all = share[MYMM_ANON] + share[MYMM_FILE];
	}
	for (lru = 0; lru < MYMM_NR_EVICTABLE; lru++)
		nr[lru] = div64_u64(share[lru / 2] *
					    (mymm_lru_size(s->lruvec, lru,
							   s->scan->highest) >>
					     s->scan->priority),
				    all);
}

/* --- a node ----------------------------------------------------------------------- */

static unsigned long of_kind(const unsigned long nr[MYMM_NR_EVICTABLE],
			     enum mymm_lru_kind kind)
{
	const enum mymm_lru lru = mymm_lru_inactive(kind);

	return nr[lru] + nr[lru + 1];
}

/*
 * Enough was got. So that both kinds were scanned in the proportion that was wanted, no more is
 * scanned of the one of which less is left, and of the other as much of it as of that one was.
 */
static void even_out(unsigned long nr[MYMM_NR_EVICTABLE],
		     const unsigned long wanted[MYMM_NR_EVICTABLE])
{
	enum mymm_lru_kind less =
		of_kind(nr, MYMM_FILE) > of_kind(nr, MYMM_ANON) ? MYMM_ANON :
								  MYMM_FILE;
	unsigned long left =
		of_kind(nr, less) * 100 / (of_kind(wanted, less) + 1);
	enum mymm_lru lru = mymm_lru_inactive(less);
	unsigned int i;

	nr[lru] = 0;
	nr[lru + 1] = 0;
	lru = mymm_lru_inactive(!less);
	for (i = 0; i < 2; i++, lru++) {
		unsigned long done = wanted[lru] - nr[lru];

		nr[lru] = wanted[lru] * (100 - left) / 100;
		nr[lru] -= min(nr[lru], done);
	}
}

static void shrink_list(struct shrink *s, enum mymm_lru lru, unsigned long nr)
{
	const enum mymm_lru_kind kind = lru / 2;

	if (lru == mymm_lru_inactive(kind))
		shrink_inactive(s, kind, nr);
	else if (s->deactivate[kind])
		shrink_active(s, kind, nr);
	else
		s->scan->skipped_active = true;
}

static void shrink_lists(struct shrink *s)
{
	unsigned long nr[MYMM_NR_EVICTABLE], wanted[MYMM_NR_EVICTABLE], step;
	const unsigned long before = s->scan->nr_reclaimed;
	/* When there is little pressure, a caller that is short of memory does its share. */
	const bool all = !s->scan->kswapd &&
			 s->scan->priority == MYMM_DEF_PRIORITY;
	enum mymm_lru lru;

	count_scans(s, nr);
	memcpy(wanted, nr, sizeof(wanted));
	while (nr[MYMM_LRU_INACTIVE_ANON] || of_kind(nr, MYMM_FILE)) {
		for (lru = 0; lru < MYMM_NR_EVICTABLE; lru++) {
			step = min_t(unsigned long, nr[lru], MYMM_LRU_BATCH);
			nr[lru] -= step;
			if (step)
				shrink_list(s, lru, step);
		}
		if (s->scan->nr_reclaimed - before < s->scan->nr_wanted || all)
			continue;
		if (!of_kind(nr, MYMM_FILE) || !of_kind(nr, MYMM_ANON))
			break;
		even_out(nr, wanted);
	}
}

/* What could still be had. */
static unsigned long reclaimable(const struct shrink *s)
{
	enum mymm_lru lru = mymm_swap_nr_free(s->vm) ? MYMM_LRU_INACTIVE_ANON :
						       MYMM_LRU_INACTIVE_FILE;
	unsigned long nr = 0;

	for (; lru < MYMM_NR_EVICTABLE; lru++)
		nr += mymm_lru_size(s->lruvec, lru, s->scan->highest);
	return nr;
}

/* What is dirty is the flusher's; if there was nothing else, it is waited for. */
static void shrink_dirty(struct shrink *s, unsigned long reclaimed)
{
	if (!s->unwritten || s->scan->keep_dirty)
		return;
	mymm_file_ops->write(s->vm);
	if (!reclaimed)
		mymm_file_ops->wait(s->vm);
}

/**
 * mymm_vmscan_node() - scan the lists of a node once
 * @pool: the pool
 * @node: which
 * @scan: how hard; what came of it is added
 *
 * Context: process; sleeps; as struct mymm_vm_hooks says.
 */
void mymm_vmscan_node(struct mymm_pool *pool, struct mymm_node *node,
		      struct mymm_scan *scan)
{
	struct mymm_vm *vm = pool->vm;
	struct shrink s = {
		.vm = vm,
		.node = node,
		.lruvec = &vm->lruvec[node->id],
		.scan = scan,
	};
	const unsigned long before = scan->nr_reclaimed;

	decide_deactivation(&s);
	s.trim = trims_cache(&s);
	rescue(&s);
	shrink_lists(&s);
	if (scan->nr_reclaimed == before && s.trim)
		scan->trimmed_in_vain = true;
	shrink_dirty(&s, scan->nr_reclaimed - before);
	/* Also where none was to be evicted: the lists are to be ready when one is. */
	if (mymm_swap_total(vm) && inactive_is_low(s.lruvec, MYMM_ANON))
		shrink_active(&s, MYMM_ANON, MYMM_LRU_BATCH);
	scan->left[node->id] += reclaimable(&s);
}
MYMM_EXPORT_INTERNAL(mymm_vmscan_node);

/**
 * mymm_vmscan_file_pages() - how many pages of files does a node have?
 * @pool: the pool
 * @node: which
 * @mapped: also those that are mapped
 *
 * Context: process; sleeps. A guess.
 * Return: how many.
 */
unsigned long mymm_vmscan_file_pages(struct mymm_pool *pool,
				     const struct mymm_node *node, bool mapped)
{
	struct mymm_vm *vm = pool->vm;
	const struct mymm_lruvec *lruvec = &vm->lruvec[node->id];
	unsigned long pages = size_of(lruvec, MYMM_LRU_INACTIVE_FILE) +
			      size_of(lruvec, MYMM_LRU_ACTIVE_FILE);

	if (!pages || mapped)
		return pages;
	return pages - min(pages, mymm_file_mapped(vm, node->start, node->end));
}

/**
 * mymm_vmscan_end() - reclaim of a node has ended for now
 * @pool: the pool
 * @node: which
 *
 * Pages that come back from now on tell the next one that something has changed.
 *
 * Context: process.
 */
void mymm_vmscan_end(struct mymm_pool *pool, struct mymm_node *node)
{
	struct mymm_lruvec *lruvec = &pool->vm->lruvec[node->id];
	enum mymm_lru_kind kind;

	for (kind = 0; kind < MYMM_NR_KINDS; kind++)
		WRITE_ONCE(lruvec->activated_before[kind],
			   atomic_long_read(&lruvec->activated[kind]));
}
