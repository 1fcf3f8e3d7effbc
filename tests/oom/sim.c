/* SPDX-License-Identifier: MIT */
/* sim.c - centro/sim.h without memory: a workload read or drawn, and a run of it. */
#include <centro/sim.h>

#include "base/bytes.h"
#include "run.h"
#include "suites.h"

/* ---- workloads --------------------------------------------------- */

struct file {
	enum centro_workload_format format;
	const char *text;
};

static const struct file swf = {
	CENTRO_WORKLOAD_SWF,
	"; MaxProcs: 4\n"
	"1 0 -1 100 2 -1 -1 2 100 -1 1 7 1 1 1 1 -1 -1\n"
	"2 5 -1 100 4 -1 -1 4 100 -1 1 8 1 1 2 1 -1 -1\n"
	"3 6 -1 100 9 -1 -1 9 100 -1 1 9 1 1 3 1 -1 -1\n",
};
static const struct file openb_nodes = {
	CENTRO_WORKLOAD_OPENB_NODES,
	"sn,cpu_milli,memory_mib,gpu,model\na,32000,262144,0,\nb,32000,262144,1,T4\n",
};
static const struct file openb_pods = {
	CENTRO_WORKLOAD_OPENB_PODS,
	"name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
	"deletion_time,scheduled_time\n"
	"p,1000,1,1,500,T4,LS,Running,0,9,1\nq,1000,1,0,0,,BE,Running,3,9,4\n",
};

static struct centro_workload *new_workload(const struct centro_allocator *allocator)
{
	struct centro_workload *workload = NULL;
	struct centro_workload_options options = CENTRO_WORKLOAD_OPTIONS_INIT;
	options.allocator = allocator;
	(void)centro_workload_new(&options, &workload, NULL);
	return workload;
}

/* In pieces, so that lines are put together again. */
static int read_file(struct centro_workload *workload, const struct file *file)
{
	int status = centro_workload_begin(workload, file->format, "trace", NULL);
	for (const char *at = file->text; *at && status == CENTRO_OK;) {
		size_t size = strlen(at) < 50 ? strlen(at) : 50;
		status = centro_workload_feed(workload, ctr_bytes(at, size), NULL);
		at += size;
	}
	return status == CENTRO_OK ? centro_workload_end(workload, NULL) : status;
}

static int read_swf(struct centro_workload *workload)
{
	return read_file(workload, &swf);
}

static int read_openb(struct centro_workload *workload)
{
	int status = read_file(workload, &openb_nodes);
	return status == CENTRO_OK ? read_file(workload, &openb_pods) : status;
}

static int draw_mix(struct centro_workload *workload)
{
	return centro_workload_add_mix(workload, "jobs=30,rate=2000/h,cores=1-8,runtime=10s-2h", 7,
				       NULL);
}

static const struct source {
	int (*fill)(struct centro_workload *workload);
} sources[] = {{read_swf}, {read_openb}, {draw_mix}};
#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

/* After an error it can only be freed; another one takes the same. */
static void read_all(struct oom_run *run)
{
	const struct source *source = run->arg;
	oom_arm(run);
	struct centro_workload *workload = new_workload(&run->allocator);
	int status = workload ? source->fill(workload) : CENTRO_ERR_NOMEM;
	oom_disarm(run);
	oom_check_status(run, status);
	if (status != CENTRO_OK) {
		centro_workload_free(workload);
		workload = new_workload(&run->allocator);
		ck_assert_int_eq(source->fill(workload), CENTRO_OK);
	}
	struct centro_workload_info info = {.size = sizeof(info)};
	ck_assert_int_eq(centro_workload_get_info(workload, &info), CENTRO_OK);
	ck_assert_uint_gt(info.jobs, 1);
	centro_workload_free(workload);
}

START_TEST(a_workload)
{
	oom_each(read_all, &sources[_i]);
}
END_TEST

/* ---- a run ------------------------------------------------------- */

static struct scene {
	struct centro_workload *workload;
	uint64_t digest; /* 0: of no run yet */
} scene;

static int try_run(const struct centro_allocator *allocator, struct centro_sim **ret_sim)
{
	struct centro_sim_options options = CENTRO_SIM_OPTIONS_INIT;
	options.allocator = allocator;
	return centro_sim_run(scene.workload, &options, ret_sim, NULL);
}

/* Whoever had no memory at first gets the schedule that others get. */
static void run_all(struct oom_run *run)
{
	struct centro_sim *sim;
	struct centro_sim_figures figures = {.size = sizeof(figures)};
	oom_arm(run);
	int status = try_run(&run->allocator, &sim);
	oom_disarm(run);
	ck_assert(status == CENTRO_OK || run->failed);
	if (status != CENTRO_OK) {
		oom_check_status(run, status);
		ck_assert_int_eq(try_run(&run->allocator, &sim), CENTRO_OK);
	}
	ck_assert_int_eq(centro_sim_get_figures(sim, &figures), CENTRO_OK);
	if (scene.digest == 0)
		scene.digest = figures.digest;
	ck_assert_uint_eq(figures.digest, scene.digest);
	centro_sim_free(sim);
}

START_TEST(a_run)
{
	scene.workload = new_workload(oom_plain());
	ck_assert_int_eq(sources[_i].fill(scene.workload), CENTRO_OK);
	oom_each(run_all, NULL);
	centro_workload_free(scene.workload);
}
END_TEST

TCase *oom_sim_tests(void)
{
	TCase *tcase = tcase_create("sim");
	tcase_add_loop_test(tcase, a_workload, 0, SOURCE_COUNT);
	tcase_add_loop_test(tcase, a_run, 0, SOURCE_COUNT);
	return tcase;
}
