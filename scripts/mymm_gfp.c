// SPDX-License-Identifier: GPL-2.0
/*
 * gfp words of a recording: what they ask for, and what they give away.
 *
 * A recording shows gfp flags as words, "GFP_NOFS|__GFP_ZERO", and the bits behind
 * the words differ between kernels. So the words are taken apart into bits of our
 * own: GFP_NOFS is __GFP_RECLAIM|__GFP_IO, and so on. A word that is not known, or a
 * number, is counted and has no effect.
 *
 * The pages that SLUB takes for its slabs are not marked in a recording. allocate_slab()
 * gives them away: it asks with __GFP_NOWARN|__GFP_NORETRY; with __GFP_COMP where
 * the slab is more than a page, and not else; when it would settle for less, with
 * __GFP_NOMEMALLOC and without any of __GFP_RECLAIM. Of what its own caller asked for
 * it keeps only how to reclaim and which node, so __GFP_ZERO, __GFP_ACCOUNT and
 * __GFP_HIGHMEM exclude it, and it never asks for movable pages. The same words
 * with another order, or with __GFP_NOMEMALLOC and reclaim, are page fragments.
 */
#include <string.h>

#include "mymm_trace.h"

enum {
	W_DMA = 1U << 0,
	W_HIGHMEM = 1U << 1,
	W_DMA32 = 1U << 2,
	W_MOVABLE = 1U << 3,
	W_RECLAIMABLE = 1U << 4,
	W_HIGH = 1U << 5,
	W_IO = 1U << 6,
	W_FS = 1U << 7,
	W_ZERO = 1U << 8,
	W_ATOMIC = 1U << 9,
	W_DIRECT = 1U << 10,
	W_KSWAPD = 1U << 11,
	W_WRITE = 1U << 12,
	W_NOWARN = 1U << 13,
	W_MAYFAIL = 1U << 14,
	W_NOFAIL = 1U << 15,
	W_NORETRY = 1U << 16,
	W_MEMALLOC = 1U << 17,
	W_COMP = 1U << 18,
	W_NOMEMALLOC = 1U << 19,
	W_HARDWALL = 1U << 20,
	W_THISNODE = 1U << 21,
	W_ACCOUNT = 1U << 22,
	W_ODD = 1U << 23, /* known, and of no meaning here */

	W_RECLAIM = W_DIRECT | W_KSWAPD,
	W_KERNEL = W_RECLAIM | W_IO | W_FS,
	W_USER = W_KERNEL | W_HARDWALL,
	W_HIGHUSER_MOVABLE = W_USER | W_HIGHMEM | W_MOVABLE,
	W_THP = W_IO | W_FS | W_HARDWALL | W_HIGHMEM | W_MOVABLE | W_COMP |
		W_NOMEMALLOC | W_NOWARN,

	/* What a slab's pages can be asked for with. */
	W_SLAB = W_RECLAIM | W_HIGH | W_ATOMIC | W_IO | W_FS | W_NOWARN |
		 W_MAYFAIL | W_NORETRY | W_MEMALLOC | W_NOMEMALLOC |
		 W_HARDWALL | W_THISNODE | W_COMP | W_DMA | W_DMA32 |
		 W_RECLAIMABLE,
};

static const struct {
	const char *name;
	uint32_t words;
} words[] = {
	{ "GFP_KERNEL", W_KERNEL },
	{ "GFP_KERNEL_ACCOUNT", W_KERNEL | W_ACCOUNT },
	{ "GFP_NOFS", W_RECLAIM | W_IO },
	{ "GFP_NOIO", W_RECLAIM },
	{ "GFP_ATOMIC", W_HIGH | W_ATOMIC | W_KSWAPD },
	{ "GFP_NOWAIT", W_KSWAPD },
	{ "GFP_USER", W_USER },
	{ "GFP_HIGHUSER", W_USER | W_HIGHMEM },
	{ "GFP_HIGHUSER_MOVABLE", W_HIGHUSER_MOVABLE },
	{ "GFP_TRANSHUGE_LIGHT", W_THP },
	{ "GFP_TRANSHUGE", W_THP | W_DIRECT },
	{ "GFP_DMA", W_DMA },
	{ "GFP_DMA32", W_DMA32 },
	{ "GFP_TEMPORARY", W_KERNEL | W_RECLAIMABLE },
	{ "__GFP_DMA", W_DMA },
	{ "__GFP_HIGHMEM", W_HIGHMEM },
	{ "__GFP_DMA32", W_DMA32 },
	{ "__GFP_MOVABLE", W_MOVABLE },
	{ "__GFP_RECLAIMABLE", W_RECLAIMABLE },
	{ "__GFP_HIGH", W_HIGH },
	{ "__GFP_ATOMIC", W_ATOMIC },
	{ "__GFP_IO", W_IO },
	{ "__GFP_FS", W_FS },
	{ "__GFP_ZERO", W_ZERO },
	{ "__GFP_RECLAIM", W_RECLAIM },
	{ "__GFP_DIRECT_RECLAIM", W_DIRECT },
	{ "__GFP_KSWAPD_RECLAIM", W_KSWAPD },
	{ "__GFP_WRITE", W_WRITE },
	{ "__GFP_NOWARN", W_NOWARN },
	{ "__GFP_RETRY_MAYFAIL", W_MAYFAIL },
	{ "__GFP_REPEAT", W_MAYFAIL },
	{ "__GFP_NOFAIL", W_NOFAIL },
	{ "__GFP_NORETRY", W_NORETRY },
	{ "__GFP_MEMALLOC", W_MEMALLOC },
	{ "__GFP_COMP", W_COMP },
	{ "__GFP_NOMEMALLOC", W_NOMEMALLOC },
	{ "__GFP_HARDWALL", W_HARDWALL },
	{ "__GFP_THISNODE", W_THISNODE },
	{ "__GFP_ACCOUNT", W_ACCOUNT },
	{ "__GFP_ZEROTAGS", W_ODD },
	{ "__GFP_SKIP_ZERO", W_ODD },
	{ "__GFP_SKIP_KASAN", W_ODD },
	{ "__GFP_SKIP_KASAN_POISON", W_ODD },
	{ "__GFP_SKIP_KASAN_UNPOISON", W_ODD },
	{ "__GFP_NOLOCKDEP", W_ODD },
	{ "__GFP_NO_OBJ_EXT", W_ODD },
	{ "__GFP_NOTRACK", W_ODD },
	{ "__GFP_COLD", W_ODD },
	{ "none", 0 },
};

