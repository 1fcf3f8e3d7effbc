/* SPDX-License-Identifier: MIT */
#ifndef CTR_WIRE_GRPC_H
#define CTR_WIRE_GRPC_H

/*
 * gRPC over HTTP/2, either side, as bytes in and bytes out: no socket, no
 * clock, no thread. Whoever owns the socket (clear or TLS) feeds what arrived
 * to ctr_grpc_conn_recv() and writes what ctr_grpc_conn_send() gives.
 *
 * Each turn of the owner's loop, for a connection that anything happened to:
 *
 *   recv what came; tick if its instant has come; then, while _wants_send() and
 *   the socket takes more: send, write; if _is_finished() and all is written:
 *   close the socket and free. At end of file, or when the socket fails: free.
 *
 * Go on reading while the socket does not take more: what a peer that does not
 * read can pile up here is limited, and it is its WINDOW_UPDATE that lets us go
 * on.
 *
 * Sources: RFC 9113 (HTTP/2), RFC 7541 (HPACK), gRPC's PROTOCOL-HTTP2.md.
 *
 * Ownership: a connection owns its calls. A call is valid from the moment it
 *   is handed out until its `closed` has returned.
 * Callbacks: come out of ctr_grpc_conn_recv(), _send(), _tick() and _free()
 *   only, one at a time. They may call anything here on any call of the
 *   connection, except those four. What such a call brings about for a call
 *   (`closed` after _cancel(), messages after _set_paused()) comes when the
 *   callback has returned; asked for from elsewhere, it makes _wants_send() true
 *   and comes out of the next one of the four.
 * Errors: functions returning int return CENTRO_OK or a negative enum
 *   centro_error.
 */

#include "base/buf.h"
#include "base/time.h"

/* clang-format off */
/* gRPC's status codes, in their numeric order from 0. */
#define CTR_GRPC_STATUS_MAP(X)                                                                     \
	X(OK) X(CANCELLED) X(UNKNOWN) X(INVALID_ARGUMENT) X(DEADLINE_EXCEEDED) X(NOT_FOUND)        \
	X(ALREADY_EXISTS) X(PERMISSION_DENIED) X(RESOURCE_EXHAUSTED) X(FAILED_PRECONDITION)        \
	X(ABORTED) X(OUT_OF_RANGE) X(UNIMPLEMENTED) X(INTERNAL) X(UNAVAILABLE) X(DATA_LOSS)        \
	X(UNAUTHENTICATED)

enum ctr_grpc_status {
#define X(name) CTR_GRPC_##name,
	CTR_GRPC_STATUS_MAP(X)
#undef X
	CTR_GRPC_STATUS_COUNT
};
/* clang-format on */

/* "OK", "CANCELLED", …; "UNKNOWN" for any other number. */
const char *ctr_grpc_status_name(uint32_t status);
/* The status that an enum centro_error travels as, and back. */
enum ctr_grpc_status ctr_grpc_status_from_error(int error);
int ctr_grpc_status_to_error(uint32_t status);

struct ctr_grpc_conn;
struct ctr_grpc_call;

/* Every one is a limit that a peer can hit; 0 in any of them means the default. */
struct ctr_grpc_limits {
	size_t message_bytes_max;       /* 4 MiB; over it: RESOURCE_EXHAUSTED, the connection lives */
	size_t header_bytes_soft;       /* 16 KiB, RFC 9113's sum; over it: RESOURCE_EXHAUSTED */
	size_t header_bytes_hard;       /* 64 KiB; over it: RST_STREAM */
	uint32_t streams_max;           /* 1,000 calls at once */
	uint32_t window_bytes;          /* 1 MiB: of a stream and of the connection */
	size_t call_queue_bytes_max;    /* 8 MiB unsent in one call; over it: CENTRO_ERR_LIMIT */
	/*
	 * 64 MiB unsent or unread (messages half come, calls paused) in one
	 * connection. Over it ctr_grpc_call_send() fails, and new calls and calls
	 * with a message half come get RESOURCE_EXHAUSTED; while paused calls alone
	 * hold so much, the connection's window is not given back. A window or so
	 * more than this can be held, not much more.
	 */
	size_t conn_queue_bytes_max;
	uint32_t pings_per_second;      /* 100, with a burst of ten times as many … */
	uint32_t settings_per_second;   /* 10 … */
	uint32_t resets_per_second;     /* 1,000, sent and received … */
	uint32_t empty_frames_per_second; /* 1,000: DATA and CONTINUATION without a byte … */
	uint32_t window_updates_per_second; /* 100,000 …: more means GOAWAY(ENHANCE_YOUR_CALM) */
	struct centro_span preface_timeout; /* 10 s until the first SETTINGS */
	struct centro_span idle_timeout;    /* server: 0 = none; without a call: GOAWAY */
	struct centro_span keepalive;       /* 0 = none; PING after so long without a byte … */
	struct centro_span keepalive_timeout; /* 20 s … and the connection is dead after this */
};

