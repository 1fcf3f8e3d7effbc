/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/spec_check.c: each rule, at its limit and one beyond. */
#include "cluster.h"

#include "support/suite.h"

static char long_text[600];

static void setup(void)
{
	memset(long_text, 'a', sizeof(long_text));
}

static void assert_fine(const struct ctr_job_spec *spec)
{
	struct centro_error_text text = {""};
	ck_assert_msg(ctr_job_spec_check(spec, &text) == CENTRO_OK, "%s", text.text);
}

/* The text starts with `path`. */
static void assert_refused(const struct ctr_job_spec *spec, const char *path)
{
	struct centro_error_text text = {""};
	ck_assert_int_eq(ctr_job_spec_check(spec, &text), CENTRO_ERR_INVALID);
	ck_assert_msg(strncmp(text.text, path, strlen(path)) == 0, "%s", text.text);
	ck_assert_int_eq(ctr_job_spec_check(spec, NULL), CENTRO_ERR_INVALID);
}

START_TEST(a_plain_job_is_fine)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	assert_fine(&spec);
	spec.name = spec.owner = spec.text = (struct centro_bytes){0};
	assert_fine(&spec);
}
END_TEST

START_TEST(names_at_the_top)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	const struct ctr_job_spec fine = cluster_job_spec(&task, 1);
	struct ctr_job_spec spec = fine;

	spec.name = ctr_bytes(long_text, CTR_JOB_NAME_SIZE_MAX);
	spec.owner = ctr_bytes(long_text, CTR_OWNER_SIZE_MAX);
	spec.request_id = ctr_bytes(long_text, CTR_REQUEST_ID_SIZE_MAX);
	spec.queue = ctr_bytes(long_text, CTR_NAME_SIZE_MAX);
	spec.tenant = ctr_bytes_str("tenant-1");
	assert_fine(&spec);

	spec = fine;
	spec.name = ctr_bytes(long_text, CTR_JOB_NAME_SIZE_MAX + 1);
	assert_refused(&spec, "name: ");
	spec.name = ctr_bytes_str("two\nlines");
	assert_refused(&spec, "name: \"two?lines\"");
	spec.name = ctr_bytes("\xff", 1);
	assert_refused(&spec, "name: ");
	spec = fine;
	spec.owner = ctr_bytes(long_text, CTR_OWNER_SIZE_MAX + 1);
	assert_refused(&spec, "owner: ");
	spec = fine;
	spec.request_id = ctr_bytes(long_text, CTR_REQUEST_ID_SIZE_MAX + 1);
	assert_refused(&spec, "request_id: ");
	spec = fine;
	spec.queue = ctr_bytes_str("Default");
	assert_refused(&spec, "queue: \"Default\" is not a name");
	spec = fine;
	spec.tenant = ctr_bytes_str("-");
	assert_refused(&spec, "tenant: ");
}
END_TEST

START_TEST(priority_has_two_ends)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	spec.priority = CTR_PRIORITY_MAX;
	assert_fine(&spec);
	spec.priority = -CTR_PRIORITY_MAX;
	assert_fine(&spec);
	spec.priority = CTR_PRIORITY_MAX + 1;
	assert_refused(&spec, "priority: 1001; it must be between -1000 and 1000");
	spec.priority = -CTR_PRIORITY_MAX - 1;
	assert_refused(&spec, "priority: ");
}
END_TEST

START_TEST(tasks_are_counted)
{
	struct ctr_task_spec tasks[CTR_TASKS_MAX + 1];
	char names[CTR_TASKS_MAX + 1][4];
	for (int i = 0; i <= CTR_TASKS_MAX; i++) {
		tasks[i] = cluster_task_spec(1);
		names[i][0] = (char)('a' + i / 10);
		names[i][1] = (char)('0' + i % 10);
		names[i][2] = '\0';
		tasks[i].name = ctr_bytes_str(names[i]);
	}
	struct ctr_job_spec spec = cluster_job_spec(tasks, CTR_TASKS_MAX);
	assert_fine(&spec);
	spec.task_count++;
	assert_refused(&spec, "tasks: 65 of them; at most 64");
	spec.task_count = 0;
	assert_refused(&spec, "tasks: empty");
}
END_TEST

