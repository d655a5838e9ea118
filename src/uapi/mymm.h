/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The door: what a program says to /dev/mymm.
 *
 * An open file is a *session*. It owns what it allocates; closing it, or dying,
 * gives everything back. What it owns it names by *handles*: small numbers of
 * that session, never kernel addresses.
 *
 * Every argument is a struct whose first member is its size, so that it can grow:
 * a kernel that knows less than the caller accepts the longer struct as long as
 * the rest is zero (-E2BIG otherwise), and fills the shorter one of an older
 * caller. Reserved members and unknown flag bits must be zero (-EINVAL). Set the whole struct to
 * zero first: a member that is added later may be read.
 */
#ifndef _UAPI_MYMM_H
#define _UAPI_MYMM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Grows when the meaning of something below changes; members may be added without. */
#define MYMM_ABI 1

#define MYMM_NAME_LEN 32 /* names, with their final NUL */
#define MYMM_UAPI_ORDERS 11 /* orders 0 to 10 */
#define MYMM_UAPI_ZONES 64 /* populated zones that MYMM_IOC_INFO returns */
#define MYMM_UAPI_ZONE_TYPES 5 /* DMA, DMA32, Normal, HighMem, Movable */
#define MYMM_UAPI_TYPES 4 /* Unmovable, Movable, Reclaimable, HighAtomic */
#define MYMM_BATCH_MAX 65536 /* operations in one MYMM_IOC_BATCH */
#define MYMM_RANGE_MAX 0x3fffffffU /* frames of one MYMM_OP_RANGE_ALLOC */

/*
 * How to allocate. Our own bits, since the kernel's gfp bits differ between
 * versions. Without any: like GFP_KERNEL, from zone Normal down.
 */
#define MYMM_GFP_ZERO (1U << 0) /* hand it out zeroed */
#define MYMM_GFP_COMP \
	(1U << 1) /* pages: head and tails are one compound block */
#define MYMM_GFP_DMA (1U << 2) /* from zone DMA; alone or with MOVABLE */
#define MYMM_GFP_DMA32 (1U << 3) /* from zone DMA32 down */
#define MYMM_GFP_HIGHMEM (1U << 4) /* from zone HighMem down */
#define MYMM_GFP_MOVABLE \
	(1U << 5) /* movable; with HIGHMEM: from zone Movable down */
#define MYMM_GFP_RECLAIMABLE \
	(1U << 6) /* pages: reclaimable; kmalloc: from kmalloc-rcl-* */
#define MYMM_GFP_ATOMIC (1U << 7) /* do not sleep, like GFP_ATOMIC */
#define MYMM_GFP_NOWAIT (1U << 8) /* do not sleep, like GFP_NOWAIT */
#define MYMM_GFP_NOWARN (1U << 9) /* fail without a line in the log */
/* How often to try: at most one of NORETRY, RETRY_MAYFAIL and NOFAIL. */
#define MYMM_GFP_NORETRY (1U << 10) /* give up early */
#define MYMM_GFP_HIGH (1U << 11) /* below the min watermark, like GFP_ATOMIC */
#define MYMM_GFP_MEMALLOC (1U << 12) /* down to the last frame */
#define MYMM_GFP_NOMEMALLOC (1U << 13) /* no reserve; stronger than MEMALLOC */
#define MYMM_GFP_RETRY_MAYFAIL (1U << 14) /* give up late */
#define MYMM_GFP_NOFAIL \
	(1U << 15) /* never give up but for a fatal signal; not without sleep */
#define MYMM_GFP_THISNODE (1U << 16) /* no other node will do */
#define MYMM_GFP_NOKSWAPD (1U << 17) /* do not wake kswapd */
#define MYMM_GFP_ALL ((1U << 18) - 1)

/* What a new cache is like; see the SLAB_* flag of the same name. */
#define MYMM_CACHE_HWCACHE_ALIGN (1U << 0)
#define MYMM_CACHE_POISON (1U << 1)
#define MYMM_CACHE_DMA (1U << 2)
#define MYMM_CACHE_RECLAIM_ACCOUNT (1U << 3)
#define MYMM_CACHE_TYPESAFE_BY_RCU \
	(1U << 4) /* slabs go after a grace period: readers may still look */
#define MYMM_CACHE_CTOR \
	(1U             \
	 << 5) /* has a constructor: it sets the first byte to MYMM_CTOR_BYTE */
