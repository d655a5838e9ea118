// SPDX-License-Identifier: GPL-2.0
/*
 * The labs about objects: slab geometry, the three engines, glibc's malloc.
 *
 * How a slab is cut depends on the kernel (SLUB's rule changed in 6.8) and on the number of CPUs.
 * An answer must not; so a size is drawn again until both rules, on one CPU and on eight, come to
 * the same order.
 */
#include <stdlib.h>

#include "mymm_lab.h"

#define PAGE 4096U
#define SLUB_MAX_ORDER 3
#define CPUS_MOST 8

static unsigned int align_up(unsigned int n, unsigned int to)
{
	return (n + to - 1) / to * to;
}

/* The smallest order of which a slab has room for so many bytes. */
static unsigned int order_for(unsigned int bytes)
{
	unsigned int order = 0;

	while (PAGE << order < bytes)
		order++;
	return order;
}

/* --- SLUB -------------------------------------------------------------------------------- */

/* From @order on, the first that leaves at most one part in @fraction of the slab unused. */
static unsigned int order_that_fits(unsigned int slot, unsigned int order,
				    unsigned int fraction)
{
	while (order <= SLUB_MAX_ORDER &&
	       (PAGE << order) % slot > (PAGE << order) / fraction)
		order++;
	return order;
}

/* calculate_order() of mm/slub.c, of 6.8 and later, or of before. */
static unsigned int slub_order(unsigned int slot, unsigned int cpus,
			       bool since_6_8)
{
	unsigned int objects = 4, most = (PAGE << SLUB_MAX_ORDER) / slot, order;

	for (unsigned int n = cpus; n; n /= 2)
		objects += 4;
	if (objects > most)
		objects = most;
	for (; objects > 1; objects--) {
		unsigned int low = order_for(objects * slot);

		for (unsigned int fraction = 16;
		     fraction >= (since_6_8 ? 2 : 4); fraction /= 2) {
			order = order_that_fits(slot, low, fraction);
			if (order <= SLUB_MAX_ORDER)
				return order;
		}
		if (since_6_8)
			break;
	}
	return order_for(slot);
}

/* The order if it is the same everywhere, or -1. */
static int order_anywhere(unsigned int slot)
{
	unsigned int order = slub_order(slot, 1, false);

	for (unsigned int cpus = 1; cpus <= CPUS_MOST; cpus *= 2)
		if (slub_order(slot, cpus, false) != order ||
		    slub_order(slot, cpus, true) != order)
			return -1;
	return order;
}

/* --- SLAB -------------------------------------------------------------------------------- */

/* A small object's index array, a byte an object, is in a free object where it fits. */
static unsigned int slab_objects(unsigned int slot)
{
	unsigned int objects = PAGE / slot;

	return objects <= slot ? objects : PAGE / (slot + 1);
}

/* Lab 5. */
void lab_geometry(struct lab_run *run)
{
	unsigned int size, align, slot, order, bytes, objects, nr, small;

	do {
		size = lab_draw(run, 40, 700);
		align = 8 << lab_draw(run, 0, 2);
		slot = align_up(align_up(size, 8), align);
		/* With a rest, and not what it would be without the alignment. */
	} while (size % 8 == 0 || order_anywhere(slot) < 0 ||
		 (PAGE << order_anywhere(slot)) % slot == 0 ||
		 (align > 8 && slot == align_up(size, 8)));
	order = order_anywhere(slot);
	bytes = PAGE << order;
	objects = bytes / slot;
	nr = lab_draw(run, 5, 12) * objects + lab_draw(run, 1, objects - 1);
	small = 8 * lab_draw(run, 3, 7);

	lab_set(run, "size", size);
	lab_set(run, "align", align);
	lab_set(run, "slot", slot);
	lab_set(run, "words", align_up(size, 8));
	lab_set(run, "slab_bytes", bytes);
	lab_set(run, "objects", objects);
	lab_set(run, "part", bytes / 16);
	lab_set(run, "nr", nr);
	lab_set(run, "small", small);
	lab_set(run, "small_each", small + 1);
	lab_set(run, "unaligned", bytes / size);
	lab_set(run, "down", nr / objects);
	lab_set(run, "without_index", PAGE / small);
	lab_set(run, "a", slot);
	lab_set(run, "b", 1U << order);
	lab_set(run, "c", objects);
	lab_set(run, "d", bytes % slot);
	lab_set(run, "e", (nr + objects - 1) / objects);
	lab_set(run, "f", PAGE / (small + 1));
}

