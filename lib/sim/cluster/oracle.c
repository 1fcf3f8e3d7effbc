/* SPDX-License-Identifier: MIT */
/*
 * oracle.c - keeps what is true, and calls the promises that it bears on.
 *
 * What is durable is taken from the disk itself, batch by batch: the event records
 * in a batch are folded into states, and its rows are noted. Nothing that a server
 * says of itself is believed.
 */
#include <stdio.h>

#include "agent/brain.h"
#include "codec/codec.h"
#include "codec/keyspace.h"
#include "engine/internal.h"
#include "service/raw_field.h"
#include "sim/cluster/promises.h"
#include "sim/cluster/run.h"

/* Every so many durable events the whole disk is loaded into a second core. */
#define EVENTS_PER_LOAD 1000
/* Every so many turns a whole state is checked. */
#define TURNS_PER_CHECK 1024
/* Every so many looks all jobs that were ever accepted are looked at. */
#define CHECKS_PER_SWEEP 20
#define FIELD_REQUEST_ID 4 /* of Job */

void ctr_sim_oracle_init(struct ctr_sim_world *world)
{
	ctr_map_init(&world->oracle.known, NULL);
	ctr_map_init(&world->oracle.nodes, NULL);
}

void ctr_sim_oracle_fini(struct ctr_sim_world *world)
{
	ctr_map_for_each (struct ctr_sim_known, known, &world->oracle.known)
		ctr_free(NULL, known);
	ctr_map_fini(&world->oracle.known);
	ctr_map_for_each (struct ctr_sim_known_node, node, &world->oracle.nodes)
		ctr_free(NULL, node);
	ctr_map_fini(&world->oracle.nodes);
	ctr_free(NULL, world->oracle.jobs);
}

struct ctr_sim_known *ctr_sim_known_find(const struct ctr_sim_oracle *oracle, centro_job_id id)
{
	return ctr_map_find(&oracle->known, id);
}

static struct ctr_sim_known *known_make(struct ctr_sim_oracle *oracle, centro_job_id id)
{
	struct ctr_sim_known *known = ctr_sim_known_find(oracle, id);
	if (known)
		return known;
	known = ctr_sim_alloc(sizeof(*known));
	known->id = id;
	int status = ctr_map_reserve(&oracle->known, 1);
	CTR_ASSERT(status == CENTRO_OK);
	ctr_map_insert(&oracle->known, id, known);
	return known;
}

struct ctr_sim_known_node *ctr_sim_known_find_node(const struct ctr_sim_oracle *oracle,
						   centro_node_id id)
{
	return ctr_map_find(&oracle->nodes, id);
}

/* A new one is ready. */
static struct ctr_sim_known_node *node_make(struct ctr_sim_oracle *oracle, centro_node_id id)
{
	struct ctr_sim_known_node *node = ctr_sim_known_find_node(oracle, id);
	if (node)
		return node;
	node = ctr_sim_alloc(sizeof(*node));
	*node = (struct ctr_sim_known_node){.id = id, .is_ready = true};
	int status = ctr_map_reserve(&oracle->nodes, 1);
	CTR_ASSERT(status == CENTRO_OK);
	ctr_map_insert(&oracle->nodes, id, node);
	return node;
}

/* Tasks of one job have at most half of the instances each: see load.c. */
struct ctr_sim_instance *ctr_sim_known_instance(struct ctr_sim_known *known, uint32_t task,
						uint32_t index)
{
	const uint32_t half = CTR_SIM_JOB_INSTANCES_MAX / 2;
	if (task >= 2 || index >= half)
		return NULL;
	return &known->instances[task * half + index];
}

/* ---- rows ---- */

static void note_spec(struct ctr_sim_world *world, struct ctr_sim_known *known,
		      struct centro_bytes value)
{
	struct centro_bytes request_id;
	uint64_t number;
	known->has_spec = true;
	if (!ctr_raw_field_find(value, FIELD_REQUEST_ID, 0, &request_id) || request_id.size < 2 ||
	    !ctr_parse_u64(ctr_bytes(request_id.data + 1, request_id.size - 1), &number) ||
	    number >= world->oracle.job_count)
		return;
	ctr_sim_i2_one_id_one_job(world, &world->oracle.jobs[number], known->id);
}

