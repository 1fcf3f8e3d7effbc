/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/load.c: what comes back, and what is refused. */
#include "cluster.h"

#include <signal.h>
#include <stdio.h>

#include "support/failing_allocator.h"
#include "support/suite.h"

/* ---- what comes back ---- */

START_TEST(an_empty_store_is_a_new_cluster)
{
	struct cluster cluster;
	struct centro_error_text text;
	cluster_init(&cluster, NULL);
	ck_assert_int_eq(ctr_core_load_end(cluster.core, cluster.now, 0, &text), CENTRO_OK);
	cluster_check(&cluster);
	ck_assert_uint_eq(cluster_submit(&cluster, 1), 1);
	cluster_fini(&cluster);
}
END_TEST

/* Jobs in every state that can be stored. */
static void fill(struct cluster *cluster, centro_job_id *ret_jobs)
{
	cluster_init(cluster, NULL);
	cluster_add_node(cluster, "a", 8);
	cluster_add_node(cluster, "b", 1);
	ret_jobs[0] = cluster_run(cluster);             /* running */
	ret_jobs[1] = cluster_submit_array(cluster, 4); /* assigned, and one ended */
	cluster_schedule(cluster);
	struct ctr_command command =
		cluster_report_command(cluster, cluster_ref(cluster, ret_jobs[1], 0));
	command.report.ended = true;
	command.report.cause = CENTRO_CAUSE_SIGNALLED;
	command.report.signal = 11;
	command.report.message = ctr_bytes_str("core dumped");
	ck_assert_int_eq(cluster_execute(cluster, &command), CENTRO_OK);
	ret_jobs[3] = cluster_run(cluster); /* cancelled, and not over yet */
	ck_assert_int_eq(cluster_cancel(cluster, ret_jobs[3]), CENTRO_OK);
	ret_jobs[2] = cluster_run(cluster); /* lost, and waiting again */
	ck_assert_int_eq(cluster_report_ended(cluster, cluster_ref(cluster, ret_jobs[2], 0),
					      CENTRO_CAUSE_LEASE_EXPIRED, 0),
			 CENTRO_OK);
	ret_jobs[4] = cluster_submit(cluster, 64); /* waiting */
	cluster_drain(cluster);
}

START_TEST(everything_that_is_stored_comes_back)
{
	struct cluster cluster;
	centro_job_id jobs[5];
	fill(&cluster, jobs);
	uint64_t hash = ctr_core_hash(cluster.core), last = ctr_core_last_event(cluster.core);
	cluster_reload(&cluster);
	/* Twice equals once. */
	cluster_reload(&cluster);
	ck_assert_uint_eq(ctr_core_hash(cluster.core), hash);
	ck_assert_uint_eq(ctr_core_last_event(cluster.core), last);

	ck_assert_int_eq(cluster_job(&cluster, jobs[0])->state, CENTRO_JOB_RUNNING);
	ck_assert_str_eq(cluster_instance(&cluster, jobs[1], 0)->message, "core dumped");
	ck_assert_int_eq(cluster_instance(&cluster, jobs[1], 0)->signal, 11);
	ck_assert_uint_eq(cluster_instance(&cluster, jobs[2], 0)->lost, 1);
	ck_assert_str_eq(cluster_job(&cluster, jobs[3])->cancelled_by, "somebody");
	struct ctr_dirty dirty;
	ck_assert(!ctr_core_take_dirty(cluster.core, &dirty));
	cluster_fini(&cluster);
}
END_TEST

START_TEST(numbers_go_on_above_what_was_reserved)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	ck_assert_uint_eq(cluster_submit(&cluster, 1), 1);
	cluster_add_node(&cluster, "a", 1);
	cluster_drain(&cluster);
	cluster_reload(&cluster);
	ck_assert_uint_eq(cluster_submit(&cluster, 1), 1001);
	ck_assert_uint_eq(cluster_add_node(&cluster, "b", 1), 1001);
	ck_assert_uint_eq(cluster_last(&cluster, CENTRO_EVENT_NODE_REGISTERED)->number, 4);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(a_request_is_known_after_a_restart)
{
	struct cluster cluster;
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	cluster_init(&cluster, NULL);
	spec.request_id = ctr_bytes_str("r-1");
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	cluster_drain(&cluster);
	cluster_reload(&cluster);
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert(cluster.result.existing);
	ck_assert_uint_eq(cluster.result.job, 1);

	/* The rest of its day, not another whole one. */
	cluster_wait(&cluster, 86400 * 1000 - 2);
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_OK);
	ck_assert(!cluster.result.existing);
	cluster_fini(&cluster);
}
END_TEST

