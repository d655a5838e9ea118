// SPDX-License-Identifier: GPL-2.0
/*
 * The char device, /dev/mymm: an open file is a session, and owns what it allocates.
 *
 * A session names what it holds by handles, small numbers. A program never sees a kernel
 * address, and can free only what its own session holds. Closing the file, or dying, frees
 * all of it.
 *
 * handle.c has the handles, operation.c what a program can do with one; uapi/mymm.h says
 * what each call does. Whatever bytes come in, the answer is an errno or the right thing.
 *
 * Locking: one mutex a session, so its calls run one after the other.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cache/alias.h"
#include "cache/cache.h"
#include "cache/kmalloc.h"
#include "object/alias.h"
#include "object/cache.h"
#include "cache/track.h"
#include "page/page_alloc.h"
#include "page/page_free.h"
#include "page/pcp_cpu.h"
#include "page/registry.h"
#include "page/vmstat.h"
#include "ui/chardev.h"
#include "ui/operation.h"

static_assert(MYMM_UAPI_ORDERS == MYMM_NR_ORDERS, "all orders have a place");
static_assert(ARRAY_SIZE(((struct mymm_info *)0)->zones) >= MYMM_MAX_ZONES,
	      "all zones have a place");
static_assert(MYMM_UAPI_ZONE_TYPES == MYMM_NR_ZONE_TYPES,
	      "all types of zones have a place");
static_assert(MYMM_UAPI_TYPES == MYMM_NR_MIGRATETYPES,
	      "all migratetypes have a place");
static_assert(MYMM_NAME_LEN == MYMM_NAME_MAX, "names fit");

/* No argument is larger; a larger size is garbage. */
#define MAX_ARG_SIZE (64 * 1024U)

static atomic_t last_session;

/* --- calls ------------------------------------------------------------------------ */

/* Until the last, the first that fails if that is to stop it, or a fatal signal. */
static long run_batch(struct mymm_session *s, struct mymm_batch *batch,
		      struct mymm_made *made)
{
	void __user *user = u64_to_user_ptr(batch->ops);
	struct mymm_op op;
	int err;

	while (batch->done < batch->nr && !fatal_signal_pending(current)) {
		err = copy_struct_from_user(&op, sizeof(op), user,
					    batch->op_size);
		if (err)
			return err;
		op.result = mymm_session_run(s, made, &op);
		batch->done++;
		batch->failed += !!op.result;
		if (copy_to_user(user, &op,
				 min_t(size_t, sizeof(op), batch->op_size)))
			return -EFAULT;
		if (op.result && (batch->flags & MYMM_BATCH_STOP))
			break;
		user += batch->op_size;
		cond_resched();
	}
	return 0;
}

static long call_batch(struct mymm_session *s, void *arg)
{
	struct mymm_batch *batch = arg;
	struct mymm_made *made = NULL;
	long ret;

	if (batch->flags & ~MYMM_BATCH_ALL || !batch->nr ||
	    batch->nr > MYMM_BATCH_MAX || batch->op_size < MYMM_OP_SIZE_VER0 ||
	    batch->op_size > PAGE_SIZE)
		return -EINVAL;
	if (batch->flags & MYMM_BATCH_REFS) {
		made = kvmalloc(struct_size(made, handle, batch->nr),
				GFP_KERNEL_ACCOUNT);
		if (!made)
			return -ENOMEM;
		made->nr = batch->nr;
		made->done = 0;
	}
	batch->done = 0;
	batch->failed = 0;
	ret = run_batch(s, batch, made);
	kvfree(made);
	return ret;
}

/* The constructor of each cache with MYMM_CACHE_CTOR: a program can't bring its own. */
static void construct(void *obj)
{
	*(u8 *)obj = MYMM_CTOR_BYTE;
}

