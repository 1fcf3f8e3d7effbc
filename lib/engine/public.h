/* SPDX-License-Identifier: MIT */
#ifndef CTR_ENGINE_PUBLIC_H
#define CTR_ENGINE_PUBLIC_H

/* What the files behind centro/engine.h share. */

#include <centro/engine.h>

#include "base/arena.h"
#include "base/buf.h"
#include "engine/engine.h"

/* A caller's call that waits for its answer. Pooled: most calls take no memory. */
struct ctr_call {
	struct ctr_release release;
	struct ctr_job_read read;
	struct ctr_list link; /* in the pool */
	struct centro_engine *engine;
	/* Answers the caller. `call->status` has the outcome. */
	void (*answer)(struct ctr_call *call);
	union {
		centro_submit_fn *submit;
		centro_status_fn *status;
		centro_node_fn *node;
		centro_get_fn *get;
		centro_events_fn *events;
	} done;
	centro_event_fn *event; /* of events that are read, like what follows */
	struct ctr_event_read event_read;
	uint64_t next_event;
	uint32_t events_left; /* that this call may still tell of */
	void *arg;
	int status;
	centro_job_id job;
	centro_node_id node;
	bool existing;
	enum centro_encoding encoding;
	struct ctr_buf value; /* of a job that was asked for */
	struct centro_kill kill;
	struct centro_error_text text;
};

struct centro_engine {
	const struct centro_allocator *allocator;
	struct ctr_engine *engine;
	struct centro_engine_callbacks callbacks;
	void *arg;
	struct ctr_subscriber subscriber;
	struct centro_time now; /* of the dispatch */
	bool told_failure;

	struct ctr_list pool; /* of struct ctr_call */
	size_t pool_count;

	struct ctr_arena arena;          /* of one call */
	struct ctr_arena callback_arena; /* of one callback, from inside which calls may come */
	struct ctr_buf text;             /* an answer in JSON, of one callback */
	struct centro_span *leases;      /* of one heartbeat */
	size_t leases_capacity;
	struct centro_attempt_ref *refs; /* of one node */
	size_t refs_capacity;
};

/* ---- public_engine.c ---- */

/* centro_engine_open() on a store that is open; it is taken over, whatever the result. */
int ctr_public_new(struct centro_store *store, const struct centro_engine_options *options,
		   const struct centro_engine_callbacks *callbacks, struct centro_time now,
		   struct centro_engine **ret_engine, struct centro_error_text *text);

/* ---- public_call.c ---- */

/* NULL: no memory. Everything but `answer` and the engine is zero. */
struct ctr_call *ctr_call_new(struct centro_engine *engine, void (*answer)(struct ctr_call *call));
void ctr_call_free(struct ctr_call *call);
void ctr_calls_fini(struct centro_engine *engine);
/* Answer when all that was applied so far is durable. */
void ctr_call_wait(struct ctr_call *call);
/*
 * Execute, and see that `call` is answered if the outcome depends on the state.
 * The result is what the caller is told at once; on an error `call` is gone.
 */
int ctr_call_execute(struct ctr_call *call, bool has_done, struct centro_time now,
		     const struct ctr_command *command, struct centro_error_text *text);
/* call->text, or what call->status means. */
const char *ctr_call_text(const struct ctr_call *call);

/* A copy of an option struct that the caller may have compiled against another release. */
#define ctr_known_options(to, from) \
	ctr_store_copy_struct((to), sizeof(*(to)), sizeof(*(to)), (from), (from)->size)

/* ---- public_callback.c ---- */

void ctr_callback_durable(struct ctr_subscriber *subscriber, const struct ctr_event *event);
/* Tell again of what was granted to a node and is not known to have been told. */
void ctr_callback_registered(struct centro_engine *engine, centro_node_id node);

#endif
