// SPDX-License-Identifier: GPL-2.0
/*
 * What stands before an event in a line: the task, the CPU, the time.
 *
 * Three tools print it, each in several layouts:
 *
 *	            bash-1     [000] d..1.     6.818727: kmalloc: ...
 *	            bash-1     (    1) [000] d..1.     6.818727: kmalloc: ...
 *	            bash-1     [000] (    1) d..1.     6.818727: kmalloc: ...
 *	    bash-1       0d..1.    89us+: kmalloc: ...
 *	            bash      1   0 0 00000000 00000001 [0094fdc2] 32.464ms (+0.335ms): kmalloc: .
 *	 0)   bash-1   |   d..1. |           |  kmalloc: ...        (as a comment of C)
 *
 * is ftrace's trace file with the options record-tgid (today, and from 4.13 to 5.x),
 * latency-format, verbose with it, and under the tracer function_graph;
 *
 *	              ls-135   [000]     4.498614: (+755)   kmalloc:   ...
 *	      ls-135     0...1.     4.498614: kmalloc:   ...
 *	     a.dat:               ls-135   [000]     4.498614: kmalloc:   ...
 *
 * is trace-cmd report, with --ts-diff, with -l, and of two files;
 *
 *	perf   139 [000]     8.814696:     1     kmem:kmalloc: ...
 *
 * is perf script, of which each part but the event can be left out.
 *
 * A task's name may hold anything, a head included. But ftrace and trace-cmd give it a
 * width that no name exceeds, so the dash behind it has a fixed place; and perf shows
 * the name of the event's system. Only a head with neither is looked for, from the left.
 */
#define _GNU_SOURCE
#include <string.h>

#include "mymm_trace.h"

#define COMM_WIDTH 16
#define COMM_WIDTH_LATENCY 8
/* "Nov 30 16:42:48 host kernel: [   12.345678][    T1] ", and the line without. */
#define PREFIXES_MOST 4

static bool is_digit(char c)
{
	return (unsigned int)c - '0' < 10;
}

