/* SPDX-License-Identifier: GPL-2.0 */
/* A cache of the slab engine: nodes, arrays, records; slab.c has the picture. */
#ifndef _MYMM_SLAB_H
#define _MYMM_SLAB_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "object/cache.h"
#include "page/zone.h"

struct mymm_finding;

/*
 * A number of an object. One byte is enough as long as no object is smaller than a 256th of
 * a page; so with pages of 4 KiB the smallest have 16 bytes, and a slab up to 255 objects.
 */
#define MYMM_SLAB_MIN_SIZE 16
#define MYMM_SLAB_BYTE_INDEX (PAGE_SIZE >> 8 <= MYMM_SLAB_MIN_SIZE)
#if PAGE_SHIFT <= 12
typedef u8 mymm_slab_idx;
#else
typedef u16 mymm_slab_idx;
#endif
#define MYMM_SLAB_MAX_NUM ((1U << 8 * sizeof(mymm_slab_idx)) - 1)

/* The low bits of the word of an object on its slab's freelist; see cache.h. */
#define MYMM_IN_SLAB 1

/**
 * enum mymm_slab_place - where the index array of a slab is
 * @MYMM_INDEX_IN_OBJECT: in the free object that is allocated last
 * @MYMM_INDEX_OFF_SLAB: in a record, in the kernel's memory
 * @MYMM_INDEX_ON_SLAB: at the slab's end
 */
enum mymm_slab_place {
	MYMM_INDEX_IN_OBJECT,
	MYMM_INDEX_OFF_SLAB,
	MYMM_INDEX_ON_SLAB,
};

/**
 * struct mymm_slab_geometry - geometry of a slab
 * @num: objects
 * @order: of the slab
 * @place: where SLAB has the index array
 * @colours: number of offsets of the first object; 0 is like 1
 * @colour_off: bytes from one to the next
 */
struct mymm_slab_geometry {
	unsigned int num;
	unsigned int order;
	enum mymm_slab_place place;
	unsigned int colours;
	unsigned int colour_off;
};

/**
 * struct mymm_slab_array - a shared or alien array
 * @limit: its room, in objects; constant
 * @count: objects in @objs
 * @touched: an object was taken since the reaper's last run
 * @objs: the objects, last in, first out
 *
 * Protected by the lock of the node whose shared array it is, or of the struct that it is
 * part of.
 */
struct mymm_slab_array {
	unsigned int limit;
	unsigned int count;
	bool touched;
	void *objs[];
};

/**
 * struct mymm_slab_alien - objects that were freed on one node and belong to another
 * @lock: protects @array; no lock of this module is taken inside it
 * @array: the objects
 */
struct mymm_slab_alien {
	raw_spinlock_t lock;
	struct mymm_slab_array array;
};

/**
 * struct mymm_slab_node - what a cache has on one node
 * @lock: protects the rest; no lock of this module is taken inside it
 * @nr_slabs: slabs on its three lists
 * @nr_free_slabs: of these, slabs with no object in use
 * @free_objects: free objects in all slabs
 * @free_limit: with more free objects, free slabs are given back
 * @free_touched: a free slab was used since the reaper's last run
 * @colour_next: colour of the newest slab
 * @shared: shared array of this node's CPUs, or NULL
 * @alien: by node: objects of that node that were freed on this one; NULL for this node, and
 *         in a pool with one node; constant
 */
struct mymm_slab_node {
	raw_spinlock_t lock ____cacheline_aligned_in_smp;
	unsigned long nr_slabs;
	unsigned long nr_free_slabs;
	unsigned long free_objects;
	unsigned long free_limit;
	bool free_touched;
	unsigned int colour_next;
	struct mymm_slab_array *shared;
	struct mymm_slab_alien *alien[MYMM_MAX_NODES];
};

/* Chunks of records double in size, so there are not more than these. */
#define MYMM_SLAB_CHUNKS 24
#define MYMM_SLAB_FIRST_CHUNK 64U
#define MYMM_NO_RECORD (~0U)

/**
 * struct mymm_slab_record - state of a slab whose index array is off the slab
 * @frame: first frame of the slab, or %MYMM_NO_FRAME; its node's lock
 * @next: number of the next spare record; the lock of the records
 * @active: objects that left the slab; its node's lock
 * @index: the index array; its node's lock. Behind it, in a pool without memory, a bit for
 *         each object that is set while a user holds it
 */
