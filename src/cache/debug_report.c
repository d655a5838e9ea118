// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of debug caches: one for each damaged object or bad free.
 *
 * Each is counted with the refusals of its pool (write after free, overrun, double free) and
 * written to the log, with no lock of this module held. The log is rate limited, so that a
 * faulty user can't fill it; the counters are complete. A report contains no address.
 */
#include <linux/kernel.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include "cache/debug.h"

static const char *const part_names[] = {
	[MYMM_LEFT_ZONE] = "the red zone before it",
	[MYMM_RIGHT_ZONE] = "the red zone behind it",
	[MYMM_REQUEST_ZONE] = "what is behind the bytes asked for",
	[MYMM_FREE_OBJECT] = "the free object",
	[MYMM_WORD] = "its freelist word",
	[MYMM_TRACKS] = "what is known of its users",
	[MYMM_PADDING] = "its padding",
	[MYMM_SLAB_PADDING] = "the padding behind the last object",
};

/* Classify damage: overrun, write after free, or double free. */
static enum mymm_refusal kind_of(const struct mymm_damage *damage)
{
	switch (damage->part) {
	case MYMM_INTACT:
		return MYMM_REFUSED_DOUBLE_FREE;
	case MYMM_FREE_OBJECT:
		return MYMM_REFUSED_OVERWRITTEN;
	case MYMM_WORD:
		return damage->used ? MYMM_REFUSED_OVERRUN :
				      MYMM_REFUSED_OVERWRITTEN;
	default:
		return MYMM_REFUSED_OVERRUN;
	}
}

static void report_bytes(const struct mymm_damage *damage)
{
	if (damage->part == MYMM_WORD || damage->part == MYMM_TRACKS)
		pr_err("  byte %ld on: not what the allocator wrote\n",
		       damage->at);
	else
		pr_err("  byte %ld: expected 0x%02x, found 0x%02x; %u byte%s from the first wrong one to the last\n",
		       damage->at, damage->expected, damage->found, damage->nr,
		       damage->nr == 1 ? "" : "s");
	if (!damage->nr_bytes)
		return;
	pr_err("  bytes %ld to %ld: %*ph\n", damage->from,
	       damage->from + (long)damage->nr_bytes - 1, damage->nr_bytes,
	       damage->bytes);
}

/**
 * mymm_debug_count() - count a finding as a refusal of its pool
 * @cache: the cache
 * @damage: the finding; %MYMM_INTACT: the object that was freed was not in use
 *
 * Context: any.
 */
void mymm_debug_count(struct mymm_cache *cache,
		      const struct mymm_damage *damage)
{
	atomic_long_inc(&cache->pool->refused[kind_of(damage)]);
}

/**
 * mymm_debug_report() - log a finding, rate limited
 * @cache: the cache
 * @damage: the finding; as for mymm_debug_count()
 *
 * Context: any but NMI, no lock of this module held.
 */
void mymm_debug_report(struct mymm_cache *cache,
		       const struct mymm_damage *damage)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	const char *pool = cache->pool->name;

	if (!__ratelimit(&limit))
		return;

	if (damage->part == MYMM_SLAB_PADDING) {
		pr_err("pool %s: cache %s: slab at frame %u: somebody wrote to %s\n",
		       pool, cache->name, damage->pfn,
		       part_names[damage->part]);
		report_bytes(damage);
		return;
	}
	if (damage->part == MYMM_INTACT) {
		pr_err("pool %s: refused: double free of an object of cache %s at frame %u+%u\n",
		       pool, cache->name, damage->pfn, damage->offset);
	} else {
		pr_err("pool %s: cache %s: %s object at frame %u+%u: somebody wrote to %s\n",
		       pool, cache->name, damage->used ? "used" : "free",
		       damage->pfn, damage->offset, part_names[damage->part]);
		report_bytes(damage);
	}
	if (cache->debug->request && damage->used)
		pr_err("  %u bytes of %u were asked for\n", damage->request,
		       cache->object_size);
	if (cache->flags & SLAB_STORE_USER) {
		mymm_track_print("allocated", &damage->track[MYMM_TRACK_ALLOC]);
		mymm_track_print("freed", &damage->track[MYMM_TRACK_FREE]);
	}
	if (damage->part != MYMM_INTACT && !damage->kept)
		pr_err("  it is not used any more\n");
}

/**
 * mymm_debug_trace() - log an alloc or a free, rate limited
 * @cache: has SLAB_TRACE
 * @what: "alloc" or "free"
 * @obj: the object
 * @owner: the calling code and its session
 *
 * Context: any but NMI, no lock of this module held.
 */
void mymm_debug_trace(struct mymm_cache *cache, const char *what,
		      const void *obj, struct mymm_owner owner)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, 100);

	if (!__ratelimit(&limit))
		return;
	pr_info("TRACE %s %s frame %u+%lu by %pS session %u\n", cache->name,
		what, mymm_pool_index(cache->pool, obj), offset_in_page(obj),
		(void *)owner.caller, owner.session);
}
