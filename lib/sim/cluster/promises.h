/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_PROMISES_H
#define CTR_SIM_PROMISES_H

/*
 * The promises of docs/architecture.md, checked as the run goes on. The first half
 * is what the rest of the simulator tells the oracle; the second is one function a
 * promise, with its sentence above it, in promises.c.
 *
 * Not stated here, since there is nothing yet that could break them: I7 (quotas)
 * and I8 (dependencies).
 */

#include "sim/cluster/world.h"

struct ctr_sim_run;

/* ---- oracle.c: what happened ---- */

void ctr_sim_oracle_init(struct ctr_sim_world *world);
void ctr_sim_oracle_fini(struct ctr_sim_world *world);
/* NULL: no job of that id was ever on the disk. */
struct ctr_sim_known *ctr_sim_known_find(const struct ctr_sim_oracle *oracle, centro_job_id id);
/* NULL: out of range. */
struct ctr_sim_instance *ctr_sim_known_instance(struct ctr_sim_known *known, uint32_t task,
						uint32_t index);

/* NULL: no node of that id was ever on the disk. */
struct ctr_sim_known_node *ctr_sim_known_find_node(const struct ctr_sim_oracle *oracle,
						   centro_node_id id);

/* The store asks how long a commit takes: the engine has just handed it over. */
struct centro_span ctr_sim_note_commit(void *world);
/* It is on the disk. */
void ctr_sim_note_written(void *world, const struct centro_batch *batch, uint64_t term);
/* A write has failed: its server may write nothing any more. */
void ctr_sim_note_failed(void *world, uint64_t term);
/* A server has read its state from the disk. */
void ctr_sim_note_recovered(struct ctr_sim_server *server);
/* A server tells of an event as durable. */
void ctr_sim_note_event(struct ctr_sim_server *server, const struct ctr_event *event);
/* A server's turn is over. */
void ctr_sim_note_turn(struct ctr_sim_server *server);
/* A server accepts a heartbeat that `machine` sent at that true time. */
void ctr_sim_note_heartbeat(struct ctr_sim_world *world, uint32_t machine, uint64_t sent_at);
/* The agent of `machine` takes the answer to one, which a server gave at that true time. */
void ctr_sim_note_heard(struct ctr_sim_world *world, uint32_t machine, uint64_t given_at);
void ctr_sim_note_started(struct ctr_sim_run *run);
void ctr_sim_note_ended(struct ctr_sim_run *run, bool by_itself);
/* A client has the answer to its submit. */
void ctr_sim_note_acked(struct ctr_sim_world *world, struct ctr_sim_job *job, centro_job_id id);
/* A client has the answer to its cancel. */
void ctr_sim_note_cancel_acked(struct ctr_sim_world *world, const struct ctr_sim_job *job);
/* A client sees a job; it had seen revision `then` when it asked. */
void ctr_sim_note_seen(struct ctr_sim_world *world, struct ctr_sim_job *job,
		       const Centro__V1__Job *seen, uint64_t then);
/* An agent's turn is over. */
void ctr_sim_check_agent(struct ctr_sim_agent *agent);
/* Now and then, and at the end. */
void ctr_sim_check_all(struct ctr_sim_world *world);
/* Everything that clients wanted has come to its end. */
bool ctr_sim_is_done(const struct ctr_sim_world *world);

/* ---- promises.c ---- */

void ctr_sim_i1_accepted_is_kept(struct ctr_sim_world *world, const struct ctr_sim_known *known);
/* `there`: so many were in the history before. `server`: which has written it, if it is known. */
void ctr_sim_i1_removed_by_rule(struct ctr_sim_world *world, const struct ctr_sim_server *server,
				const struct ctr_sim_known *known, size_t there);
void ctr_sim_i1_oldest_removed(struct ctr_sim_world *world, const struct ctr_sim_known *removed);
void ctr_sim_i2_one_id_one_job(struct ctr_sim_world *world, struct ctr_sim_job *job,
			       centro_job_id id);
void ctr_sim_i3_single_grant(struct ctr_sim_world *world, const struct ctr_sim_known *known,
			     const struct ctr_sim_instance *before, const Centro__V1__Event *event);
void ctr_sim_i4_single_run(struct ctr_sim_world *world, const struct ctr_sim_instance *instance,
			   const struct ctr_sim_run *run);
void ctr_sim_i5_fenced_writes(struct ctr_sim_world *world, uint64_t term);
void ctr_sim_i5_fenced_agents(struct ctr_sim_agent *agent);
void ctr_sim_i6_no_overcommit(struct ctr_sim_world *world, const struct ctr_core *core,
			      const struct ctr_node *node);
void ctr_sim_i9_final_is_final(struct ctr_sim_world *world, const struct ctr_sim_known *known,
			       const struct ctr_sim_instance *before,
			       const Centro__V1__Event *event);
void ctr_sim_i9_no_start_after_cancel(struct ctr_sim_world *world, const struct ctr_sim_run *run);
void ctr_sim_i9_true_outcome(struct ctr_sim_world *world, const struct ctr_sim_known *known,
			     const struct ctr_sim_instance *instance,
			     const Centro__V1__Event *event);
void ctr_sim_i10_no_gap(struct ctr_sim_world *world, uint64_t before, uint64_t number,
			const char *where);
void ctr_sim_i10_batch_tells_all(struct ctr_sim_world *world, const struct centro_batch *batch,
				 const struct ctr_event *events, size_t count);
void ctr_sim_i11_can_be_read(struct ctr_sim_server *server, int error);
void ctr_sim_i11_recovered(struct ctr_sim_server *server);
/* Load the disk into a second core. */
void ctr_sim_i11_second_core(struct ctr_sim_world *world, bool whole);
void ctr_sim_i12_reads_follow_writes(struct ctr_sim_world *world, struct ctr_sim_job *job,
				     const Centro__V1__Job *seen, uint64_t then);
void ctr_sim_i13_fail_stop(struct ctr_sim_server *server);
void ctr_sim_i13_no_second_try(struct ctr_sim_world *world, uint64_t term);
void ctr_sim_i14_bounded(struct ctr_sim_server *server);
void ctr_sim_i15_no_orphans(struct ctr_sim_world *world);
void ctr_sim_i16_nothing_waits_in_vain(struct ctr_sim_server *server);
void ctr_sim_i16_all_end(struct ctr_sim_world *world);
void ctr_sim_i17_leases_by_steady_time(struct ctr_sim_world *world,
				       const struct ctr_sim_known *known,
				       const struct ctr_sim_instance *instance,
				       const Centro__V1__Event *event);
void ctr_sim_i17_shims_by_steady_time(struct ctr_sim_world *world, const struct ctr_sim_run *run);
void ctr_sim_i17_silence_by_steady_time(struct ctr_sim_world *world, centro_node_id node);
void ctr_sim_i18_in_order(struct ctr_sim_world *world, const struct ctr_core *core,
			  const struct ctr_job *job);
void ctr_sim_i19_granted_where_ready(struct ctr_sim_world *world,
				     const struct ctr_sim_known_node *node,
				     const Centro__V1__Event *event);

#endif
