/* SPDX-License-Identifier: MIT */
/*
 * attempts.c - the attempts that an agent knows, each from its offer to the
 * acknowledgement of its end.
 *
 * Invariants:
 * - An attempt is known by its reference from the first assignment until the server
 *   has acknowledged its end, so an assignment that comes again changes nothing.
 * - The host holds its mark before it is claimed: an agent that comes back after a
 *   claim finds it, and can say that it was never started.
 * - Nothing is started but by a claim that the server answered, and once (I4).
 *
 * Layer: agent.
 */
#include "agent/brain.h"
#include "agent/environment.h"

/* ---- the table ---- */

struct ctr_ref_key ctr_ref_key_of(struct centro_attempt_ref ref)
{
	return (struct ctr_ref_key){ref.job, ref.task, ref.index, ref.attempt, 0};
}

struct centro_attempt_ref ctr_attempt_ref(const struct ctr_attempt *attempt)
{
	return (struct centro_attempt_ref){attempt->key.job, attempt->key.task, attempt->key.index,
					   attempt->key.attempt};
}

static struct centro_bytes key_bytes(const struct ctr_ref_key *key)
{
	return ctr_bytes(key, sizeof(*key));
}

struct ctr_attempt *ctr_attempt_find(const struct ctr_agent *agent, struct centro_attempt_ref ref)
{
	struct ctr_ref_key key = ctr_ref_key_of(ref);
	return ctr_bytes_map_find(&agent->by_ref, key_bytes(&key));
}

/* Room for one more, so that adding it cannot fail. */
static struct ctr_attempt *make_room(struct ctr_agent *agent)
{
	if (agent->attempt_count >= agent->attempts_max ||
	    ctr_bytes_map_reserve(&agent->by_ref, 1) != CENTRO_OK ||
	    ctr_map_reserve(&agent->by_handle, 1) != CENTRO_OK)
		return NULL;
	return ctr_alloc_zero(agent->allocator, sizeof(struct ctr_attempt));
}

static void enter(struct ctr_agent *agent, struct ctr_attempt *attempt,
		  struct centro_attempt_ref ref, enum ctr_attempt_phase phase, uint32_t handle)
{
	CTR_ASSERT(!ctr_attempt_find(agent, ref));
	attempt->key = ctr_ref_key_of(ref);
	attempt->phase = phase;
	attempt->handle = handle;
	ctr_list_init(&attempt->link);
	ctr_list_init(&attempt->claim);
	ctr_list_init(&attempt->report);
	ctr_list_init(&attempt->told);
	ctr_list_append(&agent->all, &attempt->link);
	ctr_bytes_map_insert(&agent->by_ref, key_bytes(&attempt->key), attempt);
	if (handle != 0)
		ctr_map_insert(&agent->by_handle, handle, attempt);
	agent->attempt_count++;
}

struct ctr_attempt *ctr_attempt_add(struct ctr_agent *agent, struct centro_attempt_ref ref,
				    enum ctr_attempt_phase phase, uint32_t handle)
{
	struct ctr_attempt *attempt = make_room(agent);
	if (attempt)
		enter(agent, attempt, ref, phase, handle);
	return attempt;
}

void ctr_attempt_drop(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	CTR_ASSERT(agent->attempt_count > 0);
	CTR_ASSERT(attempt->phase != CTR_ATTEMPT_STARTED);
	ctr_list_remove(&attempt->link);
	ctr_list_remove(&attempt->claim);
	ctr_list_remove(&attempt->report);
	ctr_list_remove(&attempt->told);
	ctr_bytes_map_remove(&agent->by_ref, key_bytes(&attempt->key));
	if (attempt->handle != 0) {
		ctr_map_remove(&agent->by_handle, attempt->handle);
		agent->host->forget(agent->host_arg, attempt->handle);
	}
	ctr_free(agent->allocator, attempt);
	agent->attempt_count--;
}

/* ---- offer ---- */

static struct centro_span span_of(const Google__Protobuf__Duration *duration, uint64_t otherwise_ms)
{
	struct centro_span span = ctr_span_ms(otherwise_ms);
	if (duration)
		ctr_codec_span(duration, &span);
	return span;
}

/* One that is to run on without a server has a lease without an end. */
static struct centro_span lease_of(const Centro__V1__Assignment *assignment)
{
	if (assignment->task->on_disconnect == CENTRO__V1__TASK__ON_DISCONNECT__keep)
		return CTR_LEASE_ENDLESS;
	return span_of(assignment->lease, CTR_LEASE_DEFAULT_MS);
}

/*
 * TERM comes so long before the end of the lease: as long as the command may take
 * to obey, but no more than a quarter, or a late heartbeat would cost it its life.
 */
static struct centro_span lease_notice(struct centro_span lease, struct centro_span grace)
{
	uint64_t most_ns = lease.ns / 4;
	return (struct centro_span){grace.ns < most_ns ? grace.ns : most_ns};
}

