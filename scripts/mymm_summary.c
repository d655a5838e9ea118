// SPDX-License-Identifier: GPL-2.0
/*
 * What came of a replay, for a person to read.
 *
 * Three questions, in this order: what was in the recording, and how much of it was
 * guessed; what the pool made of it; what the pool looks like now.
 *
 * Unusable free space index of an order: the share of a zone's free memory that lies
 * in blocks too small for it. 0.000: all of it would do; 1.000: none.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

static double percent(uint64_t part, uint64_t all)
{
	return all ? 100.0 * part / all : 0;
}

static void heading(const char *text)
{
	printf("\n%s\n", text);
}

static double per_second(uint64_t nr, double seconds)
{
	return nr / (seconds > 0 ? seconds : 1);
}

const char *time_text(const struct recording *rec, uint64_t time, int digits)
{
	static char text[32];

	if (rec->clock == CLOCK_COUNTS)
		snprintf(text, sizeof(text), "%s",
			 count_text(time - rec->first));
	else
		snprintf(text, sizeof(text), "%.*f s", digits,
			 (time - rec->first) / 1e6);
	return text;
}

/* Of the samples that were taken it keeps the last. */
static void show_history(const struct outcome *out)
{
	char *text = file_try("/sys/module/mymm/parameters/history_len");
	uint64_t len = text ? strtoull(text, NULL, 10) : out->samples;

	free(text);
	if (len < out->samples)
		printf("debugfs mymm/history has the last %s of %s of it\n",
		       count_text(len),
		       plural(out->samples, "sample", "samples"));
	else
		printf("debugfs mymm/history has %s of it\n",
		       plural(out->samples, "sample", "samples"));
}

static void show_clock(const struct recording *rec, const struct outcome *out)
{
	const char *steps = plural(out->ticks, "step", "steps");

	if (out->clock_error)
		puts("Its clock went by the machine's, so this state need not come again");
	else if (rec->clock == CLOCK_SECONDS)
		printf("Its clock went by the recording's: %s of %d s\n", steps,
		       TICK_USECS / 1000000);
	else
		printf("Its clock went by the events: %s of %s\n", steps,
		       count_text(TICK_EVENTS));
	if (out->history)
		show_history(out);
}

static void show_head(const struct recording *rec, const struct outcome *out)
{
	static const char *const what[] = { "pages and objects", "pages only",
					    "objects only" };

	printf("%s%s%s%s: %s", rec->path, rec->tool ? " (" : "",
	       rec->tool ? rec->tool : "", rec->tool ? ")" : "",
	       plural(rec->kmem, "event", "events"));
	if (rec->clock == CLOCK_NONE)
		printf(" without times");
	else
		printf(" over %s%s", time_text(rec, rec->last, 2),
		       rec->clock == CLOCK_COUNTS ? " ticks of its clock" : "");
	printf(", %s\n", what[out->mode]);
	if (out->dry) {
		puts("Dry run: nothing is allocated; bytes are those of the recorded kernel");
		return;
	}
	printf("Replayed in %.2f s on CPU %d: %s events a second, in %s\n",
	       out->seconds, out->cpu,
	       count_text(per_second(rec->kmem, out->seconds)),
	       plural(out->batches, "batch", "batches"));
	if (out->was_pristine)
		puts("The pool was pristine");
	else if (out->pristine)
		puts("The pool was not pristine; drained, it was");
	else
		puts("The pool was NOT pristine, even when drained: others hold something,\n"
		     "and this state will not come again");
	show_clock(rec, out);
}

static void remark(uint64_t nr, const char *text)
{
	if (nr)
		printf("  %12s  %s\n", count_text(nr), text);
}

static void show_slab_pages(const struct recording *rec, enum replay_mode mode)
{
	static const char *const what[] = { "left out, ours make their own",
					    "kept", "left out" };
	char text[128];

	snprintf(text, sizeof(text),
		 "blocks (%s) that the recorded kernel took for slabs: %s",
		 plural(rec->slab_frames, "frame", "frames"), what[mode]);
	remark(rec->slab_blocks, text);
}

