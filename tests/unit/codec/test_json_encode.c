/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/json_encode.c: what each kind of message looks like to people. */
#include "codec/codec.h"

#include "every.pb-c.h"
#include "helper.h"
#include "sample.h"
#include "support/failing_allocator.h"

/* A message written by hand in its JSON comes out as it went in. */
static void check_golden(const char *type, const char *json)
{
	struct helper helper;
	helper_init(&helper);
	const ProtobufCMessageDescriptor *descriptor = ctr_schema_find_message(ctr_bytes_str(type));
	ck_assert_msg(descriptor != NULL, "%s", type);
	ck_assert_msg(helper_read_json(&helper, descriptor, json) == CENTRO_OK, "%s: %s", type,
		      helper.text.text);
	ck_assert_str_eq(helper_json(&helper, helper.message), json);
	helper_fini(&helper);
}

START_TEST(a_running_job)
{
	struct sample sample;
	struct helper helper;
	sample_init(&sample);
	helper_init(&helper);
	ck_assert_int_eq(ctr_codec_encode_job(&sample.job, &helper.buf), CENTRO_OK);
	ck_assert_int_eq(
		helper_decode(&helper, &centro__v1__job__descriptor, ctr_buf_bytes(&helper.buf)),
		CENTRO_OK);
	ck_assert_str_eq(
		helper_json(&helper, helper.message),
		"{\"id\":\"123456\",\"spec\":{\"name\":\"nightly-training\",\"queue\":\"research\","
		"\"priority\":10,\"tasks\":[{\"name\":\"train\",\"command\":[\"/usr/bin/python3\","
		"\"train.py\",\"--epochs\",\"40\",\"--lr=0.001\"],\"env\":{\"DATA_DIR\":"
		"\"/srv/data/imagenet\",\"OMP_NUM_THREADS\":\"8\"},\"working_dir\":"
		"\"/home/ada/src/model\",\"resources\":{\"cpu_milli\":8000,\"memory_mib\":16384,"
		"\"named\":{\"gpu\":2}},\"time_limit\":\"7200s\"}],\"datacenters\":[\"fra1\","
		"\"ams2\"],"
		"\"labels\":{\"cost-center\":\"4711\",\"team\":\"vision\"}},\"owner\":\"ada\","
		"\"request_id\":\"6f1d2c3b-0001-4e5f-9a8b-7c6d5e4f3a2b\","
		"\"submit_time\":\"2026-11-24T13:58:20.000000001Z\","
		"\"spec_hash\":\"81985529216486895\",\"instance_count\":1,\"state\":\"running\","
		"\"instances\":[{\"state\":\"running\",\"attempt\":1,\"node_id\":\"17\","
		"\"node\":\"node-0017.fra1\",\"assign_time\":\"2026-11-24T14:00:00.400Z\","
		"\"start_time\":\"2026-11-24T14:00:00.500Z\"}],"
		"\"start_time\":\"2026-11-24T14:00:00.500Z\",\"revision\":\"987654\"}");
	sample_fini(&sample);
	helper_fini(&helper);
}
END_TEST

START_TEST(what_a_submitter_sees)
{
	check_golden("centro.v1.JobSubmitRequest",
		     "{\"job\":{\"name\":\"a\",\"tasks\":[{\"command\":[\"true\"],\"count\":3,"
		     "\"lease\":\"2s\",\"kill_grace\":\"0.500s\",\"on_disconnect\":\"keep\"}],"
		     "\"tenant\":\"t\"},\"request_id\":\"r-1\"}");
	check_golden("centro.v1.JobSubmitResponse", "{\"id\":\"18446744073709551615\","
						    "\"existing\":true}");
	check_golden(
		"centro.v1.JobSubmitManyResponse",
		"{\"results\":[{\"job\":{\"id\":\"1\"}},{\"code\":3,\"message\":\"tasks: …\"}]}");
	check_golden("centro.v1.JobListRequest",
		     "{\"page_size\":10,\"page_token\":\"x\",\"states\":[\"pending\",\"failed\"],"
		     "\"queue\":\"q\",\"labels\":{\"a\":\"\",\"b\":\"c\"},\"id_min\":\"1\","
		     "\"id_max\":\"2\"}");
	check_golden("centro.v1.JobCancelRequest", "{\"id\":\"7\",\"reason\":\"no need\"}");
	check_golden("centro.v1.JobLogsRequest",
		     "{\"id\":\"7\",\"task\":\"main\",\"index\":3,\"attempt\":1,\"stream\":\"err\","
		     "\"follow\":true,\"tail_bytes\":\"4096\"}");
	check_golden("centro.v1.JobLogsResponse",
		     "{\"stream\":\"out\",\"offset\":\"10\",\"data\":\"aGkK\",\"notice\":\"n\"}");
}
END_TEST

