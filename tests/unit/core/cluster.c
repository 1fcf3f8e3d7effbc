/* SPDX-License-Identifier: MIT */
/* A core under test. */
#include "cluster.h"

#define STEP_NS CTR_NS_PER_MS

void cluster_init(struct cluster *cluster, const struct ctr_core_options *options)
{
	struct ctr_core_options filled = options ? *options : (struct ctr_core_options){0};

	filled.keep_hash = true; /* so that ctr_core_check() compares it after each step */
	*cluster = (struct cluster){
		.now =
			{
				.cluster = {1000 * CTR_NS_PER_SEC},
				.wall = {UINT64_C(1700000000) * CTR_NS_PER_SEC},
			},
	};
	ck_assert_int_eq(ctr_core_new(&filled, &cluster->core), CENTRO_OK);
	cluster_check(cluster);
}

void cluster_fini(struct cluster *cluster)
{
	ctr_core_free(cluster->core);
}

void cluster_check(const struct cluster *cluster)
{
	struct centro_error_text text;

	if (!cluster->unchecked && ctr_core_check(cluster->core, &text) != CENTRO_OK)
		ck_abort_msg("%s", text.text);
}

static void step(struct cluster *cluster)
{
	cluster->now.cluster.ns += STEP_NS;
	cluster->now.wall.ns += STEP_NS;
}

int cluster_execute(struct cluster *cluster, const struct ctr_command *command)
{
	step(cluster);
	int status = ctr_core_execute(cluster->core, cluster->now, command, &cluster->result);
	ck_assert_int_eq(status, cluster->result.status);
	ck_assert_int_eq(cluster->result.text.text[0] != '\0', status != CENTRO_OK);
	cluster_check(cluster);
	return status;
}

void cluster_wait(struct cluster *cluster, uint64_t ms)
{
	cluster->now.cluster.ns += ms * CTR_NS_PER_MS;
	cluster->now.wall.ns += ms * CTR_NS_PER_MS;
	while (ctr_core_tick(cluster->core, cluster->now))
		cluster_check(cluster);
	cluster_check(cluster);
}

void cluster_schedule(struct cluster *cluster)
{
	step(cluster);
	while (ctr_core_schedule(cluster->core, cluster->now, /* ops_max= */ 16))
		cluster_check(cluster);
	cluster_check(cluster);
}

void cluster_drain(struct cluster *cluster)
{
	struct ctr_dirty dirty;

	ctr_core_clear_events(cluster->core);
	while (ctr_core_take_dirty(cluster->core, &dirty)) {
		if (dirty.type == CTR_DIRTY_JOB && dirty.job.ended)
			ctr_core_forget(cluster->core, dirty.job.job);
		cluster_check(cluster);
	}
}

size_t cluster_count(const struct cluster *cluster, enum centro_event_type type)
{
	size_t count, of_type = 0;
	const struct ctr_event *events = ctr_core_events(cluster->core, &count);

	for (size_t i = 0; i < count; i++)
		of_type += events[i].type == type;
	return of_type;
}

const struct ctr_event *cluster_last(const struct cluster *cluster, enum centro_event_type type)
{
	size_t count;
	const struct ctr_event *events = ctr_core_events(cluster->core, &count);

	while (count-- > 0) {
		if (events[count].type == type)
			return &events[count];
	}
	ck_abort_msg("no event of type %d", (int)type);
}

/* ---- nodes ---- */

struct ctr_node_spec cluster_node_spec(const char *name, uint32_t cores)
{
	return (struct ctr_node_spec){
		.name = ctr_bytes_str(name),
		.agent_id = 1,
		.session = 1,
		.capacity = {.cpu_milli = cores * 1000, .memory_mib = 65536, .disk_mib = 65536},
		.text = ctr_bytes_str(name),
	};
}

int cluster_register(struct cluster *cluster, const struct ctr_node_spec *spec)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_REGISTER,
		.register_node = {.spec = spec},
	};
	return cluster_execute(cluster, &command);
}

centro_node_id cluster_add_node(struct cluster *cluster, const char *name, uint32_t cores)
{
	struct ctr_node_spec spec = cluster_node_spec(name, cores);
	ck_assert_int_eq(cluster_register(cluster, &spec), CENTRO_OK);
	ck_assert_uint_ne(cluster->result.node, 0);
	return cluster->result.node;
}

