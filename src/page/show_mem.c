// SPDX-License-Identifier: GPL-2.0
/*
 * The report of a failure: the request, its caller, and what was free.
 *
 * In the form of the kernel's own, line by line, so that readers of those, people or
 * programs, can read these: each begins with "mymm: " and the first names the pool. What a pool has
 * nothing of is 0 there, as on a machine that has none; and so is what is not counted by node or
 * zone, but for the whole pool (dirty, writeback, pagetables), or takes long to count (mapped). Two
 * things differ: of the stack only the functions are shown, no registers, for there may be
 * addresses in them; and one node is shown like many.
 *
 *	mymm: insmod: page allocation failure: order:2, mode:0x40dc0(...), ...
 *	mymm: CPU: 0 PID: 80 Comm: insmod
 *	mymm: Call Trace:
 *	mymm:  ...
 *	mymm: Mem-Info:
 *	mymm: active_anon:0 inactive_anon:0 isolated_anon:0
 *	...
 *	mymm: Node 0 Normal free:44kB boost:0kB min:44kB low:52kB high:60kB ...
 *	mymm: lowmem_reserve[]: 0 0 0 0 0
 *	mymm: Node 0 Normal: 1*4kB (U) 5*8kB (UM) 0*16kB ... = 44kB
 *	mymm: 512 pages RAM
 *	...
 *
 * One in ten seconds at most, whichever the pool: it is 30 lines long. The form is
 * that of warn_alloc() and __show_mem() of Linux 6.12.
 */
#include <linux/mm.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/stacktrace.h>

#include "base/compat.h"
#include "page/page_alloc.h"
#include "page/pcp.h"
#include "page/pcp_cpu.h"
#include "page/show_mem.h"
#include "page/vm_hooks.h"
#include "page/vmstat.h"

#define KIB(frames) ((unsigned long)(frames) << (PAGE_SHIFT - 10))

static void show_stack_functions(void)
{
#ifdef CONFIG_STACKTRACE
	unsigned long entries[16];
	unsigned int nr, i;

	/* Without this function and the one that calls it. */
	nr = stack_trace_save(entries, ARRAY_SIZE(entries), 2);
	pr_warn("CPU: %d PID: %d Comm: %.20s\n", raw_smp_processor_id(),
		current->pid, current->comm);
	pr_warn("Call Trace:\n");
	for (i = 0; i < nr; i++)
		pr_warn(" %pS\n", (void *)entries[i]);
#endif
}

/* The letters of the types that have blocks; as the kernel's, "E" is Reclaimable. */
static void type_letters(const struct mymm_zone_snapshot *snap,
			 unsigned int order, char *letters)
{
	static const char letter[MYMM_NR_MIGRATETYPES] = {
		[MYMM_UNMOVABLE] = 'U',
		[MYMM_MOVABLE] = 'M',
		[MYMM_RECLAIMABLE] = 'E',
		[MYMM_HIGHATOMIC] = 'H',
	};
	enum mymm_migratetype type;

	for (type = 0; type < MYMM_NR_MIGRATETYPES; type++)
		if (snap->nr_free_type[type][order])
			*letters++ = letter[type];
	*letters = 0;
}

static void show_totals(struct mymm_pool *pool, enum mymm_zone_type highest)
{
	unsigned long free = 0, pcp = 0, slab[2] = {};
	unsigned long listed[MYMM_NR_LISTED], all[MYMM_NR_LISTED] = {};
	unsigned int i, lru;

	for (i = 0; i < pool->nr_nodes; i++) {
		mymm_vm_listed(pool, &pool->node_of[i], MYMM_NR_ZONE_TYPES,
			       listed);
		for (lru = 0; lru < MYMM_NR_LISTED; lru++)
			all[lru] += listed[lru];
		slab[0] += mymm_node_slab_frames(&pool->node_of[i], false);
		slab[1] += mymm_node_slab_frames(&pool->node_of[i], true);
	}
	for (i = 0; i < pool->nr_zones; i++) {
		free += READ_ONCE(pool->zone[i].buddy.free);
		if (pool->zone[i].type <= highest)
			pcp += mymm_pcp_frames(pool, &pool->zone[i]);
	}
	pr_warn("active_anon:%lu inactive_anon:%lu isolated_anon:0\n",
		all[LRU_ACTIVE_ANON], all[LRU_INACTIVE_ANON]);
	pr_warn(" active_file:%lu inactive_file:%lu isolated_file:0\n",
		all[LRU_ACTIVE_FILE], all[LRU_INACTIVE_FILE]);
	pr_warn(" unevictable:%lu dirty:%lu writeback:%lu\n",
		all[LRU_UNEVICTABLE], mymm_vm_sum(pool, MYMM_NR_FILE_DIRTY),
		mymm_vm_sum(pool, MYMM_NR_WRITEBACK));
	pr_warn(" slab_reclaimable:%lu slab_unreclaimable:%lu\n", slab[1],
		slab[0]);
	pr_warn(" mapped:0 shmem:0 pagetables:%lu\n",
		mymm_vm_sum(pool, MYMM_NR_PAGE_TABLE_PAGES));
	pr_warn(" sec_pagetables:0 bounce:0\n");
	pr_warn(" kernel_misc_reclaimable:0\n");
	pr_warn(" free:%lu free_pcp:%lu free_cma:0\n", free, pcp);
}