START_TEST(what_agents_and_servers_say)
{
	check_golden(
		"centro.v1.HeartbeatRequest",
		"{\"node\":{\"name\":\"n1\",\"datacenter\":\"fra1\",\"labels\":{\"disk\":\"ssd\"},"
		"\"capacity\":{\"cpu_milli\":2000,\"memory_mib\":4096,\"disk_mib\":10000,"
		"\"named\":{\"gpu\":1}},\"attributes\":{\"kernel\":\"6.1\"}},"
		"\"agent_id\":\"9007199254740993\",\"session\":\"1\",\"term\":\"3\","
		"\"held\":[{\"job\":\"1\",\"task\":2,\"index\":3,\"attempt\":4}]}");
	check_golden("centro.v1.HeartbeatResponse",
		     "{\"node_id\":\"5\",\"term\":\"3\",\"renewals\":[{\"attempt\":{\"job\":\"1\"},"
		     "\"lease\":\"300s\"}],\"revoked\":[{}],\"interval\":\"5s\"}");
	check_golden(
		"centro.v1.GetJobResponse",
		"{\"assignment\":{\"attempt\":{\"job\":\"1\",\"attempt\":1},\"job_name\":\"a\","
		"\"task\":{\"command\":[\"true\"]},\"term\":\"3\",\"lease\":\"300s\"}}");
	check_golden(
		"centro.v1.GetJobResponse",
		"{\"kill\":{\"attempt\":{\"job\":\"1\"},\"cause\":\"cancel\",\"grace\":\"5s\"}}");
	check_golden("centro.v1.GetJobResponse", "{\"log\":{\"order_id\":\"1\",\"stop\":true}}");
	check_golden("centro.v1.ClaimJobResponse",
		     "{\"term\":\"1\",\"granted\":[{\"job\":\"1\"}]}");
	check_golden(
		"centro.v1.UpdateStatusRequest",
		"{\"node_id\":\"1\",\"updates\":[{\"attempt\":{\"job\":\"1\"},\"state\":\"ended\","
		"\"cause\":\"signalled\",\"exit_code\":137,\"signal\":9,\"message\":\"m\","
		"\"time\":\"1970-01-01T00:00:00Z\"}]}");
	check_golden("centro.v1.PushLogRequest", "{\"data\":\"AAEC\",\"end\":true}");
	check_golden("centro.v1.PushLogResponse", "{}");
}
END_TEST

START_TEST(what_stands_in_the_store)
{
	check_golden("centro.v1.Node", "{\"id\":\"1\",\"info\":{\"name\":\"n\"},\"state\":\"down\","
				       "\"agent_id\":\"2\",\"revision\":\"3\",\"used\":{},"
				       "\"attempts\":1,\"last_seen\":\"2026-11-24T00:00:00Z\"}");
	check_golden("centro.v1.Queue", "{\"name\":\"q\",\"weight\":1,\"priority\":-1}");
	check_golden("centro.v1.Format",
		     "{\"version\":1,\"readable_by\":1,\"written_by\":\"centro 0.1.0\"}");
	check_golden("centro.v1.Ids", "{\"job\":\"1024\",\"node\":\"64\"}");
	check_golden("centro.v1.EventBatch",
		     "{\"events\":[{\"number\":\"1\",\"type\":\"instance_ended\",\"time\":"
		     "\"2026-11-24T00:00:00Z\",\"attempt\":{\"job\":\"1\",\"attempt\":1},"
		     "\"node_id\":\"1\",\"instance_state\":\"failed\",\"job_state\":\"failed\","
		     "\"cause\":\"signalled\",\"exit_code\":137,\"signal\":9},"
		     "{\"number\":\"2\",\"type\":\"queue_set\",\"name\":\"q\"}],"
		     "\"cluster_time\":\"5\",\"term\":\"1\"}");
	check_golden("grpc.health.v1.HealthCheckResponse", "{\"status\":\"SERVING\"}");
}
END_TEST

