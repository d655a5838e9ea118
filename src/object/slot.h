/* SPDX-License-Identifier: GPL-2.0 */
/* The layout of a slot; slot.c has the picture. */
#ifndef _MYMM_SLOT_H
#define _MYMM_SLOT_H

struct mymm_cache;

unsigned int mymm_slot_layout(struct mymm_cache *cache);

#endif /* _MYMM_SLOT_H */
