// SPDX-License-Identifier: GPL-2.0
/*
 * replay --compare: one recording through several configurations of the pool.
 *
 * For each one the module is loaded anew (mymm_module.c).
 *
 * What a pool is like at the last event says little: so it is looked at some thousand times, at
 * the same events in each configuration, and the worst look and the mean over the recorded time
 * are shown. Everything in the table depends on the recording and the configuration alone, but
 * for the time that --time adds: of the ioctls that carry out operations, an event.
 *
 *	internal	what of the memory in use was not asked for: in slots, slabs and blocks;
 *			of the looks at which at least a quarter of the most was in use
 *	external	unusable free space index: what of the free memory is in blocks that
 *			are too small for an order
 *
 * The recorded kernel is a row of its own, of the files that mymm record kept: what these
 * don't say is not known.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_dat.h"
#include "mymm_trace.h"

#define LOOKS 1000
#define ROWS_MOST 64
#define PERMILLE 1000ULL

/* --- looks ------------------------------------------------------------------------- */

/**
 * struct look - what a pool was like at an event
 * @weight: recorded time until the next one, or events
 * @used: bytes in use
 * @asked: of those that were asked for
 * @external: unusable free space index of each order, in permille
 */
struct look {
	uint64_t weight;
	uint64_t used;
	uint64_t asked;
	uint64_t external[MYMM_UAPI_ORDERS];
};

/**
 * struct row - a configuration, and what came of it
 * @watch: at how many events there is a look; the first member
 * @config: parameters of the module
 * @ko: file of the module
 * The others: columns, UNKNOWN if they are not known
 */
struct row {
	struct watch watch;
	const char *config;
	const char *ko;
	struct look *look;
	size_t nr_looks;
	uint64_t last_time;
	uint64_t failed, first_failed, peak;
	uint64_t internal_worst, internal_mean;
	uint64_t worst[MYMM_UAPI_ORDERS], mean[MYMM_UAPI_ORDERS];
	uint64_t end[MYMM_UAPI_ORDERS];
	uint64_t blocks[FRAGMENTS], fallbacks;
	struct contested contested;
	uint64_t in_pool_ns;
};

/* The index of an order, of all zones together. */
static void indexes(const uint64_t free[MYMM_UAPI_ORDERS],
		    uint64_t index[MYMM_UAPI_ORDERS])
{
	uint64_t all = 0, suitable = 0;

	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		all += free[order] << order;
	for (int order = MYMM_UAPI_ORDERS - 1; order >= 0; order--) {
		suitable += free[order] << order;
		index[order] = all ? (all - suitable) * PERMILLE / all :
				     PERMILLE;
	}
}

static int take_look(struct watch *watch, struct session *session,
		     const struct outcome *out, uint64_t time)
{
	struct row *row = (struct row *)watch;
	uint64_t free[MYMM_UAPI_ORDERS] = { 0 };
	struct mymm_zone_args depth;
	struct look *look = &row->look[row->nr_looks];

	if (session_info(session))
		return FAILED;
	memset(look, 0, sizeof(*look));
	for (uint32_t i = 0; i < session->info.nr_zones; i++) {
		const struct mymm_zone_info *zone = &session->info.zones[i];

		if (session_zone_args(session, i, &depth))
			return FAILED;
		look->used += (zone->managed - depth.free - depth.pcp) *
			      session->info.page_size;
		for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
			free[order] += zone->nr_free[order];
	}
	look->used -= out->start_frames * session->info.page_size;
	for (int kind = 0; kind < 3; kind++)
		look->asked += out->now[kind].asked;
	indexes(free, look->external);
	if (row->nr_looks)
		look[-1].weight =
			time > row->last_time ? time - row->last_time : 0;
	row->last_time = time;
	row->nr_looks++;
	return OK;
}

static uint64_t lost_of(const struct look *look)
{
	return look->used > look->asked ?
		       (look->used - look->asked) * PERMILLE / look->used :
		       0;
}