static long call_cache_create(struct mymm_session *s, void *arg)
{
	struct mymm_cache_args *args = arg;
	struct mymm_cache_config config = {
		.name = args->name,
		.size = args->object_size,
		.align = args->align,
		.engine = args->engine,
	};
	struct mymm_cache *cache;
	struct mymm_name *name;
	unsigned long live;
	int err;

	if (args->flags & ~MYMM_CACHE_ALL ||
	    strnlen(args->name, MYMM_NAME_LEN) == MYMM_NAME_LEN ||
	    strnlen(args->engine, MYMM_NAME_LEN) == MYMM_NAME_LEN)
		return -EINVAL;
	if (args->flags & MYMM_CACHE_HWCACHE_ALIGN)
		config.flags |= SLAB_HWCACHE_ALIGN;
	if (args->flags & MYMM_CACHE_CONSISTENCY_CHECKS)
		config.flags |= SLAB_CONSISTENCY_CHECKS;
	if (args->flags & MYMM_CACHE_RED_ZONE)
		config.flags |= SLAB_RED_ZONE;
	if (args->flags & MYMM_CACHE_POISON)
		config.flags |= SLAB_POISON;
	if (args->flags & MYMM_CACHE_STORE_USER)
		config.flags |= SLAB_STORE_USER;
	if (args->flags & MYMM_CACHE_TRACE)
		config.flags |= SLAB_TRACE;
	if (args->flags & MYMM_CACHE_DMA)
		config.flags |= SLAB_CACHE_DMA;
	if (args->flags & MYMM_CACHE_RECLAIM_ACCOUNT)
		config.flags |= SLAB_RECLAIM_ACCOUNT;
	if (args->flags & MYMM_CACHE_TYPESAFE_BY_RCU)
		config.flags |= SLAB_TYPESAFE_BY_RCU;
	if (args->flags & MYMM_CACHE_CTOR)
		config.ctor = construct;

	cache = __mymm_cache_create(s->pool, &config, s->owner);
	if (IS_ERR(cache))
		return PTR_ERR(cache);
	name = mymm_name_of(cache, args->name);
	err = mymm_handle_new(s, name, &args->handle);
	if (err) {
		mymm_name_close(name, &live);
		return err;
	}
	args->objs_per_slab = cache->num;
	args->slab_order = cache->order;
	args->slot_size = cache->size;
	return 0;
}

/*
 * How many objects of the cache a session holds, if it has the cache under this name alone.
 * Other sessions may have the cache too, so the cache's own count does not say; but a
 * session that holds an object must have a name of its cache.
 */
static unsigned long held_by_name(struct mymm_session *s,
				  const struct mymm_name *name)
{
	unsigned long handle, nr = 0;
	void *entry;

	xa_for_each(&s->handles, handle, entry) {
		const struct mymm_name *other = entry;
		struct mymm_held h;

		if (xa_is_value(entry)) {
			h = mymm_held_unpack(entry);
			nr += h.kind == MYMM_KIND_OBJECT &&
			      h.cache == name->cache->id;
		} else if (other != name && other->cache == name->cache) {
			return 0;
		}
	}
	return nr;
}

static int destroy_cache(struct mymm_session *s, struct mymm_name *name,
			 unsigned long *live)
{
	if (s->pool->flags & MYMM_POOL_MERGE) {
		*live = held_by_name(s, name);
		if (*live)
			return -EBUSY;
	}
	return mymm_name_close(name, live);
}

static long call_cache_destroy(struct mymm_session *s, void *arg)
{
	struct mymm_handle_args *args = arg;
	struct mymm_name *name = mymm_handle_name(s, args->handle);
	unsigned long live;
	int err;

	if (args->flags)
		return -EINVAL;
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = destroy_cache(s, name, &live);
	if (err) {
		pr_err_ratelimited(
			"pool %s: cache %s is not destroyed: %lu of its objects are held by session %u\n",
			s->pool->name, name->name, live, s->owner.session);
		mymm_sites_report(name->cache);
		args->count = live;
		return err;
	}
	mymm_handle_drop(s, args->handle);
	return 0;
}

static long call_cache_shrink(struct mymm_session *s, void *arg)
{
	struct mymm_handle_args *args = arg;
	struct mymm_cache *cache = mymm_handle_cache(s, args->handle);

	if (args->flags)
		return -EINVAL;
	if (IS_ERR(cache))
		return PTR_ERR(cache);
	args->count = mymm_cache_shrink(cache);
	return 0;
}

