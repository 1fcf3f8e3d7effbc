/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/field_read.c. */
#include "codec/field_read.h"

#include "base/assert.h"
#include "helper.h"
#include "support/failing_allocator.h"

struct renewal {
	struct centro_span lease;
};

/* From a HeartbeatResponse, which has a bit of everything. */
struct response {
	uint16_t node;
	uint64_t term;
	struct centro_span interval;
	struct renewal *renewals;
	size_t renewal_count;
	uint32_t untouched;
};

static const struct ctr_read_row renewal_rows[] = {
	CTR_READ_ROW(CTR_READ_SPAN, Centro__V1__HeartbeatResponse__Renewal, lease, struct renewal,
		     lease),
};
static const struct ctr_read_table renewal_table = CTR_READ_TABLE(renewal_rows, struct renewal);
static const struct ctr_read_row response_rows[] = {
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__HeartbeatResponse, node_id, struct response, node),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__HeartbeatResponse, term, struct response, term),
	CTR_READ_ROW(CTR_READ_SPAN, Centro__V1__HeartbeatResponse, interval, struct response,
		     interval),
	CTR_READ_ARRAY_ROW(CTR_READ_MANY, Centro__V1__HeartbeatResponse, renewals, struct response,
			   renewals, renewal_count, &renewal_table),
};
static const struct ctr_read_table response_table = CTR_READ_TABLE(response_rows, struct response);

static int read_response(struct helper *helper, const char *json, struct response *response)
{
	int status = helper_read_json(helper, &centro__v1__heartbeat_response__descriptor, json);
	ck_assert_msg(status == CENTRO_OK, "%s", helper->text.text);
	*response = (struct response){.untouched = 99, .interval = {55}};
	return ctr_read_fields(&response_table, helper->message, NULL, response, &helper->arena,
			       &helper->text);
}

START_TEST(fields_go_where_their_rows_say)
{
	struct helper helper;
	struct response response;
	helper_init(&helper);
	ck_assert_int_eq(
		read_response(&helper,
			      "{\"node_id\":65535,\"term\":\"18446744073709551615\","
			      "\"interval\":\"1.5s\",\"renewals\":[{\"lease\":\"2s\"},{}]}",
			      &response),
		CENTRO_OK);
	ck_assert_uint_eq(response.node, 65535);
	ck_assert_uint_eq(response.term, UINT64_MAX);
	ck_assert_uint_eq(response.interval.ns, 1500000000);
	ck_assert_uint_eq(response.renewal_count, 2);
	ck_assert_uint_eq(response.renewals[0].lease.ns, 2000000000);
	ck_assert_uint_eq(response.renewals[1].lease.ns, 0);
	ck_assert_uint_eq(response.untouched, 99);

	ck_assert_int_eq(read_response(&helper, "{}", &response), CENTRO_OK);
	ck_assert_uint_eq(response.interval.ns, 0);
	ck_assert_uint_eq(response.renewal_count, 0);
	ck_assert_ptr_null(response.renewals);
	helper_fini(&helper);
}
END_TEST

START_TEST(what_has_no_room_is_named)
{
	struct helper helper;
	struct response response;
	helper_init(&helper);
	ck_assert_int_eq(read_response(&helper, "{\"node_id\":65536}", &response),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(helper.text.text, "node_id: the number is too large");
	ck_assert_int_eq(read_response(&helper, "{\"interval\":\"-1s\"}", &response),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(helper.text.text, "interval: must be from 0 to 584 years");
	ck_assert_int_eq(read_response(&helper, "{\"renewals\":[{},{\"lease\":\"18446744074s\"}]}",
				       &response),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(helper.text.text, "renewals[1].lease: must be from 0 to 584 years");
	helper_fini(&helper);
}
END_TEST

START_TEST(times_before_1970_have_no_room_either)
{
	static const struct ctr_read_row rows[] = {
		CTR_READ_ROW(CTR_READ_TIME, Centro__V1__StatusUpdate, time, struct ctr_report,
			     wall),
	};
	static const struct ctr_read_table table = CTR_READ_TABLE(rows, struct ctr_report);
	struct ctr_path path = {NULL, "updates", 3};
	struct ctr_report report;
	struct helper helper;

	helper_init(&helper);
	helper_read_json(&helper, &centro__v1__status_update__descriptor,
			 "{\"time\":\"1969-12-31T23:59:59.9Z\"}");
	ck_assert_int_eq(ctr_read_fields(&table, helper.message, &path, &report, &helper.arena,
					 &helper.text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(helper.text.text, "updates[3].time: must be a time between 1970 and 2554");
	helper_read_json(&helper, &centro__v1__status_update__descriptor,
			 "{\"time\":\"2554-07-21T23:34:33.709551615Z\"}");
	ck_assert_int_eq(ctr_read_fields(&table, helper.message, &path, &report, &helper.arena,
					 &helper.text),
			 CENTRO_OK);
	ck_assert_uint_eq(report.wall.ns, UINT64_MAX);
	helper_fini(&helper);
}
END_TEST

START_TEST(arrays_need_memory)
{
	struct helper helper;
	struct response response;
	struct failing_allocator failing;
	struct ctr_arena arena;

	helper_init(&helper);
	read_response(&helper, "{\"renewals\":[{},{}]}", &response);
	failing_allocator_init(&failing, 1);
	ctr_arena_init(&arena, &failing.allocator, SIZE_MAX);
	ck_assert_int_eq(ctr_read_fields(&response_table, helper.message, NULL, &response, &arena,
					 &helper.text),
			 CENTRO_ERR_NOMEM);
	ctr_arena_init(&arena, NULL, 8);
	ck_assert_int_eq(ctr_read_fields(&response_table, helper.message, NULL, &response, &arena,
					 &helper.text),
			 CENTRO_ERR_LIMIT);
	helper_fini(&helper);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/field_read");
	TCase *tcase = tcase_create("field_read");
	tcase_add_test(tcase, fields_go_where_their_rows_say);
	tcase_add_test(tcase, what_has_no_room_is_named);
	tcase_add_test(tcase, times_before_1970_have_no_room_either);
	tcase_add_test(tcase, arrays_need_memory);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
