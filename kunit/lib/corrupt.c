// SPDX-License-Identifier: GPL-2.0
/*
 * Breaking a pool on purpose, to see that the validator says so, and which invariant.
 *
 * A struct mymm_corrupt keeps a copy of everything that the validator reads. After a breakage was
 * checked, the copy is put back, and the validator must be content again; so each breakage starts
 * from a whole pool, and the pool can be destroyed as any other in the end.
 */
#include <linux/vmalloc.h>

#include "engine/slub/slub.h"
#include "lib/corrupt.h"
#include "page/pcp.h"

KUNIT_DEFINE_ACTION_WRAPPER(end_copy, vfree, const void *);

static void *copy_of(struct kunit *test, const void *from, size_t bytes)
{
	void *copy = vmalloc(bytes);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	err = kunit_add_action_or_reset(test, end_copy, copy);
	KUNIT_ASSERT_EQ(test, err, 0);
	/* Free memory is copied, too. */
	mymm_sanitize_pause();
	memcpy(copy, from, bytes);
	mymm_sanitize_resume();
	return copy;
}

/* Save or restore a struct, except the lock at its beginning; returns the next copy. */
static void *copy_locked(void *copy, void *from, size_t skip, size_t size,
			 bool back)
{
	if (back)
		memcpy(from + skip, copy, size - skip);
	else
		memcpy(copy, from + skip, size - skip);
	return copy + size - skip;
}

/* Save or restore what a cache's nodes and CPUs have; the cache is not in use. */
static void copy_cache(struct mymm_cache *cache, void *copy, bool back)
{
	struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned int node;
	int cpu;

	for (node = 0; node < s->nr_nodes; node++)
		copy = copy_locked(copy, &s->node[node],
				   offsetofend(struct mymm_slub_node, lock),
				   sizeof(struct mymm_slub_node), back);
	for_each_possible_cpu(cpu)
		copy = copy_locked(copy, per_cpu_ptr(s->cpu, cpu),
				   offsetofend(struct mymm_slub_cpu, lock),
				   sizeof(struct mymm_slub_cpu), back);
}

static void save_cache(struct mymm_corrupt *corrupt, unsigned int i)
{
	const struct mymm_slubs *s = mymm_slubs_of(corrupt->cache[i]);
	size_t bytes = s->nr_nodes * sizeof(struct mymm_slub_node) +
		       num_possible_cpus() * sizeof(struct mymm_slub_cpu);

	corrupt->saved[i] = kunit_kzalloc(corrupt->test, bytes, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(corrupt->test, corrupt->saved[i]);
	copy_cache(corrupt->cache[i], corrupt->saved[i], false);
}

/* Pageblocks of all zones: those on a border are there twice. */
static size_t nr_pageblocks(const struct mymm_pool *pool)
{
	size_t nr = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		const struct mymm_buddy *buddy = &pool->zone[i].buddy;

		nr += ((buddy->end - 1) >> buddy->block_order) -
		      (buddy->start >> buddy->block_order) + 1;
	}
	return nr;
}

/* Save or restore all CPUs' lists; they are not in use. */
static void copy_lists(struct mymm_corrupt *corrupt, bool back)
{
	struct mymm_pcp *copy = corrupt->pcp;
	struct mymm_pcp_tail(*tail)[MYMM_PCP_LISTS] = corrupt->tail;
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < corrupt->pool->nr_zones; i++, copy++, tail++) {
			struct mymm_pcp *pcp =
				&per_cpu_ptr(corrupt->pool->cpu, cpu)->pcp[i];

			if (back) {
				*pcp = *copy;
				memcpy(pcp->tail, *tail, sizeof(*tail));
			} else {
				*copy = *pcp;
				memcpy(*tail, pcp->tail, sizeof(*tail));
			}
		}
	}
}

/**
 * mymm_corrupt_new() - remember what a pool is like
 * @test: the test
 * @pool: its pool; it is not used otherwise from now on
 * @one: a cache of it, or NULL
 * @two: another one, or NULL
 *
 * Return: the corrupt, which ends with the test.
 */
struct mymm_corrupt *mymm_corrupt_new(struct kunit *test,
				      struct mymm_pool *pool,
				      struct mymm_cache *one,
				      struct mymm_cache *two)
{
	struct mymm_corrupt *corrupt;
	unsigned int i;

	MYMM_EXPECT_SOUND(test, pool);
	corrupt = kunit_kzalloc(test, sizeof(*corrupt), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, corrupt);
	corrupt->test = test;
	corrupt->pool = pool;
	corrupt->cache[0] = one;
	corrupt->cache[1] = two;
	corrupt->table =
		copy_of(test, pool->frame, pool->table.pages << PAGE_SHIFT);
	corrupt->zone =
		copy_of(test, pool->zone, pool->nr_zones * sizeof(*pool->zone));
	corrupt->pageblocks =
		copy_of(test, pool->pageblock, nr_pageblocks(pool));
	corrupt->pcp = kunit_kcalloc(test, num_possible_cpus() * pool->nr_zones,
				     sizeof(*corrupt->pcp), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, corrupt->pcp);
	corrupt->tail = kunit_kcalloc(test,
				      num_possible_cpus() * pool->nr_zones,
				      sizeof(*corrupt->tail), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, corrupt->tail);
	copy_lists(corrupt, false);
	if (mymm_pool_has_memory(pool))
		corrupt->memory = copy_of(test, pool->base, pool->bytes);
	for (i = 0; i < SCENE_CACHES && corrupt->cache[i]; i++)
		save_cache(corrupt, i);
	return corrupt;
}

static void repair(struct mymm_corrupt *corrupt)
{
	struct mymm_pool *pool = corrupt->pool;
	unsigned int i;

	memcpy(pool->frame, corrupt->table, pool->table.pages << PAGE_SHIFT);
	for (i = 0; i < pool->nr_zones; i++)
		mymm_test_copy_zone(&pool->zone[i], &corrupt->zone[i]);
	memcpy(pool->pageblock, corrupt->pageblocks, nr_pageblocks(pool));
	copy_lists(corrupt, true);
	for (i = 0; i < SCENE_CACHES && corrupt->cache[i]; i++)
		copy_cache(corrupt->cache[i], corrupt->saved[i], true);
	if (!corrupt->memory)
		return;
	mymm_sanitize_pause();
	memcpy(pool->base, corrupt->memory, pool->bytes);
	mymm_sanitize_resume();
}

/**
 * mymm_corrupt_expect() - expect a finding; none after the repair
 * @corrupt: the corrupt, in which something was just broken
 * @invariant: the number of the invariant that is to be found
 * @what: was done
 * @where: it was done
 */
void mymm_corrupt_expect(struct mymm_corrupt *corrupt, unsigned int invariant,
			 const char *what, const char *where)
{
	struct mymm_finding finding;
	int err;

	corrupt->cases++;
	err = mymm_check(corrupt->pool, &finding);
	KUNIT_EXPECT_EQ_MSG(corrupt->test, err, -EUCLEAN, "%s, %s", what,
			    where);
	KUNIT_EXPECT_EQ_MSG(corrupt->test, finding.invariant, invariant,
			    "%s, %s: %s", what, where, finding.text);
	KUNIT_EXPECT_NE_MSG(corrupt->test, finding.text[0], 0, "%s, %s", what,
			    where);
	repair(corrupt);
	err = mymm_check(corrupt->pool, &finding);
	KUNIT_EXPECT_EQ_MSG(corrupt->test, err, 0, "after %s, %s: I%u: %s",
			    what, where, finding.invariant, finding.text);
}
