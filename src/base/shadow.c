// SPDX-License-Identifier: GPL-2.0
/*
 * KASAN's shadow of our memory. object/sanitize.c has the theory; without KASAN this does
 * nothing.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "base/shadow.h"

/**
 * mymm_set_shadow() - say which memory may be used
 * @at: where; nothing happens if there is no memory, and so no shadow
 * @bytes: how many; both are multiples of %MYMM_SHADOW_GRANULE
 * @value: enum mymm_shadow; 1 to 7: so many bytes of a granule may be used
 *
 * Context: any.
 */
void mymm_set_shadow(void *at, size_t bytes, u8 value)
{
#if MYMM_KASAN
	if (is_vmalloc_addr(at))
		kasan_poison(at, bytes, value, false);
#endif
}
