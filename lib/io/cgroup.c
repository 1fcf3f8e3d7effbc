/* SPDX-License-Identifier: MIT */
/*
 * cgroup.c - limits by control groups: see cgroup.h.
 *
 * Sources: cgroups(7), proc(5) for /proc/self/cgroup and mountinfo. A hierarchy may
 * be mounted from below its root (as containers do); then groups above the mount
 * cannot be seen, and the machine looks larger than it is.
 *
 * Layer: io.
 */
#include "io/cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 4096
#define LINE_SIZE 8192

struct hierarchy {
	const char *controller; /* of version 1; NULL: version 2 */
	char mount[PATH_SIZE];  /* where it is */
	char root[PATH_SIZE];   /* what of it is there */
	char group[PATH_SIZE];  /* ours, from its own root */
};

/* Whether a list like "rw,cpu,cpuacct" names `word`. */
static bool lists(const char *list, const char *word)
{
	size_t size = strlen(word);
	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, size) == 0 && (at[size] == ',' || at[size] == '\0'))
			return true;
	}
	return false;
}

static FILE *open_below(const char *root, const char *path)
{
	char full[PATH_SIZE * 2];
	int size = snprintf(full, sizeof(full), "%s%s", root, path);
	return size > 0 && (size_t)size < sizeof(full) ? fopen(full, "re") : NULL;
}

/* One line of mountinfo: "31 23 0:28 ROOT MOUNT options [...] - TYPE source SUPER". */
static bool take_mount(const char *line, struct hierarchy *hierarchy)
{
	char root[PATH_SIZE], mount[PATH_SIZE], type[64], super[PATH_SIZE];
	const char *rest = strstr(line, " - ");
	if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", root, mount) != 2 ||
	    sscanf(rest, " - %63s %*s %4095s", type, super) != 2)
		return false;
	bool is_it = hierarchy->controller
			     ? strcmp(type, "cgroup") == 0 && lists(super, hierarchy->controller)
			     : strcmp(type, "cgroup2") == 0;
	if (!is_it)
		return false;
	snprintf(hierarchy->root, sizeof(hierarchy->root), "%s", root);
	snprintf(hierarchy->mount, sizeof(hierarchy->mount), "%s", mount);
	return true;
}

/* One line of /proc/self/cgroup: "7:cpu,cpuacct:/GROUP", or "0::/GROUP" of version 2. */
static bool take_group(const char *line, struct hierarchy *hierarchy)
{
	const char *colon = strchr(line, ':');
	const char *end = colon ? strchr(colon + 1, ':') : NULL;
	char controllers[256];
	if (!end || (size_t)(end - colon - 1) >= sizeof(controllers))
		return false;
	memcpy(controllers, colon + 1, (size_t)(end - colon - 1));
	controllers[end - colon - 1] = '\0';
	if (hierarchy->controller ? !lists(controllers, hierarchy->controller)
				  : controllers[0] != '\0')
		return false;
	snprintf(hierarchy->group, sizeof(hierarchy->group), "%s", end + 1);
	return true;
}

static bool find_line(const char *root, const char *path, struct hierarchy *hierarchy,
		      bool (*take)(const char *line, struct hierarchy *hierarchy))
{
	char line[LINE_SIZE];
	bool found = false;
	FILE *file = open_below(root, path);
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = take(line, hierarchy);
	}
	if (file)
		fclose(file);
	return found;
}

/* Our group as a path below the mount; "" when it lies outside of what is mounted. */
static const char *group_in_mount(const struct hierarchy *hierarchy)
{
	size_t size = strlen(hierarchy->root);
	if (strcmp(hierarchy->root, "/") == 0)
		return strncmp(hierarchy->group, "/..", 3) == 0 ? "" : hierarchy->group;
	if (strncmp(hierarchy->group, hierarchy->root, size) == 0 &&
	    (hierarchy->group[size] == '/' || hierarchy->group[size] == '\0'))
		return hierarchy->group + size;
	return "";
}

/* The first line of a file in `dir`; false: there is no such file. */
static bool read_line(const char *root, const char *dir, const char *name, char line[128])
{
	char path[PATH_SIZE * 2];
	int size = snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = size > 0 && (size_t)size < sizeof(path) ? open_below(root, path) : NULL;
	bool read = file && fgets(line, 128, file);
	if (file)
		fclose(file);
	return read;
}

/* "max" and what makes no sense are no limit. */
static uint64_t read_memory(const char *root, const char *dir, bool is_v2)
{
	char line[128];
	unsigned long long bytes;
	const char *name = is_v2 ? "memory.max" : "memory.limit_in_bytes";
	return read_line(root, dir, name, line) && sscanf(line, "%llu", &bytes) == 1 ? bytes
										     : UINT64_MAX;
}

static bool read_cpu_v1(const char *root, const char *dir, long long *quota, long long *period)
{
	char line[128];
	return read_line(root, dir, "cpu.cfs_quota_us", line) && sscanf(line, "%lld", quota) == 1 &&
	       read_line(root, dir, "cpu.cfs_period_us", line) && sscanf(line, "%lld", period) == 1;
}

static bool read_cpu_v2(const char *root, const char *dir, long long *quota, long long *period)
{
	char line[128];
	return read_line(root, dir, "cpu.max", line) &&
	       sscanf(line, "%lld %lld", quota, period) == 2;
}

static uint64_t read_cpu(const char *root, const char *dir, bool is_v2)
{
	long long quota, period;
	bool read = is_v2 ? read_cpu_v2(root, dir, &quota, &period)
			  : read_cpu_v1(root, dir, &quota, &period);
	if (!read || quota <= 0 || period <= 0 || quota > INT64_MAX / 1000)
		return UINT64_MAX;
	return (uint64_t)(quota * 1000 / period);
}

typedef uint64_t read_limit_fn(const char *root, const char *dir, bool is_v2);

/* The least from our group up to the mount. */
static uint64_t least_in(const char *root, const struct hierarchy *hierarchy, read_limit_fn *read)
{
	char dir[PATH_SIZE * 2];
	uint64_t least = UINT64_MAX;
	snprintf(dir, sizeof(dir), "%s%s", hierarchy->mount, group_in_mount(hierarchy));
	size_t mount_size = strlen(hierarchy->mount);
	for (;;) {
		uint64_t limit = read(root, dir, !hierarchy->controller);
		if (limit < least)
			least = limit;
		char *slash = strrchr(dir, '/');
		if (!slash || (size_t)(slash - dir) < mount_size)
			return least;
		*slash = '\0';
	}
}

static uint64_t least(const char *root, const char *controller, read_limit_fn *read)
{
	static const char *const mounts = "/proc/self/mountinfo", *const groups =
									  "/proc/self/cgroup";
	struct hierarchy v1 = {.controller = controller}, v2 = {.controller = NULL};
	uint64_t result = UINT64_MAX;
	if (find_line(root, mounts, &v1, take_mount) && find_line(root, groups, &v1, take_group))
		result = least_in(root, &v1, read);
	if (find_line(root, mounts, &v2, take_mount) && find_line(root, groups, &v2, take_group)) {
		uint64_t limit = least_in(root, &v2, read);
		result = limit < result ? limit : result;
	}
	return result;
}

struct ctr_cgroup_limits ctr_cgroup_read_limits(const char *root)
{
	return (struct ctr_cgroup_limits){
		.memory_bytes = least(root, "memory", read_memory),
		.cpu_milli = least(root, "cpu", read_cpu),
	};
}
