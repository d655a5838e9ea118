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
	struct keeper keeper; /* the first member */
	struct recording *rec;
	struct sink *sink; /* NULL: events are kept */
	unsigned long line;
	struct part part;
	struct part before; /* it, without its counts */
	uint64_t latest; /* time */
	uint64_t latest_of[ENTRY_CPUS];
	bool cpu_backwards;
	uint32_t task; /* of the line before */
	bool in_text;
	unsigned long foreign_line; /* the first that is nothing known */
	char foreign[64];
};

/* Seldom, so not a part of what calls it. */
static NEVER_INLINE int more_entries(struct recording *rec)
{
	if (rec->nr_entries > NONE - 2 * TAPE_STEP)
		return failed(0, "%s: too many events", rec->path);
	rec->entry = tape_extend(&rec->entries, sizeof(*rec->entry));
	return OK;
}

/* Counts an event, and keeps it if it is acted on. */
static int take_entry(struct keeper *keeper, const struct entry *entry,
		      enum clock clock)
{
	struct reader *reader = (struct reader *)keeper;
	struct recording *rec = reader->rec;

	rec->events[entry->kind]++;
	if (entry->kind >= TRACE_KMEM)
		return OK;
	rec->kmem++;
	if (entry->time < reader->latest && !rec->backwards++)
		rec->first_backwards = reader->line;
	if (entry->time < reader->latest_of[entry->cpu])
		reader->cpu_backwards = true;
	reader->latest = entry->time;
	reader->latest_of[entry->cpu] = entry->time;
	if (clock != CLOCK_NONE)
		rec->clock = clock;
	if (reader->sink)
		return reader->sink->put(reader->sink, rec, entry);
	if (!(rec->nr_entries % TAPE_STEP) && more_entries(rec))
		return FAILED;
	rec->entry[rec->nr_entries++] = *entry;
	return OK;
}

static void count_in_part(struct part *part, uint32_t cpu)
{
	if (!part->events++) {
		part->cpu = cpu;
		part->one_cpu = cpu != NONE;
	} else if (cpu != part->cpu) {
		part->one_cpu = false;
	}
}

void recording_name_task(struct recording *rec, uint32_t task,
			 struct piece comm)
{
	for (; comm.len && *comm.at == ' '; comm.at++)
		comm.len--;
	if (map_get(&rec->tasks, task) == NONE)
		map_put(&rec->tasks, task, texts_add(&rec->comms, comm));
}

