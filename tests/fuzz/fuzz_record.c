/* SPDX-License-Identifier: MIT */
/*
 * fuzz_record.c - one record of a store, as recovery reads it.
 *
 *	1 byte   its kind (modulo RECORD_COUNT)
 *	job: u16 size, the half set at submit; then the other half
 *	         else the record
 *
 * What the codec and the core let in is encoded anew, and that is read as the same
 * state: nothing that is stored twice drifts. And the state goes on soundly from there.
 */
#include "message_check.h"

#include "base/time.h"
#include "core/internal.h"

enum record {
	RECORD_JOB,
	RECORD_NODE,
	RECORD_QUEUE,
	RECORD_IDS,
	RECORD_FORMAT,
	RECORD_EVENTS,
	RECORD_REQUEST,
	RECORD_COUNT
};

/* What is read of one record, and what it needs meanwhile. */
struct reading {
	struct ctr_core *core;
	struct ctr_arena arena;
	struct centro_error_text text;
	int status;
};

static void begin(struct reading *reading)
{
	const struct ctr_core_options options = {0};
	*reading = (struct reading){.text = {""}};
	ctr_arena_init(&reading->arena, NULL, (size_t)64 << 20);
	ck_assert_int_eq(ctr_core_new(&options, &reading->core), CENTRO_OK);
}

static void end(struct reading *reading)
{
	if (reading->status != CENTRO_OK)
		error_text_check(&reading->text);
	ck_assert(reading->status == CENTRO_OK || reading->status == CENTRO_ERR_CORRUPT ||
		  reading->status == CENTRO_ERR_LIMIT);
	ctr_core_free(reading->core);
	ctr_arena_fini(&reading->arena);
}

static void check(const struct reading *reading)
{
	struct centro_error_text text;
	ck_assert_msg(ctr_core_check(reading->core, &text) == CENTRO_OK, "%s", text.text);
}

/* A state of one record alone need not be whole; what it is must be sound. */
static bool load_end(struct reading *reading)
{
	const struct ctr_now now = {{CTR_NS_PER_SEC}, {CTR_NS_PER_SEC}};
	if (reading->status == CENTRO_OK)
		reading->status = ctr_core_load_end(reading->core, now, 0, &reading->text);
	if (reading->status != CENTRO_OK)
		return false;
	check(reading);
	return true;
}

/* Two weeks, in which every lease ends, and a node for whatever waits then. */
static void go_on(struct reading *reading)
{
	const uint64_t later_ns = 14 * 86400 * CTR_NS_PER_SEC;
	const struct ctr_now now = {{later_ns}, {later_ns}};
	const struct ctr_node_spec spec = {
		.name = ctr_bytes_str("new"),
		.agent_id = 2,
		.session = 1,
		.capacity = {.cpu_milli = UINT32_MAX, .memory_mib = UINT32_MAX},
		.text = ctr_bytes_str("new"),
	};
	const struct ctr_command add = {.type = CTR_COMMAND_REGISTER, .register_node = {&spec}};
	struct ctr_result result;
	while (ctr_core_tick(reading->core, now))
		check(reading);
	check(reading);
	/* The numbers may be used up, or its name taken. */
	ctr_core_execute(reading->core, now, &add, &result);
	while (ctr_core_schedule(reading->core, now, /* ops_max= */ 1000))
		check(reading);
	check(reading);
}

/* ---- jobs ---- */

/* The one that its instances are on: a job alone does not load with a grant. */
static void load_node_of(struct ctr_core *core, const struct ctr_job_load *job)
{
	struct ctr_node_spec spec = {
		.name = ctr_bytes_str("n"),
		.agent_id = 1,
		.capacity = {.cpu_milli = 1000},
		.text = ctr_bytes_str("n"),
	};
	centro_node_id wanted = 0;
	for (size_t i = 0; i < job->instance_count; i++)
		if (job->instances[i].node > wanted)
			wanted = job->instances[i].node;
	const struct ctr_node_load node = {
		.id = wanted,
		.spec = &spec,
		.state = CENTRO_NODE_READY,
	};
	struct centro_error_text text;
	if (wanted != 0 && wanted < CTR_ID_MAX)
		ck_assert_int_eq(ctr_core_load_node(core, &node, &text), CENTRO_OK);
}

