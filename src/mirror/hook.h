/* SPDX-License-Identifier: GPL-2.0 */
/* A place of the running kernel that reports what it does; hook.c sets it. */
#ifndef _MYMM_MIRROR_HOOK_H
#define _MYMM_MIRROR_HOOK_H

#include <linux/kprobes.h>

#include "mirror/mirror.h"

/* How a hook is, as status has it. */
enum mymm_hook_state {
	MYMM_HOOK_UNUSED, /* not of this level, or a stand-in that is not needed */
	MYMM_HOOK_ON,
	MYMM_HOOK_LEFT_OUT, /* as was asked for */
	MYMM_HOOK_ABSENT, /* the kernel has no such place */
};

struct tracepoint;

/**
 * struct mymm_hook - one place of the kernel that reports
 * @name: of the tracepoint, or of the function
 * @newer: the function's name in newer kernels, if that is another one
 * @repeats: another hook may have reported the same event, so a frame that is in that state
 *           already does not show that one was missed
 * @callback: of a tracepoint
 * @enter: called where the function begins, and nothing where it ends
 * @begin: called where it begins, and
 * @end: where it ends; with
 * @data: bytes in between
 * @counts: what came of its events
 * @state: how it is
 * @tracepoint: what @name is
 * @kprobe: what @enter is called by
 * @kretprobe: what @end is called by
 */
struct mymm_hook {
	const char *name;
	const char *newer;
	bool repeats;
	void *callback;
	kprobe_pre_handler_t enter;
	kretprobe_handler_t begin;
	kretprobe_handler_t end;
	size_t data;

	struct mymm_mirror_counts __percpu *counts;
	enum mymm_hook_state state;
	struct tracepoint *tracepoint;
	struct kprobe kprobe;
	struct kretprobe kretprobe;
};

/**
 * struct mymm_hook_set - hooks that report one kind of thing
 * @hook: they
 * @nr: how many
 */
struct mymm_hook_set {
	struct mymm_hook *hook;
	unsigned int nr;
};

extern struct mymm_hook_set mymm_page_hooks;
extern struct mymm_hook_set mymm_object_hooks;

bool mymm_probes_work(void);
void mymm_hook_set(struct mymm_hook *hook, const char *leave_out);

#endif /* _MYMM_MIRROR_HOOK_H */