static void show_lost(const struct recording *rec)
{
	remark(rec->lost, "lost by the recorder");
	if (rec->lost_marks && !rec->lost)
		remark(rec->lost_marks,
		       "places where the recorder lost events");
	if (!rec->one_cpu_of)
		return;
	printf("  Its head counts %s, of all CPUs; those of one CPU are here\n",
	       plural(rec->one_cpu_of, "event", "events"));
}

static void show_events(const struct recording *rec)
{
	heading("Events in the recording");
	for (int kind = 0; kind < TRACE_KINDS; kind++)
		if (rec->events[kind] || kind < TRACE_KMEM)
			printf("  %12s  %s\n", count_text(rec->events[kind]),
			       trace_names[kind]);
	show_lost(rec);
}

/* What stands between the events. */
static void show_lines(const struct recording *rec)
{
	const uint64_t *of = rec->lines_of;

	if (of[LINE_STACK] + of[LINE_CALL] + of[LINE_TEXT] == 0)
		return;
	heading("Lines that are no events");
	remark(of[LINE_COMMENT] + of[LINE_ENTRIES] + of[LINE_LOST],
	       "comments, remarks of the recorder and empty ones");
	remark(of[LINE_STACK], "of stacks");
	remark(of[LINE_CALL], "calls of function_graph");
	remark(of[LINE_TEXT], "others: texts of several lines, sources");
}

static void show_gfp(const struct recording *rec, enum replay_mode mode)
{
	const char *why =
		rec->gfp_numbers == GFP_NUMBERS_UNKNOWN ?
			", numbers of which kernel is not to be seen" :
			"";
	struct piece word = rec->first_unknown;
	char line[160];

	snprintf(
		line, sizeof(line),
		word.len ?
			"with unknown gfp words, as %.*s%s: without effect" :
			"with empty gfp flags, as some kernels print them with nohash-ptr",
		(int)(word.len < 40 ? word.len : 40), word.at, why);
	remark(rec->unknown_gfp, line);
	if (mode == REPLAY_ALL)
		remark(rec->maybe_slabs,
		       "of these are pages: the recorded kernel's slabs among them count twice");
}

static void show_settled(const struct recording *rec, const struct outcome *out)
{
	heading("Of these");
	if (rec->back_in_time == TIMES_SORTED)
		remark(rec->backwards,
		       "steps back in time from one CPU to another: sorted by time");
	if (rec->back_in_time == TIMES_KEPT)
		remark(rec->backwards,
		       "steps back in time, also on one CPU: the order is kept");
	remark(rec->null_frees, "kfree(NULL): nothing to do");
	remark(rec->unseen_objects,
	       "frees of objects allocated before the recording: skipped");
	remark(rec->start_frees,
	       "frees of pages allocated before the recording: held at the start");
	remark(rec->start_listed,
	       "frames that were in a CPU's list when it began: free");
	remark(rec->start_others,
	       "pageblocks of other types when it began; which is not known: Movable here");
	remark(rec->unseen_pages,
	       "frees of pages allocated before the recording: skipped");
	remark(rec->batched,
	       "mm_page_free_batched beside their mm_page_free: one free each");
	remark(rec->batched_alone,
	       "mm_page_free_batched without mm_page_free: acted on");
	if (rec->slab_blocks)
		show_slab_pages(rec, out->mode);
	remark(rec->large,
	       "large kmallocs, told of as pages too: counted once");
	remark(rec->as_kmalloc,
	       "objects that a free says to be of kmalloc-*: taken as kmallocs");
	remark(rec->split_blocks,
	       "blocks that were freed in parts: end with the last part");
	remark(rec->order_differs,
	       "frees of another order than was allocated: the block ends");
	remark(rec->implied_objects + rec->implied_pages,
	       "allocated again with no free seen: a free is implied");
	remark(rec->failed,
	       "allocations that failed in the recorded kernel: skipped");
	remark(rec->blind, "without their pointer: skipped");
	show_gfp(rec, out->mode);
}

static void show_names(const struct recording *rec)
{
	static const char *const how[] = {
		"known by the object's own allocation",
		"known by the object's own free",
		"inferred: the call site always meant this cache",
		"not known: cache size-N",
	};
	uint64_t all = 0;

	for (int i = 0; i < INFERRED; i++)
		all += rec->inferred[i];
	if (!all)
		return;
	heading("Which cache an object was of");
	for (int i = rec->inferred[BY_ALLOC] ? BY_ALLOC : BY_FREE; i < INFERRED;
	     i++)
		printf("  %12s  %5.1f %%  %s\n", count_text(rec->inferred[i]),
		       percent(rec->inferred[i], all), how[i]);
}

