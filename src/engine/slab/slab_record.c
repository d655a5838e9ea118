// SPDX-License-Identifier: GPL-2.0
/*
 * Records: what the slab engine knows of a slab that has no room for its index array.
 *
 * They stand in chunks, each twice as large as the one before, and are known by their number,
 * which is all that the slab's first frame has room for:
 *
 *      chunk 0: records 0 to 63      chunk 1: 64 to 191      chunk 2: 192 to 447 ...
 *
 * So a record's address never changes, none goes back to the kernel before the cache ends,
 * and whoever has an old number reads a record, if maybe another slab's by now; the record
 * says which.
 *
 * Their memory is the kernel's. SLAB took its arrays from its own size classes. But a pool
 * without memory has none to give; and an array that lay in another cache's magazine would
 * keep a page of that when the pool is to be drained.
 *
 * The kernel's allocator must not be called from where we may be: an interrupt, a tracepoint
 * inside that very allocator. So it is not asked when a slab is made. A cache begins with one
 * chunk; when three quarters of the records are in use a work item gets the next. Whoever is
 * faster than that waits for it, or, if he must not sleep, gets no slab, as from SLAB if
 * kmalloc() had failed.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "page/event.h"
#include "engine/slab/slab.h"

/**
 * mymm_slab_record() - the record of a number
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
	/* Whoever sees the number sees the chunk; pairs with slab.c's reads of it. */
	smp_store_release(&records->nr, records->nr + nr);
	records->nr_chunks++;
	raw_spin_unlock_irqrestore(&records->lock, flags);
	return 0;
}

/**
 * mymm_slab_records_refill() - have enough spare records
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
 * @low: is set if there are few left
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
 * @nr: its number; its @frame says that it is no slab's
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
 * mymm_slab_records_init() - get the first records of a cache
 * @cache: the cache; its index arrays are to be off-slab
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
 * mymm_slab_records_exit() - give all records of a cache back to the kernel
 * @cache: nobody uses it any more
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
