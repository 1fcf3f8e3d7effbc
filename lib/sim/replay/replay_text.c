/* SPDX-License-Identifier: MIT */
/*
 * replay_text.c - inputs and events as lines for people.
 *
 * The buffer's error sticks: a line for which there is no memory is a shorter one.
 *
 * Layer: sim.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "sim/replay/replay_private.h"

/* Of a text from outside. */
#define SHOWN_MAX 80

static void show(struct ctr_buf *line, const char *before, struct centro_bytes text)
{
	ctr_buf_append_str(line, before);
	ctr_buf_append_char(line, '"');
	ctr_escape(line, text, SHOWN_MAX);
	ctr_buf_append_char(line, '"');
}

static void show_number(struct ctr_buf *line, const char *before, uint64_t number)
{
	ctr_buf_append_str(line, before);
	ctr_buf_append_u64(line, number);
}

/* "1234.0.7/2" */
static void show_attempt(struct ctr_buf *line, const struct centro_attempt_ref *ref)
{
	ctr_buf_appendf(line, "%llu.%lu.%lu/%lu", (unsigned long long)ref->job,
			(unsigned long)ref->task, (unsigned long)ref->index,
			(unsigned long)ref->attempt);
}

/* ---- commands ---- */

static void describe_submit(struct ctr_buf *line, const struct ctr_job_spec *spec)
{
	uint64_t instances = 0;

	for (size_t i = 0; i < spec->task_count; i++)
		instances += spec->tasks[i].count > 0 ? spec->tasks[i].count : 1;
	show(line, "submit ", spec->name);
	if (spec->owner.size > 0)
		show(line, " by ", spec->owner);
	if (spec->request_id.size > 0)
		show(line, ", request ", spec->request_id);
	if (spec->retry_of)
		show_number(line, ", retry of ", spec->retry_of);
	ctr_buf_appendf(line, ", tasks %zu, instances %llu", spec->task_count,
			(unsigned long long)instances);
}

static void describe_report(struct ctr_buf *line, const struct ctr_report *report)
{
	show_number(line, "report by node ", report->node);
	ctr_buf_append_str(line, ": ");
	show_attempt(line, &report->attempt);
	if (!report->ended) {
		ctr_buf_append_str(line, " runs");
		return;
	}
	ctr_buf_appendf(line, " ended, %s, exit code %ld", centro_cause_name(report->cause),
			(long)report->exit_code);
	if (report->signal > 0)
		show_number(line, ", signal ", report->signal);
}

static void describe_claim(struct ctr_buf *line, const struct ctr_claim *claim,
			   const struct ctr_replay_outcome *outcome)
{
	size_t granted = 0;

	show_number(line, "claim by node ", claim->node);
	show_number(line, ", attempts ", claim->attempt_count);
	if (outcome->skipped || outcome->status != CENTRO_OK)
		return;
	for (size_t i = 0; i < claim->attempt_count; i++)
		granted += claim->ret_granted[i];
	show_number(line, ", granted ", granted);
}

static void describe_drain(struct ctr_buf *line, const struct ctr_drain_node *drain)
{
	show_number(line, "drain node ", drain->node);
	show(line, " by ", drain->who);
	if (drain->has_deadline)
		ctr_buf_appendf(line, ", until in %llu ms",
				(unsigned long long)(drain->deadline.ns / CTR_NS_PER_MS));
}

static void describe_command(struct ctr_buf *line, const struct ctr_command *command,
			     const struct ctr_replay_outcome *outcome)
{
	switch (command->type) {
	case CTR_COMMAND_SUBMIT:
		describe_submit(line, command->submit.spec);
		break;
	case CTR_COMMAND_CANCEL:
		show_number(line, "cancel job ", command->cancel.job);
		show(line, " by ", command->cancel.who);
		break;
	case CTR_COMMAND_REGISTER:
		show(line, "register node ", command->register_node.spec->name);
		break;
	case CTR_COMMAND_HEARTBEAT:
		show_number(line, "heartbeat of node ", command->heartbeat.node);
		show_number(line, ", holding ", command->heartbeat.held_count);
		break;
	case CTR_COMMAND_CLAIM:
		describe_claim(line, &command->claim, outcome);
		break;
	case CTR_COMMAND_REPORT:
		describe_report(line, &command->report);
		break;
	case CTR_COMMAND_SET_QUEUE:
		show(line, "set queue ", command->set_queue.name);
		show_number(line, ", weight ", command->set_queue.weight);
		ctr_buf_appendf(line, ", priority %ld", (long)command->set_queue.priority);
		break;
	case CTR_COMMAND_DRAIN:
		describe_drain(line, &command->drain);
		break;
	case CTR_COMMAND_UNDRAIN:
		show_number(line, "undrain node ", command->undrain.node);
		break;
	default:
		CTR_UNREACHABLE();
	}
}

