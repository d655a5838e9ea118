// SPDX-License-Identifier: GPL-2.0
/*
 * The order of slabs: the running kernel's rule, so that slabs have the order and the number
 * of objects that its caches of the same size have.
 *
 * A slab should hold a good number of objects, more on a machine with more CPUs, and
 * waste little behind the last of them. Small orders are tried first, up to the usual
 * limit of order 3; how much waste is accepted grows as nothing fits. An object that is
 * larger than that gets a slab of its own.
 *
 *   700 bytes, 2 CPUs, so 12 objects wanted: 8400 bytes, so at least order 2
 *   order 2: 16384 = 23 * 700 + 284; 284 is less than a sixteenth: order 2
 *
 * calculate_order() of mm/slub.c, which changed with 6.8: see MYMM_ORDER_RULE_6_8.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>

#include "object/cache.h"
#include "object/calculate_order.h"
#include "base/compat.h"

/* Does a slab of this order waste at most one part in @fraction? */
static bool wastes_little(unsigned int size, unsigned int order,
			  unsigned int fraction)
{
	unsigned int bytes = PAGE_SIZE << order;

	return bytes % size <= bytes / fraction;
}

/* The smallest order from @low up to the usual limit that wastes little enough. */
static unsigned int least_order(unsigned int size, unsigned int low,
				unsigned int fraction)
{
	unsigned int order = low;

	while (order <= MYMM_SLAB_MAX_ORDER &&
	       !wastes_little(size, order, fraction))
		order++;
	return order;
}

/* How many objects a slab should have, on a machine of this many CPUs. */
static unsigned int wanted_objects(void)
{
	unsigned int cpus = num_present_cpus();

	/* On some machines CPUs are only known once they are online. */
	if (cpus <= 1)
		cpus = nr_cpu_ids;
	return 4 * (fls(cpus) + 1);
}

/**
 * mymm_calculate_order() - the order of slabs for objects of a size
 * @size: bytes from one object to the next
 *
 * calculate_order() of the running kernel: 6.1 lowers the number of objects it aims
 * for, one by one, before it gives up on the usual orders; 6.8 and later accept
 * up to half of the slab as waste instead.
 *
 * Return: the order; more than %MYMM_MAX_ORDER if no slab can hold such an object.
 */
unsigned int mymm_calculate_order(unsigned int size)
{
	unsigned int most = (PAGE_SIZE << MYMM_SLAB_MAX_ORDER) / size;
	unsigned int objects, fraction, order;

	objects = min(wanted_objects(), max(most, 1U));
	if (MYMM_ORDER_RULE_6_8) {
		unsigned int low = get_order(objects * size);

		for (fraction = 16; fraction > 1; fraction /= 2) {
			order = least_order(size, low, fraction);
			if (order <= MYMM_SLAB_MAX_ORDER)
				return order;
		}
		return get_order(size);
	}

	for (; objects > 1; objects--) {
		for (fraction = 16; fraction >= 4; fraction /= 2) {
			order = least_order(size, get_order(objects * size),
					    fraction);
			if (order <= MYMM_SLAB_MAX_ORDER)
				return order;
		}
	}
	return get_order(size);
}
MYMM_EXPORT_INTERNAL(mymm_calculate_order);

/**
 * mymm_cache_default_tunables() - default sizes of a cache's magazines
 * @cache: new; its geometry is set
 * @small: limit for small objects
 *
 * SLAB's sizes of an array_cache for all others, from enable_cpucache() of 6.1's mm/slab.c.
 *
 * Return: those, with no shared array.
 */
struct mymm_tunables mymm_cache_default_tunables(const struct mymm_cache *cache,
						 unsigned int small)
{
	unsigned int limit = small;

	/* An object in a magazine could not be checked. */
	if (cache->debug)
		limit = 0;
	else if (cache->size > 131072)
		limit = 1;
	else if (cache->size > PAGE_SIZE)
		limit = 8;
	else if (cache->size > 1024)
		limit = 24;
	else if (cache->size > 256)
		limit = 54;
	return (struct mymm_tunables){
		.limit = limit,
		.batchcount = (limit + 1) / 2,
	};
}

/**
 * mymm_inverse_of_odd() - the inverse of an odd number modulo 2^32
 * @odd: the number
 *
 * Each step doubles the number of correct bits.
 *
 * Return: the number whose product with @odd is 1.
 */
u32 mymm_inverse_of_odd(u32 odd)
{
	u32 inverse = odd; /* correct in the lowest 3 bits */
	int i;

	for (i = 0; i < 4; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}
