/* SPDX-License-Identifier: MIT */
#ifndef CTR_WIRE_CONN_H
#define CTR_WIRE_CONN_H

/*
 * What the files of lib/wire share. Nobody else includes this.
 *
 *   conn.c         a connection: life and end           (grpc.h: ctr_grpc_conn_*)
 *   conn_time.c    time-outs, deadlines, draining
 *   h2_setup.c     the nghttp2 session and its options
 *   h2_recv.c      bytes in: nghttp2's callbacks, floods
 *   h2_send.c      bytes out
 *   grpc_call.c    what both sides of a call share      (grpc.h: ctr_grpc_call_*)
 *   grpc_input.c   messages that come in, pausing
 *   grpc_output.c  messages that go out, queue limits
 *   grpc_server.c  the server's side
 *   grpc_client.c  the client's side
 *
 * The owner's callbacks are only called while one of recv, send, tick and free
 * is at work, and never from inside another callback: what a callback asks for
 * is noted (`todo`) and done when it has returned.
 */

#include <nghttp2/nghttp2.h>

#include "base/heap.h"
#include "base/list.h"
#include "wire/flood.h"
#include "wire/grpc.h"
#include "wire/grpc_frame.h"
#include "wire/ring.h"

/* Of what one side receives of a call. */
enum ctr_call_recv {
	CTR_CALL_RECV_HEADERS, /* the first header block is not complete */
	CTR_CALL_RECV_OPEN,    /* messages may come */
	CTR_CALL_RECV_ENDED,   /* the peer's end was passed on */
	CTR_CALL_RECV_DISCARD, /* nobody wants what still comes */
};

/* Of what one side sends of a call. */
enum ctr_call_send {
	CTR_CALL_SEND_IDLE,   /* server: the response has not begun */
	CTR_CALL_SEND_OPEN,   /* messages may be queued */
	CTR_CALL_SEND_ENDING, /* the end stands behind what is queued */
	CTR_CALL_SEND_ENDED,  /* END_STREAM or RST_STREAM is on its way */
};

/* What is to be done for a call when no callback is at work. */
enum ctr_call_todo {
	CTR_CALL_TODO_CLOSE = 1 << 0,    /* tell `status` */
	CTR_CALL_TODO_RESUME = 1 << 1,   /* deliver what was held back */
	CTR_CALL_TODO_WRITABLE = 1 << 2, /* there is room again */
};

struct ctr_grpc_call {
	struct ctr_grpc_conn *conn;
	struct ctr_list in_conn;    /* conn->calls, or conn->spare_calls */
	struct ctr_list in_todo;    /* conn->todo, if `todo` is not 0 */
	struct ctr_list in_starved; /* conn->starved: refused for want of room there */
	struct ctr_heap_node timer; /* conn->deadlines */
	const struct ctr_grpc_call_impl *impl;
	void *arg;
	struct centro_instant deadline;
	int32_t stream_id;
	uint8_t recv;        /* enum ctr_call_recv */
	uint8_t send;        /* enum ctr_call_send */
	uint8_t todo;        /* of enum ctr_call_todo */
	bool is_open;        /* the owner has it, and has not been told `closed` */
	bool stream_is_open; /* nghttp2 has it */
	bool is_paused;
	bool is_delivering; /* the owner is looking at a message of it */
	bool is_deferred;   /* nghttp2 waits for ctr_call_resume_send() */
	bool was_above;     /* queued more than a quarter; owes `writable` */
	bool peer_ended;    /* END_STREAM has come */
	bool headers_sent;  /* of the request */
	bool never_sent;    /* the server cannot have seen it */
	bool has_encoding;  /* grpc-encoding is something else than identity */
	bool has_content_type;
	bool has_bad_timeout, has_bad_metadata, has_bad_method;
	uint16_t http_status; /* client; 0: none yet */
	size_t header_bytes;  /* RFC 9113's sum of all that came */
	size_t path_bytes;
	struct ctr_buf head;   /* the path, then records of grpc_meta.h */
	struct ctr_ring queue; /* messages with their prefixes, unsent */
	struct ctr_grpc_parser parser;
	size_t parser_held_bytes; /* of conn->held_bytes */
	struct ctr_buf backlog;   /* came while paused; not given back to its window */
	size_t backlog_offset;    /* what of it is delivered */
	bool has_status;          /* `status` and `message` are final */
	uint32_t status;
	struct ctr_buf message; /* client: decoded; server: encoded, of the trailers */
};

