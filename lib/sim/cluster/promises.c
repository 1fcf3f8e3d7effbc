/* SPDX-License-Identifier: MIT */
/*
 * promises.c - I1 to I19, one function each, or one for each side of it.
 */
#include "sim/cluster/promises.h"

#include "agent/brain.h"
#include "codec/keyspace.h"
#include "core/internal.h"
#include "engine/internal.h"
#include "sim/cluster/run.h"

/* What clocks of different machines, and turns, may add to an instant. */
#define SLACK_NS (100 * CTR_NS_PER_MS)
/* What has ended since the history was last trimmed, which is done in portions. */
#define HISTORY_SLACK 200

static unsigned long long llu(uint64_t value)
{
	return value;
}

/* 98 % of a span: what is left of it when two clocks differ as much as they may. */
static uint64_t nearly(uint64_t span_ns)
{
	return span_ns - span_ns / 50;
}

/*
 * I1: An acknowledged submit is never lost: every later state holds the job until
 * the retention rule removes it.
 */
void ctr_sim_i1_accepted_is_kept(struct ctr_sim_world *world, const struct ctr_sim_known *known)
{
	bool is_live = known->has_spec && known->has_state;
	if (known->is_acked && !is_live && !known->has_history && !known->is_removed)
		ctr_sim_break(world, "I1", "job %llu was acknowledged, and is gone from the disk",
			      llu(known->id));
}

/* The rule: it has ended, and more than may be kept are there, or it ended too long ago. */
void ctr_sim_i1_removed_by_rule(struct ctr_sim_world *world, const struct ctr_sim_server *server,
				const struct ctr_sim_known *known, size_t there)
{
	bool is_over = world->history_keep > 0 && there > world->history_keep;
	struct centro_instant until = ctr_after(known->end_wall, world->history_age);
	bool is_old =
		world->history_age.ns > 0 && (!server || ctr_reached(until, server->commit_wall));
	if (!known->is_ended || (!is_over && !is_old))
		ctr_sim_break(world, "I1", "job %llu was removed, the rule notwithstanding",
			      llu(known->id));
}

/* And it is the one with the lowest number. */
void ctr_sim_i1_oldest_removed(struct ctr_sim_world *world, const struct ctr_sim_known *removed)
{
	ctr_map_for_each (struct ctr_sim_known, known, &world->oracle.known) {
		if (known->has_history && known->id < removed->id)
			ctr_sim_break(world, "I1", "job %llu was removed before job %llu",
				      llu(removed->id), llu(known->id));
	}
}

/*
 * I2: One (owner, request id), one job, however often and through however many
 * servers it is sent. Same id, other body: conflict.
 */
void ctr_sim_i2_one_id_one_job(struct ctr_sim_world *world, struct ctr_sim_job *job,
			       centro_job_id id)
{
	if (job->made != 0 && job->made != id)
		ctr_sim_break(world, "I2", "request id %s made job %llu and job %llu",
			      job->request_id, llu(job->made), llu(id));
	job->made = id;
}

static bool is_granted(uint8_t state)
{
	return state == CENTRO_INSTANCE_ASSIGNED || state == CENTRO_INSTANCE_RUNNING;
}

/*
 * I3: At most one live grant (job, task, index, attempt) at any store revision.
 * Attempt numbers only rise.
 */
void ctr_sim_i3_single_grant(struct ctr_sim_world *world, const struct ctr_sim_known *known,
			     const struct ctr_sim_instance *before, const Centro__V1__Event *event)
{
	uint32_t attempt = event->attempt->attempt;
	bool is_grant = event->type == CENTRO__V1__EVENT__TYPE__instance_assigned;
	if (is_grant && is_granted(before->state))
		ctr_sim_break(world, "I3",
			      "job %llu is granted again as attempt %u while %u is live",
			      llu(known->id), attempt, before->attempt);
	if (is_grant && attempt != before->attempt + 1)
		ctr_sim_break(world, "I3", "job %llu: attempt %u follows %u", llu(known->id),
			      attempt, before->attempt);
	if (!is_grant && attempt != before->attempt)
		ctr_sim_break(world, "I3", "job %llu: event %llu is of attempt %u; %u is current",
			      llu(known->id), llu(event->number), attempt, before->attempt);
}

