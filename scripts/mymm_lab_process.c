// SPDX-License-Identifier: GPL-2.0
/*
 * The labs about processes: VSS and RSS, overcommit, swap, the OOM killer.
 */
#include <signal.h>

#include "mymm_lab.h"

#define KIB 4 /* a page's */
#define MIB_PAGES 256

/* Lab 9. */
void lab_rss(struct lab_run *run)
{
	unsigned int mapped = lab_set(run, "mapped", lab_draw(run, 40, 200));
	unsigned int touched = lab_set(run, "touched", lab_draw(run, 12, 24));
	unsigned int written = lab_set(run, "written", lab_draw(run, 3, 9));
	unsigned int discarded;

	do
		discarded = lab_draw(run, 2, touched - 2);
	while (discarded == written);
	lab_set(run, "discarded", discarded);
	lab_set(run, "read", lab_draw(run, 2, 9));
	lab_set(run, "touched_pages", touched * MIB_PAGES);
	lab_set(run, "written_pages", written * MIB_PAGES);
	lab_set(run, "own", discarded < written ? discarded : written);
	lab_set(run, "twice", 2 * touched * MIB_PAGES);
	lab_set(run, "mapped_pages", mapped * MIB_PAGES);
	lab_set(run, "a", mapped * 1024);
	lab_set(run, "b", touched * 1024);
	/* Neither a read of what was never written nor a fork takes a frame. */
	lab_set(run, "c", touched * MIB_PAGES);
	lab_set(run, "d", touched * MIB_PAGES);
	lab_set(run, "e", (touched + written) * MIB_PAGES);
	lab_set(run, "f",
		(touched + written -
		 (discarded < written ? discarded : written)) *
			MIB_PAGES);
	lab_set(run, "g", (touched - discarded) * MIB_PAGES);
}

/* Lab 10. */
void lab_overcommit(struct lab_run *run)
{
	unsigned int pool = lab_set(run, "pool", 4 * lab_draw(run, 10, 24));
	unsigned int ratio = lab_set(run, "ratio", 5 * lab_draw(run, 7, 17));
	unsigned int pages = pool * MIB_PAGES, limit = pages * ratio / 100;
	unsigned int each = lab_set(run, "each", lab_draw(run, 2, 5));
	unsigned int nr, granted = 0, all = 0, size = pool / 4;
	struct bytes list = { 0 };

	for (nr = 0; size < 2 * pool; nr++) {
		bytes_print(&list, "%s%u", nr ? " " : "", size);
		granted += size <= pool;
		all += size * MIB_PAGES < limit;
		size += lab_draw(run, 3, pool / 4);
	}
	lab_set_text(run, "sizes", "%s", list.at);
	bytes_free(&list);
	lab_set(run, "pages", pages);
	lab_set(run, "limit", limit);
	lab_set(run, "limit_kib", limit * KIB);
	lab_set(run, "each_pages", each * MIB_PAGES);
	lab_set(run, "total", nr);
	lab_set(run, "a", limit * KIB);
	/* The sum has to stay below the limit. */
	lab_set(run, "b", (limit - 1) / (each * MIB_PAGES));
	lab_set(run, "c",
		(limit - 1) / (each * MIB_PAGES) * each * MIB_PAGES * KIB);
	lab_set(run, "d", granted);
	lab_set(run, "e", nr);
	lab_set(run, "f", all);
}

/* Lab 12. */
void lab_swap(struct lab_run *run)
{
	unsigned int pool = lab_set(run, "pool", lab_draw(run, 24, 40));
	unsigned int area = lab_set(run, "area", lab_draw(run, 20, 40));
	unsigned int ratio = lab_set(run, "ratio", 5 * lab_draw(run, 6, 18));
	unsigned int limit = pool * MIB_PAGES * ratio / 100;
	unsigned int touched =
		lab_set(run, "touched", pool + lab_draw(run, 4, area - 10));
	unsigned int left = lab_draw(run, 4, pool / 2);

	lab_set(run, "pool_pages", pool * MIB_PAGES);
	lab_set(run, "area_pages", area * MIB_PAGES);
	lab_set(run, "limit_kib", limit * KIB);
	lab_set(run, "left", left);
	lab_set(run, "discarded", touched - left);
	lab_set(run, "touched_pages", touched * MIB_PAGES);
	lab_set(run, "a", area * 1024);
	lab_set(run, "b", limit * KIB + area * 1024);
	lab_set(run, "c", pool + area);
	lab_set(run, "d", touched * MIB_PAGES);
	lab_set(run, "e", left * MIB_PAGES);
	lab_set(run, "f", left * 1024);
}

/*
 * Lab 13. The tables of a process count, too: a frame for each 2 MiB, perhaps one more. They are
 * not to decide.
 */
void lab_oom(struct lab_run *run)
{
	unsigned int pool, total, unit, large, small, more, adj;

	do {
		pool = lab_draw(run, 48, 80);
		total = pool * MIB_PAGES;
		unit = total / 1000;
		large = lab_draw(run, 16, 22);
		small = large - lab_draw(run, 4, 10);
		more = (large - small) * MIB_PAGES;
	} while (more % unit + (large - small) / 2 + 2 >= unit);
	adj = lab_draw(run, 21, 180);

	lab_set(run, "pool", pool);
	lab_set(run, "total", total);
	lab_set(run, "unit", unit);
	lab_set(run, "large", large);
	lab_set(run, "small", small);
	lab_set(run, "adj", adj);
	lab_set(run, "more", more);
	lab_set(run, "large_pages", large * MIB_PAGES);
	lab_set(run, "small_pages", small * MIB_PAGES);
	lab_set(run, "exact", adj * total / 1000);
	lab_set(run, "enough", more / unit);
	lab_set(run, "a", unit);
	lab_set(run, "b", adj * unit);
	lab_set(run, "c", small * MIB_PAGES + adj * unit);
	lab_set(run, "d", more / unit + 1);
	lab_set(run, "e", 128 + SIGKILL);
	lab_set(run, "sigkill", SIGKILL);
}
