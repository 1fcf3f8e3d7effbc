/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <string.h>

#include "base/bytes.h"
#include "base/str.h"
#include "codec/codec.h"

#define NODE_ID 5

struct centro_attempt_ref script_ref(centro_job_id job)
{
	return (struct centro_attempt_ref){.job = job, .attempt = 1};
}

static const char *cause_word(int cause)
{
	static const char *const words[] = {
#define X(name, value, word, help) [value] = word,
		CENTRO_CAUSE_MAP(X)
#undef X
	};
	return words[cause];
}

/* ---- the transcript ---- */

#define SAY(script, ...)                                                     \
	do {                                                                 \
		if (!(script)->is_quiet)                                     \
			ctr_buf_appendf(&(script)->transcript, __VA_ARGS__); \
	} while (0)

static void say_ref(struct script *script, struct centro_attempt_ref ref)
{
	SAY(script, "%llu.%u.%u.%u", (unsigned long long)ref.job, ref.task, ref.index, ref.attempt);
}

void script_forget_transcript(struct script *script)
{
	ctr_buf_clear(&script->transcript);
}

void script_expect(struct script *script, const char *lines)
{
	ctr_buf_append_char(&script->transcript, '\0');
	ck_assert_str_eq((const char *)script->transcript.data, lines);
	script_forget_transcript(script);
}

static bool same(struct centro_attempt_ref a, struct centro_attempt_ref b)
{
	return a.job == b.job && a.task == b.task && a.index == b.index && a.attempt == b.attempt;
}

static uint64_t ms_from_now(const struct script *script, struct centro_instant when)
{
	return ctr_between(script->net.now, when).ns / CTR_NS_PER_MS;
}

/* ---- the host ---- */

static int prepare(void *arg, const struct ctr_attempt_spec *spec, uint32_t *ret_handle,
		   struct centro_error_text *text)
{
	struct script *script = arg;
	if (script->prepare_error)
		return ctr_error(text, script->prepare_error, "not prepared");
	ck_assert_uint_lt(script->run_count, SCRIPT_RUNS_MAX);
	script->runs[script->run_count] = spec->ref;
	*ret_handle = ++script->run_count;
	SAY(script, "prepare ");
	say_ref(script, spec->ref);
	SAY(script, "\n");
	return CENTRO_OK;
}

static void say_run(struct script *script, const char *what, uint32_t handle)
{
	ck_assert_uint_ge(handle, 1);
	ck_assert_uint_le(handle, script->run_count);
	SAY(script, "%s ", what);
	say_ref(script, script->runs[handle - 1]);
}

static int start(void *arg, uint32_t handle, struct centro_instant lease_end,
		 struct centro_error_text *text)
{
	struct script *script = arg;
	say_run(script, "start", handle);
	if (lease_end.ns == CENTRO_INSTANT_NEVER_NS)
		SAY(script, " lease=never\n");
	else
		SAY(script, " lease=%llu\n", (unsigned long long)ms_from_now(script, lease_end));
	return script->start_error ? ctr_error(text, script->start_error, "not started")
				   : CENTRO_OK;
}

static void set_lease(void *arg, uint32_t handle, struct centro_instant lease_end)
{
	struct script *script = arg;
	say_run(script, "lease", handle);
	SAY(script, " %llu\n", (unsigned long long)ms_from_now(script, lease_end));
}

static void kill_run(void *arg, uint32_t handle, enum centro_cause cause, struct centro_span grace)
{
	struct script *script = arg;
	say_run(script, "kill", handle);
	SAY(script, " %s %llu\n", cause_word((int)cause),
	    (unsigned long long)(grace.ns / CTR_NS_PER_MS));
}

static void forget(void *arg, uint32_t handle)
{
	struct script *script = arg;
	say_run(script, "forget", handle);
	SAY(script, "\n");
	script->runs[handle - 1].job = 0;
}

static int read_log(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
		    uint64_t offset, uint8_t *buffer, size_t size, size_t *ret_size)
{
	const struct script *script = arg;
	size_t all = script->log_bytes[stream], at = offset < all ? (size_t)offset : all;
	if (script->log_is_gone)
		return CENTRO_ERR_NOT_FOUND;
	*ret_size = all - at < size ? all - at : size;
	memset(buffer, 'x', *ret_size);
	return CENTRO_OK;
}

