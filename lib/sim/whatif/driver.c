/* SPDX-License-Identifier: MIT */
/*
 * driver.c - a core and the nodes that obey it.
 *
 * Layer: sim.
 */
#include "sim/whatif/driver.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "core/show.h"

#define SESSION          1
#define OPS_MAX          (1 << 20) /* in one pass: any number will do */
#define GPU_RESOURCE     "gpu_milli"
#define QUEUE_WEIGHT     1
#define ZONES_OF_JOB_MAX 32

/* ---- memory ---- */

static void *watched_resize(void *arg, void *pointer, size_t bytes)
{
	struct ctr_watched_memory *memory = arg;
	void *moved = memory->inner->resize(memory->inner->arg, pointer, bytes);
	memory->failed = memory->failed || !moved;
	return moved;
}

static void watched_free(void *arg, void *pointer)
{
	struct ctr_watched_memory *memory = arg;
	memory->inner->free(memory->inner->arg, pointer);
}

static void watch(struct ctr_watched_memory *memory, const struct centro_allocator *inner)
{
	*memory = (struct ctr_watched_memory){
		.allocator =
			{
				.size = sizeof(struct centro_allocator),
				.arg = memory,
				.resize = watched_resize,
				.free = watched_free,
			},
		.inner = inner,
	};
}

/* ---- commands ---- */

static int execute(struct ctr_driver *driver, const struct ctr_command *command,
		   struct ctr_result *result)
{
	return ctr_core_execute(driver->core, driver->now, command, result);
}

/* A command that cannot be refused. OK or NOMEM. */
static int must(struct ctr_driver *driver, const struct ctr_command *command)
{
	struct ctr_result result;
	int status = execute(driver, command, &result);
	CTR_ASSERT(status == CENTRO_OK || status == CENTRO_ERR_NOMEM);
	return status;
}

static int execute_or_say(struct ctr_driver *driver, const struct ctr_command *command,
			  const char *what, struct centro_error_text *text)
{
	struct ctr_result result;
	int status = execute(driver, command, &result);
	return status == CENTRO_OK ? status
				   : ctr_error(text, status, "%s: %.450s", what, result.text.text);
}

/* ---- nodes ---- */

static int register_node(struct ctr_driver *driver, const struct ctr_workload_node *node,
			 uint32_t number, struct centro_error_text *text)
{
	const struct ctr_named_amount gpu = {ctr_bytes_str(GPU_RESOURCE), node->gpu_milli};
	const struct ctr_node_spec spec = {
		.name = node->name,
		.datacenter = ctr_names_get(&driver->workload->zones, node->zone),
		.agent_id = (uint64_t)number + 1, /* so that a name given twice is refused */
		.session = SESSION,
		.capacity = {.cpu_milli = node->cpu_milli,
			     .memory_mib = node->memory_mib,
			     .named = &gpu,
			     .named_count = node->gpu_milli > 0},
	};
	const struct ctr_command command = {
		.type = CTR_COMMAND_REGISTER,
		.register_node = {.spec = &spec},
	};
	driver->capacity[CTR_METER_CPU] += node->cpu_milli;
	driver->capacity[CTR_METER_MEMORY] += node->memory_mib;
	driver->capacity[CTR_METER_GPU] += node->gpu_milli;
	return execute_or_say(driver, &command, "nodes", text);
}

/* Of listed nodes in the same proportions, when it is another number of them. */
static int register_nodes(struct ctr_driver *driver, const struct ctr_cluster_plan *plan,
			  struct centro_error_text *text)
{
	const struct centro_workload *workload = driver->workload;
	int status = CENTRO_OK;
	for (uint32_t i = 0; i < plan->nodes && status == CENTRO_OK; i++) {
		struct centro_error_text name;
		struct ctr_workload_node node = {.zone = CTR_WORKLOAD_ANYWHERE,
						 .cpu_milli = plan->cores * 1000};
		if (plan->cores == 0)
			node = workload->nodes[(uint64_t)i * workload->node_count / plan->nodes];
		if (plan->cores > 0 || plan->nodes != workload->node_count) {
			ctr_error(&name, CENTRO_OK, "n%lu", (unsigned long)i + 1);
			node.name = ctr_bytes_str(name.text);
		}
		status = register_node(driver, &node, i, text);
		ctr_driver_drain(driver);
	}
	return status;
}

/* ---- life ---- */

int ctr_driver_init(struct ctr_driver *driver, const struct centro_workload *workload,
		    const struct ctr_cluster_plan *plan, const struct ctr_core_options *options,
		    struct centro_error_text *text)
{
	struct ctr_core_options known = *options;
	*driver = (struct ctr_driver){.workload = workload};
	watch(&driver->memory, options->allocator);
	known.allocator = &driver->memory.allocator;
	known.jobs_max = CENTRO_WORKLOAD_JOBS_MAX;
	known.node_timeout = (struct centro_span){UINT64_MAX};
	known.nodes_max = CENTRO_WORKLOAD_NODES_MAX;
	int status = ctr_core_new(&known, &driver->core);
	if (status != CENTRO_OK)
		return ctr_error(text, status, "out of memory");
	return register_nodes(driver, plan, text);
}

void ctr_driver_fini(struct ctr_driver *driver)
{
	ctr_core_free(driver->core);
	driver->core = NULL;
}

/* ---- jobs ---- */

int ctr_driver_set_queue(struct ctr_driver *driver, struct centro_bytes name,
			 struct centro_error_text *text)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {.name = name, .weight = QUEUE_WEIGHT},
	};
	return execute_or_say(driver, &command, "queues", text);
}

