/* SPDX-License-Identifier: MIT */
/*
 * load.c - the state, from the records of a store.
 *
 * Records are as untrusted as a client: what breaks a rule is refused with
 * CENTRO_ERR_CORRUPT and a text, and nothing is guessed. Jobs come before the nodes
 * that they name, so they are tied together at the end.
 *
 * Nobody knows what was claimed before: every grant is taken as claimed, and is
 * honoured for a whole lease from now (I4, I11). Its node may claim it again.
 *
 * Layer: core.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/internal.h"
#include "core/state.h"

#define TIES_FIRST 64

/* ---- jobs ---- */

#define REFUSE_JOB(text, job_id, format, ...)                                                  \
	ctr_error(text, CENTRO_ERR_CORRUPT, "job %llu: " format, (unsigned long long)(job_id), \
		  __VA_ARGS__)

static int check_job(const struct ctr_core *core, const struct ctr_job_load *load,
		     struct centro_error_text *text)
{
	struct centro_error_text why;
	const struct ctr_job *last = ctr_job_table_below(&core->jobs, UINT64_MAX);

	if (load->id == 0 || load->id >= CTR_ID_MAX || (last && load->id <= last->id))
		return REFUSE_JOB(text, load->id, "%s", "its number is out of order or range");
	if (core->jobs.count >= core->options.jobs_max)
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "the store holds more than %lu jobs that have not ended",
				 (unsigned long)core->options.jobs_max);
	if (ctr_job_spec_check(load->spec, &why) != CENTRO_OK)
		return REFUSE_JOB(text, load->id, "%s", why.text);
	if (!ctr_utf8_is_valid(load->cancelled_by) || !ctr_utf8_is_valid(load->cancel_reason))
		return REFUSE_JOB(text, load->id, "%s", "who cancelled it is not UTF-8");
	return CENTRO_OK;
}

/* Anything that only an attempt, or the end, leaves behind. */
static bool has_past(const struct ctr_instance_load *load)
{
	return load->cause != CENTRO_CAUSE_NONE || load->exit_code != 0 || load->signal != 0 ||
	       load->message.size > 0 || load->assign_wall.ns != 0 || load->start_wall.ns != 0 ||
	       load->end_wall.ns != 0;
}

static int check_instance(const struct ctr_job_load *job, const struct ctr_instance_load *load,
			  const struct ctr_instance *instance, struct centro_error_text *text)
{
	bool is_granted =
		load->state == CENTRO_INSTANCE_ASSIGNED || load->state == CENTRO_INSTANCE_RUNNING;
	const char *why = NULL;

	if (!instance)
		why = "there is no such instance";
	else if (instance->attempt > 0 || instance->state != CENTRO_INSTANCE_PENDING)
		why = "it is there twice";
	else if (!ctr_instance_state_is_used(load->state))
		why = "it is in no state that this version knows";
	else if ((int)load->cause < 0 || load->cause >= CENTRO_CAUSE_COUNT)
		why = "it has no cause that this version knows";
	else if (is_granted && (load->attempt == 0 || load->node == 0))
		why = "it is granted, and has no attempt or no node";
	else if (centro_instance_state_is_final(load->state) && load->cause == CENTRO_CAUSE_NONE)
		why = "it has ended, and has no cause";
	else if (load->attempt == 0 && load->node != 0)
		why = "it has a node, and no attempt";
	else if (load->attempt > CTR_ATTEMPT_MAX)
		why = "the number of its attempt is out of range";
	else if (load->lost > load->attempt - is_granted)
		why = "more attempts were lost than made and ended";
	else if (load->state == CENTRO_INSTANCE_PENDING && load->attempt == 0 && has_past(load))
		why = "it waits and never had an attempt, and something became of it";
	else if (job->cancelled && load->state == CENTRO_INSTANCE_PENDING)
		why = "it waits, and the job is cancelled";
	else if (!ctr_utf8_is_valid(load->message))
		why = "its message is not UTF-8";
	if (why)
		return REFUSE_JOB(text, job->id, "instance %lu.%lu: %s", (unsigned long)load->task,
				  (unsigned long)load->index, why);
	return CENTRO_OK;
}