int cluster_heartbeat(struct cluster *cluster, centro_node_id node)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat = {.node = node, .session = 1},
	};
	return cluster_execute(cluster, &command);
}

int cluster_hold(struct cluster *cluster, centro_node_id node, struct centro_attempt_ref ref,
		 struct centro_span *ret_lease)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat =
			{
				.node = node,
				.session = 1,
				.held = &ref,
				.held_count = 1,
				.ret_lease = ret_lease,
			},
	};
	return cluster_execute(cluster, &command);
}

int cluster_drain_node(struct cluster *cluster, centro_node_id node, int64_t deadline_ms)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_DRAIN,
		.drain =
			{
				.node = node,
				.who = ctr_bytes_str("somebody"),
				.reason = ctr_bytes_str("a new disk"),
				.has_deadline = deadline_ms >= 0,
				.deadline =
					ctr_span_ms(deadline_ms >= 0 ? (uint64_t)deadline_ms : 0),
			},
	};
	return cluster_execute(cluster, &command);
}

int cluster_undrain_node(struct cluster *cluster, centro_node_id node)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_UNDRAIN,
		.undrain = {.node = node},
	};
	return cluster_execute(cluster, &command);
}

/* ---- jobs ---- */

struct ctr_task_spec cluster_task_spec(uint32_t cores)
{
	static const struct centro_bytes command[] = {{(const uint8_t *)"true", 4}};

	return (struct ctr_task_spec){
		.resources = {.cpu_milli = cores * 1000},
		.command = command,
		.command_count = 1,
	};
}

struct ctr_job_spec cluster_job_spec(const struct ctr_task_spec *tasks, size_t count)
{
	return (struct ctr_job_spec){
		.name = ctr_bytes_str("a job"),
		.owner = ctr_bytes_str("somebody"),
		.spec_hash = 77,
		.tasks = tasks,
		.task_count = count,
		.text = ctr_bytes_str("an encoded specification"),
	};
}

int cluster_submit_spec(struct cluster *cluster, const struct ctr_job_spec *spec)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_SUBMIT,
		.submit = {.spec = spec},
	};
	return cluster_execute(cluster, &command);
}

centro_job_id cluster_submit(struct cluster *cluster, uint32_t cores)
{
	const struct ctr_task_spec task = cluster_task_spec(cores);
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	return cluster->result.job;
}

centro_job_id cluster_submit_array(struct cluster *cluster, uint32_t count)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	task.count = count;
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	return cluster->result.job;
}

centro_job_id cluster_submit_gang(struct cluster *cluster, uint32_t count, uint32_t cores)
{
	struct ctr_task_spec task = cluster_task_spec(cores);
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	task.count = count;
	task.gang = true;
	ck_assert_int_eq(cluster_submit_spec(cluster, &spec), CENTRO_OK);
	return cluster->result.job;
}

int cluster_cancel(struct cluster *cluster, centro_job_id job)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_CANCEL,
		.cancel =
			{
				.job = job,
				.who = ctr_bytes_str("somebody"),
				.reason = ctr_bytes_str("no longer needed"),
			},
	};
	return cluster_execute(cluster, &command);
}

const struct ctr_job *cluster_job(const struct cluster *cluster, centro_job_id id)
{
	const struct ctr_job *job = ctr_core_find_job(cluster->core, id);
	ck_assert_ptr_nonnull(job);
	return job;
}

const struct ctr_instance *cluster_instance(const struct cluster *cluster, centro_job_id job,
					    uint32_t index)
{
	return &cluster_job(cluster, job)->tasks[0].instances[index];
}

struct centro_attempt_ref cluster_ref(const struct cluster *cluster, centro_job_id job,
				      uint32_t index)
{
	return ctr_instance_ref(cluster_instance(cluster, job, index));
}

/* ---- attempts ---- */

static centro_node_id node_of(const struct cluster *cluster, struct centro_attempt_ref ref)
{
	const struct ctr_node *node =
		cluster_job(cluster, ref.job)->tasks[ref.task].instances[ref.index].node;
	ck_assert_ptr_nonnull(node);
	return node->id;
}