/* "a|b" in its parts. How many there are. */
static size_t split_zones(struct centro_bytes list, struct centro_bytes *zones)
{
	size_t count = 0;
	while (list.size > 0) {
		const uint8_t *end = memchr(list.data, '|', list.size);
		size_t size = end ? (size_t)(end - list.data) : list.size;
		CTR_ASSERT(count < ZONES_OF_JOB_MAX);
		zones[count++] = ctr_bytes(list.data, size);
		size += end != NULL;
		list = ctr_bytes(list.data + size, list.size - size);
	}
	return count;
}

int ctr_driver_submit(struct ctr_driver *driver, const struct ctr_workload_shape *shape,
		      struct centro_bytes queue, int32_t priority, centro_job_id *ret_job,
		      struct centro_error_text *text)
{
	struct centro_bytes zones[ZONES_OF_JOB_MAX];
	const struct centro_bytes program = ctr_bytes_str("run");
	const struct ctr_named_amount gpu = {ctr_bytes_str(GPU_RESOURCE), shape->gpu_milli};
	const struct ctr_task_spec task = {
		.resources = {.cpu_milli = shape->cpu_milli,
			      .memory_mib = shape->memory_mib,
			      .named = &gpu,
			      .named_count = shape->gpu_milli > 0},
		.count = shape->count,
		.gang = shape->count > 1,
		.on_disconnect = CTR_ON_DISCONNECT_KEEP,
		.command = &program,
		.command_count = 1,
	};
	const struct ctr_job_spec spec = {
		.queue = queue,
		.priority = priority,
		.datacenters = zones,
		.datacenter_count =
			split_zones(ctr_names_get(&driver->workload->zones, shape->zones), zones),
		.tasks = &task,
		.task_count = 1,
	};
	const struct ctr_command command = {.type = CTR_COMMAND_SUBMIT, .submit = {.spec = &spec}};
	struct ctr_result result;
	int status = execute(driver, &command, &result);
	if (status != CENTRO_OK)
		return ctr_error(text, status, "%s", result.text.text);
	*ret_job = result.job;
	return CENTRO_OK;
}

int ctr_driver_cancel(struct ctr_driver *driver, centro_job_id job)
{
	const struct ctr_command command = {.type = CTR_COMMAND_CANCEL, .cancel = {.job = job}};
	return must(driver, &command);
}

int ctr_driver_advance(struct ctr_driver *driver, uint64_t now_ns)
{
	driver->now = (struct ctr_now){.cluster = {now_ns}, .wall = {now_ns}};
	while (ctr_core_tick(driver->core, driver->now)) {
		if (driver->memory.failed)
			return CENTRO_ERR_NOMEM;
	}
	return CENTRO_OK;
}

int ctr_driver_schedule(struct ctr_driver *driver)
{
	while (ctr_core_schedule(driver->core, driver->now, OPS_MAX)) {
		if (driver->memory.failed)
			return CENTRO_ERR_NOMEM;
	}
	return CENTRO_OK;
}

static int report(struct ctr_driver *driver, const struct centro_attempt_ref *attempt,
		  centro_node_id node, bool ended)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report =
			{
				.node = node,
				.session = SESSION,
				.attempt = *attempt,
				.ended = ended,
				.cause = ended ? CENTRO_CAUSE_EXITED : CENTRO_CAUSE_NONE,
			},
	};
	return must(driver, &command);
}

int ctr_driver_start(struct ctr_driver *driver, const struct centro_attempt_ref *attempt,
		     centro_node_id node)
{
	bool is_granted = false;
	const struct ctr_command command = {
		.type = CTR_COMMAND_CLAIM,
		.claim =
			{
				.node = node,
				.session = SESSION,
				.attempts = attempt,
				.attempt_count = 1,
				.durable_event = ctr_core_last_event(driver->core),
				.ret_granted = &is_granted,
			},
	};
	int status = must(driver, &command);
	if (status != CENTRO_OK)
		return status;
	CTR_ASSERT(is_granted);
	return report(driver, attempt, node, /* ended= */ false);
}

int ctr_driver_end(struct ctr_driver *driver, centro_job_id id)
{
	const struct ctr_job *job = ctr_core_find_job(driver->core, id);
	CTR_ASSERT(job && job->task_count == 1);

	for (uint32_t i = 0; i < job->tasks[0].count; i++) {
		const struct ctr_instance *instance = &job->tasks[0].instances[i];
		const struct centro_attempt_ref attempt = ctr_instance_ref(instance);
		int status = report(driver, &attempt, instance->node->id, /* ended= */ true);
		if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

void ctr_driver_drain(struct ctr_driver *driver)
{
	struct ctr_dirty dirty;
	ctr_core_clear_events(driver->core);
	while (ctr_core_take_dirty(driver->core, &dirty)) {
		if (dirty.type == CTR_DIRTY_JOB && dirty.job.ended)
			ctr_core_forget(driver->core, dirty.job.job);
	}
}

void ctr_shape_total(const struct ctr_workload_shape *shape, uint64_t total[CTR_METER_COUNT])
{
	total[CTR_METER_CPU] = (uint64_t)shape->cpu_milli * shape->count;
	total[CTR_METER_MEMORY] = (uint64_t)shape->memory_mib * shape->count;
	total[CTR_METER_GPU] = (uint64_t)shape->gpu_milli * shape->count;
}