static void show_node(struct mymm_pool *pool, const struct mymm_node *node)
{
	unsigned long listed[MYMM_NR_LISTED];

	mymm_vm_listed(pool, node, MYMM_NR_ZONE_TYPES, listed);
	pr_warn("Node %d active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB unevictable:%lukB isolated(anon):0kB isolated(file):0kB mapped:0kB dirty:0kB writeback:0kB shmem:0kB writeback_tmp:0kB kernel_stack:0kB pagetables:0kB sec_pagetables:0kB all_unreclaimable? %s\n",
		node->id, KIB(listed[LRU_ACTIVE_ANON]),
		KIB(listed[LRU_INACTIVE_ANON]), KIB(listed[LRU_ACTIVE_FILE]),
		KIB(listed[LRU_INACTIVE_FILE]), KIB(listed[LRU_UNEVICTABLE]),
		mymm_kswapd_hopeless(&node->kswapd) ? "yes" : "no");
}

static void show_zone(struct mymm_pool *pool, const struct mymm_zone *zone)
{
	const struct mymm_pcp *local =
		&raw_cpu_ptr(pool->cpu)->pcp[zone->number];
	unsigned long listed[MYMM_NR_LISTED];

	mymm_vm_listed(pool, &pool->node_of[zone->node], zone->type, listed);
	pr_warn("Node %d %s free:%lukB boost:%lukB min:%lukB low:%lukB high:%lukB reserved_highatomic:%luKB active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB unevictable:%lukB writepending:0kB present:%lukB managed:%lukB mlocked:0kB bounce:0kB free_pcp:%lukB local_pcp:%lukB free_cma:0kB\n",
		zone->node, mymm_zone_name(zone->type),
		KIB(READ_ONCE(zone->buddy.free)),
		KIB(READ_ONCE(zone->watermark_boost)),
		KIB(mymm_zone_watermark(zone, MYMM_WMARK_MIN)),
		KIB(mymm_zone_watermark(zone, MYMM_WMARK_LOW)),
		KIB(mymm_zone_watermark(zone, MYMM_WMARK_HIGH)),
		KIB(READ_ONCE(zone->nr_reserved_highatomic)),
		KIB(listed[LRU_ACTIVE_ANON]), KIB(listed[LRU_INACTIVE_ANON]),
		KIB(listed[LRU_ACTIVE_FILE]), KIB(listed[LRU_INACTIVE_FILE]),
		KIB(listed[LRU_UNEVICTABLE]), KIB(mymm_zone_managed(zone)),
		KIB(mymm_zone_managed(zone)), KIB(mymm_pcp_frames(pool, zone)),
		KIB(max(mymm_pcp_count(local), 0)));
	pr_warn("lowmem_reserve[]: %lu %lu %lu %lu %lu\n",
		READ_ONCE(zone->lowmem_reserve[MYMM_ZONE_DMA]),
		READ_ONCE(zone->lowmem_reserve[MYMM_ZONE_DMA32]),
		READ_ONCE(zone->lowmem_reserve[MYMM_ZONE_NORMAL]),
		READ_ONCE(zone->lowmem_reserve[MYMM_ZONE_HIGHMEM]),
		READ_ONCE(zone->lowmem_reserve[MYMM_ZONE_MOVABLE]));
}

