/* SPDX-License-Identifier: MIT */
/* world.c - see world.h. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/time.h"
#include "engine/internal.h"
#include "engine/public.h"
#include "wait.h"

#define TURNS_MAX 5000
#define TURN_MS   50

static const char *const gpu[] = {"gpu"};
static const uint32_t gpu_count[] = {2};

/* ---- callbacks --------------------------------------------------- */

static void on_assignment(void *arg, const struct centro_assignment *assignment)
{
	struct world *world = arg;
	ck_assert_uint_lt(world->assigned_count, WORLD_ATTEMPTS_MAX);
	world->assigned[world->assigned_count++] =
		(struct world_attempt){assignment->attempt, assignment->node};
}

static void on_kill(void *arg, const struct centro_kill *kill)
{
	struct world *world = arg;
	world->kill_count++;
}

static void on_failed(void *arg, int error)
{
	struct world *world = arg;
	world->failed = error;
}

static void on_status(void *arg, int status)
{
	struct world *world = arg;
	world->answers++;
	world->status = status;
}

static void on_submitted(void *arg, const struct centro_submit_result *result)
{
	struct world *world = arg;
	world->job = result->job;
	on_status(arg, result->status);
}

static void on_registered(void *arg, const struct centro_node_result *result)
{
	on_status(arg, result->status);
}

static void on_got(void *arg, int status, struct centro_bytes job)
{
	ck_assert_int_eq(job.size > 0, status == CENTRO_OK);
	on_status(arg, status);
}

/* ---- life -------------------------------------------------------- */

void world_init(struct world *world, const struct centro_allocator *allocator, const char *scheme)
{
	*world = (struct world){
		.allocator = allocator,
		.now = {{1000000000}, {UINT64_C(1700000000) * CTR_NS_PER_SEC}},
	};
	snprintf(world->uri, sizeof(world->uri), "%s", scheme);
	if (strcmp(scheme, "file:") != 0)
		return;
	dir_init(&world->dir);
	snprintf(world->uri, sizeof(world->uri), "file:%s/store", world->dir.path);
}

void world_fini(struct world *world)
{
	world_close(world);
	if (world->dir.path[0])
		dir_fini(&world->dir);
}

int world_try_open(struct world *world)
{
	struct centro_error_text text = {""};
	struct centro_engine_options options = CENTRO_ENGINE_OPTIONS_INIT;
	struct centro_engine_callbacks callbacks = CENTRO_ENGINE_CALLBACKS_INIT;
	callbacks.assignment = on_assignment;
	callbacks.kill = on_kill;
	callbacks.failed = on_failed;
	options.allocator = world->allocator;
	options.callbacks = &callbacks;
	options.arg = world;
	options.store_bytes_max = 16 << 20;
	int status = centro_engine_open(world->uri, &options, world->now, &world->engine, &text);
	ck_assert(status == CENTRO_OK || text.text[0] != '\0');
	return status;
}

void world_open(struct world *world)
{
	ck_assert_int_eq(world_try_open(world), CENTRO_OK);
}

void world_close(struct world *world)
{
	centro_engine_free(world->engine);
	world->engine = NULL;
}

/* ---- time -------------------------------------------------------- */

void world_turn(struct world *world, int turns)
{
	for (int i = 0; i < turns; i++) {
		world->now.steady.ns += TURN_MS * CTR_NS_PER_MS;
		world->now.wall.ns += TURN_MS * CTR_NS_PER_MS;
		ck_assert_int_eq(centro_engine_dispatch(world->engine, world->now), CENTRO_OK);
	}
}

/* What is under way is with the store's own thread. */
static bool is_busy(const struct world *world)
{
	const struct ctr_engine *engine = world->engine->engine;
	return centro_engine_get_wake(world->engine).ns <= world->now.steady.ns ||
	       engine->flight.under_way || engine->reads_under_way > 0;
}

void world_settle(struct world *world)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		ck_assert_int_eq(centro_engine_dispatch(world->engine, world->now), CENTRO_OK);
		if (!is_busy(world))
			return;
		if (centro_engine_get_wake(world->engine).ns > world->now.steady.ns)
			wait_readable(centro_engine_fd(world->engine));
	}
	ck_abort_msg("the engine never comes to rest");
}

static bool is_ready(const struct world *world)
{
	return ctr_engine_get_state(world->engine->engine) == CTR_ENGINE_READY;
}

void world_rest(struct world *world)
{
	world_settle(world);
	/* If it lacked memory to read the store anew, it waits for a while. */
	for (int i = 0; i < 10 && !is_ready(world); i++) {
		world_turn(world, 1);
		world_settle(world);
	}
}

int world_answer(struct world *world)
{
	world_rest(world);
	ck_assert_int_ne(world->status, WORLD_NO_ANSWER);
	return world->status;
}

/* ---- calls ------------------------------------------------------- */

int world_register(struct world *world, const char *name)
{
	static const char *const labels[] = {"disk=ssd", "rack=7"};
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	node.name = name;
	node.datacenter = "eu";
	node.labels = labels;
	node.label_count = 2;
	node.cpu_milli = 2000;
	node.memory_mib = 4096;
	node.named = gpu;
	node.named_amount = gpu_count;
	node.named_count = 1;
	world->status = WORLD_NO_ANSWER;
	return centro_engine_register_node(world->engine, world->now, &node, on_registered, world,
					   NULL);
}

static int submit(struct world *world, const struct centro_job_options *job, const char *request_id)
{
	struct centro_error_text text = {""};
	struct centro_request request = CENTRO_REQUEST_INIT;
	request.owner = "somebody";
	request.request_id = request_id;
	world->status = WORLD_NO_ANSWER;
	int status = centro_engine_submit(world->engine, world->now, job, &request, on_submitted,
					  world, &text);
	ck_assert(status == CENTRO_OK || text.text[0] != '\0');
	return status;
}

