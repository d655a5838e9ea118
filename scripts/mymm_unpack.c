// SPDX-License-Identifier: GPL-2.0
/*
 * The events of a packed recording (mymm_pack.h), block by block.
 *
 * A block is checked by its checksum; all the same each number is checked, too, since a file
 * may have been made by anything.
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "mymm_dat.h"
#include "mymm_pack.h"

struct column_at {
	const uint8_t *at;
	const uint8_t *end;
};

struct unpacker {
	struct recording *rec;
	struct input *input;
	struct keeper *keeper;
	struct column_at column[COLUMNS];
	uint64_t key[PACK_WINDOW]; /* of the last events */
	uint64_t at; /* events in all */
	uint64_t time;
	uint64_t where;
	uint64_t pfn;
	uint64_t objects;
	uint64_t *wheres;
	struct what *what;
	uint32_t nr_wheres, room_wheres, nr_whats, room_whats;
	char *plain;
	char *packed;
	bool bad;
};

static int spoilt(const struct unpacker *un)
{
	return failed(0, "%s: a packed recording that is damaged or cut off",
		      un->rec->path);
}

static uint64_t long_number(struct unpacker *un, struct column_at *column)
{
	uint64_t n = 0;

	for (int shift = 0; column->at < column->end && shift < 64;
	     shift += 7) {
		uint8_t byte = *column->at++;

		n |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return n;
	}
	un->bad = true;
	return 0;
}

/* Most are of one byte or two. */
static inline uint64_t number(struct unpacker *un, enum column which)
{
	struct column_at *column = &un->column[which];
	const uint8_t *at = column->at;

	if (at < column->end && at[0] < 128) {
		column->at = at + 1;
		return at[0];
	}
	if (column->end - at > 1 && at[1] < 128) {
		column->at = at + 2;
		return (at[0] & 127) | at[1] << 7;
	}
	return long_number(un, column);
}

static uint64_t difference(struct unpacker *un, enum column which)
{
	uint64_t n = number(un, which);

	return n >> 1 ^ -(n & 1);
}

static uint32_t text(struct unpacker *un, struct texts *texts)
{
	struct column_at *column = &un->column[P_WHAT];
	uint64_t nr = number(un, P_WHAT), len;
	struct piece piece;

	if (!nr || un->bad)
		return NONE;
	if (nr <= texts->nr)
		return nr - 1;
	len = number(un, P_WHAT);
	if (nr != texts->nr + 1 || len > (size_t)(column->end - column->at)) {
		un->bad = true;
		return NONE;
	}
	piece = (struct piece){ (const char *)column->at, len };
	column->at += len;
	/* One that was there, or that has a NUL in it, was not written by pack. */
	if (memchr(piece.at, 0, len) || texts_add(texts, piece) != nr - 1)
		un->bad = true;
	return nr - 1;
}

static void *one_more(void *list, uint32_t nr, uint32_t *room, size_t size)
{
	if (nr < *room)
		return list;
	*room = *room ? 2 * *room : 1024;
	return xalloc(list, *room, size);
}

static void take_where(struct unpacker *un)
{
	uint64_t nr = number(un, P_WHERE), where;

	if (nr < un->nr_wheres) {
		un->where = un->wheres[nr];
		return;
	}
	where = number(un, P_WHERE);
	if (nr != un->nr_wheres || (where & 0xFFFF) >= ENTRY_CPUS ||
	    where >> 48) {
		un->bad = true;
		return;
	}
	un->wheres = one_more(un->wheres, nr, &un->room_wheres, sizeof(where));
	un->wheres[un->nr_wheres++] = where;
	un->where = where;
}

static const struct what *new_what(struct unpacker *un)
{
	struct recording *rec = un->rec;
	uint64_t asked = number(un, P_WHAT), held = number(un, P_WHAT);
	uint64_t order = number(un, P_WHAT), type = number(un, P_WHAT);
	struct what *what;

	un->what = one_more(un->what, un->nr_whats, &un->room_whats,
			    sizeof(*what));
	what = &un->what[un->nr_whats];
	*what = (struct what){
		.asked = asked,
		.held = held,
		.order = order,
		.type = type,
		.sized = asked <= held && held <= 1U << 30,
	};
	what->gfp = text(un, &rec->gfps);
	what->site = text(un, &rec->sites);
	what->name = text(un, &rec->names);
	if (asked > UINT32_MAX || held > UINT32_MAX || order > 30 ||
	    type > UINT8_MAX)
		un->bad = true;
	un->nr_whats++;
	return what;
}

static const struct what *take_what(struct unpacker *un)
{
	uint64_t nr = number(un, P_WHAT);

	if (nr < un->nr_whats)
		return &un->what[nr];
	if (nr != un->nr_whats)
		un->bad = true;
	return un->bad ? NULL : new_what(un);
}

static uint64_t take_key(struct unpacker *un, bool pages)
{
	uint64_t ago = number(un, P_WHICH), back;

	if (ago) {
		if (ago > un->at || ago >= PACK_WINDOW)
			un->bad = true;
		return un->key[(un->at - ago) % PACK_WINDOW];
	}
	if (pages) {
		un->pfn += difference(un, P_NEW);
		return un->pfn;
	}
	back = number(un, P_NEW);
	if (!back)
		return ++un->objects;
	if (back > un->objects)
		un->bad = true;
	return un->objects - back + 1;
}

