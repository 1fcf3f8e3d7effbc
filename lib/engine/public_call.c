/* SPDX-License-Identifier: MIT */
/*
 * public_call.c - calls of the public API that wait for their answer.
 *
 * Invariant: a call is in the pool, or is being made, or waits in the engine for
 * a batch or a read, which always ends: so none is lost.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/str.h"
#include "engine/public.h"

#define POOL_MAX         1024
#define VALUE_BYTES_KEPT ((size_t)16 * 1024)

static void released(struct ctr_release *release, int status)
{
	struct ctr_call *call = ctr_list_entry(release, struct ctr_call, release);

	/* Of what never became durable there is nothing to tell. */
	if (status != CENTRO_OK) {
		call->status = status;
		call->text.text[0] = '\0';
	}
	call->answer(call);
	ctr_call_free(call);
}

struct ctr_call *ctr_call_new(struct centro_engine *engine, void (*answer)(struct ctr_call *call))
{
	struct ctr_call *call;
	if (ctr_list_is_empty(&engine->pool)) {
		call = ctr_alloc_zero(engine->allocator, sizeof(*call));
		if (!call)
			return NULL;
		ctr_list_init(&call->link);
		ctr_buf_init(&call->value, engine->allocator, 0);
		call->engine = engine;
	} else {
		call = ctr_list_entry(engine->pool.next, struct ctr_call, link);
		ctr_list_remove(&call->link);
		engine->pool_count--;
	}
	ctr_release_init(&call->release, released);
	call->answer = answer;
	call->status = CENTRO_OK;
	call->job = 0;
	call->node = 0;
	call->existing = false;
	call->text.text[0] = '\0';
	return call;
}

static void destroy(struct ctr_call *call)
{
	ctr_buf_fini(&call->value);
	ctr_free(call->engine->allocator, call);
}

void ctr_call_free(struct ctr_call *call)
{
	struct centro_engine *engine = call->engine;
	CTR_ASSERT(ctr_list_is_empty(&call->release.link));

	if (engine->pool_count == POOL_MAX || call->value.capacity > VALUE_BYTES_KEPT) {
		destroy(call);
		return;
	}
	ctr_buf_clear(&call->value);
	ctr_list_append(&engine->pool, &call->link);
	engine->pool_count++;
}

void ctr_calls_fini(struct centro_engine *engine)
{
	ctr_list_for_each_safe (node, &engine->pool) {
		ctr_list_remove(node);
		destroy(ctr_list_entry(node, struct ctr_call, link));
	}
	engine->pool_count = 0;
}

void ctr_call_wait(struct ctr_call *call)
{
	ctr_engine_release(call->engine->engine, &call->release);
}

/* The outcome tells something of the state, which may not be durable yet. */
static bool tells_state(int status)
{
	return status == CENTRO_OK || status == CENTRO_ERR_NOT_FOUND ||
	       status == CENTRO_ERR_EXISTS || status == CENTRO_ERR_CONFLICT ||
	       status == CENTRO_ERR_STATE || status == CENTRO_ERR_STALE;
}

int ctr_call_execute(struct ctr_call *call, bool has_done, struct centro_time now,
		     const struct ctr_command *command, struct centro_error_text *text)
{
	struct ctr_result result;
	int status = ctr_engine_execute(call->engine->engine, now, command, &result);
	if (!tells_state(status) || (!has_done && status != CENTRO_OK)) {
		ctr_call_free(call);
		return ctr_error(text, status, "%s", result.text.text);
	}
	call->status = status;
	call->job = result.job;
	call->node = result.node;
	call->existing = result.existing;
	if (status != CENTRO_OK)
		call->text = result.text;
	ctr_call_wait(call);
	return CENTRO_OK;
}

const char *ctr_call_text(const struct ctr_call *call)
{
	if (call->status == CENTRO_OK || call->text.text[0] != '\0')
		return call->text.text;
	return centro_error_help(call->status);
}
