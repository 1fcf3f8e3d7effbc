/* SPDX-License-Identifier: MIT */
/* test_job_service.c - Submit, Get, List, Cancel and Watch, as a client sees them. */
#include "fixture.h"


#include "support/suite.h"

static const char true_job[] = "{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}}";

static struct fixture fixture;

static void setup(void)
{
	ck_assert(fixture_open(&fixture, NULL));
}

static void teardown(void)
{
	fixture_close(&fixture);
}

START_TEST(test_an_answer_waits_for_the_disk)
{
	ctr_memory_disk_hold(fixture.disk, true);
	struct call *submit = fixture_call(&fixture, "JobService/Submit", true_job);
	struct call *get = fixture_call(&fixture, "JobService/Get", "{\"id\":\"1\"}");
	ck_assert(!submit->ended);
	ck_assert(!get->ended);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_run(&fixture);
	ck_assert_str_eq(call_answers(submit), "{\"id\":\"1\"}\n");
	assert_contains(call_answers(get), "\"state\":\"pending\"");
	assert_contains(call_answers(get), "\"pending_reason\":\"no node is registered\"");
	assert_contains(call_answers(get), "\"owner\":\"tester\"");
}
END_TEST

START_TEST(test_a_full_store_is_said_and_nothing_is_kept)
{
	ctr_memory_disk_set_fault(fixture.disk,
				  (struct ctr_memory_fault){ .status = CENTRO_ERR_FULL });
	fixture_refused(&fixture, "JobService/Submit", true_job, CTR_GRPC_RESOURCE_EXHAUSTED,
			"full");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/List", "{}"), "{}\n");
	fixture_ask(&fixture, "JobService/Submit", true_job);
}
END_TEST

START_TEST(test_a_failed_disk_ends_all_acknowledgement)
{
	ctr_memory_disk_set_fault(fixture.disk,
				  (struct ctr_memory_fault){ .status = CENTRO_ERR_IO });
	fixture_refused(&fixture, "JobService/Submit", true_job, CTR_GRPC_UNAVAILABLE, "");
	struct call *later = fixture_call(&fixture, "JobService/Submit", true_job);
	ck_assert(later->ended);
	ck_assert_int_ne(later->status, CTR_GRPC_OK);
}
END_TEST

START_TEST(test_a_request_id_is_the_owners)
{
	const char *once = "{\"job\":{\"tasks\":[{\"command\":[\"a\"]}]},\"request_id\":\"x\"}";
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit", once), "{\"id\":\"1\"}\n");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit", once),
			 "{\"id\":\"1\",\"existing\":true}\n");
	strcpy(fixture.peer.name, "other");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit", once), "{\"id\":\"2\"}\n");
	fixture_refused(&fixture, "JobService/Submit",
			"{\"job\":{\"tasks\":[{\"command\":[\"b\"]}]},\"request_id\":\"x\"}",
			CTR_GRPC_ALREADY_EXISTS, "x");
}
END_TEST

START_TEST(test_what_is_wrong_is_named)
{
	fixture_refused(&fixture, "JobService/Submit", "{}", CTR_GRPC_INVALID_ARGUMENT, "job");
	fixture_refused(&fixture, "JobService/Submit", "{\"job\":{\"tasks\":[{}]}}",
			CTR_GRPC_INVALID_ARGUMENT, "tasks[0].command");
	fixture_refused(&fixture, "JobService/Get", "{\"id\":\"9\"}", CTR_GRPC_NOT_FOUND, "id");
	fixture_refused(&fixture, "JobService/Get", "{}", CTR_GRPC_NOT_FOUND, "id");
	fixture_refused(&fixture, "JobService/Watch", "{\"id\":\"9\"}", CTR_GRPC_NOT_FOUND, "id");
	fixture_refused(&fixture, "JobService/Cancel", "{\"id\":\"9\"}", CTR_GRPC_NOT_FOUND, "id");
	fixture_refused(&fixture, "JobService/List", "{\"page_token\":\"zz\"}",
			CTR_GRPC_INVALID_ARGUMENT, "page_token");
	fixture_refused(&fixture, "JobService/List", "{\"page_size\":5000}",
			CTR_GRPC_INVALID_ARGUMENT, "page_size");
	fixture_refused(&fixture, "NodeService/Get", "{}", CTR_GRPC_INVALID_ARGUMENT, "id");
	fixture_refused(&fixture, "NodeService/Get", "{\"name\":\"x\"}", CTR_GRPC_NOT_FOUND, "name");
	struct call *empty = fixture_start(&fixture, "JobService/Get", NULL, false);
	fixture_run(&fixture);
	ck_assert_int_eq(empty->status, CTR_GRPC_INVALID_ARGUMENT);
	struct call *twice = fixture_start(&fixture, "JobService/Watch", "{\"id\":\"1\"}", true);
	fixture_send(twice, "{\"id\":\"1\"}");
	fixture_run(&fixture);
	ck_assert(twice->ended);
}
END_TEST

