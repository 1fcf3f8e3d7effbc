/* SPDX-License-Identifier: MIT */
/*
 * version.c - the version of the library found at run time.
 *
 * Layer: base, part of the public library.
 */
#include <centro/version.h>

const char *centro_version(void)
{
	return CENTRO_VERSION_STRING;
}
