/* SPDX-License-Identifier: MIT */
/*
 * apply.c - make events true.
 *
 * The only file that changes what is stored. It decides nothing and cannot fail:
 * the memory is there, and that the event is legal has been decided. Both are
 * asserted, by the tables of state.c.
 *
 * Invariants: after each event the tallies, lists, indices and counters are
 * those of ctr_core_check(), and the records that it touched are in the outbox.
 *
 * Layer: core.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "core/internal.h"
#include "core/state.h"

static void take_id(struct ctr_core *core, struct ctr_ids *ids, uint64_t id)
{
	CTR_ASSERT(ids->next == id);
	CTR_ASSERT(ids->next <= ids->reserved);
	CTR_ASSERT(ids->next < CTR_ID_MAX);

	if (ids->next == ids->reserved) {
		uint64_t left = CTR_ID_MAX - ids->next;
		ids->reserved += left < CTR_ID_BLOCK ? left : CTR_ID_BLOCK;
		core->outbox.ids = true;
	}
	ids->next++;
}

static struct ctr_job *find_job(struct ctr_core *core, const struct ctr_event *event)
{
	CTR_ASSERT(event->attempt.job != 0);
	struct ctr_job *job = ctr_job_table_find(&core->jobs, event->attempt.job);
	CTR_ASSERT(job != NULL);
	return job;
}

static void touch_job(struct ctr_core *core, struct ctr_job *job, const struct ctr_event *event,
		      uint8_t what)
{
	CTR_ASSERT(job->state == event->job_state);
	CTR_ASSERT(job->revision < event->number);
	job->revision = event->number;
	ctr_outbox_touch_job(&core->outbox, job, what);
}

/* ---- jobs ---- */

static void remember_request(struct ctr_core *core, const struct ctr_job *job,
			     const struct ctr_event *event)
{
	CTR_ASSERT(job->id == event->attempt.job);

	if (job->request_id.size == 0)
		return;
	const struct ctr_request request = {
		.key = ctr_request_key(&core->requests, job->owner, job->request_id),
		.spec_hash = job->spec_hash,
		.job = job->id,
		.expires = ctr_after(event->at.cluster, core->options.request_ttl),
	};
	ctr_requests_insert(&core->requests, &request, event->at.cluster);
}

static void apply_submitted(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_job *job = core->prepared.job;
	CTR_ASSERT(job && job->id == 0);
	CTR_ASSERT(event->command && event->command->type == CTR_COMMAND_SUBMIT);

	core->prepared.job = NULL;
	take_id(core, &core->job_ids, event->attempt.job);
	job->id = event->attempt.job;
	job->submit_wall = event->at.wall;
	ctr_job_table_insert(&core->jobs, job);
	struct ctr_queue *queue = ctr_queues_find(&core->queues, job->queue);
	CTR_ASSERT(queue != NULL);
	ctr_adopt_job(core, job, queue);
	remember_request(core, job, event);
	touch_job(core, job, event, CTR_JOB_DIRTY_SPEC | CTR_JOB_DIRTY_STATE);
}

static void apply_cancel_requested(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_job *job = find_job(core, event);
	CTR_ASSERT(!ctr_job_is_cancelled(job));
	CTR_ASSERT(!centro_job_state_is_final(job->state));
	CTR_ASSERT(core->prepared.who && core->prepared.reason);

	job->cancelled_by = core->prepared.who;
	job->cancel_reason = core->prepared.reason;
	core->prepared.who = core->prepared.reason = NULL;
	touch_job(core, job, event, CTR_JOB_DIRTY_STATE);
}

static void apply_job_ended(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_job *job = find_job(core, event);
	CTR_ASSERT(job->live_count == 0);
	CTR_ASSERT(centro_job_state_is_final(job->state));
	CTR_ASSERT(job->end_wall.ns == 0);

	job->end_wall = event->at.wall;
	touch_job(core, job, event, CTR_JOB_DIRTY_STATE);
}

/* ---- instances ---- */

static struct ctr_queue *queue_of(struct ctr_core *core, const struct ctr_instance *instance)
{
	return ctr_queue_get(&core->queues, instance->job->queue_number);
}

