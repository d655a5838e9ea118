// SPDX-License-Identifier: GPL-2.0
/*
 * Setting hooks: tracepoints, and probes of functions without one.
 *
 * Tracepoints are not exported, so they are found by name; a callback whose arguments are not the
 * running kernel's does not compile (check_trace_callback_type_NAME()).
 */
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "mirror/hook.h"
#include "mirror/mirror.h"

static struct mymm_hook_set *const sets[] = { &mymm_page_hooks,
					      &mymm_object_hooks };

/* Is a probe hit at all? This one is, if any is. */
static bool probe_was_hit;

static int at_trial(struct kprobe *probe, struct pt_regs *regs)
{
	WRITE_ONCE(probe_was_hit, true);
	return 0;
}

static noinline void trial(void)
{
	/* So that no compiler leaves the call out. */
	barrier();
}

static struct kprobe trial_probe = {
	.addr = (kprobe_opcode_t *)trial,
	.pre_handler = at_trial,
};

/**
 * mymm_probes_work() - is a probe hit when its function is called?
 *
 * Someone may switch them off and on: debugfs kprobes/enabled.
 *
 * Context: process.
 * Return: whether it is.
 */
bool mymm_probes_work(void)
{
	WRITE_ONCE(probe_was_hit, false);
	trial();
	return READ_ONCE(probe_was_hit);
}

static bool is_named(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (; list; list = strchr(list, ','), list = list ? list + 1 : NULL)
		if (!strncmp(list, name, length) &&
		    (!list[length] || list[length] == ','))
			return true;
	return false;
}

static bool is_hook(const char *name, size_t length)
{
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(sets); i++)
		for (n = 0; n < sets[i]->nr; n++)
			if (strlen(sets[i]->hook[n].name) == length &&
			    !strncmp(sets[i]->hook[n].name, name, length))
				return true;
	return false;
}

/* Each word of the list is a hook's name. */
static int check_names(const char *list)
{
	const char *end;

	for (; list && *list; list = *end ? end + 1 : end) {
		end = strchrnul(list, ',');
		if (is_hook(list, end - list))
			continue;
		pr_err("leave_out: there is no hook '%.*s'; debugfs mymm/mirror/status lists them\n",
		       (int)(end - list), list);
		return -EINVAL;
	}
	return 0;
}

/* Several hooks may be of one tracepoint. */
static void note_tracepoint(struct tracepoint *tracepoint, void *data)
{
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(sets); i++)
		for (n = 0; n < sets[i]->nr; n++)
			if (sets[i]->hook[n].callback &&
			    !strcmp(sets[i]->hook[n].name, tracepoint->name))
				sets[i]->hook[n].tracepoint = tracepoint;
}

static int set_tracepoint(struct mymm_hook *hook)
{
	return hook->tracepoint ?
		       tracepoint_probe_register(hook->tracepoint,
						 hook->callback, NULL) :
		       -ENOENT;
}

/* A struct kprobe that failed to register is not to be used again as it is. */
static int set_probe_of(struct mymm_hook *hook, const char *name)
{
	if (hook->enter) {
		hook->kprobe = (struct kprobe){
			.symbol_name = name,
			.pre_handler = hook->enter,
		};
		return register_kprobe(&hook->kprobe);
	}
	hook->kretprobe = (struct kretprobe){
		.kp.symbol_name = name,
		.entry_handler = hook->begin,
		.handler = hook->end,
		.data_size = hook->data,
		/* Calls at one moment: more than there are tasks asleep in one. */
		.maxactive = 256,
	};
	return register_kretprobe(&hook->kretprobe);
}

static int set_probe(struct mymm_hook *hook)
{
	int err = set_probe_of(hook, hook->name);

	return err && hook->newer ? set_probe_of(hook, hook->newer) : err;
}

/**
 * mymm_hook_set() - have a place of the kernel report
 * @hook: the place
 * @leave_out: hooks to do without, their names with commas between; NULL: none
 *
 * A place that the kernel lacks, or does not let us have, is absent; status says so.
 *
 * Context: process; sleeps; after mymm_hooks_init().
 */
