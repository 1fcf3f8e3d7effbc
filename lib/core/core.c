/* SPDX-License-Identifier: MIT */
/*
 * core.c - the calls of core.h that change something, and the outbox.
 *
 * Every change takes the same steps: room in the outbox, decide, prepare, apply.
 * Until the last one nothing has changed that anybody can see, and the last one
 * cannot fail.
 *
 * Layer: core.
 */
#include "core/core.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/str.h"
#include "base/time.h"
#include "core/internal.h"

#define JOBS_MAX_DEFAULT       4000000
#define NODES_MAX_DEFAULT      200000
#define QUEUES_MAX_DEFAULT     10000
#define QUEUES_MAX_LIMIT       UINT16_MAX
#define REQUESTS_MAX_DEFAULT   1000000
#define REQUESTS_MAX_LIMIT     (1 << 28)
#define REQUEST_TTL_DEFAULT_MS (24 * 3600 * 1000)
#define NODE_TIMEOUT_MS        60000
#define LEASE_GRACE_MS         2000
#define DRIFT_PPM_DEFAULT      10000
#define QUARANTINE_DEFAULT     5

/* Deadlines handled in one tick; each leads to at most two events. */
#define TICK_DEADLINES_MAX 256
#define DEADLINE_EVENTS    2

/* ---- life ---- */

static uint32_t number_or(uint32_t value, uint32_t otherwise)
{
	return value > 0 ? value : otherwise;
}

static struct centro_span span_or(struct centro_span span, uint64_t otherwise_ms)
{
	return span.ns > 0 ? span : ctr_span_ms(otherwise_ms);
}

static struct ctr_core_options fill_options(const struct ctr_core_options *options)
{
	struct ctr_core_options filled = *options;

	filled.jobs_max = number_or(options->jobs_max, JOBS_MAX_DEFAULT);
	filled.nodes_max = number_or(options->nodes_max, NODES_MAX_DEFAULT);
	filled.queues_max = number_or(options->queues_max, QUEUES_MAX_DEFAULT);
	filled.requests_max = number_or(options->requests_max, REQUESTS_MAX_DEFAULT);
	filled.quarantine_after = number_or(options->quarantine_after, QUARANTINE_DEFAULT);
	filled.drift_ppm = number_or(options->drift_ppm, DRIFT_PPM_DEFAULT);
	filled.request_ttl = span_or(options->request_ttl, REQUEST_TTL_DEFAULT_MS);
	filled.node_timeout = span_or(options->node_timeout, NODE_TIMEOUT_MS);
	filled.lease_grace = span_or(options->lease_grace, LEASE_GRACE_MS);
	return filled;
}

int ctr_core_new(const struct ctr_core_options *options, struct ctr_core **ret_core)
{
	struct ctr_core_options filled = fill_options(options);
	const struct centro_allocator *allocator = options->allocator;

	if (filled.queues_max > QUEUES_MAX_LIMIT || filled.requests_max > REQUESTS_MAX_LIMIT ||
	    (unsigned)filled.order > CTR_ORDER_FIFO)
		return CENTRO_ERR_INVALID;
	struct ctr_core *core = ctr_alloc_zero(allocator, sizeof(*core));
	if (!core)
		return CENTRO_ERR_NOMEM;
	if (ctr_queues_init(&core->queues, allocator, filled.seed) != CENTRO_OK) {
		ctr_free(allocator, core);
		return CENTRO_ERR_NOMEM;
	}

	core->allocator = allocator;
	core->options = filled;
	core->job_ids = core->node_ids = (struct ctr_ids){.next = 1, .reserved = 1};
	ctr_dimensions_init(&core->dimensions, allocator);
	ctr_zones_init(&core->zones, allocator, filled.seed);
	ctr_shapes_init(&core->shapes, allocator, &core->dimensions, &core->zones, filled.seed);
	ctr_job_table_init(&core->jobs, allocator);
	ctr_nodes_init(&core->nodes, allocator, filled.seed);
	ctr_requests_init(&core->requests, allocator, filled.seed, filled.requests_max);
	ctr_pending_init(&core->pending, filled.order == CTR_ORDER_FIFO);
	ctr_placement_init(&core->placement, allocator, &core->nodes, filled.seed);
	ctr_leases_init(&core->leases, allocator, filled.drift_ppm, filled.lease_grace);
	ctr_outbox_init(&core->outbox, allocator);
	if (filled.keep_hash)
		core->hash_sum = ctr_hash_records(core);
	*ret_core = core;
	return CENTRO_OK;
}

