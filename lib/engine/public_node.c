/* SPDX-License-Identifier: MIT */
/*
 * public_node.c - nodes and attempts of the public API, for owners who bring
 * their own agents.
 *
 * All nodes belong to one agent, this process, in one session, the term, which
 * is another one at each opening of the store: no session is ever stale.
 *
 * Layer: engine.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/codec.h"
#include "engine/public.h"
#include "store/internal.h"

#define AGENT_ID 1

static void answer_status(struct ctr_call *call)
{
	if (call->done.status)
		call->done.status(call->arg, call->status);
}

/* ---- register ---------------------------------------------------- */

static void answer_register(struct ctr_call *call)
{
	if (call->done.node) {
		struct centro_node_result result = {
			.size = sizeof(result),
			.status = call->status,
			.node = call->status == CENTRO_OK ? call->node : 0,
			.text = ctr_call_text(call),
		};
		call->done.node(call->arg, &result);
	}
	if (call->status == CENTRO_OK)
		ctr_callback_registered(call->engine, call->node);
}

int centro_engine_register_node(struct centro_engine *engine, struct centro_time now,
				const struct centro_node_options *node, centro_node_fn *done,
				void *arg, struct centro_error_text *text)
{
	if (!engine || !node)
		return ctr_error(text, CENTRO_ERR_INVALID, "no node is given");

	struct ctr_node_spec spec;
	ctr_arena_reset(&engine->arena, SIZE_MAX);
	int status = ctr_codec_node_spec_from_options(node, &engine->arena, &spec, text);
	if (status != CENTRO_OK)
		return status;
	spec.agent_id = AGENT_ID;
	spec.session = ctr_engine_get_term(engine->engine);

	struct ctr_call *call = ctr_call_new(engine, answer_register);
	if (!call)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	call->done.node = done;
	call->arg = arg;
	struct ctr_command command = {
		.type = CTR_COMMAND_REGISTER,
		.register_node.spec = &spec,
	};
	return ctr_call_execute(call, done != NULL, now, &command, text);
}

/* ---- heartbeat --------------------------------------------------- */

static void answer_kill(struct ctr_call *call)
{
	struct centro_engine *engine = call->engine;
	if (call->status == CENTRO_OK && engine->callbacks.kill)
		engine->callbacks.kill(engine->arg, &call->kill);
}

static struct ctr_call *new_kill(struct centro_engine *engine, centro_node_id node,
				 const struct centro_attempt_ref *attempt)
{
	struct ctr_call *call = ctr_call_new(engine, answer_kill);
	if (!call)
		return NULL;
	call->kill = (struct centro_kill){
		.size = sizeof(call->kill),
		.attempt = *attempt,
		.node = node,
		.cause = CENTRO_CAUSE_REVOKED,
		.grace = ctr_span_ms(CTR_GRACE_DEFAULT_MS),
	};
	return call;
}

/*
 * Those of `held` that have no lease are to be killed. Told like an answer: only once
 * it is durable that they are not granted any more. All of them, or none.
 */
static int revoke(struct centro_engine *engine, centro_node_id node,
		  const struct centro_attempt_ref *held, size_t held_count)
{
	struct ctr_list kills;
	int status = CENTRO_OK;
	ctr_list_init(&kills);
	for (size_t i = 0; i < held_count && status == CENTRO_OK; i++) {
		if (engine->leases[i].ns != 0)
			continue;
		struct ctr_call *call = new_kill(engine, node, &held[i]);
		if (call)
			ctr_list_append(&kills, &call->link);
		else
			status = CENTRO_ERR_NOMEM;
	}
	ctr_list_for_each_safe (link, &kills) {
		struct ctr_call *call = ctr_list_entry(link, struct ctr_call, link);
		ctr_list_remove(link);
		if (status == CENTRO_OK)
			ctr_call_wait(call);
		else
			ctr_call_free(call);
	}
	return status;
}

