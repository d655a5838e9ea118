/* SPDX-License-Identifier: GPL-2.0 */
/* Memory from the kernel for engines; refill.c. */
#ifndef _MYMM_REFILL_H
#define _MYMM_REFILL_H

void mymm_refill(void);
void mymm_refill_wait(void);
void mymm_refill_exit(void);

#endif /* _MYMM_REFILL_H */
