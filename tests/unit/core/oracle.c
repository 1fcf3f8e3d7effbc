/* SPDX-License-Identifier: MIT */
/* An onlooker with books of its own. */
#include "oracle.h"

static struct oracle_job *job_of(struct oracle *oracle, centro_job_id id)
{
	return &oracle->jobs[id % ORACLE_JOBS_MAX];
}

static struct oracle_node *node_of(struct oracle *oracle, centro_node_id id)
{
	/* Few in each block of numbers; a reload begins a new block. */
	size_t at = id / CTR_ID_BLOCK * 8 + id % CTR_ID_BLOCK;

	ck_assert_uint_lt(at, ORACLE_NODES_MAX);
	return &oracle->nodes[at];
}

static struct oracle_instance *instance_of(struct oracle *oracle,
					   const struct centro_attempt_ref *ref)
{
	struct oracle_job *job = job_of(oracle, ref->job);

	ck_assert(job->known);
	ck_assert_uint_eq(ref->task, 0);
	ck_assert_uint_lt(ref->index, job->instance_count);
	return &job->instances[ref->index];
}

void oracle_submitted(struct oracle *oracle, int number, uint64_t spec_hash,
		      const struct ctr_result *result, const struct oracle_job *submitted)
{
	if (number >= 0) {
		struct oracle_request *request = &oracle->requests[number];
		if (request->job != 0) {
			/* Seen before: the same answer, or a conflict, whatever else has changed.
			 */
			if (request->spec_hash != spec_hash) {
				ck_assert_int_eq(result->status, CENTRO_ERR_CONFLICT);
				return;
			}
			ck_assert_int_eq(result->status, CENTRO_OK);
			ck_assert(result->existing);
			ck_assert_uint_eq(result->job, request->job);
			return;
		}
		if (result->status == CENTRO_OK)
			*request = (struct oracle_request){result->job, spec_hash};
	}
	if (result->status != CENTRO_OK)
		return;
	ck_assert(!result->existing);
	struct oracle_job *job = job_of(oracle, result->job);
	ck_assert(!job->known);
	*job = *submitted;
	job->known = true;
	oracle->last_job = result->job;
}

void oracle_claimed(struct oracle *oracle, struct centro_attempt_ref ref, centro_node_id node)
{
	const struct oracle_instance *instance = instance_of(oracle, &ref);

	ck_assert(!job_of(oracle, ref.job)->cancelled);
	ck_assert(!instance->ended);
	ck_assert_uint_eq(instance->attempt, ref.attempt);
	ck_assert_uint_eq(instance->node, node);
}

void oracle_offer(struct oracle *oracle, centro_node_id id, const char *datacenter,
		  const uint64_t capacity[ORACLE_DIMENSIONS])
{
	node_of(oracle, id)->datacenter = datacenter;
	memcpy(node_of(oracle, id)->capacity, capacity, sizeof(oracle->nodes[0].capacity));
}

static bool is_allowed(const struct oracle_job *job, const struct oracle_node *node)
{
	for (size_t i = 0; i < 2 && job->datacenters[i]; i++) {
		if (strcmp(job->datacenters[i], node->datacenter) == 0)
			return true;
	}
	return !job->datacenters[0];
}

static bool waits(const struct oracle_job *job, uint32_t index)
{
	return job->instances[index].node == 0 && !job->instances[index].ended;
}

/* Nothing goes before what was granted. */
static void check_strict(struct oracle *oracle, const struct centro_attempt_ref *ref)
{
	int32_t priority = job_of(oracle, ref->job)->priority;

	for (centro_job_id id = 1; id <= oracle->last_job; id++) {
		const struct oracle_job *job = job_of(oracle, id);
		uint32_t count = id == ref->job ? ref->index : job->instance_count;
		if (!job->known || job->cancelled || job->priority < priority ||
		    (job->priority == priority && id > ref->job))
			continue;
		for (uint32_t i = 0; i < count; i++)
			ck_assert_msg(!waits(job, i), "%llu.%lu was passed by %llu",
				      (unsigned long long)id, (unsigned long)i,
				      (unsigned long long)ref->job);
	}
}

static void grant(struct oracle *oracle, const struct ctr_event *event)
{
	struct oracle_job *job = job_of(oracle, event->attempt.job);
	struct oracle_instance *instance = instance_of(oracle, &event->attempt);
	struct oracle_node *node = node_of(oracle, event->node);

	ck_assert(!job->cancelled);
	ck_assert(!instance->ended);
	ck_assert_uint_eq(instance->node, 0);
	ck_assert_uint_eq(event->attempt.attempt, instance->attempt + 1);
	ck_assert(node->ready);
	ck_assert(is_allowed(job, node));
	if (oracle->is_strict)
		check_strict(oracle, &event->attempt);
	instance->attempt++;
	instance->node = event->node;
	for (size_t i = 0; i < ORACLE_DIMENSIONS; i++) {
		node->used[i] += job->need[i];
		ck_assert_msg(job->need[i] == 0 || node->used[i] <= node->capacity[i],
			      "I6: event %llu: node %llu has %llu of %llu in dimension %zu",
			      (unsigned long long)event->number, (unsigned long long)event->node,
			      (unsigned long long)node->used[i],
			      (unsigned long long)node->capacity[i], i);
	}
}