/* The mean over time; of one look, that. */
static uint64_t mean_of(uint64_t sum, uint64_t weight, uint64_t only)
{
	return weight ? (sum + weight / 2) / weight : only;
}

static void sum_up(struct row *row)
{
	uint64_t weight = 0, full = 0, most = 0, lost = 0;
	uint64_t sum[MYMM_UAPI_ORDERS] = { 0 };

	for (size_t i = 0; i < row->nr_looks; i++)
		if (row->look[i].used > most)
			most = row->look[i].used;
	for (size_t i = 0; i < row->nr_looks; i++) {
		const struct look *look = &row->look[i];

		weight += look->weight;
		if (look->used >= most / 4) {
			full += look->weight;
			lost += lost_of(look) * look->weight;
			if (lost_of(look) > row->internal_worst)
				row->internal_worst = lost_of(look);
		}
		for (int order = 0; order < MYMM_UAPI_ORDERS; order++) {
			sum[order] += look->external[order] * look->weight;
			if (look->external[order] > row->worst[order])
				row->worst[order] = look->external[order];
		}
	}
	row->internal_mean = mean_of(lost, full, row->internal_worst);
	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		row->mean[order] = mean_of(
			sum[order], weight,
			row->nr_looks ? row->look[0].external[order] : 0);
}

static void take_outcome(struct row *row, const struct recording *rec,
			 const struct outcome *out)
{
	uint64_t nr[MYMM_UAPI_ZONES][FRAGMENTS], free[MYMM_UAPI_ORDERS] = { 0 };
	const struct mymm_info *info = &out->end;

	for (int i = 0; i <= SLAB_FAILS; i++)
		row->failed += out->failed[i];
	row->first_failed = row->failed ? out->first_failed : UNKNOWN;
	for (uint32_t i = 0; i < info->nr_zones; i++) {
		row->peak += info->zones[i].peak * info->page_size;
		row->fallbacks +=
			out->depth[i].extfrag - out->before[i].extfrag;
		add_contested(&row->contested, out, i);
		for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
			free[order] += info->zones[i].nr_free[order];
	}
	indexes(free, row->end);
	row->in_pool_ns = out->in_pool * 1e9;
	if (!fragments(rec, out, nr))
		return;
	for (uint32_t i = 0; i < info->nr_zones; i++)
		for (int what = 0; what < FRAGMENTS; what++)
			row->blocks[what] += nr[i][what];
}

/**
 * struct rows - what all rows have in common
 * @rec: which recording
 * @mode: what of it
 * @cpu: where, or NULL
 * @row: them
 */
struct rows {
	struct recording *rec;
	enum replay_mode mode;
	const char *cpu;
	struct row *row;
};

static int run_row(void *data, size_t i)
{
	const struct rows *rows = data;
	struct recording *rec = rows->rec;
	struct row *row = &rows->row[i];
	struct outcome out = { .mode = rows->mode, .watch = &row->watch };
	int rc;

	recording_rewind(rec);
	row->watch.look = take_look;
	row->watch.every = rec->kmem / LOOKS + 1;
	row->look = xalloc(NULL, LOOKS + 1, sizeof(*row->look));
	rc = replay_quietly(rec, rows->cpu, &out);
	if (!rc) {
		sum_up(row);
		take_outcome(row, rec, &out);
	}
	free(row->look);
	row->look = NULL;
	return rc;
}

/* --- the recorded kernel ----------------------------------------------------------- */

/* "Node 0, zone   Normal  12330   6289 ..." of the section, all zones together. */
static bool read_buddyinfo(const char *state, const char *section,
			   uint64_t free[MYMM_UAPI_ORDERS])
{
	const char *at = state ? strstr(state, section) : NULL;
	bool any = false;

	at = at ? strchr(at, '\n') : NULL;
	for (; at && !strncmp(at, "\nNode ", 6); at = strchr(at + 1, '\n')) {
		const char *number = strstr(at, "zone ");
		char *next;

		if (!number)
			break;
		number += 5;
		number += strspn(number, " ");
		number += strcspn(number, "\n ");
		for (int order = 0; order < MYMM_UAPI_ORDERS; order++) {
			free[order] += strtoull(number, &next, 10);
			if (next == number)
				return false;
			number = next;
		}
		/* What has larger blocks has another index. */
		if (number[strspn(number, " ")] != '\n')
			return false;
		any = true;
	}
	return any;
}