/*
 * I4: No two processes of the same task instance run at once on any two nodes. And
 * none starts twice. (Excused: a machine whose clocks stood still, as when it is moved
 * while it runs. Then the results of the stale attempt must count for nothing, see I9,
 * and it must be ended once its agent is heard, see I15.)
 */
void ctr_sim_i4_single_run(struct ctr_sim_world *world, const struct ctr_sim_instance *instance,
			   const struct ctr_sim_run *run)
{
	bool is_excused = run->is_excused || (instance->running && instance->running->is_excused);
	if (instance->running && !is_excused)
		ctr_sim_break(world, "I4", "job %llu: attempt %u starts on %s while %u runs on %s",
			      llu(run->ref.job), run->ref.attempt, run->agent->node_name,
			      instance->running->ref.attempt, instance->running->agent->node_name);
	if (run->ref.attempt <= instance->started_attempt && !is_excused)
		ctr_sim_break(world, "I4", "job %llu: attempt %u starts after %u has started",
			      llu(run->ref.job), run->ref.attempt, instance->started_attempt);
	if (run->ref.attempt > instance->attempt)
		ctr_sim_break(world, "I4", "job %llu: attempt %u starts, which is not durable",
			      llu(run->ref.job), run->ref.attempt);
}

/* I5: A server of an old term writes nothing … */
void ctr_sim_i5_fenced_writes(struct ctr_sim_world *world, uint64_t term)
{
	uint64_t newest = ctr_memory_disk_get_term(world->disk);
	if (term < newest)
		ctr_sim_break(world, "I5", "a server of term %llu wrote; the newest is %llu",
			      llu(term), llu(newest));
}

/* … an agent that has seen a newer term refuses an older one. */
void ctr_sim_i5_fenced_agents(struct ctr_sim_agent *agent)
{
	if (agent->agent->term < agent->term_seen)
		ctr_sim_break(agent->endpoint.process.world, "I5",
			      "%s went back from term %llu to %llu", agent->endpoint.process.name,
			      llu(agent->term_seen), llu(agent->agent->term));
}

/* I6: The sum of live grants never exceeds a node's capacity in any dimension. */
void ctr_sim_i6_no_overcommit(struct ctr_sim_world *world, const struct ctr_core *core,
			      const struct ctr_node *node)
{
	struct ctr_resources sum = {{0}};
	if (!node)
		return;
	ctr_list_for_each (link, &node->attempts) {
		const struct ctr_instance *instance =
			ctr_list_entry(link, struct ctr_instance, on_node);
		const struct ctr_resources *takes =
			ctr_core_task_resources(core, &instance->job->tasks[instance->task]);
		for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++)
			sum.amount[i] += takes->amount[i];
	}
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		if (sum.amount[i] > node->capacity.amount[i])
			ctr_sim_break(world, "I6", "node %llu: %lld of %lld granted, dimension %zu",
				      llu(node->id), (long long)sum.amount[i],
				      (long long)node->capacity.amount[i], i);
		if (sum.amount[i] != node->used.amount[i])
			ctr_sim_break(world, "I6", "node %llu: counts %lld, and %lld are granted",
				      llu(node->id), (long long)node->used.amount[i],
				      (long long)sum.amount[i]);
	}
}

/* I9: A terminal state and its exit code never change. After an accepted cancel nothing starts. */
void ctr_sim_i9_final_is_final(struct ctr_sim_world *world, const struct ctr_sim_known *known,
			       const struct ctr_sim_instance *before,
			       const Centro__V1__Event *event)
{
	if (known->is_ended || before->state >= CENTRO_INSTANCE_SUCCEEDED)
		ctr_sim_break(world, "I9", "job %llu: event %llu comes after its end",
			      llu(known->id), llu(event->number));
	if (known->is_cancelled && event->type == CENTRO__V1__EVENT__TYPE__instance_assigned)
		ctr_sim_break(world, "I9", "job %llu is granted after its cancel", llu(known->id));
}

