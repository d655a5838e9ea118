// SPDX-License-Identifier: GPL-2.0
/*
 * What one operation of a batch does: checks what the program asks for, calls the
 * allocator, and puts what comes of it into a handle, or back if there is none to be had.
 *
 * A flag that is not known, or a member that the operation does not use and that is not
 * 0, is refused, so that it may mean something one day.
 */
#include <linux/sched/signal.h>

#include "page/page_free.h"
#include "ui/handle.h"
#include "cache/kmalloc.h"
#include "page/page_alloc.h"
#include "page/contig.h"
#include "object/sanitize.h"

static int read_gfp(struct mymm_session *s, u32 flags, gfp_t *gfp)
{
	static const struct {
		u32 ours;
		gfp_t theirs;
	} bits[] = {
		{ MYMM_GFP_ZERO, __GFP_ZERO },
		{ MYMM_GFP_COMP, __GFP_COMP },
		{ MYMM_GFP_DMA, __GFP_DMA },
		{ MYMM_GFP_DMA32, __GFP_DMA32 },
		{ MYMM_GFP_HIGHMEM, __GFP_HIGHMEM },
		{ MYMM_GFP_MOVABLE, __GFP_MOVABLE },
		{ MYMM_GFP_RECLAIMABLE, __GFP_RECLAIMABLE },
		{ MYMM_GFP_NOWARN, __GFP_NOWARN },
		{ MYMM_GFP_NORETRY, __GFP_NORETRY },
		{ MYMM_GFP_RETRY_MAYFAIL, __GFP_RETRY_MAYFAIL },
		{ MYMM_GFP_NOFAIL, __GFP_NOFAIL },
		{ MYMM_GFP_HIGH, __GFP_HIGH },
		{ MYMM_GFP_MEMALLOC, __GFP_MEMALLOC },
		{ MYMM_GFP_NOMEMALLOC, __GFP_NOMEMALLOC },
		{ MYMM_GFP_THISNODE, __GFP_THISNODE },
	};
	const u32 tries = flags & (MYMM_GFP_NORETRY | MYMM_GFP_RETRY_MAYFAIL |
				   MYMM_GFP_NOFAIL);
	unsigned int i;

	if (flags & ~MYMM_GFP_ALL)
		return -EINVAL;
	switch (flags & (MYMM_GFP_ATOMIC | MYMM_GFP_NOWAIT)) {
	case 0:
		*gfp = GFP_KERNEL;
		break;
	case MYMM_GFP_ATOMIC:
		*gfp = GFP_ATOMIC;
		break;
	case MYMM_GFP_NOWAIT:
		*gfp = GFP_NOWAIT;
		break;
	default:
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(bits); i++)
		if (flags & bits[i].ours)
			*gfp |= bits[i].theirs;
	if (flags & MYMM_GFP_NOKSWAPD)
		*gfp &= ~__GFP_KSWAPD_RECLAIM;
	if (mymm_gfp_zone(*gfp) == MYMM_ZONE_NONE)
		return -EINVAL;
	if (hweight32(tries) > 1)
		return -EINVAL;
	if ((*gfp & __GFP_NOFAIL) && !gfpflags_allow_blocking(*gfp))
		return -EINVAL;
	if ((*gfp & __GFP_MOVABLE) && (*gfp & __GFP_RECLAIMABLE))
		return -EINVAL;
	if ((*gfp & __GFP_ZERO) && !mymm_pool_has_memory(s->pool))
		return -EOPNOTSUPP;
	return 0;
}

/* What fails because somebody wants us dead is no sign of a pool that is full. */
static int no_memory(void)
{
	return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
}

static int op_pages_alloc(struct mymm_session *s, struct mymm_op *op)
{
	struct holding h = { .kind = MYMM_KIND_PAGES };
	struct mymm_frame *frame;
	gfp_t gfp;
	int err;

	err = read_gfp(s, op->flags, &gfp);
	if (err)
		return err;
	if (op->handle || op->cache || op->arg > MYMM_MAX_ORDER ||
	    op->node > s->pool->nr_nodes)
		return -EINVAL;
	frame = __mymm_alloc_pages_node(
		s->pool, op->node ? (int)op->node - 1 : NUMA_NO_NODE, gfp,
		op->arg, s->owner);
	if (!frame)
		return no_memory();
	h.order = op->arg;
	h.pfn = frame - s->pool->frame;
	err = new_handle(s, pack(h), &op->handle);
	if (err) {
		__mymm_free_pages(s->pool, frame, op->arg, s->owner);
		return err;
	}
	op->pfn = h.pfn;
	op->bytes = PAGE_SIZE << h.order;
	return 0;
}

