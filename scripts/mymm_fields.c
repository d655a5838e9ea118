// SPDX-License-Identifier: GPL-2.0
/*
 * The fields of an event of kmem: "call_site=f+0x1/0x2 [mod] ptr=00000000db0408b3 ...".
 *
 * One pass, whatever their order: it is another one where a tool prints the fields of
 * the record (option fields, trace-cmd report -R) instead of the kernel's own format. What
 * is not known is passed over.
 *
 * Pointers have had many forms. NULL is "(null)", padded with blanks before 5.2, "(nil)",
 * or zeros; one that was not to be seen is "(____ptrval____)", or "(ptrval)" on 32 bit.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <string.h>

#include "mymm_trace.h"

#define GIB (1U << 30)

enum field {
	F_CALL_SITE,
	F_PTR,
	F_NAME,
	F_BYTES_REQ,
	F_BYTES_ALLOC,
	F_GFP,
	F_PAGE,
	F_PFN,
	F_ORDER,
	F_TYPE,
	FIELDS,
};

static const struct {
	const char *name;
	size_t len;
} fields[FIELDS] = {
	[F_CALL_SITE] = { "call_site", 9 },
	[F_PTR] = { "ptr", 3 },
	[F_NAME] = { "name", 4 },
	[F_BYTES_REQ] = { "bytes_req", 9 },
	[F_BYTES_ALLOC] = { "bytes_alloc", 11 },
	[F_GFP] = { "gfp_flags", 9 },
	[F_PAGE] = { "page", 4 },
	[F_PFN] = { "pfn", 3 },
	[F_ORDER] = { "order", 5 },
	[F_TYPE] = { "migratetype", 11 },
};

struct values {
	struct piece of[FIELDS];
	bool seen[FIELDS];
};

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static enum field field_of(struct piece key)
{
	int i = 0;

	while (i < FIELDS && (fields[i].len != key.len ||
			      memcmp(fields[i].name, key.at, key.len)))
		i++;
	return i;
}

static bool starts(struct piece text, const char *with)
{
	return text.len >= strlen(with) && !memcmp(text.at, with, strlen(with));
}

/*
 * A name is the rest of the line, or what stands before bytes_req=. perf may put an
 * address with a symbol behind it, trace-cmd --debug its own offsets.
 */
static const char *past_name(struct piece *name)
{
	const char *end = strstr(name->at, " bytes_req="), *at;

	if (!end)
		end = name->at + strlen(name->at);
	name->len = end - name->at;
	for (at = name->at; at < end; at++) {
		size_t digits;

		if (*at != ' ')
			continue;
		digits = strspn(at + 1, "0123456789abcdef");
		if ((digits >= 8 &&
		     (!at[1 + digits] || blank(at[1 + digits]))) ||
		    (at[1] == '[' && strspn(at + 2, "0123456789") &&
		     strstr(at, ":0x"))) {
			name->len = at - name->at;
			break;
		}
	}
	while (name->len && blank(name->at[name->len - 1]))
		name->len--;
	return end;
}

static void take_apart(const char *text, struct values *values)
{
	enum field last = FIELDS;

	memset(values, 0, sizeof(*values));
	for (; *text; text++) {
		const char *start = text, *equals;
		struct piece value;
		enum field field;

		if (*text == ' ')
			continue;
		text = strchrnul(text, ' ');
		equals = memchr(start, '=', text - start);
		if (!equals) {
			/* " [mod]" belongs to a call site, "      (null)" to a pointer. */
			value = (struct piece){ start, text - start };
			if (last == F_CALL_SITE)
				values->of[last].len =
					text - values->of[last].at;
			else if ((last == F_PTR || last == F_PAGE) &&
				 !values->of[last].len)
				values->of[last] = value;
		} else {
			field = field_of(
				(struct piece){ start, equals - start });
			last = field;
			value = (struct piece){ equals + 1, text - equals - 1 };
			if (field == F_NAME)
				text = past_name(&value);
			if (field < FIELDS && !values->seen[field]) {
				values->seen[field] = true;
				values->of[field] = value;
			}
		}
		if (!*text)
			break;
	}
}

static bool number(const struct values *values, enum field field, int base,
		   uint64_t *to)
{
	struct piece text = values->of[field];
	uint64_t n = 0;

	if (starts(text, "0x")) {
		base = 16;
		text.at += 2;
		text.len -= 2;
	}
	if (!text.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int c = tolower((unsigned char)text.at[i]);
		int digit = isdigit(c)		 ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
						   16;

		if (digit >= base || n > (UINT64_MAX - digit) / base)
			return false;
		n = n * base + digit;
	}
	*to = n;
	return true;
}

static bool is_null(struct piece text)
{
	return starts(text, "(null)") || starts(text, "(nil)") ||
	       starts(text, "NULL") || starts(text, "null");
}

static bool pointer(const struct values *values, struct trace_event *event)
{
	struct piece text = values->of[F_PTR];

	if (starts(text, "(ptrval)") || starts(text, "(____ptrval____)"))
		event->blind = true;
	else if (!is_null(text))
		return number(values, F_PTR, 16, &event->key);
	return true;
}

static const char *page_fields(const struct values *values,
			       struct trace_event *event)
{
	uint64_t n;

	if (!number(values, F_PFN, 10, &event->key))
		return "an event of pages without a frame number (pfn=)";
	if (event->kind == TRACE_PAGE_FREE_BATCHED)
		return NULL;
	if (!number(values, F_ORDER, 10, &n) || n > 30)
		return "an event of pages without an order";
	event->order = n;
	if (event->kind == TRACE_PAGE_FREE)
		return NULL;
	/* One that failed; older kernels make a frame number of NULL all the same. */
	if (is_null(values->of[F_PAGE]) || event->key == UINT64_MAX)
		event->key = 0;
	if (!values->seen[F_GFP])
		return "mm_page_alloc without gfp_flags";
	event->gfp = values->of[F_GFP];
	if (number(values, F_TYPE, 10, &n))
		event->type = n < UINT8_MAX ? n : UINT8_MAX;
	return NULL;
}

static const char *byte_fields(const struct values *values,
			       struct trace_event *event)
{
	if (!pointer(values, event))
		return "an event of objects without a pointer (ptr=)";
	event->name = values->of[F_NAME];
	if (event->kind == TRACE_KFREE || event->kind == TRACE_CACHE_FREE)
		return NULL;
	if (!number(values, F_BYTES_REQ, 10, &event->asked) ||
	    !number(values, F_BYTES_ALLOC, 10, &event->held))
		return "an allocation without bytes_req= or bytes_alloc=";
	/* One that failed may have asked for anything. */
	if (event->key && (event->asked > GIB || event->held > GIB ||
			   event->held < event->asked))
		return "an allocation with sizes that can not be";
	if (!values->seen[F_GFP])
		return "an allocation without gfp_flags";
	event->gfp = values->of[F_GFP];
	event->site = values->of[F_CALL_SITE];
	return NULL;
}

const char *fields_parse(const char *text, struct trace_event *event)
{
	struct values values;

	take_apart(text, &values);
	return event->kind <= TRACE_PAGE_FREE_BATCHED ?
		       page_fields(&values, event) :
		       byte_fields(&values, event);
}
