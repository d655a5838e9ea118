// SPDX-License-Identifier: GPL-2.0
/*
 * A model of the buddy system, and the labs about it: buddyinfo, split and merge, fragmentation,
 * pageblocks.
 *
 * The model is the textbook's, and that of a pool without=all: a zone of frames from 0 on, and a
 * list of free blocks for each order. An allocation takes the first block of the smallest order
 * that has one and is large enough; the lower half of each split goes on. What is freed merges as
 * far as it can, and goes to the front of its list; or to its end, where the buddy of the block
 * that it may become is free, as in Linux.
 *
 * It shares nothing with src/page/buddy.c but that text: a frame has the order of the free block
 * that it begins, and lists are arrays.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_lab.h"

#define ORDERS 11
#define BLOCK (1U << (ORDERS - 1))
#define FRAMES 16384U
#define NONE -1
#define KIB 4 /* a frame's */

/**
 * struct model - a zone
 * @frames: how many
 * @free: of each frame the order of the free block that it begins, or NONE
 * @list: of each order the first frames of its free blocks, the next to be taken first
 * @nr: of each order how many they are
 */
struct model {
	unsigned int frames;
	signed char free[FRAMES];
	unsigned int *list[ORDERS];
	unsigned int nr[ORDERS];
};

static void enlist(struct model *model, unsigned int frame, unsigned int order,
		   bool front)
{
	unsigned int *list = model->list[order], nr = model->nr[order]++;

	if (front)
		memmove(list + 1, list, nr * sizeof(*list));
	list[front ? 0 : nr] = frame;
	model->free[frame] = order;
}

static void unlist(struct model *model, unsigned int frame, unsigned int order)
{
	unsigned int *list = model->list[order], at = 0;

	while (list[at] != frame)
		at++;
	memmove(list + at, list + at + 1,
		(--model->nr[order] - at) * sizeof(*list));
	model->free[frame] = NONE;
}

/* All free, in blocks of the largest order. */
static struct model *model_new(unsigned int frames)
{
	struct model *model = xzalloc(1, sizeof(*model));

	model->frames = frames;
	memset(model->free, NONE, sizeof(model->free));
	for (unsigned int order = 0; order < ORDERS; order++)
		model->list[order] = xalloc(NULL, frames >> order,
					    sizeof(*model->list[order]));
	for (unsigned int frame = 0; frame < frames; frame += BLOCK)
		enlist(model, frame, ORDERS - 1, false);
	return model;
}

static void model_free(struct model *model)
{
	for (unsigned int order = 0; order < ORDERS; order++)
		free(model->list[order]);
	free(model);
}

/* The first frame of a block, or NONE. */
static int take(struct model *model, unsigned int order)
{
	unsigned int from = order, frame;

	while (from < ORDERS && !model->nr[from])
		from++;
	if (from == ORDERS)
		return NONE;
	frame = model->list[from][0];
	unlist(model, frame, from);
	while (from-- > order)
		enlist(model, frame + (1U << from), from, true);
	return frame;
}

static bool is_free(const struct model *model, unsigned int frame,
		    unsigned int order)
{
	return order < ORDERS && frame < model->frames &&
	       model->free[frame] == (int)order;
}

static void give(struct model *model, unsigned int frame, unsigned int order)
{
	unsigned int above;

	while (order < ORDERS - 1 &&
	       is_free(model, frame ^ 1U << order, order)) {
		unlist(model, frame ^ 1U << order, order);
		frame &= ~(1U << order);
		order++;
	}
	/* The block that this one and its buddy would be. */
	above = frame & ~(1U << order);
	enlist(model, frame, order,
	       !(order < ORDERS - 2 &&
		 is_free(model, above ^ 2U << order, order + 1)));
}

static unsigned int free_frames(const struct model *model)
{
	unsigned int frames = 0;

	for (unsigned int order = 0; order < ORDERS; order++)
		frames += model->nr[order] << order;
	return frames;
}

static unsigned int free_blocks(const struct model *model)
{
	unsigned int blocks = 0;

	for (unsigned int order = 0; order < ORDERS; order++)
		blocks += model->nr[order];
	return blocks;
}

