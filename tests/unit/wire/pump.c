/* SPDX-License-Identifier: MIT */
/* pump.c - two connections joined in memory, and a few methods to call. */
#include "pump.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

/* Longer messages are written down as their length. */
#define SHOWN_BYTES_MAX 64
/* More turns than any test needs: it does not end. */
#define TURNS_MAX 2000000

static struct pump_call *new_call(struct pump *pump, struct ctr_list *list)
{
	struct pump_call *call = calloc(1, sizeof(*call));
	ck_assert_ptr_nonnull(call);
	call->pump = pump;
	ctr_buf_init(&call->log, NULL, 0);
	ctr_list_append(list, &call->node);
	return call;
}

static void note(struct pump_call *call, const char *word)
{
	if (call->log.size > 0)
		ctr_buf_append_char(&call->log, ' ');
	ctr_buf_append_str(&call->log, word);
}

static void note_message(struct pump_call *call, struct centro_bytes message)
{
	call->messages++;
	call->message_bytes += message.size;
	note(call, "M");
	if (message.size > SHOWN_BYTES_MAX) {
		ctr_buf_appendf(&call->log, "#%zu", message.size);
		return;
	}
	ctr_buf_appendf(&call->log, "(%.*s)", (int)message.size, (const char *)message.data);
}

static void on_headers(void *arg, struct ctr_grpc_call *call)
{
	struct pump_call *seen = arg;
	ck_assert_ptr_eq(seen->call, call);
	ck_assert(!seen->is_closed);
	note(seen, "H");
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct pump_call *seen = arg;
	ck_assert_ptr_eq(seen->call, call);
	ck_assert(!seen->is_closed);
	note_message(seen, message);
	if (seen->pause_after_message)
		ctr_grpc_call_set_paused(call, true);
}

static void on_half_closed(void *arg, struct ctr_grpc_call *call)
{
	struct pump_call *seen = arg;
	ck_assert(!seen->is_closed);
	note(seen, "E");
}

static void on_writable(void *arg, struct ctr_grpc_call *call)
{
	struct pump_call *seen = arg;
	ck_assert(!seen->is_closed);
	note(seen, "W");
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct pump_call *seen = arg;
	ck_assert_ptr_eq(seen->call, call);
	ck_assert(!seen->is_closed);
	seen->is_closed = true;
	seen->status = status;
	seen->never_sent = never_sent;
	note(seen, never_sent ? "C!(" : "C(");
	ctr_buf_appendf(&seen->log, "%s:%.*s)", ctr_grpc_status_name(status), (int)message.size,
			(const char *)message.data);
	seen->call = NULL;
}

static const struct ctr_grpc_call_impl client_impl = {
	.headers = on_headers,
	.message = on_message,
	.half_closed = on_half_closed,
	.writable = on_writable,
	.closed = on_closed,
};

static const struct ctr_grpc_call_impl hold_impl = {
	.message = on_message,
	.half_closed = on_half_closed,
	.writable = on_writable,
	.closed = on_closed,
};

static void echo_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	on_message(arg, call, message);
	if (ctr_grpc_call_send(call, message) == CENTRO_ERR_NOMEM)
		ctr_grpc_call_finish(call, CTR_GRPC_RESOURCE_EXHAUSTED, "no memory");
}

static void echo_half_closed(void *arg, struct ctr_grpc_call *call)
{
	on_half_closed(arg, call);
	ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
}

static const struct ctr_grpc_call_impl echo_impl = {
	.message = echo_message,
	.half_closed = echo_half_closed,
	.closed = on_closed,
};

static void once_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	on_message(arg, call, message);
	ctr_grpc_call_send(call, message);
	ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
	/* Still there, and the same. */
	if (message.size > 0)
		ck_assert_uint_ne(message.data[0], 0);
}

static const struct ctr_grpc_call_impl once_impl = {
	.message = once_message,
	.half_closed = on_half_closed,
	.closed = on_closed,
};

static void stream_more(struct pump_call *seen)
{
	char *text = malloc(seen->size + 1);
	ck_assert_ptr_nonnull(text);
	memset(text, 's', seen->size + 1);
	int status = CENTRO_OK;
	while (seen->left > 0 && status == CENTRO_OK) {
		status = ctr_grpc_call_send(seen->call, ctr_bytes(text, seen->size));
		if (status == CENTRO_OK)
			seen->left--;
	}
	free(text);
	if (status == CENTRO_ERR_NOMEM)
		ctr_grpc_call_finish(seen->call, CTR_GRPC_RESOURCE_EXHAUSTED, "no memory");
	else if (status == CENTRO_OK)
		ctr_grpc_call_finish(seen->call, CTR_GRPC_OK, NULL);
}

