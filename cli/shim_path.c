/* SPDX-License-Identifier: MIT */
/* shim_path.c - where centro-shim lies. */
#include "shim_path.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool shim_path_find(char *path, size_t size)
{
	static const char *const places[] = { "centro-shim", "../libexec/centro/centro-shim" };
	char self[2048];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length <= 0)
		return false;
	self[length] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int used = snprintf(path, size, "%s/%s", self, places[i]);
		if (used > 0 && (size_t)used < size && access(path, X_OK) == 0)
			return true;
	}
	return false;
}
