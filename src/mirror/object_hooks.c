// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of the kernel's slab allocator: which object of which cache has a user, or none any more.
 *
 *   hook                     it reports
 *   kmem_cache_alloc         an object, and its cache
 *   kmem_cache_free          the same
 *   kmalloc                  an object; its page says of which cache
 *   kfree                    the same, before it can be had again
 *   kmem_cache_alloc_bulk    objects of a cache, many at once
 *   kmem_cache_free_bulk     objects, of one cache or of many: so frees kfree_rcu(), too
 *
 * The last two have no event and are probed: the maple tree and the network use them most. Not
 * reported: what KFENCE takes out, which slabinfo does not count either; what is too large for a
 * cache; and what the slab allocator takes for itself while the kernel boots.
 *
 * mm/slab_common.c, mm/slub.c, include/trace/events/kmem.h of Linux 6.1 and 6.12.
 */
#include <linux/kfence.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/slab.h>

#include <trace/events/kmem.h>

#include "mirror/hook.h"
#include "mirror/objects.h"

enum hook_id {
	CACHE_FREE,
	KFREE,
	FREE_BULK,
	CACHE_ALLOC,
	KMALLOC,
	ALLOC_BULK,
	NR_HOOKS,
};

static DEFINE_PER_CPU(struct mymm_mirror_counts, counts[NR_HOOKS]);

/* Only once all hooks are set, so that frees are not counted without allocations. */
static bool following;

static void report(enum hook_id id, const struct kmem_cache *cache,
		   const void *object, bool allocated)
{
	struct mymm_mirror_counts __percpu *c = &counts[id];

	if (!READ_ONCE(following))
		return;
	if (ZERO_OR_NULL_PTR(object) || is_kfence_address(object))
		return;
	if (!cache)
		cache = mymm_real_cache_of(object);
	/* A page of its own. */
	if (!cache)
		return;
	mymm_objects_repeat(cache, object, allocated, c);
}

/* --- tracepoints ------------------------------------------------------------------ */

static void on_cache_alloc(void *data, unsigned long site, const void *object,
			   struct kmem_cache *cache, gfp_t gfp, int node)
{
	this_cpu_inc(counts[CACHE_ALLOC].events);
	report(CACHE_ALLOC, cache, object, true);
}

static void on_cache_free(void *data, unsigned long site, const void *object,
			  const struct kmem_cache *cache)
{
	this_cpu_inc(counts[CACHE_FREE].events);
	report(CACHE_FREE, cache, object, false);
}

static void on_kmalloc(void *data, unsigned long site, const void *object,
		       size_t asked, size_t got, gfp_t gfp, int node)
{
	this_cpu_inc(counts[KMALLOC].events);
	report(KMALLOC, NULL, object, true);
}

static void on_kfree(void *data, unsigned long site, const void *object)
{
	this_cpu_inc(counts[KFREE].events);
	report(KFREE, NULL, object, false);
}

static void __maybe_unused check_probes(void)
{
	check_trace_callback_type_kmem_cache_alloc(on_cache_alloc);
	check_trace_callback_type_kmem_cache_free(on_cache_free);
	check_trace_callback_type_kmalloc(on_kmalloc);
	check_trace_callback_type_kfree(on_kfree);
}

/* --- probes ------------------------------------------------------------------------ */

/* kmem_cache_alloc_bulk(cache, gfp, nr, objects): how many, or 0 */
struct bulk_call {
	const struct kmem_cache *cache;
	void **objects;
};

static int alloc_bulk_begins(struct kretprobe_instance *instance,
			     struct pt_regs *regs)
{
	struct bulk_call *call = (struct bulk_call *)instance->data;

	call->cache =
		(const struct kmem_cache *)regs_get_kernel_argument(regs, 0);
	call->objects = (void **)regs_get_kernel_argument(regs, 3);
	return 0;
}

static int alloc_bulk_ends(struct kretprobe_instance *instance,
			   struct pt_regs *regs)
{
	struct bulk_call *call = (struct bulk_call *)instance->data;
	int nr = regs_return_value(regs), i;
	unsigned long flags;

	/* A probe that is hit in an interrupt meanwhile would be missed. */
	local_irq_save(flags);
	this_cpu_inc(counts[ALLOC_BULK].events);
	for (i = 0; i < nr; i++)
		report(ALLOC_BULK, call->cache, call->objects[i], true);
	local_irq_restore(flags);
	return 0;
}

/* kmem_cache_free_bulk(cache, nr, objects); cache NULL: each object's own */
static int at_free_bulk(struct kprobe *probe, struct pt_regs *regs)
{
	const struct kmem_cache *cache =
		(const struct kmem_cache *)regs_get_kernel_argument(regs, 0);
	size_t nr = regs_get_kernel_argument(regs, 1), i;
	void **objects = (void **)regs_get_kernel_argument(regs, 2);
	unsigned long flags;

	local_irq_save(flags);
	this_cpu_inc(counts[FREE_BULK].events);
	for (i = 0; i < nr; i++)
		report(FREE_BULK, cache, objects[i], false);
	local_irq_restore(flags);
	return 0;
}

static struct mymm_hook hooks[NR_HOOKS] = {
	[CACHE_ALLOC] = {
		.name = "kmem_cache_alloc",
		.callback = on_cache_alloc,
	},
	[CACHE_FREE] = {
		.name = "kmem_cache_free",
		.callback = on_cache_free,
	},
	[KMALLOC] = {
		.name = "kmalloc",
		.callback = on_kmalloc,
	},
	[KFREE] = {
		.name = "kfree",
		.callback = on_kfree,
	},
	[ALLOC_BULK] = {
		.name = "kmem_cache_alloc_bulk",
		.newer = "kmem_cache_alloc_bulk_noprof",
		.begin = alloc_bulk_begins,
		.end = alloc_bulk_ends,
		.data = sizeof(struct bulk_call),
	},
	[FREE_BULK] = {
		.name = "kmem_cache_free_bulk",
		.enter = at_free_bulk,
	},
};

struct mymm_hook_set mymm_object_hooks = { hooks, NR_HOOKS };

/**
 * mymm_objects_attach() - have objects reported, if they are repeated
 * @leave_out: hooks to do without, their names with commas between; NULL: none
 *
 * Context: process; sleeps.
 */
void mymm_objects_attach(const char *leave_out)
{
	unsigned int i;

	if (!mymm_objects_on())
		return;
	for (i = 0; i < NR_HOOKS; i++) {
		hooks[i].counts = &counts[i];
		mymm_hook_set(&hooks[i], leave_out);
	}
	WRITE_ONCE(following, true);
}
