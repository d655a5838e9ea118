// SPDX-License-Identifier: GPL-2.0
/*
 * One operation of a batch: checks what the program asks for, calls the allocator, and puts
 * the result under a handle; if there is no memory for the handle, the result is freed.
 *
 * Unknown flags, and members that the operation does not use and that are not 0, are
 * refused, so that they can get a meaning later.
 *
 * References. A program can't know the handle of what the same batch allocates. So with
 * MYMM_BATCH_REFS an operation can name it by the number of the operation that made it:
 *
 *      0  kmalloc 100                  made[0] = handle 7
 *      1  pages alloc, order 3         made[1] = handle 8
 *      2  kfree MYMM_REF(0)            kfree 7; made[2] = 0
 *      3  kmalloc 200                  made[3] = handle 7, which is free again
 *      4  kfree MYMM_REF(0)            refused: the last that made handle 7 is operation 3
 *
 * The batch records in made[] what each operation made, 0 if nothing. A reference is valid
 * if the session still holds that handle and no later operation made it: handles are
 * reused. Looking for a later one costs as much as the two operations lie apart.
 */
#include <linux/sched/signal.h>

#include "page/page_free.h"
#include "cache/kmalloc.h"
#include "cache/magazine.h"
#include "page/page_alloc.h"
#include "page/contig.h"
#include "object/cache.h"
#include "page/alloc_failure.h"
#include "object/sanitize.h"
#include "pool/clock.h"
#include "ui/debugfs_history.h"
#include "ui/operation.h"

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

/* Reasons are passed on as they are. */
#define SAME_REASON(name) \
	static_assert((int)MYMM_REASON_##name == (int)MYMM_FAILURE_##name)
SAME_REASON(NONE);
SAME_REASON(NO_ZONE);
SAME_REASON(EMPTY);
SAME_REASON(FRAGMENTED);
SAME_REASON(RESERVE);
SAME_REASON(WATERMARK);

/*
 * There was no block of @order. An allocation that fails since the task is being killed
 * does not show that the pool is full.
 */
static int no_block(struct mymm_session *s, struct mymm_op *op, gfp_t gfp,
		    unsigned int order)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	op->order = order;
	op->reason = mymm_alloc_failure_reason(
		s->pool, op->node ? (int)op->node - 1 : NUMA_NO_NODE, gfp,
		order);
	return -ENOMEM;
}

/* There was no object, and no block for a slab, be it the smallest. */
static int no_slab(struct mymm_session *s, struct mymm_op *op,
		   const struct mymm_cache *cache, gfp_t gfp)
{
	return no_block(s, op, (gfp & MYMM_SLAB_GFP) | cache->gfp,
			cache->min_order);
}

static int no_bytes(struct mymm_session *s, struct mymm_op *op, gfp_t gfp)
{
	struct mymm_cache *cache = mymm_kmalloc_cache(s->pool, op->arg, gfp);

	return cache ? no_slab(s, op, cache, gfp) :
		       no_block(s, op, gfp, get_order(op->arg));
}

static int op_pages_alloc(struct mymm_session *s, struct mymm_op *op)
{
	struct mymm_held h = { .kind = MYMM_KIND_PAGES };
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
		return no_block(s, op, gfp, op->arg);
	h.order = op->arg;
	h.pfn = frame - s->pool->frame;
	err = mymm_handle_new(s, mymm_held_pack(h), &op->handle);
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
	struct mymm_held h = { .kind = MYMM_KIND_RANGE };
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
	err = mymm_handle_new(s, mymm_held_pack(h), &op->handle);
	if (err) {
		__mymm_free_range(s->pool, h.pfn, h.frames, s->owner);
		return err;
	}
	op->bytes = (u64)h.frames << PAGE_SHIFT;
	return 0;
}

static int range_free(struct mymm_session *s, struct mymm_op *op,
		      struct mymm_held h)
{
	int err;

