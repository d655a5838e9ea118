/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handles: the numbers by which a session names what it holds.
 *
 * A handle is one word of the array, without memory of its own: for a cache a pointer to
 * the name under which the session has it; for anything else what it is and where, packed
 * into a value:
 *
 *      bit  62 ... 49  48 ... 18  17 ... 6   5 ... 2   1 0
 *           +---------+----------+----------+---------+------+
 *           | cache   | frame    | offset   | order   | kind |   kind: 0, 1, 2, as in the
 *           +---------+----------+----------+---------+------+   interface, where they
 *                                                                begin with 1
 *
 *      bit  62 ...  32  31 ...            2   1 0
 *           +----------+--------------------+------+
 *           | frame    | number of frames   |  3   |   a range
 *           +----------+--------------------+------+
 *
 * The cache is that of an object: there are engines that could not tell.
 */
#ifndef _MYMM_HANDLE_H
#define _MYMM_HANDLE_H

#include <linux/mm.h>
#include <linux/xarray.h>

#include "object/cache.h"
#include "uapi/mymm.h"

/**
 * struct mymm_session - an open file of /dev/mymm
 * @lock: protects @handles
 * @handles: what it holds
 * @held: how many handles
 * @pool: where from; constant
 * @owner: for whatever it allocates; constant
 */
struct mymm_session {
	struct mutex lock; /* of @handles */
	struct xarray handles;
	unsigned long held;
	struct mymm_pool *pool;
	struct mymm_owner owner;
};

/* What an entry of the array says, taken apart. */
struct holding {
	enum mymm_kind kind;
	/* Number of an object's cache, which stays as long as it. */
	unsigned int cache;
	unsigned int order;
	u32 pfn;
	unsigned int offset;
	u32 frames; /* of a range */
};

/* Caches are pointers, so their number is free for what came after them. */
#define PACKED_RANGE (MYMM_KIND_CACHE - 1)

static inline void *pack(struct holding h)
{
	if (h.kind == MYMM_KIND_RANGE)
		return xa_mk_value((unsigned long)h.pfn << 32 | h.frames << 2 |
				   PACKED_RANGE);
	return xa_mk_value((unsigned long)h.cache << 49 |
			   (unsigned long)h.pfn << 18 | h.offset << 6 |
			   h.order << 2 | (h.kind - 1));
}

static inline struct holding unpack(void *entry)
{
	unsigned long value = xa_to_value(entry);

	if ((value & 3) == PACKED_RANGE)
		return (struct holding){
			.kind = MYMM_KIND_RANGE,
			.frames = (u32)value >> 2,
			.pfn = value >> 32,
		};
	return (struct holding){
		.kind = (value & 3) + 1,
		.order = value >> 2 & 0xf,
		.offset = value >> 6 & 0xfff,
		.pfn = value >> 18 & S32_MAX,
		.cache = value >> 49,
	};
}

/* The cache of an object that a session holds. */
static inline struct mymm_cache *cache_of(struct mymm_session *s,
					  struct holding h)
{
	guard(rcu)();
	return rcu_dereference(s->pool->cache_by_id[h.cache]);
}

static inline struct mymm_frame *frame_of(struct mymm_session *s,
					  struct holding h)
{
	return &s->pool->frame[h.pfn];
}

static inline void *address_of(struct mymm_session *s, struct holding h)
{
	return mymm_pool_address(s->pool, h.pfn) + h.offset;
}

static inline struct holding holding_at(struct mymm_session *s,
					enum mymm_kind kind, const void *addr)
{
	return (struct holding){
		.kind = kind,
		.pfn = mymm_pool_index(s->pool, addr),
		.offset = offset_in_page(addr),
	};
}

static inline int new_handle(struct mymm_session *s, void *entry, u32 *handle)
{
	int err = xa_alloc(&s->handles, handle, entry, XA_LIMIT(1, INT_MAX),
			   GFP_KERNEL);

	if (!err)
		s->held++;
	return err;
}

static inline void drop_handle(struct mymm_session *s, u32 handle)
{
	xa_erase(&s->handles, handle);
	s->held--;
}

static inline int get_holding(struct mymm_session *s, u32 handle,
			      enum mymm_kind kind, struct holding *h)
{
	void *entry = xa_load(&s->handles, handle);

	if (!entry)
		return -ENOENT;
	if (!xa_is_value(entry))
		return -EBADSLT;
	*h = unpack(entry);
	return h->kind == kind ? 0 : -EBADSLT;
}

static inline struct mymm_name *get_name(struct mymm_session *s, u32 handle)
{
	void *entry = xa_load(&s->handles, handle);

	if (!entry)
		return ERR_PTR(-ENOENT);
	return xa_is_value(entry) ? ERR_PTR(-EBADSLT) : entry;
}

static inline struct mymm_cache *get_cache(struct mymm_session *s, u32 handle)
{
	struct mymm_name *name = get_name(s, handle);

	return IS_ERR(name) ? ERR_CAST(name) : name->cache;
}

size_t mymm_holding_bytes(struct mymm_session *s, struct holding h);
int mymm_session_run(struct mymm_session *s, struct mymm_op *op);

#endif /* _MYMM_HANDLE_H */