/* Three ways of one job, of which each part is wrong in its own layer. */
#define WRONG_JOB                                                                       \
	"\"job\":{\"queue\":\"nope\",\"priority\":2000,\"tasks\":[{\"time_limit\":\"-1s\"}]}"
#define WRONG_TEXT                                                                     \
	"tasks[0].time_limit: must be from 0 to 584 years\n"                            \
	"priority: 2000; it must be between -1000 and 1000\n"                           \
	"tasks[0].command: empty; it must name a program\n"                             \
	"queue: there is no \"nope\"; there are: default"

START_TEST(test_all_that_is_wrong_is_said_at_once)
{
	struct call *one = fixture_call(&fixture, "JobService/Submit", "{" WRONG_JOB "}");
	ck_assert_int_eq(one->status, CTR_GRPC_INVALID_ARGUMENT);
	ck_assert_str_eq(one->text, WRONG_TEXT);
	struct call *dry =
		fixture_call(&fixture, "JobService/Submit", "{" WRONG_JOB ",\"dry_run\":true}");
	ck_assert_int_eq(dry->status, CTR_GRPC_INVALID_ARGUMENT);
	ck_assert_str_eq(dry->text, WRONG_TEXT);
	const char *many = fixture_ask(&fixture, "JobService/SubmitMany",
				       "{\"requests\":[{" WRONG_JOB "},"
				       "{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}}]}");
	assert_contains(many, "584 years\\npriority: 2000");
	assert_contains(many, "{\"job\":{\"id\":\"1\"}}");
}
END_TEST

START_TEST(test_a_long_list_is_not_cut_short)
{
	char json[4096] = "{\"job\":{\"tasks\":[";
	for (int i = 0; i < 30; i++)
		snprintf(json + strlen(json), sizeof(json) - strlen(json),
			 "%s{\"name\":\"Not a name %d\",\"command\":[\"a\"]}", i ? "," : "", i);
	strcat(json, "]}}");
	struct call *call = fixture_call(&fixture, "JobService/Submit", json);
	ck_assert_int_eq(call->status, CTR_GRPC_INVALID_ARGUMENT);
	assert_contains(call->text, "\ntasks[19].name: \"Not a name 19\" is not a name");
	assert_contains(call->text, "bytes\nand 10 more");
}
END_TEST

START_TEST(test_a_dry_run_changes_nothing)
{
	const char *dry = "{\"job\":{\"tasks\":[{\"command\":[\"a\"]}]},\"request_id\":\"x\","
			  "\"dry_run\":true}";
	const char *wet = "{\"job\":{\"tasks\":[{\"command\":[\"a\"]}]},\"request_id\":\"x\"}";
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit", dry), "{}\n");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/List", "{}"), "{}\n");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit", wet), "{\"id\":\"1\"}\n");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit", dry),
			 "{\"id\":\"1\",\"existing\":true}\n");
	fixture_refused(&fixture, "JobService/Submit",
			"{\"job\":{\"tasks\":[{\"command\":[\"b\"]}]},\"request_id\":\"x\","
			"\"dry_run\":true}",
			CTR_GRPC_ALREADY_EXISTS, "x");
}
END_TEST

START_TEST(test_a_retry_is_the_same_job_again)
{
	const char *again = "{\"retry_of\":\"1\",\"request_id\":\"r\"}";
	fixture_ask(&fixture, "JobService/Submit",
		    "{\"job\":{\"name\":\"a\",\"tasks\":[{\"command\":[\"true\"]}]},\"request_id\":\"x\"}");
	fixture_refused(&fixture, "JobService/Submit", again, CTR_GRPC_FAILED_PRECONDITION,
			"job 1 is pending; only what has ended");
	fixture_ask(&fixture, "JobService/Cancel", "{\"id\":\"1\"}");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit", again), "{\"id\":\"2\"}\n");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit", again),
			 "{\"id\":\"2\",\"existing\":true}\n");
	const char *job = fixture_ask(&fixture, "JobService/Get", "{\"id\":\"2\"}");
	assert_contains(job, "\"name\":\"a\"");
	assert_contains(job, "\"state\":\"pending\"");
	assert_contains(job, "\"retry_of\":\"1\"");
	assert_contains(fixture_ask(&fixture, "JobService/Get", "{\"id\":\"1\"}"), "cancelled");
	/* The id of the first job is taken, by another request. */
	fixture_refused(&fixture, "JobService/Submit", "{\"retry_of\":\"1\",\"request_id\":\"x\"}",
			CTR_GRPC_ALREADY_EXISTS, "request_id");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/Submit",
				     "{\"retry_of\":\"1\",\"dry_run\":true}"),
			 "{}\n");
}
END_TEST

