/* SPDX-License-Identifier: MIT */
/*
 * decide_job.c - what a command about a job or a queue leads to.
 *
 * Nothing changes here: state, a command and the time go in, events or an error
 * come out. An event says the state after it, of the instance and of the job, so
 * whoever follows the events need not know these rules.
 *
 * Layer: core.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/internal.h"
#include "core/show.h"
#include "core/state.h"

#define SIGNAL_EXIT_CODE 128 /* and the signal: what a shell makes of it */

struct ctr_event *ctr_decision_add(struct ctr_decision *decision, enum centro_event_type type,
				   struct ctr_now now)
{
	CTR_ASSERT(decision->count < decision->count_max);

	struct ctr_event *event = &decision->events[decision->count++];
	*event = (struct ctr_event){.type = type, .at = now};
	return event;
}

static void add_job_event(struct ctr_decision *decision, enum centro_event_type type,
			  struct ctr_now now, centro_job_id job, enum centro_job_state state,
			  const struct ctr_command *command)
{
	struct ctr_event *event = ctr_decision_add(decision, type, now);
	CTR_ASSERT(job != 0);
	CTR_ASSERT(state != 0);

	event->attempt.job = job;
	event->job_state = state;
	event->command = command;
}

/* The job has ended, if nothing of it lives. */
static void add_job_end(struct ctr_decision *decision, struct ctr_now now, centro_job_id job,
			const struct ctr_tally *tally)
{
	CTR_ASSERT(decision->count > 0);

	if (tally->live == 0)
		add_job_event(decision, CENTRO_EVENT_JOB_ENDED, now, job, ctr_tally_state(tally),
			      /* command= */ NULL);
}

/* ---- submit ---- */

/* "there are: default, batch": as many as fit. */
static void refuse_queue(const struct ctr_core *core, struct centro_bytes name,
			 struct ctr_problems *problems)
{
	struct centro_error_text list = {""};

	for (uint32_t i = 0; i < core->queues.count; i++) {
		struct centro_bytes other = core->queues.list[i]->name;
		struct centro_error_text before = list;
		if (strlen(before.text) + other.size > sizeof(before.text) / 2) {
			ctr_error(&list, CENTRO_OK, "%s, …", before.text);
			break;
		}
		ctr_error(&list, CENTRO_OK, "%s%s%.*s", before.text, i > 0 ? ", " : "",
			  (int)other.size, (const char *)other.data);
	}
	ctr_problems_add(problems, "queue: there is no %s; there are: %s", ctr_show(name).text,
			 list.text);
}

/* A name that is none has been named already. */
static void check_queue(const struct ctr_core *core, const struct ctr_job_spec *spec,
			struct ctr_problems *problems)
{
	struct centro_bytes queue = ctr_name_or_default(spec->queue);
	if (ctr_is_name(queue) && !ctr_queues_find(&core->queues, queue))
		refuse_queue(core, queue, problems);
}

void ctr_core_submit_problems(const struct ctr_core *core, const struct ctr_job_spec *spec,
			      struct ctr_problems *problems)
{
	ctr_job_spec_problems(spec, problems);
	check_queue(core, spec, problems);
}

/* NULL: a new request, or one without an id. */
static const struct ctr_request *find_request(const struct ctr_core *core, struct ctr_now now,
					      const struct ctr_job_spec *spec)
{
	if (spec->request_id.size == 0)
		return NULL;
	struct ctr_request_key key =
		ctr_request_key(&core->requests, spec->owner, spec->request_id);
	return ctr_requests_find(&core->requests, &key, now.cluster);
}

static int answer_known(const struct ctr_request *request, const struct ctr_job_spec *spec,
			struct ctr_result *result)
{
	CTR_ASSERT(request->job != 0);

	if (request->spec_hash != spec->spec_hash)
		return ctr_error(&result->text, CENTRO_ERR_CONFLICT,
				 "request_id: %s was sent before with another job, and made %llu",
				 ctr_show(spec->request_id).text, (unsigned long long)request->job);
	result->job = request->job;
	result->existing = true;
	return CENTRO_OK;
}

