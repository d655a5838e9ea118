// SPDX-License-Identifier: GPL-2.0
/*
 * cache create, destroy, shrink: caches of objects, over the pool's pages.
 *
 * A cache belongs to the session that made it, as a handle like any other, and can
 * be called by its name too.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_cli.h"
#include "mymm_objects.h"

#define CACHE_FLAGS \
	"hwcache_align, poison, dma, reclaim_account, typesafe_by_rcu, ctor"

#define CACHE_DEBUG                                            \
	(MYMM_CACHE_CONSISTENCY_CHECKS | MYMM_CACHE_RED_ZONE | \
	 MYMM_CACHE_POISON | MYMM_CACHE_STORE_USER | MYMM_CACHE_TRACE)

static const struct {
	const char *name;
	uint32_t flag;
} cache_flags[] = {
	{ "hwcache_align", MYMM_CACHE_HWCACHE_ALIGN },
	{ "poison", MYMM_CACHE_POISON },
	{ "dma", MYMM_CACHE_DMA },
	{ "reclaim_account", MYMM_CACHE_RECLAIM_ACCOUNT },
	{ "typesafe_by_rcu", MYMM_CACHE_TYPESAFE_BY_RCU },
	{ "ctor", MYMM_CACHE_CTOR },
};

static int parse_flags(const char *text, uint32_t *flags)
{
	while (text && *text) {
		size_t len = strcspn(text, ","), i;

		for (i = 0; i < sizeof(cache_flags) / sizeof(cache_flags[0]);
		     i++)
			if (strlen(cache_flags[i].name) == len &&
			    !strncasecmp(cache_flags[i].name, text, len))
				break;
		if (i == sizeof(cache_flags) / sizeof(cache_flags[0]))
			return misused("flag '%.*s' is none of " CACHE_FLAGS,
				       (int)len, text);
		*flags |= cache_flags[i].flag;
		text += len;
		text += *text == ',';
	}
	return OK;
}

/* Letters as in slub_debug. */
static int parse_debug(const char *text, uint32_t *flags)
{
	static const struct {
		char letter;
		uint32_t flag;
	} letters[] = {
		{ 'f', MYMM_CACHE_CONSISTENCY_CHECKS },
		{ 'z', MYMM_CACHE_RED_ZONE },
		{ 'p', MYMM_CACHE_POISON },
		{ 'u', MYMM_CACHE_STORE_USER },
		{ 't', MYMM_CACHE_TRACE },
	};
	size_t i;

	for (; text && *text; text++) {
		for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			if (letters[i].letter == tolower((unsigned char)*text))
				break;
		if (i == sizeof(letters) / sizeof(letters[0]))
			return misused("debug '%c' is none of F, Z, P, U, T",
				       *text);
		*flags |= letters[i].flag;
	}
	return OK;
}

int cache_handle(struct session *session, const char *text, uint32_t *handle)
{
	struct mymm_holding *list;
	bool digits = text[strspn(text, "0123456789")] == 0;
	uint64_t value;
	size_t nr, i;

	if (digits) {
		if (parse_number(text, "handle", 1, UINT32_MAX, &value))
			return USAGE;
		*handle = value;
		return OK;
	}
	if (session_list(session, &list, &nr))
		return FAILED;
	for (i = 0; i < nr; i++)
		if (list[i].kind == MYMM_KIND_CACHE &&
		    !strcmp(list[i].name, text))
			break;
	if (i < nr)
		*handle = list[i].handle;
	free(list);
	if (i < nr)
		return OK;
	return failed(ENOENT, "this session has made no cache '%s'", text);
}

static int copy_name(char *to, const char *from, const char *what)
{
	size_t len = strlen(from);

	if (!len || len >= MYMM_NAME_LEN)
		return misused("%s '%s' has %zu bytes; 1 to %d are allowed",
			       what, from, len, MYMM_NAME_LEN - 1);
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)from[i]))
			return misused("%s '%s' has an unprintable character",
				       what, from);
	memcpy(to, from, len + 1);
	return OK;
}

int cache_try(struct session *session, struct mymm_cache_args *make)
{
	make->size = sizeof(*make);
	return session_ioctl(session, MYMM_IOC_CACHE_CREATE, make);
}

int cache_refused(const struct session *session,
		  const struct mymm_cache_args *make, int err)
{
	switch (err) {
	case EEXIST:
		return failed(err, "the pool has a cache named '%s' already",
			      make->name);
	case ENOMEM:
		return failed(err, "%s: no memory for its description",
			      make->name);
	case EOPNOTSUPP:
		return failed(err, "%s: engine %s has no %s", make->name,
			      make->engine[0] ? make->engine :
						session->info.engine,
			      make->flags & CACHE_DEBUG ?
				      "debugging, or no memory for it" :
				      "memory (backing=none), or no such flag");
	}
	return failed(err, "%s: size %u, align %u%s%s: %s (%s)%s", make->name,
		      make->object_size, make->align,
		      make->engine[0] ? ", engine " : "", make->engine,
		      strerror(err), errno_name(err),
		      err == EINVAL ? ": the kernel's log says why" : "");
}

