// SPDX-License-Identifier: GPL-2.0
/*
 * What a static program does not do: load a library while it runs.
 *
 * libtraceevent can load plugins, which mymm never asks for. Its calls of dlopen() come here (the
 * linker's --wrap), since the linker warns of each that would go to libc's.
 */
#include <stddef.h>

void *__wrap_dlopen(const char *file, int mode);

/* NULL, as of a library that can't be loaded. */
void *__wrap_dlopen(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return NULL;
}