/* With one of these, or MYMM_CACHE_POISON, it is a debug cache: not with engine slob. */
#define MYMM_CACHE_CONSISTENCY_CHECKS (1U << 6)
#define MYMM_CACHE_RED_ZONE (1U << 7)
#define MYMM_CACHE_STORE_USER (1U << 8)
#define MYMM_CACHE_TRACE (1U << 9)
#define MYMM_CACHE_ALL ((1U << 10) - 1)

#define MYMM_CTOR_BYTE 0xc7

/**
 * enum mymm_op_code - what one operation of a batch does
 * @MYMM_OP_PAGES_ALLOC: @arg is the order, @flags say how; gives a handle
 * @MYMM_OP_PAGES_FREE: @handle of pages or of a range; @arg is the order that the pages
 *                      must have, or MYMM_ANY, which a range wants
 * @MYMM_OP_KMALLOC: @arg is the size in bytes, @flags say how; gives a handle
 * @MYMM_OP_KREALLOC: @handle of a kmalloc; @arg is the new size (1 and up); same handle
 * @MYMM_OP_KFREE: @handle of a kmalloc
 * @MYMM_OP_OBJ_ALLOC: @cache is a cache's handle, @flags say how; gives a handle
 * @MYMM_OP_OBJ_FREE: @handle of an object; @cache is the handle of the cache that it
 *                    must be of, or 0 for whichever it came from
 * @MYMM_OP_RANGE_ALLOC: @pfn is the first frame and @arg the number of frames, 1 to
 *                       MYMM_RANGE_MAX; of @flags, what names a zone says nothing here;
 *                       gives a handle. -EBUSY: not all are free; -ENXIO: there is a hole
 * @MYMM_OP_TICK: two seconds pass on the pool's clock, which the session must hold
 *                (MYMM_IOC_CLOCK), or else it is -EPERM; all other members are 0
 * @MYMM_OP_SAMPLE: note down in debugfs mymm/history what is free; @arg is the time on the
 *                  session's own clock, in ns, and before the last one's begins a new history.
 *                  The session must hold the pool's clock, or else it is -EPERM
 */
enum mymm_op_code {
	MYMM_OP_PAGES_ALLOC = 1,
	MYMM_OP_PAGES_FREE,
	MYMM_OP_KMALLOC,
	MYMM_OP_KREALLOC,
	MYMM_OP_KFREE,
	MYMM_OP_OBJ_ALLOC,
	MYMM_OP_OBJ_FREE,
	MYMM_OP_RANGE_ALLOC,
	MYMM_OP_TICK,
	MYMM_OP_SAMPLE,
};

#define MYMM_ANY (~0ULL)

/**
 * enum mymm_reason - why the pool had no memory for an operation
 * @MYMM_REASON_NONE: it was another error; or the pool has such a block by now; or the
 *                    kernel had no memory for the handle
 * @MYMM_REASON_NO_ZONE: the pool has no zone that the operation may use
 * @MYMM_REASON_EMPTY: fewer frames are free than the block has
 * @MYMM_REASON_FRAGMENTED: enough frames are free, but no block is large enough
 * @MYMM_REASON_RESERVE: a block is free, but reserved for requests that can have no higher
 *                       zone, or that can't wait
 * @MYMM_REASON_WATERMARK: a block is free, but the watermark must be kept
 *
 * Of several zones that the operation may use, the last of these that one has.
 */
enum mymm_reason {
	MYMM_REASON_NONE,
	MYMM_REASON_NO_ZONE,
	MYMM_REASON_EMPTY,
	MYMM_REASON_FRAGMENTED,
	MYMM_REASON_RESERVE,
	MYMM_REASON_WATERMARK,
};

/**
 * struct mymm_op - one operation of a batch
 * @op: in: enum mymm_op_code
 * @flags: in: MYMM_GFP_* for what allocates, else 0
 * @handle: in: what to free or resize (0 for what allocates), or with MYMM_BATCH_REFS a
 *          MYMM_REF(); out: what was allocated, freed or resized
 * @cache: in: handle of a cache for MYMM_OP_OBJ_*, else 0
 * @arg: in: order, bytes or MYMM_ANY
 * @pfn: out: frame number, counted from the pool's first frame, of the first byte; in:
 *       for MYMM_OP_RANGE_ALLOC; else not looked at
 * @bytes: out: what the allocation really takes: the block, or the object's slot
 * @result: out: 0 or a negative errno
 * @node: in: for MYMM_OP_PAGES_ALLOC: 0 for the node of this CPU, or the number of the node
 *        to ask first, and 1; else 0
 * @reason: out: enum mymm_reason, for a @result of -ENOMEM; else 0
 * @order: out: for a @result of -ENOMEM, the order of the block that was not to be had; else 0
 *
 * The last two were added later: a caller may leave them out of @op_size.
 */
