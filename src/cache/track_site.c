// SPDX-License-Identifier: GPL-2.0
/*
 * Sites: the objects in use of a cache, grouped by the code that allocated them, or that
 * freed them the last time before. Objects with the same caller, stack and waste are one
 * *site*.
 *
 *   debugfs mymm/caches/NAME/alloc_traces      by allocating code
 *                            free_traces       by code that freed them the last time before
 *
 * As the kernel's files of these names (debugfs slab/NAME): objects in use, a line a site with
 * the most objects first, below it the stack:
 *
 *       3 op_obj_alloc+0x40/0xd0 [mymm] age=12/40/77 pid=96-97 cpus=0-1
 *         mymm_debug_alloc+0x31/0x1f0 [mymm]
 *         ...
 *
 * Waste is the size of a kmalloc object less the requested size, in all and for one object;
 * ages are in jiffies: the least, the mean and the most. Nodes are the pool's. As in the kernel
 * the files exist only for caches with SLAB_STORE_USER.
 *
 * The file shows the moment when it was opened: an event of 40 bytes for each object, sorted
 * by site. Large items (the CPUs of a site) are computed from these when they are printed.
 * No lock is held except while track.c copies.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/ratelimit.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "cache/debug.h"
#include "cache/track.h"
#include "page/zone.h"

/* Sites that are logged when a cache can't be destroyed. */
#define MOST_REPORTED 8

/**
 * struct mymm_site_event - the last alloc or free of one object
 * @addr: caller
 * @age: jiffies since then
 * @handle: of the stack
 * @waste: bytes of the object that were not requested
 * @cpu: CPU that did it
 * @pid: task that did it
 * @node: of the object
 */
struct mymm_site_event {
	unsigned long addr;
	unsigned long age;
	depot_stack_handle_t handle;
	unsigned int waste;
	int cpu;
	int pid;
	int node;
};

/* --- taking ------------------------------------------------------------------------ */

static bool make_room(struct mymm_sites *sites)
{
	size_t room = 2 * sites->room + 64;
	struct mymm_site_event *event = NULL;

	if (!mymm_inject_fail())
		event = kvmalloc_array(room, sizeof(*event),
				       GFP_KERNEL | __GFP_NOWARN);
	if (!event)
		return false;
	if (sites->nr_events)
		memcpy(event, sites->event, sites->nr_events * sizeof(*event));
	kvfree(sites->event);
	sites->event = event;
	sites->room = room;
	return true;
}

static void add_event(const struct mymm_tracked *object, void *arg)
{
	struct mymm_sites *sites = arg;
	const struct mymm_track *track = &object->track[sites->item];
	struct mymm_cache *cache = sites->cache;
	unsigned int waste = 0;

	if (!object->used || sites->err)
		return;
	if (sites->nr_events == sites->room && !make_room(sites)) {
		sites->err = -ENOMEM;
		return;
	}
	if (sites->item == MYMM_TRACK_ALLOC)
		waste = cache->object_size - object->bytes;
	sites->event[sites->nr_events++] = (struct mymm_site_event){
		.addr = track->addr,
		.age = jiffies - track->when,
		.handle = mymm_track_handle(track),
		.waste = waste,
		.cpu = track->cpu,
		.pid = track->pid,
		.node = mymm_pool_zone(cache->pool,
				       READ_ONCE(cache->frame[object->pfn].tag))
				->node,
	};
}

