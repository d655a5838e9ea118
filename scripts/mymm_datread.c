// SPDX-License-Identifier: GPL-2.0
/*
 * The events of a trace.dat, in version 6 and 7, with no text in between.
 *
 * mymm_datopen.c opens it. Pages of a compressed buffer come in chunks, and only one of each CPU is
 * in memory. A damaged page would lead libtraceevent's reader of pages astray, so that is here.
 *
 * What an event of kmem has is read at the offset that its format gives. Only what a text has as
 * words, gfp flags and the symbol of a call site, is printed, once for each value, and read as that
 * text is: so a trace.dat and what trace-cmd report prints of it replay alike.
 *
 * The next event is the earliest of all CPUs, of the lowest CPU among equals, as in the report.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mymm_datfile.h"

#define LOST_EVENTS (1U << 31)
#define LOST_NUMBER (1U << 30)

/* A page begins with its time and how many bytes are used, above which are two bits of loss. */
static int begin_page(struct dat *dat, struct stream *stream,
		      struct recording *rec)
{
	struct cursor page = piece_of(&stream->pages, dat->page_size);
	uint64_t used, lost = 0;
	struct cursor rest;

	stream->begun = take_number(&page, 8);
	stream->time = stream->begun;
	used = take_number(&page, dat->long_size);
	rest = page;
	stream->page = piece_of(&rest, used & ((1U << 27) - 1));
	if (page.bad || stream->page.bad)
		return spoilt(dat, "a page of a buffer");
	if (used & LOST_EVENTS) {
		/* If there is room, the number stands behind the events. */
		if (used & LOST_NUMBER)
			lost = take_number(&rest, dat->long_size);
		rec->lines_of[LINE_LOST]++;
		rec->lost_marks++;
		rec->lost += rest.bad ? 0 : lost;
	}
	return OK;
}

/* The next page, of the next chunk if this one is through. */
static int next_page(struct dat *dat, struct stream *stream,
		     struct recording *rec, bool *more)
{
	uint64_t len;

	while (!stream->pages.left) {
		*more = stream->nr_chunks;
		if (!*more)
			return OK;
		stream->nr_chunks--;
		free(stream->chunk);
		stream->chunk = unpack(dat, &stream->chunks, &len);
		if (!stream->chunk)
			return spoilt(dat, "a compressed page");
		stream->pages =
			(struct cursor){ stream->chunk, len, dat->swap, false };
	}
	return begin_page(dat, stream, rec);
}

/*
 * An event begins with 5 bits of its kind and 27 of the time since the one before. The kind is
 * a length in words, or one of these, which have a word more. It is little-endian here.
 */
enum ring_kind { RING_LONG = 0, RING_PADDING = 29, RING_EXTEND, RING_STAMP };

/* The next event of the page; false: it has no more. @damaged: it is longer than its page. */
static bool page_event(const struct dat *dat, struct stream *stream,
		       bool *damaged)
{
	struct cursor *page = &stream->page;

	while (page->left >= 4) {
		uint32_t word = take_number(page, 4), kind, size;
		uint64_t delta;

		kind = dat->swap ? word >> 27 : word & 31;
		delta = dat->swap ? word & ((1U << 27) - 1) : word >> 5;
		if (kind == RING_PADDING && !delta)
			break;
		size = kind;
		if (kind == RING_LONG || kind >= RING_PADDING)
			size = take_number(page, 4);
		if (kind == RING_STAMP) {
			/* The uppermost bits are those of the page. */
			stream->time = (((uint64_t)size << 27) + delta) |
				       (stream->begun & ~0ULL << 59);
			continue;
		}
		if (kind == RING_EXTEND)
			delta += (uint64_t)size << 27;
		stream->time += delta;
		if (kind == RING_EXTEND)
			continue;
		if (kind != RING_LONG && kind != RING_PADDING)
			size *= 4;
		else
			size = size >= 4 ? (size - 4 + 3) & ~3U : 0;
		stream->size = size;
		stream->data = take(page, size);
		if (page->bad)
			break;
		if (kind != RING_PADDING)
			return true;
	}
	*damaged = page->bad;
	return false;
}

static int next_event(struct dat *dat, struct stream *stream,
		      struct recording *rec)
{
	bool more = true, bad = false;
	int rc;

	while (!page_event(dat, stream, &bad)) {
		stream->data = NULL;
		if (bad)
			return spoilt(dat, "an event longer than its page");
		rc = next_page(dat, stream, rec, &more);
		if (rc || !more)
			return rc;
	}
	return OK;
}