static int get_log_size(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
			uint64_t *ret_bytes)
{
	const struct script *script = arg;
	*ret_bytes = script->log_bytes[stream];
	return script->log_is_gone ? CENTRO_ERR_NOT_FOUND : CENTRO_OK;
}

static const struct ctr_agent_host host = {
	.size = sizeof(host),
	.prepare = prepare,
	.start = start,
	.set_lease = set_lease,
	.kill = kill_run,
	.forget = forget,
	.read_log = read_log,
	.get_log_size = get_log_size,
};

static uint32_t handle_of(const struct script *script, centro_job_id job)
{
	for (uint32_t i = 0; i < script->run_count; i++) {
		if (script->runs[i].job == job)
			return i + 1;
	}
	ck_abort_msg("no run of job %llu", (unsigned long long)job);
	return 0;
}

void script_started(struct script *script, centro_job_id job)
{
	ctr_agent_started(script->agent, handle_of(script, job), (struct centro_instant){77});
	script_run(script);
}

void script_ended(struct script *script, centro_job_id job, enum centro_cause cause, int code)
{
	const struct ctr_attempt_end end = {
		.cause = cause, .exit_code = code, .start_wall = {77}, .end_wall = {88}};
	ctr_agent_ended(script->agent, handle_of(script, job), &end);
	script_run(script);
}

/* ---- the server's answers ---- */