static int op_range_alloc(struct mymm_session *s, struct mymm_op *op)
{
	struct holding h = { .kind = MYMM_KIND_RANGE };
	gfp_t gfp;
	int err;

	err = read_gfp(s, op->flags, &gfp);
	if (err)
		return err;
	if (op->handle || op->cache || !op->arg || op->arg > MYMM_RANGE_MAX)
		return -EINVAL;
	err = __mymm_alloc_range(s->pool, op->pfn, op->arg, gfp, s->owner);
	if (err)
		return err;
	h.pfn = op->pfn;
	h.frames = op->arg;
	err = new_handle(s, pack(h), &op->handle);
	if (err) {
		__mymm_free_range(s->pool, h.pfn, h.frames, s->owner);
		return err;
	}
	op->bytes = (u64)h.frames << PAGE_SHIFT;
	return 0;
}

static int range_free(struct mymm_session *s, struct mymm_op *op,
		      struct holding h)
{
	int err;

	if (op->arg != MYMM_ANY)
		return -EINVAL;
	err = __mymm_free_range(s->pool, h.pfn, h.frames, s->owner);
	if (!err)
		drop_handle(s, op->handle);
	return err;
}

static int op_pages_free(struct mymm_session *s, struct mymm_op *op)
{
	struct holding h;
	int err;

	if (op->flags || op->cache)
		return -EINVAL;
	err = get_holding(s, op->handle, MYMM_KIND_RANGE, &h);
	if (!err)
		return range_free(s, op, h);
	err = get_holding(s, op->handle, MYMM_KIND_PAGES, &h);
	if (err)
		return err;
	if (op->arg == MYMM_ANY)
		op->arg = h.order;
	if (op->arg > UINT_MAX)
		return -EINVAL;
	err = __mymm_free_pages(s->pool, frame_of(s, h), op->arg, s->owner);
	if (!err)
		drop_handle(s, op->handle);
	return err;
}

/**
 * mymm_holding_bytes() - what something that a session holds takes from the pool
 * @s: the session
 * @h: an object or bytes
 *
 * Return: bytes, those of the allocator among them.
 */
size_t mymm_holding_bytes(struct mymm_session *s, struct holding h)
{
	return h.kind == MYMM_KIND_OBJECT ?
		       cache_of(s, h)->size :
		       mymm_slot_size(s->pool, address_of(s, h));
}

/* Where it went: into a handle. Without one to be had it is to go back. */
static int hold_object(struct mymm_session *s, struct holding h,
		       struct mymm_op *op)
{
	int err = new_handle(s, pack(h), &op->handle);

	if (err)
		return err;
	if (mymm_pool_has_memory(s->pool))
		mymm_sanitize_held(address_of(s, h));
	op->pfn = h.pfn;
	op->bytes = mymm_holding_bytes(s, h);
	return 0;
}

static int op_kmalloc(struct mymm_session *s, struct mymm_op *op)
{
	gfp_t gfp;
	void *obj;
	int err;

	err = read_gfp(s, op->flags, &gfp);
	if (err)
		return err;
	if (op->handle || op->cache || !op->arg ||
	    op->arg > PAGE_SIZE << MYMM_MAX_ORDER)
		return -EINVAL;
	if (!mymm_pool_has_memory(s->pool))
		return -EOPNOTSUPP;
	obj = __mymm_kmalloc(s->pool, op->arg, gfp, s->owner);
	if (!obj)
		return no_memory();
	err = hold_object(s, holding_at(s, MYMM_KIND_KMALLOC, obj), op);
	if (err)
		__mymm_kfree(s->pool, obj, s->owner);
	return err;
}