/* The size class of kmalloc() that has room. */
static unsigned int size_class(unsigned int size)
{
	unsigned int class = 8;

	if (size > 64 && size <= 96)
		return 96;
	if (size > 128 && size <= 192)
		return 192;
	while (class < size)
		class *= 2;
	return class;
}

/* Lab 6. */
void lab_engines(struct lab_run *run)
{
	unsigned int size, slot, pair, per_page, nr, asked, class, calls, head;

	do {
		size = lab_draw(run, 34, 200);
		slot = align_up(size, 8);
		/* Each engine has another number, of objects or of bytes. */
	} while (size % 8 == 0 || size % 8 == 7 || order_anywhere(slot) != 0);
	pair = align_up(size, 2);
	/* Aligned to 8, the last as long as it is. */
	per_page = (PAGE - pair) / slot + 1;
	nr = lab_draw(run, 3, 9) * per_page + lab_draw(run, 1, per_page - 1);
	do {
		asked = lab_draw(run, 20, 480);
		class = size_class(asked);
	} while (asked == class || class - asked < 16);
	calls = lab_draw(run, 20, 90);
	head = align_up(asked + 8, 2);

	lab_set(run, "size", size);
	lab_set(run, "slot", slot);
	lab_set(run, "pair", pair);
	lab_set(run, "nr", nr);
	lab_set(run, "per_page", per_page);
	lab_set(run, "asked", asked);
	lab_set(run, "class", class);
	lab_set(run, "calls", calls);
	lab_set(run, "head", head);
	lab_set(run, "without_head", calls * align_up(asked, 2));
	lab_set(run, "a", slot);
	lab_set(run, "b", PAGE / slot);
	lab_set(run, "c", slab_objects(slot));
	lab_set(run, "d", pair);
	lab_set(run, "e", (nr + per_page - 1) / per_page);
	lab_set(run, "f", class);
	lab_set(run, "g", calls * (class - asked));
	lab_set(run, "h", calls * head);
}

/* --- malloc ------------------------------------------------------------------------------ */

#define THRESHOLD (128U << 10)
#define SIZES 6

/* What a request takes of glibc's heap on x86-64: a word more, and a multiple of two words. */
static unsigned int chunk(unsigned int size)
{
	unsigned int bytes = align_up(size + 8, 16);

	return bytes < 32 ? 32 : bytes;
}

/* Draws sizes around a threshold, as a list; returns how many become mappings. */
static unsigned int draw_sizes(struct lab_run *run, const char *name,
			       unsigned int threshold)
{
	struct bytes list = { 0 };
	unsigned int mapped = 0, size = threshold - 40;

	for (unsigned int i = 0; i < SIZES; i++) {
		size += lab_draw(run, 3, 12);
		mapped += chunk(size) >= threshold;
		bytes_print(&list, "%s%u", i ? " " : "", size);
	}
	lab_set_text(run, name, "%s", list.at);
	bytes_free(&list);
	return mapped;
}

/* Lab 11. */
void lab_malloc(struct lab_run *run)
{
	unsigned int tiny = lab_set(run, "tiny", lab_draw(run, 1, 24));
	unsigned int small = lab_set(
		run, "small", 16 * lab_draw(run, 5, 60) + lab_draw(run, 9, 15));
	unsigned int first = draw_sizes(run, "first_sizes", THRESHOLD);
	unsigned int large =
		lab_set(run, "large",
			1000 * lab_draw(run, 200, 900) + lab_draw(run, 1, 999));
	unsigned int mapping = align_up(chunk(large) + 8, PAGE), second;

	second = draw_sizes(run, "second_sizes", mapping);
	lab_set(run, "threshold", THRESHOLD);
	lab_set(run, "least", THRESHOLD - 8 - 15);
	lab_set(run, "large_chunk", chunk(large));
	lab_set(run, "mapping", mapping);
	lab_set(run, "mapping_pages", mapping / PAGE);
	lab_set(run, "second_least", mapping - 8 - 15);
	/* All of them are beyond the first threshold. */
	lab_set(run, "all", SIZES);
	lab_set(run, "a", chunk(tiny));
	lab_set(run, "b", chunk(small));
	lab_set(run, "c", first);
	lab_set(run, "d", mapping / 1024);
	lab_set(run, "e", second);
}
