// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of the running kernel's caches, repeated in caches of a pool of their own.
 *
 * Each cache of the kernel that has an event gets a twin here: a cache of the same name and size.
 * An object that the kernel allocates is allocated in the twin, and a table finds it by the
 * kernel's address when it is freed:
 *
 *      kernel's object, its cache           table                     pool
 *      0xffff....40, dentry       --->  (place, twin) -> object  --->  cache "dentry"
 *
 * What was allocated before the mirror loaded has no twin's object; its free is counted. So
 * a cache's *change* since then is allocations - frees, as of its active objects in slabinfo after
 * a shrink.
 *
 * The frames of the kernel's slabs are in the mirror's pool already, as pages; these caches lay
 * theirs out anew, in a pool without memory.
 *
 * In a probe nothing may sleep or be allocated from the kernel. So a twin is made, and the
 * table grows, in a work item; until then objects of that cache are counted only, and when the
 * table is full they are *refused*.
 *
 * The table is in shards with a lock each, by a hash of the place; a shard is open addressing with
 * linear probing, and what is deleted leaves no mark: later entries move up (Knuth, The Art of
 * Computer Programming, vol. 3, 6.4, algorithm R).
 *
 * Locking: a shard's lock is a raw one and innermost; the twins' guards what is added to them.
 */
#include <linux/cpu.h>
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "cache/tunables.h"
#include "mirror/objects.h"
#include "mymm.h"
#include "page/pool.h"

#define TWIN_BITS 9
#define NR_TWINS BIT(TWIN_BITS)
#define SHARD_BITS 8
#define NR_SHARDS BIT(SHARD_BITS)
#define FIRST_BITS 6 /* of a shard's size, at first */

/**
 * struct twin - a cache of the kernel, and ours
 * @cache: the kernel's; set last
 * @name: its name, where the kernel has it
 * @text: its name
 * @size: of its objects
 * @ours: the twin; NULL: there is none yet
 * @tried: it was to be made: if there is none, there will not be
 */
struct twin {
	const struct kmem_cache *cache;
	const char *name;
	char text[32];
	unsigned int size;
	struct mymm_cache *ours;
	bool tried;
};

/**
 * struct twin_counts - what a CPU saw of a twin
 * @allocs: objects that the kernel allocated
 * @frees: objects that it freed
 * @repeated: objects that were allocated here
 * @returned: objects that were freed here
 */
struct twin_counts {
	unsigned long allocs;
	unsigned long frees;
	unsigned long repeated;
	unsigned long returned;
};

/**
 * struct entry - an object of the kernel that has one here
 * @place: where the kernel has it, in words from the beginning of memory
 * @twin: of which cache
 * @ours: the object here; NULL: no entry
 */
struct entry {
	u64 place : 55;
	u64 twin : 9;
	void *ours;
};

static_assert(TWIN_BITS == 9, "struct entry has room for as many twins");

/**
 * struct shard - a part of the table
 * @lock: for all of it
 * @nr: entries
 * @bits: of its size
 * @table: 2^@bits, never all of them used
 */
struct shard {
	raw_spinlock_t lock;
	unsigned int nr;
	unsigned int bits;
	struct entry *table;
};

static struct mymm_pool *pool;
static struct twin *twins;
static struct twin_counts __percpu *counts;
static struct shard *shards;
static DEFINE_RAW_SPINLOCK(twins_lock);

static void work(struct work_struct *work);
static void wake(struct irq_work *work);

static DECLARE_WORK(object_work, work);
static DEFINE_IRQ_WORK(wake_work, wake);

static void wake(struct irq_work *irq_work)
{
	schedule_work(&object_work);
}

/* --- twins ------------------------------------------------------------------------ */

/* Its name and size are read after it. */
static const struct kmem_cache *cache_of(const struct twin *twin)
{
	/* Pairs with the release in twin_of(). */
	return smp_load_acquire(&twin->cache);
}

/* The twin of a cache, or the free place for it. NULL: there are too many. */
static struct twin *find_twin(const struct kmem_cache *cache, const char *name)
{
	unsigned int i = hash_ptr((void *)cache, TWIN_BITS), n;

