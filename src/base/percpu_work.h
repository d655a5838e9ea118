/* SPDX-License-Identifier: GPL-2.0 */
/* Run a function on each CPU. */
#ifndef _MYMM_PERCPU_WORK_H
#define _MYMM_PERCPU_WORK_H

#include <linux/types.h>

int mymm_percpu_work_init(void);
void mymm_percpu_work_exit(void);
void mymm_on_each_cpu(void (*fn)(void *arg), void *arg);
bool mymm_try_on_each_cpu(void (*fn)(void *arg), void *arg);
bool mymm_try_on_cpus(bool (*wanted)(int cpu, void *arg), void (*fn)(void *arg),
		      void *arg);

#endif /* _MYMM_PERCPU_WORK_H */
