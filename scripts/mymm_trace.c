// SPDX-License-Identifier: GPL-2.0
/*
 * One line of a recording.
 *
 * Three tools print events, each in its way:
 *
 *      bash-1     [000] d..1.     6.818727: kmalloc: call_site=f+0x2f/0x80 [mod] ptr=..
 *        ls-135   [000]     4.498614: kmalloc:      (f+0x32) call_site=f+0x32 ptr=..
 *      perf   139 [000]     8.814696:        kmem:kmalloc: call_site=f+0x1b ptr=..
 *
 * ftrace's own file, trace-cmd report, perf script. What they share: a CPU in
 * brackets, perhaps flags, a time with a colon, the event's name with a colon, then
 * fields. A task's name may hold anything, so that the first place where all of that
 * follows is taken, wherever it stands.
 *
 * Between the events stand comments, stacks and remarks about lost events. A line
 * that is none of all this is foreign, and so is an event of ours that lacks a field:
 * better to refuse a file than to replay half of it.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

const char *const trace_names[TRACE_KINDS] = {
	[TRACE_PAGE_ALLOC] = "mm_page_alloc",
	[TRACE_PAGE_FREE] = "mm_page_free",
	[TRACE_PAGE_FREE_BATCHED] = "mm_page_free_batched",
	[TRACE_KMALLOC] = "kmalloc",
	[TRACE_KFREE] = "kfree",
	[TRACE_CACHE_ALLOC] = "kmem_cache_alloc",
	[TRACE_CACHE_FREE] = "kmem_cache_free",
	[TRACE_KMEM] = "others of kmem",
	[TRACE_OTHER] = "others",
};

static const struct {
	const char *name;
	enum trace_kind kind;
} kinds[] = {
	{ "mm_page_alloc", TRACE_PAGE_ALLOC },
	{ "mm_page_free", TRACE_PAGE_FREE },
	{ "mm_page_free_batched", TRACE_PAGE_FREE_BATCHED },
	{ "kmalloc", TRACE_KMALLOC },
	{ "kmalloc_node", TRACE_KMALLOC },
	{ "kfree", TRACE_KFREE },
	{ "kmem_cache_alloc", TRACE_CACHE_ALLOC },
	{ "kmem_cache_alloc_node", TRACE_CACHE_ALLOC },
	{ "kmem_cache_free", TRACE_CACHE_FREE },
	{ "mm_page_pcpu_drain", TRACE_KMEM },
	{ "mm_page_alloc_zone_locked", TRACE_KMEM },
	{ "mm_page_alloc_extfrag", TRACE_KMEM },
	{ "mm_alloc_contig_migrate_range_info", TRACE_KMEM },
	{ "rss_stat", TRACE_KMEM },
};

static const char *skip(const char *at, const char *blanks)
{
	return at + strspn(at, blanks);
}

static const char *past_digits(const char *at)
{
	while (isdigit((unsigned char)*at))
		at++;
	return at;
}

/* "6.818727:" or, by a clock that only counts, "6818727:"; gives what follows, or NULL. */
static const char *parse_time(const char *at, uint64_t *time)
{
	const char *start = at;
	uint64_t whole = 0, part = 0, unit = 1000000;

	for (; isdigit((unsigned char)*at); at++)
		whole = whole * 10 + (*at - '0');
	if (at == start || at - start > 18)
		return NULL;
	if (*at == '.') {
		for (at++; isdigit((unsigned char)*at); at++) {
			if (unit == 1)
				continue;
			unit /= 10;
			part += (*at - '0') * unit;
		}
		whole *= 1000000;
	}
	if (at[0] != ':' || (at[1] != ' ' && at[1] != '\t'))
		return NULL;
	*time = whole + part;
	return at + 1;
}

/* After the time: perhaps perf's period, perhaps "kmem:", the name, a colon. */
static const char *parse_name(const char *at, struct piece *name)
{
	const char *end;

	at = skip(at, " \t");
	end = past_digits(at);
	if (end > at && *end == ' ')
		at = skip(end, " \t");
	for (;;) {
		end = at;
		while (isalnum((unsigned char)*end) || *end == '_' ||
		       *end == '-')
			end++;
		if (end == at || *end != ':')
			return NULL;
		if (end[1] == ' ' || end[1] == '\t' || !end[1])
			break;
		at = end + 1;
	}
	name->at = at;
	name->len = end - at;
	return end + 1;
}

/* At a '[': the CPU, flags, time and name. Gives the fields, or NULL. */
static const char *parse_head(const char *at, struct trace_event *event,
			      struct piece *name)
{
	const char *end, *next;
	uint32_t cpu = 0;

