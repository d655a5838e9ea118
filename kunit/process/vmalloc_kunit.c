// SPDX-License-Identifier: GPL-2.0
/*
 * Frames in a row of addresses: what is written there is in the frames, however the pool is in
 * pieces; what is refused; each way to fail, and that it gives back; and the file.
 *
 * Tests: process/vmalloc.c process/proc_vmallocinfo.c
 */
#include <linux/vmalloc.h>

#include "base/fault_inject.h"
#include "lib/text.h"
#include "lib/util.h"
#include "mymm_vm.h"
#include "page/vmstat.h"
#include "process/vmalloc.h"

/* Frames of an area whose list of them is an area, too. */
#define LARGE (PAGE_SIZE / sizeof(void *) + 1)

static void end_area(void *addr)
{
	mymm_vfree(addr);
}

/* It is given back when the test ends. */
static noinline void *get(struct kunit *test, struct mymm_pool *pool,
			  unsigned long size)
{
	void *addr = mymm_vmalloc(pool, size);

	KUNIT_ASSERT_NOT_NULL_MSG(test, addr, "%lu bytes", size);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_area, addr),
			0);
	return addr;
}

static void give(struct kunit *test, void *addr)
{
	kunit_remove_action(test, end_area, addr);
	MYMM_EXPECT_OK(test, mymm_vfree(addr));
}

/* Frames that are allocated, when caches have given back what they keep. */
static unsigned long in_use(struct mymm_pool *pool)
{
	mymm_pool_drain(pool);
	return mymm_pool_allocated(pool);
}

/* The frame of a pool behind an address of an area; NULL: there is none. */
static struct mymm_frame *behind(struct mymm_pool *pool, const void *addr)
{
	const struct page *page = vmalloc_to_page(addr);
	u32 pfn;

	for (pfn = 0; page && pfn < pool->nr_frames; pfn++)
		if (vmalloc_to_page(mymm_pool_address(pool, pfn)) == page)
			return &pool->frame[pfn];
	return NULL;
}

/* --- memory ------------------------------------------------------------------- */

/* A pool of which every second frame is free: no block of order 1, and areas all the same. */
static void in_pieces(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	u32 pfn, i;
	u8 *addr;

	for (pfn = 0; pfn < pool->nr_frames; pfn++)
		KUNIT_ASSERT_NOT_NULL(test,
				      mymm_alloc_pages(pool, GFP_KERNEL, 0));
	for (pfn = 0; pfn < pool->nr_frames; pfn += 2)
		MYMM_EXPECT_OK(test,
			       mymm_free_pages(pool, &pool->frame[pfn], 0));
	KUNIT_ASSERT_NULL(test, mymm_alloc_pages(pool, GFP_KERNEL, 1));

	addr = get(test, pool, 100 * PAGE_SIZE);
	for (i = 0; i < 100; i++)
		memset(addr + i * PAGE_SIZE, i + 1, PAGE_SIZE);
	for (i = 0; i < 100; i++) {
		struct mymm_frame *frame = behind(pool, addr + i * PAGE_SIZE);

		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_EQ(test, (frame - pool->frame) % 2, 0);
		KUNIT_EXPECT_NULL(test,
				  memchr_inv(mymm_frame_address(pool, frame),
					     i + 1, PAGE_SIZE));
	}
	give(test, addr);
	for (pfn = 1; pfn < pool->nr_frames; pfn += 2)
		MYMM_EXPECT_OK(test,
			       mymm_free_pages(pool, &pool->frame[pfn], 0));
}

/* Behind the last frame nothing is mapped; bytes are rounded up to frames. */
static void gap(struct kunit *test)
{
	static const unsigned long sizes[] = { 1, PAGE_SIZE - 1, PAGE_SIZE,
					       PAGE_SIZE + 1, 7 * PAGE_SIZE };
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned long bytes = PAGE_ALIGN(sizes[i]);
		void *addr = get(test, pool, sizes[i]);

		KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(addr));
		KUNIT_EXPECT_NOT_NULL(test,
				      behind(pool, addr + bytes - PAGE_SIZE));
		KUNIT_EXPECT_NULL(test, vmalloc_to_page(addr + bytes));
		give(test, addr);
	}
}