START_TEST(instances_are_counted_over_all_tasks)
{
	struct ctr_task_spec tasks[2] = {cluster_task_spec(1), cluster_task_spec(1)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 2);

	tasks[0].name = ctr_bytes_str("a");
	tasks[1].name = ctr_bytes_str("b");
	tasks[0].count = CTR_INSTANCES_MAX - 1;
	assert_fine(&spec);
	tasks[1].count = 2;
	assert_refused(&spec, "tasks[1].count: ");
	tasks[0].count = tasks[1].count = UINT32_MAX;
	assert_refused(&spec, "tasks[0].count: ");
}
END_TEST

START_TEST(task_names)
{
	struct ctr_task_spec tasks[3] = {cluster_task_spec(1), cluster_task_spec(1),
					 cluster_task_spec(1)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 3);

	tasks[0].name = ctr_bytes_str("a");
	tasks[1].name = ctr_bytes_str("b");
	assert_refused(&spec, "tasks[2].name: \"\" is not a name");
	tasks[2].name = ctr_bytes_str("Train");
	assert_refused(&spec, "tasks[2].name: \"Train\" is not a name: it must match "
			      "[a-z][a-z0-9_-]*");
	tasks[2].name = ctr_bytes_str("a");
	assert_refused(&spec, "tasks[2].name: \"a\" is the name of tasks[0] too");
	tasks[2].name = ctr_bytes_str("c");
	assert_fine(&spec);
}
END_TEST

START_TEST(a_command_names_a_program)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	const struct centro_bytes nothing = {0};
	struct ctr_label env = {ctr_bytes_str("A=B"), nothing};

	task.command_count = 0;
	assert_refused(&spec, "tasks[0].command: ");
	task = cluster_task_spec(1);
	task.command = &nothing;
	assert_refused(&spec, "tasks[0].command: ");
	task = cluster_task_spec(1);
	task.env = &env;
	task.env_count = 1;
	assert_refused(&spec, "tasks[0].env: \"A=B\"");
	env.key = nothing;
	assert_refused(&spec, "tasks[0].env: ");
	env.key = ctr_bytes_str("A");
	assert_fine(&spec);
	task.working_dir = ctr_bytes_str("tmp");
	assert_refused(&spec, "tasks[0].working_dir: \"tmp\"");
	task.working_dir = ctr_bytes_str("/tmp");
	assert_fine(&spec);
}
END_TEST

START_TEST(spans_of_a_task)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	task.lease = ctr_span_ms(CTR_LEASE_MIN_MS);
	assert_fine(&spec);
	task.lease.ns--;
	assert_refused(&spec, "tasks[0].lease: ");
	task.lease = ctr_span_ms(CTR_LEASE_MAX_MS);
	assert_fine(&spec);
	task.lease.ns++;
	assert_refused(&spec, "tasks[0].lease: ");
	task.lease.ns = 0;
	task.kill_grace.ns = 1;
	assert_fine(&spec);
	task.kill_grace = ctr_span_ms(CTR_GRACE_MAX_MS);
	assert_fine(&spec);
	task.kill_grace.ns++;
	assert_refused(&spec, "tasks[0].kill_grace: ");
	task.kill_grace.ns = 0;
	task.on_disconnect = CTR_ON_DISCONNECT_KEEP + 1;
	assert_refused(&spec, "tasks[0].on_disconnect: 3");
}
END_TEST

START_TEST(named_resources)
{
	struct ctr_named_amount named[CTR_NAMED_MAX + 1];
	char names[CTR_NAMED_MAX + 1][4];
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	for (int i = 0; i <= CTR_NAMED_MAX; i++) {
		names[i][0] = 'r';
		names[i][1] = (char)('a' + i);
		names[i][2] = '\0';
		named[i] = (struct ctr_named_amount){ctr_bytes_str(names[i]), 1};
	}
	task.resources.named = named;
	task.resources.named_count = CTR_NAMED_MAX;
	assert_fine(&spec);
	task.resources.named_count++;
	assert_refused(&spec, "tasks[0].resources.named: 17 of them");
	task.resources.named_count = 2;
	named[1].name = ctr_bytes_str("memory");
	assert_refused(&spec, "tasks[0].resources.named: \"memory\"");
	named[1].name = ctr_bytes_str("GPU");
	assert_refused(&spec, "tasks[0].resources.named: \"GPU\"");
	named[1].name = named[0].name;
	assert_refused(&spec, "tasks[0].resources.named: \"ra\" is there twice");
}
END_TEST

