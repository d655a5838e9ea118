// SPDX-License-Identifier: GPL-2.0
/*
 * Opening a trace.dat, of version 6 or 7: where its parts are, and how its events are laid out.
 *
 * Both versions have the same parts (mymm_datwrite.c). In 6 they stand one behind the other;
 * in 7 they are sections, each of which may be compressed, and options say where they are:
 *
 *	magic, "7", byte order, bytes of a long, of a page, compression, first options
 *	section: id, flags, number of its title, length; if compressed, two lengths more
 *	options: id, length, data; the last one says where the next options are
 *
 * libtraceevent knows the formats of events.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "mymm_datfile.h"

#define CHUNK_MOST (256U << 20)

int spoilt(const struct dat *dat, const char *what)
{
	return failed(0, "%s: a trace.dat that is damaged or cut off: %s",
		      dat->path, what);
}

/* --- bytes ------------------------------------------------------------------------- */

static struct cursor at_offset(const struct dat *dat, uint64_t offset)
{
	struct cursor part = dat->all;

	take(&part, offset);
	return part;
}

/* One compressed piece; NULL: it is damaged. */
uint8_t *unpack(const struct dat *dat, struct cursor *from, uint64_t *len)
{
	uint32_t packed = take_number(from, 4), plain = take_number(from, 4);
	const uint8_t *at = take(from, packed);
	unsigned long got = plain;
	uint8_t *to;

	*len = plain;
	if (!at || plain > CHUNK_MOST)
		return NULL;
	to = xalloc(NULL, plain + 1ULL, 1);
	if (dat->packing == ZSTD) {
		size_t done = ZSTD_decompress(to, plain, at, packed);

		got = ZSTD_isError(done) ? 0 : done;
	} else if (dat->packing != ZLIB ||
		   uncompress(to, &got, at, packed) != Z_OK) {
		got = 0;
	}
	if (got == plain)
		return to;
	free(to);
	return NULL;
}

/* --- formats ----------------------------------------------------------------------- */

static int header_info(struct dat *dat, struct cursor *from)
{
	struct cursor page;

	if (strcmp(take_text(from), "header_page"))
		return spoilt(dat, "no header_page");
	page = piece_of(from, take_number(from, 8));
	if (strcmp(take_text(from), "header_event"))
		return spoilt(dat, "no header_event");
	piece_of(from, take_number(from, 8));
	if (page.bad || tep_parse_header_page(dat->tep, (char *)page.at,
					      page.left, dat->long_size))
		return spoilt(dat, "header_page");
	return OK;
}

static struct format *format_of(struct dat *dat, uint64_t id)
{
	if (id >= dat->nr_formats) {
		dat->format = xalloc(dat->format, id + 1, sizeof(*dat->format));
		memset(dat->format + dat->nr_formats, 0,
		       (id + 1 - dat->nr_formats) * sizeof(*dat->format));
		dat->nr_formats = id + 1;
	}
	return &dat->format[id];
}

/* One of mymm's own, which is a text of its own. */
static void take_own(struct format *format, const char *name, struct cursor one)
{
	char *text = strndup((const char *)one.at, one.left);

	if (text && !format->own)
		format->own = process_format(name, text);
	free(text);
}

/* "name: kfree\nID: 549\n..." of another system: more is not wanted of it, but of mymm. */
static void take_foreign(struct dat *dat, struct cursor one, const char *system)
{
	char head[256], *id, *end;
	size_t len = one.left < sizeof(head) - 1 ? one.left : sizeof(head) - 1;
	const char *rest;
	enum trace_kind kind;

	memcpy(head, one.at, len);
	head[len] = 0;
	id = strstr(head, "\nID: ");
	if (strncmp(head, "name: ", 6) || !id)
		return;
	*id = 0;
	kind = kind_of_event(head + 6, &rest);
	len = strtoul(id + 5, &end, 10);
	if (end == id + 5 || len > UINT16_MAX)
		return;
	if (*rest)
		kind = TRACE_OTHER;
	format_of(dat, len)->kind = kind < TRACE_KMEM ? TRACE_NAMESAKE : kind;
	dat->format[len].known = true;
	if (!strcmp(system, "mymm"))
		take_own(&dat->format[len], head + 6, one);
}

