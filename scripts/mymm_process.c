// SPDX-License-Identifier: GPL-2.0
/*
 * What a recording says of processes that have memory of a pool: mymm's own events, of
 * src/process/trace.h and src/page/trace.h.
 *
 *	mymm_fault         a page is touched that is not there; major: it has to be read
 *	mymm_evict         a process loses a page: to kswapd, to itself, or to another process
 *	mymm_file_evict    a page of a file goes
 *	mymm_swap_out, _in a page is written to a swap area, or read from one
 *	mymm_writeback     pages of a file are written
 *	mymm_refault       a page is back that was evicted not long ago
 *	mymm_migrate       a page gets another frame
 *	mymm_mark_victim   a process is killed, since there is no memory
 *
 * They are counted for a report, and a replay does without: as any line that is no event of kmem,
 * one that is damaged is passed over. A trace.dat has them as numbers at places that its formats
 * say. libtraceevent does not see these formats, as it may die of a damaged one.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

static const char *const field_names[PROCESS_FIELDS] = {
	[PROCESS_PID] = "pid",	     [PROCESS_BY] = "by",
	[PROCESS_KSWAPD] = "kswapd", [PROCESS_MAJOR] = "major",
	[PROCESS_NR] = "nr",	     [PROCESS_RESULT] = "result",
	[PROCESS_COMM] = "comm",
};

#define OF(field) (1U << (field))

/* What an event must have. */
static const struct {
	const char *name;
	enum process_what what;
	uint32_t fields;
} events[] = {
	{ "mymm_fault", PROCESS_FAULT, OF(PROCESS_MAJOR) },
	{ "mymm_evict", PROCESS_EVICT_OTHER,
	  OF(PROCESS_PID) | OF(PROCESS_BY) | OF(PROCESS_KSWAPD) },
	{ "mymm_file_evict", PROCESS_EVICT_FILE, 0 },
	{ "mymm_swap_out", PROCESS_SWAP_OUT, OF(PROCESS_RESULT) },
	{ "mymm_swap_in", PROCESS_SWAP_IN, OF(PROCESS_RESULT) },
	{ "mymm_writeback", PROCESS_WRITEBACK,
	  OF(PROCESS_NR) | OF(PROCESS_RESULT) },
	{ "mymm_refault", PROCESS_REFAULT, 0 },
	{ "mymm_migrate", PROCESS_MIGRATE, OF(PROCESS_RESULT) },
	{ "mymm_mark_victim", PROCESS_KILL,
	  OF(PROCESS_PID) | OF(PROCESS_COMM) },
};

static int event_of(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strlen(events[i].name) == len &&
		    !memcmp(events[i].name, name, len))
			return i;
	return -1;
}

static void take(struct recording *rec, int event,
		 const struct process_values *values, uint64_t time)
{
	const int64_t *n = values->number;
	struct process_event one = {
		.time = time,
		.event = rec->kmem,
		.what = events[event].what,
		.count = 1,
	};
	char name[64];

	if (n[PROCESS_RESULT] || n[PROCESS_NR] < 0)
		return;
	if (one.what == PROCESS_FAULT && n[PROCESS_MAJOR])
		one.what = PROCESS_FAULT_MAJOR;
	else if (one.what == PROCESS_WRITEBACK)
		one.count = n[PROCESS_NR];
	else if (one.what == PROCESS_EVICT_OTHER && n[PROCESS_KSWAPD])
		one.what = PROCESS_EVICT_KSWAPD;
	else if (one.what == PROCESS_EVICT_OTHER &&
		 n[PROCESS_BY] == n[PROCESS_PID])
		one.what = PROCESS_EVICT_ITSELF;
	if (one.what == PROCESS_KILL) {
		snprintf(name, sizeof(name), "%.*s-%d",
			 (int)(values->comm.len < 16 ? values->comm.len : 16),
			 values->comm.at, (int)n[PROCESS_PID]);
		one.count = texts_add(&rec->victims,
				      (struct piece){ name, strlen(name) });
	}
	/* At each power of two it is full. */
	if (!(rec->nr_process & (rec->nr_process - 1)))
		rec->process = xalloc(rec->process, 2 * rec->nr_process + 1,
				      sizeof(*rec->process));
	rec->process[rec->nr_process++] = one;
}

/* --- texts ------------------------------------------------------------------------- */