/* mymm_vzalloc() gives zeros, also in frames that were full of something. */
static void zeros(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	unsigned long bytes = 200 * PAGE_SIZE;
	void *addr = get(test, pool, bytes);

	memset(addr, 0xa5, bytes);
	give(test, addr);
	addr = mymm_vzalloc(pool, bytes);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_NULL(test, memchr_inv(addr, 0, bytes));
	MYMM_EXPECT_OK(test, mymm_vfree(addr));
}

/* As vmalloc() does: the highest zone first. */
static void highest_zone(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool(test, "DMA:1M,Normal:1M,HighMem:1M");
	void *addr = get(test, pool, 10 * PAGE_SIZE);
	struct mymm_frame *frame = behind(pool, addr);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_GE(test, frame - pool->frame, 512);
}

/*
 * An area takes its frames, and the list of them. A large list, here of two frames, is an area of
 * its own, whose list is an object in a slab.
 */
static void frames_taken(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:8M");
	void *addr = get(test, pool, LARGE * PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, in_use(pool), LARGE + 2 + 1);
	give(test, addr);
	KUNIT_EXPECT_EQ(test, in_use(pool), 0);
}

/* --- refusals ----------------------------------------------------------------- */

static void refused(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_pool *none = mymm_test_pool_none(test, "Normal:1M");
	void *addr = get(test, pool, 3 * PAGE_SIZE);

	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_vmalloc(pool, 0));
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_vmalloc(pool, SZ_1M + 1));
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_vmalloc(pool, ULONG_MAX));
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_vzalloc(pool, ULONG_MAX));
	KUNIT_EXPECT_NULL(test, mymm_vmalloc(none, PAGE_SIZE));

	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_vfree(NULL));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, mymm_vfree(addr + 1));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL,
			      mymm_vfree(addr + PAGE_SIZE));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL,
			      mymm_vfree(addr + 3 * PAGE_SIZE));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, mymm_vfree(pool->base));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, mymm_vfree(test));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, mymm_vfree(refused));
	memset(addr, 1, 3 * PAGE_SIZE);

	give(test, addr);
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, mymm_vfree(addr));
}

