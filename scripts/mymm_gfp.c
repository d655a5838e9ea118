// SPDX-License-Identifier: GPL-2.0
/*
 * gfp flags of a recording: what they ask for, and what they give away.
 *
 * A recording shows gfp flags as words, "GFP_NOFS|__GFP_ZERO", and the bits behind
 * the words differ between kernels. So the words are taken apart into bits of our
 * own: GFP_NOFS is __GFP_RECLAIM|__GFP_IO, and so on. Before 4.6 the trace showed
 * __GFP_ZERO as GFP_ZERO.
 *
 * Some tools show a number. Five layouts of the bits have been in use since 2.6.32, and a
 * recording does not say which kernel it is of. But a request that may reclaim directly and by
 * kswapd, as nearly every allocation does, has in each layout a pattern that makes no sense in
 * the others: 0xcc0 is GFP_KERNEL today, 0x6000c0, 0x14000c0, 0x24000c0 and 0xd0 were it. So all
 * numbers of a recording together determine their layout. If they do not, as with an unknown
 * word, that is counted, and they have no effect.
 *
 * The pages that SLUB takes for its slabs are not marked in a recording. allocate_slab()
 * gives them away: it asks with __GFP_NOWARN|__GFP_NORETRY; with __GFP_COMP where
 * the slab is more than a page, and since 6.8 always; when it would settle for less, with
 * __GFP_NOMEMALLOC and without any of __GFP_RECLAIM. Of what its own caller asked for
 * it keeps only how to reclaim and which node, so __GFP_ZERO, __GFP_ACCOUNT and
 * __GFP_HIGHMEM exclude it, and it never asks for movable pages. The same words
 * with another order, or with __GFP_NOMEMALLOC and reclaim, are page fragments.
 */
#include <ctype.h>
#include <stdlib.h>
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
	W_NO_KSWAPD = 1U << 24, /* before 4.4 */

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
	{ "__GFP_NO_OBJ_EXT", W_ODD },
	{ "__GFP_COLD", W_ODD },
	{ "__GFP_OTHER_NODE", W_ODD },
	{ "__GFP_NOACCOUNT", W_ODD },
	{ "__GFP_KMEMCG", W_ACCOUNT },
	{ "__GFP_WAIT", W_RECLAIM },
	{ "__GFP_NO_KSWAPD", W_NO_KSWAPD },
	/* No effect here, and no difference between slabs and other pages. */
	{ "__GFP_NOLOCKDEP", 0 },
	{ "__GFP_NOTRACK", 0 },
	{ "none", 0 },
};

/* Bits that are the same in all layouts. */
#define COMMON_BITS 0xefU
#define LAYOUT_BITS 26

static const struct layout {
	uint32_t told_by; /* what only this layout has together */
	uint32_t implied;
	uint32_t bits[LAYOUT_BITS];
} layouts[] = {
	{ /* since 5.0; those above 22 differ, and no slab's page has one */
	  .told_by = 0xc00,
	  .bits = { W_DMA,	   W_HIGHMEM,  W_DMA32,	  W_MOVABLE,
		    W_RECLAIMABLE, W_HIGH,     W_IO,	  W_FS,
		    W_ZERO,	   W_ATOMIC,   W_DIRECT,  W_KSWAPD,
		    W_WRITE,	   W_NOWARN,   W_MAYFAIL, W_NOFAIL,
		    W_NORETRY,	   W_MEMALLOC, W_COMP,	  W_NOMEMALLOC,
		    W_HARDWALL,	   W_THISNODE, W_ACCOUNT } },
	{ /* 4.4 to 4.9 */
	  .told_by = 0x2400000,
	  .bits = { W_DMA,	   W_HIGHMEM,  W_DMA32,	   W_MOVABLE,
		    W_RECLAIMABLE, W_HIGH,     W_IO,	   W_FS,
		    W_ODD,	   W_NOWARN,   W_MAYFAIL,  W_NOFAIL,
		    W_NORETRY,	   W_MEMALLOC, W_COMP,	   W_ZERO,
		    W_NOMEMALLOC,  W_HARDWALL, W_THISNODE, W_ATOMIC,
		    W_ACCOUNT,	   0,	       W_DIRECT,   W_ODD,
		    W_WRITE,	   W_KSWAPD } },
	{ /* 4.10 to 4.14 */
	  .told_by = 0x1400000,
	  .bits = { W_DMA,	   W_HIGHMEM,  W_DMA32,	   W_MOVABLE,
		    W_RECLAIMABLE, W_HIGH,     W_IO,	   W_FS,
		    W_ODD,	   W_NOWARN,   W_MAYFAIL,  W_NOFAIL,
		    W_NORETRY,	   W_MEMALLOC, W_COMP,	   W_ZERO,
		    W_NOMEMALLOC,  W_HARDWALL, W_THISNODE, W_ATOMIC,
		    W_ACCOUNT,	   0,	       W_DIRECT,   W_WRITE,
		    W_KSWAPD } },
	{ /* 4.15 to 4.20 */
	  .told_by = 0x600000,
	  .bits = { W_DMA,	   W_HIGHMEM,  W_DMA32,	   W_MOVABLE,
		    W_RECLAIMABLE, W_HIGH,     W_IO,	   W_FS,
		    W_WRITE,	   W_NOWARN,   W_MAYFAIL,  W_NOFAIL,
		    W_NORETRY,	   W_MEMALLOC, W_COMP,	   W_ZERO,
		    W_NOMEMALLOC,  W_HARDWALL, W_THISNODE, W_ATOMIC,
		    W_ACCOUNT,	   W_DIRECT,   W_KSWAPD } },
	{ /* before 4.4; kswapd is woken unless there is a bit against it */
	  .told_by = 0x50,
	  .implied = W_KSWAPD,
	  .bits = { W_DMA,	  W_HIGHMEM,  W_DMA32,	   W_MOVABLE,
		    W_DIRECT,	  W_HIGH,     W_IO,	   W_FS,
		    W_ODD,	  W_NOWARN,   W_MAYFAIL,   W_NOFAIL,
		    W_NORETRY,	  W_MEMALLOC, W_COMP,	   W_ZERO,
		    W_NOMEMALLOC, W_HARDWALL, W_THISNODE,  W_RECLAIMABLE,
		    W_ACCOUNT,	  0,	      W_NO_KSWAPD, W_ODD,
		    W_WRITE } },
};

