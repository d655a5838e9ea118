// SPDX-License-Identifier: GPL-2.0
/*
 * obj alloc, obj free; kmalloc, krealloc, kfree.
 *
 * kmalloc takes its bytes from the size classes 8 to 8192 with 96 and 192, and
 * larger ones straight from pages. What an allocation really takes is the slot or
 * the block, and it is shown beside what was asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_cli.h"
#include "mymm_objects.h"

/* The largest block that there is: order 10, of pages of 4 KiB. */
#define KMALLOC_MOST (4ULL << 20)

static void show_one(const struct mymm_op *op, const char *of)
{
	printf("handle %u: ", op->handle);
	if (op->arg)
		printf("%s asked for, ", bytes_text(op->arg));
	printf("%s taken%s%s, in frame %llu\n", bytes_text(op->bytes),
	       *of ? " from " : "", of, (unsigned long long)op->pfn);
}

/* Runs @like @count times; each gives a handle. */
static int repeat_alloc(struct session *session, const struct mymm_op *like,
			uint64_t count, const char *of)
{
	enum { STEP = 1024, FEW = 16 };
	struct mymm_op *ops = xalloc(NULL, STEP, sizeof(*ops));
	uint64_t got = 0, bytes = 0;
	int rc = OK;

	while (!rc && got < count) {
		uint32_t nr = count - got < STEP ? count - got : STEP, done, i;
		int err;

		for (i = 0; i < nr; i++)
			ops[i] = *like;
		err = session_batch(session, ops, nr, MYMM_BATCH_STOP, &done);
		if (err) {
			rc = failed(err, "%s (%s)", strerror(err),
				    errno_name(err));
			break;
		}
		for (i = 0; i < done; i++) {
			if (ops[i].result) {
				rc = alloc_failed(&ops[i], got, "allocation");
				break;
			}
			session_got(session, ops[i].handle);
			got++;
			bytes += ops[i].bytes;
			if (count <= FEW)
				show_one(&ops[i], of);
		}
	}
	if (count > FEW && got)
		printf("handles %s: %s, %s taken%s%s\n",
		       range_text(session->got, session->nr_got),
		       plural(got, "allocation", "allocations"),
		       bytes_text(bytes), *of ? " from " : "", of);
	free(ops);
	return rc;
}

static int parse_count(const struct args *args, uint64_t *count)
{
	*count = 1;
	if (!args_get(args, "count"))
		return OK;
	return parse_number(args_get(args, "count"), "count", 1, 1U << 30,
			    count);
}

static int run_obj_alloc(struct session *session, const struct args *args)
{
	struct mymm_op like = { .op = MYMM_OP_OBJ_ALLOC };
	uint64_t count;
	int rc = parse_count(args, &count);

	if (!rc)
		rc = how_flags(args, &like.flags);
	if (!rc)
		rc = cache_handle(session, args->operand[0], &like.cache);
	return rc ? rc : repeat_alloc(session, &like, count, args->operand[0]);
}

static int run_kmalloc(struct session *session, const struct args *args)
{
	struct mymm_op like = { .op = MYMM_OP_KMALLOC };
	uint64_t count, size;
	int rc = parse_count(args, &count);

	if (!rc)
		rc = parse_size(args->operand[0], "size", 1, KMALLOC_MOST,
				&size);
	if (!rc)
		rc = how_flags(args, &like.flags);
	if (rc)
		return rc;
	like.arg = size;
	if (args_get(args, "dma"))
		like.flags |= MYMM_GFP_DMA;
	if (args_get(args, "reclaimable"))
		like.flags |= MYMM_GFP_RECLAIMABLE;
	return repeat_alloc(session, &like, count, "");
}

/* Frees each operand with @like; stops at the first that is refused. */
static int free_each(struct session *session, const struct args *args,
		     struct mymm_op like)
{
	uint64_t handle;
	int rc = OK;

	for (int i = 0; !rc && i < args->nr; i++)
		rc = parse_number(args->operand[i], "handle", 1, UINT32_MAX,
				  &handle);
	if (rc)
		return rc;
	for (int i = 0; i < args->nr; i++) {
		struct mymm_op op = like;
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
	}
	printf("freed %s\n", count_text(args->nr));
	return OK;
}

