/* SPDX-License-Identifier: MIT */
/*
 * job_codec.c - jobs: specifications, and the two halves of their records.
 *
 * The half that is set at submit holds the specification as it was encoded then,
 * byte for byte; the half that follows the job's life is small, and is written at
 * every transition.
 *
 * Layer: codec.
 */
#include "codec/record.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/wire.h"

/* Of the message Job. */
enum { JOB_ID = 1, JOB_SPEC = 2, JOB_OWNER = 3, JOB_REQUEST_ID = 4, JOB_SUBMIT_TIME = 5 };
enum { INSTANCE_NODE_ID = 5 }; /* of the message Instance */
enum { JOB_SPEC_HASH = 6, JOB_INSTANCES = 17, JOB_END_TIME = 19, JOB_EXIT_CODE = 20 };
enum { JOB_CANCEL_REQUESTED = 25, JOB_RETRY_OF = 26 };
/* Of its two halves. */
enum { JOB_SUBMIT_FIRST = 1, JOB_SUBMIT_LAST = 7, JOB_LIFE_FIRST = 16, JOB_LIFE_LAST = 25 };

/* What follows the instances. */
#define TAIL_SIZE_MAX 32

/* Any; stored hashes depend on it. */
#define SPEC_HASH_SEED UINT64_C(0x63656e74726f2031)

/* ---- tables: from messages ---- */

#define TASK_ROW(kind, field, member) \
	CTR_READ_ROW(kind, Centro__V1__Task, field, struct ctr_task_spec, member)
static const struct ctr_read_row task_read_rows[] = {
	TASK_ROW(CTR_READ_TEXT, name, name),
	TASK_ROW(CTR_READ_UINT, count, count),
	TASK_ROW(CTR_READ_SPAN, time_limit, time_limit),
	TASK_ROW(CTR_READ_SPAN, lease, lease),
	TASK_ROW(CTR_READ_SPAN, kill_grace, kill_grace),
	TASK_ROW(CTR_READ_UINT, on_disconnect, on_disconnect),
	TASK_ROW(CTR_READ_UINT, gang, gang),
	TASK_ROW(CTR_READ_TEXT, working_dir, working_dir),
	CTR_READ_NESTED_ROW(Centro__V1__Task, resources, struct ctr_task_spec, resources,
			    &ctr_read_resources),
	CTR_READ_ARRAY_ROW(CTR_READ_TEXTS, Centro__V1__Task, command, struct ctr_task_spec, command,
			   command_count, NULL),
	CTR_READ_ARRAY_ROW(CTR_READ_LABELS, Centro__V1__Task, env, struct ctr_task_spec, env,
			   env_count, NULL),
};
static const struct ctr_read_table task_read = CTR_READ_TABLE(task_read_rows, struct ctr_task_spec);

#define SPEC_ROW(kind, field, member) \
	CTR_READ_ROW(kind, Centro__V1__JobSpec, field, struct ctr_job_spec, member)
#define SPEC_ARRAY_ROW(kind, field, member, count, table)                                        \
	CTR_READ_ARRAY_ROW(kind, Centro__V1__JobSpec, field, struct ctr_job_spec, member, count, \
			   table)
static const struct ctr_read_row spec_read_rows[] = {
	SPEC_ROW(CTR_READ_TEXT, name, name),
	SPEC_ROW(CTR_READ_TEXT, queue, queue),
	SPEC_ROW(CTR_READ_INT32, priority, priority),
	SPEC_ROW(CTR_READ_TEXT, tenant, tenant),
	SPEC_ARRAY_ROW(CTR_READ_TEXTS, datacenters, datacenters, datacenter_count, NULL),
	SPEC_ARRAY_ROW(CTR_READ_LABELS, labels, labels, label_count, NULL),
	SPEC_ARRAY_ROW(CTR_READ_MANY, tasks, tasks, task_count, &task_read),
};
static const struct ctr_read_table spec_read = CTR_READ_TABLE(spec_read_rows, struct ctr_job_spec);

/* Of a record: what stands beside the specification and belongs to it in the core. */
#define JOB_SPEC_ROW(kind, field, member) \
	CTR_READ_ROW(kind, Centro__V1__Job, field, struct ctr_job_spec, member)
