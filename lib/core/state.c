/* SPDX-License-Identifier: MIT */
/*
 * state.c - what may follow what, as tables.
 *
 * Invariants: what nobody listed is not allowed, since 0 stands for that and no
 * state is 0; a final state has no way out (I9).
 *
 * An instance and its attempt make the same moves. The two tables differ in what
 * is left behind: an instance whose attempt was lost waits again, and its next
 * attempt starts from nothing.
 *
 * Layer: core.
 */
#include "core/state.h"

#include "base/assert.h"

static const uint8_t instance_table[CENTRO_INSTANCE_STATE_COUNT][CTR_MOVE_COUNT] = {
	[CENTRO_INSTANCE_PENDING] =
		{
			[CTR_MOVE_GRANT] = CENTRO_INSTANCE_ASSIGNED,
			[CTR_MOVE_CANCEL] = CENTRO_INSTANCE_CANCELLED,
		},
	[CENTRO_INSTANCE_ASSIGNED] =
		{
			[CTR_MOVE_START] = CENTRO_INSTANCE_RUNNING,
			[CTR_MOVE_SUCCEED] = CENTRO_INSTANCE_SUCCEEDED,
			[CTR_MOVE_FAIL] = CENTRO_INSTANCE_FAILED,
			[CTR_MOVE_CANCEL] = CENTRO_INSTANCE_CANCELLED,
			[CTR_MOVE_TIME_OUT] = CENTRO_INSTANCE_TIMEOUT,
			[CTR_MOVE_REQUEUE] = CENTRO_INSTANCE_PENDING,
		},
	[CENTRO_INSTANCE_RUNNING] =
		{
			[CTR_MOVE_SUCCEED] = CENTRO_INSTANCE_SUCCEEDED,
			[CTR_MOVE_FAIL] = CENTRO_INSTANCE_FAILED,
			[CTR_MOVE_CANCEL] = CENTRO_INSTANCE_CANCELLED,
			[CTR_MOVE_TIME_OUT] = CENTRO_INSTANCE_TIMEOUT,
			[CTR_MOVE_REQUEUE] = CENTRO_INSTANCE_PENDING,
		},
	/* Blocked and backoff are not used yet; the final states have no way out. */
};

static const uint8_t attempt_table[CTR_ATTEMPT_STATE_COUNT][CTR_MOVE_COUNT] = {
	[CTR_ATTEMPT_NONE] =
		{
			[CTR_MOVE_GRANT] = CTR_ATTEMPT_ASSIGNED,
		},
	[CTR_ATTEMPT_ASSIGNED] =
		{
			[CTR_MOVE_START] = CTR_ATTEMPT_RUNNING,
			[CTR_MOVE_SUCCEED] = CTR_ATTEMPT_SUCCEEDED,
			[CTR_MOVE_FAIL] = CTR_ATTEMPT_FAILED,
			[CTR_MOVE_CANCEL] = CTR_ATTEMPT_CANCELLED,
			[CTR_MOVE_TIME_OUT] = CTR_ATTEMPT_TIMEOUT,
			[CTR_MOVE_REQUEUE] = CTR_ATTEMPT_LOST,
		},
	[CTR_ATTEMPT_RUNNING] =
		{
			[CTR_MOVE_SUCCEED] = CTR_ATTEMPT_SUCCEEDED,
			[CTR_MOVE_FAIL] = CTR_ATTEMPT_FAILED,
			[CTR_MOVE_CANCEL] = CTR_ATTEMPT_CANCELLED,
			[CTR_MOVE_TIME_OUT] = CTR_ATTEMPT_TIMEOUT,
			[CTR_MOVE_REQUEUE] = CTR_ATTEMPT_LOST,
		},
};

