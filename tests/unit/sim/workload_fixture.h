/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_UNIT_SIM_WORKLOAD_FIXTURE_H
#define CTR_TESTS_UNIT_SIM_WORKLOAD_FIXTURE_H

/* Workloads from text, and runs of them that must succeed. */

#include <centro/sim.h>

#include "sim/whatif/run.h"

struct centro_workload *fixture_new(bool skip_malformed);
/* Reads `bytes` in pieces of `piece` bytes; 0: in one. */
int fixture_read(struct centro_workload *workload, enum centro_workload_format format,
		 const char *bytes, size_t piece, struct centro_error_text *text);
/* A workload of SWF that is in order. */
struct centro_workload *fixture_swf(const char *bytes);
/* The workload cannot be read: `expected` is what is said. */
void fixture_refused(enum centro_workload_format format, const char *bytes, const char *expected);
struct centro_sim *fixture_run(const struct centro_workload *workload, const char *policy,
			       uint32_t nodes, uint32_t cores);
/* When the job at that place started, in seconds; -1: never. */
int64_t fixture_start_s(const struct centro_sim *sim, size_t index);
struct centro_sim_figures fixture_figures(const struct centro_sim *sim);
struct centro_workload_info fixture_info(const struct centro_workload *workload);

#define SWF_JOB(number, submit, run, size) \
#number " " #submit " -1 " #run " " #size " -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n"

#endif
