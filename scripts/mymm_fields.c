// SPDX-License-Identifier: GPL-2.0
/*
 * The fields of an event of kmem: "call_site=f+0x1/0x2 [mod] ptr=00000000db0408b3 ...".
 *
 * One pass, until all is there, whatever their order: it is another one where a tool prints
 * the fields of the record (option fields, trace-cmd report -R) instead of the kernel's own
 * format. What is not known is passed over.
 *
 * Pointers have had many forms. NULL is "(null)", padded with blanks before 5.2, "(nil)",
 * or zeros; one that was not to be seen is "(____ptrval____)", or "(ptrval)" on 32 bit.
 */
#define _GNU_SOURCE
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

/* What an event of each kind must have, or may have before the last of these. */
/* clang-format off */
#define OF(field) (1U << (field))
#define OF_ALLOC (OF(F_CALL_SITE) | OF(F_PTR) | OF(F_BYTES_REQ) | OF(F_BYTES_ALLOC) | OF(F_GFP))
/* clang-format on */
static const uint32_t wanted[TRACE_KMEM] = {
	[TRACE_PAGE_ALLOC] = OF(F_PAGE) | OF(F_PFN) | OF(F_ORDER) | OF(F_TYPE) |
			     OF(F_GFP),
	[TRACE_PAGE_FREE] = OF(F_PFN) | OF(F_ORDER),
	[TRACE_PAGE_FREE_BATCHED] = OF(F_PFN),
	[TRACE_KMALLOC] = OF_ALLOC,
	[TRACE_KFREE] = OF(F_PTR),
	[TRACE_CACHE_ALLOC] = OF_ALLOC,
	[TRACE_CACHE_FREE] = OF(F_PTR) | OF(F_NAME),
};

struct values {
	struct piece of[FIELDS];
	uint32_t seen; /* OF() of each */
};

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Of a length that is known here, so that it is compared without a call. */
/* clang-format off */
#define IS(key, text) (!memcmp((key).at, text, sizeof(text) - 1))
/* clang-format on */

static enum field field_of(struct piece key)
{
	switch (key.len) {
	case 3:
		return IS(key, "ptr") ? F_PTR : IS(key, "pfn") ? F_PFN : FIELDS;
	case 4:
		return IS(key, "page") ? F_PAGE :
		       IS(key, "name") ? F_NAME :
					 FIELDS;
	case 5:
		return IS(key, "order") ? F_ORDER : FIELDS;
	case 9:
		return IS(key, "call_site") ? F_CALL_SITE :
		       IS(key, "bytes_req") ? F_BYTES_REQ :
		       IS(key, "gfp_flags") ? F_GFP :
					      FIELDS;
	case 11:
		return IS(key, "bytes_alloc") ? F_BYTES_ALLOC :
		       IS(key, "migratetype") ? F_TYPE :
						FIELDS;
	default:
		return FIELDS;
	}
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

/* Ends with what @kind wants; a call site, and a pointer, may have more words. */
static void take_apart(const char *text, enum trace_kind kind,
		       struct values *values)
{
	enum field field, last = FIELDS;
	const char *end, *equals;

	memset(values, 0, sizeof(*values));
	for (; *text; text = end + (*end == ' ')) {
		struct piece word;

		end = strchrnul(text, ' ');
		equals = memchr(text, '=', end - text);
		word = (struct piece){ text, end - text };
		if (!equals) {
			/* " [mod]" belongs to a call site, "      (null)" to a pointer. */
			if (last == F_CALL_SITE && word.len)
				values->of[last].len =
					end - values->of[last].at;
			else if ((last == F_PTR || last == F_PAGE) &&
				 !values->of[last].len)
				values->of[last] = word;
			continue;
		}
		word.len = equals - text;
		field = field_of(word);
		word = (struct piece){ equals + 1, end - equals - 1 };
		if (field == F_NAME)
			end = past_name(&word);
		last = field;
		if (field == FIELDS || values->seen & OF(field))
			continue;
		values->seen |= OF(field);
		values->of[field] = word;
		if (!(wanted[kind] & ~values->seen) && word.len &&
		    field != F_CALL_SITE)
			break;
	}
}

/* A number of more digits may be too large. */
#define DIGITS_SAFE 16

static bool number(const struct values *values, enum field field,
		   unsigned int base, uint64_t *to)
{
	/* One more than its value, so that 0 is none. */
	/* clang-format off */
	static const uint8_t digits[256] = {
		['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7,
		['7'] = 8, ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13,
		['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13,
		['D'] = 14, ['E'] = 15, ['F'] = 16,
	};
	/* clang-format on */
	struct piece text = values->of[field];
	const char *end, *safe;
	uint64_t n = 0;

	if (text.len > 1 && text.at[0] == '0' && text.at[1] == 'x') {
		base = 16;
		text.at += 2;
		text.len -= 2;
	}
	if (!text.len)
		return false;
	end = text.at + text.len;
	while (text.at < end && *text.at == '0')
		text.at++;
	safe = end - text.at < DIGITS_SAFE ? end : text.at + DIGITS_SAFE;
	for (; text.at < safe; text.at++) {
		unsigned int digit = digits[(unsigned char)*text.at] - 1U;

		if (digit >= base)
			return false;
		n = n * base + digit;
	}
	for (; text.at < end; text.at++) {
		unsigned int digit = digits[(unsigned char)*text.at] - 1U;

		if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return false;
	}
	*to = n;
	return true;
}

static bool is_null(struct piece text)
{
	if (!text.len ||
	    (*text.at != '(' && *text.at != 'N' && *text.at != 'n'))
		return false;
	return starts(text, "(null)") || starts(text, "(nil)") ||
	       starts(text, "NULL") || starts(text, "null");
}

static bool pointer(const struct values *values, struct trace_event *event)
{
	struct piece text = values->of[F_PTR];

	if (number(values, F_PTR, 16, &event->key))
		return true;
	event->blind = starts(text, "(ptrval)") ||
		       starts(text, "(____ptrval____)");
	return event->blind || is_null(text);
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
	if (!(values->seen & OF(F_GFP)))
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
	if (!(values->seen & OF(F_GFP)))
		return "an allocation without gfp_flags";
	event->gfp = values->of[F_GFP];
	event->site = values->of[F_CALL_SITE];
	return NULL;
}

const char *fields_parse(const char *text, struct trace_event *event)
{
	struct values values;

	take_apart(text, event->kind, &values);
	return event->kind <= TRACE_PAGE_FREE_BATCHED ?
		       page_fields(&values, event) :
		       byte_fields(&values, event);
}
