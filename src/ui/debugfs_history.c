// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/history and mymm/history_events: what is free, and what processes' memory went
 * through, over time. The first has the lines of mybuddyinfo, so that fragmentation can be plotted:
 * a series for each zone, with two empty lines between them, by which gnuplot tells series apart.
 *
 *   # node 0, zone DMA
 *   #    seconds node    zone      0      1      2 ...     10
 *       4.816012    0     DMA      0      0      0 ...      1
 *       5.320031    0     DMA      0      0      0 ...      1
 *       ...
 *
 *
 *   # node 0, zone Normal
 *   #    seconds node    zone      0      1      2 ...     10
 *       4.816012    0  Normal      3      1      1 ...     11
 *       ...
 *
 * A *sample* is one line for each zone, each zone at one moment, all with the time at which
 * the sample was begun. Samples stand in a ring, and the newest takes the place of the oldest:
 *
 *        len = 4, taken = 6          place   0   1   2   3
 *                                   sample   4   5   2   3      shown: 2, 3, 4, 5
 *
 * The other file has a line for each sample: how often what myvmstat counts has happened since the
 * sample before. A pool counts that as a whole, and not by zone, so it does not stand beside the
 * blocks.
 *
 *   #    seconds    fault    major    evict    swpin   swpout  refault  written      oom  migrate
 *       4.816012        0        0        0        0        0        0        0        0        0
 *       5.320031     2048       17      512       17      498       17        0        0       32
 *       ...
 *
 * The parameter history_ms says how much time is between two samples; 0: none are taken. It
 * may be written to at any time, which also takes a sample at once. The ring, for
 * history_len samples, is made when the first is to be taken, and stays until unload:
 * taking a sample allocates nothing. A work item takes it, so a machine that is busy may
 * be late, but each line says when it was, by the clock that the kernel's log and traces have.
 *
 * A replay goes by another clock, that of its recording, and takes seconds of it in one of the
 * kernel's. So a session that holds the pool's clock may take samples itself, and says what time it
 * is (MYMM_OP_SAMPLE). A history goes by one clock: the first sample of a session empties the ring
 * and stops the work item, and so does one whose time is before the last; the next write of an
 * interval to history_ms empties it again and goes by the kernel's clock.
 *
 * Locking: switch_lock, then history->lock. The work item takes only the latter. A reader
 * has both while its buffer is filled; if samples were overwritten before it is filled
 * again, it goes on with the oldest that there is. Samples are numbered since load, also when the
 * ring is emptied, so none of another clock's follow for a reader that was in the midst of it.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "ui/debugfs_history.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "page/zone.h"

#define MAX_LEN 10000

/* --- events ---------------------------------------------------------------------- */

static const char *const event_name[MYMM_HISTORY_EVENTS] = {
	"fault",   "major",   "evict", "swpin",	 "swpout",
	"refault", "written", "oom",   "migrate"
};