/*
 * Does a format divide? Then an event can have libtraceevent divide by 0. No kernel's format of
 * kmem does.
 */
static bool divides(struct cursor one)
{
	bool quoted = false;

	for (uint64_t i = 0; i < one.left; i++) {
		if (one.at[i] == '\\')
			i++;
		else if (one.at[i] == '"')
			quoted = !quoted;
		else if (!quoted && (one.at[i] == '/' || one.at[i] == '%'))
			return true;
	}
	return false;
}

static bool parse(struct dat *dat, struct cursor from, uint32_t nr)
{
	while (nr--) {
		struct cursor one = piece_of(&from, take_number(&from, 8));

		if (one.bad || divides(one) ||
		    tep_parse_event(dat->tep, (const char *)one.at, one.left,
				    "kmem"))
			return false;
	}
	return true;
}

/* libtraceevent dies of some damaged formats. So a child has it parse them first. */
static bool survives(struct dat *dat, struct cursor from, uint32_t nr)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		alarm(20);
		_exit(!parse(dat, from, nr));
	}
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return child < 0 || !status;
}

static int take_formats(struct dat *dat, struct cursor *from,
			const char *system)
{
	uint32_t nr = take_number(from, 4);
	bool ours = !strcmp(system, "kmem");

	if (ours && !(survives(dat, *from, nr) && parse(dat, *from, nr)))
		return spoilt(dat, "a format of kmem's events");
	for (uint32_t i = 0; i < nr && !from->bad; i++) {
		struct cursor one = piece_of(from, take_number(from, 8));

		if (!one.bad && !ours)
			take_foreign(dat, one, system);
	}
	return from->bad ? spoilt(dat, "formats of events") : OK;
}

static int take_systems(struct dat *dat, struct cursor *from)
{
	uint32_t nr = take_number(from, 4);
	int rc = OK;

	for (uint32_t i = 0; i < nr && !rc; i++) {
		const char *system = take_text(from);

		rc = take_formats(dat, from, system);
	}
	return rc;
}

static int take_symbols(struct dat *dat, struct cursor *from)
{
	struct cursor part = piece_of(from, take_number(from, 4));
	char *text;

	if (part.bad)
		return spoilt(dat, "symbols");
	/* Its parser wants a NUL behind it. */
	text = xalloc(NULL, part.left + 1, 1);
	memcpy(text, part.at, part.left);
	text[part.left] = 0;
	tep_parse_kallsyms(dat->tep, text);
	free(text);
	return OK;
}

/* Formats of trace_printk(). */
static int pass_formats(struct dat *dat, struct cursor *from)
{
	piece_of(from, take_number(from, 4));
	return from->bad ? spoilt(dat, "symbols or names") : OK;
}

/* Names of tasks, a line each: "1234 make". */
static int take_names(struct dat *dat, struct cursor *from)
{
	struct cursor part = piece_of(from, take_number(from, 8));
	const char *at = (const char *)part.at, *line = at, *end;

	if (part.bad)
		return spoilt(dat, "symbols or names");
	for (; (end = memchr(line, '\n', at + part.left - line));
	     line = end + 1) {
		char text[64], name[32];
		unsigned int pid;
		int len;

		snprintf(text, sizeof(text), "%.*s", (int)(end - line), line);
		if (sscanf(text, "%u %31[^\n]", &pid, name) != 2)
			continue;
		len = snprintf(text, sizeof(text), "%s-%u", name, pid);
		recording_name_task(dat->rec, pid, (struct piece){ text, len });
	}
	return OK;
}

static void find_values(struct format *format)
{
	static const char *const names[VALUES] = {
		"call_site", "ptr", "name",  "bytes_req",   "bytes_alloc",
		"gfp_flags", "pfn", "order", "migratetype",
	};

	for (int i = 0; i < VALUES; i++) {
		struct tep_format_field *field =
			tep_find_field(format->event, names[i]);

		if (!field || field->offset > 4096 || field->size > 8 ||
		    field->size < 1)
			continue;
		format->offset[i] = field->offset;
		format->bytes[i] = field->size;
	}
}

