// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of the kernel's allocator: by its tracepoints, and by probes of functions without one.
 *
 *                                          level
 *   hook                                 users buddy   it reports that a block
 *   mm_page_alloc                          x     x     has a user; buddy: that compaction captured
 *   mm_page_free                           x           has none any more
 *   mm_page_alloc_zone_locked                    x     left a free list
 *   mm_page_alloc_extfrag                        x     left one of another migratetype
 *   __free_one_page                              x     comes to a free list
 *   __isolate_free_page                    x     x     left one, for compaction and the like
 *   __putback_isolated_page                x           is back on one
 *   __alloc_pages_bulk                     x           has a user, of many at once
 *   compaction_free                        x           is back with compaction, not free
 *
 * The last five are probes. Where there are none, because kprobes are off, the mirror goes on
 * without, and two tracepoints stand in for __free_one_page: mm_page_pcpu_drain, and mm_page_free
 * for orders that CPUs do not keep. What is missed then is healed when the frame is next reported.
 *
 * Why each is needed:
 *  - mm_page_alloc_extfrag comes before the block leaves its list in 6.1, where zone_locked
 *    follows; in 6.12 after it, and zone_locked may not come. The page's own mark shows which.
 *  - A freed block that completes what a task in direct compaction waits for is *captured*: it goes
 *    to that task, never to a list (compaction_capture()). That task's mm_page_alloc reports it;
 *    until then the mirror has it as free.
 *  - mm_page_free of a single page with a memory error: it is never free again.
 *  - compaction_free() of 6.12 has mm_page_free report a page that goes to compaction's own list.
 *
 * mm_page_free_batched is a second event of a page whose mm_page_free came.
 *
 * mm/page_alloc.c, mm/compaction.c, include/trace/events/kmem.h of Linux 6.1 and 6.12.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>

#include <trace/events/kmem.h>

#include "mirror/compat.h"
#include "mirror/hook.h"
#include "mirror/mirror.h"

enum hook_id {
	ALLOC,
	ZONE_LOCKED,
	EXTFRAG,
	BULK,
	ISOLATE,
	PUTBACK,
	COMPACTION_FREE,
	FREE,
	FREE_ONE,
	DRAIN,
	FREE_LARGE,
	NR_HOOKS,
};

static DEFINE_PER_CPU(struct mymm_mirror_counts, counts[NR_HOOKS]);

static bool buddy_level;

static __always_inline void taken(enum hook_id id, struct page *page,
				  unsigned int order, gfp_t gfp)
{
	mymm_mirror_repeat(page, order, true, gfp, &counts[id]);
}

static __always_inline void freed(enum hook_id id, struct page *page,
				  unsigned int order)
{
	mymm_mirror_repeat(page, order, false, 0, &counts[id]);
}

/* --- tracepoints --------------------------------------------------------------- */

/* A failed allocation has no page. Single pages are never captured. */
static void on_alloc(void *data, struct page *page, unsigned int order,
		     gfp_t gfp, int type)
{
	if (page && (order || !buddy_level))
		taken(ALLOC, page, order, gfp);
}

static void on_free(void *data, struct page *page, unsigned int order)
{
	if (order || !PageHWPoison(page))
		freed(FREE, page, order);
}

static void on_zone_locked(void *data, struct page *page, unsigned int order,
			   int type, int refill)
{
	taken(ZONE_LOCKED, page, order, 0);
}

static void on_extfrag(void *data, struct page *page, int order, int from,
		       int type, int was)
{
	if (!PageBuddy(page))
		taken(EXTFRAG, page, order, 0);
}

static void on_drain(void *data, struct page *page, unsigned int order,
		     int type)
{
	freed(DRAIN, page, order);
}

static void on_free_large(void *data, struct page *page, unsigned int order)
{
	if (order > PAGE_ALLOC_COSTLY_ORDER && order != pageblock_order)
		freed(FREE_LARGE, page, order);
}