static void load_job(struct reading *reading, struct centro_bytes spec, struct centro_bytes state,
		     centro_job_id *ret_id)
{
	struct ctr_job_load job;
	*ret_id = 0;
	reading->status = ctr_codec_decode_job(spec, state, &reading->arena, &job, &reading->text);
	if (reading->status == CENTRO_OK)
		reading->status = ctr_core_load_job(reading->core, &job, &reading->text);
	if (reading->status != CENTRO_OK)
		return;
	*ret_id = job.id;
	ck_assert_int_eq(ctr_core_load_ids(reading->core, CTR_ID_MAX - 1, CTR_ID_MAX - 1),
			 CENTRO_OK);
	load_node_of(reading->core, &job);
}

static void encode_job(const struct reading *reading, centro_job_id id, struct ctr_buf *spec,
		       struct ctr_buf *state)
{
	const struct ctr_job *job = ctr_core_find_job(reading->core, id);
	ck_assert_ptr_nonnull(job);
	ctr_buf_init(spec, NULL, 0);
	ctr_buf_init(state, NULL, 0);
	ck_assert_int_eq(ctr_codec_encode_job_spec(job, spec), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_encode_job_state(job, state), CENTRO_OK);
}

static void check_job_again(struct reading *first, centro_job_id id)
{
	struct reading second;
	struct ctr_buf spec, state, spec_again, state_again;
	centro_job_id again;
	encode_job(first, id, &spec, &state);
	begin(&second);
	load_job(&second, ctr_buf_bytes(&spec), ctr_buf_bytes(&state), &again);
	ck_assert_msg(load_end(&second), "%s", second.text.text);
	ck_assert_uint_eq(id, again);
	ck_assert_uint_eq(ctr_core_hash(first->core), ctr_core_hash(second.core));
	encode_job(&second, id, &spec_again, &state_again);
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(&spec), ctr_buf_bytes(&spec_again)));
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(&state), ctr_buf_bytes(&state_again)));
	end(&second);
	ctr_buf_fini(&spec);
	ctr_buf_fini(&state);
	ctr_buf_fini(&spec_again);
	ctr_buf_fini(&state_again);
}

static void try_job(struct reading *reading, struct fuzz_input *input)
{
	struct centro_bytes spec = fuzz_take(input, fuzz_u16(input));
	centro_job_id id;
	load_job(reading, spec, ctr_bytes(input->data, input->size), &id);
	if (!load_end(reading))
		return;
	check_job_again(reading, id);
	go_on(reading);
}

/* ---- nodes and queues ---- */

static void load_node(struct reading *reading, struct centro_bytes value, centro_node_id *ret_id)
{
	struct ctr_node_load node;
	*ret_id = 0;
	reading->status = ctr_codec_decode_node(value, &reading->arena, &node, &reading->text);
	if (reading->status == CENTRO_OK)
		reading->status = ctr_core_load_node(reading->core, &node, &reading->text);
	if (reading->status != CENTRO_OK)
		return;
	*ret_id = node.id;
	ck_assert_int_eq(ctr_core_load_ids(reading->core, 1, CTR_ID_MAX - 1), CENTRO_OK);
}

static void try_node(struct reading *reading, struct fuzz_input *input)
{
	struct reading second;
	struct ctr_buf value;
	centro_node_id id, again;
	load_node(reading, ctr_bytes(input->data, input->size), &id);
	if (!load_end(reading))
		return;
	ctr_buf_init(&value, NULL, 0);
	const struct ctr_node *node = ctr_core_find_node(reading->core, id);
	ck_assert_int_eq(ctr_codec_encode_node(node, NULL, &value), CENTRO_OK);
	begin(&second);
	load_node(&second, ctr_buf_bytes(&value), &again);
	ck_assert_msg(load_end(&second), "%s", second.text.text);
	ck_assert_uint_eq(id, again);
	ck_assert_uint_eq(ctr_core_hash(reading->core), ctr_core_hash(second.core));
	end(&second);
	ctr_buf_fini(&value);
	go_on(reading);
}

