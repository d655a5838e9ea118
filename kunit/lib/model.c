// SPDX-License-Identifier: GPL-2.0
/*
 * The model: what the pages of a pool should be like, without free lists.
 *
 * It uses nothing of the allocator. Each page has an owner or none. From that alone it
 * is known what a buddy system must show, since it merges whatever can be merged:
 *
 *   - a request is served from a zone if and only if some aligned block of that size
 *     has no page in use: then all of it is inside one free block;
 *   - an aligned block without a page in use is a free block of its own if and only if
 *     the block of twice the size that it is half of has one, or is not inside the zone;
 *   - the smallest free block that will do is split, and its lower end is taken.
 *
 * To be quick about "no page in use" it counts the free pages of each aligned block of
 * each order, here of a zone of pages 0 to 9 in which page 4 is held:
 *
 *     order 3  [         7         ]
 *     order 2  [    4   ][    3    ] [    2 ...      not inside: never full
 *     order 1  [ 2 ][ 2 ][ 1 ][ 2  ] [ 2 ]
 *     page      0  1 2  3 4  5 6  7   8  9
 *
 *     full: 4 of order 1 (0, 2, 6, 8), 1 of order 2 (0), none of order 3.
 *     Free blocks: of order 2 there is 1 - 2 * 0 = 1; of order 1 there are
 *     4 - 2 * 1 = 2 (6 and 8); of order 0 there are 9 - 2 * 4 = 1 (page 5).
 *
 * Taking a block costs O(its pages), which an allocator must not, and a model may.
 */
#include <linux/minmax.h>

#include "lib/model.h"
#include "page/zone.h"

static u16 *count_of(const struct mymm_model_zone *zone, unsigned int order,
		     u32 page)
{
	return &zone->free[order][(page >> order) - (zone->start >> order)];
}

static bool is_full(const struct mymm_model_zone *zone, unsigned int order,
		    u32 page)
{
	return *count_of(zone, order, page) == 1U << order;
}

/* Blocks of one order from @page on, @blocks of them, get or lose @pages each. */
static void change(struct mymm_model_zone *zone, unsigned int order, u32 page,
		   u32 blocks, int pages)
{
	for (; blocks; blocks--, page += 1U << order) {
		zone->full[order] -= is_full(zone, order, page);
		*count_of(zone, order, page) += pages;
		zone->full[order] += is_full(zone, order, page);
	}
}

static void change_all(struct mymm_model_zone *zone, u32 page, u32 of,
		       bool free)
{
	unsigned int order;

	for (order = 0; order < MODEL_ORDERS; order++) {
		u32 blocks = order < of ? 1U << (of - order) : 1;
		int pages = 1 << min(order, of);

		change(zone, order, page, blocks, free ? pages : -pages);
	}
}

static struct mymm_model_zone *zone_of(const struct mymm_model *model, u32 page)
{
	unsigned int i = 0;

	while (page >= model->zone[i].end)
		i++;
	return (struct mymm_model_zone *)&model->zone[i];
}

static void new_zone(struct kunit *test, struct mymm_model_zone *zone,
		     u32 start, u32 end)
{
	unsigned int order;
	u32 page;

	zone->start = start;
	zone->end = end;
	for (order = 0; order < MODEL_ORDERS; order++) {
		u32 blocks = ((end - 1) >> order) - (start >> order) + 1;

		zone->free[order] =
			kunit_kcalloc(test, blocks, sizeof(u16), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, zone->free[order]);
	}
	for (page = start; page < end; page++)
		change_all(zone, page, 0, true);
}

/**
 * mymm_model_new() - pages that are all free
 * @test: the test; it stops if there is no memory
 * @pages: of each zone, the lowest first
 * @nr_zones: how many zones
 *
 * Return: the model, which ends with the test.
 */
struct mymm_model *mymm_model_new(struct kunit *test, const u32 *pages,
				  unsigned int nr_zones)
{
	struct mymm_model *model;
	unsigned int i;

	model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model);
	for (i = 0; i < nr_zones; i++) {
		new_zone(test, &model->zone[i], model->nr_pages,
			 model->nr_pages + pages[i]);
		model->nr_pages += pages[i];
	}
	model->nr_zones = nr_zones;
	model->owner =
		kunit_kcalloc(test, model->nr_pages, sizeof(u32), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->owner);
	model->block = kunit_kcalloc(test, model->nr_pages,
				     sizeof(*model->block), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->block);
	return model;
}

/**
 * mymm_model_nr_free() - how many free blocks of an order a zone must have
 * @model: the model
 * @zone: number of the zone
 * @order: the order
 *
 * Return: how many.
 */
