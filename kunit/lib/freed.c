// SPDX-License-Identifier: GPL-2.0
/*
 * Use after free, on purpose: KASAN must not report what a test does to check our own reports.
 */
#include "lib/util.h"

/**
 * mymm_test_scribble() - write to free memory without a report by KASAN
 * @at: where
 * @byte: what
 * @bytes: how many
 */
void mymm_test_scribble(void *at, u8 byte, size_t bytes)
{
	mymm_sanitize_pause();
	memset(at, byte, bytes);
	mymm_sanitize_resume();
}

/**
 * mymm_test_peek() - read free memory without a report by KASAN
 * @at: where
 *
 * Return: the byte.
 */
u8 mymm_test_peek(const void *at)
{
	u8 byte;

	mymm_sanitize_pause();
	byte = *(const u8 *)at;
	mymm_sanitize_resume();
	return byte;
}

/**
 * mymm_test_flip() - change bits of a byte, free or not, without a report by KASAN
 * @at: where
 * @bits: which
 */
void mymm_test_flip(void *at, u8 bits)
{
	mymm_test_scribble(at, mymm_test_peek(at) ^ bits, 1);
}

/**
 * mymm_test_unwatched() - switch KASAN off for this thread
 */
void mymm_test_unwatched(void)
{
	mymm_sanitize_pause(); /* it ends with the thread, of which each case has one */
}