static void load_queue(struct reading *reading, struct centro_bytes value,
		       struct ctr_set_queue *ret_queue)
{
	uint64_t revision;
	reading->status = ctr_codec_decode_queue(value, &reading->arena, ret_queue, &revision,
						 &reading->text);
	if (reading->status == CENTRO_OK)
		reading->status =
			ctr_core_load_queue(reading->core, ret_queue, revision, &reading->text);
}

static void try_queue(struct reading *reading, struct fuzz_input *input)
{
	struct reading second;
	struct ctr_buf value;
	struct ctr_set_queue set, again;
	load_queue(reading, ctr_bytes(input->data, input->size), &set);
	if (!load_end(reading))
		return;
	ctr_buf_init(&value, NULL, 0);
	const struct ctr_queue *queue = ctr_core_find_queue(reading->core, set.name);
	ck_assert_int_eq(ctr_codec_encode_queue(queue, &value), CENTRO_OK);
	begin(&second);
	load_queue(&second, ctr_buf_bytes(&value), &again);
	ck_assert_msg(load_end(&second), "%s", second.text.text);
	ck_assert_uint_eq(ctr_core_hash(reading->core), ctr_core_hash(second.core));
	end(&second);
	ctr_buf_fini(&value);
}

/* ---- the rest ---- */

static void try_ids(struct reading *reading, struct fuzz_input *input)
{
	centro_job_id job, job_again;
	centro_node_id node, node_again;
	struct ctr_buf value;
	struct centro_error_text text;
	reading->status = ctr_codec_decode_ids(ctr_bytes(input->data, input->size), &job, &node,
					       &reading->text);
	if (reading->status != CENTRO_OK)
		return;
	ctr_buf_init(&value, NULL, 0);
	ck_assert_int_eq(ctr_codec_encode_ids(job, node, &value), CENTRO_OK);
	ck_assert_int_eq(
		ctr_codec_decode_ids(ctr_buf_bytes(&value), &job_again, &node_again, &text),
		CENTRO_OK);
	ck_assert_uint_eq(job, job_again);
	ck_assert_uint_eq(node, node_again);
	ctr_buf_fini(&value);
	/* Says no more than that it is corrupt. */
	if (ctr_core_load_ids(reading->core, job, node) == CENTRO_OK)
		load_end(reading);
}

static void try_format(struct reading *reading, struct fuzz_input *input)
{
	int status = ctr_codec_decode_format(ctr_bytes(input->data, input->size), &reading->text);
	if (status == CENTRO_ERR_VERSION)
		error_text_check(&reading->text);
	else
		reading->status = status;
}

static void try_events(struct reading *reading, struct fuzz_input *input)
{
	uint64_t last;
	struct centro_instant cluster;
	reading->status = ctr_codec_decode_events_end(ctr_bytes(input->data, input->size), &last,
						      &cluster, &reading->text);
	ck_assert(reading->status != CENTRO_OK || last > 0);
}

static void try_request(struct reading *reading, struct fuzz_input *input)
{
	struct ctr_request_load request;
	reading->status = ctr_codec_decode_request(ctr_bytes(input->data, input->size),
						   &reading->arena, &request, &reading->text);
	if (reading->status != CENTRO_OK || request.request_id.size == 0)
		return;
	/* As the engine checks by the row's key. */
	if (request.job == 0 || request.job >= CTR_ID_MAX - 1)
		return;
	ck_assert_int_eq(ctr_core_load_ids(reading->core, CTR_ID_MAX - 1, 1), CENTRO_OK);
	ck_assert_int_eq(ctr_core_load_request(reading->core, request.owner, request.request_id,
					       request.spec_hash, request.job, request.wall),
			 CENTRO_OK);
	load_end(reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[RECORD_COUNT])(struct reading *, struct fuzz_input *) = {
		[RECORD_JOB] = try_job,         [RECORD_NODE] = try_node,
		[RECORD_QUEUE] = try_queue,     [RECORD_IDS] = try_ids,
		[RECORD_FORMAT] = try_format,   [RECORD_EVENTS] = try_events,
		[RECORD_REQUEST] = try_request,
	};
	struct fuzz_input input = {data, size};
	struct reading reading;
	begin(&reading);
	tries[fuzz_below(&input, RECORD_COUNT)](&reading, &input);
	end(&reading);
	return 0;
}