static void free_job(struct ctr_core *core, struct ctr_job *job)
{
	/* The tables go as a whole: what is in them need not be taken out first. */
	for (size_t i = 0; i < job->task_count; i++) {
		for (size_t j = 0; j < job->tasks[i].count; j++)
			ctr_free(core->allocator, job->tasks[i].instances[j].message);
	}
	ctr_free(core->allocator, job->cancelled_by);
	ctr_free(core->allocator, job->cancel_reason);
	ctr_free(core->allocator, job);
}

void ctr_core_free(struct ctr_core *core)
{
	if (!core)
		return;
	CTR_ASSERT(!core->prepared.job && !core->prepared.node && !core->prepared.queue);
	CTR_ASSERT(!core->prepared.has_offer);

	struct ctr_job *job;
	for (centro_job_id id = UINT64_MAX; (job = ctr_job_table_below(&core->jobs, id));) {
		id = job->id;
		free_job(core, job);
	}
	ctr_job_table_fini(&core->jobs);
	ctr_nodes_fini(&core->nodes);
	ctr_queues_fini(&core->queues);
	ctr_shapes_fini(&core->shapes);
	ctr_placement_fini(&core->placement);
	ctr_zones_fini(&core->zones);
	ctr_dimensions_fini(&core->dimensions);
	ctr_requests_fini(&core->requests);
	ctr_leases_fini(&core->leases);
	ctr_outbox_fini(&core->outbox);
	ctr_free(core->allocator, core->ties);
	ctr_free(core->allocator, core);
}

/* ---- change ---- */

static void set_now(struct ctr_core *core, struct ctr_now now)
{
	CTR_ASSERT(!core->is_loading);
	CTR_ASSERT(now.cluster.ns >= core->now.cluster.ns);
	core->now = now;
}

/* Room for `count` events was reserved. */
static struct ctr_decision begin_decision(struct ctr_core *core, size_t count)
{
	struct ctr_outbox *outbox = &core->outbox;
	CTR_ASSERT(count <= outbox->event_capacity - outbox->event_count);

	return (struct ctr_decision){
		.events = outbox->event_count > 0 ? outbox->events + outbox->event_count
						  : outbox->events,
		.count_max = count,
	};
}