static void note_state(struct ctr_sim_oracle *oracle, struct ctr_sim_known *known, bool is_there)
{
	oracle->live_on_disk += is_there && !known->has_state;
	oracle->live_on_disk -= !is_there && known->has_state;
	known->has_state = is_there;
}

static void note_history(struct ctr_sim_world *world, struct ctr_sim_known *known,
			 const struct centro_op *op)
{
	struct ctr_sim_oracle *oracle = &world->oracle;
	bool is_there = op->type == CENTRO_OP_PUT;
	struct ctr_request_load request = {0};
	oracle->history_on_disk += is_there && !known->has_history;
	oracle->history_on_disk -= !is_there && known->has_history;
	known->has_history = is_there;
	known->is_removed = !is_there;
	if (!is_there)
		return;
	note_spec(world, known, op->value);
	ctr_arena_reset(&world->arena, SIZE_MAX);
	if (ctr_codec_decode_request(op->value, &world->arena, &request, NULL) != CENTRO_OK)
		ctr_sim_break(world, "I11", "the history of job %llu cannot be read",
			      (unsigned long long)known->id);
	known->end_wall = request.end_wall;
}

/* Events do not say whether a drain is over; the record does. */
static void note_node(struct ctr_sim_world *world, centro_node_id id, struct centro_bytes value)
{
	struct ctr_sim_known_node *node = node_make(&world->oracle, id);
	ProtobufCMessage *message;
	ctr_arena_reset(&world->arena, SIZE_MAX);
	if (ctr_message_decode(&centro__v1__node__descriptor, value, &world->arena, &message,
			       NULL) != CENTRO_OK) {
		ctr_sim_break(world, "I11", "the record of a node cannot be read");
		return;
	}
	const Centro__V1__Node *record = (const Centro__V1__Node *)message;
	bool is_cleared = record->drain && record->drain->over;
	if (!is_cleared)
		node->cleared_at = 0;
	else if (node->cleared_at == 0)
		node->cleared_at = world->now;
}

static void note_op(struct ctr_sim_world *world, const struct centro_op *op, enum ctr_key_type type,
		    uint64_t number)
{
	struct ctr_sim_oracle *oracle = &world->oracle;
	bool is_put = op->type == CENTRO_OP_PUT;
	if (!is_put && op->type != CENTRO_OP_DELETE)
		return;
	if (type == CTR_KEY_JOB_SPEC && is_put)
		note_spec(world, known_make(oracle, number), op->value);
	else if (type == CTR_KEY_JOB_SPEC)
		known_make(oracle, number)->has_spec = false;
	else if (type == CTR_KEY_JOB_STATE)
		note_state(oracle, known_make(oracle, number), is_put);
	else if (type == CTR_KEY_HISTORY)
		note_history(world, known_make(oracle, number), op);
	else if (type == CTR_KEY_NODE && is_put)
		note_node(world, number, op->value);
}

/* ---- events ---- */

static void fold_instance(struct ctr_sim_world *world, const Centro__V1__Event *event)
{
	struct ctr_sim_known *known = known_make(&world->oracle, event->attempt->job);
	struct ctr_sim_instance *instance =
		ctr_sim_known_instance(known, event->attempt->task, event->attempt->index);
	CTR_ASSERT(instance);
	const struct ctr_sim_instance before = *instance;
	ctr_sim_i3_single_grant(world, known, &before, event);
	ctr_sim_i9_final_is_final(world, known, &before, event);
	instance->state = (uint8_t)event->instance_state;
	instance->attempt = event->attempt->attempt;
	if (event->type == CENTRO__V1__EVENT__TYPE__instance_assigned) {
		instance->node = event->node_id;
		ctr_sim_i19_granted_where_ready(
			world, ctr_sim_known_find_node(&world->oracle, event->node_id), event);
	}
	if (event->type == CENTRO__V1__EVENT__TYPE__instance_ended &&
	    event->exit_code > known->exit_code)
		known->exit_code = event->exit_code;
	ctr_sim_i9_true_outcome(world, known, instance, event);
	ctr_sim_i17_leases_by_steady_time(world, known, instance, event);
}

