/* SPDX-License-Identifier: GPL-2.0 */
/* The char device, /dev/mymm; see chardev.c. */
#ifndef _MYMM_CHARDEV_H
#define _MYMM_CHARDEV_H

int mymm_session_init(void);
void mymm_session_exit(void);

#endif /* _MYMM_CHARDEV_H */
