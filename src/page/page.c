// SPDX-License-Identifier: GPL-2.0
/*
 * What a holder of a frame asks: its address, its number, the block that it is part of.
 *
 * A pool's frames are contiguous by number and by address, not in the machine's physical
 * memory; see Documentation/design.md.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "page/page_alloc.h"
#include "page/registry.h"

/**
 * mymm_frame_address() - where a frame's memory is
 * @pool: whose frame it is
 * @frame: the frame
 *
 * Context: any.
 * Return: its address, or NULL if the pool has no memory or the frame is not its.
 */
void *mymm_frame_address(struct mymm_pool *pool, const struct mymm_frame *frame)
{
	if (!mymm_pool_has_memory(pool) || !mymm_is_frame_of(pool, frame))
		return NULL;
	return mymm_pool_address(pool, frame - pool->frame);
}
EXPORT_SYMBOL_GPL(mymm_frame_address);

/**
 * mymm_frame_pfn() - the number of a frame
 * @pool: whose frame it is
 * @frame: the frame
 *
 * Context: any.
 * Return: its number, counted from the pool's first frame; ULONG_MAX if it is not
 * the pool's.
 */
unsigned long mymm_frame_pfn(struct mymm_pool *pool,
			     const struct mymm_frame *frame)
{
	return mymm_is_frame_of(pool, frame) ? frame - pool->frame : ULONG_MAX;
}
EXPORT_SYMBOL_GPL(mymm_frame_pfn);

/**
 * mymm_address_frame() - the frame behind an address
 * @addr: any address
 *
 * Looks through all pools. The frame is good for as long as the caller owns
 * something in it.
 *
 * Context: any.
 * Return: the frame, or NULL if the address is in no pool's memory.
 */
struct mymm_frame *mymm_address_frame(const void *addr)
{
	struct mymm_pool *pool;

	guard(rcu)();
	pool = mymm_pool_of(addr);
	return pool ? &pool->frame[mymm_pool_index(pool, addr)] : NULL;
}
EXPORT_SYMBOL_GPL(mymm_address_frame);

/**
 * mymm_compound_head() - the first frame of the compound block that a frame is in
 * @pool: whose frame it is
 * @frame: the frame; the caller owns the block
 *
 * Context: any.
 * Return: the head; @frame itself if it is in no block that was allocated with
 * %__GFP_COMP; NULL if it is not the pool's.
 */
struct mymm_frame *mymm_compound_head(struct mymm_pool *pool,
				      struct mymm_frame *frame)
{
	u32 head;

	if (!mymm_is_frame_of(pool, frame))
		return NULL;
	head = mymm_frame_find_head(pool->frame, frame - pool->frame);
	if (head == MYMM_NO_FRAME || !(pool->frame[head].tag & MYMM_TAG_COMP))
		return frame;
	return &pool->frame[head];
}
EXPORT_SYMBOL_GPL(mymm_compound_head);

/**
 * mymm_compound_order() - the order of a compound block
 * @pool: whose frame it is
 * @frame: the frame
 *
 * Context: any.
 * Return: the order if @frame is the head of a block that was allocated with
 * %__GFP_COMP, else 0.
 */
unsigned int mymm_compound_order(struct mymm_pool *pool,
				 const struct mymm_frame *frame)
{
	u32 tag;

	if (!mymm_is_frame_of(pool, frame))
		return 0;
	tag = READ_ONCE(frame->tag);
	return tag & MYMM_TAG_COMP ? mymm_tag_order(tag) : 0;
}
EXPORT_SYMBOL_GPL(mymm_compound_order);
