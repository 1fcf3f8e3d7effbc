/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/public_job.c. */
#include "public_fixture.h"

#include <string.h>

#include "support/suite.h"

static struct owner owner;

static void setup(void)
{
	owner_init(&owner);
	owner_open(&owner);
}

static void teardown(void)
{
	owner_fini(&owner);
}

static int submit_json(const char *spec, const char *request_id, struct centro_error_text *text)
{
	struct centro_request request = CENTRO_REQUEST_INIT;
	request.owner = "ada";
	request.request_id = request_id;
	struct centro_bytes bytes = {(const uint8_t *)spec, strlen(spec)};
	int status = centro_engine_submit_encoded(owner.engine, owner.now, bytes, CENTRO_JSON,
						  &request, owner_submitted, &owner, text);
	if (status != CENTRO_OK)
		return status;
	owner_settle(&owner);
	return owner.status;
}

#define SPEC "{\"name\":\"j\",\"tasks\":[{\"command\":[\"true\"]}]}"

START_TEST(a_job_from_options)
{
	ck_assert_uint_eq(owner_submit(&owner, 3), 1);
	ck_assert_str_eq(owner.text, "");
	ck_assert_int_eq(owner_get(&owner, 1, CENTRO_JSON), CENTRO_OK);
	ck_assert_ptr_nonnull(strstr(owner.document, "\"nap\""));
	ck_assert_ptr_nonnull(strstr(owner.document, "\"COLOUR\""));
}
END_TEST

START_TEST(a_job_from_json)
{
	struct centro_error_text text = {0};
	ck_assert_int_eq(submit_json(SPEC, NULL, &text), CENTRO_OK);
	ck_assert_int_eq(owner_get(&owner, owner.job, CENTRO_JSON), CENTRO_OK);
	ck_assert_ptr_nonnull(strstr(owner.document, "\"ada\""));
}
END_TEST

START_TEST(a_request_makes_one_job)
{
	struct centro_error_text text = {0};
	ck_assert_int_eq(submit_json(SPEC, "r1", &text), CENTRO_OK);
	ck_assert(!owner.existing);
	centro_job_id job = owner.job;
	ck_assert_int_eq(submit_json(SPEC, "r1", &text), CENTRO_OK);
	ck_assert(owner.existing);
	ck_assert_uint_eq(owner.job, job);
	ck_assert_int_eq(submit_json("{\"tasks\":[{\"command\":[\"false\"]}]}", "r1", &text),
			 CENTRO_ERR_CONFLICT);
	ck_assert_uint_eq(owner.job, 0);
	ck_assert_ptr_nonnull(strstr(owner.text, "r1"));
}
END_TEST

START_TEST(mistakes_are_explained_at_once)
{
	static const struct {
		const char *spec, *named;
	} mistakes[] = {
		{"{\"tasks\":[{\"comand\":[\"true\"]}]}", "comand"},
		{"{\"tasks\":[]}", "tasks"},
		{"{\"tasks\":[{\"command\":[]}]}", "command"},
		{"{\"queue\":\"nowhere\",\"tasks\":[{\"command\":[\"true\"]}]}", "nowhere"},
		{"{", ""},
		{"", ""},
	};
	int before = owner.answers;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct centro_error_text text = {0};
		ck_assert_int_eq(submit_json(mistakes[i].spec, NULL, &text), CENTRO_ERR_INVALID);
		ck_assert_msg(strstr(text.text, mistakes[i].named), "%s: %s", mistakes[i].spec,
			      text.text);
		ck_assert_str_ne(text.text, "");
	}
	struct centro_error_text text = {0};
	ck_assert_int_eq(submit_json(SPEC, "\xff", &text), CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(text.text, "request_id"));
	ck_assert_int_eq(
		centro_engine_submit(owner.engine, owner.now, NULL, NULL, NULL, NULL, &text),
		CENTRO_ERR_INVALID);
	ck_assert_int_eq(owner.answers, before);
}
END_TEST