static struct ctr_shape *shape_of(struct ctr_core *core, const struct ctr_instance *instance)
{
	return ctr_shape_get(&core->shapes, ctr_instance_task(instance)->shape);
}

static void stop_waiting(struct ctr_core *core, struct ctr_instance *instance)
{
	struct ctr_queue *queue = queue_of(core, instance);
	CTR_ASSERT(instance->state == CENTRO_INSTANCE_PENDING);
	CTR_ASSERT(queue->pending > 0);

	ctr_pending_remove(&core->pending, ctr_core_line(core, instance), instance);
	queue->pending--;
}

static void wait_again(struct ctr_core *core, struct ctr_instance *instance)
{
	CTR_ASSERT(instance->state == CENTRO_INSTANCE_PENDING);
	CTR_ASSERT(instance->attempt > 0);
	CTR_ASSERT(!ctr_job_is_cancelled(instance->job));

	ctr_pending_add(&core->pending, ctr_core_line(core, instance), instance);
	queue_of(core, instance)->pending++;
}

static void end_grant(struct ctr_core *core, struct ctr_instance *instance)
{
	struct ctr_node *node = instance->node;
	struct ctr_queue *queue = queue_of(core, instance);
	CTR_ASSERT(node->attempt_count > 0);
	CTR_ASSERT(queue->running > 0);

	ctr_lease_end(&core->leases, instance);
	ctr_list_remove(&instance->on_node);
	node->attempt_count--;
	queue->running--;
	ctr_placement_release(&core->placement, node, shape_of(core, instance));
}

static void begin_grant(struct ctr_core *core, struct ctr_instance *instance,
			const struct ctr_event *event)
{
	struct ctr_node *node = ctr_nodes_find(&core->nodes, event->node);
	CTR_ASSERT(node && node->state == CENTRO_NODE_READY);
	CTR_ASSERT(event->attempt.attempt == instance->attempt + 1);
	CTR_ASSERT(!ctr_job_is_cancelled(instance->job));

	ctr_free(core->allocator, instance->message);
	instance->message = NULL;
	instance->attempt++;
	instance->cause = CENTRO_CAUSE_NONE;
	instance->claimed = instance->loaded = false;
	instance->assign_wall = event->at.wall;
	instance->start_wall = instance->end_wall = (struct centro_instant){0};
	instance->assign_event = event->number;
	ctr_adopt_grant(core, instance, node, event->at.cluster);
}

/* By the node's clock if it said so: it knows best. */
static struct centro_instant wall_of(const struct ctr_event *event)
{
	bool reported = event->command && event->command->report.wall.ns > 0;
	return reported ? event->command->report.wall : event->at.wall;
}

static void note_start(struct ctr_instance *instance, struct centro_instant wall)
{
	CTR_ASSERT(instance->attempt > 0);
	CTR_ASSERT(instance->node != NULL);

	if (instance->start_wall.ns == 0)
		instance->start_wall = wall;
	if (instance->job->start_wall.ns == 0)
		instance->job->start_wall = wall;
}

/* What became of an attempt, or of one that was never made. */
static void note_end(struct ctr_core *core, struct ctr_instance *instance,
		     const struct ctr_event *event, bool was_granted)
{
	bool by_report = event->command != NULL;
	CTR_ASSERT(event->cause != CENTRO_CAUSE_NONE);
	CTR_ASSERT(!by_report || event->command->type == CTR_COMMAND_REPORT);
	CTR_ASSERT(!by_report || was_granted);

	if (by_report) {
		instance->claimed = true;
		ctr_quarantine_note(instance, event->cause);
		/* Of what ran and was killed for a drain, the start was told before. */
		if (event->cause != CENTRO_CAUSE_START_FAILED &&
		    event->cause != CENTRO_CAUSE_REVOKED && event->cause != CENTRO_CAUSE_DRAINED)
			note_start(instance, wall_of(event));
	}
	instance->cause = event->cause;
	instance->exit_code = event->exit_code;
	instance->signal = event->signal;
	instance->end_wall = wall_of(event);
	if (was_granted &&
	    (event->cause == CENTRO_CAUSE_NODE_LOST || event->cause == CENTRO_CAUSE_LEASE_EXPIRED))
		instance->lost++;
	ctr_free(core->allocator, instance->message);
	instance->message = core->prepared.message;
	core->prepared.message = NULL;
}

