/* SPDX-License-Identifier: GPL-2.0 */
/* What is asked for by chance. */
#ifndef _MYMM_KUNIT_CHANCE_H
#define _MYMM_KUNIT_CHANCE_H

#include "util.h"
#include "page/tuning.h"

unsigned int mymm_chance_order(struct rnd_state *random);
gfp_t mymm_chance_where(struct rnd_state *random);
struct mymm_tuning mymm_chance_tuning(struct rnd_state *random);

#endif /* _MYMM_KUNIT_CHANCE_H */
