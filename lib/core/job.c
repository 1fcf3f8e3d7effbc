/* SPDX-License-Identifier: MIT */
/*
 * job.c - one job.
 *
 * Invariants: the tally of a job is that of its instances, and its state is what
 * the tally says.
 *
 * A job is one piece of memory: itself, its tasks, its instances (and behind those
 * of a gang its line), its labels and all of its text, one behind the other. Only
 * what comes later (who cancelled it, what an agent said of an instance) is apart.
 *
 * Layer: core.
 */
#include "core/job.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"
#include "core/pending.h"

#define TASK_NAME_DEFAULT "main"

/* ---- memory ---- */

/* Sums up how much is needed; then hands out as much, in the same order. */
struct layout {
	size_t bytes;
};

static void want(struct layout *layout, size_t count, size_t bytes)
{
	/* The limits of a specification keep this far from an overflow. */
	CTR_ASSERT(count <= CTR_TEXT_SIZE_MAX);
	CTR_ASSERT(bytes > 0 && bytes <= 1024);
	layout->bytes += count * bytes;
}

static size_t instance_count(const struct ctr_job_spec *spec)
{
	size_t count = 0;
	for (size_t i = 0; i < spec->task_count; i++)
		count += spec->tasks[i].count > 0 ? spec->tasks[i].count : 1;
	return count;
}

/* A gang of one is a task like any other. */
static bool is_gang(const struct ctr_task_spec *spec)
{
	return spec->gang && spec->count > 1;
}

static size_t gang_count(const struct ctr_job_spec *spec)
{
	size_t count = 0;
	for (size_t i = 0; i < spec->task_count; i++)
		count += is_gang(&spec->tasks[i]);
	return count;
}

static size_t job_bytes(const struct ctr_job_spec *spec)
{
	struct layout layout = {.bytes = sizeof(struct ctr_job)};

	want(&layout, spec->task_count, sizeof(struct ctr_task));
	want(&layout, instance_count(spec), sizeof(struct ctr_instance));
	want(&layout, gang_count(spec), sizeof(struct ctr_line));
	want(&layout, spec->label_count, sizeof(struct ctr_label));
	want(&layout, spec->name.size, 1);
	want(&layout, spec->owner.size, 1);
	want(&layout, spec->tenant.size, 1);
	want(&layout, spec->request_id.size, 1);
	want(&layout, ctr_name_or_default(spec->queue).size, 1);
	want(&layout, spec->text.size, 1);
	for (size_t i = 0; i < spec->task_count; i++)
		want(&layout, spec->tasks[i].name.size, 1);
	for (size_t i = 0; i < spec->label_count; i++) {
		want(&layout, spec->labels[i].key.size, 1);
		want(&layout, spec->labels[i].value.size, 1);
	}
	return layout.bytes;
}

static struct centro_bytes copy_text(uint8_t **at, struct centro_bytes text)
{
	if (text.size == 0)
		return (struct centro_bytes){0};
	struct centro_bytes copy = ctr_bytes(*at, text.size);
	memcpy(*at, text.data, text.size);
	*at += text.size;
	return copy;
}

static struct centro_span span_or(struct centro_span span, uint64_t default_ms)
{
	return span.ns > 0 ? span : ctr_span_ms(default_ms);
}

static void fill_task(struct ctr_task *task, const struct ctr_task_spec *spec, uint8_t **text)
{
	*task = (struct ctr_task){
		.name = spec->name.size > 0 ? copy_text(text, spec->name)
					    : ctr_bytes_str(TASK_NAME_DEFAULT),
		.time_limit = spec->time_limit,
		.lease = span_or(spec->lease, CTR_LEASE_DEFAULT_MS),
		.kill_grace = span_or(spec->kill_grace, CTR_GRACE_DEFAULT_MS),
		.count = (uint16_t)(spec->count > 0 ? spec->count : 1),
		.on_disconnect = spec->on_disconnect == CTR_ON_DISCONNECT_KEEP
					 ? CTR_ON_DISCONNECT_KEEP
					 : CTR_ON_DISCONNECT_STOP,
		.gang = is_gang(spec),
	};
}

/* Returns where the memory behind them goes on. */
static void *fill_instances(struct ctr_job *job, uint16_t task, struct ctr_instance *instances)
{
	CTR_ASSERT(task < job->task_count);
	CTR_ASSERT((uintptr_t)instances % _Alignof(struct ctr_instance) == 0);

	job->tasks[task].instances = instances;
	for (uint32_t i = 0; i < job->tasks[task].count; i++) {
		instances[i] = (struct ctr_instance){
			.job = job,
			.task = task,
			.index = i,
			.state = CENTRO_INSTANCE_PENDING,
		};
	}
	struct ctr_line *line = ctr_task_line(&job->tasks[task]);
	return job->tasks[task].gang ? line + 1 : line;
}

