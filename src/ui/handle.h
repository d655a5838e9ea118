/* SPDX-License-Identifier: GPL-2.0 */
/* Sessions of the char device, and the handles of what they hold; see handle.c. */
#ifndef _MYMM_HANDLE_H
#define _MYMM_HANDLE_H

#include <linux/mutex.h>
#include <linux/xarray.h>

#include "page/event.h"
#include "uapi/mymm.h"

struct mymm_cache;
struct mymm_frame;
struct mymm_name;
struct mymm_pool;

/**
 * struct mymm_session - an open file of /dev/mymm
 * @lock: protects @handles, @held and @holds_clock; serializes the calls of the session
 * @handles: what the session holds, packed, by handle
 * @held: number of handles
 * @holds_clock: the pool's; see pool/clock.c
 * @pool: where it allocates; constant
 * @owner: recorded for each allocation; constant
 */
struct mymm_session {
	struct mutex lock; /* of @handles, @held, @holds_clock */
	struct xarray handles;
	unsigned long held;
	bool holds_clock;
	struct mymm_pool *pool;
	struct mymm_owner owner;
};

/**
 * struct mymm_held - what a handle stands for, unpacked; not for a cache
 * @kind: MYMM_KIND_PAGES, _KMALLOC, _OBJECT or _RANGE
 * @cache: of an object: number of its cache, which lives as long as the object
 * @order: of pages
 * @pfn: frame of the first byte
 * @offset: of the first byte in that frame
 * @frames: of a range
 */
struct mymm_held {
	enum mymm_kind kind;
	unsigned int cache;
	unsigned int order;
	u32 pfn;
	unsigned int offset;
	u32 frames;
};

void *mymm_held_pack(struct mymm_held held);
struct mymm_held mymm_held_unpack(void *entry);
struct mymm_held mymm_held_at(struct mymm_session *s, enum mymm_kind kind,
			      const void *addr);
struct mymm_cache *mymm_held_cache(struct mymm_session *s,
				   struct mymm_held held);
struct mymm_frame *mymm_held_frame(struct mymm_session *s,
				   struct mymm_held held);
void *mymm_held_address(struct mymm_session *s, struct mymm_held held);
size_t mymm_held_bytes(struct mymm_session *s, struct mymm_held held);

void mymm_session_begin(struct mymm_session *s, struct mymm_pool *pool,
			struct mymm_owner owner);
void mymm_session_end(struct mymm_session *s);
int mymm_session_hold_clock(struct mymm_session *s, bool hold);
int mymm_handle_new(struct mymm_session *s, void *entry, u32 *handle);
void mymm_handle_replace(struct mymm_session *s, u32 handle,
			 struct mymm_held held);
void mymm_handle_drop(struct mymm_session *s, u32 handle);
int mymm_handle_held(struct mymm_session *s, u32 handle, enum mymm_kind kind,
		     struct mymm_held *held);
struct mymm_name *mymm_handle_name(struct mymm_session *s, u32 handle);
struct mymm_cache *mymm_handle_cache(struct mymm_session *s, u32 handle);

#endif /* _MYMM_HANDLE_H */