/* The instance leaves one state for another: the lists that it is in follow. */
static void apply_move(struct ctr_core *core, struct ctr_instance *instance,
		       const struct ctr_event *event)
{
	bool was_granted = ctr_instance_is_granted(instance);
	CTR_ASSERT(was_granted || instance->state == CENTRO_INSTANCE_PENDING);
	CTR_ASSERT(!was_granted || event->attempt.attempt == instance->attempt);

	if (instance->state == CENTRO_INSTANCE_PENDING)
		stop_waiting(core, instance);
	instance->state = (uint8_t)event->instance_state;
	switch (event->type) {
	case CENTRO_EVENT_INSTANCE_ASSIGNED:
		begin_grant(core, instance, event);
		break;
	case CENTRO_EVENT_INSTANCE_RUNNING:
		instance->claimed = true;
		note_start(instance, wall_of(event));
		ctr_lease_note_start(&core->leases, instance);
		break;
	default:
		if (was_granted)
			end_grant(core, instance);
		note_end(core, instance, event, was_granted);
		if (instance->state == CENTRO_INSTANCE_PENDING)
			wait_again(core, instance);
	}
}

static void check_move(const struct ctr_instance *instance, const struct ctr_event *event)
{
	enum ctr_instance_move move = ctr_event_move(event);
	enum ctr_attempt_state attempt = ctr_attempt_of(instance->state);
	CTR_ASSERT(ctr_instance_next(instance->state, move) == event->instance_state);

	if (attempt == CTR_ATTEMPT_NONE && move != CTR_MOVE_GRANT)
		return;
	enum ctr_attempt_state next = ctr_attempt_next(attempt, move);
	CTR_ASSERT(next != 0);
	CTR_ASSERT(ctr_attempt_is_live(next) ==
		   (event->instance_state == CENTRO_INSTANCE_ASSIGNED ||
		    event->instance_state == CENTRO_INSTANCE_RUNNING));
}

static void apply_instance(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_job *job = find_job(core, event);
	struct ctr_instance *instance = ctr_core_instance(core, &event->attempt);
	CTR_ASSERT(instance != NULL);
	check_move(instance, event);

	struct ctr_tally tally = ctr_job_tally(job);
	ctr_tally_move(&tally, instance->state, event->instance_state);
	ctr_job_set_tally(job, &tally);
	enum centro_job_state state = ctr_tally_state(&tally);
	CTR_ASSERT(ctr_job_may_become(job->state, state));
	CTR_ASSERT((tally.live == 0) == centro_job_state_is_final(state));
	job->state = (uint8_t)state;
	apply_move(core, instance, event);
	touch_job(core, job, event, CTR_JOB_DIRTY_STATE);
}

/* ---- nodes ---- */

static struct ctr_node *find_node(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_node *node = ctr_nodes_find(&core->nodes, event->node);
	CTR_ASSERT(node != NULL);
	return node;
}

static void touch_node(struct ctr_core *core, struct ctr_node *node, const struct ctr_event *event)
{
	CTR_ASSERT(node->id == event->node);
	CTR_ASSERT(node->revision < event->number);
	node->revision = event->number;
	ctr_outbox_touch_node(&core->outbox, node);
}

static struct ctr_node *add_node(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_node *node = core->prepared.node;
	CTR_ASSERT(node != NULL);
	CTR_ASSERT(node->state == CTR_NODE_ABSENT);

	core->prepared.node = NULL;
	take_id(core, &core->node_ids, event->node);
	node->id = event->node;
	node->register_wall = event->at.wall;
	ctr_nodes_insert(&core->nodes, node);
	return node;
}