/*
 * What was claimed before the cancel may be on its way: it starts, and is killed. What
 * is claimed after the client had its answer must not.
 */
void ctr_sim_i9_no_start_after_cancel(struct ctr_sim_world *world, const struct ctr_sim_run *run)
{
	const struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, run->ref.job);
	uint64_t claimed_at = ctr_sim_clock_true(&run->agent->endpoint.process.clock,
						 run->agent->agent->claim_sent);
	/* Of an excused one nobody knows when it was claimed: before its machine stood still. */
	if (!run->is_excused && known->cancel_acked_at != 0 && known->cancel_acked_at < claimed_at)
		ctr_sim_break(world, "I9", "job %llu starts after its cancel was accepted",
			      llu(known->id));
}

/* What a state says of a command is what that very attempt did. */
void ctr_sim_i9_true_outcome(struct ctr_sim_world *world, const struct ctr_sim_known *known,
			     const struct ctr_sim_instance *instance,
			     const Centro__V1__Event *event)
{
	uint32_t attempt = event->attempt->attempt;
	bool is_running = event->type == CENTRO__V1__EVENT__TYPE__instance_running;
	bool is_end = event->type == CENTRO__V1__EVENT__TYPE__instance_ended;
	if (is_running && instance->started_attempt < attempt)
		ctr_sim_break(world, "I9", "job %llu: attempt %u is said to run, and never started",
			      llu(known->id), attempt);
	if (!is_end || event->cause != CENTRO__V1__CAUSE__exited)
		return;
	if (instance->ended_attempt != attempt || instance->exit_code != event->exit_code)
		ctr_sim_break(world, "I9",
			      "job %llu: attempt %u is said to have exited with %d; attempt %u "
			      "exited with %d",
			      llu(known->id), attempt, event->exit_code, instance->ended_attempt,
			      instance->exit_code);
}

/*
 * I10: The event stream has no gap and no duplicate, resumes from any retained
 * revision, and folds to exactly the listed state (for the last part see I11).
 */
void ctr_sim_i10_no_gap(struct ctr_sim_world *world, uint64_t before, uint64_t number,
			const char *where)
{
	if (number != before + 1)
		ctr_sim_break(world, "I10", "event %llu follows %llu (%s)", llu(number),
			      llu(before), where);
}

static bool batch_has_job(const struct centro_batch *batch, centro_job_id id)
{
	struct ctr_key state = ctr_key_job_state(id), history = ctr_key_history(id);
	for (size_t i = 0; i < centro_batch_count(batch); i++) {
		struct centro_op op = centro_batch_get(batch, i);
		if (op.type == CENTRO_OP_PUT && (ctr_bytes_equal(op.key, ctr_key_bytes(&state)) ||
						 ctr_bytes_equal(op.key, ctr_key_bytes(&history))))
			return true;
	}
	return false;
}

/* Every job that an event is about is written with it. */
void ctr_sim_i10_batch_tells_all(struct ctr_sim_world *world, const struct centro_batch *batch,
				 const struct ctr_event *events, size_t count)
{
	/* Quadratic: the largest ones are left to the second core. */
	for (size_t i = 0; i < count && count <= 64; i++) {
		centro_job_id id = events[i].attempt.job;
		if (id != 0 && !batch_has_job(batch, id))
			ctr_sim_break(world, "I10",
				      "event %llu is of job %llu, which is not written",
				      llu(events[i].number), llu(id));
	}
}

