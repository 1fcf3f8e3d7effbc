/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/options_codec.c. */
#include "codec/codec.h"

#include <stdio.h>

#include "base/assert.h"
#include "helper.h"
#include "support/failing_allocator.h"

static const char *const command[] = {"sh", "-c", ""};
static const char *const env[] = {"B=2", "A=x=y", "B=3", "C="};
static const char *const named[] = {"gpu"};
static const uint32_t amounts[] = {2};
static const char *const datacenters[] = {"fra1", "ams2"};

static struct centro_task_options full_task(void)
{
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	task.name = "train";
	task.command = command;
	task.command_count = 3;
	task.env = env;
	task.env_count = 4;
	task.working_dir = "/srv";
	task.cpu_milli = 1;
	task.memory_mib = 2;
	task.disk_mib = 3;
	task.count = 4;
	task.time_limit.ns = UINT64_C(5000000000);
	task.lease.ns = UINT64_C(6000000001);
	task.kill_grace.ns = 7;
	task.named = named;
	task.named_amount = amounts;
	task.named_count = 1;
	task.gang = true;
	return task;
}

static struct centro_job_options full_job(const struct centro_task_options *tasks, size_t count)
{
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	job.name = "nightly";
	job.queue = "research";
	job.priority = -3;
	job.tasks = tasks;
	job.task_count = count;
	job.datacenters = datacenters;
	job.datacenter_count = 2;
	return job;
}

static int make_job(struct helper *helper, const struct centro_job_options *job,
		    struct ctr_job_spec *ret_spec)
{
	helper->text.text[0] = '\0';
	return ctr_codec_job_spec_from_options(job, &helper->arena, ret_spec, &helper->text);
}

START_TEST(a_job_is_what_it_would_be_in_json)
{
	struct centro_task_options task = full_task();
	struct centro_job_options job = full_job(&task, 1);
	struct ctr_job_spec spec, other;
	struct helper helper;

	helper_init(&helper);
	ck_assert_msg(make_job(&helper, &job, &spec) == CENTRO_OK, "%s", helper.text.text);
	ck_assert_int_eq(helper_decode(&helper, &centro__v1__job_spec__descriptor, spec.text),
			 CENTRO_OK);
	ck_assert_str_eq(
		helper_json(&helper, helper.message),
		"{\"name\":\"nightly\",\"queue\":\"research\",\"priority\":-3,\"tasks\":[{"
		"\"name\":\"train\",\"command\":[\"sh\",\"-c\",\"\"],\"env\":{\"A\":\"x=y\","
		"\"B\":\"3\",\"C\":\"\"},\"working_dir\":\"/srv\",\"resources\":{\"cpu_milli\":1,"
		"\"memory_mib\":2,\"disk_mib\":3,\"named\":{\"gpu\":2}},\"count\":4,"
		"\"time_limit\":\"5s\",\"lease\":\"6.000000001s\","
		"\"kill_grace\":\"0.000000007s\",\"gang\":true}],\"datacenters\":[\"fra1\","
		"\"ams2\"]}");
	ck_assert_uint_eq(spec.tasks[0].env_count, 3);
	ck_assert_uint_eq(spec.tasks[0].lease.ns, task.lease.ns);
	ck_assert(spec.tasks[0].gang);
	ck_assert_int_eq(spec.priority, -3);

	/* The same job from a message has the same hash. */
	ck_assert_int_eq(ctr_codec_job_spec((const Centro__V1__JobSpec *)helper.message,
					    &helper.arena, &other, &helper.text),
			 CENTRO_OK);
	ck_assert_uint_eq(other.spec_hash, spec.spec_hash);
	helper_fini(&helper);
}
END_TEST

START_TEST(what_is_not_given_is_the_default)
{
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	struct ctr_job_spec spec;
	struct helper helper;

	helper_init(&helper);
	ck_assert_int_eq(make_job(&helper, &job, &spec), CENTRO_OK);
	ck_assert_uint_eq(spec.text.size, 0);
	job.tasks = &task;
	job.task_count = 1;
	ck_assert_int_eq(make_job(&helper, &job, &spec), CENTRO_OK);
	ck_assert_uint_eq(spec.task_count, 1);
	ck_assert_uint_eq(spec.tasks[0].name.size, 0);
	/* One empty task, and nothing in it. */
	ck_assert_bytes_eq(spec.text, BYTES("\x22\x00"));
	helper_fini(&helper);
}
END_TEST

static void check_refused(const struct centro_job_options *job, int error, const char *text)
{
	struct ctr_job_spec spec = {.priority = 77};
	struct helper helper;
	helper_init(&helper);
	ck_assert_int_eq(make_job(&helper, job, &spec), error);
	ck_assert_str_eq(helper.text.text, text);
	ck_assert_int_eq(spec.priority, 77);
	ck_assert_int_eq(ctr_codec_job_spec_from_options(job, &helper.arena, &spec, NULL), error);
	helper_fini(&helper);
}