static int add_tie(struct ctr_core *core, struct ctr_instance *instance, centro_node_id node)
{
	CTR_ASSERT(node != 0);

	if (core->tie_count == core->tie_capacity) {
		size_t capacity = core->tie_capacity > 0 ? core->tie_capacity * 2 : TIES_FIRST;
		struct ctr_tie *ties =
			ctr_resize_array(core->allocator, core->ties, capacity, sizeof(*ties));
		if (!ties)
			return CENTRO_ERR_NOMEM;
		core->ties = ties;
		core->tie_capacity = capacity;
	}
	core->ties[core->tie_count++] = (struct ctr_tie){instance, node};
	return CENTRO_OK;
}

static int load_instance(struct ctr_core *core, struct ctr_instance *instance,
			 const struct ctr_instance_load *load)
{
	if (load->message.size > 0) {
		instance->message = ctr_strdup(core->allocator, load->message);
		if (!instance->message)
			return CENTRO_ERR_NOMEM;
	}
	instance->state = (uint8_t)load->state;
	instance->cause = (uint8_t)load->cause;
	instance->signal = load->signal;
	instance->exit_code = load->exit_code;
	instance->attempt = load->attempt;
	instance->lost = load->lost;
	instance->assign_wall = load->assign_wall;
	instance->start_wall = load->start_wall;
	instance->end_wall = load->end_wall;
	instance->loaded = true;
	/* One that is over and was not lost was ended by its node, as far as anybody knows. */
	instance->claimed = load->attempt > 0 && !ctr_instance_is_granted(instance) &&
			    load->cause != CENTRO_CAUSE_NODE_LOST;
	return load->node != 0 ? add_tie(core, instance, load->node) : CENTRO_OK;
}

static int load_instances(struct ctr_core *core, struct ctr_job *job,
			  const struct ctr_job_load *load, struct centro_error_text *text)
{
	struct ctr_tally tally = ctr_job_tally(job);
	CTR_ASSERT(tally.live == job->instance_count);
	CTR_ASSERT(load->instances || load->instance_count == 0);

	for (size_t i = 0; i < load->instance_count; i++) {
		const struct ctr_instance_load *one = &load->instances[i];
		struct ctr_instance *instance = ctr_job_instance(job, one->task, one->index);
		int error = check_instance(load, one, instance, text);
		if (error == CENTRO_OK)
			error = load_instance(core, instance, one);
		if (error != CENTRO_OK)
			return error;
		ctr_tally_move(&tally, CENTRO_INSTANCE_PENDING, instance->state);
	}
	ctr_job_set_tally(job, &tally);
	job->state = (uint8_t)ctr_tally_state(&tally);
	return CENTRO_OK;
}