static void fold_event(struct ctr_sim_world *world, const Centro__V1__Event *event)
{
	struct ctr_sim_oracle *oracle = &world->oracle;
	struct ctr_sim_known *known;
	ctr_sim_i10_no_gap(world, oracle->event_number, event->number, "on the disk");
	oracle->event_number = event->number;
	oracle->event_at = world->now;
	world->result->core_events++;
	ctr_sim_trace(world, event->number, (uint64_t)event->type,
		      event->attempt ? event->attempt->job : event->node_id);
	switch (event->type) {
	case CENTRO__V1__EVENT__TYPE__job_submitted:
		known_make(oracle, event->attempt->job)->is_submitted = true;
		break;
	case CENTRO__V1__EVENT__TYPE__job_cancel_requested:
		known = known_make(oracle, event->attempt->job);
		known->is_cancelled = true;
		known->cancelled_at = world->now;
		break;
	case CENTRO__V1__EVENT__TYPE__job_ended:
		known = known_make(oracle, event->attempt->job);
		known->is_ended = true;
		known->job_state = (uint8_t)event->job_state;
		world->result->jobs_ended++;
		break;
	case CENTRO__V1__EVENT__TYPE__instance_assigned:
	case CENTRO__V1__EVENT__TYPE__instance_running:
	case CENTRO__V1__EVENT__TYPE__instance_requeued:
	case CENTRO__V1__EVENT__TYPE__instance_ended:
		fold_instance(world, event);
		break;
	case CENTRO__V1__EVENT__TYPE__node_registered:
		node_make(oracle, event->node_id);
		break;
	case CENTRO__V1__EVENT__TYPE__node_ready:
		node_make(oracle, event->node_id)->is_ready = true;
		break;
	case CENTRO__V1__EVENT__TYPE__node_draining:
		node_make(oracle, event->node_id)->is_ready = false;
		break;
	case CENTRO__V1__EVENT__TYPE__node_down:
		node_make(oracle, event->node_id)->is_ready = false;
		ctr_sim_i17_silence_by_steady_time(world, event->node_id);
		break;
	default:
		break;
	}
}

static void fold_batch(struct ctr_sim_world *world, struct centro_bytes value)
{
	ProtobufCMessage *message;
	ctr_arena_reset(&world->arena, SIZE_MAX);
	if (ctr_message_decode(&centro__v1__event_batch__descriptor, value, &world->arena, &message,
			       NULL) != CENTRO_OK) {
		ctr_sim_break(world, "I10", "an event record cannot be read");
		return;
	}
	const Centro__V1__EventBatch *batch = (const Centro__V1__EventBatch *)message;
	for (size_t i = 0; i < batch->n_events; i++)
		fold_event(world, batch->events[i]);
}

/* Whatever a batch takes away of an accepted job, it must put elsewhere. */
static void check_kept(struct ctr_sim_world *world, const struct centro_batch *batch)
{
	for (size_t i = 0; i < centro_batch_count(batch); i++) {
		struct centro_op op = centro_batch_get(batch, i);
		uint64_t number;
		struct centro_bytes name;
		if (op.type != CENTRO_OP_DELETE)
			continue;
		enum ctr_key_type type = ctr_key_parse(op.key, &number, &name);
		if (type == CTR_KEY_JOB_SPEC || type == CTR_KEY_JOB_STATE ||
		    type == CTR_KEY_HISTORY)
			ctr_sim_i1_accepted_is_kept(world,
						    ctr_sim_known_find(&world->oracle, number));
	}
}