static const uint8_t node_table[CENTRO_NODE_STATE_COUNT][CTR_NODE_MOVE_COUNT] = {
	[CTR_NODE_ABSENT] =
		{
			[CTR_NODE_REGISTER] = CENTRO_NODE_READY,
		},
	[CENTRO_NODE_READY] =
		{
			[CTR_NODE_REGISTER] = CENTRO_NODE_READY,
			[CTR_NODE_FALL_SILENT] = CENTRO_NODE_DOWN,
			[CTR_NODE_DRAIN] = CENTRO_NODE_DRAINING,
		},
	[CENTRO_NODE_DRAINING] =
		{
			[CTR_NODE_REGISTER] = CENTRO_NODE_DRAINING,
			[CTR_NODE_FALL_SILENT] = CENTRO_NODE_DOWN,
			[CTR_NODE_DRAIN] = CENTRO_NODE_DRAINING,
			[CTR_NODE_UNDRAIN] = CENTRO_NODE_READY,
		},
	/* A drained one speaks and is drained at once: see apply.c. */
	[CENTRO_NODE_DOWN] =
		{
			[CTR_NODE_REGISTER] = CENTRO_NODE_DOWN,
			[CTR_NODE_SPEAK] = CENTRO_NODE_READY,
			[CTR_NODE_DRAIN] = CENTRO_NODE_DOWN,
			[CTR_NODE_UNDRAIN] = CENTRO_NODE_DOWN,
		},
	/* Pending and denied are not used yet. */
};

static const bool job_table[CENTRO_JOB_STATE_COUNT][CENTRO_JOB_STATE_COUNT] = {
	[CENTRO_JOB_PENDING] =
		{
			[CENTRO_JOB_PENDING] = true,
			[CENTRO_JOB_RUNNING] = true,
			[CENTRO_JOB_SUCCEEDED] = true,
			[CENTRO_JOB_FAILED] = true,
			[CENTRO_JOB_CANCELLED] = true,
			[CENTRO_JOB_TIMEOUT] = true,
		},
	[CENTRO_JOB_RUNNING] =
		{
			[CENTRO_JOB_PENDING] = true,
			[CENTRO_JOB_RUNNING] = true,
			[CENTRO_JOB_SUCCEEDED] = true,
			[CENTRO_JOB_FAILED] = true,
			[CENTRO_JOB_CANCELLED] = true,
			[CENTRO_JOB_TIMEOUT] = true,
		},
	/* A job that has ended may only stay as it is. */
	[CENTRO_JOB_SUCCEEDED] = {[CENTRO_JOB_SUCCEEDED] = true},
	[CENTRO_JOB_FAILED] = {[CENTRO_JOB_FAILED] = true},
	[CENTRO_JOB_CANCELLED] = {[CENTRO_JOB_CANCELLED] = true},
	[CENTRO_JOB_TIMEOUT] = {[CENTRO_JOB_TIMEOUT] = true},
};

static bool is_below(int value, int count)
{
	return value >= 0 && value < count;
}

enum centro_instance_state ctr_instance_next(int state, int move)
{
	if (!is_below(state, CENTRO_INSTANCE_STATE_COUNT) || !is_below(move, CTR_MOVE_COUNT))
		return 0;
	return instance_table[state][move];
}

enum ctr_attempt_state ctr_attempt_next(int state, int move)
{
	if (!is_below(state, CTR_ATTEMPT_STATE_COUNT) || !is_below(move, CTR_MOVE_COUNT))
		return 0;
	return attempt_table[state][move];
}

bool ctr_attempt_is_live(int state)
{
	return state == CTR_ATTEMPT_ASSIGNED || state == CTR_ATTEMPT_RUNNING;
}

enum ctr_attempt_state ctr_attempt_of(int instance_state)
{
	switch (instance_state) {
	case CENTRO_INSTANCE_ASSIGNED:
		return CTR_ATTEMPT_ASSIGNED;
	case CENTRO_INSTANCE_RUNNING:
		return CTR_ATTEMPT_RUNNING;
	default:
		return CTR_ATTEMPT_NONE;
	}
}