static u64 free_frames(struct mymm_pool *pool)
{
	struct mymm_zone_snapshot snap;
	unsigned int i;
	u64 free = 0;

	for (i = 0; i < pool->nr_zones; i++) {
		mymm_zone_read(&pool->zone[i], &snap);
		free += snap.free;
	}
	return free;
}

static long call_drain(struct mymm_session *s, void *arg)
{
	struct mymm_drain_args *args = arg;

	if (args->flags & ~MYMM_DRAIN_TRIM)
		return -EINVAL;
	args->frames_before = free_frames(s->pool);
	if (args->flags & MYMM_DRAIN_TRIM)
		mymm_pool_trim(s->pool);
	else
		mymm_pool_drain(s->pool);
	args->frames_after = free_frames(s->pool);
	return 0;
}

static void describe_cache(struct mymm_name *name, struct mymm_holding *out)
{
	struct mymm_cache *cache = name->cache;

	out->kind = MYMM_KIND_CACHE;
	out->order = cache->order;
	out->bytes = cache->size;
	out->objects = mymm_cache_live(cache);
	strscpy(out->name, name->name, sizeof(out->name));
}

static void describe_holding(struct mymm_session *s, struct mymm_held h,
			     struct mymm_holding *out)
{
	struct mymm_pool *pool = s->pool;
	struct mymm_frame *frame = mymm_held_frame(s, h);
	struct mymm_cache *cache;

	out->kind = h.kind;
	out->pfn = h.pfn;
	out->offset = h.offset;
	if (h.kind == MYMM_KIND_PAGES || h.kind == MYMM_KIND_RANGE) {
		out->order = h.order;
		out->bytes = h.kind == MYMM_KIND_RANGE ?
				     (u64)h.frames << PAGE_SHIFT :
				     PAGE_SIZE << h.order;
		/* A dead pool is listed too, and its tags may be damaged. */
		if (mymm_tag_zone(frame->tag) < pool->nr_zones)
			strscpy(out->name,
				mymm_zone_name(
					mymm_pool_zone(pool, frame->tag)->type),
				sizeof(out->name));
		return;
	}
	out->bytes = mymm_held_bytes(s, h);
	guard(rcu)();
	cache = h.kind == MYMM_KIND_OBJECT ?
			mymm_held_cache(s, h) :
			mymm_cache_of(pool, mymm_held_address(s, h));
	if (cache)
		strscpy(out->name, cache->name, sizeof(out->name));
}

static long call_list(struct mymm_session *s, void *arg)
{
	struct mymm_list *list = arg;
	void __user *user = u64_to_user_ptr(list->holdings);
	unsigned long handle;
	u32 room = list->nr;
	void *entry;

	if (list->flags || !room || room > MYMM_BATCH_MAX)
		return -EINVAL;
	list->nr = 0;
	xa_for_each_start(&s->handles, handle, entry, list->from) {
		struct mymm_holding out = { .handle = handle };

		if (list->nr == room || fatal_signal_pending(current))
			break;
		if (xa_is_value(entry))
			describe_holding(s, mymm_held_unpack(entry), &out);
		else
			describe_cache(entry, &out);
		if (copy_to_user(user, &out, sizeof(out)))
			return -EFAULT;
		user += sizeof(out);
		list->nr++;
		list->from = handle + 1;
		cond_resched();
	}
	return 0;
}

static void describe_zone(struct mymm_zone *zone, struct mymm_zone_info *out)
{
	struct mymm_zone_snapshot snap;
	unsigned int order;

	mymm_zone_read(zone, &snap);
	out->node = zone->node;
	out->start_pfn = zone->buddy.start;
	out->spanned = mymm_zone_frames(zone);
	out->managed = mymm_zone_managed(zone);
	out->free = snap.free;
	out->peak = snap.peak;
	out->failed = atomic_long_read(&zone->failed);
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		out->nr_free[order] = snap.nr_free[order];
	strscpy(out->name, mymm_zone_name(zone->type), sizeof(out->name));
}