static void usage_line(const char *when, const char *name,
		       const struct usage *usage)
{
	printf("  %-8s %-9s %11s %12s %12s %8.1f %%\n", when, name,
	       count_text(usage->nr), bytes_text(usage->asked),
	       bytes_text(usage->held),
	       percent(usage->held - usage->asked, usage->held));
}

static void usage_lines(const char *when, const struct usage usage[3])
{
	static const char *const names[] = { "pages", "kmalloc", "objects" };
	struct usage all = { 0 };

	for (int kind = 0; kind < 3; kind++) {
		if (!usage[kind].nr)
			continue;
		usage_line(when, names[kind], &usage[kind]);
		when = "";
		all.nr += usage[kind].nr;
		all.asked += usage[kind].asked;
		all.held += usage[kind].held;
	}
	usage_line(when, "together", &all);
}

static void show_usage(const struct recording *rec, const struct outcome *out)
{
	heading("Bytes asked for and held; lost is what nobody asked for: internal fragmentation");
	printf("  %-8s %-9s %11s %12s %12s %10s\n", "", "", "allocations",
	       "asked for", "held", "lost");
	usage_lines("in all", out->total);
	usage_lines("at peak", out->peak);
	usage_lines("at end", out->now);
	if (out->peak_event)
		printf("  The peak came with event %s, %s into the recording\n",
		       count_text(out->peak_event),
		       time_text(rec, out->peak_time, 2));
}

static void show_frames(const struct outcome *out)
{
	uint64_t page = out->end.page_size, slabs = 0, used = 0,
		 blocks = out->now[LIFE_PAGES].held;
	uint64_t bytes =
		out->now[LIFE_OBJECT].held + out->now[LIFE_KMALLOC].held;

	for (uint32_t i = 0; i < out->end.nr_zones; i++)
		used += out->end.zones[i].managed - out->depth[i].free -
			out->depth[i].pcp;
	if (out->start_frames)
		printf("  At the end %s held that were held when it began\n",
		       plural(out->start_frames, "frame is", "frames are"));
	used -= out->start_frames;
	if (!out->pristine || used * page < blocks)
		return;
	slabs = used * page - blocks;
	if (slabs)
		printf("  %s %s in use: %s as pages, %s as slabs, large kmallocs and\n"
		       "  in magazines, for %s of objects (%.1f %% of that is not in one)\n",
		       out->start_frames ? "Beside these" : "At the end",
		       plural(used, "frame is", "frames are"),
		       bytes_text(blocks), bytes_text(slabs), bytes_text(bytes),
		       slabs > bytes ? percent(slabs - bytes, slabs) : 0.0);
}

static void show_out_of_reach(const struct outcome *out)
{
	uint64_t all = out->homeless + out->shared_caches;
	char text[128];

	for (int kind = 0; kind < 3; kind++)
		all += out->too_large[kind];
	if (!all)
		return;
	heading("More than a pool has");
	snprintf(text, sizeof(text), "blocks of an order above %d: left out",
		 MYMM_UAPI_ORDERS - 1);
	remark(out->too_large[LIFE_PAGES], text);
	snprintf(text, sizeof(text), "kmallocs of more than %s: left out",
		 bytes_text(BYTES_MOST));
	remark(out->too_large[LIFE_KMALLOC], text);
	snprintf(text, sizeof(text),
		 "objects of caches with more than %s an object: left out",
		 bytes_text(BYTES_MOST));
	remark(out->too_large[LIFE_OBJECT], text);
	snprintf(
		text, sizeof(text),
		"caches beyond the %s that there is room for: their objects go to others of their size",
		count_text(out->caches));
	remark(out->shared_caches, text);
	remark(out->homeless, "objects of other caches beyond: left out");
}

