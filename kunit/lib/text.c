// SPDX-License-Identifier: GPL-2.0
/* What a file shows, as text: as its reader would get it, from a seq_file. */
#include "base/compat.h"
#include "lib/text.h"

/**
 * mymm_test_text() - what a file shows of a pool
 * @test: the test
 * @show: the file
 * @pool: the pool
 * @size: bytes that are enough for it
 *
 * Return: the text, which ends with the test.
 */
char *mymm_test_text(struct kunit *test, mymm_show_fn *show,
		     struct mymm_pool *pool, size_t size)
{
	struct seq_file m = { .size = size };

	m.buf = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	show(&m, pool);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&m));
	return m.buf;
}
MYMM_EXPORT_INTERNAL(mymm_test_text);

/**
 * mymm_test_join() - lines as they stand in a file
 * @test: the test
 * @lines: without their newlines; NULL behind the last
 *
 * Return: the text, which ends with the test.
 */
char *mymm_test_join(struct kunit *test, const char *const *lines)
{
	const size_t size = 4096;
	char *text = kunit_kzalloc(test, size, GFP_KERNEL);
	size_t len = 0;

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (; *lines; lines++)
		len += scnprintf(text + len, size - len, "%s\n", *lines);
	return text;
}

/**
 * mymm_test_lines() - a file shows these lines of a pool, and nothing else
 * @test: the test
 * @show: the file
 * @pool: the pool
 * @lines: without their newlines; NULL behind the last
 */
void mymm_test_lines(struct kunit *test, mymm_show_fn *show,
		     struct mymm_pool *pool, const char *const *lines)
{
	KUNIT_EXPECT_STREQ(test, mymm_test_text(test, show, pool, 4096),
			   mymm_test_join(test, lines));
}

/**
 * mymm_test_piece() - somewhere in a text these lines stand together
 * @test: the test
 * @text: what a file shows
 * @piece: the lines
 */
void mymm_test_piece(struct kunit *test, const char *text, const char *piece)
{
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(text, piece),
				  "not there:\n%s\nbut this:\n%s", piece, text);
}

/**
 * mymm_test_small_buffer() - too small a buffer is full then, and nothing is behind it
 * @test: the test
 * @show: the file
 * @pool: the pool that it shows
 */
void mymm_test_small_buffer(struct kunit *test, mymm_show_fn *show,
			    struct mymm_pool *pool)
{
	static const size_t sizes[] = { 1, 2, 23, 24, 25, 80, 91, 92, 93, 200 };
	size_t whole = strlen(mymm_test_text(test, show, pool, 16384));
	unsigned int s;
	u8 buf[256];

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct seq_file m = {
			.buf = buf,
			.size = min(sizes[s], whole),
		};
		void *beyond;

		memset(buf, 0xee, sizeof(buf));
		show(&m, pool);
		KUNIT_EXPECT_TRUE(test, seq_has_overflowed(&m));
		beyond = memchr_inv(buf + m.size, 0xee, sizeof(buf) - m.size);
		KUNIT_EXPECT_NULL(test, beyond);
	}
}