/* Why an event of kmem can't be acted on, or NULL. */
static const char *lacking(const struct format *format)
{
	const uint8_t *has = format->bytes;
	bool pages = format->kind <= TRACE_PAGE_FREE_BATCHED;
	bool frees = format->kind == TRACE_KFREE ||
		     format->kind == TRACE_CACHE_FREE;

	if (pages && !has[V_PFN])
		return "pfn";
	if (pages && format->kind != TRACE_PAGE_FREE_BATCHED && !has[V_ORDER])
		return "order";
	if (!pages && !has[V_PTR])
		return "ptr";
	if (!pages && !frees && (!has[V_ASKED] || !has[V_HELD]))
		return "bytes_req";
	if ((format->kind == TRACE_PAGE_ALLOC || (!pages && !frees)) &&
	    !has[V_GFP])
		return "gfp_flags";
	return NULL;
}

/* The library takes what a file says for the place of a field, also what lies outside. */
static bool is_within(const struct tep_format_field *field, uint32_t size)
{
	return field->offset >= 0 && field->size >= 1 && field->size <= 8 &&
	       (uint32_t)field->offset <= size &&
	       (uint32_t)field->size <= size - field->offset;
}

static int index_formats(struct dat *dat)
{
	struct tep_event **list = tep_list_events(dat->tep, TEP_EVENT_SORT_ID);

	for (; list && *list; list++) {
		struct tep_event *event = *list;
		struct format *format;
		const char *end;

		if (event->id < 0 || event->id > UINT16_MAX)
			continue;
		format = format_of(dat, event->id);
		format->known = true;
		format->event = event;
		format->kind = kind_of_event(event->name, &end);
		if (*end)
			format->kind = TRACE_OTHER;
		if (format->kind < TRACE_KMEM) {
			find_values(format);
			if (lacking(format))
				return failed(
					0,
					"%s: its kernel's %s has no %s: replay what trace-cmd report prints of it",
					dat->path, event->name,
					lacking(format));
		}
		if (!dat->type) {
			dat->type = tep_find_common_field(event, "common_type");
			dat->pid = tep_find_common_field(event, "common_pid");
		}
	}
	if (!dat->type || !is_within(dat->type, 8) || !dat->pid ||
	    !is_within(dat->pid, 8) || dat->pid->size != 4)
		return spoilt(dat, "no formats of events");
	return OK;
}

/* --- where things are -------------------------------------------------------------- */

/* "[local] global counter", or the name alone. */
static void set_clock(struct dat *dat, const char *text)
{
	static const char *const counts[] = { "counter", "x86-tsc" };
	const char *from = strchr(text, '[');
	size_t len = from ? strcspn(from + 1, "]") : strcspn(text, "\n\t ");

	from = from ? from + 1 : text;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (strlen(counts[i]) == len && !memcmp(from, counts[i], len))
			dat->clock = CLOCK_COUNTS;
}

static void count_overrun(struct dat *dat, struct cursor option)
{
	static const char *const names[] = {
		"\noverrun: ", "\ncommit overrun: ", "\ndropped events: "
	};
	char text[1024];
	size_t len = option.left < sizeof(text) - 1 ? option.left :
						      sizeof(text) - 1;

	memcpy(text, option.at, len);
	text[len] = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(text, names[i]);

		if (!at)
			continue;
		dat->counted = true;
		dat->overrun += strtoull(at + strlen(names[i]), NULL, 10);
	}
}

static int add_stream(struct dat *dat, uint32_t cpu, uint64_t offset,
		      uint64_t size, bool packed)
{
	struct cursor data = at_offset(dat, offset);
	struct stream *stream;

	if (!size)
		return OK;
	/* Of compressed pages, trace-cmd's size may lack the number of chunks. */
	if (!packed)
		data = piece_of(&data, size);
	if (data.bad)
		return spoilt(dat, "the pages of a CPU");
	dat->stream = xalloc(dat->stream, dat->nr_streams + 1, sizeof(*stream));
	stream = &dat->stream[dat->nr_streams++];
	memset(stream, 0, sizeof(*stream));
	stream->cpu = cpu;
	if (packed) {
		stream->nr_chunks = take_number(&data, 4);
		stream->chunks = data;
	} else {
		stream->pages = data;
	}
	return OK;
}