static void take_recorded(struct row *row, const struct recording *rec)
{
	uint64_t free[MYMM_UAPI_ORDERS] = { 0 };

	memset(&row->failed, 0xff,
	       sizeof(*row) - offsetof(struct row, failed)); /* UNKNOWN */
	row->config = "(the recorded kernel)";
	row->failed = rec->failed;
	row->first_failed = rec->failed ? rec->first_failed : UNKNOWN;
	if (read_buddyinfo(rec->state.at, "== after /proc/buddyinfo", free))
		indexes(free, row->end);
}

/* --- the table --------------------------------------------------------------------- */

static const char *share(uint64_t permille)
{
	static char ring[16][8];
	static int at;
	char *text = ring[at++ % 16];

	if (permille == UNKNOWN)
		return "-";
	snprintf(text, sizeof(ring[0]), "%u.%03u",
		 (unsigned int)(permille / PERMILLE) & 1,
		 (unsigned int)(permille % PERMILLE));
	return text;
}

/* Of an event, in ns. */
static uint64_t time_of(const struct recording *rec, const struct row *row)
{
	return row->in_pool_ns == UNKNOWN || !rec->kmem ?
		       UNKNOWN :
		       row->in_pool_ns / rec->kmem;
}

static void show_row(const struct recording *rec, const struct row *row,
		     int width, bool timed)
{
	printf("%-*s %7s %9s %9s  %5s %5s ", width, row->config,
	       known_text(row->failed), known_text(row->first_failed),
	       row->peak == UNKNOWN ? "-" : bytes_text(row->peak),
	       share(row->internal_worst), share(row->internal_mean));
	for (int order = 3; order <= 9; order += 6)
		printf(" %5s %5s %5s ", share(row->worst[order]),
		       share(row->mean[order]), share(row->end[order]));
	printf(" %6s %6s %9s  %9s %9s %9s",
	       known_text(row->blocks[FRAGMENT_PINNED]),
	       known_text(row->blocks[FRAGMENT_MIXED]),
	       known_text(row->fallbacks), known_text(row->contested.types),
	       known_text(row->contested.lists),
	       known_text(row->contested.fits));
	if (timed)
		printf("  %8s", known_text(time_of(rec, row)));
	putchar('\n');
}

static void show_table(const struct recording *rec, const struct row *row,
		       size_t nr, bool timed)
{
	size_t width = strlen("(the recorded kernel)");

	for (size_t i = 0; i < nr; i++)
		if (strlen(row[i].config) > width)
			width = strlen(row[i].config);
	printf("%s: %s", rec->path, plural(rec->kmem, "event", "events"));
	if (rec->clock != CLOCK_NONE)
		printf(" over %s%s", time_text(rec, rec->last, 2),
		       rec->clock == CLOCK_COUNTS ? " ticks of its clock" : "");
	printf(", looked at every %s\n\n",
	       plural(row[0].watch.every, "event", "events"));
	printf("%-*s %7s %9s %9s  %-11s  %-17s  %-17s  %-23s  %s\n", (int)width,
	       "", "", "first", "", "internal", "external, order 3",
	       "external, order 9", "pageblocks",
	       timed ? "contested                            ns" : "contested");
	printf("%-*s %7s %9s %9s  %5s %5s  %5s %5s %5s  %5s %5s %5s  %6s %6s %9s  %9s %9s %9s%s\n",
	       (int)width, "configuration", "failed", "at event", "peak",
	       "worst", "mean", "worst", "mean", "end", "worst", "mean", "end",
	       "pinned", "mixed", "fallbacks", "types", "lists", "fits",
	       timed ? "  an event" : "");
	for (size_t i = 0; i < nr; i++) {
		if (i && row[i].ko && row[i].ko != row[i - 1].ko)
			printf("%s:\n", row[i].ko);
		show_row(rec, &row[i], width, timed);
	}
}

