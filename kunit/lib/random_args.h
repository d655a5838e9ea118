/* SPDX-License-Identifier: GPL-2.0 */
/* What is asked for by chance. */
#ifndef _MYMM_KUNIT_RANDOM_ARGS_H
#define _MYMM_KUNIT_RANDOM_ARGS_H

#include "lib/util.h"
#include "page/tuning.h"

unsigned int mymm_random_order(struct rnd_state *random);
gfp_t mymm_random_where(struct rnd_state *random);
struct mymm_tuning mymm_random_tuning(struct rnd_state *random);

#endif /* _MYMM_KUNIT_RANDOM_ARGS_H */
