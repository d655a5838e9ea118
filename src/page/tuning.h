/* SPDX-License-Identifier: GPL-2.0 */
/* The sysctls of a pool, and every number that follows from them; tuning.c has the rules. */
#ifndef _MYMM_TUNING_H
#define _MYMM_TUNING_H

#include "mymm.h"
#include "page/zone.h"

/* The sysctls; one whose name ends in ratio has a number for each zone. */
enum mymm_sysctl {
	MYMM_SYSCTL_MIN_FREE_KBYTES,
	MYMM_SYSCTL_SCALE_FACTOR,
	MYMM_SYSCTL_BOOST_FACTOR,
	MYMM_SYSCTL_RESERVE_RATIO,
	MYMM_SYSCTL_HIGH_FRACTION,
	MYMM_NR_KNOBS,
};

/**
 * struct mymm_sysctl_range - what a sysctl may be
 * @name: as in /proc/sys/vm
 * @min: the smallest number
 * @max: the largest
 * @needs: MYMM_POOL_NO_*: in such a pool the sysctl has no effect
 */
struct mymm_sysctl_range {
	const char *name;
	int min;
	int max;
	unsigned int needs;
};

extern const struct mymm_sysctl_range mymm_sysctl_range[MYMM_NR_KNOBS];

int mymm_sysctl_check(enum mymm_sysctl sysctl, long long value);
int mymm_tuning_check(const struct mymm_tuning *tuning);
unsigned long mymm_tuning_get(struct mymm_pool *pool,
			      struct mymm_tuning *tuning);
int mymm_tuning_set(struct mymm_pool *pool, const struct mymm_tuning *tuning);
void mymm_tuning_begin(struct mymm_pool *pool);
unsigned long mymm_empty_watermark(const struct mymm_pool *pool,
				   enum mymm_zone_type type);
unsigned long mymm_min_free_rule(unsigned long pages);
int mymm_tuning_init(void);
void mymm_tuning_exit(void);

#endif /* _MYMM_TUNING_H */
