/* SPDX-License-Identifier: MIT */
/* Methods by name, and requests that are refused before anything is sent. */
#include "client/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fixture.h"
#include "support/suite.h"

static const char *path_of(const char *name)
{
	const struct ctr_schema_method *method = ctr_client_find_method(name);
	return method ? method->path : "none";
}

START_TEST(methods_by_any_of_their_names)
{
	ck_assert_str_eq(path_of("JobService/Submit"), "/centro.v1.JobService/Submit");
	ck_assert_str_eq(path_of("centro.v1.JobService/Submit"), "/centro.v1.JobService/Submit");
	ck_assert_str_eq(path_of("/centro.v1.JobService/Submit"), "/centro.v1.JobService/Submit");
	ck_assert_str_eq(path_of("grpc.health.v1.Health/Check"), "/grpc.health.v1.Health/Check");
	ck_assert_str_eq(path_of("JobService/Sbumit"), "none");
	ck_assert_str_eq(path_of("JobService"), "none");
	ck_assert_str_eq(path_of(""), "none");
	ck_assert_str_eq(path_of("/"), "none");
	char name[400];
	memset(name, 'a', sizeof(name));
	name[399] = '\0';
	ck_assert_str_eq(path_of(name), "none");
}
END_TEST

static int call(struct fixture *fixture, const char *method, enum centro_encoding encoding,
		struct centro_bytes request, struct centro_error_text *text)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	options.encoding = encoding;
	return ctr_client_call(fixture->client, fixture->net.now, method, request, &options, NULL,
			       text);
}

START_TEST(what_is_wrong_is_said_at_once)
{
	struct fixture fixture;
	struct centro_error_text text;
	fixture_open(&fixture, NULL);
	int status = call(&fixture, SUBMIT, CENTRO_JSON,
			  ctr_bytes_str("{\"job\":{\"tasks\":[{\"comand\":[]}]}}"), &text);
	ck_assert_int_eq(status, CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text,
			 "job.tasks[0].comand: no such field; did you mean \"command\"?");

	status = call(&fixture, SUBMIT, CENTRO_PROTOBUF, ctr_bytes("\xff", 1), &text);
	ck_assert_int_eq(status, CENTRO_ERR_INVALID);

	status = call(&fixture, "JobService/Sumbit", CENTRO_JSON, ctr_bytes_str("{}"), &text);
	ck_assert_int_eq(status, CENTRO_ERR_UNIMPLEMENTED);
	ck_assert_str_eq(text.text, "\"JobService/Sumbit\" is not a method of the schema");
	ck_assert_uint_eq(ctr_client_calls(fixture.client), 0);
	ck_assert_uint_eq(fixture.queued, 0);
	channel_net_run(&fixture.net);
	ck_assert_uint_eq(fixture.net.attempts, 0);
	fixture_close(&fixture);
}
END_TEST

START_TEST(a_request_has_a_limit)
{
	struct fixture fixture;
	struct centro_error_text text;
	size_t size = CTR_CLIENT_REQUEST_BYTES_MAX + 1;
	uint8_t *bytes = calloc(1, size);
	fixture_open(&fixture, NULL);
	int status = call(&fixture, SUBMIT, CENTRO_PROTOBUF, ctr_bytes(bytes, size), &text);
	ck_assert_int_eq(status, CENTRO_ERR_LIMIT);
	ck_assert_str_eq(text.text, "the request has 4194305 bytes; it may have 4194304");
	fixture_close(&fixture);
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/request");
	TCase *tcase = tcase_create("request");
	tcase_add_test(tcase, methods_by_any_of_their_names);
	tcase_add_test(tcase, what_is_wrong_is_said_at_once);
	tcase_add_test(tcase, a_request_has_a_limit);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
