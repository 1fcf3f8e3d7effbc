/* SPDX-License-Identifier: MIT */
/* The GPU cluster trace: nodes, pods, and their columns in any order. */
#include "workload_fixture.h"

#include "support/suite.h"

#include "base/bytes.h"

#define NODES "sn,cpu_milli,memory_mib,gpu,model\n"
#define PODS                                                                                \
	"name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time," \
	"deletion_time,scheduled_time\n"

static struct centro_workload *read_both(const char *nodes, const char *pods)
{
	struct centro_workload *workload = fixture_new(false);
	struct centro_error_text text = {""};
	if (fixture_read(workload, CENTRO_WORKLOAD_OPENB_NODES, nodes, 0, &text) != CENTRO_OK ||
	    fixture_read(workload, CENTRO_WORKLOAD_OPENB_PODS, pods, 0, &text) != CENTRO_OK)
		ck_abort_msg("%s", text.text);
	return workload;
}

START_TEST(nodes_and_pods_are_read)
{
	struct centro_workload *workload =
		read_both(NODES "a,32000,262144,0,\nb,96000,393216,8,V100M16\n",
			  PODS "p0,12000,16384,2,1000,V100M16|T4,LS,Running,5,105,15\n"
			       "p1,1000,0,1,460,,BE,Failed,7,9,8\n");
	ck_assert_uint_eq(fixture_info(workload).nodes, 2);
	ck_assert_uint_eq(workload->nodes[0].gpu_milli, 0);
	ck_assert_uint_eq(workload->nodes[1].gpu_milli, 8000);
	ck_assert_uint_eq(workload->nodes[1].memory_mib, 393216);
	ck_assert_str_eq(
		(const char *)ctr_names_get(&workload->zones, workload->nodes[0].zone).data, "cpu");

	const struct ctr_workload_job *job = &workload->jobs[0];
	struct ctr_workload_shape shape = ctr_workload_shape(workload, job->shape);
	ck_assert_uint_eq(job->submit_ns, UINT64_C(5000000000));
	ck_assert_uint_eq(job->run_ns, UINT64_C(90000000000)); /* from when it was scheduled */
	ck_assert_uint_eq(shape.cpu_milli, 12000);
	ck_assert_uint_eq(shape.memory_mib, 16384);
	ck_assert_uint_eq(shape.gpu_milli, 2000);
	ck_assert_uint_eq(shape.count, 1);
	ck_assert_str_eq((const char *)ctr_names_get(&workload->zones, shape.zones).data,
			 "v100m16|t4");
	ck_assert_str_eq((const char *)ctr_names_get(&workload->queues, job->queue).data, "ls");
	shape = ctr_workload_shape(workload, workload->jobs[1].shape);
	ck_assert_uint_eq(shape.gpu_milli, 460);
	ck_assert_uint_eq(shape.zones, CTR_WORKLOAD_ANYWHERE);
	centro_workload_free(workload);
}
END_TEST

START_TEST(columns_come_in_any_order)
{
	struct centro_workload *workload = read_both(
		"model,gpu,extra,sn,memory_mib,cpu_milli\nT4,2,x,a,512,1000\n",
		"deletion_time,name,gpu_milli,num_gpu,memory_mib,cpu_milli,creation_time\n"
		"30,p,1000,1,64,500,10\n,q,1000,1,64,500,10\n");
	ck_assert_uint_eq(workload->nodes[0].gpu_milli, 2000);
	ck_assert_uint_eq(workload->nodes[0].cpu_milli, 1000);
	/* Without a time of scheduling it runs from its creation; without an end it never ran. */
	ck_assert_uint_eq(fixture_info(workload).jobs, 1);
	ck_assert_uint_eq(workload->jobs[0].run_ns, UINT64_C(20000000000));
	ck_assert_uint_eq(fixture_info(workload).assumed, 1);
	ck_assert_uint_eq(fixture_info(workload).never_ran, 1);
	centro_workload_free(workload);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
	fixture_refused(CENTRO_WORKLOAD_OPENB_NODES, "",
			"trace: it is empty; its first line must name the columns");
	fixture_refused(CENTRO_WORKLOAD_OPENB_NODES, "sn,cpu_milli\n",
			"trace:1: the first line names no column memory_mib; it must name sn, …");
	fixture_refused(CENTRO_WORKLOAD_OPENB_NODES, NODES "a,32000,262144,0,\n-,1,1,0,\n",
			"trace:3: name: \"-\" is not a name for a node: it must match "
			"[A-Za-z0-9][A-Za-z0-9._-]* and have at most 253 bytes");
	fixture_refused(
		CENTRO_WORKLOAD_OPENB_NODES, NODES "a,1,1,99999999,T4\n",
		"trace:2: gpu is \"99999999\"; it must be a whole number from 0 to 4294967, "
		"or -1 for unknown");
	fixture_refused(
		CENTRO_WORKLOAD_OPENB_NODES, NODES "a,1,1,1,T 4\n",
		"trace:2: model is \"T 4\"; in small letters it must match [a-z][a-z0-9_-]*");
	fixture_refused(CENTRO_WORKLOAD_OPENB_NODES, NODES "a,1\n",
			"trace:2: memory_mib is \"\"; it must be a whole number from 0 to 4294967, "
			"or -1 for unknown");
	fixture_refused(CENTRO_WORKLOAD_OPENB_PODS, PODS "p,1,1,1,1001,,LS,Running,0,1,0\n",
			"trace:2: gpu_milli is 1001; of each GPU it is at most 1000");
	fixture_refused(CENTRO_WORKLOAD_OPENB_PODS, PODS "p,1,1,1,1000,,LS,Running,5,4,\n",
			"trace:2: deletion_time is before the pod was created or scheduled");
	fixture_refused(CENTRO_WORKLOAD_OPENB_PODS, PODS "p,1,1,1,1000,,LS,Running,,4,\n",
			"trace:2: creation_time is empty; when the pod came must be known");
}
END_TEST

