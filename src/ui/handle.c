// SPDX-License-Identifier: GPL-2.0
/*
 * Handles: the numbers by which a session names what it holds.
 *
 * A handle is an index into the session's xarray. Its entry needs no memory of its own: for
 * a cache it is a pointer to the name under which the session has it; for anything else the
 * kind and the place, packed into a value:
 *
 *      bit  62 ... 49  48 ... 18  17 ... 6   5 ... 2   1 0
 *           +---------+----------+----------+---------+------+
 *           | cache   | frame    | offset   | order   | kind |   kind: MYMM_KIND_* - 1
 *           +---------+----------+----------+---------+------+   (0, 1, 2)
 *
 *      bit  62 ...  32  31 ...            2   1 0
 *           +----------+--------------------+------+
 *           | frame    | number of frames   |  3   |   a range
 *           +----------+--------------------+------+
 *
 * The entry of an object has its cache, since not each engine can find it by address.
 *
 * Handles go up to INT_MAX; above it are the references of a batch, see operation.c.
 *
 * Locking: session->lock is held by each caller but those of mymm_session_begin() and
 * mymm_session_end(), which run while no other thread has the session.
 */
#include <linux/mm.h>

#include "cache/alias.h"
#include "cache/cache.h"
#include "cache/kmalloc.h"
#include "cache/magazine.h"
#include "object/alias.h"
#include "object/cache.h"
#include "page/contig.h"
#include "page/page_alloc.h"
#include "page/page_free.h"
#include "pool/clock.h"
#include "ui/handle.h"

/* Entries of caches are pointers, so the packed kind of a cache is unused. */
#define PACKED_RANGE (MYMM_KIND_CACHE - 1)

/**
 * mymm_held_pack() - make an entry
 * @held: what it stands for; not a cache
 *
 * Context: any.
 * Return: the entry.
 */
void *mymm_held_pack(struct mymm_held held)
{
	if (held.kind == MYMM_KIND_RANGE)
		return xa_mk_value((unsigned long)held.pfn << 32 |
				   held.frames << 2 | PACKED_RANGE);
	return xa_mk_value((unsigned long)held.cache << 49 |
			   (unsigned long)held.pfn << 18 | held.offset << 6 |
			   held.order << 2 | (held.kind - 1));
}

/**
 * mymm_held_unpack() - undo mymm_held_pack()
 * @entry: the entry; xa_is_value()
 *
 * Context: any.
 * Return: what it stands for.
 */
struct mymm_held mymm_held_unpack(void *entry)
{
	unsigned long value = xa_to_value(entry);

	if ((value & 3) == PACKED_RANGE)
		return (struct mymm_held){
			.kind = MYMM_KIND_RANGE,
			.frames = (u32)value >> 2,
			.pfn = value >> 32,
		};
	return (struct mymm_held){
		.kind = (value & 3) + 1,
		.order = value >> 2 & 0xf,
		.offset = value >> 6 & 0xfff,
		.pfn = value >> 18 & S32_MAX,
		.cache = value >> 49,
	};
}

/**
 * mymm_held_at() - describe what was allocated
 * @s: the session
 * @kind: MYMM_KIND_KMALLOC or MYMM_KIND_OBJECT; of an object the caller adds the cache
 * @addr: its first byte
 *
 * Context: any.
 * Return: its description.
 */
struct mymm_held mymm_held_at(struct mymm_session *s, enum mymm_kind kind,
			      const void *addr)
{
	return (struct mymm_held){
		.kind = kind,
		.pfn = mymm_pool_index(s->pool, addr),
		.offset = offset_in_page(addr),
	};
}

/**
 * mymm_held_cache() - the cache of an object that a session holds
 * @s: the session
 * @held: the object
 *
 * Context: any. The cache lives as long as the object is held.
 * Return: the cache.
 */
struct mymm_cache *mymm_held_cache(struct mymm_session *s,
				   struct mymm_held held)
{
	guard(rcu)();
	return rcu_dereference(s->pool->cache_by_id[held.cache]);
}

/**
 * mymm_held_frame() - the first frame of what a session holds
 * @s: the session
 * @held: what it holds
 *
 * Context: any.
 * Return: the frame.
 */
struct mymm_frame *mymm_held_frame(struct mymm_session *s,
				   struct mymm_held held)
{
	return &s->pool->frame[held.pfn];
}

/**
 * mymm_held_address() - the first byte of what a session holds
 * @s: the session
 * @held: what it holds
 *
 * Context: any.
 * Return: its address; one that no memory has in a pool without.
 */
void *mymm_held_address(struct mymm_session *s, struct mymm_held held)
{
	return mymm_pool_address(s->pool, held.pfn) + held.offset;
}

/**
 * mymm_held_bytes() - what an object or a kmalloc takes from the pool
 * @s: the session
 * @held: an object or bytes
 *
 * Context: any.
 * Return: bytes of its slot, or of its block.
 */
size_t mymm_held_bytes(struct mymm_session *s, struct mymm_held held)
{
	return held.kind == MYMM_KIND_OBJECT ?
		       mymm_held_cache(s, held)->size :
		       mymm_slot_size(s->pool, mymm_held_address(s, held));
}

/**
 * mymm_session_begin() - begin a session that holds nothing
 * @s: is filled
 * @pool: where it allocates; the caller keeps its reference until mymm_session_end()
 * @owner: recorded for what it allocates
 *
 * Context: any.
 */
void mymm_session_begin(struct mymm_session *s, struct mymm_pool *pool,
			struct mymm_owner owner)
{
	mutex_init(&s->lock);
	xa_init_flags(&s->handles, XA_FLAGS_ALLOC1);
	s->held = 0;
	s->holds_clock = false;
	s->pool = pool;
	s->owner = owner;
}
MYMM_EXPORT_INTERNAL(mymm_session_begin);