static void fill_labels(struct ctr_label *labels, const struct ctr_job_spec *spec, uint8_t **text)
{
	for (size_t i = 0; i < spec->label_count; i++) {
		labels[i].key = copy_text(text, spec->labels[i].key);
		labels[i].value = copy_text(text, spec->labels[i].value);
	}
}

/* `job` stands at the start of job_bytes() of memory. */
static void fill_job(struct ctr_job *job, const struct ctr_job_spec *spec)
{
	struct ctr_task *tasks = (struct ctr_task *)(job + 1);
	void *instances = tasks + spec->task_count;
	size_t count = instance_count(spec);
	struct ctr_line *lines = (struct ctr_line *)((struct ctr_instance *)instances + count);
	/* The lines stand each behind the instances of its gang. */
	struct ctr_label *labels = (struct ctr_label *)(lines + gang_count(spec));
	uint8_t *text = (uint8_t *)(labels + spec->label_count);
	CTR_ASSERT(count > 0 && count <= CTR_INSTANCES_MAX);

	*job = (struct ctr_job){
		.name = copy_text(&text, spec->name),
		.queue = copy_text(&text, ctr_name_or_default(spec->queue)),
		.owner = copy_text(&text, spec->owner),
		.tenant = copy_text(&text, spec->tenant),
		.request_id = copy_text(&text, spec->request_id),
		.text = copy_text(&text, spec->text),
		.labels = labels,
		.tasks = tasks,
		.spec_hash = spec->spec_hash,
		.retry_of = spec->retry_of,
		.priority = spec->priority,
		.label_count = (uint16_t)spec->label_count,
		.task_count = (uint16_t)spec->task_count,
		.instance_count = (uint16_t)count,
		.live_count = (uint16_t)count,
		.state = CENTRO_JOB_PENDING,
	};
	fill_labels(labels, spec, &text);
	for (uint16_t i = 0; i < job->task_count; i++) {
		fill_task(&tasks[i], &spec->tasks[i], &text);
		instances = fill_instances(job, i, instances);
	}
	CTR_ASSERT(instances == labels);
	CTR_ASSERT(text == (uint8_t *)job + job_bytes(spec));
}

static bool asks_for_nothing(const struct ctr_resource_spec *spec)
{
	for (size_t i = 0; i < spec->named_count; i++) {
		if (spec->named[i].amount > 0)
			return false;
	}
	return spec->cpu_milli == 0 && spec->memory_mib == 0 && spec->disk_mib == 0;
}

static int acquire_shape(struct ctr_shape_table *shapes, const struct ctr_job_spec *spec,
			 size_t task, struct ctr_shape **ret_shape, struct centro_error_text *text)
{
	static const struct ctr_resource_spec resources_default = {
		.cpu_milli = 1000,
		.memory_mib = 128,
	};
	const struct ctr_resource_spec *resources = &spec->tasks[task].resources;

	if (asks_for_nothing(resources))
		resources = &resources_default;
	return ctr_shape_acquire(shapes, resources, spec->datacenters, spec->datacenter_count,
				 is_gang(&spec->tasks[task]) ? spec->tasks[task].count : 0,
				 ret_shape, text);
}

static void release_shapes(struct ctr_shape_table *shapes, const struct ctr_job *job, size_t count)
{
	CTR_ASSERT(count <= job->task_count);

	for (size_t i = 0; i < count; i++)
		ctr_shape_release(shapes, ctr_shape_get(shapes, job->tasks[i].shape));
}

int ctr_job_new(struct ctr_shape_table *shapes, const struct ctr_job_spec *spec,
		struct ctr_job **ret_job, struct centro_error_text *text)
{
	CTR_ASSERT(spec->task_count > 0 && spec->task_count <= CTR_TASKS_MAX);
	CTR_ASSERT(spec->text.size <= CTR_TEXT_SIZE_MAX);

	struct ctr_job *job = ctr_alloc(shapes->allocator, job_bytes(spec));
	if (!job)
		return CENTRO_ERR_NOMEM;
	fill_job(job, spec);

	for (size_t i = 0; i < spec->task_count; i++) {
		struct ctr_shape *shape;
		int error = acquire_shape(shapes, spec, i, &shape, text);
		if (error != CENTRO_OK) {
			release_shapes(shapes, job, i);
			ctr_free(shapes->allocator, job);
			return error;
		}
		job->tasks[i].shape = shape->number;
		if (job->tasks[i].gang)
			ctr_pending_init_line(ctr_task_line(&job->tasks[i]), shape);
	}
	*ret_job = job;
	return CENTRO_OK;
}

