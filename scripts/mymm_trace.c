// SPDX-License-Identifier: GPL-2.0
/*
 * One line of a recording: an event of kmem, another event, or neither.
 *
 * An event has a head (mymm_head.c), a name with a colon, and fields (mymm_fields.c). What
 * is no event, as a stack, a comment, the second line of a text that was written to
 * trace_marker, never stops a replay: it is counted by its kind. An event of kmem always
 * counts: one that lacks a field, or stands in a layout that is not known here, is refused,
 * since half a recording replays to something that never was.
 *
 * kmem's names are not kmem's alone: a kprobe may be called kfree, too. In ftrace it shows
 * its address first, "kfree: (kfree+0x0/0x110)", in perf another system, "probe:kfree:".
 * trace-cmd puts a call site before kmem's own fields, "(f+0x32)", without a size.
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
	[TRACE_NAMESAKE] = "probes and the like with a name of kmem's",
	[TRACE_OTHER] = "others",
};

/* clang-format off */
#define EVENT(name, kind) { name, sizeof(name) - 1, kind }
/* clang-format on */

static const struct {
	const char *name;
	size_t len;
	enum trace_kind kind;
} events[] = {
	/* The most frequent ones first. */
	EVENT("kmem_cache_free", TRACE_CACHE_FREE),
	EVENT("kfree", TRACE_KFREE),
	EVENT("kmem_cache_alloc", TRACE_CACHE_ALLOC),
	EVENT("mm_page_free", TRACE_PAGE_FREE),
	EVENT("mm_page_alloc", TRACE_PAGE_ALLOC),
	EVENT("kmalloc", TRACE_KMALLOC),
	EVENT("mm_page_free_batched", TRACE_PAGE_FREE_BATCHED),
	EVENT("kmem_cache_alloc_node", TRACE_CACHE_ALLOC),
	EVENT("kmalloc_node", TRACE_KMALLOC),
	EVENT("mm_page_free_direct", TRACE_PAGE_FREE), /* until 3.2 */
	EVENT("mm_pagevec_free", TRACE_PAGE_FREE_BATCHED), /* until 3.2 */
	EVENT("mm_page_pcpu_drain", TRACE_KMEM),
	EVENT("mm_page_alloc_zone_locked", TRACE_KMEM),
	EVENT("mm_page_alloc_extfrag", TRACE_KMEM),
	EVENT("mm_alloc_contig_migrate_range_info", TRACE_KMEM),
	EVENT("mm_setup_per_zone_wmarks", TRACE_KMEM),
	EVENT("mm_setup_per_zone_lowmem_reserve", TRACE_KMEM),
	EVENT("mm_calculate_totalreserve_pages", TRACE_KMEM),
	EVENT("rss_stat", TRACE_KMEM),
};

/* Events whose text may have several lines. */
static const char *const texts[] = { "tracing_mark_write", "print", "bprint",
				     "bputs", "bpf_trace_printk" };

static const char *skip(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static bool in_name(char c)
{
	/* clang-format off */
	static const bool is[256] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
		['_'] = true, ['-'] = true, ['.'] = true,
	};
	/* clang-format on */

	return is[(unsigned char)c];
}

enum trace_kind kind_of_event(const char *at, const char **end)
{
	size_t len = 0;

	while (in_name(at[len]))
		len++;
	*end = at + len;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i].len == len && !memcmp(events[i].name, at, len))
			return events[i].kind;
	return TRACE_OTHER;
}

/* Are these fields of kmem's, or what is left of them? */
static bool ours(enum trace_kind kind, const char *fields)
{
	static const char *const first[] = { "call_site=", "page=", "pfn=" };
	bool pages = kind <= TRACE_PAGE_FREE_BATCHED;
	const char *at = skip(fields), *end;
	size_t left;

	if (*at == '(') {
		end = at + 1 + strcspn(at + 1, " </)");
		if (*end != ')' || !memchr(at, '+', end - at))
			return false;
		at = skip(end + 1);
	}
	for (int i = pages; i <= 2 * pages; i++)
		if (!strncmp(at, first[i], strlen(first[i])))
			return true;
	left = strlen(at);
	for (int i = pages; i <= 2 * pages; i++)
		if (!strncmp(at, first[i], left))
			return true;
	return false;
}