static ProtobufCMessage *decode(const ProtobufCMessageDescriptor *descriptor,
				struct centro_bytes bytes, struct ctr_arena *arena)
{
	ProtobufCMessage *message;
	struct centro_error_text text;
	ctr_arena_init(arena, NULL, SIZE_MAX);
	int status = ctr_message_decode(descriptor, bytes, arena, &message, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	return message;
}

static void respond(struct script *script, struct ctr_grpc_call *call, enum script_answer how,
		    const ProtobufCMessage *response)
{
	static const struct {
		enum ctr_grpc_status status;
		const char *text;
	} refusals[] = {
		[UNAVAILABLE] = {CTR_GRPC_UNAVAILABLE, "not now"},
		[INVALID] = {CTR_GRPC_INVALID_ARGUMENT, "wrong"},
		[STALE] = {CTR_GRPC_ABORTED, "session: not the node's present one"},
		[EXISTS] = {CTR_GRPC_ALREADY_EXISTS, "the name belongs to another"},
	};
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(ctr_message_encode(response, &buf), CENTRO_OK);
	switch (how) {
	case HOLD:
		script->held_call = call;
		ctr_buf_clear(&script->held_response);
		ctr_buf_append(&script->held_response, buf.data, buf.size);
		break;
	case GARBAGE:
	case ANSWER:
		if (how == GARBAGE) {
			ctr_buf_clear(&buf);
			ctr_buf_append(&buf, "\xff\xff\xff", 3);
		}
		ck_assert_int_eq(ctr_grpc_call_send(call, ctr_buf_bytes(&buf)), CENTRO_OK);
		ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
		break;
	default:
		ctr_grpc_call_finish(call, refusals[how].status, refusals[how].text);
		break;
	}
	ctr_buf_fini(&buf);
}

void script_release(struct script *script)
{
	ck_assert_ptr_nonnull(script->held_call);
	ck_assert_int_eq(
		ctr_grpc_call_send(script->held_call, ctr_buf_bytes(&script->held_response)),
		CENTRO_OK);
	ctr_grpc_call_finish(script->held_call, CTR_GRPC_OK, NULL);
	script->held_call = NULL;
	script_run(script);
}

static void set_span(Google__Protobuf__Duration *duration, uint64_t ms)
{
	google__protobuf__duration__init(duration);
	duration->seconds = (int64_t)(ms / 1000);
	duration->nanos = (int32_t)(ms % 1000) * 1000000;
}

static void on_heartbeat(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct script *script = arg;
	struct ctr_arena arena;
	Google__Protobuf__Duration lease, interval;
	const Centro__V1__HeartbeatRequest *request =
		(const void *)decode(&centro__v1__heartbeat_request__descriptor, bytes, &arena);
	Centro__V1__HeartbeatResponse response = CENTRO__V1__HEARTBEAT_RESPONSE__INIT;
	response.renewals = ctr_arena_array(&arena, request->n_held + 1, sizeof(void *));
	response.revoked = ctr_arena_array(&arena, request->n_held + 1, sizeof(void *));
	set_span(&lease, script->lease_ms);
	set_span(&interval, script->interval_ms);
	script->heartbeats++;
	/* All of itself until it was heard, then its number. */
	if (request->node)
		ck_assert_str_eq(request->node->name, "n1");
	else
		ck_assert_uint_eq(request->node_id, NODE_ID);
	ck_assert(!request->node || !request->node_id);
	script->introductions += request->node != NULL;
	ck_assert_uint_eq(request->agent_id, 7);
	ck_assert_uint_eq(request->session, 9);
	SAY(script, "heartbeat held=");
	for (size_t i = 0; i < request->n_held; i++) {
		struct centro_attempt_ref ref = ctr_codec_attempt_ref(request->held[i]);
		SAY(script, "%s", i ? "," : "");
		say_ref(script, ref);
		if (same(ref, script->revoked)) {
			response.revoked[response.n_revoked++] = request->held[i];
			continue;
		}
		/* The first by name, the others with all. */
		if (response.n_renewals > 0) {
			response.lease = &lease;
			continue;
		}
		Centro__V1__HeartbeatResponse__Renewal *renewal =
			ctr_arena_array(&arena, 1, sizeof(*renewal));
		centro__v1__heartbeat_response__renewal__init(renewal);
		renewal->attempt = request->held[i];
		renewal->lease = &lease;
		response.renewals[response.n_renewals++] = renewal;
	}
	SAY(script, "\n");
	response.node_id = NODE_ID;
	response.term = script->term;
	response.interval = &interval;
	respond(script, call, script->heartbeat, &response.base);
	ctr_arena_fini(&arena);
}

static void on_orders(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct script *script = arg;
	SAY(script, "orders\n");
	if (script->orders != ANSWER) {
		Centro__V1__GetJobResponse response = CENTRO__V1__GET_JOB_RESPONSE__INIT;
		respond(script, call, script->orders, &response.base);
		return;
	}
	script->orders_call = call;
}

static void on_claim(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct script *script = arg;
	struct ctr_arena arena;
	const Centro__V1__ClaimJobRequest *request =
		(const void *)decode(&centro__v1__claim_job_request__descriptor, bytes, &arena);
	Centro__V1__ClaimJobResponse response = CENTRO__V1__CLAIM_JOB_RESPONSE__INIT;
	script->claims++;
	ck_assert_uint_eq(request->node_id, NODE_ID);
	SAY(script, "claim ");
	for (size_t i = 0; i < request->n_attempts; i++) {
		SAY(script, "%s", i ? "," : "");
		say_ref(script, ctr_codec_attempt_ref(request->attempts[i]));
	}
	SAY(script, "\n");
	response.term = script->term;
	response.granted = request->attempts;
	response.n_granted = script->grants ? request->n_attempts : 0;
	respond(script, call, script->claim, &response.base);
	ctr_arena_fini(&arena);
}

static void say_update(struct script *script, const Centro__V1__StatusUpdate *update)
{
	SAY(script, "update ");
	say_ref(script, ctr_codec_attempt_ref(update->attempt));
	if (update->state == CENTRO__V1__STATUS_UPDATE__STATE__running)
		SAY(script, " running\n");
	else
		SAY(script, " ended %s %d%s%s\n", cause_word((int)update->cause), update->exit_code,
		    update->message[0] ? " " : "", update->message);
}

static void on_report(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct script *script = arg;
	struct ctr_arena arena;
	const Centro__V1__UpdateStatusRequest *request =
		(const void *)decode(&centro__v1__update_status_request__descriptor, bytes, &arena);
	Centro__V1__UpdateStatusResponse response = CENTRO__V1__UPDATE_STATUS_RESPONSE__INIT;
	enum script_answer how = script->report;
	script->reports++;
	ck_assert_uint_le(request->n_updates, 1001);
	response.stale = ctr_arena_array(&arena, request->n_updates + 1, sizeof(void *));
	for (size_t i = 0; i < request->n_updates; i++) {
		struct centro_attempt_ref ref = ctr_codec_attempt_ref(request->updates[i]->attempt);
		say_update(script, request->updates[i]);
		if (same(ref, script->stale))
			response.stale[response.n_stale++] = request->updates[i]->attempt;
		if (same(ref, script->invalid))
			how = INVALID;
	}
	response.term = script->term;
	respond(script, call, how, &response.base);
	ctr_arena_fini(&arena);
}

static void on_push(void *arg, struct ctr_grpc_call *call, struct centro_bytes bytes)
{
	struct script *script = arg;
	struct ctr_arena arena;
	const Centro__V1__PushLogRequest *part =
		(const void *)decode(&centro__v1__push_log_request__descriptor, bytes, &arena);
	script->pushes++;
	script->pushed_bytes += part->data.len;
	SAY(script, "push %llu ", (unsigned long long)part->order_id);
	say_ref(script, ctr_codec_attempt_ref(part->attempt));
	SAY(script, " %s %llu+%zu%s", part->stream == CENTRO__V1__LOG_STREAM__out ? "out" : "err",
	    (unsigned long long)part->offset, part->data.len, part->end ? " end" : "");
	if (part->notice[0])
		SAY(script, " \"%s\"", part->notice);
	SAY(script, "\n");
	ctr_arena_fini(&arena);
}

static void on_push_end(void *arg, struct ctr_grpc_call *call)
{
	Centro__V1__PushLogResponse response = CENTRO__V1__PUSH_LOG_RESPONSE__INIT;
	struct script *script = arg;
	respond(script, call, script->push, &response.base);
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct script *script = arg;
	if (script->orders_call == call)
		script->orders_call = NULL;
	if (script->held_call == call)
		script->held_call = NULL;
}

static void on_push_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			   struct centro_bytes message, bool never_sent)
{
	struct script *script = arg;
	script->push_calls--;
	on_closed(arg, call, status, message, never_sent);
}