bool cluster_claim(struct cluster *cluster, struct centro_attempt_ref ref)
{
	bool granted = false;
	const struct ctr_command command = {
		.type = CTR_COMMAND_CLAIM,
		.claim =
			{
				.node = node_of(cluster, ref),
				.session = 1,
				.attempts = &ref,
				.attempt_count = 1,
				.durable_event = UINT64_MAX,
				.ret_granted = &granted,
			},
	};
	ck_assert_int_eq(cluster_execute(cluster, &command), CENTRO_OK);
	return granted;
}

struct ctr_command cluster_report_command(const struct cluster *cluster,
					  struct centro_attempt_ref ref)
{
	return (struct ctr_command){
		.type = CTR_COMMAND_REPORT,
		.report = {.node = node_of(cluster, ref), .session = 1, .attempt = ref},
	};
}

int cluster_report_running(struct cluster *cluster, struct centro_attempt_ref ref)
{
	const struct ctr_command command = cluster_report_command(cluster, ref);
	return cluster_execute(cluster, &command);
}

int cluster_report_ended(struct cluster *cluster, struct centro_attempt_ref ref,
			 enum centro_cause cause, int32_t exit_code)
{
	struct ctr_command command = cluster_report_command(cluster, ref);

	command.report.ended = true;
	command.report.cause = cause;
	command.report.exit_code = exit_code;
	return cluster_execute(cluster, &command);
}

centro_job_id cluster_run(struct cluster *cluster)
{
	centro_job_id job = cluster_submit(cluster, 1);

	cluster_schedule(cluster);
	ck_assert(cluster_claim(cluster, cluster_ref(cluster, job, 0)));
	ck_assert_int_eq(cluster_report_running(cluster, cluster_ref(cluster, job, 0)), CENTRO_OK);
	return job;
}

/* ---- saving and loading ---- */

static struct ctr_resource_spec resource_spec(const struct ctr_core *core,
					      const struct ctr_resources *resources,
					      struct ctr_named_amount *named)
{
	const struct ctr_dimensions *dimensions = ctr_core_dimensions(core);
	struct ctr_resource_spec spec = {
		.cpu_milli = (uint32_t)resources->amount[CTR_DIM_CPU],
		.memory_mib = (uint32_t)resources->amount[CTR_DIM_MEMORY],
		.disk_mib = (uint32_t)resources->amount[CTR_DIM_DISK],
		.named = named,
	};

	for (size_t i = CTR_DIM_NAMED; i < dimensions->count; i++) {
		if (resources->amount[i] > 0)
			named[spec.named_count++] = (struct ctr_named_amount){
				.name = dimensions->name[i],
				.amount = (uint32_t)resources->amount[i],
			};
	}
	return spec;
}

#define CARRIED_MAX 512 /* instances of a job that is reloaded */

static size_t carry_instances(const struct ctr_job *job, struct ctr_instance_load *loads)
{
	size_t count = 0;

	for (uint32_t i = 0; i < job->task_count; i++) {
		for (uint32_t j = 0; j < job->tasks[i].count; j++) {
			const struct ctr_instance *instance = &job->tasks[i].instances[j];
			if (instance->state == CENTRO_INSTANCE_PENDING && instance->attempt == 0)
				continue;
			ck_assert_uint_lt(count, CARRIED_MAX);
			loads[count++] = (struct ctr_instance_load){
				.task = i,
				.index = j,
				.state = instance->state,
				.cause = instance->cause,
				.signal = instance->signal,
				.exit_code = instance->exit_code,
				.attempt = instance->attempt,
				.lost = instance->lost,
				.node = instance->node ? instance->node->id : 0,
				.message = ctr_bytes_str(instance->message),
				.assign_wall = instance->assign_wall,
				.start_wall = instance->start_wall,
				.end_wall = instance->end_wall,
			};
		}
	}
	return count;
}