bool name_parse(const char *at, struct name *name)
{
	const char *end, *system = NULL;
	bool kmem = false;

	for (;;) {
		name->kind = kind_of_event(at, &end);
		if (end == at || *end != ':')
			return false;
		if (!end[1] || end[1] == ' ' || end[1] == '\t')
			break;
		kmem = end - at == 4 && !memcmp(at, "kmem", 4);
		system = at;
		at = end + 1;
	}
	name->fields = end + 1;
	name->own = (struct piece){ NULL, 0 };
	if (name->kind == TRACE_OTHER && !strncmp(at, "mymm_", 5))
		name->own = (struct piece){ at, end - at };
	name->opens_text = false;
	for (size_t i = 0;
	     name->kind == TRACE_OTHER && i < sizeof(texts) / sizeof(texts[0]);
	     i++)
		if (!strncmp(at, texts[i], end - at) && !texts[i][end - at])
			name->opens_text = true;
	name->ours = false;
	if (kmem && name->kind == TRACE_OTHER)
		name->kind = TRACE_KMEM;
	if (name->kind < TRACE_KMEM)
		name->ours = kmem || (!system && ours(name->kind, end + 1));
	else if (system && !kmem)
		name->kind = TRACE_OTHER;
	return true;
}

/* An event of kmem's with its fields, anywhere in the line; its name, or NULL. */
static const char *find_event(const char *line)
{
	const char *colon = strchr(line, ':'), *at, *end;
	enum trace_kind kind;

	for (; colon; colon = strchr(colon + 1, ':')) {
		for (at = colon; at > line && in_name(at[-1]); at--)
			;
		kind = kind_of_event(at, &end);
		if (kind < TRACE_KMEM && *skip(colon + 1) &&
		    ours(kind, colon + 1))
			return at;
	}
	return NULL;
}

/* "entries-in-buffer/entries-written: 73434/73434   #P:2", "# latency: 0 us, #123/123, ...#P:2)" */
static enum line_kind parse_comment(const char *line, struct trace_event *event)
{
	const char *at = strstr(line, "entries-written: "), *cpus;
	char *end;

	if (at) {
		at += 17;
	} else if (!strncmp(line, "# latency: ", 11)) {
		at = strchr(line + 1, '#');
		at = at ? at + 1 : NULL;
	}
	if (!at || !isdigit((unsigned char)*at))
		return LINE_COMMENT;
	event->asked = strtoull(at, &end, 10);
	if (*end != '/' || !isdigit((unsigned char)end[1]))
		return LINE_COMMENT;
	event->held = strtoull(end + 1, NULL, 10);
	cpus = strstr(line, "#P:");
	event->cpu = cpus ? strtoul(cpus + 3, NULL, 10) : 0;
	return LINE_ENTRIES;
}

/* "CPU:0 [LOST 7 EVENTS]", "CPU:1 [7 EVENTS DROPPED]", "PERF_RECORD_LOST lost 7" */
static bool parse_lost(const char *at, struct trace_event *event)
{
	const char *number;

	if (*at != 'C' && *at != 'P')
		return false;
	if (!strncmp(at, "CPU:", 4) && strstr(at, "EVENTS"))
		number = strchr(at, '[');
	else if (!strncmp(at, "PERF_RECORD_LOST", 16))
		number = strstr(at, " lost ");
	else
		return false;
	while (number && *number && !isdigit((unsigned char)*number))
		number++;
	if (number)
		event->asked = strtoul(number, NULL, 10) & UINT32_MAX;
	return true;
}

/* Digits and "type: 549": what ftrace makes of an event of kmem with raw, hex or bin. */
static const char *numbers_only(const char *line)
{
	const char *type = strstr(line, "type: "), *at = skip(line);

	if (!type || strspn(type + 6, "0123456789") != strlen(type + 6) ||
	    at + strspn(at, "0123456789abcdef ") != type)
		return NULL;
	if (type - at == 35 && at[8] == ' ' && at[17] == ' ')
		return "ftrace's option hex shows no fields: echo nohex >trace_options";
	return "ftrace's option raw shows no fields: echo noraw >trace_options";
}

static const char *fields_only(const char *text)
{
	const char *site = strstr(text, "call_site=");

	return (site && strstr(site, " ptr=")) || (strstr(text, "pfn=") &&
						   strstr(text, " order=")) ?
		       "an event of kmem without its name: perf script -F event,trace shows it" :
		       NULL;
}

