// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that programs choose by name: as long as one is chosen it can't end, and one that is about
 * to end can't be chosen.
 *
 * Tests: process/vm.c page/registry.c pool/pool.c process/swapon.c
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "base/compat.h"
#include "lib/util.h"
#include "page/registry.h"
#include "process/vm.h"
#include "uapi/mymem.h"

static struct mymm_pool *new_pool(const char *name)
{
	const struct mymm_pool_config config = {
		.name = name,
		.zones = "Normal:1M",
	};

	return mymm_pool_create(&config);
}

/* A program has it, so its creator must wait, and whatever it does to end it does nothing. */
static void keeps_pool(struct kunit *test)
{
	struct mymm_pool *pool = new_pool("chosen");
	unsigned int pools = mymm_pool_count();
	struct mymm_vm *vm;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	vm = mymm_vm_get("chosen");
	KUNIT_ASSERT_FALSE(test, IS_ERR(vm));
	KUNIT_EXPECT_PTR_EQ(test, vm->pool, pool);

	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	mymm_pool_release(pool);
	KUNIT_EXPECT_EQ(test, mymm_pool_count(), pools);
	mymm_vm_put(vm);

	MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
	KUNIT_EXPECT_PTR_EQ(test, mymm_vm_get("chosen"), ERR_PTR(-ENOENT));
}

#ifdef MYMM_HAS_KUNIT_VM
#define PAGES 8

static struct file *open_device(struct kunit *test)
{
	struct file *file = filp_open("/dev/mymem", O_RDWR, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

/* Choose a pool for an open file. */
static long choose(struct kunit *test, struct file *file, const char *name)
{
	struct mymem_pool choice = { .size = sizeof(choice) };
	unsigned long at = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
					 PROT_READ | PROT_WRITE,
					 MAP_ANONYMOUS | MAP_PRIVATE, 0);

	strscpy(choice.name, name, sizeof(choice.name));
	KUNIT_ASSERT_EQ(
		test, copy_to_user((void __user *)at, &choice, sizeof(choice)),
		0);
	return file->f_op->unlocked_ioctl(file, MYMEM_IOC_POOL, at);
}

/* The last reference to a file goes by a work. */
static void close_device(struct file *file)
{
	fput(file);
	flush_delayed_fput();
}

/* Frames of a process are of the pool that it chose, and go back there. */
static void takes_of_the_chosen(struct kunit *test)
{
	struct mymm_pool *pool = new_pool("chosen");
	struct mymm_pool *other = mymm_pool_get_default();
	unsigned long before = mymm_pool_allocated(other), at, i;
	struct file *file;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	file = open_device(test);
	KUNIT_EXPECT_EQ(test, choose(test, file, "no such pool"), -ENOENT);
	KUNIT_ASSERT_EQ(test, choose(test, file, "chosen"), 0);
	at = vm_mmap(file, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_SHARED, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	KUNIT_EXPECT_EQ(test, choose(test, file, "chosen"), -EBUSY);
	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ(test,
				put_user(1, (int __user *)(at + i * PAGE_SIZE)),
				0);

	/* And the nodes of the table, one of each level. */
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool),
			PAGES + MYMM_TABLE_LEVELS);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(other), before);
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	KUNIT_EXPECT_EQ(test, vm_munmap(at, PAGES * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);

	/* An open file keeps it, too. */
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	close_device(file);
	MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
	mymm_pool_put(other);
}
#else
static void takes_of_the_chosen(struct kunit *test)
{
	kunit_skip(test, "this kernel has no memory of a user for tests");
}
#endif

/* What threads do with a pool. */
struct ending {
	struct mymm_pool *pool;
	struct completion done;
	int result;
};

static int end_pool(void *data)
{
	struct ending *ending = data;

	ending->result = mymm_pool_destroy(ending->pool);
	kthread_complete_and_exit(&ending->done, 0);
}

static int find_pool(void *data)
{
	struct ending *ending = data;
	struct mymm_pool *pool = mymm_pool_get_named("ending");

	mymm_pool_put(pool);
	ending->result = pool ? 0 : -ENOENT;
	kthread_complete_and_exit(&ending->done, 0);
}

/* Another thread begins with it; its result is known when it is done. */
static void begin(struct kunit *test, struct ending *ending,
		  int (*what)(void *))
{
	init_completion(&ending->done);
	ending->result = -EINPROGRESS;
	if (IS_ERR(kthread_run(what, ending, "mymm-vm-test"))) {
		KUNIT_FAIL(test, "no thread");
		complete(&ending->done);
	}
}

static int result_of(struct ending *ending)
{
	wait_for_completion(&ending->done);
	return ending->result;
}

/*
 * While a pool ends, here for as long as its lock is held, nobody gets a reference. A page in it
 * has it go on, and be found again. The thread that looks for it does not hold a pool's lock.
 */
static void ends_or_is_chosen(struct kunit *test)
{
	struct ending end = { .pool = new_pool("ending") };
	struct ending look = { .pool = end.pool };
	unsigned long limit = jiffies + 10 * HZ;
	struct mymm_frame *page;

	KUNIT_ASSERT_FALSE(test, IS_ERR(end.pool));
	page = mymm_alloc_pages(end.pool, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	begin(test, &look, find_pool);
	KUNIT_EXPECT_EQ(test, result_of(&look), 0);

	mutex_lock(&end.pool->lock);
	begin(test, &end, end_pool);
	while (!READ_ONCE(end.pool->ending) && time_before(jiffies, limit))
		usleep_range(100, 1000);
	begin(test, &look, find_pool);
	KUNIT_EXPECT_EQ(test, result_of(&look), -ENOENT);
	mutex_unlock(&end.pool->lock);

	KUNIT_EXPECT_EQ(test, result_of(&end), -EBUSY);
	begin(test, &look, find_pool);
	KUNIT_EXPECT_EQ(test, result_of(&look), 0);
	MYMM_EXPECT_OK(test, mymm_free_pages(end.pool, page, 0));
	MYMM_EXPECT_OK(test, mymm_pool_destroy(end.pool));
}

/* How many bytes of the list of swap areas there are; it has the head in any case. */
static int read_swaps(void *data)
{
	struct file *file = filp_open("/proc/myswaps", O_RDONLY, 0);
	struct ending *reading = data;
	loff_t pos = 0;
	char line[80];

	reading->result = PTR_ERR_OR_ZERO(file);
	if (!reading->result) {
		reading->result = kernel_read(file, line, sizeof(line), &pos);
		filp_close(file, NULL);
	}
	kthread_complete_and_exit(&reading->done, 0);
}

/* While an area is made or taken away, for as long as that takes, the list can be read. */
static void lists_swap_meanwhile(struct kunit *test)
{
	struct mymm_vm *vm = mymm_vm_get(NULL);
	struct ending reading;
	bool done;

	KUNIT_ASSERT_FALSE(test, IS_ERR(vm));
	mutex_lock(&vm->swap.change);
	begin(test, &reading, read_swaps);
	done = wait_for_completion_timeout(&reading.done, 60 * HZ);
	mutex_unlock(&vm->swap.change);
	if (!done)
		result_of(&reading);
	KUNIT_EXPECT_TRUE(test, done);
	KUNIT_EXPECT_GT(test, reading.result, 0);
	mymm_vm_put(vm);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(keeps_pool),
	KUNIT_CASE(takes_of_the_chosen),
	KUNIT_CASE(ends_or_is_chosen),
	KUNIT_CASE(lists_swap_meanwhile),
	{},
};

static struct kunit_suite suite = {
	.name = "mymm_vm",
	.test_cases = cases,
};

kunit_test_suite(suite);
