// SPDX-License-Identifier: GPL-2.0
/*
 * A whole recording: its lines, its events in their order, and whether all are there.
 *
 * An event that is acted on becomes an *entry*; all else is counted. Entries are put in the
 * order of their times if that is not how they came, and if the times of each CPU by
 * itself rise: then these are the events of several CPUs, one CPU after the other or as
 * trace_pipe found them. If the times of one CPU go back, this may be two recordings, or
 * a clock that was set; then the order of the file is kept, and the summary says so.
 *
 * ftrace's head promises a number of events. In a file of one CPU (per_cpu/cpu0/trace) it is
 * that of all, so one with the events of one CPU only need not have them all. Several
 * files may stand one behind the other, each with a head.
 *
 * mymm_settle.c then makes lives of the entries.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

/* From one head of ftrace to the next. */
struct part {
	bool promises;
	bool calls; /* of function_graph: its lines are not its events */
	uint32_t cpus; /* that the recorded machine had */
	uint32_t cpu; /* whose events these are */
	bool one_cpu;
	uint64_t promised;
	uint64_t written;
	uint64_t events;
	uint64_t texts; /* lines that may be events without a head, as printk-msg-only */
};

struct reader {
	struct recording *rec;
	struct part part;
	struct part before; /* it, without its counts */
	uint64_t latest; /* time */
	uint64_t latest_of[ENTRY_CPUS];
	bool cpu_backwards;
	bool in_text;
	unsigned long foreign_line; /* the first that is nothing known */
	char foreign[64];
};

static void keep(struct reader *reader, const struct trace_event *event,
		 unsigned long line)
{
	struct recording *rec = reader->rec;
	uint16_t cpu = event->cpu % ENTRY_CPUS;
	struct entry *entry;

	if (rec->nr_entries == rec->room_entries) {
		rec->room_entries = rec->room_entries ? 2 * rec->room_entries :
							4096;
		rec->entry = xalloc(rec->entry, rec->room_entries,
				    sizeof(*rec->entry));
	}
	entry = &rec->entry[rec->nr_entries++];
	*entry = (struct entry){
		.time = event->clock == CLOCK_NONE ? reader->latest :
						     event->time,
		.key = event->key,
		.task = event->task,
		.asked = event->asked < UINT32_MAX ? event->asked : UINT32_MAX,
		.held = event->held < UINT32_MAX ? event->held : UINT32_MAX,
		.gfp = NONE,
		.site = NONE,
		.name = NONE,
		.cpu = cpu,
		.kind = event->kind,
		.order = event->order,
		.type = event->type,
		.blind = event->blind,
	};
	if (event->gfp.at)
		entry->gfp = texts_add(&rec->gfps, event->gfp);
	if (event->site.len)
		entry->site = texts_add(&rec->sites, event->site);
	if (event->name.len)
		entry->name = texts_add(&rec->names, event->name);
	if (rec->nr_entries > 1 && entry->time < reader->latest) {
		if (!rec->backwards++)
			rec->first_backwards = line;
	}
	if (entry->time < reader->latest_of[cpu])
		reader->cpu_backwards = true;
	reader->latest = entry->time;
	reader->latest_of[cpu] = entry->time;
	if (event->clock != CLOCK_NONE)
		rec->clock = event->clock;
}

static void take_event(struct reader *reader, const struct trace_event *event,
		       unsigned long line)
{
	struct recording *rec = reader->rec;
	struct part *part = &reader->part;

	rec->events[event->kind]++;
	if (!part->events++) {
		part->cpu = event->cpu;
		part->one_cpu = event->cpu != NONE;
	} else if (event->cpu != part->cpu) {
		part->one_cpu = false;
	}
	part->calls |= event->graph;
	reader->in_text = event->opens_text;
	if (event->kind < TRACE_KMEM) {
		rec->kmem++;
		keep(reader, event, line);
	}
}