START_TEST(labels_have_keys_and_values)
{
	struct ctr_label labels[CTR_LABELS_MAX + 1];
	char keys[CTR_LABELS_MAX + 1][4];
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	for (int i = 0; i <= CTR_LABELS_MAX; i++) {
		keys[i][0] = (char)('a' + i / 10);
		keys[i][1] = (char)('0' + i % 10);
		keys[i][2] = '\0';
		labels[i] = (struct ctr_label){ctr_bytes_str(keys[i]), ctr_bytes_str("v")};
	}
	spec.labels = labels;
	spec.label_count = CTR_LABELS_MAX;
	assert_fine(&spec);
	spec.label_count++;
	assert_refused(&spec, "labels: 65 of them");
	spec.label_count = 2;
	labels[1].value = ctr_bytes(long_text, CTR_LABEL_SIZE_MAX + 1);
	assert_refused(&spec, "labels: the value of \"a1\"");
	labels[1].value.size--;
	labels[1].key = ctr_bytes(long_text, CTR_LABEL_KEY_SIZE_MAX);
	assert_fine(&spec);
	labels[1].key.size++;
	assert_refused(&spec, "labels: ");
	labels[1].key = ctr_bytes_str("a b");
	assert_refused(&spec, "labels: \"a b\" is not a key");
	labels[1].key = ctr_bytes_str("");
	assert_refused(&spec, "labels: \"\" is not a key");
	labels[1].key = labels[0].key;
	assert_refused(&spec, "labels: \"a0\" is there twice");
}
END_TEST

START_TEST(datacenters_are_names)
{
	struct centro_bytes names[CTR_DATACENTERS_MAX + 1];
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);

	for (int i = 0; i <= CTR_DATACENTERS_MAX; i++)
		names[i] = ctr_bytes_str("eu");
	spec.datacenters = names;
	spec.datacenter_count = CTR_DATACENTERS_MAX;
	assert_fine(&spec);
	spec.datacenter_count++;
	assert_refused(&spec, "datacenters: 65 of them");
	spec.datacenter_count = 2;
	names[1] = ctr_bytes_str("e.u");
	assert_refused(&spec, "datacenters[1]: \"e.u\" is not a name");
}
END_TEST

START_TEST(the_text_has_a_limit)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	struct ctr_node_spec node = cluster_node_spec("n", 1);
	static uint8_t bytes[CTR_TEXT_SIZE_MAX + 1];

	spec.text = node.text = ctr_bytes(bytes, CTR_TEXT_SIZE_MAX);
	assert_fine(&spec);
	ck_assert_int_eq(ctr_node_spec_check(&node, NULL), CENTRO_OK);
	spec.text.size++;
	node.text.size++;
	assert_refused(&spec, "the specification has 524289 bytes");
	ck_assert_int_eq(ctr_node_spec_check(&node, NULL), CENTRO_ERR_INVALID);
}
END_TEST

static void assert_node_refused(const struct ctr_node_spec *spec, const char *path)
{
	struct centro_error_text text = {""};
	ck_assert_int_eq(ctr_node_spec_check(spec, &text), CENTRO_ERR_INVALID);
	ck_assert_msg(strncmp(text.text, path, strlen(path)) == 0, "%s", text.text);
}

