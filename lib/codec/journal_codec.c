/* SPDX-License-Identifier: MIT */
/*
 * journal_codec.c - inputs of the core onto the wire and back.
 *
 * One row of `bodies` a kind of input. What stands beside it, the time and what
 * came of it, is told by its difference from the record before, so most of that is
 * left out: inputs of one turn have one time, and many change nothing.
 *
 * Layer: codec.
 */
#include "codec/journal_codec.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/record.h"
#include "codec/wire.h"

/* Of the message JournalRecord. */
enum { RECORD_ELAPSED = 1, RECORD_WALL_SLIP, RECORD_STATUS, RECORD_MORE, RECORD_ANSWER };
enum { RECORD_HASH_CHANGE = 6 };
/* Of the messages JournalHeartbeat and JournalClaim. */
enum { NODE_REFS = 3 };

#define READ(kind, message, field, type, member) \
	CTR_READ_ROW(kind, Centro__V1__Journal##message, field, struct type, member)
#define WRITE(number, kind, type, member) CTR_WRITE_ROW(number, kind, struct type, member)

/* ---- tables: loading ---- */

#define BEGIN_READ(kind, field, member) READ(kind, Begin, field, ctr_journal_begin, member)
static const struct ctr_read_row begin_read_rows[] = {
	BEGIN_READ(CTR_READ_TEXT, version, version),
	BEGIN_READ(CTR_READ_UINT, seed, options.seed),
	BEGIN_READ(CTR_READ_UINT, jobs_max, options.jobs_max),
	BEGIN_READ(CTR_READ_UINT, nodes_max, options.nodes_max),
	BEGIN_READ(CTR_READ_UINT, queues_max, options.queues_max),
	BEGIN_READ(CTR_READ_UINT, requests_max, options.requests_max),
	BEGIN_READ(CTR_READ_UINT, request_ttl_ns, options.request_ttl),
	BEGIN_READ(CTR_READ_UINT, node_timeout_ns, options.node_timeout),
	BEGIN_READ(CTR_READ_UINT, lease_grace_ns, options.lease_grace),
	BEGIN_READ(CTR_READ_UINT, drift_ppm, options.drift_ppm),
	BEGIN_READ(CTR_READ_UINT, order, options.order),
	BEGIN_READ(CTR_READ_UINT, quarantine_after, options.quarantine_after),
};
#define BEGIN_WRITE(number, kind, member) WRITE(number, kind, ctr_journal_begin, member)
static const struct ctr_write_row begin_write[] = {
	BEGIN_WRITE(1, CTR_WRITE_BYTES, version),
	BEGIN_WRITE(2, CTR_WRITE_FIXED64, options.seed),
	BEGIN_WRITE(3, CTR_WRITE_UINT, options.jobs_max),
	BEGIN_WRITE(4, CTR_WRITE_UINT, options.nodes_max),
	BEGIN_WRITE(5, CTR_WRITE_UINT, options.queues_max),
	BEGIN_WRITE(6, CTR_WRITE_UINT, options.requests_max),
	BEGIN_WRITE(7, CTR_WRITE_UINT, options.request_ttl),
	BEGIN_WRITE(8, CTR_WRITE_UINT, options.node_timeout),
	BEGIN_WRITE(9, CTR_WRITE_UINT, options.lease_grace),
	BEGIN_WRITE(10, CTR_WRITE_UINT, options.drift_ppm),
	BEGIN_WRITE(11, CTR_WRITE_UINT, options.order),
	BEGIN_WRITE(20, CTR_WRITE_UINT, options.quarantine_after),
};

/* Relative to the whole record, whose member has no type of its own; so `loaded`, `schedule`. */
static const struct ctr_read_row row_read_rows[] = {
	READ(CTR_READ_BYTES, Row, key, ctr_journal_record, row.key),
	READ(CTR_READ_BYTES, Row, value, ctr_journal_record, row.value),
};
static const struct ctr_write_row row_write[] = {
	WRITE(1, CTR_WRITE_BYTES, ctr_journal_record, row.key),
	WRITE(2, CTR_WRITE_BYTES, ctr_journal_record, row.value),
};

#define REQUEST_READ(kind, field, member) READ(kind, Request, field, ctr_request_load, member)
static const struct ctr_read_row request_read_rows[] = {
	REQUEST_READ(CTR_READ_BYTES, owner, owner),
	REQUEST_READ(CTR_READ_BYTES, request_id, request_id),
	REQUEST_READ(CTR_READ_UINT, spec_hash, spec_hash),
	REQUEST_READ(CTR_READ_UINT, job, job),
	REQUEST_READ(CTR_READ_UINT, wall_ns, wall),
};
static const struct ctr_write_row request_write[] = {
	WRITE(1, CTR_WRITE_BYTES, ctr_request_load, owner),
	WRITE(2, CTR_WRITE_BYTES, ctr_request_load, request_id),
	WRITE(3, CTR_WRITE_FIXED64, ctr_request_load, spec_hash),
	WRITE(4, CTR_WRITE_UINT, ctr_request_load, job),
	WRITE(5, CTR_WRITE_UINT, ctr_request_load, wall),
};

static const struct ctr_read_row loaded_read_rows[] = {
	READ(CTR_READ_UINT, Loaded, last_event, ctr_journal_record, loaded.last_event),
};
static const struct ctr_write_row loaded_write[] = {
	WRITE(1, CTR_WRITE_UINT, ctr_journal_record, loaded.last_event),
};

/* ---- tables: commands ---- */

static const struct ctr_read_row ref_read_rows[] = {
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__AttemptRef, job, struct centro_attempt_ref, job),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__AttemptRef, task, struct centro_attempt_ref, task),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__AttemptRef, index, struct centro_attempt_ref,
		     index),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__AttemptRef, attempt, struct centro_attempt_ref,
		     attempt),
};
static const struct ctr_read_table ref_read =
	CTR_READ_TABLE(ref_read_rows, struct centro_attempt_ref);
