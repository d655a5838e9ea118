// SPDX-License-Identifier: GPL-2.0
/*
 * How a figure is got, and printed.
 *
 * The clock is the time stamp counter. Under `-icount shift=0` it counts guest instructions, and
 * two boots agree: a few rounds are enough. Otherwise it counts the machine's ticks, and other
 * programs may run meanwhile: the least of many short rounds has neither a timer tick in it nor
 * an interruption; ours and the kernel's are taken in turn, pass by pass, so that both see the
 * same machine.
 *
 * Both sides do the same work in the same loop, both warmed up by a round that is not counted;
 * the cost of an empty loop is subtracted.
 */
#include <linux/moduleparam.h>
#include <linux/utsname.h>

#include "bench.h"

unsigned int mymm_bench_rounds = 5;
module_param_named(rounds, mymm_bench_rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "rounds of which the least counts (5)");

unsigned int mymm_bench_passes = 1;
module_param_named(passes, mymm_bench_passes, uint, 0444);
MODULE_PARM_DESC(
	passes,
	"how often ours and the kernel's take turns with their rounds (1)");

bool mymm_bench_tenths;
module_param_named(tenths, mymm_bench_tenths, bool, 0444);
MODULE_PARM_DESC(tenths, "print tenths of a tick (no)");

unsigned int mymm_bench_most = 10000;
module_param_named(most, mymm_bench_most, uint, 0444);
MODULE_PARM_DESC(most,
		 "objects, or pages, that are live at once at most (10000)");

DEFINE_MEASURE(nothing, (void)arg)

/* Ticks an operation, or tenths of them, rounded. */
static u64 cost(void (*measure)(unsigned int, unsigned int, u64 *),
		const struct row *row)
{
	u64 empty, full;
	u64 all = (u64)row->loops * row->divisor;

	nothing(0, row->loops, &empty);
	measure(row->arg, row->loops, &full);
	full = full > empty ? full - empty : 0;
	return div64_u64(full * (mymm_bench_tenths ? 10 : 1) + all / 2, all);
}

static void show_figure(struct seq_file *m, u64 figure)
{
	if (mymm_bench_tenths)
		seq_printf(m, " %6llu.%llu", div64_u64(figure, 10),
			   figure % 10);
	else
		seq_printf(m, " %8llu", figure);
}

/**
 * mymm_bench_show_head() - say what is measured, and how
 * @m: the table
 *
 * Context: process.
 */
void mymm_bench_show_head(struct seq_file *m)
{
	seq_printf(
		m,
		"# kernel %s, ticks of the time stamp counter, best of %u rounds, empty loop taken off\n",
		init_utsname()->release, mymm_bench_rounds * mymm_bench_passes);
}

/**
 * mymm_bench_show_row() - measure a row and print it
 * @m: the table
 * @row: the row
 *
 * Context: process; sleeps.
 */
void mymm_bench_show_row(struct seq_file *m, const struct row *row)
{
	u64 ours = U64_MAX, theirs = U64_MAX;
	unsigned int pass;

	for (pass = 0; pass < mymm_bench_passes; pass++) {
		ours = min(ours, cost(row->ours, row));
		if (row->theirs)
			theirs = min(theirs, cost(row->theirs, row));
	}
	seq_printf(m, "%-32s", row->what);
	show_figure(m, ours);
	if (row->theirs) {
		show_figure(m, theirs);
		if (ours)
			seq_printf(m, " %7llu.%llux", div64_u64(theirs, ours),
				   div64_u64(theirs * 10, ours) % 10);
	}
	seq_putc(m, '\n');
}