static enum ctr_instance_move end_move(enum centro_instance_state state)
{
	switch (state) {
	case CENTRO_INSTANCE_SUCCEEDED:
		return CTR_MOVE_SUCCEED;
	case CENTRO_INSTANCE_FAILED:
		return CTR_MOVE_FAIL;
	case CENTRO_INSTANCE_CANCELLED:
		return CTR_MOVE_CANCEL;
	case CENTRO_INSTANCE_TIMEOUT:
		return CTR_MOVE_TIME_OUT;
	default:
		CTR_UNREACHABLE();
	}
}

enum ctr_instance_move ctr_event_move(const struct ctr_event *event)
{
	switch (event->type) {
	case CENTRO_EVENT_INSTANCE_ASSIGNED:
		return CTR_MOVE_GRANT;
	case CENTRO_EVENT_INSTANCE_RUNNING:
		return CTR_MOVE_START;
	case CENTRO_EVENT_INSTANCE_REQUEUED:
		return CTR_MOVE_REQUEUE;
	case CENTRO_EVENT_INSTANCE_ENDED:
		return end_move(event->instance_state);
	default:
		CTR_UNREACHABLE();
	}
}

enum centro_node_state ctr_node_next(int state, int move)
{
	if (!is_below(state, CENTRO_NODE_STATE_COUNT) || !is_below(move, CTR_NODE_MOVE_COUNT))
		return 0;
	return node_table[state][move];
}

bool ctr_job_may_become(int from, int to)
{
	if (!is_below(from, CENTRO_JOB_STATE_COUNT) || !is_below(to, CENTRO_JOB_STATE_COUNT))
		return false;
	return job_table[from][to];
}

bool ctr_instance_state_is_used(int state)
{
	return state == CENTRO_INSTANCE_PENDING || state == CENTRO_INSTANCE_ASSIGNED ||
	       state == CENTRO_INSTANCE_RUNNING || state == CENTRO_INSTANCE_SUCCEEDED ||
	       state == CENTRO_INSTANCE_FAILED || state == CENTRO_INSTANCE_CANCELLED ||
	       state == CENTRO_INSTANCE_TIMEOUT;
}

bool ctr_node_state_is_used(int state)
{
	return state == CENTRO_NODE_READY || state == CENTRO_NODE_DRAINING ||
	       state == CENTRO_NODE_DOWN;
}

/* ---- names, from the lists in centro/job.h and centro/node.h ---- */

const char *centro_instance_state_name(int state)
{
	switch (state) {
#define X(name, value, word, final, help) \
	case value:                       \
		return word;
		CENTRO_INSTANCE_STATE_MAP(X)
#undef X
	default:
		return "unknown";
	}
}

const char *centro_job_state_name(int state)
{
	switch (state) {
#define X(name, value, word, final, help) \
	case value:                       \
		return word;
		CENTRO_JOB_STATE_MAP(X)
#undef X
	default:
		return "unknown";
	}
}

const char *centro_cause_name(int cause)
{
	switch (cause) {
#define X(name, value, word, help) \
	case value:                \
		return word;
		CENTRO_CAUSE_MAP(X)
#undef X
	default:
		return "unknown";
	}
}

const char *centro_node_state_name(int state)
{
	switch (state) {
#define X(name, value, word, help) \
	case value:                \
		return word;
		CENTRO_NODE_STATE_MAP(X)
#undef X
	default:
		return "unknown";
	}
}

bool centro_instance_state_is_final(int state)
{
	switch (state) {
#define X(name, value, word, final, help) \
	case value:                       \
		return final;
		CENTRO_INSTANCE_STATE_MAP(X)
#undef X
	default:
		return false;
	}
}

bool centro_job_state_is_final(int state)
{
	switch (state) {
#define X(name, value, word, final, help) \
	case value:                       \
		return final;
		CENTRO_JOB_STATE_MAP(X)
#undef X
	default:
		return false;
	}
}