static int compare(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

static int by_site(const void *a, const void *b)
{
	const struct mymm_site_event *x = a, *y = b;

	return compare(x->addr, y->addr)	     ?:
		       compare(x->handle, y->handle) ?:
		       compare(x->waste, y->waste);
}

static int by_count(const void *a, const void *b)
{
	const struct mymm_site *x = a, *y = b;

	return compare(y->nr, x->nr) ?: compare(x->first, y->first);
}

/* Split sorted events into sites; returns their number. With @site NULL it only counts. */
static size_t split(const struct mymm_sites *sites, struct mymm_site *site)
{
	size_t i, nr = 0;

	for (i = 0; i < sites->nr_events; i++) {
		bool begins = !i ||
			      by_site(&sites->event[i - 1], &sites->event[i]);

		if (begins)
			nr++;
		if (!site)
			continue;
		if (begins)
			site[nr - 1] = (struct mymm_site){ .first = i };
		site[nr - 1].nr++;
	}
	return nr;
}

/**
 * mymm_sites_take() - group the objects of a cache by site
 * @sites: filled; to be released with mymm_sites_drop() in any case
 * @cache: the cache
 * @item: which track: the last alloc or the last free
 *
 * Context: process; sleeps. The caller keeps the cache alive.
 * Return: 0; -ENOENT: the cache has no SLAB_STORE_USER; -EIO: the pool is dead; -ENOMEM.
 */
int mymm_sites_take(struct mymm_sites *sites, struct mymm_cache *cache,
		    enum mymm_track_item item)
{
	int err;

	*sites = (struct mymm_sites){ .cache = cache, .item = item };
	err = mymm_track_for_each(cache, add_event, sites);
	if (err || sites->err)
		return err ?: sites->err;
	sort(sites->event, sites->nr_events, sizeof(*sites->event), by_site,
	     NULL);
	sites->nr = split(sites, NULL);
	if (!mymm_inject_fail())
		sites->site = kvmalloc_array(sites->nr + 1,
					     sizeof(*sites->site),
					     GFP_KERNEL | __GFP_NOWARN);
	if (!sites->site)
		return -ENOMEM;
	split(sites, sites->site);
	sort(sites->site, sites->nr, sizeof(*sites->site), by_count, NULL);
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_sites_take);

/**
 * mymm_sites_drop() - free the memory of sites
 * @sites: from mymm_sites_take(), whether that succeeded or not
 *
 * Context: process; sleeps.
 */
void mymm_sites_drop(struct mymm_sites *sites)
{
	kvfree(sites->event);
	kvfree(sites->site);
}
MYMM_EXPORT_INTERNAL(mymm_sites_drop);

/* --- showing ------------------------------------------------------------------------ */

struct span {
	unsigned long min_age, max_age;
	u64 sum;
	int min_pid, max_pid;
};

static struct span span_of(const struct mymm_sites *sites,
			   const struct mymm_site *site)
{
	const struct mymm_site_event *event = &sites->event[site->first];
	struct span span = {
		.min_age = event->age,
		.max_age = event->age,
		.min_pid = event->pid,
		.max_pid = event->pid,
	};
	size_t i;

	for (i = 0; i < site->nr; i++, event++) {
		span.min_age = min(span.min_age, event->age);
		span.max_age = max(span.max_age, event->age);
		span.sum += event->age;
		span.min_pid = min(span.min_pid, event->pid);
		span.max_pid = max(span.max_pid, event->pid);
	}
	return span;
}

/* " age=MIN/MEAN/MAX pid=MIN-MAX", or one of each where that says all. */
static void print_span(char *text, size_t size, const struct mymm_sites *sites,
		       const struct mymm_site *site)
{
	struct span span = span_of(sites, site);
	size_t len;

	if (span.sum != span.min_age)
		len = scnprintf(text, size, " age=%lu/%llu/%lu", span.min_age,
				div_u64(span.sum, site->nr), span.max_age);
	else
		len = scnprintf(text, size, " age=%lu", span.min_age);
	if (span.min_pid != span.max_pid)
		scnprintf(text + len, size - len, " pid=%d-%d", span.min_pid,
			  span.max_pid);
	else
		scnprintf(text + len, size - len, " pid=%d", span.min_pid);
}

static void show_places(struct seq_file *m, const struct mymm_sites *sites,
			const struct mymm_site *site)
{
	const struct mymm_site_event *event = &sites->event[site->first];
	nodemask_t nodes = NODE_MASK_NONE;
	cpumask_var_t cpus;
	size_t i;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return;
	for (i = 0; i < site->nr; i++, event++) {
		cpumask_set_cpu(event->cpu, cpus);
		if (event->node < MAX_NUMNODES)
			node_set(event->node, nodes);
	}
	if (num_online_cpus() > 1)
		seq_printf(m, " cpus=%*pbl", cpumask_pr_args(cpus));
	if (sites->cache->pool->nr_nodes > 1)
		seq_printf(m, " nodes=%*pbl", nodemask_pr_args(&nodes));
	free_cpumask_var(cpus);
}

static void show_stack(struct seq_file *m, depot_stack_handle_t handle)
{
#ifdef CONFIG_STACKDEPOT
	unsigned long *entries;
	unsigned int nr, i;

	if (!handle)
		return;
	nr = stack_depot_fetch(handle, &entries);
	seq_putc(m, '\n');
	for (i = 0; i < nr; i++)
		seq_printf(m, "        %pS\n", (void *)entries[i]);
#endif
}

/**
 * mymm_site_show() - print the lines of a site
 * @m: output
 * @sites: from mymm_sites_take()
 * @nth: index of the site; with 0 and no site it prints "No data"
 *
 * Context: process; sleeps.
 */
void mymm_site_show(struct seq_file *m, const struct mymm_sites *sites,
		    size_t nth)
{
	const struct mymm_site *site = &sites->site[nth];
	const struct mymm_site_event *event;
	char text[80];

	if (!sites->nr) {
		seq_puts(m, "No data\n");
		return;
	}
	event = &sites->event[site->first];
	seq_printf(m, "%7zu ", site->nr);
	if (event->addr)
		seq_printf(m, "%pS", (void *)event->addr);
	else
		seq_puts(m, "<not-available>");
	if (event->waste)
		seq_printf(m, " waste=%zu/%u", site->nr * event->waste,
			   event->waste);
	print_span(text, sizeof(text), sites, site);
	seq_puts(m, text);
	show_places(m, sites, site);
	show_stack(m, event->handle);
	seq_putc(m, '\n');
}
MYMM_EXPORT_INTERNAL(mymm_site_show);

/**
 * mymm_sites_report() - log which code holds objects of a cache
 * @cache: can't be destroyed; nothing is logged if it has no SLAB_STORE_USER
 *
 * Logs a line a site, for the few sites with the most objects.
 *
 * Context: process; sleeps.
 */
void mymm_sites_report(struct mymm_cache *cache)
{
	static DEFINE_RATELIMIT_STATE(limit, 5 * HZ, 3);
	struct mymm_sites sites;
	char text[80];
	size_t i;

	if (!(cache->flags & SLAB_STORE_USER) || !__ratelimit(&limit))
		return;
	if (mymm_sites_take(&sites, cache, MYMM_TRACK_ALLOC))
		sites.nr = 0;
	for (i = 0; i < min_t(size_t, sites.nr, MOST_REPORTED); i++) {
		const struct mymm_site *site = &sites.site[i];

		print_span(text, sizeof(text), &sites, site);
		pr_err("  cache %s: %zu allocated by %pS%s\n", cache->name,
		       site->nr, (void *)sites.event[site->first].addr, text);
	}
	if (sites.nr > MOST_REPORTED)
		pr_err("  cache %s: and by %zu other callers\n", cache->name,
		       sites.nr - MOST_REPORTED);
	mymm_sites_drop(&sites);
}
