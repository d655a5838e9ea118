// SPDX-License-Identifier: GPL-2.0
/*
 * The validator, where slabs are concerned: I6, I7, I9, and I5 for their lists.
 *
 * As for pages, each thing that can be wrong is made wrong: in the first, a middle and the last
 * slab of the partial list or the full one, at the first, a middle and the last object of a
 * freelist, in a cache with slabs of one page and in one with larger slabs.
 *
 * Each of the two caches has five full slabs, and five partial ones of which each has five free
 * objects.
 *
 * Tests: engine/slub/slub_check.c engine/slab/slab_check.c
 */
#include "engine/slub/slub.h"
#include "lib/corrupt.h"

#define FULL 5
#define PARTIAL 5
#define FREE_OBJECTS 5

/*
 * Where something is to be broken: in the first, a middle or the last slab of a list
 * (@which is 0, 1 or 2), and in such a frame of it and at such an object of its
 * freelist.
 */
struct spot {
	struct mymm_cache *cache;
	struct mymm_frame *table;
	struct mymm_frame *slab;
	void *free;
	unsigned int which;
	unsigned int order;
	u32 idx;
};

static void *object_at(const struct spot *spot, unsigned int number)
{
	return mymm_pool_address(spot->cache->pool, spot->idx) +
	       (unsigned long)number * spot->cache->size;
}

/* An object's link, which is one more than a number, or MYMM_FREELIST_END. */
static u64 link_of(const struct spot *spot, void *obj)
{
	return mymm_word(spot->cache, obj) ^
	       mymm_cache_cookie(spot->cache, obj);
}

static void put_link(const struct spot *spot, void *obj, u64 link)
{
	mymm_set_word(spot->cache, obj,
		      mymm_cache_cookie(spot->cache, obj) ^ link);
}

static struct mymm_slub_node *node_of(const struct spot *spot)
{
	return &mymm_slubs_of(spot->cache)->node[0];
}

/* One of the slab's frames: its first, a middle one, its last. */
static struct mymm_frame *frame_of(const struct spot *spot)
{
	return spot->slab + spot->which * ((1U << spot->order) - 1) / 2;
}

/* --- what can be broken: freelists ----------------------------------------- */

static void one_used_too_many(struct spot *spot)
{
	spot->slab->inuse++;
}

static void one_used_too_few(struct spot *spot)
{
	spot->slab->inuse--;
}

static void freelist_lost(struct spot *spot)
{
	spot->slab->free = MYMM_FREELIST_END;
}

static void freelist_outside(struct spot *spot)
{
	spot->slab->free = spot->slab->objects + 1 + spot->which;
}

/* 0 is what the link of an object in a magazine says: nothing. */
static void freelist_nothing(struct spot *spot)
{
	spot->slab->free = 0;
}

static void link_overwritten(struct spot *spot)
{
	mymm_set_word(spot->cache, spot->free, 0x4141414141414141);
}

static void link_outside(struct spot *spot)
{
	put_link(spot, spot->free, spot->slab->objects + 1);
}

static void link_to_itself(struct spot *spot)
{
	u32 number = (spot->free - object_at(spot, 0)) / spot->cache->size;

	put_link(spot, spot->free, number + 1);
}

static void link_to_first(struct spot *spot)
{
	put_link(spot, spot->free, spot->slab->free);
}

/* The list ends one object early; the last can't. */
static void link_skips_one(struct spot *spot)
{
	u64 next = link_of(spot, spot->free);

	if (next == MYMM_FREELIST_END)
		spot->slab->free =
			link_of(spot, object_at(spot, spot->slab->free - 1));
	else
		put_link(spot, spot->free,
			 link_of(spot, object_at(spot, next - 1)));
}

static void all_frames_count_one_less(struct spot *spot)
{
	unsigned int i;

	for (i = 0; i < 1U << spot->order; i++)
		spot->slab[i].objects--;
}

/* --- ... the node's numbers --------------------------------------------------- */

static void slabs_too_many(struct spot *spot)
{
	node_of(spot)->nr_slabs += 1 + spot->which;
}

static void slabs_too_few(struct spot *spot)
{
	node_of(spot)->nr_slabs -= 1 + spot->which;
}

static void partial_too_many(struct spot *spot)
{
	node_of(spot)->nr_partial++;
}

static void partial_too_few(struct spot *spot)
{
	node_of(spot)->nr_partial--;
}

static void objects_too_many(struct spot *spot)
{
	node_of(spot)->nr_objects++;
}

static void objects_too_few(struct spot *spot)
{
	node_of(spot)->nr_objects--;
}

static void inuse_too_many(struct spot *spot)
{
	node_of(spot)->nr_inuse++;
}

static void inuse_too_few(struct spot *spot)
{
	node_of(spot)->nr_inuse--;
}