/* "1*4kB (U) 2*8kB (UM) ... = 20kB" */
static void show_blocks(struct mymm_zone *zone)
{
	char line[MYMM_NR_ORDERS * 32], letters[MYMM_NR_MIGRATETYPES + 1];
	struct mymm_zone_snapshot snap;
	unsigned int order;
	size_t len = 0;

	mymm_zone_read(zone, &snap);
	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		len += scnprintf(line + len, sizeof(line) - len, "%lu*%lukB ",
				 snap.nr_free[order], KIB(1) << order);
		if (!snap.nr_free[order])
			continue;
		type_letters(&snap, order, letters);
		len += scnprintf(line + len, sizeof(line) - len, "(%s) ",
				 letters);
	}
	pr_warn("Node %d %s: %s= %lukB\n", zone->node,
		mymm_zone_name(zone->type), line, KIB(snap.free));
}

static void show_swap(struct mymm_pool *pool)
{
	const struct mymm_vm_hooks *hooks;
	unsigned long total = 0, free = 0;
	int idx;

	hooks = mymm_vm_hooks_get(pool, &idx);
	if (hooks)
		hooks->swap_slots(pool, &total, &free);
	mymm_vm_hooks_put(idx);
	pr_warn("%lu pages in swap cache\n",
		mymm_vm_sum(pool, MYMM_NR_SWAPCACHED));
	pr_warn("Free swap  = %lukB\n", KIB(free));
	pr_warn("Total swap = %lukB\n", KIB(total));
}

/* Of zones those that the request could have had, had it been made anywhere. */
static void show_pool(struct mymm_pool *pool, enum mymm_zone_type highest)
{
	unsigned long frames = 0, high = 0;
	unsigned int i;

	pr_warn("Mem-Info:\n");
	show_totals(pool, highest);
	for (i = 0; i < pool->nr_nodes; i++)
		show_node(pool, &pool->node_of[i]);
	for (i = 0; i < pool->nr_zones; i++)
		if (pool->zone[i].type <= highest)
			show_zone(pool, &pool->zone[i]);
	for (i = 0; i < pool->nr_zones; i++)
		if (pool->zone[i].type <= highest)
			show_blocks(&pool->zone[i]);
	for (i = 0; i < pool->nr_zones; i++) {
		frames += mymm_zone_managed(&pool->zone[i]);
		if (pool->zone[i].type >= MYMM_ZONE_HIGHMEM)
			high += mymm_zone_managed(&pool->zone[i]);
	}
	pr_warn("%lu total pagecache pages\n",
		mymm_vm_sum(pool, MYMM_NR_FILE_PAGES));
	show_swap(pool);
	pr_warn("%lu pages RAM\n", frames);
	pr_warn("%lu pages HighMem/MovableOnly\n", high);
	pr_warn("0 pages reserved\n");
}

/**
 * mymm_show_failure() - say that an allocation has failed, and why that may be
 * @request: what was wanted
 *
 * Context: any but NMI, none of our locks held.
 */
void mymm_show_failure(const struct mymm_request *request)
{
	pr_warn("%s: page allocation failure: order:%u, mode:%#x(%pGg), nodemask=(null),pool=%s\n",
		current->comm, request->order,
		(__force unsigned int)request->gfp, &request->gfp,
		request->pool->name);
	show_stack_functions();
	show_pool(request->pool, request->highest);
}
MYMM_EXPORT_INTERNAL(mymm_show_failure);

/**
 * mymm_report_failure() - mymm_show_failure(), unless it is not wanted
 * @request: what was wanted
 *
 * Nothing is said with %__GFP_NOWARN, nor within ten seconds of the last time.
 *
 * Context: any but NMI, none of our locks held.
 */
void mymm_report_failure(const struct mymm_request *request)
{
	static DEFINE_RATELIMIT_STATE(limit, 10 * HZ, 1);

	if (!(request->gfp & __GFP_NOWARN) && __ratelimit(&limit))
		mymm_show_failure(request);
}

/**
 * mymm_show_oom() - say that the OOM killer was called, and why that may be
 * @request: what was wanted
 *
 * The form is that of dump_header() of Linux 6.12, up to the table of tasks.
 *
 * Context: process, none of our locks held.
 */
void mymm_show_oom(const struct mymm_request *request)
{
	pr_warn("%s invoked oom-killer: gfp_mask=%#x(%pGg), order=%d, oom_score_adj=%d\n",
		current->comm, (__force unsigned int)request->gfp,
		&request->gfp, request->order, current->signal->oom_score_adj);
	show_stack_functions();
	show_pool(request->pool, request->highest);
}
MYMM_EXPORT_INTERNAL(mymm_show_oom);