	for (n = 0; n < NR_TWINS; n++, i = (i + 1) % NR_TWINS) {
		const struct kmem_cache *there = cache_of(&twins[i]);

		if (!there || (there == cache && twins[i].name == name))
			return &twins[i];
	}
	return NULL;
}

static struct twin *twin_of(const struct kmem_cache *cache)
{
	const char *name = mymm_real_cache_name(cache);
	struct twin *twin = find_twin(cache, name);
	unsigned long flags;

	/* A free place may be another cache's by now. */
	if (likely(!twin || (cache_of(twin) == cache && twin->name == name)))
		return twin;
	raw_spin_lock_irqsave(&twins_lock, flags);
	twin = find_twin(cache, name);
	if (twin && !twin->cache) {
		twin->name = name;
		strscpy(twin->text, name, sizeof(twin->text));
		twin->size = kmem_cache_size((struct kmem_cache *)cache);
		/* Pairs with cache_of(). */
		smp_store_release(&twin->cache, cache);
		irq_work_queue(&wake_work);
	}
	raw_spin_unlock_irqrestore(&twins_lock, flags);
	return twin;
}

/* --- the table ------------------------------------------------------------------------ */

static u64 place_of(const void *object)
{
	return ((unsigned long)object - PAGE_OFFSET) / sizeof(void *);
}

static struct shard *shard_of(u64 place)
{
	return &shards[place * GOLDEN_RATIO_64 >> (64 - SHARD_BITS)];
}

/* Where an entry of this place is to be, if nothing is there. */
static unsigned int home(u64 place, unsigned int bits)
{
	return place * GOLDEN_RATIO_64 << SHARD_BITS >> (64 - bits);
}

/* Where the entry is, or the free place for it. */
static unsigned int find(const struct shard *shard, u64 place)
{
	unsigned int mask = (1U << shard->bits) - 1;
	unsigned int i = home(place, shard->bits);

	while (shard->table[i].ours && shard->table[i].place != place)
		i = (i + 1) & mask;
	return i;
}

static void take_out(struct shard *shard, unsigned int gap)
{
	unsigned int mask = (1U << shard->bits) - 1, i = gap;

	for (;;) {
		struct entry *entry;

		i = (i + 1) & mask;
		entry = &shard->table[i];
		if (!entry->ours)
			break;
		/* It may move up to the gap if that is not before its home. */
		if (((i - home(entry->place, shard->bits)) & mask) >=
		    ((i - gap) & mask)) {
			shard->table[gap] = *entry;
			gap = i;
		}
	}
	shard->table[gap].ours = NULL;
	shard->nr--;
}

static bool is_crowded(const struct shard *shard)
{
	return READ_ONCE(shard->nr) > 3U << shard->bits >> 2;
}

/* Have an entry. What was there before, or can't be entered, comes back in it. */
static bool enter(struct entry *new)
{
	struct shard *shard = shard_of(new->place);
	bool entered = true;
	struct entry *entry;
	unsigned long flags;

	raw_spin_lock_irqsave(&shard->lock, flags);
	entry = &shard->table[find(shard, new->place)];
	if (entry->ours) {
		swap(*entry, *new);
	} else if (shard->nr + 1 < 1U << shard->bits) {
		*entry = *new;
		new->ours = NULL;
		shard->nr++;
	} else {
		entered = false;
	}
	if (is_crowded(shard))
		irq_work_queue(&wake_work);
	raw_spin_unlock_irqrestore(&shard->lock, flags);
	return entered;
}

static bool leave(u64 place, struct entry *old)
{
	struct shard *shard = shard_of(place);
	unsigned int i;

	guard(raw_spinlock_irqsave)(&shard->lock);
	i = find(shard, place);
	*old = shard->table[i];
	if (!old->ours)
		return false;
	take_out(shard, i);
	return true;
}