struct mymm_op {
	__u32 op;
	__u32 flags;
	__u32 handle;
	__u32 cache;
	__u64 arg;
	__u64 pfn;
	__u64 bytes;
	__s32 result;
	__u32 node;
	__u32 reason;
	__u32 order;
};

#define MYMM_OP_SIZE_VER0 48 /* the first published size */

/* Stop at the first operation that fails; without it the rest is still run. */
#define MYMM_BATCH_STOP (1U << 0)
/*
 * The @handle of an operation can be MYMM_REF(n): the handle that operation n of the same
 * batch made, counted from 0. It is replaced by that handle, or the operation's @result is
 *	-ERANGE		no operation of the batch has that number
 *	-ENODATA	operation n was not run yet: it is this one or a later one
 *	-ECANCELED	operation n failed, or gives no handle
 *	-ESTALE		what operation n made was freed meanwhile
 */
#define MYMM_BATCH_REFS (1U << 1)
#define MYMM_BATCH_ALL ((1U << 2) - 1)

#define MYMM_REF(n) (0x80000000U + (n))

/**
 * struct mymm_batch - run operations one after the other (MYMM_IOC_BATCH)
 * @size: in: sizeof(struct mymm_batch)
 * @flags: in: MYMM_BATCH_*
 * @op_size: in: sizeof(struct mymm_op)
 * @nr: in: operations, 1 to MYMM_BATCH_MAX
 * @ops: in: address of the array; each one's out members are written back
 * @done: out: operations that were run, whatever came of them; less than @nr after
 *        MYMM_BATCH_STOP, or when a fatal signal came
 * @failed: out: how many of those have a @result that is not 0
 */
struct mymm_batch {
	__u32 size;
	__u32 flags;
	__u32 op_size;
	__u32 nr;
	__u64 ops;
	__u32 done;
	__u32 failed;
};

/**
 * struct mymm_cache_args - make a cache (MYMM_IOC_CACHE_CREATE)
 * @size: in: sizeof(struct mymm_cache_args)
 * @flags: in: MYMM_CACHE_*
 * @object_size: in: bytes, 1 to 4 MiB
 * @align: in: bytes, a power of two up to a page, or 0
 * @name: in: unique in the pool; printable, no spaces
 * @engine: in: "slub", "slab", "slob", or empty for the pool's default
 * @handle: out: the cache
 * @objs_per_slab: out
 * @slab_order: out
 * @slot_size: out: bytes from one object to the next
 */
struct mymm_cache_args {
	__u32 size;
	__u32 flags;
	__u32 object_size;
	__u32 align;
	char name[MYMM_NAME_LEN];
	char engine[MYMM_NAME_LEN];
	__u32 handle;
	__u32 objs_per_slab;
	__u32 slab_order;
	__u32 slot_size;
};

/**
 * struct mymm_handle_args - something done to a cache
 * @size: in: sizeof(struct mymm_handle_args)
 * @flags: in: 0
 * @handle: in: the cache
 * @count: out: MYMM_IOC_CACHE_DESTROY: objects that keep it from being destroyed
 *         (-EBUSY); MYMM_IOC_CACHE_SHRINK: slabs given back
 */
struct mymm_handle_args {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 count;
};

/* Give back only what was not used lately. */
#define MYMM_DRAIN_TRIM (1U << 0)

/**
 * struct mymm_drain_args - give what is kept at hand back to the zones (MYMM_IOC_DRAIN)
 * @size: in: sizeof(struct mymm_drain_args)
 * @flags: in: 0: empties magazines and per-CPU page lists, gives empty slabs back, and
 *         brings zones that are whole into the order that they had at load;
 *         MYMM_DRAIN_TRIM: takes from magazines what was not used since the last trim,
 *         and gives back the slabs that become empty, but for a few
 * @frames_before: out: free frames in the pool before it
 * @frames_after: out: free frames in the pool after it
 */
