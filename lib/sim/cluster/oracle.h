/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_ORACLE_H
#define CTR_SIM_ORACLE_H

/*
 * What is known from outside, and is true whatever the programs believe: what was
 * acknowledged to clients, which processes ran when, what is on the disk, and what
 * the durable events say. The promises are checked against it.
 */

#include "base/map.h"
#include "core/core.h"

struct ctr_sim_run;

#define CTR_SIM_JOB_INSTANCES_MAX 8

/* What the durable events say of one instance, and what its processes did. */
struct ctr_sim_instance {
	uint8_t state; /* enum centro_instance_state */
	uint32_t attempt;
	centro_node_id node;
	const struct ctr_sim_run *running; /* a process of it runs now; NULL: none */
	uint32_t started_attempt;          /* the last attempt of which a process started */
	uint32_t ended_attempt;            /* the last one whose command ended by itself … */
	int32_t exit_code;                 /* … so */
};

/* A job that a client wants. Known by its number in the run; its request id is made of it. */
struct ctr_sim_job {
	uint32_t number, client;
	char request_id[24];
	centro_job_id id;   /* 0: not acknowledged */
	centro_job_id made; /* what its request id made, as the disk or an answer says */
	bool is_acked;
	uint64_t revision_seen; /* by its client */
	bool final_seen;
	uint8_t final_state; /* enum centro_job_state, as the client saw it */
	int32_t final_exit_code;
};

/* A job as it stands on the disk, and as the durable events tell it. */
struct ctr_sim_known {
	centro_job_id id;
	bool has_spec, has_state, has_history;
	bool is_submitted, is_ended, is_cancelled;
	bool is_removed;                /* from the history */
	struct centro_instant end_wall; /* as its record says */
	bool is_acked;
	uint64_t cancelled_at, cancel_acked_at; /* true time; 0: not */
	uint8_t job_state;
	int32_t exit_code; /* the highest that an event told */
	struct ctr_sim_instance instances[CTR_SIM_JOB_INSTANCES_MAX];
};

/* A node, as the durable events and its record on the disk tell it. */
struct ctr_sim_known_node {
	centro_node_id id;
	bool is_ready;
	uint64_t cleared_at; /* its drain is over; true time; 0: not */
};

struct ctr_sim_oracle {
	struct ctr_map nodes;     /* node id → struct ctr_sim_known_node */
	struct ctr_map known;     /* job id → struct ctr_sim_known */
	struct ctr_sim_job *jobs; /* by number */
	uint32_t job_count, job_capacity;
	uint32_t jobs_open;      /* not acknowledged */
	size_t live_on_disk;     /* jobs with a state row */
	size_t history_on_disk;  /* jobs with a history row */
	uint64_t event_number;   /* of the last durable event … */
	uint64_t last_event_row; /* the number in the key of the newest record of events */
	uint64_t checks;         /* ctr_sim_check_all() */
	uint64_t event_at;       /* … and when it became durable, true time */
	uint64_t durable_hash;   /* of the state that is on disk */
	bool has_durable_hash;
	uint64_t failed_commits; /* how many batches were on the disk then */
	uint64_t failed_term;    /* in which a write has failed */
	bool wants_load;         /* a second core is due */
	uint64_t processes;      /* that run now */
};

#endif
