// SPDX-License-Identifier: GPL-2.0
/*
 * The running kernel's caches: the name of one, and which one an object is of.
 *
 * Where struct kmem_cache has its name, and struct slab its cache, no header for modules says. Both
 * are found with a cache of our own, whose name and object are known: the name is looked for in
 * what its struct points to, and the cache in the struct page of its object.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "base/compat.h"
#include "mirror/objects.h"

/* How far into a struct kmem_cache to look for its name. */
#define CACHE_BYTES 256

static size_t name_at, cache_at;

/* A constructor keeps a cache from being merged with another. */
static void construct(void *object)
{
}

static int find_name(const struct kmem_cache *cache, const char *name,
		     size_t length)
{
	char text[32];

	for (name_at = 0; name_at < CACHE_BYTES; name_at += sizeof(void *)) {
		const char *at;

		if (!copy_from_kernel_nofault(
			    &at, (const char *)cache + name_at, sizeof(at)) &&
		    !copy_from_kernel_nofault(text, at, length) &&
		    !memcmp(text, name, length))
			return 0;
	}
	return -ENOENT;
}

static int find_cache(const struct kmem_cache *cache, const struct page *page)
{
	for (cache_at = 0; cache_at < sizeof(*page); cache_at += sizeof(void *))
		if (*(void **)((char *)page + cache_at) == cache)
			return 0;
	return -ENOENT;
}

/**
 * mymm_real_caches_init() - find out where the kernel has what is read here
 *
 * Context: process; sleeps.
 * Return: 0; -ENOMEM; -ENOENT: it was not found.
 */
int mymm_real_caches_init(void)
{
	static const char name[] = "mymm_where_is_the_name";
	/* As no other cache. */
	struct kmem_cache *cache =
		kmem_cache_create(name, 2008, 0, 0, construct);
	void *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;
	int err = -ENOMEM;

	if (object)
		err = find_name(cache, name, sizeof(name)) ?:
			      find_cache(cache, virt_to_head_page(object));
	if (object)
		kmem_cache_free(cache, object);
	kmem_cache_destroy(cache);
	return err;
}

/**
 * mymm_real_cache_of() - the cache that an object is of
 * @object: what kmalloc() gave
 *
 * Context: any. It is in use.
 * Return: the cache; NULL: it has pages of its own.
 */
const struct kmem_cache *mymm_real_cache_of(const void *object)
{
	struct page *page = virt_to_head_page(object);

	if (!PageSlab(page))
		return NULL;
	return *(const struct kmem_cache **)((char *)page + cache_at);
}

/**
 * mymm_real_cache_name() - the name of a cache
 * @cache: the cache, which is in use
 *
 * Return: the kernel's own text; the pointer tells a cache from a later one at the same place.
 */
const char *mymm_real_cache_name(const struct kmem_cache *cache)
{
	return READ_ONCE(*(const char **)((const char *)cache + name_at));
}
