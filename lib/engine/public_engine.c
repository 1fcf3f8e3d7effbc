/* SPDX-License-Identifier: MIT */
/*
 * public_engine.c - the life of an engine of the public API.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/str.h"
#include "engine/public.h"
#include "store/internal.h"

static int copy_options(struct centro_engine_options *known,
			struct centro_engine_callbacks *callbacks,
			const struct centro_engine_options *options, struct centro_error_text *text)
{
	*known = (struct centro_engine_options)CENTRO_ENGINE_OPTIONS_INIT;
	*callbacks = (struct centro_engine_callbacks)CENTRO_ENGINE_CALLBACKS_INIT;
	if (options && ctr_known_options(known, options) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_ABI,
				 "the engine options have %zu bytes; this library knows %zu",
				 options->size, sizeof(*known));
	if (known->callbacks && ctr_known_options(callbacks, known->callbacks) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_ABI,
				 "the callbacks have %zu bytes; this library knows %zu",
				 known->callbacks->size, sizeof(*callbacks));
	return CENTRO_OK;
}

/* The store is taken over, whatever the result. */
static int start(struct centro_store *store, const struct centro_engine_options *options,
		 struct centro_time now, struct ctr_engine **ret_engine,
		 struct centro_error_text *text)
{
	struct ctr_engine_options engine_options = {
		.allocator = options->allocator,
		.log = options->log,
		.history_keep = options->history_keep,
		.history_age = options->history_age,
		.core =
			{
				.seed = options->seed,
				.jobs_max = options->jobs_max,
				.nodes_max = options->nodes_max,
				.node_timeout = options->node_timeout,
				.order = (enum ctr_order)options->order,
				.quarantine_after = options->quarantine_after,
			},
		.events_max = options->events_max,
		.events_age = options->events_age,
	};
	struct ctr_engine *engine;
	int status = ctr_engine_new(&engine_options, store, now, &engine, text);
	if (status != CENTRO_OK)
		return status;
	/* The store works as long as this lasts, or its disk does: here we may block. */
	while (ctr_engine_get_state(engine) == CTR_ENGINE_LOADING)
		(void)ctr_engine_dispatch(engine, now);
	status = ctr_engine_get_error(engine, text);
	if (status != CENTRO_OK) {
		ctr_engine_free(engine);
		return status;
	}
	*ret_engine = engine;
	return CENTRO_OK;
}

int ctr_public_new(struct centro_store *store, const struct centro_engine_options *options,
		   const struct centro_engine_callbacks *callbacks, struct centro_time now,
		   struct centro_engine **ret_engine, struct centro_error_text *text)
{
	const struct centro_allocator *allocator = options->allocator;
	struct centro_engine *engine = ctr_alloc_zero(allocator, sizeof(*engine));
	if (!engine) {
		centro_store_free(store);
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	}
	int status = start(store, options, now, &engine->engine, text);
	if (status != CENTRO_OK) {
		ctr_free(allocator, engine);
		return status;
	}
	engine->allocator = allocator;
	engine->callbacks = *callbacks;
	engine->arg = options->arg;
	engine->now = now;
	ctr_list_init(&engine->pool);
	ctr_arena_init(&engine->arena, allocator, SIZE_MAX);
	ctr_arena_init(&engine->callback_arena, allocator, SIZE_MAX);
	ctr_buf_init(&engine->text, allocator, 0);
	engine->subscriber.durable = ctr_callback_durable;
	ctr_engine_subscribe(engine->engine, &engine->subscriber);
	*ret_engine = engine;
	return CENTRO_OK;
}

int centro_engine_open(const char *uri, const struct centro_engine_options *options,
		       struct centro_time now, struct centro_engine **ret_engine,
		       struct centro_error_text *text)
{
	if (!ret_engine)
		return ctr_error(text, CENTRO_ERR_INVALID, "there is no place for the engine");
	struct centro_engine_options known;
	struct centro_engine_callbacks callbacks;
	int status = copy_options(&known, &callbacks, options, text);
	if (status != CENTRO_OK)
		return status;

	known.allocator = ctr_allocator_or_default(known.allocator);
	struct centro_store_options store_options = {
		.size = sizeof(store_options),
		.allocator = known.allocator,
		.bytes_max = known.store_bytes_max,
	};
	struct centro_store *store;
	status = centro_store_open(uri, &store_options, &store, text);
	if (status != CENTRO_OK)
		return status;
	return ctr_public_new(store, &known, &callbacks, now, ret_engine, text);
}

void centro_engine_free(struct centro_engine *engine)
{
	if (!engine)
		return;
	/* Answers come from here; what they would start, is refused. */
	ctr_engine_free(engine->engine);
	ctr_calls_fini(engine);
	ctr_arena_fini(&engine->arena);
	ctr_arena_fini(&engine->callback_arena);
	ctr_buf_fini(&engine->text);
	ctr_free(engine->allocator, engine->leases);
	ctr_free(engine->allocator, engine->refs);
	ctr_free(engine->allocator, engine);
}

int centro_engine_fd(const struct centro_engine *engine)
{
	return ctr_engine_fd(engine->engine);
}

struct centro_instant centro_engine_get_wake(const struct centro_engine *engine)
{
	return ctr_engine_get_wake(engine->engine);
}

int centro_engine_dispatch(struct centro_engine *engine, struct centro_time now)
{
	engine->now = now;
	int status = ctr_engine_dispatch(engine->engine, now);
	if (status != CENTRO_OK && !engine->told_failure) {
		engine->told_failure = true;
		if (engine->callbacks.failed)
			engine->callbacks.failed(engine->arg, status);
	}
	return status;
}

uint64_t centro_engine_get_term(const struct centro_engine *engine)
{
	return ctr_engine_get_term(engine->engine);
}