static void __maybe_unused check_probes(void)
{
	check_trace_callback_type_mm_page_alloc(on_alloc);
	check_trace_callback_type_mm_page_free(on_free);
	check_trace_callback_type_mm_page_free(on_free_large);
	check_trace_callback_type_mm_page_alloc_zone_locked(on_zone_locked);
	check_trace_callback_type_mm_page_alloc_extfrag(on_extfrag);
	check_trace_callback_type_mm_page_pcpu_drain(on_drain);
}

/* --- probes ---------------------------------------------------------------------- */

/* __free_one_page(page, pfn, zone, order, migratetype, flags) */
static int at_free_one(struct kprobe *probe, struct pt_regs *regs)
{
	mymm_mirror_to_list((struct page *)regs_get_kernel_argument(regs, 0),
			    regs_get_kernel_argument(regs, 3),
			    &counts[FREE_ONE]);
	return 0;
}

/* __putback_isolated_page(page, order, migratetype) */
static int at_putback(struct kprobe *probe, struct pt_regs *regs)
{
	freed(PUTBACK, (struct page *)regs_get_kernel_argument(regs, 0),
	      regs_get_kernel_argument(regs, 1));
	return 0;
}

/* A call, between its begin and its end. */
struct call {
	struct page *page;
	unsigned int order;
};

/* __isolate_free_page(page, order): how many frames; 0: the watermark forbids */
static int isolate_begins(struct kretprobe_instance *instance,
			  struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;

	call->page = (struct page *)regs_get_kernel_argument(regs, 0);
	call->order = regs_get_kernel_argument(regs, 1);
	return 0;
}

static int isolate_ends(struct kretprobe_instance *instance,
			struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;

	if (regs_return_value(regs))
		taken(ISOLATE, call->page, call->order, GFP_HIGHUSER_MOVABLE);
	return 0;
}

/* compaction_free(folio, data): the folio's page is with compaction again, if nobody holds it */
static int compaction_free_begins(struct kretprobe_instance *instance,
				  struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;

	call->page = (struct page *)regs_get_kernel_argument(regs, 0);
	call->order = compound_order(call->page);
	/* Another holder may free it before the call ends: then no return is waited for. */
	return page_count(call->page) != 1;
}

static int compaction_free_ends(struct kretprobe_instance *instance,
				struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;

	taken(COMPACTION_FREE, call->page, call->order, GFP_HIGHUSER_MOVABLE);
	return 0;
}

/* __alloc_pages_bulk(gfp, node, nodemask, nr, list, array): array is filled where it is empty */
struct bulk_call {
	gfp_t gfp;
	struct list_head *list;
	struct page **array;
	unsigned long from;
};

static int bulk_begins(struct kretprobe_instance *instance,
		       struct pt_regs *regs)
{
	struct bulk_call *call = (struct bulk_call *)instance->data;
	unsigned long nr = (int)regs_get_kernel_argument(regs, 3);

	call->gfp = (__force gfp_t)regs_get_kernel_argument(regs, 0);
	call->list = MYMM_BULK_LIST(regs);
	call->array = MYMM_BULK_ARRAY(regs);
	call->from = 0;
	while (call->array && call->from < nr && call->array[call->from])
		call->from++;
	return 0;
}

static int bulk_ends(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct bulk_call *call = (struct bulk_call *)instance->data;
	unsigned long nr = regs_return_value(regs), i, flags;
	struct page *page;

	/* A probe that is hit in an interrupt meanwhile would be missed. */
	local_irq_save(flags);
	if (!call->array)
		list_for_each_entry(page, call->list, lru)
			taken(BULK, page, 0, call->gfp);
	else
		for (i = call->from; i < nr; i++)
			if (call->array[i])
				taken(BULK, call->array[i], 0, call->gfp);
	local_irq_restore(flags);
	return 0;
}

