// SPDX-License-Identifier: GPL-2.0
/*
 * What was free when a recording began, and the pool made like that.
 *
 * The map of free frames that `record` keeps (mymm_state.c) has all but those that lay in the
 * lists of CPUs. What the first event of a frame is tells the rest, so events are settled
 * (mymm_settle.c) with the map at hand:
 *
 *	the free of a block that is held	it is allocated by itself, and freed then
 *	the allocation of a frame that is held	it lay in a list: free at the start
 *
 * Then each block of the first kind, and each run of frames that stay, is allocated as a range,
 * at its place. So the pool's zones must have the recorded ones' frames; if not, an error
 * names zones that do. And its pages and largest blocks must be as large.
 *
 * Which type a pageblock was is not known: /proc/pagetypeinfo counts those of each type in a
 * zone, and the free blocks of each, but nothing says where they are; what a frame was
 * allocated as is not what its pageblock is. So all are Movable, and those that were not are
 * counted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_trace.h"

#define PAGE_HEAD "\n== page size\n"
#define MAP_HEAD "\n== free frames\n"
#define BUDDY_HEAD "== before /proc/buddyinfo\n"
#define PAGETYPE_HEAD "== before /proc/pagetypeinfo\n"
#define TYPES_HEAD "\nNumber of blocks type "
#define ZONES_HEAD "\n== before /proc/zoneinfo\n"
/* As in the pool's largest block. */
#define ZONE_STEP (1ULL << (MYMM_UAPI_ORDERS - 1))
/* 16 TiB: what is beyond that is not a frame's number. */
#define FRAMES_MOST (1ULL << 32)
#define BATCH 4096

struct zone {
	char name[MYMM_NAME_LEN];
	uint64_t from, end;
};

/**
 * struct start - the recorded machine when it began
 * @held: a bit a frame: it was not free
 * @frames: how many these are: up to the end of the last zone
 * @zone: its zones, by rising frames
 */
struct start {
	uint64_t *held;
	uint64_t frames;
	struct zone zone[MYMM_UAPI_ZONES];
	uint32_t nr_zones;
};

static bool is_held(const struct start *start, uint64_t pfn)
{
	/* What lies behind the recorded machine's memory was never free. */
	return pfn >= start->frames || start->held[pfn / 64] >> (pfn % 64) & 1;
}

static void set_free(struct start *start, uint64_t pfn, uint64_t nr)
{
	for (; nr; pfn++, nr--)
		start->held[pfn / 64] &= ~(1ULL << (pfn % 64));
}

/* --- what was recorded ------------------------------------------------------------ */

static int no_start(const struct recording *rec, const char *why)
{
	return failed(0, "%s: %s", rec->path, why);
}

/* The zones that have frames; those of a second node have no place in a pool's. */
static int read_zones(const struct recording *rec, struct start *start)
{
	const char *at = rec->state.at ? strstr(rec->state.at, ZONES_HEAD) :
					 NULL;
	struct zone zone = { .name = "" };
	unsigned long long spanned = 0, n = 0;
	unsigned int node = 0;
	char line[128];

	if (!at)
		return no_start(rec, "has no state: mymm record writes it");
	for (at += sizeof(ZONES_HEAD) - 2; at && at[1] && at[1] != '=';
	     at = strchr(at + 1, '\n')) {
		/* sscanf() would look for the end of all that follows. */
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at + 1, "\n"),
			 at + 1);
		if (sscanf(line, "Node %u, zone %15s", &node, zone.name) == 2)
			spanned = 0;
		else if (sscanf(line, " spanned %llu", &n) == 1)
			spanned = n;
		if (sscanf(line, " start_pfn: %llu", &n) != 1 || !spanned)
			continue;
		if (node)
			return no_start(
				rec,
				"is of a machine with several nodes: a pool can't begin like that");
		zone.from = n;
		zone.end = n + spanned;
		if (n > FRAMES_MOST || spanned > FRAMES_MOST - n ||
		    zone.from < start->frames ||
		    start->nr_zones == MYMM_UAPI_ZONES)
			return no_start(rec, "its zones are damaged");
		start->frames = zone.end;
		start->zone[start->nr_zones++] = zone;
	}
	return start->nr_zones ? OK : no_start(rec, "its zones are not known");
}

static int read_map(const struct recording *rec, struct start *start)
{
	const char *at = strstr(rec->state.at, MAP_HEAD);
	uint64_t pfn, nr, behind = 0;
	char *end;

	if (!at)
		return no_start(
			rec,
			"has no map of free frames: a newer mymm record writes it");
	for (at += sizeof(MAP_HEAD) - 2; at && at[1] && at[1] != '=';
	     at = strchr(at + 1, '\n')) {
		if (at[1] == '#')
			return failed(0, "%s: has no map of free frames: %.*s",
				      rec->path, (int)strcspn(at + 1, "\n"),
				      at + 1);
		pfn = strtoull(at + 1, &end, 10);
		nr = strtoull(end, &end, 10);
		if (*end != '\n' || !nr || pfn < behind ||
		    pfn > start->frames || nr > start->frames - pfn)
			return no_start(rec,
					"its map of free frames is damaged");
		set_free(start, pfn, nr);
		behind = pfn + nr;
	}
	return OK;
}