static void apply_registered(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_node *node = ctr_nodes_find(&core->nodes, event->node);
	CTR_ASSERT(event->command && event->command->type == CTR_COMMAND_REGISTER);
	CTR_ASSERT(!node == (core->prepared.node != NULL));

	if (!node)
		node = add_node(core, event);
	else if (node->state == CENTRO_NODE_READY)
		ctr_placement_leave(&core->placement, node);
	enum centro_node_state next = ctr_node_next(node->state, CTR_NODE_REGISTER);
	CTR_ASSERT(next != 0);
	node->state = (uint8_t)next;
	node->agent_id = event->command->register_node.spec->agent_id;
	ctr_adopt_offer(core, node);
	if (node->state == CENTRO_NODE_READY)
		ctr_adopt_alive(core, node, event->at.cluster);
	touch_node(core, node, event);
}

static bool is_undrain(const struct ctr_event *event)
{
	return event->command && event->command->type == CTR_COMMAND_UNDRAIN;
}

static void end_drain(struct ctr_core *core, struct ctr_node *node)
{
	CTR_ASSERT(node->drain != NULL);
	ctr_free(core->allocator, node->drain);
	node->drain = NULL;
	ctr_adopt_drain(core, node);
}

static void apply_ready(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_node *node = find_node(core, event);
	enum ctr_node_move move = is_undrain(event) ? CTR_NODE_UNDRAIN : CTR_NODE_SPEAK;
	CTR_ASSERT(ctr_node_next(node->state, move) == CENTRO_NODE_READY);

	if (move == CTR_NODE_UNDRAIN)
		end_drain(core, node);
	CTR_ASSERT(!node->drain);
	node->state = CENTRO_NODE_READY;
	ctr_adopt_alive(core, node, event->at.cluster);
	CTR_ASSERT(node->freed > 0);
	touch_node(core, node, event);
}

static void apply_down(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_node *node = find_node(core, event);
	if (is_undrain(event)) {
		CTR_ASSERT(ctr_node_next(node->state, CTR_NODE_UNDRAIN) == CENTRO_NODE_DOWN);
		end_drain(core, node);
		touch_node(core, node, event);
		return;
	}
	CTR_ASSERT(ctr_node_next(node->state, CTR_NODE_FALL_SILENT) == CENTRO_NODE_DOWN);

	if (node->state == CENTRO_NODE_READY)
		ctr_placement_leave(&core->placement, node);
	ctr_heap_remove(&core->nodes.silence, &node->silence);
	CTR_ASSERT(node->freed == 0 && node->silence.position == 0);
	node->state = CENTRO_NODE_DOWN;
	touch_node(core, node, event);
}

/* What the command asks for, in place of what was asked for before. */
static void take_drain(struct ctr_core *core, struct ctr_node *node, const struct ctr_event *event)
{
	const struct ctr_command *command = event->command;
	bool has_deadline = command->type == CTR_COMMAND_DRAIN && command->drain.has_deadline;
	struct ctr_drain *drain = core->prepared.drain;
	CTR_ASSERT(drain != NULL);

	core->prepared.drain = NULL;
	drain->since_wall = event->at.wall;
	if (has_deadline) {
		struct centro_span deadline = command->drain.deadline;
		drain->deadline = ctr_after(event->at.cluster, deadline);
		drain->deadline_wall = ctr_after(event->at.wall, deadline);
		drain->is_over = deadline.ns == 0;
	}
	ctr_free(core->allocator, node->drain);
	node->drain = drain;
}

/* What nobody has started nobody will: it need not be waited for. The rest is killed. */
static void clear(struct ctr_core *core, struct ctr_node *node, const struct ctr_event *event)
{
	CTR_ASSERT(ctr_node_is_cleared(node));

	ctr_list_for_each (link, &node->attempts) {
		struct ctr_instance *instance = ctr_list_entry(link, struct ctr_instance, on_node);
		if (!ctr_instance_may_have_started(instance))
			ctr_lease_cut(&core->leases, instance, event->at.cluster);
	}
}

/*
 * A node is drained, by a command or its own report; or, without a command, its drain
 * is over; or, by a command of its own, it was down and is back.
 */
