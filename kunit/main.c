// SPDX-License-Identifier: GPL-2.0
/*
 * The test module.
 *
 * Each file is one noun with one or two suites, called mymm_NOUN. They go from small
 * to large: first every case of something tiny, then many random ones against a
 * model that knows nothing of the allocator's code, then several CPUs and
 * interrupts at once. A test makes its own pool, which util.c looks at and ends
 * afterwards, also if the test stopped on its way: nothing allocated, free blocks as
 * its size forces them, no invariant broken, and the pool gone.
 *
 *   insmod mymm.ko; insmod mymm_kunit.ko seed=1
 *   cat /sys/kernel/debug/kunit/mymm_buddy/results
 *
 * Random numbers come from the seed and the name of the case, so a case does the same
 * whether it runs alone or with others. Nothing waits for a time to pass, and
 * nothing is measured in time.
 */
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/random.h>

#include "lib/util.h"
#include "base/compat.h"

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "what random tests begin with (1); 0: varies");

/**
 * mymm_test_seed() - begin a sequence of random numbers, and say nothing of it
 * @test: the test that it is for
 * @state: is filled
 */
void mymm_test_seed(struct kunit *test, struct rnd_state *state)
{
	u32 name = jhash(test->name, strlen(test->name), seed);

	prandom_seed_state(state, (u64)seed << 32 | name);
}

/**
 * mymm_test_random() - begin a sequence of random numbers
 * @test: the test that it is for; its log says how to repeat it
 * @state: is filled
 */
void mymm_test_random(struct kunit *test, struct rnd_state *state)
{
	mymm_test_seed(test, state);
	kunit_info(test,
		   "seed=%u; replay with: make test SEED=%u FILTER='*.%s'",
		   seed, seed, test->name);
}
MYMM_EXPORT_INTERNAL(mymm_test_random);

/*
 * kmemleak does not track the suites' objects: each would cost it a record and a stack walk, some
 * of them overlap on purpose, and qemu/tests/sanitizers has the tests of it.
 */
static int __init mymm_kunit_init(void)
{
	if (!seed)
		seed = get_random_u32() | 1;
	WRITE_ONCE(mymm_sanitize_blind, true);
	return 0;
}

static void __exit mymm_kunit_exit(void)
{
	WRITE_ONCE(mymm_sanitize_blind, false);
}

module_init(mymm_kunit_init);
module_exit(mymm_kunit_exit);

MODULE_DESCRIPTION("KUnit tests of mymm");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
MYMM_IMPORT_INTERNAL();
