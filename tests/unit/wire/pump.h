/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_WIRE_PUMP_H
#define CTR_TESTS_WIRE_PUMP_H

/*
 * Two connections of our own, a client's and a server's, joined in memory. The
 * bytes between them are cut into pieces from a seed, and time stands still
 * unless a test moves it.
 *
 * Each side writes down what it sees of a call, one word an event:
 *
 *	H            headers                M(hello)   a message (M#70000: a long one)
 *	E            the client's end       W          writable
 *	C(OK:text)   closed; C!(…): never sent
 *
 * The server's methods:
 *
 *	/t/Echo    every message comes back; OK at the client's end
 *	/t/Once    the first message comes back and the call ends OK
 *	/t/Stream  the first message says how many to send: "1000 64" messages, bytes
 *	/t/Fail    "7 text" in the metadata "fail": that status at once
 *	/t/Hold    nothing at all: the test does it
 */

#include <check.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/prng.h"
#include "wire/grpc.h"

struct pump;

struct pump_call {
	struct pump *pump;
	struct ctr_grpc_call *call; /* NULL once closed */
	struct ctr_list node;       /* pump->served or pump->started */
	struct ctr_buf log;
	bool is_closed;
	bool never_sent;
	enum ctr_grpc_status status;
	size_t messages;
	size_t message_bytes;
	bool pause_after_message;
	/* /t/Stream: still to be sent */
	uint64_t left, size;
};

struct pump_options {
	uint64_t seed;
	size_t piece_bytes_max; /* 0: as it comes */
	const struct centro_allocator *allocator;
	struct ctr_grpc_limits client, server;
};

struct pump {
	struct ctr_grpc_conn *client, *server;
	struct centro_instant now;
	struct ctr_prng prng;
	size_t piece_bytes_max;
	struct ctr_buf to_server, to_client;
	bool is_stuck_to_client, is_stuck_to_server; /* the socket takes no more */
	int client_error, server_error;              /* what recv returned */
	struct ctr_buf *sent_by_client;              /* a copy of all of it, if set */
	struct ctr_buf *sent_by_server;
	struct ctr_list served, started; /* struct pump_call, oldest first */
};

/* False: no memory (only with an allocator that fails). */
bool pump_open(struct pump *pump, const struct pump_options *options);
void pump_close(struct pump *pump);
/* Until nothing moves any more. */
void pump_run(struct pump *pump);
/* Move the time, let both sides see it, and run. */
void pump_wait(struct pump *pump, uint64_t ms);

/* Never NULL: what ctr_grpc_call_start() says must be OK. */
struct pump_call *pump_start(struct pump *pump, const char *path);
int pump_start_with(struct pump *pump, const char *path, const struct ctr_grpc_metadata *metadata,
		    size_t metadata_count, struct centro_instant deadline,
		    struct pump_call **ret_call);
/* Start, send `message` unless it is NULL, half-close, and run. */
struct pump_call *pump_unary(struct pump *pump, const char *path, const char *message);
int pump_send(struct pump_call *call, const char *message);
/* A message of `size` bytes 'x'. */
int pump_send_size(struct pump_call *call, size_t size);
/* The newest call that the server has seen. */
struct pump_call *pump_served(struct pump *pump);
const char *pump_log(struct pump_call *call);

#define pump_expect(call, text) ck_assert_str_eq(pump_log(call), text)

static inline struct centro_bytes pump_text(const char *text)
{
	return (struct centro_bytes){(const uint8_t *)text, strlen(text)};
}

#endif
