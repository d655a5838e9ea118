// SPDX-License-Identifier: GPL-2.0
/*
 * pages alloc, take, free: blocks of 2^order frames, straight from the buddy; or frames
 * that are named.
 *
 * A zone is chosen as Linux chooses it, by how the caller asks: DMA only from
 * there, DMA32 from it or from DMA, and so on down. So -z names where to begin,
 * not where to stay.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mymm_cli.h"

#define ZONES "DMA, DMA32, Normal, HighMem, Movable"

static const struct {
	const char *name;
	uint32_t flags;
} zones[] = {
	{ "DMA", MYMM_GFP_DMA },
	{ "DMA32", MYMM_GFP_DMA32 },
	{ "Normal", 0 },
	{ "HighMem", MYMM_GFP_HIGHMEM },
	{ "Movable", MYMM_GFP_HIGHMEM | MYMM_GFP_MOVABLE },
};

#define TYPES "unmovable, movable, reclaimable"

/* What they are for; exactly one of the words, or none. */
static int type_flags(const struct args *args, uint32_t *flags)
{
	const char *name = args_get(args, "type");

	if (name && !strcasecmp(name, "movable"))
		*flags |= MYMM_GFP_MOVABLE;
	else if (name && !strcasecmp(name, "reclaimable"))
		*flags |= MYMM_GFP_RECLAIMABLE;
	else if (name && strcasecmp(name, "unmovable"))
		return misused("type '%s' is none of " TYPES, name);
	if ((*flags & MYMM_GFP_MOVABLE) && (*flags & MYMM_GFP_RECLAIMABLE))
		return misused("pages are movable or reclaimable, not both");
	return OK;
}

static int zone_flags(const char *name, uint32_t *flags)
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (strcasecmp(zones[i].name, name))
			continue;
		*flags |= zones[i].flags;
		return OK;
	}
	return misused("zone '%s' is none of " ZONES, name);
}

/* One line for a few blocks each, one for all of many. */
static void show_block(const struct session *session, const struct mymm_op *op)
{
	const struct mymm_zone_info *zone = session_zone(session, op->pfn);

	printf("handle %u: order %llu, %s from frame %llu, zone %s, %s\n",
	       op->handle, (unsigned long long)op->arg,
	       plural(1ULL << op->arg, "frame", "frames"),
	       (unsigned long long)op->pfn, zone ? zone->name : "?",
	       bytes_text(op->bytes));
}

static void show_sum(const struct session *session, uint64_t order,
		     uint64_t count, const uint64_t *per_zone)
{
	printf("handles %s: %s of order %llu, %s:",
	       range_text(session->got, session->nr_got),
	       plural(count, "block", "blocks"), (unsigned long long)order,
	       bytes_text((count << order) * session->info.page_size));
	for (uint32_t i = 0, n = 0; i < session->info.nr_zones; i++)
		if (per_zone[i])
			printf("%s %s from %s", n++ ? "," : "",
			       count_text(per_zone[i]),
			       session->info.zones[i].name);
	putchar('\n');
}

static int alloc_blocks(struct session *session, uint64_t order, uint64_t count,
			uint32_t flags, uint32_t node)
{
	enum { STEP = 1024, FEW = 16 };
	uint64_t per_zone[MYMM_UAPI_ZONES] = { 0 }, got = 0;
	struct mymm_op *ops = xalloc(NULL, STEP, sizeof(*ops));
	int rc = OK;

	while (!rc && got < count) {
		uint32_t nr = count - got < STEP ? count - got : STEP, done, i;
		int err;

		memset(ops, 0, nr * sizeof(*ops));
		for (i = 0; i < nr; i++) {
			ops[i].op = MYMM_OP_PAGES_ALLOC;
			ops[i].flags = flags;
			ops[i].arg = order;
			ops[i].node = node;
		}
		err = session_batch(session, ops, nr, MYMM_BATCH_STOP, &done);
		if (err) {
			rc = failed(err, "order %llu: %s (%s)",
				    (unsigned long long)order, strerror(err),
				    errno_name(err));
			break;
		}
		for (i = 0; i < done; i++) {
			const struct mymm_zone_info *zone;

			if (ops[i].result) {
				rc = alloc_failed(&ops[i], got, "block");
				break;
			}
			session_got(session, ops[i].handle);
			got++;
			zone = session_zone(session, ops[i].pfn);
			if (zone)
				per_zone[zone - session->info.zones]++;
			if (count <= FEW)
				show_block(session, &ops[i]);
		}
	}
	if (count > FEW && got)
		show_sum(session, order, got, per_zone);
	free(ops);
	return rc;
}