static const struct ctr_write_row ref_write[] = {
	WRITE(1, CTR_WRITE_UINT, centro_attempt_ref, job),
	WRITE(2, CTR_WRITE_UINT, centro_attempt_ref, task),
	WRITE(3, CTR_WRITE_UINT, centro_attempt_ref, index),
	WRITE(4, CTR_WRITE_UINT, centro_attempt_ref, attempt),
};

/* What stands beside the text; the rest is decoded from that. */
static const struct ctr_read_row submit_read_rows[] = {
	READ(CTR_READ_BYTES, Submit, spec, ctr_job_spec, text),
	READ(CTR_READ_BYTES, Submit, owner, ctr_job_spec, owner),
	READ(CTR_READ_BYTES, Submit, request_id, ctr_job_spec, request_id),
	READ(CTR_READ_UINT, Submit, spec_hash, ctr_job_spec, spec_hash),
	READ(CTR_READ_UINT, Submit, retry_of, ctr_job_spec, retry_of),
};
static const struct ctr_read_table submit_read =
	CTR_READ_TABLE(submit_read_rows, struct ctr_job_spec);
static const struct ctr_write_row submit_write[] = {
	WRITE(1, CTR_WRITE_BYTES, ctr_job_spec, text),
	WRITE(2, CTR_WRITE_BYTES, ctr_job_spec, owner),
	WRITE(3, CTR_WRITE_BYTES, ctr_job_spec, request_id),
	WRITE(4, CTR_WRITE_FIXED64, ctr_job_spec, spec_hash),
	WRITE(5, CTR_WRITE_UINT, ctr_job_spec, retry_of),
};

static const struct ctr_read_row register_read_rows[] = {
	READ(CTR_READ_BYTES, Register, info, ctr_node_spec, text),
	READ(CTR_READ_UINT, Register, agent_id, ctr_node_spec, agent_id),
	READ(CTR_READ_UINT, Register, session, ctr_node_spec, session),
};
static const struct ctr_read_table register_read =
	CTR_READ_TABLE(register_read_rows, struct ctr_node_spec);