void mymm_hook_set(struct mymm_hook *hook, const char *leave_out)
{
	int err;

	if (is_named(leave_out, hook->name)) {
		hook->state = MYMM_HOOK_LEFT_OUT;
		return;
	}
	err = hook->callback ? set_tracepoint(hook) : set_probe(hook);
	hook->state = err ? MYMM_HOOK_ABSENT : MYMM_HOOK_ON;
}

/**
 * mymm_hooks_init() - before hooks are set
 * @leave_out: hooks to do without, their names with commas between; NULL: none
 *
 * Context: process; sleeps.
 * Return: 0; -EINVAL: @leave_out names what is no hook, a line in the log says which.
 */
int mymm_hooks_init(const char *leave_out)
{
	int err = check_names(leave_out);

	if (err)
		return err;
	if (register_kprobe(&trial_probe))
		trial_probe.addr = NULL;
	for_each_kernel_tracepoint(note_tracepoint, NULL);
	return 0;
}

static void unset(struct mymm_hook *hook)
{
	if (hook->state != MYMM_HOOK_ON)
		return;
	hook->state = MYMM_HOOK_UNUSED;
	if (hook->callback)
		tracepoint_probe_unregister(hook->tracepoint, hook->callback,
					    NULL);
	else if (hook->enter)
		unregister_kprobe(&hook->kprobe);
	else
		unregister_kretprobe(&hook->kretprobe);
}

/**
 * mymm_hooks_exit() - have nothing reported any more
 *
 * Context: process; sleeps. No callback runs any more when it returns.
 */
void mymm_hooks_exit(void)
{
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(sets); i++)
		for (n = 0; n < sets[i]->nr; n++)
			unset(&sets[i]->hook[n]);
	if (trial_probe.addr)
		unregister_kprobe(&trial_probe);
	tracepoint_synchronize_unregister();
}

/* --- showing --------------------------------------------------------------------- */

static void sum(const struct mymm_hook *hook, struct mymm_mirror_counts *sum)
{
	int cpu;

	*sum = (struct mymm_mirror_counts){};
	for_each_possible_cpu(cpu) {
		const struct mymm_mirror_counts *c =
			per_cpu_ptr(hook->counts, cpu);

		sum->events += READ_ONCE(c->events);
		sum->frames += READ_ONCE(c->frames);
		sum->already += READ_ONCE(c->already);
		sum->refused += READ_ONCE(c->refused);
	}
}

static unsigned long nr_missed(const struct mymm_hook *hook)
{
	if (hook->enter)
		return hook->kprobe.nmissed;
	return hook->end ?
		       hook->kretprobe.nmissed + hook->kretprobe.kp.nmissed :
		       0;
}

static void show_hook(struct seq_file *m, const struct mymm_hook *hook)
{
	static const char *const states[] = {
		[MYMM_HOOK_ON] = "on",
		[MYMM_HOOK_LEFT_OUT] = "left_out",
		[MYMM_HOOK_ABSENT] = "absent",
	};
	struct mymm_mirror_counts c;

	sum(hook, &c);
	seq_printf(m, "%-25s %-10s %-8s %10lu %10lu %10lu %8lu %7lu\n",
		   hook->name, hook->callback ? "tracepoint" : "kprobe",
		   states[hook->state], c.events, c.frames,
		   hook->repeats ? 0 : c.already, c.refused, nr_missed(hook));
}

static void show_set(struct seq_file *m, const struct mymm_hook_set *set,
		     const char *what)
{
	bool head = false;
	unsigned int n;

	for (n = 0; n < set->nr; n++) {
		if (set->hook[n].state == MYMM_HOOK_UNUSED)
			continue;
		if (!head)
			seq_printf(m,
				   "%-25s %-10s %-8s %10s %10s %10s %8s %7s\n",
				   "# hook", "kind", "state", "<events>", what,
				   "<healed>", "<refused>", "<missed>");
		head = true;
		show_hook(m, &set->hook[n]);
	}
}

/**
 * mymm_hooks_show() - the rest of debugfs mymm/mirror/status
 * @m: where to
 *
 * Context: process.
 */
void mymm_hooks_show(struct seq_file *m)
{
	seq_printf(m, "kprobes %s\n", mymm_probes_work() ? "on" : "off");
	show_set(m, &mymm_page_hooks, "<frames>");
	show_set(m, &mymm_object_hooks, "<objects>");
}