	if (op->arg != MYMM_ANY)
		return -EINVAL;
	err = __mymm_free_range(s->pool, h.pfn, h.frames, s->owner);
	if (!err)
		mymm_handle_drop(s, op->handle);
	return err;
}

static int op_pages_free(struct mymm_session *s, struct mymm_op *op)
{
	struct mymm_held h;
	int err;

	if (op->flags || op->cache)
		return -EINVAL;
	err = mymm_handle_held(s, op->handle, MYMM_KIND_RANGE, &h);
	if (!err)
		return range_free(s, op, h);
	err = mymm_handle_held(s, op->handle, MYMM_KIND_PAGES, &h);
	if (err)
		return err;
	if (op->arg == MYMM_ANY)
		op->arg = h.order;
	if (op->arg > UINT_MAX)
		return -EINVAL;
	err = __mymm_free_pages(s->pool, mymm_held_frame(s, h), op->arg,
				s->owner);
	if (!err)
		mymm_handle_drop(s, op->handle);
	return err;
}

/* Give an object a handle. After an error the caller frees the object. */
static int hold_object(struct mymm_session *s, struct mymm_held h,
		       struct mymm_op *op)
{
	int err = mymm_handle_new(s, mymm_held_pack(h), &op->handle);

	if (err)
		return err;
	if (mymm_pool_has_memory(s->pool))
		mymm_sanitize_held(mymm_held_address(s, h));
	op->pfn = h.pfn;
	op->bytes = mymm_held_bytes(s, h);
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
		return no_bytes(s, op, gfp);
	err = hold_object(s, mymm_held_at(s, MYMM_KIND_KMALLOC, obj), op);
	if (err)
		__mymm_kfree(s->pool, obj, s->owner);
	return err;
}

static int op_krealloc(struct mymm_session *s, struct mymm_op *op)
{
	struct mymm_held h;
	gfp_t gfp;
	void *obj;
	int err;

	err = read_gfp(s, op->flags, &gfp);
	if (err)
		return err;
	if (op->cache || !op->arg || op->arg > PAGE_SIZE << MYMM_MAX_ORDER)
		return -EINVAL;
	err = mymm_handle_held(s, op->handle, MYMM_KIND_KMALLOC, &h);
	if (err)
		return err;
	obj = __mymm_krealloc(s->pool, mymm_held_address(s, h), op->arg, gfp,
			      s->owner);
	if (!obj)
		return no_bytes(s, op, gfp);
	h = mymm_held_at(s, MYMM_KIND_KMALLOC, obj);
	mymm_handle_replace(s, op->handle, h);
	mymm_sanitize_held(obj);
	op->pfn = h.pfn;
	op->bytes = mymm_held_bytes(s, h);
	return 0;
}

static int op_kfree(struct mymm_session *s, struct mymm_op *op)
{
	struct mymm_held h;
	int err;

	if (op->flags || op->cache || op->arg)
		return -EINVAL;
	err = mymm_handle_held(s, op->handle, MYMM_KIND_KMALLOC, &h);
	if (!err)
		err = __mymm_kfree(s->pool, mymm_held_address(s, h), s->owner);
	if (!err)
		mymm_handle_drop(s, op->handle);
	return err;
}

static int op_obj_alloc(struct mymm_session *s, struct mymm_op *op)
{
	struct mymm_cache *cache;
	struct mymm_held h;
	gfp_t gfp;
	void *obj;
	int err;

	err = read_gfp(s, op->flags, &gfp);
	if (err)
		return err;
	if (op->handle || op->arg)
		return -EINVAL;
	cache = mymm_handle_cache(s, op->cache);
	if (IS_ERR(cache))
		return PTR_ERR(cache);
	obj = __mymm_cache_alloc(cache, gfp, s->owner);
	if (!obj)
		return no_slab(s, op, cache, gfp);
	h = mymm_held_at(s, MYMM_KIND_OBJECT, obj);
	h.cache = cache->id;
	err = hold_object(s, h, op);
	if (err)
		__mymm_cache_free(cache, obj, s->owner);
	return err;
}

