// SPDX-License-Identifier: GPL-2.0
/*
 * What a pool can do without, in words: of the module's parameter without=, and of the mirror's.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "base/compat.h"
#include "mymm.h"
#include "pool/pool.h"

/**
 * mymm_pool_without() - what a pool is to be without
 * @text: pcp, watermarks, mobility, reclaim, with commas in between, or all; or nothing
 * @flags: gets %MYMM_POOL_NO_PCP and the like, beside what it has
 *
 * Return: 0; -EINVAL: a word is none of these, with a line in the log.
 */
int mymm_pool_without(const char *text, unsigned int *flags)
{
	static const struct {
		const char *word;
		unsigned int flag;
	} words[] = {
		{ "pcp", MYMM_POOL_NO_PCP },
		{ "watermarks", MYMM_POOL_NO_WATERMARKS },
		{ "mobility", MYMM_POOL_NO_MOBILITY },
		{ "reclaim", MYMM_POOL_NO_RECLAIM },
		{ "all", MYMM_POOL_BARE },
	};
	unsigned int i;

	if (!*text)
		return 0;
	do {
		size_t length = strcspn(text, ",");

		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (strlen(words[i].word) == length &&
			    !strncmp(words[i].word, text, length))
				break;
		if (i == ARRAY_SIZE(words)) {
			pr_err("without: \"%.*s\" is none of pcp, watermarks, mobility, reclaim, all\n",
			       (int)length, text);
			return -EINVAL;
		}
		*flags |= words[i].flag;
		text += length;
	} while (*text++ == ',');
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_pool_without);