	for (end = at + 1; isdigit((unsigned char)*end) && end - at < 8; end++)
		cpu = cpu * 10 + (*end - '0');
	if (end == at + 1 || *end != ']' || end[1] != ' ')
		return NULL;
	event->cpu = cpu;
	end = skip(end + 1, " \t");
	next = parse_time(end, &event->time);
	if (!next) {
		end += strcspn(end, " \t");
		next = parse_time(skip(end, " \t"), &event->time);
	}
	if (!next)
		return NULL;
	end = parse_name(next, name);
	if (!end) {
		/* An event without a colon: a traced function, a stack's title. */
		name->len = 0;
		return next;
	}
	return end;
}

/* perf without -a may show no CPU: then only "12.345: kmem:" is taken for a head. */
static const char *parse_bare_head(const char *line, struct trace_event *event,
				   struct piece *name, const char **start)
{
	const char *kmem = strstr(line, ": "), *at, *end;

	for (; kmem; kmem = strstr(kmem + 1, ": ")) {
		at = kmem;
		while (at > line &&
		       (isdigit((unsigned char)at[-1]) || at[-1] == '.'))
			at--;
		if (at == line || at[-1] != ' ' || !memchr(at, '.', kmem - at))
			continue;
		end = parse_time(at, &event->time);
		if (!end || strncmp(skip(end, " \t"), "kmem:", 5))
			continue;
		event->cpu = NONE;
		*start = at;
		return parse_name(end, name);
	}
	return NULL;
}

static bool field(const char *fields, const char *key, struct piece *value)
{
	size_t len = strlen(key);

	for (const char *at = strstr(fields, key); at;
	     at = strstr(at + 1, key)) {
		if ((at != fields && at[-1] != ' ' && at[-1] != '\t') ||
		    at[len] != '=')
			continue;
		value->at = at + len + 1;
		value->len = strcspn(value->at, " \t");
		return value->len;
	}
	return false;
}

static bool field_number(const char *fields, const char *key, int base,
			 uint64_t *number)
{
	struct piece value;
	size_t i = 0;

	if (!field(fields, key, &value))
		return false;
	if (value.len > 2 && value.at[0] == '0' &&
	    (value.at[1] | 0x20) == 'x') {
		base = 16;
		i = 2;
	}
	*number = 0;
	if (value.len - i > (base == 16 ? 16 : 19))
		return false;
	for (; i < value.len; i++) {
		int c = tolower((unsigned char)value.at[i]);
		int digit = isdigit(c)		 ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
						   16;

		if (digit >= base)
			return false;
		*number = *number * base + digit;
	}
	return true;
}

/* "(null)" and "(nil)" are NULL, "(____ptrval____)" is one that was not shown. */
static bool field_pointer(const char *fields, struct trace_event *event)
{
	struct piece value;

	if (!field(fields, "ptr", &value))
		return false;
	if (value.at[0] != '(')
		return field_number(fields, "ptr", 16, &event->key);
	event->key = 0;
	event->blind = !strncmp(value.at, "(____", 5);
	return event->blind || !strncmp(value.at, "(null)", 6) ||
	       !strncmp(value.at, "(nil)", 5);
}

static const char *parse_pages(const char *fields, struct trace_event *event)
{
	struct piece value;
	uint64_t n;

	if (!field_number(fields, "pfn", 10, &event->key))
		return "an event of pages without a frame number (pfn=)";
	if (event->kind == TRACE_PAGE_FREE_BATCHED)
		return NULL;
	if (!field_number(fields, "order", 10, &n) || n > 30)
		return "an event of pages without an order";
	event->order = n;
	if (event->kind == TRACE_PAGE_FREE)
		return NULL;
	if (!field(fields, "gfp_flags", &value))
		return "mm_page_alloc without gfp_flags";
	gfp_parse(&event->gfp, value);
	event->type = field_number(fields, "migratetype", 10, &n) ? n : 0;
	return NULL;
}

static const char *parse_bytes(const char *fields, struct trace_event *event)
{
	struct piece value;
	const char *end;

	if (!field_pointer(fields, event))
		return "an event of objects without a pointer (ptr=)";
	if (event->kind == TRACE_KFREE)
		return NULL;
	if (event->kind == TRACE_CACHE_FREE) {
		/* The last field, and a name may have blanks; before 5.12 there was none. */
		if (field(fields, "name", &event->name)) {
			end = event->name.at + strlen(event->name.at);
			while (end > event->name.at &&
			       isspace((unsigned char)end[-1]))
				end--;
			event->name.len = end - event->name.at;
		}
		return NULL;
	}
	if (!field_number(fields, "bytes_req", 10, &event->asked) ||
	    !field_number(fields, "bytes_alloc", 10, &event->held))
		return "an allocation without bytes_req= or bytes_alloc=";
	if (event->asked > 1U << 30 || event->held > 1U << 30 ||
	    event->held < event->asked)
		return "an allocation with sizes that can not be";
	if (!field(fields, "gfp_flags", &value))
		return "an allocation without gfp_flags";
	gfp_parse(&event->gfp, value);
	if (field(fields, "call_site", &event->site)) {
		end = strstr(event->site.at, " ptr=");
		if (end)
			event->site.len = end - event->site.at;
	}
	return NULL;
}