int cache_create(struct session *session, struct mymm_cache_args *make)
{
	int err = cache_try(session, make);

	return err ? cache_refused(session, make, err) : OK;
}

static int run_create(struct session *session, const struct args *args)
{
	struct mymm_cache_args make = { 0 };
	uint64_t size, align = 0;
	int rc;

	rc = copy_name(make.name, args->operand[0], "name");
	/* cache_handle() would take it for one. */
	if (!rc && !make.name[strspn(make.name, "0123456789")])
		rc = misused("name '%s' would be a handle", make.name);
	if (!rc)
		rc = parse_size(args->operand[1], "size", 1, 4U << 20, &size);
	if (!rc && args_get(args, "align"))
		rc = parse_size(args_get(args, "align"), "align", 1, 1U << 16,
				&align);
	if (!rc && (align & (align - 1)))
		rc = misused("align %llu is not a power of two",
			     (unsigned long long)align);
	if (!rc && args_get(args, "engine"))
		rc = copy_name(make.engine, args_get(args, "engine"), "engine");
	if (!rc)
		rc = parse_flags(args_get(args, "flags"), &make.flags);
	if (!rc)
		rc = parse_debug(args_get(args, "debug"), &make.flags);
	if (rc)
		return rc;
	make.object_size = size;
	make.align = align;
	rc = cache_create(session, &make);
	if (rc)
		return rc;
	session_got(session, make.handle);
	printf("handle %u: cache %s, objects of %s in slots of %u, %u a slab of order %u (%s)\n",
	       make.handle, make.name, bytes_text(make.object_size),
	       make.slot_size, make.objs_per_slab, make.slab_order,
	       bytes_text((uint64_t)session->info.page_size
			  << make.slab_order));
	return OK;
}

/* Destroy and shrink look alike but for what @count means. */
static int for_cache(struct session *session, const char *text,
		     unsigned long request, uint32_t *count)
{
	struct mymm_handle_args ask = { .size = sizeof(ask) };
	int rc = cache_handle(session, text, &ask.handle), err;

	if (rc)
		return rc;
	err = session_ioctl(session, request, &ask);
	*count = ask.count;
	switch (err) {
	case 0:
		return OK;
	case EBUSY:
		return failed(err, "cache %s: %s not been freed", text,
			      plural(ask.count, "object has", "objects have"));
	case ENOENT:
		return failed(err, "handle %s is not held by this session",
			      text);
	case EBADSLT:
		return failed(err, "handle %s is no cache; list tells its kind",
			      text);
	}
	return failed(err, "cache %s: %s (%s)", text, strerror(err),
		      errno_name(err));
}

static int run_destroy(struct session *session, const struct args *args)
{
	uint32_t count;
	int rc = OK;

	for (int i = 0; !rc && i < args->nr; i++) {
		rc = for_cache(session, args->operand[i],
			       MYMM_IOC_CACHE_DESTROY, &count);
		if (!rc)
			printf("destroyed cache %s\n", args->operand[i]);
	}
	return rc;
}

static int run_shrink(struct session *session, const struct args *args)
{
	uint32_t count;
	int rc = OK;

	for (int i = 0; !rc && i < args->nr; i++) {
		rc = for_cache(session, args->operand[i], MYMM_IOC_CACHE_SHRINK,
			       &count);
		if (!rc)
			printf("shrank cache %s: %s back\n", args->operand[i],
			       plural(count, "slab", "slabs"));
	}
	return rc;
}

static const struct opt cache_create_opts[] = {
	{ 'a', "align", "BYTES", "a power of two" },
	{ 'd', "debug", "LETTERS",
	  "of F, Z, P, U, T, as slub_debug has them: a debug cache" },
	{ 'f', "flags", "FLAG,...", CACHE_FLAGS },
	{ 'e', "engine", "NAME", "slub, slab or slob; default: the pool's" },
	OPTS_END,
};

const struct command cache_commands[] = {
	{
		.name = "cache create",
		.brief = "make a cache of objects of SIZE bytes",
		.operands = "NAME SIZE",
		.text = "NAME is unique in the pool: 1 to 31 printable characters, no spaces.\n",
		.opts = cache_create_opts,
		.least = 2,
		.most = 2,
		.flags = COMMAND_HOLDS,
		.run = run_create,
	},
	{
		.name = "cache destroy",
		.brief = "destroy caches, by handle or name",
		.operands = "CACHE...",
		.text = "One with objects in use refuses, and says how many.\n",
		.least = 1,
		.most = -1,
		.run = run_destroy,
	},
	{
		.name = "cache shrink",
		.brief = "give a cache's empty slabs back",
		.operands = "CACHE...",
		.least = 1,
		.most = -1,
		.run = run_shrink,
	},
	{ 0 },
};