START_TEST(what_is_wrong_is_named)
{
	static const char *const hole[] = {"a", NULL};
	static const char *const no_equals[] = {"A=1", "PATH\n"};
	static const char *const no_name[] = {"=1"};
	struct centro_task_options task = full_task();
	struct centro_job_options job = full_job(&task, 1);

	task.command = NULL;
	check_refused(&job, CENTRO_ERR_INVALID,
		      "tasks[0].command: a count without an array, or NULL in it");
	task = full_task();
	task.command = hole;
	task.command_count = 2;
	check_refused(&job, CENTRO_ERR_INVALID,
		      "tasks[0].command: a count without an array, or NULL in it");
	task = full_task();
	task.env = no_equals;
	task.env_count = 2;
	check_refused(&job, CENTRO_ERR_INVALID,
		      "tasks[0].env[1]: \"PATH\\x0a\" is not of the form name=value");
	task.env = no_name;
	task.env_count = 1;
	check_refused(&job, CENTRO_ERR_INVALID,
		      "tasks[0].env[0]: \"=1\" is not of the form name=value");
	task = full_task();
	task.named_amount = NULL;
	check_refused(&job, CENTRO_ERR_INVALID,
		      "tasks[0].named: a count without an array, or NULL in it");
	task = full_task();
	task.name = "\xff";
	check_refused(&job, CENTRO_ERR_INVALID, "tasks[0].name: not UTF-8, or holds U+0000");
	task = full_task();
	job.tasks = NULL;
	check_refused(&job, CENTRO_ERR_INVALID, "tasks: a count without an array, or NULL in it");
	job = full_job(&task, 1);
	job.datacenters = NULL;
	check_refused(&job, CENTRO_ERR_INVALID,
		      "datacenters: a count without an array, or NULL in it");
}
END_TEST

START_TEST(too_much_text_is_refused)
{
	struct centro_task_options task = full_task();
	struct centro_job_options job = full_job(&task, 1);
	char *large = malloc(CTR_TEXT_SIZE_MAX + 1);
	memset(large, 'x', CTR_TEXT_SIZE_MAX);
	large[CTR_TEXT_SIZE_MAX] = '\0';
	task.working_dir = large;
	check_refused(&job, CENTRO_ERR_LIMIT, "the specification has more than 524288 bytes");
	free(large);
}
END_TEST

/* ---- sizes ---- */

/* What a caller would have whose header is newer by one member. */
struct newer_job {
	struct centro_job_options known;
	uint64_t added;
};
struct newer_task {
	struct centro_task_options known;
	uint64_t added;
};

START_TEST(a_newer_caller_may_not_ask_for_more)
{
	struct newer_task tasks[2] = {{full_task(), 0}, {full_task(), 0}};
	struct newer_job job = {full_job(&tasks[0].known, 2), 0};
	struct ctr_job_spec spec;
	struct helper helper;

	helper_init(&helper);
	job.known.size = sizeof(job);
	tasks[0].known.size = tasks[1].known.size = sizeof(tasks[0]);
	tasks[1].known.name = "second";
	ck_assert_msg(make_job(&helper, &job.known, &spec) == CENTRO_OK, "%s", helper.text.text);
	ck_assert_uint_eq(spec.task_count, 2);
	ck_assert_bytes_eq(spec.tasks[1].name, BYTES("second"));
	helper_fini(&helper);

	tasks[1].added = 1;
	check_refused(&job.known, CENTRO_ERR_ABI,
		      "tasks[1]: made for a newer libcentro, with an option that this one does not "
		      "know");
	job.added = UINT64_C(1) << 63;
	check_refused(&job.known, CENTRO_ERR_ABI,
		      "made for a newer libcentro, with an option that this one does not know");
}
END_TEST

/* The struct as it was in the first release: what came later is not read. */
START_TEST(an_older_caller_knows_no_gangs)
{
	struct centro_task_options task = full_task();
	struct centro_job_options job = full_job(&task, 1);
	struct ctr_job_spec spec;
	struct helper helper;

	helper_init(&helper);
	task.size = offsetof(struct centro_task_options, gang);
	ck_assert_msg(make_job(&helper, &job, &spec) == CENTRO_OK, "%s", helper.text.text);
	ck_assert_uint_eq(spec.tasks[0].resources.named_count, 1);
	ck_assert(!spec.tasks[0].gang);
	helper_fini(&helper);
}
END_TEST