/* The part that ends here has what its head promised, or may lack some. */
static int end_part(struct reader *reader, unsigned long line)
{
	struct recording *rec = reader->rec;
	struct part *part = &reader->part, *before = &reader->before;
	bool of_one_cpu = part->one_cpu && part->cpus != 1;

	if (!part->promises)
		return OK;
	if (part->calls || part->events + part->texts >= part->promised)
		of_one_cpu = false;
	else if (!of_one_cpu)
		return failed(0, "%s:%lu: cut off: %s of %s in its head",
			      rec->path, line, count_text(part->events),
			      plural(part->promised, "event", "events"));
	else
		rec->one_cpu_of += part->promised;
	/* The files of several CPUs all have the same head. */
	if (!of_one_cpu || part->promised != before->promised ||
	    part->written != before->written)
		rec->lost += part->written > part->promised ?
				     part->written - part->promised :
				     0;
	*before = *part;
	if (!of_one_cpu)
		before->promised = 0;
	return OK;
}

static int begin_part(struct reader *reader, const struct trace_event *head,
		      unsigned long line)
{
	int rc = end_part(reader, line);

	reader->part = (struct part){
		.promises = true,
		.cpus = head->cpu,
		.promised = head->asked,
		.written = head->held,
	};
	return rc;
}

/* Shows what can be shown of a line that is refused. */
static const char *excerpt(const char *line)
{
	static char text[64];
	size_t i;

	for (i = 0; i < sizeof(text) - 4 && line[i]; i++)
		text[i] = line[i] >= ' ' && line[i] < 127 ? line[i] : '?';
	strcpy(text + i, line[i] ? "..." : "");
	return text;
}

static int take_line(struct reader *reader, struct input *input, char *line,
		     size_t len)
{
	struct recording *rec = reader->rec;
	struct trace_event event;
	enum line_kind kind;
	const char *why;

	if (input->line == 1 && len >= 2 &&
	    (!memcmp(line, "\xFF\xFE", 2) || !memcmp(line, "\xFE\xFF", 2) ||
	     (!line[1] && len >= 4 && !line[3])))
		return failed(
			0,
			"%s:1: this is UTF-16: make it UTF-8 first: iconv -f UTF-16 -t UTF-8",
			rec->path);
	if (input->line == 1 && !strncmp(line, "\xEF\xBB\xBF", 3)) {
		line += 3;
		len -= 3;
	}
	kind = trace_line(line, len, reader->in_text, &event, &why);
	rec->lines_of[kind]++;
	switch (kind) {
	case LINE_EVENT:
		take_event(reader, &event, input->line);
		break;
	case LINE_ENTRIES:
		return begin_part(reader, &event, input->line);
	case LINE_LOST:
		rec->lost_marks++;
		rec->lost += event.asked;
		break;
	case LINE_CALL:
		reader->part.calls = true;
		break;
	case LINE_COMMENT:
		/* The head of another file, and not a text that looks like one. */
		if (!strncmp(line, "# tracer: ", 10))
			reader->in_text = false;
		break;
	case LINE_TEXT:
		reader->part.texts++;
		reader->in_text |= event.opens_text;
		if (!reader->foreign_line) {
			reader->foreign_line = input->line;
			strcpy(reader->foreign, excerpt(line));
		}
		break;
	case LINE_FOREIGN:
		return failed(0, "%s:%lu: %s: '%s'", rec->path, input->line,
			      why, excerpt(line));
	default:
		break;
	}
	if (rec->nr_entries >= NONE - 1)
		return failed(0, "%s:%lu: too many events", rec->path,
			      input->line);
	return OK;
}

