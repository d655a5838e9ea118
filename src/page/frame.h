/* SPDX-License-Identifier: GPL-2.0 */
/* The frame table; frame.c has the picture. */
#ifndef _MYMM_FRAME_H
#define _MYMM_FRAME_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <asm/byteorder.h>
#include <linux/types.h>

#define MYMM_MAX_ORDER 10
#define MYMM_NR_ORDERS (MYMM_MAX_ORDER + 1)
#define MYMM_NO_FRAME (~0U)

/**
 * enum mymm_migratetype - what is known of the contents of a pageblock, or of a request
 * @MYMM_UNMOVABLE: stays where it is
 * @MYMM_MOVABLE: its owner could move it
 * @MYMM_RECLAIMABLE: its owner gives it back when asked
 * @MYMM_PCPTYPES: how many of them have per-CPU lists, and merge with each other
 * @MYMM_HIGHATOMIC: a reserve for blocks that are wanted without waiting
 * @MYMM_NR_MIGRATETYPES: how many there are
 *
 * Numbered as gfp's mobility bits are.
 */
enum mymm_migratetype {
	MYMM_UNMOVABLE,
	MYMM_MOVABLE,
	MYMM_RECLAIMABLE,
	MYMM_PCPTYPES,
	MYMM_HIGHATOMIC = MYMM_PCPTYPES,
	MYMM_NR_MIGRATETYPES,
};

/**
 * enum mymm_frame_state - what a frame is at this moment
 * @MYMM_FRAME_TAIL: not the first frame of anything; what it belongs to is found
 *                   from the head (zero, so a zeroed table is all tails)
 * @MYMM_FRAME_FREE: first frame of a free block, on the list of its order
 * @MYMM_FRAME_PAGES: first frame of an allocated block
 * @MYMM_FRAME_LARGE: first frame of a kmalloc too large for a size class
 * @MYMM_FRAME_SLAB: first frame of a slab
 * @MYMM_FRAME_SLAB_TAIL: another frame of a slab
 * @MYMM_FRAME_PCP: first frame of a block in a CPU's list
 * @MYMM_FRAME_HOLE: there is nothing behind this frame, and never will be
 * @MYMM_FRAME_LIST: no frame at all: the head of a list, behind the last frame
 * @MYMM_NR_FRAME_STATES: how many there are
 */
enum mymm_frame_state {
	MYMM_FRAME_TAIL,
	MYMM_FRAME_FREE,
	MYMM_FRAME_PAGES,
	MYMM_FRAME_LARGE,
	MYMM_FRAME_SLAB,
	MYMM_FRAME_SLAB_TAIL,
	MYMM_FRAME_PCP,
	MYMM_FRAME_HOLE,
	MYMM_FRAME_LIST,
	MYMM_NR_FRAME_STATES,
};

/* The bits of a frame's tag; one compare tests state, order, zone and flags. */
#define MYMM_TAG_STATE 0x000000ffU
#define MYMM_TAG_ORDER_SHIFT 8
#define MYMM_TAG_ORDER 0x0000ff00U
#define MYMM_TAG_ZONE_SHIFT 16
#define MYMM_TAG_ZONE 0x00ff0000U
#define MYMM_TAG_COMP 0x01000000U /* allocated with __GFP_COMP */
/*
 * A migratetype. Free: that of its list, which is that of its pageblock. In a CPU's
 * list: that of the list. Allocated: the one that was asked for.
 */
#define MYMM_TAG_TYPE_SHIFT 25
#define MYMM_TAG_TYPE 0x06000000U

static inline u32 mymm_tag(enum mymm_frame_state state, unsigned int order,
			   unsigned int zone)
{
	return state | order << MYMM_TAG_ORDER_SHIFT |
	       zone << MYMM_TAG_ZONE_SHIFT;
}

static inline u32 mymm_tag_of_type(enum mymm_migratetype type)
{
	return (u32)type << MYMM_TAG_TYPE_SHIFT;
}

static inline enum mymm_migratetype mymm_tag_type(u32 tag)
{
	return (tag & MYMM_TAG_TYPE) >> MYMM_TAG_TYPE_SHIFT;
}

static inline enum mymm_frame_state mymm_tag_state(u32 tag)
{
	return tag & MYMM_TAG_STATE;
}

/* The number of frames of each order: shorter than a shift by a variable. */
extern const u32 mymm_order_size[MYMM_NR_ORDERS];

