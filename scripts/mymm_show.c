// SPDX-License-Identifier: GPL-2.0
/*
 * list, info, drain: what this session holds, what the pool is like.
 *
 * The files of /proc have the shapes of the real ones. What those do not have stands
 * here: sizes, peaks, failures, whether the pool is whole; and beside it, in a line a
 * zone, what is spread over several of them.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_cli.h"

static const char *kind_name(uint32_t kind)
{
	static const char *const names[] = { "?",      "pages", "kmalloc",
					     "object", "cache", "range" };

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[0];
}

static void list_json(const struct session *session,
		      const struct mymm_holding *list, size_t nr, size_t most)
{
	uint64_t bytes = 0;

	json_open(NULL, '{');
	json_number("session", session->info.session);
	json_number("handles", nr);
	json_open("holdings", '[');
	for (size_t i = 0; i < nr; i++) {
		const struct mymm_holding *h = &list[i];

		if (h->kind != MYMM_KIND_CACHE)
			bytes += h->bytes;
		if (i >= most)
			continue;
		json_open(NULL, '{');
		json_number("handle", h->handle);
		json_text("kind", kind_name(h->kind));
		json_text("of", h->name[0] ? h->name : NULL);
		if (h->kind == MYMM_KIND_PAGES || h->kind == MYMM_KIND_CACHE)
			json_number("order", h->order);
		if (h->kind == MYMM_KIND_CACHE) {
			json_number("slot_bytes", h->bytes);
			json_number("objects_in_use", h->objects);
		} else {
			json_number("frame", h->pfn);
			json_number("offset_bytes", h->offset);
			json_number("bytes", h->bytes);
		}
		json_close();
	}
	json_close();
	json_number("bytes", bytes);
	json_close();
}

static int run_list(struct session *session, const struct args *args)
{
	struct mymm_holding *list;
	uint64_t bytes = 0;
	size_t nr, shown;
	uint64_t most = SIZE_MAX;

	if (args_get(args, "head") &&
	    parse_number(args_get(args, "head"), "head", 0, UINT32_MAX, &most))
		return USAGE;
	if (session_list(session, &list, &nr))
		return FAILED;
	if (args_get(args, "json")) {
		list_json(session, list, nr, most);
		free(list);
		return OK;
	}
	if (nr)
		printf("%8s  %-8s %-20s %5s %8s %7s %10s\n", "handle", "kind",
		       "of", "order", "frame", "offset", "bytes");
	for (shown = 0; shown < nr; shown++) {
		const struct mymm_holding *h = &list[shown];
		char order[8] = "-";

		if (h->kind != MYMM_KIND_CACHE)
			bytes += h->bytes;
		if (shown >= most)
			continue;
		if (h->kind == MYMM_KIND_PAGES || h->kind == MYMM_KIND_CACHE)
			snprintf(order, sizeof(order), "%u", h->order);
		printf("%8u  %-8s %-20s %5s", h->handle, kind_name(h->kind),
		       h->name[0] ? h->name : "(large)", order);
		if (h->kind == MYMM_KIND_CACHE)
			printf(" %8s %7s %10llu  %s in use\n", "-", "-",
			       (unsigned long long)h->bytes,
			       plural(h->objects, "object", "objects"));
		else
			printf(" %8llu %7llu %10llu\n",
			       (unsigned long long)h->pfn,
			       (unsigned long long)h->offset,
			       (unsigned long long)h->bytes);
	}
	if (most < nr)
		printf("%8s  and %s more\n", "...", count_text(nr - most));
	printf("session %u holds %s, %s\n", session->info.session,
	       plural(nr, "handle", "handles"), bytes_text(bytes));
	free(list);
	return OK;
}

static void show_zone(const struct mymm_zone_info *zone)
{
	printf("  %4u %-8s %9llu %9llu %9llu %9llu %7llu  ", zone->node,
	       zone->name, (unsigned long long)zone->start_pfn,
	       (unsigned long long)zone->managed,
	       (unsigned long long)zone->free, (unsigned long long)zone->peak,
	       (unsigned long long)zone->failed);
	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		printf(" %5llu", (unsigned long long)zone->nr_free[order]);
	putchar('\n');
}

static void show_depth(const struct mymm_zone_info *zone,
		       const struct mymm_zone_args *depth)
{
	printf("  %4u %-8s %9llu %9llu %9llu %9llu %7llu  ", zone->node,
	       zone->name, (unsigned long long)depth->pcp,
	       (unsigned long long)depth->min, (unsigned long long)depth->low,
	       (unsigned long long)depth->high,
	       (unsigned long long)depth->boost);
	for (int type = 0; type < MYMM_UAPI_TYPES; type++)
		printf(" %11llu", (unsigned long long)depth->blocks[type]);
	printf(" %8llu\n", (unsigned long long)depth->extfrag);
}

/* In depth: what CPUs have, watermarks, pageblocks. */
static int show_depths(struct session *session)
{
	const struct mymm_info *info = &session->info;
	struct mymm_zone_args depth;

	for (uint32_t i = 0; i < info->nr_zones; i++) {
		if (session_zone_args(session, i, &depth))
			return FAILED;
		if (!i)
			printf("\n  %4s %-8s %9s %9s %9s %9s %7s   pageblocks of %u frames\n"
			       "%65s %11s %11s %11s %11s %8s\n",
			       "node", "zone", "by CPUs", "min", "low", "high",
			       "boost", 1U << depth.block_order, "",
			       "Unmovable", "Movable", "Reclaimable",
			       "HighAtomic", "extfrag");
		show_depth(&info->zones[i], &depth);
	}
	return OK;
}