int ctr_decide_submit(const struct ctr_core *core, struct ctr_now now,
		      const struct ctr_command *command, struct ctr_decision *decision,
		      struct ctr_result *result)
{
	const struct ctr_job_spec *spec = command->submit.spec;
	CTR_ASSERT(command->type == CTR_COMMAND_SUBMIT);
	CTR_ASSERT(spec != NULL);

	struct ctr_problems problems;
	ctr_problems_init(&problems);
	ctr_job_spec_problems(spec, &problems);
	const struct ctr_request *request =
		problems.count == 0 ? find_request(core, now, spec) : NULL;
	if (request)
		return answer_known(request, spec, result);
	check_queue(core, spec, &problems);
	if (problems.count > 0)
		return ctr_problems_status(&problems, &result->text);
	if (core->jobs.count >= core->options.jobs_max || core->job_ids.next >= CTR_ID_MAX)
		return ctr_error(&result->text, CENTRO_ERR_LIMIT,
				 "the cluster holds %zu jobs that have not ended; more are not "
				 "allowed",
				 core->jobs.count);

	result->job = core->job_ids.next;
	add_job_event(decision, CENTRO_EVENT_JOB_SUBMITTED, now, core->job_ids.next,
		      CENTRO_JOB_PENDING, command);
	return CENTRO_OK;
}

int ctr_core_try_submit(const struct ctr_core *core, struct ctr_now now,
			const struct ctr_job_spec *spec, struct ctr_result *ret_result)
{
	const struct ctr_command command = {.type = CTR_COMMAND_SUBMIT, .submit = {.spec = spec}};
	struct ctr_event event;
	struct ctr_decision decision = {.events = &event, .count_max = 1};

	*ret_result = (struct ctr_result){.status = CENTRO_OK};
	ret_result->status = ctr_decide_submit(core, now, &command, &decision, ret_result);
	if (!ret_result->existing)
		ret_result->job = 0;
	return ret_result->status;
}

/* ---- cancel ---- */

int ctr_decide_who(struct centro_bytes who, struct centro_bytes reason,
		   struct centro_error_text *text)
{
	if (who.size > CTR_OWNER_SIZE_MAX || !ctr_utf8_is_valid(who))
		return ctr_error(text, CENTRO_ERR_INVALID, "who: not UTF-8 of at most %d bytes",
				 CTR_OWNER_SIZE_MAX);
	if (reason.size > CTR_REASON_SIZE_MAX || !ctr_utf8_is_valid(reason))
		return ctr_error(text, CENTRO_ERR_INVALID, "reason: not UTF-8 of at most %d bytes",
				 CTR_REASON_SIZE_MAX);
	return CENTRO_OK;
}

/* Nothing of it can have been started, so it need not be waited for. */
static bool ends_at_once(const struct ctr_instance *instance)
{
	return instance->state == CENTRO_INSTANCE_PENDING ||
	       (instance->state == CENTRO_INSTANCE_ASSIGNED &&
		!ctr_instance_may_have_started(instance));
}

static struct ctr_event *add_instance_event(struct ctr_decision *decision,
					    enum centro_event_type type, struct ctr_now now,
					    const struct ctr_instance *instance,
					    enum centro_instance_state to, struct ctr_tally *tally)
{
	struct ctr_event *event = ctr_decision_add(decision, type, now);
	CTR_ASSERT(!centro_instance_state_is_final(instance->state));
	CTR_ASSERT(instance->state != to);

	ctr_tally_move(tally, instance->state, to);
	event->attempt = ctr_instance_ref(instance);
	event->node = instance->node ? instance->node->id : 0;
	event->instance_state = to;
	event->job_state = ctr_tally_state(tally);
	return event;
}

