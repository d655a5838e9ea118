// SPDX-License-Identifier: GPL-2.0
/*
 * pack: a recording in the packed form (mymm_pack.h), as its events are read.
 *
 * What is kept of events that were written are numbers: of texts, of what events have in
 * common, and of each frame and object when it was last told of.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "mymm_dat.h"
#include "mymm_pack.h"

#define LEVEL 19

struct packer {
	struct sink sink; /* the first member */
	const char *path;
	int fd;
	struct bytes column[COLUMNS];
	uint32_t nr; /* events in this block */
	uint32_t at; /* events in all */
	uint64_t bytes; /* written */
	uint64_t time;
	uint64_t where;
	uint64_t pfn;
	struct map wheres, whats, frames, objects;
	struct what *what;
	uint32_t nr_wheres, nr_whats, room_whats;
	uint32_t *last; /* of each object */
	uint32_t nr_objects, room_objects;
	uint32_t nr_texts[3];
};

static void add(struct packer *packer, enum column column, uint64_t n)
{
	bytes_number(&packer->column[column], n);
}

static void add_signed(struct packer *packer, enum column column, uint64_t n)
{
	bytes_signed(&packer->column[column], n);
}

/* A number of a text, one higher than it is, and the text when it first comes. */
static void add_text(struct packer *packer, int which,
		     const struct texts *texts, uint32_t nr)
{
	size_t len;

	if (nr == NONE) {
		add(packer, P_WHAT, 0);
		return;
	}
	add(packer, P_WHAT, nr + 1ULL);
	if (nr < packer->nr_texts[which])
		return;
	packer->nr_texts[which] = nr + 1;
	len = strlen(texts->text[nr]);
	add(packer, P_WHAT, len);
	bytes_add(&packer->column[P_WHAT], texts->text[nr], len);
}

static void add_where(struct packer *packer, const struct entry *entry)
{
	uint64_t key = (uint64_t)entry->task << 16 | entry->cpu;
	uint32_t nr = map_get(&packer->wheres, key);

	packer->where = key;
	if (nr != NONE) {
		add(packer, P_WHERE, nr);
		return;
	}
	add(packer, P_WHERE, packer->nr_wheres);
	add(packer, P_WHERE, key);
	map_put(&packer->wheres, key, packer->nr_wheres++);
}

static uint64_t hash_what(const struct what *what)
{
	const uint64_t n[] = { what->asked, what->held,	 what->gfp, what->site,
			       what->name,  what->order, what->type };
	uint64_t hash = 0;

	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		hash = (hash ^ n[i]) * 0x9E3779B97F4A7C15ULL ^ hash >> 29;
	return hash;
}

static bool same_what(const struct what *a, const struct what *b)
{
	return a->asked == b->asked && a->held == b->held && a->gfp == b->gfp &&
	       a->site == b->site && a->name == b->name &&
	       a->order == b->order && a->type == b->type;
}

static void add_what(struct packer *packer, const struct recording *rec,
		     const struct what *what)
{
	uint64_t key = hash_what(what);
	uint32_t nr;

	for (;; key++) {
		nr = map_get(&packer->whats, key);
		if (nr == NONE || same_what(&packer->what[nr], what))
			break;
	}
	if (nr != NONE) {
		add(packer, P_WHAT, nr);
		return;
	}
	if (packer->nr_whats == packer->room_whats) {
		packer->room_whats =
			packer->room_whats ? 2 * packer->room_whats : 1024;
		packer->what = xalloc(packer->what, packer->room_whats,
				      sizeof(*packer->what));
	}
	nr = packer->nr_whats++;
	packer->what[nr] = *what;
	map_put(&packer->whats, key, nr);
	add(packer, P_WHAT, nr);
	add(packer, P_WHAT, what->asked);
	add(packer, P_WHAT, what->held);
	add(packer, P_WHAT, what->order);
	add(packer, P_WHAT, what->type);
	add_text(packer, 0, &rec->gfps, what->gfp);
	add_text(packer, 1, &rec->sites, what->site);
	add_text(packer, 2, &rec->names, what->name);
}

/* How many events ago; true if that is near enough. */
static bool add_ago(struct packer *packer, uint32_t last)
{
	bool near = last != NONE && packer->at - last < PACK_WINDOW;

	add(packer, P_WHICH, near ? packer->at - last : 0);
	return near;
}

static void add_frame(struct packer *packer, uint64_t pfn)
{
	if (!add_ago(packer, map_get(&packer->frames, pfn))) {
		add_signed(packer, P_NEW, pfn - packer->pfn);
		packer->pfn = pfn;
	}
	map_put(&packer->frames, pfn, packer->at);
}

static void add_object(struct packer *packer, uint64_t key)
{
	uint32_t nr = map_get(&packer->objects, key);

	if (!add_ago(packer, nr == NONE ? NONE : packer->last[nr]))
		add(packer, P_NEW, nr == NONE ? 0 : packer->nr_objects - nr);
	if (nr == NONE) {
		nr = packer->nr_objects++;
		map_put(&packer->objects, key, nr);
	}
	if (nr >= packer->room_objects) {
		packer->room_objects =
			packer->room_objects ? 2 * packer->room_objects : 65536;
		packer->last = xalloc(packer->last, packer->room_objects,
				      sizeof(*packer->last));
	}
	packer->last[nr] = packer->at;
}