static const struct ctr_read_row job_spec_read_rows[] = {
	JOB_SPEC_ROW(CTR_READ_TEXT, owner, owner),
	JOB_SPEC_ROW(CTR_READ_TEXT, request_id, request_id),
	JOB_SPEC_ROW(CTR_READ_UINT, spec_hash, spec_hash),
	JOB_SPEC_ROW(CTR_READ_UINT, retry_of, retry_of),
};
static const struct ctr_read_table job_spec_read =
	CTR_READ_TABLE(job_spec_read_rows, struct ctr_job_spec);

#define INSTANCE_ROW(kind, field, member) \
	CTR_READ_ROW(kind, Centro__V1__Instance, field, struct ctr_instance_load, member)
static const struct ctr_read_row instance_read_rows[] = {
	INSTANCE_ROW(CTR_READ_UINT, task, task),
	INSTANCE_ROW(CTR_READ_UINT, index, index),
	INSTANCE_ROW(CTR_READ_UINT, state, state),
	INSTANCE_ROW(CTR_READ_UINT, attempt, attempt),
	INSTANCE_ROW(CTR_READ_UINT, node_id, node),
	INSTANCE_ROW(CTR_READ_INT32, exit_code, exit_code),
	INSTANCE_ROW(CTR_READ_UINT, signal, signal),
	INSTANCE_ROW(CTR_READ_UINT, cause, cause),
	INSTANCE_ROW(CTR_READ_TEXT, message, message),
	INSTANCE_ROW(CTR_READ_TIME, assign_time, assign_wall),
	INSTANCE_ROW(CTR_READ_TIME, start_time, start_wall),
	INSTANCE_ROW(CTR_READ_TIME, end_time, end_wall),
	INSTANCE_ROW(CTR_READ_UINT, lost, lost),
};
static const struct ctr_read_table instance_read =
	CTR_READ_TABLE(instance_read_rows, struct ctr_instance_load);

#define JOB_ROW(kind, field, member) \
	CTR_READ_ROW(kind, Centro__V1__Job, field, struct ctr_job_load, member)
static const struct ctr_read_row job_read_rows[] = {
	JOB_ROW(CTR_READ_UINT, id, id),
	JOB_ROW(CTR_READ_TIME, submit_time, submit_wall),
	JOB_ROW(CTR_READ_TIME, start_time, start_wall),
	JOB_ROW(CTR_READ_TIME, end_time, end_wall),
	JOB_ROW(CTR_READ_TEXT, cancelled_by, cancelled_by),
	JOB_ROW(CTR_READ_TEXT, cancel_reason, cancel_reason),
	JOB_ROW(CTR_READ_UINT, cancel_requested, cancelled),
	JOB_ROW(CTR_READ_UINT, revision, revision),
	CTR_READ_ARRAY_ROW(CTR_READ_MANY, Centro__V1__Job, instances, struct ctr_job_load,
			   instances, instance_count, &instance_read),
};
static const struct ctr_read_table job_read = CTR_READ_TABLE(job_read_rows, struct ctr_job_load);

#define REQUEST_ROW(kind, field, member) \
	CTR_READ_ROW(kind, Centro__V1__Job, field, struct ctr_request_load, member)
static const struct ctr_read_row request_read_rows[] = {
	REQUEST_ROW(CTR_READ_UINT, id, job),
	REQUEST_ROW(CTR_READ_TEXT, owner, owner),
	REQUEST_ROW(CTR_READ_TEXT, request_id, request_id),
	REQUEST_ROW(CTR_READ_UINT, spec_hash, spec_hash),
	REQUEST_ROW(CTR_READ_TIME, submit_time, wall),
	REQUEST_ROW(CTR_READ_TIME, end_time, end_wall),
};
static const struct ctr_read_table request_read =
	CTR_READ_TABLE(request_read_rows, struct ctr_request_load);

/* ---- tables: onto the wire ---- */

static const struct ctr_write_row job_submit_write[] = {
	CTR_WRITE_ROW(JOB_ID, CTR_WRITE_UINT, struct ctr_job, id),
	CTR_WRITE_ROW(JOB_SPEC, CTR_WRITE_BYTES, struct ctr_job, text),
	CTR_WRITE_ROW(JOB_OWNER, CTR_WRITE_BYTES, struct ctr_job, owner),
	CTR_WRITE_ROW(JOB_REQUEST_ID, CTR_WRITE_BYTES, struct ctr_job, request_id),
	CTR_WRITE_ROW(JOB_SUBMIT_TIME, CTR_WRITE_TIME, struct ctr_job, submit_wall),
	CTR_WRITE_ROW(JOB_SPEC_HASH, CTR_WRITE_FIXED64, struct ctr_job, spec_hash),
	CTR_WRITE_ROW(7, CTR_WRITE_UINT, struct ctr_job, instance_count),
	CTR_WRITE_ROW(JOB_RETRY_OF, CTR_WRITE_UINT, struct ctr_job, retry_of),
};