struct mymm_slab_record {
	u32 frame;
	u32 next;
	unsigned int active;
	mymm_slab_idx index[];
};

/**
 * struct mymm_slab_records - the records of a cache
 * @lock: protects the rest; no lock of this module is taken inside it
 * @size: bytes of one record; constant
 * @bits: offset of its bits; 0: it has none; constant
 * @spare: number of the first unused record, or %MYMM_NO_RECORD
 * @nr_spare: unused records
 * @nr: records
 * @nr_chunks: members of @chunk in use
 * @chunk: each twice as large as the one before; never freed before the cache
 */
struct mymm_slab_records {
	raw_spinlock_t lock;
	size_t size;
	size_t bits;
	u32 spare;
	u32 nr_spare;
	u32 nr;
	unsigned int nr_chunks;
	void *chunk[MYMM_SLAB_CHUNKS];
};

/**
 * struct mymm_slabs - the slab engine's part of a cache
 * @geometry: as SLAB has it; constant
 * @place: where the index array is here; constant
 * @odd: the odd part of the object size; constant
 * @mask: rounds a frame number down to the slab's first; constant
 * @tunables: as last set; pool->lock
 * @turn: the reaper's: the node whose alien arrays are drained next
 * @records: if @place is %MYMM_INDEX_OFF_SLAB
 * @nr_nodes: members of @node; constant
 * @node: by number
 */
struct mymm_slabs {
	struct mymm_slab_geometry geometry;
	enum mymm_slab_place place;
	u32 odd;
	u32 mask;
	struct mymm_tunables tunables;
	unsigned int turn;
	struct mymm_slab_records records;
	unsigned int nr_nodes;
	struct mymm_slab_node node[];
};

static inline struct mymm_slabs *mymm_slabs_of(const struct mymm_cache *cache)
{
	return cache->engine_data;
}

/* The lists of a node's slabs, in the order that cache.c has them. */
enum mymm_slab_list {
	MYMM_SLABS_PARTIAL,
	MYMM_SLABS_FULL,
	MYMM_SLABS_FREE,
	MYMM_NR_SLAB_LISTS,
};

static_assert((int)MYMM_NR_SLAB_LISTS == MYMM_LISTS_PER_NODE,
	      "the frame table has the heads of a cache's lists");

/* The head of a list. */
static inline u32 mymm_slab_list(const struct mymm_cache *cache, int node,
				 enum mymm_slab_list list)
{
	return cache->lists + node * MYMM_LISTS_PER_NODE + list;
}

/* The first object of a slab, behind its colour: computed back from @start. */
static inline void *mymm_slab_objects(const struct mymm_cache *cache,
				      const struct mymm_slabs *s, u32 head)
{
	u32 low = cache->frame[head].start * s->odd;
	u32 colour = low - (head << PAGE_SHIFT);

	return cache->base + ((unsigned long)head << PAGE_SHIFT) + colour;
}

/* The number of an object in its slab; not less than @num if there is none. */
static __always_inline u32 mymm_slab_number(const struct mymm_cache *cache,
					    const struct mymm_frame *frame,
					    unsigned long at)
{
	return ror32((u32)at * cache->inverse - frame->start, cache->shift);
}

/* Not seen by KASAN: an index array may be in a free object, or behind the last one. */
static __no_kasan_or_inline unsigned int
mymm_slab_index(const mymm_slab_idx *index, unsigned int place)
{
	return mymm_load(index[place]);
}

static __no_kasan_or_inline void mymm_slab_set_index(mymm_slab_idx *index,
						     unsigned int place,
						     unsigned int number)
{
	index[place] = number;
}

/* The node that a slab is on. */
static inline int mymm_slab_node_of(const struct mymm_cache *cache, u32 head)
{
	return mymm_pool_zone(cache->pool, READ_ONCE(cache->frame[head].tag))
		->node;
}

/**
 * struct mymm_slab_info - a slab and its index array
 * @slab: its first frame
 * @head: the number of that frame
 * @active: objects that left it
 * @index: its index array; NULL if that is in an object, and none is free
 * @record: or NULL
 */