/* How many blocks of an order the free ones can be cut into. */
static unsigned int to_be_had(const struct model *model, unsigned int order)
{
	unsigned int blocks = 0;

	for (unsigned int from = order; from < ORDERS; from++)
		blocks += model->nr[from] << (from - order);
	return blocks;
}

/* A line of buddyinfo. */
static void set_line(struct lab_run *run, const char *name,
		     const struct model *model)
{
	struct bytes line = { 0 };

	bytes_print(&line, "Node 0, zone   Normal ");
	for (unsigned int order = 0; order < ORDERS; order++)
		bytes_print(&line, "%6u ", model->nr[order]);
	lab_set_text(run, name, "%s", line.at);
	bytes_free(&line);
}

/* @nr pairs of blocks are taken, and then the first of each pair is given back. */
static void make_holes(struct model *model, unsigned int order, unsigned int nr)
{
	int *block = xalloc(NULL, 2 * nr, sizeof(*block));

	for (unsigned int i = 0; i < 2 * nr; i++)
		block[i] = take(model, order);
	for (unsigned int i = 0; i < 2 * nr; i += 2)
		give(model, block[i], order);
	free(block);
}

/* Lab 1. */
void lab_buddyinfo(struct lab_run *run)
{
	struct model *model = model_new(FRAMES);
	unsigned int small = lab_set(run, "small", lab_draw(run, 700, 1300));
	unsigned int middle = lab_set(run, "middle", lab_draw(run, 20, 60));
	unsigned int large = lab_set(run, "large", lab_draw(run, 5, 12));
	unsigned int middle_order =
		lab_set(run, "middle_order", lab_draw(run, 1, 3));
	unsigned int large_order =
		lab_set(run, "large_order", lab_draw(run, 5, 6));
	unsigned int order = lab_set(run, "order", 4);
	unsigned int blocks, frames;

	make_holes(model, 0, small);
	make_holes(model, middle_order, middle);
	make_holes(model, large_order, large);
	set_line(run, "line", model);
	frames = lab_set(run, "frames", free_frames(model));
	blocks = to_be_had(model, order);
	lab_set(run, "managed", FRAMES);
	lab_set(run, "size", 1 << order);
	lab_set(run, "order_kib", KIB << order);
	lab_set(run, "a", free_blocks(model));
	lab_set(run, "b", frames * KIB);
	lab_set(run, "c", FRAMES - frames);
	lab_set(run, "d", blocks);
	lab_set(run, "e", frames - (blocks << order));
	lab_set(run, "average", frames >> order);
	model_free(model);
}

/* Lab 2. Three blocks of different orders, and each of them freed. */
void lab_split_merge(struct lab_run *run)
{
	static const char *const names[] = { "first", "second", "third" };
	struct model *model = model_new(BLOCK);
	unsigned int order[3], at[3], turn[3] = { 0, 1, 2 }, before;

	for (int i = 0; i < 3; i++) {
		do
			order[i] = lab_draw(run, 0, 6);
		while ((i > 0 && order[i] == order[0]) ||
		       (i > 1 && order[i] == order[1]));
		lab_set(run, names[i], order[i]);
		at[i] = take(model, order[i]);
	}
	lab_set(run, "first_size", 1 << order[0]);
	lab_set(run, "second_size", 1 << order[1]);
	lab_set(run, "third_size", 1 << order[2]);
	lab_set(run, "a", at[1]);
	lab_set(run, "b", at[2]);
	lab_set(run, "c", free_blocks(model));
	lab_set(run, "d", at[1] ^ 1U << order[1]);
	lab_set(run, "added", at[1] + (1U << order[1]));
	/* In any order but that of the allocations. */
	for (int i = 2; i > 0; i--) {
		int j = lab_draw(run, 0, i);
		unsigned int t = turn[i];

		turn[i] = turn[j];
		turn[j] = t;
	}
	if (turn[0] < turn[1] && turn[1] < turn[2]) {
		turn[0] = 1;
		turn[1] = 0;
	}
	lab_set_text(run, "free_first", "%c", "ABC"[turn[0]]);
	lab_set_text(run, "free_second", "%c", "ABC"[turn[1]]);
	lab_set_text(run, "free_third", "%c", "ABC"[turn[2]]);
	give(model, at[turn[0]], order[turn[0]]);
	lab_set(run, "e", free_blocks(model));
	give(model, at[turn[1]], order[turn[1]]);
	before = lab_set(run, "f", free_blocks(model));
	lab_set(run, "last_order", order[turn[2]]);
	give(model, at[turn[2]], order[turn[2]]);
	lab_set(run, "g", before + 1 - free_blocks(model));
	model_free(model);
}

