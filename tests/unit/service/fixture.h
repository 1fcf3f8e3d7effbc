/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_UNIT_SERVICE_FIXTURE_H
#define CTR_TESTS_UNIT_SERVICE_FIXTURE_H

/*
 * The whole API on a memory disk, with a client of the wire joined to it in
 * memory. Requests and answers are JSON, so that a test reads like a transcript.
 * Time stands still unless it is moved.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/list.h"
#include "codec/codec.h"
#include "service/service.h"
#include "store/store_memory.h"

#define FIXTURE_CALLS_MAX 64

struct fixture;

/* One call of the client, and all that came back. */
struct call {
	struct fixture *fixture;
	struct ctr_grpc_call *call; /* NULL once it has ended */
	const struct ctr_schema_method *method;
	struct ctr_buf answers; /* JSON, a line each */
	size_t count;
	bool ended;
	enum ctr_grpc_status status;
	char text[8192];
};

struct fixture {
	const struct centro_allocator *allocator;
	struct ctr_memory_disk *disk;
	struct ctr_engine *engine;
	struct ctr_service *service;
	struct ctr_peer peer;
	struct ctr_grpc_conn *server, *client;
	struct centro_time now;
	uint32_t events_max; /* 0: the default */
	struct call calls[FIXTURE_CALLS_MAX];
	size_t call_count;
	struct ctr_log_keeper keeper;
	struct ctr_buf kept; /* what the keeper was given last */
	uint64_t kept_offset;
};

/* False: no memory, only with an allocator that fails. `allocator` may be NULL. */
bool fixture_open(struct fixture *fixture, const struct centro_allocator *allocator);
/* The same, with this many events kept. */
void fixture_open_keeping(struct fixture *fixture, uint32_t events_max);
void fixture_close(struct fixture *fixture);

/* Move bytes and dispatch until nothing moves any more. */
void fixture_run(struct fixture *fixture);
void fixture_wait(struct fixture *fixture, uint64_t ms);

/* "JobService/Submit". NULL: no memory. Stays open for more messages if `more`. */
struct call *fixture_start(struct fixture *fixture, const char *method, const char *json, bool more);
void fixture_send(struct call *call, const char *json);
/* A unary call, run to what can be had now. */
struct call *fixture_call(struct fixture *fixture, const char *method, const char *json);
/* The same, which must succeed: its answer. */
const char *fixture_ask(struct fixture *fixture, const char *method, const char *json);
/* The same, which must fail. */
void fixture_refused(struct fixture *fixture, const char *method, const char *json,
		     enum ctr_grpc_status status, const char *part_of_text);

const char *call_answers(struct call *call);

/* Register node n1 with 4 cores as agent 7, session 1. */
void fixture_heartbeat(struct fixture *fixture, const char *held_json);

#define assert_contains(text, part)                                                                \
	ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" does not contain \"%s\"", (text),    \
		      (part))

#endif