static enum line_kind parse_event(const char *line, const char *start,
				  const char *fields, struct piece name,
				  struct trace_event *event, const char **why)
{
	const char *at;

	event->kind = TRACE_OTHER;
	for (size_t i = 0; name.len && i < sizeof(kinds) / sizeof(kinds[0]);
	     i++)
		if (strlen(kinds[i].name) == name.len &&
		    !memcmp(kinds[i].name, name.at, name.len))
			event->kind = kinds[i].kind;
	/* Which task it was only has to be told from other tasks. */
	event->task = 0xCBF29CE484222325ULL;
	for (at = line; at < start; at++)
		event->task =
			(event->task ^ (unsigned char)*at) * 0x100000001B3ULL;
	fields = skip(fields, " \t");
	if (event->kind <= TRACE_PAGE_FREE_BATCHED)
		*why = parse_pages(fields, event);
	else if (event->kind <= TRACE_CACHE_FREE)
		*why = parse_bytes(fields, event);
	return *why ? LINE_FOREIGN : LINE_EVENT;
}

/* "entries-in-buffer/entries-written: 73434/73434", somewhere in a comment. */
static enum line_kind parse_comment(const char *line, struct trace_event *event)
{
	const char *at = strstr(line, "entries-written:"), *end;
	uint64_t *number = &event->asked;

	if (!at)
		return LINE_SKIP;
	at = skip(at + 16, " ");
	for (end = at; isdigit((unsigned char)*end) || *end == '/'; end++) {
		if (*end == '/') {
			number = &event->held;
			continue;
		}
		if (*number > UINT64_MAX / 16)
			return LINE_SKIP;
		*number = *number * 10 + (*end - '0');
	}
	return number == &event->held ? LINE_ENTRIES : LINE_SKIP;
}

/* Remarks: "CPU:0 [LOST 7 EVENTS]", "CPU:1 [7 EVENTS DROPPED]", "CPU 3 is empty", "cpus=2". */
static enum line_kind parse_remark(const char *line, struct trace_event *event,
				   const char **why)
{
	const char *at;

	if (!strncmp(line, "CPU:", 4) &&
	    (strstr(line, "EVENTS") || strstr(line, "events"))) {
		at = strchr(line, '[');
		while (at && *at && !isdigit((unsigned char)*at))
			at++;
		if (at)
			event->asked = strtoul(at, NULL, 10) & UINT32_MAX;
		return LINE_LOST;
	}
	if (!strncmp(line, "cpus=", 5) || !strncmp(line, "version = ", 10) ||
	    !strncmp(line, "CPU ", 4) || !strncmp(line, "trace-cmd: ", 11) ||
	    !strncmp(line, "##### CPU", 9))
		return LINE_SKIP;
	/* Stacks: " => f+0x1", "=> f (addr)", "\tffffffff8d6b95b7 f+0xa7 ([kernel.kallsyms])" */
	at = skip(line, " \t");
	if (at[0] == '=' && at[1] == '>')
		return LINE_SKIP;
	if (at > line) {
		const char *end = at + strspn(at, "0123456789abcdef");

		if (end - at >= 3 && *end == ' ')
			return LINE_SKIP;
	}
	*why = "no line of ftrace, trace-cmd report or perf script";
	return LINE_FOREIGN;
}

enum line_kind trace_line(const char *line, size_t len,
			  struct trace_event *event, const char **why)
{
	const char *at, *fields = NULL, *start = NULL;
	struct piece name = { NULL, 0 };

	memset(event, 0, sizeof(*event));
	*why = NULL;
	if (strlen(line) != len) {
		*why = "a NUL byte in it: no text";
		return LINE_FOREIGN;
	}
	at = skip(line, " \t\r");
	if (!*at)
		return LINE_SKIP;
	if (*line == '#')
		return parse_comment(line, event);
	for (at = strchr(at, '['); at; at = strchr(at + 1, '[')) {
		struct trace_event head = *event;
		const char *found;

		if (at == line || at[-1] != ' ')
			continue;
		found = parse_head(at, &head, &name);
		if (!found || (fields && !name.len))
			continue;
		/* One without a name may be a piece of a task's own. */
		fields = found;
		start = at;
		*event = head;
		if (name.len)
			break;
	}
	if (!fields)
		fields = parse_bare_head(line, event, &name, &start);
	if (!fields)
		return parse_remark(line, event, why);
	return parse_event(line, start, fields, name, event, why);
}