static const struct ctr_write_row register_write[] = {
	WRITE(1, CTR_WRITE_BYTES, ctr_node_spec, text),
	WRITE(2, CTR_WRITE_FIXED64, ctr_node_spec, agent_id),
	WRITE(3, CTR_WRITE_FIXED64, ctr_node_spec, session),
};

static const struct ctr_read_row cancel_read_rows[] = {
	READ(CTR_READ_UINT, Cancel, job, ctr_cancel, job),
	READ(CTR_READ_BYTES, Cancel, who, ctr_cancel, who),
	READ(CTR_READ_BYTES, Cancel, reason, ctr_cancel, reason),
};
static const struct ctr_write_row cancel_write[] = {
	WRITE(1, CTR_WRITE_UINT, ctr_cancel, job),
	WRITE(2, CTR_WRITE_BYTES, ctr_cancel, who),
	WRITE(3, CTR_WRITE_BYTES, ctr_cancel, reason),
};

static const struct ctr_read_row heartbeat_read_rows[] = {
	READ(CTR_READ_UINT, Heartbeat, node_id, ctr_heartbeat, node),
	READ(CTR_READ_UINT, Heartbeat, session, ctr_heartbeat, session),
	CTR_READ_ARRAY_ROW(CTR_READ_MANY, Centro__V1__JournalHeartbeat, held, struct ctr_heartbeat,
			   held, held_count, &ref_read),
};
static const struct ctr_write_row heartbeat_write[] = {
	WRITE(1, CTR_WRITE_UINT, ctr_heartbeat, node),
	WRITE(2, CTR_WRITE_FIXED64, ctr_heartbeat, session),
};

static const struct ctr_read_row claim_read_rows[] = {
	READ(CTR_READ_UINT, Claim, node_id, ctr_claim, node),
	READ(CTR_READ_UINT, Claim, session, ctr_claim, session),
	CTR_READ_ARRAY_ROW(CTR_READ_MANY, Centro__V1__JournalClaim, attempts, struct ctr_claim,
			   attempts, attempt_count, &ref_read),
	READ(CTR_READ_UINT, Claim, durable_event, ctr_claim, durable_event),
};
static const struct ctr_write_row claim_write[] = {
	WRITE(1, CTR_WRITE_UINT, ctr_claim, node),
	WRITE(2, CTR_WRITE_FIXED64, ctr_claim, session),
	WRITE(4, CTR_WRITE_UINT, ctr_claim, durable_event),
};

#define REPORT_READ(kind, field, member) READ(kind, Report, field, ctr_report, member)
static const struct ctr_read_row report_read_rows[] = {
	REPORT_READ(CTR_READ_UINT, node_id, node),
	REPORT_READ(CTR_READ_UINT, session, session),
	CTR_READ_NESTED_ROW(Centro__V1__JournalReport, attempt, struct ctr_report, attempt,
			    &ref_read),
	REPORT_READ(CTR_READ_UINT, ended, ended),
	REPORT_READ(CTR_READ_UINT, cause, cause),
	REPORT_READ(CTR_READ_INT32, exit_code, exit_code),
	REPORT_READ(CTR_READ_UINT, signal, signal),
	REPORT_READ(CTR_READ_BYTES, message, message),
	REPORT_READ(CTR_READ_UINT, wall_ns, wall),
};
static const struct ctr_write_row report_write[] = {
	WRITE(1, CTR_WRITE_UINT, ctr_report, node),
	WRITE(2, CTR_WRITE_FIXED64, ctr_report, session),
	WRITE(3, CTR_WRITE_REF, ctr_report, attempt),
	WRITE(4, CTR_WRITE_UINT, ctr_report, ended),
	WRITE(5, CTR_WRITE_UINT, ctr_report, cause),
	WRITE(6, CTR_WRITE_INT32, ctr_report, exit_code),
	WRITE(7, CTR_WRITE_UINT, ctr_report, signal),
	WRITE(8, CTR_WRITE_BYTES, ctr_report, message),
	WRITE(9, CTR_WRITE_UINT, ctr_report, wall),
};

