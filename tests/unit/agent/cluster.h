/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_UNIT_AGENT_CLUSTER_H
#define CTR_TESTS_UNIT_AGENT_CLUSTER_H

/*
 * The brain of an agent and a whole server (service, engine, core, a memory disk),
 * joined in memory. The host is scripted: it writes down what it is asked, and the
 * test says what starts and ends. Time stands still unless it is moved.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "service/service.h"
#include "store/store_memory.h"

#define CLUSTER_RUNS_MAX 64

/* One attempt, as the host sees it. */
struct run {
	struct centro_attempt_ref ref;
	char command[64]; /* the words, joined by spaces */
	char env[2048];   /* one a line */
	bool is_started, is_forgotten;
	struct centro_instant lease_end;
	enum centro_cause kill_cause; /* NONE: not asked to */
	struct centro_span kill_grace;
	const char *out; /* what it has written to its standard output */
};

struct cluster {
	struct centro_time now;
	struct ctr_memory_disk *disk;
	struct ctr_engine *engine;
	struct ctr_service *service;
	struct ctr_peer peer;
	struct ctr_grpc_conn *server; /* NULL: nobody is connected */
	struct ctr_log_keeper keeper;
	struct ctr_buf kept;
	bool is_cut; /* no connection can be made */
	struct ctr_agent *agent;
	struct run runs[CLUSTER_RUNS_MAX];
	uint32_t run_count;
	int prepare_error, start_error; /* what the host answers */
};

void cluster_open(struct cluster *cluster);
void cluster_close(struct cluster *cluster);
/* Until nothing moves any more. */
void cluster_run(struct cluster *cluster);
void cluster_wait(struct cluster *cluster, uint64_t ms);
/* The server and its memory go as by kill -9; a new one opens the same disk. */
void cluster_restart_server(struct cluster *cluster);
void cluster_disconnect(struct cluster *cluster);
/* Submit a job of one command with a lease of `lease_s`; its id. */
centro_job_id cluster_submit(struct cluster *cluster, uint64_t lease_s);
void cluster_cancel(struct cluster *cluster, centro_job_id job);
/* `run` is the place in `runs`; its handle is one more. */
void cluster_started(struct cluster *cluster, uint32_t run);
void cluster_ended(struct cluster *cluster, uint32_t run, enum centro_cause cause, int code);
/* The state of the only instance; -1: the job has ended and is gone from memory. */
int cluster_state(struct cluster *cluster, centro_job_id job);
/* Whether the record of a job that has ended holds `part` in its JSON. */
void cluster_expect_ended(struct cluster *cluster, centro_job_id job, const char *part);

#endif