/* --- the table ------------------------------------------------------------------- */

#define USERS BIT(MYMM_MIRROR_USERS)
#define BUDDY BIT(MYMM_MIRROR_BUDDY)

/* Which levels need it; is it needed only if __free_one_page can't be probed? */
static const struct use {
	unsigned int levels;
	bool stand_in;
} uses[NR_HOOKS] = {
	[ALLOC] = { USERS | BUDDY },	[ZONE_LOCKED] = { BUDDY },
	[EXTFRAG] = { BUDDY },		[BULK] = { USERS },
	[ISOLATE] = { USERS | BUDDY },	[PUTBACK] = { USERS },
	[COMPACTION_FREE] = { USERS },	[FREE] = { USERS },
	[FREE_ONE] = { BUDDY },		[DRAIN] = { BUDDY, true },
	[FREE_LARGE] = { BUDDY, true },
};

static struct mymm_hook hooks[NR_HOOKS] = {
	[ALLOC] = {
		.name = "mm_page_alloc",
		.callback = on_alloc,
	},
	[ZONE_LOCKED] = {
		.name = "mm_page_alloc_zone_locked",
		.callback = on_zone_locked,
	},
	[EXTFRAG] = {
		.name = "mm_page_alloc_extfrag",
		.repeats = true,
		.callback = on_extfrag,
	},
	[BULK] = {
		.name = "__alloc_pages_bulk",
		.newer = "alloc_pages_bulk_noprof",
		/* For a few it calls the usual function, and mm_page_alloc reports those. */
		.repeats = true,
		.begin = bulk_begins,
		.end = bulk_ends,
		.data = sizeof(struct bulk_call),
	},
	[ISOLATE] = {
		.name = "__isolate_free_page",
		.begin = isolate_begins,
		.end = isolate_ends,
		.data = sizeof(struct call),
	},
	[PUTBACK] = {
		.name = "__putback_isolated_page",
		.enter = at_putback,
	},
	[COMPACTION_FREE] = {
		.name = "compaction_free",
		.repeats = true,
		.begin = compaction_free_begins,
		.end = compaction_free_ends,
		.data = sizeof(struct call),
	},
	[FREE] = {
		.name = "mm_page_free",
		.callback = on_free,
	},
	[FREE_ONE] = {
		.name = "__free_one_page",
		.enter = at_free_one,
	},
	[DRAIN] = {
		.name = "mm_page_pcpu_drain",
		/* Of the probe that it stands in for, if that is hit after all. */
		.repeats = true,
		.callback = on_drain,
	},
	[FREE_LARGE] = {
		.name = "mm_page_free",
		.callback = on_free_large,
	},
};

struct mymm_hook_set mymm_page_hooks = { hooks, NR_HOOKS };

static bool needed(enum hook_id id, enum mymm_mirror_level level)
{
	if (!(uses[id].levels & BIT(level)))
		return false;
	return !uses[id].stand_in ||
	       hooks[FREE_ONE].state == MYMM_HOOK_ABSENT ||
	       (hooks[FREE_ONE].state == MYMM_HOOK_ON && !mymm_probes_work());
}

/**
 * mymm_page_hooks_attach() - have blocks reported
 * @level: of which level
 * @leave_out: hooks to do without, their names with commas between; NULL: none
 *
 * A place that the kernel lacks, or does not let us have, is left out; status says so.
 *
 * Context: process; sleeps.
 */
void mymm_page_hooks_attach(enum mymm_mirror_level level, const char *leave_out)
{
	unsigned int i;

	buddy_level = level == MYMM_MIRROR_BUDDY;
	/* Here it reports large blocks only, and zone_locked reported most of them before. */
	hooks[ALLOC].repeats = buddy_level;
	for (i = 0; i < NR_HOOKS; i++) {
		hooks[i].counts = &counts[i];
		if (needed(i, level))
			mymm_hook_set(&hooks[i], leave_out);
	}
}
