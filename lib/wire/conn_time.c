/* SPDX-License-Identifier: MIT */
/*
 * conn_time.c - what happens to a connection because time passes: deadlines of
 * calls, the preface's and the idle time-out, keepalive, the second GOAWAY.
 *
 * Each check_*() acts if its instant has come; next_wake() is the same list of
 * instants. They must not part.
 *
 * Layer: wire.
 */
#include "wire/conn.h"

#include "base/assert.h"
#include "base/bytes.h"

/* Between the two GOAWAYs: more than a round trip anywhere. */
#define DRAIN_NOTICE ctr_span_ms(200)
/* Without a call for so long, what is kept for the next ones goes. */
#define TRIM_AFTER ctr_span_ms(1000)
/* But for so many. */
#define TRIM_KEEP ((size_t)1)

static struct ctr_grpc_call *first_deadline(const struct ctr_grpc_conn *conn)
{
	struct ctr_heap_node *node = ctr_heap_first(&conn->deadlines);
	return node ? CTR_CONTAINER_OF(node, struct ctr_grpc_call, timer) : NULL;
}

static void check_deadlines(struct ctr_grpc_conn *conn)
{
	struct ctr_grpc_call *call;
	while ((call = first_deadline(conn)) && ctr_reached(call->deadline, conn->now)) {
		CTR_ASSERT(call->is_open);
		ctr_call_fail(call, CTR_GRPC_DEADLINE_EXCEEDED, "the deadline passed");
		ctr_call_put(call);
	}
}

static void check_preface(struct ctr_grpc_conn *conn)
{
	if (!conn->has_settings && ctr_reached(conn->preface_at, conn->now))
		ctr_conn_fail_goaway(conn, CENTRO_ERR_PROTOCOL, NGHTTP2_SETTINGS_TIMEOUT,
				     "no SETTINGS in time");
}

/* When a PING is due, or the answer to it. */
static struct centro_instant keepalive_at(const struct ctr_grpc_conn *conn)
{
	if (conn->limits.keepalive.ns == 0)
		return CTR_NEVER;
	if (conn->ping_is_out)
		return ctr_after(conn->ping_at, conn->limits.keepalive_timeout);
	return ctr_after(conn->received_at, conn->limits.keepalive);
}

static void check_keepalive(struct ctr_grpc_conn *conn)
{
	if (conn->error != CENTRO_OK || !ctr_reached(keepalive_at(conn), conn->now))
		return;
	if (conn->ping_is_out) {
		ctr_conn_fail(conn, CENTRO_ERR_UNAVAILABLE, "the peer does not answer a PING");
		return;
	}
	ctr_h2_check(conn, nghttp2_submit_ping(conn->session, NGHTTP2_FLAG_NONE, NULL));
	conn->ping_is_out = true;
	conn->ping_at = conn->now;
}

static void check_drain(struct ctr_grpc_conn *conn)
{
	bool is_due =
		conn->drain == CTR_CONN_DRAIN_NOTICE && ctr_reached(conn->drain_at, conn->now);
	if (conn->error != CENTRO_OK || !is_due)
		return;
	conn->drain = CTR_CONN_DRAIN_LAST;
	int32_t last = nghttp2_session_get_last_proc_stream_id(conn->session);
	ctr_h2_check(conn, nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE, last,
						 NGHTTP2_NO_ERROR, NULL, 0));
}

static struct centro_instant idle_at(const struct ctr_grpc_conn *conn)
{
	bool has_timeout = conn->server_impl && conn->limits.idle_timeout.ns > 0;
	if (!has_timeout || conn->calls_count > 0 || conn->drain != CTR_CONN_DRAIN_NONE)
		return CTR_NEVER;
	return ctr_after(conn->idle_since, conn->limits.idle_timeout);
}

static struct centro_instant trim_at(const struct ctr_grpc_conn *conn)
{
	if (conn->calls_count > 0 || conn->spare_count <= TRIM_KEEP)
		return CTR_NEVER;
	return ctr_after(conn->idle_since, TRIM_AFTER);
}

static struct centro_instant next_wake(const struct ctr_grpc_conn *conn)
{
	if (conn->error != CENTRO_OK)
		return CTR_NEVER;
	if (!ctr_list_is_empty(&conn->todo))
		return conn->now;

	struct ctr_grpc_call *call = first_deadline(conn);
	struct centro_instant next = call ? call->deadline : CTR_NEVER;
	if (!conn->has_settings)
		next = ctr_earlier(next, conn->preface_at);
	if (conn->drain == CTR_CONN_DRAIN_NOTICE)
		next = ctr_earlier(next, conn->drain_at);
	next = ctr_earlier(next, keepalive_at(conn));
	next = ctr_earlier(next, idle_at(conn));
	return ctr_earlier(next, trim_at(conn));
}

struct centro_instant ctr_grpc_conn_tick(struct ctr_grpc_conn *conn, struct centro_instant now)
{
	ctr_conn_enter(conn, now);
	if (conn->error == CENTRO_OK) {
		check_deadlines(conn);
		check_preface(conn);
		check_keepalive(conn);
		check_drain(conn);
		if (ctr_reached(idle_at(conn), now))
			ctr_grpc_conn_drain(conn, now);
		if (ctr_reached(trim_at(conn), now))
			ctr_conn_trim(conn, TRIM_KEEP);
	}
	ctr_conn_leave(conn);
	return next_wake(conn);
}

void ctr_grpc_conn_drain(struct ctr_grpc_conn *conn, struct centro_instant now)
{
	if (conn->drain != CTR_CONN_DRAIN_NONE || conn->error != CENTRO_OK)
		return;
	if (conn->server_impl) {
		conn->drain = CTR_CONN_DRAIN_NOTICE;
		conn->drain_at = ctr_after(now, DRAIN_NOTICE);
		ctr_h2_check(conn, nghttp2_submit_shutdown_notice(conn->session));
		return;
	}
	conn->drain = CTR_CONN_DRAIN_LAST;
	ctr_h2_check(conn,
		     nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE,
					   /* last_stream_id= */ 0, NGHTTP2_NO_ERROR, NULL, 0));
}
