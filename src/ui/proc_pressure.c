// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/mypressure: how long tasks wait since the pool is short of frames, in the form of
 * /proc/pressure/memory.
 */
#include <linux/seq_file.h>

#include "page/pressure.h"
#include "ui/proc.h"

static void *pressure_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? NULL : SEQ_START_TOKEN;
}

static void *pressure_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}

static void pressure_stop(struct seq_file *m, void *v)
{
}

static int pressure_show(struct seq_file *m, void *v)
{
	mymm_pressure_show(m, mymm_seq_pool(m));
	return 0;
}

const struct seq_operations mymm_pressure_ops = {
	.start = pressure_start,
	.next = pressure_next,
	.stop = pressure_stop,
	.show = pressure_show,
};