static int reserve_leases(struct centro_engine *engine, size_t count)
{
	if (count <= engine->leases_capacity)
		return CENTRO_OK;
	struct centro_span *leases =
		ctr_resize_array(engine->allocator, engine->leases, count, sizeof(*leases));
	if (!leases)
		return CENTRO_ERR_NOMEM;
	engine->leases = leases;
	engine->leases_capacity = count;
	return CENTRO_OK;
}

int centro_engine_heartbeat(struct centro_engine *engine, struct centro_time now,
			    centro_node_id node, const struct centro_attempt_ref *held,
			    size_t held_count)
{
	if (!engine || (held_count > 0 && !held))
		return CENTRO_ERR_INVALID;
	if (held_count > CENTRO_HELD_MAX)
		return CENTRO_ERR_LIMIT;

	int status = reserve_leases(engine, held_count);
	if (status != CENTRO_OK)
		return status;
	struct ctr_command command = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat =
			{
				.node = node,
				.session = ctr_engine_get_term(engine->engine),
				.held = held,
				.held_count = held_count,
				.ret_lease = engine->leases,
			},
	};
	struct ctr_result result;
	status = ctr_engine_execute(engine->engine, now, &command, &result);
	return status == CENTRO_OK ? revoke(engine, node, held, held_count) : status;
}

/* ---- drain ------------------------------------------------------- */

static int execute(struct centro_engine *engine, struct centro_time now,
		   const struct ctr_command *command, centro_status_fn *done, void *arg)
{
	struct ctr_call *call = ctr_call_new(engine, answer_status);
	if (!call)
		return CENTRO_ERR_NOMEM;
	call->done.status = done;
	call->arg = arg;
	return ctr_call_execute(call, done != NULL, now, command, NULL);
}

int centro_engine_drain_node(struct centro_engine *engine, struct centro_time now,
			     centro_node_id node, const struct centro_drain_options *options,
			     centro_status_fn *done, void *arg)
{
	struct centro_drain_options known = CENTRO_DRAIN_OPTIONS_INIT;
	if (!engine)
		return CENTRO_ERR_INVALID;
	int status = options ? ctr_known_options(&known, options) : CENTRO_OK;
	if (status != CENTRO_OK)
		return status;
	const struct ctr_command command = {
		.type = CTR_COMMAND_DRAIN,
		.drain =
			{
				.node = node,
				.who = ctr_bytes_str(known.who),
				.reason = ctr_bytes_str(known.reason),
				.has_deadline = known.has_deadline,
				.deadline = known.deadline,
			},
	};
	return execute(engine, now, &command, done, arg);
}

int centro_engine_undrain_node(struct centro_engine *engine, struct centro_time now,
			       centro_node_id node, centro_status_fn *done, void *arg)
{
	if (!engine)
		return CENTRO_ERR_INVALID;
	const struct ctr_command command = {
		.type = CTR_COMMAND_UNDRAIN,
		.undrain.node = node,
	};
	return execute(engine, now, &command, done, arg);
}

/* ---- report ------------------------------------------------------ */

int centro_engine_report(struct centro_engine *engine, struct centro_time now,
			 const struct centro_report *report, centro_status_fn *done, void *arg)
{
	if (!engine || !report)
		return CENTRO_ERR_INVALID;
	struct centro_report known;
	int status = ctr_known_options(&known, report);
	if (status != CENTRO_OK)
		return status;
	if ((unsigned)known.cause >= CENTRO_CAUSE_COUNT ||
	    (known.message && !ctr_utf8_is_valid(ctr_bytes_str(known.message))))
		return CENTRO_ERR_INVALID;

	const struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report =
			{
				.node = known.node,
				.session = ctr_engine_get_term(engine->engine),
				.attempt = known.attempt,
				.ended = known.ended,
				.cause = known.cause,
				.exit_code = known.exit_code,
				.signal = known.signal,
				.message = ctr_bytes_str(known.message),
			},
	};
	return execute(engine, now, &command, done, arg);
}