static const struct ctr_write_row job_life_write[] = {
	CTR_WRITE_ROW(16, CTR_WRITE_UINT, struct ctr_job, state),
	CTR_WRITE_ROW(18, CTR_WRITE_TIME, struct ctr_job, start_wall),
	CTR_WRITE_ROW(JOB_END_TIME, CTR_WRITE_TIME, struct ctr_job, end_wall),
	CTR_WRITE_ROW(21, CTR_WRITE_TEXT, struct ctr_job, cancelled_by),
	CTR_WRITE_ROW(22, CTR_WRITE_TEXT, struct ctr_job, cancel_reason),
	CTR_WRITE_ROW(23, CTR_WRITE_UINT, struct ctr_job, revision),
};

static const struct ctr_write_row request_write[] = {
	CTR_WRITE_ROW(JOB_ID, CTR_WRITE_UINT, struct ctr_request_load, job),
	CTR_WRITE_ROW(JOB_OWNER, CTR_WRITE_BYTES, struct ctr_request_load, owner),
	CTR_WRITE_ROW(JOB_REQUEST_ID, CTR_WRITE_BYTES, struct ctr_request_load, request_id),
	CTR_WRITE_ROW(JOB_SUBMIT_TIME, CTR_WRITE_TIME, struct ctr_request_load, wall),
	CTR_WRITE_ROW(JOB_SPEC_HASH, CTR_WRITE_FIXED64, struct ctr_request_load, spec_hash),
};

static const struct ctr_write_row instance_write[] = {
	CTR_WRITE_ROW(1, CTR_WRITE_UINT, struct ctr_instance, task),
	CTR_WRITE_ROW(2, CTR_WRITE_UINT, struct ctr_instance, index),
	CTR_WRITE_ROW(3, CTR_WRITE_UINT, struct ctr_instance, state),
	CTR_WRITE_ROW(4, CTR_WRITE_UINT, struct ctr_instance, attempt),
	CTR_WRITE_ROW(7, CTR_WRITE_INT32, struct ctr_instance, exit_code),
	CTR_WRITE_ROW(8, CTR_WRITE_UINT, struct ctr_instance, signal),
	CTR_WRITE_ROW(9, CTR_WRITE_UINT, struct ctr_instance, cause),
	CTR_WRITE_ROW(10, CTR_WRITE_TEXT, struct ctr_instance, message),
	CTR_WRITE_ROW(11, CTR_WRITE_TIME, struct ctr_instance, assign_wall),
	CTR_WRITE_ROW(12, CTR_WRITE_TIME, struct ctr_instance, start_wall),
	CTR_WRITE_ROW(13, CTR_WRITE_TIME, struct ctr_instance, end_wall),
	CTR_WRITE_ROW(14, CTR_WRITE_UINT, struct ctr_instance, lost),
};
static const struct ctr_write_row instance_node_write[] = {
	CTR_WRITE_ROW(5, CTR_WRITE_UINT, struct ctr_node, id),
	CTR_WRITE_ROW(6, CTR_WRITE_BYTES, struct ctr_node, name),
};

/* ---- specifications ---- */

int ctr_codec_read_job_spec(const Centro__V1__JobSpec *message, struct ctr_arena *arena,
			    struct ctr_job_spec *ret_spec, struct ctr_problems *problems,
			    struct centro_error_text *text)
{
	struct ctr_job_spec spec = {0};
	int status = ctr_read_all_fields(&spec_read, &message->base, &spec, arena, problems, text);
	if (status == CENTRO_OK)
		status = ctr_codec_text(&message->base, arena, &spec.text, text);
	if (status != CENTRO_OK)
		return status;
	spec.spec_hash = ctr_hash_bytes(spec.text, SPEC_HASH_SEED);
	*ret_spec = spec;
	return CENTRO_OK;
}

void ctr_codec_set_retry(struct ctr_job_spec *spec, centro_job_id retry_of)
{
	spec->retry_of = retry_of;
	spec->spec_hash ^= ctr_hash_u64(retry_of);
}