void start_free(struct start *start)
{
	if (!start)
		return;
	free(start->held);
	free(start);
}

static const char *past_word(const char *at)
{
	at += strspn(at, " ");
	return at + strcspn(at, "\n ");
}

/* Its frames and blocks must be a pool's. That of an older recorder has only the latter. */
static int check_pages(const struct recording *rec)
{
	const char *page = strstr(rec->state.at, PAGE_HEAD);
	const char *at = strstr(rec->state.at, BUDDY_HEAD);
	unsigned long size = getpagesize();
	int orders = 0;
	char *end;

	if (page) {
		size = strtoul(page + sizeof(PAGE_HEAD) - 1, &end, 10);
		if (!size || *end != '\n')
			return no_start(rec, "its page size is damaged");
	}
	if (size != (unsigned long)getpagesize())
		return failed(
			0,
			"%s: is of a machine with pages of %lu bytes: a pool's have %d here, so it can't begin like that",
			rec->path, size, getpagesize());
	at = at ? at + sizeof(BUDDY_HEAD) - 1 : NULL;
	if (!at || strncmp(at, "Node ", 5) || !strstr(at, ", zone "))
		return OK;
	at = past_word(strstr(at, ", zone ") + 7);
	for (; at[strspn(at, " ")] != '\n' && *at; orders++)
		at = past_word(at);
	if (orders <= MYMM_UAPI_ORDERS)
		return OK;
	return failed(
		0,
		"%s: is of a machine with blocks of up to order %d: a pool's end at %d, so it can't begin like that",
		rec->path, orders - 1, MYMM_UAPI_ORDERS - 1);
}

/* Pageblocks that were not Movable, of all zones: of pagetypeinfo, in columns by type. */
static uint64_t count_others(const struct recording *rec)
{
	const char *at = strstr(rec->state.at, PAGETYPE_HEAD), *end;
	const char *next_head = at ? strstr(at, "\n== ") : NULL;
	uint64_t others = 0;
	int movable = -1, nr = 0;

	at = at ? strstr(at, TYPES_HEAD) : NULL;
	if (!at || (next_head && at > next_head))
		return 0;
	end = strchr(at + 1, '\n');
	for (at += sizeof(TYPES_HEAD) - 1; end && at < end; nr++) {
		at += strspn(at, " ");
		if (!strncmp(at, "Movable", 7))
			movable = nr;
		at = past_word(at);
	}
	while (movable >= 0 && end && !strncmp(end, "\nNode ", 6)) {
		at = strstr(end, "zone ");
		end = strchr(end + 1, '\n');
		if (!at || !end || at > end)
			break;
		at = past_word(at + 5);
		for (int i = 0; *at == ' '; i++) {
			char *next;
			uint64_t blocks = strtoull(at, &next, 10);

			if (next == at || next > end)
				break;
			others += i == movable ? 0 : blocks;
			at = next;
		}
	}
	return others;
}

int start_read(struct recording *rec)
{
	struct start *start = xzalloc(1, sizeof(*start));
	int rc = read_zones(rec, start) ?: check_pages(rec);

	if (!rc) {
		rec->start_others = count_others(rec);
		start->held = xalloc(NULL, start->frames / 64 + 1, 8);
		memset(start->held, 0xff, (start->frames / 64 + 1) * 8);
		rc = read_map(rec, start);
	}
	if (rc)
		start_free(start);
	else
		rec->start = start;
	return rc;
}

/* --- what its events tell --------------------------------------------------------- */

bool start_has(const struct start *start, uint64_t pfn, uint64_t nr)
{
	if (pfn >= start->frames || nr > start->frames - pfn)
		return false;
	while (nr && is_held(start, pfn + nr - 1))
		nr--;
	return !nr;
}

uint64_t start_set_free(struct start *start, uint64_t pfn, uint64_t nr)
{
	uint64_t held = 0;

	/* The largest block that there is. */
	if (nr > ZONE_STEP)
		nr = ZONE_STEP;
	for (; nr && pfn < start->frames; pfn++, nr--) {
		held += is_held(start, pfn);
		set_free(start, pfn, 1);
	}
	return held;
}

bool start_stays(const struct start *start, uint64_t pfn)
{
	return is_held(start, pfn);
}

/* --- the pool ---------------------------------------------------------------------- */