/* ---- inputs ---- */

static void describe_answer(struct ctr_buf *line, const struct ctr_replay_outcome *outcome)
{
	if (outcome->skipped)
		ctr_buf_append_str(line, ": skipped, the server had no memory");
	else if (outcome->status != CENTRO_OK)
		ctr_buf_appendf(line, ": refused, %s", centro_error_name(outcome->status));
	else if (outcome->result.job != 0)
		show_number(line, ": job ", outcome->result.job);
	else if (outcome->result.node != 0)
		show_number(line, ": node ", outcome->result.node);
}

void ctr_replay_describe(struct ctr_buf *line, const struct ctr_journal_record *record,
			 const struct ctr_replay_outcome *outcome)
{
	switch (record->type) {
	case CTR_JOURNAL_BEGIN:
		show(line, "begin, recorded by centro ", record->begin.version);
		break;
	case CTR_JOURNAL_ROW:
		show(line, "row ", record->row.key);
		break;
	case CTR_JOURNAL_REQUEST:
		show(line, "request ", record->request.request_id);
		show_number(line, " of job ", record->request.job);
		break;
	case CTR_JOURNAL_LOADED:
		show_number(line, "loaded, last event ", record->loaded.last_event);
		break;
	case CTR_JOURNAL_COMMAND:
		describe_command(line, &record->command, outcome);
		break;
	case CTR_JOURNAL_SCHEDULE:
		show_number(line, "schedule, looks at most ", record->schedule.ops_max);
		break;
	default:
		ctr_buf_append_str(line, ctr_journal_name(record));
		break;
	}
	describe_answer(line, outcome);
}

/* ---- events ---- */

static void describe_instance(struct ctr_buf *line, const struct ctr_event *event)
{
	show_attempt(line, &event->attempt);
	ctr_buf_appendf(line, " %s", centro_instance_state_name(event->instance_state));
	if (event->cause != CENTRO_CAUSE_NONE)
		ctr_buf_appendf(line, ", %s", centro_cause_name(event->cause));
	if (event->type == CENTRO_EVENT_INSTANCE_ENDED)
		ctr_buf_appendf(line, ", exit code %ld", (long)event->exit_code);
	if (event->node != 0)
		show_number(line, ", node ", event->node);
}

static void describe_node(struct ctr_buf *line, const struct ctr_event *event, const char *what)
{
	show_number(line, "node ", event->node);
	ctr_buf_append_str(line, what);
}

void ctr_replay_describe_event(struct ctr_buf *line, const struct ctr_event *event)
{
	show_number(line, "    event ", event->number);
	ctr_buf_append_str(line, ": ");
	switch (event->type) {
	case CENTRO_EVENT_JOB_SUBMITTED:
	case CENTRO_EVENT_JOB_CANCEL_REQUESTED:
	case CENTRO_EVENT_JOB_ENDED:
		show_number(line, "job ", event->attempt.job);
		ctr_buf_appendf(line, " %s, %s",
				event->type == CENTRO_EVENT_JOB_SUBMITTED ? "submitted"
				: event->type == CENTRO_EVENT_JOB_ENDED   ? "ended"
									  : "to be cancelled",
				centro_job_state_name(event->job_state));
		break;
	case CENTRO_EVENT_NODE_REGISTERED:
		describe_node(line, event, " registered");
		break;
	case CENTRO_EVENT_NODE_READY:
		describe_node(line, event, " ready");
		break;
	case CENTRO_EVENT_NODE_DOWN:
		describe_node(line, event, " down");
		break;
	case CENTRO_EVENT_NODE_DRAINING:
		describe_node(line, event, " draining");
		break;
	case CENTRO_EVENT_QUEUE_SET:
		show(line, "queue set ", event->queue->name);
		break;
	default:
		describe_instance(line, event);
		break;
	}
}
