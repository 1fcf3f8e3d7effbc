/* SPDX-License-Identifier: MIT */
#ifndef CLI_SIM_H
#define CLI_SIM_H

/* What the files of `centro sim` share: what was asked for, and what came of it. */

#include <centro/sim.h>

#include "json.h"

#define SIM_RUNS_MAX   8
#define SIM_MIXES_MAX  16
#define SIM_QUEUES_MAX 256

/* As the flags say it; texts are borrowed. */
struct sim_request {
	const char *swf;
	const char *openb_nodes, *openb_pods;
	const char *mixes[SIM_MIXES_MAX];
	size_t mix_count;
	const char *policies[SIM_RUNS_MAX];
	size_t policy_count;
	struct centro_sim_queue queues[SIM_QUEUES_MAX];
	size_t queue_count;
	enum centro_queue_by queue_by;
	uint32_t nodes, cores;
	uint64_t seed;
	bool skip_malformed;
	const char *html, *jobs; /* files to write; NULL: not wanted */
};

struct sim_run {
	const char *policy;
	struct centro_sim *sim;
	struct centro_sim_figures figures;
	uint64_t wall_ns; /* that it took */
};

struct sim_report {
	const char *source; /* for people */
	struct centro_workload *workload;
	struct centro_workload_info info;
	struct sim_run runs[SIM_RUNS_MAX];
	size_t run_count;
};

/* sim_load.c: the workload that was asked for. 0, or the exit code: it has been said. */
int sim_load(const struct cli *cli, const struct sim_request *request, struct sim_report *report);

/*
 * sim_rows.c: the figures as rows of text, a column a run, and with exactly two
 * runs what changes from the first to the second.
 */
#define SIM_ROWS_MAX 32
struct sim_row {
	const char *title;
	char cells[SIM_RUNS_MAX][64];
	char change[64]; /* "": there is nothing to say */
};
struct sim_rows {
	struct sim_row rows[SIM_ROWS_MAX];
	size_t count;
};
void sim_rows_fill(struct sim_rows *rows, const struct sim_report *report);
uint64_t sim_decisions_per_s(const struct sim_run *run);
/* "lublin.swf: 10000 jobs on 256 nodes". Returns `buffer`. */
const char *sim_title(const struct sim_report *report, char *buffer, size_t size);

/* How many jobs start sooner, later and at the same time in the second of two runs. */
struct sim_shift {
	uint64_t sooner, later, same;
};
struct sim_shift sim_shift(const struct sim_report *report);

/* sim_json.c: all of it. The caller's. */
cJSON *sim_json(const struct sim_report *report);

/* sim_html.c, sim_chart.c: one page without anything from elsewhere. */
void sim_html_write(FILE *file, const struct sim_report *report);
void sim_html_escape(FILE *file, const char *text);
/* Utilisation of the resource at that place; SIM_CHART_WAITING: jobs that wait. */
#define SIM_CHART_WAITING SIZE_MAX
void sim_chart_write(FILE *file, const struct sim_report *report, size_t resource);

/* sim_jobs.c: one line a job and run, as CSV. */
void sim_jobs_write(FILE *file, const struct sim_report *report);

#endif