struct mymm_drain_args {
	__u32 size;
	__u32 flags;
	__u64 frames_before;
	__u64 frames_after;
};

/**
 * enum mymm_kind - what a handle stands for
 * @MYMM_KIND_PAGES: a block of frames
 * @MYMM_KIND_KMALLOC: bytes from a size class, or large
 * @MYMM_KIND_OBJECT: an object of a cache
 * @MYMM_KIND_CACHE: a cache
 * @MYMM_KIND_RANGE: frames that were named
 */
enum mymm_kind {
	MYMM_KIND_PAGES = 1,
	MYMM_KIND_KMALLOC,
	MYMM_KIND_OBJECT,
	MYMM_KIND_CACHE,
	MYMM_KIND_RANGE,
};

/**
 * struct mymm_holding - one thing that a session holds
 * @handle: its handle
 * @kind: enum mymm_kind
 * @order: of the block, for pages; of a slab, for a cache
 * @reserved: 0
 * @pfn: frame number of its first byte; 0 for a cache
 * @offset: byte in that frame at which it begins
 * @bytes: what it takes; for a cache: bytes from one object to the next
 * @objects: for a cache: objects in use (those in magazines count as such)
 * @name: the zone for pages and ranges, the cache otherwise, empty for a large kmalloc
 */
struct mymm_holding {
	__u32 handle;
	__u32 kind;
	__u32 order;
	__u32 reserved;
	__u64 pfn;
	__u64 offset;
	__u64 bytes;
	__u64 objects;
	char name[MYMM_NAME_LEN];
};

/**
 * struct mymm_list - what this session holds, by rising handle (MYMM_IOC_LIST)
 * @size: in: sizeof(struct mymm_list)
 * @flags: in: 0
 * @from: in: the first handle to list; out: where to continue
 * @nr: in: room in @holdings, up to MYMM_BATCH_MAX; out: written; 0: there are no more
 * @holdings: in: address of the array
 */
struct mymm_list {
	__u32 size;
	__u32 flags;
	__u32 from;
	__u32 nr;
	__u64 holdings;
};

/**
 * struct mymm_zone_info - one populated zone
 * @node: its node
 * @reserved: 0
 * @start_pfn: its first frame
 * @spanned: frames from its first to its last
 * @managed: frames that it can hand out
 * @free: frames that are free
 * @peak: the most frames that were in use at once since load or the last drain
 *        that found the zone whole
 * @failed: allocations that wanted this zone first and failed
 * @nr_free: free blocks of each order
 * @name: DMA, DMA32, Normal, HighMem or Movable
 */
struct mymm_zone_info {
	__u32 node;
	__u32 reserved;
	__u64 start_pfn;
	__u64 spanned;
	__u64 managed;
	__u64 free;
	__u64 peak;
	__u64 failed;
	__u64 nr_free[MYMM_UAPI_ORDERS];
	char name[MYMM_NAME_LEN];
};

#define MYMM_INFO_WHOLE \
	(1U << 0) /* nothing is held: each frame is free, or in a CPU's list */
#define MYMM_INFO_PRISTINE \
	(1U << 1) /* WHOLE, and in the order it had at load */
#define MYMM_INFO_MEMORY \
	(1U << 2) /* has memory behind its frames (not backing=none) */
#define MYMM_INFO_DEAD (1U << 3) /* an invariant broke: everything is refused */

/**
 * struct mymm_info - the pool and this session (MYMM_IOC_INFO)
 * @size: in: sizeof(struct mymm_info)
 * @flags: in: 0; out: MYMM_INFO_*
 * @abi: out: MYMM_ABI
 * @session: out: this session's number
 * @page_size: out: bytes
 * @nr_zones: out: members of @zones that are filled
 * @held: out: handles that this session holds
 * @engine: out: the pool's default engine
 * @zones: out
 * @pool: in: the name of the pool to be described, which another module may have made
 *        (-ENOENT: there is none); empty: the session's own; out: its name
 *
 * @pool was added later: a caller may leave it out of @size.
 */
struct mymm_info {
	__u32 size;
	__u32 flags;
	__u32 abi;
	__u32 session;
	__u32 page_size;
	__u32 nr_zones;
	__u64 held;
	char engine[MYMM_NAME_LEN];
	struct mymm_zone_info zones[MYMM_UAPI_ZONES];
	char pool[MYMM_NAME_LEN];
};