static int pcp_frames(struct session *session, uint64_t *frames)
{
	struct mymm_zone_args depth;

	*frames = 0;
	for (uint32_t i = 0; i < session->info.nr_zones; i++) {
		if (session_zone_args(session, i, &depth))
			return FAILED;
		*frames += depth.pcp;
	}
	return OK;
}

static const char *state_text(uint32_t flags)
{
	if (flags & MYMM_INFO_DEAD)
		return "DEAD: an invariant broke, everything is refused; see dmesg";
	if (flags & MYMM_INFO_PRISTINE)
		return "pristine: as it was at load";
	if (flags & MYMM_INFO_WHOLE)
		return "whole: nothing is held, but it is not as at load; mymm drain";
	return "in use, or slabs are kept for objects in magazines";
}

static void zone_json(const struct mymm_zone_info *zone,
		      const struct mymm_zone_args *depth)
{
	static const char *const types[MYMM_UAPI_TYPES] = {
		"unmovable", "movable", "reclaimable", "highatomic"
	};

	json_open(NULL, '{');
	json_number("node", zone->node);
	json_text("name", zone->name);
	json_number("first_frame", zone->start_pfn);
	json_number("spanned_frames", zone->spanned);
	json_number("managed_frames", zone->managed);
	json_number("free_frames", zone->free);
	json_number("pcp_frames", depth->pcp);
	json_number("peak_frames", zone->peak);
	json_number("failed", zone->failed);
	json_numbers("free_blocks", zone->nr_free, MYMM_UAPI_ORDERS);
	json_number("min_frames", depth->min);
	json_number("low_frames", depth->low);
	json_number("high_frames", depth->high);
	json_number("boost_frames", depth->boost);
	json_numbers("protection_frames", depth->protection,
		     MYMM_UAPI_ZONE_TYPES);
	json_number("highatomic_frames", depth->highatomic);
	json_number("pageblock_frames", 1U << depth->block_order);
	json_open("pageblocks", '{');
	for (int type = 0; type < MYMM_UAPI_TYPES; type++)
		json_number(types[type], depth->blocks[type]);
	json_close();
	json_open("free_blocks_by_type", '{');
	for (int type = 0; type < MYMM_UAPI_TYPES; type++)
		json_numbers(types[type], depth->nr_free[type],
			     MYMM_UAPI_ORDERS);
	json_close();
	json_number("extfrag", depth->extfrag);
	json_close();
}

/* All that is to be asked for is there before the document begins. */
static int info_json(struct session *session)
{
	static struct mymm_zone_args depth[MYMM_UAPI_ZONES];
	const struct mymm_info *info = &session->info;
	uint64_t managed, frames = session_frames(session, &managed), pcp = 0;

	for (uint32_t i = 0; i < info->nr_zones; i++) {
		if (session_zone_args(session, i, &depth[i]))
			return FAILED;
		pcp += depth[i].pcp;
	}
	json_open(NULL, '{');
	json_number("interface", info->abi);
	json_text("pool", info->pool);
	json_text("state", pool_state(info->flags));
	json_text("engine", info->engine);
	json_bool("memory", info->flags & MYMM_INFO_MEMORY);
	json_number("page_bytes", info->page_size);
	json_number("managed_frames", managed);
	json_number("free_frames", frames);
	json_number("pcp_frames", pcp);
	json_number("session", info->session);
	json_number("handles", info->held);
	json_open("zones", '[');
	for (uint32_t i = 0; i < info->nr_zones; i++)
		zone_json(&info->zones[i], &depth[i]);
	json_close();
	json_close();
	return OK;
}