/* A table twice as large. Without memory for it the shard stays as it is. */
static void grow(struct shard *shard)
{
	struct entry *table, *old;
	struct shard larger = { .bits = shard->bits + 1 };
	unsigned int i;

	table = kvcalloc(1UL << larger.bits, sizeof(*table), GFP_KERNEL);
	if (!table)
		return;
	larger.table = table;
	raw_spin_lock_irq(&shard->lock);
	old = shard->table;
	for (i = 0; i < 1U << shard->bits; i++)
		if (old[i].ours)
			table[find(&larger, old[i].place)] = old[i];
	shard->table = table;
	shard->bits = larger.bits;
	raw_spin_unlock_irq(&shard->lock);
	kvfree(old);
}

/* CPUs keep one object at most, so that slabinfo has what users hold. */
static void tune(struct mymm_cache *cache)
{
	const struct mymm_tunables tunables = { .limit = 1, .batchcount = 1 };

	cpus_read_lock();
	mutex_lock(&pool->lock);
	mymm_cache_tune(cache, &tunables);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
}

static void make(struct twin *twin)
{
	struct mymm_cache_config config = { .name = twin->text,
					    .size = twin->size };
	struct mymm_cache *ours = mymm_cache_create(pool, &config);

	twin->tried = true;
	if (IS_ERR(ours))
		return;
	tune(ours);
	/* Pairs with the acquire in repeat_alloc(). */
	smp_store_release(&twin->ours, ours);
}

static void work(struct work_struct *unused)
{
	unsigned int i;

	for (i = 0; i < NR_TWINS; i++)
		if (cache_of(&twins[i]) && !twins[i].tried)
			make(&twins[i]);
	for (i = 0; i < NR_SHARDS; i++)
		while (is_crowded(&shards[i])) {
			unsigned int bits = shards[i].bits;

			grow(&shards[i]);
			if (shards[i].bits == bits)
				break;
		}
}

/* --- events ------------------------------------------------------------------------------ */

static void give_back(const struct entry *entry)
{
	this_cpu_inc(counts[entry->twin].returned);
	mymm_cache_free(twins[entry->twin].ours, entry->ours);
}

static void repeat_alloc(struct twin *twin, u64 place,
			 struct mymm_mirror_counts __percpu *hook)
{
	/* Pairs with the release in make(). */
	struct mymm_cache *ours = smp_load_acquire(&twin->ours);
	struct entry entry = { .place = place, .twin = twin - twins };

	if (!ours)
		return;
	entry.ours = mymm_cache_alloc(ours, GFP_NOWAIT | __GFP_NOWARN);
	if (!entry.ours) {
		this_cpu_inc(hook->refused);
		return;
	}
	this_cpu_inc(counts[entry.twin].repeated);
	if (!enter(&entry))
		this_cpu_inc(hook->refused);
	else if (entry.ours)
		this_cpu_inc(hook->already);
	if (entry.ours)
		give_back(&entry);
}

/**
 * mymm_objects_repeat() - an object of the kernel was allocated, or freed
 * @cache: its cache
 * @object: the object
 * @allocated: which of them
 * @hook: counts of the hook that reports it
 *
 * Context: any; what comes in NMI is refused. Preemption is off.
 */
void mymm_objects_repeat(const struct kmem_cache *cache, const void *object,
			 bool allocated,
			 struct mymm_mirror_counts __percpu *hook)
{
	struct entry old;
	struct twin *twin;

	this_cpu_inc(hook->frames);
	twin = in_nmi() ? NULL : twin_of(cache);
	if (!twin) {
		this_cpu_inc(hook->refused);
		return;
	}
	if (allocated) {
		this_cpu_inc(counts[twin - twins].allocs);
		repeat_alloc(twin, place_of(object), hook);
		return;
	}
	this_cpu_inc(counts[twin - twins].frees);
	if (leave(place_of(object), &old))
		give_back(&old);
}

/* --- life and numbers ----------------------------------------------------------------------- */

/** mymm_objects_on() - are objects repeated? Return: whether they are */
bool mymm_objects_on(void)
{
	return pool;
}

static int allocate_all(void)
{
	unsigned int i;

	twins = kvcalloc(NR_TWINS, sizeof(*twins), GFP_KERNEL);
	counts = __alloc_percpu(array_size(NR_TWINS, sizeof(*counts)),
				__alignof__(*counts));
	shards = kvcalloc(NR_SHARDS, sizeof(*shards), GFP_KERNEL);
	if (!twins || !counts || !shards)
		return -ENOMEM;
	for (i = 0; i < NR_SHARDS; i++) {
		raw_spin_lock_init(&shards[i].lock);
		shards[i].bits = FIRST_BITS;
		shards[i].table = kvcalloc(1UL << FIRST_BITS,
					   sizeof(struct entry), GFP_KERNEL);
		if (!shards[i].table)
			return -ENOMEM;
	}
	return 0;
}