/* The pool of that name, or the session's own; stays while the registry's lock is held. */
static struct mymm_pool *pool_to_describe(struct mymm_session *s,
					  const char *name)
{
	struct mymm_pool *pool;

	lockdep_assert_held(&mymm_pools_lock);
	if (strnlen(name, MYMM_NAME_LEN) == MYMM_NAME_LEN)
		return ERR_PTR(-EINVAL);
	pool = *name ? mymm_pool_named(name) : s->pool;
	return pool ?: ERR_PTR(-ENOENT);
}

static long call_info(struct mymm_session *s, void *arg)
{
	struct mymm_info *info = arg;
	bool whole = true, untouched = true;
	struct mymm_pool *pool;
	unsigned int i;

	if (info->flags)
		return -EINVAL;
	guard(mutex)(&mymm_pools_lock);
	pool = pool_to_describe(s, info->pool);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	*info = (struct mymm_info){
		.size = info->size,
		.abi = MYMM_ABI,
		.session = s->owner.session,
		.page_size = PAGE_SIZE,
		.nr_zones = pool->nr_zones,
		.held = s->held,
	};
	strscpy(info->engine, pool->engine->name, sizeof(info->engine));
	strscpy(info->pool, pool->name, sizeof(info->pool));
	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone_info *zone = &info->zones[i];

		describe_zone(&pool->zone[i], zone);
		whole &= !mymm_zone_allocated(pool, &pool->zone[i]);
		untouched &= !zone->peak;
	}
	if (whole)
		info->flags |= MYMM_INFO_WHOLE;
	if (whole && untouched)
		info->flags |= MYMM_INFO_PRISTINE;
	if (mymm_pool_has_memory(pool))
		info->flags |= MYMM_INFO_MEMORY;
	if (mymm_pool_dead(pool))
		info->flags |= MYMM_INFO_DEAD;
	return 0;
}

static long call_zone(struct mymm_session *s, void *arg)
{
	struct mymm_zone_args *args = arg;
	struct mymm_zone_snapshot snap;
	struct mymm_pool *pool;
	struct mymm_zone *zone;
	unsigned int type, order;
	u32 block;

	if (args->flags)
		return -EINVAL;
	guard(mutex)(&mymm_pools_lock);
	pool = pool_to_describe(s, args->pool);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	if (args->zone >= pool->nr_zones)
		return -ENOENT;
	zone = &pool->zone[args->zone];
	*args = (struct mymm_zone_args){
		.size = args->size,
		.zone = args->zone,
		.block_order = pool->block_order,
		.pcp = mymm_pcp_frames(pool, zone),
		.min = READ_ONCE(zone->watermark[MYMM_WMARK_MIN]),
		.low = READ_ONCE(zone->watermark[MYMM_WMARK_LOW]),
		.high = READ_ONCE(zone->watermark[MYMM_WMARK_HIGH]),
		.boost = READ_ONCE(zone->watermark_boost),
		.highatomic = READ_ONCE(zone->nr_reserved_highatomic),
		.extfrag = READ_ONCE(zone->extfrag),
		.contested = READ_ONCE(zone->contested),
		.contested_lists = READ_ONCE(zone->buddy.choices),
		.contested_fits = READ_ONCE(zone->fits),
	};
	strscpy(args->pool, pool->name, sizeof(args->pool));
	mymm_zone_read(zone, &snap);
	args->free = snap.free;
	for (type = 0; type < MYMM_NR_MIGRATETYPES; type++)
		for (order = 0; order < MYMM_NR_ORDERS; order++)
			args->nr_free[type][order] =
				snap.nr_free_type[type][order];
	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++)
		args->protection[type] = READ_ONCE(zone->lowmem_reserve[type]);
	for (block = zone->buddy.start >> pool->block_order;
	     block <= (zone->buddy.end - 1) >> pool->block_order; block++) {
		args->blocks[mymm_buddy_type(&zone->buddy,
					     block << pool->block_order)]++;
		cond_resched();
	}
	return 0;
}

static long call_clock(struct mymm_session *s, void *arg)
{
	const struct mymm_clock_args *args = arg;

	if (args->flags & ~MYMM_CLOCK_HOLD)
		return -EINVAL;
	return mymm_session_hold_clock(s, args->flags & MYMM_CLOCK_HOLD);
}

