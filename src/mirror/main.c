// SPDX-License-Identifier: GPL-2.0
/*
 * mymm_mirror: the running kernel's page allocator, repeated in a pool of mymm.
 */
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/string.h>

#include "base/compat.h"
#include "mirror/mirror.h"
#include "page/pool.h"

static char *level = "users";
module_param(level, charp, 0444);
MODULE_PARM_DESC(
	level,
	"What is repeated: \"users\": what they hold (the default); \"buddy\": the free lists, block by block");

static char *pool = "mirror";
module_param(pool, charp, 0444);
MODULE_PARM_DESC(pool, "Name of the pool (mirror)");

static char *placement = "exact";
module_param(placement, charp, 0444);
MODULE_PARM_DESC(
	placement,
	"Whose choice of frames: \"exact\": the kernel's (the default); \"policy\": in other pools beside it their own, by policies=");

static char *policies = "policy";
module_param(policies, charp, 0444);
MODULE_PARM_DESC(
	policies,
	"With placement=policy: NAME[:without=pcp,mobility][:pageblock_order=N];... (policy)");

static char *objects = "0";
module_param(objects, charp, 0444);
MODULE_PARM_DESC(
	objects,
	"1: objects of the kernel's caches, too, in a pool NAME-objects (0)");

static char *leave_out;
module_param(leave_out, charp, 0444);
MODULE_PARM_DESC(
	leave_out,
	"Hooks to do without, to see what they are for: their names, with commas between");

static const char *const levels[] = {
	[MYMM_MIRROR_USERS] = "users",
	[MYMM_MIRROR_BUDDY] = "buddy",
};

/**
 * mymm_mirror_name_is_good() - may a pool have this name?
 * @name: the name
 *
 * The files that list pools have it in a line with other words.
 *
 * Return: whether it may.
 */
bool mymm_mirror_name_is_good(const char *name)
{
	size_t length = 0;

	while (isgraph(name[length]))
		length++;
	return length && !name[length] &&
	       length < sizeof_field(struct mymm_pool, name);
}

static int __init mymm_mirror_init(void)
{
	int which = match_string(levels, ARRAY_SIZE(levels), level);
	bool policy = !strcmp(placement, "policy");
	int err;

	if (which < 0) {
		pr_err("level='%s': \"users\" or \"buddy\"\n", level);
		return -EINVAL;
	}
	if (!policy && strcmp(placement, "exact")) {
		pr_err("placement='%s': \"exact\" or \"policy\"\n", placement);
		return -EINVAL;
	}
	if (strcmp(objects, "0") && strcmp(objects, "1")) {
		pr_err("objects='%s': 0 or 1\n", objects);
		return -EINVAL;
	}
	if (policy && which != MYMM_MIRROR_USERS) {
		pr_err("placement=policy goes with level=users: the free lists' own events are no allocations\n");
		return -EINVAL;
	}
	if (!mymm_mirror_name_is_good(pool)) {
		pr_err("pool='%s': up to 31 printable characters, no blank\n",
		       pool);
		return -EINVAL;
	}
	err = mymm_real_init();
	if (err)
		return err;
	err = mymm_mirror_create(pool, which);
	if (err)
		goto forget;
	err = policy ? mymm_policies_create(policies) : 0;
	if (err)
		goto destroy;
	if (*objects == '1')
		err = mymm_objects_create(pool);
	if (err)
		goto destroy_policies;
	err = mymm_hooks_init(leave_out);
	if (err)
		goto destroy_objects;
	mymm_page_hooks_attach(which, leave_out);
	mymm_objects_attach(leave_out);
	err = mymm_mirror_take_over();
	if (err)
		goto detach;
	mymm_mirror_files_init();
	return 0;
detach:
	mymm_hooks_exit();
destroy_objects:
	mymm_objects_destroy();
destroy_policies:
	mymm_policies_destroy();
destroy:
	mymm_mirror_destroy();
forget:
	mymm_real_exit();
	return err;
}

static void __exit mymm_mirror_exit(void)
{
	mymm_mirror_files_exit();
	mymm_hooks_exit();
	mymm_objects_destroy();
	mymm_policies_destroy();
	mymm_mirror_destroy();
	mymm_real_exit();
}

module_init(mymm_mirror_init);
module_exit(mymm_mirror_exit);

MODULE_DESCRIPTION(
	"The running kernel's page allocator, repeated in a pool of mymm");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
MYMM_IMPORT_INTERNAL();