/* Nobody knows what was claimed: each grant lives a whole lease from now. */
START_TEST(every_grant_is_honoured_for_a_whole_lease)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id id = cluster_submit_array(&cluster, 2);
	cluster_schedule(&cluster);
	cluster_drain(&cluster);
	cluster_wait(&cluster, 50000);
	cluster_reload(&cluster);

	const struct ctr_instance *instance = cluster_instance(&cluster, id, 0);
	ck_assert(!instance->claimed && instance->loaded);
	ck_assert_uint_eq(instance->assign_event, 0);
	cluster_wait(&cluster, 304999);
	ck_assert_int_eq(instance->state, CENTRO_INSTANCE_ASSIGNED);

	/* A cancel waits, though it was never claimed as far as this server knows. */
	ck_assert_int_eq(cluster_cancel(&cluster, id), CENTRO_OK);
	ck_assert_int_eq(instance->state, CENTRO_INSTANCE_ASSIGNED);
	cluster_wait(&cluster, 1);
	ck_assert_int_eq(instance->state, CENTRO_INSTANCE_CANCELLED);
	ck_assert_int_eq(instance->cause, CENTRO_CAUSE_NODE_LOST);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(its_node_may_claim_it_again)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	cluster_add_node(&cluster, "a", 2);
	centro_job_id id = cluster_submit(&cluster, 1);
	cluster_schedule(&cluster);
	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, id, 0)));
	cluster_drain(&cluster);
	cluster_reload(&cluster);
	ck_assert(cluster_claim(&cluster, cluster_ref(&cluster, id, 0)));
	ck_assert(cluster_instance(&cluster, id, 0)->claimed);
	cluster_fini(&cluster);
}
END_TEST

START_TEST(nodes_have_a_whole_timeout_and_stay_down)
{
	struct cluster cluster;
	cluster_init(&cluster, NULL);
	centro_node_id down = cluster_add_node(&cluster, "a", 2);
	cluster_wait(&cluster, 60000);
	centro_node_id ready = cluster_add_node(&cluster, "b", 2);
	cluster_wait(&cluster, 30000);
	cluster_drain(&cluster);
	cluster_reload(&cluster);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, down)->state, CENTRO_NODE_DOWN);
	cluster_wait(&cluster, 59999);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, ready)->state, CENTRO_NODE_READY);
	cluster_wait(&cluster, 1);
	ck_assert_int_eq(ctr_core_find_node(cluster.core, ready)->state, CENTRO_NODE_DOWN);
	cluster_fini(&cluster);
}
END_TEST

/* ---- records by hand ---- */

struct records {
	struct cluster cluster;
	struct ctr_task_spec task;
	struct ctr_job_spec spec;
	struct ctr_instance_load instance;
	struct ctr_job_load job;
	struct ctr_node_spec node_spec;
	struct ctr_node_load node;
	struct centro_error_text text;
};

/* A job that runs on a node. */
static void records_init(struct records *records, const struct ctr_core_options *options)
{
	cluster_init(&records->cluster, options);
	records->task = cluster_task_spec(1);
	records->spec = cluster_job_spec(&records->task, 1);
	records->instance = (struct ctr_instance_load){
		.state = CENTRO_INSTANCE_RUNNING,
		.attempt = 1,
		.node = 5,
	};
	records->job = (struct ctr_job_load){
		.id = 7,
		.spec = &records->spec,
		.instances = &records->instance,
		.instance_count = 1,
		.revision = 9,
	};
	records->node_spec = cluster_node_spec("a", 1);
	records->node = (struct ctr_node_load){
		.id = 5,
		.spec = &records->node_spec,
		.state = CENTRO_NODE_READY,
		.revision = 11,
	};
	records->text.text[0] = '\0';
}

static int load_all(struct records *records)
{
	struct ctr_core *core = records->cluster.core;
	int error = ctr_core_load_job(core, &records->job, &records->text);
	if (error == CENTRO_OK)
		error = ctr_core_load_ids(core, 1000, 1000);
	if (error == CENTRO_OK)
		error = ctr_core_load_node(core, &records->node, &records->text);
	if (error == CENTRO_OK)
		error = ctr_core_load_end(core, records->cluster.now, 3, &records->text);
	return error;
}

