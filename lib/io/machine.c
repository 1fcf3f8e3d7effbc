/* SPDX-License-Identifier: MIT */
/* machine.c - what this machine has to offer: affinity, memory, disk, names. */
#include "io/machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MIB 1048576u

static uint32_t cpu_milli(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return (uint32_t)CPU_COUNT(&set) * 1000;
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	return count > 0 ? (uint32_t)count * 1000 : 0;
}

static uint32_t capped_mib(uint64_t bytes)
{
	return bytes / MIB > UINT32_MAX ? UINT32_MAX : (uint32_t)(bytes / MIB);
}

/* A number in the first line of a file; UINT64_MAX when there is none. */
static uint64_t read_number(const char *path)
{
	unsigned long long value = UINT64_MAX;
	FILE *file = fopen(path, "re");
	if (!file)
		return UINT64_MAX;
	if (fscanf(file, "%llu", &value) != 1)
		value = UINT64_MAX;
	fclose(file);
	return value;
}

/* The machine's, or the limit of the container that we are in. */
static uint32_t memory_mib(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
	static const char *const limits[] = { "/sys/fs/cgroup/memory.max",
					      "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint64_t limit = read_number(limits[i]);
		if (limit > 0 && limit < bytes)
			bytes = limit;
	}
	return capped_mib(bytes);
}

static uint32_t disk_mib(const char *dir)
{
	struct statvfs info;
	if (statvfs(dir, &info) != 0)
		return 0;
	return capped_mib((uint64_t)info.f_bavail * info.f_frsize);
}

static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	line[0] = '\0';
	if (!file)
		return;
	if (fgets(line, (int)size, file))
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

void ctr_machine_detect(const char *dir, struct ctr_machine *ret_machine)
{
	struct utsname system;
	*ret_machine = (struct ctr_machine){ .cpu_milli = cpu_milli(),
					     .memory_mib = memory_mib(),
					     .disk_mib = disk_mib(dir) };
	if (gethostname(ret_machine->name, sizeof(ret_machine->name) - 1) != 0)
		ret_machine->name[0] = '\0';
	if (uname(&system) == 0)
		snprintf(ret_machine->kernel, sizeof(ret_machine->kernel), "%.50s %.50s",
			 system.sysname, system.release);
	read_line("/proc/sys/kernel/random/boot_id", ret_machine->boot_id,
		  sizeof(ret_machine->boot_id));
}