int ctr_codec_job_spec(const Centro__V1__JobSpec *message, struct ctr_arena *arena,
		       struct ctr_job_spec *ret_spec, struct centro_error_text *text)
{
	struct ctr_job_spec spec;
	struct ctr_problems problems;
	ctr_problems_init(&problems);
	int status = ctr_codec_read_job_spec(message, arena, &spec, &problems, text);
	if (status == CENTRO_OK)
		status = ctr_problems_status(&problems, text);
	if (status == CENTRO_OK)
		*ret_spec = spec;
	return status;
}

/* ---- records ---- */

int ctr_codec_encode_job_spec(const struct ctr_job *job, struct ctr_buf *buf)
{
	size_t before = buf->size;
	CTR_WRITE_FIELDS(job_submit_write, job, buf);
	return ctr_encode_end(buf, before);
}

static bool is_simply_pending(const struct ctr_instance *instance)
{
	return instance->state == CENTRO_INSTANCE_PENDING && instance->attempt == 0 &&
	       instance->lost == 0;
}

static void write_instance(struct ctr_buf *buf, const struct ctr_instance *instance, bool with_name)
{
	size_t mark = ctr_write_begin(buf, JOB_INSTANCES);
	CTR_WRITE_FIELDS(instance_write, instance, buf);
	if (instance->node && with_name)
		CTR_WRITE_FIELDS(instance_node_write, instance->node, buf);
	else if (instance->node)
		ctr_write_uint(buf, INSTANCE_NODE_ID, instance->node->id);
	ctr_write_end(buf, mark);
}

/* Returns the highest exit code on the way, as ctr_job_exit_code() does. */
static int32_t write_instances(struct ctr_buf *buf, const struct ctr_job *job, bool with_names)
{
	int32_t highest = INT32_MIN;
	for (size_t t = 0; t < job->task_count; t++) {
		const struct ctr_task *task = &job->tasks[t];
		for (uint32_t i = 0; i < task->count; i++) {
			const struct ctr_instance *instance = &task->instances[i];
			CTR_ASSERT(instance->task == t && instance->index == i);
			if (instance->exit_code > highest)
				highest = instance->exit_code;
			if (!is_simply_pending(instance))
				write_instance(buf, instance, with_names);
		}
	}
	CTR_ASSERT(highest > INT32_MIN);
	return highest;
}

/*
 * A record that began at `before` and is too large with the names of the nodes is
 * written without them: their numbers stay.
 */
static void write_state(const struct ctr_job *job, struct ctr_buf *buf, size_t before)
{
	bool is_cancelled = job->cancelled_by || job->cancel_reason;

	CTR_WRITE_FIELDS(job_life_write, job, buf);
	size_t mark = buf->size;
	int32_t exit_code = write_instances(buf, job, /* with_names= */ true);
	if (buf->error == CENTRO_OK && buf->size - before > CTR_RECORD_SIZE_MAX - TAIL_SIZE_MAX) {
		ctr_buf_truncate(buf, mark);
		write_instances(buf, job, /* with_names= */ false);
	}
	ctr_write_int32(buf, JOB_EXIT_CODE, exit_code);
	ctr_write_uint(buf, JOB_CANCEL_REQUESTED, is_cancelled);
}

int ctr_codec_encode_job_state(const struct ctr_job *job, struct ctr_buf *buf)
{
	size_t before = buf->size;
	write_state(job, buf, before);
	return ctr_encode_end(buf, before);
}

int ctr_codec_encode_job(const struct ctr_job *job, struct ctr_buf *buf)
{
	size_t before = buf->size;
	ctr_codec_encode_job_spec(job, buf);
	write_state(job, buf, before);
	return ctr_encode_end(buf, before);
}

/*
 * What stands in the wrong half would be read, and would stay there when its own half is
 * written anew. Fields that this version does not know may stand in either.
 */
static int check_half(struct centro_bytes half, uint32_t first, uint32_t last,
		      struct centro_error_text *text)
{
	while (half.size > 0) {
		struct ctr_wire_field field;
		const char *fault = ctr_wire_take_field(&half, &field);
		if (fault)
			return ctr_error(text, CENTRO_ERR_CORRUPT, "%s", fault);
		if (field.number >= first && field.number <= last)
			return ctr_error(text, CENTRO_ERR_CORRUPT,
					 "field %lu stands in the wrong half of the job",
					 (unsigned long)field.number);
	}
	return CENTRO_OK;
}

