/* SPDX-License-Identifier: GPL-2.0 */
/* Owners of pages; page_owner.c has the theory, debugfs_page_owner.c the files. */
#ifndef _MYMM_PAGE_OWNER_H
#define _MYMM_PAGE_OWNER_H

#include <linux/build_bug.h>
#include <linux/sched.h>
#include <linux/types.h>

struct mymm_pool;

/**
 * struct mymm_owner_record - the owner of the block that begins at a frame
 * @ts: time of the allocation, nanoseconds of local_clock()
 * @free_ts: when a block that began here was given back last; 0: not since recording began
 * @caller: the address in the code that asked
 * @seq: odd during a write; grows by two with each change
 * @gfp: flags of the request
 * @session: on whose behalf, 0 for the kernel
 * @pid: of the task that ran then, which an interrupt found there
 * @tgid: the same
 * @comm: the same
 * @order: of the block
 * @held: there is such a block
 */
struct mymm_owner_record {
	u64 ts;
	u64 free_ts;
	unsigned long caller;
	u32 seq;
	gfp_t gfp;
	u32 session;
	pid_t pid;
	pid_t tgid;
	char comm[TASK_COMM_LEN];
	u8 order;
	bool held;
};

static_assert(sizeof(struct mymm_owner_record) <= 64,
	      "Documentation/files.md promises at most 64 bytes a frame");

/**
 * struct mymm_owner_site - what a piece of code holds on behalf of a session
 * @caller: the address in the code
 * @session: the session, 0 for the kernel
 * @blocks: how many
 * @frames: in them
 */
struct mymm_owner_site {
	unsigned long caller;
	u32 session;
	unsigned long blocks;
	unsigned long frames;
};

int mymm_owners_start(struct mymm_pool *pool);
void mymm_owners_stop(struct mymm_pool *pool);
bool mymm_owners_recording(const struct mymm_pool *pool);
unsigned long mymm_owners_lost(struct mymm_pool *pool);
bool mymm_owner_next(struct mymm_pool *pool, u32 *pfn,
		     struct mymm_owner_record *record);
struct mymm_owner_site *mymm_owner_sites(struct mymm_pool *pool, size_t *nr);

#endif /* _MYMM_PAGE_OWNER_H */