/* The live jobs of a loaded core are those that the durable events tell of. */
static void compare_with_fold(struct ctr_sim_world *world, const struct ctr_core *core)
{
	const struct ctr_job *job;
	size_t count = 0;
	for (centro_job_id id = UINT64_MAX; (job = ctr_core_job_below(core, id)); id = job->id) {
		struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, job->id);
		count++;
		if (!known || !known->is_submitted || known->is_ended) {
			ctr_sim_break(world, "I10", "job %llu is live, and no event says so",
				      llu(job->id));
			return;
		}
		for (size_t i = 0; i < job->task_count; i++) {
			for (uint32_t j = 0; j < job->tasks[i].count; j++) {
				const struct ctr_instance *is = &job->tasks[i].instances[j];
				const struct ctr_sim_instance *told =
					ctr_sim_known_instance(known, (uint32_t)i, j);
				uint8_t state = told->state ? told->state : CENTRO_INSTANCE_PENDING;
				if (is->state != state || is->attempt != told->attempt)
					ctr_sim_break(world, "I10",
						      "job %llu.%zu.%u is %u/%u, and the events "
						      "fold to %u/%u",
						      llu(job->id), i, j, is->state, is->attempt,
						      state, told->attempt);
			}
		}
	}
	if (count != world->oracle.live_on_disk)
		ctr_sim_break(world, "I11", "%zu jobs were loaded, and %zu are on the disk", count,
			      world->oracle.live_on_disk);
}

/* I11: Recovering from the store gives the state that was live, restricted to what was durable. */
static void compare_with_durable(struct ctr_sim_world *world, const struct ctr_engine *engine,
				 const char *who)
{
	const struct ctr_core *core = ctr_engine_core(engine);
	struct centro_error_text text;
	if (world->oracle.has_durable_hash && ctr_core_hash(core) != world->oracle.durable_hash)
		ctr_sim_break(world, "I11", "%s has loaded another state than was durable", who);
	if (ctr_core_check(core, &text) != CENTRO_OK)
		ctr_sim_break(world, "I11", "%s: what was loaded is not whole: %s", who, text.text);
	if (ctr_core_last_event(core) != world->oracle.event_number)
		ctr_sim_break(world, "I11", "%s: event %llu is the last loaded, %llu on the disk",
			      who, llu(ctr_core_last_event(core)), llu(world->oracle.event_number));
	compare_with_fold(world, core);
}

/* What a server has written, a server can read. */
void ctr_sim_i11_can_be_read(struct ctr_sim_server *server, int error)
{
	struct centro_error_text text = {""};
	bool is_unread = error == CENTRO_ERR_CORRUPT || error == CENTRO_ERR_VERSION;
	if (!is_unread)
		return;
	(void)ctr_engine_get_error(server->engine, &text);
	ctr_sim_break(server->process.world, "I11", "%s cannot read the store: %s",
		      server->process.name, text.text);
}

void ctr_sim_i11_recovered(struct ctr_sim_server *server)
{
	compare_with_durable(server->process.world, server->engine, server->process.name);
}

/* What has ended is no part of the state, and of the events only the last ones count. */
static struct ctr_memory_disk *clone_state(const struct ctr_sim_world *world)
{
	struct ctr_key last = ctr_key_event(world->oracle.last_event_row);
	const struct ctr_memory_range ranges[] = {
		{ctr_key_bytes(&last), ctr_bytes_str(CTR_KEY_EVENT_END)},
		{.first = ctr_bytes_str(CTR_KEY_LIVE_FIRST)},
	};
	return ctr_memory_disk_clone_ranges(world->disk, ranges, CTR_ARRAY_SIZE(ranges));
}

