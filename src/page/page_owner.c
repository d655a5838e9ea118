// SPDX-License-Identifier: GPL-2.0
/*
 * Owners of pages: a record for each block that is allocated while recording is on.
 *
 * Recording is off until it is asked for, and costs nothing then. It has no hook of its
 * own: it is a probe of our tracepoints like any other, and a tracepoint without a probe is
 * a no-op of five bytes. While any pool records, pages of all pools take the slow path.
 *
 *   frame table   | head | tail | tail | tail | head | tail | head | free ...
 *   records       |  A   |      |      |      |  B   |      |  C   |
 *
 * The records stand in a table beside the frame table, one a frame, made when recording
 * begins and freed when it ends. Only that of a block's head is used. So a record is found
 * by the frame's number, and neither an allocation nor a free searches, waits or asks for
 * memory.
 *
 * Why a record is never another's. Two rules of page_alloc.c:
 *
 *   - an allocation is traced when it is done, before its caller has the block;
 *   - a free is traced when the block is *claimed* (its tag has changed from "allocated", and
 *     of two frees of the same block only one has done that), before it is on any list.
 *
 * So at each moment at most one thread has the right to write a block's record: the one
 * that allocates it, and later the one that frees it; and a free that is refused is not
 * traced at all. On different CPUs they come in this order because the user handed the block
 * over from the one to the other.
 *
 * Beginning and ending in mid-life. Code that runs may have looked at a tracepoint just
 * before it was switched on. Both probes are registered first, and the table is published
 * last. Hence:
 *
 *   an allocation that sees the table:     the tracepoint of frees was on by then, so the
 *                                          free of this block is traced and sees the table
 *   an allocation that does not see it:    leaves no record, and the free finds none
 *
 * so what was allocated before is not listed, and nothing is listed for longer than it is
 * held. When recording ends the table is taken away first, and freed when no probe can be
 * at it any more. The next one begins empty.
 *
 * A stray free of a block that is being allocated may write its record at the same time.
 * No allocator can know that this was a mistake. The record is then one of the two, and
 * never a mixture: the other one is lost, and counted.
 *
 * Reading takes no lock: a record has a sequence number, and a reader tries again until
 * it has one that was not written to meanwhile. The table is walked in pieces; from block
 * to block, since a free block of 1024 frames has no records in it. A list of records is
 * of no one moment, but each record in it was true.
 *
 * Limits. A call site, not a stack: to save one means to ask the kernel for memory, which
 * is not possible in every context in which pages are allocated. Blocks only: the owners of
 * objects are not known, just that the slab layer holds the slab.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "page/page_owner.h"
#include "page/pool.h"
#include "page/trace.h"

/**
 * struct mymm_owners - the records of one pool
 * @area: their memory
 * @record: by frame number
 * @lost: records that were not written, since another write was under way
 */
struct mymm_owners {
	struct mymm_area area;
	struct mymm_owner_record *record;
	atomic_long_t lost;
};

/* Which pools record; see pool.h for the order of locks. */
static DEFINE_MUTEX(owners_lock);
static unsigned int recording; /* how many */

/* --- writing, from the tracepoints ----------------------------------------------- */

/*
 * Begin to write the record of a frame; NULL if recording is off. Only misuse has another
 * writer at the same record; see above.
 */
static struct mymm_owner_record *write_begin(struct mymm_pool *pool, u32 pfn,
					     u32 *seq)
{
	struct mymm_owners *owners = rcu_dereference_sched(pool->owners);
	struct mymm_owner_record *record;

	if (!owners)
		return NULL;
	record = &owners->record[pfn];
	*seq = READ_ONCE(record->seq);
	/* Ordered before what is written; pairs with read_record(). */
	if (!(*seq & 1) && try_cmpxchg(&record->seq, seq, *seq + 1))
		return record;
	atomic_long_inc(&owners->lost);
	return NULL;
}

static void write_end(struct mymm_owner_record *record, u32 seq)
{
	smp_store_release(&record->seq, seq + 2); /* pairs with read_record() */
}

static void probe_alloc(void *data, struct mymm_pool *pool, u32 pfn,
			unsigned int order, gfp_t gfp, unsigned long caller,
			u32 session)
{
	struct mymm_owner_record *record;
	u32 seq;

	record = write_begin(pool, pfn, &seq);
	if (!record)
		return;
	record->ts = local_clock();
	record->caller = caller;
	record->gfp = gfp;
	record->session = session;
	record->pid = current->pid;
	record->tgid = current->tgid;
	strscpy(record->comm, current->comm, sizeof(record->comm));
	record->order = order;
	record->held = true;
	write_end(record, seq);
}

static void probe_free(void *data, struct mymm_pool *pool, u32 pfn,
		       unsigned int order, unsigned long caller, u32 session)
{
	struct mymm_owner_record *record;
	u32 seq;

	record = write_begin(pool, pfn, &seq);
	if (!record)
		return;
	record->free_ts = local_clock();
	record->held = false;
	write_end(record, seq);
}

