/* SPDX-License-Identifier: GPL-2.0 */
/* The door: /dev/mymm; chardev.c has the rules. */
#ifndef _MYMM_CHARDEV_H
#define _MYMM_CHARDEV_H

int mymm_session_init(void);
void mymm_session_exit(void);

#endif /* _MYMM_CHARDEV_H */