START_TEST(all_that_is_wrong_is_said_at_once)
{
	struct centro_error_text text = {0};
	ck_assert_int_eq(
		submit_json("{\"priority\":2000,\"tasks\":[{\"lease\":\"-1s\"}]}", NULL, &text),
		CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "tasks[0].lease: must be from 0 to 584 years\n"
				    "priority: 2000; it must be between -1000 and 1000\n"
				    "tasks[0].command: empty; it must name a program");
	ck_assert_int_eq(submit_json("{\"priority\":2000,\"tasks\":[{}]}", NULL, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "priority: 2000; it must be between -1000 and 1000\n"
				    "tasks[0].command: empty; it must name a program");
}
END_TEST

START_TEST(structs_of_other_sizes_are_refused)
{
	struct centro_request request = {.size = 3};
	struct centro_bytes bytes = {(const uint8_t *)SPEC, strlen(SPEC)};
	struct centro_error_text text = {0};
	ck_assert_int_eq(centro_engine_submit_encoded(owner.engine, owner.now, bytes, CENTRO_JSON,
						      &request, owner_submitted, &owner, &text),
			 CENTRO_ERR_ABI);
	ck_assert_int_eq(centro_engine_submit_encoded(owner.engine, owner.now, bytes,
						      (enum centro_encoding)7, NULL,
						      owner_submitted, &owner, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(text.text, "encoding"));
}
END_TEST

START_TEST(a_specification_has_a_limit)
{
	static const char spec[] = "{\"tasks\":[{\"command\":[\"true\"]}]}";
	const size_t size_max = 512 * 1024;
	char *large = malloc(size_max + 1);
	memset(large, ' ', size_max + 1);
	memcpy(large, spec, strlen(spec));
	struct centro_bytes bytes = {(const uint8_t *)large, size_max + 1};
	struct centro_error_text text = {0};
	ck_assert_int_eq(centro_engine_submit_encoded(owner.engine, owner.now, bytes, CENTRO_JSON,
						      NULL, owner_submitted, &owner, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(text.text, "524288"));
	bytes.size--;
	ck_assert_int_eq(centro_engine_submit_encoded(owner.engine, owner.now, bytes, CENTRO_JSON,
						      NULL, owner_submitted, &owner, &text),
			 CENTRO_OK);
	free(large);
}
END_TEST

START_TEST(why_it_waits_is_told)
{
	owner_register(&owner, "n1", 2);
	struct centro_error_text text = {0};
	ck_assert_int_eq(submit_json("{\"tasks\":[{\"command\":[\"true\"],"
				     "\"resources\":{\"cpu_milli\":64000}}]}",
				     NULL, &text),
			 CENTRO_OK);
	ck_assert_int_eq(owner_get(&owner, owner.job, CENTRO_JSON), CENTRO_OK);
	ck_assert_ptr_nonnull(strstr(owner.document, "\"pending_reason\""));
	ck_assert_ptr_nonnull(strstr(owner.document, "64"));
}
END_TEST

START_TEST(a_job_can_be_asked_for_all_its_life_and_after)
{
	owner_register(&owner, "n1", 2);
	centro_job_id job = owner_submit(&owner, 1);
	ck_assert_int_eq(owner_get(&owner, job, CENTRO_PROTOBUF), CENTRO_OK);
	ck_assert_uint_gt(owner.document_size, 0);
	ck_assert_int_eq(owner_report(&owner, &owner.assignments[0], true, CENTRO_CAUSE_EXITED, 7),
			 CENTRO_OK);
	ck_assert_int_eq(owner_get(&owner, job, CENTRO_JSON), CENTRO_OK);
	ck_assert_ptr_nonnull(strstr(owner.document, "\"failed\""));
	ck_assert_ptr_nonnull(strstr(owner.document, "\"exit_code\":7"));
	char recent[sizeof(owner.document)];
	memcpy(recent, owner.document, sizeof(recent));

	/* Not in memory any more. */
	owner_close(&owner);
	owner_open(&owner);
	ck_assert_int_eq(owner_get(&owner, job, CENTRO_JSON), CENTRO_OK);
	ck_assert_str_eq(owner.document, recent);
	ck_assert_int_eq(owner_get(&owner, job + 1, CENTRO_JSON), CENTRO_ERR_NOT_FOUND);
	ck_assert_uint_eq(owner.document_size, 0);
	ck_assert_int_eq(
		centro_engine_get_job(owner.engine, owner.now, job, CENTRO_JSON, NULL, NULL),
		CENTRO_ERR_INVALID);
}
END_TEST

START_TEST(an_answer_waits_until_it_is_durable)
{
	centro_job_id job = owner_submit(&owner, 1);
	int before = owner.answers;
	ctr_memory_disk_hold(owner.disk, true);
	ck_assert_int_eq(
		centro_engine_cancel(owner.engine, owner.now, job, NULL, NULL, owner_done, &owner),
		CENTRO_OK);
	/* Also what says no because of it. */
	ck_assert_int_eq(
		centro_engine_cancel(owner.engine, owner.now, job, NULL, NULL, owner_done, &owner),
		CENTRO_OK);
	ck_assert_int_eq(
		centro_engine_get_job(owner.engine, owner.now, job, CENTRO_JSON, owner_got, &owner),
		CENTRO_OK);
	for (int i = 0; i < 3; i++)
		owner_dispatch(&owner);
	ck_assert_int_eq(owner.answers, before);
	ctr_memory_disk_hold(owner.disk, false);
	owner_settle(&owner);
	ck_assert_int_eq(owner.answers, before + 3);
	ck_assert_ptr_nonnull(strstr(owner.document, "\"cancelled\""));
}
END_TEST

START_TEST(cancel_says_when_there_is_nothing_to_cancel)
{
	ck_assert_int_eq(
		centro_engine_cancel(owner.engine, owner.now, 99, NULL, NULL, owner_done, &owner),
		CENTRO_OK);
	owner_settle(&owner);
	ck_assert_int_eq(owner.status, CENTRO_ERR_NOT_FOUND);
	/* Who does not wait for an answer is told at once. */
	ck_assert_int_eq(centro_engine_cancel(owner.engine, owner.now, 99, NULL, NULL, NULL, NULL),
			 CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(centro_engine_cancel(owner.engine, owner.now, 1, "\xff", NULL, NULL, NULL),
			 CENTRO_ERR_INVALID);
}
END_TEST

START_TEST(a_refused_commit_is_told)
{
	ctr_memory_disk_set_fault(owner.disk, (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
	struct centro_error_text text = {0};
	ck_assert_int_eq(submit_json(SPEC, "r", &text), CENTRO_ERR_FULL);
	ck_assert_str_eq(owner.text, centro_error_help(CENTRO_ERR_FULL));
	ck_assert_int_eq(submit_json(SPEC, "r", &text), CENTRO_OK);
	ck_assert(!owner.existing);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/public_job");
	TCase *tcase = tcase_create("public_job");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_job_from_options);
	tcase_add_test(tcase, a_job_from_json);
	tcase_add_test(tcase, a_request_makes_one_job);
	tcase_add_test(tcase, mistakes_are_explained_at_once);
	tcase_add_test(tcase, all_that_is_wrong_is_said_at_once);
	tcase_add_test(tcase, structs_of_other_sizes_are_refused);
	tcase_add_test(tcase, a_specification_has_a_limit);
	tcase_add_test(tcase, why_it_waits_is_told);
	tcase_add_test(tcase, a_job_can_be_asked_for_all_its_life_and_after);
	tcase_add_test(tcase, an_answer_waits_until_it_is_durable);
	tcase_add_test(tcase, cancel_says_when_there_is_nothing_to_cancel);
	tcase_add_test(tcase, a_refused_commit_is_told);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
