/* SPDX-License-Identifier: MIT */
/* fixture.c - the API on a memory disk, and a client joined to it in memory. */
#include "fixture.h"


static void on_pump(void *arg, struct ctr_grpc_conn *conn)
{
	/* fixture_run() asks every connection anyway. */
}

static int keep(void *arg, const struct centro_attempt_ref *ref, uint32_t stream, uint64_t offset,
		struct centro_bytes data)
{
	struct fixture *fixture = arg;
	ctr_buf_clear(&fixture->kept);
	fixture->kept_offset = offset;
	return ctr_buf_append_bytes(&fixture->kept, data);
}

static int get_kept(void *arg, const struct centro_attempt_ref *ref, uint32_t stream,
		    uint64_t *ret_offset, struct ctr_buf *buf)
{
	struct fixture *fixture = arg;
	if (fixture->kept.size == 0 || stream != 1)
		return CENTRO_ERR_NOT_FOUND;
	*ret_offset = fixture->kept_offset;
	return ctr_buf_append_bytes(buf, ctr_buf_bytes(&fixture->kept));
}

static bool open_engine(struct fixture *fixture)
{
	const struct centro_store_options store_options = {
		.size = sizeof(store_options),
		.allocator = fixture->allocator,
		.complete_late = true,
	};
	struct centro_store *store;
	if (ctr_store_memory_open(fixture->disk, &store_options, &store) != CENTRO_OK)
		return false;
	const struct ctr_engine_options options = { .allocator = fixture->allocator,
						    .events_max = fixture->events_max };
	if (ctr_engine_new(&options, store, fixture->now, &fixture->engine, NULL) != CENTRO_OK)
		return false;
	while (ctr_engine_get_state(fixture->engine) == CTR_ENGINE_LOADING)
		ctr_engine_dispatch(fixture->engine, fixture->now);
	return ctr_engine_get_state(fixture->engine) == CTR_ENGINE_READY;
}

static bool open_service(struct fixture *fixture)
{
	fixture->keeper = (struct ctr_log_keeper){ .arg = fixture, .put = keep, .get = get_kept };
	const struct ctr_service_options options = {
		.allocator = fixture->allocator,
		.engine = fixture->engine,
		.keeper = &fixture->keeper,
		.pump = on_pump,
	};
	if (ctr_service_new(&options, &fixture->service) != CENTRO_OK)
		return false;
	ctr_service_set_now(fixture->service, fixture->now);
	fixture->peer.service = fixture->service;
	strcpy(fixture->peer.name, "tester");
	return true;
}

static bool open_connection(struct fixture *fixture)
{
	/* Their memory is not what is being tested: tests/unit/wire does that. */
	const struct ctr_grpc_conn_options server = { .authority = NULL };
	const struct ctr_grpc_conn_options client = { .authority = "test" };
	if (ctr_grpc_conn_new_server(&server, ctr_service_impl(), &fixture->peer,
				     fixture->now.steady, &fixture->server) != CENTRO_OK)
		return false;
	return ctr_grpc_conn_new_client(&client, fixture->now.steady, &fixture->client) ==
	       CENTRO_OK;
}

static bool open_all(struct fixture *fixture)
{
	fixture->now.steady.ns = 1000 * CTR_NS_PER_SEC;
	fixture->now.wall.ns = 1800000000 * CTR_NS_PER_SEC;
	ctr_buf_init(&fixture->kept, NULL, 0);
	fixture->disk = ctr_memory_disk_new(NULL);
	ck_assert_ptr_nonnull(fixture->disk);
	if (!open_engine(fixture) || !open_service(fixture) || !open_connection(fixture))
		return false;
	fixture_run(fixture);
	return true;
}

bool fixture_open(struct fixture *fixture, const struct centro_allocator *allocator)
{
	*fixture = (struct fixture){ .allocator = allocator };
	return open_all(fixture);
}

void fixture_open_keeping(struct fixture *fixture, uint32_t events_max)
{
	*fixture = (struct fixture){ .events_max = events_max };
	ck_assert(open_all(fixture));
}

void fixture_close(struct fixture *fixture)
{
	ctr_grpc_conn_free(fixture->client);
	ctr_grpc_conn_free(fixture->server);
	ctr_service_free(fixture->service);
	ctr_engine_free(fixture->engine);
	ctr_memory_disk_free(fixture->disk);
	ctr_buf_fini(&fixture->kept);
	for (size_t i = 0; i < fixture->call_count; i++)
		ctr_buf_fini(&fixture->calls[i].answers);
}

/* What `from` has to say, to `to`. */
static bool move_bytes(struct fixture *fixture, struct ctr_grpc_conn *from,
		       struct ctr_grpc_conn *to)
{
	struct ctr_buf bytes;
	ctr_buf_init(&bytes, NULL, 0);
	ctr_grpc_conn_send(from, fixture->now.steady, &bytes, 1 << 20);
	bool moved = bytes.size > 0;
	if (moved)
		ctr_grpc_conn_recv(to, fixture->now.steady, ctr_buf_bytes(&bytes));
	ctr_buf_fini(&bytes);
	return moved;
}