/* The steps of ctr_grpc_conn_drain(). */
enum ctr_conn_drain {
	CTR_CONN_DRAIN_NONE,
	CTR_CONN_DRAIN_NOTICE, /* said; new calls are still taken */
	CTR_CONN_DRAIN_LAST,   /* no more calls */
};

struct ctr_grpc_conn {
	const struct centro_allocator *allocator;
	struct ctr_grpc_limits limits;                  /* no zero where that means the default */
	const struct ctr_grpc_server_impl *server_impl; /* NULL: a client */
	void *server_arg;
	void *data;
	char *authority;
	const char *scheme;
	nghttp2_session *session;
	struct ctr_list session_memory; /* all of nghttp2's */
	bool session_is_spoilt;         /* it was refused memory: never call it again */
	struct centro_instant now;      /* of the call at work */

	struct ctr_list calls;       /* all that nghttp2 or the owner has */
	struct ctr_list spare_calls; /* kept for the next ones */
	struct ctr_list todo;
	struct ctr_list starved;
	struct ctr_heap deadlines;
	size_t calls_count; /* in `calls` */
	size_t open_count;  /* of these, the owner's */
	size_t spare_count;
	size_t held_bytes;     /* unsent, half come, and in backlogs, of all calls */
	size_t backlog_bytes;  /* of these, in backlogs */
	size_t withheld_bytes; /* of the connection's window, until that falls */

	struct ctr_flood flood;
	struct ctr_buf control; /* frames already made by recv, for the next send */
	struct ctr_buf *out;    /* where send writes; NULL outside */
	size_t out_bytes_max;
	bool data_is_held; /* make control frames only */

	int error;          /* why the connection ended, or CENTRO_OK */
	const char *reason; /* the same for people; a static string */
	bool is_broken;     /* the calls have been told */
	bool is_mute;       /* nothing more is made for the peer */
	bool is_busy;       /* recv, send or tick is at work */
	bool goaway_received;
	bool has_settings; /* the peer's first ones have come */
	bool ping_is_out;
	uint8_t drain;                     /* enum ctr_conn_drain */
	struct centro_instant preface_at;  /* when its time-out strikes */
	struct centro_instant received_at; /* the last byte */
	struct centro_instant ping_at;     /* when it was sent */
	struct centro_instant idle_since;
	struct centro_instant drain_at; /* when the second GOAWAY is due */
};

/* conn.c */

/* The beginning and the end of recv, send and tick. */
void ctr_conn_enter(struct ctr_grpc_conn *conn, struct centro_instant now);
void ctr_conn_leave(struct ctr_grpc_conn *conn);
/*
 * The connection is over and mute; the first reason counts. Calls are told by
 * ctr_conn_settle().
 */
void ctr_conn_fail(struct ctr_grpc_conn *conn, int error, const char *reason);
/* The same, but a GOAWAY is still said. */
void ctr_conn_fail_goaway(struct ctr_grpc_conn *conn, int error, uint32_t h2_error,
			  const char *reason);
/* Do what was noted meanwhile. */
void ctr_conn_settle(struct ctr_grpc_conn *conn);
/* No call may begin here any more. */
bool ctr_conn_is_leaving(const struct ctr_grpc_conn *conn);
/* Count bytes held for calls; either may be 0. */
void ctr_conn_hold(struct ctr_grpc_conn *conn, size_t more, size_t less);

/* h2_setup.c: the session, with its first SETTINGS queued. OK or NOMEM. */
int ctr_h2_new(struct ctr_grpc_conn *conn);
void ctr_h2_free(struct ctr_grpc_conn *conn);
/* Makes a connection error of an error that an nghttp2 function returned. */
void ctr_h2_check(struct ctr_grpc_conn *conn, int result);
/* A header made of constants, and one that nghttp2 must copy. */
#define CTR_H2_STATIC(n, v)                      \
	((nghttp2_nv){.name = (uint8_t *)(n),    \
		      .value = (uint8_t *)(v),   \
		      .namelen = sizeof(n) - 1,  \
		      .valuelen = sizeof(v) - 1, \
		      .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE})