static void cancel_instances(const struct ctr_task *task, struct ctr_now now,
			     struct ctr_decision *decision, struct ctr_tally *tally)
{
	for (uint32_t i = 0; i < task->count; i++) {
		if (!ends_at_once(&task->instances[i]))
			continue;
		struct ctr_event *event =
			add_instance_event(decision, CENTRO_EVENT_INSTANCE_ENDED, now,
					   &task->instances[i], CENTRO_INSTANCE_CANCELLED, tally);
		event->cause = CENTRO_CAUSE_CANCEL;
	}
}

int ctr_decide_cancel(const struct ctr_core *core, struct ctr_now now,
		      const struct ctr_command *command, struct ctr_decision *decision,
		      struct ctr_result *result)
{
	const struct ctr_cancel *cancel = &command->cancel;
	CTR_ASSERT(command->type == CTR_COMMAND_CANCEL);
	CTR_ASSERT(decision->count == 0);

	const struct ctr_job *job = ctr_job_table_find(&core->jobs, cancel->job);
	if (!job)
		return ctr_error(&result->text, CENTRO_ERR_NOT_FOUND, "there is no job %llu",
				 (unsigned long long)cancel->job);
	if (centro_job_state_is_final(job->state))
		return ctr_error(&result->text, CENTRO_ERR_STATE, "job %llu has ended: %s",
				 (unsigned long long)job->id, centro_job_state_name(job->state));
	int error = ctr_decide_who(cancel->who, cancel->reason, &result->text);
	if (error != CENTRO_OK)
		return error;
	result->job = job->id;
	if (ctr_job_is_cancelled(job))
		return CENTRO_OK;

	struct ctr_tally tally = ctr_job_tally(job);
	add_job_event(decision, CENTRO_EVENT_JOB_CANCEL_REQUESTED, now, job->id,
		      ctr_tally_state(&tally), command);
	for (size_t i = 0; i < job->task_count; i++)
		cancel_instances(&job->tasks[i], now, decision, &tally);
	add_job_end(decision, now, job->id, &tally);
	CTR_ASSERT(decision->count <= (size_t)job->live_count + 2);
	return CENTRO_OK;
}

/* ---- report ---- */

struct outcome {
	enum centro_instance_state state; /* pending: it waits again */
	int32_t exit_code;
};

static struct outcome make_outcome(const struct ctr_job *job, const struct ctr_report *report)
{
	bool is_cancelled = ctr_job_is_cancelled(job);
	int32_t exit_code =
		report->signal > 0 ? SIGNAL_EXIT_CODE + (int32_t)report->signal : report->exit_code;

	switch (report->cause) {
	case CENTRO_CAUSE_EXITED:
		if (exit_code == 0)
			return (struct outcome){CENTRO_INSTANCE_SUCCEEDED, 0};
		return (struct outcome){CENTRO_INSTANCE_FAILED, exit_code};
	case CENTRO_CAUSE_CANCEL:
		if (is_cancelled)
			return (struct outcome){CENTRO_INSTANCE_CANCELLED, exit_code};
		return (struct outcome){CENTRO_INSTANCE_FAILED, exit_code};
	case CENTRO_CAUSE_TIME_LIMIT:
		return (struct outcome){CENTRO_INSTANCE_TIMEOUT, exit_code};
	case CENTRO_CAUSE_SIGNALLED:
	case CENTRO_CAUSE_START_FAILED:
	case CENTRO_CAUSE_LOG_LIMIT:
		return (struct outcome){CENTRO_INSTANCE_FAILED, exit_code};
	case CENTRO_CAUSE_LEASE_EXPIRED:
	case CENTRO_CAUSE_REVOKED:
	case CENTRO_CAUSE_DRAINED:
		if (is_cancelled)
			return (struct outcome){CENTRO_INSTANCE_CANCELLED, 0};
		return (struct outcome){CENTRO_INSTANCE_PENDING, 0};
	default:
		CTR_UNREACHABLE(); /* report_check() refused it */
	}
}