void fixture_run(struct fixture *fixture)
{
	bool moved = true;
	for (int quiet = 0; quiet < 4; quiet = moved ? 0 : quiet + 1) {
		ctr_engine_dispatch(fixture->engine, fixture->now);
		moved = move_bytes(fixture, fixture->client, fixture->server);
		moved = move_bytes(fixture, fixture->server, fixture->client) || moved;
	}
}

void fixture_wait(struct fixture *fixture, uint64_t ms)
{
	fixture->now.steady.ns += ms * CTR_NS_PER_MS;
	fixture->now.wall.ns += ms * CTR_NS_PER_MS;
	ctr_service_set_now(fixture->service, fixture->now);
	ctr_grpc_conn_tick(fixture->server, fixture->now.steady);
	ctr_grpc_conn_tick(fixture->client, fixture->now.steady);
	fixture_run(fixture);
}

/* ---- calls ---- */

static void on_message(void *arg, struct ctr_grpc_call *grpc, struct centro_bytes message)
{
	struct call *call = arg;
	struct ctr_arena arena;
	ProtobufCMessage *decoded;
	struct centro_error_text text;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ck_assert_msg(ctr_message_decode(call->method->response, message, &arena, &decoded,
					 &text) == CENTRO_OK,
		      "%s: %s", call->method->path, text.text);
	ck_assert_int_eq(ctr_json_encode(decoded, &call->answers), CENTRO_OK);
	ctr_buf_append_char(&call->answers, '\n');
	ctr_arena_fini(&arena);
	call->count++;
}

static void on_closed(void *arg, struct ctr_grpc_call *grpc, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct call *call = arg;
	call->call = NULL;
	call->ended = true;
	call->status = status;
	snprintf(call->text, sizeof(call->text), "%.*s", (int)message.size,
		 message.size ? (const char *)message.data : "");
}

static const struct ctr_grpc_call_impl call_impl = { .message = on_message, .closed = on_closed };

void fixture_send(struct call *call, const char *json)
{
	struct ctr_arena arena;
	struct ctr_buf bytes;
	ProtobufCMessage *message;
	struct centro_error_text text;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ctr_buf_init(&bytes, NULL, 0);
	ck_assert_msg(ctr_json_decode(call->method->request, ctr_bytes_str(json), &arena, &message,
				      &text) == CENTRO_OK,
		      "%s", text.text);
	ck_assert_int_eq(ctr_message_encode(message, &bytes), CENTRO_OK);
	ck_assert_int_eq(ctr_grpc_call_send(call->call, ctr_buf_bytes(&bytes)), CENTRO_OK);
	ctr_buf_fini(&bytes);
	ctr_arena_fini(&arena);
}

struct call *fixture_start(struct fixture *fixture, const char *method, const char *json, bool more)
{
	ck_assert_uint_lt(fixture->call_count, FIXTURE_CALLS_MAX);
	struct call *call = &fixture->calls[fixture->call_count++];
	char path[128];
	snprintf(path, sizeof(path), "/centro.v1.%s", method);
	*call = (struct call){ .fixture = fixture };
	ctr_buf_init(&call->answers, NULL, 0);
	call->method = ctr_schema_find_method(ctr_bytes_str(path));
	ck_assert_ptr_nonnull(call->method);
	ck_assert_int_eq(ctr_grpc_call_start(fixture->client, path, NULL, 0, fixture->now.steady,
					     CTR_NEVER, &call_impl, call, &call->call),
			 CENTRO_OK);
	if (json)
		fixture_send(call, json);
	if (!more)
		ctr_grpc_call_half_close(call->call);
	return call;
}

struct call *fixture_call(struct fixture *fixture, const char *method, const char *json)
{
	struct call *call = fixture_start(fixture, method, json, false);
	fixture_run(fixture);
	return call;
}

const char *fixture_ask(struct fixture *fixture, const char *method, const char *json)
{
	struct call *call = fixture_call(fixture, method, json);
	ck_assert_msg(call->ended && call->status == CTR_GRPC_OK, "%s: %s %s", method,
		      ctr_grpc_status_name(call->status), call->text);
	return call_answers(call);
}

void fixture_refused(struct fixture *fixture, const char *method, const char *json,
		     enum ctr_grpc_status status, const char *part_of_text)
{
	struct call *call = fixture_call(fixture, method, json);
	ck_assert_msg(call->ended && call->status == status, "%s: %s %s", method,
		      ctr_grpc_status_name(call->status), call->text);
	assert_contains(call->text, part_of_text);
}

const char *call_answers(struct call *call)
{
	ck_assert_int_eq(ctr_buf_append_char(&call->answers, '\0'), CENTRO_OK);
	ctr_buf_truncate(&call->answers, call->answers.size - 1);
	return (const char *)call->answers.data;
}

void fixture_heartbeat(struct fixture *fixture, const char *held_json)
{
	char json[512];
	snprintf(json, sizeof(json),
		 "{\"node\":{\"name\":\"n1\",\"capacity\":{\"cpu_milli\":4000,\"memory_mib\":4096}},"
		 "\"agent_id\":\"7\",\"session\":\"1\",\"held\":[%s]}",
		 held_json ? held_json : "");
	assert_contains(fixture_ask(fixture, "AgentService/Heartbeat", json), "\"node_id\":\"1\"");
}
