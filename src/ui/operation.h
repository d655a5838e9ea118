/* SPDX-License-Identifier: GPL-2.0 */
/* What one operation of a batch does; see operation.c. */
#ifndef _MYMM_OPERATION_H
#define _MYMM_OPERATION_H

#include "ui/handle.h"

/**
 * struct mymm_made - the handles that the operations of a batch made
 * @nr: operations in the batch
 * @done: operations that were run
 * @handle: by operation, for the first @done: what it made, or 0
 */
struct mymm_made {
	u32 nr;
	u32 done;
	u32 handle[] __counted_by(nr);
};

int mymm_session_run(struct mymm_session *s, struct mymm_made *made,
		     struct mymm_op *op);

#endif /* _MYMM_OPERATION_H */