/* Twice equals once: the same disk again, by the same code. `whole`: with its history. */
void ctr_sim_i11_second_core(struct ctr_sim_world *world, bool whole)
{
	const struct centro_store_options store_options = {.size = sizeof(store_options)};
	const struct ctr_engine_options options = {.core = {.seed = world->options.seed}};
	struct centro_time now = {{world->now + CTR_NS_PER_SEC}, {world->now}};
	struct ctr_memory_disk *disk =
		whole ? ctr_memory_disk_clone(world->disk) : clone_state(world);
	struct centro_store *store;
	struct ctr_engine *engine;
	struct centro_error_text text;
	CTR_ASSERT(disk);
	world->result->full_loads++;
	int status = ctr_store_memory_open(disk, &store_options, &store);
	CTR_ASSERT(status == CENTRO_OK);
	status = ctr_engine_new(&options, store, now, &engine, &text);
	if (status != CENTRO_OK) {
		ctr_sim_break(world, "I11", "the disk cannot be loaded: %s", text.text);
	} else {
		CTR_ASSERT(ctr_engine_get_state(engine) == CTR_ENGINE_READY);
		compare_with_durable(world, engine, "a second core");
		ctr_engine_free(engine);
	}
	ctr_memory_disk_free(disk);
}

/* I12: Reads follow writes on one job. */
void ctr_sim_i12_reads_follow_writes(struct ctr_sim_world *world, struct ctr_sim_job *job,
				     const Centro__V1__Job *seen, uint64_t then)
{
	const struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, seen->id);
	bool is_final = seen->state >= CENTRO__V1__JOB__STATE__succeeded;
	if (seen->id != job->id || !known)
		ctr_sim_break(world, "I12", "asked for job %llu, and was shown %llu", llu(job->id),
			      llu(seen->id));
	else if (seen->revision < then)
		ctr_sim_break(world, "I12", "job %llu was seen at revision %llu, then at %llu",
			      llu(job->id), llu(then), llu(seen->revision));
	else if (is_final && (!known->is_ended || known->job_state != seen->state))
		ctr_sim_break(world, "I12", "job %llu is shown as ended (%d), and is not",
			      llu(job->id), (int)seen->state);
	else if (is_final && seen->exit_code != known->exit_code)
		ctr_sim_break(world, "I9", "job %llu is shown with exit code %d; it was %d",
			      llu(job->id), seen->exit_code, known->exit_code);
	if (seen->revision > world->oracle.event_number)
		ctr_sim_break(world, "I12", "job %llu is shown at revision %llu; %llu is durable",
			      llu(job->id), llu(seen->revision), llu(world->oracle.event_number));
	if (job->final_seen && then >= job->revision_seen &&
	    (!is_final || seen->state != job->final_state ||
	     seen->exit_code != job->final_exit_code))
		ctr_sim_break(world, "I9", "job %llu had ended as %u (%d), and is now %d (%d)",
			      llu(job->id), job->final_state, job->final_exit_code,
			      (int)seen->state, seen->exit_code);
}

/* I13: After a failed write nothing is acknowledged: the store is failed for good. */
void ctr_sim_i13_fail_stop(struct ctr_sim_server *server)
{
	const struct ctr_engine *engine = server->engine;
	bool has_failed = centro_store_failure(engine->store)[0] != '\0';
	if (has_failed && engine->state != CTR_ENGINE_FAILED)
		ctr_sim_break(server->process.world, "I13", "%s goes on over a failed store",
			      server->process.name);
	if (!has_failed)
		server->durable_before = engine->durable_event;
	else if (engine->durable_event != server->durable_before)
		ctr_sim_break(server->process.world, "I13",
			      "%s acknowledged event %llu after its store had failed",
			      server->process.name, llu(engine->durable_event));
}

/* … also not by trying the same again: a sync that works after one that failed proves nothing. */
void ctr_sim_i13_no_second_try(struct ctr_sim_world *world, uint64_t term)
{
	const struct ctr_sim_oracle *oracle = &world->oracle;
	if (oracle->failed_term == term && world->result->commits > oracle->failed_commits + 1)
		ctr_sim_break(world, "I13", "a server of term %llu writes on after a failed write",
			      llu(term));
}