static int op_krealloc(struct mymm_session *s, struct mymm_op *op)
{
	struct holding h;
	gfp_t gfp;
	void *obj;
	int err;

	err = read_gfp(s, op->flags, &gfp);
	if (err)
		return err;
	if (op->cache || !op->arg || op->arg > PAGE_SIZE << MYMM_MAX_ORDER)
		return -EINVAL;
	err = get_holding(s, op->handle, MYMM_KIND_KMALLOC, &h);
	if (err)
		return err;
	obj = __mymm_krealloc(s->pool, address_of(s, h), op->arg, gfp,
			      s->owner);
	if (!obj)
		return no_memory();
	h = holding_at(s, MYMM_KIND_KMALLOC, obj);
	/* The handle's place is there already: this needs no memory. */
	xa_store(&s->handles, op->handle, pack(h), GFP_KERNEL);
	mymm_sanitize_held(obj);
	op->pfn = h.pfn;
	op->bytes = mymm_holding_bytes(s, h);
	return 0;
}

static int op_kfree(struct mymm_session *s, struct mymm_op *op)
{
	struct holding h;
	int err;

	if (op->flags || op->cache || op->arg)
		return -EINVAL;
	err = get_holding(s, op->handle, MYMM_KIND_KMALLOC, &h);
	if (!err)
		err = __mymm_kfree(s->pool, address_of(s, h), s->owner);
	if (!err)
		drop_handle(s, op->handle);
	return err;
}

static int op_obj_alloc(struct mymm_session *s, struct mymm_op *op)
{
	struct mymm_cache *cache;
	struct holding h;
	gfp_t gfp;
	void *obj;
	int err;

	err = read_gfp(s, op->flags, &gfp);
	if (err)
		return err;
	if (op->handle || op->arg)
		return -EINVAL;
	cache = get_cache(s, op->cache);
	if (IS_ERR(cache))
		return PTR_ERR(cache);
	obj = __mymm_cache_alloc(cache, gfp, s->owner);
	if (!obj)
		return no_memory();
	h = holding_at(s, MYMM_KIND_OBJECT, obj);
	h.cache = cache->id;
	err = hold_object(s, h, op);
	if (err)
		__mymm_cache_free(cache, obj, s->owner);
	return err;
}

static int op_obj_free(struct mymm_session *s, struct mymm_op *op)
{
	struct mymm_cache *cache;
	struct holding h;
	int err;

	if (op->flags || op->arg)
		return -EINVAL;
	err = get_holding(s, op->handle, MYMM_KIND_OBJECT, &h);
	if (err)
		return err;
	if (op->cache) {
		cache = get_cache(s, op->cache);
		if (IS_ERR(cache))
			return PTR_ERR(cache);
		/* The handle knows, also where the engine could not. */
		if (cache != cache_of(s, h))
			return mymm_refuse_object(cache, address_of(s, h));
	} else {
		cache = cache_of(s, h);
	}
	err = __mymm_cache_free(cache, address_of(s, h), s->owner);
	if (!err)
		drop_handle(s, op->handle);
	return err;
}

/**
 * mymm_session_run() - run one operation of a batch
 * @s: the session, its lock held
 * @op: the operation; its out members are filled
 *
 * Context: process; sleeps.
 * Return: 0, or a negative errno; nothing has changed then.
 */
int mymm_session_run(struct mymm_session *s, struct mymm_op *op)
{
	if (op->node && op->op != MYMM_OP_PAGES_ALLOC)
		return -EINVAL;
	if (mymm_pool_dead(s->pool))
		return -EIO;
	switch (op->op) {
	case MYMM_OP_PAGES_ALLOC:
		return op_pages_alloc(s, op);
	case MYMM_OP_PAGES_FREE:
		return op_pages_free(s, op);
	case MYMM_OP_KMALLOC:
		return op_kmalloc(s, op);
	case MYMM_OP_KREALLOC:
		return op_krealloc(s, op);
	case MYMM_OP_KFREE:
		return op_kfree(s, op);
	case MYMM_OP_OBJ_ALLOC:
		return op_obj_alloc(s, op);
	case MYMM_OP_OBJ_FREE:
		return op_obj_free(s, op);
	case MYMM_OP_RANGE_ALLOC:
		return op_range_alloc(s, op);
	default:
		return -EINVAL;
	}
}