static const struct {
	uint32_t words;
	uint32_t flag;
} meanings[] = {
	{ W_DMA, MYMM_GFP_DMA },
	{ W_DMA32, MYMM_GFP_DMA32 },
	{ W_HIGHMEM, MYMM_GFP_HIGHMEM },
	{ W_MOVABLE, MYMM_GFP_MOVABLE },
	{ W_RECLAIMABLE, MYMM_GFP_RECLAIMABLE },
	{ W_ZERO, MYMM_GFP_ZERO },
	{ W_COMP, MYMM_GFP_COMP },
	{ W_NORETRY, MYMM_GFP_NORETRY },
	{ W_MEMALLOC, MYMM_GFP_MEMALLOC },
	{ W_NOMEMALLOC, MYMM_GFP_NOMEMALLOC },
	{ W_THISNODE, MYMM_GFP_THISNODE },
};

static uint32_t flags_of(uint32_t set)
{
	uint32_t flags = MYMM_GFP_NOWARN;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (set & meanings[i].words)
			flags |= meanings[i].flag;
	if (!(set & W_DIRECT))
		flags |= set & W_HIGH ? MYMM_GFP_ATOMIC : MYMM_GFP_NOWAIT;
	else if (set & W_HIGH)
		flags |= MYMM_GFP_HIGH;
	if (!(set & W_KSWAPD))
		flags |= MYMM_GFP_NOKSWAPD;
	/* What must not fail tries hard, but a pool may be too small for a recording. */
	if (set & (W_MAYFAIL | W_NOFAIL) && !(set & W_NORETRY))
		flags |= MYMM_GFP_RETRY_MAYFAIL;
	/* Zones that exclude each other: no kernel asks so, but a file may say so. */
	if (flags & MYMM_GFP_DMA)
		flags &= ~(MYMM_GFP_DMA32 | MYMM_GFP_HIGHMEM);
	else if (flags & MYMM_GFP_DMA32)
		flags &= ~MYMM_GFP_HIGHMEM;
	/* Movable pages are not reclaimable ones. */
	if (flags & MYMM_GFP_MOVABLE)
		flags &= ~MYMM_GFP_RECLAIMABLE;
	return flags;
}

static bool known(struct piece word, uint32_t *set)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].name) != word.len ||
		    memcmp(words[i].name, word.at, word.len))
			continue;
		*set |= words[i].words;
		return true;
	}
	return false;
}

void gfp_parse(struct gfp *gfp, struct piece text)
{
	memset(gfp, 0, sizeof(*gfp));
	while (text.len) {
		const char *bar = memchr(text.at, '|', text.len);
		struct piece word = { text.at, bar ? (size_t)(bar - text.at) :
						     text.len };

		if (word.len && !known(word, &gfp->words) && !gfp->unknown++)
			gfp->first_unknown = word;
		text.at += word.len + !!bar;
		text.len -= word.len + !!bar;
	}
	gfp->flags = flags_of(gfp->words);
}

bool gfp_is_slab(const struct gfp *gfp, uint32_t order)
{
	uint32_t set = gfp->words;

	if (gfp->unknown || (set & ~W_SLAB))
		return false;
	if ((set & (W_NOWARN | W_NORETRY)) != (W_NOWARN | W_NORETRY))
		return false;
	if (!(set & W_COMP) != !order)
		return false;
	return !(set & W_NOMEMALLOC) || !(set & W_RECLAIM);
}

bool gfp_is_large(const struct gfp *pages, const struct gfp *bytes)
{
	return (pages->words & W_COMP) &&
	       !(pages->words & (W_MOVABLE | W_HIGHMEM)) &&
	       (pages->words | W_COMP) == (bytes->words | W_COMP);
}