static const struct ctr_read_row set_queue_read_rows[] = {
	READ(CTR_READ_BYTES, SetQueue, name, ctr_set_queue, name),
	READ(CTR_READ_UINT, SetQueue, weight, ctr_set_queue, weight),
	READ(CTR_READ_INT32, SetQueue, priority, ctr_set_queue, priority),
};
static const struct ctr_write_row set_queue_write[] = {
	WRITE(1, CTR_WRITE_BYTES, ctr_set_queue, name),
	WRITE(2, CTR_WRITE_UINT, ctr_set_queue, weight),
	WRITE(3, CTR_WRITE_INT32, ctr_set_queue, priority),
};

#define DRAIN_READ(kind, field, member) READ(kind, Drain, field, ctr_drain_node, member)
static const struct ctr_read_row drain_read_rows[] = {
	DRAIN_READ(CTR_READ_UINT, node_id, node),
	DRAIN_READ(CTR_READ_BYTES, who, who),
	DRAIN_READ(CTR_READ_BYTES, reason, reason),
	DRAIN_READ(CTR_READ_UINT, has_deadline, has_deadline),
	DRAIN_READ(CTR_READ_UINT, deadline_ns, deadline),
};
static const struct ctr_write_row drain_write[] = {
	WRITE(1, CTR_WRITE_UINT, ctr_drain_node, node),
	WRITE(2, CTR_WRITE_BYTES, ctr_drain_node, who),
	WRITE(3, CTR_WRITE_BYTES, ctr_drain_node, reason),
	WRITE(4, CTR_WRITE_UINT, ctr_drain_node, has_deadline),
	WRITE(5, CTR_WRITE_UINT, ctr_drain_node, deadline),
};

static const struct ctr_read_row undrain_read_rows[] = {
	READ(CTR_READ_UINT, Undrain, node_id, ctr_undrain_node, node),
};
static const struct ctr_write_row undrain_write[] = {
	WRITE(1, CTR_WRITE_UINT, ctr_undrain_node, node),
};

static const struct ctr_read_row schedule_read_rows[] = {
	READ(CTR_READ_UINT, Schedule, ops_max, ctr_journal_record, schedule.ops_max),
};
static const struct ctr_write_row schedule_write[] = {
	WRITE(1, CTR_WRITE_UINT, ctr_journal_record, schedule.ops_max),
};

/* ---- tables: what there is ---- */

struct body {
	const char *name;
	uint8_t type;    /* enum ctr_journal_type */
	uint8_t command; /* enum ctr_command_type, of a command */
	uint16_t number; /* of the field in JournalRecord */
	uint16_t from;   /* its offset in the message */
	uint16_t to;     /* offset in struct ctr_journal_record of what the tables speak of */
	struct ctr_read_table read;
	const struct ctr_write_row *write;
	size_t write_count;
};