/* I14: Memory, queues and the store stay inside configured limits whatever clients send. */
void ctr_sim_i14_bounded(struct ctr_sim_server *server)
{
	const struct ctr_core *core = server->engine->core;
	size_t jobs = ctr_core_job_count(core);
	uint32_t jobs_max = core->options.jobs_max;
	/* Those that were live in the store come in whatever the limit says now. */
	if (jobs > jobs_max)
		ctr_sim_break(server->process.world, "I14", "%zu live jobs; at most %u", jobs,
			      jobs_max);
	if (server->engine->recent.count > server->engine->options.recent_jobs_max)
		ctr_sim_break(server->process.world, "I14", "%zu recent jobs; at most %u",
			      server->engine->recent.count,
			      server->engine->options.recent_jobs_max);
	const struct ctr_sim_world *world = server->process.world;
	if (world->history_keep > 0 &&
	    world->oracle.history_on_disk > world->history_keep + HISTORY_SLACK)
		ctr_sim_break(server->process.world, "I14", "%zu jobs in the history; at most %u",
			      world->oracle.history_on_disk, world->history_keep);
	if (ctr_core_node_count(core) > server->process.world->agent_count)
		ctr_sim_break(server->process.world, "I14", "%zu nodes; there are %u agents",
			      ctr_core_node_count(core), server->process.world->agent_count);
}

static bool is_its_grant(struct ctr_sim_world *world, const struct ctr_sim_run *run)
{
	struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, run->ref.job);
	const struct ctr_sim_instance *instance =
		known ? ctr_sim_known_instance(known, run->ref.task, run->ref.index) : NULL;
	return instance && is_granted(instance->state) && instance->attempt == run->ref.attempt;
}

/* What is cancelled is killed once its agent can be told. */
static void check_cancelled(struct ctr_sim_world *world, const struct ctr_sim_agent *agent,
			    struct ctr_sim_run *run)
{
	const uint64_t told_ns = 60 * CTR_NS_PER_SEC;
	const struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, run->ref.job);
	if (run->stage != CTR_SIM_RUN_RUNNING || !known || !known->is_cancelled)
		return;
	if (run->told_at == 0 && agent->heard_at > known->cancelled_at)
		run->told_at = world->now;
	if (run->told_at != 0 && agent->heard_at > run->told_at + told_ns + run->kill_grace.ns)
		ctr_sim_break(world, "I9", "job %llu was cancelled, and attempt %u runs on on %s",
			      llu(run->ref.job), run->ref.attempt, agent->node_name);
}

/* I19: … and after the deadline of its drain nothing runs on it, once its agent can be told. */
static void check_cleared(struct ctr_sim_world *world, const struct ctr_sim_agent *agent,
			  struct ctr_sim_run *run)
{
	const uint64_t told_ns = 60 * CTR_NS_PER_SEC;
	const struct ctr_sim_known_node *node =
		ctr_sim_known_find_node(&world->oracle, agent->node);
	if (run->stage != CTR_SIM_RUN_RUNNING || !node || node->cleared_at == 0) {
		run->cleared_at = 0;
		return;
	}
	if (run->cleared_at == 0 && agent->heard_at > node->cleared_at)
		run->cleared_at = world->now;
	if (run->cleared_at != 0 &&
	    agent->heard_at > run->cleared_at + told_ns + run->kill_grace.ns)
		ctr_sim_break(world, "I19",
			      "job %llu attempt %u runs on on %s, whose drain is over",
			      llu(run->ref.job), run->ref.attempt, agent->node_name);
}