static int take_options_6(struct dat *dat, struct cursor *from)
{
	for (;;) {
		uint32_t id = take_number(from, 2);
		struct cursor option;

		if (id == DAT_DONE)
			return from->bad ? spoilt(dat, "options") : OK;
		option = piece_of(from, take_number(from, 4));
		if (option.bad)
			return spoilt(dat, "options");
		if (id == DAT_TRACECLOCK)
			set_clock(dat, take_text(&option));
		else if (id == DAT_CPUSTAT)
			count_overrun(dat, option);
		else if (id == DAT_BUFFER)
			return failed(
				0,
				"%s: has the buffer of an instance: replay what trace-cmd report prints of it",
				dat->path);
	}
}

static int open_6(struct dat *dat, struct cursor *from)
{
	uint32_t cpus;
	int rc = header_info(dat, from);

	rc = rc ?: take_formats(dat, from, "ftrace");
	rc = rc ?: take_systems(dat, from);
	rc = rc ?: take_symbols(dat, from);
	rc = rc ?: pass_formats(dat, from);
	rc = rc ?: take_names(dat, from);
	cpus = take_number(from, 4);
	for (; !rc;) {
		const uint8_t *tag = take(from, 10);

		if (!tag)
			return spoilt(dat, "it ends before its events");
		if (!memcmp(tag, "flyrecord", 10))
			break;
		if (memcmp(tag, "options  ", 10))
			return failed(
				0,
				"%s: is a trace.dat of the tracer for latencies, which has no events",
				dat->path);
		rc = take_options_6(dat, from);
	}
	for (uint32_t i = 0; i < cpus && !rc; i++) {
		uint64_t offset = take_number(from, 8);
		uint64_t size = take_number(from, 8);

		rc = from->bad ? spoilt(dat, "its CPUs") :
				 add_stream(dat, i, offset, size, false);
	}
	return rc;
}

/* A section's content; @held is to be freed. */
static int open_section(struct dat *dat, uint64_t offset, struct cursor *to,
			uint8_t **held, bool *packed)
{
	struct cursor from = at_offset(dat, offset);
	uint64_t size, len;

	*held = NULL;
	take_number(&from, 2);
	*packed = take_number(&from, 2) & 1;
	take_number(&from, 4);
	size = take_number(&from, 8);
	*to = piece_of(&from, size);
	if (to->bad)
		return spoilt(dat, "a section");
	if (*packed) {
		*held = unpack(dat, to, &len);
		if (!*held)
			return spoilt(dat, "a compressed section");
		*to = (struct cursor){ *held, len, dat->swap, false };
	}
	return OK;
}

enum section {
	SECTION_HEADER = 16,
	SECTION_FTRACE,
	SECTION_EVENTS,
	SECTION_KALLSYMS,
	SECTION_PRINTK,
	SECTION_NAMES,
	SECTION_END, /* what others there are is not wanted */
};

static int take_section(struct dat *dat, enum section id, uint64_t offset)
{
	struct cursor from;
	uint8_t *held;
	bool packed;
	int rc = open_section(dat, offset, &from, &held, &packed);

	if (rc)
		return rc;
	switch (id) {
	case SECTION_HEADER:
		rc = header_info(dat, &from);
		break;
	case SECTION_FTRACE:
		rc = take_formats(dat, &from, "ftrace");
		break;
	case SECTION_EVENTS:
		rc = take_systems(dat, &from);
		break;
	case SECTION_NAMES:
		rc = take_names(dat, &from);
		break;
	default:
		rc = take_symbols(dat, &from);
	}
	free(held);
	return rc;
}

/* Where, name, clock, bytes of a page, CPUs; for each: number, where, bytes. */
static int take_buffer(struct dat *dat, struct cursor option)
{
	uint64_t section = take_number(&option, 8);
	struct cursor head = at_offset(dat, section);
	uint32_t cpus;
	bool packed;
	int rc = OK;

	if (*take_text(&option))
		return failed(
			0,
			"%s: has the buffer of an instance: replay what trace-cmd report prints of it",
			dat->path);
	set_clock(dat, take_text(&option));
	dat->page_size = take_number(&option, 4);
	cpus = take_number(&option, 4);
	take_number(&head, 2);
	packed = take_number(&head, 2) & 1;
	for (uint32_t i = 0; i < cpus && !rc; i++) {
		uint32_t cpu = take_number(&option, 4);
		uint64_t offset = take_number(&option, 8);
		uint64_t size = take_number(&option, 8);

		rc = option.bad || head.bad ?
			     spoilt(dat, "a buffer") :
			     add_stream(dat, cpu, offset, size, packed);
	}
	return rc;
}

