// SPDX-License-Identifier: GPL-2.0
/*
 * The module's parameters: the configuration of the pool that is created at load.
 *
 * All of them are text, also numbers, and are parsed here, so that invalid text fails the
 * load with a line that names the parameter and the fault. The kernel's own parsers would
 * return an errno without a message. Ranges are checked by mymm_pool_create(), and those of
 * sysctls by tuning.c.
 *
 * They can be read in /sys/module/mymm/parameters, and not changed there; those that are
 * sysctls can be changed in /proc/sys/mymm, see sysctl.c.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#include "params.h"
#include "page/tuning.h"
#include "pool/pool.h"

/* The kernel has a macro of this name, and we have a parameter of it. */
#undef pageblock_order

static char *zones = "DMA:4M,DMA32:12M,Normal:48M";
module_param(zones, charp, 0444);
MODULE_PARM_DESC(
	zones, "zones and their sizes (DMA, DMA32, Normal, HighMem, Movable)");

static char *engine = "slub";
module_param(engine, charp, 0444);
MODULE_PARM_DESC(engine, "default engine of caches (slub, slab, slob)");

static char *slob_fit = "first";
module_param(slob_fit, charp, 0444);
MODULE_PARM_DESC(slob_fit,
		 "which free memory the slob engine takes (first, best)");

static char *freelist = "ordered";
module_param(freelist, charp, 0444);
MODULE_PARM_DESC(
	freelist,
	"in which order slub hands out a slab's objects (ordered, random, random:SEED)");

static char *debug = "";
module_param(debug, charp, 0444);
MODULE_PARM_DESC(
	debug,
	"debug caches, as slub_debug has it: FZPUTO,name,name*;FZ,other (none)");

static char *backing = "vmalloc";
module_param(backing, charp, 0444);
MODULE_PARM_DESC(backing, "what stands behind the frames (vmalloc, none)");

static char *nodes = "1";
module_param(nodes, charp, 0444);
MODULE_PARM_DESC(nodes, "number of nodes (1 to 8)");

static char *distance = "";
module_param(distance, charp, 0444);
MODULE_PARM_DESC(
	distance,
	"from each node to each, row by row, as in 10,20,20,10 (20 between any two)");

static char *holes = "";
module_param(holes, charp, 0444);
MODULE_PARM_DESC(
	holes, "frames with nothing behind them, as in 100-199,300-300 (none)");

static char *block_order = "0";
module_param_named(pageblock_order, block_order, charp, 0444);
MODULE_PARM_DESC(pageblock_order,
		 "order of a pageblock, 1 to 10 (0: 9, less in small zones)");

static char *without = "";
module_param(without, charp, 0444);
MODULE_PARM_DESC(
	without,
	"what the pool has not: pcp, watermarks, mobility, reclaim, or all (nothing)");

static char *merge = "0";
module_param(merge, charp, 0444);
MODULE_PARM_DESC(merge, "1: caches that would be cut the same way are one (0)");

static char *owners = "0";
module_param(owners, charp, 0444);
MODULE_PARM_DESC(owners, "1: record who holds pages, from the beginning (0)");

static char *knobs[MYMM_NR_KNOBS] = {
	[MYMM_SYSCTL_MIN_FREE_KBYTES] = "-1",
	[MYMM_SYSCTL_SCALE_FACTOR] = "10",
	[MYMM_SYSCTL_BOOST_FACTOR] = "15000",
	[MYMM_SYSCTL_RESERVE_RATIO] = "256,256,32,0,0",
	[MYMM_SYSCTL_HIGH_FRACTION] = "0",
};

module_param_named(min_free_kbytes, knobs[MYMM_SYSCTL_MIN_FREE_KBYTES], charp,
		   0444);
MODULE_PARM_DESC(
	min_free_kbytes,
	"KiB kept for who can't wait (-1: by the kernel's square-root rule)");

module_param_named(watermark_scale_factor, knobs[MYMM_SYSCTL_SCALE_FACTOR],
		   charp, 0444);
MODULE_PARM_DESC(watermark_scale_factor,
		 "distance of watermarks in 1/10000 of a zone, 1 to 3000 (10)");

module_param_named(watermark_boost_factor, knobs[MYMM_SYSCTL_BOOST_FACTOR],
		   charp, 0444);
MODULE_PARM_DESC(
	watermark_boost_factor,
	"how far a fallback raises watermarks, in 1/10000 of high (15000)");

module_param_named(lowmem_reserve_ratio, knobs[MYMM_SYSCTL_RESERVE_RATIO],
		   charp, 0444);
MODULE_PARM_DESC(
	lowmem_reserve_ratio,
	"for each zone type: 1/ratio of what is above is protected (256,256,32,0,0)");

module_param_named(percpu_pagelist_high_fraction,
		   knobs[MYMM_SYSCTL_HIGH_FRACTION], charp, 0444);
MODULE_PARM_DESC(
	percpu_pagelist_high_fraction,
	"1/fraction of each zone is for CPUs' lists, 8 and up (0: by watermark)");