static uint64_t value(const struct dat *dat, const struct format *format,
		      const uint8_t *data, uint32_t size, enum value which)
{
	unsigned int bytes = format->bytes[which];

	if (!bytes || format->offset[which] + bytes > size)
		return 0;
	return number_at(data + format->offset[which], bytes, dat->swap);
}

/* Is all of an event in its record? The library does not look. */
static bool is_whole(const struct dat *dat, const struct tep_event *event,
		     const uint8_t *data, uint32_t size)
{
	const struct tep_format_field *lists[] = { event->format.common_fields,
						   event->format.fields };

	for (int i = 0; i < 2; i++) {
		const struct tep_format_field *field = lists[i];

		for (; field; field = field->next) {
			uint64_t place, at, len;

			if (field->offset < 0 || field->size < 0 ||
			    (uint32_t)field->offset > size ||
			    (uint32_t)field->size > size - field->offset)
				return false;
			if (!(field->flags & TEP_FIELD_IS_DYNAMIC))
				continue;
			if (field->size != 4)
				return false;
			place = number_at(data + field->offset, 4, dat->swap);
			at = place & 0xFFFF;
			len = place >> 16;
			if (field->flags & TEP_FIELD_IS_RELATIVE)
				at += field->offset + field->size;
			if (at > size || len > size - at)
				return false;
		}
	}
	return true;
}

/* As trace-cmd report prints it, read by what reads that. */
static const char *by_text(struct dat *dat, const struct format *format,
			   const struct stream *stream, uint32_t size,
			   struct trace_event *event)
{
	struct tep_record record = {
		.ts = stream->time,
		.size = size,
		.data = (void *)stream->data,
		.cpu = stream->cpu,
	};

	trace_seq_reset(&dat->text);
	trace_seq_terminate(&dat->text);
	if (!is_whole(dat, format->event, stream->data, size))
		return "an event is shorter than its format";
	tep_print_event(dat->tep, &dat->text, &record, "%s", TEP_PRINT_INFO);
	trace_seq_terminate(&dat->text);
	event->kind = format->kind;
	return fields_parse(dat->text.buffer, event);
}

static uint32_t words_of(struct map *known, struct texts *texts, uint64_t n,
			 struct piece piece)
{
	uint32_t nr = texts_add(texts, piece);

	map_put(known, n, nr);
	return nr;
}

static int take_words(struct dat *dat, const struct format *format,
		      const struct stream *stream, uint32_t size,
		      struct recording *rec, struct entry *entry)
{
	uint64_t gfp = value(dat, format, stream->data, size, V_GFP);
	uint64_t site = value(dat, format, stream->data, size, V_SITE);
	struct trace_event event = { 0 };
	const char *why;

	/* The same number may be printed in another way by another event. */
	gfp |= (uint64_t)format->kind << 56;
	entry->gfp = map_get(&dat->gfps, gfp);
	if (format->bytes[V_SITE])
		entry->site = map_get(&dat->sites, site);
	if (entry->gfp != NONE &&
	    (entry->site != NONE || !format->bytes[V_SITE]))
		return OK;
	why = by_text(dat, format, stream, size, &event);
	if (why)
		return failed(0, "%s: %s: '%s'", dat->path, why,
			      dat->text.buffer);
	if (entry->gfp == NONE)
		entry->gfp = words_of(&dat->gfps, &rec->gfps, gfp, event.gfp);
	if (entry->site == NONE && event.site.len)
		entry->site =
			words_of(&dat->sites, &rec->sites, site, event.site);
	return OK;
}

/* A name stands behind the fields; its field says where, and how long it is. */
static uint32_t name_of(const struct dat *dat, const struct format *format,
			const uint8_t *data, uint32_t size,
			struct recording *rec)
{
	uint32_t at = value(dat, format, data, size, V_NAME);
	uint32_t offset = at & 0xFFFF, len = at >> 16;
	struct piece name;

	if (format->bytes[V_NAME] != 4 || offset >= size)
		return NONE;
	name.at = (const char *)data + offset;
	name.len = strnlen(name.at, len < size - offset ? len : size - offset);
	return name.len ? texts_add(&rec->names, name) : NONE;
}

static int take_event(struct dat *dat, struct stream *stream,
		      const struct format *format, uint32_t size,
		      struct recording *rec, struct entry *entry)
{
	const uint8_t *data = stream->data;
	bool alloc = format->kind == TRACE_KMALLOC ||
		     format->kind == TRACE_CACHE_ALLOC;
	uint64_t asked, held, order;

