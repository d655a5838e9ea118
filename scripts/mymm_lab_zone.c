// SPDX-License-Identifier: GPL-2.0
/*
 * The labs about zones: per-CPU lists, watermarks, nodes.
 *
 * All numbers follow from the size of a zone, by the rules of mm/page_alloc.c.
 */
#include "mymm_lab.h"

#define KIB 4 /* a frame's */
#define MIB_FRAMES 256

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int most(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static unsigned int square_root(uint64_t n)
{
	uint64_t root = 0;

	while ((root + 1) * (root + 1) <= n)
		root++;
	return root;
}

/* --- watermarks -------------------------------------------------------------------------- */

struct marks {
	unsigned int min_free_kbytes, min, step;
};

/* Of each of @zones zones of @managed frames. */
static struct marks marks_of(unsigned int managed, unsigned int zones)
{
	struct marks marks;

	marks.min_free_kbytes =
		square_root((uint64_t)managed * zones * KIB * 16);
	marks.min_free_kbytes = least(most(marks.min_free_kbytes, 128), 262144);
	marks.min = marks.min_free_kbytes / KIB / zones;
	marks.step = most(marks.min / 4, managed / 1000);
	return marks;
}

/* Lab 8. */
void lab_watermarks(struct lab_run *run)
{
	unsigned int mib, managed, half, atomic;
	struct marks marks;

	/* So that no mark is a round number. */
	do {
		mib = lab_draw(run, 40, 200);
		managed = mib * MIB_FRAMES;
		marks = marks_of(managed, 1);
	} while (marks.min % 4 == 0);
	half = marks.min - marks.min / 2;
	atomic = half - half / 4;

	lab_set(run, "mib", mib);
	lab_set(run, "managed", managed);
	lab_set(run, "managed_kib", managed * KIB);
	lab_set(run, "quarter", marks.min / 4);
	lab_set(run, "thousandth", managed / 1000);
	lab_set(run, "step", marks.step);
	lab_set(run, "half", half);
	lab_set(run, "atomic", atomic);
	lab_set(run, "half_down", marks.min / 2);
	lab_set(run, "low", marks.min + marks.step);
	lab_set(run, "high", marks.min + 2 * marks.step);
	lab_set(run, "a", marks.min_free_kbytes);
	lab_set(run, "b", marks.min);
	lab_set(run, "c", marks.min + marks.step);
	lab_set(run, "d", marks.min + 2 * marks.step);
	lab_set(run, "e", managed - marks.min - marks.step);
	lab_set(run, "f", managed - marks.min);
	lab_set(run, "g", marks.min - atomic);
	lab_set(run, "h", atomic);
}

/* Lab 14. */
void lab_numa(struct lab_run *run)
{
	unsigned int mib, managed, nr, low, lower, upper, ratio;
	struct marks marks;

	do {
		mib = lab_draw(run, 9, 30);
		managed = mib * MIB_FRAMES;
		marks = marks_of(managed, 2);
		low = marks.min + marks.step;
	} while (marks.min % 4 == 0);
	nr = managed + lab_draw(run, 200, managed / 2);
	lower = lab_draw(run, 4, 14);
	upper = lab_draw(run, 64, 400);
	ratio = 16 << lab_draw(run, 2, 4);

	lab_set(run, "mib", mib);
	lab_set(run, "managed", managed);
	lab_set(run, "nr", nr);
	lab_set(run, "both_kib", 2 * managed * KIB);
	lab_set(run, "min_free_kbytes", marks.min_free_kbytes);
	lab_set(run, "min", marks.min);
	lab_set(run, "low", low);
	lab_set(run, "quarter", marks.min / 4);
	lab_set(run, "lower", lower);
	lab_set(run, "upper", upper);
	lab_set(run, "upper_frames", upper * MIB_FRAMES);
	lab_set(run, "ratio", ratio);
	lab_set(run, "down_to_min", managed - marks.min);
	lab_set(run, "from_other", nr - (managed - low));
	lab_set(run, "a", low);
	lab_set(run, "b", managed - low);
	lab_set(run, "c", nr - (managed - low));
	lab_set(run, "d", 2 * managed - low - nr);
	lab_set(run, "e", low - marks.min);
	lab_set(run, "f", upper * MIB_FRAMES / ratio);
}

/* --- per-CPU lists ----------------------------------------------------------------------- */

/* A quarter of a thousandth of the zone, of 1 MiB at most, and no power of two. */
static unsigned int batch_of(unsigned int managed)
{
	unsigned int quarter = most(least(managed / 1024, 256) / 4, 1);
	unsigned int power = 1;

	while (power * 2 <= quarter + quarter / 2)
		power *= 2;
	return most(power - 1, 1);
}

/* Lab 7. */
void lab_pcp(struct lab_run *run)
{
	unsigned int mib, managed, batch, order, blocks, nr;

	do {
		mib = lab_draw(run, 130, 1000);
		managed = mib * MIB_FRAMES;
		batch = batch_of(managed);
	} while (batch < 7);
	order = lab_draw(run, 1, 2);
	blocks = most(batch >> order, 2);
	nr = lab_draw(run, 2, batch - 2);

	lab_set(run, "mib", mib);
	lab_set(run, "managed", managed);
	lab_set(run, "thousandth", managed / 1024);
	lab_set(run, "quarter", managed / 1024 / 4);
	lab_set(run, "more", managed / 1024 / 4 * 3 / 2);
	lab_set(run, "batch", batch);
	lab_set(run, "nr", nr);
	lab_set(run, "order", order);
	lab_set(run, "size", 1 << order);
	lab_set(run, "blocks", blocks);
	lab_set(run, "one_less", managed - nr);
	lab_set(run, "a", batch);
	lab_set(run, "b", batch - nr);
	lab_set(run, "c", managed - batch);
	lab_set(run, "d", batch);
	lab_set(run, "e", (blocks - 1) << order);
	lab_set(run, "f", managed - (1 << order));
}