struct ctr_grpc_conn_options {
	const struct centro_allocator *allocator; /* NULL: the C library's */
	struct ctr_grpc_limits limits;
	const char *authority; /* client: the :authority sent; borrowed for the call */
	const char *scheme;    /* client: "http" or "https"; NULL: "http" */
};

/* What happens to one call. All but `closed` may be NULL. */
struct ctr_grpc_call_impl {
	/* Client: the response's headers have come. */
	void (*headers)(void *arg, struct ctr_grpc_call *call);
	/* One whole message, borrowed. Never after `half_closed`. */
	void (*message)(void *arg, struct ctr_grpc_call *call, struct centro_bytes message);
	/* Server: the client has sent its last message. */
	void (*half_closed)(void *arg, struct ctr_grpc_call *call);
	/*
	 * There is room again: what is queued fell to a quarter of
	 * call_queue_bytes_max or below, having been above or refused; or, when the
	 * connection's limit was in the way, that fell to a half.
	 */
	void (*writable)(void *arg, struct ctr_grpc_call *call);
	/*
	 * The last callback; the call is gone when it returns. Client: the status
	 * and message of the trailers, or of what went wrong here (UNAVAILABLE when
	 * the connection broke; then `never_sent` says that the server cannot have
	 * seen the call: REFUSED_STREAM, above the last stream of a GOAWAY, or not
	 * even given to ctr_grpc_conn_send()'s buffer).
	 * Server: OK when all was sent, whatever the status; else stop working on
	 * it: CANCELLED (the client gave up), DEADLINE_EXCEEDED, UNAVAILABLE (the
	 * connection broke), or what this side answered by itself
	 * (RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL: a message that could not be
	 * taken).
	 */
	void (*closed)(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		       struct centro_bytes message, bool never_sent);
};

/* The server side of a connection. */
struct ctr_grpc_server_impl {
	/*
	 * A call has come: its headers are there, no message yet. Give it callbacks
	 * with ctr_grpc_call_set_impl(), or refuse it with ctr_grpc_call_finish().
	 * A call with neither is answered UNIMPLEMENTED. Required.
	 */
	void (*call)(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call);
};

/* `impl` and `arg` are borrowed for the connection's life. OK, NOMEM. */
int ctr_grpc_conn_new_server(const struct ctr_grpc_conn_options *options,
			     const struct ctr_grpc_server_impl *impl, void *arg,
			     struct centro_instant now, struct ctr_grpc_conn **ret_conn);
int ctr_grpc_conn_new_client(const struct ctr_grpc_conn_options *options,
			     struct centro_instant now, struct ctr_grpc_conn **ret_conn);
/* Closes what calls there are (UNAVAILABLE). NULL is allowed. */
void ctr_grpc_conn_free(struct ctr_grpc_conn *conn);

/*
 * Bytes from the peer; all of them are taken. On an error every open call has
 * been told `closed`: send what ctr_grpc_conn_send() still gives (a GOAWAY) and
 * close.
 *
 * @retval CENTRO_ERR_PROTOCOL  not HTTP/2, or against its rules
 * @retval CENTRO_ERR_LIMIT     a flood
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_grpc_conn_recv(struct ctr_grpc_conn *conn, struct centro_instant now,
		       struct centro_bytes bytes);

/*
 * Append up to about `bytes_max` bytes (at most one frame of 16 KiB more, after
 * a recv 64 KiB) for the peer to `out`, which has no limit of its own; none:
 * nothing to send now.
 *
 * @retval CENTRO_ERR_NOMEM  the connection is over
 */
int ctr_grpc_conn_send(struct ctr_grpc_conn *conn, struct centro_instant now, struct ctr_buf *out,
		       size_t bytes_max);
bool ctr_grpc_conn_wants_send(const struct ctr_grpc_conn *conn);
/* All is said, by either side, or the connection failed: flush and close. */
bool ctr_grpc_conn_is_finished(const struct ctr_grpc_conn *conn);

