/* SPDX-License-Identifier: MIT */
/*
 * fuzz_commands.c - a core, its clients, its nodes and its time, as the input has them.
 *
 * Each step is a byte (modulo STEP_COUNT) and what it needs. After each, the whole
 * state is checked from scratch. Now and then it is written down as records, and is
 * crashed and read anew: then it is what it was when it was written (I11), and a request
 * that was known then is known now (I2).
 */
#include "core_records.h"

#include <stdio.h>

#include "unit/core/cluster.h"

enum step {
	STEP_SUBMIT,    /* u8 request id, then three bytes: see print_job() */
	STEP_CANCEL,    /* u8 job */
	STEP_REGISTER,  /* u8: see do_register() */
	STEP_HEARTBEAT, /* a node, u8 how many, attempts */
	STEP_CLAIM,     /* the same */
	STEP_REPORT,    /* an attempt, u8 cause, u8 exit code */
	STEP_SET_QUEUE, /* u8 name and weight */
	STEP_SCHEDULE,  /* u8 looks at a node */
	STEP_WAIT,      /* u16, in hundredths of a second */
	STEP_WRITE,     /* */
	STEP_CRASH,     /* what was not written never was */
	STEP_COUNT
};

#define REFS_MAX     6
#define REQUESTS_MAX 8
#define NODE_NAMES   4
#define JOBS_MAX     100
#define NODES_MAX    3 /* of NODE_NAMES: the limit is reached, too */

struct world {
	struct cluster cluster;
	struct ctr_core_options options;
	struct core_records records;
	uint64_t written_hash;
	/* What a request id was answered with; and when that was written. 0: not. */
	centro_job_id requests[REQUESTS_MAX], written_requests[REQUESTS_MAX];
	uint64_t sessions[NODE_NAMES];
	struct fuzz_input *input;
};

static const struct ctr_core *core_of(const struct world *world)
{
	return world->cluster.core;
}

/* ---- who ---- */

/* The n-th live job or so; NULL: there is none. */
static const struct ctr_job *pick_job(struct world *world)
{
	size_t skip = fuzz_u8(world->input);
	const struct ctr_job *job = ctr_core_job_below(core_of(world), UINT64_MAX);
	while (job && skip-- > 0) {
		const struct ctr_job *below = ctr_core_job_below(core_of(world), job->id);
		if (!below)
			break;
		job = below;
	}
	return job;
}

static centro_node_id pick_node(struct world *world, uint64_t *ret_session)
{
	uint8_t which = fuzz_u8(world->input);
	centro_node_id id = 1 + (which & 3);
	const struct ctr_node *node = ctr_core_find_node(core_of(world), id);
	*ret_session = node ? node->session : 1;
	if (which & 0x80)
		*ret_session += which >> 5;
	return id;
}

/* Of a job's instance the present attempt, mostly. */
static struct centro_attempt_ref pick_ref(struct world *world)
{
	const struct ctr_job *job = pick_job(world);
	uint8_t which = fuzz_u8(world->input);
	if (!job)
		return (struct centro_attempt_ref){which, 0, which & 3, 1};
	const struct ctr_task *task = &job->tasks[(which >> 4 & 1) % job->task_count];
	struct centro_attempt_ref ref =
		ctr_instance_ref(&task->instances[(which & 15) % task->count]);
	if (which & 0x80)
		ref.attempt += (which >> 5 & 3) - 1u;
	return ref;
}

/* ---- commands ---- */

/* The message of that type which `json` says, in the arena. */
static ProtobufCMessage *from_json(const ProtobufCMessageDescriptor *type, struct ctr_arena *arena,
				   const char *json)
{
	ProtobufCMessage *message;
	struct centro_error_text text;
	int status = ctr_json_decode(type, ctr_bytes_str(json), arena, &message, &text);
	ck_assert_msg(status == CENTRO_OK, "%s: %s", text.text, json);
	return message;
}

static void print_job(char *json, size_t size, struct fuzz_input *input)
{
	static const char *const queues[] = {"", "default", "batch", "none"};
	static const char *const datacenters[] = {"", "", "\"eu\"", "\"us\",\"eu\""};
	uint8_t shape = fuzz_u8(input), need = fuzz_u8(input), place = fuzz_u8(input);
	snprintf(json, size,
		 "{\"name\":\"j\",\"queue\":\"%s\",\"priority\":%d,\"datacenters\":[%s],\"tasks\":["
		 "{\"name\":\"a\",\"command\":[%s],\"count\":%d,\"lease\":\"%us\","
		 "\"on_disconnect\":\"%s\",\"gang\":%s,\"resources\":"
		 "{\"cpu_milli\":%d,\"memory_mib\":%d%s}}%s]}",
		 queues[place & 3], (place >> 4) - 8, datacenters[place >> 2 & 3],
		 shape == 255 ? "" : "\"true\"", shape & 7, 2u << (shape >> 3 & 3),
		 shape >> 5 & 1 ? "keep" : "stop", need >> 7 ? "true" : "false", 250 * (need & 15),
		 100 * (need >> 4 & 3), need >> 6 & 1 ? ",\"named\":{\"gpu\":1}" : "",
		 shape >> 6 & 1 ? ",{\"name\":\"b\",\"command\":[\"sleep\",\"1\"]}" : "");
}