void ctr_job_free(struct ctr_shape_table *shapes, struct ctr_job *job)
{
	if (!job)
		return;
	CTR_ASSERT(job->task_count > 0);
	for (size_t i = 0; i < job->task_count; i++) {
		const struct ctr_task *task = &job->tasks[i];
		CTR_ASSERT(!task->gang || ctr_task_line(task)->in_tree == 0);
		for (size_t j = 0; j < task->count; j++)
			ctr_free(shapes->allocator, task->instances[j].message);
	}
	release_shapes(shapes, job, job->task_count);
	ctr_free(shapes->allocator, job->cancelled_by);
	ctr_free(shapes->allocator, job->cancel_reason);
	ctr_free(shapes->allocator, job);
}

struct ctr_instance *ctr_job_instance(const struct ctr_job *job, uint32_t task, uint32_t index)
{
	if (task >= job->task_count || index >= job->tasks[task].count)
		return NULL;
	CTR_ASSERT(job->tasks[task].instances[index].index == index);
	return &job->tasks[task].instances[index];
}

/* ---- state ---- */

uint8_t ctr_ended_bit(int final_state)
{
	CTR_ASSERT(final_state >= CENTRO_INSTANCE_SUCCEEDED);
	CTR_ASSERT(final_state < CENTRO_INSTANCE_STATE_COUNT);
	return (uint8_t)(1 << (final_state - CENTRO_INSTANCE_SUCCEEDED));
}

struct ctr_tally ctr_job_tally(const struct ctr_job *job)
{
	return (struct ctr_tally){
		.live = job->live_count,
		.running = job->running_count,
		.ended_as = job->ended_as,
	};
}

void ctr_job_set_tally(struct ctr_job *job, const struct ctr_tally *tally)
{
	CTR_ASSERT(tally->live <= job->instance_count);
	CTR_ASSERT(tally->running <= tally->live);
	job->live_count = tally->live;
	job->running_count = tally->running;
	job->ended_as = tally->ended_as;
}

void ctr_tally_move(struct ctr_tally *tally, int from, int to)
{
	CTR_ASSERT(!centro_instance_state_is_final(from));
	CTR_ASSERT(tally->live > 0);

	if (from == CENTRO_INSTANCE_RUNNING)
		tally->running--;
	if (to == CENTRO_INSTANCE_RUNNING)
		tally->running++;
	if (centro_instance_state_is_final(to)) {
		tally->live--;
		tally->ended_as |= ctr_ended_bit(to);
	}
	CTR_ASSERT(tally->running <= tally->live);
}

enum centro_job_state ctr_tally_state(const struct ctr_tally *tally)
{
	CTR_ASSERT(tally->running <= tally->live);
	CTR_ASSERT(tally->live > 0 || tally->ended_as != 0);

	if (tally->running > 0)
		return CENTRO_JOB_RUNNING;
	if (tally->live > 0)
		return CENTRO_JOB_PENDING;
	if (tally->ended_as & ctr_ended_bit(CENTRO_INSTANCE_CANCELLED))
		return CENTRO_JOB_CANCELLED;
	if (tally->ended_as & ctr_ended_bit(CENTRO_INSTANCE_TIMEOUT))
		return CENTRO_JOB_TIMEOUT;
	if (tally->ended_as & ctr_ended_bit(CENTRO_INSTANCE_FAILED))
		return CENTRO_JOB_FAILED;
	return CENTRO_JOB_SUCCEEDED;
}

enum centro_job_state ctr_job_derive_state(const struct ctr_job *job)
{
	struct ctr_tally tally = {0};

	for (size_t i = 0; i < job->task_count; i++) {
		for (size_t j = 0; j < job->tasks[i].count; j++) {
			int state = job->tasks[i].instances[j].state;
			tally.running += state == CENTRO_INSTANCE_RUNNING;
			if (centro_instance_state_is_final(state))
				tally.ended_as |= ctr_ended_bit(state);
			else
				tally.live++;
		}
	}
	return ctr_tally_state(&tally);
}

int32_t ctr_job_exit_code(const struct ctr_job *job)
{
	CTR_ASSERT(job->instance_count > 0);

	int32_t highest = job->tasks[0].instances[0].exit_code;
	for (size_t i = 0; i < job->task_count; i++) {
		for (size_t j = 0; j < job->tasks[i].count; j++) {
			int32_t code = job->tasks[i].instances[j].exit_code;
			if (code > highest)
				highest = code;
		}
	}
	return highest;
}