/* I15: After any crash plus grace, every process under Centro belongs to a live grant. */
void ctr_sim_i15_no_orphans(struct ctr_sim_world *world)
{
	/* Without word from a server its lease ends it; with it, it is killed at once. */
	const uint64_t grace_ns = 400 * CTR_NS_PER_SEC, heard_ns = 15 * CTR_NS_PER_SEC;
	for (uint32_t i = 0; i < world->agent_count; i++) {
		ctr_list_for_each (node, &world->agents[i].runs) {
			struct ctr_sim_run *run = ctr_list_entry(node, struct ctr_sim_run, link);
			check_cancelled(world, &world->agents[i], run);
			check_cleared(world, &world->agents[i], run);
			bool is_orphan =
				run->stage == CTR_SIM_RUN_RUNNING && !is_its_grant(world, run);
			if (!is_orphan)
				run->orphan_since = 0;
			else if (run->orphan_since == 0)
				run->orphan_since = world->now;
			else if ((run->lease.ns != UINT64_MAX &&
				  world->now - run->orphan_since > grace_ns) ||
				 world->agents[i].heard_at > run->orphan_since + heard_ns)
				ctr_sim_break(world, "I15",
					      "job %llu attempt %u runs on %s, granted no more",
					      llu(run->ref.job), run->ref.attempt,
					      world->agents[i].node_name);
		}
	}
}

static bool takes_zone(const struct ctr_shape *shape, const struct ctr_zone *zone)
{
	for (uint32_t i = 0; i < shape->zone_count; i++) {
		if (shape->zones[i] == zone)
			return true;
	}
	return shape->zone_count == 0;
}

static bool fits(const struct ctr_core *core, const struct ctr_instance *instance,
		 const struct ctr_node *node)
{
	const struct ctr_task *task = &instance->job->tasks[instance->task];
	const struct ctr_resources *takes = ctr_core_task_resources(core, task);
	if (node->state != CENTRO_NODE_READY)
		return false;
	if (!takes_zone(ctr_shape_get(&core->shapes, task->shape), node->zone))
		return false;
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		if (node->used.amount[i] + takes->amount[i] > node->capacity.amount[i])
			return false;
	}
	return true;
}

static const struct ctr_node *room_for(const struct ctr_core *core,
				       const struct ctr_instance *instance)
{
	for (uint32_t i = 0; i < core->nodes.count; i++) {
		if (fits(core, instance, core->nodes.list[i]))
			return core->nodes.list[i];
	}
	return NULL;
}

/* I16: Once faults stop, every runnable job that fits starts in bounded time and ends. */
void ctr_sim_i16_nothing_waits_in_vain(struct ctr_sim_server *server)
{
	const struct ctr_engine *engine = server->engine;
	const struct ctr_core *core = engine->core;
	const struct ctr_job *job;
	/* In strict order what fits may wait all the same; the core's own check knows. */
	if (engine->more || ctr_pipeline_is_crowded(engine) ||
	    core->options.order == CTR_ORDER_FIFO)
		return;
	for (centro_job_id id = UINT64_MAX; (job = ctr_core_job_below(core, id)); id = job->id) {
		for (size_t i = 0; i < job->task_count; i++) {
			for (uint32_t j = 0; j < job->tasks[i].count; j++) {
				const struct ctr_instance *instance = &job->tasks[i].instances[j];
				const struct ctr_node *node =
					instance->state == CENTRO_INSTANCE_PENDING &&
							!job->tasks[i].gang
						? room_for(core, instance)
						: NULL;
				if (node)
					ctr_sim_break(server->process.world, "I16",
						      "job %llu waits, and node %llu has room",
						      llu(job->id), llu(node->id));
			}
		}
	}
}

void ctr_sim_i16_all_end(struct ctr_sim_world *world)
{
	const struct ctr_sim_server *leader = ctr_sim_leader(world);
	const struct ctr_job *job =
		leader ? ctr_core_job_below(leader->engine->core, UINT64_MAX) : NULL;
	struct centro_error_text text = {""};
	if (job)
		ctr_core_explain(leader->engine->core, job, &text);
	ctr_sim_break(world, "I16",
		      "faults have stopped, and %u submits, %zu jobs, %llu processes are left; "
		      "leader: %s; job %llu: %s",
		      world->oracle.jobs_open, world->oracle.live_on_disk,
		      llu(world->oracle.processes), leader ? leader->process.name : "none",
		      llu(job ? job->id : 0), text.text);
}

