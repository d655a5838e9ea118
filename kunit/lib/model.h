/* SPDX-License-Identifier: GPL-2.0 */
/* What pages should be like, computed without the allocator. */
#ifndef _MYMM_KUNIT_MODEL_H
#define _MYMM_KUNIT_MODEL_H

#include <kunit/test.h>
#include <linux/types.h>

#define MODEL_ORDERS 11
#define MODEL_ZONES 5

/**
 * struct mymm_model_zone - a stretch of pages
 * @start: first
 * @end: one past the last
 * @free: of each aligned block of each order: how many of its pages are free
 * @full: of each order: how many aligned blocks have no page in use
 */
struct mymm_model_zone {
	u32 start;
	u32 end;
	u16 *free[MODEL_ORDERS];
	unsigned long full[MODEL_ORDERS];
};

/* A held block. */
struct mymm_model_block {
	u32 first;
	u32 order;
	u32 id;
};

/**
 * struct mymm_model - the owner of each page
 * @nr_pages: how many there are
 * @owner: of each page: the id of its block, 0 if it is free
 * @block: those that are held, in no order
 * @nr_blocks: how many
 * @nr_held: pages in them
 * @next_id: no two blocks ever have the same
 * @zone: in the order of their pages
 * @nr_zones: how many
 */
struct mymm_model {
	u32 nr_pages;
	u32 *owner;
	struct mymm_model_block *block;
	u32 nr_blocks;
	unsigned long nr_held;
	u32 next_id;
	struct mymm_model_zone zone[MODEL_ZONES];
	unsigned int nr_zones;
};

struct mymm_model *mymm_model_new(struct kunit *test, const u32 *pages,
				  unsigned int nr_zones);
unsigned long mymm_model_nr_free(const struct mymm_model *model,
				 unsigned int zone, unsigned int order);
int mymm_model_source(const struct mymm_model *model, unsigned int zone,
		      unsigned int order);
int mymm_model_order_at(const struct mymm_model *model, u32 page);
struct mymm_model_block *mymm_model_block_at(struct mymm_model *model,
					     u32 first);
const char *mymm_model_take(struct mymm_model *model, unsigned int zone,
			    u32 first, unsigned int order);
void mymm_model_hold(struct mymm_model *model, u32 first, unsigned int order,
		     u32 id);
void mymm_model_give(struct mymm_model *model, struct mymm_model_block *block);
void mymm_model_forced(u32 start, u32 end, unsigned long *nr_free);

#endif /* _MYMM_KUNIT_MODEL_H */