int world_submit(struct world *world, const char *request_id)
{
	static const char *const command[] = {"true"};
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	task.command = command;
	task.command_count = 1;
	job.tasks = &task;
	job.task_count = 1;
	return submit(world, &job, request_id);
}

/* An array beside a task that wants what only one data center would have. */
int world_submit_rich(struct world *world)
{
	static const char *const command[] = {"sleep", "10"};
	static const char *const env[] = {"COLOUR=blue", "EMPTY="};
	static const char *const fpga[] = {"fpga", "gpu"};
	static const uint32_t amounts[] = {1, 1};
	static const char *const datacenters[] = {"mars", "eu"};
	struct centro_task_options tasks[] = {CENTRO_TASK_OPTIONS_INIT, CENTRO_TASK_OPTIONS_INIT};
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	for (size_t i = 0; i < 2; i++) {
		tasks[i].command = command;
		tasks[i].command_count = 2;
		tasks[i].env = env;
		tasks[i].env_count = 2;
	}
	tasks[0].name = "many";
	tasks[0].count = 500;
	tasks[0].named = fpga;
	tasks[0].named_amount = amounts;
	tasks[0].named_count = 2;
	tasks[1].name = "one";
	tasks[1].cpu_milli = 100000;
	job.name = "rich";
	job.tasks = tasks;
	job.task_count = 2;
	job.datacenters = datacenters;
	job.datacenter_count = 2;
	return submit(world, &job, NULL);
}

int world_submit_encoded(struct world *world, struct centro_bytes spec,
			 enum centro_encoding encoding)
{
	world->status = WORLD_NO_ANSWER;
	return centro_engine_submit_encoded(world->engine, world->now, spec, encoding, NULL,
					    on_submitted, world, NULL);
}

int world_report(struct world *world, const struct world_attempt *attempt, bool ended,
		 enum centro_cause cause)
{
	struct centro_report report = {
		.size = sizeof(report),
		.attempt = attempt->ref,
		.node = attempt->node,
		.ended = ended,
		.cause = cause,
		.message = ended ? "a word about it" : NULL,
	};
	world->status = WORLD_NO_ANSWER;
	return centro_engine_report(world->engine, world->now, &report, on_status, world);
}

int world_get(struct world *world, centro_job_id job, enum centro_encoding encoding)
{
	world->status = WORLD_NO_ANSWER;
	return centro_engine_get_job(world->engine, world->now, job, encoding, on_got, world);
}

int world_cancel(struct world *world, centro_job_id job)
{
	world->status = WORLD_NO_ANSWER;
	return centro_engine_cancel(world->engine, world->now, job, "somebody", "no need",
				    on_status, world);
}

/* ---- a scene ----------------------------------------------------- */

static void expect_done(struct world *world, int status)
{
	ck_assert_int_eq(status, CENTRO_OK);
	ck_assert_int_eq(world_answer(world), CENTRO_OK);
}

static void submit_array(struct world *world)
{
	static const char *const command[] = {"sleep", "10"};
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	task.command = command;
	task.command_count = 2;
	task.count = 3;
	task.cpu_milli = 1000;
	task.memory_mib = 100;
	job.name = "array";
	job.tasks = &task;
	job.task_count = 1;
	expect_done(world, submit(world, &job, "an id"));
}

void world_furnish(struct world *world)
{
	expect_done(world, world_register(world, "n1"));
	submit_array(world);
	ck_assert_uint_eq(world->assigned_count, 2);
	expect_done(world, world_report(world, &world->assigned[0], false, 0));
	expect_done(world, world_submit_rich(world));
	expect_done(world, world_register(world, "n2"));
	expect_done(world, world_submit(world, "another id"));
	ck_assert_uint_eq(world->assigned_count, 4);
	expect_done(world, world_report(world, &world->assigned[3], true, CENTRO_CAUSE_EXITED));
}

uint64_t world_hash(const struct world *world)
{
	return ctr_core_hash(ctr_engine_core(world->engine->engine));
}

void world_check(const struct world *world)
{
	struct centro_error_text text = {""};
	const struct ctr_core *core = ctr_engine_core(world->engine->engine);
	ck_assert_ptr_nonnull(core);
	ck_assert_msg(ctr_core_check(core, &text) == CENTRO_OK, "%s", text.text);
	ck_assert_int_eq(world->failed, CENTRO_OK);
}

/* The end of whatever was assigned; of what has ended already it is stale, and harmless. */
static void end_assigned(struct world *world)
{
	for (size_t i = 0; i < world->assigned_count; i++) {
		ck_assert_int_eq(
			world_report(world, &world->assigned[i], true, CENTRO_CAUSE_EXITED),
			CENTRO_OK);
		(void)world_answer(world);
	}
	world->assigned_count = 0;
}

static void cancel_all(struct world *world)
{
	const struct ctr_core *core = ctr_engine_core(world->engine->engine);
	const struct ctr_job *job;
	for (centro_job_id id = UINT64_MAX; (job = ctr_core_job_below(core, id)); id = job->id)
		(void)centro_engine_cancel(world->engine, world->now, job->id, NULL, NULL, NULL,
					   NULL);
	world_settle(world);
}

static size_t job_count(const struct world *world)
{
	return ctr_core_job_count(ctr_engine_core(world->engine->engine));
}

void world_finish(struct world *world)
{
	for (int i = 0; i < 10 && job_count(world) > 0; i++) {
		/* What could not be told comes again. */
		expect_done(world, world_register(world, "n1"));
		expect_done(world, world_register(world, "n2"));
		end_assigned(world);
		cancel_all(world);
		world_check(world);
	}
	ck_assert_uint_eq(job_count(world), 0);
}