/* --- beginning and ending ------------------------------------------------------------ */

static int register_probes(void)
{
	int err = -ENOMEM;

	if (!mymm_inject_fail())
		err = register_trace_mymm_page_free(probe_free, NULL);
	if (err)
		return err;
	err = -ENOMEM;
	if (!mymm_inject_fail())
		err = register_trace_mymm_page_alloc(probe_alloc, NULL);
	if (err)
		unregister_trace_mymm_page_free(probe_free, NULL);
	return err;
}

static void unregister_probes(void)
{
	unregister_trace_mymm_page_alloc(probe_alloc, NULL);
	unregister_trace_mymm_page_free(probe_free, NULL);
}

/**
 * mymm_owners_start() - record the owners of a pool's pages from now on
 * @pool: the pool
 *
 * Context: process; sleeps, for as long as it takes to get the memory.
 * Return: 0, also if it records already; -ENOMEM if there is no memory for the
 * records, with a line in the log; -EINTR if a signal killed the caller.
 */
int mymm_owners_start(struct mymm_pool *pool)
{
	unsigned long pages = DIV_ROUND_UP_ULL(
		(u64)pool->nr_frames * sizeof(struct mymm_owner_record),
		PAGE_SIZE);
	struct mymm_owners *owners;
	int err = -ENOMEM;

	guard(mutex)(&owners_lock);
	if (mymm_owners_recording(pool))
		return 0;
	owners = mymm_inject_fail() ? NULL :
				      kzalloc(sizeof(*owners), GFP_KERNEL);
	if (owners)
		err = mymm_area_alloc(&owners->area, pages, NUMA_NO_NODE);
	if (!err && !recording)
		err = register_probes();
	if (err) {
		pr_err("pool %s: owners are not recorded: no memory for %lu KiB of records, or for the probes (%d)\n",
		       pool->name, pages << (PAGE_SHIFT - 10), err);
		if (owners)
			mymm_area_free(&owners->area);
		kfree(owners);
		return err;
	}
	recording++;
	owners->record = owners->area.addr;
	rcu_assign_pointer(pool->owners, owners);
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_owners_start);

/**
 * mymm_owners_stop() - stop, and drop the records of a pool
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_owners_stop(struct mymm_pool *pool)
{
	struct mymm_owners *owners;

	guard(mutex)(&owners_lock);
	owners = rcu_dereference_protected(pool->owners,
					   lockdep_is_held(&owners_lock));
	if (!owners)
		return;
	RCU_INIT_POINTER(pool->owners, NULL);
	if (!--recording)
		unregister_probes();
	/* Neither a probe nor a reader is at the table after this. */
	tracepoint_synchronize_unregister();
	mymm_area_free(&owners->area);
	kfree(owners);
}
MYMM_EXPORT_INTERNAL(mymm_owners_stop);

/**
 * mymm_owners_recording() - are the owners of a pool's pages recorded?
 * @pool: the pool
 *
 * Context: any.
 * Return: whether they are.
 */
bool mymm_owners_recording(const struct mymm_pool *pool)
{
	return rcu_access_pointer(pool->owners);
}
MYMM_EXPORT_INTERNAL(mymm_owners_recording);

/**
 * mymm_owners_lost() - how often two wrote to the same record at once
 * @pool: the pool
 *
 * Context: any.
 * Return: how often since recording began; 0 without stray frees.
 */
unsigned long mymm_owners_lost(struct mymm_pool *pool)
{
	struct mymm_owners *owners;

	guard(rcu)();
	owners = rcu_dereference(pool->owners);
	return owners ? atomic_long_read(&owners->lost) : 0;
}
MYMM_EXPORT_INTERNAL(mymm_owners_lost);

/* --- reading ------------------------------------------------------------------------- */

/* A record as it was at one moment. A writer has preemption off, so it is done soon. */
static bool read_record(const struct mymm_owner_record *record,
			struct mymm_owner_record *copy)
{
	u32 seq;

	do {
		/* Pairs with write_end(). */
		while ((seq = smp_load_acquire(&record->seq)) & 1)
			cpu_relax();
		/* A race that is lost is seen below. */
		data_race(*copy = *record);
		smp_rmb(); /* pairs with write_begin() */
	} while (READ_ONCE(record->seq) != seq);
	return copy->held;
}

/*
 * From a frame on, how many frames belong to the same thing? While the tag was what we
 * saw, those behind the head were tails, and had no record.
 */
static u32 frames_at(struct mymm_pool *pool, u32 pfn)
{
	u32 tag = READ_ONCE(pool->frame[pfn].tag);

	switch (mymm_tag_state(tag)) {
	case MYMM_FRAME_FREE:
	case MYMM_FRAME_PAGES:
	case MYMM_FRAME_LARGE:
	case MYMM_FRAME_SLAB:
	case MYMM_FRAME_PCP:
		return 1U << min_t(u32, mymm_tag_order(tag), MYMM_MAX_ORDER);
	default:
		return 1;
	}
}

