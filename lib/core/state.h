/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_STATE_H
#define CTR_CORE_STATE_H

/* The state machines of instances, attempts, nodes and jobs: what may follow what. */

#include "core/event.h"

/* What happens to an instance, and to the attempt that it has. */
enum ctr_instance_move {
	CTR_MOVE_GRANT,   /* an attempt begins on a node */
	CTR_MOVE_START,   /* its command runs */
	CTR_MOVE_SUCCEED, /* the rest ends the attempt */
	CTR_MOVE_FAIL,
	CTR_MOVE_CANCEL,
	CTR_MOVE_TIME_OUT,
	CTR_MOVE_REQUEUE, /* the attempt is lost; the instance waits again */
	CTR_MOVE_COUNT
};

/* 0: not allowed, or one of the arguments is out of range. */
enum centro_instance_state ctr_instance_next(int state, int move);

enum ctr_attempt_state {
	CTR_ATTEMPT_NONE = 1,
	CTR_ATTEMPT_ASSIGNED,
	CTR_ATTEMPT_RUNNING,
	CTR_ATTEMPT_SUCCEEDED,
	CTR_ATTEMPT_FAILED,
	CTR_ATTEMPT_CANCELLED,
	CTR_ATTEMPT_TIMEOUT,
	CTR_ATTEMPT_LOST,
	CTR_ATTEMPT_STATE_COUNT
};

/* 0: not allowed, or out of range. */
enum ctr_attempt_state ctr_attempt_next(int state, int move);
bool ctr_attempt_is_live(int state);
/* Of the attempt that an instance in this state has now: none unless it is granted. */
enum ctr_attempt_state ctr_attempt_of(int instance_state);

/* What an event does to its instance. Only for events about an instance. */
enum ctr_instance_move ctr_event_move(const struct ctr_event *event);

enum ctr_node_move {
	CTR_NODE_REGISTER,
	CTR_NODE_SPEAK,       /* a sign of life */
	CTR_NODE_FALL_SILENT, /* none for too long */
	CTR_NODE_DRAIN,
	CTR_NODE_UNDRAIN,
	CTR_NODE_MOVE_COUNT
};
#define CTR_NODE_ABSENT 0 /* the state of a node that is not there yet */

/* 0: not allowed, or out of range. */
enum centro_node_state ctr_node_next(int state, int move);

/* Whether a job may go from one state to another, or stay. */
bool ctr_job_may_become(int from, int to);

/* Whether this version can find an instance or a node in that state in a store. */
bool ctr_instance_state_is_used(int state);
bool ctr_node_state_is_used(int state);

#endif