#define FROM(field) offsetof(Centro__V1__JournalRecord, field)
#define TABLES(name)                                                                       \
	.read = {.rows = name##_read_rows, .row_count = CTR_ARRAY_SIZE(name##_read_rows)}, \
	.write = name##_write, .write_count = CTR_ARRAY_SIZE(name##_write)
#define BODY(field, type_name, field_number)                                       \
	.name = #field, .type = CTR_JOURNAL_##type_name, .number = (field_number), \
	.from = FROM(field)
#define COMMAND(label, field, type_name, field_number)                                    \
	.name = (label), .type = CTR_JOURNAL_COMMAND, .command = CTR_COMMAND_##type_name, \
	.number = (field_number), .from = FROM(field),                                    \
	.to = offsetof(struct ctr_journal_record, command.field)

static const struct body bodies[] = {
	{BODY(tick, TICK, 7)},
	{BODY(schedule, SCHEDULE, 8), TABLES(schedule)},
	{BODY(take, TAKE, 9)},
	{COMMAND("submit", submit, SUBMIT, 10), TABLES(submit)},
	{COMMAND("heartbeat", heartbeat, HEARTBEAT, 11), TABLES(heartbeat)},
	{COMMAND("claim", claim, CLAIM, 12), TABLES(claim)},
	{COMMAND("report", report, REPORT, 13), TABLES(report)},
	{COMMAND("cancel", cancel, CANCEL, 14), TABLES(cancel)},
	{COMMAND("register", register_node, REGISTER, 15), TABLES(register)},
	{COMMAND("set queue", set_queue, SET_QUEUE, 16), TABLES(set_queue)},
	{BODY(begin, BEGIN, 17), .to = offsetof(struct ctr_journal_record, begin), TABLES(begin)},
	{BODY(row, ROW, 18), TABLES(row)},
	{BODY(request, REQUEST, 19), .to = offsetof(struct ctr_journal_record, request),
	 TABLES(request)},
	{BODY(loaded, LOADED, 20), TABLES(loaded)},
	{BODY(end, END, 21)},
	{COMMAND("drain", drain, DRAIN, 30), TABLES(drain)},
	{COMMAND("undrain", undrain, UNDRAIN, 31), TABLES(undrain)},
};

static const struct body *body_of(const struct ctr_journal_record *record)
{
	for (size_t i = 0; i < CTR_ARRAY_SIZE(bodies); i++) {
		const struct body *body = &bodies[i];
		if (body->type == record->type &&
		    (body->type != CTR_JOURNAL_COMMAND || body->command == record->command.type))
			return body;
	}
	CTR_UNREACHABLE();
}

const char *ctr_journal_name(const struct ctr_journal_record *record)
{
	return body_of(record)->name;
}

/* ---- the answer ---- */

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = ctr_hash_u64(*hash ^ value);
}

uint32_t ctr_journal_answer(const struct ctr_command *command, const struct ctr_result *result)
{
	uint64_t hash = 0;
	bool is_ok = result->status == CENTRO_OK;

	mix(&hash, result->session_stale);
	mix(&hash, result->job);
	mix(&hash, result->existing);
	mix(&hash, result->node);
	if (is_ok && command->type == CTR_COMMAND_HEARTBEAT) {
		for (size_t i = 0; i < command->heartbeat.held_count; i++)
			mix(&hash, command->heartbeat.ret_lease[i].ns);
	} else if (is_ok && command->type == CTR_COMMAND_CLAIM) {
		for (size_t i = 0; i < command->claim.attempt_count; i++)
			mix(&hash, command->claim.ret_granted[i]);
	}
	return (uint32_t)hash;
}

/* ---- encode ---- */

/* What stands beside the body, by its difference from the record before. */
struct beside {
	uint64_t elapsed, wall_slip, hash_change;
	uint32_t answer;
	int32_t status;
	bool more;
};

static const struct ctr_write_row beside_write[] = {
	WRITE(RECORD_ELAPSED, CTR_WRITE_UINT, beside, elapsed),
	WRITE(RECORD_WALL_SLIP, CTR_WRITE_UINT, beside, wall_slip),
	WRITE(RECORD_STATUS, CTR_WRITE_INT32, beside, status),
	WRITE(RECORD_MORE, CTR_WRITE_UINT, beside, more),
	WRITE(RECORD_ANSWER, CTR_WRITE_UINT, beside, answer),
	WRITE(RECORD_HASH_CHANGE, CTR_WRITE_FIXED64, beside, hash_change),
};

/* As sint64 has it: small for what is near 0 on either side. */
static uint64_t to_zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static void write_beside(struct ctr_journal_context *context,
			 const struct ctr_journal_record *record, struct ctr_buf *buf)
{
	if (record->type == CTR_JOURNAL_BEGIN)
		*context = (struct ctr_journal_context){0};
	CTR_ASSERT(record->now.cluster.ns >= context->now.cluster.ns);

	uint64_t elapsed = record->now.cluster.ns - context->now.cluster.ns;
	const struct beside beside = {
		.elapsed = elapsed,
		.wall_slip = to_zigzag(record->now.wall.ns - context->now.wall.ns - elapsed),
		.status = record->status,
		.more = record->more,
		.answer = record->answer,
		.hash_change = record->hash ^ context->hash,
	};
	CTR_WRITE_FIELDS(beside_write, &beside, buf);
	context->now = record->now;
	context->hash = record->hash;
}