/* Why this line without a head can't be passed over; NULL: it can. */
static const char *lost_event(const char *line)
{
	const char *event = find_event(line), *at, *end;

	if (event == line)
		return "ftrace's option context-info is off: echo context-info >trace_options";
	if (event)
		return "an event of kmem in an unknown layout: print it without options";
	at = strstr(line, "kmem:");
	if (at && kind_of_event(at + 5, &end) < TRACE_KMEM && *end == '(')
		return "perf trace: print it with perf record and perf script";
	return fields_only(line) ?: numbers_only(line);
}

/* A stack: " => f+0x1", "\t=> f (addr)", "\tffffffff8d6b95b7 f+0xa7 ([kernel.kallsyms])" */
static bool is_frame(const char *line)
{
	const char *at = skip(line), *end;

	if (at[0] == '=' && at[1] == '>')
		return true;
	end = at + strspn(at, "0123456789abcdef");
	return at > line && end > at && end - at <= 16 &&
	       (!*end || *end == ' ');
}

/* A call in function_graph: " 1)   1.688 us    |  }" */
static bool is_call(const char *line, size_t len)
{
	return strstr(line, "|  ") && strchr(";{}/", line[len - 1]);
}

static bool is_comment(const char *line)
{
	static const char *const begin[] = { "#", "cpus=", "version = ",
					     "TRACE:", "CPU " };

	for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		if (!strncmp(line, begin[i], strlen(begin[i])))
			return true;
	return false;
}

static enum line_kind parse_other(const char *line, size_t len, bool in_text,
				  struct trace_event *event, const char **why)
{
	const char *remark = strstr(line, "CPU:");

	if (*line == '#')
		return in_text ? LINE_COMMENT : parse_comment(line, event);
	if (remark && parse_lost(remark, event))
		return LINE_LOST;
	if (is_comment(line))
		return LINE_COMMENT;
	if (!in_text)
		*why = lost_event(line);
	return *why		  ? LINE_FOREIGN :
	       is_frame(line)	  ? LINE_STACK :
	       is_call(line, len) ? LINE_CALL :
				    LINE_TEXT;
}

static enum line_kind parse_event(const struct head *head,
				  const struct name *name,
				  struct trace_event *event, const char **why)
{
	event->cpu = head->cpu;
	event->clock = head->clock;
	event->time = head->time;
	event->task = head->task;
	event->comm = head->comm;
	event->graph = head->graph;
	event->kind = name->kind;
	event->opens_text = name->opens_text;
	event->own = name->own;
	event->fields = name->fields;
	if (name->kind < TRACE_KMEM && !name->ours)
		event->kind = TRACE_NAMESAKE;
	else if (name->kind < TRACE_KMEM)
		*why = fields_parse(name->fields, event);
	return *why ? LINE_FOREIGN : LINE_EVENT;
}

/* An event without a colon: a traced function, a stack's title, trace_printk()'s "f+0x1/0x2: ". */
static void nameless(const char *rest, struct name *name)
{
	memset(name, 0, sizeof(*name));
	name->kind = TRACE_OTHER;
	name->opens_text = strstr(rest, ": ");
}

enum line_kind trace_line(char *line, size_t len, bool in_text,
			  struct trace_event *event, const char **why)
{
	struct name name;
	struct head head;

	memset(event, 0, sizeof(*event));
	*why = NULL;
	if (strlen(line) != len) {
		*why = memmem(line, len, "type: ", 6) ?
			       "ftrace's option bin shows no text: echo nobin >trace_options" :
			       "a NUL byte in it: no text";
		return LINE_FOREIGN;
	}
	while (len && isspace((unsigned char)line[len - 1]))
		line[--len] = 0;
	if (!len)
		return LINE_COMMENT;
	if (!head_parse(line, in_text, &head))
		return parse_other(line, len, in_text, event, why);
	if (head.graph && len > 2 && !strcmp(line + len - 2, "*/"))
		line[len - 2] = 0;
	if (parse_lost(head.rest, event))
		return LINE_LOST;
	event->opens_text = head.graph;
	if (!name_parse(head.rest, &name)) {
		if (*line == '#' || head.graph)
			return parse_other(line, len, in_text || head.graph,
					   event, why);
		nameless(head.rest, &name);
		*why = name.opens_text ? NULL : fields_only(head.rest);
	}
	/* A head that is not sure may be a piece of a task's name. */
	if (!head.sure && !name.ours && !name.opens_text &&
	    find_event(head.rest)) {
		*why = "an event of kmem in an unknown layout: print it without options";
		return LINE_FOREIGN;
	}
	return parse_event(&head, &name, event, why);
}
