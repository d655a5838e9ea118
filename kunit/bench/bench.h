/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an operation costs: the clock, a row of the table, and what the rows work on.
 */
#ifndef MYMM_BENCH_H
#define MYMM_BENCH_H

#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timex.h>

#include "base/compat.h"
#include "object/cache.h"
#include "mymm.h"
#include "ui/proc.h"

#define OBJECT_SIZE 64

/* How figures are got. Set by parameters; see clock.c. */
extern unsigned int mymm_bench_rounds;
extern unsigned int mymm_bench_passes;
extern bool mymm_bench_tenths;
extern unsigned int mymm_bench_most;

/* Ordered against the code before and after it. User-mode Linux has no such function. */
static __always_inline u64 ticks(void)
{
#ifdef CONFIG_UML
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (u64)high << 32 | low;
#else
	return rdtsc_ordered();
#endif
}

/*
 * A function that does @work in a loop and returns the ticks that took: the best of some
 * rounds, after one that is not counted. The loop is around the work itself, so
 * that no call of ours is measured with it. @before is done once, and not measured.
 */
#define DEFINE_MEASURE_AFTER(name, before, work)                          \
	static void name(unsigned int arg, unsigned int loops, u64 *best) \
	{                                                                 \
		unsigned int round = mymm_bench_rounds + 1, loop;         \
		u64 start;                                                \
		before;                                                   \
		*best = U64_MAX;                                          \
		while (round--) {                                         \
			start = ticks();                                  \
			for (loop = 0; loop < loops; loop++) {            \
				work;                                     \
				barrier();                                \
			}                                                 \
			start = ticks() - start;                          \
			if (round != READ_ONCE(mymm_bench_rounds))        \
				*best = min(*best, start);                \
			cond_resched();                                   \
		}                                                         \
	}
#define DEFINE_MEASURE(name, work) DEFINE_MEASURE_AFTER(name, (void)0, work)

/**
 * struct row - one line of the table
 * @what: its name in the table
 * @ours: one operation, or @divisor of them
 * @theirs: the same by the kernel, or NULL
 * @arg: the order of pages, or how many live at once
 * @loops: how often a round does it
 * @divisor: operations in one call
 */
struct row {
	const char *what;
	void (*ours)(unsigned int arg, unsigned int loops, u64 *best);
	void (*theirs)(unsigned int arg, unsigned int loops, u64 *best);
	unsigned int arg;
	unsigned int loops;
	unsigned int divisor;
};

/* clock.c */
void mymm_bench_show_head(struct seq_file *m);
void mymm_bench_show_row(struct seq_file *m, const struct row *row);

/* sweep.c */
int mymm_bench_sweep_init(void);
void mymm_bench_sweep_exit(void);
void mymm_bench_show_live(struct seq_file *m);

#endif