/* How often each has happened since load. */
static void count_events(const struct mymm_pool *pool,
			 unsigned long count[MYMM_HISTORY_EVENTS])
{
	static const enum mymm_vm_item items[MYMM_HISTORY_EVENTS - 1][2] = {
		{ MYMM_PGFAULT, MYMM_NR_VM_ITEMS },
		{ MYMM_PGMAJFAULT, MYMM_NR_VM_ITEMS },
		{ MYMM_PGSTEAL_ANON, MYMM_PGSTEAL_FILE },
		{ MYMM_PSWPIN, MYMM_NR_VM_ITEMS },
		{ MYMM_PSWPOUT, MYMM_NR_VM_ITEMS },
		{ MYMM_WORKINGSET_REFAULT_ANON, MYMM_WORKINGSET_REFAULT_FILE },
		{ MYMM_NR_WRITTEN, MYMM_NR_VM_ITEMS },
		{ MYMM_OOM_KILL, MYMM_NR_VM_ITEMS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(items); i++) {
		count[i] = mymm_vm_sum(pool, items[i][0]);
		if (items[i][1] != MYMM_NR_VM_ITEMS)
			count[i] += mymm_vm_sum(pool, items[i][1]);
	}
	count[i] = atomic_long_read(&pool->compact.pgmigrate_success);
}

/* --- the ring ------------------------------------------------------------------- */

/**
 * mymm_history_create() - make an empty history
 * @pool: of which pool; has to live as long
 * @len: samples that there is to be room for
 *
 * Context: process; sleeps.
 * Return: the history, or NULL if there is no memory.
 */
struct mymm_history *mymm_history_create(struct mymm_pool *pool,
					 unsigned int len)
{
	struct mymm_history *history;

	history = mymm_inject_fail() ? NULL :
				       kzalloc(sizeof(*history), GFP_KERNEL);
	if (!history)
		return NULL;
	history->pool = pool;
	history->len = len;
	mutex_init(&history->lock);
	if (!mymm_inject_fail())
		history->time =
			kvcalloc(len, sizeof(*history->time), GFP_KERNEL);
	if (history->time && !mymm_inject_fail())
		history->nr_free = kvcalloc((size_t)len * pool->nr_zones,
					    sizeof(*history->nr_free),
					    GFP_KERNEL);
	if (history->nr_free && !mymm_inject_fail())
		history->events =
			kvcalloc(len, sizeof(*history->events), GFP_KERNEL);
	if (!history->events) {
		mymm_history_destroy(history);
		return NULL;
	}
	count_events(pool, history->count);
	return history;
}
MYMM_EXPORT_INTERNAL(mymm_history_create);

/**
 * mymm_history_destroy() - give the memory of a history back
 * @history: nobody uses it any more
 *
 * Context: process; sleeps.
 */
void mymm_history_destroy(struct mymm_history *history)
{
	kvfree(history->events);
	kvfree(history->nr_free);
	kvfree(history->time);
	kfree(history);
}
MYMM_EXPORT_INTERNAL(mymm_history_destroy);

/* What has happened since the sample before. */
static void sample_events(struct mymm_history *history,
			  unsigned long events[MYMM_HISTORY_EVENTS])
{
	unsigned long now[MYMM_HISTORY_EVENTS];
	unsigned int i;

	count_events(history->pool, now);
	for (i = 0; i < MYMM_HISTORY_EVENTS; i++) {
		/* While they are counted a sum may go back for a moment. */
		events[i] = now[i] - min(now[i], history->count[i]);
		history->count[i] = max(now[i], history->count[i]);
	}
}

/**
 * mymm_history_sample() - note what is free now, and what has happened
 * @history: where
 * @ns: what time it is
 *
 * Context: process; sleeps. Allocates nothing.
 */
void mymm_history_sample(struct mymm_history *history, u64 ns)
{
	struct mymm_pool *pool = history->pool;
	struct mymm_zone_snapshot snap;
	unsigned int order, i;
	unsigned long place;

	guard(mutex)(&history->lock);

	place = history->taken % history->len;
	history->time[place] = ns;
	for (i = 0; i < pool->nr_zones; i++) {
		u32 *nr_free = history->nr_free[place * pool->nr_zones + i];

		mymm_zone_read(&pool->zone[i], &snap);
		for (order = 0; order < MYMM_NR_ORDERS; order++)
			nr_free[order] = snap.nr_free[order];
	}
	sample_events(history, history->events[place]);
	history->taken++;
}
MYMM_EXPORT_INTERNAL(mymm_history_sample);

/**
 * mymm_history_clear() - forget all samples
 * @history: the history; what has happened by now is not part of its next sample
 *
 * Context: process; sleeps.
 */
void mymm_history_clear(struct mymm_history *history)
{
	guard(mutex)(&history->lock);
	history->first = history->taken;
	count_events(history->pool, history->count);
}
MYMM_EXPORT_INTERNAL(mymm_history_clear);

/* When the last sample was taken, in ns; 0: there is none. */
static u64 last_time(struct mymm_history *history)
{
	guard(mutex)(&history->lock);
	return history->taken > history->first ?
		       history->time[(history->taken - 1) % history->len] :
		       0;
}

static unsigned long oldest(const struct mymm_history *history)
{
	return history->taken - min_t(unsigned long, history->len,
				      history->taken - history->first);
}

static void show_header(struct seq_file *m, const struct mymm_zone *zone)
{
	unsigned int order;

	seq_printf(m, "# node %d, zone %s\n", zone->node,
		   mymm_zone_name(zone->type));
	seq_puts(m, "#    seconds node    zone");
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		seq_printf(m, " %6u", order);
	seq_putc(m, '\n');
}

static void show_time(struct seq_file *m, u64 time)
{
	u32 ns;
	u64 seconds = div_u64_rem(time, NSEC_PER_SEC, &ns);

	seq_printf(m, "%5llu.%06u", seconds, ns / (u32)NSEC_PER_USEC);
}

static void show_sample(struct seq_file *m, const struct mymm_history *history,
			unsigned int nr, unsigned long sample)
{
	const struct mymm_pool *pool = history->pool;
	const struct mymm_zone *zone = &pool->zone[nr];
	const unsigned long place = sample % history->len;
	const u32 *nr_free = history->nr_free[place * pool->nr_zones + nr];
	unsigned int order;

	lockdep_assert_held(&history->lock);
	show_time(m, history->time[place]);
	seq_printf(m, " %4d %7s", zone->node, mymm_zone_name(zone->type));
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		seq_printf(m, " %6u", nr_free[order]);
	seq_putc(m, '\n');
}

/* What is between two series, for gnuplot. */
static void show_gap(struct seq_file *m, unsigned int nr)
{
	if (nr)
		seq_puts(m, "\n\n");
}

static void show_events_header(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "#    seconds");
	for (i = 0; i < MYMM_HISTORY_EVENTS; i++)
		seq_printf(m, " %8s", event_name[i]);
	seq_putc(m, '\n');
}