static void apply_draining(struct ctr_core *core, const struct ctr_event *event)
{
	struct ctr_node *node = find_node(core, event);
	bool is_asked = core->prepared.drain != NULL;
	bool is_back = event->command && !is_asked;
	enum centro_node_state before =
		is_back ? ctr_node_next(node->state, CTR_NODE_SPEAK) : node->state;
	enum centro_node_state next = ctr_node_next(before, CTR_NODE_DRAIN);
	CTR_ASSERT(next == CENTRO_NODE_DRAINING || (next == CENTRO_NODE_DOWN && !is_back));

	if (node->state == CENTRO_NODE_READY)
		ctr_placement_leave(&core->placement, node);
	node->state = (uint8_t)next;
	if (is_asked)
		take_drain(core, node, event);
	else if (!is_back)
		node->drain->is_over = true;
	ctr_adopt_drain(core, node);
	if (is_back)
		ctr_adopt_alive(core, node, event->at.cluster);
	if (ctr_node_is_cleared(node))
		clear(core, node, event);
	touch_node(core, node, event);
}

/* ---- queues ---- */

static void apply_queue_set(struct ctr_core *core, struct ctr_event *event)
{
	const struct ctr_set_queue *set = &event->command->set_queue;
	struct ctr_queue *queue = core->prepared.queue;
	CTR_ASSERT(event->command->type == CTR_COMMAND_SET_QUEUE);

	core->prepared.queue = NULL;
	if (queue)
		ctr_queues_insert(&core->queues, queue);
	else
		queue = ctr_queues_find(&core->queues, set->name);
	CTR_ASSERT(queue && ctr_bytes_equal(queue->name, set->name));
	queue->weight = set->weight;
	queue->priority = set->priority;
	queue->revision = event->number;
	event->queue = queue;
	ctr_outbox_touch_queue(&core->outbox, queue);
}

/* ------------------------------------------------------------------ */

static void apply_event(struct ctr_core *core, struct ctr_event *event)
{
	switch (event->type) {
	case CENTRO_EVENT_JOB_SUBMITTED:
		apply_submitted(core, event);
		return;
	case CENTRO_EVENT_JOB_CANCEL_REQUESTED:
		apply_cancel_requested(core, event);
		return;
	case CENTRO_EVENT_JOB_ENDED:
		apply_job_ended(core, event);
		return;
	case CENTRO_EVENT_INSTANCE_ASSIGNED:
	case CENTRO_EVENT_INSTANCE_RUNNING:
	case CENTRO_EVENT_INSTANCE_REQUEUED:
	case CENTRO_EVENT_INSTANCE_ENDED:
		apply_instance(core, event);
		return;
	case CENTRO_EVENT_NODE_REGISTERED:
		apply_registered(core, event);
		return;
	case CENTRO_EVENT_NODE_READY:
		apply_ready(core, event);
		return;
	case CENTRO_EVENT_NODE_DOWN:
		apply_down(core, event);
		return;
	case CENTRO_EVENT_NODE_DRAINING:
		apply_draining(core, event);
		return;
	case CENTRO_EVENT_QUEUE_SET:
		apply_queue_set(core, event);
		return;
	}
	CTR_UNREACHABLE();
}

void ctr_apply(struct ctr_core *core, struct ctr_decision *decision)
{
	struct ctr_outbox *outbox = &core->outbox;
	/* Without an event there may be no array yet. */
	CTR_ASSERT(decision->count == 0 ||
		   decision->events == outbox->events + outbox->event_count);
	CTR_ASSERT(outbox->event_count + decision->count <= outbox->event_capacity);

	for (size_t i = 0; i < decision->count; i++) {
		struct ctr_event *event = &outbox->events[outbox->event_count++];
		event->number = ++outbox->last_event;
		CTR_ASSERT(event->at.cluster.ns == core->now.cluster.ns);
		if (core->options.keep_hash)
			core->hash_sum -= ctr_hash_touched(core, event);
		apply_event(core, event);
		if (core->options.keep_hash)
			core->hash_sum += ctr_hash_touched(core, event);
		event->command = NULL;
	}
}