struct mymm_slab_info {
	struct mymm_frame *slab;
	u32 head;
	unsigned int active;
	mymm_slab_idx *index;
	struct mymm_slab_record *record;
};

static inline void mymm_slab_set_active(struct mymm_slab_info *view)
{
	if (view->record)
		view->record->active = view->active;
	else
		view->slab->inuse = view->active;
}

static inline u32 mymm_slab_head(const struct mymm_cache *cache,
				 const struct mymm_frame *slab)
{
	return slab - cache->frame;
}

/* slab_geometry.c */
int mymm_slab_geometry(unsigned int object_size, unsigned int size,
		       unsigned int align, slab_flags_t flags, bool ctor,
		       struct mymm_slab_geometry *geometry);

/* slab_record.c */
int mymm_slab_records_init(struct mymm_cache *cache);
void mymm_slab_records_exit(struct mymm_cache *cache);
struct mymm_slab_record *mymm_slab_record(const struct mymm_slabs *s, u32 nr);
u32 mymm_slab_record_get(struct mymm_slabs *s, bool *low);
void mymm_slab_record_put(struct mymm_slabs *s, u32 nr);
void mymm_slab_records_refill(struct mymm_cache *cache);

static inline unsigned long *
mymm_slab_record_bits(const struct mymm_slabs *s,
		      struct mymm_slab_record *record)
{
	return (void *)record + s->records.bits;
}

/* slab_array.c */
int mymm_slab_arrays_init(struct mymm_cache *cache);
void mymm_slab_arrays_exit(struct mymm_cache *cache);
int mymm_slab_set_tunables(struct mymm_cache *cache,
			   const struct mymm_tunables *tunables);
unsigned int mymm_slab_shared_take(struct mymm_slab_node *n, unsigned int nr,
				   void **objs);
unsigned int mymm_slab_shared_put(struct mymm_slab_node *n, unsigned int nr,
				  void **objs);
void mymm_slab_alien_put(struct mymm_cache *cache,
			 struct mymm_slab_alien *alien, int node,
			 unsigned int nr, void **objs);
void mymm_slab_drain_arrays(struct mymm_cache *cache);
void mymm_slab_reap(struct mymm_cache *cache);
bool mymm_slab_arrays_have(struct mymm_slabs *s, int node, const void *obj);
unsigned long mymm_slab_arrays_count(const struct mymm_slabs *s);
void mymm_slab_update_free_limit(struct mymm_cache *cache);

/* slab_grow.c */
void mymm_slab_get_info(const struct mymm_cache *cache, u32 head,
			struct mymm_slab_info *view);
struct mymm_frame *mymm_slab_make(struct mymm_cache *cache, gfp_t gfp,
				  int node);
unsigned long mymm_slabs_give_back(struct mymm_cache *cache, u32 first);
struct mymm_slab_area mymm_slab_engine_area(const struct mymm_cache *cache,
					    u32 head);

/* slab_is_free.c */
bool mymm_slab_claim(struct mymm_cache *cache, void *obj, bool held);
bool mymm_slab_is_free(struct mymm_cache *cache, void *obj);

/* slab.c */
unsigned int mymm_slab_rebuild_freelist(struct mymm_cache *cache,
					struct mymm_slabs *s,
					struct mymm_slab_info *view);
unsigned int mymm_slab_alloc_objects(struct mymm_cache *cache, gfp_t gfp,
				     unsigned int nr, void **objs);
void mymm_slab_free_objects(struct mymm_cache *cache, unsigned int nr,
			    void **objs);
void mymm_slab_put_objects(struct mymm_cache *cache, int node, unsigned int nr,
			   void **objs, bool share);
unsigned long mymm_slab_give_free(struct mymm_cache *cache, int node,
				  unsigned long slabs);
unsigned long mymm_slab_discard(struct mymm_cache *cache);

/* slab_walk.c */
void mymm_slab_walk(struct mymm_cache *cache, struct mymm_walk *walk);

/* slab_check.c */
void mymm_cache_slabs(struct mymm_cache *cache, struct mymm_cache_slabs *node);
int mymm_slab_check(struct mymm_cache *cache, struct mymm_finding *finding);

#endif /* _MYMM_SLAB_H */
