// SPDX-License-Identifier: GPL-2.0
/*
 * The test module of mymm_vm. Its helpers, and the seed, are those of mymm_kunit, which has to be
 * loaded.
 */
#include <linux/module.h>

#include "base/compat.h"

MODULE_DESCRIPTION("KUnit tests of mymm_vm");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
MYMM_IMPORT_INTERNAL();