static int put(struct packer *packer, const void *from, size_t len)
{
	const char *at = from;
	ssize_t done;

	for (; len; at += done, len -= done) {
		done = write(packer->fd, at, len);
		if (done < 0 && errno == EINTR)
			done = 0;
		if (done < 0)
			return failed(errno, "%s: %s", packer->path,
				      strerror(errno));
		packer->bytes += done;
	}
	return OK;
}

static int put_block(struct packer *packer)
{
	uint32_t head[PACK_HEAD] = { packer->nr };
	ZSTD_CCtx *context = ZSTD_createCCtx();
	struct bytes all = { 0 };
	size_t room, len;
	char *to;
	int rc;

	for (int i = 0; i < COLUMNS; i++) {
		struct bytes *column = &packer->column[i];

		head[1 + i] = column->len;
		bytes_add(&all, column->at ?: "", column->len);
		column->len = 0;
	}
	room = ZSTD_compressBound(all.len);
	to = xalloc(NULL, room, 1);
	if (!context)
		return failed(ENOMEM, "%s: no memory", packer->path);
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	len = ZSTD_compress2(context, to, room, all.at, all.len);
	ZSTD_freeCCtx(context);
	head[1 + COLUMNS] = len;
	rc = ZSTD_isError(len) ?
		     failed(0, "%s: %s", packer->path, ZSTD_getErrorName(len)) :
	     put(packer, head, sizeof(head)) ?:
					       put(packer, to, len);
	bytes_free(&all);
	free(to);
	packer->nr = 0;
	return rc;
}

static int pack_entry(struct sink *sink, const struct recording *rec,
		      const struct entry *entry)
{
	struct packer *packer = (struct packer *)sink;
	uint64_t where = (uint64_t)entry->task << 16 | entry->cpu;
	const struct what what = {
		.asked = entry->asked,
		.held = entry->held,
		.gfp = entry->gfp,
		.site = entry->site,
		.name = entry->name,
		.order = entry->order,
		.type = entry->type,
	};
	bool same = packer->at && where == packer->where;
	uint8_t kind = entry->kind;

	kind |= entry->blind ? PACK_BLIND : 0;
	kind |= entry->key ? 0 : PACK_NULL;
	kind |= same ? PACK_SAME : 0;
	bytes_add(&packer->column[P_KIND], &kind, 1);
	add_signed(packer, P_TIME, entry->time - packer->time);
	packer->time = entry->time;
	if (!same)
		add_where(packer, entry);
	add_what(packer, rec, &what);
	if (entry->key && entry->kind <= TRACE_PAGE_FREE_BATCHED)
		add_frame(packer, entry->key);
	else if (entry->key)
		add_object(packer, entry->key);
	packer->at++;
	return ++packer->nr == PACK_EVENTS ? put_block(packer) : OK;
}

/* What is no event, in the order in which it is read. */
static int put_counts(struct packer *packer, const struct recording *rec)
{
	for (int i = 0; i < TRACE_KINDS; i++)
		add(packer, P_KIND, rec->events[i]);
	for (int i = 0; i < LINE_KINDS; i++)
		add(packer, P_KIND, rec->lines_of[i]);
	add(packer, P_KIND, rec->lost);
	add(packer, P_KIND, rec->lost_marks);
	add(packer, P_KIND, rec->one_cpu_of);
	add(packer, P_KIND, rec->clock);
	add(packer, P_KIND, rec->state.len);
	bytes_add(&packer->column[P_KIND], rec->state.at ?: "", rec->state.len);
	return put_block(packer);
}

static void end(struct packer *packer)
{
	for (int i = 0; i < COLUMNS; i++)
		bytes_free(&packer->column[i]);
	map_free(&packer->wheres);
	map_free(&packer->whats);
	map_free(&packer->frames);
	map_free(&packer->objects);
	free(packer->what);
	free(packer->last);
}

static int run_pack(struct session *unused, const struct args *args)
{
	const char *path = args_get(args, "output");
	struct packer packer = { .sink.put = pack_entry, .path = path };
	struct recording rec = { 0 };
	int rc;

	(void)unused;
	if (!path)
		return misused("wants a file to write: -o FILE");
	packer.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (packer.fd < 0)
		return failed(errno, "%s: %s", path, strerror(errno));
	rc = put(&packer, PACK_MAGIC, PACK_MAGIC_LEN);
	rc = rc ?: recording_stream(&rec, args->operand[0], &packer.sink);
	if (!rc && packer.nr)
		rc = put_block(&packer);
	rc = rc ?: put_counts(&packer, &rec);
	if (close(packer.fd) && !rc)
		rc = failed(errno, "%s: %s", path, strerror(errno));
	if (rc)
		unlink(path);
	else
		printf("%s: %s in %s, %.2f bytes an event\n", path,
		       plural(rec.kmem, "event", "events"),
		       bytes_text(packer.bytes),
		       (double)packer.bytes / rec.kmem);
	end(&packer);
	recording_free(&rec);
	return rc;
}

static const struct opt pack_opts[] = {
	{ 'o', "output", "FILE", "to write; it must not be there" },
	OPTS_END,
};

static const char pack_text[] =
	"RECORDING is what replay reads. FILE is for replay alone, which makes the same of\n"
	"it: all events that it acts on are in it, all else as counts, addresses of objects\n"
	"as numbers.\n";

const struct command pack_commands[] = {
	{
		.name = "pack",
		.brief = "write a recording in a few bytes an event",
		.operands = "-o FILE RECORDING | -",
		.text = pack_text,
		.opts = pack_opts,
		.least = 1,
		.most = 1,
		.flags = COMMAND_NO_DOOR,
		.run = run_pack,
	},
	{ 0 },
};