static int report_check(const struct ctr_report *report, struct centro_error_text *text)
{
	if (!ctr_utf8_is_valid(report->message))
		return ctr_error(text, CENTRO_ERR_INVALID, "message: not UTF-8");
	if (!report->ended)
		return CENTRO_OK;
	if (report->signal > CTR_SIGNAL_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID, "signal: %lu; at most %d is one",
				 (unsigned long)report->signal, CTR_SIGNAL_MAX);

	switch (report->cause) {
	case CENTRO_CAUSE_EXITED:
		if (report->signal > 0)
			return ctr_error(text, CENTRO_ERR_INVALID,
					 "signal: %lu, of a command that exited by itself",
					 (unsigned long)report->signal);
		return CENTRO_OK;
	case CENTRO_CAUSE_SIGNALLED:
		if (report->signal == 0)
			return ctr_error(text, CENTRO_ERR_INVALID,
					 "signal: 0, of a command that a signal killed");
		return CENTRO_OK;
	case CENTRO_CAUSE_CANCEL:
	case CENTRO_CAUSE_TIME_LIMIT:
	case CENTRO_CAUSE_START_FAILED:
	case CENTRO_CAUSE_LOG_LIMIT:
	case CENTRO_CAUSE_LEASE_EXPIRED:
	case CENTRO_CAUSE_REVOKED:
	case CENTRO_CAUSE_DRAINED:
		return CENTRO_OK;
	default:
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "cause: %s (%d) is none that a node can report",
				 centro_cause_name(report->cause), (int)report->cause);
	}
}

/*
 * Whether the attempt, which is over, ended by this very report. What the server
 * ended itself (the lease was over, or it was cancelled before it was claimed)
 * the node knows nothing of: that is stale.
 */
static bool is_repeated(const struct ctr_instance *instance, const struct ctr_report *report)
{
	CTR_ASSERT(!ctr_instance_is_granted(instance));

	if (!instance->claimed || instance->cause == CENTRO_CAUSE_NODE_LOST)
		return false;
	if (!report->ended)
		return true;
	struct outcome outcome = make_outcome(instance->job, report);
	return instance->state == outcome.state && instance->cause == report->cause &&
	       instance->exit_code == outcome.exit_code;
}

static void decide_end(struct ctr_now now, const struct ctr_instance *instance,
		       const struct ctr_command *command, struct ctr_decision *decision)
{
	const struct ctr_report *report = &command->report;
	const struct ctr_job *job = instance->job;
	struct outcome outcome = make_outcome(job, report);
	bool again = outcome.state == CENTRO_INSTANCE_PENDING;
	struct ctr_tally tally = ctr_job_tally(job);
	CTR_ASSERT(ctr_instance_is_granted(instance));
	CTR_ASSERT(report->ended);

	struct ctr_event *event = add_instance_event(
		decision, again ? CENTRO_EVENT_INSTANCE_REQUEUED : CENTRO_EVENT_INSTANCE_ENDED, now,
		instance, outcome.state, &tally);
	event->cause = report->cause;
	event->exit_code = outcome.exit_code;
	event->signal = again ? 0 : (uint16_t)report->signal;
	event->command = command;
	add_job_end(decision, now, job->id, &tally);
}

int ctr_decide_report(const struct ctr_core *core, struct ctr_now now,
		      const struct ctr_command *command, struct ctr_decision *decision,
		      struct ctr_result *result)
{
	const struct ctr_report *report = &command->report;
	CTR_ASSERT(command->type == CTR_COMMAND_REPORT);
	CTR_ASSERT(decision->count == 0);

	int error = ctr_decide_session(core, report->node, report->session, result);
	if (error == CENTRO_OK)
		error = report_check(report, &result->text);
	if (error != CENTRO_OK)
		return error;