static void stream_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct pump_call *seen = arg;
	on_message(arg, call, message);
	const uint8_t *space = memchr(message.data, ' ', message.size);
	ck_assert_ptr_nonnull(space);
	size_t first = (size_t)(space - message.data);
	ck_assert(ctr_parse_u64(ctr_bytes(message.data, first), &seen->left));
	ck_assert(ctr_parse_u64(ctr_bytes(space + 1, message.size - first - 1), &seen->size));
	stream_more(seen);
}

static void stream_writable(void *arg, struct ctr_grpc_call *call)
{
	on_writable(arg, call);
	stream_more(arg);
}

static const struct ctr_grpc_call_impl stream_impl = {
	.message = stream_message,
	.half_closed = on_half_closed,
	.writable = stream_writable,
	.closed = on_closed,
};

static bool is_path(const struct ctr_grpc_call *call, const char *path)
{
	return ctr_bytes_equal(ctr_grpc_call_get_path(call), ctr_bytes_str(path));
}

static void fail_call(struct ctr_grpc_call *call)
{
	struct centro_bytes value;
	char text[256];
	ck_assert(ctr_grpc_call_get_metadata(call, "fail", &value));
	ck_assert_uint_lt(value.size, sizeof(text));
	memcpy(text, value.data, value.size);
	text[value.size] = '\0';
	char *space = strchr(text, ' ');
	ck_assert_ptr_nonnull(space);
	ctr_grpc_call_finish(call, (enum ctr_grpc_status)strtoul(text, NULL, 10), space + 1);
}

static void on_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	struct pump *pump = arg;
	struct pump_call *seen = new_call(pump, &pump->served);
	seen->call = call;
	ck_assert_ptr_eq(ctr_grpc_call_get_conn(call), conn);

	if (is_path(call, "/t/Echo"))
		ctr_grpc_call_set_impl(call, &echo_impl, seen);
	else if (is_path(call, "/t/Once"))
		ctr_grpc_call_set_impl(call, &once_impl, seen);
	else if (is_path(call, "/t/Stream"))
		ctr_grpc_call_set_impl(call, &stream_impl, seen);
	else if (is_path(call, "/t/Hold"))
		ctr_grpc_call_set_impl(call, &hold_impl, seen);
	else if (is_path(call, "/t/Fail"))
		fail_call(call);
}

static const struct ctr_grpc_server_impl server_impl = {.call = on_call};

bool pump_open(struct pump *pump, const struct pump_options *options)
{
	static const struct pump_options none;
	if (!options)
		options = &none;
	*pump = (struct pump){
		.now = {1000 * CTR_NS_PER_SEC},
		.piece_bytes_max = options->piece_bytes_max,
	};
	ctr_prng_init(&pump->prng, options->seed);
	ctr_list_init(&pump->served);
	ctr_list_init(&pump->started);
	ctr_buf_init(&pump->to_server, NULL, 0);
	ctr_buf_init(&pump->to_client, NULL, 0);

	struct ctr_grpc_conn_options client = {
		.allocator = options->allocator,
		.limits = options->client,
		.authority = "test.example:50051",
	};
	struct ctr_grpc_conn_options server = {
		.allocator = options->allocator,
		.limits = options->server,
	};
	return ctr_grpc_conn_new_client(&client, pump->now, &pump->client) == CENTRO_OK &&
	       ctr_grpc_conn_new_server(&server, &server_impl, pump, pump->now, &pump->server) ==
		       CENTRO_OK;
}

static void free_calls(struct ctr_list *list)
{
	ctr_list_for_each_safe (node, list) {
		struct pump_call *call = ctr_list_entry(node, struct pump_call, node);
		ctr_list_remove(node);
		ctr_buf_fini(&call->log);
		free(call);
	}
}

void pump_close(struct pump *pump)
{
	ctr_grpc_conn_free(pump->client);
	ctr_grpc_conn_free(pump->server);
	ctr_list_for_each (node, &pump->started)
		ck_assert(ctr_list_entry(node, struct pump_call, node)->is_closed);
	free_calls(&pump->started);
	free_calls(&pump->served);
	ctr_buf_fini(&pump->to_server);
	ctr_buf_fini(&pump->to_client);
}