START_TEST(test_wrong_retries_are_refused)
{
	fixture_refused(&fixture, "JobService/Submit", "{\"retry_of\":\"9\"}", CTR_GRPC_NOT_FOUND,
			"retry_of: there is no job 9");
	fixture_refused(&fixture, "JobService/Submit", "{\"job\":{},\"retry_of\":\"9\"}",
			CTR_GRPC_INVALID_ARGUMENT, "leave one of them out");
	assert_contains(fixture_ask(&fixture, "JobService/SubmitMany",
				    "{\"requests\":[{\"retry_of\":\"9\"}]}"),
			"a retry is submitted alone");
}
END_TEST

START_TEST(test_a_watch_sees_each_state_and_ends)
{
	fixture_ask(&fixture, "JobService/Submit", true_job);
	struct call *watch = fixture_call(&fixture, "JobService/Watch", "{\"id\":\"1\"}");
	struct call *second = fixture_call(&fixture, "JobService/Watch", "{\"id\":\"1\"}");
	ck_assert_uint_eq(watch->count, 1);
	ctr_memory_disk_hold(fixture.disk, true);
	struct call *cancel =
		fixture_call(&fixture, "JobService/Cancel", "{\"id\":\"1\",\"reason\":\"why not\"}");
	ck_assert_uint_eq(watch->count, 1);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_run(&fixture);
	ck_assert_int_eq(cancel->status, CTR_GRPC_OK);
	ck_assert(watch->ended && second->ended);
	ck_assert_int_eq(watch->status, CTR_GRPC_OK);
	assert_contains(call_answers(watch), "\"state\":\"cancelled\"");
	assert_contains(call_answers(second), "\"cancel_reason\":\"why not\"");
	/* Of what has ended: one answer, and the end. */
	struct call *late = fixture_call(&fixture, "JobService/Watch", "{\"id\":\"1\"}");
	ck_assert(late->ended);
	ck_assert_uint_eq(late->count, 1);
}
END_TEST

START_TEST(test_a_watch_ends_when_its_client_goes)
{
	fixture_ask(&fixture, "JobService/Submit", true_job);
	struct call *watch = fixture_call(&fixture, "JobService/Watch", "{\"id\":\"1\"}");
	struct call *stays = fixture_call(&fixture, "JobService/Watch", "{\"id\":\"1\"}");
	ctr_grpc_call_cancel(watch->call);
	fixture_run(&fixture);
	fixture_ask(&fixture, "JobService/Cancel", "{\"id\":\"1\"}");
	ck_assert_int_eq(watch->status, CTR_GRPC_CANCELLED);
	ck_assert_int_eq(stays->status, CTR_GRPC_OK);
}
END_TEST

START_TEST(test_pages_meet_without_gap_or_repetition)
{
	for (int i = 0; i < 9; i++)
		fixture_ask(&fixture, "JobService/Submit", true_job);
	for (int id = 2; id <= 8; id += 2) {
		char json[64];
		snprintf(json, sizeof(json), "{\"id\":\"%d\"}", id);
		fixture_ask(&fixture, "JobService/Cancel", json);
	}
	const char *page = fixture_ask(&fixture, "JobService/List", "{\"page_size\":4}");
	assert_contains(page, "\"next_page_token\":\"3\"");
	page = fixture_ask(&fixture, "JobService/List",
			   "{\"page_size\":3,\"states\":[\"pending\",\"cancelled\"]}");
	assert_contains(page, "\"id\":\"9\"");
	assert_contains(page, "\"id\":\"8\"");
	assert_contains(page, "\"id\":\"7\"");
	assert_contains(page, "\"next_page_token\":\"7\"");
	page = fixture_ask(&fixture, "JobService/List",
			   "{\"page_token\":\"7\",\"states\":[\"cancelled\"]}");
	ck_assert_ptr_null(strstr(page, "next_page_token"));
	assert_contains(page, "\"id\":\"6\"");
	ck_assert_ptr_null(strstr(page, "\"id\":\"8\""));
	page = fixture_ask(&fixture, "JobService/List", "{\"id_min\":\"3\",\"id_max\":\"5\"}");
	assert_contains(page, "\"id\":\"5\"");
	assert_contains(page, "\"id\":\"3\"");
	ck_assert_ptr_null(strstr(page, "\"id\":\"7\""));
	ck_assert_ptr_null(strstr(page, "\"id\":\"1\""));
}
END_TEST