/* The first @length bytes of a text as a number. */
static int read_number(const char *name, const char *text, size_t length,
		       long long *value)
{
	char digits[24];

	if (length < sizeof(digits)) {
		memcpy(digits, text, length);
		digits[length] = 0;
		if (!kstrtoll(digits, 0, value))
			return 0;
	}
	pr_err("%s: \"%.*s\" is no number\n", name, (int)length, text);
	return -EINVAL;
}

static int read_sysctl(enum mymm_sysctl knob, long long *value)
{
	int err = read_number(mymm_sysctl_range[knob].name, knobs[knob],
			      strlen(knobs[knob]), value);

	if (err)
		return err;
	if (knob == MYMM_SYSCTL_MIN_FREE_KBYTES && *value == -1)
		return 0;
	return mymm_sysctl_check(knob, *value);
}

/* Five numbers with commas in between. */
static int read_ratios(unsigned int *ratio)
{
	const char *name = mymm_sysctl_range[MYMM_SYSCTL_RESERVE_RATIO].name;
	const char *text = knobs[MYMM_SYSCTL_RESERVE_RATIO];
	unsigned int nr = 0;
	long long value;
	int err;

	do {
		size_t length = strcspn(text, ",");

		if (nr == MYMM_NR_RATIOS) {
			nr++;
			break;
		}
		err = read_number(name, text, length, &value);
		if (!err)
			err = mymm_sysctl_check(MYMM_SYSCTL_RESERVE_RATIO,
						value);
		if (err)
			return err;
		ratio[nr++] = value;
		text += length;
	} while (*text++ == ',');
	if (nr != MYMM_NR_RATIOS) {
		pr_err("%s: \"%s\" are not %u numbers, as in 256,256,32,0,0\n",
		       name, knobs[MYMM_SYSCTL_RESERVE_RATIO], MYMM_NR_RATIOS);
		return -EINVAL;
	}
	return 0;
}

static int read_tuning(struct mymm_tuning *tuning)
{
	long long min_free, scale, boost, fraction;
	int err;

	err = read_sysctl(MYMM_SYSCTL_MIN_FREE_KBYTES, &min_free);
	if (!err)
		err = read_sysctl(MYMM_SYSCTL_SCALE_FACTOR, &scale);
	if (!err)
		err = read_sysctl(MYMM_SYSCTL_BOOST_FACTOR, &boost);
	if (!err)
		err = read_sysctl(MYMM_SYSCTL_HIGH_FRACTION, &fraction);
	if (!err)
		err = read_ratios(tuning->lowmem_reserve_ratio);
	if (err)
		return err;
	tuning->min_free_kbytes = min_free;
	tuning->watermark_scale_factor = scale;
	tuning->watermark_boost_factor = boost;
	tuning->percpu_pagelist_high_fraction = fraction;
	return 0;
}

/* 0 or 1. kstrtobool() would do with a first letter: "nonsense" is no, "10" is yes. */
static int read_switch(const char *name, const char *text, bool *value)
{
	*value = !strcmp(text, "1");
	if (*value || !strcmp(text, "0"))
		return 0;
	pr_err("%s: \"%s\" is neither 0 nor 1\n", name, text);
	return -EINVAL;
}

/**
 * mymm_params_read() - what the module was loaded with
 * @config: is filled, with what was given as text as it was given
 * @tuning: is filled, and @config points to it
 * @record_owners: is filled: are the owners of pages to be recorded?
 *
 * Return: 0; -EINVAL, with a line in the log that names the parameter and says what is
 * wrong with it.
 */
int mymm_params_read(struct mymm_pool_config *config,
		     struct mymm_tuning *tuning, bool *record_owners)
{
	bool merges;

	*config = (struct mymm_pool_config){
		.name = "default",
		.zones = zones,
		.engine = engine,
		.slob_fit = slob_fit,
		.freelist = freelist,
		.debug = debug,
		.distance = *distance ? distance : NULL,
		.holes = holes,
		.tuning = tuning,
	};
	/* mymm_engine_find() would take it for slub. */
	if (!*engine) {
		pr_err("engine: empty: expected slub, slab or slob\n");
		return -EINVAL;
	}
	if (!strcmp(backing, "none")) {
		config->backing = MYMM_BACKING_NONE;
	} else if (strcmp(backing, "vmalloc")) {
		pr_err("backing: \"%s\" is neither vmalloc nor none\n",
		       backing);
		return -EINVAL;
	}
	if (kstrtouint(nodes, 0, &config->nodes) || !config->nodes) {
		pr_err("nodes: \"%s\" is no number of nodes\n", nodes);
		return -EINVAL;
	}
	if (kstrtouint(block_order, 0, &config->block_order)) {
		pr_err("pageblock_order: \"%s\" is no order\n", block_order);
		return -EINVAL;
	}
	if (read_switch("owners", owners, record_owners) ||
	    read_switch("merge", merge, &merges))
		return -EINVAL;
	if (merges)
		config->flags |= MYMM_POOL_MERGE;
	return mymm_pool_without(without, &config->flags) ?:
							    read_tuning(tuning);
}