static uint32_t last_node(const struct session *session)
{
	return session->info.zones[session->info.nr_zones - 1].node;
}

static int pages_alloc(struct session *session, const struct args *args)
{
	const char *on = args_get(args, "node");
	uint64_t order, count = 1, node = 0;
	uint32_t flags;
	int rc;

	if (!args_get(args, "order"))
		return misused("wants -o ORDER, 0 to %d", MYMM_UAPI_ORDERS - 1);
	rc = parse_number(args_get(args, "order"), "order", 0,
			  MYMM_UAPI_ORDERS - 1, &order);
	if (!rc && args_get(args, "count"))
		rc = parse_number(args_get(args, "count"), "count", 1, 1U << 30,
				  &count);
	if (!rc)
		rc = how_flags(args, &flags);
	if (!rc && args_get(args, "zone"))
		rc = zone_flags(args_get(args, "zone"), &flags);
	if (!rc && on)
		rc = parse_number(on, "node", 0, last_node(session), &node);
	if (rc)
		return rc;
	if (args_get(args, "comp"))
		flags |= MYMM_GFP_COMP;
	if (args_get(args, "movable"))
		flags |= MYMM_GFP_MOVABLE;
	rc = type_flags(args, &flags);
	return rc ? rc :
		    alloc_blocks(session, order, count, flags,
				 on ? node + 1 : 0);
}

static const char *span_text(uint64_t pfn, uint64_t nr)
{
	static char text[64];

	if (nr == 1)
		snprintf(text, sizeof(text), "frame %llu",
			 (unsigned long long)pfn);
	else
		snprintf(text, sizeof(text), "frames %llu to %llu",
			 (unsigned long long)pfn,
			 (unsigned long long)(pfn + nr - 1));
	return text;
}

/* Says why; where the numbers show it, the kernel is not asked. */
static int take_failed(const struct session *session, const struct mymm_op *op)
{
	const struct mymm_zone_info *zone = session_zone(session, op->pfn);
	const char *span = span_text(op->pfn, op->arg);
	int err = -op->result;

	if (!zone)
		return failed(err, "frame %llu is in no zone; see info",
			      (unsigned long long)op->pfn);
	if (zone->start_pfn + zone->spanned - op->pfn < op->arg)
		return failed(err, "%s: zone %s ends with frame %llu", span,
			      zone->name,
			      (unsigned long long)(zone->start_pfn +
						   zone->spanned - 1));
	if (err == EBUSY)
		return failed(err, "%s: not all of it is free", span);
	if (err == ENXIO)
		return failed(err, "%s: there is a hole", span);
	return failed(err, "%s: %s", span, op_why(op));
}

static int pages_take(struct session *session, const struct args *args)
{
	struct mymm_op op = { .op = MYMM_OP_RANGE_ALLOC };
	uint64_t pfn, nr = 1;
	uint32_t done;
	int rc, err;

	rc = parse_number(args->operand[0], "frame", 0, UINT32_MAX, &pfn);
	if (!rc && args_get(args, "frames"))
		rc = parse_number(args_get(args, "frames"), "frames", 1,
				  MYMM_RANGE_MAX, &nr);
	if (!rc)
		rc = how_flags(args, &op.flags);
	if (!rc)
		rc = type_flags(args, &op.flags);
	if (rc)
		return rc;
	op.pfn = pfn;
	op.arg = nr;
	err = session_batch(session, &op, 1, MYMM_BATCH_STOP, &done);
	if (err)
		op.result = -err;
	if (op.result)
		return take_failed(session, &op);
	session_got(session, op.handle);
	printf("handle %u: %s, zone %s, %s\n", op.handle, span_text(pfn, nr),
	       session_zone(session, pfn)->name, bytes_text(op.bytes));
	return OK;
}

