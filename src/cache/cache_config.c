// SPDX-License-Identifier: GPL-2.0
/*
 * Requests for caches: which are refused, and what alignment and gfp flags follow from them.
 *
 * Alignment is that of the running kernel for a cache of the same flags.
 */
#include <linux/cache.h>
#include <linux/ctype.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "object/cache.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "cache/cache_config.h"

static bool good_name(const char *name)
{
	size_t len = name ? strnlen(name, MYMM_NAME_MAX) : 0;
	size_t i;

	if (!len || len == MYMM_NAME_MAX || name[0] == '#')
		return false;
	for (i = 0; i < len; i++)
		if (!isgraph(name[i]) || !isascii(name[i]))
			return false;
	return true;
}

/**
 * mymm_cache_check_config() - check a request for a cache
 * @pool: the pool
 * @config: the request
 * @engine: its engine; NULL: there is none of the name that @config has
 *
 * Context: process.
 * Return: 0; -EINVAL or -EOPNOTSUPP, and a line in the log says which part is invalid.
 */
int mymm_cache_check_config(struct mymm_pool *pool,
			    const struct mymm_cache_config *config,
			    const struct mymm_engine_ops *engine)
{
	slab_flags_t unknown = config->flags & ~MYMM_CACHE_FLAGS;
	bool memory = mymm_pool_has_memory(pool);

	if (!good_name(config->name)) {
		pr_err_ratelimited(
			"pool %s: cache: a name has 1 to %d printable characters, no spaces, and does not begin with #\n",
			pool->name, MYMM_NAME_MAX - 1);
		return -EINVAL;
	}
	if (!engine) {
		pr_err_ratelimited(
			"pool %s: cache %s: there is no engine \"%*pE\"\n",
			pool->name, config->name,
			(int)strnlen(config->engine, MYMM_NAME_MAX),
			config->engine);
		return -EINVAL;
	}
	if (engine->needs_memory && !memory) {
		pr_err_ratelimited(
			"pool %s: cache %s: engine %s needs memory, and the pool has none (backing=none)\n",
			pool->name, config->name, engine->name);
		return -EOPNOTSUPP;
	}
	if (!memory && (config->ctor || (config->flags & MYMM_DEBUG_FLAGS))) {
		pr_err_ratelimited(
			"pool %s: cache %s: %s needs memory, and the pool has none (backing=none)\n",
			pool->name, config->name,
			config->ctor ? "a constructor" : "debugging");
		return -EOPNOTSUPP;
	}
	if (!engine->walk && (config->flags & MYMM_DEBUG_FLAGS)) {
		pr_err_ratelimited(
			"pool %s: cache %s: engine %s has no room for what debugging needs, as SLOB had none\n",
			pool->name, config->name, engine->name);
		return -EOPNOTSUPP;
	}
	if (!config->size || config->size > PAGE_SIZE << MYMM_MAX_ORDER) {
		pr_err_ratelimited(
			"pool %s: cache %s: size %u is out of range 1 to %lu\n",
			pool->name, config->name, config->size,
			PAGE_SIZE << MYMM_MAX_ORDER);
		return -EINVAL;
	}
	if (config->align &&
	    (!is_power_of_2(config->align) || config->align > PAGE_SIZE)) {
		pr_err_ratelimited(
			"pool %s: cache %s: align %u is no power of two up to %lu\n",
			pool->name, config->name, config->align, PAGE_SIZE);
		return -EINVAL;
	}
	if (config->usersize > config->size ||
	    config->useroffset > config->size - config->usersize) {
		pr_err_ratelimited(
			"pool %s: cache %s: usersize %u from useroffset %u on is more than the %u bytes of an object\n",
			pool->name, config->name, config->usersize,
			config->useroffset, config->size);
		return -EINVAL;
	}
	if (unknown) {
		pr_err_ratelimited(
			"pool %s: cache %s: flags %#x are not known\n",
			pool->name, config->name,
			(__force unsigned int)unknown);
		return -EINVAL;
	}
	if ((config->flags & SLAB_TYPESAFE_BY_RCU) && !engine->typesafe) {
		pr_err_ratelimited(
			"pool %s: cache %s: engine %s does not wait for RCU before it gives a slab back\n",
			pool->name, config->name, engine->name);
		return -EOPNOTSUPP;
	}
	if ((config->flags & SLAB_CACHE_DMA) &&
	    (config->flags & SLAB_CACHE_DMA32)) {
		pr_err_ratelimited(
			"pool %s: cache %s: objects can't be from DMA and from DMA32\n",
			pool->name, config->name);
		return -EINVAL;
	}
	return 0;
}

/**
 * mymm_cache_alignment() - the alignment of a cache's objects, as the kernel computes it
 * @config: the request
 *
 * Return: bytes: those requested, and with SLAB_HWCACHE_ALIGN at least the smallest fraction
 * of a cache line that holds an object.
 */
unsigned int mymm_cache_alignment(const struct mymm_cache_config *config)
{
	unsigned int align = config->align;

	if (config->flags & SLAB_HWCACHE_ALIGN) {
		unsigned int line = cache_line_size();

		while (config->size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return ALIGN(max_t(unsigned int, align, arch_slab_minalign()),
		     sizeof(void *));
}

/**
 * mymm_cache_slab_gfp() - the gfp flags that a cache's slabs are allocated with
 * @flags: of the cache
 *
 * Return: the flags to add to the caller's.
 */
gfp_t mymm_cache_slab_gfp(slab_flags_t flags)
{
	gfp_t gfp = __GFP_COMP;

	if (flags & SLAB_CACHE_DMA)
		gfp |= __GFP_DMA;
	if (flags & SLAB_CACHE_DMA32)
		gfp |= __GFP_DMA32;
	if (flags & SLAB_RECLAIM_ACCOUNT)
		gfp |= __GFP_RECLAIMABLE;
	return gfp;
}
