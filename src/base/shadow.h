/* SPDX-License-Identifier: GPL-2.0 */
/* KASAN's shadow of our memory; object/sanitize.c has the theory. */
#ifndef _MYMM_SHADOW_H
#define _MYMM_SHADOW_H

#include <linux/types.h>

/* Bytes of memory that a byte of shadow stands for. */
#define MYMM_SHADOW_GRANULE 8UL

/**
 * enum mymm_shadow - why memory may not be used, in the numbers of mm/kasan/kasan.h
 * @MYMM_SHADOW_OPEN: it may
 * @MYMM_SHADOW_FREED_OBJECT: an object that was freed
 * @MYMM_SHADOW_NO_OBJECT: allocated, but not to be used
 * @MYMM_SHADOW_FREE_FRAME: a free frame
 */
enum mymm_shadow {
	MYMM_SHADOW_OPEN = 0,
	MYMM_SHADOW_FREED_OBJECT = 0xfb,
	MYMM_SHADOW_NO_OBJECT = 0xfc,
	MYMM_SHADOW_FREE_FRAME = 0xff,
};

void mymm_set_shadow(void *at, size_t bytes, u8 value);

#endif /* _MYMM_SHADOW_H */