/*
 * Deadlines and time-outs that are due. Returns the next instant to be called
 * at, as things stand now: a call that begins, ctr_grpc_conn_drain() and bytes
 * that arrive can bring it forward. Cheap enough for every turn of a loop.
 */
struct centro_instant ctr_grpc_conn_tick(struct ctr_grpc_conn *conn, struct centro_instant now);

/*
 * Graceful end: GOAWAY with the highest id at once, so that nothing in flight
 * is lost; 200 ms later GOAWAY with the last stream taken; finished when the
 * calls are. New calls are refused from the second on (client: at once).
 */
void ctr_grpc_conn_drain(struct ctr_grpc_conn *conn, struct centro_instant now);
bool ctr_grpc_conn_is_draining(const struct ctr_grpc_conn *conn);

/* Calls that are open. */
size_t ctr_grpc_conn_calls(const struct ctr_grpc_conn *conn);
/* For the owner, who may keep there who is on the other side. NULL until set. */
void ctr_grpc_conn_set_data(struct ctr_grpc_conn *conn, void *data);
void *ctr_grpc_conn_get_data(const struct ctr_grpc_conn *conn);

/* One more header of a call; names are lower case; values of "-bin" names are raw bytes. */
struct ctr_grpc_metadata {
	struct centro_bytes name, value;
};

/*
 * Client: start a call of `path` ("/package.Service/Method"). `deadline` on the
 * connection's clock (CTR_NEVER: none), sent as grpc-timeout. `closed` comes in
 * every case once this returned CENTRO_OK, and never before it has returned.
 *
 * @retval CENTRO_ERR_INVALID      the path, or metadata that HTTP/2 or gRPC does
 *                                 not allow ("grpc-…", capitals), or more than 32
 * @retval CENTRO_ERR_UNAVAILABLE  draining or finished
 * @retval CENTRO_ERR_LIMIT        the peer's or our limit of calls at once
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_grpc_call_start(struct ctr_grpc_conn *conn, const char *path,
			const struct ctr_grpc_metadata *metadata, size_t metadata_count,
			struct centro_instant now, struct centro_instant deadline,
			const struct ctr_grpc_call_impl *impl, void *arg,
			struct ctr_grpc_call **ret_call);

/* `impl` and `arg` are borrowed for the call's life. */
void ctr_grpc_call_set_impl(struct ctr_grpc_call *call, const struct ctr_grpc_call_impl *impl,
			    void *arg);
void *ctr_grpc_call_get_arg(const struct ctr_grpc_call *call);
struct ctr_grpc_conn *ctr_grpc_call_get_conn(const struct ctr_grpc_call *call);

/* Borrowed, for the call's life. */
struct centro_bytes ctr_grpc_call_get_path(const struct ctr_grpc_call *call);
/* The first one of that name, of the request (server) or the response (client). */
bool ctr_grpc_call_get_metadata(const struct ctr_grpc_call *call, const char *name,
				struct centro_bytes *ret_value);
struct centro_instant ctr_grpc_call_get_deadline(const struct ctr_grpc_call *call);

/*
 * Queue one message. It is copied. One alone may be larger than
 * call_queue_bytes_max.
 *
 * @retval CENTRO_ERR_LIMIT    over call_queue_bytes_max or conn_queue_bytes_max:
 *                             wait for `writable`
 * @retval CENTRO_ERR_STATE    half-closed, finished, cancelled or closed
 * @retval CENTRO_ERR_INVALID  4 GiB or more
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_grpc_call_send(struct ctr_grpc_call *call, struct centro_bytes message);
/* Bytes queued and not yet given to ctr_grpc_conn_send()'s buffer. */
size_t ctr_grpc_call_queued_bytes(const struct ctr_grpc_call *call);
/* Client: no more messages. */
void ctr_grpc_call_half_close(struct ctr_grpc_call *call);
/*
 * Server: the last word, behind the messages queued; `message` may be NULL, and
 * is cut at 2 KiB. `closed` follows when it is sent; until then nothing more of
 * the request is delivered. A second one is ignored.
 */
void ctr_grpc_call_finish(struct ctr_grpc_call *call, enum ctr_grpc_status status,
			  const char *message);
/* Give up: RST_STREAM(CANCEL). `closed` follows (CANCELLED), not from inside. */
void ctr_grpc_call_cancel(struct ctr_grpc_call *call);

/*
 * Back-pressure on what comes in: while paused the window of the call's stream
 * is not given back and no message is delivered.
 */
void ctr_grpc_call_set_paused(struct ctr_grpc_call *call, bool paused);

#endif
