// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sys/mymm: the knobs of the default pool, to be turned while it is in use.
 *
 *      /proc/sys/vm/min_free_kbytes                 /proc/sys/mymm/min_free_kbytes
 *      /proc/sys/vm/watermark_scale_factor          /proc/sys/mymm/watermark_scale_factor
 *      ...                                          ...
 *
 * Names, ranges, modes and what is shown are those of the real files, and a number that is
 * out of range is -EINVAL there as here. There are two differences. lowmem_reserve_ratio has
 * five numbers here, for DMA, DMA32, Normal, HighMem and Movable; there it has as many as the
 * kernel was built with zones, and no word of which is which. And the real ones keep what they
 * understood of a bad line and call it a success; here nothing changes. In both a line may
 * have fewer numbers than there are, which leaves the others, and a negative one becomes 0.
 *
 * A sysctl that has no effect in this pool, as without watermarks, shows its number, and a
 * write fails with -EOPNOTSUPP.
 *
 * Locking. A write to one sysctl reads all of them and sets all of them, so sysctl_lock is
 * held meanwhile: outside cpu_hotplug_lock and pool->lock, which mymm_tuning_set() takes.
 * These files are never accessed with one of those held.
 */
#include <linux/mutex.h>
#include <linux/sysctl.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "ui/sysctl.h"
#include "page/pool.h"
#include "page/tuning.h"

static DEFINE_MUTEX(sysctl_lock);
static struct mymm_pool *sysctl_pool; /* constant while there are files */
static struct ctl_table_header *sysctl_header;

/* The numbers of one knob, in a form that the kernel's parser knows. */
static void take_from(const struct mymm_tuning *tuning, enum mymm_sysctl knob,
		      int *value)
{
	unsigned int i;

	switch (knob) {
	case MYMM_SYSCTL_MIN_FREE_KBYTES:
		value[0] = tuning->min_free_kbytes;
		break;
	case MYMM_SYSCTL_SCALE_FACTOR:
		value[0] = tuning->watermark_scale_factor;
		break;
	case MYMM_SYSCTL_BOOST_FACTOR:
		value[0] = tuning->watermark_boost_factor;
		break;
	case MYMM_SYSCTL_RESERVE_RATIO:
		for (i = 0; i < MYMM_NR_RATIOS; i++)
			value[i] = tuning->lowmem_reserve_ratio[i];
		break;
	case MYMM_SYSCTL_HIGH_FRACTION:
	case MYMM_NR_KNOBS:
		value[0] = tuning->percpu_pagelist_high_fraction;
		break;
	}
}

static void put_into(struct mymm_tuning *tuning, enum mymm_sysctl knob,
		     const int *value)
{
	unsigned int i;

	switch (knob) {
	case MYMM_SYSCTL_MIN_FREE_KBYTES:
		tuning->min_free_kbytes = value[0];
		break;
	case MYMM_SYSCTL_SCALE_FACTOR:
		tuning->watermark_scale_factor = value[0];
		break;
	case MYMM_SYSCTL_BOOST_FACTOR:
		tuning->watermark_boost_factor = value[0];
		break;
	case MYMM_SYSCTL_RESERVE_RATIO:
		for (i = 0; i < MYMM_NR_RATIOS; i++)
			tuning->lowmem_reserve_ratio[i] = max(value[i], 0);
		break;
	case MYMM_SYSCTL_HIGH_FRACTION:
	case MYMM_NR_KNOBS:
		tuning->percpu_pagelist_high_fraction = value[0];
		break;
	}
}

static int handle_sysctl(MYMM_CTL_CONST struct ctl_table *table, int write,
			 void *buffer, size_t *length, loff_t *pos);

#define KNOB(knob, nr)                         \
	[knob] = {                             \
		.maxlen = (nr) * sizeof(int),  \
		.mode = 0644,                  \
		.proc_handler = handle_sysctl, \
	}

/* By knob; their names and ranges are filled in from tuning.c's. */
static struct ctl_table sysctl_entries[] = {
	KNOB(MYMM_SYSCTL_MIN_FREE_KBYTES, 1),
	KNOB(MYMM_SYSCTL_SCALE_FACTOR, 1),
	KNOB(MYMM_SYSCTL_BOOST_FACTOR, 1),
	KNOB(MYMM_SYSCTL_RESERVE_RATIO, MYMM_NR_RATIOS),
	KNOB(MYMM_SYSCTL_HIGH_FRACTION, 1),
	MYMM_CTL_TABLE_END
};

/* With sysctl_lock. */
static int use_knob(MYMM_CTL_CONST struct ctl_table *table, int write,
		    void *buffer, size_t *length, loff_t *pos)
{
	enum mymm_sysctl knob = table - sysctl_entries;
	int value[MYMM_NR_RATIOS];
	struct ctl_table copy = *table;
	struct mymm_tuning tuning, shown;
	size_t given = *length;
	unsigned long min_free = mymm_tuning_get(sysctl_pool, &tuning);
	int err;

	if (write && sysctl_pool->flags & mymm_sysctl_range[knob].needs)
		return -EOPNOTSUPP;
	/* The parser would cut it there, be it in the middle of a number. */
	if (write && given >= PAGE_SIZE)
		return -EINVAL;
	shown = tuning;
	shown.min_free_kbytes = min_t(unsigned long, min_free, INT_MAX);
	take_from(&shown, knob, value);
	/* A copy is written to, so that what is bad changes nothing. */
	copy.data = value;
	err = proc_dointvec_minmax(&copy, write, buffer, length, pos);
	if (err || !write)
		return err;
	/* There are more numbers than the knob has. */
	if (*length != given)
		return -EINVAL;
	put_into(&tuning, knob, value);
	return mymm_tuning_set(sysctl_pool, &tuning);
}

static int handle_sysctl(MYMM_CTL_CONST struct ctl_table *table, int write,
			 void *buffer, size_t *length, loff_t *pos)
{
	guard(mutex)(&sysctl_lock);
	return use_knob(table, write, buffer, length, pos);
}

/**
 * mymm_sysctl_init() - make /proc/sys/mymm
 * @pool: the pool; stays until mymm_sysctl_exit()
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM. A kernel without sysctls has none of ours either.
 */
int mymm_sysctl_init(struct mymm_pool *pool)
{
	unsigned int i;

	if (!IS_ENABLED(CONFIG_PROC_SYSCTL))
		return 0;
	sysctl_pool = pool;
	for (i = 0; i < MYMM_NR_KNOBS; i++) {
		const struct mymm_sysctl_range *range = &mymm_sysctl_range[i];

		sysctl_entries[i].procname = range->name;
		/* The real one takes any number and makes negative ones 0. */
		if (i == MYMM_SYSCTL_RESERVE_RATIO)
			continue;
		sysctl_entries[i].extra1 = (void *)&range->min;
		sysctl_entries[i].extra2 = (void *)&range->max;
	}
	if (!mymm_inject_fail())
		sysctl_header = register_sysctl("mymm", sysctl_entries);
	return sysctl_header ? 0 : -ENOMEM;
}

/**
 * mymm_sysctl_exit() - undo mymm_sysctl_init()
 *
 * Context: process; sleeps until nobody is at a knob.
 */
void mymm_sysctl_exit(void)
{
	unregister_sysctl_table(sysctl_header);
	sysctl_header = NULL;
}