/* --- ... lists of slabs ---------------------------------------------------------- */

static void slab_prev_wrong(struct spot *spot)
{
	spot->slab->prev = spot->idx;
}

static void slab_next_outside(struct spot *spot)
{
	spot->slab->next = spot->cache->pool->nr_frames + spot->which;
}

static void slab_skipped_forwards(struct spot *spot)
{
	spot->table[spot->slab->prev].next = spot->slab->next;
}

static void slab_skipped_backwards(struct spot *spot)
{
	spot->table[spot->slab->next].prev = spot->slab->prev;
}

static void slab_on_wrong_list(struct spot *spot)
{
	bool full = spot->slab->free == MYMM_FREELIST_END;

	mymm_list_del(spot->table, spot->idx);
	mymm_list_add(spot->table, spot->idx,
		      mymm_slub_list(spot->cache, 0,
				     full ? MYMM_SLUB_PARTIAL :
					    MYMM_SLUB_FULL));
	node_of(spot)->nr_partial += full ? 1 : -1;
}

/* --- ... frames of slabs ---------------------------------------------------------- */

static void frame_of_other_cache(struct spot *spot)
{
	frame_of(spot)->cache ^= 1;
}

static void frame_of_no_cache(struct spot *spot)
{
	frame_of(spot)->cache = 0;
}

static void frame_starts_elsewhere(struct spot *spot)
{
	frame_of(spot)->start += 64;
}

static void head_is_pages(struct spot *spot)
{
	spot->slab->tag &= ~MYMM_TAG_STATE;
	spot->slab->tag |= MYMM_FRAME_PAGES;
}

/* All that the cache counts is right, but the slab is on no list. */
static void slab_on_no_list(struct spot *spot)
{
	mymm_list_del(spot->table, spot->idx);
	node_of(spot)->nr_partial -= spot->slab->free != MYMM_FREELIST_END;
	node_of(spot)->nr_slabs--;
	node_of(spot)->nr_objects -= spot->slab->objects;
	node_of(spot)->nr_inuse -= spot->slab->inuse;
}

/* A slab's frame after its first. */
static struct mymm_frame *tail_of(const struct spot *spot)
{
	return spot->which ? frame_of(spot) : spot->slab + 1;
}

static void tail_is_plain(struct spot *spot)
{
	tail_of(spot)->tag = 0;
}

static void tail_counts_other_objects(struct spot *spot)
{
	tail_of(spot)->objects++;
}

static void tail_is_head(struct spot *spot)
{
	tail_of(spot)->tag = mymm_tag(MYMM_FRAME_SLAB, 0, 0);
}

/* Which slabs it is for: those with free objects, all, or all of several frames. */
enum what_for { PARTIAL_ONLY, ALL, LARGE };

#define BREAK(invariant, what_for, fn)       \
	{                                    \
		invariant, what_for, #fn, fn \
	}

static const struct breakage {
	unsigned int invariant;
	enum what_for what_for;
	const char *what;
	void (*run)(struct spot *spot);
} breakages[] = {
	BREAK(6, ALL, one_used_too_many),
	BREAK(6, ALL, one_used_too_few),
	BREAK(6, PARTIAL_ONLY, freelist_lost),
	BREAK(6, ALL, freelist_outside),
	BREAK(6, ALL, freelist_nothing),
	BREAK(6, PARTIAL_ONLY, link_overwritten),
	BREAK(6, PARTIAL_ONLY, link_outside),
	BREAK(6, PARTIAL_ONLY, link_to_itself),
	BREAK(6, PARTIAL_ONLY, link_to_first),
	BREAK(6, PARTIAL_ONLY, link_skips_one),
	BREAK(6, ALL, all_frames_count_one_less),
	BREAK(7, ALL, slabs_too_many),
	BREAK(7, ALL, slabs_too_few),
	BREAK(7, ALL, partial_too_many),
	BREAK(7, ALL, partial_too_few),
	BREAK(7, ALL, objects_too_many),
	BREAK(7, ALL, objects_too_few),
	BREAK(7, ALL, inuse_too_many),
	BREAK(7, ALL, inuse_too_few),
	BREAK(5, ALL, slab_prev_wrong),
	BREAK(5, ALL, slab_next_outside),
	BREAK(5, ALL, slab_skipped_forwards),
	BREAK(5, ALL, slab_skipped_backwards),
	BREAK(5, ALL, slab_on_wrong_list),
	BREAK(9, ALL, frame_of_other_cache),
	BREAK(9, ALL, frame_of_no_cache),
	BREAK(9, ALL, frame_starts_elsewhere),
	BREAK(9, ALL, head_is_pages),
	BREAK(9, ALL, slab_on_no_list),
	BREAK(9, LARGE, tail_is_plain),
	BREAK(9, LARGE, tail_counts_other_objects),
	BREAK(10, LARGE, tail_is_head),
};

