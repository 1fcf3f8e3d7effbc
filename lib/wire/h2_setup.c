/* SPDX-License-Identifier: MIT */
/*
 * h2_setup.c - an nghttp2 session as Centro wants it: on the connection's own
 * allocator, with windows given back by us and limits above our own counters,
 * so that what nghttp2 does against floods by its clock never strikes first.
 *
 * nghttp2's memory hangs on a list of the connection. Where nghttp2 was refused
 * some, it is not asked to clean up: when its queue of streams cannot grow, 1.52
 * frees an item and leaves the stream pointing to it. The connection is over
 * then, nghttp2 is not called again, and all its memory goes at once.
 *
 * nghttp2 takes the two short-lived objects that describe a session (options,
 * callbacks) from the C library whatever we say; they are gone when ctr_h2_new()
 * returns.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/bytes.h"

/* nghttp2's own limits are this much above ours. */
#define ABOVE_OURS 2
/* Frames that a header block of the hard limit needs, and some of odd sizes. */
#define CONTINUATIONS(limits) ((limits)->header_bytes_hard / 16384 + 8)
/* Acknowledgements that a peer may leave unread. */
#define ACKS_UNREAD_MAX 2000

/* Stands before each piece of nghttp2's memory; keeps what follows aligned for anything. */
union block {
	struct ctr_list node;
	max_align_t align;
};

static void *resize_block(struct ctr_grpc_conn *conn, union block *block, size_t bytes)
{
	size_t total;
	union block *moved = NULL;
	if (block)
		ctr_list_remove(&block->node);
	if (ctr_add_size(sizeof(*block), bytes, &total))
		moved = ctr_resize_array(conn->allocator, block, total, 1);
	if (!moved) {
		conn->session_is_spoilt = true;
		ctr_conn_fail(conn, CENTRO_ERR_NOMEM, "out of memory");
	}
	/* A piece that could not grow is still there. */
	union block *listed = moved ? moved : block;
	if (listed)
		ctr_list_insert(&conn->session_memory, &listed->node);
	return moved ? moved + 1 : NULL;
}

static void *mem_malloc(size_t bytes, void *arg)
{
	return resize_block(arg, /* block= */ NULL, bytes);
}

static void mem_free(void *pointer, void *arg)
{
	struct ctr_grpc_conn *conn = arg;
	if (!pointer)
		return;
	union block *block = (union block *)pointer - 1;
	ctr_list_remove(&block->node);
	ctr_free(conn->allocator, block);
}

static void *mem_calloc(size_t count, size_t bytes, void *arg)
{
	size_t total = SIZE_MAX;
	ctr_mul_size(count, bytes, &total);
	void *pointer = mem_malloc(total, arg);
	if (pointer)
		memset(pointer, 0, total);
	return pointer;
}

static void *mem_realloc(void *pointer, size_t bytes, void *arg)
{
	return resize_block(arg, pointer ? (union block *)pointer - 1 : NULL, bytes);
}

static nghttp2_option *new_options(const struct ctr_grpc_limits *limits)
{
	nghttp2_option *option;
	if (nghttp2_option_new(&option) != 0)
		return NULL;

	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_reserved_remote_streams(option, 0);
	nghttp2_option_set_stream_reset_rate_limit(
		option, (uint64_t)limits->resets_per_second * 10 * ABOVE_OURS,
		(uint64_t)limits->resets_per_second * ABOVE_OURS);
	nghttp2_option_set_max_outbound_ack(option, ACKS_UNREAD_MAX);
	nghttp2_option_set_max_continuations(option, CONTINUATIONS(limits));
	return option;
}

static nghttp2_session_callbacks *new_callbacks(void)
{
	nghttp2_session_callbacks *callbacks;
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return NULL;
	ctr_h2_set_recv_callbacks(callbacks);
	ctr_h2_set_send_callbacks(callbacks);
	return callbacks;
}

static int new_session(struct ctr_grpc_conn *conn)
{
	nghttp2_mem mem = {
		.mem_user_data = conn,
		.malloc = mem_malloc,
		.free = mem_free,
		.calloc = mem_calloc,
		.realloc = mem_realloc,
	};
	nghttp2_option *option = new_options(&conn->limits);
	nghttp2_session_callbacks *callbacks = new_callbacks();
	int result = NGHTTP2_ERR_NOMEM;

	if (!option || !callbacks)
		goto out;
	if (conn->server_impl)
		result = nghttp2_session_server_new3(&conn->session, callbacks, conn, option, &mem);
	else
		result = nghttp2_session_client_new3(&conn->session, callbacks, conn, option, &mem);
out:
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return result;
}

static int submit_settings(struct ctr_grpc_conn *conn)
{
	const struct ctr_grpc_limits *limits = &conn->limits;
	const nghttp2_settings_entry server[] = {
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits->window_bytes},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->header_bytes_soft},
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams_max},
		{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};
	/*
	 * A client keeps RFC 7540's priorities: by them nghttp2 lets its streams
	 * take turns. By the newer ones a client sends one after the other.
	 */
	const nghttp2_settings_entry client[] = {
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits->window_bytes},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->header_bytes_soft},
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
	};

	bool is_server = conn->server_impl != NULL;
	int result = nghttp2_submit_settings(
		conn->session, NGHTTP2_FLAG_NONE, is_server ? server : client,
		is_server ? CTR_ARRAY_SIZE(server) : CTR_ARRAY_SIZE(client));
	if (result != 0)
		return result;
	return nghttp2_session_set_local_window_size(conn->session, NGHTTP2_FLAG_NONE,
						     /* stream_id= */ 0,
						     (int32_t)limits->window_bytes);
}

int ctr_h2_new(struct ctr_grpc_conn *conn)
{
	CTR_ASSERT(!conn->session);

	ctr_list_init(&conn->session_memory);
	if (new_session(conn) == 0 && submit_settings(conn) == 0)
		return CENTRO_OK;
	ctr_h2_free(conn);
	return CENTRO_ERR_NOMEM;
}

void ctr_h2_free(struct ctr_grpc_conn *conn)
{
	if (!conn->session_is_spoilt)
		nghttp2_session_del(conn->session);
	conn->session = NULL;
	ctr_list_for_each_safe (node, &conn->session_memory)
		mem_free(ctr_list_entry(node, union block, node) + 1, conn);
}

void ctr_h2_check(struct ctr_grpc_conn *conn, int result)
{
	if (result >= 0)
		return;
	if (result == NGHTTP2_ERR_NOMEM)
		ctr_conn_fail(conn, CENTRO_ERR_NOMEM, "out of memory");
	else
		ctr_conn_fail(conn, CENTRO_ERR_INTERNAL, nghttp2_strerror(result));
}

nghttp2_nv ctr_h2_header(struct centro_bytes name, struct centro_bytes value)
{
	return (nghttp2_nv){
		.name = (uint8_t *)name.data,
		.value = (uint8_t *)value.data,
		.namelen = name.size,
		.valuelen = value.size,
		.flags = NGHTTP2_NV_FLAG_NONE,
	};
}
