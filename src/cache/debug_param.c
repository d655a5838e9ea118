// SPDX-License-Identifier: GPL-2.0
/*
 * Which caches of a pool are debug caches: a text in the syntax of the kernel's parameter
 * slub_debug.
 *
 *   FLAGS                    all caches
 *   FLAGS,NAME,NAME...       caches of these names; a name may end in *
 *   FLAGS,NAME;FLAGS         blocks of both kinds: the first block that names a cache decides,
 *                            else the last block without names
 *
 * FLAGS are the letters F, Z, P, U, T (debug.c) in upper or lower case; no letter means FZPU,
 * and - means none. O removes Z, P and U from caches whose slabs they would make larger. The
 * kernel ignores an unknown letter; here the pool is refused.
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

/* Parse the letters at the beginning of a block; returns the text behind them. */
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
 * mymm_debug_check_text() - check the syntax of such a text
 * @text: the text; NULL and empty are valid
 *
 * Context: process.
 * Return: 0; -EINVAL, and a line in the log names the part that is invalid.
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
 * mymm_debug_flags_of() - look up the debug flags of a cache in such a text
 * @text: valid; or NULL
 * @name: of the cache
 * @spare_order: set to whether O applies to the cache
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