nghttp2_nv ctr_h2_header(struct centro_bytes name, struct centro_bytes value);

/* h2_recv.c and h2_send.c: the callbacks */
void ctr_h2_set_recv_callbacks(nghttp2_session_callbacks *callbacks);
void ctr_h2_set_send_callbacks(nghttp2_session_callbacks *callbacks);
/* h2_send.c */
nghttp2_data_provider ctr_h2_data_provider(struct ctr_grpc_call *call);
/* Frames other than DATA into conn->control, as far as that has room. */
void ctr_h2_make_control(struct ctr_grpc_conn *conn);

/* grpc_call.c */

/* A call that nothing is known of. NULL: no memory. */
struct ctr_grpc_call *ctr_grpc_call_new(struct ctr_grpc_conn *conn, int32_t stream_id);
/* Done with it for now: it goes if neither nghttp2 nor the owner has it. */
void ctr_call_put(struct ctr_grpc_call *call);
/* Give back what is kept for later calls, but for a few. */
void ctr_conn_trim(struct ctr_grpc_conn *conn, size_t keep_count);
/* OK, or NOMEM. */
int ctr_call_set_deadline(struct ctr_grpc_call *call, struct centro_instant deadline);
/* To be done by the next ctr_conn_settle(). */
void ctr_call_note(struct ctr_grpc_call *call, enum ctr_call_todo what);
/* All that is noted. */
void ctr_conn_do_noted(struct ctr_grpc_conn *conn);
/* Tell the owner, once; afterwards only nghttp2 has the call, if that. */
void ctr_call_close(struct ctr_grpc_call *call, enum ctr_grpc_status status,
		    struct centro_bytes message, bool never_sent);
/* End a call from this side, with a status of our own making. */
void ctr_call_fail(struct ctr_grpc_call *call, enum ctr_grpc_status status, const char *format, ...)
	CENTRO_PRINTF(3, 4);
void ctr_call_reset(struct ctr_grpc_call *call, uint32_t h2_error);

/* grpc_output.c */
/* nghttp2 may ask for data again. */
void ctr_call_resume_send(struct ctr_grpc_call *call);
void ctr_call_drop_queue(struct ctr_grpc_call *call);
/* What is queued fell: `writable` may be due. */
void ctr_call_queue_fell(struct ctr_grpc_call *call, size_t bytes);

/* grpc_input.c */
void ctr_call_receive(struct ctr_grpc_call *call, struct centro_bytes bytes);
/* END_STREAM has come. */
void ctr_call_receive_end(struct ctr_grpc_call *call);
/* Deliver what was held back. */
void ctr_call_receive_held(struct ctr_grpc_call *call);
/* Nothing more is delivered; what is held is given back. */
void ctr_call_discard(struct ctr_grpc_call *call);
/* A connection's window that was not given back, if there is room now. */
void ctr_conn_give_back(struct ctr_grpc_conn *conn, size_t bytes);

/* grpc_server.c */
struct ctr_grpc_call *ctr_server_begin(struct ctr_grpc_conn *conn, int32_t stream_id);
void ctr_server_header(struct ctr_grpc_call *call, struct centro_bytes name,
		       struct centro_bytes value);
/* The request's headers are complete. */
void ctr_server_headers_end(struct ctr_grpc_call *call);
/* Queue the response's headers. */
void ctr_server_begin_response(struct ctr_grpc_call *call);
/* Queue the last word. */
void ctr_server_finish(struct ctr_grpc_call *call, enum ctr_grpc_status status,
		       struct centro_bytes text);
/* All messages are out. What nghttp2 returns. */
int ctr_server_submit_trailers(struct ctr_grpc_call *call);
/* END_STREAM went out. */
void ctr_server_sent_end(struct ctr_grpc_call *call);
void ctr_server_stream_closed(struct ctr_grpc_call *call);

/* grpc_client.c */
void ctr_client_header(struct ctr_grpc_call *call, struct centro_bytes name,
		       struct centro_bytes value);
void ctr_client_headers_end(struct ctr_grpc_call *call, bool is_end);
/* All was delivered that came before the end: tell the owner. */
void ctr_client_ended(struct ctr_grpc_call *call);
void ctr_client_stream_closed(struct ctr_grpc_call *call, uint32_t h2_error);

#endif