/* What leaves the history does so by the rule, one after another. */
static void check_removed(struct ctr_sim_world *world, const struct ctr_sim_server *server,
			  const struct centro_batch *batch)
{
	size_t there = world->oracle.history_on_disk;
	const struct ctr_sim_known *last = NULL;
	for (size_t i = centro_batch_count(batch); i > 0; i--) {
		struct centro_op op = centro_batch_get(batch, i - 1);
		uint64_t number;
		struct centro_bytes name;
		if (op.type != CENTRO_OP_DELETE ||
		    ctr_key_parse(op.key, &number, &name) != CTR_KEY_HISTORY)
			continue;
		const struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, number);
		last = last ? last : known;
		ctr_sim_i1_removed_by_rule(world, server, known, ++there);
	}
	if (last)
		ctr_sim_i1_oldest_removed(world, last);
}

/* ---- commits ---- */

static struct ctr_sim_server *server_in_term(struct ctr_sim_world *world, uint64_t term)
{
	for (uint32_t i = 0; i < world->server_count; i++) {
		struct ctr_sim_server *server = &world->servers[i];
		if (server->engine && server->engine->term == term)
			return server;
	}
	return NULL;
}

static struct ctr_sim_server *committing(struct ctr_sim_world *world)
{
	for (uint32_t i = 0; i < world->server_count; i++) {
		struct ctr_sim_server *server = &world->servers[i];
		if (server->engine && server->engine->dispatching)
			return server;
	}
	CTR_UNREACHABLE();
}

/* The state is now exactly what the batch makes of the disk. */
static void check_commit(struct ctr_sim_server *server)
{
	struct ctr_sim_world *world = server->process.world;
	const struct ctr_core *core = server->engine->core;
	const struct ctr_flight *flight = &server->engine->flight;
	ctr_sim_i10_batch_tells_all(world, flight->batch, flight->events, flight->event_count);
	for (size_t i = 0; i < flight->event_count; i++) {
		const struct ctr_event *event = &flight->events[i];
		if (event->type != CENTRO_EVENT_INSTANCE_ASSIGNED)
			continue;
		const struct ctr_job *job = ctr_core_find_job(core, event->attempt.job);
		ctr_sim_i6_no_overcommit(world, core, ctr_core_find_node(core, event->node));
		if (job)
			ctr_sim_i18_in_order(world, core, job);
	}
}

struct centro_span ctr_sim_note_commit(void *arg)
{
	struct ctr_sim_world *world = arg;
	struct ctr_sim_server *server = committing(world);
	server->commit_hash = ctr_core_running_hash(server->engine->core);
	server->commit_wall = server->engine->clock.wall;
	check_commit(server);
	return (struct centro_span){
		ctr_sim_between(&world->store_prng, 100 * CTR_NS_PER_US, world->commit_delay_ns)};
}

void ctr_sim_note_written(void *arg, const struct centro_batch *batch, uint64_t term)
{
	struct ctr_sim_world *world = arg;
	struct ctr_sim_oracle *oracle = &world->oracle;
	struct ctr_sim_server *server = server_in_term(world, term);
	uint64_t before = oracle->event_number;
	world->result->commits++;
	ctr_sim_i5_fenced_writes(world, term);
	ctr_sim_i13_no_second_try(world, term);
	if (server)
		oracle->durable_hash = server->commit_hash;
	oracle->has_durable_hash = server != NULL;
	for (size_t i = 0; i < centro_batch_count(batch); i++) {
		struct centro_op op = centro_batch_get(batch, i);
		uint64_t number = 0;
		struct centro_bytes name;
		enum ctr_key_type type = ctr_key_parse(op.key, &number, &name);
		if (type != CTR_KEY_EVENT || op.type != CENTRO_OP_PUT) {
			note_op(world, &op, type, number);
			continue;
		}
		oracle->last_event_row = number;
		fold_batch(world, op.value);
	}
	check_kept(world, batch);
	check_removed(world, server, batch);
	if (before / EVENTS_PER_LOAD != oracle->event_number / EVENTS_PER_LOAD)
		oracle->wants_load = true;
}