static inline unsigned int mymm_tag_order(u32 tag)
{
	return (tag & MYMM_TAG_ORDER) >> MYMM_TAG_ORDER_SHIFT;
}

static inline unsigned int mymm_tag_zone(u32 tag)
{
	return (tag & MYMM_TAG_ZONE) >> MYMM_TAG_ZONE_SHIFT;
}

/**
 * struct mymm_frame - the descriptor of one page of a pool
 * @tag: state, order, zone and flags in one word, see MYMM_TAG_*. Written under
 *       the lock of the frame's zone while the block is free or changes hands,
 *       by its owner alone while it is allocated
 * @cache: %MYMM_FRAME_SLAB and %MYMM_FRAME_SLAB_TAIL: number of the cache that the
 *         slab belongs to, or %MYMM_SHARED, and what is below is the engine's then; 0
 *         in every other state, so that one compare on the way of each free finds a
 *         foreign object
 * @objects: slab frames: objects that the slab has room for
 * @next: next frame of the list that this one is on, and
 * @prev: the one before it; lists are circular and end in a %MYMM_FRAME_LIST.
 *        Free block: zone lock. Slab: the cache's list lock
 * @links: both at once, where they are the same
 * @start: slab frames: the address of the slab, counted from the pool's beginning,
 *         times the inverse of the odd part of the object size, see mymm_cache_owns()
 * @inuse: first frame of a slab: objects handed out; the cache's list lock
 * @free: first frame of a slab: link to the first object of its freelist, see
 *        cache.h; the cache's list lock. Of the slab engine: see slab.h
 * @record: first frame of a slab of the slab engine whose index array is elsewhere: where
 * @rcu: first frame of what was a slab until a moment ago: see slab_pages.c
 */
struct mymm_frame {
	u32 tag;
	u16 cache;
	u16 objects;
	union {
		struct {
			union {
				struct {
					u32 next;
					u32 prev;
				};
				u64 links;
			};
			u32 start;
			union {
				struct {
					u16 inuse;
					u16 free;
				};
				u32 record;
			};
		};
		struct rcu_head rcu;
	};
};

static_assert(sizeof(struct mymm_frame) == 24,
	      "the design promises 24 bytes a frame");

/*
 * One byte of a frame's tag: 0 the state, 1 the order, 2 the zone. A load of a byte is
 * cheaper than a load and a shift.
 */
static __always_inline u8 mymm_frame_byte(const struct mymm_frame *frame,
					  unsigned int n)
{
	const u8 *tag = (const u8 *)&frame->tag;

#ifdef __BIG_ENDIAN
	n = 3 - n;
#endif
	/* The whole is written at once: a byte of it is of one moment. */
	return data_race(tag[n]);
}

void mymm_list_init(struct mymm_frame *table, u32 head);

/*
 * Lists of frames. Heads are members of the table too, so that neither adding
 * nor removing has a special case.
 */
static inline bool mymm_list_empty(const struct mymm_frame *table, u32 head)
{
	return table[head].next == head;
}

/* @idx twice, as @links wants it. */
static inline u64 mymm_links(u32 idx)
{
	return (u64)idx << 32 | idx;
}

/* Make @idx the only member of a list that is empty. */
static inline void mymm_list_add_only(struct mymm_frame *table, u32 idx,
				      u32 head)
{
	table[idx].links = mymm_links(head);
	table[head].links = mymm_links(idx);
}

static inline void __mymm_list_add(struct mymm_frame *table, u32 idx, u32 prev,
				   u32 next)
{
	table[idx].next = next;
	table[idx].prev = prev;
	table[next].prev = idx;
	table[prev].next = idx;
}

static inline void mymm_list_add(struct mymm_frame *table, u32 idx, u32 head)
{
	__mymm_list_add(table, idx, head, table[head].next);
}

static inline void mymm_list_add_tail(struct mymm_frame *table, u32 idx,
				      u32 head)
{
	__mymm_list_add(table, idx, table[head].prev, head);
}

static inline void mymm_list_del(struct mymm_frame *table, u32 idx)
{
	u32 next = table[idx].next;
	u32 prev = table[idx].prev;

	table[next].prev = prev;
	table[prev].next = next;
}

u32 mymm_frame_find_head(const struct mymm_frame *table, u32 idx);
const char *mymm_frame_state_name(enum mymm_frame_state state);

#endif /* _MYMM_FRAME_H */