/* --- the corrupt ------------------------------------------------------------------- */

struct held {
	struct mymm_cache *cache;
	unsigned int nr;
	void *obj[(FULL + PARTIAL) * 64];
};

static void free_held(void *data)
{
	struct held *held = data;

	while (held->nr--)
		mymm_cache_free(held->cache, held->obj[held->nr]);
}

/* A cache to be broken: objects of slab after slab, some of them freed. */
static struct mymm_cache *build(struct kunit *test, struct mymm_pool *pool,
				const char *name, unsigned int size)
{
	struct mymm_cache *cache = mymm_test_cache(test, pool, name, size);
	unsigned int per_slab = (PAGE_SIZE << cache->order) / cache->size;
	unsigned int i, kept = 0;
	struct held *held;
	int err;

	held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	held->cache = cache;
	err = kunit_add_action_or_reset(test, free_held, held);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_LE(test, per_slab, 64);
	for (i = 0; i < (FULL + PARTIAL) * per_slab; i++) {
		held->obj[held->nr] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, held->obj[held->nr]);
		held->nr++;
	}
	/* Slabs were filled one after the other: every second one is to be partial. */
	for (i = 0; i < held->nr; i++) {
		if (i / per_slab % 2 && i % per_slab < FREE_OBJECTS)
			MYMM_EXPECT_OK(test,
				       mymm_cache_free(cache, held->obj[i]));
		else
			held->obj[kept++] = held->obj[i];
	}
	held->nr = kept;
	mymm_cache_shrink(cache);
	KUNIT_ASSERT_EQ(test, mymm_test_slabs(cache), FULL + PARTIAL);
	KUNIT_ASSERT_EQ(test, mymm_slubs_of(cache)->node[0].nr_partial,
			PARTIAL);
	return cache;
}

/* The first, a middle or the last slab of a list of five, and such a free object. */
static void find_spot(struct kunit *test, struct spot *spot, bool full)
{
	u32 head = mymm_slub_list(spot->cache, 0,
				  full ? MYMM_SLUB_FULL : MYMM_SLUB_PARTIAL);
	u32 idx = spot->table[head].next;
	unsigned int i;

	for (i = 0; i < spot->which * 2; i++)
		idx = spot->table[idx].next;
	spot->idx = idx;
	spot->slab = &spot->table[idx];
	KUNIT_ASSERT_EQ(test, spot->slab->next == head, spot->which == 2);
	if (full)
		return;
	spot->free = object_at(spot, spot->slab->free - 1);
	for (i = 0; i < spot->which * 2; i++)
		spot->free = object_at(spot, link_of(spot, spot->free) - 1);
	KUNIT_ASSERT_EQ(test, link_of(spot, spot->free) == MYMM_FREELIST_END,
			spot->which == 2);
}

static void break_all_at(struct mymm_corrupt *corrupt, struct spot *spot,
			 bool full)
{
	static const char *const whiches[] = { "first", "middle", "last" };
	const struct breakage *breakage;
	char where[100];

	find_spot(corrupt->test, spot, full);
	snprintf(where, sizeof(where), "cache %s, %s %s slab: frame %u",
		 spot->cache->name, whiches[spot->which],
		 full ? "full" : "partial", spot->idx);
	for (breakage = breakages; breakage < breakages + ARRAY_SIZE(breakages);
	     breakage++) {
		if (full && breakage->what_for == PARTIAL_ONLY)
			continue;
		if (!spot->order && breakage->what_for == LARGE)
			continue;
		breakage->run(spot);
		mymm_corrupt_expect(corrupt, breakage->invariant,
				    breakage->what, where);
	}
}

static void each_invariant(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_cache *small = build(test, pool, "small", 64);
	struct mymm_cache *large = build(test, pool, "large", 2720);
	struct mymm_corrupt *corrupt =
		mymm_corrupt_new(test, pool, small, large);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, small->order, 0);
	KUNIT_ASSERT_GE(test, large->order, 2);
	for (i = 0; i < 12; i++) {
		struct spot spot = {
			.cache = i / 6 ? large : small,
			.table = pool->frame,
			.which = i % 3,
			.order = i / 6 ? large->order : 0,
		};

		break_all_at(corrupt, &spot, i / 3 % 2);
	}
	/*
	 * 3 places on each list. Small: 29 breakages of partial slabs, 6 of which
	 * need free objects; large: 3 more.
	 */
	KUNIT_EXPECT_EQ(test, corrupt->cases, 3 * (29 + 23 + 32 + 26));
}

static struct kunit_case slabcheck_cases[] = {
	KUNIT_CASE(each_invariant),
	{},
};

static struct kunit_suite slabcheck_suite = {
	.name = "mymm_slabcheck",
	.test_cases = slabcheck_cases,
};

kunit_test_suite(slabcheck_suite);
