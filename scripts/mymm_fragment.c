// SPDX-License-Identifier: GPL-2.0
/*
 * What a replay has left of each zone's pageblocks: the last part of the summary.
 *
 * A large block can come into being where nothing stays. So of each pageblock it is asked
 * what the recording still holds in it:
 *
 *	nothing		it is free, or as good as that
 *	movable		it would be free if its pages were moved away
 *	pinned		it has something that can't be moved: pages that were not asked for as
 *			movable, and objects
 *	mixed		both, so that moving its pages would win nothing
 *
 * What was there before the recording (mymm_start.c), and stays, counts as pinned.
 *
 * The recording says what is movable, not the pool: so the figures mean the same in a
 * pool that groups pages by migratetype and in one that does not.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

/* What frames are of each pageblock of the pool. */
static uint8_t *look(const struct recording *rec, unsigned int order,
		     uint64_t blocks)
{
	uint8_t *held = calloc(blocks, 1);

	if (!held)
		return NULL;
	for (size_t i = 0; i < rec->nr_lives; i++) {
		const struct life *life = &rec->life[i];
		bool movable = life->kind == LIFE_PAGES &&
			       (life->flags & MYMM_GFP_MOVABLE);
		uint64_t frames = (life->taken + 4095) / 4096;

		if (!(i % TAPE_STEP))
			recording_trim(rec);
		if (!life->handle)
			continue;
		for (uint64_t at = life->pfn >> order;
		     at <= (life->pfn + frames - 1) >> order && at < blocks;
		     at++)
			held[at] |= movable ? FRAGMENT_MOVABLE :
					      FRAGMENT_PINNED;
	}
	for (uint64_t pfn = 0; rec->start && pfn < blocks << order; pfn++)
		if (start_stays(rec->start, pfn))
			held[pfn >> order] |= FRAGMENT_PINNED;
	return held;
}

static uint64_t end_of(const struct mymm_info *info)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < info->nr_zones; i++)
		if (info->zones[i].start_pfn + info->zones[i].spanned > end)
			end = info->zones[i].start_pfn + info->zones[i].spanned;
	return end;
}

static void count(const struct mymm_zone_info *zone, unsigned int order,
		  const uint8_t *held, uint64_t *nr)
{
	uint64_t last = (zone->start_pfn + zone->spanned - 1) >> order;

	for (uint64_t at = zone->start_pfn >> order; at <= last; at++)
		nr[held[at]]++;
}

bool fragments(const struct recording *rec, const struct outcome *out,
	       uint64_t nr[][FRAGMENTS])
{
	const struct mymm_info *info = &out->end;
	unsigned int order = out->depth[0].block_order;
	uint8_t *held = look(rec, order, (end_of(info) >> order) + 1);

	if (!held)
		return false;
	memset(nr, 0, info->nr_zones * sizeof(nr[0]));
	for (uint32_t i = 0; i < info->nr_zones; i++)
		count(&info->zones[i], order, held, nr[i]);
	free(held);
	return true;
}

/* A module either counts something in all zones or in none. */
static void add_known(uint64_t *sum, uint64_t before, uint64_t after)
{
	*sum = after == UNKNOWN ? UNKNOWN : *sum + after - before;
}

void add_contested(struct contested *sum, const struct outcome *out,
		   uint32_t zone)
{
	const struct mymm_zone_args *before = &out->before[zone];
	const struct mymm_zone_args *after = &out->depth[zone];

	add_known(&sum->types, before->contested, after->contested);
	add_known(&sum->lists, before->contested_lists, after->contested_lists);
	add_known(&sum->fits, before->contested_fits, after->contested_fits);
}

/* The width of the table up to the column "types". */
#define TYPES_END 77

void show_fragmentation(const struct recording *rec, const struct outcome *out)
{
	uint64_t nr[MYMM_UAPI_ZONES][FRAGMENTS], stuck = 0, blocks = 0;
	const struct mymm_info *info = &out->end;
	int width;

	if (!fragments(rec, out, nr))
		return;
	putchar('\n');
	width = printf(
		"Pageblocks of %u frames, by what the recording holds in them",
		1U << out->depth[0].block_order);
	printf("%*s\n", TYPES_END - width, "contested");
	printf("  %-14s %9s %9s %9s %9s  %s %9s %9s %9s\n", "", "nothing",
	       "movable", "pinned", "mixed", "fallbacks", "types", "lists",
	       "fits");
	for (uint32_t i = 0; i < info->nr_zones; i++) {
		const struct mymm_zone_info *zone = &info->zones[i];
		struct contested contested = { 0 };

		add_contested(&contested, out, i);
		printf("  node %u %-7s %9s %9s %9s %9s  %9s %9s %9s %9s\n",
		       zone->node, zone->name,
		       count_text(nr[i][FRAGMENT_NOTHING]),
		       count_text(nr[i][FRAGMENT_MOVABLE]),
		       count_text(nr[i][FRAGMENT_PINNED]),
		       count_text(nr[i][FRAGMENT_MIXED]),
		       count_text(out->depth[i].extfrag -
				  out->before[i].extfrag),
		       known_text(contested.types), known_text(contested.lists),
		       known_text(contested.fits));
		for (int what = 0; what < FRAGMENTS; what++)
			blocks += nr[i][what];
		stuck += nr[i][FRAGMENT_PINNED] + nr[i][FRAGMENT_MIXED];
	}
	printf("  %s of %s can't become whole while the rest stays\n",
	       count_text(stuck), plural(blocks, "pageblock", "pageblocks"));
}
