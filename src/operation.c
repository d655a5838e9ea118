// SPDX-License-Identifier: GPL-2.0
/*
 * What one operation of a batch does: checks what the program asks for, calls the
 * allocator, and puts what comes of it into a handle, or back if there is none to be had.
 *
 * A flag that is not known, or a member that the operation does not use and that is not
 * 0, is refused, so that it may mean something one day.
 */
#include "handle.h"
#include "kmalloc.h"
#include "page_alloc.h"

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
	};
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
	if (mymm_gfp_zone(*gfp) == MYMM_ZONE_NONE)
		return -EINVAL;
	if ((*gfp & __GFP_MOVABLE) && (*gfp & __GFP_RECLAIMABLE))
		return -EINVAL;
	if ((*gfp & __GFP_ZERO) && !mymm_pool_has_memory(s->pool))
		return -EOPNOTSUPP;
	return 0;
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
	if (op->handle || op->cache || op->arg > MYMM_MAX_ORDER)
		return -EINVAL;
	frame = __mymm_alloc_pages(s->pool, gfp, op->arg, s->owner);
	if (!frame)
		return -ENOMEM;
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

static int op_pages_free(struct mymm_session *s, struct mymm_op *op)
{
	struct holding h;
	int err;

	if (op->flags || op->cache)
		return -EINVAL;
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

/* Where an object went: into a handle, or back if there is none to be had. */
static int hold_object(struct mymm_session *s, enum mymm_kind kind, void *obj,
		       struct mymm_op *op)
{
	struct holding h = holding_at(s, kind, obj);
	int err = new_handle(s, pack(h), &op->handle);

	if (err) {
		__mymm_kfree(s->pool, obj, s->owner);
		return err;
	}
	op->pfn = h.pfn;
	op->bytes = mymm_slot_size(s->pool, obj);
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
	return obj ? hold_object(s, MYMM_KIND_KMALLOC, obj, op) : -ENOMEM;
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
		return -ENOMEM;
	h = holding_at(s, MYMM_KIND_KMALLOC, obj);
	/* The handle's place is there already: this needs no memory. */
	xa_store(&s->handles, op->handle, pack(h), GFP_KERNEL);
	op->pfn = h.pfn;
	op->bytes = mymm_slot_size(s->pool, obj);
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
	return obj ? hold_object(s, MYMM_KIND_OBJECT, obj, op) : -ENOMEM;
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
		err = __mymm_cache_free(cache, address_of(s, h), s->owner);
	} else {
		err = __mymm_kfree(s->pool, address_of(s, h), s->owner);
	}
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
	if (op->reserved)
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
	default:
		return -EINVAL;
	}
}