static void write_refs(const struct centro_attempt_ref *refs, size_t count, struct ctr_buf *buf)
{
	for (size_t i = 0; i < count; i++) {
		/* Also one without a job: the core says what is wrong with it. */
		size_t mark = ctr_write_begin(buf, NODE_REFS);
		CTR_WRITE_FIELDS(ref_write, &refs[i], buf);
		ctr_write_end(buf, mark);
	}
}

static const void *source_of(const struct ctr_journal_record *record, const struct body *body)
{
	if (body->type == CTR_JOURNAL_COMMAND && body->command == CTR_COMMAND_SUBMIT)
		return record->command.submit.spec;
	if (body->type == CTR_JOURNAL_COMMAND && body->command == CTR_COMMAND_REGISTER)
		return record->command.register_node.spec;
	return (const char *)record + body->to;
}

static void write_body(const struct ctr_journal_record *record, struct ctr_buf *buf)
{
	const struct body *body = body_of(record);
	size_t mark = ctr_write_begin(buf, body->number);

	ctr_write_fields(body->write, body->write_count, source_of(record, body), buf);
	if (record->type == CTR_JOURNAL_COMMAND) {
		const struct ctr_command *command = &record->command;
		if (command->type == CTR_COMMAND_HEARTBEAT)
			write_refs(command->heartbeat.held, command->heartbeat.held_count, buf);
		else if (command->type == CTR_COMMAND_CLAIM)
			write_refs(command->claim.attempts, command->claim.attempt_count, buf);
	}
	ctr_write_end(buf, mark);
}

int ctr_journal_encode(struct ctr_journal_context *context, const struct ctr_journal_record *record,
		       struct ctr_buf *buf)
{
	size_t before = buf->size;

	write_beside(context, record, buf);
	write_body(record, buf);
	return ctr_encode_end(buf, before);
}

/* ---- decode ---- */

/* The one body that is there. */
static const struct body *find_body(const Centro__V1__JournalRecord *message,
				    const ProtobufCMessage **ret_body)
{
	const struct body *found = NULL;

	for (size_t i = 0; i < CTR_ARRAY_SIZE(bodies); i++) {
		const void *at = (const char *)message + bodies[i].from;
		const ProtobufCMessage *body = *(ProtobufCMessage *const *)at;
		if (!body)
			continue;
		if (found)
			return NULL;
		found = &bodies[i];
		*ret_body = body;
	}
	return found;
}

static int read_beside(struct ctr_journal_context *context,
		       const Centro__V1__JournalRecord *message, struct ctr_journal_record *record,
		       struct centro_error_text *text)
{
	if (record->type == CTR_JOURNAL_BEGIN)
		*context = (struct ctr_journal_context){0};
	struct ctr_now *now = &context->now;
	if (__builtin_add_overflow(now->cluster.ns, message->elapsed, &now->cluster.ns))
		return ctr_error(text, CENTRO_ERR_CORRUPT, "elapsed: the time is out of range");
	now->wall.ns += message->elapsed + (uint64_t)message->wall_slip;
	context->hash ^= message->hash_change;
	record->now = *now;
	record->hash = context->hash;
	record->status = message->status;
	record->more = message->more;
	record->answer = message->answer;
	return CENTRO_OK;
}

/* The specification is what the text says; what stood beside it in the command stays. */
static int read_submit(const ProtobufCMessage *body, struct ctr_arena *arena,
		       struct ctr_command *command, struct centro_error_text *text)
{
	ProtobufCMessage *message;
	struct ctr_job_spec beside = {0}, *spec = ctr_arena_array(arena, 1, sizeof(*spec));
	if (!spec)
		return ctr_arena_error(arena, sizeof(*spec), text);
	int status = ctr_read_fields(&submit_read, body, NULL, &beside, arena, text);
	if (status == CENTRO_OK)
		status = ctr_message_decode(&centro__v1__job_spec__descriptor, beside.text, arena,
					    &message, text);
	if (status == CENTRO_OK)
		status =
			ctr_codec_job_spec((const Centro__V1__JobSpec *)message, arena, spec, text);
	spec->text = beside.text;
	spec->owner = beside.owner;
	spec->request_id = beside.request_id;
	spec->spec_hash = beside.spec_hash;
	spec->retry_of = beside.retry_of;
	command->submit.spec = spec;
	return status;
}