static int load_cancel(struct ctr_core *core, struct ctr_job *job, const struct ctr_job_load *load)
{
	if (!load->cancelled)
		return CENTRO_OK;
	job->cancelled_by = ctr_strdup(core->allocator, load->cancelled_by);
	job->cancel_reason = ctr_strdup(core->allocator, load->cancel_reason);
	return job->cancelled_by && job->cancel_reason ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

/* In a cancelled job nothing waits, also not what no record speaks of. */
static bool waits_though_cancelled(const struct ctr_job *job)
{
	for (size_t i = 0; ctr_job_is_cancelled(job) && i < job->task_count; i++) {
		for (size_t j = 0; j < job->tasks[i].count; j++) {
			if (job->tasks[i].instances[j].state == CENTRO_INSTANCE_PENDING)
				return true;
		}
	}
	return false;
}

/* Of the instances of a gang all have had an attempt, or none has. */
static bool has_begun_by_half(const struct ctr_job *job)
{
	for (size_t i = 0; i < job->task_count; i++) {
		const struct ctr_task *task = &job->tasks[i];
		for (size_t j = 1; task->gang && j < task->count; j++) {
			if ((task->instances[j].attempt > 0) != (task->instances[0].attempt > 0))
				return true;
		}
	}
	return false;
}

static int load_request_of(struct ctr_core *core, const struct ctr_job *job)
{
	if (job->request_id.size == 0)
		return CENTRO_OK;
	return ctr_core_load_request(core, job->owner, job->request_id, job->spec_hash, job->id,
				     job->submit_wall);
}

int ctr_core_load_job(struct ctr_core *core, const struct ctr_job_load *load,
		      struct centro_error_text *text)
{
	struct ctr_job *job;
	CTR_ASSERT(load->spec != NULL);
	CTR_ASSERT(core->outbox.last_event == 0);
	core->is_loading = true;

	int error = check_job(core, load, text);
	if (error != CENTRO_OK)
		return error;
	if (ctr_job_table_reserve(&core->jobs) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	error = ctr_job_new(&core->shapes, load->spec, &job, text);
	if (error != CENTRO_OK)
		return error;

	job->id = load->id;
	job->submit_wall = load->submit_wall;
	job->start_wall = load->start_wall;
	job->end_wall = load->end_wall;
	job->revision = load->revision;
	job->is_stored = true;
	error = load_instances(core, job, load, text);
	if (error == CENTRO_OK)
		error = load_cancel(core, job, load);
	if (error == CENTRO_OK && waits_though_cancelled(job))
		error = REFUSE_JOB(text, job->id, "%s", "it is cancelled, and part of it waits");
	if (error == CENTRO_OK && has_begun_by_half(job))
		error = REFUSE_JOB(text, job->id, "%s", "a part of a gang was granted alone");
	if (error == CENTRO_OK)
		error = load_request_of(core, job);
	if (error != CENTRO_OK) {
		ctr_job_free(&core->shapes, job);
		return error;
	}
	ctr_job_table_insert(&core->jobs, job);
	if (core->options.keep_hash)
		core->hash_sum += ctr_hash_job(job);
	return CENTRO_OK;
}

int ctr_core_load_request(struct ctr_core *core, struct centro_bytes owner,
			  struct centro_bytes request_id, uint64_t spec_hash, centro_job_id job,
			  struct centro_instant wall)
{
	CTR_ASSERT(request_id.size > 0);
	core->is_loading = true;

	if (job == 0)
		return CENTRO_ERR_CORRUPT;
	if (ctr_requests_reserve(&core->requests) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	const struct ctr_request request = {
		.key = ctr_request_key(&core->requests, owner, request_id),
		.spec_hash = spec_hash,
		.job = job,
		.expires = wall,
	};
	ctr_requests_load(&core->requests, &request);
	return CENTRO_OK;
}

/* ---- nodes, queues, ids ---- */

/* NULL: it makes sense. */
static const char *check_drain(const struct ctr_node_load *load)
{
	const struct ctr_drain *drain = &load->drain;
	struct centro_error_text unused;

	if (load->is_drained ? load->state == CENTRO_NODE_READY
			     : load->state == CENTRO_NODE_DRAINING)
		return "it is drained, and its state says otherwise, or the other way round";
	if (load->is_drained && ctr_decide_who(drain->who, drain->reason, &unused) != CENTRO_OK)
		return "who drained it, or why, is too long or not UTF-8";
	return NULL;
}

static int check_node(const struct ctr_core *core, const struct ctr_node_load *load,
		      struct centro_error_text *text)
{
	struct centro_error_text spec_text;
	const struct ctr_node_table *nodes = &core->nodes;
	const char *why = NULL;

	if (load->id == 0 || load->id >= CTR_ID_MAX ||
	    (nodes->count > 0 && load->id <= nodes->list[nodes->count - 1]->id))
		why = "its number is out of order or range";
	else if (ctr_node_spec_check(load->spec, &spec_text) != CENTRO_OK)
		why = spec_text.text;
	else if (ctr_nodes_find_name(nodes, load->spec->name))
		why = "another node has its name";
	else if (!ctr_node_state_is_used(load->state))
		why = "it is in no state that this version knows";
	else
		why = check_drain(load);
	if (why)
		return ctr_error(text, CENTRO_ERR_CORRUPT, "node %llu: %s",
				 (unsigned long long)load->id, why);
	if (nodes->count >= core->options.nodes_max)
		return ctr_error(text, CENTRO_ERR_LIMIT, "the store holds more than %lu nodes",
				 (unsigned long)core->options.nodes_max);
	return CENTRO_OK;
}

static int load_drain(struct ctr_core *core, const struct ctr_node_load *load)
{
	struct ctr_node *node = core->prepared.node;
	struct ctr_drain *drain =
		ctr_drain_new(core->allocator, load->drain.who, load->drain.reason);
	CTR_ASSERT(!node->drain);

	if (!drain)
		return CENTRO_ERR_NOMEM;
	drain->since_wall = load->drain.since_wall;
	drain->deadline_wall = load->drain.deadline_wall;
	drain->deadline = load->drain.deadline;
	drain->is_over = load->drain.is_over;
	node->drain = drain;
	return CENTRO_OK;
}

int ctr_core_load_node(struct ctr_core *core, const struct ctr_node_load *load,
		       struct centro_error_text *text)
{
	CTR_ASSERT(load->spec != NULL);
	CTR_ASSERT(core->outbox.last_event == 0);
	core->is_loading = true;

	int error = check_node(core, load, text);
	if (error == CENTRO_OK)
		error = ctr_prepare_node(core, load->spec, text);
	if (error == CENTRO_OK && load->is_drained)
		error = load_drain(core, load);
	if (error != CENTRO_OK) {
		ctr_prepared_drop(core);
		return error;
	}

	struct ctr_node *node = core->prepared.node;
	CTR_ASSERT(node != NULL);
	core->prepared.node = NULL;
	node->id = load->id;
	node->state = (uint8_t)load->state;
	node->agent_id = load->spec->agent_id;
	node->register_wall = load->register_wall;
	node->revision = load->revision;
	ctr_nodes_insert(&core->nodes, node);
	ctr_adopt_offer(core, node);
	if (core->options.keep_hash)
		core->hash_sum += ctr_hash_node(node);
	return CENTRO_OK;
}

int ctr_core_load_queue(struct ctr_core *core, const struct ctr_set_queue *load, uint64_t revision,
			struct centro_error_text *text)
{
	struct centro_error_text why;
	core->is_loading = true;

	if (ctr_queue_check(load->name, load->weight, load->priority, &why) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_CORRUPT, "queue: %s", why.text);
	struct ctr_queue *queue = ctr_queues_find(&core->queues, load->name);
	if (!queue) {
		if (core->queues.count >= core->options.queues_max)
			return ctr_error(text, CENTRO_ERR_LIMIT,
					 "the store holds more than %lu queues",
					 (unsigned long)core->options.queues_max);
		if (ctr_queues_reserve(&core->queues) != CENTRO_OK)
			return CENTRO_ERR_NOMEM;
		queue = ctr_queue_new(core->allocator, load->name, load->weight, load->priority);
		if (!queue)
			return CENTRO_ERR_NOMEM;
		ctr_queues_insert(&core->queues, queue);
	} else if (core->options.keep_hash) {
		core->hash_sum -= ctr_hash_queue(queue);
	}
	queue->weight = load->weight;
	queue->priority = load->priority;
	queue->revision = revision;
	if (core->options.keep_hash)
		core->hash_sum += ctr_hash_queue(queue);
	return CENTRO_OK;
}

int ctr_core_load_ids(struct ctr_core *core, centro_job_id job, centro_node_id node)
{
	core->is_loading = true;

	if (job == 0 || job > CTR_ID_MAX || node == 0 || node > CTR_ID_MAX)
		return CENTRO_ERR_CORRUPT;
	core->job_ids = (struct ctr_ids){.next = job, .reserved = job};
	core->node_ids = (struct ctr_ids){.next = node, .reserved = node};
	return CENTRO_OK;
}

/* ---- the end ---- */

static int check_ids(const struct ctr_core *core, struct centro_error_text *text)
{
	const struct ctr_job *job = ctr_job_table_below(&core->jobs, UINT64_MAX);
	const struct ctr_node_table *nodes = &core->nodes;

	if (job && job->id >= core->job_ids.next)
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "ids: there is job %llu, and numbers from %llu on are said to be "
				 "free",
				 (unsigned long long)job->id,
				 (unsigned long long)core->job_ids.next);
	if (nodes->count > 0 && nodes->list[nodes->count - 1]->id >= core->node_ids.next)
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "ids: there is node %llu, and numbers from %llu on are said to be "
				 "free",
				 (unsigned long long)nodes->list[nodes->count - 1]->id,
				 (unsigned long long)core->node_ids.next);
	if (ctr_requests_last_job(&core->requests) >= core->job_ids.next)
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "ids: a request made job %llu, and numbers from %llu on are said "
				 "to be free",
				 (unsigned long long)ctr_requests_last_job(&core->requests),
				 (unsigned long long)core->job_ids.next);
	return CENTRO_OK;
}