static int take_options_7(struct dat *dat, uint64_t *next,
			  uint64_t where[SECTION_END], bool buffers)
{
	struct cursor from;
	uint8_t *held;
	bool packed;
	int rc = open_section(dat, *next, &from, &held, &packed);

	*next = 0;
	while (!rc && from.left) {
		uint32_t id = take_number(&from, 2);
		struct cursor option = piece_of(&from, take_number(&from, 4));

		if (option.bad) {
			rc = spoilt(dat, "options");
		} else if (id == DAT_DONE) {
			*next = take_number(&option, 8);
			break;
		} else if (id >= SECTION_HEADER && id < SECTION_END) {
			where[id] = take_number(&option, 8);
		} else if (id == DAT_BUFFER && buffers) {
			rc = take_buffer(dat, option);
		} else if (id == DAT_TRACECLOCK) {
			set_clock(dat, take_text(&option));
		} else if (id == DAT_CPUSTAT && buffers) {
			count_overrun(dat, option);
		}
	}
	free(held);
	return rc;
}

static int open_7(struct dat *dat, struct cursor *from)
{
	const char *packing = take_text(from);
	uint64_t where[SECTION_END] = { 0 }, first, next;
	int rc = OK, nr = 0;

	take_text(from);
	first = take_number(from, 8);
	if (!strcmp(packing, "zstd"))
		dat->packing = ZSTD;
	else if (!strcmp(packing, "zlib"))
		dat->packing = ZLIB;
	else if (strcmp(packing, "none"))
		return failed(0,
			      "%s: is compressed with %s, which is not known",
			      dat->path, packing);
	for (int pass = 0; pass < 2 && !rc; pass++) {
		for (next = first, nr = 0; next && !rc && nr < 1000; nr++)
			rc = take_options_7(dat, &next, where, pass);
		for (int id = SECTION_HEADER; id < SECTION_END && !pass; id++)
			if (where[id] && id != SECTION_PRINTK && !rc)
				rc = take_section(dat, id, where[id]);
		if (!where[SECTION_HEADER] || !where[SECTION_EVENTS])
			return rc ?: spoilt(dat, "no formats of events");
	}
	return rc;
}

int dat_open(struct dat *dat)
{
	struct cursor from = dat->all;
	uint32_t version;

	take(&from, DAT_MAGIC_LEN);
	version = strtoul(take_text(&from), NULL, 10);
	/* Where this is written, numbers are little-endian. */
	dat->swap = take_number(&from, 1) != 0;
	dat->long_size = take_number(&from, 1);
	dat->all.swap = dat->swap;
	from.swap = dat->swap;
	dat->page_size = take_number(&from, 4);
	if (from.bad || (dat->long_size != 4 && dat->long_size != 8))
		return spoilt(dat, "its head");
	if (version != 6 && version != 7)
		return failed(
			0,
			"%s: is a trace.dat of version %u; 6 and 7 are known",
			dat->path, version);
	dat->version = version;
	dat->tep = tep_alloc();
	if (!dat->tep)
		return failed(ENOMEM, "%s: no memory", dat->path);
	tep_set_file_bigendian(dat->tep,
			       dat->swap ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	tep_set_local_bigendian(dat->tep, TEP_LITTLE_ENDIAN);
	tep_set_long_size(dat->tep, dat->long_size);
	tep_set_page_size(dat->tep, dat->page_size);
	trace_seq_init(&dat->text);
	return (version == 6 ? open_6(dat, &from) : open_7(dat, &from)) ?:
		       index_formats(dat);
}

void dat_close(struct dat *dat)
{
	for (size_t i = 0; i < dat->nr_streams; i++)
		free(dat->stream[i].chunk);
	if (dat->tep) {
		trace_seq_destroy(&dat->text);
		tep_free(dat->tep);
	}
	for (size_t i = 0; i < dat->nr_formats; i++)
		free(dat->format[i].own);
	free(dat->stream);
	free(dat->format);
	map_free(&dat->gfps);
	map_free(&dat->sites);
}