static void free_held(struct mymm_session *s, struct mymm_held held)
{
	if (held.kind == MYMM_KIND_RANGE)
		__mymm_free_range(s->pool, held.pfn, held.frames, s->owner);
	else if (held.kind == MYMM_KIND_PAGES)
		__mymm_free_pages(s->pool, mymm_held_frame(s, held), held.order,
				  s->owner);
	else if (held.kind == MYMM_KIND_OBJECT)
		__mymm_cache_free(mymm_held_cache(s, held),
				  mymm_held_address(s, held), s->owner);
	else
		__mymm_kfree(s->pool, mymm_held_address(s, held), s->owner);
}

/* What was allocated first, then the caches. */
static void free_all(struct mymm_session *s)
{
	unsigned long handle, live;
	void *entry;

	xa_for_each(&s->handles, handle, entry) {
		if (xa_is_value(entry))
			free_held(s, mymm_held_unpack(entry));
		cond_resched();
	}
	xa_for_each(&s->handles, handle, entry) {
		struct mymm_name *name = entry;

		if (!xa_is_value(entry) && mymm_name_close(name, &live))
			pr_err_ratelimited(
				"pool %s: cache %s outlives session %u: %ld of its objects are out of use\n",
				s->pool->name, name->name, s->owner.session,
				atomic_long_read(&name->cache->quarantined));
	}
}

/**
 * mymm_session_end() - free what a session holds
 * @s: no other thread has it
 *
 * A dead pool refuses frees, and goes as a whole.
 *
 * Context: process; sleeps.
 */
void mymm_session_end(struct mymm_session *s)
{
	if (!mymm_pool_dead(s->pool))
		free_all(s);
	xa_destroy(&s->handles);
	mymm_session_hold_clock(s, false);
}
MYMM_EXPORT_INTERNAL(mymm_session_end);

/**
 * mymm_session_hold_clock() - begin or cease to step the pool's clock
 * @s: the session, its lock held or no other thread's
 * @hold: which
 *
 * Context: process; sleeps.
 * Return: 0, also if nothing changes; -EBUSY: another session holds it.
 */
int mymm_session_hold_clock(struct mymm_session *s, bool hold)
{
	int err = 0;

	if (hold == s->holds_clock)
		return 0;
	if (hold)
		err = mymm_clock_hold(s->pool);
	else
		mymm_clock_release(s->pool);
	if (!err)
		s->holds_clock = hold;
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_session_hold_clock);

/**
 * mymm_handle_new() - give an entry a handle, the lowest that is free
 * @s: the session
 * @entry: a name of a cache, or from mymm_held_pack()
 * @handle: out: the handle
 *
 * Context: process; sleeps.
 * Return: 0, -ENOMEM, or -EBUSY: there are INT_MAX of them.
 */
int mymm_handle_new(struct mymm_session *s, void *entry, u32 *handle)
{
	int err = xa_alloc(&s->handles, handle, entry, XA_LIMIT(1, INT_MAX),
			   GFP_KERNEL);

	if (!err)
		s->held++;
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_handle_new);

/**
 * mymm_handle_replace() - let a handle stand for something else
 * @s: the session
 * @handle: one that it holds; so this needs no memory
 * @held: what the handle stands for from now on
 *
 * Context: process.
 */
void mymm_handle_replace(struct mymm_session *s, u32 handle,
			 struct mymm_held held)
{
	xa_store(&s->handles, handle, mymm_held_pack(held), GFP_KERNEL);
}

/**
 * mymm_handle_drop() - remove a handle
 * @s: the session
 * @handle: one that it holds; what it stood for is freed
 *
 * Context: process.
 */
void mymm_handle_drop(struct mymm_session *s, u32 handle)
{
	xa_erase(&s->handles, handle);
	s->held--;
}

/**
 * mymm_handle_held() - what a handle stands for
 * @s: the session
 * @handle: any number
 * @kind: what it must be; not a cache
 * @held: out: what it stands for
 *
 * Context: any.
 * Return: 0; -ENOENT: the session does not hold it; -EBADSLT: it is of another kind.
 */
int mymm_handle_held(struct mymm_session *s, u32 handle, enum mymm_kind kind,
		     struct mymm_held *held)
{
	void *entry = xa_load(&s->handles, handle);

	if (!entry)
		return -ENOENT;
	if (!xa_is_value(entry))
		return -EBADSLT;
	*held = mymm_held_unpack(entry);
	return held->kind == kind ? 0 : -EBADSLT;
}

/**
 * mymm_handle_name() - the name under which a session has a cache
 * @s: the session
 * @handle: any number
 *
 * Context: any.
 * Return: the name, or as an ERR_PTR the errors of mymm_handle_held().
 */
struct mymm_name *mymm_handle_name(struct mymm_session *s, u32 handle)
{
	void *entry = xa_load(&s->handles, handle);

	if (!entry)
		return ERR_PTR(-ENOENT);
	return xa_is_value(entry) ? ERR_PTR(-EBADSLT) : entry;
}

/**
 * mymm_handle_cache() - the cache that a handle stands for
 * @s: the session
 * @handle: any number
 *
 * Context: any.
 * Return: the cache, or as an ERR_PTR the errors of mymm_handle_held().
 */
struct mymm_cache *mymm_handle_cache(struct mymm_session *s, u32 handle)
{
	struct mymm_name *name = mymm_handle_name(s, handle);

	return IS_ERR(name) ? ERR_CAST(name) : name->cache;
}