static int check_halves(struct centro_bytes spec, struct centro_bytes state,
			struct centro_error_text *text)
{
	int status = check_half(spec, JOB_LIFE_FIRST, JOB_LIFE_LAST, text);
	if (status == CENTRO_OK)
		status = check_half(state, JOB_SUBMIT_FIRST, JOB_SUBMIT_LAST, text);
	if (status == CENTRO_OK)
		status = check_half(state, JOB_RETRY_OF, JOB_RETRY_OF, text);
	return status;
}

/* Both halves in one message. */
static int decode_halves(struct centro_bytes spec, struct centro_bytes state,
			 struct ctr_arena *arena, const Centro__V1__Job **ret_job,
			 struct centro_error_text *text)
{
	ProtobufCMessage *message;
	int status = ctr_record_decode(&centro__v1__job__descriptor, spec, CTR_FIELDS_ALL, arena,
				       &message, text);
	if (status != CENTRO_OK)
		return status;
	status = ctr_message_merge(message, state, CTR_FIELDS_ALL, arena, text);
	if (status == CENTRO_OK)
		*ret_job = (const Centro__V1__Job *)message;
	return ctr_record_status(status);
}

/* What the core takes of a specification, out of a record. */
static int read_job_spec(const Centro__V1__Job *job, struct centro_bytes encoded,
			 struct ctr_arena *arena, struct ctr_job_spec **ret_spec,
			 struct centro_error_text *text)
{
	struct ctr_job_spec *spec = ctr_arena_array(arena, 1, sizeof(*spec));
	if (!spec)
		return ctr_arena_error(arena, sizeof(*spec), text);

	struct ctr_path step = {NULL, "spec", CTR_PATH_NO_INDEX};
	int status = ctr_read_fields(&spec_read, &job->spec->base, &step, spec, arena, text);
	if (status == CENTRO_OK)
		status = ctr_read_fields(&job_spec_read, &job->base, NULL, spec, arena, text);
	if (status != CENTRO_OK)
		return status;
	/* Not encoded anew: what a newer version wrote stays as it is. */
	spec->text = encoded;
	*ret_spec = spec;
	return CENTRO_OK;
}

int ctr_codec_decode_job(struct centro_bytes spec, struct centro_bytes state,
			 struct ctr_arena *arena, struct ctr_job_load *ret_job,
			 struct centro_error_text *text)
{
	struct centro_bytes encoded;
	const Centro__V1__Job *job = NULL;
	int status = ctr_record_find(spec, JOB_SPEC, "spec", &encoded, text);
	if (status == CENTRO_OK)
		status = check_halves(spec, state, text);
	if (status == CENTRO_OK)
		status = decode_halves(spec, state, arena, &job, text);
	if (status != CENTRO_OK)
		return status;

	struct ctr_job_spec *job_spec = NULL;
	struct ctr_job_load load = {0};
	status = read_job_spec(job, encoded, arena, &job_spec, text);
	if (status == CENTRO_OK)
		status = ctr_read_fields(&job_read, &job->base, NULL, &load, arena, text);
	if (status != CENTRO_OK)
		return ctr_record_status(status);
	load.spec = job_spec;
	*ret_job = load;
	return CENTRO_OK;
}

int ctr_codec_decode_request(struct centro_bytes history, struct ctr_arena *arena,
			     struct ctr_request_load *ret_request, struct centro_error_text *text)
{
	const uint64_t wanted = CTR_FIELD_BIT(JOB_ID) | CTR_FIELD_BIT(JOB_OWNER) |
				CTR_FIELD_BIT(JOB_REQUEST_ID) | CTR_FIELD_BIT(JOB_SUBMIT_TIME) |
				CTR_FIELD_BIT(JOB_SPEC_HASH) | CTR_FIELD_BIT(JOB_END_TIME);
	ProtobufCMessage *message;
	int status = ctr_record_decode(&centro__v1__job__descriptor, history, wanted, arena,
				       &message, text);
	if (status != CENTRO_OK)
		return status;
	struct ctr_request_load request = {0};
	status = ctr_read_fields(&request_read, message, NULL, &request, arena, text);
	if (status == CENTRO_OK)
		*ret_request = request;
	return ctr_record_status(status);
}

int ctr_codec_encode_request(const struct ctr_request_load *request, struct ctr_buf *buf)
{
	size_t before = buf->size;
	CTR_WRITE_FIELDS(request_write, request, buf);
	return ctr_encode_end(buf, before);
}