START_TEST(test_a_list_is_filtered)
{
	fixture_ask(&fixture, "JobService/Submit",
		    "{\"job\":{\"name\":\"one\",\"labels\":{\"team\":\"a\"},"
		    "\"tasks\":[{\"command\":[\"true\"]}]}}");
	fixture_ask(&fixture, "JobService/Submit",
		    "{\"job\":{\"name\":\"two\",\"labels\":{\"team\":\"b\"},"
		    "\"tasks\":[{\"command\":[\"true\"]}]}}");
	static const char *const filters[] = { "\"name\":\"two\"", "\"labels\":{\"team\":\"b\"}" };
	for (int ended = 0; ended < 2; ended++) {
		for (size_t i = 0; i < CTR_ARRAY_SIZE(filters); i++) {
			char json[128];
			snprintf(json, sizeof(json), "{%s%s}", filters[i],
				 ended ? ",\"states\":[\"cancelled\"]" : "");
			const char *page = fixture_ask(&fixture, "JobService/List", json);
			assert_contains(page, "\"id\":\"2\"");
			ck_assert_ptr_null(strstr(page, "\"id\":\"1\""));
		}
		if (!ended) {
			fixture_ask(&fixture, "JobService/Cancel", "{\"id\":\"1\"}");
			fixture_ask(&fixture, "JobService/Cancel", "{\"id\":\"2\"}");
		}
	}
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/List", "{\"owner\":\"nobody\"}"), "{}\n");
	ck_assert_str_eq(fixture_ask(&fixture, "JobService/List", "{\"queue\":\"other\"}"), "{}\n");
}
END_TEST

/* "from 2100 on" holds nothing, "before 2100" what there is. */
START_TEST(test_a_list_is_filtered_by_time)
{
	static const struct {
		const char *filter;
		bool has_live, has_ended;
	} cases[] = {
		{ "\"submitted_after\":\"2100-01-01T00:00:00Z\",\"states\":[\"pending\","
		  "\"cancelled\"]",
		  false, false },
		{ "\"submitted_before\":\"2100-01-01T00:00:00Z\",\"states\":[\"pending\","
		  "\"cancelled\"]",
		  true, true },
		{ "\"submitted_before\":\"1970-01-01T00:00:00Z\"", false, false },
		{ "\"submitted_before\":\"2100-01-01T00:00:00Z\"", true, false },
		{ "\"ended_after\":\"2100-01-01T00:00:00Z\"", false, false },
		{ "\"ended_before\":\"2100-01-01T00:00:00Z\"", false, true },
		{ "\"ended_before\":\"2100-01-01T00:00:00Z\",\"states\":[\"pending\"]", false,
		  false },
	};
	for (int i = 0; i < 2; i++)
		fixture_ask(&fixture, "JobService/Submit",
			    "{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}}");
	fixture_ask(&fixture, "JobService/Cancel", "{\"id\":\"1\"}");
	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		char json[160];
		snprintf(json, sizeof(json), "{%s}", cases[i].filter);
		const char *page = fixture_ask(&fixture, "JobService/List", json);
		ck_assert_msg(!strstr(page, "\"id\":\"1\"") == !cases[i].has_ended, "%s: %s", json,
			      page);
		ck_assert_msg(!strstr(page, "\"id\":\"2\"") == !cases[i].has_live, "%s: %s", json,
			      page);
	}
}
END_TEST

START_TEST(test_a_drain_ends_what_has_no_end)
{
	fixture_ask(&fixture, "JobService/Submit", true_job);
	struct call *watch = fixture_call(&fixture, "JobService/Watch", "{\"id\":\"1\"}");
	ctr_service_drain(fixture.service);
	fixture_run(&fixture);
	ck_assert_int_eq(watch->status, CTR_GRPC_UNAVAILABLE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service/job_service");
	TCase *tcase = tcase_create("job_service");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_an_answer_waits_for_the_disk);
	tcase_add_test(tcase, test_a_full_store_is_said_and_nothing_is_kept);
	tcase_add_test(tcase, test_a_failed_disk_ends_all_acknowledgement);
	tcase_add_test(tcase, test_a_request_id_is_the_owners);
	tcase_add_test(tcase, test_what_is_wrong_is_named);
	tcase_add_test(tcase, test_all_that_is_wrong_is_said_at_once);
	tcase_add_test(tcase, test_a_long_list_is_not_cut_short);
	tcase_add_test(tcase, test_a_dry_run_changes_nothing);
	tcase_add_test(tcase, test_a_retry_is_the_same_job_again);
	tcase_add_test(tcase, test_wrong_retries_are_refused);
	tcase_add_test(tcase, test_a_watch_sees_each_state_and_ends);
	tcase_add_test(tcase, test_a_watch_ends_when_its_client_goes);
	tcase_add_test(tcase, test_pages_meet_without_gap_or_repetition);
	tcase_add_test(tcase, test_a_list_is_filtered);
	tcase_add_test(tcase, test_a_list_is_filtered_by_time);
	tcase_add_test(tcase, test_a_drain_ends_what_has_no_end);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