static int take_event(struct reader *reader, const struct trace_event *event)
{
	struct recording *rec = reader->rec;
	struct entry entry = {
		.time = event->clock == CLOCK_NONE ? reader->latest :
						     event->time,
		.key = event->key,
		.task = event->task,
		.asked = event->asked < UINT32_MAX ? event->asked : UINT32_MAX,
		.held = event->held < UINT32_MAX ? event->held : UINT32_MAX,
		.gfp = NONE,
		.site = NONE,
		.name = NONE,
		.cpu = event->cpu % ENTRY_CPUS,
		.kind = event->kind,
		.order = event->order,
		.type = event->type,
		.blind = event->blind,
	};

	reader->part.calls |= event->graph;
	reader->in_text = event->opens_text;
	if (event->comm.len && (event->task != reader->task || !rec->comms.nr))
		recording_name_task(rec, event->task, event->comm);
	reader->task = event->task;
	if (event->gfp.at)
		entry.gfp = texts_add(&rec->gfps, event->gfp);
	if (event->site.len)
		entry.site = texts_add(&rec->sites, event->site);
	if (event->name.len)
		entry.name = texts_add(&rec->names, event->name);
	count_in_part(&reader->part, event->cpu);
	if (event->own.at && !reader->sink)
		process_line(rec, event->own, event->fields, entry.time);
	return take_entry(&reader->keeper, &entry, event->clock);
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
	reader->line = input->line;
	kind = trace_line(line, len, reader->in_text, &event, &why);
	rec->lines_of[kind]++;
	switch (kind) {
	case LINE_EVENT:
		return take_event(reader, &event);
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
	if (!rec->kmem && input->form != FORM_TEXT)
		return failed(0, "%s: there is no event of kmem in it",
			      rec->path);
	if (!rec->kmem && rec->events[TRACE_NAMESAKE])
		return failed(
			0,
			"%s:%lu: it ends without an event of kmem: %s with its names have other fields",
			rec->path, input->line,
			plural(rec->events[TRACE_NAMESAKE], "event", "events"));
	if (!rec->kmem)
		return failed(0, "%s:%lu: it ends without an event of kmem",
			      rec->path, input->line);
	return OK;
}

/* Merges two ascending runs, of which one begins at @at and one behind it, the first ones first. */
static void merge(const struct tape *to, const struct tape *from, size_t at,
		  size_t nr_a, size_t nr_b)
{
	const struct entry *a = (const struct entry *)from->at + at;
	const struct entry *b = a + nr_a, *end_a = b, *end_b = b + nr_b;
	struct entry *put = (struct entry *)to->at + at;

	for (; a < end_a || b < end_b; at++) {
		if (!(at % TAPE_STEP)) {
			tape_trim(from);
			tape_trim(to);
		}
		if (a == end_a || (b < end_b && b->time < a->time))
			*put++ = *b++;
		else
			*put++ = *a++;
	}
}

/* By time; what has the same time stays in its order. */
static void sort(struct recording *rec)
{
	struct tape from = rec->entries, to = { 0 };
	size_t nr = rec->nr_entries;

	for (size_t i = 0; i < nr; i += TAPE_STEP)
		tape_extend(&to, sizeof(struct entry));
	for (size_t run = 1; run < nr; run *= 2) {
		struct tape swap = from;

		for (size_t at = 0; at < nr; at += 2 * run) {
			size_t a = nr - at < run ? nr - at : run;
			size_t left = nr - at - a;

			merge(&to, &from, at, a, left < run ? left : run);
		}
		from = to;
		to = swap;
	}
	tape_free(&to);
	rec->entries = from;
	rec->entry = from.at;
}

static void put_in_order(struct reader *reader)
{
	struct recording *rec = reader->rec;

	if (rec->backwards && !reader->cpu_backwards) {
		rec->back_in_time = TIMES_SORTED;
		sort(rec);
		process_sort(rec);
	} else if (rec->backwards) {
		rec->back_in_time = TIMES_KEPT;
		warn("%s:%lu: times go back, also on one CPU: the order is kept",
		     rec->path, rec->first_backwards);
	}
	rec->first = UINT64_MAX;
	if (!rec->backwards && rec->nr_entries) {
		rec->first = rec->entry[0].time;
		rec->last = rec->entry[rec->nr_entries - 1].time;
		return;
	}
	for (size_t i = 0; i < rec->nr_entries; i++) {
		uint64_t time = rec->entry[i].time;

		if (!(i % TAPE_STEP))
			recording_trim(rec);
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

int recording_stream(struct recording *rec, const char *path, struct sink *sink)
{
	struct reader *reader = xzalloc(1, sizeof(*reader));
	struct input input;
	int rc;

	memset(rec, 0, sizeof(*rec));
	reader->rec = rec;
	reader->sink = sink;
	rc = input_open(&input, path);
	rec->path = input.path;
	rec->tool = input.tool;
	reader->keeper.keep = take_entry;
	if (!rc && input.form == FORM_DAT)
		rc = input_file(&input) ?:
			     dat_read(rec, input.fd, &reader->keeper);
	else if (!rc && input.form == FORM_PACK)
		rc = pack_read(rec, &input, &reader->keeper);
	else if (!rc)
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

int recording_read(struct recording *rec, const char *path)
{
	return recording_stream(rec, path, NULL);
}

void recording_trim(const struct recording *rec)
{
	tape_trim(&rec->entries);
	tape_trim(&rec->lives);
	tape_trim(&rec->steps);
}

void recording_rewind(struct recording *rec)
{
	for (size_t i = 0; i < rec->nr_lives; i++) {
		struct life *life = &rec->life[i];

		if (!(i % TAPE_STEP))
			recording_trim(rec);
		life->handle = 0;
		life->taken = 0;
		/* The others have the place that the pool gives them. */
		if (life->note != PAGES_START)
			life->pfn = 0;
	}
	for (size_t i = 0; i < rec->nr_caches; i++) {
		struct cache_kind *cache = &rec->cache[i];

		cache->handle = 0;
		cache->order = 0;
		cache->allocs = 0;
		cache->frees = 0;
		cache->failed = 0;
		cache->live = 0;
		cache->peak = 0;
	}
}

void recording_free(struct recording *rec)
{
	tape_free(&rec->entries);
	tape_free(&rec->lives);
	tape_free(&rec->steps);
	free(rec->cache);
	texts_free(&rec->sites);
	texts_free(&rec->names);
	texts_free(&rec->gfps);
	texts_free(&rec->cache_ids);
	texts_free(&rec->comms);
	texts_free(&rec->victims);
	map_free(&rec->tasks);
	free(rec->process);
	bytes_free(&rec->state);
	start_free(rec->start);
	memset(rec, 0, sizeof(*rec));
}