/* Lab 3. A zone full of blocks that are too large, of which some are freed. */
void lab_fragmentation(struct lab_run *run)
{
	struct model *model = model_new(FRAMES);
	unsigned int order = lab_draw(run, 2, 4), nr = FRAMES >> order;
	unsigned int pages = lab_set(run, "pages",
				     lab_draw(run, (1 << (order - 1)) + 1,
					      (1 << order) - 1));
	unsigned int holes =
		lab_set(run, "holes", lab_draw(run, 60, (nr >> 1) / 2));
	unsigned int whole = lab_set(run, "whole", lab_draw(run, 1, 3));
	unsigned int wanted = lab_set(run, "wanted", lab_draw(run, 7, 9));
	unsigned int frames, last, blocks, given;

	for (unsigned int i = 0; i < nr; i++)
		take(model, order);
	for (unsigned int i = 0; i < holes; i++)
		give(model, (2 * i) << order, order);
	last = lab_set(run, "last", whole << (ORDERS - 1 - order));
	for (unsigned int i = nr - last; i < nr; i++)
		give(model, i << order, order);
	frames = free_frames(model);
	blocks = to_be_had(model, wanted);
	given = 1U << order;
	lab_set(run, "kib", pages * KIB);
	lab_set(run, "nr", nr);
	lab_set(run, "given", given);
	lab_set(run, "given_kib", given * KIB);
	lab_set(run, "asked_kib", nr * pages * KIB);
	lab_set(run, "managed_kib", FRAMES * KIB);
	lab_set(run, "frames", frames);
	lab_set(run, "suitable", blocks << wanted);
	lab_set(run, "wanted_size", 1 << wanted);
	lab_set(run, "hole_frames", holes << order);
	lab_set(run, "all", frames >> wanted);
	lab_set(run, "a", order);
	lab_set(run, "b", nr * (given - pages) * KIB);
	lab_set(run, "c", 100 * (given - pages) / given);
	lab_set(run, "d", frames * KIB);
	lab_set(run, "e", blocks);
	lab_set(run, "f", 1000ULL * (frames - (blocks << wanted)) / frames);
	model_free(model);
}

/* Lab 4. No model of fallbacks: that pages of a type stay together is all that counts. */
void lab_pageblocks(struct lab_run *run)
{
	unsigned int block = lab_set(run, "block", 512);
	unsigned int nr = lab_set(run, "nr", FRAMES / block);
	unsigned int together =
		lab_set(run, "together", 32 << lab_draw(run, 1, 2));
	unsigned int unmovable =
		lab_set(run, "unmovable", lab_draw(run, 5, together / 4));
	unsigned int movable = lab_set(run, "movable", together - unmovable);
	unsigned int rounds = lab_set(run, "rounds",
				      lab_draw(run, 18, 23) * block / together);
	unsigned int all = lab_set(run, "all", rounds * unmovable);
	unsigned int used = lab_set(run, "used", rounds * together);
	unsigned int grouped = (all + block - 1) / block;

	lab_set(run, "movable_all", rounds * movable);
	lab_set(run, "managed", FRAMES);
	lab_set(run, "a", FRAMES - all);
	lab_set(run, "b", used / block);
	lab_set(run, "c", nr - used / block);
	lab_set(run, "d", grouped);
	lab_set(run, "e", nr - grouped);
	lab_set(run, "frames_for", (FRAMES - all) / block);
}