/*
 * I17: Steps of the wall clock never expire a lease, start or kill a job: what ends
 * by time ends when so much true time has passed, as clocks may differ in rate.
 */
void ctr_sim_i17_leases_by_steady_time(struct ctr_sim_world *world,
				       const struct ctr_sim_known *known,
				       const struct ctr_sim_instance *instance,
				       const Centro__V1__Event *event)
{
	const struct ctr_sim_run *run = instance->running;
	if (event->cause != CENTRO__V1__CAUSE__node_lost || !run ||
	    run->ref.attempt != event->attempt->attempt || run->is_excused)
		return;
	ctr_sim_break(world, "I17", "job %llu attempt %u was given up while it runs on %s",
		      llu(known->id), run->ref.attempt, run->agent->node_name);
}

void ctr_sim_i17_shims_by_steady_time(struct ctr_sim_world *world, const struct ctr_sim_run *run)
{
	bool has_lease = run->lease.ns != UINT64_MAX;
	if (run->end.cause != CENTRO_CAUSE_LEASE_EXPIRED || run->kill_cause != CENTRO_CAUSE_NONE ||
	    !has_lease || run->boot != run->agent->boot || run->is_powerless)
		return;
	uint64_t least = nearly(run->lease.ns - run->lease_notice.ns);
	if (world->now + SLACK_NS < run->renewed_at + least)
		ctr_sim_break(world, "I17",
			      "job %llu attempt %u was killed %llu ms after its "
			      "lease of %llu ms was renewed",
			      llu(run->ref.job), run->ref.attempt,
			      llu((world->now - run->renewed_at) / CTR_NS_PER_MS),
			      llu(run->lease.ns / CTR_NS_PER_MS));
}

void ctr_sim_i17_silence_by_steady_time(struct ctr_sim_world *world, centro_node_id node)
{
	const uint64_t timeout_ns = nearly(60 * CTR_NS_PER_SEC);
	for (uint32_t i = 0; i < world->agent_count; i++) {
		const struct ctr_sim_agent *agent = &world->agents[i];
		if (agent->node != node || agent->answered_at == 0)
			continue;
		if (world->now + SLACK_NS < agent->answered_at + timeout_ns)
			ctr_sim_break(world, "I17",
				      "%s was answered %llu ms ago, and counts as down",
				      agent->node_name,
				      llu((world->now - agent->answered_at) / CTR_NS_PER_MS));
	}
}

/*
 * I18: A feasible job's wait is bounded by the declared policy: nobody starves. The
 * policy of today: of jobs that ask for the same, the older one of the same priority
 * goes first. (Between different shapes nothing is promised yet.)
 */
void ctr_sim_i18_in_order(struct ctr_sim_world *world, const struct ctr_core *core,
			  const struct ctr_job *job)
{
	const struct ctr_job *other = job;
	if (!ctr_sim_chance(&world->check_prng, 125000))
		return;
	while ((other = ctr_core_job_below(core, other->id))) {
		if (other->priority != job->priority || other->queue_number != job->queue_number ||
		    other->task_count != 1 || job->task_count != 1 ||
		    other->tasks[0].shape != job->tasks[0].shape)
			continue;
		for (uint32_t i = 0; i < other->tasks[0].count; i++) {
			const struct ctr_instance *waits = &other->tasks[0].instances[i];
			if (waits->state == CENTRO_INSTANCE_PENDING && waits->attempt == 0)
				ctr_sim_break(world, "I18", "job %llu started before job %llu",
					      llu(job->id), llu(other->id));
		}
	}
}

/* I19: A node that is drained, or down, gets nothing new … */
void ctr_sim_i19_granted_where_ready(struct ctr_sim_world *world,
				     const struct ctr_sim_known_node *node,
				     const Centro__V1__Event *event)
{
	if (!node || !node->is_ready)
		ctr_sim_break(world, "I19", "event %llu grants job %llu to node %llu, not ready",
			      llu(event->number), llu(event->attempt->job), llu(event->node_id));
}
