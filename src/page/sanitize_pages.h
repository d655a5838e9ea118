/* SPDX-License-Identifier: GPL-2.0 */
/* KASAN's shadow of frames; object/sanitize.c has the theory. */
#ifndef _MYMM_SANITIZE_PAGES_H
#define _MYMM_SANITIZE_PAGES_H

#include "base/compat.h"
#include "base/shadow.h"
#include "page/pool.h"

/* Frames are allocated. */
static __always_inline void mymm_sanitize_use_pages(struct mymm_pool *pool,
						    u32 idx, unsigned long nr)
{
	if (MYMM_KASAN)
		mymm_set_shadow(mymm_pool_address(pool, idx), nr << PAGE_SHIFT,
				MYMM_SHADOW_OPEN);
}

/* They are free; called before they can be allocated again. */
static __always_inline void mymm_sanitize_drop_pages(struct mymm_pool *pool,
						     u32 idx, unsigned long nr)
{
	if (MYMM_KASAN)
		mymm_set_shadow(mymm_pool_address(pool, idx), nr << PAGE_SHIFT,
				MYMM_SHADOW_FREE_FRAME);
}

#endif /* _MYMM_SANITIZE_PAGES_H */