START_TEST(nodes_keep_the_rules_too)
{
	const struct ctr_node_spec fine = cluster_node_spec("Node-1.example_org", 1);
	struct ctr_node_spec spec = fine;
	struct ctr_named_amount named = {ctr_bytes_str("cpu"), 1};
	struct ctr_label label = {ctr_bytes_str("="), {0}};

	ck_assert_int_eq(ctr_node_spec_check(&spec, NULL), CENTRO_OK);
	spec.name = ctr_bytes(long_text, CTR_NODE_NAME_SIZE_MAX);
	ck_assert_int_eq(ctr_node_spec_check(&spec, NULL), CENTRO_OK);
	spec.name.size++;
	assert_node_refused(&spec, "name: ");
	spec.name = ctr_bytes_str("");
	assert_node_refused(&spec, "name: \"\"");
	spec.name = ctr_bytes_str(".hidden");
	assert_node_refused(&spec, "name: ");
	spec = fine;
	spec.datacenter = ctr_bytes_str("EU");
	assert_node_refused(&spec, "datacenter: \"EU\"");
	spec = fine;
	spec.capacity.named = &named;
	spec.capacity.named_count = 1;
	assert_node_refused(&spec, "capacity.named: \"cpu\"");
	spec = fine;
	spec.labels = &label;
	spec.label_count = 1;
	assert_node_refused(&spec, "labels: ");
}
END_TEST

START_TEST(everything_is_named_at_once)
{
	struct ctr_task_spec tasks[2] = {cluster_task_spec(1), cluster_task_spec(1)};
	struct ctr_job_spec spec = cluster_job_spec(tasks, 2);
	struct ctr_problems problems;
	struct ctr_label label = {ctr_bytes_str("="), {0}};

	spec.queue = ctr_bytes_str("A");
	spec.priority = 5000;
	spec.labels = &label;
	spec.label_count = 1;
	tasks[0].name = ctr_bytes_str("a");
	tasks[0].lease = ctr_span_ms(1);
	tasks[0].working_dir = ctr_bytes_str("x");
	tasks[1].name = ctr_bytes_str("a");
	tasks[1].command_count = 0;
	ctr_problems_init(&problems);
	ctr_job_spec_problems(&spec, &problems);
	ck_assert_str_eq(
		problems.text,
		"queue: \"A\" is not a name: it must match [a-z][a-z0-9_-]*\n"
		"priority: 5000; it must be between -1000 and 1000\n"
		"labels: \"=\" is not a key: it must match [A-Za-z0-9][A-Za-z0-9._/-]* and have at "
		"most 63 bytes\n"
		"tasks[0].working_dir: \"x\" is not absolute: it must start with /\n"
		"tasks[0].lease: 1000000 ns; it must be between 2000 ms and 604800 s\n"
		"tasks[1].name: \"a\" is the name of tasks[0] too\n"
		"tasks[1].command: empty; it must name a program");
	ck_assert_uint_eq(problems.count, 7);
}
END_TEST

START_TEST(many_are_counted)
{
	struct ctr_task_spec task = cluster_task_spec(1);
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	struct ctr_problems problems;
	struct ctr_label env[40] = {{{0}, {0}}};
	char told[CTR_PROBLEMS_TOLD_SIZE_MAX];

	task.env = env;
	task.env_count = 40;
	ctr_problems_init(&problems);
	ctr_job_spec_problems(&spec, &problems);
	ctr_problems_tell(&problems, told, sizeof(told));
	ck_assert_ptr_nonnull(strstr(told, "\nand 20 more"));
}
END_TEST

START_TEST(an_empty_name_is_the_default)
{
	ck_assert(ctr_bytes_equal(ctr_name_or_default((struct centro_bytes){0}),
				  ctr_bytes_str("default")));
	ck_assert(ctr_bytes_equal(ctr_name_or_default(ctr_bytes_str("x")), ctr_bytes_str("x")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec_check");
	TCase *tcase = tcase_create("spec_check");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_plain_job_is_fine);
	tcase_add_test(tcase, names_at_the_top);
	tcase_add_test(tcase, priority_has_two_ends);
	tcase_add_test(tcase, tasks_are_counted);
	tcase_add_test(tcase, instances_are_counted_over_all_tasks);
	tcase_add_test(tcase, task_names);
	tcase_add_test(tcase, a_command_names_a_program);
	tcase_add_test(tcase, spans_of_a_task);
	tcase_add_test(tcase, named_resources);
	tcase_add_test(tcase, labels_have_keys_and_values);
	tcase_add_test(tcase, datacenters_are_names);
	tcase_add_test(tcase, the_text_has_a_limit);
	tcase_add_test(tcase, nodes_keep_the_rules_too);
	tcase_add_test(tcase, an_empty_name_is_the_default);
	tcase_add_test(tcase, everything_is_named_at_once);
	tcase_add_test(tcase, many_are_counted);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