/* A request id is answered with the same job, or with a conflict. */
static void note_request(struct world *world, size_t request, int status)
{
	const struct ctr_result *result = &world->cluster.result;
	if (status != CENTRO_OK)
		return;
	if (world->requests[request] != 0) {
		ck_assert(result->existing);
		ck_assert_uint_eq(result->job, world->requests[request]);
	}
	world->requests[request] = result->job;
}

static void do_submit(struct world *world)
{
	struct ctr_arena arena;
	struct ctr_job_spec spec;
	struct centro_error_text text;
	char json[512], request_id[8] = "";
	/* 0: none. */
	size_t request = fuzz_below(world->input, 2 * REQUESTS_MAX);
	print_job(json, sizeof(json), world->input);
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ProtobufCMessage *message = from_json(&centro__v1__job_spec__descriptor, &arena, json);
	ck_assert_int_eq(
		ctr_codec_job_spec((const Centro__V1__JobSpec *)message, &arena, &spec, &text),
		CENTRO_OK);
	if (request > 0 && request < REQUESTS_MAX)
		snprintf(request_id, sizeof(request_id), "r%zu", request);
	spec.owner = ctr_bytes_str("me");
	spec.request_id = ctr_bytes_str(request_id);
	const struct ctr_command command = {.type = CTR_COMMAND_SUBMIT, .submit = {.spec = &spec}};
	int status = cluster_execute(&world->cluster, &command);
	if (request_id[0])
		note_request(world, request, status);
	ctr_arena_fini(&arena);
}

static void do_cancel(struct world *world)
{
	const struct ctr_job *job = pick_job(world);
	const struct ctr_command command = {
		.type = CTR_COMMAND_CANCEL,
		.cancel = {.job = job ? job->id : 1, .who = ctr_bytes_str("me")},
	};
	int status = cluster_execute(&world->cluster, &command);
	if (job)
		ck_assert(status == CENTRO_OK || status == CENTRO_ERR_STATE);
}

/* Bits 0-1 which node, 2-3 cores, 4 a gpu, 5 a new session, 6 elsewhere, 7 another agent. */
static void do_register(struct world *world)
{
	uint8_t what = fuzz_u8(world->input);
	size_t which = what & 3;
	struct ctr_arena arena;
	struct ctr_node_spec spec;
	struct centro_error_text text;
	char json[256];
	snprintf(json, sizeof(json),
		 "{\"name\":\"n%zu\",\"datacenter\":\"%s\",\"capacity\":{\"cpu_milli\":%d,"
		 "\"memory_mib\":400,\"disk_mib\":1000%s}}",
		 which, what >> 6 & 1 ? "eu" : "us", 1000 * (what >> 2 & 3),
		 what >> 4 & 1 ? ",\"named\":{\"gpu\":2}" : "");
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ProtobufCMessage *message = from_json(&centro__v1__node_info__descriptor, &arena, json);
	ck_assert_int_eq(
		ctr_codec_node_spec((const Centro__V1__NodeInfo *)message, &arena, &spec, &text),
		CENTRO_OK);
	world->sessions[which] += what >> 5 & 1;
	spec.agent_id = 1 + (what >> 7);
	spec.session = 1 + world->sessions[which];
	const struct ctr_command command = {
		.type = CTR_COMMAND_REGISTER,
		.register_node = {.spec = &spec},
	};
	cluster_execute(&world->cluster, &command);
	ctr_arena_fini(&arena);
}

static size_t pick_refs(struct world *world, struct centro_attempt_ref *refs)
{
	size_t count = fuzz_below(world->input, REFS_MAX + 1);
	for (size_t i = 0; i < count; i++)
		refs[i] = pick_ref(world);
	return count;
}

static void do_heartbeat(struct world *world)
{
	struct centro_attempt_ref held[REFS_MAX];
	struct centro_span leases[REFS_MAX];
	uint64_t session;
	centro_node_id node = pick_node(world, &session);
	const struct ctr_command command = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat = {.node = node,
			      .session = session,
			      .held = held,
			      .held_count = pick_refs(world, held),
			      .ret_lease = leases},
	};
	cluster_execute(&world->cluster, &command);
}