/* A decision with room for `count` events. OK or NOMEM. */
static int open_decision(struct ctr_core *core, size_t count, struct ctr_decision *ret_decision)
{
	CTR_ASSERT(count <= CTR_INSTANCES_MAX + 2);

	if (ctr_outbox_reserve(&core->outbox, count) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	*ret_decision = begin_decision(core, count);
	return CENTRO_OK;
}

static int decide(const struct ctr_core *core, struct ctr_now now,
		  const struct ctr_command *command, struct ctr_decision *decision,
		  struct ctr_result *result)
{
	switch (command->type) {
	case CTR_COMMAND_SUBMIT:
		return ctr_decide_submit(core, now, command, decision, result);
	case CTR_COMMAND_CANCEL:
		return ctr_decide_cancel(core, now, command, decision, result);
	case CTR_COMMAND_REGISTER:
		return ctr_decide_register(core, now, command, decision, result);
	case CTR_COMMAND_HEARTBEAT:
		return ctr_decide_heartbeat(core, now, command, decision, result);
	case CTR_COMMAND_CLAIM:
		return ctr_decide_claim(core, now, command, decision, result);
	case CTR_COMMAND_REPORT:
		return ctr_decide_report(core, now, command, decision, result);
	case CTR_COMMAND_SET_QUEUE:
		return ctr_decide_set_queue(core, now, command, decision, result);
	case CTR_COMMAND_DRAIN:
		return ctr_decide_drain(core, now, command, decision, result);
	case CTR_COMMAND_UNDRAIN:
		return ctr_decide_undrain(core, now, command, decision, result);
	default:
		CTR_UNREACHABLE();
	}
}

/* Everything up to the point of no return. */
static int decide_and_prepare(struct ctr_core *core, struct ctr_now now,
			      const struct ctr_command *command, struct ctr_decision *decision,
			      struct ctr_result *result)
{
	CTR_ASSERT(!core->prepared.who && !core->prepared.message);

	int error = open_decision(core, ctr_decide_bound(core, command), decision);
	if (error == CENTRO_OK)
		error = decide(core, now, command, decision, result);
	if (error == CENTRO_OK && decision->count > 0) {
		error = ctr_prepare(core, command, decision, result);
		if (error != CENTRO_OK)
			ctr_prepared_drop(core);
	}
	if (error == CENTRO_ERR_NOMEM)
		ctr_error(&result->text, error, "out of memory");
	return error;
}

int ctr_core_execute(struct ctr_core *core, struct ctr_now now, const struct ctr_command *command,
		     struct ctr_result *ret_result)
{
	struct ctr_decision decision;
	CTR_ASSERT(command->type < CTR_COMMAND_COUNT);
	set_now(core, now);

	ret_result->text.text[0] = '\0';
	ret_result->session_stale = false;
	ret_result->existing = false;
	ret_result->job = 0;
	ret_result->node = 0;
	ret_result->status = decide_and_prepare(core, now, command, &decision, ret_result);
	if (ret_result->status != CENTRO_OK)
		return ret_result->status;
	ctr_apply(core, &decision);
	ctr_touch(core, now, command);
	CTR_ASSERT(!core->prepared.job && !core->prepared.has_offer);
	CTR_ASSERT(!core->prepared.who && !core->prepared.message && !core->prepared.drain);
	return CENTRO_OK;
}

/* NULL: none is due. */
static struct ctr_heap_node *first_due(const struct ctr_heap *heap, struct ctr_now now)
{
	struct ctr_heap_node *first = ctr_heap_first(heap);
	return first && ctr_reached((struct centro_instant){first->key}, now.cluster) ? first
										      : NULL;
}

/* One deadline that is due. False: none is. */
static bool handle_deadline(struct ctr_core *core, struct ctr_now now,
			    struct ctr_decision *decision)
{
	struct ctr_heap_node *silent = first_due(&core->nodes.silence, now);
	struct ctr_heap_node *drained = first_due(&core->nodes.due, now);
	if (silent) {
		ctr_decide_silence(now, CTR_CONTAINER_OF(silent, struct ctr_node, silence),
				   decision);
	} else if (drained) {
		ctr_decide_drain_over(now, CTR_CONTAINER_OF(drained, struct ctr_node, due),
				      decision);
	} else {
		struct ctr_instance *instance = ctr_lease_due(&core->leases, now.cluster);
		if (!instance)
			return false;
		ctr_decide_lease_over(now, instance, decision);
	}
	CTR_ASSERT(decision->count > 0);
	ctr_apply(core, decision);
	return true;
}

bool ctr_core_tick(struct ctr_core *core, struct ctr_now now)
{
	set_now(core, now);

	for (uint32_t i = 0; i < TICK_DEADLINES_MAX; i++) {
		struct ctr_decision decision;
		/* Without memory nothing is over yet: try again. */
		core->is_short = open_decision(core, DEADLINE_EVENTS, &decision) != CENTRO_OK;
		if (core->is_short)
			return true;
		if (!handle_deadline(core, now, &decision))
			return false;
	}
	return ctr_reached(ctr_core_next_wake(core), now.cluster);
}

static int reserve_grants(struct ctr_core *core, uint32_t count)
{
	CTR_ASSERT(count > 0 && count <= CTR_INSTANCES_MAX);

	if (ctr_outbox_reserve(&core->outbox, count) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	return ctr_leases_reserve(&core->leases, count);
}

/* The first of the line gets an attempt. False: it fits on no node. */
static bool grant_first(struct ctr_core *core, struct ctr_now now, struct ctr_line *line,
			uint32_t *ops)
{
	const struct ctr_node *node = ctr_placement_choose(&core->placement, line, ops);
	if (!node)
		return false;
	struct ctr_decision decision = begin_decision(core, 1);
	ctr_decide_grant(now, ctr_pending_first(line), node, &decision);
	CTR_ASSERT(decision.count == 1);
	ctr_apply(core, &decision);
	return true;
}

/* The first `count`, which are granted together. False: there is not room for all. */
static bool grant_together(struct ctr_core *core, struct ctr_now now, struct ctr_line *line,
			   uint32_t count, uint32_t *ops)
{
	if (!ctr_placement_has_room(&core->placement, line, count, ops))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		bool is_granted = grant_first(core, now, line, ops);
		CTR_ASSERT(is_granted);
	}
	return true;
}

bool ctr_core_schedule(struct ctr_core *core, struct ctr_now now, uint32_t ops_max)
{
	uint32_t ops = 0;
	struct ctr_line *line;
	set_now(core, now);

	core->is_short = false;
	while ((line = ctr_pending_next(&core->pending, core->placement.freed))) {
		uint32_t count = ctr_pending_together(line);
		if (ops >= ops_max)
			return true;
		core->is_short = reserve_grants(core, count) != CENTRO_OK;
		if (core->is_short)
			return true;
		bool is_granted = count == 1 ? grant_first(core, now, line, &ops)
					     : grant_together(core, now, line, count, &ops);
		if (!is_granted)
			ctr_pending_park(&core->pending, line, core->placement.freed);
	}
	return false;
}

bool ctr_core_is_short(const struct ctr_core *core)
{
	return core->is_short;
}

struct centro_instant ctr_core_next_wake(const struct ctr_core *core)
{
	const struct ctr_heap_node *silent = ctr_heap_first(&core->nodes.silence);
	const struct ctr_heap_node *drained = ctr_heap_first(&core->nodes.due);
	struct centro_instant wake = ctr_leases_wake(&core->leases);

	if (drained)
		wake = ctr_earlier(wake, (struct centro_instant){drained->key});
	return silent ? ctr_earlier(wake, (struct centro_instant){silent->key}) : wake;
}

/* ---- outbox ---- */

const struct ctr_event *ctr_core_events(const struct ctr_core *core, size_t *ret_count)
{
	CTR_ASSERT(!core->is_loading);
	*ret_count = core->outbox.event_count;
	return core->outbox.events;
}

void ctr_core_clear_events(struct ctr_core *core)
{
	CTR_ASSERT(core->outbox.event_count <= core->outbox.last_event);
	core->outbox.event_count = 0;
}

uint64_t ctr_core_last_event(const struct ctr_core *core)
{
	return core->outbox.last_event;
}

bool ctr_core_take_dirty(struct ctr_core *core, struct ctr_dirty *ret_dirty)
{
	CTR_ASSERT(!core->is_loading);
	return ctr_outbox_take(&core->outbox, ret_dirty);
}

void ctr_core_forget(struct ctr_core *core, struct ctr_job *job)
{
	CTR_ASSERT(job->live_count == 0);
	CTR_ASSERT(centro_job_state_is_final(job->state));
	CTR_ASSERT(job->dirty == 0);

	if (core->options.keep_hash)
		core->hash_sum -= ctr_hash_job(job);
	ctr_job_table_remove(&core->jobs, job);
	ctr_job_free(&core->shapes, job);
}

bool ctr_core_remembers_request(const struct ctr_core *core, struct centro_bytes owner,
				struct centro_bytes request_id, centro_job_id job)
{
	CTR_ASSERT(request_id.size > 0);

	struct ctr_request_key key = ctr_request_key(&core->requests, owner, request_id);
	const struct ctr_request *request =
		ctr_requests_find(&core->requests, &key, core->now.cluster);
	return request && request->job == job;
}

void ctr_core_reserved_ids(const struct ctr_core *core, centro_job_id *ret_job,
			   centro_node_id *ret_node)
{
	CTR_ASSERT(core->job_ids.next <= core->job_ids.reserved);
	CTR_ASSERT(core->node_ids.next <= core->node_ids.reserved);
	*ret_job = core->job_ids.reserved;
	*ret_node = core->node_ids.reserved;
}