static const char *skip(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static const char *past_word(const char *at)
{
	while (*at && *at != ' ' && *at != '\t')
		at++;
	return at;
}

static const char *past_digits(const char *at)
{
	while (is_digit(*at))
		at++;
	return at;
}

/* The number need only differ from that of other tasks. */
static void set_task(struct head *head, const char *at, const char *end)
{
	while (end > at && end[-1] == ' ')
		end--;
	head->comm = (struct piece){ at, end - at };
	head->task = piece_hash(head->comm);
}

/* "6.818727", "6.818727123", or by a clock that only counts "6818727"; else NULL. */
static const char *parse_time(const char *at, struct head *head)
{
	static const uint32_t unit[] = { 1000000, 100000, 10000, 1000,
					 100,	  10,	  1 };
	const char *start = at, *point;
	uint64_t whole = 0, part = 0;
	int digits = 0;

	for (; is_digit(*at); at++) {
		if (at - start == 19)
			return NULL;
		whole = whole * 10 + (*at - '0');
	}
	if (at == start)
		return NULL;
	head->clock = CLOCK_COUNTS;
	head->time = whole;
	if (*at != '.')
		return at;
	point = at;
	for (at++; is_digit(*at); at++)
		if (digits < 6) {
			part = part * 10 + (*at - '0');
			digits++;
		}
	if (point - start > 12)
		return NULL;
	head->clock = CLOCK_SECONDS;
	head->time = whole * 1000000 + part * unit[digits];
	return at;
}

/* The same with its colon, as the last thing before the event. */
static const char *parse_stamp(const char *at, struct head *head)
{
	struct head found;

	if (!is_digit(*at))
		return NULL;
	found = *head;
	at = parse_time(at, &found);
	if (!at || *at != ':' || (at[1] && at[1] != ' ' && at[1] != '\t'))
		return NULL;
	*head = found;
	return skip(at + 1);
}

/* What tools put between the time and the event: "(+755)", perf's period. */
static const char *past_extras(const char *at)
{
	const char *end;

	if (at[0] == '(' && at[1] == '+') {
		end = strchr(at, ')');
		if (end)
			at = skip(end + 1);
	}
	end = past_digits(at);
	return end > at && (*end == ' ' || *end == '\t') ? skip(end) : at;
}

/* At "[000]": the CPU, then a group, flags and the like, at last the time. */
static bool parse_cpu_and_time(const char *at, struct head *head)
{
	const char *end = past_digits(at + 1), *rest;
	uint32_t cpu = 0;

	if (*at != '[' || end == at + 1 || end - at > 8 || *end != ']' ||
	    (end[1] != ' ' && end[1] != '\t'))
		return false;
	for (at++; at < end; at++)
		cpu = cpu * 10 + (*at - '0');
	at = skip(end + 1);
	if (*at == '(') {
		end = at + 1 + strspn(at + 1, " -0123456789");
		if (*end == ')')
			at = skip(end + 1);
	}
	for (int words = 0; words < 4; words++, at = skip(past_word(at))) {
		rest = parse_stamp(at, head);
		if (!rest)
			continue;
		head->cpu = cpu;
		head->rest = past_extras(rest);
		return true;
	}
	return false;
}

/* "-PID", where a name of @width ends; gives what stands behind it. */
static const char *past_task(const char *line, size_t width)
{
	const char *at = line + width, *end;

	if (strnlen(line, width + 2) < width + 2 || *at != '-')
		return NULL;
	end = past_digits(at + 1);
	return end > at + 1 && *end == ' ' ? skip(end) : NULL;
}

static bool trace_head(const char *line, struct head *head)
{
	const char *at = past_task(line, COMM_WIDTH), *end;

	if (!at)
		return false;
	end = at;
	if (*at == '(') {
		end += 1 + strspn(at + 1, " -0123456789");
		if (*end == ')')
			end = skip(end + 1);
	}
	if (!parse_cpu_and_time(end, head))
		return false;
	set_task(head, line, at);
	head->sure = true;
	return true;
}

static bool latency_head(const char *line, struct head *head)
{
	const char *task = past_task(line, COMM_WIDTH_LATENCY), *at, *flags;
	uint32_t cpu = 0;

	if (!task)
		return false;
	at = past_digits(task);
	if (at == task || at - task > 6 || *at == ' ')
		return false;
	for (const char *digit = task; digit < at; digit++)
		cpu = cpu * 10 + (*digit - '0');
	flags = at;
	at = past_word(at);
	if (at - flags < 3 || at - flags > 9)
		return false;
	at = parse_time(skip(at), head);
	if (!at)
		return false;
	if (at[0] == 'u' && at[1] == 's' && at[2]) {
		head->clock = CLOCK_SECONDS;
		at += 3;
	}
	if (at[0] != ':' || (at[1] != ' ' && at[1] != '\t'))
		return false;
	head->cpu = cpu;
	head->rest = past_extras(skip(at + 1));
	set_task(head, line, task);
	head->sure = true;
	return true;
}

static const char *past_hex(const char *at)
{
	const char *end = at + strspn(at, "0123456789abcdef");

	return end > at && (*end == ' ' || *end == ']') ? end : NULL;
}

static bool verbose_head(const char *line, struct head *head)
{
	const char *at, *end, *task;
	uint32_t cpu = 0;

	if (strnlen(line, COMM_WIDTH + 1) <= COMM_WIDTH ||
	    line[COMM_WIDTH] != ' ')
		return false;
	at = skip(line + COMM_WIDTH);
	task = past_digits(at);
	at = skip(task);
	for (end = at; is_digit(*end) && end - at < 7; end++)
		cpu = cpu * 10 + (*end - '0');
	if (end == at || *end != ' ')
		return false;
	at = skip(end);
	for (int number = 0; number < 3; number++) {
		at = past_hex(at);
		if (!at || *at != ' ')
			return false;
		at = skip(at);
	}
	at = *at == '[' ? past_hex(at + 1) : NULL;
	if (!at || at[0] != ']')
		return false;
	at = parse_time(skip(at + 1), head);
	if (!at)
		return false;
	if (at[0] == 'm' && at[1] == 's') {
		head->time /= 1000;
		at += 2;
	}
	end = strstr(at, "): ");
	if (strncmp(at, " (+", 3) || !end)
		return false;
	head->cpu = cpu;
	head->rest = skip(end + 3);
	set_task(head, line, task);
	head->sure = true;
	return true;
}

/*
 * Two files of trace-cmd, an instance: "a.dat: "; the kernel's log: "<4>", "[   12.345678] ",
 * "[   12.345678][    T1] ", "[Mon Nov 30 16:42:48 2026] "; what syslog puts before that:
 * "Nov 30 16:42:48 host kernel: ". One of them.
 */
static const char *past_prefix(const char *line)
{
	const char *at = skip(line), *end;

	if (*at == '<') {
		end = past_digits(at + 1);
		return end > at + 1 && *end == '>' ? end + 1 : NULL;
	}
	if (*at == '[') {
		end = at + 1;
		while (is_digit(*end) || (*end && strchr(" .:", *end)) ||
		       (*end >= 'A' && *end <= 'Z') ||
		       (*end >= 'a' && *end <= 'z'))
			end++;
		if (*end != ']')
			return NULL;
		return end[1] == '[' ? end + 1 : end[1] == ' ' ? end + 2 : NULL;
	}
	end = past_word(at);
	if (end > at + 1 && end[-1] == ':' && *end == ' ')
		return end + 1;
	end = strstr(at, " kernel: ");
	return end ? end + 9 : NULL;
}

/*
 * What tp_printk has the kernel log: "[    6.818727] kmalloc: ", with no CPU and no task; with a
 * journal's "host kernel: kmalloc: " no time either.
 */
static bool printk_head(const char *line, const char *at, struct head *head)
{
	const char *stamp = strchr(line, '['), *end = NULL;
	bool stamped = stamp && stamp < at;
	struct name name;

	if (!stamped && (at - line < 9 || strncmp(at - 9, " kernel: ", 9)))
		return false;
	/* perf would show the system. */
	if (!strncmp(at, "kmem:", 5) || !name_parse(at, &name) ||
	    name.kind >= TRACE_KMEM || !name.ours)
		return false;
	memset(head, 0, sizeof(*head));
	if (stamped)
		end = parse_time(skip(stamp + 1), head);
	if (!end || *end != ']' || head->clock != CLOCK_SECONDS)
		memset(head, 0, sizeof(*head));
	head->cpu = NONE;
	head->rest = at;
	head->sure = true;
	return true;
}

/* An event as a comment among the calls of function_graph, behind its columns. */
static bool graph_head(const char *line, struct head *head)
{
	const char *comment = strstr(line, "/* "), *before = comment, *at, *end;
	const char *close = strrchr(line, '*');

	/* A task's name may have the first, but does not end the line. */
	if (!comment || close[1] != '/' || close[2])
		return false;
	while (before > line && (before[-1] == ' ' || before[-1] == '\t'))
		before--;
	if (before > line && before[-1] != '|' && before[-1] != ')')
		return false;
	head->rest = skip(comment + 3);
	head->cpu = NONE;
	head->graph = true;
	for (at = skip(line); at < before; at = skip(end)) {
		end = past_digits(at);
		if (end > at && *end == ')' && end - at < 8) {
			head->cpu = 0;
			for (; at < end; at++)
				head->cpu = head->cpu * 10 + (*at - '0');
			end++;
		} else if (end > at && *end == '.') {
			end = parse_time(at, head);
			if (!end)
				end = past_word(at);
		} else if (*at == '|') {
			end = at + 1;
		} else {
			end = past_word(at);
			/* Of words like "bash-1", the pid's is the last before a bar. */
			if (end[-1] != '.' && is_digit(end[-1]))
				set_task(head, at, end);
		}
	}
	return true;
}

/* The word that ends before @at, in @line; NULL if there is none. */
static const char *word_before(const char *line, const char *at,
			       const char **end)
{
	while (at > line && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	*end = at;
	while (at > line && at[-1] != ' ' && at[-1] != '\t')
		at--;
	return at < *end ? at : NULL;
}

/* perf shows the system, "kmem:kfree: "; from there backwards. */
static bool perf_head(const char *line, struct head *head)
{
	const char *kmem = strstr(line, "kmem:"), *first = NULL, *at, *end;

	/* A task may be called "kmem:kfree:", but no fields follow that. */
	for (; kmem; kmem = strstr(kmem + 5, "kmem:")) {
		if ((kmem != line && kmem[-1] != ' ' && kmem[-1] != '\t') ||
		    kind_of_event(kmem + 5, &end) == TRACE_OTHER || *end != ':')
			continue;
		first = first ?: kmem;
		end = skip(end + 1);
		if (*end == '(' || !strncmp(end, "call_site=", 10) ||
		    !strncmp(end, "page=", 5))
			break;
	}
	kmem = kmem ?: first;
	if (!kmem)
		return false;
	head->rest = kmem;
	head->cpu = NONE;
	head->sure = true;
	set_task(head, line, kmem);
	at = word_before(line, kmem, &end);
	if (at &&
	    past_digits(at) == end) /* the period, unless a time stands there */
		at = word_before(line, at, &end);
	if (at && parse_stamp(at, head)) {
		set_task(head, line, at);
		at = word_before(line, at, &end);
	}
	/* The CPU, and before the time perhaps the kind of mode or the time of day. */
	for (int words = 0; at && words < 4; words++) {
		if (*at == '[' && end[-1] == ']' &&
		    past_digits(at + 1) == end - 1 && end - at < 9) {
			head->cpu = 0;
			set_task(head, line, at);
			for (at++; at < end - 1; at++)
				head->cpu = head->cpu * 10 + (*at - '0');
			break;
		}
		at = word_before(line, at, &end);
	}
	return true;
}

/* Anywhere: the first place with a name behind it that is kmem's, else any name, else none. */
static bool any_head(const char *line, struct head *head)
{
	struct head best, found;
	int rank, best_rank = 0;

	for (const char *at = strchr(line, '['); at; at = strchr(at + 1, '[')) {
		struct name name;

		if (at > line && at[-1] != ' ' && at[-1] != '\t')
			continue;
		memset(&found, 0, sizeof(found));
		if (!parse_cpu_and_time(at, &found))
			continue;
		rank = !name_parse(found.rest, &name)	   ? 1 :
		       name.kind < TRACE_KMEM && name.ours ? 3 :
							     2;
		if (rank <= best_rank)
			continue;
		best_rank = rank;
		best = found;
		set_task(&best, line, at);
	}
	if (best_rank)
		*head = best;
	return best_rank;
}

bool head_parse(const char *line, bool in_text, struct head *head)
{
	const char *at = line;

	memset(head, 0, sizeof(*head));
	for (int i = 0; i < PREFIXES_MOST && at; i++) {
		if (trace_head(at, head) || latency_head(at, head) ||
		    verbose_head(at, head) ||
		    (i && !in_text && printk_head(line, at, head)))
			return true;
		at = past_prefix(at);
	}
	memset(head, 0, sizeof(*head));
	return graph_head(line, head) || perf_head(line, head) ||
	       any_head(line, head);
}