#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

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

static bool same(const char *name, struct piece word)
{
	return strlen(name) == word.len && !memcmp(name, word.at, word.len);
}

/* As it stands, or as before 4.6, without the underscores. */
static bool known(struct piece word, uint32_t *set)
{
	for (int old = 0; old < 2; old++)
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			const char *name = words[i].name;

			if (old && strncmp(name, "__", 2))
				continue;
			if (!same(name + 2 * old, word))
				continue;
			*set |= words[i].words;
			return true;
		}
	return false;
}

static bool is_number(const char *text, uint32_t *number)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	value = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	*number = value;
	return !*end && value <= UINT32_MAX;
}

/* The layout that most of the numbers fit; NULL if none is ahead. */
static const struct layout *layout_of(const struct texts *texts,
				      enum gfp_numbers *numbers)
{
	size_t votes[LAYOUTS] = { 0 }, best = 0, equal = 0, nr = 0;
	uint32_t number;

	for (size_t i = 0; i < texts->nr; i++) {
		if (!is_number(texts->text[i], &number) || !number)
			continue;
		nr++;
		for (size_t l = 0; l < LAYOUTS; l++)
			if ((number & layouts[l].told_by) ==
			    layouts[l].told_by) {
				votes[l]++;
				break;
			}
	}
	for (size_t l = 1; l < LAYOUTS; l++)
		if (votes[l] > votes[best])
			best = l;
	for (size_t l = 0; l < LAYOUTS; l++)
		equal += votes[l] == votes[best];
	*numbers = !nr	      ? GFP_NO_NUMBERS :
		   equal == 1 ? GFP_NUMBERS_READ :
				GFP_NUMBERS_UNKNOWN;
	return equal == 1 ? &layouts[best] : NULL;
}

/* False if it has bits whose meaning is not known. */
static bool add_number(struct gfp *gfp, uint32_t number,
		       const struct layout *layout)
{
	uint32_t bits = layout ? number : number & COMMON_BITS;

	if (layout)
		gfp->words |= layout->implied;
	for (size_t bit = 0; bit < LAYOUT_BITS; bit++)
		if (bits & 1U << bit)
			gfp->words |= (layout ?: layouts)->bits[bit];
	return bits == number;
}

/* A number, or words and at the end a number of the bits that have none. */
static void parse(struct gfp *gfp, const char *text,
		  const struct layout *layout)
{
	const char *end;
	uint32_t number;

	memset(gfp, 0, sizeof(*gfp));
	gfp->unknown = !*text;
	for (; *text; text = end + (*end == '|')) {
		struct piece word = { text, strcspn(text, "|") };

		end = text + word.len;
		if (is_number(text, &number) ?
			    !add_number(gfp, number, layout) :
			    !known(word, &gfp->words)) {
			if (!gfp->unknown)
				gfp->first = word;
			gfp->unknown = true;
		}
		layout = NULL;
	}
	if (gfp->words & W_NO_KSWAPD)
		gfp->words &= ~(W_KSWAPD | W_NO_KSWAPD);
	gfp->flags = flags_of(gfp->words);
}

struct gfp *gfp_parse_all(const struct texts *texts, enum gfp_numbers *numbers)
{
	const struct layout *layout = layout_of(texts, numbers);
	struct gfp *gfp = xalloc(NULL, texts->nr, sizeof(*gfp));

	for (size_t i = 0; i < texts->nr; i++)
		parse(&gfp[i], texts->text[i], layout);
	return gfp;
}

bool gfp_is_slab(const struct gfp *gfp, uint32_t order)
{
	uint32_t set = gfp->words;

	if (gfp->unknown || (set & ~W_SLAB))
		return false;
	if ((set & (W_NOWARN | W_NORETRY)) != (W_NOWARN | W_NORETRY))
		return false;
	if (order && !(set & W_COMP))
		return false;
	return !(set & W_NOMEMALLOC) || !(set & W_RECLAIM);
}

bool gfp_is_large(const struct gfp *pages, const struct gfp *bytes)
{
	return (pages->words & W_COMP) &&
	       !(pages->words & (W_MOVABLE | W_HIGHMEM)) &&
	       (pages->words | W_COMP) == (bytes->words | W_COMP);
}
