/* SPDX-License-Identifier: MIT */
/* machine.c - what this machine has to offer: affinity, memory, disk, names. */
#include "io/machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "io/cgroup.h"

#define MIB 1048576u

static uint32_t cpu_milli(const struct ctr_cgroup_limits *limits)
{
	cpu_set_t set;
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = CPU_COUNT(&set);
	uint64_t milli = count > 0 ? (uint64_t)count * 1000 : 0;
	return (uint32_t)(limits->cpu_milli < milli ? limits->cpu_milli : milli);
}

static uint32_t capped_mib(uint64_t bytes)
{
	return bytes / MIB > UINT32_MAX ? UINT32_MAX : (uint32_t)(bytes / MIB);
}

static uint32_t memory_mib(const struct ctr_cgroup_limits *limits)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
	return capped_mib(limits->memory_bytes < bytes ? limits->memory_bytes : bytes);
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
	struct ctr_cgroup_limits limits = ctr_cgroup_read_limits(/* root= */ "");
	*ret_machine = (struct ctr_machine){.cpu_milli = cpu_milli(&limits),
					    .memory_mib = memory_mib(&limits),
					    .disk_mib = disk_mib(dir)};
	if (gethostname(ret_machine->name, sizeof(ret_machine->name) - 1) != 0)
		ret_machine->name[0] = '\0';
	if (uname(&system) == 0)
		snprintf(ret_machine->kernel, sizeof(ret_machine->kernel), "%.50s %.50s",
			 system.sysname, system.release);
	read_line("/proc/sys/kernel/random/boot_id", ret_machine->boot_id,
		  sizeof(ret_machine->boot_id));
}
