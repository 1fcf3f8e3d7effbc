/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_EVENT_H
#define CTR_CORE_EVENT_H

/*
 * What has happened. The same numbers as centro.v1.Event.Type. Events carry all
 * that apply() needs and nothing that points into state which it may free.
 */

#include <centro/engine.h>

#include "core/model.h"

struct ctr_event {
	uint64_t number; /* contiguous from 1; given when it is applied */
	enum centro_event_type type;
	struct ctr_now at;
	struct centro_attempt_ref attempt; /* job alone for events about a job */
	centro_node_id node;
	enum centro_instance_state instance_state; /* after it */
	enum centro_job_state job_state;           /* after it */
	enum centro_cause cause;
	int32_t exit_code;
	uint16_t signal;
	const struct ctr_queue *queue; /* queue_set; queues are never freed */
	/* For apply() alone: borrowed from the command, NULL afterwards. */
	const struct ctr_command *command;
};

#endif