static int op_obj_free(struct mymm_session *s, struct mymm_op *op)
{
	struct mymm_cache *cache;
	struct mymm_held h;
	int err;

	if (op->flags || op->arg)
		return -EINVAL;
	err = mymm_handle_held(s, op->handle, MYMM_KIND_OBJECT, &h);
	if (err)
		return err;
	if (op->cache) {
		cache = mymm_handle_cache(s, op->cache);
		if (IS_ERR(cache))
			return PTR_ERR(cache);
		/* The handle has its cache; not each engine could tell. */
		if (cache != mymm_held_cache(s, h))
			return mymm_refuse_object(cache,
						  mymm_held_address(s, h));
	} else {
		cache = mymm_held_cache(s, h);
	}
	err = __mymm_cache_free(cache, mymm_held_address(s, h), s->owner);
	if (!err)
		mymm_handle_drop(s, op->handle);
	return err;
}

/* Does it give a handle if it succeeds? */
static bool makes_handle(const struct mymm_op *op)
{
	return op->op == MYMM_OP_PAGES_ALLOC || op->op == MYMM_OP_KMALLOC ||
	       op->op == MYMM_OP_OBJ_ALLOC || op->op == MYMM_OP_RANGE_ALLOC;
}

static int op_tick(struct mymm_session *s, const struct mymm_op *op)
{
	if (op->flags || op->handle || op->cache || op->arg)
		return -EINVAL;
	if (!s->holds_clock)
		return -EPERM;
	mymm_clock_tick(s->pool);
	return 0;
}

static int op_sample(struct mymm_session *s, const struct mymm_op *op)
{
	if (op->flags || op->handle || op->cache)
		return -EINVAL;
	if (!s->holds_clock)
		return -EPERM;
	return mymm_history_step(s->pool, op->arg);
}

static int run_op(struct mymm_session *s, struct mymm_op *op)
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
	case MYMM_OP_TICK:
		return op_tick(s, op);
	case MYMM_OP_SAMPLE:
		return op_sample(s, op);
	default:
		return -EINVAL;
	}
}

/* Replace a reference by the handle that it stands for. */
static int resolve(struct mymm_session *s, const struct mymm_made *made,
		   struct mymm_op *op)
{
	u32 n = op->handle - MYMM_REF(0), i;

	if (n >= made->nr)
		return -ERANGE;
	if (n >= made->done)
		return -ENODATA;
	if (!made->handle[n])
		return -ECANCELED;
	if (!xa_load(&s->handles, made->handle[n]))
		return -ESTALE;
	for (i = made->done - 1; i > n; i--)
		if (made->handle[i] == made->handle[n])
			return -ESTALE;
	op->handle = made->handle[n];
	return 0;
}

/**
 * mymm_session_run() - run the next operation of a batch
 * @s: the session, its lock held
 * @made: what the operations before it made, to which this one is added; NULL: references
 *        are not asked for, and are numbers that no handle has
 * @op: the operation; its out members are filled
 *
 * Context: process; sleeps.
 * Return: 0, or a negative errno; nothing has changed then. Of a reference: -ERANGE, no
 * operation of the batch has that number; -ENODATA, it was not run yet; -ECANCELED, it
 * failed or gives no handle; -ESTALE, what it made was freed.
 */
int mymm_session_run(struct mymm_session *s, struct mymm_made *made,
		     struct mymm_op *op)
{
	int err = 0;

	op->reason = 0;
	op->order = 0;
	if (made && op->handle >= MYMM_REF(0))
		err = resolve(s, made, op);
	if (!err)
		err = run_op(s, op);
	if (s->holds_clock)
		mymm_clock_settle(s->pool);
	if (made)
		made->handle[made->done++] =
			!err && makes_handle(op) ? op->handle : 0;
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_session_run);