START_TEST(text_is_escaped)
{
	struct helper helper;
	Test__Leaf leaf = TEST__LEAF__INIT;

	helper_init(&helper);
	leaf.text = (char *)"\"\\/\b\f\n\r\t\x01\x1f\x7f ä漢😀";
	ck_assert_str_eq(helper_json(&helper, &leaf.base),
			 "{\"text\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f ä漢😀\"}");
	/* No decoder lets this in; it is JSON all the same. */
	leaf.text = (char *)"a\xff\xfe\xc3(\xed\xa0\x80";
	ck_assert_str_eq(helper_json(&helper, &leaf.base), "{\"text\":\"a\uFFFD\uFFFD\uFFFD(\uFFFD"
							   "\uFFFD\uFFFD\"}");
	helper_fini(&helper);
}
END_TEST

START_TEST(what_has_no_word_is_a_number)
{
	struct helper helper;
	Test__Every every = TEST__EVERY__INIT;
	helper_init(&helper);
	every.a_colour = (Test__Colour)77;
	ck_assert_str_eq(helper_json(&helper, &every.base), "{\"a_colour\":77}");
	helper_fini(&helper);
}
END_TEST

START_TEST(a_time_out_of_range_is_refused_whole)
{
	struct ctr_buf buf;
	Centro__V1__KillOrder kill = CENTRO__V1__KILL_ORDER__INIT;
	Google__Protobuf__Duration grace = GOOGLE__PROTOBUF__DURATION__INIT;

	grace.nanos = 1000000000;
	kill.grace = &grace;
	ctr_buf_init(&buf, NULL, 0);
	ctr_buf_append_str(&buf, "before");
	ck_assert_int_eq(ctr_json_encode(&kill.base, &buf), CENTRO_ERR_INVALID);
	ck_assert_bytes_eq(ctr_buf_bytes(&buf), BYTES("before"));
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(limits_and_memory)
{
	struct sample sample;
	struct helper helper;
	sample_init(&sample);
	helper_init(&helper);
	ctr_codec_encode_job(&sample.job, &helper.buf);
	helper_decode(&helper, &centro__v1__job__descriptor, ctr_buf_bytes(&helper.buf));
	size_t whole = strlen(helper_json(&helper, helper.message));

	for (size_t limit = 1; limit <= whole; limit++) {
		struct ctr_buf buf;
		ctr_buf_init(&buf, NULL, limit);
		int status = ctr_json_encode(helper.message, &buf);
		ck_assert_int_eq(status, limit < whole ? CENTRO_ERR_LIMIT : CENTRO_OK);
		ck_assert_uint_eq(buf.size, limit < whole ? 0 : whole);
		ctr_buf_fini(&buf);
	}
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		struct ctr_buf buf;
		failing_allocator_init(&failing, ++fail_at);
		ctr_buf_init(&buf, &failing.allocator, 0);
		int status = ctr_json_encode(helper.message, &buf);
		ck_assert_int_eq(status, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		ctr_buf_fini(&buf);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	sample_fini(&sample);
	helper_fini(&helper);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/json_encode");
	TCase *tcase = tcase_create("json_encode");
	tcase_add_test(tcase, a_running_job);
	tcase_add_test(tcase, what_a_submitter_sees);
	tcase_add_test(tcase, what_agents_and_servers_say);
	tcase_add_test(tcase, what_stands_in_the_store);
	tcase_add_test(tcase, text_is_escaped);
	tcase_add_test(tcase, what_has_no_word_is_a_number);
	tcase_add_test(tcase, a_time_out_of_range_is_refused_whole);
	tcase_add_test(tcase, limits_and_memory);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