START_TEST(a_gpu_pod_goes_to_a_node_with_room)
{
	struct centro_workload *workload =
		read_both(NODES "a,32000,262144,0,\nb,32000,262144,1,T4\nc,32000,262144,1,P100\n",
			  PODS "p0,1000,1,1,600,,LS,Running,0,100,0\n"
			       "p1,1000,1,1,600,P100,LS,Running,0,100,0\n"
			       "p2,1000,1,1,600,,LS,Running,0,100,0\n"
			       "p3,1000,1,1,400,,LS,Running,0,100,0\n"
			       "p4,1000,1,2,1000,,LS,Running,0,100,0\n"
			       "p5,1000,1,1,1000,A10,LS,Running,0,100,0\n"
			       "p6,1000,1,0,0,,LS,Running,0,100,0\n");
	struct centro_sim *sim = fixture_run(workload, "fill", 0, 0);
	ck_assert_int_eq(fixture_start_s(sim, 0), 0);
	ck_assert_int_eq(fixture_start_s(sim, 1), 0);
	ck_assert_int_eq(fixture_start_s(sim, 2), 100); /* three times 600 are not on two GPUs */
	ck_assert_int_eq(fixture_start_s(sim, 3), 0);
	ck_assert_int_eq(fixture_start_s(sim, 4), -1);
	ck_assert_int_eq(fixture_start_s(sim, 5), -1);
	ck_assert_int_eq(fixture_start_s(sim, 6), 0);

	struct centro_sim_refusal refusal = {.size = sizeof(refusal)};
	ck_assert_int_eq(centro_sim_get_refusal(sim, 0, &refusal), CENTRO_OK);
	ck_assert_uint_eq(refusal.jobs, 1);
	ck_assert_uint_eq(refusal.first, 5);
	ck_assert_ptr_nonnull(strstr(refusal.reason, "2000 gpu_milli"));
	ck_assert_int_eq(centro_sim_get_refusal(sim, 1, &refusal), CENTRO_OK);
	ck_assert_ptr_nonnull(strstr(refusal.reason, "a10"));
	ck_assert_int_eq(centro_sim_get_refusal(sim, 2, &refusal), CENTRO_ERR_NOT_FOUND);

	struct centro_sim_resource gpu = {.size = sizeof(gpu)};
	ck_assert_int_eq(centro_sim_get_resource(sim, 2, &gpu), CENTRO_OK);
	ck_assert_str_eq(gpu.name, "gpu_milli");
	ck_assert_uint_eq(gpu.capacity, 2000);
	/* (1600 * 100 + 600 * 100) of 2000 * 200. */
	ck_assert_uint_eq(gpu.utilisation_ppm, 550000);
	centro_sim_free(sim);
	centro_workload_free(workload);
}
END_TEST

START_TEST(another_number_of_nodes_keeps_the_proportions)
{
	struct centro_workload *workload = read_both(NODES "a,1000,10,0,\nb,3000,20,0,\n",
						     PODS "p0,1000,1,0,0,,LS,Running,0,100,0\n");
	struct centro_sim_resource cpu = {.size = sizeof(cpu)};
	struct centro_sim_options options = CENTRO_SIM_OPTIONS_INIT;
	struct centro_sim *sim = fixture_run(workload, "fill", 6, 0);
	ck_assert_int_eq(centro_sim_get_resource(sim, 0, &cpu), CENTRO_OK);
	ck_assert_uint_eq(cpu.capacity, 12000);
	ck_assert_uint_eq(fixture_figures(sim).nodes, 6);
	centro_sim_free(sim);
	options.cores = 4;
	ck_assert_int_eq(centro_sim_run(workload, &options, &sim, NULL), CENTRO_ERR_INVALID);
	centro_workload_free(workload);
}
END_TEST

START_TEST(a_node_that_is_listed_twice_is_refused)
{
	struct centro_workload *workload = read_both(NODES "a,1000,10,0,\na,3000,20,0,\n",
						     PODS "p0,1000,1,0,0,,LS,Running,0,1,0\n");
	struct centro_error_text text;
	struct centro_sim *sim;
	ck_assert_int_eq(centro_sim_run(workload, NULL, &sim, &text), CENTRO_ERR_EXISTS);
	ck_assert_ptr_nonnull(strstr(text.text, "nodes: name: \"a\" belongs to another"));
	centro_workload_free(workload);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/openb");
	TCase *tcase = tcase_create("openb");
	tcase_add_test(tcase, nodes_and_pods_are_read);
	tcase_add_test(tcase, columns_come_in_any_order);
	tcase_add_test(tcase, what_is_wrong_is_said_with_its_line);
	tcase_add_test(tcase, a_gpu_pod_goes_to_a_node_with_room);
	tcase_add_test(tcase, another_number_of_nodes_keeps_the_proportions);
	tcase_add_test(tcase, a_node_that_is_listed_twice_is_refused);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