static int info_text(struct session *session)
{
	const struct mymm_info *info = &session->info;
	uint64_t managed, frames, at_hand;

	if (pcp_frames(session, &at_hand))
		return FAILED;
	frames = session_frames(session, &managed);
	if (session->pool[0])
		printf("name      %s\n", info->pool);
	printf("pool      %s in frames of %u bytes, %s, default engine %s\n",
	       bytes_text(managed * info->page_size), info->page_size,
	       info->flags & MYMM_INFO_MEMORY ?
		       "with memory behind them" :
		       "no memory behind them (backing=none)",
	       info->engine);
	printf("state     %s\n", state_text(info->flags));
	printf("frames    %s of %s free, %s in per-CPU lists\n",
	       count_text(frames), count_text(managed), count_text(at_hand));
	printf("session   %u, holds %s\n\n", info->session,
	       plural(info->held, "handle", "handles"));
	printf("  %4s %-8s %9s %9s %9s %9s %7s   free blocks of order 0 to %d\n",
	       "node", "zone", "start", "frames", "free", "peak used", "failed",
	       MYMM_UAPI_ORDERS - 1);
	for (uint32_t i = 0; i < info->nr_zones; i++)
		show_zone(&info->zones[i]);
	return show_depths(session);
}

static int run_info(struct session *session, const struct args *args)
{
	const char *pool = args_get(args, "pool");
	struct session look =
		*session; /* the same file, perhaps another pool */

	if (pool && strlen(pool) >= sizeof(look.pool))
		return misused("pool '%s': a name has up to %d bytes", pool,
			       MYMM_NAME_LEN - 1);
	if (pool)
		strcpy(look.pool, pool);
	if (session_info(&look))
		return FAILED;
	if (args_get(args, "json") ? info_json(&look) : info_text(&look))
		return FAILED;
	return look.info.flags & MYMM_INFO_DEAD ? FAILED : OK;
}

static int run_drain(struct session *session, const struct args *args)
{
	bool trim = args_get(args, "trim");
	struct mymm_drain_args drain = {
		.size = sizeof(drain),
		.flags = trim ? MYMM_DRAIN_TRIM : 0,
	};
	int err = session_ioctl(session, MYMM_IOC_DRAIN, &drain);

	if (err)
		return failed(err, "%s (%s)", strerror(err), errno_name(err));
	if (session_info(session))
		return FAILED;
	printf("%s: %s frames free, before it %s; the pool is %s\n",
	       trim ? "trimmed" : "drained", count_text(drain.frames_after),
	       count_text(drain.frames_before),
	       session->info.flags & MYMM_INFO_PRISTINE ? "pristine" :
	       session->info.flags & MYMM_INFO_WHOLE	? "whole" :
							  "in use");
	return OK;
}

static const struct opt list_opts[] = {
	{ 'n', "head", "COUNT", "show the first COUNT only" },
	OPT_JSON,
	OPTS_END,
};

static const struct opt info_opts[] = {
	OPT_POOL,
	OPT_JSON,
	OPTS_END,
};

static const struct opt drain_opts[] = {
	{ 0, "trim", NULL, "only what was not used since the last trim" },
	OPTS_END,
};

const struct command show_commands[] = {
	{
		.name = "list",
		.brief = "what this session holds",
		.operands = "",
		.text = "A session of its own holds nothing yet: useful inside a script.\n",
		.opts = list_opts,
		.run = run_list,
	},
	{
		.name = "info",
		.brief =
			"the pool: zones, free blocks, watermarks, peaks, whether it is whole",
		.operands = "",
		.text = "Figures are frames. \"By CPUs\" are those in per-CPU lists: neither\n"
			"free nor in use. extfrag counts blocks taken from pageblocks of another type. Returns 1 for a pool\n"
			"that is dead.\n",
		.opts = info_opts,
		.run = run_info,
	},
	{
		.name = "drain",
		.brief =
			"empty magazines and per-CPU lists, give empty slabs back",
		.operands = "",
		.text = "Zones that are whole are then as they were at load. With --trim those\n"
			"who use what they have keep it: only magazines that nobody took from are emptied.\n",
		.opts = drain_opts,
		.run = run_drain,
	},
	{ 0 },
};