static int read_register(const ProtobufCMessage *body, struct ctr_arena *arena,
			 struct ctr_command *command, struct centro_error_text *text)
{
	ProtobufCMessage *message;
	struct ctr_node_spec beside = {0}, *spec = ctr_arena_array(arena, 1, sizeof(*spec));
	if (!spec)
		return ctr_arena_error(arena, sizeof(*spec), text);
	int status = ctr_read_fields(&register_read, body, NULL, &beside, arena, text);
	if (status == CENTRO_OK)
		status = ctr_message_decode(&centro__v1__node_info__descriptor, beside.text, arena,
					    &message, text);
	if (status == CENTRO_OK)
		status = ctr_codec_node_spec((const Centro__V1__NodeInfo *)message, arena, spec,
					     text);
	spec->text = beside.text;
	spec->agent_id = beside.agent_id;
	spec->session = beside.session;
	command->register_node.spec = spec;
	return status;
}

/* Where a heartbeat or a claim puts its answers. */
static int make_room(struct ctr_command *command, struct ctr_arena *arena,
		     struct centro_error_text *text)
{
	struct ctr_heartbeat *heartbeat = &command->heartbeat;
	struct ctr_claim *claim = &command->claim;
	size_t held = command->type == CTR_COMMAND_HEARTBEAT ? heartbeat->held_count : 0;
	size_t claimed = command->type == CTR_COMMAND_CLAIM ? claim->attempt_count : 0;

	if (held > 0)
		heartbeat->ret_lease = ctr_arena_array(arena, held, sizeof(*heartbeat->ret_lease));
	if (claimed > 0)
		claim->ret_granted = ctr_arena_array(arena, claimed, sizeof(bool));
	if ((held > 0 && !heartbeat->ret_lease) || (claimed > 0 && !claim->ret_granted))
		return ctr_arena_error(arena, held + claimed, text);
	return CENTRO_OK;
}

static int read_body(const struct body *body, const ProtobufCMessage *message,
		     struct ctr_arena *arena, struct ctr_journal_record *record,
		     struct centro_error_text *text)
{
	struct ctr_command *command = &record->command;
	bool is_command = body->type == CTR_JOURNAL_COMMAND;

	if (is_command)
		command->type = body->command;
	if (is_command && body->command == CTR_COMMAND_SUBMIT)
		return read_submit(message, arena, command, text);
	if (is_command && body->command == CTR_COMMAND_REGISTER)
		return read_register(message, arena, command, text);
	int status =
		ctr_read_fields(&body->read, message, NULL, (char *)record + body->to, arena, text);
	if (status == CENTRO_OK && is_command)
		status = make_room(command, arena, text);
	return status;
}

int ctr_journal_decode(struct ctr_journal_context *context, struct centro_bytes bytes,
		       struct ctr_arena *arena, struct ctr_journal_record *ret_record,
		       struct centro_error_text *text)
{
	ProtobufCMessage *decoded;
	const ProtobufCMessage *body_message = NULL;
	int status = ctr_record_decode(&centro__v1__journal_record__descriptor, bytes,
				       CTR_FIELDS_ALL, arena, &decoded, text);
	if (status != CENTRO_OK)
		return status;
	const Centro__V1__JournalRecord *message = (const Centro__V1__JournalRecord *)decoded;
	const struct body *body = find_body(message, &body_message);
	if (!body)
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "it holds no input that this version knows, or more than one");

	*ret_record = (struct ctr_journal_record){.type = (enum ctr_journal_type)body->type};
	status = read_body(body, body_message, arena, ret_record, text);
	if (status == CENTRO_OK)
		status = read_beside(context, message, ret_record, text);
	return ctr_record_status(status);
}
