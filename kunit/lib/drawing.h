/* SPDX-License-Identifier: GPL-2.0 */
/* Pools of one zone, drawn. */
#ifndef _MYMM_KUNIT_DRAWING_H
#define _MYMM_KUNIT_DRAWING_H

#include "lib/util.h"

/* Pages are grouped, and nothing else is done that Linux does. */
#define MYMM_DRAW_GROUPED (MYMM_POOL_BARE & ~MYMM_POOL_NO_MOBILITY)

enum mymm_migratetype mymm_draw_type(char letter);
gfp_t mymm_draw_gfp(char letter);
struct mymm_pool *mymm_draw_pool(struct kunit *test, unsigned int blocks,
				 unsigned int order);
void mymm_draw_lay_out(struct kunit *test, struct mymm_pool *pool,
		       const char *types, const char *map);
void mymm_draw(struct mymm_pool *pool, char *types, char *map);
void mymm_draw_expect(struct kunit *test, struct mymm_pool *pool,
		      const char *types, const char *map, const char *what);
void mymm_draw_give_back(struct kunit *test, struct mymm_pool *pool);

#endif /* _MYMM_KUNIT_DRAWING_H */
