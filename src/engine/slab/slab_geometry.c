// SPDX-License-Identifier: GPL-2.0
/*
 * Geometry of a slab in the slab engine: SLAB's rule, with the same results.
 *
 * A slab with @num objects needs an index array of @num entries, the order in which its free
 * objects are allocated. Three places are tried, and the first suitable one is taken:
 *
 *   in an object   in the free object that is allocated last, when the array is not needed any
 *                  more. It must fit; and a constructed object must not be written to
 *   off the slab   in separate memory, if that is not more than half an object
 *   on the slab    in the last bytes of the slab; this is preferred if the bytes left over
 *                  there suffice
 *
 * For each place the orders are tried from 0 on. The first one is taken that leaves at most
 * an eighth of the slab unused, or that is the largest usual order; for a reclaimable cache
 * the first one that holds an object.
 *
 *   64 bytes: 64 of them in a page, 64 numbers of one byte: in an object
 *   32 bytes: 128 in a page, which is more than an object: not in one. Off the slab they
 *             would take more than half an object. On the slab: 4096 / (32 + 1) = 124
 *   1200 bytes: 3 in a page, and 496 bytes left over, not more than an eighth: order 0
 *
 * The unused bytes are used for colours: the objects of one slab begin a cache line further
 * than those of the slab before, so that the first objects of all slabs do not compete for
 * the same cache lines.
 *
 * The largest usual order is 1 on a machine with more than 32 MiB, else 0; the size of the
 * pool does not matter. Where a cache has a constructor or poison, the word in free objects
 * is behind the object, and the rule is applied to objects that are a word larger. With
 * init_on_free=1 SLAB had no arrays in objects; this module does not clear on free, so it has.
 *
 * calculate_slab_order() and set_*_slab_cache() of mm/slab.c, 6.1.
 */
#include <linux/cache.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "engine/slab/slab.h"

/* The size of SLAB's size class for an array, which it was allocated from. */
static unsigned int class_size(unsigned int bytes)
{
	if (bytes <= 32)
		return 32;
	if (bytes > 64 && bytes <= 96)
		return 96;
	if (bytes > 128 && bytes <= 192)
		return 192;
	return roundup_pow_of_two(bytes);
}

static unsigned int max_order(void)
{
	return totalram_pages() > SZ_32M >> PAGE_SHIFT ? 1 : 0;
}

/* Choose the order for one place of the array. Returns the unused bytes; @num 0: none fits. */
static unsigned int choose_order(unsigned int size, slab_flags_t flags,
				 struct mymm_slab_geometry *geometry)
{
	unsigned int order, left = 0;

	geometry->num = 0;
	for (order = 0; order <= MYMM_MAX_ORDER; order++) {
		unsigned int bytes = PAGE_SIZE << order;
		unsigned int each = size, num;

		if (geometry->place == MYMM_INDEX_ON_SLAB)
			each += sizeof(mymm_slab_idx);
		num = bytes / each;
		if (!num)
			continue;
		if (num > MYMM_SLAB_MAX_NUM)
			break;
		if (geometry->place == MYMM_INDEX_OFF_SLAB &&
		    class_size(num * sizeof(mymm_slab_idx)) > size / 2)
			continue;

		geometry->num = num;
		geometry->order = order;
		left = bytes % each;
		if ((flags & SLAB_RECLAIM_ACCOUNT) || order >= max_order() ||
		    left * 8 <= bytes)
			break;
	}
	return left;
}

/**
 * mymm_slab_geometry() - compute the geometry of a cache's slabs
 * @object_size: usable bytes of an object
 * @size: bytes from one object to the next
 * @align: of objects
 * @flags: of the cache
 * @ctor: whether it has a constructor
 * @geometry: filled with the result
 *
 * Context: any.
 * Return: 0; -EINVAL if no slab can hold such an object.
 */
int mymm_slab_geometry(unsigned int object_size, unsigned int size,
		       unsigned int align, slab_flags_t flags, bool ctor,
		       struct mymm_slab_geometry *geometry)
{
	unsigned int left;

	geometry->colour_off = max_t(unsigned int, cache_line_size(), align);

	geometry->place = MYMM_INDEX_IN_OBJECT;
	if (!ctor && !(flags & SLAB_TYPESAFE_BY_RCU)) {
		left = choose_order(size, flags, geometry);
		if (geometry->num &&
		    geometry->num * sizeof(mymm_slab_idx) <= object_size)
			goto found;
	}
	geometry->place = MYMM_INDEX_OFF_SLAB;
	left = choose_order(size, flags, geometry);
	if (geometry->num && left < geometry->num * sizeof(mymm_slab_idx))
		goto found;

	geometry->place = MYMM_INDEX_ON_SLAB;
	left = choose_order(size, flags, geometry);
	if (!geometry->num)
		return -EINVAL;
found:
	geometry->colours = left / geometry->colour_off;
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_slab_geometry);
