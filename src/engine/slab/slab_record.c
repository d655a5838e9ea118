// SPDX-License-Identifier: GPL-2.0
/*
 * Records: state of slabs whose index array is off the slab.
 *
 * They are stored in chunks, each twice as large as the one before, and referred to by number,
 * since the slab's first frame has no room for a pointer:
 *
 *      chunk 0: records 0 to 63      chunk 1: 64 to 191      chunk 2: 192 to 447 ...
 *
 * So a record's address never changes, and none is freed before the cache ends. A stale number
 * leads to a record, which may belong to another slab by then; the record has the number of
 * its slab.
 *
 * Their memory comes from the kernel. SLAB took its arrays from its own size classes. But a
 * pool without memory has none; and an array in another cache would keep a slab of that when
 * the pool is drained.
 *
 * An allocation from this module may run in an interrupt, or in a tracepoint inside the
 * kernel's own allocator, where that must not be called. So creating a slab allocates nothing
 * from the kernel. A cache begins with one chunk; when three quarters of the records are in
 * use, a work item allocates the next. If records run out first, the allocation waits for the
 * work item, or fails if it must not sleep, as in SLAB when kmalloc() failed.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "page/event.h"
#include "engine/slab/slab.h"

/**
 * mymm_slab_record() - get a record by number
 * @s: the cache's
 * @nr: the number, below @s->records.nr
 *
 * Context: any.
 * Return: the record.
 */
struct mymm_slab_record *mymm_slab_record(const struct mymm_slabs *s, u32 nr)
{
	unsigned int chunk = ilog2(nr / MYMM_SLAB_FIRST_CHUNK + 1);
	u32 first = (MYMM_SLAB_FIRST_CHUNK << chunk) - MYMM_SLAB_FIRST_CHUNK;

	return s->records.chunk[chunk] + (nr - first) * s->records.size;
}
MYMM_EXPORT_INTERNAL(mymm_slab_record);

static int add_chunk(struct mymm_slabs *s)
{
	struct mymm_slab_records *records = &s->records;
	unsigned int nr_chunks = READ_ONCE(records->nr_chunks);
	u32 nr = MYMM_SLAB_FIRST_CHUNK << nr_chunks, i;
	struct mymm_slab_record *record;
	unsigned long flags;
	void *chunk = NULL;

	if (nr_chunks == MYMM_SLAB_CHUNKS)
		return -ENOMEM;
	if (!mymm_inject_fail())
		chunk = kvzalloc(nr * records->size, GFP_KERNEL | __GFP_NOWARN);
	if (!chunk)
		return -ENOMEM;

	raw_spin_lock_irqsave(&records->lock, flags);
	records->chunk[nr_chunks] = chunk;
	for (i = nr; i--;) {
		record = chunk + i * records->size;
		record->frame = MYMM_NO_FRAME;
		record->next = records->spare;
		records->spare = records->nr + i;
	}
	records->nr_spare += nr;
	/* A reader that sees the number sees the chunk; pairs with live_record(). */
	smp_store_release(&records->nr, records->nr + nr);
	records->nr_chunks++;
	raw_spin_unlock_irqrestore(&records->lock, flags);
	return 0;
}

/**
 * mymm_slab_records_refill() - add a chunk if spare records are few
 * @cache: the cache
 *
 * Context: process; sleeps. The caller holds pool->lock.
 */
void mymm_slab_records_refill(struct mymm_cache *cache)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);

	lockdep_assert_held(&cache->pool->lock);
	if (s->place == MYMM_INDEX_OFF_SLAB &&
	    READ_ONCE(s->records.nr_spare) <= s->records.nr / 4)
		add_chunk(s);
}

/**
 * mymm_slab_record_get() - take a spare record
 * @s: the cache's
 * @low: set if few are left
 *
 * Context: any but NMI.
 * Return: its number, or %MYMM_NO_RECORD.
 */
u32 mymm_slab_record_get(struct mymm_slabs *s, bool *low)
{
	struct mymm_slab_records *records = &s->records;
	u32 nr;

	guard(raw_spinlock_irqsave)(&records->lock);
	nr = records->spare;
	*low = records->nr_spare <= records->nr / 4;
	if (nr == MYMM_NO_RECORD)
		return nr;
	records->spare = mymm_slab_record(s, nr)->next;
	records->nr_spare--;
	return nr;
}

/**
 * mymm_slab_record_put() - give a record back
 * @s: the cache's
 * @nr: its number; its @frame is %MYMM_NO_FRAME
 *
 * Context: any but NMI.
 */
void mymm_slab_record_put(struct mymm_slabs *s, u32 nr)
{
	struct mymm_slab_records *records = &s->records;

	guard(raw_spinlock_irqsave)(&records->lock);
	mymm_slab_record(s, nr)->next = records->spare;
	records->spare = nr;
	records->nr_spare++;
}

/**
 * mymm_slab_records_init() - allocate the first chunk of a cache
 * @cache: the cache; its index arrays are off-slab
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mymm_slab_records_init(struct mymm_cache *cache)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_slab_records *records = &s->records;
	size_t size = struct_size_t(struct mymm_slab_record, index, cache->num);

	raw_spin_lock_init(&records->lock);
	records->spare = MYMM_NO_RECORD;
	size = ALIGN(size, sizeof(long));
	if (!cache->has_memory) {
		records->bits = size;
		size += BITS_TO_LONGS(cache->num) * sizeof(long);
	}
	records->size = size;
	return add_chunk(s);
}

/**
 * mymm_slab_records_exit() - free all records of a cache
 * @cache: unused
 *
 * Context: any but hardirq.
 */
void mymm_slab_records_exit(struct mymm_cache *cache)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int i;

	for (i = 0; i < s->records.nr_chunks; i++)
		kvfree(s->records.chunk[i]);
}