/* Let one side send. Whether there was anything. */
static bool take(struct pump *pump, struct ctr_grpc_conn *conn, struct ctr_buf *out,
		 struct ctr_buf *copy)
{
	if (!ctr_grpc_conn_wants_send(conn))
		return false;
	size_t before = out->size;
	size_t bytes_max =
		pump->piece_bytes_max > 0 ? 1 + ctr_prng_below(&pump->prng, 4096) : 65536;
	ctr_grpc_conn_send(conn, pump->now, out, bytes_max);
	ck_assert_int_eq(out->error, CENTRO_OK);
	if (copy)
		ctr_buf_append(copy, out->data + before, out->size - before);
	return out->size > before;
}

/* Let one side have a piece of what is on its way. Whether there was anything. */
static bool give(struct pump *pump, struct ctr_grpc_conn *conn, struct ctr_buf *in, int *ret_error)
{
	if (in->size == 0)
		return false;
	size_t size = in->size;
	if (pump->piece_bytes_max > 0)
		size = 1 + ctr_prng_below(&pump->prng, pump->piece_bytes_max);
	if (size > in->size)
		size = in->size;
	int error = ctr_grpc_conn_recv(conn, pump->now, ctr_bytes(in->data, size));
	if (*ret_error == CENTRO_OK)
		*ret_error = error;
	ctr_buf_consume(in, size);
	return true;
}

void pump_run(struct pump *pump)
{
	bool moved = true;
	for (size_t turn = 0; moved; turn++) {
		ck_assert_uint_lt(turn, TURNS_MAX);
		moved = false;
		if (!pump->is_stuck_to_server)
			moved |= take(pump, pump->client, &pump->to_server, pump->sent_by_client);
		moved |= give(pump, pump->server, &pump->to_server, &pump->server_error);
		if (!pump->is_stuck_to_client)
			moved |= take(pump, pump->server, &pump->to_client, pump->sent_by_server);
		moved |= give(pump, pump->client, &pump->to_client, &pump->client_error);
	}
}

void pump_wait(struct pump *pump, uint64_t ms)
{
	pump->now = ctr_after(pump->now, ctr_span_ms(ms));
	ctr_grpc_conn_tick(pump->client, pump->now);
	ctr_grpc_conn_tick(pump->server, pump->now);
	pump_run(pump);
}

int pump_start_with(struct pump *pump, const char *path, const struct ctr_grpc_metadata *metadata,
		    size_t metadata_count, struct centro_instant deadline,
		    struct pump_call **ret_call)
{
	struct pump_call *call = new_call(pump, &pump->started);
	int status = ctr_grpc_call_start(pump->client, path, metadata, metadata_count, pump->now,
					 deadline, &client_impl, call, &call->call);
	if (status != CENTRO_OK) {
		ctr_list_remove(&call->node);
		free(call);
		return status;
	}
	*ret_call = call;
	return CENTRO_OK;
}

struct pump_call *pump_start(struct pump *pump, const char *path)
{
	struct pump_call *call = NULL;
	ck_assert_int_eq(pump_start_with(pump, path, NULL, 0, CTR_NEVER, &call), CENTRO_OK);
	return call;
}

struct pump_call *pump_unary(struct pump *pump, const char *path, const char *message)
{
	struct pump_call *call = pump_start(pump, path);
	if (message)
		ck_assert_int_eq(pump_send(call, message), CENTRO_OK);
	ctr_grpc_call_half_close(call->call);
	pump_run(pump);
	return call;
}

int pump_send(struct pump_call *call, const char *message)
{
	return ctr_grpc_call_send(call->call, ctr_bytes_str(message));
}

int pump_send_size(struct pump_call *call, size_t size)
{
	char *text = malloc(size + 1);
	ck_assert_ptr_nonnull(text);
	memset(text, 'x', size + 1);
	int status = ctr_grpc_call_send(call->call, ctr_bytes(text, size));
	free(text);
	return status;
}

struct pump_call *pump_served(struct pump *pump)
{
	ck_assert(!ctr_list_is_empty(&pump->served));
	return ctr_list_entry(pump->served.prev, struct pump_call, node);
}

const char *pump_log(struct pump_call *call)
{
	ck_assert_int_eq(ctr_buf_reserve(&call->log, 1), CENTRO_OK);
	call->log.data[call->log.size] = '\0';
	return (const char *)call->log.data;
}
