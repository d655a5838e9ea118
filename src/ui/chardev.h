/* SPDX-License-Identifier: GPL-2.0 */
/* The door: /dev/mymm; session.c has the rules. */
#ifndef _MYMM_SESSION_H
#define _MYMM_SESSION_H

int mymm_session_init(void);
void mymm_session_exit(void);

#endif /* _MYMM_SESSION_H */
