/* SPDX-License-Identifier: GPL-2.0 */
/* An open trace.dat: its parts are found by mymm_datopen.c, its events read by mymm_datread.c. */
#ifndef MYMM_DATFILE_H
#define MYMM_DATFILE_H

#include <event-parse.h>
#include <string.h>

#include "mymm_dat.h"
#include "mymm_trace.h"

/**
 * struct cursor - a piece of the file, read from its beginning
 * @at: the next byte
 * @left: how many there are
 * @swap: numbers are of the other byte order
 * @bad: there were fewer than wanted
 */
struct cursor {
	const uint8_t *at;
	uint64_t left;
	bool swap;
	bool bad;
};

enum value {
	V_SITE,
	V_PTR,
	V_NAME,
	V_ASKED,
	V_HELD,
	V_GFP,
	V_PFN,
	V_ORDER,
	V_TYPE,
	VALUES
};

/**
 * struct format - an event's, by its number
 * @kind: what it is to us
 * @known: there is one
 * @event: libtraceevent's, of kmem's
 * @own: of mymm's, which libtraceevent has not; or NULL
 * @offset: of each value in the record
 * @bytes: of it; 0: it has none
 */
struct format {
	enum trace_kind kind;
	bool known;
	struct tep_event *event;
	struct process_format *own;
	uint16_t offset[VALUES];
	uint8_t bytes[VALUES];
};

/**
 * struct stream - the pages of a CPU
 * @cpu: its number
 * @chunks: what is left of its chunks, if compressed
 * @nr_chunks: how many
 * @chunk: one of them, unpacked
 * @pages: what is left of its pages
 * @page: what is left of the page that is read
 * @begun: the time at which that begins
 * @data: of the next event; NULL: there are no more
 * @size: of it, in bytes
 * @time: of it
 */
struct stream {
	uint32_t cpu;
	struct cursor chunks;
	uint32_t nr_chunks;
	uint8_t *chunk;
	struct cursor pages;
	struct cursor page;
	uint64_t begun;
	const uint8_t *data;
	uint32_t size;
	uint64_t time;
};

struct dat {
	const char *path;
	struct recording *rec; /* that names of tasks go to */
	struct cursor all;
	const uint8_t *start;
	bool swap;
	uint32_t long_size;
	uint32_t page_size;
	uint32_t version;
	enum { PLAIN, ZSTD, ZLIB } packing;
	struct tep_handle *tep;
	struct trace_seq text;
	struct format *format;
	size_t nr_formats;
	struct tep_format_field *type, *pid;
	struct stream *stream;
	size_t nr_streams;
	enum clock clock;
	uint64_t overrun;
	bool counted;
	struct map gfps;
	struct map sites;
};

/* mymm_datopen.c */
int dat_open(struct dat *dat);
void dat_close(struct dat *dat);
int spoilt(const struct dat *dat, const char *what);
uint8_t *unpack(const struct dat *dat, struct cursor *from, uint64_t *len);

static inline const uint8_t *take(struct cursor *from, uint64_t len)
{
	const uint8_t *at = from->at;

	if (from->bad || from->left < len) {
		from->bad = true;
		return NULL;
	}
	from->at += len;
	from->left -= len;
	return at;
}

static inline uint64_t number_at(const uint8_t *at, unsigned int bytes,
				 bool swap)
{
	uint64_t n = 0;

	if (!swap && bytes == 8) {
		memcpy(&n, at, 8);
		return n;
	}
	for (unsigned int i = 0; i < bytes; i++)
		n |= (uint64_t)at[swap ? bytes - 1 - i : i] << (8 * i);
	return n;
}

static inline uint64_t take_number(struct cursor *from, unsigned int bytes)
{
	const uint8_t *at = take(from, bytes);

	return at ? number_at(at, bytes, from->swap) : 0;
}

static inline const char *take_text(struct cursor *from)
{
	const uint8_t *end = from->left ? memchr(from->at, 0, from->left) :
					  NULL;

	if (from->bad || !end) {
		from->bad = true;
		return "";
	}
	return (const char *)take(from, end + 1 - from->at);
}

static inline struct cursor piece_of(struct cursor *from, uint64_t len)
{
	struct cursor part = { .swap = from->swap };

	part.at = take(from, len);
	part.left = part.at ? len : 0;
	part.bad = !part.at;
	return part;
}

#endif