/**
 * mymm_objects_create() - make the pool for objects
 * @name: of the mirror's pool; this one is NAME-objects
 *
 * Context: process; sleeps.
 * Return: 0; -ENOMEM; -ENOENT: the kernel's caches can't be read, a line in the log says so; an
 * error of mymm_pool_create(). Nothing is left then.
 */
int mymm_objects_create(const char *name)
{
	char own[sizeof_field(struct mymm_pool, name)], zones[40];
	struct mymm_pool_config config = {
		.name = own,
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		/* The one that needs no memory. */
		.engine = "slab",
		.flags = MYMM_POOL_NO_RECLAIM | MYMM_POOL_NO_WATERMARKS,
	};
	struct mymm_pool *created;
	int err = mymm_real_caches_init();

	if (err) {
		pr_err("objects=1: this kernel's caches can't be read\n");
		return err;
	}
	snprintf(own, sizeof(own), "%.22s-objects", name);
	snprintf(zones, sizeof(zones), "Normal:%lup", mymm_real_frames());
	err = allocate_all();
	if (!err) {
		created = mymm_pool_create(&config);
		err = PTR_ERR_OR_ZERO(created);
	}
	if (!err)
		pool = created;
	else
		mymm_objects_destroy();
	return err;
}

static void free_all(void)
{
	unsigned int i, n;

	for (i = 0; shards && i < NR_SHARDS; i++) {
		for (n = 0; shards[i].table && n < 1U << shards[i].bits; n++)
			if (shards[i].table[n].ours)
				give_back(&shards[i].table[n]);
		cond_resched();
		kvfree(shards[i].table);
	}
	for (i = 0; twins && i < NR_TWINS; i++)
		if (twins[i].ours)
			mymm_cache_destroy(twins[i].ours);
}

/**
 * mymm_objects_destroy() - end the pool and all caches in it
 *
 * Context: process; sleeps. The hooks are off.
 */
void mymm_objects_destroy(void)
{
	irq_work_sync(&wake_work);
	cancel_work_sync(&object_work);
	free_all();
	if (pool && mymm_pool_destroy(pool))
		mymm_pool_release(pool);
	pool = NULL;
	kvfree(shards);
	free_percpu(counts);
	kvfree(twins);
}

/**
 * mymm_objects_shrink() - empty the twins' magazines, and give their empty slabs back
 *
 * Context: process; sleeps.
 */
void mymm_objects_shrink(void)
{
	mymm_pool_drain(pool);
}

static void show_twin(struct seq_file *m, const struct twin *twin)
{
	struct twin_counts sum = {};
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct twin_counts *c =
			per_cpu_ptr(&counts[twin - twins], cpu);

		sum.allocs += READ_ONCE(c->allocs);
		sum.frees += READ_ONCE(c->frees);
		sum.repeated += READ_ONCE(c->repeated);
		sum.returned += READ_ONCE(c->returned);
	}
	seq_printf(m, "%-31s %7u %10lu %10lu %8ld %8ld%s\n", twin->text,
		   twin->size, sum.allocs, sum.frees,
		   (long)(sum.allocs - sum.frees),
		   (long)(sum.repeated - sum.returned),
		   twin->tried && !twin->ours ? " counted only" : "");
}

/**
 * mymm_objects_show() - debugfs mymm/mirror/objects
 * @m: where to
 *
 * Context: process.
 */
void mymm_objects_show(struct seq_file *m)
{
	unsigned int i;

	seq_printf(m, "%-31s %7s %10s %10s %8s %8s\n", "# cache", "<size>",
		   "<allocs>", "<frees>", "<change>", "<here>");
	for (i = 0; i < NR_TWINS; i++)
		if (cache_of(&twins[i]))
			show_twin(m, &twins[i]);
}