static void on_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	static const struct {
		const char *method;
		struct ctr_grpc_call_impl impl;
	} methods[] = {
		{"Heartbeat", {.message = on_heartbeat, .closed = on_closed}},
		{"GetJob", {.message = on_orders, .closed = on_closed}},
		{"ClaimJob", {.message = on_claim, .closed = on_closed}},
		{"UpdateStatus", {.message = on_report, .closed = on_closed}},
		{"PushLog",
		 {.message = on_push, .half_closed = on_push_end, .closed = on_push_closed}},
	};
	struct script *script = arg;
	struct centro_bytes path = ctr_grpc_call_get_path(call);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(methods); i++) {
		struct centro_bytes name = ctr_bytes_str(methods[i].method);
		if (path.size < name.size ||
		    memcmp(path.data + path.size - name.size, name.data, name.size) != 0)
			continue;
		ctr_grpc_call_set_impl(call, &methods[i].impl, script);
		if (methods[i].impl.half_closed) {
			script->push_calls++;
			ctr_grpc_call_set_paused(call, script->is_push_paused);
		}
		return;
	}
	ck_abort_msg("unknown method %.*s", (int)path.size, (const char *)path.data);
}

static const struct ctr_grpc_server_impl server_impl = {.call = on_call};

/* ---- orders ---- */

static void send_order(struct script *script, const Centro__V1__GetJobResponse *order)
{
	struct ctr_buf buf;
	ck_assert_ptr_nonnull(script->orders_call);
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(ctr_message_encode(&order->base, &buf), CENTRO_OK);
	ck_assert_int_eq(ctr_grpc_call_send(script->orders_call, ctr_buf_bytes(&buf)), CENTRO_OK);
	ctr_buf_fini(&buf);
}

static Centro__V1__AttemptRef make_ref(centro_job_id job)
{
	Centro__V1__AttemptRef ref = CENTRO__V1__ATTEMPT_REF__INIT;
	ctr_codec_set_attempt_ref(&ref, script_ref(job));
	return ref;
}

void script_assign_only(struct script *script, centro_job_id job)
{
	static char word[] = "true";
	static char *command[] = {word};
	Centro__V1__AttemptRef ref = make_ref(job);
	Google__Protobuf__Duration lease;
	Centro__V1__Task task = CENTRO__V1__TASK__INIT;
	Centro__V1__Assignment assignment = CENTRO__V1__ASSIGNMENT__INIT;
	Centro__V1__GetJobResponse order = CENTRO__V1__GET_JOB_RESPONSE__INIT;
	set_span(&lease, script->lease_ms);
	task.command = command;
	task.n_command = 1;
	if (script->keep)
		task.on_disconnect = CENTRO__V1__TASK__ON_DISCONNECT__keep;
	assignment.attempt = &ref;
	assignment.task = &task;
	assignment.term = script->term;
	assignment.lease = &lease;
	order.order_case = CENTRO__V1__GET_JOB_RESPONSE__ORDER_ASSIGNMENT;
	order.assignment = &assignment;
	send_order(script, &order);
}