/* What stands behind " NAME=", of several the first one, or the last. */
static const char *find(const char *text, const char *name, bool last)
{
	const char *found = NULL;
	char key[16];

	snprintf(key, sizeof(key), " %s=", name);
	while ((text = strstr(text, key))) {
		text += strlen(key);
		found = text;
		if (!last)
			break;
	}
	return found;
}

void process_line(struct recording *rec, struct piece name, const char *fields,
		  uint64_t time)
{
	struct process_values values = { 0 };
	int event = event_of(name.at, name.len);

	for (int i = 0; event >= 0 && i < PROCESS_FIELDS; i++) {
		/* Behind pid a process's name may look like a field. */
		const char *at = find(fields, field_names[i],
				      i != PROCESS_PID && i != PROCESS_COMM);
		const char *end;
		char *number;

		if (!(events[event].fields & OF(i)))
			continue;
		if (!at)
			return;
		if (i == PROCESS_COMM) {
			end = find(at, "total-vm", true);
			if (!end)
				return;
			end -= strlen(" total-vm=");
			values.comm = (struct piece){ at, end - at };
			continue;
		}
		values.number[i] = strtoll(at, &number, 10);
		if (number == at)
			return;
	}
	if (event >= 0)
		take(rec, event, &values, time);
}

/* --- a trace.dat ------------------------------------------------------------------- */

/* Behind "field:TYPE NAME;" or "NAME[16];" of its format: "\toffset:N;\tsize:N;\tsigned:N;". */
static bool find_place(const char *format, const char *name,
		       struct process_place *place)
{
	size_t len = strlen(name);

	for (const char *at = format; (at = strstr(at, name)); at += len) {
		unsigned int offset, size, is_signed;
		const char *end = at + len;

		if (at == format || (at[-1] != ' ' && at[-1] != '*'))
			continue;
		if (*end == '[')
			end += strcspn(end, ";");
		if (sscanf(end, "; offset:%u; size:%u; signed:%u;", &offset,
			   &size, &is_signed) != 3)
			continue;
		*place = (struct process_place){ offset, size, is_signed };
		return size && size <= 8 && offset < UINT16_MAX;
	}
	return false;
}

struct process_format *process_format(const char *name, const char *format)
{
	struct process_format *found;
	int event = event_of(name, strlen(name));

	if (event < 0)
		return NULL;
	found = xzalloc(1, sizeof(*found));
	found->event = event;
	for (int i = 0; i < PROCESS_FIELDS; i++) {
		if (!(events[event].fields & OF(i)) ||
		    find_place(format, field_names[i], &found->place[i]))
			continue;
		free(found);
		return NULL;
	}
	return found;
}

void process_record(struct recording *rec, const struct process_format *format,
		    const uint8_t *data, uint32_t size, bool swap,
		    uint64_t time)
{
	struct process_values values = { 0 };

	for (int i = 0; i < PROCESS_FIELDS; i++) {
		const struct process_place *place = &format->place[i];
		uint64_t n = 0;

		if (!place->size)
			continue;
		if (place->offset + place->size > size)
			return;
		for (uint32_t at = 0; at < place->size; at++)
			n |= (uint64_t)data[place->offset +
					    (swap ? place->size - 1 - at : at)]
			     << (8 * at);
		if (place->is_signed && place->size < 8 &&
		    n >> (8 * place->size - 1))
			n |= ~0ULL << (8 * place->size);
		values.number[i] = n;
		/* A text: its offset, and above it its length. */
		if (i == PROCESS_COMM && place->size == 4 &&
		    (n & 0xFFFF) < size)
			values.comm = (struct piece){
				(const char *)data + (n & 0xFFFF),
				strnlen((const char *)data + (n & 0xFFFF),
					size - (n & 0xFFFF)),
			};
	}
	take(rec, format->event, &values, time);
}

/* --- their order ------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct process_event *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

void process_sort(struct recording *rec)
{
	size_t at = 0;

	if (rec->nr_process)
		qsort(rec->process, rec->nr_process, sizeof(*rec->process),
		      by_time);
	for (size_t i = 0; i < rec->nr_process; i++) {
		while (at < rec->nr_entries &&
		       rec->entry[at].time <= rec->process[i].time)
			at++;
		rec->process[i].event = at;
	}
}
