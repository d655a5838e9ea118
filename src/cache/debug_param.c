// SPDX-License-Identifier: GPL-2.0
/*
 * Which caches of a pool are debug caches: a text in the language of the kernel's parameter
 * slub_debug.
 *
 *   FLAGS                    all caches
 *   FLAGS,NAME,NAME...       those of these names; a name may end in *
 *   FLAGS,NAME;FLAGS         several of both; the first that names a cache decides, else the
 *                            last without names
 *
 * FLAGS are letters of F, Z, P, U, T (debug.c), in any case; none of them are FZPU, and - is
 * nothing. O spares caches whose slabs would have to be larger: they lose Z, P and U. The
 * kernel skips a letter that it does not know; here the pool is refused.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/compat.h"
#include "cache/debug.h"

#define DEFAULT_FLAGS                                            \
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
	 SLAB_STORE_USER)

/* One letter; false if it is none. */
static bool read_letter(char letter, slab_flags_t *flags, bool *spare_order)
{
	switch (tolower(letter)) {
	case '-':
		*flags = 0;
		return true;
	case 'f':
		*flags |= SLAB_CONSISTENCY_CHECKS;
		return true;
	case 'z':
		*flags |= SLAB_RED_ZONE;
		return true;
	case 'p':
		*flags |= SLAB_POISON;
		return true;
	case 'u':
		*flags |= SLAB_STORE_USER;
		return true;
	case 't':
		*flags |= SLAB_TRACE;
		return true;
	case 'o':
		*spare_order = true;
		return true;
	default:
		return false;
	}
}

/* The letters that a block begins with. Returns what is behind them. */
static const char *read_flags(const char *text, slab_flags_t *flags,
			      bool *spare_order)
{
	const char *end = text;

	*flags = 0;
	while (*end && *end != ',' && *end != ';' &&
	       read_letter(*end, flags, spare_order))
		end++;
	if (end == text)
		*flags = DEFAULT_FLAGS;
	return end;
}

static int check_names(const char *names)
{
	while (*names == ',') {
		size_t length = strcspn(++names, ",;");
		const char *star = memchr(names, '*', length);

		if (!length) {
			pr_err("debug: a name is missing\n");
			return -EINVAL;
		}
		if (star && star != names + length - 1) {
			pr_err("debug: \"%.*s\" has something behind the *\n",
			       (int)length, names);
			return -EINVAL;
		}
		names += length;
	}
	return 0;
}

/**
 * mymm_debug_check_text() - does such a text make sense?
 * @text: the text; NULL or empty: nothing is said
 *
 * Context: process.
 * Return: 0; -EINVAL, with a line in the log that says what does not.
 */
int mymm_debug_check_text(const char *text)
{
	slab_flags_t flags;
	bool spare_order;
	int err = 0;

	while (text && *text && !err) {
		const char *end = read_flags(text, &flags, &spare_order);

		if (tolower(*end) == 'a') {
			pr_err("debug: '%c' (failslab) is not to be had: there are no injected failures outside of tests\n",
			       *end);
			return -EINVAL;
		}
		if (*end && *end != ',' && *end != ';') {
			pr_err("debug: '%c' is none of F, Z, P, U, T, O and -\n",
			       isascii(*end) && isprint(*end) ? *end : '?');
			return -EINVAL;
		}
		err = check_names(end);
		text = strpbrk(end, ";");
		text = text ? text + 1 : NULL;
	}
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_debug_check_text);

/* Is the cache among the names of a block? */
static bool is_named(const char *names, const char *name)
{
	while (*names == ',') {
		size_t length = strcspn(++names, ",;");

		if (length && names[length - 1] == '*' ?
			    !strncmp(name, names, length - 1) :
			    strlen(name) == length &&
				    !strncmp(name, names, length))
			return true;
		names += length;
	}
	return false;
}

/**
 * mymm_debug_flags_of() - what such a text says of a cache
 * @text: makes sense; or NULL
 * @name: of the cache
 * @spare_order: is set if it is to lose what would need larger slabs
 *
 * Context: any.
 * Return: SLAB_*, some of %MYMM_DEBUG_FLAGS.
 */
slab_flags_t mymm_debug_flags_of(const char *text, const char *name,
				 bool *spare_order)
{
	slab_flags_t all = 0, flags, named = 0;
	bool is_found = false;

	while (text && *text) {
		const char *end = read_flags(text, &flags, spare_order);

		if (*end == ',' && !is_found && is_named(end, name)) {
			named = flags;
			is_found = true;
		}
		if (*end != ',' && end != text)
			all = flags;
		text = strpbrk(end, ";");
		text = text ? text + 1 : NULL;
	}
	return is_found ? named : all;
}
MYMM_EXPORT_INTERNAL(mymm_debug_flags_of);