static void assert_corrupt(struct records *records, const char *part)
{
	ck_assert_int_eq(load_all(records), CENTRO_ERR_CORRUPT);
	ck_assert_msg(strstr(records->text.text, part) != NULL, "%s", records->text.text);
	cluster_fini(&records->cluster);
}

START_TEST(good_records_are_taken)
{
	struct records records;
	records_init(&records, NULL);
	ck_assert_int_eq(load_all(&records), CENTRO_OK);
	cluster_check(&records.cluster);
	/* Events were lost, numbers are not given twice. */
	ck_assert_uint_eq(ctr_core_last_event(records.cluster.core), 11);
	ck_assert_int_eq(cluster_job(&records.cluster, 7)->state, CENTRO_JOB_RUNNING);
	ck_assert_uint_eq(ctr_core_find_node(records.cluster.core, 5)->attempt_count, 1);
	cluster_fini(&records.cluster);
}
END_TEST

START_TEST(jobs_that_make_no_sense)
{
	struct records records;
	records_init(&records, NULL);
	records.job.id = 0;
	assert_corrupt(&records, "job 0: its number is out of order or range");
	records_init(&records, NULL);
	records.job.id = CTR_ID_MAX;
	assert_corrupt(&records, "out of order or range");
	records_init(&records, NULL);
	records.spec.priority = 5000;
	assert_corrupt(&records, "job 7: priority: 5000");
	records_init(&records, NULL);
	records.spec.queue = ctr_bytes_str("gone");
	assert_corrupt(&records, "job 7: there is no queue gone");
	records_init(&records, NULL);
	records.job.cancelled = true;
	records.job.cancel_reason = ctr_bytes("\xff", 1);
	assert_corrupt(&records, "who cancelled it is not UTF-8");
	records_init(&records, NULL);
	records.job.id = 1000;
	assert_corrupt(&records, "ids: there is job 1000, and numbers from 1000 on");
	records_init(&records, NULL);
	records.task.count = 2;
	records.job.cancelled = true;
	assert_corrupt(&records, "job 7: it is cancelled, and part of it waits");
}
END_TEST

START_TEST(jobs_out_of_order)
{
	struct records records;
	records_init(&records, NULL);
	struct ctr_core *core = records.cluster.core;
	ck_assert_int_eq(ctr_core_load_job(core, &records.job, &records.text), CENTRO_OK);
	ck_assert_int_eq(ctr_core_load_job(core, &records.job, &records.text), CENTRO_ERR_CORRUPT);
	cluster_fini(&records.cluster);
}
END_TEST

START_TEST(instances_that_make_no_sense)
{
	struct records records;
	records_init(&records, NULL);
	records.instance.task = 1;
	assert_corrupt(&records, "job 7: instance 1.0: there is no such instance");
	records_init(&records, NULL);
	records.instance.index = 1;
	assert_corrupt(&records, "instance 0.1: there is no such instance");
	records_init(&records, NULL);
	records.instance.state = CENTRO_INSTANCE_BACKOFF;
	assert_corrupt(&records, "in no state that this version knows");
	records_init(&records, NULL);
	records.instance.state = (enum centro_instance_state)77;
	assert_corrupt(&records, "in no state that this version knows");
	records_init(&records, NULL);
	records.instance.cause = (enum centro_cause)77;
	assert_corrupt(&records, "no cause that this version knows");
	records_init(&records, NULL);
	records.instance.attempt = 0;
	assert_corrupt(&records, "it is granted, and has no attempt or no node");
	records_init(&records, NULL);
	records.instance.node = 0;
	assert_corrupt(&records, "it is granted, and has no attempt or no node");
	records_init(&records, NULL);
	records.instance.node = 6;
	assert_corrupt(&records, "job 7: it is granted to node 6, which is not there");
	records_init(&records, NULL);
	records.instance.state = CENTRO_INSTANCE_PENDING;
	records.instance.attempt = 0;
	assert_corrupt(&records, "it has a node, and no attempt");
	records_init(&records, NULL);
	records.instance.state = CENTRO_INSTANCE_PENDING;
	records.job.cancelled = true;
	assert_corrupt(&records, "it waits, and the job is cancelled");
	records_init(&records, NULL);
	records.instance.message = ctr_bytes("\xff", 1);
	assert_corrupt(&records, "its message is not UTF-8");
	records_init(&records, NULL);
	const struct ctr_instance_load twice[] = {records.instance, records.instance};
	records.job.instances = twice;
	records.job.instance_count = 2;
	assert_corrupt(&records, "it is there twice");
	records_init(&records, NULL);
	records.instance.state = CENTRO_INSTANCE_FAILED;
	assert_corrupt(&records, "it has ended, and has no cause");
	records_init(&records, NULL);
	records.instance.lost = 2;
	assert_corrupt(&records, "more attempts were lost than made and ended");
	records_init(&records, NULL);
	records.instance.lost = 1; /* the one that is granted */
	assert_corrupt(&records, "more attempts were lost than made and ended");
	records_init(&records, NULL);
	records.instance.attempt = UINT32_MAX;
	assert_corrupt(&records, "the number of its attempt is out of range");
	records_init(&records, NULL);
	records.instance = (struct ctr_instance_load){
		.state = CENTRO_INSTANCE_PENDING,
		.exit_code = 1,
	};
	assert_corrupt(&records, "never had an attempt, and something became of it");
}
END_TEST