void script_assign(struct script *script, centro_job_id job)
{
	script_assign_only(script, job);
	script_run(script);
}

void script_kill(struct script *script, centro_job_id job)
{
	Centro__V1__AttemptRef ref = make_ref(job);
	Google__Protobuf__Duration grace;
	Centro__V1__KillOrder kill = CENTRO__V1__KILL_ORDER__INIT;
	Centro__V1__GetJobResponse order = CENTRO__V1__GET_JOB_RESPONSE__INIT;
	set_span(&grace, 4000);
	kill.attempt = &ref;
	kill.cause = CENTRO__V1__CAUSE__cancel;
	kill.grace = &grace;
	order.order_case = CENTRO__V1__GET_JOB_RESPONSE__ORDER_KILL;
	order.kill = &kill;
	send_order(script, &order);
	script_run(script);
}

void script_log(struct script *script, const struct script_log_order *log)
{
	Centro__V1__AttemptRef ref = make_ref(log->job);
	Centro__V1__LogOrder message = CENTRO__V1__LOG_ORDER__INIT;
	Centro__V1__GetJobResponse order = CENTRO__V1__GET_JOB_RESPONSE__INIT;
	message.order_id = log->id;
	message.attempt = &ref;
	message.stream = (Centro__V1__LogStream)log->stream;
	message.offset = log->offset;
	message.tail_bytes = log->tail_bytes;
	message.follow = log->follow;
	message.stop = log->stop;
	order.order_case = CENTRO__V1__GET_JOB_RESPONSE__ORDER_LOG;
	order.log = &message;
	send_order(script, &order);
	script_run(script);
}

/* ---- all of it ---- */

static void on_turn(void *arg, struct centro_instant now)
{
	struct script *script = arg;
	ctr_agent_set_now(script->agent, (struct centro_time){now, now});
	ctr_agent_turn(script->agent);
}

void script_open_quietly(struct script *script, const struct centro_allocator *allocator)
{
	static const char *const servers[] = {"127.0.0.1:1", "127.0.0.1:2"};
	Centro__V1__NodeInfo info = CENTRO__V1__NODE_INFO__INIT;
	struct ctr_buf encoded;
	memset(script, 0, sizeof(*script));
	script->term = 3;
	script->lease_ms = 300000;
	script->interval_ms = 5000;
	script->grants = true;
	script->allocator = allocator;
	ctr_buf_init(&script->transcript, NULL, 0);
	ctr_buf_init(&script->held_response, NULL, 0);
	channel_net_init(&script->net, &server_impl, script);
	info.name = (char *)"n1";
	ctr_buf_init(&encoded, NULL, 0);
	ck_assert_int_eq(ctr_message_encode(&info.base, &encoded), CENTRO_OK);
	const struct ctr_agent_options options = {
		.allocator = allocator,
		.host = &host,
		.host_arg = script,
		.servers = servers,
		.server_count = 2,
		.node_info = ctr_buf_bytes(&encoded),
		.node_name = "n1",
		.datacenter = "default",
		.agent_id = 7,
		.session = 9,
		.seed = 1,
	};
	const struct centro_time now = {script->net.now, script->net.now};
	int status = ctr_agent_new(&options, now, &script->agent, NULL);
	ctr_buf_fini(&encoded);
	if (status == CENTRO_ERR_NOMEM && allocator)
		return;
	ck_assert_int_eq(status, CENTRO_OK);
	script->net.channel = ctr_agent_channel(script->agent);
	script->net.turn = on_turn;
	script->net.turn_arg = script;
}

void script_open(struct script *script)
{
	script_open_quietly(script, NULL);
	script_run(script);
	ck_assert(ctr_agent_is_registered(script->agent));
	script_expect(script, "heartbeat held=\norders\n");
}

void script_close(struct script *script)
{
	ctr_agent_free(script->agent);
	script->net.channel = NULL;
	channel_net_fini(&script->net);
	ctr_buf_fini(&script->held_response);
	ctr_buf_fini(&script->transcript);
}

void script_run(struct script *script)
{
	channel_net_run(&script->net);
}

void script_wait(struct script *script, uint64_t ms)
{
	/* The channel knows nothing of what the brain waits for. */
	for (uint64_t step; ms > 0; ms -= step) {
		step = ms < 50 ? ms : 50;
		channel_net_wait(&script->net, step);
	}
}