static void json_list(const char *key, const uint64_t *n)
{
	__u64 list[MYMM_UAPI_ORDERS];

	if (n[0] == UNKNOWN) {
		json_text(key, NULL);
		return;
	}
	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		list[order] = n[order];
	json_numbers(key, list, MYMM_UAPI_ORDERS);
}

static void json_row(const struct row *row, bool timed)
{
	static const char *const names[] = { "nothing", "movable", "pinned",
					     "mixed" };

	json_open(NULL, '{');
	json_text("config", row->ko ? row->config : NULL);
	json_text("module", row->ko);
	json_known("failed", row->failed);
	json_known("first_failed_event", row->first_failed);
	json_known("peak_bytes", row->peak);
	json_known("internal_worst_permille", row->internal_worst);
	json_known("internal_mean_permille", row->internal_mean);
	json_list("external_worst_permille", row->worst);
	json_list("external_mean_permille", row->mean);
	json_list("external_end_permille", row->end);
	json_open("pageblocks", '{');
	for (int what = 0; what < FRAGMENTS; what++)
		json_known(names[what], row->blocks[what]);
	json_close();
	json_known("fallbacks", row->fallbacks);
	json_known("contested", row->contested.types);
	json_known("contested_lists", row->contested.lists);
	json_known("contested_fits", row->contested.fits);
	if (timed)
		json_known("in_pool_ns", row->in_pool_ns);
	json_close();
}

static void show_json(const struct recording *rec, const struct row *row,
		      size_t nr, bool timed)
{
	json_open(NULL, '{');
	json_text("file", rec->path);
	json_number("events", rec->kmem);
	json_number("look_every_events", row[0].watch.every);
	json_open("rows", '[');
	for (size_t i = 0; i < nr; i++)
		json_row(&row[i], timed);
	json_close();
	json_close();
}

/* --- the command ------------------------------------------------------------------- */

int compare(struct recording *rec, enum replay_mode mode,
	    const struct args *args)
{
	char *configs = strdup(args_get(args, "config") ?: "");
	char *kos = strdup(args_get(args, "ko") ?: module_path());
	const char *config[ROWS_MOST + 1], *ko[ROWS_MOST + 1];
	struct config load[ROWS_MOST + 1];
	struct row *row = xalloc(NULL, ROWS_MOST + 1, sizeof(*row));
	struct rows rows = { rec, mode, args_get(args, "cpu"), row };
	size_t nr_configs, nr_kos, nr = 0;
	bool timed = args_get(args, "time");
	int rc = OK;

	if (!configs || !kos)
		return failed(ENOMEM, "no memory");
	nr_configs = split(configs, '\n', config, ROWS_MOST + 1);
	nr_kos = split(kos, ',', ko, ROWS_MOST + 1);
	memset(row, 0, (ROWS_MOST + 1) * sizeof(*row));
	if (nr_configs * nr_kos > ROWS_MOST)
		rc = misused("more than %d configurations", ROWS_MOST);
	for (size_t i = 0; i < nr_kos && !rc; i++)
		for (size_t j = 0; j < nr_configs; j++, nr++) {
			row[nr].config = config[j];
			row[nr].ko = ko[i];
			load[nr] = (struct config){ config[j], ko[i] };
		}
	rc = rc ?: with_configs(load, nr, run_row, &rows);
	if (!rc) {
		take_recorded(&row[nr++], rec);
		if (args_get(args, "json"))
			show_json(rec, row, nr, timed);
		else
			show_table(rec, row, nr, timed);
	}
	free(row);
	free(configs);
	free(kos);
	return rc;
}
