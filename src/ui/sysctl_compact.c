// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sys/mymm: compact_memory, extfrag_threshold and compaction_proactiveness, as in
 * /proc/sys/vm. The first is of the default pool, the others of all pools.
 *
 * The real compact_memory is 1 from the first write on that was good, and takes a write of nothing
 * as one of that; here each write has to say 1.
 */
#include <linux/sysctl.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "page/compact.h"
#include "page/kcompactd.h"
#include "page/pool.h"
#include "ui/sysctl_compact.h"

static struct mymm_pool *sysctl_pool; /* constant while there are files */
static struct ctl_table_header *header;

static int compact_memory(MYMM_CTL_CONST struct ctl_table *table, int write,
			  void *buffer, size_t *length, loff_t *pos)
{
	struct ctl_table copy = *table;
	int value = 0, err;

	copy.data = &value;
	err = proc_dointvec(&copy, write, buffer, length, pos);
	if (err)
		return err;
	if (value != 1)
		return -EINVAL;
	return write ? mymm_compact_pool(sysctl_pool) : 0;
}

static int proactiveness(MYMM_CTL_CONST struct ctl_table *table, int write,
			 void *buffer, size_t *length, loff_t *pos)
{
	int err = proc_dointvec_minmax(table, write, buffer, length, pos);

	if (!err && write && READ_ONCE(mymm_compaction_proactiveness))
		mymm_kcompactd_look();
	return err;
}

#define ENTRY(name, ...)                                               \
	{                                                              \
		.procname = (name), .maxlen = sizeof(int), __VA_ARGS__ \
	}

static struct ctl_table entries[] = {
	ENTRY("compact_memory", .mode = 0200, .proc_handler = compact_memory),
	ENTRY("extfrag_threshold", .mode = 0644,
	      .data = &mymm_extfrag_threshold,
	      .proc_handler = proc_dointvec_minmax, .extra1 = SYSCTL_ZERO,
	      .extra2 = SYSCTL_ONE_THOUSAND),
	ENTRY("compaction_proactiveness", .mode = 0644,
	      .data = &mymm_compaction_proactiveness,
	      .proc_handler = proactiveness, .extra1 = SYSCTL_ZERO,
	      .extra2 = SYSCTL_ONE_HUNDRED),
	MYMM_CTL_TABLE_END
};

/**
 * mymm_sysctl_compact_init() - make the files
 * @pool: the pool; stays until mymm_sysctl_compact_exit()
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM. A kernel without sysctls has none of ours either.
 */
int mymm_sysctl_compact_init(struct mymm_pool *pool)
{
	if (!IS_ENABLED(CONFIG_PROC_SYSCTL))
		return 0;
	sysctl_pool = pool;
	if (!mymm_inject_fail())
		header = register_sysctl("mymm", entries);
	return header ? 0 : -ENOMEM;
}

/**
 * mymm_sysctl_compact_exit() - take them away
 *
 * Context: process; sleeps until nobody writes to one.
 */
void mymm_sysctl_compact_exit(void)
{
	unregister_sysctl_table(header);
	header = NULL;
}