	if (format->kind <= TRACE_PAGE_FREE_BATCHED) {
		entry->key = value(dat, format, data, size, V_PFN);
		order = value(dat, format, data, size, V_ORDER);
		if (order > 30)
			return spoilt(dat, "an event with a wild order");
		entry->order = format->kind == TRACE_PAGE_FREE_BATCHED ? 0 :
									 order;
		if (format->kind != TRACE_PAGE_ALLOC)
			return OK;
		/* One that failed. */
		if (entry->key == UINT64_MAX >> (64 - 8 * format->bytes[V_PFN]))
			entry->key = 0;
		entry->type = value(dat, format, data, size, V_TYPE);
		return take_words(dat, format, stream, size, rec, entry);
	}
	entry->key = value(dat, format, data, size, V_PTR);
	entry->name = name_of(dat, format, data, size, rec);
	if (!alloc)
		return OK;
	asked = value(dat, format, data, size, V_ASKED);
	held = value(dat, format, data, size, V_HELD);
	if (entry->key && (asked > 1U << 30 || held > 1U << 30 || held < asked))
		return spoilt(dat, "an allocation with sizes that can not be");
	entry->asked = asked < UINT32_MAX ? asked : UINT32_MAX;
	entry->held = held < UINT32_MAX ? held : UINT32_MAX;
	return take_words(dat, format, stream, size, rec, entry);
}

static struct stream *earliest(struct dat *dat)
{
	struct stream *found = NULL;

	for (size_t i = 0; i < dat->nr_streams; i++) {
		struct stream *stream = &dat->stream[i];

		if (stream->data && (!found || stream->time < found->time))
			found = stream;
	}
	return found;
}

/* In microseconds as the report has them, to the nearest one. */
static uint64_t time_of(const struct dat *dat, uint64_t time)
{
	return dat->clock == CLOCK_COUNTS ? time : (time + 500) / 1000;
}

static int read_events(struct dat *dat, struct recording *rec,
		       struct keeper *keeper)
{
	struct stream *stream;
	uint64_t nr = 0;
	int rc = OK;

	for (size_t i = 0; i < dat->nr_streams && !rc; i++)
		rc = next_event(dat, &dat->stream[i], rec);
	while (!rc && (stream = earliest(dat))) {
		uint32_t size = stream->size;
		const uint8_t *data = stream->data;
		struct entry entry = { .gfp = NONE,
				       .site = NONE,
				       .name = NONE };
		const struct format *format = NULL;
		uint64_t id = UINT64_MAX;

		if (size >= 8)
			id = number_at(data + dat->type->offset,
				       dat->type->size, dat->swap);
		if (id < dat->nr_formats && dat->format[id].known)
			format = &dat->format[id];
		if (!format)
			return spoilt(dat, "an event without a format");
		entry.kind = format->kind;
		entry.cpu = stream->cpu % ENTRY_CPUS;
		entry.time = time_of(dat, stream->time);
		if (format->kind < TRACE_KMEM) {
			if (dat->pid->offset + 4U <= size)
				entry.task = number_at(data + dat->pid->offset,
						       4, dat->swap);
			rc = take_event(dat, stream, format, size, rec, &entry);
		}
		if (format->own)
			process_record(rec, format->own, data, size, dat->swap,
				       entry.time);
		rec->lines_of[LINE_EVENT]++;
		rc = rc ?: keeper->keep(keeper, &entry, dat->clock);
		rc = rc ?: next_event(dat, stream, rec);
		if (++nr % TAPE_STEP)
			continue;
		progress("reading: events", nr, 0);
		/* Pages of the file that were read need not stay in memory. */
		madvise((void *)dat->all.at, dat->all.left, MADV_DONTNEED);
	}
	progress_end();
	return rc;
}

int dat_read(struct recording *rec, int fd, struct keeper *keeper)
{
	const char *path = rec->path;
	struct dat dat = {
		.path = path,
		.rec = rec,
		.clock = CLOCK_SECONDS,
	};
	struct stat st;
	void *map;
	int rc;

	if (fstat(fd, &st))
		return failed(errno, "%s: %s", path, strerror(errno));
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return failed(errno, "%s: %s", path, strerror(errno));
	dat.all.at = map;
	dat.all.left = st.st_size;
	rc = dat_open(&dat);
	if (!rc)
		rc = read_events(&dat, rec, keeper);
	/* ftrace counts each one; a page only says so if it has room for the number. */
	if (!rc && dat.counted && dat.overrun > rec->lost)
		rec->lost = dat.overrun;
	if (!rc)
		state_find(map, st.st_size, &rec->state);
	dat_close(&dat);
	munmap(map, st.st_size);
	return rc;
}