/* Zones as a parameter of the module: each ends where the next one begins, to the page. */
static const char *zones_that_fit(const struct start *start)
{
	static char text[256];
	uint64_t from = 0;
	size_t len = 0;

	/* No machine has more than 6. */
	for (uint32_t i = 0; i < start->nr_zones && i < 6; i++) {
		bool last = i + 1 == start->nr_zones;
		uint64_t end = last ? start->zone[i].end :
				      start->zone[i + 1].from;
		uint64_t mib = (1 << 20) / getpagesize();
		bool whole;

		/* No zone follows to which what is behind it could belong. */
		if (last)
			end = (end + ZONE_STEP - 1) / ZONE_STEP * ZONE_STEP;
		whole = (end - from) % mib == 0;
		len += snprintf(text + len, sizeof(text) - len, "%s%s:%llu%c",
				i ? "," : "", start->zone[i].name,
				(unsigned long long)(end - from) /
					(whole ? mib : 1),
				whole ? 'M' : 'p');
		from = end;
	}
	return text;
}

static bool has_zone(const struct mymm_info *info, const struct zone *zone)
{
	for (uint32_t i = 0; i < info->nr_zones; i++) {
		const struct mymm_zone_info *ours = &info->zones[i];

		if (!ours->node && !strcmp(ours->name, zone->name) &&
		    ours->start_pfn <= zone->from &&
		    ours->start_pfn + ours->spanned >= zone->end)
			return true;
	}
	return false;
}

/* Ranges that are gathered, and whose lives they are: NULL: nobody's. */
struct placing {
	struct session *session;
	struct mymm_op op[BATCH];
	struct life *life[BATCH];
	uint32_t nr;
	uint64_t frames;
};

static int place_batch(struct placing *placing)
{
	uint32_t done = 0;
	int err = session_batch(placing->session, placing->op, placing->nr, 0,
				&done);

	if (err || done != placing->nr)
		return failed(err, "the pool can't begin as the recording: %s",
			      err ? strerror(err) : "interrupted");
	for (uint32_t i = 0; i < placing->nr; i++) {
		const struct mymm_op *op = &placing->op[i];

		if (op->result)
			return failed(
				-op->result,
				"the pool can't begin as the recording: frame %llu and %llu more: %s",
				(unsigned long long)op->pfn,
				(unsigned long long)op->arg - 1, op_why(op));
		placing->frames += op->arg;
		if (!placing->life[i])
			continue;
		placing->life[i]->handle = op->handle;
		placing->life[i]->taken = op->bytes;
	}
	placing->nr = 0;
	return OK;
}

static int place(struct placing *placing, uint64_t pfn, uint64_t nr,
		 struct life *life)
{
	while (nr) {
		uint64_t some = nr < MYMM_RANGE_MAX ? nr : MYMM_RANGE_MAX;

		placing->life[placing->nr] = life;
		placing->op[placing->nr++] = (struct mymm_op){
			.op = MYMM_OP_RANGE_ALLOC,
			.pfn = pfn,
			.arg = some,
		};
		pfn += some;
		nr -= some;
		if (placing->nr == BATCH && place_batch(placing))
			return FAILED;
	}
	return OK;
}

/* What is held in a zone of the pool, and stays. */
static int place_runs(struct placing *placing, const struct start *start,
		      const struct mymm_zone_info *zone)
{
	uint64_t pfn = zone->start_pfn, end = pfn + zone->spanned, from;

	while (pfn < end) {
		for (from = pfn; pfn < end && is_held(start, pfn); pfn++)
			;
		if (place(placing, from, pfn - from, NULL))
			return FAILED;
		while (pfn < end && !is_held(start, pfn))
			pfn++;
	}
	return OK;
}

int start_place(struct recording *rec, struct session *session,
		uint64_t *frames)
{
	const struct mymm_info *info = &session->info;
	const struct start *start = rec->start;
	struct placing *placing;
	int rc = OK;

	for (uint32_t i = 0; i < start->nr_zones; i++)
		if (!has_zone(info, &start->zone[i]))
			return failed(
				0,
				"the pool has not the recorded machine's zones; load it with zones=%s (for --pages, backing=none will do)",
				zones_that_fit(start));
	placing = xzalloc(1, sizeof(*placing));
	placing->session = session;
	/* Blocks that are freed later are not marked as held, so they are not among what stays. */
	for (size_t i = 0; !rc && i < rec->nr_lives; i++) {
		struct life *life = &rec->life[i];

		if (!(i % TAPE_STEP))
			recording_trim(rec);
		if (life->note == PAGES_START)
			rc = place(placing, life->pfn, 1ULL << life->order,
				   life);
	}
	for (uint32_t i = 0; !rc && i < info->nr_zones; i++)
		rc = place_runs(placing, start, &info->zones[i]);
	if (!rc && placing->nr)
		rc = place_batch(placing);
	*frames = placing->frames;
	free(placing);
	return rc;
}