static void show_failures(const struct outcome *out)
{
	uint64_t all = 0;

	for (int i = 0; i <= SLAB_FAILS; i++)
		all += out->failed[i];
	heading("Failures by order");
	if (!all) {
		puts("  none");
		return;
	}
	for (int order = 0; order < SLAB_FAILS; order++)
		printf(" %6d", order);
	printf("  for slabs\n");
	for (int i = 0; i < SLAB_FAILS; i++)
		printf(" %6llu", (unsigned long long)out->failed[i]);
	printf(" %10llu\n", (unsigned long long)out->failed[SLAB_FAILS]);
	for (int reason = 0; reason <= MYMM_REASON_WATERMARK; reason++)
		remark(out->failed_for[reason], reason_text(reason));
	printf("  %s of what had failed were left out\n",
	       plural(out->free_of_failed, "free", "frees"));
}

unsigned int unusable_index(const struct mymm_zone_info *zone, int order)
{
	uint64_t suitable = 0, all = 0;

	for (int i = 0; i < MYMM_UAPI_ORDERS; i++) {
		all += zone->nr_free[i] << i;
		if (i >= order)
			suitable += zone->nr_free[i] << i;
	}
	return all ? (all - suitable) * 1000 / all : 1000;
}

static void show_zones(const struct mymm_info *info)
{
	heading("Zones now");
	printf("  %-14s %9s %9s %9s  %s\n", "", "frames", "free", "peak used",
	       "failed");
	for (uint32_t i = 0; i < info->nr_zones; i++) {
		const struct mymm_zone_info *zone = &info->zones[i];

		printf("  node %u %-7s %9s %9s %9s  %6s\n", zone->node,
		       zone->name, count_text(zone->managed),
		       count_text(zone->free), count_text(zone->peak),
		       count_text(zone->failed));
	}
	heading("Unusable free space index by order");
	printf("  %-14s", "");
	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		printf(" %5d", order);
	putchar('\n');
	for (uint32_t i = 0; i < info->nr_zones; i++) {
		const struct mymm_zone_info *zone = &info->zones[i];

		printf("  node %u %-7s", zone->node, zone->name);
		for (int order = 0; order < MYMM_UAPI_ORDERS; order++) {
			unsigned int index = unusable_index(zone, order);

			printf(" %u.%03u", index / 1000, index % 1000);
		}
		putchar('\n');
	}
}

static int busier(const void *a, const void *b)
{
	const struct cache_kind *x = *(struct cache_kind *const *)a;
	const struct cache_kind *y = *(struct cache_kind *const *)b;

	if (x->allocs != y->allocs)
		return x->allocs < y->allocs ? 1 : -1;
	return strcmp(x->name, y->name);
}

const struct cache_kind **busiest_caches(const struct recording *rec,
					 size_t *nr)
{
	const struct cache_kind **by =
		xalloc(NULL, rec->nr_caches, sizeof(*by));

	*nr = 0;
	for (size_t i = 0; i < rec->nr_caches; i++)
		if (rec->cache[i].allocs + rec->cache[i].failed)
			by[(*nr)++] = &rec->cache[i];
	qsort(by, *nr, sizeof(*by), busier);
	return by;
}

static void show_caches(const struct recording *rec)
{
	size_t nr;
	const struct cache_kind **by = busiest_caches(rec, &nr);

	if (nr) {
		heading("Busiest caches");
		printf("  %-20s %9s %9s %9s %9s %9s %7s\n", "", "bytes",
		       "allocs", "frees", "peak", "in use", "failed");
	}
	for (size_t i = 0; i < nr && i < 8; i++)
		printf("  %-20s %9u %9s %9s %9s %9s %7s\n", by[i]->name,
		       by[i]->asked, count_text(by[i]->allocs),
		       count_text(by[i]->frees), count_text(by[i]->peak),
		       count_text(by[i]->live), count_text(by[i]->failed));
	if (nr > 8)
		printf("  and %s\n", plural(nr - 8, "other", "others"));
	free(by);
}

void summary(const struct recording *rec, const struct outcome *out)
{
	show_head(rec, out);
	show_events(rec);
	show_lines(rec);
	show_settled(rec, out);
	show_names(rec);
	show_usage(rec, out);
	if (!out->dry)
		show_frames(out);
	show_caches(rec);
	show_out_of_reach(out);
	if (!out->dry) {
		show_failures(out);
		show_zones(&out->end);
		show_fragmentation(rec, out);
	}
	fflush(stdout);
}
