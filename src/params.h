/* SPDX-License-Identifier: GPL-2.0 */
/* The module's parameters. */
#ifndef _MYMM_PARAMS_H
#define _MYMM_PARAMS_H

#include "mymm.h"

int mymm_params_read(struct mymm_pool_config *config,
		     struct mymm_tuning *tuning, bool *record_owners);

#endif /* _MYMM_PARAMS_H */
