/* SPDX-License-Identifier: GPL-2.0 */
/* The reports of a failure, and of the OOM killer; show_mem.c has its form. */
#ifndef _MYMM_SHOW_MEM_H
#define _MYMM_SHOW_MEM_H

struct mymm_request;

void mymm_show_failure(const struct mymm_request *request);
void mymm_report_failure(const struct mymm_request *request);
void mymm_show_oom(const struct mymm_request *request);

#endif /* _MYMM_SHOW_MEM_H */