static void carry_job(const struct ctr_core *from, struct ctr_core *to, const struct ctr_job *job)
{
	static const struct centro_bytes command[] = {{(const uint8_t *)"true", 4}};
	struct ctr_task_spec tasks[CTR_TASKS_MAX];
	struct ctr_named_amount named[CTR_TASKS_MAX][CTR_NAMED_MAX];
	struct centro_bytes datacenters[CTR_DATACENTERS_MAX];
	struct ctr_instance_load instances[CARRIED_MAX];
	struct centro_error_text text = {""};
	const struct ctr_shape *shape = ctr_shape_get(&from->shapes, job->tasks[0].shape);

	for (uint32_t i = 0; i < shape->zone_count; i++)
		datacenters[i] = shape->zones[i]->name;
	for (uint32_t i = 0; i < job->task_count; i++) {
		const struct ctr_task *task = &job->tasks[i];
		tasks[i] = (struct ctr_task_spec){
			.name = task->name,
			.resources =
				resource_spec(from, ctr_core_task_resources(from, task), named[i]),
			.count = task->count,
			.time_limit = task->time_limit,
			.lease = task->lease,
			.kill_grace = task->kill_grace,
			.on_disconnect = task->on_disconnect,
			.gang = task->gang,
			.command = command,
			.command_count = 1,
		};
	}
	const struct ctr_job_spec spec = {
		.name = job->name,
		.queue = job->queue,
		.owner = job->owner,
		.tenant = job->tenant,
		.request_id = job->request_id,
		.spec_hash = job->spec_hash,
		.priority = job->priority,
		.datacenters = datacenters,
		.datacenter_count = shape->zone_count,
		.labels = job->labels,
		.label_count = job->label_count,
		.tasks = tasks,
		.task_count = job->task_count,
		.text = job->text,
	};
	const struct ctr_job_load load = {
		.id = job->id,
		.spec = &spec,
		.submit_wall = job->submit_wall,
		.start_wall = job->start_wall,
		.end_wall = job->end_wall,
		.instances = instances,
		.instance_count = carry_instances(job, instances),
		.cancelled_by = ctr_bytes_str(job->cancelled_by),
		.cancel_reason = ctr_bytes_str(job->cancel_reason),
		.cancelled = job->cancelled_by != NULL,
		.revision = job->revision,
	};
	ck_assert_msg(ctr_core_load_job(to, &load, &text) == CENTRO_OK, "%s", text.text);
}

static void carry_node(const struct ctr_core *from, struct ctr_core *to,
		       const struct ctr_node *node)
{
	struct ctr_named_amount named[CTR_NAMED_MAX];
	struct centro_error_text text = {""};
	const struct ctr_node_spec spec = {
		.name = node->name,
		.datacenter = node->datacenter,
		.agent_id = node->agent_id,
		.capacity = resource_spec(from, &node->capacity, named),
		.text = node->text,
	};
	struct ctr_node_load load = {
		.id = node->id,
		.spec = &spec,
		.state = node->state,
		.register_wall = node->register_wall,
		.revision = node->revision,
		.is_drained = node->drain != NULL,
	};
	if (node->drain)
		load.drain = *node->drain;
	ck_assert_msg(ctr_core_load_node(to, &load, &text) == CENTRO_OK, "%s", text.text);
}

static void carry_all(const struct ctr_core *from, struct ctr_core *to)
{
	struct centro_error_text text = {""};

	/* Ascending, as keys are. */
	for (centro_job_id id = 1; id < from->job_ids.next; id++) {
		const struct ctr_job *job = ctr_core_find_job(from, id);
		if (job)
			carry_job(from, to, job);
	}
	ck_assert_int_eq(ctr_core_load_ids(to, from->job_ids.reserved, from->node_ids.reserved),
			 CENTRO_OK);
	const struct ctr_node *node;
	for (centro_node_id id = 0; (node = ctr_core_node_above(from, id)); id = node->id)
		carry_node(from, to, node);
	for (uint32_t i = 0; i < from->queues.count; i++) {
		const struct ctr_queue *queue = from->queues.list[i];
		const struct ctr_set_queue set = {queue->name, queue->weight, queue->priority};
		ck_assert_int_eq(ctr_core_load_queue(to, &set, queue->revision, &text), CENTRO_OK);
	}
}

void cluster_reload(struct cluster *cluster)
{
	struct ctr_core *to;
	struct centro_error_text text = {""};

	ck_assert_int_eq(ctr_core_new(&cluster->core->options, &to), CENTRO_OK);
	if (cluster->load_more)
		cluster->load_more(cluster->arg, to);
	carry_all(cluster->core, to);
	ck_assert_msg(ctr_core_load_end(to, cluster->now, ctr_core_last_event(cluster->core),
					&text) == CENTRO_OK,
		      "%s", text.text);
	ck_assert_uint_eq(ctr_core_running_hash(to), ctr_core_hash(cluster->core));
	ctr_core_free(cluster->core);
	cluster->core = to;
	cluster_check(cluster);
}