static void do_claim(struct world *world)
{
	struct centro_attempt_ref refs[REFS_MAX];
	bool granted[REFS_MAX];
	uint64_t session;
	centro_node_id node = pick_node(world, &session);
	const struct ctr_command command = {
		.type = CTR_COMMAND_CLAIM,
		.claim = {.node = node,
			  .session = session,
			  .attempts = refs,
			  .attempt_count = pick_refs(world, refs),
			  .durable_event = world->records.last_event,
			  .ret_granted = granted},
	};
	if (cluster_execute(&world->cluster, &command) != CENTRO_OK)
		return;
	/* I3: what is granted is the present attempt, and is on that node. */
	for (size_t i = 0; i < command.claim.attempt_count; i++) {
		const struct ctr_instance *instance =
			ctr_core_find_attempt(core_of(world), &refs[i]);
		if (granted[i])
			ck_assert(instance && instance->node && instance->node->id == node);
	}
}

static void do_report(struct world *world)
{
	uint64_t session;
	struct centro_attempt_ref ref = pick_ref(world);
	centro_node_id node = pick_node(world, &session);
	const struct ctr_instance *instance = ctr_core_find_attempt(core_of(world), &ref);
	uint8_t cause = fuzz_u8(world->input), code = fuzz_u8(world->input);
	/* From the node that has it, mostly. */
	if (instance && instance->node && cause < 128) {
		node = instance->node->id;
		session = instance->node->session;
	}
	const struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report = {.node = node,
			   .session = session,
			   .attempt = ref,
			   .ended = code & 1,
			   .cause = (enum centro_cause)(cause % (CENTRO_CAUSE_COUNT + 1)),
			   .exit_code = code >> 1,
			   .signal = cause >> 6 & 1 ? 9 : 0,
			   .message = ctr_bytes_str(cause >> 5 & 1 ? "said the node" : "")},
	};
	cluster_execute(&world->cluster, &command);
}

static void do_set_queue(struct world *world)
{
	uint8_t what = fuzz_u8(world->input);
	const struct ctr_command command = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {.name = ctr_bytes_str(what & 1 ? "default" : "batch"),
			      .weight = what >> 1 & 7,
			      .priority = (what >> 4) - 8},
	};
	cluster_execute(&world->cluster, &command);
}

static void do_schedule(struct world *world)
{
	world->cluster.now.cluster.ns += 1;
	ctr_core_schedule(world->cluster.core, world->cluster.now,
			  1 + (uint32_t)fuzz_u8(world->input));
	cluster_check(&world->cluster);
}

static void do_wait(struct world *world)
{
	struct centro_instant wake = ctr_core_next_wake(core_of(world));
	ck_assert(wake.ns > 0);
	cluster_wait(&world->cluster, 10 * (uint64_t)fuzz_u16(world->input));
	/* What was due has been done. */
	ck_assert_uint_gt(ctr_core_next_wake(core_of(world)).ns, world->cluster.now.cluster.ns);
}

/* ---- writing and reading ---- */

static void explain_all(const struct world *world)
{
	const struct ctr_job *job = ctr_core_job_below(core_of(world), UINT64_MAX);
	for (; job; job = ctr_core_job_below(core_of(world), job->id)) {
		struct centro_error_text text;
		ctr_core_explain(core_of(world), job, &text);
		ck_assert(memchr(text.text, '\0', sizeof(text.text)) != NULL);
	}
}

static void do_write(struct world *world)
{
	explain_all(world);
	core_records_take(&world->records, world->cluster.core);
	cluster_check(&world->cluster);
	world->written_hash = ctr_core_hash(core_of(world));
	memcpy(world->written_requests, world->requests, sizeof(world->requests));
}

static void do_crash(struct world *world)
{
	if (world->records.next_job == 0)
		return; /* nothing was written, and nobody was told anything */
	ctr_core_free(world->cluster.core);
	world->cluster.core =
		core_records_load(&world->records, &world->options, world->cluster.now);
	cluster_check(&world->cluster);
	ck_assert_uint_eq(ctr_core_hash(core_of(world)), world->written_hash);
	memcpy(world->requests, world->written_requests, sizeof(world->requests));
}

static void do_step(struct world *world)
{
	static void (*const steps[STEP_COUNT])(struct world * world) = {
		[STEP_SUBMIT] = do_submit,       [STEP_CANCEL] = do_cancel,
		[STEP_REGISTER] = do_register,   [STEP_HEARTBEAT] = do_heartbeat,
		[STEP_CLAIM] = do_claim,         [STEP_REPORT] = do_report,
		[STEP_SET_QUEUE] = do_set_queue, [STEP_SCHEDULE] = do_schedule,
		[STEP_WAIT] = do_wait,           [STEP_WRITE] = do_write,
		[STEP_CRASH] = do_crash,
	};
	steps[fuzz_below(world->input, STEP_COUNT)](world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct world world = {
		.options = {.seed = 1,
			    .jobs_max = JOBS_MAX,
			    .nodes_max = NODES_MAX,
			    .keep_hash = true},
		.input = &input,
	};
	cluster_init(&world.cluster, &world.options);
	while (input.size > 0)
		do_step(&world);
	do_write(&world);
	do_crash(&world);
	cluster_fini(&world.cluster);
	core_records_fini(&world.records);
	return 0;
}