static void check_size(const struct centro_job_options *job, const char *where, size_t size)
{
	char text[128];
	snprintf(text, sizeof(text), "%s%zu is not the size of the struct: start from its _INIT",
		 where, size);
	check_refused(job, CENTRO_ERR_ABI, text);
}

START_TEST(sizes_that_are_none)
{
	struct centro_task_options tasks[2] = {full_task(), full_task()};
	struct centro_job_options job = full_job(tasks, 2);
	static const size_t sizes[] = {0, sizeof(job) - 1, 4097, SIZE_MAX};

	for (size_t i = 0; i < CTR_ARRAY_SIZE(sizes); i++) {
		job.size = sizes[i];
		check_size(&job, "", sizes[i]);
	}
	job = full_job(tasks, 2);
	tasks[0].size = 0;
	check_size(&job, "tasks[0]: ", 0);
	tasks[0].size = sizeof(tasks[0]);
	tasks[1].size = 0;
	check_size(&job, "tasks[1]: ", 0);
}
END_TEST

START_TEST(all_tasks_have_one_size)
{
	struct newer_task tasks[2] = {{full_task(), 0}, {full_task(), 0}};
	struct centro_job_options job = full_job(&tasks[0].known, 2);
	tasks[0].known.size = sizeof(tasks[0]);
	check_refused(&job, CENTRO_ERR_ABI, "tasks[1]: another size than the first task");
}
END_TEST

/* ---- nodes ---- */

START_TEST(a_node)
{
	static const char *const labels[] = {"disk=ssd", "arch=arm=64"};
	static const char *const wrong[] = {"ssd"};
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	struct ctr_node_spec spec;
	struct helper helper;

	helper_init(&helper);
	node.name = "n1";
	node.datacenter = "fra1";
	node.labels = labels;
	node.label_count = 2;
	node.cpu_milli = 4000;
	node.named = named;
	node.named_amount = amounts;
	node.named_count = 1;
	ck_assert_int_eq(
		ctr_codec_node_spec_from_options(&node, &helper.arena, &spec, &helper.text),
		CENTRO_OK);
	helper_decode(&helper, &centro__v1__node_info__descriptor, spec.text);
	ck_assert_str_eq(
		helper_json(&helper, helper.message),
		"{\"name\":\"n1\",\"datacenter\":\"fra1\",\"labels\":{\"arch\":\"arm=64\","
		"\"disk\":\"ssd\"},\"capacity\":{\"cpu_milli\":4000,\"named\":{\"gpu\":2}}}");
	ck_assert_uint_eq(spec.capacity.cpu_milli, 4000);
	node.labels = wrong;
	node.label_count = 1;
	ck_assert_int_eq(
		ctr_codec_node_spec_from_options(&node, &helper.arena, &spec, &helper.text),
		CENTRO_ERR_INVALID);
	ck_assert_str_eq(helper.text.text, "labels[0]: \"ssd\" is not of the form name=value");
	node.label_count = 0;
	node.named = NULL;
	ck_assert_int_eq(
		ctr_codec_node_spec_from_options(&node, &helper.arena, &spec, &helper.text),
		CENTRO_ERR_INVALID);
	ck_assert_str_eq(helper.text.text,
			 "capacity.named: a count without an array, or NULL in it");
	node.size = 8;
	ck_assert_int_eq(
		ctr_codec_node_spec_from_options(&node, &helper.arena, &spec, &helper.text),
		CENTRO_ERR_ABI);
	helper_fini(&helper);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	struct centro_task_options task = full_task();
	struct centro_job_options job = full_job(&task, 1);
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		struct ctr_arena arena;
		struct ctr_job_spec spec;
		struct centro_error_text text;
		failing_allocator_init(&failing, ++fail_at);
		ctr_arena_init(&arena, &failing.allocator, SIZE_MAX);
		int status = ctr_codec_job_spec_from_options(&job, &arena, &spec, &text);
		ck_assert_int_eq(status, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		ctr_arena_fini(&arena);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_ge(fail_at, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/options_codec");
	TCase *tcase = tcase_create("options_codec");
	tcase_add_test(tcase, a_job_is_what_it_would_be_in_json);
	tcase_add_test(tcase, what_is_not_given_is_the_default);
	tcase_add_test(tcase, what_is_wrong_is_named);
	tcase_add_test(tcase, too_much_text_is_refused);
	tcase_add_test(tcase, a_newer_caller_may_not_ask_for_more);
	tcase_add_test(tcase, an_older_caller_knows_no_gangs);
	tcase_add_test(tcase, sizes_that_are_none);
	tcase_add_test(tcase, all_tasks_have_one_size);
	tcase_add_test(tcase, a_node);
	tcase_add_test(tcase, every_allocation_may_fail);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