static void show_events(struct seq_file *m, const struct mymm_history *history,
			unsigned long sample)
{
	const unsigned long place = sample % history->len;
	unsigned int i;

	lockdep_assert_held(&history->lock);
	show_time(m, history->time[place]);
	for (i = 0; i < MYMM_HISTORY_EVENTS; i++)
		seq_printf(m, " %8lu", history->events[place][i]);
	seq_putc(m, '\n');
}

/**
 * mymm_history_show() - the whole file, for a history
 * @m: where to
 * @history: the history
 *
 * Context: process; sleeps.
 */
void mymm_history_show(struct seq_file *m, struct mymm_history *history)
{
	unsigned long sample;
	unsigned int nr;

	guard(mutex)(&history->lock);
	for (nr = 0; nr < history->pool->nr_zones; nr++) {
		show_gap(m, nr);
		show_header(m, &history->pool->zone[nr]);
		for (sample = oldest(history); sample < history->taken;
		     sample++)
			show_sample(m, history, nr, sample);
	}
}
MYMM_EXPORT_INTERNAL(mymm_history_show);

/**
 * mymm_history_show_events() - the whole of the other file, for a history
 * @m: where to
 * @history: the history
 *
 * Context: process; sleeps.
 */
void mymm_history_show_events(struct seq_file *m, struct mymm_history *history)
{
	unsigned long sample;

	guard(mutex)(&history->lock);
	show_events_header(m);
	for (sample = oldest(history); sample < history->taken; sample++)
		show_events(m, history, sample);
}
MYMM_EXPORT_INTERNAL(mymm_history_show_events);

/* --- the sampler of the default pool ---------------------------------------------- */

static unsigned int history_ms;
static unsigned int history_len = 600;
module_param(history_len, uint, 0444);
MODULE_PARM_DESC(history_len, "samples that debugfs mymm/history keeps (600)");

/* Protects history_ms against others that change it, and what follows. */
static DEFINE_MUTEX(switch_lock);
static struct mymm_pool *sampled;
static struct mymm_history *history;
static bool stepped; /* it goes by a session's clock */

static void take_sample(struct work_struct *work);
static DECLARE_DELAYED_WORK(sampler, take_sample);

static void take_sample(struct work_struct *work)
{
	unsigned int ms = READ_ONCE(history_ms);

	mymm_history_sample(history, ktime_get_ns());
	if (ms)
		queue_delayed_work(system_wq, &sampler, msecs_to_jiffies(ms));
}

static int have_history(void)
{
	lockdep_assert_held(&switch_lock);
	if (!history)
		history = mymm_history_create(sampled, history_len);
	if (!history) {
		pr_err("history_len: no memory for %u samples of %u zones\n",
		       history_len, sampled->nr_zones);
		return -ENOMEM;
	}
	return 0;
}

/* Begin, go on at another pace, or stop, as history_ms says. */
static int follow_interval(void)
{
	int err;

	lockdep_assert_held(&switch_lock);
	if (!history_ms) {
		cancel_delayed_work_sync(&sampler);
		return 0;
	}
	err = have_history();
	if (err)
		return err;
	if (stepped)
		mymm_history_clear(history);
	stepped = false;
	mod_delayed_work(system_wq, &sampler, 0);
	return 0;
}

/**
 * mymm_history_step() - take a sample by the clock of a session
 * @pool: the pool, whose clock the session holds
 * @ns: what time it is there; before the last sample's, a new history begins
 *
 * Context: process; sleeps. The first sample since load may allocate.
 * Return: 0; -ENODEV: there is no history of that pool; -ENOMEM, with a line in the log.
 */
int mymm_history_step(struct mymm_pool *pool, u64 ns)
{
	int err;

	guard(mutex)(&switch_lock);
	if (pool != sampled)
		return -ENODEV;
	err = have_history();
	if (err)
		return err;
	if (!stepped)
		cancel_delayed_work_sync(&sampler);
	if (!stepped || ns < last_time(history))
		mymm_history_clear(history);
	stepped = true;
	mymm_history_sample(history, ns);
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_history_step);