static const struct {
	long (*call)(struct mymm_session *s, void *arg);
	size_t size;
	bool when_dead;
	size_t least; /* the first published size, where it was another one */
} calls[] = {
	[_IOC_NR(MYMM_IOC_INFO)] = { call_info, sizeof(struct mymm_info), true,
				     offsetof(struct mymm_info, pool) },
	[_IOC_NR(MYMM_IOC_BATCH)] = { call_batch, sizeof(struct mymm_batch) },
	[_IOC_NR(MYMM_IOC_CACHE_CREATE)] = { call_cache_create,
					     sizeof(struct mymm_cache_args) },
	[_IOC_NR(MYMM_IOC_CACHE_DESTROY)] = { call_cache_destroy,
					      sizeof(struct mymm_handle_args) },
	[_IOC_NR(MYMM_IOC_CACHE_SHRINK)] = { call_cache_shrink,
					     sizeof(struct mymm_handle_args) },
	[_IOC_NR(MYMM_IOC_DRAIN)] = { call_drain,
				      sizeof(struct mymm_drain_args) },
	[_IOC_NR(MYMM_IOC_LIST)] = { call_list, sizeof(struct mymm_list),
				     true },
	[_IOC_NR(MYMM_IOC_ZONE)] = { call_zone, sizeof(struct mymm_zone_args),
				     true,
				     offsetof(struct mymm_zone_args, pool) },
	[_IOC_NR(MYMM_IOC_CLOCK)] = { call_clock,
				      sizeof(struct mymm_clock_args), true },
};

/* Copy the argument in, call, copy it out; out after an error too. */
static long run_call(struct mymm_session *s, unsigned int nr, void *arg,
		     void __user *user, u32 size)
{
	long ret;
	int err;

	err = copy_struct_from_user(arg, calls[nr].size, user, size);
	if (err)
		return err;
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	ret = mymm_pool_dead(s->pool) && !calls[nr].when_dead ?
		      -EIO :
		      calls[nr].call(s, arg);
	mutex_unlock(&s->lock);
	if (copy_to_user(user, arg, min_t(size_t, size, calls[nr].size)))
		return -EFAULT;
	return ret;
}

static long session_ioctl(struct file *file, unsigned int cmd,
			  unsigned long user)
{
	unsigned int nr = _IOC_NR(cmd);
	u32 size;
	void *arg;
	long ret;

	if (_IOC_TYPE(cmd) != MYMM_IOC_MAGIC || nr >= ARRAY_SIZE(calls) ||
	    !calls[nr].call)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size > MAX_ARG_SIZE)
		return -E2BIG;
	if (size < (calls[nr].least ?: calls[nr].size))
		return -EINVAL;
	arg = kzalloc(calls[nr].size, GFP_KERNEL);
	if (!arg)
		return -ENOMEM;
	ret = run_call(file->private_data, nr, arg, (void __user *)user, size);
	kfree(arg);
	return ret;
}

/* --- the file ------------------------------------------------------------------------ */

static int session_open(struct inode *inode, struct file *file)
{
	struct mymm_pool *pool;
	struct mymm_session *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	pool = mymm_pool_get_default();
	if (!pool) {
		kfree(s);
		return -ENODEV;
	}
	mymm_session_begin(s, pool,
			   (struct mymm_owner){
				   .session = atomic_inc_return(&last_session),
				   .caller = (unsigned long)session_ioctl,
			   });
	file->private_data = s;
	return 0;
}

static int session_release(struct inode *inode, struct file *file)
{
	struct mymm_session *s = file->private_data;

	mymm_session_end(s);
	mymm_pool_put(s->pool);
	kfree(s);
	return 0;
}

static const struct file_operations session_fops = {
	.owner = THIS_MODULE,
	.open = session_open,
	.release = session_release,
	.unlocked_ioctl = session_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice session_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mymm",
	.fops = &session_fops,
	.mode = 0600,
};

/**
 * mymm_session_init() - register the char device
 *
 * Return: 0 or a negative errno.
 */
int mymm_session_init(void)
{
	return misc_register(&session_device);
}

/** mymm_session_exit() - unregister it; no session is open any more */
void mymm_session_exit(void)
{
	misc_deregister(&session_device);
}