static int pages_free(struct session *session, const struct args *args)
{
	uint64_t order = MYMM_ANY, handle, frames = 0;
	int rc = OK;

	if (args_get(args, "order"))
		rc = parse_number(args_get(args, "order"), "order", 0,
				  MYMM_UAPI_ORDERS - 1, &order);
	for (int i = 0; !rc && i < args->nr; i++)
		rc = parse_number(args->operand[i], "handle", 1, UINT32_MAX,
				  &handle);
	for (int i = 0; !rc && i < args->nr; i++) {
		struct mymm_op op = { .op = MYMM_OP_PAGES_FREE, .arg = order };
		uint32_t done;
		int err;

		parse_number(args->operand[i], "handle", 1, UINT32_MAX,
			     &handle);
		op.handle = handle;
		err = session_batch(session, &op, 1, MYMM_BATCH_STOP, &done);
		if (err)
			op.result = -err;
		if (op.result)
			return failed(-op.result, "%s", op_why(&op));
		frames += op.bytes;
	}
	if (!rc)
		printf("freed %s%s%s\n", plural(args->nr, "block", "blocks"),
		       frames ? ", " : "", frames ? bytes_text(frames) : "");
	return rc;
}

static const struct opt pages_alloc_opts[] = {
	{ 'o', "order", "ORDER", "0 (a frame) to 10 (1024 frames)" },
	{ 'z', "zone", "ZONE", ZONES },
	{ 'n', "count", "COUNT", "that many blocks" },
	{ 0, "comp", NULL, "one compound block, of a head and its tails" },
	{ 't', "type", "TYPE", TYPES },
	{ 0, "movable", NULL, "the same as --type movable" },
	{ 0, "node", "NODE", "the node to ask first; default: this CPU's" },
	OPT_ZERO,
	OPT_ATOMIC,
	OPT_NOWAIT,
	OPT_FLAGS,
	OPTS_END,
};

static const struct opt pages_take_opts[] = {
	{ 'n', "frames", "FRAMES", "that many, from PFN on; default: one" },
	{ 't', "type", "TYPE", TYPES },
	OPT_ZERO,
	OPT_ATOMIC,
	OPT_NOWAIT,
	OPT_FLAGS,
	OPTS_END,
};

static const struct opt pages_free_opts[] = {
	{ 'o', "order", "ORDER", "refuse a block that is not of this order" },
	OPTS_END,
};

const struct command pages_commands[] = {
	{
		.name = "pages alloc",
		.brief = "allocate blocks of 2^ORDER frames",
		.operands = "",
		.text = "A zone is where to begin: without room there, the zones below it follow.\n"
			"Without --zone: Normal.\n" FLAGS_TEXT,
		.opts = pages_alloc_opts,
		.flags = COMMAND_HOLDS,
		.run = pages_alloc,
	},
	{
		.name = "pages take",
		.brief =
			"allocate frames that are named, if all of them are free",
		.operands = "PFN",
		.text = "Frames are counted from the pool's first; info shows where zones\n"
			"begin. What is in CPUs' lists is given back for it, unless it must\n"
			"not sleep.\n" FLAGS_TEXT,
		.opts = pages_take_opts,
		.least = 1,
		.most = 1,
		.flags = COMMAND_HOLDS,
		.run = pages_take,
	},
	{
		.name = "pages free",
		.brief = "give blocks, or what was taken by name, back",
		.operands = "HANDLE...",
		.text = "Stops at the first that is refused.\n",
		.opts = pages_free_opts,
		.least = 1,
		.most = -1,
		.run = pages_free,
	},
	{ 0 },
};