static int run_obj_free(struct session *session, const struct args *args)
{
	struct mymm_op like = { .op = MYMM_OP_OBJ_FREE };
	const char *cache = args_get(args, "cache");
	int rc = cache ? cache_handle(session, cache, &like.cache) : OK;

	return rc ? rc : free_each(session, args, like);
}

static int run_kfree(struct session *session, const struct args *args)
{
	return free_each(session, args,
			 (struct mymm_op){ .op = MYMM_OP_KFREE });
}

static int run_krealloc(struct session *session, const struct args *args)
{
	struct mymm_op op = { .op = MYMM_OP_KREALLOC };
	uint64_t handle, size;
	uint32_t done;
	int rc, err;

	rc = parse_number(args->operand[0], "handle", 1, UINT32_MAX, &handle);
	if (!rc)
		rc = parse_size(args->operand[1], "size", 1, KMALLOC_MOST,
				&size);
	if (!rc)
		rc = how_flags(args, &op.flags);
	if (rc)
		return rc;
	op.handle = handle;
	op.arg = size;
	err = session_batch(session, &op, 1, MYMM_BATCH_STOP, &done);
	if (err)
		op.result = -err;
	if (op.result)
		return failed(-op.result, "%s", op_why(&op));
	session_got(session, op.handle);
	show_one(&op, "");
	return OK;
}

/* It takes these for blocks of code. */
/* clang-format off */
#define OPT_COUNT	{ 'n', "count", "COUNT", "that many" }
/* clang-format on */

static const struct opt obj_alloc_opts[] = {
	OPT_COUNT, OPT_ZERO, OPT_ATOMIC, OPT_NOWAIT, OPT_FLAGS, OPTS_END,
};

static const struct opt obj_free_opts[] = {
	{ 'c', "cache", "CACHE", "refuse an object that is not of this cache" },
	OPTS_END,
};

static const struct opt kmalloc_opts[] = {
	OPT_COUNT,
	{ 0, "dma", NULL, "from dma-kmalloc-*" },
	{ 0, "reclaimable", NULL, "from kmalloc-rcl-*" },
	OPT_ZERO,
	OPT_ATOMIC,
	OPT_NOWAIT,
	OPT_FLAGS,
	OPTS_END,
};

static const struct opt krealloc_opts[] = {
	OPT_ZERO,
	OPT_ATOMIC,
	OPT_NOWAIT,
	OPTS_END,
};

const struct command object_commands[] = {
	{
		.name = "obj alloc",
		.brief = "allocate objects of a cache, by its handle or name",
		.operands = "CACHE",
		.text = FLAGS_TEXT,
		.opts = obj_alloc_opts,
		.least = 1,
		.most = 1,
		.flags = COMMAND_HOLDS,
		.run = run_obj_alloc,
	},
	{
		.name = "obj free",
		.brief = "give objects back to their cache",
		.operands = "HANDLE...",
		.text = "Stops at the first that is refused.\n",
		.opts = obj_free_opts,
		.least = 1,
		.most = -1,
		.run = run_obj_free,
	},
	{
		.name = "kmalloc",
		.brief =
			"allocate SIZE bytes from the size classes, or from pages",
		.operands = "SIZE",
		.text = FLAGS_TEXT,
		.opts = kmalloc_opts,
		.least = 1,
		.most = 1,
		.flags = COMMAND_HOLDS,
		.run = run_kmalloc,
	},
	{
		.name = "krealloc",
		.brief = "resize a kmalloc; the handle stays the same",
		.operands = "HANDLE SIZE",
		.opts = krealloc_opts,
		.least = 2,
		.most = 2,
		.run = run_krealloc,
	},
	{
		.name = "kfree",
		.brief = "give kmallocs back",
		.operands = "HANDLE...",
		.text = "Stops at the first that is refused.\n",
		.least = 1,
		.most = -1,
		.run = run_kfree,
	},
	{ 0 },
};