START_TEST(a_gang_begins_as_a_whole)
{
	struct records records;
	records_init(&records, NULL);
	records.task.count = 2;
	ck_assert_int_eq(load_all(&records), CENTRO_OK);
	cluster_fini(&records.cluster);

	records_init(&records, NULL);
	records.task.count = 2;
	records.task.gang = true;
	assert_corrupt(&records, "job 7: a part of a gang was granted alone");
}
END_TEST

START_TEST(nodes_that_make_no_sense)
{
	struct records records;
	records_init(&records, NULL);
	records.node.id = 0;
	assert_corrupt(&records, "node 0: its number is out of order or range");
	records_init(&records, NULL);
	records.node.state = CENTRO_NODE_DENIED;
	assert_corrupt(&records, "node 5: it is in no state that this version knows");
	records_init(&records, NULL);
	records.node_spec.name = ctr_bytes_str("");
	assert_corrupt(&records, "node 5: name: ");
	records_init(&records, NULL);
	records.instance.node = records.node.id = 1000;
	assert_corrupt(&records, "ids: there is node 1000");

	records_init(&records, NULL);
	struct ctr_core *core = records.cluster.core;
	ck_assert_int_eq(ctr_core_load_node(core, &records.node, &records.text), CENTRO_OK);
	records.node.id++;
	ck_assert_int_eq(ctr_core_load_node(core, &records.node, &records.text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_ptr_nonnull(strstr(records.text.text, "another node has its name"));
	records.node.id--;
	records.node_spec.name = ctr_bytes_str("b");
	ck_assert_int_eq(ctr_core_load_node(core, &records.node, &records.text),
			 CENTRO_ERR_CORRUPT);
	cluster_fini(&records.cluster);
}
END_TEST

START_TEST(queues_and_ids_that_make_no_sense)
{
	struct records records;
	const struct ctr_set_queue bad = {ctr_bytes_str("batch"), 0, 0};
	records_init(&records, NULL);
	struct ctr_core *core = records.cluster.core;
	ck_assert_int_eq(ctr_core_load_queue(core, &bad, 1, &records.text), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(ctr_core_load_ids(core, 0, 1), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(ctr_core_load_ids(core, 1, 0), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(ctr_core_load_ids(core, CTR_ID_MAX + 1, 1), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(ctr_core_load_ids(core, 1, CTR_ID_MAX + 1), CENTRO_ERR_CORRUPT);
	cluster_fini(&records.cluster);
}
END_TEST

static void load_numbers(struct cluster *cluster, centro_job_id job, centro_node_id node)
{
	struct centro_error_text text;
	cluster_init(cluster, NULL);
	ck_assert_int_eq(ctr_core_load_ids(cluster->core, job, node), CENTRO_OK);
	ck_assert_int_eq(ctr_core_load_end(cluster->core, cluster->now, 0, &text), CENTRO_OK);
}

/* The last ones are given out, and what says so can be loaded. */
START_TEST(numbers_run_out)
{
	struct cluster cluster;
	centro_job_id job;
	centro_node_id node;
	load_numbers(&cluster, CTR_ID_MAX - 2, CTR_ID_MAX - 1);
	ck_assert_uint_eq(cluster_add_node(&cluster, "a", 1), CTR_ID_MAX - 1);
	ck_assert_uint_eq(cluster_submit(&cluster, 1), CTR_ID_MAX - 2);
	ck_assert_uint_eq(cluster_submit(&cluster, 1), CTR_ID_MAX - 1);
	ctr_core_reserved_ids(cluster.core, &job, &node);
	cluster_fini(&cluster);

	load_numbers(&cluster, job, node);
	const struct ctr_node_spec node_spec = cluster_node_spec("b", 1);
	ck_assert_int_eq(cluster_register(&cluster, &node_spec), CENTRO_ERR_LIMIT);
	const struct ctr_task_spec task = cluster_task_spec(1);
	const struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	ck_assert_int_eq(cluster_submit_spec(&cluster, &spec), CENTRO_ERR_LIMIT);
	cluster_fini(&cluster);
}
END_TEST

static int load_request(struct records *records, centro_job_id job)
{
	return ctr_core_load_request(records->cluster.core, ctr_bytes_str("me"), ctr_bytes_str("r"),
				     /* spec_hash= */ 1, job, records->cluster.now.wall);
}

START_TEST(requests_that_make_no_sense)
{
	struct records records;
	records_init(&records, NULL);
	ck_assert_int_eq(load_request(&records, 0), CENTRO_ERR_CORRUPT);
	cluster_fini(&records.cluster);
	records_init(&records, NULL);
	ck_assert_int_eq(load_request(&records, 1000), CENTRO_OK);
	assert_corrupt(&records, "a request made job 1000, and numbers from 1000 on");
	records_init(&records, NULL);
	ck_assert_int_eq(load_request(&records, 999), CENTRO_OK);
	ck_assert_int_eq(load_all(&records), CENTRO_OK);
	cluster_check(&records.cluster);
	cluster_fini(&records.cluster);
}
END_TEST

/* Of which one more could not be counted. */
START_TEST(events_that_make_no_sense)
{
	struct records records;
	records_init(&records, NULL);
	records.job.revision = UINT64_MAX;
	assert_corrupt(&records, "events: the last one has number 18446744073709551615");
	records_init(&records, NULL);
	records.node.revision = CTR_ID_MAX;
	assert_corrupt(&records, "events: the last one has number 4611686018427387904");
	records_init(&records, NULL);
	records.node.revision = CTR_ID_MAX - 1;
	ck_assert_int_eq(load_all(&records), CENTRO_OK);
	cluster_submit(&records.cluster, 1);
	cluster_fini(&records.cluster);
}
END_TEST

START_TEST(limits_hold_for_a_store_too)
{
	struct records records;
	const struct ctr_core_options options = {.jobs_max = 1, .nodes_max = 1, .queues_max = 1};
	const struct ctr_set_queue queue = {ctr_bytes_str("batch"), 1, 0};
	records_init(&records, &options);
	struct ctr_core *core = records.cluster.core;
	ck_assert_int_eq(ctr_core_load_job(core, &records.job, &records.text), CENTRO_OK);
	records.job.id++;
	ck_assert_int_eq(ctr_core_load_job(core, &records.job, &records.text), CENTRO_ERR_LIMIT);
	ck_assert_int_eq(ctr_core_load_node(core, &records.node, &records.text), CENTRO_OK);
	records.node.id++;
	records.node_spec.name = ctr_bytes_str("b");
	ck_assert_int_eq(ctr_core_load_node(core, &records.node, &records.text), CENTRO_ERR_LIMIT);
	ck_assert_int_eq(ctr_core_load_queue(core, &queue, 1, &records.text), CENTRO_ERR_LIMIT);
	cluster_fini(&records.cluster);
}
END_TEST

/* Its end was written, but not yet moved to history: that is done now. */
START_TEST(a_job_that_has_ended_is_moved_on)
{
	struct records records;
	struct ctr_dirty dirty;
	records_init(&records, NULL);
	records.instance.state = CENTRO_INSTANCE_SUCCEEDED;
	records.instance.cause = CENTRO_CAUSE_EXITED;
	ck_assert_int_eq(load_all(&records), CENTRO_OK);
	cluster_check(&records.cluster);
	ck_assert(ctr_core_take_dirty(records.cluster.core, &dirty));
	ck_assert_int_eq(dirty.type, CTR_DIRTY_JOB);
	ck_assert(dirty.job.ended && dirty.job.stored);
	ctr_core_forget(records.cluster.core, dirty.job.job);
	cluster_check(&records.cluster);
	cluster_fini(&records.cluster);
}
END_TEST

/* Of what is over, the node may be gone. */
START_TEST(the_node_of_a_lost_attempt_may_be_gone)
{
	struct records records;
	records_init(&records, NULL);
	records.instance.state = CENTRO_INSTANCE_PENDING;
	records.instance.cause = CENTRO_CAUSE_NODE_LOST;
	records.instance.node = 99;
	ck_assert_int_eq(load_all(&records), CENTRO_OK);
	cluster_check(&records.cluster);
	ck_assert_ptr_null(cluster_instance(&records.cluster, 7, 0)->node);
	cluster_fini(&records.cluster);
}
END_TEST

START_TEST(a_node_may_be_loaded_with_less_than_it_gave)
{
	struct records records;
	records_init(&records, NULL);
	records.task.resources.cpu_milli = 5000;
	ck_assert_int_eq(load_all(&records), CENTRO_OK);
	cluster_check(&records.cluster);
	ck_assert(ctr_core_find_node(records.cluster.core, 5)->is_shrunk);
	cluster_fini(&records.cluster);
}
END_TEST

START_TEST(without_memory_it_can_be_freed)
{
	struct failing_allocator failing;
	size_t fail_at = 0;

	do {
		struct records records;
		failing_allocator_init(&failing, 0);
		const struct ctr_core_options options = {.allocator = &failing.allocator};
		const struct ctr_set_queue queue = {ctr_bytes_str("batch"), 1, 0};
		records_init(&records, &options);
		records.spec.request_id = ctr_bytes_str("r");
		records.spec.queue = ctr_bytes_str("batch");
		records.instance.message = ctr_bytes_str("m");
		records.job.cancelled = true;
		failing.fail_at = failing.calls + ++fail_at;
		int error = ctr_core_load_queue(records.cluster.core, &queue, 1, &records.text);
		if (error == CENTRO_OK)
			error = load_all(&records);
		ck_assert_int_eq(error, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		cluster_fini(&records.cluster);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 25);
}
END_TEST

START_TEST(commands_while_loading_are_a_defect)
{
	struct records records;
	records_init(&records, NULL);
	ctr_core_load_ids(records.cluster.core, 5, 5);
	cluster_submit(&records.cluster, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *tcase = tcase_create("load");

	tcase_add_test(tcase, an_empty_store_is_a_new_cluster);
	tcase_add_test(tcase, everything_that_is_stored_comes_back);
	tcase_add_test(tcase, numbers_go_on_above_what_was_reserved);
	tcase_add_test(tcase, a_request_is_known_after_a_restart);
	tcase_add_test(tcase, every_grant_is_honoured_for_a_whole_lease);
	tcase_add_test(tcase, its_node_may_claim_it_again);
	tcase_add_test(tcase, nodes_have_a_whole_timeout_and_stay_down);
	tcase_add_test(tcase, good_records_are_taken);
	tcase_add_test(tcase, jobs_that_make_no_sense);
	tcase_add_test(tcase, jobs_out_of_order);
	tcase_add_test(tcase, instances_that_make_no_sense);
	tcase_add_test(tcase, a_gang_begins_as_a_whole);
	tcase_add_test(tcase, nodes_that_make_no_sense);
	tcase_add_test(tcase, queues_and_ids_that_make_no_sense);
	tcase_add_test(tcase, requests_that_make_no_sense);
	tcase_add_test(tcase, events_that_make_no_sense);
	tcase_add_test(tcase, numbers_run_out);
	tcase_add_test(tcase, limits_hold_for_a_store_too);
	tcase_add_test(tcase, a_job_that_has_ended_is_moved_on);
	tcase_add_test(tcase, the_node_of_a_lost_attempt_may_be_gone);
	tcase_add_test(tcase, a_node_may_be_loaded_with_less_than_it_gave);
	tcase_add_test(tcase, without_memory_it_can_be_freed);
	tcase_add_test_raise_signal(tcase, commands_while_loading_are_a_defect, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
