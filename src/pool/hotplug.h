/* SPDX-License-Identifier: GPL-2.0 */
/* CPUs that die. */
#ifndef _MYMM_HOTPLUG_H
#define _MYMM_HOTPLUG_H

int mymm_hotplug_init(void);
void mymm_hotplug_exit(void);

#endif /* _MYMM_HOTPLUG_H */
