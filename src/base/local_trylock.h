/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A token: how a CPU's own things are kept from an interrupt on that CPU without masking
 * it. magazine.c explains the protocol; magazines and per-CPU page lists live by it.
 */
#ifndef _MYMM_LOCAL_TRYLOCK_H
#define _MYMM_LOCAL_TRYLOCK_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct mymm_token - says whether somebody on this CPU is at it
 * @left: 1 while nobody is. Taking it is counting it down; who finds that it is not 0
 *        then counts it up again and goes the slow way
 * @collisions: times that somebody found it taken
 */
struct mymm_token {
	long left;
	unsigned long collisions;
};

#define MYMM_TOKEN_INIT ((struct mymm_token){ .left = 1 })

/* With preemption off: may we go on? If not, we interrupted who does. */
static __always_inline bool mymm_token_take(struct mymm_token *token)
{
	/* No barrier before the branch, or it costs a compare of its own. */
	if (unlikely(--token->left))
		return false;
	barrier();
	return true;
}

static __always_inline void mymm_token_return(struct mymm_token *token)
{
	barrier();
	token->left = 1;
}

/* After mymm_token_take(), whatever came of it. */
static inline void mymm_token_undo(struct mymm_token *token)
{
	barrier();
	if (++token->left != 1)
		token->collisions++;
}

#endif /* _MYMM_LOCAL_TRYLOCK_H */