	const struct ctr_instance *instance = ctr_core_instance(core, &report->attempt);
	if (!instance || instance->attempt != report->attempt.attempt || !instance->node ||
	    instance->node->id != report->node)
		goto stale;
	if (!ctr_instance_is_granted(instance)) {
		if (is_repeated(instance, report))
			return CENTRO_OK;
		goto stale;
	}
	if (report->ended) {
		decide_end(now, instance, command, decision);
		ctr_decide_quarantine(core, now, command, decision);
	} else if (instance->state == CENTRO_INSTANCE_ASSIGNED) {
		struct ctr_tally tally = ctr_job_tally(instance->job);
		add_instance_event(decision, CENTRO_EVENT_INSTANCE_RUNNING, now, instance,
				   CENTRO_INSTANCE_RUNNING, &tally)
			->command = command;
	}
	return CENTRO_OK;

stale:
	return ctr_error(&result->text, CENTRO_ERR_STALE,
			 "attempt %lu of %llu.%lu.%lu is not granted to this node (any more)",
			 (unsigned long)report->attempt.attempt,
			 (unsigned long long)report->attempt.job,
			 (unsigned long)report->attempt.task, (unsigned long)report->attempt.index);
}

/* ---- without a command ---- */

void ctr_decide_grant(struct ctr_now now, const struct ctr_instance *instance,
		      const struct ctr_node *node, struct ctr_decision *decision)
{
	struct ctr_tally tally = ctr_job_tally(instance->job);
	CTR_ASSERT(instance->state == CENTRO_INSTANCE_PENDING);
	CTR_ASSERT(!ctr_job_is_cancelled(instance->job));
	CTR_ASSERT(node->state == CENTRO_NODE_READY);

	struct ctr_event *event = add_instance_event(decision, CENTRO_EVENT_INSTANCE_ASSIGNED, now,
						     instance, CENTRO_INSTANCE_ASSIGNED, &tally);
	event->attempt.attempt++;
	event->node = node->id;
}

void ctr_decide_lease_over(struct ctr_now now, const struct ctr_instance *instance,
			   struct ctr_decision *decision)
{
	const struct ctr_job *job = instance->job;
	bool is_cancelled = ctr_job_is_cancelled(job);
	bool may_have_started = ctr_instance_may_have_started(instance);
	struct ctr_tally tally = ctr_job_tally(job);
	CTR_ASSERT(ctr_instance_is_granted(instance));
	CTR_ASSERT(may_have_started || !is_cancelled);

	struct ctr_event *event = add_instance_event(
		decision,
		is_cancelled ? CENTRO_EVENT_INSTANCE_ENDED : CENTRO_EVENT_INSTANCE_REQUEUED, now,
		instance, is_cancelled ? CENTRO_INSTANCE_CANCELLED : CENTRO_INSTANCE_PENDING,
		&tally);
	event->cause = may_have_started ? CENTRO_CAUSE_NODE_LOST : CENTRO_CAUSE_REVOKED;
	add_job_end(decision, now, job->id, &tally);
}

/* ---- queues ---- */

int ctr_decide_set_queue(const struct ctr_core *core, struct ctr_now now,
			 const struct ctr_command *command, struct ctr_decision *decision,
			 struct ctr_result *result)
{
	const struct ctr_set_queue *set = &command->set_queue;
	CTR_ASSERT(command->type == CTR_COMMAND_SET_QUEUE);
	CTR_ASSERT(decision->count == 0);

	int error = ctr_queue_check(set->name, set->weight, set->priority, &result->text);
	if (error != CENTRO_OK)
		return error;
	const struct ctr_queue *queue = ctr_queues_find(&core->queues, set->name);
	if (queue && queue->weight == set->weight && queue->priority == set->priority)
		return CENTRO_OK;
	if (!queue && core->queues.count >= core->options.queues_max)
		return ctr_error(&result->text, CENTRO_ERR_LIMIT,
				 "the cluster has %lu queues; more are not allowed",
				 (unsigned long)core->queues.count);
	ctr_decision_add(decision, CENTRO_EVENT_QUEUE_SET, now)->command = command;
	return CENTRO_OK;
}
