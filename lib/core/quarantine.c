/* SPDX-License-Identifier: MIT */
/*
 * quarantine.c - a node on which nothing can be started is drained by itself.
 *
 * Such a node is always free, so it would take what waits and fail it, job after job.
 * What counts are attempts in a row that could not be started, of different jobs, since
 * a job may be wrong itself; one that starts proves the node right. The last node that
 * is ready is left alone: there what waits has nowhere else to go.
 *
 * It is counted anew after a restart of the server. To end it is to undrain the node.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/internal.h"

#define WHO "centro"
/* Of the node's message, in the reason. */
#define MESSAGE_SIZE_MAX 256

/* Whether the report says one thing more against the node. */
static bool counts(const struct ctr_node *node, const struct ctr_report *report)
{
	return report->ended && report->cause == CENTRO_CAUSE_START_FAILED &&
	       report->attempt.job != node->start_failed_job;
}

void ctr_decide_quarantine(const struct ctr_core *core, struct ctr_now now,
			   const struct ctr_command *command, struct ctr_decision *decision)
{
	const struct ctr_report *report = &command->report;
	const struct ctr_node *node = ctr_nodes_find(&core->nodes, report->node);
	CTR_ASSERT(node != NULL);

	if (node->state != CENTRO_NODE_READY || core->placement.all.count < 2 ||
	    !counts(node, report) || node->start_failures + 1 < core->options.quarantine_after)
		return;
	struct ctr_event *event = ctr_decision_add(decision, CENTRO_EVENT_NODE_DRAINING, now);
	event->node = node->id;
	event->command = command;
}

struct ctr_drain *ctr_quarantine_drain(const struct ctr_core *core, const struct ctr_node *node,
				       const struct ctr_report *report)
{
	struct centro_error_text reason;
	struct centro_bytes message = report->message;

	if (message.size > MESSAGE_SIZE_MAX)
		message.size = ctr_utf8_cut((const char *)message.data, MESSAGE_SIZE_MAX);
	ctr_error(&reason, CENTRO_OK,
		  "%lu attempts in a row, of different jobs, could not be started; the last: %.*s",
		  (unsigned long)node->start_failures + 1, (int)message.size,
		  (const char *)message.data);
	return ctr_drain_new(core->allocator, ctr_bytes_str(WHO), ctr_bytes_str(reason.text));
}

void ctr_quarantine_note(struct ctr_instance *instance, enum centro_cause cause)
{
	struct ctr_node *node = instance->node;
	CTR_ASSERT(node != NULL);

	if (cause != CENTRO_CAUSE_START_FAILED) {
		node->start_failures = 0;
		node->start_failed_job = 0;
	} else if (node->start_failed_job != instance->job->id) {
		node->start_failures++;
		node->start_failed_job = instance->job->id;
	}
}