static int set_interval(const char *text, const struct kernel_param *param)
{
	unsigned int ms, before;
	int err;

	err = kstrtouint(text, 0, &ms);
	if (err) {
		pr_err("history_ms: \"%.*s\" is no number of milliseconds\n",
		       (int)strcspn(text, "\n"), text);
		return err;
	}
	guard(mutex)(&switch_lock);
	before = history_ms;
	WRITE_ONCE(history_ms, ms);
	/* While the module is being loaded or unloaded there is no pool. */
	err = sampled ? follow_interval() : 0;
	if (err)
		WRITE_ONCE(history_ms, before);
	return err;
}

static const struct kernel_param_ops interval_ops = {
	.set = set_interval,
	.get = param_get_uint,
};
module_param_cb(history_ms, &interval_ops, &history_ms, 0644);
MODULE_PARM_DESC(
	history_ms,
	"milliseconds between two samples of debugfs mymm/history; 0: none are taken (0)");

/**
 * mymm_history_init() - begin to take samples, if the parameters say so
 * @pool: of which pool
 *
 * Context: process; sleeps.
 * Return: 0; -EINVAL or -ENOMEM, with a line in the log that names the parameter.
 */
int mymm_history_init(struct mymm_pool *pool)
{
	int err;

	if (!history_len || history_len > MAX_LEN) {
		pr_err("history_len: %u is out of range 1 to %d\n", history_len,
		       MAX_LEN);
		return -EINVAL;
	}
	guard(mutex)(&switch_lock);
	sampled = pool;
	err = follow_interval();
	if (err)
		sampled = NULL;
	return err;
}

/**
 * mymm_history_exit() - take no samples any more, and forget those that there are
 *
 * Context: process; sleeps; nobody reads the file any more.
 */
void mymm_history_exit(void)
{
	guard(mutex)(&switch_lock);
	sampled = NULL;
	/* It queues itself, which this is proof against. */
	cancel_delayed_work_sync(&sampler);
	if (history)
		mymm_history_destroy(history);
	history = NULL;
	stepped = false;
}

/* --- the files --------------------------------------------------------------------- */

/*
 * Position n * ZONE is the header of zone n, and s + 1 more is its sample s, or the oldest if that
 * is gone. Each zone ends where it was when the first header was shown: samples that come
 * meanwhile are for the next reader.
 */
#define ZONE BIT_ULL(40)

static void *history_at(struct seq_file *m, loff_t *pos, unsigned int nr_zones)
{
	u64 zone = *pos & ~(ZONE - 1);
	unsigned long line = *pos & (ZONE - 1);

	if (!*pos)
		m->private = (void *)(history ? history->taken : 0);
	if (line && history)
		line = max(line, oldest(history) + 1);
	if (line && (!history || line > (unsigned long)m->private)) {
		zone += ZONE;
		line = 0;
	}
	*pos = zone + line;
	return *pos < nr_zones * ZONE ? pos : NULL;
}

static void lock_history(void)
{
	mutex_lock(&switch_lock);
	if (history)
		mutex_lock(&history->lock);
}

static void *history_start(struct seq_file *m, loff_t *pos)
{
	lock_history();
	return history_at(m, pos, sampled->nr_zones);
}

static void *history_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return history_at(m, pos, sampled->nr_zones);
}

static void history_stop(struct seq_file *m, void *v)
{
	if (history)
		mutex_unlock(&history->lock);
	mutex_unlock(&switch_lock);
}

static int history_show(struct seq_file *m, void *v)
{
	const u64 pos = *(loff_t *)v;
	const unsigned int nr = pos / ZONE;
	const unsigned long line = pos % ZONE;

	if (line) {
		show_sample(m, history, nr, line - 1);
	} else {
		show_gap(m, nr);
		show_header(m, &sampled->zone[nr]);
	}
	return 0;
}

static const struct seq_operations history_sops = {
	.start = history_start,
	.next = history_next,
	.stop = history_stop,
	.show = history_show,
};
DEFINE_SEQ_ATTRIBUTE(history);

/* One series, of all zones. */
static void *history_events_start(struct seq_file *m, loff_t *pos)
{
	lock_history();
	return history_at(m, pos, 1);
}

static void *history_events_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return history_at(m, pos, 1);
}

static int history_events_show(struct seq_file *m, void *v)
{
	const loff_t pos = *(loff_t *)v;

	if (pos)
		show_events(m, history, pos - 1);
	else
		show_events_header(m);
	return 0;
}

static const struct seq_operations history_events_sops = {
	.start = history_events_start,
	.next = history_events_next,
	.stop = history_stop,
	.show = history_events_show,
};
DEFINE_SEQ_ATTRIBUTE(history_events);

/**
 * mymm_history_file() - put the files into debugfs
 * @dir: where
 */
void mymm_history_file(struct dentry *dir)
{
	debugfs_create_file("history", 0400, dir, NULL, &history_fops);
	debugfs_create_file("history_events", 0400, dir, NULL,
			    &history_events_fops);
}