unsigned long mymm_model_nr_free(const struct mymm_model *model,
				 unsigned int zone, unsigned int order)
{
	const unsigned long *full = model->zone[zone].full;

	if (order == MODEL_ORDERS - 1)
		return full[order];
	return full[order] - 2 * full[order + 1];
}

/**
 * mymm_model_source() - the order of the free block that a request must be cut from
 * @model: the model
 * @zone: number of the zone that is asked
 * @order: of the request
 *
 * Return: the order; -1 if the zone can't serve it.
 */
int mymm_model_source(const struct mymm_model *model, unsigned int zone,
		      unsigned int order)
{
	for (; order < MODEL_ORDERS; order++)
		if (mymm_model_nr_free(model, zone, order))
			return order;
	return -1;
}

/**
 * mymm_model_order_at() - the order of the free block that a page is in
 * @model: the model
 * @page: the page
 *
 * Return: the order; -1 if the page is held.
 */
int mymm_model_order_at(const struct mymm_model *model, u32 page)
{
	const struct mymm_model_zone *zone = zone_of(model, page);
	int order = -1;

	while (order + 1 < MODEL_ORDERS && is_full(zone, order + 1, page))
		order++;
	return order;
}

/**
 * mymm_model_block_at() - the block that begins at a page
 * @model: the model
 * @first: the page
 *
 * Return: the block; NULL if no held block begins there.
 */
struct mymm_model_block *mymm_model_block_at(struct mymm_model *model,
					     u32 first)
{
	u32 i;

	for (i = 0; i < model->nr_blocks; i++)
		if (model->block[i].first == first)
			return &model->block[i];
	return NULL;
}

/**
 * mymm_model_take() - check an allocated block and add it to the model
 * @model: the model
 * @zone: number of the zone that it should be from
 * @first: its first page
 * @order: its order
 *
 * Return: NULL; or what is wrong with it, and then the model is as it was.
 */
const char *mymm_model_take(struct mymm_model *model, unsigned int zone,
			    u32 first, unsigned int order)
{
	const struct mymm_model_zone *from = &model->zone[zone];
	int source = mymm_model_source(model, zone, order);
	u32 i;

	if (source < 0)
		return "there is no such block";
	if (first < from->start || first + (1U << order) > from->end)
		return "it is not inside the zone";
	if (first & ((1U << order) - 1))
		return "it is not aligned";
	for (i = 0; i < 1U << order; i++)
		if (model->owner[first + i])
			return "somebody holds a page of it";
	if (mymm_model_order_at(model, first) != source)
		return "it is not cut from the smallest block that would do";
	if (first & ((1U << source) - 1))
		return "it is not the lower end of the block that it is cut from";

	mymm_model_hold(model, first, order, ++model->next_id);
	return NULL;
}

/**
 * mymm_model_hold() - add a held block, however it was allocated
 * @model: the model
 * @first: its first page
 * @order: its order
 * @id: its id
 */
void mymm_model_hold(struct mymm_model *model, u32 first, unsigned int order,
		     u32 id)
{
	u32 i;

	model->block[model->nr_blocks++] = (struct mymm_model_block){
		.first = first,
		.order = order,
		.id = id,
	};
	for (i = 0; i < 1U << order; i++)
		model->owner[first + i] = id;
	model->nr_held += 1UL << order;
	change_all(zone_of(model, first), first, order, false);
}

/**
 * mymm_model_give() - remove a freed block
 * @model: the model
 * @block: one of the model's
 */
void mymm_model_give(struct mymm_model *model, struct mymm_model_block *block)
{
	u32 i;

	for (i = 0; i < 1U << block->order; i++)
		model->owner[block->first + i] = 0;
	model->nr_held -= 1UL << block->order;
	change_all(zone_of(model, block->first), block->first, block->order,
		   true);
	*block = model->block[--model->nr_blocks];
}

/**
 * mymm_model_forced() - the free blocks that an empty zone must have
 * @start: its first page
 * @end: one past its last
 * @nr_free: of each order: how many
 *
 * From the left always the largest block that is aligned and fits.
 */
void mymm_model_forced(u32 start, u32 end, unsigned long *nr_free)
{
	unsigned int order;

	for (order = 0; order < MODEL_ORDERS; order++)
		nr_free[order] = 0;
	while (start < end) {
		order = MODEL_ORDERS - 1;
		while (start % (1U << order) || start + (1U << order) > end)
			order--;
		nr_free[order]++;
		start += 1U << order;
	}
}