/* What the failing write itself leaves on the disk comes right behind this. */
void ctr_sim_note_failed(void *arg, uint64_t term)
{
	struct ctr_sim_world *world = arg;
	world->oracle.failed_term = term;
	world->oracle.failed_commits = world->result->commits;
}

void ctr_sim_note_recovered(struct ctr_sim_server *server)
{
	server->told = ctr_engine_durable_event(server->engine);
	ctr_sim_i11_recovered(server);
	ctr_sim_i11_second_core(server->process.world, /* whole= */ true);
}

void ctr_sim_note_event(struct ctr_sim_server *server, const struct ctr_event *event)
{
	struct ctr_sim_world *world = server->process.world;
	ctr_sim_i10_no_gap(world, server->told, event->number, server->process.name);
	server->told = event->number;
	if (event->number > world->oracle.event_number)
		ctr_sim_break(world, "I10", "%s tells of event %llu, which is not on the disk",
			      server->process.name, (unsigned long long)event->number);
}

void ctr_sim_note_turn(struct ctr_sim_server *server)
{
	struct ctr_sim_world *world = server->process.world;
	struct centro_error_text text;
	ctr_sim_i13_fail_stop(server);
	if (ctr_engine_get_state(server->engine) != CTR_ENGINE_READY)
		return;
	ctr_sim_i14_bounded(server);
	if (world->oracle.wants_load) {
		world->oracle.wants_load = false;
		ctr_sim_i11_second_core(world, /* whole= */ false);
	}
	if (++server->turns % TURNS_PER_CHECK != 0)
		return;
	if (ctr_core_check(server->engine->core, &text) != CENTRO_OK)
		ctr_sim_break(world, strncmp(text.text, "I", 1) == 0 ? "I3" : "I11",
			      "%s: the state is not whole: %s", server->process.name, text.text);
	ctr_sim_i16_nothing_waits_in_vain(server);
}

/* ---- nodes and processes ---- */

void ctr_sim_note_heartbeat(struct ctr_sim_world *world, uint32_t machine, uint64_t sent_at)
{
	uint32_t number = machine - world->server_count;
	CTR_ASSERT(number < world->agent_count);
	world->agents[number].answered_at = sent_at;
}

void ctr_sim_note_heard(struct ctr_sim_world *world, uint32_t machine, uint64_t given_at)
{
	uint32_t number = machine - world->server_count;
	CTR_ASSERT(number < world->agent_count);
	struct ctr_sim_agent *agent = &world->agents[number];
	/* One that is given up already, as after a time asleep, is not heard. */
	if (agent->agent && agent->agent->heartbeat_call)
		agent->heard_at = given_at;
}

void ctr_sim_note_started(struct ctr_sim_run *run)
{
	struct ctr_sim_world *world = run->agent->endpoint.process.world;
	struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, run->ref.job);
	ctr_sim_trace(world, 's', run->ref.job, run->ref.attempt);
	ctr_sim_say(world, "%s: starts %llu.%u.%u/%u", run->agent->endpoint.process.name,
		    (unsigned long long)run->ref.job, run->ref.task, run->ref.index,
		    run->ref.attempt);
	world->result->attempts_started++;
	world->oracle.processes++;
	struct ctr_sim_instance *instance =
		known ? ctr_sim_known_instance(known, run->ref.task, run->ref.index) : NULL;
	if (!instance) {
		ctr_sim_break(world, "I3", "a process of job %llu starts, which is not on the disk",
			      (unsigned long long)run->ref.job);
		return;
	}
	ctr_sim_i4_single_run(world, instance, run);
	ctr_sim_i9_no_start_after_cancel(world, run);
	instance->running = run;
	instance->started_attempt = run->ref.attempt;
}

