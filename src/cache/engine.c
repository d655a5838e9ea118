// SPDX-License-Identifier: GPL-2.0
/*
 * The list of engines. object/engine.h describes the interface.
 */
#include "object/cache.h"
#include "cache/engine.h"

static const struct mymm_engine_ops *const mymm_engines[] = {
	&mymm_slub_ops,
	&mymm_slab_ops,
	&mymm_slob_ops,
};

/**
 * mymm_engine_find() - find an engine by name
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
 * mymm_engines_begin() - allocate what each engine needs in a pool
 * @pool: new, with zones
 * @config: the pool's
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
 * @pool: has no caches; mymm_engines_begin() may have failed, or not been called
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
 * mymm_engines_check() - check the structures of engines that belong to no single cache
 * @pool: the pool; its lock is held
 * @slabs: increased by the slabs that caches share
 * @finding: set to the first fault
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