/* Nothing of the gang waits: all of it was granted, one after the other, before anything else. */
static void end_gang(struct oracle *oracle)
{
	const struct oracle_job *job = job_of(oracle, oracle->gang);

	for (uint32_t i = 0; oracle->gang != 0 && i < job->instance_count; i++)
		ck_assert_msg(!waits(job, i), "a part of gang %llu was granted, and %lu was not",
			      (unsigned long long)oracle->gang, (unsigned long)i);
	oracle->gang = 0;
}

static void see_gang(struct oracle *oracle, const struct ctr_event *event)
{
	bool is_grant = event->type == CENTRO_EVENT_INSTANCE_ASSIGNED;

	if (!is_grant || event->attempt.job != oracle->gang)
		end_gang(oracle);
	if (is_grant && job_of(oracle, event->attempt.job)->gang)
		oracle->gang = event->attempt.job;
}

void oracle_see_end(struct oracle *oracle)
{
	end_gang(oracle);
}

static void release(struct oracle *oracle, const struct ctr_event *event)
{
	const struct oracle_job *job = job_of(oracle, event->attempt.job);
	struct oracle_instance *instance = instance_of(oracle, &event->attempt);

	ck_assert(!instance->ended);
	ck_assert_uint_eq(event->attempt.attempt, instance->attempt);
	if (instance->node == 0) {
		/* Only what waits can end without having been granted: cancelled. */
		ck_assert_int_eq(event->instance_state, CENTRO_INSTANCE_CANCELLED);
		ck_assert(job->cancelled);
		return;
	}
	struct oracle_node *node = node_of(oracle, instance->node);
	for (size_t i = 0; i < ORACLE_DIMENSIONS; i++) {
		ck_assert_uint_ge(node->used[i], job->need[i]);
		node->used[i] -= job->need[i];
	}
	instance->node = 0;
}

static void end_job(struct oracle *oracle, const struct ctr_event *event)
{
	struct oracle_job *job = job_of(oracle, event->attempt.job);

	ck_assert(job->known && !job->ended);
	ck_assert(centro_job_state_is_final(event->job_state));
	for (uint32_t i = 0; i < job->instance_count; i++)
		ck_assert(job->instances[i].ended);
	job->ended = true;
}

void oracle_see(struct oracle *oracle, const struct ctr_event *event)
{
	ck_assert_uint_eq(event->number, ++oracle->last_event);
	ck_assert_ptr_null(event->command);
	if (event->attempt.job != 0)
		ck_assert(!job_of(oracle, event->attempt.job)->ended);
	see_gang(oracle, event);

	switch (event->type) {
	case CENTRO_EVENT_JOB_SUBMITTED:
		ck_assert(job_of(oracle, event->attempt.job)->known);
		break;
	case CENTRO_EVENT_JOB_CANCEL_REQUESTED:
		ck_assert(!job_of(oracle, event->attempt.job)->cancelled);
		job_of(oracle, event->attempt.job)->cancelled = true;
		break;
	case CENTRO_EVENT_JOB_ENDED:
		end_job(oracle, event);
		break;
	case CENTRO_EVENT_INSTANCE_ASSIGNED:
		grant(oracle, event);
		break;
	case CENTRO_EVENT_INSTANCE_RUNNING:
		ck_assert_uint_eq(instance_of(oracle, &event->attempt)->node, event->node);
		break;
	case CENTRO_EVENT_INSTANCE_REQUEUED:
		ck_assert(!job_of(oracle, event->attempt.job)->cancelled);
		release(oracle, event);
		break;
	case CENTRO_EVENT_INSTANCE_ENDED:
		release(oracle, event);
		instance_of(oracle, &event->attempt)->ended = true;
		break;
	case CENTRO_EVENT_NODE_READY:
		ck_assert(!node_of(oracle, event->node)->ready);
		node_of(oracle, event->node)->ready = true;
		break;
	case CENTRO_EVENT_NODE_DOWN:
	case CENTRO_EVENT_NODE_DRAINING:
		node_of(oracle, event->node)->ready = false;
		break;
	case CENTRO_EVENT_NODE_REGISTERED:
		/* A new one is ready at once; an old one stays as it is. */
		if (!node_of(oracle, event->node)->known)
			node_of(oracle, event->node)->ready = true;
		node_of(oracle, event->node)->known = true;
		break;
	case CENTRO_EVENT_QUEUE_SET:
		ck_assert_ptr_nonnull(event->queue);
		break;
	}
}