void ctr_sim_note_ended(struct ctr_sim_run *run, bool by_itself)
{
	struct ctr_sim_world *world = run->agent->endpoint.process.world;
	struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, run->ref.job);
	ctr_sim_trace(world, 'e', run->ref.job, run->ref.attempt);
	ctr_sim_say(world, "%s: %llu.%u.%u/%u has ended, %s %d", run->agent->endpoint.process.name,
		    (unsigned long long)run->ref.job, run->ref.task, run->ref.index,
		    run->ref.attempt, by_itself ? "exit code" : "killed, cause",
		    by_itself ? run->end.exit_code : (int)run->end.cause);
	world->oracle.processes--;
	ctr_sim_i17_shims_by_steady_time(world, run);
	struct ctr_sim_instance *instance =
		known ? ctr_sim_known_instance(known, run->ref.task, run->ref.index) : NULL;
	if (!instance)
		return;
	if (instance->running == run)
		instance->running = NULL;
	if (by_itself && run->ref.attempt > instance->ended_attempt) {
		instance->ended_attempt = run->ref.attempt;
		instance->exit_code = run->end.exit_code;
	}
}

void ctr_sim_check_agent(struct ctr_sim_agent *agent)
{
	struct ctr_sim_world *world = agent->endpoint.process.world;
	if (ctr_agent_error(agent->agent) != CENTRO_OK)
		ctr_sim_break(world, "I16", "%s was turned away for good: %s",
			      agent->endpoint.process.name,
			      centro_error_name(ctr_agent_error(agent->agent)));
	ctr_sim_i5_fenced_agents(agent);
	agent->term_seen = agent->agent->term;
	if (agent->agent->is_registered)
		agent->node = agent->agent->node;
}

/* ---- clients ---- */

void ctr_sim_note_acked(struct ctr_sim_world *world, struct ctr_sim_job *job, centro_job_id id)
{
	struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, id);
	ctr_sim_say(world, "client %u: %s is job %llu", job->client, job->request_id,
		    (unsigned long long)id);
	ctr_sim_i2_one_id_one_job(world, job, id);
	if (!known || !known->is_submitted) {
		ctr_sim_break(world, "I1", "job %llu was acknowledged and is not on the disk",
			      (unsigned long long)id);
		return;
	}
	known->is_acked = true;
	ctr_sim_i1_accepted_is_kept(world, known);
	if (job->is_acked)
		return;
	job->is_acked = true;
	job->id = id;
	world->oracle.jobs_open--;
}

void ctr_sim_note_cancel_acked(struct ctr_sim_world *world, const struct ctr_sim_job *job)
{
	struct ctr_sim_known *known = ctr_sim_known_find(&world->oracle, job->id);
	if (!known || !known->is_cancelled)
		ctr_sim_break(world, "I9",
			      "the cancel of job %llu was accepted, and is not on the disk",
			      (unsigned long long)job->id);
	else if (known->cancel_acked_at == 0)
		known->cancel_acked_at = world->now;
}

void ctr_sim_note_seen(struct ctr_sim_world *world, struct ctr_sim_job *job,
		       const Centro__V1__Job *seen, uint64_t then)
{
	ctr_sim_i12_reads_follow_writes(world, job, seen, then);
	if (seen->revision > job->revision_seen)
		job->revision_seen = seen->revision;
	if (seen->state < CENTRO__V1__JOB__STATE__succeeded)
		return;
	job->final_seen = true;
	job->final_state = (uint8_t)seen->state;
	job->final_exit_code = seen->exit_code;
}

/* ---- the whole ---- */

void ctr_sim_check_all(struct ctr_sim_world *world)
{
	ctr_sim_i15_no_orphans(world);
	if (!world->is_over && ++world->oracle.checks % CHECKS_PER_SWEEP != 0)
		return;
	ctr_map_for_each (struct ctr_sim_known, known, &world->oracle.known)
		ctr_sim_i1_accepted_is_kept(world, known);
}

bool ctr_sim_is_done(const struct ctr_sim_world *world)
{
	if (world->oracle.jobs_open > 0 || world->oracle.live_on_disk > 0 ||
	    world->oracle.processes > 0)
		return false;
	for (uint32_t i = 0; i < world->client_count; i++) {
		if (!ctr_list_is_empty(&world->clients[i].asks))
			return false;
	}
	return true;
}