/* A pool of which something is mapped can't be destroyed. */
static void keeps_pool(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	void *addr = get(test, pool, PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	give(test, addr);
}

/* --- failures ----------------------------------------------------------------- */

/* The last frame is missing, then more and more of them: nothing is taken. */
static void no_frame(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	unsigned long size = pool->nr_frames, held;

	for (held = 0; held < size; held++) {
		KUNIT_EXPECT_NULL(
			test, mymm_vmalloc(pool, (size - held) << PAGE_SHIFT));
		KUNIT_EXPECT_EQ(test, in_use(pool), held);
		KUNIT_ASSERT_NOT_NULL(test,
				      mymm_alloc_pages(pool, GFP_KERNEL, 0));
	}
	while (held)
		MYMM_EXPECT_OK(test,
			       mymm_free_pages(pool, &pool->frame[--held], 0));
}

/* The kernel has no memory for the first thing that is asked of it, for the second, ... */
static void no_memory(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:8M");
	unsigned long nth = 0, asked;
	void *addr;

	do {
		mymm_inject_arm(++nth);
		addr = mymm_vmalloc(pool, LARGE * PAGE_SIZE);
		asked = mymm_inject_disarm();
		KUNIT_EXPECT_EQ(test, !addr, asked >= nth);
		if (!addr)
			KUNIT_EXPECT_EQ(test, in_use(pool), 0);
	} while (asked >= nth && nth < 100);
	/* Four for the area, four for that of its list. */
	KUNIT_EXPECT_EQ(test, nth, 9);
	MYMM_EXPECT_OK(test, mymm_vfree(addr));
}

/* --- the file ----------------------------------------------------------------- */

static char *text_of(struct kunit *test, struct mymm_pool *pool)
{
	return mymm_test_text(test, mymm_vmallocinfo_show, pool, PAGE_SIZE);
}

/* What stands behind the address and the size in a line that is this area's. */
static const char *after_addresses(struct kunit *test, const char *line,
				   unsigned long bytes)
{
	char size[24];
	const char *at;

	snprintf(size, sizeof(size), " %7lu ", bytes);
	at = strstr(line, size);
	KUNIT_ASSERT_NOT_NULL_MSG(test, at, "'%s' in '%s'", size, line);
	KUNIT_EXPECT_EQ(test, strncmp(line, "0x", 2), 0);
	KUNIT_EXPECT_TRUE(test, strnstr(line, "-0x", at - line));
	return at + strlen(size);
}

/* "caller+0x1/0x2 [module] REST": the caller is in this file. */
static void expect_rest(struct kunit *test, const char *text,
			const char *caller, const char *rest)
{
	KUNIT_EXPECT_EQ_MSG(test, strncmp(text, caller, strlen(caller)), 0,
			    "'%s' in '%s'", caller, text);
	text = strstr(text, " [mymm_vm_kunit] ");
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_STREQ(test, text + strlen(" [mymm_vm_kunit] "), rest);
}

/* More frames than a node has. */
static void line(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:1M",
		.nodes = 2,
		.flags = MYMM_POOL_BARE,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	unsigned int on_second = 0, i;
	char rest[60];
	void *addr;

	KUNIT_EXPECT_STREQ(test, text_of(test, pool), "");
	addr = get(test, pool, 300 * PAGE_SIZE);
	for (i = 0; i < 300; i++)
		on_second += behind(pool, addr + i * PAGE_SIZE) >=
			     &pool->frame[256];
	KUNIT_EXPECT_GT(test, on_second, 0);
	KUNIT_EXPECT_LT(test, on_second, 300);
	snprintf(rest, sizeof(rest), "pages=300 vmalloc N0=%u N1=%u\n",
		 300 - on_second, on_second);
	expect_rest(test,
		    after_addresses(test, text_of(test, pool), 301 * PAGE_SIZE),
		    "get+0x", rest);
	give(test, addr);
	KUNIT_EXPECT_STREQ(test, text_of(test, pool), "");
}

/* Two lines, by address: the list of the frames, and what it is of. */
static void large(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:8M");
	void *addr = get(test, pool, LARGE * PAGE_SIZE);
	char *text = text_of(test, pool), *second = strchr(text, '\n');
	char list[24];

	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " pages=513 vmalloc vpages"));
	snprintf(list, sizeof(list), " %7lu ", 3 * PAGE_SIZE);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, list));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " pages=2 vmalloc"));
	KUNIT_EXPECT_PTR_EQ(test, strchr(second + 1, '\n') + 1,
			    text + strlen(text));
	give(test, addr);
	KUNIT_EXPECT_STREQ(test, text_of(test, pool), "");
}

/* Root alone reads the file, and it counts the default pool only, as VmallocUsed does. */
static void file(struct kunit *test)
{
	static const char path[] = "/proc/myvmallocinfo";
	struct mymm_pool *other = mymm_test_pool(test, "Normal:1M");
	struct mymm_pool *pool = mymm_pool_get_default();
	unsigned long before = mymm_vmalloc_used();
	void *addr, *elsewhere;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	addr = get(test, pool, 5 * PAGE_SIZE);
	elsewhere = get(test, other, 77 * PAGE_SIZE);
	mymm_pool_put(pool);
	KUNIT_EXPECT_EQ(test, mymm_vmalloc_used(), before + 5);
	KUNIT_EXPECT_NOT_NULL(
		test, strstr(mymm_test_read_file(test, path, 4096, 0400),
			     " pages=5 vmalloc"));
	KUNIT_EXPECT_NULL(test,
			  strstr(mymm_test_read_file(test, path, 4096, 0400),
				 " pages=77 "));
	give(test, elsewhere);
	give(test, addr);
	KUNIT_EXPECT_EQ(test, mymm_vmalloc_used(), before);
}

static struct kunit_case cases[] = { KUNIT_CASE(in_pieces),
				     KUNIT_CASE(gap),
				     KUNIT_CASE(zeros),
				     KUNIT_CASE(highest_zone),
				     KUNIT_CASE(frames_taken),
				     KUNIT_CASE(refused),
				     KUNIT_CASE(keeps_pool),
				     KUNIT_CASE(no_frame),
				     KUNIT_CASE(no_memory),
				     KUNIT_CASE(line),
				     KUNIT_CASE(large),
				     KUNIT_CASE(file),
				     {} };

static struct kunit_suite suite = {
	.name = "mymm_vmalloc",
	.test_cases = cases,
};

kunit_test_suite(suite);
