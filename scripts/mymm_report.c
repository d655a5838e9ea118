// SPDX-License-Identifier: GPL-2.0
/*
 * What came of a replay, for a program to read: the summary's figures as JSON. A dry run has
 * no member "pool", "failures", "zones" and "after", since there was no pool.
 */
#include <stdlib.h>

#include "mymm_trace.h"

static const char *const kinds[] = { "pages", "kmalloc", "objects" };

static void json_events(const struct recording *rec)
{
	static const char *const others[] = { "kmem_others", "namesakes",
					      "others" };

	json_open("recorded", '{');
	for (int kind = 0; kind < TRACE_KINDS; kind++)
		json_number(kind < TRACE_KMEM ? trace_names[kind] :
						others[kind - TRACE_KMEM],
			    rec->events[kind]);
	json_number("lost", rec->lost);
	json_number("lost_places", rec->lost_marks);
	json_close();
	json_open("lines", '{');
	json_number("remarks", rec->lines_of[LINE_COMMENT] +
				       rec->lines_of[LINE_ENTRIES] +
				       rec->lines_of[LINE_LOST]);
	json_number("stacks", rec->lines_of[LINE_STACK]);
	json_number("calls", rec->lines_of[LINE_CALL]);
	json_number("others", rec->lines_of[LINE_TEXT]);
	json_close();
}

static void json_settled(const struct recording *rec)
{
	static const char *const times[] = { "rise", "sorted", "kept" };

	json_open("settled", '{');
	json_text("times", times[rec->back_in_time]);
	json_number("steps_back_in_time", rec->backwards);
	json_number("null_frees", rec->null_frees);
	json_number("unseen_objects", rec->unseen_objects);
	json_number("unseen_pages", rec->unseen_pages);
	json_number("start_frees", rec->start_frees);
	json_number("start_listed", rec->start_listed);
	json_number("start_others", rec->start_others);
	json_number("batched", rec->batched);
	json_number("batched_alone", rec->batched_alone);
	json_number("slab_blocks", rec->slab_blocks);
	json_number("slab_frames", rec->slab_frames);
	json_number("large_kmallocs", rec->large);
	json_number("objects_as_kmalloc", rec->as_kmalloc);
	json_number("split_blocks", rec->split_blocks);
	json_number("order_differs", rec->order_differs);
	json_number("implied_frees", rec->implied_objects + rec->implied_pages);
	json_number("failed_when_recorded", rec->failed);
	json_number("without_pointer", rec->blind);
	json_number("unknown_gfp", rec->unknown_gfp);
	json_close();
	json_open("cache_names", '{');
	json_number("by_alloc", rec->inferred[BY_ALLOC]);
	json_number("by_free", rec->inferred[BY_FREE]);
	json_number("by_site", rec->inferred[BY_SITE]);
	json_number("by_size", rec->inferred[BY_SIZE]);
	json_close();
}

static void json_usage(const char *when, const struct usage usage[3])
{
	json_open(when, '{');
	for (int kind = 0; kind < 3; kind++) {
		json_open(kinds[kind], '{');
		json_number("allocations", usage[kind].nr);
		json_number("asked_bytes", usage[kind].asked);
		json_number("held_bytes", usage[kind].held);
		json_close();
	}
	json_close();
}

static void json_caches(const struct recording *rec)
{
	size_t nr;
	const struct cache_kind **by = busiest_caches(rec, &nr);

	json_open("caches", '[');
	for (size_t i = 0; i < nr; i++) {
		json_open(NULL, '{');
		json_text("name", by[i]->name);
		json_number("object_bytes", by[i]->asked);
		json_number("allocations", by[i]->allocs);
		json_number("frees", by[i]->frees);
		json_number("peak_objects", by[i]->peak);
		json_number("objects", by[i]->live);
		json_number("failed", by[i]->failed);
		json_close();
	}
	json_close();
	free(by);
}

static void json_out_of_reach(const struct outcome *out)
{
	json_open("out_of_reach", '{');
	for (int kind = 0; kind < 3; kind++)
		json_number(kinds[kind], out->too_large[kind]);
	json_number("shared_caches", out->shared_caches);
	json_number("objects_without_cache", out->homeless);
	json_close();
}

static void json_pool(const struct outcome *out)
{
	json_open("pool", '{');
	json_text("name", out->start.pool);
	json_text("engine", out->start.engine);
	json_bool("was_pristine", out->was_pristine);
	json_bool("pristine", out->pristine);
	json_bool("clock_held", !out->clock_error);
	json_number("clock_steps", out->ticks);
	json_number("cpu", out->cpu);
	json_number("batches", out->batches);
	json_number("took_us", out->seconds * 1e6);
	json_number("in_pool_us", out->in_pool * 1e6);
	json_close();
}