/* What the parser of text takes for granted of what it lets through. */
static bool possible(const struct entry *entry, const struct what *what)
{
	switch (entry->kind) {
	case TRACE_PAGE_ALLOC:
		return entry->gfp != NONE;
	case TRACE_KMALLOC:
	case TRACE_CACHE_ALLOC:
		return entry->gfp != NONE && (what->sized || !entry->key);
	default:
		return entry->kind < TRACE_KMEM;
	}
}

static int take_entry(struct unpacker *un)
{
	struct column_at *kinds = &un->column[P_KIND];
	const struct what *what;
	struct entry entry;
	uint8_t kind;

	if (kinds->at == kinds->end)
		return spoilt(un);
	kind = *kinds->at++;
	un->time += difference(un, P_TIME);
	if (!(kind & PACK_SAME))
		take_where(un);
	what = take_what(un);
	if (!what)
		return spoilt(un);
	entry = (struct entry){
		.time = un->time,
		.task = un->where >> 16,
		.cpu = un->where & 0xFFFF,
		.asked = what->asked,
		.held = what->held,
		.gfp = what->gfp,
		.site = what->site,
		.name = what->name,
		.order = what->order,
		.type = what->type,
		.kind = kind & PACK_KIND,
		.blind = (kind & PACK_BLIND) != 0,
	};
	if (!(kind & PACK_NULL))
		entry.key = take_key(un, entry.kind <= TRACE_PAGE_FREE_BATCHED);
	un->key[un->at++ % PACK_WINDOW] = entry.key;
	if (un->bad || !possible(&entry, what))
		return spoilt(un);
	return un->keeper->keep(un->keeper, &entry, CLOCK_NONE);
}

static int take_counts(struct unpacker *un)
{
	struct recording *rec = un->rec;
	struct column_at *column = &un->column[P_KIND];
	uint64_t clock, len;

	for (int i = 0; i < TRACE_KINDS; i++) {
		uint64_t nr = number(un, P_KIND);

		/* Those that were acted on are here, and have been counted. */
		if (i < TRACE_KMEM && nr != rec->events[i])
			un->bad = true;
		rec->events[i] = nr;
	}
	for (int i = 0; i < LINE_KINDS; i++)
		rec->lines_of[i] = number(un, P_KIND);
	rec->lost = number(un, P_KIND);
	rec->lost_marks = number(un, P_KIND);
	rec->one_cpu_of = number(un, P_KIND);
	clock = number(un, P_KIND);
	rec->clock = clock;
	len = number(un, P_KIND);
	if (un->bad || clock > CLOCK_COUNTS ||
	    len != (size_t)(column->end - column->at))
		return spoilt(un);
	bytes_add(&rec->state, column->at, len);
	return OK;
}

static int take_block(struct unpacker *un, bool *last)
{
	uint32_t head[PACK_HEAD];
	uint64_t all = 0;
	size_t got;

	if (!input_bytes(un->input, head, sizeof(head)))
		return spoilt(un);
	for (int i = 0; i < COLUMNS; i++)
		all += head[1 + i];
	if (head[0] > PACK_EVENTS || all > PACK_MOST ||
	    head[1 + COLUMNS] > PACK_MOST)
		return spoilt(un);
	un->plain = xalloc(un->plain, all + 1, 1);
	un->packed = xalloc(un->packed, head[1 + COLUMNS] + 1, 1);
	if (!input_bytes(un->input, un->packed, head[1 + COLUMNS]))
		return spoilt(un);
	got = ZSTD_decompress(un->plain, all, un->packed, head[1 + COLUMNS]);
	if (ZSTD_isError(got) || got != all)
		return spoilt(un);
	all = 0;
	for (int i = 0; i < COLUMNS; i++) {
		un->column[i].at = (uint8_t *)un->plain + all;
		all += head[1 + i];
		un->column[i].end = (uint8_t *)un->plain + all;
	}
	*last = !head[0];
	if (*last)
		return take_counts(un);
	for (uint32_t i = 0; i < head[0]; i++)
		if (take_entry(un))
			return FAILED;
	progress("reading: events", un->at, 0);
	return OK;
}

int pack_read(struct recording *rec, struct input *input, struct keeper *keeper)
{
	struct unpacker *un = xzalloc(1, sizeof(*un));
	char magic[PACK_MAGIC_LEN];
	bool last = false;
	int rc = OK;

	un->rec = rec;
	un->input = input;
	un->keeper = keeper;
	input_bytes(input, magic, sizeof(magic));
	while (!rc && !last)
		rc = take_block(un, &last);
	progress_end();
	if (!rc && !input->tool && input_bytes(input, magic, 1))
		rc = failed(0, "%s: goes on behind the end of its recording",
			    rec->path);
	free(un->wheres);
	free(un->what);
	free(un->plain);
	free(un->packed);
	free(un);
	return rc;
}
