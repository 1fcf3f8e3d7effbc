/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_WIRE_RAW_H
#define CTR_TESTS_WIRE_RAW_H

/*
 * One connection of our own, and a peer made by hand: frames as bytes, right or
 * wrong, and a look at the frames that come back.
 */

#include <check.h>
#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "wire/grpc.h"

struct raw {
	struct ctr_grpc_conn *conn;
	bool is_server;
	struct centro_instant now;
	struct ctr_buf in;  /* for the connection, not given yet */
	struct ctr_buf out; /* all that came back */
	nghttp2_hd_deflater *deflater;
	nghttp2_hd_inflater *inflater;
	size_t calls; /* server: how many the owner was shown */
	/* The newest of them, or the one that raw_start() began. */
	struct ctr_grpc_call *call;
	struct ctr_buf log;    /* what happened to it, as in pump.h */
	const char *path_held; /* server: calls of this path get callbacks */
};

struct raw_frame {
	uint8_t type, flags;
	int32_t stream_id;
	struct centro_bytes payload;
};

/* A server (or a client) with these limits (NULL: the defaults). */
void raw_open_server(struct raw *raw, const struct ctr_grpc_limits *limits);
void raw_open_client(struct raw *raw, const struct ctr_grpc_limits *limits);
void raw_close(struct raw *raw);

/* The client's magic and SETTINGS, or the server's SETTINGS. */
void raw_add_preface(struct raw *raw);
void raw_add_frame(struct raw *raw, uint8_t type, uint8_t flags, int32_t stream_id,
		   const void *payload, size_t size);
void raw_add_u32_frame(struct raw *raw, uint8_t type, int32_t stream_id, uint32_t value);
void raw_add_headers(struct raw *raw, int32_t stream_id, uint8_t flags, const nghttp2_nv *headers,
		     size_t count);
/* What a gRPC client sends first. */
void raw_add_request(struct raw *raw, int32_t stream_id, const char *path, uint8_t flags);
/* What a gRPC server sends first. */
void raw_add_response(struct raw *raw, int32_t stream_id);
/* A gRPC message in a DATA frame of its own. */
void raw_add_message(struct raw *raw, int32_t stream_id, const char *text, uint8_t flags);

/* Give what was added; what recv returned. The answers are in raw->out. */
int raw_give(struct raw *raw);
/* Without letting it send. */
int raw_give_only(struct raw *raw);
/* Let it send all it has. */
void raw_take(struct raw *raw);

/* The n-th (from 0) frame of that type that came back, on that stream (-1: any). */
bool raw_find(struct raw *raw, uint8_t type, int32_t stream_id, size_t n,
	      struct raw_frame *ret_frame);
size_t raw_count(struct raw *raw, uint8_t type, int32_t stream_id);
/* The error code of the RST_STREAM of that stream, of the GOAWAY; -1: there was none. */
int64_t raw_reset_code(struct raw *raw, int32_t stream_id);
int64_t raw_goaway_code(struct raw *raw);
/*
 * All headers of that stream, "name: value\n" each, a blank line between blocks;
 * to be looked at once, since it takes HPACK's state along.
 */
const char *raw_headers(struct raw *raw, int32_t stream_id, struct ctr_buf *text);
/* Client: start a call. Its events are in raw->log. */
struct ctr_grpc_call *raw_start(struct raw *raw, const char *path);
const char *raw_log(struct raw *raw);

static inline nghttp2_nv raw_header(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
			    NGHTTP2_NV_FLAG_NONE};
}

#define RAW_END_STREAM  NGHTTP2_FLAG_END_STREAM
#define RAW_END_HEADERS NGHTTP2_FLAG_END_HEADERS

#endif