static int check_whole(struct reader *reader, const struct input *input)
{
	const struct recording *rec = reader->rec;

	if (input->cut)
		return failed(0, "%s:%lu: cut off: this line has no end",
			      rec->path, input->line);
	if (end_part(reader, input->line))
		return FAILED;
	if (!rec->kmem && reader->foreign_line)
		return failed(
			0,
			"%s:%lu: no line of ftrace, trace-cmd report or perf script: '%s'; and no event of kmem follows",
			rec->path, reader->foreign_line, reader->foreign);
	if (!rec->kmem)
		return failed(0, "%s:%lu: it ends without an event of kmem",
			      rec->path, input->line);
	return OK;
}

/* Merges the ascending runs of [@from, @to) with those of [@to, @end), the first ones first. */
static void merge(struct entry *to, const struct entry *a, size_t nr_a,
		  const struct entry *b, size_t nr_b)
{
	while (nr_a && nr_b) {
		if (b->time < a->time) {
			*to++ = *b++;
			nr_b--;
		} else {
			*to++ = *a++;
			nr_a--;
		}
	}
	memcpy(to, a, nr_a * sizeof(*a));
	memcpy(to + nr_a, b, nr_b * sizeof(*b));
}

/* By time; what has the same time stays in its order. */
static void sort(struct recording *rec)
{
	struct entry *from = rec->entry, *to;
	size_t nr = rec->nr_entries;

	to = xalloc(NULL, nr, sizeof(*to));
	for (size_t run = 1; run < nr; run *= 2) {
		struct entry *swap = from;

		for (size_t at = 0; at < nr; at += 2 * run) {
			size_t a = nr - at < run ? nr - at : run;
			size_t left = nr - at - a;

			merge(to + at, from + at, a, from + at + a,
			      left < run ? left : run);
		}
		from = to;
		to = swap;
	}
	free(to);
	rec->entry = from;
	rec->room_entries = nr;
}

static void put_in_order(struct reader *reader)
{
	struct recording *rec = reader->rec;

	if (rec->backwards && !reader->cpu_backwards) {
		rec->back_in_time = TIMES_SORTED;
		sort(rec);
	} else if (rec->backwards) {
		rec->back_in_time = TIMES_KEPT;
		warn("%s:%lu: times go back, also on one CPU: the order is kept",
		     rec->path, rec->first_backwards);
	}
	rec->first = UINT64_MAX;
	for (size_t i = 0; i < rec->nr_entries; i++) {
		uint64_t time = rec->entry[i].time;

		rec->first = time < rec->first ? time : rec->first;
		rec->last = time > rec->last ? time : rec->last;
	}
}

static int read_lines(struct reader *reader, struct input *input)
{
	size_t len;
	char *line;
	int rc = OK, more = 0;

	while (!rc && (more = input_line(input, &line, &len)) > 0) {
		/* A line without its end is reported below, with what the tool says. */
		if (input->cut)
			break;
		rc = take_line(reader, input, line, len);
		if (!(input->line % 1024))
			progress("reading: lines", input->line, 0);
	}
	progress_end();
	return more < 0 ? FAILED : rc;
}

int recording_read(struct recording *rec, const char *path)
{
	struct reader *reader = xalloc(NULL, 1, sizeof(*reader));
	struct input input;
	int rc;

	memset(rec, 0, sizeof(*rec));
	memset(reader, 0, sizeof(*reader));
	reader->rec = rec;
	rc = input_open(&input, path);
	rec->path = input.path;
	rec->tool = input.tool;
	if (!rc)
		rc = read_lines(reader, &input);
	if (rc)
		input.ended = false; /* reported already */
	if (input_close(&input))
		rc = FAILED;
	if (!rc)
		rc = check_whole(reader, &input);
	if (!rc)
		put_in_order(reader);
	free(reader);
	return rc;
}

void recording_free(struct recording *rec)
{
	free(rec->entry);
	free(rec->life);
	free(rec->step);
	free(rec->cache);
	texts_free(&rec->sites);
	texts_free(&rec->names);
	texts_free(&rec->gfps);
	texts_free(&rec->cache_ids);
	memset(rec, 0, sizeof(*rec));
}