/**
 * struct mymm_zone_args - one zone, in depth (MYMM_IOC_ZONE)
 * @size: in: sizeof(struct mymm_zone_args)
 * @flags: in: 0
 * @zone: in: its place in the @zones of MYMM_IOC_INFO; -ENOENT if there is none
 * @block_order: out: of a pageblock
 * @free: out: free frames
 * @pcp: out: frames that CPUs have at hand, which are neither free nor in use
 * @min: out: watermarks, in frames, as /proc/zoneinfo has them: @min, @low, @high; all 0 in
 *       a pool without
 * @low: out
 * @high: out
 * @boost: out: what fallbacks have added to them for the time being
 * @protection: out: frames that a request which could have had that higher zone leaves
 * @highatomic: out: frames reserved for atomic requests of higher orders
 * @extfrag: out: blocks that were taken from pageblocks of another migratetype
 * @blocks: out: pageblocks of each migratetype; those that begin or end outside too
 * @nr_free: out: free blocks by migratetype and order; a pool that does not tell
 *           migratetypes apart has them all under the first
 * @pool: in: as in struct mymm_info; added later, too
 * @contested: out: times that a block of another migratetype was tried, to be taken or for its
 *             pageblock to be claimed, while each other type had one of that order, so that
 *             another order of types would have tried another block; added after @pool
 * @contested_lists: out: blocks that were taken from a list with others on it, without those
 *                   that were given back before anything else happened; added later
 * @contested_fits: out: times that the slob engine took room on a page of the zone, and would
 *                  have taken other room by its other fit; counted while a session holds the
 *                  clock; added with @contested_lists
 */
struct mymm_zone_args {
	__u32 size;
	__u32 flags;
	__u32 zone;
	__u32 block_order;
	__u64 free;
	__u64 pcp;
	__u64 min;
	__u64 low;
	__u64 high;
	__u64 boost;
	__u64 protection[MYMM_UAPI_ZONE_TYPES];
	__u64 highatomic;
	__u64 extfrag;
	__u64 blocks[MYMM_UAPI_TYPES];
	__u64 nr_free[MYMM_UAPI_TYPES][MYMM_UAPI_ORDERS];
	char pool[MYMM_NAME_LEN];
	__u64 contested;
	__u64 contested_lists;
	__u64 contested_fits;
};

/* Hold the clock; without it, let go of it, if this session holds it. */
#define MYMM_CLOCK_HOLD (1U << 0)

/**
 * struct mymm_clock_args - have the pool's clock go by this session (MYMM_IOC_CLOCK)
 * @size: in: sizeof(struct mymm_clock_args)
 * @flags: in: MYMM_CLOCK_HOLD or 0
 *
 * What a pool does by itself depends on time: what is kept but not used goes back every two
 * seconds, and kswapd works whenever it gets a CPU. While a session holds the clock, the first
 * is done by MYMM_OP_TICK alone, and kswapd's work at the end of the operation of this session
 * that follows its being woken, on the same CPU. So the same operations give the same state.
 * -EBUSY: another session holds it. It goes with the session.
 */
struct mymm_clock_args {
	__u32 size;
	__u32 flags;
};

#define MYMM_IOC_MAGIC 0xB5
#define MYMM_IOC_INFO _IOWR(MYMM_IOC_MAGIC, 1, struct mymm_info)
#define MYMM_IOC_BATCH _IOWR(MYMM_IOC_MAGIC, 2, struct mymm_batch)
#define MYMM_IOC_CACHE_CREATE _IOWR(MYMM_IOC_MAGIC, 3, struct mymm_cache_args)
#define MYMM_IOC_CACHE_DESTROY _IOWR(MYMM_IOC_MAGIC, 4, struct mymm_handle_args)
#define MYMM_IOC_CACHE_SHRINK _IOWR(MYMM_IOC_MAGIC, 5, struct mymm_handle_args)
#define MYMM_IOC_DRAIN _IOWR(MYMM_IOC_MAGIC, 6, struct mymm_drain_args)
#define MYMM_IOC_LIST _IOWR(MYMM_IOC_MAGIC, 7, struct mymm_list)
#define MYMM_IOC_ZONE _IOWR(MYMM_IOC_MAGIC, 8, struct mymm_zone_args)
#define MYMM_IOC_CLOCK _IOWR(MYMM_IOC_MAGIC, 9, struct mymm_clock_args)

#endif /* _UAPI_MYMM_H */
