/* SPDX-License-Identifier: MIT */
/*
 * attempts.c - the attempts that an agent knows, each from its offer to the
 * acknowledgement of its end.
 *
 * An attempt is known by its reference from the first assignment until the server
 * has acknowledged its end; so an assignment that comes again changes nothing.
 */
#include "agent/brain.h"
#include "agent/environment.h"

struct ctr_ref_key ctr_ref_key_of(struct centro_attempt_ref ref)
{
	return (struct ctr_ref_key){ ref.job, ref.task, ref.index, ref.attempt, 0 };
}

struct centro_attempt_ref ctr_attempt_ref(const struct ctr_attempt *attempt)
{
	return (struct centro_attempt_ref){ attempt->key.job, attempt->key.task,
					    attempt->key.index, attempt->key.attempt };
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

struct ctr_attempt *ctr_attempt_add(struct ctr_agent *agent, struct centro_attempt_ref ref,
				    enum ctr_attempt_phase phase)
{
	CTR_ASSERT(!ctr_attempt_find(agent, ref));
	if (agent->attempt_count >= agent->attempts_max ||
	    ctr_bytes_map_reserve(&agent->by_ref, 1) != CENTRO_OK)
		return NULL;
	struct ctr_attempt *attempt = ctr_alloc_zero(agent->allocator, sizeof(*attempt));
	if (!attempt)
		return NULL;
	attempt->key = ctr_ref_key_of(ref);
	attempt->phase = phase;
	ctr_list_init(&attempt->claim_link);
	ctr_list_init(&attempt->report_link);
	ctr_list_init(&attempt->link);
	ctr_list_append(&agent->all, &attempt->link);
	ctr_bytes_map_insert(&agent->by_ref, key_bytes(&attempt->key), attempt);
	agent->attempt_count++;
	return attempt;
}

void ctr_attempt_drop(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	CTR_ASSERT(agent->attempt_count > 0);
	ctr_list_remove(&attempt->claim_link);
	ctr_list_remove(&attempt->report_link);
	ctr_list_remove(&attempt->link);
	ctr_bytes_map_remove(&agent->by_ref, key_bytes(&attempt->key));
	if (attempt->has_handle) {
		ctr_map_remove(&agent->by_handle, (uint64_t)attempt->handle + 1);
		agent->host->forget(agent->host_arg, attempt->handle);
	}
	ctr_free(agent->allocator, attempt->assignment);
	ctr_free(agent->allocator, attempt);
	agent->attempt_count--;
}

static struct centro_span span_of(const Google__Protobuf__Duration *duration, uint64_t otherwise_ms)
{
	struct centro_span span = ctr_span_ms(otherwise_ms);
	if (duration)
		ctr_codec_span(duration, &span);
	return span;
}

/* Its text is needed again when the claim is answered. */
static bool keep_assignment(struct ctr_agent *agent, struct ctr_attempt *attempt,
			    const Centro__V1__Assignment *assignment)
{
	ctr_buf_clear(&agent->scratch);
	if (ctr_message_encode(&assignment->base, &agent->scratch) != CENTRO_OK)
		return false;
	attempt->assignment_size = agent->scratch.size;
	attempt->assignment = ctr_alloc(agent->allocator, agent->scratch.size);
	if (!attempt->assignment)
		return false;
	memcpy(attempt->assignment, agent->scratch.data, agent->scratch.size);
	return true;
}

void ctr_attempt_offer(struct ctr_agent *agent, const Centro__V1__Assignment *assignment)
{
	if (!assignment->attempt || !assignment->task || agent->is_stopping ||
	    !ctr_agent_accepts_term(agent, assignment->term))
		return;
	struct centro_attempt_ref ref = ctr_codec_attempt_ref(assignment->attempt);
	if (ctr_attempt_find(agent, ref))
		return;
	/* What does not fit into memory now comes again with a later heartbeat. */
	struct ctr_attempt *attempt = ctr_attempt_add(agent, ref, CTR_ATTEMPT_OFFERED);
	if (!attempt)
		return;
	attempt->lease = span_of(assignment->lease, CTR_LEASE_DEFAULT_MS);
	attempt->kill_grace = span_of(assignment->task->kill_grace, CTR_GRACE_DEFAULT_MS);
	if (keep_assignment(agent, attempt, assignment))
		ctr_list_append(&agent->offered, &attempt->claim_link);
	else
		ctr_attempt_drop(agent, attempt);
}

static void fail_start(struct ctr_agent *agent, struct ctr_attempt *attempt,
		       enum centro_cause cause, const char *text)
{
	attempt->end = (struct ctr_attempt_end){ .cause = cause, .end_wall = agent->now.wall };
	size_t size = strlen(text);
	if (size >= sizeof(attempt->end.message))
		size = ctr_utf8_cut(text, sizeof(attempt->end.message) - 1);
	memcpy(attempt->end.message, text, size);
	attempt->phase = CTR_ATTEMPT_ENDED;
	ctr_attempt_report(agent, attempt);
}

/* TERM must come early enough for the grace to end before the lease does. */
static struct centro_span lease_notice(const struct ctr_attempt *attempt)
{
	uint64_t most = attempt->lease.ns / 2;
	return (struct centro_span){ attempt->kill_grace.ns < most ? attempt->kill_grace.ns : most };
}

static int prepare(struct ctr_agent *agent, struct ctr_attempt *attempt,
		   const Centro__V1__Assignment *assignment, struct centro_error_text *text)
{
	const Centro__V1__Task *task = assignment->task;
	struct ctr_attempt_spec spec = {
		.ref = ctr_attempt_ref(attempt),
		.argv = (const char *const *)task->command,
		.argc = task->n_command,
		.working_dir = task->working_dir,
		.lease = attempt->lease,
		.lease_notice = lease_notice(attempt),
		.time_limit = task->time_limit ? span_of(task->time_limit, 0)
					       : (struct centro_span){ 0 },
		.kill_grace = attempt->kill_grace,
	};
	if (spec.argc == 0)
		return ctr_error(text, CENTRO_ERR_INVALID, "there is no command");
	int error = ctr_environment_make(agent, assignment, &spec.env, &spec.envc);
	if (!error)
		error = ctr_map_reserve(&agent->by_handle, 1);
	if (error)
		return ctr_error(text, error, "out of memory");
	error = agent->host->prepare(agent->host_arg, &spec, &attempt->handle, text);
	if (error)
		return error;
	attempt->has_handle = true;
	ctr_map_insert(&agent->by_handle, (uint64_t)attempt->handle + 1, attempt);
	return CENTRO_OK;
}

void ctr_attempt_start(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	struct centro_error_text text = { "" };
	CTR_ASSERT(attempt->phase == CTR_ATTEMPT_CLAIMING);
	CTR_ASSERT(attempt->assignment);
	if (attempt->kill_wanted) {
		fail_start(agent, attempt, CENTRO_CAUSE_CANCEL, "");
		return;
	}
	const Centro__V1__Assignment *assignment =
		(const Centro__V1__Assignment *)ctr_agent_decode(
			agent, &centro__v1__assignment__descriptor,
			ctr_bytes(attempt->assignment, attempt->assignment_size));
	int error = assignment ? prepare(agent, attempt, assignment, &text) : CENTRO_ERR_CORRUPT;
	ctr_free(agent->allocator, attempt->assignment);
	attempt->assignment = NULL;
	if (!error) {
		attempt->phase = CTR_ATTEMPT_STARTED;
		/* The next heartbeat may have been planned for leases that are longer. */
		agent->heartbeat_due =
			ctr_earlier(agent->heartbeat_due,
				    ctr_after(agent->claim_sent,
					      (struct centro_span){ attempt->lease.ns / 3 }));
		error = agent->host->start(agent->host_arg, attempt->handle,
					   ctr_after(agent->claim_sent, attempt->lease), &text);
	}
	if (error)
		fail_start(agent, attempt, CENTRO_CAUSE_START_FAILED,
			   text.text[0] ? text.text : centro_error_help(error));
}

void ctr_attempt_kill(struct ctr_agent *agent, struct ctr_attempt *attempt,
		      enum centro_cause cause, struct centro_span grace)
{
	switch (attempt->phase) {
	case CTR_ATTEMPT_OFFERED:
		ctr_attempt_drop(agent, attempt);
		break;
	case CTR_ATTEMPT_CLAIMING:
		attempt->kill_wanted = true;
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
	if (attempt->phase == CTR_ATTEMPT_STARTED)
		agent->host->kill(agent->host_arg, attempt->handle, CENTRO_CAUSE_LEASE_EXPIRED,
				  (struct centro_span){ 0 });
	else if (!attempt->in_report && attempt->tails == 0 &&
		 attempt->phase != CTR_ATTEMPT_CLAIMING)
		ctr_attempt_drop(agent, attempt);
}

void ctr_attempt_report(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	if (ctr_list_is_empty(&attempt->report_link))
		ctr_list_append(&agent->reports, &attempt->report_link);
}

void ctr_attempt_end(struct ctr_agent *agent, struct ctr_attempt *attempt)
{
	CTR_ASSERT(attempt->phase == CTR_ATTEMPT_ENDED);
	CTR_ASSERT(attempt->tails == 0);
	if (attempt->is_revoked && !attempt->in_report)
		ctr_attempt_drop(agent, attempt);
	else
		ctr_attempt_report(agent, attempt);
}