static int adopt_job(struct ctr_core *core, struct ctr_job *job, struct centro_error_text *text)
{
	struct ctr_queue *queue = ctr_queues_find(&core->queues, job->queue);
	if (!queue)
		return REFUSE_JOB(text, job->id, "there is no queue %.*s", (int)job->queue.size,
				  (const char *)job->queue.data);
	ctr_adopt_job(core, job, queue);
	if (job->live_count > 0)
		return CENTRO_OK;

	/* The end was written, but not yet where what has ended belongs. */
	if (ctr_outbox_reserve(&core->outbox, 1) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	ctr_outbox_touch_job(&core->outbox, job, CTR_JOB_DIRTY_STATE);
	return CENTRO_OK;
}

/* The newest first, which is the order that _below gives; the oldest waits first all the same. */
static int adopt_jobs(struct ctr_core *core, uint64_t *last_event, struct centro_error_text *text)
{
	struct ctr_job *job;

	for (centro_job_id id = UINT64_MAX; (job = ctr_job_table_below(&core->jobs, id));) {
		id = job->id;
		int error = adopt_job(core, job, text);
		if (error != CENTRO_OK)
			return error;
		if (*last_event < job->revision)
			*last_event = job->revision;
	}
	return CENTRO_OK;
}

/* The node is part of what is hashed. */
static void tie(struct ctr_core *core, struct ctr_instance *instance, struct ctr_node *node)
{
	CTR_ASSERT(!instance->node);

	if (core->options.keep_hash)
		core->hash_sum -= ctr_hash_instance(instance);
	instance->node = node;
	if (core->options.keep_hash)
		core->hash_sum += ctr_hash_instance(instance);
}

static int tie_instances(struct ctr_core *core, struct ctr_now now, struct centro_error_text *text)
{
	for (size_t i = 0; i < core->tie_count; i++) {
		struct ctr_instance *instance = core->ties[i].instance;
		struct ctr_node *node = ctr_nodes_find(&core->nodes, core->ties[i].node);
		bool is_granted = ctr_instance_is_granted(instance);
		if (!node && is_granted)
			return REFUSE_JOB(text, instance->job->id,
					  "it is granted to node %llu, which is not there",
					  (unsigned long long)core->ties[i].node);
		tie(core, instance, node);
		if (!is_granted)
			continue;
		if (ctr_leases_reserve(&core->leases, 1) != CENTRO_OK)
			return CENTRO_ERR_NOMEM;
		ctr_adopt_grant(core, instance, node, now.cluster);
	}
	ctr_free(core->allocator, core->ties);
	core->ties = NULL;
	core->tie_count = core->tie_capacity = 0;
	return CENTRO_OK;
}

static void adopt_nodes(struct ctr_core *core, struct ctr_now now, uint64_t *last_event)
{
	for (uint32_t i = 0; i < core->nodes.count; i++) {
		struct ctr_node *node = core->nodes.list[i];
		node->is_shrunk = !ctr_resources_fit(&node->used, &node->capacity);
		if (node->state != CENTRO_NODE_DOWN)
			ctr_adopt_alive(core, node, now.cluster);
		ctr_adopt_drain(core, node);
		if (*last_event < node->revision)
			*last_event = node->revision;
	}
}

int ctr_core_load_end(struct ctr_core *core, struct ctr_now now, uint64_t last_event,
		      struct centro_error_text *text)
{
	CTR_ASSERT(core->outbox.last_event == 0);
	CTR_ASSERT(core->pending.count == 0);
	core->is_loading = true;

	int error = check_ids(core, text);
	if (error == CENTRO_OK)
		error = adopt_jobs(core, &last_event, text);
	if (error == CENTRO_OK)
		error = tie_instances(core, now, text);
	if (error != CENTRO_OK)
		return error;
	adopt_nodes(core, now, &last_event);
	for (uint32_t i = 0; i < core->queues.count; i++) {
		if (last_event < core->queues.list[i]->revision)
			last_event = core->queues.list[i]->revision;
	}
	/* No cluster gets that far, and the numbers must not run out. */
	if (last_event >= CTR_ID_MAX)
		return ctr_error(text, CENTRO_ERR_CORRUPT, "events: the last one has number %llu",
				 (unsigned long long)last_event);
	ctr_requests_load_end(&core->requests, now.cluster, now.wall, core->options.request_ttl);

	/* Old events may be gone, but a number is never given twice. */
	core->outbox.last_event = last_event;
	core->now = now;
	core->is_loading = false;
	return CENTRO_OK;
}
