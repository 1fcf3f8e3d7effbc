/* SPDX-License-Identifier: MIT */
/* sim_jobs.c - what became of each job, as CSV. Times are seconds, exact. */
#include "sim.h"

#include <inttypes.h>

#define NS_PER_SEC UINT64_C(1000000000)

/* ",12", ",12.5". */
static void write_seconds(FILE *file, uint64_t ns)
{
	char fraction[16];
	uint64_t rest = ns % NS_PER_SEC;
	size_t size = 0;
	if (rest > 0) {
		size = (size_t)snprintf(fraction, sizeof(fraction), ".%09" PRIu64, rest);
		while (fraction[size - 1] == '0')
			size--;
	}
	fprintf(file, ",%" PRIu64 "%.*s", ns / NS_PER_SEC, (int)size, fraction);
}

static void write_job(FILE *file, const char *policy, const struct centro_sim_job *job)
{
	fprintf(file, "%s,%" PRIu64 ",%s,%s,%" PRIu32 ",%" PRIu32, policy, job->number, job->user,
		job->queue, job->instances, job->cpu_milli);
	write_seconds(file, job->submit.ns);
	if (job->start.ns == CENTRO_INSTANT_NEVER_NS) {
		fputs(",,,", file);
	} else {
		write_seconds(file, job->start.ns);
		write_seconds(file, job->start.ns + job->run.ns);
		write_seconds(file, job->start.ns - job->submit.ns);
	}
	write_seconds(file, job->run.ns);
	fputc('\n', file);
}

void sim_jobs_write(FILE *file, const struct sim_report *report)
{
	fputs("policy,job,user,queue,instances,cpu_milli,submit_s,start_s,end_s,wait_s,run_s\n",
	      file);
	for (size_t i = 0; i < report->run_count; i++) {
		struct centro_sim_job job = {.size = sizeof(job)};
		for (size_t j = 0; centro_sim_get_job(report->runs[i].sim, j, &job) == CENTRO_OK;
		     j++)
			write_job(file, report->runs[i].policy, &job);
	}
}
