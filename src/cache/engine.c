// SPDX-License-Identifier: GPL-2.0
/*
 * Engines: which there are. engine.h says what one is.
 */
#include "object/cache.h"

static const struct mymm_engine_ops *const mymm_engines[] = {
	&mymm_slub_ops,
	&mymm_slab_ops,
	&mymm_slob_ops,
};

/**
 * mymm_engine_find() - the engine that a person means
 * @name: its name; NULL or empty for slub
 *
 * Return: the engine, or NULL if there is none of that name.
 */
const struct mymm_engine_ops *mymm_engine_find(const char *name)
{
	unsigned int i;

	if (!name || !*name)
		return &mymm_slub_ops;
	for (i = 0; i < ARRAY_SIZE(mymm_engines); i++)
		if (!strcmp(mymm_engines[i]->name, name))
			return mymm_engines[i];
	return NULL;
}

/**
 * mymm_engines_begin() - have each engine make what it needs in a pool
 * @pool: new, with zones
 * @config: what it is to be like
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno; mymm_engines_end() is to be called in any case.
 */
int mymm_engines_begin(struct mymm_pool *pool,
		       const struct mymm_pool_config *config)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(mymm_engines) && !err; i++)
		if (mymm_engines[i]->pool_init)
			err = mymm_engines[i]->pool_init(pool, config);
	return err;
}

/**
 * mymm_engines_end() - undo mymm_engines_begin()
 * @pool: has no cache any more; also if it was never begun
 *
 * Context: process; sleeps.
 */
void mymm_engines_end(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mymm_engines); i++)
		if (mymm_engines[i]->pool_exit)
			mymm_engines[i]->pool_exit(pool);
}

/**
 * mymm_engines_check() - look at what engines have that is of no cache alone
 * @pool: the pool; its lock is held
 * @slabs: slabs of caches that share them are added
 * @finding: what was found
 *
 * Context: process.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_engines_check(struct mymm_pool *pool, unsigned long *slabs,
		       struct mymm_finding *finding)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(mymm_engines) && !err; i++)
		if (mymm_engines[i]->check_pool)
			err = mymm_engines[i]->check_pool(pool, slabs, finding);
	return err;
}