/**
 * mymm_owner_next() - the next block with a record
 * @pool: the pool
 * @pfn: look from this frame on; becomes that of the block's head
 * @record: is filled
 *
 * Context: process; sleeps.
 * Return: whether there is one; also false if recording is off, or if a signal killed
 * the caller.
 */
bool mymm_owner_next(struct mymm_pool *pool, u32 *pfn,
		     struct mymm_owner_record *record)
{
	const unsigned int piece = 1024;
	struct mymm_owners *owners;
	unsigned int i;

	while (!fatal_signal_pending(current)) {
		scoped_guard(rcu)
		{
			owners = rcu_dereference(pool->owners);
			for (i = 0; i < piece; i++) {
				if (!owners || *pfn >= pool->nr_frames)
					return false;
				if (read_record(&owners->record[*pfn], record))
					return true;
				*pfn += frames_at(pool, *pfn);
			}
		}
		cond_resched();
	}
	return false;
}
MYMM_EXPORT_INTERNAL(mymm_owner_next);

/* --- by call site ---------------------------------------------------------------------- */

/* Sites under way: open addressing, 2^@bits members, a free one has no blocks. */
struct site_table {
	struct mymm_owner_site *site;
	unsigned int bits;
	size_t nr;
};

static struct mymm_owner_site *new_sites(unsigned int bits)
{
	if (mymm_inject_fail())
		return NULL;
	return kvcalloc(1UL << bits, sizeof(struct mymm_owner_site),
			GFP_KERNEL);
}

/* Where a site is, or is to be. */
static struct mymm_owner_site *find_site(const struct site_table *table,
					 unsigned long caller, u32 session)
{
	const u64 key = caller ^ (u64)session << 40;
	const u32 mask = (1U << table->bits) - 1;
	u32 at = hash_64(key, table->bits);

	while (table->site[at].blocks && (table->site[at].caller != caller ||
					  table->site[at].session != session))
		at = (at + 1) & mask;
	return &table->site[at];
}

static int grow(struct site_table *table)
{
	const struct site_table old = *table;
	size_t i;

	table->site = new_sites(++table->bits);
	if (!table->site) {
		*table = old;
		return -ENOMEM;
	}
	for (i = 0; i < 1UL << old.bits; i++)
		if (old.site[i].blocks)
			*find_site(table, old.site[i].caller,
				   old.site[i].session) = old.site[i];
	kvfree(old.site);
	return 0;
}

static int add_record(struct site_table *table,
		      const struct mymm_owner_record *record)
{
	struct mymm_owner_site *site =
		find_site(table, record->caller, record->session);

	if (!site->blocks) {
		/* A quarter stays free, so that a search ends soon. */
		if (table->nr >= 3UL << (table->bits - 2)) {
			if (grow(table))
				return -ENOMEM;
			site = find_site(table, record->caller,
					 record->session);
		}
		table->nr++;
		site->caller = record->caller;
		site->session = record->session;
	}
	site->blocks++;
	site->frames += 1UL << record->order;
	return 0;
}

static int compare(unsigned long a, unsigned long b)
{
	return (a > b) - (a < b);
}

/* The most frames first, free members last. */
static int compare_sites(const void *left, const void *right)
{
	const struct mymm_owner_site *a = left, *b = right;
	int order;

	order = compare(b->frames, a->frames);
	if (!order)
		order = compare(b->blocks, a->blocks);
	if (!order)
		order = compare(a->caller, b->caller);
	return order ?: compare(a->session, b->session);
}

/**
 * mymm_owner_sites() - what each piece of code holds on behalf of each session
 * @pool: the pool
 * @nr: how many there are
 *
 * Context: process; sleeps.
 * Return: the sites, the most frames first, to be freed with kvfree(); or an ERR_PTR:
 * -ENOMEM, -EINTR if a signal killed the caller.
 */
struct mymm_owner_site *mymm_owner_sites(struct mymm_pool *pool, size_t *nr)
{
	struct site_table table = { .bits = 6 };
	struct mymm_owner_record record;
	int err = 0;
	u32 pfn;

	table.site = new_sites(table.bits);
	if (!table.site)
		return ERR_PTR(-ENOMEM);
	for (pfn = 0; !err && mymm_owner_next(pool, &pfn, &record); pfn++)
		err = add_record(&table, &record);
	if (!err && fatal_signal_pending(current))
		err = -EINTR;
	if (err) {
		kvfree(table.site);
		return ERR_PTR(err);
	}
	sort(table.site, 1UL << table.bits, sizeof(*table.site), compare_sites,
	     NULL);
	*nr = table.nr;
	return table.site;
}
MYMM_EXPORT_INTERNAL(mymm_owner_sites);