static int prepare(struct ctr_agent *agent, const Centro__V1__Assignment *assignment,
		   uint32_t *ret_handle, struct centro_error_text *text)
{
	const Centro__V1__Task *task = assignment->task;
	struct ctr_attempt_spec spec = {
		.ref = ctr_codec_attempt_ref(assignment->attempt),
		.argv = (const char *const *)task->command,
		.argc = task->n_command,
		.working_dir = task->working_dir,
		.lease = lease_of(assignment),
		.time_limit = span_of(task->time_limit, 0),
		.kill_grace = span_of(task->kill_grace, CTR_GRACE_DEFAULT_MS),
	};
	spec.lease_notice = lease_notice(spec.lease, spec.kill_grace);
	if (spec.argc == 0)
		return ctr_error(text, CENTRO_ERR_INVALID, "command: empty");
	int error = ctr_environment_make(agent, assignment, &spec.env, &spec.envc);
	if (error)
		return ctr_error(text, error, "out of memory");
	return agent->host->prepare(agent->host_arg, &spec, ret_handle, text);
}

static void end_unstarted(struct ctr_agent *agent, struct ctr_attempt *attempt,
			  enum centro_cause cause, const char *text)
{
	struct ctr_attempt_end end = {.cause = cause, .end_wall = agent->now.wall};
	size_t size = strlen(text);
	if (size >= sizeof(end.message))
		size = ctr_utf8_cut(text, sizeof(end.message) - 1);
	memcpy(end.message, text, size);
	ctr_attempt_end(agent, attempt, &end);
}

void ctr_attempt_offer(struct ctr_agent *agent, const Centro__V1__Assignment *assignment)
{
	struct centro_error_text text = {""};
	uint32_t handle = 0;
	if (!assignment->attempt || !assignment->task || agent->is_stopping ||
	    !ctr_agent_accepts_term(agent, assignment->term))
		return;
	struct centro_attempt_ref ref = ctr_codec_attempt_ref(assignment->attempt);
	if (ctr_attempt_find(agent, ref))
		return;
	/* What does not fit now comes again with a later heartbeat. */
	struct ctr_attempt *attempt = make_room(agent);
	if (!attempt) {
		ctr_log_warn(agent->log, "no room for job=%llu attempts=%zu",
			     (unsigned long long)ref.job, agent->attempt_count);
		return;
	}
	int error = prepare(agent, assignment, &handle, &text);
	enter(agent, attempt, ref, CTR_ATTEMPT_OFFERED, error ? 0 : handle);
	attempt->lease = lease_of(assignment);
	attempt->kill_grace = span_of(assignment->task->kill_grace, CTR_GRACE_DEFAULT_MS);
	if (error)
		end_unstarted(agent, attempt, CENTRO_CAUSE_START_FAILED,
			      text.text[0] ? text.text : centro_error_help(error));
	else
		ctr_list_append(&agent->offered, &attempt->claim);
}

/* ---- start ---- */

void ctr_attempt_start(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	struct centro_error_text text = {""};
	CTR_ASSERT(attempt->phase == CTR_ATTEMPT_CLAIMING);
	CTR_ASSERT(attempt->handle != 0);
	ctr_list_remove(&attempt->claim);
	/* The next heartbeat may have been planned for leases that are longer. */
	struct centro_span third = {attempt->lease.ns / 3};
	agent->heartbeat_due =
		ctr_earlier(agent->heartbeat_due, ctr_after(agent->claim_sent, third));
	int error = agent->host->start(agent->host_arg, attempt->handle,
				       ctr_after(agent->claim_sent, attempt->lease), &text);
	attempt->phase = CTR_ATTEMPT_STARTED;
	if (error)
		end_unstarted(agent, attempt, CENTRO_CAUSE_START_FAILED,
			      text.text[0] ? text.text : centro_error_help(error));
}

/* ---- end ---- */

void ctr_attempt_kill(struct ctr_agent *agent, struct ctr_attempt *attempt, enum centro_cause cause,
		      struct centro_span grace)
{
	switch (attempt->phase) {
	case CTR_ATTEMPT_OFFERED:
		end_unstarted(agent, attempt, cause, "");
		break;
	case CTR_ATTEMPT_CLAIMING:
		/* The answer to the claim does not find it there any more. */
		end_unstarted(agent, attempt, cause, "");
		break;
	case CTR_ATTEMPT_STARTED:
		agent->host->kill(agent->host_arg, attempt->handle, cause, grace);
		break;
	case CTR_ATTEMPT_ENDED:
		break;
	}
}

void ctr_attempt_revoke(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	attempt->is_revoked = true;
	ctr_list_remove(&attempt->report);
	if (attempt->phase == CTR_ATTEMPT_STARTED)
		agent->host->kill(agent->host_arg, attempt->handle, CENTRO_CAUSE_LEASE_EXPIRED,
				  (struct centro_span){0});
	else
		ctr_attempt_drop(agent, attempt);
}

void ctr_attempt_end(struct ctr_agent *agent, struct ctr_attempt *attempt,
		     const struct ctr_attempt_end *end)
{
	CTR_ASSERT(attempt->phase != CTR_ATTEMPT_ENDED);
	ctr_list_remove(&attempt->claim);
	attempt->phase = CTR_ATTEMPT_ENDED;
	attempt->end = *end;
	if (end->start_wall.ns != 0)
		attempt->start_wall = end->start_wall;
	if (attempt->is_revoked)
		ctr_attempt_drop(agent, attempt);
	else
		ctr_attempt_report(agent, attempt);
}

void ctr_attempt_report(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	CTR_ASSERT(!attempt->is_revoked);
	/* Once it has ended its start can wait: they are told together, after its output. */
	bool has_tails = attempt->phase == CTR_ATTEMPT_ENDED && attempt->handle != 0;
	ctr_list_remove(&attempt->report);
	ctr_list_append(has_tails ? &agent->tails : &agent->reports, &attempt->report);
}
