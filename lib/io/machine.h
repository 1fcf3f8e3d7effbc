/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_MACHINE_H
#define CTR_IO_MACHINE_H

/* What this machine has to offer. */

#include <stddef.h>
#include <stdint.h>

struct ctr_machine {
	char name[256];
	char kernel[128];
	char boot_id[64];
	uint32_t cpu_milli;  /* that this process may use */
	uint32_t memory_mib;
	uint32_t disk_mib;   /* free where `dir` lies */
};

/* What cannot be found out is 0 or "". */
void ctr_machine_detect(const char *dir, struct ctr_machine *ret_machine);

#endif