static void json_failures(const struct outcome *out)
{
	static const char *const reasons[] = {
		[MYMM_REASON_NONE] = "none",
		[MYMM_REASON_NO_ZONE] = "no_zone",
		[MYMM_REASON_EMPTY] = "empty",
		[MYMM_REASON_FRAGMENTED] = "fragmented",
		[MYMM_REASON_RESERVE] = "reserve",
		[MYMM_REASON_WATERMARK] = "watermark",
	};
	__u64 by_order[MYMM_UAPI_ORDERS];

	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		by_order[order] = out->failed[order];
	json_open("failures", '{');
	json_numbers("by_order", by_order, MYMM_UAPI_ORDERS);
	json_number("for_slabs", out->failed[SLAB_FAILS]);
	json_open("by_reason", '{');
	for (int i = 0; i <= MYMM_REASON_WATERMARK; i++)
		json_number(reasons[i], out->failed_for[i]);
	json_close();
	json_number("frees_left_out", out->free_of_failed);
	json_number("refused", out->refused);
	json_close();
}

static void json_zones(const struct recording *rec, const struct outcome *out)
{
	static const char *const names[FRAGMENTS] = { "nothing", "movable",
						      "pinned", "mixed" };
	uint64_t nr[MYMM_UAPI_ZONES][FRAGMENTS];
	bool known = fragments(rec, out, nr);

	json_open("zones", '[');
	for (uint32_t i = 0; i < out->end.nr_zones; i++) {
		const struct mymm_zone_info *zone = &out->end.zones[i];
		struct contested contested = { 0 };
		__u64 index[MYMM_UAPI_ORDERS];

		add_contested(&contested, out, i);
		for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
			index[order] = unusable_index(zone, order);
		json_open(NULL, '{');
		json_number("node", zone->node);
		json_text("name", zone->name);
		json_number("managed_frames", zone->managed);
		json_number("free_frames", zone->free);
		json_number("peak_frames", zone->peak);
		json_number("failed", zone->failed);
		json_numbers("free_blocks", zone->nr_free, MYMM_UAPI_ORDERS);
		json_numbers("unusable_permille", index, MYMM_UAPI_ORDERS);
		json_number("pageblock_frames",
			    1U << out->depth[i].block_order);
		json_open("pageblocks", '{');
		for (int what = 0; known && what < FRAGMENTS; what++)
			json_number(names[what], nr[i][what]);
		json_close();
		json_number("fallbacks",
			    out->depth[i].extfrag - out->before[i].extfrag);
		json_known("contested", contested.types);
		json_known("contested_lists", contested.lists);
		json_known("contested_fits", contested.fits);
		json_close();
	}
	json_close();
}

static void json_after(const struct mymm_info *info)
{
	struct session session = { .info = *info };
	uint64_t frames, managed;

	frames = session_frames(&session, &managed);
	json_open("after", '{');
	json_text("state", pool_state(info->flags));
	json_number("managed_frames", managed);
	json_number("free_frames", frames);
	json_close();
}

/* Null if the recording has another clock. */
static void json_duration(const char *key, const struct recording *rec,
			  enum clock clock)
{
	if (rec->clock == clock)
		json_number(key, rec->last - rec->first);
	else
		json_text(key, NULL);
}

void report(const struct recording *rec, const struct outcome *out)
{
	static const char *const modes[] = { "all", "pages", "objects" };
	static const char *const clocks[] = { "none", "seconds", "counts" };

	json_open(NULL, '{');
	json_text("file", rec->path);
	json_text("decompressor", rec->tool);
	json_text("mode", modes[out->mode]);
	json_bool("dry_run", out->dry);
	json_number("events", rec->kmem);
	json_text("clock", clocks[rec->clock]);
	json_duration("duration_us", rec, CLOCK_SECONDS);
	json_duration("duration_ticks", rec, CLOCK_COUNTS);
	json_events(rec);
	json_settled(rec);
	if (!out->dry)
		json_pool(out);
	json_open("usage", '{');
	json_usage("in_all", out->total);
	json_usage("at_peak", out->peak);
	json_usage("at_end", out->now);
	json_number("peak_event", out->peak_event);
	json_number("start_frames", out->start_frames);
	json_close();
	json_caches(rec);
	json_out_of_reach(out);
	if (!out->dry) {
		json_failures(out);
		json_zones(rec, out);
		json_after(&out->after);
	}
	json_close();
}
